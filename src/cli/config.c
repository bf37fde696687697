/* oakum.yaml: values for options, by command. */
#include "cli/command.h"
#include "os/os.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

const OakumOption oakum_general_options[] = {
    {"config", 'c', OAKUM_OPTION_TEXT, offsetof(OakumGeneralArgs, named), "FILE",
     "configuration file; \"none\" reads none",
     "oakum.yaml here, else $XDG_CONFIG_HOME/oakum/oakum.yaml"},
    {0}};

static char *default_path(void)
{
  g_autofree char *home = g_build_filename(g_get_user_config_dir(), "oakum", "oakum.yaml", NULL);
  const char *const places[] = {"oakum.yaml", home};
  for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
    if (access(places[i], F_OK) == 0)
      return g_strdup(places[i]);
  return NULL;
}

gboolean oakum_config_load(OakumGeneralArgs *general, gboolean ours, GError **error)
{
  g_autofree char *text = NULL;
  size_t len;
  if (g_strcmp0(general->named, "none") == 0)
    return TRUE;
  general->path = general->named ? g_strdup(general->named) : ours ? default_path() : NULL;
  if (!general->path || !ours)
    return TRUE;
  if (!oakum_file_read(general->path, OAKUM_CONFIG_FILE_MAX, &text, &len, error)) {
    g_prefix_error(error, "configuration file: ");
    return FALSE;
  }
  general->top = oakum_yaml_parse(text, len, general->path, error);
  oakum_debug("configuration: %s", general->path);
  return general->top != NULL;
}

void oakum_config_error(const OakumGeneralArgs *general, const OakumYaml *at, GError **error,
                        const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s:%d:%d: %s", general->path, at->line,
              at->column, text);
}

/* ---- what there is
 * -------------------------------------------------------------------------------- */
typedef struct {
  const OakumGeneralArgs *general;
  const OakumCommand *command;
  GHashTable *given;
  OakumConfigSet set;
  gpointer user;
} Apply;

static gboolean unknown(const Apply *a, const OakumYaml *at, const char *what, GPtrArray *known,
                        const char *else_text, GError **error)
{
  g_autoptr(GError) inner = NULL;
  oakum_cli_unknown(&inner, what, at->text, known, else_text);
  oakum_config_error(a->general, at, error, "%s", inner->message);
  return FALSE;
}

static void add_options(const OakumOption *options, GPtrArray *names)
{
  for (; options && options->name && options != oakum_general_options; options++)
    g_ptr_array_add(names, (gpointer)options->name);
}

static void add_command(const OakumCommand *command, GPtrArray *names)
{
  for (const OakumOptionGroup *group = command->groups; group && group->options; group++)
    if (group->options != oakum_general_options)
      add_options(group->options, names);
  for (const char *const *key = command->sections; key && *key; key++)
    g_ptr_array_add(names, (gpointer)*key);
  for (const OakumCommand *const *verb = command->verbs; verb && *verb; verb++)
    add_command(*verb, names);
}

static gboolean contains(GPtrArray *names, const char *name)
{
  return g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL);
}

/* The groups with a section of their own, by name. */
static const OakumOptionGroup *shared_group(const OakumCommand *const *commands, const char *name)
{
  for (; commands && *commands; commands++) {
    for (const OakumOptionGroup *group = (*commands)->groups; group && group->options; group++)
      if (group->section && (!name || strcmp(group->section, name) == 0))
        return group;
    const OakumOptionGroup *found = shared_group((*commands)->verbs, name);
    if (found)
      return found;
  }
  return NULL;
}

/* All names that a section may hold; NULL: there is no such section. */
static GPtrArray *section_names(const char *section)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  const OakumOptionGroup *group = shared_group(oakum_commands, section);
  if (group)
    add_options(group->options, names);
  for (const OakumCommand *const *c = oakum_commands; *c; c++)
    if (strcmp((*c)->name, section) == 0 && ((*c)->groups || (*c)->verbs)) {
      add_command(*c, names);
      group = NULL;
    }
  return names->len ? g_steal_pointer(&names) : NULL;
}

/* ---- values
 * --------------------------------------------------------------------------------------- */
static gboolean set_list(const Apply *a, const OakumOption *option, size_t offset,
                         const OakumYaml *value, GError **error)
{
  for (guint i = 0; i < value->items->len; i++) {
    const OakumYaml *item = value->items->pdata[i],
                    *key = value->keys ? value->keys->pdata[i] : NULL;
    if (item->kind != OAKUM_YAML_SCALAR) {
      oakum_config_error(a->general, item, error, "expected one value here");
      return FALSE;
    }
    /* {NAME: value} is NAME=value; without a value the name stands alone, as on the command line */
    g_autofree char *pair = key && !oakum_yaml_is_null(item)
                                ? g_strconcat(key->text, "=", item->text, NULL)
                            : key ? g_strdup(key->text)
                                  : NULL;
    if (!a->set(option, offset, pair ? pair : item->text, a->user))
      return FALSE;
  }
  return TRUE;
}

static gboolean set_value(const Apply *a, const OakumOption *option, size_t offset,
                          const OakumYaml *value, GError **error)
{
  gboolean on;
  if (oakum_yaml_is_null(value))
    return TRUE;
  if (option->kind == OAKUM_OPTION_FLAG) {
    if (oakum_yaml_bool(value, &on))
      return a->set(option, offset, on ? NULL : "false", a->user);
    oakum_config_error(a->general, value, error, "\"%s\" takes true or false", option->name);
    return FALSE;
  }
  if (option->kind == OAKUM_OPTION_OPTIONAL && oakum_yaml_bool(value, &on))
    return !on || a->set(option, offset, NULL, a->user);
  if (value->kind == OAKUM_YAML_SCALAR && !*value->text && a->command && !a->command->takes_empty) {
    oakum_config_error(a->general, value, error, "\"%s\" needs a value, not an empty one",
                       option->name);
    return FALSE;
  }
  if (value->kind == OAKUM_YAML_SCALAR)
    return a->set(option, offset, value->text, a->user);
  if (option->kind == OAKUM_OPTION_LIST)
    return set_list(a, option, offset, value, error);
  oakum_config_error(a->general, value, error, "\"%s\" takes one value", option->name);
  return FALSE;
}

/* ---- the whole file
 * ------------------------------------------------------------------------------- */
static gboolean set_nothing(const OakumOption *option, size_t offset, const char *value,
                            gpointer user)
{
  return TRUE;
}

static const OakumOption *option_of(const OakumCommand *command, const char *name)
{
  OakumOptionIter iter = {NULL};
  while (oakum_option_next(&iter, command))
    if (strcmp(iter.option->name, name) == 0)
      return iter.option;
  return NULL;
}

static const OakumOption *find_option(const char *section, const char *name)
{
  for (const OakumCommand *const *c = oakum_commands; *c; c++)
    if (strcmp((*c)->name, section) == 0) {
      const OakumOption *found = option_of(*c, name);
      for (const OakumCommand *const *verb = (*c)->verbs; !found && verb && *verb; verb++)
        found = option_of(*verb, name);
      return found;
    }
  const OakumOptionGroup *group = shared_group(oakum_commands, section);
  for (const OakumOption *o = group ? group->options : NULL; o && o->name; o++)
    if (strcmp(o->name, name) == 0)
      return o;
  return NULL;
}

/* Whether it is no options' but read by who it is for. */
static gboolean owns_section(const char *name)
{
  for (const OakumCommand *const *c = oakum_commands; *c; c++)
    if (strcmp((*c)->name, name) == 0)
      return (*c)->own_section;
  return FALSE;
}

/* Whatever command runs: a slip of the keyboard in another one's section is told as well. */
static gboolean check(const Apply *a, const OakumYaml *top, GError **error)
{
  const Apply dry = {.general = a->general, .set = set_nothing};
  if (oakum_yaml_is_null(top))
    return TRUE;
  if (top->kind != OAKUM_YAML_MAP) {
    oakum_config_error(a->general, top, error, "expected sections, \"build: {threads: 2}\"");
    return FALSE;
  }
  for (guint i = 0; i < top->keys->len; i++) {
    const OakumYaml *key = top->keys->pdata[i], *section = top->items->pdata[i];
    if (owns_section(key->text))
      continue;
    g_autoptr(GPtrArray) names = section_names(key->text);
    if (!names) {
      g_autoptr(GPtrArray) sections = g_ptr_array_new();
      for (const OakumCommand *const *c = oakum_commands; *c; c++)
        if ((*c)->groups || (*c)->verbs || (*c)->own_section)
          g_ptr_array_add(sections, (gpointer)(*c)->name);
      const OakumOptionGroup *group = shared_group(oakum_commands, NULL);
      if (group)
        g_ptr_array_add(sections, (gpointer)group->section);
      return unknown(a, key, "section", sections, "sections are named after commands", error);
    }
    if (oakum_yaml_is_null(section))
      continue;
    if (section->kind != OAKUM_YAML_MAP) {
      oakum_config_error(a->general, section, error, "expected keys and values below \"%s\"",
                         key->text);
      return FALSE;
    }
    for (guint j = 0; j < section->keys->len; j++) {
      const OakumYaml *name = section->keys->pdata[j];
      if (!contains(names, name->text)) {
        g_autofree char *text = g_strdup_printf("\"%s\" has no such key", key->text);
        return unknown(a, name, "key", names, text, error);
      }
      const OakumOption *option = find_option(key->text, name->text);
      if (option && !set_value(&dry, option, 0, section->items->pdata[j], error))
        return FALSE;
    }
  }
  return TRUE;
}

gboolean oakum_config_apply(const OakumGeneralArgs *general, const OakumCommand *command,
                            GHashTable *given, OakumConfigSet set, gpointer user, GError **error)
{
  Apply a = {general, command, given, set, user};
  const OakumCommand *named = command->parent ? command->parent : command;
  const OakumYaml *own = named->own_section ? NULL : oakum_yaml_get(general->top, named->name);
  OakumOptionIter iter = {NULL};
  if (!general->top)
    return TRUE;
  if (!check(&a, general->top, error))
    return FALSE;
  while (oakum_option_next(&iter, command)) {
    const OakumOption *option = iter.option;
    const OakumYaml *value = oakum_yaml_get(own, option->name);
    if (!value && iter.group->section)
      value = oakum_yaml_get(oakum_yaml_get(general->top, iter.group->section), option->name);
    if (value && !g_hash_table_contains(given, option) &&
        !set_value(&a, option, iter.group->offset + option->offset, value, error))
      return FALSE;
  }
  return TRUE;
}
