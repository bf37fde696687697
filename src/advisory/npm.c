/* Ranges as npm writes them ("<1.2 || >=2.0.0 <2.1.3 || ~3.1 || 4.x"), to intervals
 * (docs.npmjs.com/cli/v6/using-npm/semver, by its tables). */
#include "advisory/advisory-private.h"
#include "version/version.h"

typedef struct {
  GStringChunk *words;
  OakumVersionScheme scheme;
  OakumAdvisoryRange range; /* last_affected and fixed: at most one is set */
  gboolean none;            /* nothing is in it */
} Set;

static int compare(const Set *set, const char *a, const char *b)
{
  int order = oakum_version_order(set->scheme, a, b);
  return order == 2 ? strcmp(a, b) : order;
}

/* From `version` on, with it or without. */
static void from(Set *set, const char *version, gboolean after)
{
  int order = set->range.introduced ? compare(set, version, set->range.introduced) : 1;
  if (order < 0 || (order == 0 && !after))
    return;
  set->range.introduced = g_string_chunk_insert(set->words, version);
  set->range.after = after;
}

/* Up to `version`, with it or without. */
static void to(Set *set, const char *version, gboolean with)
{
  const char *old = set->range.fixed ? set->range.fixed : set->range.last_affected;
  int order = old ? compare(set, version, old) : -1;
  if (order > 0 || (order == 0 && (with || set->range.fixed)))
    return;
  const char *own = g_string_chunk_insert(set->words, version);
  set->range.fixed = with ? NULL : own;
  set->range.last_affected = with ? own : NULL;
}

typedef struct {
  guint64 numbers[3];
  guint n;           /* that are told */
  const char *label; /* "-rc.1", or "" */
} Partial;

static gboolean read_partial(const char *text, Partial *out)
{
  *out = (Partial){.label = ""};
  text += strspn(text, "v=");
  while (out->n < 3) {
    if (*text == 'x' || *text == 'X' || *text == '*')
      return TRUE; /* what is behind a wildcard is one as well */
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || !oakum_parse_u64(text, digits, G_MAXUINT32, &out->numbers[out->n]))
      return FALSE;
    out->n++;
    text += digits;
    if (*text != '.')
      break;
    text++;
  }
  if (*text == '-')
    out->label = text;
  return *text == 0 || *text == '-' || *text == '+';
}

static char *full(const Partial *p)
{
  g_autofree char *label = g_strndup(p->label, strcspn(p->label, "+"));
  return g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT "%s",
                         p->numbers[0], p->numbers[1], p->numbers[2], label);
}

/* The first version behind all that agree with `p` in its first `keep` numbers. */
static char *behind(const Partial *p, guint keep)
{
  guint64 n[3] = {0};
  for (guint i = 0; i < keep; i++)
    n[i] = p->numbers[i] + (i + 1 == keep);
  return g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT "-0",
                         n[0], n[1], n[2]);
}

static gboolean add_comparator(Set *set, const char *operation, size_t len, const char *version)
{
  Partial p;
  char op = len ? *operation : 0;
  gboolean equal = len == 2 && operation[1] == '=';
  if (!read_partial(version, &p))
    return FALSE;
  g_autofree char *low = full(&p), *high = NULL;
  if (op == '<') {
    high = equal && p.n < 3 && p.n > 0 ? behind(&p, p.n) : g_strdup(low);
    if (p.n > 0 || !equal)
      to(set, high, equal && p.n == 3);
    return TRUE;
  }
  if (op == '>') {
    high = !equal && p.n < 3 && p.n > 0 ? behind(&p, p.n) : NULL;
    if (p.n > 0)
      from(set, high ? high : low, !equal && !high);
    else
      set->none = set->none || !equal;
    return TRUE;
  }
  if (p.n == 0)
    return TRUE; /* "*" */
  guint keep = p.n;
  if (op == '^')
    keep = p.numbers[0] || p.n == 1 ? 1 : p.numbers[1] || p.n == 2 ? 2 : 3;
  else if (op == '~')
    keep = MIN(p.n, 2);
  from(set, low, FALSE);
  high = behind(&p, keep);
  if (op == '^' || op == '~' || p.n < 3)
    to(set, high, FALSE);
  else
    to(set, low, TRUE);
  return TRUE;
}

/* One alternative: comparators that all hold. */
static gboolean add_set(const char *text, Set *set)
{
  g_auto(GStrv) parts = g_strsplit_set(text, " \t,", -1);
  g_autoptr(GPtrArray) words = g_ptr_array_new();
  for (char **part = parts; *part; part++)
    if (**part)
      g_ptr_array_add(words, *part);
  for (guint i = 0; i < words->len; i++) {
    const char *word = words->pdata[i];
    size_t n = strspn(word, "<>=~^");
    const char *version = word + n;
    if (i + 2 < words->len && strcmp(words->pdata[i + 1], "-") == 0) {
      if (n != 0 || !add_comparator(set, ">=", 2, word) ||
          !add_comparator(set, "<=", 2, words->pdata[i + 2]))
        return FALSE;
      i += 2;
      continue;
    }
    if (!*version && i + 1 < words->len) /* "< 1.2" */
      version = words->pdata[++i];
    if (n > 2 || !add_comparator(set, word, n, version))
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_npm_ranges(const char *text, GStringChunk *words, GArray *ranges)
{
  g_auto(GStrv) alternatives = g_strsplit(text, "||", -1);
  for (char **one = alternatives; *one; one++) {
    Set set = {.words = words};
    if (!oakum_version_scheme_parse("npm", &set.scheme) || !add_set(*one, &set))
      return FALSE;
    const char *end = set.range.fixed ? set.range.fixed : set.range.last_affected;
    int order = set.range.introduced && end ? compare(&set, set.range.introduced, end) : -1;
    if (set.none || order > 0 || (order == 0 && (set.range.fixed || set.range.after)))
      continue;
    g_array_append_val(ranges, set.range);
  }
  return TRUE;
}

void oakum_npm_without(GArray *ranges, const GArray *whole)
{
  Set set = {0};
  if (!oakum_version_scheme_parse("npm", &set.scheme))
    return;
  for (guint i = 0; i < ranges->len; i++) {
    OakumAdvisoryRange *r = &g_array_index(ranges, OakumAdvisoryRange, i);
    for (guint k = 0; k < whole->len; k++) {
      const OakumAdvisoryRange *w = &g_array_index(whole, OakumAdvisoryRange, k);
      const char *end = r->fixed ? r->fixed : r->last_affected;
      if (!w->introduced || w->after ||
          (r->introduced && compare(&set, w->introduced, r->introduced) < 0) ||
          (end && compare(&set, w->introduced, end) >= (r->fixed ? 0 : 1)))
        continue;
      r->fixed = w->introduced;
      r->last_affected = NULL;
    }
  }
}
