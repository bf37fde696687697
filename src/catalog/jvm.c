/* The `release` file of a JVM. */
#include "catalog/parts-private.h"

static gboolean wants(const OakumCatalogEntry *entry)
{
  size_t at;
  return strcmp(entry->base, "release") == 0 &&
         (oakum_slice_find(entry->head, "JAVA_VERSION=", &at) ||
          oakum_slice_find(entry->head, "JAVA_RUNTIME_VERSION=", &at));
}

/* NVD writes 1.8.0_392 as version 8, update "update392", and leaves out the build. */
char *oakum_jvm_cpe(const char *version, const char *product)
{
  g_autofree char *plain = g_strndup(version, strcspn(version, "+-"));
  char *update = strchr(plain, '_');
  if (!g_str_has_prefix(plain, "1.") || !update)
    return oakum_catalog_cpe('a', product, plain, "*");
  g_autofree char *major = g_strndup(plain + 2, strcspn(plain + 2, "._")),
                  *said = g_strdup_printf("update%.*s", (int)strspn(update + 1, "0123456789"),
                                          update + 1);
  return oakum_catalog_cpe('a', product, major, said);
}

static gboolean run(OakumCatalogFile *file, OakumCatalogSink *sink, GError **error)
{
  OakumSlice text, line, version = {NULL, 0}, runtime = version, full = version, type = version,
                         maker = version, build = version;
  if (!oakum_catalog_file_text(file, OAKUM_JAR_MANIFEST_MAX, &text, error))
    return FALSE;
  while (oakum_catalog_line(&text, &line)) {
    OakumSlice value, key = oakum_slice_cut(line, '=', &value);
    value = oakum_slice_strip(value);
    if (value.len >= 2 && value.data[0] == '"')
      value = (OakumSlice){value.data + 1, value.len - 2};
    if (oakum_slice_is(key, "JAVA_VERSION"))
      version = value;
    else if (oakum_slice_is(key, "JAVA_RUNTIME_VERSION"))
      runtime = value;
    else if (oakum_slice_is(key, "FULL_VERSION"))
      full = value;
    else if (oakum_slice_is(key, "IMAGE_TYPE"))
      type = value;
    else if (oakum_slice_is(key, "IMPLEMENTOR"))
      maker = value;
    else if (oakum_slice_is(key, "BUILD_TYPE"))
      build = value;
  }
  OakumSlice best = full.len > 0 ? full : runtime.len > 0 ? runtime : version;
  if (best.len == 0)
    return oakum_catalog_invalid(file, error, "a JVM without a version");
  /* what its makers call it; launchers and libjvm.so say the same version (binaries.inc) */
  gboolean jre = oakum_slice_is_nocase(type, "JRE"), zulu = oakum_slice_begins(maker, "Azul"),
           /* its JDK 8 names no maker */
      oracle = oakum_slice_begins(maker, "Oracle") ||
               (maker.len == 0 && oakum_slice_is(build, "commercial"));
  const char *name = oracle ? (jre ? "jre" : "jdk")
                     : zulu ? "zulu"
                            : "openjdk",
             *product = !oracle ? "oracle:openjdk"
                        : jre   ? "oracle:jre"
                                : "oracle:jdk";
  OakumPackage *package = oakum_catalog_add(sink, file, "generic", oakum_slice_of(name), best);
  if (!package)
    return TRUE;
  oakum_package_say(&package->maintainer, maker);
  package->cpe = oakum_jvm_cpe(package->version, product);
  return TRUE;
}

const OakumCataloguer oakum_jvm_cataloguers[] = {{"jvm-release", 3, wants, run, .whole = TRUE},
                                                 {0}};
