#include "cli/build-shape.h"
#include "os/os.h"
#include <arpa/inet.h>
#include <math.h>
#include <string.h>

typedef struct {
  OakumAnnotate kind;
  OakumPlatform platform; /* os NULL: any */
  char *key, *value;
} Annotation;

static void annotation_free(gpointer p)
{
  Annotation *annotation = p;
  oakum_platform_clear(&annotation->platform);
  g_free(annotation->key);
  g_free(annotation->value);
  g_free(annotation);
}

void oakum_build_shape_clear(OakumBuildShape *shape)
{
  g_clear_pointer(&shape->labels, g_hash_table_unref);
  g_clear_pointer(&shape->annotations, g_ptr_array_unref);
  g_clear_pointer(&shape->hosts, g_free);
}

static gboolean bad(GError **error, const char *option, const char *text, const char *why)
{
  g_autofree char *shown = oakum_escape_terminal(text, -1);
  g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE, "%s \"%s\": %s", option, shown, why);
  return FALSE;
}

static gboolean parse_labels(const GPtrArray *texts, GHashTable **out, GError **error)
{
  *out = oakum_str_map_new(g_free, g_free);
  for (guint i = 0; texts && i < texts->len; i++) {
    const char *text = texts->pdata[i], *equals = strchr(text, '=');
    if (equals == text || !*text)
      return bad(error, "--label", text, "takes NAME=VALUE");
    if (!g_utf8_validate(text, -1, NULL))
      return bad(error, "--label", text, "is no UTF-8");
    g_hash_table_replace(*out, equals ? g_strndup(text, (gsize)(equals - text)) : g_strdup(text),
                         g_strdup(equals ? equals + 1 : ""));
  }
  return TRUE;
}

/* ---- --annotation
 * ------------------------------------------------------------------------------ */
/* "manifest", "index[linux/amd64]" */
static gboolean parse_kind(const char *text, const char *part, Annotation *out, GError **error)
{
  static const struct {
    const char *name;
    OakumAnnotate kind;
  } kinds[] = {{"manifest", OAKUM_ANNOTATE_MANIFEST},
               {"index", OAKUM_ANNOTATE_INDEX},
               {"manifest-descriptor", OAKUM_ANNOTATE_MANIFEST_DESCRIPTOR},
               {"index-descriptor", OAKUM_ANNOTATE_INDEX_DESCRIPTOR}};
  size_t n = strcspn(part, "[");
  for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (strlen(kinds[i].name) == n && strncmp(kinds[i].name, part, n) == 0)
      out->kind = kinds[i].kind;
  if (!out->kind)
    return bad(error, "--annotation", text,
               "goes to manifest, index, manifest-descriptor or index-descriptor");
  if (!part[n])
    return TRUE;
  size_t len = strlen(part);
  g_autofree char *platform = part[len - 1] == ']' ? g_strndup(part + n + 1, len - n - 2) : NULL;
  if (!platform || !oakum_platform_parse(platform, &out->platform, NULL))
    return bad(error, "--annotation", text, "takes a platform between [ and ]");
  return TRUE;
}

/* [KIND[,KIND…]:]KEY=VALUE, as buildx has it: a key that holds a colon needs its kind. */
static gboolean parse_annotation(GPtrArray *list, const char *text, GError **error)
{
  const char *equals = strchr(text, '=');
  if (!equals || !g_utf8_validate(text, -1, NULL))
    return bad(error, "--annotation", text, "takes KEY=VALUE, in UTF-8");
  g_autofree char *head = g_strndup(text, (gsize)(equals - text));
  char *colon = strchr(head, ':');
  const char *key = colon ? colon + 1 : head;
  if (colon)
    *colon = '\0';
  if (!*key)
    return bad(error, "--annotation", text, "has no key");
  g_auto(GStrv) kinds = g_strsplit(colon ? head : "manifest", ",", -1);
  for (char **kind = kinds; *kind; kind++) {
    Annotation *annotation = g_new0(Annotation, 1);
    g_ptr_array_add(list, annotation);
    annotation->key = g_strdup(key);
    annotation->value = g_strdup(equals + 1);
    if (!parse_kind(text, *kind, annotation, error))
      return FALSE;
  }
  return TRUE;
}

GHashTable *oakum_build_annotations(const OakumBuildShape *shape, OakumAnnotate kind,
                                    const OakumPlatform *platform)
{
  g_autoptr(GHashTable) table = oakum_str_map_new(g_free, g_free);
  for (guint i = 0; shape->annotations && i < shape->annotations->len; i++) {
    const Annotation *annotation = shape->annotations->pdata[i];
    if (annotation->kind == kind && (!platform || !annotation->platform.os ||
                                     oakum_platform_match(platform, &annotation->platform) == 100))
      g_hash_table_replace(table, g_strdup(annotation->key), g_strdup(annotation->value));
  }
  return g_hash_table_size(table) > 0 ? g_steal_pointer(&table) : NULL;
}

static gboolean check_annotations(const OakumBuildShape *shape, guint n_platforms, GError **error)
{
  for (guint i = 0; i < shape->annotations->len; i++) {
    const Annotation *annotation = shape->annotations->pdata[i];
    if (n_platforms == 1 && (annotation->kind == OAKUM_ANNOTATE_INDEX ||
                             annotation->kind == OAKUM_ANNOTATE_INDEX_DESCRIPTOR))
      return bad(error, "--annotation", annotation->key,
                 "there is an index only with several platforms; say manifest:");
    if (shape->docker_types && annotation->kind != OAKUM_ANNOTATE_INDEX_DESCRIPTOR &&
        annotation->kind != OAKUM_ANNOTATE_MANIFEST_DESCRIPTOR)
      return bad(error, "--annotation", annotation->key,
                 "manifests of docker hold none; build with --media-types oci");
  }
  return TRUE;
}

/* ---- layers
 * ------------------------------------------------------------------------------------ */
static gboolean parse_compression(const OakumBuildArgs *args, const OakumOutputs *outputs,
                                  OakumBuildShape *out, GError **error)
{
  const char *kind = args->compression ? args->compression : outputs->compression;
  const char *level =
      args->compression_level ? args->compression_level : outputs->compression_level;
  const char *types = args->media_types ? args->media_types : outputs->media_types;
  uint64_t number;
  out->zstd = g_strcmp0(kind, "zstd") == 0;
  if (kind && !out->zstd && strcmp(kind, "gzip") != 0)
    return bad(error, "--compression", kind, "takes gzip or zstd");
  if (level) {
    if (!oakum_parse_u64(level, strlen(level), out->zstd ? 22 : 9, &number) || number == 0)
      return bad(error, "--compression-level", level,
                 out->zstd ? "zstd takes 1 to 22" : "gzip takes 1 to 9");
    out->level = (int)number;
  }
  out->docker_types = g_strcmp0(types, "docker") == 0;
  if (types && !out->docker_types && strcmp(types, "oci") != 0)
    return bad(error, "--media-types", types, "takes oci or docker");
  if (out->zstd && out->docker_types)
    return bad(error, "--compression", "zstd",
               "docker has no media type for it; build with --media-types oci");
  return TRUE;
}

/* ---- steps
 * ------------------------------------------------------------------------------------- */
/* NAME:IP or NAME=IP; an address of version 6 may stand in brackets. */
static gboolean add_host(GString *lines, const char *text, GError **error)
{
  size_t n = strcspn(text, "=:");
  g_autofree char *name = g_strndup(text, n), *address = text[n] ? g_strdup(text + n + 1) : NULL;
  if (address && *address == '[' && g_str_has_suffix(address, "]")) {
    address[strlen(address) - 1] = '\0';
    memmove(address, address + 1, strlen(address));
  }
  /* the network of a step is that of the builder: its host is where the builder listens */
  if (g_strcmp0(address, "host-gateway") == 0) {
    g_free(address);
    address = g_strdup("127.0.0.1");
  }
  struct in6_addr room;
  if (!*name || strpbrk(name, " \t\r\n#") || !address ||
      (inet_pton(AF_INET, address, &room) != 1 && inet_pton(AF_INET6, address, &room) != 1))
    return bad(error, "--add-host", text, "takes NAME:ADDRESS");
  g_string_append_printf(lines, "%s\t%s\n", address, name);
  return TRUE;
}

gboolean oakum_cli_parse_size(const char *text, uint64_t *out)
{
  static const struct {
    const char *unit;
    uint64_t by;
  } units[] = {{"", 1},
               {"B", 1},
               {"KB", 1000},
               {"MB", 1000000},
               {"GB", 1000000000},
               {"TB", UINT64_C(1000000000000)},
               {"KIB", OAKUM_KIB},
               {"MIB", OAKUM_MIB},
               {"GIB", OAKUM_GIB},
               {"TIB", OAKUM_GIB << 10}};
  size_t digits = strspn(text, "0123456789");
  g_autofree char *unit = g_ascii_strup(text + digits, -1);
  for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
    if (strcmp(unit, units[i].unit) == 0)
      return oakum_parse_u64(text, digits, UINT64_MAX / units[i].by, out) &&
             !oakum_mul_overflows(*out, units[i].by, out);
  return FALSE;
}

/* "512m", "2g", "1048576": docker's units of 1024, in any case, with or without b. */
static gboolean parse_bytes(const char *text, uint64_t *out)
{
  static const char units[] = "bkmgt";
  size_t digits = strspn(text, "0123456789");
  const char *unit = text + digits;
  g_autofree char *low = g_ascii_strdown(unit, -1);
  const char *at = *low ? strchr(units, *low) : units;
  uint64_t number;
  return at &&
         (!low[0] || !low[1] ||
          ((low[1] == 'b' || strcmp(low + 1, "ib") == 0) && at > units &&
           (!low[2] || low[1] == 'i'))) &&
         oakum_parse_u64(text, digits, G_MAXINT64, &number) && number > 0 &&
         !oakum_mul_overflows(number, G_GUINT64_CONSTANT(1) << (10 * (at - units)), out);
}

static gboolean parse_steps(const OakumBuildArgs *args, OakumBuildShape *out, GError **error)
{
  g_autoptr(GString) hosts = g_string_new(NULL);
  for (guint i = 0; args->hosts && i < args->hosts->len; i++)
    if (!add_host(hosts, args->hosts->pdata[i], error))
      return FALSE;
  out->hosts = hosts->len > 0 ? g_string_free(g_steal_pointer(&hosts), FALSE) : NULL;
  int64_t time = 0;
  if (args->timeout && (!oakum_dockerfile_duration(args->timeout, &time) || time <= 0))
    return bad(error, "--timeout", args->timeout, "takes a time such as 90s or 2h");
  out->timeout_s = (guint)MIN((time + 999999999) / 1000000000, OAKUM_STEP_TIMEOUT_MAX_S);
  if (args->memory && (!parse_bytes(args->memory, &out->limits.memory) ||
                       out->limits.memory < OAKUM_STEP_MEMORY_MIN))
    return bad(error, "--memory", args->memory, "takes bytes, 512m or 2g; 4m at least");
  char *end = NULL;
  double cpus = args->cpus ? g_ascii_strtod(args->cpus, &end) : 0;
  if (args->cpus && (end == args->cpus || *end || !isfinite(cpus) || cpus < 0.01 || cpus > 1024))
    return bad(error, "--cpus", args->cpus, "takes a number of processors, such as 2 or 0.5");
  out->limits.cpus_milli = (guint)(cpus * 1000 + 0.5);
  return TRUE;
}

gboolean oakum_build_shape_parse(const OakumBuildArgs *args, const OakumOutputs *outputs,
                                 guint n_platforms, OakumBuildShape *out, GError **error)
{
  out->annotations = g_ptr_array_new_with_free_func(annotation_free);
  for (guint i = 0; args->annotations && i < args->annotations->len; i++)
    if (!parse_annotation(out->annotations, args->annotations->pdata[i], error))
      return FALSE;
  return parse_labels(args->labels, &out->labels, error) &&
         parse_compression(args, outputs, out, error) &&
         check_annotations(out, n_platforms, error) && parse_steps(args, out, error);
}
