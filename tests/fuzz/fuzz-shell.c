/* The shell reader, in the dialect that the first byte picks. Oracle: every span lies in the text,
 * parts and words lie in what they belong to and stand in order, words are never without text, and
 * the list is the tree's. */
#include "shell/shell.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint32 text_len;

static void check_span(OakumShellSpan span)
{
  g_assert_cmpuint(span.start, <=, span.end);
  g_assert_cmpuint(span.end, <=, text_len);
}

static void check_inside(OakumShellSpan inner, OakumShellSpan outer)
{
  check_span(inner);
  g_assert_cmpuint(inner.start, >=, outer.start);
  g_assert_cmpuint(inner.end, <=, outer.end);
}

static void check_node(const OakumShellNode *node, guint *simple);
static void check_words(const OakumShellWord *words, guint n, OakumShellSpan outer, guint *simple);

static void check_parts(const OakumShellPart *parts, guint n, OakumShellSpan outer, gboolean exact,
                        guint *simple)
{
  for (guint i = 0; i < n; i++) {
    const OakumShellPart *part = &parts[i];
    check_inside(part->span, outer);
    if (i > 0 && exact)
      g_assert_cmpuint(part->span.start, >=, parts[i - 1].span.end);
    g_assert_nonnull(part->text);
    g_assert_nonnull(part->op_text);
    if (part->kind == OAKUM_SHELL_PART_LITERAL || part->kind == OAKUM_SHELL_PART_PARAMETER)
      g_assert_nonnull(part->value);
    if (part->script) {
      g_assert(part->script->kind == OAKUM_SHELL_NODE_SEQUENCE);
      check_inside(part->script->span, outer);
      check_node(part->script, simple);
    }
    check_parts(part->parts, part->n_parts, part->span, exact, simple);
    check_words(part->operands, part->n_operands, part->span, simple);
  }
}

static void check_words(const OakumShellWord *words, guint n, OakumShellSpan outer, guint *simple)
{
  for (guint i = 0; i < n; i++) {
    const OakumShellWord *word = &words[i];
    check_inside(word->span, outer);
    g_assert_nonnull(word->text);
    if (word->literal)
      g_assert_cmpstr(word->literal, ==, word->text);
    check_parts(word->parts, word->n_parts, word->span, word->exact, simple);
  }
}

static void check_redirects(const OakumShellRedirect *redirects, guint n, OakumShellSpan outer,
                            guint *simple)
{
  for (guint i = 0; i < n; i++) {
    check_inside(redirects[i].span, outer);
    check_words(&redirects[i].target, 1, outer, simple);
    const OakumShellHeredoc *doc = redirects[i].heredoc;
    if (doc) {
      OakumShellSpan whole = {0, text_len};
      g_assert_cmpuint(doc->body.span.start, >=, redirects[i].span.end);
      check_words(&doc->body, 1, whole, simple);
    }
  }
}

static void check_node(const OakumShellNode *node, guint *simple)
{
  check_span(node->span);
  OakumShellSpan whole = {0, text_len}; /* a substitution may bring places from a heredoc */
  for (guint i = 0; i < node->n_children; i++) {
    g_assert(node->children[i]->parent == node);
    if (i > 0)
      g_assert_cmpuint(node->children[i]->span.start, >=, node->children[i - 1]->span.start);
    check_inside(node->children[i]->span, node->span);
    check_node(node->children[i], simple);
  }
  check_words(node->words, node->n_words, node->span, simple);
  check_redirects(node->redirects, node->n_redirects, whole, simple);
  if (node->kind != OAKUM_SHELL_NODE_SIMPLE)
    return;
  const OakumShellCommand *command = node->command;
  (*simple)++;
  g_assert(command->node == node && command->via_kind != OAKUM_SHELL_VIA_WRAPPER);
  check_words(command->words, command->n_words, command->span, simple);
  check_redirects(command->redirects, command->n_redirects, command->span, simple);
  for (guint i = 0; i < command->n_assignments; i++) {
    const OakumShellAssignment *a = &command->assignments[i];
    check_inside(a->span, command->span);
    check_words(&a->value, 1, a->span, simple);
    check_parts(a->subscript_parts, a->n_subscript_parts, a->span, command->exact, simple);
    check_words(a->elements, a->n_elements, a->span, simple);
  }
}

static void check_command(const OakumShell *shell, guint index)
{
  static const char *const valued[] = {"-t", "--target-release", "-name", NULL};
  const OakumShellCommand *c = shell->commands[index];
  g_assert_cmpuint(c->index, ==, index);
  check_span(c->span);
  g_assert((c->via == NULL) == (c->via_kind == OAKUM_SHELL_VIA_NONE));
  if (c->via)
    g_assert_cmpuint(c->via->index, <, index);
  if (c->outer)
    g_assert_cmpuint(c->outer->index, <, index);
  g_assert_cmpuint(c->pipeline_index, <, c->pipeline_length);
  if (c->name)
    g_assert(c->n_words > 0 && c->words[0].literal);
  /* the helpers see every argument once */
  g_autoptr(OakumShellArgs) args = oakum_shell_args_new(c, 1, valued, NULL);
  for (guint i = 0; i < oakum_shell_args_count(args); i++) {
    const OakumShellArg *arg = oakum_shell_args_get(args, i);
    g_assert(arg->flag || arg->value);
    g_assert(arg->word >= c->words && arg->word < c->words + c->n_words);
  }
  g_autoptr(GPtrArray) plain = oakum_shell_args_no_flags(c, NULL);
  for (guint i = 0; i < plain->len; i++)
    g_assert(!oakum_shell_word_is_flag(plain->pdata[i]));
  g_autoptr(GPtrArray) values = oakum_shell_flag_values(c, "t");
  g_assert_cmpuint(values->len, <=, c->n_words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const OakumShellDialect dialects[] = {OAKUM_SHELL_BASH, OAKUM_SHELL_SH, OAKUM_SHELL_ASH};
  OakumShellDialect dialect = size ? dialects[data[0] % G_N_ELEMENTS(dialects)] : OAKUM_SHELL_BASH;
  const char *text = size ? (const char *)data + 1 : "";
  text_len = size ? (guint32)size - 1 : 0;
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumShell) shell = oakum_shell_parse(text, text_len, dialect, &error);
  if (!shell)
    return 0;
  g_assert((shell->error == NULL) == shell->complete);
  if (shell->error)
    check_span(shell->error->span);
  for (guint i = 0; i < shell->n_nested_errors; i++)
    check_span(shell->nested_errors[i]->span);
  guint simple = 0, direct = 0;
  check_node(shell->root, &simple);
  for (guint i = 0; i < shell->n_commands; i++) {
    check_command(shell, i);
    direct += shell->commands[i]->via == NULL;
  }
  g_assert_cmpuint(simple, ==, direct);
  OakumShellDialect of;
  (void)!oakum_shell_dialect_of_script(text, text_len, &of);

  /* the same as two words of an exec form: no place may leave their spans */
  const char *nul = memchr(text, '\0', text_len);
  g_autofree char *script = g_strndup(text, nul ? (size_t)(nul - text) : text_len);
  guint32 len = (guint32)strlen(script);
  const OakumShellExecWord words[] = {{"sh", {1, 5}}, {"-c", {7, 11}}, {script, {13, len + 15}}};
  text_len = len + 15;
  g_autoptr(OakumShell) exec = oakum_shell_from_exec(words, G_N_ELEMENTS(words), NULL);
  g_autoptr(OakumShell) joined =
      oakum_shell_parse_exec(words, G_N_ELEMENTS(words), OAKUM_SHELL_BASH, NULL);
  for (guint i = 0; exec && i < exec->n_commands; i++)
    check_command(exec, i);
  for (guint i = 0; joined && i < joined->n_commands; i++)
    check_command(joined, i);
  return 0;
}
