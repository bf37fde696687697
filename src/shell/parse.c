/* The grammar: lists, pipelines, simple commands. */
#include "shell/shell-private.h"
#include <string.h>

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

void oakum_shell_keep_children(OakumShellParser *p, OakumShellNode *node, guint nodes, guint joins)
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

void oakum_shell_push_child(OakumShellParser *p, OakumShellNode *child, OakumShellRole role)
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
      oakum_shell_push_child(p, child, OAKUM_SHELL_ROLE_NONE);
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
  oakum_shell_keep_children(p, node, nodes, joins);
  if (node->n_children) {
    node->span.start = node->children[0]->span.start;
    node->span.end = node->children[node->n_children - 1]->span.end;
  }
  return node;
}

OakumShellNode *oakum_shell_script(OakumShellParser *p)
{
  OakumShellNode *script = oakum_shell_list(p);
  if (!p->error && p->pos < p->len)
    oakum_shell_unexpected(p, NULL);
  return script;
}

gboolean oakum_shell_is_identifier(const char *text)
{
  if (!text || !oakum_shell_is_name((guchar)text[0], TRUE))
    return FALSE;
  while (oakum_shell_is_name((guchar)*text, FALSE))
    text++;
  return !*text;
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
      OakumShellNode *child = oakum_shell_command(p);
      if (child)
        oakum_shell_push_child(p, child, OAKUM_SHELL_ROLE_NONE);
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
  oakum_shell_keep_children(p, node, nodes, joins);
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
      oakum_shell_push_child(p, child, OAKUM_SHELL_ROLE_NONE);
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
  oakum_shell_keep_children(p, node, nodes, joins);
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
                  : !oakum_shell_is_identifier(name->literal) ||
                        name->quoting != OAKUM_SHELL_QUOTED_NOT)
        oakum_shell_unexpected(p, NULL);
      else
        oakum_shell_take_parens(p);
      g_array_set_size(b->words, words);
      if (!p->error)
        oakum_shell_function_body(p, node, FALSE);
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

OakumShellNode *oakum_shell_command(OakumShellParser *p)
{
  oakum_shell_skip_blanks(p);
  if (p->error || !oakum_shell_enter(p))
    return NULL;
  OakumShellNodeKind kind;
  OakumShellNode *node = NULL;
  if (at_terminator(p) || oakum_shell_at_word(p, "!") || oakum_shell_at_word(p, "in") ||
      (p->bash && oakum_shell_at_word(p, "]]")))
    oakum_shell_unexpected(p, "a command");
  else if (oakum_shell_compound_kind(p, &kind))
    node = oakum_shell_compound(p, kind);
  else if (p->ash && oakum_shell_at_word(p, "function"))
    node = oakum_shell_function(p);
  else if (p->bash && oakum_shell_at_word(p, "coproc"))
    node = oakum_shell_coproc(p);
  else
    node = parse_simple(p);
  oakum_shell_leave(p);
  return node;
}
