#include "build/build-private.h"
#include "os/os.h"
#include <fcntl.h>
#include <string.h>

#define ACCOUNTS_MAX                                                                               \
  (16 * OAKUM_MIB) /* of passwd or group: what a hostile image can make us read */

static char **lines_of(int root, const char *path)
{
  int fd =
      oakum_root_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, OAKUM_ROOT_FOLLOW, NULL);
  g_autoptr(OakumReader) reader = fd >= 0 ? oakum_reader_new_fd(fd, TRUE) : NULL;
  g_autofree char *text = NULL;
  size_t len;
  if (!reader || !oakum_reader_slurp(reader, ACCOUNTS_MAX, path, &text, &len, NULL))
    return g_new0(char *, 1);
  return g_strsplit(text, "\n", -1);
}

static gboolean number(const char *text, uint32_t *out)
{
  uint64_t value;
  if (!text || !oakum_parse_u64(text, strlen(text), G_MAXUINT32 - 1, &value))
    return FALSE;
  *out = (uint32_t)value;
  return TRUE;
}

static gboolean find_group(int root, const char *name, uint32_t *gid, GError **error)
{
  g_auto(GStrv) lines = lines_of(root, "etc/group");
  for (char **line = lines; *line; line++) {
    g_auto(GStrv) fields = g_strsplit(*line, ":", 4);
    if (g_strv_length(fields) >= 3 && strcmp(fields[0], name) == 0 && number(fields[2], gid))
      return TRUE;
  }
  if (number(name, gid))
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(name, -1);
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
              "the image has no group \"%s\" in /etc/group", shown);
  return FALSE;
}

static void add_groups(int root, const char *name, OakumUser *out)
{
  g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
  gid_t own = out->gid;
  g_array_append_val(groups, own); /* CVE-2022-2990: the primary group belongs to the list */
  g_auto(GStrv) lines = lines_of(root, "etc/group");
  for (char **line = lines; *line && groups->len < 1024; line++) {
    g_auto(GStrv) fields = g_strsplit(*line, ":", 4);
    g_auto(GStrv) members = g_strsplit(g_strv_length(fields) == 4 ? fields[3] : "", ",", -1);
    uint32_t gid;
    if (g_strv_length(fields) == 4 && number(fields[2], &gid) && gid != own &&
        g_strv_contains((const char *const *)members, name)) {
      gid_t value = gid;
      g_array_append_val(groups, value);
    }
  }
  out->n_groups = groups->len;
  out->groups = (gid_t *)(gpointer)g_array_free(g_steal_pointer(&groups), FALSE);
}

gboolean oakum_user_find(int root, const char *text, gboolean gid_is_uid, OakumUser *out,
                         GError **error)
{
  *out = (OakumUser){.home = NULL};
  g_auto(GStrv) parts = g_strsplit(text, ":", 2);
  const char *name = parts[0] && *parts[0] ? parts[0] : "0", *group = parts[0] ? parts[1] : NULL;
  const gboolean cut = group && !*group; /* "app:" */
  if (cut)
    group = NULL;
  gboolean numeric = number(name, &out->uid), found = FALSE;
  g_autofree char *account = NULL;
  g_auto(GStrv) lines = lines_of(root, "etc/passwd");
  for (char **line = lines; *line && !found; line++) {
    g_auto(GStrv) fields = g_strsplit(*line, ":", 7);
    uint32_t uid, gid;
    if (g_strv_length(fields) < 6 || !number(fields[2], &uid) || !number(fields[3], &gid) ||
        !(strcmp(fields[0], name) == 0 || (numeric && uid == out->uid)))
      continue;
    found = TRUE;
    out->uid = uid;
    out->gid = gid;
    out->home = g_strdup(fields[5]);
    account = g_strdup(fields[0]);
  }
  if (!found && !numeric) {
    g_autofree char *shown = oakum_escape_terminal(name, -1);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
                "the image has no user \"%s\" in /etc/passwd", shown);
    return FALSE;
  }
  if (gid_is_uid && cut)
    out->gid = 0; /* BuildKit looks for a group without a name there, and takes 0 for it */
  else if (gid_is_uid && numeric && !group)
    out->gid = out->uid;
  if (group && !find_group(root, group, &out->gid, error)) {
    oakum_user_clear(out);
    return FALSE;
  }
  if (!out->home || !*out->home) {
    g_free(out->home);
    out->home = g_strdup("/");
  }
  add_groups(root, account && !group ? account : "", out);
  return TRUE;
}

void oakum_user_clear(OakumUser *user)
{
  g_clear_pointer(&user->home, g_free);
  g_clear_pointer(&user->groups, g_free);
}
