/* A case as one JSON document: what is installed, and what is said of it. */
#include "match/match-private.h"
#include "codec/codec.h"
#include <string.h>

void oakum_match_case_free(OakumMatchCase *one)
{
  if (!one)
    return;
  oakum_catalog_free(one->catalog);
  oakum_vex_free(one->vex);
  g_free(one->image);
  g_strfreev(one->digests);
  g_free(one);
}

static gboolean wrong(GError **error, const char *what)
{
  g_set_error(error, OAKUM_MATCH_ERROR, OAKUM_ERROR_INVALID, "match document: %s", what);
  return FALSE;
}

static char *text_of(const json_t *object, const char *key)
{
  return g_strdup(json_string_value(json_object_get(object, key)));
}

static gboolean read_package(const json_t *json, const OakumDistro *distro, GPtrArray *into,
                             GError **error)
{
  OakumPackage *p = oakum_package_new();
  g_ptr_array_add(into, p);
  const struct {
    const char *key;
    char **slot;
  } fields[] = {{"name", &p->name},
                {"version", &p->version},
                {"type", &p->type},
                {"space", &p->space},
                {"arch", &p->arch},
                {"source", &p->source_name},
                {"source_version", &p->source_version},
                {"vendor", &p->maintainer},
                {"module", &p->module},
                {"cpe", &p->cpe},
                {"owner", &p->owner},
                {"found_by", &p->found_by},
                {"purl", &p->purl}};
  for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
    *fields[i].slot = text_of(json, fields[i].key);
  const OakumDistroRule *rule = oakum_distro_rule(distro->ecosystem);
  if (!p->type && rule)
    p->type = g_strdup(rule->type);
  if (!p->name || !*p->name || !p->type)
    return wrong(error, "a package without name, or without type where the distribution has none");
  if (!p->version)
    p->version = g_strdup("");
  if (!p->source_name)
    p->source_name = g_strdup(p->name);
  if (!p->source_version)
    p->source_version = g_strdup(p->version);
  if (!p->purl)
    p->purl = g_strdup_printf("pkg:%s/%s%s%s%s%s", p->type, p->space ? p->space : "",
                              p->space ? "/" : "", p->name, *p->version ? "@" : "", p->version);
  g_ptr_array_add(p->paths, g_strdup("case"));
  return TRUE;
}

static gboolean read_records(const json_t *records, const char *path, GError **error)
{
  g_autoptr(OakumAdvisoryImport) import = oakum_advisory_import_new(path, error);
  const char *feed;
  json_t *list;
  if (!import)
    return FALSE;
  json_object_foreach((json_t *)records, feed, list)
  {
    for (size_t i = 0; i < json_array_size(list); i++) {
      const json_t *one = json_array_get(list, i);
      const char *text = json_string_value(one);
      g_autofree char *dumped = text ? NULL : oakum_json_dump(one, FALSE);
      text = text ? text : dumped;
      g_autofree char *what = g_strdup_printf("%s-%zu", feed, i);
      guint64 had = oakum_advisory_import_bad(import);
      if (!oakum_advisory_import_read(import, feed, oakum_reader_new_memory(text, strlen(text)),
                                      what, error))
        return FALSE;
      if (oakum_advisory_import_bad(import) > had)
        return wrong(error, "a record cannot be read");
    }
  }
  return oakum_advisory_import_commit(import, error);
}

static gboolean read_vex(const json_t *list, OakumVex *vex, GError **error)
{
  for (size_t i = 0; i < json_array_size(list); i++) {
    g_autofree char *text = oakum_json_dump(json_array_get(list, i), FALSE);
    g_autofree char *what = g_strdup_printf("vex-%zu", i);
    if (!oakum_vex_read(vex, text, strlen(text), what, error))
      return FALSE;
  }
  return TRUE;
}

OakumMatchCase *oakum_match_case_read(const char *text, size_t len, const char *path,
                                      GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, "match document", error);
  if (!json)
    return NULL;
  g_autoptr(OakumMatchCase) one = g_new0(OakumMatchCase, 1);
  one->catalog = oakum_catalog_new();
  one->vex = oakum_vex_new();
  const json_t *distro = json_object_get(json, "distro"),
               *packages = json_object_get(json, "packages"),
               *records = json_object_get(json, "records");
  if (!json_is_array(packages) || (records && !json_is_object(records))) {
    (void)!wrong(error, "\"packages\" is no list, or \"records\" no object");
    return NULL;
  }
  OakumDistro *d = &one->catalog->distro;
  d->id = text_of(distro, "id");
  d->version = text_of(distro, "version");
  d->ecosystem = text_of(distro, "ecosystem");
  d->repositories = text_of(distro, "repositories");
  d->pro = text_of(distro, "pro");
  for (size_t i = 0; i < json_array_size(packages); i++)
    if (!read_package(json_array_get(packages, i), d, one->catalog->packages, error))
      return NULL;
  const char *now = json_string_value(json_object_get(json, "now"));
  json_int_t days = json_integer_value(json_object_get(json, "max_age_days"));
  if ((now && !oakum_time_parse(now, &one->options.now)) || days < 0 || days > 36500) {
    (void)!wrong(error, "\"now\" is no RFC 3339 time, or \"max_age_days\" no number of days");
    return NULL;
  }
  one->options.max_age_s = days * 86400;
  one->options.kernel_headers = json_is_true(json_object_get(json, "kernel_headers"));
  one->options.vex = one->vex;
  one->options.image = one->image = text_of(json, "image");
  const json_t *digests = json_object_get(json, "digests");
  one->digests = g_new0(char *, json_array_size(digests) + 1);
  for (size_t i = 0, n = 0; i < json_array_size(digests); i++)
    if (json_is_string(json_array_get(digests, i)))
      one->digests[n++] = g_strdup(json_string_value(json_array_get(digests, i)));
  one->options.digests = (const char *const *)one->digests;
  if (!read_records(records, path, error) ||
      !read_vex(json_object_get(json, "vex"), one->vex, error))
    return NULL;
  return g_steal_pointer(&one);
}
