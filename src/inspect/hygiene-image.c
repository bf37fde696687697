/* What only the whole image shows: the user against etc/passwd, owners, what tools are there, and
 * bytes that are shipped and not seen. */
#include "inspect/needless-private.h"
#include <string.h>

typedef struct {
  char *path;
  uint64_t size;
  int layer;
} Shipped;
static void shipped_clear(gpointer shipped)
{
  g_free(((Shipped *)shipped)->path);
}

typedef struct {
  GHashTable *uids;      /* name → uid as text */
  GHashTable *named;     /* uids that have a name */
  GHashTable *groups;    /* names */
  gboolean known;        /* etc/passwd was read, or there is none */
  gboolean groups_known; /* the same of etc/group */
  gboolean any;          /* there is one */
  gboolean observed;     /* the layers were looked at */
  GPtrArray *facts;      /* OakumFinding, taken out of the findings */
} Facts;

static void read_passwd(Facts *facts, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  facts->any = TRUE;
  if (strcmp(text, "?") == 0)
    facts->known = FALSE;
  for (char **line = lines; *line; line++) {
    char *colon = strrchr(*line, ':');
    if (!colon || colon == *line)
      continue;
    *colon = '\0';
    if (!g_hash_table_contains(facts->uids, *line))
      g_hash_table_insert(facts->uids, g_strdup(*line), g_strdup(colon + 1));
    g_hash_table_add(facts->named, g_strdup(colon + 1));
  }
}

static void read_group(Facts *facts, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  if (strcmp(text, "?") == 0)
    facts->groups_known = FALSE;
  for (char **line = lines; *line; line++)
    if (**line)
      g_hash_table_add(facts->groups, g_strdup(*line));
}

static gboolean is_fact(const OakumFinding *f)
{
  return f->kind == OAKUM_FINDING_HYGIENE && g_str_has_prefix(f->id, HYGIENE_FACT);
}

static gint by_layer(gconstpointer a, gconstpointer b)
{
  const OakumFinding *x = *(OakumFinding *const *)a, *y = *(OakumFinding *const *)b;
  int order = x->layer_index - y->layer_index;
  order = order ? order : strcmp(x->id, y->id);
  return order ? order : g_strcmp0(x->file, y->file);
}

static void facts_clear(Facts *facts)
{
  g_hash_table_unref(facts->uids);
  g_hash_table_unref(facts->named);
  g_hash_table_unref(facts->groups);
  g_ptr_array_unref(facts->facts);
}

static void take_facts(Facts *facts, GPtrArray *findings)
{
  *facts = (Facts){.uids = oakum_str_map_new(g_free, g_free),
                   .named = oakum_str_map_new(g_free, NULL),
                   .groups = oakum_str_map_new(g_free, NULL),
                   .known = TRUE,
                   .groups_known = TRUE,
                   .facts = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free)};
  guint kept = 0;
  for (guint i = 0; i < findings->len; i++) {
    OakumFinding *f = findings->pdata[i];
    if (!is_fact(f)) {
      findings->pdata[kept++] = f;
      continue;
    }
    g_ptr_array_add(facts->facts, f);
    facts->observed |= strcmp(f->id, HYGIENE_FACT_LAYER) == 0;
    if (strcmp(f->id, HYGIENE_FACT_PASSWD) == 0 && f->why)
      read_passwd(facts, f->why);
    if (strcmp(f->id, HYGIENE_FACT_GROUP) == 0 && f->why)
      read_group(facts, f->why);
  }
  for (guint i = kept; i < findings->len; i++)
    findings->pdata[i] = NULL; /* they have moved */
  g_ptr_array_set_size(findings, (gint)kept);
  g_ptr_array_sort(facts->facts, by_layer);
}

void oakum_hygiene_drop_facts(GPtrArray *findings)
{
  Facts facts;
  take_facts(&facts, findings);
  facts_clear(&facts);
}

/* ---- user
 * --------------------------------------------------------------------------------------- */
static gboolean is_digits(const char *text)
{
  return *text && strspn(text, "0123456789") == strlen(text);
}

/* "USER app:staff": containers of it do not start, as with a user that is not known. */
static void look_at_users_group(const char *user, const Facts *facts, GPtrArray *findings)
{
  const char *colon = strchr(user, ':'), *group = colon ? colon + 1 : "";
  if (!*group || is_digits(group + strspn(group, "+")) || !facts->observed ||
      !facts->groups_known || strcmp(group, "root") == 0 ||
      g_hash_table_contains(facts->groups, group))
    return;
  oakum_hygiene_tell(findings, HYGIENE_USER_UNKNOWN, NULL,
                     g_strdup_printf("USER %s: %s", user,
                                     g_hash_table_size(facts->groups) > 0
                                         ? "etc/group does not know the group"
                                         : "there is no etc/group with the group"));
}

/* Docker and containerd look for a name first, then take it as a number, which may have a sign. */
static void look_at_user(const OakumConfig *config, const Facts *facts, GPtrArray *findings)
{
  const char *user = config->user ? config->user : "";
  g_autofree char *name = g_strndup(user, strcspn(user, ":"));
  const char *uid = g_hash_table_lookup(facts->uids, name);
  const char *digits =
      name + (*name == '+' || (*name == '-' && strspn(name + 1, "0") == strlen(name + 1)));
  gboolean number = is_digits(digits);
  if (!uid && number)
    uid = digits + strspn(digits, "0");
  if (*name == '\0' || (uid && strspn(uid, "0") == strlen(uid)) ||
      (!uid && strcmp(name, "root") == 0)) {
    oakum_hygiene_tell(findings, HYGIENE_USER_ROOT, NULL,
                       *name == '\0' ? g_strdup("no USER is set, which means root")
                       : number || strcmp(name, "root") == 0
                           ? g_strdup_printf("USER %s", user)
                           : g_strdup_printf("USER %s: etc/passwd gives it the number 0", user));
    return;
  }
  if (number || uid || !facts->known)
    look_at_users_group(user, facts, findings);
  if (!number && !uid && facts->observed && facts->known)
    oakum_hygiene_tell(
        findings, HYGIENE_USER_UNKNOWN, NULL,
        g_strdup_printf("USER %s: %s", user,
                        facts->any ? "etc/passwd does not know it" : "there is no etc/passwd"));
  else if (!number)
    oakum_hygiene_tell(findings, HYGIENE_USER_BY_NAME, NULL,
                       uid ? g_strdup_printf("USER %s, which is %s", user, uid)
                           : g_strdup_printf("USER %s", user));
}

static void look_at_owners(const OakumConfig *config, const Facts *facts, GPtrArray *findings)
{
  if (!facts->known || !facts->any)
    return;
  const char *user = config && config->user ? config->user : "";
  g_autofree char *runs = g_strndup(user, strcspn(user, ":"));
  for (guint i = 0; i < facts->facts->len; i++) {
    const OakumFinding *fact = facts->facts->pdata[i];
    if (strcmp(fact->id, HYGIENE_FACT_OWNERS) != 0)
      continue;
    g_auto(GStrv) lines = g_strsplit(fact->why ? fact->why : "", "\n", -1);
    guint files = 0, owners = 0;
    g_autoptr(GString) shown = g_string_new(NULL);
    for (char **line = lines; *line; line++) { /* "uid count example" */
      g_auto(GStrv) words = g_strsplit(*line, " ", 3);
      if (g_strv_length(words) != 3 || g_hash_table_contains(facts->named, words[0]) ||
          strcmp(words[0], "0") == 0 || strcmp(words[0], runs) == 0)
        continue;
      g_autofree char *example = g_strcompress(words[2]);
      files += (guint)g_ascii_strtoull(words[1], NULL, 10);
      if (owners++ < OAKUM_HYGIENE_EXAMPLES)
        g_string_append_printf(shown, "%s%s (%s of %s)", shown->len ? ", " : "", words[0], words[1],
                               example);
    }
    if (owners > 0)
      oakum_hygiene_tell(
          findings, HYGIENE_STRANGE_OWNER, NULL,
          g_strdup_printf("%u files of %u owners without a name: %s", files, owners, shown->str))
          ->layer_index = fact->layer_index;
  }
}

/* ---- tools
 * -------------------------------------------------------------------------------------- */
static void look_at_tools(const Facts *facts, const char *id, HygieneRule rule, GPtrArray *findings)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  const OakumFinding *first = NULL;
  for (guint i = 0; i < facts->facts->len; i++) {
    const OakumFinding *fact = facts->facts->pdata[i];
    gboolean had = FALSE;
    if (strcmp(fact->id, id) != 0 || !fact->why)
      continue;
    for (guint k = 0; k < names->len && !had; k++)
      had = strcmp(names->pdata[k], fact->why) == 0;
    if (!had && names->len < OAKUM_HYGIENE_TOOLS_MAX)
      g_ptr_array_add(names, fact->why);
    first = first ? first : fact;
  }
  if (!first)
    return;
  g_ptr_array_add(names, NULL);
  g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
  OakumFinding *finding = oakum_hygiene_tell(findings, rule, first->file, g_steal_pointer(&all));
  finding->layer_index = first->layer_index;
  finding->layer = g_strdup(first->layer);
}

/* ---- bytes that nobody sees
 * ---------------------------------------------------------------------- */
typedef struct {
  GHashTable *there; /* path → index of shipped, of what is visible so far */
  GHashTable *small; /* folder → index of shipped: its small files of the highest layer */
  GArray *shipped;   /* Shipped */
  GArray *gone[2];   /* Shipped: deleted, replaced; `layer` is where it lay */
  uint64_t bytes[2];
  uint64_t work; /* names looked at: many layers of many names would take for ever */
} Waste;

static void waste(Waste *w, guint which, guint index)
{
  const Shipped *one = &g_array_index(w->shipped, Shipped, index);
  w->bytes[which] += one->size;
  g_array_append_val(w->gone[which], ((Shipped){g_strdup(one->path), one->size, one->layer}));
}

static void replace(Waste *w, const char *path, uint64_t size, int layer)
{
  gpointer key, index;
  if (g_hash_table_lookup_extended(w->there, path, &key, &index) &&
      g_array_index(w->shipped, Shipped, GPOINTER_TO_UINT(index)).layer != layer)
    waste(w, 1, GPOINTER_TO_UINT(index));
  if (w->shipped->len >= OAKUM_HYGIENE_SHIPPED_MAX)
    return;
  g_array_append_val(w->shipped, ((Shipped){g_strdup(path), size, layer}));
  g_hash_table_insert(w->there, g_strdup(path), GUINT_TO_POINTER(w->shipped->len - 1));
}

/* What the whiteouts of one layer take away of those below: each name is held against the folders
 * above it, so that the number of whiteouts does not matter. */
static void remove_gone(Waste *w, GHashTable *gone, int layer)
{
  GHashTableIter iter;
  gpointer key, index;
  if (g_hash_table_size(gone) == 0)
    return;
  g_hash_table_iter_init(&iter, w->there);
  while (g_hash_table_iter_next(&iter, &key, &index)) {
    if (g_array_index(w->shipped, Shipped, GPOINTER_TO_UINT(index)).layer == layer)
      continue;
    if (++w->work > OAKUM_HYGIENE_WORK_MAX)
      return;
    g_autofree char *part = g_strdup(key);
    gboolean hit = g_hash_table_contains(gone, part) || g_hash_table_contains(gone, "");
    for (char *slash; !hit && (slash = strrchr(part, '/')) != NULL;) {
      *slash = '\0';
      hit = g_hash_table_contains(gone, part);
    }
    if (hit) {
      waste(w, 0, GPOINTER_TO_UINT(index));
      g_hash_table_iter_remove(&iter);
    }
  }
}

static uint64_t take_layer(Waste *w, const OakumFinding *fact, int layer)
{
  g_auto(GStrv) lines = g_strsplit(fact->why ? fact->why : "", "\n", -1);
  g_autoptr(GHashTable) gone = oakum_str_map_new(g_free, NULL);
  uint64_t total = 0;
  for (char **line = lines; *line; line++)
    if ((**line == 'w' || **line == 'o') && (*line)[1] == ' ') {
      char *path = g_strcompress(*line + 2);
      size_t n = strlen(path);
      if (n > 0 && path[n - 1] == '/')
        path[n - 1] = '\0';
      g_hash_table_add(gone, path);
    }
  remove_gone(w, gone, layer);
  for (char **line = lines; *line; line++) {
    char *end = NULL;
    if (!**line || (*line)[1] != ' ' || !strchr("tfd", **line))
      continue;
    uint64_t size = g_ascii_strtoull(*line + 2, &end, 10);
    if (**line == 't')
      total = size;
    if (**line == 't' || *end != ' ')
      continue;
    g_autofree char *path = g_strcompress(end + 1);
    if (**line == 'f')
      replace(w, path, size, layer);
    else if (w->shipped->len < OAKUM_HYGIENE_SHIPPED_MAX) {
      /* the small files of a folder: they go with it; where a higher layer has as many bytes of
       * them, it is they again (chown -R) */
      gpointer below;
      g_autofree char *inside = g_strdup_printf("%s/%d files", path, layer);
      if (g_hash_table_lookup_extended(w->small, path, NULL, &below)) {
        const Shipped *old = &g_array_index(w->shipped, Shipped, GPOINTER_TO_UINT(below));
        g_autofree char *old_inside = g_strdup_printf("%s/%d files", path, old->layer);
        if (old->size == size && old->layer != layer && g_hash_table_remove(w->there, old_inside))
          waste(w, 1, GPOINTER_TO_UINT(below));
      }
      g_array_append_val(w->shipped, ((Shipped){g_strdup_printf("%s/*", path), size, layer}));
      g_hash_table_insert(w->there, g_steal_pointer(&inside),
                          GUINT_TO_POINTER(w->shipped->len - 1));
      g_hash_table_insert(w->small, g_steal_pointer(&path), GUINT_TO_POINTER(w->shipped->len - 1));
    }
  }
  return total;
}

static gint by_size(gconstpointer a, gconstpointer b)
{
  const Shipped *x = a, *y = b;
  return x->size != y->size ? (x->size < y->size ? 1 : -1) : strcmp(x->path, y->path);
}

static void tell_waste(Waste *w, guint which, uint64_t total, GPtrArray *findings)
{
  static const HygieneRule rules[] = {HYGIENE_DELETED_LATER, HYGIENE_REPLACED_LATER};
  GArray *gone = w->gone[which];
  if (w->bytes[which] < OAKUM_HYGIENE_WASTE_MIN)
    return;
  g_array_sort(gone, by_size);
  g_autoptr(GString) worst = g_string_new(NULL);
  for (guint i = 0; i < MIN(gone->len, OAKUM_HYGIENE_WORST); i++) {
    const Shipped *one = &g_array_index(gone, Shipped, i);
    g_string_append_printf(worst, "%s%s %.1f MB (layer %d)", i > 0 ? ", " : "", one->path,
                           (double)one->size / 1000000.0, one->layer);
  }
  OakumFinding *finding = oakum_hygiene_tell(
      findings, rules[which], NULL,
      g_strdup_printf("%.1f of %.1f MB are shipped and never seen: %s",
                      (double)w->bytes[which] / 1000000.0, (double)total / 1000000.0, worst->str));
  if (w->bytes[which] > total / 4)
    finding->severity = OAKUM_SEVERITY_MEDIUM;
  finding->layer_index = g_array_index(gone, Shipped, 0).layer;
}

static void look_at_waste(const Facts *facts, GPtrArray *findings)
{
  Waste w = {
      oakum_str_map_new(g_free, NULL),
      oakum_str_map_new(g_free, NULL),
      g_array_new(FALSE, FALSE, sizeof(Shipped)),
      {g_array_new(FALSE, FALSE, sizeof(Shipped)), g_array_new(FALSE, FALSE, sizeof(Shipped))},
      {0, 0}};
  uint64_t total = 0;
  g_array_set_clear_func(w.shipped, shipped_clear);
  for (guint i = 0; i < 2; i++)
    g_array_set_clear_func(w.gone[i], shipped_clear);
  int number = 0;
  for (guint i = 0; i < facts->facts->len; i++) { /* by layer, the lowest first */
    const OakumFinding *fact = facts->facts->pdata[i];
    if (strcmp(fact->id, HYGIENE_FACT_LAYER) == 0) {
      total += take_layer(&w, fact, fact->layer_index >= 0 ? fact->layer_index : number);
      number++;
    }
  }
  for (guint i = 0; i < 2; i++) {
    tell_waste(&w, i, total, findings);
    g_array_unref(w.gone[i]);
  }
  g_array_unref(w.shipped);
  g_hash_table_unref(w.there);
  g_hash_table_unref(w.small);
}

void oakum_hygiene_image(const OakumInspectImage *image, GPtrArray *findings)
{
  Facts facts;
  take_facts(&facts, findings);
  if (image->config) {
    look_at_user(image->config, &facts, findings);
    oakum_hygiene_settings(image, findings);
    oakum_hygiene_history(image, findings);
  }
  look_at_owners(image->config, &facts, findings);
  look_at_tools(&facts, HYGIENE_FACT_SHELL, HYGIENE_SHELL, findings);
  look_at_tools(&facts, HYGIENE_FACT_MANAGER, HYGIENE_PACKAGE_MANAGER, findings);
  look_at_tools(&facts, HYGIENE_FACT_BUILD, HYGIENE_BUILD_TOOL, findings);
  look_at_tools(&facts, HYGIENE_FACT_NETWORK, HYGIENE_NETWORK_TOOL, findings);
  look_at_waste(&facts, findings);
  oakum_needless_image(image->config, facts.facts, findings);
  facts_clear(&facts);
}
