/* What the verbs of `oakum db` share. */
#pragma once
#include "cli/cli.h"
#include <errno.h>

typedef struct {
  char *db, *feed, *mirror, *format, *only, *ecosystem;
  OakumRegistryArgs registry;
  OakumGeneralArgs general;
} OakumDbArgs;
NODISCARD gboolean oakum_db_update(const OakumDbArgs *args, GPtrArray *rest, GError **error);
NODISCARD gboolean oakum_db_push(const OakumDbArgs *args, GPtrArray *rest, GError **error);
NODISCARD gboolean oakum_db_pull(const OakumDbArgs *args, GPtrArray *rest, GError **error);
