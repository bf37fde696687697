/* What the files of COPY and ADD share. */
#pragma once
#include "build/build-private.h"

/* ---- --chmod
 * ----------------------------------------------------------------------------------- */
typedef struct OakumMode OakumMode;
/* "0644" or as chmod(1): "u=rwX,go-w"; who is not named is all: there is no mask. */
NODISCARD OakumMode *oakum_mode_parse(const char *text, GError **error);
/* What becomes of the permission bits (07777) of a file or folder. */
NODISCARD uint32_t oakum_mode_apply(const OakumMode *mode, uint32_t bits, gboolean folder);
/* Those of a folder that is made for the destination. */
NODISCARD uint32_t oakum_mode_of_folders(const OakumMode *mode);
void oakum_mode_free(OakumMode *mode);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumMode, oakum_mode_free)

/* ---- one instruction
 * --------------------------------------------------------------------------- */
typedef struct {
  Build *build;
  Stage *stage;
  const OakumInstruction *in;
  gboolean link; /* --link: the layer is made as if nothing were below it */
  int64_t epoch;
  OakumTarWriter *tar;
  OakumCacheKey *key;   /* in place of copying, the sources go into it; NULL: they are copied */
  gboolean empty;       /* nothing was written yet */
  gboolean found;       /* some source was there */
  GHashTable *made;     /* path → what this layer has there (OakumDestKind, a bit, the mode) */
  GHashTable *targets;  /* path → target of a symbolic link of this layer */
  GHashTable *groups;   /* path → group of a folder of this layer with setgid */
  gboolean chown;       /* --chown: uid and gid for all */
  uint32_t uid, gid;    /* also of folders that are made on the way */
  uint32_t folder_mode; /* of those: 0755, or the permissions of an octal --chmod */
  OakumMode *mode;      /* of --chmod; NULL: as it is */
  OakumIgnore *exclude; /* --exclude; NULL: none */
  const char *to;       /* destination without symbolic links, no leading slash */
  gboolean to_folder;   /* it is a folder, whether it is there or not */
} Copy;

/* Where files come from, while one source of the instruction is copied. */
typedef struct {
  Copy *copy;
  int root;                  /* borrowed */
  const OakumIgnore *ignore; /* of the context; NULL: none */
  GHashTable *owners; /* of the context: path → OakumContextOwner; NULL: see `root_owned` */
  const OakumOwners *disk_owners; /* of a stage whose disk cannot tell; NULL: it can */
  gboolean root_owned;            /* a folder of the builder's machine: all is root's */
  gboolean exact_time;            /* times mean something: they are kept up to the epoch */
  const char *base;               /* path of the source whose contents are copied, for patterns */
  OakumIgnore *include;           /* --parents: what matches is copied; NULL: all */
} CopySource;

/* ---- destination
 * ------------------------------------------------------------------------------- */
typedef enum {
  OAKUM_DEST_ABSENT,
  OAKUM_DEST_FILE,
  OAKUM_DEST_FOLDER,
  OAKUM_DEST_LINK
} OakumDestKind;
/* What lies at `path` (no symbolic link in the folders above) in the stage with what this layer
 * brought. `target` (may be NULL): new string for LINK. */
NODISCARD OakumDestKind oakum_dest_look(Copy *copy, const char *path, char **target);
/* Owner and mode of a folder of the stage itself, not of this layer. FALSE: it is not there. */
NODISCARD gboolean oakum_dest_stat(Copy *copy, const char *path, struct stat *st);
/* `path` below `base` (both without leading slash, `base` real) without symbolic links, those of
 * the last component too; what does not exist is taken as it is. Absolute links and ".." end at
 * `base`. */
NODISCARD char *oakum_dest_resolve(Copy *copy, const char *base, const char *path, GError **error);
/* The folders above `path` (or with `itself`, and itself) that are missing become entries. */
NODISCARD gboolean oakum_dest_folders(Copy *copy, const char *path, gboolean itself,
                                      GError **error);
/* To be called with each entry that is written: notes it, and refuses a folder in place of
 * something else and the other way round, unless `replace`. */
NODISCARD gboolean oakum_dest_note(Copy *copy, const OakumTarEntry *entry, gboolean replace,
                                   GError **error);
/* Whether this layer has an entry for it, and the mode that it gave. */
NODISCARD gboolean oakum_dest_made(Copy *copy, const char *path, uint32_t *mode);
/* "folder/name"; either may be "". New string. */
NODISCARD char *oakum_dest_join(const char *folder, const char *name);

/* ---- sources
 * ----------------------------------------------------------------------------------- */
/* TRUE when a word is a pattern. */
NODISCARD gboolean oakum_copy_has_magic(const char *pattern);
/* Paths below the root that a word means, sorted, are added to `found`. A pattern may mean nothing;
 * a path may not. */
NODISCARD gboolean oakum_copy_find(const CopySource *source, const char *pattern, GPtrArray *found,
                                   GError **error);
/* Whether the ignore file leaves the path in the context; a folder for the sake of what lies in it.
 */
NODISCARD gboolean oakum_copy_visible(const CopySource *source, const char *path);
/* Whether it is there, where links lead to as well, and not ignored. */
NODISCARD gboolean oakum_copy_exists(const CopySource *source, const char *path);
/* FALSE, with the error of a source that is not there. */
NODISCARD gboolean oakum_copy_missing(const CopySource *source, const char *pattern,
                                      GError **error);
/* Copies what lies at `from` below the source's root; `name` is what it is called in a folder. */
NODISCARD gboolean oakum_copy_path(CopySource *source, const char *from, const char *name,
                                   GError **error);
/* `root` may be AT_FDCWD. TRUE when the file is a tar, compressed or not: judged by its first
 * block. */
NODISCARD gboolean oakum_copy_is_archive(int root, const char *path);
/* Unpacks it into the destination. */
NODISCARD gboolean oakum_copy_archive(Copy *copy, int root, const char *path, GError **error);
