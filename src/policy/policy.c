/* What a policy and a verdict are made of. */
#include "policy/policy-private.h"

/* ---- verdicts ------------------------------------------------------------------------------- */
const char *oakum_verdict_name(OakumVerdictKind kind)
{
  static const char *const names[] = {"pass", "fail", "unknown"};
  return names[kind];
}

static void verdict_rule_free(gpointer data)
{
  OakumVerdictRule *rule = data;
  g_free(rule->name);
  g_free(rule->verdict);
  g_ptr_array_unref(rule->saw);
  g_free(rule);
}

OakumVerdict *oakum_verdict_new(OakumVerdictKind kind)
{
  OakumVerdict *verdict = g_new0(OakumVerdict, 1);
  verdict->kind = kind;
  verdict->reasons = g_ptr_array_new_with_free_func(g_free);
  verdict->notes = g_ptr_array_new_with_free_func(g_free);
  verdict->rules = g_ptr_array_new_with_free_func(verdict_rule_free);
  return verdict;
}

OakumVerdictRule *oakum_verdict_add_rule(OakumVerdict *verdict, const char *name)
{
  OakumVerdictRule *rule = g_new0(OakumVerdictRule, 1);
  rule->name = g_strdup(name);
  rule->saw = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(verdict->rules, rule);
  return rule;
}

void oakum_verdict_free(OakumVerdict *verdict)
{
  if (!verdict)
    return;
  g_ptr_array_unref(verdict->reasons);
  g_ptr_array_unref(verdict->rules);
  g_ptr_array_unref(verdict->notes);
  g_free(verdict);
}

/* ---- policies ------------------------------------------------------------------------------- */
OakumRule *oakum_rule_new(const char *name, OakumRuleAction action)
{
  OakumRule *rule = g_new0(OakumRule, 1);
  oakum_select_init(&rule->select);
  rule->name = g_strdup(name);
  rule->action = action;
  rule->grace = -1;
  return rule;
}

void oakum_rule_free(OakumRule *rule)
{
  if (!rule)
    return;
  oakum_select_clear(&rule->select);
  g_free(rule->name);
  g_free(rule->about);
  g_free(rule);
}

OakumException *oakum_exception_new(const char *file, int line, int column)
{
  OakumException *exception = g_new0(OakumException, 1);
  oakum_select_init(&exception->select);
  exception->select.takes_out = TRUE;
  exception->ends = G_MAXINT64;
  exception->file = g_intern_string(file);
  exception->line = line;
  exception->column = column;
  return exception;
}

void oakum_exception_free(OakumException *exception)
{
  if (!exception)
    return;
  oakum_select_clear(&exception->select);
  g_free(exception->reason);
  g_free(exception->owner);
  g_free(exception->until);
  g_free(exception);
}

static void override_free(gpointer data)
{
  oakum_select_clear(&((OakumOverride *)data)->select);
  g_free(data);
}

static void import_free(gpointer data)
{
  g_free(((OakumPolicyImport *)data)->file);
  g_free(data);
}

OakumPolicy *oakum_policy_new(void)
{
  OakumPolicy *policy = g_new0(OakumPolicy, 1);
  policy->zone = g_time_zone_new_utc();
  policy->expiring = 14;
  policy->rules = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_rule_free);
  policy->exceptions = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_exception_free);
  policy->overrides = g_ptr_array_new_with_free_func(override_free);
  policy->imports = g_ptr_array_new_with_free_func(import_free);
  policy->warnings = g_ptr_array_new_with_free_func(g_free);
  return policy;
}

void oakum_policy_free(OakumPolicy *policy)
{
  if (!policy)
    return;
  g_free(policy->preset);
  g_free(policy->zone_name);
  g_time_zone_unref(policy->zone);
  GPtrArray *const lists[] = {policy->require,    policy->without,   policy->rules,
                              policy->exceptions, policy->overrides, policy->imports,
                              policy->warnings};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    if (lists[i])
      g_ptr_array_unref(lists[i]);
  g_free(policy);
}

static gboolean too_many(const char *what, guint limit, GError **error)
{
  g_set_error(error, OAKUM_POLICY_ERROR, OAKUM_ERROR_LIMIT, "more than %u %s", limit, what);
  return FALSE;
}

gboolean oakum_policy_add_rule(OakumPolicy *policy, OakumRule *rule, GError **error)
{
  g_ptr_array_add(policy->rules, rule);
  rule->select.takes_out = rule->action == ACTION_IGNORE;
  return policy->rules->len <= OAKUM_POLICY_RULES_MAX ||
         too_many("rules", OAKUM_POLICY_RULES_MAX, error);
}

gboolean oakum_policy_add_exception(OakumPolicy *policy, OakumException *exception, GError **error)
{
  g_ptr_array_add(policy->exceptions, exception);
  if (!oakum_select_plain_ids(&exception->select) && ++policy->open > OAKUM_POLICY_OPEN_MAX)
    return too_many("exceptions that name no plain id", OAKUM_POLICY_OPEN_MAX, error);
  return policy->exceptions->len <= OAKUM_POLICY_EXCEPTIONS_MAX ||
         too_many("exceptions", OAKUM_POLICY_EXCEPTIONS_MAX, error);
}

void oakum_policy_warn(OakumPolicy *policy, const char *file, int line, int column,
                       const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  if (policy->warnings->len < OAKUM_POLICY_WARNINGS_MAX)
    g_ptr_array_add(policy->warnings,
                    column ? g_strdup_printf("%s:%d:%d: %s", file, line, column, text)
                           : g_strdup_printf("%s:%d: %s", file, line, text));
}

gboolean oakum_policy_wrong_at(const char *what, int line, int column, GError **error,
                               const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args), *safe = oakum_escape_terminal(text, -1);
  va_end(args);
  g_set_error(error, OAKUM_POLICY_ERROR, OAKUM_ERROR_INVALID, "%s:%d:%d: %s", what, line, column,
              safe);
  return FALSE;
}

gboolean oakum_policy_add_fail_on(OakumPolicy *policy, const char *text)
{
  OakumSeverity severity;
  gboolean fixable = strcmp(text, "fixable") == 0;
  if (strcmp(text, "none") == 0)
    return TRUE;
  if (!fixable && (!oakum_severity_parse(text, &severity) || severity == OAKUM_SEVERITY_UNKNOWN))
    return FALSE;
  g_autofree char *name = g_strconcat("fail-on ", text, NULL),
                  *secrets = g_strconcat(name, ": secrets", NULL);
  OakumRule *rule = oakum_rule_new(name, ACTION_FAIL);
  rule->unnamed = TRUE;
  rule->select.kinds = 1u << OAKUM_FINDING_VULNERABILITY;
  if (fixable)
    rule->select.fixable = 1;
  else
    rule->select.severity = (int)severity;
  if (!oakum_policy_add_rule(policy, rule, NULL))
    return FALSE;
  rule = oakum_rule_new(secrets, ACTION_FAIL); /* whoever put one in can take it out */
  rule->unnamed = TRUE;
  rule->select.kinds = 1u << OAKUM_FINDING_SECRET;
  rule->select.severity = (int)(fixable ? OAKUM_SEVERITY_HIGH : severity);
  return oakum_policy_add_rule(policy, rule, NULL);
}

gboolean oakum_policy_is_fail_on_secrets(const char *name)
{
  return g_str_has_prefix(name, "fail-on ") && g_str_has_suffix(name, ": secrets");
}

void oakum_policy_add_end_of_life(OakumPolicy *policy)
{
  OakumRule *rule = oakum_rule_new("fail-on-end-of-life", ACTION_FAIL);
  rule->unnamed = rule->told_singly = TRUE;
  rule->select.kinds = 1u << OAKUM_FINDING_EOL;
  oakum_select_add(&rule->select, LIST_ID, OAKUM_END_OF_LIFE);
  (void)!oakum_policy_add_rule(policy, rule, NULL);
}

gboolean oakum_policy_judges(const OakumPolicy *policy, OakumFindingKind kind)
{
  for (guint i = 0; i < policy->rules->len; i++) {
    const OakumRule *rule = policy->rules->pdata[i];
    if (rule->action == ACTION_FAIL && (!rule->select.kinds || rule->select.kinds & (1u << kind)))
      return TRUE;
  }
  return FALSE;
}

gboolean oakum_policy_wants_baseline(const OakumPolicy *policy)
{
  for (guint i = 0; i < policy->rules->len; i++) {
    const OakumRule *rule = policy->rules->pdata[i];
    if (rule->select.fresh >= 0 || rule->grace >= 0)
      return TRUE;
  }
  for (guint i = 0; i < policy->exceptions->len; i++)
    if (((const OakumException *)policy->exceptions->pdata[i])->select.fresh >= 0)
      return TRUE;
  return FALSE;
}

const GPtrArray *oakum_policy_imports(const OakumPolicy *policy)
{
  return policy->imports;
}

gboolean oakum_policy_moment(const OakumPolicy *policy, const char *text, int64_t *out)
{
  return oakum_day_parse(text, policy->zone, out) || oakum_time_parse(text, out);
}
