/* Variables of a stage, and the instructions that only change its config. History rows are
 * BuildKit's (frontend/dockerfile/dockerfile2llb/convert.go, commitToHistory), so that tools that
 * read them find what they know. */
#include "build/build-private.h"
#include <string.h>

const char *oakum_stage_variable(const Stage *stage, const char *name)
{
  const char *argument = g_hash_table_lookup(stage->args, name);
  if (argument && g_hash_table_contains(stage->arg_wins, name))
    return argument;
  const char *value = oakum_config_getenv(stage->config, name);
  return value ? value : argument;
}

static const char *lookup(const char *name, gpointer user)
{
  return oakum_stage_variable(user, name);
}

char *oakum_stage_expand(const Build *build, const Stage *stage, const char *word, GError **error)
{
  return oakum_dockerfile_expand(word, build->dockerfile->escape, lookup, (gpointer)stage, error);
}

char *oakum_stage_expand_body(const Stage *stage, const char *text, GError **error)
{
  return oakum_dockerfile_expand_body(text, lookup, (gpointer)stage, error);
}

const char *oakum_build_arg(const Build *build, const char *name)
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
    const char *given = oakum_build_arg(build, word->name);
    g_autofree char *value = given ? g_strdup(given) : NULL;
    if (!value && word->value && !(value = oakum_stage_expand(build, stage, word->value, error)))
      return FALSE;
    if (!value) /* declared before FROM, or by the builder */
      value = g_strdup(g_hash_table_lookup(build->plan->args, word->name));
    g_string_append_printf(message, " %s%s%s", word->name, value ? "=" : "", value ? value : "");
    if (!g_ptr_array_find_with_equal_func(stage->arg_order, word->name, g_str_equal, NULL))
      g_ptr_array_add(stage->arg_order, g_strdup(word->name));
    if (!value)
      continue;
    g_hash_table_replace(stage->args, g_strdup(word->name), g_steal_pointer(&value));
    g_hash_table_add(stage->arg_wins, g_strdup(word->name));
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
      g_hash_table_remove(stage->arg_wins, names->pdata[i]);
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

/* As %q of Go: letters of other alphabets stay. */
static char *quote(const char *text)
{
  char high[129];
  for (guint i = 0; i < 128; i++)
    high[i] = (char)(128 + i);
  high[128] = '\0';
  return g_strescape(text, g_utf8_validate(text, -1, NULL) ? high : NULL);
}

/* The same of a list: ["a" "b"]. */
static void append_quoted(GString *out, char **list)
{
  g_string_append(out, " [");
  for (char **item = list; *item; item++) {
    g_autofree char *quoted = quote(*item);
    g_string_append_printf(out, "%s\"%s\"", item == list ? "" : " ", quoted);
  }
  g_string_append_c(out, ']');
}

char **oakum_stage_command(const Stage *stage, const OakumInstruction *in)
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

static void step_command(Stage *stage, const OakumInstruction *in)
{
  char **words = in->kind == OAKUM_INSTRUCTION_SHELL || (in->exec_form && in->words->len == 0)
                     ? NULL
                     : oakum_stage_command(stage, in);
  g_autoptr(GString) message = g_string_new(in->name);
  if (in->kind == OAKUM_INSTRUCTION_SHELL) {
    char **shell = oakum_stage_command(&(Stage){.config = stage->config}, in);
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
      stage->own_cmd = TRUE;
    else if (!stage->own_cmd) /* a new entry point makes the inherited arguments meaningless */
      g_clear_pointer(&stage->config->cmd, g_strfreev);
  }
  oakum_stage_history(stage, g_string_free(g_steal_pointer(&message), FALSE), FALSE);
}

gint oakum_build_by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean port_range(const char *text, uint64_t *low, uint64_t *high)
{
  const char *dash = strchr(text, '-');
  if (!oakum_parse_u64(text, dash ? (size_t)(dash - text) : strlen(text), 65535, low))
    return FALSE;
  *high = *low;
  return !dash || (oakum_parse_u64(dash + 1, strlen(dash + 1), 65535, high) && *low <= *high);
}

/* What stands before the port of the container: "IP:PORT", "IP:", "PORT"; it is of no use, and
 * must be right. */
static gboolean host_is_right(const char *text, size_t len, uint64_t count)
{
  g_autofree char *host = g_strndup(text, len);
  char *colon = strrchr(host, ':');
  const char *port = colon ? colon + 1 : host;
  uint64_t low, high;
  if (*port && (!port_range(port, &low, &high) || (count > 1 && high - low + 1 != count)))
    return FALSE;
  if (!colon || colon == host)
    return TRUE;
  *colon = '\0';
  size_t n = strlen(host);
  gboolean framed = n > 2 && host[0] == '[' && host[n - 1] == ']';
  g_autofree char *address = framed ? g_strndup(host + 1, n - 2) : g_strdup(host);
  return g_hostname_is_ip_address(address);
}

/* "80", "80/udp", "1000-1010", and as docker run spells them "127.0.0.1:8080:80": what is exposed
 * is the container's side. */
static gboolean add_ports(GPtrArray *ports, const char *text, GError **error)
{
  const char *colon = strrchr(text, ':'), *own = colon ? colon + 1 : text;
  g_auto(GStrv) parts = g_strsplit(own, "/", 2);
  g_autofree char *protocol =
      g_ascii_strdown(parts[0] && parts[1] && *parts[1] ? parts[1] : "tcp", -1);
  uint64_t low = 0, high = 0;
  gboolean ok = parts[0] && port_range(parts[0], &low, &high) &&
                (strcmp(protocol, "tcp") == 0 || strcmp(protocol, "udp") == 0 ||
                 strcmp(protocol, "sctp") == 0) &&
                (!colon || host_is_right(text, (size_t)(colon - text), high - low + 1));
  if (!ok) {
    g_autofree char *shown = oakum_escape_terminal(text, -1);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "\"%s\" is not PORT[-PORT][/tcp|udp|sctp]", shown);
    return FALSE;
  }
  for (uint64_t port = low; port <= high; port++)
    g_ptr_array_add(ports, g_strdup_printf("%d/%s", (int)port, protocol));
  return TRUE;
}

static gboolean step_expose(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  g_autoptr(GPtrArray) ports = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) written = g_ptr_array_new(); /* the order of the history */
  for (guint i = 0; i < in->words->len; i++)
    g_ptr_array_add(written, ((const OakumWord *)in->words->pdata[i])->value);
  g_ptr_array_sort(written, oakum_build_by_text);
  for (guint i = 0; i < written->len; i++) {
    g_auto(GStrv) texts = oakum_dockerfile_expand_words(
        written->pdata[i], build->dockerfile->escape, lookup, stage, error);
    if (!texts)
      return FALSE;
    for (char **text = texts; *text; text++)
      if (!add_ports(ports, *text, error))
        return FALSE;
  }
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
  if (in->kind == OAKUM_INSTRUCTION_STOPSIGNAL && !oakum_dockerfile_is_signal(text)) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "\"%s\" is no signal; write a name such as SIGTERM, or a number", text);
    g_free(text);
    return FALSE;
  }
  g_free(*slot);
  *slot = text;
  oakum_stage_history(stage, g_strconcat(in->name, " ", text, NULL), FALSE);
  return TRUE;
}

static gboolean step_volume(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  g_autoptr(GString) message = g_string_new("VOLUME [");
  if (!stage->config->volumes)
    stage->config->volumes = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < in->words->len; i++) {
    g_autofree char *path =
        oakum_stage_expand(build, stage, ((const OakumWord *)in->words->pdata[i])->value, error);
    if (!path)
      return FALSE;
    if (!*path) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID, "VOLUME of no path");
      return FALSE;
    }
    g_string_append_printf(message, "%s%s", i ? " " : "", path);
    g_hash_table_add(stage->config->volumes, g_steal_pointer(&path));
  }
  g_string_append_c(message, ']');
  oakum_stage_history(stage, g_string_free(g_steal_pointer(&message), FALSE), FALSE);
  return TRUE;
}

/* ---- HEALTHCHECK
 * -------------------------------------------------------------------------------- */
/* As Go prints a time.Duration: "1m30s", "1.5s", "250ms", "0s". */
static char *duration_text(int64_t ns)
{
  static const struct {
    int64_t unit;
    const char *name;
  } small[] = {{1000000, "ms"}, {1000, "\302\265s"}, {1, "ns"}};
  GString *out = g_string_new(NULL);
  int64_t second = 1000000000, rest = ns % second;
  if (ns == 0)
    g_string_append(out, "0s");
  else if (ns < second) {
    size_t i = ns >= 1000000 ? 0 : ns >= 1000 ? 1 : 2;
    g_string_append_printf(out, "%" G_GINT64_FORMAT, ns / small[i].unit);
    if (ns % small[i].unit)
      g_string_append_printf(out, ".%0*" G_GINT64_FORMAT, i == 0 ? 6 : 3, ns % small[i].unit);
    while (strchr(out->str, '.') && out->str[out->len - 1] == '0')
      g_string_truncate(out, out->len - 1);
    g_string_append(out, small[i].name);
  } else {
    int64_t seconds = ns / second;
    if (seconds >= 3600)
      g_string_append_printf(out, "%" G_GINT64_FORMAT "h", seconds / 3600);
    if (seconds >= 60)
      g_string_append_printf(out, "%" G_GINT64_FORMAT "m", seconds / 60 % 60);
    g_string_append_printf(out, "%" G_GINT64_FORMAT, seconds % 60);
    if (rest) {
      g_string_append_printf(out, ".%09" G_GINT64_FORMAT, rest);
      while (out->str[out->len - 1] == '0')
        g_string_truncate(out, out->len - 1);
    }
    g_string_append_c(out, 's');
  }
  return g_string_free(out, FALSE);
}

/* A number as Go prints it with %q: as a character. */
static char *number_text(uint64_t number)
{
  static const char names[] = "abtnvfr"; /* 7 to 13 */
  if (number >= 7 && number <= 13)
    return g_strdup_printf("'\\%c'", names[number - 7]);
  if (number == '\'' || number == '\\')
    return g_strdup_printf("'\\%c'", (char)number);
  return number < 32 || number == 127 ? g_strdup_printf("'\\x%02x'", (unsigned)number)
         : number < 127               ? g_strdup_printf("'%c'", (char)number)
                                      : g_strdup_printf("'\\u%04x'", (unsigned)MIN(number, 0xffff));
}

/* The image specification of Docker, "Healthcheck": durations in nanoseconds, zero is left out. */
static gboolean step_healthcheck(Stage *stage, const OakumInstruction *in, GError **error)
{
  static const struct {
    const char *flag, *key;
  } times[] = {{"interval", "Interval"},
               {"timeout", "Timeout"},
               {"start-period", "StartPeriod"},
               {"start-interval", "StartInterval"}};
  OAKUM_AUTO_JSON *check = json_object();
  json_t *test = json_array();
  g_autoptr(GString) message = g_string_new("HEALTHCHECK &{[");
  g_autoptr(GPtrArray) command = g_ptr_array_new_with_free_func(g_free);
  if (in->inner && in->inner->exec_form) {
    g_ptr_array_add(command, g_strdup("CMD"));
    for (guint i = 0; i < in->inner->words->len; i++)
      g_ptr_array_add(command, g_strdup(((const OakumWord *)in->inner->words->pdata[i])->value));
  } else if (in->inner) {
    g_ptr_array_add(command, g_strdup("CMD-SHELL"));
    g_ptr_array_add(command, g_strdup(in->inner->text));
  } else {
    g_ptr_array_add(command, g_strdup("NONE"));
  }
  for (guint i = 0; i < command->len; i++) {
    g_autofree char *text = oakum_escape_utf8(command->pdata[i], -1),
                    *quoted = quote(command->pdata[i]);
    json_array_append_new(test, json_string(text));
    g_string_append_printf(message, "%s\"%s\"", i ? " " : "", quoted);
  }
  json_object_set_new(check, "Test", test);
  g_string_append(message, "]");
  for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
    const char *flag = in->inner ? oakum_instruction_flag(in, times[i].flag) : NULL; /* not NONE */
    int64_t ns = 0;
    if (flag && *flag && !oakum_dockerfile_duration(flag, &ns)) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID, "--%s=%s is no duration",
                  times[i].flag, flag);
      return FALSE;
    }
    if (ns)
      json_object_set_new(check, times[i].key, json_integer(ns));
    g_autofree char *text = duration_text(ns);
    g_string_append_printf(message, " \"%s\"", text);
  }
  const char *retries = in->inner ? oakum_instruction_flag(in, "retries") : NULL;
  uint64_t count = 0;
  const char *digits = retries ? retries + (*retries == '+' || *retries == '-') : ""; /* -0 */
  if (*digits && !oakum_parse_u64(digits, strlen(digits), INT32_MAX, &count)) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID, "--retries=%s is no number",
                retries);
    return FALSE;
  }
  if (count)
    json_object_set_new(check, "Retries", json_integer((json_int_t)count));
  g_autofree char *number = number_text(count);
  g_string_append_printf(message, " %s}", number);
  oakum_json_clear(&stage->config->healthcheck);
  stage->config->healthcheck = g_steal_pointer(&check);
  oakum_stage_history(stage, g_string_free(g_steal_pointer(&message), FALSE), FALSE);
  return TRUE;
}

/* ---- ONBUILD, MAINTAINER
 * ------------------------------------------------------------------------ */
/* The build that is based on the result reads the trigger again, and knows nothing of this file's
 * escape character: lines are joined, and here-documents end with their bare name. */
static void step_onbuild(Stage *stage, const OakumInstruction *in)
{
  GString *joined = g_string_new(in->text);
  for (guint i = 0; i < in->inner->heredocs->len; i++) {
    const OakumHeredoc *heredoc = in->inner->heredocs->pdata[i];
    g_string_append_printf(joined, "\n%s%s", heredoc->raw ? heredoc->raw : heredoc->text,
                           heredoc->name);
  }
  char *text = g_string_free(joined, FALSE);
  guint n = stage->config->on_build ? g_strv_length(stage->config->on_build) : 0;
  stage->config->on_build = g_renew(char *, stage->config->on_build, n + 2);
  stage->config->on_build[n] = text;
  stage->config->on_build[n + 1] = NULL;
}

static void step_maintainer(Stage *stage, const OakumInstruction *in)
{
  g_free(stage->config->author);
  stage->config->author = g_strdup(in->text);
  oakum_stage_history(stage, g_strconcat("MAINTAINER ", in->text, NULL), FALSE);
}

gboolean oakum_step_config(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  switch (in->kind) {
  case OAKUM_INSTRUCTION_ARG:
    return step_arg(build, stage, in, error);
  case OAKUM_INSTRUCTION_ENV:
  case OAKUM_INSTRUCTION_LABEL:
    return step_pairs(build, stage, in, error);
  case OAKUM_INSTRUCTION_USER:
    return step_text(build, stage, in, &stage->config->user, error);
  case OAKUM_INSTRUCTION_STOPSIGNAL:
    return step_text(build, stage, in, &stage->config->stop_signal, error);
  case OAKUM_INSTRUCTION_EXPOSE:
    return step_expose(build, stage, in, error);
  case OAKUM_INSTRUCTION_VOLUME:
    return step_volume(build, stage, in, error);
  case OAKUM_INSTRUCTION_HEALTHCHECK:
    return step_healthcheck(stage, in, error);
  case OAKUM_INSTRUCTION_CMD:
  case OAKUM_INSTRUCTION_ENTRYPOINT:
  case OAKUM_INSTRUCTION_SHELL:
    step_command(stage, in);
    return TRUE;
  case OAKUM_INSTRUCTION_ONBUILD:
    step_onbuild(stage, in);
    return TRUE;
  case OAKUM_INSTRUCTION_MAINTAINER:
    step_maintainer(stage, in);
    return TRUE;
  default:
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_UNSUPPORTED, "not supported yet");
    return FALSE;
  }
}
