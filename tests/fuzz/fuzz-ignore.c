/* An ignore file, a line "--", and paths; each path is also a pattern of COPY and a name for it. */
#include "dockerfile/dockerfile.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = (const char *)data, *end = text + size,
             *line = size ? g_strstr_len(text, (gssize)size, "\n--\n") : NULL;
  const char *paths = line ? line + 4 : end;
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumIgnore) ignore =
      oakum_ignore_parse(text, line ? (size_t)(line - text) : size, &error);
  g_assert_true((ignore == NULL) == (error != NULL));
  g_autofree char *last = g_strdup("a/b");
  for (guint i = 0; paths < end && i < 32; i++) {
    const char *newline = memchr(paths, '\n', (size_t)(end - paths));
    g_autofree char *path = g_strndup(paths, (gsize)((newline ? newline : end) - paths));
    paths = newline ? newline + 1 : end;
    gboolean valid;
    gboolean hit = oakum_dockerfile_glob(path, last, &valid);
    g_assert_true(valid || !hit);
    if (!strpbrk(path, "*?[\\")) /* without special characters a pattern is a name */
      g_assert_true(oakum_dockerfile_glob(path, path, NULL));
    if (ignore) {
      gboolean all = oakum_ignore_leaves_out_all(ignore, path);
      g_assert_true(!all || oakum_ignore_leaves_out(ignore, path));
      g_autofree char *below = g_strconcat(path, "/", last, NULL);
      if (all && *path && *path != '/' && !strstr(below, "//") && !g_str_has_suffix(below, "/"))
        g_assert_true(oakum_ignore_leaves_out(ignore, below));
    }
    g_free(last);
    last = g_steal_pointer(&path);
  }
  return 0;
}
