#pragma once
#include "advisory/advisory.h"
#include "sql/sql.h"

struct OakumAdvisoryImport {
  char *path, *temp;
  OakumSql *sql;
  OakumStatement *insert, *forget;
  guint64 records;
  char *latest; /* newest `modified` */
};

/* UNKNOWN when it is no CVSS 3 vector. */
NODISCARD OakumSeverity oakum_cvss3_severity(const char *vector);
/* Adds one range; `seq` tells the ranges of one record and package apart. */
NODISCARD gboolean oakum_advisory_add(OakumAdvisoryImport *import, const char *ecosystem,
                                      const char *package, guint seq, const OakumAdvisory *advisory,
                                      GError **error);
/* What an earlier import knew of a record, or a whole feed knew of an ecosystem, is replaced and
 * not added to: a fix that a feed took back must not live on. */
NODISCARD gboolean oakum_advisory_forget(OakumAdvisoryImport *import, const char *feed,
                                         const char *record, GError **error);
NODISCARD gboolean oakum_advisory_forget_feed(OakumAdvisoryImport *import, const char *ecosystem,
                                              const char *feed, GError **error);
NODISCARD gboolean oakum_advisory_read_osv(OakumAdvisoryImport *import, const json_t *record,
                                           GError **error);
NODISCARD gboolean oakum_advisory_read_secdb(OakumAdvisoryImport *import, const json_t *document,
                                             GError **error);
