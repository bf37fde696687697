/* Package-url (github.com/package-url/purl-spec, PURL-SPECIFICATION and PURL-TYPES). */
#include "catalog/catalog-private.h"
#include <string.h>

static void append_escaped(GString *purl, const char *text, const char *free)
{
  g_string_append_uri_escaped(purl, text, free, FALSE);
}

/* Components of a namespace are escaped each; empty ones go. */
static void append_space(GString *purl, const char *space)
{
  g_auto(GStrv) parts = g_strsplit(space, "/", -1);
  for (char **part = parts; *part; part++)
    if (**part) {
      append_escaped(purl, *part, NULL);
      g_string_append_c(purl, '/');
    }
}

/* The name as its type has it: some know no case, pypi also no difference of _, . and -. */
static char *normal(const char *type, const char *text)
{
  const OakumPackageType *known = oakum_package_type(type);
  char *name = known && known->caseless ? g_ascii_strdown(text, -1) : g_strdup(text);
  if (strcmp(type, "pypi") != 0)
    return name;
  GString *out = g_string_new(NULL); /* PEP 503 */
  for (const char *at = name; *at; at++)
    if (!strchr("-_.", *at))
      g_string_append_c(out, *at);
    else if (out->len == 0 || out->str[out->len - 1] != '-')
      g_string_append_c(out, '-');
  g_free(name);
  return g_string_free(out, FALSE);
}

typedef struct {
  GString *purl;
  char mark;
} Qualifiers;

static void qualify(Qualifiers *q, const char *key, const char *value)
{
  if (!value || !*value)
    return;
  g_string_append_c(q->purl, q->mark);
  g_string_append(q->purl, key);
  g_string_append_c(q->purl, '=');
  append_escaped(q->purl, value, ":");
  q->mark = '&';
}

const char *oakum_purl_arch_key(const char *type)
{
  return strcmp(type, "gem") == 0 ? "platform" : strcmp(type, "conda") == 0 ? "subdir" : "arch";
}

const char *oakum_purl_module_key(const char *type)
{
  return strcmp(type, "julia") == 0 ? "uuid" : strcmp(type, "conan") == 0 ? "channel" : "rpmmod";
}

/* What it was built from, where that is another package or version: the qualifier that readers of
 * bills look for advisories by (syft writes it so, grype reads it). */
static void qualify_upstream(Qualifiers *q, const OakumPackage *package)
{
  const char *name = package->source_name, *version = package->source_version;
  if (!name || !version)
    return;
  gboolean other = strcmp(name, package->name) != 0;
  if (strcmp(package->type, "rpm") == 0) {
    const char *end = strchr(version, ':');
    g_autofree char *file = g_strdup_printf("%s-%s.src.rpm", name, end ? end + 1 : version);
    if (other)
      qualify(q, "upstream", file);
  } else if (strcmp(package->type, "deb") == 0 || strcmp(package->type, "apk") == 0) {
    gboolean changed = g_strcmp0(version, package->version) != 0;
    g_autofree char *both = changed ? g_strdup_printf("%s@%s", name, version) : g_strdup(name);
    if (other || changed)
      qualify(q, "upstream", both);
  }
}

gboolean oakum_catalog_is_told(const OakumPackage *package)
{
  return g_strcmp0(package->found_by, "executable") == 0;
}

char *oakum_catalog_purl(const OakumPackage *package, const OakumDistro *distro)
{
  const OakumPackageType *known = oakum_package_type(package->type);
  gboolean os = known && known->of_place, rpm = strcmp(package->type, "rpm") == 0;
  const char *type = strcmp(package->type, "portage") == 0 ? "ebuild" : package->type;
  GString *purl = g_string_new("pkg:");
  g_string_append(purl, type);
  g_string_append_c(purl, '/');
  const char *home = package->space ? package->space : os && distro->id ? distro->id : NULL;
  if (os && !home)
    home = "unknown";
  if (home) {
    g_autofree char *space = normal(type, home);
    append_space(purl, space);
  }
  g_autofree char *name = normal(type, package->name);
  if (strcmp(type, "golang") == 0) /* the path of a module stands in both */
    append_space(purl, name), g_string_truncate(purl, purl->len - (*name ? 1 : 0));
  else
    append_escaped(purl, name, NULL);
  const char *version = package->version, *colon = rpm && version ? strchr(version, ':') : NULL;
  g_autofree char *epoch = colon ? g_strndup(version, (gsize)(colon - version)) : NULL;
  if (colon)
    version = colon + 1;
  /* what Go says of a program that was built from a working tree is no version of it */
  if (version && *version && strcmp(version, "(devel)") != 0) {
    g_string_append_c(purl, '@');
    append_escaped(purl, version, ":");
  }
  Qualifiers q = {purl, '?'};
  qualify(&q, oakum_purl_arch_key(type), package->arch);
  /* Bitnami builds for one distribution, and says so beside what it builds */
  gboolean home_here = os && (!package->space || !oakum_catalog_is_told(package) ||
                              g_strcmp0(package->space, distro->id) == 0);
  if ((home_here || strcmp(type, "bitnami") == 0) && distro->id) {
    const char *release = distro->version ? distro->version : distro->codename;
    g_autofree char *text =
        release ? g_strdup_printf("%s-%s", distro->id, release) : g_strdup(distro->id);
    if (release)
      qualify(&q, "distro", text);
  }
  qualify(&q, "epoch", epoch && strcmp(epoch, "0") != 0 ? epoch : NULL);
  qualify(&q, oakum_purl_module_key(type), package->module);
  qualify_upstream(&q, package);
  return g_string_free(purl, FALSE);
}
