/* Files as they pass: a buffer that moves over each, candidates by their literals, what is found.
 */
#include "inspect/secret-stream.h"
#include <string.h>

#define BINARY_HEAD 4096u
#define BLOCK                                                                                      \
  (64u * 1024u) /* bytes that are unpacked at a time: what is damaged does not depend on how they  \
                   came */

/* ---- candidates
 * ------------------------------------------------------------------------------------ */
gboolean oakum_secret_may_work(SecretScan *scan)
{
  if (scan->work <= OAKUM_SECRET_WORK_FREE + scan->bytes * OAKUM_SECRET_WORK_RATIO)
    return TRUE;
  if (!scan->spent)
    oakum_secret_scan_incomplete(scan, "too much in it looks like secrets and is none");
  scan->spent = TRUE;
  return FALSE;
}

void oakum_secret_try(SecretLook *look, size_t at)
{
  SecretStream *stream = look->stream;
  if (oakum_secret_may_work(stream->scan))
    oakum_secret_confirm(stream->scan->table, look->literal, look->data, at, stream->places,
                         stream->code, stream->loose, &stream->scan->work, oakum_secret_note, look);
}
static void look_at(SecretStream *stream, const SecretCandidate *candidate)
{
  OakumSlice data = {stream->buffer, stream->len};
  const SecretLiteral *literal = &stream->scan->table->literals[candidate->literal];
  SecretLook look = {.stream = stream, .data = data, .literal = literal};
  if (literal->base64 >= 0)
    oakum_secret_decode(stream, data, candidate);
  else
    oakum_secret_try(&look, candidate->at);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *user)
{
  SecretLook *look = user;
  SecretStream *stream = look->stream;
  const SecretLiteral *literal = &stream->scan->table->literals[id];
  size_t end = look->begins + (size_t)to;
  (void)from;
  (void)flags;
  if (end <= stream->scanned)
    return 0;
  SecretCandidate candidate = {id, end - literal->len};
  if (end + literal->ahead <= stream->len)
    look_at(stream, &candidate);
  else
    g_array_append_val(stream->pending, candidate);
  return stream->scan->spent;
}

/* Candidates whose surroundings are there by now. */
static void look_at_pending(SecretStream *stream, gboolean last)
{
  guint left = 0;
  for (guint i = 0; i < stream->pending->len; i++) {
    SecretCandidate candidate = g_array_index(stream->pending, SecretCandidate, i);
    const SecretLiteral *literal = &stream->scan->table->literals[candidate.literal];
    if (last || candidate.at + literal->len + literal->ahead <= stream->len)
      look_at(stream, &candidate);
    else
      g_array_index(stream->pending, SecretCandidate, left++) = candidate;
  }
  g_array_set_size(stream->pending, left);
}

/* ---- the buffer
 * ----------------------------------------------------------------------------------- */
uint64_t oakum_secret_count_lines(const uint8_t *data, size_t len)
{
  uint64_t lines = 0;
  while (len >= 128) { /* of a size that compilers make vectors of */
    uint8_t n = 0;
    for (int i = 0; i < 128; i++)
      n = (uint8_t)(n + (data[i] == '\n'));
    lines += n;
    data += 128;
    len -= 128;
  }
  for (size_t i = 0; i < len; i++)
    lines += data[i] == '\n';
  return lines;
}

static void scan_buffer(SecretStream *stream, gboolean last)
{
  SecretScan *scan = stream->scan;
  size_t longest = scan->table->longest,
         from = stream->scanned > longest ? stream->scanned - longest : 0;
  look_at_pending(stream, FALSE);
  SecretLook look = {.stream = stream, .begins = from};
  if (stream->len > stream->scanned && !scan->spent) {
    hs_error_t done =
        hs_scan(scan->table->databases[stream->set], (const char *)stream->buffer + from,
                (unsigned)(stream->len - from), 0, scan->scratch[0], on_match, &look);
    if (done != HS_SUCCESS && done != HS_SCAN_TERMINATED)
      oakum_secret_scan_incomplete(scan, "Vectorscan failed");
  }
  if (stream->places & 1u << SECRET_APP)
    oakum_secret_look_at_runs(stream, last);
  oakum_secret_look_by_own(stream, stream->scanned, last);
  stream->scanned = stream->len;
  if (last)
    look_at_pending(stream, TRUE);
}

static void move_on(SecretStream *stream)
{
  size_t keep = stream->len > OAKUM_SECRET_BACK ? stream->len - OAKUM_SECRET_BACK : 0;
  for (guint i = 0; i < stream->pending->len; i++) {
    size_t at = g_array_index(stream->pending, SecretCandidate, i).at;
    keep = MIN(keep, at > OAKUM_SECRET_BACK ? at - OAKUM_SECRET_BACK : 0);
  }
  stream->line += oakum_secret_count_lines(stream->buffer, keep);
  memmove(stream->buffer, stream->buffer + keep, stream->len - keep);
  stream->len -= keep;
  stream->scanned -= keep;
  stream->base += keep;
  for (guint i = 0; i < stream->pending->len; i++)
    g_array_index(stream->pending, SecretCandidate, i).at -= keep;
  for (guint i = 0; stream->own_done && i < stream->scan->config->rules->len; i++)
    stream->own_done[i] -= MIN(stream->own_done[i], keep);
}

static void add_narrow(SecretStream *stream, const uint8_t *data, size_t len)
{
  while (len > 0) {
    size_t n = MIN(len, OAKUM_SECRET_BUFFER - stream->len);
    memcpy(stream->buffer + stream->len, data, n);
    stream->len += n;
    data += n;
    len -= n;
    if (stream->len == OAKUM_SECRET_BUFFER) {
      scan_buffer(stream, FALSE);
      move_on(stream);
    }
  }
}

/* What is ASCII of UTF-16 as bytes, the rest as one that is in no secret. */
static void add_wide(SecretStream *stream, const uint8_t *data, size_t len)
{
  uint8_t out[4096];
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    if (stream->odd < 0) {
      stream->odd = data[i];
      continue;
    }
    uint8_t low = stream->wide == 1 ? (uint8_t)stream->odd : data[i],
            high = stream->wide == 1 ? data[i] : (uint8_t)stream->odd;
    stream->odd = -1;
    out[n++] = high == 0 ? low : 0xff;
    if (n == sizeof out) {
      add_narrow(stream, out, n);
      n = 0;
    }
  }
  add_narrow(stream, out, n);
}

static void add_zeros(SecretStream *stream, const uint8_t *data, size_t len)
{
  uint8_t out[4096];
  for (size_t n; len > 0; data += n, len -= n) {
    n = MIN(len, sizeof out);
    for (size_t i = 0; i < n; i++)
      out[i] = data[i] ? data[i] : '\n';
    add_narrow(stream, out, n);
  }
}

static void add_raw(SecretStream *stream, const uint8_t *data, size_t len)
{
  if (stream->wide)
    add_wide(stream, data, len);
  else if (stream->zeros)
    add_zeros(stream, data, len);
  else
    add_narrow(stream, data, len);
}

/* UTF-16 as Windows writes it, without its mark: each second byte is zero, the others are text. */
static gboolean is_wide(const uint8_t *head, size_t len)
{
  enum { LEAST = 16, LOOKED_AT = 64 };
  if (len < LEAST || head[1] != 0)
    return FALSE;
  for (size_t i = 0; i + 1 < MIN(len, LOOKED_AT); i += 2)
    if (head[i + 1] != 0 || !(g_ascii_isprint(head[i]) || (head[i] && strchr("\t\r\n", head[i]))))
      return FALSE;
  return TRUE;
}

/* "NAME=value" and a zero, again and again: /proc/PID/environ, and what "env -0" prints. */
static gboolean is_environment(const uint8_t *head, size_t len)
{
  guint variables = 0;
  for (size_t at = 0; at < len; at++) {
    size_t name = at;
    while (at < len && (g_ascii_isalpha(head[at]) || head[at] == '_' ||
                        (at > name && (g_ascii_isdigit(head[at]) || head[at] == '.'))))
      at++;
    if (at == len)
      break;
    if (at == name || head[at] != '=')
      return FALSE;
    for (; at < len && head[at] != 0; at++)
      if (head[at] < ' ' && !strchr("\t\r\n\033", head[at]))
        return FALSE;
    variables++;
  }
  return variables >= 2;
}

/* The first bytes say what it is: they go on to where they belong. */
static void judge(SecretStream *stream)
{
  g_autofree uint8_t *head = g_memdup2(stream->buffer, stream->len);
  size_t len = stream->len;
  stream->begun = TRUE;
  stream->unpack =
      oakum_secret_unpack_new(stream->scan, stream->path, (OakumSlice){head, len}, stream->depth);
  if (stream->unpack) {
    stream->len = 0;
    if (oakum_secret_unpack_bytes(stream->unpack, head, len))
      return;
    g_clear_pointer(&stream->unpack, oakum_secret_unpack_free);
  }
  stream->len = 0;
  if (len >= 2 && head[0] == 0xff && head[1] == 0xfe)
    stream->wide = 1;
  else if (len >= 2 && head[0] == 0xfe && head[1] == 0xff)
    stream->wide = 2;
  size_t skip = stream->wide ? 2 : 0;
  if (!stream->wide && is_wide(head, len))
    stream->wide = 1;
  gboolean binary = !stream->wide && memchr(head, 0, MIN(len, BINARY_HEAD)) != NULL;
  stream->zeros = binary && is_environment(head, len);
  binary = binary && !stream->zeros;
  stream->places = binary ? 1u << SECRET_ANY : oakum_secret_places(stream->path);
  if (stream->member && g_str_has_prefix(stream->member, "usr/")) /* of a package */
    stream->places &= oakum_secret_places(stream->member);
  if (stream->zeros && stream->places & 1u << SECRET_APP)
    stream->places |= 1u << SECRET_CONFIG;
  stream->set = stream->places & (1u << SECRET_APP | 1u << SECRET_SHADOW | 1u << SECRET_HTPASSWD |
                                  1u << SECRET_NETRC | 1u << SECRET_PGPASS | 1u << SECRET_PYPIRC |
                                  1u << SECRET_MAVEN)
                    ? SECRET_SET_ALL
                    : SECRET_SET_CORE;
  stream->loose = len > 16 && memcmp(head, "SQLite format 3", 16) == 0;
  if (stream->loose)
    stream->places |= 1u << SECRET_TEXT;
  stream->code = oakum_secret_is_code(stream->path);
  add_raw(stream, head + skip, len - skip);
}

SecretStream *oakum_secret_stream_new(SecretScan *scan, guint depth)
{
  SecretStream *stream = g_new0(SecretStream, 1);
  stream->scan = scan;
  stream->depth = depth;
  stream->buffer = g_malloc(OAKUM_SECRET_BUFFER);
  stream->pending = g_array_new(FALSE, FALSE, sizeof(SecretCandidate));
  stream->found = g_array_new(FALSE, FALSE, sizeof(SecretFound));
  return stream;
}

void oakum_secret_stream_begin(SecretStream *stream, const char *path, const char *where)
{
  oakum_secret_stream_end(stream);
  stream->path = g_strdup(path);
  stream->where = g_strdup(where);
  stream->member =
      stream->where && g_str_has_prefix(where, "./") ? stream->where + 2 : stream->where;
  stream->begun = FALSE;
  stream->wide = 0;
  stream->zeros = FALSE;
  stream->odd = -1;
  stream->len = stream->scanned = 0;
  stream->base = stream->line = 0;
  memset(stream->decoded_to, 0, sizeof stream->decoded_to);
  stream->runs_to = 0;
}

/* What cannot be unpacked is looked at as it is, from that block on. */
static void unpack_block(SecretStream *stream, const uint8_t *data, size_t len)
{
  stream->block_len = 0;
  if (oakum_secret_unpack_bytes(stream->unpack, data, len))
    return;
  g_clear_pointer(&stream->unpack, oakum_secret_unpack_free);
  if (stream->places == 0)
    stream->places = 1u << SECRET_ANY;
  add_raw(stream, data, len);
}

void oakum_secret_stream_bytes(SecretStream *stream, const void *data, size_t len)
{
  const uint8_t *at = data;
  if (!stream->path)
    return;
  if (!stream->begun) {
    size_t n = MIN(len, SECRET_SNIFF - stream->len);
    memcpy(stream->buffer + stream->len, at, n);
    stream->len += n;
    at += n;
    len -= n;
    if (stream->len < SECRET_SNIFF)
      return;
    judge(stream);
  }
  while (stream->unpack && len > 0) {
    if (stream->block_len == 0 && len >= BLOCK) {
      unpack_block(stream, at, BLOCK);
      at += BLOCK;
      len -= BLOCK;
      continue;
    }
    size_t n = MIN(len, BLOCK - stream->block_len);
    if (!stream->block)
      stream->block = g_malloc(BLOCK);
    memcpy(stream->block + stream->block_len, at, n);
    stream->block_len += n;
    at += n;
    len -= n;
    if (stream->block_len == BLOCK)
      unpack_block(stream, stream->block, BLOCK);
  }
  if (len > 0)
    add_raw(stream, at, len);
}

void oakum_secret_stream_end(SecretStream *stream)
{
  if (!stream->path)
    return;
  if (!stream->begun && stream->len > 0)
    judge(stream);
  if (stream->block_len > 0)
    unpack_block(stream, stream->block, stream->block_len);
  g_clear_pointer(&stream->unpack, oakum_secret_unpack_free);
  if (stream->len > 0)
    scan_buffer(stream, TRUE);
  if (stream->base == 0 && stream->len > 0)
    oakum_secret_look_at_whole(stream);
  oakum_secret_tell(stream);
  stream->places = 0;
  g_array_set_size(stream->pending, 0);
  g_clear_pointer(&stream->own_done, g_free);
  g_clear_pointer(&stream->own_keyed, g_free);
  g_clear_pointer(&stream->path, g_free);
  g_clear_pointer(&stream->where, g_free);
}

void oakum_secret_stream_free(SecretStream *stream)
{
  if (!stream)
    return;
  oakum_secret_stream_end(stream);
  g_array_unref(stream->pending);
  g_array_unref(stream->found);
  g_free(stream->buffer);
  g_free(stream->block);
  g_free(stream);
}

/* ---- a layer
 * ---------------------------------------------------------------------------------------- */
SecretScan *oakum_secret_scan_new(void)
{
  SecretScan *scan = g_new0(SecretScan, 1);
  scan->table = oakum_secret_table();
  scan->config = oakum_secret_config();
  scan->findings = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  scan->incomplete = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  scan->seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  if (!scan->table)
    return scan;
  for (size_t i = 0; i < G_N_ELEMENTS(scan->scratch); i++)
    for (int set = 0; set < SECRET_SETS; set++)
      if (hs_alloc_scratch(scan->table->databases[set], &scan->scratch[i]) != HS_SUCCESS)
        g_error("Vectorscan: out of memory");
  scan->stream = oakum_secret_stream_new(scan, 0);
  return scan;
}

void oakum_secret_scan_free(SecretScan *scan)
{
  if (!scan)
    return;
  oakum_secret_stream_free(scan->stream);
  for (size_t i = 0; i < G_N_ELEMENTS(scan->scratch); i++)
    hs_free_scratch(scan->scratch[i]);
  hs_free_scratch(scan->own);
  g_ptr_array_unref(scan->findings);
  g_ptr_array_unref(scan->incomplete);
  g_hash_table_unref(scan->seen);
  g_free(scan->file);
  g_free(scan);
}

void oakum_secret_scan_incomplete(SecretScan *scan, const char *reason)
{
  OakumFinding *finding =
      oakum_finding_new(OAKUM_FINDING_INCOMPLETE, "secrets-limit", OAKUM_SEVERITY_UNKNOWN);
  finding->file = g_strdup(scan->file);
  g_autofree char *shown = oakum_escape_terminal(scan->file ? scan->file : "", -1);
  finding->title =
      g_strdup_printf("/%s: not looked through for secrets to its end: %s", shown, reason);
  g_ptr_array_add(scan->incomplete, finding);
}

guint oakum_secret_scan_nest(SecretScan *scan, int by)
{
  scan->nested = (guint)((int)scan->nested + by);
  return scan->nested;
}

/* What is in it cannot be said; as with a key that is sealed, that it is there is told. */
void oakum_secret_scan_sealed(SecretScan *scan, const char *name, guint n)
{
  if (scan->full || scan->findings->len >= OAKUM_SECRET_LAYER_MAX)
    return;
  OakumFinding *finding =
      oakum_finding_new(OAKUM_FINDING_SECRET, "sealed-archive", OAKUM_SEVERITY_LOW);
  g_autofree char *shown = oakum_escape_terminal(name, -1);
  finding->title = g_strdup("zip archive that only a password opens");
  finding->file = g_strdup(scan->file);
  finding->category = g_strdup("Archive");
  finding->match = g_strdup("PK****");
  finding->why =
      g_strdup_printf("%u of its members %s sealed, the first is %s: what is in them was "
                      "not looked at",
                      n, n == 1 ? "is" : "are", shown);
  finding->fix = g_strdup("whoever has the image has the archive, and may try passwords: leave it "
                          "out, or give it to the container when it runs");
  finding->suppressed = g_strdup(
      oakum_secret_allowed(finding->id, scan->file, scan->config ? scan->config->kept : 0));
  g_ptr_array_add(scan->findings, finding);
}

gboolean oakum_secret_scan_unpacked(SecretScan *scan, size_t len)
{
  gboolean before = scan->unpacked <= OAKUM_SECRET_UNPACKED_MAX;
  scan->bytes += len;
  scan->unpacked += len;
  if (scan->unpacked <= OAKUM_SECRET_UNPACKED_MAX)
    return TRUE;
  if (before)
    oakum_secret_scan_incomplete(scan, "the archives of the layer unpack to more than is read");
  return FALSE;
}

static void file_ends(SecretScan *scan)
{
  if (scan->stream)
    oakum_secret_stream_end(scan->stream);
  if (scan->dropped > 0) {
    g_autofree char *reason =
        g_strdup_printf("%u secrets more than the %u of it that are told, which are the worst",
                        scan->dropped, OAKUM_SECRET_FILE_MAX);
    oakum_secret_scan_incomplete(scan, reason);
  }
  scan->dropped = 0;
  scan->slow = FALSE;
  g_hash_table_remove_all(scan->seen);
  scan->first = scan->findings->len;
  scan->work = scan->bytes = 0;
  scan->spent = FALSE;
}

void oakum_secret_scan_ranges(SecretScan *scan, GArray *ranges)
{
  scan->ranges = ranges;
}

void oakum_secret_scan_file(SecretScan *scan, const char *path)
{
  file_ends(scan);
  g_free(scan->file);
  scan->file = g_strdup(path);
  if (scan->stream)
    oakum_secret_stream_begin(scan->stream, path, NULL);
}

void oakum_secret_scan_bytes(SecretScan *scan, const void *data, size_t len)
{
  scan->bytes += len;
  if (scan->stream)
    oakum_secret_stream_bytes(scan->stream, data, len);
}

static void move_all(GPtrArray **from, GPtrArray *into)
{
  g_ptr_array_extend_and_steal(into, g_steal_pointer(from));
  *from = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
}

void oakum_secret_scan_end(SecretScan *scan, GPtrArray *observed, GPtrArray *incomplete)
{
  file_ends(scan);
  g_clear_pointer(&scan->file, g_free);
  if (!scan->table) {
    OakumFinding *finding =
        oakum_finding_new(OAKUM_FINDING_INCOMPLETE, "secrets-unsupported", OAKUM_SEVERITY_UNKNOWN);
    finding->title = g_strdup(
        "no secret was looked for: Vectorscan is not there, or the processor lacks what it needs");
    g_ptr_array_add(incomplete, finding);
  }
  move_all(&scan->findings, observed);
  move_all(&scan->incomplete, incomplete);
  scan->first = 0;
  scan->unpacked = 0;
  scan->full = FALSE;
}
