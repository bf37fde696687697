/* What stands behind an instruction's name: flags, words, pairs, the exec form. */
#include "dockerfile/dockerfile-private.h"
#include <jansson.h>
#include <string.h>

/* ---- pieces of a line
 * ------------------------------------------------------------------------------ */
size_t oakum_cursor_spaces(const OakumCursor *r, size_t at)
{
  return oakum_text_start(r->text, at, r->end);
}

size_t oakum_cursor_blanks(const OakumCursor *r, size_t at)
{
  while (at < r->end && oakum_is_blank(r->text[at]))
    at++;
  return at;
}

size_t oakum_cursor_word(const OakumCursor *r, size_t at)
{
  while (at < r->end && !oakum_is_blank(r->text[at]))
    at++;
  return at;
}

static char *cut(const OakumCursor *r, size_t from, size_t to)
{
  return g_strndup(r->text + from, to - from);
}

/* A word whose value stands in the text as it is. `text_at`: where the instruction's text begins.
 */
OakumWord *oakum_cursor_plain(OakumCursor *r, size_t from, size_t to, size_t text_at)
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

static void flag_byte(const OakumCursor *r, RawFlag *flag, size_t at)
{
  guint place = (guint)at;
  g_string_append_c(flag->value, r->text[at]);
  g_array_append_val(flag->places, place);
}

/* FALSE: what stands at r->at is no flag. Only ASCII is white space to BuildKit here. */
static gboolean next_flag(OakumCursor *r, RawFlag *flag)
{
  size_t at = oakum_cursor_blanks(r, r->at);
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

static void check_flag(OakumCursor *r, const OakumWord *flag, const OakumFlag *known, guint *seen)
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
    const char *nearest = oakum_suggestion(flag->name, names);
    oakum_parser_fail(parser, &flag->range, "unknown-flag",
                      nearest ? g_strdup_printf("did you mean --%s?", nearest) : NULL,
                      "%s has no flag --%s", r->in->name, shown);
    return;
  }
  if (known[row].kind != OAKUM_FLAG_MANY && (*seen & (1u << row)))
    oakum_parser_fail(parser, &flag->range, "duplicate-flag", NULL,
                      "%s: the flag --%s is given twice", r->in->name, shown);
  *seen |= 1u << row;
  if (known[row].kind != OAKUM_FLAG_BOOL && !flag->value)
    oakum_parser_fail(parser, &flag->range, "missing-value", NULL,
                      "%s: the flag --%s needs a value", r->in->name, shown);
  if (known[row].kind == OAKUM_FLAG_BOOL && flag->value &&
      g_ascii_strcasecmp(flag->value, "true") != 0 && g_ascii_strcasecmp(flag->value, "false") != 0)
    oakum_parser_fail(parser, &flag->value_range, "bad-boolean", NULL,
                      "%s: the flag --%s takes true or false", r->in->name, shown);
}

/* Reads flags up to the first argument or "--". */
void oakum_cursor_flags(OakumCursor *r, const OakumFlag *known)
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

static size_t skip_json_space(const OakumCursor *r, size_t at)
{
  while (at < r->end && (r->text[at] == ' ' || r->text[at] == '\t' || r->text[at] == '\r'))
    at++;
  return at;
}

/* Reads a list of strings into `words`. FALSE: it is none, and `words` is as before. */
static gboolean read_strings(OakumCursor *r, size_t at, GArray *places, GPtrArray *values)
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
gboolean oakum_cursor_json(OakumCursor *r)
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
void oakum_cursor_spaced(OakumCursor *r)
{
  size_t text_at = r->at;
  while (r->at < r->end && !r->parser->limited) {
    size_t stop = oakum_cursor_word(r, r->at);
    oakum_cursor_plain(r, r->at, stop, text_at);
    r->at = oakum_cursor_blanks(r, stop);
  }
}

/* End of the word at `at`, where quotes and escapes count; *value_end is before an escape character
 * that ends the line. */
static size_t quoted_end(const OakumCursor *r, size_t at, size_t *value_end)
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

static OakumWord *add_pair(OakumCursor *r, size_t from, size_t equals, size_t to, size_t text_at)
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

static size_t find_equals(const OakumCursor *r, size_t from, size_t to)
{
  const char *equals = memchr(r->text + from, '=', to - from);
  return equals ? (size_t)(equals - r->text) : to;
}

/* "ENV key value": the rest of the line is the value. */
static void read_legacy(OakumCursor *r, size_t text_at)
{
  size_t key = oakum_cursor_word(r, r->at), value = oakum_cursor_blanks(r, key);
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

void oakum_cursor_pairs(OakumCursor *r, gboolean args)
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
    r->at = oakum_cursor_spaces(r, stop);
  }
}

void oakum_cursor_command(OakumCursor *r)
{
  if (!oakum_cursor_json(r))
    oakum_cursor_plain(r, r->at, r->end, r->at);
}
