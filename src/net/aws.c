#include "net/net.h"
#include <string.h>
#include <time.h>

char *oakum_aws_stamp(int64_t seconds)
{
  time_t at = (time_t)seconds;
  struct tm tm;
  char stamp[32];
  gmtime_r(&at, &tm);
  strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
  return g_strdup(stamp);
}

static void hmac(const void *key, size_t len, const char *text, uint8_t out[32])
{
  oakum_hmac_sha256(key, len, text, strlen(text), out);
}

char *oakum_aws_authorization(const OakumAwsRequest *r)
{
  g_autofree char *day = g_strndup(r->stamp, 8);
  g_autofree char *scope = g_strdup_printf("%s/%s/%s/aws4_request", day, r->region, r->service);
  g_autofree char *hash = oakum_sha256_hex(r->canonical, strlen(r->canonical));
  g_autofree char *text = g_strdup_printf("AWS4-HMAC-SHA256\n%s\n%s\n%s", r->stamp, scope, hash);
  g_autofree char *first = g_strconcat("AWS4", r->secret, NULL);
  uint8_t step[32];
  char hex[65];
  hmac(first, strlen(first), day, step);
  hmac(step, sizeof(step), r->region, step);
  hmac(step, sizeof(step), r->service, step);
  hmac(step, sizeof(step), "aws4_request", step);
  hmac(step, sizeof(step), text, step);
  for (size_t i = 0; i < sizeof(step); i++)
    g_snprintf(hex + 2 * i, 3, "%02x", step[i]);
  explicit_bzero(first, strlen(first));
  return g_strdup_printf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", r->id,
                         scope, r->names, hex);
}
