/* Shell patterns in variables: * and ?, no brackets. Neither crosses the end of a line, because
 * BuildKit hands them to a regular expression. */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

#define ANY 0x7FFFFFFFu
#define STAR 0x7FFFFFFEu
#define FOREIGN 0x200000u /* a byte that is no UTF-8 */

typedef struct {
  guint *at;
  gsize n;
} Chars;

static void chars_clear(Chars *chars)
{
  g_free(chars->at);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Chars, chars_clear)

static guint char_at(const char *text, size_t *len)
{
  *len = oakum_char_len(text);
  if (*len == 1)
    return (guchar)*text < 0x80 ? (guint)(guchar)*text : FOREIGN + (guchar)*text;
  return g_utf8_get_char(text);
}

static Chars chars_of(const char *text)
{
  Chars out = {g_new(guint, strlen(text) + 1), 0};
  for (size_t n; *text; text += n)
    out.at[out.n++] = char_at(text, &n);
  return out;
}

static void append(GString *out, const Chars *chars, gsize from, gsize to)
{
  for (gsize i = from; i < to; i++)
    if (chars->at[i] >= FOREIGN)
      g_string_append_c(out, (char)(chars->at[i] - FOREIGN));
    else
      g_string_append_unichar(out, chars->at[i]);
}

static void reverse(Chars *chars)
{
  for (gsize i = 0; i < chars->n / 2; i++) {
    guint c = chars->at[i];
    chars->at[i] = chars->at[chars->n - 1 - i];
    chars->at[chars->n - 1 - i] = c;
  }
}

/* A backslash makes * ? and itself plain; before / and } it is nothing. */
static gboolean compile(const char *pattern, Chars *out, GError **error)
{
  *out = (Chars){g_new(guint, strlen(pattern) + 1), 0};
  for (size_t n; *pattern; pattern += n) {
    guint c = char_at(pattern, &n);
    if (c == '*') {
      if (out->n == 0 || out->at[out->n - 1] != STAR) /* two stars in a row are one */
        out->at[out->n++] = STAR;
      continue;
    }
    if (c == '\\') {
      pattern++;
      if (!*pattern || !strchr("*?\\/}", *pattern)) {
        g_autofree char *shown = oakum_escape_terminal(pattern, *pattern ? 1 : 0);
        g_set_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_INVALID,
                    "the pattern of a variable: \\%s is no escape; only \\* \\? \\\\ are", shown);
        return FALSE;
      }
      c = (guint)*pattern;
    } else if (c == '?') {
      c = ANY;
    }
    out->at[out->n++] = c;
  }
  return TRUE;
}

typedef struct {
  const Chars *pattern, *value;
  gboolean greedy;
  guint steps;       /* that are left */
  gboolean hopeless; /* set when no later start on this line can match either */
} Match;

/* Do pattern[p, stop) stand at value[v]? No stars in them. */
static gboolean part_at(Match *m, gsize p, gsize stop, gsize v)
{
  if (stop - p > m->value->n - v)
    return FALSE;
  for (; p < stop; p++, v++) {
    if (m->steps == 0)
      return FALSE;
    m->steps--;
    guint want = m->pattern->at[p], c = m->value->at[v];
    if (want == ANY ? c == '\n' : want != c)
      return FALSE;
  }
  return TRUE;
}

static gsize part_end(const Match *m, gsize p)
{
  while (p < m->pattern->n && m->pattern->at[p] != STAR)
    p++;
  return p;
}

/* Matches the whole pattern from value[start] on. The parts between stars stand as far left as they
 * can, the last one as far right when greedy: shortest, or longest, and never goes back. */
static gboolean match_at(Match *m, gsize start, gsize *end)
{
  const Chars *value = m->value;
  gsize p = part_end(m, 0), v = start;
  m->hopeless = FALSE;
  if (!part_at(m, 0, p, v))
    return FALSE;
  v += p;
  while (p < m->pattern->n) { /* at a star */
    gsize stop = part_end(m, ++p), line_end = v, found = G_MAXSIZE;
    while (line_end < value->n && value->at[line_end] != '\n' && m->steps > 0) {
      line_end++;
      m->steps--;
    }
    gboolean last = stop == m->pattern->n;
    if (last && m->greedy) {
      for (gsize i = line_end + 1; i-- > v && found == G_MAXSIZE;)
        if (part_at(m, p, stop, i))
          found = i;
    } else {
      for (gsize i = v; i <= line_end && found == G_MAXSIZE && m->steps > 0; i++)
        if (part_at(m, p, stop, i))
          found = i;
    }
    if (found == G_MAXSIZE) {
      m->hopeless = TRUE;
      return FALSE;
    }
    v = found + (stop - p);
    p = stop;
  }
  *end = v;
  return TRUE;
}

static char *too_costly(GError **error)
{
  g_set_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_LIMIT,
              "the pattern of a variable costs more than %u comparisons", OAKUM_PATTERN_STEPS_MAX);
  return NULL;
}

char *oakum_pattern_trim(const char *pattern, const char *text, gboolean suffix, gboolean greedy,
                         GError **error)
{
  g_auto(Chars) parts = {0}, value = chars_of(text);
  if (!compile(pattern, &parts, error))
    return NULL;
  if (suffix) { /* the shortest end is the shortest start of all turned round */
    reverse(&parts);
    reverse(&value);
  }
  Match m = {&parts, &value, greedy, OAKUM_PATTERN_STEPS_MAX, FALSE};
  gsize end = 0;
  if (!match_at(&m, 0, &end))
    end = 0;
  if (m.steps == 0)
    return too_costly(error);
  GString *out = g_string_new(NULL);
  if (suffix) {
    reverse(&value);
    append(out, &value, 0, value.n - end);
  } else {
    append(out, &value, end, value.n);
  }
  return g_string_free(out, FALSE);
}

/* The replacement of all: BuildKit hands it to Go's regexp, where $0 is the match, $$ a dollar, and
 * any other name nothing. */
static void append_template(GString *out, const char *template, const Chars *value, gsize from,
                            gsize to)
{
  for (const char *at = template; *at;) {
    const char *name = at + 1;
    if (*at != '$' || !*name) {
      g_string_append_c(out, *at++);
      continue;
    }
    if (*name == '$') {
      g_string_append_c(out, '$');
      at = name + 1;
      continue;
    }
    gboolean brace = *name == '{';
    const char *end = name += brace ? 1 : 0;
    while (g_ascii_isalnum(*end) || *end == '_')
      end++;
    if (end == name || (brace && *end != '}')) { /* no name: it stays */
      g_string_append_c(out, *at++);
      continue;
    }
    if (end - name == 1 && *name == '0')
      append(out, value, from, to);
    at = end + (brace ? 1 : 0);
  }
}

char *oakum_pattern_replace(const char *pattern, const char *replacement, const char *text,
                            gboolean all, GError **error)
{
  g_auto(Chars) parts = {0}, value = chars_of(text);
  if (!compile(pattern, &parts, error))
    return NULL;
  Match m = {&parts, &value, TRUE, OAKUM_PATTERN_STEPS_MAX, FALSE};
  gboolean lines = FALSE; /* a pattern with ends of lines may begin on one and go on on another */
  for (gsize i = 0; i < parts.n; i++)
    lines |= parts.at[i] == '\n';
  g_autoptr(GString) out = g_string_new(NULL);
  gsize behind = 0; /* end of the last match */
  for (gsize at = 0, end; at <= value.n && m.steps > 0;) {
    if (!match_at(&m, at, &end)) {
      if (m.hopeless && !lines) /* go on at the end of the line */
        while (at < value.n && value.at[at] != '\n')
          at++;
      at++;
      continue;
    }
    append(out, &value, behind, at);
    if (!all) {
      g_string_append(out, replacement);
      behind = end;
      break;
    }
    if (end > behind || at == 0) /* not an empty match right behind another */
      append_template(out, replacement, &value, at, end);
    behind = end;
    at = MAX(end, at + 1);
    if (out->len > OAKUM_EXPANSION_MAX)
      break; /* the caller refuses it */
  }
  if (m.steps == 0)
    return too_costly(error);
  append(out, &value, behind, value.n);
  return g_string_free(g_steal_pointer(&out), FALSE);
}
