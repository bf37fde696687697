/* Files that hygiene looks into (the first line names which), and steps of a history. */
#include "inspect/needless-private.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
  if (!end || end == data)
    return 0;
  g_autofree char *path = g_strndup((const char *)data, (gsize)(end - data));
  OakumSlice content = {end + 1, size - (size_t)(end + 1 - data)};
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  OakumConfig config = {.history =
                            g_ptr_array_new_with_free_func((GDestroyNotify)oakum_history_free)};
  if (strcmp(path, "history") == 0) {
    g_autofree char *text = g_strndup((const char *)content.data, content.len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 100);
    for (char **line = lines; *line; line++) {
      OakumHistory *entry = g_new0(OakumHistory, 1);
      entry->created_by = g_strdup(*line);
      entry->empty_layer = g_str_has_prefix(*line, "CMD");
      g_ptr_array_add(config.history, entry);
    }
    const OakumInspectImage image = {.config = &config,
                                     .now = 1780000000,
                                     .base_layers = oakum_hygiene_base_layers(config.history)};
    oakum_hygiene_history(&image, found);
  } else if (strcmp(path, "env") == 0 || strcmp(path, "user") == 0) {
    g_autofree char *text = g_strndup((const char *)content.data, content.len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 100);
    config.env = lines;
    config.user = lines[0] ? lines[0] : NULL;
    config.created = lines[0] ? lines[0] : NULL;
    const OakumInspectImage image = {
        .config = &config, .target = lines[0], .now = 1780000000, .base_layers = -1};
    oakum_hygiene_image(&image, found);
  } else if (strcmp(path, "layer") == 0) { /* what a reader that was taken over could send */
    for (int i = 0; i < 2; i++) {
      g_autofree char *text = g_strndup((const char *)content.data, content.len);
      oakum_hygiene_fact(found, HYGIENE_FACT_LAYER, NULL, text);
      oakum_hygiene_fact(found, HYGIENE_FACT_OWNERS, NULL, text);
      oakum_hygiene_fact(found, HYGIENE_FACT_PASSWD, "etc/passwd", text);
      ((OakumFinding *)found->pdata[found->len - 3])->layer_index = i;
    }
    const OakumInspectImage image = {.config = &config, .now = 1780000000, .base_layers = -1};
    oakum_hygiene_image(&image, found);
  } else if (strcmp(path, "packages") == 0) { /* a database of dpkg or apk, and lists of files */
    g_autofree char *dpkg = oakum_needless_dpkg(content), *apk = oakum_needless_apk(content),
                    *files = oakum_needless_files("a", content), *program = g_strdup("/usr/bin/a");
    char *start[] = {program, NULL};
    if (dpkg && *dpkg)
      oakum_hygiene_fact(found, NEEDLESS_FACT_DPKG, "var/lib/dpkg/status", dpkg);
    else if (apk)
      oakum_hygiene_fact(found, NEEDLESS_FACT_APK, "lib/apk/db/installed", apk);
    oakum_hygiene_fact(found, NEEDLESS_FACT_FILES, "x", files);
    config.entrypoint = start;
    oakum_needless_image(&config, found, found);
  } else if (strcmp(path, "graph") == 0) { /* what a reader that was taken over could send */
    g_autofree char *text = g_strndup((const char *)content.data, content.len);
    oakum_hygiene_fact(found, NEEDLESS_FACT_DPKG, "x", text);
    oakum_hygiene_fact(found, NEEDLESS_FACT_FILES, "x", text);
    oakum_hygiene_fact(found, NEEDLESS_FACT_NEEDS, "x", text);
    oakum_needless_image(&config, found, found);
  } else if (strcmp(path, "program") == 0) {
    uint64_t offset, len;
    g_autofree char *needs = oakum_needless_needs(content, (OakumSlice){NULL, 0});
    if (oakum_needless_dynamic(content, &offset, &len))
      g_assert_nonnull(needs);
  } else {
    oakum_hygiene_content(path, content, found);
    if (oakum_hygiene_secret_name(path) == HYGIENE_NAME_IF_CONTENT &&
        oakum_hygiene_secret_content(path, content))
      g_assert_cmpuint(content.len, >, 0);
  }
  for (guint i = 0; i < found->len; i++) {
    const OakumFinding *finding = found->pdata[i];
    g_assert(g_utf8_validate(finding->why, -1, NULL) || g_str_has_prefix(finding->id, "fact:"));
  }
  g_ptr_array_unref(config.history);
  return 0;
}
