/* apk, yum, dnf, zypper. */
#include "lint/check-private.h"
#include <string.h>

/* ---- apk
 * ---------------------------------------------------------------------------------------------- */
void check_apk_pin(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_does(lint, c, "apk", "add"))
      continue;
    g_autoptr(GPtrArray) words = lint_operands(c, "t virtual repository X");
    for (guint k = 0; k < words->len; k++) {
      const OakumShellWord *word = words->pdata[k];
      if (strcmp(word->text, "add") == 0 || strpbrk(word->text, "=~><") ||
          g_str_has_suffix(word->text, ".apk"))
        continue;
      if (!lint->hadolint &&
          (!*word->text || !word->literal || *word->text == '!' || *word->text == '.'))
        continue; /* a conflict, a group of its own, or a list in a variable */
      lint_tell(lint, LINT_APK_PIN, step, lint_word_span(c, word), "%s", word->text);
    }
  }
}

void check_apk_cache(OakumLint *lint, LintStep *step)
{
  if (lint_mounts(step, "/var/cache/apk") ||
      (!lint->hadolint && lint_mounts(step, "/etc/apk/cache")))
    return;
  const GArray *list = lint_commands(lint, step);
  gboolean removed = FALSE;
  for (guint i = 0; !lint->hadolint && i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    for (guint k = 1; lint_is(c, "rm") && k < c->shell->n_words; k++)
      removed |= g_str_has_prefix(c->shell->words[k].text, "/var/cache/apk");
  }
  for (guint i = 0; i < list->len && !removed; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_does(lint, c, "apk", "add") || lint_has_flag(c, "no-cache"))
      continue;
    OakumFinding *finding = lint_tell(lint, LINT_APK_CACHE, step, lint_command_span(c), NULL);
    lint_add_flag(lint, finding, c, "add", " --no-cache", TRUE);
  }
}

/* ---- yum, dnf
 * ------------------------------------------------------------------------------------------- */
static void check_yes(OakumLint *lint, LintStep *step, LintRuleId rule, const char *tools)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_does(lint, c, tools, "install groupinstall localinstall") ||
        lint_has_flag(c, "y assumeyes"))
      continue;
    OakumFinding *finding = lint_tell(lint, rule, step, lint_command_span(c), "%s", c->name);
    lint_add_flag(lint, finding, c, "install groupinstall localinstall", " -y", TRUE);
  }
}

void check_yum_yes(OakumLint *lint, LintStep *step)
{
  check_yes(lint, step, LINT_YUM_YES, "yum");
}
void check_dnf_yes(OakumLint *lint, LintStep *step)
{
  check_yes(lint, step, LINT_DNF_YES, "dnf microdnf");
}

/* Our reading: `tool clean all`, or rm -r of the folder. */
static gboolean cleans(const LintCommand *c, const char *tools, const char *folder)
{
  if (lint_is(c, tools))
    return lint_has_arg(c, "clean") && lint_has_arg(c, "all");
  return lint_removes(c, folder);
}

/* What of a script matters to a package cache, command by command. */
typedef struct {
  const LintCommand *install; /* the last one */
  gboolean cleaned;           /* behind it; for hadolint: at all */
  gboolean early;             /* not behind the first install */
} CacheUse;

static void note_cache(const OakumLint *lint, CacheUse *use, const LintCommand *c,
                       gboolean installs, gboolean cleaned)
{
  /* hadolint compares the first of each, and one command may be both */
  if (cleaned && (lint->hadolint || !installs)) {
    use->early |= !use->install;
    use->cleaned = TRUE;
  }
  if (installs) {
    use->cleaned &= lint->hadolint;
    use->install = c;
  }
}

static gboolean cache_stays(const OakumLint *lint, const CacheUse *use)
{
  return use->install && !(use->cleaned && !(use->early && lint->hadolint));
}

void check_yum_clean(OakumLint *lint, LintStep *step)
{
  if (lint_mounts(step, "/var/cache/yum") && !lint->hadolint)
    return;
  const GArray *list = lint_commands(lint, step);
  CacheUse use = {0};
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    note_cache(lint, &use, c,
               lint_does(lint, c, "yum",
                         lint->hadolint
                             ? "install"
                             : "install update upgrade groupinstall localinstall reinstall"),
               lint->hadolint ? (lint_is(c, "yum") && lint_has_arg(c, "clean all")) ||
                                    (lint_is(c, "rm") && lint_has_arg(c, "-rf /var/cache/yum/*"))
                              : cleans(c, "yum", "/var/cache/yum"));
  }
  if (!cache_stays(lint, &use) || (!lint->hadolint && !lint_stage_stays(lint, step)))
    return;
  OakumFinding *finding =
      lint_tell(lint, LINT_YUM_CLEAN, step, lint_command_span(use.install), NULL);
  lint_append_command(lint, finding, step, "yum clean all");
}

#define DNF_VERBS "install in upgrade up upgrade-minimal up-min reinstall rei"
void check_dnf_clean(OakumLint *lint, LintStep *step)
{
  if (lint_mounts(step, "/var/cache/libdnf5") || lint_mounts(step, ".cache/libdnf5") ||
      (!lint->hadolint && lint_mounts(step, "/var/cache/dnf")))
    return;
  const GArray *list = lint_commands(lint, step);
  static const char *const tools[] = {"dnf", "microdnf"};
  for (guint t = 0; t < G_N_ELEMENTS(tools); t++) {
    CacheUse use = {0};
    for (guint i = 0; i < list->len; i++) {
      const LintCommand *c = lint_command(list, i);
      note_cache(lint, &use, c, lint_does(lint, c, tools[t], DNF_VERBS),
                 lint->hadolint
                     ? (lint_is(c, tools[t]) && lint_has_arg(c, "clean all")) ||
                           (lint_is(c, "rm") && lint_has_arg(c, "-rf /var/cache/libdnf5*"))
                     : cleans(c, tools[t], "/var/cache/dnf") ||
                           cleans(c, tools[t], "/var/cache/libdnf5") ||
                           cleans(c, tools[t], "/var/cache/yum"));
    }
    if (!cache_stays(lint, &use) || (!lint->hadolint && !lint_stage_stays(lint, step)))
      continue;
    g_autofree char *command = g_strconcat(tools[t], " clean all", NULL);
    OakumFinding *finding =
        lint_tell(lint, LINT_DNF_CLEAN, step, lint_command_span(use.install), "%s", tools[t]);
    lint_append_command(lint, finding, step, command);
  }
}

/* The stage is this one or made from it. */
static gboolean is_made_from(const OakumLint *lint, int stage, int base)
{
  for (guint guard = 0; stage > base && stage >= 0 && guard < lint->stages->len; guard++)
    stage = lint_stage(lint, stage)->parent;
  return stage == base;
}

/* ENV of the stage and of those it is made from, and every ARG before give versions. */
static gboolean knows_variable(const OakumLint *lint, const LintStep *step, const char *name)
{
  for (guint i = 0; i < step->index && lint_spend(lint); i++) {
    LintStep *outer = lint_step(lint, i);
    const LintStep *other = lint->hadolint ? outer : lint_inner(outer);
    if (other->kind != STEP_ARG &&
        !(other->kind == STEP_ENV && (other->stage >= 0 || step->stage < 0) &&
          is_made_from(lint, step->stage, other->stage)))
      continue;
    for (guint k = 0; k < other->words->len; k++)
      if (g_strcmp0(((LintWord *)other->words->pdata[k])->name, name) == 0)
        return TRUE;
  }
  return FALSE;
}

/* name-1.2.3: what stands behind the first dash is a version: parts of its characters, one of which
 * begins with a digit; or a variable of this file gives it. */
static gboolean rpm_pinned(const OakumLint *lint, const LintStep *step, const char *package)
{
  const char *dash = strchr(package, '-');
  if (!dash)
    return FALSE;
  if (g_str_has_suffix(package, ".rpm"))
    return TRUE;
  for (const char *at = package; (at = strstr(at, "${")) != NULL; at += 2) {
    g_autofree char *name = g_strndup(at + 2, strcspn(at + 2, "}"));
    if (knows_variable(lint, step, name))
      return TRUE;
  }
  g_auto(GStrv) parts = g_strsplit(dash + 1, "-", -1);
  gboolean digit = FALSE;
  for (guint i = 0; parts[i]; i++) {
    size_t n = strlen(parts[i]);
    if (strspn(parts[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.~^_:+") !=
        n)
      return FALSE;
    digit |= g_ascii_isdigit(parts[i][0]);
  }
  return digit;
}

static void check_rpm_pin(OakumLint *lint, LintStep *step, LintRuleId rule, const char *tools)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    gboolean module = lint_is(c, tools) && lint_has_arg(c, "module") && lint_has_arg(c, "install");
    if (!module && !lint_does(lint, c, tools, "install"))
      continue;
    if (rule == LINT_DNF_PIN && !module && lint_has_arg(c, "group"))
      continue;
    g_autoptr(GPtrArray) words = lint_operands(c, NULL);
    for (guint k = 0; k < words->len; k++) {
      const OakumShellWord *word = words->pdata[k];
      if (lint_one_of(word->text, "install module"))
        continue;
      if (module ? strchr(word->text, ':') != NULL : rpm_pinned(lint, step, word->text))
        continue;
      if (!lint->hadolint && (!*word->text || !word->literal || strchr(word->text, '/') ||
                              *word->text == '@' || g_str_has_suffix(word->text, ".rpm")))
        continue;
      lint_tell(lint, rule, step, lint_word_span(c, word), "%s", word->text);
    }
  }
}

void check_yum_pin(OakumLint *lint, LintStep *step)
{
  check_rpm_pin(lint, step, LINT_YUM_PIN, "yum");
}
void check_dnf_pin(OakumLint *lint, LintStep *step)
{
  check_rpm_pin(lint, step, LINT_DNF_PIN, "dnf microdnf");
}

/* ---- zypper
 * ---------------------------------------------------------------------------------------------- */
#define ZYPPER_ASKING "install in remove rm source-install si patch"
void check_zypper_yes(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_does(lint, c, "zypper", ZYPPER_ASKING) ||
        lint_has_flag(c, "n non-interactive y no-confirm"))
      continue;
    OakumFinding *finding = lint_tell(lint, LINT_ZYPPER_YES, step, lint_command_span(c), NULL);
    if (finding && !lint->hadolint && c->shell->exact && !c->script->exec)
      lint_edit(finding, lint_word_span(c, &c->shell->words[0]).end,
                lint_word_span(c, &c->shell->words[0]).end, " --non-interactive", TRUE);
  }
}

void check_zypper_dup(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (lint_does(lint, c, "zypper", "dist-upgrade dup"))
      lint_tell(lint, LINT_ZYPPER_DUP, step, lint_command_span(c), NULL);
  }
}

void check_zypper_clean(OakumLint *lint, LintStep *step)
{
  if (lint_mounts(step, "/var/cache/zypp") || (!lint->hadolint && !lint_stage_stays(lint, step)))
    return;
  const GArray *list = lint_commands(lint, step);
  CacheUse use = {0};
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    note_cache(lint, &use, c, lint_does(lint, c, "zypper", "install in"),
               lint_does(lint, c, "zypper", "clean cc") ||
                   (!lint->hadolint && cleans(c, "zypper", "/var/cache/zypp")));
  }
  if (!cache_stays(lint, &use))
    return;
  OakumFinding *finding =
      lint_tell(lint, LINT_ZYPPER_CLEAN, step, lint_command_span(use.install), NULL);
  lint_append_command(lint, finding, step, "zypper clean --all");
}

void check_zypper_pin(OakumLint *lint, LintStep *step)
{
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    if (!lint_does(lint, c, "zypper", "install in"))
      continue;
    g_autoptr(GPtrArray) words = lint_operands(c, lint->hadolint ? NULL : "t type r repo from");
    for (guint k = 0; k < words->len; k++) {
      const OakumShellWord *word = words->pdata[k];
      if (lint_one_of(word->text, "install in") || strpbrk(word->text, "=<>") ||
          g_str_has_suffix(word->text, ".rpm"))
        continue;
      if (!lint->hadolint && (!*word->text || !word->literal))
        continue;
      lint_tell(lint, LINT_ZYPPER_PIN, step, lint_word_span(c, word), "%s", word->text);
    }
  }
}
