/* Alpine: N(.N)*[letter](_suffix[N])*[~hash][-rN]. The order of the token kinds decides when one
 * version stops where the other goes on: the kind that stands earlier in TokenKind makes the newer
 * version, except for the suffixes of pre-releases. */
#include "version/version-private.h"

typedef enum {
  FIRST_NUMBER,
  NUMBER,
  LETTER,
  SUFFIX,
  SUFFIX_NUMBER,
  HASH,
  REVISION,
  END,
  BAD
} TokenKind;

/* In rising order; those before SUFFIX_NONE are pre-releases. */
static const char *const suffixes[] = {"alpha", "beta", "pre", "rc", "",
                                       "cvs",   "svn",  "git", "hg", "p"};
#define SUFFIX_NONE 4

typedef struct {
  OakumSlice rest;
  TokenKind kind;
  OakumSlice text; /* digits, letter or hash */
  int suffix;
} Cursor;

static gboolean is_lower(int c)
{
  return c >= 'a' && c <= 'z';
}

static gboolean is_hash(int c)
{
  return oakum_version_is_digit(c) || (c >= 'a' && c <= 'f');
}

static void take_text(Cursor *cursor, size_t skip, gboolean (*wanted)(int c), TokenKind kind)
{
  cursor->rest.data += skip;
  cursor->rest.len -= skip;
  cursor->text = oakum_version_take(&cursor->rest, wanted);
  cursor->kind = cursor->text.len > 0 ? kind : BAD;
}

static void next_token(Cursor *cursor)
{
  TokenKind before = cursor->kind;
  OakumSlice *rest = &cursor->rest;
  cursor->kind = BAD;
  if (rest->len == 0) {
    cursor->kind = END;
    return;
  }
  char c = (char)rest->data[0];
  if (before <= NUMBER && g_ascii_islower(c)) {
    cursor->text = (OakumSlice){rest->data, 1};
    rest->data++, rest->len--;
    cursor->kind = LETTER;
  } else if (before <= NUMBER && c == '.') {
    take_text(cursor, 1, oakum_version_is_digit, NUMBER);
  } else if (before == SUFFIX && g_ascii_isdigit(c)) {
    take_text(cursor, 0, oakum_version_is_digit, SUFFIX_NUMBER);
  } else if (before <= SUFFIX_NUMBER && c == '_') {
    take_text(cursor, 1, is_lower, BAD);
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
      if (i != SUFFIX_NONE && strlen(suffixes[i]) == cursor->text.len &&
          memcmp(suffixes[i], cursor->text.data, cursor->text.len) == 0) {
        cursor->suffix = (int)i;
        cursor->kind = SUFFIX;
      }
    }
  } else if (before <= SUFFIX_NUMBER && c == '~') {
    take_text(cursor, 1, is_hash, HASH);
  } else if (before <= HASH && c == '-' && rest->len > 1 && rest->data[1] == 'r') {
    take_text(cursor, 2, oakum_version_is_digit, REVISION);
  }
}

/* Both cursors stand on tokens of one kind. */
static int token_compare(const Cursor *a, const Cursor *b)
{
  switch (a->kind) {
  case NUMBER:
    /* Behind the first dot a leading zero makes it a fraction: 1.06 is less than 1.1. */
    if (*a->text.data == '0' || *b->text.data == '0')
      return oakum_version_bytes_compare(a->text, b->text);
    return oakum_version_digits_compare(a->text, b->text);
  case FIRST_NUMBER:
  case SUFFIX_NUMBER:
  case REVISION:
    return oakum_version_digits_compare(a->text, b->text);
  case SUFFIX:
    return a->suffix < b->suffix ? -1 : a->suffix > b->suffix;
  case LETTER:
  case HASH:
    return oakum_version_bytes_compare(a->text, b->text);
  case END:
  case BAD:
    return 0;
  }
  return 0;
}

static gboolean is_prerelease(const Cursor *cursor)
{
  return cursor->kind == SUFFIX && cursor->suffix < SUFFIX_NONE;
}

/* `fuzzy`: where b ends, a may go on and is equal. */
static gboolean compare(OakumSlice a, OakumSlice b, gboolean fuzzy, int *out)
{
  Cursor ca = {.rest = a}, cb = {.rest = b};
  take_text(&ca, 0, oakum_version_is_digit, FIRST_NUMBER);
  take_text(&cb, 0, oakum_version_is_digit, FIRST_NUMBER);
  if (ca.kind == BAD || cb.kind == BAD)
    return FALSE;
  int order = 0;
  while (ca.kind == cb.kind && ca.kind < END && (order = token_compare(&ca, &cb)) == 0) {
    next_token(&ca);
    next_token(&cb);
  }
  if (order == 0 && (ca.kind == BAD || cb.kind == BAD))
    return FALSE;
  if (order == 0 && ca.kind != cb.kind && !(fuzzy && cb.kind == END)) {
    if (is_prerelease(&ca))
      order = -1;
    else if (is_prerelease(&cb))
      order = 1;
    else
      order = ca.kind > cb.kind ? -1 : 1;
  }
  *out = order;
  return TRUE;
}

gboolean oakum_version_apk_compare(OakumSlice a, OakumSlice b, int *out)
{
  return compare(a, b, FALSE, out);
}

/* '~' is for all versions that begin so: "~1.2" is met by 1.2.3-r1, "<~1.2" by that and 1.1. */
static OakumRangeAnswer test(OakumOperator operator_, OakumSlice wanted, OakumSlice version)
{
  gboolean fuzzy = oakum_version_take_char(&wanted, '~');
  int order;
  if (!compare(version, wanted, fuzzy, &order))
    return OAKUM_RANGE_INVALID;
  if (fuzzy && order == 0)
    return oakum_range_answer(operator_ != OAKUM_OPERATOR_NE);
  return oakum_range_answer(oakum_version_holds(operator_, order));
}

OakumRangeAnswer oakum_version_apk_range(OakumSlice range, OakumSlice version)
{
  return oakum_version_simple_range(oakum_version_apk_compare, test, range, version);
}
