/* Findings to a verdict. What does not count is marked first: by exceptions, then by rules that
 * ignore; then each rule looks at what is left, none of them knowing of the others. */
#include "policy/policy-private.h"

#define MARK "policy: " /* what a policy suppressed, in front of why */

/* ---- what is looked up ---------------------------------------------------------------------- */
static gboolean asks(const OakumPolicy *policy, OakumSelectList list)
{
  for (guint i = 0; i < policy->rules->len; i++)
    if (((const OakumRule *)policy->rules->pdata[i])->select.lists[list])
      return TRUE;
  for (guint i = 0; i < policy->exceptions->len; i++)
    if (((const OakumException *)policy->exceptions->pdata[i])->select.lists[list])
      return TRUE;
  return FALSE;
}

static char *own_key(const OakumFinding *f)
{
  return f->kind == OAKUM_FINDING_VULNERABILITY ? oakum_finding_hole_key(f, f->id)
                                                : oakum_finding_fingerprint(f);
}

/* Takes the key. The first one stays. */
static void note_key(GHashTable *map, char *key, const OakumFinding *f)
{
  if (g_hash_table_contains(map, key))
    g_free(key);
  else
    g_hash_table_insert(map, key, (gpointer)f);
}

static void note_before(OakumJudge *judge, const OakumFinding *f)
{
  note_key(judge->before, own_key(f), f);
  if (f->kind == OAKUM_FINDING_VULNERABILITY)
    for (char **alias = f->aliases; alias && *alias; alias++)
      note_key(judge->before_as, oakum_finding_hole_key(f, *alias), f);
}

/* The id of the one among the names of the other. Two that share another name may be two holes that
 * one notice mends. */
const OakumFinding *oakum_judge_before(const OakumJudge *judge, const OakumFinding *f)
{
  if (!judge->before)
    return NULL;
  g_autofree char *own = own_key(f);
  const OakumFinding *found = g_hash_table_lookup(judge->before, own);
  if (!found)
    found = g_hash_table_lookup(judge->before_as, own);
  if (f->kind != OAKUM_FINDING_VULNERABILITY)
    return found;
  for (char **alias = f->aliases; alias && *alias && !found; alias++) {
    g_autofree char *key = oakum_finding_hole_key(f, *alias);
    found = g_hash_table_lookup(judge->before, key);
  }
  return found;
}

static void judge_init(OakumJudge *judge, const OakumPolicy *policy, const OakumPolicyInput *input)
{
  *judge = (OakumJudge){
      .policy = policy, .input = input, .today = oakum_day_of(input->now, policy->zone)};
  judge->regexes = oakum_str_map_new(g_free, (GDestroyNotify)g_regex_unref);
  if (input->packages && asks(policy, LIST_PATH)) {
    judge->packages = oakum_str_map_new(NULL, (GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < input->packages->len; i++) {
      OakumPackage *package = input->packages->pdata[i];
      if (!package->purl)
        continue;
      GPtrArray *same = g_hash_table_lookup(judge->packages, package->purl);
      if (!same)
        g_hash_table_insert(judge->packages, package->purl, same = g_ptr_array_new());
      g_ptr_array_add(same, package);
    }
  }
  if (input->baseline) {
    judge->before = oakum_str_map_new(g_free, NULL);
    judge->before_as = oakum_str_map_new(g_free, NULL);
    for (guint i = 0; i < input->baseline->len; i++)
      note_before(judge, input->baseline->pdata[i]);
  }
  if (policy->overrides->len == 0)
    return;
  judge->severities = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < input->findings->len; i++)
    for (guint k = 0; k < policy->overrides->len; k++) {
      const OakumOverride *one = policy->overrides->pdata[k];
      if (oakum_select_matches(&one->select, input->findings->pdata[i], judge, NULL, NULL) ==
          TRI_YES)
        g_hash_table_insert(judge->severities, input->findings->pdata[i],
                            GINT_TO_POINTER((int)one->severity + 1));
    }
}

static void judge_clear(OakumJudge *judge)
{
  g_hash_table_unref(judge->regexes);
  g_clear_pointer(&judge->packages, g_hash_table_unref);
  g_clear_pointer(&judge->before, g_hash_table_unref);
  g_clear_pointer(&judge->before_as, g_hash_table_unref);
  g_clear_pointer(&judge->severities, g_hash_table_unref);
}

/* ---- lines ---------------------------------------------------------------------------------- */
static char *finding_line(const OakumJudge *judge, const OakumFinding *f)
{
  g_autoptr(GString) out = g_string_new(f->id);
  if (f->package_name && *f->package_name)
    g_string_append_printf(out, " in %s %s", f->package_name,
                           f->package_version ? f->package_version : "");
  if (f->file)
    g_string_append_printf(out, " in %s", f->file);
  if (f->file && f->line > 0)
    g_string_append_printf(out, ":%d", f->line);
  gboolean rated = f->kind != OAKUM_FINDING_INCOMPLETE && f->kind != OAKUM_FINDING_EOL;
  if (rated)
    g_string_append_printf(out, " (%s%s%s)", oakum_severity_name(oakum_judge_severity(judge, f)),
                           f->fixed ? ", fixed in " : "", f->fixed ? f->fixed : "");
  else if (f->title)
    g_string_append_printf(out, ": %s", f->title);
  return oakum_escape_terminal(out->str, (gssize)out->len);
}

static void see(const OakumJudge *judge, OakumVerdictRule *into, const OakumFinding *f,
                const char *why)
{
  if (!judge->input->everything && into->saw->len >= OAKUM_POLICY_EXAMPLES)
    return;
  g_autofree char *line = finding_line(judge, f);
  g_ptr_array_add(into->saw, judge->input->everything && why && *why
                                 ? g_strconcat(line, " - ", why, NULL)
                                 : g_strdup(line));
}

static char *where_of(const OakumException *exception)
{
  return exception->line ? g_strdup_printf("%s:%d", exception->file, exception->line)
                         : g_strdup(exception->file);
}

static char *exception_text(const OakumException *one)
{
  g_autoptr(GString) out = g_string_new(MARK);
  g_autofree char *where = where_of(one);
  if (one->imported)
    g_string_append_printf(out, "imported from %s", where);
  else
    g_string_append_printf(out, "exception %s", where);
  if (one->owner)
    g_string_append_printf(out, " of %s", one->owner);
  if (one->until)
    g_string_append_printf(out, " until %s", one->until);
  else if (one->imported)
    g_string_append(out, ", without an end");
  if (one->reason)
    g_string_append_printf(out, ": %s", one->reason);
  else
    g_string_append(out, ", without a reason");
  return g_string_free(g_steal_pointer(&out), FALSE);
}

/* "exception policy.yaml:12 (CVE-2024-1)". */
static char *exception_name(const OakumException *one)
{
  g_autofree char *where = where_of(one);
  const GPtrArray *ids = one->select.lists[LIST_ID];
  g_autofree char *name = ids ? g_strdup_printf("exception %s (%s%s)", where, (char *)ids->pdata[0],
                                                ids->len > 1 ? ", …" : "")
                              : g_strdup_printf("exception %s", where);
  return oakum_escape_terminal(name, -1);
}

/* ---- what does not count -------------------------------------------------------------------- */
/* Exceptions by their only id, so that a list of thousands costs nothing. */
typedef struct {
  GHashTable *by_id; /* upper case -> GPtrArray of indices + 1 */
  GArray *rest;      /* guint: those with wildcards, or without ids */
} Index;

static void index_add(GHashTable *map, const char *id, guint index)
{
  char *upper = g_ascii_strup(id, -1);
  GPtrArray *list = g_hash_table_lookup(map, upper);
  if (!list)
    g_hash_table_insert(map, g_strdup(upper), list = g_ptr_array_new());
  g_free(upper);
  if (!list->len || list->pdata[list->len - 1] != GUINT_TO_POINTER(index + 1))
    g_ptr_array_add(list, GUINT_TO_POINTER(index + 1));
}

static Index index_new(const OakumPolicy *policy)
{
  Index index = {oakum_str_map_new(g_free, (GDestroyNotify)g_ptr_array_unref),
                 g_array_new(FALSE, FALSE, sizeof(guint))};
  for (guint i = 0; i < policy->exceptions->len; i++) {
    const OakumSelect *select = &((const OakumException *)policy->exceptions->pdata[i])->select;
    const GPtrArray *ids = select->lists[LIST_ID];
    gboolean plain = oakum_select_plain_ids(select);
    for (guint k = 0; plain && k < ids->len; k++)
      index_add(index.by_id, ids->pdata[k], i);
    if (!plain)
      g_array_append_val(index.rest, i);
  }
  return index;
}

typedef struct {
  OakumJudge *judge;
  Index index;
  GArray *ended; /* guint: those that would be about the finding at hand, had they not ended */
  guint *hits;   /* of each exception */
} Excepting;

/* TRUE: it is excepted, and marked so. */
static gboolean try_exception(Excepting *e, guint at, OakumFinding *f)
{
  const OakumException *one = e->judge->policy->exceptions->pdata[at];
  if (oakum_select_matches(&one->select, f, e->judge, NULL, NULL) != TRI_YES)
    return FALSE;
  if (e->judge->input->now >= one->ends) {
    g_array_append_val(e->ended, at);
    return FALSE;
  }
  e->hits[at]++;
  g_free(f->suppressed);
  f->suppressed = exception_text(one);
  return TRUE;
}

static gboolean try_id(Excepting *e, const char *id, OakumFinding *f)
{
  g_autofree char *upper = id ? g_ascii_strup(id, -1) : NULL;
  const GPtrArray *list = upper ? g_hash_table_lookup(e->index.by_id, upper) : NULL;
  for (guint i = 0; list && i < list->len; i++)
    if (try_exception(e, GPOINTER_TO_UINT(list->pdata[i]) - 1, f))
      return TRUE;
  return FALSE;
}

static void except(Excepting *e, OakumFinding *f)
{
  if (try_id(e, f->id, f) || (f->code && g_strcmp0(f->code, f->id) != 0 && try_id(e, f->code, f)))
    return;
  for (char **alias = f->aliases; alias && *alias; alias++)
    if (g_strcmp0(*alias, f->code) != 0 && try_id(e, *alias, f))
      return;
  for (guint i = 0; i < e->index.rest->len; i++)
    if (try_exception(e, g_array_index(e->index.rest, guint, i), f))
      return;
}

static void note(OakumVerdict *verdict, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(OakumVerdict *verdict, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  g_ptr_array_add(verdict->notes, oakum_escape_terminal(text, -1));
  va_end(args);
}

static const char *plural(guint count)
{
  return count == 1 ? "" : "s";
}

static void tell_exceptions(const Excepting *e, OakumVerdict *verdict)
{
  const OakumPolicy *policy = e->judge->policy;
  int64_t now = e->judge->input->now;
  guint told = 0;
  for (guint i = 0; i < policy->exceptions->len; i++) {
    const OakumException *one = policy->exceptions->pdata[i];
    if (!e->hits[i] || one->ends == G_MAXINT64)
      continue;
    g_autofree char *name = exception_name(one);
    gint64 last = oakum_day_of(one->ends - 1, policy->zone);
    if (now < one->ends && last - e->judge->today > policy->expiring)
      continue;
    if (++told > OAKUM_POLICY_NOTES_MAX)
      break;
    if (now >= one->ends)
      note(verdict, "%s ended with %s: %u finding%s count%s again", name, one->until, e->hits[i],
           plural(e->hits[i]), e->hits[i] == 1 ? "s" : "");
    else if (last == e->judge->today)
      note(verdict, "%s ends today, %s: %u finding%s", name, one->until, e->hits[i],
           plural(e->hits[i]));
    else
      note(verdict, "%s ends in %" G_GINT64_FORMAT " day%s, %s: %u finding%s", name,
           last - e->judge->today, plural((guint)(last - e->judge->today)), one->until, e->hits[i],
           plural(e->hits[i]));
  }
  if (told > OAKUM_POLICY_NOTES_MAX)
    note(verdict, "there are more exceptions that ended or are about to");
}

static void ignore(OakumJudge *judge, OakumVerdictRule *into, const OakumRule *rule)
{
  for (guint i = 0; i < judge->input->findings->len; i++) {
    OakumFinding *f = judge->input->findings->pdata[i];
    g_autoptr(GString) why = g_string_new(NULL);
    if (f->suppressed || f->kind == OAKUM_FINDING_INCOMPLETE ||
        oakum_select_matches(&rule->select, f, judge, why, NULL) != TRI_YES)
      continue;
    into->count++;
    see(judge, into, f, why->str);
    f->suppressed = g_strdup_printf(MARK "rule \"%s\" ignores it%s%s", rule->name,
                                    rule->about ? ": " : "", rule->about ? rule->about : "");
  }
  into->verdict = g_strdup("ignore");
}

/* ---- rules ---------------------------------------------------------------------------------- */
/* The day from which grace runs; FALSE: nobody knows one. */
static gboolean grace_begins(const OakumJudge *judge, const OakumRule *rule, const OakumFinding *f,
                             gint64 *day)
{
  gint64 fix = 0, seen = 0;
  gboolean has_fix = f->fix_date && oakum_day_of_text(f->fix_date, judge->policy->zone, &fix),
           has_seen = f->first_seen && oakum_day_of_text(f->first_seen, judge->policy->zone, &seen);
  if (rule->grace_from == GRACE_SEEN)
    has_fix = FALSE;
  *day = has_fix && has_seen && rule->grace_from == GRACE_LATER ? MAX(fix, seen)
         : has_fix                                              ? fix
                                                                : seen;
  return has_fix || has_seen;
}

static gboolean in_grace(const OakumJudge *judge, const OakumRule *rule, const OakumFinding *f)
{
  gint64 day;
  return rule->grace > 0 && grace_begins(judge, rule, f, &day) && judge->today - day < rule->grace;
}

/* "2 holes are high or worse (rule \"severe\")". */
static char *rule_text(const OakumRule *rule, guint count)
{
  g_autofree char *kinds = oakum_kinds_text(rule->select.kinds),
                  *predicate = oakum_select_text(&rule->select);
  g_autoptr(GString) out = g_string_new(NULL);
  g_string_append_printf(out, "%u %s%s%s", count, kinds, *predicate ? " " : "", predicate);
  if (rule->grace > 0)
    g_string_append_printf(out, ", no grace of %d days left", rule->grace);
  if (rule->max > 0)
    g_string_append_printf(out, "; %d are allowed", rule->max);
  if (!rule->unnamed)
    g_string_append_printf(out, " (rule \"%s\")", rule->name);
  return oakum_escape_terminal(out->str, (gssize)out->len);
}

static char *unsure_text(const OakumRule *rule, guint unsure, const char *lacks)
{
  g_autofree char *kinds = oakum_kinds_text(rule->select.kinds);
  if (rule->unnamed && rule->select.severity >= 0)
    return g_strdup_printf("%u %s have no severity, so that they may be %s or worse", unsure, kinds,
                           oakum_severity_name((OakumSeverity)rule->select.severity));
  g_autofree char *predicate = oakum_select_text(&rule->select),
                  *text = g_strdup_printf(
                      "%u %s may be what rule \"%s\" asks for (%s): not known is %s", unsure, kinds,
                      rule->name, predicate, lacks);
  return oakum_escape_terminal(text, -1);
}

static void judge_rule(OakumJudge *judge, OakumVerdict *verdict, const OakumRule *rule)
{
  OakumVerdictRule *into = oakum_verdict_add_rule(verdict, rule->name);
  into->max = (guint)rule->max;
  if (rule->action == ACTION_IGNORE) {
    ignore(judge, into, rule);
    return;
  }
  g_autofree char *lacking = NULL;
  g_autoptr(GPtrArray) unsure = g_ptr_array_new();
  guint graced = 0;
  for (guint i = 0; i < judge->input->findings->len; i++) {
    const OakumFinding *f = judge->input->findings->pdata[i];
    g_autoptr(GString) why = judge->input->everything ? g_string_new(NULL) : NULL;
    g_autoptr(GString) lacks = g_string_new(NULL);
    if (f->suppressed)
      continue;
    OakumTri tri = oakum_select_matches(&rule->select, f, judge, why, lacks);
    if (tri == TRI_MAYBE && rule->missing != MISSING_UNKNOWN)
      tri = rule->missing == MISSING_MATCH ? TRI_YES : TRI_NO;
    if (tri == TRI_NO)
      continue;
    if (in_grace(judge, rule, f)) {
      graced++;
      continue;
    }
    if (tri == TRI_MAYBE) {
      if (!lacking)
        lacking = g_strdup(lacks->str);
      g_ptr_array_add(unsure, (gpointer)f);
      continue;
    }
    into->count++;
    see(judge, into, f, why ? why->str : NULL);
    if (rule->told_singly && f->title)
      g_ptr_array_add(verdict->reasons, oakum_escape_terminal(f->title, -1));
  }
  into->unsure = unsure->len;
  for (guint i = 0; i < unsure->len; i++)
    see(judge, into, unsure->pdata[i], judge->input->everything ? "not known" : NULL);
  gboolean over = into->count > (guint)rule->max,
           maybe = unsure->len > 0 && into->count + unsure->len > (guint)rule->max;
  g_autofree char *text = rule_text(rule, into->count);
  if (over && rule->action == ACTION_FAIL) {
    verdict->failing += into->count;
    if (!rule->told_singly)
      g_ptr_array_add(verdict->reasons, g_strdup(text));
  } else if (over) {
    note(verdict, "warning: %s", text);
  }
  if (maybe && !(over && rule->action == ACTION_WARN)) {
    g_autofree char *unknown = unsure_text(rule, unsure->len, lacking);
    if (rule->action == ACTION_FAIL)
      g_ptr_array_add(verdict->reasons, g_steal_pointer(&unknown));
    else
      note(verdict, "warning: %s", unknown);
  }
  if (graced)
    note(verdict, "rule \"%s\": %u finding%s %s within the grace of %d days", rule->name, graced,
         plural(graced), graced == 1 ? "is" : "are", rule->grace);
  if (rule->action == ACTION_FAIL && over)
    verdict->kind = OAKUM_VERDICT_FAIL;
  else if (rule->action == ACTION_FAIL && maybe && verdict->kind == OAKUM_VERDICT_PASS)
    verdict->kind = OAKUM_VERDICT_UNKNOWN;
  into->verdict = g_strdup(over    ? rule->action == ACTION_FAIL ? "fail" : "warn"
                           : maybe ? rule->action == ACTION_FAIL ? "unknown" : "warn"
                                   : "pass");
}

static void judge_incomplete(OakumJudge *judge, OakumVerdict *verdict)
{
  OakumVerdictRule *into = oakum_verdict_add_rule(verdict, "not-judged");
  for (guint i = 0; i < judge->input->findings->len; i++) {
    const OakumFinding *f = judge->input->findings->pdata[i];
    if (f->kind != OAKUM_FINDING_INCOMPLETE || f->suppressed)
      continue;
    into->count++;
    see(judge, into, f, NULL);
  }
  gboolean fails = judge->policy->unknown == UNKNOWN_FAIL;
  into->verdict = g_strdup(!into->count ? "pass" : fails ? "fail" : "unknown");
  if (!into->count)
    return;
  g_ptr_array_add(verdict->reasons, g_strdup_printf("%u things could not be judged", into->count));
  if (fails) {
    verdict->failing += into->count;
    verdict->kind = OAKUM_VERDICT_FAIL;
  } else if (verdict->kind == OAKUM_VERDICT_PASS) {
    verdict->kind = OAKUM_VERDICT_UNKNOWN;
  }
}

static gboolean asks_for_new(const OakumPolicy *policy)
{
  for (guint i = 0; i < policy->rules->len; i++)
    if (((const OakumRule *)policy->rules->pdata[i])->select.fresh >= 0)
      return TRUE;
  return FALSE;
}

/* ---- the whole ------------------------------------------------------------------------------ */
/* The first day that a hole was seen: what the baseline says, or today. One that the baseline has
 * without a day gets none: it may be old. */
static void set_first_seen(const OakumJudge *judge)
{
  g_autofree char *today = oakum_day_format(judge->input->now, judge->policy->zone);
  for (guint i = 0; i < judge->input->findings->len; i++) {
    OakumFinding *f = judge->input->findings->pdata[i];
    const OakumFinding *before = oakum_judge_before(judge, f);
    if (before && before->first_seen) {
      g_free(f->first_seen);
      f->first_seen = g_strdup(before->first_seen);
    } else if (!f->first_seen && !before && f->kind == OAKUM_FINDING_VULNERABILITY) {
      f->first_seen = g_strdup(today);
    }
  }
}

OakumVerdict *oakum_policy_evaluate(const OakumPolicy *policy, const OakumPolicyInput *input)
{
  OakumVerdict *verdict = oakum_verdict_new(OAKUM_VERDICT_PASS);
  OakumJudge judge;
  judge_init(&judge, policy, input);
  for (guint i = 0; i < input->findings->len; i++) {
    OakumFinding *f = input->findings->pdata[i];
    if (f->suppressed && g_str_has_prefix(f->suppressed, MARK))
      g_clear_pointer(&f->suppressed, g_free);
  }
  if (input->baseline)
    set_first_seen(&judge);
  else if (asks_for_new(policy))
    note(verdict, "no earlier result was given: %s",
         policy->no_baseline == NO_BASELINE_NEW   ? "all findings count as new"
         : policy->no_baseline == NO_BASELINE_OLD ? "no finding counts as new"
                                                  : "what is new is not known");
  Excepting e = {&judge, index_new(policy), g_array_new(FALSE, FALSE, sizeof(guint)),
                 g_new0(guint, policy->exceptions->len + 1)};
  for (guint i = 0; i < input->findings->len; i++) {
    OakumFinding *f = input->findings->pdata[i];
    if (f->suppressed)
      continue;
    g_array_set_size(e.ended, 0);
    except(&e, f);
    for (guint k = 0; !f->suppressed && k < e.ended->len; k++)
      e.hits[g_array_index(e.ended, guint, k)]++;
  }
  tell_exceptions(&e, verdict);
  for (int pass = 0; pass < 2; pass++) /* those that ignore come first */
    for (guint i = 0; i < policy->rules->len; i++) {
      const OakumRule *rule = policy->rules->pdata[i];
      if ((rule->action == ACTION_IGNORE) == (pass == 0))
        judge_rule(&judge, verdict, rule);
    }
  judge_incomplete(&judge, verdict);
  if (verdict->kind == OAKUM_VERDICT_UNKNOWN && policy->unknown == UNKNOWN_FAIL)
    verdict->kind = OAKUM_VERDICT_FAIL;
  if (!input->baseline && oakum_policy_wants_baseline(policy))
    set_first_seen(&judge); /* for the next run; no day of grace comes of it in this one */
  g_hash_table_unref(e.index.by_id);
  g_array_unref(e.index.rest);
  g_array_unref(e.ended);
  g_free(e.hits);
  judge_clear(&judge);
  return verdict;
}
