/* Who needs whom among rpm's packages, for the advice on what nothing needs (src/inspect): Requires
 * with what stands in rich dependencies, Provides, and the files that others require by their
 * paths. What is only recommended or suggested does not count, as rpm itself goes without it. */
#include "catalog/rpm-private.h"
#include <string.h>

/* Where /usr, and since Fedora 42 sbin, is merged, a path has several spellings: one for all. */
static char *one_spelling(OakumSlice path)
{
  g_autofree char *text = g_strndup((const char *)path.data, path.len);
  const char *at = g_str_has_prefix(text, "/usr/") ? text + 4 : text;
  return g_str_has_prefix(at, "/sbin/") ? g_strconcat("/bin/", at + 6, NULL) : g_strdup(at);
}

typedef struct {
  uint64_t path; /* its hash */
  guint package;
} Owned;

struct OakumRpmGraph {
  GPtrArray *packages;  /* GString: lines, without the end of the last, which is "V" */
  GArray *owned;        /* Owned: all files of all packages */
  GHashTable *required; /* paths that one asks for */
  uint64_t bytes;
  gboolean over;
};

static void package_free(gpointer package)
{
  g_string_free(package, TRUE);
}

OakumRpmGraph *oakum_rpm_graph_new(void)
{
  OakumRpmGraph *graph = g_new0(OakumRpmGraph, 1);
  graph->packages = g_ptr_array_new_with_free_func(package_free);
  graph->owned = g_array_new(FALSE, FALSE, sizeof(Owned));
  graph->required = oakum_str_map_new(g_free, NULL);
  return graph;
}

void oakum_rpm_graph_free(OakumRpmGraph *graph)
{
  if (!graph)
    return;
  g_ptr_array_unref(graph->packages);
  g_array_unref(graph->owned);
  g_hash_table_unref(graph->required);
  g_free(graph);
}

/* Words of the graph are apart by blanks, and end at the line. */
static gboolean is_word(OakumSlice text)
{
  for (size_t i = 0; i < text.len; i++)
    if (text.data[i] <= ' ')
      return FALSE;
  return text.len > 0 && text.len <= OAKUM_CATALOG_VALUE_MAX;
}

static void add_word(GString *out, OakumSlice text)
{
  if (!is_word(text))
    return;
  g_string_append_c(out, ' ');
  g_string_append_len(out, (const char *)text.data, (gssize)text.len);
}

static void add_requirement(OakumRpmGraph *graph, GString *out, OakumSlice text)
{
  if (!is_word(text) || oakum_slice_begins(text, "rpmlib("))
    return;
  if (text.data[0] != '/') {
    add_word(out, text);
    return;
  }
  char *path = one_spelling(text);
  add_word(out, oakum_slice_of(path));
  g_hash_table_add(graph->required, path);
}

/* One word of a rich dependency: a name holds its own parentheses, "libc.so.6()(64bit)". */
static OakumSlice rich_word(OakumSlice text)
{
  size_t n = 0, open = 0;
  for (; n < text.len && text.data[n] > ' '; n++) {
    if (text.data[n] == ')' && open == 0)
      break;
    open += text.data[n] == '(';
    open -= text.data[n] == ')';
  }
  return (OakumSlice){text.data, n};
}

/* "(a and (b >= 1 or c) if d else e)": a, b, c and e are asked for, or may be; d is a condition.
 * Source: rpm's docs/manual/boolean_dependencies. */
static void add_rich(OakumRpmGraph *graph, GString *out, OakumSlice text)
{
  static const char *const joins[] = {"and", "or", "with", "else", NULL},
                           *const conditions[] = {"if", "unless", "without", NULL},
                           *const compares[] = {"<", "<=", "=", ">=", ">", NULL};
  guint depth = 0, quiet_from = 0; /* 0: nothing is passed over */
  gboolean condition = FALSE, version = FALSE;
  while (text.len > 0) {
    size_t n = 1;
    if (text.data[0] == '(') {
      depth++;
      if (condition && !quiet_from)
        quiet_from = depth;
      condition = FALSE;
    } else if (text.data[0] == ')') {
      if (depth == quiet_from)
        quiet_from = 0;
      depth -= depth > 0;
    } else if (text.data[0] > ' ') {
      OakumSlice word = rich_word(text);
      char plain[8] = "";
      n = word.len;
      if (n < sizeof(plain))
        memcpy(plain, word.data, n);
      if (g_strv_contains(joins, plain) || g_strv_contains(conditions, plain)) {
        condition = g_strv_contains(conditions, plain);
      } else if (g_strv_contains(compares, plain)) {
        version = TRUE;
      } else {
        if (!version && !condition && !quiet_from)
          add_requirement(graph, out, word);
        condition = version ? condition : FALSE;
        version = FALSE;
      }
    }
    text.data += n;
    text.len -= n;
  }
}

/* Programs and libraries, which scripts and what no package brought ask for by their names. */
static gboolean is_run(const char *path)
{
  const char *base = strrchr(path, '/') + 1;
  return g_str_has_prefix(path, "/bin/") || strstr(path, "/libexec/") ||
         (strstr(base, ".so") && strstr(path, "lib"));
}

typedef struct {
  OakumRpmGraph *graph;
  GString *files;
} Files;

static void add_file(OakumSlice path, gpointer user)
{
  Files *to = user;
  if (path.len < 2 || path.data[0] != '/' || to->graph->owned->len >= OAKUM_CATALOG_OWNED_MAX)
    return;
  g_autofree char *text = one_spelling(path);
  Owned owned = {oakum_bytes_hash(text, strlen(text)), to->graph->packages->len};
  g_array_append_val(to->graph->owned, owned);
  if (is_run(text))
    add_word(to->files, oakum_slice_of(text));
}

/* What a system goes without as little as without its base, though nothing names it. */
static gboolean is_base(OakumSlice name)
{
  static const char *const names[] = {
      "basesystem",      "bash",       "coreutils", "coreutils-single",
      "crypto-policies", "filesystem", "microdnf",  "rootfiles",
      "setup",           "yum"};
  static const char *const begins[] = {"glibc",          "dnf", "langpacks", "libdnf",
                                       "selinux-policy", "rpm", "zypper"};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (oakum_slice_is(name, names[i]))
      return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(begins); i++)
    if (oakum_slice_begins(name, begins[i]))
      return TRUE;
  g_autofree char *text = g_strndup((const char *)name.data, name.len);
  return strstr(text, "-release") || strstr(text, "-repos") || strstr(text, "-keys");
}

void oakum_rpm_graph_add(OakumRpmGraph *graph, const OakumRpmHeader *header, OakumSlice name)
{
  OakumRpmTag tag;
  OakumSlice text;
  uint64_t size = 0;
  if (graph->over || !is_word(name))
    return;
  if (!oakum_rpm_number(header, OAKUM_RPM_SIZE, &size))
    size = 0;
  GString *out = g_string_new("P");
  add_word(out, name);
  g_string_append_printf(out, " %" G_GUINT64_FORMAT " %c\nD", size, is_base(name) ? 'k' : '-');
  if (oakum_rpm_texts(header, OAKUM_RPM_REQUIRES, &tag))
    while (oakum_rpm_next_text(&tag, &text)) {
      if (text.len > 0 && text.data[0] == '(')
        add_rich(graph, out, text);
      else
        add_requirement(graph, out, text);
    }
  g_string_append(out, "\nF");
  Files files = {graph, out};
  oakum_rpm_each_file(header, add_file, &files);
  g_string_append(out, "\nV");
  if (oakum_rpm_texts(header, OAKUM_RPM_PROVIDES, &tag))
    while (oakum_rpm_next_text(&tag, &text)) {
      g_autofree char *path = text.len > 0 && text.data[0] == '/' ? one_spelling(text) : NULL;
      add_word(out, path ? oakum_slice_of(path) : text);
    }
  g_ptr_array_add(graph->packages, out);
  graph->bytes += out->len;
  graph->over = graph->bytes > OAKUM_NEEDLESS_GRAPH_MAX;
}

static void provide_required(OakumRpmGraph *graph)
{
  g_autoptr(GHashTable) by_hash = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer path;
  g_hash_table_iter_init(&iter, graph->required);
  while (g_hash_table_iter_next(&iter, &path, NULL)) {
    uint64_t hash = oakum_bytes_hash(path, strlen(path));
    g_hash_table_insert(by_hash, g_memdup2(&hash, sizeof(hash)), path);
  }
  for (guint i = 0; i < graph->owned->len; i++) {
    Owned *one = &g_array_index(graph->owned, Owned, i);
    const char *wanted = g_hash_table_lookup(by_hash, &one->path);
    if (wanted && one->package < graph->packages->len)
      add_word(graph->packages->pdata[one->package], oakum_slice_of(wanted));
  }
}

char *oakum_rpm_graph_take(OakumRpmGraph *graph)
{
  g_autoptr(GString) out = g_string_new(NULL);
  provide_required(graph);
  for (guint i = 0; i < graph->packages->len && !graph->over; i++) {
    const GString *one = graph->packages->pdata[i];
    g_string_append_len(out, one->str, (gssize)one->len);
    g_string_append_c(out, '\n');
  }
  gboolean any = out->len > 0 && !graph->over;
  g_ptr_array_set_size(graph->packages, 0);
  g_array_set_size(graph->owned, 0);
  g_hash_table_remove_all(graph->required);
  graph->bytes = 0;
  graph->over = FALSE;
  return any ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}
