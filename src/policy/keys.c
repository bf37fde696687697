/* The one table of what a policy may say. The reader, the JSON schema and docs/policy.md come from
 * it. */
#include "policy/policy-private.h"

#define SELECT (PART_RULE | PART_EXCEPTION)
#define OF_SELECT(field) offsetof(OakumSelect, field), TRUE
#define OF_LIST(list) offsetof(OakumSelect, lists) + (list) * sizeof(GPtrArray *), TRUE
#define OF(Type, field) offsetof(Type, field), FALSE

const char *const oakum_policy_kind_words = "hole|secret|hygiene|licence|lint|freshness|incomplete";

const OakumKey oakum_policy_table[] = {
    /* the policy */
    {"preset", PART_POLICY, KEY_TEXT, OF(struct OakumPolicy, preset), OAKUM_POLICY_PRESETS, 0,
     "none", "rules to begin with; a rule of the same name takes the place of theirs"},
    {"without", PART_POLICY, KEY_TEXTS, OF(struct OakumPolicy, without), NULL, 0, NULL,
     "names of rules of the preset that do not hold here"},
    {"timezone", PART_POLICY, KEY_TEXT, OF(struct OakumPolicy, zone_name), NULL, 0, "UTC",
     "where days begin and end: `UTC`, `+02:00`, `Europe/Berlin`"},
    {"unknown", PART_POLICY, KEY_CHOICE, OF(struct OakumPolicy, unknown), "unknown|fail", 0,
     "unknown",
     "the verdict when something could not be judged, or a rule asks what is not known; it never "
     "passes"},
    {"no-baseline", PART_POLICY, KEY_CHOICE, OF(struct OakumPolicy, no_baseline), "new|unknown|old",
     0, "new", "what rules with `new` take findings for when no earlier result is given"},
    {"expiring", PART_POLICY, KEY_DAYS, OF(struct OakumPolicy, expiring), NULL, 3650, "14",
     "days before the end of an exception that a note speaks of it"},
    {"require", PART_POLICY, KEY_CHOICES, OF(struct OakumPolicy, require), "owner|expires", 0, NULL,
     "what every exception written here must have beside a reason"},
    {"rules", PART_POLICY, KEY_PART, 0, FALSE, NULL, PART_RULE, NULL,
     "a list of rules; all keys that a rule has must hold for a finding to count, in a list one of "
     "its values"},
    {"exceptions", PART_POLICY, KEY_PART, 0, FALSE, NULL, PART_EXCEPTION, NULL,
     "a list of what does not count, and why not"},
    {"import", PART_POLICY, KEY_PART, 0, FALSE, NULL, PART_IMPORT, NULL,
     "files of other tools: names, or `{file, kind}`; relative to the folder of the policy"},
    /* a rule */
    {"name", PART_RULE, KEY_TEXT, OF(OakumRule, name), NULL, 0, "`rule N`",
     "how results call it; no two have the same"},
    {"about", PART_RULE, KEY_TEXT, OF(OakumRule, about), NULL, 0, NULL, "a line for people"},
    {"action", PART_RULE, KEY_CHOICE, OF(OakumRule, action), "fail|warn|ignore", 0, "fail",
     "refuse the image; only tell; or take what it finds out of all other rules"},
    {"max", PART_RULE, KEY_COUNT, OF(OakumRule, max), NULL, 1000000, "0",
     "so many are allowed; more are not"},
    {"grace", PART_RULE, KEY_DAYS, OF(OakumRule, grace), NULL, 3650, NULL,
     "a finding counts only so many days after the date of `grace-from`; without any date at once"},
    {"grace-from", PART_RULE, KEY_CHOICE, OF(OakumRule, grace_from), "fix|seen|later", 0, "fix",
     "the day on which the fix came out, and where that is not known the first one seen; the day "
     "on "
     "which it was first seen, by the baseline; the later of both"},
    {"missing", PART_RULE, KEY_CHOICE, OF(OakumRule, missing), "unknown|match|skip", 0, "unknown",
     "what becomes of a finding when nobody knows what the rule asks of it: the verdict is "
     "unknown, "
     "it counts, or it does not"},
    /* an exception */
    {"reason", PART_EXCEPTION, KEY_TEXT, OF(OakumException, reason), NULL, 0, "must be there",
     "why it does not count"},
    {"owner", PART_EXCEPTION, KEY_TEXT, OF(OakumException, owner), NULL, 0, NULL,
     "who answers for it"},
    {"expires", PART_EXCEPTION, KEY_UNTIL, OF(OakumException, until), NULL, 0, "never",
     "its last day, in the policy's time zone, or a time of RFC 3339"},
    /* what both look at */
    {"kind", SELECT, KEY_KINDS, OF_SELECT(kinds),
     "hole|secret|hygiene|licence|lint|freshness|incomplete", 0, "all but `incomplete`",
     "one or more kinds of findings; what is old (OI1010 to OI1012) is of `hygiene` and of "
     "`freshness`"},
    {"id", SELECT, KEY_TEXTS, OF_LIST(LIST_ID), NULL, 0, NULL,
     "id, other name or code, `*` and `?` for anything: `CVE-2024-*`, `DL3008`, `CIS-DI-0001`"},
    {"severity", SELECT, KEY_SEVERITY, OF_SELECT(severity), NULL, 0, NULL,
     "this severity or worse"},
    {"severity-below", SELECT, KEY_SEVERITY, OF_SELECT(below), NULL, 0, NULL,
     "milder than this severity"},
    {"cvss", SELECT, KEY_NUMBER, OF_SELECT(cvss), NULL, 10, NULL, "CVSS score, at least"},
    {"epss", SELECT, KEY_NUMBER, OF_SELECT(epss), NULL, 1, NULL,
     "probability of being exploited in the next 30 days, at least"},
    {"epss-percentile", SELECT, KEY_NUMBER, OF_SELECT(percentile), NULL, 1, NULL,
     "its place among all, at least"},
    {"risk", SELECT, KEY_NUMBER, OF_SELECT(risk), NULL, 100, NULL, "risk, at least"},
    {"kev", SELECT, KEY_TRUTH, OF_SELECT(kev), NULL, 0, NULL, "whether CISA lists it as exploited"},
    {"kev-due", SELECT, KEY_TRUTH, OF_SELECT(due), NULL, 0, NULL,
     "whether the day until which CISA wants it mended is over"},
    {"ransomware", SELECT, KEY_TRUTH, OF_SELECT(ransomware), NULL, 0, NULL,
     "whether it is used in campaigns for ransom"},
    {"fixable", SELECT, KEY_TRUTH, OF_SELECT(fixable), NULL, 0, NULL, "whether there is a fix"},
    {"fix-age", SELECT, KEY_DAYS, OF_SELECT(fix_age), NULL, 3650, NULL,
     "days since the fix came out, at least"},
    {"status", SELECT, KEY_TEXTS, OF_LIST(LIST_STATUS), NULL, 0, NULL,
     "of the hole: `fixed`, `open`, `will_not_fix`, `fix_deferred`, `end_of_life`, "
     "`under_investigation`"},
    {"package", SELECT, KEY_TEXTS, OF_LIST(LIST_PACKAGE), NULL, 0, NULL,
     "name of the package, or its purl (`pkg:npm/%40babel/*`): one without a version is of every "
     "version"},
    {"source", SELECT, KEY_TEXTS, OF_LIST(LIST_SOURCE), NULL, 0, NULL,
     "name of the package that it was built from"},
    {"version", SELECT, KEY_TEXTS, OF_LIST(LIST_VERSION), NULL, 0, NULL, "version of the package"},
    {"type", SELECT, KEY_TEXTS, OF_LIST(LIST_TYPE), NULL, 0, NULL,
     "type of the package as in purls: `deb`, `npm`"},
    {"path", SELECT, KEY_TEXTS, OF_LIST(LIST_PATH), NULL, 0, NULL,
     "file of the finding, or a file that proves its package: `usr/share/**`, `*` stays between "
     "slashes"},
    {"layer", SELECT, KEY_TEXTS, OF_LIST(LIST_LAYER), NULL, 0, NULL,
     "number of the layer from 0, `2-4`, or the beginning of its digest, `sha256:1f2e…`"},
    {"from", SELECT, KEY_CHOICE, OF_SELECT(from), "any|base|own", 0, "any",
     "whether the base image's layers brought it; what lies in no layer is one's own"},
    {"stage", SELECT, KEY_TEXTS, OF_LIST(LIST_STAGE), NULL, 0, NULL,
     "name or number of the stage whose line brought it"},
    {"line", SELECT, KEY_TEXTS, OF_LIST(LIST_LINE), NULL, 0, NULL,
     "line of the Dockerfile that brought it, `12` or `10-20`"},
    {"image", SELECT, KEY_TEXTS, OF_LIST(LIST_IMAGE), NULL, 0, NULL,
     "name of the image as it was given; one without tag and digest is of all of them"},
    {"category", SELECT, KEY_TEXTS, OF_LIST(LIST_CATEGORY), NULL, 0, NULL,
     "category of what lint and the checks of the image found"},
    {"fingerprint", SELECT, KEY_TEXTS, OF_LIST(LIST_FINGERPRINT), NULL, 0, NULL,
     "the finding itself, as results have it"},
    {"new", SELECT, KEY_TRUTH, OF_SELECT(fresh), NULL, 0, NULL,
     "whether the baseline does not have it"},
    {"gone", SELECT, KEY_TRUTH, OF_SELECT(gone), NULL, 0, NULL,
     "whether its file was removed or replaced by a later layer"},
    /* an import */
    {"file", PART_IMPORT, KEY_TEXT, OF(OakumPolicyImport, file), NULL, 0, "must be there",
     "name of the file"},
    {"kind", PART_IMPORT, KEY_CHOICE, OF(OakumPolicyImport, kind),
     "auto|trivyignore|trivyignore-yaml|grype|hadolint|dockleignore|gitlab-allowlist", 0, "auto",
     "what it is: by name and content"},
    {0}};

/* ---- presets -------------------------------------------------------------------------------- */
typedef struct {
  const char *name, *about, *yaml;
} Preset;

static const Preset presets[] = {
    {"none", "nothing fails but what the policy itself says", ""},
    {"default", "stops what is exploited, severe and mendable, and secrets; tells the rest",
     "rules:\n"
     "- {name: exploited, kind: hole, kev: true, about: known to be exploited}\n"
     "- {name: fixable-high, kind: hole, severity: high, fixable: true, about: severe and mended}\n"
     "- {name: secrets, kind: secret, severity: medium, about: keys and passwords in the image}\n"
     "- {name: critical-open, kind: hole, severity: critical, fixable: false, action: warn, about: "
     "severe and not mended yet}\n"
     "- {name: fixable, kind: hole, severity-below: high, fixable: true, action: warn, missing: "
     "match, about: mended}\n"
     "- {name: hygiene, kind: hygiene, severity: high, action: warn, about: how the image is "
     "made}\n"
     "- {name: licences, kind: licence, severity: high, action: warn, about: licences to look at}\n"
     "- {name: ended, kind: freshness, id: end-of-life, action: warn, about: nobody mends it any "
     "more}\n"
     "- {name: lint, kind: lint, severity: high, about: errors in the Dockerfile}\n"},
    {"strict",
     "stops every hole of medium severity or with a fix, secrets, severe hygiene, licences, "
     "releases that have ended, and all that could not be judged",
     "unknown: fail\n"
     "rules:\n"
     "- {name: exploited, kind: hole, kev: true, about: known to be exploited}\n"
     "- {name: ransomware, kind: hole, ransomware: true, about: used in campaigns for ransom}\n"
     "- {name: likely, kind: hole, epss: 0.1, missing: skip, about: likely to be exploited soon}\n"
     "- {name: medium, kind: hole, severity: medium, about: medium or worse}\n"
     "- {name: fixable, kind: hole, fixable: true, about: mended}\n"
     "- {name: secrets, kind: secret, about: keys and passwords in the image}\n"
     "- {name: hygiene, kind: hygiene, severity: high, about: how the image is made}\n"
     "- {name: hygiene-medium, kind: hygiene, severity: medium, severity-below: high, action: "
     "warn, "
     "about: how the image is made}\n"
     "- {name: licences, kind: licence, severity: high, about: licences to look at}\n"
     "- {name: ended, kind: freshness, id: end-of-life, about: nobody mends it any more}\n"
     "- {name: lint, kind: lint, severity: medium, about: errors and warnings in the "
     "Dockerfile}\n"},
    {"report-only", "tells, and fails nothing; what could not be judged is still no pass",
     "rules:\n"
     "- {name: exploited, kind: hole, kev: true, action: warn, about: known to be exploited}\n"
     "- {name: high, kind: hole, severity: high, action: warn, about: high or worse}\n"
     "- {name: fixable, kind: hole, fixable: true, action: warn, about: mended}\n"
     "- {name: secrets, kind: secret, action: warn, about: keys and passwords in the image}\n"
     "- {name: hygiene, kind: hygiene, severity: medium, action: warn, about: how the image is "
     "made}\n"
     "- {name: licences, kind: licence, severity: medium, action: warn, about: licences to look "
     "at}\n"
     "- {name: ended, kind: freshness, id: end-of-life, action: warn, about: nobody mends it any "
     "more}\n"
     "- {name: lint, kind: lint, severity: medium, action: warn, about: errors and warnings in the "
     "Dockerfile}\n"},
};
const char *const oakum_preset_names[] = {"none", "default", "strict", "report-only", NULL};

static const Preset *preset_of(const char *name)
{
  for (size_t i = 0; i < G_N_ELEMENTS(presets); i++)
    if (strcmp(presets[i].name, name) == 0)
      return &presets[i];
  return NULL;
}

const char *oakum_preset_text(const char *name)
{
  const Preset *preset = preset_of(name);
  return preset ? preset->yaml : NULL;
}

const char *oakum_preset_about(const char *name)
{
  const Preset *preset = preset_of(name);
  return preset ? preset->about : NULL;
}

/* ---- told ----------------------------------------------------------------------------------- */
static const struct {
  OakumKeyPart part;
  const char *name;
} parts[] = {{PART_POLICY, "policy"},
             {PART_RULE, "rule"},
             {PART_EXCEPTION, "exception"},
             {PART_IMPORT, "import"}};

static char *type_text(const OakumKey *key)
{
  g_autofree char *most = g_strdup_printf("%g", key->most);
  switch (key->type) {
  case KEY_TEXT:
    if (!key->words)
      return g_strdup("text");
    break;
  case KEY_TEXTS:
    return g_strdup("text or list");
  case KEY_SEVERITY:
    return g_strdup("severity");
  case KEY_NUMBER:
    return g_strconcat("number, 0 to ", most, NULL);
  case KEY_COUNT:
    return g_strdup("integer");
  case KEY_DAYS:
    return g_strdup("days: `14`, `14d`, `2w`");
  case KEY_TRUTH:
    return g_strdup("`true`, `false`");
  case KEY_UNTIL:
    return g_strdup("day or time");
  case KEY_PART:
    return g_strdup("list");
  case KEY_CHOICE:
  case KEY_CHOICES:
  case KEY_KINDS:
    break;
  }
  g_auto(GStrv) words = g_strsplit(key->words, "|", -1);
  g_autofree char *joined = g_strjoinv("`, `", words);
  return g_strconcat("`", joined, "`",
                     key->type == KEY_CHOICE || key->type == KEY_TEXT ? NULL : ", or a list", NULL);
}

char *oakum_policy_keys(void)
{
  GString *out = g_string_new("| of | key | value | without it | what |\n|---|---|---|---|---|\n");
  for (const OakumKey *key = oakum_policy_table; key->name; key++) {
    g_autoptr(GString) of = g_string_new(NULL);
    g_autofree char *type = type_text(key);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
      if (key->parts & parts[i].part)
        g_string_append_printf(of, "%s%s", of->len ? ", " : "", parts[i].name);
    g_string_append_printf(out, "| %s | `%s` | %s | %s | %s |\n", of->str, key->name, type,
                           key->otherwise ? key->otherwise : "–", key->help);
  }
  g_string_append(out, "\n");
  for (size_t i = 0; i < G_N_ELEMENTS(presets); i++) {
    g_auto(GStrv) lines = g_strsplit(presets[i].yaml, "\n", -1);
    g_string_append_printf(out, "**%s**: %s.\n\n", presets[i].name, presets[i].about);
    for (char **line = lines; *line; line++)
      if (**line)
        g_string_append_printf(out, "    %s\n", *line);
    if (*presets[i].yaml)
      g_string_append(out, "\n");
  }
  return g_string_free(out, FALSE);
}

static json_t *words_schema(const char *words)
{
  json_t *list = json_array();
  g_auto(GStrv) each = g_strsplit(words, "|", -1);
  for (char **word = each; *word; word++)
    json_array_append_new(list, json_string(*word));
  return json_pack("{s:o}", "enum", list);
}

static json_t *one_or_list(json_t *one)
{
  json_t *list = json_pack("{s:s, s:O, s:i}", "type", "array", "items", one, "minItems", 1);
  return json_pack("{s:[o,o]}", "anyOf", one, list);
}

static json_t *key_schema(const OakumKey *key)
{
  switch (key->type) {
  case KEY_TEXT:
    return key->words ? words_schema(key->words)
                      : json_pack("{s:s, s:i}", "type", "string", "minLength", 1);
  case KEY_TEXTS:
    return one_or_list(json_pack("{s:[s,s]}", "type", "string", "integer"));
  case KEY_CHOICE:
    return words_schema(key->words);
  case KEY_CHOICES:
  case KEY_KINDS:
    return one_or_list(words_schema(key->words));
  case KEY_SEVERITY:
    return words_schema("negligible|low|medium|high|critical");
  case KEY_NUMBER:
    return json_pack("{s:s, s:i, s:f}", "type", "number", "minimum", 0, "maximum", key->most);
  case KEY_COUNT:
    return json_pack("{s:s, s:i, s:i}", "type", "integer", "minimum", 0, "maximum", (int)key->most);
  case KEY_DAYS:
    return json_pack("{s:[{s:s, s:i, s:i}, {s:s, s:s}]}", "anyOf", "type", "integer", "minimum", 0,
                     "maximum", (int)key->most, "type", "string", "pattern", "^[0-9]{1,4}[dw]?$");
  case KEY_TRUTH:
    return json_pack("{s:s}", "type", "boolean");
  case KEY_UNTIL:
    return json_pack("{s:s, s:s}", "type", "string", "pattern",
                     "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].+)?$");
  case KEY_PART:
    break;
  }
  const char *of = key->most == PART_RULE        ? "#/$defs/rule"
                   : key->most == PART_EXCEPTION ? "#/$defs/exception"
                                                 : "#/$defs/import";
  json_t *item = json_pack("{s:s}", "$ref", of);
  if (key->most == PART_IMPORT)
    item = one_or_list(json_pack("{s:[{s:s}, o]}", "anyOf", "type", "string", item));
  else
    item = json_pack("{s:s, s:o}", "type", "array", "items", item);
  return item;
}

static json_t *part_schema(OakumKeyPart part)
{
  json_t *properties = json_object(), *needed = json_array();
  for (const OakumKey *key = oakum_policy_table; key->name; key++) {
    if (!(key->parts & part))
      continue;
    json_t *one = key_schema(key);
    json_object_set_new(one, "description", json_string(key->help));
    json_object_set_new(properties, key->name, one);
    if (g_strcmp0(key->otherwise, "must be there") == 0)
      json_array_append_new(needed, json_string(key->name));
  }
  json_t *schema = json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0,
                             "properties", properties);
  if (json_array_size(needed))
    json_object_set(schema, "required", needed);
  json_decref(needed);
  return schema;
}

json_t *oakum_policy_schema(void)
{
  json_t *schema =
      json_pack("{s:s, s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                "title", "policy of oakum", "description",
                "a file of its own, or the value of the key policy of oakum.yaml: docs/policy.md");
  json_t *policy = part_schema(PART_POLICY), *defs = json_object();
  json_object_update(schema, policy);
  json_decref(policy);
  for (size_t i = 1; i < G_N_ELEMENTS(parts); i++)
    json_object_set_new(defs, parts[i].name, part_schema(parts[i].part));
  json_object_set_new(schema, "$defs", defs);
  return schema;
}
