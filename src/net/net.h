/* net: HTTPS client over libcurl. Rank 1. Every body and header has a cap, every transfer a stall
 * limit; redirects are followed here, never by curl, and credentials never go to another origin. It
 * knows nothing of registries. */
#pragma once
#include "base/base.h"
#include "codec/codec.h"

OAKUM_DECLARE_ERROR(net)
#define OAKUM_NET_ERROR (oakum_net_error_quark())

/* Opens libcurl now, not when it is first needed: for who may replace the files that it and its
 * libraries lie in. FALSE: it cannot be had, which was said; all that needs it will fail. */
gboolean oakum_net_load(void);

/* ---- URLs (RFC 3986, as libcurl reads them, so that what is judged is what is visited) ---------
 */
typedef struct {
  char *scheme; /* "http" or "https"; other schemes do not parse */
  char *host;   /* lower case; IPv4 in dotted form however it was spelt; IPv6 without brackets */
  uint16_t port;
  gboolean user_given; /* the URL carries user or password */
} OakumUrl;
NODISCARD gboolean oakum_url_parse(const char *text, OakumUrl *out, GError **error);
void oakum_url_clear(OakumUrl *url);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumUrl, oakum_url_clear)
/* `reference` taken relative to `base` (RFC 3986, section 5). New string, NULL when it is no URL.
 */
NODISCARD char *oakum_url_resolve(const char *base, const char *reference);
/* Adds "key=value" (value percent-encoded) to the query. New string. */
NODISCARD char *oakum_url_add_query(const char *url, const char *key, const char *value);
/* Same scheme, host and port. FALSE when one does not parse. */
NODISCARD gboolean oakum_url_same_origin(const char *a, const char *b);
/* For messages: control characters escaped, user and query (which may hold tokens) left out. New
 * string. */
NODISCARD char *oakum_url_show(const char *url);

typedef enum {
  OAKUM_HOST_NAME,     /* a name, or a literal address of the public internet */
  OAKUM_HOST_LOOPBACK, /* localhost, *.localhost, 127.0.0.0/8, ::1 */
  OAKUM_HOST_PRIVATE,  /* a literal address of a private, shared or link-local network, or one that
                          names no host: unspecified, multicast, reserved (RFC 6890) */
} OakumHostKind;
/* Judges what is written; no name is looked up. */
NODISCARD OakumHostKind oakum_host_kind(const char *host);

/* ---- client
 * ----------------------------------------------------------------------------------- */
/* What holds for one host:port beyond the system's trust. */
typedef struct {
  gboolean plain;      /* http may be spoken (always so for localhost, 127.0.0.1 and ::1) */
  gboolean unverified; /* https without looking at the certificate */
  char **ca_files;     /* PEM, trusted besides the system's; may be NULL */
  char *cert, *key;    /* PEM client certificate and its key, or NULL */
} OakumHttpHost;
typedef struct {
  /* Borrowed answer or NULL: nothing special. Thread-safe. May be NULL. */
  const OakumHttpHost *(*host)(const OakumUrl *url, gpointer user);
  /* Asked before a redirect is followed; FALSE with an error refuses. Thread-safe. May be NULL. */
  gboolean (*redirect)(const char *from, const char *to, gpointer user, GError **error);
  gpointer user;
} OakumHttpPolicy;

typedef struct OakumHttp OakumHttp;
/* Keeps connections and TLS sessions for re-use. Thread-safe. Proxies come from http_proxy,
 * https_proxy, all_proxy and no_proxy in either case; loopback is never proxied. SSL_CERT_FILE
 * replaces the system's trust; every file of the folders of SSL_CERT_DIR is trusted as well. */
NODISCARD OakumHttp *oakum_http_new(const OakumHttpPolicy *policy, GError **error);
void oakum_http_free(OakumHttp *http); /* after all its answers */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumHttp, oakum_http_free)

typedef struct {
  const char *method; /* GET HEAD POST PATCH PUT DELETE */
  const char *url;
  const char *authorization;  /* value of the header, or NULL; sent to the origin of `url` only */
  const char *const *headers; /* "Name: value", or NULL; never secrets, redirects get them too */
  /* The body, opened anew for each attempt and freed after it. NULL: no body. */
  OakumReader *(*open)(gpointer user, GError **error);
  gpointer open_user;
  uint64_t body_len;   /* bytes */
  uint64_t answer_max; /* largest answer body; more is OAKUM_ERROR_LIMIT */
  guint tries;         /* attempts at most; 0: OAKUM_RETRIES_MAX. 1: nor does curl send it twice */
  gboolean stay;       /* a redirect to another origin is refused: the body is a secret */
} OakumHttpRequest;
/* For `open`, with a GBytes as `open_user`. */
NODISCARD OakumReader *oakum_http_open_bytes(gpointer user, GError **error);

typedef struct {
  int status;
  char *url;          /* that was answered, after redirects */
  GPtrArray *headers; /* char *: name in lower case, value, name, value … */
  OakumReader *body;  /* yields the body; may be stolen. Transport failures are NETWORK */
} OakumHttpAnswer;
/* Sends, follows redirects (GET and HEAD: any; others: 307 and 308) and tries again, with growing
 * pauses or as Retry-After says, on connection failures and the statuses 408 429 499 500 502 503
 * 504 522. The last such answer is given to the caller like any other status. Errors: NETWORK,
 * DENIED (certificate, plain http, downgrade, policy), LIMIT (headers, redirects), INVALID, or what
 * `open` and its reader say. */
NODISCARD OakumHttpAnswer *oakum_http_send(OakumHttp *http, const OakumHttpRequest *request,
                                           GError **error);
void oakum_http_answer_free(OakumHttpAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OakumHttpAnswer, oakum_http_answer_free)
/* The `nth` header of that name (any case), or NULL. Borrowed. */
NODISCARD const char *oakum_http_header(const OakumHttpAnswer *answer, const char *name, guint nth);
/* Whether a 206 begins at the byte that was asked for ("Content-Range: bytes 100-199/200"). One
 * that does not say is believed. */
NODISCARD gboolean oakum_http_goes_on(const OakumHttpAnswer *answer, uint64_t from);
/* Sleeps before try number `attempt` (0 based) is repeated; `retry_after` may be NULL. The header
 * gives seconds or a date (RFC 9110, section 10.2.3), capped at OAKUM_RETRY_AFTER_MAX_S. */
void oakum_http_pause(guint attempt, const char *retry_after);
/* The pause that the header asks for, in seconds from `now` (seconds since 1970); -1 when it does
 * not parse. */
NODISCARD int oakum_http_retry_after(const char *value, int64_t now);
NODISCARD gboolean oakum_http_worth_retrying(int status);
/* A date as headers have it (RFC 9110, section 5.6.7), in seconds since 1970; -1 when it is none.
 */
NODISCARD int64_t oakum_http_date(const char *value);

/* ---- Amazon's Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request")
 * -------------------------------------------------------------------------------------------- */
/* A time as X-Amz-Date has it. New string. */
NODISCARD char *oakum_aws_stamp(int64_t seconds);
typedef struct {
  const char *id, *secret; /* of the key */
  const char *region, *service, *stamp;
  const char *names;     /* of the headers that are signed, with ";" between them */
  const char *canonical; /* the request in its canonical form */
} OakumAwsRequest;
/* The value of the header Authorization. New string. */
NODISCARD char *oakum_aws_authorization(const OakumAwsRequest *request);
