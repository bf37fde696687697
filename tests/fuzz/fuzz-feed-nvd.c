/* NVD. */
#define FEEDS                                                                                      \
  {                                                                                                \
    "nvd", "nvd.json"                                                                              \
  }
#include "feed.h"
