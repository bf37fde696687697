/* Feeds cut into records while they are read: JSON of any layout, and lines. One record is held at
 * a time. */
#include "advisory/advisory-private.h"

/* ---- bytes, one at a time ---------------------------------------------------------------------
 */
typedef struct {
  OakumReader *reader; /* owned */
  uint8_t *buffer;
  size_t at, len;
  gboolean ended;
} Source;

static void source_init(Source *s, OakumReader *reader)
{
  *s = (Source){.reader = reader, .buffer = g_malloc(OAKUM_IO_BUFFER)};
}

static void source_clear(Source *s)
{
  oakum_reader_free(s->reader);
  g_free(s->buffer);
}

/* 1: there are bytes; 0: the end; -1 */
static int source_fill(Source *s, GError **error)
{
  if (s->at < s->len)
    return 1;
  if (s->ended)
    return 0;
  gssize n = oakum_reader_read(s->reader, s->buffer, OAKUM_IO_BUFFER, error);
  s->at = 0;
  s->len = (size_t)MAX(n, 0);
  s->ended = n <= 0;
  return n < 0 ? -1 : n > 0;
}

/* ---- JSON -------------------------------------------------------------------------------------
 */
struct OakumJsonSplit {
  Source source;
  OakumSplitMode mode;
  const char *const *opened;
  GString *piece; /* bytes of the value under way */
  GString *key, *parent;
  char closers[4]; /* of the containers that are open, outermost first */
  guint depth;
  gboolean in_list[4];
  gboolean started, entered; /* entered: a list that was to be opened was */
  guint64 line;
};

OakumJsonSplit *oakum_json_split_new(OakumReader *reader, OakumSplitMode mode,
                                     const char *const *opened)
{
  OakumJsonSplit *split = g_new0(OakumJsonSplit, 1);
  source_init(&split->source, reader);
  split->mode = mode;
  split->opened = opened;
  split->piece = g_string_new(NULL);
  split->key = g_string_new(NULL);
  split->parent = g_string_new(NULL);
  split->line = 1;
  return split;
}

void oakum_json_split_free(OakumJsonSplit *split)
{
  if (!split)
    return;
  source_clear(&split->source);
  g_string_free(split->piece, TRUE);
  g_string_free(split->key, TRUE);
  g_string_free(split->parent, TRUE);
  g_free(split);
}

/* The next byte that is no white space, not taken; -1: the end, -2: error. */
static int peek(OakumJsonSplit *s, GError **error)
{
  int more;
  while ((more = source_fill(&s->source, error)) > 0) {
    uint8_t c = s->source.buffer[s->source.at];
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
      return c;
    s->line += c == '\n';
    s->source.at++;
  }
  return more < 0 ? -2 : -1;
}

static int fail(OakumJsonSplit *s, const char *what, GError **error)
{
  g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID, "line %" G_GUINT64_FORMAT ": %s",
              s->line, what);
  return -1;
}

/* Takes one value's bytes into `piece`: brackets are counted, strings passed over. A record that is
 * cut off ends where the next line begins another (`{` at its start, which no writer indents to the
 * first column inside of a record). */
static int take_value(OakumJsonSplit *s, gboolean records, gboolean *cut, GError **error)
{
  guint depth = 0;
  gboolean string = FALSE, escape = FALSE, newline = FALSE;
  g_string_set_size(s->piece, 0);
  *cut = FALSE;
  for (;;) {
    int more = source_fill(&s->source, error);
    if (more < 0)
      return -1;
    if (more == 0)
      return depth || string ? fail(s, "the JSON ends inside of a value", error) : 1;
    const uint8_t *from = s->source.buffer + s->source.at, *end = s->source.buffer + s->source.len,
                  *p = from;
    gboolean done = FALSE;
    for (; p < end && !done; p++) {
      uint8_t c = *p;
      if (newline && records && depth > 0 && c == '{') {
        *cut = TRUE;
        break;
      }
      newline = FALSE;
      if (escape) {
        escape = FALSE;
      } else if (string) {
        if (c == '"')
          string = FALSE, done = depth == 0;
        else if (c == '\\')
          escape = TRUE;
        else if (c == '\n' && records) {
          *cut = TRUE;
          break;
        }
      } else if (c == '"') {
        string = TRUE;
      } else if (c == '{' || c == '[') {
        depth++;
      } else if (c == '}' || c == ']') {
        if (depth == 0)
          break;
        done = --depth == 0;
      } else if (c == '\n') {
        s->line++;
        newline = TRUE;
        if (depth == 0)
          break;
      } else if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\r')) {
        break;
      }
    }
    gboolean stopped = done || *cut || p < end;
    if (s->piece->len + (size_t)(p - from) > OAKUM_OSV_LINE_MAX) {
      g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT,
                  "line %" G_GUINT64_FORMAT ": a record larger than %" G_GUINT64_FORMAT " bytes",
                  s->line, OAKUM_OSV_LINE_MAX);
      return -1;
    }
    g_string_append_len(s->piece, (const char *)from, p - from);
    s->source.at += (size_t)(p - from);
    if (stopped)
      return 1;
  }
}

static int give(OakumJsonSplit *s, json_t **value, gboolean *bad, gboolean records, GError **error)
{
  gboolean cut;
  guint64 line = s->line;
  *bad = FALSE;
  if (take_value(s, records, &cut, error) < 0)
    return -1;
  g_autoptr(GError) local = NULL;
  *value = cut ? NULL : oakum_json_parse(s->piece->str, s->piece->len, "record", &local);
  s->line += records && cut ? 1 : 0;
  if (*value)
    return 1;
  *bad = TRUE;
  if (s->piece->len == 0) {
    uint8_t c = s->source.at < s->source.len ? s->source.buffer[s->source.at] : 0;
    s->source.at++;
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                "line %" G_GUINT64_FORMAT ": '%c' is no JSON value", line,
                g_ascii_isprint(c) ? c : '?');
    return -1;
  }
  g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID, "line %" G_GUINT64_FORMAT ": %s",
              line, local ? local->message : "the record is cut off");
  return -1;
}

static gboolean is_opened(const OakumJsonSplit *s, const char *key)
{
  for (const char *const *at = s->opened; at && *at; at++)
    if (strcmp(*at, key) == 0 || strcmp(*at, "*") == 0)
      return TRUE;
  return FALSE;
}

/* A key and its colon, into `into`. */
static int take_key(OakumJsonSplit *s, GString *into, GError **error)
{
  gboolean cut;
  if (peek(s, error) != '"')
    return error && *error ? -1 : fail(s, "a member without a name", error);
  if (take_value(s, FALSE, &cut, error) < 0)
    return -1;
  g_autofree char *array = g_strdup_printf("[%s]", s->piece->str);
  OAKUM_AUTO_JSON *json = oakum_json_parse(array, s->piece->len + 2, "name", error);
  if (!json)
    return -1;
  g_string_assign(into, json_string_value(json_array_get(json, 0)));
  if (peek(s, error) != ':')
    return error && *error ? -1 : fail(s, "a member without a value", error);
  s->source.at++;
  return 1;
}

/* Into the container that stands next, or out of the one that ends; FALSE: neither. */
static gboolean enter(OakumJsonSplit *s, int c)
{
  if ((c != '{' && c != '[') || s->depth >= G_N_ELEMENTS(s->closers))
    return FALSE;
  s->closers[s->depth] = c == '{' ? '}' : ']';
  s->in_list[s->depth++] = c == '[';
  s->source.at++;
  return TRUE;
}

int oakum_json_split_next(OakumJsonSplit *s, const char **parent, const char **key, json_t **value,
                          gboolean *bad, GError **error)
{
  gboolean unused_bad;
  *parent = *key = NULL;
  *value = NULL;
  bad = bad ? bad : &unused_bad;
  *bad = FALSE;
  for (;;) {
    int c = peek(s, error);
    if (c == -2)
      return -1;
    if (c == -1)
      return s->depth ? fail(s, "the JSON ends inside of a list", error) : 0;
    if (s->depth == 0) {
      if (c == 0xef && !s->started) { /* a byte order mark */
        s->source.at += MIN((size_t)3, s->source.len - s->source.at);
        continue;
      }
      s->started = TRUE;
      if (c == '[' || (s->mode == OAKUM_SPLIT_MEMBERS && c == '{')) {
        (void)enter(s, c);
        continue;
      }
      return give(s, value, bad, TRUE, error);
    }
    if (c == s->closers[s->depth - 1]) {
      s->depth--;
      s->source.at++;
      continue;
    }
    if (c == ',') {
      s->source.at++;
      continue;
    }
    if (s->in_list[s->depth - 1]) {
      *parent = s->depth > 1 ? s->parent->str : NULL;
      return give(s, value, bad, FALSE, error);
    }
    if (take_key(s, s->depth > 1 ? s->key : s->parent, error) < 0)
      return -1;
    int next = peek(s, error);
    if (next < 0)
      return next == -2 ? -1 : fail(s, "a member without a value", error);
    if (s->depth == 1 && is_opened(s, s->parent->str) && enter(s, next)) {
      s->entered = s->entered || next == '[';
      continue;
    }
    *parent = s->depth > 1 ? s->parent->str : NULL;
    *key = s->depth > 1 ? s->key->str : s->parent->str;
    return give(s, value, bad, FALSE, error);
  }
}

guint64 oakum_json_split_line(const OakumJsonSplit *split)
{
  return split->line;
}

gboolean oakum_json_split_opened(const OakumJsonSplit *split)
{
  return split->entered;
}

/* ---- lines ------------------------------------------------------------------------------------
 */
struct OakumLines {
  Source source;
  GString *line;
};

OakumLines *oakum_lines_new(OakumReader *reader)
{
  OakumLines *lines = g_new0(OakumLines, 1);
  source_init(&lines->source, reader);
  lines->line = g_string_new(NULL);
  return lines;
}

void oakum_lines_free(OakumLines *lines)
{
  if (!lines)
    return;
  source_clear(&lines->source);
  g_string_free(lines->line, TRUE);
  g_free(lines);
}

int oakum_lines_next(OakumLines *lines, char **line, size_t *len, GError **error)
{
  Source *s = &lines->source;
  g_string_set_size(lines->line, 0);
  for (;;) {
    int more = source_fill(s, error);
    if (more < 0)
      return -1;
    if (more == 0 && lines->line->len == 0)
      return 0;
    const uint8_t *at = s->buffer + s->at;
    const uint8_t *newline = more ? memchr(at, '\n', s->len - s->at) : at;
    size_t n = more ? newline ? (size_t)(newline - at) : s->len - s->at : 0;
    if (lines->line->len + n > OAKUM_FEED_TEXT_MAX) {
      g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT,
                  "a line longer than %" G_GUINT64_FORMAT " bytes", OAKUM_FEED_TEXT_MAX);
      return -1;
    }
    g_string_append_len(lines->line, (const char *)at, (gssize)n);
    s->at += more ? n + (newline ? 1 : 0) : 0;
    if (more && !newline)
      continue;
    if (lines->line->len && lines->line->str[lines->line->len - 1] == '\r')
      g_string_truncate(lines->line, lines->line->len - 1);
    *line = lines->line->str;
    *len = lines->line->len;
    return 1;
  }
}
