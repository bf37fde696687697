/* dockerfile: text to a lossless syntax tree with exact ranges; words and their expansion; stages
 * and their graph; the scope of variables; the ignore file. Rank 2. Pure: it opens no file and
 * knows nothing of images. Source of the language: the Dockerfile reference, version 1.26 of its
 * front end. */
#pragma once
#include "base/base.h"

OAKUM_DECLARE_ERROR(dockerfile)
#define OAKUM_DOCKERFILE_ERROR (oakum_dockerfile_error_quark())

/* ---- places
 * ---------------------------------------------------------------------------------------- */
/* A part of the file: bytes [offset, end_offset). Lines and columns count from 1, columns in bytes;
 * the end is exclusive. */
typedef struct {
  guint offset, end_offset;
  int line, column, end_line, end_column;
} OakumRange;

/* ---- tokens
 * ----------------------------------------------------------------------------------------
 * The tokens of a file lie side by side: together they are its bytes, all of them. */
typedef enum {
  OAKUM_TOKEN_BOM,
  OAKUM_TOKEN_BLANK,        /* white space within a line */
  OAKUM_TOKEN_NEWLINE,      /* "\n", with the "\r" before it */
  OAKUM_TOKEN_CONTINUATION, /* the escape character, the blanks behind it and the end of the line */
  OAKUM_TOKEN_COMMENT,      /* from '#' to the end of the line, without it */
  OAKUM_TOKEN_DIRECTIVE,    /* as a comment */
  OAKUM_TOKEN_KEYWORD, /* the instruction; also the one inside ONBUILD, and CMD, NONE of HEALTHCHECK
                        */
  OAKUM_TOKEN_AS,
  OAKUM_TOKEN_FLAG, /* "--name=value", or the "--" that ends flags */
  OAKUM_TOKEN_WORD, /* any other text of an instruction; split at continuations */
  OAKUM_TOKEN_HEREDOC_MARKER,
  OAKUM_TOKEN_HEREDOC_BODY, /* all lines of a body, ends included */
  OAKUM_TOKEN_HEREDOC_END,  /* the closing word with the tabs before it */
  OAKUM_TOKEN_PUNCTUATION,  /* brackets and commas of an exec form */
} OakumTokenKind;
typedef struct {
  OakumTokenKind kind;
  guint offset, len;
} OakumToken;
NODISCARD const char *oakum_token_kind_name(OakumTokenKind kind); /* "heredoc-body" */

/* ---- instructions
 * ---------------------------------------------------------------------------------- */
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
  OAKUM_INSTRUCTION_HEALTHCHECK,
  OAKUM_INSTRUCTION_MAINTAINER,
  OAKUM_INSTRUCTION_ONBUILD,
  OAKUM_INSTRUCTION_VOLUME,
  OAKUM_INSTRUCTION_UNKNOWN, /* stands in the tree with an error */
} OakumInstructionKind;

typedef struct {
  char *name;  /* key of ENV, LABEL, ARG; flag name without "--"; key of a mount; else NULL */
  char *value; /* quotes and variables in place, continuation lines joined; of a flag and a mount:
                  quotes removed; of an exec form: decoded. NULL: no "=" (ARG, flag, mount) */
  OakumRange range;       /* the whole: "name=value", "--name=value"; in an exec form with quotes */
  OakumRange name_range;  /* of `name`; empty at the start of `range` when there is none */
  OakumRange value_range; /* of `value`; empty at the end of `range` when there is none */
  int at; /* where `value` begins in the instruction's text; -1: it does not stand there as it is
             (flags, mounts, exec form) */
  int heredoc; /* COPY, ADD: which here-document the word stands for; -1: none */
} OakumWord;

typedef struct OakumMap OakumMap; /* private: from places of a joined text to places of the file */

typedef struct {
  char *name;          /* the closing word, quotes removed */
  guint fd;            /* the number before "<<", 0: none */
  gboolean expand;     /* no part of the word stands in quotes; a backslash is none */
  gboolean strip_tabs; /* "<<-" */
  gboolean terminated; /* FALSE: the file ended before the closing word; an error says so */
  OakumRange marker;   /* "3<<-'EOF'" */
  OakumRange body;     /* all lines between, ends included; empty when there are none */
  OakumRange end;      /* the closing word; empty when not terminated */
  char *text;          /* the body; with "<<-" without its leading tabs */
  char *raw;           /* with "<<-" the body as it is written; else NULL */
  OakumMap *map;
} OakumHeredoc;

typedef enum {
  OAKUM_MOUNT_BIND,
  OAKUM_MOUNT_CACHE,
  OAKUM_MOUNT_TMPFS,
  OAKUM_MOUNT_SECRET,
  OAKUM_MOUNT_SSH,
  OAKUM_MOUNT_UNKNOWN, /* an error says so, or the type holds a variable */
} OakumMountType;
typedef enum {
  OAKUM_SHARING_SHARED,
  OAKUM_SHARING_PRIVATE,
  OAKUM_SHARING_LOCKED
} OakumMountSharing;
/* RUN --mount. Texts are NULL when not given, and hold variables until oakum_mount_expand. */
typedef struct {
  OakumMountType type;
  char *source, *target, *from, *id, *env;
  OakumMountSharing sharing;
  gboolean read_only; /* bind, secret, ssh: TRUE unless "rw"; others FALSE unless "ro" */
  gboolean required;
  guint64 size;      /* tmpfs; 0: no limit */
  guint mode;        /* (guint)-1: not given */
  gint64 uid, gid;   /* -1: not given */
  OakumRange range;  /* of the whole flag */
  GPtrArray *fields; /* OakumWord, in order, as written */
} OakumMount;

typedef struct OakumInstruction OakumInstruction;
struct OakumInstruction {
  OakumInstructionKind kind;
  guint index;   /* in the list of the file; an inner one has that of the outer one */
  char *name;    /* "FROM"; of UNKNOWN: what is written, in upper case */
  char *keyword; /* as written */
  OakumRange keyword_range;
  OakumRange range;      /* from the first to the last byte, here-documents included */
  OakumRange line_range; /* without the here-documents */
  OakumRange read_range; /* its lines as BuildKit counts them: also a first one that holds an escape
                            character alone, and comments and blank lines that end the file */
  GPtrArray *flags;      /* OakumWord */
  GPtrArray *words;   /* OakumWord; FROM: image [AS name]; HEALTHCHECK: CMD or NONE; shell form: one
                         word with all of `text` */
  gboolean exec_form; /* a JSON list of strings */
  gboolean bad_json;  /* begins like a JSON list but is none: taken in shell form */
  gboolean legacy;    /* ENV key value, LABEL key value: one word */
  gboolean has_error; /* some error lies in it; its words may be incomplete */
  GPtrArray *heredocs; /* OakumHeredoc; of ONBUILD they belong to `inner` */
  GPtrArray *mounts;   /* OakumMount */
  GArray *blank_lines; /* OakumRange: empty lines inside its continuation, without their ends; of
                          an inner one: none */
  OakumInstruction *inner; /* of ONBUILD, and the CMD of HEALTHCHECK; else NULL */
  char *text;    /* everything behind the flags, lines joined, comments and blank lines dropped */
  OakumMap *map; /* of `text` */
  int stage;     /* index, -1 before the first FROM */
};

/* "FROM"; "UNKNOWN". */
NODISCARD const char *oakum_instruction_kind_name(OakumInstructionKind kind);

typedef struct {
  char *text; /* behind '#', as written */
  OakumRange range;
  int instruction; /* index of the instruction in whose continuation it stands, -1: none */
} OakumComment;

typedef enum {
  OAKUM_DIRECTIVE_HASH,
  OAKUM_DIRECTIVE_SLASHES,
  OAKUM_DIRECTIVE_JSON
} OakumDirectiveForm;
typedef struct {
  char *name;  /* syntax, escape, check */
  char *value; /* trimmed */
  OakumDirectiveForm form;
  OakumRange range, name_range, value_range;
} OakumDirective;

/* What is wrong in the file. */
typedef struct {
  OakumRange range;
  const char *code; /* stable word: "unknown-instruction"; the list stands in the README */
  char *message;    /* without the place; may hold bytes of the file: escape it for where it goes */
  char *hint;       /* what to do, or NULL: "did you mean RUN?" */
  int instruction;  /* index, -1: none */
  int chunk;        /* private */
} OakumDockerfileError;

/* ---- stages
 * ---------------------------------------------------------------------------------------- */
typedef enum { OAKUM_USE_FROM, OAKUM_USE_COPY, OAKUM_USE_MOUNT } OakumStageUseKind;
/* One edge of the graph: a stage uses a stage or an image. */
typedef struct {
  OakumStageUseKind kind;
  char *name; /* as written; may hold variables (FROM) */
  OakumRange range;
  guint instruction;
  gboolean onbuild; /* inside ONBUILD: only a later build will do it */
  int stage;        /* -1: an image, a named context, or not known before variables are replaced */
} OakumStageUse;

typedef struct {
  char *name;            /* of AS, lower case; NULL */
  OakumRange name_range; /* of the name as written; empty at the end of FROM when there is none */
  OakumRange as_range;   /* the word AS; as above */
  OakumWord *base;       /* borrowed: the image or stage that FROM names; NULL: FROM is broken */
  OakumWord *platform;   /* borrowed: value of --platform; NULL */
  int parent;            /* the stage it is made from; -1: an image */
  guint first, end;      /* instructions [first, end), FROM is first */
  GPtrArray *uses;       /* OakumStageUse */
} OakumStage;

typedef struct {
  char *file;   /* for messages, escaped for a terminal */
  char *source; /* own copy of the text; a NUL behind it */
  guint len;
  char escape;
  GArray *tokens;          /* OakumToken */
  GPtrArray *directives;   /* OakumDirective */
  GPtrArray *comments;     /* OakumComment */
  GPtrArray *instructions; /* OakumInstruction */
  GPtrArray *stages;       /* OakumStage */
  GPtrArray *errors;       /* OakumDockerfileError, by place */
  GPtrArray *check_skip;   /* OakumWord: rules of "# check=skip=A,B" */
  gboolean check_skip_all, check_error;
  OakumPlaces places; /* of `source` */
  GArray *chunks;     /* private */
} OakumDockerfile;

/* Parses `len` bytes; `file` is used in messages and may be NULL. What is wrong in the text stands
 * in `errors` of the tree, and parsing goes on behind it. NULL only when the text passes a limit or
 * holds a NUL byte; that error begins with "file:line:column: ". */
NODISCARD OakumDockerfile *oakum_dockerfile_parse(const char *data, size_t len, const char *file,
                                                  GError **error);
/* The same for a text that came from that of `before` by an edit: what did not change is taken out
 * of that tree, which is then good for nothing but oakum_dockerfile_free. The result is what
 * oakum_dockerfile_parse gives. `before` may be NULL. */
NODISCARD OakumDockerfile *oakum_dockerfile_parse_again(OakumDockerfile *before, const char *data,
                                                        size_t len, const char *file,
                                                        GError **error);
/* Which instruction of that tree number `index` was; the same object, and *moved tells by how many
 * bytes it moved (modulo 2^32). -1: it was read anew. */
NODISCARD int oakum_dockerfile_before(const OakumDockerfile *dockerfile, guint index, guint *moved);
/* FALSE when the tree has errors: the first one as "file:line:column: message; hint", and how many
 * more there are. */
NODISCARD gboolean oakum_dockerfile_check(const OakumDockerfile *dockerfile, GError **error);
void oakum_dockerfile_free(OakumDockerfile *dockerfile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumDockerfile, oakum_dockerfile_free)

/* The range of bytes [from, to) of the file; beyond its end they are cut. */
NODISCARD OakumRange oakum_dockerfile_range(const OakumDockerfile *dockerfile, guint from,
                                            guint to);
/* Column from 1 of the byte at `offset`, counted in UTF-16 units (language servers) or in
 * characters; a byte that is no UTF-8 counts as one. */
NODISCARD int oakum_dockerfile_utf16_column(const OakumDockerfile *dockerfile, guint offset);
NODISCARD int oakum_dockerfile_char_column(const OakumDockerfile *dockerfile, guint offset);
/* The bytes of a range; new string. */
NODISCARD char *oakum_dockerfile_slice(const OakumDockerfile *dockerfile, const OakumRange *range);

/* Where the byte `at` of the instruction's text, or of a body, stands in the file. `at` may be the
 * length of the text: the place behind its last byte. */
NODISCARD guint oakum_instruction_locate(const OakumInstruction *instruction, guint at);
NODISCARD guint oakum_heredoc_locate(const OakumHeredoc *heredoc, guint at);
/* The same for bytes [from, to) of the text. */
NODISCARD OakumRange oakum_instruction_text_range(const OakumDockerfile *dockerfile,
                                                  const OakumInstruction *instruction, guint from,
                                                  guint to);
NODISCARD OakumRange oakum_heredoc_text_range(const OakumDockerfile *dockerfile,
                                              const OakumHeredoc *heredoc, guint from, guint to);

/* Value of a flag or NULL; borrowed. "" for a flag without a value. */
NODISCARD const char *oakum_instruction_flag(const OakumInstruction *instruction, const char *name);
/* The flag itself, or NULL; borrowed. */
NODISCARD const OakumWord *oakum_instruction_flag_word(const OakumInstruction *instruction,
                                                       const char *name);
/* The here-document whose body is the whole script of a RUN ("RUN <<EOF" and nothing else), or
 * NULL. Borrowed. */
NODISCARD const OakumHeredoc *oakum_instruction_script(const OakumInstruction *instruction);

/* Index of the stage that `name` means to instructions of stage `before`: by name (any case) or by
 * number; -1 when it is none. Only stages with a smaller index than `before` are seen. */
NODISCARD int oakum_dockerfile_find_stage(const OakumDockerfile *dockerfile, const char *name,
                                          int before);
/* The same by name alone: FROM and mounts know no numbers. */
NODISCARD int oakum_dockerfile_find_stage_name(const OakumDockerfile *dockerfile, const char *name,
                                               int before);
/* Which stages are needed for stage `target` (-1: the last), itself included; one gboolean a stage,
 * new. ONBUILD needs nothing. */
NODISCARD gboolean *oakum_dockerfile_reachable(const OakumDockerfile *dockerfile, int target);

/* Replaces the variables of a mount (all but `from`) and checks it. New; the errors name the field.
 */
typedef const char *(*OakumVariable)(const char *name, gpointer user);
NODISCARD OakumMount *oakum_mount_expand(const OakumMount *mount, char escape,
                                         OakumVariable variable, gpointer user, GError **error);
void oakum_mount_free(OakumMount *mount);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumMount, oakum_mount_free)
NODISCARD const char *oakum_mount_type_name(OakumMountType type); /* "bind" */

/* A duration as Go writes them ("1m30s", "1.5h", "-2ms") in nanoseconds. */
NODISCARD gboolean oakum_dockerfile_duration(const char *text, int64_t *nanoseconds);
/* The word of `known` (NULL-terminated) that is at most `distance` edits from `word`, any case, or
 * NULL; borrowed. */
NODISCARD const char *oakum_dockerfile_suggest(const char *word, const char *const *known,
                                               guint distance);

/* ---- words
 * ----------------------------------------------------------------------------------------- */
/* OakumVariable, above, gives the value of a variable or NULL; borrowed. */
/* Replaces variables and removes quotes and escapes, as the shell-like lexer of the reference does:
 * $x ${x}, and with a word ${x-w} ${x:-w} ${x+w} ${x:+w} ${x?w} ${x:?w} ${x#p} ${x##p} ${x%p}
 * ${x%%p} ${x/p/w} ${x//p/w}. At most OAKUM_EXPANSION_MAX bytes. */
NODISCARD char *oakum_dockerfile_expand(const char *word, char escape, OakumVariable variable,
                                        gpointer user, GError **error);
/* The same, split at white space that is not quoted, also inside the values (EXPOSE).
 * NULL-terminated.
 */
NODISCARD char **oakum_dockerfile_expand_words(const char *word, char escape,
                                               OakumVariable variable, gpointer user,
                                               GError **error);
/* The body of a here-document of COPY or ADD: variables and backslashes count, quotes do not. */
NODISCARD char *oakum_dockerfile_expand_body(const char *text, OakumVariable variable,
                                             gpointer user, GError **error);
/* Removes quotes and escapes, leaves variables as they are. NULL when a quote is not closed. */
NODISCARD char *oakum_dockerfile_unquote(const char *word, char escape);

typedef struct {
  char *name;
  guint offset, len; /* of "$x", "${x:-w}" in the word */
  char operator[3];  /* "", "-", ":-", "##", "//" … */
} OakumVariableUse;
/* The variables that a word names, in order, those inside the words of others too.
 * OakumVariableUse; new. What is not well-formed ends the list, and so does
 * OAKUM_VARIABLE_USES_MAX. */
NODISCARD GPtrArray *oakum_dockerfile_variables(const char *word, char escape);
/* The same for the body of a here-document, where quotes are plain signs. */
NODISCARD GPtrArray *oakum_dockerfile_body_variables(const char *text);

/* ---- scope
 * -----------------------------------------------------------------------------------------
 * Which variables an instruction sees: global ARGs in FROM, in a stage its ARG and ENV by order
 * (the later one wins), those of the stage it is made from, and what is predefined. */
typedef enum {
  OAKUM_ORIGIN_ARG,
  OAKUM_ORIGIN_ENV,
  OAKUM_ORIGIN_PLATFORM,   /* TARGETPLATFORM …: seen by FROM, elsewhere when declared */
  OAKUM_ORIGIN_BUILTIN,    /* BUILDKIT_…, SOURCE_DATE_EPOCH */
  OAKUM_ORIGIN_PROXY,      /* HTTP_PROXY …: seen by RUN without being declared */
  OAKUM_ORIGIN_BASE_IMAGE, /* given by oakum_scope_add_base */
} OakumOrigin;
typedef struct {
  char *name;
  char *value; /* after expansion; NULL: not known (ARG without a value, or made of such) */
  OakumOrigin origin;
  int instruction; /* index of the ARG or ENV that brought it, -1: none */
  guint word;      /* which word of it */
  gboolean
      global; /* the value comes from an ARG before the first FROM (then `instruction` is still the
                 ARG that was found first: the one in the stage, or in FROM the global one) */
} OakumBinding;
typedef struct OakumScope OakumScope;
/* `given`: name to value of build arguments, or NULL; `platform`: name to value of TARGETPLATFORM
 * and its like, or NULL. Both are read now. The tree must outlive the scope. */
NODISCARD OakumScope *oakum_scope_new(const OakumDockerfile *dockerfile, GHashTable *given,
                                      GHashTable *platform);
/* A variable of the base image of a stage, known to who has read it. Call for all stages, the first
 * stage first, before the first lookup. */
void oakum_scope_add_base(OakumScope *scope, int stage, const char *name, const char *value);
/* What instruction `index` sees under the name (values fixed at its start), or NULL; borrowed. */
NODISCARD const OakumBinding *oakum_scope_find(OakumScope *scope, guint index, const char *name);
/* All that it sees: OakumBinding, borrowed, by name; new list. */
NODISCARD GPtrArray *oakum_scope_list(OakumScope *scope, guint index);
/* A word of instruction `index` with its variables replaced. A variable without a known value is
 * empty and its name goes to `unknown` (char *, may be NULL). */
NODISCARD char *oakum_scope_expand(OakumScope *scope, guint index, const char *word,
                                   GPtrArray *unknown, GError **error);
void oakum_scope_free(OakumScope *scope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumScope, oakum_scope_free)
/* Whether STOPSIGNAL may say it: a number that is not 0, or a name of Linux, with or without SIG.
 */
NODISCARD gboolean oakum_dockerfile_is_signal(const char *text);
/* What kind of name this is without any declaration. FALSE: none. */
NODISCARD gboolean oakum_dockerfile_predefined(const char *name, OakumOrigin *origin);

/* ---- .dockerignore and patterns ----------------------------------------------------------------
 */
/* Go's filepath.Match: * and ? do not cross '/', [a-z], [^a], backslash. A bad pattern matches
 * nothing; *valid (may be NULL) says so. */
NODISCARD gboolean oakum_dockerfile_glob(const char *pattern, const char *name, gboolean *valid);
typedef struct OakumIgnore OakumIgnore;
/* A pattern that cannot be read is an error "line N: …". */
NODISCARD OakumIgnore *oakum_ignore_parse(const char *data, size_t len, GError **error);
/* `path` without a leading slash. TRUE: not part of the context. The last rule that matches the
 * path or a folder above it counts, as BuildKit's walk over a context decides it, folder by folder:
 * a rule that changed nothing for a folder does not count for what is below it by the folder's
 * name. */
NODISCARD gboolean oakum_ignore_leaves_out(const OakumIgnore *ignore, const char *path);
/* And nothing below it can be taken back, so that a folder need not be read. */
NODISCARD gboolean oakum_ignore_leaves_out_all(const OakumIgnore *ignore, const char *path);
/* Whether there is a rule that takes back at all. */
NODISCARD gboolean oakum_ignore_has_exceptions(const OakumIgnore *ignore);
/* Some rule covers all that is there: "*", "**" or "**" below each folder. */
NODISCARD gboolean oakum_ignore_has_all(const OakumIgnore *ignore);
void oakum_ignore_free(OakumIgnore *ignore);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumIgnore, oakum_ignore_free)
