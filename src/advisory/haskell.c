/* Haskell's advisories (github.com/haskell/security-advisories): Markdown behind a block of TOML.
 * Of TOML only what they use is read: tables, lists of tables, texts in one line, lists, numbers.
 */
#include "advisory/advisory-private.h"

typedef struct {
  char *package, *ecosystem, *cvss;
  GArray *ranges;
} Affected;
typedef struct {
  char *id, *title, *date;
  GPtrArray *names, *cwes, *links; /* of char * */
  GPtrArray *affected;
  GStringChunk *words;
} Advisory;

static void affected_free(gpointer p)
{
  Affected *a = p;
  g_free(a->package);
  g_free(a->ecosystem);
  g_free(a->cvss);
  g_array_unref(a->ranges);
  g_free(a);
}

/* ---- values -----------------------------------------------------------------------------------
 */
/* One text or bare word at *at; NULL when there is none. New string. */
static char *read_value(const char **at)
{
  const char *p = *at + strspn(*at, " \t");
  if (*p != '"' && *p != '\'') {
    size_t n = strcspn(p, " \t,]#\r\n");
    *at = p + n;
    return n ? g_strndup(p, n) : NULL;
  }
  char quote = *p++;
  GString *out = g_string_new(NULL);
  for (; *p && *p != quote; p++) {
    if (quote == '"' && *p == '\\' && p[1])
      p++; /* an escape stands for itself: names have none */
    g_string_append_c(out, *p);
  }
  gboolean closed = *p == quote;
  *at = closed ? p + 1 : p;
  if (closed)
    return g_string_free(out, FALSE);
  g_string_free(out, TRUE);
  return NULL;
}

/* The values of a list, or the only one. FALSE: not understood. */
static gboolean read_values(const char *text, GPtrArray *into)
{
  text += strspn(text, " \t");
  gboolean list = *text == '[';
  text += list;
  for (;;) {
    text += strspn(text, list ? " \t,\r\n" : " \t");
    if (*text == '#') { /* a note in a list over several lines */
      text += strcspn(text, "\r\n");
      continue;
    }
    if (!*text || *text == ']')
      return into->len > 0 || *text == ']';
    char *value = read_value(&text);
    if (!value || into->len >= OAKUM_ADVISORY_NAMES_MAX) {
      g_free(value);
      return FALSE;
    }
    g_ptr_array_add(into, value);
    if (!list)
      return TRUE;
  }
}

/* ---- the block --------------------------------------------------------------------------------
 */
static void take(char **slot, GPtrArray *values)
{
  if (!*slot && values->len > 0)
    *slot = g_strdup(values->pdata[0]);
}

static gboolean set_value(Advisory *a, const char *table, const char *key, GPtrArray *values)
{
  Affected *last = a->affected->len ? a->affected->pdata[a->affected->len - 1] : NULL;
  if (strcmp(table, "advisory") == 0) {
    GPtrArray *list = strcmp(key, "aliases") == 0 ? a->names
                      : strcmp(key, "cwe") == 0   ? a->cwes
                                                  : NULL;
    if (strcmp(key, "id") == 0)
      take(&a->id, values);
    else if (strcmp(key, "date") == 0)
      take(&a->date, values);
    for (guint i = 0; list && i < values->len; i++)
      g_ptr_array_add(list, list == a->cwes ? g_strdup_printf("CWE-%s", (char *)values->pdata[i])
                                            : g_strdup(values->pdata[i]));
  } else if (strcmp(table, "references") == 0) {
    if (strcmp(key, "url") == 0 && a->links->len < OAKUM_ADVISORY_REFERENCES_MAX)
      g_ptr_array_add(a->links, g_strdup(values->pdata[0]));
  } else if (strcmp(table, "affected") == 0 && last) {
    if (strcmp(key, "package") == 0)
      take(&last->package, values);
    else if (strcmp(key, "cvss") == 0)
      take(&last->cvss, values);
    else if (strcmp(key, "ghc-component") == 0) {
      take(&last->package, values);
      g_free(last->ecosystem);
      last->ecosystem = g_strdup("GHC");
    }
  } else if (strcmp(table, "affected.versions") == 0 && last && last->ranges->len > 0) {
    OakumAdvisoryRange *range =
        &g_array_index(last->ranges, OakumAdvisoryRange, last->ranges->len - 1);
    const char *own = g_string_chunk_insert(a->words, values->pdata[0]);
    if (strcmp(key, "introduced") == 0)
      range->introduced = own;
    else if (strcmp(key, "fixed") == 0)
      range->fixed = own;
  }
  return TRUE;
}

static gboolean begin_table(Advisory *a, const char *table)
{
  if (strcmp(table, "affected") == 0) {
    Affected *one = g_new0(Affected, 1);
    one->ecosystem = g_strdup("Hackage");
    one->ranges = g_array_new(FALSE, FALSE, sizeof(OakumAdvisoryRange));
    g_ptr_array_add(a->affected, one);
  } else if (strcmp(table, "affected.versions") == 0) {
    if (a->affected->len == 0)
      return FALSE;
    Affected *last = a->affected->pdata[a->affected->len - 1];
    OakumAdvisoryRange none = {0};
    g_array_append_val(last->ranges, none);
  }
  return a->affected->len <= OAKUM_OSV_AFFECTED_MAX;
}

/* `text`: what stands between the fences. */
static gboolean read_block(Advisory *a, const char *text, GError **error)
{
  g_autofree char *table = g_strdup("");
  for (guint line = 2; *text; line++) {
    size_t n = strcspn(text, "\n");
    g_autofree char *own = g_strndup(text, n);
    text += n + (text[n] == '\n');
    char *p = g_strstrip(own);
    if (*p == 0 || *p == '#')
      continue;
    if (*p == '[') {
      char *name = p + 1 + (p[1] == '['), *end = strchr(name, ']');
      if (!end)
        return oakum_feed_invalid(error, "line %u: a table without its ]", line);
      *end = 0;
      g_free(table);
      table = g_strdup(name);
      if (!begin_table(a, table))
        return oakum_feed_invalid(error, "line %u: versions of no package", line);
      continue;
    }
    char *equal = strchr(p, '=');
    if (!equal)
      return oakum_feed_invalid(error, "line %u: neither a table nor a key", line);
    g_autofree char *key = g_strstrip(g_strndup(p, (gsize)(equal - p)));
    g_autoptr(GString) value = g_string_new(equal + 1);
    while (value->str[strspn(value->str, " \t")] == '[' && !strchr(value->str, ']') && *text) {
      n = strcspn(text, "\n");
      g_string_append_c(value, '\n');
      g_string_append_len(value, text, (gssize)n);
      text += n + (text[n] == '\n');
      line++;
    }
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    /* tables in one line and keys with dots say which functions are meant: not looked at */
    if (value->str[strspn(value->str, " \t")] == '{' || strchr(key, '.'))
      continue;
    if (!read_values(value->str, values))
      return oakum_feed_invalid(error, "line %u: a value that is none", line);
    if (values->len > 0 && !set_value(a, table, key, values))
      return FALSE;
  }
  return TRUE;
}

/* ---- the document -----------------------------------------------------------------------------
 */
static gboolean keep(OakumIngest *in, Advisory *a, GError **error)
{
  guint feed = oakum_ingest_feed(in, "haskell", NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_copy(a->names, NULL, NULL), ids = g_ptr_array_new(),
                       others = g_ptr_array_new();
  g_ptr_array_set_free_func(names, NULL);
  oakum_sort_names(a->id, names, ids, others);
  g_autofree char *date = oakum_feed_date(a->date);
  OakumCvss cvss[OAKUM_ADVISORY_CVSS_MAX];
  guint n_cvss = 0;
  OakumSeverity worst = OAKUM_SEVERITY_UNKNOWN;
  for (guint i = 0; i < a->affected->len; i++) {
    const Affected *one = a->affected->pdata[i];
    gboolean fixed = one->ranges->len > 0;
    for (guint k = 0; k < one->ranges->len; k++)
      fixed = fixed && g_array_index(one->ranges, OakumAdvisoryRange, k).fixed;
    OakumSeverity severity = one->cvss ? oakum_cvss3_severity(one->cvss) : OAKUM_SEVERITY_UNKNOWN;
    worst = MAX(worst, severity);
    if (one->cvss && n_cvss < G_N_ELEMENTS(cvss))
      cvss[n_cvss++] = (OakumCvss){g_str_has_prefix(one->cvss, "CVSS:4") ? "CVSS_V4" : "CVSS_V3",
                                   one->cvss, NULL};
    OakumAdvisory e = {.record = a->id,
                       .ids = (const char **)ids->pdata,
                       .aliases = (const char **)others->pdata,
                       .kind = OAKUM_NAME_LANGUAGE,
                       .status = fixed ? OAKUM_STATUS_FIXED : OAKUM_STATUS_AFFECTED,
                       .severity = severity,
                       .ranges = (const OakumAdvisoryRange *)one->ranges->data,
                       .n_ranges = one->ranges->len,
                       .modified = date};
    if (!one->package || one->ranges->len == 0) {
      oakum_ingest_bad(in, a->id,
                       g_error_new_literal(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                                           "what is affected has no package or no versions"));
      return TRUE;
    }
    oakum_ingest_package(in, feed, one->ecosystem, one->package, &e);
  }
  g_ptr_array_add(names, NULL);
  g_ptr_array_add(a->cwes, NULL);
  g_ptr_array_add(a->links, NULL);
  if (a->cwes->len > OAKUM_ADVISORY_CWES_MAX)
    g_ptr_array_set_size(a->cwes, OAKUM_ADVISORY_CWES_MAX), g_ptr_array_add(a->cwes, NULL);
  OakumVulnerability v = {.id = a->id,
                          .aliases = (const char **)names->pdata,
                          .title = a->title,
                          .cvss = cvss,
                          .n_cvss = n_cvss,
                          .cwes = (const char **)a->cwes->pdata,
                          .references = (const char **)a->links->pdata,
                          .published = date,
                          .severity = worst};
  oakum_ingest_vulnerability(in, feed, &v);
  return oakum_ingest_keep(in, feed, a->id, date, error);
}

static gboolean read_text(OakumIngest *in, Advisory *a, char *text, GError **error)
{
  char *begin = text + strcspn(text, "\n"), *end = strstr(begin, "\n```");
  if (!g_str_has_prefix(text, "```toml") || !end)
    return oakum_feed_invalid(error, "no block of TOML at its begin");
  *end = 0;
  const char *body = end + 4, *title = strstr(body, "\n# ");
  a->title = title ? oakum_title(title + 3) : NULL;
  if (!read_block(a, begin < end ? begin + 1 : end, error))
    return FALSE;
  if (!a->id || a->affected->len == 0)
    return oakum_feed_invalid(error, "no id, or nothing is affected");
  return keep(in, a, error);
}

gboolean oakum_read_haskell(OakumIngest *in, OakumReader *reader, GError **error)
{
  g_autoptr(OakumReader) owned = reader;
  g_autofree char *text = NULL;
  size_t len;
  if (!oakum_reader_slurp(owned, OAKUM_FEED_TEXT_MAX, "Markdown document", &text, &len, error))
    return FALSE;
  if (strlen(text) != len || !g_utf8_validate(text, (gssize)len, NULL))
    return oakum_feed_invalid(error, "it is no text in UTF-8");
  Advisory a = {.names = g_ptr_array_new_with_free_func(g_free),
                .cwes = g_ptr_array_new_with_free_func(g_free),
                .links = g_ptr_array_new_with_free_func(g_free),
                .affected = g_ptr_array_new_with_free_func(affected_free),
                .words = g_string_chunk_new(256)};
  in->documents++;
  gboolean ok = read_text(in, &a, text, error);
  GPtrArray *lists[] = {a.names, a.cwes, a.links, a.affected};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    g_ptr_array_unref(lists[i]);
  g_free(a.id);
  g_free(a.title);
  g_free(a.date);
  g_string_chunk_free(a.words);
  return ok;
}
