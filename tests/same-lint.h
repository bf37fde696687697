/* Two readings of one text must not differ: that of an edited tree, and a fresh one. For the fuzz
 * target and the unit test of what an edit leaves in place. */
#pragma once
#include "lint/lint.h"
#include <string.h>

static void same_range(const OakumRange *a, const OakumRange *b)
{
  g_assert_cmpuint(a->offset, ==, b->offset);
  g_assert_cmpuint(a->end_offset, ==, b->end_offset);
  g_assert_cmpint(a->line, ==, b->line);
  g_assert_cmpint(a->column, ==, b->column);
  g_assert_cmpint(a->end_line, ==, b->end_line);
  g_assert_cmpint(a->end_column, ==, b->end_column);
}

static void same_words(const GPtrArray *a, const GPtrArray *b)
{
  g_assert_cmpuint(a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++) {
    const OakumWord *x = a->pdata[i], *y = b->pdata[i];
    g_assert_cmpstr(x->name, ==, y->name);
    g_assert_cmpstr(x->value, ==, y->value);
    same_range(&x->range, &y->range);
    same_range(&x->name_range, &y->name_range);
    same_range(&x->value_range, &y->value_range);
    g_assert_cmpint(x->at, ==, y->at);
    g_assert_cmpint(x->heredoc, ==, y->heredoc);
  }
}

static void same_heredocs(const GPtrArray *a, const GPtrArray *b)
{
  g_assert_cmpuint(a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++) {
    const OakumHeredoc *x = a->pdata[i], *y = b->pdata[i];
    g_assert_cmpstr(x->name, ==, y->name);
    g_assert_cmpstr(x->text, ==, y->text);
    g_assert_true(x->fd == y->fd && x->expand == y->expand && x->strip_tabs == y->strip_tabs &&
                  x->terminated == y->terminated);
    same_range(&x->marker, &y->marker);
    same_range(&x->body, &y->body);
    same_range(&x->end, &y->end);
    for (guint at = 0; at <= strlen(x->text); at++)
      g_assert_cmpuint(oakum_heredoc_locate(x, at), ==, oakum_heredoc_locate(y, at));
  }
}

static void same_mounts(const GPtrArray *a, const GPtrArray *b)
{
  g_assert_cmpuint(a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++) {
    const OakumMount *x = a->pdata[i], *y = b->pdata[i];
    g_assert_cmpint(x->type, ==, y->type);
    g_assert_cmpstr(x->target, ==, y->target);
    g_assert_cmpstr(x->from, ==, y->from);
    same_range(&x->range, &y->range);
    same_words(x->fields, y->fields);
  }
}

static void same_instruction(const OakumInstruction *a, const OakumInstruction *b)
{
  g_assert_cmpint(a->kind, ==, b->kind);
  g_assert_cmpuint(a->index, ==, b->index);
  g_assert_cmpint(a->stage, ==, b->stage);
  g_assert_cmpstr(a->name, ==, b->name);
  g_assert_cmpstr(a->keyword, ==, b->keyword);
  g_assert_cmpstr(a->text, ==, b->text);
  g_assert_true(a->exec_form == b->exec_form && a->bad_json == b->bad_json &&
                a->legacy == b->legacy && a->has_error == b->has_error);
  same_range(&a->keyword_range, &b->keyword_range);
  same_range(&a->range, &b->range);
  same_range(&a->line_range, &b->line_range);
  same_range(&a->read_range, &b->read_range);
  same_words(a->flags, b->flags);
  same_words(a->words, b->words);
  same_heredocs(a->heredocs, b->heredocs);
  same_mounts(a->mounts, b->mounts);
  g_assert_cmpuint(a->blank_lines->len, ==, b->blank_lines->len);
  for (guint i = 0; i < a->blank_lines->len; i++)
    same_range(&g_array_index(a->blank_lines, OakumRange, i),
               &g_array_index(b->blank_lines, OakumRange, i));
  for (guint at = 0; a->text && at <= strlen(a->text); at++)
    g_assert_cmpuint(oakum_instruction_locate(a, at), ==, oakum_instruction_locate(b, at));
  g_assert_true((a->inner == NULL) == (b->inner == NULL));
  if (a->inner)
    same_instruction(a->inner, b->inner);
}

static void same_stages(const GPtrArray *a, const GPtrArray *b)
{
  g_assert_cmpuint(a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++) {
    const OakumStage *x = a->pdata[i], *y = b->pdata[i];
    g_assert_cmpstr(x->name, ==, y->name);
    g_assert_cmpstr(x->base ? x->base->value : NULL, ==, y->base ? y->base->value : NULL);
    g_assert_true(x->parent == y->parent && x->first == y->first && x->end == y->end);
    same_range(&x->name_range, &y->name_range);
    same_range(&x->as_range, &y->as_range);
    g_assert_cmpuint(x->uses->len, ==, y->uses->len);
    for (guint u = 0; u < x->uses->len; u++) {
      const OakumStageUse *one = x->uses->pdata[u], *other = y->uses->pdata[u];
      g_assert_cmpstr(one->name, ==, other->name);
      g_assert_true(one->kind == other->kind && one->stage == other->stage &&
                    one->instruction == other->instruction && one->onbuild == other->onbuild);
      same_range(&one->range, &other->range);
    }
  }
}

static void same_tree(const OakumDockerfile *a, const OakumDockerfile *b)
{
  g_assert_cmpuint(a->len, ==, b->len);
  g_assert_cmpint(a->escape, ==, b->escape);
  g_assert_cmpuint(a->tokens->len, ==, b->tokens->len);
  for (guint i = 0; i < a->tokens->len; i++) {
    const OakumToken *x = &g_array_index(a->tokens, OakumToken, i),
                     *y = &g_array_index(b->tokens, OakumToken, i);
    g_assert_true(x->kind == y->kind && x->offset == y->offset && x->len == y->len);
  }
  g_assert_cmpuint(a->comments->len, ==, b->comments->len);
  for (guint i = 0; i < a->comments->len; i++) {
    const OakumComment *x = a->comments->pdata[i], *y = b->comments->pdata[i];
    g_assert_cmpstr(x->text, ==, y->text);
    g_assert_cmpint(x->instruction, ==, y->instruction);
    same_range(&x->range, &y->range);
  }
  g_assert_cmpuint(a->instructions->len, ==, b->instructions->len);
  for (guint i = 0; i < a->instructions->len; i++)
    same_instruction(a->instructions->pdata[i], b->instructions->pdata[i]);
  g_assert_cmpuint(a->errors->len, ==, b->errors->len);
  for (guint i = 0; i < a->errors->len; i++) {
    const OakumDockerfileError *x = a->errors->pdata[i], *y = b->errors->pdata[i];
    g_assert_cmpstr(x->code, ==, y->code);
    g_assert_cmpstr(x->message, ==, y->message);
    g_assert_cmpstr(x->hint, ==, y->hint);
    g_assert_cmpint(x->instruction, ==, y->instruction);
    same_range(&x->range, &y->range);
  }
  same_stages(a->stages, b->stages);
}

static void same_findings(const GPtrArray *a, const GPtrArray *b)
{
  for (guint i = 0; i < MIN(a->len, b->len); i++) {
    const OakumFinding *x = a->pdata[i], *y = b->pdata[i];
    g_assert_cmpstr(x->title, ==, y->title);
    g_assert_cmpstr(x->id, ==, y->id);
    g_assert_cmpstr(x->fix, ==, y->fix);
    g_assert_cmpstr(x->code, ==, y->code);
    g_assert_cmpint(x->severity, ==, y->severity);
    g_assert_true(x->line == y->line && x->column == y->column && x->end_line == y->end_line &&
                  x->end_column == y->end_column && x->start == y->start && x->end == y->end);
    guint edits = x->edits ? x->edits->len : 0;
    g_assert_cmpuint(edits, ==, y->edits ? y->edits->len : 0);
    for (guint e = 0; e < edits; e++) {
      const OakumEdit *one = x->edits->pdata[e], *other = y->edits->pdata[e];
      g_assert_true(one->start == other->start && one->end == other->end);
      g_assert_cmpstr(one->text, ==, other->text);
    }
  }
  g_assert_cmpuint(a->len, ==, b->len);
}

/* A text with what is known of it. */
typedef struct {
  OakumDockerfile *tree;
  OakumLint *lint;
} SameText;

static void same_text_clear(SameText *text)
{
  g_clear_pointer(&text->lint, oakum_lint_free);
  g_clear_pointer(&text->tree, oakum_dockerfile_free);
}

/* `now` becomes what an edit of `before` to these bytes gives, and must be like a fresh one. FALSE:
 * the bytes are refused. */
static gboolean same_after(SameText *before, SameText *now, const char *text, size_t len,
                           const OakumLintOptions *options)
{
  g_autoptr(GError) error = NULL, fresh_error = NULL;
  g_autoptr(OakumDockerfile) fresh = oakum_dockerfile_parse(text, len, "f", &fresh_error);
  now->tree = oakum_dockerfile_parse_again(before->tree, text, len, "f", &error);
  g_assert_cmpstr(error ? error->message : NULL, ==, fresh_error ? fresh_error->message : NULL);
  if (!fresh)
    return FALSE;
  same_tree(now->tree, fresh);
  now->lint = oakum_lint_again(before->lint, now->tree, options);
  g_autoptr(GPtrArray) found = oakum_lint_finish(now->lint),
                       expected = oakum_lint_run(fresh, options);
  OakumLintCut cut;
  oakum_lint_cut(now->lint, &cut);
  if (!cut.again)
    same_findings(found, expected);
  return TRUE;
}
