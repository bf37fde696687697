/* Saved results, and all that is made of them. */
#include "report/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const formats[] = {
      "table", "json",    "sarif",  "openvex",  "cyclonedx-vex",      "gitlab", "junit", "csv",
      "trivy", "spdx-tv", "github", "markdown", "gitlab-codequality", "html"};
  g_autoptr(OakumSavedResult) saved = oakum_report_read((const char *)data, size, "input", NULL);
  if (!saved)
    return 0;
  for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
    g_autofree char *text = oakum_report_write(&saved->result, formats[i], NULL);
    g_assert_true(text || i == 10); /* that one names a commit, and there is none */
    g_assert_true(!text || g_utf8_validate(text, -1, NULL));
  }
  /* what is written is read again, and is the same */
  g_autofree char *once = oakum_report_write(&saved->result, "json", NULL);
  g_autoptr(OakumSavedResult) again = oakum_report_read(once, strlen(once), "again", NULL);
  g_assert_nonnull(again);
  g_autofree char *twice = oakum_report_write(&again->result, "json", NULL);
  g_assert_cmpstr(once, ==, twice);
  g_autoptr(OakumComparison) comparison = oakum_comparison_new(&saved->result, &again->result);
  g_assert_true(comparison->packages->len == 0 && comparison->holes->len == 0);
  g_autofree char *text = oakum_comparison_write(comparison, "json", NULL);
  g_assert_nonnull(text);
  g_autofree char *page = oakum_comparison_write(comparison, "html", NULL);
  g_assert_true(g_utf8_validate(page, -1, NULL));
  return 0;
}
