#include "base/base-private.h"
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define AMOUNTS_WIDTH 34 /* " 1023.9 MiB of 1023.9 MiB (100%), " */

struct OakumProgress {
  int refs;
  char *what;
  const char *unit; /* NULL: bytes */
  uint64_t total, done;
  gint64 start_us;
  gboolean terminal, begun;
  int active;
};

static GPtrArray *all; /* in order of birth; NULL when there is none */
static gint64 drawn_us;
static gint quiet_wanted;

void oakum_progress_set_quiet(gboolean quiet)
{
  g_atomic_int_set(&quiet_wanted, quiet);
}

OakumProgress *oakum_progress_new(const char *what, const char *unit, uint64_t total)
{
  OakumProgress *progress = g_new0(OakumProgress, 1);
  progress->refs = 1;
  progress->what = oakum_escape_terminal(what, -1);
  progress->unit = unit;
  progress->total = total;
  progress->start_us = g_get_monotonic_time();
  progress->terminal = !g_atomic_int_get(&quiet_wanted) && isatty(STDERR_FILENO) &&
                       oakum_log_level() >= OAKUM_LOG_INFO;
  if (!progress->terminal)
    return progress;
  OAKUM_AUTO_LOCK(&oakum_terminal_lock);
  if (!all)
    all = g_ptr_array_new();
  g_ptr_array_add(all, progress);
  return progress;
}

static char *amount(const OakumProgress *p, uint64_t n)
{
  return p->unit ? g_strdup_printf("%" G_GUINT64_FORMAT, n)
                 : g_format_size_full(n, G_FORMAT_SIZE_IEC_UNITS);
}

/* "pull app 3.0 MiB of 12.0 MiB (25%)"; of a long name the end, which tells most. */
static void append(GString *line, const OakumProgress *p, glong name_max)
{
  g_autofree char *have = amount(p, p->done);
  glong n = g_utf8_strlen(p->what, -1), cut = n > name_max ? n - name_max + 1 : 0;
  g_string_append_printf(line, "%s%s%s %s", line->len ? ", " : "", cut ? "…" : "",
                         g_utf8_offset_to_pointer(p->what, cut), have);
  if (p->total > 0) {
    g_autofree char *total = amount(p, p->total);
    g_string_append_printf(line, " of %s", total);
  }
  if (p->unit)
    g_string_append_printf(line, " %s", p->unit);
  if (p->total > 0 && p->done <= p->total) /* what is read twice has no share */
    g_string_append_printf(line, " (%u%%)", (guint)(100.0 * (double)p->done / (double)p->total));
}

static void draw(gint64 now)
{
  g_autoptr(GString) line = g_string_new(NULL);
  struct winsize size;
  glong width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
  g_autoptr(GPtrArray) shown = g_ptr_array_new();
  for (guint i = 0; i < all->len; i++) {
    OakumProgress *p = all->pdata[i];
    /* short work stays silent */
    if ((!p->begun || p->active > 0) && now - p->start_us >= G_USEC_PER_SEC)
      g_ptr_array_add(shown, p);
  }
  for (guint i = 0; i < shown->len; i++)
    append(line, shown->pdata[i], MAX(width / (glong)shown->len - AMOUNTS_WIDTH, 12));
  drawn_us = now;
  oakum_terminal_clear();
  if (!line->len)
    return;
  if (g_utf8_strlen(line->str, -1) >= width) /* a line that wraps cannot be cleared */
    g_string_truncate(line, (gsize)(g_utf8_offset_to_pointer(line->str, width - 1) - line->str));
  fputs(line->str, stderr);
  fflush(stderr);
  oakum_terminal_line_drawn = TRUE;
}

void oakum_progress_add(OakumProgress *progress, uint64_t done)
{
  if (!progress)
    return;
  OAKUM_AUTO_LOCK(&oakum_terminal_lock);
  progress->done += done;
  if (!progress->terminal)
    return;
  gint64 now = g_get_monotonic_time();
  /* ten frames a second are enough for eyes */
  if (now - progress->start_us >= G_USEC_PER_SEC && now - drawn_us >= G_USEC_PER_SEC / 10)
    draw(now);
}

void oakum_progress_begin(OakumProgress *progress)
{
  if (!progress)
    return;
  OAKUM_AUTO_LOCK(&oakum_terminal_lock);
  progress->begun = TRUE;
  progress->active++;
}

void oakum_progress_end(OakumProgress *progress)
{
  if (!progress)
    return;
  OAKUM_AUTO_LOCK(&oakum_terminal_lock);
  if (--progress->active == 0 && progress->terminal) {
    oakum_terminal_clear();
    fflush(stderr);
  }
}

OakumProgress *oakum_progress_ref(OakumProgress *progress)
{
  if (progress) {
    OAKUM_AUTO_LOCK(&oakum_terminal_lock);
    progress->refs++;
  }
  return progress;
}

void oakum_progress_free(OakumProgress *progress)
{
  if (!progress)
    return;
  OAKUM_AUTO_LOCK(&oakum_terminal_lock);
  if (--progress->refs > 0)
    return;
  if (progress->terminal) {
    oakum_terminal_clear();
    fflush(stderr);
    g_ptr_array_remove(all, progress);
    if (all->len == 0)
      g_clear_pointer(&all, g_ptr_array_unref);
  }
  g_free(progress->what);
  g_free(progress);
}
