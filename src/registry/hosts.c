/* What was said about a host on the command line, and what lies below /etc/docker/certs.d. */
#include "registry/registry-private.h"
#include <string.h>

static gboolean matches(const char *entry, const OakumUrl *url)
{
  g_autofree char *whole =
      g_strdup_printf(strchr(url->host, ':') ? "[%s]:%u" : "%s:%u", url->host, (unsigned)url->port);
  g_autofree char *bracketed = g_strdup_printf("[%s]", url->host);
  return g_ascii_strcasecmp(entry, whole) == 0 || g_ascii_strcasecmp(entry, url->host) == 0 ||
         g_ascii_strcasecmp(entry, bracketed) == 0;
}

static gboolean listed(char **list, const OakumUrl *url)
{
  for (; list && *list; list++)
    if (matches(*list, url))
      return TRUE;
  return FALSE;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* docker's folder of a host: *.crt are authorities, NAME.cert with NAME.key is our certificate. */
static void read_certs(const char *folder, OakumHttpHost *host, GPtrArray *ca_files)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  for (const char *name; dir && names->len < OAKUM_CERTS_MAX && (name = g_dir_read_name(dir));)
    g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_sort(names, by_name);
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
    if (g_str_has_suffix(path, ".crt"))
      g_ptr_array_add(ca_files, g_steal_pointer(&path));
    else if (g_str_has_suffix(path, ".cert") && !host->cert) {
      host->key = g_strdup_printf("%.*s.key", (int)(strlen(path) - 5), path);
      host->cert = g_steal_pointer(&path);
    }
  }
}

static OakumHttpHost *make_host(OakumRegistry *r, const OakumUrl *url)
{
  OakumHttpHost *host = g_new0(OakumHttpHost, 1);
  g_autoptr(GPtrArray) ca_files = g_ptr_array_new();
  host->plain = listed(r->insecure, url);
  host->unverified = host->plain || listed(r->unverified, url);
  for (guint i = 0; i + 1 < r->ca_files->len; i += 2)
    if (strcmp(r->ca_files->pdata[i], "*") == 0 || matches(r->ca_files->pdata[i], url))
      g_ptr_array_add(ca_files, g_strdup(r->ca_files->pdata[i + 1]));
  for (guint i = 0; i + 1 < r->client_certs->len; i += 2) {
    const char *pair = r->client_certs->pdata[i + 1], *comma = strchr(pair, ',');
    if (matches(r->client_certs->pdata[i], url) && comma && !host->cert) {
      host->cert = g_strndup(pair, (gsize)(comma - pair));
      host->key = g_strdup(comma + 1);
    }
  }
  const char *open = strchr(url->host, ':') ? "[" : "", *close = *open ? "]" : "";
  g_autofree char *with_port =
      g_strdup_printf("%s/%s%s%s:%u", r->certs_dir, open, url->host, close, (unsigned)url->port);
  g_autofree char *bare = g_strdup_printf("%s/%s%s%s", r->certs_dir, open, url->host, close);
  read_certs(with_port, host, ca_files);
  if (url->port == 443)
    read_certs(bare, host, ca_files);
  g_ptr_array_add(ca_files, NULL);
  host->ca_files = (char **)g_ptr_array_free(g_steal_pointer(&ca_files), FALSE);
  return host;
}

static void host_free(OakumHttpHost *host)
{
  g_strfreev(host->ca_files);
  g_free(host->cert);
  g_free(host->key);
  g_free(host);
}

const OakumHttpHost *oakum_registry_host(const OakumUrl *url, gpointer registry)
{
  OakumRegistry *r = registry;
  g_autofree char *key = g_strdup_printf("%s %u", url->host, (unsigned)url->port);
  OAKUM_AUTO_LOCK(&r->lock);
  if (!r->hosts)
    r->hosts = oakum_str_map_new(g_free, (GDestroyNotify)host_free);
  OakumHttpHost *host = g_hash_table_lookup(r->hosts, key);
  if (!host) {
    host = make_host(r, url);
    g_hash_table_insert(r->hosts, g_steal_pointer(&key), host);
  }
  return host; /* stays until the registry goes */
}

gboolean oakum_registry_has_trust(OakumRegistry *registry, const OakumUrl *url)
{
  const OakumHttpHost *host = oakum_registry_host(url, registry);
  return *host->ca_files || host->cert;
}

gboolean oakum_registry_is_marked(OakumRegistry *registry, const char *text)
{
  g_auto(OakumUrl) url = {0};
  return oakum_url_parse(text, &url, NULL) && listed(registry->insecure, &url);
}

/* A redirect carries no credentials, so it may lead anywhere public; into a network that the
 * redirecting server cannot see itself it may not. */
gboolean oakum_registry_redirect_allowed(const char *from_text, const char *to_text,
                                         gpointer registry, GError **error)
{
  g_auto(OakumUrl) from = {0}, to = {0};
  if (!oakum_url_parse(from_text, &from, error) || !oakum_url_parse(to_text, &to, error))
    return FALSE;
  OakumHostKind kind = oakum_host_kind(to.host);
  if (kind == OAKUM_HOST_NAME || (strcmp(from.host, to.host) == 0 && from.port == to.port) ||
      (kind == OAKUM_HOST_LOOPBACK && oakum_host_kind(from.host) == OAKUM_HOST_LOOPBACK) ||
      oakum_registry_is_marked(registry, to_text))
    return TRUE;
  g_autofree char *shown = oakum_url_show(from_text), *to_shown = oakum_url_show(to_text);
  g_set_error(error, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_DENIED,
              "%s: redirected to %s, an address of a private network, which is refused", shown,
              to_shown);
  return FALSE;
}

void oakum_registry_hosts_clear(OakumRegistry *r)
{
  g_clear_pointer(&r->hosts, g_hash_table_unref);
  g_strfreev(r->insecure);
  g_strfreev(r->unverified);
  g_ptr_array_unref(r->ca_files);
  g_ptr_array_unref(r->client_certs);
  for (guint i = 1; i < r->logins->len; i += 2)
    explicit_bzero(r->logins->pdata[i], strlen(r->logins->pdata[i]));
  g_ptr_array_unref(r->logins);
  g_free(r->certs_dir);
  g_strfreev(r->helpers);
}
