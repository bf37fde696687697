/* What the targets of the decoders share. Oracle: the stream ends or fails, within the limit. */
#pragma once
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes `decoder`. */
static inline int fuzz_stream(OakumReader *decoder)
{
  g_autoptr(OakumReader) reader = oakum_reader_new_limit(decoder, 16 * OAKUM_MIB, "output");
  g_autoptr(GError) error = NULL;
  if (oakum_reader_drain(reader, &error) == (error != NULL))
    g_error("success and error at once");
  return 0;
}
