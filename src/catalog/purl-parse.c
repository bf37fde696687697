/* Package-url to its parts (github.com/package-url/purl-spec, "How to parse a purl string"). */
#include "catalog/sbom-private.h"
#include <string.h>

void oakum_purl_clear(OakumPurl *purl)
{
  g_free(purl->type);
  g_free(purl->space);
  g_free(purl->name);
  g_free(purl->version);
  if (purl->qualifiers)
    g_hash_table_unref(purl->qualifiers);
  *purl = (OakumPurl){0};
}

/* Percent-decoded; NULL when that is no text. */
static char *decoded(const char *text, gssize len)
{
  g_autofree char *part = len < 0 ? g_strdup(text) : g_strndup(text, (gsize)len);
  g_autofree char *plain = *part ? g_uri_unescape_string(part, NULL) : NULL;
  return plain && g_utf8_validate(plain, -1, NULL) ? g_steal_pointer(&plain) : NULL;
}

static void read_qualifiers(OakumPurl *purl, const char *text)
{
  g_auto(GStrv) pairs = g_strsplit(text, "&", OAKUM_PURL_QUALIFIERS_MAX);
  for (char **pair = pairs; *pair; pair++) {
    char *equals = strchr(*pair, '=');
    char *value = equals ? decoded(equals + 1, -1) : NULL;
    if (value)
      g_hash_table_replace(purl->qualifiers, g_ascii_strdown(*pair, equals - *pair), value);
  }
}

/* Components that are empty go; those between are decoded each. */
static char *read_space(char *path)
{
  g_auto(GStrv) parts = g_strsplit(path, "/", -1);
  GString *space = g_string_new(NULL);
  for (char **part = parts; *part; part++) {
    g_autofree char *one = decoded(*part, -1);
    if (one)
      g_string_append_printf(space, "%s%s", space->len ? "/" : "", one);
  }
  return g_string_free(space, space->len == 0);
}

gboolean oakum_purl_parse(const char *text, OakumPurl *out)
{
  *out = (OakumPurl){.qualifiers = oakum_str_map_new(g_free, g_free)};
  g_autofree char *copy = g_strdup(text);
  char *rest = copy;
  if (strlen(text) > OAKUM_PURL_MAX || !g_utf8_validate(text, -1, NULL) ||
      g_ascii_strncasecmp(rest, "pkg:", 4) != 0)
    return FALSE;
  rest += 4;
  while (*rest == '/')
    rest++;
  rest[strcspn(rest, "#")] = '\0'; /* a path below the package says nothing of what it is */
  char *question = strrchr(rest, '?');
  if (question) {
    *question = '\0';
    read_qualifiers(out, question + 1);
  }
  char *slash = strchr(rest, '/');
  if (!slash)
    return FALSE;
  *slash = '\0';
  out->type = g_ascii_strdown(rest, -1);
  rest = slash + 1;
  size_t at = oakum_purl_version(rest, strlen(rest));
  if (rest[at] == '@') {
    rest[at] = '\0';
    out->version = decoded(rest + at + 1, -1);
  }
  g_strchomp(rest);
  while (*rest && rest[strlen(rest) - 1] == '/')
    rest[strlen(rest) - 1] = '\0';
  char *last = strrchr(rest, '/');
  out->name = decoded(last ? last + 1 : rest, -1);
  if (last) {
    *last = '\0';
    out->space = read_space(rest);
  }
  return *out->type && out->name;
}
