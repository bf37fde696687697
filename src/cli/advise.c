/* The advice of `scan`: scans the base that the Dockerfile names and those that could be taken, and
 * makes the patch of its FROM line. */
#include "cli/advise.h"
#include "dockerfile/dockerfile.h"
#include "os/os.h"
#include "report/advise.h"
#include "report/lint-report.h"
#include <string.h>
#include <unistd.h>

#define AT(field) offsetof(OakumAdviseArgs, field)
const OakumOption oakum_advise_options[] = {
    {"advise", 0, OAKUM_OPTION_FLAG, AT(advise), NULL,
     "in place of the report tell what brings the holes, what another base would bring, and which "
     "packages nothing needs"},
    {"dockerfile", 0, OAKUM_OPTION_TEXT, AT(dockerfile), "FILE",
     "what the image was built from, for --advise: names its base, and gets a patch",
     "Dockerfile, when it is there"},
    {"candidate", 0, OAKUM_OPTION_LIST, AT(candidates), "IMAGE",
     "a base that could be taken, for --advise; an image or a saved result", "none"},
    {0}};

/* The FROM whose image the last stage is made of. */
typedef struct {
  char *text;
  size_t len;
  OakumDockerfile *tree;
  const OakumWord *from; /* NULL: there is none */
  char *base;            /* what it names, with the ARGs' own values where they are all known */
} File;

static void file_clear(File *file)
{
  g_free(file->text);
  oakum_dockerfile_free(file->tree);
  g_free(file->base);
}

static gboolean read_dockerfile(const char *path, File *file, GError **error)
{
  if (!oakum_file_read(path, OAKUM_DOCKERFILE_MAX, &file->text, &file->len, error) ||
      !(file->tree = oakum_dockerfile_parse(file->text, file->len, path, error)))
    return FALSE;
  const GPtrArray *stages = file->tree->stages;
  const OakumStage *stage = stages->len > 0 ? stages->pdata[stages->len - 1] : NULL;
  while (stage && stage->parent >= 0)
    stage = stages->pdata[stage->parent];
  file->from = stage ? stage->base : NULL;
  if (!file->from)
    return TRUE;
  g_autoptr(OakumScope) scope = oakum_scope_new(file->tree, NULL, NULL);
  g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
  file->base = oakum_scope_expand(scope, stage->first, file->from->value, unknown, NULL);
  if (!file->base || unknown->len > 0) {
    g_free(file->base);
    file->base = g_strdup(file->from->value);
  }
  return TRUE;
}

/* A unified diff with `name` in the place of the base; NULL: it cannot stand in a FROM. */
static char *patch(const File *file, const char *path, const char *name)
{
  g_autoptr(OakumImageArg) arg = oakum_image_arg_parse(name, NULL);
  if (!file->from || !arg || arg->kind != OAKUM_ARG_REGISTRY || strpbrk(name, " \t\r\n$\"'\\") ||
      oakum_side_is_result(name))
    return NULL;
  const OakumRange *range = &file->from->value_range;
  g_autoptr(GString) after = g_string_new_len(file->text, range->offset);
  g_string_append(after, name);
  g_string_append_len(after, file->text + range->end_offset,
                      (gssize)(file->len - range->end_offset));
  GString *diff = oakum_report_diff(path, file->text, file->len, after->str, after->len);
  return g_string_free(diff, FALSE);
}

typedef struct {
  OakumSide side;
  OakumAdviceBase base;
  char *patch;
} Candidate;

static void candidate_free(gpointer data)
{
  Candidate *candidate = data;
  oakum_side_clear(&candidate->side);
  g_free(candidate->patch);
  g_free(candidate);
}

/* What FROM names, when it can be had: without it the history has to tell which layers it brought.
 */
static gboolean load_base(const OakumSideContext *context, const char *name, OakumSide *side)
{
  g_autoptr(GError) error = NULL;
  if (strchr(name, '$') || strcmp(name, "scratch") == 0)
    return FALSE;
  if (oakum_side_load(context, name, side, &error))
    return TRUE;
  oakum_warn("the base %s: %s; which layers it brought is guessed by the history", name,
             error->message);
  return FALSE;
}

gboolean oakum_cli_advise(const OakumAdviseArgs *args, const OakumSideContext *context,
                          const OakumResult *result, const char *format, const char *file,
                          GError **error)
{
  const char *path = args->dockerfile                  ? args->dockerfile
                     : access("Dockerfile", F_OK) == 0 ? "Dockerfile"
                                                       : NULL;
  __attribute__((cleanup(file_clear))) File dockerfile = {0};
  g_auto(OakumSide) base = {.saved = NULL};
  g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func(candidate_free);
  g_autoptr(GPtrArray) others = g_ptr_array_new();
  if (path && !read_dockerfile(path, &dockerfile, error))
    return FALSE;
  OakumAdvice advice = {.result = result, .others = others};
  if (dockerfile.from) {
    advice.base_name = dockerfile.base;
    advice.base = load_base(context, dockerfile.base, &base) ? &base.result : NULL;
  } else {
    advice.base_name = result->catalog->base;
  }
  for (guint i = 0; args->candidates && i < args->candidates->len; i++) {
    const char *name = args->candidates->pdata[i];
    Candidate *candidate = g_new0(Candidate, 1);
    g_ptr_array_add(candidates, candidate);
    if (!oakum_side_load(context, name, &candidate->side, error)) {
      g_prefix_error(error, "--candidate %s: ", name);
      return FALSE;
    }
    if (path)
      candidate->patch = patch(&dockerfile, path, name);
    candidate->base =
        (OakumAdviceBase){candidate->side.result.target, &candidate->side.result, candidate->patch};
    g_ptr_array_add(others, &candidate->base);
  }
  gboolean sure;
  if (advice.base && oakum_advice_base_layers(&advice, &sure) > 0 && !sure)
    oakum_warn("%s is not what the image was built on any more: which layers its base brought is "
               "guessed by the history",
               advice.base_name);
  g_autofree char *text = oakum_advice_write(&advice, format ? format : "table", error);
  return text && oakum_cli_put_text(text, file, error);
}
