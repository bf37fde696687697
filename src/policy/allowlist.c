/* GitLab's vulnerability-allowlist.yml, for its job and for policies alike. Form:
 * https://docs.gitlab.com/user/application_security/container_scanning/ ("Vulnerability
 * allowlisting"): `generalallowlist` holds ids, `images` ids by the name of an image; what stands
 * behind an id (the name of a package, say) is a comment. */
#include "policy/policy-private.h"

static void row_free(gpointer data)
{
  OakumAllowRow *row = data;
  g_free(row->id);
  g_free(row->image);
  g_free(row->comment);
  g_free(row);
}

void oakum_allowlist_free(OakumAllowlist *list)
{
  if (!list)
    return;
  g_ptr_array_unref(list->rows);
  g_hash_table_unref(list->by_id);
  g_free(list);
}

typedef struct {
  OakumAllowlist *list;
  const char *what;
  GPtrArray *warnings;
} Reading;

static void warn(const Reading *r, const OakumYaml *at, const char *rest)
{
  if (r->warnings->len < OAKUM_POLICY_WARNINGS_MAX)
    g_ptr_array_add(r->warnings, g_strdup_printf("%s:%d:%d: \"%s\" %s", r->what, at->line,
                                                 at->column, at->text ? at->text : "", rest));
}

/* Nothing, in any of the ways to write it. */
static gboolean is_empty(const OakumYaml *value)
{
  return oakum_yaml_is_null(value) || (value->kind == OAKUM_YAML_LIST && value->items->len == 0);
}

/* GitLab compares letter by letter: a wildcard there means nothing, so it must not here. */
static gboolean plain(const Reading *r, const OakumYaml *key)
{
  if (key->kind == OAKUM_YAML_SCALAR && *key->text && oakum_glob_plain(key->text))
    return TRUE;
  warn(r, key, "is a name with wildcards, which GitLab does not have; it is passed over");
  return FALSE;
}

static gboolean read_ids(const Reading *r, const OakumYaml *map, const char *image, GError **error)
{
  if (is_empty(map))
    return TRUE;
  if (map->kind != OAKUM_YAML_MAP)
    return oakum_policy_wrong(r->what, map, error,
                              "expected ids and comments, \"CVE-2024-1: why\"");
  for (guint i = 0; i < map->keys->len; i++) {
    const OakumYaml *id = map->keys->pdata[i], *comment = map->items->pdata[i];
    if (!plain(r, id))
      continue;
    if (comment->kind != OAKUM_YAML_SCALAR)
      warn(r, id, "has keys or a list behind it, which mean nothing to GitLab and nothing here");
    OakumAllowRow *row = g_new0(OakumAllowRow, 1);
    row->id = g_strdup(id->text);
    row->image = g_strdup(image);
    if (comment->kind == OAKUM_YAML_SCALAR && !oakum_yaml_is_null(comment) && *comment->text)
      row->comment = g_strdup(comment->text);
    row->line = id->line;
    row->column = id->column;
    g_ptr_array_add(r->list->rows, row);
    char *upper = g_ascii_strup(id->text, -1);
    GPtrArray *same = g_hash_table_lookup(r->list->by_id, upper);
    if (same)
      g_free(upper);
    else
      g_hash_table_insert(r->list->by_id, upper, same = g_ptr_array_new());
    g_ptr_array_add(same, row);
  }
  return TRUE;
}

static gboolean read_images(const Reading *r, const OakumYaml *images, GError **error)
{
  if (is_empty(images))
    return TRUE;
  if (images->kind != OAKUM_YAML_MAP)
    return oakum_policy_wrong(r->what, images, error, "\"images\" takes names of images");
  for (guint i = 0; i < images->keys->len; i++) {
    const OakumYaml *key = images->keys->pdata[i], *ids = images->items->pdata[i];
    if (plain(r, key) && !read_ids(r, ids, key->text, error))
      return FALSE;
  }
  return TRUE;
}

OakumAllowlist *oakum_allowlist_read(const OakumYaml *top, const char *what, GPtrArray *warnings,
                                     GError **error)
{
  g_autoptr(OakumAllowlist) list = g_new0(OakumAllowlist, 1);
  list->rows = g_ptr_array_new_with_free_func(row_free);
  list->by_id = oakum_str_map_new(g_free, (GDestroyNotify)g_ptr_array_unref);
  const Reading r = {list, what, warnings};
  if (oakum_yaml_is_null(top))
    return g_steal_pointer(&list);
  if (top->kind != OAKUM_YAML_MAP) {
    (void)oakum_policy_wrong(what, top, error, "expected generalallowlist: or images:");
    return NULL;
  }
  const OakumYaml *general = oakum_yaml_get(top, "generalallowlist"),
                  *images = oakum_yaml_get(top, "images");
  for (guint i = 0; i < top->keys->len; i++) {
    const OakumYaml *key = top->keys->pdata[i];
    if (strcmp(key->text, "generalallowlist") != 0 && strcmp(key->text, "images") != 0)
      warn(&r, key, "means nothing here; there are generalallowlist and images");
  }
  if ((general && !read_ids(&r, general, NULL, error)) ||
      (images && !read_images(&r, images, error)))
    return NULL;
  return g_steal_pointer(&list);
}

static const OakumAllowRow *find_id(const OakumAllowlist *list, const char *id, const char *image)
{
  g_autofree char *upper = g_ascii_strup(id, -1);
  const GPtrArray *same = g_hash_table_lookup(list->by_id, upper);
  for (guint i = 0; same && i < same->len; i++) {
    const OakumAllowRow *row = same->pdata[i];
    if (!row->image || oakum_image_is(row->image, image))
      return row;
  }
  return NULL;
}

const OakumAllowRow *oakum_allowlist_find(const OakumAllowlist *list, const char *image,
                                          const OakumFinding *finding)
{
  const OakumAllowRow *row = find_id(list, finding->id, image);
  for (char **alias = finding->aliases; alias && *alias && !row; alias++)
    row = find_id(list, *alias, image);
  return row;
}
