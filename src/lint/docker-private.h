/* Stands in for BuildKit's front end (compat docker). It warns as it goes and stops at its first
 * error, so that what it says depends on the order in which it looks: docker.c keeps that order,
 * docker-step.c does what one instruction of a stage does to the next ones. What is not said here
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
  GPtrArray *commands; /* DockerCommand, owned */
  GPtrArray *deps;     /* DockerStage, borrowed */
  GPtrArray *dep_at;   /* OakumInstruction that brought the dependency */
  /* what instructions made of it */
  GHashTable *env, *image_env, *declared; /* name to value; a set */
  GPtrArray *keys;                        /* names of env, borrowed */
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
/* Replaces variables; NULL: it stopped, with the error at `at`. Clear `names` by
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
/* Runs one instruction of a stage. */
void docker_step(Docker *docker, DockerStage *stage, const DockerCommand *command);
/* All names that a stage sees, its base's first. New, borrowed names. */
NODISCARD GPtrArray *docker_names_of(const Docker *docker, const DockerStage *stage);
/* TRUE: BuildKit takes the word for a here-document. */
NODISCARD gboolean docker_is_heredoc(const char *word);
