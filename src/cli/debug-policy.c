/* A document with everything that a policy is held against, for tests: one file a case. */
#include "cli/scan-common.h"
#include <stdio.h>
#include <string.h>

#define WHAT "standard input"

static const char *text_of(const OakumYaml *map, const char *key)
{
  const OakumYaml *value = oakum_yaml_get(map, key);
  return value && value->kind == OAKUM_YAML_SCALAR && !oakum_yaml_is_null(value) ? value->text
                                                                                 : NULL;
}

static double number_of(const OakumYaml *map, const char *key, double otherwise)
{
  const char *text = text_of(map, key);
  return text ? g_ascii_strtod(text, NULL) : otherwise;
}

static gboolean flag_of(const OakumYaml *map, const char *key)
{
  const OakumYaml *value = oakum_yaml_get(map, key);
  gboolean on = FALSE;
  return value && oakum_yaml_bool(value, &on) && on;
}

static gboolean wrong(const OakumYaml *at, const char *text, GError **error)
{
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_INVALID, WHAT ":%d:%d: %s", at->line, at->column,
              text);
  return FALSE;
}

/* ---- findings ------------------------------------------------------------------------------- */
static gboolean known_keys(const OakumYaml *map, GError **error)
{
  static const char *const keys[] = {"kind",
                                     "id",
                                     "aliases",
                                     "severity",
                                     "title",
                                     "package",
                                     "version",
                                     "purl",
                                     "source",
                                     "fixed",
                                     "status",
                                     "fix",
                                     "fix-date",
                                     "first-seen",
                                     "cvss",
                                     "epss",
                                     "risk",
                                     "percentile",
                                     "kev",
                                     "kev-due",
                                     "ransomware",
                                     "layer",
                                     "digest",
                                     "line",
                                     "file",
                                     "code",
                                     "category",
                                     "match",
                                     "dockerfile-line",
                                     "gone",
                                     "suppressed",
                                     "ecosystem",
                                     "by",
                                     NULL};
  for (guint i = 0; i < map->keys->len; i++)
    if (!g_strv_contains(keys, ((const OakumYaml *)map->keys->pdata[i])->text))
      return wrong(map->keys->pdata[i], "no such key of a finding", error);
  return TRUE;
}

static OakumFinding *finding_of(const OakumYaml *map, GError **error)
{
  OakumFindingKind kind = OAKUM_FINDING_VULNERABILITY;
  OakumSeverity severity = OAKUM_SEVERITY_UNKNOWN;
  const char *kind_text = text_of(map, "kind"), *severity_text = text_of(map, "severity"),
             *id = text_of(map, "id");
  if (map->kind != OAKUM_YAML_MAP || !id ||
      (kind_text && !oakum_finding_kind_parse(kind_text, &kind)) ||
      (severity_text && !oakum_severity_parse(severity_text, &severity))) {
    (void)wrong(map, "a finding needs an id, and a kind and severity that there are", error);
    return NULL;
  }
  if (!known_keys(map, error))
    return NULL;
  OakumFinding *f = oakum_finding_new(kind, id, severity);
  const struct {
    const char *key;
    char **into;
  } texts[] = {{"title", &f->title},     {"package", &f->package_name},
               {"source", &f->source},   {"version", &f->package_version},
               {"fixed", &f->fixed},     {"purl", &f->package_purl},
               {"status", &f->status},   {"fix", &f->fix},
               {"kev-due", &f->kev_due}, {"fix-date", &f->fix_date},
               {"digest", &f->layer},    {"first-seen", &f->first_seen},
               {"file", &f->file},       {"code", &f->code},
               {"match", &f->match},     {"suppressed", &f->suppressed},
               {"by", &f->by},           {"ecosystem", &f->ecosystem}};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    *texts[i].into = g_strdup(text_of(map, texts[i].key));
  const OakumYaml *aliases = oakum_yaml_get(map, "aliases");
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; aliases && aliases->items && i < aliases->items->len; i++)
    g_ptr_array_add(names, g_strdup(((const OakumYaml *)aliases->items->pdata[i])->text));
  g_ptr_array_add(names, NULL);
  f->aliases = (char **)g_ptr_array_steal(names, NULL);
  f->category = g_strdup(text_of(map, "category"));
  f->cvss = number_of(map, "cvss", 0);
  f->cvss_vector = text_of(map, "cvss") ? g_strdup("given") : NULL;
  f->epss = number_of(map, "epss", -1);
  f->epss_percentile = number_of(map, "percentile", -1);
  f->risk = number_of(map, "risk", 0);
  f->kev = flag_of(map, "kev");
  f->ransomware = flag_of(map, "ransomware");
  f->gone = flag_of(map, "gone");
  f->layer_index = (int)CLAMP(number_of(map, "layer", -1), -1, 1000);
  f->line = (int)CLAMP(number_of(map, "line", 0), 0, 100000);
  f->dockerfile_line = (int)CLAMP(number_of(map, "dockerfile-line", 0), 0, 100000);
  if (kind == OAKUM_FINDING_VULNERABILITY && !f->status)
    f->status = g_strdup(f->fixed ? "fixed" : "open");
  return f;
}

static GPtrArray *findings_of(const OakumYaml *list, GError **error)
{
  g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  for (guint i = 0; list && list->items && i < list->items->len; i++) {
    OakumFinding *f = finding_of(list->items->pdata[i], error);
    if (!f)
      return NULL;
    g_ptr_array_add(out, f);
  }
  return g_steal_pointer(&out);
}

/* ---- the rest of the document --------------------------------------------------------------- */
static GPtrArray *layers_of(const OakumYaml *list)
{
  GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_layer_origin_free);
  for (guint i = 0; list && list->items && i < list->items->len; i++) {
    OakumLayerOrigin *origin = g_new0(OakumLayerOrigin, 1);
    origin->base = g_strcmp0(((const OakumYaml *)list->items->pdata[i])->text, "base") == 0;
    g_ptr_array_add(out, origin);
  }
  return out;
}

static GPtrArray *packages_of(const OakumYaml *list)
{
  GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  for (guint i = 0; list && list->items && i < list->items->len; i++) {
    const OakumYaml *map = list->items->pdata[i], *paths = oakum_yaml_get(map, "paths");
    OakumPackage *package = oakum_package_new();
    package->purl = g_strdup(text_of(map, "purl"));
    for (guint k = 0; paths && paths->items && k < paths->items->len; k++)
      g_ptr_array_add(package->paths, g_strdup(((const OakumYaml *)paths->items->pdata[k])->text));
    g_ptr_array_add(out, package);
  }
  return out;
}

static GArray *stages_of(const OakumYaml *list)
{
  GArray *out = g_array_new(FALSE, TRUE, sizeof(OakumPolicyStage));
  for (guint i = 0; list->items && i < list->items->len; i++) {
    const OakumYaml *map = list->items->pdata[i];
    const OakumPolicyStage one = {text_of(map, "name"), (int)i, (int)number_of(map, "first", 0),
                                  (int)number_of(map, "last", 0)};
    g_array_append_val(out, one);
  }
  return out;
}

/* The files that the policy imports stand in the document, by name. */
static gboolean read_imports(OakumPolicy *policy, const OakumYaml *files, GError **error)
{
  const GPtrArray *imports = oakum_policy_imports(policy);
  for (guint i = 0; i < imports->len; i++) {
    const OakumPolicyImport *one = imports->pdata[i];
    const char *text = text_of(files, one->file);
    if (!text) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_NOT_FOUND, "no file %s", one->file);
      return FALSE;
    }
    if (!oakum_policy_import(policy, text, strlen(text), one->file, one->kind, error))
      return FALSE;
  }
  return TRUE;
}

static OakumPolicy *policy_of(const OakumYaml *top, GError **error)
{
  const OakumYaml *node = oakum_yaml_get(top, "policy");
  const char *fail_on = text_of(top, "fail-on"), *preset = text_of(top, "preset");
  g_autoptr(OakumPolicy) policy = node     ? oakum_policy_read(node, WHAT, preset, error)
                                  : preset ? oakum_policy_read_preset(preset, error)
                                           : oakum_policy_new();
  if (!policy || !read_imports(policy, oakum_yaml_get(top, "files"), error))
    return NULL;
  if (fail_on && !oakum_policy_add_fail_on(policy, fail_on)) {
    (void)wrong(oakum_yaml_get(top, "fail-on"), "no such value", error);
    return NULL;
  }
  if (flag_of(top, "fail-on-end-of-life"))
    oakum_policy_add_end_of_life(policy);
  return g_steal_pointer(&policy);
}

static void print_marks(const GPtrArray *findings, gboolean seen)
{
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    g_autofree char *why = f->suppressed ? oakum_escape_terminal(f->suppressed, -1) : NULL;
    if (why)
      printf("suppressed %s: %s\n", f->id, why);
    if (seen && f->first_seen)
      printf("first seen %s: %s\n", f->id, f->first_seen);
  }
}

static int judge(const OakumYaml *top, GError **error)
{
  g_autoptr(OakumPolicy) policy = policy_of(top, error);
  if (!policy)
    return OAKUM_EXIT_ERROR;
  const OakumYaml *before = oakum_yaml_get(top, "baseline"),
                  *stages = oakum_yaml_get(top, "stages"), *paths = oakum_yaml_get(top, "packages");
  const char *date = text_of(top, "now");
  g_autoptr(GPtrArray) findings = findings_of(oakum_yaml_get(top, "findings"), error),
                       baseline = findings && before ? findings_of(before, error) : NULL,
                       layers = layers_of(oakum_yaml_get(top, "layers")),
                       packages = paths ? packages_of(paths) : NULL;
  g_autoptr(GArray) spans = stages ? stages_of(stages) : NULL;
  OakumPolicyInput input = {.findings = findings,
                            .layers = layers,
                            .packages = packages,
                            .baseline = baseline,
                            .stages = spans,
                            .target = text_of(top, "target"),
                            .everything = flag_of(top, "everything")};
  if (!findings || (before && !baseline))
    return OAKUM_EXIT_ERROR;
  if (date && !oakum_policy_moment(policy, date, &input.now)) {
    (void)wrong(oakum_yaml_get(top, "now"), "no day and no time", error);
    return OAKUM_EXIT_ERROR;
  }
  if (flag_of(top, "explain")) {
    g_autofree char *text = oakum_policy_explain(policy, input.now);
    fputs(text, stdout);
  }
  if (flag_of(top, "warnings")) {
    g_autoptr(GPtrArray) warnings = oakum_policy_warnings(policy, input.now);
    for (guint i = 0; i < warnings->len; i++)
      printf("warning: %s\n", (char *)warnings->pdata[i]);
  }
  if (!oakum_yaml_get(top, "findings"))
    return OAKUM_EXIT_PASS;
  g_autoptr(OakumVerdict) verdict = oakum_policy_evaluate(policy, &input);
  g_autofree char *text = oakum_cli_verdict_text(verdict);
  fputs(text, stdout);
  print_marks(findings, flag_of(top, "show-first-seen"));
  return oakum_cli_verdict_status(verdict);
}

static int run(int argc, char **argv)
{
  (void)argv;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  size_t len;
  g_autoptr(OakumReader) reader = oakum_reader_new_fd(0, FALSE);
  g_autoptr(OakumYaml) top = NULL;
  int status = OAKUM_EXIT_ERROR;
  if (argc != 2)
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "takes no arguments");
  else if (oakum_reader_slurp(reader, OAKUM_CONFIG_FILE_MAX, WHAT, &text, &len, &error) &&
           (top = oakum_yaml_parse(text, len, WHAT, &error)))
    status = judge(top, &error);
  if (error) {
    g_autofree char *shown = oakum_escape_terminal(error->message, -1);
    printf("error: %s\n", shown); /* a case is about it */
  }
  return status;
}

const OakumCommand oakum_debug_policy = {
    .name = "policy",
    .summary = "judge the findings of a document on standard input by the policy in it",
    .about = "The document, YAML: policy, preset, fail-on; files (imports, by name); now; target; "
             "layers ([base, own]); packages ([{purl, paths}]); stages ([{name, first, last}]); "
             "findings and baseline ([{kind, id, severity, package, fixed, …}]); everything, "
             "explain, warnings, show-first-seen (true). Errors are told on standard output.",
    .parent = &oakum_cmd_debug,
    .examples = "oakum debug policy < case.yaml\n",
    .run = run};
