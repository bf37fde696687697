/* The block layout that the reader and the writer share: POSIX pax "ustar Interchange Format" (IEEE
 * Std 1003.1, pax). */
#pragma once
#include "codec/codec.h"

#define TAR_BLOCK 512

typedef struct {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100],
      magic[6], version[2], uname[32], gname[32], dev_major[8], dev_minor[8], prefix[155], pad[12];
} TarHeader;
G_STATIC_ASSERT(sizeof(TarHeader) == TAR_BLOCK);

/* Sum of all bytes with the checksum field taken as spaces. */
NODISCARD uint32_t oakum_tar_checksum(const TarHeader *header, gboolean as_signed);
