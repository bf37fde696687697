/* OSV records and Alpine's security database. */
#define FEEDS                                                                                      \
  {"osv", "input"},                                                                                \
  {                                                                                                \
    "alpine-secdb", "input"                                                                        \
  }
#include "feed.h"
