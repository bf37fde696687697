/* base: what GLib does not give. Rank 0: knows nothing of images, files or networks. */
#pragma once
#include <glib.h>
#include <stdint.h>
#include <stddef.h>
#include "base/limits.h"

/* ---- attributes ------------------------------------------------------------------------- */
#define NODISCARD __attribute__((warn_unused_result))
/* Holds a GMutex to the end of the scope; once a scope (GLib has it as G_MUTEX_AUTO_LOCK from 2.80
 * on). Nothing reads the guard, which Clang would warn of. */
#define OAKUM_AUTO_LOCK(mutex)                                                                     \
  G_GNUC_UNUSED g_autoptr(GMutexLocker) oakum_auto_lock = g_mutex_locker_new(mutex)

/* ---- errors ----------------------------------------------------------------------------- *
 * One set of codes serves all domains; the domain says which module spoke. Callers branch on the
 * code (exit code, retry, "incomplete"), people read the message. */
typedef enum {
  OAKUM_ERROR_FAILED,      /* the operation failed; nothing more is known */
  OAKUM_ERROR_INVALID,     /* the input breaks its format */
  OAKUM_ERROR_LIMIT,       /* the input passes a named limit of base/limits.h */
  OAKUM_ERROR_NOT_FOUND,   /* a file, tag, blob or stage that does not exist */
  OAKUM_ERROR_DIGEST,      /* bytes differ from the digest or size promised for them */
  OAKUM_ERROR_UNSUPPORTED, /* valid, but oakum does not do it */
  OAKUM_ERROR_DENIED,      /* permission or authentication was refused */
  OAKUM_ERROR_IO,          /* the operating system said no; errno stands in the message */
  OAKUM_ERROR_NETWORK,     /* transport failure after all retries */
  OAKUM_ERROR_USAGE,       /* the command line or configuration is wrong */
  OAKUM_ERROR_CANCELLED,   /* given up because something else failed */
  OAKUM_ERROR_EXISTS,      /* it is there, and whoever has it does not let it be replaced */
  OAKUM_ERROR_INCOMPLETE,  /* whoever shall keep it says that parts of it have not arrived */
} OakumErrorCode;

/* Defines the GError domain `OAKUM_<NAME>_ERROR` of a module in its public header. */
#define OAKUM_DECLARE_ERROR(lower)                                                                 \
  static inline GQuark oakum_##lower##_error_quark(void)                                           \
  {                                                                                                \
    return g_quark_from_static_string("oakum-" #lower);                                            \
  }
OAKUM_DECLARE_ERROR(base)
#define OAKUM_BASE_ERROR (oakum_base_error_quark())

/* Sets `error` from an errno value: "<formatted text>: <strerror>". ENOENT becomes NOT_FOUND,
 * EACCES and EPERM become DENIED, everything else IO. */
void oakum_error_errno(GError **error, GQuark domain, int errnum, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* How often this process found no room on a disk (ENOSPC and EDQUOT of the above, and what was told
 * by oakum_room_missed): who ran meanwhile may have written less than it believes. Thread-safe. */
NODISCARD guint oakum_room_misses(void);
void oakum_room_missed(void);

/* ---- slices ----------------------------------------------------------------------------- *
 * Foreign bytes: length-counted, never assumed NUL-terminated or UTF-8. Borrowed. */
typedef struct {
  const uint8_t *data;
  size_t len;
} OakumSlice;
/* The next line of `rest`, which goes on behind its newline; without it. FALSE: nothing is left. */
NODISCARD gboolean oakum_slice_line(OakumSlice *rest, OakumSlice *line);
/* What stands behind the last slash of `path`: part of it, and all of it where there is none. */
NODISCARD const char *oakum_path_base(const char *path);
/* Where `what` (n bytes) stands first in `data` (len bytes, NULL when there are none); NULL:
 * nowhere. As memmem(3), but several times faster where much is searched for something short. At
 * the worst (what is sought begins and ends as everything else does) it takes len * n steps: not
 * for what an image may choose to seek. */
NODISCARD const uint8_t *oakum_bytes_find(const uint8_t *data, size_t len, const void *what,
                                          size_t n);

/* ---- checked arithmetic ------------------------------------------------------------------ */
#define oakum_add_overflows(a, b, out) __builtin_add_overflow((a), (b), (out))
#define oakum_mul_overflows(a, b, out) __builtin_mul_overflow((a), (b), (out))

/* Parses `text` (len bytes, decimal digits only, no sign, no space) into *out. FALSE when it is
 * empty, holds another character or is above max. Locale-free. */
NODISCARD gboolean oakum_parse_u64(const char *text, size_t len, uint64_t max, uint64_t *out);

/* ---- maps keyed by foreign strings -------------------------------------------------------- *
 * GLib's own string hash is unseeded: a hostile image could choose names that all collide. */
guint oakum_str_hash(gconstpointer key);
/* The same of bytes: another number in each process. */
NODISCARD uint64_t oakum_bytes_hash(const void *data, size_t len);
/* The same number wherever the key (random bytes, kept from the image) is the same. */
#define OAKUM_HASH_KEY 16
NODISCARD uint64_t oakum_bytes_hash_keyed(const uint8_t key[OAKUM_HASH_KEY], const void *data,
                                          size_t len);
void oakum_random(void *buffer, size_t len); /* bytes that nobody can foretell */
/* A GHashTable with the seeded hash; free functions may be NULL. Caller owns it. */
NODISCARD GHashTable *oakum_str_map_new(GDestroyNotify key_free, GDestroyNotify value_free);

/* ---- log and progress ---------------------------------------------------------------------- *
 * Everything goes to standard error; standard output belongs to results. Control characters in
 * messages are escaped. Thread-safe. */
typedef enum { OAKUM_LOG_ERROR, OAKUM_LOG_WARN, OAKUM_LOG_INFO, OAKUM_LOG_DEBUG } OakumLogLevel;
void oakum_log_set_level(OakumLogLevel level);
OakumLogLevel oakum_log_level(void);
/* Messages go to `sink`, unescaped, in place of standard error. NULL: as before. */
typedef void (*OakumLogSink)(OakumLogLevel level, const char *message);
void oakum_log_set_sink(OakumLogSink sink);
/* "error", "warning", "info", "debug". */
NODISCARD const char *oakum_log_level_name(OakumLogLevel level);
void oakum_log(OakumLogLevel level, const char *format, ...) G_GNUC_PRINTF(2, 3);
#define oakum_warn(...) oakum_log(OAKUM_LOG_WARN, __VA_ARGS__)
#define oakum_info(...) oakum_log(OAKUM_LOG_INFO, __VA_ARGS__)
#define oakum_debug(...) oakum_log(OAKUM_LOG_DEBUG, __VA_ARGS__)
/* What stands in front of each line that this thread logs; NULL: nothing. Borrowed. */
void oakum_log_set_prefix(const char *prefix);
NODISCARD const char *oakum_log_prefix(void);
/* Bytes for a descriptor that may be the terminal the log goes to: never in the middle of another
 * thread's line, the progress line out of the way. Errors are passed over, as with the log. */
void oakum_log_bytes(int fd, const void *data, size_t len);
/* TRUE when `fd` is a terminal that may be coloured (NO_COLOR unset, TERM not dumb). */
NODISCARD gboolean oakum_colour_wanted(int fd);
/* Whether it is a terminal that is known to take links (OSC 8): others show their bytes. No
 * question is asked of the terminal; FORCE_HYPERLINK=1 or 0 overrules what is known. */
NODISCARD gboolean oakum_links_wanted(int fd);
/* Columns of the terminal, or of COLUMNS; 0: not known. */
NODISCARD int oakum_columns(int fd);

/* What goes on, on one line of the terminal: drawn only when standard error is a terminal, and
 * after 1 s of work. Several at once share the line. Thread-safe; NULL is allowed for `progress`.
 */
typedef struct OakumProgress OakumProgress;
/* No progress is drawn from now on. */
void oakum_progress_set_quiet(gboolean quiet);
/* Bytes, or things of `unit` ("files"); `total` 0: unknown. */
NODISCARD OakumProgress *oakum_progress_new(const char *what, const char *unit, uint64_t total);
void oakum_progress_add(OakumProgress *progress, uint64_t done);
/* Work that comes and goes: once begun, it shows only while more was begun than ended. */
void oakum_progress_begin(OakumProgress *progress);
void oakum_progress_end(OakumProgress *progress);
NODISCARD OakumProgress *oakum_progress_ref(OakumProgress *progress);
void oakum_progress_free(OakumProgress *progress); /* the last one takes it from the line */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumProgress, oakum_progress_free)

/* ---- escaping -------------------------------------------------------------------------------- *
 * Each takes any bytes and returns a new UTF-8 string; invalid UTF-8 shows as \xNN. */
/* For a terminal: C0, C1, ESC, DEL, bidirectional and zero-width controls become \xNN or \u{NNNN};
 * newline and tab too, so that one field stays on one line. */
NODISCARD char *oakum_escape_terminal(const char *bytes, gssize len);
/* Characters that move the cursor, hide text or change its order. */
NODISCARD gboolean oakum_is_deceptive(gunichar c);
/* For HTML text and quoted attribute values: & < > " ' and control characters. */
NODISCARD char *oakum_escape_html(const char *bytes, gssize len);
/* Valid UTF-8 as it is, other bytes replaced by U+FFFD: for JSON values. */
NODISCARD char *oakum_escape_utf8(const char *bytes, gssize len);

/* Text of JSON, which is UTF-8, in its place: what oakum_escape_terminal shows as a number becomes
 * \uNNNN, so that it reads the same and a terminal shows it as it is. */
void oakum_escape_json(GString *json);

/* ---- words that are like each other ------------------------------------------------------------
 */
/* Letters to add, drop, change, or swap with the next, in any case. G_MAXUINT: one of them is
 * longer than OAKUM_NEAREST_MAX. */
NODISCARD guint oakum_edit_distance(const char *a, const char *b);

/* ---- places in a text --------------------------------------------------------------------------
 * * Any bytes; one that is no UTF-8 counts as a character of its own. Lines end in \n. */
/* Bytes of the character at the start of `text`, 1 to 4. */
NODISCARD size_t oakum_utf8_length(const char *text, size_t len);
typedef struct {
  guint offset, chars, units; /* bytes, characters and UTF-16 units from the start of the text */
} OakumPlaceCount;
typedef struct {
  const char *text; /* borrowed */
  guint len;
  GArray *lines;  /* guint: where each begins */
  GArray *blocks; /* OakumPlaceCount, or NULL: the text is ASCII */
} OakumPlaces;
void oakum_places_init(OakumPlaces *places, const char *text, size_t len);
void oakum_places_clear(OakumPlaces *places);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumPlaces, oakum_places_clear)
/* The line, from 0, that holds the byte at `offset`. Logarithmic, as all below. */
NODISCARD guint oakum_places_line(const OakumPlaces *places, size_t offset);
static inline guint oakum_places_line_start(const OakumPlaces *places, guint line)
{
  return g_array_index(places->lines, guint, line);
}
/* What stands in front of `offset`; inside of a character: in front of that. */
NODISCARD OakumPlaceCount oakum_places_count(const OakumPlaces *places, size_t offset);
/* The other way: line and column from 0, the column in UTF-16 units; what lies outside is cut. */
NODISCARD size_t oakum_places_offset(const OakumPlaces *places, guint line, guint unit);

/* ---- bounded workers ---------------------------------------------------------------------------
 * * A fixed number of threads, a queue that blocks the producer when full, results handed out in
 * the order of input so that output does not depend on the number of threads. */
typedef struct OakumWorkers OakumWorkers;
/* `work` runs on a worker thread with an item; its return value is the result. threads >= 1. */
typedef gpointer (*OakumWorkFunc)(gpointer item, gpointer user);
NODISCARD OakumWorkers *oakum_workers_new(guint threads, guint queue, OakumWorkFunc work,
                                          gpointer user);
/* Blocks while `queue` items are waiting or unread. Do not call from `work`. */
void oakum_workers_push(OakumWorkers *workers, gpointer item);
/* The next result in input order; blocks until it is there. FALSE when nothing is outstanding. */
NODISCARD gboolean oakum_workers_pop(OakumWorkers *workers, gpointer *result);
/* How many results are outstanding (pushed, not popped). The producer must pop when this reaches
 * `queue`. */
NODISCARD guint oakum_workers_pending(OakumWorkers *workers);
/* Waits for running work. Unread results are passed to `result_free` when it is not NULL. */
void oakum_workers_free(OakumWorkers *workers, GDestroyNotify result_free);
/* Number of processors this process may use, at least 1, at most OAKUM_THREADS_MAX. */
NODISCARD guint oakum_cpu_count(void);

/* ---- time
 * ----------------------------------------------------------------------------------------- */
/* RFC 3339 UTC ("2026-11-24T03:00:00Z") of seconds since 1970. New string. */
NODISCARD char *oakum_time_format(int64_t seconds);
/* Parses RFC 3339 with optional fraction (truncated). FALSE when it does not parse. */
NODISCARD gboolean oakum_time_parse(const char *text, int64_t *seconds);
