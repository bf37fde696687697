/* build: Dockerfile to image. A plan is made as a pure function; its steps run in the sandbox; what
 * they change becomes layers; config and history follow as BuildKit writes them. Rank 4. It knows
 * nothing of registries: a base image comes from a callback. */
#pragma once
#include "dockerfile/dockerfile.h"
#include "image/image.h"
#include "sandbox/sandbox.h"

OAKUM_DECLARE_ERROR(build)
#define OAKUM_BUILD_ERROR (oakum_build_error_quark())

/* ---- plan
 * ------------------------------------------------------------------------------------------ */
typedef struct {
  int stage;  /* index in the Dockerfile */
  char *base; /* reference of an image, "scratch", or NULL when base_stage >= 0 */
  int base_stage;
  char *platform;     /* of FROM, expanded; NULL */
  gboolean has_files; /* some instruction needs the stage's root file system */
  gboolean replaced;  /* a named context has its name: `base`, and nothing of its instructions */
} OakumPlanStage;
typedef struct {
  GPtrArray *stages; /* OakumPlanStage, in the order they are built; the last is the result */
  GHashTable *args;  /* global arguments after expansion: those before the first FROM */
} OakumPlan;
/* A folder, image or repository that --build-context gives a name. */
typedef struct OakumContext OakumContext;
typedef struct {
  char *name;
  char *image; /* its reference, as find_base takes it; NULL: a folder */
  OakumContext *context;
  OakumIgnore *ignore; /* NULL: none */
} OakumNamedContext;
/* `build_args`: name → value or NULL. `contexts`: OakumNamedContext, or NULL; they go before stages
 * and images of their name. `target`: name or number of a stage, NULL: the last. Only
 * stages that the result needs are in the plan. */
NODISCARD OakumPlan *oakum_plan_make(const OakumDockerfile *dockerfile, GHashTable *build_args,
                                     const GPtrArray *contexts, const char *target,
                                     const OakumPlatform *platform, GError **error);
/* The plan as text, for --print-plan. New string. */
NODISCARD char *oakum_plan_format(const OakumPlan *plan, const OakumDockerfile *dockerfile);
void oakum_plan_free(OakumPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumPlan, oakum_plan_free)

/* ---- contexts
 * ------------------------------------------------------------------------------- */
/* What COPY and ADD read: a folder; a tar file, compressed or not; "-": an archive or a lone
 * Dockerfile on standard input; a repository (URL#ref:subdir); the URL of an archive or of a lone
 * Dockerfile. Whatever is no folder is brought into a new folder below `temp`, which goes with the
 * context. Passwords of URLs show in no error. */
NODISCARD OakumContext *oakum_context_open(const char *text, const char *temp, GError **error);
void oakum_context_free(OakumContext *context);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumContext, oakum_context_free)
NODISCARD const char *oakum_context_path(const OakumContext *context);
/* A folder of it becomes the context. */
NODISCARD gboolean oakum_context_enter(OakumContext *context, const char *sub_path, GError **error);
/* A folder of the caller's, not of ours. */
NODISCARD gboolean oakum_context_is_local(const OakumContext *context);
/* Path → OakumContextOwner as its archive says; NULL: all is root's. Borrowed. */
NODISCARD GHashTable *oakum_context_owners(const OakumContext *context);
/* The lone Dockerfile or NULL; borrowed. */
NODISCARD const char *oakum_context_lone(const OakumContext *context, size_t *len);
/* A file of it of at most `max` bytes; no link leads out. */
NODISCARD gboolean oakum_context_read(const OakumContext *context, const char *path, uint64_t max,
                                      char **text, size_t *len, GError **error);
/* The ignore file: that of the Dockerfile's own name, which lies `inside` the context or on disk
 * (NULL: none), else the context's. *out: NULL when there is none. */
NODISCARD gboolean oakum_context_ignore(const OakumContext *context, const char *dockerfile,
                                        gboolean inside, OakumIgnore **out, GError **error);
/* The spellings of kaniko's --context: a folder or dir://, tar://FILE, tar://stdin,
 * git://HOST/PATH[#REF[#COMMIT]] (spoken by https, or by http when GIT_PULL_METHOD says so),
 * https://, and the stores of objects s3://, gs:// and Azure's hosts, whose requests are signed
 * with what kaniko takes from the environment (docs/contexts.md). */
typedef struct {
  const char *bucket; /* --bucket: the text is an object of it; NULL */
  const char *sub_path;
  const char *branch; /* of --git; NULL */
  gboolean recurse_submodules;
} OakumKanikoContext;
NODISCARD OakumContext *oakum_context_open_kaniko(const char *text,
                                                  const OakumKanikoContext *options,
                                                  const char *temp, GError **error);
/* "NAME=VALUE": a context as above, docker-image://REFERENCE, oci-layout://FOLDER[:TAG], or an
 * image in files as image arguments spell it (oci:, oci-archive:, docker-archive:). */
NODISCARD OakumNamedContext *oakum_named_context_open(const char *text, const char *temp,
                                                      GError **error);
void oakum_named_context_free(OakumNamedContext *named);
/* The one of that name (references are compared in full), borrowed; NULL: none, also for the names
 * `scratch` and `context`. */
NODISCARD const OakumNamedContext *oakum_named_context_find(const GPtrArray *contexts,
                                                            const char *name);

/* ---- caches that lie elsewhere
 * ------------------------------------------------------------------ A cache says by the key of a
 * step (64 hex digits) which layer came of it. What it says is believed as a file of the store is:
 * who may write to it decides what is built. Bytes are held against the digest and the diff ID that
 * it named whenever they are read. */
typedef struct {
  OakumDescriptor *layer; /* NULL: the step changed nothing */
  char *diff_id;          /* checked; NULL without a layer */
  int64_t created;        /* seconds since 1970: when the step was carried out */
} OakumCacheEntry;
void oakum_cache_entry_clear(OakumCacheEntry *entry);
/* Implementations embed this struct first; all functions are called from several threads. */
typedef struct OakumCacheRemote OakumCacheRemote;
struct OakumCacheRemote {
  const char *name; /* for messages; those of one place are equal */
  /* what it is neither asked for nor told of: RUN; COPY, ADD and WORKDIR */
  gboolean no_runs, no_copies;
  /* 1: *out is filled; 0: there is none; -1: it cannot be asked */
  int (*find)(OakumCacheRemote *self, const char *key, OakumCacheEntry *out, GError **error);
  OakumBlobSource *layers; /* of what find() gave; the remote's own */
  /* Keeps the entry, and its layer (read from `layers`, if it is not there yet). Several builders
   * may do so at a time. */
  gboolean (*store)(OakumCacheRemote *self, const char *key, const OakumCacheEntry *entry,
                    OakumBlobSource *layers, GError **error);
  void (*free)(OakumCacheRemote *self);
};
void oakum_cache_remote_free(OakumCacheRemote *remote);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumCacheRemote, oakum_cache_remote_free)
/* The steps of a build and what came of them, kept for caches that are told of it later: also when
 * the build failed, and not before a gate has let the image pass. Thread-safe. */
typedef struct OakumCacheLog OakumCacheLog;
NODISCARD OakumCacheLog *oakum_cache_log_new(void);
void oakum_cache_log_free(OakumCacheLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumCacheLog, oakum_cache_log_free)
/* Tells `remote` of the steps that it does not know, or knows for longer than `ttl_s` (0: however
 * long): of all stages with `all`, else of those whose layers are in the result. *told counts them.
 * The store, and the remotes that layers came from, must still be there. */
NODISCARD gboolean oakum_cache_log_send(OakumCacheLog *log, OakumCacheRemote *remote, gboolean all,
                                        uint64_t ttl_s, guint *told, GError **error);

/* Who looks on while layers of the result pass by as plain tar: those that steps write, and those
 * of the base image that are unpacked. Several layers may pass at the same time; one is told of by
 * one thread after the other. */
typedef struct OakumLayerWatch {
  /* `diff_id` NULL: not known before its end. NULL: it need not be told of. */
  gpointer (*begin)(struct OakumLayerWatch *self, const char *diff_id);
  void (*bytes)(gpointer layer, const void *data, size_t len);
  /* The last. `diff_id`: of all bytes; NULL: the layer was broken off, and counts for nothing. */
  void (*end)(gpointer layer, const char *diff_id);
} OakumLayerWatch;
/* ---- running
 * ---------------------------------------------------------------------------------------- */
/* Finds a base image; its blobs may be read many times. */
typedef OakumImage *(*OakumFindBase)(const char *reference, const OakumPlatform *platform,
                                     gpointer user, GError **error);
/* --secret and --ssh. */
typedef struct {
  char *id;
  char *file;     /* with the secret; the socket of an agent */
  char *variable; /* of the builder's environment, in place of a file; else NULL */
} OakumBuildSecret;
/* Who owns a path of a context, when the folder on disk cannot tell. */
typedef struct {
  uint32_t uid, gid;
} OakumContextOwner;
/* What goes on, told while it happens. Stages may run at once; the function is entered by one at a
 * time. All text is borrowed. */
typedef enum {
  OAKUM_BUILD_BEGIN,  /* an instruction */
  OAKUM_BUILD_OUTPUT, /* a line that it printed, without its end */
  OAKUM_BUILD_END,
} OakumBuildEventKind;
typedef struct {
  OakumBuildEventKind kind;
  int stage;                      /* number in the Dockerfile */
  const char *stage_name;         /* NULL: none */
  int line;                       /* in the Dockerfile; 0: ONBUILD of the base */
  const char *instruction, *text; /* "RUN", and its words without passwords */
  OakumSlice output;
  gboolean cached;   /* END: what came of it before was taken */
  const char *error; /* END: why it failed; NULL: it did not */
  int exit_code;     /* END of a RUN whose command failed: its own, 128 and the signal; else -1 */
} OakumBuildEvent;
typedef void (*OakumBuildNotify)(const OakumBuildEvent *event, gpointer user);
typedef struct {
  const char *context;       /* folder of COPY and ADD; NULL: none */
  const OakumIgnore *ignore; /* what of it counts; NULL: all */
  GHashTable
      *owners; /* of it: path → OakumContextOwner, for what is not root's; NULL: all is root's */
  const GPtrArray *contexts; /* OakumNamedContext, or NULL */
  GHashTable *build_args;
  OakumPlatform platform;
  OakumRung rung;
  OakumFindBase find_base;
  gpointer user;
  gboolean keep_times;           /* --timestamps keep */
  gboolean platform_given;       /* the result says so, whatever its base is for */
  const char *source_date_epoch; /* text of the variable, or NULL */
  guint threads;
  int out, err;            /* where steps print */
  OakumBuildNotify notify; /* NULL: nobody is told */
  gboolean tell_output;    /* what steps print is told, and goes nowhere else */
  gpointer notify_user;
  GHashTable *labels;        /* name → value: the result's, over those of the Dockerfile; NULL */
  GHashTable *annotations;   /* of the manifest; NULL */
  gboolean docker_types;     /* Docker's media types in place of OCI's */
  const GPtrArray *left_out; /* paths (char *, without a slash in front) that layers of RUN do not
                                carry, with all below; NULL: none */
  gboolean zstd;             /* layers that are made; those of the base stay as they are */
  int compression_level;     /* gzip 1 to 12, zstd 1 to 22; 0: the usual one */
  const char *hosts;         /* further lines of etc/hosts for steps; NULL */
  guint step_timeout_s;
  OakumStepLimits limits;
  GPtrArray *secrets, *ssh;    /* OakumBuildSecret; NULL: none */
  OakumNetwork network;        /* of steps that do not say */
  uint64_t keep_trees;         /* bytes of unpacked base images that the store may keep; 0: none */
  gboolean no_cache;           /* steps are carried out again, and then remembered */
  uint64_t cache_ttl_s;        /* how long what a step made may be used again; 0: always */
  const GPtrArray *cache_from; /* OakumCacheRemote, asked in order for what the store does not know;
                                  they must outlive the result. NULL: none */
  OakumCacheLog *cache_log;    /* filled; NULL: not wanted */
  OakumLayerWatch *watch;      /* NULL: nobody looks on */
  gboolean want_layers;        /* the bytes of all layers will be read: what caches promised is
                                  fetched while the build can still do without */
} OakumBuildOptions;
/* Which line of the Dockerfile brought a layer of the result: one number a layer; that of FROM for
 * the layers of the base image. */
typedef struct {
  OakumImage *image;   /* blobs in the store */
  char *base_name;     /* reference of the image that it is based on, or NULL */
  GArray *layer_lines; /* int */
  GThread *cleaner;    /* removes what the build unpacked; freeing the result waits for it */
} OakumBuildResult;
NODISCARD OakumBuildResult *oakum_build_run(const OakumPlan *plan,
                                            const OakumDockerfile *dockerfile, OakumStore *store,
                                            const OakumBuildOptions *options, GError **error);
/* Re-execution entry, for the table in main(): name "agent". */
NODISCARD int oakum_build_agent_main(int argc, char **argv);
void oakum_build_result_free(OakumBuildResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumBuildResult, oakum_build_result_free)
