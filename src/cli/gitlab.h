/* `oakum gitlab scan`: what GitLab's container scanning job does. Facts:
 * https://docs.gitlab.com/user/application_security/container_scanning/ */
#pragma once
#include "cli/scan-common.h"

/* The variables as they stand in the environment, NULL: not set, or empty. Borrowed. */
typedef struct {
#define ACTS(NAME, FIELD, DEFAULT, HELP) const char *FIELD;
#define ACCEPTED(NAME, HELP)
#include "cli/gitlab-variables.inc"
#undef ACTS
#undef ACCEPTED
} OakumGitlabVariables;
extern const OakumForeignVariable oakum_gitlab_variables[];
extern const OakumCommand oakum_gitlab_scan_command;

/* What they come to. */
typedef struct {
  OakumGitlabVariables vars;
  char *image;      /* as it is called, without archive:// */
  gboolean archive; /* a file behind archive:// */
  char *folder;     /* reports go there, and the repository is there */
  guint severities; /* a bit 1 << OakumSeverity each that is reported */
  gboolean ignore_unfixed, no_language, dependencies, licenses, end_of_life, quiet, plain,
      unverified;
  OakumSeverity end_severity;
  char **statuses;     /* left out */
  char *login;         /* "HOST=USER:PASSWORD"; NULL */
  gint64 timeout_ns;   /* 0: none */
  GPtrArray *approved; /* OakumFinding, borrowed: suppressed by the allowlist */
} OakumGitlabSettings;
/* Reads the environment and sets the level of the log. `image` (may be NULL) is that of the command
 * line and goes before the variables. */
NODISCARD gboolean oakum_gitlab_settings_read(OakumGitlabSettings *settings, const char *image,
                                              GError **error);
void oakum_gitlab_settings_clear(OakumGitlabSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumGitlabSettings, oakum_gitlab_settings_clear)
/* What they say of registries, put into `args`; authorities that are given as text go to a file
 * below `temp`. */
NODISCARD gboolean oakum_gitlab_settings_registry(const OakumGitlabSettings *settings,
                                                  OakumRegistryArgs *args, const char *temp,
                                                  GError **error);

/* Sets `suppressed` of holes that the variables or vulnerability-allowlist.yml leave out, and the
 * severity of an end of life; tells how many there are of each. `image` is how the image is called.
 */
NODISCARD gboolean oakum_gitlab_filter(OakumGitlabSettings *settings, const char *image,
                                       GPtrArray *findings, GError **error);
/* The table for the job's log. New string. */
NODISCARD char *oakum_gitlab_table(const OakumGitlabSettings *settings, const OakumResult *result);
