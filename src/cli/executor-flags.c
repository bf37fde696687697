/* Flags and variables of kaniko's executor and warmer. The flags themselves stand in
 * executor-flags.inc. */
#include "cli/executor.h"
#include "os/os.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

typedef enum { FATE_ACTS, FATE_MAPS, FATE_ACCEPTED } Fate;
typedef struct {
  const char *name;
  size_t offset;
  gboolean boolean, list, empty_is_none;
  Fate fate;
  const char *note;
} Flag;

/* ---- the table, read twice: as options, and with what becomes of them
 * --------------------------------------------------------------------------------------------- */
#define KIND_BOOL OAKUM_OPTION_OPTIONAL
#define KIND_TEXT OAKUM_OPTION_TEXT
#define KIND_LIST OAKUM_OPTION_LIST
#define IS_BOOL_BOOL TRUE
#define IS_BOOL_TEXT FALSE
#define IS_BOOL_LIST FALSE
#define IS_LIST_BOOL FALSE
#define IS_LIST_TEXT FALSE
#define IS_LIST_LIST TRUE
#define IS_NONE_NONE TRUE
#define IS_NONE_TEXT FALSE

#define FLAG(name, letter, kind, field, word, help, fallback, empty, fate, note)                   \
  {name,                                                                                           \
   letter,                                                                                         \
   KIND_##kind,                                                                                    \
   offsetof(OakumExecutorArgs, field),                                                             \
   word,                                                                                           \
   help,                                                                                           \
   sizeof(fallback) > 1 ? fallback : NULL,                                                         \
   "true"},
#define OAKUM_EXECUTOR_BUILD
static const OakumOption build_options[] = {
#include "cli/executor-flags.inc"
    {0}};
#undef OAKUM_EXECUTOR_BUILD
#define OAKUM_EXECUTOR_OUTPUT
static const OakumOption output_options[] = {
#include "cli/executor-flags.inc"
    {0}};
#undef OAKUM_EXECUTOR_OUTPUT
#define OAKUM_EXECUTOR_CACHE
static const OakumOption cache_options[] = {
#include "cli/executor-flags.inc"
    {0}};
#undef OAKUM_EXECUTOR_CACHE
#define OAKUM_EXECUTOR_REGISTRY
static const OakumOption registry_options[] = {
#include "cli/executor-flags.inc"
    {0}};
#undef OAKUM_EXECUTOR_REGISTRY
#define OAKUM_EXECUTOR_PUSH
static const OakumOption push_options[] = {
#include "cli/executor-flags.inc"
    {0}};
#undef OAKUM_EXECUTOR_PUSH
#define OAKUM_EXECUTOR_LOG
static const OakumOption log_options[] = {
#include "cli/executor-flags.inc"
    {0}};
#undef OAKUM_EXECUTOR_LOG
#define OAKUM_EXECUTOR_WARMER
static const OakumOption warmer_options[] = {
#include "cli/executor-flags.inc"
    {0}};
#undef OAKUM_EXECUTOR_WARMER
#define OAKUM_EXECUTOR_LOGIN
static const OakumOption login_options[] = {
#include "cli/executor-flags.inc"
    {0}};
#undef OAKUM_EXECUTOR_LOGIN
#undef FLAG

#define FLAG(name, letter, kind, field, word, help, fallback, empty, fate, note)                   \
  {name,                                                                                           \
   offsetof(OakumExecutorArgs, field),                                                             \
   IS_BOOL_##kind,                                                                                 \
   IS_LIST_##kind,                                                                                 \
   IS_NONE_##empty,                                                                                \
   FATE_##fate,                                                                                    \
   note},
#define OAKUM_EXECUTOR_BUILD
#define OAKUM_EXECUTOR_OUTPUT
#define OAKUM_EXECUTOR_CACHE
#define OAKUM_EXECUTOR_REGISTRY
#define OAKUM_EXECUTOR_PUSH
#define OAKUM_EXECUTOR_LOG
static const Flag executor_flags[] = {
#include "cli/executor-flags.inc"
    {NULL}};
#undef OAKUM_EXECUTOR_BUILD
#undef OAKUM_EXECUTOR_OUTPUT
#undef OAKUM_EXECUTOR_CACHE
#undef OAKUM_EXECUTOR_PUSH
#define OAKUM_EXECUTOR_WARMER
static const Flag warmer_flags[] = {
#include "cli/executor-flags.inc"
    {NULL}};
#undef OAKUM_EXECUTOR_REGISTRY
#undef OAKUM_EXECUTOR_WARMER
#define OAKUM_EXECUTOR_LOGIN
static const Flag login_flags[] = {
#include "cli/executor-flags.inc"
    {NULL}};
#undef OAKUM_EXECUTOR_LOG
#undef OAKUM_EXECUTOR_LOGIN
#undef FLAG

const OakumOptionGroup oakum_executor_groups[] = {{NULL, NULL, build_options, 0},
                                                  {"Results", NULL, output_options, 0},
                                                  {"Cache", NULL, cache_options, 0},
                                                  {"Registries", NULL, registry_options, 0},
                                                  {"Registries", NULL, push_options, 0},
                                                  {"Log", NULL, log_options, 0},
                                                  {0}};
const OakumOptionGroup oakum_warmer_groups[] = {{NULL, NULL, warmer_options, 0},
                                                {"Registries", NULL, registry_options, 0},
                                                {"Log", NULL, log_options, 0},
                                                {0}};
const OakumOptionGroup oakum_login_groups[] = {{NULL, NULL, login_options, 0}, {0}};

static const Flag *flags_of(const OakumCommand *command)
{
  return command->groups == oakum_warmer_groups  ? warmer_flags
         : command->groups == oakum_login_groups ? login_flags
                                                 : executor_flags;
}

/* ---- variables
 * ---------------------------------------------------------------------------------------- */
/* kaniko's switches between what it did and what Docker does. `ours`: 1 and 0, the side that always
 * holds here; -1: how kaniko works inside, nothing to be seen of it. */
static const struct {
  const char *name;
  int ours;
} features[] = {{"BUILDKIT_ARG_ENV_PRECEDENCE", 1},
                {"CACHE_LOOKAHEAD", -1},
                {"CACHE_PROBE_AFTER_MISS", 1},
                {"CHOWN_ON_IMPLICIT_DIRS", 1},
                {"CLEAN_KANIKO_DIR", -1},
                {"COPY_AS_ROOT", 1},
                {"COPY_CHMOD_ON_IMPLICIT_DIRS", 1},
                {"CROSS_REPO_MOUNT", -1},
                {"DEPRECATE_INTER_STAGE_RESTORE", -1},
                {"DISABLE_HTTP2", -1},
                {"EXPAND_HEREDOC", 1},
                {"HASH_DIR_FRAMING", 1},
                {"IGNORE_CACHED_MANIFEST", -1},
                {"INFER_CROSS_STAGE_CACHE_KEY", -1},
                {"NO_PROPAGATE_ANNOTATIONS", 1},
                {"OCI_SCRATCH_BASE", 1},
                {"OCI_WARMER", 1},
                {"PATH_SCOPED_REGISTRY_AUTH", 1},
                {"PRECOMPILE_DOCKERIGNORE", -1},
                {"PRESERVE_HARDLINKS", 1},
                {"PRESERVE_MOUNTED_PATHS", -1},
                {"RELATIVE_LINK_TARGETS", 1},
                {"REPRODUCIBLE_PRESERVE_BASE_LAYERS", 1},
                {"RESOLVE_CACHE_KEY", 1},
                {"ROLLING_CACHE_KEY", -1},
                {"RUN_HONOR_GROUP", 1},
                {"RUN_MOUNT_BIND", 1},
                {"RUN_VIA_TINI", -1},
                {"SCOPED_DOCKERIGNORE", 1},
                {"SECUREJOIN_EXTRACTION", 1},
                {"SHARED_BASE_CACHE", -1},
                {"SKIP_CACHED_STAGES", 1},
                {"SKIP_RELABEL_RECOMPRESS", -1},
                {"SKIP_WRITE_WHITEOUTS", -1},
                {"UNTAR_SKIP_ROOT", 1},
                {"VOLUME_SKIP_MKDIR", 1},
                {"WARMER_CACHE_LOCK", 1}};

/* Variables of kaniko that are known and do nothing here. */
static const struct {
  const char *name, *note;
} unused_variables[] = {
    {"KANIKO_TELEMETRY_ENDPOINT", "nothing is ever reported to anybody"},
    {"KANIKO_TELEMETRY_OMIT_DOCKERFILE", "nothing is ever reported to anybody"},
    {"KANIKO_IGNORE_ASSERTIONS", "what goes wrong is always an error"},
    {"STACKLOG_PATH", "there is no such log"},
};

/* As strconv.ParseBool: what pflag takes for a boolean. -1: neither. */
static int parse_bool(const char *text)
{
  static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True", NULL};
  static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False", NULL};
  return g_strv_contains(yes, text) ? 1 : g_strv_contains(no, text) ? 0 : -1;
}

gboolean oakum_executor_flag(const char *value, gboolean fallback)
{
  return value ? parse_bool(value) == 1 : fallback;
}

/* As strconv.ParseInt without a base, what pflag takes for a number: "0x", "0o", "0b" and "0" tell
 * a base, and single underscores stand between digits or behind that. */
static gboolean parse_number(const char *text, gint64 *out)
{
  const char *at = text + (*text == '-' || *text == '+');
  const char mark = *at == '0' ? g_ascii_tolower(at[1]) : '\0';
  const int base = mark == 'x' ? 16 : mark == 'b' ? 2 : mark ? 8 : 10;
  const gboolean named = mark && strchr("xob", mark);
  gboolean may_part = named; /* an underscore may come */
  g_autoptr(GString) plain = g_string_new(*text == '-' ? "-" : "");
  const gsize sign = plain->len;
  for (at += named ? 2 : 0; *at; at++) {
    gboolean digit = *at != '_';
    if (digit ? !g_ascii_isxdigit(*at) || g_ascii_xdigit_value(*at) >= base : !may_part)
      return FALSE;
    if (digit)
      g_string_append_c(plain, *at);
    may_part = digit;
  }
  errno = 0;
  *out = g_ascii_strtoll(plain->str, NULL, (guint)base);
  return errno == 0 && plain->len > sign && at[-1] != '_';
}

int oakum_executor_number(const char *value, int fallback)
{
  gint64 number;
  return value && parse_number(value, &number)
             ? (int)CLAMP(number, -1, (gint64)OAKUM_EXECUTOR_RETRIES_MAX)
             : fallback;
}

static gboolean bad(GError **error, const char *option, const char *wanted, const char *text)
{
  g_autofree char *shown = oakum_escape_terminal(text, -1);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s takes %s, not \"%s\"", option, wanted,
              shown);
  return FALSE;
}

/* A word such as a|b|c. */
static gboolean check_word(const char *option, const char *words, const char *text, GError **error)
{
  g_auto(GStrv) choices = g_strsplit(words, "|", -1);
  return !text || g_strv_contains((const char *const *)choices, text) ||
         bad(error, option, words, text);
}

static gboolean check_number(const char *option, const char *text, GError **error)
{
  gint64 value;
  return !text || parse_number(text, &value) || bad(error, option, "a number", text);
}

static void variable(const char *name, char **slot)
{
  const char *value = g_getenv(name);
  if (value && *value && !*slot)
    *slot = g_strdup(value);
}

static void drop_empty(const OakumCommand *command, OakumExecutorArgs *args)
{
  for (const Flag *flag = flags_of(command); flag->name; flag++) {
    void *slot = (char *)args + flag->offset;
    if (!flag->empty_is_none)
      continue;
    if (!flag->list) {
      char **text = slot;
      if (*text && !**text)
        g_clear_pointer(text, g_free);
      continue;
    }
    GPtrArray **list = slot;
    for (guint i = 0; *list && i < (*list)->len;)
      if (*(char *)(*list)->pdata[i])
        i++;
      else
        g_ptr_array_remove_index(*list, i);
    if (*list && (*list)->len == 0)
      g_clear_pointer(list, g_ptr_array_unref);
  }
}

/* A variable that goes before the command line, as kaniko has it. */
static void override(const char *name, char **slot)
{
  const char *value = g_getenv(name);
  if (!value || !*value)
    return;
  g_free(*slot);
  *slot = g_strdup(value);
}

/* Behind what the command line has. */
static void list_variable(const char *name, GPtrArray **slot)
{
  const char *value = g_getenv(name);
  if (!value || !*value)
    return;
  if (!*slot)
    *slot = g_ptr_array_new_with_free_func(g_free);
  g_auto(GStrv) parts = g_strsplit(value, ",", -1);
  for (char **part = parts; *part; part++)
    g_ptr_array_add(*slot, g_strdup(*part));
}

static gboolean check(const OakumCommand *command, const OakumExecutorArgs *args, GError **error)
{
  for (const Flag *flag = flags_of(command); flag->name; flag++) {
    const char *value = *(char *const *)((const char *)args + flag->offset);
    if (flag->boolean && value && parse_bool(value) < 0) {
      g_autofree char *option = g_strconcat("--", flag->name, NULL);
      return bad(error, option, "true or false", value);
    }
  }
  for (guint i = 0; args->credential_helpers && i < args->credential_helpers->len; i++) {
    const char *text = args->credential_helpers->pdata[i];
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    for (char **name = names; *name; name++)
      if (**name && !check_word("--credential-helpers", "env|google|ecr|acr|gitlab", *name, error))
        return FALSE;
  }
  return check_word("--snapshot-mode", "full|redo|time", args->snapshot_mode, error) &&
         check_word("--compression", "gzip|zstd", args->compression, error) &&
         check_word("--image-format", "oci|docker", args->image_format, error) &&
         check_word("--log-format", "color|text|json", args->log_format, error) &&
         check_word("--verbosity", "trace|debug|info|warn|warning|error|fatal|panic",
                    args->verbosity, error) &&
         check_number("--push-retry", args->push_retry, error) &&
         check_number("--compression-level", args->compression_level, error) &&
         check_number("--image-download-retry", args->download_retry, error) &&
         check_number("--image-fs-extract-retry", args->extract_retry, error);
}

gboolean oakum_executor_parse(const OakumCommand *command, int argc, char **argv,
                              OakumExecutorArgs *args, GPtrArray **rest, GError **error)
{
  if (!oakum_options_parse(command, args, argc, argv, rest, error))
    return FALSE;
  drop_empty(command, args);
  variable("KANIKO_DIR", &args->kaniko_dir);
  override("KANIKO_NO_PUSH", &args->no_push);
  variable("KANIKO_CLEANUP", &args->cleanup);
  variable("KANIKO_PRE_CLEANUP", &args->pre_cleanup);
  variable("KANIKO_PRESERVE_CONTEXT", &args->preserve_context);
  variable("KANIKO_PRINT_PLAN", &args->dryrun);
  list_variable("KANIKO_REGISTRY_MIRROR", &args->mirrors);
  list_variable("KANIKO_REGISTRY_MAP", &args->maps);
  if (args->verbosity) {
    g_autofree char *given = args->verbosity;
    args->verbosity = g_ascii_strdown(given, -1);
  }
  return check(command, args, error);
}

/* ---- what has no effect
 * ---------------------------------------------------------------------------------- */
static void tell_features(void)
{
  static const char prefix[] = "FF_KANIKO_";
  g_auto(GStrv) names = g_listenv();
  for (char **name = names; *name; name++) {
    const char *value = g_getenv(*name);
    gboolean known = FALSE;
    if (!g_str_has_prefix(*name, prefix) || !value)
      continue;
    for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
      if (strcmp(*name + strlen(prefix), features[i].name) != 0)
        continue;
      known = TRUE;
      int wanted = parse_bool(value);
      if (features[i].ours >= 0 && wanted >= 0 && wanted != features[i].ours)
        oakum_warn("%s=%s has no effect here: it is always %s", *name, value,
                   features[i].ours ? "on" : "off");
    }
    if (!known)
      oakum_warn("%s has no effect here: it is not known", *name);
  }
}

void oakum_executor_tell_unused(const OakumCommand *command, const OakumExecutorArgs *args)
{
  size_t told = (size_t)-1; /* an alias shares the place of its value */
  for (const Flag *flag = flags_of(command); flag->name; flag++) {
    if (flag->fate != FATE_ACCEPTED || flag->offset == told ||
        !*(void *const *)((const char *)args + flag->offset))
      continue;
    told = flag->offset;
    oakum_warn("--%s has no effect here: %s", flag->name, flag->note);
  }
  for (guint i = 1; args->targets && i < args->targets->len; i++)
    oakum_warn("--target %s has no effect here: only the first one is built, with what it needs",
               (char *)args->targets->pdata[i]);
  for (size_t i = 0; i < G_N_ELEMENTS(unused_variables); i++)
    if (g_getenv(unused_variables[i].name))
      oakum_warn("%s has no effect here: %s", unused_variables[i].name, unused_variables[i].note);
  tell_features();
}

/* ---- what several commands need of them
 * --------------------------------------------------------------------------- */
gboolean oakum_executor_ttl(const OakumExecutorArgs *args, uint64_t *out, GError **error)
{
  const char *text = args->cache_ttl ? args->cache_ttl : "336h";
  int64_t ttl;
  if (!oakum_dockerfile_duration(text, &ttl))
    return bad(error, "--cache-ttl", "a time such as 30m or 336h", text);
  *out = (uint64_t)MAX(ttl, 0) / 1000000000;
  return TRUE;
}

gboolean oakum_executor_folder(const OakumExecutorArgs *args, char **out, GError **error)
{
  static const char usual[] = "/kaniko";
  struct stat st;
  *out = NULL;
  if (!args->kaniko_dir && (stat(usual, &st) < 0 || !S_ISDIR(st.st_mode)))
    return TRUE; /* nothing is made in the job's root that is not there */
  const char *path = args->kaniko_dir ? args->kaniko_dir : usual;
  if (g_mkdir_with_parents(path, 0755) < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "--kaniko-dir %s", path);
    return FALSE;
  }
  *out = g_strdup(path);
  return TRUE;
}
