/* What the files of registry share. */
#pragma once
#include "registry/registry.h"

typedef struct {
  char *value;        /* "Bearer …" */
  int64_t expires_us; /* monotonic */
} OakumToken;

/* A host that is asked for the repository: the registry itself or a mirror of it. */
typedef struct {
  OakumRegistry *registry;
  char *name;       /* "host[:port]" as people write it; key of credentials */
  char *repository; /* there */
  gboolean mirror;
  GMutex lock;        /* guards what follows */
  char *base;         /* "https://host[:port]"; NULL until known */
  gboolean looked_up; /* credentials */
  OakumCredentials credentials;
  OakumChallenge *challenge; /* the last one; NULL: nobody asked yet */
  char *wanted_scope;        /* that the registry missed in our last token, or NULL */
  GHashTable *tokens;        /* scopes → OakumToken */
} OakumEndpoint;

struct OakumRegistry {
  OakumHttp *http;
  char *name; /* of the registry, for messages */
  char *repository;
  gboolean push;
  GPtrArray *endpoints; /* OakumEndpoint; the last one is where pushes go */
  uint64_t chunk;
  gint chunked; /* atomic: this registry refused a whole blob */
  /* hosts.c */
  char **insecure, **unverified;
  GPtrArray *ca_files, *client_certs, *logins; /* char *: host, value, host, value … */
  char *certs_dir;
  char **helpers;
  GMutex lock;        /* guards what follows */
  GHashTable *hosts;  /* "host:port" → OakumHttpHost */
  GHashTable *warned; /* set of Warning texts shown */
};

/* hosts.c: what was said about a host and found below certs.d */
NODISCARD const OakumHttpHost *oakum_registry_host(const OakumUrl *url, gpointer registry);
NODISCARD gboolean oakum_registry_redirect_allowed(const char *from, const char *to,
                                                   gpointer registry, GError **error);
NODISCARD gboolean oakum_registry_is_marked(OakumRegistry *registry, const char *url);
NODISCARD gboolean oakum_registry_has_trust(OakumRegistry *registry, const OakumUrl *url);
void oakum_registry_hosts_clear(OakumRegistry *registry);

/* credentials.c */
NODISCARD gboolean oakum_credentials_find(const char *registry, const char *repository,
                                          OakumCredentials *out, GError **error);

/* helpers.c: what the environment knows of a login; leaves *out empty when that is nothing */
NODISCARD gboolean oakum_helpers_find(OakumRegistry *registry, const char *host,
                                      OakumCredentials *out, GError **error);
NODISCARD gboolean oakum_credentials_empty(const OakumCredentials *credentials);

/* auth.c: both are called without the lock */
/* Value for the Authorization header of a request, new string; *value NULL: none. `more` is a
 * further scope or NULL. */
NODISCARD gboolean oakum_endpoint_authorize(OakumEndpoint *endpoint, const char *more, char **value,
                                            GError **error);
/* Takes a 401: learns how to log in, forgets the token that was `used` (may be NULL). FALSE when
 * trying again cannot help. */
NODISCARD gboolean oakum_endpoint_challenged(OakumEndpoint *endpoint, const OakumHttpAnswer *answer,
                                             const char *used, GError **error);
void oakum_endpoint_auth_clear(OakumEndpoint *endpoint);
void oakum_challenge_free(OakumChallenge *challenge);

/* registry.c */
/* Sends with login and renewal; `more` as above. request->url may lead elsewhere: then without
 * credentials. */
NODISCARD OakumHttpAnswer *oakum_endpoint_send(OakumEndpoint *endpoint, OakumHttpRequest request,
                                               const char *more, GError **error);
/* "<base>/v2/<repository>/<kind>/<name>"; finds out the scheme when it is not known. */
NODISCARD char *oakum_endpoint_url(OakumEndpoint *endpoint, const char *kind, const char *name,
                                   GError **error);
/* Sets an error that tells what the registry said. Frees the answer (NULL: error is set already).
 * Always FALSE. */
NODISCARD gboolean oakum_endpoint_refused(OakumEndpoint *endpoint, const char *what,
                                          OakumHttpAnswer *answer, GError **error);
NODISCARD OakumEndpoint *oakum_registry_origin(OakumRegistry *registry);
/* pull.c */
NODISCARD OakumManifest *oakum_endpoint_get_manifest(OakumEndpoint *endpoint, const char *name,
                                                     GError **error);
/* upload.c */
NODISCARD gboolean oakum_registry_upload(OakumRegistry *registry, OakumBlobSource *source,
                                         const OakumDescriptor *desc, const char *mount_from,
                                         GError **error);
NODISCARD int oakum_registry_has_blob(OakumRegistry *registry, const OakumDescriptor *desc,
                                      GError **error);
/* referrers.c */
NODISCARD gboolean oakum_registry_add_referrer(OakumRegistry *registry,
                                               const OakumManifest *manifest, GError **error);
