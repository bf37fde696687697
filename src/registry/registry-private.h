#pragma once
#include "registry/registry.h"

struct OakumRegistry {
  OakumHttp *http;
  char *name, *repository, *base; /* base: "https://host" */
  gboolean push;
  char *user, *password, *identity_token;
  char *authorization; /* the header in use; NULL: none yet */
};

NODISCARD gboolean oakum_registry_find_credentials(OakumRegistry *registry, GError **error);
/* Answers a challenge: sets `authorization`. FALSE when it cannot. */
NODISCARD gboolean oakum_registry_authorize(OakumRegistry *registry, const char *www_authenticate,
                                            GError **error);
