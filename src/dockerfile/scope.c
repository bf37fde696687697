/* Which variables an instruction sees, and where they come from. */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

static const struct {
  const char *name;
  OakumOrigin origin;
} predefined[] = {{"TARGETPLATFORM", OAKUM_ORIGIN_PLATFORM},
                  {"TARGETOS", OAKUM_ORIGIN_PLATFORM},
                  {"TARGETOSVERSION", OAKUM_ORIGIN_PLATFORM},
                  {"TARGETARCH", OAKUM_ORIGIN_PLATFORM},
                  {"TARGETVARIANT", OAKUM_ORIGIN_PLATFORM},
                  {"TARGETSTAGE", OAKUM_ORIGIN_PLATFORM},
                  {"BUILDPLATFORM", OAKUM_ORIGIN_PLATFORM},
                  {"BUILDOS", OAKUM_ORIGIN_PLATFORM},
                  {"BUILDOSVERSION", OAKUM_ORIGIN_PLATFORM},
                  {"BUILDARCH", OAKUM_ORIGIN_PLATFORM},
                  {"BUILDVARIANT", OAKUM_ORIGIN_PLATFORM},
                  {"HTTP_PROXY", OAKUM_ORIGIN_PROXY},
                  {"http_proxy", OAKUM_ORIGIN_PROXY},
                  {"HTTPS_PROXY", OAKUM_ORIGIN_PROXY},
                  {"https_proxy", OAKUM_ORIGIN_PROXY},
                  {"FTP_PROXY", OAKUM_ORIGIN_PROXY},
                  {"ftp_proxy", OAKUM_ORIGIN_PROXY},
                  {"NO_PROXY", OAKUM_ORIGIN_PROXY},
                  {"no_proxy", OAKUM_ORIGIN_PROXY},
                  {"ALL_PROXY", OAKUM_ORIGIN_PROXY},
                  {"all_proxy", OAKUM_ORIGIN_PROXY},
                  {"BUILDKIT_BUILD_NAME", OAKUM_ORIGIN_BUILTIN},
                  {"BUILDKIT_CACHE_MOUNT_NS", OAKUM_ORIGIN_BUILTIN},
                  {"BUILDKIT_CONTEXT_KEEP_GIT_DIR", OAKUM_ORIGIN_BUILTIN},
                  {"BUILDKIT_DOCKERFILE_CHECK", OAKUM_ORIGIN_BUILTIN},
                  {"BUILDKIT_INLINE_CACHE", OAKUM_ORIGIN_BUILTIN},
                  {"BUILDKIT_MULTI_PLATFORM", OAKUM_ORIGIN_BUILTIN},
                  {"BUILDKIT_SANDBOX_HOSTNAME", OAKUM_ORIGIN_BUILTIN},
                  {"BUILDKIT_SBOM_SCAN_CONTEXT", OAKUM_ORIGIN_BUILTIN},
                  {"BUILDKIT_SBOM_SCAN_STAGE", OAKUM_ORIGIN_BUILTIN},
                  {"BUILDKIT_SYNTAX", OAKUM_ORIGIN_BUILTIN},
                  {"SOURCE_DATE_EPOCH", OAKUM_ORIGIN_BUILTIN}};

gboolean oakum_dockerfile_predefined(const char *name, OakumOrigin *origin)
{
  for (size_t i = 0; i < G_N_ELEMENTS(predefined); i++)
    if (strcmp(predefined[i].name, name) == 0) {
      *origin = predefined[i].origin;
      return TRUE;
    }
  return FALSE;
}

/* A binding, and in the first one of its name and level those that follow. Most have none: a line
 * may bind very many names. */
typedef struct {
  OakumBinding binding; /* first: what is found is handed out as such */
  GPtrArray *later;     /* Bound, in the order of the file; NULL: none */
} Bound;

/* The bindings that one stage adds, or those before the first FROM. */
typedef struct {
  GPtrArray *bindings; /* Bound, in the order of the file */
  GHashTable *by_name; /* name → Bound: the first one */
  int parent;          /* stage, -1: none */
  guint root;          /* level of the stage that the chain begins with */
  /* numbers in a walk of the tree of stages from above: [number, number + size) are this one and
   * those made from it */
  guint number, size;
  guint depth;       /* stages above it in its chain */
  gboolean complete; /* what is not found in it is empty, and not only unknown */
} Level;

struct OakumScope {
  const OakumDockerfile *df;
  GHashTable *given, *platform; /* owned copies, or NULL */
  Level *levels;                /* [0]: before the first FROM; [1 + stage] */
  GHashTable *homes; /* name → GArray of guint: the levels that bind it, in order; or, of a single
                        one, its number as a pointer that is odd (see lone_home). A long chain of
                        stages is not walked for a name. Names are those of the bindings */
  GHashTable *proxies; /* name → OakumBinding */
  gsize bytes;         /* of all values */
  gboolean ready;
};

static void bound_free(gpointer p)
{
  Bound *bound = p;
  g_clear_pointer(&bound->later, g_ptr_array_unref);
  OakumBinding *binding = &bound->binding;
  g_free(binding->name);
  g_free(binding->value);
  g_free(bound);
}

static void home_free(gpointer p)
{
  if (!(GPOINTER_TO_SIZE(p) & 1))
    g_array_unref(p);
}

/* The level, when a value of `homes` is a single one. */
static gboolean lone_home(gconstpointer home, guint *level)
{
  *level = (guint)(GPOINTER_TO_SIZE(home) >> 1);
  return GPOINTER_TO_SIZE(home) & 1;
}

static GHashTable *copy_table(GHashTable *table)
{
  GHashTable *copy = oakum_str_map_new(g_free, g_free);
  GHashTableIter iter;
  gpointer key, value;
  if (table) {
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, &value))
      g_hash_table_insert(copy, g_strdup(key), g_strdup(value));
  }
  return copy;
}

static void number_stages(OakumScope *scope, guint n)
{
  g_autofree guint *next = g_new0(guint, n + 1);
  for (guint i = n; i > 0; i--) { /* a parent stands in front of its children */
    Level *level = &scope->levels[i];
    level->size++;
    if (level->parent >= 0)
      scope->levels[level->parent + 1].size += level->size;
  }
  for (guint i = 1; i <= n; i++) {
    Level *level = &scope->levels[i];
    guint above = level->parent >= 0 ? (guint)level->parent + 1 : 0;
    level->number = next[above];
    next[above] += level->size;
    next[i] = level->number + 1;
    level->root = above ? scope->levels[above].root : i;
    level->depth = above ? scope->levels[above].depth + 1 : 0;
  }
}

OakumScope *oakum_scope_new(const OakumDockerfile *df, GHashTable *given, GHashTable *platform)
{
  OakumScope *scope = g_new0(OakumScope, 1);
  scope->df = df;
  scope->given = copy_table(given);
  scope->platform = copy_table(platform);
  scope->proxies = oakum_str_map_new(NULL, bound_free);
  scope->levels = g_new0(Level, df->stages->len + 1);
  for (guint i = 0; i <= df->stages->len; i++)
    scope->levels[i] = (Level){g_ptr_array_new_with_free_func(bound_free),
                               oakum_str_map_new(NULL, NULL),
                               i ? ((const OakumStage *)df->stages->pdata[i - 1])->parent : -1,
                               0,
                               0,
                               0,
                               0,
                               i == 0};
  number_stages(scope, df->stages->len);
  scope->homes = oakum_str_map_new(NULL, home_free);
  return scope;
}

void oakum_scope_free(OakumScope *scope)
{
  if (!scope)
    return;
  g_hash_table_unref(scope->homes);
  for (guint i = 0; i <= scope->df->stages->len; i++) {
    g_hash_table_unref(scope->levels[i].by_name);
    g_ptr_array_unref(scope->levels[i].bindings);
  }
  g_free(scope->levels);
  g_hash_table_unref(scope->proxies);
  g_hash_table_unref(scope->given);
  g_hash_table_unref(scope->platform);
  g_free(scope);
}

static void add_home(OakumScope *scope, guint level, char *name)
{
  gpointer home = g_hash_table_lookup(scope->homes, name);
  guint lone;
  if (!home) {
    g_hash_table_insert(scope->homes, name, GSIZE_TO_POINTER((gsize)level << 1 | 1));
    return;
  }
  GArray *list = home;
  if (lone_home(home, &lone)) {
    list = g_array_new(FALSE, FALSE, sizeof(guint));
    g_array_append_val(list, lone);
    g_hash_table_insert(scope->homes, name, list);
  }
  guint at = list->len; /* but for those of base images they come in order */
  while (at > 0 && g_array_index(list, guint, at - 1) > level)
    at--;
  g_array_insert_val(list, at, level);
}

/* Takes `value`. What passes the limit of all values is not known. */
static OakumBinding *bind(OakumScope *scope, guint level, const char *name, char *value,
                          OakumOrigin origin, int instruction, guint word)
{
  Level *at = &scope->levels[level];
  scope->bytes += value ? strlen(value) : 0;
  if (scope->bytes > OAKUM_DOCKERFILE_SCOPE_MAX)
    g_clear_pointer(&value, g_free);
  Bound *bound = g_new0(Bound, 1);
  bound->binding = (OakumBinding){.name = g_strdup(name),
                                  .value = value,
                                  .origin = origin,
                                  .instruction = instruction,
                                  .word = word};
  Bound *first = g_hash_table_lookup(at->by_name, name);
  if (!first) {
    g_hash_table_insert(at->by_name, bound->binding.name, bound);
    add_home(scope, level, bound->binding.name);
  } else {
    if (!first->later)
      first->later = g_ptr_array_new();
    g_ptr_array_add(first->later, bound);
  }
  g_ptr_array_add(at->bindings, bound);
  return &bound->binding;
}

/* The last binding of the level that stands before instruction `limit`. */
static OakumBinding *find_in(const Level *level, const char *name, guint limit)
{
  Bound *first = g_hash_table_lookup(level->by_name, name);
  if (!first || first->binding.instruction >= (int)limit)
    return NULL;
  guint low = 0, high = first->later ? first->later->len : 0; /* [0, low) stand before the limit */
  while (low < high) {
    guint middle = low + (high - low) / 2;
    const Bound *bound = first->later->pdata[middle];
    if (bound->binding.instruction < (int)limit)
      low = middle + 1;
    else
      high = middle;
  }
  return low > 0 ? &((Bound *)first->later->pdata[low - 1])->binding : &first->binding;
}

/* The binding of a level that is the stage `number`, or that it may be made from. */
static OakumBinding *find_above(const OakumScope *scope, guint at, guint number, const char *name,
                                guint limit, gboolean *known)
{
  const Level *level = &scope->levels[at];
  if (number < level->number || number >= level->number + level->size)
    return NULL; /* not of the chain */
  OakumBinding *found = find_in(level, name, limit);
  *known |= found != NULL;
  return found;
}

/* `known`: FALSE when it may be there without our knowing (in the base image). */
static OakumBinding *find(const OakumScope *scope, int stage, guint limit, const char *name,
                          gboolean *known)
{
  *known = TRUE;
  if (stage < 0)
    return find_in(&scope->levels[0], name, limit);
  gconstpointer home = g_hash_table_lookup(scope->homes, name);
  guint here = (guint)stage + 1, number = scope->levels[here].number, lone;
  *known = scope->levels[scope->levels[here].root].complete;
  if (!home)
    return NULL;
  if (lone_home(home, &lone))
    return lone == 0 || lone > here
               ? NULL
               : find_above(scope, lone, number, name, lone == here ? limit : G_MAXINT, known);
  const GArray *homes = home;
  /* the shorter way: the chain of stages, or the stages that bind the name */
  if (scope->levels[here].depth < homes->len) {
    OakumBinding *found = NULL;
    for (guint at = here; !found; at = (guint)scope->levels[at].parent + 1) {
      found = find_in(&scope->levels[at], name, at == here ? limit : G_MAXINT);
      if (scope->levels[at].parent < 0)
        break;
    }
    *known |= found != NULL;
    return found;
  }
  for (guint i = homes->len; i > 0; i--) { /* the nearest first */
    guint at = g_array_index(homes, guint, i - 1);
    const Level *level = &scope->levels[at];
    if (at == 0 || at > here || number < level->number || number >= level->number + level->size)
      continue; /* not of the chain */
    OakumBinding *found = find_in(level, name, at == here ? limit : G_MAXINT);
    if (found) {
      *known = TRUE;
      return found;
    }
  }
  return NULL;
}

typedef struct {
  OakumScope *scope;
  int stage;
  guint limit;
  gboolean run;    /* RUN sees the proxies too */
  gboolean unsure; /* some value was not known */
  GPtrArray *unknown;
} Lookup;

static const char *lookup(const char *name, gpointer user)
{
  Lookup *at = user;
  gboolean known;
  const OakumBinding *found = find(at->scope, at->stage, at->limit, name, &known);
  if (!found && at->run && (found = g_hash_table_lookup(at->scope->proxies, name)))
    return found->value;
  if (found && found->value)
    return found->value;
  at->unsure |= found ? found->origin != OAKUM_ORIGIN_ARG : !known;
  if (at->unknown)
    g_ptr_array_add(at->unknown, g_strdup(name));
  return NULL;
}

/* Most words have nothing to replace. */
static gboolean is_plain(const char *word)
{
  size_t len = strcspn(word, "$\"'\\`");
  return !word[len] && len <= OAKUM_EXPANSION_MAX;
}

/* NULL: not known, or wrong. */
static char *value_of(OakumScope *scope, int stage, guint limit, const char *word)
{
  Lookup at = {.scope = scope, .stage = stage, .limit = limit};
  if (scope->bytes > OAKUM_DOCKERFILE_SCOPE_MAX)
    return NULL;
  if (is_plain(word))
    return g_strdup(word);
  char *value = oakum_dockerfile_expand(word, scope->df->escape, lookup, &at, NULL);
  if (at.unsure)
    g_clear_pointer(&value, g_free);
  return value;
}

static void add_arg(OakumScope *scope, int stage, const OakumInstruction *in, guint index)
{
  const OakumWord *word = in->words->pdata[index];
  const char *given = g_hash_table_lookup(scope->given, word->name);
  gboolean known;
  OakumBinding *before = find(scope, stage, in->index + 1, word->name, &known);
  const OakumBinding *global = stage >= 0 && !given && !word->value
                                   ? find_in(&scope->levels[0], word->name, G_MAXINT)
                                   : NULL;
  /* one word sees those before it in the same ARG */
  char *value = given         ? g_strdup(given)
                : word->value ? value_of(scope, stage, in->index + 1, word->value)
                : global      ? g_strdup(global->value)
                              : NULL;
  if (!given && !word->value && !value && before) /* without a value it hides nothing */
    return;
  OakumBinding *binding =
      bind(scope, (guint)(stage + 1), word->name, value, OAKUM_ORIGIN_ARG, (int)in->index, index);
  binding->global = global != NULL;
}

static void add_env(OakumScope *scope, int stage, const OakumInstruction *in)
{
  g_autoptr(GPtrArray) values = g_ptr_array_new();
  for (guint i = 0; i < in->words->len; i++) /* all see what was before the instruction */
    g_ptr_array_add(
        values, value_of(scope, stage, in->index, ((const OakumWord *)in->words->pdata[i])->value));
  for (guint i = 0; i < in->words->len; i++) {
    const OakumWord *word = in->words->pdata[i];
    g_autofree char *name = strpbrk(word->name, "$\"'\\`")
                                ? value_of(scope, stage, in->index, word->name)
                                : g_strdup(word->name);
    bind(scope, (guint)(stage + 1), name ? name : word->name, values->pdata[i], OAKUM_ORIGIN_ENV,
         (int)in->index, i);
  }
}

/* Whether a stage without a parent begins with nothing. */
static gboolean from_scratch(OakumScope *scope, const OakumStage *stage)
{
  g_autofree char *base = stage->base ? value_of(scope, -1, G_MAXINT, stage->base->value) : NULL;
  return g_strcmp0(base, "scratch") == 0;
}

static void make_ready(OakumScope *scope)
{
  const OakumDockerfile *df = scope->df;
  if (scope->ready)
    return;
  scope->ready = TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(predefined); i++) {
    const char *name = predefined[i].name, *given = g_hash_table_lookup(scope->given, name);
    if (predefined[i].origin == OAKUM_ORIGIN_PLATFORM) {
      const char *value = given ? given : g_hash_table_lookup(scope->platform, name);
      bind(scope, 0, name, g_strdup(value), OAKUM_ORIGIN_PLATFORM, -1, 0);
    } else if (predefined[i].origin == OAKUM_ORIGIN_PROXY && given) {
      Bound *bound = g_new0(Bound, 1);
      bound->binding =
          (OakumBinding){g_strdup(name), g_strdup(given), OAKUM_ORIGIN_PROXY, -1, 0, FALSE};
      g_hash_table_insert(scope->proxies, bound->binding.name, bound);
    }
  }
  for (guint i = 0; i < df->instructions->len; i++) {
    const OakumInstruction *in = df->instructions->pdata[i];
    if (in->kind == OAKUM_INSTRUCTION_FROM && in->stage >= 0) {
      const OakumStage *stage = df->stages->pdata[in->stage];
      if (stage->parent < 0)
        scope->levels[in->stage + 1].complete |= from_scratch(scope, stage);
    }
    for (guint j = 0; in->kind == OAKUM_INSTRUCTION_ARG && j < in->words->len; j++)
      add_arg(scope, in->stage, in, j);
    if (in->kind == OAKUM_INSTRUCTION_ENV && in->stage >= 0)
      add_env(scope, in->stage, in);
  }
}

void oakum_scope_add_base(OakumScope *scope, int stage, const char *name, const char *value)
{
  if (stage < 0 || stage >= (int)scope->df->stages->len || scope->ready)
    return;
  scope->levels[stage + 1].complete = TRUE;
  bind(scope, (guint)stage + 1, name, g_strdup(value), OAKUM_ORIGIN_BASE_IMAGE, -1, 0);
}

/* FROM looks where the ARGs before the first FROM are. */
static Lookup place_of(OakumScope *scope, guint index)
{
  make_ready(scope);
  Lookup at = {.scope = scope, .stage = -1, .limit = index};
  if (index >= scope->df->instructions->len)
    return at;
  const OakumInstruction *in = scope->df->instructions->pdata[index];
  if (in->kind != OAKUM_INSTRUCTION_FROM)
    at.stage = in->stage;
  at.run = in->kind == OAKUM_INSTRUCTION_RUN;
  return at;
}

const OakumBinding *oakum_scope_find(OakumScope *scope, guint index, const char *name)
{
  Lookup at = place_of(scope, index);
  gboolean known;
  const OakumBinding *found = find(scope, at.stage, at.limit, name, &known);
  return !found && at.run ? g_hash_table_lookup(scope->proxies, name) : found;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp((*(OakumBinding *const *)a)->name, (*(OakumBinding *const *)b)->name);
}

GPtrArray *oakum_scope_list(OakumScope *scope, guint index)
{
  Lookup at = place_of(scope, index);
  GPtrArray *list = g_ptr_array_new();
  g_autoptr(GHashTable) seen = oakum_str_map_new(NULL, NULL);
  GHashTableIter iter;
  gpointer name;
  for (int stage = at.stage;; stage = scope->levels[stage + 1].parent) {
    const Level *level = &scope->levels[stage + 1];
    g_hash_table_iter_init(&iter, level->by_name);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
      OakumBinding *found = find_in(level, name, stage == at.stage ? at.limit : G_MAXINT);
      if (found && g_hash_table_add(seen, name))
        g_ptr_array_add(list, found);
    }
    if (stage < 0 || level->parent < 0)
      break;
  }
  g_hash_table_iter_init(&iter, scope->proxies);
  gpointer binding;
  while (at.run && g_hash_table_iter_next(&iter, &name, &binding))
    if (g_hash_table_add(seen, name))
      g_ptr_array_add(list, binding);
  g_ptr_array_sort(list, by_name);
  return list;
}

char *oakum_scope_expand(OakumScope *scope, guint index, const char *word, GPtrArray *unknown,
                         GError **error)
{
  Lookup at = place_of(scope, index);
  at.unknown = unknown;
  if (is_plain(word))
    return g_strdup(word);
  return oakum_dockerfile_expand(word, scope->df->escape, lookup, &at, error);
}
