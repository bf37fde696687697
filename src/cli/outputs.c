#include "cli/outputs.h"
#include "cli/rootfs.h"
#include "os/os.h"
#include <errno.h>
#include <string.h>

/* ---- reading
 * -------------------------------------------------------------------------------------- */
static void output_free(gpointer p)
{
  OakumOutput *output = p;
  g_free(output->text);
  g_free(output->path);
  g_ptr_array_unref(output->names);
  g_free(output);
}

void oakum_outputs_free(OakumOutputs *outputs)
{
  if (!outputs)
    return;
  g_ptr_array_unref(outputs->files);
  g_ptr_array_unref(outputs->names);
  g_ptr_array_unref(outputs->pushes);
  g_free(outputs->compression);
  g_free(outputs->compression_level);
  g_free(outputs->media_types);
  g_free(outputs);
}

static gboolean bad(GError **error, const char *text, const char *why)
{
  g_autofree char *shown = oakum_escape_terminal(text, -1);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "--output \"%s\": %s", shown, why);
  return FALSE;
}

static void add_names(GPtrArray *names, const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, ",", -1);
  for (char **part = parts; *part; part++)
    if (**part)
      g_ptr_array_add(names, g_strdup(*part));
}

static gboolean add_file(OakumOutputs *outputs, OakumOutputKind kind, const char *text,
                         const char *path, const char *names, GError **error)
{
  if (!path || !*path)
    return bad(error, text, "names no file");
  gboolean out = strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
  if (out && (kind == OAKUM_OUTPUT_OCI || kind == OAKUM_OUTPUT_ROOTFS))
    return bad(error, text, "a folder cannot be standard output");
  if (out && outputs->on_stdout)
    return bad(error, text, "standard output is taken");
  outputs->on_stdout |= out;
  OakumOutput *output = g_new0(OakumOutput, 1);
  output->kind = kind;
  output->text = g_strdup(text);
  output->path = g_strdup(out ? "/dev/stdout" : path);
  output->names = g_ptr_array_new_with_free_func(g_free);
  if (names)
    add_names(output->names, names);
  g_ptr_array_add(outputs->files, output);
  return TRUE;
}

static gboolean add_reference(GPtrArray *list, const char *text, const char *option, GError **error)
{
  g_autoptr(OakumReference) ref = oakum_reference_parse(text, error);
  if (!ref || ref->digest) {
    g_autofree char *shown = oakum_escape_terminal(text, -1);
    if (!ref)
      g_prefix_error(error, "%s %s: ", option, shown);
    else
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                  "%s %s: a name for what is built holds no digest", option, shown);
    return FALSE;
  }
  g_ptr_array_add(list, g_steal_pointer(&ref));
  return TRUE;
}

/* Fields between commas that stand outside of double quotes, which go. */
static char **split_fields(const char *text)
{
  GPtrArray *fields = g_ptr_array_new();
  GString *field = g_string_new(NULL);
  gboolean quoted = FALSE;
  for (const char *c = text;; c++) {
    if (*c == '"') {
      quoted = !quoted;
    } else if (*c == '\0' || (*c == ',' && !quoted)) {
      g_ptr_array_add(fields, g_string_free(field, FALSE));
      field = g_string_new(NULL);
      if (*c == '\0')
        break;
    } else {
      g_string_append_c(field, *c);
    }
  }
  g_string_free(field, TRUE);
  g_ptr_array_add(fields, NULL);
  return (char **)g_ptr_array_free(fields, FALSE);
}

static gboolean parse_flag(const char *value, gboolean *out)
{
  *out = !*value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
  return *out || strcmp(value, "false") == 0 || strcmp(value, "0") == 0;
}

typedef struct {
  char *type, *dest, *name, *push, *tar, *types;
} Fields;

static void fields_clear(Fields *fields)
{
  char *all[] = {fields->type, fields->dest, fields->name,
                 fields->push, fields->tar,  fields->types};
  for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
    g_free(all[i]);
}

static gboolean read_fields(OakumOutputs *outputs, const char *text, Fields *fields, GError **error)
{
  const struct {
    const char *key;
    char **slot;
  } keys[] = {{"type", &fields->type},
              {"dest", &fields->dest},
              {"name", &fields->name},
              {"push", &fields->push},
              {"tar", &fields->tar},
              {"oci-mediatypes", &fields->types},
              {"compression", &outputs->compression},
              {"compression-level", &outputs->compression_level}};
  g_auto(GStrv) list = split_fields(text);
  for (char **field = list; *field; field++) {
    char *equals = strchr(*field, '=');
    if (!equals)
      return bad(error, text, "takes KEY=VALUE between commas");
    *equals = '\0';
    char **slot = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
      if (strcmp(keys[i].key, *field) == 0)
        slot = keys[i].slot;
    if (!slot)
      return bad(error, text,
                 "knows type, dest, name, push, tar, oci-mediatypes, compression and "
                 "compression-level only");
    g_free(*slot);
    *slot = g_strdup(equals + 1);
  }
  return TRUE;
}

static gboolean add_pushes(OakumOutputs *outputs, const char *names, GError **error)
{
  g_auto(GStrv) parts = g_strsplit(names, ",", -1);
  for (char **part = parts; *part; part++)
    if (**part && !add_reference(outputs->pushes, *part, "--output", error))
      return FALSE;
  return TRUE;
}

/* type=…, as buildx has it. */
static gboolean parse_typed(OakumOutputs *outputs, const char *text, gboolean *push_names,
                            GError **error)
{
  __attribute__((cleanup(fields_clear))) Fields fields = {0};
  if (!read_fields(outputs, text, &fields, error))
    return FALSE;
  gboolean push = FALSE, tar = TRUE, oci;
  if ((fields.push && !parse_flag(fields.push, &push)) ||
      (fields.tar && !parse_flag(fields.tar, &tar)) ||
      (fields.types && !parse_flag(fields.types, &oci)))
    return bad(error, text, "push, tar and oci-mediatypes take true or false");
  if (fields.types) {
    g_free(outputs->media_types);
    outputs->media_types = g_strdup(oci ? "oci" : "docker");
  }
  const char *type = fields.type ? fields.type : "";
  if (strcmp(type, "oci") == 0)
    return add_file(outputs, tar ? OAKUM_OUTPUT_OCI_ARCHIVE : OAKUM_OUTPUT_OCI, text, fields.dest,
                    fields.name, error);
  if (strcmp(type, "docker") == 0 && !fields.dest)
    return bad(error, text, "there is no daemon to load it into; give dest=FILE");
  if (strcmp(type, "docker") == 0)
    return add_file(outputs, OAKUM_OUTPUT_DOCKER_ARCHIVE, text, fields.dest, fields.name, error);
  if (strcmp(type, "local") == 0)
    return add_file(outputs, OAKUM_OUTPUT_ROOTFS, text, fields.dest, NULL, error);
  if (strcmp(type, "tar") == 0)
    return add_file(outputs, OAKUM_OUTPUT_ROOTFS_TAR, text, fields.dest, NULL, error);
  if (strcmp(type, "registry") == 0 || (strcmp(type, "image") == 0 && push)) {
    *push_names |= !fields.name;
    return !fields.name || add_pushes(outputs, fields.name, error);
  }
  if (strcmp(type, "image") == 0)
    return !fields.name || bad(error, text, "nothing would come of it; add push=true");
  if (strcmp(type, "cacheonly") == 0)
    return TRUE;
  return bad(error, text, "type is oci, docker, local, tar, registry, image or cacheonly");
}

static gboolean ends_in_tar(const char *path)
{
  return g_str_has_suffix(path, ".tar") || strcmp(path, "-") == 0 ||
         strcmp(path, "/dev/stdout") == 0;
}

static gboolean parse_output(OakumOutputs *outputs, const char *text, gboolean *push_names,
                             GError **error)
{
  static const struct {
    const char *prefix;
    OakumOutputKind kind;
  } kinds[] = {{"docker-archive:", OAKUM_OUTPUT_DOCKER_ARCHIVE},
               {"oci-archive:", OAKUM_OUTPUT_OCI_ARCHIVE},
               {"oci:", OAKUM_OUTPUT_OCI}};
  if (g_str_has_prefix(text, "type=") || strstr(text, ",type="))
    return parse_typed(outputs, text, push_names, error);
  for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
    if (!g_str_has_prefix(text, kinds[i].prefix))
      continue;
    /* names of docker have colons of their own; tags have no slash, so that a colon in front of one
     * is part of the path */
    const char *path = text + strlen(kinds[i].prefix), *colon = strchr(path, ':');
    if (kinds[i].kind != OAKUM_OUTPUT_DOCKER_ARCHIVE && (colon = strrchr(path, ':')) != NULL &&
        strchr(colon, '/'))
      colon = NULL;
    g_autofree char *file = colon ? g_strndup(path, (gsize)(colon - path)) : g_strdup(path);
    return add_file(outputs, kinds[i].kind, text, file, colon ? colon + 1 : NULL, error);
  }
  if (g_str_has_prefix(text, "rootfs:")) {
    const char *path = text + strlen("rootfs:");
    return add_file(outputs, ends_in_tar(path) ? OAKUM_OUTPUT_ROOTFS_TAR : OAKUM_OUTPUT_ROOTFS,
                    text, path, NULL, error);
  }
  if (strcmp(text, "-") == 0)
    return add_file(outputs, OAKUM_OUTPUT_ROOTFS_TAR, text, text, NULL, error);
  if (*text == '/' || *text == '.')
    return add_file(outputs, OAKUM_OUTPUT_ROOTFS, text, text, NULL, error);
  /* a bare word is a folder to docker and an image of Docker Hub to others */
  const char *slash = strchr(text, '/');
  g_autofree char *host = g_strndup(text, slash ? (gsize)(slash - text) : 0);
  if (!strpbrk(host, ".:") && strcmp(host, "localhost") != 0)
    return bad(error, text, "say rootfs:DIR for a folder, or docker.io/… for an image there");
  return add_reference(outputs->pushes, text, "--output", error);
}

OakumOutputs *oakum_outputs_parse(const GPtrArray *outputs, const GPtrArray *tags, gboolean push,
                                  GError **error)
{
  g_autoptr(OakumOutputs) out = g_new0(OakumOutputs, 1);
  out->files = g_ptr_array_new_with_free_func(output_free);
  out->names = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_reference_free);
  out->pushes = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_reference_free);
  gboolean push_names = push || !outputs || outputs->len == 0;
  for (guint i = 0; tags && i < tags->len; i++)
    if (!add_reference(out->names, tags->pdata[i], "--tag", error))
      return NULL;
  for (guint i = 0; outputs && i < outputs->len; i++)
    if (!parse_output(out, outputs->pdata[i], &push_names, error))
      return NULL;
  if (push && out->names->len == 0 && out->pushes->len == 0) {
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "--push: give the image a name with --tag registry/name:tag");
    return NULL;
  }
  for (guint i = 0; push_names && i < out->names->len; i++)
    g_ptr_array_insert(out->pushes, (int)i, oakum_reference_copy(out->names->pdata[i]));
  return g_steal_pointer(&out);
}

gboolean oakum_outputs_check(const OakumOutputs *outputs, guint n_platforms, gboolean docker_types,
                             GError **error)
{
  for (guint i = 0; i < outputs->files->len; i++) {
    const OakumOutput *output = outputs->files->pdata[i];
    if (output->kind == OAKUM_OUTPUT_DOCKER_ARCHIVE && n_platforms > 1)
      return bad(error, output->text,
                 "an archive of docker holds one platform; write oci-archive:FILE");
    if (docker_types &&
        (output->kind == OAKUM_OUTPUT_OCI || output->kind == OAKUM_OUTPUT_OCI_ARCHIVE))
      oakum_warn("%s: skopeo and podman find no image with docker's media types in an OCI layout",
                 output->text);
    if (output->kind == OAKUM_OUTPUT_ROOTFS && !oakum_rootfs_check(output->path, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- writing
 * -------------------------------------------------------------------------------------- */
char *oakum_reference_familiar(const OakumReference *ref)
{
  gboolean hub = strcmp(ref->registry, "docker.io") == 0;
  const char *repository = hub && g_str_has_prefix(ref->repository, "library/")
                               ? ref->repository + strlen("library/")
                               : ref->repository;
  return g_strconcat(hub ? "" : ref->registry, hub ? "" : "/", repository, ref->tag ? ":" : NULL,
                     ref->tag, NULL);
}

static void layout_name_clear(gpointer p)
{
  g_free((char *)((OakumLayoutName *)p)->reference);
}

/* What a layout calls it: by the output's own tags, else by those of -t. Ends with {NULL}. */
static GArray *layout_names(const OakumOutputs *outputs, const OakumOutput *output)
{
  GArray *list = g_array_new(TRUE, TRUE, sizeof(OakumLayoutName));
  g_array_set_clear_func(list, layout_name_clear);
  for (guint i = 0; i < output->names->len; i++) {
    OakumLayoutName name = {output->names->pdata[i], NULL};
    g_array_append_val(list, name);
  }
  for (guint i = 0; output->names->len == 0 && i < outputs->names->len; i++) {
    const OakumReference *ref = outputs->names->pdata[i];
    OakumLayoutName name = {ref->tag, oakum_reference_format(ref)};
    g_array_append_val(list, name);
  }
  return list;
}

static GPtrArray *docker_names(const OakumOutputs *outputs, const OakumOutput *output)
{
  GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < output->names->len; i++)
    g_ptr_array_add(list, g_strdup(output->names->pdata[i]));
  for (guint i = 0; output->names->len == 0 && i < outputs->names->len; i++)
    g_ptr_array_add(list, oakum_reference_familiar(outputs->names->pdata[i]));
  g_ptr_array_add(list, NULL);
  return list;
}

static gboolean write_file(const OakumOutputs *outputs, const OakumOutput *output,
                           const OakumImageSet *set, const char *work, GError **error)
{
  g_autoptr(GArray) names = layout_names(outputs, output);
  switch (output->kind) {
  case OAKUM_OUTPUT_OCI:
    return oakum_layout_write(set, output->path, (const OakumLayoutName *)(gpointer)names->data,
                              FALSE, error);
  case OAKUM_OUTPUT_OCI_ARCHIVE:
    return oakum_layout_write_archive(set, output->path,
                                      (const OakumLayoutName *)(gpointer)names->data, error);
  case OAKUM_OUTPUT_DOCKER_ARCHIVE: {
    g_autoptr(GPtrArray) tags = docker_names(outputs, output);
    OakumImage image = *set->images[0];
    image.source = set->source;
    return oakum_docker_archive_write(&image, output->path, (const char *const *)tags->pdata,
                                      error);
  }
  case OAKUM_OUTPUT_ROOTFS:
    return oakum_rootfs_write_folder(set, output->path, error);
  case OAKUM_OUTPUT_ROOTFS_TAR:
    return oakum_rootfs_write_tar(set, output->path, work, error);
  }
  g_assert_not_reached();
}

/* The blobs of all images with a line of progress. */
static OakumBlobSource *shown_source(const OakumImageSet *set, const char *what)
{
  g_autofree const OakumManifest **manifests = g_new0(const OakumManifest *, set->n_images);
  for (guint i = 0; i < set->n_images; i++)
    manifests[i] = set->images[i]->manifest;
  return oakum_progress_source(set->source, FALSE, what, manifests, set->n_images);
}

/* One repository, under all of its tags. */
static gboolean push(const OakumImageSet *set, const OakumReference *ref, const GPtrArray *tags,
                     const char *mount_from, const OakumRegistryArgs *args, GError **error)
{
  g_autofree char *name = oakum_reference_familiar(ref);
  g_autofree char *what = g_strconcat("pushing ", name, NULL);
  g_autoptr(OakumRegistry) registry = oakum_registry_args_open(args, ref, TRUE, error);
  g_autoptr(OakumBlobSource) source = shown_source(set, what);
  g_autoptr(GPtrArray) manifests = g_ptr_array_new();
  for (guint i = 0; i < set->n_images; i++)
    g_ptr_array_add(manifests, set->images[i]->manifest);
  if (set->index)
    g_ptr_array_add(manifests, (gpointer)set->index);
  if (registry &&
      oakum_registry_push(registry, (const OakumManifest *const *)manifests->pdata, manifests->len,
                          source, (const char *const *)tags->pdata, mount_from, error))
    return TRUE;
  oakum_registry_args_blame(error, "push", ref, name, NULL);
  return FALSE;
}

static gboolean same_repository(const OakumReference *a, const OakumReference *b)
{
  return strcmp(a->registry, b->registry) == 0 && strcmp(a->repository, b->repository) == 0;
}

/* The repository of the same registry that has the blobs, or most of them: one that was pushed to
 * before, else the one that the base comes from. */
static const char *mount_source(const OakumOutputs *outputs, guint index,
                                const OakumReference *base)
{
  const OakumReference *ref = outputs->pushes->pdata[index];
  for (guint i = 0; i < index; i++) {
    const OakumReference *before = outputs->pushes->pdata[i];
    if (strcmp(before->registry, ref->registry) == 0 && !same_repository(before, ref))
      return before->repository;
  }
  return base && strcmp(base->registry, ref->registry) == 0 && !same_repository(base, ref)
             ? base->repository
             : NULL;
}

static gboolean push_all(const OakumOutputs *outputs, const OakumImageSet *set, const char *base,
                         const OakumRegistryArgs *args, GError **error)
{
  g_autoptr(OakumReference) from = base ? oakum_reference_parse(base, NULL) : NULL;
  for (guint i = 0; i < outputs->pushes->len; i++) {
    const OakumReference *ref = outputs->pushes->pdata[i];
    g_autoptr(GPtrArray) tags = g_ptr_array_new();
    gboolean done = FALSE;
    for (guint j = 0; j < i && !done; j++)
      done = same_repository(outputs->pushes->pdata[j], ref);
    for (guint j = i; j < outputs->pushes->len && !done; j++) {
      const OakumReference *other = outputs->pushes->pdata[j];
      if (same_repository(other, ref) &&
          !g_ptr_array_find_with_equal_func(tags, other->tag, g_str_equal, NULL))
        g_ptr_array_add(tags, other->tag);
    }
    g_ptr_array_add(tags, NULL);
    if (!done && !push(set, ref, tags, mount_source(outputs, i, from), args, error))
      return FALSE;
    for (guint j = 0; !done && tags->pdata[j]; j++)
      oakum_info("pushed to %s/%s:%s", ref->registry, ref->repository, (char *)tags->pdata[j]);
  }
  return TRUE;
}

gboolean oakum_outputs_write(const OakumOutputs *outputs, const OakumImageSet *set,
                             const char *base, const char *work, const OakumRegistryArgs *registry,
                             GError **error)
{
  for (guint i = 0; i < outputs->files->len; i++) {
    const OakumOutput *output = outputs->files->pdata[i];
    g_autofree char *what = g_strconcat("writing ", output->text, NULL);
    g_autoptr(OakumBlobSource) source = shown_source(set, what);
    OakumImageSet shown = *set;
    shown.source = source;
    if (!write_file(outputs, output, &shown, work, error)) {
      g_prefix_error(error, "%s: ", output->text);
      return FALSE;
    }
    oakum_info("written to %s", output->text);
  }
  return push_all(outputs, set, base, registry, error);
}
