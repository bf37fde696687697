/* What the schemes share. */
#pragma once
#include "version/version.h"
#include <string.h>

/* ---- slices: a cursor is a slice whose start moves ------------------------------------------ */

#define OAKUM_VERSION_TEXT(literal)                                                                \
  ((OakumSlice){(const uint8_t *)("" literal), sizeof(literal) - 1})

/* The byte at `at`; -1 behind the end. */
static inline int oakum_version_peek(OakumSlice text, size_t at)
{
  return at < text.len ? text.data[at] : -1;
}

static inline void oakum_version_skip(OakumSlice *text, size_t count)
{
  if (count > 0) { /* the data of an empty slice may be NULL */
    text->data += count;
    text->len -= count;
  }
}

static inline OakumSlice oakum_version_from(OakumSlice text, size_t at)
{
  oakum_version_skip(&text, at);
  return text;
}

static inline OakumSlice oakum_version_head(OakumSlice text, size_t len)
{
  return (OakumSlice){text.data, len};
}

static inline gboolean oakum_version_is_digit(int c)
{
  return c >= '0' && c <= '9';
}

static inline gboolean oakum_version_is_alpha(int c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline gboolean oakum_version_is_alnum(int c)
{
  return oakum_version_is_digit(c) || oakum_version_is_alpha(c);
}

/* Digits, letters and '-': what identifiers of Semantic Versioning are made of. */
static inline gboolean oakum_version_is_identifier(int c)
{
  return oakum_version_is_alnum(c) || c == '-';
}

static inline gboolean oakum_version_is_space(int c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes the longest run of wanted bytes from the front. */
OakumSlice oakum_version_take(OakumSlice *rest, gboolean (*wanted)(int c));
/* Takes `c` from the front if it stands there. */
gboolean oakum_version_take_char(OakumSlice *rest, char c);
/* Takes `text` (NUL-terminated) from the front if it stands there; `fold` is for any case. */
gboolean oakum_version_take_text(OakumSlice *rest, const char *text, gboolean fold);
/* Takes all up to the first `separator`, and the separator; FALSE when there is nothing left: set
 * rest->data to NULL behind the last part, so that "a," has two parts. */
NODISCARD gboolean oakum_version_split(OakumSlice *rest, char separator, OakumSlice *part);
/* Where the first, the last `c` stands; the length when there is none. */
NODISCARD size_t oakum_version_find(OakumSlice text, char c);
NODISCARD size_t oakum_version_find_last(OakumSlice text, char c);
NODISCARD OakumSlice oakum_version_trim(OakumSlice text);
NODISCARD gboolean oakum_version_equal(OakumSlice a, OakumSlice b);
NODISCARD gboolean oakum_version_is(OakumSlice a, const char *text, gboolean fold);
NODISCARD gboolean oakum_version_all(OakumSlice text, gboolean (*wanted)(int c));

/* ---- orders: -1, 0, 1 ------------------------------------------------------------------------ */

/* Compares two runs of decimal digits by value, of any length; an empty one is 0. */
NODISCARD int oakum_version_digits_compare(OakumSlice a, OakumSlice b);
/* Lists of such runs with '.' between them: the first `count`, missing ones being 0. */
NODISCARD int oakum_version_numbers_compare(OakumSlice a, OakumSlice b, size_t count);
NODISCARD int oakum_version_bytes_compare(OakumSlice a, OakumSlice b);
/* The same with ASCII letters folded to lower case. */
NODISCARD int oakum_version_fold_compare(OakumSlice a, OakumSlice b);
/* Writes the digits of a + 1 to room (a.len + 1 bytes) and returns them without leading zeros. */
NODISCARD OakumSlice oakum_version_digits_next(OakumSlice a, uint8_t *room);
NODISCARD gboolean oakum_version_digits_zero(OakumSlice a);

static inline int oakum_version_sign(int order)
{
  return order < 0 ? -1 : order > 0;
}

/* ---- the schemes ----------------------------------------------------------------------------- *
 * A compare function sets *out to -1, 0 or 1, and returns FALSE when one of both is no version. */
typedef gboolean (*OakumVersionCompare)(OakumSlice a, OakumSlice b, int *out);
typedef OakumRangeAnswer (*OakumVersionRange)(OakumSlice range, OakumSlice version);

static inline OakumRangeAnswer oakum_range_answer(gboolean in)
{
  return in ? OAKUM_RANGE_YES : OAKUM_RANGE_NO;
}

typedef enum {
  OAKUM_OPERATOR_NONE,
  OAKUM_OPERATOR_LT,
  OAKUM_OPERATOR_LE,
  OAKUM_OPERATOR_EQ,
  OAKUM_OPERATOR_GE,
  OAKUM_OPERATOR_GT,
  OAKUM_OPERATOR_NE,
} OakumOperator;

/* What an order says to an operator; NONE is EQ. */
NODISCARD gboolean oakum_version_holds(OakumOperator operator_, int order);
/* Takes < << <= = == >= >> > != from the front. */
NODISCARD OakumOperator oakum_version_take_operator(OakumSlice *rest);
/* Comparators `OP VERSION`, all of which must hold (parted by space or comma), in alternatives
 * parted by "||". `test` answers one of them; without one the order of `compare` does. */
typedef OakumRangeAnswer (*OakumVersionTest)(OakumOperator operator_, OakumSlice wanted,
                                             OakumSlice version);
NODISCARD OakumRangeAnswer oakum_version_simple_range(OakumVersionCompare compare,
                                                      OakumVersionTest test, OakumSlice range,
                                                      OakumSlice version);

/* Advisories write alternatives with "||" also where the ecosystem's own tool has none (RubyGems,
 * PEP 440), and part comparators by a space then, too. */
NODISCARD gboolean oakum_version_has_alternatives(OakumSlice range);
/* Takes one of them; as oakum_version_split(). */
NODISCARD gboolean oakum_version_split_alternative(OakumSlice *rest, OakumSlice *part);
/* Takes one comparator, up to a comma; `spaces`: or to a space with an operator behind it. As
 * oakum_version_split(). */
NODISCARD gboolean oakum_version_split_comparator(OakumSlice *rest, gboolean spaces,
                                                  OakumSlice *part);

NODISCARD gboolean oakum_version_deb_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD gboolean oakum_version_apk_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_apk_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_rpm_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD gboolean oakum_version_rpm_segment_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_rpm_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_pacman_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD gboolean oakum_version_semver_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD gboolean oakum_version_bitnami_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD gboolean oakum_version_npm_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_npm_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_pep440_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_pep440_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_gem_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_gem_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_maven_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_maven_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_composer_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_composer_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_cargo_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_cargo_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_hex_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_hex_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_pub_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_pub_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_go_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_go_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_nuget_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_nuget_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_conan_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_conan_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_cran_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD gboolean oakum_version_hackage_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD OakumRangeAnswer oakum_version_hackage_range(OakumSlice range, OakumSlice version);
NODISCARD gboolean oakum_version_portage_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD gboolean oakum_version_jvm_compare(OakumSlice a, OakumSlice b, int *out);
NODISCARD gboolean oakum_version_generic_compare(OakumSlice a, OakumSlice b, int *out);
