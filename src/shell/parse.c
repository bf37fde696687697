/* The grammar: lists, pipelines, compounds, simple commands. */
#include "shell/shell-private.h"
#include <string.h>

static OakumShellNode *parse_command(OakumShellParser *p);

OakumShellNode *oakum_shell_node(OakumShellParser *p, OakumShellNodeKind kind)
{
  oakum_shell_charge(p);
  OakumShellNode *node = oakum_shell_alloc(p->b, sizeof *node);
  node->kind = kind;
  node->span = oakum_shell_span(p, p->pos, p->pos);
  node->ending = "";
  return node;
}

void oakum_shell_finish_node(OakumShellParser *p, OakumShellNode *node)
{
  guint32 end = oakum_shell_span(p, p->end - MIN(p->end, 1), p->end).end;
  node->span.end = MAX(node->span.start, end);
}

static OakumShellNode *own(OakumShellNode *parent, const OakumShellNode *child)
{
  OakumShellNode *mine = (OakumShellNode *)(gpointer)child;
  mine->parent = parent;
  return mine;
}

static void keep_children(OakumShellParser *p, OakumShellNode *node, guint nodes, guint joins)
{
  GPtrArray *stack = p->b->nodes;
  guint n = stack->len - nodes;
  const OakumShellNode **children = oakum_shell_alloc(p->b, n * sizeof *children);
  for (guint i = 0; i < n; i++)
    children[i] = own(node, stack->pdata[nodes + i]);
  g_ptr_array_set_size(stack, (gint)nodes);
  node->children = children;
  node->n_children = n;
  guint n_joins;
  node->joins = oakum_shell_keep_array(p->b, p->b->joins, joins, &n_joins);
}

static void push_child(OakumShellParser *p, OakumShellNode *child, OakumShellRole role)
{
  child->role = role;
  g_ptr_array_add(p->b->nodes, child);
}

static void push_join(OakumShellParser *p, OakumShellJoin join)
{
  g_array_append_val(p->b->joins, join);
}

/* ---- lists ---- */
static gboolean at_terminator(const OakumShellParser *p)
{
  static const char *const words[] = {"then", "do", "done", "fi", "elif", "else", "esac", "}"};
  int c = oakum_shell_peek(p);
  if (c < 0 || c == ')' || (c == ';' && oakum_shell_peek2(p) == ';') ||
      (c == ';' && oakum_shell_peek2(p) == '&' && p->bash))
    return TRUE;
  if (c != '}' && c != 't' && c != 'd' && c != 'f' && c != 'e')
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (oakum_shell_at_word(p, words[i]))
      return TRUE;
  return FALSE;
}

static OakumShellNode *parse_and_or(OakumShellParser *p);

OakumShellNode *oakum_shell_list(OakumShellParser *p)
{
  OakumShellNode *node = oakum_shell_node(p, OAKUM_SHELL_NODE_SEQUENCE);
  node->span.start = node->span.end = oakum_shell_span(p, p->end - MIN(p->end, 1), p->end).end;
  oakum_shell_skip_newlines(p);
  guint nodes = p->b->nodes->len, joins = p->b->joins->len;
  while (!p->error && !at_terminator(p)) {
    OakumShellNode *child = parse_and_or(p);
    if (child)
      push_child(p, child, OAKUM_SHELL_ROLE_NONE);
    oakum_shell_skip_blanks(p);
    int c = oakum_shell_peek(p), next = oakum_shell_peek2(p);
    OakumShellJoin join = OAKUM_SHELL_JOIN_NONE;
    if (c == '\n')
      join = OAKUM_SHELL_JOIN_NEWLINE;
    else if (c == ';' && next != ';' && !(next == '&' && p->bash))
      join = OAKUM_SHELL_JOIN_SEMICOLON;
    else if (c == '&' && next != '&')
      join = OAKUM_SHELL_JOIN_BACKGROUND;
    if (child)
      push_join(p, p->error ? OAKUM_SHELL_JOIN_NONE : join);
    if (p->error || join == OAKUM_SHELL_JOIN_NONE)
      break;
    if (c != '\n')
      oakum_shell_take(p);
    oakum_shell_skip_newlines(p);
  }
  keep_children(p, node, nodes, joins);
  if (node->n_children) {
    node->span.start = node->children[0]->span.start;
    node->span.end = node->children[node->n_children - 1]->span.end;
  }
  return node;
}

/* A list that must hold something. */
static OakumShellNode *body(OakumShellParser *p)
{
  OakumShellNode *list = oakum_shell_list(p);
  if (list->n_children == 0)
    oakum_shell_unexpected(p, "a command");
  return list;
}

OakumShellNode *oakum_shell_script(OakumShellParser *p)
{
  OakumShellNode *script = oakum_shell_list(p);
  if (!p->error && p->pos < p->len)
    oakum_shell_unexpected(p, NULL);
  return script;
}

/* ---- and-or, pipelines ---- */
static gboolean pipe_begins(const OakumShellParser *p)
{
  return oakum_shell_peek(p) == '|' && oakum_shell_peek2(p) != '|';
}

/* "!" and "time" may stand alone in bash. */
static gboolean at_list_end(const OakumShellParser *p)
{
  int c = oakum_shell_peek(p);
  return p->bash && (c < 0 || c == '\n' || c == ';');
}

static gboolean take_time(OakumShellParser *p)
{
  if (!p->bash || !oakum_shell_at_word(p, "time"))
    return FALSE;
  /* "time -f x" and "time --x" are the program */
  OakumShellParser ahead = *p;
  (void)!oakum_shell_take_word(&ahead, "time");
  oakum_shell_skip_blanks(&ahead);
  if (oakum_shell_peek(&ahead) == '-' && !oakum_shell_at_word(&ahead, "-p") &&
      !oakum_shell_at_word(&ahead, "--"))
    return FALSE;
  (void)!oakum_shell_take_word(p, "time");
  oakum_shell_skip_blanks(p);
  if (oakum_shell_take_word(p, "-p"))
    oakum_shell_skip_blanks(p);
  if (oakum_shell_take_word(p, "--"))
    oakum_shell_skip_blanks(p);
  return TRUE;
}

static OakumShellNode *parse_pipeline(OakumShellParser *p)
{
  OakumShellNode *node = NULL;
  guint nodes = p->b->nodes->len, joins = p->b->joins->len;
  OakumShellSpan start = oakum_shell_span(p, p->pos, p->pos);
  gboolean negated = FALSE, timed = FALSE, prefixed = FALSE;
  for (;;) {
    oakum_shell_skip_blanks(p);
    if ((oakum_shell_at_word(p, "!") ||
         (oakum_shell_peek(p) == '!' && oakum_shell_peek2(p) == '(')) &&
        (p->bash || !prefixed)) {
      oakum_shell_take(p);
      negated = !negated;
    } else if (take_time(p)) {
      timed = TRUE;
    } else {
      break;
    }
    prefixed = TRUE;
  }
  if (!(prefixed && at_list_end(p))) {
    for (;;) {
      OakumShellNode *child = parse_command(p);
      if (child)
        push_child(p, child, OAKUM_SHELL_ROLE_NONE);
      oakum_shell_skip_blanks(p);
      if (p->error || !pipe_begins(p)) {
        if (child)
          push_join(p, OAKUM_SHELL_JOIN_NONE);
        break;
      }
      oakum_shell_take(p);
      gboolean both = p->bash && oakum_shell_peek(p) == '&';
      if (both)
        oakum_shell_take(p);
      push_join(p, both ? OAKUM_SHELL_JOIN_PIPE_BOTH : OAKUM_SHELL_JOIN_PIPE);
      oakum_shell_skip_newlines(p);
    }
  }
  guint n = p->b->nodes->len - nodes;
  if (n == 0 && !prefixed)
    return NULL;
  if (n == 1 && !prefixed) {
    node = p->b->nodes->pdata[nodes];
    g_ptr_array_set_size(p->b->nodes, (gint)nodes);
    g_array_set_size(p->b->joins, joins);
    return node;
  }
  node = oakum_shell_node(p, OAKUM_SHELL_NODE_PIPELINE);
  node->span.start = start.start;
  node->negated = negated;
  node->timed = timed;
  keep_children(p, node, nodes, joins);
  oakum_shell_finish_node(p, node);
  return node;
}

static OakumShellNode *parse_and_or(OakumShellParser *p)
{
  guint nodes = p->b->nodes->len, joins = p->b->joins->len;
  OakumShellSpan start = oakum_shell_span(p, p->pos, p->pos);
  for (;;) {
    OakumShellNode *child = parse_pipeline(p);
    if (child)
      push_child(p, child, OAKUM_SHELL_ROLE_NONE);
    oakum_shell_skip_blanks(p);
    int c = oakum_shell_peek(p);
    if (p->error || (c != '&' && c != '|') || oakum_shell_peek2(p) != c) {
      if (child)
        push_join(p, OAKUM_SHELL_JOIN_NONE);
      break;
    }
    oakum_shell_take(p);
    oakum_shell_take(p);
    push_join(p, c == '&' ? OAKUM_SHELL_JOIN_AND : OAKUM_SHELL_JOIN_OR);
    oakum_shell_skip_newlines(p);
  }
  guint n = p->b->nodes->len - nodes;
  if (n <= 1) {
    OakumShellNode *only = n ? p->b->nodes->pdata[nodes] : NULL;
    g_ptr_array_set_size(p->b->nodes, (gint)nodes);
    g_array_set_size(p->b->joins, joins);
    return only;
  }
  OakumShellNode *node = oakum_shell_node(p, OAKUM_SHELL_NODE_AND_OR);
  node->span.start = start.start;
  keep_children(p, node, nodes, joins);
  oakum_shell_finish_node(p, node);
  return node;
}

/* ---- compounds ---- */
static gboolean expect(OakumShellParser *p, const char *word)
{
  oakum_shell_skip_blanks(p);
  if (!p->error && oakum_shell_take_word(p, word))
    return TRUE;
  g_autofree char *quoted = g_strdup_printf("\"%s\"", word);
  oakum_shell_unexpected(p, quoted);
  return FALSE;
}

static void parse_if(OakumShellParser *p)
{
  for (;;) { /* behind "if" or "elif" */
    push_child(p, body(p), OAKUM_SHELL_ROLE_CONDITION);
    if (!expect(p, "then"))
      return;
    push_child(p, body(p), OAKUM_SHELL_ROLE_BODY);
    if (p->error)
      return;
    if (oakum_shell_take_word(p, "elif"))
      continue;
    if (oakum_shell_take_word(p, "else"))
      push_child(p, body(p), OAKUM_SHELL_ROLE_ELSE);
    (void)!expect(p, "fi");
    return;
  }
}

/* "do list done"; bash also takes a group behind for and select. */
static void parse_do(OakumShellParser *p, gboolean group)
{
  oakum_shell_skip_newlines(p);
  if (p->error)
    return;
  gboolean braces = group && p->bash && oakum_shell_take_word(p, "{");
  if (!braces && !expect(p, "do"))
    return;
  push_child(p, body(p), OAKUM_SHELL_ROLE_BODY);
  if (!p->error)
    (void)!expect(p, braces ? "}" : "done");
}

static gboolean is_identifier(const char *text)
{
  if (!text || !oakum_shell_is_name((guchar)text[0], TRUE))
    return FALSE;
  while (oakum_shell_is_name((guchar)*text, FALSE))
    text++;
  return !*text;
}

static void words_to_end(OakumShellParser *p)
{
  for (;;) {
    oakum_shell_skip_blanks(p);
    int c = oakum_shell_peek(p);
    if (p->error || (oakum_shell_is_meta(c) &&
                     !(p->ash && (c == '<' || c == '>') && oakum_shell_peek2(p) == '(')))
      return;
    OakumShellWord word;
    oakum_shell_word(p, OAKUM_SHELL_WORD_PLAIN, &word);
    if (word.n_parts)
      g_array_append_val(p->b->words, word);
  }
}

/* One expression of for (( ; ; )). */
static void arith_word(OakumShellParser *p, char close, char close2)
{
  guint32 start = p->pos;
  guint mark = p->b->parts->len;
  p->end = start;
  (void)!oakum_shell_parts(
      p,
      (OakumShellMode){.dq = TRUE, .single = TRUE, .open = '(', .close = close, .close2 = close2});
  OakumShellWord word;
  oakum_shell_finish_word(p, mark, start, FALSE, &word);
  g_array_append_val(p->b->words, word);
}

static void parse_for_arith(OakumShellParser *p, OakumShellNode *node, guint32 start)
{
  node->kind = OAKUM_SHELL_NODE_FOR_ARITH;
  guint mark = p->b->words->len;
  oakum_shell_take(p);
  oakum_shell_take(p);
  for (guint i = 0; i < 3 && !p->error; i++) {
    arith_word(p, ')', ';');
    if (i < 2 && oakum_shell_peek(p) == ';')
      oakum_shell_take(p);
    else if (i < 2)
      oakum_shell_unexpected(p, "\";\"");
  }
  if (!p->error && oakum_shell_peek(p) == ')' && oakum_shell_peek2(p) == ')') {
    oakum_shell_take(p);
    oakum_shell_take(p);
  } else {
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, start + 2, "this \"((\" is never closed");
  }
  node->words = oakum_shell_keep_array(p->b, p->b->words, mark, &node->n_words);
  oakum_shell_skip_blanks(p);
  if (!p->error && oakum_shell_peek(p) == ';')
    oakum_shell_take(p);
  parse_do(p, TRUE);
}

static void parse_for(OakumShellParser *p, OakumShellNode *node)
{
  oakum_shell_skip_blanks(p);
  if (node->kind == OAKUM_SHELL_NODE_FOR && p->bash && oakum_shell_peek(p) == '(' &&
      oakum_shell_peek2(p) == '(') {
    parse_for_arith(p, node, p->pos);
    return;
  }
  OakumShellWord name;
  guint32 start = p->pos;
  if (!oakum_shell_word(p, 0, &name))
    return;
  if (!p->bash && (!is_identifier(name.literal) || name.quoting != OAKUM_SHELL_QUOTED_NOT))
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, p->end, "this is no name for a variable");
  node->name = name.text;
  oakum_shell_skip_blanks(p);
  gboolean semicolon = FALSE;
  if (oakum_shell_peek(p) == ';' && oakum_shell_peek2(p) != ';') {
    oakum_shell_take(p);
    semicolon = TRUE;
  }
  oakum_shell_skip_newlines(p);
  if (!p->error && !semicolon && oakum_shell_take_word(p, "in")) {
    node->has_in = TRUE;
    guint mark = p->b->words->len;
    words_to_end(p);
    node->words = oakum_shell_keep_array(p->b, p->b->words, mark, &node->n_words);
    int c = oakum_shell_peek(p);
    if (c == ';' && oakum_shell_peek2(p) != ';')
      oakum_shell_take(p);
    else if (c != '\n')
      oakum_shell_unexpected(p, "\";\" or a new line");
  }
  parse_do(p, TRUE);
}

static void parse_case_item(OakumShellParser *p, OakumShellNode *item)
{
  guint mark = p->b->words->len;
  if (oakum_shell_peek(p) == '(')
    oakum_shell_take(p);
  for (;;) {
    oakum_shell_skip_blanks(p);
    OakumShellWord word;
    gboolean good = oakum_shell_word(p, OAKUM_SHELL_WORD_GLOB, &word);
    if (word.n_parts)
      g_array_append_val(p->b->words, word);
    if (!good)
      break;
    oakum_shell_skip_blanks(p);
    if (oakum_shell_peek(p) == '|') {
      oakum_shell_take(p);
      continue;
    }
    if (oakum_shell_peek(p) == ')')
      oakum_shell_take(p);
    else
      oakum_shell_unexpected(p, "\")\" behind the pattern");
    break;
  }
  item->words = oakum_shell_keep_array(p->b, p->b->words, mark, &item->n_words);
  if (p->error)
    return;
  guint nodes = p->b->nodes->len, joins = p->b->joins->len;
  push_child(p, oakum_shell_list(p), OAKUM_SHELL_ROLE_BODY);
  keep_children(p, item, nodes, joins);
  oakum_shell_skip_blanks(p);
  if (p->error || oakum_shell_peek(p) != ';')
    return;
  oakum_shell_take(p); /* at_terminator has seen two signs */
  int c = oakum_shell_peek(p);
  oakum_shell_take(p);
  item->ending = c == '&' ? ";&" : ";;";
  if (c == ';' && p->bash && oakum_shell_peek(p) == '&') {
    oakum_shell_take(p);
    item->ending = ";;&";
  }
}

static void parse_case(OakumShellParser *p, OakumShellNode *node)
{
  oakum_shell_skip_blanks(p);
  guint mark = p->b->words->len;
  OakumShellWord subject;
  gboolean good = oakum_shell_word(p, OAKUM_SHELL_WORD_GLOB, &subject);
  if (subject.n_parts)
    g_array_append_val(p->b->words, subject);
  node->words = oakum_shell_keep_array(p->b, p->b->words, mark, &node->n_words);
  if (!good)
    return;
  oakum_shell_skip_newlines(p);
  if (!expect(p, "in"))
    return;
  gboolean ended = TRUE;
  for (;;) {
    oakum_shell_skip_newlines(p);
    if (p->error)
      return;
    if (oakum_shell_take_word(p, "esac"))
      return;
    if (!ended || p->pos >= p->len) {
      oakum_shell_unexpected(p, "\";;\" or \"esac\"");
      return;
    }
    OakumShellNode *item = oakum_shell_node(p, OAKUM_SHELL_NODE_CASE_ITEM);
    parse_case_item(p, item);
    oakum_shell_finish_node(p, item);
    push_child(p, item, OAKUM_SHELL_ROLE_NONE);
    ended = *item->ending != '\0';
  }
}

static void parse_parens(OakumShellParser *p)
{
  oakum_shell_take(p);
  push_child(p, body(p), OAKUM_SHELL_ROLE_BODY);
  if (p->error)
    return;
  if (oakum_shell_peek(p) == ')')
    oakum_shell_take(p);
  else
    oakum_shell_unexpected(p, "\")\"");
}

static void parse_arith(OakumShellParser *p, OakumShellNode *node)
{
  guint32 start = p->pos;
  guint mark = p->b->words->len;
  oakum_shell_take(p);
  oakum_shell_take(p);
  arith_word(p, ')', 0);
  if (!p->error && oakum_shell_peek(p) == ')' && oakum_shell_peek2(p) == ')') {
    oakum_shell_take(p);
    oakum_shell_take(p);
  } else {
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, start + 2, "this \"((\" is never closed");
  }
  node->words = oakum_shell_keep_array(p->b, p->b->words, mark, &node->n_words);
}

/* The compound that begins at pos, by its first word; FALSE when none does. */
static gboolean compound_kind(const OakumShellParser *p, OakumShellNodeKind *kind)
{
  static const struct {
    const char *word;
    OakumShellNodeKind kind;
    gboolean bash; /* only there */
  } words[] = {{"{", OAKUM_SHELL_NODE_GROUP, FALSE},     {"if", OAKUM_SHELL_NODE_IF, FALSE},
               {"for", OAKUM_SHELL_NODE_FOR, FALSE},     {"while", OAKUM_SHELL_NODE_WHILE, FALSE},
               {"until", OAKUM_SHELL_NODE_UNTIL, FALSE}, {"case", OAKUM_SHELL_NODE_CASE, FALSE},
               {"[[", OAKUM_SHELL_NODE_COND, TRUE},      {"select", OAKUM_SHELL_NODE_SELECT, TRUE}};
  if (oakum_shell_peek(p) == '(') {
    guint32 second = oakum_shell_next(p, p->pos);
    gboolean arith = p->bash && second < p->len && p->text[second] == '(' &&
                     oakum_shell_is_arithmetic(p, oakum_shell_next(p, second));
    *kind = arith ? OAKUM_SHELL_NODE_ARITH : OAKUM_SHELL_NODE_SUBSHELL;
    return TRUE;
  }
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if ((!words[i].bash || p->bash) && oakum_shell_at_word(p, words[i].word)) {
      *kind = words[i].kind;
      return TRUE;
    }
  return FALSE;
}

static void take_reserved(OakumShellParser *p)
{
  while (!oakum_shell_is_meta(oakum_shell_peek(p)))
    oakum_shell_take(p);
}

static void parse_redirects(OakumShellParser *p, OakumShellNode *node)
{
  guint mark = p->b->redirects->len;
  do
    oakum_shell_skip_blanks(p);
  while (!p->error && oakum_shell_redirect(p));
  node->redirects = oakum_shell_keep_array(p->b, p->b->redirects, mark, &node->n_redirects);
}

static OakumShellNode *parse_compound(OakumShellParser *p, OakumShellNodeKind kind)
{
  OakumShellNode *node = oakum_shell_node(p, kind);
  guint nodes = p->b->nodes->len, joins = p->b->joins->len;
  if (kind != OAKUM_SHELL_NODE_ARITH && kind != OAKUM_SHELL_NODE_SUBSHELL)
    take_reserved(p);
  switch (kind) {
  case OAKUM_SHELL_NODE_GROUP:
    push_child(p, body(p), OAKUM_SHELL_ROLE_BODY);
    (void)!expect(p, "}");
    break;
  case OAKUM_SHELL_NODE_IF:
    parse_if(p);
    break;
  case OAKUM_SHELL_NODE_FOR:
  case OAKUM_SHELL_NODE_SELECT:
    parse_for(p, node);
    break;
  case OAKUM_SHELL_NODE_WHILE:
  case OAKUM_SHELL_NODE_UNTIL:
    push_child(p, body(p), OAKUM_SHELL_ROLE_CONDITION);
    if (!p->error)
      parse_do(p, FALSE);
    break;
  case OAKUM_SHELL_NODE_CASE:
    parse_case(p, node);
    break;
  case OAKUM_SHELL_NODE_COND:
    oakum_shell_cond(p, node);
    break;
  case OAKUM_SHELL_NODE_ARITH:
    parse_arith(p, node);
    break;
  default:
    parse_parens(p);
    break;
  }
  keep_children(p, node, nodes, joins);
  if (!p->error)
    parse_redirects(p, node);
  oakum_shell_finish_node(p, node);
  return node;
}

/* ---- functions ---- */
/* Behind the name and "()"; `word`: it began with "function". */
static void function_body(OakumShellParser *p, OakumShellNode *node, gboolean word)
{
  node->kind = OAKUM_SHELL_NODE_FUNCTION;
  guint nodes = p->b->nodes->len, joins = p->b->joins->len;
  oakum_shell_skip_newlines(p);
  OakumShellNodeKind kind;
  if (!p->error && (p->bash || word) && !compound_kind(p, &kind))
    oakum_shell_unexpected(p, "the body of the function");
  OakumShellNode *child = p->error ? NULL : parse_command(p);
  if (child)
    push_child(p, child, OAKUM_SHELL_ROLE_BODY);
  keep_children(p, node, nodes, joins);
  oakum_shell_finish_node(p, node);
}

static void take_parens(OakumShellParser *p)
{
  oakum_shell_take(p);
  oakum_shell_skip_blanks(p);
  if (oakum_shell_peek(p) == ')')
    oakum_shell_take(p);
  else
    oakum_shell_unexpected(p, "\")\"");
}

static OakumShellNode *parse_function(OakumShellParser *p)
{
  OakumShellNode *node = oakum_shell_node(p, OAKUM_SHELL_NODE_FUNCTION);
  take_reserved(p);
  oakum_shell_skip_blanks(p);
  OakumShellWord name;
  guint32 start = p->pos;
  if (oakum_shell_word(p, 0, &name)) {
    node->name = name.text;
    if (!p->bash && !is_identifier(name.literal))
      oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, p->end, "this is no name for a function");
    oakum_shell_skip_blanks(p);
    if (oakum_shell_peek(p) == '(' && oakum_shell_peek2(p) != '(') {
      guint32 inside = oakum_shell_next(p, p->pos);
      while (inside < p->len && (p->text[inside] == ' ' || p->text[inside] == '\t'))
        inside = oakum_shell_next(p, inside);
      if (inside < p->len && p->text[inside] == ')') /* else the body is a subshell */
        take_parens(p);
    }
    if (!p->error)
      function_body(p, node, TRUE);
  }
  oakum_shell_finish_node(p, node);
  return node;
}

static OakumShellNode *parse_coproc(OakumShellParser *p)
{
  OakumShellNode *node = oakum_shell_node(p, OAKUM_SHELL_NODE_COPROC);
  guint nodes = p->b->nodes->len, joins = p->b->joins->len;
  take_reserved(p);
  oakum_shell_skip_blanks(p);
  OakumShellNodeKind kind;
  if (!compound_kind(p, &kind) && !oakum_shell_is_meta(oakum_shell_peek(p))) {
    /* a name, when a compound follows it */
    OakumShellParser ahead = *p;
    while (oakum_shell_is_name(oakum_shell_peek(&ahead), FALSE))
      oakum_shell_take(&ahead);
    guint32 end = ahead.pos;
    oakum_shell_skip_blanks(&ahead);
    if (ahead.pos > end && end > p->pos && compound_kind(&ahead, &kind)) {
      OakumShellWord name;
      (void)!oakum_shell_word(p, 0, &name);
      node->name = name.text;
      oakum_shell_skip_blanks(p);
    }
  }
  OakumShellNode *child = parse_command(p);
  if (child)
    push_child(p, child, OAKUM_SHELL_ROLE_BODY);
  keep_children(p, node, nodes, joins);
  oakum_shell_finish_node(p, node);
  return node;
}

/* ---- simple commands ---- */
/* At "name=", "name+=" or "name[..]=": reads the assignment. */
static gboolean parse_assignment(OakumShellParser *p)
{
  guint32 start = p->pos, pos = start;
  while (pos < p->len && oakum_shell_is_name((guchar)p->text[pos], pos == start))
    pos = oakum_shell_next(p, pos);
  guint32 name_end = pos, subscript = 0;
  if (pos == start || pos >= p->len)
    return FALSE;
  if (p->bash && p->text[pos] == '[' && (subscript = oakum_shell_subscript(p, pos)) != 0)
    pos = subscript;
  gboolean append = FALSE;
  if (p->bash && pos < p->len && p->text[pos] == '+') {
    append = TRUE;
    pos = oakum_shell_next(p, pos);
  }
  if (pos >= p->len || p->text[pos] != '=')
    return FALSE;

  oakum_shell_charge(p);
  OakumShellAssignment assignment = {.append = append};
  guint mark = p->b->bytes->len;
  for (; p->pos < name_end; oakum_shell_take(p))
    g_byte_array_append(p->b->bytes, (const guint8 *)p->text + p->pos, 1);
  assignment.name =
      oakum_shell_keep(p->b, (const char *)p->b->bytes->data + mark, p->b->bytes->len - mark);
  g_byte_array_set_size(p->b->bytes, mark);
  if (subscript) {
    guint parts = p->b->parts->len;
    gboolean closed = oakum_shell_take_subscript(p);
    assignment.subscript_parts =
        oakum_shell_keep_array(p->b, p->b->parts, parts, &assignment.n_subscript_parts);
    guint32 inside = oakum_shell_next(p, name_end), end = MAX(p->end, inside + 1) - 1;
    assignment.subscript =
        oakum_shell_keep(p->b, p->text + inside, MIN(end - inside, OAKUM_SHELL_SHOWN_MAX));
    if (!closed || p->pos != subscript) { /* quotes in it that only look like a pair */
      oakum_shell_unexpected(p, "\"=\"");
      return FALSE;
    }
  }
  if (append)
    oakum_shell_take(p);
  oakum_shell_take(p); /* = */
  if (p->bash && oakum_shell_peek(p) == '(') {
    guint words = p->b->words->len;
    guint32 value = p->pos;
    oakum_shell_array(p);
    assignment.array = TRUE;
    assignment.elements = oakum_shell_keep_array(p->b, p->b->words, words, &assignment.n_elements);
    guint32 len = MIN(p->end - value, (guint32)OAKUM_SHELL_SHOWN_MAX);
    assignment.value = (OakumShellWord){.span = oakum_shell_span(p, value, p->end),
                                        .text = oakum_shell_keep(p->b, p->text + value, len),
                                        .exact = oakum_shell_exact(p, value, p->end)};
  } else {
    oakum_shell_word(p, OAKUM_SHELL_WORD_ASSIGN | OAKUM_SHELL_WORD_EMPTY, &assignment.value);
  }
  assignment.span = oakum_shell_span(p, start, MAX(p->end, pos + 1));
  g_array_append_val(p->b->assignments, assignment);
  return TRUE;
}

static gboolean declares(const char *name)
{
  static const char *const names[] = {"declare",  "typeset", "local", "export",
                                      "readonly", "eval",    "let",   "alias"};
  for (size_t i = 0; name && i < G_N_ELEMENTS(names); i++)
    if (strcmp(name, names[i]) == 0)
      return TRUE;
  return FALSE;
}

/* ash: between "[[" and "]]", which are words of a simple command, && and || are words too. */
static gboolean in_test(const OakumShellParser *p, guint mark)
{
  GArray *words = p->b->words;
  if (p->bash || !p->ash || words->len == mark)
    return FALSE;
  const OakumShellWord *first = &g_array_index(words, OakumShellWord, mark),
                       *last = &g_array_index(words, OakumShellWord, words->len - 1);
  return first->quoting == OAKUM_SHELL_QUOTED_NOT && first->literal &&
         strcmp(first->literal, "[[") == 0 && strcmp(last->text, "]]") != 0;
}

static OakumShellNode *parse_simple(OakumShellParser *p)
{
  OakumShellBuild *b = p->b;
  OakumShellNode *node = oakum_shell_node(p, OAKUM_SHELL_NODE_SIMPLE);
  OakumShellCommand *command = oakum_shell_alloc(b, sizeof *command);
  guint words = b->words->len, redirects = b->redirects->len, assignments = b->assignments->len;
  guint32 start = p->pos;
  guint flags = OAKUM_SHELL_WORD_PLAIN;
  while (!p->error) {
    oakum_shell_skip_blanks(p);
    int c = oakum_shell_peek(p);
    guint n_words = b->words->len - words;
    if (oakum_shell_redirect(p))
      continue;
    if (c == '(' && n_words == 1 && b->redirects->len == redirects &&
        b->assignments->len == assignments) {
      const OakumShellWord *name = &g_array_index(b->words, OakumShellWord, words);
      node->name = name->text;
      if (p->bash ? !name->literal
                  : !is_identifier(name->literal) || name->quoting != OAKUM_SHELL_QUOTED_NOT)
        oakum_shell_unexpected(p, NULL);
      else
        take_parens(p);
      g_array_set_size(b->words, words);
      if (!p->error)
        function_body(p, node, FALSE);
      node->kind = OAKUM_SHELL_NODE_FUNCTION;
      oakum_shell_finish_node(p, node);
      return node;
    }
    if ((c == '&' || c == '|') && oakum_shell_peek2(p) == c && in_test(p, words)) {
      oakum_shell_push_sign(p, 2);
      continue;
    }
    if (oakum_shell_is_meta(c) &&
        !(p->ash && (c == '<' || c == '>') && oakum_shell_peek2(p) == '(')) {
      if (c == '(')
        oakum_shell_unexpected(p, NULL);
      break;
    }
    if (n_words == 0 && parse_assignment(p))
      continue;
    OakumShellWord word;
    oakum_shell_word(p, n_words ? flags : flags | OAKUM_SHELL_WORD_SUBSCRIPT, &word);
    if (!word.n_parts)
      break;
    g_array_append_val(b->words, word);
    if (n_words == 0 && p->bash && declares(word.literal))
      flags |= OAKUM_SHELL_WORD_ARRAY | OAKUM_SHELL_WORD_SUBSCRIPT;
  }
  if (b->words->len == words && b->redirects->len == redirects &&
      b->assignments->len == assignments) {
    oakum_shell_unexpected(p, "a command");
    return NULL;
  }
  command->words = oakum_shell_keep_array(b, b->words, words, &command->n_words);
  command->redirects = oakum_shell_keep_array(b, b->redirects, redirects, &command->n_redirects);
  command->assignments =
      oakum_shell_keep_array(b, b->assignments, assignments, &command->n_assignments);
  command->cut = p->error != NULL;
  if (command->n_words && command->words[0].literal)
    command->name = oakum_shell_base_name(command->words[0].literal);
  command->node = node;
  node->command = command;
  oakum_shell_finish_node(p, node);
  command->span = node->span;
  command->exact = oakum_shell_exact(p, start, MAX(start, p->end));
  return node;
}

static OakumShellNode *parse_command(OakumShellParser *p)
{
  oakum_shell_skip_blanks(p);
  if (p->error || !oakum_shell_enter(p))
    return NULL;
  OakumShellNodeKind kind;
  OakumShellNode *node = NULL;
  if (at_terminator(p) || oakum_shell_at_word(p, "!") || oakum_shell_at_word(p, "in") ||
      (p->bash && oakum_shell_at_word(p, "]]")))
    oakum_shell_unexpected(p, "a command");
  else if (compound_kind(p, &kind))
    node = parse_compound(p, kind);
  else if (p->ash && oakum_shell_at_word(p, "function"))
    node = parse_function(p);
  else if (p->bash && oakum_shell_at_word(p, "coproc"))
    node = parse_coproc(p);
  else
    node = parse_simple(p);
  oakum_shell_leave(p);
  return node;
}
