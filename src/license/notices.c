/* What a text without the words of a licence says of it: "SPDX-License-Identifier: …" (SPDX 2.3,
 * annex E), the notices that the GNU licences ask for in front of each file, and "… under the MIT
 * license". */
#include "license/license-private.h"
#include <string.h>

/* Lower-case words, dots within numbers kept, each behind one blank; the last has one behind it. */
static char *plain_of(OakumSlice text)
{
  GString *out = g_string_new(" ");
  size_t len = MIN(text.len, OAKUM_LICENSE_NOTICE_MAX);
  for (size_t i = 0; i < len; i++) {
    int c = g_ascii_tolower(text.data[i]);
    gboolean dot = c == '.' && i + 1 < len && g_ascii_isdigit(text.data[i + 1]) && i > 0 &&
                   g_ascii_isdigit(text.data[i - 1]);
    if (g_ascii_isalnum(c) || dot || c == '+')
      g_string_append_c(out, (char)c);
    else if (out->str[out->len - 1] != ' ')
      g_string_append_c(out, ' ');
  }
  g_string_append_c(out, ' ');
  return g_string_free(out, FALSE);
}

static void read_identifiers(OakumSlice text, GPtrArray *found)
{
  static const char mark[] = "SPDX-License-Identifier:";
  for (;;) {
    const uint8_t *at = text.len ? memmem(text.data, text.len, mark, strlen(mark)) : NULL;
    if (!at)
      return;
    at += strlen(mark);
    text = (OakumSlice){at, text.len - (size_t)(at - text.data)};
    size_t n = 0;
    while (n < text.len && n < OAKUM_LICENSE_MAX && text.data[n] != '\n' && text.data[n] != '\r' &&
           text.data[n] != '*' && text.data[n] != '<' && text.data[n] != '"')
      n++;
    g_autofree char *line = g_strndup((const char *)text.data, n);
    oakum_license_add_parts(found, oakum_license_expression(line));
  }
}

/* The number behind "version " or "v" at the beginning of `at`; NULL: there is none. */
static char *number_at(const char *at)
{
  at += g_str_has_prefix(at, "version ") ? 8 : *at == 'v' ? 1 : 0;
  at += *at == ' ';
  size_t n = strspn(at, "0123456789.");
  return n > 0 && n < 5 ? g_strdup_printf("%.*s%s", (int)n, at, memchr(at, '.', n) ? "" : ".0")
                        : NULL;
}

/* "version 2 of the" in front of the name, or the first version that is told behind it. */
static char *version_near(const char *text, const char *name, const char *behind)
{
  enum { FAR = 160 };
  static const char of[] = " of the ";
  if (name - text > 24 && memcmp(name - 7, of, 8) == 0) {
    const char *at = name - 8;
    while (at > text && at[-1] != ' ')
      at--;
    if (g_ascii_isdigit(*at))
      return number_at(at);
  }
  for (const char *at = behind; *at && at < behind + FAR; at++)
    if (at[-1] == ' ' && (g_str_has_prefix(at, "version ") ||
                          (*at == 'v' && (g_ascii_isdigit(at[1]) || at[1] == ' ')) ||
                          (at == behind && g_ascii_isdigit(*at)))) {
      char *number = number_at(at);
      if (number)
        return number;
    }
  return NULL;
}

static void read_gnu(const char *text, GPtrArray *found)
{
  static const struct {
    const char *name, *id;
  } rows[] = {{" gnu affero general public license ", "AGPL"},
              {" gnu lesser general public license ", "LGPL"},
              {" gnu library general public license ", "LGPL"},
              {" gnu general public license ", "GPL"},
              {" gnu free documentation license ", "GFDL"}};
  enum { FAR = 320 };
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
    for (const char *at = text; (at = strstr(at, rows[i].name)) != NULL; at++) {
      const char *behind = at + strlen(rows[i].name);
      g_autofree char *version = version_near(text, at, behind);
      if (!version)
        continue;
      g_autofree char *near = g_strndup(behind, FAR);
      gboolean later = strstr(near, " any later version ") || strstr(near, " or later ") ||
                       strstr(near, " or newer ") || strstr(near, "+ ");
      g_autofree char *id =
          g_strdup_printf("%s-%s-%s", rows[i].id, version, later ? "or-later" : "only");
      if (oakum_license_is_id(id))
        oakum_license_add(found, g_steal_pointer(&id));
    }
}

/* "under (the terms of) …": as many of the words behind it as are the name of a licence. */
static void read_under(const char *text, GPtrArray *found)
{
  enum { WORDS = 9 };
  static const char *const idle[] = {"either ", "the ",        "terms ", "of ",
                                     "and ",    "conditions ", "a "};
  static const char *const begins[] = {" under ", " subject to the terms of "};
  for (size_t b = 0; b < G_N_ELEMENTS(begins); b++)
    for (const char *at = text; (at = strstr(at, begins[b])) != NULL; at++) {
      const char *from = at + strlen(begins[b]);
      for (size_t i = 0; i < G_N_ELEMENTS(idle); i++)
        if (g_str_has_prefix(from, idle[i])) {
          from += strlen(idle[i]);
          i = (size_t)-1; /* from the first again */
        }
      if (g_str_has_prefix(from, "gnu ") || g_str_has_prefix(from, "license"))
        continue;
      const char *ends[WORDS];
      guint n = 0;
      for (const char *end = from; n < WORDS && (end = strchr(end, ' ')) != NULL; end++)
        ends[n++] = end;
      for (char *name = NULL; n > 0; n--) {
        g_autofree char *words = g_strndup(from, (gsize)(ends[n - 1] - from));
        if (strstr(words, "licen") && (name = oakum_license_expression(words))) {
          if (strstr(name, "any-OSI")) /* "under any OSI approved license": of all others */
            g_clear_pointer(&name, g_free);
          else
            oakum_license_add_parts(found, name);
          break;
        }
      }
    }
}

char *oakum_license_notices(OakumSlice text, gboolean gnu)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
  read_identifiers(text, found);
  if (found->len == 0) {
    g_autofree char *plain = plain_of(text);
    if (gnu)
      read_gnu(plain, found);
    read_under(plain, found);
  }
  return oakum_license_join(found);
}
