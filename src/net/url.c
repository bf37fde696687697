#include "net/net-private.h"
#include <arpa/inet.h>
#include <string.h>

static char *part(CURLU *url, CURLUPart which, unsigned flags)
{
  char *out = NULL, *copy = NULL;
  if (curl_url_get(url, which, &out, flags) == CURLUE_OK)
    copy = g_strdup(out);
  curl_free(out);
  return copy;
}

gboolean oakum_url_parse(const char *text, OakumUrl *out, GError **error)
{
  *out = (OakumUrl){0};
  CURLU *url = curl_url();
  uint64_t port = 0;
  gboolean ok = strlen(text) <= OAKUM_HEADER_MAX && !strpbrk(text, " \t\r\n") &&
                curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;
  if (ok) {
    g_autofree char *scheme = part(url, CURLUPART_SCHEME, 0), *host = part(url, CURLUPART_HOST, 0),
                    *number = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT),
                    *user = part(url, CURLUPART_USER, 0), *pass = part(url, CURLUPART_PASSWORD, 0);
    ok = scheme && host && *host && number &&
         (strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0) &&
         oakum_parse_u64(number, strlen(number), UINT16_MAX, &port) && port > 0;
    if (ok) {
      size_t len = strlen(host);
      gboolean bracketed = host[0] == '[' && host[len - 1] == ']';
      out->scheme = g_steal_pointer(&scheme);
      out->host = bracketed ? g_ascii_strdown(host + 1, (gssize)len - 2)
                            : g_ascii_strdown(host, (gssize)len);
      out->port = (uint16_t)port;
      out->user_given = user || pass;
    }
  }
  curl_url_cleanup(url);
  if (!ok) {
    g_autofree char *shown = oakum_url_show(text);
    g_set_error(error, OAKUM_NET_ERROR, OAKUM_ERROR_INVALID, "%s: not an http or https URL", shown);
  }
  return ok;
}

void oakum_url_clear(OakumUrl *url)
{
  g_clear_pointer(&url->scheme, g_free);
  g_clear_pointer(&url->host, g_free);
}

char *oakum_url_resolve(const char *base, const char *reference)
{
  CURLU *url = curl_url();
  char *copy = NULL;
  if (strlen(reference) <= OAKUM_HEADER_MAX &&
      curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK &&
      curl_url_set(url, CURLUPART_URL, reference, 0) == CURLUE_OK)
    copy = part(url, CURLUPART_URL, 0);
  curl_url_cleanup(url);
  char *fragment = copy ? strchr(copy, '#') : NULL;
  if (fragment)
    *fragment = '\0';
  return copy;
}

char *oakum_url_add_query(const char *url, const char *key, const char *value)
{
  g_autofree char *coded = g_uri_escape_string(value, NULL, FALSE);
  size_t len = strlen(url);
  const char *join = !strchr(url, '?')                            ? "?"
                     : url[len - 1] == '?' || url[len - 1] == '&' ? ""
                                                                  : "&";
  return g_strconcat(url, join, key, "=", coded, NULL);
}

gboolean oakum_url_same_origin(const char *a, const char *b)
{
  g_auto(OakumUrl) x = {0}, y = {0};
  return oakum_url_parse(a, &x, NULL) && oakum_url_parse(b, &y, NULL) &&
         strcmp(x.scheme, y.scheme) == 0 && strcmp(x.host, y.host) == 0 && x.port == y.port;
}

char *oakum_url_show(const char *url)
{
  const char *scheme = strstr(url, "://");
  const char *host = scheme ? scheme + 3 : url;
  const char *at = host + strcspn(host, "/?#@");
  if (*at == '@')
    host = at + 1;
  g_autofree char *bare = g_strndup(host, MIN(strcspn(host, "?#"), 512));
  g_autofree char *start = g_strndup(url, scheme ? (gsize)(scheme + 3 - url) : 0);
  g_autofree char *whole = g_strconcat(start, bare, NULL);
  return oakum_escape_terminal(whole, -1);
}

static OakumHostKind kind_of_v4(uint32_t a)
{
  static const struct {
    uint32_t net;
    int bits;
  } reserved[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10},
                  {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24},
                  {0xc0a80000, 16}, {0xc6120000, 15}, {0xe0000000, 3}};
  if (a >> 24 == 127)
    return OAKUM_HOST_LOOPBACK;
  for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++)
    if ((a ^ reserved[i].net) >> (32 - reserved[i].bits) == 0)
      return OAKUM_HOST_PRIVATE;
  return OAKUM_HOST_NAME;
}

static OakumHostKind kind_of_v6(const struct in6_addr *v6)
{
  static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}; /* RFC 6052: an IPv4 address inside */
  uint32_t low;
  memcpy(&low, v6->s6_addr + 12, 4);
  if (IN6_IS_ADDR_LOOPBACK(v6))
    return OAKUM_HOST_LOOPBACK;
  if (IN6_IS_ADDR_UNSPECIFIED(v6))
    return OAKUM_HOST_PRIVATE;
  if (IN6_IS_ADDR_V4MAPPED(v6) || IN6_IS_ADDR_V4COMPAT(v6) || memcmp(v6, nat64, 12) == 0)
    return kind_of_v4(ntohl(low)) == OAKUM_HOST_NAME ? OAKUM_HOST_NAME : OAKUM_HOST_PRIVATE;
  return IN6_IS_ADDR_LINKLOCAL(v6) || IN6_IS_ADDR_SITELOCAL(v6) || IN6_IS_ADDR_MULTICAST(v6) ||
                 (v6->s6_addr[0] & 0xfe) == 0xfc
             ? OAKUM_HOST_PRIVATE
             : OAKUM_HOST_NAME;
}

OakumHostKind oakum_host_kind(const char *host)
{
  g_autofree char *bare = g_ascii_strdown(host, -1);
  size_t len = strlen(bare);
  while (len > 0 && bare[len - 1] == '.') /* the root's dot changes nothing */
    bare[--len] = '\0';
  struct in_addr v4;
  struct in6_addr v6;
  if (strcmp(bare, "localhost") == 0 || g_str_has_suffix(bare, ".localhost"))
    return OAKUM_HOST_LOOPBACK;
  if (strchr(bare, ':')) {
    bare[strcspn(bare, "%")] = '\0'; /* a zone */
    return inet_pton(AF_INET6, bare, &v6) == 1 ? kind_of_v6(&v6) : OAKUM_HOST_PRIVATE;
  }
  if (inet_pton(AF_INET, bare, &v4) == 1)
    return kind_of_v4(ntohl(v4.s_addr));
  /* "0x7f.1", "2130706433": whatever inet_aton would take for an address is no name */
  const char *last = strrchr(bare, '.');
  last = last ? last + 1 : bare;
  gboolean number =
      *last &&
      (strspn(last, "0123456789") == strlen(last) ||
       (g_str_has_prefix(last, "0x") && strspn(last + 2, "0123456789abcdef") == strlen(last + 2)));
  return number || !*bare ? OAKUM_HOST_PRIVATE : OAKUM_HOST_NAME;
}
