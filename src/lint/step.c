#include "lint/lint-private.h"
#include <string.h>

LintWord *lint_word_add(GPtrArray *list, char *name, char *value)
{
  LintWord *word = g_new0(LintWord, 1);
  word->name = name;
  word->value = value;
  g_ptr_array_add(list, word);
  return word;
}

void lint_word_free(LintWord *word)
{
  g_free(word->name);
  g_free(word->value);
  g_free(word->raw);
  g_free(word);
}

LintStep *lint_step_new(StepKind kind)
{
  LintStep *step = g_new0(LintStep, 1);
  step->kind = kind;
  step->stage = -1;
  step->flags = g_ptr_array_new_with_free_func((GDestroyNotify)lint_word_free);
  step->words = g_ptr_array_new_with_free_func((GDestroyNotify)lint_word_free);
  return step;
}

void lint_step_free(LintStep *step)
{
  while (step) { /* ONBUILD holds one more */
    LintStep *inner = step->inner;
    char **strings[] = {&step->keyword_text, &step->text,  &step->image,
                        &step->registry,     &step->name,  &step->tag,
                        &step->digest,       &step->alias, &step->platform};
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
      g_free(*strings[i]);
    g_ptr_array_unref(step->flags);
    g_ptr_array_unref(step->words);
    g_clear_pointer(&step->commands, g_array_unref);
    g_clear_pointer(&step->scripts, g_ptr_array_unref);
    g_clear_pointer(&step->likenesses, g_array_unref);
    g_free(step);
    step = inner;
  }
}

void lint_step_forget(LintStep *step)
{
  for (; step; step = step->inner) {
    g_clear_pointer(&step->commands, g_array_unref);
    g_clear_pointer(&step->scripts, g_ptr_array_unref);
    step->broken = FALSE;
    memset(step->silent, 0, sizeof step->silent);
  }
}

const LintWord *lint_flag(const LintStep *step, const char *name)
{
  for (guint i = 0; i < step->flags->len; i++) {
    const LintWord *flag = step->flags->pdata[i];
    if (strcmp(flag->name, name) == 0)
      return flag;
  }
  return NULL;
}

LintStep *lint_inner(LintStep *step)
{
  while (step->inner)
    step = step->inner;
  return step;
}

LintStep *lint_step(const OakumLint *lint, guint index)
{
  return lint->steps->pdata[index];
}

LintStage *lint_stage(const OakumLint *lint, int index)
{
  return lint->stages->pdata[index];
}

LintStage lint_head(const OakumLint *lint)
{
  return (LintStage){.end = lint->stages->len > 0 ? lint_stage(lint, 0)->first : lint->steps->len,
                     .parent = -1};
}

/* As names of stages are compared: hadolint by their bytes, all others in any case. New. */
static char *alias_key(const OakumLint *lint, const char *name)
{
  return lint->hadolint ? g_strdup(name) : g_ascii_strdown(name, -1);
}

static void add_alias(OakumLint *lint, const char *alias, int stage)
{
  g_autofree char *key = alias_key(lint, alias);
  GArray *list = g_hash_table_lookup(lint->aliases, key);
  if (!list) {
    list = g_array_new(FALSE, FALSE, sizeof(int));
    g_hash_table_insert(lint->aliases, g_steal_pointer(&key), list);
  }
  g_array_append_val(list, stage);
}

int lint_find_alias(const OakumLint *lint, const char *name, int before)
{
  if (g_hash_table_size(lint->aliases) == 0)
    return -1;
  g_autofree char *key = alias_key(lint, name);
  const GArray *list = g_hash_table_lookup(lint->aliases, key);
  guint low = 0, high = list ? list->len : 0; /* [0, low) come before */
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (g_array_index(list, int, middle) < before)
      low = middle + 1;
    else
      high = middle;
  }
  return low > 0 ? g_array_index(list, int, low - 1) : -1;
}

int lint_find_stage(const OakumLint *lint, const char *name, int before)
{
  int found = lint_find_alias(lint, name, before);
  if (found >= 0)
    return found;
  uint64_t number;
  if (!lint->hadolint && oakum_parse_u64(name, strlen(name), G_MAXINT, &number) &&
      (int)number < before)
    return (int)number;
  return -1;
}

static void note_source(OakumLint *lint, const char *name, int before)
{
  int index = name ? lint_find_stage(lint, name, before) : -1;
  uint64_t number;
  if (index < 0 && name && oakum_parse_u64(name, strlen(name), G_MAXINT, &number) &&
      (int)number < before)
    index = (int)number;
  if (index >= 0)
    lint_stage(lint, index)->copied = TRUE;
}

void lint_stages(OakumLint *lint)
{
  lint->stages = g_ptr_array_new_with_free_func(g_free);
  lint->aliases = oakum_str_map_new(g_free, (GDestroyNotify)g_array_unref);
  for (guint i = 0; i < lint->steps->len; i++) {
    LintStep *step = lint_step(lint, i);
    step->index = i;
    if (step->kind == STEP_FROM) {
      LintStage *stage = g_new0(LintStage, 1);
      stage->from = step;
      stage->first = i;
      stage->parent = step->image ? lint_find_stage(lint, step->image, (int)lint->stages->len) : -1;
      if (stage->parent >= 0)
        lint_stage(lint, stage->parent)->base = TRUE;
      g_ptr_array_add(lint->stages, stage);
      if (step->alias)
        add_alias(lint, step->alias, (int)lint->stages->len - 1);
    }
    int index = (int)lint->stages->len - 1;
    LintStage *here = index >= 0 ? lint_stage(lint, index) : NULL;
    if (here && step == here->from && here->parent >= 0)
      here->shell = lint_stage(lint, here->parent)->shell,
      here->workdir = lint_stage(lint, here->parent)->workdir;
    const LintStep *shell = here ? here->shell : NULL;
    gboolean workdir = here && here->workdir;
    if (step->shell != shell || step->workdir != workdir)
      lint_step_forget(step);
    for (LintStep *s = step; s; s = s->inner) {
      s->stage = index;
      s->index = i;
      s->shell = shell;
      s->workdir = workdir;
    }
    if (here && step->kind == STEP_SHELL)
      here->shell = step;
    if (here && step->kind == STEP_WORKDIR)
      here->workdir = TRUE;
    if (index >= 0)
      lint_stage(lint, index)->end = i + 1;
    const LintStep *inner = lint_inner(step);
    if (inner->kind == STEP_COPY && lint_flag(inner, "from"))
      note_source(lint, lint_flag(inner, "from")->value, index);
    for (guint k = 0; k < inner->flags->len; k++) {
      const LintWord *flag = inner->flags->pdata[k];
      if (strcmp(flag->name, "mount-from") == 0)
        note_source(lint, flag->value, index);
    }
  }
}

gboolean lint_one_of(const char *word, const char *list)
{
  /* asked for each word of each script, by many rules: the list is what is walked, and the word
   * looked at only as far as it is like an entry */
  for (const char *at = list; *word && *at;) {
    const char *c = word;
    while (*c && *c != ' ' && *c == *at)
      c++, at++;
    if (*c == '\0' && (*at == ' ' || *at == '\0') && c > word)
      return TRUE;
    while (*at && *at != ' ')
      at++;
    at += *at == ' ';
  }
  return FALSE;
}

gboolean lint_has_suffix_of(const char *word, const char *list)
{
  size_t len = strlen(word);
  for (const char *at = list; *at;) {
    size_t n = strcspn(at, " ");
    if (n > 0 && len >= n && memcmp(word + len - n, at, n) == 0)
      return TRUE;
    at += n;
    at += strspn(at, " ");
  }
  return FALSE;
}

char *lint_unquote(const char *text)
{
  size_t n = strlen(text);
  if (n >= 2 && (*text == '"' || *text == '\'') && text[n - 1] == *text)
    return g_strndup(text + 1, n - 2);
  return g_strdup(text);
}
