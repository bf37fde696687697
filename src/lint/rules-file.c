/* COPY, ADD, WORKDIR, VOLUME, EXPOSE, USER. */
#include "lint/check-private.h"
#include <string.h>

static const char archives[] = ".tar .tar.gz .tgz .taz .tar.bz2 .tbz2 .tbz .tz2 .tar.lzma .tlz "
                               ".tar.xz .txz .tar.zst .tzst .tar.Z "
                               ".gz .bz2 .lzma .xz .Z .zip";
/* what hadolint takes for one: fifteen suffixes, no zip */
static const char peer_archives[] =
    ".tar .Z .bz2 .gz .lz .lzma .tZ .tb2 .tbz .tbz2 .tgz .tlz .tpz .txz .xz";

/* Outer quotes of either kind, any number, as hadolint drops them. */
static char *drop_quotes(const char *text)
{
  const char *start = text, *end = text + strlen(text);
  while (start < end && (*start == '"' || *start == '\''))
    start++;
  while (end > start && (end[-1] == '"' || end[-1] == '\''))
    end--;
  return g_strndup(start, (size_t)(end - start));
}

static gboolean drive_letter(const char *path)
{
  return g_ascii_isalpha(path[0]) && path[1] == ':';
}

static gboolean is_absolute(const char *path)
{
  return *path == '/' || *path == '$' || *path == '\\' || drive_letter(path);
}

static const LintWord *target_of(const LintStep *step)
{
  return step->words->len > 0 ? step->words->pdata[step->words->len - 1] : NULL;
}
static guint sources_of(const LintStep *step)
{
  return step->words->len > 0 ? step->words->len - 1 : 0;
}

/* ---- WORKDIR
 * ------------------------------------------------------------------------------------- */
void check_workdir(OakumLint *lint, LintStep *step)
{
  g_autofree char *path = drop_quotes(step->text ? step->text : "");
  if (!*path || *path == '/' || *path == '$' || drive_letter(path) ||
      (!lint->hadolint && *path == '\\'))
    return;
  if (!lint->hadolint && step->workdir) /* relative to an absolute one before is plain */
    return;
  LintSpan span = step->words->len > 0 ? ((LintWord *)step->words->pdata[0])->span : step->span;
  lint_tell(lint, LINT_WORKDIR_RELATIVE, step, span, "%s", path);
}

void check_workdir_system(OakumLint *lint, LintStep *step)
{
  static const char *const folders[] = {"/proc", "/boot", "/dev", "/initrd", "/lost+found", "/sys"};
  g_autofree char *path = drop_quotes(step->text ? step->text : "");
  for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
    size_t n = strlen(folders[i]);
    if (strncmp(path, folders[i], n) == 0 && (!path[n] || path[n] == '/'))
      lint_tell(lint, LINT_WORKDIR_SYSTEM, step,
                step->words->len > 0 ? ((LintWord *)step->words->pdata[0])->span : step->span, "%s",
                path);
  }
}

void check_volume(OakumLint *lint, LintStep *step)
{
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    g_autofree char *path = drop_quotes(word->value ? word->value : "");
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
      path[--n] = '\0';
    if (lint_one_of(path, "/dev /proc /sys"))
      lint_tell(lint, LINT_VOLUME_SYSTEM, step, word->span, "%s", path);
  }
}

/* ---- EXPOSE
 * -------------------------------------------------------------------------------------- */
void check_expose_range(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint && step->outer)
    return;
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    g_autofree char *text = lint_unquote(word->value ? word->value : "");
    char *slash = strchr(text, '/');
    if (slash)
      *slash = '\0';
    const char *colon = strrchr(text, ':');
    g_auto(GStrv) ends = g_strsplit(colon ? colon + 1 : text, "-", 2);
    for (guint k = 0; ends[k]; k++) {
      uint64_t port;
      size_t n = strlen(ends[k]);
      gboolean digits = n > 0 && strspn(ends[k], "0123456789") == n;
      if (digits && !oakum_parse_u64(ends[k], n, 65535, &port)) {
        lint_tell(lint, LINT_EXPOSE_RANGE, step, word->span, "%s", word->value);
        break;
      }
    }
  }
}

void check_expose_ssh(OakumLint *lint, LintStep *step)
{
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    g_autofree char *port = word->value ? g_ascii_strdown(word->value, -1) : g_strdup("");
    if (lint_one_of(port, "22 22/tcp 22/udp"))
      lint_tell(lint, LINT_EXPOSE_SSH, step, word->span, NULL);
  }
}

void check_expose_case(OakumLint *lint, LintStep *step)
{
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    const char *slash = word->value ? strrchr(word->value, '/') : NULL;
    if (!slash || strchr(slash, '$'))
      continue;
    g_autofree char *lower = g_ascii_strdown(slash + 1, -1);
    if (strcmp(lower, slash + 1) == 0)
      continue;
    OakumFinding *finding = lint_tell(lint, LINT_EXPOSE_CASE, step, word->span, "%s", word->value);
    size_t n = strlen(lower);
    if (word->span.end - word->span.start == strlen(word->value))
      lint_edit(finding, word->span.end - n, word->span.end, lower, TRUE);
  }
}

void check_expose_format(OakumLint *lint, LintStep *step)
{
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    const char *colon = word->value ? strrchr(word->value, ':') : NULL;
    if (!colon || strstr(word->value, "${"))
      continue;
    OakumFinding *finding =
        lint_tell(lint, LINT_EXPOSE_FORMAT, step, word->span, "%s", word->value);
    if (colon[1] && word->span.end - word->span.start == strlen(word->value))
      lint_edit(finding, word->span.start, word->span.start + (size_t)(colon + 1 - word->value), "",
                TRUE);
  }
}

/* ---- COPY and ADD
 * --------------------------------------------------------------------------------- */
/* hadolint notes by name, of the alias or else of the image, which stages have a WORKDIR. */
static gboolean peer_has_workdir(const OakumLint *lint, const LintStep *step)
{
  g_autoptr(GHashTable) names = oakum_str_map_new(NULL, NULL);
  char *now = (char *)"";
  for (guint i = 0; i < step->index && lint_spend(lint); i++) {
    const LintStep *other = lint_step(lint, i);
    if (other->kind == STEP_FROM) {
      now = other->alias ? other->alias : other->name;
      if (g_hash_table_contains(names, other->name))
        g_hash_table_add(names, now);
      else
        g_hash_table_remove(names, now);
    } else if (other->kind == STEP_WORKDIR) {
      g_hash_table_add(names, now);
    }
  }
  return g_hash_table_contains(names, now);
}

void check_copy_relative(OakumLint *lint, LintStep *step)
{
  const LintWord *target = target_of(step);
  if (!target || !target->value)
    return;
  g_autofree char *path = drop_quotes(target->value);
  if (is_absolute(path) && !(lint->hadolint && *path == '\\'))
    return;
  if (lint->hadolint ? peer_has_workdir(lint, step) : step->workdir)
    return;
  lint_tell(lint, LINT_COPY_RELATIVE, step, target->span, "%s", path);
}

void check_add(OakumLint *lint, LintStep *step)
{
  guint sources = sources_of(step);
  if (step->heredoc || sources == 0)
    return;
  if (!lint->hadolint &&
      (lint_flag(step, "checksum") || lint_flag(step, "keep-git-dir") || lint_flag(step, "unpack")))
    return;
  const LintWord *bad = NULL;
  for (guint i = 0; i < sources; i++) {
    const LintWord *word = step->words->pdata[i];
    g_autofree char *source = drop_quotes(word->value ? word->value : "");
    gboolean fine = g_str_has_prefix(source, "http://") || g_str_has_prefix(source, "https://") ||
                    lint_has_suffix_of(source, lint->hadolint ? peer_archives : archives);
    if (!lint->hadolint)
      fine = (fine && !g_str_has_suffix(source, ".zip")) || strchr(source, '$') ||
             strstr(source, "://") || g_str_has_prefix(source, "git@") || strchr(source, '*');
    if (!fine && !bad)
      bad = word;
    if (fine && !lint->hadolint)
      return; /* one of them needs ADD */
  }
  if (!bad)
    return;
  OakumFinding *finding = lint_tell(lint, LINT_ADD_FOR_COPY, step, bad->span, "%s", bad->value);
  lint_edit(finding, step->keyword.start, step->keyword.end,
            step->keyword_text && g_ascii_islower(*step->keyword_text) ? "copy" : "COPY", TRUE);
}

void check_copy_slash(OakumLint *lint, LintStep *step)
{
  const LintWord *target = target_of(step);
  if (!target || sources_of(step) < 2)
    return;
  g_autofree char *path = drop_quotes(target->value ? target->value : "");
  size_t n = strlen(path);
  if (n > 0 && path[n - 1] == '/')
    return;
  if (!lint->hadolint &&
      (strchr(path, '$') || strcmp(path, ".") == 0 || g_str_has_suffix(path, "/.")))
    return; /* "." is a folder; a variable may end in a slash */
  OakumFinding *finding = lint_tell(lint, LINT_COPY_SLASH, step, target->span, "%s", path);
  if (!finding || lint->hadolint || n == 0)
    return;
  size_t end = target->span.end;
  char last = lint->dockerfile->source[end - 1];
  lint_edit(finding, last == '"' || last == '\'' ? end - 1 : end,
            last == '"' || last == '\'' ? end - 1 : end, "/", TRUE);
}

void check_copy_from(OakumLint *lint, LintStep *step)
{
  const LintWord *from = lint_flag(step, "from");
  if (!from || !from->value || strchr(from->value, ':'))
    return;
  uint64_t number;
  if (lint_find_stage(lint, from->value, lint->hadolint ? step->stage + 1 : step->stage) >= 0)
    return;
  if (oakum_parse_u64(from->value, strlen(from->value), G_MAXINT, &number) &&
      (lint->hadolint ? (int)number < step->stage + 1 : (int)number < step->stage))
    return;
  if (!lint->hadolint &&
      (strchr(from->value, '$') || strchr(from->value, '/') || strchr(from->value, '@')))
    return; /* an image */
  lint_tell(lint, LINT_COPY_FROM, step, from->value_span, "%s", from->value);
}

void check_copy_self(OakumLint *lint, LintStep *step)
{
  const LintWord *from = lint_flag(step, "from");
  const char *alias = step->stage >= 0 ? lint_stage(lint, step->stage)->from->alias : NULL;
  if (from && from->value && alias &&
      (lint->hadolint ? strcmp(alias, from->value) : g_ascii_strcasecmp(alias, from->value)) == 0)
    lint_tell(lint, LINT_COPY_SELF, step, from->value_span, "%s", from->value);
}

/* ---- archives
 * ------------------------------------------------------------------------------------- */
static const char *base_name(const char *path)
{
  const char *slash = strrchr(path, '/'), *back = strrchr(path, '\\');
  if (back > slash)
    slash = back;
  return slash ? slash + 1 : path;
}

static gboolean unpacks(const OakumLint *lint, const LintCommand *command, const char *name)
{
  gboolean tar = lint_is(command, "tar") && (lint_has_flag(command, "x extract get") ||
                                             (!lint->hadolint && command->shell->n_words > 1 &&
                                              *command->shell->words[1].text != '-' &&
                                              strchr(command->shell->words[1].text, 'x')));
  if (!tar && !lint_is(command, "unzip gunzip bunzip2 unlzma unxz zgz uncompress zcat gzcat"))
    return FALSE;
  for (guint i = 1; i < command->shell->n_words; i++)
    if (strcmp(base_name(command->shell->words[i].text), name) == 0)
      return TRUE;
  return FALSE;
}

void check_copy_archive(OakumLint *lint, LintStep *step)
{
  for (guint s = 0; s < lint->steps->len; s++) {
    step = lint_step(lint, s);
    if (lint->hadolint && step->stage != (int)lint->stages->len - 1)
      continue; /* it forgets what it found when a stage ends */
    if (step->kind != STEP_COPY || step->stage < 0 || lint_flag(step, "from") || step->heredoc)
      continue;
    const LintWord *target = target_of(step);
    gboolean told = FALSE;
    for (guint k = 0; k < sources_of(step) && !told; k++) {
      const LintWord *word = step->words->pdata[k];
      g_autofree char *source = drop_quotes(word->value ? word->value : "");
      g_autofree char *place = drop_quotes(target->value ? target->value : "");
      if (!lint_has_suffix_of(source, lint->hadolint ? peer_archives : archives))
        continue;
      const char *name = lint_has_suffix_of(place, lint->hadolint ? peer_archives : archives)
                             ? base_name(place)
                             : base_name(source);
      for (guint i = s + 1; i < lint_stage(lint, step->stage)->end && !told && lint_spend(lint);
           i++) {
        LintStep *run = lint_step(lint, i);
        if (run->kind != STEP_RUN)
          continue;
        const GArray *list = lint_commands(lint, run);
        for (guint c = 0; c < list->len && !told && lint_spend(lint); c++)
          told = unpacks(lint, lint_command(list, c), name);
      }
      if (told)
        lint_tell(lint, LINT_COPY_ARCHIVE, step, word->span, "%s", word->value);
    }
  }
}

void check_copy_root(OakumLint *lint, LintStep *step)
{
  const LintWord *target = target_of(step);
  if (!lint_flag(step, "from") || !target)
    return;
  g_autofree char *place = drop_quotes(target->value ? target->value : "");
  for (guint i = 0; i < sources_of(step); i++) {
    const LintWord *word = step->words->pdata[i];
    g_autofree char *source = drop_quotes(word->value ? word->value : "");
    if (strcmp(source, "/") == 0 && strcmp(place, "/") == 0)
      lint_tell(lint, LINT_COPY_ROOT, step, word->span, NULL);
  }
}

/* ---- the context
 * ---------------------------------------------------------------------------------- */
static char *context_path(const char *source)
{
  g_autofree char *bare = drop_quotes(source);
  const char *path = bare;
  while (*path == '/' || g_str_has_prefix(path, "./"))
    path += *path == '/' ? 1 : 2;
  size_t n = strlen(path);
  while (n > 0 && path[n - 1] == '/')
    n--;
  return g_strndup(path, n);
}

void check_copy_ignored(OakumLint *lint, LintStep *step)
{
  const OakumLintOptions *options = lint->options;
  if (lint->hadolint || !options->ignore_known || !options->ignore_file ||
      lint_flag(step, "from") || step->heredoc)
    return;
  if (!lint->ignore_read)
    lint->ignore = oakum_ignore_parse(options->ignore_file, options->ignore_file_len, NULL);
  lint->ignore_read = TRUE;
  if (!lint->ignore)
    return;
  for (guint i = 0; i < sources_of(step); i++) {
    const LintWord *word = step->words->pdata[i];
    for (size_t n = 0; n < options->ignore_file_len; n += 16) /* about a pattern */
      if (!lint_spend(lint))
        return;
    if (!word->value || strpbrk(word->value, "$*?[") || strstr(word->value, "://"))
      continue;
    g_autofree char *path = context_path(word->value);
    if (*path && strcmp(path, ".") != 0 && oakum_ignore_leaves_out_all(lint->ignore, path))
      lint_tell(lint, LINT_COPY_IGNORED, step, word->span, "%s", word->value);
  }
}

/* Names of files that hold secrets and little else. */
gboolean lint_is_secret_file(const char *path)
{
  const char *name = base_name(path);
  return lint_one_of(
             name,
             "id_rsa id_dsa id_ecdsa id_ed25519 .netrc _netrc .npmrc .pypirc .htpasswd .pgpass "
             ".git-credentials "
             "credentials.json credential.json credentials.xml password.txt secret_token.rb "
             ".dockercfg "
             "service-account.json kubeconfig .env .env.local .env.production terraform.tfstate") ||
         lint_has_suffix_of(
             name, ".key .private_key .secret .ovpn .jks .keychain .kdbx .pfx .p12 _rsa .ppk") ||
         g_str_has_suffix(path, ".aws/credentials") ||
         g_str_has_suffix(path, ".docker/config.json") || g_str_has_suffix(path, ".kube/config");
}

void check_copy_secret(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint || lint_flag(step, "from") || step->heredoc)
    return;
  for (guint i = 0; i < sources_of(step); i++) {
    const LintWord *word = step->words->pdata[i];
    g_autofree char *path = drop_quotes(word->value ? word->value : "");
    if (lint_is_secret_file(path))
      lint_tell(lint, LINT_COPY_SECRET, step, word->span, "%s", path);
  }
}

void check_copy_context(OakumLint *lint, LintStep *step)
{
  const OakumLintOptions *options = lint->options;
  if (lint->hadolint || !options->ignore_known || options->ignore_file || lint_flag(step, "from"))
    return;
  for (guint i = 0; i < sources_of(step); i++) {
    const LintWord *word = step->words->pdata[i];
    g_autofree char *path = word->value ? context_path(word->value) : g_strdup("x");
    if (!*path || strcmp(path, ".") == 0 || strcmp(path, "*") == 0)
      lint_tell(lint, LINT_COPY_CONTEXT, step, word->span, NULL);
  }
}

void check_add_checksum(OakumLint *lint, LintStep *step)
{
  if (lint_flag(step, "checksum") || lint->hadolint)
    return;
  for (guint i = 0; i < sources_of(step); i++) {
    const LintWord *word = step->words->pdata[i];
    g_autofree char *source = drop_quotes(word->value ? word->value : "");
    if ((g_str_has_prefix(source, "http://") || g_str_has_prefix(source, "https://")) &&
        !strstr(source, ".git"))
      lint_tell(lint, LINT_ADD_CHECKSUM, step, word->span, "%s", source);
  }
}

/* COPY of everything, and behind it in the stage a RUN that installs from a list of dependencies.
 */
void check_copy_order(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint)
    return;
  for (guint s = 0; s < lint->stages->len; s++) {
    const LintStage *stage = lint_stage(lint, (int)s);
    LintStep *copy = NULL;
    for (guint i = stage->first; i < stage->end; i++) {
      step = lint_step(lint, i);
      if (step->kind == STEP_COPY && !lint_flag(step, "from") && !copy)
        for (guint k = 0; k < sources_of(step); k++) {
          g_autofree char *path = context_path(((LintWord *)step->words->pdata[k])->value);
          if (!*path || strcmp(path, ".") == 0)
            copy = step;
        }
      if (step->kind != STEP_RUN || !copy)
        continue;
      const GArray *list = lint_commands(lint, step);
      gboolean installs = FALSE;
      for (guint k = 0; k < list->len && !installs; k++) {
        const LintCommand *c = lint_command(list, k);
        installs = lint_does(lint, c, "npm pnpm", "ci install i") ||
                   lint_does(lint, c, "yarn bundle composer poetry", "install") ||
                   (lint_is(c, "go") && lint_has_arg(c, "mod") && lint_has_arg(c, "download")) ||
                   (lint_is(c, "pip pip3") && lint_has_arg(c, "install") &&
                    lint_has_flag(c, "r requirement"));
        if (lint_is(c, "yarn") && c->shell->n_words == 1)
          installs = TRUE;
      }
      if (installs) {
        lint_tell(lint, LINT_COPY_ORDER, copy, copy->span, "line %d installs", step->line);
        copy = NULL;
      }
    }
  }
}

/* ---- USER
 * ----------------------------------------------------------------------------------------- */
static gboolean is_root(const OakumLint *lint, const char *user)
{
  g_auto(GStrv) parts = g_strsplit(user, ":", 2);
  const char *name = parts[0] ? parts[0] : "";
  if (lint->hadolint)
    return strcmp(name, "root") == 0 || strcmp(name, "0") == 0;
  return strcmp(name, "root") == 0 || (*name && strspn(name, "0") == strlen(name));
}

/* The value of USER with its variables replaced, as far as they are known. */
static char *user_of(OakumLint *lint, const LintStep *step)
{
  if (lint->hadolint || !step->tree || !step->text)
    return g_strdup(step->text ? step->text : "");
  g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
  char *value = oakum_scope_expand(lint_scope(lint), step->tree->index, step->text, unknown, NULL);
  if (!value || unknown->len > 0) {
    g_free(value);
    return g_strdup(step->text);
  }
  return value;
}

static LintStep *last_user(const OakumLint *lint, int index)
{
  const LintStage *stage = lint_stage(lint, index);
  for (guint i = stage->end; i > stage->first; i--)
    if (lint_step(lint, i - 1)->kind == STEP_USER)
      return lint_step(lint, i - 1);
  return NULL;
}

void check_user_root(OakumLint *lint, LintStep *step)
{
  guint n = lint->stages->len;
  for (guint s = lint->hadolint || n == 0 ? 0 : n - 1; s < n; s++) {
    step = last_user(lint, (int)s);
    for (int parent = lint_stage(lint, (int)s)->parent; !lint->hadolint && !step && parent >= 0;
         parent = lint_stage(lint, parent)->parent)
      step = last_user(lint, parent);
    if (!step)
      continue;
    g_autofree char *user = user_of(lint, step);
    if (is_root(lint, user))
      lint_tell(lint, LINT_RUN_AS_ROOT, step,
                step->words->len > 0 ? ((LintWord *)step->words->pdata[0])->span : step->span, "%s",
                user);
  }
}

void check_no_user(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint || lint->stages->len == 0)
    return;
  int last = (int)lint->stages->len - 1;
  for (int index = last; index >= 0; index = lint_stage(lint, index)->parent)
    if (last_user(lint, index))
      return;
  step = lint_stage(lint, last)->from;
  /* images that are made to run as another user */
  if (step->image &&
      (strstr(step->image, "nonroot") || strstr(step->image, "rootless") ||
       strstr(step->image, "unprivileged") || g_str_has_prefix(step->image, "cgr.dev/")))
    return;
  lint_tell(lint, LINT_NO_USER, step, step->keyword, NULL);
}

void check_user_name(OakumLint *lint, LintStep *step)
{
  g_autofree char *user = user_of(lint, step);
  g_autofree char *name = g_strndup(user, strcspn(user, ":"));
  if (!*name || strspn(name, "0123456789") == strlen(name))
    return;
  if (lint->hadolint) {
    /* a declared ARG may be a number */
    if (*name == '$') {
      g_autofree char *variable = g_strdup(name + 1);
      size_t n = strlen(variable);
      if (*variable == '{' && n > 1 && variable[n - 1] == '}') {
        variable[n - 1] = '\0';
        memmove(variable, variable + 1, n);
      }
      for (guint i = 0; i < step->index && lint_spend(lint); i++) {
        const LintStep *other = lint_step(lint, i);
        for (guint k = 0; other->kind == STEP_ARG && k < other->words->len; k++)
          if (strcmp(((LintWord *)other->words->pdata[k])->name, variable) == 0)
            return;
      }
    }
  } else if (strchr(name, '$') || strcmp(name, "root") == 0) {
    return; /* not known, or told by its own rule */
  }
  lint_tell(lint, LINT_USER_NAME, step,
            step->words->len > 0 ? ((LintWord *)step->words->pdata[0])->span : step->span, "%s",
            name);
}
