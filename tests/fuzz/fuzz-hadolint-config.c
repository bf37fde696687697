/* .hadolint.yaml: any bytes give settings or an error, never both. */
#include "cli/lint-common.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_auto(OakumHadolintConfig) config = {NULL};
  g_autoptr(GError) error = NULL;
  OakumLintLevel level;
  gboolean ok = oakum_hadolint_config_parse((const char *)data, size, "fuzz", &config, &error);
  g_assert_true(ok == (error == NULL));
  if (ok && config.threshold)
    g_assert_true(oakum_lint_threshold_parse(config.threshold, &level));
  for (guint i = 0; ok && config.labels && i < config.labels->len; i++)
    g_assert_nonnull(strrchr(config.labels->pdata[i], ':'));
  return 0;
}
