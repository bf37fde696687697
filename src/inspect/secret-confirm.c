/* A literal was seen: its rules are held against what stands around it. */
#include "inspect/secret-private.h"
#include <string.h>

static gboolean is_word(uint8_t c)
{
  return g_ascii_isalnum(c) || c == '_';
}

/* Whether something could begin at `at`: no word goes on there, but for "\n" and its like in a
 * string, and what a URL writes with "%". */
static gboolean begins(OakumSlice data, size_t at)
{
  if (at == 0 || !g_ascii_isalnum(data.data[at]) || !is_word(data.data[at - 1]))
    return TRUE;
  if (at > 2 && data.data[at - 3] == '%' && g_ascii_isxdigit(data.data[at - 2]) &&
      g_ascii_isxdigit(data.data[at - 1]))
    return TRUE; /* "%22" of a URL */
  return at > 1 && data.data[at - 2] == '\\' && strchr("nrt", data.data[at - 1]);
}

static gboolean ends(const SecretPattern *pattern, OakumSlice data, size_t at)
{
  if (at >= data.len || pattern->n == pattern->literal)
    return TRUE;
  uint8_t next = data.data[at];
  return !secret_in(&pattern->atoms[pattern->n - 1], next) &&
         !(g_ascii_isalnum(next) && is_word(data.data[at - 1]));
}

/* Of the match without its literal, which is no secret. */
static gboolean is_random(const SecretRule *rule, const SecretMatch *m)
{
  if (rule->entropy == 0)
    return TRUE;
  g_autofree uint8_t *rest = g_malloc(m->end - m->start + 1);
  size_t n = 0;
  for (size_t i = m->start; i < m->end; i++)
    if (rule->kind == SECRET_VALUE || i < m->literal || i >= m->literal_end)
      rest[n++] = m->data.data[i];
  *m->work += n;
  return oakum_secret_entropy(rest, n) >= rule->entropy &&
         !oakum_secret_is_placeholder(rest, n, FALSE);
}

static gboolean try_token(const SecretPattern *pattern, SecretMatch *m)
{
  m->start = m->literal;
  m->end = m->literal_end;
  return oakum_secret_pattern_match(pattern, m->data, &m->start, &m->end, m->work) &&
         (m->loose || (begins(m->data, m->start) && ends(pattern, m->data, m->end))) &&
         is_random(m->rule, m) && oakum_secret_prove(m);
}

/* ---- names and their values
 * ------------------------------------------------------------------------ */
#define WORD_MAX 48u
#define VALUE_MAX 200u
#define BLANKS_MAX 24u

static gboolean name_char(uint8_t c)
{
  return is_word(c) || c == '-' || c == '.';
}

static gboolean name_has(const uint8_t *name, size_t len, const char *const *parts)
{
  g_autofree char *lower = g_ascii_strdown((const char *)name, (gssize)len);
  for (; *parts; parts++)
    if (strstr(lower, *parts))
      return TRUE;
  return FALSE;
}

static size_t skip_blanks(OakumSlice data, size_t at, const char *blanks)
{
  size_t to = MIN(data.len, at + BLANKS_MAX);
  while (at < to && data.data[at] && strchr(blanks, data.data[at]))
    at++;
  return at;
}

static gboolean has_prefix(OakumSlice data, size_t at, const char *prefix)
{
  size_t len = strlen(prefix);
  return data.len - at >= len &&
         g_ascii_strncasecmp((const char *)data.data + at, prefix, len) == 0;
}

static gboolean has_suffix(OakumSlice data, size_t at, const char *suffix)
{
  size_t len = strlen(suffix);
  return at >= len && has_prefix(data, at - len, suffix);
}

/* In front of a name in quotes: a function that takes a name and its value, PHP's "define" first
 * of all, or one that takes a name and what to take when nothing has it. */
static gboolean names_a_value(OakumSlice data, size_t name)
{
  static const char *const functions[] = {"define",
                                          "fetch",
                                          "add_argument",
                                          "setenv",
                                          "putenv",
                                          "setproperty",
                                          "setenvironmentvariable",
                                          "put",
                                          "environ.get",
                                          "getenv",
                                          "env",
                                          "getproperty",
                                          "set",
                                          "getordefault",
                                          "header",
                                          "add",
                                          "values",
                                          "append",
                                          "withenv",
                                          "addheader",
                                          "config",
                                          "setheader",
                                          "setrequestheader",
                                          "setdefault",
                                          "insert",
                                          "option"};
  size_t at = name > 0 ? name - 1 : 0, end;
  while (at > 0 && (data.data[at - 1] == ' ' || data.data[at - 1] == '\t'))
    at--;
  if (at == 0 || data.data[at - 1] != '(')
    return FALSE;
  end = --at;
  while (end > 0 && (data.data[end - 1] == ' ' || data.data[end - 1] == '\t'))
    end--;
  for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
    size_t len = strlen(functions[i]);
    if (has_suffix(data, end, functions[i]) && (end == len || !is_word(data.data[end - len - 1])))
      return TRUE;
  }
  return FALSE;
}

/* "process.env.TOKEN || 'x'", "ENV['TOKEN'] ||= 'x'", "getenv('TOKEN') ?: 'x'": what is taken when
 * nothing is set. 0: nothing of the kind follows. */
static size_t otherwise_end(OakumSlice data, size_t at)
{
  static const char *const operators[] = {"||", "??", "?:", "or ", "//"};
  size_t seen = skip_blanks(data, at, ") \t");
  for (size_t i = 0; i < G_N_ELEMENTS(operators); i++)
    if (has_prefix(data, seen, operators[i])) {
      size_t to = seen + strlen(operators[i]);
      to += has_prefix(data, to, "=");
      to = skip_blanks(data, to, " \t");
      return to < data.len && data.data[to] && strchr("\"'`", data.data[to]) ? to : 0;
    }
  return 0;
}

/* 'variable "db_password" { … default = "x" }' of Terraform. 0: none. */
static size_t default_end(OakumSlice data, size_t name, size_t at)
{
  size_t end = MIN(data.len, at + VALUE_MAX);
  if (name == 0 || !has_suffix(data, name - 1, "variable ") || !has_prefix(data, at, "{"))
    return 0;
  for (at++; at < end && data.data[at] != '}'; at++)
    if (g_ascii_isspace(data.data[at - 1]) && has_prefix(data, at, "default")) {
      at = skip_blanks(data, at + 7, " \t");
      return has_prefix(data, at, "=") ? at + 1 : 0;
    }
  return 0;
}

/* A type may stand in front of the value: "name: &str = …", "name: String = …". */
static size_t type_end(OakumSlice data, size_t at)
{
  size_t to = skip_blanks(data, at, " \t&"), word = to;
  if (has_prefix(data, to, "'static "))
    to = word = to + 8;
  while (to < data.len && to - word < WORD_MAX &&
         (name_char(data.data[to]) || (data.data[to] && strchr("?[]", data.data[to]))))
    to++;
  size_t sign = skip_blanks(data, to, " \t");
  return to > word && has_prefix(data, sign, "=") && !has_prefix(data, sign, "==") ? sign + 1 : at;
}

/* "--password x", and the same as words of a list: "'--password', 'x'", or the next item of YAML's.
 * 0: what follows is no value of the option. */
static size_t option_end(OakumSlice data, size_t at, gboolean closed)
{
  size_t seen = skip_blanks(data, at, " \t"), item = skip_blanks(data, at, " \t\r\n"), to = 0;
  if (closed && has_prefix(data, seen, ","))
    to = skip_blanks(data, seen + 1, " \t\r\n");
  else if (closed && seen > at && (has_prefix(data, seen, "\"") || has_prefix(data, seen, "'")))
    to = seen; /* a history writes lists with blanks */
  else if (item > seen && has_prefix(data, item, "- "))
    to = item + 2;
  else if (!closed && seen > at)
    to = seen;
  size_t first = to + (has_prefix(data, to, "\"") || has_prefix(data, to, "'"));
  return to > 0 && first < data.len && data.data[first] != '-' ? to : 0;
}

/* What stands in [from, to) is a mixture that nobody writes as the name of something. */
static gboolean looks_mixed(OakumSlice data, size_t from, size_t to)
{
  enum { HEX_MIN = 16 }; /* versions and names are shorter, and have marks in them */
  guint lower = 0, upper = 0, digits = 0, turns = 0, marks = 0;
  for (size_t i = from; i < to; i++) {
    gboolean digit = g_ascii_isdigit(data.data[i]);
    lower += g_ascii_islower(data.data[i]) != 0;
    upper += g_ascii_isupper(data.data[i]) != 0;
    digits += digit;
    marks += !g_ascii_isalnum(data.data[i]);
    turns += i > from && digit != g_ascii_isdigit(data.data[i - 1]);
  }
  return lower > 0 && digits > 0 &&
         (upper > 0 || (turns >= 4 && marks == 0 && to - from >= HEX_MIN));
}

/* What stands in front of a name that gets a value behind a blank: web servers', the old form of
 * ENV. */
static gboolean sets(OakumSlice data, size_t from, size_t to)
{
  static const char *const words[] = {"setenv",        "env",         "set",
                                      "fastcgi_param", "uwsgi_param", "proxy_set_header",
                                      "add_header",    "scgi_param",  "grpc_set_header"};
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (strlen(words[i]) == to - from && has_prefix(data, from, words[i]))
      return TRUE;
  return from == to;
}

static size_t blanks_before(OakumSlice data, size_t at)
{
  size_t from = at;
  while (from > 0 && at - from < WORD_MAX &&
         (data.data[from - 1] == ' ' || data.data[from - 1] == '\t'))
    from--;
  return from;
}

/* A line of "NAME value" or "Directive NAME value": nothing but the value follows. Where it begins,
 * or 0. */
static size_t directive_end(OakumSlice data, size_t name, size_t at)
{
  size_t value = skip_blanks(data, at, " \t"), word_end = blanks_before(data, name),
         word = word_end, to;
  while (word > 0 && word_end - word < WORD_MAX && is_word(data.data[word - 1]))
    word--;
  size_t front = blanks_before(data, word);
  if (word_end > 0 && data.data[name - 1] == '$') { /* "set $token x;" of nginx */
    word_end = blanks_before(data, name - 1);
    word = word_end;
    while (word > 0 && word_end - word < WORD_MAX && is_word(data.data[word - 1]))
      word--;
    front = blanks_before(data, word);
  }
  if (value == at || value >= data.len || (front > 0 && data.data[front - 1] != '\n') ||
      !sets(data, word, word_end))
    return 0;
  uint8_t quote = strchr("\"'", data.data[value]) && data.data[value] ? data.data[value] : 0;
  for (to = value + (quote != 0); to < data.len && to - value < VALUE_MAX; to++)
    if (quote ? data.data[to] == quote : data.data[to] == ';' || g_ascii_isspace(data.data[to]))
      break;
  gboolean mixed = looks_mixed(data, value, to);
  to = skip_blanks(data, to + (quote != 0), " \t;\r");
  return mixed && (to >= data.len || data.data[to] == '\n') ? value : 0;
}

/* Behind ":" or "=": the value itself, or, of an object, its first member when that is "value". */
static size_t member_end(OakumSlice data, size_t at)
{
  size_t open = skip_blanks(data, at, " \t\r\n");
  if (!has_prefix(data, open, "{"))
    return at;
  size_t member = skip_blanks(data, open + 1, " \t\r\n");
  return has_prefix(data, member, "\"value\":") ? member + 8 : at;
}

/* Behind a name: "=", ":", "=>", ":=", "::" of LDIF, ">" of an element, "value=" of the next
 * attribute or "value:" of the next line; behind an option or a directive blanks. Where the value
 * begins; 0: there is none. */
static size_t operator_end(OakumSlice data, size_t name, size_t at, gboolean code)
{
  gboolean element = name > 0 && data.data[name - 1] == '<';
  if (at < data.len && data.data[at] == '\\')
    at++;
  gboolean closed = at < data.len && data.data[at] && strchr("\"'`", data.data[at]);
  at += closed;
  if (at < data.len && data.data[at] == ']')
    at++;
  if (at < data.len && data.data[at] == '>' &&
      (element || (closed && name > 0 && has_suffix(data, name - 1, "name="))))
    return at + 1;
  size_t seen = skip_blanks(data, at, " \t");
  if (seen >= data.len)
    return 0;
  if (closed && data.data[seen] == ',' && names_a_value(data, name)) {
    size_t to = skip_blanks(data, seen + 1, " \t\r\n");
    return has_prefix(data, to, "default=") ? to + 8 : to;
  }
  if (closed && data.data[seen] == '{')
    return default_end(data, name, seen);
  if (code) {
    size_t to = otherwise_end(data, at);
    if (to > 0)
      return to;
  }
  if (has_suffix(data, name, "${") && at + 1 < data.len && data.data[at] == ':') {
    if (data.data[at + 1] == '-')
      return at + 2; /* "${NAME:-x}" of shells */
    if (strchr("?+", data.data[at + 1]))
      return 0;
  }
  if (data.data[seen] == '=' || data.data[seen] == ':') {
    size_t to = seen + 1;
    if (to < data.len &&
        (data.data[to] == '>' || (data.data[to] == '=' && data.data[seen] == ':') ||
         (data.data[seen] == ':' && has_prefix(data, to, ": "))))
      to++;
    else if (to < data.len && data.data[to] == '=')
      return 0; /* a comparison */
    else if (code && data.data[seen] == ':')
      return type_end(data, to);
    return member_end(data, to);
  }
  if (data.data[name] == '-') {
    size_t to = option_end(data, at, closed);
    if (to > 0)
      return to;
  }
  if (!code && !closed && seen > at) {
    size_t to = directive_end(data, name, at);
    if (to > 0)
      return to;
  }
  if (code && seen > at && !closed) {
    if (data.data[seen] == '\'' && name > 0 && g_ascii_isspace(data.data[name - 1]))
      return seen; /* a call without parentheses, as Gradle's files have it */
    if (data.data[seen] == '"' && has_suffix(data, name, "#define "))
      return seen;
    return has_prefix(data, seen, "string") ? type_end(data, seen) : 0; /* Go */
  }
  seen = skip_blanks(data, at, " \t\r\n,");
  if (has_prefix(data, seen, "\"value\":"))
    return seen + 8;
  return seen > at && (has_prefix(data, seen, "value=") || has_prefix(data, seen, "value:"))
             ? seen + 6
             : 0;
}

/* "compass", "bypass" and "PASS:" end in "pass", and are not short for a password. */
static gboolean ends_in_other_pass(OakumSlice data, size_t name, size_t end)
{
  if (!has_suffix(data, end, "pass"))
    return FALSE;
  if (end - name <= 4) /* "PASS: " begins a line of what tests tell */
    return data.data[name] == 'P' && has_prefix(data, end, ":");
  uint8_t first = data.data[end - 4], front = data.data[end - 5];
  static const char *const short_for[] = {"storepass", "keypass",  "authpass",
                                          "dbpass",    "userpass", "sshpass"};
  for (size_t i = 0; i < G_N_ELEMENTS(short_for); i++)
    if (has_suffix(data, end, short_for[i]))
      return FALSE;
  return g_ascii_isalpha(front) && !(first == 'P' && g_ascii_islower(front));
}

static gboolean try_value(const SecretPattern *patterns, SecretMatch *m)
{
  static const char *const secret[] = {"key",    "secret", "token",  "pass",    "pwd",   "auth",
                                       "cred",   "sign",   "pat",    "webhook", "bot",   "cookie",
                                       "client", "master", "bindpw", "salt",    "login", NULL};
  static const char *const harmless[] = {
      "file",    "path",     "url",    "uri",      "dir",     "name",    "length", "_min",
      "_max",    "count",    "ttl",    "expir",    "policy",  "type",    "field",  "label",
      "regex",   "pattern",  "algo",   "encod",    "encrypt", "hint",    "prompt", "reset",
      "public",  "endpoint", "issuer", "audience", "version", "format",  "header", "param",
      "prefix",  "suffix",   "column", "valid",    "exist",   "command", "izer",   "review",
      "manager", "provider", "class",  "handler",  NULL};
  /* "existingSecret", "checksum/secret": what is told there is of another thing */
  static const char *const elsewhere[] = {"existing", "checksum", "digest", "public", NULL};
  OakumSlice data = m->data;
  /* a literal may hold what stands behind the name */
  for (size_t i = m->literal; i < m->literal_end; i++)
    if (!name_char(data.data[i]))
      m->literal_end = i;
  size_t name = m->literal, at = m->literal_end, front;
  while (name > 0 && m->literal - name < WORD_MAX && name_char(data.data[name - 1]))
    name--;
  while (at < data.len && at - m->literal_end < WORD_MAX && name_char(data.data[at]))
    at++;
  *m->work += at - name + 16;
  gboolean generic =
      m->rule->proof == SECRET_PROOF_GENERIC || m->rule->proof == SECRET_PROOF_PHRASE;
  /* "smtp_password" is told of by "password", as it always was */
  if (strcmp(m->rule->id, "generic-secret") == 0 && has_suffix(data, m->literal_end, "pass") &&
      has_prefix(data, m->literal_end, "w"))
    return FALSE;
  for (front = name; front > 0 && m->literal - front < WORD_MAX &&
                     (name_char(data.data[front - 1]) || data.data[front - 1] == '/');)
    front--;
  if (generic && name_has(data.data + front, m->literal - front, elsewhere))
    return FALSE;
  if (generic && ends_in_other_pass(data, name, m->literal_end))
    return FALSE;
  if (!name_has(data.data + name, at - name, secret) ||
      (generic && name_has(data.data + m->literal_end, at - m->literal_end, harmless)))
    return FALSE;
  if (generic &&
      (has_suffix(data, at, "_ref") || (at > 3 && memcmp(data.data + at - 3, "Ref", 3) == 0)))
    return FALSE; /* "passwordRef", "secretKeyRef" */
  size_t value = operator_end(data, name, at, m->code);
  if (value == 0)
    return FALSE;
  value = skip_blanks(data, value, " \t");
  if (m->code && value + 1 < data.len && data.data[value] && strchr("@bBrRuU", data.data[value]) &&
      strchr("\"'", data.data[value + 1]) && data.data[value + 1])
    value++; /* how Python and C# mark strings */
  if (value < data.len && data.data[value] == '\\')
    value++;
  uint8_t quote = value < data.len && data.data[value] && strchr("\"'`", data.data[value])
                      ? data.data[value]
                      : 0;
  value += quote != 0;
  if (quote && value + 1 < data.len && data.data[value] == quote && data.data[value + 1] == quote)
    value += 2; /* a text in three quotes */
  gboolean closed = at < data.len && data.data[at] && strchr("\"'`", data.data[at]);
  uint8_t around = m->code && !quote && !closed && name > 0 ? data.data[name - 1] : 0;
  m->quoted = quote != 0 || (around && strchr("\"'`", around)); /* "NAME=x" as one text */
  for (const SecretPattern *pattern = patterns; pattern->atoms; pattern++) {
    m->start = m->end = value;
    if (!oakum_secret_pattern_match(pattern, data, &m->start, &m->end, m->work) ||
        !ends(pattern, data, m->end))
      continue;
    uint8_t next = m->end < data.len ? data.data[m->end] : '\n';
    if (around && m->quoted && next != around)
      continue;
    gboolean whole = quote ? next == quote || next == '\\' || m->end >= data.len
                           : next && strchr(" \t\r\n,;)&<\"'}]#\\", next) != NULL;
    if (whole && oakum_secret_prove(m) && is_random(m->rule, m))
      return TRUE;
  }
  return FALSE;
}

void oakum_secret_confirm(const SecretTable *table, const SecretLiteral *literal, OakumSlice data,
                          size_t at, guint places, gboolean code, gboolean loose, uint64_t *work,
                          SecretTell tell, gpointer user)
{
  for (guint i = 0; i < literal->n_rules; i++) {
    guint index = literal->rules[i];
    const SecretRule *rule = &oakum_secret_rules[index];
    if (!(places >> rule->place & 1))
      continue;
    SecretMatch m = {.rule = rule,
                     .data = data,
                     .literal = at,
                     .literal_end = at + literal->len,
                     .code = code,
                     .loose = loose,
                     .work = work};
    gboolean found = FALSE;
    if (rule->kind == SECRET_VALUE)
      found = try_value(table->patterns[index], &m);
    else
      for (const SecretPattern *pattern = table->patterns[index]; pattern->has_literal && !found;
           pattern++)
        found = try_token(pattern, &m);
    if (found)
      tell(&(SecretHit){index, m.start, m.end, m.literal, m.literal_end, m.said, m.doubt}, user);
  }
}
