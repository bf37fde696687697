/* What a registry says when it refuses. Oracle: one line, no control characters, bounded. */
#include "registry/registry.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = oakum_registry_error_text((const char *)data, size);
  if (strlen(text) > OAKUM_ERROR_TEXT_MAX || !g_utf8_validate(text, -1, NULL))
    g_error("too long, or not UTF-8");
  for (const char *c = text; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7f)
      g_error("a control character");
  return 0;
}
