#include "os/os.h"
#include "sql/sql.h"
#include <string.h>

static OakumTempDir *folder(void)
{
  GError *error = NULL;
  OakumTempDir *dir = oakum_temp_dir_new(NULL, &error);
  g_assert_no_error(error);
  return dir;
}

static void fill(const char *path, const char *text)
{
  GError *error = NULL;
  g_autoptr(OakumSql) sql = oakum_sql_open_write(path, &error);
  g_assert_no_error(error);
  g_assert_true(oakum_sql_exec(sql, text, &error));
  g_assert_no_error(error);
}

static void test_rows(void)
{
  g_autoptr(OakumTempDir) dir = folder();
  /* a name that would mean something in a URI */
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(dir), "a?mode=memory#%41.db", NULL);
  fill(path,
       "CREATE TABLE t(a TEXT PRIMARY KEY, b INT) WITHOUT ROWID; INSERT INTO t VALUES('n2', 2)");
  g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
  GError *error = NULL;
  g_autoptr(OakumSql) sql = oakum_sql_open_read(path, &error);
  g_assert_no_error(error);
  g_autoptr(OakumStatement) get = oakum_sql_prepare(sql, "SELECT b FROM t WHERE a=?", NULL);
  oakum_statement_bind_text(get, 1, "n2");
  g_assert_cmpint(oakum_statement_step(get, NULL), ==, 1);
  g_assert_cmpint(oakum_statement_int(get, 0), ==, 2);
  g_assert_cmpint(oakum_statement_step(get, NULL), ==, 0);
  oakum_statement_reset(get);
  oakum_statement_bind_text(get, 9, "no such place");
  g_assert_cmpint(oakum_statement_step(get, &error), ==, -1);
  g_clear_error(&error);
  oakum_statement_reset(get);
  g_assert_cmpint(oakum_statement_step(get, &error), ==, 0); /* NULL is bound to nothing */
  g_assert_false(oakum_sql_exec(sql, "DELETE FROM t", &error));
  g_clear_error(&error);
}

static void test_hostile(void)
{
  g_autoptr(OakumTempDir) dir = folder();
  g_autofree char *path = g_build_filename(oakum_temp_dir_path(dir), "x.db", NULL);
  GError *error = NULL;
  g_assert_null(oakum_sql_open_read(path, &error));
  g_assert_error(error, OAKUM_SQL_ERROR, OAKUM_ERROR_IO);
  g_clear_error(&error);
  g_assert_true(
      g_file_set_contents(path, "no database, but long enough to be taken for one", -1, NULL));
  g_autoptr(OakumSql) text = oakum_sql_open_read(path, &error);
  g_autoptr(OakumStatement) none = text ? oakum_sql_prepare(text, "SELECT * FROM t", &error) : NULL;
  g_assert_null(none);
  g_assert_error(error, OAKUM_SQL_ERROR, OAKUM_ERROR_INVALID);
  g_clear_error(&error);

  g_autofree char *views = g_build_filename(oakum_temp_dir_path(dir), "e.db", NULL);
  fill(views, "CREATE TABLE r(a); INSERT INTO r VALUES(1)");
  g_autoptr(OakumSql) sql = oakum_sql_open_read(views, &error);
  g_assert_no_error(error);
  g_autoptr(OakumStatement) loop = oakum_sql_prepare(
      sql, "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c) SELECT count(*) FROM c",
      NULL);
  g_assert_cmpint(oakum_statement_step(loop, &error), ==, -1);
  g_assert_error(error, OAKUM_SQL_ERROR, OAKUM_ERROR_LIMIT);
  g_clear_error(&error);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sql/rows", test_rows);
  g_test_add_func("/sql/hostile", test_hostile);
  return g_test_run();
}
