/* A policy in plain words, and what is odd about it. */
#include "policy/policy-private.h"

static char *shown(const char *text)
{
  return oakum_escape_terminal(text, -1);
}

static void tell_rule(GString *out, const OakumRule *rule)
{
  g_autofree char *kinds = oakum_kinds_text(rule->select.kinds),
                  *predicate = oakum_select_text(&rule->select), *name = shown(rule->name),
                  *about = rule->about ? shown(rule->about) : NULL;
  static const char *const verbs[] = {"refuse the image", "warn"};
  g_autofree char *most =
      rule->max > 0 ? g_strdup_printf("more than %d ", rule->max) : g_strdup("");
  g_string_append_printf(out, "- %s%s%s%s: ", name, about ? " (" : "", about ? about : "",
                         about ? ")" : "");
  if (rule->action == ACTION_IGNORE)
    g_string_append_printf(out, "%s that %s do not count.", kinds, predicate);
  else
    g_string_append_printf(out, "%s when there are %s%s%s%s.", verbs[rule->action], most, kinds,
                           *predicate ? " that " : "", predicate);
  if (rule->grace > 0)
    g_string_append_printf(
        out, " A finding counts %d days after %s.", rule->grace,
        rule->grace_from == GRACE_FIX ? "its fix came out (where that is not known: after it was "
                                        "first seen); without any date at once"
        : rule->grace_from == GRACE_SEEN ? "it was first seen; without that date at once"
                                         : "its fix came out and it was seen");
  if (rule->action != ACTION_IGNORE && rule->missing != MISSING_UNKNOWN)
    g_string_append(out, rule->missing == MISSING_MATCH
                             ? " What is not known of a finding counts against it."
                             : " A finding of which that is not known does not count.");
  if (rule->preset)
    g_string_append_printf(out, " [preset %s]", rule->file);
  else if (rule->line)
    g_string_append_printf(out, " [%s:%d]", rule->file, rule->line);
  else
    g_string_append(out, " [command line]");
  g_string_append_c(out, '\n');
}

static void tell_exception(GString *out, const OakumPolicy *policy, const OakumException *one,
                           int64_t now)
{
  g_autofree char *kinds = oakum_kinds_text(one->select.kinds),
                  *predicate = oakum_select_text(&one->select),
                  *reason = one->reason ? shown(one->reason) : NULL,
                  *owner = one->owner ? shown(one->owner) : NULL;
  g_string_append_printf(out, "- %s that %s: %s.", kinds, predicate,
                         reason ? reason : "no reason is given");
  if (owner)
    g_string_append_printf(out, " Owner: %s.", owner);
  if (!one->until)
    g_string_append(out, " It has no end.");
  else if (now >= one->ends)
    g_string_append_printf(out, " It ended with %s.", one->until);
  else
    g_string_append_printf(out, " It holds until %s (%" G_GINT64_FORMAT " days).", one->until,
                           oakum_day_of(one->ends - 1, policy->zone) -
                               oakum_day_of(now, policy->zone));
  g_string_append_printf(out, " [%s%s:%d]\n", one->imported ? "imported from " : "", one->file,
                         one->line);
}

char *oakum_policy_explain(const OakumPolicy *policy, int64_t now)
{
  GString *out = g_string_new(NULL);
  const char *preset = policy->preset ? policy->preset : "none";
  g_autofree char *today = oakum_day_format(now, policy->zone);
  g_string_append_printf(out, "Preset: %s: %s.\n", preset, oakum_preset_about(preset));
  g_string_append_printf(out, "Days are those of %s; today is %s.\n",
                         policy->zone_name ? policy->zone_name : "UTC", today);
  g_string_append(out, policy->unknown == UNKNOWN_FAIL
                           ? "What could not be judged refuses the image.\n"
                           : "What could not be judged makes the verdict unknown, which is no "
                             "pass.\n");
  static const char *const without[] = {"all findings are new", "what is new is not known",
                                        "no finding is new"};
  g_string_append_printf(out, "Without an earlier result %s.\n", without[policy->no_baseline]);
  g_string_append_printf(out, "%s\n", policy->rules->len ? "\nRules:" : "\nThere are no rules.");
  for (guint i = 0; i < policy->rules->len; i++)
    tell_rule(out, policy->rules->pdata[i]);
  if (policy->overrides->len) {
    g_string_append(out, "\nSeverities that are set anew:\n");
    for (guint i = 0; i < policy->overrides->len; i++) {
      const OakumOverride *one = policy->overrides->pdata[i];
      g_autofree char *predicate = oakum_select_text(&one->select);
      g_string_append_printf(out, "- lint remarks that %s are %s.\n", predicate,
                             oakum_severity_name(one->severity));
    }
  }
  if (policy->exceptions->len)
    g_string_append(out, "\nExceptions:\n");
  for (guint i = 0; i < policy->exceptions->len; i++)
    tell_exception(out, policy, policy->exceptions->pdata[i], now);
  return g_string_free(out, FALSE);
}

GPtrArray *oakum_policy_warnings(const OakumPolicy *policy, int64_t now)
{
  GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
  gint64 today = oakum_day_of(now, policy->zone);
  for (guint i = 0; i < policy->warnings->len; i++)
    g_ptr_array_add(out, oakum_escape_terminal(policy->warnings->pdata[i], -1));
  for (guint i = 0; i < policy->exceptions->len && out->len < OAKUM_POLICY_WARNINGS_MAX; i++) {
    const OakumException *one = policy->exceptions->pdata[i];
    g_autofree char *column = one->column ? g_strdup_printf(":%d", one->column) : g_strdup("");
    gint64 left = one->until ? oakum_day_of(one->ends - 1, policy->zone) - today : G_MAXINT64;
    if (one->until && now >= one->ends)
      g_ptr_array_add(out, g_strdup_printf("%s:%d%s: this exception ended with %s: take it out, or "
                                           "decide again",
                                           one->file, one->line, column, one->until));
    else if (one->until && left <= policy->expiring)
      g_ptr_array_add(out, g_strdup_printf("%s:%d%s: this exception ends in %" G_GINT64_FORMAT
                                           " days, %s",
                                           one->file, one->line, column, left, one->until));
  }
  return out;
}
