/* Two results side by side: what came, what went, what changed. */
#pragma once
#include "report/report.h"

typedef enum { OAKUM_CHANGE_ADDED, OAKUM_CHANGE_REMOVED, OAKUM_CHANGE_CHANGED } OakumChangeKind;
/* A package by type, namespace, name and architecture, whatever its version. Borrowed. */
typedef struct {
  OakumChangeKind kind;
  const OakumPackage *package; /* one of them: of the new image, else of the old one */
  char *from, *to;             /* versions, ", " between them; NULL: it was not there */
} OakumPackageChange;
/* A hole of a package, or what files and settings show. ADDED and REMOVED only. Borrowed. */
typedef struct {
  OakumChangeKind kind;
  const OakumFinding *finding;
} OakumHoleChange;
/* A setting of the image, or a fact. */
typedef struct {
  char *name, *from, *to; /* "user", "1000", NULL: not there */
} OakumSettingChange;
typedef struct {
  const OakumResult *from, *to;
  GArray *packages, *holes, *settings;
  GPtrArray
      *stayed; /* OakumFinding of the new image, of all these kinds: what both have; borrowed */
  GArray *observed; /* OakumHoleChange of kinds SECRET, HYGIENE and LICENSE, sorted by kind */
  guint packages_same, holes_same, observed_same[OAKUM_FINDING_KINDS];
  guint by_severity[3][OAKUM_SEVERITY_CRITICAL + 1]; /* added, removed, same */
  int64_t size_from, size_to;                        /* bytes as stored; -1: not known */
  int layers_from, layers_to, layers_shared;         /* -1: not known */
} OakumComparison;
NODISCARD OakumComparison *oakum_comparison_new(const OakumResult *from, const OakumResult *to);
void oakum_comparison_free(OakumComparison *comparison);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumComparison, oakum_comparison_free)

#define OAKUM_COMPARE_FORMATS "table|json|markdown|html"
/* NULL: there is no such format. New string. */
NODISCARD char *oakum_comparison_write(const OakumComparison *comparison, const char *format,
                                       GError **error);
/* One HTML file. New string. */
NODISCARD char *oakum_comparison_html(const OakumComparison *comparison);
