#include "sql/sql.h"
#include <sqlite3.h>

#define STEPS_AT_ONCE 1000

struct OakumSql {
  sqlite3 *db;
  guint ticks; /* thousands of steps of the statement that runs, when reading */
};
struct OakumStatement {
  OakumSql *sql;
  sqlite3_stmt *stmt;
  int bind_status; /* of the first binding that failed */
};

/* A broken or endless file is told from a disk that says no: callers branch on it. */
static OakumErrorCode code_of(int status)
{
  switch (status & 0xff) {
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_FORMAT:
    return OAKUM_ERROR_INVALID;
  case SQLITE_TOOBIG:
  case SQLITE_INTERRUPT:
    return OAKUM_ERROR_LIMIT;
  case SQLITE_CANTOPEN:
  case SQLITE_IOERR:
  case SQLITE_FULL:
    return OAKUM_ERROR_IO;
  case SQLITE_PERM:
  case SQLITE_READONLY:
    return OAKUM_ERROR_DENIED;
  default:
    return OAKUM_ERROR_FAILED;
  }
}

static gboolean fail(OakumSql *sql, const char *what, GError **error)
{
  g_set_error(error, OAKUM_SQL_ERROR,
              sql->db ? code_of(sqlite3_errcode(sql->db)) : OAKUM_ERROR_FAILED, "%s: %s", what,
              sql->db ? sqlite3_errmsg(sql->db) : "out of memory");
  return FALSE;
}

static int on_progress(void *user)
{
  OakumSql *sql = user;
  return ++sql->ticks > OAKUM_SQL_STEPS_MAX;
}

static OakumSql *open_with(const char *name, int flags, const char *path, GError **error)
{
  g_autoptr(OakumSql) sql = g_new0(OakumSql, 1);
  if (sqlite3_open_v2(name, &sql->db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) !=
      SQLITE_OK) {
    (void)!fail(sql, path, error);
    return NULL;
  }
  sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(sql->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config(sql->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config(sql->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
  sqlite3_limit(sql->db, SQLITE_LIMIT_LENGTH, (int)OAKUM_OSV_LINE_MAX);
  return g_steal_pointer(&sql);
}

OakumSql *oakum_sql_open_read(const char *path, GError **error)
{
  g_autofree char *escaped = g_uri_escape_string(path, "/", TRUE);
  g_autofree char *uri = g_strdup_printf("file:%s?mode=ro&immutable=1", escaped);
  g_autofree char *pragmas = g_strdup_printf(
      "PRAGMA cell_size_check=ON; PRAGMA query_only=ON; PRAGMA mmap_size=%" G_GUINT64_FORMAT,
      (guint64)OAKUM_SQL_MMAP_MAX);
  g_autoptr(OakumSql) sql = open_with(uri, SQLITE_OPEN_READONLY, path, error);
  if (!sql)
    return NULL;
  sqlite3_progress_handler(sql->db, STEPS_AT_ONCE, on_progress, sql);
  if (!oakum_sql_exec(sql, pragmas, error))
    return NULL;
  return g_steal_pointer(&sql);
}

OakumSql *oakum_sql_open_write(const char *path, GError **error)
{
  g_autoptr(OakumSql) sql =
      open_with(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, path, error);
  if (!sql ||
      !oakum_sql_exec(
          sql, "PRAGMA journal_mode=OFF; PRAGMA synchronous=FULL; PRAGMA page_size=4096", error))
    return NULL;
  return g_steal_pointer(&sql);
}

gboolean oakum_sql_exec(OakumSql *sql, const char *text, GError **error)
{
  return sqlite3_exec(sql->db, text, NULL, NULL, NULL) == SQLITE_OK || fail(sql, "database", error);
}

void oakum_sql_free(OakumSql *sql)
{
  if (!sql)
    return;
  sqlite3_close(sql->db);
  g_free(sql);
}

OakumStatement *oakum_sql_prepare(OakumSql *sql, const char *text, GError **error)
{
  sqlite3_stmt *stmt;
  if (sqlite3_prepare_v2(sql->db, text, -1, &stmt, NULL) != SQLITE_OK) {
    (void)!fail(sql, "database", error);
    return NULL;
  }
  OakumStatement *statement = g_new0(OakumStatement, 1);
  statement->sql = sql;
  statement->stmt = stmt;
  return statement;
}

void oakum_statement_bind_text(OakumStatement *statement, int index, const char *text)
{
  int status = text ? sqlite3_bind_text(statement->stmt, index, text, -1, SQLITE_TRANSIENT)
                    : sqlite3_bind_null(statement->stmt, index);
  if (statement->bind_status == SQLITE_OK)
    statement->bind_status = status;
}

void oakum_statement_bind_int(OakumStatement *statement, int index, int64_t value)
{
  int status = sqlite3_bind_int64(statement->stmt, index, value);
  if (statement->bind_status == SQLITE_OK)
    statement->bind_status = status;
}

void oakum_statement_bind_blob(OakumStatement *statement, int index, const void *data, size_t len)
{
  int status = sqlite3_bind_blob64(statement->stmt, index, len ? data : "", len, SQLITE_STATIC);
  if (statement->bind_status == SQLITE_OK)
    statement->bind_status = status;
}

void oakum_statement_bind_static(OakumStatement *statement, int index, const char *text)
{
  int status = text ? sqlite3_bind_text(statement->stmt, index, text, -1, SQLITE_STATIC)
                    : sqlite3_bind_null(statement->stmt, index);
  if (statement->bind_status == SQLITE_OK)
    statement->bind_status = status;
}

int oakum_statement_step(OakumStatement *statement, GError **error)
{
  int result =
      statement->bind_status != SQLITE_OK ? statement->bind_status : sqlite3_step(statement->stmt);
  if (result == SQLITE_ROW)
    return 1;
  statement->sql->ticks = 0;
  if (result == SQLITE_DONE)
    return 0;
  g_set_error(error, OAKUM_SQL_ERROR, code_of(result), "database: %s", sqlite3_errstr(result));
  return -1;
}

void oakum_statement_reset(OakumStatement *statement)
{
  sqlite3_reset(statement->stmt);
  sqlite3_clear_bindings(statement->stmt);
  statement->bind_status = SQLITE_OK;
  statement->sql->ticks = 0;
}

const char *oakum_statement_text(OakumStatement *statement, int column)
{
  return (const char *)sqlite3_column_text(statement->stmt, column);
}

int64_t oakum_statement_int(OakumStatement *statement, int column)
{
  return sqlite3_column_int64(statement->stmt, column);
}

OakumSlice oakum_statement_blob(OakumStatement *statement, int column)
{
  const void *data = sqlite3_column_blob(statement->stmt, column);
  return (OakumSlice){data, data ? (size_t)sqlite3_column_bytes(statement->stmt, column) : 0};
}

void oakum_statement_free(OakumStatement *statement)
{
  if (!statement)
    return;
  sqlite3_finalize(statement->stmt);
  g_free(statement);
}
