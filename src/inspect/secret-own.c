/* The rules of --secret-config held against a file: Vectorscan says which expressions may be in
 * what is in memory of it, PCRE2 says where. */
#include "inspect/secret-private.h"
#include <string.h>

typedef struct {
  const SecretConfig *config;
  const SecretOwnLook *look;
  size_t *seen; /* by rule: where its first match may end; SIZE_MAX: nowhere */
} Scan;

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *user)
{
  Scan *scan = user;
  guint n = scan->config->rules->len;
  (void)from;
  (void)flags;
  if (id >= n)
    scan->look->keyed[id - n] = TRUE;
  else
    scan->seen[id] = MIN(scan->seen[id], scan->look->from + (size_t)to);
  return 0;
}

static gboolean has_word(OakumSlice data, const char *word)
{
  size_t n = strlen(word);
  for (size_t i = 0; i + n <= data.len; i++)
    if (g_ascii_strncasecmp((const char *)data.data + i, word, n) == 0)
      return TRUE;
  return FALSE;
}

/* Where there is no database the texts are short, and everything is tried. */
static void try_all(Scan *scan)
{
  for (guint i = 0; i < scan->config->rules->len; i++) {
    const SecretOwnRule *own = scan->config->rules->pdata[i];
    for (guint k = 0; k < own->keywords->len && !scan->look->keyed[i]; k++)
      scan->look->keyed[i] = has_word(scan->look->data, own->keywords->pdata[k]);
    scan->seen[i] = scan->look->from;
  }
}

/* A match that goes to the end of what is there may go on, and comes again with what follows.
 * FALSE: too many steps. */
static gboolean find_all(const Scan *scan, guint rule)
{
  const SecretOwnLook *look = scan->look;
  const SecretOwnRule *own = scan->config->rules->pdata[rule];
  OakumSlice data = look->data;
  size_t reach = OAKUM_SECRET_CONFIG_REACH, at = scan->seen[rule],
         from = MAX(at > reach ? at - reach : 0, look->done[rule]);
  g_autoptr(GMatchInfo) info = NULL;
  g_autoptr(GError) error = NULL;
  if (from >= data.len)
    return TRUE;
  gboolean found = g_regex_match_full(
      own->regex, (const char *)data.data, (gssize)data.len, (gint)from,
      (look->first ? 0 : G_REGEX_MATCH_NOTBOL) | (look->last ? 0 : G_REGEX_MATCH_NOTEOL), &info,
      &error);
  for (; found && !error; found = g_match_info_next(info, &error)) {
    gint start, end, inner, inner_end;
    if (!g_match_info_fetch_pos(info, 0, &start, &end) || end <= start)
      continue;
    if (!look->last && (size_t)end == data.len && (size_t)start + reach > data.len)
      break;
    SecretOwnHit hit = {rule, (size_t)start, (size_t)end, (size_t)start, (size_t)end};
    if (own->group && g_match_info_fetch_named_pos(info, own->group, &inner, &inner_end) &&
        inner >= 0 && inner_end > inner) {
      hit.start = (size_t)inner;
      hit.end = (size_t)inner_end;
    }
    look->done[rule] = (size_t)end;
    look->tell(&hit, look->user);
  }
  return !error;
}

const SecretOwnRule *oakum_secret_own_scan(const SecretConfig *config, const SecretOwnLook *look)
{
  guint n = config->rules->len;
  const SecretOwnRule *slow = NULL;
  g_autofree size_t *seen = g_new(size_t, n + 1);
  Scan scan = {config, look, seen};
  for (guint i = 0; i < n; i++)
    seen[i] = SIZE_MAX;
  if (look->scratch)
    (void)hs_scan(config->database, (const char *)look->data.data + look->from,
                  (unsigned)(look->data.len - look->from), 0, look->scratch, on_match, &scan);
  else
    try_all(&scan);
  for (guint i = 0; i < n; i++) {
    const SecretOwnRule *own = config->rules->pdata[i];
    if (seen[i] != SIZE_MAX && (!own->path || g_regex_match(own->path, look->path, 0, NULL)) &&
        !find_all(&scan, i))
      slow = own;
  }
  return slow;
}

/* ---- what does not count
 * ------------------------------------------------------------------------ */
static const char *allowed_by(const GPtrArray *allow, const char *path, OakumSlice data,
                              size_t start, size_t end)
{
  for (guint i = 0; i < allow->len; i++) {
    const SecretAllow *one = allow->pdata[i];
    if ((one->path && g_regex_match(one->path, path, 0, NULL)) ||
        (one->text && g_regex_match_full(one->text, (const char *)data.data + start,
                                         (gssize)(end - start), 0, 0, NULL, NULL)))
      return one->reason;
  }
  return NULL;
}

const char *oakum_secret_own_allowed(const SecretConfig *config, const SecretOwnRule *own,
                                     const char *path, OakumSlice data, size_t start, size_t end)
{
  const char *why = own ? allowed_by(own->allow, path, data, start, end) : NULL;
  return why ? why : allowed_by(config->allow, path, data, start, end);
}

static gboolean inside(const GPtrArray *blocks, OakumSlice data, size_t start, size_t end)
{
  for (guint i = 0; i < blocks->len; i++) {
    g_autoptr(GMatchInfo) info = NULL;
    gboolean found = g_regex_match_full(blocks->pdata[i], (const char *)data.data, (gssize)data.len,
                                        0, 0, &info, NULL);
    for (; found; found = g_match_info_next(info, NULL)) {
      gint from, to;
      if (!g_match_info_fetch_pos(info, 0, &from, &to) || (size_t)from > start)
        break;
      if ((size_t)to >= end)
        return TRUE;
    }
  }
  return FALSE;
}

const char *oakum_secret_own_excluded(const SecretConfig *config, const SecretOwnRule *own,
                                      OakumSlice data, size_t start, size_t end)
{
  if (own && inside(own->exclude.blocks, data, start, end))
    return own->exclude.reason;
  return inside(config->exclude.blocks, data, start, end) ? config->exclude.reason : NULL;
}
