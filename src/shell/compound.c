/* The grammar: compounds and functions. */
#include "shell/shell-private.h"
#include <string.h>

/* A list that must hold something. */
static OakumShellNode *body(OakumShellParser *p)
{
  OakumShellNode *list = oakum_shell_list(p);
  if (list->n_children == 0)
    oakum_shell_unexpected(p, "a command");
  return list;
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
    oakum_shell_push_child(p, body(p), OAKUM_SHELL_ROLE_CONDITION);
    if (!expect(p, "then"))
      return;
    oakum_shell_push_child(p, body(p), OAKUM_SHELL_ROLE_BODY);
    if (p->error)
      return;
    if (oakum_shell_take_word(p, "elif"))
      continue;
    if (oakum_shell_take_word(p, "else"))
      oakum_shell_push_child(p, body(p), OAKUM_SHELL_ROLE_ELSE);
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
  oakum_shell_push_child(p, body(p), OAKUM_SHELL_ROLE_BODY);
  if (!p->error)
    (void)!expect(p, braces ? "}" : "done");
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

/* The "))" that began at `start`; the words since `mark` are the node's. */
static void close_arith(OakumShellParser *p, OakumShellNode *node, guint32 start, guint mark)
{
  if (!p->error && oakum_shell_peek(p) == ')' && oakum_shell_peek2(p) == ')') {
    oakum_shell_take(p);
    oakum_shell_take(p);
  } else {
    oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, start + 2, "this \"((\" is never closed");
  }
  node->words = oakum_shell_keep_array(p->b, p->b->words, mark, &node->n_words);
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
  close_arith(p, node, start, mark);
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
  if (!p->bash &&
      (!oakum_shell_is_identifier(name.literal) || name.quoting != OAKUM_SHELL_QUOTED_NOT))
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
  oakum_shell_push_child(p, oakum_shell_list(p), OAKUM_SHELL_ROLE_BODY);
  oakum_shell_keep_children(p, item, nodes, joins);
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
    oakum_shell_push_child(p, item, OAKUM_SHELL_ROLE_NONE);
    ended = *item->ending != '\0';
  }
}

static void parse_parens(OakumShellParser *p)
{
  oakum_shell_take(p);
  oakum_shell_push_child(p, body(p), OAKUM_SHELL_ROLE_BODY);
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
  close_arith(p, node, start, mark);
}

gboolean oakum_shell_compound_kind(const OakumShellParser *p, OakumShellNodeKind *kind)
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

OakumShellNode *oakum_shell_compound(OakumShellParser *p, OakumShellNodeKind kind)
{
  OakumShellNode *node = oakum_shell_node(p, kind);
  guint nodes = p->b->nodes->len, joins = p->b->joins->len;
  if (kind != OAKUM_SHELL_NODE_ARITH && kind != OAKUM_SHELL_NODE_SUBSHELL)
    take_reserved(p);
  switch (kind) {
  case OAKUM_SHELL_NODE_GROUP:
    oakum_shell_push_child(p, body(p), OAKUM_SHELL_ROLE_BODY);
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
    oakum_shell_push_child(p, body(p), OAKUM_SHELL_ROLE_CONDITION);
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
  oakum_shell_keep_children(p, node, nodes, joins);
  if (!p->error)
    parse_redirects(p, node);
  oakum_shell_finish_node(p, node);
  return node;
}

/* ---- functions ---- */
void oakum_shell_function_body(OakumShellParser *p, OakumShellNode *node, gboolean word)
{
  node->kind = OAKUM_SHELL_NODE_FUNCTION;
  guint nodes = p->b->nodes->len, joins = p->b->joins->len;
  oakum_shell_skip_newlines(p);
  OakumShellNodeKind kind;
  if (!p->error && (p->bash || word) && !oakum_shell_compound_kind(p, &kind))
    oakum_shell_unexpected(p, "the body of the function");
  OakumShellNode *child = p->error ? NULL : oakum_shell_command(p);
  if (child)
    oakum_shell_push_child(p, child, OAKUM_SHELL_ROLE_BODY);
  oakum_shell_keep_children(p, node, nodes, joins);
  oakum_shell_finish_node(p, node);
}

void oakum_shell_take_parens(OakumShellParser *p)
{
  oakum_shell_take(p);
  oakum_shell_skip_blanks(p);
  if (oakum_shell_peek(p) == ')')
    oakum_shell_take(p);
  else
    oakum_shell_unexpected(p, "\")\"");
}

OakumShellNode *oakum_shell_function(OakumShellParser *p)
{
  OakumShellNode *node = oakum_shell_node(p, OAKUM_SHELL_NODE_FUNCTION);
  take_reserved(p);
  oakum_shell_skip_blanks(p);
  OakumShellWord name;
  guint32 start = p->pos;
  if (oakum_shell_word(p, 0, &name)) {
    node->name = name.text;
    if (!p->bash && !oakum_shell_is_identifier(name.literal))
      oakum_shell_fail(p, OAKUM_ERROR_INVALID, start, p->end, "this is no name for a function");
    oakum_shell_skip_blanks(p);
    if (oakum_shell_peek(p) == '(' && oakum_shell_peek2(p) != '(') {
      guint32 inside = oakum_shell_next(p, p->pos);
      while (inside < p->len && (p->text[inside] == ' ' || p->text[inside] == '\t'))
        inside = oakum_shell_next(p, inside);
      if (inside < p->len && p->text[inside] == ')') /* else the body is a subshell */
        oakum_shell_take_parens(p);
    }
    if (!p->error)
      oakum_shell_function_body(p, node, TRUE);
  }
  oakum_shell_finish_node(p, node);
  return node;
}

OakumShellNode *oakum_shell_coproc(OakumShellParser *p)
{
  OakumShellNode *node = oakum_shell_node(p, OAKUM_SHELL_NODE_COPROC);
  guint nodes = p->b->nodes->len, joins = p->b->joins->len;
  take_reserved(p);
  oakum_shell_skip_blanks(p);
  OakumShellNodeKind kind;
  if (!oakum_shell_compound_kind(p, &kind) && !oakum_shell_is_meta(oakum_shell_peek(p))) {
    /* a name, when a compound follows it */
    OakumShellParser ahead = *p;
    while (oakum_shell_is_name(oakum_shell_peek(&ahead), FALSE))
      oakum_shell_take(&ahead);
    guint32 end = ahead.pos;
    oakum_shell_skip_blanks(&ahead);
    if (ahead.pos > end && end > p->pos && oakum_shell_compound_kind(&ahead, &kind)) {
      OakumShellWord name;
      (void)!oakum_shell_word(p, 0, &name);
      node->name = name.text;
      oakum_shell_skip_blanks(p);
    }
  }
  OakumShellNode *child = oakum_shell_command(p);
  if (child)
    oakum_shell_push_child(p, child, OAKUM_SHELL_ROLE_BODY);
  oakum_shell_keep_children(p, node, nodes, joins);
  oakum_shell_finish_node(p, node);
  return node;
}
