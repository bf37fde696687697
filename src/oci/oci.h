/* oci: the nouns of the OCI image and distribution specifications. Rank 2. Pure values: no network,
 * no store. */
#pragma once
#include "base/base.h"
#include "codec/codec.h"

OAKUM_DECLARE_ERROR(oci)
#define OAKUM_OCI_ERROR (oakum_oci_error_quark())

/* ---- media types --------------------------------------------------------------------------- */
#define OAKUM_MT_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OAKUM_MT_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define OAKUM_MT_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define OAKUM_MT_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define OAKUM_MT_OCI_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define OAKUM_MT_OCI_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define OAKUM_MT_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define OAKUM_MT_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define OAKUM_MT_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define OAKUM_MT_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
#define OAKUM_MT_DOCKER_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"

/* ---- digest ----------------------------------------------------------------------------------- *
 * "sha256:<64 hex>" or "sha512:<128 hex>"; anything else is refused before it can become a path. */
NODISCARD gboolean oakum_digest_check(const char *digest, GError **error);
NODISCARD OakumHashKind oakum_digest_kind(const char *digest); /* of a checked digest */
NODISCARD const char *oakum_digest_hex(const char *digest);    /* borrowed: behind the colon */
NODISCARD char *oakum_digest_of(const void *data,
                                size_t len); /* "sha256:…" of a buffer, new string */

/* ---- reference ----------------------------------------------------------------------------------
 * * [registry/]repository[:tag][@digest] with docker's defaults (docker.io, library/, latest). */
typedef struct {
  char *registry;   /* "docker.io", "localhost:5000" */
  char *repository; /* "library/alpine" */
  char *tag;        /* NULL when only a digest was given */
  char *digest;     /* NULL or checked */
  gboolean tag_given;
} OakumReference;
NODISCARD OakumReference *oakum_reference_parse(const char *text, GError **error);
NODISCARD char *oakum_reference_format(const OakumReference *ref); /* canonical, new string */
NODISCARD OakumReference *oakum_reference_copy(const OakumReference *ref);
void oakum_reference_free(OakumReference *ref);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumReference, oakum_reference_free)

/* ---- platform
 * ------------------------------------------------------------------------------------- */
typedef struct {
  char *os, *architecture, *variant; /* variant may be NULL */
} OakumPlatform;
/* "linux/arm/v7", or the architecture alone. Other names of an architecture (x86_64, aarch64, armhf
 * …) become Go's, and the variant that goes without saying is left out (amd64/v1, arm64/v8) or said
 * (arm is arm/v7), as containerd has it. */
NODISCARD gboolean oakum_platform_parse(const char *text, OakumPlatform *out, GError **error);
void oakum_platform_host(OakumPlatform *out);
/* The name that images have for a processor that others call `name` (borrowed, as `name` itself
 * where it has no other), and the variant that goes with it or NULL: containerd's
 * platforms.Normalize. */
NODISCARD const char *oakum_platform_architecture(const char *name, const char **variant);
NODISCARD OakumPlatform oakum_platform_copy(const OakumPlatform *platform);
/* 0: what is offered does not run on what is wanted; greater is better: the same variant, then
 * older ones from the newest on, then what the processor also runs (386 on amd64, arm on arm64). */
NODISCARD int oakum_platform_match(const OakumPlatform *wanted, const OakumPlatform *offered);
NODISCARD char *oakum_platform_format(const OakumPlatform *platform);
void oakum_platform_clear(OakumPlatform *platform);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumPlatform, oakum_platform_clear)

/* ---- descriptor
 * ------------------------------------------------------------------------------------- */
typedef struct {
  char *media_type;
  char *digest;  /* checked */
  uint64_t size; /* bytes, <= OAKUM_BLOB_MAX */
  char **urls;   /* never fetched from */
  GHashTable *annotations;
  OakumPlatform platform; /* os NULL when absent */
  char *artifact_type;
} OakumDescriptor;
NODISCARD OakumDescriptor *oakum_descriptor_new(const char *media_type, const char *digest,
                                                uint64_t size);
NODISCARD OakumDescriptor *oakum_descriptor_copy(const OakumDescriptor *desc);
void oakum_descriptor_free(OakumDescriptor *desc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumDescriptor, oakum_descriptor_free)
NODISCARD gboolean oakum_media_type_is_index(const char *media_type);
NODISCARD gboolean
oakum_media_type_is_manifest(const char *media_type); /* image manifest, not index */
NODISCARD gboolean oakum_media_type_is_layer(const char *media_type);
/* The name that OCI (`docker` FALSE) or Docker has for a layer of this type, static or
 * `media_type` itself; NULL: it has none. OCI takes any type. */
NODISCARD const char *oakum_media_type_of_layer(const char *media_type, gboolean docker);

/* ---- manifest and index
 * -------------------------------------------------------------------------------- * Parsing
 * refuses: both `manifests` and `layers`, a mediaType that disagrees with `content_type` (when
 * given), schema other than 2, bad digests or sizes, more than OAKUM_LAYERS_MAX layers. `raw` keeps
 * the exact bytes. */
typedef struct {
  char *media_type;
  gboolean is_index;
  OakumDescriptor *config; /* manifest */
  GPtrArray *layers;       /* manifest: OakumDescriptor */
  GPtrArray *manifests;    /* index: OakumDescriptor */
  OakumDescriptor *subject;
  char *artifact_type;
  GHashTable *annotations;
  GBytes *raw;
} OakumManifest;
NODISCARD OakumManifest *oakum_manifest_parse(GBytes *raw, const char *content_type,
                                              GError **error);
/* A new image manifest, OCI's or, with a config of Docker's type, Docker's; raw is filled with
 * canonical JSON. Copies its arguments. `annotations` may be NULL. */
NODISCARD OakumManifest *oakum_manifest_make(const OakumDescriptor *config, GPtrArray *layers,
                                             GHashTable *annotations);
/* As above, of something that is no image to run (artifactType, OCI image specification 1.1). */
NODISCARD OakumManifest *oakum_artifact_make(const char *artifact_type,
                                             const OakumDescriptor *config, GPtrArray *layers,
                                             GHashTable *annotations);
/* An index, or Docker's manifest list, over manifests (each may carry a platform and annotations).
 */
NODISCARD OakumManifest *oakum_index_make(const char *media_type, GPtrArray *manifests,
                                          GHashTable *annotations);
/* Descriptor of the manifest itself (digest and size of raw). */
NODISCARD OakumDescriptor *oakum_manifest_descriptor(const OakumManifest *manifest);
/* Picks the best entry for a platform; attestation manifests (unknown/unknown) never. NULL with
 * NOT_FOUND that lists what there is. */
NODISCARD const OakumDescriptor *oakum_index_select(const OakumManifest *index,
                                                    const OakumPlatform *platform, GError **error);
void oakum_manifest_free(OakumManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumManifest, oakum_manifest_free)

/* ---- image config
 * ------------------------------------------------------------------------------------------ */
typedef struct {
  char *created; /* RFC 3339 or NULL */
  char *created_by;
  char *author;
  char *comment;
  gboolean empty_layer;
} OakumHistory;
void oakum_history_free(OakumHistory *history);
typedef struct {
  char *created, *author, *architecture, *os, *variant, *os_version;
  char *user, *working_dir, *stop_signal;
  char **env; /* "K=V", in order */
  char **cmd, **entrypoint, **shell, **on_build;
  gboolean args_escaped;
  GHashTable *labels;                  /* may be NULL */
  GHashTable *exposed_ports, *volumes; /* sets: key → key */
  json_t *healthcheck;                 /* as it stands, or NULL */
  json_t *unknown, *unknown_config;    /* keys that we do not know, kept when an image is based on
                                          another; NULL or object */
  GPtrArray *diff_ids;                 /* char *: checked digests */
  GPtrArray *history;                  /* OakumHistory */
} OakumConfig;
NODISCARD OakumConfig *oakum_config_new(const OakumPlatform *platform);
/* Refuses missing rootfs.diff_ids, bad digests, more than OAKUM_LAYERS_MAX. */
NODISCARD OakumConfig *oakum_config_parse(const char *data, size_t len, GError **error);
/* Canonical JSON: fixed key order, maps sorted. New string. */
NODISCARD char *oakum_config_format(const OakumConfig *config);
NODISCARD OakumConfig *oakum_config_copy(const OakumConfig *config);
/* Value of an environment variable or NULL (borrowed). */
NODISCARD const char *oakum_config_getenv(const OakumConfig *config, const char *name);
void oakum_config_setenv(OakumConfig *config, const char *name,
                         const char *value); /* keeps the place of an old one */
void oakum_config_free(OakumConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumConfig, oakum_config_free)

/* ---- where blobs come from and go to
 * ---------------------------------------------------------------------------- * The joint between
 * registry, store, layout and archive, which do not know each other. Implementations embed this
 * struct first. */
typedef struct OakumBlobSource OakumBlobSource;
struct OakumBlobSource {
  /* A reader of the exact bytes, which fails at the end with OAKUM_ERROR_DIGEST when digest or size
   * differ. Thread-safe. */
  OakumReader *(*open)(OakumBlobSource *self, const OakumDescriptor *desc, GError **error);
  void (*free)(OakumBlobSource *self);
  /* "registry/repository" where the blob lies as far as is known, so that a push to the same
   * registry need not send it; new string or NULL. NULL: never known. */
  char *(*origin)(OakumBlobSource *self, const OakumDescriptor *desc);
  /* Whether the blob is far away, and near once it was read to its end: reading it before it is
   * wanted saves time. NULL: never. */
  gboolean (*is_far)(OakumBlobSource *self, const OakumDescriptor *desc);
  /* The same bytes, of which the size alone is checked: the digest is the caller's to compute, who
   * has a thread for it. NULL, or gives NULL without an error: `open` is the way. */
  OakumReader *(*open_unchecked)(OakumBlobSource *self, const OakumDescriptor *desc,
                                 GError **error);
};
typedef struct OakumBlobSink OakumBlobSink;
struct OakumBlobSink {
  int (*has)(OakumBlobSink *self, const OakumDescriptor *desc, GError **error); /* 1, 0, -1 */
  /* Takes all bytes of `reader` (borrowed), checks digest and size, and keeps nothing when they
   * differ. Thread-safe. */
  gboolean (*put)(OakumBlobSink *self, const OakumDescriptor *desc, OakumReader *reader,
                  GError **error);
  void (*free)(OakumBlobSink *self);
};
static inline OakumReader *oakum_blob_source_open_unchecked(OakumBlobSource *source,
                                                            const OakumDescriptor *desc,
                                                            GError **error)
{
  return source->open_unchecked ? source->open_unchecked(source, desc, error) : NULL;
}
static inline char *oakum_blob_source_origin(OakumBlobSource *source, const OakumDescriptor *desc)
{
  return source->origin ? source->origin(source, desc) : NULL;
}
static inline gboolean oakum_blob_source_is_far(OakumBlobSource *source,
                                                const OakumDescriptor *desc)
{
  return source->is_far && source->is_far(source, desc);
}
static inline void oakum_blob_source_free(OakumBlobSource *source)
{
  if (source)
    source->free(source);
}
static inline void oakum_blob_sink_free(OakumBlobSink *sink)
{
  if (sink)
    sink->free(sink);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumBlobSource, oakum_blob_source_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumBlobSink, oakum_blob_sink_free)
