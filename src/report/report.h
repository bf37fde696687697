/* report: a result to bytes. Rank 7. It decides nothing. */
#pragma once
#include "catalog/catalog.h"
#include "codec/codec.h"
#include "finding/finding.h"
#include "policy/policy.h"

typedef struct {
  const char *target; /* as the user named it */
  const OakumCatalog *catalog;
  GPtrArray *findings;         /* OakumFinding, sorted */
  const OakumVerdict *verdict; /* NULL: nothing was asked */
  const char *db_path, *db_date;
  const char *made; /* RFC 3339; NULL: not told, so that the same input gives the same bytes */
  gboolean show_suppressed; /* in the table too */
} OakumResult;
/* A table for people: control characters escaped; holes first, then what could not be judged. */
NODISCARD char *oakum_report_table(const OakumResult *result);
/* The result format, version 1 (docs/result.md): what other commands read. New string with a
 * newline. */
NODISCARD char *oakum_report_json(const OakumResult *result);

/* Bills of materials: what is in it, not what is wrong with it; all that tells packages apart, so
 * that a scan of them finds what a scan of the image does. New strings with a newline. */
NODISCARD char *oakum_report_cyclonedx(const OakumResult *result); /* CycloneDX 1.6, JSON */
NODISCARD char *oakum_report_spdx(const OakumResult *result);      /* SPDX 2.3, JSON */
NODISCARD char *oakum_report_spdx_tv(const OakumResult *result);   /* SPDX 2.3, tag-value */
