/* Photon and Arch. */
#define FEEDS                                                                                      \
  {"photon", "cve_data_photon5.0.json"},                                                           \
  {                                                                                                \
    "arch", "all.json"                                                                             \
  }
#include "feed.h"
