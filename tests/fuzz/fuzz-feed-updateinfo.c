/* Updateinfo.xml. */
#define FEEDS                                                                                      \
  {                                                                                                \
    "updateinfo", "updateinfo.xml"                                                                 \
  }
#include "feed.h"
