/* What steps print, in whole lines: to who is told of the build, or with the name of the stage in
 * front while several run. */
#include "build/source-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct Lane Lane;
struct Lane {
  int from;
  GThread *thread;
  void (*line)(Lane *lane, const char *text, size_t len); /* without its end */
  void (*flush)(Lane *lane); /* the lines that were there are through; NULL: nothing waits */
  /* told as events */
  const Build *build;
  OakumBuildEvent event;
  /* or behind a label, the lines of one reading in one write */
  const char *label;
  int to;
  GByteArray *out;
};

struct OakumStepLines {
  Lane lanes[2];
  int ends[2]; /* what the step writes to */
  guint count;
  char *text;
};

static void tell_line(Lane *lane, const char *text, size_t len)
{
  lane->event.output = (OakumSlice){(const uint8_t *)text, len};
  oakum_build_notify(lane->build, &lane->event);
}

static void label_line(Lane *lane, const char *text, size_t len)
{
  g_byte_array_append(lane->out, (const guint8 *)lane->label, (guint)strlen(lane->label));
  g_byte_array_append(lane->out, (const guint8 *)text, (guint)len);
  g_byte_array_append(lane->out, (const guint8 *)"\n", 1);
}

static void flush_labelled(Lane *lane)
{
  oakum_log_bytes(lane->to, lane->out->data, lane->out->len);
  g_byte_array_set_size(lane->out, 0);
}

/* A line that is longer than OAKUM_STEP_LINE_MAX comes in pieces. */
static gpointer read_lines(gpointer data)
{
  Lane *lane = data;
  g_autofree char *buffer = g_malloc(OAKUM_STEP_LINE_MAX);
  size_t have = 0;
  for (gssize n = 1; n > 0;) {
    n = oakum_read_some(lane->from, buffer + have, OAKUM_STEP_LINE_MAX - have, NULL);
    have += n > 0 ? (size_t)n : 0;
    size_t at = 0;
    for (const char *end; (end = memchr(buffer + at, '\n', have - at)) != NULL;) {
      lane->line(lane, buffer + at, (size_t)(end - buffer) - at);
      at = (size_t)(end - buffer) + 1;
    }
    if ((at == 0 && have == OAKUM_STEP_LINE_MAX) || (n <= 0 && have > at)) {
      lane->line(lane, buffer + at, have - at);
      at = have;
    }
    if (at > 0 && lane->flush)
      lane->flush(lane);
    memmove(buffer, buffer + at, have - at);
    have -= at;
  }
  return NULL;
}

static gboolean add_lane(OakumStepLines *lines, Lane lane, GError **error)
{
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "a pipe");
    return FALSE;
  }
  lane.from = fds[0];
  lines->ends[lines->count] = fds[1];
  Lane *kept = &lines->lanes[lines->count++];
  *kept = lane;
  kept->thread = g_thread_new("step output", read_lines, kept);
  return TRUE;
}

OakumStepLines *oakum_step_lines_new(const Build *build, const Stage *stage,
                                     const OakumInstruction *in, OakumStep *step, GError **error)
{
  g_autoptr(OakumStepLines) lines = g_new0(OakumStepLines, 1);
  const OakumBuildOptions *options = build->options;
  const int to[2] = {step->out, step->err};
  if (options->notify && options->tell_output) {
    lines->text = oakum_source_redact(in->text);
    Lane lane = {.line = tell_line, .build = build};
    lane.event = oakum_build_event(build, stage, in, OAKUM_BUILD_OUTPUT, lines->text);
    if (!add_lane(lines, lane, error))
      return NULL;
  } else if (stage->label) {
    for (guint i = 0; i < (to[0] == to[1] ? 1 : 2); i++) {
      Lane lane = {.line = label_line,
                   .flush = flush_labelled,
                   .label = stage->label,
                   .to = to[i],
                   .out = g_byte_array_new()};
      if (!add_lane(lines, lane, error)) {
        g_byte_array_unref(lane.out);
        return NULL;
      }
    }
  }
  if (lines->count > 0) {
    step->out = lines->ends[0];
    step->err = lines->ends[lines->count - 1];
  }
  return g_steal_pointer(&lines);
}

void oakum_step_lines_free(OakumStepLines *lines)
{
  if (!lines)
    return;
  for (guint i = 0; i < lines->count; i++)
    oakum_fd_clear(&lines->ends[i]); /* the step is over: that was the last end */
  for (guint i = 0; i < lines->count; i++) {
    Lane *lane = &lines->lanes[i];
    g_thread_join(lane->thread);
    oakum_fd_clear(&lane->from);
    if (lane->out)
      g_byte_array_unref(lane->out);
  }
  g_free(lines->text);
  g_free(lines);
}
