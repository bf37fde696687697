/* What the two halves of the zip reader share: the directory (zip.c) and the content
 * (zip-member.c).
 */
#pragma once
#include "codec/codec.h"
#include <isa-l/igzip_lib.h>
#include <string.h>

#define ZIP_CENTRAL_LEN 46u
#define ZIP_LOCAL_LEN 30u
#define ZIP_STORED 0
#define ZIP_DEFLATED 8

/* What is kept of an entry beside its record in the directory. */
typedef struct {
  uint64_t size, packed, header, room_end;
  uint32_t record; /* offset in the directory */
} ZipEntry;

struct OakumZip {
  OakumZipRead read;
  void *user;
  uint64_t size;
  OakumSlice memory;
  uint8_t *directory;
  uint64_t directory_len, directory_at;
  uint64_t base; /* bytes in front of the archive that its offsets do not count */
  GArray *entries;
  struct inflate_state *spare; /* of the last reader: it is too large to make anew for each */
  uint8_t *spare_buffer;
};

static inline uint16_t get16(const uint8_t *at)
{
  return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t get32(const uint8_t *at)
{
  return (uint32_t)get16(at) | (uint32_t)get16(at + 2) << 16;
}

static inline uint64_t get64(const uint8_t *at)
{
  return (uint64_t)get32(at) | (uint64_t)get32(at + 4) << 32;
}

static inline gboolean zip_bad(GError **error, const char *what)
{
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "zip: %s", what);
  return FALSE;
}

static inline gboolean zip_unsupported(GError **error, const char *what)
{
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_UNSUPPORTED, "zip: %s", what);
  return FALSE;
}

static inline gboolean zip_limit(GError **error, const char *what)
{
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT, "zip: %s", what);
  return FALSE;
}

static inline gboolean zip_read_at(OakumZip *zip, uint64_t offset, void *buffer, size_t len,
                                   GError **error)
{
  if (offset > zip->size || len > zip->size - offset)
    return zip_bad(error, "cut short");
  return zip->read(zip->user, offset, buffer, len, error);
}
