/* Files as they pass: a buffer that moves over each, candidates by their literals, what is found.
 */
#include "inspect/secret-private.h"
#include <string.h>

#define RUN_MIN 16u   /* characters of base64 that are worth decoding */
#define RUN_LEAST 32u /* where no literal led there */
#define RUN_BACK 256u /* characters in front of a literal that are decoded with it */
#define BINARY_HEAD 4096u
#define BLOCK                                                                                      \
  (64u * 1024u) /* bytes that are unpacked at a time: what is damaged does not depend on how they  \
                   came */
#define STARS_MAX 40u

typedef struct {
  guint literal;
  size_t at;
} Candidate;

typedef struct {
  int rule;            /* its rank, which is its index; below 0: one of the user's own */
  uint64_t start, end; /* in the stream */
  uint64_t line, hash;
  guint stars;
  const char *said, *shown; /* `shown`: the literal, which is no secret */
  const char
      *allowed; /* why it does not count, by itself or by what the user says; NULL: it does */
  gboolean encoded;
} Found;

struct SecretStream {
  SecretScan *scan;
  guint depth;
  char *path, *where;
  const char *member; /* `where` without "./" in front; NULL: the file itself */
  guint places;
  gboolean code, begun, raw;
  gboolean loose; /* nothing parts one text from the next */
  int wide;       /* 1: UTF-16, low byte first; 2: high byte first */
  int odd;        /* the first byte of a pair; -1: none */
  SecretSet set;
  uint8_t *buffer;
  size_t len, scanned;
  uint64_t base, line; /* what went before the buffer: bytes, ends of lines */
  uint64_t decoded_to[4], runs_to;
  GArray *pending; /* Candidate */
  GArray *found;   /* Found */
  SecretUnpack *unpack;
  uint8_t *block; /* a part of one that is to be unpacked; NULL: none was needed */
  size_t block_len;
  size_t *own_done;    /* by own rule: how far in the buffer its last match goes */
  gboolean *own_keyed; /* by own rule: one of its words was seen */
};

struct SecretScan {
  const SecretTable *table;
  const SecretConfig *config; /* NULL: there is none */
  hs_scratch_t *scratch[3];   /* of files, of what they hold encoded, and what that holds */
  hs_scratch_t *own;          /* NULL: own rules are not compiled */
  SecretStream *stream;
  GPtrArray *findings, *incomplete;
  GHashTable *seen; /* hashes of what was told of this file */
  char *file;
  guint first; /* of this file's findings */
  uint64_t work, bytes, unpacked;
  gboolean full, spent;
  gboolean slow;  /* an own rule took too many steps, and it was told */
  guint dropped;  /* secrets of the file that are not told */
  guint nested;   /* what looks back far, and is open */
  GArray *ranges; /* SecretRange; NULL */
};

static const SecretOwnRule *own_of(const SecretScan *scan, int rule)
{
  return rule < 0 ? scan->config->rules->pdata[(int)scan->config->rules->len + rule] : NULL;
}

static const SecretRule *rule_of(const SecretScan *scan, int rule)
{
  return rule < 0 ? &own_of(scan, rule)->rule : &oakum_secret_rules[rule];
}

/* ---- what is found
 * --------------------------------------------------------------------------------- */
static gint by_start(gconstpointer a, gconstpointer b)
{
  const Found *x = a, *y = b;
  return x->start != y->start ? (x->start < y->start ? -1 : 1) : x->rule - y->rule;
}

static char *censored(const Found *found, gboolean value)
{
  char stars[STARS_MAX + 1];
  memset(stars, '*', found->stars);
  stars[found->stars] = '\0';
  return g_strconcat(found->shown, value ? "=" : "", stars, NULL);
}

/* What is told of a file is the worst of it: one that is less bad makes room. FALSE: none is. */
static gboolean make_room(SecretScan *scan, OakumSeverity severity)
{
  guint least = scan->first;
  scan->dropped++;
  for (guint i = scan->first + 1; i < scan->findings->len; i++)
    if (((OakumFinding *)scan->findings->pdata[i])->severity <=
        ((OakumFinding *)scan->findings->pdata[least])->severity)
      least = i;
  if (((OakumFinding *)scan->findings->pdata[least])->severity >= severity)
    return FALSE;
  g_ptr_array_remove_index(scan->findings, least);
  return TRUE;
}

/* By where it stands; what an archive holds, also by where it stands in there. */
static const char *allowed_by_place(const SecretStream *stream, const SecretRule *rule)
{
  const SecretScan *scan = stream->scan;
  guint but = scan->config ? scan->config->kept : 0;
  const char *why = oakum_secret_allowed(rule->id, scan->file, but);
  if (why || !stream->member)
    return why;
  g_autofree char *full = g_strconcat(scan->file, "/", stream->member, NULL);
  why = oakum_secret_allowed(rule->id, full, but);
  return why ? why : oakum_secret_allowed(rule->id, stream->member, but);
}

static void tell(SecretStream *stream, const Found *found)
{
  SecretScan *scan = stream->scan;
  const SecretRule *rule = rule_of(scan, found->rule);
  if (scan->full)
    return;
  if (scan->findings->len >= OAKUM_SECRET_LAYER_MAX) {
    scan->full = TRUE;
    oakum_secret_scan_incomplete(scan, "more secrets in one layer than are told");
    return;
  }
  uint64_t key = found->hash + (uint64_t)(int64_t)found->rule + (found->allowed ? 1u << 16 : 0);
  if (g_hash_table_contains(scan->seen, &key))
    return;
  g_hash_table_add(scan->seen, g_memdup2(&key, sizeof key));
  if (scan->findings->len - scan->first >= OAKUM_SECRET_FILE_MAX &&
      !make_room(scan, rule->severity))
    return;
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_SECRET, rule->id, rule->severity);
  g_autofree char *match = censored(found, rule->kind == SECRET_VALUE);
  guint same = 1;
  for (guint i = scan->first; i < scan->findings->len; i++) {
    const OakumFinding *other = scan->findings->pdata[i];
    same += strcmp(other->id, rule->id) == 0 && g_str_has_prefix(other->match, match) &&
            (other->match[strlen(match)] == '\0' || other->match[strlen(match)] == ' ');
  }
  finding->title = g_strdup(rule->title);
  finding->file = g_strdup(scan->file);
  finding->line = (int)MIN(found->line + 1, (uint64_t)G_MAXINT - 1);
  finding->category = rule->category;
  finding->suppressed = g_strdup(found->allowed ? found->allowed : allowed_by_place(stream, rule));
  finding->code = g_strdup(rule->code);
  finding->match = same > 1 ? g_strdup_printf("%s #%u", match, same) : g_strdup(match);
  GString *why = g_string_new(NULL);
  g_string_append_printf(why, "%s in line %" G_GUINT64_FORMAT, rule->title, found->line + 1);
  if (found->encoded)
    g_string_append(why, ", encoded in base64");
  if (stream->where) {
    g_autofree char *where = oakum_escape_terminal(stream->where, -1);
    g_string_append_printf(why, ", in %s inside of the file", where);
  }
  if (found->said)
    g_string_append_printf(why, "; %s", found->said);
  finding->why = g_string_free(why, FALSE);
  finding->fix = g_strdup("revoke it, and give it to the build as a secret mount or to the "
                          "container when it runs: whoever has the image has it");
  g_ptr_array_add(scan->findings, finding);
}

/* Own rules of which no word stood in the file have found nothing. */
static void drop_unkeyed(SecretStream *stream)
{
  GArray *all = stream->found;
  guint left = 0;
  for (guint i = 0; i < all->len; i++) {
    const Found *one = &g_array_index(all, Found, i);
    const SecretOwnRule *own = own_of(stream->scan, one->rule);
    if (own && own->keywords->len > 0 &&
        !stream->own_keyed[(int)stream->scan->config->rules->len + one->rule])
      continue;
    g_array_index(all, Found, left++) = *one;
  }
  g_array_set_size(all, left);
}

/* Whether `other`, which overlaps, is told in place of `one`. */
static gboolean is_better(const Found *other, const Found *one)
{
  return other->rule < one->rule && (!other->allowed || one->allowed);
}

/* Where several rules see the same, the earlier one is right. */
static void tell_all(SecretStream *stream)
{
  GArray *all = stream->found;
  if (stream->own_keyed)
    drop_unkeyed(stream);
  for (guint i = 0; stream->scan->ranges && i < all->len; i++) {
    SecretRange range = {g_array_index(all, Found, i).start, g_array_index(all, Found, i).end};
    g_array_append_val(stream->scan->ranges, range);
  }
  g_array_sort(all, by_start);
  for (guint i = 0; i < all->len; i++) {
    const Found *one = &g_array_index(all, Found, i);
    gboolean better = FALSE;
    for (guint j = i; j > 0 && !better; j--) {
      const Found *other = &g_array_index(all, Found, j - 1);
      better = other->end > one->start && is_better(other, one);
    }
    for (guint j = i + 1; j < all->len && !better; j++) {
      const Found *other = &g_array_index(all, Found, j);
      if (other->start >= one->end)
        break;
      better = is_better(other, one);
    }
    if (!better)
      tell(stream, one);
  }
  g_array_set_size(all, 0);
}

/* ---- candidates
 * ------------------------------------------------------------------------------------ */
typedef struct {
  SecretStream *stream;
  OakumSlice data;
  const SecretLiteral *literal;
  const Candidate *encoded; /* the literal that led to it; NULL: as it stands */
  size_t begins, ends;      /* ENCODED: where its characters begin and end in the buffer */
  guint depth;              /* how often `data` was encoded */
  size_t decoded_to;        /* of what is encoded in `data` */
} Look;

static uint64_t line_of(const SecretStream *stream, size_t at)
{
  uint64_t lines = stream->line;
  for (const uint8_t *from = stream->buffer, *to = from + at, *end;
       (end = memchr(from, '\n', (size_t)(to - from))) != NULL; from = end + 1)
    lines++;
  return lines;
}

/* FALSE: it is one too many, which is told. */
static gboolean may_find(SecretStream *stream)
{
  if (stream->found->len < OAKUM_SECRET_HITS_MAX)
    return TRUE;
  if (!stream->scan->spent)
    oakum_secret_scan_incomplete(stream->scan, "more in it looks like secrets than is told");
  stream->scan->spent = TRUE;
  return FALSE;
}

static void on_hit(const SecretHit *hit, gpointer user)
{
  const Look *look = user;
  SecretStream *stream = look->stream;
  const SecretConfig *config = stream->scan->config;
  const SecretRule *rule = &oakum_secret_rules[hit->rule];
  /* programs hold keys, encoded, that they test themselves with */
  if (look->encoded && rule->proof == SECRET_PROOF_DER && !(stream->places & 1u << SECRET_APP))
    return;
  if ((config && config->disabled[hit->rule]) || !may_find(stream))
    return;
  size_t start = look->encoded ? look->begins + hit->start * 4 / 3 : hit->start,
         end = look->encoded ? look->begins + (hit->end + 2) * 4 / 3 : hit->end,
         hidden = hit->end - hit->start;
  if (rule->kind == SECRET_TOKEN)
    hidden -= MIN(hidden, look->literal->len);
  if (look->encoded && stream->scan->ranges) { /* to be blotted out: all of it */
    start = look->begins;
    end = look->ends;
  }
  Found found = {
      .rule = (int)hit->rule,
      .start = stream->base + start,
      .end = stream->base + MAX(end, start + 1),
      .line = line_of(stream, look->encoded ? look->encoded->at : hit->start),
      .hash = oakum_bytes_hash(look->data.data + hit->start, hit->end - hit->start),
      .stars = rule->kind == SECRET_VALUE ? 8 : (guint)MIN(hidden, STARS_MAX),
      .said = hit->said,
      .shown = (uint8_t)*look->literal->text < ' '
                   ? "DER" /* no letters */
                   : look->literal->text + strspn(look->literal->text, " "),
      .encoded = look->encoded != NULL,
      .allowed = hit->doubt ? hit->doubt
                            : oakum_secret_published((OakumSlice){look->data.data + hit->start,
                                                                  hit->end - hit->start}),
  };
  if (rule->kind == SECRET_TOKEN && found.stars == 0)
    found.stars = 8;
  if (config && !found.allowed)
    found.allowed = oakum_secret_own_allowed(config, NULL, stream->scan->file, look->data,
                                             hit->start, hit->end);
  if (config && !found.allowed)
    found.allowed = oakum_secret_own_excluded(
        config, NULL, (OakumSlice){stream->buffer, stream->len}, start, end);
  g_array_append_val(stream->found, found);
}

/* ---- rules of the user's own
 * -------------------------------------------------------------------------------- */
static void on_own_hit(const SecretOwnHit *hit, gpointer user)
{
  SecretStream *stream = user;
  const SecretConfig *config = stream->scan->config;
  const SecretOwnRule *own = config->rules->pdata[hit->rule];
  OakumSlice data = {stream->buffer, stream->len};
  if (!may_find(stream))
    return;
  Found found = {
      .rule = (int)hit->rule - (int)config->rules->len,
      .start = stream->base + hit->start,
      .end = stream->base + hit->end,
      .line = line_of(stream, hit->start),
      .hash = oakum_bytes_hash(stream->buffer + hit->start, hit->end - hit->start),
      .stars = 8,
      .shown = "",
      .allowed = oakum_secret_own_allowed(config, own, stream->scan->file, data, hit->whole_start,
                                          hit->whole_end),
  };
  if (!found.allowed)
    found.allowed = oakum_secret_own_excluded(config, own, data, hit->start, hit->end);
  g_array_append_val(stream->found, found);
}

/* `before`: how much of the buffer was looked at before. */
static void scan_own(SecretStream *stream, size_t before, gboolean last)
{
  SecretScan *scan = stream->scan;
  if (!scan->config || scan->config->rules->len == 0 || scan->spent ||
      !(stream->places & 1u << SECRET_TEXT))
    return;
  if (!scan->own && scan->config->database && /* which may have been made after the scan */
      hs_alloc_scratch(scan->config->database, &scan->own) != HS_SUCCESS)
    g_error("Vectorscan: out of memory");
  if (!stream->own_done) {
    stream->own_done = g_new0(size_t, scan->config->rules->len);
    stream->own_keyed = g_new0(gboolean, scan->config->rules->len);
  }
  const SecretOwnLook look = {
      .data = {stream->buffer, stream->len},
      .from = before > OAKUM_SECRET_CONFIG_REACH ? before - OAKUM_SECRET_CONFIG_REACH : 0,
      .first = stream->base == 0,
      .last = last,
      .path = scan->file,
      .done = stream->own_done,
      .keyed = stream->own_keyed,
      .scratch = scan->own,
      .tell = on_own_hit,
      .user = stream};
  const SecretOwnRule *slow = oakum_secret_own_scan(scan->config, &look);
  if (slow && !scan->slow) {
    g_autofree char *reason = g_strdup_printf(
        "the regular expression of rule %s of the secret configuration takes too many steps",
        slow->rule.id);
    oakum_secret_scan_incomplete(scan, reason);
    scan->slow = TRUE;
  }
}

static gboolean may_work(SecretScan *scan)
{
  if (scan->work <= OAKUM_SECRET_WORK_FREE + scan->bytes * OAKUM_SECRET_WORK_RATIO)
    return TRUE;
  if (!scan->spent)
    oakum_secret_scan_incomplete(scan, "too much in it looks like secrets and is none");
  scan->spent = TRUE;
  return FALSE;
}

static void confirm(Look *look, size_t at)
{
  SecretStream *stream = look->stream;
  if (may_work(stream->scan))
    oakum_secret_confirm(stream->scan->table, look->literal, look->data, at, stream->places,
                         stream->code, stream->loose, &stream->scan->work, on_hit, look);
}

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

static void look_into(const Look *outer, size_t begins, const GByteArray *plain)
{
  SecretScan *scan = outer->stream->scan;
  Look look = *outer;
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
  Look *look = user;
  SecretScan *scan = look->stream->scan;
  (void)from;
  (void)flags;
  look->literal = &scan->table->literals[id];
  size_t at = (size_t)to - look->literal->len, end;
  if (look->literal->base64 < 0) {
    confirm(look, at);
    return 0;
  }
  size_t group = group_of(at, look->literal->base64);
  if (look->depth + 1 >= G_N_ELEMENTS(scan->scratch) || group < look->decoded_to || !may_work(scan))
    return 0;
  g_autoptr(GByteArray) plain = decoded(scan, look->data, go_back(look->data, group), &end);
  look->decoded_to = end;
  if (plain)
    look_into(look, look->begins, plain);
  return 0;
}

static void decode(SecretStream *stream, OakumSlice data, const Candidate *candidate)
{
  SecretScan *scan = stream->scan;
  size_t group = group_of(candidate->at, scan->table->literals[candidate->literal].base64), end;
  uint64_t *to = &stream->decoded_to[(stream->base + group) & 3];
  if (stream->base + candidate->at < *to || !may_work(scan))
    return;
  size_t from = go_back(data, group);
  g_autoptr(GByteArray) plain = decoded(scan, data, from, &end);
  *to = stream->base + end;
  Look look = {.stream = stream, .encoded = candidate, .ends = end};
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
  Candidate origin = {0, from};
  Look look = {.stream = stream, .encoded = &origin, .ends = *end};
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
static void look_at_runs(SecretStream *stream, gboolean last)
{
  OakumSlice data = {stream->buffer, stream->len};
  size_t at = stream->runs_to > stream->base ? (size_t)(stream->runs_to - stream->base) : 0;
  while (at + RUN_LEAST <= data.len && may_work(stream->scan)) {
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

static void look_at(SecretStream *stream, const Candidate *candidate)
{
  OakumSlice data = {stream->buffer, stream->len};
  const SecretLiteral *literal = &stream->scan->table->literals[candidate->literal];
  Look look = {.stream = stream, .data = data, .literal = literal};
  if (literal->base64 >= 0)
    decode(stream, data, candidate);
  else
    confirm(&look, candidate->at);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *user)
{
  Look *look = user;
  SecretStream *stream = look->stream;
  const SecretLiteral *literal = &stream->scan->table->literals[id];
  size_t end = look->begins + (size_t)to;
  (void)from;
  (void)flags;
  if (end <= stream->scanned)
    return 0;
  Candidate candidate = {id, end - literal->len};
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
    Candidate candidate = g_array_index(stream->pending, Candidate, i);
    const SecretLiteral *literal = &stream->scan->table->literals[candidate.literal];
    if (last || candidate.at + literal->len + literal->ahead <= stream->len)
      look_at(stream, &candidate);
    else
      g_array_index(stream->pending, Candidate, left++) = candidate;
  }
  g_array_set_size(stream->pending, left);
}

/* ---- the buffer
 * ----------------------------------------------------------------------------------- */
static uint64_t count_lines(const uint8_t *data, size_t len)
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
  Look look = {.stream = stream, .begins = from};
  if (stream->len > stream->scanned && !scan->spent) {
    hs_error_t done =
        hs_scan(scan->table->databases[stream->set], (const char *)stream->buffer + from,
                (unsigned)(stream->len - from), 0, scan->scratch[0], on_match, &look);
    if (done != HS_SUCCESS && done != HS_SCAN_TERMINATED)
      oakum_secret_scan_incomplete(scan, "Vectorscan failed");
  }
  if (stream->places & 1u << SECRET_APP)
    look_at_runs(stream, last);
  scan_own(stream, stream->scanned, last);
  stream->scanned = stream->len;
  if (last)
    look_at_pending(stream, TRUE);
}

static void move_on(SecretStream *stream)
{
  size_t keep = stream->len > OAKUM_SECRET_BACK ? stream->len - OAKUM_SECRET_BACK : 0;
  for (guint i = 0; i < stream->pending->len; i++) {
    size_t at = g_array_index(stream->pending, Candidate, i).at;
    keep = MIN(keep, at > OAKUM_SECRET_BACK ? at - OAKUM_SECRET_BACK : 0);
  }
  stream->line += count_lines(stream->buffer, keep);
  memmove(stream->buffer, stream->buffer + keep, stream->len - keep);
  stream->len -= keep;
  stream->scanned -= keep;
  stream->base += keep;
  for (guint i = 0; i < stream->pending->len; i++)
    g_array_index(stream->pending, Candidate, i).at -= keep;
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

static void add_raw(SecretStream *stream, const uint8_t *data, size_t len)
{
  if (stream->wide)
    add_wide(stream, data, len);
  else
    add_narrow(stream, data, len);
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
  gboolean binary = !stream->wide && memchr(head, 0, MIN(len, BINARY_HEAD)) != NULL;
  stream->places = binary ? 1u << SECRET_ANY : oakum_secret_places(stream->path);
  if (stream->member && g_str_has_prefix(stream->member, "usr/")) /* of a package */
    stream->places &= oakum_secret_places(stream->member);
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
  stream->pending = g_array_new(FALSE, FALSE, sizeof(Candidate));
  stream->found = g_array_new(FALSE, FALSE, sizeof(Found));
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
  tell_all(stream);
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
  finding->category = "Archive";
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
    finding->title =
        g_strdup("no secret was looked for: the processor lacks what Vectorscan needs");
    g_ptr_array_add(incomplete, finding);
  }
  move_all(&scan->findings, observed);
  move_all(&scan->incomplete, incomplete);
  scan->first = 0;
  scan->unpacked = 0;
  scan->full = FALSE;
}
