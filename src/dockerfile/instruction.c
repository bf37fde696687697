/* One line to one instruction: keyword, flags, arguments in the form that its kind has. */
#include "dockerfile/dockerfile-private.h"
#include <jansson.h>
#include <string.h>

typedef enum {
  STYLE_WORDS,   /* split at white space */
  STYLE_LIST,    /* the same, or a JSON list */
  STYLE_PAIRS,   /* key=value, quotes count; or the old form "key value" */
  STYLE_ARGS,    /* key[=value] */
  STYLE_REST,    /* one text */
  STYLE_COMMAND, /* one text, or a JSON list */
  STYLE_HEALTH,
  STYLE_ONBUILD,
} Style;
typedef enum { FLAG_TEXT, FLAG_BOOL, FLAG_MANY } FlagKind;
typedef struct {
  const char *name;
  FlagKind kind;
} Flag;

static const Flag no_flags[] = {{NULL, FLAG_TEXT}};
static const Flag from_flags[] = {{"platform", FLAG_TEXT}, {NULL, FLAG_TEXT}};
static const Flag run_flags[] = {{"mount", FLAG_MANY},
                                 {"network", FLAG_TEXT},
                                 {"security", FLAG_TEXT},
                                 {"device", FLAG_MANY},
                                 {NULL, FLAG_TEXT}};
static const Flag copy_flags[] = {
    {"from", FLAG_TEXT},    {"chown", FLAG_TEXT},   {"chmod", FLAG_TEXT}, {"link", FLAG_BOOL},
    {"parents", FLAG_BOOL}, {"exclude", FLAG_MANY}, {NULL, FLAG_TEXT}};
static const Flag add_flags[] = {{"chown", FLAG_TEXT},    {"chmod", FLAG_TEXT},
                                 {"link", FLAG_BOOL},     {"keep-git-dir", FLAG_BOOL},
                                 {"checksum", FLAG_TEXT}, {"unpack", FLAG_BOOL},
                                 {"exclude", FLAG_MANY},  {NULL, FLAG_TEXT}};
static const Flag health_flags[] = {{"interval", FLAG_TEXT},     {"timeout", FLAG_TEXT},
                                    {"start-period", FLAG_TEXT}, {"start-interval", FLAG_TEXT},
                                    {"retries", FLAG_TEXT},      {NULL, FLAG_TEXT}};

static const struct {
  const char *name;
  Style style;
  const Flag *flags;
} table[] = {
    [OAKUM_INSTRUCTION_FROM] = {"FROM", STYLE_WORDS, from_flags},
    [OAKUM_INSTRUCTION_ARG] = {"ARG", STYLE_ARGS, no_flags},
    [OAKUM_INSTRUCTION_ENV] = {"ENV", STYLE_PAIRS, no_flags},
    [OAKUM_INSTRUCTION_RUN] = {"RUN", STYLE_COMMAND, run_flags},
    [OAKUM_INSTRUCTION_COPY] = {"COPY", STYLE_LIST, copy_flags},
    [OAKUM_INSTRUCTION_ADD] = {"ADD", STYLE_LIST, add_flags},
    [OAKUM_INSTRUCTION_WORKDIR] = {"WORKDIR", STYLE_REST, no_flags},
    [OAKUM_INSTRUCTION_USER] = {"USER", STYLE_REST, no_flags},
    [OAKUM_INSTRUCTION_LABEL] = {"LABEL", STYLE_PAIRS, no_flags},
    [OAKUM_INSTRUCTION_CMD] = {"CMD", STYLE_COMMAND, no_flags},
    [OAKUM_INSTRUCTION_ENTRYPOINT] = {"ENTRYPOINT", STYLE_COMMAND, no_flags},
    [OAKUM_INSTRUCTION_EXPOSE] = {"EXPOSE", STYLE_WORDS, no_flags},
    [OAKUM_INSTRUCTION_SHELL] = {"SHELL", STYLE_COMMAND, no_flags},
    [OAKUM_INSTRUCTION_STOPSIGNAL] = {"STOPSIGNAL", STYLE_REST, no_flags},
    [OAKUM_INSTRUCTION_HEALTHCHECK] = {"HEALTHCHECK", STYLE_HEALTH, health_flags},
    [OAKUM_INSTRUCTION_MAINTAINER] = {"MAINTAINER", STYLE_REST, no_flags},
    [OAKUM_INSTRUCTION_ONBUILD] = {"ONBUILD", STYLE_ONBUILD, no_flags},
    [OAKUM_INSTRUCTION_VOLUME] = {"VOLUME", STYLE_LIST, no_flags},
    [OAKUM_INSTRUCTION_UNKNOWN] = {"UNKNOWN", STYLE_REST, NULL},
};

const char *oakum_instruction_kind_name(OakumInstructionKind kind)
{
  return table[kind].name;
}

void oakum_word_free(gpointer p)
{
  OakumWord *word = p;
  g_free(word->name);
  g_free(word->value);
  g_free(word);
}

void oakum_heredoc_free(OakumHeredoc *heredoc)
{
  g_free(heredoc->name);
  g_free(heredoc->text);
  g_free(heredoc->map);
  g_free(heredoc);
}

void oakum_instruction_free(gpointer p)
{
  OakumInstruction *in = p;
  if (!in)
    return;
  oakum_instruction_free(in->inner); /* at most one deep: see read_onbuild */
  g_ptr_array_unref(in->flags);
  g_ptr_array_unref(in->words);
  g_ptr_array_unref(in->heredocs);
  g_ptr_array_unref(in->mounts);
  if (in->blank_lines)
    g_array_unref(in->blank_lines);
  g_free(in->name);
  g_free(in->keyword);
  g_free(in->text);
  g_free(in->map);
  g_free(in);
}

OakumWord *oakum_parser_word(OakumParser *parser, GPtrArray *list, char *name, char *value,
                             OakumRange range)
{
  OakumWord *word = g_new0(OakumWord, 1);
  *word = (OakumWord){.name = name, .value = value, .range = range, .at = -1, .heredoc = -1};
  word->name_range = word->value_range = range;
  if (!name)
    word->name_range = oakum_dockerfile_range(parser->out, range.offset, range.offset);
  if (!value)
    word->value_range = oakum_dockerfile_range(parser->out, range.end_offset, range.end_offset);
  g_ptr_array_add(list, word);
  if (++parser->words <= OAKUM_DOCKERFILE_WORDS_MAX)
    return word;
  oakum_parser_limit(parser, &range, "more than %u arguments", OAKUM_DOCKERFILE_WORDS_MAX);
  return NULL;
}

/* ---- "did you mean"
 * -------------------------------------------------------------------------------- */
/* Letters to add, drop, change, or swap with the next. */
static guint edit_distance(const char *a, const char *b)
{
  guint rows[3][64], n = (guint)strlen(b);
  if (n + 1 > G_N_ELEMENTS(rows[0]))
    return 99;
  guint *before = rows[0], *last = rows[1], *row = rows[2];
  for (guint j = 0; j <= n; j++)
    last[j] = before[j] = j;
  for (guint i = 1; a[i - 1]; i++) {
    row[0] = i;
    for (guint j = 1; j <= n; j++) {
      char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
      row[j] = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) && y == g_ascii_tolower(a[i - 2]))
        row[j] = MIN(row[j], before[j - 2] + 1);
    }
    guint *spare = before;
    before = last;
    last = row;
    row = spare;
  }
  return last[n];
}

const char *oakum_dockerfile_suggest(const char *word, const char *const *known, guint distance)
{
  const char *nearest = NULL;
  guint best = distance + 1;
  for (; strnlen(word, 64) < 64 && *known; known++) {
    guint edits = edit_distance(word, *known);
    if (edits < best) {
      best = edits;
      nearest = *known;
    }
  }
  return nearest;
}

/* A short word that is two edits away is another word. */
static const char *suggestion(const char *word, const char *const *known)
{
  return oakum_dockerfile_suggest(word, known, strnlen(word, 5) < 5 ? 1 : 2);
}

char *oakum_hint(const char *word, const char *const *known)
{
  const char *nearest = suggestion(word, known);
  return nearest ? g_strdup_printf("did you mean %s?", nearest) : NULL;
}

/* ---- pieces of a line
 * ------------------------------------------------------------------------------ */
/* Bytes [at, end) of the line are what is read; `end` is behind its last visible byte. */
typedef struct {
  OakumParser *parser;
  OakumInstruction *in;
  const char *text;
  size_t at, end;
  char escape;
} Reader;

static size_t skip_spaces(const Reader *r, size_t at)
{
  for (size_t n; at < r->end && (n = oakum_space_len(r->text + at)) > 0;)
    at += n;
  return MIN(at, r->end);
}

static size_t skip_blanks(const Reader *r, size_t at)
{
  while (at < r->end && oakum_is_blank(r->text[at]))
    at++;
  return at;
}

static size_t skip_word(const Reader *r, size_t at)
{
  while (at < r->end && !oakum_is_blank(r->text[at]))
    at++;
  return at;
}

static size_t end_of(const char *text, size_t len)
{
  while (len > 0) {
    size_t start = len - 1;
    while (start > 0 && ((guchar)text[start] & 0xC0) == 0x80)
      start--;
    if (oakum_space_len(text + start) != len - start)
      break;
    len = start;
  }
  return len;
}

static char *cut(const Reader *r, size_t from, size_t to)
{
  return g_strndup(r->text + from, to - from);
}

/* A word whose value stands in the text as it is. `text_at`: where the instruction's text begins.
 */
static OakumWord *add_plain(Reader *r, size_t from, size_t to, size_t text_at)
{
  OakumWord *word = oakum_parser_word(r->parser, r->in->words, NULL, cut(r, from, to),
                                      oakum_line_range(r->parser, from, to));
  if (word)
    word->at = (int)(from - text_at);
  oakum_line_paint(r->parser, from, to, OAKUM_TOKEN_WORD);
  return word;
}

/* ---- flags
 * ----------------------------------------------------------------------------------------- */
/* One flag with its quotes and escapes removed. */
typedef struct {
  size_t from, to;
  GString *value;
  GArray *places; /* guint: where each byte of `value` stands in the line; one more */
} RawFlag;

static void flag_byte(const Reader *r, RawFlag *flag, size_t at)
{
  guint place = (guint)at;
  g_string_append_c(flag->value, r->text[at]);
  g_array_append_val(flag->places, place);
}

/* FALSE: what stands at r->at is no flag. Only ASCII is white space to BuildKit here. */
static gboolean next_flag(Reader *r, RawFlag *flag)
{
  size_t at = skip_blanks(r, r->at);
  char quote = 0;
  if (at + 1 >= r->end || r->text[at] != '-' || r->text[at + 1] != '-')
    return FALSE;
  flag->from = at;
  g_string_truncate(flag->value, 0);
  g_array_set_size(flag->places, 0);
  while (at < r->end && (quote || !oakum_is_blank(r->text[at]))) {
    char c = r->text[at];
    if (c == quote)
      quote = 0;
    else if (!quote && (c == '"' || c == '\''))
      quote = c;
    else if (c != r->escape)
      flag_byte(r, flag, at);
    else if (at + 1 < r->end) /* the escape character at the very end is nothing */
      flag_byte(r, flag, ++at);
    at++;
  }
  flag->to = MIN(at, r->end);
  guint place = (guint)flag->to;
  g_array_append_val(flag->places, place);
  r->at = flag->to;
  return TRUE;
}

static void check_flag(Reader *r, const OakumWord *flag, const Flag *known, guint *seen)
{
  OakumParser *parser = r->parser;
  g_autofree char *shown = oakum_shorten(flag->name, strlen(flag->name));
  guint row = 0;
  while (known[row].name && strcmp(known[row].name, flag->name) != 0)
    row++;
  if (!known[row].name) {
    const char *names[8];
    for (row = 0; known[row].name; row++)
      names[row] = known[row].name;
    names[row] = NULL;
    const char *nearest = suggestion(flag->name, names);
    oakum_parser_fail(parser, &flag->range, "unknown-flag",
                      nearest ? g_strdup_printf("did you mean --%s?", nearest) : NULL,
                      "%s has no flag --%s", r->in->name, shown);
    return;
  }
  if (known[row].kind != FLAG_MANY && (*seen & (1u << row)))
    oakum_parser_fail(parser, &flag->range, "duplicate-flag", NULL,
                      "%s: the flag --%s is given twice", r->in->name, shown);
  *seen |= 1u << row;
  if (known[row].kind != FLAG_BOOL && !flag->value)
    oakum_parser_fail(parser, &flag->range, "missing-value", NULL,
                      "%s: the flag --%s needs a value", r->in->name, shown);
  if (known[row].kind == FLAG_BOOL && flag->value && g_ascii_strcasecmp(flag->value, "true") != 0 &&
      g_ascii_strcasecmp(flag->value, "false") != 0)
    oakum_parser_fail(parser, &flag->value_range, "bad-boolean", NULL,
                      "%s: the flag --%s takes true or false", r->in->name, shown);
}

/* Reads flags up to the first argument or "--". */
static void read_flags(Reader *r, const Flag *known)
{
  OakumParser *parser = r->parser;
  RawFlag raw = {.value = g_string_new(NULL), .places = g_array_new(FALSE, FALSE, sizeof(guint))};
  guint seen = 0;
  while (!parser->limited && next_flag(r, &raw)) {
    oakum_line_paint(parser, raw.from, raw.to, OAKUM_TOKEN_FLAG);
    if (strcmp(raw.value->str, "--") == 0)
      break;
    if (!known) /* of an unknown instruction */
      continue;
    const char *equals = strchr(raw.value->str, '=');
    size_t name_len = (equals ? (size_t)(equals - raw.value->str) : raw.value->len) - 2;
    OakumWord *flag = oakum_parser_word(
        parser, r->in->flags, g_strndup(raw.value->str + 2, name_len),
        equals ? g_strdup(equals + 1) : NULL, oakum_line_range(parser, raw.from, raw.to));
    if (!flag)
      break;
    const guint *places = (const guint *)(gconstpointer)raw.places->data;
    flag->name_range = oakum_line_range(parser, raw.from + 2, places[name_len + 2]);
    if (equals)
      flag->value_range = oakum_line_range(parser, places[name_len + 2] + 1, raw.to);
    check_flag(r, flag, known, &seen);
    if (r->in->kind == OAKUM_INSTRUCTION_RUN && strcmp(flag->name, "mount") == 0 && flag->value) {
      g_array_remove_range(raw.places, 0, (guint)name_len + 3);
      oakum_parser_mount(parser, r->in, flag, raw.places);
    }
  }
  g_string_free(raw.value, TRUE);
  g_array_unref(raw.places);
}

static gboolean literal(const char *text)
{
  return text && !strpbrk(text, "$\"'\\`");
}

static void check_choice(Reader *r, const char *name, const char *const *choices)
{
  const OakumWord *flag = oakum_instruction_flag_word(r->in, name);
  if (!flag || !flag->value || g_strv_contains(choices, flag->value))
    return;
  g_autofree char *shown = oakum_shorten(flag->value, strlen(flag->value)),
                  *code = g_strdup_printf("bad-%s", name);
  oakum_parser_fail(r->parser, &flag->value_range, g_intern_string(code),
                    oakum_hint(flag->value, choices), "RUN: --%s cannot be \"%s\"", name, shown);
}

/* ---- JSON lists
 * ------------------------------------------------------------------------------------ */
static int hex4(const char *p)
{
  int value = 0;
  for (int i = 0; i < 4; i++) {
    if (!g_ascii_isxdigit(p[i]))
      return -1;
    value = value * 16 + g_ascii_xdigit_value(p[i]);
  }
  return value;
}

/* Decodes the string that begins at text[at] == '"'. Returns where it ends; 0: it is none. */
static size_t json_string_at(const char *text, size_t at, size_t end, GString *out)
{
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  for (at++; at < end && text[at] != '"'; at++) {
    if ((guchar)text[at] < 0x20)
      return 0;
    if (text[at] != '\\') {
      g_string_append_c(out, text[at]);
      continue;
    }
    if (++at >= end)
      return 0;
    const char *known = strchr(from, text[at]);
    if (known && text[at]) {
      g_string_append_c(out, to[known - from]);
      continue;
    }
    int code = text[at] == 'u' && end - at > 4 ? hex4(text + at + 1) : -1;
    if (code < 0)
      return 0;
    at += 4;
    if (code >= 0xD800 && code < 0xE000) { /* half of a pair; alone it means nothing */
      int low = code < 0xDC00 && end - at > 6 && text[at + 1] == '\\' && text[at + 2] == 'u'
                    ? hex4(text + at + 3)
                    : -1;
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
      } else {
        code = 0xFFFD;
      }
    }
    g_string_append_unichar(out, code ? (gunichar)code : 0xFFFD);
  }
  return at < end ? at + 1 : 0;
}

static size_t skip_json_space(const Reader *r, size_t at)
{
  while (at < r->end && (r->text[at] == ' ' || r->text[at] == '\t' || r->text[at] == '\r'))
    at++;
  return at;
}

/* Reads a list of strings into `words`. FALSE: it is none, and `words` is as before. */
static gboolean read_strings(Reader *r, size_t at, GArray *places, GPtrArray *values)
{
  g_autoptr(GString) value = g_string_new(NULL);
  at = skip_json_space(r, at + 1);
  if (at < r->end && r->text[at] == ']')
    return skip_json_space(r, at + 1) == r->end;
  while (at < r->end && r->text[at] == '"') {
    g_string_truncate(value, 0);
    size_t stop = json_string_at(r->text, at, r->end, value);
    if (stop == 0)
      return FALSE;
    guint pair[] = {(guint)at, (guint)stop};
    g_array_append_vals(places, pair, 2);
    g_ptr_array_add(values, g_strdup(value->str));
    at = skip_json_space(r, stop);
    if (at < r->end && r->text[at] == ']')
      return skip_json_space(r, at + 1) == r->end;
    if (at >= r->end || r->text[at] != ',')
      return FALSE;
    at = skip_json_space(r, at + 1);
  }
  return FALSE;
}

/* The exec form. FALSE: the text is to be taken in the shell form. */
static gboolean read_json(Reader *r)
{
  OakumInstruction *in = r->in;
  if (r->at >= r->end || r->text[r->at] != '[')
    return FALSE;
  g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(guint));
  g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
  if (!read_strings(r, r->at, places, values)) {
    json_t *json = json_loadb(r->text + r->at, r->end - r->at, 0, NULL);
    gboolean list = json_is_array(json);
    if (json)
      json_decref(json);
    in->bad_json = !list;
    if (list) {
      in->exec_form = TRUE;
      oakum_line_paint(r->parser, r->at, r->end, OAKUM_TOKEN_WORD);
      oakum_line_fail(r->parser, r->at, r->end, "json-not-strings", NULL,
                      "%s: a JSON list here may hold only strings", in->name);
    }
    return list;
  }
  in->exec_form = TRUE;
  oakum_line_paint(r->parser, r->at, r->end, OAKUM_TOKEN_PUNCTUATION);
  size_t behind = r->at;
  for (guint i = 0; i < values->len; i++) {
    guint from = g_array_index(places, guint, 2 * i), to = g_array_index(places, guint, 2 * i + 1);
    for (; behind < from; behind++) /* blanks between are no punctuation */
      if (oakum_is_blank(r->text[behind]))
        r->parser->line.paint->data[behind] = 0;
    behind = to;
    oakum_line_paint(r->parser, from, to, OAKUM_TOKEN_WORD);
    if (!oakum_parser_word(r->parser, in->words, NULL, g_strdup(values->pdata[i]),
                           oakum_line_range(r->parser, from, to)))
      break;
  }
  for (; behind < r->end; behind++)
    if (oakum_is_blank(r->text[behind]))
      r->parser->line.paint->data[behind] = 0;
  return TRUE;
}

/* ---- words of each style
 * --------------------------------------------------------------------------- */
static void read_spaced(Reader *r)
{
  size_t text_at = r->at;
  while (r->at < r->end && !r->parser->limited) {
    size_t stop = skip_word(r, r->at);
    add_plain(r, r->at, stop, text_at);
    r->at = skip_blanks(r, stop);
  }
}

/* End of the word at `at`, where quotes and escapes count; *value_end is before an escape character
 * that ends the line. */
static size_t quoted_end(const Reader *r, size_t at, size_t *value_end)
{
  char quote = 0;
  while (at < r->end && (quote || oakum_space_len(r->text + at) == 0)) {
    char c = r->text[at];
    if (c == r->escape && quote != '\'') {
      if (at + 1 == r->end) {
        *value_end = at;
        return r->end;
      }
      at += 1 + oakum_char_len(r->text + at + 1);
      continue;
    }
    if (quote ? c == quote : c == '"' || c == '\'')
      quote = quote ? 0 : c;
    at++;
  }
  return *value_end = MIN(at, r->end);
}

static OakumWord *add_pair(Reader *r, size_t from, size_t equals, size_t to, size_t text_at)
{
  OakumParser *parser = r->parser;
  gboolean has = equals < to;
  OakumWord *word =
      oakum_parser_word(parser, r->in->words, cut(r, from, has ? equals : to),
                        has ? cut(r, equals + 1, to) : NULL, oakum_line_range(parser, from, to));
  oakum_line_paint(parser, from, to, OAKUM_TOKEN_WORD);
  if (!word)
    return NULL;
  word->name_range = oakum_line_range(parser, from, has ? equals : to);
  if (has) {
    word->value_range = oakum_line_range(parser, equals + 1, to);
    if (equals + 1 == to)
      word->value_range =
          oakum_dockerfile_range(parser->out, word->range.end_offset, word->range.end_offset);
    word->at = (int)(equals + 1 - text_at);
  }
  return word;
}

static size_t find_equals(const Reader *r, size_t from, size_t to)
{
  const char *equals = memchr(r->text + from, '=', to - from);
  return equals ? (size_t)(equals - r->text) : to;
}

/* "ENV key value": the rest of the line is the value. */
static void read_legacy(Reader *r, size_t text_at)
{
  size_t key = skip_word(r, r->at), value = skip_blanks(r, key);
  if (value >= r->end) {
    oakum_line_paint(r->parser, r->at, r->end, OAKUM_TOKEN_WORD);
    oakum_line_fail(r->parser, r->at, r->end, "missing-value", g_strdup("write KEY=VALUE"),
                    "%s: the key has no value", r->in->name);
    return;
  }
  OakumWord *word =
      oakum_parser_word(r->parser, r->in->words, cut(r, r->at, key), cut(r, value, r->end),
                        oakum_line_range(r->parser, r->at, r->end));
  oakum_line_paint(r->parser, r->at, key, OAKUM_TOKEN_WORD);
  oakum_line_paint(r->parser, value, r->end, OAKUM_TOKEN_WORD);
  if (!word)
    return;
  r->in->legacy = TRUE;
  word->name_range = oakum_line_range(r->parser, r->at, key);
  word->value_range = oakum_line_range(r->parser, value, r->end);
  word->at = (int)(value - text_at);
}

static void read_pairs(Reader *r, gboolean args)
{
  size_t text_at = r->at, value_end = r->at;
  (void)quoted_end(r, r->at, &value_end);
  if (!args && r->at < r->end && find_equals(r, r->at, value_end) == value_end) {
    read_legacy(r, text_at);
    return;
  }
  while (r->at < r->end && !r->parser->limited) {
    size_t stop = quoted_end(r, r->at, &value_end), equals = find_equals(r, r->at, value_end);
    if (value_end == r->at) /* nothing but an escape character */
      break;
    g_autofree char *shown = oakum_shorten(r->text + r->at, value_end - r->at);
    if (!args && equals == value_end) {
      oakum_line_paint(r->parser, r->at, stop, OAKUM_TOKEN_WORD);
      oakum_line_fail(r->parser, r->at, value_end, "missing-equals",
                      g_strdup("quote a value that holds spaces"), "%s: \"%s\" is not KEY=VALUE",
                      r->in->name, shown);
    } else if (equals == r->at) {
      oakum_line_paint(r->parser, r->at, stop, OAKUM_TOKEN_WORD);
      oakum_line_fail(r->parser, r->at, value_end, "blank-name", NULL, "%s: \"%s\" has no name",
                      r->in->name, shown);
    } else {
      add_pair(r, r->at, equals, value_end, text_at);
    }
    r->at = skip_spaces(r, stop);
  }
}

static void read_command(Reader *r)
{
  if (!read_json(r))
    add_plain(r, r->at, r->end, r->at);
}

/* Gives the instruction its text and the way back from it. */
static void set_text(Reader *r, size_t from)
{
  r->in->text = cut(r, from, r->end);
  r->in->map = oakum_map_new(r->parser->line.segments, from, r->end);
}

static OakumInstruction *instruction_new(OakumParser *parser, OakumInstructionKind kind,
                                         size_t from, size_t to)
{
  OakumInstruction *in = g_new0(OakumInstruction, 1);
  const OakumDockerfile *df = parser->out;
  in->kind = kind;
  in->index = df->instructions->len;
  in->stage = (int)df->stages->len - 1;
  in->keyword = g_strndup(parser->line.text->str + from, to - from);
  in->name = kind == OAKUM_INSTRUCTION_UNKNOWN ? g_ascii_strup(in->keyword, -1)
                                               : g_strdup(table[kind].name);
  in->keyword_range = oakum_line_range(parser, from, to);
  in->flags = g_ptr_array_new_with_free_func(oakum_word_free);
  in->words = g_ptr_array_new_with_free_func(oakum_word_free);
  in->heredocs = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_heredoc_free);
  in->mounts = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_mount_free);
  oakum_line_paint(parser, from, to, OAKUM_TOKEN_KEYWORD);
  return in;
}

/* ---- HEALTHCHECK
 * ----------------------------------------------------------------------------------- */
static void check_health_flags(Reader *r)
{
  for (guint i = 0; i < r->in->flags->len; i++) {
    const OakumWord *flag = r->in->flags->pdata[i];
    if (!literal(flag->value) || !*flag->value)
      continue;
    g_autofree char *shown = oakum_shorten(flag->value, strlen(flag->value));
    if (strcmp(flag->name, "retries") == 0) {
      const char *digits = flag->value + (*flag->value == '-' || *flag->value == '+');
      uint64_t number;
      if (!oakum_parse_u64(digits, strlen(digits), G_MAXINT32, &number) ||
          (*flag->value == '-' && number > 0))
        oakum_parser_fail(r->parser, &flag->value_range, "bad-retries", NULL,
                          "HEALTHCHECK: --retries takes a number from 0, not \"%s\"", shown);
      continue;
    }
    int64_t time;
    if (!g_str_has_suffix(flag->name, "interval") && strcmp(flag->name, "timeout") != 0 &&
        strcmp(flag->name, "start-period") != 0)
      continue;
    if (!oakum_dockerfile_duration(flag->value, &time))
      oakum_parser_fail(r->parser, &flag->value_range, "bad-duration",
                        g_strdup("write it like 30s or 1m30s"),
                        "HEALTHCHECK: \"%s\" is no duration", shown);
    else if (time != 0 && time < 1000000)
      oakum_parser_fail(r->parser, &flag->value_range, "bad-duration", NULL,
                        "HEALTHCHECK: %s is shorter than 1ms", shown);
  }
}

static void read_health(Reader *r)
{
  OakumParser *parser = r->parser;
  size_t stop = r->at, outer = r->at;
  while (stop < r->end && oakum_space_len(r->text + stop) == 0)
    stop++;
  if (stop == r->at)
    return;
  OakumWord *type = add_plain(r, r->at, stop, r->at);
  if (!type)
    return;
  oakum_line_paint(parser, r->at, stop, OAKUM_TOKEN_KEYWORD);
  size_t rest = skip_spaces(r, stop);
  if (g_ascii_strcasecmp(type->value, "NONE") == 0) {
    if (rest < r->end)
      oakum_line_fail(parser, rest, r->end, "too-many-arguments", NULL,
                      "HEALTHCHECK NONE takes nothing else");
    return;
  }
  check_health_flags(r);
  if (g_ascii_strcasecmp(type->value, "CMD") != 0) {
    static const char *const types[] = {"CMD", "NONE", NULL};
    g_autofree char *shown = oakum_shorten(type->value, strlen(type->value));
    char *hint = oakum_hint(type->value, types);
    oakum_line_fail(parser, outer, stop, "bad-healthcheck",
                    hint ? hint : g_strdup("write HEALTHCHECK CMD command"),
                    "HEALTHCHECK: \"%s\" is neither CMD nor NONE", shown);
    return;
  }
  OakumInstruction *inner = instruction_new(parser, OAKUM_INSTRUCTION_CMD, outer, stop);
  Reader of_inner = *r;
  of_inner.in = r->in->inner = inner;
  of_inner.at = rest;
  set_text(&of_inner, rest);
  inner->range = inner->line_range = oakum_line_range(parser, outer, r->end);
  if (rest < r->end)
    read_command(&of_inner);
  if (inner->words->len == 0 && !inner->has_error)
    oakum_line_fail(parser, outer, r->end, "missing-argument", NULL,
                    "HEALTHCHECK CMD needs a command");
}

/* ---- ONBUILD
 * --------------------------------------------------------------------------------------- */
static void read_onbuild(Reader *r)
{
  if (r->at >= r->end)
    return;
  r->in->inner = oakum_parser_instruction(r->parser, r->at, TRUE);
}

/* ---- what every kind asks of its words
 * ------------------------------------------------------------- */
static void check_words(Reader *r)
{
  OakumInstruction *in = r->in;
  guint n = in->words->len;
  size_t end = r->end;
  static const char *const networks[] = {"default", "none", "host", NULL}, *const securities[] = {
                                                                               "sandbox",
                                                                               "insecure", NULL};
  if (in->has_error && n == 0)
    return;
  switch (in->kind) {
  case OAKUM_INSTRUCTION_FROM: {
    const OakumWord *second = n > 1 ? in->words->pdata[1] : NULL;
    gboolean comment = FALSE;
    for (guint i = 1; i < n && !comment; i++)
      comment = ((const OakumWord *)in->words->pdata[i])->value[0] == '#';
    if (n != 1 && !(n == 3 && g_ascii_strcasecmp(second->value, "as") == 0))
      oakum_parser_fail(r->parser, &in->line_range, "bad-from",
                        comment ? g_strdup("give the comment a line of its own") : NULL,
                        "FROM takes an image, or an image AS name");
    else if (n == 3)
      oakum_line_paint(r->parser, r->at + (size_t)second->at,
                       r->at + (size_t)second->at + strlen(second->value), OAKUM_TOKEN_AS);
    break;
  }
  case OAKUM_INSTRUCTION_COPY:
  case OAKUM_INSTRUCTION_ADD:
    if (n < 2)
      oakum_parser_fail(r->parser, &in->line_range, "missing-argument", NULL,
                        "%s needs a source and a destination", in->name);
    break;
  case OAKUM_INSTRUCTION_RUN:
    check_choice(r, "network", networks);
    check_choice(r, "security", securities);
    if (n == 0 || (n == 1 && !in->exec_form && end == r->at))
      oakum_parser_fail(r->parser, &in->line_range, "missing-argument", NULL,
                        "RUN needs an argument");
    break;
  case OAKUM_INSTRUCTION_SHELL:
    if (n == 0 || end == r->at)
      oakum_parser_fail(r->parser, &in->line_range, "missing-argument",
                        g_strdup("write SHELL [\"/bin/sh\", \"-c\"]"), "SHELL needs an argument");
    else if (!in->exec_form)
      oakum_parser_fail(r->parser, &((const OakumWord *)in->words->pdata[0])->range,
                        "json-required", g_strdup("write SHELL [\"/bin/sh\", \"-c\"]"),
                        "SHELL needs a JSON list of strings");
    break;
  case OAKUM_INSTRUCTION_VOLUME:
    for (guint i = 0; i < n; i++) {
      const OakumWord *word = in->words->pdata[i];
      if (end_of(word->value, strlen(word->value)) == 0)
        oakum_parser_fail(r->parser, &word->range, "empty-volume", NULL,
                          "VOLUME: a path may not be empty");
    }
    G_GNUC_FALLTHROUGH;
  default:
    if (n == 0 && in->kind != OAKUM_INSTRUCTION_CMD && in->kind != OAKUM_INSTRUCTION_ENTRYPOINT &&
        !(in->kind == OAKUM_INSTRUCTION_ONBUILD && in->inner))
      oakum_parser_fail(r->parser, &in->line_range, "missing-argument", NULL,
                        "%s needs an argument", in->name);
    break;
  }
}

static void read_arguments(Reader *r, Style style)
{
  switch (style) {
  case STYLE_WORDS:
    read_spaced(r);
    break;
  case STYLE_LIST:
    if (!read_json(r))
      read_spaced(r);
    break;
  case STYLE_PAIRS:
    read_pairs(r, FALSE);
    break;
  case STYLE_ARGS:
    read_pairs(r, TRUE);
    break;
  case STYLE_REST:
    if (r->at < r->end)
      add_plain(r, r->at, r->end, r->at);
    break;
  case STYLE_COMMAND:
    read_command(r);
    break;
  case STYLE_HEALTH:
    read_health(r);
    break;
  case STYLE_ONBUILD:
    read_onbuild(r);
    break;
  }
}

static void unknown_instruction(OakumParser *parser, const OakumInstruction *in, size_t from,
                                size_t to)
{
  const char *names[G_N_ELEMENTS(table)];
  size_t n = 0;
  for (; n < OAKUM_INSTRUCTION_UNKNOWN; n++)
    names[n] = table[n].name;
  names[n] = NULL;
  g_autofree char *shown = oakum_shorten(in->keyword, strlen(in->keyword));
  char *hint = oakum_hint(in->name, names);
  if (hint && strcmp(hint, "did you mean FROM?") == 0)
    parser->from_misspelt = TRUE;
  if (to == from)
    oakum_line_fail(parser, from, to, "unknown-instruction", hint,
                    "only an escape character where an instruction should stand");
  else
    oakum_line_fail(parser, from, to, "unknown-instruction", hint, "unknown instruction \"%s\"",
                    shown);
}

/* ONBUILD may not nest, nor hold FROM and MAINTAINER: it is read no deeper then. */
static gboolean allowed_inside(OakumParser *parser, const OakumInstruction *in, size_t from,
                               size_t to)
{
  if (in->kind != OAKUM_INSTRUCTION_ONBUILD && in->kind != OAKUM_INSTRUCTION_FROM &&
      in->kind != OAKUM_INSTRUCTION_MAINTAINER)
    return TRUE;
  oakum_line_fail(parser, from, to, "bad-onbuild", NULL, "ONBUILD may not hold %s", in->name);
  return FALSE;
}

OakumInstruction *oakum_parser_instruction(OakumParser *parser, size_t from, gboolean inside)
{
  Reader r = {.parser = parser,
              .text = parser->line.text->str,
              .at = from,
              .end = end_of(parser->line.text->str, parser->line.text->len),
              .escape = parser->out->escape};
  r.end = MAX(r.end, from);
  from = skip_spaces(&r, from);
  size_t stop = skip_word(&r, from);
  guint kind = 0;
  while (kind < OAKUM_INSTRUCTION_UNKNOWN &&
         (strlen(table[kind].name) != stop - from ||
          g_ascii_strncasecmp(table[kind].name, r.text + from, stop - from) != 0))
    kind++;
  OakumInstruction *in = r.in = instruction_new(parser, (OakumInstructionKind)kind, from, stop);
  OakumInstruction *outer = parser->reading;
  parser->reading = in;
  if (!inside)
    parser->current = in;
  in->range = in->line_range = oakum_line_range(parser, from, r.end);
  r.at = skip_blanks(&r, stop);
  if (kind == OAKUM_INSTRUCTION_UNKNOWN)
    unknown_instruction(parser, in, from, stop);
  gboolean known =
      kind != OAKUM_INSTRUCTION_UNKNOWN && (!inside || allowed_inside(parser, in, from, stop));
  if (known)
    read_flags(&r, table[kind].flags);
  r.at = skip_spaces(&r, r.at);
  set_text(&r, r.at);
  if (known) {
    size_t start = r.at;
    read_arguments(&r, table[kind].style);
    r.at = start;
    if (!parser->limited)
      check_words(&r);
  } else {
    oakum_line_paint(parser, r.at, r.end, OAKUM_TOKEN_WORD);
  }
  parser->reading = outer;
  if (!parser->limited)
    return in;
  parser->current = inside ? parser->current : NULL;
  oakum_instruction_free(in);
  return NULL;
}

/* ---- questions
 * ------------------------------------------------------------------------------------- */
const OakumWord *oakum_instruction_flag_word(const OakumInstruction *in, const char *name)
{
  for (guint i = 0; i < in->flags->len; i++) {
    const OakumWord *flag = in->flags->pdata[i];
    if (strcmp(flag->name, name) == 0)
      return flag;
  }
  return NULL;
}

const char *oakum_instruction_flag(const OakumInstruction *in, const char *name)
{
  const OakumWord *flag = oakum_instruction_flag_word(in, name);
  return !flag ? NULL : flag->value ? flag->value : "";
}

const OakumHeredoc *oakum_instruction_script(const OakumInstruction *in)
{
  if (in->kind != OAKUM_INSTRUCTION_RUN || in->exec_form || in->heredocs->len != 1 ||
      in->words->len != 1)
    return NULL;
  const OakumHeredoc *heredoc = in->heredocs->pdata[0];
  const OakumWord *word = in->words->pdata[0];
  return heredoc->marker.offset == word->range.offset &&
                 heredoc->marker.end_offset == word->range.end_offset
             ? heredoc
             : NULL;
}
