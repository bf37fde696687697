/* What the readers of archives share. */
#pragma once
#include "inspect/secret-private.h"

#define SECRET_BLOCK 512u /* of tar */
#define SECRET_HEAD_MAX 4096u

typedef enum {
  UNPACK_GZIP,
  UNPACK_ZLIB,
  UNPACK_OTHER, /* zstd, xz, bzip2 */
  UNPACK_TAR,
  UNPACK_ZIP,
  UNPACK_PACK,
  UNPACK_AR,
  UNPACK_CPIO,
  UNPACK_RPM
} SecretUnpackKind;
typedef enum {
  AT_HEAD,    /* `need` bytes are gathered in `head`, then `next` is called */
  AT_STORED,  /* `left` bytes go to the stream, or are passed over */
  AT_DEFLATE, /* the inflater says when it ends */
  AT_OTHER,   /* the unpacker does */
  AT_SEARCH,  /* zip: the next header, behind a descriptor */
  AT_END,     /* what follows is of no interest */
} SecretUnpackState;

struct SecretUnpack {
  SecretScan *scan;
  SecretUnpackKind kind;
  SecretUnpackState state;
  char *path;
  SecretStream *stream;
  OakumInflater *inflater;
  OakumUnpacker *other;
  guint8 head[SECRET_HEAD_MAX];
  size_t have, need;
  uint64_t left;
  size_t pad;          /* tar, ar, cpio: behind the content */
  gboolean open;       /* content goes to the stream */
  gboolean descriptor; /* zip: one follows the content */
  gboolean (*next)(SecretUnpack *unpack);
  char *long_name;  /* tar: of the next entry */
  gboolean naming;  /* tar: content is that name */
  uint64_t size;    /* cpio: of the entry whose name is gathered */
  gboolean odc;     /* cpio: of the portable form */
  gboolean file;    /* cpio: the entry is a regular file */
  gboolean headed;  /* rpm: its header came */
  uint32_t objects; /* pack: to come */
  int type;         /* pack: of the object */
  uint64_t in, out; /* OTHER: bytes so far */
  guint sealed;     /* zip: members that only a password opens */
  char *first;      /* of them; NULL: there is none */
  gboolean unread;  /* zip: a member of a method that is not read was told */
};

/* What stands in the archive by that name begins, and ends. */
void oakum_secret_member_open(SecretUnpack *unpack, const char *name);
void oakum_secret_member_close(SecretUnpack *unpack);
/* The next `need` bytes go to `head`, then `next` is called; FALSE from it: this is no such archive
 * any more. */
static inline void secret_gather(SecretUnpack *unpack, size_t need,
                                 gboolean (*next)(SecretUnpack *unpack))
{
  unpack->state = AT_HEAD;
  unpack->have = 0;
  unpack->need = need;
  unpack->next = next;
}
/* Of `kind`, AR, CPIO, RPM or TAR: what comes first. */
void oakum_secret_members_begin(SecretUnpack *unpack, OakumSlice head);
/* The content of an entry has come to its end. */
void oakum_secret_members_next(SecretUnpack *unpack);
/* Which of AR, CPIO and RPM begins so; FALSE: none. */
NODISCARD gboolean oakum_secret_members_judge(OakumSlice head, SecretUnpackKind *kind);
