#include "cli/cli.h"

typedef struct {
  OakumBlobSource source;
  OakumBlobSource *below;
  gboolean owned;
  OakumProgress *progress;
} ProgressSource;

static OakumReader *followed(const ProgressSource *s, OakumReader *reader)
{
  return reader ? oakum_reader_new_progress(reader, s->progress) : NULL;
}

static OakumReader *progress_open(OakumBlobSource *self, const OakumDescriptor *desc,
                                  GError **error)
{
  ProgressSource *s = (ProgressSource *)self;
  return followed(s, s->below->open(s->below, desc, error));
}

static OakumReader *progress_open_unchecked(OakumBlobSource *self, const OakumDescriptor *desc,
                                            GError **error)
{
  ProgressSource *s = (ProgressSource *)self;
  return followed(s, oakum_blob_source_open_unchecked(s->below, desc, error));
}

static char *progress_origin(OakumBlobSource *self, const OakumDescriptor *desc)
{
  return oakum_blob_source_origin(((ProgressSource *)self)->below, desc);
}

static gboolean progress_is_far(OakumBlobSource *self, const OakumDescriptor *desc)
{
  return oakum_blob_source_is_far(((ProgressSource *)self)->below, desc);
}

static void progress_free(OakumBlobSource *self)
{
  ProgressSource *s = (ProgressSource *)self;
  if (s->owned)
    oakum_blob_source_free(s->below);
  oakum_progress_free(s->progress);
  g_free(s);
}

OakumBlobSource *oakum_progress_source(OakumBlobSource *below, gboolean owned, const char *what,
                                       const OakumManifest *const *manifests, guint count)
{
  ProgressSource *s = g_new0(ProgressSource, 1);
  uint64_t total = 0;
  for (guint i = 0; i < count; i++) {
    const OakumManifest *m = manifests[i];
    for (guint j = 0; m->layers && j < m->layers->len; j++)
      if (oakum_add_overflows(total, ((const OakumDescriptor *)m->layers->pdata[j])->size, &total))
        total = 0;
    if (m->config && oakum_add_overflows(total, m->config->size, &total))
      total = 0;
  }
  s->source = (OakumBlobSource){progress_open, progress_free, progress_origin, progress_is_far,
                                progress_open_unchecked};
  s->below = below;
  s->owned = owned;
  s->progress = oakum_progress_new(what, NULL, total);
  return &s->source;
}
