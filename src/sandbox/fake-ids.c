/* Users and groups of the rung fake-root: credentials(7), as the kernel changes them. Who has the
 * effective user 0 has the capabilities that container engines give. */
#include "sandbox/fake-private.h"
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define UNCHANGED UINT32_MAX
#define GROUPS_MAX 65536u

gboolean oakum_cred_in_group(const Cred *cred, uint32_t gid, gboolean real_ids)
{
  if (cred->gid[real_ids ? REAL : FS] == gid)
    return TRUE;
  for (uint32_t i = 0; i < cred->n_groups; i++)
    if (cred->groups[i] == gid)
      return TRUE;
  return FALSE;
}

static gboolean is_root(const Cred *cred)
{
  return cred->uid[EFFECTIVE] == 0;
}

static int take(Ask *ask, const Cred *cred)
{
  int number = oakum_fake_cred_number(ask->f, cred);
  if (number < 0)
    return number;
  State state = ask->state;
  state.cred = (uint32_t)number;
  return oakum_ask_set_state(ask, &state);
}

static gboolean has(const uint32_t ids[4], uint32_t id)
{
  return id == UNCHANGED || ids[REAL] == id || ids[EFFECTIVE] == id || ids[SAVED] == id;
}

/* setresuid(2), setresgid(2). */
static int set_res(Ask *ask, gboolean group, uint32_t real, uint32_t effective, uint32_t saved)
{
  Cred next = *ask->cred;
  uint32_t *ids = group ? next.gid : next.uid;
  if (!is_root(ask->cred) && !(has(ids, real) && has(ids, effective) && has(ids, saved)))
    return -EPERM;
  if (real != UNCHANGED)
    ids[REAL] = real;
  if (effective != UNCHANGED)
    ids[EFFECTIVE] = effective;
  if (saved != UNCHANGED)
    ids[SAVED] = saved;
  ids[FS] = ids[EFFECTIVE];
  return take(ask, &next);
}

/* setreuid(2): the saved one follows when the real one is set, or the effective one to another. */
static int set_re(Ask *ask, gboolean group, uint32_t real, uint32_t effective)
{
  const uint32_t *ids = group ? ask->cred->gid : ask->cred->uid;
  if (!is_root(ask->cred) &&
      ((real != UNCHANGED && real != ids[REAL] && real != ids[EFFECTIVE]) || !has(ids, effective)))
    return -EPERM;
  gboolean follows = real != UNCHANGED || (effective != UNCHANGED && effective != ids[REAL]);
  Cred next = *ask->cred;
  uint32_t *to = group ? next.gid : next.uid;
  if (real != UNCHANGED)
    to[REAL] = real;
  if (effective != UNCHANGED)
    to[EFFECTIVE] = effective;
  if (follows)
    to[SAVED] = to[EFFECTIVE];
  to[FS] = to[EFFECTIVE];
  return take(ask, &next);
}

static int set_one(Ask *ask, gboolean group, uint32_t id)
{
  const uint32_t *ids = group ? ask->cred->gid : ask->cred->uid;
  if (id == UNCHANGED)
    return -EINVAL;
  if (is_root(ask->cred))
    return set_res(ask, group, id, id, id);
  return id == ids[REAL] || id == ids[SAVED] ? set_res(ask, group, UNCHANGED, id, UNCHANGED)
                                             : -EPERM;
}

static int set_fs(Ask *ask, gboolean group, uint32_t id)
{
  Cred next = *ask->cred;
  uint32_t *ids = group ? next.gid : next.uid, old = ids[FS];
  if (id != UNCHANGED && (is_root(ask->cred) || has(ids, id) || id == old)) {
    ids[FS] = id;
    if (take(ask, &next) < 0)
      return (int)old;
  }
  return (int)old;
}

static int get_groups(Ask *ask, int size, uint64_t to)
{
  const Cred *cred = ask->cred;
  if (size == 0)
    return (int)cred->n_groups;
  if (size < 0 || (uint32_t)size < cred->n_groups)
    return -EINVAL;
  int bad = oakum_ask_write(ask, to, cred->groups, sizeof(uint32_t) * cred->n_groups);
  return bad < 0 ? bad : (int)cred->n_groups;
}

static int set_groups(Ask *ask, uint64_t size, uint64_t from)
{
  if (!is_root(ask->cred))
    return -EPERM;
  if ((uint32_t)size > GROUPS_MAX)
    return -EINVAL;
  uint32_t n = (uint32_t)size;
  g_autofree uint32_t *groups = g_new0(uint32_t, n + 1);
  if (n > 0 && oakum_ask_read(ask, from, groups, sizeof(uint32_t) * n) < 0)
    return -EFAULT;
  Cred next = *ask->cred;
  next.n_groups = n;
  next.groups = groups;
  return take(ask, &next);
}

static int get_res(Ask *ask, const uint32_t ids[4])
{
  const __u64 *a = ask->notif->data.args;
  for (guint i = 0; i < 3; i++)
    if (oakum_ask_write(ask, a[i], &ids[i], sizeof(ids[i])) < 0)
      return -EFAULT;
  return 0;
}

/* ---- capabilities
 * ------------------------------------------------------------------------------- */
static uint64_t root_capabilities(void)
{
  static const int all[] = {OAKUM_DEFAULT_CAPABILITIES, CAP_MKNOD, CAP_SETPCAP, CAP_SYS_CHROOT};
  uint64_t mask = 0;
  for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
    mask |= UINT64_C(1) << all[i];
  return mask;
}

static int capget_answer(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  struct __user_cap_header_struct header;
  struct __user_cap_data_struct data[2] = {0};
  if (oakum_ask_read(ask, a[0], &header, sizeof(header)) < 0)
    return -EFAULT;
  guint n = header.version == _LINUX_CAPABILITY_VERSION_1 ? 1 : 2;
  if (header.version != _LINUX_CAPABILITY_VERSION_1 &&
      header.version != 0x20071026 /* version 2 */ &&
      header.version != _LINUX_CAPABILITY_VERSION_3) {
    header.version = _LINUX_CAPABILITY_VERSION_3;
    if (oakum_ask_write(ask, a[0], &header, sizeof(header)) < 0)
      return -EFAULT;
    return a[1] == 0 ? 0 : -EINVAL;
  }
  if (a[1] == 0)
    return 0;
  uint64_t mask = is_root(ask->cred) ? root_capabilities() : 0;
  for (guint i = 0; i < 2; i++)
    data[i].effective = data[i].permitted = (uint32_t)(mask >> 32 * i);
  return oakum_ask_write(ask, a[1], data, n * sizeof(data[0]));
}

gboolean oakum_fake_ids(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  const Cred *cred = ask->cred;
  int64_t result;
  switch (ask->notif->data.nr) {
  case SYS_getuid:
    result = cred->uid[REAL];
    break;
  case SYS_geteuid:
    result = cred->uid[EFFECTIVE];
    break;
  case SYS_getgid:
    result = cred->gid[REAL];
    break;
  case SYS_getegid:
    result = cred->gid[EFFECTIVE];
    break;
  case SYS_getresuid:
    result = get_res(ask, cred->uid);
    break;
  case SYS_getresgid:
    result = get_res(ask, cred->gid);
    break;
  case SYS_getgroups:
    result = get_groups(ask, (int)a[0], a[1]);
    break;
  case SYS_setgroups:
    result = set_groups(ask, a[0], a[1]);
    break;
  case SYS_setuid:
    result = set_one(ask, FALSE, (uint32_t)a[0]);
    break;
  case SYS_setgid:
    result = set_one(ask, TRUE, (uint32_t)a[0]);
    break;
  case SYS_setreuid:
    result = set_re(ask, FALSE, (uint32_t)a[0], (uint32_t)a[1]);
    break;
  case SYS_setregid:
    result = set_re(ask, TRUE, (uint32_t)a[0], (uint32_t)a[1]);
    break;
  case SYS_setresuid:
    result = set_res(ask, FALSE, (uint32_t)a[0], (uint32_t)a[1], (uint32_t)a[2]);
    break;
  case SYS_setresgid:
    result = set_res(ask, TRUE, (uint32_t)a[0], (uint32_t)a[1], (uint32_t)a[2]);
    break;
  case SYS_setfsuid:
    result = set_fs(ask, FALSE, (uint32_t)a[0]);
    break;
  case SYS_setfsgid:
    result = set_fs(ask, TRUE, (uint32_t)a[0]);
    break;
  case SYS_umask: {
    State state = ask->state;
    result = (int64_t)state.umask;
    state.umask = (uint32_t)a[0] & 0777;
    if (oakum_ask_set_state(ask, &state) < 0)
      result = -ESRCH;
    break;
  }
  case SYS_capget:
    result = capget_answer(ask);
    break;
  case SYS_capset: /* giving up is granted without being remembered: nothing rests on it */
    result = 0;
    break;
  case SYS_prctl:
    if ((int)a[0] == PR_CAPBSET_READ)
      result = a[1] > 63 ? -EINVAL : (int64_t)(root_capabilities() >> a[1] & 1);
    else
      result = is_root(cred) ? 0 : -EPERM;
    break;
  default:
    return FALSE;
  }
  oakum_ask_answer(ask, result);
  return TRUE;
}
