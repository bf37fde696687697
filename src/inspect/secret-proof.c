/* What tells a secret from what only looks like one: digits that check others, entropy, what people
 * write in its place, and the inside of keys and encoded logins. */
#include "inspect/secret-private.h"
#include <math.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <string.h>

/* ---- bytes
 * ----------------------------------------------------------------------------------------- */
static const uint8_t *find(const uint8_t *data, size_t len, const char *what)
{
  return data ? memmem(data, len, what, strlen(what)) : NULL;
}

/* In any case; texts here are short. */
static gboolean holds(const uint8_t *data, size_t len, const char *lower)
{
  size_t n = strlen(lower);
  for (size_t i = 0; i + n <= len; i++) {
    size_t j = 0;
    while (j < n && g_ascii_tolower((gchar)data[i + j]) == lower[j])
      j++;
    if (j == n)
      return TRUE;
  }
  return FALSE;
}

guint oakum_secret_entropy(const uint8_t *data, size_t len)
{
  guint counts[256] = {0};
  double bits = 0;
  for (size_t i = 0; i < len; i++)
    counts[data[i]]++;
  for (int i = 0; i < 256; i++)
    if (counts[i])
      bits -= counts[i] * log2((double)counts[i] / (double)len);
  return len ? (guint)(10 * bits / (double)len + 0.0001) : 0;
}

/* The longest run of one byte, or of bytes that count up or down. */
static size_t longest_row(const uint8_t *data, size_t len)
{
  size_t longest = 1;
  for (int step = -1; step <= 1; step++) {
    size_t row = 1;
    for (size_t i = 1; i < len; i++) {
      row = data[i] == data[i - 1] + step ? row + 1 : 1;
      longest = MAX(longest, row);
    }
  }
  return longest;
}

gboolean oakum_secret_is_placeholder(const uint8_t *data, size_t len, gboolean strict)
{
  static const char *const words[] = {"example", "placeholder", "redacted",     "changeme",
                                      "xxxxx",   "*****",       "insert",       "replace",
                                      "dummy",   "sample",      "must-be-chang"};
  static const char *const strict_words[] = {
      "your",    "my_",    "fake",   "test",   "todo",     "change_", "change-", "foobar", "xxx",
      "secret",  "passw",  "token",  "here",   "null",     "none",    "undefin", "false",  "true",
      "value",   "string", "env.",   "getenv", "process.", "default", "...",     "***",    "lorem",
      "hello",   "world",  "admin",  "root",   "user",     "demo",    "guest",   "qwerty", "abc123",
      "letmein", "key_",   "argon2", "pbkdf2", "sha256",   "sha512",  "bcrypt"};
  gboolean seen[256] = {FALSE};
  size_t different = 0;
  for (size_t i = 0; i < len; i++) {
    different += !seen[data[i]];
    seen[data[i]] = TRUE;
  }
  if (different < MIN((size_t)5, (len + 1) / 2) || longest_row(data, len) >= 7)
    return TRUE;
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    if (holds(data, len, words[i]))
      return TRUE;
  for (size_t i = 0; strict && i < G_N_ELEMENTS(strict_words); i++)
    if (holds(data, len, strict_words[i]))
      return TRUE;
  return FALSE;
}

static int base64_value(uint8_t c)
{
  return c >= 'A' && c <= 'Z'   ? c - 'A'
         : c >= 'a' && c <= 'z' ? c - 'a' + 26
         : c >= '0' && c <= '9' ? c - '0' + 52
         : c == '+' || c == '-' ? 62
         : c == '/' || c == '_' ? 63
                                : -1;
}

GByteArray *oakum_secret_base64(const uint8_t *data, size_t len)
{
  uint32_t bits = 0;
  guint have = 0, n = 0;
  while (len > 0 && data[len - 1] == '=')
    len--;
  if (len % 4 == 1)
    return NULL;
  g_autoptr(GByteArray) out = g_byte_array_sized_new((guint)(len / 4 * 3 + 3));
  g_byte_array_set_size(out, (guint)(len / 4 * 3 + 3));
  for (size_t i = 0; i < len; i++) {
    int value = base64_value(data[i]);
    if (value < 0)
      return NULL;
    bits = bits << 6 | (uint32_t)value;
    if ((have += 6) >= 8)
      out->data[n++] = (uint8_t)(bits >> (have -= 8));
  }
  g_byte_array_set_size(out, n);
  return g_steal_pointer(&out);
}

/* ---- digits that check others
 * --------------------------------------------------------------------------- */
static uint32_t crc32_of(const uint8_t *data, size_t len)
{
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < len; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

/* `digits` of them, most significant first, zeros in front. */
static gboolean number_is(const uint8_t *text, size_t digits, uint32_t number, const char *alphabet)
{
  size_t base = strlen(alphabet);
  for (size_t i = digits; i > 0; i--) {
    if (text[i - 1] != (uint8_t)alphabet[number % base])
      return FALSE;
    number /= (uint32_t)base;
  }
  return number == 0;
}

/* Whoever reads the result sees that it was looked at, and why it stops nothing. */
static void digits_fit(SecretMatch *m, gboolean fit)
{
  if (fit)
    m->said = "its checksum digits fit";
  else
    m->doubt = "its checksum digits do not fit: nobody was given it";
}

/* GitHub and npm: the last six of 36 are the CRC-32 of the thirty in front, in base 62. */
static gboolean prove_crc62(SecretMatch *m)
{
  size_t at = m->literal_end;
  if (m->end - at != 36)
    return TRUE;
  digits_fit(m, number_is(m->data.data + at + 30, 6, crc32_of(m->data.data + at, 30),
                          "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"));
  return TRUE;
}

/* Routable tokens of GitLab end in the CRC-32 of all in front, seven digits in base 36. */
static gboolean prove_gitlab(SecretMatch *m)
{
  const uint8_t *text = m->data.data + m->start;
  size_t len = m->end - m->start;
  if (len > 40 && text[len - 10] == '.' &&
      number_is(text + len - 7, 7, crc32_of(text, len - 7), "0123456789abcdefghijklmnopqrstuvwxyz"))
    m->said = "its checksum digits fit";
  return TRUE;
}

/* BIP 173. */
static gboolean prove_bech32(SecretMatch *m)
{
  static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  const uint8_t *text = m->data.data + m->start;
  size_t len = m->end - m->start, one = len;
  uint32_t sum = 1;
  while (one > 0 && text[one - 1] != '1')
    one--;
  if (one < 2)
    return FALSE;
  one--;
#define STEP(value)                                                                                \
  do {                                                                                             \
    uint32_t top = sum >> 25;                                                                      \
    sum = (sum & 0x1ffffff) << 5 ^ (uint32_t)(value);                                              \
    for (int bit = 0; bit < 5; bit++)                                                              \
      sum ^= top >> bit & 1 ? generator[bit] : 0;                                                  \
  } while (0)
  for (size_t i = 0; i < one; i++)
    STEP((uint8_t)g_ascii_tolower((gchar)text[i]) >> 5);
  STEP(0);
  for (size_t i = 0; i < one; i++)
    STEP(g_ascii_tolower((gchar)text[i]) & 31);
  for (size_t i = one + 1; i < len; i++) {
    const char *at = strchr(alphabet, g_ascii_tolower((gchar)text[i]));
    if (!at)
      return FALSE;
    STEP(at - alphabet);
  }
#undef STEP
  digits_fit(m, sum == 1);
  return TRUE;
}

/* ---- keys
 * ------------------------------------------------------------------------------------------ */
typedef struct {
  gboolean sealed;
  size_t end;
} Pem;

/* One step over what stands between the lines of a key: blanks, line ends, also those that a string
 * of JSON or of a program writes, with its quotes. 0: it is something else. */
static size_t between(const uint8_t *data, size_t len)
{
  if (len > 1 && data[0] == '\\' && strchr("nrt\n\\", data[1]) && data[1])
    return 2;
  return len > 0 && data[0] && strchr(" \t\r\n\"',", data[0]) ? 1 : 0;
}

static gboolean is_base64(uint8_t c)
{
  return g_ascii_isalnum(c) || c == '+' || c == '/';
}

/* "openssh-key-v1", 0, the name of a cipher with its length in front (PROTOCOL.key of OpenSSH). */
static gboolean openssh_sealed(const char *body, size_t len)
{
  g_autoptr(GByteArray) raw = oakum_secret_base64((const uint8_t *)body, len / 4 * 4);
  return raw && raw->len >= 23 && memcmp(raw->data, "openssh-key-v1", 15) == 0 &&
         memcmp(raw->data + 15, "\0\0\0\4none", 8) != 0;
}

/* What is in the armour, as far as it is there; line ends do not count. */
static gboolean openpgp_sealed(const uint8_t *body, size_t len)
{
  g_autoptr(GByteArray) plain = g_byte_array_sized_new((guint)len);
  for (size_t at = 0, gap; at < len; at += gap) {
    gap = between(body + at, len - at);
    if (gap == 0 && !is_base64(body[at]))
      break;
    if (gap == 0)
      g_byte_array_append(plain, body + at, 1);
    gap = MAX(gap, 1);
  }
  g_autoptr(GByteArray) raw = oakum_secret_base64(plain->data, plain->len / 4 * 4);
  return raw && oakum_secret_openpgp(raw->data, raw->len) == SECRET_KEY_SEALED;
}

/* The sum that ends the armour of OpenPGP: "=", four characters, the line's end, "-----END". */
static gboolean is_base64_sum(const uint8_t *data, size_t len)
{
  size_t at = 0;
  while (at < len && at < 5 && (is_base64(data[at]) || data[at] == '='))
    at++;
  for (size_t gap; at < len && (gap = between(data + at, len - at)) > 0;)
    at += MIN(gap, len - at);
  return len - at >= 8 && memcmp(data + at, "-----END", 8) == 0;
}

/* RFC 7468 and RFC 1421, and RFC 4880's armour: the label, headers, the body. */
static gboolean read_pem(const SecretMatch *m, Pem *pem)
{
  const uint8_t *data = m->data.data;
  size_t at = m->literal_end, end = MIN(m->data.len, m->literal_end + OAKUM_SECRET_KEY_AHEAD),
         label = at, line = 0, n = 0, body_at = at;
  char body[256];
  while (at < end && at - label < 60 &&
         (g_ascii_isupper(data[at]) || data[at] == ' ' || g_ascii_isdigit(data[at])))
    at++;
  if (!find(data + label, at - label, "PRIVATE KEY") || end - at < 5 ||
      memcmp(data + at, "-----", 5) != 0)
    return FALSE;
  pem->sealed = find(data + label, at - label, "ENCRYPTED") != NULL;
  gboolean openssh = find(data + label, at - label, "OPENSSH") != NULL;
  at += 5;
  while (at < end) {
    size_t gap = between(data + at, end - at);
    if (gap > 0) {
      at += gap;
      line = 0;
    } else if (is_base64(data[at])) {
      if (n == 0)
        body_at = at;
      if (n < sizeof body)
        body[n++] = (char)data[at];
      at++;
      line++;
    } else if (data[at] == '-' && line > 0 && line < 12 && n == line) { /* "Proc-Type" */
      at++;
      line++;
      n = line;
    } else if (data[at] == ':' && line > 0) { /* a header, to the end of its line */
      size_t from = at;
      while (at < end && data[at] != '\n' &&
             !(data[at] == '\\' && at + 1 < end && data[at + 1] == 'n'))
        at++;
      pem->sealed |= find(data + from, at - from, "ENCRYPTED") != NULL;
      n = 0;
    } else
      break;
    if (n >= sizeof body)
      break;
  }
  pem->end = at;
  while (n < sizeof body && at < end && data[at] == '=')
    at++;
  for (size_t gap; at < end && (gap = between(data + at, end - at)) > 0;)
    at += MIN(gap, end - at);
  /* a short one that does not come to its end is what a manual shows of one */
  if (n < sizeof body && end - at >= 8 && memcmp(data + at, "-----END", 8) != 0 &&
      !(end - at >= 11 && is_base64_sum(data + at, end - at)))
    return FALSE;
  if (n < OAKUM_SECRET_KEY_MIN || oakum_secret_entropy((const uint8_t *)body, n) < 40)
    return FALSE;
  pem->sealed |= openssh && openssh_sealed(body, n);
  if (find(data + label, 60 < end - label ? 60 : end - label, "PGP"))
    pem->sealed |= openpgp_sealed(data + body_at, end - body_at);
  return TRUE;
}

static gboolean prove_pem(SecretMatch *m, gboolean sealed)
{
  Pem pem = {0};
  if (!read_pem(m, &pem) || pem.sealed != sealed)
    return FALSE;
  m->end = pem.end;
  return TRUE;
}

/* RFC 5208, 5915 and 8410: the key as a whole. Programs hold the same without the key, and keys
 * that they test themselves with. */
static gboolean prove_der(SecretMatch *m)
{
  static const uint8_t ec[] = {2, 1, 1, 4};
  const uint8_t *at = m->data.data + m->end, *end = m->data.data + m->data.len;
  size_t n = 32;
  if (m->start > 8) /* the lengths of the outermost SEQUENCE are in front */
    return FALSE;
  if (m->literal_end - m->literal == 11) { /* RSA: behind the lengths and the version */
    at += MIN((size_t)(end - at), 16);
    n = 48;
  } else if (m->data.data[m->literal + 1] == 7) {
    at = memmem(at, MIN((size_t)(end - at), 32), ec, sizeof ec);
    if (!at || end - at < 6 || at[5] == 0xa1)
      return FALSE;
    at += 5;
  }
  n = MIN(n, (size_t)(end - at));
  return n >= 24 && oakum_secret_entropy(at, n) >= 38;
}

/* The version of the form in front, and lines of base64 behind "Private-Lines"; programs that read
 * such keys hold these words too. */
static gboolean prove_putty(SecretMatch *m, gboolean sealed)
{
  const uint8_t *data = m->data.data + m->literal_end;
  size_t len = MIN(m->data.len - m->literal_end, OAKUM_SECRET_KEY_AHEAD), n = 0;
  const uint8_t *at = find(data, len, "Private-Lines: "), *end = data + len,
                *none = find(data, len, "Encryption: none");
  if (len < 3 || !g_ascii_isdigit(data[0]) || data[1] != ':' || !at || !g_ascii_isdigit(at[15]))
    return FALSE;
  for (at += 15; at < end && g_ascii_isdigit(*at); at++)
    ;
  for (size_t gap; at < end && (gap = between(at, (size_t)(end - at))) > 0;)
    at += MIN(gap, (size_t)(end - at));
  while (at + n < end && is_base64(at[n]))
    n++;
  return n >= 8 && sealed == (none == NULL);
}

/* RFC 7292. The key as it stands; or all of it sealed by a passphrase of no letters, which its sum
 * tells. How often that is to be hashed a stranger says. */
static gboolean prove_pkcs12(SecretMatch *m)
{
  enum { HASHED = 2 * 64 }; /* bytes for each round: two spellings of no passphrase */
  const uint8_t *data = m->data.data, *at = data;
  const ASN1_INTEGER *rounds = NULL;
  if (m->data.data[m->literal_end - 2] == 1)
    return TRUE;
  if (m->data.len < 8 || data[0] != 0x30)
    return FALSE;
  PKCS12 *sealed = d2i_PKCS12(NULL, &at, (long)MIN(m->data.len, OAKUM_SECRET_BUFFER));
  gboolean open = FALSE;
  if (sealed && PKCS12_mac_present(sealed)) {
    PKCS12_get0_mac(NULL, NULL, NULL, &rounds, sealed);
    long n = rounds ? ASN1_INTEGER_get(rounds) : 1;
    gboolean tried = n > 0 && n <= OAKUM_SECRET_KEY_ROUNDS_MAX;
    *m->work += tried ? (uint64_t)n * HASHED : 0;
    open = tried && (PKCS12_verify_mac(sealed, NULL, 0) || PKCS12_verify_mac(sealed, "", 0));
  }
  PKCS12_free(sealed);
  ERR_clear_error();
  return open;
}

static gboolean prove_gcp_account(SecretMatch *m)
{
  size_t from = m->start > 1024 ? m->start - 1024 : 0,
         to = MIN(m->data.len, m->end + OAKUM_SECRET_KEY_AHEAD);
  const uint8_t *key = find(m->data.data + from, to - from, "\"private_key\"");
  if (!key)
    return FALSE;
  size_t left = (size_t)(m->data.data + to - key);
  return find(key, MIN(left, 100), "PRIVATE KEY") != NULL;
}

/* RFC 7517 and 7518: "d" of one object, or "k" of an octet key. */
static gboolean prove_jwk(SecretMatch *m)
{
  static const char *const members[] = {"\"d\"", "\"k\""};
  const uint8_t *data = m->data.data;
  size_t from = m->start, to = m->end;
  while (from > 0 && m->start - from < 2048 && data[from - 1] != '{')
    from--;
  while (to < m->data.len && to - m->end < OAKUM_SECRET_KEY_AHEAD && data[to] != '}')
    to++;
  for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
    const uint8_t *at = find(data + from, to - from, members[i]), *end = data + to;
    size_t n = 0;
    for (at = at ? at + 3 : end; at < end && strchr(" \t\r\n:", *at) && *at; at++)
      ;
    if (at < end && *at == '"')
      for (at++; at + n < end && (g_ascii_isalnum(at[n]) || at[n] == '-' || at[n] == '_'); n++)
        ;
    if (n >= 42 && oakum_secret_entropy(at, n) >= 38) {
      m->doubt = oakum_secret_published((OakumSlice){at, n});
      return TRUE;
    }
  }
  return FALSE;
}

/* ---- what is encoded
 * ------------------------------------------------------------------------------- */
static json_t *json_of(const uint8_t *text, size_t len)
{
  g_autoptr(GByteArray) raw = oakum_secret_base64(text, len);
  json_t *json = raw ? oakum_json_parse((const char *)raw->data, raw->len, "", NULL) : NULL;
  if (json && !json_is_object(json))
    g_clear_pointer(&json, json_decref);
  return json;
}

/* RFC 7519. The token that jwt.io explains with is everywhere. */
static gboolean prove_jwt(SecretMatch *m)
{
  const uint8_t *text = m->data.data + m->start, *end = m->data.data + m->end,
                *dot = memchr(text, '.', (size_t)(end - text)),
                *next = dot ? memchr(dot + 1, '.', (size_t)(end - dot - 1)) : NULL;
  if (!next)
    return FALSE;
  OAKUM_AUTO_JSON *head = json_of(text, (size_t)(dot - text));
  OAKUM_AUTO_JSON *claims = head ? json_of(dot + 1, (size_t)(next - dot - 1)) : NULL;
  if (!head || !claims || !json_is_string(json_object_get(head, "alg")))
    return FALSE;
  const char *sub = json_string_value(json_object_get(claims, "sub"));
  if (g_strcmp0(sub, "1234567890") == 0)
    m->doubt = "the token by which jwt.io explains itself";
  return !json_object_get(claims, "example");
}

/* The last run of base64 of the match: user, colon, password. */
static gboolean prove_user_password(SecretMatch *m)
{
  const uint8_t *data = m->data.data;
  size_t to = m->end, from;
  while (to > m->literal_end && !is_base64(data[to - 1]) && data[to - 1] != '=')
    to--;
  for (from = to; from > m->literal_end && (is_base64(data[from - 1]) || data[from - 1] == '=');)
    from--;
  g_autoptr(GByteArray) raw = oakum_secret_base64(data + from, to - from);
  const uint8_t *colon = raw ? memchr(raw->data, ':', raw->len) : NULL;
  if (!colon || colon == raw->data)
    return FALSE;
  size_t len = (size_t)(raw->data + raw->len - colon - 1);
  for (guint i = 0; i < raw->len; i++)
    if (raw->data[i] < 0x20 || raw->data[i] >= 0x7f)
      return FALSE;
  m->start = from;
  m->end = to;
  if (raw->len > 7 && memcmp(raw->data, "Aladdin", 7) == 0) /* who logs in in RFC 7617 */
    return FALSE;
  return len >= 3 && !oakum_secret_is_placeholder(colon + 1, len, FALSE) &&
         !holds(colon + 1, len, "password");
}

/* ---- what people write
 * ----------------------------------------------------------------------------- */
/* "ssm:/app/db", "vault:secret/data": where it is kept. */
static gboolean is_scheme(const uint8_t *value, size_t len)
{
  size_t at = 0;
  while (at < len && g_ascii_islower(value[at]))
    at++;
  return at >= 2 && at + 1 < len && value[at] == ':' && value[at + 1] == '/';
}

/* Letters of both cases as a lot draws them, and not as words are written together: few vowels,
 * capitals side by side, and the case changes often. */
static gboolean is_drawn(const uint8_t *value, size_t len)
{
  enum { DRAWN_MIN = 12 };
  guint vowels = 0, turns = 0, capitals = 0;
  for (size_t i = 0; i < len; i++) {
    gboolean upper = g_ascii_isupper(value[i]), was = i > 0 && g_ascii_isupper(value[i - 1]);
    if (!g_ascii_isalpha(value[i]))
      return FALSE;
    vowels += strchr("aeiou", g_ascii_tolower((gchar)value[i])) != NULL;
    turns += i > 0 && upper != was;
    capitals += upper && was;
  }
  return len >= DRAWN_MIN && 10 * vowels <= 3 * len && capitals > 0 && 4 * turns >= len;
}

/* "source=foo,target=foo2" */
static gboolean is_list(const uint8_t *value, size_t len)
{
  const uint8_t *equals = memchr(value, '=', len),
                *comma = equals ? memchr(equals, ',', len - (size_t)(equals - value)) : NULL;
  return comma && memchr(comma, '=', len - (size_t)(comma - value));
}

static gboolean refers(const uint8_t *value, size_t len)
{
  return strchr("$<{%/@&~.", value[0]) || find(value, len, "${") || find(value, len, "{{") ||
         find(value, len, "$(") || find(value, len, "://") || find(value, len, "()") ||
         is_scheme(value, len) || g_str_has_prefix((const char *)value, "ENC[") ||
         holds(value, MIN(len, 4), "sha");
}

/* "DistributionList.NextMarker", "AWS::SecretsManager::Policy", "kv/data/app": words of letters
 * alone with marks between them are the name of something. */
static gboolean is_name(const uint8_t *value, size_t len)
{
  size_t lower = 0, runs = 0, marks = 0;
  while (len > 0 && g_ascii_isdigit(value[len - 1])) /* "tag.begin2" */
    len--;
  for (size_t i = 0; i < len; i++) {
    gboolean small = g_ascii_islower(value[i]);
    runs += small && (i == 0 || !g_ascii_islower(value[i - 1]));
    lower += small;
    marks += value[i] == '.' || value[i] == ':' || value[i] == '/';
    if (!g_ascii_isalpha(value[i]) && !strchr(".:/_-", value[i]))
      return FALSE;
  }
  return marks > 0 && lower >= 3 * runs; /* drawn by lot they are shorter */
}

static gboolean prove_generic(SecretMatch *m)
{
  enum { SEALED_MIN = 300 };
  const uint8_t *value = m->data.data + (m->rule->kind == SECRET_VALUE ? m->start : m->literal_end);
  size_t len = m->end - (size_t)(value - m->data.data);
  guint letters = 0, digits = 0, others = 0, lower = 0, upper = 0;
  /* a literal that ends so is in a string of the program */
  gboolean in_text = m->rule->kind == SECRET_TOKEN &&
                     (strchr("'\"=", value[-1]) || strchr("'\"`", m->data.data[m->literal]));
  if (m->code && !m->quoted && !in_text)
    return FALSE;
  if (len > SEALED_MIN && g_str_has_prefix((const char *)value, "Ag"))
    return FALSE; /* of a SealedSecret of Kubernetes */
  while (len > 0 && *value &&
         strchr(m->rule->kind == SECRET_TOKEN ? " \t\r\n\"'" : " \t", *value)) {
    value++;
    len--;
  }
  while (!m->quoted && len > 0 && strchr(",;)}]", value[len - 1]))
    len--;
  if (len < 6)
    return FALSE;
  m->start = (size_t)(value - m->data.data);
  m->end = m->start + len;
  g_autofree char *copy = g_malloc0(len + 1);
  memcpy(copy, value, len);
  if (refers((const uint8_t *)copy, len) || is_list(value, len))
    return FALSE;
  for (size_t i = 0; i < len; i++) {
    lower += g_ascii_islower(value[i]) != 0;
    upper += g_ascii_isupper(value[i]) != 0;
    letters += g_ascii_isalpha(value[i]) != 0;
    digits += g_ascii_isdigit(value[i]) != 0;
    others +=
        value[i] > 0x20 && value[i] < 0x7f && g_ascii_ispunct(value[i]) && !strchr("_-.", value[i]);
    if (value[i] >= 0x7f || strchr("()[]{}", value[i]))
      return FALSE;
  }
  /* words, names, numbers, versions: no secrets */
  if (letters < 3 ||
      (digits == 0 && others == 0 && !(lower && upper && len >= 20) && !is_drawn(value, len)))
    return FALSE;
  if (digits == 0 && others < 2 && len < 12)
    return FALSE;
  if (strcmp(m->rule->id, "generic-secret") == 0 && is_name(value, len))
    return FALSE;
  return !oakum_secret_is_placeholder(value, len, TRUE);
}

/* "Jwt": {"Issuer": …, "Key": …}: what signs tokens. */
static gboolean is_token_key(const SecretMatch *m)
{
  const uint8_t *data = m->data.data;
  size_t at = m->literal, open;
  while (at > 0 && m->literal - at < 300 && !strchr("{}", data[at - 1]))
    at--;
  open = at;
  while (at > 0 && open - at < 40 && data[at - 1] != '\n')
    at--;
  return open > at && data[open - 1] == '{' && holds(data + at, open - at, "jwt");
}

/* Of a name that ends in "key" and says whose it is: what is no key of an issuer has such names,
 * too, so that the value has to look drawn by lot: letters and digits in turn, and no words. */
static gboolean prove_key(SecretMatch *m)
{
  static const char *const other[] = {
      "pub",      "primary",    "foreign", "partition", "sort",      "cache",     "hash",
      "digest",   "checksum",   "etag",    "commit",    "content",   "image",     "gpg",
      "pgp",      "rpm",        "apt",     "repo",      "finger",    "host",      "known",
      "authori",  "verif",      "cert",    "site",      "search",    "subscribe", "track",
      "analytic", "instrument", "measure", "integrity", "encrypted", "kms",       "row",
      "index",    "unique",     "group",   "order",     "object",    "query",     "trace",
      "request",  "idempot",    "message", "locale",    "translat",  "existing",  "registry"};
  static const char *const begins[] = {"pk_", "pk.", "AAAA", "MIIB", "MIIC", "MFkw", "MCow", "sha"};
  const uint8_t *data = m->data.data, *value = data + m->start;
  size_t name = m->literal, end = m->literal_end, len = m->end - m->start;
  guint run = 0, turns = 0, best = 0, best_turns = 0;
  while (name > 0 && end - name < 64 &&
         (g_ascii_isalnum(data[name - 1]) || strchr("_-.", data[name - 1])) && data[name - 1])
    name--;
  if (end - name == 3 && m->quoted && is_token_key(m))
    return !oakum_secret_is_placeholder(value, len, TRUE);
  if ((m->code && !m->quoted) || end - name < 6 || !holds(data + end - 3, 3, "key") ||
      (end < m->data.len && (g_ascii_isalnum(data[end]) || strchr("_-.", data[end])) && data[end]))
    return FALSE;
  if (!strchr("_-.", data[end - 4]) && !(data[end - 3] == 'K' && g_ascii_islower(data[end - 4])))
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(other); i++)
    if (holds(data + name, end - name, other[i]))
      return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(begins); i++)
    if (len > strlen(begins[i]) && memcmp(value, begins[i], strlen(begins[i])) == 0)
      return FALSE;
  for (size_t i = 0; i < len; i++) {
    gboolean in = g_ascii_isalnum(value[i]) || strchr("+/", value[i]);
    run = in ? run + 1 : 0;
    if (!in)
      turns = 0;
    else if (i > 0 && g_ascii_isdigit(value[i]) != g_ascii_isdigit(value[i - 1]))
      turns++;
    best = MAX(best, run);
    best_turns = MAX(best_turns, turns);
  }
  return best >= 16 && best_turns >= 4 && !oakum_secret_is_placeholder(value, len, TRUE);
}

/* What a shell or a template puts in, and what people write there, is none. */
gboolean oakum_secret_prove_word(SecretMatch *m, size_t from, size_t to)
{
  const uint8_t *data = m->data.data;
  g_autofree char *copy = g_strndup((const char *)data + from, to - from);
  guint letters = 0, others = 0;
  for (const char *c = copy; *c; c++) {
    letters += g_ascii_isalpha(*c) != 0;
    others += !g_ascii_isalpha(*c);
  }
  m->start = from;
  m->end = to;
  return to - from >= 6 && letters > 0 && (others > 0 || is_drawn(data + from, to - from)) &&
         !refers((const uint8_t *)copy, to - from) && !holds(data + from, to - from, "passw") &&
         !oakum_secret_is_placeholder(data + from, to - from, FALSE);
}

static gboolean prove_command(SecretMatch *m)
{
  const uint8_t *data = m->data.data;
  size_t from = m->end, to = m->end;
  while (from > m->literal_end && !strchr(" \"'=", data[from - 1]))
    from--;
  if (to - from > 2 && data[from] == '-' && data[from + 1] == 'p' && data[from - 1] == ' ')
    from += 2; /* "-pPASSWORD" */
  return data[from] != '-' && oakum_secret_prove_word(m, from, to);
}

/* "echo 'user:password' | chpasswd", "echo password | docker login …" */
static gboolean prove_piped(SecretMatch *m)
{
  const uint8_t *data = m->data.data, *colon = memchr(data + m->start, ':', m->literal - m->start);
  size_t to = m->literal;
  while (to > m->start && strchr(" \"'|", data[to - 1]))
    to--;
  gboolean login = data[m->literal_end - 1] != 'd'; /* or "sudo -S": a password alone */
  size_t from = colon && !login ? (size_t)(colon + 1 - data) : m->start,
         front = MIN(from, (size_t)24);
  while (login && from < to && strchr("\"'", data[from]))
    from++;
  if (m->start > 0 && data[m->start - 1] == '$')
    return FALSE;
  if (login ? !find(data + m->start - front, front, "echo ") &&
                  !find(data + m->start - front, front, "printf ")
            : !colon)
    return FALSE;
  return from < to && oakum_secret_prove_word(m, from, to);
}

static gboolean prove_url_login(SecretMatch *m)
{
  const uint8_t *data = m->data.data;
  size_t at = m->literal_end, colon, to = m->end;
  while (at < to && data[at] != ':')
    at++;
  colon = at + 1;
  while (to > colon && data[to] != '@')
    to--;
  g_autofree char *password = g_strndup((const char *)data + colon, to - colon);
  size_t len = strlen(password);
  static const char *const weak[] = {"pass", "pwd", "pw", "key", "x-oauth-basic", "port"};
  for (size_t i = 0; i < G_N_ELEMENTS(weak); i++)
    if (g_ascii_strcasecmp(password, weak[i]) == 0)
      return FALSE;
  if (len < 3 || strchr("$<{%*[", password[0]) || find(data + to, m->end - to, "example.") ||
      holds((const uint8_t *)password, len, "password") ||
      holds((const uint8_t *)password, len, "secret") ||
      oakum_secret_is_placeholder((const uint8_t *)password, len, FALSE))
    return FALSE;
  m->start = m->literal; /* who logs in where is no secret, but may be a name */
  m->end = to;
  return TRUE;
}

/* "-u user:password" is also how other programs take a user and a group: curl stands in front. */
static gboolean prove_curl(SecretMatch *m)
{
  const uint8_t *data = m->data.data;
  size_t from = m->literal, to = m->end;
  while (from > 0 && m->literal - from < 1024 &&
         (data[from - 1] != '\n' || (from > 1 && data[from - 2] == '\\')))
    from--;
  const uint8_t *colon = memchr(data + m->literal_end, ':', to - m->literal_end);
  if (!colon || !find(data + from, m->literal - from, "curl"))
    return FALSE;
  size_t len = (size_t)(data + to - colon - 1);
  guint letters = 0;
  for (size_t i = 1; i <= len; i++)
    letters += g_ascii_isalpha(colon[i]) != 0;
  return letters > 0 && colon[1] != '/' && !holds(colon + 1, len, "passw") &&
         !oakum_secret_is_placeholder(colon + 1, len, FALSE);
}

/* "user:password@tcp(host:3306)/name", as Go's drivers have it. */
static gboolean prove_dsn(SecretMatch *m)
{
  const uint8_t *colon = memchr(m->data.data + m->start, ':', m->literal - m->start);
  return colon && oakum_secret_prove_word(m, (size_t)(colon + 1 - m->data.data), m->literal);
}

gboolean oakum_secret_prove(SecretMatch *m)
{
  switch (m->rule->proof) {
  case SECRET_PROOF_NONE:
  case SECRET_PROOF_WELL_KNOWN:
    return TRUE;
  case SECRET_PROOF_CRC62:
    return prove_crc62(m);
  case SECRET_PROOF_GITLAB:
    return prove_gitlab(m);
  case SECRET_PROOF_GCP_ACCOUNT:
    return prove_gcp_account(m);
  case SECRET_PROOF_USER_PASSWORD:
    return prove_user_password(m);
  case SECRET_PROOF_CURL:
    return prove_curl(m);
  case SECRET_PROOF_PEM:
    return prove_pem(m, FALSE);
  case SECRET_PROOF_PEM_SEALED:
    return prove_pem(m, TRUE);
  case SECRET_PROOF_DER:
    return prove_der(m);
  case SECRET_PROOF_PUTTY:
    return prove_putty(m, FALSE);
  case SECRET_PROOF_PUTTY_SEALED:
    return prove_putty(m, TRUE);
  case SECRET_PROOF_BECH32:
    return prove_bech32(m);
  case SECRET_PROOF_JWK:
    return prove_jwk(m);
  case SECRET_PROOF_JWT:
    return prove_jwt(m);
  case SECRET_PROOF_URL_LOGIN:
    return prove_url_login(m);
  case SECRET_PROOF_GENERIC:
    return prove_generic(m);
  case SECRET_PROOF_KEY:
    return prove_key(m);
  case SECRET_PROOF_COMMAND:
    return prove_command(m);
  case SECRET_PROOF_PIPED:
    return prove_piped(m);
  case SECRET_PROOF_PKCS12:
    return prove_pkcs12(m);
  case SECRET_PROOF_DSN:
    return prove_dsn(m);
  case SECRET_PROOF_WORDS:
    return oakum_secret_prove_words(m);
  case SECRET_PROOF_CALL:
    return oakum_secret_prove_call(m);
  case SECRET_PROOF_PHRASE:
    return oakum_secret_prove_phrase(m);
  case SECRET_PROOF_STATE:
    return oakum_secret_prove_state(m);
  case SECRET_PROOF_JAAS:
    return oakum_secret_prove_jaas(m);
  case SECRET_PROOF_TYPED:
    return oakum_secret_prove_typed(m);
  }
  return FALSE;
}
