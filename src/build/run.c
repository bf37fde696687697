/* Builds the stages of a plan, one instruction after the other. */
#include "build/build-private.h"
#include "build/source-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP_SCRIPTS "/dev/pipes" /* where BuildKit has them */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Usable in RUN without ARG, and never part of the history. */
static const char *const predefined[] = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
                                         "FTP_PROXY",  "ftp_proxy",  "NO_PROXY",    "no_proxy",
                                         "ALL_PROXY",  "all_proxy"};

static gboolean is_proxy(const char *name)
{
  OakumOrigin origin;
  return oakum_dockerfile_predefined(name, &origin) && origin == OAKUM_ORIGIN_PROXY;
}

/* ---- RUN
 * ---------------------------------------------------------------------------------------------------
 */
static gboolean has_variable(GPtrArray *envp, const char *name)
{
  size_t n = strlen(name);
  for (guint i = 0; i < envp->len; i++)
    if (strncmp(envp->pdata[i], name, n) == 0 && ((const char *)envp->pdata[i])[n] == '=')
      return TRUE;
  return FALSE;
}

static void add_variable(GPtrArray *envp, const char *name, const char *value)
{
  if (value && !has_variable(envp, name))
    g_ptr_array_add(envp, g_strconcat(name, "=", value, NULL));
}

/* Variables of mounts win over all others. */
static GPtrArray *environment(const Build *build, const Stage *stage, const OakumUser *user,
                              const GPtrArray *of_mounts)
{
  GPtrArray *envp = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < of_mounts->len; i++) {
    const char *text = of_mounts->pdata[i];
    g_autofree char *name = g_strndup(text, strcspn(text, "="));
    if (!has_variable(envp, name))
      g_ptr_array_add(envp, g_strdup(text));
  }
  for (char **row = stage->config->env; row && *row; row++) {
    const char *equals = strchrnul(*row, '=');
    g_autofree char *name = g_strndup(*row, (gsize)(equals - *row));
    const char *value = oakum_stage_variable(stage, name);
    if (has_variable(envp, name))
      continue;
    g_ptr_array_add(envp, value ? g_strconcat(name, "=", value, NULL) : g_strdup(*row));
  }
  for (guint i = 0; i < stage->arg_order->len; i++)
    add_variable(envp, stage->arg_order->pdata[i],
                 g_hash_table_lookup(stage->args, stage->arg_order->pdata[i]));
  for (size_t i = 0; i < G_N_ELEMENTS(predefined); i++)
    add_variable(envp, predefined[i], oakum_build_arg(build, predefined[i]));
  add_variable(envp, "PATH", DEFAULT_PATH);
  add_variable(envp, "HOME", user->home);
  g_ptr_array_add(envp, NULL);
  return envp;
}

static char *run_message(const Stage *stage, char **words)
{
  GString *out = g_string_new("RUN ");
  guint count = 0;
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; i < stage->arg_order->len; i++) {
    const char *name = stage->arg_order->pdata[i];
    if (!is_proxy(name)) {
      g_ptr_array_add(names, (gpointer)name);
      count++;
    }
  }
  g_ptr_array_sort(names, oakum_build_by_text);
  if (count > 0) {
    g_string_append_printf(out, "|%u", count);
    for (guint i = 0; i < count; i++)
      g_string_append_printf(out, " %s=%s", (char *)names->pdata[i],
                             (char *)g_hash_table_lookup(stage->args, names->pdata[i]));
    g_string_append_c(out, ' ');
  }
  g_autofree char *joined = g_strjoinv(" ", words);
  g_string_append_printf(out, "%s # buildkit", joined);
  return g_string_free(out, FALSE);
}

/* What resolves names for the builder does so for the step; nothing else of the machine is shown.
 */
static char *resolv_conf(void)
{
  char *text = NULL;
  if (!oakum_file_read("/etc/resolv.conf", OAKUM_MIB, &text, NULL, NULL))
    text = g_strdup("");
  return text;
}

typedef struct {
  OakumTempDir *folder;
  char *upper_path, *work_path;
  int upper;
} Overlay;

static gboolean choose_network(const Build *build, const OakumInstruction *in, OakumNetwork *out,
                               GError **error)
{
  const char *text = oakum_instruction_flag(in, "network");
  *out = build->options->network;
  if (!text || strcmp(text, "default") == 0)
    return TRUE;
  if (oakum_network_parse(text, out))
    return TRUE;
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
              "--network takes default, none or host, not \"%s\"", text);
  return FALSE;
}

static gboolean run_in_sandbox(Build *build, Stage *stage, const OakumInstruction *in, char **words,
                               const OakumHeredoc *script, OakumNetwork network,
                               const Overlay *overlay, GError **error)
{
  OakumUser user;
  size_t n_mounts;
  g_autoptr(OakumStepMounts) mounts = oakum_stage_mounts(build, stage, in, error);
  if (!mounts)
    return FALSE;
  if (!oakum_user_find(stage->root, stage->config->user ? stage->config->user : "", FALSE, &user,
                       error))
    return FALSE;
  g_autoptr(GPtrArray) envp =
      environment(build, stage, &user, oakum_step_mounts_environment(mounts));
  g_autofree char *names = resolv_conf();
  const char *cwd = stage->config->working_dir;
  OakumStep step = {.root = stage->root_path,
                    .scratch = stage->scratch_path,
                    .owners = stage->owners_path,
                    .upper = overlay->upper_path,
                    .work = overlay->work_path,
                    .argv = (const char *const *)words,
                    .envp = (const char *const *)envp->pdata,
                    .cwd = cwd && *cwd ? cwd : "/",
                    .uid = user.uid,
                    .gid = user.gid,
                    .groups = user.groups,
                    .n_groups = user.n_groups,
                    .out = build->options->out,
                    .err = build->options->err,
                    .timeout_s = build->options->step_timeout_s,
                    .hosts = "127.0.0.1\tlocalhost oakum\n::1\tlocalhost ip6-localhost\n",
                    .resolv_conf = names,
                    .hostname = "oakum\n",
                    .script_name = script ? script->name : NULL,
                    .script = script ? script->text : NULL,
                    .network = network};
  step.mounts = oakum_step_mounts_list(mounts, &n_mounts);
  step.n_mounts = n_mounts;
  int status = 0;
  gboolean ok = (!stage->owners || oakum_owners_save(stage->owners, stage->owners_path, error)) &&
                oakum_sandbox_run(build->options->rung, &step, &status, error) &&
                (!stage->owners || oakum_owners_load(stage->owners, stage->owners_path, error));
  oakum_user_clear(&user);
  if (ok && status != 0) {
    g_autofree char *how = oakum_child_describe(status);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_FAILED, "the command failed: %s", how);
    return FALSE;
  }
  return ok;
}

/* The folders of one step's overlay; all NULL and -1 when it runs in the root itself. */
static gboolean overlay_begin(Build *build, Stage *stage, Overlay *overlay, GError **error)
{
  if (!build->overlay)
    return TRUE;
  overlay->folder = oakum_temp_dir_new(stage->scratch_path, error);
  if (!overlay->folder)
    return FALSE;
  const char *path = oakum_temp_dir_path(overlay->folder);
  overlay->upper_path = g_build_filename(path, "upper", NULL);
  overlay->work_path = g_build_filename(path, "work", NULL);
  if (mkdir(overlay->upper_path, 0755) < 0 || mkdir(overlay->work_path, 0700) < 0 ||
      (overlay->upper = open(overlay->upper_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", path);
    return FALSE;
  }
  return oakum_tree_overlay_begin(stage->tree, overlay->upper, error);
}

static void overlay_clear(Overlay *overlay)
{
  oakum_fd_clear(&overlay->upper);
  oakum_temp_dir_free(overlay->folder);
  g_free(overlay->upper_path);
  g_free(overlay->work_path);
}

/* Here-documents: alone they are the script, which a first line "#!" gives to another program;
 * beside other text they are the shell's own, and come behind it as it would read them. */
static char **run_words(const Stage *stage, const OakumInstruction *in, const OakumHeredoc **script)
{
  const OakumHeredoc *alone = oakum_instruction_script(in);
  if (alone && g_str_has_prefix(alone->text, "#!")) {
    *script = alone;
    char *words[] = {g_strconcat(STEP_SCRIPTS "/", alone->name, NULL), NULL};
    return g_memdup2(words, sizeof(words));
  }
  char **words = oakum_stage_command(stage, in);
  if (in->heredocs->len == 0 || in->exec_form)
    return words;
  g_autoptr(GString) text = g_string_new(NULL);
  if (alone) {
    g_string_append(text, alone->text);
  } else {
    g_string_append(text, in->text);
    for (guint i = 0; i < in->heredocs->len; i++) {
      const OakumHeredoc *heredoc = in->heredocs->pdata[i];
      g_string_append_printf(text, "%s%s%s", i ? "" : "\n", heredoc->text, heredoc->name);
      g_string_append(text, i + 1 < in->heredocs->len ? "\n" : "");
    }
  }
  guint last = g_strv_length(words) - 1;
  g_free(words[last]);
  words[last] = g_string_free(g_steal_pointer(&text), FALSE);
  return words;
}

/* All that the step can see; the root stands in it by its layers. */
static OakumCacheKey *run_key(Build *build, Stage *stage, const OakumInstruction *in, char **words,
                              const OakumHeredoc *script, OakumNetwork network, GError **error)
{
  g_autoptr(OakumCacheKey) key = oakum_cache_key_new(build, stage, "RUN");
  const OakumConfig *config = stage->config;
  oakum_cache_key_list(key, "word", (const char *const *)words);
  oakum_cache_key_text(key, "script name", script ? script->name : NULL);
  oakum_cache_key_text(key, "script", script ? script->text : NULL);
  oakum_cache_key_text(key, "user", config->user);
  oakum_cache_key_text(key, "folder", config->working_dir);
  oakum_cache_key_list(key, "variable", (const char *const *)config->env);
  for (guint i = 0; i < stage->arg_order->len; i++) { /* proxies are no part of what comes of it */
    const char *name = stage->arg_order->pdata[i];
    if (is_proxy(name))
      continue;
    oakum_cache_key_text(key, "argument", name);
    oakum_cache_key_text(key, "value", oakum_stage_variable(stage, name));
  }
  oakum_cache_key_number(key, "network", network);
  return oakum_stage_mounts_key(build, stage, in, key, error) ? g_steal_pointer(&key) : NULL;
}

/* Carries the step out; *changed: a layer came of it. */
static gboolean really_run(Build *build, Stage *stage, const OakumInstruction *in, char **words,
                           const OakumHeredoc *script, OakumNetwork network, gboolean *changed,
                           GError **error)
{
  __attribute__((cleanup(overlay_clear))) Overlay overlay = {.upper = -1};
  if (!oakum_stage_root(build, stage, error))
    return FALSE;
  gboolean known = build->overlay && oakum_tree_is_settled(stage->tree);
  if ((!known && !oakum_tree_settle(stage->tree, error)) ||
      !overlay_begin(build, stage, &overlay, error) ||
      !run_in_sandbox(build, stage, in, words, script, network, &overlay, error))
    return FALSE;
  g_autoptr(OakumLayerWriter) layer = oakum_layer_writer_new(build, error);
  OakumTreeTimes times = {!build->options->keep_times, stage->epoch};
  if (!layer)
    return FALSE;
  OakumTarWriter *tar = oakum_layer_writer_tar(layer);
  gboolean ok = overlay.folder ? oakum_tree_overlay_diff(stage->tree, overlay.upper, &times, tar,
                                                         changed, error)
                               : oakum_tree_diff(stage->tree, &times, tar, changed, error);
  return ok && (!*changed || oakum_layer_writer_commit(layer, stage, in->range.line, error));
}

static gboolean step_run(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  const OakumHeredoc *script = NULL;
  OakumNetwork network;
  if (!choose_network(build, in, &network, error))
    return FALSE;
  g_auto(GStrv) words = run_words(stage, in, &script);
  g_autoptr(OakumCacheKey) key = run_key(build, stage, in, words, script, network, error);
  gboolean changed = FALSE, hit;
  if (!key || !oakum_cache_use(build, stage, key, in->range.line, &changed, &hit, error))
    return FALSE;
  if (!hit) {
    if (!really_run(build, stage, in, words, script, network, &changed, error))
      return FALSE;
    oakum_cache_note(build, stage, key, changed);
  }
  oakum_stage_history(stage, run_message(stage, words), changed);
  return TRUE;
}

/* ---- stages
 * ------------------------------------------------------------------------------------------------
 */
static gboolean choose_epoch(const Build *build, Stage *stage, GError **error)
{
  const char *text = build->options->source_date_epoch;
  uint64_t value;
  int64_t created;
  stage->epoch = 0;
  if (text && *text) {
    if (!oakum_parse_u64(text, strlen(text), (uint64_t)G_MAXINT64 / 2, &value)) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_USAGE,
                  "SOURCE_DATE_EPOCH \"%s\" is no number of seconds", text);
      return FALSE;
    }
    stage->epoch = (int64_t)value;
  } else if (build->options->keep_times) {
    stage->epoch = g_get_real_time() / G_USEC_PER_SEC;
  } else if (stage->config->created && oakum_time_parse(stage->config->created, &created) &&
             created > 0) {
    stage->epoch = created;
  }
  return TRUE;
}

static Stage *stage_new(void)
{
  Stage *stage = g_new0(Stage, 1);
  stage->root = -1;
  stage->layers = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free);
  stage->lines = g_array_new(FALSE, FALSE, sizeof(int));
  stage->args = oakum_str_map_new(g_free, g_free);
  stage->arg_wins = oakum_str_map_new(g_free, NULL);
  stage->arg_order = g_ptr_array_new_with_free_func(g_free);
  return stage;
}

static gboolean begin_from_image(Build *build, Stage *stage, const char *reference,
                                 const char *platform_text, int line, GError **error)
{
  OakumPlatform platform = build->options->platform, own = {0};
  if (platform_text) {
    if (!oakum_platform_parse(platform_text, &own, error))
      return FALSE;
    platform = own;
  }
  gboolean ok = TRUE;
  const OakumNamedContext *named = oakum_named_context_find(build->options->contexts, reference);
  if (named && named->image)
    reference = named->image;
  if (named && !named->image) {
    stage->config = oakum_config_new(&platform);
    oakum_config_setenv(stage->config, "PATH", DEFAULT_PATH);
    ok = oakum_stage_add_folder(build, stage, named, line, error);
  } else if (strcmp(reference, "scratch") == 0) {
    stage->config = oakum_config_new(&platform);
    oakum_config_setenv(stage->config, "PATH", DEFAULT_PATH);
  } else if ((stage->base = build->options->find_base(reference, &platform, build->options->user,
                                                      error)) != NULL) {
    stage->config = oakum_config_copy(stage->base->config);
    for (guint i = 0; i < stage->base->manifest->layers->len; i++) {
      g_ptr_array_add(stage->layers,
                      oakum_descriptor_copy(stage->base->manifest->layers->pdata[i]));
      g_array_append_val(stage->lines, line);
    }
  } else {
    ok = FALSE;
  }
  oakum_platform_clear(&own);
  return ok;
}

static void begin_from_stage(Stage *stage, const Stage *base)
{
  stage->config = oakum_config_copy(base->config);
  for (guint i = 0; i < base->layers->len; i++)
    g_ptr_array_add(stage->layers, oakum_descriptor_copy(base->layers->pdata[i]));
  g_array_append_vals(stage->lines, base->lines->data, base->lines->len);
  for (guint i = 0; i < base->arg_order->len; i++) {
    const char *name = base->arg_order->pdata[i];
    g_ptr_array_add(stage->arg_order, g_strdup(name));
    g_hash_table_insert(stage->args, g_strdup(name),
                        g_strdup(g_hash_table_lookup(base->args, name)));
    if (g_hash_table_contains(base->arg_wins, name))
      g_hash_table_add(stage->arg_wins, g_strdup(name));
  }
}

Stage *oakum_build_foreign(Build *build, const char *reference, GError **error)
{
  for (guint i = 0; i < build->foreign->len; i++) {
    Stage *known = build->foreign->pdata[i];
    if (strcmp(known->foreign, reference) == 0)
      return known;
  }
  Stage *stage = stage_new();
  stage->foreign = g_strdup(reference);
  g_ptr_array_add(build->foreign, stage);
  return begin_from_image(build, stage, reference, NULL, 0, error) ? stage : NULL;
}

static gboolean run_instruction(Build *build, Stage *stage, const OakumInstruction *in,
                                GError **error)
{
  switch (in->kind) {
  case OAKUM_INSTRUCTION_FROM:
    return TRUE;
  case OAKUM_INSTRUCTION_RUN:
    return step_run(build, stage, in, error);
  case OAKUM_INSTRUCTION_COPY:
  case OAKUM_INSTRUCTION_ADD:
    return oakum_step_copy(build, stage, in, error);
  case OAKUM_INSTRUCTION_WORKDIR:
    return oakum_step_workdir(build, stage, in, error);
  default:
    return oakum_step_config(build, stage, in, error);
  }
}

/* What the base image left for the build that is based on it. COPY --from sees the stages of this
 * Dockerfile. */
static gboolean run_triggers(Build *build, Stage *stage, int index, GError **error)
{
  g_auto(GStrv) triggers = g_steal_pointer(&stage->config->on_build);
  for (char **trigger = triggers; trigger && *trigger; trigger++) {
    g_autofree char *text = g_strconcat("FROM scratch\n", *trigger, "\n", NULL);
    g_autoptr(OakumDockerfile) tree =
        oakum_dockerfile_parse(text, strlen(text), "ONBUILD of the base", error);
    if (!tree || !oakum_dockerfile_check(tree, error))
      return FALSE;
    if (tree->instructions->len != 2) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                  "ONBUILD of the base: not one instruction");
      return FALSE;
    }
    OakumInstruction *in = tree->instructions->pdata[1];
    if (in->kind == OAKUM_INSTRUCTION_FROM || in->kind == OAKUM_INSTRUCTION_ONBUILD ||
        in->kind == OAKUM_INSTRUCTION_MAINTAINER) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                  "ONBUILD of the base: %s is not allowed there", in->name);
      return FALSE;
    }
    in->stage = index;
    g_autofree char *shown = oakum_source_redact(in->text);
    oakum_info("ONBUILD %s %s", in->name, shown);
    if (!oakum_plan_can_build(tree, in, error) || !run_instruction(build, stage, in, error)) {
      g_prefix_error(error, "ONBUILD %s: ", in->name);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean run_stage(Build *build, const OakumPlanStage *plan, GError **error)
{
  const OakumStage *source = build->dockerfile->stages->pdata[plan->stage];
  Stage *stage = build->stages[plan->stage] = stage_new();
  stage->plan = plan;
  gboolean ok = TRUE;
  if (plan->base_stage >= 0) {
    Stage *base = build->stages[plan->base_stage];
    if (base->base) /* its blobs: opened again, so that each stage owns what it reads */
      ok = begin_from_image(build, stage, base->base->name, base->plan->platform, 0, error);
    if (ok) {
      oakum_config_free(stage->config);
      g_ptr_array_set_size(stage->layers, 0);
      g_array_set_size(stage->lines, 0);
      begin_from_stage(stage, base);
    }
  } else {
    ok =
        begin_from_image(build, stage, plan->base, plan->platform, source->base->range.line, error);
  }
  ok = ok && choose_epoch(build, stage, error) && run_triggers(build, stage, plan->stage, error);
  if (!ok) {
    g_prefix_error(error, "%s:%d: FROM %s: ", build->dockerfile->file, source->base->range.line,
                   source->base->value);
    return FALSE;
  }
  for (guint i = source->first; i < source->end; i++) {
    const OakumInstruction *in = build->dockerfile->instructions->pdata[i];
    g_autofree char *text = oakum_source_redact(in->text);
    oakum_info("%s:%d: %s %s", build->dockerfile->file, in->range.line, in->name, text);
    if (!run_instruction(build, stage, in, error)) {
      g_prefix_error(error, "%s:%d: %s: ", build->dockerfile->file, in->range.line, in->name);
      return FALSE;
    }
  }
  return TRUE;
}

/* ---- the result
 * ---------------------------------------------------------------------------------------------- */
/* Blobs of the result: in the store what was made, elsewhere the layers of the base, which are only
 * fetched when somebody lacks them. */
typedef struct {
  OakumBlobSource source;
  OakumBlobSource *made;
  OakumImage *base; /* NULL: none */
} ResultSource;

static OakumReader *result_open(OakumBlobSource *self, const OakumDescriptor *desc, GError **error)
{
  ResultSource *s = (ResultSource *)self;
  for (guint i = 0; s->base && i < s->base->manifest->layers->len; i++) {
    const OakumDescriptor *layer = s->base->manifest->layers->pdata[i];
    if (strcmp(layer->digest, desc->digest) == 0)
      return s->base->source->open(s->base->source, desc, error);
  }
  return s->made->open(s->made, desc, error);
}

static void result_free(OakumBlobSource *self)
{
  ResultSource *s = (ResultSource *)self;
  oakum_blob_source_free(s->made);
  oakum_image_free(s->base);
  g_free(s);
}

static OakumBlobSource *result_source_new(OakumStore *store, OakumImage *base)
{
  ResultSource *s = g_new0(ResultSource, 1);
  s->source = (OakumBlobSource){result_open, result_free};
  s->made = oakum_store_source(store);
  s->base = base;
  return &s->source;
}

static OakumBuildResult *finish(Build *build, Stage *stage, GError **error)
{
  OakumConfig *config = stage->config;
  g_free(config->created);
  config->created = oakum_time_format(stage->epoch);
  g_autofree char *text = oakum_config_format(config);
  g_autoptr(OakumDescriptor) desc =
      oakum_store_put_bytes(build->store, OAKUM_MT_OCI_CONFIG, text, strlen(text), error);
  if (!desc)
    return NULL;
  for (guint i = 0; stage->base && i < stage->base->manifest->layers->len; i++) {
    OakumDescriptor *layer = stage->layers->pdata[i];
    if (strcmp(layer->media_type, OAKUM_MT_DOCKER_LAYER_GZIP) == 0) { /* OCI's name of the same */
      g_free(layer->media_type);
      layer->media_type = g_strdup(OAKUM_MT_OCI_LAYER_GZIP);
    }
  }
  OakumManifest *manifest = oakum_manifest_make(desc, stage->layers, NULL);
  OakumImage *image = oakum_image_new(
      "the image", manifest, result_source_new(build->store, g_steal_pointer(&stage->base)), error);
  if (!image)
    return NULL;
  OakumBuildResult *result = g_new0(OakumBuildResult, 1);
  result->image = image;
  result->layer_lines = g_array_ref(stage->lines);
  return result;
}

static gboolean open_context(Build *build, GError **error)
{
  if (!build->options->context)
    return TRUE;
  build->ignore = build->options->ignore;
  build->context = open(build->options->context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (build->context < 0)
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "context %s", build->options->context);
  return build->context >= 0;
}

OakumBuildResult *oakum_build_run(const OakumPlan *plan, const OakumDockerfile *dockerfile,
                                  OakumStore *store, const OakumBuildOptions *options,
                                  GError **error)
{
  Build build = {
      .plan = plan, .dockerfile = dockerfile, .store = store, .options = options, .context = -1};
  g_autofree char *real = realpath(oakum_store_path(store), NULL);
  g_autofree char *folder = g_build_filename(real ? real : oakum_store_path(store), "work", NULL);
  (void)mkdir(folder, 0700);
  g_autoptr(OakumTempDir) work = oakum_temp_dir_new(folder, error);
  OakumBuildResult *result = NULL;
  if (!work)
    return NULL;
  build.work = g_strdup(oakum_temp_dir_path(work));
  build.overlay = oakum_sandbox_probe_overlay(options->rung, build.work);
  oakum_debug("steps run on %s", build.overlay ? "an overlay" : "the unpacked root itself");
  build.stages = g_new0(Stage *, dockerfile->stages->len);
  build.foreign = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_stage_free);
  gboolean ok = open_context(&build, error);
  for (guint i = 0; ok && i < plan->stages->len; i++)
    ok = run_stage(&build, plan->stages->pdata[i], error);
  if (ok)
    result = finish(
        &build,
        build.stages[((const OakumPlanStage *)plan->stages->pdata[plan->stages->len - 1])->stage],
        error);
  for (guint i = 0; i < dockerfile->stages->len; i++)
    oakum_stage_free(build.stages[i]);
  g_ptr_array_unref(build.foreign);
  g_free(build.stages);
  g_free(build.work);
  oakum_fd_clear(&build.context);
  return result;
}

void oakum_build_result_free(OakumBuildResult *result)
{
  if (!result)
    return;
  oakum_image_free(result->image);
  g_array_unref(result->layer_lines);
  g_free(result);
}
