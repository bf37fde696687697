#include "cli/command.h"
#include "net/net.h"
#include <string.h>

gboolean oakum_option_next(OakumOptionIter *iter, const OakumCommand *command)
{
  if (!iter->command) {
    iter->command = command;
    iter->group = command->groups;
    iter->option = iter->group ? iter->group->options : NULL;
  } else {
    iter->option++;
  }
  for (;;) {
    if (iter->option && iter->option->name)
      return TRUE;
    if (iter->group && iter->group->options && (++iter->group)->options) {
      iter->option = iter->group->options;
      continue;
    }
    if (!iter->command->parent)
      return FALSE;
    iter->command = iter->command->parent;
    iter->group = iter->command->groups;
    iter->option = iter->group ? iter->group->options : NULL;
  }
}

char *oakum_option_variable(const OakumOption *option)
{
  g_autofree char *upper = g_ascii_strup(option->name, -1);
  return g_strconcat("OAKUM_", g_strdelimit(upper, "-", '_'), NULL);
}

char **oakum_option_choices(const OakumOption *option)
{
  return option->word && strchr(option->word, '|') ? g_strsplit(option->word, "|", -1) : NULL;
}

/* ---- slips of the keyboard
 * ------------------------------------------------------------------------ */
const char *oakum_cli_nearest(const char *word, GPtrArray *candidates)
{
  const char *nearest = NULL;
  guint best = 3; /* farther than two edits is no suggestion */
  for (guint i = 0; i < candidates->len; i++) {
    const char *candidate = candidates->pdata[i];
    guint d = oakum_edit_distance(word, candidate);
    if (d < best && d < strlen(candidate)) {
      best = d;
      nearest = candidate;
    }
  }
  return nearest;
}

void oakum_cli_unknown(GError **error, const char *what, const char *word, GPtrArray *candidates,
                       const char *else_text)
{
  g_autofree char *shown = oakum_escape_terminal(word, -1);
  const char *nearest = oakum_cli_nearest(word, candidates);
  if (nearest)
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "unknown %s \"%s\"; did you mean \"%s\"?", what, shown, nearest);
  else
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "unknown %s \"%s\"; %s", what, shown,
                else_text);
}

/* ---- values
 * --------------------------------------------------------------------------------------- */
typedef struct {
  const OakumCommand *command;
  void *args;
  GHashTable *given; /* options that have a value from a better source */
} Parse;

static void clear_value(const OakumOption *option, void *value)
{
  if (option->kind == OAKUM_OPTION_LIST)
    g_clear_pointer((GPtrArray **)value, g_ptr_array_unref);
  else if (option->kind != OAKUM_OPTION_FLAG)
    g_clear_pointer((char **)value, g_free);
}

static gboolean set(const OakumOption *option, size_t offset, const char *value, gpointer user)
{
  void *at = (char *)((Parse *)user)->args + offset;
  switch (option->kind) {
  case OAKUM_OPTION_FLAG:
    *(gboolean *)at = !value || (strcmp(value, "0") != 0 && strcmp(value, "false") != 0);
    break;
  case OAKUM_OPTION_LIST:
    if (!*(GPtrArray **)at)
      *(GPtrArray **)at = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(*(GPtrArray **)at, g_strdup(value));
    break;
  case OAKUM_OPTION_OPTIONAL:
  case OAKUM_OPTION_TEXT:
    clear_value(option, at);
    *(char **)at = g_strdup(value ? value : option->implied);
    break;
  }
  return TRUE;
}

void oakum_options_clear(const OakumCommand *command, void *args)
{
  OakumOptionIter iter = {NULL};
  while (oakum_option_next(&iter, command))
    clear_value(iter.option, (char *)args + iter.group->offset + iter.option->offset);
  for (const OakumCommand *c = command; c; c = c->parent)
    for (const OakumOptionGroup *group = c->groups; group && group->options; group++)
      if (group->options == oakum_general_options) {
        OakumGeneralArgs *general = (void *)((char *)args + group->offset);
        g_clear_pointer(&general->path, g_free);
        g_clear_pointer(&general->top, oakum_yaml_free);
      }
}

static void from_environment(Parse *p)
{
  OakumOptionIter iter = {NULL};
  while (oakum_option_next(&iter, p->command)) {
    g_autofree char *variable = oakum_option_variable(iter.option);
    const char *value = g_getenv(variable);
    size_t offset = iter.group->offset + iter.option->offset;
    if (!value || !*value || !g_hash_table_add(p->given, (gpointer)iter.option))
      continue;
    g_auto(GStrv) parts =
        iter.option->kind == OAKUM_OPTION_LIST ? g_strsplit(value, ",", -1) : NULL;
    for (char **part = parts; part && *part; part++)
      (void)!set(iter.option, offset, *part, p);
    if (!parts)
      (void)!set(iter.option, offset, value, p);
  }
}

/* ---- the command line
 * ----------------------------------------------------------------------------- */
/* The option that argv[*i] begins; *value is what it carries, from the next word if need be, and *i
 * goes there. NULL: not known. */
typedef struct {
  const OakumOption *option;
  size_t offset;
  const char *value;
  gboolean lacks_value;
} Found;

static Found find(const OakumCommand *command, int argc, char **argv, int *i)
{
  const char *word = argv[*i];
  gboolean is_long = word[1] == '-';
  const char *name = word + (is_long ? 2 : 1), *equals = is_long ? strchr(name, '=') : NULL;
  size_t n = equals ? (size_t)(equals - name) : strlen(name);
  OakumOptionIter iter = {NULL};
  while (oakum_option_next(&iter, command)) {
    const OakumOption *option = iter.option;
    if (is_long ? strlen(option->name) != n || strncmp(option->name, name, n) != 0
                : !option->letter || option->letter != name[0])
      continue;
    Found found = {option, iter.group->offset + option->offset,
                   equals                ? equals + 1
                   : !is_long && name[1] ? name + 1 + (name[1] == '=' && name[2]) /* -f=x is -f x */
                                         : NULL,
                   FALSE};
    gboolean wants = option->kind == OAKUM_OPTION_TEXT || option->kind == OAKUM_OPTION_LIST;
    if (wants && !found.value && *i + 1 < argc)
      found.value = argv[++*i];
    found.lacks_value = wants && !found.value;
    return found;
  }
  return (Found){NULL};
}

static void unknown_option(const OakumCommand *command, const char *word, GError **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *bare = g_strndup(word, strcspn(word, "=")), *path = oakum_command_path(command),
                  *text = g_strdup_printf("see %s --help", path);
  OakumOptionIter iter = {NULL};
  while (oakum_option_next(&iter, command))
    g_ptr_array_add(names, g_strconcat("--", iter.option->name, NULL));
  g_ptr_array_add(names, g_strdup("--help"));
  const char *nearest = bare[1] == '-' ? oakum_cli_nearest(bare, names) : NULL;
  g_autofree char *shown = oakum_escape_terminal(bare, -1);
  if (nearest)
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "unknown option %s; did you mean %s?",
                shown, nearest);
  else
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "unknown option %s; %s", shown, text);
}

static gboolean from_command_line(Parse *p, int argc, char **argv, GPtrArray *plain, GError **error)
{
  for (int i = 1; i < argc; i++) {
    char *word = argv[i];
    if (strcmp(word, "--") == 0) {
      while (++i < argc)
        g_ptr_array_add(plain, argv[i]);
      break;
    }
    if (word[0] != '-' || word[1] == '\0') {
      g_ptr_array_add(plain, word);
      continue;
    }
    Found found = find(p->command, argc, argv, &i);
    if (!found.option) {
      unknown_option(p->command, word, error);
      return FALSE;
    }
    if (found.lacks_value) {
      g_autofree char *shown = oakum_escape_terminal(word, -1);
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "option %s needs a value%s%s", shown,
                  found.option->word ? ": " : "", found.option->word ? found.option->word : "");
      return FALSE;
    }
    g_hash_table_add(p->given, (gpointer)found.option);
    (void)!set(found.option, found.offset, found.value, p);
  }
  return TRUE;
}

static gboolean from_file(Parse *p, GError **error)
{
  OakumOptionIter iter = {NULL};
  while (oakum_option_next(&iter, p->command))
    if (iter.group->options == oakum_general_options) {
      OakumGeneralArgs *general = (void *)((char *)p->args + iter.group->offset);
      gboolean ours =
          !p->command->foreign_config || !p->command->foreign_config(general->named, p->args);
      return oakum_config_load(general, ours, error) &&
             oakum_config_apply(general, p->command, p->given, set, p, error);
    }
  return TRUE;
}

gboolean oakum_options_parse(const OakumCommand *command, void *args, int argc, char **argv,
                             GPtrArray **rest, GError **error)
{
  g_autoptr(GPtrArray) plain = g_ptr_array_new();
  g_autoptr(GHashTable) given = g_hash_table_new(NULL, NULL);
  Parse p = {command, args, given};
  if (!from_command_line(&p, argc, argv, plain, error))
    return FALSE;
  from_environment(&p);
  if (!from_file(&p, error))
    return FALSE;
  if (command->parent && plain->len > 0)
    g_ptr_array_remove_index(plain, 0);
  *rest = g_steal_pointer(&plain);
  return TRUE;
}

/* ---- dispatch
 * ------------------------------------------------------------------------------------- */
/* The verb: the first word that is neither an option of the parent nor the value of one. */
static const char *first_plain(const OakumCommand *command, int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] != '-' || argv[i][1] == '\0')
      return argv[i];
    if (strcmp(argv[i], "--") == 0)
      return i + 1 < argc ? argv[i + 1] : NULL;
    (void)find(command, argc, argv, &i);
  }
  return NULL;
}

static gboolean wants_help(const OakumCommand *command, int argc, char **argv)
{
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
      return TRUE;
    if (argv[i][0] == '-' && argv[i][1])
      (void)find(command, argc, argv, &i);
    else if (command->raw)
      break;
  }
  return FALSE;
}

static const OakumCommand *look_up(const OakumCommand *const *list, const char *what,
                                   const char *word, const char *else_text, GError **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (; *list; list++) {
    if (strcmp((*list)->name, word) == 0 || g_strcmp0((*list)->alias, word) == 0)
      return *list;
    g_ptr_array_add(names, (gpointer)(*list)->name);
  }
  oakum_cli_unknown(error, what, word, names, else_text);
  return NULL;
}

static int complain(GError *error, const char *command)
{
  oakum_log(OAKUM_LOG_ERROR, "%s%s%s", command ? command : "", command ? ": " : "", error->message);
  return 1;
}

/* The exit status. */
static int print_help(const OakumCommand *command)
{
  g_autofree char *text = oakum_help_command(command);
  return fputs(text, stdout) < 0 || fflush(stdout) != 0;
}

int oakum_command_dispatch(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  const OakumCommand *command =
      look_up(oakum_commands, "command", argv[0], "oakum --help lists the commands", &error);
  if (!command)
    return complain(error, NULL);
  const char *verb = command->verbs ? first_plain(command, argc, argv) : NULL;
  if (g_strcmp0(verb, "help") == 0)
    return print_help(command);
  if (verb) {
    g_autofree char *text = g_strdup_printf("see oakum %s --help", command->name);
    const OakumCommand *child = look_up(command->verbs, "verb", verb, text, &error);
    if (!child)
      return complain(error, command->name);
    command = child;
  }
  if (wants_help(command, argc, argv))
    return print_help(command);
  if (command->builds)
    (void)oakum_net_load();
  if (command->run)
    return command->run(argc, argv);
  g_autoptr(GString) names = g_string_new(NULL);
  for (guint i = 0; command->verbs[i]; i++)
    g_string_append_printf(names, "%s%s",
                           !i                      ? ""
                           : command->verbs[i + 1] ? ", "
                                                   : " or ",
                           command->verbs[i]->name);
  g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "expected %s; see oakum %s --help",
              names->str, command->name);
  return complain(error, command->name);
}
