/* A policy from YAML, by the table of keys. Whatever is not in the table is refused, with the key
 * that was probably meant: a rule that silently does nothing would let images pass. */
#include "policy/policy-private.h"
#include <math.h>

gboolean oakum_policy_wrong(const char *what, const OakumYaml *at, GError **error,
                            const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  return oakum_policy_wrong_at(what, at->line, at->column, error, "%s", text);
}

/* What other tools, and people, call it. A word may be one of several, each in its place. */
static const char *const other_words[][2] = {{"cve", "id"},
                                             {"vulnerability", "id"},
                                             {"vulnerability", "hole"},
                                             {"vulnerabilities", "hole"},
                                             {"vuln", "hole"},
                                             {"misconfiguration", "hygiene"},
                                             {"misconfigurations", "hygiene"},
                                             {"license", "licence"},
                                             {"licenses", "licence"},
                                             {"eol", "freshness"},
                                             {"ignore", "exceptions"},
                                             {"allowlist", "exceptions"},
                                             {"until", "expires"},
                                             {"expired-at", "expires"},
                                             {"exp", "expires"},
                                             {"statement", "reason"},
                                             {"comment", "reason"},
                                             {"why", "reason"},
                                             {"author", "owner"},
                                             {"purl", "package"},
                                             {"purls", "package"},
                                             {"name", "package"},
                                             {"file", "path"},
                                             {"location", "path"},
                                             {"fix-state", "status"},
                                             {"min-severity", "severity"},
                                             {"threshold", "severity"},
                                             {"count", "max"},
                                             {"limit", "max"},
                                             {"description", "about"},
                                             {"deny", "fail"},
                                             {"block", "fail"},
                                             {"error", "fail"},
                                             {"allow", "ignore"},
                                             {"skip", "ignore"},
                                             {"moderate", "medium"},
                                             {"important", "high"},
                                             {"include", "import"},
                                             {"tz", "timezone"},
                                             {"exploited", "kev"}};

/* The word of "a|b|c" that `text` is probably meant to be; new, or NULL. */
static char *nearest(const char *words, const char *text)
{
  g_auto(GStrv) each = g_strsplit(words, "|", -1);
  const char *best = NULL;
  g_autofree char *plain = g_strdelimit(g_ascii_strdown(text, -1), "_", '-');
  if (g_strv_contains((const char *const *)each, plain))
    return g_steal_pointer(&plain);
  for (size_t i = 0; i < G_N_ELEMENTS(other_words); i++)
    if (strcmp(other_words[i][0], plain) == 0 &&
        g_strv_contains((const char *const *)each, other_words[i][1]))
      return g_strdup(other_words[i][1]);
  guint least = 3;
  for (char **word = each; *word; word++) {
    guint distance = oakum_edit_distance(text, *word);
    if (distance < least && distance < strlen(*word)) {
      least = distance;
      best = *word;
    }
  }
  return g_strdup(best);
}

static gboolean unknown_word(const char *what, const OakumYaml *at, const char *kind,
                             const char *words, GError **error)
{
  g_autofree char *meant = nearest(words, at->text);
  g_auto(GStrv) each = g_strsplit(words, "|", -1);
  g_autofree char *all = g_strjoinv(", ", each);
  return meant ? oakum_policy_wrong(what, at, error, "unknown %s \"%s\"; did you mean \"%s\"?",
                                    kind, at->text, meant)
               : oakum_policy_wrong(what, at, error, "unknown %s \"%s\"; there are %s", kind,
                                    at->text, all);
}

static int index_of(const char *words, const char *text)
{
  g_auto(GStrv) each = g_strsplit(words, "|", -1);
  for (int i = 0; each[i]; i++)
    if (strcmp(each[i], text) == 0)
      return i;
  return -1;
}

/* ---- one value ------------------------------------------------------------------------------ */
typedef struct {
  OakumPolicy *policy;
  const char *what;
} Read;

static gboolean is_scalar(const Read *r, const OakumYaml *value, const OakumKey *key,
                          GError **error)
{
  if (value->kind != OAKUM_YAML_SCALAR)
    return oakum_policy_wrong(r->what, value, error, "\"%s\" takes one value", key->name);
  if (oakum_yaml_is_null(value) || !*value->text)
    return oakum_policy_wrong(r->what, value, error, "\"%s\" has no value", key->name);
  if (strlen(value->text) > OAKUM_POLICY_TEXT_MAX)
    return oakum_policy_wrong(r->what, value, error, "\"%s\": more than %u bytes", key->name,
                              OAKUM_POLICY_TEXT_MAX);
  return TRUE;
}

/* "3", or "3-7" and not "7-3", which nothing lies in. */
static gboolean is_range(const char *text, uint64_t least)
{
  const char *dash = strchr(text, '-'), *last = dash ? dash + 1 : text;
  uint64_t from, to;
  return oakum_parse_u64(text, dash ? (size_t)(dash - text) : strlen(text), INT32_MAX, &from) &&
         oakum_parse_u64(last, strlen(last), INT32_MAX, &to) && from >= least && from <= to;
}

/* What is wrong with a pattern of that list; NULL: nothing. */
static const char *bad_pattern(const OakumKey *key, const char *text)
{
  static const char *const states[] = {"fixed",        "open",        "will_not_fix",
                                       "fix_deferred", "end_of_life", "under_investigation"};
  gboolean state = FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
    state |= g_ascii_strcasecmp(text, states[i]) == 0;
  if (strcmp(key->name, "status") == 0 && !state)
    return "fixed, open, will_not_fix, fix_deferred, end_of_life or under_investigation";
  if (strcmp(key->name, "layer") == 0 && !is_range(text, 0) && !g_str_has_prefix(text, "sha256:") &&
      !g_str_has_prefix(text, "sha512:"))
    return "a number from 0, \"2-4\", or the beginning of a digest, \"sha256:…\"";
  if (strcmp(key->name, "line") == 0 && !is_range(text, 1))
    return "a line from 1, or \"10-20\"";
  if (strcmp(key->name, "fingerprint") == 0 && strlen(text) < 16)
    return "a fingerprint as results have it, 16 digits of it at least";
  return NULL;
}

static gboolean add_text(const Read *r, const OakumKey *key, const OakumYaml *value,
                         GPtrArray *into, GError **error)
{
  if (!is_scalar(r, value, key, error))
    return FALSE;
  const char *bad = bad_pattern(key, value->text);
  if (bad)
    return oakum_policy_wrong(r->what, value, error, "\"%s\" takes %s", key->name, bad);
  if (++r->policy->patterns > OAKUM_POLICY_PATTERNS_MAX)
    return oakum_policy_wrong(r->what, value, error, "more than %u patterns",
                              OAKUM_POLICY_PATTERNS_MAX);
  g_ptr_array_add(into, g_strdup(value->text));
  return TRUE;
}

typedef gboolean (*EachFunc)(const Read *r, const OakumKey *key, const OakumYaml *value, void *at,
                             GError **error);

static gboolean each_value(const Read *r, const OakumKey *key, const OakumYaml *value, void *at,
                           EachFunc call, GError **error)
{
  if (value->kind == OAKUM_YAML_SCALAR)
    return call(r, key, value, at, error);
  if (value->kind == OAKUM_YAML_MAP)
    return oakum_policy_wrong(r->what, value, error, "\"%s\" takes one value or a list", key->name);
  if (value->items->len == 0)
    return oakum_policy_wrong(r->what, value, error, "\"%s\" is an empty list", key->name);
  for (guint i = 0; i < value->items->len; i++)
    if (!call(r, key, value->items->pdata[i], at, error))
      return FALSE;
  return TRUE;
}

static gboolean one_text(const Read *r, const OakumKey *key, const OakumYaml *value, void *at,
                         GError **error)
{
  GPtrArray **list = at;
  if (!*list)
    *list = g_ptr_array_new_with_free_func(g_free);
  return add_text(r, key, value, *list, error);
}

static gboolean one_choice(const Read *r, const OakumKey *key, const OakumYaml *value, void *at,
                           GError **error)
{
  if (!is_scalar(r, value, key, error))
    return FALSE;
  if (index_of(key->words, value->text) < 0)
    return unknown_word(r->what, value, key->name, key->words, error);
  return one_text(r, key, value, at, error);
}

static gboolean one_kind(const Read *r, const OakumKey *key, const OakumYaml *value, void *at,
                         GError **error)
{
  static const OakumFindingKind kinds[] = {OAKUM_FINDING_VULNERABILITY, OAKUM_FINDING_SECRET,
                                           OAKUM_FINDING_HYGIENE,       OAKUM_FINDING_LICENSE,
                                           OAKUM_FINDING_LINT,          OAKUM_FINDING_EOL,
                                           OAKUM_FINDING_INCOMPLETE};
  if (!is_scalar(r, value, key, error))
    return FALSE;
  int index = index_of(key->words, value->text);
  if (index < 0 && strcmp(value->text, "license") == 0)
    index = index_of(key->words, "licence");
  if (index < 0)
    return unknown_word(r->what, value, key->name, key->words, error);
  *(guint *)at |= 1u << kinds[index];
  return TRUE;
}

/* Digits with at most one point; FALSE for anything else ("nan", "0x1", "1e400"). */
static gboolean read_number(const char *text, double *out)
{
  const char *point = strchr(text, '.');
  if (strspn(text, "0123456789.") != strlen(text) || (point && strchr(point + 1, '.')) ||
      !g_ascii_isdigit(*text) || strlen(text) > 20)
    return FALSE;
  *out = g_ascii_strtod(text, NULL);
  return TRUE;
}

static gboolean read_days(const char *text, double most, int *out)
{
  size_t digits = strspn(text, "0123456789");
  uint64_t number;
  int unit = strcmp(text + digits, "w") == 0 ? 7 : 1;
  if (!oakum_parse_u64(text, digits, 100000, &number) ||
      (text[digits] && strcmp(text + digits, "d") != 0 && unit == 1) ||
      (double)number * unit > most)
    return FALSE;
  *out = (int)number * unit;
  return TRUE;
}

static gboolean read_scalar(const Read *r, const OakumKey *key, const OakumYaml *value, void *at,
                            GError **error)
{
  OakumSeverity severity;
  gboolean on;
  uint64_t count;
  if (!is_scalar(r, value, key, error))
    return FALSE;
  switch (key->type) {
  case KEY_TEXT:
  case KEY_UNTIL:
    if (key->words && index_of(key->words, value->text) < 0)
      return unknown_word(r->what, value, key->name, key->words, error);
    g_free(*(char **)at);
    *(char **)at = g_strdup(value->text);
    return TRUE;
  case KEY_CHOICE:
    *(int *)at = index_of(key->words, value->text);
    return *(int *)at >= 0 || unknown_word(r->what, value, key->name, key->words, error);
  case KEY_SEVERITY:
    if (!oakum_severity_parse(value->text, &severity) || severity == OAKUM_SEVERITY_UNKNOWN)
      return unknown_word(r->what, value, "severity", "negligible|low|medium|high|critical", error);
    *(int *)at = (int)severity;
    return TRUE;
  case KEY_NUMBER:
    return (read_number(value->text, at) && *(double *)at <= key->most) ||
           oakum_policy_wrong(r->what, value, error, "\"%s\" takes a number from 0 to %g",
                              key->name, key->most);
  case KEY_COUNT:
    if (!oakum_parse_u64(value->text, strlen(value->text), (uint64_t)key->most, &count))
      return oakum_policy_wrong(r->what, value, error, "\"%s\" takes a whole number from 0 to %d",
                                key->name, (int)key->most);
    *(int *)at = (int)count;
    return TRUE;
  case KEY_DAYS:
    return read_days(value->text, key->most, at) ||
           oakum_policy_wrong(r->what, value, error,
                              "\"%s\" takes days, 0 to %d, or weeks: 14, 14d, 2w", key->name,
                              (int)key->most);
  case KEY_TRUTH:
    if (!oakum_yaml_bool(value, &on))
      return oakum_policy_wrong(r->what, value, error, "\"%s\" takes true or false", key->name);
    *(int *)at = on;
    return TRUE;
  case KEY_TEXTS:
  case KEY_CHOICES:
  case KEY_KINDS:
  case KEY_PART:
    break;
  }
  return FALSE;
}

static gboolean read_value(const Read *r, const OakumKey *key, const OakumYaml *value, void *at,
                           GError **error)
{
  switch (key->type) {
  case KEY_TEXTS:
    return each_value(r, key, value, at, one_text, error);
  case KEY_CHOICES:
    return each_value(r, key, value, at, one_choice, error);
  case KEY_KINDS:
    return each_value(r, key, value, at, one_kind, error);
  default:
    return read_scalar(r, key, value, at, error);
  }
}

/* ---- a map ---------------------------------------------------------------------------------- */
static const OakumKey *key_of(OakumKeyPart part, const char *name)
{
  for (const OakumKey *key = oakum_policy_table; key->name; key++)
    if ((key->parts & part) && strcmp(key->name, name) == 0)
      return key;
  return NULL;
}

static gboolean unknown_key(const Read *r, OakumKeyPart part, const char *of, const OakumYaml *at,
                            GError **error)
{
  g_autoptr(GString) words = g_string_new(NULL);
  for (const OakumKey *key = oakum_policy_table; key->name; key++)
    if (key->parts & part)
      g_string_append_printf(words, "%s%s", words->len ? "|" : "", key->name);
  g_autofree char *kind = g_strdup_printf("key of %s", of);
  return unknown_word(r->what, at, kind, words->str, error);
}

/* All keys of a part but those that are parts themselves. */
static gboolean read_map(const Read *r, OakumKeyPart part, const char *of, const OakumYaml *map,
                         void *own, OakumSelect *select, GError **error)
{
  if (map->kind != OAKUM_YAML_MAP)
    return oakum_policy_wrong(r->what, map, error, "expected keys and values of %s", of);
  for (guint i = 0; i < map->keys->len; i++) {
    const OakumYaml *name = map->keys->pdata[i], *value = map->items->pdata[i];
    const OakumKey *key = key_of(part, name->text);
    if (!key)
      return unknown_key(r, part, of, name, error);
    if (key->type != KEY_PART && oakum_yaml_is_null(value)) /* which has no place of its own */
      return oakum_policy_wrong(r->what, name, error, "\"%s\" has no value", key->name);
    void *at = (char *)(key->select ? (void *)select : own) + key->offset;
    if (key->type != KEY_PART && !read_value(r, key, value, at, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_rule(const Read *r, const OakumYaml *map, gboolean preset, GError **error)
{
  g_autofree char *name = g_strdup_printf("rule %u", r->policy->rules->len + 1);
  OakumRule *rule = oakum_rule_new(name, ACTION_FAIL);
  rule->file = g_intern_string(r->what);
  rule->line = map->line;
  rule->column = map->column;
  rule->preset = preset;
  if (!read_map(r, PART_RULE, "a rule", map, rule, &rule->select, error)) {
    oakum_rule_free(rule);
    return FALSE;
  }
  for (guint i = 0; i < r->policy->rules->len; i++)
    if (strcmp(((OakumRule *)r->policy->rules->pdata[i])->name, rule->name) == 0) {
      (void)oakum_policy_wrong(r->what, map, error, "a second rule with the name \"%s\"",
                               rule->name);
      oakum_rule_free(rule);
      return FALSE;
    }
  const char *bad = NULL;
  if (strcmp(rule->name, "not-judged") == 0)
    bad = "the name \"not-judged\" is of the rule that every policy has";
  else if (rule->action == ACTION_IGNORE && !oakum_select_names(&rule->select))
    bad = "a rule that ignores must say more than the kind: this would let everything pass";
  else if (rule->action == ACTION_IGNORE && (rule->select.kinds & (1u << OAKUM_FINDING_INCOMPLETE)))
    bad = "a rule cannot ignore what could not be judged; write an exception with a reason";
  else if (rule->action == ACTION_IGNORE && (rule->max > 0 || rule->grace >= 0 || rule->missing))
    bad = "max, grace and missing are not for rules that ignore";
  else if (rule->select.severity >= 0 && rule->select.below >= 0 &&
           rule->select.severity >= rule->select.below)
    bad = "nothing is of a severity from \"severity\" up and below \"severity-below\"";
  if (bad) {
    (void)oakum_policy_wrong(r->what, map, error, "%s", bad);
    oakum_rule_free(rule);
    return FALSE;
  }
  if (oakum_policy_add_rule(r->policy, rule, error))
    return TRUE;
  g_prefix_error(error, "%s:%d:%d: ", r->what, map->line, map->column);
  return FALSE;
}

static gboolean requires(const OakumPolicy *policy, const char *word)
{
  return policy->require &&
         g_ptr_array_find_with_equal_func(policy->require, word, g_str_equal, NULL);
}

static gboolean check_exception(const Read *r, const OakumYaml *map, OakumException *one,
                                GError **error)
{
  if (!one->reason || !*g_strstrip(one->reason))
    return oakum_policy_wrong(r->what, map, error, "an exception needs a \"reason\"");
  if (!oakum_select_names(&one->select))
    return oakum_policy_wrong(
        r->what, map, error,
        "an exception must say what it is about: \"id\", \"package\", \"path\" …");
  if ((one->select.kinds & (1u << OAKUM_FINDING_INCOMPLETE)) && !one->select.lists[LIST_ID] &&
      !one->select.lists[LIST_PATH])
    return oakum_policy_wrong(r->what, map, error,
                              "an exception for what could not be judged needs \"id\" or \"path\"");
  if (requires(r->policy, "owner") && !one->owner)
    return oakum_policy_wrong(r->what, map, error,
                              "this policy requires an \"owner\" of every exception");
  if (requires(r->policy, "expires") && !one->until)
    return oakum_policy_wrong(r->what, map, error,
                              "this policy requires \"expires\" of every exception");
  if (one->until && !oakum_until_parse(one->until, r->policy->zone, &one->ends))
    return oakum_policy_wrong(r->what, oakum_yaml_get(map, "expires"), error,
                              "\"expires\" takes a day, 2026-12-31, or a time, "
                              "2026-12-31T18:00:00+01:00");
  return TRUE;
}

static gboolean read_exception(const Read *r, const OakumYaml *map, GError **error)
{
  OakumException *one = oakum_exception_new(r->what, map->line, map->column);
  if (!read_map(r, PART_EXCEPTION, "an exception", map, one, &one->select, error) ||
      !check_exception(r, map, one, error)) {
    oakum_exception_free(one);
    return FALSE;
  }
  if (oakum_policy_add_exception(r->policy, one, error))
    return TRUE;
  g_prefix_error(error, "%s:%d:%d: ", r->what, map->line, map->column);
  return FALSE;
}

static gboolean read_import(const Read *r, const OakumYaml *node, GError **error)
{
  OakumPolicyImport *one = g_new0(OakumPolicyImport, 1);
  one->line = node->line;
  one->column = node->column;
  g_ptr_array_add(r->policy->imports, one);
  if (r->policy->imports->len > OAKUM_POLICY_IMPORTS_MAX)
    return oakum_policy_wrong(r->what, node, error, "more than %u imports",
                              OAKUM_POLICY_IMPORTS_MAX);
  if (node->kind == OAKUM_YAML_MAP) {
    int kind = 0;
    struct {
      OakumPolicyImport import;
    } read = {{NULL, OAKUM_IMPORT_AUTO, 0, 0}};
    for (guint i = 0; i < node->keys->len; i++) {
      const OakumYaml *name = node->keys->pdata[i], *value = node->items->pdata[i];
      const OakumKey *key = key_of(PART_IMPORT, name->text);
      gboolean ok = key != NULL;
      if (!ok)
        (void)unknown_key(r, PART_IMPORT, "an import", name, error);
      else
        ok =
            read_scalar(r, key, value,
                        key->type == KEY_CHOICE ? (void *)&kind : (void *)&read.import.file, error);
      if (!ok) {
        g_free(read.import.file);
        return FALSE;
      }
    }
    one->file = read.import.file;
    one->kind = (OakumImportKind)kind;
    return one->file || oakum_policy_wrong(r->what, node, error, "an import needs a \"file\"");
  }
  if (node->kind != OAKUM_YAML_SCALAR || oakum_yaml_is_null(node) || !*node->text)
    return oakum_policy_wrong(r->what, node, error, "an import is the name of a file");
  one->file = g_strdup(node->text);
  return TRUE;
}

/* ---- lists ---------------------------------------------------------------------------------- */
static const OakumYaml *list_at(const Read *r, const OakumYaml *map, const char *key,
                                GError **error)
{
  const OakumYaml *list = oakum_yaml_get(map, key);
  if (!list || oakum_yaml_is_null(list) || list->kind == OAKUM_YAML_LIST)
    return list;
  (void)oakum_policy_wrong(r->what, list, error, "\"%s\" takes a list", key);
  return NULL;
}

static gboolean read_rules(const Read *r, const OakumYaml *map, gboolean preset, GError **error)
{
  GError *inner = NULL;
  const OakumYaml *list = list_at(r, map, "rules", &inner);
  if (inner) {
    g_propagate_error(error, inner);
    return FALSE;
  }
  for (guint i = 0; list && list->items && i < list->items->len; i++)
    if (!read_rule(r, list->items->pdata[i], preset, error))
      return FALSE;
  return TRUE;
}

static gboolean read_exceptions(const Read *r, const OakumYaml *map, GError **error)
{
  GError *inner = NULL;
  const OakumYaml *list = list_at(r, map, "exceptions", &inner);
  if (inner) {
    g_propagate_error(error, inner);
    return FALSE;
  }
  for (guint i = 0; list && list->items && i < list->items->len; i++)
    if (!read_exception(r, list->items->pdata[i], error))
      return FALSE;
  return TRUE;
}

static gboolean read_imports(const Read *r, const OakumYaml *map, GError **error)
{
  const OakumYaml *list = oakum_yaml_get(map, "import");
  if (!list || oakum_yaml_is_null(list))
    return TRUE;
  if (list->kind != OAKUM_YAML_LIST)
    return read_import(r, list, error);
  for (guint i = 0; i < list->items->len; i++)
    if (!read_import(r, list->items->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* ---- presets -------------------------------------------------------------------------------- */
static OakumRule *rule_called(const OakumPolicy *policy, const char *name)
{
  for (guint i = 0; i < policy->rules->len; i++)
    if (strcmp(((OakumRule *)policy->rules->pdata[i])->name, name) == 0)
      return policy->rules->pdata[i];
  return NULL;
}

/* Rules of the preset stand behind those of the policy, without those that it replaces. */
static gboolean add_preset(const Read *r, const char *name, gboolean unknown_set, GError **error)
{
  const char *text = oakum_preset_text(name);
  g_autoptr(OakumYaml) yaml = oakum_yaml_parse(text, strlen(text), name, error);
  g_autoptr(OakumPolicy) preset = oakum_policy_new();
  const Read of = {preset, name};
  if (!yaml)
    return FALSE;
  if (yaml->kind != OAKUM_YAML_MAP)
    return TRUE; /* "none" */
  if (!read_map(&of, PART_POLICY, "a policy", yaml, preset, NULL, error) ||
      !read_rules(&of, yaml, TRUE, error))
    return FALSE;
  if (!unknown_set)
    r->policy->unknown = preset->unknown;
  g_ptr_array_set_free_func(preset->rules, NULL);
  gboolean ok = TRUE;
  for (guint i = 0; i < preset->rules->len; i++) {
    OakumRule *rule = preset->rules->pdata[i];
    const GPtrArray *without = r->policy->without;
    gboolean dropped = rule_called(r->policy, rule->name) != NULL;
    for (guint k = 0; without && k < without->len && !dropped; k++)
      dropped = oakum_glob(without->pdata[k], rule->name);
    if (dropped || !ok)
      oakum_rule_free(rule);
    else
      ok = oakum_policy_add_rule(r->policy, rule, error);
  }
  return ok;
}

/* A name below "without" that the preset does not have is a slip. */
static gboolean check_without(const Read *r, const OakumYaml *node, const char *name,
                              GError **error)
{
  const OakumYaml *without = oakum_yaml_get(node, "without");
  const char *text = oakum_preset_text(name);
  if (!without)
    return TRUE;
  g_autoptr(OakumYaml) yaml = oakum_yaml_parse(text, strlen(text), name, error);
  if (!yaml)
    return FALSE;
  g_autoptr(GString) words = g_string_new(NULL);
  const OakumYaml *rules = oakum_yaml_get(yaml, "rules");
  for (guint i = 0; rules && i < rules->items->len; i++)
    g_string_append_printf(words, "%s%s", i ? "|" : "",
                           oakum_yaml_get(rules->items->pdata[i], "name")->text);
  for (guint k = 0; k < (without->items ? without->items->len : 1); k++) {
    const OakumYaml *one = without->items ? without->items->pdata[k] : without;
    g_auto(GStrv) each = g_strsplit(words->str, "|", -1);
    gboolean found = FALSE;
    for (char **word = each; *word && !found; word++)
      found = oakum_glob(one->text, *word);
    if (!found && !words->len)
      return oakum_policy_wrong(r->what, one, error,
                                "\"without\" goes with a preset, and there is none");
    if (!found) {
      g_autofree char *kind = g_strdup_printf("rule of the preset %s,", name);
      return unknown_word(r->what, one, kind, words->str, error);
    }
  }
  return TRUE;
}

/* ---- the whole ------------------------------------------------------------------------------ */
static gboolean read_policy(const Read *r, const OakumYaml *node, const char *preset,
                            GError **error)
{
  OakumPolicy *policy = r->policy;
  if (!oakum_yaml_is_null(node) && !read_map(r, PART_POLICY, "a policy", node, policy, NULL, error))
    return FALSE;
  if (policy->zone_name) {
    GTimeZone *zone = oakum_zone_new(policy->zone_name);
    if (!zone)
      return oakum_policy_wrong(r->what, oakum_yaml_get(node, "timezone"), error,
                                "there is no time zone \"%s\" (or this system has no table of "
                                "zones: package tzdata)",
                                policy->zone_name);
    g_time_zone_unref(policy->zone);
    policy->zone = zone;
  }
  if (preset) {
    g_free(policy->preset);
    policy->preset = g_strdup(preset);
  }
  const char *name = policy->preset ? policy->preset : "none";
  return read_rules(r, node, FALSE, error) && read_exceptions(r, node, error) &&
         read_imports(r, node, error) && (preset || check_without(r, node, name, error)) &&
         add_preset(r, name, oakum_yaml_get(node, "unknown") != NULL, error);
}

static gboolean check_preset(const char *preset, GError **error)
{
  if (!preset || oakum_preset_text(preset))
    return TRUE;
  g_autofree char *meant = nearest(OAKUM_POLICY_PRESETS, preset),
                  *safe = oakum_escape_terminal(preset, -1);
  g_set_error(error, OAKUM_POLICY_ERROR, OAKUM_ERROR_USAGE, "unknown preset \"%s\"; %s%s%s", safe,
              meant ? "did you mean \"" : "there are strict, default, report-only and none",
              meant ? meant : "", meant ? "\"?" : "");
  return FALSE;
}

OakumPolicy *oakum_policy_read(const OakumYaml *node, const char *what, const char *preset,
                               GError **error)
{
  g_autoptr(OakumPolicy) policy = oakum_policy_new();
  const Read r = {policy, what};
  return check_preset(preset, error) && read_policy(&r, node, preset, error)
             ? g_steal_pointer(&policy)
             : NULL;
}

OakumPolicy *oakum_policy_read_text(const char *text, size_t len, const char *what,
                                    const char *preset, GError **error)
{
  g_autoptr(OakumYaml) top = oakum_yaml_parse(text, len, what, error);
  const OakumYaml *inner = top ? oakum_yaml_get(top, "policy") : NULL;
  return top ? oakum_policy_read(inner ? inner : top, what, preset, error) : NULL;
}

OakumPolicy *oakum_policy_read_preset(const char *name, GError **error)
{
  g_autoptr(OakumYaml) nothing = oakum_yaml_parse("", 0, name, error);
  return nothing ? oakum_policy_read(nothing, name, name, error) : NULL;
}
