/* The import, first half: what readers say is staged in a private temporary database. */
#include "advisory/import-private.h"
#include <unistd.h>

/* The whole schema, by name. It is compared word by word when a database is opened: the schema of a
 * foreign file is code (generated columns, checks, indexes on expressions). */
const char *const oakum_advisory_tables[][2] = {
    {"alias", "CREATE TABLE alias(name TEXT, id TEXT, PRIMARY KEY(name, id)) WITHOUT ROWID"},
    {"ecosystem", "CREATE TABLE ecosystem(id INTEGER PRIMARY KEY, name TEXT)"},
    {"eol", "CREATE TABLE eol(product TEXT, cycle TEXT, codename TEXT, released TEXT, eol TEXT, "
            "extended TEXT, PRIMARY KEY(product, cycle)) WITHOUT ROWID"},
    {"epss", "CREATE TABLE epss(cve INTEGER PRIMARY KEY, score INTEGER, percentile INTEGER)"},
    {"feed", "CREATE TABLE feed(id INTEGER PRIMARY KEY, name TEXT, part TEXT, address TEXT, "
             "licence TEXT, date TEXT, etag TEXT, records INTEGER, entries INTEGER, bad INTEGER)"},
    {"kev", "CREATE TABLE kev(cve TEXT PRIMARY KEY, added TEXT, due TEXT, name TEXT, action TEXT, "
            "ransomware INTEGER) WITHOUT ROWID"},
    {"meta", "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"},
    {"origin", "CREATE TABLE origin(address TEXT PRIMARY KEY, etag TEXT, date TEXT) WITHOUT ROWID"},
    {"package", "CREATE TABLE package(ecosystem INTEGER, name TEXT, feed INTEGER, data BLOB, "
                "PRIMARY KEY(ecosystem, name, feed)) WITHOUT ROWID"},
    {"vulnerability", "CREATE TABLE vulnerability(id TEXT, feed INTEGER, data BLOB, "
                      "PRIMARY KEY(id, feed)) WITHOUT ROWID"},
};
const size_t oakum_advisory_n_tables = G_N_ELEMENTS(oakum_advisory_tables);

typedef struct {
  char kind; /* 'p'ackage, 'v'ulnerability, 'e'pss, 'k'ev, 'l': end of life */
  guint feed, ecosystem;
  char *name;
  GByteArray *data;
  const char *modified;
  double numbers[2];
  char *texts[6];
} Row;

static void part_free(gpointer p)
{
  OakumImportPart *part = p;
  char *texts[] = {part->name,   part->part,          part->key,         part->address,
                   part->date,   part->etag,          part->old_address, part->old_date,
                   part->newest, part->document_date, part->old_etag};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_free(part);
}

static void row_free(gpointer p)
{
  Row *row = p;
  g_free(row->name);
  if (row->data)
    g_byte_array_unref(row->data);
  for (size_t i = 0; i < G_N_ELEMENTS(row->texts); i++)
    g_free(row->texts[i]);
  g_free(row);
}

guint oakum_import_part(OakumAdvisoryImport *import, const char *name, const char *part)
{
  g_autofree char *key = g_strdup_printf("%s\n%s", name, part ? part : "");
  gpointer found = g_hash_table_lookup(import->part_index, key);
  if (found)
    return GPOINTER_TO_UINT(found) - 1;
  OakumImportPart *p = g_new0(OakumImportPart, 1);
  p->name = g_strdup(name);
  p->part = g_strdup(part ? part : "");
  p->key = g_steal_pointer(&key);
  g_ptr_array_add(import->parts, p);
  g_hash_table_insert(import->part_index, p->key, GUINT_TO_POINTER(import->parts->len));
  return import->parts->len - 1;
}

guint oakum_import_ecosystem(OakumAdvisoryImport *import, const char *name)
{
  gpointer found = g_hash_table_lookup(import->ecosystem_index, name);
  if (found)
    return GPOINTER_TO_UINT(found) - 1;
  char *own = g_strdup(name);
  g_ptr_array_add(import->ecosystems, own);
  g_hash_table_insert(import->ecosystem_index, own, GUINT_TO_POINTER(import->ecosystems->len));
  return import->ecosystems->len - 1;
}

static const char *word(OakumAdvisoryImport *import, const char *text)
{
  return text ? g_string_chunk_insert_const(import->words, text) : NULL;
}

static gboolean open_stage(OakumAdvisoryImport *import, GError **error)
{
  static const char *const text =
      "PRAGMA journal_mode=MEMORY; PRAGMA cache_size=-65536; PRAGMA synchronous=OFF;"
      "CREATE TABLE package(ecosystem INTEGER, name TEXT, feed INTEGER, data BLOB);"
      "CREATE TABLE vulnerability(id TEXT, feed INTEGER, modified TEXT, data BLOB);"
      "CREATE TABLE epss(cve INTEGER, score INTEGER, percentile INTEGER);"
      "CREATE TABLE kev(cve TEXT, added TEXT, due TEXT, name TEXT, action TEXT, ransomware "
      "INTEGER);"
      "CREATE TABLE eol(product TEXT, cycle TEXT, codename TEXT, released TEXT, eol TEXT, extended "
      "TEXT);"
      "BEGIN";
  return (import->stage = oakum_sql_open_write("", error)) &&
         oakum_sql_exec(import->stage, text, error) &&
         (import->add_package =
              oakum_sql_prepare(import->stage, "INSERT INTO package VALUES(?1,?2,?3,?4)", error)) &&
         (import->add_vulnerability = oakum_sql_prepare(
              import->stage, "INSERT INTO vulnerability VALUES(?1,?2,?3,?4)", error)) &&
         (import->add_epss =
              oakum_sql_prepare(import->stage, "INSERT INTO epss VALUES(?1,?2,?3)", error)) &&
         (import->add_kev = oakum_sql_prepare(
              import->stage, "INSERT INTO kev VALUES(?1,?2,?3,?4,?5,?6)", error)) &&
         (import->add_eol =
              oakum_sql_prepare(import->stage, "INSERT INTO eol VALUES(?1,?2,?3,?4,?5,?6)", error));
}

OakumAdvisoryImport *oakum_advisory_import_new(const char *path, GError **error)
{
  g_autoptr(OakumAdvisoryImport) import = g_new0(OakumAdvisoryImport, 1);
  import->path = g_strdup(path);
  import->note = import->journal_note = -1;
  import->parts = g_ptr_array_new_with_free_func(part_free);
  import->ecosystems = g_ptr_array_new_with_free_func(g_free);
  import->part_index = oakum_str_map_new(NULL, NULL);
  import->ecosystem_index = oakum_str_map_new(NULL, NULL);
  import->touched = oakum_str_map_new(g_free, g_free);
  import->origins = oakum_str_map_new(g_free, (GDestroyNotify)g_strfreev);
  import->batch = g_ptr_array_new();
  import->batch_whole = g_ptr_array_new();
  import->batch_used = g_ptr_array_new();
  import->words = g_string_chunk_new(1 << 16);
  /* Some other file, or another program's database, is not to be written over. */
  if (path && access(path, F_OK) == 0 && !(import->old = oakum_advisory_db_open(path, error)))
    return NULL;
  if (path && !open_stage(import, error))
    return NULL;
  return g_steal_pointer(&import);
}

void oakum_advisory_import_origin(OakumAdvisoryImport *import, const char *address,
                                  const char *date, const char *etag)
{
  g_free(import->address);
  g_free(import->date);
  g_free(import->etag);
  import->address = g_strdup(address);
  import->date = g_strdup(date);
  import->etag = g_strdup(etag);
}

gboolean oakum_advisory_import_known(OakumAdvisoryImport *import, const char *address, char **etag,
                                     char **date)
{
  g_autoptr(OakumStatement) s =
      import->old ? oakum_sql_prepare(oakum_advisory_db_sql(import->old),
                                      "SELECT etag, date FROM origin WHERE address=?1", NULL)
                  : NULL;
  if (!s)
    return FALSE;
  oakum_statement_bind_static(s, 1, address);
  if (oakum_statement_step(s, NULL) != 1)
    return FALSE;
  const char *texts[] = {oakum_statement_text(s, 0), oakum_statement_text(s, 1)};
  *etag = g_strdup(texts[0] ? texts[0] : "");
  *date = g_strdup(texts[1] ? texts[1] : "");
  return TRUE;
}

/* ---- what readers call ------------------------------------------------------------------------
 */
guint oakum_ingest_feed(OakumIngest *in, const char *feed, const char *part)
{
  return oakum_import_part(in->import, feed, part);
}

void oakum_ingest_date(OakumIngest *in, guint feed, const char *date)
{
  OakumImportPart *part = in->import->parts->pdata[feed];
  g_autofree char *full = oakum_feed_date(date);
  if (g_strcmp0(full, part->document_date) > 0) {
    g_free(part->document_date);
    part->document_date = g_steal_pointer(&full);
  }
}

void oakum_ingest_whole(OakumIngest *in, guint feed)
{
  g_ptr_array_add(in->import->batch_whole, GUINT_TO_POINTER(feed));
}

static Row *pend(OakumIngest *in, char kind, guint feed)
{
  Row *row = g_new0(Row, 1);
  row->kind = kind;
  row->feed = feed;
  g_ptr_array_add(in->pending, row);
  return row;
}

void oakum_ingest_package(OakumIngest *in, guint feed, const char *ecosystem, const char *package,
                          const OakumAdvisory *entry)
{
  Row *row = pend(in, 'p', feed);
  OakumAdvisory full = *entry;
  const char *own[] = {entry->record, NULL};
  if (!full.ids || !full.ids[0])
    full.ids = own;
  if (!full.scheme)
    full.scheme = oakum_ecosystem_scheme(ecosystem);
  row->ecosystem = oakum_import_ecosystem(in->import, ecosystem);
  row->name = oakum_ecosystem_package(ecosystem, package);
  row->data = g_byte_array_new();
  oakum_row_encode(row->data, (const OakumAdvisory *[]){&full}, 1);
}

void oakum_ingest_vulnerability(OakumIngest *in, guint feed, const OakumVulnerability *v)
{
  Row *row = pend(in, 'v', feed);
  row->name = g_strdup(v->id);
  row->modified = word(in->import, v->modified);
  row->data = g_byte_array_new();
  oakum_vulnerability_encode(row->data, v);
}

/* A CVE as a number, 0 when it is none: the year, then ten digits. */
static gint64 cve_number(const char *cve)
{
  uint64_t year, number;
  if (!oakum_is_cve(cve) || !oakum_parse_u64(cve + 4, 4, 9999, &year) ||
      !oakum_parse_u64(cve + 9, strlen(cve + 9), UINT64_C(9999999999), &number))
    return 0;
  return (gint64)(year * UINT64_C(10000000000) + number);
}

void oakum_ingest_epss(OakumIngest *in, guint feed, const char *cve, double score,
                       double percentile)
{
  Row *row = pend(in, 'e', feed);
  row->name = g_strdup(cve);
  row->numbers[0] = score;
  row->numbers[1] = percentile;
}

void oakum_ingest_kev(OakumIngest *in, guint feed, const char *cve, const OakumKev *kev)
{
  Row *row = pend(in, 'k', feed);
  const char *texts[] = {kev->added, kev->due, kev->name, kev->action};
  row->name = g_strdup(cve);
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    row->texts[i] = g_strdup(texts[i]);
  row->numbers[0] = kev->ransomware;
}

void oakum_ingest_eol(OakumIngest *in, guint feed, const OakumEol *eol)
{
  Row *row = pend(in, 'l', feed);
  const char *texts[] = {eol->product,  eol->cycle, eol->codename,
                         eol->released, eol->eol,   eol->extended};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    row->texts[i] = g_strdup(texts[i]);
}

gboolean oakum_import_step(OakumStatement *s, GError **error)
{
  int result = oakum_statement_step(s, error);
  oakum_statement_reset(s);
  return result == 0;
}

gboolean oakum_import_stage_package(OakumAdvisoryImport *import, guint ecosystem, const char *name,
                                    guint feed, const uint8_t *data, size_t len, GError **error)
{
  OakumStatement *s = import->add_package;
  oakum_statement_bind_int(s, 1, ecosystem);
  oakum_statement_bind_static(s, 2, name);
  oakum_statement_bind_int(s, 3, feed);
  oakum_statement_bind_blob(s, 4, data, len);
  return oakum_import_step(s, error);
}

gboolean oakum_import_stage_vulnerability(OakumAdvisoryImport *import, const char *id, guint feed,
                                          const char *modified, const uint8_t *data, size_t len,
                                          GError **error)
{
  OakumStatement *s = import->add_vulnerability;
  oakum_statement_bind_static(s, 1, id);
  oakum_statement_bind_int(s, 2, feed);
  oakum_statement_bind_static(s, 3, modified ? modified : "");
  oakum_statement_bind_blob(s, 4, data, len);
  return oakum_import_step(s, error);
}

static gboolean stage_texts(OakumStatement *s, const char *first, char *const *texts, guint n,
                            gint64 last, GError **error)
{
  int at = 1;
  if (first)
    oakum_statement_bind_static(s, at++, first);
  for (guint i = 0; i < n; i++)
    oakum_statement_bind_static(s, at++, texts[i]);
  if (first)
    oakum_statement_bind_int(s, at, last);
  return oakum_import_step(s, error);
}

static gboolean stage_row(OakumAdvisoryImport *import, const Row *row, GError **error)
{
  switch (row->kind) {
  case 'p':
    return oakum_import_stage_package(import, row->ecosystem, row->name, row->feed, row->data->data,
                                      row->data->len, error);
  case 'v':
    return oakum_import_stage_vulnerability(import, row->name, row->feed, row->modified,
                                            row->data->data, row->data->len, error);
  case 'e':
    oakum_statement_bind_int(import->add_epss, 1, cve_number(row->name));
    oakum_statement_bind_int(import->add_epss, 2, (gint64)(row->numbers[0] * 1e6 + 0.5));
    oakum_statement_bind_int(import->add_epss, 3, (gint64)(row->numbers[1] * 1e6 + 0.5));
    return oakum_import_step(import->add_epss, error);
  case 'k':
    return stage_texts(import->add_kev, row->name, row->texts, 4, row->numbers[0] != 0, error);
  default:
    return stage_texts(import->add_eol, NULL, row->texts, 6, 0, error);
  }
}

gboolean oakum_ingest_keep(OakumIngest *in, guint feed, const char *record, const char *modified,
                           GError **error)
{
  OakumAdvisoryImport *import = in->import;
  OakumImportPart *part = import->parts->pdata[feed];
  gboolean ok = TRUE;
  for (guint i = 0; import->stage && ok && i < in->pending->len; i++)
    ok = stage_row(import, in->pending->pdata[i], error);
  g_ptr_array_set_size(in->pending, 0);
  if (record) {
    g_ptr_array_add(import->batch, g_strdup_printf("%u %s", feed, record));
    g_ptr_array_add(import->batch, (gpointer)word(import, modified));
  } else if (import->batch_used->len == 0 ||
             import->batch_used->pdata[import->batch_used->len - 1] != GUINT_TO_POINTER(feed)) {
    g_ptr_array_add(import->batch_used, GUINT_TO_POINTER(feed));
  }
  if (modified && g_strcmp0(modified, part->newest) > 0) {
    g_free(part->newest);
    part->newest = g_strdup(modified);
  }
  in->good++;
  return ok;
}

void oakum_ingest_bad(OakumIngest *in, const char *id, GError *error_taken)
{
  g_ptr_array_set_size(in->pending, 0);
  g_autoptr(GError) error = error_taken;
  g_autofree char *line = in->line && !(error && g_str_has_prefix(error->message, "line "))
                              ? g_strdup_printf("line %" G_GUINT64_FORMAT ": ", in->line)
                              : g_strdup("");
  g_autofree char *text = g_strdup_printf("%s%s%s%s", line, id ? id : "", id ? ": " : "",
                                          error ? error->message : "not a record");
  in->bad++;
  if (in->bad <= OAKUM_FEED_BAD_SHOWN)
    oakum_warn("%s: left out: %s", in->what, text);
  if (in->bad == OAKUM_FEED_BAD_SHOWN + 1)
    oakum_warn("%s: more records are left out; they are counted at its end", in->what);
  if (!in->first_bad)
    in->first_bad = g_steal_pointer(&text);
}

/* ---- one input --------------------------------------------------------------------------------
 */
static void set_text(char **slot, const char *text)
{
  if (!text)
    return;
  g_free(*slot);
  *slot = g_strdup(text);
}

/* The input is whole: its parts are what it says, and come from where it came from. */
static void batch_part(OakumAdvisoryImport *import, guint64 number, guint64 *bad)
{
  OakumImportPart *part = import->parts->pdata[number];
  part->used = TRUE;
  part->bad += *bad;
  *bad = 0;
  set_text(&part->address, import->address);
  set_text(&part->date, import->date);
  set_text(&part->etag, import->etag);
}

static void batch_keep(OakumAdvisoryImport *import, guint64 bad)
{
  if (import->address) {
    char **origin = g_new0(char *, 3);
    origin[0] = g_strdup(import->etag ? import->etag : "");
    origin[1] = g_strdup(import->date ? import->date : "");
    g_hash_table_insert(import->origins, g_strdup(import->address), origin);
  }
  for (guint i = 0; i + 1 < import->batch->len; i += 2) {
    char *key = import->batch->pdata[i];
    const char *modified = import->batch->pdata[i + 1];
    guint64 number = g_ascii_strtoull(key, NULL, 10);
    OakumImportPart *part = import->parts->pdata[number];
    OakumImportTouched *t = g_hash_table_lookup(import->touched, key);
    part->touched = TRUE;
    batch_part(import, number, &bad);
    if (!t) {
      t = g_new0(OakumImportTouched, 1);
      t->modified = modified;
      g_hash_table_insert(import->touched, key, t);
    } else {
      part->again = TRUE;
      if (g_strcmp0(modified, t->modified) > 0)
        t->modified = modified;
      g_free(key);
    }
    t->count++;
  }
  for (guint i = 0; i < import->batch_whole->len; i++) {
    guint number = GPOINTER_TO_UINT(import->batch_whole->pdata[i]);
    ((OakumImportPart *)import->parts->pdata[number])->whole = TRUE;
    batch_part(import, number, &bad);
  }
  for (guint i = 0; i < import->batch_used->len; i++)
    batch_part(import, GPOINTER_TO_UINT(import->batch_used->pdata[i]), &bad);
  g_ptr_array_set_size(import->batch_used, 0);
  g_ptr_array_set_size(import->batch, 0);
  g_ptr_array_set_size(import->batch_whole, 0);
}

void oakum_import_drop(OakumAdvisoryImport *import)
{
  for (guint i = 0; i + 1 < import->batch->len; i += 2)
    g_free(import->batch->pdata[i]);
  g_ptr_array_set_size(import->batch, 0);
  g_ptr_array_set_size(import->batch_whole, 0);
  g_ptr_array_set_size(import->batch_used, 0);
}

static gboolean stage_exec(OakumAdvisoryImport *import, const char *text, GError **error)
{
  return !import->stage || oakum_sql_exec(import->stage, text, error);
}

gboolean oakum_advisory_import_read(OakumAdvisoryImport *import, const char *feed,
                                    OakumReader *reader, const char *what, GError **error)
{
  OakumIngest in = {.import = import,
                    .what = what,
                    .name = oakum_path_base(what),
                    .pending = g_ptr_array_new_with_free_func(row_free)};
  gboolean ok = stage_exec(import, "SAVEPOINT input", error);
  if (ok)
    ok = oakum_read_input(&in, feed, reader, error);
  else
    oakum_reader_free(reader);
  guint64 all = in.good + in.bad;
  if (ok && in.bad * 100 > all * OAKUM_FEED_BAD_PERCENT) {
    ok = oakum_feed_invalid(
        error, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " records are bad; the first: %s",
        in.bad, all, in.first_bad);
  } else if (ok && in.bad > 0) {
    oakum_warn("%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " records left out", what, in.bad,
               all);
  }
  if (ok) {
    batch_keep(import, in.bad);
    import->records += in.good;
    import->bad += in.bad;
    ok = stage_exec(import, "RELEASE input", error);
  } else {
    g_prefix_error(error, "%s: ", what);
    oakum_import_drop(import);
    if (!stage_exec(import, "ROLLBACK TO input; RELEASE input", NULL))
      oakum_warn("%s: what was read of it cannot be taken back", what);
  }
  g_ptr_array_unref(in.pending);
  g_free(in.first_bad);
  return ok;
}

guint64 oakum_advisory_import_records(const OakumAdvisoryImport *import)
{
  return import->records;
}

guint64 oakum_advisory_import_bad(const OakumAdvisoryImport *import)
{
  return import->bad;
}
