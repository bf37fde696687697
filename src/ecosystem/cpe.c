/* CPE names: NISTIR 7695 (naming) and 7696 (matching). */
#include "ecosystem/ecosystem.h"
#include <string.h>

/* One component up to its colon; an escaped one stays in it. *escaped: it is no logical value.
 * Wildcards become what the URI binding writes for them (7695, 6.1.2.3). */
static char *component(const char **at, gboolean uri, gboolean *escaped)
{
  GString *out = g_string_new(NULL);
  const char *p = *at;
  *escaped = FALSE;
  for (; *p && *p != ':'; p++) {
    if (!uri && *p == '\\' && p[1]) {
      g_string_append_c(out, g_ascii_tolower(*++p));
      *escaped = TRUE;
    } else if (uri && *p == '%' && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
      g_string_append_c(out, (char)(g_ascii_xdigit_value(p[1]) * 16 + g_ascii_xdigit_value(p[2])));
      p += 2;
      *escaped = TRUE;
    } else {
      g_string_append_c(out, uri         ? g_ascii_tolower(*p)
                             : *p == '?' ? OAKUM_CPE_ONE
                             : *p == '*' ? OAKUM_CPE_MANY
                                         : g_ascii_tolower(*p));
    }
  }
  *at = *p ? p + 1 : p;
  return g_string_free(out, FALSE);
}

void oakum_cpe_clear(OakumCpe *cpe)
{
  for (int i = 0; i < OAKUM_CPE_FIELDS; i++)
    g_clear_pointer(&cpe->fields[i], g_free);
}

/* The edition of a URI may have five fields in it: "~edition~sw_edition~target_sw~target_hw~other".
 */
static void unpack_edition(OakumCpe *out)
{
  static const OakumCpeField into[] = {OAKUM_CPE_EDITION, OAKUM_CPE_SW_EDITION, OAKUM_CPE_TARGET_SW,
                                       OAKUM_CPE_TARGET_HW, OAKUM_CPE_OTHER};
  g_autofree char *packed = g_steal_pointer(&out->fields[OAKUM_CPE_EDITION]);
  g_auto(GStrv) parts = g_strsplit(packed + 1, "~", G_N_ELEMENTS(into));
  for (guint i = 0; parts[i]; i++)
    out->fields[into[i]] = *parts[i] ? g_strdup(parts[i]) : NULL;
}

gboolean oakum_cpe_parse(const char *text, OakumCpe *out)
{
  *out = (OakumCpe){0};
  gboolean uri = g_ascii_strncasecmp(text, "cpe:/", 5) == 0;
  if (!uri && g_ascii_strncasecmp(text, "cpe:2.3:", 8) != 0)
    return FALSE;
  const char *at = text + (uri ? 5 : 8);
  for (int i = 0; i < OAKUM_CPE_FIELDS && *at; i++) {
    gboolean escaped;
    char *one = component(&at, uri, &escaped);
    if (!*one || (!escaped && (one[0] == '*' || one[0] == OAKUM_CPE_MANY) && !one[1]))
      g_clear_pointer(&one, g_free);
    out->fields[i] = one;
  }
  if (uri && out->fields[OAKUM_CPE_EDITION] && *out->fields[OAKUM_CPE_EDITION] == '~')
    unpack_edition(out);
  if (out->fields[OAKUM_CPE_VENDOR] && out->fields[OAKUM_CPE_PRODUCT])
    return TRUE;
  oakum_cpe_clear(out);
  return FALSE;
}

char *oakum_cpe_name(const OakumCpe *cpe)
{
  char *name =
      g_strdup_printf("%s:%s", cpe->fields[OAKUM_CPE_VENDOR], cpe->fields[OAKUM_CPE_PRODUCT]);
  for (char *p = name; *p; p++) /* some of NVD's have a wildcard in them */
    *p = *p == OAKUM_CPE_ONE ? '?' : *p == OAKUM_CPE_MANY ? '*' : *p;
  return name;
}

static gboolean is_one_of(const char *text, const char *const *words)
{
  return g_strv_contains(words, text);
}

gboolean oakum_cpe_is_pattern(const char *value)
{
  return value && (strchr(value, OAKUM_CPE_ONE) || strchr(value, OAKUM_CPE_MANY));
}

/* OAKUM_CPE_MANY is any run of characters, OAKUM_CPE_ONE one or (at an end) none; only the last
 * MANY is ever gone back to, so that the time is the product of the lengths at most. */
gboolean oakum_cpe_value_covers(const char *value, const char *text)
{
  const char *many = NULL, *from = NULL;
  if (!oakum_cpe_is_pattern(value))
    return strcmp(value, text) == 0;
  while (*text) {
    if (*value == OAKUM_CPE_MANY) {
      many = ++value;
      from = text;
    } else if (*value == *text || *value == OAKUM_CPE_ONE) {
      value++;
      text++;
    } else if (many) {
      value = many;
      text = ++from;
    } else {
      return FALSE;
    }
  }
  return value[strspn(value, (const char[]){OAKUM_CPE_ONE, OAKUM_CPE_MANY, 0})] == '\0';
}

gboolean oakum_cpe_covers(const OakumCpe *record, const OakumCpe *program)
{
  static const char *const here[] = {"-",     "linux",      "linux_kernel", "unix", "docker",
                                     "posix", "kubernetes", "openshift",    NULL};
  for (int i = 0; i < OAKUM_CPE_FIELDS; i++) {
    const char *wanted = record->fields[i], *have = program->fields[i];
    if (!wanted || i == OAKUM_CPE_VERSION || i == OAKUM_CPE_UPDATE)
      continue;
    if (!have && i == OAKUM_CPE_TARGET_SW && !is_one_of(wanted, here))
      return FALSE;
    if (have && strcmp(wanted, "-") != 0 && !oakum_cpe_value_covers(wanted, have))
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_cpe_may_be_linux(const OakumCpe *platform)
{
  static const char *const elsewhere[] = {
      "windows", "macos",   "mac_os",  "mac_os_x", "iphone_os", "ipados",    "ios",  "ios_xe",
      "android", "freebsd", "openbsd", "netbsd",   "solaris",   "sunos",     "aix",  "hp-ux",
      "z/os",    "os/400",  "i",       "esxi",     "junos",     "chrome_os", "tvos", "watchos",
      "vxworks", "netware", "os2",     "dos",      "irix",      "openvms",   "vms",  NULL};
  const char *part = platform->fields[OAKUM_CPE_PART],
             *product = platform->fields[OAKUM_CPE_PRODUCT];
  if (g_strcmp0(part, "o") != 0)
    return TRUE;
  return !is_one_of(product, elsewhere) && !g_str_has_prefix(product, "windows_");
}
