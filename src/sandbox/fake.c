/* The rung fake-root: what a process is, and which answer a call gets. */
#include "sandbox/fake-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const guint8 loader_bytes[] = {
#include "sandbox/loader-bytes.h"
};

/* ---- the asker's memory
 * ------------------------------------------------------------------------- */
gboolean oakum_ask_is_alive(Ask *ask)
{
  guint64 id = ask->notif->id;
  return ioctl(ask->s->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

int oakum_ask_read(Ask *ask, uint64_t address, void *out, size_t len)
{
  struct iovec here = {out, len}, there = {(void *)(uintptr_t)address, len}; /* NOLINT */
  ssize_t n = process_vm_readv(ask->request.tid, &here, 1, &there, 1, 0);
  /* the number could have been given to another process: then what was read is not the asker's */
  return n == (ssize_t)len && oakum_ask_is_alive(ask) ? 0 : -EFAULT;
}

int oakum_ask_write(Ask *ask, uint64_t address, const void *data, size_t len)
{
  struct iovec here = {(void *)(uintptr_t)data, len},
               there = {(void *)(uintptr_t)address, len}; /* NOLINT */
  if (len == 0)
    return 0;
  if (!oakum_ask_is_alive(ask))
    return -EFAULT;
  return process_vm_writev(ask->request.tid, &here, 1, &there, 1, 0) == (ssize_t)len ? 0 : -EFAULT;
}

int oakum_ask_text(Ask *ask, uint64_t address, char out[PATH_LIMIT])
{
  size_t have = 0;
  while (have < PATH_LIMIT) {
    /* up to the end of a page: the next one may not be there */
    size_t chunk = MIN(PATH_LIMIT - have, 4096 - (address + have) % 4096);
    struct iovec here = {out + have, chunk},
                 there = {(void *)(uintptr_t)(address + have), chunk}; /* NOLINT */
    ssize_t n = process_vm_readv(ask->request.tid, &here, 1, &there, 1, 0);
    if (n <= 0)
      return -EFAULT;
    const char *end = memchr(out + have, '\0', (size_t)n);
    if (end)
      return oakum_ask_is_alive(ask) ? (int)(end - out) : -EFAULT;
    have += (size_t)n;
  }
  return -ENAMETOOLONG;
}

/* ---- what a process is
 * -------------------------------------------------------------------------- */
#define UMASK_BITS 9
#define CRED_BITS 16
#define PROGRAM_BITS 24
#define ROOT_BITS 14

static uint64_t state_pack(const State *state)
{
  return state->umask | (uint64_t)state->cred << UMASK_BITS |
         (uint64_t)state->program << (UMASK_BITS + CRED_BITS) |
         (uint64_t)state->root << (UMASK_BITS + CRED_BITS + PROGRAM_BITS);
}

static gboolean state_of(Fake *f, pid_t tid, State *out)
{
  struct rlimit limit;
  if (prlimit(tid, RLIMIT_LOCKS, NULL, &limit) < 0)
    return FALSE;
  uint64_t packed = limit.rlim_cur;
  *out = (State){packed & ((1u << UMASK_BITS) - 1), packed >> UMASK_BITS & ((1u << CRED_BITS) - 1),
                 packed >> (UMASK_BITS + CRED_BITS) & ((1u << PROGRAM_BITS) - 1),
                 packed >> (UMASK_BITS + CRED_BITS + PROGRAM_BITS) & ((1u << ROOT_BITS) - 1)};
  /* only we set it, but a wrong number must not be an index */
  return out->cred < f->creds->len && out->program < f->programs->len && out->root < f->roots->len;
}

int oakum_ask_set_state(Ask *ask, const State *state)
{
  struct rlimit limit = {state_pack(state), RLIM_INFINITY};
  ask->state = *state;
  return prlimit(ask->request.tid, RLIMIT_LOCKS, &limit, NULL) < 0 ? -errno : 0;
}

static void cred_free(gpointer p)
{
  g_free(((Cred *)p)->groups);
  g_free(p);
}

static int by_number(gconstpointer a, gconstpointer b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

int oakum_fake_cred_number(Fake *f, const Cred *cred)
{
  if (cred->n_groups > 1) /* the kernel tells them in order */
    qsort(cred->groups, cred->n_groups, sizeof(uint32_t), by_number);
  for (guint i = 0; i < f->creds->len; i++) {
    const Cred *other = f->creds->pdata[i];
    if (memcmp(other->uid, cred->uid, sizeof(cred->uid)) == 0 &&
        memcmp(other->gid, cred->gid, sizeof(cred->gid)) == 0 &&
        other->n_groups == cred->n_groups &&
        (cred->n_groups == 0 ||
         memcmp(other->groups, cred->groups, sizeof(uint32_t) * cred->n_groups) == 0))
      return (int)i;
  }
  if (f->creds->len >= OAKUM_FAKE_CREDS_MAX)
    return -EAGAIN;
  Cred *copy = g_memdup2(cred, sizeof(*cred));
  copy->groups = g_memdup2(cred->groups, sizeof(uint32_t) * cred->n_groups);
  g_ptr_array_add(f->creds, copy);
  return (int)f->creds->len - 1;
}

int oakum_fake_program_number(Fake *f, const char *path)
{
  gpointer number;
  if (g_hash_table_lookup_extended(f->program_numbers, path, NULL, &number))
    return GPOINTER_TO_INT(number);
  if (f->programs->len >= OAKUM_FAKE_PROGRAMS_MAX)
    return -ENOMEM;
  char *copy = g_strdup(path);
  g_ptr_array_add(f->programs, copy);
  g_hash_table_insert(f->program_numbers, copy, GINT_TO_POINTER((int)f->programs->len - 1));
  return (int)f->programs->len - 1;
}

/* ---- starting and ending
 * ------------------------------------------------------------------------ */
static int sealed_loader(void)
{
  int fd = memfd_create("loader", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  char link[32];
  if (fd < 0 || !oakum_write_all(fd, loader_bytes, sizeof(loader_bytes), NULL) ||
      fchmod(fd, 0555) < 0 ||
      fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) {
    oakum_fd_clear(&fd);
    return -1;
  }
  int reader = open(oakum_fake_link(fd, link), O_RDONLY | O_CLOEXEC);
  close(fd);
  return reader;
}

/* The files that the builder put into the root are new, whatever stood at their inodes before, and
 * those below dev are the devices that they stand for. */
static void note_given(Fake *f)
{
  static const struct {
    const char *path;
    unsigned major, minor;
  } given[] = {{"etc/hosts", 0, 0},   {"etc/resolv.conf", 0, 0}, {"dev/null", 1, 3},
               {"dev/zero", 1, 5},    {"dev/full", 1, 7},        {"dev/random", 1, 8},
               {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
  for (size_t i = 0; i < G_N_ELEMENTS(given); i++) {
    OAKUM_AUTO_FD fd = oakum_fake_open(f->root, given[i].path, O_PATH | O_NOFOLLOW, 0);
    struct stat st;
    mode_t disk;
    if (fd < 0 || fstat(fd, &st) < 0)
      continue;
    oakum_owners_drop(f->owners, st.st_dev, st.st_ino);
    if (given[i].major)
      oakum_owners_set_add(f->given, st.st_dev, st.st_ino);
    if (given[i].major)
      (void)!oakum_owners_record(f->owners, &st, 0, 0, S_IFCHR | 0666,
                                 makedev(given[i].major, given[i].minor), &disk);
  }
}

static void note_apart(Fake *f)
{
  static const char *const folders[] = {"proc", "dev", "sys"};
  for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
    struct stat st;
    if (fstatat(f->root, folders[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
      oakum_owners_set_add(f->apart, st.st_dev, st.st_ino);
  }
}

/* Secrets belong to whom the step was told. */
static void note_secrets(Fake *f, const StepOrder *order)
{
  for (guint i = 0; order->mounts && i < order->mounts->len; i++) {
    const StepMount *m = order->mounts->pdata[i];
    struct stat st;
    mode_t disk;
    OAKUM_AUTO_FD fd = m->kind == OAKUM_STEP_MOUNT_SECRET
                           ? oakum_fake_open(f->root, m->target, O_PATH | O_NOFOLLOW, 0)
                           : -1;
    if (fd < 0 || fstat(fd, &st) < 0)
      continue;
    oakum_owners_drop(f->owners, st.st_dev, st.st_ino);
    (void)!oakum_owners_record(f->owners, &st, (uint32_t)m->uid, (uint32_t)m->gid,
                               S_IFREG | (uint32_t)m->mode, 0, &disk);
  }
}

gboolean oakum_fake_is_given(const Fake *f, const struct stat *st)
{
  return oakum_owners_set_has(f->given, st->st_dev, st->st_ino);
}

Fake *oakum_fake_new(const StepOrder *order, int root)
{
  Fake *f = g_new0(Fake, 1);
  g_autoptr(GError) error = NULL;
  f->owners = oakum_owners_new();
  if (strcmp(order->owners, "/dev/null") != 0)
    f->owners_path = g_strdup(order->owners);
  f->root = root;
  f->root_path = g_strdup(order->root);
  f->roots = g_array_new(FALSE, FALSE, sizeof(int));
  g_array_append_val(f->roots, root);
  f->creds = g_ptr_array_new_with_free_func(cred_free);
  f->programs = g_ptr_array_new_with_free_func(g_free);
  f->program_numbers = oakum_str_map_new(NULL, NULL);
  f->plans = g_hash_table_new_full(NULL, NULL, NULL, oakum_fake_plan_free);
  f->sockets = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  f->given = oakum_owners_set_new();
  f->apart = oakum_owners_set_new();
  f->loader = sealed_loader();
  guint n = order->groups ? g_strv_length(order->groups) : 0;
  g_autofree uint32_t *groups = g_new0(uint32_t, n + 1);
  for (guint i = 0; i < n; i++)
    groups[i] = (uint32_t)strtoul(order->groups[i], NULL, 10);
  Cred first = {.n_groups = n, .groups = groups};
  for (guint i = 0; i < 4; i++) {
    first.uid[i] = (uint32_t)order->uid;
    first.gid[i] = (uint32_t)order->gid;
  }
  if (f->loader < 0 || oakum_fake_cred_number(f, &first) != 0 ||
      oakum_fake_program_number(f, "/") != 0 ||
      (f->owners_path && !oakum_owners_load(f->owners, f->owners_path, &error))) {
    dprintf(2, "oakum: step: fake-root: %s\n", error ? error->message : strerror(errno));
    oakum_fake_free(f);
    return NULL;
  }
  umask(0); /* modes are exact here: the step's own umask is counted in */
  note_given(f);
  note_apart(f);
  note_secrets(f, order);
  return f;
}

void oakum_fake_free(Fake *f)
{
  if (!f ||
      g_atomic_int_get((gint *)&f->waiting) > 0) /* a thread still holds it; the process ends */
    return;
  oakum_owners_free(f->owners);
  g_free(f->owners_path);
  g_free(f->root_path);
  for (guint i = 1; i < f->roots->len; i++)
    close(g_array_index(f->roots, int, i));
  g_array_unref(f->roots);
  g_ptr_array_unref(f->creds);
  g_hash_table_unref(f->program_numbers);
  g_ptr_array_unref(f->programs);
  g_hash_table_unref(f->plans);
  g_hash_table_unref(f->sockets);
  g_hash_table_unref(f->given);
  g_hash_table_unref(f->apart);
  oakum_fd_clear(&f->loader);
  g_queue_clear_full(&f->held, oakum_fake_held_free);
  g_free(f);
}

gboolean oakum_fake_save(const Fake *f)
{
  g_autoptr(GError) error = NULL;
  if (!f->owners_path || oakum_owners_save(f->owners, f->owners_path, &error))
    return TRUE;
  dprintf(2, "oakum: step: owners: %s\n", error->message);
  return FALSE;
}

/* No right to any file by name: even where the step could make the kernel look at a name of its
 * own (the empty one of execveat, changed by another thread meanwhile), nothing is found. */
static void fence(void)
{
  struct {
    uint64_t fs, net, scoped;
  } attr = {0, 0, 0};
  int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1U /* version */);
  if (abi < 1)
    return;
  attr.fs = (UINT64_C(1) << (abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13)) - 1;
  if (abi >= 6)
    attr.scoped = 1 /* abstract unix sockets */ | 2 /* signals */;
  int fd = (int)syscall(SYS_landlock_create_ruleset, &attr,
                        abi >= 6   ? sizeof(attr)
                        : abi >= 4 ? 2 * sizeof(uint64_t)
                                   : sizeof(uint64_t),
                        0U);
  if (fd >= 0) {
    (void)!syscall(SYS_landlock_restrict_self, fd, 0U);
    close(fd);
  }
}

_Noreturn void oakum_fake_become(const StepOrder *order, int root, int to)
{
  int listener = -1;
  struct rlimit none = {0, 0}, state = {022, RLIM_INFINITY};
  umask(0);
  if (setsid() < 0 || fchdir(root) < 0)
    oakum_sandbox_complain(order->root);
  else if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
           !oakum_sandbox_drop_all())
    oakum_sandbox_complain("capabilities");
  else if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_LOCKS, &state) < 0 ||
           !oakum_limits_cpus(order->cpus_milli))
    oakum_sandbox_complain("limits");
  else if (fence(), !oakum_sandbox_load_fake_filter(&listener))
    oakum_sandbox_complain("filter");
  else if (!oakum_sandbox_send_listener(to, listener))
    oakum_sandbox_complain("listener");
  else {
    oakum_sandbox_make_cwd(order->cwd); /* all asked already, as the step's user */
    if (chdir(order->cwd) < 0)
      oakum_sandbox_complain(order->cwd);
    else {
      syscall(SYS_close_range, 3U, ~0U, 0U);
      oakum_sandbox_exec(order);
    }
  }
  _exit(125);
}

/* ---- answers
 * ----------------------------------------------------------------------------------- */
void oakum_ask_answer(Ask *ask, int64_t result)
{
  gboolean failed = result < 0 && result > -4096;
  oakum_supervisor_respond(ask->s, ask->notif, failed ? 0 : result, failed ? (int)-result : 0,
                           FALSE);
}

void oakum_ask_go_on(Ask *ask)
{
  oakum_supervisor_respond(ask->s, ask->notif, 0, 0, TRUE);
}

/* The limit that we use shows none. */
static gboolean limits(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  uint64_t to;
  switch (ask->notif->data.nr) {
  case SYS_setrlimit:
    oakum_ask_answer(ask, 0);
    return TRUE;
  case SYS_getrlimit:
    to = a[1];
    break;
  case SYS_prlimit64:
    if ((uint32_t)a[1] != RLIMIT_LOCKS)
      return FALSE;
    to = a[3];
    break;
  default:
    return FALSE;
  }
  oakum_ask_answer(ask, to ? oakum_ask_write(ask, to, &none, sizeof(none)) : 0);
  return TRUE;
}

gboolean oakum_fake_answer(Supervisor *s, const struct seccomp_notif *notif)
{
  Ask ask = {
      .s = s,
      .f = s->fake,
      .notif = notif,
      .request = {.notif = notif, .pid = (pid_t)notif->pid, .tid = (pid_t)notif->pid, .mem = -1}};
  if (limits(&ask))
    return TRUE;
  if (!state_of(s->fake, ask.request.tid, &ask.state)) {
    oakum_ask_answer(&ask, -ESRCH); /* it is gone */
    return TRUE;
  }
  ask.at = s->fake->root;
  ask.cred = s->fake->creds->pdata[ask.state.cred];
  return oakum_fake_files(&ask) || oakum_fake_names(&ask) || oakum_fake_attributes(&ask) ||
         oakum_fake_exec(&ask) || oakum_fake_ids(&ask) || oakum_fake_sockets(&ask);
}

/* ---- probing
 * ----------------------------------------------------------------------------------- */
/* What a pod must let us do: a filter that asks, and to read, write and trace a child. */
gboolean oakum_fake_try(void)
{
  int sync[2], status, number = 0;
  char byte = 0;
  struct iovec here = {&number, sizeof(number)}, there = {&number, sizeof(number)};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || pipe2(sync, O_CLOEXEC) < 0)
    return FALSE;
  pid_t pid = fork();
  if (pid == 0) {
    (void)!read(sync[0], &byte, 1);
    _exit(0);
  }
  struct rlimit state;
  gboolean ok =
      pid > 0 && process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof(number) &&
      process_vm_writev(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof(number) &&
      prlimit(pid, RLIMIT_LOCKS, NULL, &state) == 0 && ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0;
  if (ok && state.rlim_max != RLIM_INFINITY) {
    errno = EPERM;
    ok = FALSE;
  }
  int errnum = errno, listener = -1;
  if (pid > 0) {
    kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
  }
  errno = errnum;
  return ok && oakum_sandbox_load_fake_filter(&listener) && listener >= 0;
}
