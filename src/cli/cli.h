/* cli: the command table. The only module that prints results and decides exit codes. */
#pragma once
#include "base/base.h"
#include "image/image.h"
#include <stdio.h>

OAKUM_DECLARE_ERROR(cli)
#define OAKUM_CLI_ERROR (oakum_cli_error_quark())

typedef enum {
  OAKUM_EXIT_PASS = 0,
  OAKUM_EXIT_ERROR = 1,
  OAKUM_EXIT_GATE = 2,       /* the gate refused */
  OAKUM_EXIT_INCOMPLETE = 3, /* something could not be judged */
} OakumExit;

typedef struct {
  const char *name, *summary;
  const char *usage;                 /* behind "oakum NAME" */
  const char *examples;              /* lines, each indented by two spaces */
  int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit status */
} OakumCommand;

/* `oakum debug`: shows what the parts make of an input, for tests and for bug reports. */
extern const OakumCommand oakum_cmd_debug;
extern const OakumCommand oakum_cmd_build;
extern const OakumCommand oakum_cmd_doctor;
extern const OakumCommand oakum_cmd_store;
extern const OakumCommand oakum_cmd_scan;
extern const OakumCommand oakum_cmd_db;
extern const OakumCommand oakum_cmd_lint;
extern const OakumCommand oakum_cmd_ship;

/* The parts of `oakum debug` that speak to registries; argv[0] is its own name. */
NODISCARD int oakum_debug_pull(int argc, char **argv);
NODISCARD int oakum_debug_push(int argc, char **argv);
NODISCARD int oakum_debug_copy(int argc, char **argv);
NODISCARD int oakum_debug_referrers(int argc, char **argv);

/* Those that show the language of Dockerfiles. */
NODISCARD int oakum_debug_dockerfile(int argc, char **argv);
NODISCARD int oakum_debug_expand(int argc, char **argv);
NODISCARD int oakum_debug_ignore(int argc, char **argv);
/* `oakum debug shell`: the commands of a script. */
NODISCARD int oakum_debug_shell(int argc, char **argv);

/* Lint findings for people, two lines each. */
void oakum_cli_print_lint(GPtrArray *findings, FILE *out);

/* ---- options
 * ------------------------------------------------------------------------------------- * One table
 * a command; each option is also the variable OAKUM_NAME ("build-arg": OAKUM_BUILD_ARG, a list
 * splits at commas), which the command line overrides. */
typedef enum { OAKUM_OPTION_FLAG, OAKUM_OPTION_TEXT, OAKUM_OPTION_LIST } OakumOptionKind;
typedef struct {
  const char *name; /* long, without dashes */
  char letter;      /* short, or 0 */
  OakumOptionKind kind;
  void *value; /* gboolean *, char ** (owned), GPtrArray ** (owned strings, made here) */
} OakumOption; /* a table ends with {0} */
/* Options may stand anywhere; "--" ends them. What is no option is given as *rest (new array of
 * borrowed strings). */
NODISCARD gboolean oakum_options_parse(const OakumOption *options, int argc, char **argv,
                                       GPtrArray **rest, GError **error);

/* ---- image arguments
 * ------------------------------------------------------------------------------- *
 * registry/name:tag, docker-archive:FILE[:TAG], oci:DIR[:TAG], oci-archive:FILE[:TAG],
 * rootfs:DIR-or-TAR */
typedef enum {
  OAKUM_ARG_REGISTRY,
  OAKUM_ARG_DOCKER_ARCHIVE,
  OAKUM_ARG_OCI,
  OAKUM_ARG_OCI_ARCHIVE,
  OAKUM_ARG_ROOTFS
} OakumImageArgKind;
typedef struct {
  OakumImageArgKind kind;
  char *text, *path, *tag; /* tag may be NULL */
} OakumImageArg;
NODISCARD OakumImageArg *oakum_image_arg_parse(const char *text, GError **error);
void oakum_image_arg_free(OakumImageArg *arg);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumImageArg, oakum_image_arg_free)
/* Opens the image; a root file system becomes an image of one layer in the store. */
NODISCARD OakumImage *oakum_image_arg_open(const OakumImageArg *arg, const OakumPlatform *platform,
                                           OakumStore *store, GError **error);
/* The FileView of the argument; a root file system is read where it lies. */
NODISCARD OakumView *oakum_image_arg_view(const OakumImageArg *arg, const OakumPlatform *platform,
                                          OakumStore *store, OakumViewWanted wanted, gpointer user,
                                          GError **error);
/* Writes an image to an archive or layout. */
NODISCARD gboolean oakum_image_arg_write(const OakumImageArg *arg, const OakumImage *image,
                                         GError **error);

/* ---- building, for build and ship
 * --------------------------------------------------------------------- */
typedef struct {
  char *file, *context, *target, *isolation, *timestamps, *platform, *store, *threads;
  GPtrArray *tags, *outputs, *build_args;
  gboolean print_plan, verbose;
} OakumBuildArgs;
#define OAKUM_BUILD_OPTIONS(a)                                                                     \
  {"file", 'f', OAKUM_OPTION_TEXT, &(a)->file}, {"context", 0, OAKUM_OPTION_TEXT, &(a)->context},  \
      {"target", 0, OAKUM_OPTION_TEXT, &(a)->target},                                              \
      {"isolation", 0, OAKUM_OPTION_TEXT, &(a)->isolation},                                        \
      {"timestamps", 0, OAKUM_OPTION_TEXT, &(a)->timestamps},                                      \
      {"platform", 0, OAKUM_OPTION_TEXT, &(a)->platform},                                          \
      {"store", 0, OAKUM_OPTION_TEXT, &(a)->store},                                                \
      {"threads", 0, OAKUM_OPTION_TEXT, &(a)->threads},                                            \
      {"tag", 't', OAKUM_OPTION_LIST, &(a)->tags},                                                 \
      {"output", 'o', OAKUM_OPTION_LIST, &(a)->outputs},                                           \
      {"build-arg", 0, OAKUM_OPTION_LIST, &(a)->build_args},                                       \
      {"print-plan", 0, OAKUM_OPTION_FLAG, &(a)->print_plan},                                      \
  {                                                                                                \
    "verbose", 'v', OAKUM_OPTION_FLAG, &(a)->verbose                                               \
  }
void oakum_build_args_clear(OakumBuildArgs *args);
/* Everything a build makes, kept together. */
typedef struct OakumBuilt OakumBuilt;
