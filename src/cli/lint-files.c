#include "cli/lint-common.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

gboolean oakum_lint_is_dockerfile(const char *name)
{
  g_autofree char *lower = g_ascii_strdown(name, -1);
  if (g_str_has_suffix(lower, ".dockerignore") || g_str_has_suffix(lower, ".orig") ||
      g_str_has_suffix(lower, ".rej") || g_str_has_suffix(lower, "~"))
    return FALSE;
  return g_str_has_prefix(name, "Dockerfile") || g_str_has_prefix(name, "Containerfile") ||
         g_str_has_suffix(lower, ".dockerfile");
}

/* Folders that hold other people's files, or none that a build reads. */
static gboolean is_skipped(const char *name)
{
  static const char *const names[] = {".git", ".hg", ".svn", "node_modules", NULL};
  return g_strv_contains(names, name);
}

static gboolean walk(const char *folder, guint depth, GPtrArray *found, GError **error)
{
  if (depth > OAKUM_LINT_FOLDER_DEPTH_MAX) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_LIMIT, "%s: folders nest deeper than %u",
                folder, OAKUM_LINT_FOLDER_DEPTH_MAX);
    return FALSE;
  }
  DIR *dir = opendir(folder);
  if (!dir) {
    oakum_error_errno(error, OAKUM_CLI_ERROR, errno, "%s", folder);
    return FALSE;
  }
  gboolean ok = TRUE;
  const struct dirent *entry;
  while (ok && (entry = readdir(dir)) != NULL) {
    struct stat st;
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
      continue;
    g_autofree char *path =
        strcmp(folder, ".") == 0 ? g_strdup(name) : g_build_filename(folder, name, NULL);
    if (lstat(path, &st) < 0)
      continue; /* gone meanwhile */
    if (S_ISDIR(st.st_mode)) {
      ok = is_skipped(name) || walk(path, depth + 1, found, error);
      continue;
    }
    /* a link to a Dockerfile is one; a link to a folder might lead around in circles */
    if (S_ISLNK(st.st_mode) && (stat(path, &st) < 0 || !S_ISREG(st.st_mode)))
      continue;
    if (!S_ISREG(st.st_mode) || !oakum_lint_is_dockerfile(name))
      continue;
    if (found->len >= OAKUM_LINT_FILES_MAX) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_LIMIT, "more than %u Dockerfiles",
                  OAKUM_LINT_FILES_MAX);
      ok = FALSE;
    } else {
      g_ptr_array_add(found, g_steal_pointer(&path));
    }
  }
  closedir(dir);
  return ok;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *oakum_lint_files(GPtrArray *arguments, GError **error)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < arguments->len; i++) {
    const char *path = arguments->pdata[i];
    struct stat st;
    if (strcmp(path, "-") == 0 || stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
      g_ptr_array_add(all, g_strdup(path)); /* what is missing is told when it is read */
      continue;
    }
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    if (!walk(path, 0, found, error))
      return NULL;
    if (found->len == 0) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_NOT_FOUND,
                  "%s: no Dockerfile in it (Dockerfile*, *.dockerfile, Containerfile*)", path);
      return NULL;
    }
    g_ptr_array_sort(found, by_name);
    g_ptr_array_extend_and_steal(all, g_steal_pointer(&found));
  }
  return g_steal_pointer(&all);
}
