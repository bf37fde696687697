/* One finding, told from its proof to its way out. */
#include "match/match-private.h"
#include <string.h>

static void line(GString *out, const char *label, const char *text)
{
  if (!text || !*text)
    return;
  g_autofree char *safe = oakum_escape_terminal(text, -1);
  g_string_append_printf(out, "  %-12s %s\n", label, safe);
}

static const OakumPackage *package_of(const OakumFinding *f, const OakumCatalog *catalog)
{
  for (guint i = 0; i < catalog->packages->len; i++) {
    const OakumPackage *p = catalog->packages->pdata[i];
    if (g_strcmp0(p->purl, f->package_purl) == 0 && g_strcmp0(p->name, f->package_name) == 0 &&
        p->layer_index == f->layer_index)
      return p;
  }
  return NULL;
}

static void tell_proof(GString *out, const OakumPackage *p)
{
  for (guint i = 0; p && i < p->paths->len; i++) {
    g_autofree char *offset =
        i == 0 && p->offset ? g_strdup_printf(", at byte %" G_GUINT64_FORMAT, p->offset) : NULL;
    g_autofree char *text = g_strdup_printf(
        "/%s%s%s%s", (char *)p->paths->pdata[i], offset ? offset : "",
        i == 0 && p->found_by ? ", read by " : "", i == 0 && p->found_by ? p->found_by : "");
    line(out, i == 0 ? "proof" : "within", text);
  }
  if (p && p->guessed)
    line(out, "", "the version is drawn from a name or a string, not declared");
}

static void tell_place(GString *out, const OakumFinding *f)
{
  if (f->layer_index >= 0) {
    g_autofree char *text =
        g_strdup_printf("%d%s%s", f->layer_index, f->layer ? ", " : "", f->layer ? f->layer : "");
    line(out, "layer", text);
  }
  if (f->dockerfile_line > 0) {
    g_autofree char *text = g_strdup_printf("line %d of the Dockerfile", f->dockerfile_line);
    line(out, "from", text);
  }
}

static void tell_records(GString *out, const OakumFinding *f)
{
  for (guint i = 0; f->records && i < f->records->len; i++) {
    const OakumFindingRecord *r = f->records->pdata[i];
    g_autofree char *text = g_strdup_printf(
        "%s%s of %s%s%s, %.10s: %s%s%s%s%s", r->decided ? "* " : "  ", r->record, r->feed,
        r->part && *r->part ? " " : "", r->part ? r->part : "", r->date ? r->date : "no date",
        r->status, r->fixed ? " in " : "", r->fixed ? r->fixed : "", r->severity ? ", " : "",
        r->severity ? r->severity : "");
    line(out, i == 0 ? "records" : "", text);
  }
}

static void tell_severity(GString *out, const OakumFinding *f)
{
  g_autofree char *text =
      g_strdup_printf("%s, by %s", oakum_severity_name(f->severity),
                      f->severity_by ? f->severity_by : "nobody: no record rates it");
  line(out, "severity", text);
  if (f->cvss_vector) {
    g_autofree char *cvss = g_strdup_printf("%.1f %s", f->cvss, f->cvss_vector);
    line(out, "cvss", cvss);
  }
  if (f->epss >= 0) {
    g_autofree char *epss =
        g_strdup_printf("%.4f, higher than %.1f %% of all", f->epss, f->epss_percentile * 100);
    line(out, "epss", epss);
  }
  if (f->kev)
    line(out, "exploited",
         f->ransomware ? "yes (CISA KEV), in campaigns for ransom" : "yes (CISA KEV)");
  g_autofree char *risk = g_strdup_printf("%.1f of 100", f->risk);
  line(out, "risk", risk);
}

char *oakum_match_explain(const OakumFinding *f, const OakumCatalog *catalog)
{
  GString *out = g_string_new(NULL);
  const OakumPackage *p = package_of(f, catalog);
  g_autofree char *head = oakum_escape_terminal(f->id, -1);
  g_autofree char *name = oakum_escape_terminal(f->package_name, -1);
  g_autofree char *version = oakum_escape_terminal(f->package_version, -1);
  g_string_append_printf(out, "%s in %s %s\n", head, name, version);
  line(out, "title", f->title);
  g_autofree char *aliases = f->aliases ? g_strjoinv(", ", f->aliases) : NULL;
  line(out, "also", aliases);
  line(out, "package", f->package_purl);
  tell_proof(out, p);
  if (p && p->source_name && g_strcmp0(p->source_name, p->name) != 0) {
    g_autofree char *built = g_strdup_printf("%s %s", p->source_name, p->source_version);
    line(out, "built from", built);
  }
  if (p && p->owner)
    line(out, "installed by", p->owner);
  tell_place(out, f);
  tell_records(out, f);
  g_autofree char *looked =
      g_strdup_printf("by %s name%s", f->by ? f->by : "?",
                      g_strcmp0(f->by, "cpe") == 0 ? ": it may stand for something else" : "");
  line(out, "looked up", looked);
  line(out, "compared", f->compared);
  line(out, "status", f->status);
  tell_severity(out, f);
  line(out, "why", f->why);
  g_autofree char *fix =
      f->fix ? g_strdup_printf("%s%s%.10s%s", f->fix, f->fix_date ? " (out since " : "",
                               f->fix_date ? f->fix_date : "", f->fix_date ? ")" : "")
             : g_strdup(p && p->layer_index == 0
                            ? "no version is known: another base image, or no such package"
                            : "no version is known: remove the package, or what needs it");
  line(out, "way out", fix);
  line(out, "suppressed", f->suppressed);
  return g_string_free(out, FALSE);
}
