/* scan --advise. */
#pragma once
#include "cli/side.h"

typedef struct {
  gboolean advise;
  char *dockerfile;      /* NULL: ./Dockerfile, when it is there */
  GPtrArray *candidates; /* char *; NULL: none */
} OakumAdviseArgs;
extern const OakumOption oakum_advise_options[];
/* Advice on an image that was scanned, in place of a report: to `file` (NULL: standard output). */
NODISCARD gboolean oakum_cli_advise(const OakumAdviseArgs *args, const OakumSideContext *context,
                                    const OakumResult *result, const char *format, const char *file,
                                    GError **error);
