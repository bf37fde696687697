/* Files that are a secret as a whole: keys in forms without fixed letters, passwords that stand
 * alone, and logins that a path tells of and no word in front. Looked at when a file ends that fits
 * into the buffer, and only by its first byte or its path. */
#include "inspect/secret-stream.h"
#include <string.h>

/* A part of the file that is read byte by byte; `at` never goes beyond `end`. */
typedef struct {
  const uint8_t *at, *end;
} Part;

static gboolean take(Part *from, size_t n, const uint8_t **bytes)
{
  if ((size_t)(from->end - from->at) < n)
    return FALSE;
  *bytes = from->at;
  from->at += n;
  return TRUE;
}

/* A number of n bytes, the highest first. */
static gboolean number(Part *from, size_t n, uint32_t *value)
{
  const uint8_t *bytes;
  if (!take(from, n, &bytes))
    return FALSE;
  *value = 0;
  for (size_t i = 0; i < n; i++)
    *value = *value << 8 | bytes[i];
  return TRUE;
}

/* A part whose length stands in front of it, in n bytes. */
static gboolean counted(Part *from, size_t n, Part *part)
{
  uint32_t len;
  if (!number(from, n, &len) || !take(from, len, &part->at))
    return FALSE;
  part->end = part->at + len;
  return TRUE;
}

/* ---- OpenPGP: RFC 9580, and RFC 4880
 * ----------------------------------------------------------- */
/* The integers and octets of a public key of that algorithm. */
static gboolean skip_public(Part *body, uint32_t algorithm)
{
  static const struct {
    uint8_t algorithm, curve, integers, octets;
    gboolean kdf;
  } forms[] = {{1, 0, 2, 0, FALSE},   {2, 0, 2, 0, FALSE},   {3, 0, 2, 0, FALSE},
               {16, 0, 3, 0, FALSE},  {17, 0, 4, 0, FALSE},  {18, 1, 1, 0, TRUE},
               {19, 1, 1, 0, FALSE},  {22, 1, 1, 0, FALSE},  {25, 0, 0, 32, FALSE},
               {26, 0, 0, 56, FALSE}, {27, 0, 0, 32, FALSE}, {28, 0, 0, 57, FALSE}};
  const uint8_t *bytes;
  Part part;
  for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
    if (forms[i].algorithm != algorithm)
      continue;
    if (forms[i].curve && !counted(body, 1, &part))
      return FALSE;
    for (int k = 0; k < forms[i].integers; k++) {
      uint32_t bits;
      if (!number(body, 2, &bits) || !take(body, (bits + 7) / 8, &bytes))
        return FALSE;
    }
    return take(body, forms[i].octets, &bytes) && (!forms[i].kdf || counted(body, 1, &part));
  }
  return FALSE;
}

static SecretKey packet_key(Part body)
{
  uint32_t version, algorithm, usage, word;
  const uint8_t *bytes;
  if (!number(&body, 1, &version) || version < 3 || version > 6 || !number(&body, 4, &word) ||
      (version == 3 && !take(&body, 2, &bytes)) || !number(&body, 1, &algorithm) ||
      (version > 4 && !number(&body, 4, &word)) || !skip_public(&body, algorithm) ||
      !number(&body, 1, &usage))
    return SECRET_KEY_NONE;
  if (usage == 0)
    return SECRET_KEY_OPEN;
  if (usage < 253)
    return usage <= 13 ? SECRET_KEY_SEALED : SECRET_KEY_NONE;
  size_t left = (size_t)(body.end - body.at);
  /* GnuPG's own: a card has the key, or nobody */
  return memmem(body.at, MIN(left, 12), "GNU", 3) ? SECRET_KEY_NONE : SECRET_KEY_SEALED;
}

SecretKey oakum_secret_openpgp(const uint8_t *data, size_t len)
{
  Part all = {data, data + len};
  SecretKey worst = SECRET_KEY_NONE;
  for (guint packets = 0; packets < 64; packets++) {
    uint32_t head, first, size = 0, tag;
    Part body;
    if (!number(&all, 1, &head) || !(head & 0x80))
      break;
    tag = head & 0x40 ? head & 0x3f : head >> 2 & 15;
    if (packets == 0 && tag != 5)
      break;
    if (!(head & 0x40)) {
      if ((head & 3) == 3 || !number(&all, (size_t)1 << (head & 3), &size))
        break;
    } else {
      if (!number(&all, 1, &first) || (first >= 224 && first < 255))
        break;
      size = first;
      if (first >= 192 && first < 224) {
        if (!number(&all, 1, &size))
          break;
        size += (first - 192) * 256 + 192;
      } else if (first == 255 && !number(&all, 4, &size))
        break;
    }
    body.at = all.at;
    body.end = all.at + MIN(size, (size_t)(all.end - all.at));
    if (tag == 5 || tag == 7)
      worst = MAX(worst, packet_key(body));
    all.at = body.end;
  }
  return worst;
}

/* ---- DER: RFC 8017, 5915, 5958
 * --------------------------------------------------------------------------- */
static gboolean element(Part *from, uint32_t *tag, Part *body)
{
  uint32_t len;
  if (!number(from, 1, tag) || !number(from, 1, &len) || len == 0x80 || len > 0x83 ||
      (len > 0x80 && !number(from, len - 0x80, &len)) || !take(from, len, &body->at))
    return FALSE;
  body->end = body->at + len;
  return TRUE;
}

/* The file is one key, and nothing else. */
static SecretKey der_key(const uint8_t *data, size_t len)
{
  static const uint8_t pkcs5[] = {6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 5},
                       pkcs12[] = {6, 10, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 12};
  Part all = {data, data + len}, key, one, two, part;
  uint32_t tag, first, second;
  if (!element(&all, &tag, &key) || tag != 0x30 || all.at != all.end ||
      !element(&key, &first, &one) || !element(&key, &second, &two))
    return SECRET_KEY_NONE;
  size_t one_len = (size_t)(one.end - one.at), two_len = (size_t)(two.end - two.at);
  if (first == 0x30 && second == 0x30) { /* BCFKS: what is sealed, and the sum of it */
    Part sealed = one;
    return element(&sealed, &tag, &part) && tag == 0x30 && part.end - part.at > (int)sizeof pkcs5 &&
                   memcmp(part.at, pkcs5, sizeof pkcs5) == 0 && element(&sealed, &tag, &part) &&
                   tag == 4 && key.at == key.end
               ? SECRET_KEY_STORE
               : SECRET_KEY_NONE;
  }
  if (first == 0x30)
    return second == 4 && key.at == key.end && one_len > sizeof pkcs12 &&
                   (memcmp(one.at, pkcs5, sizeof pkcs5) == 0 ||
                    memcmp(one.at, pkcs12, sizeof pkcs12) == 0)
               ? SECRET_KEY_SEALED
               : SECRET_KEY_NONE;
  if (first != 2 || one_len != 1 || *one.at > 1)
    return SECRET_KEY_NONE;
  if (second == 4) /* of a curve: behind it are its name and the public half */
    return *one.at == 1 && two_len >= 20 && (key.at == key.end || *key.at >> 4 == 10)
               ? SECRET_KEY_OPEN
               : SECRET_KEY_NONE;
  if (second == 0x30) /* PKCS #8 */
    return two_len > 2 && *two.at == 6 && element(&key, &tag, &part) && tag == 4 &&
                   part.end - part.at >= 20
               ? SECRET_KEY_OPEN
               : SECRET_KEY_NONE;
  guint integers = 2;
  for (; key.at < key.end; integers++)
    if (!element(&key, &tag, &part) || tag != 2)
      return SECRET_KEY_NONE;
  /* of RSA nine, of DSA six */
  return second == 2 && two_len >= 64 && (integers == 9 || integers == 6) ? SECRET_KEY_OPEN
                                                                          : SECRET_KEY_NONE;
}

/* ---- key stores of Bouncy Castle
 * ----------------------------------------------------------------------------- */
/* Version, salt, rounds; then entries: kind, name, date, certificates, and what it holds. */
static gboolean bks_has_key(const uint8_t *data, size_t len)
{
  Part all = {data, data + len}, part;
  const uint8_t *bytes;
  uint32_t version, rounds, kind, chain;
  if (!number(&all, 4, &version) || version < 1 || version > 2 || !counted(&all, 4, &part) ||
      part.end - part.at != 20 || !number(&all, 4, &rounds) || rounds < 1 || rounds > 1000000)
    return FALSE;
  for (guint entries = 0; entries < 1000; entries++) {
    if (!number(&all, 1, &kind) || kind < 1 || kind > 4 || !counted(&all, 2, &part) ||
        !take(&all, 8, &bytes) || !number(&all, 4, &chain) || chain > 100)
      return FALSE;
    if (kind > 1)
      return TRUE;
    for (guint i = 0; i <= chain; i++) /* those of the chain, and its own */
      if (!counted(&all, 2, &part) || !counted(&all, 4, &part))
        return FALSE;
  }
  return FALSE;
}

/* UBER: BKS's beginning, and behind it what is sealed as a whole, in blocks of Twofish. */
static gboolean is_uber(const uint8_t *data, size_t len)
{
  enum { ROUNDS_MIN = 1024, ROUNDS_MAX = 2047, BLOCK = 16 }; /* as Bouncy Castle draws them */
  Part all = {data, data + len}, salt;
  uint32_t version, rounds;
  return number(&all, 4, &version) && version == 1 && counted(&all, 4, &salt) &&
         salt.end - salt.at == 20 && number(&all, 4, &rounds) && rounds >= ROUNDS_MIN &&
         rounds <= ROUNDS_MAX && all.end - all.at >= 2 * BLOCK && (all.end - all.at) % BLOCK == 0 &&
         oakum_secret_entropy(all.at, (size_t)(all.end - all.at)) >= 45;
}

/* ---- Kerberos
 * -----------------------------------------------------------------------------------------------
 */
/* A keytab of version 2 (MIT's keytab_file_format): entries of parts of a name, a time, and a key.
 */
static gboolean is_keytab(const uint8_t *data, size_t len)
{
  Part all = {data, data + len}, entry, part;
  uint32_t head, size, parts, skip, type;
  const uint8_t *bytes;
  if (!number(&all, 2, &head) || head != 0x0502)
    return FALSE;
  while (number(&all, 4, &size)) {
    if (size & 0x80000000u) { /* a hole */
      if (!take(&all, (size_t)(0u - size), &bytes))
        return FALSE;
      continue;
    }
    if (!take(&all, size, &bytes))
      return FALSE;
    entry = (Part){bytes, bytes + size};
    if (!number(&entry, 2, &parts) || parts > 16)
      return FALSE;
    for (guint i = 0; i <= parts; i++) /* the realm first */
      if (!counted(&entry, 2, &part))
        return FALSE;
    return number(&entry, 4, &skip) && number(&entry, 4, &skip) && number(&entry, 1, &skip) &&
           number(&entry, 2, &type) && type > 0 && type < 100 && counted(&entry, 2, &part) &&
           part.end - part.at >= 8;
  }
  return FALSE;
}

/* ---- texts
 * -----------------------------------------------------------------------------------------------
 */
static void found(SecretStream *stream, const char *id, size_t start, size_t end, uint64_t line)
{
  guint rule = 0;
  while (strcmp(oakum_secret_rules[rule].id, id) != 0)
    rule++;
  oakum_secret_note_whole(stream, rule, start, end, line);
}

static gboolean is_blank(uint8_t c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

/* "$NAME", "${NAME}", "$(program)", "{{ name }}": it stands elsewhere. */
static gboolean refers(const uint8_t *data, size_t len)
{
  gboolean name = data[0] == '$';
  for (size_t i = 0; i < len; i++) {
    char next = i + 1 < len ? (char)data[i + 1] : '\0';
    if ((data[i] == '$' && (next == '{' || next == '(')) || (data[i] == '{' && next == '{'))
      return TRUE;
    name = name && (i == 0 || g_ascii_isalnum(data[i]) || data[i] == '_');
  }
  return name;
}

/* Whether it may be a password: what people write in its place is none. */
static gboolean is_value(const uint8_t *data, size_t len)
{
  if (len < 4 || strchr("<{[/", data[0]) || refers(data, len))
    return FALSE;
  for (size_t i = 0; i < len; i++)
    if (data[i] < ' ' || data[i] == 0x7f)
      return FALSE;
  return !oakum_secret_is_placeholder(data, len, FALSE);
}

/* Files that hold one password, and nothing else. */
static gboolean is_bare(const char *path)
{
  static const char *const folders[] = {"run/secrets/", "var/run/secrets/"};
  static const char *const names[] = {".erlang.cookie",  ".vault_pass", ".vault_pass.txt",
                                      "vault_pass.txt",  ".vaultpass",  "vault-password",
                                      ".vault-password", ".vault-token"};
  const char *name = oakum_path_base(path);
  for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
    if (g_str_has_prefix(path, folders[i]))
      return strcmp(name, "namespace") != 0;
  for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
    if (strcmp(name, names[i]) == 0)
      return TRUE;
  return g_str_has_suffix(path, "config/master.key") ||
         g_str_has_suffix(path, "secrets/master.key") || /* Jenkins */
         (g_str_has_suffix(name, ".key") && strstr(path, "config/credentials/"));
}

static void look_at_bare(SecretStream *stream)
{
  const uint8_t *data = stream->buffer;
  size_t from = 0, to = stream->len;
  while (to > 0 && (is_blank(data[to - 1]) || data[to - 1] == '\n'))
    to--;
  while (from < to && is_blank(data[from]))
    from++;
  if (to - from >= 6 && to - from <= OAKUM_SECRET_BARE_MAX && is_value(data + from, to - from))
    found(stream, "bare-secret", from, to, 0);
}

/* Lines of fields of which the last ones are a login. */
typedef struct {
  const char *name, *rule;
  char split;      /* between fields; ' ': blanks */
  guint field, of; /* which one is the password, and how many there are at least */
  gboolean login;  /* the field is "user:password" */
  const char *key; /* what the line begins with; NULL: anything */
} LoginFile;
static const LoginFile login_files[] = {
    {".passwd-s3fs", "service-login", ':', 1, 2, FALSE, NULL},
    {"etc/passwd-s3fs", "service-login", ':', 1, 2, FALSE, NULL},
    {".pgpass", "pgpass-login", ':', 4, 5, FALSE, NULL},
    {"pgpass.conf", "pgpass-login", ':', 4, 5, FALSE, NULL},
    {"sasl_passwd", "service-login", ' ', 1, 2, TRUE, NULL},
    {"sasl/passwd", "service-login", ' ', 1, 2, TRUE, NULL},
    {"passwd.client", "service-login", ':', 2, 3, FALSE, NULL},
    {"chap-secrets", "service-login", ' ', 2, 3, FALSE, NULL},
    {"pap-secrets", "service-login", ' ', 2, 3, FALSE, NULL},
    {".rediscli_history", "service-login", ' ', 1, 2, FALSE, "auth "},
    {".rediscli_history", "service-login", ' ', 1, 2, FALSE, "AUTH "},
    {".nmconnection", "wifi-key", '=', 1, 2, FALSE, "psk="},
};

/* The field of the line [from, to) of the buffer; FALSE: there are not so many. */
static gboolean field_of(const uint8_t *data, size_t from, size_t to, const LoginFile *file,
                         size_t *start, size_t *end)
{
  guint n = 0;
  while (from < to) {
    gboolean quoted = file->split == ' ' && data[from] == '"';
    size_t at = from + quoted;
    while (at < to && (quoted               ? data[at] != '"'
                       : file->split == ' ' ? !is_blank(data[at])
                                            : data[at] != (uint8_t)file->split))
      at += data[at] == '\\' && at + 1 < to ? 2 : 1;
    if (n == file->field) {
      *start = from + quoted;
      *end = at;
    }
    n++;
    from = at + quoted + (file->split != ' ');
    while (file->split == ' ' && from < to && is_blank(data[from]))
      from++;
  }
  return n >= file->of;
}

static void look_at_logins(SecretStream *stream, const LoginFile *file)
{
  const uint8_t *data = stream->buffer;
  uint64_t line = 0;
  for (size_t from = 0, next; from < stream->len; from = next, line++) {
    const uint8_t *nl = memchr(data + from, '\n', stream->len - from);
    size_t to = nl ? (size_t)(nl - data) : stream->len, start = 0, end = 0;
    next = to + 1;
    while (from < to && is_blank(data[from]))
      from++;
    while (to > from && is_blank(data[to - 1]))
      to--;
    if (from == to || data[from] == '#' ||
        (file->key && (to - from < strlen(file->key) ||
                       memcmp(data + from, file->key, strlen(file->key)) != 0)) ||
        !field_of(data, from, to, file, &start, &end))
      continue;
    const uint8_t *colon = file->login ? memchr(data + start, ':', end - start) : NULL;
    if (file->login && !colon)
      continue;
    if (colon)
      start = (size_t)(colon + 1 - data);
    if (is_value(data + start, end - start))
      found(stream, file->rule, start, end, line);
  }
}

/* ---- OpenVPN's auth-user-pass
 * ------------------------------------------------------------------------------------- */
/* The line at *at without blanks around it; empty lines are passed over. */
static gboolean next_line(const uint8_t *data, size_t *at, size_t end, size_t *from, size_t *to)
{
  while (*at < end && (is_blank(data[*at]) || data[*at] == '\n'))
    ++*at;
  *from = *to = *at;
  for (; *at < end && data[*at] != '\n'; ++*at)
    if (!is_blank(data[*at]))
      *to = *at + 1;
  return *to > *from;
}

/* Two lines are all there is: a user, and a password. */
static void look_at_pair(SecretStream *stream, size_t at, size_t end, gboolean named)
{
  const uint8_t *data = stream->buffer;
  size_t user, user_end, from, to, more, more_end;
  gboolean mixed = FALSE;
  if (!next_line(data, &at, end, &user, &user_end) || !next_line(data, &at, end, &from, &to) ||
      next_line(data, &at, end, &more, &more_end) || user_end - user > 128 || to - from < 6 ||
      to - from > 256)
    return;
  for (size_t i = user; i < user_end; i++)
    if (!g_ascii_isalnum(data[i]) && !strchr("@._+\\-", data[i]))
      return;
  for (size_t i = from; i < to; i++) {
    if (is_blank(data[i]))
      return;
    mixed |= !g_ascii_isalpha(data[i]);
  }
  if ((mixed || named) && is_value(data + from, to - from) &&
      !oakum_secret_is_placeholder(data + from, to - from, TRUE))
    found(stream, "openvpn-login", from, to, oakum_secret_count_lines(data, from));
}

/* In a file of its own, or inline in the settings. */
static void look_at_openvpn(SecretStream *stream, const char *path)
{
  static const char *const words[] = {"auth", "pass", "cred", "login", "secret"};
  static const char open[] = "<auth-user-pass>", close[] = "</auth-user-pass>";
  const char *name = oakum_path_base(path);
  gboolean named = FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
    named = named || strstr(name, words[i]);
  if (g_str_has_suffix(name, ".ovpn") || g_str_has_suffix(name, ".conf")) {
    const uint8_t *data = stream->buffer, *end = data + stream->len,
                  *from = memmem(data, stream->len, open, strlen(open)),
                  *to = from ? memmem(from, (size_t)(end - from), close, strlen(close)) : NULL;
    if (to)
      look_at_pair(stream, (size_t)(from - data) + strlen(open), (size_t)(to - data), TRUE);
  } else if (strstr(path, "openvpn/") || strstr(name, "auth-user-pass") ||
             (named && strstr(path, "vpn")))
    look_at_pair(stream, 0, stream->len, named);
}

/* ---- the file
 * ------------------------------------------------------------------------------------------ */
static void look_at_key(SecretStream *stream)
{
  static const struct {
    const char *open, *sealed;
  } rules[] = {{"private-key-der", "private-key-der-sealed"},
               {"openpgp-key", "openpgp-key-sealed"}};
  const uint8_t *data = stream->buffer;
  gboolean pgp = data[0] >= 0x80;
  SecretKey key = pgp               ? oakum_secret_openpgp(data, stream->len)
                  : data[0] == 0x30 ? der_key(data, stream->len)
                                    : SECRET_KEY_NONE;
  if (key == SECRET_KEY_STORE ||
      (data[0] == 0 && (bks_has_key(data, stream->len) || is_uber(data, stream->len))))
    found(stream, "java-key-store", 0, stream->len, 0);
  else if (key != SECRET_KEY_NONE && (pgp || !stream->found->len)) /* else it was seen before */
    found(stream, key == SECRET_KEY_OPEN ? rules[pgp].open : rules[pgp].sealed, 0, stream->len, 0);
}

void oakum_secret_look_at_whole(SecretStream *stream)
{
  const char *path = stream->member ? stream->member : stream->path;
  if (stream->base > 0 || stream->len < 6)
    return;
  if (stream->buffer[0] == 0 || stream->buffer[0] == 0x30 || stream->buffer[0] >= 0x80)
    look_at_key(stream);
  if (is_keytab(stream->buffer, stream->len))
    found(stream, "kerberos-keytab", 0, stream->len, 0);
  if (!(stream->places & 1u << SECRET_APP))
    return;
  if (is_bare(path))
    look_at_bare(stream);
  look_at_openvpn(stream, path);
  for (size_t i = 0; i < G_N_ELEMENTS(login_files); i++)
    if (g_str_has_suffix(path, login_files[i].name))
      look_at_logins(stream, &login_files[i]);
}
