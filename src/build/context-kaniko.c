/* Contexts as kaniko spells them. */
#include "build/source-sign.h"
#include <string.h>

static gboolean has_prefix(const char *text, const char *prefix, const char **rest)
{
  if (!g_str_has_prefix(text, prefix))
    return FALSE;
  *rest = text + strlen(prefix);
  return TRUE;
}

/* "git://HOST/PATH[#REF[#COMMIT]]": the protocol is that of the environment. */
static OakumContext *open_repository(const char *rest, const OakumKanikoContext *options,
                                     const char *temp, GError **error)
{
  const char *method = g_getenv("GIT_PULL_METHOD");
  const char *token = g_getenv("GIT_TOKEN"), *user = g_getenv("GIT_USERNAME"),
             *password = g_getenv("GIT_PASSWORD");
  g_auto(GStrv) parts = g_strsplit(rest, "#", 3);
  g_auto(OakumGitRef) ref = {0};
  g_autofree char *plain =
      g_strconcat(g_strcmp0(method, "http") == 0 ? "http://" : "https://", parts[0], NULL);
  if (!oakum_git_ref_parse(plain, &ref, error))
    return NULL;
  const char *named = parts[0] && parts[1] ? parts[1] : NULL;
  const char *commit = named && parts[2] ? parts[2] : NULL;
  if (commit && *commit)
    ref.ref = g_strdup(commit);
  else if (options->branch && *options->branch) /* goes before what the URL says */
    ref.ref = g_strdup(options->branch);        /* also a tag, when no branch has the name */
  else if (named && *named)
    ref.ref = g_strdup(named);
  ref.submodules = options->recurse_submodules;
  if ((token && *token) || (user && *user)) {
    /* a token is a user name without a password, as forges take it */
    g_autofree char *pair = token && *token
                                ? g_strconcat(token, ":", NULL)
                                : g_strconcat(user, ":", password ? password : "", NULL);
    g_autofree char *coded = g_base64_encode((const guchar *)pair, strlen(pair));
    g_free(ref.authorization);
    ref.authorization = g_strconcat("Basic ", coded, NULL);
  }
  return oakum_context_open_git(&ref, temp, error);
}

static OakumContext *open_signed(const OakumSigned *request, const char *temp, GError **error)
{
  const OakumFetch fetch = {.url = request->url,
                            .authorization = request->authorization,
                            .headers = (const char *const *)request->headers,
                            .stay = request->authorization != NULL};
  return oakum_context_open_fetch(&fetch, temp, error);
}

/* "BUCKET/OBJECT" */
static OakumContext *open_object(const char *rest, gboolean google, const char *temp,
                                 GError **error)
{
  const char *slash = strchr(rest, '/');
  g_auto(OakumSigned) request = {0};
  int64_t now = g_get_real_time() / G_USEC_PER_SEC;
  if (!slash || slash == rest || !slash[1]) {
    g_autofree char *shown = oakum_escape_terminal(rest, -1);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_USAGE,
                "context %s://%s: expected a bucket and an object", google ? "gs" : "s3", shown);
    return NULL;
  }
  g_autofree char *bucket = g_strndup(rest, (gsize)(slash - rest));
  gboolean ok = google ? oakum_sign_gcs(bucket, slash + 1, now, &request, error)
                       : oakum_sign_s3(bucket, slash + 1, now, &request, error);
  return ok ? open_signed(&request, temp, error) : NULL;
}

static OakumContext *open_web(const char *url, const char *temp, GError **error)
{
  g_auto(OakumSigned) request = {0};
  if (!oakum_sign_is_azure(url))
    return oakum_context_open_fetch(&(OakumFetch){.url = url}, temp, error);
  return oakum_sign_azure(url, g_get_real_time() / G_USEC_PER_SEC, &request, error)
             ? open_signed(&request, temp, error)
             : NULL;
}

OakumContext *oakum_context_open_kaniko(const char *text, const OakumKanikoContext *options,
                                        const char *temp, GError **error)
{
  g_autofree char *with_bucket = NULL;
  const char *rest;
  if (options->bucket && *options->bucket) { /* of old: the bucket alone, or all in front of it */
    const char *store = strstr(options->bucket, "://") ? "" : "gs://";
    const char *object = strstr(text, "://") ? strstr(text, "://") + 3 : text;
    object += strspn(object, "/");
    text = with_bucket =
        g_strconcat(store, options->bucket, "/", *object ? object : "context.tar.gz", NULL);
  }
  g_autoptr(OakumContext) context = NULL;
  if (has_prefix(text, "dir://", &rest))
    context = oakum_context_open(rest, temp, error);
  else if (has_prefix(text, "tar://", &rest))
    context = oakum_context_open(strcmp(rest, "stdin") == 0 ? "-" : rest, temp, error);
  else if (has_prefix(text, "git://", &rest))
    context = open_repository(rest, options, temp, error);
  else if (has_prefix(text, "s3://", &rest))
    context = open_object(rest, FALSE, temp, error);
  else if (has_prefix(text, "gs://", &rest))
    context = open_object(rest, TRUE, temp, error);
  else if (g_str_has_prefix(text, "https://") || g_str_has_prefix(text, "http://"))
    context = open_web(text, temp, error);
  else if (strstr(text, "://")) {
    g_autofree char *bare = oakum_source_redact(text), *shown = oakum_escape_terminal(bare, -1);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_USAGE,
                "context %s: expected a folder, dir://, tar://, git://, https://, s3:// or gs://",
                shown);
  } else {
    context = oakum_context_open(text, temp, error);
  }
  if (!context || (options->sub_path && *options->sub_path &&
                   !oakum_context_enter(context, options->sub_path, error)))
    return NULL;
  return g_steal_pointer(&context);
}
