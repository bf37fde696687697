/* The notes of a layer as bytes: what the reading process sends, and what is kept of a layer.
 *
 * "oakum notes 2\n", then the lists in the order below. A list is the number of its rows; a number
 * has 32 bits, or 64 where it says so, the lowest first; a text is its length plus one and its
 * bytes, UTF-8 without NUL, or 0 where there is none. Whatever does not fit is refused: who sends
 * it may have been taken over. */
#include "examine/examine-private.h"
#include <string.h>

static const char TOO_MUCH[] = "more than is taken";
static const char magic[] = "oakum notes 2\n";
#define ROWS_MAX OAKUM_VIEW_NAMES_MAX

/* Every text of what an observer may tell. */
static const size_t observed_texts[] = {
    offsetof(OakumFinding, title),        offsetof(OakumFinding, why),
    offsetof(OakumFinding, fix),          offsetof(OakumFinding, file),
    offsetof(OakumFinding, code),         offsetof(OakumFinding, match),
    offsetof(OakumFinding, package_name), offsetof(OakumFinding, package_version),
    offsetof(OakumFinding, package_purl), offsetof(OakumFinding, suppressed)};

/* ---- writing
 * ------------------------------------------------------------------------------------ */
static void put_number(GByteArray *out, uint64_t value, size_t bytes)
{
  value = GUINT64_TO_LE(value);
  g_byte_array_append(out, (const guint8 *)&value, (guint)bytes);
}

/* Names in a package database are any bytes; those that are no UTF-8 come back as others. */
static void put_text(GByteArray *out, const char *text)
{
  size_t len = text ? strlen(text) : 0;
  g_autofree char *valid =
      text && !g_utf8_validate(text, (gssize)len, NULL) ? oakum_escape_utf8(text, -1) : NULL;
  if (valid) {
    text = valid;
    len = strlen(valid);
  }
  put_number(out, text ? (uint64_t)len + 1 : 0, 4);
  g_byte_array_append(out, (const guint8 *)(text ? text : ""), (guint)len);
}

static void put_strings(GByteArray *out, const GPtrArray *strings)
{
  put_number(out, strings->len, 4);
  for (guint i = 0; i < strings->len; i++)
    put_text(out, strings->pdata[i]);
}

static void put_pairs(GByteArray *out, const GPtrArray *pairs)
{
  put_number(out, pairs->len, 4);
  for (guint i = 0; i < pairs->len; i++) {
    const OakumPathPair *pair = pairs->pdata[i];
    put_text(out, pair->path);
    put_text(out, pair->other);
  }
}

static void put_package(GByteArray *out, const OakumPackage *package)
{
  for (size_t i = 0; i < G_N_ELEMENTS(oakum_package_texts); i++)
    put_text(out, G_STRUCT_MEMBER(char *, package, oakum_package_texts[i]));
  put_number(out, package->guessed, 4);
  put_number(out, package->offset, 8);
  put_strings(out, package->paths);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_facts(GByteArray *out, const OakumCatalogFacts *facts)
{
  GHashTableIter iter;
  gpointer key, value;
  g_autoptr(GPtrArray) keys = g_ptr_array_new();
  put_text(out, facts->path);
  g_hash_table_iter_init(&iter, facts->values);
  while (g_hash_table_iter_next(&iter, &key, &value))
    g_ptr_array_add(keys, key);
  g_ptr_array_sort(keys, by_text);
  put_number(out, keys->len, 4);
  for (guint i = 0; i < keys->len; i++) {
    put_text(out, keys->pdata[i]);
    put_text(out, g_hash_table_lookup(facts->values, keys->pdata[i]));
  }
}

static void put_observed(GByteArray *out, const OakumFinding *finding)
{
  put_number(out, finding->kind, 4);
  put_number(out, finding->severity, 4);
  put_number(out, (uint64_t)MAX(finding->line, 0), 4);
  put_text(out, finding->id);
  put_text(out, finding->category);
  for (size_t i = 0; i < G_N_ELEMENTS(observed_texts); i++)
    put_text(out, G_STRUCT_MEMBER(char *, finding, observed_texts[i]));
}

void oakum_examine_format(const OakumLayerNotes *notes, GByteArray *out)
{
  g_byte_array_append(out, (const guint8 *)magic, sizeof(magic) - 1);
  put_number(out, notes->packages->len, 4);
  for (guint i = 0; i < notes->packages->len; i++)
    put_package(out, notes->packages->pdata[i]);
  put_number(out, notes->incomplete->len, 4);
  for (guint i = 0; i < notes->incomplete->len; i++) {
    const OakumFinding *finding = notes->incomplete->pdata[i];
    put_text(out, finding->id);
    put_text(out, finding->title);
    put_text(out, finding->why);
    put_text(out, finding->fix);
    put_text(out, finding->file);
  }
  put_number(out, notes->facts->len, 4);
  for (guint i = 0; i < notes->facts->len; i++)
    put_facts(out, notes->facts->pdata[i]);
  const GPtrArray *const pairs[] = {notes->databases, notes->links, notes->hard, notes->again,
                                    notes->distant};
  for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
    put_pairs(out, pairs[i]);
  put_strings(out, notes->gone);
  put_strings(out, notes->implicit);
  put_number(out, notes->observed->len, 4);
  for (guint i = 0; i < notes->observed->len; i++)
    put_observed(out, notes->observed->pdata[i]);
}

/* ---- reading
 * ------------------------------------------------------------------------------------ */
typedef struct {
  OakumSlice rest;
  uint64_t cost;     /* memory that was taken, about */
  const char *wrong; /* the first that was; NULL */
} Cursor;

static void refuse(Cursor *from, const char *what)
{
  if (!from->wrong)
    from->wrong = what;
  from->rest.len = 0;
}

/* Small rows take many times their bytes. */
static void charge(Cursor *from, uint64_t bytes)
{
  from->cost += bytes;
  if (from->cost > OAKUM_EXAMINE_COST_MAX)
    refuse(from, TOO_MUCH);
}

static uint64_t get_number(Cursor *from, size_t bytes)
{
  uint64_t value = 0;
  if (from->rest.len < bytes) {
    refuse(from, "cut short");
    return 0;
  }
  memcpy(&value, from->rest.data, bytes);
  from->rest.data += bytes;
  from->rest.len -= bytes;
  return GUINT64_FROM_LE(value);
}

/* A row has at least one number. */
static guint get_count(Cursor *from, guint max)
{
  uint64_t n = get_number(from, 4);
  if (n <= max && n <= from->rest.len / 4)
    return (guint)n;
  refuse(from, "more rows than there can be");
  return 0;
}

/* New string, or NULL. */
static char *get_text(Cursor *from)
{
  uint64_t n = get_number(from, 4);
  if (n == 0)
    return NULL;
  const char *text = (const char *)from->rest.data;
  if (n - 1 > from->rest.len || !g_utf8_validate_len(text, (gsize)(n - 1), NULL)) {
    refuse(from, "a text that is none");
    return NULL;
  }
  from->rest.data += n - 1;
  from->rest.len -= n - 1;
  charge(from, n + 48);
  return g_strndup(text, n - 1);
}

static char *get_needed(Cursor *from)
{
  char *text = get_text(from);
  if (!text)
    refuse(from, "a text is missing");
  return text;
}

static void get_strings(Cursor *from, guint max, GPtrArray *into)
{
  for (guint n = get_count(from, max); n > 0 && !from->wrong; n--) {
    char *text = get_needed(from);
    if (text)
      g_ptr_array_add(into, text);
  }
}

static void get_pairs(Cursor *from, GPtrArray *into)
{
  for (guint n = get_count(from, ROWS_MAX); n > 0 && !from->wrong; n--) {
    g_autofree char *path = get_needed(from), *other = get_needed(from);
    if (path && other)
      g_ptr_array_add(into, oakum_path_pair_new(path, other));
  }
}

static void get_package(Cursor *from, GPtrArray *into)
{
  OakumPackage *package = oakum_package_new();
  charge(from, sizeof(*package) + 128);
  g_ptr_array_add(into, package);
  for (size_t i = 0; i < G_N_ELEMENTS(oakum_package_texts); i++) {
    char **text = &G_STRUCT_MEMBER(char *, package, oakum_package_texts[i]);
    g_free(*text);
    *text = get_text(from);
  }
  package->guessed = get_number(from, 4) != 0;
  package->offset = get_number(from, 8);
  get_strings(from, OAKUM_PACKAGE_PATHS_MAX, package->paths);
  if (!package->name || !package->version || !package->type)
    refuse(from, "a package without name, version or type");
  if (package->paths->len == 0)
    refuse(from, "a package that is proved by nothing");
}

static void get_incomplete(Cursor *from, GPtrArray *into)
{
  g_autofree char *id = get_needed(from);
  OakumFinding *finding =
      oakum_finding_new(OAKUM_FINDING_INCOMPLETE, id ? id : "", OAKUM_SEVERITY_UNKNOWN);
  charge(from, sizeof(*finding) + 64);
  g_ptr_array_add(into, finding);
  finding->title = get_needed(from);
  finding->why = get_text(from);
  finding->fix = get_text(from);
  finding->file = get_text(from);
}

static void get_facts(Cursor *from, GPtrArray *into)
{
  g_autofree char *path = get_needed(from);
  OakumCatalogFacts *facts = oakum_catalog_facts_new(path ? path : "");
  charge(from, 512); /* a table */
  g_ptr_array_add(into, facts);
  for (guint n = get_count(from, OAKUM_CATALOG_FACTS); n > 0 && !from->wrong; n--) {
    char *key = get_needed(from), *value = get_needed(from);
    if (key && value)
      g_hash_table_replace(facts->values, key, value);
    else {
      g_free(key);
      g_free(value);
    }
  }
}

static void get_observed(Cursor *from, GPtrArray *into)
{
  uint64_t kind = get_number(from, 4), severity = get_number(from, 4), line = get_number(from, 4);
  g_autofree char *id = get_needed(from), *category = get_text(from);
  if (kind >= OAKUM_FINDING_KINDS || severity > OAKUM_SEVERITY_CRITICAL || line > G_MAXINT ||
      (category && strlen(category) > OAKUM_FINDING_CATEGORY_MAX))
    refuse(from, "a finding that is none");
  OakumFinding *finding =
      oakum_finding_new(from->wrong ? OAKUM_FINDING_HYGIENE : (OakumFindingKind)kind, id ? id : "",
                        (OakumSeverity)severity);
  charge(from, sizeof(*finding) + 64);
  g_ptr_array_add(into, finding);
  finding->line = (int)line;
  finding->category = from->wrong ? NULL : g_intern_string(category);
  for (size_t i = 0; i < G_N_ELEMENTS(observed_texts); i++)
    G_STRUCT_MEMBER(char *, finding, observed_texts[i]) = get_text(from);
}

OakumLayerNotes *oakum_examine_parse(const void *data, size_t len, GError **error)
{
  Cursor from = {{data, len}, 0, NULL};
  g_autoptr(OakumLayerNotes) notes = oakum_layer_notes_new();
  const size_t n_magic = sizeof(magic) - 1;
  if (len < n_magic || memcmp(data, magic, n_magic) != 0)
    refuse(&from, "not the notes of a layer");
  else {
    from.rest.data += n_magic;
    from.rest.len -= n_magic;
  }
  for (guint n = get_count(&from, OAKUM_PACKAGES_MAX); n > 0 && !from.wrong; n--)
    get_package(&from, notes->packages);
  for (guint n = get_count(&from, OAKUM_PACKAGES_MAX); n > 0 && !from.wrong; n--)
    get_incomplete(&from, notes->incomplete);
  for (guint n = get_count(&from, OAKUM_PACKAGES_MAX); n > 0 && !from.wrong; n--)
    get_facts(&from, notes->facts);
  GPtrArray *const pairs[] = {notes->databases, notes->links, notes->hard, notes->again,
                              notes->distant};
  for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
    get_pairs(&from, pairs[i]);
  get_strings(&from, ROWS_MAX, notes->gone);
  get_strings(&from, ROWS_MAX, notes->implicit);
  for (guint n = get_count(&from, OAKUM_OBSERVED_MAX); n > 0 && !from.wrong; n--)
    get_observed(&from, notes->observed);
  if (!from.wrong && from.rest.len > 0)
    refuse(&from, "more than the notes of a layer");
  if (!from.wrong)
    return g_steal_pointer(&notes);
  g_set_error(error, OAKUM_EXAMINE_ERROR,
              from.wrong == TOO_MUCH ? OAKUM_ERROR_LIMIT : OAKUM_ERROR_INVALID,
              "what was found: %s", from.wrong);
  return NULL;
}
