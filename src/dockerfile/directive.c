/* The directives at the top: syntax, escape, check. */
#include "dockerfile/dockerfile-private.h"
#include <jansson.h>
#include <string.h>

static const char *const names[] = {"syntax", "escape", "check", NULL};

/* What stands behind "#" or "//" at [from, end): a known name, "=" and a value. NULL when not. */
static OakumDirective *directive_of(const OakumDockerfile *df, guint from, guint end)
{
  const char *text = df->source;
  size_t name = oakum_text_start(text, from, end), stop = name;
  while (stop < end && g_ascii_isalnum(text[stop]))
    stop++;
  size_t equals = oakum_text_start(text, stop, end);
  if (stop == name || g_ascii_isdigit(text[name]) || equals == end || text[equals] != '=')
    return NULL;
  size_t value = oakum_text_start(text, equals + 1, end),
         value_end = oakum_text_end(text, value, end);
  g_autofree char *key = g_strndup(text + name, stop - name);
  for (char *p = key; *p; p++)
    *p = g_ascii_tolower(*p);
  if (value == value_end || !g_strv_contains(names, key))
    return NULL;
  OakumDirective *d = g_new0(OakumDirective, 1);
  d->name = g_steal_pointer(&key);
  d->value = g_strndup(text + value, value_end - value);
  d->name_range = oakum_dockerfile_range(df, (guint)name, (guint)stop);
  d->value_range = oakum_dockerfile_range(df, (guint)value, (guint)value_end);
  return d;
}

/* "skip=A,B;error=true" of the check directive, with a place for each rule. */
static void read_check(OakumParser *parser, const OakumDirective *d)
{
  OakumDockerfile *df = parser->out;
  guint base = d->value_range.offset;
  for (const char *at = d->value; *at;) {
    size_t len = strcspn(at, ";");
    guint from = base + (guint)(at - d->value);
    OakumRange range = oakum_dockerfile_range(df, from, from + (guint)len);
    g_autofree char *part = g_strndup(at, len);
    at += len + (at[len] ? 1 : 0);
    char *equals = strchr(part, '=');
    g_autofree char *key = g_strndup(part, equals ? (gsize)(equals - part) : len),
                    *value = g_strdup(equals ? equals + 1 : "");
    g_strstrip(key);
    if (!equals || (strcmp(key, "skip") != 0 && strcmp(key, "error") != 0 &&
                    strcmp(key, "experimental") != 0)) {
      g_autofree char *shown = oakum_shorten(key, strlen(key));
      oakum_parser_fail(parser, &range, "bad-check",
                        g_strdup("known are skip, error, experimental"),
                        "the check directive has no option \"%s\"", shown);
      continue;
    }
    if (strcmp(key, "error") == 0) {
      static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True", NULL},
                               *const no[] = {"0", "f", "F", "false", "FALSE", "False", NULL};
      g_strstrip(value);
      df->check_error = g_strv_contains(yes, value);
      if (!df->check_error && !g_strv_contains(no, value))
        oakum_parser_fail(parser, &range, "bad-check", NULL,
                          "the check directive: error takes true or false");
      continue;
    }
    if (strcmp(key, "skip") != 0)
      continue;
    size_t start = (size_t)(equals + 1 - part);
    for (const char *rule = part + start;;) {
      size_t rule_len = strcspn(rule, ",");
      size_t a = oakum_text_start(rule, 0, rule_len), b = oakum_text_end(rule, a, rule_len);
      guint offset = from + (guint)(rule - part);
      g_autofree char *name = g_strndup(rule + a, b - a);
      if (strcmp(name, "all") == 0)
        df->check_skip_all = TRUE;
      else if (*name &&
               !oakum_parser_word(parser, df->check_skip, NULL, g_steal_pointer(&name),
                                  oakum_dockerfile_range(df, offset + (guint)a, offset + (guint)b)))
        return;
      if (!rule[rule_len])
        break;
      rule += rule_len + 1;
    }
  }
}

static void take(OakumParser *parser, OakumDirective *d, OakumDirectiveForm form, guint from,
                 guint to)
{
  OakumDockerfile *df = parser->out;
  d->form = form;
  d->range = oakum_dockerfile_range(df, from, to);
  guint bit = 1u << (d->name[0] == 's' ? 0 : d->name[0] == 'e' ? 1 : 2);
  if (parser->directives & bit)
    oakum_parser_fail(parser, &d->range, "duplicate-directive", NULL,
                      "the directive %s stands here a second time", d->name);
  else if (strcmp(d->name, "escape") == 0 && strcmp(d->value, "\\") != 0 &&
           strcmp(d->value, "`") != 0)
    oakum_parser_fail(parser, &d->value_range, "bad-escape", NULL,
                      "the escape directive must be \\ or `");
  else if (strcmp(d->name, "escape") == 0 && !parser->shebang)
    df->escape = *d->value; /* behind a "#!" line BuildKit sees no escape directive */
  parser->directives |= bit;
  g_ptr_array_add(df->directives, d);
  if (strcmp(d->name, "check") == 0)
    read_check(parser, d);
}

static guint line_end(const OakumDockerfile *df, guint at, guint *next)
{
  const char *newline = memchr(df->source + at, '\n', df->len - at);
  guint end = newline ? (guint)(newline - df->source) : df->len;
  *next = newline ? end + 1 : df->len;
  while (end > at && df->source[end - 1] == '\r')
    end--;
  return end;
}

/* "// syntax=…" for files in the language of another front end. */
static void read_slashes(OakumParser *parser, guint at)
{
  OakumDockerfile *df = parser->out;
  for (guint next; at < df->len; at = next) {
    guint end = line_end(df, at, &next);
    OakumDirective *d = end - at > 2 && memcmp(df->source + at, "//", 2) == 0
                            ? directive_of(df, at + 2, end)
                            : NULL;
    if (!d)
      return;
    if (strcmp(d->name, "syntax") == 0) {
      take(parser, d, OAKUM_DIRECTIVE_SLASHES, at, end);
      return;
    }
    g_free(d->name);
    g_free(d->value);
    g_free(d);
  }
}

/* {"syntax": "…"}: the whole file is a JSON object. */
static void read_json(OakumParser *parser, guint at)
{
  OakumDockerfile *df = parser->out;
  guint start = (guint)oakum_text_start(df->source, at, df->len);
  if (start == df->len || df->source[start] != '{')
    return;
  json_t *json = json_loadb(df->source + at, df->len - at, 0, NULL);
  const char *value = json_string_value(json_object_get(json, "syntax"));
  if (value) {
    OakumDirective *d = g_new0(OakumDirective, 1);
    d->name = g_strdup("syntax");
    d->value = g_strdup(value);
    d->name_range = d->value_range = oakum_dockerfile_range(df, start, start);
    take(parser, d, OAKUM_DIRECTIVE_JSON, start, (guint)oakum_text_end(df->source, start, df->len));
  }
  if (json)
    json_decref(json);
}

void oakum_parser_directives(OakumParser *parser)
{
  OakumDockerfile *df = parser->out;
  if (df->len >= 3 && memcmp(df->source, "\xEF\xBB\xBF", 3) == 0) {
    oakum_tokens_add(parser, OAKUM_TOKEN_BOM, 0, 3);
    parser->at = 3;
  }
  guint at = parser->at, next, top = at;
  parser->shebang = df->len - at >= 2 && memcmp(df->source + at, "#!", 2) == 0;
  if (parser->shebang) {
    guint end = line_end(df, at, &next);
    oakum_tokens_add(parser, OAKUM_TOKEN_COMMENT, at, end - at);
    oakum_tokens_add(parser, OAKUM_TOKEN_NEWLINE, end, next - end);
    at = top = parser->at = next;
  }
  for (; at < df->len && !parser->limited; at = next) {
    guint end = line_end(df, at, &next), start = (guint)oakum_text_start(df->source, at, end);
    OakumDirective *d =
        start < end && df->source[start] == '#' ? directive_of(df, start + 1, end) : NULL;
    if (!d)
      break;
    oakum_tokens_add(parser, OAKUM_TOKEN_BLANK, at, start - at);
    oakum_tokens_add(parser, OAKUM_TOKEN_DIRECTIVE, start, end - start);
    oakum_tokens_add(parser, OAKUM_TOKEN_NEWLINE, end, next - end);
    parser->at = next;
    take(parser, d, OAKUM_DIRECTIVE_HASH, start, end);
    if (df->directives->len > OAKUM_DOCKERFILE_COMMENTS_MAX)
      oakum_parser_limit(parser, &d->range, "more than %u directives",
                         OAKUM_DOCKERFILE_COMMENTS_MAX);
  }
  if (!(parser->directives & 1))
    read_slashes(parser, top);
  if (!(parser->directives & 1))
    read_json(parser, top);
}
