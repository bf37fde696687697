/* Stands in for BuildKit's front end (compat docker). It warns as it goes and stops at its first
 * error, so that what it says depends on the order in which it looks: docker.c keeps that order,
 * docker-checks.c tells, docker-variable.c holds variables, docker-from.c does what FROM says,
 * docker-graph.c ties the stages together, and docker-step.c does what one instruction of a stage
 * does to the next ones. What is not said here
 * was found by asking BuildKit v0.32.2 itself; bench/docker-agreement holds it. */
#pragma once
#include "lint/check-private.h"
#include "oci/oci.h"

/* Options of the checks: the directive's, or those of a comment above an instruction. */
typedef struct {
  gboolean skip_all, experimental_all, fails;
  char **skip, **experimental;
} DockerChecks;
void docker_checks_clear(DockerChecks *checks);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DockerChecks, docker_checks_clear)

/* Variables, the newest last; `base`: asked for what is not here. */
typedef struct DockerStage DockerStage;
struct DockerStage {
  const OakumInstruction *from; /* FROM; of a source that is no stage: the COPY, or NULL */
  char *name;                   /* lower case; NULL */
  char *base_name;              /* variables replaced */
  DockerStage *base;            /* the stage it is made from; NULL */
  gboolean outside;             /* no stage of the file: an image that COPY or a mount names */
  gboolean reachable, dispatched;
  GPtrArray *commands;    /* DockerCommand, owned */
  GPtrArray *deps;        /* DockerStage, borrowed */
  GPtrArray *dep_at;      /* OakumInstruction that brought the dependency */
  GHashTable *dep_places; /* DockerStage → its place in `deps` plus 1: each mount may bring one */
  /* what instructions made of it */
  GHashTable *env, *image_env, *declared; /* name to value; a set */
  GPtrArray *keys;                        /* names of env, in the order they came; owned */
  GPtrArray *declared_names; /* of FROM's: the set in the order of the file; borrowed */
  gboolean windows, has_shell, workdir_set;
  char *workdir;
  const OakumInstruction *cmd, *entrypoint, *health;
};

/* An instruction of a stage; one that ONBUILD of the base left stands at FROM. */
typedef struct {
  const OakumInstruction *in, *at;
  GPtrArray *sources; /* DockerStage or NULL: COPY --from, one a mount of RUN; borrowed */
} DockerCommand;

typedef struct {
  OakumLint *lint;
  const OakumDockerfile *df;
  DockerChecks checks;
  gboolean told, stopped;
  DockerStage *global; /* what FROM sees */
  GPtrArray *stages; /* DockerStage, owned: the stages, then the images that COPY and mounts name */
  GHashTable *by_name; /* borrowed */
  OakumIgnore *ignore; /* NULL: none, or one with exceptions */
} Docker;

/* Names that a word asked for, once each. */
typedef struct {
  Docker *docker;
  const DockerStage *stage;
  GPtrArray *matched, *missed;
} DockerNames;

G_GNUC_PRINTF(5, 6)
void docker_tell(Docker *docker, const DockerChecks *more, LintRuleId rule,
                 const OakumInstruction *at, const char *detail, ...);
/* The error at which BuildKit stops. `at` NULL: it tells no place. */
G_GNUC_PRINTF(3, 4)
void docker_stop(Docker *docker, const OakumInstruction *at, const char *message, ...);
/* A variable of a stage, or of FROM; borrowed. */
NODISCARD const char *docker_lookup(const Docker *docker, const DockerStage *stage,
                                    const char *name);
void docker_set(DockerStage *stage, const char *name, const char *value, gboolean in_image);
/* Replaces variables; NULL with an error: the word cannot be read. Clear `names`, also then, by
 * docker_names_clear. */
NODISCARD char *docker_expand(Docker *docker, const DockerStage *stage, const char *word,
                              DockerNames *names, GError **error);
/* The same for the body of a here-document. */
NODISCARD char *docker_expand_body(Docker *docker, const DockerStage *stage, const char *text,
                                   DockerNames *names, GError **error);
void docker_names_clear(DockerNames *names);
/* The name out of `options` that is nearest, two edits at most, or NULL. */
NODISCARD const char *docker_nearest(const char *name, const GPtrArray *options);
/* Comments above an instruction change its checks: FALSE when there are none. */
gboolean docker_checks_at(const Docker *docker, const OakumInstruction *in, DockerChecks *out);
/* ---- docker-checks.c
 * -------------------------------------------------------------------------------------- */
/* "skip=A,B;error=true" and its like. FALSE: it is none; *out may hold a part. */
NODISCARD gboolean docker_checks_parse(const char *text, DockerChecks *out);
/* The comments above an instruction, behind the last empty one, trimmed. New texts. */
NODISCARD GPtrArray *docker_comments_above(const Docker *docker, const OakumInstruction *in);
NODISCARD guint docker_line_start(const OakumDockerfile *df, guint at);
void docker_stop_at(Docker *docker, LintSpan span, const char *message, const char *hint);
typedef enum {
  ERROR_NONE,
  ERROR_CHECK,
  ERROR_LINES,
  ERROR_INSTRUCTION,
  ERROR_GRAPH,
  ERROR_LATER
} DockerErrorPhase;
/* When BuildKit finds what our parser has found; NONE: never. */
NODISCARD DockerErrorPhase docker_phase_of(const OakumDockerfile *df,
                                           const OakumDockerfileError *error);
void docker_stop_for(Docker *docker, const OakumDockerfileError *error);
/* The first error of a phase that our parser found; NULL. */
NODISCARD const OakumDockerfileError *docker_first_error(const Docker *docker,
                                                         DockerErrorPhase phase);

/* ---- docker.c
 * -------------------------------------------------------------------------------------- */
/* Value of a word of an instruction; NULL: there are fewer. */
NODISCARD const char *docker_word_at(const OakumInstruction *in, guint i);
NODISCARD DockerStage *docker_stage_new(const OakumInstruction *from);
void docker_add_command(DockerStage *stage, gint where, const OakumInstruction *in,
                        const OakumInstruction *at);

/* ---- docker-from.c
 * -------------------------------------------------------------------------------------- */
/* What the command line of who builds gives an ARG; NULL: nothing. */
NODISCARD const char *docker_given(const Docker *docker, const char *name);
/* The ARGs before the first FROM, by their defaults or as who builds gives them. FALSE: one of them
 * cannot be expanded; *at says which. */
NODISCARD gboolean docker_read_global(Docker *docker, gboolean with_given,
                                      const OakumInstruction **at, GError **error);
/* An image's name that a registry could have. */
NODISCARD gboolean docker_is_reference(const char *name);
void docker_look_at_defaults(Docker *docker);
/* Bases and platforms of all stages. */
void docker_make_stages(Docker *docker);
void docker_add_stage(Docker *docker, DockerStage *stage);

/* ---- docker-graph.c
 * -------------------------------------------------------------------------------------- */
void docker_make_graph(Docker *docker);
/* Images are not asked for, but their names must be names. */
void docker_resolve_bases(Docker *docker);
/* Notes which stages the target needs. */
void docker_reach(Docker *docker, DockerStage *target);
/* What ONBUILD of a base left comes first, at the place of FROM. */
void docker_run_triggers(Docker *docker, DockerStage *target);

/* Runs one instruction of a stage. */
void docker_step(Docker *docker, DockerStage *stage, const DockerCommand *command);
/* All names that a stage sees, its base's first. New, borrowed names. */
NODISCARD GPtrArray *docker_names_of(const Docker *docker, const DockerStage *stage);
/* TRUE: BuildKit takes the word for a here-document. */
NODISCARD gboolean docker_is_heredoc(const char *word);
