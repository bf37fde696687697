/* GitHub's dependency submission: POST /repos/{owner}/{repo}/dependency-graph/snapshots. */
#include "report/report-private.h"
#include <string.h>

static gboolean is_commit(const char *text)
{
  size_t len = text ? strlen(text) : 0;
  return (len == 40 || len == 64) && strspn(text, "0123456789abcdefABCDEF") == len;
}

static json_t *manifest(const OakumResult *result, const char *type)
{
  json_t *object = json_object(), *resolved = json_object();
  for (guint i = 0; i < result->catalog->packages->len; i++) {
    const OakumPackage *p = result->catalog->packages->pdata[i];
    if (!p->purl || strcmp(p->type, type) != 0)
      continue;
    json_t *row = json_object();
    json_object_set_new(row, "package_url", oakum_sbom_text(p->purl));
    json_object_set_new(row, "relationship", json_string(p->owner ? "indirect" : "direct"));
    json_object_set_new(row, "scope", json_string("runtime"));
    g_autofree char *key = oakum_escape_utf8(p->purl, -1);
    json_object_set_new(resolved, key, row);
  }
  g_autofree char *name = g_strdup_printf("%s (%s)", result->target, type);
  json_object_set_new(object, "name", oakum_sbom_text(name));
  json_object_set_new(object, "resolved", resolved);
  return object;
}

char *oakum_report_github(const OakumResult *result, GError **error)
{
  const OakumReportRun *run = &result->run;
  if (!is_commit(run->commit) || !run->ref || !g_str_has_prefix(run->ref, "refs/")) {
    g_set_error(error, OAKUM_REPORT_ERROR, OAKUM_ERROR_USAGE,
                "format github: it names a commit and a branch, and neither is known; set "
                "GITHUB_SHA to 40 hexadecimal digits and GITHUB_REF to refs/heads/NAME");
    return NULL;
  }
  json_t *json = json_object(), *job = json_object(), *detector = json_object(),
         *manifests = json_object();
  json_object_set_new(job, "id", oakum_sbom_text(run->job ? run->job : "oakum"));
  json_object_set_new(job, "correlator",
                      oakum_sbom_text(run->correlator ? run->correlator : "oakum"));
  json_object_set_new(detector, "name", json_string("oakum"));
  json_object_set_new(detector, "version", json_string(OAKUM_VERSION));
  json_object_set_new(detector, "url", json_string("https://github.com/oakum/oakum"));
  for (guint i = 0; i < result->catalog->packages->len; i++) {
    const OakumPackage *p = result->catalog->packages->pdata[i];
    g_autofree char *name = g_strdup_printf("%s:%s", result->target, p->type),
                    *key = oakum_escape_utf8(name, -1);
    if (!json_object_get(manifests, key))
      json_object_set_new(manifests, key, manifest(result, p->type));
  }
  json_object_set_new(json, "version", json_integer(0));
  json_object_set_new(json, "job", job);
  json_object_set_new(json, "sha", oakum_sbom_text(run->commit));
  json_object_set_new(json, "ref", oakum_sbom_text(run->ref));
  json_object_set_new(json, "detector", detector);
  json_object_set_new(json, "scanned", json_string(oakum_report_time(result)));
  json_object_set_new(json, "manifests", manifests);
  return oakum_report_dump(json);
}
