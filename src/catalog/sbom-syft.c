/* syft's own (schema/json of that project). */
#include "catalog/sbom-private.h"
#include <string.h>

void oakum_sbom_syft(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  const json_t *distro = json_object_get(json, "distro"), *artifact;
  size_t i;
  OakumSbomOwners owners;
  oakum_sbom_owners_init(&owners);
  const json_t *like = json_object_get(distro, "idLike");
  const char *first = json_string_value(json_array_get(like, 0));
  OakumSbomDistro said_distro = {.id = oakum_sbom_string(distro, "id"),
                                 .version = oakum_sbom_string(distro, "versionID"),
                                 .pretty = oakum_sbom_string(distro, "prettyName"),
                                 .like = first ? first : json_string_value(like),
                                 .codename = oakum_sbom_string(distro, "versionCodename"),
                                 .cpe = oakum_sbom_string(distro, "cpeName")};
  if (!oakum_sbom_string(distro, "versionID") && oakum_sbom_string(distro, "version")) {
    /* before version 2 of its schema, which took over the keys of os-release */
    said_distro.version = oakum_sbom_string(distro, "version");
    said_distro.id = said_distro.id ? said_distro.id : oakum_sbom_string(distro, "name");
  }
  oakum_sbom_distro(sink, file, &said_distro);
  json_array_foreach(json_object_get(json, "artifacts"), i, artifact)
  {
    const json_t *metadata = json_object_get(artifact, "metadata"),
                 *cpe = json_array_get(json_object_get(artifact, "cpes"), 0),
                 *place = json_array_get(json_object_get(artifact, "locations"), 0);
    const char *source = oakum_sbom_string(metadata, "source");
    g_autofree char *license =
        oakum_json_license(json_object_get(artifact, "licenses"), "value", " AND ");
    if (!source || !*source)
      source = oakum_sbom_string(metadata, "originPackage");
    const char *version = oakum_sbom_string(metadata, "sourceVersion"),
               *purl = oakum_sbom_string(artifact, "purl");
    const json_t *properties = json_object_get(metadata, "pomProperties"),
                 *project = json_object_get(metadata, "pomProject");
    OakumSbomPackage said = {
        .archive = g_strcmp0(oakum_sbom_string(artifact, "type"), "java-archive") == 0,
        .guessed_group =
            !oakum_sbom_string(properties, "groupId") && !oakum_sbom_string(project, "groupId"),
        .name = oakum_sbom_string(artifact, "name"),
        .version = oakum_sbom_string(artifact, "version"),
        .purl = purl && *purl ? purl : NULL,
        /* it guesses CPEs for everything: only what has no better name is known by one */
        .cpe = purl && *purl && !g_str_has_prefix(purl, "pkg:generic/") ? NULL
               : json_is_string(cpe)                                    ? json_string_value(cpe)
                                     : oakum_sbom_string(cpe, "cpe"),
        .license = license,
        .maintainer = oakum_sbom_string(metadata, "maintainer"),
        .source_name = source && *source ? source : NULL,
        .source_version = version && *version ? version : NULL,
        .module = oakum_sbom_string(metadata, "modularityLabel"),
        .part = TRUE, /* it lists packages alone */
        .path = oakum_sbom_string(place, "path")};
    oakum_sbom_owners_add(&owners, oakum_sbom_string(artifact, "id"),
                          oakum_sbom_add(sink, file, &said));
  }
  const json_t *relation;
  json_array_foreach(json_object_get(json, "artifactRelationships"), i, relation)
  {
    if (g_strcmp0(oakum_sbom_string(relation, "type"), OAKUM_SBOM_OWNERSHIP) == 0)
      oakum_sbom_owners_pair(&owners, oakum_sbom_string(relation, "parent"),
                             oakum_sbom_string(relation, "child"));
  }
  oakum_sbom_owners_settle(&owners);
}
