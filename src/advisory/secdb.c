/* Alpine's security database (secdb.alpinelinux.org; the same form at packages.wolfi.dev/os and
 * packages.cgr.dev/chainguard): one document a release and repository, packages[].pkg.secfixes. */
#include "advisory/advisory-private.h"
#include <string.h>

/* Slips of some of Alpine's: "CVE_2019-2426", "cve-2024-1", "CVE-2024-1:". */
static void spell(char *name)
{
  if (g_ascii_strncasecmp(name, "CVE", 3) != 0 || !strchr("-_", name[3]) || !name[3])
    return;
  memcpy(name, "CVE", 3);
  name[3] = '-';
  name[strcspn(name, ":.]")] = 0;
}

/* "CVE-2020-29040 XSA-355 (+ regression)": the first word is shown, further ones that look like ids
 * are other names. "CVE-2022-26358 CVE-2022-26359 XSA-400" is two holes: each CVE is one of its
 * own, and what is no CVE another name of each. */
static void split_names(char **words, GPtrArray *holes, GPtrArray *others)
{
  for (char **word = words; *word; word++) {
    spell(*word);
    gboolean id = g_ascii_isupper(**word) && strchr(*word, '-') && strpbrk(*word, "0123456789");
    if (g_str_has_prefix(*word, "CVE-"))
      g_ptr_array_add(holes, *word);
    else if (id || (word == words && **word))
      g_ptr_array_add(others, *word);
  }
  if (holes->len < 2) { /* as they stand */
    g_ptr_array_extend(others, holes, NULL, NULL);
    g_ptr_array_set_size(holes, 0);
    g_ptr_array_add(holes, words[0]);
    g_ptr_array_remove(others, words[0]);
  }
  g_ptr_array_add(others, NULL);
}

/* What stands between the names of one line. */
static const char between[] = " \t\r\n,;()";

typedef struct {
  const char *version, *text; /* borrowed from the document */
} Fix;

/* Lua wrote the older documents: an empty list is an empty object there, and the other way round.
 */
static gboolean is_empty(const json_t *json)
{
  return json_is_null(json) || (json_is_array(json) && json_array_size(json) == 0) ||
         (json_is_object(json) && json_object_size(json) == 0);
}

static gboolean read_fixes(const json_t *fixes, GArray *out, GError **error)
{
  const char *version;
  json_t *ids;
  json_object_foreach((json_t *)fixes, version, ids)
  {
    if (is_empty(ids))
      continue;
    if (!json_is_array(ids) || !*version)
      return oakum_feed_invalid(error, "a fix is not \"version\": [id]");
    for (size_t i = 0; i < json_array_size(ids); i++) {
      Fix fix = {version, json_string_value(json_array_get(ids, i))};
      if (!fix.text)
        return oakum_feed_invalid(error, "a fix of something without a name");
      if (fix.text[strspn(fix.text, between)])
        g_array_append_val(out, fix);
    }
  }
  return TRUE;
}

static void add_fix(OakumIngest *in, guint feed, const char *ecosystem, const char *package,
                    const char *repository, const Fix *fix)
{
  g_auto(GStrv) words = g_strsplit_set(fix->text + strspn(fix->text, between), between, -1);
  g_autoptr(GPtrArray) holes = g_ptr_array_new(), others = g_ptr_array_new();
  split_names(words, holes, others);
  /* "0": the package was never affected */
  gboolean never = strcmp(fix->version, "0") == 0;
  OakumAdvisoryRange range = {NULL, fix->version, NULL, FALSE};
  for (guint i = 0; i < holes->len; i++) {
    OakumAdvisory e = {.record = holes->pdata[i],
                       .aliases = (const char **)others->pdata,
                       .kind = OAKUM_NAME_SOURCE,
                       .status = never ? OAKUM_STATUS_NOT_AFFECTED : OAKUM_STATUS_FIXED,
                       .ranges = never ? NULL : &range,
                       .n_ranges = never ? 0 : 1,
                       .product = repository};
    oakum_ingest_package(in, feed, ecosystem, package, &e);
    if (!others->pdata[0])
      continue;
    OakumVulnerability v = {.id = holes->pdata[i], .aliases = (const char **)others->pdata};
    oakum_ingest_vulnerability(in, feed, &v);
  }
}

typedef struct {
  char *release, *repository, *prefix, *archurl;
  GPtrArray *packages; /* json_t: read before the release was known */
} Header;

static gboolean read_package(OakumIngest *in, guint feed, const char *ecosystem,
                             const char *repository, const json_t *json, GError **error)
{
  const json_t *package = json_object_get(json, "pkg");
  const char *name = oakum_text_of(package, "name");
  const json_t *fixes = json_object_get(package, "secfixes");
  g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Fix));
  g_autoptr(GError) local = NULL;
  if (!name || (fixes && !json_is_object(fixes) && !is_empty(fixes)))
    (void)!oakum_feed_invalid(&local, "a package has no name, or \"secfixes\" that is no object");
  else if (json_is_object(fixes))
    (void)!read_fixes(fixes, list, &local);
  if (local) {
    oakum_ingest_bad(in, name, g_steal_pointer(&local));
    return TRUE;
  }
  for (guint i = 0; i < list->len; i++)
    add_fix(in, feed, ecosystem, name, repository, &g_array_index(list, Fix, i));
  return oakum_ingest_keep(in, feed, NULL, NULL, error);
}

static void header_clear(Header *h)
{
  g_free(h->release);
  g_free(h->repository);
  g_free(h->prefix);
  g_free(h->archurl);
  g_ptr_array_unref(h->packages);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Header, header_clear)

/* Wolfi and Chainguard have no release. */
static char *ecosystem_of(const Header *h)
{
  if ((h->prefix && strstr(h->prefix, "packages.wolfi.dev")) || g_strcmp0(h->repository, "os") == 0)
    return g_strdup("Wolfi");
  if ((h->prefix && strstr(h->prefix, "packages.cgr.dev")) ||
      g_strcmp0(h->repository, "chainguard") == 0)
    return g_strdup("Chainguard");
  if (h->prefix && strstr(h->prefix, "minimos"))
    return g_strdup("MinimOS");
  return h->release && h->repository ? g_strconcat("Alpine:", h->release, NULL) : NULL;
}

static gboolean finish(OakumIngest *in, const Header *h, gboolean listed, GError **error)
{
  g_autofree char *ecosystem = listed ? ecosystem_of(h) : NULL;
  if (!ecosystem)
    return oakum_feed_invalid(error, "no Alpine security database: \"distroversion\", "
                                     "\"reponame\" or \"packages\" is missing");
  const char *colon = strchr(ecosystem, ':');
  g_autofree char *part =
      colon ? g_strdup_printf("%s %s", colon + 1, h->repository) : g_strdup(ecosystem);
  guint feed = oakum_ingest_feed(in, "alpine-secdb", part);
  oakum_ingest_whole(in, feed);
  in->documents++;
  for (guint i = 0; i < h->packages->len; i++)
    if (!read_package(in, feed, ecosystem, h->repository, h->packages->pdata[i], error))
      return FALSE;
  return TRUE;
}

gboolean oakum_read_secdb(OakumIngest *in, OakumReader *reader, GError **error)
{
  static const char *const opened[] = {"packages", NULL};
  g_autoptr(OakumJsonSplit) split = oakum_json_split_new(reader, OAKUM_SPLIT_MEMBERS, opened);
  g_auto(Header) h = {.packages = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref)};
  gboolean listed = FALSE;
  const char *parent, *key;
  json_t *json;
  int more;
  while ((more = oakum_json_split_next(split, &parent, &key, &json, NULL, error)) > 0) {
    OAKUM_AUTO_JSON *owned = json;
    const char *text = json_string_value(json);
    char **slot = g_strcmp0(key, "distroversion") == 0 ? &h.release
                  : g_strcmp0(key, "reponame") == 0    ? &h.repository
                  : g_strcmp0(key, "urlprefix") == 0   ? &h.prefix
                                                       : NULL;
    if (parent && !key) {
      g_ptr_array_add(h.packages, g_steal_pointer(&owned));
      listed = TRUE;
      if (h.packages->len > OAKUM_ADVISORY_ROWS_MAX)
        return oakum_feed_invalid(error, "too many packages");
    } else if (slot && !parent && text && *text) {
      g_free(*slot);
      *slot = g_strdup(text);
    } else if (g_strcmp0(key, "packages") == 0 && !parent && !json_is_array(json)) {
      return oakum_feed_invalid(error, "\"packages\" is no list");
    }
  }
  if (more < 0)
    return FALSE;
  return finish(in, &h, listed || oakum_json_split_opened(split), error);
}
