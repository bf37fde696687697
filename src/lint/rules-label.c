/* Labels and the label schema. */
#include "license/license.h"
#include "lint/check-private.h"
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
    gboolean bad = n == 0 || !g_ascii_islower(key[0]) ||
                   !(g_ascii_islower(key[n - 1]) || g_ascii_isdigit(key[n - 1])) ||
                   strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789._/-") != n ||
                   strstr(key, "..") || strstr(key, "--");
    for (guint k = 0; k < G_N_ELEMENTS(reserved); k++)
      bad |= g_str_has_prefix(key, reserved[k]);
    if (bad)
      lint_tell(lint, LINT_LABEL_KEY, step, word->name_span, "%s", key);
  }
}

static gboolean has_label(const OakumLint *lint, const LintStage *stage, const char *name)
{
  for (guint i = stage->first; i < stage->end; i++) {
    const LintStep *label = lint_step(lint, i);
    for (guint k = 0; label->kind == STEP_LABEL && k < label->words->len; k++)
      if (g_strcmp0(((LintWord *)label->words->pdata[k])->name, name) == 0)
        return TRUE;
  }
  return FALSE;
}

/* Stages that hadolint asks for no label: those that have it, that are made from one that passes
 * (by its alias), that share the alias of one that has it, or whose alias is what such a one
 * without an alias is made from, and sources of COPY --from. New. */
static gboolean *peer_labelled(const OakumLint *lint, const char *name)
{
  guint n = lint->stages->len;
  gboolean *good = g_new0(gboolean, n + 1);
  g_autofree gboolean *silent = g_new0(gboolean, n + 1);
  for (guint s = 0; s < n; s++) {
    const LintStage *stage = lint_stage(lint, (int)s);
    gboolean has = has_label(lint, stage, name);
    const char *key = stage->from->alias ? stage->from->alias : stage->from->name;
    good[s] = has;
    for (guint k = 0; k < s; k++) {
      const char *alias = lint_stage(lint, (int)k)->from->alias;
      good[s] |= good[k] && alias && strcmp(alias, stage->from->name) == 0;
      silent[k] |= has && alias && strcmp(alias, key) == 0; /* but what is made from it is asked */
    }
    for (guint i = stage->first; i < stage->end; i++) {
      const LintStep *copy = lint_step(lint, i);
      const LintWord *source = copy->kind == STEP_COPY ? lint_flag(copy, "from") : NULL;
      for (guint k = 0; source && source->value && k <= s; k++)
        silent[k] |= g_strcmp0(lint_stage(lint, (int)k)->from->alias, source->value) == 0;
    }
  }
  for (guint s = 0; s < n; s++)
    good[s] |= silent[s];
  return good;
}

/* A label of the schema that a stage lacks. hadolint asks it of each stage that does not only feed
 * others; we ask it of the image, the last stage with those that it is made from. */
void check_label_missing(OakumLint *lint, LintStep *step)
{
  const OakumLintOptions *options = lint->options;
  guint n = lint->stages->len;
  for (guint l = 0; l < options->labels_count && n > 0; l++) {
    const char *name = options->labels[l].name;
    if (lint->hadolint) {
      g_autofree gboolean *good = peer_labelled(lint, name);
      for (guint s = 0; s < n; s++)
        if (!good[s])
          lint_tell(lint, LINT_LABEL_MISSING, lint_stage(lint, (int)s)->from, (LintSpan){0, 0},
                    "%s", name);
      continue;
    }
    gboolean found = FALSE;
    for (int s = (int)n - 1; s >= 0 && !found; s = lint_stage(lint, s)->parent)
      found = has_label(lint, lint_stage(lint, s), name);
    step = lint_stage(lint, (int)n - 1)->from;
    if (!found)
      lint_tell(lint, LINT_LABEL_MISSING, step, step->keyword, "%s", name);
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

/* ---- values
 * ---------------------------------------------------------------------------------------- */
static gboolean uri_part(const char *text, size_t len, const char *more)
{
  for (size_t i = 0; i < len; i++) {
    if (text[i] == '%'
            ? !(i + 2 < len && g_ascii_isxdigit(text[i + 1]) && g_ascii_isxdigit(text[i + 2]))
            : !g_ascii_isalnum(text[i]) && !strchr("-._~!$&'()*+,;=", text[i]) &&
                  !strchr(more, text[i]))
      return FALSE;
  }
  return TRUE;
}

/* RFC 3986: scheme ":" ["//" authority] path ["?" query] ["#" fragment]. */
static gboolean is_uri(const char *text)
{
  g_autofree char *scheme = g_uri_parse_scheme(text);
  if (!scheme)
    return FALSE;
  const char *at = text + strlen(scheme) + 1;
  if (g_str_has_prefix(at, "//")) {
    at += 2;
    size_t len = strcspn(at, "/?#");
    const char *user = memchr(at, '@', len);
    if (user) {
      if (!uri_part(at, (size_t)(user - at), ":"))
        return FALSE;
      len -= (size_t)(user + 1 - at);
      at = user + 1;
    }
    size_t host = strcspn(at, ":/?#");
    if (*at == '[') {
      host = strspn(at + 1, "0123456789abcdefABCDEFv.:") + 1;
      if (at[host++] != ']')
        return FALSE;
    } else if (!uri_part(at, host, "")) {
      return FALSE;
    }
    if (host < len && (at[host] != ':' || strspn(at + host + 1, "0123456789") != len - host - 1))
      return FALSE;
    at += len;
  }
  size_t path = strcspn(at, "?#");
  if (!uri_part(at, path, ":@/"))
    return FALSE;
  at += path;
  if (*at == '?') {
    size_t query = strcspn(++at, "#");
    if (!uri_part(at, query, ":@/?"))
      return FALSE;
    at += query;
  }
  return *at != '#' || uri_part(at + 1, strlen(at + 1), ":@/?");
}

static gboolean is_hash(const char *text)
{
  size_t n = strlen(text);
  return (n == 7 || n == 40) && strspn(text, "0123456789abcdef") == n;
}

static gboolean semver_ids(const char *text, size_t len, gboolean numbers_strict, gboolean lax)
{
  if (lax && len == 0)
    return TRUE;
  g_autofree char *part = g_strndup(text, len);
  g_auto(GStrv) ids = g_strsplit(part, ".", -1);
  if (!ids[0])
    return FALSE;
  for (guint i = 0; ids[i]; i++) {
    size_t n = strlen(ids[i]);
    if (n == 0 ||
        strspn(ids[i], "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") != n)
      return FALSE;
    if (numbers_strict && !lax && n > 1 && ids[i][0] == '0' && strspn(ids[i], "0123456789") == n)
      return FALSE;
  }
  return TRUE;
}

/* semver.org 2.0; hadolint takes leading zeros and an empty suffix, too. */
static gboolean semver(const char *text, gboolean lax)
{
  const char *at = text;
  for (int i = 0; i < 3; i++) {
    size_t n = strspn(at, "0123456789");
    if (n == 0 || (n > 1 && *at == '0' && !lax))
      return FALSE;
    at += n;
    if (i < 2 && *at++ != '.')
      return FALSE;
  }
  if (*at == '-') {
    size_t n = strcspn(at + 1, "+");
    if (!semver_ids(at + 1, n, TRUE, lax))
      return FALSE;
    at += 1 + n;
  }
  if (*at == '+')
    return semver_ids(at + 1, strlen(at + 1), FALSE, lax);
  return *at == '\0';
}

static gboolean is_semver(const char *text)
{
  return semver(text, FALSE);
}
static gboolean is_lax_semver(const char *text)
{
  return semver(text, TRUE);
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
               [OAKUM_LINT_LABEL_SPDX] = {LINT_LABEL_SPDX, oakum_license_is_id},
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
    gboolean (*valid)(const char *) = types[label->type].valid;
    if (valid == is_semver && lint->hadolint)
      valid = is_lax_semver;
    if (valid && !valid(value))
      lint_tell(lint, types[label->type].rule, step, word->value_span, "%s=%s", word->name, value);
  }
}
