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
} OakumResult;
/* A table for people: control characters escaped; holes first, then what could not be judged. */
NODISCARD char *oakum_report_table(const OakumResult *result);
/* The result format, version 1 (docs/result.md): what other commands read. New string with a
 * newline. */
NODISCARD char *oakum_report_json(const OakumResult *result);
