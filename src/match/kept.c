/* The holes that an image had by a database, kept: a scan of the same packages by the same database
 * asks it nothing. The name of a file is a digest of all that the holes follow from; what follows
 * from the time of day, from VEX or from a policy is not in it.
 *
 * "oakum holes 1\n", then a number of findings. Numbers have 64 bits, the lowest first; a text is
 * its length plus one and its bytes, or 0 where there is none. */
#include "match/match-private.h"
#include "os/os.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[] = "oakum holes 1\n";

/* All that tell.c and severity.c set. */
static const size_t finding_texts[] = {offsetof(OakumFinding, title),
                                       offsetof(OakumFinding, why),
                                       offsetof(OakumFinding, fix),
                                       offsetof(OakumFinding, package_name),
                                       offsetof(OakumFinding, package_version),
                                       offsetof(OakumFinding, package_purl),
                                       offsetof(OakumFinding, source),
                                       offsetof(OakumFinding, fixed),
                                       offsetof(OakumFinding, status),
                                       offsetof(OakumFinding, advisory),
                                       offsetof(OakumFinding, ecosystem),
                                       offsetof(OakumFinding, looked_up),
                                       offsetof(OakumFinding, by),
                                       offsetof(OakumFinding, compared),
                                       offsetof(OakumFinding, fix_date),
                                       offsetof(OakumFinding, severity_by),
                                       offsetof(OakumFinding, kev_due),
                                       offsetof(OakumFinding, cvss_vector),
                                       offsetof(OakumFinding, suppressed),
                                       offsetof(OakumFinding, layer)};
static const size_t finding_doubles[] = {offsetof(OakumFinding, cvss), offsetof(OakumFinding, epss),
                                         offsetof(OakumFinding, epss_percentile),
                                         offsetof(OakumFinding, risk)};
static const size_t record_texts[] = {
    offsetof(OakumFindingRecord, feed),    offsetof(OakumFindingRecord, part),
    offsetof(OakumFindingRecord, record),  offsetof(OakumFindingRecord, date),
    offsetof(OakumFindingRecord, status),  offsetof(OakumFindingRecord, fixed),
    offsetof(OakumFindingRecord, severity)};

/* ---- writing
 * ------------------------------------------------------------------------------------ */
static guint8 *room(GByteArray *out, size_t len)
{
  guint at = out->len;
  g_byte_array_set_size(out, at + (guint)len);
  return out->data + at;
}

static void put_number(GByteArray *out, uint64_t value)
{
  value = GUINT64_TO_LE(value);
  memcpy(room(out, sizeof(value)), &value, sizeof(value));
}

static void put_text(GByteArray *out, const char *text)
{
  size_t len = text ? strlen(text) : 0;
  uint64_t head = GUINT64_TO_LE(text ? (uint64_t)len + 1 : 0);
  guint8 *at = room(out, sizeof(head) + len);
  memcpy(at, &head, sizeof(head));
  if (len > 0)
    memcpy(at + sizeof(head), text, len);
}

static void put_texts(GByteArray *out, gconstpointer from, const size_t *fields, size_t n)
{
  for (size_t i = 0; i < n; i++)
    put_text(out, G_STRUCT_MEMBER(char *, from, fields[i]));
}
#define PUT_TEXTS(out, from, fields) put_texts(out, from, fields, G_N_ELEMENTS(fields))

static void put_finding(GByteArray *out, const OakumFinding *f)
{
  put_text(out, f->id);
  put_number(out, f->kind);
  put_number(out, f->severity);
  PUT_TEXTS(out, f, finding_texts);
  for (size_t i = 0; i < G_N_ELEMENTS(finding_doubles); i++) {
    uint64_t bits;
    memcpy(&bits, &G_STRUCT_MEMBER(double, f, finding_doubles[i]), sizeof(bits));
    put_number(out, bits);
  }
  put_number(out, (uint64_t)(f->kev ? 1 : 0) | (f->ransomware ? 2 : 0));
  put_number(out, (uint32_t)f->layer_index);
  put_number(out, (uint32_t)f->dockerfile_line);
  put_number(out, f->aliases ? g_strv_length(f->aliases) + 1 : 0);
  for (char **alias = f->aliases; alias && *alias; alias++)
    put_text(out, *alias);
  put_number(out, f->records ? f->records->len + 1 : 0);
  for (guint i = 0; f->records && i < f->records->len; i++) {
    const OakumFindingRecord *record = f->records->pdata[i];
    PUT_TEXTS(out, record, record_texts);
    put_number(out, record->decided != 0);
  }
}

/* What the holes follow from. NULL: it is not known well enough what that is. */
char *oakum_match_kept_key(const OakumMatch *m)
{
  const char *stamp = oakum_advisory_db_stamp(m->db);
  if (!stamp)
    return NULL;
  g_autoptr(GByteArray) all = g_byte_array_new();
  g_autofree char *program = oakum_program_stamp(), *packages = oakum_catalog_stamp(m->catalog);
  put_text(all, magic);
  put_text(all, program);
  put_text(all, stamp);
  put_text(all, packages);
  put_number(all, m->options->kernel_headers != 0);
  put_number(all, m->vex_feeds != 0);
  if (m->vex_feeds) { /* which may speak of this very image */
    put_text(all, m->options->image);
    for (const char *const *d = m->options->digests; d && *d; d++)
      put_text(all, *d);
    put_text(all, NULL);
  }
  const GArray *lines = m->options->layer_lines;
  put_number(all, lines ? lines->len + 1 : 0);
  for (guint i = 0; lines && i < lines->len; i++)
    put_number(all, (uint64_t)g_array_index(lines, int, i));
  return oakum_sha256_hex(all->data, all->len);
}

/* ---- reading
 * ------------------------------------------------------------------------------------ */
typedef struct {
  OakumSlice rest;
  gboolean bad;
} Cursor;

static uint64_t get_number(Cursor *from)
{
  uint64_t value = 0;
  if (from->rest.len < sizeof(value)) {
    from->bad = TRUE;
    from->rest.len = 0;
    return 0;
  }
  memcpy(&value, from->rest.data, sizeof(value));
  from->rest.data += sizeof(value);
  from->rest.len -= sizeof(value);
  return GUINT64_FROM_LE(value);
}

/* Rows take a number each at least. */
static guint get_count(Cursor *from)
{
  uint64_t n = get_number(from);
  if (n <= from->rest.len / sizeof(uint64_t) + 1)
    return (guint)n;
  from->bad = TRUE;
  return 0;
}

static char *get_text(Cursor *from)
{
  uint64_t n = get_number(from);
  if (n == 0)
    return NULL;
  if (n - 1 > from->rest.len) {
    from->bad = TRUE;
    return NULL;
  }
  char *text = g_malloc(n);
  memcpy(text, from->rest.data, n - 1);
  text[n - 1] = '\0';
  from->rest.data += n - 1;
  from->rest.len -= n - 1;
  return text;
}

static void get_texts(Cursor *from, gpointer into, const size_t *fields, size_t n)
{
  for (size_t i = 0; i < n; i++)
    G_STRUCT_MEMBER(char *, into, fields[i]) = get_text(from);
}
#define GET_TEXTS(from, into, fields) get_texts(from, into, fields, G_N_ELEMENTS(fields))

static char **get_aliases(Cursor *from)
{
  guint n = get_count(from);
  if (n == 0)
    return NULL;
  char **aliases = g_new0(char *, n);
  for (guint i = 0; i + 1 < n && !from->bad; i++)
    if (!(aliases[i] = get_text(from)))
      from->bad = TRUE;
  return aliases;
}

static GPtrArray *get_records(Cursor *from)
{
  guint n = get_count(from);
  if (n == 0)
    return NULL;
  GPtrArray *records = g_ptr_array_new_full(n, (GDestroyNotify)oakum_finding_record_free);
  for (guint i = 0; i + 1 < n && !from->bad; i++) {
    OakumFindingRecord *record = g_new0(OakumFindingRecord, 1);
    g_ptr_array_add(records, record);
    GET_TEXTS(from, record, record_texts);
    record->decided = get_number(from) != 0;
    from->bad |= !record->feed || !record->record;
  }
  return records;
}

static void get_finding(Cursor *from, GPtrArray *into)
{
  g_autofree char *id = get_text(from);
  uint64_t kind = get_number(from), severity = get_number(from);
  if (!id || (kind != OAKUM_FINDING_VULNERABILITY && kind != OAKUM_FINDING_INCOMPLETE) ||
      severity > OAKUM_SEVERITY_CRITICAL) {
    from->bad = TRUE;
    return;
  }
  OakumFinding *f = oakum_finding_new((OakumFindingKind)kind, id, (OakumSeverity)severity);
  g_ptr_array_add(into, f);
  GET_TEXTS(from, f, finding_texts);
  for (size_t i = 0; i < G_N_ELEMENTS(finding_doubles); i++) {
    uint64_t bits = get_number(from);
    memcpy(&G_STRUCT_MEMBER(double, f, finding_doubles[i]), &bits, sizeof(bits));
  }
  uint64_t flags = get_number(from);
  f->kev = (flags & 1) != 0;
  f->ransomware = (flags & 2) != 0;
  f->layer_index = (int)(uint32_t)get_number(from);
  f->dockerfile_line = (int)(uint32_t)get_number(from);
  f->aliases = get_aliases(from);
  f->records = get_records(from);
  from->bad |= kind == OAKUM_FINDING_VULNERABILITY &&
               (!f->package_name || !f->package_version || !f->status || !f->advisory);
}

gboolean oakum_match_kept_parse(OakumSlice data, GPtrArray *findings)
{
  const size_t n_magic = sizeof(magic) - 1;
  Cursor from = {data, FALSE};
  guint before = findings->len;
  if (data.len < n_magic || memcmp(data.data, magic, n_magic) != 0)
    return FALSE;
  from.rest = (OakumSlice){data.data + n_magic, data.len - n_magic};
  for (guint n = get_count(&from); n > 0 && !from.bad; n--)
    get_finding(&from, findings);
  if (!from.bad && from.rest.len == 0)
    return TRUE;
  g_ptr_array_set_size(findings, (gint)before);
  return FALSE;
}

void oakum_match_kept_format(const GPtrArray *findings, guint from, GByteArray *out)
{
  g_byte_array_append(out, (const guint8 *)magic, sizeof(magic) - 1);
  put_number(out, findings->len - from);
  for (guint i = from; i < findings->len; i++)
    put_finding(out, findings->pdata[i]);
}

/* ---- files
 * -------------------------------------------------------------------------------------- */
static char *path_of(const OakumMatch *m, const char *key)
{
  return g_build_filename(m->options->keep, "holes", key, NULL);
}

gboolean oakum_match_kept_take(OakumMatch *m, const char *key)
{
  g_autofree char *path = path_of(m, key), *data = NULL;
  size_t len;
  if (!oakum_file_read(path, OAKUM_KEPT_HOLES_MAX, &data, &len, NULL))
    return FALSE;
  return oakum_match_kept_parse((OakumSlice){(const uint8_t *)data, len}, m->findings);
}

typedef struct {
  char *path;
  int64_t time;
} Old;

static gint by_time(gconstpointer a, gconstpointer b)
{
  const Old *x = a, *y = b;
  return (x->time > y->time) - (x->time < y->time);
}

static void old_clear(gpointer old)
{
  g_free(((Old *)old)->path);
}

/* Those that were made first go. */
static void make_room(const char *folder)
{
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Old));
  g_array_set_clear_func(all, old_clear);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir)) != NULL) {
    Old old = {.path = g_build_filename(folder, name, NULL)};
    struct stat st;
    if (stat(old.path, &st) == 0)
      old.time = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
    g_array_append_val(all, old);
  }
  if (all->len < OAKUM_KEPT_HOLES_FILES)
    return;
  g_array_sort(all, by_time);
  for (guint i = 0; i + OAKUM_KEPT_HOLES_FILES <= all->len; i++)
    (void)unlink(g_array_index(all, Old, i).path);
}

void oakum_match_kept_put(const OakumMatch *m, const char *key, guint from)
{
  g_autoptr(GByteArray) out = g_byte_array_new();
  g_autofree char *path = path_of(m, key), *folder = g_path_get_dirname(path);
  oakum_match_kept_format(m->findings, from, out);
  if (out->len > OAKUM_KEPT_HOLES_MAX || g_mkdir_with_parents(folder, 0700) < 0)
    return;
  make_room(folder);
  g_autoptr(GError) error = NULL; /* it costs time, never an answer */
  if (!oakum_file_write(path, out->data, out->len, 0600, &error))
    oakum_debug("%s", error->message);
}
