/* Which findings a VEX statement is about: package-urls as matching terms, and images. */
#include "ecosystem/ecosystem.h"
#include "match/vex-private.h"
#include "version/version.h"
#include <string.h>

/* The purl without qualifiers and subpath; *version (may be empty) is cut off and unescaped. */
static char *bare(const char *purl, char **version)
{
  size_t len = strcspn(purl, "?#"), at = oakum_purl_version(purl, len);
  g_autofree char *cut = g_strndup(purl, at),
                  *said = g_strndup(purl + MIN(at + 1, len), len - MIN(at + 1, len));
  *version = g_uri_unescape_string(said, NULL);
  if (!*version)
    *version = g_strdup("");
  char *plain = g_uri_unescape_string(cut, NULL);
  return plain ? plain : g_strdup(cut);
}

/* "debian-12.5" and "debian-12" are one release, as far as both say it. */
static gboolean same_release(const char *a, const char *b)
{
  size_t n = strlen(a), m = strlen(b), least = MIN(n, m);
  const char *longer = n > m ? a : b;
  return strncmp(a, b, least) == 0 && (longer[least] == 0 || longer[least] == '.');
}

/* "debian-12" of "bookworm" and of "debian-bookworm", which the purl specification shows too. */
static gboolean is_release(const char *said, const char *own)
{
  size_t n = strcspn(own, "-");
  g_autofree char *id = g_strndup(own, n);
  const char *name = g_str_has_prefix(said, id) && said[n] == '-' ? said + n + 1 : said,
             *release = oakum_distro_release(id, name);
  g_autofree char *numbered = release ? g_strconcat(id, "-", release, NULL) : g_strdup(said);
  return same_release(numbered, own);
}

static char *value_of(const char *purl, const char *key, size_t len)
{
  const char *query = strchr(purl, '?');
  g_autofree char *text = g_strndup(query ? query + 1 : "", query ? strcspn(query + 1, "#") : 0);
  g_auto(GStrv) pairs = g_strsplit(text, "&", -1);
  for (char **pair = pairs; *pair; pair++)
    if (strncmp(*pair, key, len) == 0 && (*pair)[len] == '=')
      return g_uri_unescape_string(*pair + len + 1, NULL);
  return NULL;
}

/* Every qualifier of the statement must be the package's too, but those that only say where it came
 * from or who noted it. */
static gboolean qualifiers_agree(const char *said, const char *own)
{
  static const char *const idle[] = {"package-id", "upstream",  "checksum",       "download_url",
                                     "vcs_url",    "file_name", "repository_url", "type",
                                     "vers",       "os_name",   "os_distro",      NULL};
  const char *query = strchr(said, '?');
  g_autofree char *text = g_strndup(query ? query + 1 : "", query ? strcspn(query + 1, "#") : 0);
  g_auto(GStrv) pairs = g_strsplit(text, "&", -1);
  for (char **pair = pairs; *pair; pair++) {
    size_t len = strcspn(*pair, "=");
    g_autofree char *key = g_strndup(*pair, len), *want = value_of(said, key, len),
                    *have = value_of(own, key, len);
    if (strcmp(key, "os_version") == 0) { /* Docker's way to say "distro=debian-12" */
      g_autofree char *distro = value_of(own, "distro", 6);
      const char *dash = distro ? strrchr(distro, '-') : NULL;
      if (want && *want && dash && !same_release(want, dash + 1))
        return FALSE;
      continue;
    }
    if (!*key || g_strv_contains(idle, key) || !want || !*want)
      continue;
    if (!have || (strcmp(key, "distro") == 0 ? !is_release(want, have) : strcmp(want, have) != 0))
      return FALSE;
  }
  return TRUE;
}

/* "pkg:deb/debian/openssl@3.0.1?arch=source" is about all that was built from it. */
static char *built_from(const char *said, const OakumFinding *f, const char *package)
{
  g_autofree char *arch = value_of(said, "arch", 4);
  const char *slash = strrchr(package, '/');
  if (!f->source || !slash || (g_strcmp0(arch, "source") != 0 && g_strcmp0(arch, "src") != 0))
    return NULL;
  return g_strdup_printf("%.*s%s", (int)(slash + 1 - package), package, f->source);
}

/* A program that was found by its CPE is named by it. */
static gboolean is_program(const char *said, const OakumFinding *f)
{
  g_auto(OakumCpe) cpe = {0};
  g_autofree char *name = oakum_cpe_parse(said, &cpe) ? oakum_cpe_name(&cpe) : NULL;
  if (g_strcmp0(f->by, "cpe") != 0 || g_strcmp0(name, f->looked_up) != 0)
    return FALSE;
  const char *version = cpe.fields[OAKUM_CPE_VERSION], *update = cpe.fields[OAKUM_CPE_UPDATE];
  if (oakum_cpe_is_pattern(version))
    return f->package_version && oakum_cpe_value_covers(version, f->package_version);
  g_autofree char *both =
      g_strconcat(version ? version : "", update && strcmp(update, "-") != 0 ? update : "", NULL);
  return !version || oakum_vex_in_range(both, "cpe", f->package_version);
}

/* The same by the order of the ecosystem: "v1.2.3" and "1.2.3" of Go, "1.0" and "1.0.0" of PyPI. */
static gboolean same_version(const char *said, const char *own, const OakumFinding *f)
{
  OakumVersionScheme scheme;
  if (strcmp(said, own) == 0 || g_strcmp0(said, f->package_version) == 0)
    return TRUE;
  return f->ecosystem && f->package_version &&
         oakum_version_scheme_parse(oakum_ecosystem_scheme(f->ecosystem), &scheme) &&
         oakum_version_order(scheme, said, f->package_version) == 0;
}

static gboolean same_name(const char *a, const char *b)
{
  static const char pypi[] = "pkg:pypi/";
  if (g_ascii_strcasecmp(a, b) == 0)
    return TRUE;
  if (!g_str_has_prefix(a, pypi) || !g_str_has_prefix(b, pypi))
    return FALSE;
  g_autofree char *x = oakum_ecosystem_package("PyPI", a + strlen(pypi)),
                  *y = oakum_ecosystem_package("PyPI", b + strlen(pypi));
  return strcmp(x, y) == 0;
}

static gboolean is_package(const char *said, const OakumFinding *f)
{
  if (g_str_has_prefix(said, "cpe:"))
    return is_program(said, f);
  if (!f->package_purl || !g_str_has_prefix(said, "pkg:"))
    return FALSE;
  g_autofree char *version = NULL, *own = NULL;
  g_autofree char *a = bare(said, &version), *b = bare(f->package_purl, &own),
                  *source = built_from(said, f, b), *range = value_of(said, "vers", 4);
  if ((*version && !same_version(version, own, f)) ||
      (range && !oakum_vex_in_range(range, f->ecosystem, f->package_version)))
    return FALSE;
  return source ? same_name(a, source) : same_name(a, b) && qualifiers_agree(said, f->package_purl);
}

/* ---- images
 * ----------------------------------------------------------------------------------------- */
static gboolean is_image_purl(const char *text)
{
  return g_str_has_prefix(text, "pkg:oci/") || g_str_has_prefix(text, "pkg:docker/");
}

static gboolean has_digest(const OakumMatchOptions *options, const char *digest)
{
  const char *named = options->image ? strchr(options->image, '@') : NULL;
  return (options->digests && g_strv_contains(options->digests, digest)) ||
         (named && strcmp(named + 1, digest) == 0);
}

/* "registry/name" of "registry/name:tag@digest"; *tag is new or NULL. */
static char *repository_of(const char *image, char **tag)
{
  size_t n = strcspn(image, "@");
  const char *slash = g_strrstr_len(image, (gssize)n, "/"),
             *colon = g_strrstr_len(image, (gssize)n, ":");
  if (colon && slash && colon < slash)
    colon = NULL;
  *tag = colon ? g_strndup(colon + 1, (gsize)(image + n - colon - 1)) : NULL;
  return g_strndup(image, colon ? (gsize)(colon - image) : n);
}

/* Whether one is the other, or its end behind a slash: "app" of "docker.io/library/app". */
static gboolean same_repository(const char *a, const char *b)
{
  size_t n = strlen(a), m = strlen(b);
  const char *longer = n > m ? a : b, *shorter = n > m ? b : a;
  size_t least = MIN(n, m), most = MAX(n, m);
  return strcmp(longer + most - least, shorter) == 0 &&
         (most == least || longer[most - least - 1] == '/');
}

/* `silent`: what to answer when the image has no name that one could look at. */
static gboolean is_image(const char *said, const OakumMatchOptions *options, gboolean silent)
{
  if (g_str_has_prefix(said, "sha256:") || g_str_has_prefix(said, "sha512:"))
    return has_digest(options, said);
  if (!is_image_purl(said)) { /* a reference as people write it */
    const char *at = strchr(said, '@');
    return at ? has_digest(options, at + 1) : options->image && strcmp(said, options->image) == 0;
  }
  g_autofree char *version = NULL, *plain = bare(said, &version), *tag = NULL;
  const char *name = strchr(plain, '/') + 1;
  g_autofree char *url = value_of(said, "repository_url", 14), *wanted = value_of(said, "tag", 3);
  gboolean digest = strchr(version, ':') != NULL;
  if (digest)
    return has_digest(options, version);
  if (!options->image)
    return silent;
  g_autofree char *own = repository_of(options->image, &tag);
  if (!wanted && *version)
    wanted = g_strdup(version);
  return same_repository(own, url && *url ? url : name) && (!wanted || g_strcmp0(wanted, tag) == 0);
}

/* Slashes behind the scheme mean nothing, and the scheme knows no case (purl-spec, "How to parse"):
 * "pkg://npm/a" is "pkg:npm/a". *room is new where it is needed, else NULL. */
static const char *plain_scheme(const char *said, char **room)
{
  static const char scheme[] = "pkg:";
  *room = NULL;
  if (!said || g_ascii_strncasecmp(said, scheme, strlen(scheme)) != 0)
    return said;
  const char *rest = said + strlen(scheme) + strspn(said + strlen(scheme), "/");
  if (rest == said + strlen(scheme) && g_str_has_prefix(said, scheme))
    return said;
  return *room = g_strconcat(scheme, rest, NULL);
}

gboolean oakum_vex_is_about(const char *product, const char *part, const OakumFinding *f,
                            const OakumMatchOptions *options)
{
  g_autofree char *product_room = NULL, *part_room = NULL;
  product = plain_scheme(product, &product_room);
  part = plain_scheme(part, &part_room);
  if (!product && !part)
    return TRUE;
  if (!part)
    return is_package(product, f) || is_image(product, options, FALSE);
  if (!is_package(part, f))
    return FALSE;
  /* a part of an image: of this one; of a package or of what has no form that we know: whoever gave
   * us the document for this image says so */
  gboolean image = product && (is_image_purl(product) || g_str_has_prefix(product, "sha256:"));
  return !image || is_image(product, options, TRUE);
}
