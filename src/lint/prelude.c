/* Which variables of the build a script for shellcheck must begin with. hadolint puts an "export
 * NAME=1" for each proxy variable, ARG and ENV before every script; shellcheck spends two thirds of
 * its time on them. A line is left out only where it cannot change a word of what shellcheck says
 * of the script, in 0.9 and in 0.11:
 *
 * - what it says of a variable, its flow included, hangs on the name in the text. Names are looked
 * for with quotes, backslashes and joined lines taken out, since `read "FO"O` names one, too. A few
 * names come without being written: read sets REPLY, DEFINE_string makes FLAGS_*.
 * - "did you mean" compares variables that nobody sets with those that somebody does. It never
 * proposes a name that is more than two edits away, so that names with more different letters than
 * that play no part in it.
 * - a command must come before what only a first command may be told: directives, "#!", "&&" at the
 * start of a line.
 *
 * Where the text is not plain enough to be sure, all names stay. */
#include "lint/check-private.h"
#include <string.h>

/* A proposal has four letters or more, and is one edit away at most when it has fewer than eight.
 */
#define NEAR_MIN 3

/* An identifier of the text, or a name, to be compared. */
typedef struct {
  guint64 letters; /* a bit for each of A-Z, a-z, 0-9 and _ in it */
  size_t len;
} Token;

static int letter(char c)
{
  return g_ascii_isupper(c)   ? c - 'A'
         : g_ascii_islower(c) ? c - 'a' + 26
         : g_ascii_isdigit(c) ? c - '0' + 52
         : c == '_'           ? 62
                              : -1;
}

gboolean lint_is_variable_name(const char *name)
{
  if (!g_ascii_isalpha(*name) && *name != '_')
    return FALSE;
  for (; *name; name++)
    if (letter(*name) < 0)
      return FALSE;
  return TRUE;
}

static void add_tokens(GArray *tokens, const char *text)
{
  for (const char *p = text; *p;) {
    Token token = {0, 0};
    for (int bit; (bit = letter(*p)) >= 0; p++, token.len++)
      token.letters |= G_GUINT64_CONSTANT(1) << bit;
    if (token.len >= NEAR_MIN)
      g_array_append_val(tokens, token);
    if (token.len == 0)
      p++;
  }
}

/* The same letters without case: upper ones are bits 0 to 25, lower ones follow. */
static guint64 folded(guint64 letters)
{
  const guint64 upper = (G_GUINT64_CONSTANT(1) << 26) - 1;
  return (letters & ~upper) | (letters & upper) << 26;
}

/* Two edits or fewer might make one of the other, or case is all that tells them apart. */
static gboolean near(const Token *a, const Token *b)
{
  size_t apart = a->len > b->len ? a->len - b->len : b->len - a->len;
  if (apart > 2)
    return FALSE;
  return (__builtin_popcountll(a->letters & ~b->letters) <= 2 &&
          __builtin_popcountll(b->letters & ~a->letters) <= 2) ||
         folded(a->letters) == folded(b->letters);
}

/* A text whose first command is read in the same way with and without one before it. */
static gboolean plain(const char *text)
{
  static const char *const telling[] = {"shellcheck", "#!", "$'", "${!", "@test"};
  const char *word = text + strspn(text, " \t");
  size_t n = 0;
  while (letter(word[n]) >= 0 || (word[n] && strchr("./+-", word[n])))
    n++;
  g_autofree char *first = g_strndup(word, n);
  if (n == 0 || *word == '-' || *word == '+' ||
      lint_one_of(first, "then do done fi elif else esac in"))
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(telling); i++)
    if (strstr(text, telling[i]))
      return FALSE;
  return TRUE;
}

/* The text as words come out of it. */
static char *unquoted(const char *text)
{
  char *out = g_malloc(strlen(text) + 1), *to = out;
  for (; *text; text++) {
    if (text[0] == '\\' && text[1] == '\n')
      text++;
    else if (*text != '"' && *text != '\'' && *text != '\\')
      *to++ = *text;
  }
  *to = '\0';
  return out;
}

/* Set by commands that do not name them, or told of where they are set. */
static gboolean special(const char *name, gboolean hadolint)
{
  return lint_one_of(name, "REPLY OPTARG OPTIND OPTERR MAPFILE COPROC IFS") ||
         g_str_has_prefix(name, "FLAGS_") || g_str_has_prefix(name, "BASH") ||
         (hadolint && strcmp(name, "PATH") == 0); /* SC2123 on our line, which hadolint shows */
}

static gboolean is_in(const GPtrArray *names, const char *name)
{
  for (guint i = 0; i < names->len; i++)
    if (strcmp(names->pdata[i], name) == 0)
      return TRUE;
  return FALSE;
}

GPtrArray *lint_prelude(const char *text, const GPtrArray *names, gboolean hadolint)
{
  GPtrArray *kept = g_ptr_array_new();
  gboolean all = !plain(text);
  for (guint i = 0; !all && hadolint && i < names->len; i++)
    all = !lint_is_variable_name(names->pdata[i]);
  g_autofree char *joined = all ? NULL : unquoted(text);
  g_autoptr(GArray) tokens = g_array_new(FALSE, FALSE, sizeof(Token));
  if (!all) {
    add_tokens(tokens, text);
    if (strlen(joined) != strlen(text))
      add_tokens(tokens, joined);
    all = (guint64)names->len * (tokens->len + 1) > OAKUM_LINT_NEAR_PAIRS_MAX;
  }
  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];
    gboolean keep = all || special(name, hadolint) || strstr(joined, name);
    if (!keep) {
      Token token = {0, strlen(name)};
      for (const char *p = name; *p; p++)
        token.letters |= G_GUINT64_CONSTANT(1) << letter(*p);
      for (guint k = 0; !keep && k < tokens->len; k++)
        keep = near(&token, &g_array_index(tokens, Token, k));
    }
    if (keep && (all || !is_in(kept, name))) /* ARG and ENV of one name are one */
      g_ptr_array_add(kept, (gpointer)name);
  }
  return kept;
}
