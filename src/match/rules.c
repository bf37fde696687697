/* Which data judges which package, and whether a record is about it at all. */
#include "match/match-private.h"
#include <string.h>

/* Whether one of the words of `list`, parted by '|', is in `text`, in any case of letters. */
static gboolean holds_one(const char *text, const char *list)
{
  g_autofree char *low = g_ascii_strdown(text, -1);
  for (const char *at = list; *at;) {
    char word[64];
    size_t n = strcspn(at, "|"), used = MIN(n, sizeof(word) - 1);
    for (size_t i = 0; i < used; i++)
      word[i] = g_ascii_tolower(at[i]);
    word[used] = '\0';
    if (strstr(low, word))
      return TRUE;
    at += n + (at[n] == '|');
  }
  return FALSE;
}

gboolean oakum_is_third_party(const OakumDistroRule *rule, const OakumPackage *package)
{
  /* Maintainers of Debian's packages are people of all domains; these are known to build their own.
   */
  static const char foreign[] =
      "@docker.com|nvidia|@hashicorp.com|@microsoft.com|microsoft corporation|mongodb|elastic.co|"
      "elasticsearch|@nodesource.com|gitlab|@google.com|google llc|@grafana.com|influxdata|"
      "@datadoghq.com|datadog|@newrelic.com|@mysql.com|mysql release|percona|@mariadb.|yarn|"
      "sury.org|@nginx.com|nginx packaging|@github.com|@slack.com|@oracle.com|timescale|"
      "@confluent.io|@redis.io|redislabs|rabbitmq|erlang solutions|@jenkins|cloudsmith|"
      "@vivaldi|@brave.com|@adoptium|eclipse.org|azul|amazon corretto|@amazon.com|kubernetes|"
      "@hpe.com|@citusdata|@cloudflare.com|@teamviewer|@sublime|plesk|cpanel|@launchpad";
  const char *vendor = package->maintainer;
  if (!rule || !vendor || !*vendor)
    return FALSE;
  if (strcmp(rule->type, "deb") == 0)
    return !strstr(vendor, "debian.org") && !strstr(vendor, "ubuntu.com") &&
           !strstr(vendor, "canonical.com") && holds_one(vendor, foreign);
  /* anybody's project on openSUSE's build service: "obs://build.opensuse.org/home:somebody" */
  const char *project = strstr(vendor, "obs://build.opensuse.org/");
  return rule->vendors && strcmp(rule->type, "rpm") == 0 &&
         (!holds_one(vendor, rule->vendors) || strstr(vendor, "Fedora EPEL") ||
          (project && !strstr(project, "/openSUSE:") && !strstr(project, "/SUSE:")));
}

char *oakum_epel_key(const OakumDistroRule *rule, const char *ecosystem,
                     const OakumPackage *package)
{
  static const char *const bases[] = {"Red Hat", "AlmaLinux", "Rocky Linux", "Oracle Linux", NULL};
  const char *colon = strchr(ecosystem, ':');
  return rule && colon && package->maintainer && strstr(package->maintainer, "Fedora") &&
                 g_strv_contains(bases, rule->ecosystem)
             ? g_strconcat("EPEL", colon, NULL)
             : NULL;
}

gboolean oakum_is_kernel_headers(const OakumPackage *package)
{
  static const char *const names[] = {"linux-headers",
                                      "linux-libc-dev",
                                      "linux-libc-headers",
                                      "linux-api-headers",
                                      "kernel-devel",
                                      "linux-glibc-devel",
                                      "kernel-cross-headers",
                                      "sys-kernel/linux-headers",
                                      NULL};
  /* what modules are built with, and what takes part in that */
  static const char *const begins[] = {"linux-headers-", "linux-libc-dev-", "linux-kbuild-",
                                       "linux-compiler-"};
  static const char *const ends[] = {"-headers", "-devel", "-devel-matched"};
  const char *name = package->name;
  if (!oakum_is_os_type(package->type))
    return FALSE;
  if (g_strv_contains(names, name))
    return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(begins); i++)
    if (g_str_has_prefix(name, begins[i]))
      return TRUE;
  /* "kernel-uek-headers", "kernel6.12-headers", "kernel-rt-devel" */
  for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
    if (g_str_has_prefix(name, "kernel") && (name[6] == '-' || g_ascii_isdigit(name[6])) &&
        g_str_has_suffix(name, ends[i]))
      return TRUE;
  return FALSE;
}

/* ---- is it about this package
 * -------------------------------------------------------------------- */
static gboolean modular(const char *text)
{
  return text && (strstr(text, ".module+") || strstr(text, ".module_") || strstr(text, "+module+"));
}

static const char *fix_of(const OakumAdvisory *a)
{
  for (guint i = 0; i < a->n_ranges; i++)
    if (a->ranges[i].fixed)
      return a->ranges[i].fixed;
  return a->fixes[0];
}

/* "nodejs:18" of "nodejs:18:8060020220523160029:ad008a3a" */
static gboolean same_stream(const char *a, const char *b)
{
  const char *colon_a = strchr(a, ':'), *colon_b = strchr(b, ':');
  size_t n = colon_a ? (size_t)(colon_a - a) + 1 + strcspn(colon_a + 1, ":") : strlen(a),
         m = colon_b ? (size_t)(colon_b - b) + 1 + strcspn(colon_b + 1, ":") : strlen(b);
  return n == m && memcmp(a, b, n) == 0;
}

/* Behind its epoch. */
static const char *numbers_of(const char *version)
{
  const char *colon = strchr(version, ':');
  return colon ? colon + 1 : version;
}

/* The number in front of the first dot of a version. */
static size_t major_of(const char *version, const char **from)
{
  *from = numbers_of(version);
  return strcspn(*from, ".-_+~");
}

/* 8.1.27 is of stream "8.1", and of "8"; 8.10 is not of "8.1". */
static gboolean of_stream(const char *version, const char *stream, size_t n)
{
  version = numbers_of(version);
  return n > 0 && strncmp(version, stream, n) == 0 && !g_ascii_isalnum(version[n]);
}

/* A package of a module is judged by the same module and stream alone. Records without labels tell
 * a module by their fix ("-3.module_el8"); then the stream is told by the version, where the side
 * that has a label shows that streams go by it. */
static gboolean module_applies(const OakumPackage *p, const OakumAdvisory *a)
{
  const char *fix = fix_of(a);
  gboolean of_module = p->module || modular(p->version), row = a->module || modular(fix);
  if (of_module != row)
    return FALSE;
  if (!row)
    return TRUE;
  if (a->module && p->module)
    return same_stream(a->module, p->module);
  const char *label = a->module ? a->module : p->module,
             *stream = label ? strchr(label, ':') : NULL;
  const char *version =
      a->kind == OAKUM_NAME_SOURCE && p->source_version ? p->source_version : p->version;
  if (!stream) { /* neither says: streams of one program go by its first number */
    const char *have, *want;
    size_t n = major_of(version, &have), m = fix ? major_of(fix, &want) : 0;
    return !fix || (n == m && memcmp(have, want, n) == 0);
  }
  stream++;
  size_t n = strcspn(stream, ":");
  const char *labelled = a->module ? fix : version, *other = a->module ? version : fix;
  return !labelled || !other || !of_stream(labelled, stream, n) || of_stream(other, stream, n);
}

static const char *flavour_in(const char *text)
{
  return !text ? NULL : strstr(text, "ksplice") ? "ksplice" : strstr(text, "fips") ? "fips" : NULL;
}

static gboolean any_without(const OakumAdvisoryList *all, gboolean flavour)
{
  for (guint i = 0; i < all->len; i++)
    if (flavour ? !all->items[i].flavour : !all->items[i].product)
      return TRUE;
  return FALSE;
}

/* An extra of Amazon says the stream that it holds at the end of its name: "kernel-5.10", "php8.0",
 * "redis6". What it has of that stream is about it, whatever another extra has or the system
 * itself, unless the system's is of the same stream (1.12 beside "nginx1"); all else judges what
 * the system has no data of. */
static gboolean extra_applies(const OakumPackage *p, const OakumAdvisory *a,
                              const OakumAdvisoryList *all)
{
  const char *stream = strpbrk(a->flavour, "0123456789"), *fix = fix_of(a);
  size_t n = stream ? strlen(stream) : 0;
  if (!fix || !stream || !of_stream(fix, stream, n))
    return !any_without(all, TRUE);
  for (guint i = 0; i < all->len; i++) {
    const char *other = all->items[i].flavour ? NULL : fix_of(&all->items[i]);
    if (other && of_stream(other, stream, n))
      return FALSE;
  }
  return of_stream(p->version, stream, n);
}

gboolean oakum_is_of_flavour(const OakumPackage *p, const char *flavour)
{
  g_autofree char *word = g_strndup(flavour, strcspn(flavour, "-"));
  g_autofree char *version = g_ascii_strdown(p->version, -1);
  return strstr(version, word) || strstr(p->name, word);
}

static gboolean flavour_applies(const OakumMatchPlace *place, const OakumPackage *p,
                                const OakumAdvisory *a, const OakumAdvisoryList *all)
{
  const char *name = place->rule ? place->rule->ecosystem : "";
  if (strcmp(name, "Oracle Linux") == 0) {
    const char *row = a->flavour ? a->flavour : flavour_in(fix_of(a));
    return g_strcmp0(row, flavour_in(p->version)) == 0;
  }
  if (!a->flavour)
    return TRUE;
  if (strcmp(name, "Ubuntu") == 0) {
    /* builds for FIPS ("+Fips1"), real time and the like say it in their version or name */
    const char *pro = place->distro->pro; /* services that are on: "esm-infra esm-apps" */
    if (g_str_has_prefix(a->flavour, "esm-") && pro && strstr(pro, "esm-"))
      return strstr(pro, a->flavour) != NULL;
    if (g_str_has_prefix(a->flavour, "esm"))
      return place->esm;
    return oakum_is_of_flavour(p, a->flavour);
  }
  /* another channel judges what the system itself has no data of */
  return strcmp(name, "Amazon Linux") == 0 ? extra_applies(p, a, all) : !any_without(all, TRUE);
}

static gboolean arch_applies(const OakumPackage *p, const OakumAdvisory *a)
{
  static const char *const any[] = {"noarch", "all", "any", "src", "source"};
  if (!a->arches[0] || !p->arch || !*p->arch)
    return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(any); i++)
    if (strcmp(p->arch, any[i]) == 0 || g_strv_contains((const char *const *)a->arches, any[i]))
      return TRUE;
  return g_strv_contains((const char *const *)a->arches, p->arch);
}

/* Streams of Red Hat with a longer life, and the words of their repositories. */
static const char *const long_lives[][2] = {
    {"eus", "eus"}, {"aus", "aus"}, {"tus", "tus"}, {"e4s", "e4s"}, {"els", "els"}};

/* "rhel_eus" of "cpe:/o:redhat:rhel_eus:8.4::baseos" and of "rhel_eus:8.4::baseos". */
static char *product_name(const char *product)
{
  const char *at = strstr(product, ":redhat:");
  at = at ? at + strlen(":redhat:") : product;
  return g_strndup(at, strcspn(at, ":"));
}

static gboolean is_plain_product(const char *product)
{
  g_autofree char *name = product_name(product);
  return strcmp(name, "enterprise_linux") == 0 || strcmp(name, "rhel") == 0 ||
         g_str_has_prefix(product, "Red Hat Enterprise Linux") || strcmp(name, "centos") == 0;
}

static gboolean any_plain(const OakumAdvisoryList *all)
{
  for (guint i = 0; i < all->len; i++)
    if (!all->items[i].product || is_plain_product(all->items[i].product))
      return TRUE;
  return FALSE;
}

/* "enterprise_linux:8::baseos" of "cpe:/o:redhat:enterprise_linux:8::baseos"; NULL: no CPE. */
static const char *cpe_tail(const char *cpe)
{
  const char *at = g_str_has_prefix(cpe, "cpe:/") ? strstr(cpe, ":redhat:") : NULL;
  return at ? at + strlen(":redhat:") : NULL;
}

static gboolean begins_with(const char *text, const char *part)
{
  size_t n = strlen(part);
  return strncmp(text, part, n) == 0 && (text[n] == 0 || text[n] == ':' || text[n] == '.');
}

/* Whether one of the repositories' products is the record's, or a part of it, or the other way:
 * "…:8" of what is open is all of "…:8::baseos". */
static gboolean is_of_product(const GPtrArray *cpes, const char *product)
{
  const char *wanted = cpe_tail(product);
  for (guint i = 0; wanted && i < cpes->len; i++) {
    const char *have = cpe_tail(cpes->pdata[i]);
    if (have && (begins_with(have, wanted) || begins_with(wanted, have)))
      return TRUE;
  }
  return FALSE;
}

typedef enum { LIFE_PLAIN, LIFE_OFF, LIFE_ON } LongLife;

/* Whether the product is a stream with a longer life, and one that the image takes its packages
 * from: of "rhel_eus:8.4" its own minor release. */
static LongLife long_life(const OakumMatchPlace *place, const char *product)
{
  g_autofree char *name = product_name(product);
  const char *sets = place->distro->repositories, *version = place->distro->version;
  for (size_t i = 0; i < G_N_ELEMENTS(long_lives); i++) {
    g_autofree char *infix = g_strconcat("_", long_lives[i][0], NULL);
    if (!g_str_has_suffix(name, infix))
      continue;
    g_autofree char *word = g_strconcat("-", long_lives[i][1], "-", NULL);
    const char *release = strstr(product, infix) + strlen(infix);
    release += *release == ':';
    gboolean minors =
        version && strchr(version, '.') && memchr(release, '.', strcspn(release, ":"));
    size_t n = strcspn(release, ":");
    gboolean own = !minors || (strlen(version) == n && memcmp(version, release, n) == 0);
    return own && sets && strstr(sets, word) ? LIFE_ON : LIFE_OFF;
  }
  return LIFE_PLAIN;
}

static gboolean takes_from_long_life(const char *sets)
{
  for (size_t i = 0; sets && i < G_N_ELEMENTS(long_lives); i++) {
    char word[16];
    g_snprintf(word, sizeof word, "-%s-", long_lives[i][1]);
    if (strstr(sets, word))
      return TRUE;
  }
  return FALSE;
}

static gboolean share_a_hole(const OakumAdvisory *a, const OakumAdvisory *b)
{
  for (guint i = 0; a->ids[i]; i++)
    if (g_strv_contains(b->ids, a->ids[i]))
      return TRUE;
  return FALSE;
}

/* What the image's own stream has mended is not held against the fix of the main line, which is
 * higher. */
static gboolean mended_in_stream(const OakumMatchPlace *place, const OakumPackage *package,
                                 const OakumAdvisory *a, const OakumAdvisoryList *all)
{
  if (!place->rule || strcmp(place->rule->ecosystem, "Red Hat") != 0 || place->cpes ||
      !takes_from_long_life(place->distro->repositories) ||
      (a->product && !is_plain_product(a->product)))
    return FALSE;
  for (guint i = 0; i < all->len; i++) {
    const OakumAdvisory *b = &all->items[i];
    if (b != a && b->product && b->status == OAKUM_STATUS_FIXED && b->kind == a->kind &&
        share_a_hole(a, b) && long_life(place, b->product) == LIFE_ON && arch_applies(package, b) &&
        module_applies(package, b))
      return TRUE;
  }
  return FALSE;
}

/* "sat" of "1.2-1.el8sat": what a layered product builds for itself. *len may be 0. */
static const char *build_tag(const char *version, size_t *len)
{
  const char *at = version ? strstr(version, ".el") : NULL;
  *len = 0;
  if (!at)
    return "";
  at += strlen(".el");
  at += strspn(at, "0123456789_");
  while (g_ascii_isalpha(at[*len]))
    (*len)++;
  return at;
}

/* Whether a package may be of the layered product that the fix was built by: one of the system
 * itself has not the product's mark. */
static gboolean may_be_of_build(const OakumPackage *p, const OakumAdvisory *a)
{
  size_t n, m;
  const char *fix = fix_of(a), *want = build_tag(fix, &n), *have = build_tag(p->version, &m);
  gboolean openshift = fix && strstr(fix, "rhaos");
  return (n == 0 || (n == m && memcmp(want, have, n) == 0)) &&
         (!openshift || strstr(p->version, "rhaos"));
}

/* A fix for a product that the image does not take its packages from says nothing of it. */
static gboolean product_applies(const OakumMatchPlace *place, const OakumPackage *package,
                                const OakumAdvisory *a, const OakumAdvisoryList *all)
{
  if (!a->product || !place->rule || strcmp(place->rule->ecosystem, "Red Hat") != 0)
    return TRUE;
  if (place->cpes && cpe_tail(a->product))
    return is_of_product(place->cpes, a->product);
  if (is_plain_product(a->product))
    return TRUE;
  LongLife life = long_life(place, a->product);
  if (life != LIFE_PLAIN)
    return life == LIFE_ON;
  g_autofree char *name = product_name(a->product);
  const char *sets = place->distro->repositories;
  g_autofree char *dashed = g_strdelimit(g_strdup(name), "_", '-');
  return (sets && strstr(sets, dashed)) || (!any_plain(all) && may_be_of_build(package, a));
}

gboolean oakum_record_applies(const OakumMatchPlace *place, const OakumPackage *package,
                              const OakumAdvisory *a, const OakumAdvisoryList *all)
{
  if (!arch_applies(package, a) || !flavour_applies(place, package, a, all) ||
      !product_applies(place, package, a, all) || mended_in_stream(place, package, a, all))
    return FALSE;
  return !place->rule || strcmp(place->rule->type, "rpm") != 0 || module_applies(package, a);
}
