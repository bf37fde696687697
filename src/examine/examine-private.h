/* What the two processes say to each other. */
#pragma once
#include "examine/examine.h"
#include "os/os.h"

/* Descriptors of the reading process. */
#define EXAMINE_INPUT_FD 3  /* frames */
#define EXAMINE_RESULT_FD 4 /* answers */
#define EXAMINE_SPOOL_FD 5  /* a file without a name, for contents too large for memory */
#define EXAMINE_PAGE_FD 6   /* ExaminePage, shared */
#define EXAMINE_FOLDER_FD 7 /* only when the order says so; else the two below */
#define EXAMINE_RING_FD 8   /* the bytes of layers (ring.c), to be seen only */
#define EXAMINE_FREED_FD 9  /* a byte for each EXAMINE_FREED_AT_ONCE slots that were read */

/* Input: a length (32 bits, of this machine) and as many bytes, which are the order, JSON. Then for
 * each layer lengths alone, of bytes that lie in the slots of the ring, one after the other; 0 is
 * the layer's end. Behind each layer the answers are read before the next is sent. */
#define EXAMINE_ORDER_MAX (64 * OAKUM_MIB)
#define EXAMINE_SLOT (512 * 1024u)
#define EXAMINE_SLOTS 8u /* 4 MiB: one side works on while the other is at a large file */
/* Waking the other side costs more than a slot is worth. */
#define EXAMINE_FREED_AT_ONCE 2u

/* Answers have a kind and a length in front. NOTES (notes.c) and NAMES come behind each layer;
 * ERROR (JSON) is the last there is. */
typedef enum { EXAMINE_NOTES = 1, EXAMINE_NAMES, EXAMINE_ERROR } ExamineAnswerKind;
typedef struct {
  uint32_t kind, len;
} ExamineAnswer;

/* What is being read, in memory that both see: who dies cannot tell any more. */
typedef struct {
  uint32_t running;
  uint32_t begun;  /* files so far: that it goes on */
  uint64_t cpu_us; /* processor time until the last answer */
  char path[OAKUM_TAR_PATH_MAX + 1], by[64];
} ExaminePage;

typedef struct {
  char *diff_id;   /* NULL: not checked */
  gboolean lowest; /* nothing lies below it */
  GPtrArray *only; /* OakumPathPair; NULL: all files */
} ExamineLayer;
typedef struct {
  gboolean folder;
  char *key;         /* hexadecimal, of OAKUM_HASH_KEY bytes; NULL: names are not wanted */
  GPtrArray *layers; /* ExamineLayer */
  GPtrArray *skip;   /* OakumPathPair: file, cataloguer: what took a process down before */
  uint64_t checks;   /* OakumChecks */
  char *secrets;     /* as oakum_inspect_secret_config takes it; NULL: there is none */
} ExamineOrder;
NODISCARD char *oakum_examine_order_format(const ExamineOrder *order);
NODISCARD gboolean oakum_examine_order_parse(const char *data, size_t len, ExamineOrder *order,
                                             GError **error);
gpointer oakum_examine_layer_new(void);
void oakum_examine_layer_free(gpointer layer);
void oakum_examine_order_clear(ExamineOrder *order);

/* An error as a document, and back: FALSE with it. */
NODISCARD char *oakum_examine_format_error(const GError *error);
NODISCARD gboolean oakum_examine_parse_error(const char *data, size_t len, GError **error);

/* The key of all names that are kept; borrowed. */
NODISCARD const uint8_t *oakum_examine_cache_key(const OakumExamineCache *cache);
/* NULL: not kept, by these readers. */
NODISCARD OakumLayerNotes *oakum_examine_cache_get(OakumExamineCache *cache, const char *diff_id);
NODISCARD gboolean oakum_examine_cache_has(OakumExamineCache *cache, const char *diff_id);
/* `took`: processor time that reading it took, in microseconds. FALSE: it is not kept. */
gboolean oakum_examine_cache_put(OakumExamineCache *cache, const char *diff_id,
                                 const OakumLayerNotes *notes, uint64_t took);
/* What an image as a whole held, by its name (whole.c), as long as all its layers are kept too.
 * NULL: it is not. */
NODISCARD OakumCatalog *oakum_examine_cache_get_whole(OakumExamineCache *cache, const char *name,
                                                      const GPtrArray *diff_ids);
void oakum_examine_cache_put_whole(OakumExamineCache *cache, const char *name,
                                   const OakumCatalog *catalog);
/* Stands for all versions of those that read; borrowed. */
NODISCARD const char *oakum_examine_cache_readers(const OakumExamineCache *cache);
NODISCARD guint oakum_examine_cache_checks(const OakumExamineCache *cache);
/* Held while counts change. */
NODISCARD OakumExamineCounts *oakum_examine_cache_lock(OakumExamineCache *cache);
void oakum_examine_cache_unlock(OakumExamineCache *cache);

/* ---- the side that holds the bytes
 * ---------------------------------------------------------------- */
typedef struct {
  OakumChild *child;
  int input, result, freed; /* our ends; none ever blocks */
  uint8_t *ring;            /* the job's; NULL: it reads a folder */
  guint next, lent;         /* slot that comes next; slots that were not given back */
  const ExaminePage *page;
  gboolean useless; /* it is there, and does nothing, or talks nonsense */
} ExamineWorker;

/* What is read, and what came of it so far. */
typedef struct {
  const char *name;
  int folder; /* -1: layers are streams */
  guint n;
  char **diff_ids; /* NULL among them: not checked */
  guint checks;    /* OakumChecks */
  gboolean *plain; /* a layer's blob is its tar, whose digest this side checks; NULL: none is */
  /* `digest`: of what the reader gives, when it is not checked there; NULL: it is; borrowed */
  OakumReader *(*open)(gpointer user, guint layer, const char **digest, GError **error);
  gpointer user;
  uint8_t key[OAKUM_HASH_KEY];
  GPtrArray *notes;    /* OakumLayerNotes, NULL where none came */
  GPtrArray *skip;     /* OakumPathPair */
  GPtrArray *given_up; /* OakumFinding */
  gboolean died;       /* a reading process did: nothing is kept of the whole */
  int spool, page_fd, ring_fd;
  uint8_t *ring;
  ExaminePage *page;
  uint64_t told_us; /* of page->cpu_us */
  uint64_t *took,
      *read; /* a number a layer: processor time in microseconds, bytes that were sent */
} ExamineJob;
typedef enum { EXAMINE_CAME, EXAMINE_DIED, EXAMINE_FAILED } ExamineOutcome;
/* `name` is borrowed. What a process shares with us is made when the first one starts. */
void oakum_examine_job_init(ExamineJob *job, const char *name, guint n);
void oakum_examine_job_clear(ExamineJob *job);
NODISCARD gboolean oakum_examine_start(ExamineWorker *worker, ExamineJob *job, GError **error);
void oakum_examine_worker_clear(ExamineWorker *worker);
/* FALSE: the other side does not listen any more. */
NODISCARD gboolean oakum_examine_write(ExamineWorker *worker, const void *data, size_t len);
/* Until `fd` has something to read (or `to_write`: takes something); FALSE: it took too long. */
NODISCARD gboolean oakum_examine_wait(ExamineWorker *worker, int fd, gboolean to_write);
/* Where the next bytes go, EXAMINE_SLOT at most; waits for room. NULL: the other side does not
 * listen any more. */
NODISCARD uint8_t *oakum_examine_slot(ExamineWorker *worker);
/* They lie there: `len` of them, 0 for the end of the layer. */
NODISCARD gboolean oakum_examine_lend(ExamineWorker *worker, uint32_t len);
/* The digest of what is lent from here on, computed beside. */
typedef struct ExamineDigest ExamineDigest;
NODISCARD ExamineDigest *oakum_examine_digest_new(const ExamineWorker *worker,
                                                  const char *expected);
/* Waits until the slot that comes next is not looked at any more. */
void oakum_examine_digest_room(ExamineDigest *digest);
/* `len` bytes lie in that slot, which is lent next. */
void oakum_examine_digest_add(ExamineDigest *digest, uint32_t len);
/* There is no more, but what `rest` (NULL: nothing) still gives, which is not lent: DIGEST when it
 * is not what was expected. */
NODISCARD gboolean oakum_examine_digest_end(ExamineDigest *digest, OakumReader *rest,
                                            GError **error);
void oakum_examine_digest_free(ExamineDigest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExamineDigest, oakum_examine_digest_free)
NODISCARD gboolean oakum_examine_ring_make(ExamineJob *job, GError **error);
void oakum_examine_ring_clear(ExamineJob *job);
NODISCARD gboolean oakum_examine_send_order(ExamineWorker *worker, const ExamineOrder *order);
NODISCARD ExamineOutcome oakum_examine_receive(const ExamineJob *job, ExamineWorker *worker,
                                               OakumLayerNotes **notes, GError **error);
/* What reading layers took since the last call, of processor time in microseconds, as the other
 * side says. */
NODISCARD uint64_t oakum_examine_took(ExamineJob *job);
/* Takes what the key of an order is made of. */
NODISCARD char *oakum_examine_key_hex(const ExamineJob *job);

/* ---- the reading process
 * -------------------------------------------------------------------------- */
/* A length of its input, which is no more than `max`. */
NODISCARD gboolean oakum_examine_read_length(uint32_t max, uint32_t *length, GError **error);
/* Maps the ring, once. */
void oakum_examine_ring_see(void);
/* The bytes of the layer that comes now; one at a time. */
NODISCARD OakumReader *oakum_examine_ring_reader(void);
