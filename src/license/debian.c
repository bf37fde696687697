/* debian/copyright: the machine-readable form (copyright-format 1.0, "DEP-5"), and free text, which
 * names files of /usr/share/common-licenses. */
#include "license/license-private.h"
#include <string.h>

/* "LicenseRef-" and what of the name may stand there. */
static char *reference(const char *name)
{
  GString *out = g_string_new("LicenseRef-");
  for (const char *p = name; *p && out->len < OAKUM_LICENSE_WORD_MAX; p++)
    g_string_append_c(out, g_ascii_isalnum(*p) || *p == '.' || *p == '-' ? *p : '-');
  return g_string_free(out, FALSE);
}

/* Names of Debian's copyright files that are too short to mean the same everywhere. */
static const char *const short_names[][2] = {{"Artistic", "Artistic-1.0-Perl"},
                                             {"Artistic-1", "Artistic-1.0-Perl"},
                                             {"Python", "Python-2.0"},
                                             {"Apache", "Apache-2.0"},
                                             {"BSD", "BSD-3-Clause"},
                                             {"BSD-2", "BSD-2-Clause"},
                                             {"BSD-3", "BSD-3-Clause"},
                                             {"BSD-4", "BSD-4-Clause"},
                                             {"BSL", "BSL-1.0"},
                                             {"GPL", "GPL-1.0-or-later"},
                                             {"LGPL", "LGPL-2.0-or-later"},
                                             {"MIT-X11", "MIT"},
                                             {"OpenLDAP", "OLDAP-2.8"},
                                             {"SIL-1.1", "OFL-1.1"},
                                             {"OFL", "OFL-1.1"}};

static char *of_short(const char *name)
{
  for (size_t i = 0; i < G_N_ELEMENTS(short_names); i++)
    if (g_ascii_strcasecmp(name, short_names[i][0]) == 0)
      return g_strdup(short_names[i][1]);
  g_autofree char *low = g_ascii_strdown(name, -1);
  return strstr(low, "public-domain") || strstr(low, "public domain") ||
                 g_str_has_suffix(low, "-pd") || strcmp(low, "pd") == 0
             ? g_strdup("LicenseRef-public-domain")
             : oakum_license_expression(name);
}

/* The exception of the SPDX list that people mean by that word, for a licence of that version;
 * NULL: there is none for it. */
static const char *exception_of(const char *text, const char *id)
{
  static const struct {
    const char *word, *for_two, *for_three;
  } rows[] = {{"autoconf", "Autoconf-exception-generic", "Autoconf-exception-generic-3.0"},
              {"bison", "Bison-exception-2.2", "Bison-exception-2.2"},
              {"classpath", "Classpath-exception-2.0", "Classpath-exception-2.0"},
              {"font", "Font-exception-2.0", "Font-exception-2.0"},
              {"gcc", "GCC-exception-2.0", "GCC-exception-3.1"},
              {"libtool", "Libtool-exception", "Libtool-exception"},
              {"linux-syscall-note", "Linux-syscall-note", NULL}};
  g_autofree char *low = g_ascii_strdown(text, -1);
  gboolean three = g_str_has_prefix(id, "GPL-3.0");
  if (strcmp(id, "Apache-2.0") == 0)
    return g_str_has_prefix(low, "llvm") ? "LLVM-exception" : NULL;
  for (size_t i = 0; (three || g_str_has_prefix(id, "GPL-2.0")) && i < G_N_ELEMENTS(rows); i++)
    if (g_str_has_prefix(low, rows[i].word))
      return three ? rows[i].for_three : rows[i].for_two;
  return NULL;
}

/* One name: "GPL-2+", "BSD-3-clause~Intel", "GPL-2+ with OpenSSL exception". */
static char *of_name(const char *name)
{
  g_autofree char *own = g_strstrip(g_strdup(name));
  char *expression = *own ? of_short(own) : NULL;
  if (expression || !*own)
    return expression;
  char *with = strstr(own, " with "), *excepted = NULL;
  with = with ? with : strstr(own, " With ");
  with = with ? with : strstr(own, " WITH ");
  with = with ? with : strstr(own, "-with-");
  if (with) {
    *with = '\0';
    excepted = with + strlen(" with ");
  }
  size_t n = strcspn(own, "~");
  g_autofree char *plain = g_strndup(own, n);
  g_strstrip(plain);
  char *niv = strstr(plain, "-NIV"); /* without invariant sections */
  if (niv)
    memmove(niv, niv + 4, strlen(niv + 4) + 1);
  /* "BSD-3-clause-Cambridge": people name whose it is behind what it is */
  g_autofree char *part = g_strdup(plain);
  while (!(expression = of_short(part))) {
    char *dash = strrchr(part, '-');
    if (!dash || dash - part < 3)
      return reference(plain);
    *dash = '\0';
  }
  if (niv && g_str_has_prefix(expression, "GFDL-1.") && !strstr(expression, "invariants")) {
    char *without = g_strdup_printf("%.8s-no-invariants%s", expression, expression + 8);
    g_free(expression);
    expression = without;
  }
  /* one that SPDX does not know allows more, not less */
  const char *exception = excepted ? exception_of(excepted, expression) : NULL;
  if (exception) {
    char *both = g_strconcat(expression, " WITH ", exception, NULL);
    g_free(expression);
    return both;
  }
  return expression;
}

/* A part behind what stands already, "AND" and "OR" between; what "AND" would tear apart is kept
 * together. */
static void join(GString *out, const char *joint, const char *part)
{
  gboolean both = out->len > 0 && strcmp(joint, " AND ") == 0;
  if (both && strstr(out->str, " OR ")) {
    g_string_prepend_c(out, '(');
    g_string_append_c(out, ')');
  }
  gboolean several = both && strstr(part, " OR ");
  g_string_append_printf(out, "%s%s%s%s", out->len ? joint : "", several ? "(" : "", part,
                         several ? ")" : "");
}

/* Whether commas stand between things of which one is enough: "A, B or C". */
static gboolean commas_choose(char **words)
{
  gboolean any = FALSE;
  for (; *words; words++) {
    any |= g_ascii_strcasecmp(*words, "or") == 0;
    if (g_ascii_strcasecmp(*words, "and") == 0)
      return FALSE;
  }
  return any;
}

/* "A and B", "A or B", "A, B", "A and/or B": words between, not in parentheses. "and" binds
 * stronger than "or", a comma in front of either weaker than both (copyright-format 1.0, "License
 * specification"). */
static char *of_line(const char *line)
{
  char *whole = strchr(line, ',') ? NULL : oakum_license_expression(line);
  if (whole)
    return whole;
  g_auto(GStrv) words = g_strsplit_set(line, " \t", OAKUM_LICENSE_PARTS_MAX);
  g_autoptr(GString) name = g_string_new(NULL), out = g_string_new(NULL), side = g_string_new(NULL);
  const char *bare = commas_choose(words) ? " OR " : " AND ", *joint = NULL, *outer = " AND ";
  gboolean behind_comma = FALSE;
  for (char **word = words;; word++) {
    gboolean end = !*word;
    g_autofree char *own = g_strdup(end ? "" : *word);
    gboolean comma = g_str_has_suffix(own, ",");
    if (comma)
      own[strlen(own) - 1] = '\0';
    gboolean is_or = g_ascii_strcasecmp(own, "or") == 0 || g_ascii_strcasecmp(own, "and/or") == 0;
    gboolean is_and = g_ascii_strcasecmp(own, "and") == 0;
    if (!is_or && !is_and && *own)
      g_string_append_printf(name, "%s%s", name->len ? " " : "", own);
    if ((is_or || is_and || end || comma) && name->len > 0) {
      g_autofree char *one = of_name(name->str);
      if (one)
        g_string_append_printf(side, "%s%s", side->len ? (joint ? joint : bare) : "", one);
      joint = NULL;
      g_string_truncate(name, 0);
    }
    if (is_or || is_and)
      joint = is_or ? " OR " : " AND ";
    if (((is_or || is_and) && behind_comma) || end) {
      if (side->len > 0)
        join(out, outer, side->str);
      g_string_truncate(side, 0);
      outer = joint ? joint : outer;
    }
    if (comma || *own)
      behind_comma = comma;
    if (end)
      break;
  }
  return out->len > 0 ? g_strdup(out->str) : NULL;
}

static gboolean is_formal(OakumSlice text)
{
  OakumSlice head = {text.data, MIN(text.len, 1024)};
  return memmem(head.data, head.len, "copyright-format", 16) ||
         memmem(head.data, head.len, "Format-Specification:", 21) ||
         memmem(head.data, head.len, "dep.debian.net/deps/dep5", 24) ||
         memmem(head.data, head.len, "dep5", 4);
}

static void read_formal(OakumSlice text, GPtrArray *found)
{
  OakumSlice line;
  while (oakum_slice_line(&text, &line)) {
    if (line.len < 9 || line.len > OAKUM_LICENSE_MAX ||
        g_ascii_strncasecmp((const char *)line.data, "License:", 8) != 0)
      continue;
    g_autofree char *own = g_strndup((const char *)line.data + 8, line.len - 8);
    g_strstrip(own);
    if (*own)
      oakum_license_add_parts(found, of_line(own));
  }
}

/* "/usr/share/common-licenses/GPL": which version is said in words, or not at all. */
static void read_unversioned(OakumSlice text, gboolean later, GPtrArray *found)
{
  static const struct {
    const char *file, *name, *versions[3];
  } rows[] = {{"common-licenses/LGPL", "LGPL", {"2.1", "3", "2"}},
              {"common-licenses/GPL", "GPL", {"3", "2", "1"}},
              {"common-licenses/GFDL", "GFDL", {"1.3", "1.2", "1.1"}}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    if (!memmem(text.data, text.len, rows[i].file, strlen(rows[i].file)))
      continue;
    const char *version = rows[i].versions[2];
    gboolean said = FALSE;
    for (size_t k = 0; k < G_N_ELEMENTS(rows[i].versions) && !said; k++) {
      g_autofree char *words = g_strdup_printf("ersion %s", rows[i].versions[k]);
      if ((said = memmem(text.data, text.len, words, strlen(words)) != NULL))
        version = rows[i].versions[k];
    }
    oakum_license_add(found, g_strdup_printf("%s-%s%s%s", rows[i].name, version,
                                             strchr(version, '.') ? "" : ".0",
                                             later || !said ? "-or-later" : "-only"));
  }
}

static void read_free(OakumSlice text, GPtrArray *found)
{
  static const char *const names[][2] = {
      {"GPL-1", "GPL-1.0"},         {"GPL-2", "GPL-2.0"},
      {"GPL-3", "GPL-3.0"},         {"LGPL-2.1", "LGPL-2.1"},
      {"LGPL-2", "LGPL-2.0"},       {"LGPL-3", "LGPL-3.0"},
      {"GFDL-1.2", "GFDL-1.2"},     {"GFDL-1.3", "GFDL-1.3"},
      {"Apache-2.0", "Apache-2.0"}, {"Artistic", "Artistic-1.0-Perl"},
      {"BSD", "BSD-3-Clause"},      {"CC0-1.0", "CC0-1.0"},
      {"MPL-1.1", "MPL-1.1"},       {"MPL-2.0", "MPL-2.0"}};
  static const char place[] = "common-licenses/";
  gboolean later = memmem(text.data, text.len, "later version", 13) ||
                   memmem(text.data, text.len, "any later", 9);
  for (OakumSlice rest = text;;) {
    const uint8_t *at = rest.len ? memmem(rest.data, rest.len, place, strlen(place)) : NULL;
    if (!at)
      break;
    at += strlen(place);
    rest = (OakumSlice){at, rest.len - (size_t)(at - rest.data)};
    size_t n = 0;
    while (n < rest.len &&
           (g_ascii_isalnum(rest.data[n]) || rest.data[n] == '-' || rest.data[n] == '.'))
      n++;
    while (n > 0 && rest.data[n - 1] == '.')
      n--;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
      if (strlen(names[i][0]) == n && memcmp(rest.data, names[i][0], n) == 0) {
        gboolean gnu = strstr(names[i][0], "GPL") || strstr(names[i][0], "GFDL");
        oakum_license_add(found, gnu ? g_strconcat(names[i][1], later ? "-or-later" : "-only", NULL)
                                     : g_strdup(names[i][1]));
      }
  }
  if (found->len == 0)
    read_unversioned(text, later, found);
  char *texts = oakum_license_by_text(text);
  if (texts) {
    g_auto(GStrv) ids = g_strsplit(texts, " AND ", -1);
    for (char **id = ids; *id; id++)
      oakum_license_add(found, g_strdup(*id));
    g_free(texts);
  }
  if (found->len == 0)
    oakum_license_add_parts(found, oakum_license_notices(text, TRUE));
  if (found->len == 0 && memmem(text.data, text.len, "public domain", 13))
    oakum_license_add(found, g_strdup("LicenseRef-public-domain"));
}

char *oakum_license_debian(OakumSlice copyright)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
  if (is_formal(copyright))
    read_formal(copyright, found);
  if (found->len == 0)
    read_free(copyright, found);
  return oakum_license_join(found);
}
