#include "lint/lint.h"
#include <string.h>

typedef enum { RULE_TAG, RULE_ROOT, RULE_APT_LISTS, RULE_ADD, RULE_SECRET } Rule;

static const OakumLintRule rules[] = {
    [RULE_TAG] = {"base-image-tag", OAKUM_SEVERITY_MEDIUM, "the base image has no fixed version",
                  "name a tag other than latest, or a digest, so that the build of tomorrow starts "
                  "from the same image"},
    [RULE_ROOT] = {"run-as-root", OAKUM_SEVERITY_HIGH, "the container runs as root",
                   "end the last stage with USER and an account that is not root"},
    [RULE_APT_LISTS] = {"apt-lists-left", OAKUM_SEVERITY_LOW,
                        "package lists of apt stay in the layer",
                        "end the same RUN with: rm -rf /var/lib/apt/lists/*"},
    [RULE_ADD] = {"add-instead-of-copy", OAKUM_SEVERITY_LOW,
                  "ADD is used for a plain file or folder",
                  "use COPY, which never unpacks or downloads by surprise"},
    [RULE_SECRET] = {"secret-in-variable", OAKUM_SEVERITY_CRITICAL,
                     "a secret stands in ARG or ENV, and so in the image's history",
                     "hand it to the one step that needs it, as a secret mount, or at run time"},
};

const OakumLintRule *oakum_lint_rules(size_t *count)
{
  *count = G_N_ELEMENTS(rules);
  return rules;
}

typedef struct {
  const OakumDockerfile *dockerfile;
  GPtrArray *findings;
} Lint;

/* "# oakum ignore=a,b" on the line above the instruction. */
static gboolean is_ignored(const Lint *lint, const char *id, int line)
{
  for (guint i = 0; i < lint->dockerfile->comments->len; i++) {
    const OakumComment *comment = lint->dockerfile->comments->pdata[i];
    if (comment->range.line != line - 1)
      continue;
    g_autofree char *text = g_strdup(comment->text);
    const char *at = g_strstrip(text);
    if (!g_str_has_prefix(at, "oakum ignore="))
      continue;
    g_auto(GStrv) ids = g_strsplit_set(at + strlen("oakum ignore="), ", \t", -1);
    if (g_strv_contains((const char *const *)ids, id))
      return TRUE;
  }
  return FALSE;
}

static void tell(Lint *lint, Rule rule, const OakumRange *range, int instruction_line,
                 const char *detail)
{
  const OakumLintRule *row = &rules[rule];
  if (is_ignored(lint, row->id, instruction_line))
    return;
  OakumFinding *f = oakum_finding_new(OAKUM_FINDING_LINT, row->id, row->severity);
  f->title = detail ? g_strdup_printf("%s: %s", row->title, detail) : g_strdup(row->title);
  f->fix = g_strdup(row->help);
  f->file = g_strdup(lint->dockerfile->file);
  f->line = range->line;
  f->column = range->column;
  f->end_line = range->end_line;
  f->end_column = range->end_column;
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

GPtrArray *oakum_lint_run(const OakumDockerfile *dockerfile)
{
  Lint lint = {dockerfile, g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free)};
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
