/* Passwords that are known by where they stand: among the words of a command, among the arguments
 * of a function. Which ones is in secret-commands.inc and secret-calls.inc. */
#include "inspect/secret-private.h"
#include <string.h>

typedef struct {
  const char *text, *how; /* of a call: NULL */
  guint number;
} SecretPosition;

#define COMMAND(text, how) {text, how, 0},
static const SecretPosition commands[] = {
#include "inspect/secret-commands.inc"
};
#undef COMMAND
#define CALL(text, number) {text, NULL, number},
static const SecretPosition calls[] = {
#include "inspect/secret-calls.inc"
};
#undef CALL

static const SecretPosition *position_of(const SecretMatch *m, const SecretPosition *all, size_t n)
{
  size_t len = m->literal_end - m->literal;
  for (size_t i = 0; i < n; i++)
    if (strlen(all[i].text) == len && memcmp(all[i].text, m->data.data + m->literal, len) == 0)
      return &all[i];
  return NULL;
}

typedef struct {
  size_t from, to; /* without the quotes around it */
} Word;

static gboolean is_one_of(uint8_t c, const char *set)
{
  return c != 0 && strchr(set, c) != NULL;
}

/* ---- commands
 * ------------------------------------------------------------------------------------- */
/* Where words are written as a list ("mysql", "-pX"), its quotes; else 0. */
static uint8_t list_quote(const SecretMatch *m, size_t at)
{
  const uint8_t *data = m->data.data;
  uint8_t quote = m->literal > 0 ? data[m->literal - 1] : 0;
  return is_one_of(quote, "\"'") && at < m->data.len && data[at] == quote ? quote : 0;
}

/* The next word at *at, and where it ends; FALSE: the command ends. An unquoted word of a shell
 * holds no quotes but those that begin behind an option or "=". */
static gboolean next_word(OakumSlice data, size_t *at, size_t end, gboolean list, Word *word)
{
  const uint8_t *text = data.data;
  size_t i = *at;
  while (i < end) {
    if (text[i] == '\\' && i + 1 < end && (text[i + 1] == '\n' || text[i + 1] == '\r'))
      i += text[i + 1] == '\r' && i + 2 < end && text[i + 2] == '\n' ? 3 : 2;
    else if (is_one_of(text[i], " \t") || (list && is_one_of(text[i], ",\r\n")))
      i++;
    else
      break;
  }
  if (i >= end || is_one_of(text[i], "\r\n;|&)#`<>") || (list && text[i] == ']'))
    return FALSE;
  uint8_t quote = is_one_of(text[i], "\"'") ? text[i] : 0;
  size_t from = i + (quote != 0);
  for (i = from; i < end && text[i] != '\n'; i++)
    if (quote ? text[i] == quote : is_one_of(text[i], " \t\r;|&)`<>\"'"))
      break;
  if (!quote && i < end && is_one_of(text[i], "\"'") && i > from && !list) {
    /* -p"…", --user='…': the quotes go on with the word */
    size_t close = i + 1;
    while (close < end && text[close] != text[i] && !is_one_of(text[close], "\r\n"))
      close++;
    if (close >= end || text[close] != text[i]) { /* it ends a longer text, with the command */
      *word = (Word){from, i};
      *at = end;
      return TRUE;
    }
    *word = (Word){from, close};
    *at = close + 1;
    return TRUE;
  }
  if (quote && (i >= end || text[i] != quote))
    return FALSE;
  *word = (Word){from, i};
  *at = i + (quote != 0);
  return TRUE;
}

static gboolean word_is(OakumSlice data, Word word, const char *text, size_t len)
{
  return word.to - word.from == len && memcmp(data.data + word.from, text, len) == 0;
}

static gboolean is_secret_name(OakumSlice data, Word word)
{
  static const char *const parts[] = {"pass", "secret", "token", "key", "pwd"};
  g_autofree char *lower =
      g_ascii_strdown((const char *)data.data + word.from, (gssize)(word.to - word.from));
  if (g_str_has_suffix(lower, "key_id") || g_str_has_suffix(lower, "file"))
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    if (strstr(lower, parts[i]))
      return TRUE;
  return FALSE;
}

/* What is behind `mark` in the word; a login of Oracle's ends at "@". */
static gboolean behind(OakumSlice data, Word *word, char mark)
{
  const uint8_t *at = memchr(data.data + word->from, mark, word->to - word->from), *end;
  if (!at)
    return FALSE;
  word->from = (size_t)(at + 1 - data.data);
  end = mark == '/' ? memchr(at, '@', word->to - word->from) : NULL;
  if (end)
    word->to = (size_t)(end - data.data);
  return TRUE;
}

static gboolean tell(SecretMatch *m, Word word)
{
  const uint8_t *data = m->data.data;
  if (word.from < word.to && is_one_of(data[word.from], "\"'"))
    word.from++;
  while (word.from < word.to && is_one_of(data[word.to - 1], "\"'"))
    word.to--;
  gboolean sentence = FALSE, digits = FALSE; /* "open sesame" */
  for (size_t i = word.from; i < word.to; i++) {
    sentence |= data[i] == ' ';
    digits |= g_ascii_isdigit(data[i]) != 0;
  }
  return word.from < word.to && data[word.from] != '\\' && (digits || !sentence) &&
         oakum_secret_prove_word(m, word.from, word.to) &&
         oakum_secret_entropy(data + word.from, word.to - word.from) >= 20;
}

/* One way in which a command takes its secret. */
static gboolean by_way(SecretMatch *m, const GArray *words, const char *way, size_t len)
{
  OakumSlice data = m->data;
  char mark = len > 1 ? way[len - 1] : 0;
  gboolean marked = strchr(":,%/=+", mark) && mark;
  size_t name = len - (marked ? 1 : 0);
  guint number = g_ascii_isdigit(*way) ? (guint)(*way - '0') : 0, seen = 0;
  for (guint i = 0; i < words->len; i++) {
    Word word = g_array_index(words, Word, i);
    size_t n = word.to - word.from;
    gboolean option = n > 0 && is_one_of(data.data[word.from], number ? "-/" : "-");
    if (number) {
      if (option || ++seen < number)
        continue;
      if (mark == '=' && (i == 0 || !is_secret_name(data, g_array_index(words, Word, i - 1))))
        return FALSE;
      return (!marked || mark == '=' || behind(data, &word, mark)) && tell(m, word);
    }
    if (mark == '+') {
      if (n <= name || memcmp(data.data + word.from, way, name) != 0)
        continue;
      word.from += name;
      return tell(m, word);
    }
    if (word_is(data, word, way, name) && i + 1 < words->len)
      word = g_array_index(words, Word, i + 1);
    else if (n > name + 1 && memcmp(data.data + word.from, way, name) == 0 && name > 2 &&
             data.data[word.from + name] == '=')
      word.from += name + 1;
    else
      continue;
    return (!marked || behind(data, &word, mark)) && tell(m, word);
  }
  return FALSE;
}

gboolean oakum_secret_prove_words(SecretMatch *m)
{
  const SecretPosition *command = position_of(m, commands, G_N_ELEMENTS(commands));
  OakumSlice data = m->data;
  size_t at = m->literal_end, end = MIN(data.len, at + OAKUM_SECRET_WORDS_AHEAD);
  if (!command ||
      (at < data.len && data.data[at - 1] != ' ' && !is_one_of(data.data[at], " \t\"'")))
    return FALSE;
  gboolean list = list_quote(m, at) != 0;
  g_autoptr(GArray) words = g_array_new(FALSE, FALSE, sizeof(Word));
  at += list;
  for (Word word; next_word(data, &at, end, list, &word);)
    g_array_append_val(words, word);
  *m->work += at - m->literal_end;
  g_auto(GStrv) ways = g_strsplit(command->how, " ", -1);
  for (char **way = ways; *way; way++)
    if (by_way(m, words, *way, strlen(*way)))
      return TRUE;
  return FALSE;
}

/* ---- calls
 * ---------------------------------------------------------------------------------------- */
/* The argument of that number, when it is a text in quotes and no more than a conversion of it. */
gboolean oakum_secret_prove_call(SecretMatch *m)
{
  const SecretPosition *call = position_of(m, calls, G_N_ELEMENTS(calls));
  const uint8_t *data = m->data.data;
  size_t end = MIN(m->data.len, m->literal_end + OAKUM_SECRET_WORDS_AHEAD), at = m->literal_end;
  guint depth = 0, number = 1;
  if (!call)
    return FALSE;
  for (gboolean begins = TRUE; at < end; at++) {
    uint8_t c = data[at];
    if (is_one_of(c, "\"'`")) {
      size_t from = at + 1;
      for (at = from; at < end && data[at] != c && data[at] != '\n'; at++)
        at += data[at] == '\\';
      if (at >= end || data[at] != c)
        return FALSE;
      *m->work += at - m->literal_end;
      if (number == call->number && depth == 0 && begins)
        return tell(m, (Word){from, at});
      begins = FALSE;
    } else if (is_one_of(c, "([{")) {
      depth++;
      begins = FALSE;
    } else if (is_one_of(c, ")]}")) {
      if (depth == 0)
        return FALSE;
      depth--;
    } else if (c == ',' && depth == 0) {
      if (++number > call->number)
        return FALSE;
      begins = TRUE;
    } else if (!is_one_of(c, " \t\r\n") &&
               !(is_one_of(c, "bBrRuU@") && at + 1 < end && is_one_of(data[at + 1], "\"'")))
      begins = FALSE;
  }
  return FALSE;
}
