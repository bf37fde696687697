/* One input of a feed: compression and archives undone, each document given to its reader. */
#include "advisory/advisory-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static gboolean read_stream(OakumIngest *in, const char *feed, OakumReader *reader, guint depth,
                            GError **error);

/* ---- a reader whose first bytes were looked at ------------------------------------------------
 */
typedef struct {
  OakumReader *below;
  uint8_t head[OAKUM_FEED_HEAD + 1];
  size_t len, at;
} Peeked;

static gssize peeked_read(void *self, void *buffer, size_t len, GError **error)
{
  Peeked *p = self;
  if (p->at == p->len)
    return oakum_reader_read(p->below, buffer, len, error);
  len = MIN(len, p->len - p->at);
  memcpy(buffer, p->head + p->at, len);
  p->at += len;
  return (gssize)len;
}

static void peeked_free(void *self)
{
  Peeked *p = self;
  oakum_reader_free(p->below);
  g_free(p);
}

static const OakumReaderClass peeked_class = {peeked_read, peeked_free};

/* Takes `below`; *out looks into the reader that is returned. */
static OakumReader *peek(OakumReader *below, Peeked **out, GError **error)
{
  Peeked *p = g_new0(Peeked, 1);
  p->below = below;
  g_autoptr(OakumReader) reader = oakum_reader_new(&peeked_class, p);
  while (p->len < OAKUM_FEED_HEAD) {
    gssize n = oakum_reader_read(below, p->head + p->len, OAKUM_FEED_HEAD - p->len, error);
    if (n < 0)
      return NULL;
    if (n == 0)
      break;
    p->len += (size_t)n;
  }
  *out = p;
  return g_steal_pointer(&reader);
}

/* ---- one document -----------------------------------------------------------------------------
 */
static gboolean may_be(const OakumFeedRow *row, const char *head, const char *name)
{
  return !row->sniff || row->sniff(head, name);
}

/* NULL: it is of no feed. A named feed takes what stands alone whatever it looks like. */
static const OakumFeedRow *row_of(const char *feed, const Peeked *p, const char *name,
                                  gboolean alone)
{
  gboolean automatic = strcmp(feed, "auto") == 0;
  const char *head = (const char *)p->head; /* a NUL byte ends it, and one stands behind it */
  for (const OakumFeedRow *row = oakum_feed_rows; row->info.name; row++)
    if (automatic ? row->sniff && may_be(row, head, name)
                  : strcmp(feed, row->info.name) == 0 && (alone || may_be(row, head, name)))
      return row;
  return NULL;
}

static gboolean blank(const Peeked *p)
{
  for (size_t i = 0; i < p->len; i++)
    if (!strchr(" \t\r\n", p->head[i]) || p->head[i] == 0)
      return FALSE;
  return p->len < OAKUM_FEED_HEAD;
}

static gboolean read_document(OakumIngest *in, const char *feed, OakumReader *reader, Peeked *p,
                              gboolean alone, GError **error)
{
  g_autoptr(OakumReader) owned = reader;
  const OakumFeedRow *row = row_of(feed, p, in->name, alone);
  if (alone && blank(p))
    return oakum_feed_invalid(error, "the input is empty");
  if (!row && alone)
    return oakum_feed_invalid(error, "it looks like no feed that is known; name it with --feed "
                                     "(oakum db feeds lists them)");
  if (!row)
    return TRUE;
  return row->read(in, g_steal_pointer(&owned), error);
}

/* ---- archives ---------------------------------------------------------------------------------
 */
typedef struct {
  OakumTarReader *tar;
} Member;

static gssize member_read(void *self, void *buffer, size_t len, GError **error)
{
  return oakum_tar_reader_read(((Member *)self)->tar, buffer, len, error);
}

static const OakumReaderClass member_class = {member_read, g_free};

/* A document of an archive that cannot be read is a bad record; what is wrong with the archive
 * itself is told by its next member. */
static gboolean read_member(OakumIngest *in, const char *feed, const char *path,
                            OakumReader *reader, guint depth, GError **error)
{
  const char *name = in->name;
  g_autoptr(GError) local = NULL;
  in->name = oakum_path_base(path);
  gboolean ok = *in->name == '.' || read_stream(in, feed, reader, depth, &local);
  if (*in->name == '.')
    oakum_reader_free(reader);
  in->name = name;
  if (ok)
    return TRUE;
  if (local->domain != OAKUM_ADVISORY_ERROR && local->domain != OAKUM_CODEC_ERROR) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  g_autofree char *shown = oakum_escape_terminal(path, -1);
  oakum_ingest_bad(in, shown, g_steal_pointer(&local));
  return TRUE;
}

static gboolean too_many(GError **error)
{
  g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT, "more than %u documents",
              OAKUM_FEED_MEMBERS_MAX);
  return FALSE;
}

static gboolean read_tar(OakumIngest *in, const char *feed, OakumReader *reader, guint depth,
                         GError **error)
{
  g_autoptr(OakumTarReader) tar = oakum_tar_reader_new(reader);
  const OakumTarEntry *entry;
  int more;
  for (guint n = 0; (more = oakum_tar_reader_next(tar, &entry, error)) > 0; n++) {
    if (n >= OAKUM_FEED_MEMBERS_MAX)
      return too_many(error);
    if (entry->type != OAKUM_TAR_FILE || entry->size == 0)
      continue;
    g_autofree char *path = g_strndup((const char *)entry->path.data, entry->path.len);
    Member *member = g_new0(Member, 1);
    member->tar = tar;
    if (!read_member(in, feed, path, oakum_reader_new(&member_class, member), depth, error))
      return FALSE;
  }
  return more == 0;
}

static gboolean pread_zip(void *user, uint64_t offset, void *buffer, size_t len, GError **error)
{
  int fd = *(int *)user;
  char *at = buffer;
  while (len > 0) {
    ssize_t n = pread(fd, at, len, (off_t)offset);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      oakum_error_errno(error, OAKUM_ADVISORY_ERROR, n ? errno : EIO, "temporary file");
      return FALSE;
    }
    at += n;
    offset += (uint64_t)n;
    len -= (size_t)n;
  }
  return TRUE;
}

/* A zip is read by its end: it goes to a file without a name first. */
static gboolean read_zip(OakumIngest *in, const char *feed, OakumReader *reader, guint depth,
                         GError **error)
{
  g_autoptr(OakumReader) limited =
      oakum_reader_new_limit(reader, OAKUM_FEED_SPOOL_MAX, "zip archive");
  OAKUM_AUTO_FD fd = open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  uint64_t size = 0;
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_ADVISORY_ERROR, errno, "%s", g_get_tmp_dir());
    return FALSE;
  }
  g_autoptr(OakumWriter) writer = oakum_writer_new_fd(fd, FALSE);
  if (!oakum_stream_copy(limited, writer, &size, error) || !oakum_writer_finish(writer, error))
    return FALSE;
  g_autoptr(OakumZip) zip = oakum_zip_new(pread_zip, &fd, size, error);
  if (!zip)
    return FALSE;
  guint count = oakum_zip_count(zip);
  if (count > OAKUM_FEED_MEMBERS_MAX)
    return too_many(error);
  for (guint i = 0; i < count; i++) {
    OakumZipEntry entry = oakum_zip_entry(zip, i);
    g_autofree char *path = g_strndup((const char *)entry.name.data, entry.name.len);
    if (entry.size == 0 || g_str_has_suffix(path, "/"))
      continue;
    OakumReader *member = oakum_zip_reader_new(zip, i, error);
    if (!member || !read_member(in, feed, path, member, depth, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_stream(OakumIngest *in, const char *feed, OakumReader *reader, guint depth,
                            GError **error)
{
  Peeked *p;
  g_autoptr(OakumReader) plain = peek(oakum_reader_new_inflate(reader, NULL), &p, error);
  if (!plain)
    return FALSE;
  gboolean tar = p->len >= 512 && memcmp(p->head + 257, "ustar", 5) == 0,
           zip = p->len >= 4 &&
                 (memcmp(p->head, "PK\3\4", 4) == 0 || memcmp(p->head, "PK\5\6", 4) == 0);
  if (!tar && !zip)
    return read_document(in, feed, g_steal_pointer(&plain), p, depth == 0, error);
  if (depth >= OAKUM_FEED_NESTING_MAX) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT, "archives nested too deep");
    return FALSE;
  }
  return tar ? read_tar(in, feed, g_steal_pointer(&plain), depth + 1, error)
             : read_zip(in, feed, g_steal_pointer(&plain), depth + 1, error);
}

gboolean oakum_read_input(OakumIngest *in, const char *feed, OakumReader *reader, GError **error)
{
  if (!read_stream(in, feed, reader, 0, error))
    return FALSE;
  return in->documents > 0 || in->good + in->bad > 0 ||
         oakum_feed_invalid(error, "no document of the feed is in it");
}
