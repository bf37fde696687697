/* Bytes in bytes. */
#include "base/base.h"
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef __SSE2__
/* A bit for each of 16 places that hold the first byte of what is sought, and its last byte where
 * it would end: few places have both, while one byte alone is often everywhere in a program. */
static inline uint32_t both(const uint8_t *at, size_t span, __m128i first, __m128i last)
{
  __m128i a = _mm_loadu_si128((const __m128i *)(const void *)at);
  __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(at + span));
  return (uint32_t)_mm_movemask_epi8(
      _mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));
}

const uint8_t *oakum_bytes_find(const uint8_t *data, size_t len, const void *what, size_t n)
{
  if (n == 0 || len < n)
    return n == 0 ? data : NULL;
  if (n == 1)
    return memchr(data, *(const uint8_t *)what, len);
  const uint8_t *bytes = what;
  const __m128i first = _mm_set1_epi8((char)bytes[0]), last = _mm_set1_epi8((char)bytes[n - 1]);
  size_t at = 0, places = len - n + 1;
  for (; places - at >= 32; at += 32)
    for (uint32_t hits =
             both(data + at, n - 1, first, last) | both(data + at + 16, n - 1, first, last) << 16;
         hits; hits &= hits - 1) {
      const uint8_t *hit = data + at + __builtin_ctz(hits);
      if (memcmp(hit + 1, bytes + 1, n - 2) == 0)
        return hit;
    }
  return memmem(data + at, len - at, what, n);
}
#else
const uint8_t *oakum_bytes_find(const uint8_t *data, size_t len, const void *what, size_t n)
{
  if (n == 0 || len < n)
    return n == 0 ? data : NULL;
  return memmem(data, len, what, n);
}
#endif
