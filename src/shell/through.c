/* Which commands a command runs: what sudo, env, xargs, sh -c and the like make of their words. By
 * the manuals of the programs (sudo 1.9, coreutils 9, util-linux 2.38, findutils 4.9, bash 5.2). */
#include "shell/shell-private.h"
#include <string.h>

typedef struct {
  const char *name;
  const char *valued;      /* letters of options that take a value */
  const char *stop;        /* letters of options with which no command is run */
  const char *long_valued; /* long options whose value is the next word, each between blanks */
  guint operands;          /* words between the options and the command */
  gboolean assignments;    /* NAME=value may stand in front of the command */
} Wrapper;

static const Wrapper wrappers[] = {
    {"sudo", "ughpCTDRUrt", "elvVK",
     " user group host prompt close-from command-timeout chdir chroot other-user role type ", 0,
     TRUE},
    {"doas", "Cu", "L", "", 0, FALSE},
    {"env", "uC", "S", " unset chdir split-string ", 0, TRUE},
    {"exec", "a", "", "", 0, FALSE},
    {"command", "", "vV", "", 0, FALSE},
    {"builtin", "", "", "", 0, FALSE},
    {"nice", "n", "", " adjustment ", 0, FALSE},
    {"ionice", "cn", "pPu", " class classdata ", 0, FALSE},
    {"nohup", "", "", "", 0, FALSE},
    {"setsid", "", "", "", 0, FALSE},
    {"time", "fo", "V", " format output ", 0, FALSE},
    {"timeout", "ks", "", " kill-after signal ", 1, FALSE},
    {"xargs", "adEILnPs", "", " arg-file delimiter max-args max-procs max-chars process-slot-var ",
     0, FALSE},
    {"stdbuf", "ioe", "", " input output error ", 0, FALSE},
    {"setpriv", "", "d",
     " ambient-caps inh-caps bounding-set ruid euid rgid egid reuid regid groups securebits "
     "pdeathsig selinux-label apparmor-profile ",
     0, FALSE},
    {"chroot", "", "", " userspec groups ", 1, FALSE},
    {"gosu", "", "", "", 1, FALSE},
    {"su-exec", "", "", "", 1, FALSE},
    {"flock", "wE", "cu", " timeout wait conflict-exit-code ", 1, FALSE},
    {"tini", "pe", "", "", 0, FALSE},
    {"dumb-init", "r", "", " rewrite ", 0, FALSE},
    {"fakeroot", "lisb", "", " lib faked ", 0, FALSE},
    {"eatmydata", "", "", "", 0, FALSE},
};

const char *oakum_shell_base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

/* What the word begins with is known, so that it can be told from an option. */
static gboolean begins_known(const OakumShellWord *word)
{
  if (word->literal)
    return TRUE;
  const OakumShellPart *part = word->n_parts ? word->parts : NULL;
  if (part &&
      (part->kind == OAKUM_SHELL_PART_DOUBLE || part->kind == OAKUM_SHELL_PART_DOLLAR_DOUBLE))
    part = part->n_parts ? part->parts : NULL;
  return part && part->kind != OAKUM_SHELL_PART_PARAMETER &&
         part->kind != OAKUM_SHELL_PART_COMMAND && part->kind != OAKUM_SHELL_PART_BACKTICK;
}

static gboolean in_list(const char *list, const char *name)
{
  g_autofree char *between = g_strdup_printf(" %s ", name);
  return strstr(list, between) != NULL;
}

/* Index of the first word that is no option, from 1; n when there is none, or no command is run. */
static guint behind_options(const OakumShellWord *words, guint n, const Wrapper *wrapper)
{
  guint i = 1;
  while (i < n) {
    const char *text = words[i].text;
    if (!begins_known(&words[i])) /* `timeout $T cmd`: taken for the operand, rarely an option */
      return wrapper->operands ? i : n;
    if (strcmp(text, "--") == 0)
      return i + 1;
    if (strcmp(text, "-") == 0 && strcmp(wrapper->name, "env") == 0) {
      i++;
      continue;
    }
    if (text[0] != '-' || !text[1])
      return i;
    guint takes = 1;
    if (text[1] == '-') {
      if (strcmp(text, "--help") == 0 || strcmp(text, "--version") == 0 ||
          g_str_has_prefix(text, "--split-string"))
        return n;
      takes = !strchr(text, '=') && strlen(text) < 64 && in_list(wrapper->long_valued, text + 2)
                  ? 2
                  : 1;
    } else {
      for (const char *c = text + 1; *c; c++) {
        if (strchr(wrapper->stop, *c))
          return n;
        if (strchr(wrapper->valued, *c)) {
          takes = c[1] ? 1 : 2;
          break;
        }
      }
    }
    i += takes;
  }
  return n;
}

static gboolean is_assignment(const OakumShellWord *word)
{
  const char *c = word->text;
  if (!begins_known(word) || !oakum_shell_is_name((guchar)*c, TRUE))
    return FALSE;
  while (oakum_shell_is_name((guchar)*c, FALSE))
    c++;
  return *c == '=';
}

/* The script's index behind "-c" and other options of a shell; n when it runs none. */
static guint shell_script(const OakumShellWord *words, guint n)
{
  gboolean script = FALSE;
  guint i = 1;
  for (; i < n; i++) {
    const char *text = words[i].text;
    if (!begins_known(&words[i]))
      return n;
    if (strcmp(text, "--") == 0 || strcmp(text, "-") == 0) {
      i++;
      break;
    }
    if (text[0] == '-' && text[1] == '-') {
      if (strcmp(text, "--rcfile") == 0 || strcmp(text, "--init-file") == 0)
        i++;
      continue;
    }
    if (text[0] != '-' && text[0] != '+')
      break;
    guint values = 0;
    for (const char *c = text + 1; *c; c++) {
      script |= *c == 'c' && text[0] == '-';
      values += *c == 'o' || *c == 'O';
    }
    if (values > n - i)
      return n;
    i += values;
  }
  return script && i < n ? i : n;
}

/* su and runuser: the index behind "-c", wherever it stands; n for none. */
static guint su_script(const OakumShellWord *words, guint n)
{
  for (guint i = 1; i < n; i++) {
    const char *text = words[i].text;
    if (!begins_known(&words[i]))
      continue;
    if (strcmp(text, "--") == 0)
      return n;
    if (strcmp(text, "--command") == 0 || strcmp(text, "--session-command") == 0)
      return MIN(i + 1, n);
    if (text[0] != '-' || text[1] == '-')
      continue;
    for (const char *c = text + 1; *c; c++) {
      if (*c == 'c')
        return c[1] ? n : MIN(i + 1, n);
      if (strchr("sgGwu", *c)) {
        i += c[1] ? 0 : 1;
        break;
      }
    }
  }
  return n;
}

static void find_exec(const OakumShellWord *words, guint n, OakumShellDialect dialect,
                      OakumShellThroughFunc found, gpointer user)
{
  for (guint i = 1; i < n; i++) {
    const char *text = words[i].text;
    if (strcmp(text, "-exec") != 0 && strcmp(text, "-execdir") != 0 && strcmp(text, "-ok") != 0 &&
        strcmp(text, "-okdir") != 0)
      continue;
    guint end = ++i;
    while (end < n && strcmp(words[end].text, ";") != 0 &&
           !(strcmp(words[end].text, "+") == 0 && strcmp(words[end - 1].text, "{}") == 0))
      end++;
    if (end > i) {
      OakumShellThrough through = {OAKUM_SHELL_VIA_WRAPPER, i, end - i, dialect};
      found(&through, user);
    }
    i = end;
  }
}

static gboolean is_shell(const char *name, OakumShellDialect outer, OakumShellDialect *dialect)
{
  if (!oakum_shell_dialect_parse(name, dialect) || !oakum_shell_dialect_readable(*dialect) ||
      *dialect == OAKUM_SHELL_BUSYBOX)
    return FALSE;
  if (*dialect == OAKUM_SHELL_SH && oakum_shell_dialect_readable(outer))
    *dialect = outer; /* which shell sh is, is not known here */
  return TRUE;
}

void oakum_shell_through(const OakumShellWord *words, guint n, OakumShellDialect dialect,
                         OakumShellThroughFunc found, gpointer user)
{
  if (n < 2 || !words[0].literal)
    return;
  const char *name = oakum_shell_base_name(words[0].literal);
  OakumShellThrough through = {.kind = OAKUM_SHELL_VIA_WRAPPER, .dialect = dialect};
  if (strcmp(name, "find") == 0) {
    find_exec(words, n, dialect, found, user);
    return;
  }
  if (is_shell(name, dialect, &through.dialect)) {
    through.kind = OAKUM_SHELL_VIA_SCRIPT;
    through.first = shell_script(words, n);
    through.count = 1;
  } else if (strcmp(name, "eval") == 0) {
    through.kind = OAKUM_SHELL_VIA_SCRIPT;
    through.first = strcmp(words[1].text, "--") == 0 ? 2 : 1;
    through.count = n - through.first;
  } else if (strcmp(name, "su") == 0 || strcmp(name, "runuser") == 0) {
    through.kind = OAKUM_SHELL_VIA_SCRIPT;
    through.first = su_script(words, n);
    through.count = 1;
    if (through.first >= n && strcmp(name, "runuser") == 0) {
      static const Wrapper runuser = {"runuser", "ugGsw", "", " user group shell ", 0, FALSE};
      gboolean user_given = FALSE;
      through.first = behind_options(words, n, &runuser);
      for (guint i = 1; i < through.first && i < n; i++)
        user_given |=
            g_str_has_prefix(words[i].text, "-u") || g_str_has_prefix(words[i].text, "--user");
      through.kind = OAKUM_SHELL_VIA_WRAPPER;
      through.first = user_given ? through.first : n;
      through.count = through.first < n ? n - through.first : 0;
    }
  } else if (strcmp(name, "busybox") == 0) {
    through.first = words[1].text[0] == '-' ? n : 1;
    through.count = n - through.first;
  } else {
    const Wrapper *wrapper = NULL;
    for (size_t i = 0; !wrapper && i < G_N_ELEMENTS(wrappers); i++)
      if (strcmp(wrappers[i].name, name) == 0)
        wrapper = &wrappers[i];
    if (!wrapper)
      return;
    through.first = behind_options(words, n, wrapper);
    while (wrapper->assignments && through.first < n && is_assignment(&words[through.first]))
      through.first++;
    if (through.first < n)
      through.first = MIN(n, through.first + wrapper->operands);
    through.count = through.first < n ? n - through.first : 0;
  }
  if (through.first < n && through.count)
    found(&through, user);
}
