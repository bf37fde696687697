/* Credentials of ADD that come from --secret. */
#include "build/source-private.h"
#include <string.h>

/* The secret of that name without the line end that editors leave; NULL: there is none. */
static gboolean read_secret(const OakumBuildOptions *options, const char *id, char **out,
                            GError **error)
{
  *out = NULL;
  for (guint i = 0; options->secrets && i < options->secrets->len; i++) {
    const OakumBuildSecret *secret = options->secrets->pdata[i];
    if (strcmp(secret->id, id) != 0)
      continue;
    if (secret->variable)
      *out = g_strdup(g_getenv(secret->variable));
    else if (!oakum_file_read(secret->file, OAKUM_SECRET_MAX, out, NULL, error))
      return FALSE;
    if (*out)
      (*out)[strcspn(*out, "\r\n")] = '\0';
    if (*out && **out)
      return TRUE;
    g_clear_pointer(out, g_free);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID, "the secret %s is empty", id);
    return FALSE;
  }
  return TRUE;
}

/* The secrets of a kind for a host, then, for repositories, those for any. */
static gboolean find(const OakumBuildOptions *options, const char *kind, const char *host,
                     gboolean git, char **out, GError **error)
{
  g_autofree char *own = g_strconcat(kind, git ? "." : "_", host, NULL);
  return read_secret(options, own, out, error) &&
         (*out || !git || read_secret(options, kind, out, error));
}

gboolean oakum_source_authorization(const OakumBuildOptions *options, const char *url,
                                    OakumSourceKind kind, char **out, GError **error)
{
  gboolean git = kind == OAKUM_SOURCE_GIT;
  *out = NULL;
  g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL);
  const char *host = uri ? g_uri_get_host(uri) : NULL;
  if (!host || !g_str_has_prefix(url, "http"))
    return TRUE;
  g_autofree char *with_port = g_uri_get_port(uri) > 0
                                   ? g_strdup_printf("%s:%d", host, g_uri_get_port(uri))
                                   : g_strdup(host);
  const char *hosts[] = {with_port, host};
  for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
    g_autofree char *token = NULL;
    if (!find(options, git ? "GIT_AUTH_HEADER" : "HTTP_AUTH_HEADER", hosts[i], git, out, error))
      return FALSE;
    if (*out)
      return TRUE;
    if (!find(options, git ? "GIT_AUTH_TOKEN" : "HTTP_AUTH_TOKEN", hosts[i], git, &token, error))
      return FALSE;
    if (!token)
      continue;
    if (!git) {
      *out = g_strconcat("Bearer ", token, NULL);
      return TRUE;
    }
    g_autofree char *pair = g_strconcat("x-access-token:", token, NULL);
    g_autofree char *coded = g_base64_encode((const guchar *)pair, strlen(pair));
    *out = g_strconcat("Basic ", coded, NULL);
    return TRUE;
  }
  return TRUE;
}
