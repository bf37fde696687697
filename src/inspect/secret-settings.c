/* What the settings and the history of an image tell to everybody who may pull it. */
#include "inspect/inspect.h"
#include "inspect/secret-private.h"
#include <string.h>

/* The word in front of `word` in a command, when `word` is its value; else NULL. */
static const char *option_of(const char *front, const char *word)
{
  return front && *front == '-' && !strpbrk(front, "= ") && word && *word != '-' ? front : NULL;
}

/* Each text is a small file of its own, of a kind whose every line may set something. */
static void look(SecretScan *scan, const char *name, const char *text, GPtrArray *findings)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free),
                       incomplete =
                           g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  if (!text || !*text)
    return;
  oakum_secret_scan_file(scan, "settings.env");
  oakum_secret_scan_bytes(scan, text, strlen(text));
  oakum_secret_scan_end(scan, found, incomplete);
  for (guint i = 0; i < found->len; i++) {
    OakumFinding *finding = found->pdata[i];
    g_clear_pointer(&finding->file, g_free);
    finding->line = 0;
    g_free(finding->why);
    finding->why = g_strdup_printf("%s in %s of the image", finding->title, name);
    gboolean told = FALSE;
    for (guint j = 0; j < findings->len && !told; j++) {
      const OakumFinding *other = findings->pdata[j];
      told = other->kind == OAKUM_FINDING_SECRET && !other->file &&
             strcmp(other->id, finding->id) == 0 && g_strcmp0(other->match, finding->match) == 0 &&
             g_strcmp0(other->why, finding->why) == 0;
    }
    if (told)
      oakum_finding_free(finding);
    else
      g_ptr_array_add(findings, finding);
  }
  g_ptr_array_set_free_func(found, NULL);
}

static void look_at_list(SecretScan *scan, const char *name, char **list, GPtrArray *findings)
{
  for (char **text = list; text && *text; text++) {
    const char *option = option_of(text > list ? text[-1] : NULL, *text);
    g_autofree char *both = option ? g_strconcat(option, "=", *text, NULL) : NULL;
    look(scan, name, both ? both : *text, findings);
  }
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void look_at_map(SecretScan *scan, const char *name, GHashTable *map, GPtrArray *findings)
{
  if (!map)
    return;
  guint n;
  g_autofree const char **keys = (const char **)g_hash_table_get_keys_as_array(map, &n);
  qsort(keys, n, sizeof *keys, by_name);
  for (guint i = 0; i < n; i++) {
    g_autofree char *line =
        g_strdup_printf("%s=%s", keys[i], (const char *)g_hash_table_lookup(map, keys[i]));
    look(scan, name, line, findings);
  }
}

void oakum_secret_settings(const OakumConfig *config, const OakumManifest *manifest,
                           GPtrArray *findings)
{
  SecretScan *scan = oakum_secret_scan_new();
  look_at_list(scan, "the environment", config->env, findings);
  look_at_list(scan, "the command", config->cmd, findings);
  look_at_list(scan, "the entry point", config->entrypoint, findings);
  look_at_list(scan, "the ONBUILD triggers", config->on_build, findings);
  look_at_map(scan, "the labels", config->labels, findings);
  if (config->healthcheck) {
    g_autofree char *text = oakum_json_dump(config->healthcheck, TRUE);
    look(scan, "the health check", text, findings);
  }
  for (guint i = 0; i < config->history->len; i++) {
    const OakumHistory *step = config->history->pdata[i];
    look(scan, "the history", step->created_by, findings);
    look(scan, "the history", step->comment, findings);
  }
  if (manifest)
    look_at_map(scan, "the annotations", manifest->annotations, findings);
  oakum_secret_scan_free(scan);
}

/* ---- blotted out
 * ----------------------------------------------------------------------------------- */
/* What is secret of `name`=`text` becomes asterisks; NULL: nothing is. *made is made when there is
 * something to look at: many images have no settings. */
static char *blotted(SecretScan **made, const char *name, const char *text)
{
  if (!*text)
    return NULL;
  SecretScan *scan = *made ? *made : (*made = oakum_secret_scan_new());
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free),
                       incomplete =
                           g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(SecretRange));
  g_autofree char *line = name ? g_strconcat(name, "=", text, NULL) : g_strdup(text);
  size_t before = strlen(line) - strlen(text), len = strlen(line);
  oakum_secret_scan_ranges(scan, ranges);
  oakum_secret_scan_file(scan, "settings.env");
  oakum_secret_scan_bytes(scan, line, len);
  oakum_secret_scan_end(scan, found, incomplete);
  oakum_secret_scan_ranges(scan, NULL);
  for (guint i = 0; i < ranges->len; i++) {
    SecretRange range = g_array_index(ranges, SecretRange, i);
    for (size_t at = MAX((size_t)range.start, before); at < MIN((size_t)range.end, len); at++)
      line[at] = '*';
  }
  return ranges->len > 0 ? g_strdup(line + before) : NULL;
}

static void blot_all(SecretScan **scan, const char *name, json_t *json)
{
  const char *key;
  json_t *value;
  size_t i;
  void *next;
  if (json_is_string(json)) {
    g_autofree char *text = blotted(scan, name, json_string_value(json));
    if (text)
      json_string_set(json, g_utf8_validate(text, -1, NULL) ? text : "***");
  }
  json_array_foreach(json, i, value)
  {
    const char *front = i > 0 ? json_string_value(json_array_get(json, i - 1)) : NULL;
    blot_all(scan, option_of(front, json_string_value(value)), value);
  }
  json_object_foreach_safe(json, next, key, value) blot_all(scan, key, value);
}

void oakum_inspect_censor(json_t *json)
{
  SecretScan *scan = NULL;
  blot_all(&scan, NULL, json);
  if (scan)
    oakum_secret_scan_free(scan);
}

char *oakum_inspect_censored(const char *text)
{
  SecretScan *scan = NULL;
  char *out = text ? blotted(&scan, NULL, text) : NULL;
  if (scan)
    oakum_secret_scan_free(scan);
  return out ? out : g_strdup(text);
}
