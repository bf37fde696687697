/* Programs, the current folder and the root on the rung fake-root. The kernel must not look for a
 * program by a name of the step's, nor for the interpreter that an ELF file names; and the folder
 * that a process stands in belongs to the kernel. For both the asker is traced for the length of
 * one call: it is let return from the call that it made, and made to do another one with a
 * descriptor that was put into it. Its registers are out of reach of its other threads. */
#include "os/os.h"
#include "sandbox/fake-private.h"
#include "sandbox/loader.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_LENGTH 2 /* bytes of the instruction */
#define SCRIPT_LINE 256u /* as the kernel's BINPRM_BUF_SIZE */

typedef struct {
  OakumLoaderPlan told;
  size_t text_len;
  int program, interpreter;
  State next;
  gboolean armed; /* the call that we made the process do is on its way */
  int number;     /* the loader's descriptor there */
} Plan;

void oakum_fake_plan_free(gpointer p)
{
  Plan *plan = p;
  oakum_fd_clear(&plan->program);
  oakum_fd_clear(&plan->interpreter);
  g_free(plan);
}

/* ---- what is to be started
 * ---------------------------------------------------------------------- */
static int add_text(Plan *plan, const char *text, size_t len, uint32_t *offset)
{
  if (len + 1 > sizeof(plan->told.text) - plan->text_len)
    return -E2BIG;
  *offset = (uint32_t)plan->text_len;
  memcpy(plan->told.text + plan->text_len, text, len);
  plan->told.text[plan->text_len + len] = '\0';
  plan->text_len += len + 1;
  return 0;
}

static int push_front(Plan *plan, const char *text, size_t len)
{
  uint32_t offset;
  if (plan->told.prefix_len >= OAKUM_LOADER_PREFIX_MAX)
    return -ELOOP;
  int bad = add_text(plan, text, len, &offset);
  if (bad < 0)
    return bad;
  memmove(plan->told.prefix + 1, plan->told.prefix, sizeof(uint32_t) * plan->told.prefix_len);
  plan->told.prefix[0] = offset;
  plan->told.prefix_len++;
  return 0;
}

/* "#! interpreter [argument]" (execve(2)); the interpreter's name into `out`. */
static int read_script(Plan *plan, const char *head, size_t len, const char *script,
                       char out[SCRIPT_LINE])
{
  const char *end = memchr(head, '\n', len);
  if (!end) {
    if (len >= SCRIPT_LINE && !memchr(head + 2, ' ', len - 2) && !memchr(head + 2, '\t', len - 2))
      return -ENOEXEC; /* the name itself may be cut */
    end = head + len;
  }
  const char *at = head + 2;
  while (at < end && (*at == ' ' || *at == '\t'))
    at++;
  while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  const char *stop = at;
  while (stop < end && *stop != ' ' && *stop != '\t' && *stop != '\0')
    stop++;
  size_t n = (size_t)(stop - at);
  if (n == 0 || n >= SCRIPT_LINE)
    return -ENOEXEC;
  memcpy(out, at, n);
  out[n] = '\0';
  while (stop < end && (*stop == ' ' || *stop == '\t'))
    stop++;
  if (plan->told.prefix_len == 0) { /* argv[0] makes way for the name of the script */
    plan->told.skip = 1;
    int bad = push_front(plan, script, strlen(script));
    if (bad < 0)
      return bad;
  }
  int bad = stop < end ? push_front(plan, stop, strnlen(stop, (size_t)(end - stop))) : 0;
  return bad < 0 ? bad : push_front(plan, out, n);
}

static int open_program(Ask *ask, int object, struct stat *st)
{
  char link[32];
  int bad = oakum_fake_stat(ask->f, object, st);
  if (bad < 0)
    return bad;
  if (!S_ISREG(st->st_mode))
    return -EACCES;
  if ((bad = oakum_ask_may(ask, st, X_OK, FALSE)) < 0)
    return bad;
  int fd = open(oakum_fake_link(object, link), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

/* PT_INTERP, opened below the root. */
static int open_interpreter(Ask *ask, Plan *plan)
{
  Elf64_Ehdr header;
  if (pread(plan->program, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64 ||
      (header.e_type != ET_EXEC && header.e_type != ET_DYN) ||
      header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > 64)
    return -ENOEXEC; /* also programs of 32 bits, whose calls the filter does not know */
  for (guint i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr p;
    char name[PATH_LIMIT];
    if (pread(plan->program, &p, sizeof(p), (off_t)(header.e_phoff + i * sizeof(p))) !=
        (ssize_t)sizeof(p))
      return -ENOEXEC;
    if (p.p_type != PT_INTERP)
      continue;
    if (p.p_filesz < 2 || p.p_filesz > sizeof(name) ||
        pread(plan->program, name, p.p_filesz, (off_t)p.p_offset) != (ssize_t)p.p_filesz ||
        name[p.p_filesz - 1] != '\0')
      return -ENOEXEC;
    struct stat st;
    OAKUM_AUTO_FD object = oakum_ask_object_at(ask, AT_FDCWD, name, 0);
    if (object < 0)
      return object;
    plan->interpreter = open_program(ask, object, &st);
    return plan->interpreter < 0 ? plan->interpreter : 0;
  }
  return 0;
}

/* What the step takes on with the program: ids of setuid files, the name of /proc/self/exe. */
static int next_state(Ask *ask, Plan *plan, const struct stat *st)
{
  char link[32], path[PATH_LIMIT];
  Cred next = *ask->cred;
  if (st->st_mode & S_ISUID)
    next.uid[EFFECTIVE] = st->st_uid;
  if ((st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP))
    next.gid[EFFECTIVE] = st->st_gid;
  next.uid[SAVED] = next.uid[FS] = next.uid[EFFECTIVE];
  next.gid[SAVED] = next.gid[FS] = next.gid[EFFECTIVE];
  ssize_t n = readlink(oakum_fake_link(plan->program, link), path, sizeof(path) - 1);
  size_t prefix = strlen(ask->f->root_path);
  path[MAX(n, 0)] = '\0';
  const char *name = strncmp(path, ask->f->root_path, prefix) == 0 ? path + prefix : "/";
  int cred = oakum_fake_cred_number(ask->f, &next),
      program = cred < 0 ? cred : oakum_fake_program_number(ask->f, name);
  if (program < 0)
    return program;
  plan->next = (State){ask->state.umask, (uint32_t)cred, (uint32_t)program, ask->state.root};
  plan->told.uid = next.uid[REAL];
  plan->told.euid = next.uid[EFFECTIVE];
  plan->told.gid = next.gid[REAL];
  plan->told.egid = next.gid[EFFECTIVE];
  return 0;
}

static int fill_plan(Ask *ask, Plan *plan, int dirfd, const char *path, int flags)
{
  g_autofree char *shown =
      *path ? g_strdup(path) : g_strdup_printf("/dev/fd/%d", dirfd); /* as the kernel names it */
  const char *base = oakum_path_base(shown);
  struct stat st;
  OAKUM_AUTO_FD object = oakum_ask_object_at(ask, dirfd, path, flags);
  int bad = object < 0 ? object : add_text(plan, shown, strlen(shown), &plan->told.execfn);
  bad = bad < 0 ? bad : add_text(plan, base, strlen(base), &plan->told.comm);
  for (guint depth = 0; bad >= 0; depth++) {
    char head[SCRIPT_LINE] = "", interpreter[SCRIPT_LINE];
    oakum_fd_clear(&plan->program);
    plan->program = open_program(ask, object, &st);
    if (plan->program < 0) {
      bad = plan->program;
      plan->program = -1;
      return bad;
    }
    ssize_t n = pread(plan->program, head, sizeof(head), 0);
    if (n >= SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0)
      break;
    if (n < 3 || head[0] != '#' || head[1] != '!')
      return -ENOEXEC;
    if (depth >= OAKUM_FAKE_SCRIPTS_MAX)
      return -ELOOP;
    bad = read_script(plan, head, (size_t)n, shown, interpreter);
    if (bad < 0)
      return bad;
    oakum_fd_clear(&object);
    object = oakum_ask_object_at(ask, AT_FDCWD, interpreter, 0);
    bad = object;
  }
  bad = bad < 0 ? bad : open_interpreter(ask, plan);
  return bad < 0 ? bad : next_state(ask, plan, &st);
}

/* ---- the other call
 * ----------------------------------------------------------------------------- */
typedef struct {
  pid_t tid;
  int number; /* of the descriptor that was put into the process */
  struct user_regs_struct at;
  uint64_t blocked;
} Stop;

static int add_descriptor(const Ask *ask, int fd, unsigned flags)
{
  struct seccomp_notif_addfd add = {
      .id = ask->notif->id, .srcfd = (uint32_t)fd, .newfd_flags = flags};
  int number = ioctl(ask->s->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
  return number < 0 ? -errno : number;
}

static void note_end(Ask *ask, int status)
{
  if (ask->request.tid == ask->s->main_pid && !WIFSTOPPED(status))
    ask->s->main_status = status;
}

/* Puts a descriptor into the asker, ends its call, and stops it before it goes on. 0: it is
 * stopped; else it was answered or is gone. */
static int stop(Ask *ask, int fd, Stop *out)
{
  int status;
  out->tid = ask->request.tid;
  if (ptrace(PTRACE_SEIZE, out->tid, NULL, NULL) < 0) {
    int errnum = errno;
    oakum_ask_answer(ask, errnum == ESRCH ? -ESRCH : -EACCES);
    return -errnum;
  }
  out->number = add_descriptor(ask, fd, O_CLOEXEC);
  gboolean alive = ptrace(PTRACE_INTERRUPT, out->tid, NULL, NULL) == 0;
  oakum_ask_answer(ask, out->number < 0 ? out->number : 0);
  pid_t got;
  do
    got = waitpid(out->tid, &status, __WALL);
  while (got < 0 && errno == EINTR);
  if (!alive || got != out->tid || !WIFSTOPPED(status)) {
    if (got == out->tid)
      note_end(ask, status);
    return -ESRCH;
  }
  uint64_t all = ~UINT64_C(0);
  if (out->number < 0 || ptrace(PTRACE_GETREGS, out->tid, NULL, &out->at) < 0 ||
      ptrace(PTRACE_GETSIGMASK, out->tid, sizeof(all), &out->blocked) < 0) {
    (void)ptrace(PTRACE_DETACH, out->tid, NULL, NULL);
    return -ESRCH;
  }
  return 0;
}

/* Lets the stopped process do one call that the filter does not ask about. */
static int64_t call(Ask *ask, const Stop *stop, long number, uint64_t argument)
{
  struct user_regs_struct regs = stop->at;
  uint64_t all = ~UINT64_C(0);
  int status;
  regs.rip -= SYSCALL_LENGTH;
  regs.rax = (uint64_t)number;
  regs.orig_rax = UINT64_MAX; /* nothing to restart */
  regs.rdi = argument;
  if (ptrace(PTRACE_SETSIGMASK, stop->tid, sizeof(all), &all) < 0 ||
      ptrace(PTRACE_SETREGS, stop->tid, NULL, &regs) < 0 ||
      ptrace(PTRACE_SINGLESTEP, stop->tid, NULL, NULL) < 0)
    return -ESRCH;
  pid_t got;
  do
    got = waitpid(stop->tid, &status, __WALL);
  while (got < 0 && errno == EINTR);
  if (got != stop->tid || !WIFSTOPPED(status)) {
    if (got == stop->tid)
      note_end(ask, status);
    return -ESRCH;
  }
  return ptrace(PTRACE_GETREGS, stop->tid, NULL, &regs) < 0 ? -ESRCH : (int64_t)regs.rax;
}

static void let_go(const Stop *stop, struct user_regs_struct *regs)
{
  regs->orig_rax = UINT64_MAX;
  (void)ptrace(PTRACE_SETREGS, stop->tid, NULL, regs);
  (void)ptrace(PTRACE_SETSIGMASK, stop->tid, sizeof(stop->blocked), &stop->blocked);
  (void)ptrace(PTRACE_DETACH, stop->tid, NULL, NULL);
}

/* ---- execve
 * ------------------------------------------------------------------------------------- */
static pid_t process_of_thread(pid_t tid)
{
  guint64 tgid;
  return oakum_proc_status(tid, "Tgid:", &tgid, 1) ? (pid_t)tgid : tid;
}

/* Of a process that was killed on its way: nobody will ask for the plan. */
static gboolean is_gone(gpointer process, gpointer plan, gpointer user)
{
  (void)plan;
  (void)user;
  return kill(GPOINTER_TO_INT(process), 0) < 0 && errno == ESRCH;
}

static void answer_exec(Ask *ask, int dirfd, uint64_t path_at, uint64_t argv, uint64_t envp,
                        int flags)
{
  char path[PATH_LIMIT];
  Plan *plan = g_new0(Plan, 1);
  plan->program = plan->interpreter = -1;
  int bad = oakum_ask_text(ask, path_at, path);
  bad = bad < 0 ? bad : fill_plan(ask, plan, dirfd, path, flags);
  if (bad < 0) {
    oakum_fake_plan_free(plan);
    oakum_ask_answer(ask, bad);
    return;
  }
  pid_t process = process_of_thread(ask->request.tid);
  Stop at;
  if (stop(ask, ask->f->loader, &at) < 0) {
    oakum_fake_plan_free(plan);
    return;
  }
  if (g_hash_table_size(ask->f->plans) > OAKUM_FAKE_PLANS_MAX)
    g_hash_table_foreach_remove(ask->f->plans, is_gone, NULL);
  plan->armed = TRUE;
  plan->number = at.number;
  g_hash_table_replace(ask->f->plans, GINT_TO_POINTER(process), plan);
  struct user_regs_struct regs = at.at;
  regs.rip -= SYSCALL_LENGTH;
  regs.rax = SYS_execveat;
  regs.rdi = (uint64_t)at.number;
  regs.rsi = path_at + strlen(path); /* its end is the empty name */
  regs.rdx = argv;
  regs.r10 = envp;
  regs.r8 = AT_EMPTY_PATH;
  let_go(&at, &regs);
}

static gboolean is_ours(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  Plan *plan =
      g_hash_table_lookup(ask->f->plans, GINT_TO_POINTER(process_of_thread(ask->request.tid)));
  if (!plan || !plan->armed || (int)a[0] != plan->number || a[4] != AT_EMPTY_PATH)
    return FALSE;
  plan->armed = FALSE;
  return TRUE;
}

/* The loader runs: the program is what was planned for its process. */
static void answer_loader(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  gpointer key = GINT_TO_POINTER(ask->request.tid);
  Plan *plan = g_hash_table_lookup(ask->f->plans, key);
  if (!plan || plan->armed || a[2] != sizeof(plan->told)) {
    oakum_ask_answer(ask, -EINVAL);
    return;
  }
  plan->told.program = add_descriptor(ask, plan->program, 0);
  plan->told.interpreter = plan->interpreter < 0 ? -1 : add_descriptor(ask, plan->interpreter, 0);
  int bad = plan->told.program;
  if (bad >= 0 && plan->interpreter >= 0 && plan->told.interpreter < 0)
    bad = plan->told.interpreter;
  if (bad >= 0)
    bad = oakum_ask_write(ask, a[1], &plan->told, offsetof(OakumLoaderPlan, text) + plan->text_len);
  if (bad >= 0)
    bad = oakum_ask_set_state(ask, &plan->next);
  g_hash_table_remove(ask->f->plans, key);
  oakum_ask_answer(ask, MIN(bad, 0));
}

/* ---- chdir
 * -------------------------------------------------------------------------------------- */
/* The folder of that name, which the process may enter: a descriptor for the caller to close, or
 * -errno. */
static int folder_to_enter(Ask *ask, uint64_t path_at)
{
  struct stat st;
  OAKUM_AUTO_FD object = oakum_ask_object(ask, AT_FDCWD, path_at, 0);
  int bad = object < 0 ? object : oakum_fake_stat(ask->f, object, &st);
  if (bad >= 0 && !S_ISDIR(st.st_mode))
    bad = -ENOTDIR;
  bad = bad < 0 ? bad : oakum_ask_may(ask, &st, X_OK, FALSE);
  return bad < 0 ? bad : oakum_fd_steal(&object);
}

static void answer_chdir(Ask *ask, uint64_t path_at)
{
  OAKUM_AUTO_FD object = folder_to_enter(ask, path_at);
  if (object < 0) {
    oakum_ask_answer(ask, object);
    return;
  }
  char link[32];
  Stop at;
  /* what is given to another process may not be O_PATH */
  OAKUM_AUTO_FD folder = open(oakum_fake_link(object, link), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    oakum_ask_answer(ask, -errno);
    return;
  }
  if (stop(ask, folder, &at) < 0)
    return;
  int64_t result = call(ask, &at, SYS_fchdir, (uint64_t)at.number);
  int64_t closed = call(ask, &at, SYS_close, (uint64_t)at.number);
  if (closed == -ESRCH)
    return; /* killed meanwhile */
  struct user_regs_struct regs = at.at;
  regs.rax = (uint64_t)result;
  let_go(&at, &regs);
}

/* ---- chroot
 * ------------------------------------------------------------------------------------- */
/* The number of a root; takes nothing. */
static int root_number(Fake *f, int object)
{
  struct stat st, other;
  if (fstat(object, &st) < 0)
    return -errno;
  for (guint i = 0; i < f->roots->len; i++)
    if (fstat(g_array_index(f->roots, int, i), &other) == 0 && other.st_ino == st.st_ino &&
        other.st_dev == st.st_dev)
      return (int)i;
  int copy = f->roots->len < OAKUM_FAKE_ROOTS_MAX ? fcntl(object, F_DUPFD_CLOEXEC, 3) : -1;
  if (copy < 0)
    return -ENOMEM;
  g_array_append_val(f->roots, copy);
  return (int)f->roots->len - 1;
}

/* The kernel's root stays as it is: names are looked up here. */
static int answer_chroot(Ask *ask, uint64_t path_at)
{
  OAKUM_AUTO_FD object = folder_to_enter(ask, path_at);
  int bad = MIN(object, 0);
  if (bad >= 0 && (ask->cred->uid[EFFECTIVE] != 0 || !oakum_fake_is_inside(ask->f, object)))
    bad = -EPERM;
  int number = bad < 0 ? bad : root_number(ask->f, object);
  if (number < 0)
    return number;
  State next = ask->state;
  next.root = (uint32_t)number;
  return oakum_ask_set_state(ask, &next);
}

gboolean oakum_fake_exec(Ask *ask)
{
  const __u64 *a = ask->notif->data.args;
  switch (ask->notif->data.nr) {
  case SYS_execve:
    answer_exec(ask, AT_FDCWD, a[0], a[1], a[2], 0);
    return TRUE;
  case SYS_execveat:
    if (is_ours(ask))
      oakum_ask_go_on(ask);
    else if (a[4] & ~(uint64_t)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
      oakum_ask_answer(ask, -EINVAL);
    else
      answer_exec(ask, (int)a[0], a[1], a[2], a[3], (int)a[4]);
    return TRUE;
  case SYS_prctl:
    if ((int)a[0] != OAKUM_LOADER_OPTION)
      return FALSE;
    answer_loader(ask);
    return TRUE;
  case SYS_chdir:
    answer_chdir(ask, a[0]);
    return TRUE;
  case SYS_chroot:
    oakum_ask_answer(ask, answer_chroot(ask, a[0]));
    return TRUE;
  default:
    return FALSE;
  }
}
