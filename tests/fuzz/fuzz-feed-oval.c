/* OVAL definitions. */
#define FEEDS                                                                                      \
  {"oval", "com.ubuntu.jammy.cve.oval.xml"},                                                       \
  {                                                                                                \
    "oval", "azurelinux-3.0-oval.xml"                                                              \
  }
#include "feed.h"
