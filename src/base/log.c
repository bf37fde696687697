#include "base/base-private.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The progress line and the log share one terminal, so one lock guards both. */
GMutex oakum_terminal_lock;
static gint level = OAKUM_LOG_INFO;
static OakumLogSink log_sink; /* set before there are threads */
gboolean oakum_terminal_line_drawn;

static _Thread_local const char *prefix;

void oakum_log_set_prefix(const char *wanted)
{
  prefix = wanted;
}

const char *oakum_log_prefix(void)
{
  return prefix;
}

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

gboolean oakum_links_wanted(int fd)
{
  static const char *const programs[] = {"iTerm.app", "WezTerm", "vscode",
                                         "ghostty",   "Hyper",   "rio"};
  /* set by terminals that have links, whatever they say */
  static const char *const marks[] = {"KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION",
                                      "DOMTERM"};
  const char *forced = g_getenv("FORCE_HYPERLINK"), *program = g_getenv("TERM_PROGRAM"),
             *vte = g_getenv("VTE_VERSION");
  if (!oakum_colour_wanted(fd))
    return FALSE;
  if (forced && *forced)
    return *forced != '0';
  for (size_t i = 0; program && i < G_N_ELEMENTS(programs); i++)
    if (strcmp(program, programs[i]) == 0)
      return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
    if (g_getenv(marks[i]))
      return TRUE;
  return vte && atoi(vte) >= 5000;
}

int oakum_columns(int fd)
{
  const char *told = g_getenv("COLUMNS");
  struct winsize size;
  guint64 columns;
  if (told && g_ascii_string_to_unsigned(told, 10, 1, 10000, &columns, NULL))
    return (int)columns;
  return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
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
    fprintf(stderr, "%s%s\n", prefix ? prefix : "", safe);
  else
    fprintf(stderr, "%s%s%s:%s %s\n", prefix ? prefix : "", colour ? colours[at] : "",
            oakum_log_level_name(at), colour ? "\033[0m" : "", safe);
}

void oakum_log_bytes(int fd, const void *data, size_t len)
{
  OAKUM_AUTO_LOCK(&oakum_terminal_lock);
  oakum_terminal_clear();
  fflush(stderr);
  for (const char *at = data; len > 0;) {
    ssize_t n = write(fd, at, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return;
    at += n;
    len -= (size_t)n;
  }
}
