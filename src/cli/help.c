/* Help pages, from the rows of the commands. 80 columns. */
#include "cli/command.h"
#include <string.h>

#define WIDTH 80
#define HELP_COLUMN 26

char *oakum_command_path(const OakumCommand *command)
{
  return command->parent ? g_strdup_printf("oakum %s %s", command->parent->name, command->name)
                         : g_strdup_printf("oakum %s", command->name);
}

char *oakum_command_synopsis(const OakumCommand *command)
{
  GString *text = g_string_new(NULL);
  OakumOptionIter iter = {NULL};
  if (command->verbs)
    g_string_append(text, command->run ? "[VERB] [OPTION]... " : "VERB ");
  else if (oakum_option_next(&iter, command))
    g_string_append(text, "[OPTION]... ");
  for (const OakumArgument *a = command->arguments; a && a->word; a++)
    g_string_append_printf(text, "%s ", a->word);
  if (text->len)
    g_string_truncate(text, text->len - 1);
  return g_string_free(text, FALSE);
}

/* Puts words behind what the line has already (`column` characters), and wraps to `indent`. Lines
 * that begin with two spaces stand as they are. */
static void wrap(GString *out, const char *text, guint column, guint indent)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    if (line != lines) {
      g_string_append_c(out, '\n');
      column = 0;
    }
    if (g_str_has_prefix(*line, "  ")) {
      g_string_append_printf(out, "%*s%s", (int)indent, "", *line);
      continue;
    }
    g_auto(GStrv) words = g_strsplit(*line, " ", -1);
    for (char **word = words; *word; word++) {
      guint n = (guint)g_utf8_strlen(*word, -1);
      if (!n)
        continue;
      if (column > indent && column + 1 + n > WIDTH - 1) {
        g_string_append_c(out, '\n');
        column = 0;
      }
      if (column < indent) {
        g_string_append_printf(out, "%*s", (int)(indent - column), "");
        column = indent;
      } else if (column > indent) {
        g_string_append_c(out, ' ');
        column++;
      }
      g_string_append(out, *word);
      column += n;
    }
  }
  g_string_append_c(out, '\n');
}

static void row(GString *out, const char *head, const char *text, guint indent)
{
  guint n = (guint)g_utf8_strlen(head, -1);
  g_string_append_printf(out, "  %s", head);
  if (n + 4 > indent) {
    g_string_append_c(out, '\n');
    n = 0;
    wrap(out, text, 0, indent);
  } else {
    g_string_append_printf(out, "%*s", (int)(indent - n - 2), "");
    wrap(out, text, indent, indent);
  }
}

/* Choices that would not fit into the line of the option stand in its text. */
static gboolean has_many_choices(const OakumOption *o)
{
  return o->word && strchr(o->word, '|') && strlen(o->word) > WIDTH - HELP_COLUMN;
}

/* "-f, --file FILE" */
static char *option_head(const OakumOption *o)
{
  g_autofree char *upper = g_ascii_strup(o->name, -1);
  char letter[] = {'-', o->letter, ',', ' ', 0};
  return g_strdup_printf("%s--%s%s%s%s", o->letter ? letter : "    ", o->name,
                         o->kind == OAKUM_OPTION_FLAG       ? ""
                         : o->kind == OAKUM_OPTION_OPTIONAL ? "[="
                                                            : " ",
                         o->kind == OAKUM_OPTION_FLAG || !o->word ? ""
                         : has_many_choices(o)                    ? upper
                                                                  : o->word,
                         o->kind == OAKUM_OPTION_OPTIONAL ? "]" : "");
}

static char *option_text(const OakumOption *o)
{
  GString *text = g_string_new(o->help);
  if (has_many_choices(o)) {
    g_auto(GStrv) choices = oakum_option_choices(o);
    g_autofree char *list = g_strjoinv(", ", choices);
    g_string_append_printf(text, ": %s", list);
  }
  if (o->kind == OAKUM_OPTION_LIST)
    g_string_append(text, "; may be repeated");
  if (o->fallback)
    g_string_append_printf(text, " (default: %s)", o->fallback);
  return g_string_free(text, FALSE);
}

static void option_rows(GString *out, const OakumCommand *command)
{
  const char *last = NULL; /* the options of a verb and of its parent stand together */
  for (const OakumCommand *c = command; c; c = c->parent)
    for (const OakumOptionGroup *group = c->groups; group && group->options; group++) {
      const char *title = group->title ? group->title : "Options";
      if (g_strcmp0(title, last) != 0)
        g_string_append_printf(out, "\n%s:\n", title);
      last = title;
      for (const OakumOption *o = group->options; o->name; o++) {
        g_autofree char *head = option_head(o), *text = option_text(o);
        row(out, head, text, HELP_COLUMN);
      }
    }
}

char *oakum_help_command(const OakumCommand *command)
{
  GString *out = g_string_new(NULL);
  g_autofree char *path = oakum_command_path(command), *synopsis = oakum_command_synopsis(command),
                  *head = g_strdup_printf("%s: %s", path, command->summary),
                  *usage = g_strdup_printf("Usage: %s %s", path, synopsis);
  wrap(out, head, 0, 0);
  g_string_append_c(out, '\n');
  wrap(out, usage, 0, 0);
  if (command->about) {
    g_string_append_c(out, '\n');
    wrap(out, command->about, 0, 0);
  }
  if (command->verbs)
    g_string_append(out, "\nVerbs:\n");
  for (const OakumCommand *const *verb = command->verbs; verb && *verb; verb++) {
    g_autofree char *args = oakum_command_synopsis(*verb),
                    *line = g_strdup_printf("%s%s%s", (*verb)->name, *args ? " " : "", args);
    row(out, line, (*verb)->summary, HELP_COLUMN);
  }
  if (command->arguments)
    g_string_append(out, "\nArguments:\n");
  for (const OakumArgument *a = command->arguments; a && a->word; a++)
    row(out, a->word, a->help, HELP_COLUMN);
  if (command->variables)
    g_string_append(out, "\nVariables:\n");
  for (const OakumForeignVariable *v = command->variables; v && v->name; v++) {
    g_autofree char *text =
        v->fallback ? g_strdup_printf("%s (default: %s)", v->help, v->fallback) : g_strdup(v->help);
    row(out, v->name, text, HELP_COLUMN);
  }
  option_rows(out, command);
  OakumOptionIter iter = {NULL};
  if (oakum_option_next(&iter, command)) {
    g_autofree char *variable = oakum_option_variable(iter.option);
    const OakumCommand *named = command->parent ? command->parent : command;
    g_autofree char *key = named->own_section
                               ? g_strdup(". The command line goes before the variable.")
                               : g_strdup_printf(" and a key of the section \"%s\" in the "
                                                 "configuration file. The command line goes before "
                                                 "the variable, the variable before the file.",
                                                 named->name);
    g_autofree char *text = g_strdup_printf("Each option is also a variable (--%s: %s)%s",
                                            iter.option->name, variable, key);
    g_string_append_c(out, '\n');
    wrap(out, text, 0, 0);
  }
  if (command->examples) {
    g_string_append(out, "\nExamples:\n");
    g_auto(GStrv) lines = g_strsplit(command->examples, "\n", -1);
    for (char **line = lines; *line && **line; line++)
      g_string_append_printf(out, "  %s\n", *line);
  }
  return g_string_free(out, FALSE);
}

char *oakum_help_program(void)
{
  GString *out = g_string_new("oakum: container images without holes\n\n"
                              "Usage: oakum COMMAND [ARGUMENT]...\n\nCommands:\n");
  for (const OakumCommand *const *c = oakum_commands; *c; c++)
    row(out, (*c)->name, (*c)->summary, 14);
  g_string_append(out, "\noakum COMMAND --help tells more; oakum --version prints the version.\n");
  return g_string_free(out, FALSE);
}
