/* Manual pages in roff (man(7)), from the rows of the commands. */
#include "cli/cli.h"
#include <stdio.h>
#include <string.h>

/* Backslashes, dashes that are to be copied, and lines that would be requests. */
static void escape(GString *out, const char *text)
{
  for (const char *p = text; *p; p++) {
    gboolean begins = p == text || p[-1] == '\n';
    if (*p == '\\')
      g_string_append(out, "\\e");
    else if (*p == '-')
      g_string_append(out, "\\-");
    else if (*p == '|') /* a long row of choices may be broken here */
      g_string_append(out, "|\\:");
    else if (begins && (*p == '.' || *p == '\''))
      g_string_append_printf(out, "\\&%c", *p);
    else
      g_string_append_c(out, *p);
  }
}

static void section(GString *out, const char *title)
{
  g_autofree char *upper = g_ascii_strup(title, -1);
  g_string_append_printf(out, ".SH %s\n", upper);
}

/* Paragraphs; lines that begin with two spaces keep their shape. */
static void paragraphs(GString *out, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  gboolean kept = FALSE;
  for (char **line = lines; *line; line++) {
    gboolean keep = g_str_has_prefix(*line, "  ");
    if (keep != kept)
      g_string_append(out, keep ? ".nf\n" : ".fi\n");
    kept = keep;
    if (!**line)
      g_string_append(out, ".PP\n");
    else
      escape(out, *line);
    if (**line)
      g_string_append_c(out, '\n');
  }
  if (kept)
    g_string_append(out, ".fi\n");
}

static void option(GString *out, const OakumOption *o)
{
  g_string_append(out, ".TP\n");
  if (o->letter)
    g_string_append_printf(out, "\\fB\\-%c\\fR, ", o->letter);
  g_string_append(out, "\\fB\\-\\-");
  escape(out, o->name);
  g_string_append(out, "\\fR");
  if (o->kind != OAKUM_OPTION_FLAG && o->word) {
    g_string_append(out, o->kind == OAKUM_OPTION_OPTIONAL ? "[=\\fI" : " \\fI");
    escape(out, o->word);
    g_string_append(out, o->kind == OAKUM_OPTION_OPTIONAL ? "\\fR]" : "\\fR");
  }
  g_string_append_c(out, '\n');
  escape(out, o->help);
  g_string_append(out, o->kind == OAKUM_OPTION_LIST ? "; may be repeated." : ".");
  if (o->fallback) {
    g_string_append(out, " Default: ");
    escape(out, o->fallback);
    g_string_append_c(out, '.');
  }
  g_string_append_c(out, '\n');
}

static void head(GString *out, const char *path, const char *summary)
{
  g_autofree char *name = g_strdelimit(g_strdup(path), " ", '-'), *upper = g_ascii_strup(name, -1);
  g_string_append(out, ".TH ");
  escape(out, upper);
  g_string_append_printf(out, " 1 \"\" \"oakum %s\" \"User Commands\"\n.ad l\n.SH NAME\n",
                         OAKUM_VERSION);
  escape(out, name);
  g_string_append(out, " \\- ");
  escape(out, summary);
  g_string_append_c(out, '\n');
}

static void options(GString *out, const OakumCommand *command)
{
  for (const OakumOptionGroup *group = command->groups; group && group->options; group++) {
    section(out, group->title ? group->title : "Options");
    for (const OakumOption *o = group->options; o->name; o++)
      option(out, o);
  }
}

static void variables(GString *out, const OakumCommand *command)
{
  for (const OakumForeignVariable *v = command->variables; v && v->name; v++) {
    g_string_append(out, ".TP\n\\fB");
    escape(out, v->name);
    g_string_append(out, "\\fR\n");
    escape(out, v->help);
    g_string_append_c(out, '.');
    if (v->fallback) {
      g_string_append(out, " Default: ");
      escape(out, v->fallback);
      g_string_append_c(out, '.');
    }
    g_string_append_c(out, '\n');
  }
}

static char *command_page(const OakumCommand *command)
{
  GString *out = g_string_new(NULL);
  g_autofree char *path = oakum_command_path(command), *synopsis = oakum_command_synopsis(command);
  head(out, path, command->summary);
  g_string_append_printf(out, ".SH SYNOPSIS\n\\fB%s\\fR ", path);
  escape(out, synopsis);
  g_string_append_c(out, '\n');
  if (command->about) {
    section(out, "description");
    paragraphs(out, command->about);
  }
  if (command->arguments)
    section(out, "arguments");
  for (const OakumArgument *a = command->arguments; a && a->word; a++) {
    g_string_append_printf(out, ".TP\n\\fI%s\\fR\n", a->word);
    escape(out, a->help);
    g_string_append(out, ".\n");
  }
  for (const OakumCommand *const *verb = command->verbs; verb && *verb; verb++) {
    g_autofree char *words = oakum_command_synopsis(*verb);
    if (verb == command->verbs)
      section(out, "verbs");
    g_string_append_printf(out, ".SS %s ", (*verb)->name);
    escape(out, words);
    g_string_append_c(out, '\n');
    escape(out, (*verb)->summary);
    g_string_append(out, ".\n");
    for (const OakumOptionGroup *group = (*verb)->groups; group && group->options; group++)
      for (const OakumOption *o = group->options; o->name; o++)
        option(out, o);
    variables(out, *verb);
  }
  options(out, command);
  variables(out, command);
  section(out, "environment");
  paragraphs(out,
             "Each option is also a variable: its name in capitals behind OAKUM_, dashes written "
             "as underscores. The command line goes before the variable, the variable before the "
             "configuration file.");
  if (command->examples) {
    section(out, "examples");
    g_string_append(out, ".nf\n");
    escape(out, command->examples);
    g_string_append(out, ".fi\n");
  }
  section(out, "see also");
  g_string_append(out, "\\fBoakum\\fR(1)\n");
  return g_string_free(out, FALSE);
}

static char *program_page(void)
{
  GString *out = g_string_new(NULL);
  head(out, "oakum", "container images without holes");
  g_string_append(out, ".SH SYNOPSIS\n\\fBoakum\\fR \\fICOMMAND\\fR [ARGUMENT]...\n");
  section(out, "commands");
  for (const OakumCommand *const *c = oakum_commands; *c; c++) {
    g_string_append_printf(out, ".TP\n\\fBoakum\\-%s\\fR(1)\n", (*c)->name);
    escape(out, (*c)->summary);
    g_string_append(out, ".\n");
  }
  section(out, "configuration file");
  paragraphs(
      out,
      "YAML. Its sections are the names of commands, their keys the names of options. A list may "
      "also be written as names and values. What several commands share stands in a section "
      "of its own (registry).\n\n  build:\n    threads: 2\n    build-arg: {BASE: debian:12}\n"
      "  registry:\n    mirror: {docker.io: mirror.example}\n\n"
      "The file is the one of --config, else $OAKUM_CONFIG, else oakum.yaml in the working "
      "directory, else oakum/oakum.yaml below $XDG_CONFIG_HOME (~/.config). \"none\" reads "
      "none.");
  section(out, "exit status");
  paragraphs(out, "0 pass, 1 error, 2 the gate refused, 3 something could not be judged.");
  return g_string_free(out, FALSE);
}

static int run(int argc, char **argv)
{
  if (argc > 2) {
    oakum_log(OAKUM_LOG_ERROR, "man: expected one command; see oakum man --help");
    return OAKUM_EXIT_ERROR;
  }
  g_autofree char *page = argc == 1 ? program_page() : NULL;
  for (const OakumCommand *const *c = oakum_commands; !page && *c; c++)
    if (strcmp((*c)->name, argv[1]) == 0)
      page = command_page(*c);
  if (!page) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const OakumCommand *const *c = oakum_commands; *c; c++)
      g_ptr_array_add(names, (gpointer)(*c)->name);
    oakum_cli_unknown(&error, "command", argv[1], names, "oakum --help lists the commands");
    oakum_log(OAKUM_LOG_ERROR, "man: %s", error->message);
    return OAKUM_EXIT_ERROR;
  }
  (void)fputs(page, stdout);
  return OAKUM_EXIT_PASS;
}

static const OakumArgument arguments[] = {
    {"[COMMAND]", "the command whose page is wanted; without it the page of the whole program"},
    {0}};

const OakumCommand oakum_cmd_man = {
    .name = "man",
    .summary = "print a manual page in roff",
    .arguments = arguments,
    .examples = "oakum man build | man -l -\n",
    .run = run,
};
