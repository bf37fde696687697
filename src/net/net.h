/* net: HTTP client over libcurl. Rank 1. Every body has a cap, every transfer a stall limit;
 * redirects are followed here, never by curl, and credentials never go to another host. It knows
 * nothing of registries. */
#pragma once
#include "base/base.h"

OAKUM_DECLARE_ERROR(net)
#define OAKUM_NET_ERROR (oakum_net_error_quark())

typedef struct OakumHttp OakumHttp;
/* One client keeps its connections. Not thread-safe. */
NODISCARD OakumHttp *oakum_http_new(GError **error);
void oakum_http_free(OakumHttp *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumHttp, oakum_http_free)

/* Gives bytes of a body: 1..len, 0 at the end, -1 with an error. */
typedef gssize (*OakumHttpRead)(gpointer self, void *buffer, size_t len, GError **error);
typedef struct {
  const char *method, *url;
  const char *authorization;  /* value of the header, or NULL; dropped on redirects to another host
                                 or port */
  const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
  OakumHttpRead body;         /* NULL: no body */
  gpointer body_self;
  uint64_t body_len;
} OakumHttpRequest;
typedef struct OakumHttpAnswer OakumHttpAnswer;
/* Sends and waits for the head of the answer, after at most OAKUM_REDIRECTS_MAX redirects (GET and
 * HEAD). A status is no error. The client must outlive the answer. NETWORK: transport failure. */
NODISCARD OakumHttpAnswer *oakum_http_send(OakumHttp *http, const OakumHttpRequest *request,
                                           GError **error);
NODISCARD int oakum_http_status(const OakumHttpAnswer *answer);
/* A header by name, any case; borrowed; NULL. */
NODISCARD const char *oakum_http_header(const OakumHttpAnswer *answer, const char *name);
NODISCARD const char *oakum_http_url(const OakumHttpAnswer *answer); /* after redirects */
NODISCARD gssize oakum_http_read(OakumHttpAnswer *answer, void *buffer, size_t len, GError **error);
/* The whole body, at most `max` bytes (LIMIT); NUL added. */
NODISCARD gboolean oakum_http_slurp(OakumHttpAnswer *answer, uint64_t max, char **data, size_t *len,
                                    GError **error);
void oakum_http_answer_free(OakumHttpAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumHttpAnswer, oakum_http_answer_free)

/* `reference` resolved against `base` (RFC 3986, section 5); NULL when it is no URL. New string. */
NODISCARD char *oakum_url_resolve(const char *base, const char *reference);
/* Scheme, host and port of two URLs are the same. */
NODISCARD gboolean oakum_url_same_origin(const char *a, const char *b);
/* http is only for this machine itself. */
NODISCARD gboolean oakum_url_is_secure(const char *url);
NODISCARD gboolean oakum_host_is_local(const char *host);
