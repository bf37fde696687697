/* The one home of what a command is: its row holds all that help pages, man pages, completion,
 * variables, the configuration file and the parser of the command line need to know. */
#pragma once
#include "base/base.h"
#include "codec/codec.h"

OAKUM_DECLARE_ERROR(cli)
#define OAKUM_CLI_ERROR (oakum_cli_error_quark())

typedef enum {
  OAKUM_OPTION_FLAG,     /* gboolean */
  OAKUM_OPTION_TEXT,     /* char *: the last one given */
  OAKUM_OPTION_LIST,     /* GPtrArray * of owned char *: each one given; NULL: none */
  OAKUM_OPTION_OPTIONAL, /* char *: the value, only behind "=", may be left out: then `implied` */
} OakumOptionKind;

/* Each option is also the variable OAKUM_NAME ("build-arg": OAKUM_BUILD_ARG, a list splits at
 * commas) and the key "name" of the command's section in the configuration file. */
typedef struct {
  const char *name; /* long, without dashes */
  char letter;      /* short, or 0 */
  OakumOptionKind kind;
  size_t offset; /* of its value in the command's arguments */
  const char
      *word; /* what the value is: "FILE" and "DIR" complete as such, "a|b|c" are the choices */
  const char *help;     /* a sentence without its full stop */
  const char *fallback; /* what holds when it is not given, for the help pages; or NULL */
  const char *implied;  /* OPTIONAL */
} OakumOption;          /* a table ends with {0} */

/* Options that several commands share are one table, placed into the arguments of each. */
typedef struct {
  const char *title;   /* of the paragraph in help pages; NULL: "Options" */
  const char *section; /* section of the configuration file that serves all commands; NULL: none */
  const OakumOption *options;
  size_t offset; /* of the table's struct in the command's arguments */
  /* looks at that struct when all values are there: a slip is told before any work; NULL: nothing
   * to look at */
  gboolean (*check)(const void *args, GError **error);
} OakumOptionGroup; /* a list ends with {0} */

typedef struct {
  const char *word, *help; /* "DIR", "IMAGE"; "FILE..." may be repeated */
} OakumArgument;           /* a table ends with {0} */

/* Variables that a command reads and that are no options: another program's. */
typedef struct {
  const char *name, *help;
  const char *fallback; /* what holds when it is not set, for the help pages; or NULL */
} OakumForeignVariable; /* a table ends with {0} */

typedef struct OakumCommand OakumCommand;
struct OakumCommand {
  const char *name, *summary;
  const char *alias; /* the name of a program that it stands in for, which names it too; or NULL */
  const char *about; /* paragraphs behind the usage; an empty line between them; or NULL */
  const OakumArgument *arguments;        /* NULL: none */
  const OakumForeignVariable *variables; /* NULL: none */
  const OakumOptionGroup *groups;        /* NULL: no options */
  size_t size;                           /* of the arguments' struct */
  const char *const *sections;           /* keys of its section that are no options; NULL: none */
  gboolean own_section;                  /* its section holds no options: it is read otherwise */
  gboolean takes_empty;                  /* an option with an empty value is one not given */
  gboolean builds;                       /* it may replace the files that libraries lie in */
  const char *examples;                  /* lines */
  const OakumCommand *const *verbs;      /* "oakum NAME VERB"; ends with NULL */
  const OakumCommand *parent;            /* of a verb */
  /* whether --config names a file of a peer, which the command reads itself; NULL: never */
  gboolean (*foreign_config)(const char *path, const void *args);
  gboolean raw;                      /* its words are not ours to parse: no --help, no options */
  int (*run)(int argc, char **argv); /* argv[0] is the command's (for a verb its parent's) name;
                                        returns the exit status; NULL when it has verbs */
};

/* All commands, in the order of the help page; ends with NULL. */
extern const OakumCommand *const oakum_commands[];

/* Runs what the words (behind the program's name) ask for; returns the exit status. `argv` ends
 * with NULL. What was printed may still be on its way to standard output: main looks whether it
 * came there. */
NODISCARD int oakum_command_dispatch(int argc, char **argv);

/* ---- options
 * ------------------------------------------------------------------------------------- */
/* Fills `args` (zeroed, command->size bytes, to be cleared by oakum_options_clear also on error)
 * from the command line, then from variables, then from the configuration file: the first that has
 * a value wins, for lists as a whole. Options may stand anywhere; "--" ends them. What is no option
 * is given as *rest (new array of borrowed strings), without the verb. */
NODISCARD gboolean oakum_options_parse(const OakumCommand *command, void *args, int argc,
                                       char **argv, GPtrArray **rest, GError **error);
void oakum_options_clear(const OakumCommand *command, void *args);

/* Walks all options of a command, its parent's included: begin with a zeroed iterator. */
typedef struct {
  const OakumCommand *command;
  const OakumOptionGroup *group;
  const OakumOption *option;
} OakumOptionIter;
NODISCARD gboolean oakum_option_next(OakumOptionIter *iter, const OakumCommand *command);
/* "OAKUM_BUILD_ARG"; new string. */
NODISCARD char *oakum_option_variable(const OakumOption *option);
/* "true", "yes", "on", "1", or the opposite; FALSE: neither. */
NODISCARD gboolean oakum_option_switch(const char *value, gboolean *on);
/* "a|b" split, or NULL when the word is no list of choices; new. */
NODISCARD char **oakum_option_choices(const OakumOption *option);

/* The candidate that `word` is a slip of the keyboard away from, or NULL. */
NODISCARD const char *oakum_cli_nearest(const char *word, GPtrArray *candidates);
/* USAGE: `what` "word"; did you mean "…"?, or `else_text`. */
void oakum_cli_unknown(GError **error, const char *what, const char *word, GPtrArray *candidates,
                       const char *else_text);

/* USAGE: `option` takes `takes` ("a|b|c" is told as a list), not "value". Returns FALSE. */
gboolean oakum_cli_takes(GError **error, const char *option, const char *takes, const char *value);

/* ---- configuration file
 * ----------------------------------------------------------------------------- *
 * YAML: a section a command, its keys the names of options, and sections that groups share. The
 * file is
 * --config, else $OAKUM_CONFIG, else oakum.yaml here, else $XDG_CONFIG_HOME/oakum/oakum.yaml;
 * "none" reads none. */
typedef struct {
  char *named;    /* --config */
  char *path;     /* what was read; NULL: there is none */
  OakumYaml *top; /* NULL: there is none, or it is not ours */
} OakumGeneralArgs;
/* --config; a command that has options has this group, too, wherever it likes. */
extern const OakumOption oakum_general_options[];
#define OAKUM_GENERAL_GROUP(args, member)                                                          \
  {                                                                                                \
    "General", NULL, oakum_general_options, offsetof(args, member)                                 \
  }
/* Finds and reads the file. `ours` FALSE: only its name is wanted, and it must be there. */
NODISCARD gboolean oakum_config_load(OakumGeneralArgs *general, gboolean ours, GError **error);
/* Calls `set` with each value that the file has for options of the command that are not in `given`
 * (a set of OakumOption *); a list comes value by value. Unknown sections and keys are errors with
 * their place, whatever command they are of. */
typedef gboolean (*OakumConfigSet)(const OakumOption *option, size_t offset, const char *value,
                                   gpointer user);
NODISCARD gboolean oakum_config_apply(const OakumGeneralArgs *general, const OakumCommand *command,
                                      GHashTable *given, OakumConfigSet set, gpointer user,
                                      GError **error);
/* USAGE: "file:line:column: text" about a node of the file. */
void oakum_config_error(const OakumGeneralArgs *general, const OakumYaml *at, GError **error,
                        const char *format, ...) G_GNUC_PRINTF(4, 5);

/* ---- pages
 * ----------------------------------------------------------------------------------------- */
NODISCARD char *oakum_help_program(void);                        /* oakum --help */
NODISCARD char *oakum_help_command(const OakumCommand *command); /* 80 columns */
/* "oakum db import"; new string. */
NODISCARD char *oakum_command_path(const OakumCommand *command);
/* "[OPTION]... DIR"; new string. */
NODISCARD char *oakum_command_synopsis(const OakumCommand *command);
