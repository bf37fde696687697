/* What bills of materials of all formats share. */
#pragma once
#include "report/report.h"

/* Of `result`, without what says nothing of it: a UUID (RFC 9562, version 8) from a digest of
 * packages, distribution and target. New string. */
NODISCARD char *oakum_sbom_uuid(const OakumResult *result);
/* The same of 32 and more hexadecimal digits of a hash, which are changed. New string. */
NODISCARD char *oakum_sbom_uuid_of(char *hex);
/* A name for each package that no other has: its purl, or what it is, and "#2" behind the second of
 * one name. Array of new strings, in the order of the packages. */
NODISCARD GPtrArray *oakum_sbom_refs(const OakumResult *result);
/* Valid UTF-8 as a JSON string. NULL: null. */
NODISCARD json_t *oakum_sbom_text(const char *value);
/* `json` as text with a newline, in which no character controls a terminal or turns the order of
 * letters; takes it. New string. */
NODISCARD char *oakum_report_dump(json_t *json);
/* The same of text of JSON that is whole; takes it. */
NODISCARD char *oakum_report_end(GString *json);
/* What could not be judged, a line each; NULL: nothing. New string. */
NODISCARD char *oakum_sbom_incomplete(const OakumResult *result);
/* What no format has a field for, as ("arch", "amd64"): CycloneDX has it as properties, SPDX as
 * lines of a comment. */
typedef void (*OakumSbomSay)(gpointer user, const char *key, const char *value);
void oakum_sbom_properties(const OakumPackage *package, OakumSbomSay say, gpointer user);
void oakum_sbom_distro_properties(const OakumDistro *distro, OakumSbomSay say, gpointer user);
/* The whole document, to be added to. New. */
NODISCARD json_t *oakum_report_cyclonedx_document(const OakumResult *result);
