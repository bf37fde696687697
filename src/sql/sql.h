/* sql: one small face over SQLite: hardened open, prepared statements, transactions. Rank 1. It
 * knows no table. */
#pragma once
#include "base/base.h"

OAKUM_DECLARE_ERROR(sql)
#define OAKUM_SQL_ERROR (oakum_sql_error_quark())

typedef struct OakumSql OakumSql;
typedef struct OakumStatement OakumStatement;
/* Opens to read, as a file that nobody changes (immutable), mapped into memory; foreign files may
 * be hostile: defensive, schema not trusted, cells checked, a statement at most OAKUM_SQL_STEPS_MAX
 * thousand steps. A broken file is INVALID at the first statement, one that works too long LIMIT.
 */
NODISCARD OakumSql *oakum_sql_open_read(const char *path, GError **error);
/* Opens to write, made when missing, without journal: for files that are renamed when they are
 * whole. */
NODISCARD OakumSql *oakum_sql_open_write(const char *path, GError **error);
NODISCARD gboolean oakum_sql_exec(OakumSql *sql, const char *text, GError **error);
void oakum_sql_free(OakumSql *sql);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumSql, oakum_sql_free)

NODISCARD OakumStatement *oakum_sql_prepare(OakumSql *sql, const char *text, GError **error);
/* Parameters count from 1. Text NULL binds NULL. What cannot be bound is told by the next step. */
void oakum_statement_bind_text(OakumStatement *statement, int index, const char *text);
void oakum_statement_bind_int(OakumStatement *statement, int index, int64_t value);
/* Borrowed until the statement is reset. */
void oakum_statement_bind_blob(OakumStatement *statement, int index, const void *data, size_t len);
/* As text, but borrowed until the statement is reset. */
void oakum_statement_bind_static(OakumStatement *statement, int index, const char *text);
/* 1: a row, 0: the end, -1: error. reset makes it ready for other parameters. */
NODISCARD int oakum_statement_step(OakumStatement *statement, GError **error);
void oakum_statement_reset(OakumStatement *statement);
/* Columns count from 0; borrowed until the next step; NULL for NULL. */
NODISCARD const char *oakum_statement_text(OakumStatement *statement, int column);
NODISCARD int64_t oakum_statement_int(OakumStatement *statement, int column);
/* The bytes of a column; borrowed until the next step. */
NODISCARD OakumSlice oakum_statement_blob(OakumStatement *statement, int column);
void oakum_statement_free(OakumStatement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumStatement, oakum_statement_free)
