#include "base/base.h"
#include <stdio.h>
#include <unistd.h>

/* The progress line and the log share one terminal, so one lock guards both. */
static GMutex lock;
static gint level = OAKUM_LOG_INFO;
static gboolean line_drawn;

struct OakumProgress {
  char *what;
  uint64_t total, done;
  gint64 start_us, drawn_us;
  gboolean terminal;
};

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

static void line_clear(void)
{
  if (line_drawn)
    fputs("\r\033[K", stderr);
  line_drawn = FALSE;
}

void oakum_log(OakumLogLevel at, const char *format, ...)
{
  static const char *const names[] = {"error", "warning", "info", "debug"};
  static const char *const colours[] = {"\033[31m", "\033[33m", "", "\033[2m"};
  if (at > oakum_log_level())
    return;
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  g_autofree char *safe = oakum_escape_terminal(message, -1);
  gboolean colour = oakum_colour_wanted(STDERR_FILENO) && *colours[at];
  OAKUM_AUTO_LOCK(&lock);
  line_clear();
  if (at == OAKUM_LOG_INFO)
    fprintf(stderr, "%s\n", safe);
  else
    fprintf(stderr, "%s%s:%s %s\n", colour ? colours[at] : "", names[at], colour ? "\033[0m" : "",
            safe);
}

OakumProgress *oakum_progress_new(const char *what, uint64_t total)
{
  OakumProgress *progress = g_new0(OakumProgress, 1);
  progress->what = oakum_escape_terminal(what, -1);
  progress->total = total;
  progress->start_us = g_get_monotonic_time();
  progress->terminal = isatty(STDERR_FILENO) && oakum_log_level() >= OAKUM_LOG_INFO;
  return progress;
}

void oakum_progress_add(OakumProgress *progress, uint64_t done)
{
  if (!progress)
    return;
  OAKUM_AUTO_LOCK(&lock);
  progress->done += done;
  if (!progress->terminal)
    return;
  gint64 now = g_get_monotonic_time();
  /* Short work stays silent, and ten frames a second are enough for eyes. */
  if (now - progress->start_us < G_USEC_PER_SEC || now - progress->drawn_us < G_USEC_PER_SEC / 10)
    return;
  progress->drawn_us = now;
  line_clear();
  g_autofree char *have = g_format_size_full(progress->done, G_FORMAT_SIZE_IEC_UNITS);
  if (progress->total > 0)
    fprintf(stderr, "%s %s (%u%%)", progress->what, have,
            (guint)(100.0 * (double)progress->done / (double)progress->total));
  else
    fprintf(stderr, "%s %s", progress->what, have);
  fflush(stderr);
  line_drawn = TRUE;
}

void oakum_progress_free(OakumProgress *progress)
{
  if (!progress)
    return;
  if (progress->terminal) {
    OAKUM_AUTO_LOCK(&lock);
    line_clear();
    fflush(stderr);
  }
  g_free(progress->what);
  g_free(progress);
}
