/* Ranges of versions in VEX documents: VERS (github.com/package-url/vers-spec,
 * "vers:npm/>=1.0|<2.0"), and CSAF's own form without the scheme (section 3.1.2.3.2). */
#include "match/match-private.h"
#include "match/vex-private.h"
#include <string.h>

typedef struct {
  char operation[3]; /* "=", "!=", "<", "<=", ">", ">=" */
  char *version;
} Comparator;

static void comparator_clear(gpointer data)
{
  g_free(((Comparator *)data)->version);
}

static gboolean read_comparator(const char *text, Comparator *out)
{
  size_t n = strspn(text, "<>=!");
  const char *version = text + n + strspn(text + n, " ");
  static const char *const known[] = {"=", "!=", "<", "<=", ">", ">=", NULL};
  g_autofree char *operation = n ? g_strndup(text, n) : g_strdup("=");
  g_autofree char *plain = g_uri_unescape_string(version, NULL);
  if (strcmp(operation, "==") == 0)
    operation[1] = 0;
  if (!plain || !*plain || strpbrk(plain, " \t\r\n") || !g_strv_contains(known, operation))
    return FALSE;
  g_strlcpy(out->operation, operation, sizeof out->operation);
  out->version = g_steal_pointer(&plain);
  return TRUE;
}

static gboolean holds(OakumVersionScheme scheme, const Comparator *c, const char *version)
{
  int order = oakum_match_order(scheme, FALSE, version, c->version);
  gboolean equal = c->operation[0] == '=' || c->operation[1] == '=';
  if (order == 2)
    return FALSE;
  return c->operation[0] == '<' ? order < 0 || (equal && order == 0)
                                : order > 0 || (equal && order == 0);
}

/* The specification's algorithm over comparators in the order of their versions. */
static gboolean between(OakumVersionScheme scheme, const GArray *bounds, const char *version)
{
  for (guint i = 0; i < bounds->len; i++) {
    const Comparator *c = &g_array_index(bounds, Comparator, i),
                     *next = i + 1 < bounds->len ? c + 1 : NULL;
    if (c->operation[0] == '<' && i == 0 && holds(scheme, c, version))
      return TRUE;
    if (c->operation[0] != '>' || !holds(scheme, c, version))
      continue;
    if (!next || (next->operation[0] == '<' && holds(scheme, next, version)))
      return TRUE;
  }
  return FALSE;
}

gboolean oakum_vex_in_range(const char *range, const char *ecosystem, const char *version)
{
  OakumVersionScheme scheme = OAKUM_VERSION_GENERIC;
  const char *slash = strchr(range, '/');
  g_autoptr(GArray) bounds = g_array_new(FALSE, FALSE, sizeof(Comparator));
  gboolean others = FALSE;
  g_array_set_clear_func(bounds, comparator_clear);
  if (g_str_has_prefix(range, "vers:"))
    range = slash ? slash + 1 : "";
  if (strlen(range) > OAKUM_RANGE_MAX)
    return FALSE;
  const char *name = ecosystem ? oakum_ecosystem_scheme(ecosystem) : "";
  if ((*name && !oakum_version_scheme_parse(name, &scheme)) || !version || !*version)
    return FALSE;
  g_auto(GStrv) parts = g_strsplit_set(range, "|,", -1);
  for (char **part = parts; *part; part++) {
    Comparator c = {"", NULL};
    const char *text = g_strstrip(*part);
    if (strcmp(text, "*") == 0)
      return TRUE;
    if (!read_comparator(text, &c))
      return FALSE; /* words: they say nothing that can be held against a version */
    gboolean single = c.operation[0] == '=' || c.operation[0] == '!';
    gboolean same = single && (strcmp(c.version, version) == 0 ||
                               oakum_match_order(scheme, FALSE, version, c.version) == 0);
    others |= c.operation[0] == '!';
    if (!single) {
      g_array_append_val(bounds, c);
      continue;
    }
    g_free(c.version);
    if (same)
      return c.operation[0] == '=';
  }
  return bounds->len > 0 ? between(scheme, bounds, version) : others;
}
