#include "cli/cli.h"
#include <string.h>

static gboolean set(const OakumOption *option, const char *value, gboolean from_variable,
                    GError **error)
{
  switch (option->kind) {
  case OAKUM_OPTION_FLAG:
    *(gboolean *)option->value = !value || (strcmp(value, "0") != 0 && strcmp(value, "false") != 0);
    return TRUE;
  case OAKUM_OPTION_TEXT:
    g_free(*(char **)option->value);
    *(char **)option->value = g_strdup(value);
    return TRUE;
  case OAKUM_OPTION_LIST: {
    GPtrArray **list = option->value;
    if (!*list)
      *list = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) parts = from_variable ? g_strsplit(value, ",", -1) : NULL;
    for (char **part = parts; part && *part; part++)
      g_ptr_array_add(*list, g_strdup(*part));
    if (!parts)
      g_ptr_array_add(*list, g_strdup(value));
    return TRUE;
  }
  }
  return FALSE;
}

static gboolean from_environment(const OakumOption *options, GError **error)
{
  for (; options->name; options++) {
    g_autofree char *upper = g_ascii_strup(options->name, -1);
    g_autofree char *variable = g_strconcat("OAKUM_", g_strdelimit(upper, "-", '_'), NULL);
    const char *value = g_getenv(variable);
    if (value && *value && !set(options, value, TRUE, error))
      return FALSE;
  }
  return TRUE;
}

/* A list given on the command line replaces the one of the environment. */
static void forget_list(const OakumOption *option, GHashTable *seen)
{
  if (option->kind == OAKUM_OPTION_LIST && g_hash_table_add(seen, (gpointer)option->name) &&
      *(GPtrArray **)option->value)
    g_clear_pointer((GPtrArray **)option->value, g_ptr_array_unref);
}

gboolean oakum_options_parse(const OakumOption *options, int argc, char **argv, GPtrArray **rest,
                             GError **error)
{
  g_autoptr(GPtrArray) plain = g_ptr_array_new();
  g_autoptr(GHashTable) seen = oakum_str_map_new(NULL, NULL);
  if (!from_environment(options, error))
    return FALSE;
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i];
    if (strcmp(word, "--") == 0) {
      while (++i < argc)
        g_ptr_array_add(plain, argv[i]);
      break;
    }
    if (word[0] != '-' || word[1] == '\0') {
      g_ptr_array_add(plain, argv[i]);
      continue;
    }
    gboolean is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1), *equals = is_long ? strchr(name, '=') : NULL;
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const OakumOption *option = options;
    while (option->name &&
           !(is_long ? strlen(option->name) == n && strncmp(option->name, name, n) == 0
                     : option->letter && option->letter == name[0]))
      option++;
    g_autofree char *shown = oakum_escape_terminal(word, -1);
    if (!option->name) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "unknown option %s; see oakum %s --help", shown, argv[0]);
      return FALSE;
    }
    const char *value = equals ? equals + 1 : !is_long && name[1] ? name + 1 : NULL;
    if (option->kind != OAKUM_OPTION_FLAG && !value && i + 1 < argc)
      value = argv[++i];
    if (option->kind != OAKUM_OPTION_FLAG && !value) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "option %s needs a value", shown);
      return FALSE;
    }
    forget_list(option, seen);
    if (!set(option, value, FALSE, error))
      return FALSE;
  }
  *rest = g_steal_pointer(&plain);
  return TRUE;
}
