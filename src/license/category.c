/* What a license asks of those who hand the program on: one table, and expressions by it. */
#include "license/license.h"
#include <string.h>

static const char *const category_names[] = {
    "permissive",       "weak-copyleft",  "unknown",    "strong-copyleft",
    "network-copyleft", "non-commercial", "proprietary"};

const char *oakum_license_category_name(OakumLicenseCategory category)
{
  return category_names[category];
}

gboolean oakum_license_category_parse(const char *name, OakumLicenseCategory *out)
{
  for (guint i = 0; i < G_N_ELEMENTS(category_names); i++)
    if (g_ascii_strcasecmp(name, category_names[i]) == 0) {
      *out = (OakumLicenseCategory)i;
      return TRUE;
    }
  return FALSE;
}

/* The first that fits; "*" at the end: all that begin so. */
static const struct {
  const char *id;
  OakumLicenseCategory category;
} rows[] = {
#include "license/category.inc"
    {"AGPL-*", OAKUM_LICENSE_NETWORK_COPYLEFT},
    {"SSPL-*", OAKUM_LICENSE_NETWORK_COPYLEFT},
    {"OSL-*", OAKUM_LICENSE_NETWORK_COPYLEFT},
    {"RPL-*", OAKUM_LICENSE_NETWORK_COPYLEFT},
    {"CPAL-*", OAKUM_LICENSE_NETWORK_COPYLEFT},
    {"RPSL-*", OAKUM_LICENSE_NETWORK_COPYLEFT},
    {"Watcom-1.0", OAKUM_LICENSE_NETWORK_COPYLEFT},
    {"CAL-1.0*", OAKUM_LICENSE_NETWORK_COPYLEFT},
    {"CC-BY-NC-*", OAKUM_LICENSE_NON_COMMERCIAL},
    {"PolyForm-Noncommercial-*", OAKUM_LICENSE_NON_COMMERCIAL},
    {"Aladdin", OAKUM_LICENSE_NON_COMMERCIAL},
    {"Hippocratic-*", OAKUM_LICENSE_NON_COMMERCIAL},
    {"LicenseRef-non-commercial*", OAKUM_LICENSE_NON_COMMERCIAL},
    {"LicenseRef-noncommercial*", OAKUM_LICENSE_NON_COMMERCIAL},
    {"CC-BY-ND-*", OAKUM_LICENSE_PROPRIETARY},
    {"BUSL-*", OAKUM_LICENSE_PROPRIETARY},
    {"Elastic-*", OAKUM_LICENSE_PROPRIETARY},
    {"PolyForm-*", OAKUM_LICENSE_PROPRIETARY},
    {"Parity-*", OAKUM_LICENSE_NETWORK_COPYLEFT},
    {"LicenseRef-proprietary*", OAKUM_LICENSE_PROPRIETARY},
    {"LicenseRef-commercial*", OAKUM_LICENSE_PROPRIETARY},
    {"LicenseRef-unlicensed", OAKUM_LICENSE_PROPRIETARY},
    {"LGPL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"LGPLLR", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"MPL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"EPL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"CDDL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"CPL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"IPL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"APSL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"CECILL-C", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"CECILL-B", OAKUM_LICENSE_PERMISSIVE},
    {"MS-RL", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"NPL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"SPL-1.0", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"OFL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"ErlPL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"LPPL-*", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"Nokia", OAKUM_LICENSE_WEAK_COPYLEFT},
    {"MulanPubL-*", OAKUM_LICENSE_STRONG_COPYLEFT},
    {"GPL-*", OAKUM_LICENSE_STRONG_COPYLEFT},
    {"GFDL-*", OAKUM_LICENSE_STRONG_COPYLEFT},
    {"EUPL-*", OAKUM_LICENSE_STRONG_COPYLEFT},
    {"CECILL-*", OAKUM_LICENSE_STRONG_COPYLEFT},
    {"QPL-*", OAKUM_LICENSE_STRONG_COPYLEFT},
    {"Sleepycat", OAKUM_LICENSE_STRONG_COPYLEFT},
    {"CC-BY-SA-*", OAKUM_LICENSE_STRONG_COPYLEFT},
    {"ODbL-*", OAKUM_LICENSE_STRONG_COPYLEFT},
    {"copyleft-next-*", OAKUM_LICENSE_STRONG_COPYLEFT},
    {"0BSD", OAKUM_LICENSE_PERMISSIVE},
    {"AFL-*", OAKUM_LICENSE_PERMISSIVE},
    {"Apache-*", OAKUM_LICENSE_PERMISSIVE},
    {"Artistic-*", OAKUM_LICENSE_PERMISSIVE},
    {"BSD-*", OAKUM_LICENSE_PERMISSIVE},
    {"BSL-*", OAKUM_LICENSE_PERMISSIVE},
    {"Beerware", OAKUM_LICENSE_PERMISSIVE},
    {"Bitstream-Vera", OAKUM_LICENSE_PERMISSIVE},
    {"BlueOak-*", OAKUM_LICENSE_PERMISSIVE},
    {"Boehm-GC*", OAKUM_LICENSE_PERMISSIVE},
    {"bzip2-*", OAKUM_LICENSE_PERMISSIVE},
    {"CC-BY-*", OAKUM_LICENSE_PERMISSIVE},
    {"CC-PDDC", OAKUM_LICENSE_PERMISSIVE},
    {"CC0-*", OAKUM_LICENSE_PERMISSIVE},
    {"CNRI-Python*", OAKUM_LICENSE_PERMISSIVE},
    {"curl", OAKUM_LICENSE_PERMISSIVE},
    {"ECL-*", OAKUM_LICENSE_PERMISSIVE},
    {"EFL-*", OAKUM_LICENSE_PERMISSIVE},
    {"FSFAP*", OAKUM_LICENSE_PERMISSIVE},
    {"FSFUL*", OAKUM_LICENSE_PERMISSIVE},
    {"FTL", OAKUM_LICENSE_PERMISSIVE},
    {"HPND*", OAKUM_LICENSE_PERMISSIVE},
    {"ICU", OAKUM_LICENSE_PERMISSIVE},
    {"IJG", OAKUM_LICENSE_PERMISSIVE},
    {"Info-ZIP", OAKUM_LICENSE_PERMISSIVE},
    {"ISC*", OAKUM_LICENSE_PERMISSIVE},
    {"JSON", OAKUM_LICENSE_PERMISSIVE},
    {"Latex2e*", OAKUM_LICENSE_PERMISSIVE},
    {"Libpng", OAKUM_LICENSE_PERMISSIVE},
    {"libpng-*", OAKUM_LICENSE_PERMISSIVE},
    {"libtiff", OAKUM_LICENSE_PERMISSIVE},
    {"MIT*", OAKUM_LICENSE_PERMISSIVE},
    {"MS-PL", OAKUM_LICENSE_PERMISSIVE},
    {"MulanPSL-*", OAKUM_LICENSE_PERMISSIVE},
    {"NAIST-*", OAKUM_LICENSE_PERMISSIVE},
    {"NCSA", OAKUM_LICENSE_PERMISSIVE},
    {"Net-SNMP", OAKUM_LICENSE_PERMISSIVE},
    {"NIST-*", OAKUM_LICENSE_PERMISSIVE},
    {"NTP*", OAKUM_LICENSE_PERMISSIVE},
    {"OLDAP-*", OAKUM_LICENSE_PERMISSIVE},
    {"OpenSSL*", OAKUM_LICENSE_PERMISSIVE},
    {"PHP-*", OAKUM_LICENSE_PERMISSIVE},
    {"Plexus", OAKUM_LICENSE_PERMISSIVE},
    {"PostgreSQL", OAKUM_LICENSE_PERMISSIVE},
    {"PSF-*", OAKUM_LICENSE_PERMISSIVE},
    {"Python-*", OAKUM_LICENSE_PERMISSIVE},
    {"Ruby", OAKUM_LICENSE_PERMISSIVE},
    {"SAX-PD*", OAKUM_LICENSE_PERMISSIVE},
    {"SGI-B-*", OAKUM_LICENSE_PERMISSIVE},
    {"SMLNJ", OAKUM_LICENSE_PERMISSIVE},
    {"SSH-*", OAKUM_LICENSE_PERMISSIVE},
    {"SSLeay*", OAKUM_LICENSE_PERMISSIVE},
    {"SunPro", OAKUM_LICENSE_PERMISSIVE},
    {"TCL", OAKUM_LICENSE_PERMISSIVE},
    {"TCP-wrappers", OAKUM_LICENSE_PERMISSIVE},
    {"UPL-*", OAKUM_LICENSE_PERMISSIVE},
    {"Unicode-*", OAKUM_LICENSE_PERMISSIVE},
    {"Unlicense", OAKUM_LICENSE_PERMISSIVE},
    {"Vim", OAKUM_LICENSE_PERMISSIVE},
    {"W3C*", OAKUM_LICENSE_PERMISSIVE},
    {"WTFPL", OAKUM_LICENSE_PERMISSIVE},
    {"X11*", OAKUM_LICENSE_PERMISSIVE},
    {"XFree86-*", OAKUM_LICENSE_PERMISSIVE},
    {"Xnet", OAKUM_LICENSE_PERMISSIVE},
    {"xpp", OAKUM_LICENSE_PERMISSIVE},
    {"Zend-*", OAKUM_LICENSE_PERMISSIVE},
    {"Zlib", OAKUM_LICENSE_PERMISSIVE},
    {"zlib-*", OAKUM_LICENSE_PERMISSIVE},
    {"ZPL-*", OAKUM_LICENSE_PERMISSIVE},
    {"LicenseRef-public-domain*", OAKUM_LICENSE_PERMISSIVE},
    {"LicenseRef-PD", OAKUM_LICENSE_PERMISSIVE},
    {"LicenseRef-permissive*", OAKUM_LICENSE_PERMISSIVE},
    {"LicenseRef-BSD*", OAKUM_LICENSE_PERMISSIVE},
    {"LicenseRef-MIT*", OAKUM_LICENSE_PERMISSIVE},
};

static gboolean fits(const char *id, const char *pattern)
{
  size_t n = strlen(pattern);
  return n > 0 && pattern[n - 1] == '*' ? g_ascii_strncasecmp(id, pattern, n - 1) == 0
                                        : g_ascii_strcasecmp(id, pattern) == 0;
}

/* `exception`: what stands behind WITH; NULL. */
static OakumLicenseCategory of_id(const char *id, const char *exception)
{
  OakumLicenseCategory found = OAKUM_LICENSE_UNKNOWN;
  g_autofree char *plain = g_str_has_suffix(id, "+") ? g_strndup(id, strlen(id) - 1) : NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
    if (fits(plain ? plain : id, rows[i].id)) {
      found = rows[i].category;
      break;
    }
  /* all exceptions of the list let others link with the program */
  return exception && found == OAKUM_LICENSE_STRONG_COPYLEFT ? OAKUM_LICENSE_WEAK_COPYLEFT : found;
}

/* ---- expressions: OR of ANDs of ids or parentheses
 * ------------------------------------------------ */
/* What is asked for, and by which part: of AND all that its parts ask for, of OR what the choice
 * asks for that is known to ask for least. */
typedef struct {
  char *parts[OAKUM_LICENSE_CATEGORIES]; /* NULL: nothing asks for that */
  int most;                              /* the highest that is there; -1: none */
} Asked;

static void asked_clear(Asked *asked)
{
  for (guint i = 0; i < OAKUM_LICENSE_CATEGORIES; i++)
    g_free(asked->parts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, asked_clear)

typedef struct {
  const char *at;
  guint depth;
  gboolean wrong;
  OakumLicenseCategory (*judge)(const char *id, const char *exception, gconstpointer user);
  gconstpointer user;
} Reader;

static char *word(Reader *r)
{
  r->at += strspn(r->at, " ");
  size_t n = strchr("()", *r->at) && *r->at ? 1 : strcspn(r->at, " ()");
  char *text = g_strndup(r->at, n);
  r->at += n;
  return text;
}

static gboolean comes(Reader *r, const char *wanted)
{
  const char *before = r->at;
  g_autofree char *next = word(r);
  if (strcmp(next, wanted) == 0)
    return TRUE;
  r->at = before;
  return FALSE;
}

/* Whether `list` ("A AND B", "A OR B") has the part: the same licence named a thousand times is
 * told once. */
static gboolean has_part(const char *list, const char *joined_by, const char *part)
{
  if (!*part) /* of an expression that is none */
    return TRUE;
  size_t n = strlen(part), by = strlen(joined_by);
  for (const char *at = list; (at = strstr(at, part)); at++)
    if ((at == list || (at - list >= (ptrdiff_t)by && memcmp(at - by, joined_by, by) == 0)) &&
        (!at[n] || g_str_has_prefix(at + n, joined_by)))
      return TRUE;
  return FALSE;
}

/* Takes `part`. */
static void join(char **into, const char *joined_by, char *part)
{
  if (!*into) {
    *into = part;
    return;
  }
  g_autofree char *own = part, *before = *into;
  *into = has_part(before, joined_by, own) ? g_strdup(before)
                                           : g_strconcat(before, joined_by, own, NULL);
}

static void any_of(Reader *r, Asked *out);

static void one_of(Reader *r, Asked *out)
{
  if (comes(r, "(")) {
    if (++r->depth > OAKUM_LICENSE_DEPTH_MAX)
      r->wrong = TRUE;
    else
      any_of(r, out);
    r->depth--;
    r->wrong |= !comes(r, ")");
    return;
  }
  g_autofree char *id = word(r), *exception = NULL;
  r->wrong |= *id == '\0' || *id == ')';
  if (comes(r, "WITH"))
    exception = word(r);
  out->most = (int)r->judge(id, exception, r->user);
  out->parts[out->most] = g_strconcat(id, exception ? " WITH " : NULL, exception, NULL);
}

/* A choice among what is joined by AND. Takes `part`. */
static char *in_parentheses(char *part)
{
  g_autofree char *own = part;
  guint depth = 0;
  for (const char *at = own; *at; at++) {
    depth += *at == '(';
    depth -= *at == ')';
    if (depth == 0 && g_str_has_prefix(at, " OR "))
      return g_strdup_printf("(%s)", own);
  }
  return g_steal_pointer(&own);
}

static void all_of(Reader *r, Asked *out)
{
  one_of(r, out);
  while (!r->wrong && comes(r, "AND")) {
    g_auto(Asked) other = {.most = -1};
    one_of(r, &other);
    for (guint i = 0; i < OAKUM_LICENSE_CATEGORIES; i++) {
      if (!other.parts[i])
        continue;
      if (out->parts[i]) {
        out->parts[i] = in_parentheses(out->parts[i]);
        other.parts[i] = in_parentheses(other.parts[i]);
      }
      join(&out->parts[i], " AND ", g_steal_pointer(&other.parts[i]));
    }
    out->most = MAX(out->most, other.most);
  }
}

/* Who may choose takes what is known to ask for least. */
static void any_of(Reader *r, Asked *out)
{
  all_of(r, out);
  while (!r->wrong && comes(r, "OR")) {
    g_auto(Asked) other = {.most = -1};
    all_of(r, &other);
    gboolean better = other.most >= 0 && other.most != OAKUM_LICENSE_UNKNOWN &&
                      (out->most == OAKUM_LICENSE_UNKNOWN || other.most < out->most);
    if (better) {
      Asked before = *out;
      *out = other;
      other = before;
    } else if (other.most >= 0 && other.most == out->most) {
      join(&out->parts[out->most], " OR ", g_steal_pointer(&other.parts[out->most]));
    }
  }
}

/* FALSE: it is no expression. */
static gboolean read_expression(const char *expression, Reader *r, Asked *out)
{
  r->at = expression;
  any_of(r, out);
  r->at += strspn(r->at, " ");
  return !r->wrong && !*r->at && out->most >= 0;
}

static OakumLicenseCategory judge_category(const char *id, const char *exception,
                                           gconstpointer user)
{
  (void)user;
  return of_id(id, exception);
}

OakumLicenseCategory oakum_license_parts(const char *expression,
                                         char *parts[OAKUM_LICENSE_CATEGORIES])
{
  g_auto(Asked) asked = {.most = -1};
  Reader r = {.judge = judge_category};
  gboolean good = read_expression(expression, &r, &asked);
  for (guint i = 0; parts && i < OAKUM_LICENSE_CATEGORIES; i++)
    parts[i] = good                         ? g_steal_pointer(&asked.parts[i])
               : i == OAKUM_LICENSE_UNKNOWN ? g_strdup(expression)
                                            : NULL;
  return good ? (OakumLicenseCategory)asked.most : OAKUM_LICENSE_UNKNOWN;
}

OakumLicenseCategory oakum_license_category(const char *expression)
{
  return oakum_license_parts(expression, NULL);
}

typedef struct {
  const char *const *names;
  gboolean allow;
} List;

/* An exception only lets one do more: who allows or denies the licence means it with them too. */
static gboolean is_named(const List *list, const char *id, const char *exception)
{
  g_autofree char *plain = g_str_has_suffix(id, "+") ? g_strndup(id, strlen(id) - 1) : NULL,
                  *whole = exception ? g_strconcat(id, " WITH ", exception, NULL) : NULL;
  OakumLicenseCategory category;
  for (const char *const *name = list->names; *name; name++)
    if (fits(id, *name) || (plain && fits(plain, *name)) || (whole && fits(whole, *name)) ||
        (oakum_license_category_parse(*name, &category) && of_id(id, exception) == category))
      return TRUE;
  return FALSE;
}

/* PERMISSIVE: it passes; PROPRIETARY: it does not. */
static OakumLicenseCategory judge_list(const char *id, const char *exception, gconstpointer user)
{
  const List *list = user;
  return is_named(list, id, exception) == list->allow ? OAKUM_LICENSE_PERMISSIVE
                                                      : OAKUM_LICENSE_PROPRIETARY;
}

/* Text that is no expression: it may be used when all of it is named, and may not when it speaks of
 * one that is denied. */
static gboolean text_passes(const char *text, const List *list)
{
  if (list->allow || is_named(list, text, NULL))
    return is_named(list, text, NULL) == list->allow;
  g_auto(GStrv) words = g_strsplit_set(text, " ,;/()|&", -1);
  for (char **one = words; *one; one++) {
    g_autofree char *id =
        **one && strlen(*one) <= OAKUM_LICENSE_WORD_MAX ? oakum_license_expression(*one) : NULL;
    if (id && is_named(list, id, NULL))
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_license_passes(const char *expression, const char *const *names, gboolean allow,
                              char **part)
{
  const List list = {names, allow};
  g_auto(Asked) asked = {.most = -1};
  Reader r = {.judge = judge_list, .user = &list};
  gboolean good = read_expression(expression, &r, &asked),
           passes = good ? asked.most == OAKUM_LICENSE_PERMISSIVE : text_passes(expression, &list);
  if (part)
    *part = passes ? NULL
            : good ? g_steal_pointer(&asked.parts[OAKUM_LICENSE_PROPRIETARY])
                   : g_strdup(expression);
  return passes;
}
