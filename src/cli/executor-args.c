/* What the flags mean in the terms of `build`. */
#include "cli/executor.h"
#include "os/os.h"
#include <string.h>
#include <sys/stat.h>

static GPtrArray *new_list(void)
{
  return g_ptr_array_new_with_free_func(g_free);
}

static void append(GPtrArray *out, GPtrArray *texts)
{
  for (guint i = 0; texts && i < texts->len; i++)
    g_ptr_array_add(out, g_strdup(texts->pdata[i]));
}

/* Docker Hub has several names; the one that references have. */
static const char *plain_host(const char *host)
{
  return strcmp(host, "index.docker.io") == 0 || strcmp(host, "registry-1.docker.io") == 0
             ? "docker.io"
             : host;
}

/* "a=b;c=d" */
static gboolean add_maps(GPtrArray *out, const char *text, GError **error)
{
  g_auto(GStrv) pairs = g_strsplit(text, ";", -1);
  for (char **pair = pairs; *pair; pair++) {
    char *equals = strchr(*pair, '=');
    if (!**pair)
      continue;
    if (!equals || equals == *pair || !equals[1]) {
      g_autofree char *shown = oakum_escape_terminal(text, -1);
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "--registry-map takes HOST=HOST[/PREFIX], not \"%s\"", shown);
      return FALSE;
    }
    *equals = '\0';
    g_ptr_array_add(out, g_strconcat(plain_host(*pair), "=", equals + 1, NULL));
  }
  return TRUE;
}

gboolean oakum_executor_registry(const OakumExecutorArgs *args, OakumRegistryArgs *out,
                                 GError **error)
{
  static const char *const usual[] = {"env", "google", "ecr", "acr", "gitlab"};
  GPtrArray *others = new_list();
  if (oakum_executor_flag(args->no_fallback, FALSE))
    out->maps = others;
  else
    out->mirrors = others;
  append(out->insecure = new_list(), args->insecure_registries);
  append(out->unverified = new_list(), args->unverified_registries);
  append(out->ca_files = new_list(), args->certificates);
  append(out->client_certs = new_list(), args->client_certs);
  out->helpers = new_list();
  for (guint i = 0; args->credential_helpers && i < args->credential_helpers->len; i++) {
    g_auto(GStrv) names = g_strsplit(args->credential_helpers->pdata[i], ",", -1);
    for (char **name = names; *name; name++)
      g_ptr_array_add(out->helpers, g_strdup(*name));
  }
  for (size_t i = 0; !args->credential_helpers && i < G_N_ELEMENTS(usual); i++)
    g_ptr_array_add(out->helpers, g_strdup(usual[i]));
  out->insecure_pull = oakum_executor_flag(args->insecure_pull, FALSE);
  out->insecure_push = oakum_executor_flag(args->insecure, FALSE);
  out->unverified_pull = oakum_executor_flag(args->unverified_pull, FALSE);
  out->unverified_push = oakum_executor_flag(args->unverified, FALSE);
  for (guint i = 0; args->maps && i < args->maps->len; i++)
    if (!add_maps(others, args->maps->pdata[i], error))
      return FALSE;
  for (guint i = 0; args->mirrors && i < args->mirrors->len; i++)
    g_ptr_array_add(others, g_strconcat("docker.io=", args->mirrors->pdata[i], NULL));
  return TRUE;
}

void oakum_executor_registry_clear(OakumRegistryArgs *registry)
{
  GPtrArray **lists[] = {&registry->insecure, &registry->unverified, &registry->mirrors,
                         &registry->maps,     &registry->ca_files,   &registry->client_certs,
                         &registry->helpers};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    g_clear_pointer(lists[i], g_ptr_array_unref);
}

gboolean oakum_executor_dockerfile(const OakumExecutorArgs *args, const OakumContext *context,
                                   const char *temp, char **text, size_t *len, char **path,
                                   gboolean *inside, GError **error)
{
  const char *name = args->dockerfile ? args->dockerfile : "Dockerfile";
  struct stat st;
  *inside = FALSE;
  *path = g_strdup(name);
  if (g_str_has_prefix(name, "https://") || g_str_has_prefix(name, "http://")) {
    g_autoptr(OakumContext) fetched = oakum_context_open(name, temp, error);
    const char *lone = fetched ? oakum_context_lone(fetched, len) : NULL;
    if (fetched && !lone)
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_INVALID,
                  "--dockerfile: what the URL leads to is an archive, not a Dockerfile");
    *text = lone ? g_memdup2(lone, *len + 1) : NULL;
    g_free(*path);
    *path = g_strdup("Dockerfile");
    return *text != NULL;
  }
  size_t lone_len;
  const char *lone = context && !args->dockerfile ? oakum_context_lone(context, &lone_len) : NULL;
  if (lone) {
    *text = g_memdup2(lone, lone_len + 1);
    *len = lone_len;
    return TRUE;
  }
  /* as kaniko: first from where we stand, then in the context */
  if (!context || (stat(name, &st) == 0 && S_ISREG(st.st_mode)))
    return oakum_file_read(name, OAKUM_DOCKERFILE_MAX, text, len, error);
  *inside = TRUE;
  if (oakum_context_read(context, name, OAKUM_DOCKERFILE_MAX, text, len, error))
    return TRUE;
  g_prefix_error(error, "no Dockerfile \"%s\", neither here nor in the context: ", name);
  return FALSE;
}
