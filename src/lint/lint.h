/* lint: rules over the Dockerfile's tree to findings. Rank 3. It opens no file and runs nothing. */
#pragma once
#include "dockerfile/dockerfile.h"
#include "finding/finding.h"

/* One row a rule: the only home of its id, severity, title and help. */
typedef struct {
  const char *id;
  OakumSeverity severity;
  const char *title, *help;
} OakumLintRule;
/* The table; *count rows. */
NODISCARD const OakumLintRule *oakum_lint_rules(size_t *count);
/* Findings of kind LINT by place. A comment "# oakum ignore=ID[,ID]" on the line above an
 * instruction takes those rules back for it. Array of OakumFinding. */
NODISCARD GPtrArray *oakum_lint_run(const OakumDockerfile *dockerfile);
