/* Arguments: flags and operands, in hadolint's reading and in getopt's. */
#include "shell/shell-private.h"
#include <string.h>

static gboolean in_names(const char *const *names, const char *name, size_t len)
{
  for (; names && *names; names++)
    if (strlen(*names) == len && memcmp(*names, name, len) == 0)
      return TRUE;
  return FALSE;
}

/* ---- hadolint's reading ---- */
const char *oakum_shell_plain_name(const OakumShellCommand *command, guint *first)
{
  static const char *const skipped[] = {"busybox", "builtin", "command", "exec", "run", NULL};
  guint i = 0;
  if (command->n_words > 1 && command->words[0].literal &&
      in_names(skipped, command->words[0].literal, strlen(command->words[0].literal)))
    i = 1;
  if (first)
    *first = MIN(1, command->n_words);
  return i < command->n_words ? command->words[i].literal : NULL;
}

gboolean oakum_shell_word_is_flag(const OakumShellWord *word)
{
  return word->text[0] == '-' && word->text[1] && strcmp(word->text, "--") != 0;
}

/* The word gives the flag; how often. *value: behind "=" of a long one. */
static guint gives_flag(const OakumShellWord *word, const char *name, const char **value)
{
  if (!oakum_shell_word_is_flag(word))
    return 0;
  const char *text = word->text;
  if (text[1] == '-') {
    size_t len = strcspn(text + 2, "=");
    if (len != strlen(name) || memcmp(text + 2, name, len) != 0)
      return 0;
    if (value && text[2 + len] == '=')
      *value = text + 3 + len;
    return 1;
  }
  guint n = 0;
  if (name[0] && !name[1])
    for (const char *c = text + 1; *c; c++)
      n += *c == name[0];
  return n;
}

gboolean oakum_shell_has_arg(const OakumShellCommand *command, const char *arg)
{
  const char *const args[] = {arg, NULL};
  return oakum_shell_has_any_arg(command, args);
}

gboolean oakum_shell_has_any_arg(const OakumShellCommand *command, const char *const *args)
{
  guint i;
  (void)!oakum_shell_plain_name(command, &i);
  for (; i < command->n_words; i++)
    if (in_names(args, command->words[i].text, strlen(command->words[i].text)))
      return TRUE;
  return FALSE;
}

guint oakum_shell_count_flag(const OakumShellCommand *command, const char *name)
{
  guint i, n = 0;
  (void)!oakum_shell_plain_name(command, &i);
  for (; i < command->n_words; i++)
    n += gives_flag(&command->words[i], name, NULL);
  return n;
}

gboolean oakum_shell_has_flag(const OakumShellCommand *command, const char *name)
{
  return oakum_shell_count_flag(command, name) > 0;
}

gboolean oakum_shell_has_any_flag(const OakumShellCommand *command, const char *const *names)
{
  for (; *names; names++)
    if (oakum_shell_has_flag(command, *names))
      return TRUE;
  return FALSE;
}

GPtrArray *oakum_shell_args_no_flags(const OakumShellCommand *command, const char *const *valued)
{
  GPtrArray *out = g_ptr_array_new();
  guint i;
  (void)!oakum_shell_plain_name(command, &i);
  gboolean is_value = FALSE; /* a flag behind such a flag still takes its own */
  for (; i < command->n_words; i++) {
    const OakumShellWord *word = &command->words[i];
    gboolean takes = FALSE;
    if (!oakum_shell_word_is_flag(word)) {
      if (!is_value)
        g_ptr_array_add(out, (gpointer)word);
    } else if (!strchr(word->text, '=')) {
      for (const char *const *name = valued; name && *name && !takes; name++)
        takes = gives_flag(word, *name, NULL) > 0;
    }
    is_value = takes;
  }
  return out;
}

GPtrArray *oakum_shell_flag_values(const OakumShellCommand *command, const char *name)
{
  GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
  guint i;
  (void)!oakum_shell_plain_name(command, &i);
  for (; i < command->n_words; i++) {
    const char *value = NULL;
    if (!gives_flag(&command->words[i], name, &value))
      continue;
    if (!value && i + 1 < command->n_words)
      value = command->words[i + 1].text;
    if (value)
      g_ptr_array_add(out, g_strdup(value));
  }
  return out;
}

/* ---- strictly ---- */
struct OakumShellArgs {
  GArray *args; /* OakumShellArg */
  GStringChunk *names;
};

static gboolean begins_with_expansion(const OakumShellWord *word)
{
  const OakumShellPart *part = word->n_parts ? word->parts : NULL;
  gboolean quoted = part && (part->kind == OAKUM_SHELL_PART_DOUBLE ||
                             part->kind == OAKUM_SHELL_PART_DOLLAR_DOUBLE);
  if (quoted)
    part = part->n_parts ? part->parts : NULL;
  return part &&
         (part->kind == OAKUM_SHELL_PART_PARAMETER || part->kind == OAKUM_SHELL_PART_COMMAND ||
          part->kind == OAKUM_SHELL_PART_BACKTICK || part->kind == OAKUM_SHELL_PART_BRACE);
}

/* A flag that takes a value: the rest of its word (NULL: none), or the next one. Steps *i. */
static void add_valued(OakumShellArgs *args, const OakumShellCommand *command, guint *i,
                       const char *flag, const char *rest)
{
  OakumShellArg arg = {.flag = flag, .word = &command->words[*i], .known = TRUE, .value = rest};
  if (rest)
    arg.value_word = arg.word;
  else if (*i + 1 < command->n_words) {
    arg.value_word = &command->words[++*i];
    arg.value = arg.value_word->text;
  }
  g_array_append_val(args->args, arg);
}

static void add_flag(OakumShellArgs *args, const OakumShellWord *word, const char *flag)
{
  OakumShellArg arg = {.flag = flag, .word = word, .known = TRUE};
  g_array_append_val(args->args, arg);
}

/* The word at *i, which begins with "-". */
static void read_flag(OakumShellArgs *args, const OakumShellCommand *command, guint *i,
                      const char *const *valued, const char *const *single)
{
  const OakumShellWord *word = &command->words[*i];
  const char *text = word->text, *equals = strchr(text, '=');
  size_t len = equals ? (size_t)(equals - text) : strlen(text);
  gboolean takes = in_names(valued, text, len);
  if (text[1] == '-' || (len > 2 && (takes || in_names(single, text, len)))) {
    const char *flag = g_string_chunk_insert_len(args->names, text, (gssize)len);
    if (equals || takes)
      add_valued(args, command, i, flag, equals ? equals + 1 : NULL);
    else
      add_flag(args, word, flag);
    return;
  }
  for (const char *c = text + 1; *c; c++) {
    const char flag[] = {'-', *c, '\0'};
    const char *kept = g_string_chunk_insert_const(args->names, flag);
    if (in_names(valued, flag, 2)) {
      add_valued(args, command, i, kept, c[1] ? c + 1 : NULL);
      return;
    }
    add_flag(args, word, kept);
  }
}

OakumShellArgs *oakum_shell_args_new(const OakumShellCommand *command, guint first,
                                     const char *const *valued, const char *const *single)
{
  OakumShellArgs *args = g_new(OakumShellArgs, 1);
  args->args = g_array_new(FALSE, TRUE, sizeof(OakumShellArg));
  args->names = g_string_chunk_new(256);
  gboolean ended = FALSE;
  for (guint i = first; i < command->n_words; i++) {
    const OakumShellWord *word = &command->words[i];
    if (!ended && strcmp(word->text, "--") == 0) {
      ended = TRUE;
    } else if (!ended && !begins_with_expansion(word) && oakum_shell_word_is_flag(word)) {
      read_flag(args, command, &i, valued, single);
    } else {
      OakumShellArg arg = {.value = word->text,
                           .word = word,
                           .value_word = word,
                           .known = !begins_with_expansion(word),
                           .after_dashes = ended};
      g_array_append_val(args->args, arg);
    }
  }
  return args;
}

void oakum_shell_args_free(OakumShellArgs *args)
{
  if (!args)
    return;
  g_array_unref(args->args);
  g_string_chunk_free(args->names);
  g_free(args);
}

guint oakum_shell_args_count(const OakumShellArgs *args)
{
  return args->args->len;
}

const OakumShellArg *oakum_shell_args_get(const OakumShellArgs *args, guint index)
{
  return &g_array_index(args->args, OakumShellArg, index);
}

const OakumShellArg *oakum_shell_args_flag(const OakumShellArgs *args, const char *const *names)
{
  for (guint i = args->args->len; i-- > 0;) {
    const OakumShellArg *arg = oakum_shell_args_get(args, i);
    if (arg->flag && in_names(names, arg->flag, strlen(arg->flag)))
      return arg;
  }
  return NULL;
}

const OakumShellArg *oakum_shell_args_operand(const OakumShellArgs *args, guint n)
{
  for (guint i = 0; i < args->args->len; i++) {
    const OakumShellArg *arg = oakum_shell_args_get(args, i);
    if (!arg->flag && n-- == 0)
      return arg;
  }
  return NULL;
}
