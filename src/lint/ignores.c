/* Comments that take findings back: ours, and those of hadolint, docker's checks, trivy and
 * checkov. */
#include "lint/check-private.h"
#include <string.h>

typedef enum { SCOPE_LINE, SCOPE_STAGE, SCOPE_FILE } Scope;

/* What an id of an ignore means. */
typedef struct {
  gboolean known, all, on; /* on: some rule of that name is switched on */
  const gboolean *rows;    /* LINT_RULES flags; NULL: none */
} Meaning;

/* Whether an ignore names a rule; a comment may name thousands, and findings may be as many. */
typedef enum { NOT_ASKED, NAMES_NOT, NAMES_IT } Answer;

typedef struct {
  Scope scope;
  char **ids;        /* what it names */
  Meaning *meanings; /* of each */
  gboolean *used;
  guint8 answers[LINT_RULES]; /* Answer */
  GHashTable *shell_answers;  /* the same for ids of shellcheck; NULL: none was asked for */
  LintStep *comment;          /* compat hadolint: the comment itself; else NULL */
  int line;                   /* of the comment */
  int first, last;            /* lines it covers */
  LintSpan span;              /* of the comment, from '#' */
  gboolean ours;              /* "# oakum": told when it is unused, wrong or without a reason */
  gboolean peer; /* of another tool: told when unused, but unknown ids are its own affair */
  gboolean reason;
  int64_t expires; /* 0: never */
} Ignore;

static void ignore_free(Ignore *ignore)
{
  g_strfreev(ignore->ids);
  g_free(ignore->meanings);
  g_free(ignore->used);
  g_clear_pointer(&ignore->shell_answers, g_hash_table_unref);
  g_free(ignore);
}

/* "key=" with blanks around the "=" as hadolint allows them; returns what follows, or NULL. */
static const char *after_key(const char *text, const char *key)
{
  size_t n = strlen(key);
  if (strncmp(text, key, n) != 0)
    return NULL;
  text += n;
  text += strspn(text, " \t");
  if (*text != '=')
    return NULL;
  text++;
  return text + strspn(text, " \t");
}

/* A list of ids: [A-Za-z0-9_-] or of the letters given, commas and blanks between. *rest: behind
 * it. */
static char **id_list(const char *text, const char *letters, const char **rest)
{
  g_autoptr(GPtrArray) ids = g_ptr_array_new();
  for (;;) {
    size_t n = strspn(text, letters);
    if (n == 0)
      break;
    g_ptr_array_add(ids, g_strndup(text, n));
    text += n;
    const char *at = text + strspn(text, " \t");
    if (*at != ',')
      break;
    text = at + 1;
    text += strspn(text, " \t");
  }
  *rest = text;
  if (ids->len == 0)
    return NULL;
  g_ptr_array_add(ids, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&ids), FALSE);
}

#define ID_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* One comment (behind its '#'); FALSE: it is no ignore. */
static gboolean read_ignore(const OakumLint *lint, const char *text, Ignore *out)
{
  const char *at = text + strspn(text, " \t"), *rest = NULL, *list;
  /* compat docker: docker's own comments are read where its checks run */
  if (lint->docker && !g_str_has_prefix(at, "oakum"))
    return FALSE;
  if (g_str_has_prefix(at, "hadolint") && strchr(" \t", at[8]) && at[8]) {
    at += 8;
    at += strspn(at, " \t");
    out->scope = SCOPE_LINE;
    if (g_str_has_prefix(at, "global") && strchr(" \t", at[6]) && at[6]) {
      out->scope = SCOPE_FILE;
      at += 6;
    } else if (g_str_has_prefix(at, "stage") && strchr(" \t", at[5]) && at[5]) {
      out->scope = SCOPE_STAGE;
      at += 5;
    }
    at += strspn(at, " \t");
    list = after_key(at, "ignore");
    if (!list)
      return FALSE;
    out->ids = id_list(list, lint->hadolint ? "DLSC0123456789" : ID_LETTERS, &rest);
    if (!out->ids)
      return FALSE;
    const char *last = rest - 1;
    while (last > list && (*last == ' ' || *last == '\t'))
      last--;
    gboolean open = *last == ','; /* hadolint: a list that ends in a comma is none */
    rest += strspn(rest, " \t");
    if (open && lint->hadolint) {
      g_clear_pointer(&out->ids, g_strfreev);
      return FALSE;
    }
    if (*rest && *rest != '#' && *rest != '\r') {
      g_clear_pointer(&out->ids, g_strfreev);
      return FALSE;
    }
    out->reason = *rest == '#';
    out->peer = TRUE;
    return TRUE;
  }
  if (lint->hadolint)
    return FALSE;
  if (g_str_has_prefix(at, "oakum") && at[5] && strchr(" \t", at[5])) {
    at += 5;
    at += strspn(at, " \t");
    out->scope = SCOPE_LINE;
    if (g_str_has_prefix(at, "file ") || g_str_has_prefix(at, "file\t") ||
        g_str_has_prefix(at, "global ")) {
      out->scope = SCOPE_FILE;
      at += strcspn(at, " \t");
    } else if (g_str_has_prefix(at, "stage ") || g_str_has_prefix(at, "stage\t")) {
      out->scope = SCOPE_STAGE;
      at += 5;
    }
    at += strspn(at, " \t");
    list = after_key(at, "ignore");
    if (!list)
      return FALSE;
    out->ids = id_list(list, ID_LETTERS, &rest);
    rest += strspn(rest, " \t\r");
    out->reason = *rest == '#' && rest[1 + strspn(rest + 1, " \t#")] != '\0';
    out->ours = TRUE;
    return out->ids != NULL;
  }
  if (g_str_has_prefix(at, "check=")) {
    const char *skip = strstr(at, "skip=");
    if (!skip)
      return FALSE;
    out->scope = SCOPE_LINE;
    out->ids = id_list(skip + 5, ID_LETTERS, &rest);
    out->peer = TRUE;
    out->reason = TRUE;
    return out->ids != NULL;
  }
  if (g_str_has_prefix(at, "trivy:ignore:")) {
    out->scope = SCOPE_LINE;
    at += strlen("trivy:ignore:");
    out->ids = id_list(at, ID_LETTERS, &rest);
    if (rest && g_str_has_prefix(rest, ":exp:")) {
      g_autofree char *day = g_strdup_printf("%.10sT23:59:59Z", rest + 5);
      if (!oakum_time_parse(day, &out->expires))
        out->expires = 0;
    }
    out->peer = TRUE;
    out->reason = TRUE;
    return out->ids != NULL;
  }
  if (g_str_has_prefix(at, "checkov:skip=")) {
    out->scope = SCOPE_FILE;
    out->ids = id_list(at + strlen("checkov:skip="), ID_LETTERS, &rest);
    out->reason = rest && *rest == ':';
    out->peer = TRUE;
    return out->ids != NULL;
  }
  if (g_str_has_prefix(at, "tally ignore=") || g_str_has_prefix(at, "tally global ignore=")) {
    out->scope = at[6] == 'g' ? SCOPE_FILE : SCOPE_LINE;
    out->ids = id_list(strchr(at, '=') + 1, ID_LETTERS "/", &rest);
    out->peer = TRUE;
    out->reason = TRUE;
    return out->ids != NULL;
  }
  return FALSE;
}

/* How many instructions begin up to a line. */
static guint count_up_to(const GPtrArray *all, int line)
{
  guint low = 0, high = all ? all->len : 0;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (((const OakumInstruction *)all->pdata[middle])->range.line > line)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/* The first instruction that begins behind a line; NULL. */
static const OakumInstruction *instruction_below(const OakumLint *lint, int line)
{
  const GPtrArray *all = lint->dockerfile->instructions;
  guint n = count_up_to(all, line);
  return n < all->len ? all->pdata[n] : NULL;
}

static void stage_lines(const OakumLint *lint, int line, gboolean hadolint, Ignore *ignore)
{
  if (lint->hadolint) { /* from the second line below it to the next FROM, that line included */
    ignore->first = line + 2;
    ignore->last = G_MAXINT;
    for (guint s = lint->stages->len; s-- > 0;)
      if (lint_stage(lint, (int)s)->from->line > line + 1)
        ignore->last = lint_stage(lint, (int)s)->from->line;
    return;
  }
  for (guint s = 0; s < lint->stages->len; s++) {
    const LintStage *stage = lint_stage(lint, (int)s);
    int first = stage->from->line,
        next = s + 1 < lint->stages->len ? lint_stage(lint, (int)s + 1)->from->line : G_MAXINT;
    /* hadolint: right above FROM, and FROM itself is not covered; ours: above FROM, or inside */
    if (hadolint ? line == first - 1
                 : (line < first && (s == 0 || line >= lint_stage(lint, (int)s - 1)->from->line)) ||
                       (line >= first && line < next)) {
      if (!hadolint && line < first && line < first - 1) {
        /* comments between belong to it only when nothing else stands between */
        const OakumInstruction *below = instruction_below(lint, line);
        if (!below || below->range.line != first)
          continue;
      }
      ignore->first = hadolint ? first + 1 : first;
      ignore->last = next == G_MAXINT ? G_MAXINT : next - 1;
      return;
    }
  }
}

/* The line in which the instruction around a line begins; the line itself when there is none. */
int lint_instruction_start(const OakumLint *lint, int line)
{
  const GPtrArray *all = lint->dockerfile->instructions;
  guint n = count_up_to(all, line);
  return n > 0 ? ((const OakumInstruction *)all->pdata[n - 1])->range.line : line;
}

static GPtrArray *collect(OakumLint *lint)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)ignore_free);
  guint n = lint->hadolint ? lint->steps->len : lint->dockerfile->comments->len;
  for (guint i = 0; i < n; i++) {
    const char *text;
    Ignore found = {0};
    if (lint->hadolint) {
      LintStep *step = lint_step(lint, i);
      if (step->kind != STEP_COMMENT)
        continue;
      found.comment = step;
      text = step->text;
      found.line = step->line;
    } else {
      const OakumComment *comment = lint->dockerfile->comments->pdata[i];
      text = comment->text;
      found.line = comment->range.line;
      found.span = (LintSpan){comment->range.offset, comment->range.end_offset};
    }
    if (!read_ignore(lint, text, &found))
      continue;
    if (found.scope == SCOPE_FILE) {
      found.first = 0;
      found.last = G_MAXINT;
    } else if (found.scope == SCOPE_STAGE) {
      stage_lines(lint, found.line, lint->hadolint || !found.ours, &found);
    } else if (lint->hadolint) {
      found.first = found.last = found.line + 1;
    } else {
      /* the instruction below (comments and other ignores may stand between), all of its lines;
       * inside a continued instruction: the next line */
      const OakumComment *comment = lint->dockerfile->comments->pdata[i];
      if (comment->instruction >= 0) {
        found.first = found.last = found.line + 1;
      } else {
        const OakumInstruction *in = instruction_below(lint, found.line);
        if (in) {
          found.first = in->range.line;
          found.last = in->range.end_line;
        }
      }
    }
    guint ids = g_strv_length(found.ids);
    found.used = g_new0(gboolean, ids + 1);
    Ignore *kept = g_new(Ignore, 1);
    *kept = found;
    g_ptr_array_add(all, kept);
  }
  return g_steal_pointer(&all);
}

static Meaning mean(const OakumLint *lint, const char *id)
{
  const char *slash = strchr(id, '/'), *bare = slash ? slash + 1 : id;
  Meaning meaning = {0};
  meaning.all = g_ascii_strcasecmp(bare, "all") == 0;
  meaning.rows = lint_rows_named(bare);
  meaning.on = meaning.all || (g_ascii_strncasecmp(bare, "SC", 2) == 0 && g_ascii_isdigit(bare[2]));
  meaning.known = meaning.on || meaning.rows;
  for (guint r = 0; meaning.rows && !meaning.on && r < LINT_RULES; r++)
    meaning.on = meaning.rows[r] && lint_on(lint, r);
  return meaning;
}

/* Number of the finding's rule; LINT_RULES: of shellcheck. */
static guint rule_of(const OakumFinding *finding)
{
  static gsize once;
  static GHashTable *numbers; /* made once: each file would hash all names */
  gpointer number;
  if (g_once_init_enter(&once)) {
    numbers = g_hash_table_new(NULL, NULL); /* ids of findings are the names in the table */
    for (guint r = 0; r < LINT_RULES; r++)
      g_hash_table_insert(numbers, (gpointer)lint_row(r)->name, GUINT_TO_POINTER(r));
    g_once_init_leave(&once, 1);
  }
  return g_hash_table_lookup_extended(numbers, finding->id, NULL, &number)
             ? GPOINTER_TO_UINT(number)
             : LINT_RULES;
}

/* "# check=skip=..." among the directives at the head. */
static gboolean skipped_by_directive(const OakumLint *lint, guint rule)
{
  const OakumDockerfile *file = lint->dockerfile;
  if (lint->hadolint || lint->docker || !file->check_skip)
    return FALSE;
  const OakumLintRule *row = rule < LINT_RULES ? lint_row(rule) : NULL;
  if (!row || !row->docker)
    return FALSE;
  if (file->check_skip_all)
    return TRUE;
  for (guint i = 0; i < file->check_skip->len; i++) {
    const OakumWord *word = file->check_skip->pdata[i];
    if (word->value && g_ascii_strcasecmp(word->value, row->docker) == 0)
      return TRUE;
  }
  return FALSE;
}

static void tell_of_ignores(OakumLint *lint, const GPtrArray *all)
{
  for (guint i = 0; i < all->len; i++) {
    const Ignore *ignore = all->pdata[i];
    if (lint->hadolint || lint->docker)
      return;
    for (guint k = 0; ignore->ids[k]; k++) {
      const Meaning *meaning = &ignore->meanings[k];
      if (ignore->ours && !meaning->known) {
        lint_tell(lint, LINT_IGNORE_UNKNOWN, NULL, ignore->span, "%s", ignore->ids[k]);
        continue;
      }
      /* what a peer's pragma says of rules that we do not have, or of shellcheck that did not run
       */
      gboolean shellcheck =
          g_ascii_strncasecmp(ignore->ids[k], "SC", 2) == 0 && !lint->script_places;
      if (ignore->used[k] || shellcheck || !meaning->known || !meaning->on)
        continue; /* what is switched off cannot be used */
      OakumFinding *finding =
          lint_tell(lint, LINT_IGNORE_UNUSED, NULL, ignore->span, "%s", ignore->ids[k]);
      if (ignore->ids[1] || !finding)
        continue;
      /* the only id: the whole line goes */
      const char *source = lint->dockerfile->source;
      size_t start = ignore->span.start, end = ignore->span.end;
      while (start > 0 && (source[start - 1] == ' ' || source[start - 1] == '\t'))
        start--;
      if (start > 0 && source[start - 1] != '\n')
        continue;
      if (end < lint->dockerfile->len && source[end] == '\r')
        end++;
      if (end < lint->dockerfile->len && source[end] == '\n')
        end++;
      lint_edit(finding, start, end, "", TRUE);
    }
    if (lint->options->require_reason && !ignore->reason)
      lint_tell(lint, LINT_IGNORE_REASON, NULL, ignore->span, NULL);
  }
}

/* Whether the ignore names the rule of a finding; all ids that do are noted as used. */
static gboolean names_rule(Ignore *ignore, const OakumFinding *finding, guint rule)
{
  Answer known = NOT_ASKED;
  if (rule < LINT_RULES)
    known = ignore->answers[rule];
  else if (ignore->shell_answers)
    known = GPOINTER_TO_UINT(g_hash_table_lookup(ignore->shell_answers, finding->id));
  if (known != NOT_ASKED)
    return known == NAMES_IT;
  known = NAMES_NOT;
  for (guint id = 0; ignore->ids[id]; id++) {
    const Meaning *meaning = &ignore->meanings[id];
    if (meaning->all ||
        (rule < LINT_RULES ? meaning->rows && meaning->rows[rule]
                           : g_ascii_strcasecmp(ignore->ids[id], finding->id) == 0)) {
      ignore->used[id] = TRUE;
      known = NAMES_IT;
    }
  }
  if (rule < LINT_RULES) {
    ignore->answers[rule] = known;
  } else {
    if (!ignore->shell_answers)
      ignore->shell_answers = oakum_str_map_new(g_free, NULL);
    g_hash_table_insert(ignore->shell_answers, g_strdup(finding->id), GUINT_TO_POINTER(known));
  }
  return known == NAMES_IT;
}

/* Whether one of these takes the finding back. */
static gboolean takes(const OakumLint *lint, const GPtrArray *list, const OakumFinding *finding,
                      guint rule)
{
  gboolean taken = FALSE;
  for (guint k = 0; list && k < list->len && k < OAKUM_LINT_IGNORES_MAX; k++) {
    Ignore *ignore = list->pdata[k];
    gboolean expired = ignore->expires && lint->options->now > ignore->expires;
    if (!expired && finding->line >= ignore->first && finding->line <= ignore->last)
      taken |= names_rule(ignore, finding, rule);
  }
  return taken;
}

void lint_ignores(OakumLint *lint)
{
  g_autoptr(GPtrArray) all = collect(lint);
  g_autoptr(GPtrArray) wide = g_ptr_array_new();
  g_autoptr(GHashTable) by_line =
      g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < all->len; i++) {
    Ignore *ignore = all->pdata[i];
    guint count = g_strv_length(ignore->ids);
    ignore->meanings = g_new(Meaning, count + 1);
    for (guint k = 0; k < count; k++)
      ignore->meanings[k] = mean(lint, ignore->ids[k]);
    if (ignore->scope != SCOPE_LINE) {
      g_ptr_array_add(wide, ignore);
      continue;
    }
    GPtrArray *list = g_hash_table_lookup(by_line, GINT_TO_POINTER(ignore->first));
    if (!list) {
      list = g_ptr_array_new();
      g_hash_table_insert(by_line, GINT_TO_POINTER(ignore->first), list);
    }
    g_ptr_array_add(list, ignore);
  }
  gboolean off = lint->options->disable_ignore_pragma;
  const OakumDockerfile *file = lint->dockerfile;
  if (all->len == 0 && !file->check_skip_all && file->check_skip->len == 0)
    return;
  GPtrArray *kept = g_ptr_array_new_with_free_func((GDestroyNotify)oakum_finding_free);
  for (guint i = 0; i < lint->findings->len; i++) {
    OakumFinding *finding = lint->findings->pdata[i];
    gboolean taken = FALSE;
    guint rule = rule_of(finding);
    if (!off && strcmp(finding->id, "syntax") != 0) {
      int start = lint->hadolint ? finding->line : lint_instruction_start(lint, finding->line);
      taken = takes(lint, wide, finding, rule);
      taken |=
          takes(lint, g_hash_table_lookup(by_line, GINT_TO_POINTER(finding->line)), finding, rule);
      if (start != finding->line)
        taken |= takes(lint, g_hash_table_lookup(by_line, GINT_TO_POINTER(start)), finding, rule);
    }
    taken |= !off && skipped_by_directive(lint, rule);
    if (taken)
      oakum_finding_free(finding);
    else
      g_ptr_array_add(kept, finding);
  }
  g_ptr_array_set_free_func(lint->findings, NULL);
  g_ptr_array_unref(lint->findings);
  lint->findings = kept;
  if (!off)
    tell_of_ignores(lint, all);
}

/* Inline ignores of hadolint (not its global and stage forms). */
void check_inline_ignore(OakumLint *lint, LintStep *step)
{
  (void)step;
  if (!lint_on(lint, LINT_INLINE_IGNORE))
    return;
  g_autoptr(GPtrArray) all = collect(lint);
  for (guint i = 0; i < all->len; i++) {
    const Ignore *ignore = all->pdata[i];
    if (ignore->scope != SCOPE_LINE || (lint->hadolint && !ignore->peer))
      continue;
    lint_tell(lint, LINT_INLINE_IGNORE, ignore->comment, ignore->span, NULL);
  }
}
