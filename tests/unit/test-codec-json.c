#include "codec/codec.h"
#include <string.h>

typedef struct {
  char *name;
} Leaf;

typedef struct {
  char *text;
  uint64_t size;
  gboolean flag;
  char **list;
  GHashTable *map;
  Leaf leaf;
  GPtrArray *leaves;
} Thing;

static gpointer leaf_make(void)
{
  return g_new0(Leaf, 1);
}

static void leaf_free(gpointer data)
{
  g_free(((Leaf *)data)->name);
  g_free(data);
}

static const OakumJsonField leaf_fields[] = {
    {"name", OAKUM_JSON_STRING, offsetof(Leaf, name), .required = TRUE}, {0}};
static const OakumJsonField fields[] = {
    {"text", OAKUM_JSON_STRING, offsetof(Thing, text), .required = TRUE},
    {"size", OAKUM_JSON_U64, offsetof(Thing, size)},
    {"flag", OAKUM_JSON_BOOL, offsetof(Thing, flag)},
    {"list", OAKUM_JSON_STRV, offsetof(Thing, list), .max = 3},
    {"map", OAKUM_JSON_MAP, offsetof(Thing, map)},
    {"leaf", OAKUM_JSON_OBJECT, offsetof(Thing, leaf), .sub = leaf_fields},
    {"leaves", OAKUM_JSON_ARRAY, offsetof(Thing, leaves), .sub = leaf_fields, .make = leaf_make,
     .element_free = leaf_free},
    {0}};

static void thing_clear(Thing *thing)
{
  g_free(thing->text);
  g_strfreev(thing->list);
  g_clear_pointer(&thing->map, g_hash_table_unref);
  g_clear_pointer(&thing->leaves, g_ptr_array_unref);
  g_free(thing->leaf.name);
}

static void test_bind(void)
{
  static const char text[] =
      "{\"text\":\"t\",\"size\":9007199254740993,\"flag\":true,\"list\":[\"a\",\"b\"],\"map\":{"
      "\"k\":\"v\"},"
      "\"leaf\":{\"name\":\"n\"},\"leaves\":[{\"name\":\"1\"},{\"name\":\"2\"}],\"other\":[1]}";
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, strlen(text), "thing", NULL);
  Thing thing = {0};
  g_assert_true(oakum_json_bind(json, fields, &thing, "thing", NULL));
  g_assert_cmpstr(thing.text, ==, "t");
  g_assert_cmpuint(thing.size, ==, UINT64_C(9007199254740993));
  g_assert_true(thing.flag);
  g_assert_cmpstr(thing.list[1], ==, "b");
  g_assert_cmpstr(g_hash_table_lookup(thing.map, "k"), ==, "v");
  g_assert_cmpstr(thing.leaf.name, ==, "n");
  g_assert_cmpuint(thing.leaves->len, ==, 2);
  thing_clear(&thing);
}

static void test_bind_wrong(void)
{
  static const char *const rows[][2] = {
      {"{}", "thing: \"text\" is missing"},
      {"{\"text\":null}", "thing: \"text\" is missing"},
      {"[]", "thing: not a JSON object"},
      {"{\"text\":1}", "thing: \"text\" is not a string"},
      {"{\"text\":\"\",\"size\":-1}", "thing: \"size\" is not an integer of 0 or more"},
      {"{\"text\":\"\",\"size\":1.5}", "thing: \"size\" is not an integer of 0 or more"},
      {"{\"text\":\"\",\"flag\":1}", "thing: \"flag\" is not true or false"},
      {"{\"text\":\"\",\"list\":[\"a\",1]}", "thing: \"list\" is not an array of strings"},
      {"{\"text\":\"\",\"list\":[\"a\",\"b\",\"c\",\"d\"]}",
       "thing: \"list\" has more than 3 members"},
      {"{\"text\":\"\",\"map\":{\"a\":{}}}", "thing: \"map\" is not an object of strings"},
      {"{\"text\":\"\",\"leaf\":{}}", "thing: leaf: \"name\" is missing"},
      {"{\"text\":\"\",\"leaves\":[{\"name\":\"\"},{\"name\":[]}]}",
       "thing: leaves[1]: \"name\" is not a string"},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    OAKUM_AUTO_JSON *json = oakum_json_parse(rows[i][0], strlen(rows[i][0]), "thing", NULL);
    g_assert_nonnull(json);
    Thing thing = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(oakum_json_bind(json, fields, &thing, "thing", &error));
    g_assert_cmpstr(error->message, ==, rows[i][1]);
    thing_clear(&thing);
  }
}

static void test_parse_refused(void)
{
  static const char *const rows[] = {
      "",         "{",          "{\"a\":1,\"a\":2}",    "{} x", "\"\\u0000\"", "\"\\ud800\"",
      "\"\377\"", "{\"a\":1,}", "99999999999999999999", "nul"};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    OAKUM_AUTO_JSON *json = oakum_json_parse(rows[i], strlen(rows[i]), "x", &error);
    g_assert_null(json);
    g_assert_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID);
  }
  for (guint depth = 63; depth <= 100000; depth += depth == 63 ? 2 : 99935) {
    g_autofree char *open = g_strnfill(depth, '['), *shut = g_strnfill(depth, ']');
    g_autofree char *text = g_strconcat(open, shut, NULL);
    g_autoptr(GError) error = NULL;
    OAKUM_AUTO_JSON *json = oakum_json_parse(text, strlen(text), "x", &error);
    g_assert_cmpint(json != NULL, ==, depth < 64);
  }
}

static void test_dump(void)
{
  static const char text[] = "{ \"b\": 1, \"a\": \"\303\251\" }";
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, strlen(text), "x", NULL);
  g_autofree char *sorted = oakum_json_dump(json, TRUE), *plain = oakum_json_dump(json, FALSE);
  g_assert_cmpstr(sorted, ==, "{\"a\":\"\303\251\",\"b\":1}");
  g_assert_cmpstr(plain, ==, "{\"b\":1,\"a\":\"\303\251\"}");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/json/bind", test_bind);
  g_test_add_func("/json/bind-wrong", test_bind_wrong);
  g_test_add_func("/json/parse-refused", test_parse_refused);
  g_test_add_func("/json/dump", test_dump);
  return g_test_run();
}
