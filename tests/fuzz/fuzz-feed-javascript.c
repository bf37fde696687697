/* Node.js and RetireJS. */
#define FEEDS                                                                                      \
  {"node-security", "1.json"},                                                                     \
  {                                                                                                \
    "retirejs", "jsrepository-v5.json"                                                             \
  }
#include "feed.h"
