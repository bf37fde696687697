/* Telling what goes on. */
#include "build/source-private.h"

static GMutex telling; /* stages that run at once are heard one after the other */

OakumBuildEvent oakum_build_event(const Build *build, const Stage *stage,
                                  const OakumInstruction *in, OakumBuildEventKind kind,
                                  const char *text)
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

void oakum_build_notify(const Build *build, const OakumBuildEvent *event)
{
  OAKUM_AUTO_LOCK(&telling);
  build->options->notify(event, build->options->notify_user);
}

void oakum_build_tell(const Build *build, const Stage *stage, const OakumInstruction *in,
                      OakumBuildEventKind kind, const GError *failed)
{
  if (!build->options->notify)
    return;
  g_autofree char *text = oakum_source_redact(in->text);
  OakumBuildEvent event = oakum_build_event(build, stage, in, kind, text);
  if (kind == OAKUM_BUILD_END) {
    event.cached = stage->cached;
    event.error = failed ? failed->message : NULL;
    event.exit_code = failed ? stage->exit_code : -1;
  }
  oakum_build_notify(build, &event);
}
