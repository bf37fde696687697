#include "dockerfile/dockerfile.h"
#include <jansson.h>
#include <string.h>

/* One logical line: continuation lines joined; each byte remembers where it stood. */
typedef struct {
  int line, column;
} Place;

typedef struct {
  GString *text;
  GArray *places; /* one a byte, and one behind the last */
} Line;

typedef struct {
  OakumDockerfile *out;
  const char *at, *end;
  int line_number;
  Line line;
} Parser;

typedef enum {
  WORDS_SPACE,
  WORDS_PAIRS,
  WORDS_REST,
  WORDS_COMMAND,
  WORDS_SPACE_OR_JSON,
  WORDS_JSON
} WordStyle;

static const struct {
  const char *name;
  OakumInstructionKind kind;
  WordStyle style;
  const char *flags; /* known flags, comma-framed */
} table[] = {
    {"FROM", OAKUM_INSTRUCTION_FROM, WORDS_SPACE, ",platform,"},
    {"ARG", OAKUM_INSTRUCTION_ARG, WORDS_PAIRS, ","},
    {"ENV", OAKUM_INSTRUCTION_ENV, WORDS_PAIRS, ","},
    {"RUN", OAKUM_INSTRUCTION_RUN, WORDS_COMMAND, ","},
    {"COPY", OAKUM_INSTRUCTION_COPY, WORDS_SPACE_OR_JSON, ",from,chown,chmod,"},
    {"ADD", OAKUM_INSTRUCTION_ADD, WORDS_SPACE_OR_JSON, ",chown,chmod,"},
    {"WORKDIR", OAKUM_INSTRUCTION_WORKDIR, WORDS_REST, ","},
    {"USER", OAKUM_INSTRUCTION_USER, WORDS_REST, ","},
    {"LABEL", OAKUM_INSTRUCTION_LABEL, WORDS_PAIRS, ","},
    {"CMD", OAKUM_INSTRUCTION_CMD, WORDS_COMMAND, ","},
    {"ENTRYPOINT", OAKUM_INSTRUCTION_ENTRYPOINT, WORDS_COMMAND, ","},
    {"EXPOSE", OAKUM_INSTRUCTION_EXPOSE, WORDS_SPACE, ","},
    {"SHELL", OAKUM_INSTRUCTION_SHELL, WORDS_JSON, ","},
    {"STOPSIGNAL", OAKUM_INSTRUCTION_STOPSIGNAL, WORDS_REST, ","},
};
static const char *const later[] = {"HEALTHCHECK", "MAINTAINER", "ONBUILD", "VOLUME"};

static void word_free(gpointer p)
{
  OakumWord *word = p;
  g_free(word->name);
  g_free(word->value);
  g_free(word);
}

static void instruction_free(gpointer p)
{
  OakumInstruction *instruction = p;
  g_ptr_array_unref(instruction->flags);
  g_ptr_array_unref(instruction->words);
  g_free(instruction->text);
  g_free(instruction);
}

static void stage_free(gpointer p)
{
  g_free(((OakumStage *)p)->name);
  g_free(p);
}

void oakum_dockerfile_free(OakumDockerfile *dockerfile)
{
  if (!dockerfile)
    return;
  g_free(dockerfile->source);
  g_ptr_array_unref(dockerfile->instructions);
  g_ptr_array_unref(dockerfile->stages);
  g_ptr_array_unref(dockerfile->comments);
  g_free(dockerfile->file);
  g_free(dockerfile);
}

static G_GNUC_PRINTF(5, 6) gboolean
    refuse(const Parser *parser, GError **error, OakumErrorCode code, Place place,
           const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *what = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, OAKUM_DOCKERFILE_ERROR, code, "%s:%d:%d: %s", parser->out->file, place.line,
              place.column, what);
  return FALSE;
}

/* ---- lines
 * --------------------------------------------------------------------------------------- */
static gboolean is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* The next physical line without its end. FALSE at the end of the text. */
static gboolean next_physical(Parser *parser, const char **start, size_t *len)
{
  if (parser->at >= parser->end)
    return FALSE;
  const char *newline = memchr(parser->at, '\n', (size_t)(parser->end - parser->at));
  *start = parser->at;
  *len = (size_t)((newline ? newline : parser->end) - parser->at);
  parser->at = newline ? newline + 1 : parser->end;
  if (*len > 0 && (*start)[*len - 1] == '\r')
    --*len;
  parser->line_number++;
  return TRUE;
}

static void keep_comment(Parser *parser, const char *start, size_t len, size_t hash)
{
  OakumWord *word = g_new0(OakumWord, 1);
  word->value = g_strndup(start + hash + 1, len - hash - 1);
  word->range = (OakumRange){parser->line_number, (int)hash + 1, parser->line_number, (int)len + 1};
  g_ptr_array_add(parser->out->comments, word);
}

static void append(Line *line, const char *text, size_t len, int number, size_t column)
{
  g_string_append_len(line->text, text, (gssize)len);
  for (size_t i = 0; i < len; i++) {
    Place place = {number, (int)(column + i) + 1};
    g_array_append_val(line->places, place);
  }
}

/* Reads the next instruction's line. FALSE at the end. */
static gboolean next_logical(Parser *parser)
{
  Line *line = &parser->line;
  g_string_truncate(line->text, 0);
  g_array_set_size(line->places, 0);
  const char *start;
  size_t len;
  Place behind = {0, 0};
  while (next_physical(parser, &start, &len)) {
    size_t indent = 0;
    while (indent < len && is_blank(start[indent]))
      indent++;
    if (indent == len) /* a blank line, also inside a continuation, is nothing */
      continue;
    if (start[indent] == '#') {
      keep_comment(parser, start, len, indent);
      continue;
    }
    size_t from = line->text->len == 0 ? indent : 0, stop = len;
    while (stop > from && is_blank(start[stop - 1]))
      stop--;
    gboolean more = stop > from && start[stop - 1] == parser->out->escape;
    size_t use = more ? stop - 1 : len;
    append(line, start + from, use - from, parser->line_number, from);
    behind = (Place){parser->line_number, (int)use + 1};
    if (!more)
      break;
  }
  while (line->text->len > 0 && is_blank(line->text->str[line->text->len - 1])) {
    behind = g_array_index(line->places, Place, line->text->len - 1);
    g_string_truncate(line->text, line->text->len - 1);
    g_array_set_size(line->places, line->text->len);
  }
  g_array_append_val(line->places, behind);
  return line->text->len > 0;
}

static Place place_at(const Parser *parser, size_t offset)
{
  return g_array_index(parser->line.places, Place, offset);
}

static OakumRange range_of(const Parser *parser, size_t from, size_t to)
{
  Place a = place_at(parser, from), b = place_at(parser, to > from ? to - 1 : from);
  return (OakumRange){a.line, a.column, b.line, to > from ? b.column + 1 : b.column};
}

/* ---- directives
 * ------------------------------------------------------------------------------------ */
static gboolean directive(Parser *parser, const char *text, size_t len, Place place, gboolean *was,
                          GError **error)
{
  g_autofree char *line = g_strndup(text, len);
  char *equals = strchr(line, '=');
  *was = FALSE;
  if (!equals)
    return TRUE;
  *equals = '\0';
  g_autofree char *key = g_ascii_strdown(g_strstrip(line), -1);
  const char *value = g_strstrip(equals + 1);
  if (strcmp(key, "syntax") == 0 || strcmp(key, "check") == 0) {
    *was = TRUE;
  } else if (strcmp(key, "escape") == 0) {
    *was = TRUE;
    if (strcmp(value, "\\") != 0 && strcmp(value, "`") != 0)
      return refuse(parser, error, OAKUM_ERROR_INVALID, place,
                    "the escape directive must be \\ or `");
    parser->out->escape = *value;
  }
  return TRUE;
}

static gboolean read_directives(Parser *parser, GError **error)
{
  if (parser->end - parser->at >= 3 && memcmp(parser->at, "\xEF\xBB\xBF", 3) == 0)
    parser->at += 3;
  for (gboolean was = TRUE; was;) {
    const char *back = parser->at, *start;
    size_t len, indent = 0;
    if (!next_physical(parser, &start, &len))
      return TRUE;
    while (indent < len && is_blank(start[indent]))
      indent++;
    was = FALSE;
    gboolean shebang = parser->line_number == 1 && len > 1 && start[0] == '#' && start[1] == '!';
    if (shebang)
      was = TRUE;
    else if (indent < len && start[indent] == '#') {
      Place place = {parser->line_number, (int)indent + 1};
      if (!directive(parser, start + indent + 1, len - indent - 1, place, &was, error))
        return FALSE;
    }
    if (!was) {
      parser->at = back;
      parser->line_number--;
    }
  }
  return TRUE;
}

/* ---- words
 * ------------------------------------------------------------------------------------------ */
static void add_word(GPtrArray *list, char *name, char *value, OakumRange range)
{
  OakumWord *word = g_new0(OakumWord, 1);
  *word = (OakumWord){name, value, range};
  g_ptr_array_add(list, word);
}

/* End of the word that begins at `from`: white space ends it unless quoted or escaped. */
static size_t word_end(const Parser *parser, size_t from, gboolean quotes)
{
  const char *text = parser->line.text->str;
  char quote = 0;
  size_t i = from;
  for (; text[i]; i++) {
    if (text[i] == parser->out->escape && quotes && quote != '\'' && text[i + 1])
      i++;
    else if (quote && text[i] == quote)
      quote = 0;
    else if (!quote && quotes && (text[i] == '"' || text[i] == '\''))
      quote = text[i];
    else if (!quote && is_blank(text[i]))
      break;
  }
  return i;
}

static size_t skip_blanks(const char *text, size_t i)
{
  while (is_blank(text[i]))
    i++;
  return i;
}

static guint edit_distance(const char *a, const char *b)
{
  guint row[32], n = (guint)strlen(b);
  if (n + 1 > G_N_ELEMENTS(row))
    return 99;
  for (guint j = 0; j <= n; j++)
    row[j] = j;
  for (guint i = 1; a[i - 1]; i++) {
    guint diagonal = row[0];
    row[0] = i;
    for (guint j = 1; j <= n; j++) {
      guint above = row[j];
      row[j] = MIN(MIN(above, row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[n];
}

static gboolean unknown_instruction(const Parser *parser, const char *name, Place place,
                                    GError **error)
{
  g_autofree char *shown = oakum_escape_terminal(name, (gssize)strnlen(name, 64));
  for (size_t i = 0; i < G_N_ELEMENTS(later); i++)
    if (strcmp(name, later[i]) == 0)
      return refuse(parser, error, OAKUM_ERROR_UNSUPPORTED, place, "%s is not supported yet", name);
  const char *nearest = NULL;
  guint best = 3; /* farther than two edits is no suggestion */
  for (size_t i = 0; strlen(name) < 16 && i < G_N_ELEMENTS(table); i++) {
    guint distance = edit_distance(name, table[i].name);
    if (distance < best) {
      best = distance;
      nearest = table[i].name;
    }
  }
  if (nearest)
    return refuse(parser, error, OAKUM_ERROR_INVALID, place,
                  "unknown instruction \"%s\"; did you mean %s?", shown, nearest);
  return refuse(parser, error, OAKUM_ERROR_INVALID, place, "unknown instruction \"%s\"", shown);
}

static gboolean read_flags(const Parser *parser, OakumInstruction *in, const char *known,
                           size_t *at, GError **error)
{
  const char *text = parser->line.text->str;
  while (strncmp(text + *at, "--", 2) == 0) {
    size_t end = word_end(parser, *at, FALSE);
    if (end == *at + 2) { /* "--" alone ends the flags */
      *at = skip_blanks(text, end);
      break;
    }
    g_autofree char *flag = g_strndup(text + *at + 2, end - *at - 2);
    char *equals = strchr(flag, '=');
    char *value = equals ? g_strdup(equals + 1) : NULL;
    if (equals)
      *equals = '\0';
    g_autofree char *framed = g_strdup_printf(",%s,", flag);
    g_autofree char *shown = oakum_escape_terminal(flag, -1);
    gboolean twice = oakum_instruction_flag(in, flag) != NULL;
    add_word(in->flags, g_strdup(flag), value, range_of(parser, *at, end));
    if (!strstr(known, framed))
      return refuse(parser, error, OAKUM_ERROR_UNSUPPORTED, place_at(parser, *at),
                    "%s: the flag --%s is not supported", in->name, shown);
    if (twice || !value)
      return refuse(parser, error, OAKUM_ERROR_INVALID, place_at(parser, *at),
                    "%s: the flag --%s %s", in->name, shown,
                    twice ? "is given twice" : "needs a value");
    *at = skip_blanks(text, end);
  }
  return TRUE;
}

static gboolean read_json(const Parser *parser, OakumInstruction *in, size_t at)
{
  const char *text = parser->line.text->str + at;
  if (*text != '[')
    return FALSE;
  json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  gboolean ok = json && json_is_array(json);
  for (size_t i = 0; ok && i < json_array_size(json); i++)
    ok = json_is_string(json_array_get(json, i));
  OakumRange range = range_of(parser, at, parser->line.text->len);
  for (size_t i = 0; ok && i < json_array_size(json); i++)
    add_word(in->words, NULL, g_strdup(json_string_value(json_array_get(json, i))), range);
  if (json)
    json_decref(json);
  in->exec_form = ok;
  return ok;
}

static gboolean read_spaced(const Parser *parser, OakumInstruction *in, size_t at, GError **error)
{
  const char *text = parser->line.text->str;
  (void)error;
  while (text[at]) {
    size_t end = word_end(parser, at, FALSE);
    add_word(in->words, NULL, g_strndup(text + at, end - at), range_of(parser, at, end));
    at = skip_blanks(text, end);
  }
  return TRUE;
}

static gboolean read_pairs(const Parser *parser, OakumInstruction *in, size_t at, GError **error)
{
  const char *text = parser->line.text->str;
  size_t first_end = word_end(parser, at, TRUE);
  gboolean has_equals = memchr(text + at, '=', first_end - at) != NULL;
  if (!has_equals &&
      in->kind != OAKUM_INSTRUCTION_ARG) { /* the old form: one key, the rest is its value */
    size_t value = skip_blanks(text, first_end);
    if (!text[value])
      return refuse(parser, error, OAKUM_ERROR_INVALID, place_at(parser, at),
                    "%s: the key has no value", in->name);
    add_word(in->words, g_strndup(text + at, first_end - at), g_strdup(text + value),
             range_of(parser, at, parser->line.text->len));
    return TRUE;
  }
  while (text[at]) {
    size_t end = word_end(parser, at, TRUE);
    const char *equals = memchr(text + at, '=', end - at);
    if ((!equals && in->kind != OAKUM_INSTRUCTION_ARG) || equals == text + at)
      return refuse(parser, error, OAKUM_ERROR_INVALID, place_at(parser, at),
                    "%s: expected KEY=VALUE", in->name);
    size_t key = equals ? (size_t)(equals - text) : end;
    add_word(in->words, g_strndup(text + at, key - at),
             equals ? g_strndup(equals + 1, end - key - 1) : NULL, range_of(parser, at, end));
    at = skip_blanks(text, end);
  }
  return TRUE;
}

/* "<<EOF", "0<<-'EOF'"; not bash's "<<<". */
static gboolean has_heredoc(const Parser *parser, size_t at, size_t *where)
{
  const char *text = parser->line.text->str;
  while (text[at]) {
    size_t end = word_end(parser, at, TRUE), i = at;
    while (g_ascii_isdigit(text[i]))
      i++;
    if (i + 2 < end && text[i] == '<' && text[i + 1] == '<') {
      size_t name = i + 2 + (text[i + 2] == '-');
      if (name < end && !memchr(text + name, '<', end - name)) {
        *where = at;
        return TRUE;
      }
    }
    at = skip_blanks(text, end);
  }
  return FALSE;
}

static gboolean read_words(const Parser *parser, OakumInstruction *in, WordStyle style, size_t at,
                           GError **error)
{
  const char *text = parser->line.text->str;
  size_t where;
  if (!text[at] && in->kind != OAKUM_INSTRUCTION_CMD)
    return refuse(parser, error, OAKUM_ERROR_INVALID, place_at(parser, 0), "%s needs an argument",
                  in->name);
  if ((in->kind == OAKUM_INSTRUCTION_RUN || in->kind == OAKUM_INSTRUCTION_COPY ||
       in->kind == OAKUM_INSTRUCTION_ADD) &&
      has_heredoc(parser, at, &where))
    return refuse(parser, error, OAKUM_ERROR_UNSUPPORTED, place_at(parser, where),
                  "%s: here-documents are not supported yet", in->name);
  switch (style) {
  case WORDS_PAIRS:
    return read_pairs(parser, in, at, error);
  case WORDS_REST:
    add_word(in->words, NULL, g_strdup(text + at), range_of(parser, at, parser->line.text->len));
    return TRUE;
  case WORDS_JSON:
    if (read_json(parser, in, at) && in->words->len > 0)
      return TRUE;
    return refuse(parser, error, OAKUM_ERROR_INVALID, place_at(parser, at),
                  "%s needs a JSON list of strings", in->name);
  case WORDS_COMMAND:
    if (!read_json(parser, in, at))
      add_word(in->words, NULL, g_strdup(text + at), range_of(parser, at, parser->line.text->len));
    if (in->words->len == 0 && in->kind == OAKUM_INSTRUCTION_RUN)
      return refuse(parser, error, OAKUM_ERROR_INVALID, place_at(parser, at),
                    "RUN needs a command");
    return TRUE;
  case WORDS_SPACE_OR_JSON:
    if (!read_json(parser, in, at) && !read_spaced(parser, in, at, error))
      return FALSE;
    if (in->words->len < 2)
      return refuse(parser, error, OAKUM_ERROR_INVALID, place_at(parser, 0),
                    "%s needs a source and a destination", in->name);
    return TRUE;
  case WORDS_SPACE:
    return read_spaced(parser, in, at, error);
  }
  return TRUE;
}

/* ---- stages
 * ------------------------------------------------------------------------------------------ */
static gboolean stage_name_ok(const char *name)
{
  if (!g_ascii_islower(*name))
    return FALSE;
  for (; *name; name++)
    if (!g_ascii_islower(*name) && !g_ascii_isdigit(*name) && !strchr("-_.", *name))
      return FALSE;
  return TRUE;
}

static gboolean add_stage(Parser *parser, OakumInstruction *in, GError **error)
{
  OakumDockerfile *out = parser->out;
  const OakumWord *second = in->words->len > 1 ? in->words->pdata[1] : NULL;
  if (in->words->len != 1 && !(in->words->len == 3 && g_ascii_strcasecmp(second->value, "as") == 0))
    return refuse(parser, error, OAKUM_ERROR_INVALID, place_at(parser, 0),
                  "FROM takes an image, or an image AS name");
  if (out->stages->len >= OAKUM_DOCKERFILE_STAGES_MAX)
    return refuse(parser, error, OAKUM_ERROR_LIMIT, place_at(parser, 0), "more than %u stages",
                  OAKUM_DOCKERFILE_STAGES_MAX);
  OakumStage *stage = g_new0(OakumStage, 1);
  stage->base = in->words->pdata[0];
  stage->first = out->instructions->len;
  for (guint i = 0; i < in->flags->len; i++)
    stage->platform = in->flags->pdata[i];
  if (out->stages->len > 0)
    ((OakumStage *)out->stages->pdata[out->stages->len - 1])->end = stage->first;
  g_ptr_array_add(out->stages, stage);
  if (in->words->len == 3) {
    const OakumWord *name = in->words->pdata[2];
    stage->name = g_ascii_strdown(name->value, -1);
    Place place = {name->range.line, name->range.column};
    if (!stage_name_ok(stage->name)) {
      g_autofree char *shown = oakum_escape_terminal(name->value, -1);
      return refuse(
          parser, error, OAKUM_ERROR_INVALID, place,
          "the stage name \"%s\" must begin with a letter and hold letters, digits, - _ .", shown);
    }
    for (guint i = 0; i + 1 < out->stages->len; i++)
      if (g_strcmp0(((OakumStage *)out->stages->pdata[i])->name, stage->name) == 0)
        return refuse(parser, error, OAKUM_ERROR_INVALID, place,
                      "the stage name \"%s\" is used twice", stage->name);
  }
  return TRUE;
}

static gboolean read_instruction(Parser *parser, GError **error)
{
  OakumDockerfile *out = parser->out;
  const char *text = parser->line.text->str;
  size_t end = word_end(parser, 0, FALSE);
  g_autofree char *name = g_ascii_strup(text, (gssize)end);
  size_t row = 0;
  while (row < G_N_ELEMENTS(table) && strcmp(table[row].name, name) != 0)
    row++;
  if (row == G_N_ELEMENTS(table))
    return unknown_instruction(parser, name, place_at(parser, 0), error);
  OakumInstruction *in = g_new0(OakumInstruction, 1);
  in->kind = table[row].kind;
  in->name = table[row].name;
  in->flags = g_ptr_array_new_with_free_func(word_free);
  in->words = g_ptr_array_new_with_free_func(word_free);
  in->range = range_of(parser, 0, parser->line.text->len);
  in->stage = (int)out->stages->len - 1;
  size_t at = skip_blanks(text, end);
  gboolean ok = read_flags(parser, in, table[row].flags, &at, error) &&
                read_words(parser, in, table[row].style, at, error);
  in->text = g_strdup(text + at);
  if (ok && in->kind == OAKUM_INSTRUCTION_FROM)
    ok = add_stage(parser, in, error);
  if (ok && in->kind == OAKUM_INSTRUCTION_FROM)
    in->stage = (int)out->stages->len - 1;
  else if (ok && out->stages->len == 0 && in->kind != OAKUM_INSTRUCTION_ARG)
    ok = refuse(parser, error, OAKUM_ERROR_INVALID, place_at(parser, 0),
                "%s stands before the first FROM", in->name);
  g_ptr_array_add(out->instructions, in);
  return ok;
}

OakumDockerfile *oakum_dockerfile_parse(const char *data, size_t len, const char *file,
                                        GError **error)
{
  g_autoptr(OakumDockerfile) out = g_new0(OakumDockerfile, 1);
  out->file = oakum_escape_terminal(file ? file : "Dockerfile", -1);
  out->escape = '\\';
  out->source = g_strndup(data, len);
  out->len = (guint)len;
  out->instructions = g_ptr_array_new_with_free_func(instruction_free);
  out->stages = g_ptr_array_new_with_free_func(stage_free);
  out->comments = g_ptr_array_new_with_free_func(word_free);
  Parser parser = {.out = out, .at = data, .end = data + len};
  Place top = {1, 1};
  if (len > OAKUM_DOCKERFILE_MAX) {
    (void)!refuse(&parser, error, OAKUM_ERROR_LIMIT, top, "larger than %" G_GUINT64_FORMAT " bytes",
                  OAKUM_DOCKERFILE_MAX);
    return NULL;
  }
  const char *nul = memchr(data, '\0', len);
  if (nul) {
    for (const char *p = data; p < nul; p++)
      top.line += *p == '\n';
    (void)!refuse(&parser, error, OAKUM_ERROR_INVALID, top, "a NUL byte; this is no text");
    return NULL;
  }
  if (!read_directives(&parser, error))
    return NULL;
  parser.line.text = g_string_new(NULL);
  parser.line.places = g_array_new(FALSE, FALSE, sizeof(Place));
  gboolean ok = TRUE;
  while (ok && next_logical(&parser)) {
    if (out->instructions->len >= OAKUM_DOCKERFILE_INSTRUCTIONS_MAX)
      ok = refuse(&parser, error, OAKUM_ERROR_LIMIT, place_at(&parser, 0),
                  "more than %u instructions", OAKUM_DOCKERFILE_INSTRUCTIONS_MAX);
    else
      ok = read_instruction(&parser, error);
  }
  g_string_free(parser.line.text, TRUE);
  g_array_unref(parser.line.places);
  if (ok && out->stages->len == 0) {
    top.line = MAX(parser.line_number, 1);
    ok = refuse(&parser, error, OAKUM_ERROR_INVALID, top, "no FROM: there is nothing to build");
  }
  if (!ok)
    return NULL;
  ((OakumStage *)out->stages->pdata[out->stages->len - 1])->end = out->instructions->len;
  return g_steal_pointer(&out);
}

const char *oakum_instruction_flag(const OakumInstruction *instruction, const char *name)
{
  for (guint i = 0; i < instruction->flags->len; i++) {
    const OakumWord *flag = instruction->flags->pdata[i];
    if (strcmp(flag->name, name) == 0)
      return flag->value ? flag->value : "";
  }
  return NULL;
}

int oakum_dockerfile_find_stage(const OakumDockerfile *dockerfile, const char *name, int before)
{
  for (int i = 0; i < before && i < (int)dockerfile->stages->len; i++) {
    const OakumStage *stage = dockerfile->stages->pdata[i];
    if (stage->name && g_ascii_strcasecmp(stage->name, name) == 0)
      return i;
  }
  uint64_t number;
  if (oakum_parse_u64(name, strlen(name), OAKUM_DOCKERFILE_STAGES_MAX, &number) &&
      (int)number < before)
    return (int)number;
  return -1;
}
