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

gboolean oakum_glob_rooted(const char *pattern, const char *path)
{
  guint left = OAKUM_POLICY_GLOB_STEPS;
  return brace_matches(pattern, path, OAKUM_POLICY_BRACES_MAX, &left);
}

gboolean oakum_glob_closed(const char *pattern)
{
  guint open = 0;
  for (const char *p = pattern; *p; p++) {
    if (*p == '\\') {
      if (!*++p)
        return FALSE;
    } else if (*p == '{') {
      open++;
    } else if (*p == '}' && open > 0) {
      open--;
    } else if (*p == '[') {
      p += p[1] == '!' || p[1] == '^';
      if (p[1] == ']' || p[1] == '-') /* an empty set, or one that begins with no character */
        return FALSE;
      while (*++p && *p != ']')
        if ((*p == '\\' && !*++p) || (*p == '-' && p[1] == ']'))
          return FALSE;
      if (!*p)
        return FALSE;
    }
  }
  return open == 0;
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
    gboolean begins = p == pattern || strchr("/{,", p[-1]),
             ends = !p[stars] || strchr("/},", p[stars]);
    g_string_append(out, stars == 2 && begins && ends ? "**" : "*");
    p += stars;
  }
  return g_string_free(out, FALSE);
}

/* Behind an escape's backslash; NULL: RE2 has none of that name, or means something else by it. */
static const char *escape_end(const char *p)
{
  if (*p != 'x')
    return g_ascii_ispunct(*p) || (*p && strchr("aAbBdDfnrsStwWz", *p)) ? p + 1 : NULL;
  const char *digits = p + 1 + (p[1] == '{');
  size_t n = strspn(digits, "0123456789abcdefABCDEF");
  if (p[1] == '{')
    return n > 0 && n < 7 && digits[n] == '}' ? digits + n + 1 : NULL;
  return n >= 2 ? digits + 2 : NULL;
}

/* `[…]` at `p`. */
static const char *set_end(const char *p)
{
  p++;
  p += *p == '^';
  for (gboolean first = TRUE; *p && (*p != ']' || first); first = FALSE) {
    if (*p == '\\') {
      p = escape_end(p + 1);
      if (!p)
        return NULL;
    } else if (p[0] == '[' && p[1] == ':') {
      p = strstr(p, ":]");
      if (!p)
        return NULL;
      p += 2;
    } else if (p[0] == '[' && (p[1] == '.' || p[1] == '=')) {
      return NULL;
    } else {
      p++;
    }
  }
  return *p ? p + 1 : NULL;
}

/* Behind "(" and what says of which kind the group is. */
static const char *group_begin(const char *p)
{
  p++;
  if (*p == '*')
    return NULL;
  if (*p != '?')
    return p;
  p++;
  if (*p == 'P' || *p == '<') {
    p += *p == 'P';
    if (*p != '<')
      return NULL;
    size_t n = strspn(p + 1, "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n > 0 && p[n + 1] == '>' ? p + n + 2 : NULL;
  }
  p += strspn(p, "imsU-");
  return *p == ':' || (*p == ')' && p[-1] != '?') ? p + (*p == ':') : NULL;
}

/* A repetition at `p`; `p` itself: there is none, a brace is only a brace. */
static const char *repeat_end(const char *p)
{
  const char *end = p + 1;
  if (*p == '{') {
    gint64 low, high;
    char *stop;
    if (!g_ascii_isdigit(p[1]))
      return p;
    low = high = g_ascii_strtoll(p + 1, &stop, 10);
    if (*stop == ',') {
      stop++;
      if (g_ascii_isdigit(*stop))
        high = g_ascii_strtoll(stop, &stop, 10);
    }
    if (*stop != '}')
      return p;
    if (low > 1000 || high > 1000)
      return NULL;
    end = stop + 1;
  } else if (!strchr("*+?", *p)) {
    return p;
  }
  end += *end == '?';
  const char *next = *end && strchr("*+?{", *end) ? repeat_end(end) : end;
  return next == end ? end
                     : NULL; /* a repetition of a repetition, or one that gives nothing back */
}

static gboolean is_re2(const char *pattern)
{
  guint open = 0;
  for (const char *p = pattern; p && *p;) {
    const char *before = p;
    if (*p == '\\')
      p = escape_end(p + 1);
    else if (*p == '[')
      p = set_end(p);
    else if (*p == '(')
      p = group_begin(p), open++;
    else if (*p == ')')
      p = open > 0 ? p + 1 : NULL, open--;
    else if (strchr("*+?{", *p))
      p = repeat_end(p);
    if (!p)
      return FALSE;
    p += p == before;
  }
  return open == 0;
}

GRegex *oakum_whole_regex(const char *pattern)
{
  if (!is_re2(pattern))
    return NULL;
  g_autofree char *whole =
      g_strdup_printf("(*LIMIT_MATCH=%u)^(?:%s)$", OAKUM_POLICY_REGEX_STEPS, pattern);
  return g_regex_new(whole, G_REGEX_DOLLAR_ENDONLY | G_REGEX_RAW, 0, NULL);
}
