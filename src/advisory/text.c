/* What the readers of feeds share: names, dates, words. */
#include "advisory/advisory-private.h"
#include <stdio.h>

const char *oakum_text_of(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text && *text ? text : NULL;
}

gboolean oakum_feed_invalid(GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error_literal(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID, text);
  return FALSE;
}

char *oakum_title(const char *text)
{
  if (!text)
    return NULL;
  text += strspn(text, " \t\r\n");
  g_autofree char *line = g_strndup(text, strcspn(text, "\r\n"));
  g_strchomp(line);
  if (!*line)
    return NULL;
  return g_utf8_strlen(line, -1) > (glong)OAKUM_ADVISORY_TITLE_MAX
             ? g_utf8_substring(line, 0, OAKUM_ADVISORY_TITLE_MAX)
             : g_strdup(line);
}

gboolean oakum_is_cve(const char *id)
{
  size_t n;
  return g_str_has_prefix(id, "CVE-") && strspn(id + 4, "0123456789") == 4 && id[8] == '-' &&
         (n = strspn(id + 9, "0123456789")) >= 4 && n <= 10 && id[9 + n] == 0;
}

static gboolean has(const GPtrArray *names, const char *name)
{
  for (guint i = 0; i < names->len; i++)
    if (strcmp(names->pdata[i], name) == 0)
      return TRUE;
  return FALSE;
}

void oakum_sort_names(const char *own, GPtrArray *names, GPtrArray *ids, GPtrArray *others)
{
  gboolean cve = own && g_str_has_prefix(own, "CVE-");
  if (cve)
    g_ptr_array_add(ids, (gpointer)own);
  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];
    if (!*name || has(ids, name) || has(others, name) || g_strcmp0(name, own) == 0)
      continue;
    g_ptr_array_add(!cve && g_str_has_prefix(name, "CVE-") ? ids : others, (gpointer)name);
  }
  if (own && ids->len == 0)
    g_ptr_array_add(ids, (gpointer)own);
  else if (own && !cve)
    g_ptr_array_add(others, (gpointer)own);
  g_ptr_array_add(ids, NULL);
  g_ptr_array_add(others, NULL);
}

OakumSeverity oakum_severity_word(const char *word)
{
  static const struct {
    const char *word;
    OakumSeverity severity;
  } more[] = {{"unimportant", OAKUM_SEVERITY_NEGLIGIBLE}, {"none", OAKUM_SEVERITY_NEGLIGIBLE},
              {"moderate", OAKUM_SEVERITY_MEDIUM},        {"important", OAKUM_SEVERITY_HIGH},
              {"normal", OAKUM_SEVERITY_MEDIUM},          {"urgent", OAKUM_SEVERITY_CRITICAL}};
  OakumSeverity severity;
  for (size_t i = 0; word && i < G_N_ELEMENTS(more); i++)
    if (g_ascii_strcasecmp(word, more[i].word) == 0)
      return more[i].severity;
  g_autofree char *lower = word ? g_ascii_strdown(word, -1) : NULL;
  return lower && oakum_severity_parse(lower, &severity) ? severity : OAKUM_SEVERITY_UNKNOWN;
}

/* ---- dates ------------------------------------------------------------------------------------
 */
static gboolean day(int y, int m, int d)
{
  return y >= 1970 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 && d <= 31;
}

char *oakum_feed_date(const char *text)
{
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  int y, m, d, hh = 0, mm = 0, ss = 0;
  int64_t seconds;
  char name[4] = "";
  uint64_t epoch;
  if (!text || strlen(text) > 60)
    return NULL;
  if (oakum_time_parse(text, &seconds)) /* the year 1 stands for "not known" in some feeds */
    return seconds > 0 ? oakum_time_format(seconds) : NULL;
  if (oakum_parse_u64(text, strlen(text), UINT64_C(253402300799), &epoch))
    return epoch > UINT64_C(86400) * 365 ? oakum_time_format((int64_t)epoch) : NULL;
  int n = sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d:%2d", &y, &m, &d, &hh, &mm, &ss);
  if (n < 3)
    n = sscanf(text, "%4d/%2d/%2d", &y, &m, &d);
  if (n < 3 && (sscanf(text, "%2d %3[A-Za-z] %4d", &d, name, &y) == 3 ||
                sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d", &d, name, &y, &hh, &mm,
                       &ss) >= 3)) {
    const char *at = strlen(name) == 3 ? strstr(months, name) : NULL;
    m = at && (at - months) % 3 == 0 ? (int)(at - months) / 3 + 1 : 0;
    n = 3;
  }
  if (n < 3 || !day(y, m, d) || hh < 0 || hh > 23 || mm < 0 || mm > 59 || ss < 0 || ss > 60)
    return NULL;
  return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02dZ", y, m, d, hh, mm, ss);
}

/* ---- ecosystems -------------------------------------------------------------------------------
 */
/* By the word in front of the colon. */
static const struct {
  const char *name, *scheme;
} schemes[] = {
    {"AlmaLinux", "rpm"},
    {"Alpaquita", "apk"},
    {"Alpine", "apk"},
    {"Amazon Linux", "rpm"},
    {"Anolis OS", "rpm"},
    {"Arch", "pacman"},
    {"Azure Linux", "rpm"},
    {"BellSoft Hardened Containers", "apk"},
    {"Bitnami", "semver"},
    {"CRAN", "cran"},
    {"Chainguard", "apk"},
    {"CleanStart", "apk"},
    {"ConanCenter", "conan"},
    {"DHI", "semver"},
    {"Debian", "deb"},
    {"EPEL", "rpm"},
    {"Echo", "deb"},
    {"Fedora", "rpm"},
    {"GHC", "hackage"},
    {"Gentoo", "portage"},
    {"GitHub Actions", "semver"},
    {"Go", "go"},
    {"Hackage", "hackage"},
    {"Hex", "hex"},
    {"JavaScript", "semver"},
    {"Julia", "semver"},
    {"Mageia", "rpm"},
    {"Mariner", "rpm"},
    {"Maven", "maven"},
    {"MinimOS", "apk"},
    {"NuGet", "nuget"},
    {"Oracle Linux", "rpm"},
    {"Packagist", "composer"},
    {"Photon OS", "rpm"},
    {"Pub", "pub"},
    {"PyPI", "pep440"},
    {"Red Hat", "rpm"},
    {"Rocky Linux", "rpm"},
    {"Ruby", "gem"},
    {"RubyGems", "gem"},
    {"SUSE", "rpm"},
    {"SUSE Micro", "rpm"},
    {"SwiftURL", "semver"},
    {"Ubuntu", "deb"},
    {"Wolfi", "apk"},
    {"crates.io", "cargo"},
    {"cpe", "generic"},
    {"node", "npm"},
    {"npm", "npm"},
    {"openEuler", "rpm"},
    {"openSUSE", "rpm"},
    {"opam", "generic"},
    {"vex", "generic"},
};

const char *oakum_ecosystem_scheme(const char *key)
{
  size_t n = strcspn(key, ":");
  for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
    if (strlen(schemes[i].name) == n && memcmp(schemes[i].name, key, n) == 0)
      return schemes[i].scheme;
  return "";
}

/* "Linux Enterprise Server 15 SP5" to "15.5"; NULL when there is no release in it. */
static char *suse_release(const char *text)
{
  for (; *text; text++) {
    if (!g_ascii_isdigit(*text))
      continue;
    size_t n = strspn(text, "0123456789");
    size_t with = text[n] == '.' ? n + 1 + strspn(text + n + 1, "0123456789") : n;
    const char *sp = strstr(text, "SP");
    if (with == n && sp && g_ascii_isdigit(sp[2]))
      return g_strdup_printf("%.*s.%.*s", (int)n, text, (int)strspn(sp + 2, "0123456789"), sp + 2);
    if (with == n)
      return g_strdup_printf("%.*s.0", (int)n, text);
    return g_strndup(text, with);
  }
  return NULL;
}

static char *ubuntu_key(char **words, char **flavour)
{
  const char *release = NULL;
  g_autoptr(GString) kind = g_string_new(NULL);
  for (char **word = words + 1; *word; word++) {
    if (g_ascii_isdigit(**word))
      release = *word;
    else if (g_ascii_strcasecmp(*word, "LTS") != 0 && g_ascii_strcasecmp(*word, "Pro") != 0)
      g_string_append_printf(kind, "%s%s", kind->len ? "-" : "", *word);
    else if (g_ascii_strcasecmp(*word, "Pro") == 0 && flavour && !*flavour)
      *flavour = g_strdup("esm");
  }
  if (kind->len && flavour) {
    g_free(*flavour);
    *flavour = g_ascii_strdown(kind->str, -1);
  }
  return release ? g_strconcat("Ubuntu:", release, NULL) : g_strdup("Ubuntu");
}

static char *suse_key(const char *rest, char **product)
{
  g_autofree char *release = suse_release(rest);
  gboolean micro = strstr(rest, "Micro") != NULL;
  if (product)
    *product = g_strdup(rest);
  return release ? g_strconcat(micro ? "SUSE Micro:" : "SUSE:", release, NULL)
                 : g_strconcat("SUSE:", rest, NULL);
}

static char *redhat_key(char **words, const char *rest, char **product)
{
  if (product)
    *product = g_strdup(rest);
  for (char **word = words + 1; *word; word++)
    if (g_ascii_isdigit(**word))
      return g_strdup_printf("Red Hat:%.*s", (int)strspn(*word, "0123456789"), *word);
  return g_strdup("Red Hat");
}

char *oakum_ecosystem_key(const char *ecosystem, char **flavour, char **product)
{
  static const char *const by_major[] = {"AlmaLinux", "Rocky Linux", "Debian", "Azure Linux",
                                         "Mageia"};
  if (flavour)
    *flavour = NULL;
  if (product)
    *product = NULL;
  const char *colon = strchr(ecosystem, ':');
  if (!colon)
    return g_strdup(ecosystem);
  g_auto(GStrv) words = g_strsplit(ecosystem, ":", -1);
  if (strcmp(words[0], "Ubuntu") == 0)
    return ubuntu_key(words, flavour);
  if (strcmp(words[0], "Red Hat") == 0)
    return redhat_key(words, colon + 1, product);
  if (strcmp(words[0], "SUSE") == 0)
    return suse_key(colon + 1, product);
  if (strcmp(words[0], "Maven") == 0)
    return g_strdup("Maven");
  if (strcmp(words[0], "openSUSE") == 0 && g_str_has_prefix(colon + 1, "Leap Micro"))
    return suse_key(colon + 1, product);
  for (size_t i = 0; i < G_N_ELEMENTS(by_major); i++)
    if (strcmp(words[0], by_major[i]) == 0 && g_ascii_isdigit(words[1][0]))
      return g_strdup_printf("%s:%.*s", words[0], (int)strspn(words[1], "0123456789"), words[1]);
  return g_strdup(ecosystem);
}

char *oakum_ecosystem_package(const char *key, const char *name)
{
  static const char *const lower[] = {"NuGet", "Packagist", "Hex", "Bitnami", "GitHub Actions"};
  for (size_t i = 0; i < G_N_ELEMENTS(lower); i++)
    if (strcmp(key, lower[i]) == 0)
      return g_ascii_strdown(name, -1);
  if (strcmp(key, "PyPI") != 0)
    return g_strdup(name);
  GString *out = g_string_new(NULL); /* PEP 503: runs of - _ . are one dash */
  for (const char *p = name; *p; p++) {
    if (!strchr("-_.", *p))
      g_string_append_c(out, g_ascii_tolower(*p));
    else if (p == name || !strchr("-_.", p[-1]))
      g_string_append_c(out, '-');
  }
  return g_string_free(out, FALSE);
}
