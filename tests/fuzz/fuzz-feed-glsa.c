/* Gentoo's GLSA. */
#define FEEDS                                                                                      \
  {                                                                                                \
    "gentoo", "glsa.xml"                                                                           \
  }
#include "feed.h"
