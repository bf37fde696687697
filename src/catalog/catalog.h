/* catalog: FileView to packages and distribution. Rank 4. A cataloguer is {name, patterns, run}. It
 * knows nothing of advisories. */
#pragma once
#include "finding/finding.h"
#include "image/image.h"

OAKUM_DECLARE_ERROR(catalog)
#define OAKUM_CATALOG_ERROR (oakum_catalog_error_quark())

/* From os-release(5). */
typedef struct {
  char *id, *version, *pretty; /* "debian", "11", "Debian GNU/Linux 11 (bullseye)"; NULL: unknown */
  char *ecosystem;             /* of advisories: "Debian:11", "Alpine:v3.20"; NULL: none known */
} OakumDistro;

typedef struct {
  OakumDistro distro;
  GPtrArray *packages;   /* OakumPackage, sorted by name, version, type */
  GPtrArray *incomplete; /* OakumFinding of kind INCOMPLETE: what could not be judged */
} OakumCatalog;
/* What the cataloguers want to read; for oakum_view_new. `user` is not used. */
NODISCARD gboolean oakum_catalog_wanted(const char *path, gpointer user);
/* Never fails: what cannot be read becomes an INCOMPLETE finding. */
NODISCARD OakumCatalog *oakum_catalog_run(const OakumView *view);
void oakum_catalog_free(OakumCatalog *catalog);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumCatalog, oakum_catalog_free)

/* What the cataloguers find in one file alone, for tests and fuzzing: those that want a file of
 * this path and these permission bits run on `content`. Appends to `packages` (OakumPackage) and to
 * `incomplete` (OakumFinding). */
void oakum_catalog_one(const char *path, uint32_t mode, OakumSlice content, GPtrArray *packages,
                       GPtrArray *incomplete);

/* The parsers, for tests and fuzzing. Each appends to `packages`; FALSE with an error when the file
 * breaks its format. dpkg: deb-control(5), dpkg(1) "status"; apk: the installed database of
 * apk-tools 2. */
NODISCARD gboolean oakum_dpkg_parse(OakumSlice text, const char *path, GPtrArray *packages,
                                    GError **error);
NODISCARD gboolean oakum_apk_parse(OakumSlice text, const char *path, GPtrArray *packages,
                                   GError **error);
void oakum_os_release_parse(OakumSlice text, OakumDistro *distro);
