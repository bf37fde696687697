/* Telling what goes on. */
#include "build/source-private.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static GMutex telling; /* stages that run at once are heard one after the other */

static OakumBuildEvent event_of(const Build *build, const Stage *stage, const OakumInstruction *in,
                                OakumBuildEventKind kind, const char *text)
{
  const OakumDockerfile *dockerfile = build->dockerfile;
  const OakumStage *source = stage->plan ? dockerfile->stages->pdata[stage->plan->stage] : NULL;
  gboolean trigger = !g_ptr_array_find(dockerfile->instructions, in, NULL);
  return (OakumBuildEvent){.kind = kind,
                           .stage = stage->plan ? stage->plan->stage : -1,
                           .stage_name = source ? source->name : NULL,
                           .line = trigger ? 0 : in->range.line,
                           .instruction = in->name,
                           .text = text,
                           .exit_code = -1};
}

void oakum_build_tell(const Build *build, const Stage *stage, const OakumInstruction *in,
                      OakumBuildEventKind kind, const GError *failed)
{
  if (!build->options->notify)
    return;
  g_autofree char *text = oakum_source_redact(in->text);
  OakumBuildEvent event = event_of(build, stage, in, kind, text);
  if (kind == OAKUM_BUILD_END) {
    event.cached = stage->cached;
    event.error = failed ? failed->message : NULL;
    event.exit_code = failed ? stage->exit_code : -1;
  }
  OAKUM_AUTO_LOCK(&telling);
  build->options->notify(&event, build->options->notify_user);
}

/* ---- what steps print
 * ----------------------------------------------------------------------------- */
struct OakumStepOutput {
  const Build *build;
  OakumBuildEvent event;
  char *text;
  int from, to;
  GThread *thread;
};

static void tell_line(OakumStepOutput *output, const char *line, size_t len)
{
  output->event.output = (OakumSlice){(const uint8_t *)line, len};
  OAKUM_AUTO_LOCK(&telling);
  output->build->options->notify(&output->event, output->build->options->notify_user);
}

/* A line that is longer than OAKUM_STEP_LINE_MAX comes in pieces. */
static gpointer read_lines(gpointer user)
{
  OakumStepOutput *output = user;
  g_autofree char *buffer = g_malloc(OAKUM_STEP_LINE_MAX);
  size_t have = 0;
  for (;;) {
    gssize n = oakum_read_some(output->from, buffer + have, OAKUM_STEP_LINE_MAX - have, NULL);
    if (n <= 0)
      break;
    have += (size_t)n;
    size_t at = 0;
    for (const char *end; (end = memchr(buffer + at, '\n', have - at)) != NULL;) {
      tell_line(output, buffer + at, (size_t)(end - buffer) - at);
      at = (size_t)(end - buffer) + 1;
    }
    if (at == 0 && have == OAKUM_STEP_LINE_MAX) {
      tell_line(output, buffer, have);
      at = have;
    }
    memmove(buffer, buffer + at, have - at);
    have -= at;
  }
  if (have > 0)
    tell_line(output, buffer, have);
  return NULL;
}

gboolean oakum_step_output_new(const Build *build, const Stage *stage, const OakumInstruction *in,
                               OakumStepOutput **out, int *fd, GError **error)
{
  int ends[2];
  *out = NULL;
  if (!build->options->notify || !build->options->tell_output)
    return TRUE;
  if (pipe2(ends, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "a pipe");
    return FALSE;
  }
  OakumStepOutput *output = g_new0(OakumStepOutput, 1);
  output->build = build;
  output->text = oakum_source_redact(in->text);
  output->event = event_of(build, stage, in, OAKUM_BUILD_OUTPUT, output->text);
  output->from = ends[0];
  *fd = output->to = ends[1];
  output->thread = g_thread_new("output", read_lines, output);
  *out = output;
  return TRUE;
}

void oakum_step_output_free(OakumStepOutput *output)
{
  if (!output)
    return;
  oakum_fd_clear(&output->to); /* the step is over: that was the last end */
  g_thread_join(output->thread);
  oakum_fd_clear(&output->from);
  g_free(output->text);
  g_free(output);
}
