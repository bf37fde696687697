/* Who owns what below a root where the kernel would not be told: a builder without privileges owns
 * every file itself, and what the files ought to be stands in this table. A file is named by device
 * and inode. What is not in it belongs to 0:0 and has the mode that the disk says. */
#pragma once
#include "base/base.h"
#include <stdint.h>
#include <sys/stat.h>

typedef struct {
  uint32_t uid, gid;
  uint32_t mode; /* as st_mode, with the type (a device is an empty file on disk); 0: the disk's */
  uint64_t rdev; /* of a device */
  uint8_t *capability; /* value of security.capability, or NULL; owned by the table */
  uint32_t capability_len;
} OakumOwner;

typedef struct OakumOwners OakumOwners;
NODISCARD OakumOwners *oakum_owners_new(void);
void oakum_owners_free(OakumOwners *owners);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumOwners, oakum_owners_free)
/* Borrowed until the next change, or NULL. */
NODISCARD const OakumOwner *oakum_owners_find(const OakumOwners *owners, uint64_t dev,
                                              uint64_t ino);
/* Copies `owner`; one that says what holds without it is not kept. FALSE: the table is full
 * (OAKUM_OWNERS_MAX). */
NODISCARD gboolean oakum_owners_set(OakumOwners *owners, uint64_t dev, uint64_t ino,
                                    const OakumOwner *owner);
void oakum_owners_drop(OakumOwners *owners, uint64_t dev, uint64_t ino);
/* Makes what stat(2) told into what ought to be. `owners` NULL: nothing is done. */
void oakum_owners_patch(const OakumOwners *owners, struct stat *st);
/* Records owner and mode (with type) of the file that `st` is of, and gives in *on_disk the
 * permissions that the disk must have, so that its owner on disk may always use it. */
NODISCARD gboolean oakum_owners_record(OakumOwners *owners, const struct stat *st, uint32_t uid,
                                       uint32_t gid, uint32_t mode, uint64_t rdev, mode_t *on_disk);
/* The permissions on disk for a file that ought to have `mode`. */
NODISCARD mode_t oakum_owners_mode_on_disk(uint32_t mode);
/* Whether any folder hands its group on to what is made in it. */
NODISCARD gboolean oakum_owners_any_setgid_folder(const OakumOwners *owners);
/* Drops what is not in `alive`: a set of keys of oakum_owners_key(). */
void oakum_owners_keep(OakumOwners *owners, GHashTable *alive);
/* For a set that oakum_owners_keep takes: hash and equality, and a new key. */
NODISCARD GHashTable *oakum_owners_set_new(void);
void oakum_owners_set_add(GHashTable *set, uint64_t dev, uint64_t ino);
NODISCARD gboolean oakum_owners_set_has(GHashTable *set, uint64_t dev, uint64_t ino);
/* The table as a file of our own, mode 0600. Loading replaces what is there; a file that is not
 * there is an empty table. */
NODISCARD gboolean oakum_owners_load(OakumOwners *owners, const char *path, GError **error);
NODISCARD gboolean oakum_owners_save(const OakumOwners *owners, const char *path, GError **error);
/* The same of the files below `folder`, and of itself, wherever their file system will be found: by
 * their inodes alone. Loading adds to the table what it finds below. */
NODISCARD gboolean oakum_owners_load_below(OakumOwners *owners, const char *folder,
                                           const char *path, GError **error);
NODISCARD gboolean oakum_owners_save_below(const OakumOwners *owners, const char *folder,
                                           const char *path, GError **error);
