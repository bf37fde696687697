/* CycloneDX 1.6, JSON (ECMA-424). */
#include "license/license.h"
#include "report/report-private.h"
#include <string.h>

static void property(json_t *list, const char *name, const char *value)
{
  if (!value)
    return;
  json_t *row = json_object();
  json_object_set_new(row, "name", json_string(name));
  json_object_set_new(row, "value", oakum_sbom_text(value));
  json_array_append_new(list, row);
}

static void say_property(gpointer list, const char *key, const char *value)
{
  g_autofree char *name = g_strconcat("oakum:", key, NULL);
  property(list, name, value);
}

/* One id, one expression, or a name that is neither. */
static json_t *licenses(const char *text)
{
  g_autofree char *expression = oakum_license_expression(text);
  json_t *row = json_object(), *list = json_array();
  if (expression && !oakum_license_is_id(expression)) {
    oakum_report_set(row, "expression", expression);
  } else {
    json_t *license = json_object();
    oakum_report_set(license, expression ? "id" : "name", expression ? expression : text);
    json_object_set_new(row, "license", license);
  }
  json_array_append_new(list, row);
  return list;
}

static json_t *evidence(const OakumPackage *package)
{
  json_t *object = json_object(), *list = json_array();
  for (guint i = 0; i < package->paths->len; i++) {
    json_t *row = json_object();
    json_object_set_new(row, "location", oakum_sbom_text(package->paths->pdata[i]));
    if (i == 0 && package->offset > 0)
      json_object_set_new(row, "offset", json_integer((json_int_t)package->offset));
    json_array_append_new(list, row);
  }
  json_object_set_new(object, "occurrences", list);
  return object;
}

/* The schema takes so many characters; the purl has all of it. */
static void set_version(json_t *object, const char *version)
{
  enum { VERSION_CHARS_MAX = 1024 };
  g_autofree char *valid = version ? g_utf8_make_valid(version, -1) : NULL;
  if (valid && g_utf8_strlen(valid, -1) > VERSION_CHARS_MAX)
    *g_utf8_offset_to_pointer(valid, VERSION_CHARS_MAX) = '\0';
  oakum_report_set(object, "version", valid);
}

static json_t *component(const OakumPackage *package, const char *ref)
{
  json_t *object = json_object(), *properties = json_array();
  json_object_set_new(object, "bom-ref", oakum_sbom_text(ref));
  json_object_set_new(object, "type", json_string(package->cpe ? "application" : "library"));
  oakum_report_set(object, "group", package->space);
  oakum_report_set(object, "publisher", package->maintainer);
  json_object_set_new(object, "name", oakum_sbom_text(package->name));
  set_version(object, package->version);
  oakum_report_set(object, "cpe", package->cpe);
  oakum_report_set(object, "purl", package->purl);
  if (package->license && *package->license)
    json_object_set_new(object, "licenses", licenses(package->license));
  if (package->paths->len > 0)
    json_object_set_new(object, "evidence", evidence(package));
  oakum_sbom_properties(package, say_property, properties);
  json_object_set_new(object, "properties", properties);
  return object;
}

static json_t *os_component(const OakumDistro *distro)
{
  json_t *object = json_object();
  json_object_set_new(object, "bom-ref", json_string("os"));
  json_object_set_new(object, "type", json_string("operating-system"));
  json_object_set_new(object, "name", oakum_sbom_text(distro->id));
  set_version(object, distro->version);
  oakum_report_set(object, "description", distro->pretty);
  json_t *properties = json_array();
  oakum_sbom_distro_properties(distro, say_property, properties);
  if (json_array_size(properties) > 0)
    json_object_set_new(object, "properties", properties);
  else
    json_decref(properties);
  return object;
}

static json_t *metadata(const OakumResult *result)
{
  json_t *object = json_object(), *image = json_object(), *tool = json_object(),
         *tools = json_object(), *list = json_array();
  oakum_report_set(object, "timestamp", result->made);
  json_object_set_new(tool, "type", json_string("application"));
  json_object_set_new(tool, "name", json_string("oakum"));
  json_object_set_new(tool, "version", json_string(OAKUM_VERSION));
  json_array_append_new(list, tool);
  json_object_set_new(tools, "components", list);
  json_object_set_new(object, "tools", tools);
  json_object_set_new(image, "bom-ref", json_string("image"));
  json_object_set_new(image, "type", json_string("container"));
  json_object_set_new(image, "name", oakum_sbom_text(result->target));
  json_object_set_new(object, "component", image);
  return object;
}

/* The image holds all of it; and whether that is all. */
static void relations(const OakumResult *result, json_t *json, const GPtrArray *refs)
{
  json_t *all = json_array(), *row = json_object(), *list = json_array();
  if (result->catalog->distro.id)
    json_array_append_new(all, json_string("os"));
  for (guint i = 0; i < refs->len; i++)
    json_array_append_new(all, oakum_sbom_text(refs->pdata[i]));
  json_object_set_new(row, "ref", json_string("image"));
  json_object_set_new(row, "dependsOn", all);
  json_array_append_new(list, row);
  json_object_set_new(json, "dependencies", list);
  g_autofree char *incomplete = oakum_sbom_incomplete(result);
  if (!incomplete)
    return;
  json_t *composition = json_object(), *assemblies = json_array(), *compositions = json_array();
  json_object_set_new(composition, "aggregate", json_string("incomplete"));
  json_array_append_new(assemblies, json_string("image"));
  json_object_set_new(composition, "assemblies", assemblies);
  json_array_append_new(compositions, composition);
  json_object_set_new(json, "compositions", compositions);
  json_t *properties = json_array();
  g_auto(GStrv) lines = g_strsplit(incomplete, "\n", -1);
  for (char **line = lines; *line; line++)
    property(properties, "oakum:incomplete", *line);
  json_object_set_new(json, "properties", properties);
}

json_t *oakum_report_cyclonedx_document(const OakumResult *result)
{
  json_t *json = json_object();
  json_t *components = json_array();
  g_autoptr(GPtrArray) refs = oakum_sbom_refs(result);
  g_autofree char *uuid = oakum_sbom_uuid(result), *serial = g_strconcat("urn:uuid:", uuid, NULL);
  json_object_set_new(json, "$schema",
                      json_string("http://cyclonedx.org/schema/bom-1.6.schema.json"));
  json_object_set_new(json, "bomFormat", json_string("CycloneDX"));
  json_object_set_new(json, "specVersion", json_string("1.6"));
  json_object_set_new(json, "serialNumber", json_string(serial));
  json_object_set_new(json, "version", json_integer(1));
  json_object_set_new(json, "metadata", metadata(result));
  if (result->catalog->distro.id)
    json_array_append_new(components, os_component(&result->catalog->distro));
  for (guint i = 0; i < refs->len; i++)
    json_array_append_new(components,
                          component(result->catalog->packages->pdata[i], refs->pdata[i]));
  json_object_set_new(json, "components", components);
  relations(result, json, refs);
  return json;
}

char *oakum_report_cyclonedx(const OakumResult *result)
{
  return oakum_report_dump(oakum_report_cyclonedx_document(result));
}
