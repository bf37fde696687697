/* --secret and --ssh, in the forms that docker build and buildah have. */
#include "cli/build-common.h"
#include "os/os.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static void secret_free(gpointer p)
{
  OakumBuildSecret *secret = p;
  g_free(secret->id);
  g_free(secret->file);
  g_free(secret->variable);
  g_free(secret);
}

static gboolean bad(GError **error, const char *option, const char *text, const char *why)
{
  g_autofree char *shown = oakum_escape_terminal(text, -1);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s \"%s\": %s", option, shown, why);
  return FALSE;
}

/* id=NAME[,src=FILE][,env=VARIABLE][,type=file|env] */
static gboolean parse_secret(OakumBuildSecret *out, const char *text, GError **error)
{
  g_auto(GStrv) fields = g_strsplit(text, ",", -1);
  const char *type = NULL;
  for (char **field = fields; *field; field++) {
    char *equals = strchr(*field, '=');
    if (!equals)
      return bad(error, "--secret", text, "takes id=NAME,src=FILE or id=NAME,env=VARIABLE");
    *equals = '\0';
    const char *key = *field, *value = equals + 1;
    char **slot = strcmp(key, "id") == 0                                  ? &out->id
                  : strcmp(key, "src") == 0 || strcmp(key, "source") == 0 ? &out->file
                  : strcmp(key, "env") == 0                               ? &out->variable
                                                                          : NULL;
    if (strcmp(key, "type") == 0) {
      type = value;
    } else if (!slot) {
      return bad(error, "--secret", text, "knows id, src, env and type only");
    } else {
      g_free(*slot);
      *slot = g_strdup(value);
    }
  }
  if (!out->id || !*out->id)
    return bad(error, "--secret", text, "has no id");
  if (type && strcmp(type, "file") != 0 && strcmp(type, "env") != 0)
    return bad(error, "--secret", text, "type is file or env");
  if (type && strcmp(type, "env") == 0 && out->file) { /* the source is the variable then */
    g_free(out->variable);
    out->variable = g_steal_pointer(&out->file);
  }
  if (out->file && out->variable)
    return bad(error, "--secret", text, "takes a file or a variable, not both");
  if (!out->file && !out->variable) {
    if (type && strcmp(type, "file") == 0)
      return bad(error, "--secret", text, "has no src");
    if (g_getenv(out->id)) /* as docker does */
      out->variable = g_strdup(out->id);
    else
      out->file = g_strdup(out->id);
  }
  if (out->variable && !g_getenv(out->variable))
    return bad(error, "--secret", text, "the environment has no such variable");
  if (out->file && access(out->file, R_OK) < 0)
    return bad(error, "--secret", text, g_strerror(errno));
  return TRUE;
}

/* default, or NAME=SOCKET */
static gboolean parse_ssh(OakumBuildSecret *out, const char *text, GError **error)
{
  const char *equals = strchr(text, '='), *file = equals ? equals + 1 : g_getenv("SSH_AUTH_SOCK");
  struct stat st;
  out->id = equals ? g_strndup(text, (gsize)(equals - text)) : g_strdup(text);
  if (!*out->id)
    return bad(error, "--ssh", text, "takes default or NAME=SOCKET");
  if (!file || !*file)
    return bad(error, "--ssh", text,
               "SSH_AUTH_SOCK is not set; start an agent, or name its socket");
  if (stat(file, &st) < 0 || !S_ISSOCK(st.st_mode))
    return bad(error, "--ssh", text,
               "is no socket of an agent; give a key to one with ssh-agent and ssh-add");
  out->file = g_strdup(file);
  return TRUE;
}

gboolean oakum_cli_parse_secrets(const GPtrArray *texts, gboolean ssh, GPtrArray **out,
                                 GError **error)
{
  *out = g_ptr_array_new_with_free_func(secret_free);
  for (guint i = 0; texts && i < texts->len; i++) {
    OakumBuildSecret *secret = g_new0(OakumBuildSecret, 1);
    g_ptr_array_add(*out, secret);
    if (ssh ? !parse_ssh(secret, texts->pdata[i], error)
            : !parse_secret(secret, texts->pdata[i], error))
      return FALSE;
  }
  return TRUE;
}
