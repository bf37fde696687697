/* From the tree to the list: every simple command with where it stands, and what it runs. */
#include "shell/shell-private.h"
#include <string.h>

typedef struct {
  guint context, depth;
  guint nest;  /* of calls here, to start nested scripts at that depth */
  guint level; /* wrappers and scripts seen through */
  const OakumShellCommand *outer, *via;
  OakumShellViaKind via_kind;
  OakumShellJoin before, after;
  guint pipeline, pipeline_index, pipeline_length; /* length 0: in none */
  OakumShellDialect dialect;
} Place;

static void walk_node(OakumShellBuild *b, const OakumShellNode *node, Place place);
static void walk_word(OakumShellBuild *b, const OakumShellWord *word, Place place);
static void see_through(OakumShellBuild *b, const OakumShellCommand *command, Place place);

/* A place below: nothing is joined to it. */
static Place below(Place place, guint context)
{
  place.context = (place.context & ~(guint)OAKUM_SHELL_IN_NEGATION) | context;
  place.depth++;
  place.nest++;
  place.before = place.after = OAKUM_SHELL_JOIN_NONE;
  place.pipeline_length = 0;
  return place;
}

static void walk_parts(OakumShellBuild *b, const OakumShellPart *parts, guint n, Place place)
{
  place.nest++;
  for (guint i = 0; i < n; i++) {
    if (parts[i].script)
      walk_node(b, parts[i].script, below(place, OAKUM_SHELL_IN_SUBSTITUTION));
    if (parts[i].n_parts)
      walk_parts(b, parts[i].parts, parts[i].n_parts, place);
    for (guint j = 0; j < parts[i].n_operands; j++)
      walk_word(b, &parts[i].operands[j], place);
  }
}

static void walk_word(OakumShellBuild *b, const OakumShellWord *word, Place place)
{
  walk_parts(b, word->parts, word->n_parts, place);
}

static void walk_words(OakumShellBuild *b, const OakumShellWord *words, guint n, Place place)
{
  for (guint i = 0; i < n; i++)
    walk_word(b, &words[i], place);
}

static void walk_redirect(OakumShellBuild *b, const OakumShellRedirect *redirect, Place place)
{
  walk_word(b, &redirect->target, place);
  if (redirect->heredoc) {
    place.context |= OAKUM_SHELL_IN_HEREDOC;
    walk_word(b, &redirect->heredoc->body, place);
  }
}

/* ---- commands ---- */
static OakumShellCommand *mutable(const OakumShellCommand *command)
{
  return (OakumShellCommand *)(gpointer)command;
}

static void emit(OakumShellBuild *b, const OakumShellCommand *found, Place place)
{
  OakumShellCommand *command = mutable(found);
  command->index = b->commands->len;
  command->via = place.via;
  command->via_kind = place.via ? place.via_kind : OAKUM_SHELL_VIA_NONE;
  command->outer = place.outer;
  command->before = place.before;
  command->after = place.after;
  command->depth = place.depth;
  command->context = place.context;
  command->pipeline = place.pipeline_length ? place.pipeline : b->pipelines++;
  command->pipeline_index = place.pipeline_length ? place.pipeline_index : 0;
  command->pipeline_length = MAX(place.pipeline_length, 1);
  g_ptr_array_add(b->commands, command);
  see_through(b, command, place);
}

static void walk_simple(OakumShellBuild *b, const OakumShellCommand *command, Place place)
{
  emit(b, command, place);
  Place inside = below(place, 0);
  inside.depth--; /* the substitution counts, not the command */
  inside.outer = command;
  guint a = 0, w = 0, r = 0;
  for (;;) { /* in the order of the text */
    guint32 at_a = a < command->n_assignments ? command->assignments[a].span.start : G_MAXUINT32;
    guint32 at_w = w < command->n_words ? command->words[w].span.start : G_MAXUINT32;
    guint32 at_r = r < command->n_redirects ? command->redirects[r].span.start : G_MAXUINT32;
    if (a < command->n_assignments && at_a <= at_w && at_a <= at_r) {
      const OakumShellAssignment *assignment = &command->assignments[a++];
      walk_parts(b, assignment->subscript_parts, assignment->n_subscript_parts, inside);
      walk_word(b, &assignment->value, inside);
      walk_words(b, assignment->elements, assignment->n_elements, inside);
    } else if (w < command->n_words && at_w <= at_r) {
      walk_word(b, &command->words[w++], inside);
    } else if (r < command->n_redirects) {
      walk_redirect(b, &command->redirects[r++], inside);
    } else {
      return;
    }
  }
}

/* ---- the tree ---- */
static guint context_of(const OakumShellNode *node, const OakumShellNode *child)
{
  switch (node->kind) {
  case OAKUM_SHELL_NODE_SUBSHELL:
    return OAKUM_SHELL_IN_SUBSHELL;
  case OAKUM_SHELL_NODE_IF:
    return child->role == OAKUM_SHELL_ROLE_CONDITION ? OAKUM_SHELL_IN_CONDITION
                                                     : OAKUM_SHELL_IN_BRANCH;
  case OAKUM_SHELL_NODE_WHILE:
  case OAKUM_SHELL_NODE_UNTIL:
    return OAKUM_SHELL_IN_LOOP |
           (child->role == OAKUM_SHELL_ROLE_CONDITION ? OAKUM_SHELL_IN_CONDITION : 0);
  case OAKUM_SHELL_NODE_FOR:
  case OAKUM_SHELL_NODE_FOR_ARITH:
  case OAKUM_SHELL_NODE_SELECT:
    return OAKUM_SHELL_IN_LOOP;
  case OAKUM_SHELL_NODE_CASE_ITEM:
    return OAKUM_SHELL_IN_BRANCH;
  case OAKUM_SHELL_NODE_FUNCTION:
    return OAKUM_SHELL_IN_FUNCTION;
  case OAKUM_SHELL_NODE_COPROC:
    return OAKUM_SHELL_IN_BACKGROUND;
  default:
    return 0;
  }
}

static void walk_joined(OakumShellBuild *b, const OakumShellNode *node, Place place)
{
  gboolean pipeline = node->kind == OAKUM_SHELL_NODE_PIPELINE;
  gboolean sequence = node->kind == OAKUM_SHELL_NODE_SEQUENCE;
  guint number = pipeline ? b->pipelines++ : 0;
  for (guint i = 0; i < node->n_children; i++) {
    Place child = place;
    child.nest++;
    if (i > 0)
      child.before = node->joins[i - 1];
    if (i + 1 < node->n_children || (sequence && node->joins[i] != OAKUM_SHELL_JOIN_NONE))
      child.after = node->joins[i];
    child.pipeline_length = pipeline ? node->n_children : 0;
    child.pipeline_index = i;
    child.pipeline = number;
    if (pipeline && node->negated)
      child.context |= OAKUM_SHELL_IN_NEGATION;
    if (sequence && node->joins[i] == OAKUM_SHELL_JOIN_BACKGROUND)
      child.context |= OAKUM_SHELL_IN_BACKGROUND;
    walk_node(b, node->children[i], child);
  }
}

static void walk_node(OakumShellBuild *b, const OakumShellNode *node, Place place)
{
  switch (node->kind) {
  case OAKUM_SHELL_NODE_SIMPLE:
    walk_simple(b, node->command, place);
    return;
  case OAKUM_SHELL_NODE_PIPELINE:
  case OAKUM_SHELL_NODE_AND_OR:
  case OAKUM_SHELL_NODE_SEQUENCE:
    walk_joined(b, node, place);
    return;
  default:
    break;
  }
  Place words = below(place, 0);
  words.depth--;
  walk_words(b, node->words, node->n_words, words);
  for (guint i = 0; i < node->n_children; i++) {
    Place child = below(place, context_of(node, node->children[i]));
    if (node->kind == OAKUM_SHELL_NODE_CASE)
      child.depth--; /* counted with its items */
    walk_node(b, node->children[i], child);
  }
  for (guint i = 0; i < node->n_redirects; i++)
    walk_redirect(b, &node->redirects[i], words);
}

void oakum_shell_walk(OakumShellBuild *b, const OakumShellNode *root, OakumShellDialect dialect)
{
  walk_node(b, root, (Place){.dialect = dialect});
}

/* ---- scripts in words ---- */
typedef struct {
  GByteArray *text;
  GArray *from, *to;
  GArray *opaque; /* OakumShellSpan in `text` */
  gboolean known; /* something else than expansions and blanks is in it */
} Derived;

static void add_byte(Derived *d, char byte, guint32 from, guint32 to)
{
  g_byte_array_append(d->text, (const guint8 *)&byte, 1);
  g_array_append_val(d->from, from);
  g_array_append_val(d->to, to);
}

static void add_verbatim(Derived *d, const char *bytes, size_t len, guint32 from)
{
  for (size_t i = 0; i < len; i++)
    add_byte(d, bytes[i], from + (guint32)i, from + (guint32)i + 1);
}

/* Only the whole has a place. */
static void add_coarse(Derived *d, const char *bytes, OakumShellSpan span)
{
  for (; *bytes; bytes++)
    add_byte(d, *bytes, span.start, span.end);
}

/* A literal part, read again from its source. */
static void add_literal(Derived *d, const char *root, const OakumShellPart *part)
{
  guint mark = d->text->len;
  for (guint32 i = part->span.start; i < part->span.end; i++) {
    guint32 first = i;
    char next = i + 1 < part->span.end ? root[i + 1] : 0;
    if (root[i] == '\\' && next == '\n') {
      i++;
      continue;
    }
    if (root[i] == '\\' && next && (!part->quoted || strchr("$`\"\\", next)))
      i++;
    add_byte(d, root[i], first, i + 1);
  }
  size_t len = strlen(part->value);
  if (d->text->len - mark == len && memcmp(d->text->data + mark, part->value, len) == 0)
    return;
  g_byte_array_set_size(d->text, mark);
  g_array_set_size(d->from, mark);
  g_array_set_size(d->to, mark);
  add_coarse(d, part->value, part->span);
}

static void add_part(Derived *d, const char *root, const OakumShellPart *part)
{
  guint32 start = part->span.start, end = part->span.end;
  switch (part->kind) {
  case OAKUM_SHELL_PART_LITERAL:
    add_literal(d, root, part);
    d->known = TRUE;
    return;
  case OAKUM_SHELL_PART_SINGLE:
    add_verbatim(d, part->value, strlen(part->value), start + 1);
    d->known = TRUE;
    return;
  case OAKUM_SHELL_PART_DOLLAR_SINGLE:
    add_coarse(d, part->value, part->span);
    d->known = TRUE;
    return;
  case OAKUM_SHELL_PART_DOUBLE:
  case OAKUM_SHELL_PART_DOLLAR_DOUBLE:
    for (guint i = 0; i < part->n_parts; i++)
      add_part(d, root, &part->parts[i]);
    return;
  default: {
    OakumShellSpan opaque = {d->text->len, d->text->len + (end - start)};
    g_array_append_val(d->opaque, opaque);
    add_verbatim(d, root + start, end - start, start);
  }
  }
}

static void add_word(Derived *d, const char *root, const OakumShellWord *word)
{
  size_t len = strlen(word->text), room = word->span.end - word->span.start;
  if (root && word->exact) {
    for (guint i = 0; i < word->n_parts; i++)
      add_part(d, root, &word->parts[i]);
    return;
  }
  d->known |= word->literal != NULL || word->n_parts > 1 ||
              (word->n_parts == 1 && word->parts[0].n_parts > 1);
  if (!root && word->literal && (room == len || room == len + 2)) /* with quotes or without */
    add_verbatim(d, word->text, len, word->span.start + (room == len ? 0 : 1));
  else
    add_coarse(d, word->text, word->span);
}

typedef struct {
  OakumShellBuild *b;
  const OakumShellCommand *command;
  Place place;
} Seen;

static void see_wrapped(Seen *seen, const OakumShellThrough *through)
{
  OakumShellBuild *b = seen->b;
  const OakumShellCommand *outer = seen->command;
  OakumShellCommand *command = oakum_shell_alloc(b, sizeof *command);
  command->words = outer->words + through->first;
  command->n_words = through->count;
  const OakumShellWord *last = &command->words[command->n_words - 1];
  command->span = (OakumShellSpan){command->words[0].span.start,
                                   MAX(command->words[0].span.start, last->span.end)};
  command->exact = outer->exact;
  command->cut = outer->cut;
  command->redirects = outer->redirects;
  command->n_redirects = outer->n_redirects;
  command->node = outer->node;
  if (command->words[0].literal)
    command->name = oakum_shell_base_name(command->words[0].literal);
  Place place = seen->place;
  place.via = outer;
  place.via_kind = OAKUM_SHELL_VIA_WRAPPER;
  place.pipeline = outer->pipeline;
  place.pipeline_index = outer->pipeline_index;
  place.pipeline_length = outer->pipeline_length;
  emit(b, command, place);
}

static void see_script(Seen *seen, const OakumShellThrough *through)
{
  OakumShellBuild *b = seen->b;
  const OakumShellWord *words = seen->command->words + through->first;
  Derived d = {g_byte_array_new(), g_array_new(FALSE, FALSE, sizeof(guint32)),
               g_array_new(FALSE, FALSE, sizeof(guint32)),
               g_array_new(FALSE, FALSE, sizeof(OakumShellSpan)), FALSE};
  for (guint i = 0; i < through->count; i++) {
    if (i > 0)
      add_byte(&d, ' ', words[i - 1].span.end, MAX(words[i - 1].span.end, words[i].span.start));
    add_word(&d, b->root, &words[i]);
  }
  if (d.known && d.text->len > 0 && d.text->len <= OAKUM_SHELL_TEXT_MAX) {
    OakumShellParser p;
    oakum_shell_parser_init(&p, b, (const char *)d.text->data, d.text->len, through->dialect,
                            seen->place.nest + 1);
    p.from = (const guint32 *)(gpointer)d.from->data;
    p.to = (const guint32 *)(gpointer)d.to->data;
    p.opaque = (const OakumShellSpan *)(gpointer)d.opaque->data;
    p.n_opaque = d.opaque->len;
    const OakumShellNode *root = oakum_shell_script(&p);
    oakum_shell_parser_clear(&p);
    gboolean known = TRUE; /* else the error may come of what an expansion brings */
    for (guint i = 0; i < through->count; i++)
      known &= words[i].literal != NULL;
    if (p.error && known)
      oakum_shell_keep_nested(b, p.error);
    Place place = below(seen->place, OAKUM_SHELL_IN_NESTED);
    place.via = seen->command;
    place.via_kind = OAKUM_SHELL_VIA_SCRIPT;
    place.dialect = through->dialect;
    walk_node(b, root, place);
  }
  g_byte_array_unref(d.text);
  g_array_unref(d.from);
  g_array_unref(d.to);
  g_array_unref(d.opaque);
}

static void seen(const OakumShellThrough *through, gpointer user)
{
  if (through->kind == OAKUM_SHELL_VIA_WRAPPER)
    see_wrapped(user, through);
  else
    see_script(user, through);
}

static void see_through(OakumShellBuild *b, const OakumShellCommand *command, Place place)
{
  if (place.level >= OAKUM_SHELL_VIA_MAX)
    return;
  place.level++;
  place.nest++;
  Seen user = {b, command, place};
  oakum_shell_through(command->words, command->n_words, place.dialect, seen, &user);
}
