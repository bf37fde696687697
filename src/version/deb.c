/* Debian: [epoch:]upstream[-revision], deb-version(7). */
#include "version/version-private.h"
#include <limits.h>

typedef struct {
  OakumSlice epoch, upstream, revision;
} DebVersion;

static gboolean all_of(OakumSlice text, const char *punctuation)
{
  for (size_t i = 0; i < text.len; i++) {
    char c = (char)text.data[i];
    if (!g_ascii_isalnum(c) && (c == '\0' || !strchr(punctuation, c)))
      return FALSE;
  }
  return TRUE;
}

static gboolean deb_parse(OakumSlice text, DebVersion *out)
{
  text = oakum_version_trim(text);
  *out = (DebVersion){.upstream = text};
  const uint8_t *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
  if (colon) {
    out->epoch = (OakumSlice){text.data, (size_t)(colon - text.data)};
    /* dpkg reads it with strtol, and refuses what is below 0 */
    if (!oakum_version_take_char(&out->epoch, '+') && oakum_version_take_char(&out->epoch, '-') &&
        !oakum_version_digits_zero(out->epoch))
      return FALSE;
    uint64_t epoch;
    if (!oakum_parse_u64((const char *)out->epoch.data, out->epoch.len, INT_MAX, &epoch))
      return FALSE;
    out->upstream = oakum_version_from(text, (size_t)(colon - text.data) + 1);
  }
  const uint8_t *hyphen =
      out->upstream.len > 0 ? memrchr(out->upstream.data, '-', out->upstream.len) : NULL;
  if (hyphen) {
    size_t before = (size_t)(hyphen - out->upstream.data);
    out->revision = (OakumSlice){hyphen + 1, out->upstream.len - before - 1};
    out->upstream.len = before;
    if (out->revision.len == 0)
      return FALSE;
  }
  return out->upstream.len > 0 && g_ascii_isdigit((char)*out->upstream.data) &&
         all_of(out->upstream, ".-+~:") && all_of(out->revision, ".+~");
}

/* The weight of a character outside digits: '~' before the end, the end before letters, letters
 * before the rest. */
static int weight(OakumSlice text, size_t at)
{
  if (at >= text.len || g_ascii_isdigit((char)text.data[at]))
    return 0;
  if (text.data[at] == '~')
    return -1;
  return g_ascii_isalpha((char)text.data[at]) ? text.data[at] : text.data[at] + 256;
}

static int part_compare(OakumSlice a, OakumSlice b)
{
  size_t i = 0, j = 0;
  while (i < a.len || j < b.len) {
    while ((i < a.len && !g_ascii_isdigit((char)a.data[i])) ||
           (j < b.len && !g_ascii_isdigit((char)b.data[j]))) {
      int wa = weight(a, i), wb = weight(b, j);
      if (wa != wb)
        return wa < wb ? -1 : 1;
      i++, j++;
    }
    size_t i0 = i, j0 = j;
    while (i < a.len && g_ascii_isdigit((char)a.data[i]))
      i++;
    while (j < b.len && g_ascii_isdigit((char)b.data[j]))
      j++;
    int order = oakum_version_digits_compare((OakumSlice){a.data + i0, i - i0},
                                             (OakumSlice){b.data + j0, j - j0});
    if (order != 0)
      return order;
  }
  return 0;
}

gboolean oakum_version_deb_compare(OakumSlice a, OakumSlice b, int *out)
{
  DebVersion va, vb;
  if (!deb_parse(a, &va) || !deb_parse(b, &vb))
    return FALSE;
  int order = oakum_version_digits_compare(va.epoch, vb.epoch);
  if (order == 0)
    order = part_compare(va.upstream, vb.upstream);
  if (order == 0)
    order = part_compare(va.revision, vb.revision);
  *out = order;
  return TRUE;
}
