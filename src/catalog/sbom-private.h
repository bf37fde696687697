/* Bills of materials to packages. */
#pragma once
#include "catalog/parts-private.h"

typedef struct {
  char *type, *space, *name, *version; /* decoded; NULL: not said */
  GHashTable *qualifiers;              /* char * by char *, keys in lower case */
} OakumPurl;
/* FALSE when it is none; `out` must be cleared all the same. */
NODISCARD gboolean oakum_purl_parse(const char *text, OakumPurl *out);
void oakum_purl_clear(OakumPurl *purl);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumPurl, oakum_purl_clear)

/* What a document says of one package, whatever its format. Borrowed; NULL: nothing. */
typedef struct {
  const char *name, *version, *purl, *cpe, *license, *maintainer;
  const char *type; /* as OakumPackage has it, where the purl has another or there is none */
  const char *arch, *source_name, *source_version, *module, *owner; /* said apart from purl */
  const char *path;                                                 /* a file that proved it */
  gboolean guessed;
  gboolean archive, guessed_group; /* of Maven: found in an archive, which does not say the group */
  gboolean part; /* software that is inside: without an identity it cannot be judged */
} OakumSbomPackage;
/* What becomes of it; NULL: what is neither named by a purl nor by a CPE is no package, and when it
 * is a part, or its purl is none, that is told as incomplete. Borrowed. */
OakumPackage *oakum_sbom_add(OakumCatalogSink *sink, const OakumCatalogFile *file,
                             const OakumSbomPackage *said);

/* Packages by what a document calls them, and who of them installed whom. */
typedef struct {
  GHashTable *packages; /* OakumPackage by char * */
  GPtrArray *pairs;     /* OakumPathPair: what installed, what it installed */
} OakumSbomOwners;
void oakum_sbom_owners_init(OakumSbomOwners *owners);
void oakum_sbom_owners_add(OakumSbomOwners *owners, const char *id, OakumPackage *package);
void oakum_sbom_owners_pair(OakumSbomOwners *owners, const char *owner, const char *owned);
/* Says it of the packages, and clears. */
void oakum_sbom_owners_settle(OakumSbomOwners *owners);
#define OAKUM_SBOM_OWNERSHIP "ownership-by-file-overlap" /* as syft says it */
/* The distribution, as os-release(5) has it, or as another scanner calls it ("alma", "amazon").
 * Borrowed; NULL: nothing. */
typedef struct {
  const char *id, *version, *pretty, *like, *codename, *cpe;
  const char *ecosystem, *repositories, *pro; /* as in OakumDistro */
} OakumSbomDistro;
void oakum_sbom_distro(OakumCatalogSink *sink, const OakumCatalogFile *file,
                       const OakumSbomDistro *said);

/* Content sets, by spaces; NULL: not said. */
void oakum_sbom_repositories(OakumCatalogSink *sink, const OakumCatalogFile *file,
                             const char *repositories);

/* The string of a key; NULL: none. */
static inline const char *oakum_sbom_string(const json_t *object, const char *key)
{
  return json_string_value(json_object_get(object, key));
}

/* Of one format each. */
void oakum_sbom_cyclonedx(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink);
NODISCARD gboolean oakum_sbom_cyclonedx_xml(OakumSlice text, const OakumCatalogFile *file,
                                            OakumCatalogSink *sink, GError **error);
void oakum_sbom_spdx(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink);
void oakum_sbom_spdx3(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink);
void oakum_sbom_syft(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink);
void oakum_sbom_tag_value(OakumSlice text, const OakumCatalogFile *file, OakumCatalogSink *sink);

/* Any of them, told by its content: CycloneDX 1.2 to 1.6 (JSON and XML), SPDX 2.2 and 2.3 (JSON
 * and tag-value), SPDX 3 (JSON-LD), syft's own JSON; each also as the predicate of an in-toto
 * statement, in its envelope or bare. UNSUPPORTED: none of them. */
NODISCARD gboolean oakum_catalog_sbom_read(OakumCatalogFile *file, OakumCatalogSink *sink,
                                           GError **error);

extern const OakumCataloguer oakum_sbom_cataloguers[];
