/* Compat docker: the variables that a stage, or FROM, sees. */
#include "lint/docker-private.h"
#include <string.h>

/* ---- variables
 * ----------------------------------------------------------------------------------- */
static void set_in(GHashTable *table, const char *name, const char *value)
{
  g_hash_table_insert(table, g_strdup(name), g_strdup(value));
}

void docker_set(DockerStage *stage, const char *name, const char *value, gboolean in_image)
{
  if (!g_hash_table_contains(stage->env, name))
    g_ptr_array_add(stage->keys, g_strdup(name));
  set_in(stage->env, name, value);
  if (in_image)
    set_in(stage->image_env, name, value);
}

/* A stage sees its own variables; then what its base's image has, which beats the base's arguments.
 */
const char *docker_lookup(const Docker *docker, const DockerStage *stage, const char *name)
{
  const char *value = g_hash_table_lookup(stage->env, name);
  for (const DockerStage *s = stage->base; s && !value && lint_spend(docker->lint); s = s->base)
    value = g_hash_table_lookup(s->image_env, name);
  for (const DockerStage *s = stage->base; s && !value && lint_spend(docker->lint); s = s->base)
    value = g_hash_table_lookup(s->env, name);
  return value;
}

static const char *ask(const char *name, gpointer user)
{
  DockerNames *names = user;
  const char *value = docker_lookup(names->docker, names->stage, name);
  GPtrArray **list = value ? &names->matched : &names->missed;
  if (!*list)
    *list = g_ptr_array_new_with_free_func(g_free);
  if (!g_ptr_array_find_with_equal_func(*list, name, g_str_equal, NULL) &&
      (*list)->len < OAKUM_LINT_SUGGESTIONS_MAX)
    g_ptr_array_add(*list, g_strdup(name));
  return value;
}

void docker_names_clear(DockerNames *names)
{
  g_clear_pointer(&names->matched, g_ptr_array_unref);
  g_clear_pointer(&names->missed, g_ptr_array_unref);
}

char *docker_expand(Docker *docker, const DockerStage *stage, const char *word, DockerNames *names,
                    GError **error)
{
  *names = (DockerNames){.docker = docker, .stage = stage};
  return oakum_dockerfile_expand(word, docker->df->escape, ask, names, error);
}

char *docker_expand_body(Docker *docker, const DockerStage *stage, const char *text,
                         DockerNames *names, GError **error)
{
  *names = (DockerNames){.docker = docker, .stage = stage};
  return oakum_dockerfile_expand_body(text, ask, names, error);
}

GPtrArray *docker_names_of(const Docker *docker, const DockerStage *stage)
{
  GPtrArray *list = g_ptr_array_new();
  g_autoptr(GPtrArray) chain = g_ptr_array_new();
  for (const DockerStage *s = stage; s && lint_spend(docker->lint); s = s->base)
    g_ptr_array_add(chain, (gpointer)s);
  for (guint i = chain->len; i > 0; i--) {
    const DockerStage *s = chain->pdata[i - 1];
    for (guint k = 0; k < s->keys->len && lint_spend(docker->lint); k++)
      g_ptr_array_add(list, s->keys->pdata[k]);
  }
  return list;
}

/* Letters to add, drop or change; 3 stands for more than two. */
static guint distance(const char *a, const char *b)
{
  guint rows[2][64], n = (guint)strnlen(b, 64), m = (guint)strnlen(a, 64);
  if (n >= 63 || m >= 63 || n > m + 2 || m > n + 2)
    return 3;
  guint *last = rows[0], *row = rows[1];
  for (guint j = 0; j <= n; j++)
    last[j] = j;
  for (guint i = 1; i <= m; i++) {
    row[0] = i;
    for (guint j = 1; j <= n; j++)
      row[j] = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
    guint *spare = last;
    last = row;
    row = spare;
  }
  return MIN(last[n], 3);
}

const char *docker_nearest(const char *name, const GPtrArray *options)
{
  const char *nearest = NULL;
  guint best = 3;
  for (guint i = 0; i < options->len; i++) {
    guint edits = distance(name, options->pdata[i]);
    if (edits == 0)
      return NULL;
    if (edits < best) {
      best = edits;
      nearest = options->pdata[i];
    }
  }
  return nearest;
}
