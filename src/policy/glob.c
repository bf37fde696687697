/* Patterns of policies: names and paths. */
#include "policy/policy-private.h"

gboolean oakum_glob_plain(const char *pattern)
{
  return strpbrk(pattern, "*?[{\\") == NULL;
}

/* A character, a byte that is none; *p is behind it. */
static gunichar take(const char **p)
{
  gunichar c = g_utf8_get_char_validated(*p, -1);
  if (c >= 0x110000) {
    c = (guchar) * *p;
    *p += 1;
  } else {
    *p = g_utf8_next_char(*p);
  }
  return c;
}

/* One star is enough to go back to: what an earlier one could take, the later one can as well. */
gboolean oakum_glob(const char *pattern, const char *text)
{
  const char *star = NULL, *mark = NULL;
  while (*text) {
    if (*pattern == '*') {
      star = ++pattern;
      mark = text;
    } else if (*pattern == '?') {
      pattern++;
      (void)take(&text);
    } else if (g_ascii_tolower(*pattern) == g_ascii_tolower(*text)) {
      pattern++;
      text++;
    } else if (star) {
      pattern = star;
      text = ++mark;
    } else {
      return FALSE;
    }
  }
  while (*pattern == '*')
    pattern++;
  return *pattern == '\0';
}

/* `[...]` at `p`, behind the bracket; *end is behind the closing one. */
static gboolean in_set(const char *p, gunichar c, const char **end)
{
  gboolean negated = *p == '!' || *p == '^', found = FALSE;
  p += negated;
  for (gboolean first = TRUE; *p && (*p != ']' || first); first = FALSE) {
    p += *p == '\\' && p[1];
    gunichar low = take(&p), high = low;
    if (p[0] == '-' && p[1] && p[1] != ']') {
      p++;
      high = take(&p);
    }
    found |= c >= low && c <= high;
  }
  *end = *p ? p + 1 : p;
  return found != negated && c != '/';
}

/* Without braces. `**` goes back to the last one only when nothing between it and here has another
 * way; the work of both kinds of stars together is bounded by `left`. */
static gboolean path_matches(const char *pattern, const char *path, guint *left)
{
  const char *star = NULL, *mark = NULL, *far = NULL, *far_mark = NULL;
  for (;;) {
    if (--*left == 0)
      return FALSE;
    if (pattern[0] == '*' && pattern[1] == '*') {
      while (*pattern == '*')
        pattern++;
      if (*pattern == '/') { /* "**" "/" is also nothing at all */
        pattern++;
        far_mark = path;
        far = pattern;
        star = NULL;
        continue;
      }
      if (!*pattern)
        return TRUE;
      far = pattern;
      far_mark = path;
      star = NULL;
      continue;
    }
    if (*pattern == '*') {
      star = ++pattern;
      mark = path;
      continue;
    }
    const char *next = pattern + 1, *behind = path + 1;
    gboolean same = FALSE;
    if (!*path)
      return !*pattern || strcmp(pattern, "/**") == 0; /* a folder is below itself */
    if (*pattern == '?' || *pattern == '[') {
      behind = path;
      gunichar c = take(&behind);
      same = *pattern == '?' ? c != '/' : in_set(pattern + 1, c, &next);
    } else if (*pattern == '\\' && pattern[1])
      same = pattern[1] == *path, next = pattern + 2;
    else
      same = *pattern && *pattern == *path;
    if (same) {
      pattern = next;
      path = behind;
    } else if (star && *mark && *mark != '/') {
      pattern = star;
      path = ++mark;
    } else if (far && *far_mark) {
      /* behind "**" "/" only whole names are passed over */
      gboolean whole = far[-1] == '/';
      far_mark++;
      while (whole && *far_mark && far_mark[-1] != '/')
        far_mark++;
      if (whole && !*far_mark)
        return FALSE;
      pattern = far;
      path = far_mark;
      star = NULL;
    } else {
      return FALSE;
    }
  }
}

/* Where an alternative of a group of braces ends: at its comma, or the brace that closes the group.
 * NULL: nothing closes it. */
static const char *alternative_end(const char *p)
{
  for (guint inner = 0; *p; p++) {
    if (*p == '\\' && p[1])
      p++;
    else if (*p == '{')
      inner++;
    else if (inner == 0 && (*p == ',' || *p == '}'))
      return p;
    else if (*p == '}')
      inner--;
  }
  return NULL;
}

/* The first group of braces written out, one alternative after the other; those in one come next.
 */
static gboolean brace_matches(const char *pattern, const char *path, guint depth, guint *left)
{
  const char *open = pattern;
  while (*open && *open != '{')
    open += *open == '\\' && open[1] ? 2 : 1;
  const char *close = *open ? alternative_end(open + 1) : NULL;
  while (close && *close == ',')
    close = alternative_end(close + 1);
  if (!close || depth == 0)
    return path_matches(pattern, path, left);
  const char *from = open, *to;
  do {
    to = alternative_end(from + 1);
    g_autofree char *one = g_strdup_printf("%.*s%.*s%s", (int)(open - pattern), pattern,
                                           (int)(to - from - 1), from + 1, close + 1);
    if (brace_matches(one, path, depth - 1, left))
      return TRUE;
    from = to;
  } while (*left > 0 && to != close);
  return FALSE;
}

gboolean oakum_glob_path(const char *pattern, const char *path)
{
  guint left = OAKUM_POLICY_GLOB_STEPS;
  while (g_str_has_prefix(pattern, "./"))
    pattern += 2;
  return brace_matches(pattern + (*pattern == '/'), path + (*path == '/'), OAKUM_POLICY_BRACES_MAX,
                       &left);
}

char *oakum_glob_of_others(const char *pattern)
{
  GString *out = g_string_new(NULL);
  for (const char *p = pattern; *p;) {
    size_t stars = strspn(p, "*");
    if (stars == 0) {
      size_t len = *p == '\\' && p[1] ? 2 : 1;
      g_string_append_len(out, p, (gssize)len);
      p += len;
      continue;
    }
    gboolean begins = p == pattern || strchr("/{,", p[-1]), ends = !p[2] || strchr("/},", p[2]);
    g_string_append(out, stars == 2 && begins && ends ? "**" : "*");
    p += stars;
  }
  return g_string_free(out, FALSE);
}

GRegex *oakum_whole_regex(const char *pattern)
{
  g_autofree char *whole =
      g_strdup_printf("(*LIMIT_MATCH=%u)^(?:%s)$", OAKUM_POLICY_REGEX_STEPS, pattern);
  return g_regex_new(whole, G_REGEX_DOLLAR_ENDONLY | G_REGEX_RAW, 0, NULL);
}
