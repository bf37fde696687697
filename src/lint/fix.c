/* Edits of findings applied to the text, in rounds. */
#include "lint/lint-private.h"
#include <string.h>

static gint by_start(gconstpointer a, gconstpointer b)
{
  const OakumFinding *x = *(OakumFinding *const *)a, *y = *(OakumFinding *const *)b;
  const OakumEdit *p = x->edits->pdata[0], *q = y->edits->pdata[0];
  if (p->start != q->start)
    return p->start < q->start ? -1 : 1;
  if (p->end != q->end)
    return p->end < q->end ? -1 : 1;
  return strcmp(x->id, y->id);
}

/* The edits of one finding fit behind those that are chosen: no byte is touched twice, and nothing
 * is inserted at the border of another edit, where the order would decide. */
static gboolean fits(const GArray *taken, const OakumFinding *finding, size_t len)
{
  for (guint i = 0; i < finding->edits->len; i++) {
    const OakumEdit *edit = finding->edits->pdata[i];
    if (edit->start > edit->end || edit->end > len)
      return FALSE;
    for (guint k = 0; k < taken->len; k++) {
      const OakumEdit *other = g_array_index(taken, OakumEdit *, k);
      if (edit->start <= other->end && other->start <= edit->end)
        return FALSE;
    }
  }
  return TRUE;
}

static gint edit_order(gconstpointer a, gconstpointer b)
{
  const OakumEdit *x = *(OakumEdit *const *)a, *y = *(OakumEdit *const *)b;
  return x->start < y->start ? -1 : x->start > y->start;
}

char *oakum_lint_apply(const char *data, size_t len, const GPtrArray *findings, gboolean unsafe,
                       size_t *out_len, guint *applied)
{
  g_autoptr(GPtrArray) wanted = g_ptr_array_new();
  for (guint i = 0; i < findings->len; i++) {
    OakumFinding *finding = findings->pdata[i];
    if (finding->edits && finding->edits->len > 0 && (unsafe || finding->edits_safe))
      g_ptr_array_add(wanted, finding);
  }
  g_ptr_array_sort(wanted, by_start);
  g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(OakumEdit *));
  *applied = 0;
  for (guint i = 0; i < wanted->len && taken->len < OAKUM_LINT_EDITS_MAX; i++) {
    const OakumFinding *finding = wanted->pdata[i];
    if (!fits(taken, finding, len))
      continue;
    for (guint k = 0; k < finding->edits->len; k++)
      g_array_append_val(taken, finding->edits->pdata[k]);
    (*applied)++;
  }
  g_array_sort(taken, edit_order);
  g_autoptr(GString) out = g_string_sized_new(len + 256);
  size_t at = 0;
  for (guint i = 0; i < taken->len; i++) {
    const OakumEdit *edit = g_array_index(taken, OakumEdit *, i);
    g_string_append_len(out, data + at, (gssize)(edit->start - at));
    g_string_append(out, edit->text);
    at = edit->end;
  }
  g_string_append_len(out, data + at, (gssize)(len - at));
  *out_len = out->len;
  return g_string_free(g_steal_pointer(&out), FALSE);
}

char *oakum_lint_fix(const char *data, size_t len, const char *file,
                     const OakumLintOptions *options, gboolean unsafe, size_t *out_len,
                     guint *applied, GError **error)
{
  g_autofree char *text = g_memdup2(data, len + 1);
  size_t now = len;
  *applied = 0;
  for (guint round = 0; round < OAKUM_LINT_FIX_ROUNDS_MAX; round++) {
    g_autoptr(OakumDockerfile) dockerfile = oakum_dockerfile_parse(text, now, file, error);
    if (!dockerfile)
      return NULL;
    g_autoptr(GPtrArray) findings = oakum_lint_run(dockerfile, options);
    size_t next_len;
    guint done;
    g_autofree char *next = oakum_lint_apply(text, now, findings, unsafe, &next_len, &done);
    if (done == 0)
      break;
    /* a fix must not break what parsed before */
    g_autoptr(OakumDockerfile) after = oakum_dockerfile_parse(next, next_len, file, NULL);
    if (!after || after->errors->len > dockerfile->errors->len)
      break;
    *applied += done;
    g_free(text);
    text = g_steal_pointer(&next);
    now = next_len;
  }
  *out_len = now;
  return g_steal_pointer(&text);
}
