/* [[ ]]: its words, in the grammar that bash gives them. */
#include "shell/shell-private.h"
#include <string.h>

static void expression(OakumShellParser *p);

static void skip(OakumShellParser *p)
{
  oakum_shell_skip_newlines(p);
}

void oakum_shell_push_sign(OakumShellParser *p, guint n)
{
  guint32 start = p->pos;
  while (n--)
    oakum_shell_take(p);
  OakumShellPart *part;
  guint mark = p->b->parts->len;
  part = oakum_shell_push(p, OAKUM_SHELL_PART_LITERAL, start, FALSE);
  part->value = part->text = oakum_shell_keep(p->b, p->text + start, p->end - start);
  OakumShellWord word;
  oakum_shell_finish_word(p, mark, start, FALSE, &word);
  g_array_append_val(p->b->words, word);
}

static OakumShellWord *push_word(OakumShellParser *p, guint flags)
{
  OakumShellWord word;
  if (oakum_shell_at_word(p, "]]")) {
    oakum_shell_unexpected(p, "an operand");
    return NULL;
  }
  gboolean good = oakum_shell_word(p, flags, &word);
  if (word.n_parts)
    g_array_append_val(p->b->words, word);
  return good ? &g_array_index(p->b->words, OakumShellWord, p->b->words->len - 1) : NULL;
}

static gboolean is_unary(const OakumShellWord *word)
{
  const char *text = word->literal;
  return text && word->quoting == OAKUM_SHELL_QUOTED_NOT && text[0] == '-' && text[1] && !text[2] &&
         strchr("abcdefghknoprstuvwxzGLNOS"
                "R",
                text[1]);
}

/* The binary operator at pos; its length is its own. */
static const char *binary(const OakumShellParser *p)
{
  static const char *const words[] = {"==",  "=~",  "!=",  "=",   "-eq", "-ne", "-lt",
                                      "-le", "-gt", "-ge", "-nt", "-ot", "-ef"};
  int c = oakum_shell_peek(p);
  if (c == '<' || c == '>')
    return c == '<' ? "<" : ">";
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (oakum_shell_at_word(p, words[i]))
      return words[i];
  return NULL;
}

static void term(OakumShellParser *p)
{
  skip(p);
  if (p->error || !oakum_shell_enter(p))
    return;
  if (oakum_shell_peek(p) == '(') {
    oakum_shell_push_sign(p, 1);
    expression(p);
    skip(p);
    if (!p->error && oakum_shell_peek(p) != ')')
      oakum_shell_unexpected(p, "\")\"");
    else if (!p->error)
      oakum_shell_push_sign(p, 1);
  } else if (oakum_shell_at_word(p, "!")) {
    oakum_shell_push_sign(p, 1);
    term(p);
  } else {
    const OakumShellWord *word = push_word(p, OAKUM_SHELL_WORD_GLOB);
    gboolean unary = word && is_unary(word);
    oakum_shell_skip_blanks(p); /* bash takes a new line elsewhere, not here */
    int c = oakum_shell_peek(p);
    const char *sign = p->error ? NULL : binary(p);
    if (unary && !p->error && !oakum_shell_at_word(p, "]]")) {
      push_word(p, OAKUM_SHELL_WORD_GLOB);
    } else if (unary && !p->error) {
      oakum_shell_unexpected(p, "an operand");
    } else if (sign) {
      oakum_shell_push_sign(p, (guint)strlen(sign));
      oakum_shell_skip_blanks(p);
      push_word(p, strcmp(sign, "=~") == 0 ? OAKUM_SHELL_WORD_REGEX : OAKUM_SHELL_WORD_GLOB);
    } else if (!p->error && c != '&' && c != '|' && c != ')' && !oakum_shell_at_word(p, "]]")) {
      oakum_shell_unexpected(p, "an operator or \"]]\"");
    }
  }
  oakum_shell_leave(p);
}

static void expression(OakumShellParser *p)
{
  for (;;) {
    term(p);
    skip(p);
    int c = oakum_shell_peek(p);
    if (p->error || (c != '&' && c != '|') || oakum_shell_peek2(p) != c)
      return;
    oakum_shell_push_sign(p, 2);
  }
}

void oakum_shell_cond(OakumShellParser *p, OakumShellNode *node)
{
  guint mark = p->b->words->len;
  expression(p);
  if (!p->error && !oakum_shell_take_word(p, "]]"))
    oakum_shell_unexpected(p, "\"]]\"");
  node->words = oakum_shell_keep_array(p->b, p->b->words, mark, &node->n_words);
}
