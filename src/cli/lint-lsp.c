/* A language server (protocol 3.17) over standard input and output. One client, one thread; the
 * texts of open documents live here. Changes that are already waiting are taken in before a
 * document is checked. */
#include "cli/lint-common.h"
#include "shell/shell.h"
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  char *uri, *path; /* path NULL: no file */
  char *text;
  size_t len;
  gint64 version;
  gboolean dirty, shellcheck; /* to be checked; with the shellcheck program */
  OakumLintJob *job;          /* of `text`; NULL: not checked, or it cannot be */
  char *broken;               /* why it cannot be */
  OakumPlaces index;
  OakumShellCache *shells; /* most scripts outlive an edit */
  char *fixed;             /* `text` with all that can be fixed safely, made when asked for */
  size_t fixed_len;
} Document;

typedef struct {
  const OakumLintArgs *args;
  OakumLintSettings settings;
  GHashTable *documents; /* by uri */
  GByteArray *in;        /* read and not yet taken */
  gboolean initialized, shut_down, done, failed;
  gboolean resolves; /* the client asks for the edit of an action once it is chosen */
  int status;
} Server;

enum {
  PARSE_ERROR = -32700,
  INVALID_REQUEST = -32600,
  METHOD_NOT_FOUND = -32601,
  INVALID_PARAMS = -32602,
  NOT_INITIALIZED = -32002
};

/* ---- framing
 * -------------------------------------------------------------------------------------- */
static void write_all(Server *server, const char *data, size_t len)
{
  for (size_t at = 0; at < len && !server->failed;) {
    ssize_t n = write(STDOUT_FILENO, data + at, len - at);
    if (n < 0 && errno != EINTR)
      server->failed = server->done = TRUE;
    at += n > 0 ? (size_t)n : 0;
  }
}

static void send_text(Server *server, const char *body, size_t len)
{
  g_autofree char *head = g_strdup_printf("Content-Length: %zu\r\n\r\n", len);
  write_all(server, head, strlen(head));
  write_all(server, body, len);
}

static void send_message(Server *server, json_t *message)
{
  g_autofree char *body = oakum_json_dump(message, FALSE);
  json_decref(message);
  send_text(server, body, strlen(body));
}

/* FALSE at the end of the input. */
static gboolean read_more(Server *server)
{
  uint8_t buffer[1 << 16];
  ssize_t n;
  do
    n = read(STDIN_FILENO, buffer, sizeof(buffer));
  while (n < 0 && errno == EINTR);
  if (n > 0)
    g_byte_array_append(server->in, buffer, (guint)n);
  return n > 0;
}

/* Length of the header with its empty line, and *length of the body behind it. 0: not there yet;
 * -1: it is no header. */
static gssize parse_header(const GByteArray *in, uint64_t *length)
{
  guint look = MIN(in->len, OAKUM_LSP_HEADER_MAX);
  const char *data = (const char *)in->data, *end = look ? memmem(data, look, "\r\n\r\n", 4) : NULL;
  if (!end)
    return in->len >= OAKUM_LSP_HEADER_MAX ? -1 : 0;
  g_autofree char *head = g_strndup(data, (gsize)(end - data));
  g_auto(GStrv) lines = g_strsplit(head, "\r\n", -1);
  gboolean found = FALSE;
  for (char **line = lines; *line; line++)
    if (g_ascii_strncasecmp(*line, "Content-Length:", 15) == 0) {
      const char *value = g_strstrip(*line + 15);
      if (found || !oakum_parse_u64(value, strlen(value), UINT32_MAX, length))
        return -1;
      found = TRUE;
    }
  return found ? end - data + 4 : -1;
}

/* The next whole message; NULL: the input ended, or is not of this protocol. */
static char *next_message(Server *server, size_t *len)
{
  uint64_t length = 0;
  gssize head;
  while ((head = parse_header(server->in, &length)) == 0)
    if (!read_more(server)) {
      if (server->in->len > 0)
        oakum_log(OAKUM_LOG_ERROR, "lint: the client's message ends in its header");
      return NULL;
    }
  if (head < 0 || length > OAKUM_LSP_MESSAGE_MAX) {
    if (head < 0)
      oakum_log(OAKUM_LOG_ERROR, "lint: the client's message has no proper Content-Length");
    else
      oakum_log(OAKUM_LOG_ERROR, "lint: the client's message has more than %u MiB",
                (guint)(OAKUM_LSP_MESSAGE_MAX / OAKUM_MIB));
    return NULL;
  }
  while (server->in->len < (guint)head + (guint)length)
    if (!read_more(server)) {
      oakum_log(OAKUM_LOG_ERROR, "lint: the client's message is cut off");
      return NULL;
    }
  *len = (size_t)length;
  char *body = g_strndup((const char *)server->in->data + head, *len);
  g_byte_array_remove_range(server->in, 0, (guint)head + (guint)length);
  return body;
}

static gboolean more_waits(const Server *server)
{
  uint64_t length;
  gssize head = parse_header(server->in, &length);
  if (head > 0 && server->in->len >= (guint)head + length)
    return TRUE;
  struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
  return poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN);
}

static void reply(Server *server, const json_t *id, json_t *result)
{
  send_message(server, json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "result", result));
}

static void reply_error(Server *server, const json_t *id, int code, const char *text)
{
  OAKUM_AUTO_JSON *none = json_null();
  send_message(server, json_pack("{s:s, s:O, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id ? id : none,
                                 "error", "code", code, "message", text));
}

static void notify(Server *server, const char *method, json_t *params)
{
  send_message(server,
               json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params));
}

static json_t *text_of(const char *text)
{
  g_autofree char *safe = oakum_escape_utf8(text, -1);
  return json_string(safe);
}

/* ---- documents
 * ------------------------------------------------------------------------------------ */
static void forget_check(Document *d)
{
  g_clear_pointer(&d->job, oakum_lint_job_free);
  g_clear_pointer(&d->broken, g_free);
  g_clear_pointer(&d->fixed, g_free);
}

static void document_free(gpointer p)
{
  Document *d = p;
  forget_check(d);
  oakum_shell_cache_free(d->shells);
  oakum_places_clear(&d->index);
  g_free(d->uri);
  g_free(d->path);
  g_free(d->text);
  g_free(d);
}

/* Takes `text`. */
static void set_text(Document *d, char *text, size_t len)
{
  oakum_places_clear(&d->index);
  g_free(d->text);
  d->text = text;
  d->len = len;
  d->dirty = TRUE;
  oakum_places_init(&d->index, d->text, d->len);
}

static json_t *position(Document *d, size_t offset)
{
  OakumLintPlace place = oakum_lint_place(&d->index, offset);
  return json_pack("{s:i, s:i}", "line", place.line - 1, "character", place.unit - 1);
}

static json_t *range(Document *d, size_t start, size_t end)
{
  json_t *from = position(d, start);
  return json_pack("{s:o, s:o}", "start", from, "end", position(d, end));
}

static int severity_of(const OakumFinding *f)
{
  static const int severities[] = {4, 4, 3, 2, 1};
  return severities[oakum_lint_level_of(f->severity)];
}

static json_t *diagnostic(Document *d, const OakumFinding *f)
{
  g_autofree char *url = oakum_lint_rule_url(f->id),
                  *message = g_strjoin("\n", f->title, f->fix, NULL);
  json_t *o = json_pack("{s:o, s:i, s:o, s:s, s:o}", "range", range(d, f->start, f->end),
                        "severity", severity_of(f), "code", text_of(f->code ? f->code : f->id),
                        "source", "oakum", "message", text_of(message));
  if (url && *url)
    json_object_set_new(o, "codeDescription", json_pack("{s:o}", "href", text_of(url)));
  return o;
}

/* A string of JSON. Diagnostics of a long file are many and sent after each change, so that these
 * are written without a tree. */
static void append_string(GString *out, const char *text)
{
  const char *p = text;
  while (*p > 0 && *p < 0x7f)
    p++;
  g_autofree char *safe = *p ? oakum_escape_utf8(text, -1) : NULL;
  g_string_append_c(out, '"');
  for (p = safe ? safe : text; *p; p++) {
    size_t plain = 0;
    while ((unsigned char)p[plain] >= 0x20 && p[plain] != '"' && p[plain] != '\\')
      plain++;
    g_string_append_len(out, p, (gssize)plain);
    p += plain;
    if (!*p)
      break;
    char escape = *p == '\n' ? 'n' : *p == '\t' ? 't' : (unsigned char)*p < 0x20 ? 'u' : *p;
    g_string_append_c(out, '\\');
    g_string_append_c(out, escape);
    if (escape == 'u')
      g_string_append_printf(out, "%04x", (unsigned char)*p);
  }
  g_string_append_c(out, '"');
}

static void append_number(GString *out, int number)
{
  char digits[12], *at = digits + sizeof(digits);
  guint rest = (guint)MAX(number, 0);
  do
    *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  g_string_append_len(out, at, digits + sizeof(digits) - at);
}

static void append_position(GString *out, Document *d, const char *name, size_t offset)
{
  OakumLintPlace place = oakum_lint_place(&d->index, offset);
  g_string_append_c(out, '"');
  g_string_append(out, name);
  g_string_append(out, "\":{\"line\":");
  append_number(out, place.line - 1);
  g_string_append(out, ",\"character\":");
  append_number(out, place.unit - 1);
  g_string_append_c(out, '}');
}

/* The same as diagnostic(). */
static void append_diagnostic(GString *out, Document *d, const OakumFinding *f)
{
  g_autofree char *url = oakum_lint_rule_url(f->id),
                  *message = g_strjoin("\n", f->title, f->fix, NULL);
  g_string_append(out, "{\"range\":{");
  append_position(out, d, "start", f->start);
  g_string_append_c(out, ',');
  append_position(out, d, "end", f->end);
  g_string_append(out, "},\"severity\":");
  append_number(out, severity_of(f));
  g_string_append(out, ",\"code\":");
  append_string(out, f->code ? f->code : f->id);
  g_string_append(out, ",\"source\":\"oakum\",\"message\":");
  append_string(out, message);
  if (url && *url) {
    g_string_append(out, ",\"codeDescription\":{\"href\":");
    append_string(out, url);
    g_string_append_c(out, '}');
  }
  g_string_append_c(out, '}');
}

static void publish(Server *server, Document *d)
{
  g_autoptr(GString) out = g_string_new(
      "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\",\"params\":{\"uri\":");
  append_string(out, d->uri);
  g_string_append_printf(out, ",\"version\":%" G_GINT64_FORMAT ",\"diagnostics\":[", d->version);
  for (guint i = 0; d->job && i < d->job->findings->len; i++) {
    if (i > 0)
      g_string_append_c(out, ',');
    append_diagnostic(out, d, d->job->findings->pdata[i]);
  }
  if (d->broken) {
    g_string_append(out, "{\"range\":{");
    append_position(out, d, "start", 0);
    g_string_append_c(out, ',');
    append_position(out, d, "end", 0);
    g_string_append(out, "},\"severity\":1,\"source\":\"oakum\",\"message\":");
    append_string(out, d->broken);
    g_string_append_c(out, '}');
  }
  g_string_append(out, "]}}");
  send_text(server, out->str, out->len);
}

/* Lints the text; `before` is the job of the text before, or NULL. */
static OakumLintJob *lint_text(Server *server, Document *d, OakumLintJob *before, GError **error)
{
  g_autofree char *name = d->path ? g_path_get_basename(d->path) : g_strdup("Dockerfile");
  OakumLintJob *job =
      oakum_lint_job_again(before, &server->settings, name, d->path, server->args->context,
                           g_memdup2(d->text, d->len + 1), d->len, error);
  if (!job)
    return NULL;
  if (!d->shells)
    d->shells = oakum_shell_cache_new();
  oakum_shell_cache_turn(d->shells);
  job->options.shells = d->shells;
  g_autoptr(GPtrArray) jobs = g_ptr_array_new();
  g_ptr_array_add(jobs, job);
  gboolean missing;
  g_autoptr(GError) no_shellcheck = NULL;
  if (d->shellcheck && !oakum_lint_shellcheck(jobs, &missing, &no_shellcheck))
    oakum_warn("lint: %s", no_shellcheck->message);
  job->findings = oakum_lint_finish(job->lint);
  oakum_lint_cut(job->lint, &job->cut);
  return job;
}

static void check(Server *server, Document *d)
{
  g_autoptr(GError) error = NULL;
  if (!d->dirty)
    return;
  g_autoptr(OakumLintJob) before =
      g_steal_pointer(&d->job); /* freed when the client has its answer */
  forget_check(d);
  d->dirty = FALSE;
  if (d->len > OAKUM_DOCKERFILE_MAX) {
    d->broken = g_strdup_printf("more than %u MiB", (guint)(OAKUM_DOCKERFILE_MAX / OAKUM_MIB));
  } else {
    d->job = lint_text(server, d, before, &error);
    if (d->job && d->job->cut.again) {
      g_clear_pointer(&d->job, oakum_lint_job_free);
      d->job = lint_text(server, d, NULL, &error);
    }
  }
  if (error)
    d->broken = g_strdup(error->message);
  publish(server, d);
}

static void check_all(Server *server)
{
  GHashTableIter iter;
  gpointer value;
  g_hash_table_iter_init(&iter, server->documents);
  while (g_hash_table_iter_next(&iter, NULL, &value))
    check(server, value);
}

static Document *find(Server *server, const json_t *params)
{
  const char *uri =
      json_string_value(json_object_get(json_object_get(params, "textDocument"), "uri"));
  return uri ? g_hash_table_lookup(server->documents, uri) : NULL;
}

/* ---- notifications
 * -------------------------------------------------------------------------------- */
static void did_open(Server *server, const json_t *params)
{
  const json_t *item = json_object_get(params, "textDocument"),
               *text = json_object_get(item, "text");
  const char *uri = json_string_value(json_object_get(item, "uri"));
  if (!uri || !json_is_string(text) ||
      (g_hash_table_size(server->documents) >= OAKUM_LSP_DOCUMENTS_MAX &&
       !g_hash_table_contains(server->documents, uri))) {
    oakum_warn("lint: a document that cannot be opened");
    return;
  }
  Document *d = g_new0(Document, 1);
  d->uri = g_strdup(uri);
  d->path = g_filename_from_uri(uri, NULL, NULL);
  d->version = json_integer_value(json_object_get(item, "version"));
  d->shellcheck = !server->args->no_shellcheck;
  set_text(d, g_strndup(json_string_value(text), json_string_length(text)),
           json_string_length(text));
  g_hash_table_replace(server->documents, d->uri, d);
}

static gboolean read_position(const Document *d, const json_t *json, size_t *offset)
{
  const json_t *line = json_object_get(json, "line"), *unit = json_object_get(json, "character");
  if (!json_is_integer(line) || !json_is_integer(unit) || json_integer_value(line) < 0 ||
      json_integer_value(unit) < 0)
    return FALSE;
  *offset = oakum_places_offset(&d->index, (guint)MIN(json_integer_value(line), G_MAXINT),
                                (guint)MIN(json_integer_value(unit), G_MAXINT));
  return TRUE;
}

static gboolean read_range(const Document *d, const json_t *json, size_t *start, size_t *end)
{
  return read_position(d, json_object_get(json, "start"), start) &&
         read_position(d, json_object_get(json, "end"), end) && *start <= *end;
}

static void did_change(Server *server, const json_t *params)
{
  Document *d = find(server, params);
  const json_t *changes = json_object_get(params, "contentChanges");
  for (size_t i = 0; d && i < json_array_size(changes); i++) {
    const json_t *change = json_array_get(changes, i), *text = json_object_get(change, "text"),
                 *where = json_object_get(change, "range");
    size_t start = 0, end = d->len, len = json_string_length(text), new_len;
    if (!json_is_string(text) ||
        (where && !json_is_null(where) && !read_range(d, where, &start, &end)) ||
        oakum_add_overflows(d->len - (end - start), len, &new_len) ||
        new_len > OAKUM_LSP_MESSAGE_MAX) {
      oakum_warn("lint: a change that does not fit its document; it is closed");
      g_hash_table_remove(server->documents, d->uri);
      return;
    }
    char *made = g_malloc(new_len + 1);
    memcpy(made, d->text, start);
    memcpy(made + start, json_string_value(text), len);
    memcpy(made + start + len, d->text + end, d->len - end);
    made[new_len] = '\0';
    set_text(d, made, new_len);
  }
  if (d) {
    d->version =
        json_integer_value(json_object_get(json_object_get(params, "textDocument"), "version"));
    d->shellcheck =
        FALSE; /* takes too long while somebody types; it comes back when the file is saved */
  }
}

static void did_save(Server *server, const json_t *params)
{
  Document *d = find(server, params);
  if (d)
    d->dirty = d->shellcheck = !server->args->no_shellcheck;
}

static void did_close(Server *server, const json_t *params)
{
  Document *d = find(server, params);
  if (!d)
    return;
  notify(server, "textDocument/publishDiagnostics",
         json_pack("{s:o, s:[]}", "uri", text_of(d->uri), "diagnostics"));
  g_hash_table_remove(server->documents, d->uri);
}

/* ---- requests
 * ------------------------------------------------------------------------------------- */
static json_t *initialize(Server *server, const json_t *params)
{
  static const char *const path[] = {"capabilities", "textDocument", "codeAction", "resolveSupport",
                                     "properties"};
  const json_t *properties = params;
  for (size_t i = 0; i < G_N_ELEMENTS(path); i++)
    properties = json_object_get(properties, path[i]);
  for (size_t i = 0; i < json_array_size(properties); i++)
    server->resolves |= g_strcmp0(json_string_value(json_array_get(properties, i)), "edit") == 0;
  server->initialized = TRUE;
  return json_pack("{s:{s:s, s:{s:b, s:i, s:{s:b}}, s:b, s:b, s:{s:[s, s], s:b}}, s:{s:s, s:s}}",
                   "capabilities", "positionEncoding", "utf-16", "textDocumentSync", "openClose", 1,
                   "change", 2, "save", "includeText", 0, "hoverProvider", 1,
                   "documentSymbolProvider", 1, "codeActionProvider", "codeActionKinds", "quickfix",
                   "source.fixAll", "resolveProvider", 1, "serverInfo", "name", "oakum lint",
                   "version", OAKUM_VERSION);
}

static gboolean touches(const OakumFinding *f, size_t start, size_t end)
{
  return f->start <= end && start <= f->end;
}

static json_t *hover(Server *server, const json_t *params)
{
  Document *d = find(server, params);
  size_t at, start = 0, end = 0;
  g_autoptr(GString) text = g_string_new(NULL);
  if (d)
    check(server, d);
  if (!d || !d->job || !read_position(d, json_object_get(params, "position"), &at))
    return json_null();
  for (guint i = 0; i < d->job->findings->len; i++) {
    const OakumFinding *f = d->job->findings->pdata[i];
    const OakumLintRule *rule = oakum_lint_rule_find(f->id);
    if (at < f->start || at >= MAX(f->end, f->start + 1))
      continue;
    g_autofree char *page = rule ? oakum_report_lint_rule_markdown(rule) : g_strdup(f->title);
    if (text->len)
      g_string_append(text, "\n---\n\n");
    else {
      start = f->start;
      end = f->end;
    }
    g_string_append(text, page);
  }
  if (!text->len)
    return json_null();
  return json_pack("{s:{s:s, s:o}, s:o}", "contents", "kind", "markdown", "value",
                   text_of(text->str), "range", range(d, start, end));
}

static json_t *workspace_edit(const Document *d, json_t *edits)
{
  json_t *changes = json_object();
  json_object_set_new(changes, d->uri, edits);
  return json_pack("{s:o}", "changes", changes);
}

static json_t *fix_action(Document *d, const OakumFinding *f)
{
  json_t *edits = json_array();
  g_autofree char *title = g_strdup_printf(
      "%s%s", f->fix ? f->fix : f->title, f->edits_safe ? "" : " (may change what the image does)");
  for (guint i = 0; i < f->edits->len; i++) {
    const OakumEdit *edit = f->edits->pdata[i];
    json_array_append_new(edits, json_pack("{s:o, s:o}", "range", range(d, edit->start, edit->end),
                                           "newText", text_of(edit->text)));
  }
  return json_pack("{s:o, s:s, s:[o], s:b, s:o}", "title", text_of(title), "kind", "quickfix",
                   "diagnostics", diagnostic(d, f), "isPreferred", f->edits_safe, "edit",
                   workspace_edit(d, edits));
}

/* The line above the instruction that the finding is in. */
static json_t *ignore_action(Document *d, const OakumFinding *f)
{
  int line = f->line;
  const GPtrArray *all = d->job->dockerfile->instructions;
  guint low = 0, high = all->len; /* [0, low) begin at the line or above it */
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (((const OakumInstruction *)all->pdata[middle])->range.line <= f->line)
      low = middle + 1;
    else
      high = middle;
  }
  const OakumInstruction *in = low > 0 ? all->pdata[low - 1] : NULL;
  if (in && f->line <= in->range.end_line)
    line = in->range.line;
  size_t at = oakum_places_offset(&d->index, (guint)MAX(line, 1) - 1, 0);
  g_autofree char *title = g_strdup_printf("Ignore %s here", f->id),
                  *text = g_strdup_printf("# oakum ignore=%s\n", f->id);
  json_t *edits = json_pack("[{s:o, s:s}]", "range", range(d, at, at), "newText", text);
  return json_pack("{s:o, s:s, s:[o], s:o}", "title", text_of(title), "kind", "quickfix",
                   "diagnostics", diagnostic(d, f), "edit", workspace_edit(d, edits));
}

/* One edit of the whole text; NULL: nothing can be fixed. Clients ask at each move of the cursor:
 * the work is done once for each text. */
static json_t *fix_all_edit(Document *d)
{
  guint applied;
  if (!d->fixed) {
    OakumLintOptions options = d->job->options;
    options.shells = NULL; /* of other texts */
    d->fixed = oakum_lint_fix(d->text, d->len, d->job->name, &options, FALSE, &d->fixed_len,
                              &applied, NULL);
  }
  if (!d->fixed || (d->fixed_len == d->len && memcmp(d->fixed, d->text, d->len) == 0))
    return NULL;
  json_t *edits =
      json_pack("[{s:o, s:o}]", "range", range(d, 0, d->len), "newText", text_of(d->fixed));
  return workspace_edit(d, edits);
}

static gboolean has_safe_fix(const Document *d)
{
  for (guint i = 0; i < d->job->findings->len; i++) {
    const OakumFinding *f = d->job->findings->pdata[i];
    if (f->edits && f->edits->len > 0 && f->edits_safe)
      return TRUE;
  }
  return FALSE;
}

static json_t *fix_all_action(const Server *server, Document *d)
{
  if (!has_safe_fix(d))
    return NULL;
  json_t *edit = server->resolves ? NULL : fix_all_edit(d);
  if (!edit && !server->resolves)
    return NULL;
  json_t *action = json_pack("{s:s, s:s}", "title", "Fix everything that can be fixed safely",
                             "kind", "source.fixAll");
  if (edit)
    json_object_set_new(action, "edit", edit);
  else
    json_object_set_new(action, "data", json_pack("{s:o}", "uri", text_of(d->uri)));
  return action;
}

/* An action of ours, with the edit that was left out. */
static json_t *resolve_action(Server *server, const json_t *params)
{
  const char *uri = json_string_value(json_object_get(json_object_get(params, "data"), "uri"));
  Document *d = uri ? g_hash_table_lookup(server->documents, uri) : NULL;
  json_t *action = json_is_object(params) ? json_copy((json_t *)params) : json_object();
  if (d)
    check(server, d);
  json_t *edit = d && d->job ? fix_all_edit(d) : NULL;
  if (edit)
    json_object_set_new(action, "edit", edit);
  return action;
}

/* Whether a kind of action is asked for: "only" names it or what it is below of. */
static gboolean is_wanted(const json_t *params, const char *kind)
{
  const json_t *only = json_object_get(json_object_get(params, "context"), "only");
  for (size_t i = 0; i < json_array_size(only); i++) {
    const char *asked = json_string_value(json_array_get(only, i));
    size_t n = asked ? strlen(asked) : 0;
    if (asked && strncmp(kind, asked, n) == 0 && (!kind[n] || kind[n] == '.'))
      return TRUE;
  }
  return json_array_size(only) == 0;
}

static json_t *code_actions(Server *server, const json_t *params)
{
  json_t *list = json_array();
  Document *d = find(server, params);
  size_t start, end;
  if (d)
    check(server, d);
  if (!d || !d->job || !read_range(d, json_object_get(params, "range"), &start, &end))
    return list;
  for (guint i = 0; is_wanted(params, "quickfix") && i < d->job->findings->len; i++) {
    const OakumFinding *f = d->job->findings->pdata[i];
    if (!touches(f, start, end))
      continue;
    if (f->edits && f->edits->len > 0)
      json_array_append_new(list, fix_action(d, f));
    if (strcmp(f->id, "syntax") != 0)
      json_array_append_new(list, ignore_action(d, f));
  }
  json_t *all = is_wanted(params, "source.fixAll") ? fix_all_action(server, d) : NULL;
  if (all)
    json_array_append_new(list, all);
  return list;
}

static size_t offset_of(const Document *d, int line, int column)
{
  const GArray *lines = d->index.lines;
  if (line < 1 || (guint)line > lines->len)
    return d->len;
  return MIN(g_array_index(lines, guint, (guint)line - 1) + (size_t)MAX(column, 1) - 1, d->len);
}

static json_t *symbol(Document *d, const char *name, const char *detail, int kind,
                      const OakumRange *whole, const OakumRange *chosen)
{
  size_t start = offset_of(d, whole->line, whole->column),
         end = offset_of(d, whole->end_line, whole->end_column);
  return json_pack("{s:o, s:o, s:i, s:o, s:o}", "name", text_of(*name ? name : "?"), "detail",
                   text_of(detail), "kind", kind, "range", range(d, start, end), "selectionRange",
                   range(d, offset_of(d, chosen->line, chosen->column),
                         offset_of(d, chosen->end_line, chosen->end_column)));
}

static json_t *instruction_symbol(Document *d, const OakumInstruction *in)
{
  g_autofree char *detail = g_strndup(in->text ? in->text : "", 80);
  char *newline = strchr(detail, '\n');
  if (newline)
    *newline = '\0';
  return symbol(d, in->name, detail, 12 /* function */, &in->range, &in->range);
}

static json_t *document_symbols(Server *server, const json_t *params)
{
  json_t *list = json_array();
  Document *d = find(server, params);
  if (d)
    check(server, d);
  if (!d || !d->job)
    return list;
  const OakumDockerfile *dockerfile = d->job->dockerfile;
  json_t *children = list; /* before the first FROM */
  for (guint i = 0, stage = 0; i < dockerfile->instructions->len; i++) {
    const OakumInstruction *in = dockerfile->instructions->pdata[i];
    const OakumStage *next =
        stage < dockerfile->stages->len ? dockerfile->stages->pdata[stage] : NULL;
    if (next && next->first == i) {
      guint last = MAX(next->end, i + 1) - 1;
      const OakumInstruction *end =
          dockerfile->instructions->pdata[MIN(last, dockerfile->instructions->len - 1)];
      OakumRange whole = in->range;
      whole.end_line = end->range.end_line;
      whole.end_column = end->range.end_column;
      g_autofree char *number = g_strdup_printf("stage %u", stage);
      json_t *o = symbol(d, next->name ? next->name : number,
                         next->base && next->base->value ? next->base->value : "",
                         3 /* namespace */, &whole, &in->range);
      children = json_array();
      json_object_set_new(o, "children", children);
      json_array_append_new(list, o);
      stage++;
    }
    json_array_append_new(children, instruction_symbol(d, in));
  }
  return list;
}

/* ---- dispatch
 * ------------------------------------------------------------------------------------- */
static void handle_request(Server *server, const char *method, const json_t *id,
                           const json_t *params)
{
  static const struct {
    const char *method;
    json_t *(*answer)(Server *server, const json_t *params);
  } requests[] = {{"textDocument/hover", hover},
                  {"textDocument/codeAction", code_actions},
                  {"codeAction/resolve", resolve_action},
                  {"textDocument/documentSymbol", document_symbols}};
  if (server->shut_down) {
    reply_error(server, id, INVALID_REQUEST, "the server was shut down");
  } else if (strcmp(method, "initialize") == 0) {
    if (server->initialized)
      reply_error(server, id, INVALID_REQUEST, "initialized already");
    else
      reply(server, id, initialize(server, params));
  } else if (!server->initialized) {
    reply_error(server, id, NOT_INITIALIZED, "not initialized");
  } else if (strcmp(method, "shutdown") == 0) {
    server->shut_down = TRUE;
    reply(server, id, json_null());
  } else {
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++)
      if (strcmp(method, requests[i].method) == 0) {
        reply(server, id, requests[i].answer(server, params));
        return;
      }
    reply_error(server, id, METHOD_NOT_FOUND, "no such method");
  }
}

static void handle_notification(Server *server, const char *method, const json_t *params)
{
  static const struct {
    const char *method;
    void (*handle)(Server *server, const json_t *params);
  } notifications[] = {{"textDocument/didOpen", did_open},
                       {"textDocument/didChange", did_change},
                       {"textDocument/didSave", did_save},
                       {"textDocument/didClose", did_close}};
  if (strcmp(method, "exit") == 0) {
    server->done = TRUE;
    server->status = server->shut_down ? OAKUM_EXIT_PASS : OAKUM_EXIT_ERROR;
  }
  for (size_t i = 0; server->initialized && !server->shut_down && i < G_N_ELEMENTS(notifications);
       i++)
    if (strcmp(method, notifications[i].method) == 0)
      notifications[i].handle(server, params);
}

static void handle(Server *server, const char *body, size_t len)
{
  g_autoptr(GError) error = NULL;
  OAKUM_AUTO_JSON *message = oakum_json_parse(body, len, "message", &error);
  if (!message) {
    reply_error(server, NULL, PARSE_ERROR, error->message);
    return;
  }
  const json_t *id = json_object_get(message, "id"), *params = json_object_get(message, "params");
  const char *method = json_string_value(json_object_get(message, "method"));
  gboolean is_request = json_is_string(id) || json_is_integer(id);
  if (!method) {
    /* an answer to a request of ours would have a result; there are none */
    if (!json_object_get(message, "result") && !json_object_get(message, "error"))
      reply_error(server, is_request ? id : NULL, INVALID_REQUEST, "no method");
  } else if (is_request) {
    handle_request(server, method, id, params);
  } else {
    handle_notification(server, method, params);
  }
}

int oakum_lint_serve(const OakumLintArgs *args)
{
  Server server = {.args = args, .status = OAKUM_EXIT_ERROR};
  g_autoptr(GError) error = NULL;
  if (!oakum_lint_settings_load(args, &server.settings, &error)) {
    oakum_log(OAKUM_LOG_ERROR, "lint: %s", error->message);
    oakum_lint_settings_clear(&server.settings);
    return OAKUM_EXIT_ERROR;
  }
  /* each check builds and frees the same few megabytes; giving them back in between costs more than
   * they do */
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_MXFAST, 0);
  server.documents = g_hash_table_new_full(oakum_str_hash, g_str_equal, NULL, document_free);
  server.in = g_byte_array_new();
  while (!server.done) {
    size_t len;
    if (!more_waits(&server))
      check_all(&server);
    g_autofree char *body = next_message(&server, &len);
    if (!body)
      break;
    handle(&server, body, len);
  }
  g_hash_table_unref(server.documents);
  g_byte_array_unref(server.in);
  oakum_lint_settings_clear(&server.settings);
  return server.status;
}
