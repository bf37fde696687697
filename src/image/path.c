#include "image/image-private.h"
#include <string.h>

gboolean oakum_image_clean_path(OakumSlice path, char **out, GError **error)
{
  g_autoptr(GString) clean = g_string_sized_new(path.len + 1);
  const char *at = (const char *)path.data, *end = at + path.len;
  guint depth = 0;
  while (at < end) {
    const char *slash = memchr(at, '/', (size_t)(end - at));
    size_t n = (size_t)((slash ? slash : end) - at);
    if (n == 2 && at[0] == '.' && at[1] == '.') {
      g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "\"..\" in a name");
      return FALSE;
    }
    if (n > 0 && !(n == 1 && at[0] == '.')) {
      if (clean->len)
        g_string_append_c(clean, '/');
      g_string_append_len(clean, at, (gssize)n);
      depth++;
    }
    at += n + (slash ? 1 : 0);
  }
  if (depth > OAKUM_TAR_PATH_DEPTH_MAX) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "an entry lies deeper than %u folders",
                OAKUM_TAR_PATH_DEPTH_MAX);
    return FALSE;
  }
  *out = g_string_free(g_steal_pointer(&clean), FALSE);
  return TRUE;
}

void oakum_image_blame(GError **error, const char *what, OakumSlice name)
{
  g_autofree char *shown = oakum_escape_terminal((const char *)name.data, (gssize)name.len);
  g_prefix_error(error, "%s \"%s\": ", what, shown);
}

OakumWhiteout oakum_image_whiteout(const char *name, const char **target)
{
  if (strncmp(name, ".wh.", 4) != 0)
    return OAKUM_WHITEOUT_NONE;
  if (strcmp(name, ".wh..wh..opq") == 0)
    return OAKUM_WHITEOUT_OPAQUE;
  *target = name + 4;
  if (**target == '\0' || strcmp(*target, ".") == 0 || strcmp(*target, "..") == 0)
    return OAKUM_WHITEOUT_INVALID;
  /* the rest of aufs's own bookkeeping, which no image means */
  if (strncmp(*target, ".wh.", 4) == 0)
    return OAKUM_WHITEOUT_IGNORE;
  return OAKUM_WHITEOUT_NAME;
}
