/* The root of a stage as a view: the unpacked layers of its base image, which the store keeps for
 * the next build, and folders of the stage's own above them, which take what its steps change. */
#include "build/build-private.h"
#include "codec/erofs.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct OakumStack {
  Stage *stage;
  OakumKept *kept;   /* the lowest folder; NULL: the root is a folder of its own by now */
  char *folder;      /* where the others lie */
  GPtrArray *uppers; /* their paths, lowest first */
  GArray *fds;       /* the same as descriptors */
  char *next;        /* upper folder of the step that runs */
  guint serial;
  gboolean mounted, writable;
};

static gboolean fail(GError **error, const char *what)
{
  oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", what);
  return FALSE;
}

/* A new folder beside the others; its path. */
static char *new_folder(OakumStack *stack, const char *kind, GError **error)
{
  g_autofree char *path = g_strdup_printf("%s/%s%u", stack->folder, kind, stack->serial++);
  if (mkdir(path, 0700) == 0)
    return g_steal_pointer(&path);
  (void)fail(error, path);
  return NULL;
}

static gboolean add_upper(OakumStack *stack, char *path_taken, GError **error)
{
  int fd = open(path_taken, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_ptr_array_add(stack->uppers, path_taken);
  if (fd < 0)
    return fail(error, path_taken);
  g_array_append_val(stack->fds, fd);
  return TRUE;
}

/* All that the view shows but for the uppermost `above`; ends with NULL, texts borrowed. */
static const char **folders(const OakumStack *stack, guint above)
{
  GPtrArray *list = g_ptr_array_new();
  for (guint i = stack->uppers->len - above; i > 0; i--)
    g_ptr_array_add(list, stack->uppers->pdata[i - 1]);
  g_ptr_array_add(list, (gpointer)oakum_kept_path(stack->kept));
  g_ptr_array_add(list, NULL);
  return (const char **)g_ptr_array_free(list, FALSE);
}

/* The number of the descriptor stays. */
static gboolean show(OakumStack *stack, const char *path, GError **error)
{
  OAKUM_AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return (fd >= 0 && dup3(fd, stack->stage->root, O_CLOEXEC) >= 0) || fail(error, path);
}

/* The folder below the view, where there is none. */
static gboolean show_plain(const Stage *stage, GError **error)
{
  OAKUM_AUTO_FD fd = open(stage->root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return (fd >= 0 && dup3(fd, stage->root, O_CLOEXEC) >= 0) || fail(error, stage->root_path);
}

static void hide(OakumStack *stack)
{
  if (stack->mounted)
    oakum_sandbox_unmount_view(stack->stage->root_path);
  stack->mounted = FALSE;
}

/* A step must not find its lower folders in use as upper ones: so the view is writable only while
 * layers are applied. */
static gboolean mount_view(OakumStack *stack, gboolean writable, GError **error)
{
  const char *top = stack->uppers->pdata[stack->uppers->len - 1];
  g_autofree const char **lowers = folders(stack, writable ? 1 : 0);
  /* not the work folder of before: it is marked as one that was not synced */
  g_autofree char *work = writable ? new_folder(stack, "work", error) : NULL;
  if (writable && !work)
    return FALSE;
  hide(stack);
  /* the view of before goes with its last descriptor: none may be left when its folders are used
   * anew */
  if (!show(stack, stack->folder, error) ||
      !oakum_sandbox_mount_view(lowers, writable ? top : NULL, work, stack->stage->root_path,
                                error))
    return FALSE;
  stack->mounted = TRUE;
  stack->writable = writable;
  return show(stack, stack->stage->root_path, error);
}

static gboolean copy_root(int from, int to, GError **error)
{
  struct stat st;
  return (fstat(from, &st) == 0 && fchown(to, st.st_uid, st.st_gid) == 0 &&
          fchmod(to, st.st_mode & 07777) == 0) ||
         fail(error, "root folder");
}

/* The kernel takes only so many folders: then all becomes one. */
static gboolean flatten(OakumStack *stack, GError **error)
{
  Stage *stage = stack->stage;
  g_autofree char *path = new_folder(stack, "flat", error);
  OAKUM_AUTO_FD fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  const OakumPackOptions all = {0};
  if (!path || (fd < 0 && !fail(error, path)) ||
      !oakum_pack_copy(stage->root, "", fd, "", &all, NULL, error) ||
      !copy_root(stage->root, fd, error) || !show(stack, path, error))
    return FALSE;
  hide(stack);
  g_free(stage->root_path);
  stage->root_path = g_steal_pointer(&path);
  oakum_tree_set_view(stage->tree, stage->root, NULL, NULL, NULL);
  g_clear_pointer(&stack->kept, oakum_kept_free);
  return TRUE;
}

static gboolean empty(int upper, const char *name, GError **error)
{
  OAKUM_AUTO_FD fd = openat(upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
  g_autoptr(GDir) dir = fd < 0 ? NULL : g_dir_open(path, 0, NULL);
  const char *inside;
  while (dir && (inside = g_dir_read_name(dir)) != NULL)
    if (!oakum_root_remove_tree(fd, inside, error))
      return FALSE;
  return TRUE;
}

/* What a layer never carries, the stage does not keep either: these the step was given. */
static gboolean drop_given(int upper, GError **error)
{
  static const char *const files[] = {"hosts", "resolv.conf"};
  OAKUM_AUTO_FD etc = openat(upper, "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  for (size_t i = 0; etc >= 0 && i < G_N_ELEMENTS(files); i++)
    if (!oakum_root_remove_tree(etc, files[i], error))
      return FALSE;
  return empty(upper, "dev", error) && empty(upper, "proc", error) && empty(upper, "sys", error);
}

/* What the step changed is on top from now on. */
static gboolean raise_step(gpointer user, GError **error)
{
  OakumStack *stack = user;
  if (!add_upper(stack, g_steal_pointer(&stack->next), error) ||
      !drop_given(g_array_index(stack->fds, int, stack->fds->len - 1), error) ||
      !mount_view(stack, FALSE, error))
    return FALSE;
  return stack->uppers->len + 2 < OAKUM_VIEW_FOLDERS_MAX || flatten(stack, error);
}

/* ---- the base
 * --------------------------------------------------------------------------------------- */

/* Whether such a tree can be an image that is mounted: really tried. */
static gboolean probe_images(OakumStore *store, const char *folder)
{
  const char *off = g_getenv("OAKUM_TEST_NO_IMAGES");
  g_autoptr(GError) local = NULL;
  g_autoptr(OakumTree) tree = NULL; /* goes after what presses it */
  /* blocks of another size than a page are a young part of the kernel's */
  gboolean wanted = !(off && *off) && sysconf(_SC_PAGESIZE) == OAKUM_EROFS_BLOCK;
  g_autoptr(OakumKept) kept = wanted ? oakum_kept_new(store, &local) : NULL;
  tree = kept ? oakum_tree_new(oakum_kept_root(kept)) : NULL;
  g_autoptr(OakumTempDir) scratch = kept ? oakum_temp_dir_new(folder, &local) : NULL;
  gboolean ok = scratch && oakum_kept_press(kept, tree, &local) && oakum_kept_show(kept, &local);
  if (ok) {
    g_autofree char *upper = g_build_filename(oakum_temp_dir_path(scratch), "upper", NULL);
    g_autofree char *view = g_build_filename(oakum_temp_dir_path(scratch), "view", NULL);
    const char *lowers[] = {upper, oakum_kept_path(kept), NULL};
    ok = mkdir(upper, 0700) == 0 && mkdir(view, 0700) == 0 &&
         oakum_sandbox_mount_view(lowers, NULL, NULL, view, &local);
    if (ok)
      oakum_sandbox_unmount_view(view);
  }
  if (!ok)
    oakum_debug("bases are unpacked to folders: %s", local ? local->message : "no images");
  return ok;
}

/* Asked when a base is to be found: a build of which nothing changed does without. */
static gboolean uses_images(Build *build)
{
  if (g_once_init_enter(&build->images_known)) {
    build->images =
        build->options->rung == OAKUM_RUNG_ROOT && probe_images(build->store, build->work);
    g_once_init_leave(&build->images_known, 1);
  }
  return build->images;
}

static char *base_key(Build *build, const Stage *stage)
{
  g_autoptr(GString) what = g_string_new(NULL);
  for (guint i = 0; i < stage->base->config->diff_ids->len; i++)
    g_string_append_printf(what, "%s\n", (char *)stage->base->config->diff_ids->pdata[i]);
  /* who may not mount images has others */
  if (uses_images(build))
    g_string_append(what, "image\n");
  return oakum_kept_key(what->str);
}

/* A view over two file systems has inode numbers of 64 bits, which old programs of 32 do not take.
 */
static gboolean takes_wide_inodes(const Stage *stage)
{
  const char *arch = stage->base->config->architecture;
  return arch && (strstr(arch, "64") || strcmp(arch, "s390x") == 0) &&
         !g_str_has_suffix(arch, "p32");
}

/* As one file, which is mounted. NULL without an error: not these layers. */
static OakumKept *press(Build *build, Stage *stage, const char *key, OakumTree **out,
                        GError **error)
{
  g_autoptr(GError) local = NULL;
  g_autoptr(OakumTree) tree = NULL; /* goes after what presses it */
  g_autoptr(OakumKept) kept = oakum_kept_new(build->store, error);
  tree = kept ? oakum_tree_new(oakum_kept_root(kept)) : NULL;
  if (!kept || !oakum_kept_press(kept, tree, error))
    return NULL;
  oakum_tree_set_threads(tree, build->options->threads);
  if (!oakum_stage_apply(build, stage, tree, 0, stage->base->manifest->layers->len, &local) ||
      !oakum_kept_show(kept, &local)) {
    if (oakum_kept_gave_up(kept))
      oakum_debug("the base is unpacked to a folder: %s", local->message);
    else
      g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
  }
  oakum_kept_finish(kept, key, tree, build->options->keep_trees);
  *out = g_steal_pointer(&tree);
  return g_steal_pointer(&kept);
}

static OakumKept *unpack(Build *build, Stage *stage, const char *key, OakumTree **out,
                         GError **error)
{
  GError *local = NULL;
  OakumKept *pressed =
      uses_images(build) && takes_wide_inodes(stage) ? press(build, stage, key, out, &local) : NULL;
  if (local)
    g_propagate_error(error, local);
  if (pressed || local)
    return pressed;
  g_autoptr(OakumKept) kept = oakum_kept_new(build->store, error);
  g_autoptr(OakumTree) tree = kept ? oakum_tree_new(oakum_kept_root(kept)) : NULL;
  if (!kept || !oakum_stage_apply(build, stage, tree, 0, stage->base->manifest->layers->len, error))
    return NULL;
  if (!oakum_tree_is_settled(tree) && !oakum_tree_settle(tree, error))
    return NULL;
  oakum_kept_finish(kept, key, tree, build->options->keep_trees);
  *out = g_steal_pointer(&tree);
  return g_steal_pointer(&kept);
}

static gboolean find_base(Build *build, Stage *stage, OakumStack *stack, GError **error)
{
  g_autofree char *key = base_key(build, stage);
  OakumTree *tree = NULL;
  oakum_build_claim(build, key); /* of several stages on one base one unpacks it */
  stack->kept = oakum_kept_find(build->store, key, &tree);
  oakum_debug("unpacked base: %s", stack->kept ? "kept from before" : "not kept");
  if (!stack->kept)
    stack->kept = unpack(build, stage, key, &tree, error);
  oakum_build_release(build, key);
  stage->tree = tree;
  return stack->kept != NULL;
}

static gboolean open_stack(Build *build, Stage *stage, OakumStack *stack, GError **error)
{
  char *first;
  if (!find_base(build, stage, stack, error) || !(first = new_folder(stack, "upper", error)) ||
      !add_upper(stack, first, error) ||
      !copy_root(oakum_kept_root(stack->kept), g_array_index(stack->fds, int, 0), error) ||
      !mount_view(stack, FALSE, error))
    return FALSE;
  oakum_tree_set_threads(stage->tree, build->options->threads);
  oakum_tree_set_left_out(stage->tree, build->options->left_out);
  oakum_tree_set_view(stage->tree, stage->root, stack->fds, raise_step, stack);
  return TRUE;
}

static OakumStack *try_stack(Build *build, Stage *stage, const char *folder, GError **error)
{
  OakumStack *stack = g_new0(OakumStack, 1);
  stack->stage = stage;
  stack->folder = g_strdup(folder);
  stack->uppers = g_ptr_array_new_with_free_func(g_free);
  stack->fds = g_array_new(FALSE, FALSE, sizeof(int));
  if (open_stack(build, stage, stack, error))
    return stack;
  g_clear_pointer(&stage->tree, oakum_tree_free);
  oakum_stack_free(stack);
  return NULL;
}

gboolean oakum_stack_open(Build *build, Stage *stage, const char *folder, OakumStack **out,
                          GError **error)
{
  g_autoptr(GError) local = NULL;
  *out = NULL;
  if (!build->views || !stage->base || stage->base->manifest->layers->len == 0 ||
      (*out = try_stack(build, stage, folder, &local)) != NULL)
    return TRUE;
  if (local->code != OAKUM_ERROR_IO && local->code != OAKUM_ERROR_DENIED) {
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
  }
  /* a full disk, or a store or a kernel that does not let us: the build goes on as if there were no
   * such thing, and with the room that trees took */
  oakum_debug("the base is unpacked for this stage alone: %s", local->message);
  oakum_kept_sweep(build->store, 0);
  return show_plain(stage, error);
}

gboolean oakum_stack_is_view(const OakumStack *stack)
{
  return stack && stack->kept;
}

gboolean oakum_stack_write(OakumStack *stack, GError **error)
{
  return !oakum_stack_is_view(stack) || stack->writable || mount_view(stack, TRUE, error);
}

gboolean oakum_stack_step(OakumStack *stack, char **upper, char **work, const char ***lowers,
                          GError **error)
{
  if (stack->writable && !mount_view(stack, FALSE, error))
    return FALSE;
  g_free(stack->next);
  stack->next = new_folder(stack, "upper", error);
  *work = stack->next ? new_folder(stack, "work", error) : NULL;
  *upper = g_strdup(stack->next);
  *lowers = folders(stack, 0);
  return *work != NULL;
}

void oakum_stack_free(OakumStack *stack)
{
  if (!stack)
    return;
  hide(stack);
  for (guint i = 0; i < stack->fds->len; i++)
    close(g_array_index(stack->fds, int, i));
  g_array_unref(stack->fds);
  g_ptr_array_unref(stack->uppers);
  oakum_kept_free(stack->kept);
  g_free(stack->folder);
  g_free(stack->next);
  g_free(stack);
}
