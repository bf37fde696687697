/* Requests to stores of objects, signed as each of them wants it. */
#pragma once
#include "build/source-private.h"

typedef struct {
  char *url, *authorization;
  char **headers;
} OakumSigned;
void oakum_signed_clear(OakumSigned *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumSigned, oakum_signed_clear)
/* GET of an object of S3: AWS Signature Version 4, with the keys, region and endpoint of the
 * environment (AWS_*, S3_ENDPOINT, S3_FORCE_PATH_STYLE); without keys it is not signed. `now`:
 * seconds since 1970. */
NODISCARD gboolean oakum_sign_s3(const char *bucket, const char *key, int64_t now, OakumSigned *out,
                                 GError **error);
/* GET of a blob of Azure: Shared Key of version 2021-08-06 with AZURE_STORAGE_ACCESS_KEY, unless
 * the URL is signed itself (SAS). */
NODISCARD gboolean oakum_sign_azure(const char *url, int64_t now, OakumSigned *out, GError **error);
/* TRUE for hosts of Azure's clouds: exactly those suffixes. */
NODISCARD gboolean oakum_sign_is_azure(const char *url);
/* GET of an object of Google's store: a token for the service account of
 * GOOGLE_APPLICATION_CREDENTIALS, else of the machine's metadata server, else none. */
NODISCARD gboolean oakum_sign_gcs(const char *bucket, const char *object, int64_t now,
                                  OakumSigned *out, GError **error);
