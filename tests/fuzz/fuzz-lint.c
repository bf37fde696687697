/* Lint in all modes over any bytes: findings stay inside the file, edits apply, and a fixed file
 * still parses. */
#include "lint/lint.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  if (strlen(text) != size)
    return 0;
  g_autoptr(OakumDockerfile) dockerfile = oakum_dockerfile_parse(text, size, "f", NULL);
  if (!dockerfile)
    return 0;
  static const char *const registries[] = {"docker.io", "*.example.com", NULL};
  static const OakumLintLabel labels[] = {{"a", OAKUM_LINT_LABEL_URL},
                                          {"b", OAKUM_LINT_LABEL_SEMVER},
                                          {"c", OAKUM_LINT_LABEL_EMAIL},
                                          {"d", OAKUM_LINT_LABEL_RFC3339}};
  for (int compat = OAKUM_LINT_COMPAT_NONE; compat <= OAKUM_LINT_COMPAT_DOCKER; compat++) {
    const OakumLintOptions options = {.compat = (OakumLintCompat)compat,
                                      .trusted_registries = registries,
                                      .labels = labels,
                                      .labels_count = G_N_ELEMENTS(labels),
                                      .strict_labels = TRUE,
                                      .require_reason = TRUE,
                                      .ignore_known = TRUE,
                                      .now = 1800000000};
    g_autoptr(OakumLint) lint = oakum_lint_new(dockerfile, &options);
    const GPtrArray *scripts = oakum_lint_scripts(lint);
    for (guint i = 0; i < scripts->len && i < 4; i++) {
      const OakumLintReplacement replacement = {3, 1, 3, 2, "x"};
      const OakumLintComment comment = {i, 3, 2, 9, 4, 2086, "info", "m", &replacement, 1};
      oakum_lint_comment(lint, &comment);
    }
    g_autoptr(GPtrArray) findings = oakum_lint_finish(lint);
    for (guint i = 0; i < findings->len; i++) {
      const OakumFinding *finding = findings->pdata[i];
      g_assert_true(finding->line >= 1 && finding->end_line >= finding->line);
      g_assert_true(finding->start <= finding->end && finding->end <= size);
    }
    size_t len;
    guint applied;
    g_autofree char *fixed = oakum_lint_fix(text, size, "f", &options, TRUE, &len, &applied, NULL);
    g_autoptr(OakumDockerfile) again = fixed ? oakum_dockerfile_parse(fixed, len, "f", NULL) : NULL;
    g_assert_true(again && again->errors->len <= dockerfile->errors->len);
  }
  return 0;
}
