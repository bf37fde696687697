/* The parts of secret scanning. */
#pragma once
#include "codec/codec.h"
#include "finding/finding.h"
#include "oci/oci.h"
#include <hs/hs.h>

/* ---- patterns
 * ----------------------------------------------------------------------------------- *
 * Atoms one behind another, each a set of bytes with least and most repetitions, which gives
 * nothing back: matching is one walk, and fails where a search with second thoughts would go on. */
typedef struct {
  uint64_t set[4];
  uint16_t min, max;
} SecretAtom;
typedef struct {
  SecretAtom *atoms;
  guint n, literal; /* `literal`: atoms in front of the literal; those behind it follow */
  gboolean has_literal;
  size_t back_max, ahead_max; /* bytes that it may take in front of and behind the literal */
} SecretPattern;
/* One alternative, `text` of `len` bytes; the program's own text, so that an error ends it. */
void oakum_secret_pattern_init(SecretPattern *pattern, const char *text, size_t len);
void oakum_secret_pattern_clear(SecretPattern *pattern);
/* Holds the pattern against `data`, with the literal in [*start, *end), which become the bounds of
 * all of it. Counts the bytes looked at to *work. */
NODISCARD gboolean oakum_secret_pattern_match(const SecretPattern *pattern, OakumSlice data,
                                              size_t *start, size_t *end, uint64_t *work);
static inline gboolean secret_in(const SecretAtom *atom, uint8_t c)
{
  return (atom->set[c >> 6] >> (c & 63)) & 1;
}

/* ---- what sort of file a path names
 * ------------------------------------------------------------------- */
typedef enum {
  SECRET_ANY,      /* every file, also one that is no text */
  SECRET_TEXT,     /* every text */
  SECRET_APP,      /* a text that is no part of an installed library */
  SECRET_CONFIG,   /* of those, what sets something: configuration, scripts, environment */
  SECRET_SHADOW,   /* etc/shadow and its copies */
  SECRET_HTPASSWD, /* .htpasswd */
  SECRET_NETRC,    /* .netrc */
  SECRET_PGPASS,   /* .pgpass */
  SECRET_MAVEN,    /* settings of Maven */
  SECRET_PYPIRC,   /* .pypirc */
} SecretPlace;
/* Bits 1 << SecretPlace of a path; TEXT goes by the content, and is set. */
NODISCARD guint oakum_secret_places(const char *path);
/* A program text, where only what is in quotes is a value. */
NODISCARD gboolean oakum_secret_is_code(const char *path);

/* ---- rules
 * ----------------------------------------------------------------------------------------- */
typedef enum {
  SECRET_PROOF_NONE,
  SECRET_PROOF_CRC62,
  SECRET_PROOF_GITLAB,
  SECRET_PROOF_GCP_ACCOUNT,
  SECRET_PROOF_USER_PASSWORD,
  SECRET_PROOF_CURL,
  SECRET_PROOF_PEM,
  SECRET_PROOF_PEM_SEALED,
  SECRET_PROOF_DER,
  SECRET_PROOF_PUTTY,
  SECRET_PROOF_PUTTY_SEALED,
  SECRET_PROOF_BECH32,
  SECRET_PROOF_JWK,
  SECRET_PROOF_JWT,
  SECRET_PROOF_URL_LOGIN,
  SECRET_PROOF_GENERIC,
  SECRET_PROOF_KEY,
  SECRET_PROOF_COMMAND,
  SECRET_PROOF_PIPED,
  SECRET_PROOF_PKCS12,
  SECRET_PROOF_WELL_KNOWN,
  SECRET_PROOF_DSN,
  SECRET_PROOF_WORDS,
  SECRET_PROOF_CALL,
  SECRET_PROOF_PHRASE,
  SECRET_PROOF_STATE,
  SECRET_PROOF_JAAS,
  SECRET_PROOF_TYPED,
} SecretProof;
typedef enum { SECRET_TOKEN, SECRET_VALUE, SECRET_WHOLE } SecretKind;
typedef struct {
  SecretKind kind;
  const char *id, *code;
  OakumSeverity severity;
  const char *category, *title;
  SecretPlace place;
  guint entropy; /* tenths of a bit a byte */
  SecretProof proof;
  const char *literals, *patterns;
} SecretRule;
extern const SecretRule oakum_secret_rules[];
extern const guint oakum_secret_rules_n;

/* A text whose appearance makes a candidate. */
typedef struct {
  char *text;
  guint len;
  gboolean caseless;
  int base64;   /* -1: as it stands; 0 to 2: encoded, that many bytes behind the begin of a group */
  guint *rules; /* that it makes a candidate of, ascending; of base64: none */
  guint n_rules;
  size_t back, ahead; /* bytes in front of it and behind it that these rules look at */
} SecretLiteral;
typedef enum { SECRET_SET_CORE, SECRET_SET_ALL, SECRET_SETS } SecretSet;
typedef struct {
  SecretLiteral *literals;
  guint n;
  guint longest;
  hs_database_t *databases[SECRET_SETS]; /* CORE: without those of SECRET_APP and beyond */
  SecretPattern **patterns;              /* by rule; one that has no atoms ends them */
} SecretTable;
/* The one table, made at the first call; thread-safe. NULL: this processor cannot do it. */
NODISCARD const SecretTable *oakum_secret_table(void);

/* ---- a candidate
 * ----------------------------------------------------------------------------------- */
typedef struct {
  const SecretRule *rule;
  OakumSlice data; /* what is in memory of the file */
  size_t literal, literal_end, start, end;
  gboolean quoted;   /* VALUE: it stands in quotes */
  gboolean code;     /* in a program text */
  gboolean loose;    /* words may stand in front of it and behind it */
  const char *said;  /* static: what the proof proved; NULL */
  const char *doubt; /* static: why it does not count, though it has the form; NULL: it does */
  uint64_t *work;
} SecretMatch;
/* Whether it is a secret; may move start and end. */
NODISCARD gboolean oakum_secret_prove(SecretMatch *match);
/* Whether the word in [from, to) is one that a program is given as a password: start and end become
 * its bounds. */
NODISCARD gboolean oakum_secret_prove_word(SecretMatch *match, size_t from, size_t to);
/* secret-words.c: among the words of a command; among the arguments of a function. */
NODISCARD gboolean oakum_secret_prove_words(SecretMatch *match);
NODISCARD gboolean oakum_secret_prove_call(SecretMatch *match);
/* secret-around.c */
NODISCARD gboolean oakum_secret_prove_phrase(SecretMatch *match);
NODISCARD gboolean oakum_secret_prove_state(SecretMatch *match);
NODISCARD gboolean oakum_secret_prove_jaas(SecretMatch *match);
NODISCARD gboolean oakum_secret_prove_typed(SecretMatch *match);
/* Shannon entropy in tenths of a bit a byte. */
NODISCARD guint oakum_secret_entropy(const uint8_t *data, size_t len);
/* What people write where a secret would stand. */
NODISCARD gboolean oakum_secret_is_placeholder(const uint8_t *data, size_t len, gboolean strict);
/* base64 or base64url without blanks; "=" at the end may lack. New array or NULL. */
NODISCARD GByteArray *oakum_secret_base64(const uint8_t *data, size_t len);

/* ---- secret-whole.c
 * ----------------------------------------------------------------------------------- */
/* STORE: a sealed store that only whoever has its passphrase can look into. */
typedef enum { SECRET_KEY_NONE, SECRET_KEY_STORE, SECRET_KEY_SEALED, SECRET_KEY_OPEN } SecretKey;
/* What the packets of OpenPGP hold: the worst of their secret keys; NONE where the first one is no
 * key, or a card has the secrets. */
NODISCARD SecretKey oakum_secret_openpgp(const uint8_t *data, size_t len);

/* Built-in reasons not to count. */
typedef enum {
  SECRET_REASON_MANUALS,
  SECRET_REASON_PYTHON,
  SECRET_REASON_GNUTLS,
  SECRET_REASON_BROWSERS,
  SECRET_REASON_SNAKEOIL,
  SECRET_REASON_TESTS
} SecretReason;
/* Its number by one of its names; -1: there is no such; -2: a name of trivy's that says nothing
 * here. */
NODISCARD int oakum_secret_reason(const char *name);
/* Why a text that was published everywhere does not count; static, NULL: it does. */
NODISCARD const char *oakum_secret_published(OakumSlice text);
/* Why a secret of this file does not count; `but`: bits of reasons that are no reason. Static;
 * NULL: it does. */
NODISCARD const char *oakum_secret_allowed(const char *rule, const char *path, guint but);

/* The rules of a literal at [literal, literal_end) of data: a hit is told to `tell`. */
typedef struct {
  guint rule; /* index: the order is the rank */
  size_t start, end, literal, literal_end;
  const char *said, *doubt;
} SecretHit;
typedef void (*SecretTell)(const SecretHit *hit, gpointer user);
void oakum_secret_confirm(const SecretTable *table, const SecretLiteral *literal, OakumSlice data,
                          size_t at, guint places, gboolean code, gboolean loose, uint64_t *work,
                          SecretTell tell, gpointer user);

/* ---- files as they pass
 * ----------------------------------------------------------------------------------- */
/* What is found in the files of a layer. */
typedef struct SecretScan SecretScan;
NODISCARD SecretScan *oakum_secret_scan_new(void);
void oakum_secret_scan_free(SecretScan *scan);
/* A file begins (the one before it ends), and its bytes; `path` is copied. */
void oakum_secret_scan_file(SecretScan *scan, const char *path);
void oakum_secret_scan_bytes(SecretScan *scan, const void *data, size_t len);
/* Where in a file: told to `ranges` (of SecretRange) from now on; NULL: not. Borrowed. */
typedef struct {
  uint64_t start, end;
} SecretRange;
void oakum_secret_scan_ranges(SecretScan *scan, GArray *ranges);
/* The last file ends. Appends OakumFinding; ready for another layer. */
void oakum_secret_scan_end(SecretScan *scan, GPtrArray *observed, GPtrArray *incomplete);

/* A stream of bytes in it: the file, a member of an archive, … */
typedef struct SecretStream SecretStream;
/* `where`: what it is of the file, for people; NULL: the file itself. `path`: by which places are
 * judged. */
NODISCARD SecretStream *oakum_secret_stream_new(SecretScan *scan, guint depth);
void oakum_secret_stream_begin(SecretStream *stream, const char *path, const char *where);
void oakum_secret_stream_bytes(SecretStream *stream, const void *data, size_t len);
void oakum_secret_stream_end(SecretStream *stream);
void oakum_secret_stream_free(SecretStream *stream);
/* The file could not be looked at as a whole. `reason` is copied. */
void oakum_secret_scan_incomplete(SecretScan *scan, const char *reason);
/* Bytes that unpacking made; FALSE: no more may be made. */
NODISCARD gboolean oakum_secret_scan_unpacked(SecretScan *scan, size_t len);

/* `by` more of what looks back far are open: how many that makes. */
guint oakum_secret_scan_nest(SecretScan *scan, int by);
/* An archive of the file has `n` members that only a password opens, the first is `name`. */
void oakum_secret_scan_sealed(SecretScan *scan, const char *name, guint n);

/* ---- rules of the user's own
 * -------------------------------------------------------------------------------- */
typedef struct {
  const char *id;      /* interned */
  char *reason;        /* why what it fits does not count */
  GRegex *path, *text; /* NULL: not asked */
} SecretAllow;
typedef struct {
  char *reason;
  GPtrArray *blocks; /* GRegex */
} SecretExclude;
typedef struct {
  SecretRule rule; /* texts interned */
  char *source;    /* the regular expression as it was written */
  GRegex *regex, *path;
  char *group;         /* of the expression; NULL: all of it is the secret */
  GPtrArray *keywords; /* char *, one of them stands in the file; empty: not asked */
  GPtrArray *allow;    /* SecretAllow */
  SecretExclude exclude;
} SecretOwnRule;
typedef struct {
  char *text; /* of the file that it was read from */
  size_t len;
  char *digest;
  GPtrArray *rules;   /* SecretOwnRule */
  GPtrArray *allow;   /* SecretAllow */
  gboolean *disabled; /* by built-in rule */
  guint kept;         /* bits of what built-in reasons not to count are left out: SecretReason */
  SecretExclude exclude;
  hs_database_t *database; /* NULL: not compiled; every expression is tried */
} SecretConfig;
/* What oakum_inspect_secret_config was told; NULL: nothing. */
NODISCARD const SecretConfig *oakum_secret_config(void);

/* What the own rules find in [from, len) of data. */
typedef struct {
  guint rule; /* of SecretConfig's */
  size_t start, end, whole_start, whole_end;
} SecretOwnHit;
typedef struct {
  OakumSlice data;
  size_t from;
  gboolean first, last; /* the stream begins with data, and ends with it */
  const char *path;
  size_t *done;          /* by rule: how far in data its last match goes */
  gboolean *keyed;       /* by rule: one of its words was seen */
  hs_scratch_t *scratch; /* NULL where there is no database */
  void (*tell)(const SecretOwnHit *hit, gpointer user);
  gpointer user;
} SecretOwnLook;
/* NULL, or which rule's expression takes too many steps. */
NODISCARD const SecretOwnRule *oakum_secret_own_scan(const SecretConfig *config,
                                                     const SecretOwnLook *look);
/* Why what stands in [start, end) of data does not count, by what the user says; `own` NULL: it is
 * of a built-in rule. Lives as long as config; NULL: it counts. */
NODISCARD const char *oakum_secret_own_allowed(const SecretConfig *config, const SecretOwnRule *own,
                                               const char *path, OakumSlice data, size_t start,
                                               size_t end);
/* The same of the place in the file, `data` what is in memory of it. */
NODISCARD const char *oakum_secret_own_excluded(const SecretConfig *config,
                                                const SecretOwnRule *own, OakumSlice data,
                                                size_t start, size_t end);

/* ---- archives
 * ------------------------------------------------------------------------------------------- */
typedef struct SecretUnpack SecretUnpack;
#define SECRET_SNIFF 262u /* bytes by which an archive is told */
/* NULL: it is none that is looked into. */
NODISCARD SecretUnpack *oakum_secret_unpack_new(SecretScan *scan, const char *path, OakumSlice head,
                                                guint depth);
/* FALSE: it cannot go on; what follows is to be looked at as it is. */
NODISCARD gboolean oakum_secret_unpack_bytes(SecretUnpack *unpack, const uint8_t *data, size_t len);
void oakum_secret_unpack_free(SecretUnpack *unpack); /* what is open ends */

/* Texts that the settings of an image hold: name, value. */
void oakum_secret_settings(const OakumConfig *config, const OakumManifest *manifest,
                           GPtrArray *findings);
