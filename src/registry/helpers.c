/* Logins that stand in no file: what CI systems and clouds lay into the environment. A host is
 * matched by its whole name or the end of it behind a dot, so that no look-alike gets a secret. */
#include "os/os.h"
#include "registry/registry-private.h"
#include <string.h>

static const char *variable(const char *name)
{
  const char *value = g_getenv(name);
  return value && *value ? value : NULL;
}

static void take(OakumCredentials *out, const char *user, const char *password)
{
  out->user = g_strdup(user);
  out->password = g_strdup(password);
}

static gboolean below(const char *host, const char *domain)
{
  size_t n = strlen(host), m = strlen(domain);
  return strcmp(host, domain) == 0 ||
         (n > m && host[n - m - 1] == '.' && strcmp(host + n - m, domain) == 0);
}

static gboolean below_any(const char *host, const char *const *domains)
{
  for (; *domains; domains++)
    if (below(host, *domains))
      return TRUE;
  return FALSE;
}

/* ---- env
 * --------------------------------------------------------------------------------------- */
/* KANIKO_<HOST>_USER and _PASSWORD, the host in capitals with "_" for what a name may not hold;
 * then the same of the host's end behind each dot. */
static gboolean from_environment(const char *host, OakumCredentials *out)
{
  g_autofree char *upper = g_ascii_strup(host, -1);
  g_autofree char *bare = g_strndup(upper, strcspn(upper, ":"));
  const char *starts[] = {upper, strcmp(host, "docker.io") == 0 ? "INDEX.DOCKER.IO" : bare, bare};
  for (size_t i = 0; i < G_N_ELEMENTS(starts); i++)
    for (const char *part = starts[i]; part && *part;
         part = strchr(part, '.') ? strchr(part, '.') + 1 : NULL) {
      g_autofree char *name = g_strdelimit(g_strdup(part), "-.:", '_');
      g_autofree char *user = g_strconcat("KANIKO_", name, "_USER", NULL),
                      *password = g_strconcat("KANIKO_", name, "_PASSWORD", NULL);
      if (variable(user) && variable(password)) {
        take(out, variable(user), variable(password));
        return TRUE;
      }
    }
  return TRUE;
}

/* ---- gitlab
 * ------------------------------------------------------------------------------------ */
static gboolean from_gitlab(const char *host, OakumCredentials *out)
{
  const char *registry = variable("CI_REGISTRY"), *token = variable("CI_JOB_TOKEN");
  if (registry && token && g_ascii_strcasecmp(registry, host) == 0)
    take(out, "gitlab-ci-token", token);
  return TRUE;
}

/* ---- acr
 * --------------------------------------------------------------------------------------- */
static gboolean from_azure(const char *host, OakumCredentials *out)
{
  static const char *const domains[] = {"azurecr.io", "azurecr.cn", "azurecr.us", NULL};
  const char *id = variable("AZURE_CLIENT_ID"), *secret = variable("AZURE_CLIENT_SECRET");
  if (id && secret && below_any(host, domains)) /* a service principal logs in as it is */
    take(out, id, secret);
  return TRUE;
}

/* ---- requests
 * ---------------------------------------------------------------------------------- */
static const OakumHttpHost *any_host(const OakumUrl *url, gpointer user)
{
  static const OakumHttpHost plain = {.plain = TRUE}; /* the metadata server speaks no https */
  return &plain;
}

/* The JSON of an answer with status 200; NULL tells nothing of what was sent or said. */
static json_t *ask(const OakumHttpRequest *request)
{
  const OakumHttpPolicy policy = {any_host, NULL, NULL};
  g_autoptr(GError) local = NULL;
  g_autoptr(OakumHttp) http = oakum_http_new(&policy, &local);
  g_autoptr(OakumHttpAnswer) answer = http ? oakum_http_send(http, request, &local) : NULL;
  g_autofree char *shown = oakum_url_show(request->url);
  char *text = NULL;
  size_t len = 0;
  json_t *json = NULL;
  if (answer && answer->status == 200 &&
      oakum_reader_slurp(answer->body, OAKUM_TOKEN_BODY_MAX, shown, &text, &len, &local)) {
    json = oakum_json_parse(text, len, shown, NULL);
    explicit_bzero(text, len);
  } else if (answer) {
    oakum_info("%s: no login: status %d", shown, answer->status);
  } else {
    oakum_info("%s: no login: %s", shown, local->message);
  }
  g_free(text);
  return json;
}

/* ---- google
 * ------------------------------------------------------------------------------------ */
static gboolean from_google(const char *host, OakumCredentials *out, GError **error)
{
  static const char *const domains[] = {"gcr.io", "pkg.dev", NULL};
  static const char *const headers[] = {"Metadata-Flavor: Google", NULL};
  const char *file = variable("GOOGLE_APPLICATION_CREDENTIALS"),
             *machine = variable("GCE_METADATA_HOST");
  if (!below_any(host, domains))
    return TRUE;
  if (file) { /* the key of a service account is a password as it stands */
    char *text = NULL;
    if (!oakum_file_read(file, OAKUM_LOGIN_FILE_MAX, &text, NULL, error)) {
      g_prefix_error(error, "GOOGLE_APPLICATION_CREDENTIALS: ");
      return FALSE;
    }
    out->user = g_strdup("_json_key");
    out->password = text;
    return TRUE;
  }
  g_autofree char *url =
      g_strconcat("http://", machine ? machine : "metadata.google.internal",
                  "/computeMetadata/v1/instance/service-accounts/default/token", NULL);
  OAKUM_AUTO_JSON *json = ask(&(OakumHttpRequest){.method = "GET",
                                                  .url = url,
                                                  .headers = headers,
                                                  .answer_max = OAKUM_TOKEN_BODY_MAX,
                                                  .tries = 1,
                                                  .stay = TRUE});
  const char *token = json_string_value(json_object_get(json, "access_token"));
  if (token)
    take(out, "oauth2accesstoken", token);
  return TRUE;
}

/* ---- ecr
 * --------------------------------------------------------------------------------------- */
/* Signature Version 4 of a POST of `body` to "/". New string. */
static char *sign_v4(const char *host, const char *region, const char *target, const char *body,
                     const char *stamp)
{
  static const char names[] = "content-type;host;x-amz-date;x-amz-target";
  const char *session = variable("AWS_SESSION_TOKEN");
  g_autofree char *token =
      session ? g_strdup_printf("x-amz-security-token:%s\n", session) : g_strdup("");
  g_autofree char *signed_names =
      session ? g_strdup("content-type;host;x-amz-date;x-amz-security-token;x-amz-target")
              : g_strdup(names);
  g_autofree char *body_hash = oakum_sha256_hex(body, strlen(body));
  g_autofree char *canonical =
      g_strdup_printf("POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:%s\nx-amz-date:%s\n"
                      "%sx-amz-target:%s\n\n%s\n%s",
                      host, stamp, token, target, signed_names, body_hash);
  return oakum_aws_authorization(&(OakumAwsRequest){.id = variable("AWS_ACCESS_KEY_ID"),
                                                    .secret = variable("AWS_SECRET_ACCESS_KEY"),
                                                    .region = region,
                                                    .service = "ecr",
                                                    .stamp = stamp,
                                                    .names = signed_names,
                                                    .canonical = canonical});
}

/* "123456789012.dkr.ecr.REGION.amazonaws.com[.cn]": its region, new string; NULL: another host. */
static char *ecr_region(const char *host)
{
  g_auto(GStrv) parts = g_strsplit(host, ".", -1);
  guint n = g_strv_length(parts);
  gboolean ours = n >= 6 && strspn(parts[0], "0123456789") == strlen(parts[0]) &&
                  strlen(parts[0]) == 12 && strcmp(parts[1], "dkr") == 0 &&
                  (strcmp(parts[2], "ecr") == 0 || strcmp(parts[2], "ecr-fips") == 0) &&
                  strcmp(parts[4], "amazonaws") == 0 && strcmp(parts[5], "com") == 0 &&
                  (n == 6 || (n == 7 && strcmp(parts[6], "cn") == 0));
  return ours ? g_strdup(parts[3]) : NULL;
}

static gboolean from_amazon(const char *host, OakumCredentials *out)
{
  static const char target[] = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
  static const char body[] = "{}";
  g_autofree char *region = ecr_region(host);
  if (!region)
    return TRUE;
  if (!variable("AWS_ACCESS_KEY_ID") || !variable("AWS_SECRET_ACCESS_KEY")) {
    oakum_info("%s: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, so there is no login; "
               "name docker-credential-ecr-login in config.json for other ways",
               host);
    return TRUE;
  }
  g_autofree char *usual = g_strdup_printf("https://api.ecr.%s.amazonaws.com%s", region,
                                           g_str_has_suffix(host, ".cn") ? ".cn" : "");
  const char *named = variable("AWS_ENDPOINT_URL_ECR");
  g_autofree char *url = g_strconcat(named ? named : usual, "/", NULL);
  const char *bare = strstr(url, "://") ? strstr(url, "://") + 3 : url;
  g_autofree char *api = g_strndup(bare, strcspn(bare, "/"));
  g_autofree char *stamp = oakum_aws_stamp(g_get_real_time() / G_USEC_PER_SEC);
  g_autofree char *authorization = sign_v4(api, region, target, body, stamp);
  g_autofree char *date = g_strconcat("X-Amz-Date: ", stamp, NULL),
                  *what = g_strconcat("X-Amz-Target: ", target, NULL),
                  *session =
                      variable("AWS_SESSION_TOKEN")
                          ? g_strconcat("X-Amz-Security-Token: ", variable("AWS_SESSION_TOKEN"),
                                        NULL)
                          : NULL;
  const char *headers[] = {"Content-Type: application/x-amz-json-1.1", date, what, session, NULL};
  g_autoptr(GBytes) sent = g_bytes_new_static(body, strlen(body));
  OAKUM_AUTO_JSON *json = ask(&(OakumHttpRequest){.method = "POST",
                                                  .url = url,
                                                  .headers = headers,
                                                  .authorization = authorization,
                                                  .open = oakum_http_open_bytes,
                                                  .open_user = sent,
                                                  .body_len = strlen(body),
                                                  .answer_max = OAKUM_TOKEN_BODY_MAX,
                                                  .stay = TRUE});
  const json_t *first = json_array_get(json_object_get(json, "authorizationData"), 0);
  const char *coded = json_string_value(json_object_get(first, "authorizationToken"));
  gsize len = 0;
  g_autofree guchar *plain = coded ? g_base64_decode(coded, &len) : NULL;
  g_autofree char *pair = plain ? g_strndup((const char *)plain, len) : NULL;
  char *colon = pair ? strchr(pair, ':') : NULL;
  if (colon) {
    *colon = '\0';
    take(out, pair, colon + 1);
    explicit_bzero(colon + 1, strlen(colon + 1));
    explicit_bzero(plain, len);
  }
  return TRUE;
}

gboolean oakum_helpers_find(OakumRegistry *registry, const char *host, OakumCredentials *out,
                            GError **error)
{
  for (char **name = registry->helpers; name && *name && oakum_credentials_empty(out); name++) {
    gboolean ok = strcmp(*name, "env") == 0      ? from_environment(host, out)
                  : strcmp(*name, "google") == 0 ? from_google(host, out, error)
                  : strcmp(*name, "ecr") == 0    ? from_amazon(host, out)
                  : strcmp(*name, "acr") == 0    ? from_azure(host, out)
                  : strcmp(*name, "gitlab") == 0 ? from_gitlab(host, out)
                                                 : TRUE;
    if (!ok)
      return FALSE;
  }
  return TRUE;
}
