/* Licences as people write them: the classifiers of PyPI, Maven's names, R's "GPL (>= 2)". What is
 * not of one meaning (BSD without a number, GPL without a version) is none. */
#include "license/license-private.h"
#include "license/spdx-names.inc"
#include <string.h>

#define WORDS_MAX 40u

/* A family and words that name it; the first row that fits is the one. `later`: its ids end in
 * "-only" and "-or-later". `plain`: its id when no version is told; NULL: it is of no one meaning.
 */
typedef struct {
  const char *words, *family, *plain;
  gboolean later;
} Family;
static const Family families[] = {
    {"affero general public", "AGPL", NULL, TRUE},
    {"affero gpl", "AGPL", NULL, TRUE},
    {"affero", "AGPL", NULL, TRUE},
    {"agpl", "AGPL", NULL, TRUE},
    {"lesser general public", "LGPL", NULL, TRUE},
    {"library general public", "LGPL", NULL, TRUE},
    {"library or lesser general public", "LGPL", NULL, TRUE},
    {"lesser gpl", "LGPL", NULL, TRUE},
    {"lgpl", "LGPL", NULL, TRUE},
    {"free documentation", "GFDL", NULL, TRUE},
    {"fdl", "GFDL", NULL, TRUE},
    {"gfdl", "GFDL", NULL, TRUE},
    {"gnu general public", "GPL", NULL, TRUE},
    {"general public", "GPL", NULL, TRUE},
    {"gpl", "GPL", NULL, TRUE},
    {"apache", "Apache", "Apache-2.0", FALSE},
    {"asl", "Apache", NULL, FALSE},
    {"mozilla public", "MPL", NULL, FALSE},
    {"mozilla", "MPL", NULL, FALSE},
    {"mpl", "MPL", NULL, FALSE},
    {"eclipse public", "EPL", NULL, FALSE},
    {"epl", "EPL", NULL, FALSE},
    {"eclipse distribution", "", "BSD-3-Clause", FALSE},
    {"edl", "", "BSD-3-Clause", FALSE},
    {"common development and distribution", "CDDL", NULL, FALSE},
    {"cddl", "CDDL", NULL, FALSE},
    {"common public", "CPL", "CPL-1.0", FALSE},
    {"boost", "", "BSL-1.0", FALSE},
    {"business source", "", "BUSL-1.1", FALSE},
    {"european union public", "EUPL", NULL, FALSE},
    {"eupl", "EUPL", NULL, FALSE},
    {"academic free", "AFL", NULL, FALSE},
    {"open software", "OSL", NULL, FALSE},
    {"osl", "OSL", NULL, FALSE},
    {"cecill", "CECILL", NULL, FALSE},
    {"zope public", "ZPL", NULL, FALSE},
    {"zpl", "ZPL", NULL, FALSE},
    {"artistic", "Artistic", NULL, FALSE},
    {"perl 5", "", "Artistic-1.0-Perl OR GPL-1.0-or-later", FALSE},
    {"same as perl", "", "Artistic-1.0-Perl OR GPL-1.0-or-later", FALSE},
    {"same terms as perl itself", "", "Artistic-1.0-Perl OR GPL-1.0-or-later", FALSE},
    {"python software foundation", "", "PSF-2.0", FALSE},
    {"psf", "", "PSF-2.0", FALSE},
    {"psfl", "", "PSF-2.0", FALSE},
    {"php", "PHP", NULL, FALSE},
    {"sil open font", "OFL", "OFL-1.1", FALSE},
    {"open font", "OFL", "OFL-1.1", FALSE},
    {"universal permissive", "", "UPL-1.0", FALSE},
    {"upl", "", "UPL-1.0", FALSE},
    {"sil ofl", "OFL", "OFL-1.1", FALSE},
    {"ofl", "OFL", "OFL-1.1", FALSE},
    {"postgresql", "", "PostgreSQL", FALSE},
    {"university of illinois ncsa open source", "", "NCSA", FALSE},
    {"ncsa", "", "NCSA", FALSE},
    {"microsoft public", "", "MS-PL", FALSE},
    {"ms pl", "", "MS-PL", FALSE},
    {"microsoft reciprocal", "", "MS-RL", FALSE},
    {"ms rl", "", "MS-RL", FALSE},
    {"sspl", "", "SSPL-1.0", FALSE},
    {"elastic", "Elastic", NULL, FALSE},
    {"server side public", "", "SSPL-1.0", FALSE},
    {"mit no attribution", "", "MIT-0", FALSE},
    {"mit 0", "", "MIT-0", FALSE},
    {"mit modern variant", "", "MIT-Modern-Variant", FALSE},
    {"mit cmu", "", "MIT-CMU", FALSE},
    {"historical permission notice and disclaimer", "", "HPND", FALSE},
    {"mit", "", "MIT", FALSE},
    {"expat", "", "MIT", FALSE},
    {"isc", "", "ISC", FALSE},
    {"isc l", "", "ISC", FALSE},
    {"zlib", "", "Zlib", FALSE},
    {"unlicense", "", "Unlicense", FALSE},
    {"do what the fuck you want to public", "", "WTFPL", FALSE},
    {"wtfpl", "", "WTFPL", FALSE},
    {"cc0", "", "CC0-1.0", FALSE},
    {"creative commons zero", "", "CC0-1.0", FALSE},
    {"blue oak", "", "BlueOak-1.0.0", FALSE},
    {"blueoak", "", "BlueOak-1.0.0", FALSE},
    {"vim", "", "Vim", FALSE},
    {"w 3 c", "", "W3C", FALSE},
    {"perl", "", "Artistic-1.0-Perl OR GPL-1.0-or-later", FALSE},
    {"ruby", "", "Ruby", FALSE},
    {"json", "", "JSON", FALSE},
    {"bouncy castle", "", "MIT", FALSE},
};

/* Lower-case words of letters and digits, those of no meaning left out, joined by blanks; a
 * version is a word of its own ("gplv2+" is "gpl", "2", "+"). FALSE: too many. */
static gboolean split(const char *text, GString *out)
{
  static const char *const idle[] = {"the",      "license",  "licence", "licenses", "v",
                                     "version",  "ver",      "clauses", "clause",   "osi",
                                     "approved", "software", NULL};
  guint words = 0;
  for (const char *at = text; *at;) {
    char word[64];
    size_t n = 0;
    if (*at == '+' || g_str_has_prefix(at, ">=")) {
      g_string_append(out, "+ ");
      at += *at == '+' ? 1 : 2;
      continue;
    }
    if (!g_ascii_isalnum(*at)) {
      at++;
      continue;
    }
    gboolean digit = g_ascii_isdigit(*at);
    while (n < sizeof word - 1 &&
           (digit ? g_ascii_isdigit(*at) || ((*at == '.' || *at == '_') && g_ascii_isdigit(at[1]))
                  : g_ascii_isalpha(*at) || (g_ascii_isdigit(*at) && n == 2 && *at == '0'))) {
      word[n++] = *at == '_' ? '.' : g_ascii_tolower(*at); /* CPAN's "apache_2_0" */
      at++;
    }
    word[n] = '\0';
    /* "gplv2", "lgplv2.1": the "v" is the version's */
    if (!digit && n > 2 && word[n - 1] == 'v' && g_ascii_isdigit(*at))
      word[n - 1] = '\0';
    if (n == sizeof word - 1 || ++words > WORDS_MAX)
      return FALSE;
    if (!g_strv_contains(idle, word) ||
        (strcmp(word, "software") == 0 && out->len > 4 &&
         (g_str_has_suffix(out->str, "open ") || g_str_has_suffix(out->str, "python "))))
      g_string_append_printf(out, "%s ", word);
  }
  return TRUE;
}

/* Where the words stand as whole words; NULL. */
static char *find_words(char *in, const char *words)
{
  size_t len = strlen(words);
  for (char *at = in; (at = strstr(at, words)) != NULL; at++)
    if ((at == in || at[-1] == ' ') && at[len] == ' ')
      return at;
  return NULL;
}

static void blank(char *at, const char *words)
{
  memset(at, ' ', strlen(words));
}

/* Takes them out wherever they stand. TRUE: they stood somewhere. */
static gboolean take(char *in, const char *words)
{
  gboolean found = FALSE;
  for (char *at; (at = find_words(in, words)) != NULL; found = TRUE)
    blank(at, words);
  return found;
}

static gboolean has(char *in, const char *words)
{
  return find_words(in, words) != NULL;
}

/* "or any later version" and its like, wherever they stand. */
static gboolean take_later(char *in)
{
  static const char *const forms[] = {"or any later", "or later", "or newer",
                                      "or greater",   "or above", "or any newer",
                                      "later",        "newer",    "+"};
  gboolean found = FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
    found |= take(in, forms[i]);
  return found;
}

static char *bsd(char *in)
{
  static const char *const beside[] = {"bsd", "berkeley", "freebsd", "3",    "2",
                                       "4",   "0",        "0.0",     "with", NULL};
  static const struct {
    const char *word, *id;
  } kinds[] = {{"0", "0BSD"},
               {"zero", "0BSD"},
               {"2", "BSD-2-Clause"},
               {"two", "BSD-2-Clause"},
               {"simplified", "BSD-2-Clause"},
               {"freebsd", "BSD-2-Clause"},
               {"3", "BSD-3-Clause"},
               {"three", "BSD-3-Clause"},
               {"new", "BSD-3-Clause"},
               {"revised", "BSD-3-Clause"},
               {"modified", "BSD-3-Clause"},
               {"4", "BSD-4-Clause"},
               {"four", "BSD-4-Clause"},
               {"original", "BSD-4-Clause"},
               {"advertising", "BSD-4-Clause"},
               {"old", "BSD-4-Clause"}};
  const char *id = NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (has(in, kinds[i].word)) {
      if (id && strcmp(id, kinds[i].id) != 0)
        return NULL;
      id = kinds[i].id;
      blank(find_words(in, kinds[i].word), kinds[i].word);
    }
  g_auto(GStrv) all = g_strsplit(in, " ", -1);
  for (char **word = all; *word; word++)
    if (**word && !g_strv_contains(beside, *word))
      return NULL;
  return g_strdup(id);
}

/* The one version that is told; FALSE: there are several. "" : none is. */
static gboolean take_version(char *in, char version[16])
{
  version[0] = '\0';
  for (char *at = in; *at; at++) {
    if (!g_ascii_isdigit(*at) || (at > in && at[-1] != ' '))
      continue;
    size_t n = strspn(at, "0123456789.");
    if (n > 8)
      return FALSE;
    g_autofree char *one = g_strndup(at, n);
    g_autofree char *full = strchr(one, '.') ? g_strdup(one) : g_strconcat(one, ".0", NULL);
    if (version[0] && strcmp(version, full) != 0)
      return FALSE;
    g_strlcpy(version, full, 16);
    memset(at, ' ', n);
  }
  return TRUE;
}

/* How many families the words name; they are taken out. */
static const Family *family_of(char *left, guint *n, guint *times)
{
  const Family *first = NULL;
  *n = *times = 0;
  for (size_t i = 0; i < G_N_ELEMENTS(families); i++)
    for (char *at; (at = find_words(left, families[i].words)) != NULL;) {
      blank(at, families[i].words);
      ++*times;
      if (!first)
        first = &families[i];
      /* "GNU GPL (General Public License)" names one twice */
      *n += *n == 0 || strcmp(first->family, families[i].family) != 0 ||
            g_strcmp0(first->plain, families[i].plain) != 0;
    }
  return first;
}

/* What may stand beside a name without another meaning. */
static gboolean is_idle(const char *left)
{
  static const char *const words[] = {"gnu",        "public",    "http",       "https",
                                      "www",        "org",       "opensource", "html",
                                      "txt",        "php",       "universal",  "domain",
                                      "dedication", "expanded",  "from",       "x11",
                                      "libpng",     "iscl",      "hpnd",       "afl",
                                      "with",       "classpath", "exception",  "cpe",
                                      "ce",         "w",         "only",       "x",
                                      "bsl",        "creative",  "commons",    "international",
                                      "unported",   "generic",   "cc",         "modern",
                                      "variant",    "free",      "or",         "as",
                                      "published",  "by",        NULL};
  g_auto(GStrv) all = g_strsplit(left, " ", -1);
  for (char **word = all; *word; word++)
    if (**word && !g_strv_contains(words, *word))
      return FALSE;
  return TRUE;
}

/* "cc by sa 4.0" */
static char *creative_commons(char *in)
{
  static const struct {
    const char *word, *part;
  } parts[] = {{"by", "-BY"},
               {"attribution", "-BY"},
               {"nc", "-NC"},
               {"noncommercial", "-NC"},
               {"non commercial", "-NC"},
               {"nd", "-ND"},
               {"noderivatives", "-ND"},
               {"no derivatives", "-ND"},
               {"sa", "-SA"},
               {"sharealike", "-SA"},
               {"share alike", "-SA"}};
  g_autoptr(GString) id = g_string_new("CC");
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    if (has(in, parts[i].word) && !strstr(id->str, parts[i].part))
      g_string_append(id, parts[i].part);
  for (const char *at = in; *at; at++)
    if (g_ascii_isdigit(*at) && at[1] == '.' && (at == in || at[-1] == ' ')) {
      g_string_append_printf(id, "-%.3s", at);
      break;
    }
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    (void)take(in, parts[i].word);
  char version[16];
  return take_version(in, version) && is_idle(in) && oakum_license_is_id(id->str)
             ? g_strdup(id->str)
             : NULL;
}

/* One licence by its name. New string or NULL. */
static char *name_of(const char *text)
{
  g_autoptr(GString) words = g_string_new(NULL);
  char version[16];
  guint n, times, open = 0, closed = 0;
  for (const char *at = text; *at; at++) {
    open += *at == '(' || *at == '[';
    closed += *at == ')' || *at == ']';
  }
  if (open != closed || !split(text, words) || words->len == 0)
    return NULL;
  g_autofree char *left = g_strdup(words->str);
  gboolean commons = has(left, "creative commons") || has(left, "cc"),
           is_bsd = has(left, "bsd") || has(left, "freebsd");
  const Family *family = family_of(left, &n, &times);
  /* said again in parentheses alone: "The MIT License (MIT)" */
  if (n + (commons && !family) + is_bsd != 1 || (times > 1 && open == 0))
    return NULL;
  if (is_bsd)
    return bsd(left);
  if (!family)
    return creative_commons(left);
  gboolean classpath = has(left, "classpath") || has(left, "cpe") || has(left, "ce"),
           later = take_later(left);
  (void)take(left, "with exceptions"); /* Fedora's for those that have no name */
  if ((has(left, "exception") || has(left, "with")) && !classpath)
    return NULL;
  if (!take_version(left, version) || !is_idle(left))
    return NULL;
  if (!*family->family)
    return g_strdup(family->plain);
  if (!version[0])
    return later ? NULL : g_strdup(family->plain);
  g_autofree char *id = g_strconcat(family->family, "-", version,
                                    family->later ? (later ? "-or-later" : "-only") : "", NULL);
  if (!oakum_license_is_id(id))
    return NULL;
  return classpath ? g_strconcat(id, " WITH Classpath-exception-2.0", NULL) : g_steal_pointer(&id);
}

/* Parts between one of `marks`; every one has to be a name or an expression. */
static char *joined(const char *text, const char *mark, const char *word)
{
  g_auto(GStrv) parts = g_strsplit(text, mark, -1);
  g_autoptr(GString) out = g_string_new(NULL);
  if (!parts[0] || !parts[1])
    return NULL;
  for (char **part = parts; *part; part++) {
    g_autofree char *one = oakum_license_expression(g_strstrip(*part));
    if (!one)
      return NULL;
    gboolean apart = strstr(one, " OR ") || strstr(one, " AND ");
    g_string_append_printf(out, "%s%s%s%s", out->len ? word : "", apart ? "(" : "", one,
                           apart ? ")" : "");
  }
  return g_strdup(out->str);
}

/* Where the texts of licences lie; what stands behind the beginning is taken as the rest says. */
static char *address(const char *text)
{
  enum { NAME, COMMONS };
  static const struct {
    const char *begin, *id; /* NULL: what stands behind is a name */
    int rest;
  } rows[] = {
      {"opensource.org/licenses/", NULL, NAME},
      {"opensource.org/license/", NULL, NAME},
      {"spdx.org/licenses/", NULL, NAME},
      {"licenses.nuget.org/", NULL, NAME},
      {"gnu.org/licenses/old-licenses/", NULL, NAME},
      {"gnu.org/licenses/", NULL, NAME},
      {"gnu.org/copyleft/", NULL, NAME},
      {"creativecommons.org/publicdomain/zero/1.0", "CC0-1.0", NAME},
      {"creativecommons.org/licenses/", NULL, COMMONS},
      {"eclipse.org/legal/epl-v10", "EPL-1.0", NAME},
      {"eclipse.org/org/documents/epl-v10", "EPL-1.0", NAME},
      {"eclipse.org/legal/epl-2.0", "EPL-2.0", NAME},
      {"eclipse.org/legal/epl-v20", "EPL-2.0", NAME},
      {"eclipse.org/org/documents/epl-2.0", "EPL-2.0", NAME},
      {"eclipse.org/org/documents/edl-v10", "BSD-3-Clause", NAME},
      {"mozilla.org/mpl/2.0", "MPL-2.0", NAME},
      {"mozilla.org/en-us/mpl/2.0", "MPL-2.0", NAME},
      {"mozilla.org/mpl/mpl-1.1", "MPL-1.1", NAME},
      {"boost.org/license_1_0.txt", "BSL-1.0", NAME},
      {"scripts.sil.org/ofl", "OFL-1.1", NAME},
      {"json.org/license", "JSON", NAME},
      {"wtfpl.net", "WTFPL", NAME},
      {"polyformproject.org/licenses/noncommercial/1.0.0", "PolyForm-Noncommercial-1.0.0", NAME}};
  static const char *const ends[] = {"/", ".php", ".html",    ".txt",
                                     "/", ".en",  "-license", "-standalone"};
  g_autofree char *low = g_ascii_strdown(strstr(text, "://") + 3, -1);
  const char *at = g_str_has_prefix(low, "www.") ? low + 4 : low;
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    if (!g_str_has_prefix(at, rows[i].begin))
      continue;
    if (rows[i].id)
      return oakum_license_expression(rows[i].id);
    g_autofree char *rest = g_strdup(at + strlen(rows[i].begin));
    if (rows[i].rest == COMMONS) { /* "by-sa/4.0/deed.de" */
      g_auto(GStrv) parts = g_strsplit(rest, "/", 3);
      g_autofree char *id =
          parts[0] && parts[1] ? g_strdup_printf("CC-%s-%s", parts[0], parts[1]) : NULL;
      return id ? oakum_license_expression(id) : NULL;
    }
    for (size_t k = 0; k < G_N_ELEMENTS(ends); k++)
      if (g_str_has_suffix(rest, ends[k]))
        rest[strlen(rest) - strlen(ends[k])] = '\0';
    for (char *dash = rest; (dash = strchr(dash, '-')) != NULL; dash++)
      if (dash > rest && g_ascii_isdigit(dash[-1]) && g_ascii_isdigit(dash[1]))
        *dash = '.'; /* "apache-2-0" */
    return strchr(rest, '/') ? NULL : oakum_license_expression(rest);
  }
  return NULL;
}

/* By what the SPDX list calls it; NULL. */
static const char *by_full_name(const char *text)
{
  static GHashTable *ids; /* words → id */
  static gsize made;
  g_autoptr(GString) words = g_string_new(NULL);
  if (g_once_init_enter(&made)) {
    ids = oakum_str_map_new(g_free, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(spdx_names); i++) {
      g_string_truncate(words, 0);
      if (split(spdx_names[i][1], words) && words->len > 0)
        g_hash_table_insert(ids, g_strdup(words->str), (gpointer)spdx_names[i][0]);
    }
    g_once_init_leave(&made, 1);
  }
  g_string_truncate(words, 0);
  /* one word alone is what many things are called */
  return split(text, words) && words->len > 0 &&
                 (strchr(words->str, ' ') + 1 < words->str + words->len ||
                  strcasestr(text, "licen"))
             ? g_hash_table_lookup(ids, words->str)
             : NULL;
}

/* "Blue Oak Model License (BlueOak-1.0.0)": the id behind a name, where the name is of no other
 * one; NULL. */
static const char *behind_name(const char *text)
{
  const char *open = strrchr(text, '(');
  size_t len = strlen(text);
  if (!open || open == text || text[len - 1] != ')' || strchr(text, '(') != open)
    return NULL;
  g_autofree char *inside = g_strndup(open + 1, len - (size_t)(open - text) - 2),
                  *front = g_strndup(text, (size_t)(open - text));
  const char *id = oakum_license_id(inside);
  g_autoptr(GString) words = g_string_new(NULL);
  guint n, times;
  if (!id || strchr(id, ' ') || !(strcasestr(front, "licen") || strcasestr(front, "agreement")) ||
      !split(front, words) || has(words->str, "bsd") || has(words->str, "cc") ||
      has(words->str, "creative commons"))
    return NULL;
  const Family *family = family_of(words->str, &n, &times);
  return n == 0 || (n == 1 && (g_strcmp0(family->plain, id) == 0 ||
                               (*family->family && g_str_has_prefix(id, family->family) &&
                                id[strlen(family->family)] == '-')))
             ? id
             : NULL;
}

/* Words that are ids, with blanks alone between them, as old packages of Alpine have them: all
 * count. New string; NULL: they are none. */
static char *row_of_ids(const char *text)
{
  g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
  g_autoptr(GString) out = g_string_new(NULL);
  guint n = 0;
  for (char **word = words; *word; word++) {
    if (!**word)
      continue;
    const char *id = oakum_license_id(*word);
    if (!id || strcmp(out->str, id) == 0)
      return NULL;
    g_string_append_printf(out, "%s%s", n++ ? " AND " : "", id);
  }
  return n > 1 ? g_strdup(out->str) : NULL;
}

char *oakum_license_free_name(const char *text)
{
  static const char *const marks[][2] = {{"|", " OR "},      {";", " AND "},   {" or ", " OR "},
                                         {" OR ", " OR "},   {"/", " OR "},    {" and ", " AND "},
                                         {" AND ", " AND "}, {" & ", " AND "}, {",", " AND "}};
  size_t len = strlen(text);
  if (len > OAKUM_LICENSE_WORD_MAX || strpbrk(text, "\r\n"))
    return NULL;
  if (g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://")) {
    char *known = address(text);
    if (known)
      return known;
  }
  const char *last = g_strrstr(text, ":: ");
  if (last)
    text = last + 3;
  /* R: the text beside it says who holds the rights */
  g_autofree char *own = g_strdup(text);
  char *beside = strstr(own, "+ file LICEN");
  if (!beside && (beside = strstr(own, "| file LICEN")) != NULL && beside == own)
    beside = NULL; /* a choice of the name or the text: the name can be chosen */
  if (beside)
    *beside = '\0';
  else if (strstr(own, "file LICEN"))
    return NULL;
  const char *id = last ? oakum_license_id(g_strstrip(own)) : NULL;
  if (!id)
    id = behind_name(own);
  char *name = id ? g_strdup(id) : name_of(own);
  if (!name)
    name = g_strdup(by_full_name(own));
  if (!name)
    name = row_of_ids(own);
  if (name)
    return name;
  /* "or later" parts nothing */
  static const char *const later[] = {" or any later version", " or later", " or newer"};
  for (size_t i = 0; i < G_N_ELEMENTS(later); i++)
    for (char *at; (at = strcasestr(own, later[i])) != NULL;) {
      memset(at, ' ', strlen(later[i]));
      *at = '+';
    }
  for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
    if (strstr(own, marks[i][0]))
      return joined(own, marks[i][0], marks[i][1]); /* whose parts have later marks alone */
  return NULL;
}
