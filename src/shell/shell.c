/* The result and its memory, and the ways in. */
#include "shell/shell-private.h"
#include <string.h>

/* What oakum_shell_free has to know behind the public part. */
typedef struct {
  OakumShell shell;
  GPtrArray *blocks;
  char *at;
  size_t room, next;
  GPtrArray *commands, *nested;
  guint references;
} Owned;

enum { BLOCK_FIRST = 4096, BLOCK_MAX = 1 << 20 };

gpointer oakum_shell_alloc(OakumShellBuild *b, size_t size)
{
  Owned *owned = (Owned *)(gpointer)b->shell;
  size = (MAX(size, 1) + 7) & ~(size_t)7;
  if (size > owned->room) {
    size_t block = MAX(size, owned->next);
    owned->next = MIN(owned->next * 2, BLOCK_MAX);
    owned->at = g_malloc0(block);
    owned->room = block;
    g_ptr_array_add(owned->blocks, owned->at);
  }
  gpointer memory = owned->at;
  owned->at += size;
  owned->room -= size;
  return memory;
}

const char *oakum_shell_keep(OakumShellBuild *b, const char *bytes, size_t len)
{
  if (len == 0)
    return "";
  char *copy = oakum_shell_alloc(b, len + 1);
  memcpy(copy, bytes, len);
  return copy;
}

gpointer oakum_shell_keep_array(OakumShellBuild *b, GArray *stack, guint mark, guint *count)
{
  guint n = stack->len - mark, size = g_array_get_element_size(stack);
  *count = n;
  if (n == 0)
    return NULL;
  gpointer kept = oakum_shell_alloc(b, (size_t)n * size);
  memcpy(kept, stack->data + (size_t)mark * size, (size_t)n * size);
  g_array_set_size(stack, mark);
  return kept;
}

static void build_init(OakumShellBuild *b, const char *root, OakumShellDialect dialect)
{
  Owned *owned = g_new0(Owned, 1);
  owned->blocks = g_ptr_array_new_with_free_func(g_free);
  owned->next = BLOCK_FIRST;
  owned->references = 1;
  owned->shell.dialect = dialect;
  *b = (OakumShellBuild){.shell = &owned->shell,
                         .root = root,
                         .bytes = g_byte_array_new(),
                         .parts = g_array_new(FALSE, FALSE, sizeof(OakumShellPart)),
                         .words = g_array_new(FALSE, FALSE, sizeof(OakumShellWord)),
                         .redirects = g_array_new(FALSE, FALSE, sizeof(OakumShellRedirect)),
                         .assignments = g_array_new(FALSE, FALSE, sizeof(OakumShellAssignment)),
                         .joins = g_array_new(FALSE, FALSE, sizeof(OakumShellJoin)),
                         .nodes = g_ptr_array_new(),
                         .commands = owned->commands = g_ptr_array_new(),
                         .nested = owned->nested = g_ptr_array_new()};
}

static void count_line(OakumShellError *error, const char *text, size_t len)
{
  error->line = error->column = 1;
  for (size_t i = 0; text && i < error->span.start && i < len; i++) {
    error->column++;
    if (text[i] == '\n') {
      error->line++;
      error->column = 1;
    }
  }
}

/* Ends the building; gives the result. */
static OakumShell *build_finish(OakumShellBuild *b, const OakumShellNode *root,
                                OakumShellError *error, size_t len)
{
  OakumShell *shell = b->shell;
  shell->root = root;
  shell->complete = error == NULL;
  shell->error = error;
  if (error)
    count_line(error, b->root, len);
  for (guint i = 0; i < b->nested->len; i++)
    count_line(b->nested->pdata[i], b->root, len);
  shell->commands = (const OakumShellCommand *const *)(gpointer)b->commands->pdata;
  shell->n_commands = b->commands->len;
  shell->nested_errors = (const OakumShellError *const *)(gpointer)b->nested->pdata;
  shell->n_nested_errors = b->nested->len;
  shell->n_parts = b->count;
  g_byte_array_unref(b->bytes);
  g_array_unref(b->parts);
  g_array_unref(b->words);
  g_array_unref(b->redirects);
  g_array_unref(b->assignments);
  g_array_unref(b->joins);
  g_ptr_array_unref(b->nodes);
  return shell;
}

/* `from` and `to`: see OakumShellParser; NULL for the caller's own text. */
static OakumShell *parse(const char *text, size_t len, const guint32 *from, const guint32 *to,
                         OakumShellDialect dialect, gboolean plain, GError **error)
{
  if (len > OAKUM_SHELL_TEXT_MAX) {
    g_set_error(error, OAKUM_SHELL_ERROR, OAKUM_ERROR_LIMIT,
                "the shell script has %zu bytes; at most %" G_GUINT64_FORMAT " are read", len,
                (guint64)OAKUM_SHELL_TEXT_MAX);
    return NULL;
  }
  OakumShellBuild b;
  build_init(&b, from ? NULL : text, dialect);
  b.plain = plain;
  OakumShellParser p;
  const char *nul = len ? memchr(text, '\0', len) : NULL;
  guint32 readable = nul ? (guint32)(nul - text) : (guint32)len;
  if (!oakum_shell_dialect_readable(dialect))
    readable = 0;
  oakum_shell_parser_init(&p, &b, text ? text : "", readable, dialect, 0);
  p.from = from;
  p.to = to;
  const OakumShellNode *root = oakum_shell_script(&p);
  if (!oakum_shell_dialect_readable(dialect))
    oakum_shell_fail(&p, OAKUM_ERROR_UNSUPPORTED, 0, 0, "scripts for \"%s\" are not read",
                     oakum_shell_dialect_name(dialect));
  else if (nul)
    oakum_shell_fail(&p, OAKUM_ERROR_INVALID, readable, readable, "the script holds a NUL byte");
  oakum_shell_parser_clear(&p);
  oakum_shell_walk(&b, root, dialect);
  return build_finish(&b, root, p.error, len);
}

OakumShell *oakum_shell_parse(const char *text, size_t len, OakumShellDialect dialect,
                              GError **error)
{
  return parse(text, len, NULL, NULL, dialect, FALSE, error);
}

OakumShell *oakum_shell_parse_plain(const char *text, size_t len, OakumShellDialect dialect,
                                    GError **error)
{
  return parse(text, len, NULL, NULL, dialect, TRUE, error);
}

/* All values must fit, and their spans be in order. */
static gboolean exec_fits(const OakumShellExecWord *words, size_t n, GError **error)
{
  size_t total = 0;
  for (size_t i = 0; i < n; i++)
    total += strlen(words[i].value) + 1;
  if (total <= OAKUM_SHELL_TEXT_MAX && n < OAKUM_SHELL_PARTS_MAX / 4)
    return TRUE;
  g_set_error(error, OAKUM_SHELL_ERROR, OAKUM_ERROR_LIMIT,
              "the exec form has %zu words of %zu bytes together; at most %u of %" G_GUINT64_FORMAT
              " are read",
              n, total, OAKUM_SHELL_PARTS_MAX / 4, (guint64)OAKUM_SHELL_TEXT_MAX);
  return FALSE;
}

OakumShell *oakum_shell_from_exec(const OakumShellExecWord *words, size_t n_words, GError **error)
{
  if (!exec_fits(words, n_words, error))
    return NULL;
  OakumShellBuild b;
  build_init(&b, NULL, OAKUM_SHELL_SH);
  OakumShellParser p;
  oakum_shell_parser_init(&p, &b, "", 0, OAKUM_SHELL_SH, 0);
  OakumShellNode *root = oakum_shell_node(&p, OAKUM_SHELL_NODE_SEQUENCE);
  if (n_words) {
    OakumShellNode *node = oakum_shell_node(&p, OAKUM_SHELL_NODE_SIMPLE);
    OakumShellCommand *command = oakum_shell_alloc(&b, sizeof *command);
    OakumShellWord *copies = oakum_shell_alloc(&b, n_words * sizeof *copies);
    OakumShellPart *parts = oakum_shell_alloc(&b, n_words * sizeof *parts);
    for (size_t i = 0; i < n_words; i++) {
      const char *value = oakum_shell_keep(&b, words[i].value, strlen(words[i].value));
      parts[i] = (OakumShellPart){.kind = OAKUM_SHELL_PART_SINGLE,
                                  .span = words[i].span,
                                  .quoted = TRUE,
                                  .value = value,
                                  .text = value,
                                  .op_text = ""};
      copies[i] =
          (OakumShellWord){.span = words[i].span,
                           .parts = &parts[i],
                           .n_parts = 1,
                           .literal = value,
                           .text = value,
                           .quoting = OAKUM_SHELL_QUOTED_WHOLLY,
                           .exact = words[i].span.end - words[i].span.start == strlen(value) + 2};
    }
    command->words = copies;
    command->n_words = (guint)n_words;
    command->name = oakum_shell_base_name(copies[0].literal);
    command->span = (OakumShellSpan){copies[0].span.start, copies[n_words - 1].span.end};
    command->exact = TRUE;
    command->node = node;
    node->command = command;
    node->span = root->span = command->span;
    node->parent = root;
    const OakumShellNode **children = oakum_shell_alloc(&b, sizeof *children);
    children[0] = node;
    root->children = children;
    root->n_children = 1;
    root->joins = oakum_shell_alloc(&b, sizeof(OakumShellJoin));
  }
  oakum_shell_parser_clear(&p);
  oakum_shell_walk(&b, root, OAKUM_SHELL_SH);
  return build_finish(&b, root, NULL, 0);
}

OakumShell *oakum_shell_parse_exec(const OakumShellExecWord *words, size_t n_words,
                                   OakumShellDialect dialect, GError **error)
{
  if (!exec_fits(words, n_words, error))
    return NULL;
  g_autoptr(GString) text = g_string_new(NULL);
  for (size_t i = 0; i < n_words; i++)
    g_string_append_printf(text, "%s%s", i ? " " : "", words[i].value);
  g_autofree guint32 *from = g_new(guint32, text->len + 1), *to = g_new(guint32, text->len + 1);
  from[0] = to[0] = n_words ? words[0].span.start : 0;
  guint32 at = 0;
  for (size_t i = 0; i < n_words; i++) {
    OakumShellSpan span = words[i].span;
    if (i > 0) {
      from[at] = words[i - 1].span.end;
      to[at++] = MAX(words[i - 1].span.end, span.start);
    }
    guint32 len = (guint32)strlen(words[i].value);
    gboolean plain = span.end - span.start == len + 2;
    for (guint32 j = 0; j < len; j++, at++) {
      from[at] = plain ? span.start + 1 + j : span.start;
      to[at] = plain ? from[at] + 1 : span.end;
    }
  }
  return parse(text->str, text->len, from, to, dialect, FALSE, error);
}

const OakumShellError *oakum_shell_error(const OakumShell *shell)
{
  return shell->error;
}

void oakum_shell_free(OakumShell *shell)
{
  if (!shell)
    return;
  Owned *owned = (Owned *)(gpointer)shell;
  if (--owned->references > 0)
    return;
  g_ptr_array_unref(owned->blocks);
  g_ptr_array_unref(owned->commands);
  g_ptr_array_unref(owned->nested);
  g_free(owned);
}

/* ---- texts that are read again and again ---- */
struct OakumShellCache {
  GHashTable *now, *before; /* text → OakumShell: of this round, and of the one before it */
};

static void shell_free(gpointer shell)
{
  oakum_shell_free(shell);
}

OakumShellCache *oakum_shell_cache_new(void)
{
  OakumShellCache *cache = g_new0(OakumShellCache, 1);
  cache->now = oakum_str_map_new(g_free, shell_free);
  cache->before = oakum_str_map_new(g_free, shell_free);
  return cache;
}

void oakum_shell_cache_free(OakumShellCache *cache)
{
  if (!cache)
    return;
  g_hash_table_unref(cache->now);
  g_hash_table_unref(cache->before);
  g_free(cache);
}

void oakum_shell_cache_turn(OakumShellCache *cache)
{
  GHashTable *oldest = cache->before;
  g_hash_table_remove_all(oldest);
  cache->before = cache->now;
  cache->now = oldest;
}

OakumShell *oakum_shell_cache_parse(OakumShellCache *cache, const char *text,
                                    OakumShellDialect dialect, GError **error)
{
  OakumShell *shell = g_hash_table_lookup(cache->now, text);
  if (!shell || shell->dialect != dialect) {
    gpointer key = NULL, value = NULL;
    if (!g_hash_table_steal_extended(cache->before, text, &key, &value) ||
        ((OakumShell *)value)->dialect != dialect) {
      oakum_shell_free(value);
      value = oakum_shell_parse(text, strlen(text), dialect, error);
      if (!key)
        key = g_strdup(text);
    }
    shell = value;
    if (!shell) {
      g_free(key);
      return NULL;
    }
    g_hash_table_replace(cache->now, key, shell);
  }
  ((Owned *)(gpointer)shell)->references++;
  return shell;
}

const char *oakum_shell_join_name(OakumShellJoin join)
{
  static const char *const names[] = {"", "newline", ";", "&", "&&", "||", "|", "|&"};
  return names[join];
}

const char *oakum_shell_node_name(OakumShellNodeKind kind)
{
  static const char *const names[] = {"simple", "pipeline", "and-or",    "sequence",  "subshell",
                                      "group",  "if",       "for",       "for-arith", "while",
                                      "until",  "case",     "case-item", "select",    "function",
                                      "cond",   "arith",    "coproc"};
  return names[kind];
}
