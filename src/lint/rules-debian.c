/* apt, dpkg, and what all package managers share. */
#include "lint/check-private.h"
#include <string.h>

/* A mount of type cache or tmpfs whose target passes. */
static gboolean has_mount(const LintStep *step,
                          gboolean (*passes)(const char *target, const char *what),
                          const char *what)
{
  for (guint i = 0; i < step->flags->len; i++) {
    const LintWord *flag = step->flags->pdata[i];
    if (strcmp(flag->name, "mount") == 0 && flag->value &&
        lint_one_of(flag->value, "cache tmpfs") && flag->raw && passes(flag->raw, what))
      return TRUE;
  }
  return FALSE;
}
static gboolean same_folder(const char *target, const char *what)
{
  size_t n = strlen(target);
  while (n > 1 && target[n - 1] == '/')
    n--;
  return strlen(what) == n && strncmp(target, what, n) == 0;
}
static gboolean contains(const char *target, const char *what)
{
  return strstr(target, what) != NULL;
}
gboolean lint_mounts(const LintStep *step, const char *part)
{
  return has_mount(step, contains, part);
}

/* The last stage, or one that others are made from: only their layers stay. */
/* For hadolint: a FROM that reads as the last one does, or whose alias any FROM names. */
static gboolean peer_stage_stays(const OakumLint *lint, const LintStep *from)
{
  const LintStep *last = lint_stage(lint, (int)lint->stages->len - 1)->from;
  if (g_strcmp0(from->image, last->image) == 0 && g_strcmp0(from->alias, last->alias) == 0 &&
      g_strcmp0(from->platform, last->platform) == 0)
    return TRUE;
  for (guint s = 0; from->alias && s < lint->stages->len && lint_spend(lint); s++)
    if (g_strcmp0(lint_stage(lint, (int)s)->from->name, from->alias) == 0)
      return TRUE;
  return FALSE;
}

gboolean lint_stage_stays(const OakumLint *lint, const LintStep *step)
{
  if (lint->hadolint) {
    /* what stands before the first FROM counts as made from scratch */
    const LintStep head = {.image = (char *)"scratch"};
    return step->outer || lint->stages->len == 0 ||
           peer_stage_stays(lint, step->stage >= 0 ? lint_stage(lint, step->stage)->from : &head);
  }
  return step->stage < 0 || step->stage == (int)lint->stages->len - 1 ||
         lint_stage(lint, step->stage)->base;
}

/* A place right behind the last command of the script, for " && what"; 0: none that is safe. */
size_t lint_script_end(const OakumLint *lint, LintStep *step)
{
  if (!step->tree || step->heredoc || step->exec || step->outer || !step->scripts ||
      step->scripts->len != 1 || step->broken)
    return 0;
  const LintScript *script = step->scripts->pdata[0];
  const OakumShellNode *root = script->shell->root;
  if (root->n_children != 1 || (root->joins && root->joins[0] != OAKUM_SHELL_JOIN_NONE &&
                                root->joins[0] != OAKUM_SHELL_JOIN_NEWLINE))
    return 0; /* "a; b": what comes behind would run although a failed */
  const OakumShellNode *only = root->children[0];
  if (only->kind == OAKUM_SHELL_NODE_AND_OR) {
    for (guint i = 0; i + 1 < only->n_children; i++)
      if (only->joins[i] == OAKUM_SHELL_JOIN_OR)
        return 0;
  } else if (only->kind != OAKUM_SHELL_NODE_SIMPLE && only->kind != OAKUM_SHELL_NODE_PIPELINE) {
    return 0;
  }
  guint last = only->span.end > 0 ? only->span.end - 1 : 0;
  size_t at = oakum_instruction_locate(step->tree, last) + 1;
  return at <= lint->dockerfile->len ? at : 0;
}

/* " && what" behind the script, on a line of its own where the RUN has several. */
void lint_append_command(OakumLint *lint, OakumFinding *finding, LintStep *step, const char *what)
{
  size_t at = finding && !lint->hadolint ? lint_script_end(lint, step) : 0;
  if (at == 0)
    return;
  const char *source = lint->dockerfile->source;
  gboolean several = memchr(source + step->span.start, '\n', at - step->span.start) != NULL;
  g_autofree char *text = NULL;
  if (several) {
    /* as far in as the line that it follows */
    size_t line = at;
    while (line > step->span.start && source[line - 1] != '\n')
      line--;
    size_t indent = 0;
    while (source[line + indent] == ' ' || source[line + indent] == '\t')
      indent++;
    g_autofree char *blanks = g_strndup(source + line, indent);
    text = g_strdup_printf(" %c\n%s&& %s", lint->dockerfile->escape,
                           line > step->span.start ? blanks : "    ", what);
  } else {
    text = g_strdup_printf(" && %s", what);
  }
  lint_edit(finding, at, at, text, TRUE);
}

/* A flag right behind the word that the verb is. */
void lint_add_flag(OakumLint *lint, OakumFinding *finding, const LintCommand *c, const char *verbs,
                   const char *flag, gboolean safe)
{
  if (!finding || lint->hadolint || !c->shell->exact || c->script->exec)
    return;
  for (guint i = 1; i < c->shell->n_words; i++)
    if (lint_one_of(c->shell->words[i].text, verbs) && c->shell->words[i].exact) {
      size_t at = lint_word_span(c, &c->shell->words[i]).end;
      lint_edit(finding, at, at, flag, safe);
      return;
    }
}

/* ---- apt
 * ---------------------------------------------------------------------------------------------- */
#define APT_VALUED "t target-release"

void check_apt_pin(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_does(lint, c, lint->hadolint ? "apt-get" : "apt-get apt aptitude", "install"))
      continue;
    g_autoptr(GPtrArray) words =
        lint_operands(c, lint->hadolint ? APT_VALUED : APT_VALUED " o option c config-file");
    for (guint k = 0; k < words->len; k++) {
      const OakumShellWord *word = words->pdata[k];
      if (strcmp(word->text, "install") == 0 || strchr(word->text, '=') ||
          strchr(word->text, '/') || g_str_has_suffix(word->text, ".deb"))
        continue;
      if (!lint->hadolint && (!*word->text || !word->literal || *word->text == '-' ||
                              g_str_has_suffix(word->text, "-")))
        continue; /* a list in a variable, or a removal */
      lint_tell(lint, LINT_APT_PIN, step, lint_word_span(c, word), "%s", word->text);
    }
  }
}

static gboolean removes_lists(const OakumLint *lint, const LintCommand *c)
{
  if (lint->hadolint)
    return lint_is(c, "rm") && lint_has_arg(c, "-rf /var/lib/apt/lists/*");
  if (lint_is(c, "apt-get apt") && lint_has_arg(c, "dist-clean distclean"))
    return TRUE;
  if (!lint_is(c, "rm find"))
    return FALSE;
  for (guint i = 1; i < c->shell->n_words; i++)
    if (g_str_has_prefix(c->shell->words[i].text, "/var/lib/apt/list") ||
        lint_one_of(c->shell->words[i].text, "/var/lib/apt /var/lib/apt/ /var/lib/apt/*") ||
        strstr(c->shell->words[i].text, "/var/lib/apt/lists"))
      return TRUE;
  /* /var/lib/{apt,dpkg}/... is nothing in the text of a word */
  const char *raw = c->script->text;
  return raw && c->shell->exact &&
         g_strstr_len(raw + c->shell->span.start,
                      (gssize)(c->shell->span.end - c->shell->span.start), "apt/lists") != NULL;
}

void check_apt_lists(OakumLint *lint, LintStep *step)
{
  if (!lint_stage_stays(lint, step))
    return;
  if (has_mount(step, same_folder, "/var/lib/apt/lists") ||
      (has_mount(step, same_folder, "/var/lib/apt") &&
       (!lint->hadolint || has_mount(step, same_folder, "/var/cache/apt"))))
    return;
  const GArray *list = lint_commands(lint, step);
  const LintCommand *update = NULL;
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (removes_lists(lint, c)) {
      if (lint->hadolint)
        return;
      update = NULL; /* what comes before is gone */
    }
    if (lint_does(lint, c, "apt apt-get aptitude", "update"))
      update = c;
  }
  if (!update)
    return;
  OakumFinding *finding = lint_tell(lint, LINT_APT_LISTS, step, lint_command_span(update), NULL);
  lint_append_command(lint, finding, step, "rm -rf /var/lib/apt/lists/*");
}

/* -y in one of its spellings. */
static gboolean says_yes(const OakumLint *lint, const LintCommand *c)
{
  guint quiet = oakum_shell_count_flag(c->shell, "q"),
        long_quiet = oakum_shell_count_flag(c->shell, "quiet");
  if (lint_has_flag(c, "y yes assume-yes") || lint_has_arg(c, "-q=2"))
    return TRUE;
  if (lint->hadolint) /* exactly two */
    return quiet == 2 || long_quiet == 2;
  if (quiet + long_quiet > 1 || lint_has_arg(c, "--quiet=2"))
    return TRUE;
  return !lint->hadolint && (lint_has_flag(c, "force-yes") || lint_has_flag(c, "download-only") ||
                             lint_has_flag(c, "s simulate dry-run"));
}

void check_apt_yes(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_does(
            lint, c, lint->hadolint ? "apt-get" : "apt-get apt aptitude",
            lint->hadolint
                ? "install"
                : "install upgrade dist-upgrade full-upgrade remove purge autoremove build-dep") ||
        says_yes(lint, c))
      continue;
    OakumFinding *finding = lint_tell(lint, LINT_APT_YES, step, lint_command_span(c), NULL);
    lint_add_flag(lint, finding, c,
                  "install upgrade dist-upgrade full-upgrade remove purge autoremove build-dep",
                  " -y", TRUE);
  }
}

void check_apt_recommends(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_does(lint, c, lint->hadolint ? "apt-get" : "apt-get apt", "install") ||
        lint_has_flag(c, "no-install-recommends") ||
        lint_has_arg(c, "APT::Install-Recommends=false"))
      continue;
    if (!lint->hadolint &&
        lint_has_arg(
            c,
            "APT::Install-Recommends=0 -oAPT::Install-Recommends=false APT::Install-Recommends=no"))
      continue;
    OakumFinding *finding = lint_tell(lint, LINT_APT_RECOMMENDS, step, lint_command_span(c), NULL);
    lint_add_flag(lint, finding, c, "install", " --no-install-recommends", FALSE);
  }
}

void check_apt_tool(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_is(c, "apt"))
      continue;
    OakumFinding *finding =
        lint_tell(lint, LINT_APT_TOOL, step, lint_word_span(c, &c->shell->words[0]), NULL);
    if (!finding || lint->hadolint || !c->shell->exact || c->script->exec ||
        strcmp(c->shell->words[0].text, "apt") != 0)
      continue;
    LintSpan word = lint_word_span(c, &c->shell->words[0]);
    if (word.end - word.start != 3)
      continue;
    if (lint_does(lint, c, "apt",
                  "install update upgrade remove purge autoremove clean autoclean download source "
                  "build-dep dist-upgrade"))
      lint_edit(finding, word.start, word.end, "apt-get", TRUE);
    else if (lint_does(lint, c, "apt", "search show policy depends rdepends madison"))
      lint_edit(finding, word.start, word.end, "apt-cache", TRUE);
  }
}

void check_dist_upgrade(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (lint_does(lint, c, "apt-get apt aptitude", "dist-upgrade full-upgrade"))
      lint_tell(lint, LINT_APT_DIST_UPGRADE, step, lint_command_span(c), NULL);
  }
}

/* ---- update and install
 * --------------------------------------------------------------------------------- */
void check_update_alone(OakumLint *lint, LintStep *step)
{
  static const struct {
    const char *tools, *update, *install;
  } managers[] = {
      {"apt-get apt aptitude", "update",
       "install upgrade dist-upgrade full-upgrade build-dep satisfy download source"},
      {"apk", "update", "add upgrade fix fetch"},
      {"yum dnf microdnf tdnf", "makecache",
       "install upgrade update groupinstall localinstall reinstall module builddep"},
      {"zypper", "refresh ref", "install in update up dup dist-upgrade patch source-install si"},
  };
  const GArray *list = lint_commands(lint, step);
  for (guint m = 0; m < G_N_ELEMENTS(managers); m++) {
    if (m == 0 && (has_mount(step, same_folder, "/var/lib/apt/lists") ||
                   has_mount(step, same_folder, "/var/lib/apt")))
      continue; /* the lists stay in the mount, for later steps */
    const LintCommand *update = NULL;
    gboolean installs = FALSE;
    for (guint i = 0; i < list->len; i++) {
      const LintCommand *c = lint_command(list, i);
      if (lint_does(lint, c, managers[m].tools, managers[m].update))
        update = c;
      else if (lint_does(lint, c, managers[m].tools, managers[m].install))
        installs = TRUE;
      /* a script, or a variable, may install */
      installs |= !*c->name && c->shell->n_words > 0;
      installs |= c->shell->n_words > 0 &&
                  (strchr(c->shell->words[0].text, '/') || g_str_has_suffix(c->name, ".sh")) &&
                  !g_str_has_prefix(c->shell->words[0].text, "/usr/bin/") &&
                  !g_str_has_prefix(c->shell->words[0].text, "/bin/");
    }
    if (update && !installs)
      lint_tell(lint, LINT_UPDATE_ALONE, step, lint_command_span(update), "%s", update->name);
  }
}

void check_install_alone(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint)
    return;
  for (guint s = 0; s < lint->steps->len; s++) {
    step = lint_step(lint, s);
    if (step->kind != STEP_RUN || has_mount(step, same_folder, "/var/lib/apt/lists") ||
        has_mount(step, same_folder, "/var/lib/apt"))
      continue;
    const GArray *list = lint_commands(lint, step);
    const LintCommand *install = NULL;
    for (guint i = 0; i < list->len; i++) {
      const LintCommand *c = lint_command(list, i);
      if (lint_does(lint, c, "apt-get apt aptitude", "update") || !*c->name)
        break;
      if (lint_does(lint, c, "apt-get apt", "install")) {
        g_autoptr(GPtrArray) words = lint_operands(c, APT_VALUED " o option c config-file");
        gboolean files = TRUE;
        for (guint k = 1; k < words->len; k++)
          files &= g_str_has_suffix(((OakumShellWord *)words->pdata[k])->text, ".deb") ||
                   strchr(((OakumShellWord *)words->pdata[k])->text, '/');
        if (!files) {
          install = c;
          break;
        }
      }
    }
    if (!install)
      continue;
    OakumFinding *finding =
        lint_tell(lint, LINT_INSTALL_ALONE, step, lint_command_span(install), NULL);
    if (finding && install->shell->exact && !install->shell->via && install->shell->depth == 0 &&
        !install->script->exec && install->shell->n_assignments == 0 &&
        install->shell->pipeline_length == 1)
      lint_edit(finding, lint_command_span(install).start, lint_command_span(install).start,
                "apt-get update && ", TRUE);
  }
}
