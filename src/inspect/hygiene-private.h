/* The parts of hygiene: what a layer shows, what the settings show, and what only the two together
 * show. */
#pragma once
#include "inspect/inspect.h"

/* ---- rules
 * --------------------------------------------------------------------------------------- */
typedef enum {
#define RULE(name, ...) HYGIENE_##name,
#include "inspect/hygiene-rules.inc"
#undef RULE
  HYGIENE_RULES
} HygieneRule;
typedef struct {
  const char *id;
  OakumSeverity severity;
  const char *category, *title, *fix, *code;
} HygieneRow;
extern const HygieneRow oakum_hygiene_rows[HYGIENE_RULES];
/* A finding of the rule, appended to `into` and owned by it, for the caller to say more of. `file`
 * NULL: of the settings. Takes `why`; its control characters are escaped. */
OakumFinding *oakum_hygiene_tell(GPtrArray *into, HygieneRule rule, const char *file,
                                 char *why_taken);

/* ---- facts
 * --------------------------------------------------------------------------------------- *
 * What only the whole image can judge goes from the layers to oakum_hygiene_image as findings with
 * these ids: `why` holds the fact, and whoever hides `file` takes it away. */
#define HYGIENE_FACT "fact:"
#define HYGIENE_FACT_LAYER "fact:layer"   /* one a layer; `why`: lines of sizes and whiteouts */
#define HYGIENE_FACT_PASSWD "fact:passwd" /* "name:uid:shell" a line; "?": it cannot be read */
#define HYGIENE_FACT_GROUP "fact:group"   /* a name a line; "?": it cannot be read */
#define HYGIENE_FACT_OWNERS "fact:owners" /* "uid count example" a line */
#define HYGIENE_FACT_SHELL "fact:shell"   /* the rest: `file` is a program of this sort */
#define HYGIENE_FACT_MANAGER "fact:manager"
#define HYGIENE_FACT_BUILD "fact:build"
#define HYGIENE_FACT_NETWORK "fact:network"
void oakum_hygiene_fact(GPtrArray *into, const char *id, const char *file, const char *why);

/* ---- one layer after another
 * --------------------------------------------------------------------- *
 * The shape of OakumLayerObserver. `path` is clean; whiteouts come by their stored name. */
typedef struct OakumHygiene OakumHygiene;
NODISCARD OakumHygiene *oakum_hygiene_new(void);
void oakum_hygiene_free(OakumHygiene *hygiene);
void oakum_hygiene_entry(OakumHygiene *hygiene, const OakumTarEntry *entry, const char *path);
void oakum_hygiene_bytes(OakumHygiene *hygiene, const void *data, size_t len);
/* Appends OakumFinding; ready for the next layer. */
void oakum_hygiene_end(OakumHygiene *hygiene, GPtrArray *observed, GPtrArray *incomplete);

/* Bytes of a layer that nobody needs to run it, by sort: caches, documentation, headers, logs. */
typedef struct OakumHygieneHeaps OakumHygieneHeaps;
NODISCARD OakumHygieneHeaps *oakum_hygiene_heaps_new(void);
void oakum_hygiene_heaps_free(OakumHygieneHeaps *heaps);
/* A file of so many bytes; `path` is clean. */
void oakum_hygiene_heaps_add(OakumHygieneHeaps *heaps, const char *path, uint64_t size);
/* Appends a finding of each sort that there is enough of. */
void oakum_hygiene_heaps_tell(const OakumHygieneHeaps *heaps, GPtrArray *found);
/* Trees of others, where such files are part of what was installed. */
NODISCARD gboolean oakum_hygiene_is_foreign_tree(const char *path);

/* What the content of one file shows (passwd, shadow, sshd_config …); pure, for fuzzing too. */
NODISCARD gboolean oakum_hygiene_wants(const char *path);
void oakum_hygiene_content(const char *path, OakumSlice content, GPtrArray *into);
/* A file that is to be told by its name alone, or by what `content` (its beginning) shows. */
typedef enum { HYGIENE_NAME_NO, HYGIENE_NAME_YES, HYGIENE_NAME_IF_CONTENT } HygieneName;
NODISCARD HygieneName oakum_hygiene_secret_name(const char *path);
NODISCARD gboolean oakum_hygiene_secret_content(const char *path, OakumSlice content);

/* ---- the whole image
 * ----------------------------------------------------------------------------- */
/* `findings`: of all layers, as merging left them. Facts are taken out, what they and the settings
 * show is appended. */
void oakum_hygiene_image(const OakumInspectImage *image, GPtrArray *findings);
/* Takes out the facts alone: readers of databases tell them whoever asks. */
void oakum_hygiene_drop_facts(GPtrArray *findings);
void oakum_hygiene_settings(const OakumInspectImage *image, GPtrArray *findings);
/* What the day says of them; `config` is not NULL. */
void oakum_hygiene_dates(const OakumInspectImage *image, GPtrArray *findings);
void oakum_hygiene_history(const OakumInspectImage *image, GPtrArray *findings);
/* How many layers lie below the image's own, as the history lets one guess; -1: not known. */
NODISCARD int oakum_hygiene_base_layers(const GPtrArray *history);
/* NAME=VALUE where somebody seems to hide something; lengths in bytes. */
NODISCARD gboolean oakum_hygiene_is_secret(const char *name, size_t n, const char *value);
