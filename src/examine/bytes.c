/* What lists of notes are made of: numbers, texts, packages, findings. A list is the number of its
 * rows; a number has 32 bits, or 64 where it says so, the lowest first; a text is its length plus
 * one and its bytes, UTF-8 without NUL, or 0 where there is none. */
#include "examine/bytes.h"
#include <string.h>

static const char TOO_MUCH[] = "more than is taken";

/* Every text of what an observer may tell. */
static const size_t observed_texts[] = {
    offsetof(OakumFinding, title),        offsetof(OakumFinding, why),
    offsetof(OakumFinding, fix),          offsetof(OakumFinding, file),
    offsetof(OakumFinding, code),         offsetof(OakumFinding, match),
    offsetof(OakumFinding, package_name), offsetof(OakumFinding, package_version),
    offsetof(OakumFinding, package_purl), offsetof(OakumFinding, suppressed)};

/* ---- writing
 * ------------------------------------------------------------------------------------ */
void oakum_examine_put_number(GByteArray *out, uint64_t value, size_t bytes)
{
  value = GUINT64_TO_LE(value);
  g_byte_array_append(out, (const guint8 *)&value, (guint)bytes);
}

/* Names in a package database are any bytes; those that are no UTF-8 come back as others. */
void oakum_examine_put_text(GByteArray *out, const char *text)
{
  size_t len = text ? strlen(text) : 0;
  g_autofree char *valid =
      text && !g_utf8_validate(text, (gssize)len, NULL) ? oakum_escape_utf8(text, -1) : NULL;
  if (valid) {
    text = valid;
    len = strlen(valid);
  }
  oakum_examine_put_number(out, text ? (uint64_t)len + 1 : 0, 4);
  g_byte_array_append(out, (const guint8 *)(text ? text : ""), (guint)len);
}

void oakum_examine_put_strings(GByteArray *out, const GPtrArray *strings)
{
  oakum_examine_put_number(out, strings->len, 4);
  for (guint i = 0; i < strings->len; i++)
    oakum_examine_put_text(out, strings->pdata[i]);
}

void oakum_examine_put_package(GByteArray *out, const OakumPackage *package)
{
  for (size_t i = 0; i < G_N_ELEMENTS(oakum_package_texts); i++)
    oakum_examine_put_text(out, G_STRUCT_MEMBER(char *, package, oakum_package_texts[i]));
  oakum_examine_put_number(out, package->guessed, 4);
  oakum_examine_put_number(out, package->offset, 8);
  oakum_examine_put_strings(out, package->paths);
}

void oakum_examine_put_observed(GByteArray *out, const OakumFinding *finding)
{
  oakum_examine_put_number(out, finding->kind, 4);
  oakum_examine_put_number(out, finding->severity, 4);
  oakum_examine_put_number(out, (uint64_t)MAX(finding->line, 0), 4);
  oakum_examine_put_text(out, finding->id);
  oakum_examine_put_text(out, finding->category);
  for (size_t i = 0; i < G_N_ELEMENTS(observed_texts); i++)
    oakum_examine_put_text(out, G_STRUCT_MEMBER(char *, finding, observed_texts[i]));
}

void oakum_examine_put_pairs(GByteArray *out, const GPtrArray *pairs)
{
  oakum_examine_put_number(out, pairs->len, 4);
  for (guint i = 0; i < pairs->len; i++) {
    const OakumPathPair *pair = pairs->pdata[i];
    oakum_examine_put_text(out, pair->path);
    oakum_examine_put_text(out, pair->other);
  }
}

void oakum_examine_put_incomplete(GByteArray *out, const OakumFinding *finding)
{
  oakum_examine_put_text(out, finding->id);
  oakum_examine_put_text(out, finding->title);
  oakum_examine_put_text(out, finding->why);
  oakum_examine_put_text(out, finding->fix);
  oakum_examine_put_text(out, finding->file);
}

/* ---- reading
 * ------------------------------------------------------------------------------------ */
ExamineCursor oakum_examine_begin(OakumSlice all, const char *magic)
{
  ExamineCursor from = {all, 0, NULL};
  size_t n = strlen(magic);
  if (all.len < n || memcmp(all.data, magic, n) != 0)
    oakum_examine_refuse(&from, "not what it should be");
  else {
    from.rest.data += n;
    from.rest.len -= n;
  }
  return from;
}

gboolean oakum_examine_at_end(ExamineCursor *from, GError **error)
{
  if (!from->wrong && from->rest.len > 0)
    oakum_examine_refuse(from, "more than there should be");
  if (from->wrong)
    g_set_error(error, OAKUM_EXAMINE_ERROR,
                from->wrong == TOO_MUCH ? OAKUM_ERROR_LIMIT : OAKUM_ERROR_INVALID,
                "what was found: %s", from->wrong);
  return !from->wrong;
}

void oakum_examine_refuse(ExamineCursor *from, const char *what)
{
  if (!from->wrong)
    from->wrong = what;
  from->rest.len = 0;
}

/* Small rows take many times their bytes. */
void oakum_examine_charge(ExamineCursor *from, uint64_t bytes)
{
  from->cost += bytes;
  if (from->cost > OAKUM_EXAMINE_COST_MAX)
    oakum_examine_refuse(from, TOO_MUCH);
}

uint64_t oakum_examine_get_number(ExamineCursor *from, size_t bytes)
{
  uint64_t value = 0;
  if (from->rest.len < bytes) {
    oakum_examine_refuse(from, "cut short");
    return 0;
  }
  memcpy(&value, from->rest.data, bytes);
  from->rest.data += bytes;
  from->rest.len -= bytes;
  return GUINT64_FROM_LE(value);
}

/* A row has at least one number. */
guint oakum_examine_get_count(ExamineCursor *from, guint max)
{
  uint64_t n = oakum_examine_get_number(from, 4);
  if (n <= max && n <= from->rest.len / 4)
    return (guint)n;
  oakum_examine_refuse(from, "more rows than there can be");
  return 0;
}

/* New string, or NULL. */
/* Nearly all texts are of nothing else. */
static gboolean is_ascii(const char *text, size_t len)
{
  for (; len >= sizeof(uint64_t); text += sizeof(uint64_t), len -= sizeof(uint64_t)) {
    uint64_t eight;
    memcpy(&eight, text, sizeof(eight));
    /* a byte with its highest bit, or one that is 0: among others it borrows that bit */
    if ((eight | (eight - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080))
      return FALSE;
  }
  for (; len > 0; text++, len--)
    if ((signed char)*text <= 0)
      return FALSE;
  return TRUE;
}

char *oakum_examine_get_text(ExamineCursor *from)
{
  uint64_t n = oakum_examine_get_number(from, 4);
  if (n == 0)
    return NULL;
  const char *text = (const char *)from->rest.data;
  if (n - 1 > from->rest.len ||
      (!is_ascii(text, n - 1) && !g_utf8_validate_len(text, (gsize)(n - 1), NULL))) {
    oakum_examine_refuse(from, "a text that is none");
    return NULL;
  }
  from->rest.data += n - 1;
  from->rest.len -= n - 1;
  oakum_examine_charge(from, n + 48);
  char *copy = g_malloc(n);
  memcpy(copy, text, n - 1);
  copy[n - 1] = '\0';
  return copy;
}

char *oakum_examine_get_needed(ExamineCursor *from)
{
  char *text = oakum_examine_get_text(from);
  if (!text)
    oakum_examine_refuse(from, "a text is missing");
  return text;
}

void oakum_examine_get_strings(ExamineCursor *from, guint max, GPtrArray *into)
{
  for (guint n = oakum_examine_get_count(from, max); n > 0 && !from->wrong; n--) {
    char *text = oakum_examine_get_needed(from);
    if (text)
      g_ptr_array_add(into, text);
  }
}

void oakum_examine_get_package(ExamineCursor *from, GPtrArray *into)
{
  OakumPackage *package = oakum_package_new();
  oakum_examine_charge(from, sizeof(*package) + 128);
  g_ptr_array_add(into, package);
  for (size_t i = 0; i < G_N_ELEMENTS(oakum_package_texts); i++) {
    char **text = &G_STRUCT_MEMBER(char *, package, oakum_package_texts[i]);
    g_free(*text);
    *text = oakum_examine_get_text(from);
  }
  package->guessed = oakum_examine_get_number(from, 4) != 0;
  package->offset = oakum_examine_get_number(from, 8);
  oakum_examine_get_strings(from, OAKUM_PACKAGE_PATHS_MAX, package->paths);
  if (!package->name || !package->version || !package->type)
    oakum_examine_refuse(from, "a package without name, version or type");
  if (package->paths->len == 0)
    oakum_examine_refuse(from, "a package that is proved by nothing");
}

void oakum_examine_get_observed(ExamineCursor *from, GPtrArray *into)
{
  uint64_t kind = oakum_examine_get_number(from, 4), severity = oakum_examine_get_number(from, 4),
           line = oakum_examine_get_number(from, 4);
  g_autofree char *id = oakum_examine_get_needed(from), *category = oakum_examine_get_text(from);
  if (kind >= OAKUM_FINDING_KINDS || severity > OAKUM_SEVERITY_CRITICAL || line > G_MAXINT ||
      (category && strlen(category) > OAKUM_FINDING_CATEGORY_MAX))
    oakum_examine_refuse(from, "a finding that is none");
  OakumFinding *finding =
      oakum_finding_new(from->wrong ? OAKUM_FINDING_HYGIENE : (OakumFindingKind)kind, id ? id : "",
                        (OakumSeverity)severity);
  oakum_examine_charge(from, sizeof(*finding) + 64);
  g_ptr_array_add(into, finding);
  finding->line = (int)line;
  finding->category = from->wrong ? NULL : g_steal_pointer(&category);
  for (size_t i = 0; i < G_N_ELEMENTS(observed_texts); i++)
    G_STRUCT_MEMBER(char *, finding, observed_texts[i]) = oakum_examine_get_text(from);
}

void oakum_examine_get_pairs(ExamineCursor *from, GPtrArray *into)
{
  for (guint n = oakum_examine_get_count(from, EXAMINE_ROWS_MAX); n > 0 && !from->wrong; n--) {
    g_autofree char *path = oakum_examine_get_needed(from), *other = oakum_examine_get_needed(from);
    if (path && other)
      g_ptr_array_add(into, oakum_path_pair_new(path, other));
  }
}

void oakum_examine_get_incomplete(ExamineCursor *from, GPtrArray *into)
{
  g_autofree char *id = oakum_examine_get_needed(from);
  OakumFinding *finding =
      oakum_finding_new(OAKUM_FINDING_INCOMPLETE, id ? id : "", OAKUM_SEVERITY_UNKNOWN);
  oakum_examine_charge(from, sizeof(*finding) + 64);
  g_ptr_array_add(into, finding);
  finding->title = oakum_examine_get_needed(from);
  finding->why = oakum_examine_get_text(from);
  finding->fix = oakum_examine_get_text(from);
  finding->file = oakum_examine_get_text(from);
}
