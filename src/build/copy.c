/* COPY and ADD: a layer written from its sources, so that it does not depend on how steps are
 * isolated. */
#include "build/copy-private.h"
#include "build/source-private.h"
#include "os/os.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* ---- what is copied of a source
 * ---------------------------------------------------------------- */
static const char *below_base(const CopySource *source, const char *path)
{
  size_t n = strlen(source->base);
  return n == 0 ? path : path[n] == '/' ? path + n + 1 : "";
}

static OakumPackChoice choose(const char *path, gboolean folder, gpointer user)
{
  const CopySource *source = user;
  const char *below = below_base(source, path);
  const Build *build = source->copy->build;
  if (source->root == build->context && oakum_context_is_store(build, path))
    return OAKUM_PACK_LEAVE;
  OakumPackChoice choice = oakum_context_choose(source->ignore, path, folder);
  if (choice == OAKUM_PACK_TAKE && *below)
    choice = oakum_context_choose(source->copy->exclude, below, folder);
  if (choice != OAKUM_PACK_TAKE)
    return choice;
  if (source->include && *below && !oakum_ignore_leaves_out(source->include, below))
    return folder ? OAKUM_PACK_ENTER : OAKUM_PACK_LEAVE;
  return OAKUM_PACK_TAKE;
}

static void set_owner(const CopySource *source, const char *from, OakumTarEntry *entry)
{
  const Copy *copy = source->copy;
  if (copy->chown) {
    entry->uid = copy->uid;
    entry->gid = copy->gid;
  } else if (source->owners || source->root_owned) {
    oakum_context_own(source->owners, from, entry);
  }
}

static gboolean edit(OakumTarEntry *entry, const char *from, gboolean implied, gboolean *write,
                     gpointer user, GError **error)
{
  CopySource *source = user;
  Copy *copy = source->copy;
  gboolean stands = FALSE, made = FALSE;
  uint32_t made_mode = 0;
  set_owner(source, from, entry);
  if (source->include && entry->type == OAKUM_TAR_DIR) {
    /* with --parents a folder on the way that is there keeps its owner */
    g_autofree char *path = g_strndup((const char *)entry->path.data, entry->path.len);
    struct stat st;
    made = oakum_dest_made(copy, path, &made_mode);
    stands = !made && implied && oakum_dest_stat(copy, path, &st);
    if (stands) {
      entry->uid = st.st_uid;
      entry->gid = st.st_gid;
    }
  }
  if (copy->mode && !stands && entry->type != OAKUM_TAR_SYMLINK)
    entry->mode = oakum_mode_apply(copy->mode, entry->mode, entry->type == OAKUM_TAR_DIR);
  if (made && made_mode == entry->mode) {
    *write = FALSE;
    return TRUE;
  }
  if (!copy->build->options->keep_times)
    entry->mtime = source->exact_time ? MIN(entry->mtime, copy->epoch) : copy->epoch;
  return oakum_dest_note(copy, entry, FALSE, error);
}

/* ---- copying
 * ----------------------------------------------------------------------------------- */
static gboolean is_folder(int root, const char *path)
{
  OAKUM_AUTO_FD fd =
      oakum_root_open(root, *path ? path : ".", O_PATH | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, NULL);
  return fd >= 0;
}

static gboolean is_into_folder(Copy *copy)
{
  return copy->to_folder || oakum_dest_look(copy, copy->to, NULL) == OAKUM_DEST_FOLDER;
}

/* Where a file of that name comes to lie. */
static char *place_of(Copy *copy, const char *name)
{
  return is_into_folder(copy) ? oakum_dest_join(copy->to, name) : g_strdup(copy->to);
}

static gboolean has_flag(const OakumInstruction *in, const char *name)
{
  const char *value = oakum_instruction_flag(in, name);
  return value && strcmp(value, "false") != 0;
}

/* For the key: whose a file is, when the instruction does not say, and no times. */
static gboolean edit_key(OakumTarEntry *entry, const char *from, gboolean implied, gboolean *write,
                         gpointer user, GError **error)
{
  const CopySource *source = user;
  set_owner(source, from, entry);
  entry->mtime = entry->mtime_ns = 0;
  return TRUE;
}

static gboolean key_path(CopySource *source, const char *from, const char *real, const char *name,
                         GError **error)
{
  OakumCacheKey *key = source->copy->key;
  gboolean folder = is_folder(source->root, real);
  const OakumPackOptions options = {folder ? choose : NULL, edit_key, NULL, source, NULL};
  oakum_cache_key_text(key, "source", from);
  oakum_cache_key_text(key, "name", name);
  oakum_cache_key_number(key, "folder", folder);
  return oakum_cache_key_files(key, source->copy->build, source->root, real, !folder, &options,
                               error);
}

gboolean oakum_copy_path(CopySource *source, const char *from, const char *name, GError **error)
{
  Copy *copy = source->copy;
  g_autofree char *real = oakum_root_real_path(source->root, from, error);
  OakumPackOptions options = {choose, edit, NULL, source, source->disk_owners};
  if (!real)
    return FALSE;
  source->base = real;
  if (copy->key)
    return key_path(source, from, real, name, error);
  if (is_folder(source->root, real))
    return oakum_dest_folders(copy, copy->to, TRUE, error) &&
           oakum_pack_path(source->root, real, copy->to, FALSE, &options, copy->tar, error);
  g_autofree char *full = place_of(copy, name);
  options.choose = NULL; /* it was asked for by name, or matched and found not ignored */
  return oakum_dest_folders(copy, full, FALSE, error) &&
         oakum_pack_path(source->root, real, full, TRUE, &options, copy->tar, error);
}

static OakumIgnore *patterns(const char *const *texts, guint count, GError **error)
{
  g_autoptr(GString) all = g_string_new(NULL);
  for (guint i = 0; i < count; i++)
    /* an ignore file takes '#' for a comment */
    g_string_append_printf(all, "%s%s\n", *texts[i] == '#' ? "./" : "", texts[i]);
  return oakum_ignore_parse(all->str, all->len, error);
}

/* With --parents the destination is always a folder. */
static gboolean has_room(Copy *copy, guint sources, GError **error)
{
  if (sources < 2 || has_flag(copy->in, "parents") || is_into_folder(copy))
    return TRUE;
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
              "with several sources the destination must end with /");
  return FALSE;
}

/* With --parents folders are not reached through links; the last part may be one. `error` NULL: it
 * need not be there. */
static gboolean is_below(const CopySource *source, const char *pivot, const char *path,
                         GError **error)
{
  g_autofree char *base = oakum_root_real_path(source->root, pivot, error);
  g_autofree char *exact = base ? oakum_dest_join(base, path) : NULL;
  if (!exact || !*path)
    return exact != NULL;
  char *slash = strrchr(exact, '/');
  g_autofree char *above = g_strndup(exact, slash ? (gsize)(slash - exact) : 0);
  g_autofree char *real = oakum_root_real_path(source->root, above, error);
  OAKUM_AUTO_FD fd =
      oakum_root_open(source->root, exact, O_PATH, 0, OAKUM_ROOT_NOFOLLOW_LAST, NULL);
  if (!real)
    return FALSE;
  return (fd >= 0 && strcmp(real, above) == 0 && oakum_copy_visible(source, exact)) ||
         oakum_copy_missing(source, exact, error);
}

/* COPY --parents a/./b/c: what matches b/c in a keeps its folders below a. */
static gboolean copy_parents(CopySource *source, const char *text, GError **error)
{
  const char *pivot = strstr(text, "/./");
  g_autofree char *above = pivot ? g_strndup(text, (gsize)(pivot - text)) : g_strdup("/");
  g_autofree char *pattern = g_canonicalize_filename(pivot ? pivot + 3 : text, "/");
  g_autoptr(GPtrArray) roots = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(OakumIgnore) include = NULL;
  const char *one[] = {pattern + 1};
  if (pattern[1] && !(include = patterns(one, 1, error)))
    return FALSE;
  if (!oakum_copy_find(source, above, roots, error))
    return FALSE;
  source->include = include;
  gboolean ok = TRUE, some = oakum_copy_has_magic(above), any = oakum_copy_has_magic(pattern);
  for (guint i = 0; ok && i < roots->len; i++) {
    g_autofree char *name = g_path_get_basename(pattern[1] ? pattern : roots->pdata[i]);
    if (any || is_below(source, roots->pdata[i], pattern + 1, some ? NULL : error))
      ok = oakum_copy_path(source, roots->pdata[i], name, error);
    else
      ok = some; /* a folder that a pattern found may lack it */
  }
  source->include = NULL;
  return ok;
}

static gboolean copy_local(CopySource *source, const char *text, gboolean unpack, GError **error)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
  if (has_flag(source->copy->in, "parents"))
    return copy_parents(source, text, error);
  if (!oakum_copy_find(source, text, found, error) ||
      (!source->copy->key && !has_room(source->copy, found->len, error)))
    return FALSE;
  unpack = unpack && !source->copy->key;
  for (guint i = 0; i < found->len; i++) {
    const char *from = found->pdata[i];
    g_autofree char *name = g_path_get_basename(from);
    g_autofree char *real = oakum_root_real_path(source->root, from, error);
    if (!real)
      return FALSE;
    gboolean ok = unpack && oakum_copy_is_archive(source->root, real)
                      ? oakum_copy_archive(source->copy, source->root, real, error)
                      : oakum_copy_path(source, from, name, error);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

/* A here-document as a file. */
static gboolean copy_body(Copy *copy, const OakumHeredoc *heredoc, GError **error)
{
  g_autofree char *text = heredoc->expand
                              ? oakum_stage_expand_body(copy->stage, heredoc->text, error)
                              : g_strdup(heredoc->text);
  if (copy->key && text) {
    oakum_cache_key_text(copy->key, "document", heredoc->name);
    oakum_cache_key_text(copy->key, "text", text);
    return TRUE;
  }
  g_autofree char *full = place_of(copy, heredoc->name);
  if (!text || !oakum_dest_folders(copy, full, FALSE, error))
    return FALSE;
  OakumTarEntry entry = {.type = OAKUM_TAR_FILE,
                         .mode = copy->mode ? oakum_mode_apply(copy->mode, 0644, FALSE) : 0644,
                         .uid = copy->uid,
                         .gid = copy->gid,
                         .mtime = copy->epoch,
                         .size = strlen(text),
                         .path = {(const uint8_t *)full, strlen(full)}};
  return oakum_dest_note(copy, &entry, FALSE, error) &&
         oakum_tar_writer_entry(copy->tar, &entry, error) &&
         oakum_tar_writer_write(copy->tar, text, strlen(text), error);
}

/* ---- the instruction
 * --------------------------------------------------------------------------- */
static void from_context(CopySource *source, const OakumNamedContext *named)
{
  source->root = oakum_context_folder(named->context);
  source->ignore = named->ignore;
  source->owners = oakum_context_owners(named->context);
  source->root_owned = TRUE;
}

/* A stage or image goes into the key by its layers, with the words that name its files; only a copy
 * unpacks it. */
static gboolean choose_source(CopySource *source, Stage **other, GError **error)
{
  *other = NULL;
  Build *build = source->copy->build;
  const OakumInstruction *in = source->copy->in;
  const char *from = oakum_instruction_flag(in, "from");
  if (!from) {
    source->root = build->context;
    source->ignore = build->ignore;
    source->owners = build->options->owners;
    source->root_owned = TRUE;
    return TRUE; /* a lack of context is told when it is looked into */
  }
  g_autofree char *name = oakum_stage_expand(build, source->copy->stage, from, error);
  const GPtrArray *contexts = build->options->contexts;
  int index;
  if (!name || !oakum_plan_find_from(build->dockerfile, contexts, name, in->stage, &index, error))
    return FALSE;
  const OakumNamedContext *named = oakum_named_context_find(contexts, name);
  if (named && named->context) {
    from_context(source, named);
    return TRUE;
  }
  *other =
      index >= 0 ? oakum_build_stage(build, index, error) : oakum_build_foreign(build, name, error);
  if (!*other)
    return FALSE;
  if (source->copy->key)
    return TRUE;
  if (!oakum_stage_root(build, *other, error))
    return FALSE;
  source->root = (*other)->root;
  source->disk_owners = (*other)->owners;
  return TRUE;
}

static gboolean choose_owner(Copy *copy, GError **error)
{
  const char *chown = oakum_instruction_flag(copy->in, "chown");
  g_autofree char *text = chown ? oakum_stage_expand(copy->build, copy->stage, chown, error) : NULL;
  OakumUser user;
  if (!chown || !text || !*text)
    return !chown || text;
  if (copy->link && strspn(text, "0123456789:") != strlen(text)) {
    g_autofree char *shown = oakum_escape_terminal(text, -1);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                "--chown=%s: with --link the layer knows no names of users; give numbers", shown);
    return FALSE;
  }
  if (!oakum_user_find(copy->link ? -1 : copy->stage->root, text, TRUE, &user, error))
    return FALSE;
  copy->chown = TRUE;
  copy->uid = user.uid;
  copy->gid = user.gid;
  oakum_user_clear(&user);
  return TRUE;
}

static gboolean choose_mode(Copy *copy, GError **error)
{
  const char *chmod = oakum_instruction_flag(copy->in, "chmod");
  g_autofree char *text = chmod ? oakum_stage_expand(copy->build, copy->stage, chmod, error) : NULL;
  if (!chmod)
    return TRUE;
  if (!text || (*text && !(copy->mode = oakum_mode_parse(text, error))))
    return FALSE;
  copy->folder_mode = oakum_mode_of_folders(copy->mode);
  return TRUE;
}

static gboolean choose_excludes(Copy *copy, GError **error)
{
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < copy->in->flags->len; i++) {
    const OakumWord *flag = copy->in->flags->pdata[i];
    if (strcmp(flag->name, "exclude") != 0)
      continue;
    char *text = oakum_stage_expand(copy->build, copy->stage, flag->value, error);
    if (!text)
      return FALSE;
    g_ptr_array_add(texts, text);
  }
  if (texts->len > 0 &&
      !(copy->exclude = patterns((const char *const *)texts->pdata, texts->len, error))) {
    g_prefix_error(error, "--exclude: ");
    return FALSE;
  }
  return TRUE;
}

static gboolean choose_destination(Copy *copy, char **shown, GError **error)
{
  const OakumWord *last = copy->in->words->pdata[copy->in->words->len - 1];
  char *text = *shown = oakum_stage_expand(copy->build, copy->stage, last->value, error);
  if (!text)
    return FALSE;
  const char *cwd = copy->stage->config->working_dir;
  g_autofree char *full =
      text[0] == '/' ? g_strdup(text) : g_strconcat(cwd && *cwd ? cwd : "/", "/", text, NULL);
  size_t len = strlen(text);
  copy->to_folder = len == 0 || text[len - 1] == '/' || strcmp(text, ".") == 0 ||
                    g_str_has_suffix(text, "/.") || strcmp(text, "..") == 0;
  /* ".." is taken from the text, as paths of the field are, and not from where a link leads */
  g_autofree char *clean = g_canonicalize_filename(full, "/");
  char *real = oakum_dest_resolve(copy, "", clean, error);
  copy->to = real;
  return real != NULL;
}

/* One that is no file of the context, a stage or an image. *known: what comes of it stands in the
 * key. */
static gboolean copy_remote(Copy *copy, const char *text, OakumSourceKind kind, gboolean *known,
                            GError **error)
{
  if (!copy->key)
    return oakum_source_add(copy, text, kind, has_flag(copy->in, "unpack"), error);
  *known &= oakum_instruction_flag(copy->in, "checksum") != NULL;
  return TRUE;
}

/* A file that is not there, and was not meant to be one. */
static void explain_scheme(const OakumInstruction *in, const char *text, GError **error)
{
  g_autofree char *scheme = g_uri_parse_scheme(text);
  if (!scheme || !g_str_has_prefix(text + strlen(scheme), "://") ||
      !g_error_matches(error ? *error : NULL, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND))
    return;
  g_autofree char *bare = oakum_source_redact(text), *shown = oakum_escape_terminal(bare, -1);
  g_clear_error(error);
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
              "\"%s\": %s fetches nothing by %s; ADD knows http, https and repositories of git: "
              "fetch it in a RUN, or put the file into the context",
              shown, in->name, scheme);
}

/* *known: see above. */
static gboolean copy_words(Copy *copy, gboolean *known, GError **error)
{
  const OakumInstruction *in = copy->in;
  const char *unpack = oakum_instruction_flag(in, "unpack");
  gboolean is_add = in->kind == OAKUM_INSTRUCTION_ADD;
  CopySource local = {.copy = copy, .root = -1, .base = ""};
  Stage *other;
  if (!choose_source(&local, &other, error))
    return FALSE;
  if (copy->key && other) {
    oakum_cache_key_root(copy->key, "from", other);
    *known &= !other->unkept;
  }
  for (guint i = 0; i + 1 < in->words->len; i++) {
    const OakumWord *word = in->words->pdata[i];
    if (word->heredoc >= 0)
      continue;
    g_autofree char *text = oakum_stage_expand(copy->build, copy->stage, word->value, error);
    if (!text)
      return FALSE;
    OakumSourceKind kind = oakum_source_kind(text);
    if (copy->key)
      oakum_cache_key_text(copy->key, "word", text);
    if (kind != OAKUM_SOURCE_LOCAL && !is_add) {
      g_autofree char *shown = oakum_source_redact(text);
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                  "COPY takes no URL; ADD does: \"%s\"", shown);
      return FALSE;
    }
    if (kind != OAKUM_SOURCE_LOCAL) {
      if (!copy_remote(copy, text, kind, known, error))
        return FALSE;
      continue;
    }
    if (oakum_instruction_flag(in, "checksum")) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
                  "--checksum is for sources that are URLs, not for \"%s\"", text);
      return FALSE;
    }
    if (copy->key && other)
      continue;
    if (local.root < 0) {
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
                  "this build has no context folder");
      return FALSE;
    }
    if (!copy_local(&local, text, is_add && (!unpack || strcmp(unpack, "false") != 0), error)) {
      explain_scheme(in, text, error);
      return FALSE;
    }
  }
  for (guint i = 0; i < in->heredocs->len; i++) {
    const OakumHeredoc *heredoc = in->heredocs->pdata[i];
    if (!copy_body(copy, heredoc, error))
      return FALSE;
  }
  return TRUE;
}

/* A layer that depends on nothing below has the time that does not either. */
static int64_t epoch_of(const Build *build, const Stage *stage, gboolean link)
{
  const char *text = build->options->source_date_epoch;
  return !link || (text && *text) ? stage->epoch : 0;
}

/* The row of history. */
static char *message_of(const Build *build, const Stage *stage, const OakumInstruction *in,
                        GError **error)
{
  static const char *const told[] = {"parents", "chown", "chmod"};
  g_autoptr(GString) message = g_string_new(in->name);
  for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
    const char *value = oakum_instruction_flag(in, told[i]);
    g_autofree char *text = value ? oakum_stage_expand(build, stage, value, error) : NULL;
    if (value && !text)
      return NULL;
    if (value && i == 0)
      g_string_append(message, has_flag(in, "parents") ? " --parents" : "");
    else if (value && *text)
      g_string_append_printf(message, " --%s=%s", told[i], text);
  }
  g_autofree char *destination = NULL;
  for (guint i = 0; i < in->words->len; i++) {
    const OakumWord *word = in->words->pdata[i];
    gboolean last = i + 1 == in->words->len;
    if (!last && word->heredoc >= 0)
      continue;
    g_autofree char *text = oakum_stage_expand(build, stage, word->value, error);
    if (!text)
      return NULL;
    if (last) {
      destination = g_steal_pointer(&text);
      continue;
    }
    g_autofree char *shown =
        oakum_source_kind(text) == OAKUM_SOURCE_LOCAL ? g_strdup(text) : oakum_source_redact(text);
    g_string_append_printf(message, " %s", shown);
  }
  for (guint i = 0; i < in->heredocs->len; i++)
    g_string_append_printf(message, " <<%s", ((OakumHeredoc *)in->heredocs->pdata[i])->name);
  g_string_append_printf(message, " %s # buildkit", destination);
  return g_string_free(g_steal_pointer(&message), FALSE);
}

static Copy copy_begin(Build *build, Stage *stage, const OakumInstruction *in,
                       OakumLayerWriter *layer);
static void copy_clear(Copy *copy);

/* What the layer depends on; NULL: that cannot be said, or something is wrong, which the copy will
 * tell. */
static OakumCacheKey *copy_key(Build *build, Stage *stage, const OakumInstruction *in)
{
  Copy copy = copy_begin(build, stage, in, NULL);
  g_autoptr(OakumCacheKey) key =
      oakum_cache_key_new(build, copy.link ? NULL : stage, in->name, copy.epoch);
  gboolean ok = TRUE, known = TRUE;
  copy.key = key;
  for (guint i = 0; ok && i < in->flags->len; i++) {
    const OakumWord *flag = in->flags->pdata[i];
    g_autofree char *text =
        flag->value ? oakum_stage_expand(build, stage, flag->value, NULL) : g_strdup("");
    ok = text != NULL;
    oakum_cache_key_text(key, "flag", flag->name);
    oakum_cache_key_text(key, "value", text);
  }
  const OakumWord *last = in->words->pdata[in->words->len - 1];
  g_autofree char *destination = oakum_stage_expand(build, stage, last->value, NULL);
  oakum_cache_key_text(key, "destination", destination);
  oakum_cache_key_text(key, "folder", stage->config->working_dir);
  copy.chown = oakum_instruction_flag(in, "chown") != NULL;
  g_autoptr(GError) error = NULL;
  ok = ok && destination && choose_excludes(&copy, &error) && copy_words(&copy, &known, &error);
  copy_clear(&copy);
  if (error)
    oakum_debug("no key for the cache: %s", error->message);
  return ok && known ? g_steal_pointer(&key) : NULL;
}

/* Writes the layer; *changed: there is one. *same: the sources are still what `key` says. */
static gboolean run(Copy *copy, OakumLayerWriter *layer, OakumCacheKey *key, gboolean *changed,
                    gboolean *same, GError **error)
{
  const OakumInstruction *in = copy->in;
  g_autofree char *destination = NULL;
  gboolean known;
  if (!choose_mode(copy, error) || !choose_owner(copy, error) || !choose_excludes(copy, error) ||
      !choose_destination(copy, &destination, error) ||
      !has_room(copy, in->words->len - 1, error) || !copy_words(copy, &known, error))
    return FALSE;
  if (copy->empty && !copy->found)
    oakum_warn("%s: line %d: nothing matches, so nothing is copied", in->name, in->range.line);
  *changed = !copy->empty;
  *same = FALSE;
  if (key) { /* before the layer counts: it is part of the key of what lies on it */
    g_autoptr(OakumCacheKey) now = copy_key(copy->build, copy->stage, in);
    g_autofree char *was = oakum_cache_key_hex(key), *is = now ? oakum_cache_key_hex(now) : NULL;
    *same = g_strcmp0(was, is) == 0;
  }
  return copy->empty || (oakum_layer_writer_commit(layer, copy->stage, in->range.line, error) &&
                         oakum_stage_apply_last(copy->build, copy->stage, error));
}

static void copy_clear(Copy *copy)
{
  g_hash_table_unref(copy->made);
  g_hash_table_unref(copy->targets);
  g_hash_table_unref(copy->groups);
  oakum_mode_free(copy->mode);
  oakum_ignore_free(copy->exclude);
  g_free((char *)copy->to);
}

static Copy copy_begin(Build *build, Stage *stage, const OakumInstruction *in,
                       OakumLayerWriter *layer)
{
  /* BuildKit makes no layer of its own of a copy with both */
  gboolean link = has_flag(in, "link") && !oakum_instruction_flag(in, "chmod");
  return (Copy){.build = build,
                .stage = stage,
                .in = in,
                .link = link,
                .epoch = epoch_of(build, stage, link),
                .tar = layer ? oakum_layer_writer_tar(layer) : NULL,
                .empty = TRUE,
                .made = oakum_str_map_new(g_free, NULL),
                .targets = oakum_str_map_new(g_free, g_free),
                .groups = oakum_str_map_new(g_free, NULL),
                .folder_mode = 0755};
}

gboolean oakum_stage_add_folder(Build *build, Stage *stage, const OakumNamedContext *named,
                                int line, GError **error)
{
  g_autoptr(GPtrArray) none = g_ptr_array_new();
  const OakumInstruction from = {.name = (char *)"FROM", .flags = none};
  g_autoptr(OakumLayerWriter) layer = oakum_layer_writer_new(build, stage, error);
  if (!layer)
    return FALSE;
  Copy copy = copy_begin(build, stage, &from, layer);
  copy.to = g_strdup("");
  CopySource source = {.copy = &copy, .base = ""};
  from_context(&source, named);
  copy.link = TRUE; /* nothing is below it */
  OakumPackOptions options = {choose, edit, NULL, &source, source.disk_owners};
  gboolean ok = oakum_pack_path(source.root, "", "", FALSE, &options, copy.tar, error) &&
                oakum_layer_writer_commit(layer, stage, line, error);
  if (ok)
    oakum_stage_history(stage, g_strconcat("FROM ", named->name, " # context", NULL), TRUE);
  copy_clear(&copy);
  return ok;
}

static gboolean really_copy(Build *build, Stage *stage, const OakumInstruction *in,
                            OakumCacheKey *key, gboolean *changed, GError **error)
{
  if (!oakum_stage_root(build, stage, error))
    return FALSE;
  g_autoptr(OakumLayerWriter) layer = oakum_layer_writer_new(build, stage, error);
  gboolean same = FALSE;
  if (!layer)
    return FALSE;
  Copy copy = copy_begin(build, stage, in, layer);
  gboolean ok = run(&copy, layer, key, changed, &same, error);
  copy_clear(&copy);
  if (ok && same)
    oakum_cache_note(build, stage, key, *changed);
  return ok;
}

gboolean oakum_step_copy(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  g_autofree char *message = message_of(build, stage, in, error);
  g_autoptr(OakumCacheKey) key = message ? copy_key(build, stage, in) : NULL;
  gboolean changed = FALSE, hit = FALSE;
  if (!message ||
      (key && !oakum_cache_use(build, stage, key, in->range.line, &changed, &hit, error)))
    return FALSE;
  if (!hit && !really_copy(build, stage, in, key, &changed, error))
    return FALSE;
  oakum_stage_history(stage, g_steal_pointer(&message), changed);
  return TRUE;
}

/* The folder, when it is not there; *changed: it was made. */
static gboolean make_workdir(Build *build, Stage *stage, const OakumInstruction *in,
                             const char *path, gboolean *changed, GError **error)
{
  if (!oakum_stage_root(build, stage, error))
    return FALSE;
  g_autoptr(OakumLayerWriter) layer = oakum_layer_writer_new(build, stage, error);
  if (!layer)
    return FALSE;
  Copy copy = copy_begin(build, stage, in, layer);
  OakumUser user = {0};
  char *real = oakum_dest_resolve(&copy, "", path, error);
  copy.to = real;
  *changed = real && oakum_dest_look(&copy, real, NULL) != OAKUM_DEST_FOLDER;
  gboolean ok = real != NULL;
  if (*changed) {
    /* as --chown: a number alone is the group too */
    g_autoptr(GError) trouble = NULL;
    if (!oakum_user_find(
            stage->root, stage->config->user ? stage->config->user : "", TRUE, &user,
            &trouble)) { /* nothing runs as that user yet; /etc/passwd may come later */
      oakum_warn("%s:%d: WORKDIR: %s: the folder is root's", build->dockerfile->file,
                 in->range.line, trouble->message);
      user.gid = g_ascii_isdigit(*stage->config->user) ? user.uid : user.gid;
    }
    copy.uid = user.uid;
    copy.gid = user.gid;
    copy.chown = stage->config->user && *stage->config->user;
    ok = oakum_dest_folders(&copy, real, TRUE, error) &&
         oakum_layer_writer_commit(layer, stage, in->range.line, error) &&
         oakum_stage_apply_last(build, stage, error);
    oakum_user_clear(&user);
  }
  copy_clear(&copy);
  return ok;
}

gboolean oakum_step_workdir(Build *build, Stage *stage, const OakumInstruction *in, GError **error)
{
  const OakumWord *word = in->words->pdata[0];
  g_autofree char *text = oakum_stage_expand(build, stage, word->value, error);
  if (!text)
    return FALSE;
  const char *old = stage->config->working_dir;
  g_autofree char *path = g_canonicalize_filename(text, old && *old ? old : "/");
  /* BuildKit tells an absolute one as it is written */
  g_autofree char *told = g_strdup(*text == '/' ? text : path);
  g_free(stage->config->working_dir);
  stage->config->working_dir = g_strdup(told);
  g_autoptr(OakumCacheKey) key = oakum_cache_key_new(build, stage, "WORKDIR", stage->epoch);
  gboolean changed = FALSE, hit;
  oakum_cache_key_text(key, "folder", path);
  oakum_cache_key_text(key, "user", stage->config->user);
  if (!oakum_cache_use(build, stage, key, in->range.line, &changed, &hit, error))
    return FALSE;
  if (!hit) {
    if (!make_workdir(build, stage, in, path, &changed, error))
      return FALSE;
    oakum_cache_note(build, stage, key, changed);
  }
  oakum_stage_history(stage, g_strconcat("WORKDIR ", told, NULL), changed);
  return TRUE;
}
