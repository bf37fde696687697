/* oakum debug dockerfile, expand, ignore: what the language module makes of a text. */
#include "cli/cli.h"
#include "codec/codec.h"
#include "dockerfile/dockerfile.h"
#include "os/os.h"
#include <errno.h>
#include <stdio.h>
#include <stddef.h>
#include <string.h>

static gboolean read_text(const char *path, size_t max, char **text, size_t *len, GError **error)
{
  if (strcmp(path, "-") != 0)
    return oakum_file_read(path, max, text, len, error);
  g_autoptr(OakumReader) in = oakum_reader_new_fd(0, FALSE);
  return oakum_reader_slurp(in, max, "standard input", text, len, error);
}

static int finish(const char *part, int status)
{
  if (fflush(stdout) == 0 && !ferror(stdout) && !ferror(stdin))
    return status;
  oakum_log(OAKUM_LOG_ERROR, "debug %s: %s", part, g_strerror(errno));
  return OAKUM_EXIT_ERROR;
}

static int failed(const char *part, const GError *error)
{
  oakum_log(OAKUM_LOG_ERROR, "debug %s: %s", part, error->message);
  return OAKUM_EXIT_ERROR;
}

/* ---- the tree as JSON
 * ------------------------------------------------------------------------------ *
 * One object a line; what an object does not have is left out. Places are
 * "line:column-line:column", the end exclusive. */
static void set_place(json_t *object, const char *key, const OakumRange *range)
{
  g_autofree char *text = g_strdup_printf("%d:%d-%d:%d", range->line, range->column,
                                          range->end_line, range->end_column);
  json_object_set_new(object, key, json_string(text));
}

static void set_true(json_t *object, const char *key, gboolean value)
{
  if (value)
    json_object_set_new(object, key, json_true());
}

static void set_list(json_t *object, const char *key, json_t *list)
{
  if (json_array_size(list) > 0)
    json_object_set_new(object, key, list);
  else
    json_decref(list);
}

static json_t *word_json(const OakumWord *word)
{
  json_t *object = json_object();
  if (word->name)
    oakum_json_set(object, "name", word->name);
  if (word->value)
    oakum_json_set(object, "value", word->value);
  set_place(object, "at", &word->range);
  if (word->name && word->value)
    set_place(object, "value_at", &word->value_range);
  if (word->heredoc >= 0)
    json_object_set_new(object, "heredoc", json_integer(word->heredoc));
  return object;
}

static json_t *words_json(const GPtrArray *words)
{
  json_t *list = json_array();
  for (guint i = 0; i < words->len; i++)
    json_array_append_new(list, word_json(words->pdata[i]));
  return list;
}

static json_t *heredocs_json(const GPtrArray *heredocs)
{
  json_t *list = json_array();
  for (guint i = 0; i < heredocs->len; i++) {
    const OakumHeredoc *heredoc = heredocs->pdata[i];
    json_t *object = json_object();
    oakum_json_set(object, "name", heredoc->name);
    if (heredoc->fd)
      json_object_set_new(object, "fd", json_integer(heredoc->fd));
    set_true(object, "expand", heredoc->expand);
    set_true(object, "strip_tabs", heredoc->strip_tabs);
    set_place(object, "marker", &heredoc->marker);
    set_place(object, "body", &heredoc->body);
    if (heredoc->terminated)
      set_place(object, "end", &heredoc->end);
    oakum_json_set(object, "text", heredoc->text);
    json_array_append_new(list, object);
  }
  return list;
}

static json_t *mounts_json(const GPtrArray *mounts)
{
  static const char *const sharings[] = {"shared", "private", "locked"};
  json_t *list = json_array();
  for (guint i = 0; i < mounts->len; i++) {
    const OakumMount *mount = mounts->pdata[i];
    json_t *object = json_object();
    oakum_json_set(object, "type", oakum_mount_type_name(mount->type));
    const char *texts[][2] = {{"from", mount->from},
                              {"source", mount->source},
                              {"target", mount->target},
                              {"id", mount->id},
                              {"env", mount->env}};
    for (size_t j = 0; j < G_N_ELEMENTS(texts); j++)
      if (texts[j][1])
        oakum_json_set(object, texts[j][0], texts[j][1]);
    if (mount->sharing != OAKUM_SHARING_SHARED)
      oakum_json_set(object, "sharing", sharings[mount->sharing]);
    set_true(object, "read_only", mount->read_only);
    set_true(object, "required", mount->required);
    if (mount->size)
      json_object_set_new(object, "size", json_integer((json_int_t)mount->size));
    if (mount->mode != (guint)-1)
      json_object_set_new(object, "mode", json_sprintf("%04o", mount->mode));
    if (mount->uid >= 0)
      json_object_set_new(object, "uid", json_integer(mount->uid));
    if (mount->gid >= 0)
      json_object_set_new(object, "gid", json_integer(mount->gid));
    json_t *fields = json_array();
    for (guint j = 0; j < mount->fields->len; j++) {
      const OakumWord *field = mount->fields->pdata[j];
      g_autofree char *place =
                          g_strdup_printf("%d:%d-%d:%d", field->range.line, field->range.column,
                                          field->range.end_line, field->range.end_column),
                      *name = oakum_escape_utf8(field->name, -1);
      json_array_append_new(fields, json_sprintf("%s %s", name, place));
    }
    set_list(object, "fields", fields);
    json_array_append_new(list, object);
  }
  return list;
}

static json_t *instruction_json(const OakumInstruction *in)
{
  json_t *object = json_object();
  oakum_json_set(object, "kind", oakum_instruction_kind_name(in->kind));
  set_place(object, "at", &in->range);
  if (in->read_range.line &&
      (in->read_range.line != in->range.line || in->read_range.end_line > in->range.end_line))
    set_place(object, "read", &in->read_range);
  if (strcmp(in->keyword, oakum_instruction_kind_name(in->kind)) != 0)
    oakum_json_set(object, "keyword", in->keyword);
  set_list(object, "flags", words_json(in->flags));
  set_list(object, "words", words_json(in->words));
  set_true(object, "exec_form", in->exec_form);
  set_true(object, "bad_json", in->bad_json);
  set_true(object, "legacy", in->legacy);
  set_list(object, "heredocs", heredocs_json(in->heredocs));
  set_true(object, "script", oakum_instruction_script(in) != NULL);
  set_list(object, "mounts", mounts_json(in->mounts));
  json_t *blank = json_array();
  for (guint i = 0; i < in->blank_lines->len; i++)
    json_array_append_new(blank, json_integer(g_array_index(in->blank_lines, OakumRange, i).line));
  set_list(object, "blank_lines", blank);
  if (in->inner)
    json_object_set_new(object, "inner", instruction_json(in->inner));
  return object;
}

/* NULL: the file has too many of them together. */
static json_t *sees_json(OakumScope *scope, guint index, guint *shown)
{
  json_t *object = json_object();
  g_autoptr(GPtrArray) list = oakum_scope_list(scope, index);
  for (guint i = 0; i < list->len; i++) {
    const char *value = ((const OakumBinding *)list->pdata[i])->value;
    *shown += 1 + (value ? (guint)strlen(value) / 64 : 0); /* long values count as several */
    if (*shown > OAKUM_DEBUG_SCOPE_MAX) {
      json_decref(object);
      return NULL;
    }
  }
  for (guint i = 0; i < list->len; i++) {
    const OakumBinding *binding = list->pdata[i];
    g_autofree char *name = oakum_escape_utf8(binding->name, -1);
    if (!binding->value && binding->instruction < 0)
      continue; /* a name that the builder would fill */
    if (binding->value)
      oakum_json_set(object, name, binding->value);
    else
      json_object_set_new(object, name, json_null());
  }
  return object;
}

static json_t *stage_json(const OakumStage *stage, gboolean needed)
{
  static const char *const kinds[] = {"FROM", "COPY", "mount"};
  json_t *object = json_object(), *uses = json_array();
  if (stage->name) {
    oakum_json_set(object, "name", stage->name);
    set_place(object, "name_at", &stage->name_range);
  }
  if (stage->base)
    oakum_json_set(object, "base", stage->base->value);
  if (stage->platform && stage->platform->value)
    oakum_json_set(object, "platform", stage->platform->value);
  if (stage->parent >= 0)
    json_object_set_new(object, "parent", json_integer(stage->parent));
  json_object_set_new(object, "first", json_integer(stage->first));
  json_object_set_new(object, "end", json_integer(stage->end));
  for (guint i = 0; i < stage->uses->len; i++) {
    const OakumStageUse *use = stage->uses->pdata[i];
    if (use->kind == OAKUM_USE_FROM)
      continue; /* base and parent say it */
    json_t *item = json_object();
    oakum_json_set(item, "by", kinds[use->kind]);
    oakum_json_set(item, "name", use->name);
    set_place(item, "at", &use->range);
    if (use->stage >= 0)
      json_object_set_new(item, "stage", json_integer(use->stage));
    set_true(item, "onbuild", use->onbuild);
    json_array_append_new(uses, item);
  }
  set_list(object, "uses", uses);
  if (!needed)
    json_object_set_new(object, "needed", json_false());
  return object;
}

/* A list of objects, one a line. */
static void print_list(const char *name, json_t *list, gboolean *first)
{
  if (json_array_size(list) > 0) {
    printf("%s\"%s\":[\n", *first ? "" : ",\n", name);
    *first = FALSE;
    for (size_t i = 0; i < json_array_size(list); i++) {
      g_autofree char *text = oakum_json_dump(json_array_get(list, i), FALSE);
      printf(" %s%s\n", text, i + 1 < json_array_size(list) ? "," : "");
    }
    printf("]");
  }
  json_decref(list);
}

static json_t *directives_json(const OakumDockerfile *d)
{
  static const char *const forms[] = {"#", "//", "json"};
  json_t *list = json_array();
  for (guint i = 0; i < d->directives->len; i++) {
    const OakumDirective *directive = d->directives->pdata[i];
    json_t *object = json_object();
    oakum_json_set(object, "name", directive->name);
    oakum_json_set(object, "value", directive->value);
    if (directive->form != OAKUM_DIRECTIVE_HASH)
      oakum_json_set(object, "form", forms[directive->form]);
    set_place(object, "at", &directive->range);
    if (directive->form != OAKUM_DIRECTIVE_JSON)
      set_place(object, "value_at", &directive->value_range);
    if (strcmp(directive->name, "check") == 0) {
      set_list(object, "skip", words_json(d->check_skip));
      set_true(object, "skip_all", d->check_skip_all);
      set_true(object, "error", d->check_error);
    }
    json_array_append_new(list, object);
  }
  return list;
}

static json_t *comments_json(const OakumDockerfile *d)
{
  json_t *list = json_array();
  for (guint i = 0; i < d->comments->len; i++) {
    const OakumComment *comment = d->comments->pdata[i];
    json_t *object = json_object();
    set_place(object, "at", &comment->range);
    oakum_json_set(object, "text", comment->text);
    if (comment->instruction >= 0)
      json_object_set_new(object, "in", json_integer(comment->instruction));
    json_array_append_new(list, object);
  }
  return list;
}

static json_t *errors_json(const OakumDockerfile *d)
{
  json_t *list = json_array();
  for (guint i = 0; i < d->errors->len; i++) {
    const OakumDockerfileError *e = d->errors->pdata[i];
    json_t *object = json_object();
    oakum_json_set(object, "code", e->code);
    set_place(object, "at", &e->range);
    oakum_json_set(object, "message", e->message);
    if (e->hint)
      oakum_json_set(object, "hint", e->hint);
    json_array_append_new(list, object);
  }
  return list;
}

static json_t *tokens_json(const OakumDockerfile *d)
{
  json_t *list = json_array();
  for (guint i = 0; i < d->tokens->len; i++) {
    const OakumToken *token = &g_array_index(d->tokens, OakumToken, i);
    OakumRange range = oakum_dockerfile_range(d, token->offset, token->offset + token->len);
    g_autofree char *text = oakum_dockerfile_slice(d, &range);
    json_t *object = json_object();
    oakum_json_set(object, "kind", oakum_token_kind_name(token->kind));
    json_object_set_new(object, "offset", json_integer(token->offset));
    g_autofree char *place = g_strdup_printf("%d:%d", range.line, range.column);
    oakum_json_set(object, "at", place);
    int utf16 = oakum_dockerfile_utf16_column(d, token->offset);
    if (utf16 != range.column)
      json_object_set_new(object, "utf16_column", json_integer(utf16));
    oakum_json_set(object, "text", text);
    json_array_append_new(list, object);
  }
  return list;
}

static gboolean print_tree(const OakumDockerfile *d, OakumScope *scope, gboolean tokens,
                           GError **error)
{
  gboolean first = TRUE;
  guint shown = 0;
  /* each instruction looks at the names of all */
  guint64 names = 0;
  for (guint i = 0; i < d->instructions->len; i++) {
    const OakumInstruction *in = d->instructions->pdata[i];
    if (in->kind == OAKUM_INSTRUCTION_ENV || in->kind == OAKUM_INSTRUCTION_ARG)
      names += in->words->len;
  }
  gboolean too_many = names * d->instructions->len > UINT64_C(50) * OAKUM_DEBUG_SCOPE_MAX;
  g_autofree gboolean *needed = oakum_dockerfile_reachable(d, -1);
  json_t *instructions = json_array(), *stages = json_array();
  for (guint i = 0; i < d->instructions->len; i++) {
    json_t *object = instruction_json(d->instructions->pdata[i]);
    json_t *sees = scope && !too_many ? sees_json(scope, i, &shown) : NULL;
    if (scope && !sees) {
      g_set_error(error, OAKUM_CLI_ERROR, OAKUM_ERROR_LIMIT,
                  "the instructions see more than %u variables together; leave out --scope",
                  OAKUM_DEBUG_SCOPE_MAX);
      json_decref(object);
      json_decref(instructions);
      json_decref(stages);
      return FALSE;
    }
    if (sees)
      json_object_set_new(object, "sees", sees);
    json_array_append_new(instructions, object);
  }
  for (guint i = 0; i < d->stages->len; i++)
    json_array_append_new(stages, stage_json(d->stages->pdata[i], needed[i]));
  printf("{");
  if (d->escape != '\\') {
    printf("\"escape\":\"%c\"", d->escape);
    first = FALSE;
  }
  print_list("directives", directives_json(d), &first);
  print_list("comments", comments_json(d), &first);
  print_list("instructions", instructions, &first);
  print_list("stages", stages, &first);
  print_list("errors", errors_json(d), &first);
  if (tokens)
    print_list("tokens", tokens_json(d), &first);
  printf("}\n");
  return TRUE;
}

static GHashTable *pairs(const GPtrArray *list)
{
  GHashTable *table = oakum_str_map_new(g_free, g_free);
  for (guint i = 0; list && i < list->len; i++) {
    const char *text = list->pdata[i], *equals = strchr(text, '=');
    if (equals)
      g_hash_table_replace(table, g_strndup(text, (gsize)(equals - text)), g_strdup(equals + 1));
  }
  return table;
}

typedef struct {
  gboolean tokens, sees, words;
  GPtrArray *args, *platform;
  char *escape, *file;
} Args;

static void clear_args(Args *args)
{
  g_clear_pointer(&args->args, g_ptr_array_unref);
  g_clear_pointer(&args->platform, g_ptr_array_unref);
  g_free(args->escape);
  g_free(args->file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Args, clear_args)

static int run_dockerfile(int argc, char **argv)
{
  g_auto(Args) given_args = {0};
  g_autoptr(GPtrArray) rest = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  size_t len;
  gboolean ok =
      oakum_options_parse(&oakum_debug_dockerfile, &given_args, argc, argv, &rest, &error);
  if (ok && rest->len != 1) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected [--tokens] [--scope] [--build-arg NAME=VALUE]... FILE");
    ok = FALSE;
  }
  ok = ok && read_text(rest->pdata[0], OAKUM_DOCKERFILE_MAX, &text, &len, &error);
  g_autoptr(OakumDockerfile) d =
      ok ? oakum_dockerfile_parse(text, len, rest->pdata[0], &error) : NULL;
  if (!d)
    return failed("dockerfile", error);
  g_autoptr(GHashTable) given = pairs(given_args.args), machine = pairs(given_args.platform);
  g_autoptr(OakumScope) scope = given_args.sees ? oakum_scope_new(d, given, machine) : NULL;
  if (!print_tree(d, scope, given_args.tokens, &error))
    return failed("dockerfile", error);
  return finish("dockerfile", OAKUM_EXIT_PASS);
}

/* ---- expand
 * ---------------------------------------------------------------------------------------- */
static const char *from_table(const char *name, gpointer user)
{
  return g_hash_table_lookup(user, name);
}

static void expand_line(char *line, char escape, gboolean words)
{
  g_auto(GStrv) parts = g_strsplit(line, "\t", -1);
  g_autoptr(GPtrArray) list = g_ptr_array_new();
  for (guint i = 1; parts[0] && parts[i]; i++)
    g_ptr_array_add(list, parts[i]);
  g_autoptr(GHashTable) table = pairs(list);
  g_autoptr(GError) error = NULL;
  const char *word = parts[0] ? parts[0] : "";
  g_auto(GStrv) split =
      words ? oakum_dockerfile_expand_words(word, escape, from_table, table, &error) : NULL;
  g_autofree char *out = words ? (split ? g_strjoinv("|", split) : NULL)
                               : oakum_dockerfile_expand(word, escape, from_table, table, &error);
  g_autofree char *shown = out ? oakum_escape_terminal(out, -1) : NULL;
  if (out)
    puts(shown);
  else
    printf("error: %s\n", error->message);
}

/* Lines WORD<TAB>NAME=VALUE<TAB>NAME=VALUE... */
static int run_expand(int argc, char **argv)
{
  g_auto(Args) args = {0};
  g_autofree char *text = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  g_autoptr(GError) error = NULL;
  gboolean ok = oakum_options_parse(&oakum_debug_expand, &args, argc, argv, &rest, &error);
  if (ok && (rest->len > 0 || (args.escape && strlen(args.escape) != 1))) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected [--escape CHARACTER] [--words], and lines on standard input");
    ok = FALSE;
  }
  size_t len;
  if (!ok || !read_text("-", 16 * OAKUM_MIB, &text, &len, &error))
    return failed("expand", error);
  for (char *at = text, *end = text + len; at < end;) {
    char *newline = memchr(at, '\n', (size_t)(end - at));
    g_autofree char *line = g_strndup(at, (gsize)((newline ? newline : end) - at));
    expand_line(line, args.escape ? *args.escape : '\\', args.words);
    at = newline ? newline + 1 : end;
  }
  return finish("expand", OAKUM_EXIT_PASS);
}

/* ---- ignore
 * ---------------------------------------------------------------------------------------- */
/* --file - : the patterns stand on standard input too, before a line "--". */
static int run_ignore(int argc, char **argv)
{
  g_auto(Args) args = {0};
  g_autofree char *input = NULL, *patterns = NULL;
  g_autoptr(GPtrArray) rest = NULL;
  g_autoptr(GError) error = NULL;
  gboolean ok = oakum_options_parse(&oakum_debug_ignore, &args, argc, argv, &rest, &error);
  const char *file = args.file;
  if (ok && (rest->len > 0 || !file)) {
    g_set_error(&error, OAKUM_CLI_ERROR, OAKUM_ERROR_USAGE,
                "expected --file FILE, and paths on standard input");
    ok = FALSE;
  }
  size_t len, patterns_len;
  if (!ok || !read_text("-", 16 * OAKUM_MIB, &input, &len, &error))
    return failed("ignore", error);
  const char *at = input, *end = input + len;
  if (strcmp(file, "-") == 0) {
    const char *line =
        g_str_has_prefix(input, "--\n") ? input : g_strstr_len(input, (gssize)len, "\n--\n");
    patterns_len = line ? (size_t)(line - input) + (line > input ? 1 : 0) : len;
    patterns = g_strndup(input, patterns_len);
    at = line ? input + patterns_len + 3 : end;
  } else if (!read_text(file, OAKUM_IGNORE_MAX, &patterns, &patterns_len, &error)) {
    return failed("ignore", error);
  }
  g_autoptr(OakumIgnore) ignore = oakum_ignore_parse(patterns, patterns_len, &error);
  if (!ignore)
    return failed("ignore", error);
  while (at < end) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    g_autofree char *path = g_strndup(at, (gsize)((newline ? newline : end) - at));
    const char *name = path; /* as a walk of the context would name it */
    while (*name == '/' || g_str_has_prefix(name, "./"))
      name += *name == '/' ? 1 : 2;
    for (size_t n = strlen(name); n > 0 && name[n - 1] == '/'; n--)
      path[(size_t)(name - path) + n - 1] = '\0';
    puts(oakum_ignore_leaves_out(ignore, name) ? "ignored" : "kept");
    at = newline ? newline + 1 : end;
  }
  return finish("ignore", OAKUM_EXIT_PASS);
}

/* ---- the verbs
 * ----------------------------------------------------------------------------------------- */
static const OakumOption dockerfile_options[] = {
    {"tokens", 0, OAKUM_OPTION_FLAG, offsetof(Args, tokens), NULL, "print the tokens, too"},
    {"scope", 0, OAKUM_OPTION_FLAG, offsetof(Args, sees), NULL,
     "print the variables that each instruction sees"},
    {"build-arg", 0, OAKUM_OPTION_LIST, offsetof(Args, args), "NAME=VALUE", "a build argument"},
    {"platform-arg", 0, OAKUM_OPTION_LIST, offsetof(Args, platform), "NAME=VALUE",
     "TARGETPLATFORM and its like"},
    {0}};
static const OakumOption expand_options[] = {
    {"escape", 0, OAKUM_OPTION_TEXT, offsetof(Args, escape), "CHARACTER", "the escape character",
     "\\"},
    {"words", 0, OAKUM_OPTION_FLAG, offsetof(Args, words), NULL, "split into words"},
    {0}};
static const OakumOption ignore_options[] = {
    {"file", 0, OAKUM_OPTION_TEXT, offsetof(Args, file), "FILE",
     "the patterns; - for standard input, up to a line --"},
    {0}};
static const OakumOptionGroup dockerfile_groups[] = {{NULL, NULL, dockerfile_options, 0}, {0}};
static const OakumOptionGroup expand_groups[] = {{NULL, NULL, expand_options, 0}, {0}};
static const OakumOptionGroup ignore_groups[] = {{NULL, NULL, ignore_options, 0}, {0}};
static const OakumArgument dockerfile_arguments[] = {{"FILE", "a Dockerfile, or -"}, {0}};

const OakumCommand oakum_debug_dockerfile = {.name = "dockerfile",
                                             .summary = "print the syntax tree as JSON",
                                             .arguments = dockerfile_arguments,
                                             .groups = dockerfile_groups,
                                             .size = sizeof(Args),
                                             .parent = &oakum_cmd_debug,
                                             .run = run_dockerfile};
const OakumCommand oakum_debug_expand = {
    .name = "expand",
    .summary = "replace variables: reads lines WORD<TAB>NAME=VALUE...",
    .groups = expand_groups,
    .size = sizeof(Args),
    .parent = &oakum_cmd_debug,
    .examples = "printf '${x:-y}\\tx=z\\n' | oakum debug expand\n",
    .run = run_expand};
const OakumCommand oakum_debug_ignore = {
    .name = "ignore",
    .summary = "judge paths by an ignore file: reads paths, prints kept or ignored",
    .groups = ignore_groups,
    .size = sizeof(Args),
    .parent = &oakum_cmd_debug,
    .examples = "ls | oakum debug ignore --file .dockerignore\n",
    .run = run_ignore};
