/* A patch of the Dockerfile that mends what is known to be mended: an upgrade of the packages that
 * have a fix. */
#pragma once
#include "dockerfile/dockerfile.h"
#include "report/report.h"

struct OakumRemedy {
  GPtrArray *findings; /* OakumFinding, borrowed: the holes that it closes */
  char *summary;       /* one line */
  char *diff;          /* what `git apply` takes, UTF-8 or not as the Dockerfile is */
  size_t diff_len;
};
/* One for all holes of packages of the operating system that count and have a fix: a RUN behind the
 * FROM of the last stage, by the package manager that is in the image. NULL: there is none, no hole
 * of that kind, or no place where it would work (FROM scratch). `path` is the Dockerfile as the
 * repository names it. The FROM line stays: which newer base there is, is not known here. */
NODISCARD OakumRemedy *oakum_remedy_make(const OakumResult *result,
                                         const OakumDockerfile *dockerfile, const char *path);
void oakum_remedy_free(OakumRemedy *remedy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumRemedy, oakum_remedy_free)
