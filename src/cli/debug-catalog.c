#include "cli/cli.h"
#include "catalog/catalog.h"
#include <errno.h>
#include <stdio.h>

typedef struct {
  char *mode;
} Args;

static void print(json_t *object)
{
  char *text = json_dumps(object, JSON_COMPACT);
  puts(text);
  free(text);
  json_decref(object);
}

static void print_package(const OakumPackage *package)
{
  json_t *object = json_object();
  oakum_json_set(object, "type", package->type);
  oakum_json_set(object, "space", package->space);
  oakum_json_set(object, "name", package->name);
  oakum_json_set(object, "version", package->version);
  oakum_json_set(object, "arch", package->arch);
  oakum_json_set(object, "source", package->source_name);
  oakum_json_set(object, "source_version", package->source_version);
  oakum_json_set(object, "maintainer", package->maintainer);
  oakum_json_set(object, "license", package->license);
  oakum_json_set(object, "module", package->module);
  oakum_json_set(object, "cpe", package->cpe);
  oakum_json_set(object, "purl", package->purl);
  for (guint i = 1; i < package->paths->len; i++)
    oakum_json_set(object, "within", package->paths->pdata[i]);
  if (package->guessed)
    json_object_set_new(object, "guessed", json_true());
  if (package->offset > 0)
    json_object_set_new(object, "offset", json_integer((json_int_t)package->offset));
  oakum_json_set(object, "by", package->found_by);
  print(object);
}

static int run(int argc, char **argv)
{
  Args args = {NULL};
  g_autoptr(GPtrArray) rest = NULL;
  g_autoptr(GError) error = NULL;
  guint64 mode = 0644;
  gboolean good = oakum_options_parse(&oakum_debug_catalog, &args, argc, argv, &rest, &error) &&
                  rest->len == 1 &&
                  (!args.mode || g_ascii_string_to_unsigned(args.mode, 8, 0, 07777, &mode, &error));
  oakum_options_clear(&oakum_debug_catalog, &args);
  if (!good) {
    oakum_log(OAKUM_LOG_ERROR, "debug catalog: %s",
              error ? error->message : "expected the path that the file has in an image");
    return OAKUM_EXIT_ERROR;
  }
  g_autoptr(OakumReader) reader = oakum_reader_new_fd(0, FALSE);
  g_autofree char *data = NULL;
  size_t len;
  if (!oakum_reader_slurp(reader, OAKUM_VIEW_FILE_MAX, "standard input", &data, &len, &error)) {
    oakum_log(OAKUM_LOG_ERROR, "debug catalog: %s", error->message);
    return OAKUM_EXIT_ERROR;
  }
  g_autoptr(GPtrArray) packages =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_package_free);
  g_autoptr(GPtrArray) incomplete =
      g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  oakum_catalog_one(rest->pdata[0], (uint32_t)mode, (OakumSlice){(const uint8_t *)data, len},
                    packages, incomplete);
  for (guint i = 0; i < packages->len; i++)
    print_package(packages->pdata[i]);
  for (guint i = 0; i < incomplete->len; i++) {
    const OakumFinding *finding = incomplete->pdata[i];
    json_t *object = json_object();
    oakum_json_set(object, "incomplete", finding->id);
    oakum_json_set(object, "title", finding->title);
    print(object);
  }
  return incomplete->len > 0 ? OAKUM_EXIT_INCOMPLETE : OAKUM_EXIT_PASS;
}

static const OakumOption options[] = {{"mode", 0, OAKUM_OPTION_TEXT, offsetof(Args, mode), "OCTAL",
                                       "permission bits that the file has there", "0644"},
                                      {0}};
static const OakumOptionGroup groups[] = {{NULL, NULL, options, 0}, {0}};
static const OakumArgument arguments[] = {{"PATH", "where the file is in an image"}, {0}};
const OakumCommand oakum_debug_catalog = {
    .name = "catalog",
    .summary = "print what the cataloguers find in the file on standard input, one line each",
    .arguments = arguments,
    .groups = groups,
    .size = sizeof(Args),
    .parent = &oakum_cmd_debug,
    .examples = "oakum debug catalog var/lib/dpkg/status < /var/lib/dpkg/status\n",
    .run = run};
