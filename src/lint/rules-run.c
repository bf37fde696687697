/* Commands of RUN in general. */
#include "lint/check-private.h"
#include <string.h>

void check_pointless(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (lint_is(c, "free kill mount ps service shutdown ssh top vim") ||
        (!lint->hadolint && lint_is(c, "ifconfig reboot systemctl")))
      if (!(!lint->hadolint && lint_is(c, "systemctl") &&
            lint_has_arg(c, "enable disable mask set-default preset")))
        lint_tell(lint, LINT_POINTLESS, step, lint_command_span(c), "%s", c->name);
  }
}

void check_cd(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "cd"))
      continue;
    /* in a subshell, substitution or sh -c it means what it says */
    if (!lint->hadolint &&
        (c->shell->context & (OAKUM_SHELL_IN_SUBSHELL | OAKUM_SHELL_IN_SUBSTITUTION |
                              OAKUM_SHELL_IN_NESTED | OAKUM_SHELL_IN_FUNCTION)))
      continue;
    if (!lint->hadolint && step->heredoc)
      continue; /* a script */
    lint_tell(lint, LINT_CD, step, lint_command_span(c), NULL);
  }
}

void check_sudo(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "sudo"))
      continue;
    OakumFinding *finding =
        lint_tell(lint, LINT_SUDO, step, lint_word_span(c, &c->shell->words[0]), NULL);
    /* only when no flag changes what it does */
    if (finding && !lint->hadolint && c->shell->exact && c->shell->n_words > 1 &&
        *c->shell->words[1].text != '-' && !strchr(c->shell->words[1].text, '='))
      lint_edit(finding, lint_word_span(c, &c->shell->words[0]).start,
                lint_word_span(c, &c->shell->words[1]).start, "", FALSE);
  }
}

/* ---- pipes
 * ----------------------------------------------------------------------------------------- */
static gboolean node_has_pipe(const OakumShellNode *node, guint depth)
{
  if (node->kind == OAKUM_SHELL_NODE_PIPELINE && node->n_children > 1)
    return TRUE;
  for (guint i = 0; i < node->n_children && depth < OAKUM_LINT_NODE_DEPTH_MAX; i++)
    if (node_has_pipe(node->children[i], depth + 1))
      return TRUE;
  return FALSE;
}

/* SHELL ["/bin/bash", "-o", "pipefail", ...] in one of its spellings. */
static gboolean shell_is_safe(const OakumLint *lint, const LintStep *shell)
{
  g_auto(GStrv) words = NULL;
  if (shell->exec) {
    words = g_new0(char *, shell->words->len + 1);
    for (guint i = 0; i < shell->words->len; i++)
      words[i] = g_strdup(((LintWord *)shell->words->pdata[i])->value);
  } else {
    words = g_strsplit_set(shell->text ? shell->text : "", " \t", -1);
  }
  if (!words[0])
    return FALSE;
  const char *slash = strrchr(words[0], '/'),
             *name = slash && !lint->hadolint ? slash + 1 : words[0];
  g_autofree char *lower = lint->hadolint ? g_strdup(name) : g_ascii_strdown(name, -1);
  if (g_str_has_prefix(lower, "pwsh") || g_str_has_prefix(lower, "powershell") ||
      g_str_has_prefix(lower, "cmd"))
    return TRUE;
  if (!lint_one_of(name, lint->hadolint ? "/bin/bash /bin/zsh /bin/ash bash zsh ash"
                                        : "bash zsh ash ksh"))
    return FALSE;
  gboolean option = FALSE, pipefail = FALSE;
  for (guint i = 1; words[i]; i++) {
    option |= words[i][0] == '-' && words[i][1] != '-' && strchr(words[i], 'o') != NULL;
    pipefail |= strcmp(words[i], "pipefail") == 0;
  }
  return option && pipefail;
}

static gboolean sets_pipefail(const LintCommand *c)
{
  return lint_is(c, "set") && lint_has_arg(c, "pipefail");
}

void check_pipefail(OakumLint *lint, LintStep *step)
{
  if (step->outer)
    return;
  const LintStep *shell = step->shell;
  if (lint->hadolint && shell && shell->stage != step->stage)
    shell = NULL; /* it forgets with each stage */
  for (guint i = step->index; lint->hadolint && step->stage < 0 && i > 0 && !shell; i--)
    if (lint_step(lint, i - 1)->kind == STEP_SHELL)
      shell = lint_step(lint, i - 1);
  if (shell && shell_is_safe(lint, shell))
    return;
  const GArray *list = lint_commands(lint, step);
  if (lint->hadolint) {
    if (step->broken)
      return;
    gboolean pipe = FALSE;
    for (guint i = 0; i < step->scripts->len && !pipe; i++)
      pipe = node_has_pipe(((LintScript *)step->scripts->pdata[i])->shell->root, 0);
    for (guint i = 0; i < list->len && !pipe; i++)
      pipe = lint_command(list, i)->shell->pipeline_length > 1;
    if (pipe)
      lint_tell(lint, LINT_PIPEFAIL, step, step->span, NULL);
    return;
  }
  gboolean set = FALSE;
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    set |= sets_pipefail(c);
    /* the first command of a pipe, outside of a condition, that can fail in a way that matters */
    if (set || c->shell->via || c->shell->pipeline_length < 2 || c->shell->pipeline_index != 0 ||
        (c->shell->context & (OAKUM_SHELL_IN_CONDITION | OAKUM_SHELL_IN_NESTED)) ||
        lint_is(c, "echo printf yes true cat :"))
      continue;
    lint_tell(lint, LINT_PIPEFAIL, step, lint_command_span(c), "%s",
              *c->name ? c->name : "command");
  }
}

/* ---- curl and wget
 * --------------------------------------------------------------------------------- */
void check_curl_wget(OakumLint *lint, LintStep *step)
{
  LintStage head = lint_head(lint);
  for (int s = lint->hadolint ? -1 : 0; s < (int)lint->stages->len; s++) {
    const LintStage *stage = s < 0 ? &head : lint_stage(lint, s);
    gboolean curls[2] = {FALSE, FALSE}, wgets[2] = {FALSE, FALSE};
    for (guint i = stage->first; i < stage->end; i++) {
      step = lint_inner(lint_step(lint, i));
      /* what ONBUILD does, another build does */
      gboolean *curl_seen = &curls[step->outer != NULL], *wget_seen = &wgets[step->outer != NULL];
      gboolean curl = *curl_seen, wget = *wget_seen;
      if (step->kind != STEP_RUN)
        continue;
      const GArray *list = lint_commands(lint, step);
      const LintCommand *here = NULL;
      gboolean had = curl && wget;
      for (guint k = 0; k < list->len; k++) {
        const LintCommand *c = lint_command(list, k);
        if (!lint_is(c, "curl wget"))
          continue;
        curl |= lint_is(c, "curl");
        wget |= lint_is(c, "wget");
        if (!here || !(curl && wget) || !had)
          here = c;
      }
      *curl_seen = curl;
      *wget_seen = wget;
      if (!here || !(curl && wget))
        continue;
      if (lint->hadolint || !had)
        lint_tell(lint, LINT_CURL_AND_WGET, step, lint_command_span(here), NULL);
    }
  }
}

void check_ln(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "ln") || !lint_has_arg(c, "/bin/sh"))
      continue;
    if (!lint->hadolint && (c->shell->n_words < 2 ||
                            g_strcmp0(c->shell->words[c->shell->n_words - 1].text, "/bin/sh") != 0))
      continue; /* a link to it is fine */
    lint_tell(lint, LINT_LN_SH, step, lint_command_span(c), NULL);
  }
}

/* ---- RUN after RUN
 * ----------------------------------------------------------------------------------- */
/* hadolint: mounts are a set whose options count, and the first of a repeated flag holds. */
static gboolean has_flags_of(const OakumLint *lint, const LintStep *a, const LintStep *b)
{
  for (guint i = 0; i < a->flags->len; i++) {
    const LintWord *x = a->flags->pdata[i];
    gboolean found = FALSE;
    if (strcmp(x->name, "mount-options") == 0)
      for (guint k = 0; k < b->flags->len && !found && lint_spend(lint); k++) {
        const LintWord *y = b->flags->pdata[k];
        found = strcmp(x->name, y->name) == 0 && g_strcmp0(x->value, y->value) == 0;
      }
    else if (strcmp(x->name, "network") == 0 || strcmp(x->name, "security") == 0)
      found = lint_spend(lint) && lint_flag(b, x->name) &&
              g_strcmp0(lint_flag(a, x->name)->value, lint_flag(b, x->name)->value) == 0;
    else
      found = TRUE;
    if (!found)
      return FALSE;
  }
  return TRUE;
}

static gboolean same_flags(const OakumLint *lint, const LintStep *a, const LintStep *b)
{
  if (lint->hadolint)
    return has_flags_of(lint, a, b) && has_flags_of(lint, b, a);
  if (a->flags->len != b->flags->len)
    return FALSE;
  for (guint i = 0; i < a->flags->len; i++) {
    const LintWord *x = a->flags->pdata[i], *y = b->flags->pdata[i];
    if (g_strcmp0(x->name, y->name) != 0 || g_strcmp0(x->value, y->value) != 0 ||
        g_strcmp0(x->raw, y->raw) != 0)
      return FALSE;
  }
  return TRUE;
}

/* hadolint counts simple commands, those in substitutions too; so does this. */
static gboolean is_small(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  guint n = 0;
  for (guint i = 0; i < step->scripts->len; i++) {
    const OakumShell *shell = ((LintScript *)step->scripts->pdata[i])->shell;
    for (guint k = 0; !lint->hadolint && k < shell->n_commands; k++)
      n += !shell->commands[k]->via;
  }
  for (guint i = 0; lint->hadolint && i < list->len; i++)
    n += oakum_shell_plain_name(lint_command(list, i)->shell, NULL) != NULL;
  return n <= 1;
}

void check_consecutive(OakumLint *lint, LintStep *step)
{
  LintStep *before = NULL;
  for (guint i = 0; i < lint->steps->len; i++) {
    step = lint_step(lint, i);
    if (step->kind == STEP_COMMENT)
      continue;
    if (step->kind == STEP_RUN && before && before->kind == STEP_RUN &&
        same_flags(lint, before, step) && is_small(lint, before) && is_small(lint, step) &&
        (lint->hadolint || (!step->heredoc && !before->heredoc)))
      lint_tell(lint, LINT_CONSECUTIVE_RUN, step, step->keyword, NULL);
    before = step;
  }
}

/* ---- single tools
 * ------------------------------------------------------------------------------------ */
void check_useradd(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "useradd") || lint_has_flag(c, "l no-log-init"))
      continue;
    g_autoptr(GPtrArray) ids = oakum_shell_flag_values(c->shell, "u");
    if (!lint->hadolint && ids->len == 0)
      g_ptr_array_extend_and_steal(ids, oakum_shell_flag_values(c->shell, "uid"));
    const char *id = NULL;
    for (guint k = 0; k < ids->len && !id; k++) {
      const char *value = ids->pdata[k];
      if (strlen(value) > 5 && (lint->hadolint || strspn(value, "0123456789") == strlen(value)))
        id = value;
    }
    if (!id)
      continue;
    OakumFinding *finding = lint_tell(lint, LINT_USERADD, step, lint_command_span(c), "%s", id);
    if (!lint->hadolint && c->shell->exact)
      lint_edit(finding, lint_word_span(c, &c->shell->words[0]).end,
                lint_word_span(c, &c->shell->words[0]).end, " --no-log-init", TRUE);
  }
}

void check_wget(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "wget") ||
        lint_has_flag(c, "progress q quiet o output-file a append-output no-verbose nv"))
      continue;
    if (lint_has_arg(c, "-nv") ||
        (!lint->hadolint && (c->shell->n_words < 2 || lint_has_flag(c, "version help"))))
      continue;
    OakumFinding *finding = lint_tell(lint, LINT_WGET_PROGRESS, step, lint_command_span(c), NULL);
    if (!lint->hadolint && c->shell->exact)
      lint_edit(finding, lint_word_span(c, &c->shell->words[0]).end,
                lint_word_span(c, &c->shell->words[0]).end, " --progress=dot:giga", TRUE);
  }
}

void check_chpasswd(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (lint_is(c, "chpasswd") || (lint_is(c, "passwd") && lint_has_flag(c, "stdin")) ||
        (lint_is(c, "usermod useradd") && lint_has_flag(c, "p password")))
      lint_tell(lint, LINT_CHPASSWD, step, lint_command_span(c), "%s", c->name);
  }
}

/* ---- downloads
 * ---------------------------------------------------------------------------------------- */
static gboolean is_interpreter(const LintCommand *c)
{
  return lint_is(c, "sh bash dash ash zsh ksh python python3 perl ruby node php");
}

/* curl ... | sh, sh -c "$(curl ...)", sh <(curl ...) */
void check_pipe_shell(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "curl wget"))
      continue;
    for (guint k = 0; k < list->len && lint_spend(lint); k++) {
      const LintCommand *other = lint_command(list, k);
      if (!is_interpreter(other) && !lint_is(other, "eval source ."))
        continue;
      gboolean piped = other->script == c->script && other->shell->pipeline == c->shell->pipeline &&
                       c->shell->pipeline_length > 1 &&
                       other->shell->pipeline_index > c->shell->pipeline_index;
      gboolean inside = FALSE;
      for (const OakumShellCommand *outer = c->shell->outer; outer && !inside; outer = outer->outer)
        inside = outer == other->shell;
      if (piped || inside) {
        lint_tell(lint, LINT_CURL_PIPE_SH, step, lint_command_span(c), "%s into %s", c->name,
                  other->name);
        break;
      }
    }
  }
}

void check_download(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  const LintCommand *first = NULL;
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (lint_is(c, "sha256sum sha512sum sha1sum sha384sum shasum md5sum b2sum gpg gpgv openssl "
                   "cosign minisign rpmkeys gpg2 b3sum"))
      return;
    if (first || !lint_is(c, "curl wget"))
      continue;
    gboolean url = FALSE;
    for (guint k = 1; k < c->shell->n_words; k++)
      url |= g_str_has_prefix(c->shell->words[k].text, "http://") ||
             g_str_has_prefix(c->shell->words[k].text, "https://") ||
             g_str_has_prefix(c->shell->words[k].text, "ftp://");
    /* what only asks a service, or goes into a shell (told by its own rule), is no file */
    gboolean saves = lint_is(c, "wget")
                         ? !lint_has_flag(c, "spider")
                         : lint_has_flag(c, "o O output remote-name") ||
                               c->shell->pipeline_length > 1 || c->shell->n_redirects > 0;
    if (url && saves)
      first = c;
  }
  if (first)
    lint_tell(lint, LINT_DOWNLOAD_CHECKSUM, step, lint_command_span(first), NULL);
}

/* ---- modes
 * -------------------------------------------------------------------------------------------- */
/* A mode of chmod: what it opens. Octal, or clauses as u+s,o+w. */
static void read_mode(const char *mode, gboolean *world, gboolean *setid)
{
  *world = *setid = FALSE;
  size_t n = strlen(mode);
  if (n >= 3 && n <= 5 && strspn(mode, "01234567") == n) {
    guint64 bits = g_ascii_strtoull(mode, NULL, 8);
    *world = (bits & 02) && !(bits & 01000);
    *setid = (bits & 06000) != 0;
    return;
  }
  g_auto(GStrv) clauses = g_strsplit(mode, ",", -1);
  for (guint i = 0; clauses[i]; i++) {
    size_t who = strspn(clauses[i], "ugoa");
    char op = clauses[i][who];
    if (op != '+' && op != '=')
      continue;
    const char *what = clauses[i] + who + 1;
    gboolean all = who == 0 ? FALSE : strcspn(clauses[i], "oa") < who;
    *world |= all && strchr(what, 'w');
    *setid |= strchr(what, 's') && (who == 0 || strcspn(clauses[i], "uga") < who);
  }
}

static void tell_mode(OakumLint *lint, LintStep *step, const char *mode, LintSpan span)
{
  gboolean world, setid;
  read_mode(mode, &world, &setid);
  if (world) {
    OakumFinding *finding = lint_tell(lint, LINT_WORLD_WRITABLE, step, span, "%s", mode);
    size_t n = strlen(mode);
    if (finding && strspn(mode, "01234567") == n && span.end - span.start == n) {
      g_autofree char *better = g_strdup(mode);
      better[n - 1] = (char)('0' + ((better[n - 1] - '0') & ~2));
      better[n - 2] = (char)('0' + ((better[n - 2] - '0') & ~2));
      lint_edit(finding, span.start, span.end, better, FALSE);
    }
  }
  if (setid)
    lint_tell(lint, LINT_SETUID, step, span, "%s", mode);
}

void check_chmod(OakumLint *lint, LintStep *step)
{
  if (step->kind != STEP_RUN) {
    const LintWord *flag = lint_flag(step, "chmod");
    if (flag && flag->value)
      tell_mode(lint, step, flag->value, flag->value_span);
    return;
  }
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "chmod install mkdir"))
      continue;
    if (lint_is(c, "chmod")) {
      for (guint k = 1; k < c->shell->n_words; k++) {
        const OakumShellWord *word = &c->shell->words[k];
        if (*word->text == '-' && strspn(word->text, "-rwxst") != strlen(word->text))
          continue; /* a flag */
        if (word->literal)
          tell_mode(lint, step, word->literal, lint_word_span(c, word));
        break;
      }
    } else {
      for (guint k = 1; k + 1 < c->shell->n_words; k++)
        if (strcmp(c->shell->words[k].text, "-m") == 0 && c->shell->words[k + 1].literal)
          tell_mode(lint, step, c->shell->words[k + 1].literal,
                    lint_word_span(c, &c->shell->words[k + 1]));
    }
  }
}

/* ---- secrets
 * ------------------------------------------------------------------------------------------- */
static gboolean has_secret_mount(const LintStep *step)
{
  for (guint i = 0; i < step->flags->len; i++) {
    const LintWord *flag = step->flags->pdata[i];
    if (strcmp(flag->name, "mount") == 0 && g_strcmp0(flag->value, "secret") == 0)
      return TRUE;
  }
  return FALSE;
}

void check_secret_run(OakumLint *lint, LintStep *step)
{
  if (has_secret_mount(step))
    return;
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    for (guint k = 1; k < c->shell->n_words; k++) {
      const OakumShellWord *word = &c->shell->words[k];
      const char *text = word->text, *scheme = strchr(text, ':');
      scheme = scheme ? strstr(scheme, "://") : NULL;
      /* https://name:secret@host */
      if (scheme) {
        const char *end = scheme + 3 + strcspn(scheme + 3, "/?#"),
                   *at = memchr(scheme + 3, '@', (size_t)(end - scheme - 3)),
                   *colon = at ? memchr(scheme + 3, ':', (size_t)(at - scheme - 3)) : NULL;
        if (colon && colon + 1 < at && colon[1] != '$' && !g_str_has_prefix(text, "${"))
          lint_tell(lint, LINT_SECRET_RUN, step, lint_word_span(c, word),
                    "a password in an address");
      }
      if ((*text == 'A' || *text == 'a') && g_ascii_strncasecmp(text, "authorization:", 14) == 0 &&
          !strchr(text, '$') && strlen(text) > 24)
        lint_tell(lint, LINT_SECRET_RUN, step, lint_word_span(c, word), "an Authorization header");
    }
    gboolean login =
        (lint_is(c, "aws") && lint_has_arg(c, "configure") &&
         lint_has_arg(c, "aws_access_key_id aws_secret_access_key aws_session_token")) ||
        (lint_is(c, "gcloud") && lint_has_arg(c, "activate-service-account")) ||
        (lint_is(c, "az") && lint_has_arg(c, "login") && lint_has_flag(c, "p password")) ||
        (lint_is(c, "doctl") && lint_has_arg(c, "auth") && lint_has_flag(c, "t access-token")) ||
        (lint_is(c, "docker podman") && lint_has_arg(c, "login") &&
         lint_has_flag(c, "p password")) ||
        (lint_is(c, "sshpass") && lint_has_flag(c, "p"));
    if (login)
      lint_tell(lint, LINT_SECRET_RUN, step, lint_command_span(c), "%s", c->name);
  }
}

/* ---- layers
 * ---------------------------------------------------------------------------------------------- */
/* `path` is `top` or lies below it; a "*" at the end of a pattern is cut before. */
static gboolean is_below(const char *path, const char *top)
{
  size_t n = strlen(top);
  while (n > 1 && (top[n - 1] == '/' || top[n - 1] == '*'))
    n--;
  return n > 1 && strncmp(path, top, n) == 0 && (!path[n] || path[n] == '/');
}

/* The absolute path that a source of COPY gets; NULL when it is not known. New. */
static char *copied_path(const LintStep *step, const LintWord *source)
{
  const LintWord *target = step->words->pdata[step->words->len - 1];
  if (!source->value || !target->value || *target->value != '/' || strpbrk(source->value, "*?[$") ||
      strchr(target->value, '$'))
    return NULL;
  gboolean folder = g_str_has_suffix(target->value, "/");
  if (!folder)
    return g_strdup(target->value);
  const char *slash = strrchr(source->value, '/');
  return g_strconcat(target->value, slash ? slash + 1 : source->value, NULL);
}

void check_removed(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint)
    return;
  for (guint s = 0; s < lint->steps->len; s++) {
    LintStep *copy = lint_step(lint, s);
    if (copy->stage < 0 || (copy->kind != STEP_COPY && copy->kind != STEP_ADD) ||
        copy->words->len < 2)
      continue;
    const LintStage *stage = lint_stage(lint, copy->stage);
    for (guint k = 0; k + 1 < copy->words->len; k++) {
      const LintWord *source = copy->words->pdata[k];
      g_autofree char *path = copied_path(copy, source);
      for (guint i = s + 1; path && i < stage->end && lint_spend(lint); i++) {
        step = lint_step(lint, i);
        if (step->kind != STEP_RUN)
          continue;
        const GArray *list = lint_commands(lint, step);
        for (guint c = 0; c < list->len && lint_spend(lint); c++) {
          const LintCommand *command = lint_command(list, c);
          if (!lint_is(command, "rm shred unlink"))
            continue;
          for (guint w = 1; w < command->shell->n_words && lint_spend(lint); w++)
            if (*command->shell->words[w].text != '-' &&
                is_below(path, command->shell->words[w].text)) {
              gboolean secret = lint_is_secret_file(path) || lint_is_secret_file(source->value);
              lint_tell(lint, secret ? LINT_SECRET_DELETED : LINT_REMOVED_LATER, step,
                        lint_command_span(command), "%s came in line %d", path, copy->line);
              i = stage->end - 1;
              c = list->len - 1;
              break;
            }
        }
      }
    }
  }
}

void check_chown(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint)
    return;
  for (guint s = 0; s < lint->stages->len; s++) {
    const LintStage *stage = lint_stage(lint, (int)s);
    for (guint i = stage->first; i < stage->end; i++) {
      step = lint_step(lint, i);
      if (step->kind != STEP_RUN)
        continue;
      const GArray *list = lint_commands(lint, step);
      for (guint k = 0; k < list->len; k++) {
        const LintCommand *c = lint_command(list, k);
        if (!lint_is(c, "chown chmod"))
          continue;
        for (guint j = stage->first; j < i && lint_spend(lint); j++) {
          const LintStep *copy = lint_step(lint, j);
          if ((copy->kind != STEP_COPY && copy->kind != STEP_ADD) || copy->words->len < 2)
            continue;
          const LintWord *target = copy->words->pdata[copy->words->len - 1];
          g_autofree char *place = copied_path(copy, copy->words->pdata[0]);
          gboolean hit = FALSE;
          for (guint w = 2; w < c->shell->n_words && !hit && lint_spend(lint); w++)
            hit = *c->shell->words[w].text == '/' &&
                  ((place && is_below(place, c->shell->words[w].text)) ||
                   (target->value && *target->value == '/' &&
                    is_below(target->value, c->shell->words[w].text)));
          if (hit) {
            lint_tell(lint, LINT_CHOWN_LAYER, step, lint_command_span(c), "line %d copies it",
                      copy->line);
            break;
          }
        }
      }
    }
  }
}

/* ---- && and ;
 * ---------------------------------------------------------------------------------------------- */
static gboolean sets_errexit(const LintCommand *c)
{
  if (!lint_is(c, "set"))
    return FALSE;
  for (guint i = 1; i < c->shell->n_words; i++) {
    const char *text = c->shell->words[i].text;
    if ((*text == '-' && text[1] != '-' && strchr(text, 'e')) || strcmp(text, "errexit") == 0)
      return TRUE;
  }
  return FALSE;
}

void check_semicolon(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint k = 0; step->shell && k < step->shell->words->len; k++) {
    const char *word = ((LintWord *)step->shell->words->pdata[k])->value;
    if (word && *word == '-' && strchr(word, 'e'))
      return;
  }
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (sets_errexit(c))
      return;
    if (c->shell->via || c->shell->depth > 0 || c->shell->context != 0 || c->shell->n_words == 0 ||
        (c->shell->after != OAKUM_SHELL_JOIN_SEMICOLON &&
         !(step->heredoc && c->shell->after == OAKUM_SHELL_JOIN_NEWLINE)) ||
        c->shell->before == OAKUM_SHELL_JOIN_OR ||
        lint_is(c, "echo printf set export cd true : unset exit source . local readonly shopt "
                   "alias trap umask"))
      continue;
    gboolean last = TRUE;
    for (guint k = i + 1; k < list->len && last && lint_spend(lint); k++)
      last = lint_command(list, k)->shell->depth > 0 || lint_command(list, k)->shell->via;
    if (last)
      continue;
    OakumFinding *finding = lint_tell(lint, LINT_SEMICOLON, step, lint_command_span(c), "%s",
                                      *c->name ? c->name : "command");
    LintSpan span = lint_command_span(c);
    if (finding && c->shell->after == OAKUM_SHELL_JOIN_SEMICOLON && c->shell->exact &&
        c->shell->n_redirects == 0) {
      size_t at = span.end;
      while (at < lint->dockerfile->len && lint->dockerfile->source[at] == ' ')
        at++;
      if (at < lint->dockerfile->len && lint->dockerfile->source[at] == ';' &&
          lint->dockerfile->source[at + 1] != ';')
        lint_edit(finding, span.end, at + 1, " &&", FALSE);
    }
  }
}

void check_and_or(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  guint chain = 0;
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (c->shell->via || c->shell->depth > 0)
      continue;
    if (c->shell->before == OAKUM_SHELL_JOIN_AND)
      chain++;
    else if (c->shell->before == OAKUM_SHELL_JOIN_OR && chain > 0) {
      if (lint_is(c, "true : echo printf"))
        lint_tell(lint, LINT_AND_OR, step, lint_command_span(c), NULL);
      chain = 0;
    } else if (c->shell->pipeline_index == 0) {
      chain = 0;
    }
  }
}
