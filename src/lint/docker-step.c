/* Compat docker: what one instruction of a stage is warned of, and what it leaves for the next
 * ones. */
#include "lint/docker-private.h"
#include <arpa/inet.h>
#include <string.h>

typedef struct {
  Docker *docker;
  DockerStage *stage;
  const DockerChecks *checks;
  const OakumInstruction *in, *at;
  const DockerCommand *command;
} Step;

/* ---- variables
 * ----------------------------------------------------------------------------------- */
static gboolean is_declared(const Docker *docker, const DockerStage *stage, const char *name)
{
  for (; stage && lint_spend(docker->lint); stage = stage->base)
    if (g_hash_table_contains(stage->declared, name))
      return TRUE;
  return FALSE;
}

static void tell_missed(const Step *step, const DockerNames *names)
{
  for (guint i = 0; names->missed && i < names->missed->len; i++) {
    const char *name = names->missed->pdata[i];
    if (is_declared(step->docker, step->stage, name) ||
        lint_one_of(name, "BUILDKIT_SBOM_SCAN_CONTEXT BUILDKIT_SBOM_SCAN_STAGE"))
      continue;
    const char *nearest = NULL;
    if (step->docker->lint->findings->len < OAKUM_LINT_SUGGESTIONS_MAX) {
      g_autoptr(GPtrArray) known = docker_names_of(step->docker, step->stage);
      nearest = docker_nearest(name, known);
    }
    if (nearest)
      docker_tell(step->docker, step->checks, LINT_UNDEFINED_VAR, step->at,
                  "$%s (did you mean $%s?)", name, nearest);
    else
      docker_tell(step->docker, step->checks, LINT_UNDEFINED_VAR, step->at, "$%s", name);
  }
}

/* A word with its variables replaced. NULL: it stopped. */
static char *expand(const Step *step, const char *word)
{
  DockerNames names;
  g_autoptr(GError) error = NULL;
  char *text = docker_expand(step->docker, step->stage, word ? word : "", &names, &error);
  tell_missed(step, &names);
  docker_names_clear(&names);
  if (!text)
    docker_stop(step->docker, step->at, "%s: %s", step->in->name, error->message);
  return text;
}

static const char *ask(const char *name, gpointer user)
{
  const Step *step = user;
  return docker_lookup(step->docker, step->stage, name);
}

static const OakumWord *word_of(const Step *step, guint i)
{
  return step->in->words->pdata[i];
}

/* ---- ENV, LABEL, ARG
 * ------------------------------------------------------------------------------ */
/* The key has one of these words, between "_" or the ends. */
static gboolean has_part(const char *key, const char *words)
{
  g_autofree char *lower = g_ascii_strdown(key, -1);
  g_auto(GStrv) parts = g_strsplit(lower, "_", -1);
  for (guint i = 0; parts[i]; i++)
    if (*parts[i] && lint_one_of(parts[i], words))
      return TRUE;
  return FALSE;
}

static void look_at_secret(const Step *step, const char *key)
{
  if (has_part(key, "apikey auth credential credentials key password pword passwd secret token") &&
      !has_part(key, "public file version"))
    docker_tell(step->docker, step->checks, LINT_SECRET_VARIABLE, step->at, "%s", key);
}

static void run_pairs(const Step *step)
{
  gboolean env = step->in->kind == OAKUM_INSTRUCTION_ENV;
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < step->in->words->len; i++) {
    const char *parts[] = {word_of(step, i)->name, word_of(step, i)->value};
    for (size_t k = 0; k < G_N_ELEMENTS(parts); k++) {
      char *text = expand(step, parts[k]);
      if (!text)
        return;
      g_ptr_array_add(texts, text);
    }
  }
  for (guint i = 0; i + 1 < texts->len; i += 2) {
    const char *key = texts->pdata[i];
    if (step->in->legacy)
      docker_tell(step->docker, step->checks, LINT_LEGACY_PAIR, step->at, "%s %s",
                  step->in->keyword, key);
    if (!env)
      continue;
    look_at_secret(step, key);
    docker_set(step->stage, key, texts->pdata[i + 1], TRUE);
  }
}

static void run_arg(const Step *step)
{
  for (guint i = 0; i < step->in->words->len; i++) {
    const OakumWord *word = word_of(step, i);
    look_at_secret(step, word->name);
    g_autofree char *value =
        word->value ? expand(step, word->value)
                    : g_strdup(docker_lookup(step->docker, step->docker->global, word->name));
    if (step->docker->stopped)
      return;
    const char *given = docker_given(step->docker, word->name);
    if (given) {
      g_free(value);
      value = g_strdup(given);
    }
    if (value && !lint_one_of(word->name, "BUILDKIT_SBOM_SCAN_CONTEXT BUILDKIT_SBOM_SCAN_STAGE"))
      docker_set(step->stage, word->name, value, FALSE);
    g_hash_table_add(step->stage->declared, g_strdup(word->name));
  }
}

/* ---- COPY, ADD
 * ----------------------------------------------------------------------------------- */
/* "u+x,go-w" and its like, or an octal number. */
static gboolean is_mode(const char *text)
{
  if (*text && strspn(text, "01234567") == strlen(text)) {
    while (*text == '0')
      text++;
    return strlen(text) <= 4;
  }
  for (;;) {
    text += strspn(text, "augo");
    if (!*text || !strchr("+-=", *text))
      return FALSE;
    while (*text && strchr("+-=", *text)) {
      text++;
      text += strspn(text, "rwxXstugo");
    }
    if (!*text)
      return TRUE;
    if (*text++ != ',')
      return FALSE;
  }
}

static gboolean is_http(const char *source)
{
  return g_str_has_prefix(source, "http://") || g_str_has_prefix(source, "https://");
}

/* A git repository: by its scheme, by ".git" at the end of a URL's path, or as user@host:path. */
static gboolean is_git(const char *source)
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
  size_t scheme = strspn(source, letters);
  if (scheme > 0 && g_str_has_prefix(source + scheme, "://")) {
    if (is_http(source)) {
      g_autofree char *path = g_strndup(source, strcspn(source, "?#"));
      return g_str_has_suffix(path, ".git");
    }
    return g_str_has_prefix(source, "git://") || g_str_has_prefix(source, "ssh://");
  }
  size_t user = strspn(source, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
  if (user == 0 || source[user] != '@')
    return FALSE;
  const char *host = source + user + 1;
  size_t n = strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");
  return n > 0 && host[n] == ':';
}

/* As Go's path.Clean. */
static char *clean_path(const char *path)
{
  gboolean rooted = *path == '/';
  g_autoptr(GString) out = g_string_new(rooted ? "/" : "");
  size_t root = out->len, floor = root; /* what ".." cannot take away */
  for (const char *part = path; *part;) {
    size_t n = strcspn(part, "/");
    gboolean up = n == 2 && part[0] == '.' && part[1] == '.';
    if (up && out->len > floor) {
      size_t end = out->len;
      while (end > floor && out->str[end - 1] != '/')
        end--;
      g_string_truncate(out, end > floor ? end - 1 : end);
    } else if (n > 0 && !(n == 1 && *part == '.') && !(up && rooted)) {
      if (out->len > root)
        g_string_append_c(out, '/');
      g_string_append_len(out, part, (gssize)n);
      if (up)
        floor = out->len;
    }
    part += n;
    part += *part == '/';
  }
  return out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : g_strdup(".");
}

static void look_at_ignored(const Step *step, const char *source)
{
  const Docker *docker = step->docker;
  if (!docker->ignore || (step->command->sources && step->command->sources->len > 0))
    return;
  g_autofree char *path = clean_path(source);
  if (lint_one_of(path, ". /") && !oakum_ignore_has_all(docker->ignore))
    return;
  /* the front end leaves the slash in front, and takes what stands before it for a folder */
  if (oakum_ignore_leaves_out(docker->ignore, path) ||
      (*path == '/' && oakum_ignore_has_all(docker->ignore)))
    docker_tell(step->docker, step->checks, LINT_COPY_IGNORED, step->at, "%s", path);
}

static void look_at_source(const Step *step, const char *source)
{
  gboolean add = step->in->kind == OAKUM_INSTRUCTION_ADD, git = is_git(source);
  if ((git || is_http(source)) && !add)
    docker_stop(step->docker, step->at, "COPY takes no %s: %s", git ? "git repository" : "URL",
                source);
  else if (!git && is_http(source)) {
    g_autofree char *sum = g_strdup(oakum_instruction_flag(step->in, "checksum"));
    if (sum && *sum && !strchr(sum, '$') && !oakum_digest_check(sum, NULL))
      docker_stop(step->docker, step->at, "ADD: --checksum is no digest: %s", sum);
  } else if (!git) {
    look_at_ignored(step, source);
  }
}

/* The flags whose values are expanded, in this order. FALSE: it stopped. */
static gboolean expand_flags(const Step *step, char **mode, char **checksum)
{
  static const char *const names[] = {"chown", "chmod", "checksum"};
  char **values[] = {NULL, mode, checksum};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *value = expand(step, oakum_instruction_flag(step->in, names[i]));
    if (!value)
      return FALSE;
    if (values[i])
      *values[i] = g_steal_pointer(&value);
  }
  return TRUE;
}

static gboolean expand_bodies(const Step *step)
{
  for (guint i = 0; i + 1 < step->in->words->len; i++) {
    const OakumWord *word = word_of(step, i);
    const OakumHeredoc *heredoc =
        word->heredoc >= 0 ? step->in->heredocs->pdata[word->heredoc] : NULL;
    if (!heredoc || !heredoc->expand)
      continue;
    DockerNames names;
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        docker_expand_body(step->docker, step->stage, heredoc->text, &names, &error);
    tell_missed(step, &names);
    docker_names_clear(&names);
    if (!text) {
      docker_stop(step->docker, step->at, "%s: %s", step->in->name, error->message);
      return FALSE;
    }
  }
  return TRUE;
}

static void run_copy(const Step *step)
{
  guint n = step->in->words->len;
  g_autofree char *mode = NULL, *checksum = NULL;
  g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
  if (n < 2 || !expand_flags(step, &mode, &checksum))
    return;
  for (guint i = 0; i < n; i++) {
    if (i + 1 < n && docker_is_heredoc(word_of(step, i)->value))
      continue;
    char *text = expand(step, word_of(step, i)->value);
    if (!text)
      return;
    if (i + 1 < n)
      g_ptr_array_add(sources, text);
    else
      g_free(text);
  }
  if (!expand_bodies(step))
    return;
  if (step->in->kind == OAKUM_INSTRUCTION_COPY && step->command->sources->len > 0) {
    const DockerStage *source = step->command->sources->pdata[0];
    if (!source->dispatched) {
      docker_stop(step->docker, step->at, "COPY: the stage of --from comes later");
      return;
    }
  }
  if (*mode && !is_mode(mode)) {
    docker_stop(step->docker, step->at, "%s: --chmod=%s is no mode", step->in->name, mode);
    return;
  }
  if (*checksum &&
      (sources->len != 1 || !(is_http(sources->pdata[0]) || is_git(sources->pdata[0])))) {
    docker_stop(step->docker, step->at,
                "ADD: --checksum goes with one source, a URL or a git repository");
    return;
  }
  for (guint i = 0; i < sources->len && !step->docker->stopped; i++)
    look_at_source(step, sources->pdata[i]);
}

/* ---- EXPOSE
 * -------------------------------------------------------------------------------------- */
/* As Go's strconv.ParseInt, from 0 to 65535. */
static gboolean read_port(const char *text, int *out)
{
  if (*text == '+')
    text++;
  else if (*text == '-') {
    text++;
    if (!*text || strspn(text, "0") != strlen(text))
      return FALSE;
  }
  size_t n = strlen(text);
  if (n == 0 || strspn(text, "0123456789") != n)
    return FALSE;
  while (*text == '0' && text[1])
    text++;
  uint64_t number;
  if (!oakum_parse_u64(text, strlen(text), 65535, &number))
    return FALSE;
  *out = (int)number;
  return TRUE;
}

static gboolean read_range(const char *text, int *first, int *last)
{
  const char *dash = strchr(text, '-');
  g_autofree char *low = g_strndup(text, dash ? (size_t)(dash - text) : strlen(text));
  if (!read_port(low, first))
    return FALSE;
  *last = *first;
  if (!dash || strcmp(low, dash + 1) == 0)
    return TRUE;
  return read_port(dash + 1, last) && *last >= *first;
}

static gboolean is_address(const char *text)
{
  guchar bytes[16];
  g_autofree char *bare = g_strdup(text);
  size_t n = strlen(bare);
  if (*bare == '[') {
    if (n < 2 || bare[n - 1] != ']')
      return FALSE;
    bare[n - 1] = '\0';
    return inet_pton(AF_INET6, bare + 1, bytes) == 1 || inet_pton(AF_INET, bare + 1, bytes) == 1;
  }
  return inet_pton(AF_INET, bare, bytes) == 1 || inet_pton(AF_INET6, bare, bytes) == 1;
}

static gboolean look_at_port(const Step *step, const char *port)
{
  g_auto(GStrv) parts = g_strsplit(port, ":", -1);
  guint n = g_strv_length(parts);
  const char *whole = n ? parts[n - 1] : "", *host = n > 1 ? parts[n - 2] : "";
  const char *last_colon = n > 2 ? port + strlen(port) - strlen(whole) - strlen(host) - 2 : port;
  g_autofree char *ip = g_strndup(port, n > 2 ? (size_t)(last_colon - port) : 0);
  g_autofree char *container = g_strndup(whole, strcspn(whole, "/"));
  const char *slash = strchr(whole, '/'), *proto = slash && slash[1] ? slash + 1 : "tcp";
  g_autofree char *lower = g_ascii_strdown(proto, -1);
  if (!*container || !lint_one_of(lower, "tcp udp sctp"))
    return FALSE;
  if (strcmp(lower, proto) != 0)
    docker_tell(step->docker, step->checks, LINT_EXPOSE_CASE, step->at, "%s", port);
  if (*ip || *host)
    docker_tell(step->docker, step->checks, LINT_EXPOSE_FORMAT, step->at, "%s", port);
  int first, last, host_first, host_last;
  if ((*ip && !is_address(ip)) || !read_range(container, &first, &last))
    return FALSE;
  if (!*host)
    return TRUE;
  return read_range(host, &host_first, &host_last) &&
         (last - first == host_last - host_first || first == last);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_expose(const Step *step)
{
  g_autoptr(GPtrArray) words = g_ptr_array_new(), ports = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < step->in->words->len; i++)
    g_ptr_array_add(words, word_of(step, i)->value);
  g_ptr_array_sort(words, by_text);
  for (guint i = 0; i < words->len; i++) {
    g_autoptr(GError) error = NULL;
    char **list = oakum_dockerfile_expand_words(words->pdata[i], step->docker->df->escape, ask,
                                                (gpointer)step, &error);
    if (!list) {
      docker_stop(step->docker, step->at, "EXPOSE: %s", error->message);
      return;
    }
    for (guint k = 0; list[k]; k++)
      g_ptr_array_add(ports, list[k]);
    g_free(list);
  }
  for (guint i = 0; i < ports->len; i++)
    if (!look_at_port(step, ports->pdata[i])) {
      docker_stop(step->docker, step->at, "EXPOSE: \"%s\" is no port",
                  (const char *)ports->pdata[i]);
      return;
    }
}

/* ---- RUN
 * ----------------------------------------------------------------------------------------- */
static void run_run(const Step *step)
{
  for (guint i = 0; i < step->in->mounts->len; i++) {
    const OakumMount *mount = step->in->mounts->pdata[i];
    for (guint k = 0; k < mount->fields->len; k++) {
      const OakumWord *field = mount->fields->pdata[k];
      g_autofree char *text = field->value ? expand(step, field->value) : g_strdup("");
      if (!text)
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(OakumMount) ready =
        oakum_mount_expand(mount, step->docker->df->escape, ask, (gpointer)step, &error);
    if (!ready) {
      docker_stop(step->docker, step->at, "RUN: %s", error->message);
      return;
    }
  }
  for (guint i = 0; i < step->in->mounts->len; i++) {
    const OakumMount *mount = step->in->mounts->pdata[i];
    const DockerStage *source =
        i < step->command->sources->len ? step->command->sources->pdata[i] : NULL;
    g_autoptr(OakumMount) ready =
        oakum_mount_expand(mount, step->docker->df->escape, ask, (gpointer)step, NULL);
    /* a cache without a source begins as scratch, which may be the name of a stage */
    gboolean from = (mount->from && *mount->from) || (ready && ready->type == OAKUM_MOUNT_CACHE);
    if (from && source && !source->dispatched) {
      docker_stop(step->docker, step->at, "RUN: the stage that a mount names comes later");
      return;
    }
    if (!ready || ready->type == OAKUM_MOUNT_SECRET || ready->type == OAKUM_MOUNT_SSH)
      continue;
    g_autofree char *joined = g_strconcat(step->stage->workdir, "/",
                                          ready->target ? ready->target : "", NULL),
                    *target =
                        clean_path(ready->target && *ready->target == '/' ? ready->target : joined);
    if (strcmp(target, "/") == 0) {
      docker_stop(step->docker, step->at, "RUN: a mount has no target");
      return;
    }
  }
}

/* ---- the others
 * ---------------------------------------------------------------------------------- */
static void run_workdir(const Step *step)
{
  DockerStage *stage = step->stage;
  g_autofree char *path = expand(step, step->in->words->len ? word_of(step, 0)->value : "");
  if (!path)
    return;
  g_autofree char *slashed = g_strdup(path);
  if (stage->windows) {
    g_strdelimit(slashed, "\\", '/');
    if (g_ascii_isalpha(slashed[0]) && slashed[1] == ':')
      memmove(slashed, slashed + 2, strlen(slashed + 2) + 1);
  }
  if (!stage->workdir_set && *slashed != '/')
    docker_tell(step->docker, step->checks, LINT_WORKDIR_RELATIVE, step->at, "%s", path);
  stage->workdir_set = TRUE;
  g_autofree char *joined = g_strconcat(stage->workdir, "/", slashed, NULL);
  char *clean = clean_path(*slashed == '/' ? slashed : joined);
  if (strlen(clean) > OAKUM_LINT_WORKDIR_MAX) { /* each step would read all of a longer one */
    g_free(clean);
    return;
  }
  g_free(stage->workdir);
  stage->workdir = clean;
}

static void once(const Step *step, LintRuleId rule, const OakumInstruction **seen)
{
  if (*seen)
    docker_tell(step->docker, step->checks, rule, *seen, "%s", step->in->keyword);
  *seen = step->at;
}

static void run_command(const Step *step, LintRuleId rule, const OakumInstruction **seen)
{
  once(step, rule, seen);
  if (!step->in->exec_form && !step->stage->has_shell)
    docker_tell(step->docker, step->checks, LINT_JSON_ARGS, step->at, "%s", step->in->keyword);
}

static void run_words(const Step *step)
{
  for (guint i = 0; i < step->in->words->len; i++) {
    g_autofree char *text = expand(step, word_of(step, i)->value);
    if (!text)
      return;
    if (step->in->kind == OAKUM_INSTRUCTION_STOPSIGNAL && !oakum_dockerfile_is_signal(text))
      docker_stop(step->docker, step->at, "STOPSIGNAL: \"%s\" is no signal", text);
    if (step->in->kind == OAKUM_INSTRUCTION_VOLUME && !*text)
      docker_stop(step->docker, step->at, "VOLUME: a path may not be empty");
  }
}

void docker_step(Docker *docker, DockerStage *stage, const DockerCommand *command)
{
  g_auto(DockerChecks) checks = {0};
  if (command->in == command->at)
    docker_checks_at(docker, command->in, &checks);
  Step step = {docker, stage, &checks, command->in, command->at, command};
  switch (command->in->kind) {
  case OAKUM_INSTRUCTION_ENV:
  case OAKUM_INSTRUCTION_LABEL:
    run_pairs(&step);
    break;
  case OAKUM_INSTRUCTION_ARG:
    run_arg(&step);
    break;
  case OAKUM_INSTRUCTION_COPY:
  case OAKUM_INSTRUCTION_ADD:
    run_copy(&step);
    break;
  case OAKUM_INSTRUCTION_RUN:
    run_run(&step);
    break;
  case OAKUM_INSTRUCTION_EXPOSE:
    run_expose(&step);
    break;
  case OAKUM_INSTRUCTION_WORKDIR:
    run_workdir(&step);
    break;
  case OAKUM_INSTRUCTION_CMD:
    run_command(&step, LINT_MANY_CMD, &stage->cmd);
    break;
  case OAKUM_INSTRUCTION_ENTRYPOINT:
    run_command(&step, LINT_MANY_ENTRYPOINT, &stage->entrypoint);
    break;
  case OAKUM_INSTRUCTION_HEALTHCHECK:
    once(&step, LINT_MANY_HEALTHCHECK, &stage->health);
    break;
  case OAKUM_INSTRUCTION_SHELL:
    stage->has_shell = TRUE;
    break;
  case OAKUM_INSTRUCTION_USER:
  case OAKUM_INSTRUCTION_VOLUME:
  case OAKUM_INSTRUCTION_STOPSIGNAL:
    run_words(&step);
    break;
  default:
    break;
  }
}
