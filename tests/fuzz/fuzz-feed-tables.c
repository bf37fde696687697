/* Feeds that are one flat table. */
#define FEEDS                                                                                      \
  {"redhat-repositories", "r.json"}, {"kev", "kev.json"}, {"epss", "epss.csv"},                    \
      {"table", "t.jsonl"}, {"vulnerablecode", "m.jsonl"},                                         \
  {                                                                                                \
    "rows", "rows.jsonl"                                                                           \
  }
#include "feed.h"
