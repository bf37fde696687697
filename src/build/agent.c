/* The way of a step to an ssh agent: a process of its own that holds nothing else passes bytes
 * between a socket that the step sees and the agent, which asks who its caller is and would refuse
 * a user of the image. */
#include "build/build-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTENER 3

/* Paths are longer than an address holds: the folder's descriptor stands for it. */
static gboolean address_of(const char *path, int *folder, struct sockaddr_un *out)
{
  g_autofree char *above = g_path_get_dirname(path), *name = g_path_get_basename(path);
  *folder = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
  *out = (struct sockaddr_un){.sun_family = AF_UNIX};
  return *folder >= 0 &&
         (size_t)g_snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s", *folder,
                            name) < sizeof(out->sun_path);
}

OakumChild *oakum_agent_start(const char *agent, const char *path, mode_t mode, uid_t uid,
                              gid_t gid, GError **error)
{
  struct sockaddr_un address;
  OAKUM_AUTO_FD folder = -1;
  OAKUM_AUTO_FD listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || !address_of(path, &folder, &address) ||
      bind(listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
      (chown(path, uid, gid) < 0 && geteuid() == 0) || chmod(path, mode) < 0 ||
      listen(listener, 16) < 0) {
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", path);
    return NULL;
  }
  const char *argv[] = {"oakum:agent", agent, NULL}, *envp[] = {NULL};
  const OakumChildMove moves[] = {{listener, LISTENER}};
  OakumChildSpec spec = OAKUM_CHILD_SPEC_INIT;
  spec.program = "/proc/self/exe";
  spec.argv = argv;
  spec.envp = envp;
  spec.moves = moves;
  spec.n_moves = G_N_ELEMENTS(moves);
  return oakum_child_spawn(&spec, error);
}

/* ---- the process
 * ---------------------------------------------------------------------------------------- */
typedef struct {
  int ends[2];     /* the step's, the agent's; -1: closed */
  guint8 *data[2]; /* bytes read from an end and not yet written to the other */
  size_t have[2], done[2];
} Pair;

static void pair_close(Pair *pair)
{
  for (int i = 0; i < 2; i++) {
    oakum_fd_clear(&pair->ends[i]);
    g_free(pair->data[i]);
  }
  g_free(pair);
}

static Pair *pair_open(int listener, const char *agent)
{
  struct sockaddr_un address;
  OAKUM_AUTO_FD folder = -1;
  int step = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  int other = step >= 0 ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
  if (other < 0 || !address_of(agent, &folder, &address) ||
      connect(other, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
      fcntl(other, F_SETFL, O_NONBLOCK) < 0) {
    oakum_fd_clear(&step);
    oakum_fd_clear(&other);
    return NULL;
  }
  Pair *pair = g_new0(Pair, 1);
  pair->ends[0] = step;
  pair->ends[1] = other;
  for (int i = 0; i < 2; i++)
    pair->data[i] = g_malloc(OAKUM_AGENT_BUFFER);
  return pair;
}

static short events_of(const Pair *pair, int end)
{
  gboolean writes = pair->have[1 - end] > pair->done[1 - end];
  return (short)((pair->have[end] == 0 ? POLLIN : 0) | (writes ? POLLOUT : 0));
}

/* FALSE: one side is done with it. */
static gboolean pass(Pair *pair, int from)
{
  if (pair->have[from] == 0) {
    ssize_t n = read(pair->ends[from], pair->data[from], OAKUM_AGENT_BUFFER);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
      return FALSE;
    pair->have[from] = n > 0 ? (size_t)n : 0;
    pair->done[from] = 0;
  }
  while (pair->done[from] < pair->have[from]) {
    ssize_t n = send(pair->ends[1 - from], pair->data[from] + pair->done[from],
                     pair->have[from] - pair->done[from], MSG_NOSIGNAL);
    if (n < 0)
      return errno == EAGAIN || errno == EINTR;
    pair->done[from] += (size_t)n;
  }
  pair->have[from] = pair->done[from] = 0;
  return TRUE;
}

int oakum_build_agent_main(int argc, char **argv)
{
  g_autoptr(GPtrArray) pairs = g_ptr_array_new();
  if (argc != 2 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
    return 1;
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  for (;;) {
    struct pollfd fds[2 * OAKUM_AGENT_CONNECTIONS_MAX + 1];
    guint n = pairs->len;
    for (guint i = 0; i < 2 * n; i++) {
      const Pair *pair = pairs->pdata[i / 2];
      fds[i] = (struct pollfd){.fd = pair->ends[i % 2], .events = events_of(pair, (int)(i % 2))};
    }
    fds[2 * n] = (struct pollfd){.fd = LISTENER, .events = POLLIN};
    if (poll(fds, n < OAKUM_AGENT_CONNECTIONS_MAX ? 2 * n + 1 : 2 * n, -1) < 0 && errno != EINTR)
      return 1;
    for (guint i = n; i > 0; i--) { /* from the end: one that goes moves nobody that is to come */
      Pair *pair = pairs->pdata[i - 1];
      gboolean ready = fds[2 * i - 2].revents || fds[2 * i - 1].revents;
      if (ready && !(pass(pair, 0) && pass(pair, 1))) {
        g_ptr_array_remove_index(pairs, i - 1);
        pair_close(pair);
      }
    }
    if (n < OAKUM_AGENT_CONNECTIONS_MAX && (fds[2 * n].revents & POLLIN)) {
      Pair *pair = pair_open(LISTENER, argv[1]);
      if (pair)
        g_ptr_array_add(pairs, pair);
    }
  }
}
