#include "cli/policy-args.h"
#include "os/os.h"
#include <string.h>

#define AT(field) offsetof(OakumPolicyArgs, field)
const OakumOption oakum_policy_options[] = {
    {"policy", 0, OAKUM_OPTION_TEXT, AT(policy), "FILE",
     "what is too bad, and what does not count: docs/policy.md",
     "the key \"policy\" of the configuration file"},
    {"preset", 0, OAKUM_OPTION_TEXT, AT(preset), OAKUM_POLICY_PRESETS, "the rules to begin with",
     "as the policy says, else none"},
    {"baseline", 0, OAKUM_OPTION_TEXT, AT(baseline), "FILE",
     "an earlier result (--format json): what it has is not new", "none: everything is new"},
    {"ignore-file", 0, OAKUM_OPTION_LIST, AT(ignore_files), "FILE",
     "what another tool's file says does not count: .trivyignore, .trivyignore.yaml, .grype.yaml, "
     ".hadolint.yaml, .dockleignore, vulnerability-allowlist.yml",
     "those that the policy imports"},
    {0}};

void oakum_gate_clear(OakumGate *gate)
{
  oakum_policy_free(gate->policy);
  oakum_saved_result_free(gate->baseline);
  g_clear_pointer(&gate->stages, g_array_unref);
}

/* A file, or standard input as "-"; *path becomes what messages call it. */
static gboolean read_named(const char **path, uint64_t max, char **text, size_t *len,
                           GError **error)
{
  if (strcmp(*path, "-") != 0)
    return oakum_file_read(*path, max, text, len, error);
  *path = "standard input";
  g_autoptr(OakumReader) reader = oakum_reader_new_fd(0, FALSE);
  return oakum_reader_slurp(reader, max, *path, text, len, error);
}

OakumSavedResult *oakum_cli_read_result(const char *path, GError **error)
{
  g_autofree char *text = NULL;
  const char *what = path;
  size_t len;
  return read_named(&what, OAKUM_RESULT_FILE_MAX, &text, &len, error)
             ? oakum_report_read(text, len, what, error)
             : NULL;
}

/* ---- policies ------------------------------------------------------------------------------- */
static gboolean import_file(OakumPolicy *policy, const char *path, OakumImportKind kind,
                            GError **error)
{
  g_autofree char *text = NULL, *shown = oakum_escape_terminal(path, -1);
  size_t len;
  return oakum_file_read(path, OAKUM_CONFIG_FILE_MAX, &text, &len, error) &&
         oakum_policy_import(policy, text, len, shown, kind, error);
}

/* What the policy in the file `path` imports lies beside it. */
static gboolean read_imports(OakumPolicy *policy, const char *path, GError **error)
{
  const GPtrArray *imports = oakum_policy_imports(policy);
  g_autofree char *folder = g_path_get_dirname(path);
  for (guint i = 0; i < imports->len; i++) {
    const OakumPolicyImport *one = imports->pdata[i];
    g_autofree char *file = g_path_is_absolute(one->file) || strcmp(folder, ".") == 0
                                ? g_strdup(one->file)
                                : g_build_filename(folder, one->file, NULL);
    if (!import_file(policy, file, one->kind, error)) {
      g_prefix_error(error, "%s:%d:%d: import: ", path, one->line, one->column);
      return FALSE;
    }
  }
  return TRUE;
}

OakumPolicy *oakum_cli_read_policy(const char *path, const char *preset, GError **error)
{
  g_autofree char *text = NULL;
  gboolean piped = strcmp(path, "-") == 0;
  const char *what = path;
  size_t len;
  if (!read_named(&what, OAKUM_CONFIG_FILE_MAX, &text, &len, error))
    return NULL;
  g_autofree char *shown = oakum_escape_terminal(what, -1);
  g_autoptr(OakumPolicy) policy = oakum_policy_read_text(text, len, shown, preset, error);
  return policy && read_imports(policy, piped ? "-" : path, error) ? g_steal_pointer(&policy)
                                                                   : NULL;
}

gboolean oakum_gate_open(const OakumPolicyArgs *args, const OakumGeneralArgs *general,
                         OakumGate *out, GError **error)
{
  const OakumYaml *section = general ? oakum_yaml_get(general->top, "policy") : NULL;
  *out = (OakumGate){.own = args->policy || args->preset || section};
  if (args->policy)
    out->policy = oakum_cli_read_policy(args->policy, args->preset, error);
  else if (section) {
    out->policy = oakum_policy_read(section, general->path, args->preset, error);
    if (out->policy && !read_imports(out->policy, general->path, error))
      g_clear_pointer(&out->policy, oakum_policy_free);
  } else {
    out->policy = args->preset ? oakum_policy_read_preset(args->preset, error) : oakum_policy_new();
  }
  gboolean ok = out->policy != NULL;
  for (guint i = 0; ok && args->ignore_files && i < args->ignore_files->len; i++)
    ok = import_file(out->policy, args->ignore_files->pdata[i], OAKUM_IMPORT_AUTO, error);
  if (ok && args->baseline) {
    out->baseline = oakum_cli_read_result(args->baseline, error);
    ok = out->baseline != NULL;
    if (!ok)
      g_prefix_error(error, "--baseline: ");
  }
  if (!ok)
    oakum_gate_clear(out);
  if (!ok)
    *out = (OakumGate){NULL};
  return ok;
}

gboolean oakum_gate_fail_on(OakumGate *gate, const char *fail_on, const char *fallback,
                            GError **error)
{
  if (!fail_on)
    fail_on = gate->own ? "none" : fallback;
  if (oakum_policy_add_fail_on(gate->policy, fail_on))
    return TRUE;
  return oakum_cli_takes(error, "--fail-on", "fixable|none|negligible|low|medium|high|critical",
                         fail_on);
}

void oakum_gate_take_stages(OakumGate *gate, const OakumDockerfile *dockerfile)
{
  g_clear_pointer(&gate->stages, g_array_unref);
  gate->stages = g_array_new(FALSE, TRUE, sizeof(OakumPolicyStage));
  for (guint i = 0; i < dockerfile->stages->len; i++) {
    const OakumStage *stage = dockerfile->stages->pdata[i];
    if (stage->end <= stage->first)
      continue;
    const OakumInstruction *first = dockerfile->instructions->pdata[stage->first],
                           *last = dockerfile->instructions->pdata[stage->end - 1];
    const OakumPolicyStage one = {stage->name, (int)i, first->range.line, last->range.end_line};
    g_array_append_val(gate->stages, one);
  }
}

OakumVerdict *oakum_gate_judge(const OakumGate *gate, GPtrArray *findings,
                               const OakumCatalog *catalog, const char *target, int64_t now,
                               gboolean everything)
{
  const OakumPolicyInput input = {.findings = findings,
                                  .layers = catalog ? catalog->layers : NULL,
                                  .packages = catalog ? catalog->packages : NULL,
                                  .baseline = gate->baseline ? gate->baseline->findings : NULL,
                                  .stages = gate->stages,
                                  .target = target,
                                  .now = now,
                                  .everything = everything};
  return oakum_policy_evaluate(gate->policy, &input);
}

/* ---- told ----------------------------------------------------------------------------------- */
char *oakum_cli_verdict_text(const OakumVerdict *verdict)
{
  GString *out = g_string_new(NULL);
  g_string_append_printf(out, "verdict: %s\n", oakum_verdict_name(verdict->kind));
  for (guint i = 0; i < verdict->reasons->len; i++)
    g_string_append_printf(out, "reason: %s\n", (char *)verdict->reasons->pdata[i]);
  for (guint i = 0; i < verdict->notes->len; i++)
    g_string_append_printf(out, "note: %s\n", (char *)verdict->notes->pdata[i]);
  for (guint i = 0; i < verdict->rules->len; i++) {
    const OakumVerdictRule *rule = verdict->rules->pdata[i];
    g_autofree char *name = oakum_escape_terminal(rule->name, -1);
    g_string_append_printf(out, "rule %s: %s, %u seen", name, rule->verdict, rule->count);
    if (rule->max)
      g_string_append_printf(out, ", %u allowed", rule->max);
    if (rule->unsure)
      g_string_append_printf(out, ", %u not known", rule->unsure);
    g_string_append_c(out, '\n');
    for (guint k = 0; k < rule->saw->len; k++) {
      g_autofree char *line = oakum_escape_terminal(rule->saw->pdata[k], -1);
      g_string_append_printf(out, "  %s\n", line);
    }
    guint left = rule->count + rule->unsure - MIN(rule->saw->len, rule->count + rule->unsure);
    if (left)
      g_string_append_printf(out, "  and %u more\n", left);
  }
  return g_string_free(out, FALSE);
}
