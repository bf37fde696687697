/* What is known of the files that pass while they are searched: shared by what moves over them
 * (secret-stream.c), what decodes what they hold (secret-encoded.c) and what is told of them
 * (secret-tell.c). */
#pragma once
#include "inspect/secret-private.h"

typedef struct {
  guint literal;
  size_t at;
} SecretCandidate;

typedef struct {
  int rule;            /* its rank, which is its index; below 0: one of the user's own */
  uint64_t start, end; /* in the stream */
  uint64_t line, hash;
  guint stars;
  const char *said, *shown; /* `shown`: the literal, which is no secret */
  const char
      *allowed; /* why it does not count, by itself or by what the user says; NULL: it does */
  gboolean encoded;
} SecretFound;

struct SecretStream {
  SecretScan *scan;
  guint depth;
  char *path, *where;
  const char *member; /* `where` without "./" in front; NULL: the file itself */
  guint places;
  gboolean code, begun, raw;
  gboolean loose; /* nothing parts one text from the next */
  gboolean zeros; /* an environment as the kernel tells it: zeros end its lines */
  int wide;       /* 1: UTF-16, low byte first; 2: high byte first */
  int odd;        /* the first byte of a pair; -1: none */
  SecretSet set;
  uint8_t *buffer;
  size_t len, scanned;
  uint64_t base, line; /* what went before the buffer: bytes, ends of lines */
  uint64_t decoded_to[4], runs_to;
  GArray *pending; /* SecretCandidate */
  GArray *found;   /* SecretFound */
  SecretUnpack *unpack;
  uint8_t *block; /* a part of one that is to be unpacked; NULL: none was needed */
  size_t block_len;
  size_t *own_done;    /* by own rule: how far in the buffer its last match goes */
  gboolean *own_keyed; /* by own rule: one of its words was seen */
};

struct SecretScan {
  const SecretTable *table;
  const SecretConfig *config; /* NULL: there is none */
  hs_scratch_t *scratch[3];   /* of files, of what they hold encoded, and what that holds */
  hs_scratch_t *own;          /* NULL: own rules are not compiled */
  SecretStream *stream;
  GPtrArray *findings, *incomplete;
  GHashTable *seen; /* hashes of what was told of this file */
  char *file;
  guint first; /* of this file's findings */
  uint64_t work, bytes, unpacked;
  gboolean full, spent;
  gboolean slow;  /* an own rule took too many steps, and it was told */
  guint dropped;  /* secrets of the file that are not told */
  guint nested;   /* what looks back far, and is open */
  GArray *ranges; /* SecretRange; NULL */
};

/* Where a literal may mark a secret: in the buffer, or in what is encoded there. */
typedef struct {
  SecretStream *stream;
  OakumSlice data;
  const SecretLiteral *literal;
  const SecretCandidate *encoded; /* the literal that led to it; NULL: as it stands */
  size_t begins, ends;            /* ENCODED: where its characters begin and end in the buffer */
  guint depth;                    /* how often `data` was encoded */
  size_t decoded_to;              /* of what is encoded in `data` */
} SecretLook;

/* ---- secret-tell.c
 * --------------------------------------------------------------------------------- */
/* Notes what was confirmed of a built-in rule; `look` is a SecretLook. */
void oakum_secret_note(const SecretHit *hit, gpointer look);
/* Line ends in `data`; of secret-stream.c. */
NODISCARD uint64_t oakum_secret_count_lines(const uint8_t *data, size_t len);
/* Notes [start, end) of the buffer as a secret of a rule of kind WHOLE; `line` from 0. */
void oakum_secret_note_whole(SecretStream *stream, guint rule, size_t start, size_t end,
                             uint64_t line);
/* Lets the user's own rules look at the buffer; `before`: how much of it was looked at before. */
void oakum_secret_look_by_own(SecretStream *stream, size_t before, gboolean last);
/* Tells what was found in the file that ends, the better of two at one place. */
void oakum_secret_tell(SecretStream *stream);

/* ---- secret-stream.c
 * ------------------------------------------------------------------------------- */
/* FALSE: the file took more work than it may; that is told. */
NODISCARD gboolean oakum_secret_may_work(SecretScan *scan);
/* Whether the literal at `at` of the data marks a secret, which is noted. */
void oakum_secret_try(SecretLook *look, size_t at);

/* ---- secret-whole.c
 * -------------------------------------------------------------------------------- */
/* The stream ends, and the buffer holds all of it: whether it is a secret as a whole. */
void oakum_secret_look_at_whole(SecretStream *stream);

/* ---- secret-encoded.c
 * ------------------------------------------------------------------------------ */
/* Looks into the base64 that the candidate's literal is a part of. */
void oakum_secret_decode(SecretStream *stream, OakumSlice data, const SecretCandidate *candidate);
/* Looks into every run of base64 of the buffer that is a text. */
void oakum_secret_look_at_runs(SecretStream *stream, gboolean last);
