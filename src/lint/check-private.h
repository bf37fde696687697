/* The checks of the rule table and the table itself, for the engine. */
#pragma once
#include "lint/lint-private.h"

typedef struct {
  LintCheck check;
  guint steps;
} LintChecker;
extern const LintChecker lint_checkers[LINT_RULES];
NODISCARD const OakumLintRule *lint_row(LintRuleId rule);
/* Its aliases; borrowed, and made once: each finding has them. */
NODISCARD char **lint_aliases(LintRuleId rule);
/* The id is the row's name or one of its aliases, any case. */
NODISCARD gboolean lint_row_is(const OakumLintRule *row, const char *id);
/* Of which rows that is so: LINT_RULES flags, static; NULL: of none. */
NODISCARD const gboolean *lint_rows_named(const char *id);

/* ignores.c: takes findings back and tells of ignores that do nothing. */
void lint_ignores(OakumLint *lint);
/* The line in which the instruction around a line begins; the line itself when there is none. */
NODISCARD int lint_instruction_start(const OakumLint *lint, int line);
/* docker.c: all that compat docker tells. */
void lint_docker(OakumLint *lint);
/* shellcheck.c */
void lint_shellcheck_free(OakumLint *lint);
/* prelude.c: the names of `names` that the script's prelude must set for shellcheck to say of
 * `text` what it would say with all of them set. Names borrowed, array new. */
NODISCARD GPtrArray *lint_prelude(const char *text, const GPtrArray *names, gboolean hadolint);
/* silent.c: shellcheck would say nothing of this script, whatever of `names` is set. */
NODISCARD gboolean lint_script_is_silent(const char *shell, const char *text,
                                         const GPtrArray *names, gboolean hadolint);
NODISCARD gboolean lint_is_variable_name(const char *name);

void check_apt_pin(OakumLint *lint, LintStep *step);
void check_apt_lists(OakumLint *lint, LintStep *step);
void check_apt_yes(OakumLint *lint, LintStep *step);
void check_apt_recommends(OakumLint *lint, LintStep *step);
void check_apt_tool(OakumLint *lint, LintStep *step);
void check_dist_upgrade(OakumLint *lint, LintStep *step);
void check_update_alone(OakumLint *lint, LintStep *step);
void check_install_alone(OakumLint *lint, LintStep *step);
void check_inline_ignore(OakumLint *lint, LintStep *step);
void check_workdir(OakumLint *lint, LintStep *step);
void check_workdir_system(OakumLint *lint, LintStep *step);
void check_volume(OakumLint *lint, LintStep *step);
void check_copy_relative(OakumLint *lint, LintStep *step);
void check_expose_range(OakumLint *lint, LintStep *step);
void check_expose_ssh(OakumLint *lint, LintStep *step);
void check_expose_case(OakumLint *lint, LintStep *step);
void check_expose_format(OakumLint *lint, LintStep *step);
void check_add(OakumLint *lint, LintStep *step);
void check_copy_slash(OakumLint *lint, LintStep *step);
void check_copy_from(OakumLint *lint, LintStep *step);
void check_copy_self(OakumLint *lint, LintStep *step);
void check_copy_archive(OakumLint *lint, LintStep *step);
void check_copy_root(OakumLint *lint, LintStep *step);
void check_copy_ignored(OakumLint *lint, LintStep *step);
void check_copy_secret(OakumLint *lint, LintStep *step);
void check_copy_context(OakumLint *lint, LintStep *step);
void check_add_checksum(OakumLint *lint, LintStep *step);
void check_copy_order(OakumLint *lint, LintStep *step);
void check_user_root(OakumLint *lint, LintStep *step);
void check_no_user(OakumLint *lint, LintStep *step);
void check_user_name(OakumLint *lint, LintStep *step);
void check_dev_base(OakumLint *lint, LintStep *step);
void check_packages(OakumLint *lint, LintStep *step);
void check_cache_mount(OakumLint *lint, LintStep *step);
void check_case(OakumLint *lint, LintStep *step);
void check_continuation(OakumLint *lint, LintStep *step);
void check_maintainer(OakumLint *lint, LintStep *step);
void check_legacy(OakumLint *lint, LintStep *step);
void check_many_cmd(OakumLint *lint, LintStep *step);
void check_json_args(OakumLint *lint, LintStep *step);
void check_onbuild(OakumLint *lint, LintStep *step);
void check_health(OakumLint *lint, LintStep *step);
void check_description(OakumLint *lint, LintStep *step);
void check_label_key(OakumLint *lint, LintStep *step);
void check_label_missing(OakumLint *lint, LintStep *step);
void check_label_unknown(OakumLint *lint, LintStep *step);
void check_label_values(OakumLint *lint, LintStep *step);
void check_pip_pin(OakumLint *lint, LintStep *step);
void check_pip_cache(OakumLint *lint, LintStep *step);
void check_npm_pin(OakumLint *lint, LintStep *step);
void check_npm_ci(OakumLint *lint, LintStep *step);
void check_gem_pin(OakumLint *lint, LintStep *step);
void check_yarn_cache(OakumLint *lint, LintStep *step);
void check_go_pin(OakumLint *lint, LintStep *step);
void check_apk_pin(OakumLint *lint, LintStep *step);
void check_apk_cache(OakumLint *lint, LintStep *step);
void check_yum_yes(OakumLint *lint, LintStep *step);
void check_yum_clean(OakumLint *lint, LintStep *step);
void check_yum_pin(OakumLint *lint, LintStep *step);
void check_zypper_yes(OakumLint *lint, LintStep *step);
void check_zypper_dup(OakumLint *lint, LintStep *step);
void check_zypper_clean(OakumLint *lint, LintStep *step);
void check_zypper_pin(OakumLint *lint, LintStep *step);
void check_dnf_yes(OakumLint *lint, LintStep *step);
void check_dnf_clean(OakumLint *lint, LintStep *step);
void check_dnf_pin(OakumLint *lint, LintStep *step);
void check_pointless(OakumLint *lint, LintStep *step);
void check_cd(OakumLint *lint, LintStep *step);
void check_sudo(OakumLint *lint, LintStep *step);
void check_pipefail(OakumLint *lint, LintStep *step);
void check_curl_wget(OakumLint *lint, LintStep *step);
void check_ln(OakumLint *lint, LintStep *step);
void check_consecutive(OakumLint *lint, LintStep *step);
void check_useradd(OakumLint *lint, LintStep *step);
void check_wget(OakumLint *lint, LintStep *step);
void check_chpasswd(OakumLint *lint, LintStep *step);
void check_pipe_shell(OakumLint *lint, LintStep *step);
void check_download(OakumLint *lint, LintStep *step);
void check_chmod(OakumLint *lint, LintStep *step);
void check_secret_run(OakumLint *lint, LintStep *step);
void check_removed(OakumLint *lint, LintStep *step);
void check_semicolon(OakumLint *lint, LintStep *step);
void check_and_or(OakumLint *lint, LintStep *step);
void check_chown(OakumLint *lint, LintStep *step);
void check_base_tag(OakumLint *lint, LintStep *step);
void check_base_latest(OakumLint *lint, LintStep *step);
void check_base_digest(OakumLint *lint, LintStep *step);
void check_base_eol(OakumLint *lint, LintStep *step);
void check_registry(OakumLint *lint, LintStep *step);
void check_stage_duplicate(OakumLint *lint, LintStep *step);
void check_stage_reserved(OakumLint *lint, LintStep *step);
void check_stage_case(OakumLint *lint, LintStep *step);
void check_from_as_case(OakumLint *lint, LintStep *step);
void check_platform(OakumLint *lint, LintStep *step);
void check_platform_redundant(OakumLint *lint, LintStep *step);
void check_from_arg(OakumLint *lint, LintStep *step);
void check_from_default(OakumLint *lint, LintStep *step);
void check_stage_unused(OakumLint *lint, LintStep *step);
void check_before_from(OakumLint *lint, LintStep *step);
void check_trust(OakumLint *lint, LintStep *step);
void check_env_self(OakumLint *lint, LintStep *step);
void check_undefined(OakumLint *lint, LintStep *step);
void check_secret_variable(OakumLint *lint, LintStep *step);
void check_arg_unused(OakumLint *lint, LintStep *step);
void check_env_build_only(OakumLint *lint, LintStep *step);
