#include "base/base-private.h"
#include <stdio.h>
#include <unistd.h>

/* The progress line and the log share one terminal, so one lock guards both. */
GMutex oakum_terminal_lock;
static gint level = OAKUM_LOG_INFO;
static OakumLogSink log_sink; /* set before there are threads */
gboolean oakum_terminal_line_drawn;

void oakum_log_set_level(OakumLogLevel wanted)
{
  g_atomic_int_set(&level, (gint)wanted);
}

OakumLogLevel oakum_log_level(void)
{
  return (OakumLogLevel)g_atomic_int_get(&level);
}

gboolean oakum_colour_wanted(int fd)
{
  const char *no_color = g_getenv("NO_COLOR");
  const char *term = g_getenv("TERM");
  return isatty(fd) && (!no_color || !*no_color) && term && g_strcmp0(term, "dumb") != 0;
}

void oakum_terminal_clear(void)
{
  if (oakum_terminal_line_drawn)
    fputs("\r\033[K", stderr);
  oakum_terminal_line_drawn = FALSE;
}

void oakum_log_set_sink(OakumLogSink sink)
{
  log_sink = sink;
}

const char *oakum_log_level_name(OakumLogLevel at)
{
  static const char *const names[] = {"error", "warning", "info", "debug"};
  return names[at];
}

void oakum_log(OakumLogLevel at, const char *format, ...)
{
  static const char *const colours[] = {"\033[31m", "\033[33m", "", "\033[2m"};
  if (at > oakum_log_level())
    return;
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  if (log_sink) {
    log_sink(at, message);
    return;
  }
  g_autofree char *safe = oakum_escape_terminal(message, -1);
  gboolean colour = oakum_colour_wanted(STDERR_FILENO) && *colours[at];
  OAKUM_AUTO_LOCK(&oakum_terminal_lock);
  oakum_terminal_clear();
  if (at == OAKUM_LOG_INFO)
    fprintf(stderr, "%s\n", safe);
  else
    fprintf(stderr, "%s%s:%s %s\n", colour ? colours[at] : "", oakum_log_level_name(at),
            colour ? "\033[0m" : "", safe);
}
