#include "report/lint-report.h"
#include "report/remedy.h"
#include "report/report-private.h"
#include <string.h>

/* By the package that brings the manager, best first: those of one type stand together, and the
 * first that is there is taken. */
typedef struct {
  const char *package, *type, *before, *behind;
} Manager;
static const Manager managers[] = {
    {"apt", "deb", "apt-get update && apt-get install -y --no-install-recommends --only-upgrade",
     " && rm -rf /var/lib/apt/lists/*"},
    {"apk-tools", "apk", "apk upgrade --no-cache", ""},
    {"dnf5", "rpm", "dnf5 -y upgrade", " && dnf5 clean all"},
    {"dnf", "rpm", "dnf -y upgrade", " && dnf clean all"},
    {"microdnf", "rpm", "microdnf -y update", " && microdnf clean all"},
    {"tdnf", "rpm", "tdnf -y update", " && tdnf clean all"},
    {"yum", "rpm", "yum -y update", " && yum clean all"},
    {"zypper", "rpm", "zypper --non-interactive update", " && zypper clean --all"},
};

static const Manager *find_manager(const OakumCatalog *catalog)
{
  for (size_t i = 0; i < G_N_ELEMENTS(managers); i++)
    for (guint j = 0; j < catalog->packages->len; j++) {
      const OakumPackage *p = catalog->packages->pdata[j];
      if (g_strcmp0(p->type, managers[i].type) == 0 && strcmp(p->name, managers[i].package) == 0)
        return &managers[i];
    }
  return NULL;
}

/* The name comes from a stranger's image and goes into a script. */
static gboolean plain_name(const char *name)
{
  static const char signs[] = "+-._";
  if (!name || !g_ascii_isalnum(*name))
    return FALSE;
  for (; *name; name++)
    if (!g_ascii_isalnum(*name) && !strchr(signs, *name))
      return FALSE;
  return TRUE;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Holes that the manager closes, and (sorted, borrowed) the packages that have them. */
static GPtrArray *closable(const OakumResult *result, const Manager *manager, GPtrArray *names)
{
  GPtrArray *findings = g_ptr_array_new();
  g_autoptr(GPtrArray) holes = oakum_report_holes(result);
  g_autoptr(GHashTable) index = oakum_report_index(result), seen = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < holes->len; i++) {
    OakumFinding *f = holes->pdata[i];
    const OakumPackage *p = oakum_report_package(index, f);
    if (!f->fixed || g_strcmp0(f->status, "fixed") != 0 || !p ||
        g_strcmp0(p->type, manager->type) != 0 || !plain_name(p->name))
      continue;
    g_ptr_array_add(findings, f);
    if (g_hash_table_add(seen, p->name))
      g_ptr_array_add(names, p->name);
  }
  g_ptr_array_sort(names, by_name);
  return findings;
}

/* ---- who runs it
 * --------------------------------------------------------------------------------- */
static gboolean is_root(const char *user)
{
  g_autofree char *name = g_strndup(user, strcspn(user, ":"));
  return !*name || strcmp(name, "root") == 0 || strspn(name, "0") == strlen(name);
}

/* The last USER of a stage, as written; NULL: it has none. Borrowed. */
static const char *stage_user(const OakumDockerfile *dockerfile, const OakumStage *stage)
{
  const char *user = NULL;
  for (guint i = stage->first; i < stage->end; i++) {
    const OakumInstruction *in = dockerfile->instructions->pdata[i];
    if (in->kind == OAKUM_INSTRUCTION_USER && in->text && *in->text)
      user = in->text;
  }
  return user;
}

/* Who a step behind the stage's FROM runs as, NULL: root, as far as can be seen. *scratch: there is
 * nothing to run in. */
static const char *user_at_start(const OakumResult *result, const OakumDockerfile *dockerfile,
                                 const OakumStage *last, gboolean *scratch)
{
  const OakumStage *stage = last;
  const char *user = NULL;
  for (guint n = 0; !user && stage->parent >= 0 && n < dockerfile->stages->len; n++) {
    stage = dockerfile->stages->pdata[stage->parent];
    user = stage_user(dockerfile, stage);
  }
  *scratch = !user && stage->base && g_strcmp0(stage->base->value, "scratch") == 0;
  if (!user && !stage_user(dockerfile, last)) /* then the image has it from its base */
    user = json_string_value(json_object_get(json_object_get(result->image, "config"), "user"));
  return user && !is_root(user) ? user : NULL;
}

/* ---- the text
 * ------------------------------------------------------------------------------------ */
static char *step_text(const Manager *manager, const GPtrArray *names, const char *user,
                       const char *end)
{
  GString *text = g_string_new("# what has known holes that are mended");
  g_string_append_printf(text, "%s%s%sRUN %s", end, user ? "USER root" : "", user ? end : "",
                         manager->before);
  for (guint i = 0; i < names->len; i++)
    g_string_append_printf(text, " %s", (const char *)names->pdata[i]);
  g_string_append_printf(text, "%s%s", manager->behind, end);
  if (user)
    g_string_append_printf(text, "USER %s%s", user, end);
  return g_string_free(text, FALSE);
}

static GString *patched(const OakumDockerfile *dockerfile, const OakumStage *stage,
                        const char *step, const char *end)
{
  const OakumInstruction *from = dockerfile->instructions->pdata[stage->first];
  const char *source = dockerfile->source,
             *newline = memchr(source + from->range.end_offset, '\n',
                               dockerfile->len - from->range.end_offset);
  guint at = newline ? (guint)(newline - source) + 1 : dockerfile->len;
  GString *text = g_string_new_len(source, at);
  if (!newline)
    g_string_append(text, end);
  g_string_append(text, step);
  g_string_append_len(text, source + at, (gssize)(dockerfile->len - at));
  return text;
}

OakumRemedy *oakum_remedy_make(const OakumResult *result, const OakumDockerfile *dockerfile,
                               const char *path)
{
  const Manager *manager = find_manager(result->catalog);
  if (!manager || dockerfile->stages->len == 0 || dockerfile->errors->len > 0)
    return NULL;
  const OakumStage *last = dockerfile->stages->pdata[dockerfile->stages->len - 1];
  gboolean scratch;
  const char *user = user_at_start(result, dockerfile, last, &scratch);
  g_autoptr(GPtrArray) names = g_ptr_array_new(), findings = closable(result, manager, names);
  if (scratch || findings->len == 0 || (user && strpbrk(user, "\r\n")))
    return NULL;
  const char *end = strstr(dockerfile->source, "\r\n") ? "\r\n" : "\n";
  g_autofree char *step = step_text(manager, names, user, end);
  GString *after = patched(dockerfile, last, step, end);
  GString *diff =
      oakum_report_diff(path, dockerfile->source, dockerfile->len, after->str, after->len);
  g_string_free(after, TRUE);
  OakumRemedy *remedy = g_new0(OakumRemedy, 1);
  remedy->summary =
      g_strdup_printf("Upgrade %u packages whose holes are mended, in %s", names->len, path);
  remedy->findings = g_steal_pointer(&findings);
  remedy->diff_len = diff->len;
  remedy->diff = g_string_free(diff, FALSE);
  return remedy;
}

void oakum_remedy_free(OakumRemedy *remedy)
{
  if (!remedy)
    return;
  g_ptr_array_unref(remedy->findings);
  g_free(remedy->summary);
  g_free(remedy->diff);
  g_free(remedy);
}
