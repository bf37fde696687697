#include "../fuzz/dockerfile-tree.h"
#include <string.h>

static const char *from_table(const char *name, gpointer user)
{
  return g_hash_table_lookup(user, name);
}

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
      {"FROM a\nCOPY --from=x --from=y a b", "D:2:15: COPY: the flag --from is given twice"},
      {"FROM a\nCOPY --form=x a b", "D:2:6: COPY has no flag --form; did you mean --from?"},
      {"FROM a\nCOPY a", "D:2:1: COPY needs a source and a destination"},
      {"FROM a AS 1x", "D:1:11: the stage name"},
      {"FROM a\nRUN cat <<EOF\nx\nEO", "D:2:9: the here-document EOF has no end"},
      {"FROM a\nENV x", "D:2:5: ENV: the key has no value"},
      {"FROM a\nSHELL sh", "D:2:7: SHELL needs a JSON list"},
      {"# escape=x\nFROM a", "D:1:10: the escape directive"},
      {"FROM a\nRUN", "D:2:1: RUN needs an argument"},
      {"FROM a\nFOO\nBAR", "D:2:1: unknown instruction \"FOO\" (1 more error)"},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(OakumDockerfile) d = parse(rows[i][0], &error);
    g_assert_no_error(error);
    g_assert_nonnull(d);
    g_assert_false(oakum_dockerfile_check(d, &error));
    g_assert_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_INVALID);
    if (!g_str_has_prefix(error->message, rows[i][1]))
      g_error("row %zu: %s", i, error->message);
  }
  g_autoptr(OakumDockerfile) fine = parse("FROM a AS x\nFROM b AS X\nVOLUME /v\n", NULL);
  g_assert_true(oakum_dockerfile_check(fine, NULL));
}

static void test_limits(void)
{
  g_autoptr(GString) text = g_string_new("FROM a\nENV ");
  for (guint i = 0; i <= OAKUM_DOCKERFILE_WORDS_MAX; i++)
    g_string_append(text, "a=b ");
  g_autoptr(GError) error = NULL;
  g_assert_null(parse(text->str, &error));
  g_assert_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_LIMIT);
  g_assert_true(g_str_has_prefix(error->message, "D:2:"));
  g_clear_error(&error);
  g_string_assign(text, "FROM a\nRUN");
  for (guint i = 0; i < 500000; i++)
    g_string_append(text, " <<A");
  g_assert_null(parse(text->str, &error));
  g_assert_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_LIMIT);
  g_clear_error(&error);
  g_string_assign(text, "FROM a\n"); /* errors are counted, and the rest is still read */
  for (guint i = 0; i < 5000; i++)
    g_string_append(text, "FOO\n");
  g_autoptr(OakumDockerfile) d = parse(text->str, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(d->instructions->len, ==, 5001);
  g_assert_cmpuint(d->errors->len, ==, OAKUM_DOCKERFILE_ERRORS_MAX + 1);
  const OakumDockerfileError *last = d->errors->pdata[d->errors->len - 1];
  g_assert_cmpstr(last->code, ==, "too-many-errors");
}

/* The way back from a joined text, and columns as others count them. */
static void test_places(void)
{
  const char *text = "FROM a\nRUN ä𝄞 \\\n# c\n  x <<-E\n\tone\n\t\ttwo\n\tE\n";
  g_autoptr(OakumDockerfile) d = parse(text, NULL);
  const OakumInstruction *run = d->instructions->pdata[1];
  g_assert_cmpstr(run->text, ==, "ä𝄞   x <<-E");
  guint x = (guint)(strchr(run->text, 'x') - run->text);
  OakumRange range = oakum_instruction_text_range(d, run, x, x + 1);
  g_assert_cmpint(range.line, ==, 4);
  g_assert_cmpint(range.column, ==, 3);
  g_assert_cmpint(range.end_column, ==, 4);
  g_assert_cmpint(d->source[oakum_instruction_locate(run, x)], ==, 'x');
  range = oakum_instruction_text_range(d, run, 0, x);
  g_assert_cmpint(range.line, ==, 2);
  g_assert_cmpint(range.end_line, ==, 4); /* behind the last blank before x */
  g_assert_cmpint(range.end_column, ==, 3);
  guint behind = (guint)(strstr(text, " \\") - text);
  g_assert_cmpint(oakum_dockerfile_range(d, behind, behind).column, ==, 11); /* 2 + 4 bytes */
  g_assert_cmpint(oakum_dockerfile_char_column(d, behind), ==, 7);
  g_assert_cmpint(oakum_dockerfile_utf16_column(d, behind), ==, 8);
  const OakumHeredoc *heredoc = run->heredocs->pdata[0];
  g_assert_cmpstr(heredoc->text, ==, "one\ntwo\n");
  range = oakum_heredoc_text_range(d, heredoc, 4, 7);
  g_assert_cmpint(range.line, ==, 6);
  g_assert_cmpint(range.column, ==, 3);
  g_autofree char *two = oakum_dockerfile_slice(d, &range);
  g_assert_cmpstr(two, ==, "two");
  g_assert_cmpuint(oakum_heredoc_locate(heredoc, 8), ==, heredoc->body.end_offset);
  g_assert_cmpint(heredoc->end.column, ==, 2);
  g_assert_cmpuint(oakum_instruction_locate(run, (guint)strlen(run->text)), ==,
                   run->line_range.end_offset);
}

/* Columns far into a line of many blocks. */
static void test_long_line(void)
{
  g_autoptr(GString) text = g_string_new("FROM a\nRUN ");
  for (guint i = 0; i < 5000; i++)
    g_string_append(text, "é𝄞x");
  g_autoptr(OakumDockerfile) d = parse(text->str, NULL);
  for (guint i = 0; i <= 5000; i += 7) {
    guint offset = 11 + i * 7;
    g_assert_cmpint(oakum_dockerfile_char_column(d, offset), ==, 5 + (int)i * 3);
    g_assert_cmpint(oakum_dockerfile_utf16_column(d, offset), ==, 5 + (int)i * 4);
  }
}

static void test_mount(void)
{
  const char *text = "FROM a\nRUN --mount=type=tmpfs,target=$T,size=${S}m \\\n --mount=type=$K x\n";
  g_autoptr(OakumDockerfile) d = parse(text, NULL);
  g_autoptr(GError) error = NULL;
  g_assert_true(oakum_dockerfile_check(d, &error));
  const OakumInstruction *run = d->instructions->pdata[1];
  g_autoptr(GHashTable) values = oakum_str_map_new(NULL, NULL);
  g_hash_table_insert(values, (char *)"T", (char *)"/t");
  g_hash_table_insert(values, (char *)"S", (char *)"2");
  const OakumMount *first = run->mounts->pdata[0], *second = run->mounts->pdata[1];
  g_assert_cmpint(first->type, ==, OAKUM_MOUNT_TMPFS);
  g_assert_cmpint(second->type, ==, OAKUM_MOUNT_UNKNOWN);
  g_autoptr(OakumMount) mount = oakum_mount_expand(first, '\\', from_table, values, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(mount->target, ==, "/t");
  g_assert_cmpuint(mount->size, ==, 2 << 20);
  g_assert_null(oakum_mount_expand(second, '\\', from_table, values, &error));
  g_assert_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_INVALID);
}

static void test_stages(void)
{
  const char *text =
      "ARG B=x\nFROM a AS one\nFROM one AS two\nFROM b AS three\nRUN "
      "--mount=from=two,target=/x y\nFROM c AS four\nCOPY --from=2 a b\nONBUILD COPY "
      "--from=four a b\nFROM d\nCOPY --from=THREE a b\n";
  g_autoptr(OakumDockerfile) d = parse(text, NULL);
  g_autoptr(GError) error = NULL;
  g_assert_true(oakum_dockerfile_check(d, &error));
  g_autofree gboolean *last = oakum_dockerfile_reachable(d, -1);
  const gboolean expected[] = {TRUE, TRUE, TRUE, FALSE, TRUE};
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint(last[i], ==, expected[i]);
  g_autofree gboolean *one = oakum_dockerfile_reachable(d, 0);
  g_assert_true(one[0] && !one[1] && !one[4]);
  const OakumStage *two = d->stages->pdata[1], *four = d->stages->pdata[3];
  g_assert_cmpint(two->parent, ==, 0);
  const OakumStageUse *use = four->uses->pdata[2];
  g_assert_true(use->onbuild);
  g_assert_cmpint(use->stage, ==, -1);
}

static void test_variables(void)
{
  g_autoptr(GPtrArray) list =
      oakum_dockerfile_variables("a$x-${y:-\"${z##p}\"}'$no'\\$no${w//a/b}$", '\\');
  static const struct {
    const char *name, *operator;
    guint offset, len;
  } rows[] = {{"x", "", 1, 2}, {"y", ":-", 4, 15}, {"z", "##", 10, 7}, {"w", "//", 28, 9}};
  g_assert_cmpuint(list->len, ==, G_N_ELEMENTS(rows));
  for (guint i = 0; i < list->len; i++) {
    const OakumVariableUse *use = list->pdata[i];
    g_assert_cmpstr(use->name, ==, rows[i].name);
    g_assert_cmpstr(use->operator, ==, rows[i].operator);
    g_assert_cmpuint(use->offset, ==, rows[i].offset);
    g_assert_cmpuint(use->len, ==, rows[i].len);
  }
}

static void test_scope(void)
{
  const char *text =
      "ARG G=g\nFROM img AS one\nARG G\nENV A=${BASE:-none} P=$PATH:/x\nRUN x\nFROM one\n"
      "ARG Q=$A-$G\nRUN y $HTTP_PROXY\nFROM 0\nRUN z\n";
  g_autoptr(OakumDockerfile) d = parse(text, NULL);
  g_autoptr(GHashTable) given = oakum_str_map_new(NULL, NULL);
  g_hash_table_insert(given, (char *)"HTTP_PROXY", (char *)"p:1");
  g_autoptr(OakumScope) scope = oakum_scope_new(d, given, NULL);
  oakum_scope_add_base(scope, 0, "PATH", "/bin");
  const OakumBinding *b = oakum_scope_find(scope, 4, "P");
  g_assert_cmpstr(b->value, ==, "/bin:/x");
  g_assert_cmpint(b->origin, ==, OAKUM_ORIGIN_ENV);
  g_assert_cmpint(b->instruction, ==, 3);
  g_assert_cmpuint(b->word, ==, 1);
  b = oakum_scope_find(scope, 4, "G");
  g_assert_cmpstr(b->value, ==, "g");
  g_assert_true(b->global);
  g_assert_cmpint(oakum_scope_find(scope, 3, "PATH")->origin, ==, OAKUM_ORIGIN_BASE_IMAGE);
  g_assert_cmpstr(oakum_scope_find(scope, 7, "Q")->value, ==, "none-g"); /* through its parent */
  g_assert_null(oakum_scope_find(scope, 6, "HTTP_PROXY"));
  g_assert_cmpint(oakum_scope_find(scope, 7, "HTTP_PROXY")->origin, ==, OAKUM_ORIGIN_PROXY);
  g_assert_null(oakum_scope_find(scope, 9, "A")); /* FROM 0 is an image of that name */
  g_assert_cmpint(((const OakumStage *)d->stages->pdata[2])->parent, ==, -1);
  g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *out = oakum_scope_expand(scope, 7, "$Q $nope ${also:-x}", unknown, NULL);
  g_assert_cmpstr(out, ==, "none-g  x");
  g_assert_cmpuint(unknown->len, ==, 2);
  g_assert_cmpstr(unknown->pdata[0], ==, "nope");
  OakumOrigin origin;
  g_assert_true(oakum_dockerfile_predefined("TARGETARCH", &origin));
  g_assert_cmpint(origin, ==, OAKUM_ORIGIN_PLATFORM);
  g_assert_false(oakum_dockerfile_predefined("targetarch", &origin));
}

static void test_unquote(void)
{
  g_autofree char *plain = oakum_dockerfile_unquote("a\"b $x ${y:-z}\"'c'\\d", '\\');
  g_assert_cmpstr(plain, ==, "ab $x ${y:-z}cd");
  g_assert_null(oakum_dockerfile_unquote("'a", '\\'));
  g_autoptr(GHashTable) values = oakum_str_map_new(NULL, NULL);
  g_hash_table_insert(values, (char *)"x", (char *)"X");
  g_autofree char *body =
      oakum_dockerfile_expand_body("it's \"$x\" \\$x ${x#X}\n", from_table, values, NULL);
  g_assert_cmpstr(body, ==, "it's \"X\" $x \n");
}

static guint check_files(const char *folder, gboolean cases)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  guint count = 0;
  g_assert_nonnull(dir);
  for (const char *name; (name = g_dir_read_name(dir)); count++) {
    g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;
    gsize len;
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
      count += check_files(path, cases) - 1;
      continue;
    }
    g_assert_true(g_file_get_contents(path, &text, &len, NULL));
    char *from = text, *to = text + len;
    if (cases) {
      from = strstr(text, "<<<\n") + 4;
      to = strstr(from, ">>>");
    }
    g_autoptr(OakumDockerfile) d = oakum_dockerfile_parse(from, (size_t)(to - from), name, NULL);
    if (d)
      check_tree(d, from, (size_t)(to - from));
    else
      g_assert_nonnull(memchr(from, 0, (size_t)(to - from)));
  }
  return count;
}

/* Nothing is lost, and every place is right, in all texts that we have. */
static void test_lossless(void)
{
  g_assert_cmpuint(check_files(OAKUM_TEST_DIR "/cases/dockerfile", TRUE), >, 100);
  g_assert_cmpuint(check_files(OAKUM_TEST_DIR "/cases/lint", TRUE), >, 0);
  g_assert_cmpuint(check_files(OAKUM_TEST_DIR "/fuzz/corpus/dockerfile", FALSE), >, 100);
}

static void test_duration(void)
{
  static const struct {
    const char *text;
    int64_t value; /* -1: none */
  } rows[] = {{"1m30s", 90000000000},
              {"1.5h", 5400000000000},
              {"500ms", 500000000},
              {"0", 0},
              {"1", -1},
              {"", -1},
              {"s", -1},
              {"1x", -1},
              {"1us", 1000},
              {".5s", 500000000},
              {"1s ", -1}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    int64_t value;
    gboolean ok = oakum_dockerfile_duration(rows[i].text, &value);
    g_assert_cmpint(ok ? value : -1, ==, rows[i].value);
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
      {"${x#X}", " Y"},
      {"${x%%*}", ""},
      {"${x/ /}", "XY"},
      {"${x^y}", NULL},
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
    if (oakum_ignore_leaves_out(ignore, rows[i].path) != rows[i].ignored)
      g_error("%s", rows[i].path);
  g_assert_true(oakum_ignore_has_exceptions(ignore));
  g_assert_true(oakum_ignore_leaves_out_all(ignore, "build"));
  g_assert_true(oakum_ignore_leaves_out_all(ignore, "node_modules"));
  g_assert_true(oakum_ignore_leaves_out_all(ignore, "docs/app"));
  g_assert_false(oakum_ignore_leaves_out_all(ignore, "docs/api"));
}

/* Below what is left out as a whole there is nothing that is kept, whatever the rules say. */
static void test_ignore_all(void)
{
  static const char *const parts[] = {"a", "b", "ab", "*", "**", "?", "[ab]", "a*", "**b", "[^a]"};
  static const char *const names[] = {"a", "b", "ab"};
  g_autoptr(GRand) rand = g_rand_new_with_seed(7);
  guint whole = 0, entered = 0;
  for (guint i = 0; i < 3000; i++) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (gint n = g_rand_int_range(rand, 1, 6); n > 0; n--) {
      g_string_append(text, g_rand_boolean(rand) ? "!" : "");
      for (gint k = g_rand_int_range(rand, 1, 4); k > 0; k--)
        g_string_append_printf(text, "%s%s", parts[g_rand_int_range(rand, 0, G_N_ELEMENTS(parts))],
                               k > 1 ? "/" : "\n");
    }
    g_autoptr(OakumIgnore) ignore = oakum_ignore_parse(text->str, text->len, NULL);
    g_assert_nonnull(ignore);
    for (guint path = 0; path < 9; path++) {
      g_autofree char *folder = path < 3
                                    ? g_strdup(names[path])
                                    : g_strdup_printf("%s/%s", names[path / 3], names[path % 3]);
      if (!oakum_ignore_leaves_out_all(ignore, folder)) {
        entered += oakum_ignore_leaves_out(ignore, folder);
        continue;
      }
      whole++;
      for (guint below = 0; below < 9; below++) {
        g_autofree char *name =
            below < 3 ? g_strdup_printf("%s/%s", folder, names[below])
                      : g_strdup_printf("%s/%s/%s", folder, names[below / 3], names[below % 3]);
        if (!oakum_ignore_leaves_out(ignore, name))
          g_error("%s is kept, below %s: %s", name, folder, text->str);
      }
    }
  }
  g_assert_cmpuint(whole, >, 3000);
  g_assert_cmpuint(entered, >, 300);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/dockerfile/tree", test_tree);
  g_test_add_func("/dockerfile/errors", test_errors);
  g_test_add_func("/dockerfile/limits", test_limits);
  g_test_add_func("/dockerfile/places", test_places);
  g_test_add_func("/dockerfile/long-line", test_long_line);
  g_test_add_func("/dockerfile/mount", test_mount);
  g_test_add_func("/dockerfile/stages", test_stages);
  g_test_add_func("/dockerfile/variables", test_variables);
  g_test_add_func("/dockerfile/scope", test_scope);
  g_test_add_func("/dockerfile/unquote", test_unquote);
  g_test_add_func("/dockerfile/duration", test_duration);
  g_test_add_func("/dockerfile/lossless", test_lossless);
  g_test_add_func("/dockerfile/expand", test_expand);
  g_test_add_func("/dockerfile/glob", test_glob);
  g_test_add_func("/dockerfile/ignore-all", test_ignore_all);
  g_test_add_func("/dockerfile/ignore", test_ignore);
  return g_test_run();
}
