/* The table of hygiene's rules, and findings by it. */
#include "inspect/hygiene-private.h"
#include <string.h>

const HygieneRow oakum_hygiene_rows[HYGIENE_RULES] = {
#define RULE(name, id, severity, category, title, fix, code)                                       \
  {id, OAKUM_SEVERITY_##severity, category, title, fix, code},
#include "inspect/hygiene-rules.inc"
#undef RULE
};

OakumFinding *oakum_hygiene_tell(GPtrArray *into, HygieneRule rule, const char *file,
                                 char *why_taken)
{
  const HygieneRow *row = &oakum_hygiene_rows[rule];
  g_autofree char *why = why_taken;
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_HYGIENE, row->id, row->severity);
  finding->title = g_strdup(row->title);
  finding->why = oakum_escape_terminal(why, -1);
  finding->fix = g_strdup(row->fix);
  finding->code = g_strdup(row->code);
  finding->category = g_strdup(row->category);
  finding->file = g_strdup(file);
  /* several of one rule in the settings are apart by what they tell */
  if (!file && (strcmp(row->category, "settings") == 0 || strcmp(row->category, "history") == 0))
    finding->match = g_strdup(finding->why);
  g_ptr_array_add(into, finding);
  return finding;
}

void oakum_hygiene_fact(GPtrArray *into, const char *id, const char *file, const char *why)
{
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_HYGIENE, id, OAKUM_SEVERITY_UNKNOWN);
  finding->why = g_strdup(why);
  finding->file = g_strdup(file);
  g_ptr_array_add(into, finding);
}
