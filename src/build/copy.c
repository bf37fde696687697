/* COPY, ADD and WORKDIR: layers written from their sources, so that they do not depend on how steps
 * are isolated. */
#include "build/build-private.h"
#include "os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  Build *build;
  Stage *stage;
  const OakumInstruction *in;
  int source;            /* root of the sources */
  gboolean from_context; /* the ignore file counts */
  OakumPackOptions pack;
  OakumTarWriter *tar;
  GHashTable *made; /* folders that this layer already has */
} Copy;

static gboolean ignored(const char *path, gpointer user)
{
  return oakum_ignore_match(user, path);
}

/* ---- sources
 * -------------------------------------------------------------------------------------- */
static gboolean has_magic(const char *pattern)
{
  return strpbrk(pattern, "*?[\\") != NULL;
}

/* Paths below the source root that the pattern means, sorted. Components are matched one by one. */
static gboolean find_sources(Copy *copy, const char *pattern, GPtrArray *found, GError **error)
{
  g_autofree char *clean = g_canonicalize_filename(pattern, "/"); /* ".." and "/" stay inside */
  g_autoptr(GPtrArray) level = g_ptr_array_new_with_free_func(g_free);
  g_auto(GStrv) parts = g_strsplit(clean + 1, "/", -1);
  g_ptr_array_add(level, g_strdup(""));
  for (char **part = parts; *part && **part; part++) {
    GPtrArray *next = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < level->len; i++) {
      const char *above = level->pdata[i];
      if (!has_magic(*part)) {
        g_ptr_array_add(next, *above ? g_strconcat(above, "/", *part, NULL) : g_strdup(*part));
        continue;
      }
      int fd = oakum_root_open(copy->source, *above ? above : ".", O_RDONLY | O_DIRECTORY, 0,
                               OAKUM_ROOT_FOLLOW, NULL);
      DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
      for (const struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            oakum_dockerfile_glob(*part, entry->d_name, NULL) &&
            next->len < OAKUM_CONTEXT_FILES_MAX)
          g_ptr_array_add(next, *above ? g_strconcat(above, "/", entry->d_name, NULL)
                                       : g_strdup(entry->d_name));
      if (dir)
        closedir(dir);
    }
    g_ptr_array_unref(level);
    level = next;
  }
  g_ptr_array_sort(level, oakum_build_by_text);
  guint before = found->len;
  for (guint i = 0; i < level->len; i++) {
    const char *path = level->pdata[i];
    OAKUM_AUTO_FD fd =
        oakum_root_open(copy->source, *path ? path : ".", O_PATH, 0, OAKUM_ROOT_FOLLOW, NULL);
    struct stat st;
    gboolean hidden = copy->from_context && *path && copy->build->ignore &&
                      oakum_ignore_match(copy->build->ignore, path) &&
                      !(fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) &&
                        oakum_ignore_has_exceptions(copy->build->ignore));
    if (fd >= 0 && !hidden)
      g_ptr_array_add(found, g_strdup(path));
  }
  if (found->len > before)
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(pattern, -1);
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND, "%s: \"%s\" is not in the %s%s",
              copy->in->name, shown, copy->from_context ? "context" : "stage or image",
              copy->from_context && copy->build->ignore ? ", or is ignored" : "");
  return FALSE;
}

/* ---- destination
 * ----------------------------------------------------------------------------------- */
static gboolean add_folder(Copy *copy, const char *path, GError **error)
{
  if (!g_hash_table_add(copy->made, g_strdup(path)))
    return TRUE;
  OakumTarEntry entry = {.type = OAKUM_TAR_DIR,
                         .mode = 0755,
                         .uid = copy->pack.own ? copy->pack.uid : 0,
                         .gid = copy->pack.own ? copy->pack.gid : 0,
                         .mtime = copy->stage->epoch,
                         .path = {(const uint8_t *)path, strlen(path)}};
  return oakum_tar_writer_entry(copy->tar, &entry, error);
}

/* The folders above `path` (or with `itself`, and itself) that the stage lacks become entries. */
static gboolean add_missing_folders(Copy *copy, const char *path, gboolean itself, GError **error)
{
  for (const char *end = path; *path; end++) {
    end = strchrnul(end, '/');
    if (*end == '\0' && !itself)
      break;
    g_autofree char *above = g_strndup(path, (gsize)(end - path));
    OAKUM_AUTO_FD fd = oakum_root_open(copy->stage->root, above, O_PATH | O_DIRECTORY, 0,
                                       OAKUM_ROOT_NO_SYMLINKS, NULL);
    if (fd < 0 && !add_folder(copy, above, error))
      return FALSE;
    if (*end == '\0')
      break;
  }
  return TRUE;
}

static gboolean is_folder(int root, const char *path)
{
  OAKUM_AUTO_FD fd =
      oakum_root_open(root, *path ? path : ".", O_PATH | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, NULL);
  return fd >= 0;
}

/* ---- ADD of an archive
 * ------------------------------------------------------------------------------ */
static OakumTarReader *open_archive(Copy *copy, const char *path, GError **error)
{
  int fd = oakum_root_open(copy->source, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
                           OAKUM_ROOT_FOLLOW, error);
  if (fd < 0)
    return NULL;
  OakumReader *plain = oakum_reader_new_inflate(oakum_reader_new_fd(fd, TRUE), NULL);
  return oakum_tar_reader_new(oakum_reader_new_limit(plain, OAKUM_LAYER_UNPACKED_MAX, "archive"));
}

/* By content: a file is an archive when its first entry can be read as one. */
static gboolean is_archive(Copy *copy, const char *path)
{
  OAKUM_AUTO_FD fd = oakum_root_open(copy->source, path, O_PATH, 0, OAKUM_ROOT_FOLLOW, NULL);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < 20)
    return FALSE;
  g_autoptr(OakumTarReader) tar = open_archive(copy, path, NULL);
  const OakumTarEntry *entry;
  return tar && oakum_tar_reader_next(tar, &entry, NULL) > 0;
}

static char *inside(const char *folder, OakumSlice path, GError **error)
{
  g_autofree char *name = g_strndup((const char *)path.data, path.len);
  g_auto(GStrv) parts = g_strsplit(name, "/", -1);
  for (char **part = parts; *part; part++)
    if (strcmp(*part, "..") == 0) {
      g_autofree char *shown = oakum_escape_terminal(name, -1);
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                  "archive entry \"%s\": \"..\" in a name", shown);
      return NULL;
    }
  g_autofree char *clean = g_canonicalize_filename(name, "/");
  return *folder && clean[1] ? g_strconcat(folder, clean, NULL)
                             : g_strdup(*folder ? folder : clean + 1);
}

static gboolean add_archive(Copy *copy, const char *path, const char *to, GError **error)
{
  g_autoptr(OakumTarReader) tar = open_archive(copy, path, error);
  const OakumTarEntry *entry;
  int more = -1;
  g_autofree guint8 *buffer = g_malloc(OAKUM_IO_BUFFER);
  if (!tar || !add_missing_folders(copy, to, TRUE, error))
    return FALSE;
  while ((more = oakum_tar_reader_next(tar, &entry, error)) > 0) {
    g_autofree char *name = inside(to, entry->path, error), *link = NULL;
    if (!name)
      return FALSE;
    if (strcmp(name, to) == 0)
      continue;
    OakumTarEntry out = *entry;
    out.path = (OakumSlice){(const uint8_t *)name, strlen(name)};
    if (entry->type == OAKUM_TAR_HARDLINK) {
      if (!(link = inside(to, entry->link, error)))
        return FALSE;
      out.link = (OakumSlice){(const uint8_t *)link, strlen(link)};
    }
    if (copy->pack.times.clamp)
      out.mtime = MIN(out.mtime, copy->stage->epoch);
    out.mtime_ns = 0;
    if (copy->pack.own) {
      out.uid = copy->pack.uid;
      out.gid = copy->pack.gid;
    }
    if (!oakum_tar_writer_entry(copy->tar, &out, error))
      return FALSE;
    gssize n;
    while ((n = oakum_tar_reader_read(tar, buffer, OAKUM_IO_BUFFER, error)) > 0)
      if (!oakum_tar_writer_write(copy->tar, buffer, (size_t)n, error))
        return FALSE;
    if (n < 0)
      return FALSE;
  }
  return more == 0;
}

/* ---- the whole
 * ---------------------------------------------------------------------------------------- */
static gboolean copy_one(Copy *copy, const char *from, const char *to, gboolean to_folder,
                         GError **error)
{
  g_autofree char *real = oakum_root_real_path(copy->source, from, error);
  if (!real)
    return FALSE;
  if (copy->in->kind == OAKUM_INSTRUCTION_ADD && is_archive(copy, real))
    return add_archive(copy, real, to, error);
  if (is_folder(copy->source, real))
    return add_missing_folders(copy, to, TRUE, error) &&
           oakum_pack_path(copy->source, real, to, FALSE, &copy->pack, copy->tar, error);
  g_autofree char *base = g_path_get_basename(from);
  g_autofree char *full =
      to_folder ? (*to ? g_strconcat(to, "/", base, NULL) : g_strdup(base)) : g_strdup(to);
  OakumPackOptions plain = copy->pack;
  plain.skip = NULL; /* it was asked for by name, or matched and found not ignored */
  return add_missing_folders(copy, full, FALSE, error) &&
         oakum_pack_path(copy->source, real, full, TRUE, &plain, copy->tar, error);
}

/* A here-document as a file. */
static gboolean copy_body(Copy *copy, const OakumHeredoc *heredoc, const char *to,
                          gboolean to_folder, GError **error)
{
  g_autofree char *text = heredoc->expand
                              ? oakum_stage_expand_body(copy->stage, heredoc->text, error)
                              : g_strdup(heredoc->text);
  g_autofree char *full = !to_folder ? g_strdup(to)
                          : *to      ? g_strconcat(to, "/", heredoc->name, NULL)
                                     : g_strdup(heredoc->name);
  if (!text || !add_missing_folders(copy, full, FALSE, error))
    return FALSE;
  OakumTarEntry entry = {.type = OAKUM_TAR_FILE,
                         .mode = 0644,
                         .uid = copy->pack.uid,
                         .gid = copy->pack.gid,
                         .mtime = copy->stage->epoch,
                         .size = strlen(text),
                         .path = {(const uint8_t *)full, strlen(full)}};
  if (copy->pack.mode >= 0)
    entry.mode = (uint32_t)copy->pack.mode;
  return oakum_tar_writer_entry(copy->tar, &entry, error) &&
         oakum_tar_writer_write(copy->tar, text, strlen(text), error);
}

static gboolean parse_mode(const char *text, int *mode, GError **error)
{
  char *end;
  unsigned long value = text ? strtoul(text, &end, 8) : 0;
  if (!text)
    return TRUE;
  if (!*text || *end || value > 07777) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "--chmod takes an octal mode such as 0644");
    return FALSE;
  }
  *mode = (int)value;
  return TRUE;
}

static gboolean choose_source(Copy *copy, const char *from, GError **error)
{
  Build *build = copy->build;
  if (!from) {
    copy->from_context = TRUE;
    copy->source = build->context;
    if (build->ignore) {
      copy->pack.skip = ignored;
      copy->pack.user = build->ignore;
      copy->pack.enter_skipped = oakum_ignore_has_exceptions(build->ignore);
    }
    if (build->context < 0)
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
                  "%s: this build has no context folder", copy->in->name);
    return build->context >= 0;
  }
  g_autofree char *name = oakum_stage_expand(build, copy->stage, from, error);
  if (!name)
    return FALSE;
  int index = oakum_dockerfile_find_stage(build->dockerfile, name, copy->in->stage);
  Stage *other = index >= 0 ? build->stages[index] : oakum_build_foreign(build, name, error);
  if (!other || !oakum_stage_root(build, other, error))
    return FALSE;
  copy->source = other->root;
  copy->pack.owners = other->owners;
  return TRUE;
}

static gboolean choose_owner(Copy *copy, GError **error)
{
  const char *chown = oakum_instruction_flag(copy->in, "chown");
  g_autofree char *text =
      chown ? oakum_stage_expand(copy->build, copy->stage, chown, error) : g_strdup("0:0");
  OakumUser user;
  if (!text)
    return FALSE;
  copy->pack.own = chown || copy->from_context;
  if (!chown)
    return TRUE;
  if (!oakum_user_find(copy->stage->root, text, TRUE, &user, error))
    return FALSE;
  copy->pack.uid = user.uid;
  copy->pack.gid = user.gid;
  oakum_user_clear(&user);
  return TRUE;
}

static char *destination(Copy *copy, gboolean *is_dir, GError **error)
{
  const OakumWord *last = copy->in->words->pdata[copy->in->words->len - 1];
  g_autofree char *text = oakum_stage_expand(copy->build, copy->stage, last->value, error);
  if (!text)
    return NULL;
  const char *cwd = copy->stage->config->working_dir;
  g_autofree char *full =
      text[0] == '/' ? g_strdup(text) : g_strconcat(cwd && *cwd ? cwd : "/", "/", text, NULL);
  size_t len = strlen(text);
  *is_dir = len == 0 || text[len - 1] == '/' || strcmp(text, ".") == 0 ||
            g_str_has_suffix(text, "/.") || strcmp(text, "..") == 0;
  char *real = oakum_root_real_path(copy->stage->root, full, error);
  if (real)
    *is_dir |= is_folder(copy->stage->root, real);
  return real;
}

gboolean oakum_step_copy(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  if (!oakum_stage_root(build, stage, error))
    return FALSE;
  g_autoptr(OakumLayerWriter) layer = oakum_layer_writer_new(build, error);
  g_autoptr(GHashTable) made = oakum_str_map_new(g_free, NULL);
  if (!layer)
    return FALSE;
  Copy copy = {.build = build,
               .stage = stage,
               .in = in,
               .tar = oakum_layer_writer_tar(layer),
               .made = made,
               .pack = {.times = {!build->options->keep_times, stage->epoch}, .mode = -1}};
  gboolean to_folder;
  g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *to = NULL;
  g_autoptr(GString) message = g_string_new(in->name);
  if (!parse_mode(oakum_instruction_flag(in, "chmod"), &copy.pack.mode, error) ||
      !choose_source(&copy, oakum_instruction_flag(in, "from"), error) ||
      !choose_owner(&copy, error) || !(to = destination(&copy, &to_folder, error)))
    return FALSE;
  for (guint i = 0; i < in->flags->len; i++) {
    const OakumWord *flag = in->flags->pdata[i];
    if (strcmp(flag->name, "from") != 0)
      g_string_append_printf(message, " --%s=%s", flag->name, flag->value);
  }
  for (guint i = 0; i < in->words->len; i++) {
    const OakumWord *word = in->words->pdata[i];
    if (word->heredoc >= 0) {
      const OakumHeredoc *heredoc = in->heredocs->pdata[word->heredoc];
      g_string_append_printf(message, " <<%s", heredoc->name);
      continue;
    }
    g_autofree char *text = oakum_stage_expand(build, stage, word->value, error);
    if (!text)
      return FALSE;
    g_string_append_printf(message, " %s", text);
    if (i + 1 < in->words->len &&
        (g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://") ||
         g_str_has_prefix(text, "git@") || g_str_has_prefix(text, "git://"))) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_UNSUPPORTED,
                  "%s of a URL is not supported yet", in->name);
      return FALSE;
    }
    if (i + 1 < in->words->len && !find_sources(&copy, text, sources, error))
      return FALSE;
  }
  if (sources->len + in->heredocs->len > 1 && !to_folder) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "%s: with several sources the destination must end with /", in->name);
    return FALSE;
  }
  for (guint i = 0; i < sources->len; i++)
    if (!copy_one(&copy, sources->pdata[i], to, to_folder, error))
      return FALSE;
  for (guint i = 0; i < in->heredocs->len; i++)
    if (!copy_body(&copy, in->heredocs->pdata[i], to, to_folder, error))
      return FALSE;
  if (!oakum_layer_writer_commit(layer, stage, in->range.line, error) ||
      !oakum_stage_apply_last(build, stage, error))
    return FALSE;
  g_string_append(message, " # buildkit");
  oakum_stage_history(stage, g_string_free(g_steal_pointer(&message), FALSE), TRUE);
  return TRUE;
}

gboolean oakum_step_workdir(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  const OakumWord *word = in->words->pdata[0];
  g_autofree char *text = oakum_stage_expand(build, stage, word->value, error);
  if (!text || !oakum_stage_root(build, stage, error))
    return FALSE;
  const char *old = stage->config->working_dir;
  g_autofree char *path = g_canonicalize_filename(text, old && *old ? old : "/");
  g_free(stage->config->working_dir);
  stage->config->working_dir = g_strdup(path);
  g_autofree char *real = oakum_root_real_path(stage->root, path, error);
  if (!real)
    return FALSE;
  if (is_folder(stage->root, real)) {
    oakum_stage_history(stage, g_strconcat("WORKDIR ", path, NULL), FALSE);
    return TRUE;
  }
  g_autoptr(OakumLayerWriter) layer = oakum_layer_writer_new(build, error);
  g_autoptr(GHashTable) made = oakum_str_map_new(g_free, NULL);
  OakumUser user = {0};
  if (!layer || !oakum_user_find(stage->root, stage->config->user ? stage->config->user : "", FALSE,
                                 &user, error))
    return FALSE;
  Copy copy = {.build = build,
               .stage = stage,
               .in = in,
               .tar = oakum_layer_writer_tar(layer),
               .made = made,
               .pack = {.own = TRUE, .uid = user.uid, .gid = user.gid}};
  oakum_user_clear(&user);
  if (!add_missing_folders(&copy, real, TRUE, error) ||
      !oakum_layer_writer_commit(layer, stage, in->range.line, error) ||
      !oakum_stage_apply_last(build, stage, error))
    return FALSE;
  oakum_stage_history(stage, g_strconcat("WORKDIR ", path, " # buildkit", NULL), TRUE);
  return TRUE;
}
