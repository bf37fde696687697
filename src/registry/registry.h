/* registry: the OCI distribution API 1.1: tokens, mirrors, pull, push, mount, referrers. Rank 3. It
 * knows nothing of stores: blobs go through OakumBlobSource and OakumBlobSink. */
#pragma once
#include "net/net.h"
#include "oci/oci.h"

OAKUM_DECLARE_ERROR(registry)
#define OAKUM_REGISTRY_ERROR (oakum_registry_error_quark())

/* What the user says about hosts. All borrowed, needed during open only; everything may be NULL.
 * `host` is "name" (any port) or "name:port". */
typedef struct {
  const char *host, *value;
} OakumHostPair; /* lists end with {NULL} */
typedef struct {
  gboolean push;                 /* tokens that may write */
  const char *const *insecure;   /* hosts: plain http allowed, certificates not checked */
  const char *const *unverified; /* hosts: https with a certificate that is not checked */
  const OakumHostPair *mirrors;  /* registry → host[/prefix], asked before it when pulling */
  const OakumHostPair *maps;     /* registry → host[/prefix], asked instead of it when pulling */
  const OakumHostPair
      *ca_files; /* host → PEM file, trusted besides the system's; "*": every host */
  const OakumHostPair *logins;       /* registry ("name" or "name:port", as it is called) →
                                        "USER:PASSWORD",       before what files say */
  const OakumHostPair *client_certs; /* host → "CERT,KEY", PEM files */
  const char *certs_dir;             /* NULL: /etc/docker/certs.d */
  /* Who is asked when no file has a login, in this order: env, google, ecr, acr, gitlab (docs/
   * executor.md). NULL: nobody */
  const char *const *helpers;
  uint64_t chunk; /* bytes of one upload request; 0: a blob at once, OAKUM_UPLOAD_CHUNK on 413 */
} OakumRegistryOptions;

typedef struct OakumRegistry OakumRegistry;
/* One repository; thread-safe. `options` may be NULL. Credentials come from $DOCKER_AUTH_CONFIG
 * (the text itself), the file $REGISTRY_AUTH_FILE, $DOCKER_CONFIG/config.json or
 * ~/.docker/config.json: credHelpers, credsStore, auths. Nothing is sent yet. Errors: USAGE,
 * INVALID (options, files). */
NODISCARD OakumRegistry *oakum_registry_open(const OakumReference *ref,
                                             const OakumRegistryOptions *options, GError **error);
void oakum_registry_free(OakumRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumRegistry, oakum_registry_free)

/* ---- pull
 * ------------------------------------------------------------------------------------ */
/* A manifest or index by tag or digest. Its digest is verified when one is known: asked for, or
 * said by the registry. Errors: NOT_FOUND, DENIED, DIGEST, INVALID, LIMIT, NETWORK. */
NODISCARD gboolean oakum_registry_get_manifest(OakumRegistry *registry, const char *tag_or_digest,
                                               OakumManifest **manifest, GError **error);
/* Blobs of the repository; cut transfers go on by Range; verified at their end. The registry must
 * outlive it. */
NODISCARD OakumBlobSource *oakum_registry_blob_source(OakumRegistry *registry);

/* ---- push
 * ------------------------------------------------------------------------------------ */
/* Uploads what it is given; a blob passes through a temporary file ($TMPDIR), so that it can be
 * sent again and wrong bytes are never sent. The registry must outlive it. */
NODISCARD OakumBlobSink *oakum_registry_blob_sink(OakumRegistry *registry);
/* Puts the exact bytes under a tag or their digest (NULL). With a `subject` and a registry that
 * does not keep referrers, the fallback tag is brought up to date as well. */
NODISCARD gboolean oakum_registry_put_manifest(OakumRegistry *registry,
                                               const OakumManifest *manifest,
                                               const char *tag_or_digest, GError **error);
/* Uploads what is missing of all blobs of `manifests` (OAKUM_BLOBS_AT_ONCE at once, from `source`,
 * which is asked from several threads), then the manifests in order by digest; the last one also
 * under each tag (list ends with NULL, may be NULL). Nothing is tagged before everything is there.
 * `mount_from`: a repository of the same registry that may have the blobs that the source knows no
 * origin of, or NULL. */
NODISCARD gboolean oakum_registry_push(OakumRegistry *registry,
                                       const OakumManifest *const *manifests, size_t n_manifests,
                                       OakumBlobSource *source, const char *const *tags,
                                       const char *mount_from, GError **error);

/* Begins an upload and gives it up: whether this user may push here is known before anything was
 * built. */
NODISCARD gboolean oakum_registry_check_push(OakumRegistry *registry, GError **error);

/* Manifests that name `digest` as their subject: array of OakumDescriptor, caller owns it. From the
 * referrers API, else from the tag "sha256-<hex>". `artifact_type` filters when not NULL. */
NODISCARD GPtrArray *oakum_registry_referrers(OakumRegistry *registry, const char *digest,
                                              const char *artifact_type, GError **error);

/* ---- parts, for tests and fuzzing
 * --------------------------------------------------------------- */
typedef struct {
  char *scheme;                          /* lower case */
  char *realm, *service, *scope, *error; /* NULL when absent */
} OakumChallenge;
/* One WWW-Authenticate header, which may hold several challenges (RFC 9110, section 11.6.1): array
 * of OakumChallenge, at most OAKUM_CHALLENGES_MAX. NULL when it is malformed. */
NODISCARD GPtrArray *oakum_challenges_parse(const char *header);
/* Whether a token may be asked of, or a blob sent to, `url` for a registry at `base`: https (http
 * only for the registry's own origin, or between names of this machine), and no literal address of
 * a private network but the registry's own host and port. `marked`: the user marked that host
 * insecure. */
NODISCARD gboolean oakum_registry_url_allowed(const char *url, const char *base, gboolean marked);

typedef struct {
  char *user, *password; /* both or none */
  char *identity_token;  /* OAuth2 refresh token */
  char *registry_token;  /* bearer token as it stands */
} OakumCredentials;
void oakum_credentials_clear(OakumCredentials *credentials); /* wipes */
/* Looks into a Docker config.json for a registry ("docker.io", "host:port") and repository. *helper
 * is the credential helper to ask first (new string) or NULL. INVALID when the text is malformed;
 * the message never quotes it. */
NODISCARD gboolean oakum_docker_config_find(const char *text, size_t len, const char *what,
                                            const char *registry, const char *repository,
                                            OakumCredentials *out, char **helper, GError **error);
/* The errors of an answer body on one line: "CODE: message; …", escaped, at most
 * OAKUM_ERROR_TEXT_MAX bytes; empty when there is nothing to say. New string. */
NODISCARD char *oakum_registry_error_text(const char *body, size_t len);
