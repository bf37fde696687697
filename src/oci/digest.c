/* Digests, references and platforms: small texts that come from outside and become paths and URLs.
 */
#include "oci/oci.h"
#include <string.h>
#include <sys/utsname.h>

/* OCI image specification, descriptor.md "Digests"; only the two registered algorithms. */
gboolean oakum_digest_check(const char *digest, GError **error)
{
  size_t want = 0;
  const char *hex = NULL;
  if (g_str_has_prefix(digest, "sha256:")) {
    want = 64;
    hex = digest + 7;
  } else if (g_str_has_prefix(digest, "sha512:")) {
    want = 128;
    hex = digest + 7;
  }
  if (hex && strlen(hex) == want && strspn(hex, "0123456789abcdef") == want)
    return TRUE;
  g_autofree char *shown = oakum_escape_terminal(digest, (gssize)strnlen(digest, 160));
  g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_INVALID,
              "digest \"%s\" is neither sha256:<64 hex> nor sha512:<128 hex>", shown);
  return FALSE;
}

OakumHashKind oakum_digest_kind(const char *digest)
{
  return g_str_has_prefix(digest, "sha512:") ? OAKUM_HASH_SHA512 : OAKUM_HASH_SHA256;
}

const char *oakum_digest_hex(const char *digest)
{
  return digest + 7;
}

char *oakum_digest_of(const void *data, size_t len)
{
  g_autofree char *hex = oakum_sha256_hex(data, len);
  return g_strconcat("sha256:", hex, NULL);
}

/* One component of a repository: distribution specification, "Pulling manifests", <name>. */
static gboolean component_ok(const char *text, size_t len)
{
  size_t i = 0;
  if (len == 0)
    return FALSE;
  while (i < len) {
    size_t start = i;
    while (i < len && (g_ascii_islower(text[i]) || g_ascii_isdigit(text[i])))
      i++;
    if (i == start)
      return FALSE;
    if (i == len)
      return TRUE;
    start = i;
    while (i < len && (text[i] == '.' || text[i] == '_' || text[i] == '-'))
      i++;
    size_t n = i - start;
    gboolean same = n == 1 || (text[start] == '-' && strspn(text + start, "-") >= n) ||
                    (n == 2 && text[start] == '_' && text[start + 1] == '_');
    if (n == 0 || !same)
      return FALSE;
  }
  return FALSE;
}

static gboolean repository_ok(const char *text)
{
  size_t len = strlen(text);
  if (len > 255)
    return FALSE;
  for (const char *at = text;;) {
    const char *end = strchrnul(at, '/');
    if (!component_ok(at, (size_t)(end - at)))
      return FALSE;
    if (!*end)
      return TRUE;
    at = end + 1;
  }
}

static gboolean tag_ok(const char *tag)
{
  size_t len = strlen(tag);
  if (len < 1 || len > 128 || tag[0] == '.' || tag[0] == '-')
    return FALSE;
  for (size_t i = 0; i < len; i++)
    if (!g_ascii_isalnum(tag[i]) && !strchr("_.-", tag[i]))
      return FALSE;
  return TRUE;
}

static gboolean host_ok(const char *host)
{
  const char *port = NULL;
  size_t len;
  if (host[0] == '[') {
    const char *end = strchr(host, ']');
    if (!end || strspn(host + 1, "0123456789abcdefABCDEF:.") != (size_t)(end - host - 1))
      return FALSE;
    port = end[1] ? end + 1 : NULL;
    len = (size_t)(end - host + 1);
  } else {
    port = strchr(host, ':');
    len = port ? (size_t)(port - host) : strlen(host);
    if (len == 0 || host[0] == '-' || host[0] == '.' || host[len - 1] == '-')
      return FALSE;
    for (size_t i = 0; i < len; i++)
      if (!g_ascii_isalnum(host[i]) && host[i] != '.' && host[i] != '-')
        return FALSE;
  }
  uint64_t number;
  return len <= 255 &&
         (!port || (*port == ':' && oakum_parse_u64(port + 1, strlen(port + 1), 65535, &number) &&
                    number > 0));
}

OakumReference *oakum_reference_parse(const char *text, GError **error)
{
  g_autoptr(OakumReference) ref = g_new0(OakumReference, 1);
  g_autofree char *shown = oakum_escape_terminal(text, (gssize)strnlen(text, 256));
  if (strlen(text) > OAKUM_REFERENCE_MAX) {
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_LIMIT,
                "image reference is longer than %u bytes", OAKUM_REFERENCE_MAX);
    return NULL;
  }
  g_autofree char *name = g_strdup(text);
  char *at = strchr(name, '@');
  if (at) {
    *at = '\0';
    if (!oakum_digest_check(at + 1, error)) {
      g_prefix_error(error, "image reference \"%s\": ", shown);
      return NULL;
    }
    ref->digest = g_strdup(at + 1);
  }
  char *slash = strrchr(name, '/'), *colon = strrchr(slash ? slash : name, ':');
  if (colon) {
    *colon = '\0';
    if (!tag_ok(colon + 1)) {
      g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_INVALID,
                  "image reference \"%s\": the tag must be 1 to 128 of letters, digits, _ . -",
                  shown);
      return NULL;
    }
    ref->tag = g_strdup(colon + 1);
    ref->tag_given = TRUE;
  }
  /* docker's rule: the first component is a registry when it has a dot or a colon, is "localhost",
   * or has an upper-case letter, which no repository may have */
  char *first = strchr(name, '/');
  size_t n = first ? (size_t)(first - name) : 0;
  gboolean host = FALSE;
  for (size_t i = 0; i < n; i++)
    host |= name[i] == '.' || name[i] == ':' || g_ascii_isupper(name[i]) || name[i] == '[';
  if (first && (host || (n == 9 && strncmp(name, "localhost", 9) == 0))) {
    ref->registry = g_strndup(name, n);
    ref->repository = g_strdup(first + 1);
    if (strcmp(ref->registry, "index.docker.io") == 0) {
      g_free(ref->registry);
      ref->registry = g_strdup("docker.io");
    }
  } else {
    ref->registry = g_strdup("docker.io");
    ref->repository = g_strdup(name);
  }
  if (strcmp(ref->registry, "docker.io") == 0 && !strchr(ref->repository, '/')) {
    char *official = g_strconcat("library/", ref->repository, NULL);
    g_free(ref->repository);
    ref->repository = official;
  }
  if (!host_ok(ref->registry) || !repository_ok(ref->repository)) {
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_INVALID,
                "image reference \"%s\" is not [registry/]repository[:tag][@digest] in lower case",
                shown);
    return NULL;
  }
  if (!ref->tag && !ref->digest)
    ref->tag = g_strdup("latest");
  return g_steal_pointer(&ref);
}

char *oakum_reference_format(const OakumReference *ref)
{
  return g_strconcat(ref->registry, "/", ref->repository, ref->tag ? ":" : "",
                     ref->tag ? ref->tag : "", ref->digest ? "@" : "",
                     ref->digest ? ref->digest : "", NULL);
}

OakumReference *oakum_reference_copy(const OakumReference *ref)
{
  OakumReference *copy = g_new0(OakumReference, 1);
  *copy = (OakumReference){g_strdup(ref->registry), g_strdup(ref->repository), g_strdup(ref->tag),
                           g_strdup(ref->digest), ref->tag_given};
  return copy;
}

void oakum_reference_free(OakumReference *ref)
{
  if (!ref)
    return;
  g_free(ref->registry);
  g_free(ref->repository);
  g_free(ref->tag);
  g_free(ref->digest);
  g_free(ref);
}

const char *oakum_platform_architecture(const char *name, const char **variant)
{
  static const struct {
    const char *name, *architecture, *variant;
  } names[] = {{"x86_64", "amd64", NULL}, {"x86-64", "amd64", NULL},  {"i386", "386", NULL},
               {"i686", "386", NULL},     {"aarch64", "arm64", NULL}, {"armhf", "arm", "v7"},
               {"armel", "arm", "v6"}};
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (strcmp(name, names[i].name) == 0) {
      *variant = names[i].variant;
      return names[i].architecture;
    }
  *variant = NULL;
  return name;
}

/* Other names of an architecture, and variants that go without saying: containerd's
 * platforms.Normalize. */
static void normalize(OakumPlatform *p)
{
  const char *variant;
  char *other = g_strdup(oakum_platform_architecture(p->architecture, &variant));
  g_free(p->architecture);
  p->architecture = other;
  if (variant) {
    g_free(p->variant);
    p->variant = g_strdup(variant);
  }
  if (p->variant && g_ascii_isdigit(p->variant[0]) && !p->variant[1]) {
    char *with_v = g_strconcat("v", p->variant, NULL);
    g_free(p->variant);
    p->variant = with_v;
  }
  const char *own = strcmp(p->architecture, "amd64") == 0   ? "v1"
                    : strcmp(p->architecture, "arm64") == 0 ? "v8"
                                                            : NULL;
  if (own && g_strcmp0(p->variant, own) == 0)
    g_clear_pointer(&p->variant, g_free);
  if (strcmp(p->architecture, "arm") == 0 && !p->variant)
    p->variant = g_strdup("v7");
}

gboolean oakum_platform_parse(const char *text, OakumPlatform *out, GError **error)
{
  g_auto(GStrv) parts = g_strsplit(text, "/", 4);
  guint n = g_strv_length(parts);
  gboolean ok = n >= 1 && n <= 3;
  for (guint i = 0; i < n; i++)
    ok = ok && *parts[i] &&
         strspn(parts[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             strlen(parts[i]);
  static const char *const systems[] = {"linux",  "windows", "darwin",  "freebsd",
                                        "netbsd", "openbsd", "solaris", NULL};
  /* containerd, too, takes one word alone only when it knows the processor */
  static const char *const machines[] = {
      "386",      "amd64",   "arm",     "arm64",   "loong64", "mips",   "mipsle", "mips64",
      "mips64le", "ppc64",   "ppc64le", "riscv64", "s390x",   "wasm",   "i386",   "x86_64",
      "x86-64",   "aarch64", "armhf",   "armel",   "armv6l",  "armv7l", NULL};
  g_autofree char *lone = ok && n == 1 ? g_ascii_strdown(parts[0], -1) : NULL;
  if (!ok || (lone && (g_strv_contains(systems, lone) || !g_strv_contains(machines, lone)))) {
    g_autofree char *shown = oakum_escape_terminal(text, (gssize)strnlen(text, 128));
    g_set_error(error, OAKUM_OCI_ERROR, OAKUM_ERROR_INVALID,
                "platform \"%s\" is not os/architecture[/variant], for example linux/arm/v7",
                shown);
    return FALSE;
  }
  *out = (OakumPlatform){n == 1 ? g_strdup("linux") : g_ascii_strdown(parts[0], -1),
                         g_ascii_strdown(parts[n == 1 ? 0 : 1], -1),
                         n == 3 ? g_ascii_strdown(parts[2], -1) : NULL};
  normalize(out);
  return TRUE;
}

OakumPlatform oakum_platform_copy(const OakumPlatform *platform)
{
  return (OakumPlatform){g_strdup(platform->os), g_strdup(platform->architecture),
                         g_strdup(platform->variant)};
}

void oakum_platform_host(OakumPlatform *out)
{
  struct utsname name;
  const char *machine = uname(&name) == 0 ? name.machine : "x86_64", *variant = NULL;
  gboolean arm = strcmp(machine, "armv7l") == 0 || strcmp(machine, "armv6l") == 0;
  const char *architecture = arm ? "arm" : oakum_platform_architecture(machine, &variant);
  if (arm)
    variant = machine[4] == '7' ? "v7" : "v6";
  *out = (OakumPlatform){g_strdup("linux"), g_strdup(architecture), g_strdup(variant)};
}

/* The number of "v7", 0 when there is none, -1 for what is no such number. */
static int variant_number(const char *architecture, const char *variant)
{
  if (!variant || !*variant)
    return strcmp(architecture, "arm64") == 0   ? 8
           : strcmp(architecture, "arm") == 0   ? 7
           : strcmp(architecture, "amd64") == 0 ? 1
                                                : 0;
  return variant[0] == 'v' && g_ascii_isdigit(variant[1]) && !variant[2] ? variant[1] - '0' : -1;
}

int oakum_platform_match(const OakumPlatform *wanted, const OakumPlatform *offered)
{
  if (!offered->os || !offered->architecture || strcmp(wanted->os, offered->os) != 0)
    return 0;
  int w = variant_number(wanted->architecture, wanted->variant);
  int o = variant_number(offered->architecture, offered->variant);
  if (strcmp(wanted->architecture, offered->architecture) == 0) {
    if (w < 0 || o < 0)
      return g_strcmp0(wanted->variant, offered->variant) == 0 ? 100 : 0;
    return o == w ? 100 : o < w ? 50 + o : 0; /* an older one runs on a newer one */
  }
  if (strcmp(wanted->architecture, "amd64") == 0 && strcmp(offered->architecture, "386") == 0)
    return 1;
  if (strcmp(wanted->architecture, "arm64") == 0 && strcmp(offered->architecture, "arm") == 0)
    return o > 0 ? o : 0;
  return 0;
}

char *oakum_platform_format(const OakumPlatform *platform)
{
  return g_strconcat(platform->os, "/", platform->architecture, platform->variant ? "/" : NULL,
                     platform->variant, NULL);
}

void oakum_platform_clear(OakumPlatform *platform)
{
  g_clear_pointer(&platform->os, g_free);
  g_clear_pointer(&platform->architecture, g_free);
  g_clear_pointer(&platform->variant, g_free);
}
