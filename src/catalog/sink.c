/* What cataloguers find, made safe and counted. */
#include "catalog/parts-private.h"
#include <string.h>

typedef struct {
  uint64_t hash; /* of a path; 0: free */
  guint owner;   /* index into owners */
} Owned;

struct OakumCatalogSink {
  GPtrArray *packages, *incomplete;
  const char *by;       /* the cataloguer that runs */
  guint before;         /* packages when it began with this file */
  gboolean over;        /* it found more than is kept, which was told */
  GPtrArray *dropped;   /* packages over the limit, until the sink goes */
  GPtrArray *facts;     /* OakumCatalogFacts */
  GPtrArray *observed;  /* OakumFinding */
  OakumRpmGraph *graph; /* NULL: nobody asked for it */
  GPtrArray *owners;    /* "type/name" */
  Owned *owned;
  size_t owned_room, owned_used;
  size_t documents; /* bytes of those that are handed on */
};

OakumCatalogSink *oakum_catalog_sink_new(GPtrArray *packages, GPtrArray *incomplete)
{
  OakumCatalogSink *sink = g_new0(OakumCatalogSink, 1);
  sink->packages = packages;
  sink->incomplete = incomplete;
  sink->dropped = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  sink->facts = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_catalog_facts_free);
  sink->observed = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  sink->owners = g_ptr_array_new_with_free_func(g_free);
  return sink;
}

void oakum_catalog_sink_free(OakumCatalogSink *sink)
{
  if (!sink)
    return;
  g_ptr_array_unref(sink->dropped);
  g_ptr_array_unref(sink->facts);
  g_ptr_array_unref(sink->observed);
  oakum_rpm_graph_free(sink->graph);
  g_ptr_array_unref(sink->owners);
  g_free(sink->owned);
  g_free(sink);
}

OakumPackage *oakum_catalog_sink_package(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                         const char *type, OakumSlice name, OakumSlice version)
{
  OakumPackage *package = oakum_package_new();
  package->type = g_strdup(type);
  package->name =
      oakum_escape_utf8((const char *)name.data, (gssize)MIN(name.len, OAKUM_CATALOG_VALUE_MAX));
  package->version = oakum_escape_utf8((const char *)version.data,
                                       (gssize)MIN(version.len, OAKUM_CATALOG_VALUE_MAX));
  g_ptr_array_add(package->paths, g_strdup(oakum_catalog_file_path(file)));
  package->found_by = g_strdup(sink->by);
  /* one file does not use up what its layer may have */
  gboolean full = sink->packages->len >= OAKUM_PACKAGES_MAX,
           whole = strcmp(oakum_catalog_file_path(file), OAKUM_SBOM_DOCUMENT) == 0;
  if (!full && (whole || sink->packages->len - sink->before < OAKUM_CATALOG_FILE_PACKAGES_MAX)) {
    g_ptr_array_add(sink->packages, package);
    return package;
  }
  if (!sink->over) {
    g_autofree char *title = g_strdup_printf(
        "more than %u packages in one %s",
        full ? OAKUM_PACKAGES_MAX : OAKUM_CATALOG_FILE_PACKAGES_MAX, full ? "layer" : "file");
    oakum_catalog_sink_incomplete(sink, file, "limit", title);
    sink->over = TRUE;
  }
  g_ptr_array_set_size(sink->dropped, 0);
  g_ptr_array_add(sink->dropped, package);
  return package;
}

const GPtrArray *oakum_catalog_sink_packages(const OakumCatalogSink *sink)
{
  return sink->packages;
}

/* Go's own source, which every image of its tools holds, has archives and programs that are broken
 * on purpose, for the tests of what reads them: "src/archive/zip/testdata/test-badbase.zip".
 * Nothing runs them, and an image of it would never be judged. */
static gboolean is_broken_on_purpose(const char *path)
{
  static const char *const readers[] = {"archive/zip/",    "archive/tar/", "debug/elf/",
                                        "debug/macho/",    "debug/pe/",    "debug/plan9obj/",
                                        "debug/buildinfo/"};
  const char *source = g_str_has_prefix(path, "src/") ? path : strstr(path, "/src/");
  const char *from = source ? strchr(source + 1, '/') + 1 : NULL;
  for (size_t i = 0; from && i < G_N_ELEMENTS(readers); i++)
    if (g_str_has_prefix(from, readers[i]) &&
        g_str_has_prefix(from + strlen(readers[i]), "testdata/"))
      return TRUE;
  return FALSE;
}

void oakum_catalog_sink_incomplete(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                   const char *reason, const char *title)
{
  if (sink->incomplete->len >= OAKUM_CATALOG_INCOMPLETE_MAX)
    return; /* that something is missing is told often enough */
  if (is_broken_on_purpose(oakum_catalog_file_path(file)))
    return;
  OakumFinding *finding =
      oakum_finding_new(OAKUM_FINDING_INCOMPLETE, reason, OAKUM_SEVERITY_UNKNOWN);
  const char *at = oakum_catalog_file_path(file);
  g_autofree char *path = oakum_escape_terminal(at, -1), *safe = oakum_escape_terminal(title, -1);
  /* errors of readers name the file already */
  finding->title =
      g_str_has_prefix(safe, path) ? g_strdup(safe) : g_strdup_printf("%s: %s", path, safe);
  finding->file = g_strdup(at);
  g_ptr_array_add(sink->incomplete, finding);
}

void oakum_catalog_sink_by(OakumCatalogSink *sink, const char *name)
{
  sink->by = name;
  sink->before = sink->packages->len;
  sink->over = FALSE;
}

/* ---- who installed which file
 * -------------------------------------------------------------------- */
/* Where /usr is merged a database may still say /lib, and the other way round. */
static uint64_t path_hash(OakumSlice path)
{
  static const char *const merged[] = {"bin/", "sbin/", "lib/", "lib64/", "lib32/", "libx32/"};
  while (path.len > 0 &&
         (path.data[0] == '/' || (path.data[0] == '.' && path.len > 1 && path.data[1] == '/'))) {
    path.data++;
    path.len--;
  }
  if (path.len > OAKUM_TAR_PATH_MAX)
    return 0;
  uint64_t hash = 0;
  for (size_t i = 0; i < G_N_ELEMENTS(merged) && hash == 0; i++)
    if (oakum_slice_begins(path, merged[i])) {
      g_autofree char *full = g_strdup_printf("usr/%.*s", (int)path.len, (const char *)path.data);
      hash = oakum_bytes_hash(full, strlen(full)) | 1;
    }
  return hash ? hash : oakum_bytes_hash(path.data, path.len) | 1;
}

static Owned *owned_slot(const OakumCatalogSink *sink, uint64_t hash)
{
  size_t at = (size_t)(hash >> 1) & (sink->owned_room - 1);
  while (sink->owned[at].hash && sink->owned[at].hash != hash)
    at = (at + 1) & (sink->owned_room - 1);
  return &sink->owned[at];
}

static void owned_grow(OakumCatalogSink *sink)
{
  g_autofree Owned *old = sink->owned;
  size_t room = sink->owned_room;
  sink->owned_room = room ? room * 2 : 1024;
  sink->owned = g_new0(Owned, sink->owned_room);
  for (size_t i = 0; i < room; i++)
    if (old[i].hash)
      *owned_slot(sink, old[i].hash) = old[i];
}

void oakum_catalog_sink_owns(OakumCatalogSink *sink, const char *type, OakumSlice name,
                             OakumSlice path)
{
  if (sink->owned_used >= OAKUM_CATALOG_OWNED_MAX || path.len == 0)
    return; /* what lies beyond is shown as nobody's, which hides nothing */
  size_t n = strlen(type);
  const char *last = sink->owners->len ? sink->owners->pdata[sink->owners->len - 1] : NULL;
  if (!last || strncmp(last, type, n) != 0 || last[n] != '/' ||
      !oakum_slice_is(name, last + n + 1)) {
    g_autofree char *text = oakum_catalog_value(name);
    g_ptr_array_add(sink->owners, g_strdup_printf("%s/%s", type, text));
  }
  if ((sink->owned_used + 1) * 4 > sink->owned_room * 3)
    owned_grow(sink);
  uint64_t hash = path_hash(path);
  Owned *slot = owned_slot(sink, hash);
  sink->owned_used += slot->hash == 0;
  *slot = (Owned){hash, sink->owners->len - 1};
}

const char *oakum_catalog_sink_owner(const OakumCatalogSink *sink, const char *path)
{
  if (sink->owned_room == 0)
    return NULL;
  const Owned *slot = owned_slot(sink, path_hash(oakum_slice_of(path)));
  return slot->hash ? sink->owners->pdata[slot->owner] : NULL;
}

/* ---- what says which distribution it is
 * ---------------------------------------------------------- */
void oakum_catalog_sink_fact(OakumCatalogSink *sink, const OakumCatalogFile *file, const char *key,
                             OakumSlice value)
{
  const char *path = oakum_catalog_file_path(file);
  OakumCatalogFacts *facts = sink->facts->len ? sink->facts->pdata[sink->facts->len - 1] : NULL;
  if (!facts || strcmp(facts->path, path) != 0)
    g_ptr_array_add(sink->facts, facts = oakum_catalog_facts_new(path));
  if (g_hash_table_size(facts->values) < OAKUM_CATALOG_FACTS)
    g_hash_table_replace(facts->values, g_strdup(key), oakum_catalog_value(value));
}

void oakum_catalog_sink_document(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                 const char *key, OakumSlice text)
{
  OakumCatalogFacts *facts = oakum_catalog_facts_new(oakum_catalog_file_path(file));
  sink->documents += text.len + strlen(facts->path) + sizeof *facts;
  gboolean fits = sink->documents <= OAKUM_VEX_LAYER_MAX;
  g_hash_table_replace(facts->values, g_strdup(fits ? key : "vex-too-large"),
                       fits ? oakum_escape_utf8((const char *)text.data, (gssize)text.len)
                            : g_strdup(""));
  if (fits || sink->documents - OAKUM_VEX_LAYER_MAX <= OAKUM_VEX_LAYER_MAX)
    g_ptr_array_add(sink->facts, facts);
  else
    oakum_catalog_facts_free(facts);
}

void oakum_catalog_sink_take_facts(OakumCatalogSink *sink, GPtrArray *into)
{
  g_ptr_array_extend_and_steal(into, g_steal_pointer(&sink->facts));
  sink->facts = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_catalog_facts_free);
}

void oakum_catalog_sink_observe(OakumCatalogSink *sink, const OakumCatalogFile *file,
                                const char *id, char *why_taken)
{
  OakumFinding *fact = oakum_finding_new(OAKUM_FINDING_HYGIENE, id, OAKUM_SEVERITY_UNKNOWN);
  fact->file = g_strdup(oakum_catalog_file_path(file));
  fact->why = why_taken;
  g_ptr_array_add(sink->observed, fact);
}

void oakum_catalog_sink_take_observed(OakumCatalogSink *sink, GPtrArray *into)
{
  g_ptr_array_extend_and_steal(into, g_steal_pointer(&sink->observed));
  sink->observed = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
}

OakumRpmGraph *oakum_catalog_sink_graph(OakumCatalogSink *sink)
{
  if (!sink->graph)
    sink->graph = oakum_rpm_graph_new();
  return sink->graph;
}
