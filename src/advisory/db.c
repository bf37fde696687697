#include "advisory/advisory-private.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA_VERSION "2"

/* The whole schema, by name. It is compared word by word when a database is opened: the schema of a
 * foreign file is code (generated columns, checks, indexes on expressions). */
static const char *const tables[][2] = {
    {"advisory",
     "CREATE TABLE advisory(ecosystem TEXT, package TEXT, feed TEXT, record TEXT, seq INTEGER, "
     "id TEXT, aliases TEXT, introduced TEXT, fixed TEXT, last_affected TEXT, versions TEXT, "
     "severity INTEGER, title TEXT, "
     "PRIMARY KEY(ecosystem, package, feed, record, seq)) WITHOUT ROWID"},
    {"meta", "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"},
};

struct OakumAdvisoryDb {
  OakumSql *sql;
  OakumStatement *find;
};

gboolean oakum_feed_parse(const char *text, OakumFeed *out)
{
  *out = strcmp(text, "alpine-secdb") == 0 ? OAKUM_FEED_ALPINE_SECDB : OAKUM_FEED_OSV;
  return strcmp(text, "osv") == 0 || strcmp(text, "alpine-secdb") == 0;
}

/* ---- import
 * ----------------------------------------------------------------------------------------- */
static gboolean copy_old(const char *from, const char *to, gboolean *copied, GError **error)
{
  OAKUM_AUTO_FD in = open(from, O_RDONLY | O_CLOEXEC);
  *copied = FALSE;
  if (in < 0 && errno == ENOENT)
    return TRUE;
  /* Some other file, or another program's database, is not to be written over. */
  g_autoptr(OakumAdvisoryDb) ours = in >= 0 ? oakum_advisory_db_open(from, error) : NULL;
  if (in >= 0 && !ours)
    return FALSE;
  *copied = TRUE;
  OAKUM_AUTO_FD out = in >= 0 ? open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644) : -1;
  if (in < 0 || out < 0) {
    oakum_error_errno(error, OAKUM_ADVISORY_ERROR, errno, "%s", in < 0 ? from : to);
    return FALSE;
  }
  g_autoptr(OakumReader) reader = oakum_reader_new_fd(in, FALSE);
  g_autoptr(OakumWriter) writer = oakum_writer_new_fd(out, FALSE);
  return oakum_stream_copy(reader, writer, NULL, error) && oakum_writer_finish(writer, error);
}

OakumAdvisoryImport *oakum_advisory_import_new(const char *path, GError **error)
{
  g_autoptr(OakumAdvisoryImport) import = g_new0(OakumAdvisoryImport, 1);
  import->path = g_strdup(path);
  import->temp = g_strdup_printf("%s.tmp-%d", path, (int)getpid());
  (void)unlink(import->temp);
  gboolean copied;
  if (!copy_old(path, import->temp, &copied, error) ||
      !(import->sql = oakum_sql_open_write(import->temp, error)) ||
      !oakum_sql_exec(import->sql, "BEGIN", error))
    return NULL;
  for (size_t i = 0; !copied && i < G_N_ELEMENTS(tables); i++)
    if (!oakum_sql_exec(import->sql, tables[i][1], error))
      return NULL;
  /* Only the import looks for rows by record; commit drops the index. */
  if (!oakum_sql_exec(import->sql,
                      "INSERT OR REPLACE INTO meta VALUES('schema', '" SCHEMA_VERSION "');"
                      "CREATE INDEX by_record ON advisory(feed, record)",
                      error) ||
      !(import->forget = oakum_sql_prepare(
            import->sql, "DELETE FROM advisory WHERE feed=?1 AND record=?2", error)))
    return NULL;
  import->insert = oakum_sql_prepare(
      import->sql, "INSERT INTO advisory VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
      error);
  g_autoptr(OakumStatement) old =
      oakum_sql_prepare(import->sql, "SELECT value FROM meta WHERE key='latest'", NULL);
  if (old && oakum_statement_step(old, NULL) == 1)
    import->latest = g_strdup(oakum_statement_text(old, 0));
  return import->insert ? g_steal_pointer(&import) : NULL;
}

gboolean oakum_advisory_add(OakumAdvisoryImport *import, const char *ecosystem, const char *package,
                            guint seq, const OakumAdvisory *advisory, GError **error)
{
  if (seq >= OAKUM_OSV_AFFECTED_MAX) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT, "%s: more than %u ranges",
                advisory->record, OAKUM_OSV_AFFECTED_MAX);
    return FALSE;
  }
  OakumStatement *s = import->insert;
  const char *texts[] = {advisory->id,    advisory->aliases,       advisory->introduced,
                         advisory->fixed, advisory->last_affected, advisory->versions};
  oakum_statement_bind_text(s, 1, ecosystem);
  oakum_statement_bind_text(s, 2, package);
  oakum_statement_bind_text(s, 3, advisory->feed);
  oakum_statement_bind_text(s, 4, advisory->record);
  oakum_statement_bind_int(s, 5, seq);
  for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
    oakum_statement_bind_text(s, 6 + i, texts[i]);
  oakum_statement_bind_int(s, 12, advisory->severity);
  oakum_statement_bind_text(s, 13, advisory->title);
  int result = oakum_statement_step(s, error);
  oakum_statement_reset(s);
  return result == 0;
}

gboolean oakum_advisory_forget(OakumAdvisoryImport *import, const char *feed, const char *record,
                               GError **error)
{
  oakum_statement_bind_text(import->forget, 1, feed);
  oakum_statement_bind_text(import->forget, 2, record);
  int result = oakum_statement_step(import->forget, error);
  oakum_statement_reset(import->forget);
  return result == 0;
}

gboolean oakum_advisory_forget_feed(OakumAdvisoryImport *import, const char *ecosystem,
                                    const char *feed, GError **error)
{
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(import->sql, "DELETE FROM advisory WHERE ecosystem=?1 AND feed=?2", error);
  if (!s)
    return FALSE;
  oakum_statement_bind_text(s, 1, ecosystem);
  oakum_statement_bind_text(s, 2, feed);
  return oakum_statement_step(s, error) == 0;
}

/* The next line without its end, into `line`. 1, 0 at the end, -1. */
static int next_line(OakumReader *reader, GByteArray *buffer, gsize *used, GByteArray *line,
                     GError **error)
{
  g_byte_array_set_size(line, 0);
  for (;;) {
    const guint8 *at = buffer->data + *used;
    gsize left = buffer->len - *used;
    const guint8 *newline = left ? memchr(at, '\n', left) : NULL;
    gsize n = newline ? (gsize)(newline - at) : left;
    if (line->len + n > OAKUM_OSV_LINE_MAX) {
      g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT,
                  "a record larger than %" G_GUINT64_FORMAT " bytes", OAKUM_OSV_LINE_MAX);
      return -1;
    }
    g_byte_array_append(line, at, (guint)n);
    *used += n + (newline ? 1 : 0);
    if (newline)
      return 1;
    g_byte_array_set_size(buffer, OAKUM_IO_BUFFER);
    gssize got = oakum_reader_read(reader, buffer->data, OAKUM_IO_BUFFER, error);
    g_byte_array_set_size(buffer, (guint)MAX(got, 0));
    *used = 0;
    if (got <= 0)
      return got < 0 ? -1 : line->len > 0;
  }
}

static gboolean read_document(OakumAdvisoryImport *import, OakumFeed feed, const json_t *json,
                              GError **error)
{
  if (feed == OAKUM_FEED_ALPINE_SECDB)
    return oakum_advisory_read_secdb(import, json, error);
  if (!json_is_array(json))
    return oakum_advisory_read_osv(import, json, error);
  for (size_t i = 0; i < json_array_size(json); i++)
    if (!oakum_advisory_read_osv(import, json_array_get(json, i), error))
      return FALSE;
  return TRUE;
}

static gboolean read_all(OakumAdvisoryImport *import, OakumFeed feed, OakumReader *reader,
                         GError **error)
{
  g_autoptr(GByteArray) buffer = g_byte_array_new();
  g_autoptr(GByteArray) line = g_byte_array_new();
  gsize used = 0;
  guint64 number = 0;
  int more;
  while ((more = next_line(reader, buffer, &used, line, error)) > 0) {
    number++;
    OAKUM_AUTO_JSON *json = NULL;
    g_autoptr(GError) local = NULL;
    if (line->len == 0 || (line->len == 1 && line->data[0] == '\r'))
      continue;
    json = oakum_json_parse((const char *)line->data, line->len, "record", &local);
    if (!json && number == 1) { /* not a record a line: one document over many lines */
      g_autofree char *rest = NULL;
      size_t len = 0;
      g_autoptr(GByteArray) whole = g_byte_array_new();
      g_byte_array_append(whole, line->data, line->len);
      g_byte_array_append(whole, (const guint8 *)"\n", 1);
      g_byte_array_append(whole, buffer->data + used, (guint)(buffer->len - used));
      if (!oakum_reader_slurp(reader, OAKUM_SECDB_MAX, "document", &rest, &len, error))
        return FALSE;
      g_byte_array_append(whole, (const guint8 *)rest, (guint)len);
      json = oakum_json_parse((const char *)whole->data, whole->len, "document", error);
      return json && read_document(import, feed, json, error);
    }
    if (!json) {
      g_propagate_prefixed_error(error, g_steal_pointer(&local), "line %" G_GUINT64_FORMAT ": ",
                                 number);
      return FALSE;
    }
    if (!read_document(import, feed, json, error)) {
      g_prefix_error(error, "line %" G_GUINT64_FORMAT ": ", number);
      return FALSE;
    }
  }
  if (more == 0 && number == 0) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID, "the input is empty");
    return FALSE;
  }
  return more == 0;
}

gboolean oakum_advisory_import_read(OakumAdvisoryImport *import, OakumFeed feed,
                                    OakumReader *reader, const char *what, GError **error)
{
  g_autoptr(OakumReader) plain = oakum_reader_new_inflate(reader, NULL);
  if (read_all(import, feed, plain, error))
    return TRUE;
  g_prefix_error(error, "%s: ", what);
  return FALSE;
}

guint64 oakum_advisory_import_records(const OakumAdvisoryImport *import)
{
  return import->records;
}

gboolean oakum_advisory_import_commit(OakumAdvisoryImport *import, GError **error)
{
  g_autoptr(OakumStatement) meta =
      oakum_sql_prepare(import->sql, "INSERT OR REPLACE INTO meta VALUES('latest', ?1)", error);
  if (!meta)
    return FALSE;
  oakum_statement_bind_text(meta, 1, import->latest ? import->latest : "");
  if (oakum_statement_step(meta, error) != 0)
    return FALSE;
  oakum_statement_reset(meta);
  g_clear_pointer(&meta, oakum_statement_free);
  g_clear_pointer(&import->insert, oakum_statement_free);
  g_clear_pointer(&import->forget, oakum_statement_free);
  if (!oakum_sql_exec(import->sql, "DROP INDEX by_record; COMMIT; VACUUM", error))
    return FALSE;
  g_clear_pointer(&import->sql, oakum_sql_free);
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
  oakum_statement_free(import->insert);
  oakum_statement_free(import->forget);
  oakum_sql_free(import->sql);
  if (import->temp)
    (void)unlink(import->temp);
  g_free(import->temp);
  g_free(import->path);
  g_free(import->latest);
  g_free(import);
}

/* ---- queries
 * ------------------------------------------------------------------------------------------ */
static char *single(OakumSql *sql, const char *query, const char *parameter, GError **error)
{
  g_autoptr(OakumStatement) s = oakum_sql_prepare(sql, query, error);
  if (!s)
    return NULL;
  if (parameter)
    oakum_statement_bind_text(s, 1, parameter);
  return oakum_statement_step(s, error) == 1 ? g_strdup(oakum_statement_text(s, 0)) : NULL;
}

static gboolean check_schema(OakumSql *sql, gboolean *ours, GError **error)
{
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(sql, "SELECT type, name, sql FROM sqlite_schema ORDER BY name", error);
  if (!s)
    return FALSE;
  *ours = FALSE;
  for (size_t i = 0;; i++) {
    int more = oakum_statement_step(s, error);
    if (more <= 0 || i >= G_N_ELEMENTS(tables)) {
      *ours = more == 0 && i == G_N_ELEMENTS(tables);
      return more >= 0;
    }
    if (g_strcmp0(oakum_statement_text(s, 0), "table") != 0 ||
        g_strcmp0(oakum_statement_text(s, 1), tables[i][0]) != 0 ||
        g_strcmp0(oakum_statement_text(s, 2), tables[i][1]) != 0)
      return TRUE;
  }
}

OakumAdvisoryDb *oakum_advisory_db_open(const char *path, GError **error)
{
  g_autoptr(OakumAdvisoryDb) db = g_new0(OakumAdvisoryDb, 1);
  gboolean ours = FALSE;
  db->sql = oakum_sql_open_read(path, error);
  if (!db->sql)
    return NULL;
  if (!check_schema(db->sql, &ours, error)) {
    g_prefix_error(error, "%s: ", path);
    return NULL;
  }
  g_autofree char *schema =
      ours ? single(db->sql, "SELECT value FROM meta WHERE key='schema'", NULL, NULL) : NULL;
  if (g_strcmp0(schema, SCHEMA_VERSION) != 0) {
    g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                "%s is no advisory database of this version; make one with oakum db import", path);
    return NULL;
  }
  db->find = oakum_sql_prepare(db->sql,
                               "SELECT record, id, aliases, introduced, fixed, last_affected, "
                               "versions, severity, title, feed FROM advisory"
                               " WHERE ecosystem=?1 AND package=?2 ORDER BY feed, record, seq",
                               error);
  return db->find ? g_steal_pointer(&db) : NULL;
}

void oakum_advisory_db_free(OakumAdvisoryDb *db)
{
  if (!db)
    return;
  oakum_statement_free(db->find);
  oakum_sql_free(db->sql);
  g_free(db);
}

static void advisory_free(gpointer p)
{
  OakumAdvisory *a = p;
  char *texts[] = {a->record,        a->id,       a->aliases, a->introduced, a->fixed,
                   a->last_affected, a->versions, a->title,   a->feed};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  g_free(a);
}

GPtrArray *oakum_advisory_db_find(OakumAdvisoryDb *db, const char *ecosystem, const char *package,
                                  GError **error)
{
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(advisory_free);
  OakumStatement *s = db->find;
  oakum_statement_bind_text(s, 1, ecosystem);
  oakum_statement_bind_text(s, 2, package);
  int more;
  while ((more = oakum_statement_step(s, error)) > 0) {
    OakumAdvisory *a = g_new0(OakumAdvisory, 1);
    char **slots[] = {&a->record,        &a->id,      &a->aliases, &a->introduced, &a->fixed,
                      &a->last_affected, &a->versions};
    for (int i = 0; i < (int)G_N_ELEMENTS(slots); i++)
      *slots[i] = g_strdup(oakum_statement_text(s, i));
    a->severity = (OakumSeverity)CLAMP(oakum_statement_int(s, 7), OAKUM_SEVERITY_UNKNOWN,
                                       OAKUM_SEVERITY_CRITICAL);
    a->title = g_strdup(oakum_statement_text(s, 8));
    a->feed = g_strdup(oakum_statement_text(s, 9));
    g_ptr_array_add(list, a);
    if (!a->record || !a->id || list->len > OAKUM_ADVISORY_ROWS_MAX) {
      g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                  "database: an advisory on %s without an id, or too many of them", package);
      more = -1;
      break;
    }
  }
  oakum_statement_reset(s);
  return more == 0 ? g_steal_pointer(&list) : NULL;
}

gboolean oakum_advisory_db_knows(OakumAdvisoryDb *db, const char *ecosystem)
{
  g_autofree char *hit =
      single(db->sql, "SELECT package FROM advisory WHERE ecosystem=?1 LIMIT 1", ecosystem, NULL);
  return hit != NULL;
}

char *oakum_advisory_db_date(OakumAdvisoryDb *db)
{
  char *date = single(db->sql, "SELECT value FROM meta WHERE key='latest'", NULL, NULL);
  return date ? date : g_strdup("");
}

char *oakum_advisory_db_status(OakumAdvisoryDb *db, GError **error)
{
  g_autofree char *date = oakum_advisory_db_date(db);
  g_autoptr(GString) out = g_string_new(NULL);
  g_autoptr(OakumStatement) s =
      oakum_sql_prepare(db->sql,
                        "SELECT ecosystem, feed, count(DISTINCT package), count(*) FROM advisory "
                        "GROUP BY ecosystem, feed ORDER BY ecosystem, feed",
                        error);
  int more = -1;
  g_string_append_printf(out, "newest record: %s\n", *date ? date : "unknown");
  while (s && (more = oakum_statement_step(s, error)) > 0) {
    g_autofree char *ecosystem = oakum_escape_terminal(oakum_statement_text(s, 0), -1);
    g_string_append_printf(
        out, "%s (%s): %" G_GINT64_FORMAT " packages, %" G_GINT64_FORMAT " ranges\n", ecosystem,
        oakum_statement_text(s, 1), oakum_statement_int(s, 2), oakum_statement_int(s, 3));
  }
  return more == 0 ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}
