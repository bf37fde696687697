/* One pass over one layer. Of a file only its first bytes are read unless a cataloguer wants it;
 * then it goes to memory when it is small, else to a file without a name, and is forgotten. */
#include "catalog/os-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

typedef struct {
  const OakumPassOptions *options;
  OakumLayerNotes *notes;
  OakumCatalogSink *sink;
  OakumNames *names;
  GHashTable *found;  /* paths that gave something */
  GHashTable *only;   /* path → array of names that it is read as; NULL: all files */
  GHashTable *orphan; /* folders that entries lie in, until an entry makes them */
  char *nix;          /* folder of nix's store that the entry before lay in */
  char *folder;       /* the one of the entry before */
  guint replaced;     /* names that came twice and gave something */
  gboolean disk;      /* files can be read where they are */
  uint64_t kept;      /* bytes of names in notes */
  uint8_t *buffer;    /* OAKUM_CATALOG_MEMORY_FILE */
} Pass;

static void pass_clear(Pass *pass)
{
  oakum_layer_notes_free(pass->notes);
  oakum_catalog_sink_free(pass->sink);
  oakum_names_free(pass->names);
  g_hash_table_unref(pass->found);
  g_hash_table_unref(pass->orphan);
  if (pass->only)
    g_hash_table_unref(pass->only);
  g_free(pass->folder);
  g_free(pass->nix);
  g_free(pass->buffer);
}

static void pass_init(Pass *pass, const OakumPassOptions *options)
{
  uint8_t key[OAKUM_HASH_KEY];
  if (!options->key)
    oakum_random(key, sizeof(key));
  *pass = (Pass){.options = options, .notes = oakum_layer_notes_new()};
  pass->sink = oakum_catalog_sink_new(pass->notes->packages, pass->notes->incomplete);
  pass->names = oakum_names_new(options->key ? options->key : key);
  pass->found = oakum_str_map_new(g_free, NULL);
  pass->orphan = oakum_str_map_new(g_free, NULL);
  pass->buffer = g_malloc(OAKUM_CATALOG_MEMORY_FILE);
  if (!options->only)
    return;
  pass->only = oakum_str_map_new(NULL, (GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < options->only->len; i++) {
    const OakumPathPair *pair = options->only->pdata[i];
    GPtrArray *as = g_hash_table_lookup(pass->only, pair->path);
    if (!as)
      g_hash_table_insert(pass->only, pair->path, as = g_ptr_array_new());
    g_ptr_array_add(as, pair->other);
  }
}

/* Names that are kept as text are bounded: an image may hold millions of links. */
static gboolean keep(Pass *pass, size_t bytes, GError **error)
{
  pass->kept += bytes + 64;
  if (pass->kept <= OAKUM_CATALOG_LINKS_MAX)
    return TRUE;
  g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT,
              "links, whiteouts and folders without an entry take more than %" G_GUINT64_FORMAT
              " bytes",
              OAKUM_CATALOG_LINKS_MAX);
  return FALSE;
}

static gboolean keep_pair(Pass *pass, GPtrArray *into, const char *path, const char *other,
                          GError **error)
{
  g_ptr_array_add(into, oakum_path_pair_new(path, other));
  return keep(pass, strlen(path) + strlen(other), error);
}

/* ---- content
 * ------------------------------------------------------------------------------------- */
/* The regular file of the tar that was told last. All that is taken of it goes by the observer. */
typedef struct {
  OakumTarReader *tar;
  const OakumLayerObserver *observer; /* NULL: nobody */
} Content;

static gssize content_shown(const Content *content, const void *data, gssize n)
{
  if (n > 0 && content->observer)
    content->observer->bytes(content->observer->user, data, (size_t)n);
  return n;
}

/* The next of its bytes, where they lie; 0 at its end. */
static gssize content_borrow(const Content *content, const void **data, GError **error)
{
  gssize n = oakum_tar_reader_borrow(content->tar, data, OAKUM_BORROW_MAX, error);
  return content_shown(content, *data, n);
}

/* As many as there are, up to `len`; -1: error. */
static gssize content_read(const Content *content, uint8_t *buffer, size_t len, GError **error)
{
  size_t have = 0;
  gssize n = 0;
  while (have < len &&
         (n = oakum_tar_reader_read(content->tar, buffer + have, len - have, error)) > 0)
    have += (size_t)content_shown(content, buffer + have, n);
  return n < 0 ? -1 : (gssize)have;
}

/* Puts what was read already and the rest to the spool. */
static gboolean spool(const Pass *pass, OakumSlice first, const Content *content, GError **error)
{
  int fd = pass->options->spool;
  if (lseek(fd, 0, SEEK_SET) < 0) {
    oakum_error_errno(error, OAKUM_CATALOG_ERROR, errno, "spool");
    return FALSE;
  }
  const void *data = first.data;
  gssize n = (gssize)first.len;
  do
    if (!oakum_write_all(fd, data, (size_t)n, error))
      return FALSE;
  while ((n = content_borrow(content, &data, error)) > 0);
  return n == 0;
}

/* What an earlier entry of the same name gave does not count. */
static gboolean forget(Pass *pass, const char *path, GError **error)
{
  if (!g_hash_table_remove(pass->found, path))
    return TRUE;
  if (++pass->replaced > OAKUM_CATALOG_REPLACED_MAX) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT, "more than %u names come twice",
                OAKUM_CATALOG_REPLACED_MAX);
    return FALSE;
  }
  for (guint i = pass->notes->packages->len; i > 0; i--)
    if (strcmp(((OakumPackage *)pass->notes->packages->pdata[i - 1])->paths->pdata[0], path) == 0)
      g_ptr_array_remove_index(pass->notes->packages, i - 1);
  for (guint i = pass->notes->incomplete->len; i > 0; i--)
    if (g_strcmp0(((OakumFinding *)pass->notes->incomplete->pdata[i - 1])->file, path) == 0)
      g_ptr_array_remove_index(pass->notes->incomplete, i - 1);
  for (guint i = pass->notes->facts->len; i > 0; i--)
    if (strcmp(((OakumCatalogFacts *)pass->notes->facts->pdata[i - 1])->path, path) == 0)
      g_ptr_array_remove_index(pass->notes->facts, i - 1);
  for (guint i = pass->notes->observed->len; i > 0; i--)
    if (g_strcmp0(((OakumFinding *)pass->notes->observed->pdata[i - 1])->file, path) == 0)
      g_ptr_array_remove_index(pass->notes->observed, i - 1);
  for (guint i = pass->notes->databases->len; i > 0; i--)
    if (strcmp(((OakumPathPair *)pass->notes->databases->pdata[i - 1])->path, path) == 0)
      g_ptr_array_remove_index(pass->notes->databases, i - 1);
  return TRUE;
}

static void catalog_file(Pass *pass, const OakumCatalogEntry *entry, OakumCatalogFile *file)
{
  OakumLayerNotes *notes = pass->notes;
  guint before = notes->packages->len + notes->incomplete->len + notes->databases->len;
  oakum_catalog_dispatch(entry, file, pass->sink, pass->options, notes->databases);
  guint facts = notes->facts->len;
  oakum_catalog_sink_take_facts(pass->sink, notes->facts);
  oakum_catalog_sink_take_observed(pass->sink, notes->observed);
  if (notes->packages->len + notes->incomplete->len + notes->databases->len > before ||
      notes->facts->len > facts)
    g_hash_table_add(pass->found, g_strdup(entry->path));
}

static gboolean too_large(Pass *pass, const OakumCatalogEntry *entry)
{
  if (entry->size <= OAKUM_CATALOG_MEMORY_FILE ||
      (entry->size <= OAKUM_CATALOG_FILE_MAX && (pass->disk || pass->options->spool >= 0)))
    return FALSE;
  g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new(entry->path, (OakumSlice){NULL, 0});
  g_autofree char *title = g_strdup_printf(
      "%s: %" G_GUINT64_FORMAT " bytes are more than can be looked into", entry->path, entry->size);
  oakum_catalog_sink_incomplete(pass->sink, file, "limit", title);
  g_hash_table_add(pass->found, g_strdup(entry->path));
  return TRUE;
}

/* What lies in one piece is looked at where it lies. */
static gboolean look_into(Pass *pass, const char *path, uint32_t mode, uint64_t size,
                          const Content *content, GError **error)
{
  const void *first;
  gssize n = content_borrow(content, &first, error);
  const size_t least = (size_t)MIN(size, OAKUM_CATALOG_HEAD);
  if (n >= 0 && (size_t)n < least) { /* not even its head does */
    memcpy(pass->buffer, first, (size_t)n);
    gssize more = content_read(content, pass->buffer + n, least - (size_t)n, error);
    first = pass->buffer;
    n = more < 0 ? -1 : n + more;
  }
  if (n < 0)
    return FALSE;
  size_t have = (size_t)n;
  OakumCatalogEntry entry = {path, oakum_path_base(path), mode, size, {first, least}};
  if (!oakum_catalog_wants(&entry, NULL) || too_large(pass, &entry))
    return TRUE;
  if (size > OAKUM_CATALOG_WHOLE_MAX && !oakum_catalog_looks_into(&entry)) {
    /* nobody will read it: each says that it is too large */
    g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new_fd(path, -1, size);
    catalog_file(pass, &entry, file);
    return TRUE;
  }
  if (size > OAKUM_CATALOG_MEMORY_FILE) {
    uint8_t head[OAKUM_CATALOG_HEAD]; /* stays when what was lent is gone */
    memcpy(head, first, least);
    entry.head.data = head;
    if (!spool(pass, (OakumSlice){first, have}, content, error))
      return FALSE;
    g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new_fd(path, pass->options->spool, size);
    catalog_file(pass, &entry, file);
    return TRUE;
  }
  if (have < size) {
    if (first != pass->buffer)
      memcpy(pass->buffer, first, have);
    first = entry.head.data = pass->buffer;
    if (content_read(content, pass->buffer + have, (size_t)size - have, error) < 0)
      return FALSE;
  }
  g_autoptr(OakumCatalogFile) file =
      oakum_catalog_file_new(path, (OakumSlice){first, (size_t)size});
  catalog_file(pass, &entry, file);
  return TRUE;
}

static gboolean take_content(Pass *pass, OakumTarReader *tar, const char *path, uint32_t mode,
                             uint64_t size, GError **error)
{
  const Content content = {tar, pass->options->observer};
  const void *data;
  gssize n = 1;
  if (!look_into(pass, path, mode, size, &content, error))
    return FALSE;
  while (content.observer && n > 0) /* what no cataloguer asked for */
    n = content_borrow(&content, &data, error);
  return n >= 0;
}

/* A name where a package database should be, and is something that cannot be read. */
static void not_regular(Pass *pass, const char *path)
{
  gboolean database = FALSE;
  OakumCatalogEntry entry = {path, oakum_path_base(path), 0644, 0, {(const uint8_t *)"", 0}};
  if (!oakum_catalog_wants(&entry, &database) || !database)
    return;
  g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new(path, (OakumSlice){NULL, 0});
  oakum_catalog_sink_incomplete(pass->sink, file, "unreadable-package-database",
                                "is there but is no regular file");
  g_hash_table_add(pass->found, g_strdup(path));
}

/* ---- names
 * --------------------------------------------------------------------------------------- */
/* The folders above `path`: nothing lies below a file, and what no entry makes may be a link of a
 * lower layer. */
static gboolean look_above(Pass *pass, const char *path, GError **error)
{
  const char *slash = strrchr(path, '/');
  size_t n = slash ? (size_t)(slash - path) : 0;
  if (n == 0 || (pass->folder && strlen(pass->folder) == n && memcmp(pass->folder, path, n) == 0))
    return TRUE;
  g_free(pass->folder);
  pass->folder = g_strndup(path, n);
  OakumEntryKind kind = oakum_names_find(pass->names, path, n);
  if ((kind == OAKUM_ENTRY_NONE || kind == OAKUM_ENTRY_LINK) &&
      !g_hash_table_contains(pass->orphan, pass->folder)) {
    g_hash_table_add(pass->orphan, g_strdup(pass->folder));
    if (!keep(pass, n, error))
      return FALSE;
  }
  for (size_t i = n; i > 0; i--)
    if ((path[i] == '/') && oakum_names_find(pass->names, path, i) == OAKUM_ENTRY_FILE) {
      g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                  "a name lies below something that is no folder");
      return FALSE;
    }
  return TRUE;
}

/* nix has no database in an image: the folders of its store are one. */
static void look_for_nix(Pass *pass, const char *path)
{
  size_t len;
  if (path[0] != 'n' || !oakum_nix_folder(path, &len) ||
      (pass->nix && strlen(pass->nix) == len && strncmp(pass->nix, path, len) == 0))
    return;
  g_free(pass->nix);
  pass->nix = g_strndup(path, len);
  if (g_hash_table_contains(pass->found, pass->nix))
    return;
  g_hash_table_add(pass->found, g_strdup(pass->nix));
  oakum_nix_found(pass->nix, pass->sink);
}

static gboolean add_name(Pass *pass, const char *path, OakumEntryKind kind, GError **error)
{
  if (kind != OAKUM_ENTRY_FOLDER && pass->folder && g_str_has_prefix(pass->folder, path))
    g_clear_pointer(&pass->folder, g_free); /* what was a folder is none now */
  if (oakum_names_add(pass->names, path, kind))
    return TRUE;
  g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT, "more than %u names in one layer",
              OAKUM_VIEW_NAMES_MAX);
  return FALSE;
}

static gboolean add_hard_link(Pass *pass, const char *path, const OakumTarEntry *entry,
                              GError **error)
{
  g_autofree char *to = NULL;
  if (!oakum_image_clean_path(entry->link, &to, error)) {
    oakum_image_blame(error, "hard link to", entry->link);
    return FALSE;
  }
  OakumEntryKind kind = oakum_names_find(pass->names, to, strlen(to));
  gboolean absent = kind == OAKUM_ENTRY_NONE && pass->options->lowest;
  if (kind == OAKUM_ENTRY_FOLDER || absent) {
    g_autofree char *shown = oakum_escape_terminal(to, -1);
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID,
                "hard link to \"%s\", which is not there or a folder", shown);
    return FALSE;
  }
  OakumCatalogEntry named = {path, oakum_path_base(path), entry->mode, 0, {(const uint8_t *)"", 0}};
  gboolean wanted = oakum_catalog_wants(&named, NULL);
  if (!add_name(pass, path, OAKUM_ENTRY_FILE, error))
    return FALSE;
  if (wanted && strcmp(to, path) != 0 &&
      !keep_pair(pass, kind == OAKUM_ENTRY_NONE ? pass->notes->distant : pass->notes->again,
                 kind == OAKUM_ENTRY_NONE ? path : to, kind == OAKUM_ENTRY_NONE ? to : path, error))
    return FALSE;
  return !g_hash_table_contains(pass->found, to) ||
         keep_pair(pass, pass->notes->hard, path, to, error);
}

static gboolean add_whiteout(Pass *pass, const char *path, OakumWhiteout kind, const char *target,
                             GError **error)
{
  const char *base = oakum_path_base(path);
  g_autofree char *folder = g_strndup(path, (gsize)(base - path)); /* with its slash, or "" */
  if (kind == OAKUM_WHITEOUT_INVALID) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "a whiteout that names nothing");
    return FALSE;
  }
  if (kind == OAKUM_WHITEOUT_IGNORE)
    return TRUE;
  char *gone = kind == OAKUM_WHITEOUT_NAME ? g_strconcat(folder, target, NULL)
                                           : g_strdup(*folder ? folder : "/");
  g_ptr_array_add(pass->notes->gone, gone);
  return keep(pass, strlen(gone), error);
}

/* A file that is to be read as other names only. */
static gboolean take_only(Pass *pass, OakumTarReader *tar, const OakumTarEntry *entry,
                          const char *path, GError **error)
{
  const GPtrArray *as = g_hash_table_lookup(pass->only, path);
  if (!as || entry->type != OAKUM_TAR_FILE)
    return TRUE;
  /* once to memory or the spool, then for each of its names */
  uint64_t size = entry->size;
  uint32_t mode = entry->mode;
  gboolean large = size > OAKUM_CATALOG_MEMORY_FILE;
  OakumCatalogEntry first = {path, oakum_path_base(path), mode, size, {(const uint8_t *)"", 0}};
  if (too_large(pass, &first))
    return TRUE;
  const Content content = {tar, NULL};
  gssize have =
      content_read(&content, pass->buffer, (size_t)MIN(size, OAKUM_CATALOG_MEMORY_FILE), error);
  if (have < 0)
    return FALSE;
  uint8_t head[OAKUM_CATALOG_HEAD];
  size_t n = MIN((size_t)have, sizeof(head));
  memcpy(head, pass->buffer, n);
  if (large && !spool(pass, (OakumSlice){pass->buffer, (size_t)have}, &content, error))
    return FALSE;
  for (guint i = 0; i < as->len; i++) {
    const char *name = as->pdata[i];
    g_autoptr(OakumCatalogFile) file =
        large ? oakum_catalog_file_new_fd(name, pass->options->spool, size)
              : oakum_catalog_file_new(name, (OakumSlice){pass->buffer, (size_t)have});
    OakumCatalogEntry named = {name, oakum_path_base(name), mode, size, {head, n}};
    catalog_file(pass, &named, file);
  }
  return TRUE;
}

static gboolean add_entry(Pass *pass, OakumTarReader *tar, const OakumTarEntry *entry,
                          GError **error)
{
  g_autofree char *path = NULL;
  if (!oakum_image_clean_path(entry->path, &path, error))
    return FALSE;
  if (pass->only)
    return take_only(pass, tar, entry, path, error);
  if (pass->options->observer)
    pass->options->observer->entry(pass->options->observer->user, entry, path);
  if (*path == '\0') {
    if (entry->type == OAKUM_TAR_DIR)
      return TRUE;
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "the root is not a folder");
    return FALSE;
  }
  const char *target = NULL;
  OakumWhiteout kind = oakum_image_whiteout(oakum_path_base(path), &target);
  if (kind != OAKUM_WHITEOUT_NONE)
    return add_whiteout(pass, path, kind, target, error);
  if (!look_above(pass, path, error) ||
      ((entry->type != OAKUM_TAR_DIR ||
        oakum_names_find(pass->names, path, strlen(path)) == OAKUM_ENTRY_FILE) &&
       !forget(pass, path, error)))
    return FALSE;
  look_for_nix(pass, path);
  switch (entry->type) {
  case OAKUM_TAR_DIR:
    return add_name(pass, path, OAKUM_ENTRY_FOLDER, error);
  case OAKUM_TAR_HARDLINK:
    return add_hard_link(pass, path, entry, error);
  case OAKUM_TAR_SYMLINK: {
    g_autofree char *link = g_strndup((const char *)entry->link.data, entry->link.len);
    return add_name(pass, path, OAKUM_ENTRY_LINK, error) &&
           keep_pair(pass, pass->notes->links, path, link, error);
  }
  case OAKUM_TAR_FILE:
    return add_name(pass, path, OAKUM_ENTRY_FILE, error) &&
           take_content(pass, tar, path, entry->mode, entry->size, error);
  default:
    not_regular(pass, path);
    return add_name(pass, path, OAKUM_ENTRY_FILE, error);
  }
}

/* ---- the end of a pass
 * --------------------------------------------------------------------------- */
static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static OakumLayerNotes *pass_end(Pass *pass)
{
  OakumLayerNotes *notes = pass->notes;
  GHashTableIter iter;
  gpointer folder;
  g_hash_table_iter_init(&iter, pass->orphan);
  while (g_hash_table_iter_next(&iter, &folder, NULL))
    if (oakum_names_find(pass->names, folder, strlen(folder)) != OAKUM_ENTRY_FOLDER)
      g_ptr_array_add(notes->implicit, g_strdup(folder));
  g_ptr_array_sort(notes->implicit, by_text);
  for (guint i = 0; i < notes->packages->len; i++) {
    OakumPackage *package = notes->packages->pdata[i];
    const char *owner = oakum_catalog_sink_owner(pass->sink, package->paths->pdata[0]);
    if (owner && !package->owner)
      package->owner = g_strdup(owner);
  }
  if (pass->options->observer && !pass->only)
    pass->options->observer->end(pass->options->observer->user, notes->observed, notes->incomplete);
  if (pass->options->key && !pass->only)
    notes->names = g_steal_pointer(&pass->names);
  return g_steal_pointer(&pass->notes);
}

OakumLayerNotes *oakum_catalog_read_tar(OakumReader *reader, const OakumPassOptions *options,
                                        GError **error)
{
  __attribute__((cleanup(pass_clear))) Pass pass;
  pass_init(&pass, options);
  OakumReader *plain = oakum_reader_new_limit(oakum_reader_new_inflate(reader, NULL),
                                              OAKUM_LAYER_UNPACKED_MAX, "layer");
  g_autoptr(OakumTarReader) tar = oakum_tar_reader_new(plain);
  const OakumTarEntry *entry;
  int more;
  while ((more = oakum_tar_reader_next(tar, &entry, error)) > 0) {
    OakumSlice name = entry->path;
    if (!add_entry(&pass, tar, entry, error)) {
      oakum_image_blame(error, "entry", name);
      more = -1;
      break;
    }
  }
  return more == 0 ? pass_end(&pass) : NULL;
}

/* ---- a folder on disk
 * ----------------------------------------------------------------------------- */
static void unreadable(Pass *pass, const char *path, int errnum)
{
  g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new(path, (OakumSlice){NULL, 0});
  g_autofree char *title = g_strdup_printf("cannot be read: %s", g_strerror(errnum));
  oakum_catalog_sink_incomplete(pass->sink, file, "unreadable", title);
}

static void show_disk_file(Pass *pass, int fd, const char *path)
{
  const OakumLayerObserver *observer = pass->options->observer;
  ssize_t n = 0;
  uint64_t shown = 0;
  for (off_t at = 0, hole = 0; shown <= OAKUM_CATALOG_FILE_MAX; at += n) {
    if (at >= hole) { /* holes are of any length, and hold nothing */
      off_t data = lseek(fd, at, SEEK_DATA);
      if (data < 0 && errno == ENXIO)
        return;
      at = data < 0 ? at : data;
      hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
      hole = hole < 0 ? G_MAXINT64 : hole; /* a file system that does not tell them */
    }
    n = pread(fd, pass->buffer, (size_t)MIN((off_t)OAKUM_IO_BUFFER, hole - at), at);
    if (n <= 0)
      break;
    observer->bytes(observer->user, pass->buffer, (size_t)n);
    shown += (uint64_t)n;
  }
  if (n < 0)
    unreadable(pass, path, errno);
  if (shown <= OAKUM_CATALOG_FILE_MAX)
    return;
  g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new(path, (OakumSlice){NULL, 0});
  oakum_catalog_sink_incomplete(pass->sink, file, "limit",
                                "more bytes than can be searched for secrets");
}

/* As the entry of a tar would tell it; extended attributes only of files, where they make one
 * mighty. */
static void show_disk_entry(const Pass *pass, const char *path, const struct stat *st,
                            const char *target)
{
  static const struct {
    mode_t format;
    OakumTarType type;
  } types[] = {{S_IFDIR, OAKUM_TAR_DIR},   {S_IFLNK, OAKUM_TAR_SYMLINK}, {S_IFCHR, OAKUM_TAR_CHAR},
               {S_IFBLK, OAKUM_TAR_BLOCK}, {S_IFIFO, OAKUM_TAR_FIFO},    {S_IFREG, OAKUM_TAR_FILE}};
  OakumTarEntry entry = {.path = {(const uint8_t *)path, strlen(path)},
                         .link = {(const uint8_t *)target, target ? strlen(target) : 0},
                         .mode = st->st_mode & 07777,
                         .uid = st->st_uid,
                         .gid = st->st_gid,
                         .mtime = st->st_mtim.tv_sec,
                         .mtime_ns = (uint32_t)st->st_mtim.tv_nsec,
                         .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0};
  for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
    if (types[i].format == (st->st_mode & S_IFMT)) {
      entry.type = types[i].type;
      pass->options->observer->entry(pass->options->observer->user, &entry, path);
    }
}

static void disk_file(Pass *pass, int at, const char *name, const char *path, const struct stat *st)
{
  const GPtrArray *as = pass->only ? g_hash_table_lookup(pass->only, path) : NULL;
  if (pass->only && !as)
    return;
  OAKUM_AUTO_FD fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  uint8_t head[OAKUM_CATALOG_HEAD];
  ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
  if (n < 0) {
    if (errno != ENOENT && errno != ELOOP) /* it went, or became a link, meanwhile */
      unreadable(pass, path, errno);
    return;
  }
  if (pass->options->observer && !pass->only)
    show_disk_file(pass, fd, path);
  for (guint i = 0; i < (as ? as->len : 1); i++) {
    const char *shown = as ? as->pdata[i] : path; /* O_NONBLOCK: it may be a FIFO meanwhile */
    OakumCatalogEntry entry = {shown,
                               oakum_path_base(shown),
                               st->st_mode & 07777,
                               (uint64_t)st->st_size,
                               {head, MIN((size_t)n, (size_t)st->st_size)}};
    if (!oakum_catalog_wants(&entry, NULL) || too_large(pass, &entry))
      continue;
    g_autoptr(OakumCatalogFile) file = NULL;
    if (entry.size <= OAKUM_CATALOG_MEMORY_FILE) {
      ssize_t all = pread(fd, pass->buffer, (size_t)entry.size, 0);
      if (all < 0) {
        unreadable(pass, path, errno);
        return;
      }
      entry.size = (uint64_t)all;
      file = oakum_catalog_file_new(shown, (OakumSlice){pass->buffer, (size_t)entry.size});
    } else
      file = oakum_catalog_file_new_fd(shown, fd, entry.size);
    catalog_file(pass, &entry, file);
  }
}

static gboolean disk_entry(Pass *pass, int at, const char *path, const char *name, GPtrArray *queue,
                           GError **error)
{
  struct stat st;
  if (strlen(path) > OAKUM_TAR_PATH_MAX) { /* folders in folders may go on for ever */
    g_autoptr(OakumCatalogFile) file = oakum_catalog_file_new(path, (OakumSlice){NULL, 0});
    oakum_catalog_sink_incomplete(pass->sink, file, "limit", "a path longer than is followed");
    return TRUE;
  }
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno != ENOENT)
      unreadable(pass, path, errno);
    return TRUE;
  }
  if (!pass->only)
    look_for_nix(pass, path);
  if (pass->options->observer && !pass->only && !S_ISLNK(st.st_mode))
    show_disk_entry(pass, path, &st, NULL);
  if (S_ISDIR(st.st_mode))
    g_ptr_array_add(queue, g_strdup(path));
  else if (S_ISREG(st.st_mode))
    disk_file(pass, at, name, path, &st);
  else if (S_ISLNK(st.st_mode) && !pass->only) {
    char target[OAKUM_TAR_LINK_MAX + 1];
    ssize_t n = readlinkat(at, name, target, sizeof(target) - 1);
    target[MAX(n, 0)] = '\0';
    if (pass->options->observer)
      show_disk_entry(pass, path, &st, target);
    return keep_pair(pass, pass->notes->links, path, target, error);
  } else if (!pass->only)
    not_regular(pass, path);
  return TRUE;
}

/* The kernel's own trees belong to no image. */
static gboolean is_kernels(int fd)
{
  struct statfs fs;
  if (fstatfs(fd, &fs) != 0)
    return FALSE;
  unsigned long type = (unsigned long)fs.f_type;
  return type == PROC_SUPER_MAGIC || type == SYSFS_MAGIC || type == CGROUP2_SUPER_MAGIC ||
         type == CGROUP_SUPER_MAGIC || type == DEBUGFS_MAGIC || type == TRACEFS_MAGIC ||
         type == SECURITYFS_MAGIC || type == BPF_FS_MAGIC || type == DEVPTS_SUPER_MAGIC;
}

OakumLayerNotes *oakum_catalog_read_folder(int folder, const OakumPassOptions *options,
                                           GError **error)
{
  __attribute__((cleanup(pass_clear))) Pass pass;
  pass_init(&pass, options);
  g_autoptr(GPtrArray) queue = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(queue, g_strdup(""));
  pass.disk = TRUE;
  g_autoptr(OakumProgress) progress = oakum_progress_new("reading the folder", "files", 0);
  guint names = 0;
  while (queue->len > 0) {
    g_autofree char *here = g_ptr_array_steal_index_fast(queue, queue->len - 1);
    g_autoptr(GError) why = NULL;
    int fd = oakum_root_open(folder, *here ? here : ".", O_RDONLY | O_DIRECTORY, 0,
                             OAKUM_ROOT_NO_SYMLINKS, &why);
    if (fd < 0 && !*here) {
      g_propagate_error(error, g_steal_pointer(&why));
      return NULL;
    }
    if (fd < 0) {
      if (!g_error_matches(why, OAKUM_OS_ERROR, OAKUM_ERROR_NOT_FOUND))
        unreadable(&pass, here,
                   g_error_matches(why, OAKUM_OS_ERROR, OAKUM_ERROR_DENIED) ? EACCES : EIO);
      continue;
    }
    if (*here && is_kernels(fd)) {
      close(fd);
      continue;
    }
    DIR *dir = fdopendir(fd);
    const struct dirent *entry;
    gboolean ok = dir != NULL;
    while (ok && (entry = readdir(dir)) != NULL) {
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        continue;
      if (++names > OAKUM_FOLDER_NAMES_MAX) {
        g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_LIMIT, "more than %u names",
                    OAKUM_FOLDER_NAMES_MAX);
        ok = FALSE;
        break;
      }
      g_autofree char *full =
          *here ? g_strconcat(here, "/", entry->d_name, NULL) : g_strdup(entry->d_name);
      ok = disk_entry(&pass, fd, full, entry->d_name, queue, error);
      oakum_progress_add(progress, 1);
    }
    if (dir)
      closedir(dir);
    else
      close(fd);
    if (!ok) {
      if (error && !*error)
        g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_IO, "/%s: cannot be read", here);
      return NULL;
    }
  }
  return pass_end(&pass);
}
