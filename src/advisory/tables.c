/* Red Hat's table of repositories, and tables drawn from VulnerableCode: by package ({"package",
 * "cves": {CVE: [affected, fixed]}}), and by CVE ({"cve", "fixed": [[release, package, version]]}).
 */
#include "advisory/advisory-private.h"

/* Where a package of the table is: "archlinux/x" of Arch, "category/x" of Gentoo, else Debian's. */
static const char *place_of(const char **package, const char **part)
{
  if (g_str_has_prefix(*package, "archlinux/")) {
    *package += 10;
    *part = "Arch";
    return "Arch";
  }
  *part = strchr(*package, '/') ? "Gentoo" : "Debian";
  return *part;
}

static GPtrArray *versions_of(const json_t *list)
{
  GPtrArray *out = oakum_strings_of(list);
  for (guint i = 0; out->pdata[i];)
    if (strcmp(out->pdata[i], "0") == 0) /* "never affected", of one release or other */
      g_ptr_array_remove_index(out, i);
    else
      i++;
  return out;
}

static gboolean by_package(OakumIngest *in, const json_t *json, OakumKept *kept, GError **error)
{
  const char *package = oakum_text_of(json, "package"), *part, *cve;
  const json_t *cves = json_object_get(json, "cves");
  json_t *lists;
  kept->record = NULL;
  if (!package || !json_is_object(cves))
    return oakum_feed_invalid(error, "a record without package or cves");
  const char *ecosystem = place_of(&package, &part);
  kept->feed = oakum_ingest_feed(in, "table", part);
  json_object_foreach((json_t *)cves, cve, lists)
  {
    g_autoptr(GPtrArray) affected = versions_of(json_array_get(lists, 0)),
                         fixed = versions_of(json_array_get(lists, 1));
    if (!*cve || json_array_size(lists) != 2)
      return oakum_feed_invalid(error, "%s: %s is not [affected, fixed]", package, cve);
    /* A rolling distribution with one fix: everything in front of it. */
    gboolean range = fixed->len == 2 && strcmp(part, "Debian") != 0;
    OakumAdvisoryRange before = {NULL, fixed->pdata[0], NULL, FALSE};
    OakumAdvisory e = {.record = cve,
                       .kind = strcmp(part, "Debian") == 0 ? OAKUM_NAME_SOURCE : OAKUM_NAME_BINARY,
                       .status = fixed->len > 1 ? OAKUM_STATUS_FIXED : OAKUM_STATUS_AFFECTED,
                       .ranges = &before,
                       .n_ranges = range ? 1 : 0,
                       .versions = range ? NULL : (const char **)affected->pdata,
                       .fixes = range ? NULL : (const char **)fixed->pdata};
    if (affected->len > 1 || fixed->len > 1)
      oakum_ingest_package(in, kept->feed, ecosystem, package, &e);
  }
  return TRUE;
}

/* "Red Hat:el8" to "Red Hat:8"; of releases not told, "Red Hat". */
static char *redhat_release(const char *text)
{
  const char *el = strstr(text, ":el");
  return el && g_ascii_isdigit(el[3]) ? g_strconcat("Red Hat:", el + 3, NULL) : g_strdup("Red Hat");
}

static gboolean by_cve(OakumIngest *in, const json_t *json, OakumKept *kept, GError **error)
{
  const char *cve = oakum_text_of(json, "cve");
  const json_t *fixed = json_object_get(json, "fixed");
  kept->feed = oakum_ingest_feed(in, "table", "Red Hat");
  kept->record = cve;
  if (!cve || !json_is_array(fixed))
    return oakum_feed_invalid(error, "a record without cve or fixed");
  for (size_t i = 0; i < json_array_size(fixed); i++) {
    const json_t *row = json_array_get(fixed, i);
    const char *release = json_string_value(json_array_get(row, 0)),
               *name = json_string_value(json_array_get(row, 1)),
               *version = json_string_value(json_array_get(row, 2));
    if (!release || !name || !version || !*name || !*version)
      return oakum_feed_invalid(error, "a fix is not [release, package, version]");
    g_autofree char *ecosystem = redhat_release(release);
    OakumAdvisoryRange range = {NULL, version, NULL, FALSE};
    OakumAdvisory e = {.record = cve,
                       .kind = OAKUM_NAME_BINARY,
                       .status = OAKUM_STATUS_FIXED,
                       .ranges = &range,
                       .n_ranges = 1};
    oakum_ingest_package(in, kept->feed, ecosystem, name, &e);
  }
  return TRUE;
}

static gboolean read_row(OakumIngest *in, gpointer user, const char *parent, const char *key,
                         const json_t *json, OakumKept *kept, GError **error)
{
  return json_object_get(json, "cves") ? by_package(in, json, kept, error)
                                       : by_cve(in, json, kept, error);
}

gboolean oakum_read_table(OakumIngest *in, OakumReader *reader, GError **error)
{
  return oakum_read_records(in, reader, OAKUM_SPLIT_VALUES, NULL, read_row, NULL, error);
}

/* ---- Red Hat's repositories --------------------------------------------------------------------
 */
/* {"data": {"rhel-9-for-x86_64-baseos-rpms": {"cpes":
 * ["cpe:/o:redhat:enterprise_linux:9::baseos"]}}} becomes a record for each repository, with a row
 * for each product that it brings. */
static gboolean read_repository(OakumIngest *in, gpointer user, const char *parent, const char *key,
                                const json_t *json, OakumKept *kept, GError **error)
{
  kept->feed = *(guint *)user;
  if (!parent) {
    kept->skip = TRUE;
    return TRUE;
  }
  const json_t *list = json_object_get(json, "cpes");
  if (!key || !*key || !json_is_array(list))
    return oakum_feed_invalid(error, "a repository without cpes");
  kept->record = key;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *cpe = json_string_value(json_array_get(list, i));
    if (!cpe || !g_str_has_prefix(cpe, "cpe:"))
      return oakum_feed_invalid(error, "a product that is no CPE");
    OakumAdvisory e = {.record = key, .kind = OAKUM_NAME_PRODUCT, .product = cpe};
    oakum_ingest_package(in, kept->feed, OAKUM_ECOSYSTEM_REPOSITORIES, key, &e);
  }
  return TRUE;
}

gboolean oakum_read_repositories(OakumIngest *in, OakumReader *reader, GError **error)
{
  static const char *const opened[] = {"data", NULL};
  guint feed = oakum_ingest_feed(in, "redhat-repositories", NULL);
  guint64 good = in->good;
  in->documents++;
  oakum_ingest_whole(in, feed);
  if (!oakum_read_records(in, reader, OAKUM_SPLIT_MEMBERS, opened, read_repository, &feed, error))
    return FALSE;
  return in->good > good || in->bad || oakum_feed_invalid(error, "no repository is in it");
}
