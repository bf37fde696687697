/* What the user says about registries: one group of options for all commands that speak to them. */
#include "cli/cli.h"
#include <string.h>

#define AT(field) offsetof(OakumRegistryArgs, field)
const OakumOption oakum_registry_options[] = {
    {"mirror", 0, OAKUM_OPTION_LIST, AT(mirrors), "REGISTRY=HOST[/PREFIX]",
     "ask this host before the registry when pulling"},
    {"map", 0, OAKUM_OPTION_LIST, AT(maps), "REGISTRY=HOST[/PREFIX]",
     "ask this host instead of the registry when pulling"},
    {"ca", 0, OAKUM_OPTION_LIST, AT(ca_files), "HOST=FILE",
     "PEM file of authorities that this host (*: each) is trusted by, besides the system's"},
    {"client-cert", 0, OAKUM_OPTION_LIST, AT(client_certs), "HOST=CERT,KEY",
     "PEM files of a certificate, and its key, to show to this host"},
    {"certs-dir", 0, OAKUM_OPTION_TEXT, AT(certs_dir), "DIR",
     "folder of authorities and certificates by host", "/etc/docker/certs.d"},
    {"insecure", 0, OAKUM_OPTION_LIST, AT(insecure), "HOST",
     "allow plain HTTP and any certificate with this host"},
    {"unverified", 0, OAKUM_OPTION_LIST, AT(unverified), "HOST",
     "take any certificate of this host"},
    {"chunk", 0, OAKUM_OPTION_TEXT, AT(chunk), "BYTES", "upload blobs in pieces of this size",
     "a blob at once"},
    {0}};

/* The lists in the form that registry takes; `kept` owns the copies. */
static const char *const *strings(GPtrArray *list, const char *more, GPtrArray *kept)
{
  guint n = list ? list->len : 0;
  const char **made = g_new0(const char *, n + 2);
  for (guint i = 0; i < n; i++)
    made[i] = list->pdata[i];
  made[n] = more;
  g_ptr_array_add(kept, made);
  return made;
}

/* "HOST=VALUE" each. */
static const OakumHostPair *pairs(GPtrArray *list, const char *option, GPtrArray *kept,
                                  GError **error)
{
  OakumHostPair *made = g_new0(OakumHostPair, list ? list->len + 1 : 1);
  g_ptr_array_add(kept, made);
  for (guint i = 0; list && i < list->len; i++) {
    char *text = g_strdup(list->pdata[i]), *equals = strchr(text, '=');
    g_ptr_array_add(kept, text);
    if (!equals || equals == text || !equals[1]) {
      g_autofree char *shown = oakum_escape_terminal(text, -1);
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--%s takes HOST=VALUE, not \"%s\"",
                  option, shown);
      return NULL;
    }
    *equals = '\0';
    made[i] = (OakumHostPair){text, equals + 1};
  }
  return made;
}

OakumRegistry *oakum_registry_args_open(const OakumRegistryArgs *args, const OakumReference *ref,
                                        gboolean push, GError **error)
{
  static const OakumRegistryArgs none = {NULL};
  const OakumRegistryArgs *a = args ? args : &none;
  g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
  gboolean insecure = push ? a->insecure_push : a->insecure_pull,
           unverified = push ? a->unverified_push : a->unverified_pull;
  OakumRegistryOptions options = {
      .push = push,
      .insecure = strings(a->insecure, insecure ? ref->registry : NULL, kept),
      .unverified = strings(a->unverified, unverified ? ref->registry : NULL, kept),
      .helpers = strings(a->helpers, NULL, kept),
      .certs_dir = a->certs_dir};
  if (!(options.mirrors = pairs(a->mirrors, "mirror", kept, error)) ||
      !(options.maps = pairs(a->maps, "map", kept, error)) ||
      !(options.ca_files = pairs(a->ca_files, "ca", kept, error)) ||
      !(options.client_certs = pairs(a->client_certs, "client-cert", kept, error)) ||
      !(options.logins = pairs(a->logins, "login", kept, error)))
    return NULL;
  if (a->chunk &&
      !oakum_parse_u64(a->chunk, strlen(a->chunk), OAKUM_UPLOAD_CHUNK_MAX, &options.chunk)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--chunk wants a number of bytes");
    return NULL;
  }
  return oakum_registry_open(ref, &options, error);
}
