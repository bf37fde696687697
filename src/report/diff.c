/* A unified diff by lines: Myers' greedy algorithm (1986), its rows kept to walk back. */
#include "report/lint-private.h"
#include <string.h>

#define CONTEXT 3

typedef struct {
  const char *at;
  size_t len; /* with its newline */
  guint hash;
} Line;

static GArray *split(const char *text, size_t len)
{
  GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
  for (size_t at = 0; at < len;) {
    const char *end = memchr(text + at, '\n', len - at);
    Line line = {text + at, end ? (size_t)(end - text) + 1 - at : len - at, 5381};
    for (size_t i = 0; i < line.len; i++)
      line.hash = line.hash * 33 + (unsigned char)line.at[i];
    g_array_append_val(lines, line);
    at += line.len;
  }
  return lines;
}

static gboolean same(const GArray *a, int i, const GArray *b, int j)
{
  const Line *x = &g_array_index(a, Line, i), *y = &g_array_index(b, Line, j);
  return x->hash == y->hash && x->len == y->len && memcmp(x->at, y->at, x->len) == 0;
}

/* Marks the lines that go and that come between the equal beginnings and ends. */
static void compare(const GArray *a, const GArray *b, guint8 *gone, guint8 *come)
{
  int n = (int)a->len, m = (int)b->len, head = 0;
  while (head < n && head < m && same(a, head, b, head))
    head++;
  while (n > head && m > head && same(a, n - 1, b, m - 1)) {
    n--;
    m--;
  }
  int rows = n - head, columns = m - head, most = MIN(rows + columns, (int)OAKUM_DIFF_EDITS_MAX);
  g_autoptr(GPtrArray) trace = g_ptr_array_new_with_free_func(g_free);
  g_autofree int *v = g_new0(int, 2 * most + 3);
  int *at = v + most + 1; /* at[k]: farthest row on diagonal k */
  int d = 0;
  for (gboolean done = FALSE; d <= most && !done; d++) {
    for (int k = -d; k <= d; k += 2) {
      int x = k == -d || (k != d && at[k - 1] < at[k + 1]) ? at[k + 1] : at[k - 1] + 1, y = x - k;
      while (x < rows && y < columns && same(a, head + x, b, head + y)) {
        x++;
        y++;
      }
      at[k] = x;
      done |= x >= rows && y >= columns;
    }
    g_ptr_array_add(trace, g_memdup2(at - d, (gsize)(2 * d + 1) * sizeof(int)));
  }
  if (d > most && !(at[rows - columns] >= rows)) { /* too different: all goes, all comes */
    memset(gone + head, 1, (size_t)rows);
    memset(come + head, 1, (size_t)columns);
    return;
  }
  int x = rows, y = columns;
  for (d = (int)trace->len - 1; d > 0; d--) {
    const int *row = (int *)trace->pdata[d - 1] + (d - 1);
    int k = x - y;
    gboolean down = k == -d || (k != d && row[k - 1] < row[k + 1]);
    int from = down ? row[k + 1] : row[k - 1], before = from - (down ? k + 1 : k - 1);
    if (down)
      come[head + before] = 1;
    else
      gone[head + from] = 1;
    x = from;
    y = before;
  }
}

static void put(GString *out, char mark, const GArray *lines, guint i)
{
  const Line *line = &g_array_index(lines, Line, i);
  g_string_append_c(out, mark);
  g_string_append_len(out, line->at, (gssize)line->len);
  if (line->at[line->len - 1] != '\n')
    g_string_append(out, "\n\\ No newline at end of file\n");
}

/* "12,3", "12" for one line, "11,0" for none behind line 11. */
static void span(GString *out, char mark, guint first, guint count)
{
  g_string_append_printf(out, "%c%u", mark, count ? first + 1 : first);
  if (count != 1)
    g_string_append_printf(out, ",%u", count);
}

GString *oakum_report_diff(const char *name, const char *before, size_t before_len,
                           const char *after, size_t after_len)
{
  GString *out = g_string_new(NULL);
  g_autoptr(GArray) a = split(before, before_len);
  g_autoptr(GArray) b = split(after, after_len);
  g_autofree guint8 *gone = g_new0(guint8, a->len + 1), *come = g_new0(guint8, b->len + 1);
  g_autofree char *shown = oakum_escape_terminal(name, -1);
  compare(a, b, gone, come);
  guint i = 0, j = 0;
  while (i < a->len || j < b->len) {
    if (!gone[i] && !come[j]) {
      i++;
      j++;
      continue;
    }
    /* a hunk: changes that are at most twice the context apart, and the context around them */
    guint first = i - MIN(i, CONTEXT), other = j - (i - first), x = i, y = j, end = i,
          other_end = j;
    while (x < a->len || y < b->len) {
      if (gone[x] || come[y]) {
        x += gone[x] && x < a->len;
        while (x < a->len && gone[x])
          x++;
        while (y < b->len && come[y])
          y++;
        end = x;
        other_end = y;
      } else if (x - end < 2 * CONTEXT && x < a->len && y < b->len) {
        x++;
        y++;
      } else {
        break;
      }
    }
    guint tail = MIN(CONTEXT, a->len - end);
    if (out->len == 0)
      g_string_append_printf(out, "--- a/%s\n+++ b/%s\n", shown, shown);
    g_string_append(out, "@@ ");
    span(out, '-', first, end + tail - first);
    g_string_append_c(out, ' ');
    span(out, '+', other, other_end + tail - other);
    g_string_append(out, " @@\n");
    for (x = first, y = other; x < end + tail || y < other_end;) {
      if (x < end && gone[x])
        put(out, '-', a, x++);
      else if (y < other_end && come[y])
        put(out, '+', b, y++);
      else {
        put(out, ' ', a, x++);
        y++;
      }
    }
    i = end + tail;
    j = other_end + tail;
  }
  return out;
}
