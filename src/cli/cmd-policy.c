#include "cli/scan-common.h"
#include "os/os.h"
#include <stdio.h>
#include <string.h>

typedef struct {
  OakumPolicyArgs policy;
  char *format, *date, *fail_on, *dockerfile, *image;
  gboolean warnings;
  OakumGeneralArgs general;
} PolicyArgs;

static int complain(const char *verb, const GError *error)
{
  oakum_log(OAKUM_LOG_ERROR, "policy %s: %s", verb, error->message);
  return OAKUM_EXIT_ERROR;
}

static gboolean usage(GError **error, const char *text)
{
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s", text);
  return FALSE;
}

/* --date, else the clock. */
static gboolean moment(const PolicyArgs *args, const OakumPolicy *policy, int64_t *now,
                       GError **error)
{
  *now = oakum_cli_now();
  return !args->date || oakum_policy_moment(policy, args->date, now) ||
         usage(error, "--date takes a day, 2026-12-31, or a time, 2026-12-31T18:00:00+01:00");
}

/* ---- check ---------------------------------------------------------------------------------- */
static int check_one(const PolicyArgs *args, const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumPolicy) policy = oakum_cli_read_policy(path, args->policy.preset, &error);
  int64_t now;
  if (!policy || !moment(args, policy, &now, &error))
    return complain("check", error);
  g_autoptr(GPtrArray) warnings = oakum_policy_warnings(policy, now);
  for (guint i = 0; i < warnings->len; i++)
    printf("%s\n", (char *)warnings->pdata[i]);
  g_autofree char *shown = oakum_escape_terminal(path, -1);
  printf("%s: %s", shown, warnings->len ? "" : "ok\n");
  if (warnings->len)
    printf("%u warning%s\n", warnings->len, warnings->len == 1 ? "" : "s");
  return warnings->len && args->warnings ? OAKUM_EXIT_GATE : OAKUM_EXIT_PASS;
}

static int run_check(int argc, char **argv);
static int run_test(int argc, char **argv);
static int run_explain(int argc, char **argv);
static int run_schema(int argc, char **argv);
static int run_keys(int argc, char **argv);

#define AT(field) offsetof(PolicyArgs, field)
static const OakumOption date_option[] = {
    {"date", 0, OAKUM_OPTION_TEXT, AT(date), "DAY",
     "judge as on this day, 2026-12-31, or at this time of RFC 3339", "now"},
    {0}};
static const OakumOption check_options[] = {{"fail-on-warnings", 0, OAKUM_OPTION_FLAG, AT(warnings),
                                             NULL,
                                             "make the exit status 2 when there are warnings"},
                                            {0}};
static const OakumOption test_options[] = {
    {"format", 0, OAKUM_OPTION_TEXT, AT(format), "table|json", "how the verdict is told", "table"},
    {"fail-on", 0, OAKUM_OPTION_TEXT, AT(fail_on), OAKUM_FAIL_ON,
     "two rules more: holes and secrets of this severity and worse; fixable: holes with a fix, and "
     "secrets that are high or worse",
     "none"},
    {0}};
static const OakumOption subject_options[] = {
    {"dockerfile", 'f', OAKUM_OPTION_TEXT, AT(dockerfile), "FILE",
     "the Dockerfile that the image was built from: rules that name a stage ask it",
     "stages are not known"},
    {"image", 0, OAKUM_OPTION_TEXT, AT(image), "NAME",
     "name of the image, for what is said of one image alone", "as the result has it"},
    {0}};
#define POLICY_GROUP                                                                               \
  {                                                                                                \
    "Policy", NULL, oakum_policy_options, AT(policy)                                               \
  }
static const OakumOptionGroup groups[] = {OAKUM_GENERAL_GROUP(PolicyArgs, general), {0}},
                              check_groups[] = {{NULL, NULL, check_options, 0},
                                                {"Time", NULL, date_option, 0},
                                                {0}},
                              test_groups[] = {{NULL, NULL, test_options, 0},
                                               {"Time", NULL, date_option, 0},
                                               {"Image", NULL, subject_options, 0},
                                               POLICY_GROUP,
                                               {0}},
                              explain_groups[] = {{"Time", NULL, date_option, 0},
                                                  {"Image", NULL, subject_options, 0},
                                                  POLICY_GROUP,
                                                  {0}};
static const OakumArgument check_arguments[] = {
    {"FILE...", "a policy, or an oakum.yaml with one; - is standard input"}, {0}};
static const OakumArgument test_arguments[] = {
    {"RESULT", "a file that oakum scan or ship --format json wrote"}, {0}};
static const OakumArgument explain_arguments[] = {
    {"[FILE [RESULT]]", "a policy (none: that of the configuration file), and a saved "
                        "result: what each rule finds in it, and why"},
    {0}};
#define VERB(word, text, ...)                                                                      \
  {                                                                                                \
    .name = #word, .summary = text, .size = sizeof(PolicyArgs), .parent = &oakum_cmd_policy,       \
    .run = run_##word, __VA_ARGS__                                                                 \
  }
static const OakumCommand
    cmd_check = VERB(check, "say whether policies are well written, and what is odd about them",
                     .arguments = check_arguments, .groups = check_groups,
                     .examples = "oakum policy check policy.yaml\n"
                                 "oakum policy check --fail-on-warnings oakum.yaml\n"),
    cmd_test =
        VERB(test, "judge a saved result",
             .about = "Exit status: 0 pass, 1 error, 2 the policy refuses, 3 something could "
                      "not be judged.",
             .arguments = test_arguments, .groups = test_groups,
             .examples = "oakum policy test result.json --policy policy.yaml\n"
                         "oakum policy test result.json --preset strict --date 2027-01-01\n"
                         "oakum policy test mr.json --policy policy.yaml --baseline main.json\n"),
    cmd_explain = VERB(explain, "tell in plain words what a policy does",
                       .arguments = explain_arguments, .groups = explain_groups,
                       .examples = "oakum policy explain\n"
                                   "oakum policy explain policy.yaml result.json\n"),
    cmd_schema = VERB(schema, "print the JSON schema of policies"),
    cmd_keys = VERB(keys, "print all keys and presets, as a table in Markdown");
static const OakumCommand *const verbs[] = {&cmd_check,  &cmd_test, &cmd_explain,
                                            &cmd_schema, &cmd_keys, NULL};

const OakumCommand oakum_cmd_policy = {
    .name = "policy",
    .summary = "check, explain and try what is too bad for an image",
    .groups = groups,
    .size = sizeof(PolicyArgs),
    .verbs = verbs,
    .own_section = TRUE,
    .examples = "oakum policy check policy.yaml\n"
                "oakum policy explain --preset strict\n"
                "oakum policy test result.json --policy policy.yaml\n",
};

/* ---- running -------------------------------------------------------------------------------- */
static int run_check(int argc, char **argv)
{
  PolicyArgs args = {0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  int status = OAKUM_EXIT_PASS;
  gboolean ok = oakum_options_parse(&cmd_check, &args, argc, argv, &rest, &error);
  if (ok && rest->len == 0)
    ok = usage(&error, "expected a policy; see oakum policy check --help");
  if (!ok)
    status = complain("check", error);
  for (guint i = 0; ok && i < rest->len; i++) {
    int one = check_one(&args, rest->pdata[i]);
    if (status != OAKUM_EXIT_ERROR && one != OAKUM_EXIT_PASS)
      status = one;
  }
  oakum_options_clear(&cmd_check, &args);
  return status;
}

/* What is judged. */
typedef struct {
  OakumGate gate;
  OakumSavedResult *saved;
  OakumDockerfile *dockerfile;
  int64_t now;
} Subject;

static void subject_clear(Subject *subject)
{
  oakum_gate_clear(&subject->gate);
  oakum_saved_result_free(subject->saved);
  oakum_dockerfile_free(subject->dockerfile);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Subject, subject_clear)

static gboolean subject_load(const PolicyArgs *args, const char *result, Subject *out,
                             GError **error)
{
  if (!oakum_gate_open(&args->policy, &args->general, &out->gate, error) ||
      !oakum_gate_fail_on(&out->gate, args->fail_on, "none", error) ||
      !moment(args, out->gate.policy, &out->now, error))
    return FALSE;
  if (args->dockerfile) {
    g_autofree char *text = NULL;
    size_t len;
    if (!oakum_file_read(args->dockerfile, OAKUM_DOCKERFILE_MAX, &text, &len, error) ||
        !(out->dockerfile = oakum_dockerfile_parse(text, len, args->dockerfile, error)))
      return FALSE;
    oakum_gate_take_stages(&out->gate, out->dockerfile);
  }
  return !result || (out->saved = oakum_cli_read_result(result, error)) != NULL;
}

static OakumVerdict *judge(const PolicyArgs *args, const Subject *subject, gboolean everything)
{
  const OakumSavedResult *saved = subject->saved;
  return oakum_gate_judge(&subject->gate, saved->findings, saved->catalog,
                          args->image ? args->image : saved->result.target, subject->now,
                          everything);
}

static gboolean check_format(const PolicyArgs *args, GError **error)
{
  return !args->format || strcmp(args->format, "table") == 0 || strcmp(args->format, "json") == 0 ||
         oakum_cli_takes(error, "--format", "table|json", args->format);
}

static int run_test(int argc, char **argv)
{
  PolicyArgs args = {0};
  g_auto(Subject) subject = {{NULL}, NULL, NULL, 0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  int status = OAKUM_EXIT_ERROR;
  gboolean ok = oakum_options_parse(&cmd_test, &args, argc, argv, &rest, &error) &&
                check_format(&args, &error);
  if (ok && rest->len != 1)
    ok = usage(&error, "expected one saved result; see oakum policy test --help");
  if (ok && subject_load(&args, rest->pdata[0], &subject, &error)) {
    g_autoptr(OakumVerdict) verdict = judge(&args, &subject, FALSE);
    OAKUM_AUTO_JSON *json = json_pack("{s:o}", "verdict", oakum_report_verdict(verdict));
    g_autofree char *text = g_strcmp0(args.format, "json") == 0 ? oakum_json_dump(json, FALSE)
                                                                : oakum_cli_verdict_text(verdict);
    printf("%s%s", text, g_str_has_suffix(text, "\n") ? "" : "\n");
    status = oakum_cli_verdict_status(verdict);
  }
  if (error)
    (void)complain("test", error);
  oakum_options_clear(&cmd_test, &args);
  return status;
}

static void print_suppressed(const GPtrArray *findings)
{
  gboolean head = FALSE;
  for (guint i = 0; i < findings->len; i++) {
    const OakumFinding *f = findings->pdata[i];
    if (!f->suppressed)
      continue;
    g_autofree char *line = g_strdup_printf("%s%s%s: %s", f->id, f->package_name ? " in " : "",
                                            f->package_name ? f->package_name : "", f->suppressed),
                    *safe = oakum_escape_terminal(line, -1);
    printf("%s- %s\n", head ? "" : "\nDoes not count:\n", safe);
    head = TRUE;
  }
}

static int run_explain(int argc, char **argv)
{
  PolicyArgs args = {0};
  g_auto(Subject) subject = {{NULL}, NULL, NULL, 0};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  int status = OAKUM_EXIT_ERROR;
  gboolean ok = oakum_options_parse(&cmd_explain, &args, argc, argv, &rest, &error);
  if (ok && rest->len > 2)
    ok = usage(&error, "expected a policy and a saved result; see oakum policy explain --help");
  if (ok && rest->len > 0) {
    g_free(args.policy.policy);
    args.policy.policy = g_strdup(rest->pdata[0]);
  }
  if (ok && subject_load(&args, rest->len > 1 ? rest->pdata[1] : NULL, &subject, &error)) {
    g_autofree char *text = oakum_policy_explain(subject.gate.policy, subject.now);
    fputs(text, stdout);
    if (subject.saved) {
      g_autoptr(OakumVerdict) verdict = judge(&args, &subject, TRUE);
      g_autofree char *found = oakum_cli_verdict_text(verdict);
      printf("\n%s", found);
      print_suppressed(subject.saved->findings);
    }
    status = OAKUM_EXIT_PASS;
  }
  if (error)
    (void)complain("explain", error);
  oakum_options_clear(&cmd_explain, &args);
  return status;
}

/* Both print what is known before; a word behind them was meant for another verb. */
static gboolean is_alone(int argc, char **argv)
{
  if (argc == 2)
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(argv[1], -1);
  oakum_log(OAKUM_LOG_ERROR, "policy: %s takes no words; see oakum policy --help", shown);
  return FALSE;
}

static int run_schema(int argc, char **argv)
{
  if (!is_alone(argc, argv))
    return OAKUM_EXIT_ERROR;
  OAKUM_AUTO_JSON *schema = oakum_policy_schema();
  g_autofree char *text = json_dumps(schema, JSON_INDENT(2));
  printf("%s\n", text);
  return OAKUM_EXIT_PASS;
}

static int run_keys(int argc, char **argv)
{
  if (!is_alone(argc, argv))
    return OAKUM_EXIT_ERROR;
  g_autofree char *text = oakum_policy_keys();
  fputs(text, stdout);
  return OAKUM_EXIT_PASS;
}
