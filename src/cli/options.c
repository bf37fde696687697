#include "cli/cli.h"
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

gboolean oakum_cli_takes(GError **error, const char *option, const char *takes, const char *value)
{
  g_autofree char *shown = oakum_escape_terminal(value, -1);
  GString *list = g_string_new(takes);
  const char *last = strrchr(takes, '|');
  if (last)
    g_string_replace(g_string_insert(g_string_erase(list, last - takes, 1), last - takes, " or "),
                     "|", ", ", 0);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s takes %s, not \"%s\"", option,
              list->str, shown);
  g_string_free(list, TRUE);
  return FALSE;
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

/* A value has been looked at before (is_taken): it cannot fail. */
static gboolean set(const OakumOption *option, size_t offset, const char *value, gpointer user)
{
  void *at = (char *)((Parse *)user)->args + offset;
  switch (option->kind) {
  case OAKUM_OPTION_FLAG:
    if (!value)
      *(gboolean *)at = TRUE;
    else
      (void)!oakum_option_switch(value, at);
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

gboolean oakum_option_switch(const char *value, gboolean *on)
{
  static const char *const yes[] = {"true", "1", "yes", "on", NULL}, *const no[] = {"false", "0",
                                                                                    "no", "off",
                                                                                    NULL};
  g_autofree char *lower = g_ascii_strdown(value, -1);
  *on = g_strv_contains(yes, lower);
  return *on || g_strv_contains(no, lower);
}

/* Whether an option may have this value, `said` being where it stands: a switch is on or off, and
 * an empty text is most often a variable of a script that is not set, so that what it should have
 * asked for would silently not hold. */
static gboolean is_taken(const Parse *p, const OakumOption *option, const char *said,
                         const char *value, GError **error)
{
  gboolean on;
  if (!value || (*value && option->kind != OAKUM_OPTION_FLAG))
    return TRUE;
  if (option->kind == OAKUM_OPTION_FLAG && oakum_option_switch(value, &on))
    return TRUE;
  if (!*value &&
      (p->command->takes_empty || (p->command->parent && p->command->parent->takes_empty)))
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(value, -1);
  if (option->kind == OAKUM_OPTION_FLAG)
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s takes true or false, not \"%s\"",
                said, shown);
  else
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s needs a value, not an empty one%s%s",
                said, option->word ? ": " : "", option->word ? option->word : "");
  return FALSE;
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

static gboolean from_environment(Parse *p, GError **error)
{
  OakumOptionIter iter = {NULL};
  while (oakum_option_next(&iter, p->command)) {
    g_autofree char *variable = oakum_option_variable(iter.option);
    const char *value = g_getenv(variable);
    size_t offset = iter.group->offset + iter.option->offset;
    if (!value || !*value || !g_hash_table_add(p->given, (gpointer)iter.option))
      continue;
    if (!is_taken(p, iter.option, variable, value, error))
      return FALSE;
    g_auto(GStrv) parts =
        iter.option->kind == OAKUM_OPTION_LIST ? g_strsplit(value, ",", -1) : NULL;
    for (char **part = parts; part && *part; part++)
      (void)!set(iter.option, offset, *part, p);
    if (!parts)
      (void)!set(iter.option, offset, value, p);
  }
  return TRUE;
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
  gsize next; /* short options in one word, "-vf x": where in it the next one stands; 0: none */
} Found;

/* `at`: where in a word of short options the one stands that is looked for; 1 at first. */
static Found find(const OakumCommand *command, int argc, char **argv, int *i, gsize at)
{
  const char *word = argv[*i];
  gboolean is_long = word[1] == '-' && at == 1;
  const char *name = word + (is_long ? 2 : at), *equals = is_long ? strchr(name, '=') : NULL;
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
                   FALSE, 0};
    gboolean wants = option->kind == OAKUM_OPTION_TEXT || option->kind == OAKUM_OPTION_LIST;
    if (!is_long && !wants && name[1] && name[1] != '=') {
      found.value = NULL;
      found.next = at + 1;
    }
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

/* The options of one word, which may be several short ones. */
static gboolean take_word(Parse *p, int argc, char **argv, int *i, GError **error)
{
  const char *word = argv[*i];
  for (gsize at = 1; at;) {
    Found found = find(p->command, argc, argv, i, at);
    if (!found.option) {
      unknown_option(p->command, word, error);
      return FALSE;
    }
    g_autofree char *said = found.option->letter && word[1] != '-'
                                ? g_strdup_printf("option -%c", found.option->letter)
                                : g_strdup_printf("option --%s", found.option->name);
    if (found.lacks_value) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s needs a value%s%s", said,
                  found.option->word ? ": " : "", found.option->word ? found.option->word : "");
      return FALSE;
    }
    if (!is_taken(p, found.option, said, found.value, error))
      return FALSE;
    g_hash_table_add(p->given, (gpointer)found.option);
    (void)!set(found.option, found.offset, found.value, p);
    at = found.next;
  }
  return TRUE;
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
    if (!take_word(p, argc, argv, &i, error))
      return FALSE;
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
  if (!from_command_line(&p, argc, argv, plain, error) || !from_environment(&p, error) ||
      !from_file(&p, error))
    return FALSE;
  for (const OakumCommand *c = command; c; c = c->parent)
    for (const OakumOptionGroup *group = c->groups; group && group->options; group++)
      if (group->check && !group->check((const char *)args + group->offset, error))
        return FALSE;
  if (command->parent && plain->len > 0)
    g_ptr_array_remove_index(plain, 0);
  *rest = g_steal_pointer(&plain);
  return TRUE;
}

/* ---- dispatch
 * ------------------------------------------------------------------------------------- */
/* Goes past the option that argv[*i] is, and its value; whether the command has it. */
static gboolean skip(const OakumCommand *command, int argc, char **argv, int *i)
{
  gsize at = 1;
  Found found;
  do {
    found = find(command, argc, argv, i, at);
  } while (found.option && (at = found.next));
  return found.option != NULL;
}

/* An option in front of the verb that neither the command nor one of its verbs has: what stands
 * behind it may be its value, and no verb. NULL: there is none. */
static const char *strange_option(const OakumCommand *command, int argc, char **argv)
{
  for (int i = 1; i < argc && argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--") != 0; i++) {
    const char *word = argv[i];
    int same = i;
    gboolean known =
        strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || skip(command, argc, argv, &i);
    for (const OakumCommand *const *verb = command->verbs; !known && *verb; verb++)
      known = skip(*verb, argc, argv, &same);
    if (!known)
      return word;
  }
  return NULL;
}

/* The verb: the first word that is neither an option of the parent nor the value of one. */
static const char *first_plain(const OakumCommand *command, int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] != '-' || argv[i][1] == '\0')
      return argv[i];
    if (strcmp(argv[i], "--") == 0)
      return i + 1 < argc ? argv[i + 1] : NULL;
    (void)skip(command, argc, argv, &i);
  }
  return NULL;
}

static gboolean wants_help(const OakumCommand *command, int argc, char **argv)
{
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
      return TRUE;
    if (argv[i][0] == '-' && argv[i][1])
      (void)skip(command, argc, argv, &i);
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

static int print_help(const OakumCommand *command)
{
  g_autofree char *text = oakum_help_command(command);
  (void)fputs(text, stdout); /* the caller looks at the stream */
  return OAKUM_EXIT_PASS;
}

static int help_of(char **words)
{
  g_autoptr(GError) error = NULL;
  if (!words[0]) {
    g_autofree char *text = oakum_help_program();
    (void)fputs(text, stdout);
    return OAKUM_EXIT_PASS;
  }
  const OakumCommand *command =
      look_up(oakum_commands, "command", words[0], "oakum --help lists the commands", &error);
  if (command && words[1] && command->verbs) {
    g_autofree char *text = g_strdup_printf("see oakum %s --help", command->name);
    command = look_up(command->verbs, "verb", words[1], text, &error);
  }
  return command ? print_help(command) : complain(error, NULL);
}

/* What stands in the place of a command and is none. */
static int not_a_command(const char *word)
{
  static const char *const asks[] = {"version", "-v", "-V", NULL};
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (const OakumCommand *const *c = oakum_commands; *c; c++)
    g_ptr_array_add(names, (gpointer)(*c)->name);
  g_ptr_array_add(names, (gpointer) "--version");
  g_ptr_array_add(names, (gpointer) "--help");
  if (g_strv_contains(asks, word))
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "unknown command \"%s\"; did you mean \"--version\"?", word);
  else
    oakum_cli_unknown(&error, "command", word, names, "oakum --help lists the commands");
  return complain(error, NULL);
}

int oakum_command_dispatch(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "help") == 0)
    return help_of(argv + 1);
  const OakumCommand *command = look_up(oakum_commands, "command", argv[0], "", NULL);
  if (!command)
    return not_a_command(argv[0]);
  const char *verb = command->verbs ? first_plain(command, argc, argv) : NULL;
  if (g_strcmp0(verb, "help") == 0)
    return print_help(command);
  if (verb) {
    g_autofree char *text = g_strdup_printf("see oakum %s --help", command->name);
    const OakumCommand *child = look_up(command->verbs, "verb", verb, text, &error);
    const char *strange = child ? NULL : strange_option(command, argc, argv);
    if (strange) {
      g_clear_error(&error);
      unknown_option(command, strange, &error);
    }
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
