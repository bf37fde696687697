/* Which shell a SHELL instruction or a "#!" line starts. */
#include "shell/shell-private.h"
#include <string.h>

static const struct {
  const char *name;
  OakumShellDialect dialect;
} names[] = {
    {"sh", OAKUM_SHELL_SH},
    {"bash", OAKUM_SHELL_BASH},
    {"dash", OAKUM_SHELL_DASH},
    {"ash", OAKUM_SHELL_ASH},
    {"ksh", OAKUM_SHELL_KSH},
    {"zsh", OAKUM_SHELL_ZSH},
    {"busybox", OAKUM_SHELL_BUSYBOX},
    {"powershell", OAKUM_SHELL_POWERSHELL},
    {"cmd", OAKUM_SHELL_CMD},
    /* other names of the same; the first of each is the one that is shown */
    {"rbash", OAKUM_SHELL_BASH},
    {"ksh93", OAKUM_SHELL_KSH},
    {"mksh", OAKUM_SHELL_KSH},
    {"oksh", OAKUM_SHELL_KSH},
    {"pwsh", OAKUM_SHELL_POWERSHELL},
    {"pwsh-preview", OAKUM_SHELL_POWERSHELL},
    {"unknown", OAKUM_SHELL_UNKNOWN},
};

const char *oakum_shell_dialect_name(OakumShellDialect dialect)
{
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (names[i].dialect == dialect)
      return names[i].name;
  return "unknown";
}

gboolean oakum_shell_dialect_parse(const char *name, OakumShellDialect *out)
{
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (names[i].dialect != OAKUM_SHELL_UNKNOWN && strcmp(names[i].name, name) == 0) {
      *out = names[i].dialect;
      return TRUE;
    }
  return FALSE;
}

gboolean oakum_shell_dialect_readable(OakumShellDialect dialect)
{
  return dialect != OAKUM_SHELL_UNKNOWN && dialect != OAKUM_SHELL_POWERSHELL &&
         dialect != OAKUM_SHELL_CMD;
}

/* "C:\\x\\PWSH.exe" to "pwsh". */
static char *program(const char *path)
{
  const char *name = path;
  for (const char *c = path; *c; c++)
    if (*c == '/' || *c == '\\')
      name = c + 1;
  char *lower = g_ascii_strdown(name, -1);
  if (g_str_has_suffix(lower, ".exe"))
    lower[strlen(lower) - 4] = '\0';
  return lower;
}

OakumShellDialect oakum_shell_dialect_of(const char *const *shell_argv)
{
  const char *const *word = shell_argv;
  if (!*word)
    return OAKUM_SHELL_UNKNOWN;
  g_autofree char *first = program(*word);
  if (strcmp(first, "env") == 0) {
    for (word++; *word && ((*word)[0] == '-' || strchr(*word, '=')); word++)
      if (strcmp(*word, "-u") == 0 && word[1]) /* -S, the other one seen here, gives the program */
        word++;
    if (!*word)
      return OAKUM_SHELL_UNKNOWN;
    g_free(g_steal_pointer(&first));
    first = program(*word);
  }
  OakumShellDialect dialect;
  if (!oakum_shell_dialect_parse(first, &dialect))
    return OAKUM_SHELL_UNKNOWN;
  if (dialect == OAKUM_SHELL_BUSYBOX && word[1] && strcmp(word[1], "sh") != 0 &&
      strcmp(word[1], "ash") != 0 && strcmp(word[1], "hush") != 0)
    return OAKUM_SHELL_UNKNOWN; /* another of its programs */
  return dialect;
}

gboolean oakum_shell_dialect_of_script(const char *text, size_t len, OakumShellDialect *out)
{
  if (len < 2 || text[0] != '#' || text[1] != '!')
    return FALSE;
  const char *end = memchr(text, '\n', len);
  size_t line = MIN(end ? (size_t)(end - text) : len, 2 + (size_t)OAKUM_SHELL_PEEK_MAX);
  g_autofree char *copy = g_strndup(text + 2, line - 2); /* a NUL ends it */
  g_strdelimit(copy, "\t\r", ' ');
  g_auto(GStrv) words = g_strsplit(copy, " ", -1);
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  for (guint i = 0; words[i]; i++)
    if (*words[i])
      g_ptr_array_add(argv, words[i]);
  g_ptr_array_add(argv, NULL);
  *out = oakum_shell_dialect_of((const char *const *)(gpointer)argv->pdata);
  return TRUE;
}
