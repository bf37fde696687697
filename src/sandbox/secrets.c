/* Secrets where nothing may be mounted: a name stands for bytes that only the supervisor holds. */
#include "os/os.h"
#include "sandbox/supervisor-private.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of the root that holds nothing, and what who opens it gets in its place. */
typedef struct {
  dev_t device;
  ino_t inode;
  int memory;
  mode_t mode;
  uint32_t uid, gid;
} Secret;

static void secret_clear(gpointer p)
{
  oakum_fd_clear(&((Secret *)p)->memory);
}

GArray *oakum_secrets_load(const StepOrder *order, int root)
{
  g_autoptr(GArray) secrets = g_array_new(FALSE, TRUE, sizeof(Secret));
  g_array_set_clear_func(secrets, secret_clear);
  for (guint i = 0; order->mounts && i < order->mounts->len; i++) {
    const StepMount *m = order->mounts->pdata[i];
    if (m->kind != OAKUM_STEP_MOUNT_SECRET)
      continue;
    struct stat st;
    OAKUM_AUTO_FD place = oakum_root_open(root, m->target, O_PATH, 0, OAKUM_ROOT_NO_SYMLINKS, NULL);
    Secret secret = {.memory = memfd_create("secret", MFD_CLOEXEC),
                     .mode = (mode_t)m->mode,
                     .uid = (uint32_t)m->uid,
                     .gid = (uint32_t)m->gid};
    gsize len = 0;
    g_autofree guchar *bytes = g_base64_decode(m->data, &len);
    gboolean ok = place >= 0 && fstat(place, &st) == 0 && secret.memory >= 0 &&
                  oakum_write_all(secret.memory, bytes, len, NULL) &&
                  fchmod(secret.memory, (mode_t)m->mode | 0400) == 0;
    if (secret.memory >= 0)
      (void)!fchown(secret.memory, secret.uid, secret.gid); /* what fstat shows is a comfort */
    explicit_bzero(bytes, len);
    if (ok) {
      secret.device = st.st_dev;
      secret.inode = st.st_ino;
    }
    g_array_append_val(secrets, secret);
    if (!ok)
      return NULL;
  }
  return g_steal_pointer(&secrets);
}

/* What the modes of the file grant; further groups of a process do not count. */
static gboolean may_read(const Secret *secret, uint32_t uid, uint32_t gid)
{
  if (uid == 0)
    return TRUE;
  if (uid == secret->uid)
    return (secret->mode & 0400) != 0;
  return (secret->mode & (gid == secret->gid ? 0040 : 0004)) != 0;
}

int oakum_secrets_open(const GArray *secrets, const struct stat *st, uint64_t flags, uint32_t uid,
                       uint32_t gid)
{
  for (guint i = 0; i < secrets->len; i++) {
    const Secret *secret = &g_array_index(secrets, Secret, i);
    if (secret->device != st->st_dev || secret->inode != st->st_ino)
      continue;
    char name[64];
    g_snprintf(name, sizeof(name), "/proc/self/fd/%d", secret->memory);
    errno = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) ? EROFS : EACCES;
    return errno == EACCES && may_read(secret, uid, gid) ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  }
  return -2;
}

gboolean oakum_secrets_any(const GArray *secrets)
{
  return secrets->len > 0;
}
