/* CycloneDX (ECMA-424), JSON and XML, also with the properties of trivy, syft, and ours. */
#include "catalog/sbom-private.h"
#include <string.h>

/* The value of the property `name`; NULL. */
static const char *property(const json_t *component, const char *name)
{
  const json_t *row;
  size_t i;
  json_array_foreach(json_object_get(component, "properties"), i, row)
  {
    if (g_strcmp0(oakum_sbom_string(row, "name"), name) == 0)
      return oakum_sbom_string(row, "value");
  }
  return NULL;
}

static const char *first_property(const json_t *component, const char *const *names)
{
  const char *found = NULL;
  for (; *names && !found; names++)
    found = property(component, *names);
  return found;
}

static char *licenses(const json_t *component)
{
  GString *all = g_string_new(NULL);
  size_t i;
  const json_t *row;
  json_array_foreach(json_object_get(component, "licenses"), i, row)
  {
    const json_t *license = json_object_get(row, "license");
    const char *one = oakum_sbom_string(row, "expression");
    one = one ? one : oakum_sbom_string(license, "id");
    one = one ? one : oakum_sbom_string(license, "name");
    if (one)
      g_string_append_printf(all, "%s%s", all->len ? " AND " : "", one);
  }
  return g_string_free(all, all->len == 0);
}

/* trivy tells parts of the version of a source apart. */
static char *source_version(const json_t *component)
{
  static const char *const whole[] = {"oakum:source:version", "syft:metadata:sourceVersion", NULL};
  const char *version = first_property(component, whole);
  if (version)
    return g_strdup(version);
  const char *epoch = property(component, "aquasecurity:trivy:SrcEpoch"),
             *release = property(component, "aquasecurity:trivy:SrcRelease");
  version = property(component, "aquasecurity:trivy:SrcVersion");
  return version ? g_strdup_printf("%s%s%s%s%s", epoch ? epoch : "", epoch ? ":" : "", version,
                                   release ? "-" : "", release ? release : "")
                 : NULL;
}

static const char *maintainer(const json_t *component)
{
  static const char *const vendors[] = {"syft:metadata:vendor", NULL};
  const char *said = first_property(component, vendors);
  said = said ? said : oakum_sbom_string(component, "publisher");
  return said ? said : oakum_sbom_string(json_object_get(component, "supplier"), "name");
}

/* trivy has a property for each content set of a Red Hat image, on every package. */
static char *content_sets(const json_t *component)
{
  GString *all = g_string_new(NULL);
  const json_t *row;
  size_t i;
  json_array_foreach(json_object_get(component, "properties"), i, row)
  {
    const char *name = oakum_sbom_string(row, "name"), *value = oakum_sbom_string(row, "value");
    if (name && value && strcmp(name, "aquasecurity:trivy:ContentSet") == 0)
      g_string_append_printf(all, "%s%s", all->len ? " " : "", value);
  }
  return g_string_free(all, all->len == 0);
}

static void operating_system(const json_t *component, const OakumCatalogFile *file,
                             OakumCatalogSink *sink)
{
  static const char *const likes[] = {"oakum:distro:like", "syft:distro:idLike:0", NULL},
                           *const codenames[] = {"oakum:distro:codename",
                                                 "syft:distro:versionCodename", NULL},
                           *const cpes[] = {"oakum:distro:cpe", "syft:distro:cpeName", NULL};
  const char *pretty = property(component, "syft:distro:prettyName");
  OakumSbomDistro said = {
      .id = oakum_sbom_string(component, "name"),
      .version = oakum_sbom_string(component, "version"),
      .pretty = pretty ? pretty : oakum_sbom_string(component, "description"),
      .like = first_property(component, likes),
      .codename = first_property(component, codenames),
      .cpe = first_property(component, cpes),
      .ecosystem = property(component, "oakum:distro:ecosystem"),
      .pro = property(component, "oakum:distro:pro"),
      .repositories = property(component, "oakum:distro:repositories"),
  };
  oakum_sbom_distro(sink, file, &said);
}

static void component_read(const json_t *component, const OakumCatalogFile *file,
                           OakumCatalogSink *sink)
{
  static const char *const sources[] = {"oakum:source:name", "aquasecurity:trivy:SrcName",
                                        "syft:metadata:source", "syft:metadata:originPackage",
                                        NULL},
                           *const modules[] = {"oakum:module", "aquasecurity:trivy:Modularitylabel",
                                               "syft:metadata:modularityLabel", NULL},
                           *const paths[] = {"aquasecurity:trivy:FilePath", "syft:location:0:path",
                                             NULL},
                           *const arches[] = {"oakum:arch", "syft:metadata:architecture", NULL};
  const char *kind = oakum_sbom_string(component, "type");
  if (g_strcmp0(kind, "operating-system") == 0) {
    operating_system(component, file, sink);
    return;
  }
  g_autofree char *license = licenses(component), *version = source_version(component),
                  *sets = content_sets(component);
  oakum_sbom_repositories(sink, file, sets);
  const json_t *seen =
      json_array_get(json_object_get(json_object_get(component, "evidence"), "occurrences"), 0);
  const char *path = oakum_sbom_string(seen, "location"),
             *found = property(component, "syft:package:type");
  OakumSbomPackage said = {.name = oakum_sbom_string(component, "name"),
                           .version = oakum_sbom_string(component, "version"),
                           .purl = oakum_sbom_string(component, "purl"),
                           .cpe = oakum_sbom_string(component, "cpe"),
                           .license = license,
                           .maintainer = maintainer(component),
                           .type = property(component, "oakum:type"),
                           .arch = first_property(component, arches),
                           .source_name = first_property(component, sources),
                           .source_version = version,
                           .module = first_property(component, modules),
                           .owner = property(component, "oakum:owner"),
                           .path = path ? path : first_property(component, paths),
                           .guessed = property(component, "oakum:guessed") != NULL,
                           .archive = g_strcmp0(found, "java-archive") == 0,
                           .guessed_group = !property(component, "syft:metadata:-:groupID"),
                           .part = g_strcmp0(kind, "library") == 0 ||
                                   g_strcmp0(kind, "framework") == 0};
  oakum_sbom_add(sink, file, &said);
}

/* Components hold components; the JSON is no deeper than OAKUM_JSON_DEPTH_MAX. */
static void components_read(const json_t *holder, const OakumCatalogFile *file,
                            OakumCatalogSink *sink)
{
  g_autoptr(GPtrArray) todo = g_ptr_array_new();
  g_ptr_array_add(todo, (gpointer)holder);
  for (guint next = 0; next < todo->len; next++) {
    size_t i;
    const json_t *component;
    json_array_foreach(json_object_get(todo->pdata[next], "components"), i, component)
    {
      component_read(component, file, sink);
      g_ptr_array_add(todo, (gpointer)component);
    }
  }
}

/* What another tool of ours could not judge is not judged by reading of it. */
static void incomplete_read(const json_t *row, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  const char *value = oakum_sbom_string(row, "value");
  if (g_strcmp0(oakum_sbom_string(row, "name"), "oakum:incomplete") == 0 && value)
    oakum_catalog_sink_incomplete(sink, file, "incomplete-sbom", value);
}

void oakum_sbom_cyclonedx(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  const json_t *top = json_object_get(json_object_get(json, "metadata"), "component"), *row;
  size_t i;
  components_read(json, file, sink);
  if (top) {
    components_read(top, file, sink);
    component_read(top, file, sink); /* an application is a package, too */
  }
  json_array_foreach(json_object_get(json, "properties"), i, row) incomplete_read(row, file, sink);
}

/* ---- XML: a component becomes what it is in JSON
 * --------------------------------------------- */
/* The elements below the child `name`, each made by `make`. */
static json_t *list_of(const OakumXml *xml, const char *name,
                       json_t *(*make)(const OakumXml *element))
{
  const OakumXml *holder = oakum_xml_child(xml, name);
  json_t *list = json_array();
  for (guint i = 0; holder && i < holder->children->len; i++)
    json_array_append_new(list, make(holder->children->pdata[i]));
  return list;
}

static json_t *property_of(const OakumXml *xml)
{
  json_t *row = json_object();
  oakum_json_set(row, "name", oakum_xml_attribute(xml, "name"));
  oakum_json_set(row, "value", oakum_xml_own_text(xml));
  return row;
}

static json_t *license_of(const OakumXml *xml)
{
  json_t *row = json_object(), *license = json_object();
  if (strcmp(xml->name, "expression") == 0)
    oakum_json_set(row, "expression", oakum_xml_own_text(xml));
  oakum_json_set(license, "id", oakum_xml_text(xml, "id"));
  oakum_json_set(license, "name", oakum_xml_text(xml, "name"));
  json_object_set_new(row, "license", license);
  return row;
}

static json_t *occurrence_of(const OakumXml *xml)
{
  json_t *row = json_object();
  oakum_json_set(row, "location", oakum_xml_text(xml, "location"));
  return row;
}

static json_t *component_of(const OakumXml *xml) /* no deeper than OAKUM_XML_DEPTH_MAX */
{
  static const char *const texts[] = {"publisher",   "group", "name", "version",
                                      "description", "cpe",   "purl"};
  json_t *object = json_object(), *evidence = json_object(), *supplier = json_object();
  oakum_json_set(object, "type", oakum_xml_attribute(xml, "type"));
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    oakum_json_set(object, texts[i], oakum_xml_text(xml, texts[i]));
  oakum_json_set(supplier, "name", oakum_xml_text(oakum_xml_child(xml, "supplier"), "name"));
  json_object_set_new(object, "supplier", supplier);
  json_object_set_new(object, "licenses", list_of(xml, "licenses", license_of));
  json_object_set_new(object, "properties", list_of(xml, "properties", property_of));
  json_object_set_new(evidence, "occurrences",
                      list_of(oakum_xml_child(xml, "evidence"), "occurrences", occurrence_of));
  json_object_set_new(object, "evidence", evidence);
  json_object_set_new(object, "components", list_of(xml, "components", component_of));
  return object;
}

typedef struct {
  const OakumCatalogFile *file;
  OakumCatalogSink *sink;
} Into;

static gboolean element_read(gpointer user, const OakumXml *element, GError **error)
{
  (void)error;
  const Into *into = user;
  if (strcmp(element->name, "property") == 0) {
    OAKUM_AUTO_JSON *row = property_of(element);
    incomplete_read(row, into->file, into->sink);
    return TRUE;
  }
  OAKUM_AUTO_JSON *component = component_of(element);
  component_read(component, into->file, into->sink);
  components_read(component, into->file, into->sink);
  return TRUE;
}

gboolean oakum_sbom_cyclonedx_xml(OakumSlice text, const OakumCatalogFile *file,
                                  OakumCatalogSink *sink, GError **error)
{
  static const char *const places[] = {"/bom/components/component", "/bom/metadata/component",
                                       "/bom/properties/property", NULL};
  Into into = {file, sink};
  g_autoptr(GError) problem = NULL;
  if (oakum_xml_read(oakum_reader_new_memory(text.data, text.len), places, element_read, &into,
                     &problem))
    return TRUE;
  oakum_catalog_take_error(error, g_steal_pointer(&problem), file);
  return FALSE;
}
