/* Packages that nothing needs, from the graph of the package database itself. What is kept for
 * certain: what the database marks as essential, what the program that the container starts is and
 * needs, what any program or script needs that no package brought, and data that programs use
 * without naming it. All that these depend on (or recommend) is needed; the rest is not. */
#include "inspect/needless-private.h"
#include <string.h>

typedef struct {
  char *name;
  uint64_t bytes;
  gboolean keep, asked; /* asked: somebody wanted it by its name */
  char **depends;       /* names, or what others provide */
  guint group;          /* 1-based, of the needless; 0: none */
} Node;
static void node_clear(gpointer node)
{
  g_free(((Node *)node)->name);
  g_strfreev(((Node *)node)->depends);
}

typedef struct {
  GArray *nodes;       /* Node */
  GHashTable *by_name; /* name, or what is provided → GArray of guint */
  GHashTable *by_file; /* base name of a program or library → GArray of guint */
  GHashTable *owned;   /* paths that a package of rpm brought */
  GArray *work;        /* guint: kept, and not looked at yet */
  const char *command; /* what removes packages */
  const OakumFinding *fact;
} Graph;

static void index_free(gpointer array)
{
  g_array_unref(array);
}

static void graph_clear(Graph *g)
{
  g_array_unref(g->nodes);
  g_hash_table_unref(g->by_name);
  g_hash_table_unref(g->by_file);
  g_hash_table_unref(g->owned);
  g_array_unref(g->work);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Graph, graph_clear)

static void index_add(GHashTable *table, const char *key, guint node)
{
  GArray *list = g_hash_table_lookup(table, key);
  if (!list) {
    list = g_array_new(FALSE, FALSE, sizeof(guint));
    g_hash_table_insert(table, g_strdup(key), list);
  }
  if (list->len < OAKUM_NEEDLESS_SAME_MAX)
    g_array_append_val(list, node);
}

static Node *node_at(const Graph *g, guint i)
{
  return &g_array_index(g->nodes, Node, i);
}

/* ---- reading
 * ------------------------------------------------------------------------------------ */
static void read_graph(Graph *g, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    if (strncmp(*line, "P ", 2) == 0 && g->nodes->len < OAKUM_PACKAGES_MAX) {
      g_auto(GStrv) words = g_strsplit(*line + 2, " ", 3);
      if (g_strv_length(words) != 3)
        continue;
      Node node = {.name = g_strdup(words[0]),
                   .bytes = g_ascii_strtoull(words[1], NULL, 10),
                   .keep = *words[2] == 'k'};
      g_array_append_val(g->nodes, node);
      index_add(g->by_name, words[0], g->nodes->len - 1);
    } else if (**line == 'D' && g->nodes->len > 0) {
      Node *node = node_at(g, g->nodes->len - 1);
      if (!node->depends)
        node->depends = g_strsplit(*line + 1, " ", -1);
    } else if (**line == 'F' && g->nodes->len > 0) {
      g_auto(GStrv) words = g_strsplit(*line + 1, " ", -1);
      for (char **word = words; *word; word++) {
        const char *slash = strrchr(*word, '/');
        if (!slash || !slash[1])
          continue;
        index_add(g->by_file, slash + 1, g->nodes->len - 1);
        g_hash_table_add(g->owned, g_strdup(*word));
      }
    } else if (**line == 'V' && g->nodes->len > 0) {
      g_auto(GStrv) words = g_strsplit(*line + 1, " ", -1);
      for (char **word = words; *word; word++) {
        if (!**word)
          continue;
        index_add(g->by_name, *word, g->nodes->len - 1);
        if (g_str_has_prefix(*word, "so:"))
          index_add(g->by_file, *word + 3, g->nodes->len - 1);
        else if (g_str_has_prefix(*word, "cmd:"))
          index_add(g->by_file, *word + 4, g->nodes->len - 1);
      }
    }
  }
}

/* apt: all but those that it took along; apk: those that its world names. Without either nobody
 * knows. */
static void read_asked(Graph *g, const char *id, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_autoptr(GHashTable) names = oakum_str_map_new(NULL, NULL);
  gboolean automatic = strcmp(id, NEEDLESS_FACT_AUTO) == 0;
  for (char **line = lines; *line; line++)
    g_hash_table_add(names, *line);
  for (guint i = 0; i < g->nodes->len; i++) {
    Node *node = node_at(g, i);
    node->asked = g_hash_table_contains(names, node->name) != automatic;
  }
}

static void read_files(Graph *g, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  const GArray *owner = lines[0] ? g_hash_table_lookup(g->by_name, lines[0]) : NULL;
  for (char **line = lines; owner && *line && line[1]; line++) {
    const char *slash = strrchr(line[1], '/');
    if (slash && slash[1])
      index_add(g->by_file, slash + 1, g_array_index(owner, guint, 0));
  }
}

/* Whoever asks for a link asks for what has the program that it leads to. */
static void read_links(Graph *g, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    char *other = strchr(*line, ' ');
    if (!other)
      continue;
    *other++ = '\0';
    const GArray *list = g_hash_table_lookup(g->by_file, other);
    for (guint i = 0; list && i < list->len; i++)
      index_add(g->by_file, *line, g_array_index(list, guint, i));
  }
}

/* ---- what is kept
 * ------------------------------------------------------------------------------- */
static void keep(Graph *g, guint i)
{
  if (node_at(g, i)->keep)
    return;
  node_at(g, i)->keep = TRUE;
  g_array_append_val(g->work, i);
}

static void keep_all(Graph *g, GHashTable *table, const char *key)
{
  const GArray *list = g_hash_table_lookup(table, key);
  for (guint i = 0; list && i < list->len; i++)
    keep(g, g_array_index(list, guint, i));
}

static void follow(Graph *g)
{
  while (g->work->len > 0) {
    guint i = g_array_index(g->work, guint, g->work->len - 1);
    g_array_set_size(g->work, g->work->len - 1);
    char **depends = node_at(g, i)->depends;
    for (char **name = depends; name && *name; name++)
      if (**name)
        keep_all(g, g->by_name, *name);
  }
}

/* Data and services that programs use and no dependency names, and what manages packages. */
static gboolean is_silently_used(const char *name)
{
  static const char *const names[] = {"ca-certificates", "ca-certificates-bundle",
                                      "tzdata",          "tzdata-legacy",
                                      "netbase",         "media-types",
                                      "mime-support",    "locales",
                                      "locales-all",     "apt",
                                      "iana-etc",        "shared-mime-info",
                                      "libc-bin",        "dpkg",
                                      "usr-is-merged",   "usrmerge",
                                      "nss_wrapper",     "musl-locales",
                                      "icu-data-full",   "gcompat",
                                      "libc6-compat",    "tini",
                                      "dumb-init",       "gosu",
                                      "su-exec"};
  static const char *const begins[] = {
      "fonts-", "font-", "ttf-", "libnss-", "libpam-", "libsasl2-modules", "linux-image", "base-"};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (strcmp(name, names[i]) == 0)
      return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(begins); i++)
    if (g_str_has_prefix(name, begins[i]))
      return TRUE;
  return FALSE;
}

/* An interpreter that is needed may be asked for any of its modules. */
static gboolean keep_modules(Graph *g)
{
  static const struct {
    const char *program, *prefix, *suffix;
  } rows[] = {
      {"python3", "python3-", NULL}, {"python3", "py3-", NULL}, {"python", "python-", NULL},
      {"perl", NULL, "-perl"},       {"perl", "perl-", NULL},   {"ruby", "ruby-", NULL},
      {"php", "php", NULL},          {"node", "node-", NULL},   {"nodejs", "node-", NULL},
      {"java", NULL, "-java"},       {"R", "r-cran-", NULL},    {"Rscript", "r-cran-", NULL},
      {"tclsh", "tcl", NULL},        {"lua", "lua-", NULL},     {"erl", "erlang-", NULL},
      {"guile", "guile-", NULL}};
  gboolean any = FALSE;
  for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
    const GArray *list = g_hash_table_lookup(g->by_file, rows[r].program);
    gboolean needed = FALSE;
    for (guint i = 0; list && i < list->len; i++)
      needed |= node_at(g, g_array_index(list, guint, i))->keep;
    for (guint i = 0; needed && i < g->nodes->len; i++) {
      const Node *node = node_at(g, i);
      if (!node->keep && (rows[r].prefix ? g_str_has_prefix(node->name, rows[r].prefix)
                                         : g_str_has_suffix(node->name, rows[r].suffix))) {
        keep(g, i);
        any = TRUE;
      }
    }
  }
  return any;
}

/* Every word counts that might name a program. TRUE: one of them is no shell. */
static gboolean keep_words(Graph *g, const char *text)
{
  gboolean any = FALSE;
  g_autofree char *own = g_strndup(text, OAKUM_HYGIENE_STEP_MAX);
  g_auto(GStrv) words = g_strsplit_set(own, " \t\n\r\"'`$(){}[];|&<>=,", -1);
  for (char **word = words; *word; word++) {
    const char *base = oakum_path_base(*word);
    static const char *const shells[] = {"sh", "bash", "dash", "ash", "-c", "busybox", ""};
    gboolean shell = FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(shells); i++)
      shell |= strcmp(base, shells[i]) == 0;
    any |= !shell;
    keep_all(g, g->by_file, base);
  }
  return any;
}

static gboolean keep_list(Graph *g, char **words)
{
  gboolean any = FALSE;
  for (char **word = words; word && *word; word++)
    any |= keep_words(g, *word);
  return any;
}

static gboolean keep_start(Graph *g, const OakumConfig *config)
{
  gboolean any = keep_list(g, config->entrypoint);
  any |= keep_list(g, config->cmd);
  const json_t *test = json_object_get(config->healthcheck, "Test");
  for (size_t i = 0; i < json_array_size(test); i++) {
    const char *word = json_string_value(json_array_get(test, i));
    if (word && !keep_words(g, word))
      continue;
  }
  if (config->shell)
    (void)keep_list(g, config->shell);
  return any;
}

/* In the one spelling that the graph of rpm has. */
static gboolean is_owned(const Graph *g, const char *path)
{
  const char *at = g_str_has_prefix(path, "usr/") ? path + 4 : path;
  g_autofree char *whole = g_str_has_prefix(at, "sbin/") ? g_strconcat("/bin/", at + 5, NULL)
                                                         : g_strconcat("/", at, NULL);
  return g_hash_table_contains(g->owned, whole);
}

/* FALSE: more files than are known ask for something. */
static gboolean keep_needs(Graph *g, const char *text)
{
  if (strcmp(text, "?") == 0)
    return FALSE;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++)
    if (**line && (*line)[1] == ' ')
      keep_all(g, g->by_file, *line + 2);
  return TRUE;
}

/* ---- what is left
 * ------------------------------------------------------------------------------- */
/* Those that hang together go together, so that each group can be removed by itself. */
static guint make_groups(Graph *g)
{
  guint n = g->nodes->len, groups = 0;
  g_autofree guint *parent = g_new(guint, MAX(n, 1));
  for (guint i = 0; i < n; i++)
    parent[i] = i;
  for (guint i = 0; i < n; i++) {
    const Node *node = node_at(g, i);
    for (char **name = node->depends; !node->keep && name && *name; name++) {
      const GArray *list = **name ? g_hash_table_lookup(g->by_name, *name) : NULL;
      for (guint k = 0; list && k < list->len; k++) {
        guint a = i, b = g_array_index(list, guint, k);
        if (node_at(g, b)->keep)
          continue;
        while (parent[a] != a)
          a = parent[a] = parent[parent[a]];
        while (parent[b] != b)
          b = parent[b] = parent[parent[b]];
        parent[MAX(a, b)] = MIN(a, b);
      }
    }
  }
  for (guint i = 0; i < n; i++) {
    guint a = i;
    while (parent[a] != a)
      a = parent[a];
    Node *node = node_at(g, i);
    if (!node->keep)
      node->group = a == i ? ++groups : node_at(g, a)->group;
  }
  return groups;
}

typedef struct {
  uint64_t bytes;
  GPtrArray *names, *asked; /* borrowed */
  const Node *largest;
} Group;

static gint by_bytes(gconstpointer a, gconstpointer b)
{
  const Group *x = a, *y = b;
  if (x->bytes != y->bytes)
    return x->bytes < y->bytes ? 1 : -1;
  return strcmp(x->names->pdata[0], y->names->pdata[0]);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void tell_group(const Graph *g, const Group *group, GPtrArray *findings)
{
  g_autoptr(GString) names = g_string_new(NULL), asked = g_string_new(NULL);
  for (guint i = 0; i < group->names->len; i++)
    g_string_append_printf(names, "%s%s", i > 0 ? " " : "", (char *)group->names->pdata[i]);
  g_ptr_array_sort(group->asked, by_text);
  for (guint i = 0; i < group->asked->len; i++)
    g_string_append_printf(asked, "%s%s", i > 0 ? " " : "", (char *)group->asked->pdata[i]);
  OakumFinding *finding = oakum_hygiene_tell(
      findings, HYGIENE_NEEDLESS, g->fact->file,
      g_strdup_printf("%u package%s, %.1f MB, that nothing needs: %s%s%s", group->names->len,
                      group->names->len == 1 ? "" : "s", (double)group->bytes / 1000000.0,
                      names->str, asked->len ? "; somebody asked for " : "", asked->str));
  if (asked->len) /* who did may know what for */
    finding->severity = OAKUM_SEVERITY_NEGLIGIBLE;
  g_free(finding->fix);
  finding->fix = g_strdup_printf("%s %s", g->command, names->str);
  finding->match = g_string_free(g_steal_pointer(&names), FALSE);
  finding->package_name = g_strdup(group->largest->name);
  finding->layer_index = g->fact->layer_index;
  finding->layer = g_strdup(g->fact->layer);
}

static void tell_groups(Graph *g, GPtrArray *findings)
{
  guint n = make_groups(g);
  g_autofree Group *groups = g_new0(Group, MAX(n, 1));
  for (guint i = 0; i < g->nodes->len; i++) {
    const Node *node = node_at(g, i);
    if (node->group == 0)
      continue;
    Group *group = &groups[node->group - 1];
    if (!group->names) {
      group->names = g_ptr_array_new();
      group->asked = g_ptr_array_new();
    }
    g_ptr_array_add(group->names, node->name);
    if (node->asked)
      g_ptr_array_add(group->asked, node->name);
    group->bytes += node->bytes;
    if (!group->largest || node->bytes > group->largest->bytes)
      group->largest = node;
  }
  for (guint i = 0; i < n; i++)
    g_ptr_array_sort(groups[i].names, by_text);
  qsort(groups, n, sizeof(Group), by_bytes);
  for (guint i = 0; i < n; i++) {
    if (i < OAKUM_NEEDLESS_GROUPS_MAX)
      tell_group(g, &groups[i], findings);
    g_ptr_array_unref(groups[i].names);
    g_ptr_array_unref(groups[i].asked);
  }
}

/* The highest database that is there, and what keeps its packages. */
static const struct {
  const char *fact, *command;
} managers[] = {{NEEDLESS_FACT_DPKG, "dpkg --purge"},
                {NEEDLESS_FACT_APK, "apk del"},
                {NEEDLESS_FACT_RPM, "rpm -e"}};

static void find_database(Graph *g, const GPtrArray *facts)
{
  for (guint i = 0; i < facts->len; i++) {
    const OakumFinding *fact = facts->pdata[i];
    for (size_t m = 0; m < G_N_ELEMENTS(managers); m++)
      if (strcmp(fact->id, managers[m].fact) == 0) {
        g->fact = fact;
        g->command = managers[m].command;
      }
  }
}

static void read_facts(Graph *g, const GPtrArray *facts)
{
  gboolean dpkg = strcmp(g->fact->id, NEEDLESS_FACT_DPKG) == 0,
           apk = strcmp(g->fact->id, NEEDLESS_FACT_APK) == 0;
  read_graph(g, g->fact->why);
  for (guint i = 0; i < facts->len; i++) {
    const OakumFinding *fact = facts->pdata[i];
    if (!fact->why)
      continue;
    if (dpkg && strcmp(fact->id, NEEDLESS_FACT_FILES) == 0)
      read_files(g, fact->why);
    else if ((dpkg && strcmp(fact->id, NEEDLESS_FACT_AUTO) == 0) ||
             (apk && strcmp(fact->id, NEEDLESS_FACT_WORLD) == 0))
      read_asked(g, fact->id, fact->why);
  }
  enum { LINKS_TO_LINKS = 2 };
  for (guint k = 0; k < LINKS_TO_LINKS; k++)
    for (guint i = 0; i < facts->len; i++) {
      const OakumFinding *fact = facts->pdata[i];
      if (strcmp(fact->id, NEEDLESS_FACT_LINKS) == 0 && fact->why)
        read_links(g, fact->why);
    }
}

void oakum_needless_image(const OakumConfig *config, const GPtrArray *facts, GPtrArray *findings)
{
  g_auto(Graph) g = {g_array_new(FALSE, FALSE, sizeof(Node)),
                     oakum_str_map_new(g_free, index_free),
                     oakum_str_map_new(g_free, index_free),
                     oakum_str_map_new(g_free, NULL),
                     g_array_new(FALSE, FALSE, sizeof(guint)),
                     NULL,
                     NULL};
  g_array_set_clear_func(g.nodes, node_clear);
  find_database(&g, facts);
  if (!config || !g.fact || !g.fact->why)
    return;
  gboolean known = TRUE, own = FALSE;
  read_facts(&g, facts);
  for (guint i = 0; i < g.nodes->len; i++) {
    Node *node = node_at(&g, i);
    gboolean marked = node->keep;
    node->keep = FALSE;
    if (marked || is_silently_used(node->name))
      keep(&g, i);
  }
  for (guint i = 0; i < facts->len; i++) {
    const OakumFinding *fact = facts->pdata[i];
    if (strcmp(fact->id, NEEDLESS_FACT_NEEDS) == 0 && fact->why &&
        !(fact->file && is_owned(&g, fact->file))) {
      known = keep_needs(&g, fact->why) && known;
      own = TRUE;
    }
  }
  gboolean starts = keep_start(&g, config);
  /* a base for others starts a shell and holds nothing of its own: who knows what they need */
  if (!known || (!starts && !own))
    return;
  do
    follow(&g);
  while (keep_modules(&g));
  tell_groups(&g, findings);
}
