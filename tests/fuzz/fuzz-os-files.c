/* Package managers with one small file a package: the input is each of their files. */
#include "catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const paths[] = {"var/lib/pacman/local/a-1-1/desc",
                                      "var/lib/pacman/local/a-1-1/files",
                                      "var/db/pkg/cat/a-1/PF",
                                      "var/db/pkg/cat/a-1/CONTENTS",
                                      "opt/Cellar/a/1/INSTALL_RECEIPT.json",
                                      "snap/a/1/meta/snap.yaml",
                                      "opt/conda-meta/a.json",
                                      "var/lib/rpmmanifest/container-manifest-1",
                                      "var/lib/rpmmanifest/container-manifest-2",
                                      "var/lib/dpkg/info/a:amd64.list",
                                      "etc/cos-package-info.json",
                                      "usr/share/bottlerocket/application-inventory.json",
                                      "usr/share/vex/a.json",
                                      "var/lib/dpkg/status.d/a.md5sums"};
  for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
    (void)fuzz_catalog(paths[i], 0644, data, size);
  return 0;
}
