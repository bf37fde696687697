/* cli: the command table. The only module that prints results and decides exit codes. */
#pragma once
#include "base/base.h"

typedef enum {
  OAKUM_EXIT_PASS = 0,
  OAKUM_EXIT_ERROR = 1,
} OakumExit;

typedef struct {
  const char *name, *summary;
  const char *usage;                 /* behind "oakum NAME" */
  const char *examples;              /* lines, each indented by two spaces */
  int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit status */
} OakumCommand;

/* `oakum debug`: shows what the parts make of an input, for tests and for bug reports. */
extern const OakumCommand oakum_cmd_debug;
