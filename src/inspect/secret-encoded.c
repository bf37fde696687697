/* Secrets in base64: of the settings of a cluster, of mails, of what was encoded to be hidden; also
 * of what is encoded twice. */
#include "inspect/secret-stream.h"
#include <string.h>

#define RUN_MIN 16u   /* characters of base64 that are worth decoding */
#define RUN_LEAST 32u /* where no literal led there */
#define RUN_BACK 256u /* characters in front of a literal that are decoded with it */

static int digit_of(uint8_t c)
{
  return g_ascii_isalnum(c) || c == '+' || c == '/' || c == '-' || c == '_';
}

/* Between two lines of encoded text: the line's end, written in any way, and blanks. */
static size_t joint(OakumSlice data, size_t at)
{
  size_t from = at;
  if (at + 1 < data.len && data.data[at] == '\\' && data.data[at + 1] == 'n')
    at += 2;
  while (at < data.len && at - from < 40 && data.data[at] && strchr(" \t\r\n", data.data[at]))
    at++;
  return at - from;
}

/* What begins at `from`, in one piece or in lines; NULL: nothing that is worth it. `*to`: where it
 * ends. */
static GByteArray *decoded(SecretScan *scan, OakumSlice data, size_t from, size_t *to)
{
  g_autoptr(GByteArray) text = g_byte_array_new();
  size_t at = from, line;
  while (at < data.len && text->len < OAKUM_SECRET_WINDOW) {
    size_t run = at;
    while (run < data.len && digit_of(data.data[run]) && text->len + run - at < OAKUM_SECRET_WINDOW)
      run++;
    line = run - at;
    g_byte_array_append(text, data.data + at, (guint)line);
    at = run;
    size_t gap = line >= 56 ? joint(data, at) : 0;
    if (gap == 0)
      break;
    at += gap;
  }
  *to = at;
  scan->work += text->len;
  if (text->len < RUN_MIN)
    return NULL;
  return oakum_secret_base64(text->data, text->len % 4 == 1 ? text->len - 1 : text->len);
}

/* The group of four that the literal at `at`, encoded `behind` bytes after a group's begin, begins
 * in. */
static size_t group_of(size_t at, int behind)
{
  static const size_t into[] = {0, 2, 3}; /* a group, for that many bytes of it in front */
  size_t skip = into[behind];
  return (at < skip ? at + 4 : at) - skip;
}

/* Groups in front that belong to the same text. */
static size_t go_back(OakumSlice data, size_t group)
{
  size_t from = group;
  while (from >= 4 && group - from < RUN_BACK && digit_of(data.data[from - 1]) &&
         digit_of(data.data[from - 2]) && digit_of(data.data[from - 3]) &&
         digit_of(data.data[from - 4]))
    from -= 4;
  return from;
}

static int on_decoded(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                      void *user);

static void look_into(const SecretLook *outer, size_t begins, const GByteArray *plain)
{
  SecretScan *scan = outer->stream->scan;
  SecretLook look = *outer;
  look.data = (OakumSlice){plain->data, plain->len};
  look.begins = begins;
  look.depth++;
  (void)hs_scan(scan->table->databases[outer->stream->set], (const char *)plain->data, plain->len,
                0, scan->scratch[look.depth], on_decoded, &look);
}

/* What is encoded may be encoded in it once more. */
static int on_decoded(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                      void *user)
{
  SecretLook *look = user;
  SecretScan *scan = look->stream->scan;
  (void)from;
  (void)flags;
  look->literal = &scan->table->literals[id];
  size_t at = (size_t)to - look->literal->len, end;
  if (look->literal->base64 < 0) {
    oakum_secret_try(look, at);
    return 0;
  }
  size_t group = group_of(at, look->literal->base64);
  if (look->depth + 1 >= G_N_ELEMENTS(scan->scratch) || group < look->decoded_to ||
      !oakum_secret_may_work(scan))
    return 0;
  g_autoptr(GByteArray) plain = decoded(scan, look->data, go_back(look->data, group), &end);
  look->decoded_to = end;
  if (plain)
    look_into(look, look->begins, plain);
  return 0;
}

void oakum_secret_decode(SecretStream *stream, OakumSlice data, const SecretCandidate *candidate)
{
  SecretScan *scan = stream->scan;
  size_t group = group_of(candidate->at, scan->table->literals[candidate->literal].base64), end;
  uint64_t *to = &stream->decoded_to[(stream->base + group) & 3];
  if (stream->base + candidate->at < *to || !oakum_secret_may_work(scan))
    return;
  size_t from = go_back(data, group);
  g_autoptr(GByteArray) plain = decoded(scan, data, from, &end);
  *to = stream->base + end;
  SecretLook look = {.stream = stream, .encoded = candidate, .ends = end};
  if (plain)
    look_into(&look, from, plain);
}

/* A text, and none of a chance; one of two bytes a character becomes one of one. */
static gboolean is_text(GByteArray *plain)
{
  guint n = MIN(plain->len, 64), shown = 0, zeros = 0;
  for (guint i = 0; i < n; i++) {
    uint8_t c = plain->data[i];
    shown += (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
    zeros += i % 2 == 1 && c == 0;
  }
  if (zeros < n / 2 || n < 16)
    return shown >= n - n / 16;
  for (guint i = 0; i < plain->len / 2; i++)
    plain->data[i] = plain->data[2 * i + 1] == 0 ? plain->data[2 * i] : 0xff;
  g_byte_array_set_size(plain, plain->len / 2);
  return TRUE;
}

static void look_at_run(SecretStream *stream, OakumSlice data, size_t from, size_t *end)
{
  g_autoptr(GByteArray) head = oakum_secret_base64(data.data + from, RUN_LEAST - 4);
  if (!head || !is_text(head))
    return;
  g_autoptr(GByteArray) plain = decoded(stream->scan, data, from, end);
  SecretCandidate origin = {0, from};
  SecretLook look = {.stream = stream, .encoded = &origin, .ends = *end};
  if (!plain || !is_text(plain))
    return;
  look_into(&look, from, plain);
  gboolean again = TRUE;
  for (guint i = 0; i < plain->len && again; i++)
    again = digit_of(plain->data[i]) || strchr("=\r\n", plain->data[i]) != NULL;
  if (!again)
    return;
  size_t to;
  g_autoptr(GByteArray) inner =
      decoded(stream->scan, (OakumSlice){plain->data, plain->len}, 0, &to);
  if (inner && is_text(inner))
    look_into(&look, from, inner);
}

/* Texts of an application may hold others that are encoded as a whole, with names in them that mark
 * no secret by themselves: every run of base64 that is a text is looked into. */
void oakum_secret_look_at_runs(SecretStream *stream, gboolean last)
{
  OakumSlice data = {stream->buffer, stream->len};
  size_t at = stream->runs_to > stream->base ? (size_t)(stream->runs_to - stream->base) : 0;
  while (at + RUN_LEAST <= data.len && oakum_secret_may_work(stream->scan)) {
    size_t back = at + RUN_LEAST;
    while (back > at && digit_of(data.data[back - 1]))
      back--;
    if (back > at) { /* no run is there; where one may be */
      at = back;
      continue;
    }
    size_t end = at + RUN_LEAST;
    while (end < data.len && digit_of(data.data[end]))
      end++;
    if (end == data.len && !last && end - at < OAKUM_SECRET_BACK / 2)
      break; /* it goes on */
    if (at > 0 && data.data[at - 1] == '\\' && strchr("nrt", data.data[at]))
      at++;
    look_at_run(stream, data, at, &end);
    at = MAX(end, at + 1);
  }
  stream->runs_to = stream->base + at;
}
