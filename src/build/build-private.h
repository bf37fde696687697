#pragma once
#include "build/build.h"
#include "os/os.h"

/* What a step finds without any ENV. */
#define OAKUM_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* How layers are compressed when nobody says. */
#define OAKUM_LAYER_GZIP_LEVEL OAKUM_GZIP_LEVEL
#define OAKUM_LAYER_ZSTD_LEVEL 3

typedef enum { OAKUM_STAGE_WAITS, OAKUM_STAGE_BUILT, OAKUM_STAGE_FAILED } OakumStageState;

/* One stage while it is built: by one thread, which is the only one that changes it until it is
 * built. After that others read it; its root comes to be for the first that asks. */
typedef struct {
  const OakumPlanStage *plan;
  OakumConfig *config;
  GPtrArray *layers; /* OakumDescriptor; blobs of the base are read from `base`, of others from the
                        store */
  GArray *lines;     /* int, one a layer */
  OakumImage *base;  /* NULL: scratch or a stage */
  GPtrArray *triggers; /* OakumDockerfile: of the base, read before the first step; NULL: not yet */
  GHashTable *args;    /* declared ARG → value */
  GHashTable *arg_wins; /* those that were declared after an ENV of the same name: the later wins */
  gboolean own_cmd;     /* CMD was given in this stage, and outlives a new ENTRYPOINT */
  GPtrArray *arg_order; /* names as declared, for the history */
  /* the root file system, when something needed it */
  char *root_path, *scratch_path;
  char *foreign; /* name of one that is no stage of the Dockerfile; NULL */
  int root;
  OakumTree *tree;
  struct OakumStack *stack; /* NULL: the root is a folder of its own */
  OakumOwners *owners; /* on the rung fake-root, with the file that a step's supervisor shares */
  char *owners_path;
  int64_t epoch;
  GMutex root_lock;      /* held while the root comes to be, never while a step runs */
  OakumStageState state; /* guarded by the graph, as is the error */
  GError *error;
  char *label; /* "[name] " in front of what it says; NULL: no other speaks at the same time */
  const char *platform; /* that FROM of its first stage asked for; NULL: the build's; borrowed */
  gboolean watched;     /* its layers are those of the result */
  gboolean cached;      /* what came of the last instruction was known */
  int exit_code;        /* of the last RUN, when it failed; else -1 */
  gboolean unkept;      /* others read what its layers leave out: the cache does not do for it */
} Stage;

typedef struct OakumGraph OakumGraph;

/* The layers that a build made or found: those of the store, and those that a cache elsewhere has,
 * which are only fetched when somebody reads them. Counted, thread-safe. */
typedef struct OakumLayerPool OakumLayerPool;
NODISCARD OakumLayerPool *oakum_layer_pool_new(OakumStore *store);
NODISCARD OakumLayerPool *oakum_layer_pool_ref(OakumLayerPool *pool);
void oakum_layer_pool_unref(OakumLayerPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumLayerPool, oakum_layer_pool_unref)
/* The layer of the entry may be read from `remote` (borrowed). */
void oakum_layer_pool_note(OakumLayerPool *pool, const char *key, const OakumCacheEntry *entry,
                           OakumCacheRemote *remote);
/* Brings the layer into the store, and notes there what came of its key, if that was not done. A
 * cache whose layer cannot be had, or is not what it said, is not asked again. `relied`: the layer
 * is part of a stage already. */
NODISCARD gboolean oakum_layer_pool_fetch(OakumLayerPool *pool, const OakumDescriptor *layer,
                                          gboolean relied, GError **error);
/* Fetches it, and reads it from the store. */
NODISCARD OakumReader *oakum_layer_pool_open(OakumLayerPool *pool, const OakumDescriptor *layer,
                                             GError **error);
/* Where the layer lies, as OakumBlobSource tells it, or NULL; new string. */
NODISCARD char *oakum_layer_pool_origin(OakumLayerPool *pool, const OakumDescriptor *layer);
/* A cache that is no longer asked, and whether any is. */
void oakum_layer_pool_distrust(OakumLayerPool *pool, const OakumCacheRemote *remote);
NODISCARD gboolean oakum_layer_pool_trusts(OakumLayerPool *pool, const OakumCacheRemote *remote);
/* A layer could not be unpacked: when the store's bytes of it are damaged, they are removed. */
void oakum_layer_pool_suspect(OakumLayerPool *pool, const OakumDescriptor *layer);
/* Whether a layer that a stage relied on could not be had since the last call; what caches that are
 * not trusted promised is forgotten. */
NODISCARD gboolean oakum_layer_pool_broken(OakumLayerPool *pool);

/* Digests of files that were read before, by device, inode, size and times. Thread-safe. */
typedef struct OakumFileMemo OakumFileMemo;
/* Those of the store for this context (its path). */
NODISCARD OakumFileMemo *oakum_file_memo_new(const char *store, const char *context);
void oakum_file_memo_free(OakumFileMemo *memo); /* keeps what is new */
/* oakum_pack_digest of a file or folder of this machine, perhaps without reading it. */
NODISCARD gboolean oakum_file_memo_digest(OakumFileMemo *memo, int at, const char *name,
                                          const struct stat *st, char hex[65], GError **error);

typedef struct {
  const OakumPlan *plan;
  GPtrArray
      *late; /* OakumPlan: of stages that only triggers of base images need; guarded by the graph */
  const OakumDockerfile *dockerfile;
  OakumStore *store;
  OakumFileMemo *memo;
  OakumLayerPool *layers;
  const OakumBuildOptions *options;
  char *work;         /* folder of all roots */
  gboolean overlay;   /* steps run on an overlay over their root */
  gboolean views;     /* roots can be views of kept trees */
  gboolean images;    /* which can be images that are mounted; OAKUM_TEST_NO_IMAGES=1: not */
  gsize images_known; /* whether that was tried */
  Stage **stages; /* by index in the Dockerfile; NULL: not planned. oakum_build_stage gives those of
                     others */
  OakumGraph *graph;         /* while stages run */
  const OakumIgnore *ignore; /* of the context; NULL: all counts */
  int context;               /* descriptor, -1: none */
  const char *store_inside;  /* where below the context the store lies; NULL: elsewhere */
  GMutex fetch_lock;         /* guards what is claimed */
  GCond fetched;
  GHashTable *fetching;
  GMutex foreign_lock;
  GPtrArray *foreign; /* Stage: images that COPY --from names */
} Build;

/* Runs the stages of the plan, `threads` of them at a time. */
NODISCARD gboolean oakum_build_stages(Build *build, GError **error);
/* Another, earlier stage of the Dockerfile, waited for until it is built; borrowed. CANCELLED when
 * it failed. */
NODISCARD Stage *oakum_build_stage(Build *build, int index, GError **error);
/* CANCELLED once a stage failed: what takes long asks now and then. */
NODISCARD gboolean oakum_graph_go_on(const OakumGraph *graph, GError **error);
NODISCARD gboolean oakum_graph_cancelled(const OakumGraph *graph);
/* Streams that fail so once a stage failed; they take the one below. */
NODISCARD OakumReader *oakum_graph_reader(const OakumGraph *graph, OakumReader *below);
NODISCARD OakumWriter *oakum_graph_writer(const OakumGraph *graph, OakumWriter *below);
/* A descriptor that can be read once a stage failed; borrowed. */
NODISCARD const int *oakum_graph_stop(const OakumGraph *graph);

/* Of several threads that want what `key` names (the digest of a blob, the key of an unpacked base)
 * one goes on, and the others wait until it releases it. `key` must live as long. */
void oakum_build_claim(Build *build, const char *key);
void oakum_build_release(Build *build, const char *key);

/* Brings the layers of an image (NULL: of none) but the first into the store, one after the other,
 * while the caller unpacks those that are there. The image must outlive it. */
typedef struct OakumAhead OakumAhead;
NODISCARD OakumAhead *oakum_ahead_new(Build *build, const OakumImage *image);
/* Layer 0 as it is stored, which comes into the store as it is read. Must go before `ahead`. */
NODISCARD OakumReader *oakum_ahead_open_first(OakumAhead *ahead, GError **error);
/* After layer 0 could not be unpacked: *error becomes that it was not what was asked for, when that
 * is so. */
void oakum_ahead_blame(OakumAhead *ahead, GError **error);
/* Until layer `index` is there. FALSE: it could not be had. */
NODISCARD gboolean oakum_ahead_wait(OakumAhead *ahead, guint index, GError **error);
void oakum_ahead_free(OakumAhead *fetch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumAhead, oakum_ahead_free)

/* What a step prints goes, line by line, to who is told of the build (tell_output), else behind the
 * label of its stage; without either it goes where it goes by itself. Sets where `step` writes to.
 */
typedef struct OakumStepLines OakumStepLines;
NODISCARD OakumStepLines *oakum_step_lines_new(const Build *build, const Stage *stage,
                                               const OakumInstruction *in, OakumStep *step,
                                               GError **error);
/* Waits until all was told: the step must have ended. */
void oakum_step_lines_free(OakumStepLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumStepLines, oakum_step_lines_free)

/* The root of a stage as a view of a tree that the store keeps. Where that cannot be *out is NULL.
 * Sets the tree of the stage, to which the layers of its base are applied. `folder` is the stage's
 * own; its root is an empty folder, and open. */
typedef struct OakumStack OakumStack;
NODISCARD gboolean oakum_stack_open(Build *build, Stage *stage, const char *folder,
                                    OakumStack **out, GError **error);
/* NULL: none; after very many steps it is a view no more. */
NODISCARD gboolean oakum_stack_is_view(const OakumStack *stack);
/* Until the next step the root may be written to. */
NODISCARD gboolean oakum_stack_write(OakumStack *stack, GError **error);
/* Folders for a step on the view. *lowers: free the list, not its texts, which are good until the
 * next step. */
NODISCARD gboolean oakum_stack_step(OakumStack *stack, char **upper, char **work,
                                    const char ***lowers, GError **error);
void oakum_stack_free(OakumStack *stack);
/* Applies layers of the stage from `first` to before `end`. */
NODISCARD gboolean oakum_stage_apply(Build *build, Stage *stage, OakumTree *tree, guint first,
                                     guint end, GError **error);

NODISCARD gboolean oakum_stage_root(Build *build, Stage *stage, GError **error);
/* What can be known of a stage before anything is carried out: its base is opened (`stage` keeps
 * it), and the triggers of that, and what its lines take from, must be such as can be had. FALSE,
 * with the place. Other stages must not run yet; several may be looked at at the same time. */
NODISCARD gboolean oakum_stage_look(Build *build, Stage *stage, GError **error);
/* Builds a stage whose base and sources are built. */
NODISCARD gboolean oakum_stage_run(Build *build, Stage *stage, GError **error);
NODISCARD Stage *oakum_build_stage_new(void);
void oakum_stage_free(Stage *stage);
/* A stage that is an image from elsewhere or a named context (also a folder), for COPY --from and
 * mounts. Borrowed: the build keeps it. */
NODISCARD Stage *oakum_build_foreign(Build *build, const char *reference, GError **error);
/* What a name stands for at this point of the stage, or NULL; borrowed. */
NODISCARD const char *oakum_stage_variable(const Stage *stage, const char *name);
/* Value of --build-arg or NULL; borrowed. */
NODISCARD const char *oakum_build_arg(const Build *build, const char *name);
/* The words that a CMD, ENTRYPOINT or RUN starts: with the shell in front in shell form. */
NODISCARD char **oakum_stage_command(const Stage *stage, const OakumInstruction *in);
gint oakum_build_by_text(gconstpointer a, gconstpointer b); /* arguments are char ** */
/* FALSE, with the place, for what the language has and the builder has not yet. */
NODISCARD gboolean oakum_plan_can_build(const OakumDockerfile *dockerfile,
                                        const OakumInstruction *in, GError **error);
/* Which stage `COPY --from=name` of stage `stage` means: -1 for an image. An error for a number or
 * a name that no earlier stage has but a later one. */
NODISCARD gboolean oakum_plan_find_from(const OakumDockerfile *dockerfile,
                                        const GPtrArray *contexts, const char *name, int stage,
                                        int *index, GError **error);
/* Plans stage `index` and what it needs, but those of `planned` (one flag a stage of the file, set
 * for what is added). New plan, maybe without stages; an error as of oakum_plan_make. */
NODISCARD OakumPlan *oakum_plan_late(const OakumPlan *plan, const OakumDockerfile *dockerfile,
                                     const GPtrArray *contexts, int index, gboolean *planned,
                                     GError **error);
/* FALSE, with the place, for a stage of the plan that wants what the rung cannot do. */
NODISCARD gboolean oakum_build_check_rung(const OakumPlan *plan, const OakumDockerfile *dockerfile,
                                          const OakumBuildOptions *options, GError **error);
/* What to add to an error about a name that neither a stage nor an image has; new string, maybe
 * empty. */
NODISCARD char *oakum_plan_hint(const OakumDockerfile *dockerfile, const char *name);
/* An instruction that changes nothing but the config. */
NODISCARD gboolean oakum_step_config(Build *build, Stage *stage, const OakumInstruction *in,
                                     GError **error);
/* The body of a here-document of COPY with the stage's variables. */
NODISCARD char *oakum_stage_expand_body(const Stage *stage, const char *text, GError **error);
/* Value of a word with the stage's variables. */
NODISCARD char *oakum_stage_expand(const Build *build, const Stage *stage, const char *word,
                                   GError **error);

/* What of a context counts, by its ignore file (NULL: all), and whose a path of it is. */
/* The builder's own store is no part of the context: it changes while it is read. */
NODISCARD gboolean oakum_context_is_store(const Build *build, const char *path);
NODISCARD OakumPackChoice oakum_context_choose(const OakumIgnore *ignore, const char *path,
                                               gboolean folder);
void oakum_context_own(GHashTable *owners, const char *path, OakumTarEntry *entry);

/* Whether the program that a step starts can run here: it is one of this processor, or the kernel
 * has an interpreter for it. UNSUPPORTED tells what to do. */
NODISCARD gboolean oakum_step_can_execute(const Build *build, const Stage *stage, const char *word,
                                          GError **error);

/* ---- who is told what goes on
 * --------------------------------------------------------------------- */
/* BEGIN of an instruction, or END (`failed`: why, or NULL). */
void oakum_build_tell(const Build *build, const Stage *stage, const OakumInstruction *in,
                      OakumBuildEventKind kind, const GError *failed);
/* One event, its output and end still empty; `text` (borrowed) is the instruction as it may be
 * shown. */
NODISCARD OakumBuildEvent oakum_build_event(const Build *build, const Stage *stage,
                                            const OakumInstruction *in, OakumBuildEventKind kind,
                                            const char *text);
/* Tells it; there must be somebody to tell. Stages that run at once are heard one after the other.
 */
void oakum_build_notify(const Build *build, const OakumBuildEvent *event);

/* ---- cache
 * ---------------------------------------------------------------------------------------- */
typedef struct OakumCacheKey OakumCacheKey;
/* Begins with what every layer depends on: format, platform, times, the layers of the stage that it
 * comes to lie on (NULL: what is below does not matter). */
NODISCARD OakumCacheKey *oakum_cache_key_new(const Build *build, const Stage *below,
                                             const char *kind, int64_t epoch);
void oakum_cache_key_free(OakumCacheKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumCacheKey, oakum_cache_key_free)
void oakum_cache_key_add(OakumCacheKey *key, const char *name, const void *data, size_t len);
void oakum_cache_key_text(OakumCacheKey *key, const char *name, const char *text); /* NULL: "" */
void oakum_cache_key_number(OakumCacheKey *key, const char *name, int64_t number);
void oakum_cache_key_list(OakumCacheKey *key, const char *name, const char *const *list);
/* The root file system of a stage, by its layers: nothing is unpacked for it. */
void oakum_cache_key_root(OakumCacheKey *key, const char *name, const Stage *stage);
/* Names, types, owners, modes, attributes and contents below a folder of this machine, as
 * oakum_pack_path would pack them; the options leave times out. Files that are known are not read.
 */
NODISCARD gboolean oakum_cache_key_files(OakumCacheKey *key, const Build *build, int root,
                                         const char *path, gboolean itself,
                                         const OakumPackOptions *options, GError **error);
NODISCARD char *oakum_cache_key_hex(OakumCacheKey *key);
/* *hit: a step of this key was carried out before, and its layer, if it made one (*changed), is the
 * stage's newest now. FALSE: an error. */
NODISCARD gboolean oakum_cache_use(Build *build, Stage *stage, OakumCacheKey *key, int line,
                                   gboolean *changed, gboolean *hit, GError **error);
/* Writes the record of a key. A store that cannot be written to costs time later, not the build
 * now: it is a warning. */
void oakum_cache_record(OakumStore *store, const char *key, const OakumCacheEntry *entry);
/* Remembers what came of the step: the stage's newest layer, or none. */
void oakum_cache_note(const Build *build, const Stage *stage, OakumCacheKey *key, gboolean changed);
/* The layers of all builds that fill it; a new reference. */
NODISCARD OakumLayerPool *oakum_cache_log_pool(OakumCacheLog *log, OakumStore *store);
/* A step of the stage; `run`: a RUN. Takes nothing. */
void oakum_cache_log_add(OakumCacheLog *log, const char *key, const OakumCacheEntry *entry,
                         int stage, gboolean run);
/* There is a result: which stages its layers come from is noted. */
void oakum_cache_log_result(OakumCacheLog *log, const OakumPlan *plan);
/* What the mounts of a RUN show, but for what is in caches, secrets and agents. */
NODISCARD gboolean oakum_stage_mounts_key(Build *build, Stage *stage, const OakumInstruction *in,
                                          OakumCacheKey *key, GError **error);

/* What the mounts of a RUN are made of; caches are locked, and copies there, until it is freed. */
typedef struct OakumStepMounts OakumStepMounts;
NODISCARD OakumStepMounts *oakum_stage_mounts(Build *build, Stage *stage,
                                              const OakumInstruction *in, GError **error);
NODISCARD const OakumStepMount *oakum_step_mounts_list(const OakumStepMounts *mounts,
                                                       size_t *count);
/* Variables that they bring: array of "NAME=value". */
NODISCARD const GPtrArray *oakum_step_mounts_environment(const OakumStepMounts *mounts);
/* Behind the step, where owners stand in a table: what it says of the caches stays beside them. */
NODISCARD gboolean oakum_step_mounts_keep_owners(const OakumStepMounts *mounts,
                                                 const OakumOwners *owners, GError **error);
void oakum_step_mounts_free(OakumStepMounts *mounts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumStepMounts, oakum_step_mounts_free)
/* Makes a socket at `path` and a process that leads from there to the agent's socket; it ends with
 * the child. */
NODISCARD OakumChild *oakum_agent_start(const char *agent, const char *path, mode_t mode, uid_t uid,
                                        gid_t gid, GError **error);

/* Streams of a layer that who looks on (OakumLayerWatch) is told of; they take the one below, and
 * give it back when nobody wants to see it. */
NODISCARD OakumReader *oakum_watch_reader(const Build *build, const Stage *stage,
                                          OakumReader *below, const char *diff_id);
/* `layer` comes from begin of the watch; its end is for the caller to tell. */
NODISCARD OakumWriter *oakum_watch_writer(const Build *build, gpointer layer, OakumWriter *below);
/* Finds the stages whose layers are those of the result. */
void oakum_watch_mark(Build *build);

/* A layer that is being written. */
typedef struct OakumLayerWriter OakumLayerWriter;
NODISCARD OakumLayerWriter *oakum_layer_writer_new(Build *build, const Stage *stage,
                                                   GError **error);
NODISCARD OakumTarWriter *oakum_layer_writer_tar(OakumLayerWriter *writer); /* borrowed */
/* Ends the layer and appends it to the stage. */
NODISCARD gboolean oakum_layer_writer_commit(OakumLayerWriter *writer, Stage *stage, int line,
                                             GError **error);
void oakum_layer_writer_free(OakumLayerWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumLayerWriter, oakum_layer_writer_free)
/* Appends a layer to the stage; takes `layer` and `diff_id`. */
void oakum_stage_append(Stage *stage, OakumDescriptor *layer, char *diff_id, int line);
/* Applies the newest layer of the stage to its root. */
NODISCARD gboolean oakum_stage_apply_last(Build *build, Stage *stage, GError **error);
/* Appends a row of history; takes `created_by`. */
void oakum_stage_history(Stage *stage, char *created_by, gboolean layer);

/* Users and groups of an image, from its own etc/passwd and etc/group (passwd(5), group(5)). */
typedef struct {
  uint32_t uid, gid;
  gid_t *groups;
  size_t n_groups;
  char *home;
} OakumUser;
/* "user", "uid", "user:group" …; "" is root. `gid_is_uid`: a number without a group has that number
 * as its group (COPY --chown), else the one of passwd or 0 (USER). */
NODISCARD gboolean oakum_user_find(int root, const char *text, gboolean gid_is_uid, OakumUser *out,
                                   GError **error);
void oakum_user_clear(OakumUser *user);

/* A folder's contents as a layer of the stage. */
NODISCARD gboolean oakum_stage_add_folder(Build *build, Stage *stage,
                                          const OakumNamedContext *named, int line, GError **error);
NODISCARD gboolean oakum_step_run(Build *build, Stage *stage, const OakumInstruction *in,
                                  GError **error);
NODISCARD gboolean oakum_step_copy(Build *build, Stage *stage, const OakumInstruction *in,
                                   GError **error);
NODISCARD gboolean oakum_step_workdir(Build *build, Stage *stage, const OakumInstruction *in,
                                      GError **error);
