/* FROM and stages. */
#include "lint/check-private.h"
#include <string.h>

/* An image as FROM means it once its variables are replaced; `known` FALSE: one has no value. */
typedef struct {
  char *text, *name, *tag, *digest;
  gboolean known;
} Image;

static void image_clear(Image *image)
{
  g_free(image->text);
  g_free(image->name);
  g_free(image->tag);
  g_free(image->digest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Image, image_clear)

static Image image_of(OakumLint *lint, const LintStep *step)
{
  Image image = {.known = TRUE};
  if (lint->hadolint) {
    image.text = g_strdup(step->image);
    image.name = g_strdup(step->name);
    image.tag = g_strdup(step->tag);
    image.digest = g_strdup(step->digest);
    return image;
  }
  g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
  image.text = step->image ? oakum_scope_expand(lint_scope(lint), step->tree->index, step->image,
                                                unknown, NULL)
                           : NULL;
  if (!image.text)
    image.text = g_strdup("");
  image.known = unknown->len == 0 && *image.text;
  const char *at = strchr(image.text, '@'), *end = at ? at : image.text + strlen(image.text);
  g_autofree char *head = g_strndup(image.text, (size_t)(end - image.text));
  const char *slash = strrchr(head, '/'), *colon = strrchr(slash ? slash : head, ':');
  image.digest = at ? g_strdup(at + 1) : NULL;
  image.tag = colon && colon[1] ? g_strdup(colon + 1) : NULL;
  image.name = g_strndup(head, colon ? (size_t)(colon - head) : strlen(head));
  return image;
}

/* The base is an image of a registry, neither a stage nor scratch. */
static gboolean is_outside(OakumLint *lint, const LintStep *step, const Image *image)
{
  if (lint->hadolint)
    return strcmp(step->name, "scratch") != 0 && *step->name != '$' &&
           lint_find_stage(lint, step->name, step->stage) < 0;
  return image->known && lint_stage(lint, step->stage)->parent < 0 &&
         strcmp(image->text, "scratch") != 0 && lint_find_stage(lint, image->text, step->stage) < 0;
}

void check_base_tag(OakumLint *lint, LintStep *step)
{
  if (!lint_on(lint, LINT_BASE_TAG))
    return;
  g_auto(Image) image = image_of(lint, step);
  if (!image.tag && !image.digest && is_outside(lint, step, &image))
    lint_tell(lint, LINT_BASE_TAG, step, step->image_span, "%s", image.text);
}

void check_base_latest(OakumLint *lint, LintStep *step)
{
  if (!lint_on(lint, LINT_BASE_LATEST))
    return;
  g_auto(Image) image = image_of(lint, step);
  if (image.tag && strcmp(image.tag, "latest") == 0 && !image.digest)
    lint_tell(lint, LINT_BASE_LATEST, step, step->image_span, "%s", image.text);
}

void check_base_digest(OakumLint *lint, LintStep *step)
{
  if (!lint_on(lint, LINT_BASE_DIGEST))
    return;
  g_auto(Image) image = image_of(lint, step);
  if (image.tag && strcmp(image.tag, "latest") != 0 && !image.digest &&
      is_outside(lint, step, &image))
    lint_tell(lint, LINT_BASE_DIGEST, step, step->image_span, "%s", image.text);
}

/* Ends of life as the distributions publish them (the last one that is free of charge), newest
 * facts of 2026-10. `tags`: what a tag begins with, up to a "-", "." or its end. */
static const struct {
  const char *name, *tags, *date;
} ends[] = {
    {"debian", "7 wheezy", "2018-05-31T00:00:00Z"},
    {"debian", "8 jessie", "2020-06-30T00:00:00Z"},
    {"debian", "9 stretch", "2022-06-30T00:00:00Z"},
    {"debian", "10 buster", "2024-06-30T00:00:00Z"},
    {"debian", "11 bullseye", "2026-08-31T00:00:00Z"},
    {"debian", "12 bookworm", "2028-06-30T00:00:00Z"},
    {"ubuntu", "14.04 trusty", "2019-04-25T00:00:00Z"},
    {"ubuntu", "16.04 xenial", "2021-04-30T00:00:00Z"},
    {"ubuntu", "18.04 bionic", "2023-05-31T00:00:00Z"},
    {"ubuntu", "20.04 focal", "2025-05-31T00:00:00Z"},
    {"ubuntu", "22.04 jammy", "2027-04-01T00:00:00Z"},
    {"ubuntu", "23.04 lunar", "2024-01-25T00:00:00Z"},
    {"ubuntu", "23.10 mantic", "2024-07-11T00:00:00Z"},
    {"ubuntu", "24.10 oracular", "2025-07-10T00:00:00Z"},
    {"alpine", "3.12", "2022-05-01T00:00:00Z"},
    {"alpine", "3.13", "2022-11-01T00:00:00Z"},
    {"alpine", "3.14", "2023-05-01T00:00:00Z"},
    {"alpine", "3.15", "2023-11-01T00:00:00Z"},
    {"alpine", "3.16", "2024-05-23T00:00:00Z"},
    {"alpine", "3.17", "2024-11-22T00:00:00Z"},
    {"alpine", "3.18", "2025-05-09T00:00:00Z"},
    {"alpine", "3.19", "2025-11-01T00:00:00Z"},
    {"alpine", "3.20", "2026-04-01T00:00:00Z"},
    {"alpine", "3.21", "2026-11-01T00:00:00Z"},
    {"centos", "6 centos6", "2020-11-30T00:00:00Z"},
    {"centos", "7 centos7", "2024-06-30T00:00:00Z"},
    {"centos", "8 centos8", "2021-12-31T00:00:00Z"},
    {"fedora", "38", "2024-05-21T00:00:00Z"},
    {"fedora", "39", "2024-11-26T00:00:00Z"},
    {"fedora", "40", "2025-05-13T00:00:00Z"},
    {"fedora", "41", "2025-12-15T00:00:00Z"},
    {"node", "10", "2021-04-30T00:00:00Z"},
    {"node", "12", "2022-04-30T00:00:00Z"},
    {"node", "14", "2023-04-30T00:00:00Z"},
    {"node", "16", "2023-09-11T00:00:00Z"},
    {"node", "18", "2025-04-30T00:00:00Z"},
    {"node", "20", "2026-04-30T00:00:00Z"},
    {"python", "2 2.7", "2020-01-01T00:00:00Z"},
    {"python", "3.6", "2021-12-23T00:00:00Z"},
    {"python", "3.7", "2023-06-27T00:00:00Z"},
    {"python", "3.8", "2024-10-07T00:00:00Z"},
    {"python", "3.9", "2025-10-31T00:00:00Z"},
    {"php", "7.4", "2022-11-28T00:00:00Z"},
    {"php", "8.0", "2023-11-26T00:00:00Z"},
    {"php", "8.1", "2025-12-31T00:00:00Z"},
    {"ruby", "2.7", "2023-03-31T00:00:00Z"},
    {"ruby", "3.0", "2024-04-23T00:00:00Z"},
    {"ruby", "3.1", "2025-03-26T00:00:00Z"},
};

/* The tag is a release of this list: equal to one, or one with "-" or "." behind it. */
static gboolean tag_is(const char *tag, const char *tags)
{
  g_auto(GStrv) list = g_strsplit(tags, " ", -1);
  for (guint i = 0; list[i]; i++) {
    size_t n = strlen(list[i]);
    if (strncmp(tag, list[i], n) == 0 && (!tag[n] || tag[n] == '-' || tag[n] == '.'))
      return TRUE;
  }
  return FALSE;
}

void check_base_eol(OakumLint *lint, LintStep *step)
{
  if (lint->options->now == 0)
    return;
  g_auto(Image) image = image_of(lint, step);
  if (!image.tag || !is_outside(lint, step, &image))
    return;
  const char *name = image.name;
  static const char *const hubs[] = {"docker.io/", "index.docker.io/", "library/"};
  for (guint i = 0; i < G_N_ELEMENTS(hubs); i++)
    if (g_str_has_prefix(name, hubs[i]))
      name += strlen(hubs[i]);
  for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
    int64_t end;
    if (strcmp(name, ends[i].name) == 0 && tag_is(image.tag, ends[i].tags) &&
        oakum_time_parse(ends[i].date, &end) && end < lint->options->now) {
      lint_tell(lint, LINT_BASE_EOL, step, step->image_span, "%s since %.10s", image.text,
                ends[i].date);
      return;
    }
  }
}

/* ---- trusted registries ---------------------------------------------------------------------- */
static gboolean pattern_matches(const char *pattern, const char *registry)
{
  size_t n = strlen(pattern);
  if (strcmp(pattern, "*") == 0)
    return TRUE;
  if (*pattern == '*')
    return g_str_has_suffix(registry, pattern + 1);
  if (n > 0 && pattern[n - 1] == '*')
    return strncmp(registry, pattern, n - 1) == 0;
  return strcmp(registry, pattern) == 0;
}

static gboolean registry_trusted(OakumLint *lint, const char *registry)
{
  static const char *const hub[] = {"docker.io", "hub.docker.com", NULL};
  const char *const one[] = {registry, NULL};
  for (guint i = 0; lint->options->trusted_registries[i]; i++)
    for (const char *const *name = registry ? one : hub; *name; name++)
      if (pattern_matches(lint->options->trusted_registries[i], *name))
        return TRUE;
  return FALSE;
}

/* What stands before the first slash of an image when it is a registry; NULL. hadolint: it must
 * hold a dot. */
static char *registry_of(const OakumLint *lint, const char *image)
{
  const char *slash = strchr(image, '/');
  if (!slash)
    return NULL;
  char *head = g_strndup(image, (size_t)(slash - image));
  gboolean is = strchr(head, '.') ||
                (!lint->hadolint && (strchr(head, ':') || strcmp(head, "localhost") == 0));
  if (!is)
    g_clear_pointer(&head, g_free);
  return head;
}

static void check_source(OakumLint *lint, LintStep *step, const char *image, LintSpan span)
{
  uint64_t number;
  if (!*image || strcmp(image, "scratch") == 0 || lint_find_stage(lint, image, step->stage) >= 0 ||
      oakum_parse_u64(image, strlen(image), G_MAXINT, &number))
    return;
  g_autofree char *registry = registry_of(lint, image);
  if (!registry_trusted(lint, registry))
    lint_tell(lint, LINT_BASE_REGISTRY, step, span, "%s", image);
}

void check_registry(OakumLint *lint, LintStep *step)
{
  if (!lint->options->trusted_registries)
    return;
  if (step->kind == STEP_FROM) {
    g_auto(Image) image = image_of(lint, step);
    if (!lint->hadolint && (!image.known || lint_stage(lint, step->stage)->parent >= 0))
      return;
    if (lint->hadolint) {
      if (strcmp(step->name, "scratch") == 0 ||
          (!step->registry && lint_find_stage(lint, step->name, step->stage) >= 0))
        return;
      if (!registry_trusted(lint, step->registry))
        lint_tell(lint, LINT_BASE_REGISTRY, step, step->image_span, "%s", image.text);
      return;
    }
    check_source(lint, step, image.text, step->image_span);
    return;
  }
  for (guint i = 0; i < step->flags->len; i++) {
    const LintWord *flag = step->flags->pdata[i];
    if (flag->value && (strcmp(flag->name, "from") == 0 || strcmp(flag->name, "mount-from") == 0) &&
        (lint->hadolint || !strchr(flag->value, '$')))
      check_source(lint, step, flag->value, flag->value_span);
  }
}

/* ---- names ----------------------------------------------------------------------------------- */
void check_stage_duplicate(OakumLint *lint, LintStep *step)
{
  if (step->alias && lint_find_alias(lint, step->alias, step->stage) >= 0)
    lint_tell(lint, LINT_STAGE_DUPLICATE, step, step->alias_span, "%s", step->alias);
}

void check_stage_reserved(OakumLint *lint, LintStep *step)
{
  if (step->alias && (lint->hadolint ? lint_one_of(step->alias, "scratch context")
                                     : g_ascii_strcasecmp(step->alias, "scratch") == 0 ||
                                           g_ascii_strcasecmp(step->alias, "context") == 0))
    lint_tell(lint, LINT_STAGE_RESERVED, step, step->alias_span, "%s", step->alias);
}

void check_stage_case(OakumLint *lint, LintStep *step)
{
  if (!step->alias)
    return;
  g_autofree char *lower = g_ascii_strdown(step->alias, -1);
  if (strcmp(lower, step->alias) == 0)
    return;
  OakumFinding *finding =
      lint_tell(lint, LINT_STAGE_CASE, step, step->alias_span, "%s", step->alias);
  lint_edit(finding, step->alias_span.start, step->alias_span.end, lower, TRUE);
}

static gboolean is_upper(const char *word)
{
  for (; *word; word++)
    if (g_ascii_islower(*word))
      return FALSE;
  return TRUE;
}
static gboolean is_lower(const char *word)
{
  for (; *word; word++)
    if (g_ascii_isupper(*word))
      return FALSE;
  return TRUE;
}

void check_from_as_case(OakumLint *lint, LintStep *step)
{
  if (!step->alias || step->as_span.end <= step->as_span.start || !step->tree)
    return;
  g_autofree char *as = g_strndup(lint->dockerfile->source + step->as_span.start,
                                  step->as_span.end - step->as_span.start);
  gboolean upper = is_upper(step->keyword_text), lower = is_lower(step->keyword_text);
  /* a mixed FROM: as must match what most of its letters are; BuildKit compares with lower then */
  gboolean same = upper ? is_upper(as) : lower ? is_lower(as) : TRUE;
  if (same)
    return;
  OakumFinding *finding =
      lint_tell(lint, LINT_FROM_AS_CASE, step, step->as_span, "%s and %s", step->keyword_text, as);
  lint_edit(finding, step->as_span.start, step->as_span.end, upper ? "AS" : "as", TRUE);
}

void check_platform(OakumLint *lint, LintStep *step)
{
  if (!step->platform)
    return;
  const LintWord *flag = lint_flag(step, "platform");
  LintSpan span = flag ? flag->span : step->span;
  if (lint->hadolint) {
    if (!strstr(step->platform, "BUILDPLATFORM") && !strstr(step->platform, "TARGETPLATFORM"))
      lint_tell(lint, LINT_PLATFORM_CONSTANT, step, span, "%s", step->platform);
    return;
  }
  if (strchr(step->platform, '$'))
    return;
  /* a stage may say in its name that it is made for one platform */
  g_auto(GStrv) parts = g_strsplit(step->platform, "/", -1);
  g_autofree char *alias = step->alias ? g_ascii_strdown(step->alias, -1) : g_strdup("");
  for (guint i = 0; parts[i] && i < 2; i++)
    if (*parts[i] && strstr(alias, parts[i]))
      return;
  lint_tell(lint, LINT_PLATFORM_CONSTANT, step, span, "%s", step->platform);
}

void check_platform_redundant(OakumLint *lint, LintStep *step)
{
  if (!step->platform || !lint_one_of(step->platform, "$TARGETPLATFORM ${TARGETPLATFORM}"))
    return;
  const LintWord *flag = lint_flag(step, "platform");
  LintSpan span = flag ? flag->span : step->span;
  OakumFinding *finding = lint_tell(lint, LINT_PLATFORM_REDUNDANT, step, span, NULL);
  if (flag && !lint->hadolint) {
    size_t end = span.end;
    while (end < lint->dockerfile->len &&
           (lint->dockerfile->source[end] == ' ' || lint->dockerfile->source[end] == '\t'))
      end++;
    lint_edit(finding, span.start, end, "", TRUE);
  }
}

/* ---- variables of FROM -------------------------------------------------------------------------
 */
/* The ARGs before the first FROM: made once, since each FROM asks. */
static void note_globals(OakumLint *lint)
{
  if (lint->globals)
    return;
  lint->globals = oakum_str_map_new(NULL, NULL);
  lint->global_names = g_ptr_array_new();
  for (guint i = 0; i < lint->steps->len && lint_step(lint, i)->stage < 0; i++) {
    const LintStep *step = lint_step(lint, i);
    for (guint k = 0; step->kind == STEP_ARG && k < step->words->len; k++) {
      char *name = ((LintWord *)step->words->pdata[k])->name;
      if (name && g_hash_table_add(lint->globals, name))
        g_ptr_array_add(lint->global_names, name);
    }
  }
}

static gboolean is_global_arg(OakumLint *lint, const char *name)
{
  OakumOrigin origin;
  if (oakum_dockerfile_predefined(name, &origin) && origin != OAKUM_ORIGIN_PROXY)
    return TRUE;
  note_globals(lint);
  return g_hash_table_contains(lint->globals, name);
}

static const char *similar_arg(OakumLint *lint, const char *name)
{
  static const char *const platform[] = {"TARGETPLATFORM", "TARGETOS",      "TARGETARCH",
                                         "TARGETVARIANT",  "BUILDPLATFORM", "BUILDOS",
                                         "BUILDARCH",      "BUILDVARIANT"};
  /* a search through all names: for the first ones only */
  note_globals(lint);
  if ((guint64)lint->told[LINT_FROM_ARG_UNDEFINED] * MAX(lint->global_names->len, 1) >
      OAKUM_LINT_PAIRS_MAX)
    return NULL;
  g_autoptr(GPtrArray) known = g_ptr_array_new();
  g_ptr_array_extend(known, lint->global_names, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(platform); i++)
    g_ptr_array_add(known, (gpointer)platform[i]);
  g_ptr_array_add(known, NULL);
  return oakum_dockerfile_suggest(name, (const char *const *)known->pdata, 3);
}

static void check_from_word(OakumLint *lint, LintStep *step, const char *word, LintSpan span)
{
  g_autoptr(GPtrArray) uses = oakum_dockerfile_variables(word, lint->dockerfile->escape);
  for (guint i = 0; i < uses->len; i++) {
    const OakumVariableUse *use = uses->pdata[i];
    if (is_global_arg(lint, use->name) || *use->operator)
      continue;
    const char *similar = similar_arg(lint, use->name);
    LintSpan part = {span.start + use->offset, span.start + use->offset + use->len};
    if (similar)
      lint_tell(lint, LINT_FROM_ARG_UNDEFINED, step, part, "%s (did you mean %s?)", use->name,
                similar);
    else
      lint_tell(lint, LINT_FROM_ARG_UNDEFINED, step, part, "%s", use->name);
  }
}

void check_from_arg(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint || !step->image || !lint_on(lint, LINT_FROM_ARG_UNDEFINED))
    return;
  check_from_word(lint, step, step->image, step->image_span);
  const LintWord *flag = lint_flag(step, "platform");
  if (flag && flag->value)
    check_from_word(lint, step, flag->value, flag->value_span);
}

void check_from_default(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint || !step->image || !strchr(step->image, '$'))
    return;
  g_autoptr(GPtrArray) uses = oakum_dockerfile_variables(step->image, lint->dockerfile->escape);
  for (guint i = 0; i < uses->len; i++)
    if (!is_global_arg(lint, ((OakumVariableUse *)uses->pdata[i])->name))
      return; /* told as undefined */
  g_autofree char *text =
      oakum_scope_expand(lint_scope(lint), step->tree->index, step->image, NULL, NULL);
  size_t n = text ? strlen(text) : 0;
  gboolean bad = n == 0 || strchr(":/@-.", text[0]) || strchr(":/@", text[n - 1]) ||
                 strstr(text, "//") || strstr(text, ":@") || strstr(text, "/:");
  if (bad)
    lint_tell(lint, LINT_FROM_ARG_DEFAULT, step, step->image_span, "%s becomes \"%s\"", step->image,
              text ? text : "");
}

/* ---- the graph ---------------------------------------------------------------------------------
 */
void check_stage_unused(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint || lint->stages->len < 2 || lint->stages->len != lint->dockerfile->stages->len)
    return;
  g_autofree gboolean *needed = oakum_dockerfile_reachable(lint->dockerfile, -1);
  for (guint i = 0; i + 1 < lint->stages->len; i++) {
    step = lint_stage(lint, (int)i)->from;
    if (!needed[i])
      lint_tell(lint, LINT_STAGE_UNUSED, step, step->alias ? step->alias_span : step->keyword, "%s",
                step->alias   ? step->alias
                : step->image ? step->image
                              : "");
  }
}

void check_before_from(OakumLint *lint, LintStep *step)
{
  for (guint i = 0; i < lint->steps->len && lint_step(lint, i)->stage < 0; i++) {
    step = lint_step(lint, i);
    if (step->kind != STEP_ARG && step->kind != STEP_COMMENT)
      lint_tell(lint, LINT_BEFORE_FROM, step, step->keyword, "%s",
                step->keyword_text ? step->keyword_text : "");
  }
}
