/* Archives that hold one entry behind another, each with its header in front: tar, ar (so .deb),
 * cpio (so what the kernel boots with), and rpm, which is headers in front of a cpio. */
#include "inspect/secret-unpack-private.h"
#include <string.h>

#define AR_HEAD 60u
#define NEWC_HEAD 110u
#define ODC_HEAD 76u
#define RPM_LEAD 96u
#define RPM_HEAD 16u

/* ---- tar: POSIX ustar, GNU's long names
 * ------------------------------------------------------------------ */
static gboolean tar_number(const uint8_t *field, size_t len, uint64_t *out)
{
  uint64_t value = 0;
  if (field[0] & 0x80) {
    for (size_t i = 1; i < len; i++) {
      if (value >> 55)
        return FALSE;
      value = value << 8 | field[i];
    }
    *out = value;
    return TRUE;
  }
  for (size_t i = 0; i < len && field[i] && field[i] != ' '; i++) {
    if (field[i] < '0' || field[i] > '7')
      return FALSE;
    value = value << 3 | (uint64_t)(field[i] - '0');
  }
  *out = value;
  return TRUE;
}

static gboolean tar_sum_fits(const uint8_t *block)
{
  uint64_t told;
  uint32_t sum = 0;
  const uint8_t *field = block + 148;
  while (*field == ' ' && field < block + 155)
    field++;
  if (!tar_number(field, (size_t)(block + 156 - field), &told))
    return FALSE;
  for (guint i = 0; i < SECRET_BLOCK; i++)
    sum += i >= 148 && i < 156 ? ' ' : block[i];
  return told == sum;
}

static gboolean tar_next(SecretUnpack *unpack)
{
  const uint8_t *block = unpack->head;
  uint64_t size;
  oakum_secret_member_close(unpack);
  if (unpack->naming) {
    g_free(unpack->long_name);
    unpack->long_name = g_strndup((const char *)block, unpack->need);
    unpack->naming = FALSE;
    secret_gather(unpack, SECRET_BLOCK, tar_next);
    return TRUE;
  }
  if (block[0] == 0) {
    unpack->state = AT_END;
    return TRUE;
  }
  if (!tar_sum_fits(block) || !tar_number(block + 124, 12, &size) ||
      size > OAKUM_LAYER_UNPACKED_MAX)
    return FALSE;
  g_autofree char *name = g_strndup((const char *)block, 100),
                  *prefix = memcmp(block + 257, "ustar\0", 6) == 0
                                ? g_strndup((const char *)block + 345, 155)
                                : g_strdup(""),
                  *full = unpack->long_name ? g_steal_pointer(&unpack->long_name)
                          : *prefix         ? g_strconcat(prefix, "/", name, NULL)
                                            : g_strdup(name);
  unpack->pad = (size_t)((SECRET_BLOCK - size % SECRET_BLOCK) % SECRET_BLOCK);
  if (block[156] == 'L' && size + unpack->pad <= SECRET_HEAD_MAX && size > 0) {
    secret_gather(unpack, (size_t)size + unpack->pad, tar_next);
    unpack->naming = TRUE;
    return TRUE;
  }
  if (block[156] == '0' || block[156] == 0 || block[156] == '7')
    oakum_secret_member_open(unpack, full);
  unpack->state = AT_STORED;
  unpack->left = size;
  return TRUE;
}

/* ---- ar: ar(5)
 * -------------------------------------------------------------------------------------------- */
static gboolean ar_head(SecretUnpack *unpack)
{
  const uint8_t *head = unpack->head;
  uint64_t size;
  size_t digits = 0, name_len = 0;
  while (digits < 10 && g_ascii_isdigit(head[48 + digits]))
    digits++;
  if (head[58] != '`' || head[59] != '\n' || digits == 0 ||
      !oakum_parse_u64((const char *)head + 48, digits, OAKUM_LAYER_UNPACKED_MAX, &size))
    return FALSE;
  while (name_len < 16 && head[name_len] != ' ')
    name_len++;
  while (name_len > 0 && head[name_len - 1] == '/')
    name_len--;
  g_autofree char *name = g_strndup((const char *)head, name_len);
  if (*name && strcmp(name, "/SYM64") != 0) /* tables of symbols and of names have none */
    oakum_secret_member_open(unpack, name);
  unpack->state = AT_STORED;
  unpack->left = size;
  unpack->pad = size & 1;
  return TRUE;
}

/* ---- cpio: cpio(5), "new ASCII format" and "portable ASCII format"
 * ------------------------------------------------------------------------- */
static gboolean cpio_head(SecretUnpack *unpack);

static void cpio_entry(SecretUnpack *unpack)
{
  secret_gather(unpack, unpack->odc ? ODC_HEAD : NEWC_HEAD, cpio_head);
}

static gboolean digits_of(const uint8_t *field, size_t len, guint base, uint64_t *out)
{
  *out = 0;
  for (size_t i = 0; i < len; i++) {
    int digit = g_ascii_xdigit_value((gchar)field[i]);
    if (digit < 0 || (guint)digit >= base)
      return FALSE;
    *out = *out * base + (guint)digit; /* eleven digits at most */
  }
  return TRUE;
}

/* Behind the last entry: another archive, compressed or not, as initramfs has them. */
static gboolean cpio_gap(SecretUnpack *unpack)
{
  if (unpack->head[0] == 0) {
    secret_gather(unpack, 1, cpio_gap);
    return TRUE;
  }
  oakum_secret_member_open(unpack, "next");
  oakum_secret_stream_bytes(unpack->stream, unpack->head, 1);
  unpack->state = AT_STORED;
  unpack->left = UINT64_MAX;
  return TRUE;
}

static gboolean cpio_name(SecretUnpack *unpack)
{
  g_autofree char *name = g_strndup((const char *)unpack->head, unpack->need);
  if (strcmp(name, "TRAILER!!!") == 0) {
    secret_gather(unpack, 1, cpio_gap);
    return TRUE;
  }
  if (unpack->file && *name)
    oakum_secret_member_open(unpack, name);
  unpack->state = AT_STORED;
  unpack->left = unpack->size;
  unpack->pad = unpack->odc ? 0 : (4 - unpack->size % 4) % 4;
  return TRUE;
}

static gboolean cpio_head(SecretUnpack *unpack)
{
  const uint8_t *head = unpack->head;
  uint64_t mode, name, size;
  gboolean ok = unpack->odc
                    ? memcmp(head, "070707", 6) == 0 && digits_of(head + 18, 6, 8, &mode) &&
                          digits_of(head + 59, 6, 8, &name) && digits_of(head + 65, 11, 8, &size)
                    : memcmp(head, "07070", 5) == 0 && (head[5] == '1' || head[5] == '2') &&
                          digits_of(head + 14, 8, 16, &mode) &&
                          digits_of(head + 94, 8, 16, &name) && digits_of(head + 54, 8, 16, &size);
  if (!ok || name == 0 || name > SECRET_HEAD_MAX - 4)
    return FALSE;
  unpack->file = (mode & 0170000) == 0100000;
  unpack->size = size;
  secret_gather(unpack, (size_t)(unpack->odc ? name : name + (4 - (NEWC_HEAD + name) % 4) % 4),
                cpio_name);
  return TRUE;
}

/* ---- rpm: the lead, the signature, the header with its scripts, the payload
 * ---------------------------------------------------------------- */
static const uint8_t rpm_magic[] = {0x8e, 0xad, 0xe8, 1};

static uint64_t be32(const uint8_t *at)
{
  return (uint64_t)at[0] << 24 | (uint64_t)at[1] << 16 | (uint64_t)at[2] << 8 | at[3];
}

static uint64_t rpm_size(const uint8_t *head)
{
  return 16 * be32(head + 8) + be32(head + 12);
}

static gboolean rpm_lead(SecretUnpack *unpack)
{
  unpack->state = AT_STORED;
  unpack->left = rpm_size(unpack->head + RPM_LEAD);
  unpack->pad = (8 - unpack->left % 8) % 8;
  return TRUE;
}

static gboolean rpm_header(SecretUnpack *unpack)
{
  if (memcmp(unpack->head, rpm_magic, sizeof rpm_magic) != 0)
    return FALSE;
  oakum_secret_member_open(unpack, "header");
  unpack->headed = TRUE;
  unpack->state = AT_STORED;
  unpack->left = rpm_size(unpack->head);
  return TRUE;
}

static void rpm_next(SecretUnpack *unpack)
{
  if (!unpack->headed) {
    secret_gather(unpack, RPM_HEAD, rpm_header);
    return;
  }
  oakum_secret_member_open(unpack, "payload");
  unpack->state = AT_STORED;
  unpack->left = UINT64_MAX;
}

/* ---- all of them
 * ----------------------------------------------------------------------------------- */
gboolean oakum_secret_members_judge(OakumSlice head, SecretUnpackKind *kind)
{
  const uint8_t *data = head.data;
  uint64_t number;
  if (head.len > 8 + AR_HEAD && memcmp(data, "!<arch>\n", 8) == 0)
    *kind = UNPACK_AR;
  else if (head.len > NEWC_HEAD &&
           (memcmp(data, "070701", 6) == 0 || memcmp(data, "070702", 6) == 0) &&
           digits_of(data + 6, 8, 16, &number) && digits_of(data + 94, 8, 16, &number))
    *kind = UNPACK_CPIO;
  else if (head.len > ODC_HEAD && memcmp(data, "070707", 6) == 0 &&
           digits_of(data + 59, 6, 8, &number) && digits_of(data + 65, 11, 8, &number))
    *kind = UNPACK_CPIO;
  else if (head.len > RPM_LEAD + RPM_HEAD && memcmp(data, "\xed\xab\xee\xdb", 4) == 0 &&
           memcmp(data + RPM_LEAD, rpm_magic, sizeof rpm_magic) == 0)
    *kind = UNPACK_RPM;
  else if (head.len > 261 && memcmp(data + 257, "ustar", 5) == 0)
    *kind = UNPACK_TAR;
  else
    return FALSE;
  return TRUE;
}

static gboolean ar_magic(SecretUnpack *unpack)
{
  secret_gather(unpack, AR_HEAD, ar_head);
  return TRUE;
}

void oakum_secret_members_begin(SecretUnpack *unpack, OakumSlice head)
{
  if (unpack->kind == UNPACK_AR)
    secret_gather(unpack, 8, ar_magic);
  else if (unpack->kind == UNPACK_RPM)
    secret_gather(unpack, RPM_LEAD + RPM_HEAD, rpm_lead);
  else if (unpack->kind == UNPACK_CPIO) {
    unpack->odc = head.data[5] == '7';
    cpio_entry(unpack);
  } else
    secret_gather(unpack, SECRET_BLOCK, tar_next);
}

void oakum_secret_members_next(SecretUnpack *unpack)
{
  oakum_secret_member_close(unpack);
  if (unpack->kind == UNPACK_AR)
    secret_gather(unpack, AR_HEAD, ar_head);
  else if (unpack->kind == UNPACK_RPM)
    rpm_next(unpack);
  else if (unpack->kind == UNPACK_CPIO)
    cpio_entry(unpack);
  else
    secret_gather(unpack, SECRET_BLOCK, tar_next);
}
