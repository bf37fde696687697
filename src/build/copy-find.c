/* What the words of COPY and ADD mean below the root of their source. */
#include "build/copy-private.h"
#include "os/os.h"
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

gboolean oakum_copy_has_magic(const char *pattern)
{
  for (; *pattern; pattern++) {
    if (*pattern == '\\' && pattern[1])
      pattern++;
    else if (strchr("*?[", *pattern))
      return TRUE;
  }
  return FALSE;
}

/* Whether something below the folder is not ignored. */
static gboolean any_below(const OakumIgnore *ignore, int at, const char *path, guint depth)
{
  const char *slash = strrchr(path, '/');
  int fd =
      depth > OAKUM_TAR_PATH_DEPTH_MAX
          ? -1
          : openat(at, slash ? slash + 1 : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  gboolean any = FALSE;
  if (!dir) {
    oakum_fd_clear(&fd);
    return FALSE;
  }
  for (const struct dirent *entry; !any && (entry = readdir(dir)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    g_autofree char *name = g_strconcat(path, "/", entry->d_name, NULL);
    struct stat st;
    any = !oakum_ignore_leaves_out(ignore, name) ||
          (!oakum_ignore_leaves_out_all(ignore, name) &&
           fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
           any_below(ignore, fd, name, depth + 1));
  }
  closedir(dir);
  return any;
}

/* Whether the ignore file leaves the path in the context; a folder for the sake of what lies in it.
 */
gboolean oakum_copy_visible(const CopySource *source, const char *path)
{
  if (!source->ignore || !*path || !oakum_ignore_leaves_out(source->ignore, path))
    return TRUE;
  if (oakum_ignore_leaves_out_all(source->ignore, path))
    return FALSE;
  g_autofree char *name = NULL;
  OAKUM_AUTO_FD at = oakum_root_open_parent(source->root, path, FALSE, &name, NULL);
  return at >= 0 && any_below(source->ignore, at, path, 0);
}

gboolean oakum_copy_exists(const CopySource *source, const char *path)
{
  OAKUM_AUTO_FD fd =
      oakum_root_open(source->root, *path ? path : ".", O_PATH, 0, OAKUM_ROOT_FOLLOW, NULL);
  if (fd < 0 || !oakum_copy_visible(source, path))
    return FALSE;
  g_autofree char *real = source->ignore ? oakum_root_real_path(source->root, path, NULL) : NULL;
  return !real || oakum_copy_visible(source, real);
}

/* Names in the folder that the part of a pattern means. Folders are not reached through links. */
static void expand_level(const CopySource *source, const char *folder, const char *part,
                         gboolean through_links, GPtrArray *into)
{
  int fd = oakum_root_open(source->root, *folder ? folder : ".", O_RDONLY | O_DIRECTORY, 0,
                           through_links ? OAKUM_ROOT_FOLLOW : OAKUM_ROOT_NOFOLLOW_LAST, NULL);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (!dir) {
    oakum_fd_clear(&fd);
    return;
  }
  for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
        oakum_dockerfile_glob(part, entry->d_name, NULL) && into->len < OAKUM_CONTEXT_FILES_MAX)
      g_ptr_array_add(into, oakum_dest_join(folder, entry->d_name));
  closedir(dir);
}

static GPtrArray *expand_pattern(const CopySource *source, const char *clean)
{
  g_autoptr(GPtrArray) level = g_ptr_array_new_with_free_func(g_free);
  g_auto(GStrv) parts = g_strsplit(clean, "/", -1);
  gboolean magic = FALSE;
  g_ptr_array_add(level, g_strdup(""));
  for (char **part = parts; *part && **part; part++) {
    GPtrArray *next = g_ptr_array_new_with_free_func(g_free);
    gboolean first = !magic;
    magic |= oakum_copy_has_magic(*part);
    for (guint i = 0; i < level->len; i++)
      if (magic)
        expand_level(source, level->pdata[i], *part, first, next);
      else
        g_ptr_array_add(next, oakum_dest_join(level->pdata[i], *part));
    g_ptr_array_unref(level);
    level = next;
  }
  g_ptr_array_sort(level, oakum_build_by_text);
  return g_steal_pointer(&level);
}

gboolean oakum_copy_missing(const CopySource *source, const char *pattern, GError **error)
{
  g_autofree char *shown = oakum_escape_terminal(pattern, -1);
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND, "\"%s\" is not in the %s%s", shown,
              oakum_instruction_flag(source->copy->in, "from") ? "stage or image" : "context",
              source->ignore ? ", or is ignored" : "");
  return FALSE;
}

/* Go's filepath.Match is asked before anything is looked for: what it cannot read finds nothing
 * ever.
 */
static gboolean can_be_read(const char *clean, const char *pattern, GError **error)
{
  g_auto(GStrv) parts = g_strsplit(clean, "/", -1);
  gboolean valid = TRUE;
  for (char **part = parts; *part && valid; part++)
    (void)!oakum_dockerfile_glob(*part, "", &valid);
  if (valid)
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(pattern, -1);
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
              "\"%s\" is no pattern: a \"[\" that nothing closes, or a \"\\\" at the end", shown);
  return FALSE;
}

/* The folder that a pattern begins with is no part of what may be missing. */
static gboolean begins_in_folder(const CopySource *source, const char *clean)
{
  g_autofree char *folder = g_strdup("");
  g_auto(GStrv) parts = g_strsplit(clean, "/", -1);
  for (char **part = parts; *part && !oakum_copy_has_magic(*part); part++) {
    char *next = oakum_dest_join(folder, *part);
    g_free(folder);
    folder = next;
  }
  return oakum_copy_exists(source, folder);
}

/* Paths below the root of the sources that the pattern means, sorted. A pattern may mean nothing; a
 * path may not. */
gboolean oakum_copy_find(const CopySource *source, const char *pattern, GPtrArray *found,
                         GError **error)
{
  g_autofree char *clean = g_canonicalize_filename(pattern, "/"); /* ".." and "/" stay inside */
  g_autoptr(GPtrArray) all = expand_pattern(source, clean + 1);
  gboolean magic = oakum_copy_has_magic(clean);
  if (magic && !can_be_read(clean + 1, pattern, error))
    return FALSE;
  const OakumIgnore *exclude = source->copy->exclude;
  if (magic && !begins_in_folder(source, clean + 1))
    return oakum_copy_missing(source, pattern, error);
  for (guint i = 0; i < all->len; i++) {
    const char *path = all->pdata[i];
    if (magic && !oakum_copy_visible(source, path))
      continue;
    if (!oakum_copy_exists(source, path))
      return oakum_copy_missing(source, path, error);
    source->copy->found = TRUE;
    const char *slash = strrchr(path, '/');
    OAKUM_AUTO_FD folder = magic
                               ? -1
                               : oakum_root_open(source->root, *path ? path : ".",
                                                 O_PATH | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, NULL);
    /* a file, or what a pattern found, is excluded by its own name */
    if (exclude && folder < 0 && !source->include &&
        oakum_ignore_leaves_out(exclude, slash ? slash + 1 : path))
      continue;
    g_ptr_array_add(found, g_strdup(path));
  }
  return TRUE;
}
