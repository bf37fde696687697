/* Endoflife.date. */
#define FEEDS                                                                                      \
  {"endoflife", "full.json"},                                                                      \
  {                                                                                                \
    "endoflife", "debian.md"                                                                       \
  }
#include "feed.h"
