/* SPDX 2 (clauses 7, 10, 11) and 3. */
#include "catalog/sbom-private.h"
#include <string.h>

typedef struct {
  char *id, *name, *version, *purpose, *license, *supplier, *info, *summary, *comment, *purl, *cpe;
} SpdxPackage;

static void spdx_clear(SpdxPackage *p)
{
  g_free(p->id);
  g_free(p->name);
  g_free(p->version);
  g_free(p->purpose);
  g_free(p->license);
  g_free(p->supplier);
  g_free(p->info);
  g_free(p->summary);
  g_free(p->comment);
  g_free(p->purl);
  g_free(p->cpe);
  *p = (SpdxPackage){0};
}

/* "…built from NAME VERSION;" of ours, "built package from: NAME VERSION" of trivy. */
static void spdx_source(const char *info, char **name, char **version)
{
  static const char *const marks[] = {"built from ", "built package from: "};
  const char *at = NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(marks) && info && !at; i++)
    if ((at = strstr(info, marks[i])))
      at += strlen(marks[i]);
  if (!at)
    return;
  size_t n = strcspn(at, " ;");
  *name = g_strndup(at, n);
  if (at[n] == ' ')
    *version = g_strndup(at + n + 1, strcspn(at + n + 1, " ;"));
}

/* "… by PATH" of ours, "…: PATH" of syft, up to what comes behind. */
static char *spdx_path(const char *info)
{
  static const char *const marks[] = {" by ", "info from "};
  const char *at = NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(marks) && info && !at; i++)
    if ((at = strstr(info, marks[i])))
      at += strlen(marks[i]);
  if (at && strstr(info, "info from ")) {
    const char *colon = strstr(at, ": ");
    at = colon ? colon + 2 : NULL;
  }
  return at ? g_strndup(at, strcspn(at, ",;")) : NULL;
}

static const char *said_or_null(const char *text)
{
  return text && strcmp(text, "NOASSERTION") != 0 && strcmp(text, "NONE") != 0 ? text : NULL;
}

/* "Organization: Name (mail)" to "Name <mail>". */
static char *spdx_supplier(const char *text)
{
  const char *said = said_or_null(text), *colon = said ? strchr(said, ':') : NULL;
  if (!colon)
    return g_strdup(said);
  g_autofree char *name = g_strstrip(g_strdup(colon + 1));
  size_t n = strlen(name);
  char *mail = n > 1 && name[n - 1] == ')' ? strrchr(name, '(') : NULL;
  if (!mail || mail == name)
    return g_steal_pointer(&name);
  name[n - 1] = '\0';
  *mail = '\0';
  return g_strdup_printf("%s<%s>", name, mail + 1);
}

/* What of ours has no field, as lines "oakum:KEY=VALUE" of a comment: char * by "KEY". */
static GHashTable *spdx_lines(const char *comment)
{
  GHashTable *found = oakum_str_map_new(g_free, g_free);
  g_auto(GStrv) lines = g_strsplit(comment ? comment : "", "\n", -1);
  for (char **line = lines; *line; line++) {
    const char *equals = strchr(*line, '=');
    if (g_str_has_prefix(*line, "oakum:") && equals)
      g_hash_table_replace(found, g_strndup(*line + 6, (gsize)(equals - *line - 6)),
                           g_strdup(equals + 1));
  }
  return found;
}

/* What another scan of ours could not judge is not judged by reading of it. */
static void spdx_incomplete(const char *comment, const OakumCatalogFile *file,
                            OakumCatalogSink *sink)
{
  static const char mark[] = "oakum:incomplete=";
  g_auto(GStrv) lines = g_strsplit(comment ? comment : "", "\n", -1);
  for (char **line = lines; *line; line++)
    if (g_str_has_prefix(*line, mark))
      oakum_catalog_sink_incomplete(sink, file, "incomplete-sbom", *line + strlen(mark));
}

/* Whether what has no identity is software that is inside, and so must be told. SPDX 2.2 has no
 * purposes, and who writes later ones need not say any: then it is all but what the document is
 * about. */
static gboolean spdx_is_part(const char *purpose, const char *id, GHashTable *described)
{
  static const char *const parts[] = {"LIBRARY", "FRAMEWORK", "library", "framework", NULL};
  return purpose ? g_strv_contains(parts, purpose) : !id || !g_hash_table_contains(described, id);
}

static void spdx_add(const SpdxPackage *p, const OakumCatalogFile *file, OakumCatalogSink *sink,
                     OakumSbomOwners *owners, GHashTable *described)
{
  g_autoptr(GHashTable) ours = spdx_lines(p->comment);
  if (p->purpose && (strcmp(p->purpose, "OPERATING_SYSTEM") == 0 ||
                     strcmp(p->purpose, "OPERATING-SYSTEM") == 0)) {
    OakumSbomDistro distro = {.id = p->name,
                              .version = said_or_null(p->version),
                              .pretty = p->summary,
                              .like = g_hash_table_lookup(ours, "distro:like"),
                              .codename = g_hash_table_lookup(ours, "distro:codename"),
                              .cpe = g_hash_table_lookup(ours, "distro:cpe"),
                              .ecosystem = g_hash_table_lookup(ours, "distro:ecosystem"),
                              .pro = g_hash_table_lookup(ours, "distro:pro"),
                              .repositories = g_hash_table_lookup(ours, "distro:repositories")};
    oakum_sbom_distro(sink, file, &distro);
    return;
  }
  g_autofree char *source = NULL, *source_version = NULL, *path = spdx_path(p->info),
                  *supplier = spdx_supplier(p->supplier);
  const char *name = g_hash_table_lookup(ours, "source:name");
  if (!name)
    spdx_source(p->info, &source, &source_version);
  OakumSbomPackage said = {.name = p->name,
                           .version = said_or_null(p->version),
                           .purl = p->purl,
                           .cpe = p->cpe,
                           .license = said_or_null(p->license),
                           .maintainer = supplier,
                           .type = g_hash_table_lookup(ours, "type"),
                           .arch = g_hash_table_lookup(ours, "arch"),
                           .source_name = name ? name : source,
                           .source_version =
                               name ? g_hash_table_lookup(ours, "source:version") : source_version,
                           .module = g_hash_table_lookup(ours, "module"),
                           .owner = g_hash_table_lookup(ours, "owner"),
                           .path = path,
                           .guessed = g_hash_table_contains(ours, "guessed"),
                           .archive = p->info && strstr(p->info, "from installed java archive"),
                           .part = spdx_is_part(p->purpose, p->id, described)};
  oakum_sbom_owners_add(owners, p->id, oakum_sbom_add(sink, file, &said));
}

/* OpenEmbedded writes the type as the address that stands for it. */
static void spdx_reference(SpdxPackage *p, const char *type, const char *locator)
{
  static const char address[] = "http://spdx.org/rdf/references/";
  if (type && g_str_has_prefix(type, address))
    type += strlen(address);
  char **slot = g_strcmp0(type, "purl") == 0        ? &p->purl
                : g_strcmp0(type, "cpe23Type") == 0 ? &p->cpe
                                                    : NULL;
  if (slot && !*slot)
    *slot = g_strdup(locator);
}

/* The texts of licenses that are no expressions. */
static GHashTable *spdx_licenses(const json_t *json)
{
  GHashTable *texts = oakum_str_map_new(NULL, NULL);
  size_t i;
  const json_t *row;
  json_array_foreach(json_object_get(json, "hasExtractedLicensingInfos"), i,
                     row) if (oakum_sbom_string(row, "licenseId") &&
                              oakum_sbom_string(row, "extractedText"))
      g_hash_table_replace(texts, (gpointer)oakum_sbom_string(row, "licenseId"),
                           (gpointer)oakum_sbom_string(row, "extractedText"));
  return texts;
}

/* One relation of what the document is about, in either direction. */
static void spdx_describe(GHashTable *described, const char *one, const char *type,
                          const char *other)
{
  const char *id = g_strcmp0(type, "DESCRIBES") == 0      ? other
                   : g_strcmp0(type, "DESCRIBED_BY") == 0 ? one
                                                          : NULL;
  if (id)
    g_hash_table_add(described, g_strdup(id));
}

static GHashTable *spdx_described(const json_t *json)
{
  GHashTable *described = oakum_str_map_new(g_free, NULL);
  const json_t *ids = json_object_get(json, "documentDescribes"), *one;
  size_t i;
  json_array_foreach(ids, i, one) if (json_is_string(one))
      g_hash_table_add(described, g_strdup(json_string_value(one)));
  json_array_foreach(json_object_get(json, "relationships"), i, one) spdx_describe(
      described, oakum_sbom_string(one, "spdxElementId"),
      oakum_sbom_string(one, "relationshipType"), oakum_sbom_string(one, "relatedSpdxElement"));
  return described;
}

void oakum_sbom_spdx(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  g_autoptr(GHashTable) licenses = spdx_licenses(json), described = spdx_described(json);
  size_t i, j;
  const json_t *package, *reference, *relation;
  OakumSbomOwners owners;
  oakum_sbom_owners_init(&owners);
  json_array_foreach(json_object_get(json, "packages"), i, package)
  {
    const char *license = oakum_sbom_string(package, "licenseDeclared"),
               *told = license ? g_hash_table_lookup(licenses, license) : NULL;
    SpdxPackage p = {.id = g_strdup(oakum_sbom_string(package, "SPDXID")),
                     .name = g_strdup(oakum_sbom_string(package, "name")),
                     .version = g_strdup(oakum_sbom_string(package, "versionInfo")),
                     .purpose = g_strdup(oakum_sbom_string(package, "primaryPackagePurpose")),
                     .license = g_strdup(told ? told : license),
                     .supplier = g_strdup(oakum_sbom_string(package, "supplier")),
                     .info = g_strdup(oakum_sbom_string(package, "sourceInfo")),
                     .summary = g_strdup(oakum_sbom_string(package, "summary")),
                     .comment = g_strdup(oakum_sbom_string(package, "comment"))};
    json_array_foreach(json_object_get(package, "externalRefs"), j, reference)
        spdx_reference(&p, oakum_sbom_string(reference, "referenceType"),
                       oakum_sbom_string(reference, "referenceLocator"));
    spdx_add(&p, file, sink, &owners, described);
    spdx_clear(&p);
  }
  json_array_foreach(json_object_get(json, "relationships"), i, relation)
  {
    const char *comment = oakum_sbom_string(relation, "comment");
    if (comment && g_str_has_prefix(comment, OAKUM_SBOM_OWNERSHIP))
      oakum_sbom_owners_pair(&owners, oakum_sbom_string(relation, "spdxElementId"),
                             oakum_sbom_string(relation, "relatedSpdxElement"));
  }
  oakum_sbom_owners_settle(&owners);
  spdx_incomplete(oakum_sbom_string(json, "comment"), file, sink);
}

/* The value of a tag; one in <text> may go on over lines, and *rest behind it. */
static char *tag_value(OakumSlice value, OakumSlice *rest)
{
  static const char begin[] = "<text>", end[] = "</text>";
  if (!oakum_slice_begins(value, begin))
    return g_strndup((const char *)value.data, value.len);
  /* in one piece with what follows */
  OakumSlice all = {value.data + strlen(begin),
                    (size_t)(rest->data + rest->len - value.data) - strlen(begin)};
  size_t at;
  if (!oakum_slice_find(all, end, &at))
    at = all.len;
  const uint8_t *behind = all.data + MIN(all.len, at + strlen(end));
  if (behind > rest->data) {
    rest->len -= (size_t)(behind - rest->data);
    rest->data = behind;
  }
  return g_strndup((const char *)all.data, at);
}

/* The next tag that has a value, which may go over several lines. FALSE: there is none. */
static gboolean next_tag(OakumSlice *rest, OakumSlice *tag, char **said)
{
  OakumSlice line, value;
  while (oakum_catalog_line(rest, &line)) {
    *tag = oakum_slice_strip(oakum_slice_cut(line, ':', &value));
    if (tag->len == 0 || *tag->data == '#' || value.len == 0)
      continue;
    *said = tag_value(oakum_slice_strip(value), rest);
    return TRUE;
  }
  return FALSE;
}

/* Relations may stand before or behind what they are about. */
static GHashTable *tag_described(OakumSlice text)
{
  GHashTable *described = oakum_str_map_new(g_free, NULL);
  OakumSlice tag;
  for (char *next; next_tag(&text, &tag, &next);) {
    g_autofree char *said = next;
    if (!oakum_slice_is(tag, "Relationship"))
      continue;
    g_auto(GStrv) parts = g_strsplit(said, " ", 3);
    if (g_strv_length(parts) == 3)
      spdx_describe(described, parts[0], parts[1], g_strstrip(parts[2]));
  }
  return described;
}

void oakum_sbom_tag_value(OakumSlice text, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  __attribute__((cleanup(spdx_clear))) SpdxPackage p = {0};
  g_auto(GStrv) relation = NULL; /* the last one, which a comment may follow */
  OakumSbomOwners owners;
  oakum_sbom_owners_init(&owners);
  g_autoptr(GHashTable) described = tag_described(text);
  OakumSlice rest = text, tag;
  for (char *next; next_tag(&rest, &tag, &next);) {
    g_autofree char *said = next;
    char **slot = oakum_slice_is(tag, "PackageVersion")           ? &p.version
                  : oakum_slice_is(tag, "PrimaryPackagePurpose")  ? &p.purpose
                  : oakum_slice_is(tag, "PackageLicenseDeclared") ? &p.license
                  : oakum_slice_is(tag, "PackageSupplier")        ? &p.supplier
                  : oakum_slice_is(tag, "PackageSourceInfo")      ? &p.info
                  : oakum_slice_is(tag, "PackageSummary")         ? &p.summary
                  : oakum_slice_is(tag, "PackageComment")         ? &p.comment
                                                                  : NULL;
    if (oakum_slice_is(tag, "DocumentComment"))
      spdx_incomplete(said, file, sink);
    if (oakum_slice_is(tag, "Relationship")) {
      g_strfreev(relation);
      relation = g_strsplit(said, " ", 3);
    } else if (oakum_slice_is(tag, "RelationshipComment") && relation &&
               g_strv_length(relation) == 3 && g_str_has_prefix(said, OAKUM_SBOM_OWNERSHIP)) {
      oakum_sbom_owners_pair(&owners, relation[0], g_strstrip(relation[2]));
    } else if (oakum_slice_is(tag, "SPDXID") && p.name && !p.id) {
      p.id = g_steal_pointer(&said);
    } else if (oakum_slice_is(tag, "PackageName")) {
      if (p.name)
        spdx_add(&p, file, sink, &owners, described);
      spdx_clear(&p);
      p.name = g_steal_pointer(&said);
    } else if (oakum_slice_is(tag, "ExternalRef")) {
      g_auto(GStrv) parts = g_strsplit(said, " ", 3);
      if (g_strv_length(parts) == 3)
        spdx_reference(&p, parts[1], parts[2]);
    } else if (slot) {
      g_free(*slot);
      *slot = g_steal_pointer(&said);
    }
  }
  if (p.name)
    spdx_add(&p, file, sink, &owners, described);
  oakum_sbom_owners_settle(&owners);
}

/* ---- SPDX 3 (software profile, JSON-LD serialisation)
 * --------------------------------------------- */
/* What a document or bill is about, there: the roots of it. */
static GHashTable *spdx3_described(const json_t *json)
{
  static const char *const keys[] = {"rootElement", "to"};
  GHashTable *described = oakum_str_map_new(g_free, NULL);
  size_t i, k;
  const json_t *element, *id;
  json_array_foreach(json_object_get(json, "@graph"), i, element)
  {
    const char *type = oakum_sbom_string(element, "type"),
               *relation = oakum_sbom_string(element, "relationshipType");
    gboolean describes = g_strcmp0(relation, "describes") == 0,
             holder = type && (strcmp(type, "SpdxDocument") == 0 ||
                               strcmp(type, "software_Sbom") == 0 || strcmp(type, "Bom") == 0);
    if (describes || holder)
      json_array_foreach(json_object_get(element, keys[describes]), k, id) if (json_is_string(id))
          g_hash_table_add(described, g_strdup(json_string_value(id)));
  }
  return described;
}

void oakum_sbom_spdx3(const json_t *json, const OakumCatalogFile *file, OakumCatalogSink *sink)
{
  size_t i, j;
  const json_t *element, *id;
  g_autoptr(GHashTable) described = spdx3_described(json);
  json_array_foreach(json_object_get(json, "@graph"), i, element)
  {
    const char *type = oakum_sbom_string(element, "type");
    if (g_strcmp0(type, "software_Package") != 0)
      continue;
    const char *purpose = oakum_sbom_string(element, "software_primaryPurpose"), *version,
               *purl = oakum_sbom_string(element, "software_packageUrl"), *cpe = NULL;
    version = oakum_sbom_string(element, "software_packageVersion");
    if (g_strcmp0(purpose, "operatingSystem") == 0) {
      OakumSbomDistro distro = {.id = oakum_sbom_string(element, "name"),
                                .version = version,
                                .pretty = oakum_sbom_string(element, "summary")};
      oakum_sbom_distro(sink, file, &distro);
      continue;
    }
    json_array_foreach(json_object_get(element, "externalIdentifier"), j, id)
    {
      const char *kind = oakum_sbom_string(id, "externalIdentifierType");
      if (g_strcmp0(kind, "packageUrl") == 0 && !purl)
        purl = oakum_sbom_string(id, "identifier");
      if (g_strcmp0(kind, "cpe23") == 0 && !cpe)
        cpe = oakum_sbom_string(id, "identifier");
    }
    OakumSbomPackage said = {
        .name = oakum_sbom_string(element, "name"),
        .version = version,
        .purl = purl,
        .cpe = cpe,
        .part = spdx_is_part(purpose, oakum_sbom_string(element, "spdxId"), described)};
    oakum_sbom_add(sink, file, &said);
  }
}
