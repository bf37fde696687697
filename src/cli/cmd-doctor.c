#include "cli/cli.h"
#include "sandbox/sandbox.h"
#include <stdio.h>
#include <string.h>

static int run(int argc, char **argv)
{
  static const char *const what[OAKUM_RUNGS] = {
      "user, mount and pid namespaces for a plain user", "mount and pid namespaces, as root",
      "chroot with a supervisor, as in a stock pod",
      "a supervisor that plays root, as in a restricted pod"};
  static const char *const cure[OAKUM_RUNGS] = {
      "it needs user namespaces (sysctl kernel.unprivileged_userns_clone; a pod with hostUsers: "
      "false) and a /proc of which nothing is hidden (procMount: Unmasked), the package uidmap and "
      "a range of ids in /etc/subuid and /etc/subgid",
      "it needs CAP_SYS_ADMIN and a root that is a mount point, and a build should need neither",
      "run as uid 0 with the default capabilities of a container",
      "it needs Linux 5.9 on x86-64 and ptrace of its own children (yama.ptrace_scope 0 or 1)"};
  gboolean any = FALSE;
  for (int i = 0; i < OAKUM_RUNGS; i++) {
    g_autofree char *why = NULL;
    gboolean works = oakum_sandbox_probe((OakumRung)i, &why);
    any |= works;
    printf("%-9s %-3s %s\n", oakum_rung_name((OakumRung)i), works ? "yes" : "no", what[i]);
    if (!works)
      printf("              %s; %s\n", why ? why : "unknown", cure[i]);
  }
  puts(any ? "oakum build works here." : "oakum build cannot run a step here.");
  return any ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
}

const OakumCommand oakum_cmd_doctor = {
    .name = "doctor",
    .summary = "tell what this machine allows, and what to change",
    .examples = "oakum doctor\n",
    .run = run,
};
