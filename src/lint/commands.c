/* The scripts of a step, their commands, and what rules ask of a command. */
#include "lint/lint-private.h"
#include <string.h>

static void script_free(LintScript *script)
{
  g_clear_pointer(&script->shell, oakum_shell_free);
  g_free(script->text);
  g_free(script);
}

OakumShellDialect lint_dialect(OakumLint *lint, const LintStep *step)
{
  if (lint->hadolint)
    return OAKUM_SHELL_BASH;
  const LintStep *shell = step->shell;
  if (!shell || shell->words->len == 0)
    return OAKUM_SHELL_SH;
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  for (guint i = 0; i < shell->words->len; i++)
    g_ptr_array_add(argv, ((LintWord *)shell->words->pdata[i])->value);
  g_ptr_array_add(argv, NULL);
  return oakum_shell_dialect_of((const char *const *)argv->pdata);
}

/* The scripts of the file have too many parts, or this one has. */
static void tell_too_many(OakumLint *lint, LintStep *step, guint most)
{
  if (lint->told_parts)
    return;
  lint->told_parts = TRUE;
  OakumFinding *finding = lint_tell(lint, LINT_SYNTAX, step, step->span, NULL);
  if (!finding)
    return;
  g_free(finding->title);
  finding->title = g_strdup_printf("The shell scripts have more than %u words and other parts; "
                                   "what is behind them is not checked",
                                   most);
  g_free(finding->fix);
  finding->fix = g_strdup("put long scripts into files of their own, and COPY them");
}

/* FALSE: no further script of the file is read. */
static gboolean may_read(OakumLint *lint, LintStep *step)
{
  if (lint->shell_parts < OAKUM_LINT_SHELL_PARTS_MAX)
    return TRUE;
  step->broken = TRUE;
  tell_too_many(lint, step, OAKUM_LINT_SHELL_PARTS_MAX);
  return FALSE;
}

static void add_script(OakumLint *lint, LintStep *step, OakumShell *shell, char *text, size_t len,
                       const OakumHeredoc *heredoc, gboolean exec)
{
  if (!shell) {
    step->broken = TRUE;
    g_free(text);
    return;
  }
  LintScript *script = g_new0(LintScript, 1);
  *script = (LintScript){shell, text, len, step->tree, heredoc, exec};
  g_ptr_array_add(step->scripts, script);
  lint->shell_parts += shell->n_parts;
  if (shell->error && shell->error->code == OAKUM_ERROR_LIMIT &&
      shell->n_parts >= OAKUM_SHELL_PARTS_MAX)
    tell_too_many(lint, step, OAKUM_SHELL_PARTS_MAX);
  step->broken |= !shell->complete;
}

static OakumShell *read_script(const OakumLint *lint, const char *text, OakumShellDialect dialect)
{
  return lint->options->shells ? oakum_shell_cache_parse(lint->options->shells, text, dialect, NULL)
                               : oakum_shell_parse(text, strlen(text), dialect, NULL);
}

static void add_text(OakumLint *lint, LintStep *step, const char *text, OakumShellDialect dialect,
                     const OakumHeredoc *heredoc)
{
  OakumShellDialect own;
  if (oakum_shell_dialect_of_script(text, strlen(text), &own))
    dialect = own;
  if (!oakum_shell_dialect_readable(dialect))
    return;
  add_script(lint, step, read_script(lint, text, dialect), g_strdup(text), strlen(text), heredoc,
             FALSE);
}

/* sh <<EOF: the body of the heredoc is a script, too. */
static void add_fed(OakumLint *lint, LintStep *step, OakumShellDialect dialect)
{
  if (!step->tree || !step->tree->heredocs || step->scripts->len == 0)
    return;
  const LintScript *first = step->scripts->pdata[0];
  const OakumShell *shell = first->shell;
  for (guint i = 0; i < shell->n_commands; i++) {
    const OakumShellCommand *command = shell->commands[i];
    const char *const argv[] = {command->name, NULL};
    if (!command->name || command->via || command->n_words != 1)
      continue;
    OakumShellDialect fed = oakum_shell_dialect_of(argv);
    if (!oakum_shell_dialect_readable(fed))
      continue;
    for (guint k = 0; k < command->n_redirects; k++)
      for (guint h = 0; h < step->tree->heredocs->len; h++) {
        const OakumHeredoc *heredoc = step->tree->heredocs->pdata[h];
        if (command->redirects[k].heredoc && command->redirects[k].target.literal &&
            strcmp(command->redirects[k].target.literal, heredoc->name) == 0)
          add_text(lint, step, heredoc->text, fed, heredoc);
      }
  }
}

static void make_scripts(OakumLint *lint, LintStep *step)
{
  step->scripts = g_ptr_array_new_with_free_func((GDestroyNotify)script_free);
  if (!may_read(lint, step))
    return;
  OakumShellDialect dialect = lint_dialect(lint, step);
  if (lint->hadolint) {
    if (step->text) {
      char *text = lint_peer_shell(step->text);
      step->broken = text == NULL;
      if (text) {
        OakumShell *shell = oakum_shell_parse_plain(text, strlen(text), OAKUM_SHELL_BASH, NULL);
        add_script(lint, step, shell, text, strlen(text), NULL, FALSE);
        step->broken = shell == NULL;
      }
    }
    return;
  }
  const OakumHeredoc *body =
      step->kind == STEP_RUN && step->tree ? oakum_instruction_script(step->tree) : NULL;
  if (body) {
    add_text(lint, step, body->text, dialect, body);
  } else if (step->exec) {
    g_autoptr(GArray) words = g_array_new(FALSE, FALSE, sizeof(OakumShellExecWord));
    for (guint i = 0; i < step->words->len; i++) {
      const LintWord *word = step->words->pdata[i];
      OakumShellExecWord one = {word->value, {(guint32)word->span.start, (guint32)word->span.end}};
      g_array_append_val(words, one);
    }
    if (words->len > 0)
      add_script(lint, step,
                 oakum_shell_from_exec((OakumShellExecWord *)(void *)words->data, words->len, NULL),
                 NULL, 0, NULL, TRUE);
  } else if (step->text) {
    add_text(lint, step, step->text, dialect, NULL);
    add_fed(lint, step, dialect);
  }
}

const GArray *lint_commands(OakumLint *lint, LintStep *step)
{
  if (step->commands)
    return step->commands;
  if (lint->docker) /* none of docker's checks reads scripts */
    step->scripts = g_ptr_array_new();
  else
    make_scripts(lint, step);
  step->commands = g_array_new(FALSE, FALSE, sizeof(LintCommand));
  for (guint i = 0; i < step->scripts->len; i++) {
    const LintScript *script = step->scripts->pdata[i];
    /* a script that does not parse has no commands for hadolint */
    for (guint k = 0; k < script->shell->n_commands && !(lint->hadolint && step->broken); k++) {
      const OakumShellCommand *shell = script->shell->commands[k];
      if (lint->hadolint && shell->via)
        continue;
      const char *name = lint->hadolint ? oakum_shell_plain_name(shell, NULL) : shell->name;
      LintCommand command = {shell, name ? name : "", name ? *name : '\0', step, script};
      g_array_append_val(step->commands, command);
    }
  }
  return step->commands;
}

LintSpan lint_span(const LintCommand *command, OakumShellSpan span)
{
  const LintScript *script = command->script;
  if (script->exec)
    return (LintSpan){span.start, span.end};
  if (!script->instruction)
    return command->step->span;
  /* the end is where the last byte stands, plus one: behind it a continuation may follow */
  guint last = span.end > span.start ? span.end - 1 : span.start;
  if (script->heredoc)
    return (LintSpan){oakum_heredoc_locate(script->heredoc, span.start),
                      oakum_heredoc_locate(script->heredoc, last) + (span.end > span.start)};
  return (LintSpan){oakum_instruction_locate(script->instruction, span.start),
                    oakum_instruction_locate(script->instruction, last) + (span.end > span.start)};
}

LintSpan lint_command_span(const LintCommand *command)
{
  return lint_span(command, command->shell->span);
}

LintSpan lint_word_span(const LintCommand *command, const OakumShellWord *word)
{
  return lint_span(command, word->span);
}

gboolean lint_is(const LintCommand *command, const char *names)
{
  for (const char *at = names; *at;) {
    if (*at == command->first)
      return lint_one_of(command->name, at);
    while (*at && *at != ' ')
      at++;
    at += *at == ' ';
  }
  return FALSE;
}

/* The words of a list that stands in the rules; split once, since rules ask for every command. */
static const char *const *split(const char *words)
{
  static GMutex lock;
  static GHashTable *known;
  OAKUM_AUTO_LOCK(&lock);
  if (!known)
    known = g_hash_table_new(g_str_hash, g_str_equal);
  char **list = g_hash_table_lookup(known, words);
  if (!list) {
    list = g_strsplit(words, " ", -1);
    g_hash_table_insert(known, g_strdup(words), list);
  }
  return (const char *const *)list;
}

gboolean lint_has_arg(const LintCommand *command, const char *args)
{
  return oakum_shell_has_any_arg(command->shell, split(args));
}

gboolean lint_removes(const LintCommand *command, const char *folder)
{
  if (!lint_is(command, "rm"))
    return FALSE;
  for (guint i = 1; i < command->shell->n_words; i++) {
    const char *text = command->shell->words[i].text;
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '*' || text[n - 1] == '/'))
      n--;
    if (n > 0 && *text != '-' && strncmp(folder, text, n) == 0 && (!folder[n] || folder[n] == '/'))
      return TRUE;
  }
  return FALSE;
}

gboolean lint_has_flag(const LintCommand *command, const char *flags)
{
  return oakum_shell_has_any_flag(command->shell, split(flags));
}

GPtrArray *lint_operands(const LintCommand *command, const char *valued)
{
  return oakum_shell_args_no_flags(command->shell, valued ? split(valued) : NULL);
}

gboolean lint_does(const OakumLint *lint, const LintCommand *command, const char *names,
                   const char *verbs)
{
  if (!lint_is(command, names))
    return FALSE;
  if (lint->hadolint)
    return lint_has_arg(command, verbs);
  /* options in front of the verb that take the next word */
  static const char *const valued =
      "-o -c -t --option --config-file --root --target-release -X --repository -p --installroot "
      "--setopt --releasever --enablerepo --disablerepo --prefix --cwd --loglevel --registry "
      "-R --reposd-dir";
  for (guint i = 1; i < command->shell->n_words; i++) {
    const char *text = command->shell->words[i].text;
    if (!oakum_shell_word_is_flag(&command->shell->words[i]))
      return lint_one_of(text, verbs);
    i += lint_one_of(text, valued);
  }
  return FALSE;
}
