/* Patterns of COPY and of the ignore file. */
#include "dockerfile/dockerfile.h"
#include <string.h>

/* Matches one character against "[...]"; moves *p behind it. -1: bad pattern. */
static int match_class(const char **p, char c)
{
  const char *at = *p + 1;
  gboolean negated = *at == '^', hit = FALSE, any = FALSE;
  if (negated)
    at++;
  while (*at && (*at != ']' || !any)) {
    char low = *at++;
    if (low == '\\' && !(low = *at++))
      return -1;
    char high = low;
    if (*at == '-' && at[1] && at[1] != ']') {
      high = *++at;
      at++;
      if (high == '\\' && !(high = *at++))
        return -1;
    }
    hit |= (guchar)c >= (guchar)low && (guchar)c <= (guchar)high;
    any = TRUE;
  }
  if (*at != ']')
    return -1;
  *p = at + 1;
  return hit != negated;
}

/* One step of a pattern without stars. 1 match, 0 none, -1 bad pattern. */
static int match_one(const char **p, char c)
{
  if (**p == '[')
    return match_class(p, c);
  if (**p == '\\') {
    if (!(*p)[1])
      return -1;
    int hit = (*p)[1] == c;
    *p += 2;
    return hit;
  }
  int hit = **p == '?' || **p == c;
  ++*p;
  return hit;
}

/* `deep`: "**" crosses slashes (ignore files). Linear in pattern times name: only the last star of
 * each kind is ever retried. */
static gboolean match(const char *p, const char *name, gboolean deep, gboolean *valid)
{
  const char *star = NULL, *star_name = NULL, *deep_star = NULL, *deep_name = NULL;
  while (TRUE) {
    if (deep && p[0] == '*' && p[1] == '*') {
      p += 2;
      if (*p == '/')
        p++; /* a doubled star and its slash also mean no folder at all */
      deep_star = p;
      deep_name = name;
      star = NULL;
      continue;
    }
    if (*p == '*') {
      star = ++p;
      star_name = name;
      continue;
    }
    if (!*name && !*p)
      return TRUE;
    if (*name && *p && !(*name == '/' && *p != '/')) {
      const char *q = p;
      int hit = match_one(&q, *name);
      if (hit < 0) {
        *valid = FALSE;
        return FALSE;
      }
      if (hit) {
        p = q;
        name++;
        continue;
      }
    }
    if (star && *star_name && *star_name != '/') {
      p = star;
      name = ++star_name;
      continue;
    }
    if (deep_star && *deep_name) {
      p = deep_star;
      name = ++deep_name;
      star = NULL;
      continue;
    }
    return FALSE;
  }
}

gboolean oakum_dockerfile_glob(const char *pattern, const char *name, gboolean *valid)
{
  gboolean ok = TRUE;
  gboolean hit = match(pattern, name, FALSE, &ok);
  if (valid)
    *valid = ok;
  return hit && ok;
}

typedef struct {
  char *pattern;
  gboolean exception;
} Rule;

struct OakumIgnore {
  GPtrArray *rules;
  gboolean exceptions;
};

static void rule_free(gpointer p)
{
  g_free(((Rule *)p)->pattern);
  g_free(p);
}

/* What Go's filepath.Clean makes of a pattern, without the leading slash. */
static char *clean(const char *text)
{
  g_autoptr(GPtrArray) parts = g_ptr_array_new();
  g_auto(GStrv) words = g_strsplit(text, "/", -1);
  for (char **word = words; *word; word++) {
    if (**word == '\0' || strcmp(*word, ".") == 0)
      continue;
    if (strcmp(*word, "..") == 0 && parts->len > 0)
      g_ptr_array_set_size(parts, (gint)parts->len - 1);
    else if (strcmp(*word, "..") != 0)
      g_ptr_array_add(parts, *word);
  }
  g_ptr_array_add(parts, NULL);
  return g_strjoinv("/", (char **)parts->pdata);
}

OakumIgnore *oakum_ignore_parse(const char *data, size_t len, GError **error)
{
  if (len > OAKUM_IGNORE_MAX) {
    g_set_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_LIMIT,
                "ignore file larger than %" G_GUINT64_FORMAT " bytes", OAKUM_IGNORE_MAX);
    return NULL;
  }
  g_autoptr(OakumIgnore) ignore = g_new0(OakumIgnore, 1);
  ignore->rules = g_ptr_array_new_with_free_func(rule_free);
  if (len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) {
    data += 3;
    len -= 3;
  }
  for (const char *end = data + len; data < end;) {
    const char *newline = memchr(data, '\n', (size_t)(end - data));
    g_autofree char *line = g_strndup(data, (gsize)((newline ? newline : end) - data));
    data = newline ? newline + 1 : end;
    if (*line == '#')
      continue;
    char *text = g_strstrip(line);
    gboolean exception = *text == '!';
    if (exception)
      text = g_strstrip(text + 1);
    g_autofree char *pattern = *text ? clean(text) : NULL;
    if (!pattern || !*pattern)
      continue;
    if (ignore->rules->len >= OAKUM_IGNORE_PATTERNS_MAX) {
      g_set_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_LIMIT,
                  "ignore file: more than %u patterns", OAKUM_IGNORE_PATTERNS_MAX);
      return NULL;
    }
    Rule *rule = g_new0(Rule, 1);
    *rule = (Rule){g_steal_pointer(&pattern), exception};
    g_ptr_array_add(ignore->rules, rule);
    ignore->exceptions |= exception;
  }
  return g_steal_pointer(&ignore);
}

gboolean oakum_ignore_match(const OakumIgnore *ignore, const char *path)
{
  gboolean ignored = FALSE;
  for (guint i = 0; i < ignore->rules->len; i++) {
    const Rule *rule = ignore->rules->pdata[i];
    if (rule->exception != ignored)
      continue; /* it could change nothing */
    g_autofree char *part = g_strdup(path);
    for (;;) { /* the path itself, then every folder above it */
      gboolean valid = TRUE;
      if (match(rule->pattern, part, TRUE, &valid) && valid) {
        ignored = !rule->exception;
        break;
      }
      char *slash = strrchr(part, '/');
      if (!slash)
        break;
      *slash = '\0';
    }
  }
  return ignored;
}

gboolean oakum_ignore_has_exceptions(const OakumIgnore *ignore)
{
  return ignore->exceptions;
}

void oakum_ignore_free(OakumIgnore *ignore)
{
  if (!ignore)
    return;
  g_ptr_array_unref(ignore->rules);
  g_free(ignore);
}
