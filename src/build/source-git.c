/* Repositories, by the program git. What comes from the other side is hostile: no hooks, no
 * configuration of the machine or the user, only protocols of the network. */
#include "build/source-private.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- references
 * -------------------------------------------------------------------------------- */
void oakum_git_ref_clear(OakumGitRef *ref)
{
  g_clear_pointer(&ref->remote, g_free);
  g_clear_pointer(&ref->authorization, g_free);
  g_clear_pointer(&ref->ref, g_free);
  g_clear_pointer(&ref->subdir, g_free);
  g_clear_pointer(&ref->checksum, g_free);
}

static G_GNUC_PRINTF(2, 3) gboolean invalid(GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_autofree char *shown = oakum_escape_terminal(text, -1);
  g_set_error_literal(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID, shown);
  return FALSE;
}

static gboolean is_hex(const char *text)
{
  return *text && strspn(text, "0123456789abcdefABCDEF") == strlen(text);
}

static gboolean is_commit(const char *text)
{
  return (strlen(text) == 40 || strlen(text) == 64) && is_hex(text);
}

static gboolean set_once(char **field, const char *value, const char *what, GError **error)
{
  if (*field && strcmp(*field, value) != 0)
    return invalid(error, "the URL of the repository gives %s twice: %s and %s", what, *field,
                   value);
  if (!*field && *value)
    *field = g_strdup(value);
  return TRUE;
}

static gboolean parse_bool(const char *name, const char *value, gboolean *out, GError **error)
{
  if (!*value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
    *out = TRUE;
  else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
    *out = FALSE;
  else
    return invalid(error, "%s=%s: expected true or false", name, value);
  return TRUE;
}

static gboolean parse_query(const char *query, OakumGitRef *out, GError **error)
{
  g_auto(GStrv) pairs = g_strsplit(query, "&", -1);
  for (char **pair = pairs; *pair; pair++) {
    char *equals = strchr(*pair, '=');
    g_autofree char *value = g_uri_unescape_string(equals ? equals + 1 : "", NULL);
    if (equals)
      *equals = '\0';
    const char *name = *pair;
    g_autofree char *full = NULL;
    gboolean ok = TRUE;
    if (!value)
      return invalid(error, "the URL of the repository has a value that cannot be read: %s", name);
    if (!*name)
      continue;
    if (strcmp(name, "ref") == 0)
      ok = set_once(&out->ref, value, "a ref", error);
    else if (strcmp(name, "branch") == 0)
      ok = set_once(&out->ref, full = g_strconcat("refs/heads/", value, NULL), "a ref", error);
    else if (strcmp(name, "tag") == 0)
      ok = set_once(&out->ref, full = g_strconcat("refs/tags/", value, NULL), "a ref", error);
    else if (strcmp(name, "subdir") == 0)
      ok = set_once(&out->subdir, value, "a subdir", error);
    else if (strcmp(name, "checksum") == 0 || strcmp(name, "commit") == 0)
      ok = set_once(&out->checksum, value, "a commit", error);
    else if (strcmp(name, "keep-git-dir") == 0)
      ok = parse_bool(name, value, &out->keep_git_dir, error);
    else if (strcmp(name, "submodules") == 0)
      ok = parse_bool(name, value, &out->submodules, error);
    else
      return invalid(error,
                     "the URL of the repository has an unknown part \"%s\"; known are ref, branch, "
                     "tag, subdir, checksum, commit, keep-git-dir and submodules",
                     name);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

/* User and password become a header, which no list of processes shows. */
static void take_user(OakumGitRef *ref)
{
  if (!g_str_has_prefix(ref->remote, "http"))
    return;
  char *host = strstr(ref->remote, "://") + 3, *slash = host + strcspn(host, "/"), *at = NULL;
  for (char *c = host; c < slash; c++)
    at = *c == '@' ? c : at;
  if (!at)
    return;
  g_autofree char *pair = g_uri_unescape_segment(host, at, NULL);
  g_autofree char *whole =
      pair && strchr(pair, ':') ? g_strdup(pair) : g_strconcat(pair ? pair : "", ":", NULL);
  g_autofree char *coded = g_base64_encode((const guchar *)whole, strlen(whole));
  g_autofree char *start = g_strndup(ref->remote, (gsize)(host - ref->remote));
  ref->authorization = g_strconcat("Basic ", coded, NULL);
  char *bare = g_strconcat(start, at + 1, NULL);
  g_free(ref->remote);
  ref->remote = bare;
}

/* What git or its helpers could take for an option, or for two. */
static gboolean is_safe(const OakumGitRef *ref, GError **error)
{
  const char *at = strstr(ref->remote, "://");
  const char *host = at ? at + 3 : ref->remote;
  for (const char *c = ref->remote; *c; c++)
    if ((guchar)*c <= ' ' || *c == 0x7f)
      return invalid(error, "the URL of the repository holds a blank or a control character");
  if (*host == '-' || *ref->remote == '-')
    return invalid(error, "the URL of the repository names no host");
  for (const char *c = ref->ref; c && *c; c++)
    if ((guchar)*c <= ' ' || *c == 0x7f || strchr("~^:?*[\\", *c))
      return invalid(error, "\"%s\" names no ref of a repository", ref->ref);
  if (ref->ref && (*ref->ref == '-' || strstr(ref->ref, "..") || strstr(ref->ref, "@{")))
    return invalid(error, "\"%s\" names no ref of a repository", ref->ref);
  if (ref->checksum && (!is_hex(ref->checksum) || strlen(ref->checksum) > 64))
    return invalid(error, "checksum %s: expected a commit, or how it begins, in hexadecimal digits",
                   ref->checksum);
  return TRUE;
}

gboolean oakum_git_ref_parse(const char *text, OakumGitRef *out, GError **error)
{
  *out = (OakumGitRef){.submodules = TRUE};
  const char *fragment = strchr(text, '#');
  g_autofree char *head = fragment ? g_strndup(text, (gsize)(fragment - text)) : g_strdup(text);
  char *query = strchr(head, '?');
  if (strlen(text) > OAKUM_URL_MAX)
    return invalid(error, "a URL of more than %u bytes", OAKUM_URL_MAX);
  if (query)
    *query++ = '\0';
  out->remote = g_strdup(head);
  gboolean ok = !query || parse_query(query, out, error);
  if (ok && fragment) {
    const char *colon = strchr(fragment + 1, ':');
    g_autofree char *ref =
        colon ? g_strndup(fragment + 1, (gsize)(colon - fragment - 1)) : g_strdup(fragment + 1);
    ok = (!*ref || set_once(&out->ref, ref, "a ref", error)) &&
         (!colon || set_once(&out->subdir, colon + 1, "a subdir", error));
  }
  take_user(out);
  if (ok && is_safe(out, error))
    return TRUE;
  oakum_git_ref_clear(out);
  return FALSE;
}

/* ---- the program
 * ------------------------------------------------------------------------------- */
typedef struct {
  const OakumGitRef *ref;
  const char *home;   /* a folder of ours: its home, and what it prints */
  const char *work;   /* the tree */
  const char *remote; /* where the repository is in the end */
  char **envp;
} Git;

static void add_variable(GPtrArray *envp, const char *name, const char *value)
{
  if (value)
    g_ptr_array_add(envp, g_strconcat(name, "=", value, NULL));
}

static char **clean_environment(const OakumGitRef *ref, const char *home)
{
  static const char *const kept[] = {"PATH",         "http_proxy",   "https_proxy", "HTTPS_PROXY",
                                     "all_proxy",    "ALL_PROXY",    "no_proxy",    "NO_PROXY",
                                     "SSL_CERT_DIR", "SSH_AUTH_SOCK"};
  GPtrArray *envp = g_ptr_array_new();
  for (size_t i = 0; i < G_N_ELEMENTS(kept); i++)
    add_variable(envp, kept[i], g_getenv(kept[i]));
  if (!g_getenv("PATH"))
    add_variable(envp, "PATH", "/usr/local/bin:/usr/bin:/bin");
  add_variable(envp, "GIT_SSL_CAINFO", g_getenv("SSL_CERT_FILE"));
  add_variable(envp, "HOME", home);
  add_variable(envp, "XDG_CONFIG_HOME", home);
  add_variable(envp, "LC_ALL", "C");
  add_variable(envp, "GIT_CONFIG_NOSYSTEM", "1");
  add_variable(envp, "GIT_CONFIG_SYSTEM", "/dev/null");
  add_variable(envp, "GIT_CONFIG_GLOBAL", "/dev/null");
  add_variable(envp, "GIT_ATTR_NOSYSTEM", "1");
  add_variable(envp, "GIT_TERMINAL_PROMPT", "0");
  add_variable(envp, "GIT_ASKPASS", "true");
  add_variable(envp, "GIT_ALLOW_PROTOCOL", "http:https:git:ssh");
  add_variable(envp, "GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
  add_variable(envp, "GIT_LFS_SKIP_SMUDGE", "1");
  if (ref->authorization) {
    const char *host = strstr(ref->remote, "://") + 3;
    g_autofree char *origin =
        g_strndup(ref->remote, (gsize)(host + strcspn(host, "/") - ref->remote));
    g_autofree char *key = g_strdup_printf("http.%s/.extraHeader", origin);
    g_autofree char *redirects = g_strdup_printf("http.%s/.followRedirects", origin);
    g_autofree char *header = g_strconcat("Authorization: ", ref->authorization, NULL);
    add_variable(envp, "GIT_CONFIG_COUNT", "2");
    add_variable(envp, "GIT_CONFIG_KEY_0", key);
    add_variable(envp, "GIT_CONFIG_VALUE_0", header);
    /* git goes on at another host with the same header: see find_remote */
    add_variable(envp, "GIT_CONFIG_KEY_1", redirects);
    add_variable(envp, "GIT_CONFIG_VALUE_1", "false");
  }
  g_ptr_array_add(envp, NULL);
  return (char **)g_ptr_array_free(envp, FALSE);
}

static char *printed(int fd)
{
  g_autoptr(OakumReader) reader = NULL;
  char *text = NULL;
  size_t len;
  int copy = lseek(fd, 0, SEEK_SET) == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
  if (copy >= 0)
    reader = oakum_reader_new_fd(copy, TRUE);
  return reader && oakum_reader_slurp(reader, OAKUM_GIT_OUTPUT_MAX, "git", &text, &len, NULL)
             ? text
             : g_strdup("");
}

static int print_to(const char *home, GError **error)
{
  int fd = open(home, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) { /* file systems without O_TMPFILE */
    g_autofree char *path = g_build_filename(home, "printed-XXXXXX", NULL);
    fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
      unlink(path);
  }
  if (fd < 0)
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "%s", home);
  return fd;
}

/* The last line that says why, without user and password. */
static void tell(const char *verb, int status, const char *said, GError **error)
{
  g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
  const char *why = "";
  for (char **line = lines; *line; line++)
    if (g_str_has_prefix(*line, "fatal: ") || g_str_has_prefix(*line, "error: ")) {
      why = *line + 7;
      break;
    } else if (**line && !*why) {
      why = *line;
    }
  g_autofree char *how = oakum_child_describe(status), *bare = oakum_source_redact(why);
  g_autofree char *cut = g_strndup(bare, OAKUM_ERROR_TEXT_MAX);
  g_autofree char *shown = oakum_escape_terminal(cut, -1);
  g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_FAILED, "git %s: %s", verb,
              *shown ? shown : how);
}

/* Runs "git WORDS…" in the tree. `out` (may be NULL) gets what it prints. */
static gboolean git(const Git *self, char **out, GError **error, ...) G_GNUC_NULL_TERMINATED;
static gboolean git(const Git *self, char **out, GError **error, ...)
{
  static const char *const fixed[] = {"git",
                                      "-c",
                                      "core.hooksPath=/dev/null",
                                      "-c",
                                      "core.fsmonitor=false",
                                      "-c",
                                      "core.autocrlf=false",
                                      "-c",
                                      "core.symlinks=true",
                                      "-c",
                                      "core.fileMode=true",
                                      "-c",
                                      "credential.helper=",
                                      "-c",
                                      "advice.detachedHead=false",
                                      "-c",
                                      "init.defaultBranch=main",
                                      "-c",
                                      "gc.auto=0",
                                      "-c",
                                      "http.lowSpeedLimit=1",
                                      "-c",
                                      "http.lowSpeedTime=60",
                                      "-C"};
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
    g_ptr_array_add(argv, (gpointer)fixed[i]);
  g_ptr_array_add(argv, (gpointer)self->work);
  va_list words;
  va_start(words, error);
  const char *verb = NULL;
  for (char *word; (word = va_arg(words, char *)) != NULL;) {
    verb = verb ? verb : word;
    g_ptr_array_add(argv, word);
  }
  va_end(words);
  g_ptr_array_add(argv, NULL);
  OAKUM_AUTO_FD to = print_to(self->home, error);
  OAKUM_AUTO_FD said = to >= 0 ? print_to(self->home, error) : -1;
  if (said < 0)
    return FALSE;
  OakumChildSpec spec = {.argv = (const char *const *)argv->pdata,
                         .envp = (const char *const *)self->envp,
                         .in = -1,
                         .out = to,
                         .err = said};
  int status = 0;
  g_autoptr(OakumChild) child = oakum_child_spawn(&spec, error);
  if (!child || !oakum_child_wait(child, (int)OAKUM_GIT_TIMEOUT_S * 1000, &status, error)) {
    g_prefix_error(error, child ? "git %s: " : "git %s: is the program git installed? ", verb);
    return FALSE;
  }
  if (status != 0) {
    g_autofree char *text = printed(said);
    tell(verb, status, text, error);
    return FALSE;
  }
  if (out)
    *out = printed(to);
  return TRUE;
}

/* The full name of a branch or tag as the server lists it; a branch goes before a tag. NULL: none.
 */
static char *find_ref(const char *list, const char *name)
{
  static const char *const before[] = {"", "refs/", "refs/heads/", "refs/tags/"};
  g_auto(GStrv) lines = g_strsplit(list, "\n", -1);
  for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
    g_autofree char *full = g_strconcat(before[i], name, NULL);
    for (char **line = lines; *line; line++) {
      const char *tab = strchr(*line, '\t');
      if (tab && strcmp(tab + 1, full) == 0)
        return g_steal_pointer(&full);
    }
  }
  return NULL;
}

/* Some servers and dumb transports give no part of the history, or no commit by its number. */
static gboolean fetch(const Git *self, const char *what, GError **error)
{
  g_autoptr(GError) local = NULL;
  if (git(self, NULL, &local, "fetch", "-q", "--no-tags", "--depth=1", "--", "origin", what, NULL))
    return TRUE;
  oakum_debug("%s; once more with the whole history", local->message);
  if (!is_commit(what))
    return git(self, NULL, error, "fetch", "-q", "--no-tags", "--", "origin", what, NULL);
  g_autoptr(GError) second = NULL;
  if (git(self, NULL, &second, "fetch", "-q", "--no-tags", "--", "origin", what, NULL))
    return TRUE;
  return git(self, NULL, error, "fetch", "-q", "--", "origin",
             "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", NULL);
}

static gboolean check_out(const Git *self, GError **error)
{
  const OakumGitRef *ref = self->ref;
  const char *wanted = ref->ref ? ref->ref : "HEAD";
  g_autofree char *list = NULL, *full = NULL, *commit = NULL;
  if (!git(self, NULL, error, "init", "-q", "--template=", ".", NULL) ||
      !git(self, NULL, error, "remote", "add", "--", "origin", self->remote, NULL))
    return FALSE;
  if (!is_commit(wanted)) {
    if (!git(self, &list, error, "ls-remote", "-q", "--", "origin", NULL))
      return FALSE;
    if (!(full = find_ref(list, wanted))) {
      g_autofree char *shown = oakum_escape_terminal(wanted, -1);
      g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
                  "the repository has no branch, tag or ref \"%s\"; a commit needs all its digits",
                  shown);
      return FALSE;
    }
  }
  if (!fetch(self, full ? full : wanted, error) ||
      !git(self, NULL, error, "checkout", "-q", "--detach", full ? "FETCH_HEAD" : wanted, "--",
           NULL) ||
      !git(self, &commit, error, "rev-parse", "HEAD", NULL))
    return FALSE;
  g_strchomp(commit);
  if (ref->checksum && g_ascii_strncasecmp(commit, ref->checksum, strlen(ref->checksum)) != 0) {
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_DIGEST,
                "the repository's commit is %s, not %s as its checksum says", commit,
                ref->checksum);
    return FALSE;
  }
  return TRUE;
}

static gboolean add_submodules(const Git *self, GError **error)
{
  g_autofree char *list = g_build_filename(self->work, ".gitmodules", NULL);
  struct stat st;
  if (!self->ref->submodules || lstat(list, &st) < 0 || !S_ISREG(st.st_mode))
    return TRUE;
  g_autoptr(GError) local = NULL;
  return git(self, NULL, &local, "submodule", "-q", "update", "--init", "--recursive", "--depth=1",
             NULL) ||
         git(self, NULL, error, "submodule", "-q", "update", "--init", "--recursive", NULL);
}

/* The mask of the machine does not count; names ".git" are git's own, which no tree holds. */
static gboolean tidy(int at, const char *name, gboolean keep, guint depth, GError **error)
{
  int fd = depth > OAKUM_TAR_PATH_DEPTH_MAX
               ? -1
               : openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  gboolean ok = dir && fchmod(fd, 0755) == 0;
  if (!ok)
    oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "the repository's tree");
  for (const struct dirent *entry; ok && (entry = readdir(dir)) != NULL;) {
    struct stat st;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    if (strcmp(entry->d_name, ".git") == 0) {
      if (!keep)
        ok = oakum_root_remove_tree(fd, ".git", error);
      continue;
    }
    ok = fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (ok && S_ISDIR(st.st_mode)) {
      ok = tidy(fd, entry->d_name, keep, depth + 1, error);
      continue;
    }
    if (ok && S_ISREG(st.st_mode))
      ok = fchmodat(fd, entry->d_name, st.st_mode & 0100 ? 0755 : 0644, 0) == 0;
    if (!ok)
      oakum_error_errno(error, OAKUM_BUILD_ERROR, errno, "the repository's tree");
  }
  if (dir)
    closedir(dir);
  else
    oakum_fd_clear(&fd);
  return ok;
}

/* `subdir` as a folder of the tree, without links. */
static gboolean find_subdir(const OakumGitRef *ref, const char *path, char **out, GError **error)
{
  g_autofree char *clean = g_canonicalize_filename(ref->subdir ? ref->subdir : "", "/");
  OAKUM_AUTO_FD root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  OAKUM_AUTO_FD fd = root < 0 ? -1
                              : oakum_root_open(root, clean[1] ? clean + 1 : ".",
                                                O_PATH | O_DIRECTORY, 0, OAKUM_ROOT_FOLLOW, NULL);
  if (fd < 0) {
    g_autofree char *shown = oakum_escape_terminal(clean + 1, -1);
    g_set_error(error, OAKUM_BUILD_ERROR, OAKUM_ERROR_NOT_FOUND,
                "the repository has no folder \"%s\"", shown);
    return FALSE;
  }
  return !out || (*out = oakum_root_real_path(root, clean + 1, error)) != NULL;
}

/* A header goes to the server that it is for and nowhere else, so git may follow no redirect with
 * it (it sends it wherever the first one leads); those that stay there are followed here. */
static char *find_remote(const OakumGitRef *ref, GError **error)
{
  static const char asked[] = "/info/refs?service=git-upload-pack";
  if (!ref->authorization)
    return g_strdup(ref->remote);
  g_autofree char *bare = g_strdup(ref->remote);
  for (size_t len = strlen(bare); len > 0 && bare[len - 1] == '/';)
    bare[--len] = '\0';
  g_autofree char *url = g_strconcat(bare, asked, NULL);
  g_autofree char *end = oakum_source_follow(url, ref->authorization, error);
  if (!end)
    return NULL;
  char *tail = strstr(end, "/info/refs");
  if (strcmp(end, url) == 0 || !tail) /* what is no repository git tells */
    return g_strdup(ref->remote);
  return g_strndup(end, (gsize)(tail - end));
}

gboolean oakum_git_clone(const OakumGitRef *ref, const char *path, char **subdir, GError **error)
{
  g_autofree char *above = g_path_get_dirname(path);
  g_autoptr(OakumTempDir) home = oakum_temp_dir_new(above, error);
  if (!home)
    return FALSE;
  g_auto(GStrv) envp = clean_environment(ref, oakum_temp_dir_path(home));
  g_autofree char *remote = find_remote(ref, error);
  Git self = {ref, oakum_temp_dir_path(home), path, remote, envp};
  if (!remote || !check_out(&self, error) || !add_submodules(&self, error) ||
      /* a tree that keeps it knows it by the name that was written */
      (strcmp(remote, ref->remote) != 0 &&
       !git(&self, NULL, error, "remote", "set-url", "--", "origin", ref->remote, NULL))) {
    g_autofree char *bare = oakum_source_redact(ref->remote);
    g_autofree char *shown = oakum_escape_terminal(bare, -1);
    g_prefix_error(error, "%s: ", shown);
    return FALSE;
  }
  return tidy(AT_FDCWD, path, ref->keep_git_dir, 0, error) && find_subdir(ref, path, subdir, error);
}
