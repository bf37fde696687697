/* Labels and the label schema. */
#include "lint/check-private.h"
#include "lint/spdx.inc"
#include <string.h>

void check_label_key(OakumLint *lint, LintStep *step)
{
  static const char *const reserved[] = {"com.docker.", "io.docker.", "org.dockerproject."};
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    const char *key = word->name ? word->name : "";
    if (!lint->hadolint && strchr(key, '$'))
      continue;
    size_t n = strlen(key);
    gboolean bad = n == 0 || !g_ascii_islower(key[0]) || !(g_ascii_islower(key[n - 1]) || g_ascii_isdigit(key[n - 1])) ||
                   strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789._/-") != n || strstr(key, "..") || strstr(key, "--");
    for (guint k = 0; k < G_N_ELEMENTS(reserved); k++)
      bad |= g_str_has_prefix(key, reserved[k]);
    if (bad)
      lint_tell(lint, LINT_LABEL_KEY, step, word->name_span, "%s", key);
  }
}

/* A label of the schema that a stage lacks. Stages that only feed others need none. */
void check_label_missing(OakumLint *lint, LintStep *step)
{
  const OakumLintOptions *options = lint->options;
  guint n = lint->stages->len;
  for (guint l = 0; l < options->labels_count; l++) {
    const char *name = options->labels[l].name;
    g_autofree gboolean *has = g_new0(gboolean, n + 1);
    for (guint s = 0; s < n; s++) {
      const LintStage *stage = lint_stage(lint, (int)s);
      for (guint i = stage->first; i < stage->end; i++) {
        const LintStep *label = lint_step(lint, i);
        for (guint k = 0; label->kind == STEP_LABEL && k < label->words->len; k++)
          has[s] |= g_strcmp0(((LintWord *)label->words->pdata[k])->name, name) == 0;
      }
      if (stage->parent >= 0)
        has[s] |= has[stage->parent];
    }
    for (guint s = n; s-- > 0;)
      if (has[s] && lint_stage(lint, (int)s)->parent >= 0)
        has[lint_stage(lint, (int)s)->parent] = TRUE;
    for (guint s = 0; s < n; s++) {
      const LintStage *stage = lint_stage(lint, (int)s);
      if (has[s] || stage->copied || (!lint->hadolint && s + 1 < n))
        continue;
      step = stage->from;
      lint_tell(lint, LINT_LABEL_MISSING, step, step->keyword, "%s", name);
    }
  }
}

static const OakumLintLabel *schema_of(const OakumLint *lint, const char *name)
{
  for (guint i = 0; i < lint->options->labels_count; i++)
    if (g_strcmp0(lint->options->labels[i].name, name) == 0)
      return &lint->options->labels[i];
  return NULL;
}

void check_label_unknown(OakumLint *lint, LintStep *step)
{
  for (guint i = 0; lint->options->strict_labels && i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    if (!schema_of(lint, word->name))
      lint_tell(lint, LINT_LABEL_UNKNOWN, step, word->name_span, "%s", word->name);
  }
}

/* ---- values ---------------------------------------------------------------------------------------- */
/* RFC 3986: a scheme, ":", and only characters that a URI may hold. */
static gboolean is_uri(const char *text)
{
  if (!g_ascii_isalpha(*text))
    return FALSE;
  size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
  if (text[n] != ':')
    return FALSE;
  for (const char *at = text + n + 1; *at; at++) {
    if (*at == '%' && !(g_ascii_isxdigit(at[1]) && g_ascii_isxdigit(at[2])))
      return FALSE;
    if (!g_ascii_isalnum(*at) && !strchr("-._~:/?#[]@!$&'()*+,;=%", *at))
      return FALSE;
  }
  return TRUE;
}

static gboolean is_hash(const char *text)
{
  size_t n = strlen(text);
  return (n == 7 || n == 40) && strspn(text, "0123456789abcdef") == n;
}

static gboolean semver_ids(const char *text, size_t len, gboolean numbers_strict)
{
  g_autofree char *part = g_strndup(text, len);
  g_auto(GStrv) ids = g_strsplit(part, ".", -1);
  if (!ids[0])
    return FALSE;
  for (guint i = 0; ids[i]; i++) {
    size_t n = strlen(ids[i]);
    if (n == 0 || strspn(ids[i], "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") != n)
      return FALSE;
    if (numbers_strict && n > 1 && ids[i][0] == '0' && strspn(ids[i], "0123456789") == n)
      return FALSE;
  }
  return TRUE;
}

/* semver.org 2.0 */
static gboolean is_semver(const char *text)
{
  const char *at = text;
  for (int i = 0; i < 3; i++) {
    size_t n = strspn(at, "0123456789");
    if (n == 0 || (n > 1 && *at == '0'))
      return FALSE;
    at += n;
    if (i < 2 && *at++ != '.')
      return FALSE;
  }
  if (*at == '-') {
    size_t n = strcspn(at + 1, "+");
    if (!semver_ids(at + 1, n, TRUE))
      return FALSE;
    at += 1 + n;
  }
  if (*at == '+')
    return semver_ids(at + 1, strlen(at + 1), FALSE);
  return *at == '\0';
}

static gboolean is_time(const char *text)
{
  int64_t seconds;
  return oakum_time_parse(text, &seconds);
}

static gboolean is_email(const char *text)
{
  const char *at = strrchr(text, '@');
  if (!at || at == text || !at[1] || strlen(text) > 320)
    return FALSE;
  size_t local = (size_t)(at - text);
  if (text[0] == '.' || at[-1] == '.' || strstr(text, ".."))
    return FALSE;
  for (size_t i = 0; i < local; i++)
    if (!g_ascii_isalnum(text[i]) && !strchr("!#$%&'*+/=?^_`{|}~.-", text[i]))
      return FALSE;
  g_auto(GStrv) parts = g_strsplit(at + 1, ".", -1);
  for (guint i = 0; parts[i]; i++) {
    size_t n = strlen(parts[i]);
    if (n == 0 || parts[i][0] == '-' || parts[i][n - 1] == '-' ||
        strspn(parts[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != n)
      return FALSE;
  }
  return TRUE;
}

static gboolean is_spdx(const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS(spdx_ids); i++)
    if (strcmp(spdx_ids[i], text) == 0)
      return TRUE;
  return FALSE;
}

void check_label_values(OakumLint *lint, LintStep *step)
{
  static const struct {
    LintRuleId rule;
    gboolean (*valid)(const char *);
  } types[] = {[OAKUM_LINT_LABEL_TEXT] = {LINT_LABEL_EMPTY, NULL},
               [OAKUM_LINT_LABEL_URL] = {LINT_LABEL_URL, is_uri},
               [OAKUM_LINT_LABEL_SEMVER] = {LINT_LABEL_SEMVER, is_semver},
               [OAKUM_LINT_LABEL_HASH] = {LINT_LABEL_HASH, is_hash},
               [OAKUM_LINT_LABEL_RFC3339] = {LINT_LABEL_TIME, is_time},
               [OAKUM_LINT_LABEL_SPDX] = {LINT_LABEL_SPDX, is_spdx},
               [OAKUM_LINT_LABEL_EMAIL] = {LINT_LABEL_EMAIL, is_email}};
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    const OakumLintLabel *label = schema_of(lint, word->name);
    if (!label)
      continue;
    const char *value = word->value ? word->value : "";
    if (!*value)
      lint_tell(lint, LINT_LABEL_EMPTY, step, word->span, "%s", word->name);
    if (!lint->hadolint && (!*value || strchr(value, '$')))
      continue; /* empty is told; what a variable holds is not known */
    if (types[label->type].valid && !types[label->type].valid(value))
      lint_tell(lint, types[label->type].rule, step, word->value_span, "%s=%s", word->name, value);
  }
}
