/* The parts of an EROFS image as bytes: a read-only file system that the kernel mounts. Format: the
 * kernel's Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h, uncompressed, blocks of
 * 4,096 bytes, inodes in their extended form. Only writing: who reads them is the kernel. */
#pragma once
#include "codec/codec.h"

#define OAKUM_EROFS_BLOCK 4096u
#define OAKUM_EROFS_SLOT 32u         /* inodes are numbered by their place in such units */
#define OAKUM_EROFS_INODE 64u        /* bytes of one, without what follows it */
#define OAKUM_EROFS_XATTRS_MAX 4000u /* bytes of the attributes of one inode that we write */

typedef struct {
  OakumTarType type;
  uint32_t mode; /* as stat(2) has it: with the kind of file */
  uint32_t uid, gid;
  int64_t mtime;
  uint32_t mtime_ns;
  uint32_t links, number; /* number: what stat(2) tells on small machines; not 0 */
  uint64_t size;          /* bytes of content: of a file, a link's text, a folder's entries */
  uint32_t block;         /* where they begin, in blocks of the image; unless `inside` */
  gboolean inside;        /* they follow the inode and its attributes, in the same block */
  uint32_t dev_major, dev_minor;
  size_t xattrs; /* bytes of attributes that follow, as oakum_erofs_xattrs made them */
} OakumErofsInode;

typedef struct {
  uint64_t slot; /* of the inode */
  OakumTarType type;
  OakumSlice name; /* 1 to 255 bytes; borrowed */
} OakumErofsName;

/* The first block: numbers of inodes and of blocks of the whole image, where slots count from
 * (block), and the slot of the root, which is below 65,536. */
void oakum_erofs_put_super(uint8_t out[OAKUM_EROFS_BLOCK], uint64_t inodes, uint32_t blocks,
                           uint32_t first_block, uint16_t root);
void oakum_erofs_put_inode(uint8_t out[OAKUM_EROFS_INODE], const OakumErofsInode *inode);
/* Appends the attributes of one inode (user.*, trusted.*, security.*); nothing when there are none.
 * FALSE: one has another prefix, or they are too many. */
NODISCARD gboolean oakum_erofs_put_xattrs(GByteArray *out, const OakumXattr *xattrs, size_t n);
/* Appends the entries of a folder, "." and ".." among them: sorts `names` (array of
 * OakumErofsName) by bytes. */
void oakum_erofs_put_folder(GByteArray *out, GArray *names);
