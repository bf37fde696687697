/* Variables, quotes and escapes of one word. */
#include "dockerfile/dockerfile.h"
#include <string.h>

#define NESTING_MAX 32u

typedef struct {
  const char *at;
  char escape;
  OakumVariable variable;
  gpointer user;
  guint depth;
  GError **error;
} Expander;

static gboolean fail(Expander *ex, OakumErrorCode code, const char *format, const char *what)
{
  g_autofree char *shown = oakum_escape_terminal(what, (gssize)strnlen(what, 80));
  g_autofree char *message = g_strdup_printf("%s%s", format, shown);
  g_set_error_literal(ex->error, OAKUM_DOCKERFILE_ERROR, code, message);
  return FALSE;
}

static gboolean expand_until(Expander *ex, char stop, GString *out);

static gboolean add(Expander *ex, GString *out, const char *text)
{
  if (out->len + strlen(text) > OAKUM_EXPANSION_MAX)
    return fail(ex, OAKUM_ERROR_LIMIT,
                "a word grows larger than 1 MiB when its variables are replaced", "");
  g_string_append(out, text);
  return TRUE;
}

/* What stands behind "${name": the operator and its word. */
static gboolean modifier(Expander *ex, const char *name, GString *out)
{
  const char *value = ex->variable(name, ex->user);
  gboolean colon = *ex->at == ':';
  char op = ex->at[colon ? 1 : 0];
  if (op != '-' && op != '+' && op != '?')
    return fail(ex,
                op == '#' || op == '%' || op == '/' ? OAKUM_ERROR_UNSUPPORTED : OAKUM_ERROR_INVALID,
                "this form of variable is not supported: ${", name);
  ex->at += colon ? 2 : 1;
  if (++ex->depth > NESTING_MAX)
    return fail(ex, OAKUM_ERROR_LIMIT, "variables nest too deep at ", name);
  g_autoptr(GString) word = g_string_new(NULL);
  if (!expand_until(ex, '}', word))
    return FALSE;
  ex->depth--;
  if (*ex->at != '}')
    return fail(ex, OAKUM_ERROR_INVALID, "no closing brace behind ${", name);
  ex->at++;
  gboolean set = value && (!colon || *value);
  switch (op) {
  case '-':
    return add(ex, out, set ? value : word->str);
  case '+':
    return add(ex, out, set ? word->str : "");
  default:
    if (set)
      return add(ex, out, value);
    g_autofree char *why = g_strdup_printf("%s: %s", name, word->len ? word->str : "is not set");
    return fail(ex, OAKUM_ERROR_INVALID, "", why);
  }
}

static gboolean variable(Expander *ex, GString *out)
{
  gboolean brace = *ex->at == '{';
  const char *start = ex->at + (brace ? 1 : 0);
  size_t n = 0;
  if (g_ascii_isalpha(start[0]) || start[0] == '_')
    while (g_ascii_isalnum(start[n]) || start[n] == '_')
      n++;
  else if (g_ascii_isdigit(start[0]) || strchr("@*#?-$!", start[0] ? start[0] : ' '))
    n = 1; /* the shell's own; unset here */
  if (n == 0) {
    if (brace)
      return fail(ex, OAKUM_ERROR_INVALID, "a variable without a name: $", ex->at);
    return add(ex, out, "$");
  }
  g_autofree char *name = g_strndup(start, n);
  ex->at = start + n;
  if (brace && *ex->at != '}')
    return *ex->at ? modifier(ex, name, out)
                   : fail(ex, OAKUM_ERROR_INVALID, "no closing brace behind ${", name);
  if (brace)
    ex->at++;
  const char *value = ex->variable(name, ex->user);
  return !value || add(ex, out, value);
}

static gboolean expand_until(Expander *ex, char stop, GString *out)
{
  char quote = 0;
  while (*ex->at && !(!quote && stop && *ex->at == stop)) {
    char c = *ex->at;
    if (quote == '\'') {
      if (c == '\'')
        quote = 0;
      else
        g_string_append_c(out, c);
      ex->at++;
    } else if (c == '"') {
      quote = quote ? 0 : '"';
      ex->at++;
    } else if (c == '\'' && !quote) {
      quote = '\'';
      ex->at++;
    } else if (c == ex->escape) {
      char next = ex->at[1];
      if (quote == '"' && next != '"' && next != '$' && next != ex->escape)
        g_string_append_c(out, c); /* inside double quotes only these can be escaped */
      if (next)
        g_string_append_c(out, next);
      ex->at += next ? 2 : 1;
    } else if (c == '$') {
      ex->at++;
      if (!variable(ex, out))
        return FALSE;
    } else {
      g_string_append_c(out, c);
      ex->at++;
    }
    if (out->len > OAKUM_EXPANSION_MAX)
      return add(ex, out, "");
  }
  if (quote)
    return fail(ex, OAKUM_ERROR_INVALID, "a quote is not closed in ", out->str);
  return TRUE;
}

char *oakum_dockerfile_expand(const char *word, char escape, OakumVariable lookup, gpointer user,
                              GError **error)
{
  Expander ex = {word, escape, lookup, user, 0, error};
  g_autoptr(GString) out = g_string_new(NULL);
  if (!expand_until(&ex, 0, out))
    return NULL;
  return g_string_free(g_steal_pointer(&out), FALSE);
}
