#include "codec/codec.h"
#include <string.h>

static OakumYaml *parse(const char *text)
{
  g_autoptr(GError) error = NULL;
  OakumYaml *top = oakum_yaml_parse(text, strlen(text), "t.yaml", &error);
  g_assert_no_error(error);
  return top;
}

static void test_tree(void)
{
  g_autoptr(OakumYaml) top =
      parse("build:\n  threads: 2\n  tag: [a, 'b']\nnone:\nyes: true\nq: \"true\"\n");
  const OakumYaml *build = oakum_yaml_get(top, "build"), *tag = oakum_yaml_get(build, "tag");
  g_assert_cmpint(top->kind, ==, OAKUM_YAML_MAP);
  g_assert_cmpstr(oakum_yaml_get(build, "threads")->text, ==, "2");
  g_assert_cmpint(oakum_yaml_get(build, "threads")->line, ==, 2);
  g_assert_cmpint(oakum_yaml_get(build, "threads")->column, ==, 12);
  g_assert_cmpint(tag->kind, ==, OAKUM_YAML_LIST);
  g_assert_cmpuint(tag->items->len, ==, 2);
  const OakumYaml *a = tag->items->pdata[0], *b = tag->items->pdata[1];
  g_assert_cmpstr(a->text, ==, "a");
  g_assert_true(a->plain);
  g_assert_cmpstr(b->text, ==, "b");
  g_assert_false(b->plain);
  g_assert_true(oakum_yaml_is_null(oakum_yaml_get(top, "none")));
  gboolean value = FALSE;
  g_assert_true(oakum_yaml_bool(oakum_yaml_get(top, "yes"), &value) && value);
  g_assert_false(oakum_yaml_bool(oakum_yaml_get(top, "q"), &value));
  g_assert_null(oakum_yaml_get(top, "absent"));
  g_assert_null(oakum_yaml_get(a, "absent"));
  const OakumYaml *key = build->keys->pdata[1];
  g_assert_cmpstr(key->text, ==, "tag");
  g_assert_cmpint(key->line, ==, 3);
  g_assert_cmpint(key->column, ==, 3);
}

static void test_scalars(void)
{
  g_autoptr(OakumYaml) top =
      parse("a: \"x\\ty\\u00e9\"\nb: |\n  l1\n  l2\nc: >-\n  f1\n  f2\n\n  f3\n"
            "d: 'it''s'\ne: two\n  lines\nf: ''\n");
  const char *const pairs[][2] = {{"a", "x\ty\xc3\xa9"}, {"b", "l1\nl2\n"},  {"c", "f1 f2\nf3"},
                                  {"d", "it's"},         {"e", "two lines"}, {"f", ""}};
  for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
    g_assert_cmpstr(oakum_yaml_get(top, pairs[i][0])->text, ==, pairs[i][1]);
  g_assert_false(oakum_yaml_is_null(oakum_yaml_get(top, "f")));
}

static void test_empty(void)
{
  static const char *const texts[] = {"", "# nothing\n", "---\n", "~\n"};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(OakumYaml) top = parse(texts[i]);
    g_assert_true(oakum_yaml_is_null(top));
  }
}

static void test_refused(void)
{
  g_autofree char *deep = g_strnfill(OAKUM_YAML_DEPTH_MAX + 1, '[');
  const struct {
    const char *text, *says;
    OakumErrorCode code;
  } cases[] = {
      {"a: 1\nb: *x\n", "t.yaml:2:", OAKUM_ERROR_INVALID},
      {"a: &x [1, *x]\n", "hold itself", OAKUM_ERROR_INVALID},
      {"a: !!int 1\n", "tags", OAKUM_ERROR_UNSUPPORTED},
      {"a: {<<: 1}\n", "t.yaml:1:9: \"<<\" takes", OAKUM_ERROR_INVALID},
      {"a: {<<: [{b: 1}, [2]]}\n", "t.yaml:1:18: \"<<\" takes", OAKUM_ERROR_INVALID},
      {"a: &x\n  <<: *x\n", "hold itself", OAKUM_ERROR_INVALID},
      {"a: {<<: {b: 1}, <<: {c: 2}}\n", "a second time", OAKUM_ERROR_INVALID},
      {"a: !own 1\n", "tags", OAKUM_ERROR_UNSUPPORTED},
      {"a: 1\nb: 2\na: 3\n", "t.yaml:3:1: key \"a\"", OAKUM_ERROR_INVALID},
      {"? [a]\n: b\n", "plain word", OAKUM_ERROR_INVALID},
      {"--- 1\n--- 2\n", "t.yaml:2:", OAKUM_ERROR_INVALID},
      {"a: \"\\0\"\n", "t.yaml:1:4: a NUL", OAKUM_ERROR_INVALID},
      {"a: [1, 2\n", "t.yaml:", OAKUM_ERROR_INVALID},
      {"a: 'x\n", "t.yaml:", OAKUM_ERROR_INVALID},
      {"a: 1\n%Y\xff\n", "t.yaml:2:1: directives", OAKUM_ERROR_UNSUPPORTED},
      {"a: \"\xc3\xa9\xff\"\n", "t.yaml:1:6: not UTF-8", OAKUM_ERROR_INVALID},
      {"a:\r\nb: \x01\n", "t.yaml:2:4: a control", OAKUM_ERROR_INVALID},
      {deep, "t.yaml:1:33: nested", OAKUM_ERROR_LIMIT},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    OakumYaml *top = oakum_yaml_parse(cases[i].text, strlen(cases[i].text), "t.yaml", &error);
    g_assert_null(top);
    g_assert_error(error, OAKUM_CODEC_ERROR, (int)cases[i].code);
    if (!strstr(error->message, cases[i].says))
      g_error("%s", error->message);
  }
}

static void test_aliases(void)
{
  g_autoptr(OakumYaml) top =
      parse("a: &x [1, !!str true]\nb: *x\nc: &y {k: *x}\nd: *y\ne: !!seq [&z 7, *z]\n");
  const OakumYaml *b = oakum_yaml_get(top, "b"), *k = oakum_yaml_get(oakum_yaml_get(top, "d"), "k"),
                  *e = oakum_yaml_get(top, "e");
  g_assert_cmpuint(b->items->len, ==, 2);
  g_assert_cmpstr(((OakumYaml *)b->items->pdata[0])->text, ==, "1");
  g_assert_false(((OakumYaml *)b->items->pdata[1])->plain);
  g_assert_cmpstr(((OakumYaml *)k->items->pdata[1])->text, ==, "true");
  g_assert_cmpstr(((OakumYaml *)e->items->pdata[1])->text, ==, "7");
}

/* The value of a key as a text, "-" where there is none. */
static const char *text_at(const OakumYaml *map, const char *key)
{
  const OakumYaml *value = oakum_yaml_get(map, key);
  return value && value->text ? value->text : "-";
}

static void test_merge(void)
{
  g_autoptr(OakumYaml) top =
      parse("a: &a {x: 1, y: 2}\nb: &b\n  <<: *a\n  y: 3\nc: {<<: [{y: 4, z: 5}, *b]}\n"
            "d: {<<: &d {k: &k [7]}, l: *k}\ne: *d\nf: {<<: {}}\ng: {<<: []}\nh: {'<<': 8}\n");
  const OakumYaml *b = oakum_yaml_get(top, "b"), *d = oakum_yaml_get(top, "d");
  g_assert_cmpuint(b->keys->len, ==, 2);
  g_assert_cmpstr(text_at(b, "x"), ==, "1");
  g_assert_cmpstr(text_at(b, "y"), ==, "3");
  g_assert_cmpuint(d->keys->len, ==, 2);
  g_assert_cmpuint(oakum_yaml_get(d, "k")->items->len, ==, 1);
  g_assert_cmpuint(oakum_yaml_get(d, "l")->items->len, ==, 1);
  g_assert_cmpuint(oakum_yaml_get(oakum_yaml_get(top, "e"), "k")->items->len, ==, 1);
  g_assert_cmpuint(oakum_yaml_get(top, "f")->keys->len, ==, 0);
  g_assert_cmpuint(oakum_yaml_get(top, "g")->keys->len, ==, 0);
  g_assert_cmpstr(text_at(oakum_yaml_get(top, "h"), "<<"), ==, "8");
}

static void test_merge_of_several(void)
{
  /* the first of a list that has a key gives it; a key of its own goes before all */
  g_autoptr(OakumYaml) top =
      parse("- &a {x: 1, y: 1}\n- &b {x: 2, z: 2}\n- {y: 3, <<: [*a, *b]}\n");
  const OakumYaml *map = top->items->pdata[2];
  g_assert_cmpuint(map->keys->len, ==, 3);
  g_assert_cmpstr(text_at(map, "x"), ==, "1");
  g_assert_cmpstr(text_at(map, "y"), ==, "3");
  g_assert_cmpstr(text_at(map, "z"), ==, "2");
}

static void test_limits(void)
{
  /* each line holds the one before it ten times */
  g_autoptr(GString) laughs = g_string_new("a0: &a0 [1]\n");
  for (guint i = 1; i < 10; i++) {
    g_string_append_printf(laughs, "a%u: &a%u [", i, i);
    for (guint k = 0; k < 10; k++)
      g_string_append_printf(laughs, "*a%u,", i - 1);
    g_string_append(laughs, "]\n");
  }
  g_autoptr(GError) blown = NULL;
  g_assert_null(oakum_yaml_parse(laughs->str, laughs->len, "t", &blown));
  g_assert_error(blown, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT);

  /* the same by merge keys: each map has the one before it twice */
  g_autoptr(GString) merged = g_string_new("- &a0 {k: [1, 2, 3, 4, 5, 6, 7, 8]}\n");
  for (guint i = 1; i < 40; i++)
    g_string_append_printf(merged, "- &a%u {<<: *a%u, k%u: {<<: *a%u}}\n", i, i - 1, i, i - 1);
  g_clear_error(&blown);
  g_assert_null(oakum_yaml_parse(merged->str, merged->len, "t", &blown));
  g_assert_error(blown, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT);

  g_autoptr(GString) many = g_string_new("[");
  for (guint i = 0; i < OAKUM_YAML_NODES_MAX; i++)
    g_string_append(many, "1,");
  g_string_append(many, "]");
  g_autoptr(GError) error = NULL;
  g_assert_null(oakum_yaml_parse(many->str, many->len, "t", &error));
  g_assert_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT);
  g_clear_error(&error);
  g_assert_null(oakum_yaml_parse("", OAKUM_CONFIG_FILE_MAX + 1, "t", &error));
  g_assert_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/codec/yaml/tree", test_tree);
  g_test_add_func("/codec/yaml/scalars", test_scalars);
  g_test_add_func("/codec/yaml/empty", test_empty);
  g_test_add_func("/codec/yaml/refused", test_refused);
  g_test_add_func("/codec/yaml/aliases", test_aliases);
  g_test_add_func("/codec/yaml/merge", test_merge);
  g_test_add_func("/codec/yaml/merge-of-several", test_merge_of_several);
  g_test_add_func("/codec/yaml/limits", test_limits);
  return g_test_run();
}
