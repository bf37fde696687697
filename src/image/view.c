/* The merged tree of an image. One node a name, one inode a file (hard links share it). Children of
 * a folder hang in a list and in one hash table for the whole tree, keyed by (folder, name). */
#include "image/image-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

typedef struct {
  guint refs;
  OakumViewFile file; /* file.link is owned */
  GBytes *content;    /* NULL: not wanted */
} Inode;

typedef struct Node Node;
struct Node {
  Node *parent, *first, *next, *prev;
  Inode *inode;
  int layer;   /* that brought this name */
  guint depth; /* folders above it */
  char name[];
};

struct OakumView {
  OakumViewWanted wanted;
  gpointer user;
  Node *root;
  GHashTable *names;   /* Node by (parent, name) */
  GHashTable *history; /* path → GArray of OakumViewVersion */
  GPtrArray *layers;   /* digests, NULL among them */
  int layer;
  uint64_t kept; /* bytes of all contents */
};

static guint node_hash(gconstpointer p)
{
  const Node *node = p;
  return oakum_str_hash(node->name) ^ (guint)((guintptr)node->parent >> 4) * 2654435761u;
}

static gboolean node_equal(gconstpointer a, gconstpointer b)
{
  const Node *x = a, *y = b;
  return x->parent == y->parent && strcmp(x->name, y->name) == 0;
}

static void inode_unref(Inode *inode)
{
  if (--inode->refs > 0)
    return;
  g_free((char *)inode->file.link);
  if (inode->content)
    g_bytes_unref(inode->content);
  g_free(inode);
}

static Node *node_new(Node *parent, const char *name)
{
  size_t len = strlen(name) + 1;
  Node *node = g_malloc0(sizeof(Node) + len);
  memcpy(node->name, name, len);
  node->parent = parent;
  return node;
}

static Inode *inode_new(OakumTarType type, uint32_t mode)
{
  Inode *inode = g_new0(Inode, 1);
  inode->refs = 1;
  inode->file = (OakumViewFile){.type = type, .mode = mode};
  return inode;
}

OakumView *oakum_view_new(OakumViewWanted wanted, gpointer user)
{
  OakumView *view = g_new0(OakumView, 1);
  view->wanted = wanted;
  view->user = user;
  view->names = g_hash_table_new(node_hash, node_equal);
  view->history = oakum_str_map_new(g_free, (GDestroyNotify)g_array_unref);
  view->layers = g_ptr_array_new_with_free_func(g_free);
  view->root = node_new(NULL, "");
  view->root->inode = inode_new(OAKUM_TAR_DIR, 0755);
  view->layer = -1;
  return view;
}

static Node *child(const OakumView *view, const Node *parent, const char *name, size_t len)
{
  if (len > OAKUM_TAR_PATH_MAX)
    return NULL;
  char room[256];
  g_autofree Node *big = NULL;
  /* a key that looks like a node; on the stack for every usual name */
  Node *key;
  _Alignas(Node) char space[sizeof(Node) + sizeof(room)];
  if (len < sizeof(room)) {
    key = (Node *)(gpointer)space;
  } else {
    key = big = g_malloc0(sizeof(Node) + len + 1);
  }
  key->parent = (Node *)parent;
  memcpy(key->name, name, len);
  key->name[len] = '\0';
  return g_hash_table_lookup(view->names, key);
}

static char *node_path(const Node *node)
{
  g_autoptr(GPtrArray) parts = g_ptr_array_new();
  for (; node->parent; node = node->parent)
    g_ptr_array_add(parts, (gpointer)node->name);
  GString *path = g_string_new(NULL);
  for (guint i = parts->len; i > 0; i--)
    g_string_append_printf(path, "%s%s", path->len ? "/" : "", (const char *)parts->pdata[i - 1]);
  return g_string_free(path, FALSE);
}

static void version_clear(gpointer p)
{
  OakumViewVersion *version = p;
  if (version->content)
    g_bytes_unref(version->content);
}

static void remember(OakumView *view, const Node *node, GBytes *content)
{
  g_autofree char *path = node_path(node);
  GArray *versions = g_hash_table_lookup(view->history, path);
  if (!versions) {
    if (!content)
      return;
    versions = g_array_new(FALSE, FALSE, sizeof(OakumViewVersion));
    g_array_set_clear_func(versions, version_clear);
    g_hash_table_insert(view->history, g_steal_pointer(&path), versions);
  }
  OakumViewVersion version = {view->layer, content ? g_bytes_ref(content) : NULL};
  if (versions->len > 0) { /* the last word of a layer counts */
    OakumViewVersion *last = &g_array_index(versions, OakumViewVersion, versions->len - 1);
    if (last->layer == view->layer) {
      version_clear(last);
      *last = version;
      return;
    }
  }
  g_array_append_val(versions, version);
}

static void unlink_node(OakumView *view, Node *node)
{
  if (node->prev)
    node->prev->next = node->next;
  else
    node->parent->first = node->next;
  if (node->next)
    node->next->prev = node->prev;
  g_hash_table_remove(view->names, node);
  if (node->inode->content)
    remember(view, node, NULL);
  inode_unref(node->inode);
  g_free(node);
}

/* Removes what lies below `node` and is older than `layer`; a folder that keeps newer names stays.
 * Without recursion: a walk that always goes down first. */
static void remove_below(OakumView *view, Node *top, int layer)
{
  Node *at = top->first;
  while (at) {
    if (at->first) {
      at = at->first;
      continue;
    }
    for (;;) { /* `at` has nothing below it that was not visited */
      Node *next = at->next, *parent = at->parent;
      if (!at->first && at->layer < layer)
        unlink_node(view, at);
      if (next) {
        at = next;
        break;
      }
      if (parent == top)
        return;
      at = parent;
    }
  }
}

static void remove_node(OakumView *view, Node *node)
{
  remove_below(view, node, INT_MAX);
  unlink_node(view, node);
}

static Node *add_node(OakumView *view, Node *parent, const char *name, Inode *inode, GError **error)
{
  if (g_hash_table_size(view->names) >= OAKUM_VIEW_NAMES_MAX) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "more than %u names in the image",
                OAKUM_VIEW_NAMES_MAX);
    inode_unref(inode);
    return NULL;
  }
  if (parent->depth >= OAKUM_TAR_PATH_DEPTH_MAX) { /* links can lead deeper than any name says */
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT, "an entry lies deeper than %u folders",
                OAKUM_TAR_PATH_DEPTH_MAX);
    inode_unref(inode);
    return NULL;
  }
  Node *node = node_new(parent, name);
  node->inode = inode;
  node->layer = view->layer;
  node->depth = parent->depth + 1;
  node->next = parent->first;
  if (node->next)
    node->next->prev = node;
  parent->first = node;
  g_hash_table_add(view->names, node);
  return node;
}

/* Finds `path`, symbolic links followed inside the tree (the last one when `follow_last`). `make`:
 * missing folders are made. NULL: not there, or *error. */
static Node *resolve(OakumView *view, const char *path, gboolean follow_last, gboolean make,
                     GError **error)
{
  g_autofree char *owned = NULL;
  Node *at = view->root;
  guint links = 0;
  while (*path) {
    size_t n = strcspn(path, "/");
    if (n == 0 || (n == 1 && path[0] == '.')) {
      path += n + (path[n] == '/');
      continue;
    }
    if (n == 2 && path[0] == '.' && path[1] == '.') {
      at = at->parent ? at->parent : at;
      path += n + (path[n] == '/');
      continue;
    }
    Node *node = child(view, at, path, n);
    const char *rest = path + n + (path[n] == '/');
    if (!node && make) {
      g_autofree char *name = g_strndup(path, n);
      node = add_node(view, at, name, inode_new(OAKUM_TAR_DIR, 0755), error);
    }
    if (!node)
      return NULL;
    gboolean last = *rest == '\0';
    if (node->inode->file.type == OAKUM_TAR_SYMLINK && (!last || follow_last)) {
      if (++links > OAKUM_VIEW_SYMLINKS_MAX)
        goto loop;
      const char *link = node->inode->file.link;
      char *joined = g_strconcat(link, "/", rest, NULL);
      if (strlen(joined) > 4 * OAKUM_TAR_PATH_MAX) {
        g_free(joined);
        goto loop;
      }
      if (link[0] == '/')
        at = view->root;
      g_free(owned);
      path = owned = joined;
      continue;
    }
    if (!last && node->inode->file.type != OAKUM_TAR_DIR) {
      if (make)
        g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
                    "a name lies below something that is no folder");
      return NULL;
    }
    at = node;
    path = rest;
  }
  return at;
loop:
  if (make)
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "symbolic links in a circle");
  return NULL;
}

static gboolean whiteout(OakumView *view, Node *folder, OakumWhiteout kind, const char *target)
{
  if (kind == OAKUM_WHITEOUT_OPAQUE)
    remove_below(view, folder, view->layer);
  else if (kind == OAKUM_WHITEOUT_NAME) {
    Node *node = child(view, folder, target, strlen(target));
    if (node && node->layer < view->layer && node->inode->file.type != OAKUM_TAR_DIR)
      unlink_node(view, node);
    else if (node) { /* names that this layer brought stay, whatever the order */
      remove_below(view, node, view->layer);
      if (!node->first && node->layer < view->layer)
        unlink_node(view, node);
    }
  }
  return kind != OAKUM_WHITEOUT_INVALID;
}

/* Puts `inode` (taken) at name in `folder`. */
static gboolean put(OakumView *view, Node *folder, const char *name, Inode *inode, GError **error)
{
  Node *node = child(view, folder, name, strlen(name));
  if (node && node->inode->file.type == OAKUM_TAR_DIR && inode->file.type != OAKUM_TAR_DIR) {
    remove_node(view, node);
    node = NULL;
  }
  if (node) {
    if (node->inode->content && !inode->content)
      remember(view, node, NULL);
    inode_unref(node->inode);
    node->inode = inode;
    node->layer = view->layer;
  } else if (!(node = add_node(view, folder, name, inode, error)))
    return FALSE;
  if (inode->content)
    remember(view, node, inode->content);
  return TRUE;
}

typedef gssize (*ReadFunc)(void *self, void *buffer, size_t len, GError **error);

static GBytes *keep_content(OakumView *view, uint64_t size, ReadFunc read_func, void *self,
                            GError **error)
{
  if (size > OAKUM_VIEW_FILE_MAX || view->kept + size > OAKUM_VIEW_KEPT_MAX) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_LIMIT,
                "a file to be read has %" G_GUINT64_FORMAT
                " bytes; the limits are %" G_GUINT64_FORMAT " for one and %" G_GUINT64_FORMAT
                " for all",
                size, OAKUM_VIEW_FILE_MAX, OAKUM_VIEW_KEPT_MAX);
    return NULL;
  }
  g_autofree char *data = g_malloc(size + 1);
  size_t have = 0;
  gssize n;
  while (have < size && (n = read_func(self, data + have, size - have, error)) != 0) {
    if (n < 0)
      return NULL;
    have += (size_t)n;
  }
  view->kept += have;
  return g_bytes_new_take(g_steal_pointer(&data), have);
}

static gssize read_tar(void *self, void *buffer, size_t len, GError **error)
{
  return oakum_tar_reader_read(self, buffer, len, error);
}

static gboolean add_entry(OakumView *view, OakumTarReader *tar, const OakumTarEntry *entry,
                          GError **error)
{
  g_autofree char *path = NULL;
  if (!oakum_image_clean_path(entry->path, &path, error))
    return FALSE;
  if (*path == '\0') {
    if (entry->type != OAKUM_TAR_DIR) {
      g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "the root is not a folder");
      return FALSE;
    }
    view->root->inode->file.mode = entry->mode;
    view->root->inode->file.uid = entry->uid;
    view->root->inode->file.gid = entry->gid;
    return TRUE;
  }
  char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path, *target = NULL;
  g_autofree char *above = g_strndup(path, slash ? (gsize)(slash - path) : 0);
  OakumWhiteout kind = oakum_image_whiteout(name, &target);
  Node *folder = resolve(view, above, TRUE, TRUE, error);
  if (!folder)
    return FALSE;
  if (folder->inode->file.type != OAKUM_TAR_DIR) {
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
                "a name lies below something that is no folder");
    return FALSE;
  }
  if (kind != OAKUM_WHITEOUT_NONE) {
    if (whiteout(view, folder, kind, target))
      return TRUE;
    g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID, "a whiteout that names nothing");
    return FALSE;
  }
  if (entry->type == OAKUM_TAR_HARDLINK) {
    g_autofree char *to = NULL;
    if (!oakum_image_clean_path(entry->link, &to, error)) {
      oakum_image_blame(error, "hard link to", entry->link);
      return FALSE;
    }
    Node *other = resolve(view, to, FALSE, FALSE, NULL);
    if (!other || other->inode->file.type == OAKUM_TAR_DIR) {
      g_autofree char *shown = oakum_escape_terminal(to, -1);
      g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_INVALID,
                  "hard link to \"%s\", which is not there or a folder", shown);
      return FALSE;
    }
    other->inode->refs++;
    return put(view, folder, name, other->inode, error);
  }
  Inode *inode = inode_new(entry->type, entry->mode);
  inode->file.uid = entry->uid;
  inode->file.gid = entry->gid;
  inode->file.size = entry->size;
  if (entry->type == OAKUM_TAR_SYMLINK)
    inode->file.link = g_strndup((const char *)entry->link.data, entry->link.len);
  if (entry->type == OAKUM_TAR_FILE) {
    g_autofree char *real = node_path(folder);
    g_autofree char *full = *real ? g_strconcat(real, "/", name, NULL) : g_strdup(name);
    if (view->wanted && view->wanted(full, view->user) &&
        !(inode->content = keep_content(view, entry->size, read_tar, tar, error))) {
      inode_unref(inode);
      return FALSE;
    }
  }
  return put(view, folder, name, inode, error);
}

gboolean oakum_view_add_layer(OakumView *view, OakumReader *reader, const char *digest,
                              GError **error)
{
  g_ptr_array_add(view->layers, g_strdup(digest));
  view->layer++;
  OakumReader *plain = oakum_reader_new_limit(oakum_reader_new_inflate(reader, NULL),
                                              OAKUM_LAYER_UNPACKED_MAX, "layer");
  g_autoptr(OakumTarReader) tar = oakum_tar_reader_new(plain);
  const OakumTarEntry *entry;
  int more;
  while ((more = oakum_tar_reader_next(tar, &entry, error)) > 0)
    if (!add_entry(view, tar, entry, error)) {
      oakum_image_blame(error, "entry", entry->path);
      more = -1;
      break;
    }
  if (more < 0)
    g_prefix_error(error, "layer %d: ", view->layer);
  return more == 0;
}

/* ---- a folder on disk
 * ----------------------------------------------------------------------------- */
static gssize read_fd(void *self, void *buffer, size_t len, GError **error)
{
  return oakum_read_some(*(int *)self, buffer, len, error);
}

static gboolean add_disk_entry(OakumView *view, int at, Node *folder, const char *path,
                               const char *name, GPtrArray *queue, GError **error)
{
  struct stat st;
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT)
      return TRUE;
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "%s", path);
    return FALSE;
  }
  OakumTarType type = S_ISDIR(st.st_mode)   ? OAKUM_TAR_DIR
                      : S_ISLNK(st.st_mode) ? OAKUM_TAR_SYMLINK
                      : S_ISCHR(st.st_mode) ? OAKUM_TAR_CHAR
                      : S_ISBLK(st.st_mode) ? OAKUM_TAR_BLOCK
                      : S_ISREG(st.st_mode) ? OAKUM_TAR_FILE
                                            : OAKUM_TAR_FIFO;
  Inode *inode = inode_new(type, st.st_mode & 07777);
  inode->file.uid = st.st_uid;
  inode->file.gid = st.st_gid;
  inode->file.size = type == OAKUM_TAR_FILE ? (uint64_t)st.st_size : 0;
  if (type == OAKUM_TAR_SYMLINK) {
    char target[OAKUM_TAR_LINK_MAX + 1];
    ssize_t n = readlinkat(at, name, target, sizeof(target) - 1);
    inode->file.link = g_strndup(target, n > 0 ? (gsize)n : 0);
  } else if (type == OAKUM_TAR_FILE && view->wanted && view->wanted(path, view->user)) {
    OAKUM_AUTO_FD fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
      oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "%s", path);
    if (fd < 0 || !(inode->content = keep_content(view, inode->file.size, read_fd, &fd, error))) {
      inode_unref(inode);
      return FALSE;
    }
  } else if (type == OAKUM_TAR_DIR)
    g_ptr_array_add(queue, g_strdup(path));
  return put(view, folder, name, inode, error);
}

gboolean oakum_view_add_folder(OakumView *view, const char *path, GError **error)
{
  g_ptr_array_add(view->layers, NULL);
  view->layer++;
  OAKUM_AUTO_FD root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "%s", path);
    return FALSE;
  }
  g_autoptr(GPtrArray) queue = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(queue, g_strdup(""));
  while (queue->len > 0) {
    g_autofree char *here = g_ptr_array_steal_index_fast(queue, queue->len - 1);
    int fd = oakum_root_open(root, *here ? here : ".", O_RDONLY | O_DIRECTORY, 0,
                             OAKUM_ROOT_NO_SYMLINKS, error);
    if (fd < 0)
      return FALSE;
    struct statfs fs;
    if (*here && fstatfs(fd, &fs) == 0 &&
        (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC)) {
      close(fd); /* the kernel's own trees belong to no image */
      continue;
    }
    Node *folder = resolve(view, here, FALSE, FALSE, NULL);
    DIR *dir = fdopendir(fd);
    gboolean ok = folder != NULL && dir != NULL;
    const struct dirent *entry;
    while (ok && (entry = readdir(dir)) != NULL) {
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        continue;
      g_autofree char *full =
          *here ? g_strconcat(here, "/", entry->d_name, NULL) : g_strdup(entry->d_name);
      ok = add_disk_entry(view, fd, folder, full, entry->d_name, queue, error);
    }
    if (dir)
      closedir(dir);
    else
      close(fd);
    if (!ok) {
      if (error && !*error)
        g_set_error(error, OAKUM_IMAGE_ERROR, OAKUM_ERROR_IO, "%s/%s: cannot be read", path, here);
      return FALSE;
    }
  }
  return TRUE;
}

/* ---- asking
 * ------------------------------------------------------------------------------------------ */
void oakum_view_free(OakumView *view)
{
  if (!view)
    return;
  GHashTableIter iter;
  gpointer node;
  g_hash_table_iter_init(&iter, view->names);
  while (g_hash_table_iter_next(&iter, &node, NULL)) {
    inode_unref(((Node *)node)->inode);
    g_free(node); /* the table frees nothing and is not searched again */
  }
  g_hash_table_unref(view->names);
  inode_unref(view->root->inode);
  g_free(view->root);
  g_hash_table_unref(view->history);
  g_ptr_array_unref(view->layers);
  g_free(view);
}

guint oakum_view_layers(const OakumView *view)
{
  return view->layers->len;
}

const char *oakum_view_layer_digest(const OakumView *view, guint layer)
{
  return view->layers->pdata[layer];
}

gboolean oakum_view_lookup(const OakumView *view, const char *path, OakumViewFile *out, char **real)
{
  Node *node = resolve((OakumView *)view, path, TRUE, FALSE, NULL);
  if (!node)
    return FALSE;
  *out = node->inode->file;
  out->layer = node->layer;
  if (real)
    *real = node_path(node);
  return TRUE;
}

GBytes *oakum_view_content(const OakumView *view, const char *path)
{
  Node *node = resolve((OakumView *)view, path, TRUE, FALSE, NULL);
  return node ? node->inode->content : NULL;
}

GArray *oakum_view_versions(const OakumView *view, const char *path)
{
  GArray *versions = g_hash_table_lookup(view->history, path);
  return versions ? g_array_ref(versions) : g_array_new(FALSE, FALSE, sizeof(OakumViewVersion));
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp((*(Node *const *)a)->name, (*(Node *const *)b)->name);
}

static GPtrArray *sorted_children(const Node *folder)
{
  GPtrArray *list = g_ptr_array_new();
  for (Node *node = folder->first; node; node = node->next)
    g_ptr_array_add(list, node);
  g_ptr_array_sort(list, by_name);
  return list;
}

GPtrArray *oakum_view_list(const OakumView *view, const char *path)
{
  GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
  Node *folder = resolve((OakumView *)view, path, TRUE, FALSE, NULL);
  if (!folder)
    return out;
  g_autoptr(GPtrArray) list = sorted_children(folder);
  for (guint i = 0; i < list->len; i++)
    g_ptr_array_add(out, node_path(list->pdata[i]));
  return out;
}

static gboolean each_below(const Node *folder, OakumViewEach each, gpointer user)
{
  g_autoptr(GPtrArray) list = sorted_children(folder);
  for (guint i = 0; i < list->len; i++) {
    const Node *node = list->pdata[i];
    g_autofree char *path = node_path(node);
    OakumViewFile file = node->inode->file;
    file.layer = node->layer;
    if (!each(path, &file, user) || !each_below(node, each, user))
      return FALSE;
  }
  return TRUE;
}

void oakum_view_each(const OakumView *view, OakumViewEach each, gpointer user)
{
  (void)each_below(view->root, each, user);
}
