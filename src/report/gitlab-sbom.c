/* The bill of materials that GitLab takes as artifact:reports:cyclonedx. Its names for what it
 * wants to know stand in its documentation, "GitLab CycloneDX property taxonomy". */
#include "report/report-private.h"
#include <string.h>

static void property(json_t *list, const char *name, const char *value)
{
  if (!value || !*value)
    return;
  json_t *object = json_object();
  json_object_set_new(object, "name", json_string(name));
  json_object_set_new(object, "value", oakum_sbom_text(value));
  json_array_append_new(list, object);
}

char *oakum_report_gitlab_sbom(const OakumResult *result, gboolean licenses)
{
  OAKUM_AUTO_JSON *json = oakum_report_cyclonedx_document(result);
  json_t *metadata = json_object_get(json, "metadata"), *properties = json_array(), *component;
  const OakumDistro *distro = &result->catalog->distro;
  const char *image = oakum_report_image_name(result), *colon = strrchr(image, ':');
  gboolean tagged = colon && !strchr(colon, '/');
  g_autofree char *name = tagged ? g_strndup(image, (gsize)(colon - image)) : g_strdup(image);
  property(properties, "gitlab:meta:schema_version", "1");
  property(properties, "gitlab:container_scanning:image:name", name);
  property(properties, "gitlab:container_scanning:image:tag", tagged ? colon + 1 : NULL);
  property(properties, "gitlab:container_scanning:operating_system:name", distro->id);
  property(properties, "gitlab:container_scanning:operating_system:version", distro->version);
  json_object_set_new(metadata, "properties", properties);
  size_t i;
  json_array_foreach(json_object_get(json, "components"), i, component)
  {
    if (!licenses)
      json_object_del(component, "licenses");
  }
  return oakum_report_dump(json_incref(json));
}
