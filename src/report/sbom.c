#include "report/sbom-private.h"
#include <string.h>

json_t *oakum_sbom_text(const char *value)
{
  if (!value)
    return json_null();
  if (g_utf8_validate(value, -1, NULL))
    return json_string_nocheck(value);
  g_autofree char *safe = oakum_escape_utf8(value, -1);
  return json_string(safe);
}

static void frame(OakumHasher *hasher, const char *value)
{
  g_autofree char *length = g_strdup_printf("%zu:", value ? strlen(value) : 0);
  oakum_hasher_update(hasher, length, strlen(length));
  if (value)
    oakum_hasher_update(hasher, value, strlen(value));
}

char *oakum_sbom_uuid(const OakumResult *result)
{
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  const OakumCatalog *catalog = result->catalog;
  frame(hasher, result->target);
  frame(hasher, catalog->distro.id);
  frame(hasher, catalog->distro.version);
  for (guint i = 0; i < catalog->packages->len; i++) {
    const OakumPackage *p = catalog->packages->pdata[i];
    const char *const values[] = {p->type,   p->space,       p->name,           p->version, p->arch,
                                  p->purl,   p->source_name, p->source_version, p->license, p->cpe,
                                  p->module, p->maintainer,  p->layer};
    for (size_t j = 0; j < G_N_ELEMENTS(values); j++)
      frame(hasher, values[j]);
    for (guint j = 0; j < p->paths->len; j++)
      frame(hasher, p->paths->pdata[j]);
  }
  g_autofree char *hex = oakum_hasher_hex(hasher);
  return oakum_sbom_uuid_of(hex);
}

char *oakum_sbom_uuid_of(char *hex)
{
  hex[12] = '8';
  hex[16] = "89ab"[g_ascii_xdigit_value(hex[16]) & 3];
  return g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

GPtrArray *oakum_sbom_refs(const OakumResult *result)
{
  GPtrArray *refs = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GHashTable) seen = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < result->catalog->packages->len; i++) {
    const OakumPackage *p = result->catalog->packages->pdata[i];
    g_autofree char *name =
        p->purl ? g_strdup(p->purl) : g_strdup_printf("%s/%s@%s", p->type, p->name, p->version);
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(seen, name)) + 1;
    g_ptr_array_add(refs, n > 1 ? g_strdup_printf("%s#%u", name, n) : g_strdup(name));
    g_hash_table_replace(seen, g_steal_pointer(&name), GUINT_TO_POINTER(n));
  }
  return refs;
}

char *oakum_sbom_incomplete(const OakumResult *result)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < result->findings->len; i++) {
    const OakumFinding *f = result->findings->pdata[i];
    if (f->kind == OAKUM_FINDING_INCOMPLETE)
      g_string_append_printf(text, "%s%s", text->len ? "\n" : "", f->title ? f->title : f->id);
  }
  return text->len ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

typedef struct {
  const char *key, *value;
} Said;

static void say_all(const Said *all, size_t n, OakumSbomSay say, gpointer user)
{
  for (size_t i = 0; i < n; i++)
    if (all[i].value && *all[i].value)
      say(user, all[i].key, all[i].value);
}

void oakum_sbom_properties(const OakumPackage *package, OakumSbomSay say, gpointer user)
{
  const Said all[] = {{"type", package->type},
                      {"arch", package->arch},
                      {"source:name", package->source_name},
                      {"source:version", package->source_version},
                      {"module", package->module},
                      {"owner", package->owner},
                      {"found-by", package->found_by},
                      {"layer", package->layer},
                      {"guessed", package->guessed ? "true" : NULL}};
  say_all(all, G_N_ELEMENTS(all), say, user);
}

void oakum_sbom_distro_properties(const OakumDistro *distro, OakumSbomSay say, gpointer user)
{
  const Said all[] = {{"distro:like", distro->like}, {"distro:codename", distro->codename},
                      {"distro:cpe", distro->cpe},   {"distro:ecosystem", distro->ecosystem},
                      {"distro:pro", distro->pro},   {"distro:repositories", distro->repositories}};
  say_all(all, G_N_ELEMENTS(all), say, user);
}
