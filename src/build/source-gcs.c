/* Tokens for Google's store: a service account signs a JWT (RFC 7523) and gets a token for it. */
#include "build/source-sign.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#define SCOPE "https://www.googleapis.com/auth/devstorage.read_only"
#define ANSWER_MAX (64 * OAKUM_KIB)

static const OakumHttpHost *any_host(const OakumUrl *url, gpointer user)
{
  static const OakumHttpHost plain = {.plain = TRUE}; /* the metadata server speaks no https */
  return &plain;
}

/* Base64 without padding, safe in URLs. */
static char *coded(const void *data, size_t len)
{
  char *text = g_base64_encode(data, len);
  g_strdelimit(g_strdelimit(text, "+", '-'), "/", '_');
  text[strcspn(text, "=")] = '\0';
  return text;
}

static char *sign(const char *pem, const char *text, GError **error)
{
  BIO *bio = BIO_new_mem_buf(pem, -1);
  EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  size_t len = 0;
  char *out = NULL;
  if (key && context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
      EVP_DigestSign(context, NULL, &len, (const unsigned char *)text, strlen(text)) == 1) {
    g_autofree guint8 *signature = g_malloc(len);
    if (EVP_DigestSign(context, signature, &len, (const unsigned char *)text, strlen(text)) == 1)
      out = coded(signature, len);
  }
  if (!out)
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "GOOGLE_APPLICATION_CREDENTIALS: private_key cannot be used");
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  BIO_free(bio);
  return out;
}

/* The access_token of an answer. */
static char *ask_token(const OakumHttpRequest *request, GError **error)
{
  const OakumHttpPolicy policy = {any_host, NULL, NULL};
  g_autoptr(OakumHttp) http = oakum_http_new(&policy, error);
  g_autoptr(OakumHttpAnswer) answer = http ? oakum_http_send(http, request, error) : NULL;
  g_autofree char *shown = oakum_url_show(request->url), *text = NULL, *token = NULL;
  size_t len;
  if (!answer || !oakum_reader_slurp(answer->body, ANSWER_MAX, shown, &text, &len, error))
    return NULL;
  if (answer->status != 200) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_DENIED, "%s: no token: status %d", shown,
                answer->status);
    return NULL;
  }
  static const OakumJsonField fields[] = {{.key = "access_token", .required = TRUE}, {0}};
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, shown, error);
  return json && oakum_json_bind(json, fields, &token, shown, error) ? g_steal_pointer(&token)
                                                                     : NULL;
}

typedef struct {
  char *email, *key, *uri, *type;
} Account;

static void account_clear(Account *account)
{
  g_free(account->email);
  g_free(account->key);
  g_free(account->uri);
  g_free(account->type);
}

static OakumReader *open_form(gpointer user, GError **error)
{
  return oakum_reader_new_memory(user, strlen(user));
}

static char *token_of_account(const char *path, int64_t now, GError **error)
{
  static const OakumJsonField fields[] = {
      {.key = "client_email", .offset = offsetof(Account, email), .required = TRUE},
      {.key = "private_key", .offset = offsetof(Account, key), .required = TRUE},
      {.key = "token_uri", .offset = offsetof(Account, uri), .required = TRUE},
      {.key = "type", .offset = offsetof(Account, type)},
      {0}};
  __attribute__((cleanup(account_clear))) Account account = {0};
  g_autofree char *text = NULL;
  size_t len;
  if (!oakum_file_read(path, OAKUM_CONFIG_FILE_MAX, &text, &len, error))
    return NULL;
  OAKUM_AUTO_JSON *json = oakum_json_parse(text, len, "GOOGLE_APPLICATION_CREDENTIALS", error);
  if (!json || !oakum_json_bind(json, fields, &account, "GOOGLE_APPLICATION_CREDENTIALS", error))
    return NULL;
  static const char head[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
  OAKUM_AUTO_JSON *claims =
      json_pack("{s:s, s:s, s:s, s:I, s:I}", "iss", account.email, "scope", SCOPE, "aud",
                account.uri, "iat", (json_int_t)now, "exp", (json_int_t)now + 3600);
  g_autofree char *body = oakum_json_dump(claims, FALSE);
  g_autofree char *a = coded(head, strlen(head)), *b = coded(body, strlen(body));
  g_autofree char *signed_part = g_strconcat(a, ".", b, NULL);
  g_autofree char *signature = sign(account.key, signed_part, error);
  if (!signature)
    return NULL;
  g_autofree char *form = g_strconcat(
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=", signed_part,
      ".", signature, NULL);
  static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
  const OakumHttpRequest request = {.method = "POST",
                                    .url = account.uri,
                                    .headers = headers,
                                    .open = open_form,
                                    .open_user = form,
                                    .body_len = strlen(form),
                                    .answer_max = ANSWER_MAX,
                                    .stay = TRUE};
  return ask_token(&request, error);
}

static char *token_of_machine(GError **error)
{
  const char *host = g_getenv("GCE_METADATA_HOST");
  g_autofree char *url =
      g_strdup_printf("http://%s/computeMetadata/v1/instance/service-accounts/default/token",
                      host && *host ? host : "metadata.google.internal");
  static const char *const headers[] = {"Metadata-Flavor: Google", NULL};
  const OakumHttpRequest request = {.method = "GET",
                                    .url = url,
                                    .headers = headers,
                                    .answer_max = ANSWER_MAX,
                                    .tries = 1,
                                    .stay = TRUE};
  return ask_token(&request, error);
}

gboolean oakum_sign_gcs(const char *bucket, const char *object, int64_t now, OakumSigned *out,
                        GError **error)
{
  const char *emulator = g_getenv("STORAGE_EMULATOR_HOST");
  const char *path = g_getenv("GOOGLE_APPLICATION_CREDENTIALS");
  const char *host = emulator && *emulator ? emulator : "https://storage.googleapis.com";
  g_autofree char *base = strstr(host, "://") ? g_strdup(host) : g_strconcat("http://", host, NULL);
  g_autofree char *a = g_uri_escape_string(bucket, NULL, FALSE);
  g_autofree char *b = g_uri_escape_string(object, NULL, FALSE);
  out->url = g_strconcat(base, "/storage/v1/b/", a, "/o/", b, "?alt=media", NULL);
  g_autofree char *token = NULL;
  if (path && *path) {
    if (!(token = token_of_account(path, now, error)))
      return FALSE;
  } else {
    g_autoptr(GError) local = NULL;
    token = token_of_machine(&local);
    if (!token)
      oakum_warn(
          "gs://%s: neither GOOGLE_APPLICATION_CREDENTIALS nor a metadata server (%s); asking "
          "without",
          bucket, local->message);
  }
  out->authorization = token ? g_strconcat("Bearer ", token, NULL) : NULL;
  return TRUE;
}
