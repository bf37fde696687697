/* An edit of a Dockerfile, and the same edit taken back, give what a fresh reading gives. The last
 * six bytes are the edit: a part of the text goes, and a copy of another part takes its place. */
#include "../same-lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 6 || size > 4096)
    return 0;
  const uint8_t *edit = data + size - 6;
  const char *text = (const char *)data;
  size_t len = size - 6, at = (edit[0] * 256u + edit[1]) % (len + 1),
         cut = MIN((size_t)edit[2], len - at), from = (edit[3] * 256u + edit[4]) % (len + 1),
         n = MIN((size_t)edit[5], len - from);
  g_autoptr(GString) other = g_string_new_len(text, (gssize)at);
  g_string_append_len(other, text + from, (gssize)n);
  g_string_append_len(other, text + at + cut, (gssize)(len - at - cut));
  const OakumLintOptions options = {.now = 1800000000, .ignore_known = TRUE};
  SameText texts[3] = {{0}}, none = {0};
  if (same_after(&none, &texts[0], text, len, &options) &&
      same_after(&texts[0], &texts[1], other->str, other->len, &options))
    (void)!same_after(&texts[1], &texts[2], text, len, &options);
  for (size_t i = 3; i > 0; i--)
    same_text_clear(&texts[i - 1]);
  return 0;
}
