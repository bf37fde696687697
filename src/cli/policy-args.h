/* By what an image is judged: for scan, ship and policy. */
#pragma once
#include "cli/cli.h"
#include "dockerfile/dockerfile.h"
#include "report/report.h"

typedef struct {
  char *policy, *preset, *baseline;
  GPtrArray *ignore_files; /* char *; NULL: none */
} OakumPolicyArgs;
extern const OakumOption oakum_policy_options[];
/* What --fail-on takes. */
#define OAKUM_FAIL_ON "fixable|none|negligible|low|medium|high|critical"

/* A policy and what it is held against. */
typedef struct {
  OakumPolicy *policy;
  OakumSavedResult *baseline; /* NULL: none was given */
  GArray *stages;             /* OakumPolicyStage, borrowed from the Dockerfile; NULL: not known */
  gboolean own;               /* there is a policy beyond --fail-on */
} OakumGate;
/* Frees what it holds. */
void oakum_gate_clear(OakumGate *gate);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OakumGate, oakum_gate_clear)
/* --policy, else the key "policy" of oakum.yaml, with --preset, and what they import;
 * --ignore-file,
 * --baseline. */
NODISCARD gboolean oakum_gate_open(const OakumPolicyArgs *args, const OakumGeneralArgs *general,
                                   OakumGate *out, GError **error);
/* Adds --fail-on; `fallback` when it is not given and there is no policy. */
NODISCARD gboolean oakum_gate_fail_on(OakumGate *gate, const char *fail_on, const char *fallback,
                                      GError **error);
/* The stages of the Dockerfile that the image is built from, which must outlive the gate. */
void oakum_gate_take_stages(OakumGate *gate, const OakumDockerfile *dockerfile);
/* Judges; sets what is suppressed. `catalog` may be NULL. */
NODISCARD OakumVerdict *oakum_gate_judge(const OakumGate *gate, GPtrArray *findings,
                                         const OakumCatalog *catalog, const char *target,
                                         int64_t now, gboolean everything);
/* A saved result, by the path of its file; "-" is standard input. */
NODISCARD OakumSavedResult *oakum_cli_read_result(const char *path, GError **error);
/* The policy in the text of a file, with all that it imports. `path` "-" is standard input. */
NODISCARD OakumPolicy *oakum_cli_read_policy(const char *path, const char *preset, GError **error);
/* The verdict in lines; new. */
NODISCARD char *oakum_cli_verdict_text(const OakumVerdict *verdict);
