/* .trivyignore and .dockleignore: an id a line. */
#include "policy/policy-private.h"

typedef gboolean (*LineFunc)(OakumPolicy *policy, char *line, const char *comment, const char *what,
                             int number, GError **error);

/* `comment`: what stands behind "#" in the line, or in the lines of comments right above it. */
static gboolean each_line(OakumPolicy *policy, const char *text, size_t len, const char *what,
                          LineFunc call, GError **error)
{
  g_autoptr(GString) above = g_string_new(NULL);
  int number = 0;
  if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* some editors write a mark in front */
    text += 3;
    len -= 3;
  }
  if (memchr(text, 0, len))
    return oakum_policy_wrong_at(what, 1, 1, error, "a NUL character: this is no list of ids");
  for (size_t at = 0; at < len;) {
    const char *stop = memchr(text + at, '\n', len - at);
    size_t n = stop ? (size_t)(stop - text) - at : len - at;
    g_autofree char *raw = g_strndup(text + at, n), *line = oakum_escape_utf8(raw, -1);
    at += n + 1;
    number++;
    if (n > OAKUM_POLICY_TEXT_MAX)
      return oakum_policy_wrong_at(what, number, 1, error, "a line of more than %u bytes",
                                   OAKUM_POLICY_TEXT_MAX);
    char *hash = strchr(line, '#'), *comment = NULL;
    if (hash) {
      *hash = '\0';
      comment = g_strstrip(hash + 1);
    }
    g_strstrip(line);
    if (!*line) {
      if (!hash)
        g_string_truncate(above, 0);
      else if (*comment && above->len < OAKUM_POLICY_TEXT_MAX)
        g_string_append_printf(above, "%s%s", above->len ? " " : "", comment);
      continue;
    }
    if (!call(policy, line,
              comment && *comment ? comment
              : above->len        ? above->str
                                  : NULL,
              what, number, error))
      return FALSE;
    g_string_truncate(above, 0);
  }
  return TRUE;
}

static gboolean add(OakumPolicy *policy, OakumException *one, const char *what, int number,
                    GError **error)
{
  if (oakum_policy_add_exception(policy, one, error))
    return TRUE;
  g_prefix_error(error, "%s:%d: ", what, number);
  return FALSE;
}

/* "CVE-2024-1 exp:2026-12-31": trivy counts it again from the beginning of that day, in UTC. */
static gboolean trivy_line(OakumPolicy *policy, char *line, const char *comment, const char *what,
                           int number, GError **error)
{
  g_autoptr(OakumException) one = oakum_exception_new(what, number, 0);
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);
  one->imported = TRUE;
  one->reason = g_strdup(comment);
  for (char **word = words; *word; word++) {
    if (!**word)
      continue;
    if (!one->select.lists[LIST_ID]) {
      oakum_select_add(&one->select, LIST_ID, *word);
    } else if (g_str_has_prefix(*word, "exp:")) {
      if (!oakum_day_parse(*word + 4, utc, &one->ends))
        return oakum_policy_wrong_at(what, number, (int)(strstr(line, *word) - line) + 1, error,
                                     "\"exp:\" takes a day, exp:2026-12-31");
      g_free(one->until);
      one->until = g_strconcat("the day before ", *word + 4, NULL);
    } else {
      oakum_policy_warn(policy, what, number, 0, "\"%s\" is not understood, and passed over",
                        *word);
    }
  }
  one->select.kinds = (1u << OAKUM_FINDING_VULNERABILITY) | (1u << OAKUM_FINDING_SECRET) |
                      (1u << OAKUM_FINDING_HYGIENE) | (1u << OAKUM_FINDING_LICENSE) |
                      (1u << OAKUM_FINDING_LINT);
  return add(policy, g_steal_pointer(&one), what, number, error);
}

gboolean oakum_import_trivyignore(OakumPolicy *policy, const char *text, size_t len,
                                  const char *what, GError **error)
{
  return each_line(policy, text, len, what, trivy_line, error);
}

static gboolean dockle_line(OakumPolicy *policy, char *line, const char *comment, const char *what,
                            int number, GError **error)
{
  OakumException *one = oakum_exception_new(what, number, 0);
  one->imported = TRUE;
  one->reason = g_strdup(comment);
  one->select.kinds = (1u << OAKUM_FINDING_HYGIENE) | (1u << OAKUM_FINDING_SECRET);
  line[strcspn(line, " \t")] = '\0';
  oakum_select_add(&one->select, LIST_ID, line);
  return add(policy, one, what, number, error);
}

gboolean oakum_import_dockleignore(OakumPolicy *policy, const char *text, size_t len,
                                   const char *what, GError **error)
{
  return each_line(policy, text, len, what, dockle_line, error);
}
