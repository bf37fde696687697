/* What the files of net share. */
#pragma once
#include "net/net.h"
#include <curl/curl.h>

/* A curl handle with its connections; taken from the pool for one transfer, given back after it. */
typedef struct {
  CURLM *multi;
  CURL *easy;
} OakumHttpLine;

struct OakumHttp {
  OakumHttpPolicy policy;
  GMutex lock;
  GQueue lines;      /* OakumHttpLine, not in use */
  GHashTable *trust; /* joined names of CA files → GBytes of their PEM and the system's */
};
NODISCARD OakumHttpLine *oakum_http_line_take(OakumHttp *http);
void oakum_http_line_give(OakumHttp *http, OakumHttpLine *line);
/* Sets scheme rules, trust, certificates and proxy for `url`. DENIED for http that is not allowed.
 */
NODISCARD gboolean oakum_http_line_aim(OakumHttp *http, CURL *easy, const char *url,
                                       GError **error);
/* One exchange without redirects and retries. */
NODISCARD OakumHttpAnswer *oakum_http_exchange(OakumHttp *http, const OakumHttpRequest *request,
                                               const char *url, gboolean credentials,
                                               GError **error);
