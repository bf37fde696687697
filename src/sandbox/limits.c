/* Memory and processors of a step: a cgroup of its own where one is delegated to us (cgroup v2,
 * Documentation/admin-guide/cgroup-v2.rst), else what a process can be held to by itself. */
#include "os/os.h"
#include "sandbox/sandbox-private.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CPU_PERIOD_US 100000

static gboolean write_file(const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename(folder, name, NULL);
  OAKUM_AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);
  return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Our own cgroup of version 2 as a folder, or NULL. */
static char *own_cgroup(void)
{
  g_autofree char *text = NULL;
  if (!oakum_file_read("/proc/self/cgroup", 64 * 1024, &text, NULL, NULL))
    return NULL;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++)
    if (g_str_has_prefix(*line, "0::/") && !strstr(*line, "/.."))
      return g_build_filename("/sys/fs/cgroup", *line + strlen("0::"), NULL);
  return NULL;
}

static gboolean set_limits(const char *folder, const OakumStepLimits *limits)
{
  g_autofree char *memory = g_strdup_printf("%" G_GUINT64_FORMAT, limits->memory);
  g_autofree char *cpus =
      g_strdup_printf("%" G_GUINT64_FORMAT " %d",
                      (guint64)limits->cpus_milli * CPU_PERIOD_US / 1000, CPU_PERIOD_US);
  if (limits->memory > 0 && (!write_file(folder, "memory.max", memory)))
    return FALSE;
  (void)!write_file(folder, "memory.swap.max", "0"); /* a kernel without swap has no such file */
  (void)!write_file(folder, "memory.oom.group", "1");
  return limits->cpus_milli == 0 || write_file(folder, "cpu.max", cpus);
}

char *oakum_cgroup_new(const OakumStepLimits *limits)
{
  static gint serial;
  g_autofree char *own = own_cgroup();
  if (!own || (limits->memory == 0 && limits->cpus_milli == 0))
    return NULL;
  /* one that holds processes can have no children with controllers: then beside it */
  g_autofree char *above = g_path_get_dirname(own);
  const char *bases[] = {own, above};
  for (size_t i = 0; i < G_N_ELEMENTS(bases); i++) {
    if (!g_str_has_prefix(bases[i], "/sys/fs/cgroup"))
      continue;
    g_autofree char *path =
        g_strdup_printf("%s/oakum-%d-%d", bases[i], (int)getpid(), g_atomic_int_add(&serial, 1));
    if (mkdir(path, 0755) < 0)
      continue;
    if (set_limits(path, limits))
      return g_steal_pointer(&path);
    (void)rmdir(path);
  }
  return NULL;
}

gboolean oakum_cgroup_end(char *path)
{
  G_GNUC_UNUSED g_autofree char *owned = path;
  if (!path)
    return FALSE;
  g_autofree char *events = g_build_filename(path, "memory.events", NULL), *text = NULL;
  gboolean killed = FALSE;
  if (oakum_file_read(events, 64 * 1024, &text, NULL, NULL)) {
    const char *at = strstr(text, "oom_kill ");
    killed = at && g_ascii_strtoull(at + strlen("oom_kill "), NULL, 10) > 0;
  }
  (void)!write_file(path, "cgroup.kill", "1");
  for (guint i = 0; rmdir(path) < 0 && errno == EBUSY && i < 100; i++)
    g_usleep(10000); /* its last processes are going */
  return killed;
}

gboolean oakum_cgroup_join(const char *path)
{
  return write_file(path, "cgroup.procs", "0");
}

gboolean oakum_limits_memory(uint64_t memory)
{
  struct rlimit limit = {memory, memory};
  return memory == 0 || setrlimit(RLIMIT_DATA, &limit) == 0;
}

gboolean oakum_limits_cpus(uint64_t cpus_milli)
{
  if (cpus_milli == 0)
    return TRUE;
  cpu_set_t allowed, chosen;
  CPU_ZERO(&chosen);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
    return FALSE;
  uint64_t left = (cpus_milli + 999) / 1000;
  for (int i = 0; i < CPU_SETSIZE && left > 0; i++)
    if (CPU_ISSET(i, &allowed)) {
      CPU_SET(i, &chosen);
      left--;
    }
  return sched_setaffinity(0, sizeof(chosen), &chosen) == 0;
}

char *oakum_sandbox_limits_note(const OakumStepLimits *limits)
{
  if (limits->memory == 0 && limits->cpus_milli == 0)
    return NULL;
  char *cgroup = oakum_cgroup_new(limits);
  if (cgroup) {
    (void)oakum_cgroup_end(cgroup);
    return NULL;
  }
  GString *out = g_string_new("no cgroup is delegated here, so");
  if (limits->memory > 0)
    g_string_append(out, " each process of a step by itself is held to --memory");
  if (limits->cpus_milli > 0)
    g_string_append_printf(
        out, "%s --cpus is %" G_GUINT64_FORMAT " whole processor%s, which a program can widen",
        limits->memory > 0 ? ", and" : "", (guint64)(limits->cpus_milli + 999) / 1000,
        limits->cpus_milli > 1000 ? "s" : "");
  return g_string_free(out, FALSE);
}
