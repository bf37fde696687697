/* Archives and objects of git, unpacked while they pass: what comes out goes to a stream of its
 * own. Nothing is held but the one buffer of that stream, and what a format looks back at. What an
 * archive's own tools would refuse is looked at as it is; nobody is told, for nobody can unpack it.
 */
#include "inspect/secret-unpack-private.h"
#include <string.h>

#define ZIP_HEAD 30u

static uint32_t le16(const uint8_t *at)
{
  return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t le32(const uint8_t *at)
{
  return le16(at) | le16(at + 2) << 16;
}

/* ---- what comes out
 * -------------------------------------------------------------------------------- */
void oakum_secret_member_open(SecretUnpack *unpack, const char *name)
{
  g_autofree char *path = *name ? g_strconcat(unpack->path, "/", name, NULL) : g_strdup("");
  oakum_secret_stream_begin(unpack->stream, unpack->kind <= UNPACK_OTHER ? name : path,
                            *name ? name : "an object of git");
  unpack->open = TRUE;
}

void oakum_secret_member_close(SecretUnpack *unpack)
{
  if (unpack->open)
    oakum_secret_stream_end(unpack->stream);
  unpack->open = FALSE;
}

static gboolean give(gpointer user, const void *data, size_t len)
{
  SecretUnpack *unpack = user;
  if (!oakum_secret_scan_unpacked(unpack->scan, len))
    return FALSE;
  unpack->out += len;
  if (unpack->other && unpack->out > OAKUM_INFLATE_RATIO_FREE &&
      unpack->out / OAKUM_INFLATE_RATIO_MAX > unpack->in) {
    oakum_secret_scan_incomplete(unpack->scan, "it unpacks to so much that it is taken for a bomb");
    return FALSE;
  }
  const uint8_t *text = data;
  if (unpack->kind == UNPACK_ZLIB && unpack->out == len) { /* "blob 12", NUL: the object's header */
    const uint8_t *end = memchr(text, 0, MIN(len, 32));
    if (end) {
      len -= (size_t)(end + 1 - text);
      text = end + 1;
    }
  }
  if (unpack->open)
    oakum_secret_stream_bytes(unpack->stream, text, len);
  return TRUE;
}

/* ---- zip: PKWARE APPNOTE 6.3, by its local headers
 * ------------------------------------------------------- */
static gboolean zip_name(SecretUnpack *unpack);

/* What zip's numbers of methods mean that is read beside deflate. */
static OakumCompression zip_method(uint32_t method)
{
  return method == 12   ? OAKUM_COMPRESSION_BZIP2
         : method == 93 ? OAKUM_COMPRESSION_ZSTD
         : method == 95 ? OAKUM_COMPRESSION_XZ
                        : OAKUM_COMPRESSION_NONE;
}

/* Its looking back is paid for by who comes first; others inside of it make do with little. */
static void begin_other(SecretUnpack *unpack, OakumCompression kind, gboolean many)
{
  if (unpack->other)
    oakum_unpacker_free(unpack->other);
  else
    oakum_secret_scan_nest(unpack->scan, 1);
  unpack->in = unpack->out = 0;
  unpack->other =
      oakum_unpacker_new(kind, many,
                         oakum_secret_scan_nest(unpack->scan, 0) > 1 ? OAKUM_SECRET_NESTED_MEMORY
                                                                     : OAKUM_XZ_MEMORY_MAX);
  unpack->state = AT_OTHER;
}

static void end_other(SecretUnpack *unpack)
{
  if (unpack->other)
    oakum_secret_scan_nest(unpack->scan, -1);
  g_clear_pointer(&unpack->other, oakum_unpacker_free);
}

static gboolean zip_head(SecretUnpack *unpack)
{
  if (memcmp(unpack->head, "PK\3\4", 4) != 0) {
    unpack->state = AT_END; /* the directory */
    return memcmp(unpack->head, "PK", 2) == 0;
  }
  size_t rest = le16(unpack->head + 26) + le16(unpack->head + 28);
  if (ZIP_HEAD + rest > SECRET_HEAD_MAX)
    return FALSE;
  unpack->need = ZIP_HEAD + rest;
  unpack->next = zip_name;
  return rest > 0 || zip_name(unpack);
}

/* The size that zip64 puts into the extra field. */
static uint64_t zip64_size(const uint8_t *extra, size_t len, uint32_t plain, uint32_t packed)
{
  if (packed != G_MAXUINT32)
    return packed;
  for (size_t at = 0; at + 4 <= len;) {
    size_t n = le16(extra + at + 2), skip = plain == G_MAXUINT32 ? 8 : 0;
    if (le16(extra + at) == 1 && n >= skip + 8 && at + 4 + n <= len)
      return (uint64_t)le32(extra + at + 4 + skip) | (uint64_t)le32(extra + at + 8 + skip) << 32;
    at += 4 + n;
  }
  return packed;
}

static void search(SecretUnpack *unpack)
{
  unpack->state = AT_SEARCH;
  unpack->have = 0;
}

static gboolean zip_name(SecretUnpack *unpack)
{
  const uint8_t *head = unpack->head;
  uint32_t flags = le16(head + 6), method = le16(head + 8);
  size_t name_len = le16(head + 26);
  uint64_t size =
      zip64_size(head + ZIP_HEAD + name_len, le16(head + 28), le32(head + 22), le32(head + 18));
  gboolean later = flags & 8 && size == 0, sealed = flags & 1;
  unpack->descriptor = flags & 8;
  g_autofree char *name = g_strndup((const char *)head + ZIP_HEAD, name_len);
  OakumCompression other = sealed ? OAKUM_COMPRESSION_NONE : zip_method(method);
  oakum_secret_member_close(unpack);
  if (sealed && unpack->sealed++ == 0)
    unpack->first = g_strdup(name);
  unpack->left = later ? UINT64_MAX : size;
  if (method == 8 && !sealed) {
    oakum_secret_member_open(unpack, name);
    oakum_inflater_begin(unpack->inflater, OAKUM_DEFLATE_RAW);
    unpack->state = AT_DEFLATE;
    return TRUE;
  }
  if (other != OAKUM_COMPRESSION_NONE) {
    oakum_secret_member_open(unpack, name);
    begin_other(unpack, other, FALSE);
    return TRUE;
  }
  if (method != 0 && !sealed && !unpack->unread) {
    oakum_secret_scan_incomplete(
        unpack->scan, "a member of a zip archive is compressed in a way that is not read");
    unpack->unread = TRUE;
  }
  if (later && !g_str_has_suffix(name, "/")) {
    if (method == 0 && !sealed)
      return FALSE; /* it ends where only the directory says */
    search(unpack); /* nothing of it would be looked at */
    return TRUE;
  }
  if (method == 0 && !sealed)
    oakum_secret_member_open(unpack, name);
  unpack->state = AT_STORED;
  unpack->left = size;
  return TRUE;
}

/* ---- packs of git: gitformat-pack(5)
 * --------------------------------------------------------------------- */
static gboolean pack_begin(SecretUnpack *unpack);

static gboolean pack_object(SecretUnpack *unpack)
{
  oakum_secret_member_close(unpack);
  if (unpack->objects == 0) {
    unpack->state = AT_END;
    return TRUE;
  }
  unpack->objects--;
  secret_gather(unpack, 1, pack_begin);
  return TRUE;
}

static gboolean pack_inflate(SecretUnpack *unpack)
{
  if (unpack->type != 2) /* trees hold names and digests */
    oakum_secret_member_open(unpack, "");
  oakum_inflater_begin(unpack->inflater, OAKUM_DEFLATE_ZLIB);
  unpack->state = AT_DEFLATE;
  return TRUE;
}

static gboolean pack_offset(SecretUnpack *unpack)
{
  if (unpack->head[unpack->have - 1] & 0x80) {
    unpack->need++;
    return unpack->need < 16;
  }
  return pack_inflate(unpack);
}

static gboolean pack_begin(SecretUnpack *unpack)
{
  if (unpack->head[unpack->have - 1] & 0x80) {
    unpack->need++;
    return unpack->need < 16;
  }
  unpack->type = unpack->head[0] >> 4 & 7;
  if (unpack->type == 6)
    secret_gather(unpack, 1, pack_offset);
  else if (unpack->type == 7)
    secret_gather(unpack, 20, pack_inflate);
  else
    return unpack->type != 0 && unpack->type != 5 && pack_inflate(unpack);
  return TRUE;
}

static gboolean pack_head(SecretUnpack *unpack)
{
  const uint8_t *head = unpack->head;
  unpack->objects =
      (uint32_t)head[8] << 24 | (uint32_t)head[9] << 16 | (uint32_t)head[10] << 8 | head[11];
  return pack_object(unpack);
}

/* ---- all of them
 * ----------------------------------------------------------------------------------- */
/* ".../objects/ab/cdef…": how git names what it keeps loose. */
static gboolean is_loose(const char *path)
{
  size_t len = strlen(path), hex = 0;
  while (hex < len && g_ascii_isxdigit(path[len - 1 - hex]))
    hex++;
  if ((hex != 38 && hex != 62) || len < hex + 11)
    return FALSE;
  const char *at = path + len - hex - 11;
  return g_str_has_prefix(at, "objects/") && g_ascii_isxdigit(at[8]) && g_ascii_isxdigit(at[9]) &&
         at[10] == '/';
}

/* zstd, xz or bzip2. "BZh" alone could be a word. */
static OakumCompression other_of(OakumSlice head)
{
  OakumCompression kind = oakum_compression_sniff(head.data, head.len);
  gboolean bzip2 = head.len > 13 && head.data[3] >= '1' && head.data[3] <= '9' &&
                   (memcmp(head.data + 4, "1AY&SY", 6) == 0 ||
                    memcmp(head.data + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
  return kind == OAKUM_COMPRESSION_GZIP || (kind == OAKUM_COMPRESSION_BZIP2 && !bzip2)
             ? OAKUM_COMPRESSION_NONE
             : kind;
}

static gboolean judge(const char *path, OakumSlice head, SecretUnpackKind *kind)
{
  const uint8_t *data = head.data;
  if (other_of(head) != OAKUM_COMPRESSION_NONE)
    *kind = UNPACK_OTHER;
  else if (head.len > 10 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8)
    *kind = UNPACK_GZIP;
  else if (head.len > ZIP_HEAD && memcmp(data, "PK\3\4", 4) == 0)
    *kind = UNPACK_ZIP;
  else if (head.len > 12 && memcmp(data, "PACK\0\0\0", 7) == 0 && (data[7] == 2 || data[7] == 3))
    *kind = UNPACK_PACK;
  else if (head.len > 2 && data[0] == 0x78 && (data[0] << 8 | data[1]) % 31 == 0 && is_loose(path))
    *kind = UNPACK_ZLIB;
  else
    return oakum_secret_members_judge(head, kind);
  return TRUE;
}

/* What a compressed file's content is called: "a.log.gz" is "a.log". */
static char *inner_name(const char *path)
{
  static const struct {
    const char *end, *to;
  } ends[] = {{".tgz", ".tar"},  {".txz", ".tar"}, {".tzst", ".tar"},
              {".tbz2", ".tar"}, {".tbz", ".tar"}, {".gz", ""},
              {".xz", ""},       {".zst", ""},     {".bz2", ""}};
  for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
    if (g_str_has_suffix(path, ends[i].end)) {
      g_autofree char *stem = g_strndup(path, strlen(path) - strlen(ends[i].end));
      return g_strconcat(stem, ends[i].to, NULL);
    }
  return g_strdup(path);
}

/* What other programs unpack. */
static gboolean unread_form(OakumSlice head)
{
  return (head.len > 32 && memcmp(head.data, "7z\xbc\xaf\x27\x1c", 6) == 0) ||
         (head.len > 32 && memcmp(head.data, "Rar!\x1a\x07", 6) == 0);
}

SecretUnpack *oakum_secret_unpack_new(SecretScan *scan, const char *path, OakumSlice head,
                                      guint depth)
{
  SecretUnpackKind kind;
  if (!judge(path, head, &kind)) {
    if (unread_form(head))
      oakum_secret_scan_incomplete(scan, "it is an archive of a form that is not read (7z, rar)");
    return NULL;
  }
  if (depth >= OAKUM_SECRET_DEPTH_MAX) {
    oakum_secret_scan_incomplete(scan, "archives lie in each other deeper than is looked");
    return NULL;
  }
  SecretUnpack *unpack = g_new0(SecretUnpack, 1);
  unpack->scan = scan;
  unpack->kind = kind;
  unpack->path = g_strdup(path);
  unpack->stream = oakum_secret_stream_new(scan, depth + 1);
  if (kind == UNPACK_GZIP || kind == UNPACK_ZLIB || kind == UNPACK_ZIP || kind == UNPACK_PACK)
    unpack->inflater =
        oakum_inflater_new(kind == UNPACK_GZIP ? OAKUM_DEFLATE_GZIP : OAKUM_DEFLATE_ZLIB);
  g_autofree char *inner = inner_name(path);
  switch (kind) {
  case UNPACK_GZIP:
  case UNPACK_ZLIB:
    oakum_secret_member_open(unpack, kind == UNPACK_ZLIB ? "" : inner);
    unpack->state = AT_DEFLATE;
    break;
  case UNPACK_OTHER:
    oakum_secret_member_open(unpack, inner);
    begin_other(unpack, other_of(head), TRUE);
    break;
  case UNPACK_TAR:
  case UNPACK_AR:
  case UNPACK_CPIO:
  case UNPACK_RPM:
    oakum_secret_members_begin(unpack, head);
    break;
  case UNPACK_ZIP:
    secret_gather(unpack, ZIP_HEAD, zip_head);
    break;
  case UNPACK_PACK:
    secret_gather(unpack, 12, pack_head);
    break;
  }
  return unpack;
}

/* One deflate stream has ended. */
static gboolean inflated(SecretUnpack *unpack)
{
  switch (unpack->kind) {
  case UNPACK_GZIP: /* another member may follow: it is the same content that goes on */
    oakum_inflater_begin(unpack->inflater, OAKUM_DEFLATE_GZIP);
    secret_gather(unpack, 2, NULL);
    return TRUE;
  case UNPACK_ZIP:
    oakum_secret_member_close(unpack);
    if (unpack->left != UINT64_MAX) { /* to where the next header is told to be */
      unpack->state = AT_STORED;
      return TRUE;
    }
    search(unpack);
    return TRUE;
  case UNPACK_PACK:
    return pack_object(unpack);
  default:
    unpack->state = AT_END;
    return TRUE;
  }
}

static size_t step(SecretUnpack *unpack, const uint8_t *data, size_t len);

static size_t step_other(SecretUnpack *unpack, const uint8_t *data, size_t len)
{
  gboolean bounded = unpack->kind == UNPACK_ZIP && unpack->left != UINT64_MAX;
  size_t most = bounded ? (size_t)MIN(len, unpack->left) : len, n = 0;
  unpack->in += most;
  OakumUnpackStatus status = oakum_unpacker_push(unpack->other, data, most, &n, give, unpack);
  if (status == OAKUM_UNPACK_MEMORY)
    oakum_secret_scan_incomplete(unpack->scan,
                                 "what it looks back at takes more memory than it may");
  if (status != OAKUM_UNPACK_MORE && status != OAKUM_UNPACK_END)
    return 0;
  if (status == OAKUM_UNPACK_MORE)
    n = most;
  if (bounded)
    unpack->left -= n;
  if (status == OAKUM_UNPACK_END || (bounded && unpack->left == 0)) {
    end_other(unpack);
    if (unpack->kind != UNPACK_ZIP)
      unpack->state = AT_END;
    else if (!inflated(unpack))
      return 0;
  }
  return n ? n : step(unpack, data, len);
}

/* Takes some of `data`: how much; 0: it cannot go on. */
static size_t step(SecretUnpack *unpack, const uint8_t *data, size_t len)
{
  size_t n = 0;
  switch (unpack->state) {
  case AT_HEAD:
    n = MIN(len, unpack->need - unpack->have);
    memcpy(unpack->head + unpack->have, data, n);
    unpack->have += n;
    if (unpack->have < unpack->need)
      return n;
    if (unpack->kind == UNPACK_GZIP) { /* the first bytes of another member */
      gboolean more = unpack->head[0] == 0x1f && unpack->head[1] == 0x8b;
      size_t used;
      unpack->state = more ? AT_DEFLATE : AT_END;
      return !more || oakum_inflater_push(unpack->inflater, unpack->head, 2, &used, give, unpack) ==
                          0
                 ? n
                 : 0;
    }
    return unpack->next(unpack) ? n : 0;
  case AT_STORED:
    n = (size_t)MIN(len, unpack->left);
    if (n > 0 && !give(unpack, data, n))
      return 0;
    unpack->left -= n;
    if (unpack->left > 0)
      return n;
    if (unpack->kind != UNPACK_ZIP) {
      size_t pad = MIN(len - n, unpack->pad);
      unpack->pad -= pad;
      n += pad;
      if (unpack->pad == 0)
        oakum_secret_members_next(unpack);
      return n ? n : step(unpack, data, len);
    }
    if (unpack->descriptor)
      search(unpack);
    else
      secret_gather(unpack, ZIP_HEAD, zip_head);
    oakum_secret_member_close(unpack);
    return n ? n : step(unpack, data, len);
  case AT_DEFLATE: {
    gboolean bounded = unpack->kind == UNPACK_ZIP && unpack->left != UINT64_MAX;
    size_t most = bounded ? (size_t)MIN(len, unpack->left) : len;
    int status = oakum_inflater_push(unpack->inflater, data, most, &n, give, unpack);
    if (status == 0)
      n = most;
    if (bounded)
      unpack->left -= n;
    if (status < 0 || (status == 0 && most < len) || (status == 1 && !inflated(unpack)))
      return 0;
    return n ? n : step(unpack, data, len);
  }
  case AT_OTHER:
    return step_other(unpack, data, len);
  case AT_SEARCH: /* a descriptor of 12 to 24 bytes may stand in front of it */
    while (n < len && unpack->have < 4) {
      static const char mark[] = "PK";
      uint8_t c = data[n++];
      guint have = (guint)unpack->have;
      if (have < 2 ? c == (uint8_t)mark[have] : TRUE)
        unpack->head[unpack->have++] = c;
      else
        unpack->have = c == 'P';
      if (unpack->have == 1)
        unpack->head[0] = 'P';
      if (unpack->have == 4 && memcmp(unpack->head, "PK\3\4", 4) != 0 &&
          memcmp(unpack->head, "PK\1\2", 4) != 0)
        unpack->have = 0;
    }
    if (unpack->have == 4) {
      unpack->state = AT_HEAD;
      unpack->need = ZIP_HEAD;
      unpack->next = zip_head;
    }
    return n;
  case AT_END:
    return len;
  }
  return 0;
}

gboolean oakum_secret_unpack_bytes(SecretUnpack *unpack, const uint8_t *data, size_t len)
{
  while (len > 0) {
    size_t n = step(unpack, data, len);
    if (n == 0)
      return FALSE;
    data += n;
    len -= n;
  }
  return TRUE;
}

void oakum_secret_unpack_free(SecretUnpack *unpack)
{
  if (!unpack)
    return;
  oakum_secret_stream_free(unpack->stream);
  if (unpack->sealed > 0)
    oakum_secret_scan_sealed(unpack->scan, unpack->first, unpack->sealed);
  end_other(unpack);
  oakum_inflater_free(unpack->inflater);
  g_free(unpack->first);
  g_free(unpack->long_name);
  g_free(unpack->path);
  g_free(unpack);
}
