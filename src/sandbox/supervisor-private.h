/* What the two kinds of supervisor share: chroot.c runs it, fake*.c answer what only the rung
 * fake-root asks. */
#pragma once
#include "sandbox/sandbox-private.h"
#include <linux/seccomp.h>
#include <sys/stat.h>

#define PATH_LIMIT 4096u

typedef struct Fake Fake;
typedef struct {
  int listener;
  ProcServer *proc;
  const char *root_path; /* without links */
  int root;
  struct seccomp_notif_sizes sizes;
  Fake *fake; /* NULL: the rung chroot */
  GArray *secrets;
  pid_t main_pid;
  int main_status; /* -1: it runs */
  guint refused;   /* what another rung would have done */
  GArray *made;    /* ipc.c: what would outlive the step; NULL: nothing */
} Supervisor;
enum { OAKUM_REFUSED_CHROOT = 1, OAKUM_REFUSED_DEVICE = 2 };

typedef struct {
  const struct seccomp_notif *notif;
  pid_t pid, tid; /* process and thread that ask */
  int mem;        /* its memory, -1: not readable */
} Request;

void oakum_supervisor_respond(const Supervisor *s, const struct seccomp_notif *notif, int64_t value,
                              int errnum, gboolean go_on);
/* Gives the asker a descriptor as the call's result; it stays ours as well. */
void oakum_supervisor_give(const Supervisor *s, const struct seccomp_notif *notif, int fd,
                           gboolean cloexec);
/* Reads a path out of the asker's memory. */
NODISCARD gboolean oakum_supervisor_read_path(const Supervisor *s, Request *request,
                                              uint64_t address, char out[PATH_LIMIT]);
/* The absolute path inside the root that it means, as it is written; NULL: not inside. */
NODISCARD char *oakum_supervisor_full(const Supervisor *s, const Request *request, int dirfd,
                                      const char *path);
/* Answers mknod(2) of a device on the rung chroot; `number` as the call has it. */
void oakum_supervisor_answer_node(Supervisor *s, Request *request, int dirfd, uint64_t path_at,
                                  mode_t mode, unsigned number);
/* Asks the kernel to say when the builder is gone; to be asked again whenever an id of ours was
 * changed, which makes the kernel forget it (prctl(2), PR_SET_PDEATHSIG). */
void oakum_supervisor_hear_of_the_end(void);
/* Answers shmget, semget, msgget and mq_open. */
void oakum_supervisor_answer_ipc(Supervisor *s, Request *request);
/* Removes what they made; when no process of the step is left. */
void oakum_supervisor_end_ipc(Supervisor *s);
/* Of a thread that waits for an answer; 022 when it cannot be told. */
NODISCARD mode_t oakum_supervisor_umask(pid_t tid);
/* On standard error, for a step that failed. */
void oakum_supervisor_tell_refused(const Supervisor *s);
/* A clean absolute path by its text alone, one link of the few that lead into /proc replaced. */
NODISCARD char *oakum_supervisor_absolute(const Supervisor *s, const Request *request, int dirfd,
                                          const char *path);

/* The secrets of a step; NULL with errno. Unref the array. */
NODISCARD GArray *oakum_secrets_load(const StepOrder *order, int root);
NODISCARD gboolean oakum_secrets_any(const GArray *secrets);
/* What who opens a file gets when it stands for a secret: a new descriptor; -1 with errno; -2: it
 * does not. */
NODISCARD int oakum_secrets_open(const GArray *secrets, const struct stat *st, uint64_t flags,
                                 uint32_t uid, uint32_t gid);

NODISCARD Fake *oakum_fake_new(const StepOrder *order, int root);
void oakum_fake_free(Fake *fake);
/* Writes the table of owners; FALSE: told on standard error. */
NODISCARD gboolean oakum_fake_save(const Fake *fake);
/* Answers what the rung fake-root asks. FALSE: not one of its calls. */
NODISCARD gboolean oakum_fake_answer(Supervisor *s, const struct seccomp_notif *notif);
/* Becomes the step on this rung, in the forked child: never returns. `to`: the socket for the
 * listener. */
_Noreturn void oakum_fake_become(const StepOrder *order, int root, int to);
/* Loads the rung's filters; FALSE with errno. */
NODISCARD gboolean oakum_sandbox_load_fake_filter(int *listener);
/* What the probe tries; FALSE with errno. */
NODISCARD gboolean oakum_fake_try(void);
NODISCARD gboolean oakum_sandbox_send_listener(int to, int listener);
_Noreturn void oakum_sandbox_exec(const StepOrder *order);
/* Makes the folder that a step begins in, with those above it, when there is none. */
void oakum_sandbox_make_cwd(const char *cwd);
NODISCARD gboolean oakum_sandbox_drop_all(void);
