/* A path in the first line, then a file. Oracles: what is found does not depend on the pieces that
 * the file comes in, and shows nothing but the letters that a form begins with. */
#include "inspect/inspect.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void free_finding(gpointer finding)
{
  oakum_finding_free(finding);
}

static GPtrArray *look(OakumInspector *inspector, const char *path, const uint8_t *data, size_t len,
                       size_t piece)
{
  const OakumLayerObserver *observer = oakum_inspector_observer(inspector);
  GPtrArray *found = g_ptr_array_new_with_free_func(free_finding);
  g_autoptr(GPtrArray) incomplete = g_ptr_array_new_with_free_func(free_finding);
  OakumTarEntry entry = {.type = OAKUM_TAR_FILE, .path = {(const uint8_t *)path, strlen(path)}};
  observer->entry(observer->user, &entry, path);
  for (size_t at = 0; at < len; at += piece)
    observer->bytes(observer->user, data + at, MIN(piece, len - at));
  observer->end(observer->user, found, incomplete);
  return found;
}

/* Rules of the user's own go the same ways. */
static const char own[] =
    "rules:\n"
    "  - {id: own, severity: high, keywords: [own, mine], regex: 'own_(?P<s>[a-z0-9]{4,40})\\b',\n"
    "     secret-group-name: s, allow-rules: [{regex: '0000'}]}\n"
    "  - {id: lines, severity: low, regex: '(?s)AB.{1,300}?YZ', path: 'a'}\n"
    "exclude-block: {regexes: ['(?s)BEGIN.*?END']}\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static OakumInspector *inspector;
  const uint8_t *end = memchr(data, '\n', MIN(size, 200));
  if (!end)
    return 0;
  if (!inspector && (!oakum_inspect_secret_config(own, sizeof own - 1, "own", NULL) ||
                     !oakum_inspect_secret_ready(NULL)))
    g_error("the own rules");
  if (!inspector)
    inspector = oakum_inspector_new(&(OakumInspectOptions){.checks = OAKUM_CHECK_SECRETS});
  g_autofree char *path = g_strndup((const char *)data, (gsize)(end - data));
  size_t len = size - (size_t)(end + 1 - data);
  g_autoptr(GPtrArray) whole = look(inspector, path, end + 1, len, len + 1);
  for (size_t piece = 1; piece < 600; piece = piece * 3 + 4) {
    g_autoptr(GPtrArray) pieces = look(inspector, path, end + 1, len, piece);
    if (pieces->len != whole->len)
      g_error("%u found as a whole, %u in pieces of %zu", whole->len, pieces->len, piece);
    for (guint i = 0; i < whole->len; i++) {
      const OakumFinding *a = whole->pdata[i], *b = pieces->pdata[i];
      if (strcmp(a->id, b->id) != 0 || a->line != b->line || strcmp(a->match, b->match) != 0)
        g_error("%s in line %d and %s in line %d", a->id, a->line, b->id, b->line);
    }
  }
  for (guint i = 0; i < whole->len; i++)
    if (!strchr(((const OakumFinding *)whole->pdata[i])->match, '*'))
      g_error("a secret that shows");
  return 0;
}
