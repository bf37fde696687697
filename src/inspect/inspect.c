/* The observer of a layer, which hands on to the parts, and the image as a whole. */
#include "inspect/hygiene-private.h"
#include "inspect/licence-private.h"
#include "inspect/secret-private.h"
#include <string.h>

/* To be raised with any change of what is found; another build of the program counts as one. */
static const char version[] = "inspect 5";

static const struct {
  const char *word;
  guint check;
} words[] = {{"holes", OAKUM_CHECK_HOLES},
             {"secrets", OAKUM_CHECK_SECRETS},
             {"hygiene", OAKUM_CHECK_HYGIENE},
             {"licences", OAKUM_CHECK_LICENCES}};

gboolean oakum_check_parse(const char *word, guint *check)
{
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (strcmp(words[i].word, word) == 0) {
      *check |= words[i].check;
      return TRUE;
    }
  return FALSE;
}

const char *oakum_inspect_version(void)
{
  return version;
}

struct OakumInspector {
  OakumLayerObserver observer;
  SecretScan *secrets;        /* NULL: nobody asked */
  OakumHygiene *hygiene;      /* NULL: nobody asked */
  OakumLicenceScan *licences; /* NULL: nobody asked */
  gboolean file;              /* bytes may follow */
};

static void entry(gpointer user, const OakumTarEntry *entry_, const char *path)
{
  OakumInspector *inspector = user;
  if (inspector->secrets && entry_->type == OAKUM_TAR_FILE)
    oakum_secret_scan_file(inspector->secrets, path);
  if (inspector->hygiene)
    oakum_hygiene_entry(inspector->hygiene, entry_, path);
  if (inspector->licences)
    oakum_licence_scan_entry(inspector->licences, entry_, path);
}

static void bytes(gpointer user, const void *data, size_t len)
{
  OakumInspector *inspector = user;
  if (inspector->secrets)
    oakum_secret_scan_bytes(inspector->secrets, data, len);
  if (inspector->hygiene)
    oakum_hygiene_bytes(inspector->hygiene, data, len);
  if (inspector->licences)
    oakum_licence_scan_bytes(inspector->licences, data, len);
}

static void end(gpointer user, GPtrArray *observed, GPtrArray *incomplete)
{
  OakumInspector *inspector = user;
  if (inspector->secrets)
    oakum_secret_scan_end(inspector->secrets, observed, incomplete);
  if (inspector->hygiene)
    oakum_hygiene_end(inspector->hygiene, observed, incomplete);
  if (inspector->licences)
    oakum_licence_scan_end(inspector->licences, observed);
}

OakumInspector *oakum_inspector_new(const OakumInspectOptions *options)
{
  OakumInspector *inspector = g_new0(OakumInspector, 1);
  inspector->observer = (OakumLayerObserver){entry, bytes, end, inspector};
  if (options->checks & OAKUM_CHECK_SECRETS)
    inspector->secrets = oakum_secret_scan_new();
  if (options->checks & OAKUM_CHECK_HYGIENE)
    inspector->hygiene = oakum_hygiene_new();
  if (options->checks & OAKUM_CHECK_LICENCES)
    inspector->licences = oakum_licence_scan_new();
  return inspector;
}

const OakumLayerObserver *oakum_inspector_observer(OakumInspector *inspector)
{
  return &inspector->observer;
}

void oakum_inspector_free(OakumInspector *inspector)
{
  if (!inspector)
    return;
  oakum_secret_scan_free(inspector->secrets);
  oakum_hygiene_free(inspector->hygiene);
  oakum_licence_scan_free(inspector->licences);
  g_free(inspector);
}

void oakum_inspect_image(const OakumInspectImage *image, guint checks, GPtrArray *findings)
{
  if ((checks & OAKUM_CHECK_SECRETS) && image->config)
    oakum_secret_settings(image->config, image->manifest, findings);
  if (checks & OAKUM_CHECK_HYGIENE)
    oakum_hygiene_image(image, findings);
  else
    oakum_hygiene_drop_facts(findings);
  if (checks & OAKUM_CHECK_LICENCES)
    oakum_licence_image(image, findings);
}

void oakum_inspect_dates(const OakumInspectImage *image, guint checks, GPtrArray *findings)
{
  if ((checks & OAKUM_CHECK_HYGIENE) && image->config)
    oakum_hygiene_dates(image, findings);
}

void oakum_inspect_secrets(const char *path, OakumSlice content, GPtrArray *observed,
                           GPtrArray *incomplete)
{
  SecretScan *scan = oakum_secret_scan_new();
  oakum_secret_scan_file(scan, path);
  oakum_secret_scan_bytes(scan, content.data, content.len);
  oakum_secret_scan_end(scan, observed, incomplete);
  oakum_secret_scan_free(scan);
}
