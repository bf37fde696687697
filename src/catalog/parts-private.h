/* What cataloguers of files share: slices of text, fields, lenient JSON, executables. */
#pragma once
#include "catalog/catalog-private.h"
#include "codec/codec.h"
#include <string.h>

/* ---- slices ---- */
#define OAKUM_SLICE(literal) ((OakumSlice){(const uint8_t *)(literal), sizeof(literal) - 1})
/* Letters of ASCII in any case. */
NODISCARD gboolean oakum_slice_is_nocase(OakumSlice slice, const char *text);
/* Cuts at the first `at`: what is in front of it, and *rest behind it. Without one it is all, and
 * *rest empty with data NULL. */
OakumSlice oakum_slice_cut(OakumSlice slice, char at, OakumSlice *rest);
NODISCARD gboolean oakum_slice_find(OakumSlice slice, const char *text, size_t *at);
/* As oakum_catalog_value, but NULL when nothing is left. */
NODISCARD char *oakum_slice_value(OakumSlice slice);

/* ---- paths ---- */
NODISCARD gboolean oakum_path_ends(const char *path, const char *suffix); /* in any case */
/* Bytes of the folder in front of the last component, without the slash. */
NODISCARD size_t oakum_path_folder(const char *path);
/* The name of the n-th folder above the last component: 0 the one that holds it. */
NODISCARD OakumSlice oakum_path_above(const char *path, guint n);

/* ---- fields: "Name: value", RFC 822 ---- */
typedef struct {
  OakumSlice rest;
  guint lines;
  OakumSlice name, value; /* of the field found last; value without the lines that go on */
} OakumFields;
/* The next field, up to the first empty line; lines that go on are passed over. */
NODISCARD gboolean oakum_fields_next(OakumFields *fields);

/* ---- JSON as package managers write it: repeated keys, a byte order mark and bytes that are no
 * UTF-8 are taken as they come. Depth and size are bounded. New reference, NULL with an error. */
NODISCARD json_t *oakum_catalog_json(OakumCatalogFile *file, uint64_t max, GError **error);
NODISCARD json_t *oakum_catalog_json_bytes(OakumSlice text, GError **error);
/* The string of a key; an empty slice when there is none. */
NODISCARD OakumSlice oakum_json_slice(const json_t *object, const char *key);
/* Adds when name is not empty; else NULL. */
OakumPackage *oakum_catalog_add(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                const char *type, OakumSlice name, OakumSlice version);
void oakum_package_say(char **field, OakumSlice value); /* when it is not empty */
/* Adds the name of a license to those that are there, with `joined_by` (" AND ", " OR ") between.
 */
void oakum_catalog_license_append(GString *out, const char *joined_by, OakumSlice name);
/* Names of licenses out of a string, an array of strings, or objects with `key`; whether an array
 * names a choice is for its format to say (`joined_by`). */
NODISCARD char *oakum_json_license(const json_t *license, const char *key, const char *joined_by);

/* A CPE 2.3 name; `product` is "vendor:product" as it stands there, part 'a', 'o' or 'h', update
 * "*" when there is none. New string. */
NODISCARD char *oakum_catalog_cpe(char part, const char *product, const char *version,
                                  const char *update);
/* The CPE name of a Java run-time ("vendor:product") with a version as its makers write it; to be
 * freed. */
NODISCARD char *oakum_jvm_cpe(const char *version, const char *product);
NODISCARD gboolean oakum_catalog_invalid(const OakumCatalogFile *file, GError **error,
                                         const char *what);
/* Whether a text whose writer ends each line (apk, pacman, Julia, pub, tools of SPDX) is whole: one
 * that does not end so was cut off, and what its last line says may be a part of it. TRUE for an
 * empty one; else an error. */
NODISCARD gboolean oakum_catalog_whole(const OakumCatalogFile *file, OakumSlice text,
                                       GError **error);

/* The zip over a file of the catalogue; the errors of codec are passed on as those of catalog. */
NODISCARD OakumZip *oakum_catalog_zip(OakumCatalogFile *file, GError **error);
/* The text of member `index` of it, OAKUM_CATALOG_TEXT_MAX bytes at most; new. FALSE: an error. */
NODISCARD gboolean oakum_catalog_zip_text(OakumZip *zip, guint index, const OakumCatalogFile *file,
                                          char **text, size_t *len, GError **error);
void oakum_catalog_take_error(GError **error, GError *problem, const OakumCatalogFile *file);

/* Core metadata of a Python distribution; `path` is where the text stands, for what it leaves out.
 */
NODISCARD gboolean oakum_python_metadata(OakumSlice text, const char *path, OakumCatalogFile *file,
                                         OakumCatalogSink *sink, GError **error);
/* The libraries of a .deps.json of .NET. */
NODISCARD gboolean oakum_dotnet_deps(const json_t *json, OakumCatalogFile *file,
                                     OakumCatalogSink *sink, GError **error);

extern const OakumCataloguer oakum_vex_cataloguers[];
extern const OakumCataloguer oakum_inventory_cataloguers[];

/* ---- executables ---- */
typedef enum { OAKUM_EXE_NONE, OAKUM_EXE_ELF, OAKUM_EXE_PE, OAKUM_EXE_MACHO } OakumExeKind;
/* As many bytes no program is shorter than. */
#define OAKUM_EXE_HEAD 64u
NODISCARD OakumExeKind oakum_exe_sniff(OakumSlice head);
typedef struct {
  char name[40];                  /* cut when longer; Mach-O: "__DATA,__go_buildinfo" */
  uint64_t address, offset, size; /* size: of what is in the file */
  uint64_t memory; /* of a segment of ELF: bytes in memory; what the file has not is zero */
  gboolean data;   /* writable, or read-only data: not code */
} OakumExeSection;
typedef struct {
  OakumExeKind kind;
  gboolean wide, big; /* 64 bit; most significant byte first */
  uint16_t machine;   /* as the format writes it */
  uint64_t base;      /* where the file's format begins (a slice of a universal Mach-O) */
  uint64_t end;       /* of what its headers tell of; more than the file when they lie */
  GArray *sections;   /* OakumExeSection */
  GArray *segments;   /* OakumExeSection: what is loaded */
} OakumExe;
/* NULL with an error when it breaks its format. */
NODISCARD OakumExe *oakum_exe_new(OakumCatalogFile *file, GError **error);
void oakum_exe_free(OakumExe *exe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumExe, oakum_exe_free)
NODISCARD const OakumExeSection *oakum_exe_section(const OakumExe *exe, const char *name);
/* Up to `len` bytes at a loaded address; FALSE when it is not all of the file. */
NODISCARD gboolean oakum_exe_at(const OakumExe *exe, uint64_t address, uint64_t len,
                                uint64_t *offset);
/* Loaded, and not in the file: zeros until the program runs (.bss). */
NODISCARD gboolean oakum_exe_is_zero(const OakumExe *exe, uint64_t address, uint64_t len);
NODISCARD uint64_t oakum_exe_number(const OakumExe *exe, const uint8_t *at, guint bytes);

/* Tables. */
extern const OakumCataloguer oakum_python_cataloguers[], oakum_node_cataloguers[],
    oakum_java_cataloguers[], oakum_jvm_cataloguers[], oakum_native_cataloguers[],
    oakum_ruby_cataloguers[], oakum_php_cataloguers[], oakum_dotnet_cataloguers[],
    oakum_other_cataloguers[], oakum_library_cataloguers[], oakum_kernel_cataloguers[],
    oakum_binary_cataloguers[];

/* What another tool's document says of an artifact of Maven, put right by what is known: the
 * version by the file's name, where `path` is that of its archive (NULL: not said), and where it
 * was found in one (`archive`) the group, which such a tool guesses where the archive does not say
 * it (`guessed`: it did not). */
void oakum_java_settle(OakumPackage *package, const char *path, gboolean archive, gboolean guessed);
