#include "codec/codec.h"
#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

struct OakumHasher {
  EVP_MD_CTX *context;
};

/* EVP fails only for want of memory here, and GLib aborts on that too. */
static void must(int ok)
{
  if (ok != 1)
    g_error("libcrypto: a digest operation failed");
}

OakumHasher *oakum_hasher_new(OakumHashKind kind)
{
  OakumHasher *hasher = g_new0(OakumHasher, 1);
  hasher->context = EVP_MD_CTX_new();
  must(hasher->context != NULL);
  must(EVP_DigestInit_ex(hasher->context, kind == OAKUM_HASH_SHA512 ? EVP_sha512() : EVP_sha256(),
                         NULL));
  return hasher;
}

void oakum_hasher_update(OakumHasher *hasher, const void *data, size_t len)
{
  if (len > 0)
    must(EVP_DigestUpdate(hasher->context, data, len));
}

char *oakum_hasher_hex(OakumHasher *hasher)
{
  EVP_MD_CTX *copy = EVP_MD_CTX_new(); /* finishing would end the hasher */
  must(copy != NULL);
  must(EVP_MD_CTX_copy_ex(copy, hasher->context));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int len = 0;
  must(EVP_DigestFinal_ex(copy, digest, &len));
  EVP_MD_CTX_free(copy);
  static const char hex[] = "0123456789abcdef";
  char *text = g_new(char, 2 * len + 1);
  for (unsigned int i = 0; i < len; i++) {
    text[2 * i] = hex[digest[i] >> 4];
    text[2 * i + 1] = hex[digest[i] & 15];
  }
  text[2 * len] = '\0';
  return text;
}

gboolean oakum_hasher_check(OakumHasher *hasher, const char *expected, GError **error)
{
  g_autofree char *got = oakum_hasher_hex(hasher);
  if (strcmp(got, expected) == 0)
    return TRUE;
  g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_DIGEST, "digest mismatch: expected %s, got %s",
              expected, got);
  return FALSE;
}

void oakum_hasher_free(OakumHasher *hasher)
{
  if (!hasher)
    return;
  EVP_MD_CTX_free(hasher->context);
  g_free(hasher);
}

char *oakum_sha256_hex(const void *data, size_t len)
{
  g_autoptr(OakumHasher) hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  oakum_hasher_update(hasher, data, len);
  return oakum_hasher_hex(hasher);
}

void oakum_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                       uint8_t out[32])
{
  unsigned made = 0;
  if (!HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &made) || made != 32)
    g_error("libcrypto: no HMAC");
}
