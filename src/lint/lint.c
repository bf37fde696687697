#include "lint/lint.h"
#include <string.h>

typedef enum { RULE_ADD, RULE_APT_LISTS, RULE_TAG, RULE_ROOT, RULE_SECRET } Rule;

static const OakumLintRule rules[] = {
    [RULE_ADD] =
        {"add-instead-of-copy", "DL3020", NULL, "DS-0005 CKV_DOCKER_4", OAKUM_LINT_INFO,
         OAKUM_LINT_ERROR_LEVEL, "correctness", OAKUM_LINT_FIX_SAFE,
         "ADD is used for a plain file or folder",
         "ADD also unpacks archives and downloads, so a file may come out as something else",
         "use COPY, which never unpacks or downloads by surprise", "FROM a:1\nADD app /app\n",
         "FROM a:1\nCOPY app /app\n"},
    [RULE_APT_LISTS] = {"apt-lists-left", "DL3009", NULL, "DKL-DI-0005", OAKUM_LINT_INFO,
                        OAKUM_LINT_INFO, "size", OAKUM_LINT_FIX_NONE,
                        "package lists of apt stay in the layer",
                        "they are dead weight of some 20 MB",
                        "end the same RUN with: rm -rf /var/lib/apt/lists/*", "FROM debian:12\n",
                        "FROM debian:12\n"},
    [RULE_TAG] = {"base-image-tag", "DL3006", NULL, "DS-0001 CKV_DOCKER_7", OAKUM_LINT_WARNING,
                  OAKUM_LINT_WARNING, "reproducibility", OAKUM_LINT_FIX_NONE,
                  "the base image has no fixed version",
                  "the build of tomorrow starts from another image",
                  "name a tag other than latest, or a digest, so that the build of tomorrow starts "
                  "from the same image",
                  "FROM debian\n", "FROM debian:12\n"},
    [RULE_ROOT] = {"run-as-root", "DL3002", NULL, "DS-0002 CKV_DOCKER_3", OAKUM_LINT_ERROR_LEVEL,
                   OAKUM_LINT_WARNING, "security", OAKUM_LINT_FIX_NONE,
                   "the container runs as root", "whoever breaks in owns the container",
                   "end the last stage with USER and an account that is not root", "FROM a:1\n",
                   "FROM a:1\nUSER 1000\n"},
    [RULE_SECRET] = {"secret-in-variable", "DL3064", "SecretsUsedInArgOrEnv", NULL,
                     OAKUM_LINT_ERROR_LEVEL, OAKUM_LINT_WARNING, "security", OAKUM_LINT_FIX_NONE,
                     "a secret stands in ARG or ENV, and so in the image's history",
                     "everyone who can pull it can read it",
                     "hand it to the one step that needs it, as a secret mount, or at run time",
                     "FROM a:1\nENV TOKEN=x\n", "FROM a:1\n"},
};

const OakumLintRule *oakum_lint_rules(size_t *count)
{
  *count = G_N_ELEMENTS(rules);
  return rules;
}

typedef struct {
  const OakumDockerfile *dockerfile;
  const OakumLintOptions *options;
  GPtrArray *findings;
} Lint;

/* "# oakum ignore=a,b" on the line above the instruction. */
static gboolean is_ignored(const Lint *lint, const char *id, int line)
{
  for (guint i = 0; i < lint->dockerfile->comments->len; i++) {
    const OakumWord *comment = lint->dockerfile->comments->pdata[i];
    if (comment->range.line != line - 1)
      continue;
    g_autofree char *text = g_strdup(comment->value);
    const char *at = g_strstrip(text);
    if (!g_str_has_prefix(at, "oakum ignore="))
      continue;
    g_auto(GStrv) ids = g_strsplit_set(at + strlen("oakum ignore="), ", \t", -1);
    if (g_strv_contains((const char *const *)ids, id))
      return TRUE;
  }
  return FALSE;
}

static size_t offset_of(const OakumDockerfile *dockerfile, int line, int column)
{
  const char *at = dockerfile->source;
  for (; line > 1; line--)
    at = strchr(at, '\n') + 1;
  return (size_t)(at - dockerfile->source) + (size_t)column - 1;
}

static void tell(Lint *lint, Rule rule, const OakumRange *range, int instruction_line,
                 const char *detail)
{
  const OakumLintRule *row = &rules[rule];
  OakumLintLevel level = row->level;
  if (lint->options->levels) {
    gpointer value;
    if (g_hash_table_lookup_extended(lint->options->levels, row->hadolint, NULL, &value) ||
        g_hash_table_lookup_extended(lint->options->levels, row->name, NULL, &value))
      level = (OakumLintLevel)GPOINTER_TO_INT(value);
  }
  gboolean wanted = !lint->options->only;
  for (const char *const *id = lint->options->only; id && *id; id++)
    wanted |= oakum_lint_rule_find(*id) == row;
  if (level == OAKUM_LINT_OFF || !wanted)
    return;
  if (is_ignored(lint, row->name, instruction_line))
    return;
  OakumFinding *f = oakum_finding_new(OAKUM_FINDING_LINT, row->name, oakum_lint_severity_of(level));
  f->title = detail ? g_strdup_printf("%s: %s", row->title, detail) : g_strdup(row->title);
  f->fix = g_strdup(row->help);
  f->file = g_strdup(lint->dockerfile->file);
  f->line = range->line;
  f->column = range->column;
  f->end_line = range->end_line;
  f->end_column = range->end_column;
  f->category = row->category;
  f->aliases = oakum_lint_rule_aliases(row);
  f->code = lint->options->compat == OAKUM_LINT_COMPAT_HADOLINT ? g_strdup(row->hadolint) : NULL;
  f->start = offset_of(lint->dockerfile, range->line, range->column);
  f->end = offset_of(lint->dockerfile, range->end_line, range->end_column);
  g_ptr_array_add(lint->findings, f);
}

/* ---- the rules
 * ----------------------------------------------------------------------------------------- */
static void check_from(Lint *lint, const OakumInstruction *in, int stage)
{
  const OakumWord *base = in->words->pdata[0];
  const char *text = base->value, *slash = strrchr(text, '/'),
             *colon = strrchr(slash ? slash : text, ':');
  /* what a variable holds is not known here, and other stages and scratch have no tag */
  if (strchr(text, '$') || strchr(text, '@') || strcmp(text, "scratch") == 0 ||
      oakum_dockerfile_find_stage(lint->dockerfile, text, stage) >= 0)
    return;
  if (!colon || strcmp(colon, ":latest") == 0)
    tell(lint, RULE_TAG, &base->range, in->range.line, text);
}

/* The user that a stage ends with; NULL: none is named in it or in the stages it is made from. */
static const OakumInstruction *last_user(const OakumDockerfile *dockerfile, int index)
{
  while (index >= 0) {
    const OakumStage *stage = dockerfile->stages->pdata[index];
    for (guint i = stage->end; i > stage->first; i--) {
      const OakumInstruction *in = dockerfile->instructions->pdata[i - 1];
      if (in->kind == OAKUM_INSTRUCTION_USER)
        return in;
    }
    index = oakum_dockerfile_find_stage(dockerfile, stage->base->value, index);
  }
  return NULL;
}

static void check_user(Lint *lint)
{
  const OakumDockerfile *dockerfile = lint->dockerfile;
  int last = (int)dockerfile->stages->len - 1;
  const OakumStage *stage = dockerfile->stages->pdata[last];
  const OakumInstruction *user = last_user(dockerfile, last);
  if (!user) {
    const OakumInstruction *from = dockerfile->instructions->pdata[stage->first];
    tell(lint, RULE_ROOT, &from->range, from->range.line, "the last stage has no USER");
    return;
  }
  const OakumWord *word = user->words->pdata[0];
  g_auto(GStrv) parts = g_strsplit(word->value, ":", 2);
  const char *name = parts[0] ? parts[0] : "";
  gboolean zero = *name && strspn(name, "0") == strlen(name);
  if (zero || strcmp(name, "root") == 0)
    tell(lint, RULE_ROOT, &word->range, user->range.line, word->value);
}

/* One command of a shell text that is `program` with the word `verb`, not as part of another word.
 */
static gboolean has_command(const char *text, const char *program, const char *verb)
{
  for (const char *at = text; (at = strstr(at, program)) != NULL; at++) {
    size_t n = strlen(program), stop = strcspn(at, ";|&\n");
    gboolean starts = at == text || strchr(" \t;&|(/", at[-1]),
             ends = at[n] == ' ' || at[n] == '\t';
    g_autofree char *command = g_strndup(at, stop);
    g_auto(GStrv) words = g_strsplit_set(command, " \t", -1);
    if (starts && ends && g_strv_contains((const char *const *)words, verb))
      return TRUE;
  }
  return FALSE;
}

static void check_run(Lint *lint, const OakumInstruction *in)
{
  gboolean installs =
      has_command(in->text, "apt-get", "install") || has_command(in->text, "apt-get", "update") ||
      has_command(in->text, "apt", "install") || has_command(in->text, "apt", "update");
  gboolean cleans = strstr(in->text, "/var/lib/apt/lists") &&
                    (strstr(in->text, "rm -") || strstr(in->text, "rm /"));
  if (installs && !cleans)
    tell(lint, RULE_APT_LISTS, &in->range, in->range.line, NULL);
}

static void check_add(Lint *lint, const OakumInstruction *in)
{
  static const char *const archives[] = {".tar",    ".tar.gz", ".tgz",     ".tar.bz2", ".tbz2",
                                         ".tar.xz", ".txz",    ".tar.zst", ".tzst"};
  for (guint i = 0; i + 1 < in->words->len; i++) {
    const OakumWord *source = in->words->pdata[i];
    gboolean fine = strchr(source->value, '$') || strstr(source->value, "://") ||
                    g_str_has_prefix(source->value, "git@");
    for (size_t j = 0; j < G_N_ELEMENTS(archives) && !fine; j++)
      fine = g_str_has_suffix(source->value, archives[j]);
    if (!fine) {
      tell(lint, RULE_ADD, &source->range, in->range.line, source->value);
      OakumFinding *f = lint->findings->len ? lint->findings->pdata[lint->findings->len - 1] : NULL;
      if (f && strcmp(f->id, "add-instead-of-copy") == 0 && !f->edits) {
        size_t at = offset_of(lint->dockerfile, in->range.line, in->range.column);
        f->edits = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_edit_free);
        f->edits_safe = TRUE;
        g_ptr_array_add(f->edits, oakum_edit_new(at, at + 3, "COPY"));
      }
      return;
    }
  }
}

static gboolean names_secret(const char *name)
{
  static const char *const words[] = {"PASSWORD",   "PASSWD",     "PASSPHRASE", "SECRET",
                                      "TOKEN",      "APIKEY",     "API_KEY",    "PRIVATE_KEY",
                                      "ACCESS_KEY", "CREDENTIALS"};
  /* where a secret lies, or what it is called, is none */
  static const char *const harmless[] = {"_FILE", "_PATH",   "_DIR", "_NAME",   "_ID",
                                         "_URL",  "_LENGTH", "_TTL", "_EXPIRY", "_TYPE"};
  g_autofree char *upper = g_ascii_strup(name, -1);
  for (size_t i = 0; i < G_N_ELEMENTS(harmless); i++)
    if (g_str_has_suffix(upper, harmless[i]) && strcmp(upper, "AWS_ACCESS_KEY_ID") != 0)
      return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (strstr(upper, words[i]))
      return TRUE;
  return FALSE;
}

static void check_variables(Lint *lint, const OakumInstruction *in)
{
  for (guint i = 0; i < in->words->len; i++) {
    const OakumWord *word = in->words->pdata[i];
    gboolean empty = word->value && (!*word->value || strcmp(word->value, "\"\"") == 0 ||
                                     strcmp(word->value, "''") == 0);
    if (names_secret(word->name) && !empty)
      tell(lint, RULE_SECRET, &word->range, in->range.line, word->name);
  }
}

GPtrArray *oakum_lint_run(const OakumDockerfile *dockerfile, const OakumLintOptions *options)
{
  Lint lint = {dockerfile, options,
               g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free)};
  for (guint i = 0; i < dockerfile->instructions->len; i++) {
    const OakumInstruction *in = dockerfile->instructions->pdata[i];
    switch (in->kind) {
    case OAKUM_INSTRUCTION_FROM:
      check_from(&lint, in, in->stage);
      break;
    case OAKUM_INSTRUCTION_RUN:
      check_run(&lint, in);
      break;
    case OAKUM_INSTRUCTION_ADD:
      check_add(&lint, in);
      break;
    case OAKUM_INSTRUCTION_ARG:
    case OAKUM_INSTRUCTION_ENV:
      check_variables(&lint, in);
      break;
    default:
      break;
    }
  }
  check_user(&lint);
  g_ptr_array_sort(lint.findings, oakum_finding_compare);
  return lint.findings;
}

const char *oakum_lint_level_name(OakumLintLevel level)
{
  static const char *const names[] = {"off", "style", "info", "warning", "error"};
  return names[level];
}
gboolean oakum_lint_level_parse(const char *text, OakumLintLevel *out)
{
  for (int i = 0; i <= OAKUM_LINT_ERROR_LEVEL; i++)
    if (g_ascii_strcasecmp(text, oakum_lint_level_name((OakumLintLevel)i)) == 0) {
      *out = (OakumLintLevel)i;
      return TRUE;
    }
  return FALSE;
}
OakumLintLevel oakum_lint_level_of(OakumSeverity severity)
{
  return severity >= OAKUM_SEVERITY_HIGH     ? OAKUM_LINT_ERROR_LEVEL
         : severity == OAKUM_SEVERITY_MEDIUM ? OAKUM_LINT_WARNING
         : severity == OAKUM_SEVERITY_LOW    ? OAKUM_LINT_INFO
                                             : OAKUM_LINT_STYLE;
}
OakumSeverity oakum_lint_severity_of(OakumLintLevel level)
{
  static const OakumSeverity map[] = {OAKUM_SEVERITY_UNKNOWN, OAKUM_SEVERITY_NEGLIGIBLE,
                                      OAKUM_SEVERITY_LOW, OAKUM_SEVERITY_MEDIUM,
                                      OAKUM_SEVERITY_HIGH};
  return map[level];
}
const char *oakum_lint_fix_kind_name(OakumLintFixKind kind)
{
  static const char *const names[] = {"none", "safe", "unsafe"};
  return names[kind];
}
char **oakum_lint_rule_aliases(const OakumLintRule *rule)
{
  g_autoptr(GString) text = g_string_new(NULL);
  const char *const parts[] = {rule->hadolint, rule->docker, rule->others};
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    if (parts[i])
      g_string_append_printf(text, "%s%s", text->len ? " " : "", parts[i]);
  return g_strsplit(text->str, " ", -1);
}
const OakumLintRule *oakum_lint_rule_find(const char *id)
{
  for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
    g_auto(GStrv) aliases = oakum_lint_rule_aliases(&rules[i]);
    if (g_ascii_strcasecmp(rules[i].name, id) == 0)
      return &rules[i];
    for (char **alias = aliases; *alias; alias++)
      if (g_ascii_strcasecmp(*alias, id) == 0)
        return &rules[i];
  }
  return NULL;
}
char *oakum_lint_rule_url(const char *id)
{
  return g_strdup_printf("https://oakum.example/lint/%s", id);
}
gboolean oakum_lint_label_type_parse(const char *text, OakumLintLabelType *out)
{
  static const char *const names[] = {"text", "url", "semver", "hash", "rfc3339", "spdx", "email"};
  for (int i = 0; i < (int)G_N_ELEMENTS(names); i++)
    if (strcmp(names[i], text) == 0 || (!*text && !i)) {
      *out = (OakumLintLabelType)i;
      return TRUE;
    }
  return FALSE;
}
struct OakumLint {
  const OakumDockerfile *dockerfile;
  const OakumLintOptions *options;
  GPtrArray *scripts, *findings;
};
static void script_free(gpointer p)
{
  g_free(((OakumLintScript *)p)->text);
  g_free(p);
}
OakumLint *oakum_lint_new(const OakumDockerfile *dockerfile, const OakumLintOptions *options)
{
  OakumLint *lint = g_new0(OakumLint, 1);
  lint->dockerfile = dockerfile;
  lint->options = options;
  lint->scripts = g_ptr_array_new_with_free_func(script_free);
  lint->findings = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  for (guint i = 0; i < dockerfile->instructions->len; i++) {
    const OakumInstruction *in = dockerfile->instructions->pdata[i];
    if (in->kind != OAKUM_INSTRUCTION_RUN || in->exec_form)
      continue;
    OakumLintScript *script = g_new0(OakumLintScript, 1);
    script->text = g_strdup_printf("#!/bin/sh -c\n%s", in->text);
    script->len = strlen(script->text);
    g_ptr_array_add(lint->scripts, script);
  }
  return lint;
}
const GPtrArray *oakum_lint_scripts(OakumLint *lint)
{
  return lint->scripts;
}
void oakum_lint_comment(OakumLint *lint, const OakumLintComment *comment)
{
  guint n = 0;
  for (guint i = 0; i < lint->dockerfile->instructions->len; i++) {
    const OakumInstruction *in = lint->dockerfile->instructions->pdata[i];
    if (in->kind != OAKUM_INSTRUCTION_RUN || in->exec_form || n++ != comment->script)
      continue;
    g_autofree char *id = g_strdup_printf("SC%d", comment->code);
    OakumLintLevel level = OAKUM_LINT_INFO;
    (void)!oakum_lint_level_parse(comment->level, &level);
    OakumFinding *f = oakum_finding_new(OAKUM_FINDING_LINT, id, oakum_lint_severity_of(level));
    f->title = g_strdup(comment->message);
    f->file = g_strdup(lint->dockerfile->file);
    f->line = f->end_line = in->range.line + comment->line - 2;
    f->column = comment->column + 4;
    f->end_column = comment->end_column + 4;
    f->start = offset_of(lint->dockerfile, f->line, f->column);
    f->end = offset_of(lint->dockerfile, f->end_line, f->end_column);
    f->category = "shell";
    g_ptr_array_add(lint->findings, f);
  }
}
const char *oakum_lint_shellcheck_excluded(const OakumLintOptions *options)
{
  return "SC2187,SC1090,SC1091,SC1008";
}
GPtrArray *oakum_lint_finish(OakumLint *lint)
{
  g_autoptr(GPtrArray) own = oakum_lint_run(lint->dockerfile, lint->options);
  g_ptr_array_extend_and_steal(lint->findings, g_steal_pointer(&own));
  g_ptr_array_sort(lint->findings, oakum_finding_compare);
  return g_steal_pointer(&lint->findings);
}
void oakum_lint_free(OakumLint *lint)
{
  if (!lint)
    return;
  g_ptr_array_unref(lint->scripts);
  if (lint->findings)
    g_ptr_array_unref(lint->findings);
  g_free(lint);
}
gboolean oakum_lint_docker_error(const OakumDockerfile *dockerfile, const OakumLintOptions *options)
{
  return FALSE;
}
char *oakum_lint_apply(const char *data, size_t len, const GPtrArray *findings, gboolean unsafe,
                       size_t *out_len, guint *applied)
{
  GString *out = g_string_new(NULL);
  size_t at = 0;
  *applied = 0;
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    for (guint j = 0; f->edits && j < f->edits->len; j++) {
      const OakumEdit *e = f->edits->pdata[j];
      g_string_append_len(out, data + at, (gssize)(e->start - at));
      g_string_append(out, e->text);
      at = e->end;
    }
    *applied += f->edits != NULL;
  }
  g_string_append_len(out, data + at, (gssize)(len - at));
  *out_len = out->len;
  return g_string_free(out, FALSE);
}
char *oakum_lint_fix(const char *data, size_t len, const char *file,
                     const OakumLintOptions *options, gboolean unsafe, size_t *out_len,
                     guint *applied, GError **error)
{
  g_autoptr(OakumDockerfile) dockerfile = oakum_dockerfile_parse(data, len, file, error);
  if (!dockerfile)
    return NULL;
  g_autoptr(GPtrArray) findings = oakum_lint_run(dockerfile, options);
  return oakum_lint_apply(data, len, findings, unsafe, out_len, applied);
}
