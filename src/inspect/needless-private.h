/* Packages that nothing needs: what a layer tells of it, and what the whole image makes of that. */
#pragma once
#include "inspect/hygiene-private.h"

/* "fact:…" as in hygiene-private.h. */
#define NEEDLESS_FACT_DPKG HYGIENE_FACT "dpkg" /* `why`: dpkg's graph, see needless-layer.c */
#define NEEDLESS_FACT_APK HYGIENE_FACT "apk"   /* apk's */
#define NEEDLESS_FACT_RPM HYGIENE_FACT "rpm"   /* rpm's, which the reader of its database tells */
#define NEEDLESS_FACT_AUTO                                                                         \
  HYGIENE_FACT "auto" /* packages that apt took along, a line each: all others                     \
                         somebody asked for */
#define NEEDLESS_FACT_WORLD HYGIENE_FACT "world" /* packages that somebody asked apk for */
#define NEEDLESS_FACT_FILES HYGIENE_FACT "files" /* package, then its programs and libraries */
#define NEEDLESS_FACT_NEEDS                                                                        \
  HYGIENE_FACT "needs" /* of a file that no package brought; "?": many                             \
                        */
#define NEEDLESS_FACT_LINKS                                                                        \
  HYGIENE_FACT "links" /* of links to programs of another name: "php php7.4", a line each */

/* The packages of a database of dpkg or apk, in the form that the facts have. New string; NULL: it
 * is larger than OAKUM_NEEDLESS_GRAPH_MAX. */
NODISCARD char *oakum_needless_dpkg(OakumSlice status);
NODISCARD char *oakum_needless_apk(OakumSlice installed);
/* Names of packages, a line each: those that apt's extended_states calls automatic, and those that
 * apk's world asks for. New string. */
NODISCARD char *oakum_needless_auto(OakumSlice states);
NODISCARD char *oakum_needless_world(OakumSlice world);
/* Programs and libraries of a list of files, one a line; "" when it has none. New string. */
NODISCARD char *oakum_needless_files(const char *package, OakumSlice list);
/* What a program needs to run: lines "l libc.so.6", "i /bin/sh", "w curl" (a word of a script).
 * `content`: its first bytes; `dynamic`: the bytes of its PT_DYNAMIC where they lie behind those.
 * NULL: it is neither ELF nor a script. New string. */
NODISCARD char *oakum_needless_needs(OakumSlice content, OakumSlice dynamic);
/* How many first bytes of a program that begins so name what it needs. */
NODISCARD size_t oakum_needless_room(OakumSlice head);
/* Where PT_DYNAMIC lies in a file that begins so. FALSE: there is none. */
NODISCARD gboolean oakum_needless_dynamic(OakumSlice head, uint64_t *offset, uint64_t *len);

/* `facts`: all of the image, borrowed. */
void oakum_needless_image(const OakumConfig *config, const GPtrArray *facts, GPtrArray *findings);
