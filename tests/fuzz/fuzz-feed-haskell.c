/* Haskell's advisories. */
#define FEEDS                                                                                      \
  {                                                                                                \
    "haskell", "HSEC-2026-0001.md"                                                                 \
  }
#include "feed.h"
