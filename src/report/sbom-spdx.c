/* SPDX 2.3, as JSON and as tag-value (clauses 6, 7, 10, 11). Both are written from one JSON value.
 */
#include "license/license.h"
#include "report/report-private.h"
#include <string.h>

#define NONE_SAID "NOASSERTION"
#define NOT_TOLD "1970-01-01T00:00:00Z" /* a time is asked for */

/* An expression; what is none becomes a LicenseRef, whose text is told once in `others`. */
static void set_license(json_t *package, const char *text, GHashTable *known, json_t *others)
{
  g_autofree char *expression = text && *text ? oakum_license_expression(text) : NULL;
  if (!text || !*text) {
    oakum_report_set(package, "licenseDeclared", NONE_SAID);
    return;
  }
  if (expression && !strstr(expression, "Ref-")) {
    oakum_report_set(package, "licenseDeclared", expression);
    return;
  }
  g_autofree char *hex = oakum_sha256_hex(text, strlen(text)),
                  *id = g_strdup_printf("LicenseRef-%.16s", hex);
  oakum_report_set(package, "licenseDeclared", id);
  if (g_hash_table_contains(known, id))
    return;
  json_t *other = json_object();
  json_object_set_new(other, "licenseId", json_string(id));
  json_object_set_new(other, "extractedText", oakum_sbom_text(text));
  json_object_set_new(other, "name", oakum_sbom_text(text));
  json_array_append_new(others, other);
  g_hash_table_add(known, g_steal_pointer(&id));
}

static void add_reference(json_t *list, const char *category, const char *type, const char *locator)
{
  /* one that a foreign document had, of another form, would make readers refuse the whole */
  if (!locator || !g_str_has_prefix(locator, strcmp(type, "purl") == 0 ? "pkg:" : "cpe:2.3:"))
    return;
  for (const char *p = locator; *p; p = g_utf8_next_char(p))
    if (g_unichar_isspace(g_utf8_get_char(p)) || oakum_is_deceptive(g_utf8_get_char(p)))
      return;
  json_t *row = json_object();
  json_object_set_new(row, "referenceCategory", json_string(category));
  json_object_set_new(row, "referenceType", json_string(type));
  json_object_set_new(row, "referenceLocator", oakum_sbom_text(locator));
  json_array_append_new(list, row);
}

static json_t *package_new(const char *id, const char *name, const char *purpose)
{
  json_t *object = json_object();
  json_object_set_new(object, "SPDXID", json_string(id));
  json_object_set_new(object, "name", oakum_sbom_text(name));
  json_object_set_new(object, "downloadLocation", json_string(NONE_SAID));
  json_object_set_new(object, "filesAnalyzed", json_false());
  json_object_set_new(object, "copyrightText", json_string(NONE_SAID));
  json_object_set_new(object, "licenseConcluded", json_string(NONE_SAID));
  json_object_set_new(object, "primaryPackagePurpose", json_string(purpose));
  return object;
}

/* A line of a comment; what is told has none of its own. */
static void say_line(gpointer comment, const char *key, const char *value)
{
  g_autofree char *one = g_strdup(value);
  g_strdelimit(one, "\r\n", ' ');
  g_string_append_printf(comment, "%soakum:%s=%s", ((GString *)comment)->len ? "\n" : "", key, one);
}

/* For people: how it was found, and of what it was made. */
static char *source_info(const OakumPackage *p)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_string_append_printf(text, "found as %s by", p->type);
  for (guint i = 0; i < p->paths->len; i++)
    g_string_append_printf(text, "%s %s", i ? "," : "", (char *)p->paths->pdata[i]);
  if (p->source_name &&
      (g_strcmp0(p->source_name, p->name) != 0 || g_strcmp0(p->source_version, p->version) != 0))
    g_string_append_printf(text, "; built from %s %s", p->source_name,
                           p->source_version ? p->source_version : "");
  if (p->layer)
    g_string_append_printf(text, "; layer %s", p->layer);
  if (p->guessed)
    g_string_append(text, "; guessed from its name");
  return g_string_free(g_steal_pointer(&text), FALSE);
}

/* "Organization: Name (mail)" of "Name <mail>", on one line; NULL: no name is told. */
static char *supplier(const char *maintainer)
{
  if (!maintainer)
    return NULL;
  g_autofree char *safe = oakum_escape_utf8(maintainer, -1),
                  *one = g_strstrip(g_strdelimit(g_strdup(safe), "\r\n\v\f", ' '));
  size_t n = strlen(one);
  char *mail = n > 0 && one[n - 1] == '>' ? strrchr(one, '<') : NULL;
  if (mail) {
    one[n - 1] = *mail = '\0';
    g_strchomp(one);
  }
  if (!*one || *one == '(') /* readers take what is in parentheses for the mail */
    return NULL;
  return mail && mail[1] ? g_strdup_printf("Organization: %s (%s)", one, mail + 1)
                         : g_strconcat("Organization: ", one, NULL);
}

static json_t *package_json(const OakumPackage *p, const char *id, GHashTable *known,
                            json_t *others)
{
  json_t *object = package_new(id, p->name, p->cpe ? "APPLICATION" : "LIBRARY"),
         *references = json_array();
  g_autofree char *info = source_info(p);
  g_autofree char *by = supplier(p->maintainer);
  oakum_report_set(object, "versionInfo", p->version);
  oakum_report_set(object, "supplier", by ? by : NONE_SAID);
  oakum_report_set(object, "sourceInfo", info);
  g_autoptr(GString) comment = g_string_new(NULL);
  oakum_sbom_properties(p, say_line, comment);
  oakum_report_set(object, "comment", comment->str);
  set_license(object, p->license, known, others);
  add_reference(references, "PACKAGE-MANAGER", "purl", p->purl);
  add_reference(references, "SECURITY", "cpe23Type", p->cpe);
  json_object_set_new(object, "externalRefs", references);
  return object;
}

static void relate(json_t *list, const char *from, const char *kind, const char *to)
{
  json_t *row = json_object();
  json_object_set_new(row, "spdxElementId", json_string(from));
  json_object_set_new(row, "relationshipType", json_string(kind));
  json_object_set_new(row, "relatedSpdxElement", json_string(to));
  json_array_append_new(list, row);
}

static void add_packages(const OakumResult *result, json_t *json)
{
  json_t *packages = json_array(), *relations = json_array(), *others = json_array();
  g_autoptr(GHashTable) known = oakum_str_map_new(g_free, NULL);
  g_autoptr(GPtrArray) refs = oakum_sbom_refs(result);
  const OakumDistro *distro = &result->catalog->distro;
  json_t *image = package_new("SPDXRef-Image", result->target, "CONTAINER");
  oakum_report_set(image, "licenseDeclared", NONE_SAID);
  json_array_append_new(packages, image);
  relate(relations, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image");
  if (distro->id) {
    json_t *os = package_new("SPDXRef-OperatingSystem", distro->id, "OPERATING_SYSTEM");
    oakum_report_set(os, "versionInfo", distro->version);
    oakum_report_set(os, "summary", distro->pretty);
    g_autoptr(GString) comment = g_string_new(NULL);
    oakum_sbom_distro_properties(distro, say_line, comment);
    oakum_report_set(os, "comment", comment->str);
    oakum_report_set(os, "licenseDeclared", NONE_SAID);
    json_array_append_new(packages, os);
    relate(relations, "SPDXRef-Image", "CONTAINS", "SPDXRef-OperatingSystem");
  }
  for (guint i = 0; i < refs->len; i++) {
    g_autofree char *hex = oakum_sha256_hex(refs->pdata[i], strlen(refs->pdata[i])),
                    *id = g_strdup_printf("SPDXRef-Package-%.24s", hex);
    json_array_append_new(packages,
                          package_json(result->catalog->packages->pdata[i], id, known, others));
    relate(relations, "SPDXRef-Image", "CONTAINS", id);
  }
  json_object_set_new(json, "packages", packages);
  json_object_set_new(json, "relationships", relations);
  if (json_array_size(others) > 0)
    json_object_set_new(json, "hasExtractedLicensingInfos", others);
  else
    json_decref(others);
}

static json_t *document(const OakumResult *result)
{
  json_t *json = json_object(), *creation = json_object(), *creators = json_array();
  g_autofree char *uuid = oakum_sbom_uuid(result), *space = g_strconcat("urn:uuid:", uuid, NULL),
                  *incomplete = oakum_sbom_incomplete(result);
  json_object_set_new(json, "spdxVersion", json_string("SPDX-2.3"));
  json_object_set_new(json, "dataLicense", json_string("CC0-1.0"));
  json_object_set_new(json, "SPDXID", json_string("SPDXRef-DOCUMENT"));
  json_object_set_new(json, "name", oakum_sbom_text(result->target));
  json_object_set_new(json, "documentNamespace", json_string(space));
  json_object_set_new(creation, "created", json_string(result->made ? result->made : NOT_TOLD));
  json_array_append_new(creators, json_string("Tool: oakum-" OAKUM_VERSION));
  json_object_set_new(creation, "creators", creators);
  json_object_set_new(json, "creationInfo", creation);
  if (incomplete) {
    g_autoptr(GString) comment = g_string_new("Not all could be judged:");
    g_auto(GStrv) lines = g_strsplit(incomplete, "\n", -1);
    for (char **line = lines; *line; line++)
      say_line(comment, "incomplete", *line);
    oakum_report_set(json, "comment", comment->str);
  }
  add_packages(result, json);
  return json;
}

char *oakum_report_spdx(const OakumResult *result)
{
  return oakum_report_dump(document(result));
}

/* ---- tag-value
 * ------------------------------------------------------------------------------------ */
/* Of any number of lines; the end mark itself cannot be told, nor what a terminal would obey. */
static void text_tag(GString *out, const char *name, const char *value)
{
  g_auto(GStrv) parts = g_strsplit(value, "</text>", -1);
  g_autofree char *safe = g_strjoinv("</ text>", parts);
  g_auto(GStrv) lines = g_strsplit(safe, "\n", -1);
  g_string_append_printf(out, "%s: <text>", name);
  for (char **line = lines; *line; line++) {
    g_autofree char *shown = oakum_escape_terminal(*line, -1);
    g_string_append_printf(out, "%s%s", line == lines ? "" : "\n", shown);
  }
  g_string_append(out, "</text>\n");
}

/* What the beginning of a line says it is to readers that tell values by their form: whom, a sum, a
 * time, nothing said, or another tag. A name that looks like one makes them refuse the document. */
static gboolean taken_for_another(const char *value)
{
  static const char *const words[] = {"NONE",         "NOASSERTION", "Created",  "Creator",
                                      "Relationship", "Reviewer",    "Annotator"},
                           *const heads[] = {"Tool:",    "Person:",  "Organization:", "<text>",
                                             "ADLER32:", "BLAKE2b-", "BLAKE3:",       "MD2:",
                                             "MD4:",     "MD5:",     "MD6:",          "SHA1:",
                                             "SHA224:",  "SHA256:",  "SHA384:",       "SHA512:",
                                             "SHA3-"};
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (strcmp(value, words[i]) == 0)
      return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
    if (g_str_has_prefix(value, heads[i]))
      return TRUE;
  size_t digits = strspn(value, "0123456789");
  return digits == 4 && value[4] == '-' && strspn(value, "0123456789-") == 10 && value[10] == 'T';
}

/* Of one line, as names and versions must be: what ends a line is shown as people see it elsewhere,
 * and so is the first character of what readers would take for something else. */
static void line_tag(GString *out, const char *name, const char *value)
{
  g_autofree char *stripped = g_strstrip(g_strdup(value)),
                  *shown = oakum_escape_terminal(stripped, -1);
  g_string_append_printf(out, "%s: ", name);
  if (taken_for_another(shown))
    g_string_append_printf(out, "\\x%02x%s\n", (guchar)*shown, shown + 1);
  else
    g_string_append_printf(out, "%s\n", shown);
}

static void tag(GString *out, const char *name, const json_t *object, const char *key)
{
  const char *value = json_string_value(json_object_get(object, key));
  if (value)
    line_tag(out, name, value);
}

/* What the document itself says by its own words. */
static void word_tag(GString *out, const char *name, const json_t *object, const char *key)
{
  const char *value = json_string_value(json_object_get(object, key));
  if (value)
    g_string_append_printf(out, "%s: %s\n", name, value);
}

/* Whose value has the form that `taken_for_another` looks for, as it should. */
static void supplier_tag(GString *out, const json_t *package)
{
  const char *value = json_string_value(json_object_get(package, "supplier"));
  g_autofree char *shown = value ? oakum_escape_terminal(value, -1) : NULL;
  if (shown)
    g_string_append_printf(out, "PackageSupplier: %s\n", shown);
}

static void long_tag(GString *out, const char *name, const json_t *object, const char *key)
{
  const char *value = json_string_value(json_object_get(object, key));
  if (value)
    text_tag(out, name, value);
}

static void package_tags(GString *out, const json_t *package)
{
  g_string_append_c(out, '\n');
  tag(out, "PackageName", package, "name");
  word_tag(out, "SPDXID", package, "SPDXID");
  tag(out, "PackageVersion", package, "versionInfo");
  supplier_tag(out, package);
  word_tag(out, "PackageDownloadLocation", package, "downloadLocation");
  /* spelled otherwise in JSON */
  const char *purpose = json_string_value(json_object_get(package, "primaryPackagePurpose"));
  g_string_append_printf(out, "PrimaryPackagePurpose: %s\n",
                         strcmp(purpose, "OPERATING_SYSTEM") == 0 ? "OPERATING-SYSTEM" : purpose);
  g_string_append(out, "FilesAnalyzed: false\n");
  long_tag(out, "PackageSourceInfo", package, "sourceInfo");
  word_tag(out, "PackageLicenseConcluded", package, "licenseConcluded");
  word_tag(out, "PackageLicenseDeclared", package, "licenseDeclared");
  word_tag(out, "PackageCopyrightText", package, "copyrightText");
  long_tag(out, "PackageSummary", package, "summary");
  long_tag(out, "PackageComment", package, "comment");
  size_t i;
  const json_t *reference;
  json_array_foreach(json_object_get(package, "externalRefs"), i, reference)
      g_string_append_printf(out, "ExternalRef: %s %s %s\n",
                             json_string_value(json_object_get(reference, "referenceCategory")),
                             json_string_value(json_object_get(reference, "referenceType")),
                             json_string_value(json_object_get(reference, "referenceLocator")));
}

char *oakum_report_spdx_tv(const OakumResult *result)
{
  OAKUM_AUTO_JSON *json = document(result);
  const json_t *creation = json_object_get(json, "creationInfo"), *row;
  GString *out = g_string_new(NULL);
  size_t i;
  word_tag(out, "SPDXVersion", json, "spdxVersion");
  word_tag(out, "DataLicense", json, "dataLicense");
  word_tag(out, "SPDXID", json, "SPDXID");
  tag(out, "DocumentName", json, "name");
  word_tag(out, "DocumentNamespace", json, "documentNamespace");
  json_array_foreach(json_object_get(creation, "creators"), i, row)
      g_string_append_printf(out, "Creator: %s\n", json_string_value(row));
  word_tag(out, "Created", creation, "created");
  long_tag(out, "DocumentComment", json, "comment");
  json_array_foreach(json_object_get(json, "packages"), i, row) package_tags(out, row);
  json_array_foreach(json_object_get(json, "hasExtractedLicensingInfos"), i, row)
  {
    g_string_append_c(out, '\n');
    word_tag(out, "LicenseID", row, "licenseId");
    text_tag(out, "ExtractedText", json_string_value(json_object_get(row, "extractedText")));
  }
  g_string_append_c(out, '\n');
  json_array_foreach(json_object_get(json, "relationships"), i, row) g_string_append_printf(
      out, "Relationship: %s %s %s\n", json_string_value(json_object_get(row, "spdxElementId")),
      json_string_value(json_object_get(row, "relationshipType")),
      json_string_value(json_object_get(row, "relatedSpdxElement")));
  return g_string_free(out, FALSE);
}
