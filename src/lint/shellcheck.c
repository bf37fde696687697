/* Scripts for the shellcheck program, and the way back of what it says: to the instruction under
 * compat hadolint, else to the very bytes. */
#include "lint/check-private.h"
#include <string.h>

/* Where a script comes from. */
typedef struct {
  LintStep *step;
  const OakumHeredoc *heredoc;
  const char *text; /* behind the prelude */
  size_t len;
  int prelude;     /* lines before it */
  gboolean broken; /* shellcheck could not read it */
  GArray *regions; /* Region, outer ones first; NULL: not looked for yet */
  /* compat hadolint, which keeps one comment an instruction: the last by place, level and code */
  int told[4];
  OakumFinding *finding;
} Place;

/* A part of a script of which shellcheck may say that it is not reached. */
typedef struct {
  enum { FUNCTION, LIST, TOLD } kind; /* LIST: of "&&" and "||"; TOLD: this very command */
  OakumShellSpan span;
  guint32 first, word; /* where its first command begins, without and with a "!" in front */
  gboolean unused;     /* nothing of it is reached */
} Region;

static void place_free(Place *place)
{
  if (place->regions)
    g_array_unref(place->regions);
  g_free(place);
}

/* What RUN sees at a point: the shell, and names that are set. */
typedef struct {
  char *shell;
  GPtrArray *names; /* char *, borrowed from steps */
} State;

static void state_free(State *state)
{
  g_free(state->shell);
  g_ptr_array_unref(state->names);
  g_free(state);
}

static State *state_new(const char *shell)
{
  static const char *const proxies[] = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
                                        "FTP_PROXY",  "ftp_proxy",  "NO_PROXY",    "no_proxy"};
  State *state = g_new0(State, 1);
  state->shell = g_strdup(shell);
  state->names = g_ptr_array_new();
  for (guint i = 0; i < G_N_ELEMENTS(proxies); i++)
    g_ptr_array_add(state->names, (gpointer)proxies[i]);
  return state;
}

static const char usual_shell[] = "/bin/sh -c";

static State *state_copy(const State *from)
{
  State *state = g_new0(State, 1);
  state->shell = g_strdup(from->shell);
  state->names = g_ptr_array_copy(from->names, NULL, NULL);
  return state;
}

static void script_free(OakumLintScript *script)
{
  g_free(script->text);
  g_free(script);
}

static void take_in(const OakumLint *lint, State *state, const LintStep *step)
{
  if (step->kind == STEP_SHELL) {
    g_autoptr(GString) shell = g_string_new(NULL);
    for (guint i = 0; step->exec && i < step->words->len; i++)
      g_string_append_printf(shell, "%s%s", i ? " " : "",
                             ((LintWord *)step->words->pdata[i])->value);
    if (!step->exec)
      g_string_append(shell, step->text ? step->text : "");
    g_free(state->shell);
    state->shell = g_string_free(g_steal_pointer(&shell), FALSE);
  } else if (step->kind == STEP_ARG || step->kind == STEP_ENV) {
    if (lint->hadolint) { /* it forgets the shell when it learns a variable */
      g_free(state->shell);
      state->shell = g_strdup(usual_shell);
    }
    for (guint i = 0; i < step->words->len; i++) {
      const LintWord *word = step->words->pdata[i];
      if (word->name && (lint->hadolint || lint_is_variable_name(word->name)))
        g_ptr_array_add(state->names, word->name);
    }
  }
}

/* hadolint goes by how a script of its own begins, and reads it as the shell of the stage. */
static gboolean peer_checks(const char *text)
{
  static const char *const known[] = {"#!/bin/sh",           "#!/bin/bash",
                                      "#!/bin/ksh",          "#!/usr/bin/env sh",
                                      "#!/usr/bin/env bash", "#!/usr/bin/env ksh"};
  for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
    if (g_str_has_prefix(text, known[i]))
      return TRUE;
  return FALSE;
}

static void add_script(OakumLint *lint, const State *state, LintStep *step, const char *text,
                       const OakumHeredoc *heredoc)
{
  if (strstr(state->shell, "pwsh") || strstr(state->shell, "powershell") ||
      strstr(state->shell, "cmd"))
    return;
  if (lint_script_is_silent(state->shell, text, state->names, lint->hadolint))
    return;
  g_autoptr(GString) script = g_string_new(NULL);
  int prelude = 1;
  if (lint->hadolint && g_str_has_prefix(text, "#!") && !peer_checks(text))
    return;
  if (!lint->hadolint && g_str_has_prefix(text, "#!")) {
    size_t n = strcspn(text, "\n");
    g_autofree char *line = g_strndup(text, n);
    OakumShellDialect dialect;
    if (!oakum_shell_dialect_of_script(line, n, &dialect) ||
        (dialect != OAKUM_SHELL_SH && dialect != OAKUM_SHELL_BASH && dialect != OAKUM_SHELL_KSH &&
         dialect != OAKUM_SHELL_DASH && dialect != OAKUM_SHELL_ASH))
      return;
    g_string_append_printf(script, "%s\n", line);
  } else {
    g_string_append_printf(script, "#!%.*s\n", (int)strcspn(state->shell, " "), state->shell);
  }
  g_autofree char *clean = NULL;
  if (!g_utf8_validate(text, -1, NULL)) { /* shellcheck wants UTF-8; each byte stays one */
    clean = g_strdup(text);
    for (char *at = clean; *at; at++)
      if ((guchar)*at >= 0x80)
        *at = '?';
  }
  g_autoptr(GPtrArray) names = lint_prelude(clean ? clean : text, state->names, lint->hadolint);
  for (guint i = 0; i < names->len; i++, prelude++) {
    g_string_append(script, "export ");
    g_string_append(script, names->pdata[i]);
    g_string_append(script, "=1\n");
  }
  size_t at = script->len;
  g_string_append(script, clean ? clean : text);
  Place *place = g_new0(Place, 1);
  OakumLintScript *out = g_new0(OakumLintScript, 1);
  out->len = script->len;
  out->text = g_string_free(g_steal_pointer(&script), FALSE);
  *place = (Place){step, heredoc, out->text + at, out->len - at, prelude, FALSE, NULL, {0}, NULL};
  g_ptr_array_add(lint->scripts, out);
  g_ptr_array_add(lint->script_places, place);
}

static void add_run(OakumLint *lint, const State *state, LintStep *step)
{
  if (step->exec || !step->text)
    return;
  const OakumHeredoc *body = step->tree ? oakum_instruction_script(step->tree) : NULL;
  if (body)
    add_script(lint, state, step, body->text, body);
  else if (lint->hadolint || oakum_shell_dialect_readable(lint_dialect(lint, step)))
    add_script(lint, state, step, step->text, NULL);
}

/* "# hadolint shell=NAME" */
static char *shell_pragma(const char *text, gboolean strict)
{
  const char *at = text + strspn(text, " \t");
  if (!g_str_has_prefix(at, "hadolint"))
    return NULL;
  at += strlen("hadolint");
  at += strspn(at, " \t");
  if (!g_str_has_prefix(at, "shell"))
    return NULL;
  at += strlen("shell");
  at += strspn(at, " \t");
  if (*at != '=')
    return NULL;
  at++;
  at += strspn(at, " \t");
  /* hadolint: one word, and only a comment may follow */
  size_t n = strcspn(at, " \t#");
  const char *rest = at + n + strspn(at + n, " \t");
  return n > 0 && (!strict || *rest == '\0' || *rest == '#') ? g_strndup(at, n) : NULL;
}

/* A comment that names the shell: of all stages before the first FROM, else of the one it is in.
 * For hadolint only the first such counts for all stages, and none behind a variable or a SHELL. */
static void heed_pragma(const OakumLint *lint, const char *comment, const LintStep *step,
                        State *now, char **fallback, gboolean *late)
{
  g_autofree char *shell = shell_pragma(comment, lint->hadolint);
  if (!shell)
    return;
  if (step->stage < 0 && !(lint->hadolint && *late)) {
    *late = TRUE;
    g_free(*fallback);
    *fallback = g_strdup(shell);
  }
  g_free(now->shell);
  now->shell = g_steal_pointer(&shell);
}

const GPtrArray *oakum_lint_scripts(OakumLint *lint)
{
  if (lint->scripts)
    return lint->scripts;
  lint->scripts = g_ptr_array_new_with_free_func((GDestroyNotify)script_free);
  lint->script_places = g_ptr_array_new_with_free_func((GDestroyNotify)place_free);
  if (lint->docker || lint->peer_failed)
    return lint->scripts;
  g_autofree char *fallback = g_strdup(usual_shell);
  State *now = state_new(fallback), *onbuild = state_new(fallback);
  gboolean late = FALSE;
  g_autoptr(GPtrArray) ended = g_ptr_array_new_with_free_func((GDestroyNotify)state_free);
  guint comment = 0;
  for (guint i = 0; i < lint->steps->len; i++) {
    LintStep *step = lint_step(lint, i);
    /* in the tree comments lie apart: take in those before this step */
    for (; !lint->hadolint && comment < lint->dockerfile->comments->len; comment++) {
      const OakumComment *one = lint->dockerfile->comments->pdata[comment];
      if (one->range.line >= step->line)
        break;
      heed_pragma(lint, one->text, step, now, &fallback, &late);
    }
    if (step->kind == STEP_COMMENT) {
      heed_pragma(lint, step->text, step, now, &fallback, &late);
    } else if (step->kind == STEP_FROM) {
      if (step->stage > 0)
        g_ptr_array_add(ended, g_steal_pointer(&now));
      else
        state_free(now);
      int parent = lint_stage(lint, step->stage)->parent;
      now = parent >= 0 && parent < (int)ended->len ? state_copy(ended->pdata[parent])
                                                    : state_new(fallback);
      if (!lint->hadolint) { /* which knows of no FROM between those */
        state_free(onbuild);
        onbuild = state_new(fallback);
      }
    } else if (step->kind == STEP_ONBUILD) {
      LintStep *inner = lint_inner(step);
      take_in(lint, onbuild, inner);
      if (inner->kind == STEP_RUN)
        add_run(lint, onbuild, inner);
    } else {
      late |= step->kind == STEP_ARG || step->kind == STEP_ENV || step->kind == STEP_SHELL;
      take_in(lint, now, step);
      if (step->kind == STEP_RUN)
        add_run(lint, now, step);
    }
  }
  state_free(now);
  state_free(onbuild);
  return lint->scripts;
}

const char *oakum_lint_shellcheck_excluded(const OakumLintOptions *options)
{
  (void)options;
  /* the last three are off in 0.11, which hadolint links */
  return "SC2187,SC1090,SC1091,SC2002,SC2236,SC2237";
}

/* Byte of the place's text at a line and column; the end of the line when it is shorter. */
static size_t byte_of(const Place *place, int line, int column)
{
  size_t at = 0;
  for (; line > 1 && at < place->len; line--) {
    const char *nl = memchr(place->text + at, '\n', place->len - at);
    if (!nl)
      return place->len;
    at = (size_t)(nl - place->text) + 1;
  }
  for (; column > 1 && at < place->len && place->text[at] != '\n'; column--) {
    at++;
    while (at < place->len && ((guchar)place->text[at] & 0xC0) == 0x80)
      at++;
  }
  return at;
}

static size_t locate(const Place *place, size_t at)
{
  return place->heredoc ? oakum_heredoc_locate(place->heredoc, (guint)at)
                        : oakum_instruction_locate(place->step->tree, (guint)at);
}

static LintSpan place_span(const Place *place, int line, int column, int end_line, int end_column)
{
  size_t start = byte_of(place, line - place->prelude, column),
         end = byte_of(place, end_line - place->prelude, end_column);
  if (end <= start)
    return (LintSpan){locate(place, start), locate(place, start)};
  return (LintSpan){locate(place, start), locate(place, end - 1) + 1};
}

static OakumLintLevel level_of(const OakumLint *lint, const char *id, const char *level)
{
  OakumLintLevel out = OAKUM_LINT_INFO;
  (void)!oakum_lint_level_parse(level, &out);
  const OakumLintOptions *options = lint->options;
  if (options->only) {
    gboolean wanted = FALSE;
    for (guint i = 0; options->only[i]; i++)
      wanted |= g_ascii_strcasecmp(options->only[i], id) == 0;
    if (!wanted)
      return OAKUM_LINT_OFF;
  }
  gpointer value;
  if (options->levels && g_hash_table_lookup_extended(options->levels, id, NULL, &value))
    out = (OakumLintLevel)GPOINTER_TO_INT(value);
  return out;
}

/* "A && B || true" says that B may fail; ShellCheck 0.11 knows, earlier ones do not. */
static gboolean excuses(const Place *place, const OakumLintComment *comment)
{
  size_t at = byte_of(place, comment->line - place->prelude, comment->column);
  const char * or = g_strstr_len(place->text + at, (gssize)(place->len - at), "||");
  if (! or)
    return FALSE;
  or += 2;
  or += strspn(or, " \t");
  size_t n = strcspn(or, " \t\n;&|)}");
  const char *next = or +n + strcspn(or +n, "\n;&|)}"); /* behind its arguments */
  return ((n == 4 && strncmp(or, "true", 4) == 0) || (n == 1 && * or == ':')) && *next != '|';
}

/* ---- what older versions do not tell
 * --------------------------------------------------------------- */
typedef struct {
  OakumLint *lint; /* NULL: only regions are wanted */
  guint script;
  int prelude;
  const char *text;
  GArray *regions; /* Region, outer ones first; NULL: not wanted */
  size_t at;       /* line and column are known up to here */
  int line, column;
} Missing;

/* Line and column of a byte as shellcheck counts them; most come in the order of the text. */
static void place_of(Missing *missing, size_t byte, int *line, int *column)
{
  if (byte < missing->at) {
    missing->at = 0;
    missing->line = missing->column = 1;
  }
  for (; missing->at < byte; missing->at++) {
    guchar c = (guchar)missing->text[missing->at];
    if (c == '\n') {
      missing->line++;
      missing->column = 1;
    } else if ((c & 0xC0) != 0x80) {
      missing->column++;
    }
  }
  *line = missing->line + missing->prelude;
  *column = missing->column;
}

static void tell_missing(Missing *missing, OakumShellSpan span, int code, const char *level,
                         const char *message)
{
  if (!missing->lint)
    return;
  OakumLintComment comment = {
      .script = missing->script, .code = code, .level = level, .message = message};
  place_of(missing, span.start, &comment.line, &comment.column);
  place_of(missing, span.end, &comment.end_line, &comment.end_column);
  oakum_lint_comment(missing->lint, &comment);
}

/* The redirection that leaves a substitution without output, as 0.10 and later see it. */
static const OakumShellRedirect *takes_output(const OakumShellRedirect *all, guint n)
{
  for (guint i = 0; i < n; i++) {
    const OakumShellRedirect *one = &all[i];
    const char *target = one->target.text;
    if (one->kind == OAKUM_SHELL_REDIRECT_DUP_OUT && strcmp(target, "1") == 0)
      return NULL; /* it is kept elsewhere first */
    if (one->kind == OAKUM_SHELL_REDIRECT_DUP_OUT && one->fd < 0 && !one->variable)
      return one;
    if ((one->kind == OAKUM_SHELL_REDIRECT_OUT || one->kind == OAKUM_SHELL_REDIRECT_APPEND) &&
        !one->variable && (one->fd < 0 || one->fd == 1))
      return one;
  }
  return NULL;
}

static void look_at_substitution(Missing *missing, const OakumShellPart *part)
{
  const OakumShellNode *node = part->script;
  if (node->n_children != 1 || node->joins[0] == OAKUM_SHELL_JOIN_BACKGROUND)
    return;
  node = node->children[0];
  if (node->kind == OAKUM_SHELL_NODE_PIPELINE) {
    if (node->negated || node->timed || node->n_children == 0)
      return;
    node = node->children[node->n_children - 1];
  }
  if (node->kind == OAKUM_SHELL_NODE_FUNCTION && node->n_children > 0)
    node = node->children[0];
  const OakumShellRedirect *taken =
      node->command ? takes_output(node->command->redirects, node->command->n_redirects)
                    : takes_output(node->redirects, node->n_redirects);
  if (!taken)
    return;
  tell_missing(missing, part->span, 2327, "warning",
               "nothing is substituted here: the output goes elsewhere");
  tell_missing(missing, taken->span, 2328, "error",
               "this takes the output away from the substitution around it");
}

static void look_at_parts(Missing *missing, const OakumShellPart *parts, guint n);

static void look_at_words(Missing *missing, const OakumShellWord *words, guint n)
{
  for (guint i = 0; i < n; i++)
    look_at_parts(missing, words[i].parts, words[i].n_parts);
}

static void look_at_redirects(Missing *missing, const OakumShellRedirect *all, guint n)
{
  for (guint i = 0; i < n; i++) {
    look_at_words(missing, &all[i].target, 1);
    if (all[i].heredoc)
      look_at_words(missing, &all[i].heredoc->body, 1);
  }
}

static void note_region(Missing *missing, const OakumShellNode *node)
{
  gboolean function = node->kind == OAKUM_SHELL_NODE_FUNCTION;
  const OakumShellNode *first = node;
  if (function) { /* the compound, the list in it, and the first of that */
    first = node->n_children ? node->children[0] : NULL;
    first = first && first->n_children ? first->children[0] : NULL;
    while (first && first->n_children && first->kind == OAKUM_SHELL_NODE_SEQUENCE)
      first = first->children[0];
  }
  if (!missing->regions || !first)
    return;
  Region region = {function ? FUNCTION : LIST, node->span, first->span.start, 0, FALSE};
  while (first->n_children &&
         (first->kind == OAKUM_SHELL_NODE_AND_OR || first->kind == OAKUM_SHELL_NODE_PIPELINE))
    first = first->children[0];
  region.word = first->span.start;
  g_array_append_val(missing->regions, region);
}

static void look_at_node(Missing *missing, const OakumShellNode *node)
{
  if (node->kind == OAKUM_SHELL_NODE_FUNCTION || node->kind == OAKUM_SHELL_NODE_AND_OR)
    note_region(missing, node);
  const OakumShellCommand *command = node->command;
  for (guint i = 0; command && i < command->n_assignments; i++) {
    const OakumShellAssignment *one = &command->assignments[i];
    look_at_words(missing, &one->value, 1);
    look_at_words(missing, one->elements, one->n_elements);
    look_at_parts(missing, one->subscript_parts, one->n_subscript_parts);
  }
  if (command) {
    look_at_words(missing, command->words, command->n_words);
    look_at_redirects(missing, command->redirects, command->n_redirects);
  }
  look_at_words(missing, node->words, node->n_words);
  for (guint i = 0; i < node->n_children; i++)
    look_at_node(missing, node->children[i]);
  look_at_redirects(missing, node->redirects, node->n_redirects);
}

/* As deep as the reader of the shell goes, which has a bound. */
static void look_at_parts(Missing *missing, const OakumShellPart *parts, guint n)
{
  for (guint i = 0; i < n; i++) {
    const OakumShellPart *part = &parts[i];
    if (part->script &&
        (part->kind == OAKUM_SHELL_PART_COMMAND || part->kind == OAKUM_SHELL_PART_BACKTICK))
      look_at_substitution(missing, part);
    if (part->script)
      look_at_node(missing, part->script);
    look_at_parts(missing, part->parts, part->n_parts);
    look_at_words(missing, part->operands, part->n_operands);
  }
}

/* Whether 0.11 would not say that these bytes are not reached, as older ones do of every command:
 * it says so of the outermost one only, and of none in a list that is not reached as a whole; and
 * of a function that nothing calls it tells once, by a code of its own: that is *function then. */
static gboolean told_before(Place *place, size_t start, size_t end, Region **function)
{
  *function = NULL;
  if (!place->regions) {
    g_autoptr(OakumShell) shell =
        oakum_shell_parse(place->text, place->len, OAKUM_SHELL_BASH, NULL);
    place->regions = g_array_new(FALSE, FALSE, sizeof(Region));
    Missing missing = {.text = place->text, .regions = place->regions};
    if (shell)
      look_at_node(&missing, shell->root);
  }
  for (guint i = 0; i < place->regions->len; i++) {
    Region *one = &g_array_index(place->regions, Region, i);
    if (start < one->first || start >= one->span.end)
      continue;
    if (one->kind == TOLD) {
      if (start > one->span.start || end < one->span.end)
        return TRUE;
    } else if (one->unused || start == one->first || start == one->word) {
      if (one->kind == FUNCTION && !one->unused)
        *function = one;
      one->unused = TRUE;
      return TRUE;
    }
  }
  const Region told = {TOLD, {(guint32)start, (guint32)end}, (guint32)start, 0, FALSE};
  if (place->regions->len < OAKUM_LINT_REGIONS_MAX)
    g_array_append_val(place->regions, told);
  return FALSE;
}

void oakum_lint_comment(OakumLint *lint, const OakumLintComment *comment)
{
  if (!lint->script_places || comment->script >= lint->script_places->len)
    return;
  Place *place = lint->script_places->pdata[comment->script];
  if (comment->line <= place->prelude && !lint->hadolint)
    return; /* about our own lines */
  int code = comment->code, column = comment->column;
  place->broken |= code == 1072 || code == 1073;
  if (code == 2015 && excuses(place, comment))
    return;
  if (code == 2317 && lint->hadolint) {
    Region *function;
    size_t start = byte_of(place, comment->line - place->prelude, column),
           end = byte_of(place, comment->end_line - place->prelude, comment->end_column);
    gboolean drop = told_before(place, start, end, &function);
    if (function) {
      Missing missing = {lint, comment->script, place->prelude, place->text, NULL, 0, 1, 1};
      tell_missing(&missing, function->span, 2329, "info", "nothing calls this function");
    }
    if (drop)
      return;
  }
  if (code == 3010 && lint->hadolint) {
    /* 0.11 goes on to tell of "==" and "=~" inside; the last one is kept */
    static const struct {
      const char *word;
      int code;
    } inside[] = {{" == ", 3014}, {" =~ ", 3015}};
    size_t at = byte_of(place, comment->line - place->prelude, comment->column);
    const char *text = place->text + at,
               *close = g_strstr_len(text, (gssize)(place->len - at), "]]"), *last = text;
    for (guint i = 0; close && i < G_N_ELEMENTS(inside); i++) {
      const char *found = g_strrstr_len(text, close - text, inside[i].word);
      if (found && found > last) {
        last = found;
        code = inside[i].code;
      }
    }
    column += last > text ? (int)(last - text) + 1 : 0;
  }
  g_autofree char *id = g_strdup_printf("SC%d", code);
  OakumLintLevel level = level_of(lint, id, comment->level);
  OakumLintLevel own = OAKUM_LINT_INFO;
  (void)!oakum_lint_level_parse(comment->level, &own);
  const int key[4] = {comment->line, column, -(int)own, code};
  if (lint->hadolint) {
    int order = 0;
    for (guint i = 0; i < G_N_ELEMENTS(key) && order == 0; i++)
      order = key[i] - place->told[i];
    if (order <= 0 && place->told[0] != 0)
      return;
    memcpy(place->told, key, sizeof key);
    if (place->finding) {
      g_ptr_array_remove(lint->comments, place->finding);
      place->finding = NULL;
    }
  }
  if (level == OAKUM_LINT_OFF)
    return;
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_LINT, id, oakum_lint_severity_of(level));
  finding->title = g_strdup(comment->message);
  finding->why = g_strdup("shellcheck found this in the script of the RUN");
  finding->fix = g_strdup_printf("see https://www.shellcheck.net/wiki/%s", id);
  finding->aliases = g_new0(char *, 1);
  finding->category = g_strdup("correctness");
  finding->file = g_strdup(lint->dockerfile->file);
  if (lint->hadolint) {
    finding->code = g_strdup(id);
    finding->line = finding->end_line = place->step->line;
    finding->column = finding->end_column = 1;
    place->finding = finding;
  } else {
    LintSpan span =
        place_span(place, comment->line, comment->column, comment->end_line, comment->end_column);
    lint_place(lint, finding, span);
    for (guint i = 0; i < comment->replacements_count; i++) {
      const OakumLintReplacement *one = &comment->replacements[i];
      LintSpan part = place_span(place, one->line, one->column, one->end_line, one->end_column);
      if (one->line == one->end_line && one->column == one->end_column && part.start > 0) {
        /* an insertion right behind a byte stays with that byte, not behind a continuation */
        size_t at = byte_of(place, one->line - place->prelude, one->column);
        if (at > 0)
          part.start = part.end = locate(place, at - 1) + 1;
      }
      lint_edit(finding, part.start, part.end, one->text, FALSE);
    }
  }
  if (!lint->comments)
    lint->comments = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_ptr_array_add(lint->comments, finding);
}

void oakum_lint_comment_missing(OakumLint *lint, guint script)
{
  if (!lint->hadolint || !lint->script_places || script >= lint->script_places->len)
    return;
  const Place *place = lint->script_places->pdata[script];
  if (place->broken || !memchr(place->text, '>', place->len) || strstr(place->text, "shellcheck"))
    return;
  g_autoptr(OakumShell) shell = oakum_shell_parse(place->text, place->len, OAKUM_SHELL_BASH, NULL);
  if (!shell || !shell->complete)
    return;
  Missing missing = {lint, script, place->prelude, place->text, NULL, 0, 1, 1};
  look_at_node(&missing, shell->root);
}

void lint_shellcheck_free(OakumLint *lint)
{
  g_clear_pointer(&lint->scripts, g_ptr_array_unref);
  g_clear_pointer(&lint->script_places, g_ptr_array_unref);
  g_clear_pointer(&lint->comments, g_ptr_array_unref);
}
