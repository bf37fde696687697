/* The pieces that notes and what is kept of whole images are written in (bytes.c). */
#pragma once
#include "examine/examine-private.h"

void oakum_examine_put_number(GByteArray *out, uint64_t value, size_t bytes);
#define EXAMINE_ROWS_MAX OAKUM_VIEW_NAMES_MAX

/* NULL: none. What is no UTF-8 comes back escaped. */
void oakum_examine_put_text(GByteArray *out, const char *text);
void oakum_examine_put_strings(GByteArray *out, const GPtrArray *strings);
void oakum_examine_put_pairs(GByteArray *out, const GPtrArray *pairs);
/* All but the layer. */
void oakum_examine_put_package(GByteArray *out, const OakumPackage *package);
/* What an observer may tell of a finding, and what looks at whole images: all but the layer and
 * `gone`. */
void oakum_examine_put_observed(GByteArray *out, const OakumFinding *finding);
/* What could not be judged, without a place. */
void oakum_examine_put_incomplete(GByteArray *out, const OakumFinding *finding);

typedef struct {
  OakumSlice rest;
  uint64_t cost;     /* memory that was taken, about */
  const char *wrong; /* the first that was; NULL */
} ExamineCursor;
/* `what` is static. */
void oakum_examine_refuse(ExamineCursor *from, const char *what);
/* Small rows take many times their bytes. */
void oakum_examine_charge(ExamineCursor *from, uint64_t bytes);
NODISCARD uint64_t oakum_examine_get_number(ExamineCursor *from, size_t bytes);
/* A row has at least one number. */
NODISCARD guint oakum_examine_get_count(ExamineCursor *from, guint max);
/* New string, or NULL. */
NODISCARD char *oakum_examine_get_text(ExamineCursor *from);
/* NULL: it is refused. */
NODISCARD char *oakum_examine_get_needed(ExamineCursor *from);
void oakum_examine_get_strings(ExamineCursor *from, guint max, GPtrArray *into);
void oakum_examine_get_package(ExamineCursor *from, GPtrArray *into);
void oakum_examine_get_observed(ExamineCursor *from, GPtrArray *into);
void oakum_examine_get_incomplete(ExamineCursor *from, GPtrArray *into);
void oakum_examine_get_pairs(ExamineCursor *from, GPtrArray *into);
/* Behind `magic`, with which `all` (borrowed) begins, or it is refused. */
NODISCARD ExamineCursor oakum_examine_begin(OakumSlice all, const char *magic);
/* TRUE: all was read, and nothing was wrong. */
NODISCARD gboolean oakum_examine_at_end(ExamineCursor *from, GError **error);
