/* The lexer of words: variables, quotes and escapes of one word; here-documents of a line. */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

/* What one word of a split text is made of. */
typedef struct {
  GString *buffer;
  guint from, to;  /* bytes of the source */
  GPtrArray *list; /* char *: NULL when `lexed` is called instead */
  OakumLexed lexed;
  gpointer user;
} Words;

typedef struct {
  const char *start, *at;
  char escape;
  gboolean raw_quotes;  /* quotes stay */
  gboolean raw_escapes; /* escapes stay */
  gboolean skip_unset;  /* a variable without a value stays */
  gboolean no_quotes;   /* quotes are plain characters */
  OakumVariable variable;
  gpointer user;
  guint depth;
  Words *words; /* NULL: not split */
  GError **error;
} Lexer;

static gboolean fail(Lexer *lexer, OakumErrorCode code, const char *text, const char *what)
{
  g_autofree char *cut = oakum_shorten(what, strlen(what)), *shown = oakum_escape_terminal(cut, -1);
  g_set_error(lexer->error, OAKUM_DOCKERFILE_ERROR, code, "%s%s", text, shown);
  return FALSE;
}

static gboolean within_limit(Lexer *lexer, const GString *out)
{
  return out->len <= OAKUM_EXPANSION_MAX || lexer->skip_unset ||
         fail(lexer, OAKUM_ERROR_LIMIT,
              "a word grows larger than 1 MiB when its variables are replaced", "");
}

/* ---- splitting
 * ------------------------------------------------------------------------------------- */
static void end_word(Words *words)
{
  if (words->buffer->len == 0)
    return;
  if (words->list)
    g_ptr_array_add(words->list, g_strdup(words->buffer->str));
  if (words->lexed)
    words->lexed(words->buffer->str, words->from, words->to, words->user);
  g_string_truncate(words->buffer, 0);
}

/* Adds text that came from bytes [from, lexer->at) of the source; `split`: at its white space. */
static void add_to_words(Lexer *lexer, const char *text, size_t len, const char *from,
                         gboolean split)
{
  Words *words = lexer->words;
  for (size_t i = 0; words && i < len;) {
    size_t space = split ? oakum_space_len(text + i) : 0;
    if (space > 0) {
      end_word(words);
      i += space;
      continue;
    }
    if (words->buffer->len == 0)
      words->from = (guint)(from - lexer->start);
    words->to = (guint)(lexer->at - lexer->start);
    size_t n = split ? 1 : len - i;
    g_string_append_len(words->buffer, text + i, (gssize)n);
    i += n;
  }
}

/* ---- names and modifiers
 * --------------------------------------------------------------------------- */
static size_t name_len(const char *at)
{
  size_t len = 0;
  gunichar c = g_utf8_get_char_validated(at, -1);
  if (c != (gunichar)-1 && c != (gunichar)-2 && g_unichar_isdigit(c)) {
    while ((c = g_utf8_get_char_validated(at + len, -1)) < 0x110000 && g_unichar_isdigit(c))
      len += oakum_char_len(at + len);
    return len;
  }
  if (*at && strchr("@*#?-$!", *at))
    return 1;
  while (at[len]) {
    c = g_ascii_isalnum(at[len]) || at[len] == '_' ? 'a'
        : (guchar)at[len] < 0x80                   ? ' '
                                                   : g_utf8_get_char_validated(at + len, -1);
    if (c >= 0x110000 || !(g_unichar_isalpha(c) || g_unichar_isdigit(c)))
      break;
    len += oakum_char_len(at + len);
  }
  return len;
}

static gboolean lex(Lexer *lexer, char stop, gboolean raw_escapes, GString *out);

/* The word of a modifier, up to `stop`, which is passed. */
static gboolean nested(Lexer *lexer, char stop, gboolean raw_escapes, const char *name,
                       GString *out)
{
  if (++lexer->depth > OAKUM_EXPANSION_DEPTH_MAX)
    return fail(lexer, OAKUM_ERROR_LIMIT, "variables nest too deep at ", name);
  Words *words = lexer->words;
  if (words && words->lexed) /* as BuildKit does: what the word held before is lost */
    g_string_truncate(words->buffer, 0);
  lexer->words = NULL;
  gboolean ok = lex(lexer, stop, raw_escapes, out);
  lexer->words = words;
  lexer->depth--;
  return ok;
}

static gboolean test(Lexer *lexer, const char *name, gboolean colon, char op, GString *out)
{
  g_autoptr(GString) word = g_string_new(NULL);
  if (!nested(lexer, '}', FALSE, name, word))
    return FALSE;
  const char *value = lexer->variable ? lexer->variable(name, lexer->user) : NULL;
  if (!value && lexer->skip_unset) {
    g_string_append_printf(out, "${%s%s%c%s}", name, colon ? ":" : "", op, word->str);
    return TRUE;
  }
  gboolean set = value && (!colon || *value);
  if (op == '-')
    g_string_append(out, set ? value : word->str);
  else if (op == '+')
    g_string_append(out, set ? word->str : "");
  else if (set)
    g_string_append(out, value);
  else {
    g_autofree char *why = g_strdup_printf("%s: %s", name,
                                           word->len ? word->str
                                           : value   ? "is empty"
                                                     : "is not set");
    return fail(lexer, OAKUM_ERROR_INVALID, "", why);
  }
  return TRUE;
}

static gboolean trim(Lexer *lexer, const char *name, char op, GString *out)
{
  g_autoptr(GString) word = g_string_new(NULL);
  if (!nested(lexer, '}', TRUE, name, word))
    return FALSE;
  const char *value = lexer->variable ? lexer->variable(name, lexer->user) : NULL;
  if (!value && lexer->skip_unset) {
    g_string_append_printf(out, "${%s%c%s}", name, op, word->str);
    return TRUE;
  }
  gboolean greedy = word->str[0] == op;
  g_autofree char *rest = oakum_pattern_trim(word->str + (greedy ? 1 : 0), value ? value : "",
                                             op == '%', greedy, lexer->error);
  if (rest)
    g_string_append(out, rest);
  return rest != NULL;
}

static gboolean replace(Lexer *lexer, const char *name, GString *out)
{
  g_autoptr(GString) pattern = g_string_new(NULL), replacement = g_string_new(NULL);
  gboolean all = *lexer->at == '/';
  lexer->at += all ? 1 : 0;
  if (!nested(lexer, '/', TRUE, name, pattern) || !nested(lexer, '}', TRUE, name, replacement))
    return FALSE;
  const char *value = lexer->variable ? lexer->variable(name, lexer->user) : NULL;
  if (!value && lexer->skip_unset) {
    g_string_append_printf(out, "${%s/%s/%s}", name, pattern->str, replacement->str);
    return TRUE;
  }
  g_autofree char *rest =
      oakum_pattern_replace(pattern->str, replacement->str, value ? value : "", all, lexer->error);
  if (rest)
    g_string_append(out, rest);
  return rest != NULL;
}

static gboolean braced(Lexer *lexer, GString *out)
{
  const char *start = lexer->at;
  if (*start == '\0')
    return fail(lexer, OAKUM_ERROR_INVALID, "no closing brace behind ${", "");
  if (strchr("{}:", *start))
    return fail(lexer, OAKUM_ERROR_INVALID, "a variable without a name: ${", start);
  size_t len = name_len(start);
  g_autofree char *name = g_strndup(start, len);
  lexer->at = start + len;
  gboolean colon = *lexer->at == ':';
  char op = lexer->at[colon ? 1 : 0];
  if (op == '\0')
    return fail(lexer, OAKUM_ERROR_INVALID, "no closing brace behind ${", name);
  lexer->at += colon ? 2 : 1;
  if (op == '}' && !colon) {
    const char *value = lexer->variable ? lexer->variable(name, lexer->user) : NULL;
    if (value)
      g_string_append(out, value);
    else if (lexer->skip_unset)
      g_string_append_printf(out, "${%s}", name);
    return TRUE;
  }
  if (op == '-' || op == '+' || op == '?')
    return test(lexer, name, colon, op, out);
  if (!colon && (op == '#' || op == '%'))
    return trim(lexer, name, op, out);
  if (!colon && op == '/')
    return replace(lexer, name, out);
  if (colon && op != '#' &&
      op != '%') { /* BuildKit reads its word, and asks for the variable, first */
    g_autoptr(GString) word = g_string_new(NULL);
    if (!nested(lexer, '}', FALSE, name, word))
      return FALSE;
    if (lexer->variable)
      (void)lexer->variable(name, lexer->user);
  }
  return fail(lexer, OAKUM_ERROR_INVALID, "this form of variable is unknown: ${", start);
}

/* At "$". */
static gboolean dollar(Lexer *lexer, GString *out)
{
  lexer->at++;
  if (*lexer->at == '{') {
    lexer->at++;
    return braced(lexer, out) && within_limit(lexer, out);
  }
  size_t len = name_len(lexer->at);
  g_autofree char *name = g_strndup(lexer->at, len);
  lexer->at += len;
  const char *value = len && lexer->variable ? lexer->variable(name, lexer->user) : NULL;
  if (value)
    g_string_append(out, value);
  else if (len == 0 || lexer->skip_unset)
    g_string_append_printf(out, "$%s", name);
  return within_limit(lexer, out);
}

/* ---- quotes
 * ---------------------------------------------------------------------------------------- */
static gboolean single_quotes(Lexer *lexer, GString *out)
{
  const char *close = strchr(lexer->at + 1, '\'');
  if (!close)
    return fail(lexer, OAKUM_ERROR_INVALID, "a quote is not closed: ", lexer->at);
  const char *from = lexer->at + (lexer->raw_quotes ? 0 : 1);
  g_string_append_len(out, from, close + (lexer->raw_quotes ? 1 : 0) - from);
  lexer->at = close + 1;
  return TRUE;
}

static gboolean double_quotes(Lexer *lexer, GString *out)
{
  const char *open = lexer->at++;
  if (lexer->raw_quotes)
    g_string_append_c(out, '"');
  for (; *lexer->at && *lexer->at != '"';) {
    if (*lexer->at == '$') {
      if (!dollar(lexer, out))
        return FALSE;
      continue;
    }
    char c = *lexer->at++;
    if (c == lexer->escape) {
      if (lexer->raw_escapes)
        g_string_append_c(out, c);
      if (!*lexer->at)
        break;
      if (*lexer->at == '"' || *lexer->at == '$' || *lexer->at == lexer->escape)
        c = *lexer->at++; /* only these can be escaped in here */
    }
    g_string_append_c(out, c);
  }
  if (*lexer->at != '"')
    return fail(lexer, OAKUM_ERROR_INVALID, "a quote is not closed: ", open);
  lexer->at++;
  if (lexer->raw_quotes)
    g_string_append_c(out, '"');
  return within_limit(lexer, out);
}

/* "<<" and the blanks behind it belong to the word of a here-document. */
static void less(Lexer *lexer, GString *out)
{
  g_string_append_c(out, *lexer->at++);
  if (*lexer->at != '<')
    return;
  g_string_append_c(out, *lexer->at++);
  while (*lexer->at == ' ' || *lexer->at == '\t' || *lexer->at == '\r')
    g_string_append_c(out, *lexer->at++);
}

static gboolean special(Lexer *lexer, GString *out)
{
  switch (*lexer->at) {
  case '\'':
    return single_quotes(lexer, out);
  case '"':
    return double_quotes(lexer, out);
  case '$':
    return dollar(lexer, out);
  default:
    less(lexer, out);
    return TRUE;
  }
}

/* Reads up to `stop`, which is passed, or to the end of the text. */
static gboolean lex(Lexer *lexer, char stop, gboolean raw_escapes, GString *out)
{
  gboolean before = lexer->raw_escapes;
  lexer->raw_escapes = raw_escapes;
  while (*lexer->at && !(stop && *lexer->at == stop)) {
    const char *from = lexer->at;
    char c = *from;
    size_t out_from = out->len;
    if (strchr(lexer->no_quotes ? "$<" : "'\"$<", c)) {
      if (!special(lexer, out))
        return FALSE;
      add_to_words(lexer, out->str + out_from, out->len - out_from, from, c == '$');
      continue;
    }
    if (c == lexer->escape) {
      if (raw_escapes)
        g_string_append_c(out, c);
      if (*++lexer->at) {
        size_t n = oakum_char_len(lexer->at);
        g_string_append_len(out, lexer->at, (gssize)n);
        lexer->at += n;
      }
      add_to_words(lexer, out->str + out_from, out->len - out_from, from, FALSE);
    } else {
      size_t n = oakum_char_len(from);
      g_string_append_len(out, from, (gssize)n);
      lexer->at += n;
      add_to_words(lexer, from, n, from, TRUE);
    }
    if (!within_limit(lexer, out))
      return FALSE;
  }
  if (stop && *lexer->at != stop)
    return fail(lexer, OAKUM_ERROR_INVALID,
                stop == '/' ? "no second / in ${" : "no closing brace in ${", "");
  lexer->at += stop ? 1 : 0;
  lexer->raw_escapes = before;
  return TRUE;
}

/* ---- the faces
 * ------------------------------------------------------------------------------------- */
char *oakum_dockerfile_expand(const char *word, char escape, OakumVariable variable, gpointer user,
                              GError **error)
{
  Lexer lexer = {.start = word,
                 .at = word,
                 .escape = escape,
                 .variable = variable,
                 .user = user,
                 .error = error};
  g_autoptr(GString) out = g_string_new(NULL);
  if (!lex(&lexer, 0, FALSE, out))
    return NULL;
  return g_string_free(g_steal_pointer(&out), FALSE);
}

char *oakum_dockerfile_expand_body(const char *text, OakumVariable variable, gpointer user,
                                   GError **error)
{
  Lexer lexer = {.start = text,
                 .at = text,
                 .escape = '\\',
                 .no_quotes = TRUE,
                 .variable = variable,
                 .user = user,
                 .error = error};
  g_autoptr(GString) out = g_string_new(NULL);
  return lex(&lexer, 0, FALSE, out) ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

char **oakum_dockerfile_expand_words(const char *word, char escape, OakumVariable variable,
                                     gpointer user, GError **error)
{
  g_autoptr(GString) out = g_string_new(NULL), buffer = g_string_new(NULL);
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
  Words words = {.buffer = buffer, .list = list};
  Lexer lexer = {.start = word,
                 .at = word,
                 .escape = escape,
                 .variable = variable,
                 .user = user,
                 .words = &words,
                 .error = error};
  if (!lex(&lexer, 0, FALSE, out))
    return NULL;
  end_word(&words);
  g_ptr_array_add(list, NULL);
  g_ptr_array_set_free_func(list, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

char *oakum_dockerfile_unquote(const char *word, char escape)
{
  Lexer lexer = {.start = word, .at = word, .escape = escape, .skip_unset = TRUE};
  g_autoptr(GString) out = g_string_new(NULL);
  return lex(&lexer, 0, FALSE, out) ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

gboolean oakum_lex_line(const char *line, OakumLexed lexed, gpointer user)
{
  g_autoptr(GString) out = g_string_new(NULL), buffer = g_string_new(NULL);
  Words words = {.buffer = buffer, .lexed = lexed, .user = user};
  Lexer lexer = {.start = line,
                 .at = line,
                 .escape = '\\',
                 .raw_quotes = TRUE,
                 .skip_unset = TRUE,
                 .words = &words};
  if (!lex(&lexer, 0, TRUE, out))
    return FALSE;
  end_word(&words);
  return TRUE;
}

GPtrArray *oakum_lex_words(const char *text, gboolean quotes)
{
  g_autoptr(GString) out = g_string_new(NULL), buffer = g_string_new(NULL);
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
  Words words = {.buffer = buffer, .list = list};
  Lexer lexer = {.start = text,
                 .at = text,
                 .escape = '\\',
                 .raw_quotes = quotes,
                 .skip_unset = TRUE,
                 .words = &words};
  if (!lex(&lexer, 0, FALSE, out))
    return NULL;
  end_word(&words);
  return g_steal_pointer(&list);
}

/* ---- which variables a word names
 * ------------------------------------------------------------------ */
static void use_free(gpointer p)
{
  g_free(((OakumVariableUse *)p)->name);
  g_free(p);
}

/* One "${" that is open. */
typedef struct {
  guint use;          /* index in the list */
  char stop;          /* '/' or '}': what ends its present part */
  gboolean in_quotes; /* it began inside double quotes, and they go on behind it */
} Open;

static GPtrArray *find_variables(const char *word, char escape, gboolean body)
{
  GPtrArray *list = g_ptr_array_new_with_free_func(use_free);
  g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(Open));
  gboolean quotes = FALSE;
  for (const char *at = word; *at;) {
    Open *top = open->len ? &g_array_index(open, Open, open->len - 1) : NULL;
    if (top && *at == top->stop && !quotes) {
      at++;
      if (top->stop == '/') {
        top->stop = '}';
        continue;
      }
      OakumVariableUse *use = list->pdata[top->use];
      use->len = (guint)(at - word) - use->offset;
      quotes = top->in_quotes;
      g_array_set_size(open, open->len - 1);
    } else if (*at == escape && at[1]) {
      at += 1 + oakum_char_len(at + 1);
    } else if (*at == '\'' && !quotes && !body) {
      const char *close = strchr(at + 1, '\'');
      if (!close)
        break;
      at = close + 1;
    } else if (*at == '"' && !body) {
      quotes = !quotes;
      at++;
    } else if (*at != '$') {
      at++;
    } else {
      gboolean brace = at[1] == '{';
      const char *name = at + (brace ? 2 : 1), *end = name + name_len(name);
      if (end == name && !brace) {
        at++;
        continue;
      }
      if (list->len >= OAKUM_VARIABLE_USES_MAX)
        break;
      OakumVariableUse *use = g_new0(OakumVariableUse, 1);
      use->name = g_strndup(name, (gsize)(end - name));
      use->offset = (guint)(at - word);
      use->len = (guint)(end - at);
      g_ptr_array_add(list, use);
      at = end;
      if (!brace)
        continue;
      if (*at == '}') {
        use->len = (guint)(++at - word) - use->offset;
        continue;
      }
      size_t op = 0;
      if (*at == ':')
        use->operator[op++] = * at++;
      if (!*at || !strchr("-+?#%/", *at) || end == name)
        break;
      char kind = use->operator[op++] = * at++;
      if (op == 1 && strchr("#%/", kind) && *at == kind)
        use->operator[op++] = * at++;
      Open next = {list->len - 1, kind == '/' ? '/' : '}', quotes};
      if (open->len >= OAKUM_EXPANSION_DEPTH_MAX)
        break;
      g_array_append_val(open, next);
      quotes = FALSE;
      continue;
    }
  }
  return list;
}

GPtrArray *oakum_dockerfile_variables(const char *word, char escape)
{
  return find_variables(word, escape, FALSE);
}

GPtrArray *oakum_dockerfile_body_variables(const char *text)
{
  return find_variables(text, '\\', TRUE);
}
