/* report: a result to bytes. Rank 7. It decides nothing. */
#pragma once
#include "catalog/catalog.h"
#include "codec/codec.h"
#include "finding/finding.h"
#include "image/image.h"
#include "policy/policy.h"

OAKUM_DECLARE_ERROR(report)
#define OAKUM_REPORT_ERROR (oakum_report_error_quark())

/* Of which run of a pipeline a result is. NULL: not known. */
typedef struct {
  const char *commit, *ref; /* "refs/heads/main" */
  const char *job, *correlator;
} OakumReportRun;

/* What a table is shown on. All 0: 80 columns, and text alone. */
typedef struct {
  int columns;
  gboolean colour, links; /* links: OSC 8 */
} OakumReportScreen;
typedef struct OakumRemedy OakumRemedy; /* report/remedy.h */

#define OAKUM_RESULT_SCHEMA 1
typedef struct {
  const char *target; /* as the user named it */
  const OakumCatalog *catalog;
  GPtrArray *findings;         /* OakumFinding, sorted */
  const OakumVerdict *verdict; /* NULL: nothing was asked */
  const char *db_path, *db_date;
  const char *made; /* RFC 3339; NULL: not told, so that the same input gives the same bytes */
  gboolean show_suppressed;  /* in the table too */
  const char *now;           /* RFC 3339: for formats that must tell a time; NULL: as `made` */
  const char *dockerfile;    /* whose lines findings name; NULL: "Dockerfile" */
  const char *more;          /* where the whole is to be found, for reports with a limit; NULL */
  const char *default_image; /* how the image is called on the default branch; NULL */
  const json_t *image;       /* as oakum_report_image makes it; NULL: not known */
  OakumReportRun run;        /* of which change this is */
  OakumReportScreen screen;  /* of the table */
  const OakumRemedy *remedy; /* for formats that carry patches; NULL */
  gboolean
      end_is_hole; /* GitLab: the end of the distribution's life is a row, not only a message */
} OakumResult;

/* The formats: names, and what writes them. */
#define OAKUM_REPORT_FORMATS                                                                       \
  "table|json|sarif|cyclonedx|spdx|spdx-tv|openvex|cyclonedx-vex|gitlab|gitlab-dependency|"        \
  "gitlab-codequality|junit|markdown|csv|github|trivy|html"
/* Whether there is a format of this name. */
NODISCARD gboolean oakum_report_knows(const char *format);
/* `result` in the format of that name. NULL: there is none, or it lacks what the format needs. New
 * string. */
NODISCARD char *oakum_report_write(const OakumResult *result, const char *format, GError **error);
/* A table for people, within result->screen.columns: control characters escaped; holes by package,
 * the worst first and folded where there are many, then what else was found, what could not be
 * judged, and the verdict. */
NODISCARD char *oakum_report_table(const OakumResult *result);
/* The result format, version 1 (docs/result.md): what other commands read. New string with a
 * newline. */
NODISCARD char *oakum_report_json(const OakumResult *result);

/* A verdict as it stands in a result. New. */
NODISCARD json_t *oakum_report_verdict(const OakumVerdict *verdict);

/* Bills of materials: what is in it, not what is wrong with it; all that tells packages apart, so
 * that a scan of them finds what a scan of the image does. New strings with a newline. */
NODISCARD char *oakum_report_cyclonedx(const OakumResult *result); /* CycloneDX 1.6, JSON */
/* The same with the properties by which GitLab knows whose it is; without `licenses` no component
 * tells its licence. */
NODISCARD char *oakum_report_gitlab_sbom(const OakumResult *result, gboolean licenses);
NODISCARD char *oakum_report_spdx(const OakumResult *result);    /* SPDX 2.3, JSON */
NODISCARD char *oakum_report_spdx_tv(const OakumResult *result); /* SPDX 2.3, tag-value */

/* Workflow commands of GitHub's runners (::error file=…): what counts, the most urgent first, at
 * most OAKUM_ANNOTATIONS_MAX of each level, and how many more there are. New string, "" when there
 * is nothing to say. */
NODISCARD char *oakum_report_annotations(const OakumResult *result);

/* ---- results that were saved
 * ------------------------------------------------------------------------- */
/* Digest, size and settings of an image, as they stand in a result; its layers are the catalogue's.
 * Of environment variables the name and the first 16 digits of a SHA-256 of the value. New. */
NODISCARD json_t *oakum_report_image(const OakumImage *image);
/* What JSON of oakum_report_json was made of. */
typedef struct {
  OakumResult result; /* points to what follows */
  OakumCatalog *catalog;
  GPtrArray *findings; /* OakumFinding */
  OakumVerdict *verdict;
  json_t *image;
  char *texts[4];
} OakumSavedResult;
/* NULL: it is none, or of another schema. `what` names it in messages. */
NODISCARD OakumSavedResult *oakum_report_read(const char *text, size_t len, const char *what,
                                              GError **error);
void oakum_saved_result_free(OakumSavedResult *saved);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumSavedResult, oakum_saved_result_free)
