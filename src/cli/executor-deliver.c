/* What comes of a build of the executor: pushes, archives, files that name the digest. */
#include "cli/executor.h"
#include "net/net.h"
#include "os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* kaniko's name of an image that has none. */
#define UNSET_NAME "docker.io/unset-repo/unset-image-name:latest"

static guint destinations(const OakumExecutorArgs *args)
{
  return args->destinations ? args->destinations->len : 0;
}

static OakumReference *parse(const char *text, GError **error)
{
  OakumReference *ref = oakum_reference_parse(text, error);
  if (!ref || !ref->digest)
    return ref;
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
              "--destination %s: an image is pushed to a tag, not to a digest", text);
  oakum_reference_free(ref);
  return NULL;
}

gboolean oakum_executor_check_push(const OakumExecutorArgs *args, const OakumRegistryArgs *registry,
                                   GError **error)
{
  g_autoptr(GHashTable) asked = oakum_str_map_new(g_free, NULL);
  for (guint i = 0; i < destinations(args); i++) {
    g_autoptr(OakumReference) ref = parse(args->destinations->pdata[i], error);
    if (!ref)
      return FALSE;
    if (!g_hash_table_add(asked, oakum_result_repository(ref)))
      continue;
    g_autoptr(OakumRegistry) open = oakum_registry_args_open(registry, ref, TRUE, error);
    if (!open || !oakum_registry_check_push(open, error)) {
      g_prefix_error(error, "%s (make sure that you entered the correct tag, and are logged in): ",
                     (char *)args->destinations->pdata[i]);
      return FALSE;
    }
  }
  return TRUE;
}

typedef struct {
  const OakumImageSet *set;
  const char *base, *work;
  const OakumRegistryArgs *registry;
} Delivery;

static gboolean push_one(const OakumExecutorArgs *args, const char *destination, const Delivery *to,
                         GError **error)
{
  const int retries = oakum_executor_number(args->push_retry, 0);
  g_autoptr(OakumReference) ref = parse(destination, error);
  g_autoptr(GPtrArray) tags = g_ptr_array_new();
  g_ptr_array_add(tags, (gpointer)destination);
  g_autoptr(OakumOutputs) outputs = ref ? oakum_outputs_parse(NULL, tags, TRUE, error) : NULL;
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(oakum_image_set_top(to->set));
  if (!outputs)
    return FALSE;
  oakum_info("Pushing image to %s", destination);
  for (int attempt = 0;; attempt++) {
    g_autoptr(GError) local = NULL;
    if (oakum_outputs_write(outputs, to->set, to->base, to->work, to->registry, &local)) {
      g_autofree char *name = oakum_result_repository(ref);
      oakum_info("Pushed %s@%s", name, desc->digest);
      return TRUE;
    }
    gboolean exists = g_error_matches(local, OAKUM_REGISTRY_ERROR, OAKUM_ERROR_EXISTS);
    if (exists && oakum_executor_flag(args->ignore_immutable, FALSE)) {
      oakum_info("%s; the tag stays as it is", local->message);
      return TRUE;
    }
    if (attempt >= retries || exists) {
      g_propagate_error(error, g_steal_pointer(&local));
      return FALSE;
    }
    oakum_warn("%s; trying again", local->message);
    oakum_http_pause(attempt, NULL);
  }
}

gboolean oakum_executor_push(const OakumExecutorArgs *args, const OakumImageSet *set,
                             const char *base, const char *work, const OakumRegistryArgs *registry,
                             GError **error)
{
  const Delivery to = {set, base, work, registry};
  for (guint i = 0; i < destinations(args); i++)
    if (!push_one(args, args->destinations->pdata[i], &to, error))
      return FALSE;
  return TRUE;
}

/* ---- files
 * ------------------------------------------------------------------------------------- */
static gboolean put(const char *url, const char *text, GError **error)
{
  static const char *const headers[] = {"Content-Type: text/plain", NULL};
  g_autoptr(OakumHttp) http = oakum_http_new(NULL, error);
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  g_autofree char *shown = oakum_url_show(url);
  g_autoptr(OakumHttpAnswer) answer =
      http ? oakum_http_send(http,
                             &(OakumHttpRequest){.method = "PUT",
                                                 .url = url,
                                                 .headers = headers,
                                                 .open = oakum_http_open_bytes,
                                                 .open_user = bytes,
                                                 .body_len = strlen(text),
                                                 .answer_max = OAKUM_ERROR_BODY_MAX},
                             error)
           : NULL;
  if (answer && answer->status >= 200 && answer->status < 300)
    return TRUE;
  if (answer)
    g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_FAILED, "%s: status %d", shown, answer->status);
  return FALSE;
}

/* A file, its folder made when missing, or a URL. */
static gboolean write_text(const char *option, const char *where, const char *text, GError **error)
{
  if (!where)
    return TRUE;
  gboolean ok;
  if (g_str_has_prefix(where, "https://")) {
    ok = put(where, text, error);
  } else {
    g_autofree char *above = g_path_get_dirname(where);
    (void)g_mkdir_with_parents(above, 0755); /* the write tells what is wrong */
    ok = oakum_file_write(where, text, strlen(text), 0644, error);
  }
  if (!ok)
    g_prefix_error(error, "%s: ", option);
  return ok;
}

/* One line for each destination. Both files of kaniko have one text: with the tag as soon as the
 * second one is asked for. */
static char *name_lines(const OakumExecutorArgs *args, const char *digest)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < destinations(args); i++) {
    g_autoptr(OakumReference) ref = oakum_reference_parse(args->destinations->pdata[i], NULL);
    g_autofree char *name = ref ? oakum_result_repository(ref) : g_strdup("");
    gboolean tag = args->name_tag_digest_file && ref && ref->tag;
    g_string_append_printf(out, "%s%s%s@%s\n", name, tag ? ":" : "", tag ? ref->tag : "", digest);
  }
  return g_string_free(out, FALSE);
}

/* $BUILDER_OUTPUT/images: {"name":…,"digest":…} a line, as the tools that start builders read it;
 * the name as it was given. */
static gboolean write_builder_output(const OakumExecutorArgs *args, const char *digest,
                                     GError **error)
{
  const char *folder = g_getenv("BUILDER_OUTPUT");
  if (!folder || !*folder)
    return TRUE;
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < destinations(args); i++) {
    g_string_append_printf(text, "{\"name\":\"%s\",\"digest\":\"%s\"}\n",
                           (const char *)args->destinations->pdata[i], digest);
  }
  g_autofree char *path = g_build_filename(folder, "images", NULL);
  return write_text("BUILDER_OUTPUT", path, text->str, error);
}

/* The archive has the names of all destinations, as they were given but for a missing tag. */
static gboolean write_tar(const OakumExecutorArgs *args, const OakumImage *image, GError **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < MAX(destinations(args), 1); i++) {
    const char *given = destinations(args) ? args->destinations->pdata[i] : UNSET_NAME;
    const char *last = strrchr(given, '/') ? strrchr(given, '/') : given;
    g_autoptr(OakumReference) ref = parse(given, error);
    if (!ref)
      return FALSE;
    g_autofree char *name = g_strconcat(given, strchr(last, ':') ? "" : ":latest", NULL);
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
      g_ptr_array_add(names, g_steal_pointer(&name));
  }
  g_ptr_array_add(names, NULL);
  oakum_info("Writing image to %s", args->tar_path);
  return oakum_docker_archive_write(image, args->tar_path, (const char *const *)names->pdata,
                                    error);
}

gboolean oakum_executor_deliver(const OakumExecutorArgs *args, const OakumImageSet *set,
                                const char *base, const char *work,
                                const OakumRegistryArgs *registry, GError **error)
{
  g_autoptr(OakumDescriptor) desc = oakum_manifest_descriptor(oakum_image_set_top(set));
  if (!write_text("--digest-file", args->digest_file, desc->digest, error))
    return FALSE;
  if (args->oci_layout_path) {
    const OakumLayoutName none[] = {{NULL, NULL}};
    oakum_info("Writing OCI layout to %s", args->oci_layout_path);
    if (!oakum_layout_write(set, args->oci_layout_path, none, TRUE, error))
      return FALSE;
  }
  g_autofree char *lines = name_lines(args, desc->digest);
  if (!write_text("--image-name-with-digest-file", args->name_digest_file, lines, error) ||
      !write_text("--image-name-tag-with-digest-file", args->name_tag_digest_file, lines, error) ||
      (args->tar_path && !write_tar(args, set->images[0], error)))
    return FALSE;
  if (oakum_executor_flag(args->no_push, FALSE)) {
    oakum_info("Skipping push to container registry due to --no-push flag");
    return TRUE;
  }
  return oakum_executor_push(args, set, base, work, registry, error) &&
         write_builder_output(args, desc->digest, error);
}
