/* A saved result (docs/result.md) back to what it was made of. It may come from anybody: wrong
 * types are errors that name the key, and counts are bounded. */
#include "report/report.h"
#include <string.h>

/* ---- what is bound ------------------------------------------------------------------------- */
typedef struct {
  char *name, *version;
} Source;
typedef struct {
  char *name, *version, *type, *arch, *purl, *layer, *space, *license, *module, *cpe, *owner,
      *maintainer, *found_by;
  char **paths;
  Source source;
  gboolean guessed;
  uint64_t offset;
  int64_t layer_index;
} Package;
typedef struct {
  char *feed, *part, *record, *date, *status, *fixed, *severity;
  gboolean decided;
} Record;
typedef struct {
  char *name, *version, *purl;
} Named;
typedef struct {
  char *id, *severity, *title, *source, *fixed, *status, *advisory, *layer, *why, *fix, *by,
      *compared, *fix_date, *severity_by, *cvss_vector, *suppressed, *ecosystem, *looked_up,
      *kev_due, *first_seen;
  char **aliases;
  Named package;
  int64_t line, layer_index;
  gboolean kev, ransomware;
  json_t *cvss, *epss, *percentile, *risk;
  GPtrArray *records;
} Hole;
typedef struct {
  char *id, *severity, *title, *why, *fix, *file, *category, *code, *match, *layer, *suppressed;
  Named package;
  int64_t line, layer_index, dockerfile_line;
  gboolean gone;
} Seen;
typedef struct {
  char *id, *title, *fix, *suppressed;
} Note;
typedef struct {
  char *name, *verdict;
  char **saw;
  int64_t count, unsure, max;
} Rule;
typedef struct {
  char *kind;
  char **reasons, **notes;
  GPtrArray *rules;
} Verdict;
typedef struct {
  char *id, *version, *name, *ecosystem;
} Os;
typedef struct {
  char *path, *newest;
} Database;
typedef struct {
  char *digest, *diff_id, *created_by;
  int64_t size;
  gboolean base;
} Origin;
typedef struct {
  uint64_t schema;
  char *target, *dockerfile, *base;
  GPtrArray *layers;
  Os distro;
  Database database;
  GPtrArray *packages, *findings, *suppressed, *secrets, *hygiene, *licenses, *ended, *incomplete;
  Verdict verdict;
  json_t *image;
} Document;

#define MAKE(Type)                                                                                 \
  static gpointer make_##Type(void)                                                                \
  {                                                                                                \
    return g_new0(Type, 1);                                                                        \
  }
MAKE(Record)
MAKE(Rule)
MAKE(Note)
static gpointer make_Origin(void)
{
  Origin *o = g_new0(Origin, 1);
  o->size = -1;
  return o;
}
static gpointer make_Package(void)
{
  Package *p = g_new0(Package, 1);
  p->layer_index = -1;
  return p;
}
static gpointer make_Seen(void)
{
  Seen *s = g_new0(Seen, 1);
  s->layer_index = -1;
  return s;
}
static gpointer make_Hole(void)
{
  Hole *h = g_new0(Hole, 1);
  h->layer_index = -1;
  return h;
}

#define TEXT(Type, key, field)                                                                     \
  {                                                                                                \
    key, OAKUM_JSON_STRING, offsetof(Type, field), FALSE, NULL, NULL, NULL, 0                      \
  }
#define NEED(Type, key, field)                                                                     \
  {                                                                                                \
    key, OAKUM_JSON_STRING, offsetof(Type, field), TRUE, NULL, NULL, NULL, 0                       \
  }
#define ONE(Type, key, kind, field)                                                                \
  {                                                                                                \
    key, kind, offsetof(Type, field), FALSE, NULL, NULL, NULL, 0                                   \
  }
#define PART(Type, key, field, table)                                                              \
  {                                                                                                \
    key, OAKUM_JSON_OBJECT, offsetof(Type, field), FALSE, table, NULL, NULL, 0                     \
  }
#define LIST(Type, key, field, table, of, limit)                                                   \
  {                                                                                                \
    key, OAKUM_JSON_ARRAY, offsetof(Type, field), FALSE, table, make_##of, of##_free, limit        \
  }

static const OakumJsonField source_fields[] = {
    TEXT(Source, "name", name), TEXT(Source, "version", version), {0}};
static const OakumJsonField package_fields[] = {
    NEED(Package, "name", name),
    NEED(Package, "version", version),
    NEED(Package, "type", type),
    TEXT(Package, "arch", arch),
    TEXT(Package, "purl", purl),
    TEXT(Package, "layer", layer),
    TEXT(Package, "namespace", space),
    TEXT(Package, "license", license),
    TEXT(Package, "module", module),
    TEXT(Package, "cpe", cpe),
    TEXT(Package, "owner", owner),
    TEXT(Package, "maintainer", maintainer),
    TEXT(Package, "foundBy", found_by),
    {"paths", OAKUM_JSON_STRV, offsetof(Package, paths), FALSE, NULL, NULL, NULL,
     OAKUM_RESULT_PATHS_MAX},
    PART(Package, "source", source, source_fields),
    ONE(Package, "guessed", OAKUM_JSON_BOOL, guessed),
    ONE(Package, "offset", OAKUM_JSON_U64, offset),
    ONE(Package, "layer_index", OAKUM_JSON_I64, layer_index),
    {0}};
static const OakumJsonField record_fields[] = {TEXT(Record, "feed", feed),
                                               TEXT(Record, "part", part),
                                               TEXT(Record, "record", record),
                                               TEXT(Record, "date", date),
                                               TEXT(Record, "status", status),
                                               TEXT(Record, "fixed", fixed),
                                               TEXT(Record, "severity", severity),
                                               ONE(Record, "decided", OAKUM_JSON_BOOL, decided),
                                               {0}};
static const OakumJsonField named_fields[] = {
    TEXT(Named, "name", name), TEXT(Named, "version", version), TEXT(Named, "purl", purl), {0}};
static const OakumJsonField note_fields[] = {NEED(Note, "id", id),
                                             TEXT(Note, "title", title),
                                             TEXT(Note, "fix", fix),
                                             TEXT(Note, "suppressed", suppressed),
                                             {0}};
static const OakumJsonField origin_fields[] = {TEXT(Origin, "digest", digest),
                                               TEXT(Origin, "diff_id", diff_id),
                                               ONE(Origin, "size", OAKUM_JSON_I64, size),
                                               TEXT(Origin, "created_by", created_by),
                                               ONE(Origin, "base", OAKUM_JSON_BOOL, base),
                                               {0}};
static const OakumJsonField rule_fields[] = {NEED(Rule, "name", name),
                                             NEED(Rule, "verdict", verdict),
                                             ONE(Rule, "count", OAKUM_JSON_I64, count),
                                             ONE(Rule, "unsure", OAKUM_JSON_I64, unsure),
                                             ONE(Rule, "max", OAKUM_JSON_I64, max),
                                             ONE(Rule, "saw", OAKUM_JSON_STRV, saw),
                                             {0}};
static const OakumJsonField os_fields[] = {TEXT(Os, "id", id),
                                           TEXT(Os, "version", version),
                                           TEXT(Os, "name", name),
                                           TEXT(Os, "ecosystem", ecosystem),
                                           {0}};
static const OakumJsonField database_fields[] = {
    TEXT(Database, "path", path), TEXT(Database, "newest", newest), {0}};

static void free_fields(const OakumJsonField *fields, void *from)
{
  for (; fields->key; fields++) {
    void *at = (char *)from + fields->offset;
    switch (fields->kind) {
    case OAKUM_JSON_STRING:
      g_free(*(char **)at);
      break;
    case OAKUM_JSON_STRV:
      g_strfreev(*(char ***)at);
      break;
    case OAKUM_JSON_OBJECT:
      free_fields(fields->sub, at);
      break;
    case OAKUM_JSON_ARRAY:
      if (*(GPtrArray **)at)
        g_ptr_array_unref(*(GPtrArray **)at);
      break;
    case OAKUM_JSON_ANY:
      json_decref(*(json_t **)at);
      break;
    case OAKUM_JSON_U64:
    case OAKUM_JSON_I64:
    case OAKUM_JSON_BOOL:
    case OAKUM_JSON_MAP: /* none here */
      break;
    }
  }
}
#define FREE(Type, table)                                                                          \
  static void Type##_free(gpointer data)                                                           \
  {                                                                                                \
    free_fields(table, data);                                                                      \
    g_free(data);                                                                                  \
  }
FREE(Package, package_fields)
FREE(Origin, origin_fields)
FREE(Record, record_fields)
FREE(Note, note_fields)
FREE(Rule, rule_fields)

static const OakumJsonField verdict_fields[] = {
    TEXT(Verdict, "kind", kind),
    ONE(Verdict, "reasons", OAKUM_JSON_STRV, reasons),
    ONE(Verdict, "notes", OAKUM_JSON_STRV, notes),
    LIST(Verdict, "rules", rules, rule_fields, Rule, OAKUM_RESULT_ROWS_MAX),
    {0}};

static const OakumJsonField hole_fields[] = {
    NEED(Hole, "id", id),
    NEED(Hole, "severity", severity),
    TEXT(Hole, "title", title),
    TEXT(Hole, "source", source),
    TEXT(Hole, "fixed", fixed),
    TEXT(Hole, "status", status),
    TEXT(Hole, "advisory", advisory),
    TEXT(Hole, "layer", layer),
    TEXT(Hole, "why", why),
    TEXT(Hole, "fix", fix),
    TEXT(Hole, "by", by),
    TEXT(Hole, "compared", compared),
    TEXT(Hole, "fix_date", fix_date),
    TEXT(Hole, "severity_by", severity_by),
    TEXT(Hole, "cvss_vector", cvss_vector),
    TEXT(Hole, "suppressed", suppressed),
    TEXT(Hole, "ecosystem", ecosystem),
    TEXT(Hole, "looked_up", looked_up),
    TEXT(Hole, "kev_due", kev_due),
    TEXT(Hole, "first_seen", first_seen),
    ONE(Hole, "aliases", OAKUM_JSON_STRV, aliases),
    PART(Hole, "package", package, named_fields),
    ONE(Hole, "dockerfile_line", OAKUM_JSON_I64, line),
    ONE(Hole, "layer_index", OAKUM_JSON_I64, layer_index),
    ONE(Hole, "kev", OAKUM_JSON_BOOL, kev),
    ONE(Hole, "ransomware", OAKUM_JSON_BOOL, ransomware),
    ONE(Hole, "cvss", OAKUM_JSON_ANY, cvss),
    ONE(Hole, "epss", OAKUM_JSON_ANY, epss),
    ONE(Hole, "epss_percentile", OAKUM_JSON_ANY, percentile),
    ONE(Hole, "risk", OAKUM_JSON_ANY, risk),
    LIST(Hole, "records", records, record_fields, Record, OAKUM_RESULT_RECORDS_MAX),
    {0}};
FREE(Hole, hole_fields)

static const OakumJsonField seen_fields[] = {
    NEED(Seen, "id", id),
    NEED(Seen, "severity", severity),
    TEXT(Seen, "title", title),
    TEXT(Seen, "why", why),
    TEXT(Seen, "fix", fix),
    TEXT(Seen, "file", file),
    TEXT(Seen, "category", category),
    TEXT(Seen, "code", code),
    TEXT(Seen, "match", match),
    TEXT(Seen, "layer", layer),
    TEXT(Seen, "suppressed", suppressed),
    PART(Seen, "package", package, named_fields),
    ONE(Seen, "line", OAKUM_JSON_I64, line),
    ONE(Seen, "layer_index", OAKUM_JSON_I64, layer_index),
    ONE(Seen, "dockerfile_line", OAKUM_JSON_I64, dockerfile_line),
    ONE(Seen, "gone", OAKUM_JSON_BOOL, gone),
    {0}};
FREE(Seen, seen_fields)

static const OakumJsonField document_fields[] = {
    {"schema", OAKUM_JSON_U64, offsetof(Document, schema), TRUE, NULL, NULL, NULL, 0},
    NEED(Document, "target", target),
    TEXT(Document, "dockerfile", dockerfile),
    TEXT(Document, "base", base),
    LIST(Document, "layers", layers, origin_fields, Origin, OAKUM_LAYERS_MAX),
    PART(Document, "distro", distro, os_fields),
    PART(Document, "database", database, database_fields),
    LIST(Document, "packages", packages, package_fields, Package, OAKUM_RESULT_ROWS_MAX),
    LIST(Document, "findings", findings, hole_fields, Hole, OAKUM_RESULT_ROWS_MAX),
    LIST(Document, "suppressed", suppressed, hole_fields, Hole, OAKUM_RESULT_ROWS_MAX),
    LIST(Document, "secrets", secrets, seen_fields, Seen, OAKUM_RESULT_ROWS_MAX),
    LIST(Document, "hygiene", hygiene, seen_fields, Seen, OAKUM_RESULT_ROWS_MAX),
    LIST(Document, "licenses", licenses, seen_fields, Seen, OAKUM_RESULT_ROWS_MAX),
    LIST(Document, "end_of_life", ended, note_fields, Note, OAKUM_RESULT_ROWS_MAX),
    LIST(Document, "incomplete", incomplete, note_fields, Note, OAKUM_RESULT_ROWS_MAX),
    PART(Document, "verdict", verdict, verdict_fields),
    ONE(Document, "image", OAKUM_JSON_ANY, image),
    {0}};

/* ---- what it becomes
 * --------------------------------------------------------------------------------- */
#define MOVE(to, from) (to) = g_steal_pointer(&(from))

static OakumPackage *package_of(Package *p)
{
  OakumPackage *out = oakum_package_new();
  MOVE(out->name, p->name);
  MOVE(out->version, p->version);
  MOVE(out->type, p->type);
  MOVE(out->arch, p->arch);
  MOVE(out->purl, p->purl);
  MOVE(out->layer, p->layer);
  MOVE(out->space, p->space);
  MOVE(out->license, p->license);
  MOVE(out->module, p->module);
  MOVE(out->cpe, p->cpe);
  MOVE(out->owner, p->owner);
  MOVE(out->maintainer, p->maintainer);
  MOVE(out->found_by, p->found_by);
  MOVE(out->source_name, p->source.name);
  MOVE(out->source_version, p->source.version);
  out->guessed = p->guessed;
  out->offset = p->offset;
  out->layer_index = p->layer_index >= 0 && p->layer_index < G_MAXINT ? (int)p->layer_index : -1;
  for (char **path = p->paths; path && *path; path++)
    g_ptr_array_add(out->paths, g_strdup(*path));
  return out;
}

static OakumLayerOrigin *origin_of(Origin *o)
{
  OakumLayerOrigin *out = g_new0(OakumLayerOrigin, 1);
  MOVE(out->digest, o->digest);
  MOVE(out->diff_id, o->diff_id);
  out->size = MAX(o->size, -1);
  MOVE(out->created_by, o->created_by);
  out->base = o->base;
  return out;
}

static double number_of(const json_t *json, double otherwise)
{
  return json_is_number(json) ? json_number_value(json) : otherwise;
}

static gboolean hole_of(Hole *h, GPtrArray *into, GError **error)
{
  OakumSeverity severity;
  if (!oakum_severity_parse(h->severity, &severity)) {
    g_set_error(error, OAKUM_REPORT_ERROR, OAKUM_ERROR_INVALID, "%s: there is no severity \"%s\"",
                h->id, h->severity);
    return FALSE;
  }
  OakumFinding *f = oakum_finding_new(OAKUM_FINDING_VULNERABILITY, h->id, severity);
  if (h->title && !*h->title) /* an empty text is none: formats want one, or nothing */
    g_clear_pointer(&h->title, g_free);
  if (h->cvss_vector && !*h->cvss_vector)
    g_clear_pointer(&h->cvss_vector, g_free);
  MOVE(f->title, h->title);
  MOVE(f->source, h->source);
  MOVE(f->fixed, h->fixed);
  MOVE(f->status, h->status);
  MOVE(f->advisory, h->advisory);
  MOVE(f->layer, h->layer);
  MOVE(f->why, h->why);
  MOVE(f->fix, h->fix);
  MOVE(f->by, h->by);
  MOVE(f->compared, h->compared);
  MOVE(f->fix_date, h->fix_date);
  MOVE(f->severity_by, h->severity_by);
  MOVE(f->cvss_vector, h->cvss_vector);
  MOVE(f->suppressed, h->suppressed);
  MOVE(f->ecosystem, h->ecosystem);
  MOVE(f->looked_up, h->looked_up);
  MOVE(f->kev_due, h->kev_due);
  MOVE(f->first_seen, h->first_seen);
  MOVE(f->aliases, h->aliases);
  MOVE(f->package_name, h->package.name);
  MOVE(f->package_version, h->package.version);
  MOVE(f->package_purl, h->package.purl);
  /* what every finding of our own has */
  char **const needed[] = {&f->package_name, &f->package_version, &f->status};
  const char *const otherwise[] = {"", "", "open"};
  for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
    if (!*needed[i])
      *needed[i] = g_strdup(otherwise[i]);
  f->dockerfile_line = h->line > 0 && h->line < G_MAXINT ? (int)h->line : 0;
  f->layer_index = h->layer_index >= 0 && h->layer_index < G_MAXINT ? (int)h->layer_index : -1;
  f->kev = h->kev;
  f->ransomware = h->ransomware;
  f->cvss = CLAMP(number_of(h->cvss, 0), 0, 10);
  f->epss = CLAMP(number_of(h->epss, -1), -1, 1);
  f->epss_percentile = CLAMP(number_of(h->percentile, -1), -1, 1);
  f->risk = CLAMP(number_of(h->risk, 0), 0, 100);
  f->records = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_record_free);
  for (guint i = 0; h->records && i < h->records->len; i++) {
    Record *r = h->records->pdata[i];
    OakumFindingRecord *record = g_new0(OakumFindingRecord, 1);
    MOVE(record->feed, r->feed);
    MOVE(record->part, r->part);
    MOVE(record->record, r->record);
    MOVE(record->date, r->date);
    MOVE(record->status, r->status);
    MOVE(record->fixed, r->fixed);
    MOVE(record->severity, r->severity);
    record->decided = r->decided;
    g_ptr_array_add(f->records, record);
  }
  g_ptr_array_add(into, f);
  return TRUE;
}

static gboolean fits(int64_t number, int *out)
{
  if (number < 0 || number >= G_MAXINT)
    return FALSE;
  *out = (int)number;
  return TRUE;
}

static gboolean seen_of(const GPtrArray *list, OakumFindingKind kind, GPtrArray *into,
                        GError **error)
{
  for (guint i = 0; list && i < list->len; i++) {
    Seen *s = list->pdata[i];
    OakumSeverity severity;
    if (!oakum_severity_parse(s->severity, &severity)) {
      g_set_error(error, OAKUM_REPORT_ERROR, OAKUM_ERROR_INVALID, "%s: there is no severity \"%s\"",
                  s->id, s->severity);
      return FALSE;
    }
    OakumFinding *f = oakum_finding_new(kind, s->id, severity);
    f->title = s->title && *s->title ? g_steal_pointer(&s->title) : g_strdup(s->id);
    MOVE(f->why, s->why);
    MOVE(f->fix, s->fix);
    MOVE(f->file, s->file);
    MOVE(f->code, s->code);
    MOVE(f->match, s->match);
    MOVE(f->layer, s->layer);
    MOVE(f->suppressed, s->suppressed);
    MOVE(f->package_name, s->package.name);
    MOVE(f->package_version, s->package.version);
    MOVE(f->package_purl, s->package.purl);
    if (s->category && strlen(s->category) <= OAKUM_FINDING_CATEGORY_MAX)
      f->category = g_strdup(s->category);
    f->gone = s->gone;
    (void)fits(s->line, &f->line);
    (void)fits(s->dockerfile_line, &f->dockerfile_line);
    (void)fits(s->layer_index, &f->layer_index);
    g_ptr_array_add(into, f);
  }
  return TRUE;
}

static void notes_of(GPtrArray *notes, OakumFindingKind kind, GPtrArray *into)
{
  for (guint i = 0; notes && i < notes->len; i++) {
    Note *note = notes->pdata[i];
    OakumFinding *f = oakum_finding_new(kind, note->id, OAKUM_SEVERITY_UNKNOWN);
    f->title = note->title && *note->title ? g_steal_pointer(&note->title) : g_strdup(note->id);
    MOVE(f->fix, note->fix);
    MOVE(f->suppressed, note->suppressed);
    g_ptr_array_add(into, f);
  }
}

static gboolean verdict_of(Verdict *from, OakumVerdict **out, GError **error)
{
  if (!from->kind)
    return TRUE;
  OakumVerdictKind kind = OAKUM_VERDICT_PASS;
  while (kind <= OAKUM_VERDICT_UNKNOWN && strcmp(oakum_verdict_name(kind), from->kind) != 0)
    kind++;
  if (kind > OAKUM_VERDICT_UNKNOWN) {
    g_set_error(error, OAKUM_REPORT_ERROR, OAKUM_ERROR_INVALID, "there is no verdict \"%s\"",
                from->kind);
    return FALSE;
  }
  OakumVerdict *verdict = oakum_verdict_new(kind);
  for (guint i = 0; from->rules && i < from->rules->len; i++) {
    Rule *rule = from->rules->pdata[i];
    OakumVerdictRule *into = oakum_verdict_add_rule(verdict, rule->name);
    MOVE(into->verdict, rule->verdict);
    into->count = (guint)CLAMP(rule->count, 0, G_MAXINT);
    into->unsure = (guint)CLAMP(rule->unsure, 0, G_MAXINT);
    into->max = (guint)CLAMP(rule->max, 0, G_MAXINT);
    for (char **saw = rule->saw; saw && *saw; saw++)
      g_ptr_array_add(into->saw, g_strdup(*saw));
  }
  for (char **line = from->notes; line && *line; line++)
    g_ptr_array_add(verdict->notes, g_strdup(*line));
  for (char **reason = from->reasons; reason && *reason; reason++)
    g_ptr_array_add(verdict->reasons, g_strdup(*reason));
  *out = verdict;
  return TRUE;
}

void oakum_saved_result_free(OakumSavedResult *saved)
{
  if (!saved)
    return;
  oakum_catalog_free(saved->catalog);
  if (saved->findings)
    g_ptr_array_unref(saved->findings);
  oakum_verdict_free(saved->verdict);
  json_decref(saved->image);
  for (size_t i = 0; i < G_N_ELEMENTS(saved->texts); i++)
    g_free(saved->texts[i]);
  g_free(saved);
}

static gboolean fill(Document *document, OakumSavedResult *saved, GError **error)
{
  if (document->schema != OAKUM_RESULT_SCHEMA) {
    g_set_error(error, OAKUM_REPORT_ERROR, OAKUM_ERROR_UNSUPPORTED,
                "schema %" G_GUINT64_FORMAT " is not known here, only %d", document->schema,
                OAKUM_RESULT_SCHEMA);
    return FALSE;
  }
  OakumDistro *distro = &saved->catalog->distro;
  MOVE(distro->id, document->distro.id);
  MOVE(distro->version, document->distro.version);
  MOVE(distro->pretty, document->distro.name);
  MOVE(distro->ecosystem, document->distro.ecosystem);
  MOVE(saved->catalog->base, document->base);
  for (guint i = 0; document->layers && i < document->layers->len; i++)
    g_ptr_array_add(saved->catalog->layers, origin_of(document->layers->pdata[i]));
  for (guint i = 0; document->packages && i < document->packages->len; i++)
    g_ptr_array_add(saved->catalog->packages, package_of(document->packages->pdata[i]));
  GPtrArray *const lists[] = {document->findings, document->suppressed};
  for (size_t list = 0; list < G_N_ELEMENTS(lists); list++)
    for (guint i = 0; lists[list] && i < lists[list]->len; i++)
      if (!hole_of(lists[list]->pdata[i], saved->findings, error))
        return FALSE;
  if (!seen_of(document->secrets, OAKUM_FINDING_SECRET, saved->findings, error) ||
      !seen_of(document->hygiene, OAKUM_FINDING_HYGIENE, saved->findings, error) ||
      !seen_of(document->licenses, OAKUM_FINDING_LICENSE, saved->findings, error))
    return FALSE;
  notes_of(document->incomplete, OAKUM_FINDING_INCOMPLETE, saved->findings);
  notes_of(document->ended, OAKUM_FINDING_EOL, saved->findings);
  g_ptr_array_sort(saved->findings, oakum_finding_compare);
  if (!verdict_of(&document->verdict, &saved->verdict, error))
    return FALSE;
  MOVE(saved->image, document->image);
  MOVE(saved->texts[0], document->target);
  MOVE(saved->texts[1], document->database.path);
  MOVE(saved->texts[2], document->database.newest);
  MOVE(saved->texts[3], document->dockerfile);
  saved->result = (OakumResult){.target = saved->texts[0],
                                .catalog = saved->catalog,
                                .findings = saved->findings,
                                .verdict = saved->verdict,
                                .db_path = saved->texts[1],
                                .db_date = saved->texts[2],
                                .dockerfile = saved->texts[3],
                                .image = saved->image};
  return TRUE;
}

OakumSavedResult *oakum_report_read(const char *text, size_t len, const char *what, GError **error)
{
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, what, error);
  if (!json)
    return NULL;
  Document document = {0};
  g_autoptr(OakumSavedResult) saved = g_new0(OakumSavedResult, 1);
  saved->catalog = oakum_catalog_new();
  saved->findings = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  gboolean ok = json_object_get(json, "schema") && json_object_get(json, "packages");
  if (!ok)
    g_set_error(error, OAKUM_REPORT_ERROR, OAKUM_ERROR_INVALID,
                "%s: no result of oakum scan --format json", what);
  ok = ok && oakum_json_bind(json, document_fields, &document, what, error);
  if (ok && !fill(&document, saved, error)) {
    g_prefix_error(error, "%s: ", what);
    ok = FALSE;
  }
  free_fields(document_fields, &document);
  return ok ? g_steal_pointer(&saved) : NULL;
}
