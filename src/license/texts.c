/* Texts of licenses, by hashes of five words in a row. A license is there when most of its sample
 * is; of several that are much alike, the one of which most is there. */
#include "license/license-private.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *id;
  guint total; /* hashes of the whole text */
  guint step;  /* those that it divides are the sample */
  guint n;
  const uint32_t *sample; /* ascending */
} LicenseText;
#include "license/texts.inc"

#define WORDS 5

static int by_number(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

/* As tools/license-texts has it. */
static uint32_t mix(uint32_t value)
{
  value = (value ^ value >> 16) * 0x85ebca6bu;
  value = (value ^ value >> 13) * 0xc2b2ae35u;
  return value ^ value >> 16;
}

/* Bytes behind the first of a tag or an entity of HTML: "<br/>", "&quot;". Words in angle brackets
 * are what everybody writes anew, and in no sample. */
static size_t markup_at(OakumSlice text, size_t at)
{
  enum { TAG = 200, ENTITY = 8 };
  if (at + 2 >= text.len || (text.data[at] != '<' && text.data[at] != '&'))
    return 0;
  gboolean tag = text.data[at] == '<';
  if (tag ? !g_ascii_isalpha(text.data[at + 1]) && !strchr("/!", text.data[at + 1])
          : !g_ascii_isalpha(text.data[at + 1]) && text.data[at + 1] != '#')
    return 0;
  const uint8_t *from = text.data + at,
                *end = memchr(from, tag ? '>' : ';', MIN(text.len - at, tag ? TAG : ENTITY));
  return end && !(tag && memchr(from + 1, '<', (size_t)(end - from - 1))) ? (size_t)(end - from)
                                                                          : 0;
}

static GArray *hashes_of(OakumSlice text)
{
  GArray *out = g_array_new(FALSE, FALSE, sizeof(uint32_t));
  uint32_t words[WORDS] = {0}, word = 0x811c9dc5u;
  guint n = 0;
  gboolean in = FALSE;
  for (size_t i = 0; i <= text.len && n < OAKUM_LICENSE_TEXT_WORDS_MAX; i++) {
    int c = i < text.len ? g_ascii_tolower(text.data[i]) : ' ';
    i += markup_at(text, i);
    if (g_ascii_isalnum(c)) {
      word = (word ^ (uint32_t)c) * 0x01000193u;
      in = TRUE;
      continue;
    }
    if (!in)
      continue;
    memmove(words, words + 1, sizeof(words) - sizeof(words[0]));
    words[WORDS - 1] = word;
    word = 0x811c9dc5u;
    in = FALSE;
    if (++n < WORDS)
      continue;
    uint32_t value = 0;
    for (guint k = 0; k < WORDS; k++)
      value = value * 31 + words[k];
    value = mix(value);
    g_array_append_val(out, value);
  }
  if (out->len > 0)
    qsort(out->data, out->len, sizeof(uint32_t), by_number);
  return out;
}

/* Words without which a text is another one that is much like it. */
static const struct {
  const char *id, *words;
} musts[] = {{"BSD-3-Clause", "endorse or"},
             {"ImageMagick", "imagemagick"}, /* all of the Apache License is in it */
             {"BSD-4-Clause", "advertising materials"},
             {"BSD-4-Clause-UC", "advertising materials"},
             {"X11", "except as contained in this notice"},
             {"BSD-3-Clause-Clear", "no express or implied licenses"},
             {"BSD-2-Clause-Patent", "patent license"},
             {"Apache-1.1", "apache"}, /* many took it and put their own name there */
             {"APSL-1.2", "1.2"},
             {"APSL-2.0", "2.0"},
             {"MPL-1.0", "1.0"},
             {"OLDAP-2.8", "2.8"},
             {"Pixar", "modified apache"},
             {"BSD-3-Clause-No-Nuclear-License", "nuclear"},
             {"BSD-3-Clause-No-Nuclear-License-2014", "nuclear"},
             {"BSD-3-Clause-No-Military-License", "military"}};

/* And words that it never has: with them the text asks for more. */
static const struct {
  const char *id, *words;
} never[] = {{"BSD-2-Clause", "complete source code"}, /* Sleepycat, TMate */
             {"BSD-3-Clause", "complete source code"},
             {"BSD-3-Clause", "nuclear"},
             {"BSD-3-Clause", "military"}};

/* In any case, any space between the words. */
static gboolean stands_at(OakumSlice text, size_t at, const char *words)
{
  for (; *words; words++, at++) {
    if (at >= text.len)
      return FALSE;
    if (*words == ' ' && g_ascii_isspace(text.data[at])) {
      while (at + 1 < text.len && g_ascii_isspace(text.data[at + 1]))
        at++;
    } else if (g_ascii_tolower(text.data[at]) != *words)
      return FALSE;
  }
  return TRUE;
}

static gboolean holds(OakumSlice text, const char *words)
{
  for (size_t at = 0; at < text.len; at++)
    if (stands_at(text, at, words))
      return TRUE;
  return FALSE;
}

static gboolean has_must(const char *id, OakumSlice text)
{
  for (size_t i = 0; i < G_N_ELEMENTS(musts); i++)
    if (strcmp(musts[i].id, id) == 0 && !holds(text, musts[i].words))
      return FALSE;
  return !g_str_has_prefix(id, "CC-BY-NC") || holds(text, "commercial advantage");
}

/* Of a text alone: in a file of several these may be another one's. */
static gboolean has_never(const char *id, OakumSlice text)
{
  for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
    if (strcmp(never[i].id, id) == 0 && holds(text, never[i].words))
      return TRUE;
  return FALSE;
}

/* How much of the sample is there, 0 to 1. */
static double share(const LicenseText *license, const GArray *hashes)
{
  guint found = 0;
  for (guint i = 0; i < license->n; i++)
    found += bsearch(&license->sample[i], hashes->data, hashes->len, sizeof(uint32_t), by_number) !=
             NULL;
  return license->n ? (double)found / license->n : 0;
}

/* The words of a short license where a longer one that holds all of it goes on in another way. */
static const struct {
  const char *id, *longer, *words; /* longer: what the other's name begins with */
} seams[] = {{"BSD-2-Clause", "BSD-3-Clause", "with the distribution this software"},
             {"BSD-2-Clause", "BSD-4-Clause", "with the distribution this software"},
             {"MIT-0", "MIT", "to do so the software"},
             {"0BSD", "ISC", "is hereby granted the software"}};

static gboolean is_seamed(const LicenseText *a, const LicenseText *b)
{
  for (size_t i = 0; i < G_N_ELEMENTS(seams); i++)
    if (strcmp(seams[i].id, a->id) == 0 && g_str_has_prefix(b->id, seams[i].longer))
      return TRUE;
  return FALSE;
}

/* Whether the text has a place that `a` has and the longer `b` has not. */
static gboolean has_seam(const LicenseText *a, const LicenseText *b, const GArray *hashes)
{
  for (size_t i = 0; i < G_N_ELEMENTS(seams); i++) {
    if (strcmp(seams[i].id, a->id) != 0 || !g_str_has_prefix(b->id, seams[i].longer))
      continue;
    g_autoptr(GArray) seam =
        hashes_of((OakumSlice){(const uint8_t *)seams[i].words, strlen(seams[i].words)});
    return bsearch(seam->data, hashes->data, hashes->len, sizeof(uint32_t), by_number) != NULL;
  }
  return FALSE;
}

/* Of the part of `a`'s sample that `b`'s could hold as well. */
typedef struct {
  guint n, both, own, found; /* in both, in `a` alone, and of the latter in the text */
} Apart;

static Apart apart(const LicenseText *a, const LicenseText *b, const GArray *hashes)
{
  guint step = MAX(a->step, b->step);
  Apart out = {0};
  for (guint i = 0; i < a->n; i++)
    if (a->sample[i] % step == 0) {
      gboolean shared =
          bsearch(&a->sample[i], b->sample, b->n, sizeof(uint32_t), by_number) != NULL;
      out.n++;
      out.both += shared;
      out.own += !shared;
      out.found += !shared && bsearch(&a->sample[i], hashes->data, hashes->len, sizeof(uint32_t),
                                      by_number) != NULL;
    }
  return out;
}

/* Whether the texts are much alike, so that one of them stands for both; not where nearly all that
 * only `a` says is there, too. */
static gboolean alike(const LicenseText *a, const LicenseText *b, const GArray *hashes)
{
  enum { OWN_LEAST = 10 };
  if (has_seam(a, b, hashes))
    return FALSE;
  Apart x = apart(a, b, hashes);
  return x.both * 3 > x.n && (x.own < OWN_LEAST || x.found * 10 < x.own * 9);
}

/* Of two that are much alike, whether what only `a` says is there rather than what only `b` says: a
 * text that holds all of another one is told when half of the rest is there. */
static gboolean says_more(const LicenseText *a, const LicenseText *b, const GArray *hashes)
{
  if (is_seamed(a, b) || has_seam(b, a, hashes))
    return FALSE; /* seams tell these apart */
  Apart x = apart(a, b, hashes), y = apart(b, a, hashes);
  if (x.both * 3 <= x.n || (x.own == 0 && y.own == 0))
    return FALSE;
  if (x.own == 0)
    return y.found * 2 < y.own;
  if (y.own == 0)
    return x.found * 2 >= x.own;
  /* a quarter of it at least: in a file of many texts some of it may be another one's */
  return 4 * x.found * y.own > 4 * y.found * x.own + x.own * y.own;
}

/* "GPL-2.0-only" is the text of "GPL-2.0-or-later", too. */
static gboolean is_said(const char *said, const char *id)
{
  size_t len = strlen(id);
  if (g_str_has_suffix(id, "-only"))
    len -= strlen("only");
  return memmem(said, strlen(said), id, len) != NULL;
}

/* Those of which enough is there; gives how many. */
static guint choose(OakumSlice text, const LicenseText *chosen[OAKUM_LICENSE_TEXTS_MAX])
{
  enum { ALONE = 6000 }; /* bytes: a short licence by itself */
  g_autoptr(GArray) hashes = hashes_of(text);
  double shares[G_N_ELEMENTS(texts)];
  guint n = 0;
  if (hashes->len == 0)
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    if ((shares[i] = share(&texts[i], hashes)) >= OAKUM_LICENSE_TEXT_SHARE &&
        (!has_must(texts[i].id, text) || (text.len < ALONE && has_never(texts[i].id, text))))
      shares[i] = 0;
  while (n < OAKUM_LICENSE_TEXTS_MAX) {
    int best = -1;
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
      gboolean taken = shares[i] < OAKUM_LICENSE_TEXT_SHARE;
      for (guint k = 0; k < n && !taken; k++)
        taken = chosen[k] == &texts[i] || alike(&texts[i], chosen[k], hashes);
      if (taken)
        continue;
      double score = shares[i] * texts[i].total;
      double most = best >= 0 ? shares[best] * texts[best].total : 0;
      /* as much of both: the one that is there as a whole */
      if (best < 0 || score > most * 1.02 || (score > most * 0.98 && shares[i] > shares[best]))
        best = (int)i;
    }
    if (best < 0)
      break;
    for (guint i = 0, rounds = 0; i < G_N_ELEMENTS(texts) && rounds < OAKUM_LICENSE_TEXTS_MAX;
         i++) {
      gboolean taken = shares[i] < OAKUM_LICENSE_TEXT_SHARE || (int)i == best;
      for (guint k = 0; k < n && !taken; k++)
        taken = chosen[k] == &texts[i] || alike(&texts[i], chosen[k], hashes);
      if (taken || !says_more(&texts[i], &texts[best], hashes))
        continue;
      best = (int)i; /* and again from the first */
      i = (guint)-1;
      rounds++;
    }
    chosen[n++] = &texts[best];
  }
  return n;
}

static void add_chosen(GString *out, const LicenseText *const *chosen, guint n, const char *said)
{
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    for (guint k = 0; k < n; k++)
      if (chosen[k] == &texts[i] && !(said && is_said(said, texts[i].id)))
        g_string_append_printf(out, "%s%s", out->len ? " AND " : "", texts[i].id);
}

char *oakum_license_by_text(OakumSlice text)
{
  const LicenseText *chosen[OAKUM_LICENSE_TEXTS_MAX];
  GString *out = g_string_new(NULL);
  add_chosen(out, chosen, choose(text, chosen), NULL);
  return g_string_free(out, out->len == 0);
}

char *oakum_license_identify(OakumSlice text)
{
  const LicenseText *chosen[OAKUM_LICENSE_TEXTS_MAX];
  guint n = choose(text, chosen);
  g_autofree char *said = oakum_license_notices(text, n == 0);
  GString *out = g_string_new(NULL);
  add_chosen(out, chosen, n, said);
  if (said) {
    const char *open = out->len > 0 && strstr(said, " OR ") ? "(" : "", *close = *open ? ")" : "";
    g_autofree char *both =
        g_strconcat(open, said, close, out->len > 0 ? " AND " : "", out->str, NULL);
    char *whole = oakum_license_expression(both); /* NULL: too long, or too deep */
    if (whole) {
      g_string_free(out, TRUE);
      return whole;
    }
    g_string_truncate(out, 0);
    add_chosen(out, chosen, n, NULL);
  }
  return g_string_free(out, out->len == 0);
}
