/* OpenVEX. */
#define FEEDS                                                                                      \
  {                                                                                                \
    "openvex", "x.vex.json"                                                                        \
  }
#include "feed.h"
