/* What is known of one archive of Java while it is read. */
#pragma once
#include "catalog/parts-private.h"

/* A stretch of the file, or bytes that were unpacked. */
typedef struct {
  OakumCatalogFile *file;
  uint64_t start, size;
  const uint8_t *bytes; /* NULL: of the file */
} JavaStretch;

/* What is counted over all of one file. */
typedef struct {
  OakumCatalogFile *file;
  OakumCatalogSink *sink;
  uint64_t inflated, held;
  guint archives;
  gboolean over; /* a limit was told of; nothing more is opened */
} JavaWork;

/* No name of an attribute: the first Implementation-Version of a section, which is where what was
 * built by Ant says of the packages inside what they are. */
#define OAKUM_JAVA_SECTION_VERSION "section:version"

typedef struct {
  char *group, *artifact, *version;
} JavaPom;

typedef struct {
  JavaWork *work;
  const char *within; /* "BOOT-INF/lib/a.jar!/x.jar", NULL: the file itself */
  const char *name;   /* of the archive: "a-1.0.jar" */
  guint depth;
  OakumZip *zip;
  const JavaStretch *stretch;
  GPtrArray *poms;         /* JavaPom */
  GHashTable *manifest;    /* main attributes, and OAKUM_JAVA_SECTION_VERSION */
  GHashTable *licenses;    /* char *: "GROUP/ARTIFACT" to what its pom.xml declares */
  char *own, *own_version; /* the two parts of its name */
  char *group, *artifact;  /* of the path of a pom.xml without properties */
  gboolean sure;           /* that one is named as the archive is */
  gboolean several;        /* there are others, and none is */
} JavaArchive;

/* The two parts of "commons-lang3-3.12.0.jar"; new strings; no version: NULL, all is the name. */
void oakum_java_split_name(const char *file, char **name, char **version);
/* Adds what the archive was found to be: by its pom.properties, its manifest, its name. */
void oakum_java_add_packages(const JavaArchive *archive);
