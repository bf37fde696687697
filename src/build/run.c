/* RUN: a step in a sandbox, and the layer that comes of what it changed. */
#include "build/build-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STEP_SCRIPTS "/dev/pipes" /* where BuildKit has them */

#define HOSTS "127.0.0.1\tlocalhost oakum\n::1\tlocalhost ip6-localhost ip6-loopback\n"

/* Usable in RUN without ARG, and then no part of the history. */
static const char *const proxies[] = {"http_proxy", "https_proxy", "ftp_proxy", "no_proxy",
                                      "all_proxy"};

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

/* A proxy that the command line gives, in whatever case, is there in both cases, since programs
 * differ in which they read, and wins over ARG and ENV. Of several spellings the lower one counts.
 */
static void add_proxies(GPtrArray *envp, const Build *build)
{
  GHashTableIter args;
  gpointer key, given;
  for (size_t i = 0; build->options->build_args && i < G_N_ELEMENTS(proxies); i++) {
    g_autofree char *upper = g_ascii_strup(proxies[i], -1);
    const char *value = oakum_build_arg(build, proxies[i]);
    if (!value)
      value = oakum_build_arg(build, upper);
    g_hash_table_iter_init(&args, build->options->build_args);
    while (!value && g_hash_table_iter_next(&args, &key, &given))
      value = g_ascii_strcasecmp(key, upper) == 0 ? given : NULL;
    if (!value || !*value)
      continue;
    add_variable(envp, upper, value);
    add_variable(envp, proxies[i], value);
  }
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
  add_proxies(envp, build);
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
  add_variable(envp, "PATH", OAKUM_DEFAULT_PATH);
  guint empty; /* an empty HOME is none, as runc has it */
  if (g_ptr_array_find_with_equal_func(envp, "HOME=", g_str_equal, &empty))
    g_ptr_array_remove_index(envp, empty);
  add_variable(envp, "HOME", user->home);
  g_ptr_array_add(envp, NULL);
  return envp;
}

static char *run_message(const Stage *stage, char **words, gboolean script)
{
  const OakumInstruction none = {.words = &(GPtrArray){0}};
  GString *out = g_string_new("RUN ");
  const GPtrArray *names = stage->arg_order;
  if (names->len > 0) {
    g_string_append_printf(out, "|%u", names->len);
    for (guint i = 0; i < names->len; i++) {
      const char *value = oakum_stage_variable(stage, names->pdata[i]);
      g_string_append_printf(out, " %s=%s", (char *)names->pdata[i], value ? value : "");
    }
    g_string_append_c(out, ' ');
  }
  if (script) { /* as if the shell started it */
    g_auto(GStrv) shell = oakum_stage_command(stage, &none);
    g_autofree char *before = g_strjoinv(" ", shell);
    g_string_append_printf(out, "%s ", before);
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
  const char **lowers; /* of a view; NULL */
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
  g_autofree char *names = resolv_conf(), *hosts = g_strconcat(HOSTS, build->options->hosts, NULL);
  const char *cwd = stage->config->working_dir;
  OakumStep step = {.root = stage->root_path,
                    .scratch = stage->scratch_path,
                    .owners = stage->owners_path,
                    .upper = overlay->upper_path,
                    .work = overlay->work_path,
                    .lowers = overlay->lowers,
                    .argv = (const char *const *)words,
                    .envp = (const char *const *)envp->pdata,
                    .cwd = cwd && *cwd ? cwd : "/",
                    .uid = user.uid,
                    .gid = user.gid,
                    .groups = user.groups,
                    .n_groups = user.n_groups,
                    .out = build->options->out,
                    .err = build->options->err,
                    .stop = oakum_graph_stop(build->graph),
                    .timeout_s = build->options->step_timeout_s,
                    .limits = build->options->limits,
                    .hosts = hosts,
                    .resolv_conf = names,
                    .script_name = script ? script->name : NULL,
                    .script = script ? script->text : NULL,
                    .network = network};
  step.mounts = oakum_step_mounts_list(mounts, &n_mounts);
  step.n_mounts = n_mounts;
  int status = 0;
  OakumStepLines *lines = oakum_step_lines_new(build, stage, in, &step, error);
  if (!lines) {
    oakum_user_clear(&user);
    return FALSE;
  }
  guint misses = oakum_room_misses();
  gboolean ok = (!stage->owners || oakum_owners_save(stage->owners, stage->owners_path, error)) &&
                oakum_sandbox_run(build->options->rung, &step, &status, error) &&
                (!stage->owners || (oakum_owners_load(stage->owners, stage->owners_path, error) &&
                                    oakum_step_mounts_keep_owners(mounts, stage->owners, error)));
  oakum_step_lines_free(lines);
  oakum_user_clear(&user);
  /* before what it wrote goes: steps that run beside it hear of it */
  gboolean full = oakum_disk_is_full(overlay->upper_path ? overlay->upper_path : stage->root_path);
  if (full)
    oakum_room_missed();
  if (ok && status != 0) {
    stage->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    g_autofree char *how = oakum_child_describe(status);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_FAILED, "the command failed: %s%s", how,
                full ? " (the disk is full)" : "");
    return FALSE;
  }
  /* many programs do not look whether what they write is taken, and nothing else would tell: the
   * step would be kept, and used again once there is room */
  if (ok && oakum_room_misses() != misses) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_IO,
                "the disk was full while the command ran (%s): what it wrote may not be whole; "
                "make room below %s",
                g_strerror(ENOSPC), stage->scratch_path);
    return FALSE;
  }
  return ok;
}

/* The folders of one step's overlay; all NULL and -1 when it runs in the root itself. */
static gboolean overlay_begin(Build *build, Stage *stage, Overlay *overlay, GError **error)
{
  if (!build->overlay)
    return TRUE;
  if (oakum_stack_is_view(stage->stack)) { /* its folder stays as a part of the view */
    if (!oakum_stack_step(stage->stack, &overlay->upper_path, &overlay->work_path, &overlay->lowers,
                          error))
      return FALSE;
  } else {
    overlay->folder = oakum_temp_dir_new(stage->scratch_path, error);
    if (!overlay->folder)
      return FALSE;
    const char *path = oakum_temp_dir_path(overlay->folder);
    overlay->upper_path = g_build_filename(path, "upper", NULL);
    overlay->work_path = g_build_filename(path, "work", NULL);
    if (mkdir(overlay->upper_path, 0755) < 0 || mkdir(overlay->work_path, 0700) < 0) {
      oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", path);
      return FALSE;
    }
  }
  overlay->upper = open(overlay->upper_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (overlay->upper < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", overlay->upper_path);
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
  g_free(overlay->lowers);
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
      g_string_append_printf(text, "%s%s%s", i ? "" : "\n",
                             heredoc->raw ? heredoc->raw : heredoc->text, heredoc->name);
      g_string_append(text, i + 1 < in->heredocs->len ? "\n" : "");
    }
  }
  guint last = g_strv_length(words) - 1;
  g_free(words[last]);
  words[last] = g_string_free(g_steal_pointer(&text), FALSE);
  return words;
}

/* All that the step can see; the root stands in it by its layers. */
static OakumCacheKey *run_key(const Build *build, const Stage *stage, char **words,
                              const OakumHeredoc *script, OakumNetwork network, const char *mounts)
{
  OakumCacheKey *key = oakum_cache_key_new(build, stage, "RUN", stage->epoch);
  const OakumConfig *config = stage->config;
  oakum_cache_key_list(key, "word", (const char *const *)words);
  oakum_cache_key_text(key, "script name", script ? script->name : NULL);
  oakum_cache_key_text(key, "script", script ? script->text : NULL);
  oakum_cache_key_text(key, "user", config->user);
  oakum_cache_key_text(key, "folder", config->working_dir);
  oakum_cache_key_list(key, "variable", (const char *const *)config->env);
  /* a proxy that no ARG declares is no part of what comes of it; one that is declared is an
   * argument like others, as the reference of the Dockerfile says */
  for (guint i = 0; i < stage->arg_order->len; i++) {
    const char *name = stage->arg_order->pdata[i];
    oakum_cache_key_text(key, "argument", name);
    oakum_cache_key_text(key, "value", oakum_stage_variable(stage, name));
  }
  oakum_cache_key_number(key, "network", network);
  oakum_cache_key_text(key, "hosts", build->options->hosts);
  oakum_cache_key_text(key, "mounts", mounts);
  for (guint i = 0; build->options->left_out && i < build->options->left_out->len; i++)
    oakum_cache_key_text(key, "left out", build->options->left_out->pdata[i]);
  return key;
}

static char *mounts_key(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  g_autoptr(OakumCacheKey) key = oakum_cache_key_new(build, NULL, "mounts", 0);
  return oakum_stage_mounts_key(build, stage, in, key, error) ? oakum_cache_key_hex(key) : NULL;
}

/* Whether what the mounts show is what the key says: a context may change while the step runs. */
static gboolean still_shows(Build *build, Stage *stage, const OakumInstruction *in,
                            const char *mounts)
{
  g_autofree char *now = in->mounts->len ? mounts_key(build, stage, in, NULL) : g_strdup(mounts);
  return g_strcmp0(now, mounts) == 0;
}

/* Of all threads, seconds. */
static double processor_time(void)
{
  struct timespec now;
  return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) < 0
             ? 0
             : (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Carries the step out; *changed: a layer came of it. */
static gboolean really_run(Build *build, Stage *stage, const OakumInstruction *in, char **words,
                           const OakumHeredoc *script, OakumNetwork network, gboolean *changed,
                           GError **error)
{
  __attribute__((cleanup(overlay_clear))) Overlay overlay = {.upper = -1};
  if (!oakum_stage_root(build, stage, error) ||
      !oakum_step_can_execute(build, stage, words[0], error))
    return FALSE;
  gboolean known = build->overlay && oakum_tree_is_settled(stage->tree);
  if ((!known && !oakum_tree_settle(stage->tree, error)) ||
      !overlay_begin(build, stage, &overlay, error) ||
      !run_in_sandbox(build, stage, in, words, script, network, &overlay, error))
    return FALSE;
  g_autoptr(OakumLayerWriter) layer = oakum_layer_writer_new(build, stage, error);
  OakumTreeTimes times = {!build->options->keep_times, stage->epoch};
  if (!layer)
    return FALSE;
  OakumTarWriter *tar = oakum_layer_writer_tar(layer);
  gint64 begun = g_get_monotonic_time();
  double before = processor_time();
  gboolean ok = overlay.upper >= 0 ? oakum_tree_overlay_diff(stage->tree, overlay.upper, &times,
                                                             tar, changed, error)
                                   : oakum_tree_diff(stage->tree, &times, tar, changed, error);
  if (!ok || (*changed && !oakum_layer_writer_commit(layer, stage, in->range.line, error)))
    return FALSE;
  oakum_debug("snapshot: %.3f s, %.3f s of processors",
              (double)(g_get_monotonic_time() - begun) / G_USEC_PER_SEC, processor_time() - before);
  return TRUE;
}

gboolean oakum_step_run(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  const OakumHeredoc *script = NULL;
  OakumNetwork network;
  if (!choose_network(build, in, &network, error))
    return FALSE;
  g_auto(GStrv) words = run_words(stage, in, &script);
  g_autofree char *mounts = mounts_key(build, stage, in, error);
  if (!mounts)
    return FALSE;
  g_autoptr(OakumCacheKey) key = run_key(build, stage, words, script, network, mounts);
  gboolean changed = FALSE, hit;
  if (!oakum_cache_use(build, stage, key, in->range.line, &changed, &hit, error))
    return FALSE;
  if (!hit) {
    if (!really_run(build, stage, in, words, script, network, &changed, error))
      return FALSE;
    if (still_shows(build, stage, in, mounts))
      oakum_cache_note(build, stage, key, changed);
  }
  oakum_stage_history(stage, run_message(stage, words, script != NULL), changed);
  return TRUE;
}
