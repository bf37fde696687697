/* Secrets that are known by what stands around them: a passphrase of several words by the name it
 * is given, what Terraform keeps by the resource that it is of, logins of JAAS by their module,
 * what expect types by the question. */
#include "inspect/secret-private.h"
#include <string.h>

static const uint8_t *find_last(const uint8_t *data, size_t len, const char *what)
{
  size_t n = strlen(what);
  for (size_t at = len >= n ? len - n + 1 : 0; at > 0; at--)
    if (memcmp(data + at - 1, what, n) == 0)
      return data + at - 1;
  return NULL;
}

/* ---- passphrases
 * ------------------------------------------------------------------------------------------ */
#define PHRASE_WORDS_MIN 4u /* of lower case letters: fewer are a label */
#define PHRASE_WORD_MIN 3u

/* What sentences and labels are made of, and phrases drawn by lot are not. */
static gboolean is_of_sentences(const uint8_t *word, size_t len)
{
  static const char words[] =
      " the and for with your you this that from are was has have had not must should shall can "
      "cannot will may too very all any each both its our their when while where which what who "
      "how why than then only also into onto over under per via one two least most more less "
      "please enter type confirm repeat retype choose provide specify forgot reset change changed "
      "update create generate generated click press use used using uses set get show hide send "
      "keep log sign access allow allowed need needs needed required optional missing given "
      "password passwords passwd passphrase pass secret secrets token tokens key keys user users "
      "username account accounts login client server service database admin root api app "
      "application name names value values string text field input character characters letter "
      "letters number numbers digit digits symbol word words length long short minimum maximum "
      "invalid valid wrong incorrect empty blank weak strong match matches matched mismatch "
      "expired "
      "expires failed fail failure error denied found unknown unable could would does did "
      "unexpected "
      "default example test testing demo file path url email address code hash salt encrypted "
      "plain "
      "new old same different current previous random unique anonymous internal external shared "
      "none null true false here there lorem ipsum quick brown "
      "der die das und ein eine ihr bitte passwort hier mot les des une votre par pour con los las "
      "del por favor una clave senha sua para com della tua per uw een het voor ";
  g_autofree char *marked = g_strdup_printf(" %.*s ", (int)len, (const char *)word);
  return strstr(words, marked) != NULL;
}

/* "Tr0ub4dor": digits in two places among letters. */
static gboolean is_garbled(const uint8_t *word, size_t len)
{
  guint turns = 0;
  for (size_t i = 1; i < len; i++) {
    if (!g_ascii_isalnum(word[i]) || !g_ascii_isalnum(word[i - 1]))
      return FALSE;
    turns += g_ascii_isdigit(word[i]) != g_ascii_isdigit(word[i - 1]);
  }
  return len >= 6 && turns >= 4;
}

/* "new_password", "invalidPassword", "password_too_short": what is told there is for people. */
static gboolean names_a_message(const SecretMatch *m)
{
  static const char *const parts[] = {
      "forgot", "invalid", "wrong", "incorrect", "confirm", "new",  "old",    "change",
      "enter",  "missing", "weak",  "empty",     "show",    "hide", "repeat", "create",
      "error",  "msg",     "help",  "text",      "title",   "bad",  "about"};
  const uint8_t *data = m->data.data;
  size_t name = m->literal, at = m->literal_end;
  while (name > 0 && m->literal - name < 48 &&
         (g_ascii_isalnum(data[name - 1]) || data[name - 1] == '_' || data[name - 1] == '-' ||
          data[name - 1] == '.'))
    name--;
  g_autofree char *front = g_ascii_strdown((const char *)data + name, (gssize)(m->literal - name));
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    if (strstr(front, parts[i]))
      return TRUE;
  while (at < m->data.len && g_ascii_isdigit(data[at]))
    at++;
  return at < m->data.len && (g_ascii_isalpha(data[at]) || data[at] == '_' || data[at] == '-');
}

gboolean oakum_secret_prove_phrase(SecretMatch *m)
{
  const uint8_t *value = m->data.data + m->start;
  size_t len = m->end - m->start;
  guint words = 0, others = 0;
  gboolean garbled = FALSE;
  if (!m->quoted || names_a_message(m))
    return FALSE;
  for (size_t at = 0, to; at < len; at = to + 1) {
    gboolean lower = TRUE, digits = TRUE;
    for (to = at; to < len && value[to] != ' '; to++) {
      lower = lower && g_ascii_islower(value[to]);
      digits = digits && g_ascii_isdigit(value[to]);
    }
    if (to == at || to + 1 == len) /* more than one blank, or one at the end */
      return FALSE;
    garbled |= is_garbled(value + at, to - at);
    if (lower && to - at >= PHRASE_WORD_MIN && !is_of_sentences(value + at, to - at))
      words++;
    else
      others += !digits;
  }
  return memchr(value, ' ', len) && (garbled || (others == 0 && words >= PHRASE_WORDS_MIN)) &&
         !oakum_secret_is_placeholder(value, len, FALSE);
}

/* ---- Terraform's state
 * ------------------------------------------------------------------------------------ */
/* Behind a member's name: its text, FALSE when it has none. */
static gboolean text_of(OakumSlice data, size_t at, size_t *from, size_t *to)
{
  while (at < data.len && data.data[at] && strchr(" \t\r\n:", data.data[at]))
    at++;
  if (at >= data.len || data.data[at] != '"')
    return FALSE;
  *from = ++at;
  while (at < data.len && at - *from < OAKUM_SECRET_WORDS_AHEAD && data.data[at] != '"' &&
         data.data[at] != '\n')
    at += data.data[at] == '\\' && at + 1 < data.len ? 2 : 1;
  *to = at;
  return at < data.len && data.data[at] == '"';
}

/* "result" of the resource "random_password"; the text "value" of an output that is "sensitive". */
gboolean oakum_secret_prove_state(SecretMatch *m)
{
  OakumSlice data = m->data;
  gboolean output = data.data[m->literal + 1] == 's';
  size_t back = MIN(m->literal, (size_t)OAKUM_SECRET_BACK), start = m->literal - back, from, to;
  *m->work += back;
  if (!output) {
    const uint8_t *type = find_last(data.data + start, back, "\"type\"");
    if (!type || !text_of(data, (size_t)(type - data.data) + 6, &from, &to) ||
        to - from != strlen("random_password") ||
        memcmp(data.data + from, "random_password", to - from) != 0 ||
        !text_of(data, m->literal_end, &from, &to))
      return FALSE;
  } else {
    size_t at = m->literal_end;
    while (at < data.len && data.data[at] && strchr(" \t:", data.data[at]))
      at++;
    const uint8_t *value = find_last(data.data + start, back, "\"value\"");
    if (!value || data.len - at < 4 || memcmp(data.data + at, "true", 4) != 0 ||
        !text_of(data, (size_t)(value - data.data) + 7, &from, &to))
      return FALSE;
    /* between them nothing but its type, as Terraform writes it */
    g_autofree char *between =
        g_strndup((const char *)data.data + to + 1, m->literal > to ? m->literal - to - 1 : 0);
    g_auto(GStrv) parts = g_strsplit_set(between, " \t\r\n", -1);
    g_autofree char *tight = g_strjoinv("", parts);
    if (strcmp(tight, ",\"type\":\"string\",") != 0 || !oakum_secret_prove_word(m, from, to))
      return FALSE;
  }
  m->start = from;
  m->end = to;
  return to - from >= 6 && !oakum_secret_is_placeholder(data.data + from, to - from, FALSE);
}

/* ---- JAAS
 * -------------------------------------------------------------------------------------------------
 */
/* `user_NAME="password"` of Kafka's and ZooKeeper's modules; the entry ends at ";". */
gboolean oakum_secret_prove_jaas(SecretMatch *m)
{
  OakumSlice data = m->data;
  size_t end = MIN(data.len, m->literal_end + OAKUM_SECRET_KEY_AHEAD);
  for (size_t at = m->literal_end; at < end && data.data[at] != ';'; at++) {
    uint8_t quote = data.data[at];
    if (quote != '"' && quote != '\'')
      continue;
    size_t name = at, from = at + 1, to = from;
    while (to < end && data.data[to] != quote && data.data[to] != '\n')
      to++;
    *m->work += to - at;
    if (name > 0 && data.data[name - 1] == '\\') { /* in a text of its own: user_bob=\"x\" */
      name--;
      to -= to > from && data.data[to - 1] == '\\';
    }
    at = to < end && data.data[to] == '\\' ? to + 1 : to;
    if (name == 0 || data.data[name - 1] != '=')
      continue;
    size_t word = --name;
    while (word > m->literal_end &&
           (g_ascii_isalnum(data.data[word - 1]) || strchr("_-.@", data.data[word - 1])) &&
           data.data[word - 1])
      word--;
    if (name - word <= 5 || memcmp(data.data + word, "user_", 5) != 0 || to - from < 6 ||
        strchr("$<{%", data.data[from]) ||
        oakum_secret_is_placeholder(data.data + from, to - from, FALSE))
      continue;
    m->start = from;
    m->end = to;
    return TRUE;
  }
  return FALSE;
}

/* ---- expect
 * ------------------------------------------------------------------------------------------- */
/* `send "…\r"` not far behind the question for a password. */
gboolean oakum_secret_prove_typed(SecretMatch *m)
{
  enum { ASKED_BACK = 160 };
  OakumSlice data = m->data;
  size_t back = MIN(m->literal, (size_t)ASKED_BACK), from = m->literal_end, to = from,
         end = MIN(data.len, from + OAKUM_SECRET_WORDS_AHEAD);
  const uint8_t *asked = find_last(data.data + m->literal - back, back, "assword"),
                *sent = find_last(data.data + m->literal - back, back, "send ");
  *m->work += back;
  if (!asked || (sent && sent > asked)) /* something else was sent since */
    return FALSE;
  while (to < end && data.data[to] && !strchr("\"\\}\r\n", data.data[to]))
    to++;
  return to < end && data.data[to] == '\\' && to + 1 < end && strchr("rn", data.data[to + 1]) &&
         data.data[to + 1] && oakum_secret_prove_word(m, from, to);
}
