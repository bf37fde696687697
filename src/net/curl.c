/* libcurl, opened when it is first needed: with it come two dozen libraries, and most runs of the
 * program speak with nobody. The functions below are libcurl's by name, and hand on to it; nothing
 * else in the program knows that it is not linked. Where it cannot be had, setting up fails. */
#include "net/net-private.h"
#include "os/os.h"
#include <stdarg.h>

/* These are macros of it that look at the kinds of arguments. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

/* What it is called has been the same since 2006. */
#define LIBCURL "libcurl.so.4"

/* result, name, parameters, arguments, what is given back without it */
#define FUNCTIONS(ONE)                                                                             \
  ONE(CURLcode, curl_global_init, (long flags), (flags), CURLE_FAILED_INIT)                        \
  ONE(time_t, curl_getdate, (const char *text, const time_t *unused), (text, unused), -1)          \
  ONE(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text),        \
      (list, text), NULL)                                                                          \
  ONE(CURL *, curl_easy_init, (void), (), NULL)                                                    \
  ONE(CURLcode, curl_easy_pause, (CURL * easy, int mask), (easy, mask), CURLE_FAILED_INIT)         \
  ONE(const char *, curl_easy_strerror, (CURLcode code), (code), "libcurl is not there")           \
  ONE(CURLM *, curl_multi_init, (void), (), NULL)                                                  \
  ONE(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL * easy), (multi, easy),               \
      CURLM_INTERNAL_ERROR)                                                                        \
  ONE(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL * easy), (multi, easy),            \
      CURLM_INTERNAL_ERROR)                                                                        \
  ONE(CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running),              \
      CURLM_INTERNAL_ERROR)                                                                        \
  ONE(CURLMcode, curl_multi_poll,                                                                  \
      (CURLM * multi, struct curl_waitfd fds[], unsigned n, int ms, int *ready),                   \
      (multi, fds, n, ms, ready), CURLM_INTERNAL_ERROR)                                            \
  ONE(CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi), CURLM_INTERNAL_ERROR)               \
  ONE(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left), NULL)            \
  ONE(CURLU *, curl_url, (void), (), NULL)                                                         \
  ONE(CURLUcode, curl_url_get, (const CURLU *url, CURLUPart what, char **part, unsigned flags),    \
      (url, what, part, flags), CURLUE_OUT_OF_MEMORY)                                              \
  ONE(CURLUcode, curl_url_set, (CURLU * url, CURLUPart what, const char *part, unsigned flags),    \
      (url, what, part, flags), CURLUE_OUT_OF_MEMORY)
#define QUIET_FUNCTIONS(ONE)                                                                       \
  ONE(curl_slist_free_all, (struct curl_slist * list), (list))                                     \
  ONE(curl_easy_cleanup, (CURL * easy), (easy))                                                    \
  ONE(curl_easy_reset, (CURL * easy), (easy))                                                      \
  ONE(curl_url_cleanup, (CURLU * url), (url))                                                      \
  ONE(curl_free, (void *data), (data))

static struct {
#define ONE(type, name, parameters, arguments, without) type(*name) parameters;
  FUNCTIONS(ONE)
#undef ONE
#define ONE(name, parameters, arguments) void(*name) parameters;
  QUIET_FUNCTIONS(ONE)
#undef ONE
  CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
  CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
} lib;

static const OakumSymbol symbols[] = {
#define ONE(type, name, parameters, arguments, without) {#name, (void **)(void *)&lib.name},
    FUNCTIONS(ONE)
#undef ONE
#define ONE(name, parameters, arguments) {#name, (void **)(void *)&lib.name},
        QUIET_FUNCTIONS(ONE)
#undef ONE
            {"curl_easy_setopt", (void **)(void *)&lib.easy_setopt},
    {"curl_easy_getinfo", (void **)(void *)&lib.easy_getinfo}};

gboolean oakum_net_load(void)
{
  static gsize once;
  if (g_once_init_enter(&once))
    g_once_init_leave(&once, oakum_library_open(LIBCURL, symbols, G_N_ELEMENTS(symbols)) ? 1 : 2);
  return once == 1;
}

/* By labels: their kinds of arguments are not quite the same in all versions. */
#define ONE(type, name, parameters, arguments, without)                                            \
  type own_##name parameters __asm__(#name);                                                       \
  type own_##name parameters                                                                       \
  {                                                                                                \
    return oakum_net_load() ? lib.name arguments : (without);                                      \
  }
FUNCTIONS(ONE)
#undef ONE
#define ONE(name, parameters, arguments)                                                           \
  void own_##name parameters __asm__(#name);                                                       \
  void own_##name parameters                                                                       \
  {                                                                                                \
    if (oakum_net_load())                                                                          \
      lib.name arguments;                                                                          \
  }
QUIET_FUNCTIONS(ONE)
#undef ONE

/* Each option says by its number of what kind its one argument is. */
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
  CURLcode code = CURLE_FAILED_INIT;
  va_list arguments;
  if (!oakum_net_load())
    return code;
  va_start(arguments, option);
  switch ((int)option / 10000 * 10000) {
  case CURLOPTTYPE_LONG:
    code = lib.easy_setopt(easy, option, va_arg(arguments, long));
    break;
  case CURLOPTTYPE_OFF_T:
    code = lib.easy_setopt(easy, option, va_arg(arguments, curl_off_t));
    break;
  default:
    code = lib.easy_setopt(easy, option, va_arg(arguments, void *));
  }
  va_end(arguments);
  return code;
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
  va_list arguments;
  if (!oakum_net_load())
    return CURLE_FAILED_INIT;
  va_start(arguments, info);
  CURLcode code = lib.easy_getinfo(easy, info, va_arg(arguments, void *));
  va_end(arguments);
  return code;
}
