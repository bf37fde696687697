/* What one change would make a rung work: read from what the kernel tells of this process. */
#include "os/os.h"
#include "sandbox/sandbox-private.h"
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  gboolean root, filtered;
  uint64_t capabilities; /* effective */
  /* what a sysctl says, or -1 where the kernel has none of that name */
  int clone_allowed, namespaces_max, apparmor_restricts, ptrace_scope;
  gboolean proc_hidden; /* something is mounted below /proc */
  gboolean root_mount;  /* "/" is a mount point: inside a plain chroot it is none */
  gboolean helper, range;
} Facts;

static int sysctl_number(const char *name)
{
  g_autofree char *path = g_strconcat("/proc/sys/", name, NULL), *text = NULL;
  uint64_t value;
  if (!oakum_file_read(path, OAKUM_KIB, &text, NULL, NULL))
    return -1;
  g_strstrip(text);
  return oakum_parse_u64(text, strlen(text), UINT32_MAX, &value) ? (int)MIN(value, G_MAXINT) : -1;
}

static void read_status(Facts *facts)
{
  g_autofree char *text = NULL;
  if (!oakum_file_read("/proc/self/status", OAKUM_MIB, &text, NULL, NULL))
    return;
  const char *caps = strstr(text, "\nCapEff:"), *filter = strstr(text, "\nSeccomp:");
  facts->capabilities = caps ? g_ascii_strtoull(caps + strlen("\nCapEff:"), NULL, 16) : 0;
  facts->filtered = filter && g_ascii_strtoull(filter + strlen("\nSeccomp:"), NULL, 10) == 2;
}

static void read_mounts(Facts *facts)
{
  g_autofree char *text = NULL;
  if (!oakum_file_read("/proc/self/mountinfo", OAKUM_MIB, &text, NULL, NULL))
    return;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    g_auto(GStrv) part = g_strsplit(*line, " ", 6); /* id, parent, device, root, mount point */
    if (g_strv_length(part) < 5)
      continue;
    facts->root_mount |= strcmp(part[4], "/") == 0;
    facts->proc_hidden |= g_str_has_prefix(part[4], "/proc/") &&
                          !g_str_has_prefix(part[4], "/proc/sys/fs/binfmt_misc");
  }
}

static Facts read_facts(void)
{
  Facts facts = {.root = geteuid() == 0,
                 .clone_allowed = sysctl_number("kernel/unprivileged_userns_clone"),
                 .namespaces_max = sysctl_number("user/max_user_namespaces"),
                 .apparmor_restricts =
                     sysctl_number("kernel/apparmor_restrict_unprivileged_userns"),
                 .ptrace_scope = sysctl_number("kernel/yama/ptrace_scope"),
                 .range = oakum_sandbox_has_range()};
  g_autofree char *newuidmap = g_find_program_in_path("newuidmap"),
                  *newgidmap = g_find_program_in_path("newgidmap");
  facts.helper = newuidmap && newgidmap;
  read_status(&facts);
  read_mounts(&facts);
  return facts;
}

static gboolean has(const Facts *facts, int capability)
{
  return (facts->capabilities >> capability & 1) != 0;
}

static const char *for_userns(const Facts *facts)
{
  if (facts->filtered)
    return "in a pod: hostUsers: false, and in the container's securityContext the capability "
           "SYS_ADMIN (it ends at the pod's own user namespace) and procMount: Unmasked";
  if (facts->clone_allowed == 0)
    return "sysctl -w kernel.unprivileged_userns_clone=1";
  if (facts->namespaces_max == 0)
    return "sysctl -w user.max_user_namespaces=15000";
  if (facts->apparmor_restricts > 0 && !facts->root)
    return "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for "
           "oakum that says userns";
  if (!facts->root && !facts->helper)
    return "install newuidmap and newgidmap (Debian: apt-get install uidmap)";
  if (!facts->root && !facts->range)
    return "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER";
  if (facts->proc_hidden)
    return "a /proc of which nothing is hidden (in a pod: procMount: Unmasked)";
  if (!facts->root_mount)
    return "start it where / is a mount point, not inside a plain chroot";
  return "a kernel with user namespaces, and nothing (seccomp, AppArmor, SELinux) that denies them";
}

static const char *for_root(const Facts *facts)
{
  if (!facts->root)
    return "nothing: a plain user is better off with the rung userns";
  if (!has(facts, CAP_SYS_ADMIN))
    return for_userns(facts);
  if (!facts->root_mount)
    return "start it where / is a mount point, not inside a plain chroot";
  return "a seccomp or AppArmor profile that lets it mount";
}

static const char *for_chroot(const Facts *facts)
{
  if (!facts->root)
    return "uid 0 with the default capabilities of a container (in a pod: runAsUser: 0)";
  if (!has(facts, CAP_SYS_CHROOT))
    return "the capability SYS_CHROOT, which containers have by default";
  return "Linux 5.9 or newer, and a seccomp profile that lets it make filters of its own";
}

static const char *for_fake_root(const Facts *facts)
{
#ifndef __x86_64__
  return "a processor of the kind x86-64: other kinds are not served yet";
#endif
  if (facts->ptrace_scope > 1)
    return "sysctl -w kernel.yama.ptrace_scope=1";
  return "Linux 5.9 or newer, and a seccomp profile that lets it make filters of its own";
}

const char *oakum_sandbox_advise(OakumRung rung)
{
  Facts facts = read_facts();
  switch (rung) {
  case OAKUM_RUNG_USERNS:
    return for_userns(&facts);
  case OAKUM_RUNG_ROOT:
    return for_root(&facts);
  case OAKUM_RUNG_CHROOT:
    return for_chroot(&facts);
  default:
    return for_fake_root(&facts);
  }
}
