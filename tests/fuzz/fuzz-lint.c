/* Lint over any bytes: findings stay inside the file, edits apply, and a fixed file still parses.
 * An input is read in one mode, and either linted or fixed, which its bytes choose: so a fuzzer
 * gets through many of them. A replay does all of it to each. */
#include "lint/lint.h"
#include <string.h>

#define INPUT_MAX 2200u /* longer ones find nothing that shorter ones do not */
enum { MODES = 3, SHARES = 2 * MODES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const registries[] = {"docker.io", "*.example.com", NULL};
static const OakumLintLabel labels[] = {{"a", OAKUM_LINT_LABEL_URL},
                                        {"b", OAKUM_LINT_LABEL_SEMVER},
                                        {"c", OAKUM_LINT_LABEL_EMAIL},
                                        {"d", OAKUM_LINT_LABEL_RFC3339}};

static void lint(const OakumDockerfile *dockerfile, const OakumLintOptions *options)
{
  g_autoptr(OakumLint) run = oakum_lint_new(dockerfile, options);
  const GPtrArray *scripts = oakum_lint_scripts(run);
  for (guint i = 0; i < scripts->len && i < 4; i++) {
    const OakumLintReplacement replacement = {3, 1, 3, 2, "x"};
    const OakumLintComment comment = {i, 3, 2, 9, 4, 2086, "info", "m", &replacement, 1};
    oakum_lint_comment(run, &comment);
    for (int column = 1; column < 60; column += 3) { /* commands that may be a function's */
      const OakumLintComment unreached = {i, 2, column, 2, column + 1, 2317, "info", "m", NULL, 0};
      oakum_lint_comment(run, &unreached);
    }
    oakum_lint_comment_missing(run, i);
  }
  g_autoptr(GPtrArray) findings = oakum_lint_finish(run);
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *finding = findings->pdata[i];
    g_assert_true(finding->line >= 1 && finding->end_line >= finding->line);
    g_assert_true(finding->start <= finding->end && finding->end <= dockerfile->len);
  }
}

static void fix(const OakumDockerfile *dockerfile, const OakumLintOptions *options)
{
  size_t len;
  guint applied;
  g_autofree char *fixed =
      oakum_lint_fix(dockerfile->source, dockerfile->len, "f", options, TRUE, &len, &applied, NULL);
  g_autoptr(OakumDockerfile) again = fixed ? oakum_dockerfile_parse(fixed, len, "f", NULL) : NULL;
  g_assert_true(again && again->errors->len <= dockerfile->errors->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  guint sum = 0;
  for (size_t i = 0; i < size; i++)
    sum = sum * 31 + data[i];
  if (size > INPUT_MAX || memchr(data, '\0', size))
    return 0;
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(OakumDockerfile) dockerfile = oakum_dockerfile_parse(text, size, "f", NULL);
#ifdef OAKUM_REPLAY
  gboolean all = TRUE;
#else
  gboolean all = FALSE;
#endif
  for (guint share = 0; dockerfile && share < SHARES; share++) {
    if (!all && share != sum % SHARES)
      continue;
    const OakumLintOptions options = {.compat = (OakumLintCompat)(share % MODES),
                                      .trusted_registries = registries,
                                      .labels = labels,
                                      .labels_count = G_N_ELEMENTS(labels),
                                      .strict_labels = TRUE,
                                      .require_reason = TRUE,
                                      .ignore_known = TRUE,
                                      .now = 1800000000};
    if (share < MODES)
      lint(dockerfile, &options);
    else
      fix(dockerfile, &options);
  }
  return 0;
}
