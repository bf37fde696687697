/* Composer: what its orders and its constraints share. */
#pragma once
#include "version/version-private.h"

/* What may stand behind the numbers: [._-]? (word digits*)? ([.-]?dev)? */
typedef struct {
  OakumSlice word;   /* "beta"; empty when there is none */
  OakumSlice digits; /* "2.1", with the '.' or '-' in front of it, if any */
  gboolean dev;
} OakumComposerModifier;

/* Takes a modifier from the front; all of it may be missing. `words` folds the case of them. */
void oakum_composer_take_modifier(OakumSlice *rest, gboolean fold, OakumComposerModifier *out);
/* The form that versions are compared in ("1.2.0.0-beta2"); NULL for no version. */
NODISCARD char *oakum_composer_normalize(OakumSlice text);
NODISCARD gboolean oakum_composer_is_branch(const char *normalized);
/* The order of two normal forms, neither of them a branch: PHP's version_compare(). */
NODISCARD int oakum_composer_order(const char *a, const char *b);
/* Takes ".x-dev" from the front. */
NODISCARD gboolean oakum_composer_take_x_dev(OakumSlice *rest);
/* Takes "@beta" and its like from the end; *word is the word. */
NODISCARD gboolean oakum_composer_drop_stability(OakumSlice *text, OakumSlice *word);
/* "A as B" is A. */
void oakum_composer_drop_alias(OakumSlice *text);
