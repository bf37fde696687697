/* oakum db update: every feed from its real address, or from a mirror laid out like them. What
 * fails is told and keeps its old rows; the file is replaced once, at the end. */
#include "advisory/advisory.h"
#include "cli/db.h"
#include "os/os.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  OakumHttp *http;
  OakumAdvisoryImport *import;
  const char *mirror;
  guint changed, same, failed;
} Update;

static const OakumHttpHost plain_host = {.plain = TRUE};

/* A mirror on plain http was asked for by name. */
static const OakumHttpHost *on_host(const OakumUrl *url, gpointer user)
{
  const char *mirror = user;
  return mirror && g_str_has_prefix(mirror, "http://") ? &plain_host : NULL;
}

/* https://host/path to MIRROR/host/path. */
static char *url_of(const Update *u, const char *address)
{
  const char *rest = strstr(address, "://");
  if (!u->mirror || !rest)
    return g_strdup(address);
  size_t n = strlen(u->mirror);
  while (n > 0 && u->mirror[n - 1] == '/')
    n--;
  return g_strdup_printf("%.*s/%s", (int)n, u->mirror, rest + 3);
}

/* The date in the form of RFC 9110; NULL when there is none. */
static char *since_header(const char *date)
{
  static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int64_t seconds;
  g_autoptr(GDateTime) when =
      oakum_time_parse(date, &seconds) ? g_date_time_new_from_unix_utc(seconds) : NULL;
  if (!when)
    return NULL;
  return g_strdup_printf(
      "If-Modified-Since: %s, %02d %s %04d %02d:%02d:%02d GMT",
      days[g_date_time_get_day_of_week(when) - 1], g_date_time_get_day_of_month(when),
      months[g_date_time_get_month(when) - 1], g_date_time_get_year(when),
      g_date_time_get_hour(when), g_date_time_get_minute(when), g_date_time_get_second(when));
}

/* Asks for the file from `from` on into `fd`; *done when it is whole. A cut transfer goes on where
 * it was cut when the server says that it is still the same file. */
static gboolean fetch_part(Update *u, const char *url, const char *etag, const char *date, int fd,
                           uint64_t from, char **new_etag, char **new_date, int *status,
                           GError **error)
{
  g_autofree char *range =
      from ? g_strdup_printf("Range: bytes=%" G_GUINT64_FORMAT "-", from) : NULL;
  g_autofree char *same = from && **new_etag ? g_strdup_printf("If-Range: %s", *new_etag) : NULL;
  g_autofree char *match = !from && *etag ? g_strdup_printf("If-None-Match: %s", etag) : NULL;
  g_autofree char *since = !from && !*etag ? since_header(date) : NULL;
  const char *headers[4] = {NULL};
  guint n = 0;
  char *all[] = {range, same, match, since};
  for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
    if (all[i])
      headers[n++] = all[i];
  OakumHttpRequest request = {
      .method = "GET", .url = url, .headers = headers, .answer_max = OAKUM_FEED_SPOOL_MAX};
  g_autoptr(OakumHttpAnswer) answer = oakum_http_send(u->http, &request, error);
  if (!answer)
    return FALSE;
  *status = answer->status;
  if (answer->status != 200 && (answer->status != 206 || from == 0))
    return TRUE;
  const char *tag = oakum_http_header(answer, "etag", 0),
             *modified = oakum_http_header(answer, "last-modified", 0);
  if (answer->status == 206 &&
      (!oakum_http_goes_on(answer, from) || (tag && strcmp(tag, *new_etag) != 0))) {
    if (ftruncate(fd, 0) == 0) /* read anew */
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_NETWORK, "it changed while it was read");
    else
      oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "temporary file");
    return FALSE;
  }
  if (answer->status == 200) {
    g_free(*new_etag);
    g_free(*new_date);
    *new_etag = g_strdup(tag && !g_str_has_prefix(tag, "W/") ? tag : "");
    *new_date = g_strdup(modified ? modified : "");
    if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
      oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "temporary file");
      return FALSE;
    }
  }
  g_autoptr(OakumWriter) writer = oakum_writer_new_fd(fd, FALSE);
  return oakum_stream_copy(answer->body, writer, NULL, error) && oakum_writer_finish(writer, error);
}

static gboolean fetch(Update *u, const char *url, const char *etag, const char *date, int fd,
                      char **new_etag, char **new_date, int *status, GError **error)
{
  uint64_t from = 0;
  for (guint attempt = 0;; attempt++) {
    g_autoptr(GError) local = NULL;
    if (fetch_part(u, url, etag, date, fd, from, new_etag, new_date, status, &local))
      return TRUE;
    off_t end = lseek(fd, 0, SEEK_END);
    gboolean further = end > 0 ? (uint64_t)end > from && **new_etag : from > 0;
    if (attempt + 1 >= OAKUM_RETRIES_MAX || !further || local->code != OAKUM_ERROR_NETWORK) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    from = (uint64_t)end;
    oakum_http_pause(attempt, NULL);
  }
}

static gboolean update_one(Update *u, const OakumFeedInfo *feed, const char *address,
                           GError **error)
{
  g_autofree char *url = url_of(u, address), *etag = NULL, *date = NULL;
  g_autofree char *new_etag = g_strdup(""), *new_date = g_strdup("");
  int status = 0;
  if (!oakum_advisory_import_known(u->import, address, &etag, &date)) {
    etag = g_strdup("");
    date = g_strdup("");
  }
  OAKUM_AUTO_FD fd = open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", g_get_tmp_dir());
    return FALSE;
  }
  if (!fetch(u, url, etag, date, fd, &new_etag, &new_date, &status, error))
    return FALSE;
  if (status == 304) {
    u->same++;
    oakum_info("%s: not changed: %s", feed->name, address);
    return TRUE;
  }
  if (status != 200 && (status != 206 || lseek(fd, 0, SEEK_END) <= 0)) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_NETWORK, "the server answers %d", status);
    return FALSE;
  }
  if (lseek(fd, 0, SEEK_SET) < 0) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "temporary file");
    return FALSE;
  }
  int64_t seconds = *new_date ? oakum_http_date(new_date) : -1;
  g_autofree char *when = seconds > 0 ? oakum_time_format(seconds) : NULL;
  oakum_advisory_import_origin(u->import, address, when, new_etag);
  if (!oakum_advisory_import_read(u->import, feed->name, oakum_reader_new_fd(fd, FALSE), address,
                                  error))
    return FALSE;
  u->changed++;
  oakum_info("%s: read: %s", feed->name, address);
  return TRUE;
}

static gboolean wanted(GPtrArray *names, const char *name)
{
  return !names || names->len == 0 ||
         g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL);
}

static void update_feed(Update *u, const OakumFeedInfo *feed)
{
  for (const char *const *address = feed->addresses; *address; address++) {
    g_autoptr(GError) error = NULL;
    if (update_one(u, feed, *address, &error))
      continue;
    u->failed++;
    oakum_warn("%s: %s: %s; what the database had of it stays", feed->name, *address,
               error->message);
  }
}

gboolean oakum_db_update(const OakumDbArgs *args, GPtrArray *rest, GError **error)
{
  for (guint i = 0; i < rest->len; i++)
    if (!oakum_feed_find(rest->pdata[i])) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "no feed is called %s; oakum db feeds lists them", (char *)rest->pdata[i]);
      return FALSE;
    }
  OakumHttpPolicy policy = {.host = on_host, .user = args->mirror};
  g_autoptr(OakumHttp) http = oakum_http_new(&policy, error);
  g_autoptr(OakumAdvisoryImport) import = http ? oakum_advisory_import_new(args->db, error) : NULL;
  if (!import)
    return FALSE;
  Update u = {http, import, args->mirror, 0, 0, 0};
  for (const OakumFeedInfo *const *feed = oakum_feeds(); *feed; feed++)
    if (!(*feed)->by_hand && wanted(rest, (*feed)->name))
      update_feed(&u, *feed);
  if (u.changed == 0 && u.same == 0) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_NETWORK,
                "none of the feeds could be read; the database stays as it was");
    return FALSE;
  }
  if (u.changed > 0 && !oakum_advisory_import_commit(import, error))
    return FALSE;
  oakum_info("%s: %u documents read, %u not changed, %u failed", args->db, u.changed, u.same,
             u.failed);
  if (u.failed == 0)
    return TRUE;
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_NETWORK,
              "%u documents could not be read; the others are in the database", u.failed);
  return FALSE;
}
