#include "net/net.h"
#include <string.h>

static void test_parse(void)
{
  static const struct {
    const char *text, *scheme, *host;
    guint port;
  } good[] = {{"https://Example.COM/x", "https", "example.com", 443},
              {"http://h:5000", "http", "h", 5000},
              {"https://[2001:DB8::1]:8443/", "https", "2001:db8::1", 8443},
              {"http://2130706433/", "http", "127.0.0.1", 80},
              {"http://0x7f.1/", "http", "127.0.0.1", 80},
              {"http://127.1/", "http", "127.0.0.1", 80}};
  static const char *const bad[] = {"",
                                    "x",
                                    "ftp://h/",
                                    "file:///etc/passwd",
                                    "https://",
                                    "http://h:0",
                                    "http://h:99999",
                                    "http://h/a b",
                                    "http://h\r\nX: y/",
                                    "https:/h/x y",
                                    "javascript:alert(1)"};
  for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
    g_auto(OakumUrl) url = {0};
    g_assert_true(oakum_url_parse(good[i].text, &url, NULL));
    g_assert_cmpstr(url.scheme, ==, good[i].scheme);
    g_assert_cmpstr(url.host, ==, good[i].host);
    g_assert_cmpuint(url.port, ==, good[i].port);
    g_assert_false(url.user_given);
  }
  for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_auto(OakumUrl) url = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(oakum_url_parse(bad[i], &url, &error));
    g_assert_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_INVALID);
  }
  g_auto(OakumUrl) url = {0};
  g_assert_true(oakum_url_parse("https://u:p@h/", &url, NULL));
  g_assert_true(url.user_given);
}

static void test_resolve(void)
{
  static const char *const rows[][3] = {
      {"https://h:5000/v2/a/blobs/uploads/", "/v2/x?s=1", "https://h:5000/v2/x?s=1"},
      {"https://h/v2/a/", "b?c", "https://h/v2/a/b?c"},
      {"https://h/v2/a/b", "../x", "https://h/v2/x"},
      {"https://h/a", "//other/x", "https://other/x"},
      {"https://h/a", "http://other:1/x?y=%2F", "http://other:1/x?y=%2F"},
      {"https://h/a", "/x#fragment", "https://h/x"}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *url = oakum_url_resolve(rows[i][0], rows[i][1]);
    g_assert_cmpstr(url, ==, rows[i][2]);
  }
  g_autofree char *a = oakum_url_add_query("https://h/x", "d", "sha256:1 &");
  g_autofree char *b = oakum_url_add_query("https://h/x?s=1", "d", "1");
  g_autofree char *c = oakum_url_add_query("https://h/x?", "d", "1");
  g_assert_cmpstr(a, ==, "https://h/x?d=sha256%3A1%20%26");
  g_assert_cmpstr(b, ==, "https://h/x?s=1&d=1");
  g_assert_cmpstr(c, ==, "https://h/x?d=1");
  g_assert_true(oakum_url_same_origin("https://H/x", "https://h:443/y"));
  g_assert_false(oakum_url_same_origin("https://h/x", "http://h/x"));
  g_assert_false(oakum_url_same_origin("https://h/x", "https://h.evil/x"));
  g_assert_false(oakum_url_same_origin("https://h/x", "https://h:444/x"));
  g_assert_false(oakum_url_same_origin("https://h/x", "rubbish x"));
}

/* Messages are seen by many: no password and no token of a query may stand in them. */
static void test_show(void)
{
  static const char *const rows[][2] = {{"https://h/a?token=secret", "https://h/a"},
                                        {"https://user:secret@h/a", "https://h/a"},
                                        {"https://secret@h", "https://h"},
                                        {"https://h/@x?secret", "https://h/@x"},
                                        {"https://h#secret", "https://h"},
                                        {"user:secret@h/x", "h/x"},
                                        {"https://h/\x1b[31m", "https://h/\\x1b[31m"}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *shown = oakum_url_show(rows[i][0]);
    g_assert_null(strstr(shown, "secret"));
    g_assert_cmpstr(shown, ==, rows[i][1]);
  }
}

static void test_hosts(void)
{
  static const char *const names[] = {"example.com",   "8.8.8.8",         "172.32.0.1",
                                      "100.128.0.1",   "2001:4860::8888", "10.example.com",
                                      "localhost.com", "1.1.1.1.example", "::ffff:8.8.8.8",
                                      "0x7f.example",  "64:ff9b::808:808"};
  static const char *const loopback[] = {"localhost", "a.localhost", "LOCALHOST.",
                                         "127.0.0.1", "127.9.9.9",   "::1"};
  static const char *const hidden[] = {"10.0.0.1",
                                       "172.16.0.1",
                                       "172.31.255.255",
                                       "192.168.1.1",
                                       "169.254.169.254",
                                       "0.0.0.0",
                                       "100.64.0.1",
                                       "224.0.0.1",
                                       "255.255.255.255",
                                       "198.18.0.1",
                                       "::",
                                       "fe80::1",
                                       "fe80::1%eth0",
                                       "fd00::1",
                                       "ff02::1",
                                       "::ffff:127.0.0.1",
                                       "::ffff:10.0.0.1",
                                       "64:ff9b::a00:1",
                                       "::127.0.0.1",
                                       "2130706433",
                                       "0x7f000001",
                                       "10.1",
                                       "1.2.3.0x4",
                                       "10.0.0.1.",
                                       "rubbish:x",
                                       ""};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    g_assert_cmpint(oakum_host_kind(names[i]), ==, OAKUM_HOST_NAME);
  for (size_t i = 0; i < G_N_ELEMENTS(loopback); i++)
    g_assert_cmpint(oakum_host_kind(loopback[i]), ==, OAKUM_HOST_LOOPBACK);
  for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++)
    g_assert_cmpint(oakum_host_kind(hidden[i]), ==, OAKUM_HOST_PRIVATE);
}

static void test_retry(void)
{
  const int64_t now = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */
  g_assert_cmpint(oakum_http_retry_after("0", now), ==, 0);
  g_assert_cmpint(oakum_http_retry_after("7", now), ==, 7);
  g_assert_cmpint(oakum_http_retry_after("99999", now), ==, OAKUM_RETRY_AFTER_MAX_S);
  g_assert_cmpint(oakum_http_retry_after("Sun, 06 Nov 1994 08:49:40 GMT", now), ==, 3);
  g_assert_cmpint(oakum_http_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), ==, 0);
  g_assert_cmpint(oakum_http_retry_after("Sun, 06 Nov 2094 08:00:00 GMT", now), ==,
                  OAKUM_RETRY_AFTER_MAX_S);
  g_assert_cmpint(oakum_http_retry_after("-1", now), ==, -1);
  g_assert_cmpint(oakum_http_retry_after("soon", now), ==, -1);
  static const int again[] = {408, 429, 499, 500, 502, 503, 504, 522},
                   not_again[] = {200, 301, 400, 401, 403, 404, 409, 413, 416, 501};
  for (size_t i = 0; i < G_N_ELEMENTS(again); i++)
    g_assert_true(oakum_http_worth_retrying(again[i]));
  for (size_t i = 0; i < G_N_ELEMENTS(not_again); i++)
    g_assert_false(oakum_http_worth_retrying(not_again[i]));
}

/* What is refused before anything is sent. */
static void test_refused(void)
{
  static const char *const urls[] = {"http://registry.example/", "https://u:p@registry.example/",
                                     "http://10.0.0.1/"};
  g_autoptr(OakumHttp) http = oakum_http_new(NULL, NULL);
  for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
    g_autoptr(GError) error = NULL;
    OakumHttpRequest request = {.method = "GET", .url = urls[i], .authorization = "Basic secret"};
    g_autoptr(OakumHttpAnswer) answer = oakum_http_send(http, &request, &error);
    g_assert_null(answer);
    g_assert_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_DENIED);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/net/parse", test_parse);
  g_test_add_func("/net/resolve", test_resolve);
  g_test_add_func("/net/show", test_show);
  g_test_add_func("/net/hosts", test_hosts);
  g_test_add_func("/net/retry", test_retry);
  g_test_add_func("/net/refused", test_refused);
  return g_test_run();
}
