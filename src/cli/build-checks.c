/* "# check=error=true": what BuildKit's build checks find in the file keeps it from being built. */
#include "cli/build-common.h"
#include "cli/cli.h"
#include "lint/lint.h"
#include <string.h>

#define CHECK_VARIABLE "BUILDKIT_DOCKERFILE_CHECK" /* in place of the directive */

static void platform_free(gpointer p)
{
  if (!p)
    return;
  oakum_platform_clear(p);
  g_free(p);
}

/* The settings of the images that stages begin with, which only who builds knows, and for which
 * platform each was asked for. */
static gboolean find_bases(const OakumPlan *plan, const OakumBuildOptions *options, GPtrArray *into,
                           GPtrArray *platforms, GError **error)
{
  for (guint i = 0; i < plan->stages->len; i++) {
    const OakumPlanStage *stage = plan->stages->pdata[i];
    const OakumNamedContext *named =
        stage->base ? oakum_named_context_find(options->contexts, stage->base) : NULL;
    if (!stage->base || (named && !named->image) || (!named && strcmp(stage->base, "scratch") == 0))
      continue;
    g_auto(OakumPlatform) own = {NULL};
    if (stage->platform && !oakum_platform_parse(stage->platform, &own, error))
      return FALSE;
    g_autoptr(OakumImage) image =
        options->find_base(named ? named->image : stage->base,
                           stage->platform ? &own : &options->platform, options->user, error);
    if (!image)
      return FALSE;
    into->pdata[stage->stage] = oakum_config_copy(image->config);
    OakumPlatform copy = oakum_platform_copy(stage->platform ? &own : &options->platform);
    platforms->pdata[stage->stage] = g_memdup2(&copy, sizeof(copy));
  }
  return TRUE;
}

gboolean oakum_build_checks_pass(const OakumPlan *plan, const OakumDockerfile *dockerfile,
                                 const OakumBuildOptions *options, GError **error)
{
  const char *given =
      options->build_args ? g_hash_table_lookup(options->build_args, CHECK_VARIABLE) : NULL;
  if (!given && !dockerfile->check_error)
    return TRUE;
  g_autoptr(GPtrArray) bases = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_config_free);
  g_autoptr(GPtrArray) platforms = g_ptr_array_new_with_free_func(platform_free);
  g_ptr_array_set_size(bases, (int)dockerfile->stages->len);
  g_ptr_array_set_size(platforms, (int)dockerfile->stages->len);
  if (!find_bases(plan, options, bases, platforms, error))
    return FALSE;
  const OakumPlanStage *last = plan->stages->pdata[plan->stages->len - 1];
  OakumLintBuild build = {.args = options->build_args,
                          .bases = bases,
                          .platforms = platforms,
                          .target = (guint)last->stage};
  const OakumLintOptions how = {
      .compat = OAKUM_LINT_COMPAT_DOCKER, .docker_check = given, .build = &build};
  g_autoptr(GPtrArray) findings = oakum_lint_run(dockerfile, &how);
  if (build.bad_options) {
    g_autofree char *shown = oakum_escape_terminal(given ? given : "", -1);
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                CHECK_VARIABLE "=%s is not skip=CHECK,CHECK;error=true", shown);
    return FALSE;
  }
  if (!build.fails)
    return TRUE;
  g_autoptr(GString) told = g_string_new(NULL);
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *finding = findings->pdata[i];
    if (finding->code) /* and not what the linter cannot read: who builds has read it */
      g_string_append_printf(told, "%s%s (line %d)", told->len ? ", " : "", finding->code,
                             finding->line);
  }
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_INVALID,
              "%s: error=true of its checks, and they found: %s", dockerfile->file, told->str);
  return FALSE;
}
