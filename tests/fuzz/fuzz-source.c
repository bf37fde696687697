/* Spellings of sources and modes: each line of text is taken for each of them. */
#include "build/source-private.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_auto(OakumGitRef) ref = {0};
  g_autofree char *shown = oakum_source_redact(text);
  g_assert_nonnull(shown);
  if (oakum_source_kind(text) == OAKUM_SOURCE_GIT && oakum_git_ref_parse(text, &ref, NULL)) {
    g_assert_true(*ref.remote != '-' && (!ref.ref || *ref.ref != '-'));
    g_assert_null(strpbrk(ref.remote, " \n\t"));
    if (g_str_has_prefix(ref.remote, "http")) /* no user goes to the command line */
      g_assert_null(memchr(ref.remote + 8, '@', strcspn(ref.remote + 8, "/")));
  }
  if (oakum_source_kind(text) != OAKUM_SOURCE_LOCAL) {
    g_autofree char *name = oakum_source_url_name(text);
    g_assert_true(!name || (*name && !strchr(name, '/')));
  }
  g_autoptr(OakumMode) mode = oakum_mode_parse(text, NULL);
  for (uint32_t bits = 0; mode && bits <= 07777; bits += 0111)
    g_assert_cmpuint(oakum_mode_apply(mode, bits, bits & 1), <=, 07777);
  uint8_t block[512] = {0};
  memcpy(block, data, MIN(size, sizeof(block)));
  (void)!oakum_source_is_tar(block);
  return 0;
}
