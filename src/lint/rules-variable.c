/* ARG and ENV. */
#include "lint/check-private.h"
#include <string.h>

/* ---- ENV that refers to itself -----------------------------------------------------------------
 */
/* hadolint: "$name" not followed by a name character, or "${name}". */
static gboolean peer_refers(const char *value, const char *name)
{
  size_t n = strlen(name);
  if (n == 0)
    return FALSE;
  for (const char *at = value; (at = strchr(at, '$')) != NULL; at++) {
    const char *text = at + 1;
    gboolean brace = *text == '{';
    text += brace;
    if (strncmp(text, name, n) != 0)
      continue;
    if (brace ? text[n] == '}' : !g_ascii_isalnum(text[n]) && text[n] != '_')
      return TRUE;
  }
  return FALSE;
}

static gboolean defined_before(const OakumLint *lint, const LintStep *step, const char *name)
{
  int index = step->stage;
  guint before = step->index;
  for (guint i = 0; lint->hadolint && i < before && lint_spend(lint); i++) { /* it never forgets */
    const LintStep *other = lint_step(lint, i);
    for (guint k = 0; (other->kind == STEP_ENV || other->kind == STEP_ARG) && k < other->words->len;
         k++)
      if (g_strcmp0(((LintWord *)other->words->pdata[k])->name, name) == 0)
        return TRUE;
  }
  if (lint->hadolint)
    return FALSE;
  do {
    guint first = index >= 0 ? lint_stage(lint, index)->first : 0;
    for (guint i = first; i < before && i < lint->steps->len && lint_spend(lint); i++) {
      const LintStep *other = lint_step(lint, i);
      if (other->kind != STEP_ENV && other->kind != STEP_ARG)
        continue;
      if (index >= 0 && other->stage != index)
        continue;
      for (guint k = 0; k < other->words->len; k++)
        if (g_strcmp0(((LintWord *)other->words->pdata[k])->name, name) == 0)
          return TRUE;
    }
    index = index >= 0 ? lint_stage(lint, index)->parent : -1;
    before = index >= 0 ? lint_stage(lint, index)->end : 0;
  } while (index >= 0);
  return FALSE;
}

/* One word sees none of the others of its ENV. Only names that a value uses are looked at, so that
 * an ENV of very many pairs costs no more than its text. */
static void check_pair(OakumLint *lint, LintStep *step, const LintWord *word, GHashTable *pairs)
{
  g_autoptr(GPtrArray) uses = oakum_dockerfile_variables(word->raw, lint->dockerfile->escape);
  for (guint u = 0; u < uses->len; u++) {
    const OakumVariableUse *use = uses->pdata[u];
    guint others = GPOINTER_TO_UINT(g_hash_table_lookup(pairs, use->name));
    if (others == 0 || g_strcmp0(word->name, use->name) == 0 ||
        defined_before(lint, step, use->name))
      continue;
    for (guint k = 0; k < others; k++) /* for each pair of that name */
      lint_tell(lint, LINT_ENV_SELF, step,
                (LintSpan){word->value_span.start + use->offset,
                           word->value_span.start + use->offset + use->len},
                "%s", use->name);
  }
}

void check_env_self(OakumLint *lint, LintStep *step)
{
  g_autoptr(GHashTable) pairs = oakum_str_map_new(NULL, NULL); /* name → how many pairs */
  for (guint k = 0; !lint->hadolint && k < step->words->len; k++) {
    LintWord *word = step->words->pdata[k];
    if (word->name)
      g_hash_table_insert(
          pairs, word->name,
          GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(pairs, word->name)) + 1));
  }
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    if (!word->value || !strchr(word->value, '$'))
      continue;
    if (!lint->hadolint) {
      check_pair(lint, step, word, pairs);
      continue;
    }
    for (guint k = 0; k < step->words->len && lint_spend(lint); k++) {
      const LintWord *other = step->words->pdata[k];
      if (i != k && other->name && peer_refers(word->value, other->name) &&
          !defined_before(lint, step, other->name))
        lint_tell(lint, LINT_ENV_SELF, step, word->span, "%s", other->name);
    }
  }
}

/* ---- variables that are not there
 * ---------------------------------------------------------------- */
static const char *similar_name(OakumLint *lint, const LintStep *step, const char *name)
{
  /* each goes over all names of the file: a long one gets fewer */
  if ((guint64)lint->told[LINT_UNDEFINED_VAR] * lint->dockerfile->len > 4 * OAKUM_DOCKERFILE_MAX)
    return NULL;
  g_autoptr(GPtrArray) all = oakum_scope_list(lint_scope(lint), step->tree->index);
  for (guint i = 0; i < all->len; i++)
    if (!lint_spend(lint))
      return NULL;
  g_autoptr(GPtrArray) known = g_ptr_array_new();
  for (guint i = 0; i < all->len; i++)
    g_ptr_array_add(known, ((OakumBinding *)all->pdata[i])->name);
  g_ptr_array_add(known, NULL);
  return oakum_dockerfile_suggest(name, (const char *const *)known->pdata, 3);
}

static void tell_undefined(OakumLint *lint, LintStep *step, const char *name, LintSpan span)
{
  /* a search through all names: for the first ones only */
  const char *similar =
      lint->findings->len < OAKUM_LINT_SUGGESTIONS_MAX ? similar_name(lint, step, name) : NULL;
  if (similar)
    lint_tell(lint, LINT_UNDEFINED_VAR, step, span, "$%s (did you mean $%s?)", name, similar);
  else
    lint_tell(lint, LINT_UNDEFINED_VAR, step, span, "$%s", name);
}

static gboolean is_undefined(OakumLint *lint, const LintStep *step, const OakumVariableUse *use)
{
  return !strchr(use->operator, '-') && !strchr(use->operator, '+') &&
         !strchr(use->operator, '?') &&
         oakum_scope_find(lint_scope(lint), step->tree->index, use->name) == NULL &&
         !lint_one_of(use->name, "PATH HOME"); /* the base image may bring these */
}

/* `quoted`: a string of an exec form, whose text begins behind the quote. */
static void check_word(OakumLint *lint, LintStep *step, const char *text, LintSpan span,
                       gboolean quoted)
{
  if (!text || !strchr(text, '$'))
    return;
  g_autoptr(GPtrArray) uses = oakum_dockerfile_variables(text, lint->dockerfile->escape);
  for (guint i = 0; i < uses->len; i++) {
    const OakumVariableUse *use = uses->pdata[i];
    if (!is_undefined(lint, step, use))
      continue;
    LintSpan part = {span.start + use->offset, span.start + use->offset + use->len};
    if (quoted && span.end - span.start == strlen(text) + 2)
      part = (LintSpan){part.start + 1, part.end + 1};
    else if (quoted && span.end - span.start != strlen(text)) /* escapes: the whole string */
      part = span;
    tell_undefined(lint, step, use->name, part);
  }
}

/* COPY <<EOF: variables are replaced in the body, unless its word is quoted. */
static void check_bodies(OakumLint *lint, LintStep *step)
{
  if ((step->kind != STEP_COPY && step->kind != STEP_ADD) || !step->tree || !step->tree->heredocs)
    return;
  for (guint h = 0; h < step->tree->heredocs->len; h++) {
    const OakumHeredoc *heredoc = step->tree->heredocs->pdata[h];
    if (!heredoc->expand || !heredoc->text || !strchr(heredoc->text, '$'))
      continue;
    g_autoptr(GPtrArray) uses = oakum_dockerfile_body_variables(heredoc->text);
    for (guint i = 0; i < uses->len; i++) {
      const OakumVariableUse *use = uses->pdata[i];
      if (!is_undefined(lint, step, use))
        continue;
      guint start = oakum_heredoc_locate(heredoc, use->offset),
            end = oakum_heredoc_locate(heredoc, use->offset + use->len - 1) + 1;
      tell_undefined(lint, step, use->name, (LintSpan){start, end});
    }
  }
}

void check_undefined(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint || step->stage < 0 || !lint_on(lint, LINT_UNDEFINED_VAR))
    return;
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    gboolean copy = step->kind == STEP_COPY || step->kind == STEP_ADD;
    if (step->exec && !copy)
      continue;
    check_word(lint, step, word->raw ? word->raw : word->value, word->value_span, step->exec);
  }
  check_bodies(lint, step);
  for (guint i = 0; i < step->flags->len; i++) {
    const LintWord *flag = step->flags->pdata[i];
    if (strcmp(flag->name, "from") != 0)
      check_word(lint, step, flag->raw ? flag->raw : flag->value, flag->value_span, FALSE);
  }
}

/* ---- secrets
 * ------------------------------------------------------------------------------------- */
static gboolean peer_secret(const char *name)
{
  static const char *const exact = "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN "
                                   "GITHUB_TOKEN DOCKER_USERNAME DOCKER_PASSWORD "
                                   "TRAVIS_SUDO";
  static const char *const parts[] = {"api_key", "client_key", "password", "private",
                                      "secret",  "token",      "username"};
  g_autofree char *upper = g_ascii_strup(name, -1), *lower = g_ascii_strdown(name, -1);
  if (lint_one_of(upper, exact))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
    if (strstr(lower, parts[i]))
      return TRUE;
  return FALSE;
}

/* Ours: the words of docker and trivy, less what only says where a secret lies or what it is
 * called. */
static gboolean our_secret(const char *name, const char *value)
{
  static const char *const harmless =
      "_FILE _PATH _DIR _NAME _ID _URL _URI _LENGTH _TTL _EXPIRY _TYPE _HOST _PORT "
      "_VERSION _SIZE _ENABLED _ALG _ALGORITHM _FINGERPRINT _HEADER _PUBLIC _SERVER";
  static const char *const known =
      "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN GITHUB_TOKEN GH_TOKEN "
      "NPM_TOKEN GITLAB_TOKEN CI_JOB_TOKEN DOCKER_AUTH_CONFIG PGPASSWORD MYSQL_PWD";
  g_autofree char *upper = g_ascii_strup(name, -1);
  if (value && (lint_one_of(value, "0 1 true false yes no on off") || g_str_has_prefix(value, "/")))
    return FALSE;
  if (lint_one_of(upper, known))
    return TRUE;
  if (lint_has_suffix_of(upper, harmless) || strstr(upper, "PUBLIC") || strstr(upper, "GPG_KEY"))
    return FALSE;
  static const char *const parts[] = {"PASSWORD",   "PASSWD",    "PASSPHRASE", "SECRET",
                                      "APIKEY",     "API_KEY",   "CLIENT_KEY", "PRIVATE_KEY",
                                      "ACCESS_KEY", "CREDENTIAL"};
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
    if (strstr(upper, parts[i]))
      return TRUE;
  g_auto(GStrv) words = g_strsplit(upper, "_", -1);
  for (guint i = 0; words[i]; i++)
    if (lint_one_of(words[i], "TOKEN PWORD PSW PWD"))
      return strcmp(upper, "PWD") != 0 && strcmp(upper, "OLDPWD") != 0;
  return FALSE;
}

void check_secret_variable(OakumLint *lint, LintStep *step)
{
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    if (!word->name)
      continue;
    gboolean secret = FALSE;
    if (lint->hadolint)
      secret = peer_secret(word->name);
    else
      secret = our_secret(word->name, word->value) && !(word->value && !*word->value);
    if (secret)
      lint_tell(lint, LINT_SECRET_VARIABLE, step, word->name_span, "%s", word->name);
  }
}

/* ---- left over
 * ----------------------------------------------------------------------------------- */
/* The bytes of a step, with its here-documents. */
static LintSpan whole_step(const LintStep *step)
{
  return step->tree ? (LintSpan){step->tree->range.offset, step->tree->range.end_offset}
                    : step->span;
}

/* Stages that FROM ties together share the variables: each by the first one of its chain. New. */
static guint *first_of_chain(const OakumLint *lint)
{
  guint *first = g_new0(guint, lint->stages->len + 1);
  for (guint i = 0; i < lint->stages->len; i++) {
    int parent = lint_stage(lint, (int)i)->parent;
    first[i] = parent >= 0 ? first[parent] : i;
  }
  return first;
}

/* Where a name stands last, in each chain of stages. */
typedef struct {
  guint n;
  GHashTable *names; /* name of an ARG → its number from 1 */
  GHashTable *last;  /* number and chain → offset behind the last use */
  guint8 likely[G_MAXUINT16 + 1];
} Uses;

/* Tells most words that are no name of an ARG before they are copied and hashed. */
static guint16 likeness(const char *name, size_t len)
{
  return (guint16)((guint)len * 40503u + (guchar)name[0] * 2654435761u +
                   (guchar)name[len - 1] * 9949u + (guchar)name[len / 2] * 31337u);
}

static size_t name_end(const char *source, size_t at, size_t end)
{
  while (at < end && (g_ascii_isalnum(source[at]) || source[at] == '_'))
    at++;
  return at;
}

/* What its words are like, in a list that the step keeps: it says of most steps that no ARG is
 * named there. */
static const GArray *likenesses(LintStep *step, const char *source)
{
  if (step->likenesses)
    return step->likenesses;
  LintSpan span = whole_step(step);
  step->likenesses = g_array_new(FALSE, FALSE, sizeof(guint16));
  for (size_t i = span.start, end; i < span.end; i = MAX(end, i + 1)) {
    end = name_end(source, i, span.end);
    if (end == i)
      continue;
    guint16 like = likeness(source + i, end - i);
    g_array_append_val(step->likenesses, like);
  }
  return step->likenesses;
}

static gboolean may_name(const Uses *uses, LintStep *step, const char *source)
{
  const GArray *list = likenesses(step, source);
  for (guint i = 0; i < list->len; i++)
    if (uses->likely[g_array_index(list, guint16, i)])
      return TRUE;
  return FALSE;
}

static guint hash_use(gconstpointer key)
{
  guint64 bits = GPOINTER_TO_SIZE(key) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
  return (guint)(bits >> 32);
}

static gpointer use_key(guint number, int chain)
{
  return GSIZE_TO_POINTER((gsize)(chain + 2) << 32 | number);
}

/* Where each name stands last in a chain of stages, as the offset behind it; in the chain -1 of
 * those before FROM, where it stands last in FROM or ARG. One pass over the file, whatever the
 * number of ARGs. */
static void find_uses(const OakumLint *lint, const guint *first, Uses *uses)
{
  const char *source = lint->dockerfile->source;
  g_autoptr(GString) name = g_string_new(NULL);
  for (guint j = 0; j < lint->steps->len; j++) {
    LintStep *step = lint_step(lint, j);
    LintSpan span = whole_step(step);
    int chain = step->stage < 0 ? -1 : (int)first[step->stage];
    for (size_t i = may_name(uses, step, source) ? span.start : span.end; i < span.end;) {
      size_t begin = i;
      i = name_end(source, i, span.end);
      if (i == begin) {
        i++;
        continue;
      }
      if (!uses->likely[likeness(source + begin, i - begin)])
        continue;
      g_string_truncate(name, 0);
      g_string_append_len(name, source + begin, (gssize)(i - begin));
      guint number = GPOINTER_TO_UINT(g_hash_table_lookup(uses->names, name->str));
      if (number == 0)
        continue;
      g_hash_table_replace(uses->last, use_key(number, chain), GSIZE_TO_POINTER(i));
      if (step->kind == STEP_FROM || step->kind == STEP_ARG)
        g_hash_table_replace(uses->last, use_key(number, -1), GSIZE_TO_POINTER(i));
    }
  }
}

/* Index behind the last RUN that calls a script or make, which may read any variable. */
static guint last_invocation(const OakumLint *lint)
{
  for (guint j = lint->steps->len; j > 0; j--) {
    const LintStep *step = lint_step(lint, j - 1);
    LintSpan span = whole_step(step);
    const char *text = lint->dockerfile->source + span.start;
    gssize n = (gssize)(span.end - span.start);
    if (step->kind == STEP_RUN && (g_strstr_len(text, n, ".sh") || g_strstr_len(text, n, "make")))
      return j;
  }
  return 0;
}

/* An ARG that no later line names. ARGs that programs read from the environment by themselves are
 * in use. */
void check_arg_unused(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint || !lint_on(lint, LINT_ARG_UNUSED))
    return;
  static const char *const read =
      "DEBIAN_FRONTEND SOURCE_DATE_EPOCH GOOS GOARCH CGO_ENABLED GOFLAGS GOPROXY GOPRIVATE "
      "NODE_ENV NPM_TOKEN PIP_INDEX_URL PIP_EXTRA_INDEX_URL CFLAGS CXXFLAGS LDFLAGS MAKEFLAGS "
      "CC CXX RUSTFLAGS CARGO_HOME LANG LC_ALL TZ HOME PATH";
  g_autoptr(GPtrArray) words = g_ptr_array_new(), steps = g_ptr_array_new();
  guint invoked = last_invocation(lint);
  g_autofree Uses *uses = g_new0(Uses, 1);
  g_autoptr(GHashTable) names = uses->names = oakum_str_map_new(NULL, NULL);
  for (guint i = invoked; i < lint->steps->len; i++) {
    step = lint_step(lint, i);
    for (guint k = 0; step->kind == STEP_ARG && k < step->words->len; k++) {
      LintWord *word = step->words->pdata[k];
      OakumOrigin origin;
      if (!word->name || !*word->name || lint_one_of(word->name, read) ||
          oakum_dockerfile_predefined(word->name, &origin))
        continue;
      g_ptr_array_add(words, word);
      g_ptr_array_add(steps, step);
      uses->likely[likeness(word->name, strlen(word->name))] = TRUE;
      if (!g_hash_table_contains(names, word->name))
        g_hash_table_insert(names, word->name, GUINT_TO_POINTER(++uses->n));
    }
  }
  if (words->len == 0)
    return;
  g_autofree guint *first = first_of_chain(lint);
  g_autoptr(GHashTable) last = uses->last = g_hash_table_new(hash_use, NULL);
  find_uses(lint, first, uses);
  for (guint i = 0; i < words->len; i++) {
    const LintWord *word = words->pdata[i];
    step = steps->pdata[i];
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(names, word->name));
    size_t end = GPOINTER_TO_SIZE(
        g_hash_table_lookup(last, use_key(number, step->stage < 0 ? -1 : (int)first[step->stage])));
    if (end <= MAX(word->span.end, word->name_span.end))
      lint_tell(lint, LINT_ARG_UNUSED, step, word->name_span, "%s", word->name);
  }
}

void check_env_build_only(OakumLint *lint, LintStep *step)
{
  static const char *const names =
      "DEBIAN_FRONTEND PIP_NO_CACHE_DIR PIP_DISABLE_PIP_VERSION_CHECK PIP_ROOT_USER_ACTION "
      "NPM_CONFIG_LOGLEVEL CGO_ENABLED GOFLAGS MAKEFLAGS CFLAGS CXXFLAGS "
      "APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE";
  if (lint->hadolint || step->stage != (int)lint->stages->len - 1)
    return; /* in an earlier stage it does no harm */
  for (guint i = 0; i < step->words->len; i++) {
    const LintWord *word = step->words->pdata[i];
    if (!word->name || !lint_one_of(word->name, names))
      continue;
    OakumFinding *finding =
        lint_tell(lint, LINT_ENV_BUILD_ONLY, step, word->name_span, "%s", word->name);
    if (step->words->len == 1 && step->tree && !step->tree->legacy)
      lint_edit(finding, step->keyword.start, step->keyword.end,
                step->keyword_text && g_ascii_islower(*step->keyword_text) ? "arg" : "ARG", FALSE);
  }
}
