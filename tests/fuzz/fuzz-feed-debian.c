/* Debian's tracker and its lists. */
#define FEEDS                                                                                      \
  {"debian-tracker", "json"},                                                                      \
  {                                                                                                \
    "debian-list", "list"                                                                          \
  }
#include "feed.h"
