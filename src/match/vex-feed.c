/* VEX of vendors that stands in the database. A file that comes with --vex is about what is
 * scanned, because somebody says so; a feed is about its vendor's own products. What it says counts
 * therefore for an image that it names, and for a package inside of a product that is here. What it
 * says of a package alone does not: a vendor of images calls Debian's packages not affected, and
 * means those in its images. */
#include "match/match-private.h"
#include "match/vex-private.h"
#include <string.h>

/* What it takes to ask for one package. */
typedef struct {
  OakumMatch *m;
  const OakumHole *hole;
  OakumFinding *finding;
  OakumAdvisoryStatus status; /* of the newest word */
  gboolean said;
  char *date, *reason;
} Ask;

static gboolean is_named(const OakumHole *hole, const OakumAdvisory *a)
{
  for (guint i = 0; i < hole->names->len; i++)
    if ((a->ids[0] && strcmp(a->ids[0], hole->names->pdata[i]) == 0) ||
        g_strv_contains(a->aliases, hole->names->pdata[i]))
      return TRUE;
  return FALSE;
}

/* `whole`: the package that the product must be; NULL: the image. */
static gboolean is_about(const Ask *ask, const OakumAdvisory *a, const OakumPackage *whole)
{
  if (!whole && g_str_has_prefix(a->product, "pkg:oci/") &&
      !strstr(a->product, "repository_url=") &&
      !(a->versions[0] && (strchr(a->versions[0], ':') || strstr(a->versions[0], "%3A"))))
    return FALSE; /* a last name that anybody may give to an image */
  if (!whole)
    return oakum_vex_is_about(a->product, a->module, ask->finding, ask->m->options);
  gboolean version = !a->versions[0] || g_strcmp0(a->versions[0], whole->version) == 0;
  return a->module && version && oakum_vex_is_about(NULL, a->module, ask->finding, ask->m->options);
}

static gboolean ask_name(Ask *ask, const char *name, const OakumPackage *whole, GError **error)
{
  g_autoptr(OakumAdvisoryList) list = oakum_advisory_db_find(ask->m->db, "vex", name, error);
  if (!list)
    return FALSE;
  for (guint i = 0; i < list->len; i++) {
    const OakumAdvisory *a = &list->items[i];
    if (!a->product || !is_named(ask->hole, a) || !is_about(ask, a, whole) ||
        (ask->said && g_strcmp0(a->modified, ask->date) < 0))
      continue;
    ask->said = TRUE;
    ask->status = a->status;
    g_free(ask->date);
    g_free(ask->reason);
    ask->date = g_strdup(a->modified);
    ask->reason = g_strdup_printf("VEX %s: %s%s%s%s", a->record,
                                  a->status == OAKUM_STATUS_FIXED ? "fixed" : "not_affected",
                                  a->note ? " (" : "", a->note ? a->note : "", a->note ? ")" : "");
  }
  return TRUE;
}

static gboolean ask_image(Ask *ask, GError **error)
{
  g_autofree char *image = g_ascii_strdown(ask->m->options->image, -1);
  image[strcspn(image, "@")] = 0;
  char *slash = strrchr(image, '/'), *colon = strrchr(image, ':');
  if (colon && (!slash || colon > slash))
    *colon = 0;
  const char *path = strchr(image, '/');
  gboolean host =
      path && (memchr(image, '.', (size_t)(path - image)) ||
               memchr(image, ':', (size_t)(path - image)) || g_str_has_prefix(image, "localhost/"));
  path = host ? path + 1 : image;
  g_autofree char *docker = g_strconcat("pkg:docker/", path, NULL),
                  *oci = g_strconcat("pkg:oci/", slash ? slash + 1 : image, NULL);
  return ask_name(ask, docker, NULL, error) && ask_name(ask, oci, NULL, error);
}

/* The other packages of the same file: a program, and what was linked into it. */
static gboolean ask_wholes(Ask *ask, const OakumPackage *p, GError **error)
{
  const char *path = p->paths->len ? p->paths->pdata[0] : NULL;
  const GPtrArray *there = path ? g_hash_table_lookup(ask->m->by_path, path) : NULL;
  for (guint i = 0; there && i < there->len; i++) {
    const OakumPackage *whole = there->pdata[i];
    g_autofree char *name = whole->purl ? g_strndup(whole->purl, strcspn(whole->purl, "?#")) : NULL;
    char *at = name ? strrchr(name, '@') : NULL;
    if (at && at > strrchr(name, '/'))
      *at = 0;
    if (name && whole != p && !ask_name(ask, name, whole, error))
      return FALSE;
  }
  return TRUE;
}

void oakum_vex_feed_prepare(OakumMatch *m)
{
  const GPtrArray *all = m->catalog->packages;
  for (guint i = 0; m->vex_feeds && i < all->len; i++) {
    OakumPackage *p = all->pdata[i];
    if (p->paths->len == 0 || !oakum_catalog_is_told(p))
      continue; /* of all else a file lists what stands beside it; the program is told first */
    GPtrArray *there = g_hash_table_lookup(m->by_path, p->paths->pdata[0]);
    if (!there)
      g_hash_table_insert(m->by_path, p->paths->pdata[0], there = g_ptr_array_new());
    if (there->len < OAKUM_VEX_WHOLES_MAX)
      g_ptr_array_add(there, p);
  }
}

gboolean oakum_vex_feed_apply(OakumMatch *m, const OakumPackage *package, const OakumHole *hole,
                              OakumFinding *finding, GError **error)
{
  if (!m->vex_feeds || finding->suppressed)
    return TRUE;
  Ask ask = {.m = m, .hole = hole, .finding = finding};
  gboolean ok = (!m->options->image || ask_image(&ask, error)) && ask_wholes(&ask, package, error);
  if (ok && ask.said &&
      (ask.status == OAKUM_STATUS_NOT_AFFECTED || ask.status == OAKUM_STATUS_FIXED))
    finding->suppressed = g_steal_pointer(&ask.reason);
  g_free(ask.date);
  g_free(ask.reason);
  return ok;
}
