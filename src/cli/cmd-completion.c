/* Completion for shells: plain lists, from the rows of the commands. */
#include "cli/cli.h"
#include <stdio.h>
#include <string.h>

/* What a value completes to: files, folders, words (blank-separated, new string), or nothing. */
typedef enum { NOTHING, FILES, FOLDERS, WORDS } Kind;

static Kind value_kind(const OakumOption *o, char **words)
{
  g_auto(GStrv) choices = oakum_option_choices(o);
  *words = choices ? g_strjoinv(" ", choices) : NULL;
  if (choices)
    return WORDS;
  return g_strcmp0(o->word, "FILE") == 0  ? FILES
         : g_strcmp0(o->word, "DIR") == 0 ? FOLDERS
                                          : NOTHING;
}

static gboolean takes_value(const OakumOption *o)
{
  return o->kind == OAKUM_OPTION_TEXT || o->kind == OAKUM_OPTION_LIST;
}

static void names(GString *out, const OakumCommand *command)
{
  OakumOptionIter iter = {NULL};
  while (oakum_option_next(&iter, command))
    g_string_append_printf(out, "--%s ", iter.option->name);
  g_string_append(out, "--help");
}

/* ---- bash
 * ---------------------------------------------------------------------------------------- */
static void bash_values(GString *out, const OakumCommand *command)
{
  OakumOptionIter iter = {NULL};
  while (oakum_option_next(&iter, command)) {
    const OakumOption *o = iter.option;
    g_autofree char *words = NULL;
    if (!takes_value(o))
      continue;
    g_string_append_printf(out, "        --%s", o->name);
    if (o->letter)
      g_string_append_printf(out, "|-%c", o->letter);
    switch (value_kind(o, &words)) {
    case WORDS:
      g_string_append_printf(out, ") COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n",
                             words);
      break;
    case FOLDERS:
      g_string_append(out,
                      ") compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n");
      break;
    case FILES:
      g_string_append(out,
                      ") compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n");
      break;
    case NOTHING:
      g_string_append(out, ") return ;;\n");
    }
  }
}

static void bash_case(GString *out, const OakumCommand *command)
{
  g_string_append_printf(out, "    %s%s%s)\n", command->parent ? command->parent->name : "",
                         command->parent ? "." : "", command->name);
  g_string_append(out, "      case \"$prev\" in\n");
  bash_values(out, command);
  g_string_append(out, "      esac\n      words='");
  names(out, command);
  g_string_append(out, "'\n      verbs='");
  for (const OakumCommand *const *verb = command->verbs; verb && *verb; verb++)
    g_string_append_printf(out, "%s%s", verb == command->verbs ? "" : " ", (*verb)->name);
  g_string_append(out, "' ;;\n");
  for (const OakumCommand *const *verb = command->verbs; verb && *verb; verb++)
    bash_case(out, *verb);
}

static void bash(GString *out)
{
  g_string_append(out, "# bash completion of oakum; made by \"oakum completion bash\"\n"
                       "_oakum() {\n"
                       "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                       "  local at=${COMP_WORDS[1]} words='' verbs='' word\n"
                       "  COMPREPLY=()\n"
                       "  if ((COMP_CWORD == 1)); then\n    COMPREPLY=($(compgen -W '");
  for (const OakumCommand *const *c = oakum_commands; *c; c++)
    g_string_append_printf(out, "%s ", (*c)->name);
  g_string_append(out, "--help --version' -- \"$cur\"))\n    return\n  fi\n"
                       "  case $at in\n");
  for (const OakumCommand *const *c = oakum_commands; *c; c++) {
    if (!(*c)->verbs)
      continue;
    g_string_append_printf(
        out, "    %s) for word in \"${COMP_WORDS[@]:2:COMP_CWORD-2}\"; do case $word in ",
        (*c)->name);
    for (const OakumCommand *const *verb = (*c)->verbs; *verb; verb++)
      g_string_append_printf(out, "%s%s", verb == (*c)->verbs ? "" : "|", (*verb)->name);
    g_string_append_printf(out, ") at=%s.$word; break ;; esac; done ;;\n", (*c)->name);
  }
  g_string_append(out, "  esac\n  case $at in\n");
  for (const OakumCommand *const *c = oakum_commands; *c; c++)
    bash_case(out, *c);
  g_string_append(out, "  esac\n"
                       "  case \"$cur\" in\n"
                       "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
                       "    *) if [[ -n $verbs ]]; then\n"
                       "         COMPREPLY=($(compgen -W \"$verbs\" -- \"$cur\"))\n"
                       "       else\n"
                       "         compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                       "       fi ;;\n"
                       "  esac\n}\ncomplete -F _oakum oakum\n");
}

/* ---- zsh
 * ----------------------------------------------------------------------------------------- */
/* Inside '…' of an _arguments specification. */
static char *zsh_text(const char *text)
{
  GString *out = g_string_new(NULL);
  for (; *text; text++) {
    if (strchr("[]:\\", *text))
      g_string_append_c(out, '\\');
    if (*text == '\'')
      g_string_append(out, "'\\''");
    else
      g_string_append_c(out, *text);
  }
  return g_string_free(out, FALSE);
}

static void zsh_options(GString *out, const OakumCommand *command)
{
  OakumOptionIter iter = {NULL};
  while (oakum_option_next(&iter, command)) {
    const OakumOption *o = iter.option;
    g_autofree char *words = NULL, *help = zsh_text(o->help);
    Kind kind = value_kind(o, &words);
    for (int letter = 0; letter <= (o->letter != 0); letter++) {
      g_autofree char *name =
          letter ? g_strdup_printf("-%c", o->letter) : g_strconcat("--", o->name, NULL);
      g_string_append_printf(out, " \\\n        '%s%s%s[%s]",
                             o->kind == OAKUM_OPTION_LIST ? "*" : "", name,
                             o->kind == OAKUM_OPTION_OPTIONAL ? "=-"
                             : takes_value(o) && letter       ? "+"
                             : takes_value(o)                 ? "="
                                                              : "",
                             help);
      if (o->kind != OAKUM_OPTION_FLAG) {
        g_autofree char *word = zsh_text(kind == WORDS ? "value" : o->word ? o->word : "value");
        g_string_append_printf(out, ":%s%s:", o->kind == OAKUM_OPTION_OPTIONAL ? ":" : "", word);
        if (kind == WORDS)
          g_string_append_printf(out, "(%s)", words);
        else if (kind != NOTHING)
          g_string_append(out, kind == FILES ? "_files" : "_files -/");
      }
      g_string_append_c(out, '\'');
    }
  }
  g_string_append(out, " \\\n        '--help[print a help page]'");
}

static void zsh_case(GString *out, const OakumCommand *command)
{
  g_string_append_printf(out, "    %s%s%s)\n      _arguments",
                         command->parent ? command->parent->name : "", command->parent ? "." : "",
                         command->name);
  zsh_options(out, command);
  if (command->verbs) {
    g_string_append(out, " \\\n        '1:verb:(");
    for (const OakumCommand *const *verb = command->verbs; *verb; verb++)
      g_string_append_printf(out, "%s%s", verb == command->verbs ? "" : " ", (*verb)->name);
    g_string_append(out, ")'");
  } else {
    g_string_append(out, " \\\n        '*:file:_files'");
  }
  g_string_append(out, " ;;\n");
  for (const OakumCommand *const *verb = command->verbs; verb && *verb; verb++)
    zsh_case(out, *verb);
}

static void zsh(GString *out)
{
  g_string_append(out, "#compdef oakum\n# made by \"oakum completion zsh\"\n_oakum() {\n"
                       "  local at=$words[2] word\n"
                       "  if ((CURRENT == 2)); then\n    local -a commands=(");
  for (const OakumCommand *const *c = oakum_commands; *c; c++) {
    g_autofree char *text = zsh_text((*c)->summary);
    g_string_append_printf(out, "\n      '%s:%s'", (*c)->name, text);
  }
  g_string_append(out, ")\n    _describe command commands\n    return\n  fi\n  case $at in\n");
  for (const OakumCommand *const *c = oakum_commands; *c; c++) {
    if (!(*c)->verbs)
      continue;
    g_string_append_printf(out, "    %s) for word in $words[3,CURRENT-1]; do case $word in ",
                           (*c)->name);
    for (const OakumCommand *const *verb = (*c)->verbs; *verb; verb++)
      g_string_append_printf(out, "%s%s", verb == (*c)->verbs ? "" : "|", (*verb)->name);
    g_string_append_printf(out, ") at=%s.$word; break ;; esac; done ;;\n", (*c)->name);
  }
  g_string_append(out, "  esac\n  shift words; ((CURRENT--))\n  case $at in\n");
  for (const OakumCommand *const *c = oakum_commands; *c; c++)
    zsh_case(out, *c);
  g_string_append(out, "  esac\n}\n_oakum \"$@\"\n");
}

/* ---- fish
 * ---------------------------------------------------------------------------------------- */
static char *fish_text(const char *text)
{
  GString *out = g_string_new(NULL);
  for (; *text; text++) {
    if (*text == '\'' || *text == '\\')
      g_string_append_c(out, '\\');
    g_string_append_c(out, *text);
  }
  return g_string_free(out, FALSE);
}

static void fish_options(GString *out, const OakumCommand *command)
{
  const OakumCommand *top = command->parent ? command->parent : command;
  g_autofree char *when =
      command->parent
          ? g_strdup_printf("__fish_seen_subcommand_from %s; and __fish_seen_subcommand_from %s",
                            top->name, command->name)
          : g_strdup_printf("__fish_seen_subcommand_from %s", top->name);
  for (const OakumOptionGroup *group = command->groups; group && group->options; group++)
    for (const OakumOption *o = group->options; o->name; o++) {
      g_autofree char *words = NULL, *help = fish_text(o->help);
      Kind kind = value_kind(o, &words);
      g_string_append_printf(out, "complete -c oakum -n '%s' -l %s", when, o->name);
      if (o->letter)
        g_string_append_printf(out, " -s %c", o->letter);
      if (takes_value(o))
        g_string_append(out, " -r");
      if (kind == WORDS)
        g_string_append_printf(out, " -f -a '%s'", words);
      else if (kind == FOLDERS)
        g_string_append(out, " -f -a '(__fish_complete_directories)'");
      else if (kind == FILES)
        g_string_append(out, " -F");
      g_string_append_printf(out, " -d '%s'\n", help);
    }
}

static void fish(GString *out)
{
  g_string_append(out, "# fish completion of oakum; made by \"oakum completion fish\"\n");
  for (const OakumCommand *const *c = oakum_commands; *c; c++) {
    g_autofree char *text = fish_text((*c)->summary);
    g_string_append_printf(out, "complete -c oakum -f -n __fish_use_subcommand -a %s -d '%s'\n",
                           (*c)->name, text);
    for (const OakumCommand *const *verb = (*c)->verbs; verb && *verb; verb++) {
      g_autofree char *about = fish_text((*verb)->summary);
      g_string_append_printf(
          out, "complete -c oakum -f -n '__fish_seen_subcommand_from %s' -a %s -d '%s'\n",
          (*c)->name, (*verb)->name, about);
      fish_options(out, *verb);
    }
    fish_options(out, *c);
  }
}

static int run(int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*write)(GString *out);
  } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
  for (size_t i = 0; argc == 2 && i < G_N_ELEMENTS(shells); i++)
    if (strcmp(argv[1], shells[i].name) == 0) {
      g_autoptr(GString) out = g_string_new(NULL);
      shells[i].write(out);
      (void)fputs(out->str, stdout);
      return OAKUM_EXIT_PASS;
    }
  oakum_log(OAKUM_LOG_ERROR, "completion: expected bash, zsh or fish; see oakum completion --help");
  return OAKUM_EXIT_ERROR;
}

static const OakumArgument arguments[] = {{"SHELL", "bash, zsh or fish"}, {0}};

const OakumCommand oakum_cmd_completion = {
    .name = "completion",
    .summary = "print what a shell needs to complete oakum's words",
    .arguments = arguments,
    .examples = "oakum completion bash > /etc/bash_completion.d/oakum\n"
                "oakum completion zsh > ~/.zfunc/_oakum\n"
                "oakum completion fish > ~/.config/fish/completions/oakum.fish\n",
    .run = run,
};
