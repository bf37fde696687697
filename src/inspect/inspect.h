/* inspect: what the files and the settings of an image show beside its packages: secrets, hygiene,
 * licences. Rank 4. Layers are looked at by an observer, in the process that reads them; settings
 * on the side that has parsed them. It must never know of advisories nor of catalogues. */
#pragma once
#include "finding/finding.h"
#include "image/image.h"

OAKUM_DECLARE_ERROR(inspect)
#define OAKUM_INSPECT_ERROR (oakum_inspect_error_quark())

/* What a scan looks for; a set of bits. Holes are not inspect's business, but one word names all.
 */
typedef enum {
  OAKUM_CHECK_HOLES = 1 << 0,
  OAKUM_CHECK_SECRETS = 1 << 1,
  OAKUM_CHECK_HYGIENE = 1 << 2,
  OAKUM_CHECK_LICENCES = 1 << 3,
  OAKUM_CHECK_ALL = (1 << 4) - 1
} OakumChecks;
#define OAKUM_CHECK_WORDS "holes|secrets|hygiene|licences"
/* "secrets" as its bit; FALSE: no such word. */
NODISCARD gboolean oakum_check_parse(const char *word, guint *check);

typedef struct {
  guint checks; /* OakumChecks */
} OakumInspectOptions;

/* Looks at layers, one after another. */
typedef struct OakumInspector OakumInspector;
/* Makes all that it needs at once, so that it can look where nothing may be opened any more. */
NODISCARD OakumInspector *oakum_inspector_new(const OakumInspectOptions *options);
/* Borrowed. What it tells at the end of a layer carries neither layer nor `gone`. */
NODISCARD const OakumLayerObserver *oakum_inspector_observer(OakumInspector *inspector);
void oakum_inspector_free(OakumInspector *inspector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumInspector, oakum_inspector_free)

/* What the user says of secrets: rules of his own, and what does not count, in the form of
 * trivy-secret.yaml (docs/secrets.md). It holds in the whole process for what is made from then on,
 * and is to be told before any thread is. `what` names the text in errors: "what:line:column: …",
 * INVALID; NULL: another process was told the same, and warns. `text` NULL: there is none. */
NODISCARD gboolean oakum_inspect_secret_config(const char *text, size_t len, const char *what,
                                               GError **error);
/* That text, for a process that reads layers; NULL: there is none. Borrowed until the next call. */
NODISCARD const char *oakum_inspect_secret_text(void);
/* Compiles it, for who looks at layers; it may take time and memory. INVALID: what an expression
 * says cannot be looked for. */
NODISCARD gboolean oakum_inspect_secret_ready(GError **error);

/* Stands for what is found in layers: it changes whenever that may change. Static. */
NODISCARD const char *oakum_inspect_version(void);
/* The same of what the user says of secrets; "": nothing. Borrowed until that changes. */
NODISCARD const char *oakum_inspect_secret_digest(void);

/* An image as a whole, for what its layers alone cannot tell. */
typedef struct {
  const OakumConfig *config;     /* NULL: a root file system, which has no settings */
  const OakumManifest *manifest; /* NULL: not known */
  const char *target;            /* as the user named it; NULL */
  int64_t now;                   /* seconds since 1970 */
  int base_layers;               /* how many of the lowest are the base's; -1: not known */
  GPtrArray *packages; /* OakumPackage: those of Debian get the licence that lies beside; NULL */
  /* ids, ids that end in "*", or categories of licences that alone are let in, and that are not;
   * NULL-terminated, or NULL: none is given */
  const char *const *license_allow, *const *license_deny;
} OakumInspectImage;
/* `findings`: what the observers of all layers told, merged. What nobody asked for is taken out,
 * what settings and history show is appended. */
void oakum_inspect_image(const OakumInspectImage *image, guint checks, GPtrArray *findings);
/* What follows from `now`, which nothing else does; only config, base_layers and now count. */
void oakum_inspect_dates(const OakumInspectImage *image, guint checks, GPtrArray *findings);

/* Texts that are shown, of settings and history: what is secret in them becomes asterisks. `json`
 * is changed; new string, NULL of NULL. */
void oakum_inspect_censor(json_t *json);
NODISCARD char *oakum_inspect_censored(const char *text);

/* What secret scanning finds in one file alone, for tests, benches and fuzzing. */
void oakum_inspect_secrets(const char *path, OakumSlice content, GPtrArray *observed,
                           GPtrArray *incomplete);
