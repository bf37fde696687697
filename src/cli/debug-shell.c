/* oakum debug shell: what the shell reader makes of the script on standard input. */
#include "cli/cli.h"
#include "shell/shell.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *string(const char *bytes)
{
  g_autofree char *text = oakum_escape_utf8(bytes, -1);
  return json_string(text);
}

static json_t *span(OakumShellSpan s)
{
  return json_pack("[i,i]", (int)s.start, (int)s.end);
}

static json_t *words(const OakumShellWord *list, guint n)
{
  json_t *out = json_array();
  for (guint i = 0; i < n; i++)
    json_array_append_new(out, string(list[i].text));
  return out;
}

/* TRUE when some word is not literal: then it is worth to tell which are. */
static void add_kinds(json_t *out, const OakumShellCommand *command)
{
  static const char *const kinds[] = {"literal",       "single",    "dollar-single", "double",
                                      "dollar-double", "parameter", "command",       "backtick",
                                      "arithmetic",    "glob",      "extglob",       "brace",
                                      "tilde",         "process",   "array"};
  json_t *list = json_array();
  gboolean plain = TRUE;
  for (guint i = 0; i < command->n_words; i++) {
    const OakumShellWord *word = &command->words[i];
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint j = 0; j < word->n_parts; j++)
      g_string_append_printf(text, "%s%s", j ? "+" : "", kinds[word->parts[j].kind]);
    plain &= strcmp(text->str, "literal") == 0;
    json_array_append_new(list, json_string(text->str));
  }
  if (plain)
    json_decref(list);
  else
    json_object_set_new(out, "parts", list);
}

static void add_assignments(json_t *out, const OakumShellCommand *command)
{
  if (command->n_assignments == 0)
    return;
  json_t *list = json_array();
  for (guint i = 0; i < command->n_assignments; i++) {
    const OakumShellAssignment *a = &command->assignments[i];
    json_t *one = json_object();
    json_object_set_new(one, "name", string(a->name));
    if (a->subscript)
      json_object_set_new(one, "subscript", string(a->subscript));
    if (a->append)
      json_object_set_new(one, "append", json_true());
    if (a->array)
      json_object_set_new(one, "elements", words(a->elements, a->n_elements));
    else
      json_object_set_new(one, "value", string(a->value.text));
    json_array_append_new(list, one);
  }
  json_object_set_new(out, "assignments", list);
}

static json_t *redirects_json(const OakumShellRedirect *redirects, guint n)
{
  static const char *const signs[] = {"<",  ">",  ">|",  ">>", "<>", "<&",
                                      ">&", "&>", "&>>", "<<", "<<<"};
  json_t *list = json_array();
  for (guint i = 0; i < n; i++) {
    const OakumShellRedirect *r = &redirects[i];
    json_t *one = json_object();
    json_object_set_new(one, "op", json_string(signs[r->kind]));
    if (r->fd >= 0)
      json_object_set_new(one, "fd", json_integer(r->fd));
    if (r->variable)
      json_object_set_new(one, "variable", string(r->variable));
    json_object_set_new(one, "target", string(r->heredoc ? r->heredoc->delimiter : r->target.text));
    if (r->heredoc) {
      json_object_set_new(one, "body", string(r->heredoc->body.text));
      json_object_set_new(one, "quoted", json_boolean(r->heredoc->quoted));
      if (!r->heredoc->closed)
        json_object_set_new(one, "closed", json_false());
    }
    json_array_append_new(list, one);
  }
  return list;
}

static void add_context(json_t *out, const OakumShellCommand *command)
{
  static const char *const names[] = {"condition", "substitution", "subshell", "function",
                                      "loop",      "branch",       "heredoc",  "background",
                                      "negation",  "nested"};
  json_t *list = json_array();
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (command->context & 1u << i)
      json_array_append_new(list, json_string(names[i]));
  if (json_array_size(list))
    json_object_set_new(out, "in", list);
  else
    json_decref(list);
}

static json_t *command_json(const OakumShellCommand *command)
{
  json_t *out = json_object();
  json_object_set_new(out, "span", span(command->span));
  json_object_set_new(out, "name", command->name ? string(command->name) : json_null());
  json_object_set_new(out, "words", words(command->words, command->n_words));
  add_kinds(out, command);
  add_assignments(out, command);
  if (command->n_redirects)
    json_object_set_new(out, "redirects", redirects_json(command->redirects, command->n_redirects));
  if (*oakum_shell_join_name(command->before))
    json_object_set_new(out, "before", json_string(oakum_shell_join_name(command->before)));
  if (*oakum_shell_join_name(command->after))
    json_object_set_new(out, "after", json_string(oakum_shell_join_name(command->after)));
  if (command->pipeline_length > 1)
    json_object_set_new(out, "pipeline",
                        json_pack("[i,i,i]", (int)command->pipeline, (int)command->pipeline_index,
                                  (int)command->pipeline_length));
  if (command->depth)
    json_object_set_new(out, "depth", json_integer(command->depth));
  add_context(out, command);
  if (command->outer)
    json_object_set_new(out, "outer", json_integer(command->outer->index));
  if (command->via)
    json_object_set_new(out, command->via_kind == OAKUM_SHELL_VIA_WRAPPER ? "wrapper" : "script",
                        json_integer(command->via->index));
  if (!command->exact)
    json_object_set_new(out, "exact", json_false());
  if (command->cut)
    json_object_set_new(out, "cut", json_true());
  return out;
}

/* Takes `value`. */
static void print(json_t *value)
{
  g_autofree char *text = json_dumps(value, JSON_COMPACT);
  puts(text ? text : "null");
  json_decref(value);
}

static void print_error(const OakumShellError *error, const char *key)
{
  json_t *out = json_object();
  json_object_set_new(out, key, string(error->message));
  json_object_set_new(out, "span", span(error->span));
  json_object_set_new(out, "line", json_integer(error->line));
  json_object_set_new(out, "column", json_integer(error->column));
  print(out);
}

/* One line a node, indented by its depth. The reader bounds the depth. */
static void print_tree(const OakumShellNode *node, guint depth)
{
  static const char *const roles[] = {NULL, "condition", "body", "else"};
  json_t *out = json_object();
  if (node->role)
    json_object_set_new(out, "role", json_string(roles[node->role]));
  json_object_set_new(out, "kind", json_string(oakum_shell_node_name(node->kind)));
  json_object_set_new(out, "span", span(node->span));
  if (node->name)
    json_object_set_new(out, "name", string(node->name));
  if (node->has_in)
    json_object_set_new(out, "in", json_true());
  if (node->negated)
    json_object_set_new(out, "negated", json_true());
  if (node->timed)
    json_object_set_new(out, "timed", json_true());
  if (node->command)
    json_object_set_new(out, "command", words(node->command->words, node->command->n_words));
  if (node->n_words)
    json_object_set_new(out, "words", words(node->words, node->n_words));
  if (*node->ending)
    json_object_set_new(out, "ending", json_string(node->ending));
  if (node->joins && node->n_children) {
    json_t *joins = json_array();
    for (guint i = 0; i < node->n_children; i++)
      json_array_append_new(joins, json_string(oakum_shell_join_name(node->joins[i])));
    json_object_set_new(out, "joins", joins);
  }
  if (node->n_redirects)
    json_object_set_new(out, "redirects", redirects_json(node->redirects, node->n_redirects));
  printf("%*s", (int)depth * 2, "");
  print(out);
  for (guint i = 0; i < node->n_children; i++)
    print_tree(node->children[i], depth + 1);
}

int oakum_debug_shell(int argc, char **argv)
{
  OakumShellDialect dialect = OAKUM_SHELL_BASH;
  gboolean tree = FALSE, good = TRUE;
  for (int i = 1; i < argc && good; i++) {
    if (strcmp(argv[i], "--tree") == 0)
      tree = TRUE;
    else if (strcmp(argv[i], "--dialect") == 0 && i + 1 < argc)
      good = oakum_shell_dialect_parse(argv[++i], &dialect);
    else
      good = FALSE;
  }
  if (!good) {
    oakum_log(OAKUM_LOG_ERROR,
              "debug shell: expected at most --tree and --dialect sh|bash|dash|ash|ksh|zsh|"
              "busybox|powershell|cmd");
    return OAKUM_EXIT_ERROR;
  }
  g_autoptr(GByteArray) text = g_byte_array_new();
  guint8 buffer[4096];
  size_t n;
  while (text->len <= OAKUM_SHELL_TEXT_MAX && (n = fread(buffer, 1, sizeof buffer, stdin)) > 0)
    g_byte_array_append(text, buffer, (guint)n);
  if (ferror(stdin)) {
    oakum_log(OAKUM_LOG_ERROR, "debug shell: %s", g_strerror(errno));
    return OAKUM_EXIT_ERROR;
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumShell) shell =
      oakum_shell_parse((const char *)text->data, text->len, dialect, &error);
  if (!shell) {
    oakum_log(OAKUM_LOG_ERROR, "debug shell: %s", error->message);
    return OAKUM_EXIT_ERROR;
  }
  if (tree)
    print_tree(shell->root, 0);
  for (guint i = 0; !tree && i < shell->n_commands; i++)
    print(command_json(shell->commands[i]));
  for (guint i = 0; i < shell->n_nested_errors; i++)
    print_error(shell->nested_errors[i], "nested error");
  if (!shell->complete)
    print_error(shell->error, "error");
  return shell->complete ? OAKUM_EXIT_PASS : OAKUM_EXIT_INCOMPLETE;
}
