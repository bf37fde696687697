/* A copy of a part of one root in another place: packed on one thread, applied on the other, so
 * that it has just the meaning of a layer. */
#include "base/thread.h"
#include "image/image.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  int root, pipe;
  const char *from, *to;
  const OakumPackOptions *options;
} Job;

/* NULL or the error. */
static gpointer pack(gpointer data)
{
  Job *job = data;
  GError *error = NULL;
  g_autoptr(OakumTarWriter) tar = oakum_tar_writer_new(oakum_writer_new_fd(job->pipe, TRUE));
  if (oakum_pack_path(job->root, job->from, job->to, *job->to != '\0', job->options, tar, &error))
    (void)!oakum_tar_writer_finish(tar, &error);
  return error;
}

gboolean oakum_pack_copy(int root, const char *from, int folder, const char *to,
                         const OakumPackOptions *options, OakumOwners *owners, GError **error)
{
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0) {
    oakum_error_errno(error, OAKUM_IMAGE_ERROR, errno, "pipe");
    return FALSE;
  }
  g_autoptr(OakumTree) tree = oakum_tree_new(folder);
  if (owners)
    oakum_tree_set_owners(tree, owners);
  Job job = {root, fds[1], from, to, options};
  GThread *thread = oakum_thread_new("copy", pack, &job);
  gboolean ok = oakum_tree_apply(tree, oakum_reader_new_fd(fds[0], TRUE), error);
  GError *inner = g_thread_join(thread);
  if (!inner)
    return ok;
  g_clear_error(error); /* what was read is short since what was written is */
  g_propagate_error(error, inner);
  return FALSE;
}
