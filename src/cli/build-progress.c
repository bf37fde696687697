#include "cli/build-progress.h"
#include <stdlib.h>
#include <string.h>

static GMutex line_lock; /* events and log lines share standard error */

/* Takes `json`. */
static void print(json_t *json)
{
  char *text = json_dumps(json, JSON_COMPACT);
  json_decref(json);
  OAKUM_AUTO_LOCK(&line_lock);
  if (text)
    fprintf(stderr, "%s\n", text);
  fflush(stderr);
  free(text);
}

static void put(json_t *json, const char *key, const char *text, gssize len)
{
  g_autofree char *clean = oakum_escape_utf8(text, len);
  json_object_set_new(json, key, json_string(clean));
}

static void print_log(OakumLogLevel level, const char *message)
{
  json_t *json = json_object();
  json_object_set_new(json, "event", json_string("log"));
  json_object_set_new(json, "level", json_string(oakum_log_level_name(level)));
  put(json, "text", message, -1);
  print(json);
}

static void failure_free(gpointer p)
{
  OakumBuildFailure *failure = p;
  g_free(failure->message);
  g_free(failure->instruction);
  g_free(failure->text);
  g_free(failure);
}

gboolean oakum_build_progress_begin(OakumBuildProgress *progress, const char *kind, GError **error)
{
  progress->failures = g_ptr_array_new_with_free_func(failure_free);
  progress->json = g_strcmp0(kind, "json") == 0;
  if (kind && !progress->json && strcmp(kind, "auto") != 0 && strcmp(kind, "plain") != 0) {
    g_autofree char *shown = oakum_escape_terminal(kind, -1);
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "--progress takes auto, plain or json, not \"%s\"", shown);
    return FALSE;
  }
  if (progress->json)
    oakum_log_set_sink(print_log);
  if (progress->json || g_strcmp0(kind, "plain") == 0)
    oakum_progress_set_quiet(TRUE);
  return TRUE;
}

void oakum_build_progress_clear(OakumBuildProgress *progress)
{
  if (progress->failures)
    g_ptr_array_unref(progress->failures);
  g_free(progress->platform);
  *progress = (OakumBuildProgress){0};
}

static json_t *event_json(const OakumBuildProgress *progress, const OakumBuildEvent *event)
{
  static const char *const kinds[] = {"begin", "output", "end"};
  json_t *json = json_object();
  g_autofree char *step = g_strdup_printf("%s%s%d:%d", progress->platform ? progress->platform : "",
                                          progress->platform ? ":" : "", event->stage, event->line);
  json_object_set_new(json, "event", json_string(kinds[event->kind]));
  json_object_set_new(json, "step", json_string(step));
  if (event->kind == OAKUM_BUILD_OUTPUT) {
    put(json, "text", (const char *)event->output.data, (gssize)event->output.len);
    return json;
  }
  if (progress->platform)
    json_object_set_new(json, "platform", json_string(progress->platform));
  json_object_set_new(json, "stage", json_integer(event->stage));
  if (event->stage_name)
    put(json, "stageName", event->stage_name, -1);
  json_object_set_new(json, "line", json_integer(event->line));
  json_object_set_new(json, "instruction", json_string(event->instruction));
  put(json, "text", event->text, -1);
  if (event->kind == OAKUM_BUILD_END) {
    json_object_set_new(json, "cached", json_boolean(event->cached));
    if (event->error)
      put(json, "error", event->error, -1);
    if (event->exit_code >= 0)
      json_object_set_new(json, "exitCode", json_integer(event->exit_code));
  }
  return json;
}

void oakum_build_progress_notify(const OakumBuildEvent *event, gpointer user)
{
  OakumBuildProgress *progress = user;
  if (event->kind == OAKUM_BUILD_END && event->error) {
    OakumBuildFailure *failure = g_new0(OakumBuildFailure, 1);
    *failure = (OakumBuildFailure){g_strdup(event->error), g_strdup(event->instruction),
                                   g_strdup(event->text), event->line, event->exit_code};
    g_ptr_array_add(progress->failures, failure);
  }
  if (progress->json)
    print(event_json(progress, event));
}

const OakumBuildFailure *oakum_build_progress_failure(const OakumBuildProgress *progress,
                                                      const GError *error)
{
  for (guint i = 0; progress->failures && i < progress->failures->len; i++) {
    const OakumBuildFailure *failure = progress->failures->pdata[i];
    if (error && g_str_has_suffix(error->message, failure->message))
      return failure;
  }
  return NULL;
}
