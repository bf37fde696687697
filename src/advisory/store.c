/* The import: what readers say is staged in a private temporary database, and commit writes a new
 * file from it and from what stays of the old one, in order. */
#include "advisory/advisory-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

/* A part of a feed in this import. */
typedef struct {
  char *name, *part, *key;
  char *address, *date, *etag; /* NULL: keep what the file had, or what the documents say */
  char *document_date, *newest, *old_address, *old_date, *old_etag;
  gboolean used;                  /* something was read of it, or the file had it */
  gboolean whole, touched, again; /* again: some record came more than once */
  guint64 records, rows, bad;
  guint number; /* in the new file */
} Part;

typedef struct {
  const char *modified; /* newest seen, or NULL */
  guint count;
} Touched;

typedef struct {
  char kind; /* 'p'ackage, 'v'ulnerability, 'e'pss, 'k'ev, 'l': end of life */
  guint feed, ecosystem;
  char *name;
  GByteArray *data;
  const char *modified;
  double numbers[2];
  char *texts[6];
} Row;

struct OakumAdvisoryImport {
  char *path, *temp;
  OakumAdvisoryDb *old;
  OakumSql *stage, *sql;
  OakumStatement *add_package, *add_vulnerability, *add_epss, *add_kev, *add_eol;
  GPtrArray *parts, *ecosystems; /* Part; char * */
  GHashTable *part_index, *ecosystem_index;
  GHashTable *touched;            /* "number record" to Touched */
  GHashTable *origins;            /* address to etag and date */
  GPtrArray *batch_used;          /* numbers of parts that got rows without a record */
  GPtrArray *batch, *batch_whole; /* keys and dates; numbers, of the input under way */
  GStringChunk *words;
  char *address, *date, *etag;
  guint64 records, bad;
  OakumHasher *hasher;
};

static void part_free(gpointer p)
{
  Part *part = p;
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

static guint part_number(OakumAdvisoryImport *import, const char *name, const char *part)
{
  g_autofree char *key = g_strdup_printf("%s\n%s", name, part ? part : "");
  gpointer found = g_hash_table_lookup(import->part_index, key);
  if (found)
    return GPOINTER_TO_UINT(found) - 1;
  Part *p = g_new0(Part, 1);
  p->name = g_strdup(name);
  p->part = g_strdup(part ? part : "");
  p->key = g_steal_pointer(&key);
  g_ptr_array_add(import->parts, p);
  g_hash_table_insert(import->part_index, p->key, GUINT_TO_POINTER(import->parts->len));
  return import->parts->len - 1;
}

static guint ecosystem_number(OakumAdvisoryImport *import, const char *name)
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
  if (access(path, F_OK) == 0 && !(import->old = oakum_advisory_db_open(path, error)))
    return NULL;
  if (!open_stage(import, error))
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
  return part_number(in->import, feed, part);
}

void oakum_ingest_date(OakumIngest *in, guint feed, const char *date)
{
  Part *part = in->import->parts->pdata[feed];
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
  row->ecosystem = ecosystem_number(in->import, ecosystem);
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

static gboolean step(OakumStatement *s, GError **error)
{
  int result = oakum_statement_step(s, error);
  oakum_statement_reset(s);
  return result == 0;
}

static gboolean stage_package(OakumAdvisoryImport *import, guint ecosystem, const char *name,
                              guint feed, const uint8_t *data, size_t len, GError **error)
{
  OakumStatement *s = import->add_package;
  oakum_statement_bind_int(s, 1, ecosystem);
  oakum_statement_bind_static(s, 2, name);
  oakum_statement_bind_int(s, 3, feed);
  oakum_statement_bind_blob(s, 4, data, len);
  return step(s, error);
}

static gboolean stage_vulnerability(OakumAdvisoryImport *import, const char *id, guint feed,
                                    const char *modified, const uint8_t *data, size_t len,
                                    GError **error)
{
  OakumStatement *s = import->add_vulnerability;
  oakum_statement_bind_static(s, 1, id);
  oakum_statement_bind_int(s, 2, feed);
  oakum_statement_bind_static(s, 3, modified ? modified : "");
  oakum_statement_bind_blob(s, 4, data, len);
  return step(s, error);
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
  return step(s, error);
}

static gboolean stage_row(OakumAdvisoryImport *import, const Row *row, GError **error)
{
  switch (row->kind) {
  case 'p':
    return stage_package(import, row->ecosystem, row->name, row->feed, row->data->data,
                         row->data->len, error);
  case 'v':
    return stage_vulnerability(import, row->name, row->feed, row->modified, row->data->data,
                               row->data->len, error);
  case 'e':
    oakum_statement_bind_int(import->add_epss, 1, cve_number(row->name));
    oakum_statement_bind_int(import->add_epss, 2, (gint64)(row->numbers[0] * 1e6 + 0.5));
    oakum_statement_bind_int(import->add_epss, 3, (gint64)(row->numbers[1] * 1e6 + 0.5));
    return step(import->add_epss, error);
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
  Part *part = import->parts->pdata[feed];
  gboolean ok = TRUE;
  for (guint i = 0; ok && i < in->pending->len; i++)
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
  Part *part = import->parts->pdata[number];
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
    Part *part = import->parts->pdata[number];
    Touched *t = g_hash_table_lookup(import->touched, key);
    part->touched = TRUE;
    batch_part(import, number, &bad);
    if (!t) {
      t = g_new0(Touched, 1);
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
    ((Part *)import->parts->pdata[number])->whole = TRUE;
    batch_part(import, number, &bad);
  }
  for (guint i = 0; i < import->batch_used->len; i++)
    batch_part(import, GPOINTER_TO_UINT(import->batch_used->pdata[i]), &bad);
  g_ptr_array_set_size(import->batch_used, 0);
  g_ptr_array_set_size(import->batch, 0);
  g_ptr_array_set_size(import->batch_whole, 0);
}

static void batch_drop(OakumAdvisoryImport *import)
{
  for (guint i = 0; i + 1 < import->batch->len; i += 2)
    g_free(import->batch->pdata[i]);
  g_ptr_array_set_size(import->batch, 0);
  g_ptr_array_set_size(import->batch_whole, 0);
  g_ptr_array_set_size(import->batch_used, 0);
}

gboolean oakum_advisory_import_read(OakumAdvisoryImport *import, const char *feed,
                                    OakumReader *reader, const char *what, GError **error)
{
  const char *slash = strrchr(what, '/');
  OakumIngest in = {.import = import,
                    .what = what,
                    .name = slash ? slash + 1 : what,
                    .pending = g_ptr_array_new_with_free_func(row_free)};
  gboolean ok = oakum_sql_exec(import->stage, "SAVEPOINT input", error);
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
    ok = oakum_sql_exec(import->stage, "RELEASE input", error);
  } else {
    g_prefix_error(error, "%s: ", what);
    batch_drop(import);
    if (!oakum_sql_exec(import->stage, "ROLLBACK TO input; RELEASE input", NULL))
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

/* ---- what stays of the old file ---------------------------------------------------------------
 */
static const Touched *touched_of(OakumAdvisoryImport *import, guint feed, const char *record)
{
  char buffer[256];
  int n = g_snprintf(buffer, sizeof buffer, "%u %s", feed, record);
  if ((size_t)n < sizeof buffer)
    return g_hash_table_lookup(import->touched, buffer);
  g_autofree char *key = g_strdup_printf("%u %s", feed, record);
  return g_hash_table_lookup(import->touched, key);
}

static guint old_part(OakumAdvisoryImport *import, gint64 id)
{
  const OakumAdvisoryFeed *feed = oakum_advisory_db_feed(import->old, id);
  return part_number(import, feed ? feed->name : "unknown", feed ? feed->part : "");
}

static gboolean keep_old_row(gpointer user, const char *ecosystem, const char *name, guint feed,
                             OakumSlice data, GError **error)
{
  OakumAdvisoryImport *import = user;
  guint number = old_part(import, feed);
  Part *part = import->parts->pdata[number];
  guint eco = ecosystem_number(import, ecosystem);
  if (part->whole)
    return TRUE;
  if (!part->touched)
    return stage_package(import, eco, name, number, data.data, data.len, error);
  g_autoptr(OakumArena) arena = oakum_arena_new();
  g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(OakumAdvisory));
  g_autoptr(GPtrArray) kept = g_ptr_array_new();
  if (!oakum_row_decode(data.data, data.len, arena, entries, error))
    return FALSE;
  for (guint i = 0; i < entries->len; i++) {
    OakumAdvisory *e = &g_array_index(entries, OakumAdvisory, i);
    if (!touched_of(import, number, e->record))
      g_ptr_array_add(kept, e);
  }
  if (kept->len == 0)
    return TRUE;
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  oakum_row_encode(bytes, (const OakumAdvisory *const *)kept->pdata, kept->len);
  return stage_package(import, eco, name, number, bytes->data, bytes->len, error);
}

static gboolean keep_old_vulnerabilities(OakumAdvisoryImport *import, GError **error)
{
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(oakum_advisory_db_sql(import->old),
                        "SELECT id, feed, data FROM vulnerability ORDER BY id, feed", error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    const char *id = oakum_statement_text(s, 0);
    guint number = old_part(import, oakum_statement_int(s, 1));
    Part *part = import->parts->pdata[number];
    OakumSlice data = oakum_statement_blob(s, 2);
    if (!id || part->whole || (part->touched && touched_of(import, number, id)))
      continue;
    if (!stage_vulnerability(import, id, number, "", data.data, data.len, error))
      return FALSE;
  }
  return more == 0;
}

/* Tables that one feed fills alone. */
static gboolean keep_old_table(OakumAdvisoryImport *import, const char *feed, const char *query,
                               OakumStatement *into, guint columns, guint numbers, GError **error)
{
  g_autofree char *key = g_strdup_printf("%s\n", feed);
  gpointer found = g_hash_table_lookup(import->part_index, key);
  if (found && ((Part *)import->parts->pdata[GPOINTER_TO_UINT(found) - 1])->whole)
    return TRUE;
  g_autoptr(OakumStatement) s = oakum_sql_prepare(oakum_advisory_db_sql(import->old), query, error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    for (guint i = 0; i < columns; i++)
      if (numbers & (1u << i))
        oakum_statement_bind_int(into, (int)i + 1, oakum_statement_int(s, (int)i));
      else
        oakum_statement_bind_text(into, (int)i + 1, oakum_statement_text(s, (int)i));
    if (!step(into, error))
      return FALSE;
  }
  return more == 0;
}

static gboolean keep_old(OakumAdvisoryImport *import, GError **error)
{
  if (!import->old)
    return TRUE;
  const OakumAdvisoryFeed *const *feeds = oakum_advisory_db_feeds(import->old);
  for (; *feeds; feeds++) {
    guint number = part_number(import, (*feeds)->name, (*feeds)->part);
    Part *part = import->parts->pdata[number]; /* which the line above may have moved */
    part->used = TRUE;
    part->old_address = g_strdup((*feeds)->address);
    part->old_date = g_strdup((*feeds)->date);
    part->old_etag = g_strdup((*feeds)->etag);
    part->bad += (*feeds)->bad;
  }
  return oakum_advisory_db_each_package(import->old, NULL, keep_old_row, import, error) &&
         keep_old_vulnerabilities(import, error) &&
         keep_old_table(import, "epss", "SELECT cve, score, percentile FROM epss", import->add_epss,
                        3, 7, error) &&
         keep_old_table(import, "kev", "SELECT cve, added, due, name, action, ransomware FROM kev",
                        import->add_kev, 6, 1 << 5, error) &&
         keep_old_table(import, "endoflife",
                        "SELECT product, cycle, codename, released, eol, extended FROM eol",
                        import->add_eol, 6, 0, error);
}

/* ---- the new file ------------------------------------------------------------------------------
 */
static void hash_text(OakumHasher *hasher, const char *text)
{
  oakum_hasher_update(hasher, text ? text : "", (text ? strlen(text) : 0) + 1);
}

void oakum_advisory_hash_number(OakumHasher *hasher, gint64 number)
{
  uint64_t v = GUINT64_TO_BE((guint64)number);
  oakum_hasher_update(hasher, &v, sizeof v);
}

static gint by_key(gconstpointer a, gconstpointer b)
{
  return strcmp(((const Part *)*(const gpointer *)a)->key,
                ((const Part *)*(const gpointer *)b)->key);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Numbers in order of name, in tables that the sort below joins. */
static gboolean rank(OakumAdvisoryImport *import, GError **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_copy(import->ecosystems, NULL, NULL);
  g_autoptr(GPtrArray) parts = g_ptr_array_copy(import->parts, NULL, NULL);
  g_ptr_array_set_free_func(names, NULL);
  g_ptr_array_set_free_func(parts, NULL);
  g_ptr_array_sort(names, by_name);
  g_ptr_array_sort(parts, by_key);
  if (!oakum_sql_exec(import->stage,
                      "CREATE TABLE eco_rank(id INTEGER PRIMARY KEY, rank INTEGER);"
                      "CREATE TABLE feed_rank(id INTEGER PRIMARY KEY, rank INTEGER)",
                      error))
    return FALSE;
  g_autoptr(OakumStatement) e =
      oakum_sql_prepare(import->stage, "INSERT INTO eco_rank VALUES(?1, ?2)", error);
  g_autoptr(OakumStatement) f =
      oakum_sql_prepare(import->stage, "INSERT INTO feed_rank VALUES(?1, ?2)", error);
  for (guint i = 0; e && f && i < names->len; i++) {
    oakum_statement_bind_int(e, 1, ecosystem_number(import, names->pdata[i]));
    oakum_statement_bind_int(e, 2, i);
    if (!step(e, error))
      return FALSE;
  }
  guint number = 0;
  for (guint i = 0; e && f && i < parts->len; i++) {
    Part *part = parts->pdata[i];
    if (!part->used)
      continue;
    part->number = ++number;
    oakum_statement_bind_int(f, 1, part_number(import, part->name, part->part));
    oakum_statement_bind_int(f, 2, number);
    if (!step(f, error))
      return FALSE;
  }
  return e && f;
}

static gint by_entry(gconstpointer a, gconstpointer b)
{
  return oakum_advisory_compare(*(const OakumAdvisory *const *)a, *(const OakumAdvisory *const *)b);
}

typedef struct {
  OakumAdvisoryImport *import;
  OakumStatement *insert, *insert_ecosystem;
  OakumArena *arena;
  GArray *entries;
  GHashTable *records; /* of "feed record", counted */
  gint64 ecosystem;    /* last written, as staged */
  gint64 eco_number;
} Pack;

/* Rows of one (ecosystem, package, feed) become one. */
static gboolean write_group(Pack *pack, guint ecosystem, const char *name, guint feed,
                            GError **error)
{
  OakumAdvisoryImport *import = pack->import;
  Part *part = import->parts->pdata[feed];
  g_autoptr(GPtrArray) list = g_ptr_array_new();
  for (guint i = 0; i < pack->entries->len; i++) {
    OakumAdvisory *e = &g_array_index(pack->entries, OakumAdvisory, i);
    if (part->again) {
      const Touched *t = touched_of(import, feed, e->record);
      if (t && e->modified && g_strcmp0(e->modified, t->modified) < 0)
        continue;
    }
    g_ptr_array_add(list, e);
  }
  g_ptr_array_sort(list, by_entry);
  guint n = 0;
  for (guint i = 0; i < list->len; i++)
    if (n == 0 || oakum_advisory_compare(list->pdata[n - 1], list->pdata[i]) != 0)
      list->pdata[n++] = list->pdata[i];
  if (n == 0)
    return TRUE;
  if (n > OAKUM_ADVISORY_ROWS_MAX) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT, "more than %u records on %s",
                OAKUM_ADVISORY_ROWS_MAX, name);
    return FALSE;
  }
  part->rows += n;
  for (guint i = 0; i < n; i++)
    g_hash_table_add(pack->records,
                     g_strdup_printf("%u %s", feed, ((OakumAdvisory *)list->pdata[i])->record));
  if (pack->ecosystem != (gint64)ecosystem) {
    pack->ecosystem = ecosystem;
    pack->eco_number++;
    oakum_statement_bind_int(pack->insert_ecosystem, 1, pack->eco_number);
    oakum_statement_bind_static(pack->insert_ecosystem, 2, import->ecosystems->pdata[ecosystem]);
    if (!step(pack->insert_ecosystem, error))
      return FALSE;
  }
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  oakum_row_encode(bytes, (const OakumAdvisory *const *)list->pdata, n);
  hash_text(import->hasher, import->ecosystems->pdata[ecosystem]);
  hash_text(import->hasher, name);
  oakum_advisory_hash_number(import->hasher, part->number);
  oakum_hasher_update(import->hasher, bytes->data, bytes->len);
  oakum_statement_bind_int(pack->insert, 1, pack->eco_number);
  oakum_statement_bind_static(pack->insert, 2, name);
  oakum_statement_bind_int(pack->insert, 3, part->number);
  oakum_statement_bind_blob(pack->insert, 4, bytes->data, bytes->len);
  return step(pack->insert, error);
}

static gboolean write_packages(Pack *pack, GError **error)
{
  OakumAdvisoryImport *import = pack->import;
  g_autoptr(OakumStatement) s = oakum_sql_prepare(
      import->stage,
      "SELECT p.ecosystem, p.name, p.feed, p.data FROM package p JOIN eco_rank e ON "
      "e.id=p.ecosystem JOIN feed_rank f ON f.id=p.feed ORDER BY e.rank, p.name, f.rank",
      error);
  g_autofree char *name = NULL;
  guint ecosystem = 0, feed = 0;
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    guint eco = (guint)oakum_statement_int(s, 0), part = (guint)oakum_statement_int(s, 2);
    const char *next = oakum_statement_text(s, 1);
    OakumSlice data = oakum_statement_blob(s, 3);
    if (name && (eco != ecosystem || part != feed || strcmp(next, name) != 0)) {
      if (!write_group(pack, ecosystem, name, feed, error))
        return FALSE;
      g_array_set_size(pack->entries, 0);
      oakum_arena_free(pack->arena);
      pack->arena = oakum_arena_new();
      g_clear_pointer(&name, g_free);
    }
    if (!name)
      name = g_strdup(next);
    ecosystem = eco;
    feed = part;
    if (!oakum_row_decode(data.data, data.len, pack->arena, pack->entries, error))
      return FALSE;
  }
  return more == 0 && (!name || write_group(pack, ecosystem, name, feed, error));
}

static gboolean add_alias(OakumStatement *s, const char *name, const char *id, GError **error)
{
  oakum_statement_bind_static(s, 1, name);
  oakum_statement_bind_static(s, 2, id);
  return step(s, error);
}

static gboolean write_vulnerability(OakumAdvisoryImport *import, OakumStatement *insert,
                                    OakumStatement *alias, const char *id, guint feed,
                                    OakumSlice data, GHashTable *records, GError **error)
{
  Part *part = import->parts->pdata[feed];
  g_autoptr(OakumArena) arena = oakum_arena_new();
  OakumVulnerability v = {0};
  if (!oakum_vulnerability_decode(data.data, data.len, arena, &v, error))
    return FALSE;
  for (guint i = 0; v.aliases[i]; i++)
    if (strcmp(v.aliases[i], id) != 0 && !add_alias(alias, v.aliases[i], id, error))
      return FALSE;
  g_hash_table_add(records, g_strdup_printf("%u %s", feed, id));
  hash_text(import->hasher, id);
  oakum_advisory_hash_number(import->hasher, part->number);
  oakum_hasher_update(import->hasher, data.data, data.len);
  oakum_statement_bind_static(insert, 1, id);
  oakum_statement_bind_int(insert, 2, part->number);
  oakum_statement_bind_blob(insert, 3, data.data, data.len);
  return step(insert, error);
}

/* Of records that came several times the newest, and of equally new ones the one whose bytes are
 * last. */
static gboolean write_vulnerabilities(OakumAdvisoryImport *import, GHashTable *records,
                                      GError **error)
{
  if (!oakum_sql_exec(import->stage, "CREATE TABLE alias(name TEXT, id TEXT)", error))
    return FALSE;
  g_autoptr(OakumStatement) s = oakum_sql_prepare(
      import->stage,
      "SELECT v.id, v.feed, v.data FROM vulnerability v JOIN feed_rank f ON f.id=v.feed ORDER BY "
      "v.id, f.rank, v.modified DESC, v.data DESC",
      error);
  g_autoptr(OakumStatement) insert =
      oakum_sql_prepare(import->sql, "INSERT INTO vulnerability VALUES(?1,?2,?3)", error);
  g_autoptr(OakumStatement) alias =
      oakum_sql_prepare(import->stage, "INSERT INTO alias VALUES(?1,?2)", error);
  if (!s || !insert || !alias)
    return FALSE;
  g_autofree char *last = NULL;
  gint64 last_feed = -1;
  int more;
  while ((more = oakum_statement_step(s, error)) > 0) {
    const char *id = oakum_statement_text(s, 0);
    gint64 feed = oakum_statement_int(s, 1);
    if (feed == last_feed && g_strcmp0(id, last) == 0)
      continue;
    g_free(last);
    last = g_strdup(id);
    last_feed = feed;
    if (!write_vulnerability(import, insert, alias, id, (guint)feed, oakum_statement_blob(s, 2),
                             records, error))
      return FALSE;
  }
  if (more < 0)
    return FALSE;
  g_autoptr(OakumStatement) sorted = oakum_sql_prepare(
      import->stage, "SELECT DISTINCT name, id FROM alias ORDER BY name, id", error);
  g_autoptr(OakumStatement) out =
      oakum_sql_prepare(import->sql, "INSERT INTO alias VALUES(?1,?2)", error);
  while (sorted && out && (more = oakum_statement_step(sorted, error)) > 0)
    if (!add_alias(out, oakum_statement_text(sorted, 0), oakum_statement_text(sorted, 1), error))
      return FALSE;
  return sorted && out && more == 0;
}

/* Copies a small table, in order, without doubles by key. */
static gboolean write_table(OakumAdvisoryImport *import, const char *from, const char *into,
                            guint columns, guint numbers, GError **error)
{
  g_autoptr(OakumStatement) s = oakum_sql_prepare(import->stage, from, error);
  g_autoptr(OakumStatement) insert = oakum_sql_prepare(import->sql, into, error);
  int more = s && insert ? 0 : -1;
  while (s && insert && (more = oakum_statement_step(s, error)) > 0) {
    for (guint i = 0; i < columns; i++) {
      if (numbers & (1u << i)) {
        oakum_statement_bind_int(insert, (int)i + 1, oakum_statement_int(s, (int)i));
        oakum_advisory_hash_number(import->hasher, oakum_statement_int(s, (int)i));
      } else {
        oakum_statement_bind_text(insert, (int)i + 1, oakum_statement_text(s, (int)i));
        hash_text(import->hasher, oakum_statement_text(s, (int)i));
      }
    }
    if (!step(insert, error))
      return FALSE;
  }
  return more == 0;
}

static const char *first_text(const char *a, const char *b, const char *c)
{
  return a && *a ? a : b && *b ? b : c ? c : "";
}

static gboolean write_feeds(OakumAdvisoryImport *import, char **latest, GError **error)
{
  g_autoptr(GPtrArray) parts = g_ptr_array_copy(import->parts, NULL, NULL);
  g_ptr_array_set_free_func(parts, NULL);
  g_ptr_array_sort(parts, by_key);
  g_autoptr(OakumStatement) s = oakum_sql_prepare(
      import->sql, "INSERT INTO feed VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)", error);
  for (guint i = 0; s && i < parts->len; i++) {
    Part *p = parts->pdata[i];
    if (!p->used)
      continue;
    const OakumFeedInfo *info = oakum_feed_find(p->name);
    const char *newest = g_strcmp0(p->newest, p->old_date) > 0 ? p->newest : p->old_date;
    const char *texts[] = {p->name,
                           p->part,
                           first_text(p->address, p->old_address, info ? info->addresses[0] : ""),
                           info ? info->licence : "",
                           first_text(p->document_date, p->date, newest),
                           first_text(p->etag, p->old_etag, NULL)};
    if (g_strcmp0(texts[4], *latest) > 0) {
      g_free(*latest);
      *latest = g_strdup(texts[4]);
    }
    const guint64 numbers[] = {p->records, p->rows, p->bad};
    oakum_statement_bind_int(s, 1, p->number);
    oakum_advisory_hash_number(import->hasher, p->number);
    for (int k = 0; k < (int)G_N_ELEMENTS(texts); k++) {
      oakum_statement_bind_static(s, k + 2, texts[k]);
      hash_text(import->hasher, texts[k]);
    }
    for (int k = 0; k < (int)G_N_ELEMENTS(numbers); k++) {
      oakum_statement_bind_int(s, k + 8, (gint64)numbers[k]);
      oakum_advisory_hash_number(import->hasher, (gint64)numbers[k]);
    }
    if (!step(s, error))
      return FALSE;
  }
  return s != NULL;
}

static gboolean keep_old_origins(OakumAdvisoryImport *import, GError **error)
{
  if (!import->old)
    return TRUE;
  g_autoptr(OakumStatement) s = oakum_sql_prepare(oakum_advisory_db_sql(import->old),
                                                  "SELECT address, etag, date FROM origin", error);
  int more = s ? 0 : -1;
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    const char *address = oakum_statement_text(s, 0);
    if (!address || g_hash_table_contains(import->origins, address))
      continue;
    char **origin = g_new0(char *, 3);
    for (int i = 0; i < 2; i++) {
      const char *text = oakum_statement_text(s, i + 1);
      origin[i] = g_strdup(text ? text : "");
    }
    g_hash_table_insert(import->origins, g_strdup(address), origin);
  }
  return more == 0;
}

static gboolean write_origins(OakumAdvisoryImport *import, GError **error)
{
  g_autoptr(GList) addresses = g_hash_table_get_keys(import->origins);
  addresses = g_list_sort(addresses, (GCompareFunc)strcmp);
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(import->sql, "INSERT INTO origin VALUES(?1,?2,?3)", error);
  for (GList *at = addresses; s && at; at = at->next) {
    char **origin = g_hash_table_lookup(import->origins, at->data);
    const char *texts[] = {at->data, origin[0], origin[1]};
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++) {
      oakum_statement_bind_static(s, i + 1, texts[i]);
      hash_text(import->hasher, texts[i]);
    }
    if (!step(s, error))
      return FALSE;
  }
  return s != NULL;
}

static gboolean write_meta(OakumAdvisoryImport *import, const char *latest, GError **error)
{
  g_autofree char *hash = oakum_hasher_hex(import->hasher);
  const char *pairs[][2] = {
      {"hash", hash}, {"latest", latest ? latest : ""}, {"schema", OAKUM_ADVISORY_SCHEMA}};
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(import->sql, "INSERT INTO meta VALUES(?1,?2)", error);
  for (size_t i = 0; s && i < G_N_ELEMENTS(pairs); i++)
    if (!add_alias(s, pairs[i][0], pairs[i][1], error))
      return FALSE;
  return s != NULL;
}

static void count_records(OakumAdvisoryImport *import, GHashTable *records)
{
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init(&iter, records);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    ((Part *)import->parts->pdata[g_ascii_strtoull(key, NULL, 10)])->records++;
}

static gboolean write_file(OakumAdvisoryImport *import, GError **error)
{
  for (size_t i = 0; i < oakum_advisory_n_tables; i++)
    if (!oakum_sql_exec(import->sql, oakum_advisory_tables[i][1], error))
      return FALSE;
  import->hasher = oakum_hasher_new(OAKUM_HASH_SHA256);
  g_autoptr(GHashTable) records = oakum_str_map_new(g_free, NULL);
  g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(OakumAdvisory));
  g_autoptr(OakumStatement) insert =
      oakum_sql_prepare(import->sql, "INSERT INTO package VALUES(?1,?2,?3,?4)", error);
  g_autoptr(OakumStatement) eco =
      oakum_sql_prepare(import->sql, "INSERT INTO ecosystem VALUES(?1,?2)", error);
  if (!insert || !eco)
    return FALSE;
  Pack pack = {import, insert, eco, oakum_arena_new(), entries, records, -1, 0};
  gboolean ok = write_packages(&pack, error);
  oakum_arena_free(pack.arena);
  g_autofree char *latest = NULL;
  if (!ok || !write_vulnerabilities(import, records, error))
    return FALSE;
  count_records(import, records);
  return write_table(import,
                     "SELECT cve, max(score), max(percentile) FROM epss WHERE cve<>0 GROUP BY cve "
                     "ORDER BY cve",
                     "INSERT OR IGNORE INTO epss VALUES(?1,?2,?3)", 3, 7, error) &&
         write_table(import,
                     "SELECT cve, added, due, name, action, ransomware FROM kev ORDER BY cve, "
                     "added DESC, due, name, action, ransomware",
                     "INSERT OR IGNORE INTO kev VALUES(?1,?2,?3,?4,?5,?6)", 6, 1 << 5, error) &&
         write_table(import,
                     "SELECT product, cycle, codename, released, eol, extended FROM eol ORDER BY "
                     "1,2,3,4,5,6",
                     "INSERT OR IGNORE INTO eol VALUES(?1,?2,?3,?4,?5,?6)", 6, 0, error) &&
         write_feeds(import, &latest, error) && keep_old_origins(import, error) &&
         write_origins(import, error) && write_meta(import, latest, error);
}

static void close_all(OakumAdvisoryImport *import)
{
  g_clear_pointer(&import->add_package, oakum_statement_free);
  g_clear_pointer(&import->add_vulnerability, oakum_statement_free);
  g_clear_pointer(&import->add_epss, oakum_statement_free);
  g_clear_pointer(&import->add_kev, oakum_statement_free);
  g_clear_pointer(&import->add_eol, oakum_statement_free);
  g_clear_pointer(&import->stage, oakum_sql_free);
  g_clear_pointer(&import->sql, oakum_sql_free);
  g_clear_pointer(&import->old, oakum_advisory_db_free);
}

gboolean oakum_advisory_import_commit(OakumAdvisoryImport *import, GError **error)
{
  import->temp = g_strdup_printf("%s.tmp-%d", import->path, (int)getpid());
  (void)unlink(import->temp);
  if (!keep_old(import, error) || !rank(import, error) ||
      !(import->sql = oakum_sql_open_write(import->temp, error)) ||
      !oakum_sql_exec(import->sql, "BEGIN", error) || !write_file(import, error) ||
      !oakum_sql_exec(import->sql, "COMMIT", error))
    return FALSE;
  close_all(import);
  OAKUM_AUTO_FD fd = open(import->temp, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fsync(fd) < 0 || rename(import->temp, import->path) < 0) {
    oakum_error_errno(error, OAKUM_ADVISORY_ERROR, errno, "%s", import->path);
    return FALSE;
  }
  g_clear_pointer(&import->temp, g_free);
  return TRUE;
}

void oakum_advisory_import_free(OakumAdvisoryImport *import)
{
  if (!import)
    return;
  close_all(import);
  if (import->temp)
    (void)unlink(import->temp);
  batch_drop(import);
  g_ptr_array_unref(import->batch);
  g_ptr_array_unref(import->batch_whole);
  g_ptr_array_unref(import->batch_used);
  g_hash_table_unref(import->touched);
  g_hash_table_unref(import->origins);
  g_hash_table_unref(import->part_index);
  g_hash_table_unref(import->ecosystem_index);
  g_ptr_array_unref(import->parts);
  g_ptr_array_unref(import->ecosystems);
  g_string_chunk_free(import->words);
  oakum_hasher_free(import->hasher);
  char *texts[] = {import->temp, import->path, import->address, import->date, import->etag};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_free(import);
}
