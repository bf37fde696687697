/* Compat docker: BuildKit's phases in their order, up to its first error. */
#include "lint/docker-private.h"
#include <string.h>

/* ---- instructions, one by one
 * --------------------------------------------------------------------- */
static gboolean is_upper(const char *text)
{
  g_autofree char *upper =
      g_utf8_validate(text, -1, NULL) ? g_utf8_strup(text, -1) : g_ascii_strup(text, -1);
  return strcmp(upper, text) == 0;
}

static gboolean is_lower(const char *text)
{
  g_autofree char *lower =
      g_utf8_validate(text, -1, NULL) ? g_utf8_strdown(text, -1) : g_ascii_strdown(text, -1);
  return strcmp(lower, text) == 0;
}

const char *docker_word_at(const OakumInstruction *in, guint i)
{
  return i < in->words->len ? ((const OakumWord *)in->words->pdata[i])->value : NULL;
}

static void look_at_from(Docker *docker, const DockerChecks *more, const OakumInstruction *in)
{
  const char *as = docker_word_at(in, 1), *name = docker_word_at(in, 2);
  if (in->words->len == 3 && !is_lower(name))
    docker_tell(docker, more, LINT_STAGE_CASE, in, "%s", name);
  if (in->words->len < 3)
    return;
  if (is_lower(in->keyword) ? !is_lower(as) : is_upper(in->keyword) && !is_upper(as))
    docker_tell(docker, more, LINT_FROM_AS_CASE, in, "%s and %s", in->keyword, as);
}

static void look_at_description(Docker *docker, const DockerChecks *more,
                                const OakumInstruction *in)
{
  g_autoptr(GPtrArray) comments = docker_comments_above(docker, in);
  gboolean from = in->kind == OAKUM_INSTRUCTION_FROM;
  if (comments->len == 0 || (from && in->words->len != 3))
    return;
  const char *last = comments->pdata[comments->len - 1];
  g_autofree char *first = g_strndup(last, strcspn(last, " "));
  g_autofree char *name = NULL;
  if (from) {
    name = g_ascii_strdown(docker_word_at(in, 2), -1);
    if (strcmp(first, name) == 0)
      return;
  }
  for (guint i = 0; !from && i < in->words->len; i++)
    if (strcmp(((const OakumWord *)in->words->pdata[i])->name, first) == 0)
      return;
  if (!from)
    name = g_strdup(in->words->len == 1 ? ((const OakumWord *)in->words->pdata[0])->name
                                        : "<arg_key>");
  docker_tell(docker, more, LINT_DESCRIPTION, in, "%s %s", in->name, name);
}

static void read_instructions(Docker *docker)
{
  const OakumDockerfile *df = docker->df;
  g_autofree const OakumDockerfileError **wrong =
      g_new0(const OakumDockerfileError *, df->instructions->len + 1);
  for (guint i = df->errors->len; i > 0; i--) {
    const OakumDockerfileError *error = df->errors->pdata[i - 1];
    if (error->instruction >= 0 && docker_phase_of(df, error) == ERROR_INSTRUCTION)
      wrong[error->instruction] = error;
  }
  gboolean in_stage = FALSE;
  for (guint i = 0; i < df->instructions->len && !docker->stopped; i++) {
    const OakumInstruction *in = df->instructions->pdata[i];
    g_auto(DockerChecks) checks;
    docker_checks_at(docker, in, &checks);
    if (in->kind == OAKUM_INSTRUCTION_FROM)
      look_at_from(docker, &checks, in);
    if (in->kind == OAKUM_INSTRUCTION_MAINTAINER)
      docker_tell(docker, &checks, LINT_MAINTAINER, in, NULL);
    if (wrong[i]) {
      docker_stop_for(docker, wrong[i]);
      return;
    }
    if (in->kind == OAKUM_INSTRUCTION_FROM || in->kind == OAKUM_INSTRUCTION_ARG)
      look_at_description(docker, &checks, in);
    in_stage |= in->kind == OAKUM_INSTRUCTION_FROM;
    if (!in_stage && in->kind != OAKUM_INSTRUCTION_ARG)
      docker_stop(docker, in, "%s stands before the first FROM", in->name);
  }
  if (!docker->stopped && !in_stage)
    docker_stop(docker, NULL, "there is no stage to build: no FROM");
}

/* ---- stages
 * -------------------------------------------------------------------------------------- */
static void command_free(gpointer p)
{
  DockerCommand *command = p;
  g_clear_pointer(&command->sources, g_ptr_array_unref);
  g_free(command);
}

DockerStage *docker_stage_new(const OakumInstruction *from)
{
  DockerStage *stage = g_new0(DockerStage, 1);
  stage->from = from;
  stage->commands = g_ptr_array_new_with_free_func(command_free);
  stage->deps = g_ptr_array_new();
  stage->dep_at = g_ptr_array_new();
  stage->dep_places = g_hash_table_new(NULL, NULL);
  stage->env = oakum_str_map_new(g_free, g_free);
  stage->image_env = oakum_str_map_new(g_free, g_free);
  stage->declared = oakum_str_map_new(g_free, NULL);
  stage->keys = g_ptr_array_new_with_free_func(g_free);
  stage->declared_names = g_ptr_array_new();
  return stage;
}

static void stage_free(gpointer p)
{
  DockerStage *stage = p;
  g_ptr_array_unref(stage->commands);
  g_ptr_array_unref(stage->deps);
  g_ptr_array_unref(stage->dep_at);
  g_hash_table_unref(stage->dep_places);
  g_hash_table_unref(stage->env);
  g_hash_table_unref(stage->image_env);
  g_hash_table_unref(stage->declared);
  g_ptr_array_unref(stage->keys);
  g_ptr_array_unref(stage->declared_names);
  g_free(stage->name);
  g_free(stage->base_name);
  g_free(stage->workdir);
  g_free(stage);
}

void docker_add_command(DockerStage *stage, gint where, const OakumInstruction *in,
                        const OakumInstruction *at)
{
  DockerCommand *command = g_new0(DockerCommand, 1);
  *command = (DockerCommand){in, at, NULL};
  g_ptr_array_insert(stage->commands, where, command);
}

static void collect_stages(Docker *docker)
{
  const OakumDockerfile *df = docker->df;
  DockerStage *stage = NULL;
  for (guint i = 0; i < df->instructions->len; i++) {
    const OakumInstruction *in = df->instructions->pdata[i];
    if (in->kind == OAKUM_INSTRUCTION_FROM) {
      stage = docker_stage_new(in);
      stage->name = in->words->len == 3 ? g_ascii_strdown(docker_word_at(in, 2), -1) : NULL;
      g_ptr_array_add(docker->stages, stage);
    } else if (stage) {
      docker_add_command(stage, -1, in, in);
    }
  }
}

static void look_at_names(Docker *docker)
{
  g_autoptr(GHashTable) seen = oakum_str_map_new(NULL, NULL);
  for (guint i = 0; i < docker->stages->len; i++) {
    const DockerStage *stage = docker->stages->pdata[i];
    if (!stage->name)
      continue;
    if (lint_one_of(stage->name, "context scratch"))
      docker_tell(docker, NULL, LINT_STAGE_RESERVED, stage->from, "%s", stage->name);
    if (!g_hash_table_add(seen, stage->name))
      docker_tell(docker, NULL, LINT_STAGE_DUPLICATE, stage->from, "%s", stage->name);
  }
}

static void look_at_case(Docker *docker)
{
  guint lower = 0, upper = 0;
  for (guint pass = 0; pass < 2; pass++) {
    gboolean want_lower = lower > upper;
    for (guint i = 0; i < docker->df->instructions->len; i++) {
      const OakumInstruction *in = docker->df->instructions->pdata[i];
      if (in->kind != OAKUM_INSTRUCTION_FROM && in->stage < 0)
        continue;
      gboolean low = is_lower(in->keyword), up = is_upper(in->keyword);
      if (pass == 0) {
        lower += low;
        upper += !low && up;
      } else if (want_lower ? !low : !up) {
        docker_tell(docker, NULL, LINT_INSTRUCTION_CASE, in, "%s, most are %s", in->keyword,
                    want_lower ? "lowercase" : "uppercase");
      }
    }
  }
}

static void read_ignore(Docker *docker)
{
  const OakumLintOptions *options = docker->lint->options;
  if (!options->ignore_known || !options->ignore_file)
    return;
  g_autoptr(GError) error = NULL;
  docker->ignore = oakum_ignore_parse(options->ignore_file, options->ignore_file_len, &error);
  if (!docker->ignore)
    docker_stop(docker, NULL, "the ignore file: %s", error->message);
  else if (oakum_ignore_has_exceptions(docker->ignore))
    g_clear_pointer(&docker->ignore, oakum_ignore_free);
}

static void check_base_platform(Docker *docker, const DockerStage *stage, const OakumConfig *config,
                                const OakumPlatform *wanted)
{
  const OakumPlatform has = {config->os, config->architecture, config->variant};
  if (!has.os || !has.architecture ||
      (strcmp(has.os, wanted->os) == 0 && strcmp(has.architecture, wanted->architecture) == 0))
    return;
  g_autofree char *is = oakum_platform_format(&has), *want = oakum_platform_format(wanted);
  docker_tell(docker, NULL, LINT_BASE_PLATFORM, stage->from, "%s is for %s, not for %s",
              stage->base_name, is, want);
}

/* ENV and SHELL of the image that a stage begins with, and whether it is for the right platform. */
static void take_base(Docker *docker, DockerStage *stage, guint index)
{
  const OakumLintBuild *build = docker->lint->options->build;
  const OakumConfig *config =
      build && build->bases && index < build->bases->len ? build->bases->pdata[index] : NULL;
  if (!config)
    return;
  if (build->platforms && build->platforms->pdata[index])
    check_base_platform(docker, stage, config, build->platforms->pdata[index]);
  stage->has_shell = config->shell && *config->shell;
  for (char **row = config->env; row && *row; row++) {
    const char *equals = strchrnul(*row, '=');
    g_autofree char *name = g_strndup(*row, (gsize)(equals - *row));
    docker_set(stage, name, *equals ? equals + 1 : "", TRUE);
  }
}

static void run_stages(Docker *docker, guint n)
{
  for (guint i = n; i < docker->stages->len; i++)
    ((DockerStage *)docker->stages->pdata[i])->dispatched = TRUE;
  for (guint i = 0; i < n && !docker->stopped; i++) {
    DockerStage *stage = docker->stages->pdata[i];
    if (docker->lint->options->build && !stage->reachable)
      continue;
    stage->dispatched = TRUE;
    if (stage->base) {
      stage->windows = stage->base->windows;
      stage->has_shell = stage->base->has_shell;
      stage->workdir_set = stage->base->workdir_set;
      stage->workdir = g_strdup(stage->base->workdir);
    } else {
      take_base(docker, stage, i);
    }
    if (!stage->base && !stage->windows && !g_hash_table_contains(stage->env, "PATH")) {
      docker_set(stage, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                 TRUE);
    }
    if (!stage->workdir)
      stage->workdir = g_strdup("/");
    for (guint k = 0; k < stage->commands->len && !docker->stopped; k++)
      docker_step(docker, stage, stage->commands->pdata[k]);
  }
}

/* ---- all of it
 * ----------------------------------------------------------------------------------- */
static gboolean read_options(Docker *docker)
{
  const OakumDockerfile *df = docker->df;
  g_autofree char *text = g_strdup(docker->lint->options->docker_check);
  for (guint i = 0; !text && i < df->directives->len; i++) {
    const OakumDirective *directive = df->directives->pdata[i];
    if (directive->form != OAKUM_DIRECTIVE_HASH ||
        docker_line_start(df, directive->range.offset) +
                ((guchar)df->source[0] == 0xEF && i == 0 && directive->range.line == 1 ? 3 : 0) !=
            directive->range.offset)
      break; /* an indented one ends them */
    if (strcmp(directive->name, "check") == 0)
      text = g_strndup(directive->value, strcspn(directive->value, " "));
  }
  if (!text || docker_checks_parse(text, &docker->checks)) {
    if (docker->lint->options->disable_ignore_pragma && !docker->lint->options->docker_check) {
      docker->checks.skip_all = FALSE;
      g_clear_pointer(&docker->checks.skip, g_strfreev);
    }
    return TRUE;
  }
  const OakumDockerfileError *error = docker_first_error(docker, ERROR_CHECK);
  if (error && !docker->lint->options->docker_check)
    docker_stop_for(docker, error);
  else
    docker_stop(docker, NULL, "bad options of the checks: %s", text);
  if (docker->lint->options->build)
    docker->lint->options->build->bad_options = TRUE;
  return FALSE;
}

static void run(Docker *docker)
{
  const OakumDockerfile *df = docker->df;
  if (df->len == 0) {
    docker_stop(docker, NULL, "the file is empty");
    return;
  }
  if (!read_options(docker))
    return;
  const OakumDockerfileError *error = docker_first_error(docker, ERROR_LINES);
  if (error) {
    docker_stop_for(docker, error);
    return;
  }
  if (df->instructions->len == 0) {
    docker_stop(docker, NULL, "the file has no instructions");
    return;
  }
  for (guint i = 0; i < df->instructions->len; i++) {
    const OakumInstruction *in = df->instructions->pdata[i];
    if (in->blank_lines->len > 0)
      docker_tell(docker, NULL, LINT_EMPTY_CONTINUATION, in, NULL);
  }
  read_instructions(docker);
  if (docker->stopped)
    return;
  collect_stages(docker);
  look_at_names(docker);
  look_at_case(docker);
  guint n = docker->stages->len;
  const OakumLintBuild *build = docker->lint->options->build;
  DockerStage *target = docker->stages->pdata[build && build->target < n ? build->target : n - 1];
  const OakumInstruction *at = NULL;
  g_autoptr(GError) trouble = NULL;
  gboolean read = docker_read_global(docker, FALSE, &at, &trouble);
  if (read)
    docker_look_at_defaults(docker);
  if (!read || (build && !docker_read_global(docker, TRUE, &at, &trouble))) {
    docker_stop(docker, at, "ARG: %s", trouble->message);
    return;
  }
  void (*const phases[])(Docker *) = {docker_make_stages, docker_make_graph, docker_resolve_bases};
  for (size_t i = 0; i < G_N_ELEMENTS(phases) && !docker->stopped; i++)
    phases[i](docker);
  if (docker->stopped)
    return;
  docker_reach(docker, target);
  docker_run_triggers(docker, target);
  if (!docker->stopped)
    read_ignore(docker);
  if (!docker->stopped)
    run_stages(docker, n);
  if (!docker->stopped && docker->told && docker->checks.fails)
    docker_stop(docker, NULL, "the checks found something, and error=true makes that an error");
}

void lint_docker(OakumLint *lint)
{
  Docker docker = {.lint = lint, .df = lint->dockerfile};
  docker.global = docker_stage_new(NULL);
  docker.stages = g_ptr_array_new_with_free_func(stage_free);
  docker.by_name = oakum_str_map_new(NULL, NULL);
  run(&docker);
  if (lint->options->build)
    lint->options->build->fails |= docker.told && docker.checks.fails;
  docker_checks_clear(&docker.checks);
  stage_free(docker.global);
  g_hash_table_unref(docker.by_name);
  g_ptr_array_unref(docker.stages);
  g_clear_pointer(&docker.ignore, oakum_ignore_free);
}
