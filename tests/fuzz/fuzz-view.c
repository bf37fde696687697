/* Two layers into one tree: whiteouts, links, names. The input is one tar, taken twice. */
#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean wanted(const char *path, gpointer user)
{
  return path[0] != 'x';
}

static gboolean each(const char *path, const OakumViewFile *file, gpointer user)
{
  OakumViewFile found;
  g_autofree char *real = NULL;
  if (oakum_view_lookup(user, path, &found, &real))
    g_assert(real);
  g_autoptr(GArray) versions = oakum_view_versions(user, path);
  return versions->len < 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(OakumView) view = oakum_view_new(wanted, NULL);
  if (oakum_view_add_layer(view, oakum_reader_new_memory(data, size), "sha256:a", NULL) &&
      oakum_view_add_layer(view, oakum_reader_new_memory(data, size), "sha256:b", NULL))
    oakum_view_each(view, each, view);
  return 0;
}
