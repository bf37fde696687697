/* Sources of files that do not lie in a folder: URLs, repositories, archives. */
#pragma once
#include "build/copy-private.h"
#include "net/net.h"
#include "os/os.h"

typedef enum { OAKUM_SOURCE_LOCAL, OAKUM_SOURCE_HTTP, OAKUM_SOURCE_GIT } OakumSourceKind;
/* What a source of ADD, or a context, is by its spelling. */
NODISCARD OakumSourceKind oakum_source_kind(const char *text);
/* For history and messages: user, password and what looks like a key in the query replaced by
 * "xxxxx"; also in the middle of other text. New string. */
NODISCARD char *oakum_source_redact(const char *text);
/* ADD of a URL. */
NODISCARD gboolean oakum_source_add(Copy *copy, const char *text, OakumSourceKind kind,
                                    gboolean unpack, GError **error);
/* TRUE when 512 bytes are the header of a tar entry. */
NODISCARD gboolean oakum_source_is_tar(const uint8_t *block);

/* The name of an archive's entry without "." and empty parts; ".." is refused and, when it is for a
 * layer, names that mark removed files. New string. */
NODISCARD char *oakum_source_clean_name(OakumSlice path, gboolean in_layer, GError **error);
/* The archive at `path` below the folder (or AT_FDCWD), inflated, up to OAKUM_LAYER_UNPACKED_MAX.
 */
NODISCARD OakumReader *oakum_source_open_plain(int root, const char *path, GError **error);
/* Unpacks into the folder; takes `plain`. Owners go into `owners` (path → OakumContextOwner) and
 * not to the disk, so that no rights are needed. No name or link leads out of the folder. */
NODISCARD gboolean oakum_source_unpack(int root, OakumReader *plain, GHashTable *owners,
                                       GError **error);

/* ---- secrets of --secret that ADD takes
 * ------------------------------------------------------------ */
/* The value of the Authorization header that secrets give for a URL, as BuildKit names them:
 * HTTP_AUTH_HEADER_HOST, HTTP_AUTH_TOKEN_HOST for files; GIT_AUTH_HEADER[.HOST] and
 * GIT_AUTH_TOKEN[.HOST] for repositories. *out: new string, NULL when there is none. */
NODISCARD gboolean oakum_source_authorization(const OakumBuildOptions *options, const char *url,
                                              OakumSourceKind kind, char **out, GError **error);

/* ---- http
 * -------------------------------------------------------------------------------------- */
/* Fetches into the file `name` (mode 0600) of the folder, with the time that Last-Modified says, or
 * 0. Errors tell no password and no query. */
typedef struct {
  const char *url;            /* http or https */
  const char *checksum;       /* NULL: not checked */
  const char *authorization;  /* value of the header; NULL: from user and password of the URL */
  const char *const *headers; /* "Name: value", of a signed request; NULL */
  gboolean stay;              /* no redirect to another origin: the headers are secret */
} OakumFetch;
NODISCARD gboolean oakum_source_fetch(const OakumFetch *fetch, int folder, const char *name,
                                      GError **error);
/* Where a URL leads to when it is asked for with the header `authorization`: the end of its
 * redirects, none of which may leave its origin (DENIED). What is there does not matter. New
 * string. */
NODISCARD char *oakum_source_follow(const char *url, const char *authorization, GError **error);
/* The last part of the path of a URL, or NULL when it has none. New string. */
NODISCARD char *oakum_source_url_name(const char *url);

/* A context that is the archive of a request, or a repository. */
NODISCARD OakumContext *oakum_context_open_fetch(const OakumFetch *fetch, const char *temp,
                                                 GError **error);
struct OakumGitRef;
NODISCARD OakumContext *oakum_context_open_git(const struct OakumGitRef *ref, const char *temp,
                                               GError **error);
/* The folder of a context; borrowed. */
NODISCARD int oakum_context_folder(const OakumContext *context);

/* ---- git
 * --------------------------------------------------------------------------------------- */
typedef struct OakumGitRef {
  char *remote;        /* without fragment, query, user and password */
  char *authorization; /* value of the header, of user and password; NULL */
  char *ref;           /* branch, tag, full name or commit; NULL: what HEAD is */
  char *subdir;        /* NULL: all */
  char *checksum;      /* commit, or how it begins; NULL */
  gboolean keep_git_dir, submodules;
} OakumGitRef;
/* URL#ref:subdir and URL?ref=…&branch=…&tag=…&subdir=…&checksum=…&commit=…&keep-git-dir=…&
 * submodules=…; INVALID for what cannot be read. */
NODISCARD gboolean oakum_git_ref_parse(const char *text, OakumGitRef *out, GError **error);
void oakum_git_ref_clear(OakumGitRef *ref);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumGitRef, oakum_git_ref_clear)
/* Clones into the empty folder `path`, by the program git: no hooks, no configuration but ours,
 * only the protocols http, https, git and ssh. Modes are 0755 and 0644. *subdir (may be NULL): path
 * below it that was asked for, "" for all; new string. */
NODISCARD gboolean oakum_git_clone(const OakumGitRef *ref, const char *path, char **subdir,
                                   GError **error);
