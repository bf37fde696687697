/* What another base, a removal or an upgrade would bring. */
#pragma once
#include "report/report.h"

/* A base image that could be taken. Borrowed. */
typedef struct {
  const char *name;
  const OakumResult *result;
  const char *patch; /* unified diff of the Dockerfile; NULL: there is none */
} OakumAdviceBase;
typedef struct {
  const OakumResult *result;
  const OakumResult *base; /* of the image that FROM names; NULL: not asked for */
  const char *base_name;   /* NULL: not known */
  const GPtrArray *others; /* OakumAdviceBase */
} OakumAdvice;

/* Layers that the base brought: those that it shares with `base`, all of whose it must be; else as
 * the history lets one guess. *sure: it is the first. */
NODISCARD guint oakum_advice_base_layers(const OakumAdvice *advice, gboolean *sure);

#define OAKUM_ADVICE_FORMATS "table|json|markdown"
/* NULL: there is no such format. New string. */
NODISCARD char *oakum_advice_write(const OakumAdvice *advice, const char *format, GError **error);
