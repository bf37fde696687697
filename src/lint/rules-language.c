/* Package managers of languages. */
#include "lint/check-private.h"
#include <string.h>

/* ---- pip
 * ---------------------------------------------------------------------------------------------- */
static gboolean is_pip_install(const OakumLint *lint, const LintCommand *c)
{
  if (g_str_has_prefix(c->name, "pip") && !g_str_has_prefix(c->name, "pipenv"))
    return lint_has_arg(c, "install");
  if (!lint->hadolint && lint_is(c, "uv") && lint_has_arg(c, "pip") && lint_has_arg(c, "install"))
    return TRUE;
  if (!g_str_has_prefix(c->name, "python"))
    return FALSE;
  for (guint i = 1; i + 2 < c->shell->n_words; i++)
    if (strcmp(c->shell->words[i].text, "-m") == 0 &&
        strcmp(c->shell->words[i + 1].text, "pip") == 0 &&
        strcmp(c->shell->words[i + 2].text, "install") == 0)
      return TRUE;
  return FALSE;
}

static gboolean pip_pinned(const OakumLint *lint, const char *package)
{
  static const char *const symbols[] = {"==", ">=", "<=", ">", "<", "!=", "~=", "==="};
  for (guint i = 0; i < G_N_ELEMENTS(symbols); i++)
    if (strstr(package, symbols[i]))
      return TRUE;
  if (lint_has_suffix_of(package, ".whl .tar.gz"))
    return TRUE;
  gboolean vcs = g_str_has_prefix(package, lint->hadolint ? "git" : "git+") ||
                 g_str_has_prefix(package, "hg+") ||
                 g_str_has_prefix(package, lint->hadolint ? "svn" : "svn+") ||
                 g_str_has_prefix(package, "bzr+");
  if (vcs)
    return strchr(package, '@') != NULL;
  return strchr(package, '/') != NULL;
}

#define PIP_VALUED                                                                                 \
  "abi b build e editable extra-index-url f find-links i index-url implementation no-binary "      \
  "only-binary "                                                                                   \
  "platform prefix progress-bar proxy python-version root src t target trusted-host "              \
  "upgrade-strategy"

void check_pip_pin(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!is_pip_install(lint, c) || lint_has_flag(c, "c constraint"))
      continue;
    if (lint_has_arg(c, "-r --requirement .") ||
        (!lint->hadolint && lint_has_flag(c, "r requirement")))
      continue;
    g_autoptr(GPtrArray) words =
        lint_operands(c, lint->hadolint ? PIP_VALUED
                                        : PIP_VALUED
                             " m python p cert cache-dir timeout retries log C config-settings");
    gboolean behind = FALSE, first = FALSE; /* the verb; right behind it */
    for (guint k = 0; k < words->len; k++) {
      const OakumShellWord *word = words->pdata[k];
      if (strcmp(word->text, "install") == 0 && (!behind || (first && lint->hadolint))) {
        behind = first = TRUE;
        continue; /* hadolint: also when it is said twice */
      }
      if (!behind)
        continue;
      first = FALSE;
      if (pip_pinned(lint, word->text))
        continue;
      /* name[extra] looks like a glob */
      if (!lint->hadolint &&
          (!*word->text || !(word->literal || word->has_glob) || *word->text == '.'))
        continue;
      lint_tell(lint, LINT_PIP_PIN, step, lint_word_span(c, word), "%s", word->text);
    }
  }
}

static gboolean truthy(const char *value)
{
  g_autofree char *bare = lint_unquote(value);
  g_autofree char *lower = g_ascii_strdown(bare, -1);
  return lint_one_of(lower, "1 true yes on");
}

/* PIP_NO_CACHE_DIR in the ENV of the stage and those it is made from: the last one counts. */
static gboolean env_says_no_cache(const OakumLint *lint, const LintStep *step)
{
  guint before = step->index;
  for (int index = step->stage; index >= 0;
       index = lint_stage(lint, index)->parent, before = G_MAXUINT) {
    const LintStage *stage = lint_stage(lint, index);
    for (guint i = MIN(before, stage->end); i > stage->first && lint_spend(lint); i--) {
      const LintStep *env = lint_step(lint, i - 1);
      if (env->kind != STEP_ENV && (lint->hadolint || env->kind != STEP_ARG))
        continue;
      guint n = env->words->len;
      for (guint k = 0; k < n; k++) {
        const LintWord *word = env->words->pdata[lint->hadolint ? k : n - 1 - k];
        if (g_strcmp0(word->name, "PIP_NO_CACHE_DIR") != 0 || !word->value)
          continue;
        if (!lint->hadolint || truthy(word->value))
          return truthy(word->value);
        break; /* hadolint: the first of an ENV, and any ENV */
      }
    }
  }
  return FALSE;
}

/* "PIP_NO_CACHE_DIR=1" anywhere in the text. */
static gboolean text_says_no_cache(const LintStep *step)
{
  g_autofree char *lower = g_ascii_strdown(step->text ? step->text : "", -1);
  for (const char *at = lower; (at = strstr(at, "pip_no_cache_dir=")) != NULL;) {
    at += strlen("pip_no_cache_dir=");
    if (*at == '1' || g_str_has_prefix(at, "true") || g_str_has_prefix(at, "yes") ||
        g_str_has_prefix(at, "on"))
      return TRUE;
  }
  return FALSE;
}

/* Number of the last command that empties the cache; 0: none but perhaps the first one. */
static guint pip_cache_goes(const GArray *list)
{
  static const char *const folders[] = {"/root/.cache/pip", "~/.cache/pip", "$HOME/.cache/pip",
                                        "${HOME}/.cache/pip"};
  for (guint i = list->len; i > 1; i--) {
    const LintCommand *c = lint_command(list, i - 1);
    if (lint_is(c, "pip pip3 python python3") && lint_has_arg(c, "cache") &&
        lint_has_arg(c, "purge"))
      return i - 1;
    for (guint k = 0; k < G_N_ELEMENTS(folders); k++)
      if (lint_removes(c, folders[k]))
        return i - 1;
  }
  return 0;
}

void check_pip_cache(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint && text_says_no_cache(step))
    return;
  if (lint_mounts(step, ".cache/pip") || env_says_no_cache(lint, step))
    return;
  const GArray *list = lint_commands(lint, step);
  guint emptied = lint->hadolint ? 0 : pip_cache_goes(list);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    gboolean own = FALSE;
    for (guint k = 0; k < c->shell->n_assignments; k++)
      own |= strcmp(c->shell->assignments[k].name, "PIP_NO_CACHE_DIR") == 0;
    if (i < emptied)
      continue;
    if (!is_pip_install(lint, c) || g_str_has_prefix(c->name, "pipx") || lint_is(c, "uv") ||
        lint_has_flag(c, "no-cache-dir") || (own && !lint->hadolint))
      continue;
    OakumFinding *finding = lint_tell(lint, LINT_PIP_CACHE, step, lint_command_span(c), NULL);
    lint_add_flag(lint, finding, c, "install", " --no-cache-dir", TRUE);
  }
}

/* ---- npm, yarn
 * ------------------------------------------------------------------------------------------ */
static gboolean npm_pinned(const char *package)
{
  static const char *const gits[] = {"git://", "git+ssh://", "git+http://", "git+https://"};
  static const char *const paths[] = {"/", "./", "../", "~/"};
  for (guint i = 0; i < G_N_ELEMENTS(gits); i++)
    if (g_str_has_prefix(package, gits[i]))
      return strchr(package, '#') != NULL;
  if (lint_has_suffix_of(package, ".tar .tar.gz .tgz"))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
    if (g_str_has_prefix(package, paths[i]))
      return TRUE;
  const char *name = package;
  if (*name == '@') {
    name = strchr(name, '/');
    if (!name)
      return FALSE;
  }
  return strchr(name, '@') != NULL;
}

void check_npm_pin(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "npm"))
      continue;
    g_autoptr(GPtrArray) words = lint_operands(c, "loglevel registry");
    if (words->len == 0 || !lint_one_of(((OakumShellWord *)words->pdata[0])->text,
                                        lint->hadolint ? "install" : "install i add"))
      continue;
    guint first = 1;
    while (lint->hadolint && first < words->len &&
           strcmp(((OakumShellWord *)words->pdata[first])->text, "install") == 0)
      first++;
    for (guint k = first; k < words->len; k++) {
      const OakumShellWord *word = words->pdata[k];
      gboolean elsewhere = strstr(word->text, "://") && !g_str_has_prefix(word->text, "git") &&
                           !g_str_has_suffix(word->text, ".git");
      if (npm_pinned(word->text) ||
          (!lint->hadolint && (!*word->text || !word->literal || elsewhere)))
        continue;
      lint_tell(lint, LINT_NPM_PIN, step, lint_word_span(c, word), "%s", word->text);
    }
  }
}

/* Index behind the first COPY of a lock file of npm; 0: there is none. Looked up once. */
static guint first_lock(OakumLint *lint)
{
  for (guint i = 0; !lint->looked_for_lock && i < lint->steps->len && !lint->first_lock; i++) {
    const LintStep *copy = lint_step(lint, i);
    for (guint k = 0; copy->kind == STEP_COPY && k + 1 < copy->words->len; k++) {
      const char *value = ((LintWord *)copy->words->pdata[k])->value;
      if (value && (strstr(value, "package-lock.json") || strstr(value, "npm-shrinkwrap.json") ||
                    strstr(value, "package*.json")))
        lint->first_lock = i + 1;
    }
  }
  lint->looked_for_lock = TRUE;
  return lint->first_lock;
}

void check_npm_ci(OakumLint *lint, LintStep *step)
{
  /* a lock file is there, as far as this file tells */
  gboolean lock = step->stage >= 0 && first_lock(lint) > 0 && first_lock(lint) <= step->index;
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; lock && i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "npm"))
      continue;
    g_autoptr(GPtrArray) words = lint_operands(c, "loglevel registry prefix");
    if (words->len != 1 || !lint_one_of(((OakumShellWord *)words->pdata[0])->text, "install i") ||
        lint_has_flag(c, "g global"))
      continue;
    const OakumShellWord *verb = words->pdata[0];
    OakumFinding *finding = lint_tell(lint, LINT_NPM_CI, step, lint_command_span(c), NULL);
    if (finding && verb->exact && !c->script->exec)
      lint_edit(finding, lint_word_span(c, verb).start, lint_word_span(c, verb).end, "ci", FALSE);
  }
}

void check_yarn_cache(OakumLint *lint, LintStep *step)
{
  if (!lint_stage_stays(lint, step) || lint_mounts(step, ".cache/yarn"))
    return;
  const GArray *list = lint_commands(lint, step);
  const LintCommand *install = NULL;
  gboolean clean = FALSE, early = FALSE; /* before the first install */
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "yarn"))
      continue;
    if (lint->hadolint ? lint_has_arg(c, "install")
                       : lint_does(lint, c, "yarn", "install") || c->shell->n_words == 1) {
      clean &= lint->hadolint;
      install = c;
      clean |= lint->hadolint && lint_has_arg(c, "cache clean");
    } else if (lint->hadolint ? lint_has_arg(c, "cache clean")
                              : lint_has_arg(c, "cache") && lint_has_arg(c, "clean")) {
      early |= !install;
      clean = TRUE;
    }
  }
  if (!install || (clean && !(early && lint->hadolint)))
    return;
  OakumFinding *finding = lint_tell(lint, LINT_YARN_CACHE, step, lint_command_span(install), NULL);
  lint_append_command(lint, finding, step, "yarn cache clean");
}

/* ---- gem, go
 * ---------------------------------------------------------------------------------------------- */
void check_gem_pin(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_does(lint, c, "gem", "install i"))
      continue;
    gboolean version =
        lint->hadolint ? lint_has_arg(c, "-v --version") : lint_has_flag(c, "v version");
    for (guint k = 1; lint->hadolint && k < c->shell->n_words && !version; k++)
      version = g_str_has_prefix(c->shell->words[k].text, "--version=");
    if (version)
      continue;
    for (guint k = 1; k < c->shell->n_words; k++) {
      const OakumShellWord *word = &c->shell->words[k];
      if (strcmp(word->text, "--") == 0)
        break;
      if (*word->text == '-') {
        /* hadolint lets each flag eat a word; we know those that do not */
        if (lint->hadolint ||
            !(g_str_has_prefix(word->text, "--no-") || strchr(word->text, '=') ||
              lint_one_of(
                  word->text,
                  "-N -f --force --local -l --remote -r --both -b --conservative --user-install "
                  "--verbose -V --quiet -q --silent --default --prerelease"))) {
          if (k + 1 < c->shell->n_words && strcmp(c->shell->words[k + 1].text, "--") == 0)
            break; /* it ends the names also where a flag wants a word */
          k++;
        }
        continue;
      }
      if (lint_one_of(word->text, "install i") || strchr(word->text, ':') ||
          (!lint->hadolint && (!word->literal || g_str_has_suffix(word->text, ".gem"))))
        continue;
      lint_tell(lint, LINT_GEM_PIN, step, lint_word_span(c, word), "%s", word->text);
    }
  }
}

static gboolean go_pinned(const char *program)
{
  const char *at = strchr(program, '@');
  return *program == '.' || *program == '/' || (at && !lint_one_of(at, "@latest @none"));
}

/* What hadolint takes for programs of "go run", or of "go install" and "go get". */
static GPtrArray *peer_go_programs(const LintCommand *c, gboolean run)
{
  GPtrArray *programs = g_ptr_array_new();
  const char *verbs = run ? "run" : "install get";
  if (!lint_is(c, "go") || !lint_has_arg(c, verbs))
    return programs;
  g_autoptr(GPtrArray) words = lint_operands(c, NULL);
  for (guint k = 0; k < words->len && (!run || k < 2); k++)
    if (!lint_one_of(((OakumShellWord *)words->pdata[k])->text, verbs))
      g_ptr_array_add(programs, words->pdata[k]);
  return programs;
}

static void peer_check_go(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  gboolean any = FALSE;
  /* it looks at the others only where no "go run" names a program */
  for (int run = 1; run >= 0 && !any; run--)
    for (guint i = 0; i < list->len; i++) {
      const LintCommand *c = lint_command(list, i);
      g_autoptr(GPtrArray) programs = peer_go_programs(c, run);
      any |= programs->len > 0;
      for (guint k = 0; k < programs->len; k++) {
        const OakumShellWord *word = programs->pdata[k];
        if (!go_pinned(word->text))
          lint_tell(lint, LINT_GO_PIN, step, lint_word_span(c, word), "%s", word->text);
      }
    }
}

void check_go_pin(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint) {
    peer_check_go(lint, step);
    return;
  }
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_does(lint, c, "go", "install get run"))
      continue;
    g_autoptr(GPtrArray) words = lint_operands(c, "ldflags tags o p mod modfile gcflags asmflags");
    gboolean run = words->len > 0 && strcmp(((OakumShellWord *)words->pdata[0])->text, "run") == 0;
    for (guint k = 0; k < words->len; k++) {
      const OakumShellWord *word = words->pdata[k];
      if (run && k > 1)
        break; /* arguments of the program */
      if (lint_one_of(word->text, "install get run") || go_pinned(word->text) || !word->literal ||
          !*word->text || (!strchr(word->text, '@') && !strchr(word->text, '.')) ||
          g_str_has_suffix(word->text, ".go"))
        continue;
      lint_tell(lint, LINT_GO_PIN, step, lint_word_span(c, word), "%s", word->text);
    }
  }
}
