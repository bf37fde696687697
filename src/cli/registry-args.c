/* What the user says about registries: one group of options for all commands that speak to them. */
#include "cli/cli.h"
#include "net/net.h"
#include "os/os.h"
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

/* The values of the options; `kept` owns what they stand on. */
static gboolean take(const OakumRegistryArgs *a, OakumRegistryOptions *out, GPtrArray *kept,
                     GError **error)
{
  if (!(out->mirrors = pairs(a->mirrors, "mirror", kept, error)) ||
      !(out->maps = pairs(a->maps, "map", kept, error)) ||
      !(out->ca_files = pairs(a->ca_files, "ca", kept, error)) ||
      !(out->client_certs = pairs(a->client_certs, "client-cert", kept, error)) ||
      !(out->logins = pairs(a->logins, "login", kept, error)))
    return FALSE;
  if (!a->chunk || oakum_parse_u64(a->chunk, strlen(a->chunk), OAKUM_UPLOAD_CHUNK_MAX, &out->chunk))
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(a->chunk, -1);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
              "--chunk takes a number of bytes, not \"%s\"", shown);
  return FALSE;
}

static gboolean check_pem(const char *option, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  if (!oakum_file_read(path, OAKUM_CONFIG_FILE_MAX, &text, NULL, error)) {
    g_prefix_error(error, "--%s: ", option);
    return FALSE;
  }
  if (strstr(text, "-----BEGIN "))
    return TRUE;
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--%s: %s: nothing in PEM is in it",
              option, path);
  return FALSE;
}

gboolean oakum_registry_args_check(const void *args, GError **error)
{
  g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
  OakumRegistryOptions options = {0};
  if (!take(args, &options, kept, error))
    return FALSE;
  for (const OakumHostPair *ca = options.ca_files; ca->host; ca++)
    if (!check_pem("ca", ca->value, error))
      return FALSE;
  for (const OakumHostPair *pair = options.client_certs; pair->host; pair++) {
    g_auto(GStrv) files = g_strsplit(pair->value, ",", -1);
    if (g_strv_length(files) != 2 || !*files[0] || !*files[1]) {
      g_autofree char *shown = oakum_escape_terminal(pair->value, -1);
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "--client-cert takes HOST=CERT,KEY, not \"%s=%s\"", pair->host, shown);
      return FALSE;
    }
    if (!check_pem("client-cert", files[0], error) || !check_pem("client-cert", files[1], error))
      return FALSE;
  }
  return TRUE;
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
  return take(a, &options, kept, error) ? oakum_registry_open(ref, &options, error) : NULL;
}

void oakum_registry_args_blame(GError **error, const char *doing, const OakumReference *ref,
                               const char *name, const char *hint)
{
  if (!error || !*error)
    return;
  g_autoptr(GError) inner = g_steal_pointer(error);
  g_autofree char *there = g_strdup_printf("%s/%s: ", ref->registry, ref->repository);
  const char *message = inner->message;
  if (g_str_has_prefix(message, there))
    message += strlen(there);
  if (!hint && g_error_matches(inner, OAKUM_NET_ERROR, OAKUM_ERROR_DENIED) &&
      strstr(message, "ertificate"))
    hint =
        "its authority can be trusted by a file /etc/docker/certs.d/HOST/ca.crt, or by an option "
        "(--ca HOST=FILE, of the executor --registry-certificate)";
  g_set_error(error, inner->domain, inner->code, "%s %s: %s%s%s", doing, name, message,
              hint ? "; " : "", hint ? hint : "");
}
