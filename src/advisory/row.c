/* Rows of the database: a table of the strings, sorted and front-coded, and the entries as numbers
 * into it. One package's records say the same words again and again. */
#include "advisory/advisory-private.h"
#include <stdlib.h>

/* ---- memory ---------------------------------------------------------------------------------- */
struct OakumArena {
  GPtrArray *blocks;
  char *at;
  size_t left;
};

OakumArena *oakum_arena_new(void)
{
  OakumArena *arena = g_new0(OakumArena, 1);
  arena->blocks = g_ptr_array_new_with_free_func(g_free);
  return arena;
}

void *oakum_arena_alloc(OakumArena *arena, size_t len)
{
  len = (len + 7) & ~(size_t)7;
  if (len > arena->left) {
    arena->left = MAX(len, arena->blocks->len == 0 ? 1024 : 4096); /* most records are short */
    arena->at = g_malloc0(arena->left);
    g_ptr_array_add(arena->blocks, arena->at);
  }
  void *out = arena->at;
  arena->at += len;
  arena->left -= len;
  return out;
}

void oakum_arena_free(OakumArena *arena)
{
  if (!arena)
    return;
  g_ptr_array_unref(arena->blocks);
  g_free(arena);
}

/* ---- numbers ------------------------------------------------------------------------------- */
static void put(GByteArray *out, guint64 value)
{
  uint8_t bytes[10];
  guint n = 0;
  do {
    bytes[n] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>= 7;
  } while (bytes[n++] & 0x80);
  g_byte_array_append(out, bytes, n);
}

typedef struct {
  const uint8_t *at, *end;
  gboolean bad;
} Cursor;

static guint64 get(Cursor *c)
{
  guint64 value = 0;
  for (guint shift = 0; shift < 63 && c->at < c->end; shift += 7) {
    uint8_t byte = *c->at++;
    value |= (guint64)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return value;
  }
  c->bad = TRUE;
  return 0;
}

/* A count of things that take at least one byte each. */
static guint get_count(Cursor *c)
{
  guint64 n = get(c);
  if (n > (guint64)(c->end - c->at)) {
    c->bad = TRUE;
    return 0;
  }
  return (guint)n;
}

/* ---- the table of strings -------------------------------------------------------------------- */
typedef struct {
  GHashTable *index; /* string to number + 1 */
  GPtrArray *strings;
} Strings;

static void note(Strings *s, const char *text)
{
  if (text && g_hash_table_add(s->index, (gpointer)text))
    g_ptr_array_add(s->strings, (gpointer)text);
}

static void note_list(Strings *s, const char *const *list)
{
  for (; list && *list; list++)
    note(s, *list);
}

static int by_text(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_strings(GByteArray *out, Strings *s)
{
  if (s->strings->len)
    qsort(s->strings->pdata, s->strings->len, sizeof(gpointer), by_text);
  size_t total = 0;
  for (guint i = 0; i < s->strings->len; i++)
    total += strlen(s->strings->pdata[i]) + 1;
  put(out, s->strings->len);
  put(out, total);
  const char *before = "";
  for (guint i = 0; i < s->strings->len; i++) {
    const char *text = s->strings->pdata[i];
    size_t len = strlen(text), shared = 0;
    while (shared < len && text[shared] == before[shared])
      shared++;
    put(out, shared);
    put(out, len - shared);
    g_byte_array_append(out, (const guint8 *)text + shared, (guint)(len - shared));
    g_hash_table_insert(s->index, (gpointer)text, GUINT_TO_POINTER(i + 1));
    before = text;
  }
}

static void put_text(GByteArray *out, const Strings *s, const char *text)
{
  put(out, text ? GPOINTER_TO_UINT(g_hash_table_lookup(s->index, text)) : 0);
}

static void put_list(GByteArray *out, const Strings *s, const char *const *list)
{
  guint n = list ? g_strv_length((char **)list) : 0;
  put(out, n);
  for (guint i = 0; i < n; i++)
    put_text(out, s, list[i]);
}

static int by_number(const void *a, const void *b)
{
  guint x = *(const guint *)a, y = *(const guint *)b;
  return (x > y) - (x < y);
}

/* A set as runs of neighbours in the table: (gap, length). */
static void put_set(GByteArray *out, const Strings *s, const char *const *list)
{
  g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint));
  for (; list && *list; list++) {
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(s->index, *list));
    g_array_append_val(numbers, number);
  }
  if (numbers->len)
    qsort(numbers->data, numbers->len, sizeof(guint), by_number);
  g_autoptr(GByteArray) runs = g_byte_array_new();
  guint n = 0, last = 0;
  const guint *v = (const guint *)numbers->data;
  for (guint i = 0; i < numbers->len; n++) {
    guint j = i + 1;
    while (j < numbers->len && v[j] <= v[j - 1] + 1)
      j++;
    put(runs, v[i] - last);
    put(runs, v[j - 1] - v[i] + 1);
    last = v[j - 1];
    i = j;
  }
  put(out, n);
  g_byte_array_append(out, runs->data, runs->len);
}

typedef struct {
  const char **strings;
  guint len;
} Table;

static Table get_strings(Cursor *c, OakumArena *arena)
{
  guint n = get_count(c);
  guint64 total = get(c);
  if (c->bad || n > OAKUM_ADVISORY_STRINGS_MAX || total > OAKUM_OSV_LINE_MAX * 4) {
    c->bad = TRUE;
    return (Table){0};
  }
  Table table = {oakum_arena_alloc(arena, (n + 1) * sizeof(char *)), n};
  char *at = oakum_arena_alloc(arena, total + 1);
  const char *before = "";
  size_t before_len = 0;
  for (guint i = 0; i < n; i++) {
    guint64 shared = get(c), rest = get(c);
    if (c->bad || shared > before_len || rest > (guint64)(c->end - c->at) ||
        shared + rest + 1 > total || memchr(c->at, 0, rest)) {
      c->bad = TRUE;
      return (Table){0};
    }
    memcpy(at, before, shared);
    memcpy(at + shared, c->at, rest);
    at[shared + rest] = 0;
    c->at += rest;
    total -= shared + rest + 1;
    table.strings[i] = before = at;
    before_len = shared + rest;
    at += before_len + 1;
  }
  return table;
}

static const char *get_text(Cursor *c, const Table *table)
{
  guint64 n = get(c);
  if (n > table->len) {
    c->bad = TRUE;
    n = 0;
  }
  return n ? table->strings[n - 1] : NULL;
}

static const char **get_list(Cursor *c, const Table *table, OakumArena *arena)
{
  guint n = get_count(c);
  const char **list = oakum_arena_alloc(arena, (n + 1) * sizeof(char *));
  for (guint i = 0; i < n; i++)
    if (!(list[i] = get_text(c, table)))
      c->bad = TRUE;
  return list;
}

static const char **get_set(Cursor *c, const Table *table, OakumArena *arena)
{
  guint runs = get_count(c);
  const uint8_t *first = c->at;
  guint64 total = 0;
  for (guint i = 0; i < runs && !c->bad; i++) {
    (void)get(c);
    total += get(c);
    if (total > table->len)
      c->bad = TRUE;
  }
  if (c->bad)
    return oakum_arena_alloc(arena, sizeof(char *));
  const char **list = oakum_arena_alloc(arena, (total + 1) * sizeof(char *)), **at = list;
  c->at = first;
  guint64 last = 0;
  for (guint i = 0; i < runs; i++) {
    guint64 from = last + get(c), n = get(c);
    if (n == 0 || from == 0 || from > table->len || n > table->len - from + 1) {
      c->bad = TRUE;
      break;
    }
    for (guint64 k = 0; k < n; k++)
      *at++ = table->strings[from + k - 1];
    last = from + n - 1;
  }
  return list;
}

/* ---- entries --------------------------------------------------------------------------------- */
static void note_entry(Strings *s, const OakumAdvisory *e)
{
  const char *texts[] = {e->record,  e->severity_word, e->scheme,   e->module, e->flavour,
                         e->product, e->fix_date,      e->modified, e->note};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    note(s, texts[i]);
  note_list(s, e->ids);
  note_list(s, e->aliases);
  note_list(s, e->versions);
  note_list(s, e->arches);
  note_list(s, e->fixes);
  for (guint i = 0; i < e->n_ranges; i++) {
    note(s, e->ranges[i].introduced);
    note(s, e->ranges[i].fixed);
    note(s, e->ranges[i].last_affected);
  }
}

/* Which of the rarer fields stand in an entry. */
enum {
  HAS_ALIASES = 1,
  HAS_VERSIONS = 2,
  HAS_ARCHES = 4,
  HAS_WORDS = 8, /* module, flavour, product */
  HAS_DATES = 16,
  HAS_NOTE = 32,
  IDS_ARE_RECORD = 64,
  HAS_FIXES = 128
};

static gboolean some(const char *const *list)
{
  return list && *list;
}

static void put_entry(GByteArray *out, const Strings *s, const OakumAdvisory *e)
{
  gboolean same = e->ids && e->ids[0] && !e->ids[1] && strcmp(e->ids[0], e->record) == 0;
  guint has = (some(e->aliases) ? HAS_ALIASES : 0) | (some(e->versions) ? HAS_VERSIONS : 0) |
              (some(e->arches) ? HAS_ARCHES : 0) |
              (e->module || e->flavour || e->product ? HAS_WORDS : 0) |
              (e->fix_date || e->modified ? HAS_DATES : 0) | (e->note ? HAS_NOTE : 0) |
              (same ? IDS_ARE_RECORD : 0) | (some(e->fixes) ? HAS_FIXES : 0);
  put(out, has);
  put(out, (guint64)e->kind | (guint64)e->status << 3);
  put(out, (guint64)e->severity);
  put_text(out, s, e->record);
  put_text(out, s, e->severity_word);
  put_text(out, s, e->scheme);
  if (!same)
    put_list(out, s, e->ids);
  if (has & HAS_ALIASES)
    put_list(out, s, e->aliases);
  put(out, e->n_ranges);
  for (guint i = 0; i < e->n_ranges; i++) {
    const OakumAdvisoryRange *r = &e->ranges[i];
    put(out, (r->introduced ? 1 : 0) | (r->fixed ? 2 : 0) | (r->last_affected ? 4 : 0) |
                 (r->after ? 8 : 0) | (r->below ? 16 : 0));
    const char *texts[] = {r->introduced, r->fixed, r->last_affected};
    for (size_t k = 0; k < G_N_ELEMENTS(texts); k++)
      if (texts[k])
        put_text(out, s, texts[k]);
  }
  if (has & HAS_VERSIONS)
    put_set(out, s, e->versions);
  if (has & HAS_ARCHES)
    put_set(out, s, e->arches);
  if (has & HAS_FIXES)
    put_set(out, s, e->fixes);
  if (has & HAS_WORDS) {
    put_text(out, s, e->module);
    put_text(out, s, e->flavour);
    put_text(out, s, e->product);
  }
  if (has & HAS_DATES) {
    put_text(out, s, e->fix_date);
    put_text(out, s, e->modified);
  }
  if (has & HAS_NOTE)
    put_text(out, s, e->note);
}

void oakum_row_encode(GByteArray *out, const OakumAdvisory *const *entries, guint len)
{
  g_autoptr(GHashTable) index = oakum_str_map_new(NULL, NULL);
  g_autoptr(GPtrArray) strings = g_ptr_array_new();
  Strings s = {index, strings};
  for (guint i = 0; i < len; i++)
    note_entry(&s, entries[i]);
  put_strings(out, &s);
  put(out, len);
  for (guint i = 0; i < len; i++)
    put_entry(out, &s, entries[i]);
}

static void get_ranges(Cursor *c, const Table *table, OakumArena *arena, OakumAdvisory *e)
{
  e->n_ranges = get_count(c);
  OakumAdvisoryRange *ranges =
      oakum_arena_alloc(arena, (e->n_ranges + 1) * sizeof(OakumAdvisoryRange));
  for (guint i = 0; i < e->n_ranges; i++) {
    guint64 has = get(c);
    ranges[i].introduced = has & 1 ? get_text(c, table) : NULL;
    ranges[i].fixed = has & 2 ? get_text(c, table) : NULL;
    ranges[i].last_affected = has & 4 ? get_text(c, table) : NULL;
    ranges[i].after = (has & 8) != 0;
    ranges[i].below = (has & 16) != 0;
  }
  e->ranges = ranges;
}

static void get_entry(Cursor *c, const Table *table, OakumArena *arena, OakumAdvisory *e)
{
  static const char *const none[] = {NULL};
  guint64 has = get(c), kind = get(c), severity = get(c);
  e->kind = (OakumNameKind)MIN(kind & 7, (guint64)OAKUM_NAME_PRODUCT);
  e->status = (OakumAdvisoryStatus)MIN(kind >> 3, (guint64)OAKUM_STATUS_END_OF_LIFE);
  e->severity = (OakumSeverity)MIN(severity, (guint64)OAKUM_SEVERITY_CRITICAL);
  e->record = get_text(c, table);
  e->severity_word = get_text(c, table);
  e->scheme = get_text(c, table);
  if (has & IDS_ARE_RECORD) {
    e->ids = oakum_arena_alloc(arena, 2 * sizeof(char *));
    e->ids[0] = e->record;
  } else {
    e->ids = get_list(c, table, arena);
  }
  e->aliases = has & HAS_ALIASES ? get_list(c, table, arena) : (const char **)none;
  get_ranges(c, table, arena, e);
  e->versions = has & HAS_VERSIONS ? get_set(c, table, arena) : (const char **)none;
  e->arches = has & HAS_ARCHES ? get_set(c, table, arena) : (const char **)none;
  e->fixes = has & HAS_FIXES ? get_set(c, table, arena) : (const char **)none;
  if (has & HAS_WORDS) {
    e->module = get_text(c, table);
    e->flavour = get_text(c, table);
    e->product = get_text(c, table);
  }
  if (has & HAS_DATES) {
    e->fix_date = get_text(c, table);
    e->modified = get_text(c, table);
  }
  e->note = has & HAS_NOTE ? get_text(c, table) : NULL;
  if (!e->record || !e->ids[0])
    c->bad = TRUE;
}

static gboolean corrupt(GError **error)
{
  g_set_error(error, OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
              "database: a row that is not as it was written");
  return FALSE;
}

gboolean oakum_row_decode(const uint8_t *data, size_t len, OakumArena *arena, GArray *into,
                          GError **error)
{
  Cursor c = {data, data + len, FALSE};
  Table table = get_strings(&c, arena);
  guint n = c.bad ? 0 : get_count(&c);
  if (n > OAKUM_ADVISORY_ROWS_MAX)
    c.bad = TRUE;
  for (guint i = 0; i < n && !c.bad; i++) {
    OakumAdvisory entry = {0};
    get_entry(&c, &table, arena, &entry);
    if (!c.bad)
      g_array_append_val(into, entry);
  }
  return (!c.bad && c.at == c.end) || corrupt(error);
}

/* ---- vulnerabilities ------------------------------------------------------------------------- */
void oakum_vulnerability_encode(GByteArray *out, const OakumVulnerability *v)
{
  g_autoptr(GHashTable) index = oakum_str_map_new(NULL, NULL);
  g_autoptr(GPtrArray) strings = g_ptr_array_new();
  Strings s = {index, strings};
  const char *texts[] = {v->title, v->published, v->modified, v->withdrawn, v->severity_word};
  const char *const *lists[] = {v->aliases, v->cwes, v->references};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    note(&s, texts[i]);
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    note_list(&s, lists[i]);
  for (guint i = 0; i < v->n_cvss; i++) {
    note(&s, v->cvss[i].type);
    note(&s, v->cvss[i].vector);
    note(&s, v->cvss[i].source);
  }
  put_strings(out, &s);
  put(out, (guint64)v->severity);
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    put_text(out, &s, texts[i]);
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
    put_list(out, &s, lists[i]);
  put(out, v->n_cvss);
  for (guint i = 0; i < v->n_cvss; i++) {
    put_text(out, &s, v->cvss[i].type);
    put_text(out, &s, v->cvss[i].vector);
    put_text(out, &s, v->cvss[i].source);
  }
}

gboolean oakum_vulnerability_decode(const uint8_t *data, size_t len, OakumArena *arena,
                                    OakumVulnerability *out, GError **error)
{
  Cursor c = {data, data + len, FALSE};
  Table table = get_strings(&c, arena);
  guint64 severity = get(&c);
  out->severity = (OakumSeverity)MIN(severity, (guint64)OAKUM_SEVERITY_CRITICAL);
  const char **texts[] = {&out->title, &out->published, &out->modified, &out->withdrawn,
                          &out->severity_word};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    *texts[i] = get_text(&c, &table);
  out->aliases = get_list(&c, &table, arena);
  out->cwes = get_list(&c, &table, arena);
  out->references = get_list(&c, &table, arena);
  out->n_cvss = get_count(&c);
  OakumCvss *cvss = oakum_arena_alloc(arena, (out->n_cvss + 1) * sizeof(OakumCvss));
  for (guint i = 0; i < out->n_cvss; i++) {
    cvss[i].type = get_text(&c, &table);
    cvss[i].vector = get_text(&c, &table);
    cvss[i].source = get_text(&c, &table);
  }
  out->cvss = cvss;
  return (!c.bad && c.at == c.end) || corrupt(error);
}

/* ---- order ----------------------------------------------------------------------------------- */
int oakum_list_compare(const char *const *a, const char *const *b)
{
  static const char *const none[] = {NULL};
  a = a ? a : none;
  b = b ? b : none;
  for (; *a && *b; a++, b++) {
    int c = strcmp(*a, *b);
    if (c)
      return c;
  }
  return (*a != NULL) - (*b != NULL);
}

static int compare_ranges(const OakumAdvisory *a, const OakumAdvisory *b)
{
  for (guint i = 0; i < a->n_ranges && i < b->n_ranges; i++) {
    const OakumAdvisoryRange *x = &a->ranges[i], *y = &b->ranges[i];
    int c = g_strcmp0(x->introduced, y->introduced);
    c = c ? c : g_strcmp0(x->fixed, y->fixed);
    c = c ? c : g_strcmp0(x->last_affected, y->last_affected);
    c = c ? c : (x->after > y->after) - (x->after < y->after);
    c = c ? c : (x->below > y->below) - (x->below < y->below);
    if (c)
      return c;
  }
  return (a->n_ranges > b->n_ranges) - (a->n_ranges < b->n_ranges);
}

int oakum_advisory_compare(const OakumAdvisory *a, const OakumAdvisory *b)
{
  int c = g_strcmp0(a->record, b->record);
  const char *const x[] = {a->flavour,  a->module, a->product,       a->fix_date,
                           a->modified, a->note,   a->severity_word, a->scheme},
                    *const y[] = {b->flavour,  b->module, b->product,       b->fix_date,
                                  b->modified, b->note,   b->severity_word, b->scheme};
  for (size_t i = 0; !c && i < 3; i++)
    c = g_strcmp0(x[i], y[i]);
  c = c ? c : compare_ranges(a, b);
  c = c ? c : oakum_list_compare(a->ids, b->ids);
  c = c ? c : oakum_list_compare(a->arches, b->arches);
  c = c ? c : oakum_list_compare(a->versions, b->versions);
  c = c ? c : oakum_list_compare(a->fixes, b->fixes);
  c = c ? c : oakum_list_compare(a->aliases, b->aliases);
  for (size_t i = 3; !c && i < G_N_ELEMENTS(x); i++)
    c = g_strcmp0(x[i], y[i]);
  c = c ? c : (int)a->kind - (int)b->kind;
  c = c ? c : (int)a->status - (int)b->status;
  return c ? c : (int)a->severity - (int)b->severity;
}

const char *oakum_name_kind_name(OakumNameKind kind)
{
  static const char *const names[] = {"source", "binary", "language", "cpe", "product"};
  return names[kind];
}

const char *oakum_advisory_status_name(OakumAdvisoryStatus status)
{
  static const char *const names[] = {
      "affected",     "fixed",        "not_affected", "under_investigation",
      "will_not_fix", "fix_deferred", "end_of_life"};
  return names[status];
}
