/* What the image as a whole holds: development bases, packages, caches. */
#include "lint/check-private.h"
#include <string.h>

/* Images that bring compilers or a whole toolchain; `slim` forms of them are no better off. */
static const char *const dev_bases =
    "golang rust gcc maven gradle buildpack-deps haskell erlang elixir sbt dart swift "
    "clojure mono";

void check_dev_base(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint || lint->stages->len == 0)
    return;
  int index = (int)lint->stages->len - 1;
  while (lint_stage(lint, index)->parent >= 0)
    index = lint_stage(lint, index)->parent;
  step = lint_stage(lint, index)->from;
  if (!step->image)
    return;
  const char *name = oakum_path_base(step->image);
  g_autofree char *bare = g_strndup(name, strcspn(name, ":@"));
  const char *tag = strchr(name, ':');
  gboolean sdk = strstr(step->image, "/sdk") != NULL ||
                 (tag && (strstr(tag, "-jdk") || strstr(tag, "-devel") || strstr(tag, "-sdk")));
  const LintStep *last = lint_stage(lint, (int)lint->stages->len - 1)->from;
  gboolean same = last == step;
  if (!lint_one_of(bare, dev_bases) && !sdk)
    return;
  lint_tell(lint, LINT_DEV_BASE, same ? step : last, same ? step->image_span : last->image_span,
            "%s", step->image);
}

/* ---- packages
 * -------------------------------------------------------------------------------------------- */
static const char *const dev_packages =
    "gcc g++ clang llvm make cmake build-essential build-base autoconf automake libtool pkg-config "
    "pkgconf ninja-build ninja "
    "meson bison flex gdb git subversion mercurial python3-dev python-dev python3-pip cargo rustc "
    "golang golang-go nodejs-dev "
    "linux-headers musl-dev libc-dev libc6-dev gcc-c++ gfortran patch binutils dpkg-dev rpm-build "
    "alpine-sdk openjdk-17-jdk "
    "openjdk-21-jdk default-jdk maven gradle ant python3-devel kernel-headers kernel-devel";
static const char *const unneeded =
    "openssh-server openssh sudo vim vim-tiny vim-enhanced nano emacs emacs-nox telnet netcat "
    "netcat-openbsd netcat-traditional "
    "nc nmap tcpdump net-tools iputils-ping ping traceroute dnsutils bind-utils bind-tools strace "
    "ltrace gdb screen tmux htop "
    "man-db man manpages manpages-dev info less mc rsh-client rsh-server ftp tftp x11-apps xterm "
    "aptitude popularity-contest "
    "mlocate telnetd vsftpd";

typedef struct {
  const LintCommand *command;
  const OakumShellWord *word;
  char *name;
} Installed;

static void installed_free(Installed *one)
{
  g_free(one->name);
  g_free(one);
}

/* The name without its version: "curl=7.1", "curl=~8", "nginx/bookworm", "libc6:amd64". */
static char *package_name(const char *text)
{
  return g_strndup(text, strcspn(text, "=<>~/:@"));
}

static gboolean is_install(const OakumLint *lint, const LintCommand *c)
{
  return lint_does(lint, c, "apt-get apt aptitude yum dnf microdnf tdnf", "install") ||
         lint_does(lint, c, "apk", "add") || lint_does(lint, c, "zypper", "install in");
}

static gboolean is_removed(OakumLint *lint, const GArray *list, const GPtrArray *groups,
                           const GPtrArray *virtuals, const char *name)
{
  for (guint i = 0; i < list->len && lint_spend(lint); i++) {
    const LintCommand *c = lint_command(list, i);
    if (lint_does(lint, c, "apt-get apt aptitude", "purge remove autoremove") ||
        lint_does(lint, c, "apk", "del") ||
        lint_does(lint, c, "yum dnf microdnf zypper", "remove erase autoremove rm")) {
      for (guint k = 1; k < c->shell->n_words; k++) {
        const char *text = c->shell->words[k].text;
        if (strcmp(text, name) == 0 || strchr(text, '$'))
          return TRUE; /* a list in a variable: it may hold it */
        for (guint g = 0; g < groups->len; g++)
          if (strcmp(groups->pdata[g], text) == 0)
            return TRUE;
        for (guint g = 0; g < virtuals->len; g++)
          if (strcmp(virtuals->pdata[g], text) == 0)
            return TRUE;
      }
    }
  }
  return FALSE;
}

void check_packages(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint || lint->stages->len == 0)
    return;
  for (guint s = 0; s < lint->stages->len; s++) {
    const LintStage *stage = lint_stage(lint, (int)s);
    gboolean last = s + 1 == lint->stages->len;
    for (int up = lint_stage(lint, (int)lint->stages->len - 1)->parent; up >= 0;
         up = lint_stage(lint, up)->parent)
      last |= up == (int)s;
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)installed_free);
    for (guint i = stage->first; i < stage->end; i++) {
      step = lint_step(lint, i);
      if (step->kind != STEP_RUN)
        continue;
      const GArray *list = lint_commands(lint, step);
      for (guint k = 0; k < list->len; k++) {
        const LintCommand *c = lint_command(list, k);
        if (!is_install(lint, c))
          continue;
        g_autoptr(GPtrArray) words =
            lint_operands(c, "t target-release o option c virtual X repository setopt enablerepo");
        g_autoptr(GPtrArray) groups = oakum_shell_flag_values(c->shell, "t");
        g_autoptr(GPtrArray) virtuals = oakum_shell_flag_values(c->shell, "virtual");
        for (guint w = 1; w < words->len && lint_spend(lint); w++) {
          const OakumShellWord *word = words->pdata[w];
          if (!word->literal || !*word->literal)
            continue;
          g_autofree char *name = package_name(word->literal);
          gboolean removed = is_removed(lint, list, groups, virtuals, name);
          const Installed *before = NULL;
          for (guint b = 0; b < all->len && !before && lint_spend(lint); b++)
            if (strcmp(((Installed *)all->pdata[b])->name, name) == 0)
              before = all->pdata[b];
          if (before && !removed)
            lint_tell(lint, LINT_DUPLICATE_INSTALL, step, lint_word_span(c, word),
                      "%s, first in line %d", name, before->command->step->line);
          if (last && !removed && lint_one_of(name, dev_packages))
            lint_tell(lint, LINT_DEV_PACKAGES, step, lint_word_span(c, word), "%s", name);
          if (last && !removed && lint_one_of(name, unneeded))
            lint_tell(lint, LINT_UNNEEDED_PACKAGES, step, lint_word_span(c, word), "%s", name);
          if (!before && !removed && *name) {
            Installed *one = g_new0(Installed, 1);
            *one = (Installed){c, word, g_steal_pointer(&name)};
            g_ptr_array_add(all, one);
          }
        }
      }
    }
  }
}

/* ---- caches
 * -----------------------------------------------------------------------------------------------
 */
void check_cache_mount(OakumLint *lint, LintStep *step)
{
  static const struct {
    const char *tools, *verbs, *folder;
  } caches[] = {
      {"go", "build install test mod", "/root/.cache/go-build"},
      {"cargo", "build install test", "/usr/local/cargo/registry"},
      {"mvn", "package install verify compile", "/root/.m2"},
      {"gradle", "build assemble bootJar", "/root/.gradle"},
      {"npm", "ci install", "/root/.npm"},
      {"pnpm", "install i fetch", "/root/.local/share/pnpm/store"},
      {"dotnet", "restore build publish", "/root/.nuget/packages"},
      {"composer", "install", "/root/.composer/cache"},
      {"bundle", "install", "/usr/local/bundle/cache"},
  };
  if (lint->hadolint || lint_flag(step, "mount"))
    return;
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++)
    for (guint k = 0; k < G_N_ELEMENTS(caches); k++)
      if (lint_does(lint, lint_command(list, i), caches[k].tools, caches[k].verbs)) {
        lint_tell(lint, LINT_CACHE_MOUNT, step, lint_command_span(lint_command(list, i)),
                  "%s at %s", caches[k].tools, caches[k].folder);
        return;
      }
}
