/* A case of debug match: records of several feeds, VEX documents, packages; and what is told of
 * each finding. */
#include "match/match.h"
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *path = g_strdup_printf("/tmp/oakum-fuzz-match-%d", (int)getpid());
  unlink(path);
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(OakumMatchCase) one = oakum_match_case_read(text, strlen(text), path, NULL);
  g_autoptr(OakumAdvisoryDb) db = one ? oakum_advisory_db_open(path, NULL) : NULL;
  g_autoptr(GPtrArray) findings =
      db ? oakum_match_run(one->catalog, db, &one->options, NULL) : NULL;
  for (guint i = 0; findings && i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    if (f->kind != OAKUM_FINDING_VULNERABILITY)
      continue;
    g_assert(f->id && f->status && f->by && f->compared && f->why && f->records->len > 0);
    g_assert(f->risk >= 0 && f->risk <= 100);
    g_autofree char *told = oakum_match_explain(f, one->catalog, &one->options);
    g_assert(strstr(told, "compared") && strstr(told, "severity"));
  }
  unlink(path);
  return 0;
}
