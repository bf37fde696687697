#include "report/compare.h"
#include "report/report-private.h"
#include <string.h>

/* ---- packages
 * -------------------------------------------------------------------------------------- */
static char *package_key(const OakumPackage *p, gboolean arch)
{
  return g_strjoin("\n", p->type ? p->type : "", p->space ? p->space : "", p->name,
                   arch && p->arch ? p->arch : "", NULL);
}

/* Names of which one of the two has packages of several architectures: there it tells them apart.
 * Elsewhere it is no name: Debian makes "all" of "amd64" in its next release, and the images of two
 * platforms have the same packages. */
static GHashTable *of_several(const OakumResult *from, const OakumResult *to)
{
  const OakumResult *const sides[] = {from, to};
  GHashTable *several = oakum_str_map_new(g_free, NULL);
  for (size_t side = 0; side < G_N_ELEMENTS(sides); side++) {
    g_autoptr(GHashTable) archs = oakum_str_map_new(g_free, NULL);
    const GPtrArray *packages = sides[side]->catalog->packages;
    for (guint i = 0; i < packages->len; i++) {
      const OakumPackage *p = packages->pdata[i];
      char *key = package_key(p, FALSE);
      gpointer other;
      const char *arch = p->arch ? p->arch : "";
      if (g_hash_table_lookup_extended(archs, key, NULL, &other)) {
        if (strcmp(other, arch) != 0)
          g_hash_table_add(several, g_strdup(key));
        g_free(key);
      } else {
        g_hash_table_insert(archs, key, (gpointer)arch);
      }
    }
  }
  return several;
}

/* Key to the packages of that name (borrowed), in the order of the result: by version. */
static GHashTable *group(const OakumResult *result, GHashTable *several)
{
  GHashTable *groups = oakum_str_map_new(g_free, (GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < result->catalog->packages->len; i++) {
    OakumPackage *p = result->catalog->packages->pdata[i];
    g_autofree char *name = package_key(p, FALSE);
    g_autofree char *key = package_key(p, g_hash_table_contains(several, name));
    GPtrArray *list = g_hash_table_lookup(groups, key);
    if (!list)
      g_hash_table_insert(groups, g_steal_pointer(&key), list = g_ptr_array_new());
    g_ptr_array_add(list, p);
  }
  return groups;
}

/* Without doubles: a file that lies in an image twice is no other version. */
static char *versions(const GPtrArray *list)
{
  GString *out = g_string_new(NULL);
  g_autoptr(GHashTable) seen = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; list && i < list->len; i++) {
    const OakumPackage *p = list->pdata[i];
    if (g_hash_table_add(seen, p->version))
      g_string_append_printf(out, "%s%s", out->len ? ", " : "", p->version);
  }
  if (list)
    return g_string_free(out, FALSE);
  g_string_free(out, TRUE);
  return NULL;
}

static gint by_package(gconstpointer a, gconstpointer b)
{
  const OakumPackageChange *x = a, *y = b;
  int order = strcmp(x->package->name, y->package->name);
  if (order == 0)
    order = g_strcmp0(x->package->type, y->package->type);
  if (order == 0)
    order = g_strcmp0(x->package->space, y->package->space);
  return order ? order : g_strcmp0(x->package->arch, y->package->arch);
}

static void package_change_clear(gpointer data)
{
  OakumPackageChange *change = data;
  g_free(change->from);
  g_free(change->to);
}

static void compare_packages(OakumComparison *c)
{
  g_autoptr(GHashTable) several = of_several(c->from, c->to), old = group(c->from, several),
                        new = group(c->to, several);
  GHashTableIter iter;
  gpointer key, list;
  g_hash_table_iter_init(&iter, new);
  while (g_hash_table_iter_next(&iter, &key, &list)) {
    OakumPackageChange change = {OAKUM_CHANGE_ADDED, ((GPtrArray *)list)->pdata[0],
                                 versions(g_hash_table_lookup(old, key)), versions(list)};
    if (change.from && strcmp(change.from, change.to) == 0) {
      c->packages_same++;
      package_change_clear(&change);
      continue;
    }
    change.kind = change.from ? OAKUM_CHANGE_CHANGED : OAKUM_CHANGE_ADDED;
    g_array_append_val(c->packages, change);
  }
  g_hash_table_iter_init(&iter, old);
  while (g_hash_table_iter_next(&iter, &key, &list))
    if (!g_hash_table_contains(new, key)) {
      OakumPackageChange change = {OAKUM_CHANGE_REMOVED, ((GPtrArray *)list)->pdata[0],
                                   versions(list), NULL};
      g_array_append_val(c->packages, change);
    }
  g_array_sort(c->packages, by_package);
}

/* ---- holes
 * ----------------------------------------------------------------------------------------- */
/* What holes go by, or, when `observed`, what files and settings show. */
static GHashTable *findings_of(const OakumResult *result, gboolean observed)
{
  GHashTable *holes = oakum_str_map_new(g_free, NULL);
  for (guint i = result->findings->len; i-- > 0;) { /* the first of those that are alike stays */
    OakumFinding *f = result->findings->pdata[i];
    if (f->suppressed)
      continue;
    if (observed && oakum_report_is_observed(f))
      g_hash_table_replace(holes, oakum_finding_fingerprint(f), f);
    else if (!observed && f->kind == OAKUM_FINDING_VULNERABILITY)
      g_hash_table_replace(holes, oakum_finding_hole_key(f, f->id), f);
  }
  return holes;
}

static gint by_hole(gconstpointer a, gconstpointer b)
{
  const OakumFinding *x = ((const OakumHoleChange *)a)->finding,
                     *y = ((const OakumHoleChange *)b)->finding;
  if (x->kind != y->kind)
    return (gint)x->kind - (gint)y->kind;
  if (x->severity != y->severity)
    return (gint)y->severity - (gint)x->severity;
  return oakum_finding_compare(&x, &y);
}

/* The hole of the other side that goes by another of this one's names, or this one by another of
 * its: the first name of a hole changes when it is given a better one. A key of `side`; NULL: there
 * is none. */
static const char *by_other_name(const OakumFinding *f, GHashTable *side, GHashTable *others)
{
  g_autofree char *own = oakum_finding_hole_key(f, f->id);
  const char *found = g_hash_table_lookup(others, own);
  for (char **alias = f->aliases; alias && *alias && !found; alias++) {
    g_autofree char *key = oakum_finding_hole_key(f, *alias);
    gpointer as_there;
    if (g_hash_table_lookup_extended(side, key, &as_there, NULL))
      found = as_there;
  }
  return found;
}

/* Holes that both have by different names: the keys of either side (borrowed). */
static GHashTable *renamed(GHashTable *old, GHashTable *new, const OakumResult *to)
{
  GHashTable *both = oakum_str_map_new(NULL, NULL);
  g_autoptr(GHashTable) others = oakum_str_map_new(g_free, NULL); /* other names of the old ones */
  GHashTableIter iter;
  gpointer key, finding;
  g_hash_table_iter_init(&iter, old);
  while (g_hash_table_iter_next(&iter, &key, &finding))
    for (char **alias = ((OakumFinding *)finding)->aliases; alias && *alias; alias++) {
      char *name = oakum_finding_hole_key(finding, *alias);
      const char *first = g_hash_table_lookup(others, name);
      if (first && strcmp(first, key) <= 0) /* whatever the order of the table */
        g_free(name);
      else
        g_hash_table_replace(others, name, key);
    }
  for (guint i = 0; i < to->findings->len; i++) {
    const OakumFinding *f = to->findings->pdata[i];
    if (f->kind != OAKUM_FINDING_VULNERABILITY || f->suppressed)
      continue;
    g_autofree char *own = oakum_finding_hole_key(f, f->id);
    gpointer here;
    if (g_hash_table_contains(old, own) || !g_hash_table_lookup_extended(new, own, &here, NULL))
      continue;
    const char *there = by_other_name(f, old, others);
    if (there && !g_hash_table_contains(new, there) && !g_hash_table_contains(both, there) &&
        !g_hash_table_contains(both, here)) {
      g_hash_table_add(both, (gpointer)there);
      g_hash_table_add(both, here);
    }
  }
  return both;
}

static void compare_findings(OakumComparison *c, gboolean observed)
{
  g_autoptr(GHashTable) old = findings_of(c->from, observed), new = findings_of(c->to, observed);
  g_autoptr(GHashTable) same = observed ? oakum_str_map_new(NULL, NULL) : renamed(old, new, c->to);
  GHashTable *const sets[] = {new, old};
  for (int side = 0; side < 2; side++) {
    GHashTableIter iter;
    gpointer key, finding;
    g_hash_table_iter_init(&iter, sets[side]);
    while (g_hash_table_iter_next(&iter, &key, &finding)) {
      gboolean both = g_hash_table_contains(sets[!side], key) || g_hash_table_contains(same, key);
      OakumHoleChange change = {side ? OAKUM_CHANGE_REMOVED : OAKUM_CHANGE_ADDED, finding};
      if (both && side)
        continue;
      if (!observed)
        c->by_severity[both ? 2 : side][change.finding->severity]++;
      if (both) {
        g_ptr_array_add(c->stayed, finding);
        if (observed)
          c->observed_same[change.finding->kind]++;
        else
          c->holes_same++;
      } else {
        g_array_append_val(observed ? c->observed : c->holes, change);
      }
    }
  }
  g_array_sort(observed ? c->observed : c->holes, by_hole);
}

/* ---- the image
 * ------------------------------------------------------------------------------------- */
static void setting_clear(gpointer data)
{
  OakumSettingChange *change = data;
  g_free(change->name);
  g_free(change->from);
  g_free(change->to);
}

static char *shown(const json_t *value)
{
  if (!value || json_is_null(value))
    return NULL;
  if (json_is_string(value))
    return g_strdup(json_string_value(value));
  return oakum_json_dump(value, TRUE);
}

static void setting(OakumComparison *c, const char *name, const json_t *from, const json_t *to)
{
  if (from == to || (from && to && json_equal(from, to)))
    return;
  OakumSettingChange change = {g_strdup(name), shown(from), shown(to)};
  g_array_append_val(c->settings, change);
}

/* Members of two objects, one by one; of environment variables the values are hashes. */
static void members(OakumComparison *c, const char *prefix, const json_t *from, const json_t *to)
{
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)from, key, value)
  {
    g_autofree char *name = g_strconcat(prefix, key, NULL);
    setting(c, name, value, json_object_get(to, key));
  }
  json_object_foreach((json_t *)to, key, value) if (!json_object_get(from, key))
  {
    g_autofree char *name = g_strconcat(prefix, key, NULL);
    setting(c, name, NULL, value);
  }
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(((const OakumSettingChange *)a)->name, ((const OakumSettingChange *)b)->name);
}

static void compare_images(OakumComparison *c)
{
  const json_t *a = c->from->image, *b = c->to->image;
  const json_t *size_a = json_object_get(a, "size"), *size_b = json_object_get(b, "size");
  c->size_from = json_is_integer(size_a) ? json_integer_value(size_a) : -1;
  c->size_to = json_is_integer(size_b) ? json_integer_value(size_b) : -1;
  const GPtrArray *old = c->from->catalog->layers, *new = c->to->catalog->layers;
  c->layers_from = old->len > 0 ? (int)old->len : -1;
  c->layers_to = new->len > 0 ? (int)new->len : -1;
  while (c->layers_shared < MIN(c->layers_from, c->layers_to)) {
    const OakumLayerOrigin *x = old->pdata[c->layers_shared], *y = new->pdata[c->layers_shared];
    if (!x->diff_id || g_strcmp0(x->diff_id, y->diff_id) != 0)
      break;
    c->layers_shared++;
  }
  const char *os[] = {c->from->catalog->distro.pretty, c->to->catalog->distro.pretty};
  if (g_strcmp0(os[0], os[1]) != 0) {
    OakumSettingChange change = {g_strdup("distribution"), g_strdup(os[0]), g_strdup(os[1])};
    g_array_append_val(c->settings, change);
  }
  if (!a || !b)
    return;
  setting(c, "platform", json_object_get(a, "platform"), json_object_get(b, "platform"));
  const json_t *x = json_object_get(a, "config"), *y = json_object_get(b, "config");
  static const char *const names[] = {"user",          "working_dir", "entrypoint",  "cmd",
                                      "exposed_ports", "volumes",     "stop_signal", "healthcheck"};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    setting(c, names[i], json_object_get(x, names[i]), json_object_get(y, names[i]));
  members(c, "environment ", json_object_get(x, "environment"), json_object_get(y, "environment"));
  members(c, "label ", json_object_get(x, "labels"), json_object_get(y, "labels"));
  g_array_sort(c->settings, by_name);
}

OakumComparison *oakum_comparison_new(const OakumResult *from, const OakumResult *to)
{
  OakumComparison *c = g_new0(OakumComparison, 1);
  c->from = from;
  c->to = to;
  c->packages = g_array_new(FALSE, FALSE, sizeof(OakumPackageChange));
  g_array_set_clear_func(c->packages, package_change_clear);
  c->holes = g_array_new(FALSE, FALSE, sizeof(OakumHoleChange));
  c->stayed = g_ptr_array_new();
  c->observed = g_array_new(FALSE, FALSE, sizeof(OakumHoleChange));
  c->settings = g_array_new(FALSE, FALSE, sizeof(OakumSettingChange));
  g_array_set_clear_func(c->settings, setting_clear);
  compare_packages(c);
  compare_findings(c, FALSE);
  compare_findings(c, TRUE);
  compare_images(c);
  return c;
}

void oakum_comparison_free(OakumComparison *comparison)
{
  if (!comparison)
    return;
  g_array_unref(comparison->packages);
  g_array_unref(comparison->holes);
  g_array_unref(comparison->observed);
  g_array_unref(comparison->settings);
  g_ptr_array_unref(comparison->stayed);
  g_free(comparison);
}
