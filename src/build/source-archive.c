/* ADD of an archive: its entries become those of the layer, as an unpacking in the destination
 * would have it, with the destination as the root of all links on the way. */
#include "build/source-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define BLOCK 512u

gboolean oakum_source_is_tar(const uint8_t *block)
{
  guint sum = 0;
  gint with_sign = 0; /* some old programs summed so */
  g_autofree char *field = g_strndup((const char *)block + 148, 8);
  if (*block == 0)
    return FALSE;
  for (guint i = 0; i < BLOCK; i++) {
    guint8 byte = i >= 148 && i < 156 ? ' ' : block[i];
    sum += byte;
    with_sign += (gint8)byte;
  }
  guint64 told = g_ascii_strtoull(g_strchug(field), NULL, 8);
  return told == sum || (with_sign > 0 && told == (guint64)with_sign);
}

/* `root` may be AT_FDCWD. */
static int open_file(int root, const char *path, int flags, GError **error)
{
  if (root != AT_FDCWD)
    return oakum_root_open(root, path, flags, 0, OAKUM_ROOT_FOLLOW, error);
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0)
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", path);
  return fd;
}

OakumReader *oakum_source_open_plain(int root, const char *path, GError **error)
{
  int fd = open_file(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, error);
  if (fd < 0)
    return NULL;
  OakumReader *plain = oakum_reader_new_inflate(oakum_reader_new_fd(fd, TRUE), NULL);
  return oakum_reader_new_limit(plain, OAKUM_LAYER_UNPACKED_MAX, "archive");
}

gboolean oakum_copy_is_archive(int root, const char *path)
{
  OAKUM_AUTO_FD fd = open_file(root, path, O_PATH, NULL);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
    return FALSE;
  g_autoptr(OakumReader) plain = oakum_source_open_plain(root, path, NULL);
  uint8_t block[BLOCK];
  size_t have = 0;
  gssize n = 1;
  while (plain && have < BLOCK && n > 0)
    if ((n = oakum_reader_read(plain, block + have, BLOCK - have, NULL)) > 0)
      have += (size_t)n;
  return have == BLOCK && oakum_source_is_tar(block);
}

char *oakum_source_clean_name(OakumSlice path, gboolean in_layer, GError **error)
{
  g_autofree char *name = g_strndup((const char *)path.data, path.len);
  g_auto(GStrv) parts = g_strsplit(name, "/", -1);
  for (char **part = parts; *part; part++)
    if (strcmp(*part, "..") == 0 || (in_layer && g_str_has_prefix(*part, ".wh."))) {
      g_autofree char *shown = oakum_escape_terminal(name, -1);
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                  "archive entry \"%s\": a name with \"%s\" in it", shown,
                  **part == '.' && (*part)[1] == '.' ? ".." : ".wh.");
      return NULL;
    }
  g_autofree char *clean = g_canonicalize_filename(name, "/");
  return g_strdup(clean + 1);
}

/* Where the entry comes to lie: links in the folders above it count, itself it does not follow. */
static char *place(Copy *copy, OakumSlice path, GError **error)
{
  g_autofree char *name = oakum_source_clean_name(path, TRUE, error);
  if (!name)
    return NULL;
  char *slash = strrchr(name, '/');
  g_autofree char *last = g_strdup(slash ? slash + 1 : name);
  g_autofree char *above = g_strndup(name, slash ? (gsize)(slash - name) : 0);
  g_autofree char *folder = oakum_dest_resolve(copy, copy->to, above, error);
  return folder ? oakum_dest_join(folder, last) : NULL;
}

/* Attributes that mean something inside an image. */
static void drop_foreign_xattrs(OakumTarEntry *entry)
{
  size_t kept = 0;
  for (size_t i = 0; i < entry->n_xattrs; i++) {
    const char *name = entry->xattrs[i].name;
    if (strcmp(name, "security.capability") == 0 ||
        (g_str_has_prefix(name, "user.") && !g_str_has_prefix(name, "user.overlay."))) {
      OakumXattr keep = entry->xattrs[i];
      entry->xattrs[i] = entry->xattrs[kept];
      entry->xattrs[kept++] = keep;
    }
  }
  entry->n_xattrs = kept;
}

/* Those that the archive does not tell are root's. */
static gboolean folders_on_the_way(Copy *copy, const char *name, GError **error)
{
  const Copy before = *copy;
  copy->chown = TRUE;
  copy->uid = copy->gid = 0;
  gboolean ok = oakum_dest_folders(copy, name, FALSE, error);
  copy->chown = before.chown;
  copy->uid = before.uid;
  copy->gid = before.gid;
  return ok;
}

static gboolean add_entry(Copy *copy, OakumTarReader *tar, const OakumTarEntry *entry,
                          guint8 *buffer, GError **error)
{
  g_autofree char *name = place(copy, entry->path, error), *link = NULL;
  if (!name)
    return FALSE;
  if (strcmp(name, copy->to) == 0)
    return TRUE; /* the destination itself stays as it is */
  OakumTarEntry out = *entry;
  out.path = (OakumSlice){(const uint8_t *)name, strlen(name)};
  if (entry->type == OAKUM_TAR_HARDLINK) {
    if (!(link = place(copy, entry->link, error)))
      return FALSE;
    OakumDestKind there = oakum_dest_look(copy, link, NULL);
    if (there == OAKUM_DEST_ABSENT || there == OAKUM_DEST_FOLDER) {
      g_autofree char *shown = oakum_escape_terminal(link, -1);
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                  "archive entry: a hard link to \"%s\", which is not there or a folder", shown);
      return FALSE;
    }
    out.link = (OakumSlice){(const uint8_t *)link, strlen(link)};
  }
  out.mtime = MAX(out.mtime, 0); /* not all that unpacks layers takes a time before 1970 */
  if (!copy->build->options->keep_times)
    out.mtime = MIN(out.mtime, copy->epoch);
  out.mtime_ns = 0;
  drop_foreign_xattrs(&out);
  if (copy->chown) {
    out.uid = copy->uid;
    out.gid = copy->gid;
  }
  if (!folders_on_the_way(copy, name, error) || !oakum_dest_note(copy, &out, TRUE, error) ||
      !oakum_tar_writer_entry(copy->tar, &out, error))
    return FALSE;
  gssize n;
  while ((n = oakum_tar_reader_read(tar, buffer, OAKUM_IO_BUFFER, error)) > 0)
    if (!oakum_tar_writer_write(copy->tar, buffer, (size_t)n, error))
      return FALSE;
  return n == 0;
}

gboolean oakum_copy_archive(Copy *copy, int root, const char *path, GError **error)
{
  OakumReader *plain = oakum_source_open_plain(root, path, error);
  if (!plain)
    return FALSE;
  g_autoptr(OakumTarReader) tar = oakum_tar_reader_new(plain);
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  g_autofree char *shown = oakum_escape_terminal(path, -1);
  const OakumTarEntry *entry;
  int more = -1;
  uint32_t folder_mode = copy->folder_mode;
  copy->folder_mode = 0755; /* --chmod is not for what archives bring */
  if (!oakum_dest_folders(copy, copy->to, TRUE, error))
    return FALSE;
  while ((more = oakum_tar_reader_next(tar, &entry, error)) > 0)
    if (!add_entry(copy, tar, entry, buffer, error)) {
      g_prefix_error(error, "%s: ", shown);
      return FALSE;
    }
  copy->folder_mode = folder_mode; /* of the next source; an error ends the instruction */
  if (more < 0)
    g_prefix_error(error, "%s: ", shown);
  return more == 0;
}
