/* CSAF documents. */
#define FEEDS                                                                                      \
  {                                                                                                \
    "csaf", "in.json"                                                                              \
  }
#include "feed.h"
