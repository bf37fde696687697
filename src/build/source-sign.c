/* Signed requests: Amazon's Signature Version 4 and Azure's Shared Key. */
#include "build/source-sign.h"
#include <string.h>
#include <time.h>

void oakum_signed_clear(OakumSigned *request)
{
  g_clear_pointer(&request->url, g_free);
  g_clear_pointer(&request->authorization, g_free);
  g_clear_pointer(&request->headers, g_strfreev);
}

static const char *variable(const char *name, const char *fallback)
{
  const char *value = g_getenv(name);
  return value && *value ? value : fallback;
}

static void hmac_text(const uint8_t *key, size_t key_len, const char *text, uint8_t out[32])
{
  oakum_hmac_sha256(key, key_len, text, strlen(text), out);
}

/* ---- Amazon
 * ------------------------------------------------------------------------------------ */
/* Where the object is: in a host of the bucket's own, or below the bucket's name. */
static char *s3_url(const char *bucket, const char *key, const char *region, char **host,
                    char **path, GError **error)
{
  g_autofree char *amazon = g_strdup_printf("https://s3.%s.amazonaws.com", region);
  const char *endpoint = variable("S3_ENDPOINT", variable("AWS_ENDPOINT_URL", amazon));
  const char *style = variable("S3_FORCE_PATH_STYLE", "false");
  gboolean below = g_ascii_strcasecmp(style, "true") == 0 || strcmp(style, "1") == 0 ||
                   strchr(bucket, '.') != NULL; /* a dot breaks the certificate's wildcard */
  const char *sep = strstr(endpoint, "://");
  g_autofree char *coded = g_uri_escape_string(key, "/", FALSE);
  if (!sep || (!g_str_has_prefix(endpoint, "http://") && !g_str_has_prefix(endpoint, "https://"))) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_USAGE, "S3_ENDPOINT \"%s\" is no URL",
                endpoint);
    return NULL;
  }
  g_autofree char *scheme = g_strndup(endpoint, (gsize)(sep + 3 - endpoint));
  g_autofree char *at = g_strdup(sep + 3);
  size_t len = strlen(at);
  while (len > 0 && at[len - 1] == '/')
    at[--len] = '\0';
  *host = below ? g_strdup(at) : g_strconcat(bucket, ".", at, NULL);
  *path = below ? g_strconcat("/", bucket, "/", coded, NULL) : g_strconcat("/", coded, NULL);
  return g_strconcat(scheme, *host, *path, NULL);
}

gboolean oakum_sign_s3(const char *bucket, const char *key, int64_t now, OakumSigned *out,
                       GError **error)
{
  static const char nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const char *region = variable("AWS_REGION", variable("AWS_DEFAULT_REGION", "us-east-1"));
  const char *id = variable("AWS_ACCESS_KEY_ID", NULL);
  const char *secret = variable("AWS_SECRET_ACCESS_KEY", NULL);
  const char *session = variable("AWS_SESSION_TOKEN", NULL);
  g_autofree char *host = NULL, *path = NULL;
  if (!(out->url = s3_url(bucket, key, region, &host, &path, error)))
    return FALSE;
  if (!id || !secret) {
    oakum_warn("s3://%s: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; asking without",
               bucket);
    return TRUE;
  }
  g_autofree char *stamp = oakum_aws_stamp(now);
  g_autofree char *token =
      session ? g_strdup_printf("x-amz-security-token:%s\n", session) : g_strdup("");
  const char *names = session ? "host;x-amz-content-sha256;x-amz-date;x-amz-security-token"
                              : "host;x-amz-content-sha256;x-amz-date";
  g_autofree char *canonical =
      g_strdup_printf("GET\n%s\n\nhost:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n%s\n%s\n%s",
                      path, host, nothing, stamp, token, names, nothing);
  out->authorization = oakum_aws_authorization(&(OakumAwsRequest){.id = id,
                                                                  .secret = secret,
                                                                  .region = region,
                                                                  .service = "s3",
                                                                  .stamp = stamp,
                                                                  .names = names,
                                                                  .canonical = canonical});
  out->headers = g_new0(char *, 4);
  out->headers[0] = g_strconcat("x-amz-content-sha256: ", nothing, NULL);
  out->headers[1] = g_strconcat("x-amz-date: ", stamp, NULL);
  out->headers[2] = session ? g_strconcat("x-amz-security-token: ", session, NULL) : NULL;
  return TRUE;
}

/* ---- Azure
 * ------------------------------------------------------------------------------------- */
gboolean oakum_sign_is_azure(const char *url)
{
  static const char *const suffixes[] = {".blob.core.windows.net", ".blob.core.chinacloudapi.cn",
                                         ".blob.core.usgovcloudapi.net", ".blob.core.cloudapi.de"};
  g_auto(OakumUrl) parts = {0};
  if (!oakum_url_parse(url, &parts, NULL))
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++)
    if (g_str_has_suffix(parts.host, suffixes[i]) && *parts.host != '.')
      return TRUE;
  return FALSE;
}

gboolean oakum_sign_azure(const char *url, int64_t now, OakumSigned *out, GError **error)
{
  static const char version[] = "2021-08-06";
  const char *coded = variable("AZURE_STORAGE_ACCESS_KEY", NULL);
  g_auto(OakumUrl) parts = {0};
  out->url = g_strdup(url);
  if (strstr(url, "?sig=") || strstr(url, "&sig=") || !oakum_url_parse(url, &parts, error))
    return parts.host != NULL || strstr(url, "sig=") != NULL;
  if (!coded) {
    oakum_warn("%s: AZURE_STORAGE_ACCESS_KEY is not set; asking without", parts.host);
    return TRUE;
  }
  gsize key_len;
  g_autofree guchar *key = g_base64_decode(coded, &key_len);
  if (key_len == 0) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_USAGE,
                "AZURE_STORAGE_ACCESS_KEY is not written in base64");
    return FALSE;
  }
  time_t seconds = (time_t)now;
  struct tm tm;
  char date[64];
  static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  gmtime_r(&seconds, &tm);
  g_snprintf(date, sizeof(date), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
             tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
  const char *host = strstr(url, "://") + 3, *path = host + strcspn(host, "/?#");
  g_autofree char *account = g_strndup(parts.host, strcspn(parts.host, "."));
  g_autofree char *resource = g_strndup(path, strcspn(path, "?#"));
  g_autofree char *text =
      g_strdup_printf("GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:%s\nx-ms-version:%s\n/%s%s", date,
                      version, account, resource);
  uint8_t mac[32];
  hmac_text(key, key_len, text, mac);
  g_autofree char *signature = g_base64_encode(mac, sizeof(mac));
  out->authorization = g_strdup_printf("SharedKey %s:%s", account, signature);
  out->headers = g_new0(char *, 3);
  out->headers[0] = g_strconcat("x-ms-date: ", date, NULL);
  out->headers[1] = g_strconcat("x-ms-version: ", version, NULL);
  return TRUE;
}
