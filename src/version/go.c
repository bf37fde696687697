/* Go: module versions (the "v" may be missing, as in advisories; pseudo-versions need no care), and
 * those of Go itself, "go1.21rc2", which is 1.21.0-rc.2. */
#include "version/semver-private.h"

/* rc, beta or alpha, and its number, as the pre-release of a release of Go; NULL when both versions
 * of a pair are of modules. */
typedef struct {
  OakumSemver semver;
  char pre[OAKUM_VERSION_MAX + 8];
} GoVersion;

static gboolean take_numbers(OakumSlice *rest, OakumSemver *out)
{
  *out = (OakumSemver){.numbers = *rest};
  do {
    if (out->count == 3 || !oakum_semver_take_number(rest, 0, &out->number[out->count]))
      return FALSE;
    out->count++;
  } while (oakum_version_take_char(rest, '.'));
  out->numbers.len -= rest->len;
  return TRUE;
}

/* "1.21", "1.21.3", "1.21rc2", and what a build has behind a blank or a hyphen. */
static gboolean toolchain_parse(OakumSlice text, GoVersion *out)
{
  if (!take_numbers(&text, &out->semver))
    return FALSE;
  OakumSlice word = oakum_version_take(&text, oakum_version_is_alpha),
             number = oakum_version_take(&text, oakum_version_is_digit);
  if (word.len > 0) {
    if (number.len == 0 ||
        !(oakum_version_is(word, "rc", FALSE) || oakum_version_is(word, "beta", FALSE) ||
          oakum_version_is(word, "alpha", FALSE)))
      return FALSE;
    int len = g_snprintf(out->pre, sizeof out->pre, "%.*s.%.*s", (int)word.len,
                         (const char *)word.data, (int)number.len, (const char *)number.data);
    out->semver.pre = (OakumSlice){(const uint8_t *)out->pre, (size_t)len};
  } else if (number.len > 0) {
    return FALSE;
  }
  return text.len == 0 || *text.data == ' ' || *text.data == '-';
}

static gboolean go_parse(OakumSlice text, GoVersion *out)
{
  if (oakum_version_take_text(&text, "go", FALSE))
    return toolchain_parse(text, out);
  gboolean module = oakum_version_take_char(&text, 'v');
  OakumSlice rest = text;
  if (!take_numbers(&rest, &out->semver))
    return FALSE;
  if (out->semver.count < 3)
    /* a short one has no tail; "1.21rc2" is Go itself without its name */
    return rest.len == 0 || (!module && toolchain_parse(text, out));
  return oakum_semver_take_tail(&rest, 0, &out->semver.pre, &out->semver.build) && rest.len == 0;
}

gboolean oakum_version_go_compare(OakumSlice a, OakumSlice b, int *out)
{
  GoVersion va, vb;
  if (!go_parse(a, &va) || !go_parse(b, &vb))
    return FALSE;
  *out = oakum_semver_order(&va.semver, &vb.semver);
  return TRUE;
}

/* What "retract" of go.mod holds: "v1.0.0", "[v1.0.0, v1.9.9]"; and comparators. */
OakumRangeAnswer oakum_version_go_range(OakumSlice range, OakumSlice version)
{
  range = oakum_version_trim(range);
  if (range.len < 2 || *range.data != '[' || range.data[range.len - 1] != ']')
    return oakum_version_simple_range(oakum_version_go_compare, NULL, range, version);
  OakumSlice inside = oakum_version_head(oakum_version_from(range, 1), range.len - 2), low, high;
  int above, below;
  if (!oakum_version_split(&inside, ',', &low) || !oakum_version_split(&inside, ',', &high) ||
      inside.data || low.len > OAKUM_VERSION_MAX || high.len > OAKUM_VERSION_MAX ||
      !oakum_version_go_compare(version, oakum_version_trim(low), &above) ||
      !oakum_version_go_compare(version, oakum_version_trim(high), &below))
    return OAKUM_RANGE_INVALID;
  return oakum_range_answer(above >= 0 && below <= 0);
}
