#include "registry/registry.h"
#include <string.h>

static void test_challenges(void)
{
  static const struct {
    const char *header;
    const char *schemes; /* joined, NULL: malformed */
    const char *realm, *service, *scope, *error;
  } rows[] = {
      {"Basic realm=\"x\"", "basic", "x", NULL, NULL, NULL},
      {"Bearer realm=\"https://a/t\",service=\"a b\",scope=\"repository:x:pull,push\"", "bearer",
       "https://a/t", "a b", "repository:x:pull,push", NULL},
      {"BEARER  realm = \"r\" , error=\"insufficient_scope\"", "bearer", "r", NULL, NULL,
       "insufficient_scope"},
      {"Bearer realm=r,service=s", "bearer", "r", "s", NULL, NULL},
      {"Bearer realm=\"a\\\"b\\\\c\"", "bearer", "a\"b\\c", NULL, NULL, NULL},
      {"Negotiate, Basic realm=\"x\"", "negotiate basic", NULL, NULL, NULL, NULL},
      {"Negotiate YWJj==, Bearer realm=\"x\"", "negotiate bearer", NULL, NULL, NULL, NULL},
      {"Basic realm=\"x\", Bearer realm=\"y\"", "basic bearer", "x", NULL, NULL, NULL},
      {"Basic", "basic", NULL, NULL, NULL, NULL},
      {",, Basic realm=\"\"", "basic", "", NULL, NULL, NULL},
      {"Bearer unknown=\"x\",realm=\"y\"", "bearer", "y", NULL, NULL, NULL},
      {"", NULL, NULL, NULL, NULL, NULL},
      {" , ", NULL, NULL, NULL, NULL, NULL},
      {"Bearer realm=\"x", NULL, NULL, NULL, NULL, NULL},
      {"Bearer realm=\"x\\", NULL, NULL, NULL, NULL, NULL},
      {"Bearer realm=\"x\",realm=\"y\"", NULL, NULL, NULL, NULL, NULL},
      {"Bearer realm=", "bearer", NULL, NULL, NULL, NULL}, /* a token68, by the grammar */
      {"realm=\"x\"", NULL, NULL, NULL, NULL, NULL},
      {"\"Bearer\" realm=x", NULL, NULL, NULL, NULL, NULL},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GPtrArray) all = oakum_challenges_parse(rows[i].header);
    g_test_message("%s", rows[i].header);
    if (!rows[i].schemes) {
      g_assert_null(all);
      continue;
    }
    g_assert_nonnull(all);
    g_autoptr(GString) schemes = g_string_new(NULL);
    for (guint j = 0; j < all->len; j++)
      g_string_append_printf(schemes, "%s%s", j ? " " : "",
                             ((OakumChallenge *)all->pdata[j])->scheme);
    g_assert_cmpstr(schemes->str, ==, rows[i].schemes);
    const OakumChallenge *c = all->pdata[0];
    g_assert_cmpstr(c->realm, ==, rows[i].realm);
    g_assert_cmpstr(c->service, ==, rows[i].service);
    g_assert_cmpstr(c->scope, ==, rows[i].scope);
    g_assert_cmpstr(c->error, ==, rows[i].error);
  }
  g_autoptr(GString) many = g_string_new("Basic realm=x");
  for (guint i = 1; i < OAKUM_CHALLENGES_MAX; i++)
    g_string_append(many, ", Basic realm=x");
  g_autoptr(GPtrArray) most = oakum_challenges_parse(many->str);
  g_assert_cmpuint(most->len, ==, OAKUM_CHALLENGES_MAX);
  g_string_append(many, ", Basic realm=x");
  g_assert_null(oakum_challenges_parse(many->str));
}

static void test_url_allowed(void)
{
  static const struct {
    const char *url, *base;
    gboolean marked, allowed;
  } rows[] = {
      {"https://auth.example/token", "https://r.example", FALSE, TRUE},
      {"http://auth.example/token", "https://r.example", FALSE, FALSE},
      {"http://auth.example/token", "https://r.example", TRUE, FALSE},
      {"http://r.example/token", "https://r.example", TRUE, FALSE},
      {"http://r.example/token", "http://r.example", FALSE, TRUE},
      {"http://auth.example/token", "http://r.example", FALSE, FALSE},
      {"http://auth.example/token", "http://r.example", TRUE, TRUE},
      {"https://10.0.0.1/t", "https://r.example", FALSE, FALSE},
      {"https://10.0.0.1/t", "https://r.example", TRUE, TRUE},
      {"https://10.0.0.1/t", "https://10.0.0.1", FALSE, TRUE},
      {"https://10.0.0.1:8443/t", "https://10.0.0.1", FALSE, FALSE},
      {"https://localhost/t", "https://r.example", FALSE, FALSE},
      {"http://localhost:1/t", "http://127.0.0.1:5000", FALSE, TRUE},
      {"http://127.0.0.1:1/t", "http://127.0.0.1:5000", FALSE, FALSE},
      {"http://127.0.0.1:5000/t", "http://127.0.0.1:5000", FALSE, TRUE},
      {"https://u@r.example/t", "https://r.example", TRUE, FALSE},
      {"/token", "https://r.example", FALSE, FALSE},
      {"https://r.example\r\n/t", "https://r.example", FALSE, FALSE},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_test_message("%s at %s", rows[i].url, rows[i].base);
    g_assert_cmpint(oakum_registry_url_allowed(rows[i].url, rows[i].base, rows[i].marked), ==,
                    rows[i].allowed);
  }
}

static void check_config(const char *text, const char *registry, const char *repository,
                         const char *expected)
{
  OakumCredentials c;
  g_autofree char *helper = NULL;
  g_autoptr(GError) error = NULL;
  g_test_message("%s", text);
  if (!oakum_docker_config_find(text, strlen(text), "config", registry, repository, &c, &helper,
                                &error)) {
    g_assert_null(expected);
    g_assert_nonnull(error);
    g_assert_null(strstr(error->message, "hunter2"));
    return;
  }
  g_autofree char *got =
      g_strdup_printf("%s:%s id=%s reg=%s helper=%s", c.user ? c.user : "-",
                      c.password ? c.password : "-", c.identity_token ? c.identity_token : "-",
                      c.registry_token ? c.registry_token : "-", helper ? helper : "-");
  oakum_credentials_clear(&c);
  g_assert_cmpstr(got, ==, expected);
}

static void test_config(void)
{
#define NONE "-:- id=- reg=- helper=-"
#define U "u:hunter2 id=- reg=- helper=-"
#define AUTH "{\"auth\":\"dTpodW50ZXIy\"}"
  check_config("{}", "h", "a", NONE);
  check_config("{\"auths\":{\"h\":" AUTH "}}", "h", "a", U);
  check_config("{\"auths\":{\"h\":" AUTH "}}", "h.evil", "a", NONE);
  check_config("{\"auths\":{\"h\":" AUTH "}}", "h:5000", "a", NONE);
  check_config("{\"auths\":{\"https://h/v1/\":" AUTH "}}", "h", "a", U);
  check_config("{\"auths\":{\"https://index.docker.io/v1/\":" AUTH "}}", "docker.io", "library/x",
               U);
  check_config("{\"auths\":{\"h/team\":" AUTH "}}", "h", "team/x", U);
  check_config("{\"auths\":{\"h/team\":" AUTH "}}", "h", "teamwork/x", NONE);
  check_config("{\"auths\":{\"h\":{\"username\":\"v\",\"password\":\"w\"},\"h/team\":" AUTH "}}",
               "h", "team/x", U);
  check_config("{\"auths\":{\"h\":{}}}", "h", "a", NONE);
  check_config("{\"auths\":{\"h\":{\"auth\":\"\",\"identitytoken\":\"i\"}}}", "h", "a",
               "-:- id=i reg=- helper=-");
  check_config("{\"auths\":{\"h\":{\"registrytoken\":\"r\"}}}", "h", "a",
               "-:- id=- reg=r helper=-");
  check_config("{\"credsStore\":\"pass\"}", "h", "a", "-:- id=- reg=- helper=pass");
  check_config("{\"credsStore\":\"pass\",\"credHelpers\":{\"h\":\"ecr-login\"}}", "h", "a",
               "-:- id=- reg=- helper=ecr-login");
  check_config("{\"credsStore\":\"pass\",\"credHelpers\":{\"h\":\"\"}}", "h", "a", NONE);
  check_config("{\"auths\":null}", "h", "a", NONE);
  check_config("", "h", "a", NONE);
  check_config(" \n", "h", "a", NONE);
  static const char *const bad[] = {"[]",
                                    "{\"auths\":\"hunter2\"}",
                                    "{\"auths\":{\"h\":\"hunter2\"}}",
                                    "{\"auths\":{\"h\":{\"auth\":[\"hunter2\"]}}}",
                                    "{\"auths\":{\"h\":{\"auth\":\"hunter2\"}}}",
                                    "{\"auths\":{\"h\":{\"password\":\"hunter2",
                                    "{\"credsStore\":\"../hunter\"}",
                                    "{\"credHelpers\":{\"h\":\"a b\"}}",
                                    "{\"credsStore\":\"a\",\"credsStore\":\"b\"}"};
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
    check_config(bad[i], "h", "a", NULL);
}

static void test_error_text(void)
{
  static const char *const rows[][2] = {
      {"", ""},
      {"{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\",\"detail\":{\"a\":1}}]}",
       "DENIED: no"},
      {"{\"errors\":[{\"code\":\"A\"},{\"message\":\"b\"}]}", "A; b"},
      {"{\"errors\":[]}", ""},
      {"{\"errors\":\"x\"}", ""},
      {"{\"errors\":[{\"code\":\"\\u001b[31m\"}]}", "\\x1b[31m"},
      {"<html>", ""},
      {"upstream is down\nmore", "upstream is down"},
      {"{broken", ""}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *text = oakum_registry_error_text(rows[i][0], strlen(rows[i][0]));
    g_assert_cmpstr(text, ==, rows[i][1]);
  }
  g_autofree char *filler = g_strnfill(5000, 'x');
  g_autofree char *body = g_strdup_printf("{\"errors\":[{\"message\":\"%s\"}]}", filler);
  g_autofree char *text = oakum_registry_error_text(body, strlen(body));
  g_assert_cmpuint(strlen(text), <=, OAKUM_ERROR_TEXT_MAX);
  g_assert_true(g_utf8_validate(text, -1, NULL));
}

static void test_open(void)
{
  g_autoptr(OakumReference) ref = oakum_reference_parse("registry.example/a:b", NULL);
  static const char *const bad[] = {"", "no", "a b.example", "https://x.example",
                                    "x.example/UPPER"};
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
    const OakumHostPair mirrors[] = {{"registry.example", bad[i]}, {NULL, NULL}};
    OakumRegistryOptions options = {.mirrors = mirrors};
    g_autoptr(GError) error = NULL;
    g_autoptr(OakumRegistry) r = oakum_registry_open(ref, &options, &error);
    g_assert_null(r);
    g_assert_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_USAGE);
  }
  g_autoptr(OakumRegistry) plain = oakum_registry_open(ref, NULL, NULL);
  g_assert_nonnull(plain);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/registry/challenges", test_challenges);
  g_test_add_func("/registry/url-allowed", test_url_allowed);
  g_test_add_func("/registry/config", test_config);
  g_test_add_func("/registry/error-text", test_error_text);
  g_test_add_func("/registry/open", test_open);
  return g_test_run();
}
