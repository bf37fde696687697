/* .trivyignore and .dockleignore: an id a line. */
#include "policy/policy-private.h"

/* A line that is more than a comment. `behind`: what stands behind "#" in it, NULL: nothing;
 * `reason`: the same, else what stands in the lines of comments right above it. */
typedef struct {
  char *text;
  const char *behind, *reason, *what;
  int number;
} Line;
typedef gboolean (*LineFunc)(OakumPolicy *policy, const Line *line, GError **error);

/* A comment begins a line, or has a space in front of it: "CVE-1#x" is an id that nothing has. */
static char *comment_of(char *line)
{
  for (char *p = line; *p; p++)
    if (*p == '#' && (p == line || g_ascii_isspace(p[-1])))
      return p;
  return NULL;
}

/* Other spaces, which pages of the web have between words, become plain ones: trivy and dockle part
 * and strip lines by all that Unicode calls a space. New. */
static char *plain_spaces(const char *text)
{
  GString *out = g_string_new(NULL);
  for (const char *p = text; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (c >= 0x80 && g_unichar_isspace(c))
      g_string_append_c(out, ' ');
    else
      g_string_append_len(out, p, g_utf8_next_char(p) - p);
  }
  return g_string_free(out, FALSE);
}

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
    g_autofree char *raw = g_strndup(text + at, n), *safe = oakum_escape_utf8(raw, -1),
                    *line = plain_spaces(safe);
    at += n + 1;
    number++;
    if (n > OAKUM_POLICY_TEXT_MAX)
      return oakum_policy_wrong_at(what, number, 1, error, "a line of more than %u bytes",
                                   OAKUM_POLICY_TEXT_MAX);
    char *hash = comment_of(line), *comment = NULL;
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
    const Line one = {line, comment,
                      comment && *comment ? comment
                      : above->len        ? above->str
                                          : NULL,
                      what, number};
    if (!call(policy, &one, error))
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

/* The first word of that beginning, as trivy takes it, which looks into the comment behind the id
 * as well. FALSE: it is no day, and the line does not count, as with trivy. */
static gboolean trivy_end(OakumPolicy *policy, const Line *line, const char *text,
                          OakumException *one)
{
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
  for (char **word = words; *word; word++) {
    if (!g_str_has_prefix(*word, "exp:"))
      continue;
    if (one->until)
      return TRUE;
    if (!oakum_day_parse(*word + 4, utc, &one->ends)) {
      oakum_policy_warn(policy, line->what, line->number, 0,
                        "\"exp:\" takes a day, exp:2026-12-31; the line is passed over");
      return FALSE;
    }
    one->until = g_strconcat("the day before ", *word + 4, NULL);
  }
  return TRUE;
}

/* A check of Dockerfiles is DS-0002 now; it was DS002 and AVD-DS-0002, and trivy takes all three.
 */
void oakum_import_trivy_id(OakumSelect *select, const char *id)
{
  const char *plain = g_ascii_strncasecmp(id, "AVD-", 4) == 0 ? id + 4 : id;
  oakum_select_add_exact(select, LIST_ID, id);
  if (plain != id)
    oakum_select_add_exact(select, LIST_ID, plain);
  if (g_ascii_strncasecmp(id, "DS", 2) == 0 && strlen(id) == 5 &&
      strspn(id + 2, "0123456789") == 3) {
    g_autofree char *now = g_strconcat("DS-0", id + 2, NULL);
    oakum_select_add_exact(select, LIST_ID, now);
  }
}

/* "CVE-2024-1 exp:2026-12-31": trivy counts it again from the beginning of that day, in UTC. */
static gboolean trivy_line(OakumPolicy *policy, const Line *line, GError **error)
{
  g_autoptr(OakumException) one = oakum_exception_new(line->what, line->number, 0);
  size_t len = strcspn(line->text, " \t");
  g_autofree char *id = g_strndup(line->text, len);
  one->imported = TRUE;
  one->reason = g_strdup(line->reason);
  oakum_import_trivy_id(&one->select, id);
  if (!trivy_end(policy, line, line->text + len, one) ||
      (line->behind && !trivy_end(policy, line, line->behind, one)))
    return TRUE;
  g_auto(GStrv) words = g_strsplit_set(line->text + len, " \t", -1);
  for (char **word = words; *word; word++)
    if (**word && !g_str_has_prefix(*word, "exp:"))
      oakum_policy_warn(policy, line->what, line->number, 0,
                        "\"%s\" is not understood, and passed over", *word);
  one->select.kinds = (1u << OAKUM_FINDING_VULNERABILITY) | (1u << OAKUM_FINDING_SECRET) |
                      (1u << OAKUM_FINDING_HYGIENE) | (1u << OAKUM_FINDING_LICENSE) |
                      (1u << OAKUM_FINDING_LINT);
  return add(policy, g_steal_pointer(&one), line->what, line->number, error);
}

gboolean oakum_import_trivyignore(OakumPolicy *policy, const char *text, size_t len,
                                  const char *what, GError **error)
{
  return each_line(policy, text, len, what, trivy_line, error);
}

static gboolean dockle_line(OakumPolicy *policy, const Line *line, GError **error)
{
  OakumException *one = oakum_exception_new(line->what, line->number, 0);
  g_autofree char *id = g_strndup(line->text, strcspn(line->text, " \t"));
  one->imported = TRUE;
  one->reason = g_strdup(line->reason);
  one->select.kinds = (1u << OAKUM_FINDING_HYGIENE) | (1u << OAKUM_FINDING_SECRET);
  oakum_select_add_exact(&one->select, LIST_ID, id);
  return add(policy, one, line->what, line->number, error);
}

gboolean oakum_import_dockleignore(OakumPolicy *policy, const char *text, size_t len,
                                   const char *what, GError **error)
{
  return each_line(policy, text, len, what, dockle_line, error);
}
