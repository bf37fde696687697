#include "cli/build-common.h"
#include "os/os.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT(field) offsetof(OakumBuildArgs, field)
const OakumOption oakum_build_options[] = {
    {"file", 'f', OAKUM_OPTION_TEXT, AT(file), "FILE", "the Dockerfile",
     "Dockerfile in the context; - is standard input"},
    {"context", 0, OAKUM_OPTION_TEXT, AT(context), "DIR",
     "what COPY and ADD read: a folder, an archive, - for standard input, or a URL",
     "the one named last"},
    {"build-context", 0, OAKUM_OPTION_LIST, AT(build_contexts), "NAME=CONTEXT",
     "a further context for FROM, COPY --from and mounts; also docker-image://IMAGE, "
     "oci-layout://DIR:TAG, oci:DIR, oci-archive:FILE and docker-archive:FILE"},
    {"target", 0, OAKUM_OPTION_TEXT, AT(target), "STAGE", "stage to build, by name or number",
     "the last one"},
    {"build-arg", 0, OAKUM_OPTION_LIST, AT(build_args), "NAME=VALUE",
     "value of an ARG; NAME alone takes it from the environment"},
    {"tag", 't', OAKUM_OPTION_LIST, AT(tags), "IMAGE",
     "name of the image, registry/name:tag; it is pushed there with --push, or when nothing else "
     "is "
     "to come of it"},
    {"push", 0, OAKUM_OPTION_FLAG, AT(push), NULL, "push the image to every --tag"},
    {"output", 'o', OAKUM_OPTION_LIST, AT(outputs), "IMAGE",
     "write the image there: oci:DIR:TAG, oci-archive:FILE:TAG, docker-archive:FILE:NAME, "
     "rootfs:DIR, "
     "rootfs:FILE.tar, or type=...,dest=... as docker has it"},
    {"label", 0, OAKUM_OPTION_LIST, AT(labels), "NAME=VALUE",
     "label of the image, over the one of the Dockerfile"},
    {"annotation", 0, OAKUM_OPTION_LIST, AT(annotations), "[KIND:]NAME=VALUE",
     "annotation of the manifest, or of KIND: manifest, index, manifest-descriptor, "
     "index-descriptor, each also with [PLATFORM]"},
    {"platform", 0, OAKUM_OPTION_LIST, AT(platforms), "OS/ARCH",
     "platform to build for; several, also between commas, give one index", "that of this machine"},
    {"compression", 0, OAKUM_OPTION_TEXT, AT(compression), "gzip|zstd",
     "how layers are compressed that are made here", "gzip"},
    {"compression-level", 0, OAKUM_OPTION_TEXT, AT(compression_level), "N",
     "gzip takes 1 to 9, zstd 1 to 22", "1, and 3"},
    {"media-types", 0, OAKUM_OPTION_TEXT, AT(media_types), "oci|docker",
     "names of the parts of the image", "oci"},
    {"iidfile", 0, OAKUM_OPTION_TEXT, AT(iid_file), "FILE",
     "write the image ID there: the digest of the config, of several platforms that of the index"},
    {"digest-file", 0, OAKUM_OPTION_TEXT, AT(digest_file), "FILE",
     "write the digest of the manifest or index there"},
    {"image-name-with-digest-file", 0, OAKUM_OPTION_TEXT, AT(names_file), "FILE",
     "write a line registry/name@digest there for each place it was pushed to"},
    {"image-name-tag-with-digest-file", 0, OAKUM_OPTION_TEXT, AT(tagged_names_file), "FILE",
     "the same as registry/name:tag@digest"},
    {"metadata-file", 0, OAKUM_OPTION_TEXT, AT(metadata_file), "FILE",
     "write what came of the build there as JSON, also when it failed"},
    {"progress", 0, OAKUM_OPTION_TEXT, AT(progress), "auto|plain|json",
     "how the work is shown; json is one object a line on standard error", "auto"},
    {"isolation", 0, OAKUM_OPTION_TEXT, AT(isolation), "auto|userns|root|chroot|fake-root",
     "how RUN is kept apart; oakum doctor tells what works here", "auto"},
    {"network", 0, OAKUM_OPTION_TEXT, AT(network), "default|none|host",
     "network of RUN steps that do not say; default is that of the builder", "default"},
    {"add-host", 0, OAKUM_OPTION_LIST, AT(hosts), "NAME:ADDRESS",
     "a name that RUN steps know; host-gateway is this machine"},
    {"memory", 0, OAKUM_OPTION_TEXT, AT(memory), "BYTES", "what a RUN step may take: 512m, 2g",
     "no limit"},
    {"cpus", 0, OAKUM_OPTION_TEXT, AT(cpus), "N", "processors that a RUN step may use", "all"},
    {"timeout", 0, OAKUM_OPTION_TEXT, AT(timeout), "TIME", "how long a RUN step may take", "1h"},
    {"secret", 0, OAKUM_OPTION_LIST, AT(secrets), "id=NAME,src=FILE",
     "secret for RUN --mount=type=secret; env=VARIABLE in place of src"},
    {"ssh", 0, OAKUM_OPTION_LIST, AT(ssh), "default|NAME=SOCKET",
     "ssh agent for RUN --mount=type=ssh"},
    {"no-cache", 0, OAKUM_OPTION_FLAG, AT(no_cache), NULL,
     "carry out every step, also one that was carried out before"},
    {"cache-from", 0, OAKUM_OPTION_LIST, AT(cache_from), "CACHE",
     "a repository, oci:DIR, or type=registry,ref=REPO or type=local,src=DIR, asked for what the "
     "store does not know"},
    {"cache-to", 0, OAKUM_OPTION_LIST, AT(cache_to), "CACHE",
     "tell this cache what came of the steps; type=registry,ref=REPO,mode=min tells only those of "
     "the result"},
    {"cache-ttl", 0, OAKUM_OPTION_TEXT, AT(cache_ttl), "TIME",
     "use what a step made for so long: 30m, 336h", "for ever"},
    {"keep-trees", 0, OAKUM_OPTION_TEXT, AT(keep_trees), "SIZE",
     "keep unpacked base images in the store, up to this size together: 500MB, 20GiB; 0: none",
     "5GiB"},
    {"timestamps", 0, OAKUM_OPTION_TEXT, AT(timestamps), "clamp|keep",
     "times of files: those after SOURCE_DATE_EPOCH set to it, or as they are", "clamp"},
    {"threads", 0, OAKUM_OPTION_TEXT, AT(threads), "N",
     "stages at the same time and threads that compress, 1 to 64", "one a processor"},
    {"store", 0, OAKUM_OPTION_TEXT, AT(store), "DIR", "store of blobs",
     "$XDG_CACHE_HOME/oakum/store"},
    {"print-plan", 0, OAKUM_OPTION_FLAG, AT(print_plan), NULL, "print the plan and do nothing"},
    {"verbose", 'v', OAKUM_OPTION_FLAG, AT(verbose), NULL, "tell more on the way"},
    {0}};

static void platform_free(gpointer p)
{
  oakum_platform_clear(p);
  g_free(p);
}

void oakum_built_clear(OakumBuilt *built)
{
  g_clear_pointer(&built->results, g_ptr_array_unref);
  oakum_cli_caches_clear(&built->caches);
  g_clear_pointer(&built->platforms, g_ptr_array_unref);
  oakum_manifest_free(built->index);
  oakum_outputs_free(built->outputs);
  oakum_build_shape_clear(&built->shape);
  oakum_build_progress_clear(&built->progress);
  oakum_ignore_free(built->ignore);
  oakum_context_free(built->context);
  if (built->contexts)
    g_ptr_array_unref(built->contexts);
  oakum_dockerfile_free(built->dockerfile);
  oakum_store_free(built->store);
}

static gboolean usage(GError **error, const char *format, const char *value)
{
  g_autofree char *shown = oakum_escape_terminal(value, -1);
  g_autofree char *text = g_strdup_printf("%s \"%s\"", format, shown);
  g_set_error_literal(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, text);
  return FALSE;
}

static gboolean open_store(const OakumBuildArgs *args, OakumBuilt *built, GError **error)
{
  return built->store || (built->store = oakum_store_open(args->store, error)) != NULL;
}

/* Where contexts that are no folders are unpacked: beside the work of the build. */
static char *temp_folder(const OakumBuildArgs *args, OakumBuilt *built, GError **error)
{
  if (!open_store(args, built, error))
    return NULL;
  g_autofree char *real = realpath(oakum_store_path(built->store), NULL);
  char *path = g_build_filename(real ? real : oakum_store_path(built->store), "work", NULL);
  (void)mkdir(path, 0700);
  return path;
}

static gboolean open_contexts(const OakumBuildArgs *args, const char *folder, OakumBuilt *built,
                              GError **error)
{
  guint count = args->build_contexts ? args->build_contexts->len : 0;
  const char *text = args->context ? args->context : folder;
  g_autofree char *temp = NULL;
  struct stat st;
  if ((count > 0 || stat(text, &st) < 0 || !S_ISDIR(st.st_mode)) &&
      !(temp = temp_folder(args, built, error)))
    return FALSE;
  if (count > OAKUM_BUILD_CONTEXTS_MAX) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_LIMIT, "more than %u --build-context",
                OAKUM_BUILD_CONTEXTS_MAX);
    return FALSE;
  }
  if (!(built->context = oakum_context_open(text, temp, error)))
    return FALSE;
  built->contexts = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_named_context_free);
  for (guint i = 0; i < count; i++) {
    OakumNamedContext *named =
        oakum_named_context_open(args->build_contexts->pdata[i], temp, error);
    if (!named)
      return FALSE;
    g_ptr_array_add(built->contexts, named);
  }
  return TRUE;
}

/* A plain folder is of this machine: -f is a path from where we stand. In a context that was
 * brought here, it is one inside it. */
static gboolean read_dockerfile(const OakumBuildArgs *args, OakumBuilt *built, char **text,
                                size_t *len, char **path, gboolean *inside, GError **error)
{
  size_t lone_len;
  const char *lone = oakum_context_lone(built->context, &lone_len);
  *inside = !oakum_context_is_local(built->context);
  if (args->file && strcmp(args->file, "-") == 0) {
    g_autoptr(OakumReader) in = oakum_reader_new_fd(0, FALSE);
    *path = NULL;
    return oakum_reader_slurp(in, OAKUM_DOCKERFILE_MAX, "standard input", text, len, error);
  }
  if (lone) {
    *path = NULL;
    *text = g_memdup2(lone, lone_len + 1);
    *len = lone_len;
    return TRUE;
  }
  *path = args->file ? g_strdup(args->file)
          : *inside  ? g_strdup("Dockerfile")
                     : g_build_filename(oakum_context_path(built->context), "Dockerfile", NULL);
  return *inside ? oakum_context_read(built->context, *path, OAKUM_DOCKERFILE_MAX, text, len, error)
                 : oakum_file_read(*path, OAKUM_DOCKERFILE_MAX, text, len, error);
}

/* A front end that somebody else wrote may know another language: it is not loaded. */
static void tell_syntax(const OakumDockerfile *dockerfile)
{
  for (guint i = 0; i < dockerfile->directives->len; i++) {
    const OakumDirective *directive = dockerfile->directives->pdata[i];
    if (strcmp(directive->name, "syntax") != 0)
      continue;
    g_autofree char *name = g_strndup(directive->value, strcspn(directive->value, "@ "));
    char *slash = strrchr(name, '/'), *colon = strrchr(name, ':');
    if (colon && (!slash || colon > slash))
      *colon = '\0';
    if (!g_str_has_suffix(name, "docker/dockerfile") &&
        !g_str_has_suffix(name, "docker/dockerfile-upstream"))
      oakum_warn("%s:%d: the front end %s is not loaded; the file is read as docker/dockerfile 1",
                 dockerfile->file, directive->range.line, directive->value);
  }
}

gboolean oakum_cli_parse_dockerfile(const OakumBuildArgs *args, const char *folder,
                                    OakumBuilt *built, GError **error)
{
  g_autofree char *path = NULL, *text = NULL;
  size_t len;
  gboolean inside;
  if (args->file && strcmp(args->file, "-") == 0 &&
      strcmp(args->context ? args->context : folder, "-") == 0)
    return usage(error, "standard input cannot be both the Dockerfile and", "the context");
  if (!open_contexts(args, folder, built, error) ||
      !read_dockerfile(args, built, &text, &len, &path, &inside, error))
    return FALSE;
  built->dockerfile = oakum_dockerfile_parse(text, len, path ? path : "Dockerfile", error);
  if (built->dockerfile)
    tell_syntax(built->dockerfile);
  return built->dockerfile && oakum_dockerfile_check(built->dockerfile, error) &&
         oakum_context_ignore(built->context, path, inside, &built->ignore, error);
}

GHashTable *oakum_cli_build_args(GPtrArray *texts)
{
  GHashTable *table = oakum_str_map_new(g_free, g_free);
  for (guint i = 0; texts && i < texts->len; i++) {
    const char *text = texts->pdata[i], *equals = strchr(text, '=');
    const char *value =
        equals ? equals + 1 : g_getenv(text); /* NAME alone takes it from the environment */
    if (value)
      g_hash_table_replace(table, equals ? g_strndup(text, (gsize)(equals - text)) : g_strdup(text),
                           g_strdup(value));
  }
  return table;
}

/* Arguments that are switches of BuildKit's own, and not ours. */
static void tell_switches(GHashTable *table)
{
  static const char *const ours[] = {"BUILDKIT_CACHE_MOUNT_NS", "BUILDKIT_DOCKERFILE_CHECK", NULL};
  g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp);
  for (GList *l = names; l; l = l->next) {
    OakumOrigin origin;
    if (oakum_dockerfile_predefined(l->data, &origin) && origin == OAKUM_ORIGIN_BUILTIN &&
        g_str_has_prefix(l->data, "BUILDKIT_") && !g_strv_contains(ours, l->data))
      oakum_warn("--build-arg %s changes nothing here but an ARG of its name", (char *)l->data);
  }
}

static void add_declared(const OakumInstruction *in, GPtrArray *names)
{
  for (guint i = 0; in->kind == OAKUM_INSTRUCTION_ARG && i < in->words->len; i++) {
    const OakumWord *word = in->words->pdata[i];
    if (word->name)
      g_ptr_array_add(names, word->name);
  }
}

/* What was meant to change the image and does not: most often a slip of the keyboard. */
static void tell_unused(GHashTable *table, const OakumDockerfile *dockerfile)
{
  g_autoptr(GPtrArray) declared = g_ptr_array_new();
  for (guint i = 0; i < dockerfile->instructions->len; i++)
    add_declared(dockerfile->instructions->pdata[i], declared);
  g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp);
  for (GList *l = names; l; l = l->next) {
    OakumOrigin origin;
    if (oakum_dockerfile_predefined(l->data, &origin) || g_str_has_prefix(l->data, "BUILDKIT_") ||
        strcmp(l->data, "SOURCE_DATE_EPOCH") == 0 ||
        g_ptr_array_find_with_equal_func(declared, l->data, g_str_equal, NULL))
      continue;
    const char *nearest = oakum_cli_nearest(l->data, declared);
    g_autofree char *shown = oakum_escape_terminal(l->data, -1);
    oakum_warn("--build-arg %s: the Dockerfile has no such ARG%s%s%s", shown,
               nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
  }
}

typedef struct {
  OakumStore *store;
  const OakumRegistryArgs *registry;
  GMutex lock;
  GHashTable *manifests; /* "PLATFORM REFERENCE" → GBytes: what registries said; under the lock */
  GHashTable *told;      /* set of those that a warning told of; under the lock */
} Bases;

/* What a registry said of an image before; else `now` (NULL: nothing) is noted, and stays.
 * Borrowed.
 */
static GBytes *noted_manifest(Bases *bases, const char *key, GBytes *now)
{
  OAKUM_AUTO_LOCK(&bases->lock);
  GBytes *known = g_hash_table_lookup(bases->manifests, key);
  if (!known && now)
    g_hash_table_insert(bases->manifests, g_strdup(key), g_bytes_ref(now));
  return known ? known : now;
}

/* A tag means one image for the whole build, however often it is asked for and whatever the
 * registry says meanwhile. */
static OakumImage *find_pulled(Bases *bases, const OakumImageArg *arg,
                               const OakumPlatform *platform, GError **error)
{
  g_autofree char *name = oakum_platform_format(platform),
                  *key = g_strconcat(name, " ", arg->text, NULL);
  GBytes *known = noted_manifest(bases, key, NULL);
  if (!known) {
    g_autoptr(OakumImage) image =
        oakum_image_arg_open(arg, platform, bases->store, bases->registry, error);
    if (!image)
      return NULL;
    known = noted_manifest(bases, key, image->manifest->raw);
    if (known == image->manifest->raw) /* else another thread was first */
      return g_steal_pointer(&image);
  }
  return oakum_image_arg_open_again(arg, known, bases->store, bases->registry, error);
}

static OakumImage *find_base(const char *reference, const OakumPlatform *platform, gpointer user,
                             GError **error)
{
  Bases *bases = user;
  g_autoptr(OakumImageArg) arg = oakum_image_arg_parse(reference, error);
  OakumImage *image =
      !arg ? NULL
      : arg->kind == OAKUM_ARG_REGISTRY
          ? find_pulled(bases, arg, platform, error)
          : oakum_image_arg_open(arg, platform, bases->store, bases->registry, error);
  if (!image)
    return NULL;
  const OakumConfig *config = image->config;
  const OakumPlatform offered = {config->os, config->architecture, config->variant};
  if (oakum_platform_match(platform, &offered) == 0) {
    g_autofree char *has = oakum_platform_format(&offered), *want = oakum_platform_format(platform);
    char *key = g_strconcat(want, " ", reference, NULL);
    g_mutex_lock(&bases->lock);
    gboolean first = g_hash_table_add(bases->told, key);
    g_mutex_unlock(&bases->lock);
    if (first)
      oakum_warn("InvalidBaseImagePlatform: the image %s is for %s, and %s was asked for",
                 reference, has, want);
  }
  return image;
}

static gboolean parse_rung(const char *text, gboolean *pinned, OakumRung *rung, GError **error)
{
  *pinned = text && strcmp(text, "auto") != 0;
  return !*pinned || oakum_rung_parse(text, rung) ||
         usage(error, "--isolation takes auto, userns, root, chroot or fake-root, not", text);
}

/* A plain user has the rung userns or, where no user namespace can be made, fake-root. Root that
 * may make namespaces goes without it: they do the same. Root that may not (a pod) still takes it
 * before the chroot, where it is let. */
static gboolean find_rung(OakumRung *rung)
{
  static const OakumRung as_root[] = {OAKUM_RUNG_ROOT, OAKUM_RUNG_USERNS, OAKUM_RUNG_CHROOT,
                                      OAKUM_RUNG_FAKE_ROOT},
                         plain[] = {OAKUM_RUNG_USERNS, OAKUM_RUNG_FAKE_ROOT};
  gboolean root = geteuid() == 0;
  const OakumRung *order = root ? as_root : plain;
  *rung = OAKUM_RUNG_USERNS;
  if (oakum_sandbox_in_userns())
    return TRUE;
  for (size_t i = 0; i < (root ? G_N_ELEMENTS(as_root) : G_N_ELEMENTS(plain)); i++)
    if (oakum_sandbox_probe(order[i], NULL)) {
      *rung = order[i];
      return TRUE;
    }
  return FALSE;
}

gboolean oakum_cli_auto_rung(OakumRung *rung)
{
  static gsize once;
  static gboolean any;
  static OakumRung found; /* probes start processes, and the answer does not change */
  if (g_once_init_enter(&once)) {
    any = find_rung(&found);
    g_once_init_leave(&once, 1);
  }
  *rung = found;
  return any;
}

/* A plain user for whom nothing works tries as well: it is then told what is missing. */
static gboolean wants_userns(gboolean pinned, OakumRung rung)
{
  if (!pinned && !oakum_cli_auto_rung(&rung))
    rung = geteuid() != 0 ? OAKUM_RUNG_USERNS : OAKUM_RUNG_ROOT;
  return rung == OAKUM_RUNG_USERNS;
}

gboolean oakum_cli_enter_userns(const char *isolation, int argc, char **argv, int *exit_status,
                                GError **error)
{
  gboolean pinned;
  OakumRung rung = OAKUM_RUNG_USERNS;
  int status = 0;
  *exit_status = OAKUM_EXIT_ERROR;
  if (!parse_rung(isolation, &pinned, &rung, error))
    return TRUE;
  if (!wants_userns(pinned, rung) || oakum_sandbox_in_userns()) {
    /* where it cannot be, roots are unpacked for each build */
    oakum_debug("mounts of our own: %s", oakum_sandbox_take_mounts() ? "yes" : "no");
    return FALSE;
  }
  if (!oakum_sandbox_enter_userns(argc, argv, &status, error))
    g_prefix_error(error, "the userns rung cannot be set up (oakum doctor tells more): ");
  else if (WIFEXITED(status))
    *exit_status = WEXITSTATUS(status);
  else
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_FAILED, "killed by signal %d",
                WTERMSIG(status));
  return TRUE;
}

static gboolean choose_rung(const char *text, OakumRung *rung, GError **error)
{
  gboolean pinned;
  if (!parse_rung(text, &pinned, rung, error))
    return FALSE;
  if (pinned || oakum_cli_auto_rung(rung))
    return TRUE;
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_UNSUPPORTED,
              "no way to isolate a RUN works here; oakum doctor tells what is missing");
  return FALSE;
}

static gboolean parse_platforms(const OakumBuildArgs *args, GPtrArray **out, GError **error)
{
  *out = g_ptr_array_new_with_free_func(platform_free);
  for (guint i = 0; args->platforms && i < args->platforms->len; i++) {
    g_auto(GStrv) texts = g_strsplit(args->platforms->pdata[i], ",", -1);
    for (char **text = texts; *text; text++) {
      OakumPlatform *platform = g_new0(OakumPlatform, 1);
      gboolean again = FALSE;
      g_ptr_array_add(*out, platform);
      if (!oakum_platform_parse(g_strstrip(*text), platform, error))
        return FALSE;
      for (guint j = 0; j + 1 < (*out)->len; j++)
        again |= oakum_platform_match(platform, (*out)->pdata[j]) == 100;
      if (again)
        g_ptr_array_set_size(*out, (int)(*out)->len - 1);
    }
  }
  if ((*out)->len == 0) {
    OakumPlatform *platform = g_new0(OakumPlatform, 1);
    oakum_platform_host(platform);
    g_ptr_array_add(*out, platform);
  }
  if ((*out)->len <= OAKUM_BUILD_PLATFORMS_MAX)
    return TRUE;
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_LIMIT, "more than %u platforms",
              OAKUM_BUILD_PLATFORMS_MAX);
  return FALSE;
}

/* What the options say, as far as it needs no context. */
static gboolean read_options(const OakumBuildArgs *args, OakumBuildOptions *options,
                             OakumBuilt *built, GError **error)
{
  uint64_t threads;
  if (args->verbose)
    oakum_log_set_level(OAKUM_LOG_DEBUG);
  if (args->threads) {
    if (!oakum_parse_u64(args->threads, strlen(args->threads), OAKUM_THREADS_MAX, &threads) ||
        threads == 0)
      return usage(error, "--threads takes 1 to 64, not", args->threads);
    options->threads = (guint)threads;
  }
  if (args->timestamps && strcmp(args->timestamps, "keep") != 0 &&
      strcmp(args->timestamps, "clamp") != 0)
    return usage(error, "--timestamps takes clamp or keep, not", args->timestamps);
  if (args->network && strcmp(args->network, "default") != 0 &&
      !oakum_network_parse(args->network, &options->network))
    return usage(error, "--network takes default, none or host, not", args->network);
  int64_t ttl = 0;
  if (args->cache_ttl && (!oakum_dockerfile_duration(args->cache_ttl, &ttl) || ttl < 0))
    return usage(error, "--cache-ttl takes a time such as 30m or 336h, not", args->cache_ttl);
  options->cache_ttl_s = (uint64_t)(ttl + 999999999) / 1000000000;
  options->keep_trees = OAKUM_KEPT_TREES_BYTES;
  if (args->keep_trees && !oakum_cli_parse_size(args->keep_trees, &options->keep_trees))
    return usage(error, "--keep-trees takes a size such as 500MB or 20GiB, not", args->keep_trees);
  options->no_cache = args->no_cache;
  options->keep_times = args->timestamps && strcmp(args->timestamps, "keep") == 0;
  if (!oakum_build_progress_begin(&built->progress, args->progress, error) ||
      !parse_platforms(args, &built->platforms, error) ||
      !(built->outputs = oakum_outputs_parse(args->outputs, args->tags, args->push, error)) ||
      !oakum_build_shape_parse(args, built->outputs, built->platforms->len, &built->shape, error) ||
      !oakum_outputs_check(built->outputs, built->platforms->len, built->shape.docker_types, error))
    return FALSE;
  options->platform_given = args->platforms && args->platforms->len > 0;
  options->labels = built->shape.labels;
  options->docker_types = built->shape.docker_types;
  options->zstd = built->shape.zstd;
  options->compression_level = built->shape.level;
  options->hosts = built->shape.hosts;
  options->left_out = args->left_out;
  options->step_timeout_s = built->shape.timeout_s;
  options->limits = built->shape.limits;
  options->notify = oakum_build_progress_notify;
  options->notify_user = &built->progress;
  options->tell_output = built->progress.json;
  options->watch = built->watch;
  return TRUE;
}

static gboolean build_platform(const OakumBuildArgs *args, OakumBuilt *built,
                               const OakumPlatform *platform, OakumBuildOptions *options,
                               GError **error)
{
  g_autoptr(OakumPlan) plan = oakum_plan_make(built->dockerfile, options->build_args,
                                              built->contexts, args->target, platform, error);
  if (!plan)
    return FALSE;
  if (args->print_plan) {
    g_autofree char *text = oakum_plan_format(plan, built->dockerfile);
    fputs(text, stdout);
    return TRUE;
  }
  g_autofree char *name = oakum_platform_format(platform);
  if (built->platforms->len > 1) {
    oakum_info("platform %s", name);
    g_free(built->progress.platform);
    built->progress.platform = g_strdup(name);
  }
  g_autoptr(GHashTable) annotations =
      oakum_build_annotations(&built->shape, OAKUM_ANNOTATE_MANIFEST, platform);
  options->annotations = annotations;
  options->platform = *platform;
  /* an ARG before the first FROM gives the epoch, too, when nobody gave another */
  const char *epoch = options->source_date_epoch;
  if (!epoch || !*epoch)
    options->source_date_epoch = g_hash_table_lookup(plan->args, "SOURCE_DATE_EPOCH");
  OakumBuildResult *result =
      oakum_build_checks_pass(plan, built->dockerfile, options, error)
          ? oakum_build_run(plan, built->dockerfile, built->store, options, error)
          : NULL;
  options->annotations = NULL;
  options->source_date_epoch = epoch;
  if (result)
    g_ptr_array_add(built->results, result);
  else if (built->platforms->len > 1)
    g_prefix_error(error, "platform %s: ", name);
  return result != NULL;
}

/* One entry a platform, in the order in which they were asked for. */
static OakumManifest *make_index(const OakumBuilt *built)
{
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_descriptor_free);
  for (guint i = 0; i < built->results->len; i++) {
    const OakumBuildResult *result = built->results->pdata[i];
    const OakumPlatform *platform = built->platforms->pdata[i];
    OakumDescriptor *desc = oakum_manifest_descriptor(result->image->manifest);
    desc->platform = oakum_platform_copy(platform);
    desc->annotations =
        oakum_build_annotations(&built->shape, OAKUM_ANNOTATE_MANIFEST_DESCRIPTOR, platform);
    g_ptr_array_add(list, desc);
  }
  g_autoptr(GHashTable) annotations =
      oakum_build_annotations(&built->shape, OAKUM_ANNOTATE_INDEX, NULL);
  return oakum_index_make(built->shape.docker_types ? OAKUM_MT_DOCKER_LIST : OAKUM_MT_OCI_INDEX,
                          list, annotations);
}

gboolean oakum_cli_build(const OakumBuildArgs *args, const char *folder, OakumBuilt *built,
                         GError **error)
{
  OakumBuildOptions options = {.find_base = find_base,
                               .out = 2,
                               .err = 2,
                               .threads = oakum_cpu_count(),
                               .source_date_epoch = g_getenv("SOURCE_DATE_EPOCH")};
  if (!read_options(args, &options, built, error) ||
      (!built->dockerfile && !oakum_cli_parse_dockerfile(args, folder, built, error)))
    return FALSE;
  for (guint i = 0; args->build_args && i < args->build_args->len; i++)
    if (*(const char *)args->build_args->pdata[i] == '=')
      return oakum_cli_takes(error, "--build-arg", "NAME=VALUE", args->build_args->pdata[i]);
  g_autoptr(GHashTable) table = oakum_cli_build_args(args->build_args);
  options.build_args = table;
  tell_switches(table);
  tell_unused(table, built->dockerfile);
  /* as buildx: the variable is an argument, and the argument goes before the variable */
  const char *epoch = g_hash_table_lookup(table, "SOURCE_DATE_EPOCH");
  if (epoch)
    options.source_date_epoch = epoch;
  else if (options.source_date_epoch)
    g_hash_table_insert(table, g_strdup("SOURCE_DATE_EPOCH"), g_strdup(options.source_date_epoch));
  g_autoptr(GPtrArray) secrets = NULL, ssh = NULL;
  if (!args->print_plan &&
      (!choose_rung(args->isolation, &options.rung, error) || !open_store(args, built, error)))
    return FALSE;
  if (!args->print_plan && (!oakum_cli_parse_secrets(args->secrets, FALSE, &secrets, error) ||
                            !oakum_cli_parse_secrets(args->ssh, TRUE, &ssh, error)))
    return FALSE;
  options.secrets = secrets;
  options.ssh = ssh;
  options.context = oakum_context_path(built->context);
  options.ignore = built->ignore;
  options.owners = oakum_context_owners(built->context);
  options.contexts = built->contexts;
  g_autoptr(GHashTable) manifests = oakum_str_map_new(g_free, (GDestroyNotify)g_bytes_unref),
                        told = oakum_str_map_new(g_free, NULL);
  Bases bases = {
      .store = built->store, .registry = &args->registry, .manifests = manifests, .told = told};
  g_mutex_init(&bases.lock);
  options.user = &bases;
  if (!args->print_plan && !oakum_cli_caches_open(args, &built->caches, error))
    return FALSE;
  built->caches.ttl_s = options.cache_ttl_s;
  options.cache_from = built->caches.from;
  options.cache_log = built->caches.log;
  options.want_layers = args->whole || built->outputs->files->len > 0;
  g_autofree char *note = args->print_plan ? NULL : oakum_sandbox_limits_note(&options.limits);
  if (note)
    oakum_warn("%s", note);
  if (!args->print_plan)
    oakum_debug("isolation: %s", oakum_rung_name(options.rung));
  built->results = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_build_result_free);
  for (guint i = 0; i < built->platforms->len; i++)
    if (!build_platform(args, built, built->platforms->pdata[i], &options, error))
      return FALSE;
  if (built->results->len > 1)
    built->index = make_index(built);
  return TRUE;
}

/* ---- what came of it
 * ----------------------------------------------------------------------------- */
OakumImageSet oakum_built_set(const OakumBuilt *built, const OakumImage ***images,
                              OakumBlobSource **source)
{
  guint n = built->results->len;
  *images = g_new0(const OakumImage *, n);
  for (guint i = 0; i < n; i++)
    (*images)[i] = ((const OakumBuildResult *)built->results->pdata[i])->image;
  *source = oakum_image_set_source(*images, n);
  return (OakumImageSet){*images, n, built->index, NULL, *source};
}

char *oakum_built_digest(const OakumBuilt *built)
{
  const OakumBuildResult *first = built->results->pdata[0];
  g_autoptr(OakumDescriptor) desc =
      oakum_manifest_descriptor(built->index ? built->index : first->image->manifest);
  return g_strdup(desc->digest);
}

static OakumResultFiles result_files(const OakumBuildArgs *args)
{
  return (OakumResultFiles){args->iid_file, args->digest_file, args->names_file,
                            args->tagged_names_file, args->metadata_file};
}

gboolean oakum_cli_deliver(const OakumBuildArgs *args, const OakumBuilt *built, GError **error)
{
  const OakumImage **images = NULL;
  g_autoptr(OakumBlobSource) source = NULL;
  OakumImageSet set = oakum_built_set(built, &images, &source);
  G_GNUC_UNUSED g_autofree const OakumImage **owned = images;
  g_autoptr(GHashTable) annotations =
      built->index ? oakum_build_annotations(&built->shape, OAKUM_ANNOTATE_INDEX_DESCRIPTOR, NULL)
                   : oakum_build_annotations(&built->shape, OAKUM_ANNOTATE_MANIFEST_DESCRIPTOR,
                                             built->platforms->pdata[0]);
  set.annotations = annotations;
  g_autofree char *work = g_build_filename(oakum_store_path(built->store), "work", NULL);
  const OakumBuildResult *first = built->results->pdata[0];
  const OakumResultFiles files = result_files(args);
  const OakumResultFacts facts = {.set = &set,
                                  .platforms =
                                      (const OakumPlatform *const *)built->platforms->pdata,
                                  .names = built->outputs->names,
                                  .pushes = built->outputs->pushes,
                                  .exit_code = -1};
  return oakum_outputs_write(built->outputs, &set, first->base_name, work, &args->registry,
                             error) &&
         oakum_result_files_write(&files, &facts, error);
}

void oakum_cli_tell_failure(const OakumBuildArgs *args, const OakumBuilt *built,
                            const GError *error)
{
  const OakumBuildFailure *failure = oakum_build_progress_failure(&built->progress, error);
  const OakumResultFiles files = result_files(args);
  const OakumResultFacts facts = {.error = error->message,
                                  .instruction = failure ? failure->instruction : NULL,
                                  .text = failure ? failure->text : NULL,
                                  .line = failure ? failure->line : 0,
                                  .exit_code = failure ? failure->exit_code : -1};
  g_autoptr(GError) local = NULL;
  if (!oakum_result_files_write(&files, &facts, &local))
    oakum_warn("%s", local->message);
}
