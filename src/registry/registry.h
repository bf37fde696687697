/* registry: the OCI distribution API 1.1: tokens, pull, push. Rank 3. It knows nothing of stores:
 * blobs go through OakumBlobSource. */
#pragma once
#include "net/net.h"
#include "oci/oci.h"

OAKUM_DECLARE_ERROR(registry)
#define OAKUM_REGISTRY_ERROR (oakum_registry_error_quark())

typedef struct OakumRegistry OakumRegistry;
/* One repository. `push` asks for tokens that may write. Credentials come from $DOCKER_AUTH_CONFIG,
 * $REGISTRY_AUTH_FILE, $DOCKER_CONFIG/config.json or ~/.docker/config.json: auths, credHelpers,
 * credsStore. https; http only to this machine itself. */
NODISCARD OakumRegistry *oakum_registry_open(const OakumReference *ref, gboolean push,
                                             GError **error);
void oakum_registry_free(OakumRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumRegistry, oakum_registry_free)
/* A manifest or index by tag or digest; the digest is verified when it was asked for. */
NODISCARD OakumManifest *oakum_registry_manifest(OakumRegistry *registry, const char *tag_or_digest,
                                                 GError **error);
/* Blobs of the repository; verified at their end. The registry must outlive it. Not thread-safe. */
NODISCARD OakumBlobSource *oakum_registry_source(OakumRegistry *registry);
/* Uploads what is missing of config and layers, then the manifest under each tag. Nothing is tagged
 * before everything is there. */
NODISCARD gboolean oakum_registry_push(OakumRegistry *registry, const OakumManifest *manifest,
                                       OakumBlobSource *source, const char *const *tags,
                                       GError **error);

/* ---- parts, for tests and fuzzing
 * ------------------------------------------------------------------- */
typedef struct {
  char *scheme, *realm, *service, *scope; /* scheme in lower case; the others may be NULL */
} OakumChallenge;
/* One WWW-Authenticate header (RFC 9110, section 11.6.1). FALSE when it is malformed. */
NODISCARD gboolean oakum_challenge_parse(const char *header, OakumChallenge *out);
void oakum_challenge_clear(OakumChallenge *challenge);
/* Whether a token may be asked of `realm` for a registry at `base`: https (or the registry's own
 * origin), and no literal address of a private network unless it is the registry's own. */
NODISCARD gboolean oakum_realm_allowed(const char *realm, const char *base);
