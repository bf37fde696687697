/* Ubuntu's CVE tracker. */
#define FEEDS                                                                                      \
  {                                                                                                \
    "uct", "CVE-2026-1001"                                                                         \
  }
#include "feed.h"
