#include "base/base.h"
#include <sodium.h>
#include <string.h>

static unsigned char hash_key[crypto_shorthash_KEYBYTES];

uint64_t oakum_bytes_hash(const void *data, size_t len)
{
  static gsize ready;
  if (g_once_init_enter(&ready)) {
    if (sodium_init() < 0)
      g_error("libsodium cannot start: no source of random bytes");
    randombytes_buf(hash_key, sizeof hash_key);
    g_once_init_leave(&ready, 1);
  }
  uint64_t hash;
  G_STATIC_ASSERT(sizeof hash == crypto_shorthash_BYTES);
  crypto_shorthash((unsigned char *)&hash, data, len, hash_key);
  return hash;
}

uint64_t oakum_bytes_hash_keyed(const uint8_t key[OAKUM_HASH_KEY], const void *data, size_t len)
{
  uint64_t hash;
  G_STATIC_ASSERT(OAKUM_HASH_KEY == crypto_shorthash_KEYBYTES);
  crypto_shorthash((unsigned char *)&hash, data, len, key);
  return hash;
}

void oakum_random(void *buffer, size_t len)
{
  if (sodium_init() < 0)
    g_error("libsodium cannot start: no source of random bytes");
  randombytes_buf(buffer, len);
}

guint oakum_str_hash(gconstpointer key)
{
  return (guint)oakum_bytes_hash(key, strlen(key));
}

GHashTable *oakum_str_map_new(GDestroyNotify key_free, GDestroyNotify value_free)
{
  return g_hash_table_new_full(oakum_str_hash, g_str_equal, key_free, value_free);
}
