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
    if (strcmp(p->paths->pdata[i], OAKUM_SBOM_DOCUMENT) == 0) {
      line(out, "proof", "the bill of materials");
      continue;
    }
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

static const OakumLayerOrigin *origin_of(const OakumFinding *f, const OakumCatalog *catalog)
{
  return f->layer_index >= 0 && (guint)f->layer_index < catalog->layers->len
             ? catalog->layers->pdata[f->layer_index]
             : NULL;
}

/* Whether the base image brought it: the build knows (a line, or none), the history lets one guess.
 */
static gboolean is_of_base(const OakumFinding *f, const OakumCatalog *catalog,
                           const OakumMatchOptions *options)
{
  const OakumLayerOrigin *origin = origin_of(f, catalog);
  if (options && options->layer_lines)
    return f->layer_index >= 0 && f->dockerfile_line <= 0;
  return origin && origin->base;
}

static void tell_place(GString *out, const OakumFinding *f, const OakumCatalog *catalog,
                       const OakumMatchOptions *options)
{
  const OakumLayerOrigin *origin = origin_of(f, catalog);
  if (f->layer_index >= 0 && (f->layer || origin)) { /* else there is but one, and no image */
    g_autofree char *of = origin ? g_strdup_printf(" of %u", catalog->layers->len) : g_strdup("");
    g_autofree char *text = g_strdup_printf("%d%s%s%s", f->layer_index + 1, of,
                                            f->layer ? ", " : "", f->layer ? f->layer : "");
    line(out, "layer", text);
  }
  if (origin && origin->created_by) {
    g_autofree char *valid = g_utf8_make_valid(origin->created_by, -1);
    g_autofree char *flat = g_strdelimit(valid ? g_strdup(valid) : NULL, "\t\r\n", ' ');
    g_autofree char *made = g_utf8_strlen(flat, -1) > (glong)OAKUM_EXPLAIN_LINE_MAX
                                ? g_utf8_substring(flat, 0, OAKUM_EXPLAIN_LINE_MAX)
                                : g_strdup(flat);
    line(out, "made by", made);
  }
  if (f->dockerfile_line > 0) {
    g_autofree char *text = g_strdup_printf("line %d of the Dockerfile", f->dockerfile_line);
    line(out, "from", text);
  }
  if (is_of_base(f, catalog, options)) {
    g_autofree char *text = g_strdup_printf(
        "the layer is the base image's%s%s%s", catalog->base ? ", " : "",
        catalog->base ? catalog->base : "",
        options && options->layer_lines ? "" : " (by where the history has the base's CMD)");
    line(out, "base", text);
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

static const char *name_word(const char *by)
{
  static const char *const words[][2] = {{"source", "name of the source"},
                                         {"binary", "name of the package"},
                                         {"language", "name in the registry"},
                                         {"cpe", "CPE's vendor and product"}};
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (g_strcmp0(by, words[i][0]) == 0)
      return words[i][1];
  return "name";
}

static void tell_ways_out(GString *out, const OakumFinding *f, const OakumPackage *p, gboolean base)
{
  g_autofree char *since =
      f->fix && f->fix_date ? g_strdup_printf(" (out since %.10s)", f->fix_date) : g_strdup("");
  g_autofree char *upgrade = f->fix ? g_strconcat(f->fix, since, NULL) : NULL;
  const char *none = g_strcmp0(f->status, "will_not_fix") == 0  ? "the vendor will not mend it"
                     : g_strcmp0(f->status, "end_of_life") == 0 ? "the vendor no longer mends it"
                     : g_strcmp0(f->status, "fix_deferred") == 0
                         ? "the vendor mends it later: no version is known yet"
                         : "no version is known that mends it";
  line(out, "way out", upgrade ? upgrade : none);
  if (base)
    line(out, "",
         f->fix ? "or take a base image that has it: the package came with the base"
                : "take another base image: the package came with the base");
  if (p && p->owner)
    line(out, "", "or upgrade or remove the package of the system that installed it");
  else
    line(out, "", "or remove the package, when nothing needs it");
}

static char *explain_end(const OakumFinding *f)
{
  GString *out = g_string_new(NULL);
  g_autofree char *head = oakum_escape_terminal(f->id, -1);
  g_string_append_printf(out, "%s\n", head);
  line(out, "title", f->title);
  tell_records(out, f);
  line(out, "why", f->why);
  line(out, "way out", f->fix);
  return g_string_free(out, FALSE);
}

char *oakum_match_explain(const OakumFinding *f, const OakumCatalog *catalog,
                          const OakumMatchOptions *options)
{
  if (f->kind == OAKUM_FINDING_EOL)
    return explain_end(f);
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
  tell_place(out, f, catalog, options);
  tell_records(out, f);
  g_autofree char *row =
      f->looked_up ? g_strdup_printf("%s of %s, ", f->looked_up, f->ecosystem) : g_strdup("");
  g_autofree char *looked =
      g_strdup_printf("%sas the %s%s", row, name_word(f->by),
                      g_strcmp0(f->by, "cpe") == 0 ? ": it may stand for something else" : "");
  line(out, "looked up", looked);
  line(out, "compared", f->compared);
  line(out, "status", f->status);
  tell_severity(out, f);
  line(out, "why", f->why);
  tell_ways_out(out, f, p, is_of_base(f, catalog, options));
  line(out, "suppressed", f->suppressed);
  return g_string_free(out, FALSE);
}
