/* What steps print while several run: whole lines, with the name of the stage in front. */
#include "build/build-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  int from, to;
  const char *label;
  GThread *thread;
} Lane;

struct OakumStepLines {
  Lane lanes[2];
  int ends[2]; /* what the step writes to */
  guint count;
};

/* The lines that are whole, each with its label, in one write; what is left stays. A line longer
 * than OAKUM_STEP_LINE_MAX is parted. */
static void tell(const Lane *lane, GByteArray *text, gboolean all)
{
  g_autoptr(GByteArray) out = g_byte_array_new();
  guint at = 0;
  while (at < text->len) {
    const guint8 *end = memchr(text->data + at, '\n', text->len - at);
    guint len = end ? (guint)(end - text->data) - at : text->len - at;
    if (!end && !all && len < OAKUM_STEP_LINE_MAX)
      break;
    g_byte_array_append(out, (const guint8 *)lane->label, (guint)strlen(lane->label));
    g_byte_array_append(out, text->data + at, len);
    g_byte_array_append(out, (const guint8 *)"\n", 1);
    at += len + (end ? 1 : 0);
  }
  g_byte_array_remove_range(text, 0, at);
  oakum_log_bytes(lane->to, out->data, out->len);
}

static gpointer lane_main(gpointer data)
{
  const Lane *lane = data;
  g_autoptr(GByteArray) text = g_byte_array_new();
  guint8 buffer[16384];
  gssize n;
  while ((n = oakum_read_some(lane->from, buffer, sizeof(buffer), NULL)) > 0) {
    g_byte_array_append(text, buffer, (guint)n);
    tell(lane, text, FALSE);
  }
  if (text->len > 0)
    tell(lane, text, TRUE);
  return NULL;
}

OakumStepLines *oakum_step_lines_new(const Stage *stage, int out, int err, GError **error)
{
  OakumStepLines *output = g_new0(OakumStepLines, 1);
  const int to[2] = {out, err};
  output->ends[0] = output->ends[1] = -1;
  if (!stage->label)
    return output;
  for (guint i = 0; i < (out == err ? 1 : 2); i++) {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
      oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "pipe");
      oakum_step_lines_free(output);
      return NULL;
    }
    Lane *lane = &output->lanes[output->count++];
    *lane = (Lane){fds[0], to[i], stage->label, NULL};
    output->ends[i] = fds[1];
    lane->thread = g_thread_new("step output", lane_main, lane);
  }
  return output;
}

int oakum_step_lines_fd(const OakumStepLines *output, int fd, guint which)
{
  return output->count == 0 ? fd : output->ends[MIN(which, output->count - 1)];
}

void oakum_step_lines_free(OakumStepLines *output)
{
  if (!output)
    return;
  for (guint i = 0; i < output->count; i++)
    oakum_fd_clear(&output->ends[i]);
  for (guint i = 0; i < output->count; i++) {
    g_thread_join(output->lanes[i].thread);
    oakum_fd_clear(&output->lanes[i].from);
  }
  g_free(output);
}
