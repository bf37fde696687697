/* Builds the stages of a plan, one instruction after the other. */
#include "build/build-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Usable in RUN without ARG, and never part of the history. */
static const char *const predefined[] = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
                                         "FTP_PROXY",  "ftp_proxy",  "NO_PROXY",    "no_proxy",
                                         "ALL_PROXY",  "all_proxy"};

typedef struct {
  const Build *build;
  const Stage *stage;
} Scope;

/* The environment of the image comes before arguments: ENV wins over ARG of one name. */
static const char *lookup(const char *name, gpointer user)
{
  const Scope *scope = user;
  const char *value = oakum_config_getenv(scope->stage->config, name);
  return value ? value : g_hash_table_lookup(scope->stage->args, name);
}

char *oakum_stage_expand(const Build *build, const Stage *stage, const char *word, GError **error)
{
  Scope scope = {build, stage};
  return oakum_dockerfile_expand(word, build->dockerfile->escape, lookup, &scope, error);
}

static const char *given_arg(const Build *build, const char *name)
{
  return build->options->build_args ? g_hash_table_lookup(build->options->build_args, name) : NULL;
}

/* ---- instructions that only change the config
 * ------------------------------------------------------- */
static gboolean step_arg(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  g_autoptr(GString) message = g_string_new("ARG");
  for (guint i = 0; i < in->words->len; i++) {
    const OakumWord *word = in->words->pdata[i];
    const char *given = given_arg(build, word->name);
    g_autofree char *value = given ? g_strdup(given) : NULL;
    if (!value && word->value && !(value = oakum_stage_expand(build, stage, word->value, error)))
      return FALSE;
    if (!value) /* declared before FROM, or by the builder */
      value = g_strdup(g_hash_table_lookup(build->plan->args, word->name));
    g_string_append_printf(message, " %s%s%s", word->name, value ? "=" : "", value ? value : "");
    if (!value)
      continue;
    if (!g_hash_table_contains(stage->args, word->name))
      g_ptr_array_add(stage->arg_order, g_strdup(word->name));
    g_hash_table_replace(stage->args, g_strdup(word->name), g_steal_pointer(&value));
  }
  oakum_stage_history(stage, g_string_free(g_steal_pointer(&message), FALSE), FALSE);
  return TRUE;
}

static gboolean step_pairs(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  g_autoptr(GString) message = g_string_new(in->name);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < in->words->len; i++) { /* all see the values from before the instruction */
    const OakumWord *word = in->words->pdata[i];
    char *name = oakum_stage_expand(build, stage, word->name, error);
    char *value = name ? oakum_stage_expand(build, stage, word->value, error) : NULL;
    if (name)
      g_ptr_array_add(names, name);
    if (!value)
      return FALSE;
    g_ptr_array_add(values, value);
    g_string_append_printf(message, " %s=%s", name, value);
  }
  for (guint i = 0; i < names->len; i++) {
    if (in->kind == OAKUM_INSTRUCTION_ENV) {
      oakum_config_setenv(stage->config, names->pdata[i], values->pdata[i]);
      continue;
    }
    if (!stage->config->labels)
      stage->config->labels = oakum_str_map_new(g_free, g_free);
    g_hash_table_replace(stage->config->labels, g_strdup(names->pdata[i]),
                         g_strdup(values->pdata[i]));
  }
  oakum_stage_history(stage, g_string_free(g_steal_pointer(&message), FALSE), FALSE);
  return TRUE;
}

/* Go's %q of a list of strings: ["a" "b"]. */
static void append_quoted(GString *out, char **list)
{
  g_string_append(out, " [");
  for (char **item = list; *item; item++) {
    g_autofree char *quoted = g_strescape(*item, NULL);
    g_string_append_printf(out, "%s\"%s\"", item == list ? "" : " ", quoted);
  }
  g_string_append_c(out, ']');
}

static char **words_of(const Stage *stage, const OakumInstruction *in)
{
  GPtrArray *list = g_ptr_array_new();
  if (!in->exec_form) {
    static const char *const standard[] = {"/bin/sh", "-c", NULL};
    const char *const *shell = stage->config->shell && stage->config->shell[0]
                                   ? (const char *const *)stage->config->shell
                                   : standard;
    for (; *shell; shell++)
      g_ptr_array_add(list, g_strdup(*shell));
  }
  for (guint i = 0; i < in->words->len; i++)
    g_ptr_array_add(list, g_strdup(((const OakumWord *)in->words->pdata[i])->value));
  g_ptr_array_add(list, NULL);
  return (char **)g_ptr_array_free(list, FALSE);
}

static void step_command(Stage *stage, const OakumInstruction *in, gboolean *own_cmd)
{
  char **words = in->kind == OAKUM_INSTRUCTION_SHELL || (in->exec_form && in->words->len == 0)
                     ? NULL
                     : words_of(stage, in);
  g_autoptr(GString) message = g_string_new(in->name);
  if (in->kind == OAKUM_INSTRUCTION_SHELL) {
    char **shell = words_of(&(Stage){.config = stage->config}, in);
    g_strfreev(stage->config->shell);
    stage->config->shell = shell;
    g_autofree char *joined = g_strjoinv(" ", shell);
    g_string_append_printf(message, " [%s]", joined);
  } else {
    append_quoted(message, words ? words : (char *[]){NULL});
    char ***slot =
        in->kind == OAKUM_INSTRUCTION_CMD ? &stage->config->cmd : &stage->config->entrypoint;
    g_strfreev(*slot);
    *slot = words;
    if (in->kind == OAKUM_INSTRUCTION_CMD)
      *own_cmd = TRUE;
    else if (!*own_cmd) /* a new entry point makes the inherited arguments meaningless */
      g_clear_pointer(&stage->config->cmd, g_strfreev);
  }
  oakum_stage_history(stage, g_string_free(g_steal_pointer(&message), FALSE), FALSE);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean step_expose(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  g_autoptr(GPtrArray) ports = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < in->words->len; i++) {
    g_autofree char *text =
        oakum_stage_expand(build, stage, ((const OakumWord *)in->words->pdata[i])->value, error);
    if (!text)
      return FALSE;
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    const char *protocol = parts[0] && parts[1] ? parts[1] : "tcp",
               *dash = parts[0] ? strchr(parts[0], '-') : NULL;
    uint64_t low = 0, high = 0;
    gboolean ok = parts[0] &&
                  oakum_parse_u64(parts[0], dash ? (size_t)(dash - parts[0]) : strlen(parts[0]),
                                  65535, &low) &&
                  (strcmp(protocol, "tcp") == 0 || strcmp(protocol, "udp") == 0 ||
                   strcmp(protocol, "sctp") == 0);
    high = low;
    ok = ok && (!dash || oakum_parse_u64(dash + 1, strlen(dash + 1), 65535, &high)) &&
         low <= high && low > 0;
    if (!ok) {
      g_autofree char *shown = oakum_escape_terminal(text, -1);
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                  "EXPOSE \"%s\" is not PORT[-PORT][/tcp|udp|sctp]", shown);
      return FALSE;
    }
    for (uint64_t port = low; port <= high; port++)
      g_ptr_array_add(ports, g_strdup_printf("%d/%s", (int)port, protocol));
  }
  g_ptr_array_sort(ports, by_text);
  g_autoptr(GString) message = g_string_new("EXPOSE [");
  if (!stage->config->exposed_ports)
    stage->config->exposed_ports = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < ports->len; i++) {
    g_string_append_printf(message, "%s%s", i ? " " : "", (char *)ports->pdata[i]);
    g_hash_table_add(stage->config->exposed_ports, g_strdup(ports->pdata[i]));
  }
  g_string_append_c(message, ']');
  oakum_stage_history(stage, g_string_free(g_steal_pointer(&message), FALSE), FALSE);
  return TRUE;
}

static gboolean step_text(Build *build, Stage *stage, const OakumInstruction *in, char **slot,
                          GError **error)
{
  char *text =
      oakum_stage_expand(build, stage, ((const OakumWord *)in->words->pdata[0])->value, error);
  if (!text)
    return FALSE;
  g_free(*slot);
  *slot = text;
  oakum_stage_history(stage, g_strconcat(in->name, " ", text, NULL), FALSE);
  return TRUE;
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

static GPtrArray *environment(const Build *build, const Stage *stage, const OakumUser *user)
{
  GPtrArray *envp = g_ptr_array_new_with_free_func(g_free);
  for (char **row = stage->config->env; row && *row; row++)
    g_ptr_array_add(envp, g_strdup(*row));
  for (guint i = 0; i < stage->arg_order->len; i++)
    add_variable(envp, stage->arg_order->pdata[i],
                 g_hash_table_lookup(stage->args, stage->arg_order->pdata[i]));
  for (size_t i = 0; i < G_N_ELEMENTS(predefined); i++)
    add_variable(envp, predefined[i], given_arg(build, predefined[i]));
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
    if (!g_strv_contains((const char *const[]){"HTTP_PROXY", "http_proxy", "HTTPS_PROXY",
                                               "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY",
                                               "no_proxy", "ALL_PROXY", "all_proxy", NULL},
                         name)) {
      g_ptr_array_add(names, (gpointer)name);
      count++;
    }
  }
  g_ptr_array_sort(names, by_text);
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

static gboolean run_in_sandbox(Build *build, Stage *stage, char **words, const Overlay *overlay,
                               GError **error)
{
  OakumUser user;
  if (!oakum_user_find(stage->root, stage->config->user ? stage->config->user : "", FALSE, &user,
                       error))
    return FALSE;
  g_autoptr(GPtrArray) envp = environment(build, stage, &user);
  g_autofree char *names = resolv_conf();
  const char *cwd = stage->config->working_dir;
  OakumStep step = {.root = stage->root_path,
                    .scratch = stage->scratch_path,
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
                    .hostname = "oakum\n"};
  int status = 0;
  gboolean ok = oakum_sandbox_run(build->options->rung, &step, &status, error);
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

static gboolean step_run(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  __attribute__((cleanup(overlay_clear))) Overlay overlay = {.upper = -1};
  if (!oakum_stage_root(build, stage, error))
    return FALSE;
  gboolean known = build->overlay && oakum_tree_is_settled(stage->tree);
  if (!known && !oakum_tree_settle(stage->tree, error))
    return FALSE;
  g_auto(GStrv) words = words_of(stage, in);
  if (!overlay_begin(build, stage, &overlay, error) ||
      !run_in_sandbox(build, stage, words, &overlay, error))
    return FALSE;
  g_autoptr(OakumLayerWriter) layer = oakum_layer_writer_new(build, error);
  OakumTreeTimes times = {!build->options->keep_times, stage->epoch};
  gboolean changed = FALSE;
  if (!layer)
    return FALSE;
  OakumTarWriter *tar = oakum_layer_writer_tar(layer);
  gboolean ok = overlay.folder ? oakum_tree_overlay_diff(stage->tree, overlay.upper, &times, tar,
                                                         &changed, error)
                               : oakum_tree_diff(stage->tree, &times, tar, &changed, error);
  if (!ok || (changed && !oakum_layer_writer_commit(layer, stage, in->range.line, error)))
    return FALSE;
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
  if (strcmp(reference, "scratch") == 0) {
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
  }
}

Stage *oakum_build_foreign(Build *build, const char *reference, GError **error)
{
  for (guint i = 0; i < build->foreign->len; i++) {
    Stage *known = build->foreign->pdata[i];
    if (known->base && strcmp(known->base->name, reference) == 0)
      return known;
  }
  Stage *stage = stage_new();
  g_ptr_array_add(build->foreign, stage);
  return begin_from_image(build, stage, reference, NULL, 0, error) ? stage : NULL;
}

static gboolean run_instruction(Build *build, Stage *stage, const OakumInstruction *in,
                                gboolean *own_cmd, GError **error)
{
  switch (in->kind) {
  case OAKUM_INSTRUCTION_FROM:
    return TRUE;
  case OAKUM_INSTRUCTION_ARG:
    return step_arg(build, stage, in, error);
  case OAKUM_INSTRUCTION_ENV:
  case OAKUM_INSTRUCTION_LABEL:
    return step_pairs(build, stage, in, error);
  case OAKUM_INSTRUCTION_RUN:
    return step_run(build, stage, in, error);
  case OAKUM_INSTRUCTION_COPY:
  case OAKUM_INSTRUCTION_ADD:
    return oakum_step_copy(build, stage, in, error);
  case OAKUM_INSTRUCTION_WORKDIR:
    return oakum_step_workdir(build, stage, in, error);
  case OAKUM_INSTRUCTION_USER:
    return step_text(build, stage, in, &stage->config->user, error);
  case OAKUM_INSTRUCTION_STOPSIGNAL:
    return step_text(build, stage, in, &stage->config->stop_signal, error);
  case OAKUM_INSTRUCTION_EXPOSE:
    return step_expose(build, stage, in, error);
  case OAKUM_INSTRUCTION_CMD:
  case OAKUM_INSTRUCTION_ENTRYPOINT:
  case OAKUM_INSTRUCTION_SHELL:
    step_command(stage, in, own_cmd);
    return TRUE;
  default: /* the plan refuses them */
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_UNSUPPORTED, "not supported yet");
    return FALSE;
  }
}

static gboolean run_stage(Build *build, const OakumPlanStage *plan, GError **error)
{
  const OakumStage *source = build->dockerfile->stages->pdata[plan->stage];
  Stage *stage = build->stages[plan->stage] = stage_new();
  stage->plan = plan;
  gboolean ok = TRUE, own_cmd = FALSE;
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
  ok = ok && choose_epoch(build, stage, error);
  if (!ok) {
    g_prefix_error(error, "%s:%d: FROM %s: ", build->dockerfile->file, source->base->range.line,
                   source->base->value);
    return FALSE;
  }
  for (guint i = source->first; i < source->end; i++) {
    const OakumInstruction *in = build->dockerfile->instructions->pdata[i];
    oakum_info("%s:%d: %s %s", build->dockerfile->file, in->range.line, in->name, in->text);
    if (!run_instruction(build, stage, in, &own_cmd, error)) {
      g_prefix_error(error, "%s:%d: %s: ", build->dockerfile->file, in->range.line, in->name);
      return FALSE;
    }
  }
  return TRUE;
}

/* ---- the result
 * ---------------------------------------------------------------------------------------------- */
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
  g_autoptr(OakumBlobSink) sink = oakum_store_sink(build->store);
  for (guint i = 0; stage->base && i < stage->base->manifest->layers->len; i++) {
    /* the base's layers come along; the foreign media types of Docker become OCI's */
    OakumDescriptor *layer = stage->layers->pdata[i];
    int has = sink->has(sink, layer, error);
    g_autoptr(OakumReader) reader =
        has == 0 ? stage->base->source->open(stage->base->source, layer, error) : NULL;
    if (has < 0 || (has == 0 && (!reader || !sink->put(sink, layer, reader, error)))) {
      g_prefix_error(error, "layer %u of the base: ", i);
      return NULL;
    }
    if (strcmp(layer->media_type, OAKUM_MT_DOCKER_LAYER_GZIP) == 0) {
      g_free(layer->media_type);
      layer->media_type = g_strdup(OAKUM_MT_OCI_LAYER_GZIP);
    }
  }
  OakumManifest *manifest = oakum_manifest_make(desc, stage->layers, NULL);
  OakumImage *image =
      oakum_image_new("the image", manifest, oakum_store_source(build->store), error);
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
  build->context = open(build->options->context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (build->context < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "context %s", build->options->context);
    return FALSE;
  }
  g_autofree char *beside = g_strconcat(build->dockerfile->file, ".dockerignore", NULL);
  g_autofree char *text = NULL;
  size_t len = 0;
  g_autoptr(GError) local = NULL;
  /* the file of the Dockerfile's own name wins over the one of the context */
  gboolean read = oakum_file_read(beside, OAKUM_IGNORE_MAX, &text, &len, &local);
  if (!read && g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND)) {
    g_clear_error(&local);
    int fd = oakum_root_open(build->context, ".dockerignore", O_RDONLY | O_NONBLOCK, 0,
                             OAKUM_ROOT_FOLLOW, &local);
    if (fd < 0 && g_error_matches(local, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))
      return TRUE;
    g_autoptr(OakumReader) reader = fd >= 0 ? oakum_reader_new_fd(fd, TRUE) : NULL;
    read = reader &&
           oakum_reader_slurp(reader, OAKUM_IGNORE_MAX, ".dockerignore", &text, &len, &local);
  }
  if (!read) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  return (build->ignore = oakum_ignore_parse(text, len, error)) != NULL;
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
  oakum_ignore_free(build.ignore);
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
