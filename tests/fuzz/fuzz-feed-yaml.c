/* Advisories in YAML. */
#define FEEDS                                                                                      \
  {                                                                                                \
    "advisory-yaml", "CVE-2026-1001.yml"                                                           \
  }
#include "feed.h"
