/* codec: bytes to structures and back: stacked streams, gzip, zstd, xz, tar, JSON binding, XML.
 * Rank
 * 1. Knows nothing of images: a tar entry is a tar entry, whiteouts are `image`'s business. */
#pragma once
#include "base/base.h"
#include <jansson.h>

OAKUM_DECLARE_ERROR(codec)
#define OAKUM_CODEC_ERROR (oakum_codec_error_quark())

/* ---- hashing (OpenSSL EVP) ----------------------------------------------------------------- */
typedef enum { OAKUM_HASH_SHA256, OAKUM_HASH_SHA512 } OakumHashKind;
typedef struct OakumHasher OakumHasher;
NODISCARD OakumHasher *oakum_hasher_new(OakumHashKind kind);
void oakum_hasher_update(OakumHasher *hasher, const void *data, size_t len);
/* Lower-case hex of all bytes so far; the hasher may go on afterwards. New string. */
NODISCARD char *oakum_hasher_hex(OakumHasher *hasher);
/* Whether it is `expected`; else DIGEST with both. */
NODISCARD gboolean oakum_hasher_check(OakumHasher *hasher, const char *expected, GError **error);
void oakum_hasher_free(OakumHasher *hasher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumHasher, oakum_hasher_free)
/* Hex SHA-256 of a buffer. New string. */
NODISCARD char *oakum_sha256_hex(const void *data, size_t len);

/* HMAC (RFC 2104) with SHA-256: 32 bytes to `out`. */
void oakum_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                       uint8_t out[32]);

/* ---- readers ---------------------------------------------------------------------------------- *
 * A reader is a pull stream. Stacked readers own the one below. read returns the number of bytes
 * (1..len), 0 at the end, -1 on error; after an error or the end, every further call returns the
 * same. */
typedef struct OakumReader OakumReader;
typedef struct {
  /* NULL: there is borrow, and what it lends is copied. */
  gssize (*read)(void *self, void *buffer, size_t len, GError **error);
  void (*free)(void *self);
  /* May be NULL. Passes over 1..len bytes that exist; 0: it cannot, and they are to be read. */
  uint64_t (*skip)(void *self, uint64_t len);
  /* May be NULL. As read, but tells where the bytes lie: *data stays as it is until the next call.
   */
  gssize (*borrow)(void *self, const void **data, size_t max, GError **error);
} OakumReaderClass;
/* For other modules that bring their own source (HTTP body, memory view). Owns `self`. */
NODISCARD OakumReader *oakum_reader_new(const OakumReaderClass *klass, void *self);
NODISCARD gssize oakum_reader_read(OakumReader *reader, void *buffer, size_t len, GError **error);
/* As read of up to `max` bytes, which are not copied where the stack holds them anyway: *data stays
 * as it is until the next call on this reader, whichever it is. Never NULL when the result is not
 * negative. */
NODISCARD gssize oakum_reader_borrow(OakumReader *reader, const void **data, size_t max,
                                     GError **error);
/* Passes over up to `len` bytes without making them, where that can be done (a file that nothing
 * watches): how many; 0: they must be read. */
NODISCARD uint64_t oakum_reader_skip(OakumReader *reader, uint64_t len);
void oakum_reader_free(OakumReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumReader, oakum_reader_free)
/* Reads to the end and throws the bytes away (so that a digest covers the tail). */
NODISCARD gboolean oakum_reader_drain(OakumReader *reader, GError **error);
/* Reads to the end into memory; more than `max` bytes is OAKUM_ERROR_LIMIT naming `what`. NUL added
 * behind the end. */
NODISCARD gboolean oakum_reader_slurp(OakumReader *reader, uint64_t max, const char *what,
                                      char **data, size_t *len, GError **error);

NODISCARD OakumReader *oakum_reader_new_fd(int fd, gboolean own_fd);
NODISCARD OakumReader *oakum_reader_new_memory(const void *data, size_t len); /* borrows data */
NODISCARD OakumReader *oakum_reader_new_bytes(GBytes *bytes); /* takes a reference */
/* Adds every byte read to *count, which must outlive the reader. */
NODISCARD OakumReader *oakum_reader_new_count(OakumReader *below, uint64_t *count);
/* Feeds every byte to `hasher` (borrowed). */
NODISCARD OakumReader *oakum_reader_new_hash(OakumReader *below, OakumHasher *hasher);
/* Adds every byte read to `progress`, which gets a reference and is begun until the reader is
 * freed. */
NODISCARD OakumReader *oakum_reader_new_progress(OakumReader *below, OakumProgress *progress);
/* More than `max` bytes is OAKUM_ERROR_LIMIT: "<what>: more than <max> bytes". */
NODISCARD OakumReader *oakum_reader_new_limit(OakumReader *below, uint64_t max, const char *what);
/* At the end, checks size (UINT64_MAX: not checked) and hex digest (NULL: not checked):
 * OAKUM_ERROR_DIGEST with "expected … got …". Fails as soon as there are more bytes than `size`. */
NODISCARD OakumReader *oakum_reader_new_verify(OakumReader *below, OakumHashKind kind,
                                               const char *hex, uint64_t size);
/* The same bytes and the same error, read by a thread of its own up to 2 MiB ahead of who asks:
 * for stacks that compute much. Freeing it waits for the read that runs. */
NODISCARD OakumReader *oakum_reader_new_threaded(OakumReader *below);
/* The same, and at the end checks the hex digest as oakum_reader_new_verify does: whichever of the
 * two threads is ahead of the other computes it. */
NODISCARD OakumReader *oakum_reader_new_threaded_verify(OakumReader *below, OakumHashKind kind,
                                                        const char *hex);

typedef enum {
  OAKUM_COMPRESSION_NONE,
  OAKUM_COMPRESSION_GZIP,
  OAKUM_COMPRESSION_ZSTD,
  OAKUM_COMPRESSION_XZ,
  OAKUM_COMPRESSION_BZIP2
} OakumCompression;
/* Judges by the first bytes (at least 6 make it sure). */
NODISCARD OakumCompression oakum_compression_sniff(const void *data, size_t len);
/* gzip (RFC 1952) by ISA-L: many members, header CRC and trailer checked, trailing garbage and
 * truncation are errors, zero padding behind the last member is allowed. */
NODISCARD OakumReader *oakum_reader_new_gunzip(OakumReader *below);
NODISCARD OakumReader *
oakum_reader_new_unzstd(OakumReader *below); /* RFC 8878, window <= OAKUM_ZSTD_WINDOW_LOG_MAX */
NODISCARD OakumReader *oakum_reader_new_unxz(OakumReader *below);
NODISCARD OakumReader *oakum_reader_new_bunzip2(OakumReader *below);
/* Sniffs the content, stacks the right one with the ratio limit; *kind (may be NULL) is set at the
 * first read. */
NODISCARD OakumReader *oakum_reader_new_inflate(OakumReader *below, OakumCompression *kind);

/* The other way round: deflate (RFC 1951), bare or in zlib's (RFC 1950) or gzip's (RFC 1952, one
 * member) frame, for who is given bytes and cannot ask for them. */
typedef enum { OAKUM_DEFLATE_RAW, OAKUM_DEFLATE_ZLIB, OAKUM_DEFLATE_GZIP } OakumDeflateForm;
typedef struct OakumInflater OakumInflater;
NODISCARD OakumInflater *oakum_inflater_new(OakumDeflateForm form);
/* Another stream begins. */
void oakum_inflater_begin(OakumInflater *inflater, OakumDeflateForm form);
/* What comes out of `data` goes to `take`, in pieces; FALSE from it breaks off. 1: the stream has
 * ended, behind *used bytes; 0: it goes on; -1: it is damaged, or was broken off. */
NODISCARD int oakum_inflater_push(OakumInflater *inflater, const void *data, size_t len,
                                  size_t *used,
                                  gboolean (*take)(gpointer user, const void *data, size_t len),
                                  gpointer user);
void oakum_inflater_free(OakumInflater *inflater);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumInflater, oakum_inflater_free)

/* zstd, xz and bzip2 the same way. `many`: streams that follow each other are one content, as their
 * own tools take them; else the first ends it. `memory`: bytes that the decoder may take for what
 * it looks back at, at most what its reader may. */
typedef struct OakumUnpacker OakumUnpacker;
NODISCARD OakumUnpacker *oakum_unpacker_new(OakumCompression kind, gboolean many, uint64_t memory);
typedef enum {
  OAKUM_UNPACK_MORE, /* it goes on */
  OAKUM_UNPACK_END,  /* behind *used bytes */
  OAKUM_UNPACK_DAMAGED,
  OAKUM_UNPACK_MEMORY, /* it needs more than it may take */
  OAKUM_UNPACK_BROKEN  /* `take` broke it off */
} OakumUnpackStatus;
NODISCARD OakumUnpackStatus
oakum_unpacker_push(OakumUnpacker *unpacker, const void *data, size_t len, size_t *used,
                    gboolean (*take)(gpointer user, const void *data, size_t len), gpointer user);
void oakum_unpacker_free(OakumUnpacker *unpacker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumUnpacker, oakum_unpacker_free)

/* ---- writers ------------------------------------------------------------------------------------
 * * finish writes trailers, finishes the writer below, and must be called once for the output to be
 * whole; free without finish abandons. Stacked writers own the one below. */
typedef struct OakumWriter OakumWriter;
typedef struct {
  gboolean (*write)(void *self, const void *data, size_t len, GError **error);
  gboolean (*finish)(void *self, GError **error);
  void (*free)(void *self);
} OakumWriterClass;
NODISCARD OakumWriter *oakum_writer_new(const OakumWriterClass *klass, void *self);
NODISCARD gboolean oakum_writer_write(OakumWriter *writer, const void *data, size_t len,
                                      GError **error);
NODISCARD gboolean oakum_writer_finish(OakumWriter *writer, GError **error);
void oakum_writer_free(OakumWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumWriter, oakum_writer_free)
NODISCARD OakumWriter *oakum_writer_new_fd(int fd, gboolean own_fd);
NODISCARD OakumWriter *oakum_writer_new_memory(GByteArray *into); /* borrowed */
NODISCARD OakumWriter *oakum_writer_new_count(OakumWriter *below, uint64_t *count);
NODISCARD OakumWriter *oakum_writer_new_hash(OakumWriter *below, OakumHasher *hasher);
/* Adds every byte written to `progress`, which gets a reference and is begun until the writer is
 * freed. */
NODISCARD OakumWriter *oakum_writer_new_progress(OakumWriter *below, OakumProgress *progress);
/* gzip by libdeflate: the input is cut into blocks of fixed size, each written as a member of its
 * own by one of `threads` workers; the bytes do not depend on `threads`. MTIME 0, OS 255.
 * Level 1..12. The first gives the same bytes by all releases of libdeflate (deflate.c; those of
 * Debian 12 and 13 differ from the second on), which no other does, and is three times as fast as
 * the sixth for a tenth more bytes: layers are written with it. */
#define OAKUM_GZIP_LEVEL 1
/* One member of all of it, as the writer below makes them. *out: its length. New buffer. */
NODISCARD uint8_t *oakum_gzip_member(const void *data, size_t len, int level, size_t *out);
NODISCARD OakumWriter *oakum_writer_new_gzip(OakumWriter *below, int level, guint threads);
NODISCARD OakumWriter *oakum_writer_new_zstd(OakumWriter *below, int level);
/* Copies to the end of `reader` into `writer`; neither is freed or finished. *copied may be NULL.
 */
NODISCARD gboolean oakum_stream_copy(OakumReader *reader, OakumWriter *writer, uint64_t *copied,
                                     GError **error);

/* ---- tar
 * -------------------------------------------------------------------------------------------- *
 * One entry. Strings are bytes with an explicit length, valid until the next call. Times are
 * seconds and nanoseconds. */
typedef enum {
  OAKUM_TAR_FILE,
  OAKUM_TAR_DIR,
  OAKUM_TAR_SYMLINK,
  OAKUM_TAR_HARDLINK,
  OAKUM_TAR_CHAR,
  OAKUM_TAR_BLOCK,
  OAKUM_TAR_FIFO
} OakumTarType;
typedef struct {
  char *name; /* "security.capability", … NUL-terminated */
  void *value;
  size_t len;
} OakumXattr;
typedef struct {
  OakumTarType type;
  OakumSlice path; /* as stored; the reader has refused NUL, empty names and names over the limits,
                      nothing else */
  OakumSlice link; /* symbolic or hard link target, as stored */
  uint32_t mode;   /* permission bits, setuid, setgid, sticky: 07777 */
  uint32_t uid, gid;
  int64_t mtime;
  uint32_t mtime_ns;
  uint64_t size; /* bytes of content; 0 unless FILE */
  uint32_t dev_major, dev_minor;
  OakumXattr *xattrs; /* sorted by name */
  size_t n_xattrs;
} OakumTarEntry;

/* Reading: our own (ARCHITECTURE.md says why not libarchive), with every limit of base/limits.h;
 * what two readers could take differently (PAX size against header size, extensions mixed, old
 * forms of sparse files, unknown types) is refused rather than guessed. */
typedef struct OakumTarReader OakumTarReader;
NODISCARD OakumTarReader *oakum_tar_reader_new(OakumReader *below); /* takes `below` */
/* 1: *entry is set (borrowed until the next call); 0: end of archive, and the stream below was
 * drained; -1: error. */
NODISCARD int oakum_tar_reader_next(OakumTarReader *reader, const OakumTarEntry **entry,
                                    GError **error);
/* Content of the current entry; 0 at its end. Unread content is skipped by next. */
NODISCARD gssize oakum_tar_reader_read(OakumTarReader *reader, void *buffer, size_t len,
                                       GError **error);
/* The same, as oakum_reader_borrow gives it. */
NODISCARD gssize oakum_tar_reader_borrow(OakumTarReader *reader, const void **data, size_t max,
                                         GError **error);
/* Where the content of the current entry begins in the stream below, in bytes; to be asked before
 * any of it is read. UINT64_MAX: a sparse file does not lie there as it is. */
NODISCARD uint64_t oakum_tar_reader_offset(const OakumTarReader *reader);
void oakum_tar_reader_free(OakumTarReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumTarReader, oakum_tar_reader_free)

/* Writing: our own, deterministic: ustar when it fits, PAX records only for what does not fit (long
 * or non-ASCII names, ids over 2097151, sizes over 8 GiB, xattrs as SCHILY.xattr.*); no names of
 * owners, no atime or ctime; whole seconds. */
typedef struct OakumTarWriter OakumTarWriter;
NODISCARD OakumTarWriter *oakum_tar_writer_new(OakumWriter *below); /* takes `below` */
/* Begins an entry. For FILE exactly entry->size bytes must follow by _write. DIR paths get a
 * trailing slash. */
NODISCARD gboolean oakum_tar_writer_entry(OakumTarWriter *writer, const OakumTarEntry *entry,
                                          GError **error);
NODISCARD gboolean oakum_tar_writer_write(OakumTarWriter *writer, const void *data, size_t len,
                                          GError **error);
/* Two zero blocks, then finishes the writer below. */
NODISCARD gboolean oakum_tar_writer_finish(OakumTarWriter *writer, GError **error);
void oakum_tar_writer_free(OakumTarWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumTarWriter, oakum_tar_writer_free)

/* ---- zip
 * ----------------------------------------------------------------------------------------------- *
 * Read by its central directory, through a callback with random access: nothing but the directory
 * is held. Zip64, an archive behind a prefix (a shell script, another file), stored and deflated
 * members; what two readers would take differently (entries that overlap, a local header that says
 * another name or method) is INVALID, several disks, encryption and other methods are UNSUPPORTED.
 * Format: PKWARE APPNOTE 6.3. */
typedef gboolean (*OakumZipRead)(void *user, uint64_t offset, void *buffer, size_t len,
                                 GError **error);
typedef struct {
  OakumSlice name;   /* as stored: any bytes, "/" at the end of a folder */
  uint64_t size;     /* of the content */
  uint64_t packed;   /* of what is stored of it */
  uint16_t method;   /* 0 stored, 8 deflated */
  uint16_t flags;    /* bit 0: encrypted */
  uint32_t crc;      /* CRC-32 of the content */
  uint64_t header;   /* where its local header begins, in the file */
  uint64_t room_end; /* where the next thing begins */
} OakumZipEntry;
typedef struct OakumZip OakumZip;
/* `size`: of the file. `user` is borrowed and must outlive the archive. No end record: NOT_FOUND
 * (it is no zip, or was cut off); other damage INVALID; too much of something LIMIT. */
NODISCARD OakumZip *oakum_zip_new(OakumZipRead read, void *user, uint64_t size, GError **error);
/* The same over bytes, which are borrowed. */
NODISCARD OakumZip *oakum_zip_new_memory(OakumSlice bytes, GError **error);
void oakum_zip_free(OakumZip *zip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumZip, oakum_zip_free)
NODISCARD guint oakum_zip_count(const OakumZip *zip);
/* In the order of the directory; valid as long as the archive. */
NODISCARD OakumZipEntry oakum_zip_entry(const OakumZip *zip, guint index);
/* Where the content of a stored entry lies in the file; FALSE for other methods, or on damage. */
NODISCARD gboolean oakum_zip_stored_at(OakumZip *zip, guint index, uint64_t *offset,
                                       GError **error);
/* The content, which is held against size and CRC at its end. The archive must outlive the reader.
 */
NODISCARD OakumReader *oakum_zip_reader_new(OakumZip *zip, guint index, GError **error);
/* All of the content, when it is no more than `max` bytes (else LIMIT). NUL added behind the end.
 */
NODISCARD gboolean oakum_zip_slurp(OakumZip *zip, guint index, uint64_t max, char **data,
                                   size_t *len, GError **error);

/* ---- JSON
 * ---------------------------------------------------------------------------------------------- *
 * Parsing refuses duplicate keys, NUL in strings, invalid UTF-8, depth over OAKUM_JSON_DEPTH_MAX,
 * trailing bytes. */
NODISCARD json_t *oakum_json_parse(const char *data, size_t len, const char *what, GError **error);
/* Sets a member to a text; nothing when it is NULL. What is no UTF-8 is replaced. */
void oakum_json_set(json_t *object, const char *key, const char *text);
/* Compact, sorted keys when `sorted`, else in order of insertion; no newline. New string. */
NODISCARD char *oakum_json_dump(const json_t *json, gboolean sorted);
/* The same behind what `out` holds. */
void oakum_json_append(GString *out, const json_t *json, gboolean sorted);
/* What a tree of the text would take of memory, before there is one: 1 for each value and key, 4
 * more for each array or object, which take about 250 bytes when they are empty. One pass; the text
 * may be anything. */
NODISCARD uint64_t oakum_json_cost(OakumSlice text);
static inline void oakum_json_clear(json_t **json)
{
  if (*json)
    json_decref(*json);
  *json = NULL;
}
#define OAKUM_AUTO_JSON __attribute__((cleanup(oakum_json_clear))) json_t

/* A binding is a table of fields over a C struct. Unknown keys are allowed, wrong types refused
 * with the path of the key. */
typedef enum {
  OAKUM_JSON_STRING, /* char *: new string */
  OAKUM_JSON_U64,    /* uint64_t: integer >= 0 */
  OAKUM_JSON_I64,    /* int64_t */
  OAKUM_JSON_BOOL,   /* gboolean */
  OAKUM_JSON_STRV,   /* char **: array of strings */
  OAKUM_JSON_MAP,    /* GHashTable * of char * → char *, seeded hash: object of strings */
  OAKUM_JSON_OBJECT, /* sub-struct in place, bound by `sub` */
  OAKUM_JSON_ARRAY,  /* GPtrArray * of new structs made by `make` and bound by `sub` */
  OAKUM_JSON_ANY,    /* json_t *: a new reference */
} OakumJsonKind;
typedef struct OakumJsonField {
  const char *key;
  OakumJsonKind kind;
  size_t offset;
  gboolean required; /* absent or null is an error */
  const struct OakumJsonField *sub;
  gpointer (*make)(void);      /* ARRAY: a zeroed element */
  GDestroyNotify element_free; /* ARRAY */
  size_t max;                  /* STRV, MAP, ARRAY: largest count; 0 means OAKUM_HISTORY_MAX */
} OakumJsonField;              /* a table ends with {0} */
NODISCARD gboolean oakum_json_bind(const json_t *json, const OakumJsonField *fields, void *into,
                                   const char *what, GError **error);

/* ---- YAML
 * ---------------------------------------------------------------------------------------------- *
 * A small tree of YAML 1.2 for configuration that people write. At most OAKUM_CONFIG_FILE_MAX
 * bytes, OAKUM_YAML_NODES_MAX values, OAKUM_YAML_DEPTH_MAX levels; an alias counts with all that
 * it names. Behind a plain key "<<" stands what else the map has (YAML 1.1's merge key): a map, or
 * a list of maps. Tags other than !!str, !!seq and !!map, a second document, directives, repeated
 * keys, control characters, keys that are no scalars, NUL and invalid UTF-8 are refused. */
typedef enum { OAKUM_YAML_SCALAR, OAKUM_YAML_LIST, OAKUM_YAML_MAP } OakumYamlKind;
typedef struct {
  OakumYamlKind kind;
  char *text;       /* SCALAR: its value, UTF-8; else NULL */
  gboolean plain;   /* SCALAR: written without quotes, so it may mean true, null, … */
  GPtrArray *keys;  /* MAP: OakumYaml scalars, in order, beside `items` */
  GPtrArray *items; /* LIST, MAP: OakumYaml */
  int line, column; /* of its beginning, from 1; columns in characters */
} OakumYaml;
/* The one document of the text; an empty one is a plain empty scalar. `what` names the text in
 * errors: "what:line:column: …", INVALID, LIMIT or UNSUPPORTED. */
NODISCARD OakumYaml *oakum_yaml_parse(const char *data, size_t len, const char *what,
                                      GError **error);
/* The same as Ruby's library reads it, for files that were written for it: of a key that repeats
 * the last value counts, and a second document is passed over. Both are told in `warnings` (of char
 * *, at most OAKUM_YAML_WARNINGS_MAX, "what:line:column: …"). */
NODISCARD OakumYaml *oakum_yaml_parse_lax(const char *data, size_t len, const char *what,
                                          GPtrArray *warnings, GError **error);
void oakum_yaml_free(OakumYaml *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumYaml, oakum_yaml_free)
/* The value of a key; NULL when `map` is NULL, no map, or has no such key. */
NODISCARD const OakumYaml *oakum_yaml_get(const OakumYaml *map, const char *key);
NODISCARD gboolean oakum_yaml_is_null(const OakumYaml *node);
/* true and false of YAML 1.2's core schema; anything else is FALSE. */
NODISCARD gboolean oakum_yaml_bool(const OakumYaml *node, gboolean *out);

/* ---- XML
 * ----------------------------------------------------------------------------------------------- *
 * One small tree of XML under way: an element of interest, with its text. At most
 * OAKUM_XML_ELEMENT_MAX bytes, OAKUM_XML_DEPTH_MAX levels. */
typedef struct OakumXml OakumXml;
struct OakumXml {
  const char *name;      /* local name, without its prefix */
  GPtrArray *attributes; /* name, value, … */
  GString *text;         /* all direct text */
  GPtrArray *children;   /* OakumXml */
  OakumXml *parent;
};
NODISCARD const char *oakum_xml_attribute(const OakumXml *xml, const char *name);
/* The first child of that name; NULL when `xml` is NULL or has none. */
NODISCARD const OakumXml *oakum_xml_child(const OakumXml *xml, const char *name);
/* Stripped text of the first child of that name; NULL or not empty. */
NODISCARD const char *oakum_xml_text(const OakumXml *xml, const char *name);
NODISCARD const char *oakum_xml_own_text(const OakumXml *xml);
/* Called with each whole element whose name is in `names`, or whose place is ("/bom/metadata"); the
 * tree is freed after it. */
typedef gboolean (*OakumXmlFunc)(gpointer user, const OakumXml *element, GError **error);
/* Expat, without external entities; a document that declares entities of its own is refused. */
NODISCARD gboolean oakum_xml_read(OakumReader *reader, const char *const *names, OakumXmlFunc func,
                                  gpointer user, GError **error);

/* ---- in-toto attestations
 * ----------------------------------------------------------------------------------------------- *
 * The statement that `json` is, or carries in a DSSE envelope or a Sigstore bundle; NULL: it is
 * none. New reference. No signature is looked at. */
NODISCARD json_t *oakum_attestation_statement(const json_t *json);
/* What is stated, without what cosign puts around it; NULL: nothing. New reference. */
NODISCARD json_t *oakum_attestation_predicate(const json_t *statement);
/* Whether a subject of it has this digest ("sha256:…"). */
NODISCARD gboolean oakum_attestation_is_about(const json_t *statement, const char *digest);
