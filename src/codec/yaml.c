/* YAML 1.2 by libfyaml's event parser. The tree is built here, so that its size and depth have
 * limits and each part knows its place; an alias is a copy of what it names and counts in full, so
 * that none can blow up; what could mean two things (tags of one's own, several documents, keys
 * that repeat) is refused. A plain "<<" is the merge key of YAML 1.1, as libraries go on having it:
 * yaml.org/type/merge.html. */
#include "codec/codec.h"
#include <libfyaml.h>
#include <string.h>

typedef struct {
  const char *what;
  struct fy_parser *parser;
  OakumYaml *top;
  OakumYaml *open[OAKUM_YAML_DEPTH_MAX]; /* lists and maps that are not closed yet */
  GHashTable *keys[OAKUM_YAML_DEPTH_MAX];
  guint depth, nodes, documents;
  OakumYaml *key;      /* read, its value not yet */
  GHashTable *anchors; /* name -> OakumYaml, borrowed from the tree, and from `merged` */
  GPtrArray *merged;   /* values of merge keys: what lies in them may have a name */
  GPtrArray *warnings; /* as oakum_yaml_parse_lax has them; NULL: strict */
  gboolean stopped;    /* at a second document */
} Build;

static gboolean fail(const Build *b, int line, int column, OakumErrorCode code, const char *text,
                     GError **error)
{
  g_set_error(error, OAKUM_CODEC_ERROR, code, "%s:%d:%d: %s", b->what, line, column, text);
  return FALSE;
}

static void warn(const Build *b, int line, int column, const char *text)
{
  if (b->warnings->len < OAKUM_YAML_WARNINGS_MAX)
    g_ptr_array_add(b->warnings, g_strdup_printf("%s:%d:%d: %s", b->what, line, column, text));
}

/* The last one of a key counts. What was there is kept, for an alias may name it. */
static void take_out(Build *b, OakumYaml *map, const char *key)
{
  for (guint i = 0; i < map->keys->len; i++)
    if (strcmp(((const OakumYaml *)map->keys->pdata[i])->text, key) == 0) {
      g_ptr_array_add(b->merged, g_ptr_array_steal_index(map->keys, i));
      g_ptr_array_add(b->merged, g_ptr_array_steal_index(map->items, i));
      return;
    }
}

void oakum_yaml_free(OakumYaml *node)
{
  if (!node)
    return;
  g_free(node->text);
  if (node->keys)
    g_ptr_array_unref(node->keys);
  if (node->items)
    g_ptr_array_unref(node->items);
  g_free(node);
}

static OakumYaml *node_new(OakumYamlKind kind, int line, int column)
{
  OakumYaml *node = g_new0(OakumYaml, 1);
  node->kind = kind;
  node->line = line;
  node->column = column;
  if (kind == OAKUM_YAML_MAP)
    node->keys = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_yaml_free);
  if (kind != OAKUM_YAML_SCALAR)
    node->items = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_yaml_free);
  return node;
}

/* Puts a finished scalar, or a list or map that now opens, where it belongs. Takes it. */
static gboolean place(Build *b, OakumYaml *node, GError **error)
{
  g_autoptr(OakumYaml) owned = node;
  OakumYaml *into = b->depth ? b->open[b->depth - 1] : NULL;
  if (++b->nodes > OAKUM_YAML_NODES_MAX)
    return fail(b, node->line, node->column, OAKUM_ERROR_LIMIT, "too many values", error);
  if (!into) {
    b->top = g_steal_pointer(&owned);
    return TRUE;
  }
  if (into->kind == OAKUM_YAML_MAP && !b->key) {
    if (node->kind != OAKUM_YAML_SCALAR)
      return fail(b, node->line, node->column, OAKUM_ERROR_INVALID, "a key must be a plain word",
                  error);
    if (!g_hash_table_add(b->keys[b->depth - 1], node->text)) {
      g_autofree char *text = g_strdup_printf("key \"%s\" stands here a second time", node->text);
      if (!b->warnings)
        return fail(b, node->line, node->column, OAKUM_ERROR_INVALID, text, error);
      warn(b, node->line, node->column, text);
      take_out(b, into, node->text);
    }
    b->key = g_steal_pointer(&owned);
    return TRUE;
  }
  if (into->kind == OAKUM_YAML_MAP)
    g_ptr_array_add(into->keys, g_steal_pointer(&b->key));
  g_ptr_array_add(into->items, g_steal_pointer(&owned));
  return TRUE;
}

static gboolean open_node(Build *b, OakumYamlKind kind, int line, int column, GError **error)
{
  if (b->depth == OAKUM_YAML_DEPTH_MAX)
    return fail(b, line, column, OAKUM_ERROR_LIMIT, "nested too deep", error);
  OakumYaml *node = node_new(kind, line, column);
  if (!place(b, node, error))
    return FALSE;
  b->keys[b->depth] = kind == OAKUM_YAML_MAP ? oakum_str_map_new(NULL, NULL) : NULL;
  b->open[b->depth++] = node;
  return TRUE;
}

/* The token's text by its chunks: fy_token_get_text of libfyaml 0.7.12 leaks when they are many.
 * NULL: it cannot be read. */
static char *token_text(struct fy_token *token, size_t *len)
{
  g_autoptr(GString) text = g_string_new(NULL);
  struct fy_token_iter *iter = token ? fy_token_iter_create(token) : NULL;
  const struct fy_iter_chunk *chunk = NULL;
  int failed = token && !iter;
  while (iter && (chunk = fy_token_iter_chunk_next(iter, chunk, &failed)) != NULL)
    g_string_append_len(text, chunk->str, (gssize)chunk->len);
  if (iter)
    fy_token_iter_destroy(iter);
  *len = text->len;
  return failed ? NULL : g_string_free(g_steal_pointer(&text), FALSE);
}

/* The node has a name by which an alias may call it. */
static gboolean note_anchor(Build *b, struct fy_token *anchor, OakumYaml *node, GError **error)
{
  size_t len;
  g_autofree char *name = anchor ? token_text(anchor, &len) : NULL;
  if (!name)
    return TRUE;
  if (g_hash_table_size(b->anchors) >= OAKUM_YAML_ANCHORS_MAX)
    return fail(b, node->line, node->column, OAKUM_ERROR_LIMIT, "too many anchors", error);
  g_hash_table_replace(b->anchors, g_steal_pointer(&name), node);
  return TRUE;
}

static gboolean scalar(Build *b, struct fy_token *token, struct fy_token *anchor, gboolean is_text,
                       int line, int column, GError **error)
{
  size_t len = 0;
  enum fy_scalar_style style = token ? fy_scalar_token_get_style(token) : FYSS_PLAIN;
  if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED)
    column--; /* the mark stands behind the quote */
  g_autofree char *text = token_text(token, &len);
  if (!text)
    return fail(b, line, column, OAKUM_ERROR_INVALID, "this value cannot be read", error);
  if (memchr(text, 0, len))
    return fail(b, line, column, OAKUM_ERROR_INVALID, "a NUL character", error);
  if (!g_utf8_validate(text, (gssize)len, NULL))
    return fail(b, line, column, OAKUM_ERROR_INVALID, "not UTF-8", error);
  OakumYaml *node = node_new(OAKUM_YAML_SCALAR, line, column);
  node->text = g_steal_pointer(&text);
  node->plain = style == FYSS_PLAIN && !is_text;
  return place(b, node, error) && note_anchor(b, anchor, node, error);
}

/* A copy of the node, its parts counted and `depth` levels down. NULL: too much. */
static OakumYaml *copy_node(Build *b, const OakumYaml *from, guint depth)
{
  if (depth > OAKUM_YAML_DEPTH_MAX || ++b->nodes > OAKUM_YAML_NODES_MAX)
    return NULL;
  g_autoptr(OakumYaml) node = node_new(from->kind, from->line, from->column);
  node->text = g_strdup(from->text);
  node->plain = from->plain;
  GPtrArray *const lists[][2] = {{from->keys, node->keys}, {from->items, node->items}};
  for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
    for (guint k = 0; lists[i][0] && k < lists[i][0]->len; k++) {
      OakumYaml *part = copy_node(b, lists[i][0]->pdata[k], depth + 1);
      if (!part)
        return NULL;
      g_ptr_array_add(lists[i][1], part);
    }
  return g_steal_pointer(&node);
}

static gboolean merge_one(Build *b, OakumYaml *into, const OakumYaml *from, GError **error)
{
  GHashTable *keys = b->keys[b->depth - 1];
  if (from->kind != OAKUM_YAML_MAP)
    return fail(b, from->line, from->column, OAKUM_ERROR_INVALID,
                "\"<<\" takes keys and values, or a list of such", error);
  for (guint i = 0; i < from->keys->len; i++) {
    if (g_hash_table_contains(keys, ((const OakumYaml *)from->keys->pdata[i])->text))
      continue;
    g_autoptr(OakumYaml) key = copy_node(b, from->keys->pdata[i], b->depth);
    g_autoptr(OakumYaml) item = key ? copy_node(b, from->items->pdata[i], b->depth) : NULL;
    if (!item)
      return fail(b, from->line, from->column, OAKUM_ERROR_LIMIT,
                  "too many values, or nested too deep", error);
    g_hash_table_add(keys, key->text);
    g_ptr_array_add(into->keys, g_steal_pointer(&key));
    g_ptr_array_add(into->items, g_steal_pointer(&item));
  }
  return TRUE;
}

/* The innermost map is complete. What stands behind its "<<" comes to it, but for keys that it has
 * itself; of several the first that has a key gives it. */
static gboolean merge(Build *b, GError **error)
{
  OakumYaml *map = b->open[b->depth - 1];
  for (guint i = 0; map->keys && i < map->keys->len; i++) {
    const OakumYaml *key = map->keys->pdata[i];
    if (!key->plain || strcmp(key->text, "<<") != 0)
      continue;
    OakumYaml *value = g_ptr_array_steal_index(map->items, i);
    g_ptr_array_add(b->merged, value);
    g_hash_table_remove(b->keys[b->depth - 1], key->text);
    g_ptr_array_remove_index(map->keys, i);
    if (value->kind != OAKUM_YAML_LIST)
      return merge_one(b, map, value, error);
    for (guint k = 0; k < value->items->len; k++)
      if (!merge_one(b, map, value->items->pdata[k], error))
        return FALSE;
    return TRUE;
  }
  return TRUE;
}

static void close_node(Build *b)
{
  b->depth--;
  g_clear_pointer(&b->keys[b->depth], g_hash_table_unref);
}

static gboolean alias(Build *b, struct fy_token *token, int line, int column, GError **error)
{
  size_t len;
  g_autofree char *name = token ? token_text(token, &len) : NULL;
  const OakumYaml *from = name ? g_hash_table_lookup(b->anchors, name) : NULL;
  if (!from)
    return fail(b, line, column, OAKUM_ERROR_INVALID, "no such anchor stands before", error);
  for (guint i = 0; i < b->depth; i++)
    if (b->open[i] == from)
      return fail(b, line, column, OAKUM_ERROR_INVALID, "this would hold itself", error);
  OakumYaml *node = copy_node(b, from, b->depth + 1);
  if (!node)
    return fail(b, line, column, OAKUM_ERROR_LIMIT, "too many values, or nested too deep", error);
  return place(b, node, error);
}

/* !!str, !!seq and !!map say no more than what stands there. */
static gboolean tag_is_plain(struct fy_token *tag, enum fy_event_type type)
{
  size_t len;
  g_autofree char *text = token_text(tag, &len);
  const char *colon = text ? strrchr(text, ':') : NULL, *bang = text ? strrchr(text, '!') : NULL;
  const char *kind = colon ? colon + 1 : bang ? bang + 1 : "";
  return strcmp(kind, type == FYET_SCALAR          ? "str"
                      : type == FYET_MAPPING_START ? "map"
                                                   : "seq") == 0;
}

static gboolean step(Build *b, struct fy_event *event, GError **error)
{
  const struct fy_mark *mark = fy_event_start_mark(event);
  int line = mark ? mark->line + 1 : 1, column = mark ? mark->column + 1 : 1;
  struct fy_token *tag = NULL, *anchor = NULL;
  switch (event->type) {
  case FYET_DOCUMENT_START:
    if (++b->documents == 1)
      return TRUE;
    if (!b->warnings)
      return fail(b, line, column, OAKUM_ERROR_INVALID, "a second document; one file holds one",
                  error);
    warn(b, line, column, "a second document begins here; it is passed over");
    return b->stopped = TRUE;
  case FYET_SCALAR:
    tag = event->scalar.tag;
    anchor = event->scalar.anchor;
    break;
  case FYET_MAPPING_START:
    tag = event->mapping_start.tag;
    anchor = event->mapping_start.anchor;
    break;
  case FYET_SEQUENCE_START:
    tag = event->sequence_start.tag;
    anchor = event->sequence_start.anchor;
    break;
  case FYET_ALIAS:
    return alias(b, event->alias.anchor, line, column, error);
  case FYET_MAPPING_END:
    if (!merge(b, error))
      return FALSE;
    G_GNUC_FALLTHROUGH;
  case FYET_SEQUENCE_END:
    close_node(b);
    return TRUE;
  default:
    return TRUE;
  }
  if (tag && !tag_is_plain(tag, event->type))
    return fail(b, line, column, OAKUM_ERROR_UNSUPPORTED,
                "tags other than !!str, !!seq and !!map are not read", error);
  if (event->type == FYET_SCALAR)
    return scalar(b, event->scalar.value, anchor, tag != NULL, line, column, error);
  return open_node(b, event->type == FYET_MAPPING_START ? OAKUM_YAML_MAP : OAKUM_YAML_LIST, line,
                   column, error) &&
         note_anchor(b, anchor, b->open[b->depth - 1], error);
}

static void syntax_error(const Build *b, struct fy_diag *diag, GError **error)
{
  void *at = NULL;
  const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);
  g_autofree char *shown = oakum_escape_terminal(first && first->msg ? first->msg : "", -1);
  if (first)
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "%s:%d:%d: not YAML: %s", b->what,
                first->line, first->column, shown);
  else
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_INVALID, "%s: not YAML", b->what);
}

/* What YAML forbids anyway (control characters, wrong UTF-8), and directives, over which the parser
 * below may loop for ever, are found before it sees them. */
static gboolean looks_sane(const Build *b, const char *data, size_t len, GError **error)
{
  int line = 1, column = 1;
  for (const char *p = data, *end = data + len; p < end;) {
    gunichar c = g_utf8_get_char_validated(p, end - p);
    if (c == (gunichar)-1 || c == (gunichar)-2)
      return fail(b, line, column, OAKUM_ERROR_INVALID, "not UTF-8", error);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7f && c < 0xa0 && c != 0x85) ||
        (c & 0xfffe) == 0xfffe)
      return fail(b, line, column, OAKUM_ERROR_INVALID, "a control character", error);
    if (c == '%' && column == 1)
      return fail(b, line, column, OAKUM_ERROR_UNSUPPORTED, "directives (%) are not read", error);
    p += g_unichar_to_utf8(c, NULL);
    column++;
    if (c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029) {
      line += c != '\r' || p == end || *p != '\n';
      column = 1;
    }
  }
  return TRUE;
}

static OakumYaml *parse(const char *data, size_t len, const char *what, GPtrArray *warnings,
                        GError **error)
{
  if (len > OAKUM_CONFIG_FILE_MAX) {
    g_set_error(error, OAKUM_CODEC_ERROR, OAKUM_ERROR_LIMIT, "%s: more than %u MiB", what,
                (guint)(OAKUM_CONFIG_FILE_MAX / OAKUM_MIB));
    return NULL;
  }
  g_autoptr(GHashTable) anchors = oakum_str_map_new(g_free, NULL);
  g_autoptr(GPtrArray) merged = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_yaml_free);
  Build b = {.what = what, .anchors = anchors, .merged = merged, .warnings = warnings};
  if (!looks_sane(&b, data, len, error))
    return NULL;
  struct fy_diag_cfg diag_config;
  fy_diag_cfg_default(&diag_config);
  diag_config.fp = NULL;
  struct fy_diag *diag = fy_diag_create(&diag_config);
  fy_diag_set_collect_errors(diag, true);
  /* buffering and mmap are for files */
  const struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG |
                                               FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
                                      .diag = diag};
  b.parser = fy_parser_create(&config);
  gboolean ok = b.parser && fy_parser_set_string(b.parser, data, len) == 0, ended = FALSE;
  while (ok && !ended) {
    struct fy_event *event = fy_parser_parse(b.parser);
    if (!event) { /* the end, or an error that was collected */
      ended = !fy_parser_get_stream_error(b.parser) && !fy_diag_got_error(diag);
      break;
    }
    ended = event->type == FYET_STREAM_END;
    ok = step(&b, event, error);
    ended |= b.stopped;
    fy_parser_event_free(b.parser, event);
  }
  if (ok && !ended)
    syntax_error(&b, diag, error);
  fy_parser_destroy(b.parser);
  fy_diag_destroy(diag);
  while (b.depth > 0)
    close_node(&b);
  oakum_yaml_free(b.key);
  g_autoptr(OakumYaml) top = b.top ? b.top : node_new(OAKUM_YAML_SCALAR, 1, 1);
  if (!ok || !ended)
    return NULL;
  if (!top->text && top->kind == OAKUM_YAML_SCALAR) { /* an empty file is an empty scalar */
    top->text = g_strdup("");
    top->plain = TRUE;
  }
  return g_steal_pointer(&top);
}

OakumYaml *oakum_yaml_parse(const char *data, size_t len, const char *what, GError **error)
{
  return parse(data, len, what, NULL, error);
}

OakumYaml *oakum_yaml_parse_lax(const char *data, size_t len, const char *what, GPtrArray *warnings,
                                GError **error)
{
  return parse(data, len, what, warnings, error);
}

const OakumYaml *oakum_yaml_get(const OakumYaml *map, const char *key)
{
  for (guint i = 0; map && map->keys && i < map->keys->len; i++)
    if (strcmp(((const OakumYaml *)map->keys->pdata[i])->text, key) == 0)
      return map->items->pdata[i];
  return NULL;
}

gboolean oakum_yaml_is_null(const OakumYaml *node)
{
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
  return node->kind == OAKUM_YAML_SCALAR && node->plain && g_strv_contains(nulls, node->text);
}

gboolean oakum_yaml_bool(const OakumYaml *node, gboolean *out)
{
  static const char *const yes[] = {"true", "True", "TRUE", NULL}, *const no[] = {"false", "False",
                                                                                  "FALSE", NULL};
  if (node->kind != OAKUM_YAML_SCALAR || !node->plain)
    return FALSE;
  *out = g_strv_contains(yes, node->text);
  return *out || g_strv_contains(no, node->text);
}
