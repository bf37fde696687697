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
static const OakumFlag no_flags[] = {{NULL, OAKUM_FLAG_TEXT}};
static const OakumFlag from_flags[] = {{"platform", OAKUM_FLAG_TEXT}, {NULL, OAKUM_FLAG_TEXT}};
static const OakumFlag run_flags[] = {{"mount", OAKUM_FLAG_MANY},
                                      {"network", OAKUM_FLAG_TEXT},
                                      {"security", OAKUM_FLAG_TEXT},
                                      {"device", OAKUM_FLAG_MANY},
                                      {NULL, OAKUM_FLAG_TEXT}};
static const OakumFlag copy_flags[] = {{"from", OAKUM_FLAG_TEXT},    {"chown", OAKUM_FLAG_TEXT},
                                       {"chmod", OAKUM_FLAG_TEXT},   {"link", OAKUM_FLAG_BOOL},
                                       {"parents", OAKUM_FLAG_BOOL}, {"exclude", OAKUM_FLAG_MANY},
                                       {NULL, OAKUM_FLAG_TEXT}};
static const OakumFlag add_flags[] = {
    {"chown", OAKUM_FLAG_TEXT},        {"chmod", OAKUM_FLAG_TEXT},    {"link", OAKUM_FLAG_BOOL},
    {"keep-git-dir", OAKUM_FLAG_BOOL}, {"checksum", OAKUM_FLAG_TEXT}, {"unpack", OAKUM_FLAG_BOOL},
    {"exclude", OAKUM_FLAG_MANY},      {NULL, OAKUM_FLAG_TEXT}};
static const OakumFlag health_flags[] = {
    {"interval", OAKUM_FLAG_TEXT},     {"timeout", OAKUM_FLAG_TEXT},
    {"start-period", OAKUM_FLAG_TEXT}, {"start-interval", OAKUM_FLAG_TEXT},
    {"retries", OAKUM_FLAG_TEXT},      {NULL, OAKUM_FLAG_TEXT}};

static const struct {
  const char *name;
  Style style;
  const OakumFlag *flags;
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
  g_free(heredoc->raw);
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

/* Gives the instruction its text and the way back from it. */
static void set_text(OakumCursor *r, size_t from)
{
  r->in->text = g_strndup(r->text + from, r->end - from);
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
  in->blank_lines = g_array_new(FALSE, FALSE, sizeof(OakumRange)); /* the outer one gets others */
  oakum_line_paint(parser, from, to, OAKUM_TOKEN_KEYWORD);
  return in;
}

static void check_choice(OakumCursor *r, const char *name, const char *const *choices)
{
  const OakumWord *flag = oakum_instruction_flag_word(r->in, name);
  if (!flag || !flag->value || g_strv_contains(choices, flag->value))
    return;
  g_autofree char *shown = oakum_shorten(flag->value, strlen(flag->value)),
                  *code = g_strdup_printf("bad-%s", name);
  oakum_parser_fail(r->parser, &flag->value_range, g_intern_string(code),
                    oakum_hint(flag->value, choices), "RUN: --%s cannot be \"%s\"", name, shown);
}

/* ---- HEALTHCHECK
 * ----------------------------------------------------------------------------------- */
static void check_health_flags(OakumCursor *r)
{
  for (guint i = 0; i < r->in->flags->len; i++) {
    const OakumWord *flag = r->in->flags->pdata[i];
    if (!flag->value || !*flag->value)
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

static void read_health(OakumCursor *r)
{
  OakumParser *parser = r->parser;
  size_t stop = r->at, outer = r->at;
  stop = oakum_cursor_word(r, stop);
  if (stop == r->at)
    return;
  OakumWord *type = oakum_cursor_plain(r, r->at, stop, r->at);
  if (!type)
    return;
  oakum_line_paint(parser, r->at, stop, OAKUM_TOKEN_KEYWORD);
  size_t rest = oakum_cursor_blanks(r, stop); /* only ASCII is white space to BuildKit here too */
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
  OakumCursor of_inner = *r;
  of_inner.in = r->in->inner = inner;
  of_inner.at = rest;
  set_text(&of_inner, rest);
  inner->range = inner->line_range = oakum_line_range(parser, outer, r->end);
  if (rest < r->end)
    oakum_cursor_command(&of_inner);
  if (inner->words->len == 0 && !inner->has_error)
    oakum_line_fail(parser, outer, r->end, "missing-argument", NULL,
                    "HEALTHCHECK CMD needs a command");
}

/* ---- ONBUILD
 * --------------------------------------------------------------------------------------- */
static void read_onbuild(OakumCursor *r)
{
  if (r->at >= r->end)
    return;
  r->in->inner = oakum_parser_instruction(r->parser, r->at, TRUE);
}

/* ---- what every kind asks of its words
 * ------------------------------------------------------------- */
static void check_words(OakumCursor *r)
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
      if (oakum_text_end(word->value, 0, strlen(word->value)) == 0)
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

static void read_arguments(OakumCursor *r, Style style)
{
  switch (style) {
  case STYLE_WORDS:
    oakum_cursor_spaced(r);
    break;
  case STYLE_LIST:
    if (!oakum_cursor_json(r))
      oakum_cursor_spaced(r);
    break;
  case STYLE_PAIRS:
    oakum_cursor_pairs(r, FALSE);
    break;
  case STYLE_ARGS:
    oakum_cursor_pairs(r, TRUE);
    break;
  case STYLE_REST:
    if (r->at < r->end)
      oakum_cursor_plain(r, r->at, r->end, r->at);
    break;
  case STYLE_COMMAND:
    oakum_cursor_command(r);
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
  OakumCursor r = {.parser = parser,
                   .text = parser->line.text->str,
                   .at = from,
                   .end = oakum_text_end(parser->line.text->str, 0, parser->line.text->len),
                   .escape = parser->out->escape};
  r.end = MAX(r.end, from);
  from = oakum_cursor_spaces(&r, from);
  size_t stop = oakum_cursor_word(&r, from);
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
  r.at = oakum_cursor_blanks(&r, stop);
  if (kind == OAKUM_INSTRUCTION_UNKNOWN)
    unknown_instruction(parser, in, from, stop);
  gboolean known =
      kind != OAKUM_INSTRUCTION_UNKNOWN && (!inside || allowed_inside(parser, in, from, stop));
  if (known)
    oakum_cursor_flags(&r, table[kind].flags);
  r.at = oakum_cursor_spaces(&r, r.at);
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

gboolean oakum_dockerfile_is_signal(const char *text)
{
  static const char *const names[] = {
      "ABRT",   "ALRM",  "BUS",  "CHLD", "CLD",   "CONT",  "FPE",  "HUP",  "ILL",  "INT",
      "IO",     "IOT",   "KILL", "PIPE", "POLL",  "PROF",  "PWR",  "QUIT", "SEGV", "STKFLT",
      "STOP",   "SYS",   "TERM", "TRAP", "TSTP",  "TTIN",  "TTOU", "URG",  "USR1", "USR2",
      "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX", NULL};
  const char *digits = text + (*text == '-' || *text == '+');
  if (*digits && strspn(digits, "0123456789") == strlen(digits))
    return strlen(digits) < 19 && strspn(digits, "0") != strlen(digits);
  g_autofree char *upper = g_ascii_strup(text, -1);
  const char *name = g_str_has_prefix(upper, "SIG") ? upper + 3 : upper;
  gboolean low = g_str_has_prefix(name, "RTMIN+");
  if (low || g_str_has_prefix(name, "RTMAX-")) {
    const char *number = name + 6;
    uint64_t value;
    return *number != '0' && oakum_parse_u64(number, strlen(number), low ? 15 : 14, &value) &&
           value > 0;
  }
  return g_strv_contains(names, name);
}
