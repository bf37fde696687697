/* Digests by libcrypto, through its own functions for each: the common door to all of them (EVP)
 * first sets up what can be configured, which takes 1.3 ms in each process, a tenth of a scan of
 * what is known. They run the same code for the processor. OpenSSL 3 calls them deprecated, in
 * favour of that door, and still has them. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "codec/codec.h"
#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

struct OakumHasher {
  OakumHashKind kind;
  union {
    SHA256_CTX sha256;
    SHA512_CTX sha512;
  } state;
};

static void must(int ok)
{
  if (ok != 1)
    g_error("libcrypto: a digest operation failed");
}

OakumHasher *oakum_hasher_new(OakumHashKind kind)
{
  OakumHasher *hasher = g_new0(OakumHasher, 1);
  hasher->kind = kind;
  must(kind == OAKUM_HASH_SHA512 ? SHA512_Init(&hasher->state.sha512)
                                 : SHA256_Init(&hasher->state.sha256));
  return hasher;
}

void oakum_hasher_update(OakumHasher *hasher, const void *data, size_t len)
{
  if (len > 0)
    must(hasher->kind == OAKUM_HASH_SHA512 ? SHA512_Update(&hasher->state.sha512, data, len)
                                           : SHA256_Update(&hasher->state.sha256, data, len));
}

char *oakum_hasher_hex(OakumHasher *hasher)
{
  OakumHasher copy = *hasher; /* finishing would end the hasher */
  unsigned char digest[SHA512_DIGEST_LENGTH];
  size_t len = hasher->kind == OAKUM_HASH_SHA512 ? SHA512_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
  must(hasher->kind == OAKUM_HASH_SHA512 ? SHA512_Final(digest, &copy.state.sha512)
                                         : SHA256_Final(digest, &copy.state.sha256));
  static const char hex[] = "0123456789abcdef";
  char *text = g_new(char, 2 * len + 1);
  for (size_t i = 0; i < len; i++) {
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
