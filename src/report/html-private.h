/* The frame that the HTML pages of scans and comparisons share. */
#pragma once
#include "report/compare.h"
#include "report/report-private.h"

/* What a page shows: `data` for its tables, `details` a line of JSON a finding, read when somebody
 * unfolds it; `plain` for a browser without scripts. */
typedef struct {
  json_t *data;
  json_t *findings, *packages; /* arrays inside of data */
  GString *details, *plain;
  guint listed; /* findings in `plain` */
} OakumHtmlPage;
/* `kind` is "scan" or "compare". */
void oakum_html_page_init(OakumHtmlPage *page, const char *kind);
/* What strangers wrote, as a person may see it: no control characters, nothing that turns the order
 * of letters. NULL: "". */
NODISCARD json_t *oakum_html_text(const char *text);
/* A row, and its line of evidence. `package` (NULL: of none) stands at `index` of `packages`, -1:
 * not there. `change`: of OakumChangeKind, 2 for what stayed. */
void oakum_html_finding(OakumHtmlPage *page, const OakumResult *result, const OakumFinding *finding,
                        const OakumPackage *package, int index, int change);
/* ("Size", "12 MB"); `after` NULL: of one image. */
void oakum_html_fact(OakumHtmlPage *page, const char *name, const char *value, const char *after,
                     const char *difference);
/* All of `layers`. */
void oakum_html_layers(OakumHtmlPage *page, const OakumCatalog *catalog);
/* "12.3 MB"; below 0: "unknown". New string. */
NODISCARD char *oakum_html_bytes(int64_t bytes);
/* The whole file; takes what `page` holds. New string. */
NODISCARD char *oakum_html_page_end(OakumHtmlPage *page, const char *title);
