/* The log in the forms that kaniko's have (those of the logger that it uses): coloured, key=value,
 * JSON. */
#include "cli/executor.h"
#include <stdio.h>
#include <string.h>

static GMutex line_lock;
static gboolean with_time;
static gint64 begun_us;

static const struct {
  const char *word, *four;
  int colour;
} levels[] = {[OAKUM_LOG_ERROR] = {"error", "ERRO", 31},
              [OAKUM_LOG_WARN] = {"warning", "WARN", 33},
              [OAKUM_LOG_INFO] = {"info", "INFO", 36},
              [OAKUM_LOG_DEBUG] = {"debug", "DEBU", 37}};

static char *now(void)
{
  g_autoptr(GDateTime) time = g_date_time_new_now_local();
  g_autofree char *zone = g_date_time_format(time, "%:z");
  g_autofree char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
  return g_strconcat(text, strcmp(zone, "+00:00") == 0 ? "Z" : zone, NULL);
}

static void print_colour(OakumLogLevel level, const char *text)
{
  g_autofree char *time = now();
  if (with_time)
    fprintf(stderr, "\033[%dm%s\033[0m[%s] %s\n", levels[level].colour, levels[level].four, time,
            text);
  else
    fprintf(stderr, "\033[%dm%s\033[0m[%04d] %s\n", levels[level].colour, levels[level].four,
            (int)((g_get_monotonic_time() - begun_us) / G_USEC_PER_SEC), text);
}

static char *quoted(const char *text)
{
  json_t *value = json_string(text);
  char *dumped = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
  char *copy = g_strdup(dumped ? dumped : "\"\"");
  free(dumped);
  json_decref(value);
  return copy;
}

static void print_text(OakumLogLevel level, const char *text)
{
  g_autofree char *time = now(), *message = quoted(text);
  fprintf(stderr, "time=\"%s\" level=%s msg=%s\n", time, levels[level].word, message);
}

static void print_json(OakumLogLevel level, const char *text)
{
  g_autofree char *time = now(), *message = quoted(text);
  fprintf(stderr, "{\"level\":\"%s\",\"msg\":%s,\"time\":\"%s\"}\n", levels[level].word, message,
          time);
}

static void (*form)(OakumLogLevel level, const char *text);

static void print_line(OakumLogLevel level, const char *message)
{
  g_autofree char *safe = oakum_escape_terminal(message, -1);
  OAKUM_AUTO_LOCK(&line_lock);
  form(level, safe);
}

void oakum_executor_log(const OakumExecutorArgs *args)
{
  static const struct {
    const char *word;
    OakumLogLevel level;
  } words[] = {{"trace", OAKUM_LOG_DEBUG},
               {"debug", OAKUM_LOG_DEBUG},
               {"info", OAKUM_LOG_INFO},
               {"warn", OAKUM_LOG_WARN},
               {"warning", OAKUM_LOG_WARN}};
  const char *format = args->log_format ? args->log_format : "color";
  const char *verbosity = args->verbosity ? args->verbosity : "info";
  OakumLogLevel level = OAKUM_LOG_ERROR;
  begun_us = g_get_monotonic_time();
  with_time = oakum_executor_flag(args->log_timestamp, FALSE);
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (strcmp(words[i].word, verbosity) == 0)
      level = words[i].level;
  oakum_log_set_level(level);
  form = strcmp(format, "json") == 0   ? print_json
         : strcmp(format, "text") == 0 ? print_text
                                       : print_colour;
  oakum_progress_set_quiet(TRUE); /* pipelines have no terminal to draw on */
  oakum_log_set_sink(print_line);
}
