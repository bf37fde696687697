/* What must hold for the tree of any text: used by the fuzz target, and by the unit test over all
 * cases and corpora. */
#pragma once
#include "dockerfile/dockerfile.h"
#include <string.h>

static inline void check_range(const OakumDockerfile *d, const OakumRange *range)
{
  g_assert_cmpuint(range->offset, <=, range->end_offset);
  g_assert_cmpuint(range->end_offset, <=, d->len);
  g_assert_cmpint(range->line, >=, 1);
  g_assert_cmpint(range->column, >=, 1);
  OakumRange again = oakum_dockerfile_range(d, range->offset, range->end_offset);
  g_assert_cmpint(again.line, ==, range->line);
  g_assert_cmpint(again.end_line, ==, range->end_line);
  g_assert_cmpint(again.column, ==, range->column);
  g_assert_cmpint(again.end_column, ==, range->end_column);
}

/* Side by side, in order, nothing left out, nothing empty. */
static inline void check_tokens(const OakumDockerfile *d, const char *data, size_t len)
{
  g_assert_cmpuint(d->len, ==, len);
  g_assert_cmpmem(d->source, d->len, data, len);
  guint at = 0;
  for (guint i = 0; i < d->tokens->len; i++) {
    const OakumToken *token = &g_array_index(d->tokens, OakumToken, i);
    g_assert_cmpuint(token->offset, ==, at);
    g_assert_cmpuint(token->len, >, 0);
    g_assert_nonnull(oakum_token_kind_name(token->kind));
    at += token->len;
  }
  g_assert_cmpuint(at, ==, len);
}

static inline void check_instruction(const OakumDockerfile *d, const OakumInstruction *in)
{
  const OakumRange *ranges[] = {&in->range, &in->line_range, &in->keyword_range};
  for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++)
    check_range(d, ranges[i]);
  g_assert_cmpuint(in->range.offset, <=, in->keyword_range.offset);
  g_assert_cmpuint(in->range.end_offset, >=, in->line_range.end_offset);
  size_t text_len = strlen(in->text);
  for (guint i = 0; i < text_len; i++) /* each byte is where the map says */
    g_assert_cmpint(d->source[oakum_instruction_locate(in, i)], ==, in->text[i]);
  GPtrArray *lists[] = {in->flags, in->words};
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    for (guint j = 0; j < lists[i]->len; j++) {
      const OakumWord *word = lists[i]->pdata[j];
      check_range(d, &word->range);
      check_range(d, &word->name_range);
      check_range(d, &word->value_range);
      g_assert_cmpuint(word->range.offset, >=, in->range.offset);
      g_assert_cmpuint(word->range.end_offset, <=, in->range.end_offset);
      if (word->at >= 0)
        g_assert_cmpmem(in->text + word->at, strlen(word->value), word->value, strlen(word->value));
    }
  for (guint i = 0; i < in->heredocs->len; i++) {
    const OakumHeredoc *heredoc = in->heredocs->pdata[i];
    check_range(d, &heredoc->marker);
    check_range(d, &heredoc->body);
    check_range(d, &heredoc->end);
    size_t body = strlen(heredoc->text);
    for (guint j = 0; j < body; j++)
      g_assert_cmpint(d->source[oakum_heredoc_locate(heredoc, j)], ==, heredoc->text[j]);
  }
  for (guint i = 0; i < in->mounts->len; i++) {
    const OakumMount *mount = in->mounts->pdata[i];
    for (guint j = 0; j < mount->fields->len; j++) {
      const OakumWord *field = mount->fields->pdata[j];
      check_range(d, &field->range);
      check_range(d, &field->name_range);
      check_range(d, &field->value_range);
    }
  }
  if (in->inner)
    check_instruction(d, in->inner);
}

static inline void check_tree(const OakumDockerfile *d, const char *data, size_t len)
{
  check_tokens(d, data, len);
  for (guint i = 0; i < d->instructions->len; i++) {
    const OakumInstruction *in = d->instructions->pdata[i];
    g_assert_cmpuint(in->index, ==, i);
    check_instruction(d, in);
  }
  for (guint i = 0; i < d->comments->len; i++)
    check_range(d, &((const OakumComment *)d->comments->pdata[i])->range);
  for (guint i = 0; i < d->stages->len; i++) {
    const OakumStage *stage = d->stages->pdata[i];
    g_assert_cmpint(stage->parent, <, (int)i);
    g_assert_cmpuint(stage->first, <, stage->end);
    for (guint j = 0; j < stage->uses->len; j++)
      g_assert_cmpint(((const OakumStageUse *)stage->uses->pdata[j])->stage, <, (int)i);
  }
  guint last = 0;
  for (guint i = 0; i < d->errors->len; i++) {
    const OakumDockerfileError *e = d->errors->pdata[i];
    check_range(d, &e->range);
    g_assert_cmpuint(e->range.offset, >=, last);
    g_assert_true(*e->message && *e->code);
    last = e->range.offset;
  }
  g_assert_true(oakum_dockerfile_check(d, NULL) == (d->errors->len == 0));
}
