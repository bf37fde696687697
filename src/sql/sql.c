#include "sql/sql.h"
#include <sqlite3.h>

struct OakumSql {
  sqlite3 *db;
};
struct OakumStatement {
  sqlite3_stmt *stmt;
};

static gboolean fail(OakumSql *sql, const char *what, GError **error)
{
  g_set_error(error, OAKUM_SQL_ERROR, OAKUM_ERROR_FAILED, "%s: %s", what,
              sql->db ? sqlite3_errmsg(sql->db) : "out of memory");
  return FALSE;
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
  return open_with(uri, SQLITE_OPEN_READONLY, path, error);
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
  statement->stmt = stmt;
  return statement;
}

void oakum_statement_bind_text(OakumStatement *statement, int index, const char *text)
{
  if (text)
    sqlite3_bind_text(statement->stmt, index, text, -1, SQLITE_TRANSIENT);
  else
    sqlite3_bind_null(statement->stmt, index);
}

void oakum_statement_bind_int(OakumStatement *statement, int index, int64_t value)
{
  sqlite3_bind_int64(statement->stmt, index, value);
}

int oakum_statement_step(OakumStatement *statement, GError **error)
{
  int result = sqlite3_step(statement->stmt);
  if (result == SQLITE_ROW)
    return 1;
  if (result == SQLITE_DONE)
    return 0;
  g_set_error(error, OAKUM_SQL_ERROR, OAKUM_ERROR_FAILED, "database: %s",
              sqlite3_errmsg(sqlite3_db_handle(statement->stmt)));
  return -1;
}

void oakum_statement_reset(OakumStatement *statement)
{
  sqlite3_reset(statement->stmt);
  sqlite3_clear_bindings(statement->stmt);
}

const char *oakum_statement_text(OakumStatement *statement, int column)
{
  return (const char *)sqlite3_column_text(statement->stmt, column);
}

int64_t oakum_statement_int(OakumStatement *statement, int column)
{
  return sqlite3_column_int64(statement->stmt, column);
}

void oakum_statement_free(OakumStatement *statement)
{
  if (!statement)
    return;
  sqlite3_finalize(statement->stmt);
  g_free(statement);
}
