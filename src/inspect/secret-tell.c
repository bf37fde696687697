/* What is found in a file: noted as it is confirmed, by a built-in rule or by one of the user's
 * own, and told when the file ends. */
#include "inspect/secret-stream.h"
#include <string.h>

#define STARS_MAX 40u

/* ---- noted
 * ----------------------------------------------------------------------------------------- */
static uint64_t line_of(const SecretStream *stream, size_t at)
{
  uint64_t lines = stream->line;
  for (const uint8_t *from = stream->buffer, *to = from + at, *end;
       (end = memchr(from, '\n', (size_t)(to - from))) != NULL; from = end + 1)
    lines++;
  return lines;
}

/* FALSE: it is one too many, which is told. */
static gboolean may_find(SecretStream *stream)
{
  if (stream->found->len < OAKUM_SECRET_HITS_MAX)
    return TRUE;
  if (!stream->scan->spent)
    oakum_secret_scan_incomplete(stream->scan, "more in it looks like secrets than is told");
  stream->scan->spent = TRUE;
  return FALSE;
}

void oakum_secret_note(const SecretHit *hit, gpointer user)
{
  const SecretLook *look = user;
  SecretStream *stream = look->stream;
  const SecretConfig *config = stream->scan->config;
  const SecretRule *rule = &oakum_secret_rules[hit->rule];
  /* programs hold keys, encoded, that they test themselves with */
  if (look->encoded && rule->proof == SECRET_PROOF_DER && !(stream->places & 1u << SECRET_APP))
    return;
  if ((config && config->disabled[hit->rule]) || !may_find(stream))
    return;
  size_t start = look->encoded ? look->begins + hit->start * 4 / 3 : hit->start,
         end = look->encoded ? look->begins + (hit->end + 2) * 4 / 3 : hit->end,
         hidden = hit->end - hit->start;
  if (rule->kind == SECRET_TOKEN)
    hidden -= MIN(hidden, look->literal->len);
  if (look->encoded && stream->scan->ranges) { /* to be blotted out: all of it */
    start = look->begins;
    end = look->ends;
  }
  SecretFound found = {
      .rule = (int)hit->rule,
      .start = stream->base + start,
      .end = stream->base + MAX(end, start + 1),
      .line = line_of(stream, look->encoded ? look->encoded->at : hit->start),
      .hash = oakum_bytes_hash(look->data.data + hit->start, hit->end - hit->start),
      .stars = rule->kind == SECRET_VALUE ? 8 : (guint)MIN(hidden, STARS_MAX),
      .said = hit->said,
      .shown = (uint8_t)*look->literal->text < ' ' ? "DER" /* no letters */
               : (uint8_t)*look->literal->text >= 0x7f
                   ? "store"
                   : look->literal->text + strspn(look->literal->text, " "),
      .encoded = look->encoded != NULL,
      .allowed = hit->doubt ? hit->doubt
                            : oakum_secret_published((OakumSlice){look->data.data + hit->start,
                                                                  hit->end - hit->start}),
  };
  if (rule->kind == SECRET_TOKEN && found.stars == 0)
    found.stars = 8;
  if (config && !found.allowed)
    found.allowed = oakum_secret_own_allowed(config, NULL, stream->scan->file, look->data,
                                             hit->start, hit->end);
  if (config && !found.allowed)
    found.allowed = oakum_secret_own_excluded(
        config, NULL, (OakumSlice){stream->buffer, stream->len}, start, end);
  g_array_append_val(stream->found, found);
}

void oakum_secret_note_whole(SecretStream *stream, guint rule, size_t start, size_t end,
                             uint64_t line)
{
  const SecretConfig *config = stream->scan->config;
  if ((config && config->disabled[rule]) || !may_find(stream))
    return;
  OakumSlice data = {stream->buffer, stream->len};
  SecretFound found = {.rule = (int)rule,
                       .start = start,
                       .end = end,
                       .line = line,
                       .hash = oakum_bytes_hash(stream->buffer + start, end - start),
                       .stars = 8,
                       .shown = ""};
  found.allowed = oakum_secret_published((OakumSlice){stream->buffer + start, end - start});
  if (config && !found.allowed)
    found.allowed = oakum_secret_own_allowed(config, NULL, stream->scan->file, data, start, end);
  if (config && !found.allowed)
    found.allowed = oakum_secret_own_excluded(config, NULL, data, start, end);
  g_array_append_val(stream->found, found);
}

/* ---- rules of the user's own
 * -------------------------------------------------------------------------------- */
static void on_own_hit(const SecretOwnHit *hit, gpointer user)
{
  SecretStream *stream = user;
  const SecretConfig *config = stream->scan->config;
  const SecretOwnRule *own = config->rules->pdata[hit->rule];
  OakumSlice data = {stream->buffer, stream->len};
  if (!may_find(stream))
    return;
  SecretFound found = {
      .rule = (int)hit->rule - (int)config->rules->len,
      .start = stream->base + hit->start,
      .end = stream->base + hit->end,
      .line = line_of(stream, hit->start),
      .hash = oakum_bytes_hash(stream->buffer + hit->start, hit->end - hit->start),
      .stars = 8,
      .shown = "",
      .allowed = oakum_secret_own_allowed(config, own, stream->scan->file, data, hit->whole_start,
                                          hit->whole_end),
  };
  if (!found.allowed)
    found.allowed = oakum_secret_own_excluded(config, own, data, hit->start, hit->end);
  g_array_append_val(stream->found, found);
}

/* `before`: how much of the buffer was looked at before. */
void oakum_secret_look_by_own(SecretStream *stream, size_t before, gboolean last)
{
  SecretScan *scan = stream->scan;
  if (!scan->config || scan->config->rules->len == 0 || scan->spent ||
      !(stream->places & 1u << SECRET_TEXT))
    return;
  if (!scan->own && scan->config->database && /* which may have been made after the scan */
      hs_alloc_scratch(scan->config->database, &scan->own) != HS_SUCCESS)
    g_error("Vectorscan: out of memory");
  if (!stream->own_done) {
    stream->own_done = g_new0(size_t, scan->config->rules->len);
    stream->own_keyed = g_new0(gboolean, scan->config->rules->len);
  }
  const SecretOwnLook look = {
      .data = {stream->buffer, stream->len},
      .from = before > OAKUM_SECRET_CONFIG_REACH ? before - OAKUM_SECRET_CONFIG_REACH : 0,
      .first = stream->base == 0,
      .last = last,
      .path = scan->file,
      .done = stream->own_done,
      .keyed = stream->own_keyed,
      .scratch = scan->own,
      .tell = on_own_hit,
      .user = stream};
  const SecretOwnRule *slow = oakum_secret_own_scan(scan->config, &look);
  if (slow && !scan->slow) {
    g_autofree char *reason = g_strdup_printf(
        "the regular expression of rule %s of the secret configuration takes too many steps",
        slow->rule.id);
    oakum_secret_scan_incomplete(scan, reason);
    scan->slow = TRUE;
  }
}

/* ---- told
 * ------------------------------------------------------------------------------------------ */
static const SecretOwnRule *own_of(const SecretScan *scan, int rule)
{
  return rule < 0 ? scan->config->rules->pdata[(int)scan->config->rules->len + rule] : NULL;
}

static const SecretRule *rule_of(const SecretScan *scan, int rule)
{
  return rule < 0 ? &own_of(scan, rule)->rule : &oakum_secret_rules[rule];
}

static gint by_start(gconstpointer a, gconstpointer b)
{
  const SecretFound *x = a, *y = b;
  return x->start != y->start ? (x->start < y->start ? -1 : 1) : x->rule - y->rule;
}

static char *censored(const SecretFound *found, gboolean value)
{
  char stars[STARS_MAX + 1];
  memset(stars, '*', found->stars);
  stars[found->stars] = '\0';
  return g_strconcat(found->shown, value ? "=" : "", stars, NULL);
}

/* What is told of a file is the worst of it: one that is less bad makes room. FALSE: none is. */
static gboolean make_room(SecretScan *scan, OakumSeverity severity)
{
  guint least = scan->first;
  scan->dropped++;
  for (guint i = scan->first + 1; i < scan->findings->len; i++)
    if (((OakumFinding *)scan->findings->pdata[i])->severity <=
        ((OakumFinding *)scan->findings->pdata[least])->severity)
      least = i;
  if (((OakumFinding *)scan->findings->pdata[least])->severity >= severity)
    return FALSE;
  g_ptr_array_remove_index(scan->findings, least);
  return TRUE;
}

/* By where it stands; what an archive holds, also by where it stands in there. */
static const char *allowed_by_place(const SecretStream *stream, const SecretRule *rule)
{
  const SecretScan *scan = stream->scan;
  guint but = scan->config ? scan->config->kept : 0;
  const char *why = oakum_secret_allowed(rule->id, scan->file, but);
  if (why || !stream->member)
    return why;
  g_autofree char *full = g_strconcat(scan->file, "/", stream->member, NULL);
  why = oakum_secret_allowed(rule->id, full, but);
  return why ? why : oakum_secret_allowed(rule->id, stream->member, but);
}

static void tell(SecretStream *stream, const SecretFound *found)
{
  SecretScan *scan = stream->scan;
  const SecretRule *rule = rule_of(scan, found->rule);
  if (scan->full)
    return;
  if (scan->findings->len >= OAKUM_SECRET_LAYER_MAX) {
    scan->full = TRUE;
    oakum_secret_scan_incomplete(scan, "more secrets in one layer than are told");
    return;
  }
  uint64_t key = found->hash + (uint64_t)(int64_t)found->rule + (found->allowed ? 1u << 16 : 0);
  if (g_hash_table_contains(scan->seen, &key))
    return;
  g_hash_table_add(scan->seen, g_memdup2(&key, sizeof key));
  if (scan->findings->len - scan->first >= OAKUM_SECRET_FILE_MAX &&
      !make_room(scan, rule->severity))
    return;
  OakumFinding *finding = oakum_finding_new(OAKUM_FINDING_SECRET, rule->id, rule->severity);
  g_autofree char *match = censored(found, rule->kind == SECRET_VALUE);
  guint same = 1;
  for (guint i = scan->first; i < scan->findings->len; i++) {
    const OakumFinding *other = scan->findings->pdata[i];
    same += strcmp(other->id, rule->id) == 0 && g_str_has_prefix(other->match, match) &&
            (other->match[strlen(match)] == '\0' || other->match[strlen(match)] == ' ');
  }
  finding->title = g_strdup(rule->title);
  finding->file = g_strdup(scan->file);
  finding->line = (int)MIN(found->line + 1, (uint64_t)G_MAXINT - 1);
  finding->category = g_strdup(rule->category);
  finding->suppressed = g_strdup(found->allowed ? found->allowed : allowed_by_place(stream, rule));
  finding->code = g_strdup(rule->code);
  finding->match = same > 1 ? g_strdup_printf("%s #%u", match, same) : g_strdup(match);
  GString *why = g_string_new(NULL);
  g_string_append_printf(why, "%s in line %" G_GUINT64_FORMAT, rule->title, found->line + 1);
  if (found->encoded)
    g_string_append(why, ", encoded in base64");
  if (stream->where) {
    g_autofree char *where = oakum_escape_terminal(stream->where, -1);
    g_string_append_printf(why, ", in %s inside of the file", where);
  }
  if (found->said)
    g_string_append_printf(why, "; %s", found->said);
  finding->why = g_string_free(why, FALSE);
  finding->fix = g_strdup("revoke it, and give it to the build as a secret mount or to the "
                          "container when it runs: whoever has the image has it");
  g_ptr_array_add(scan->findings, finding);
}

/* Own rules of which no word stood in the file have found nothing. */
static void drop_unkeyed(SecretStream *stream)
{
  GArray *all = stream->found;
  guint left = 0;
  for (guint i = 0; i < all->len; i++) {
    const SecretFound *one = &g_array_index(all, SecretFound, i);
    const SecretOwnRule *own = own_of(stream->scan, one->rule);
    if (own && own->keywords->len > 0 &&
        !stream->own_keyed[(int)stream->scan->config->rules->len + one->rule])
      continue;
    g_array_index(all, SecretFound, left++) = *one;
  }
  g_array_set_size(all, left);
}

/* Whether `other`, which overlaps, is told in place of `one`. */
static gboolean is_better(const SecretFound *other, const SecretFound *one)
{
  return other->rule < one->rule && (!other->allowed || one->allowed);
}

/* Where several rules see the same, the earlier one is right. */
void oakum_secret_tell(SecretStream *stream)
{
  GArray *all = stream->found;
  if (stream->own_keyed)
    drop_unkeyed(stream);
  for (guint i = 0; stream->scan->ranges && i < all->len; i++) {
    SecretRange range = {g_array_index(all, SecretFound, i).start,
                         g_array_index(all, SecretFound, i).end};
    g_array_append_val(stream->scan->ranges, range);
  }
  g_array_sort(all, by_start);
  for (guint i = 0; i < all->len; i++) {
    const SecretFound *one = &g_array_index(all, SecretFound, i);
    gboolean better = FALSE;
    for (guint j = i; j > 0 && !better; j--) {
      const SecretFound *other = &g_array_index(all, SecretFound, j - 1);
      better = other->end > one->start && is_better(other, one);
    }
    for (guint j = i + 1; j < all->len && !better; j++) {
      const SecretFound *other = &g_array_index(all, SecretFound, j);
      if (other->start >= one->end)
        break;
      better = is_better(other, one);
    }
    if (!better)
      tell(stream, one);
  }
  g_array_set_size(all, 0);
}
