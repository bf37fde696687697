/* An image or a saved result, as compare and the advice of scan take them. */
#pragma once
#include "cli/scan-common.h"

typedef struct {
  OakumScanned scanned;
  OakumSavedResult *saved; /* NULL: it was scanned */
  OakumResult result;      /* points into one of the two */
} OakumSide;
void oakum_side_clear(OakumSide *side);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumSide, oakum_side_clear)

/* What all of one call share. Borrowed. */
typedef struct {
  const char *db;
  GPtrArray *vex; /* char *; NULL: none */
  const OakumPlatform *platform;
  OakumStore *store;        /* NULL: nothing is kept */
  OakumExamineCache *cache; /* NULL: none */
  const char *keep;         /* folder of the store; NULL: nothing is kept */
  const OakumRegistryArgs *registry;
} OakumSideContext;
/* Whether `path` is a file that begins as JSON does: everything else is an image argument. */
NODISCARD gboolean oakum_side_is_result(const char *path);
/* Scans or reads it; old advisories are as good as new ones here. `text` must outlive the side,
 * which is to be cleared in any case. */
NODISCARD gboolean oakum_side_load(const OakumSideContext *context, const char *text,
                                   OakumSide *side, GError **error);
