/* Policies and the files of other tools that they import: the first byte says which, the rest is
 * the text. Any bytes give a policy or an error, never both; what is read can be explained and
 * judged by, and what could not be judged never passes. */
#include "policy/policy.h"
#include <string.h>

static GPtrArray *findings(void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  for (int kind = 0; kind < OAKUM_FINDING_KINDS; kind++) {
    OakumFinding *f = oakum_finding_new((OakumFindingKind)kind, "CVE-2024-1", OAKUM_SEVERITY_HIGH);
    f->title = g_strdup("title");
    f->package_name = g_strdup("openssl");
    f->package_version = g_strdup("1.1");
    f->package_purl = g_strdup("pkg:deb/debian/openssl@1.1?arch=amd64");
    f->source = g_strdup("openssl");
    f->file = kind == OAKUM_FINDING_VULNERABILITY ? NULL : g_strdup("etc/a/b/c.pem");
    f->fixed = g_strdup("1.2");
    f->fix_date = g_strdup("2026-11-01");
    f->status = g_strdup("fixed");
    f->layer_index = 0;
    g_ptr_array_add(list, f);
  }
  return list;
}

static void judge(const OakumPolicy *policy)
{
  static const int64_t now = 1795651200;
  g_autoptr(GPtrArray) list = findings(), before = findings(),
                       warnings = oakum_policy_warnings(policy, now);
  g_autofree char *text = oakum_policy_explain(policy, now);
  for (guint i = 0; i < warnings->len; i++)
    g_assert_nonnull(strchr(warnings->pdata[i], ':')); /* each says where */
  g_assert_true(g_utf8_validate(text, -1, NULL));
  const OakumPolicyInput input = {
      .findings = list, .baseline = before, .target = "registry.example/a:1", .now = now};
  g_autoptr(OakumVerdict) verdict = oakum_policy_evaluate(policy, &input);
  const OakumFinding *incomplete = list->pdata[OAKUM_FINDING_INCOMPLETE];
  if (!incomplete->suppressed)
    g_assert_cmpint(verdict->kind, !=, OAKUM_VERDICT_PASS);
  g_assert_true((verdict->kind == OAKUM_VERDICT_PASS) == (verdict->reasons->len == 0));
  for (guint i = 0; i < verdict->rules->len; i++)
    g_assert_nonnull(((const OakumVerdictRule *)verdict->rules->pdata[i])->verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  if (size == 0)
    return 0;
  OakumImportKind kind = (OakumImportKind)(data[0] % 8);
  const char *text = (const char *)data + 1;
  g_autoptr(OakumPolicy) policy =
      kind < 7 ? oakum_policy_new() : oakum_policy_read_text(text, size - 1, "fuzz", NULL, &error);
  gboolean ok =
      policy && (kind == 7 || oakum_policy_import(policy, text, size - 1, "fuzz", kind, &error));
  g_assert_true(ok == (error == NULL));
  if (ok)
    judge(policy);
  return 0;
}
