/* What a step leaves in the kernel where it shares the builder's IPC namespace: objects of System V
 * (sysvipc(7)) and message queues (mq_overview(7)) have no process that they end with. They are
 * made for it, as whoever asks would make them, and removed at its end. */
#include "os/os.h"
#include "sandbox/supervisor-private.h"
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct {
  long call; /* that made it */
  int id;
  char *name; /* of a queue */
  uid_t uid;
  gid_t gid;
} Made;

static void made_clear(gpointer data)
{
  Made *made = data;
  g_free(made->name);
}

/* Effective ids of this thread, by the calls themselves: libc would ask all threads. */
static gboolean become(uid_t uid, gid_t gid)
{
  return (getegid() == gid || syscall(SYS_setresgid, -1, gid, -1) == 0) &&
         (geteuid() == uid || syscall(SYS_setresuid, -1, uid, -1) == 0);
}

static void become_again(uid_t uid, gid_t gid)
{
  if (geteuid() == uid && getegid() == gid)
    return;
  if ((geteuid() != uid && syscall(SYS_setresuid, -1, uid, -1) < 0) ||
      (getegid() != gid && syscall(SYS_setresgid, -1, gid, -1) < 0))
    _exit(125); /* of saved ids it cannot fail; as somebody else we must not go on */
  oakum_supervisor_hear_of_the_end();
}

static void note(Supervisor *s, Made made)
{
  if (!s->made) {
    s->made = g_array_new(FALSE, FALSE, sizeof(Made));
    g_array_set_clear_func(s->made, made_clear);
  }
  g_array_append_val(s->made, made);
}

static long get(long call, const __u64 *a, int flags)
{
  return call == SYS_msgget ? syscall(call, a[0], flags) : syscall(call, a[0], a[1], flags);
}

/* -1 with errno; *made: it was not there before. */
static long get_object(long call, const __u64 *a, int flags, gboolean *made)
{
  gboolean only_new = (key_t)a[0] == IPC_PRIVATE || (flags & IPC_EXCL);
  long id = get(call, a, only_new ? flags : flags | IPC_EXCL);
  *made = id >= 0;
  return id < 0 && errno == EEXIST && !only_new ? get(call, a, flags & ~IPC_CREAT) : id;
}

typedef struct {
  char name[PATH_LIMIT];
  struct mq_attr attr;
  mode_t umask;
} Queue;

/* What the call says, out of the asker's memory. */
static gboolean read_queue(const Supervisor *s, Request *request, Queue *queue)
{
  const __u64 *a = request->notif->data.args;
  queue->umask = oakum_supervisor_umask(request->tid);
  return oakum_supervisor_read_path(s, request, a[0], queue->name) &&
         (!a[3] || pread(request->mem, &queue->attr, sizeof(queue->attr), (off_t)a[3]) ==
                       (ssize_t)sizeof(queue->attr));
}

/* The same as get_object for a queue: a descriptor. */
static int get_queue(const Queue *queue, const __u64 *a, gboolean *made)
{
  int flags = (int)a[1];
  mode_t old = umask(queue->umask);
  int fd = (int)syscall(SYS_mq_open, queue->name, flags | O_EXCL, (mode_t)a[2],
                        a[3] ? &queue->attr : NULL);
  *made = fd >= 0;
  if (fd < 0 && errno == EEXIST && !(flags & O_EXCL))
    fd = (int)syscall(SYS_mq_open, queue->name, flags & ~O_CREAT, 0, NULL);
  int bad = errno;
  umask(old);
  errno = bad;
  return fd;
}

void oakum_supervisor_answer_ipc(Supervisor *s, Request *request)
{
  const __u64 *a = request->notif->data.args;
  long call = request->notif->data.nr, result = -1;
  gboolean is_queue = call == SYS_mq_open, made = FALSE;
  int flags = (int)a[is_queue || call == SYS_msgget ? 1 : 2], bad = 0;
  Queue queue;
  guint64 uid[4], gid[4];
  gboolean makes =
      is_queue ? (flags & O_CREAT) != 0 : (flags & IPC_CREAT) || (key_t)a[0] == IPC_PRIVATE;
  /* whose memory cannot be read, having changed its ids and started no program since, makes its
   * queues itself, and they stay */
  if (!makes || (is_queue && !read_queue(s, request, &queue))) {
    oakum_supervisor_respond(s, request->notif, 0, 0, TRUE);
    return;
  }
  if (!oakum_proc_status(request->tid, "Uid:", uid, 4) ||
      !oakum_proc_status(request->tid, "Gid:", gid, 4))
    bad = ESRCH;
  else if (s->made && s->made->len >= OAKUM_IPC_MAX)
    bad = ENOSPC;
  if (bad != 0) {
    oakum_supervisor_respond(s, request->notif, 0, bad, FALSE);
    return;
  }
  uid_t own = geteuid();
  gid_t group = getegid();
  if (become((uid_t)uid[1], (gid_t)gid[1]))
    result = is_queue ? get_queue(&queue, a, &made) : get_object(call, a, flags, &made);
  bad = result < 0 ? errno : 0;
  become_again(own, group);
  if (made)
    note(s, (Made){call, is_queue ? -1 : (int)result, is_queue ? g_strdup(queue.name) : NULL,
                   (uid_t)uid[1], (gid_t)gid[1]});
  if (result < 0 || !is_queue) {
    oakum_supervisor_respond(s, request->notif, result, bad, FALSE);
    return;
  }
  oakum_supervisor_give(s, request->notif, (int)result, TRUE);
  close((int)result);
}

void oakum_supervisor_end_ipc(Supervisor *s)
{
  uid_t own = geteuid();
  gid_t group = getegid();
  for (guint i = 0; s->made && i < s->made->len; i++) {
    const Made *made = &g_array_index(s->made, Made, i);
    if (become(made->uid, made->gid)) { /* what the step has removed itself is not there */
      if (made->call == SYS_shmget)
        (void)shmctl(made->id, IPC_RMID, NULL);
      else if (made->call == SYS_semget)
        (void)semctl(made->id, 0, IPC_RMID);
      else if (made->call == SYS_msgget)
        (void)msgctl(made->id, IPC_RMID, NULL);
      else
        (void)syscall(SYS_mq_unlink, made->name);
    }
    become_again(own, group);
  }
  g_clear_pointer(&s->made, g_array_unref);
}
