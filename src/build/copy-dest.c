/* The destination of COPY and ADD: the stage's root with what the new layer has brought so far. */
#include "build/copy-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NEW 4u /* of a value in `made`: nothing of that name lies in the stage */
#define MODE_SHIFT 3

char *oakum_dest_join(const char *folder, const char *name)
{
  return *folder && *name ? g_strconcat(folder, "/", name, NULL)
                          : g_strdup(*folder ? folder : name);
}

static OakumDestKind look_in_stage(Copy *copy, const char *path, char **target)
{
  struct stat st;
  OAKUM_AUTO_FD fd = copy->link
                         ? -1
                         : oakum_root_open(copy->stage->root, path, O_PATH, 0,
                                           OAKUM_ROOT_NOFOLLOW_LAST | OAKUM_ROOT_NO_SYMLINKS, NULL);
  if (fd < 0 && !copy->link && (errno == ELOOP || errno == EXDEV)) {
    /* a link in the last place: NO_SYMLINKS refuses it */
    g_autofree char *name = NULL;
    OAKUM_AUTO_FD at = oakum_root_open_parent(copy->stage->root, path, FALSE, &name, NULL);
    char text[OAKUM_TAR_LINK_MAX + 1];
    ssize_t n = at >= 0 ? readlinkat(at, name, text, sizeof(text)) : -1;
    if (n < 0 || n > (ssize_t)OAKUM_TAR_LINK_MAX)
      return OAKUM_DEST_ABSENT;
    if (target)
      *target = g_strndup(text, (gsize)n);
    return OAKUM_DEST_LINK;
  }
  if (fd < 0 || fstat(fd, &st) < 0)
    return OAKUM_DEST_ABSENT;
  if (!S_ISLNK(st.st_mode))
    return S_ISDIR(st.st_mode) ? OAKUM_DEST_FOLDER : OAKUM_DEST_FILE;
  char text[OAKUM_TAR_LINK_MAX + 1];
  ssize_t n = readlinkat(fd, "", text, sizeof(text));
  if (target)
    *target = g_strndup(text, n < 0 ? 0 : (gsize)MIN(n, (ssize_t)OAKUM_TAR_LINK_MAX));
  return OAKUM_DEST_LINK;
}

static char *above_of(const char *path)
{
  const char *slash = strrchr(path, '/');
  return g_strndup(path, slash ? (gsize)(slash - path) : 0);
}

/* The note of the nearest folder above says whether the stage can have anything there. */
static gboolean below_new(Copy *copy, const char *path)
{
  g_autofree char *above = above_of(path);
  return GPOINTER_TO_UINT(g_hash_table_lookup(copy->made, above)) & NEW;
}

OakumDestKind oakum_dest_look(Copy *copy, const char *path, char **target)
{
  if (!*path)
    return OAKUM_DEST_FOLDER;
  guint known = GPOINTER_TO_UINT(g_hash_table_lookup(copy->made, path)) & 3u;
  if (known == OAKUM_DEST_LINK && target)
    *target = g_strdup(g_hash_table_lookup(copy->targets, path));
  if (known)
    return (OakumDestKind)known;
  return below_new(copy, path) ? OAKUM_DEST_ABSENT : look_in_stage(copy, path, target);
}

gboolean oakum_dest_made(Copy *copy, const char *path, uint32_t *mode)
{
  guint known = GPOINTER_TO_UINT(g_hash_table_lookup(copy->made, path));
  *mode = known >> MODE_SHIFT;
  return known != 0;
}

gboolean oakum_dest_stat(Copy *copy, const char *path, struct stat *st)
{
  OAKUM_AUTO_FD fd = copy->link
                         ? -1
                         : oakum_root_open(copy->stage->root, *path ? path : ".",
                                           O_PATH | O_DIRECTORY, 0, OAKUM_ROOT_NO_SYMLINKS, NULL);
  if (fd < 0 || fstat(fd, st) < 0)
    return FALSE;
  oakum_owners_patch(copy->stage->owners, st);
  return TRUE;
}

char *oakum_dest_resolve(Copy *copy, const char *base, const char *path, GError **error)
{
  g_autoptr(GString) real = g_string_new(base);
  g_autofree char *rest = g_strdup(path);
  size_t floor = strlen(base);
  guint links = 0;
  for (char *at = rest;;) {
    at += strspn(at, "/");
    size_t n = strcspn(at, "/");
    if (n == 0)
      return g_string_free(g_steal_pointer(&real), FALSE);
    if (n == 2 && at[0] == '.' && at[1] == '.') {
      const char *slash = strrchr(real->str, '/');
      size_t up = slash ? (size_t)(slash - real->str) : 0;
      g_string_truncate(real, MAX(up, floor));
    }
    if ((n == 1 && *at == '.') || (n == 2 && at[0] == '.' && at[1] == '.')) {
      at += n;
      continue;
    }
    size_t before = real->len;
    if (real->len)
      g_string_append_c(real, '/');
    g_string_append_len(real, at, (gssize)n);
    at += n;
    if (real->len > OAKUM_TAR_PATH_MAX) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_LIMIT, "a path longer than %u bytes",
                  OAKUM_TAR_PATH_MAX);
      return NULL;
    }
    g_autofree char *target = NULL;
    if (oakum_dest_look(copy, real->str, &target) != OAKUM_DEST_LINK)
      continue;
    if (++links > OAKUM_VIEW_SYMLINKS_MAX) {
      g_autofree char *shown = oakum_escape_terminal(path, -1);
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_LIMIT,
                  "%s: more than %u symbolic links on the way", shown, OAKUM_VIEW_SYMLINKS_MAX);
      return NULL;
    }
    g_string_truncate(real, *target == '/' ? floor : before);
    char *next = g_strconcat(target, "/", at, NULL);
    g_free(rest);
    at = rest = next;
  }
}

/* As mkdir does: what is made in a folder with setgid has it too, and its group. */
static void inherit(Copy *copy, OakumTarEntry *entry, const char *path)
{
  struct stat st;
  uint32_t mode;
  g_autofree char *above = above_of(path);
  if (oakum_dest_made(copy, above, &mode))
    st = (struct stat){.st_mode = mode,
                       .st_gid = GPOINTER_TO_UINT(g_hash_table_lookup(copy->groups, above))};
  else if (!oakum_dest_stat(copy, above, &st))
    return;
  if (!(st.st_mode & S_ISGID))
    return;
  entry->mode |= S_ISGID;
  if (!copy->chown)
    entry->gid = st.st_gid;
}

static gboolean add_folder(Copy *copy, const char *path, GError **error)
{
  OakumTarEntry entry = {.type = OAKUM_TAR_DIR,
                         .mode = copy->folder_mode,
                         .uid = copy->uid,
                         .gid = copy->gid,
                         .mtime = copy->epoch,
                         .path = {(const uint8_t *)path, strlen(path)}};
  inherit(copy, &entry, path);
  return oakum_dest_note(copy, &entry, FALSE, error) &&
         oakum_tar_writer_entry(copy->tar, &entry, error);
}

gboolean oakum_dest_folders(Copy *copy, const char *path, gboolean itself, GError **error)
{
  for (const char *end = path; *path; end++) {
    end = strchrnul(end, '/');
    if (*end == '\0' && !itself)
      break;
    g_autofree char *above = g_strndup(path, (gsize)(end - path));
    OakumDestKind kind = oakum_dest_look(copy, above, NULL);
    if (kind != OAKUM_DEST_FOLDER && !add_folder(copy, above, error))
      return FALSE;
    if (*end == '\0')
      break;
  }
  return TRUE;
}

gboolean oakum_dest_note(Copy *copy, const OakumTarEntry *entry, gboolean replace, GError **error)
{
  g_autofree char *path = g_strndup((const char *)entry->path.data, entry->path.len);
  guint known = GPOINTER_TO_UINT(g_hash_table_lookup(copy->made, path));
  OakumDestKind old = oakum_dest_look(copy, path, NULL);
  gboolean folder = entry->type == OAKUM_TAR_DIR;
  if (old != OAKUM_DEST_ABSENT && (old == OAKUM_DEST_FOLDER) != folder && (!replace || known)) {
    g_autofree char *shown = oakum_escape_terminal(path, -1);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                folder ? "/%s: a folder would come where something else is; remove that first"
                       : "/%s: something else would come where a folder is; remove that first",
                shown);
    return FALSE;
  }
  guint value = folder                             ? OAKUM_DEST_FOLDER
                : entry->type == OAKUM_TAR_SYMLINK ? OAKUM_DEST_LINK
                                                   : OAKUM_DEST_FILE;
  if (old != OAKUM_DEST_FOLDER || (known & NEW))
    value |= NEW; /* a file that made way hid nothing below */
  value |= (entry->mode & 07777u) << MODE_SHIFT;
  if (entry->type == OAKUM_TAR_SYMLINK)
    g_hash_table_replace(copy->targets, g_strdup(path),
                         g_strndup((const char *)entry->link.data, entry->link.len));
  if (folder && (entry->mode & S_ISGID))
    g_hash_table_replace(copy->groups, g_strdup(path), GUINT_TO_POINTER(entry->gid));
  g_hash_table_replace(copy->made, g_steal_pointer(&path), GUINT_TO_POINTER(value));
  copy->empty = FALSE;
  return TRUE;
}
