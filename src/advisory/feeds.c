/* The table of feeds: who publishes, where, in what form, under which licence. */
#include "advisory/advisory-private.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static gboolean is_json(const char *head)
{
  head += strspn(head, " \t\r\n\xef\xbb\xbf");
  return *head == '{' || *head == '[';
}

static gboolean json_with(const char *head, const char *a, const char *b)
{
  return is_json(head) && strstr(head, a) && (!b || strstr(head, b));
}

static gboolean sniff_secdb(const char *head, const char *name)
{
  return json_with(head, "\"secfixes\"", NULL) || json_with(head, "\"distroversion\"", NULL) ||
         json_with(head, "\"reponame\"", "\"packages\"");
}

static gboolean sniff_osv(const char *head, const char *name)
{
  return json_with(head, "\"schema_version\"", NULL) ||
         (json_with(head, "\"id\"", "\"affected\"") && strstr(head, "\"modified\"")) ||
         strstr(name, ".osv.json") != NULL;
}

static gboolean sniff_rows(const char *head, const char *name)
{
  return json_with(head, "\"ecosystem\"", "\"record\"") && !strstr(head, "\"affected\":");
}

const OakumFeedRow oakum_feed_rows[] = {
    {{"osv", "OSV: GitHub, PyPA, Go, RustSec, RubySec, npm, distributions …",
      "OSV schema 1.x: a record, a list, a record a line, or all.zip of an ecosystem",
      "of each database (GHSA, PyPA, Go: CC-BY-4.0; RustSec: CC0-1.0)", "each record's ecosystem",
      LIST("https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/Maven/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/Go/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/crates.io/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/RubyGems/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/Packagist/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/NuGet/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/Hex/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/Pub/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/Hackage/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/CRAN/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/Bitnami/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/AlmaLinux/all.zip",
           "https://osv-vulnerabilities.storage.googleapis.com/Rocky%20Linux/all.zip")},
     oakum_read_osv,
     sniff_osv},
    {{"alpine-secdb", "Alpine, Wolfi and Chainguard: fixes by package",
      "secdb JSON, one document a release and repository",
      "CC-BY-SA-4.0 (Alpine), Apache-2.0 (Wolfi)", "Alpine:vX.Y, Alpine:edge, Wolfi, Chainguard",
      LIST("https://secdb.alpinelinux.org/v3.20/main.json")},
     oakum_read_secdb,
     sniff_secdb},
    {{"rows", "oakum: rows of packages as its own export writes them", "JSON, an object a line",
      "of whatever was exported", "as the rows say", LIST("")},
     oakum_read_rows,
     sniff_rows},
    {{NULL}, NULL, NULL},
};

const OakumFeedInfo *oakum_feed_find(const char *name)
{
  for (const OakumFeedRow *row = oakum_feed_rows; row->info.name; row++)
    if (strcmp(row->info.name, name) == 0)
      return &row->info;
  return NULL;
}

const OakumFeedInfo *const *oakum_feeds(void)
{
  static const OakumFeedInfo *list[G_N_ELEMENTS(oakum_feed_rows)];
  for (size_t i = 0; i < G_N_ELEMENTS(oakum_feed_rows) - 1; i++)
    list[i] = &oakum_feed_rows[i].info;
  return list;
}
