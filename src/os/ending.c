/* What must not stay when a signal ends the program. */
#include "os/os.h"
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FREE, FILLING, NOTED };
static struct {
  atomic_int state;
  char path[4096];
} places[OAKUM_ENDING_NOTES_MAX];
static atomic_int ending;
static pid_t owner; /* children that are not a new program have the handler, but not the files */

/* Only what a signal handler may call. */
static void remove_below(int fd, dev_t device, int depth)
{
  struct stat st;
  struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
  };
  _Alignas(struct entry) char buffer[4096];
  long n;
  while ((n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
    gboolean gone = FALSE;
    for (long at = 0; at < n;) {
      const struct entry *entry = (const struct entry *)(buffer + at);
      at += entry->length;
      if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
        continue;
      if (unlinkat(fd, entry->name, 0) < 0 && depth < OAKUM_ENDING_DEPTH_MAX) {
        int below = openat(fd, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0 && fstat(below, &st) == 0 && st.st_dev == device) {
          (void)!fchmod(below, 0700);
          remove_below(below, device, depth + 1);
        }
        if (below >= 0)
          close(below);
        if (unlinkat(fd, entry->name, AT_REMOVEDIR) < 0)
          continue;
      }
      gone = TRUE;
    }
    if (!gone || lseek(fd, 0, SEEK_SET) < 0)
      return; /* what stays would come again and again */
  }
}

static void on_end(int signal_number)
{
  if (getpid() == owner && !atomic_exchange(&ending, 1))
    for (size_t i = 0; i < OAKUM_ENDING_NOTES_MAX; i++) {
      if (atomic_load(&places[i].state) != NOTED || unlink(places[i].path) == 0)
        continue;
      int fd = open(places[i].path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (fd < 0)
        continue;
      struct stat st;
      if (fstat(fd, &st) == 0)
        remove_below(fd, st.st_dev, 0);
      close(fd);
      (void)rmdir(places[i].path);
    }
  /* the handler is gone (SA_RESETHAND): whoever waits for us sees by what we ended */
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
  (void)raise(signal_number);
  _exit(128 + signal_number); /* the first process of a container does not end by one */
}

static void install(void)
{
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  static gsize done;
  if (!g_once_init_enter(&done))
    return;
  owner = getpid();
  for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
    struct sigaction before, action = {.sa_handler = on_end, .sa_flags = (int)SA_RESETHAND};
    /* what is ignored (nohup), or handled otherwise, stays so */
    if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
      (void)sigaction(signals[i], &action, NULL);
  }
  g_once_init_leave(&done, 1);
}

int oakum_ending_note(const char *path)
{
  g_autofree char *whole = g_canonicalize_filename(path, NULL);
  gsize len = strlen(whole);
  install();
  if (getpid() != owner || len >= sizeof(places[0].path))
    return -1;
  for (int i = 0; i < OAKUM_ENDING_NOTES_MAX; i++) {
    int expected = FREE;
    if (atomic_load(&ending) ||
        !atomic_compare_exchange_strong(&places[i].state, &expected, FILLING))
      continue;
    memcpy(places[i].path, whole, len + 1);
    atomic_store(&places[i].state, NOTED);
    return i;
  }
  return -1;
}

void oakum_ending_forget(int *note)
{
  if (*note >= 0 && getpid() == owner)
    atomic_store(&places[*note].state, FREE);
  *note = -1;
}
