/* Compat docker: FROM with its platform and the arguments that it sees. */
#include "lint/docker-private.h"
#include <string.h>

/* ---- what FROM sees
 * ------------------------------------------------------------------------------ */
static void add_platform(DockerStage *global, const char *prefix, const OakumPlatform *host)
{
  g_autofree char *whole = oakum_platform_format(host);
  const char *values[][2] = {{"PLATFORM", whole},
                             {"OS", host->os},
                             {"OSVERSION", ""},
                             {"ARCH", host->architecture},
                             {"VARIANT", host->variant ? host->variant : ""}};
  for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
    g_autofree char *name = g_strconcat(prefix, values[i][0], NULL);
    docker_set(global, name, values[i][1], FALSE);
  }
}

const char *docker_given(const Docker *docker, const char *name)
{
  const OakumLintBuild *build = docker->lint->options->build;
  return build && build->args ? g_hash_table_lookup(build->args, name) : NULL;
}

/* The ARGs before the first FROM, by their defaults or as `given`. FALSE: one of them cannot be
 * expanded; *at says which. */
gboolean docker_read_global(Docker *docker, gboolean with_given, const OakumInstruction **at,
                            GError **error)
{
  const OakumDockerfile *df = docker->df;
  const DockerStage *last = docker->stages->pdata[docker->stages->len - 1];
  OakumPlatform host = {NULL, NULL, NULL};
  oakum_platform_host(&host);
  add_platform(docker->global, "BUILD", &host);
  add_platform(docker->global, "TARGET", &host);
  docker_set(docker->global, "TARGETSTAGE", last->name ? last->name : "default", FALSE);
  oakum_platform_clear(&host);
  for (guint i = 0; i < df->instructions->len; i++) {
    const OakumInstruction *in = df->instructions->pdata[i];
    if (in->kind == OAKUM_INSTRUCTION_FROM)
      break;
    for (guint k = 0; k < in->words->len; k++) {
      const OakumWord *word = in->words->pdata[k];
      if (g_hash_table_add(docker->global->declared, g_strdup(word->name)))
        g_ptr_array_add(docker->global->declared_names, word->name);
      const char *given = with_given ? docker_given(docker, word->name) : NULL;
      if (!word->value && !given)
        continue;
      DockerNames names = {NULL};
      g_autofree char *value =
          given ? g_strdup(given)
                : docker_expand(docker, docker->global, word->value, &names, error);
      docker_names_clear(&names);
      if (!value) {
        *at = in;
        return FALSE;
      }
      docker_set(docker->global, word->name, value, FALSE);
    }
  }
  return TRUE;
}

/* An image's name that a registry could have. */
gboolean docker_is_reference(const char *name)
{
  g_autoptr(OakumReference) reference = oakum_reference_parse(name, NULL);
  gboolean id = strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64; /* of an image */
  return reference && !id;
}

void docker_look_at_defaults(Docker *docker)
{
  for (guint i = 0; i < docker->stages->len; i++) {
    const DockerStage *stage = docker->stages->pdata[i];
    const char *base = docker_word_at(stage->from, 0);
    DockerNames names;
    g_autofree char *name = docker_expand(docker, docker->global, base, &names, NULL);
    docker_names_clear(&names);
    if (!name)
      return;
    /* who builds knows more kinds of images than those of a registry */
    if (!docker_is_reference(name) && (!docker->lint->options->build || strchr(base, '$')))
      docker_tell(docker, NULL, LINT_FROM_ARG_DEFAULT, stage->from, "%s becomes \"%s\"", base,
                  name);
  }
}

static void look_at_from_names(Docker *docker, const DockerChecks *more, const OakumInstruction *at,
                               const DockerNames *names)
{
  for (guint i = 0; names->missed && i < names->missed->len; i++) {
    const char *name = names->missed->pdata[i];
    if (g_hash_table_contains(docker->global->declared, name))
      continue;
    g_autoptr(GPtrArray) known = docker_names_of(docker, docker->global);
    /* in the order of the file: of two names that are equally near, one must win in each run */
    const GPtrArray *declared = docker->global->declared_names;
    for (guint k = 0; k < declared->len && lint_spend(docker->lint); k++)
      if (!g_hash_table_contains(docker->global->env, declared->pdata[k]))
        g_ptr_array_add(known, declared->pdata[k]);
    const char *nearest = docker_nearest(name, known);
    if (nearest)
      docker_tell(docker, more, LINT_FROM_ARG_UNDEFINED, at, "%s (did you mean %s?)", name,
                  nearest);
    else
      docker_tell(docker, more, LINT_FROM_ARG_UNDEFINED, at, "%s", name);
  }
}

/* The operating system and machine that a platform names. FALSE: it is none. */
static gboolean read_platform(const char *text, char **os, char **arch)
{
  static const char *const
      systems = "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd "
                "openbsd plan9 solaris windows zos",
      *const machines = "386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips "
                        "mipsle mips64 mips64le mips64p32 mips64p32le ppc riscv riscv64 s390 "
                        "s390x sparc sparc64 wasm",
      *const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  g_auto(GStrv) parts = g_strsplit(text, "/", -1);
  guint n = g_strv_length(parts);
  if (n < 1 || n > 3)
    return FALSE;
  size_t name = strspn(parts[0], letters);
  for (guint i = 0; i < n; i++)
    if (!*parts[i] || (i > 0 && strspn(parts[i], letters) != strlen(parts[i])))
      return FALSE;
  /* "windows(10.0.17763)" */
  if (name == 0 || (parts[0][name] && (parts[0][name] != '(' || !g_str_has_suffix(parts[0], ")"))))
    return FALSE;
  g_autofree char *bare = g_strndup(parts[0], name);
  *os = g_ascii_strdown(strcmp(bare, "macos") == 0 ? "darwin" : bare, -1);
  g_autofree char *named = g_ascii_strdown(n > 1 ? parts[1] : parts[0], -1);
  const char *variant;
  *arch = g_strdup(oakum_platform_architecture(named, &variant));
  if (n > 1)
    return TRUE;
  OakumPlatform host = {NULL, NULL, NULL};
  oakum_platform_host(&host);
  gboolean known = TRUE;
  if (lint_one_of(*os, systems)) {
    g_free(*arch);
    *arch = g_strdup(host.architecture);
  } else if (lint_one_of(*arch, machines)) {
    g_free(*os);
    *os = g_strdup(host.os);
  } else {
    known = FALSE;
  }
  oakum_platform_clear(&host);
  return known;
}

static void look_at_platform(Docker *docker, const DockerChecks *more, DockerStage *stage,
                             const char *flag)
{
  DockerNames names;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = docker_expand(docker, docker->global, flag, &names, &error), *os = NULL,
                  *arch = NULL;
  look_at_from_names(docker, more, stage->from, &names);
  guint matched = names.matched ? names.matched->len : 0,
        missed = names.missed ? names.missed->len : 0;
  gboolean valid = text && read_platform(text, &os, &arch);
  if (text && matched == 1 && missed == 0 &&
      strcmp(names.matched->pdata[0], "TARGETPLATFORM") == 0 &&
      strcmp(text, docker_lookup(docker, docker->global, "TARGETPLATFORM")) == 0)
    docker_tell(docker, more, LINT_PLATFORM_REDUNDANT, stage->from, "%s", flag);
  if (valid && matched + missed == 0 &&
      !(stage->name && (strstr(stage->name, os) || strstr(stage->name, arch))))
    docker_tell(docker, more, LINT_PLATFORM_CONSTANT, stage->from, "%s", text);
  docker_names_clear(&names);
  if (!text)
    docker_stop(docker, stage->from, "--platform: %s", error->message);
  else if (!*text)
    docker_stop(docker, stage->from, "--platform: \"%s\" is empty", flag);
  else if (!valid)
    docker_stop(docker, stage->from, "--platform: \"%s\" is no platform", text);
  else
    stage->windows = strcmp(os, "windows") == 0;
}

void docker_add_stage(Docker *docker, DockerStage *stage)
{
  stage->base = g_hash_table_lookup(docker->by_name, stage->base_name);
  if (stage->name)
    g_hash_table_insert(docker->by_name, stage->name, stage);
}

void docker_make_stages(Docker *docker)
{
  for (guint i = 0; i < docker->stages->len && !docker->stopped; i++) {
    DockerStage *stage = docker->stages->pdata[i];
    g_auto(DockerChecks) checks;
    docker_checks_at(docker, stage->from, &checks);
    DockerNames names;
    g_autoptr(GError) error = NULL;
    stage->base_name =
        docker_expand(docker, docker->global, docker_word_at(stage->from, 0), &names, &error);
    look_at_from_names(docker, &checks, stage->from, &names);
    docker_names_clear(&names);
    if (!stage->base_name) {
      docker_stop(docker, stage->from, "FROM: %s", error->message);
      return;
    }
    if (!*stage->base_name) {
      docker_stop(docker, stage->from, "FROM: the name of the base is empty");
      return;
    }
    const char *platform = oakum_instruction_flag(stage->from, "platform");
    if (platform && *platform)
      look_at_platform(docker, &checks, stage, platform);
    if (!docker->stopped && stage->name && !lint_one_of(stage->name, "scratch context") &&
        !docker_is_reference(stage->name))
      docker_stop(docker, NULL, "the stage's name \"%s\" cannot be that of a context", stage->name);
    if (!docker->stopped)
      docker_add_stage(docker, stage);
  }
}
