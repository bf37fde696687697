/* WWW-Authenticate: who may ask for a login, and in which way. */
#include "registry/registry-private.h"
#include <string.h>

void oakum_challenge_free(OakumChallenge *c)
{
  if (!c)
    return;
  g_free(c->scheme);
  g_free(c->realm);
  g_free(c->service);
  g_free(c->scope);
  g_free(c->error);
  g_free(c);
}

/* Length of a token of RFC 9110, section 5.6.2. */
static size_t token_len(const char *at)
{
  size_t n = 0;
  while (g_ascii_isalnum(at[n]) || (at[n] && strchr("!#$%&'*+-.^_`|~", at[n])))
    n++;
  return n;
}

static const char *skip(const char *at, const char *what)
{
  return at + strspn(at, what);
}

/* A quoted string or a token; NULL when it is neither. */
static char *take_value(const char **at)
{
  g_autoptr(GString) value = g_string_new(NULL);
  const char *p = *at;
  if (*p != '"') {
    /* some registries leave the quotes out where the grammar wants them: up to the comma */
    size_t len = strcspn(p, " \t,\"");
    if (len == 0)
      return NULL;
    *at = p + len;
    return g_strndup(p, len);
  }
  for (p++; *p != '"'; p++) {
    if (*p == '\\')
      p++;
    if (!*p)
      return NULL;
    g_string_append_c(value, *p);
  }
  *at = p + 1;
  return g_string_free(g_steal_pointer(&value), FALSE);
}

static gboolean take_param(OakumChallenge *c, const char *name, size_t len, char *value)
{
  const struct {
    const char *name;
    char **slot;
  } known[] = {
      {"realm", &c->realm}, {"service", &c->service}, {"scope", &c->scope}, {"error", &c->error}};
  for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
    if (strlen(known[i].name) == len && g_ascii_strncasecmp(known[i].name, name, len) == 0) {
      gboolean twice = *known[i].slot != NULL; /* which one would another reader take? */
      g_free(*known[i].slot);
      *known[i].slot = value;
      return !twice;
    }
  g_free(value);
  return TRUE;
}

GPtrArray *oakum_challenges_parse(const char *header)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_challenge_free);
  OakumChallenge *current = NULL;
  if (strlen(header) > OAKUM_HEADER_MAX)
    return NULL;
  for (const char *at = header; *(at = skip(at, " \t,"));) {
    size_t len = token_len(at);
    if (len == 0)
      return NULL;
    const char *name = at, *after = skip(at + len, " \t");
    if (current && *after == '=' && after[1] != '=') {
      at = skip(after + 1, " \t");
      char *value = take_value(&at);
      if (!value || !take_param(current, name, len, value))
        return NULL;
      continue;
    }
    if (all->len >= OAKUM_CHALLENGES_MAX || !strchr(" \t,", name[len]))
      return NULL;
    current = g_new0(OakumChallenge, 1);
    current->scheme = g_ascii_strdown(name, (gssize)len);
    g_ptr_array_add(all, current);
    at = after;
    /* a token68 instead of parameters ("Negotiate abc==") is of no use to us */
    size_t blob =
        strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");
    size_t pad = strspn(at + blob, "=");
    const char *end = skip(at + blob + pad, " \t");
    if (blob > 0 && (*end == ',' || !*end) && (pad > 0 || at[-1] != ',') && name + len != at)
      at = end;
  }
  return all->len > 0 ? g_steal_pointer(&all) : NULL;
}

gboolean oakum_registry_url_allowed(const char *text, const char *base_text, gboolean marked)
{
  g_auto(OakumUrl) url = {0}, base = {0};
  if (!oakum_url_parse(text, &url, NULL) || !oakum_url_parse(base_text, &base, NULL) ||
      url.user_given)
    return FALSE;
  gboolean own = strcmp(url.host, base.host) == 0 && url.port == base.port;
  gboolean plain = strcmp(url.scheme, "http") == 0;
  OakumHostKind kind = oakum_host_kind(url.host);
  /* the name (no literal) of this machine, for a registry that is on it: a token server beside it
   */
  gboolean beside =
      oakum_host_kind(base.host) == OAKUM_HOST_LOOPBACK && strcmp(url.host, "localhost") == 0;
  if (plain && strcmp(base.scheme, "https") == 0)
    return FALSE; /* never down, not even for the insecure */
  if (own || marked || beside)
    return TRUE;
  return !plain && kind == OAKUM_HOST_NAME;
}
