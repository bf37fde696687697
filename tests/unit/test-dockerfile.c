#include "dockerfile/dockerfile.h"
#include <string.h>

static OakumDockerfile *parse(const char *text, GError **error)
{
  return oakum_dockerfile_parse(text, strlen(text), "D", error);
}

static void test_tree(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumDockerfile) d =
      parse("# syntax=docker/dockerfile:1\n# escape=`\nARG V=1\nfrom --platform=linux/amd64 img:$V "
            "as Base\n"
            "ENV a=\"x y\" b='z'\nENV old  form here\nRUN apt-get update && `\n  # note\n\n  "
            "apt-get install x\n"
            "FROM base\nCOPY --from=0 --chown=1:2 [\"a b\", \"/c\"]\nCMD [\"x\",\"y\"]\nCMD x $y\n",
            &error);
  g_assert_no_error(error);
  g_assert_cmpint(d->escape, ==, '`');
  g_assert_cmpuint(d->stages->len, ==, 2);
  const OakumStage *stage = d->stages->pdata[0];
  g_assert_cmpstr(stage->name, ==, "base");
  g_assert_cmpstr(stage->platform->value, ==, "linux/amd64");
  const OakumInstruction *env = d->instructions->pdata[2], *old = d->instructions->pdata[3],
                         *run = d->instructions->pdata[4], *copy = d->instructions->pdata[6];
  g_assert_cmpuint(env->words->len, ==, 2);
  const OakumWord *first = env->words->pdata[0], *form = old->words->pdata[0];
  g_assert_cmpstr(first->value, ==, "\"x y\"");
  g_assert_cmpint(first->range.column, ==, 5);
  g_assert_cmpint(first->range.end_column, ==, 12);
  g_assert_cmpstr(form->name, ==, "old");
  g_assert_cmpstr(form->value, ==, "form here");
  g_assert_cmpstr(run->text, ==, "apt-get update &&   apt-get install x");
  g_assert_cmpint(run->range.line, ==, 7);
  g_assert_cmpint(run->range.end_line, ==, 10);
  g_assert_cmpint(run->range.end_column, ==, 20);
  g_assert_true(copy->exec_form);
  g_assert_cmpstr(((OakumWord *)copy->words->pdata[0])->value, ==, "a b");
  g_assert_cmpstr(oakum_instruction_flag(copy, "chown"), ==, "1:2");
  g_assert_cmpint(oakum_dockerfile_find_stage(d, "BASE", 1), ==, 0);
  g_assert_cmpint(oakum_dockerfile_find_stage(d, "0", 1), ==, 0);
  g_assert_cmpint(oakum_dockerfile_find_stage(d, "1", 1), ==, -1);
}

static void test_errors(void)
{
  static const char *const rows[][2] = {
      {"", "D:1:1: no FROM"},
      {"RUN x", "D:1:1: RUN stands before the first FROM"},
      {"FROM a\nRUM x", "D:2:1: unknown instruction \"RUM\"; did you mean RUN?"},
      {"FROM a\n  VOLUME /x", "D:2:3: VOLUME is not supported yet"},
      {"FROM a\nRUN --mount=type=cache x", "D:2:5: RUN: the flag --mount is not supported"},
      {"FROM a\nCOPY --from=x --from=y a b", "D:2:15: COPY: the flag --from is given twice"},
      {"FROM a\nCOPY a", "D:2:1: COPY needs a source and a destination"},
      {"FROM a AS 1x", "D:1:11: the stage name"},
      {"FROM a AS x\nFROM b AS X", "D:2:11: the stage name \"x\" is used twice"},
      {"FROM a\nRUN cat <<EOF\nx\nEOF", "D:2:9: RUN: here-documents"},
      {"FROM a\nENV x", "D:2:5: ENV: the key has no value"},
      {"FROM a\nSHELL sh", "D:2:7: SHELL needs a JSON list"},
      {"# escape=x\nFROM a", "D:1:1: the escape directive"},
      {"FROM a\nRUN", "D:2:1: RUN needs an argument"},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(parse(rows[i][0], &error));
    if (!g_str_has_prefix(error->message, rows[i][1]))
      g_error("row %zu: %s", i, error->message);
  }
}

static const char *lookup(const char *name, gpointer user)
{
  return strcmp(name, "x") == 0 ? "X Y" : strcmp(name, "empty") == 0 ? "" : NULL;
}

static void test_expand(void)
{
  static const char *const rows[][2] = {
      {"a$x-${x}b", "aX Y-X Yb"},
      {"'$x'", "$x"},
      {"\"$x\"", "X Y"},
      {"\\$x", "$x"},
      {"${none:-d}", "d"},
      {"${empty:-d}", "d"},
      {"${empty-d}", ""},
      {"${x:+s}", "s"},
      {"${empty+s}", "s"},
      {"${none+s}", ""},
      {"${none:-${x}!}", "X Y!"},
      {"$", "$"},
      {"$none.", "."},
      {"\"a\\b\\\"\"", "a\\b\""},
      {"a\\ b", "a b"},
      {"${none:?why}", NULL},
      {"${x", NULL},
      {"'a", NULL},
      {"${}", NULL},
      {"${x#y}", NULL},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *out = oakum_dockerfile_expand(rows[i][0], '\\', lookup, NULL, &error);
    g_assert_cmpstr(out, ==, rows[i][1]);
    g_assert_true((out == NULL) == (error != NULL));
  }
}

static void test_glob(void)
{
  static const struct {
    const char *pattern, *name;
    gboolean hit;
  } rows[] = {{"*.c", "a.c", TRUE},   {"*.c", "d/a.c", FALSE},   {"a?c", "abc", TRUE},
              {"a?c", "a/c", FALSE},  {"[a-c]x", "bx", TRUE},    {"[^a]x", "bx", TRUE},
              {"[^a]x", "ax", FALSE}, {"a*b*c", "aXbYbc", TRUE}, {"\\*", "*", TRUE},
              {"\\*", "a", FALSE},    {"[", "[", FALSE},         {"*", "", TRUE},
              {"d/*", "d/x", TRUE},   {"**", "a/b", FALSE}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
    if (oakum_dockerfile_glob(rows[i].pattern, rows[i].name, NULL) != rows[i].hit)
      g_error("row %zu", i);
  gboolean valid;
  (void)!oakum_dockerfile_glob("[", "[", &valid);
  g_assert_false(valid);
}

static void test_ignore(void)
{
  g_autoptr(GError) error = NULL;
  const char *text =
      "\xEF\xBB\xBF# note\n/build/\n*.log\n!keep.log\n**/node_modules\ndocs/**\n!docs/api/*.md\n "
      "./x/../y \n";
  g_autoptr(OakumIgnore) ignore = oakum_ignore_parse(text, strlen(text), &error);
  static const struct {
    const char *path;
    gboolean ignored;
  } rows[] = {{"build", TRUE},
              {"build/a/b", TRUE},
              {"src/build", FALSE},
              {"a.log", TRUE},
              {"d/a.log", FALSE},
              {"keep.log", FALSE},
              {"node_modules/x", TRUE},
              {"a/b/node_modules/x", TRUE},
              {"docs/x", TRUE},
              {"docs/api/x.md", FALSE},
              {"y", TRUE},
              {"x", FALSE}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
    if (oakum_ignore_match(ignore, rows[i].path) != rows[i].ignored)
      g_error("%s", rows[i].path);
  g_assert_true(oakum_ignore_has_exceptions(ignore));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/dockerfile/tree", test_tree);
  g_test_add_func("/dockerfile/errors", test_errors);
  g_test_add_func("/dockerfile/expand", test_expand);
  g_test_add_func("/dockerfile/glob", test_glob);
  g_test_add_func("/dockerfile/ignore", test_ignore);
  return g_test_run();
}
