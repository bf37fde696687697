/* The names of one layer as hashes: eight bytes a name, so that ten million names fit where their
 * text would not. The key is secret to the image, or a name could be made that stands for another
 * one. */
#include "catalog/catalog-private.h"
#include <string.h>

#define KIND_MASK UINT64_C(3)

/* A table while a layer is read; sorted, as it was kept, where one is only asked. */
struct OakumNames {
  uint8_t key[OAKUM_HASH_KEY];
  uint64_t *sorted; /* `used` of them; NULL: the table counts */
  uint64_t *slots;  /* hash without its last two bits, which say what it is; 0: free */
  size_t room;      /* a power of two */
  size_t used;
  uint64_t mix; /* odd and secret: what a reading process sends may be made to fall together */
};

static OakumNames *names_of(const uint8_t key[OAKUM_HASH_KEY])
{
  OakumNames *names = g_new0(OakumNames, 1);
  memcpy(names->key, key, OAKUM_HASH_KEY);
  oakum_random((uint8_t *)&names->mix, sizeof(names->mix));
  names->mix |= 1;
  return names;
}

OakumNames *oakum_names_new(const uint8_t key[OAKUM_HASH_KEY])
{
  OakumNames *names = names_of(key);
  names->room = 256;
  names->slots = g_new0(uint64_t, names->room);
  return names;
}

void oakum_names_free(OakumNames *names)
{
  if (!names)
    return;
  g_free(names->slots);
  g_free(names->sorted);
  g_free(names);
}

static uint64_t hash_of(const OakumNames *names, const char *path, size_t len)
{
  uint64_t hash = oakum_bytes_hash_keyed(names->key, path, len) & ~KIND_MASK;
  return hash ? hash : 4;
}

static uint64_t *slot_of(uint64_t mix, uint64_t *slots, size_t room, uint64_t hash)
{
  size_t at = (size_t)(hash * mix >> 32) & (room - 1);
  while (slots[at] && (slots[at] & ~KIND_MASK) != hash)
    at = (at + 1) & (room - 1);
  return &slots[at];
}

static void grow(OakumNames *names)
{
  size_t room = names->room * 2;
  uint64_t *slots = g_new0(uint64_t, room);
  for (size_t i = 0; i < names->room; i++)
    if (names->slots[i])
      *slot_of(names->mix, slots, room, names->slots[i] & ~KIND_MASK) = names->slots[i];
  g_free(names->slots);
  names->slots = slots;
  names->room = room;
}

static void put(OakumNames *names, uint64_t hash, OakumEntryKind kind)
{
  uint64_t *slot = slot_of(names->mix, names->slots, names->room, hash);
  if (!*slot && ++names->used * 4 > names->room * 3) {
    grow(names);
    slot = slot_of(names->mix, names->slots, names->room, hash);
  }
  *slot = hash | kind;
}

/* Hashes lie evenly: near where it should be, then by halves. */
static uint64_t find_sorted(const OakumNames *names, uint64_t hash)
{
  const uint64_t *all = names->sorted;
  size_t n = names->used, near = (size_t)(((hash >> 32) * (uint64_t)n) >> 32), span = 512;
  size_t low = near > span ? near - span : 0, high = MIN(near + span, n);
  if (low > 0 && all[low] > hash)
    low = 0;
  if (high < n && (all[high] & ~KIND_MASK) < hash)
    high = n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    uint64_t at = all[middle] & ~KIND_MASK;
    if (at == hash)
      return all[middle];
    if (at < hash)
      low = middle + 1;
    else
      high = middle;
  }
  return low < n && (all[low] & ~KIND_MASK) == hash ? all[low] : 0;
}

/* Where one is added to what was kept. */
static void make_table(OakumNames *names)
{
  g_autofree uint64_t *sorted = g_steal_pointer(&names->sorted);
  size_t n = names->used;
  for (names->room = 256; names->room * 3 < n * 4 + 4; names->room *= 2)
    ;
  names->slots = g_new0(uint64_t, names->room);
  names->used = 0;
  for (size_t i = 0; i < n; i++)
    put(names, sorted[i] & ~KIND_MASK, (OakumEntryKind)(sorted[i] & KIND_MASK));
}

gboolean oakum_names_add(OakumNames *names, const char *path, OakumEntryKind kind)
{
  if (names->sorted)
    make_table(names);
  if (names->used >= OAKUM_VIEW_NAMES_MAX)
    return FALSE;
  put(names, hash_of(names, path, strlen(path)), kind);
  return TRUE;
}

OakumEntryKind oakum_names_find(const OakumNames *names, const char *path, size_t len)
{
  uint64_t hash = hash_of(names, path, len);
  if (names->sorted)
    return (OakumEntryKind)(find_sorted(names, hash) & KIND_MASK);
  return (OakumEntryKind)(*slot_of(names->mix, names->slots, names->room, hash) & KIND_MASK);
}

size_t oakum_names_count(const OakumNames *names)
{
  return names->used;
}

/* By value, byte for byte from the lowest: a layer has ten thousands of them, and a worker is
 * waited for. */
static void sort_values(uint64_t *values, size_t n)
{
  g_autofree uint64_t *other = g_new(uint64_t, n + 1);
  uint64_t *from = values, *to = other;
  for (guint shift = 0; shift < 64; shift += 8) { /* an even number: they end where they began */
    size_t begins[256] = {0};
    for (size_t i = 0; i < n; i++)
      begins[from[i] >> shift & 0xff]++;
    for (size_t i = 0, at = 0; i < G_N_ELEMENTS(begins); i++) {
      size_t count = begins[i];
      begins[i] = at;
      at += count;
    }
    for (size_t i = 0; i < n; i++)
      to[begins[from[i] >> shift & 0xff]++] = from[i];
    uint64_t *swap = from;
    from = to;
    to = swap;
  }
}

void oakum_names_pack(const OakumNames *names, GByteArray *out)
{
  g_autofree uint64_t *all = g_new(uint64_t, names->used + 1);
  size_t n = 0;
  if (names->sorted)
    for (; n < names->used; n++)
      all[n] = names->sorted[n];
  else {
    for (size_t i = 0; i < names->room; i++)
      if (names->slots[i])
        all[n++] = names->slots[i];
    sort_values(all, n); /* the same names give the same bytes */
  }
  for (size_t i = 0; i < n; i++)
    all[i] = GUINT64_TO_LE(all[i]);
  g_byte_array_append(out, (const guint8 *)all, (guint)(n * sizeof(*all)));
}

OakumNames *oakum_names_unpack(const uint8_t key[OAKUM_HASH_KEY], OakumSlice packed, GError **error)
{
  if (packed.len % sizeof(uint64_t) != 0 ||
      packed.len / sizeof(uint64_t) > OAKUM_VIEW_NAMES_MAX + 1) {
    g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "names of a layer are damaged");
    return NULL;
  }
  OakumNames *names = names_of(key);
  names->used = packed.len / sizeof(uint64_t);
  names->sorted = g_new(uint64_t, names->used + 1);
  gboolean good = TRUE;
  for (size_t i = 0; i < names->used; i++) {
    uint64_t value;
    memcpy(&value, packed.data + i * sizeof(value), sizeof(value));
    value = names->sorted[i] = GUINT64_FROM_LE(value);
    good &= (value & KIND_MASK) != 0 && value > KIND_MASK &&
            (i == 0 || (names->sorted[i - 1] & ~KIND_MASK) < (value & ~KIND_MASK));
  }
  if (good)
    return names;
  oakum_names_free(names);
  g_set_error(error, OAKUM_CATALOG_ERROR, OAKUM_ERROR_INVALID, "names of a layer are damaged");
  return NULL;
}
