/* dockerfile: text to syntax tree with exact ranges; words and their expansion; stages; the ignore
 * file. Rank 2. Pure: it opens no file and knows nothing of images. Source of the language: the
 * Dockerfile reference, version 1.26 of its front end. */
#pragma once
#include "base/base.h"

OAKUM_DECLARE_ERROR(dockerfile)
#define OAKUM_DOCKERFILE_ERROR (oakum_dockerfile_error_quark())

/* A place in the text: lines and columns count from 1, columns in bytes, the end is exclusive. */
typedef struct {
  int line, column, end_line, end_column;
} OakumRange;

typedef enum {
  OAKUM_INSTRUCTION_FROM,
  OAKUM_INSTRUCTION_ARG,
  OAKUM_INSTRUCTION_ENV,
  OAKUM_INSTRUCTION_RUN,
  OAKUM_INSTRUCTION_COPY,
  OAKUM_INSTRUCTION_ADD,
  OAKUM_INSTRUCTION_WORKDIR,
  OAKUM_INSTRUCTION_USER,
  OAKUM_INSTRUCTION_LABEL,
  OAKUM_INSTRUCTION_CMD,
  OAKUM_INSTRUCTION_ENTRYPOINT,
  OAKUM_INSTRUCTION_EXPOSE,
  OAKUM_INSTRUCTION_SHELL,
  OAKUM_INSTRUCTION_STOPSIGNAL,
} OakumInstructionKind;

typedef struct {
  char *name;  /* key of ENV, LABEL, ARG; flag name without "--"; else NULL */
  char *value; /* as written, quotes and variables in place; NULL: no "=" (ARG, flag) */
  OakumRange range;
} OakumWord;

typedef struct {
  OakumInstructionKind kind;
  const char *name; /* "FROM" */
  OakumRange range; /* from its first to its last byte */
  GPtrArray *flags; /* OakumWord */
  GPtrArray *words; /* OakumWord; the parts of an exec form without their quotes */
  gboolean exec_form;
  char *text; /* everything behind the flags, lines joined */
  int stage;  /* index, -1 before the first FROM */
} OakumInstruction;

typedef struct {
  char *name;          /* of AS, lower case; NULL */
  OakumWord *base;     /* borrowed: the image or stage that FROM names */
  OakumWord *platform; /* borrowed: value of --platform; NULL */
  guint first, end;    /* instructions [first, end), FROM is first */
} OakumStage;

typedef struct {
  char *file;
  char *source; /* own copy of the text; a NUL behind it */
  guint len;
  char escape;
  GPtrArray *instructions; /* OakumInstruction */
  GPtrArray *stages;       /* OakumStage */
  GPtrArray *comments;     /* OakumWord: value is the text behind '#', range.line its line */
} OakumDockerfile;

/* Parses `len` bytes; `file` is used in messages and may be NULL. Errors begin with
 * "file:line:column: ". An instruction, flag or form that is not supported is UNSUPPORTED. */
NODISCARD OakumDockerfile *oakum_dockerfile_parse(const char *data, size_t len, const char *file,
                                                  GError **error);
void oakum_dockerfile_free(OakumDockerfile *dockerfile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumDockerfile, oakum_dockerfile_free)
/* Value of a flag or NULL; borrowed. "" for a flag without a value. */
NODISCARD const char *oakum_instruction_flag(const OakumInstruction *instruction, const char *name);
/* Index of the stage that `name` means to instructions of stage `before`: by name (any case) or by
 * number; -1 when it is none. */
NODISCARD int oakum_dockerfile_find_stage(const OakumDockerfile *dockerfile, const char *name,
                                          int before);

/* Value of a variable or NULL; borrowed. */
typedef const char *(*OakumVariable)(const char *name, gpointer user);
/* Replaces variables ($x ${x} ${x:-w} ${x-w} ${x:+w} ${x+w} ${x:?w} ${x?w}) and removes quotes and
 * escapes, as the shell-like lexer of the reference does. At most OAKUM_EXPANSION_MAX bytes. */
NODISCARD char *oakum_dockerfile_expand(const char *word, char escape, OakumVariable variable,
                                        gpointer user, GError **error);

/* ---- .dockerignore and patterns ----------------------------------------------------------------
 */
/* Go's filepath.Match: * and ? do not cross '/', [a-z], [^a], backslash. A bad pattern matches
 * nothing; *valid (may be NULL) says so. */
NODISCARD gboolean oakum_dockerfile_glob(const char *pattern, const char *name, gboolean *valid);
typedef struct OakumIgnore OakumIgnore;
NODISCARD OakumIgnore *oakum_ignore_parse(const char *data, size_t len, GError **error);
/* `path` without a leading slash. TRUE: not part of the context. The last rule that matches the
 * path or a folder above it counts. */
NODISCARD gboolean oakum_ignore_match(const OakumIgnore *ignore, const char *path);
/* FALSE: nothing below an ignored folder can be taken back, so that it need not be read. */
NODISCARD gboolean oakum_ignore_has_exceptions(const OakumIgnore *ignore);
void oakum_ignore_free(OakumIgnore *ignore);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumIgnore, oakum_ignore_free)
