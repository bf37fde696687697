/* The frame that the HTML pages of scans and comparisons share. */
#pragma once
#include "report/compare.h"
#include "report/report-private.h"

/* A text of the evidence, how often it is said, and its number among those said more than once. */
typedef struct {
  char *text;
  guint times, place;
} OakumHtmlSaid;
#define OAKUM_HTML_FIRST                                                                           \
  50u                        /* names that stand in `data`, for the rows that are listed at first  \
                              */
#define OAKUM_HTML_LINK 3u   /* a name; what its address begins with; else all of its address */
#define OAKUM_HTML_RECORD 7u /* cells of a record of a feed */

/* What a page shows. */
typedef struct {
  json_t *data;
  json_t *packages;                     /* an array inside of data */
  json_t *findings;                     /* columns inside of data: a number a finding in each */
  GHashTable *strings, *names, *places; /* text to its number in the table of this name */
  GString *name_lines;                  /* names from OAKUM_HTML_FIRST on, a line of JSON each */
  struct {
    GHashTable *numbers; /* text to its place in `said` */
    GArray *said;        /* OakumHtmlSaid */
    GArray *words;       /* guint32: of each finding its texts, then paths, links and records, how
                          * many words in front of each */
  } evidence;
  struct {
    guint counts[OAKUM_FINDING_KINDS][3][OAKUM_SEVERITY_CRITICAL + 1]; /* kind in the page's order,
                                                                        * change, severity: of what
                                                                        * counts */
    guint suppressed;
    gboolean kinds[OAKUM_FINDING_KINDS], changes[3], severities[OAKUM_SEVERITY_CRITICAL + 1];
    int flags;           /* of all */
    gboolean fixed, own; /* some have a fix; some are of a layer that is not the base's */
    GHashTable *layers;  /* index: those that have one */
  } sums;                /* what the first view says of all */
  GString *plain;        /* for a browser without scripts */
  guint listed;          /* findings in `plain` */
} OakumHtmlPage;
/* `kind` is "scan" or "compare". */
void oakum_html_page_init(OakumHtmlPage *page, const char *kind);
/* What strangers wrote, as a person may see it: no control characters, nothing that turns the order
 * of letters. NULL: "". */
NODISCARD json_t *oakum_html_text(const char *text);
/* Number of a text that rows share, sanitized as above; NULL: that of "". */
NODISCARD guint oakum_html_shared(OakumHtmlPage *page, const char *text);
/* Place of a kind in the order of the page. */
NODISCARD guint oakum_html_kind(OakumFindingKind kind);
/* Whether maps and lists of packages count it: a distribution has a hundred packages whose licences
 * are told for completeness. */
static inline gboolean oakum_html_weighs(const OakumFinding *finding)
{
  return finding->kind != OAKUM_FINDING_LICENSE || finding->severity != OAKUM_SEVERITY_NEGLIGIBLE;
}
/* A row, and its line of evidence. `package` (NULL: of none) stands at `index` of `packages`, -1:
 * not there. `change`: of OakumChangeKind, 2 for what stayed. */
void oakum_html_finding(OakumHtmlPage *page, const OakumResult *result, const OakumFinding *finding,
                        const OakumPackage *package, int index, int change);
/* ("Size", "12 MB"); `after` NULL: of one image. */
void oakum_html_fact(OakumHtmlPage *page, const char *name, const char *value, const char *after,
                     const char *difference);
/* [digest, bytes, what made it, whether it is the base image's] */
NODISCARD json_t *oakum_html_layer(const OakumLayerOrigin *origin);
/* All of `layers`. */
void oakum_html_layers(OakumHtmlPage *page, const OakumCatalog *catalog);
/* "12.3 MB"; below 0: "unknown". New string. */
NODISCARD char *oakum_html_bytes(int64_t bytes);
/* Tables of findings, empty; `data` is there. */
void oakum_html_findings_init(OakumHtmlPage *page);
void oakum_html_findings_clear(OakumHtmlPage *page);
/* Puts what is summed up into `data`. */
void oakum_html_sums(OakumHtmlPage *page);
/* The evidence: a line of JSON for each text that is said more than once, and for each finding,
 * behind what is in `lines`. How many texts. */
guint oakum_html_evidence(OakumHtmlPage *page, GString *lines);
/* The whole file; takes what `page` holds. New string. */
NODISCARD char *oakum_html_page_end(OakumHtmlPage *page, const char *title);
