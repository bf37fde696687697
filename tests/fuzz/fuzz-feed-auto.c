/* Documents whose feed is judged, and archives of them. */
#define FEEDS                                                                                      \
  {"auto", "in.json"},                                                                             \
  {                                                                                                \
    "auto", "in.yaml"                                                                              \
  }
#include "feed.h"
