/* What the content of a few small files shows: accounts, ssh, sudo, the settings of package
 * managers, and files that hold secrets by their name. */
#include "inspect/hygiene-private.h"
#include <string.h>

/* ---- lines and fields
 * ---------------------------------------------------------------------------- */
static gboolean next_line(OakumSlice *rest, OakumSlice *line)
{
  if (!oakum_slice_line(rest, line))
    return FALSE;
  if (line->len > 0 && line->data[line->len - 1] == '\r')
    line->len--;
  return TRUE;
}

static OakumSlice strip(OakumSlice text)
{
  while (text.len > 0 && g_ascii_isspace(text.data[0])) {
    text.data++;
    text.len--;
  }
  while (text.len > 0 && g_ascii_isspace(text.data[text.len - 1]))
    text.len--;
  return text;
}

static gboolean is(OakumSlice text, const char *word)
{
  return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

static gboolean is_any_case(OakumSlice text, const char *word)
{
  return text.len == strlen(word) &&
         g_ascii_strncasecmp((const char *)text.data, word, text.len) == 0;
}

static gboolean holds(OakumSlice text, const char *word)
{
  return memmem(text.data, text.len, word, strlen(word)) != NULL;
}

static char *copy(OakumSlice text)
{
  return g_strndup((const char *)text.data, MIN(text.len, OAKUM_HYGIENE_TEXT_MAX));
}

/* Splits at `by`; what is not there is empty. Gives how many there are, at most `max`. */
static guint split(OakumSlice line, char by, OakumSlice *fields, guint max)
{
  guint n = 0;
  memset(fields, 0, max * sizeof *fields);
  while (n < max) {
    const uint8_t *end = line.len ? memchr(line.data, by, line.len) : NULL;
    size_t len = end ? (size_t)(end - line.data) : line.len;
    fields[n++] = (OakumSlice){line.data, len};
    if (!end)
      break;
    line.data += len + 1;
    line.len -= len + 1;
  }
  return n;
}

/* "a", "a, b", "a, b and 3 more" of names; new string. */
static char *some(const GPtrArray *names)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < MIN(names->len, OAKUM_HYGIENE_EXAMPLES); i++)
    g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", (char *)names->pdata[i]);
  if (names->len > OAKUM_HYGIENE_EXAMPLES)
    g_string_append_printf(out, " and %u more", names->len - OAKUM_HYGIENE_EXAMPLES);
  return g_string_free(out, FALSE);
}

/* ---- etc/passwd, etc/group, etc/shadow: passwd(5), group(5), shadow(5)
 * ---------------------------- */
static gboolean is_number(OakumSlice text, uint64_t *out)
{
  return text.len > 0 && oakum_parse_u64((const char *)text.data, text.len, UINT32_MAX, out);
}

static gboolean is_login_shell(OakumSlice shell)
{
  static const char *const shells[] = {"sh",   "bash", "ash",     "dash",  "zsh",  "ksh", "csh",
                                       "tcsh", "fish", "busybox", "rbash", "mksh", "pwsh"};
  const uint8_t *slash = shell.len ? memrchr(shell.data, '/', shell.len) : NULL;
  if (slash)
    shell = (OakumSlice){slash + 1, shell.len - (size_t)(slash + 1 - shell.data)};
  for (size_t i = 0; i < G_N_ELEMENTS(shells); i++)
    if (is(shell, shells[i]))
      return TRUE;
  return shell.len == 0; /* none said: /bin/sh */
}

typedef struct {
  GHashTable *names, *numbers; /* text → first name that has it */
  GPtrArray *doubles;
} Doubles;

static void doubles_init(Doubles *d)
{
  *d = (Doubles){oakum_str_map_new(g_free, NULL), oakum_str_map_new(g_free, g_free),
                 g_ptr_array_new_with_free_func(g_free)};
}

static void doubles_add(Doubles *d, const char *name, uint64_t number)
{
  g_autofree char *key = g_strdup_printf("%" G_GUINT64_FORMAT, number);
  const char *first = g_hash_table_lookup(d->numbers, key);
  if (g_hash_table_contains(d->names, name))
    g_ptr_array_add(d->doubles, g_strdup_printf("%s twice", name));
  else if (first)
    g_ptr_array_add(d->doubles, g_strdup_printf("%s and %s are %s", first, name, key));
  g_hash_table_add(d->names, g_strdup(name));
  if (!first)
    g_hash_table_insert(d->numbers, g_steal_pointer(&key), g_strdup(name));
}

static void doubles_tell(Doubles *d, const char *path, GPtrArray *into)
{
  if (d->doubles->len > 0) {
    g_autofree char *names = some(d->doubles);
    oakum_hygiene_tell(into, HYGIENE_DOUBLE_ID, path, g_strdup_printf("%s: %s", path, names));
  }
  g_hash_table_unref(d->names);
  g_hash_table_unref(d->numbers);
  g_ptr_array_unref(d->doubles);
}

static void tell_names(GPtrArray *into, HygieneRule rule, const char *path, GPtrArray *names_taken,
                       const char *what)
{
  if (names_taken->len > 0) {
    g_autofree char *names = some(names_taken);
    oakum_hygiene_tell(into, rule, path, g_strdup_printf("%s: %s %s", path, names, what));
  }
  g_ptr_array_unref(names_taken);
}

/* A hash that crypt(3) could have made: not empty, and not one that locks ("!", "*", "x"). */
static gboolean is_hash(OakumSlice field)
{
  return field.len >= 13 && field.data[0] != '!' && field.data[0] != '*';
}

static void look_at_passwd(const char *path, OakumSlice content, GPtrArray *into)
{
  GPtrArray *empty = g_ptr_array_new_with_free_func(g_free),
            *roots = g_ptr_array_new_with_free_func(g_free),
            *shells = g_ptr_array_new_with_free_func(g_free),
            *hashes = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GString) fact = g_string_new(NULL);
  Doubles doubles;
  OakumSlice line, f[7];
  guint lines = 0;
  doubles_init(&doubles);
  while (next_line(&content, &line) && lines++ < OAKUM_HYGIENE_ACCOUNTS_MAX) {
    uint64_t uid;
    if (line.len == 0 || line.data[0] == '#' || split(line, ':', f, 7) < 7 ||
        !is_number(f[2], &uid) || f[0].len == 0)
      continue;
    g_autofree char *name = copy(f[0]);
    doubles_add(&doubles, name, uid);
    if (f[1].len == 0)
      g_ptr_array_add(empty, g_strdup(name));
    else if (is_hash(f[1]))
      g_ptr_array_add(hashes, g_strdup(name));
    if (uid == 0 && strcmp(name, "root") != 0)
      g_ptr_array_add(roots, g_strdup(name));
    if (uid > 0 && uid < 1000 && is_login_shell(f[6]))
      g_ptr_array_add(shells, g_strdup(name));
    if (fact->len < OAKUM_HYGIENE_FACT_MAX)
      g_string_append_printf(fact, "%s:%" G_GUINT64_FORMAT "\n", name, uid);
  }
  doubles_tell(&doubles, path, into);
  tell_names(into, HYGIENE_EMPTY_PASSWORD, path, empty, "need no password");
  tell_names(into, HYGIENE_SECOND_ROOT, path, roots, "with the number of root");
  tell_names(into, HYGIENE_SERVICE_SHELL, path, shells, "could log in");
  tell_names(into, HYGIENE_PASSWORD_HASH, path, hashes, "with a password that all can read");
  oakum_hygiene_fact(into, HYGIENE_FACT_PASSWD, path, fact->str);
}

static void look_at_group(const char *path, OakumSlice content, GPtrArray *into)
{
  Doubles doubles;
  OakumSlice line, f[4];
  guint lines = 0;
  g_autoptr(GString) fact = g_string_new(NULL);
  doubles_init(&doubles);
  while (next_line(&content, &line) && lines++ < OAKUM_HYGIENE_ACCOUNTS_MAX) {
    uint64_t gid;
    if (line.len == 0 || line.data[0] == '#' || split(line, ':', f, 4) < 3 ||
        !is_number(f[2], &gid) || f[0].len == 0)
      continue;
    g_autofree char *name = copy(f[0]);
    doubles_add(&doubles, name, gid);
    if (fact->len < OAKUM_HYGIENE_FACT_MAX)
      g_string_append_printf(fact, "%s\n", name);
  }
  doubles_tell(&doubles, path, into);
  oakum_hygiene_fact(into, HYGIENE_FACT_GROUP, path, fact->str);
}

static void look_at_shadow(const char *path, OakumSlice content, GPtrArray *into)
{
  GPtrArray *empty = g_ptr_array_new_with_free_func(g_free),
            *hashes = g_ptr_array_new_with_free_func(g_free);
  OakumSlice line, f[3];
  guint lines = 0;
  while (next_line(&content, &line) && lines++ < OAKUM_HYGIENE_ACCOUNTS_MAX) {
    if (line.len == 0 || strchr("#+-", line.data[0]) || /* "+::…" is of NIS */
        split(line, ':', f, 3) < 2 || f[0].len == 0)
      continue;
    if (f[1].len == 0)
      g_ptr_array_add(empty, copy(f[0]));
    else if (is_hash(f[1]))
      g_ptr_array_add(hashes, copy(f[0]));
  }
  tell_names(into, HYGIENE_EMPTY_PASSWORD, path, empty, "need no password");
  tell_names(into, HYGIENE_PASSWORD_HASH, path, hashes, "with a password");
}

/* ---- ssh and sudo
 * -------------------------------------------------------------------------------- */
/* sshd_config(5): the first value of a keyword counts, any case, "=" or space between. */
static void look_at_sshd(const char *path, OakumSlice content, GPtrArray *into)
{
  static const char *const keys[] = {"PermitRootLogin", "PermitEmptyPasswords",
                                     "HostbasedAuthentication"};
  gboolean seen[G_N_ELEMENTS(keys)] = {FALSE};
  OakumSlice line;
  while (next_line(&content, &line)) {
    line = strip(line);
    if (line.len == 0 || line.data[0] == '#')
      continue;
    size_t n = 0;
    while (n < line.len && g_ascii_isalnum(line.data[n]))
      n++;
    OakumSlice key = {line.data, n}, value = strip((OakumSlice){line.data + n, line.len - n});
    if (value.len > 0 && value.data[0] == '=')
      value = strip((OakumSlice){value.data + 1, value.len - 1});
    const uint8_t *hash = value.len ? memchr(value.data, '#', value.len) : NULL;
    if (hash)
      value = strip((OakumSlice){value.data, (size_t)(hash - value.data)});
    if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
      value = (OakumSlice){value.data + 1, value.len - 2};
    if (is_any_case(key, "Match"))
      break;
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
      if (is_any_case(key, keys[i]) && !seen[i]) {
        seen[i] = TRUE;
        if (is_any_case(value, "yes"))
          oakum_hygiene_tell(into, HYGIENE_SSHD_LAX, path,
                             g_strdup_printf("%s: %s yes", path, keys[i]));
      }
  }
}

/* sudoers(5), doas.conf(5). */
static void look_at_sudoers(const char *path, OakumSlice content, GPtrArray *into)
{
  OakumSlice line;
  guint number = 0;
  gboolean doas = g_str_has_prefix(path, "etc/doas");
  while (next_line(&content, &line)) {
    number++;
    line = strip(line);
    if (line.len == 0 || line.data[0] == '#' ||
        !(doas
              ? line.len > 7 && memcmp(line.data, "permit ", 7) == 0 && holds(line, " nopass")
              : holds(line, "NOPASSWD") || (line.len > 8 && memcmp(line.data, "Defaults", 8) == 0 &&
                                            holds(line, "!authenticate"))))
      continue;
    g_autofree char *shown = copy(line);
    oakum_hygiene_tell(into, HYGIENE_SUDO_NOPASSWD, path,
                       g_strdup_printf("%s line %u: %s", path, number, shown))
        ->line = (int)number;
    return;
  }
}

/* ---- package managers
 * ---------------------------------------------------------------------------- */
typedef struct {
  /* the file; with '/' at its end the folder that it lies in, with "/" "*" and its ending too; with
   * "~/" in front in the home of somebody */
  const char *place;
  /* a line that holds both, in any case and without its spaces; NULL: no second one; "on", "off":
   * a value that means so */
  const char *word[2];
} Unverified;
static const Unverified unverified[] = {
    {"etc/apt/sources.list", {"trusted=yes", NULL}},
    {"etc/apt/sources.list", {"allow-insecure=yes", NULL}},
    {"etc/apt/sources.list.d/*.list", {"trusted=yes", NULL}},
    {"etc/apt/sources.list.d/*.list", {"allow-insecure=yes", NULL}},
    {"etc/apt/sources.list.d/*.sources", {"trusted:yes", NULL}},
    {"etc/apt/sources.list.d/*.sources", {"allow-insecure:yes", NULL}},
    {"etc/apt/apt.conf", {"allowunauthenticated", "on"}},
    {"etc/apt/apt.conf.d/", {"allowunauthenticated", "on"}},
    {"etc/apt/apt.conf", {"allowinsecurerepositories", "on"}},
    {"etc/apt/apt.conf.d/", {"allowinsecurerepositories", "on"}},
    {"etc/apt/apt.conf", {"verify-peer", "off"}},
    {"etc/apt/apt.conf.d/", {"verify-peer", "off"}},
    {"etc/apt/apt.conf", {"verify-host", "off"}},
    {"etc/apt/apt.conf.d/", {"verify-host", "off"}},
    {"etc/yum.repos.d/*.repo", {"sslverify=", "off"}},
    {"etc/yum.repos.d/*.repo", {"gpgcheck=", "off"}},
    {"etc/zypp/repos.d/*.repo", {"gpgcheck=", "off"}},
    {"etc/zypp/zypp.conf", {"gpgcheck=", "off"}},
    {"etc/pacman.conf", {"siglevel=", "never"}},
    {"etc/pacman.conf", {"siglevel=", "trustall"}},
    {"etc/yum.conf", {"gpgcheck=", "off"}},
    {"etc/dnf/dnf.conf", {"gpgcheck=", "off"}},
    {"etc/yum.conf", {"sslverify=", "off"}},
    {"etc/dnf/dnf.conf", {"sslverify=", "off"}},
    {"etc/pip.conf", {"trusted-host", NULL}},
    {"etc/xdg/pip/pip.conf", {"trusted-host", NULL}},
    {"~/.pip/pip.conf", {"trusted-host", NULL}},
    {"~/.config/pip/pip.conf", {"trusted-host", NULL}},
    {"~/.npmrc", {"strict-ssl=false", NULL}},
    {"etc/npmrc", {"strict-ssl=false", NULL}},
    {"usr/etc/npmrc", {"strict-ssl=false", NULL}},
    {"usr/local/etc/npmrc", {"strict-ssl=false", NULL}},
    {"~/.yarnrc", {"strict-ssl", "false"}},
    {"~/.yarnrc.yml", {"enablestrictssl:false", NULL}},
    {"~/.condarc", {"ssl_verify:false", NULL}},
    {"~/.gemrc", {"ssl_verify_mode:0", NULL}},
    {"~/.bundle/config", {"bundle_ssl_verify_mode:\"0\"", NULL}},
    {"~/.gitconfig", {"sslverify", "off"}},
    {"etc/gitconfig", {"sslverify", "off"}},
    {"~/.wgetrc", {"check_certificate=", "off"}},
    {"etc/wgetrc", {"check_certificate=", "off"}},
    {"~/.curlrc", {"insecure", NULL}},
};

static gboolean lies_at(const char *path, const char *place)
{
  if (*place == '~') { /* root/x, home/NAME/x */
    size_t n = g_str_has_prefix(path, "root/") ? 4 : 0;
    if (g_str_has_prefix(path, "home/") && path[5] != '/')
      n = 5 + strcspn(path + 5, "/");
    return n > 0 && strcmp(path + n, place + 1) == 0;
  }
  const char *star = strchr(place, '*');
  size_t n = star ? (size_t)(star - place) : strlen(place);
  return place[n - 1] == '/' ? strncmp(path, place, n) == 0 && path[n] != '\0' &&
                                   (!star || g_str_has_suffix(path, star + 1))
                             : strcmp(path, place) == 0;
}

/* The value behind the last of "=", ":" or what stands in front of a quote. */
static gboolean means(const char *tight, const char *word)
{
  static const char *const on[] = {"1", "true", "yes", "on", NULL}, *const off[] = {
                                                                        "0",   "false", "no",
                                                                        "off", "never", NULL};
  const char *const *list = strcmp(word, "on") == 0 ? on : strcmp(word, "off") == 0 ? off : NULL;
  if (!list)
    return strstr(tight, word) != NULL;
  for (; *list; list++) {
    const char *at = strstr(tight, *list);
    for (size_t n = strlen(*list); at; at = strstr(at + 1, *list))
      if (at > tight && strchr("=:\"'", at[-1]) && !g_ascii_isalnum(at[n]))
        return TRUE;
  }
  return FALSE;
}

/* "a = b" as "a=b"; new string. */
static char *without_spaces(const char *text)
{
  char *tight = g_strdup(text);
  size_t n = 0;
  for (const char *p = text; *p; p++)
    if (*p != ' ' && *p != '\t')
      tight[n++] = *p;
  tight[n] = '\0';
  return tight;
}

/* A repository of yum's, dnf's or zypper's that is turned off is read by nobody. */
static gboolean is_turned_off(OakumSlice rest)
{
  OakumSlice line;
  while (next_line(&rest, &line)) {
    line = strip(line);
    if (line.len > 0 && line.data[0] == '[')
      return FALSE;
    g_autofree char *text = copy(line);
    g_autofree char *tight = without_spaces(text);
    if (g_str_has_prefix(tight, "enabled="))
      return means(tight, "off");
  }
  return FALSE;
}

static void look_at_manager(const char *path, OakumSlice content, GPtrArray *into)
{
  OakumSlice line, section = content;
  guint number = 0;
  gboolean repositories = g_str_has_suffix(path, ".repo");
  while (next_line(&content, &line)) {
    number++;
    line = strip(line);
    if (line.len > 0 && line.data[0] == '[')
      section = content;
    if (line.len == 0 || line.len > OAKUM_HYGIENE_TEXT_MAX || strchr("#;", line.data[0]) ||
        (line.len > 1 && line.data[0] == '/' && line.data[1] == '/'))
      continue;
    g_autofree char *low = g_ascii_strdown((const char *)line.data, (gssize)line.len);
    g_autofree char *tight = without_spaces(low);
    for (size_t i = 0; i < G_N_ELEMENTS(unverified); i++) {
      const Unverified *u = &unverified[i];
      const char *at = lies_at(path, u->place) ? strstr(tight, u->word[0]) : NULL;
      if (!at || (u->word[1] && !means(at, u->word[1])) || (repositories && is_turned_off(section)))
        continue;
      g_autofree char *shown = copy(line);
      oakum_hygiene_tell(into, HYGIENE_UNVERIFIED_SOURCE, path,
                         g_strdup_printf("%s line %u: %s", path, number, shown))
          ->line = (int)number;
      return;
    }
  }
}

/* Trees that came from elsewhere: their examples and tests hold such names and no secrets. */
static gboolean is_foreign_tree(const char *path)
{
  static const char *const parts[] = {"/node_modules/",  "/vendor/",        "/site-packages/",
                                      "/dist-packages/", "/go/pkg/mod/",    "/.cargo/registry/",
                                      "/usr/share/doc/", "/usr/share/doc-", "/usr/lib/python",
                                      "/gems/",          "/testdata/",      "/.m2/repository/"};
  g_autofree char *whole = g_strconcat("/", path, NULL);
  for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
    if (strstr(whole, parts[i]))
      return TRUE;
  return FALSE;
}

/* Names as dockle's CIS-DI-0010 has them, and of programs that keep a password in a file. */
HygieneName oakum_hygiene_secret_name(const char *path)
{
  static const char *const always[] = {"id_rsa",
                                       "id_dsa",
                                       "id_ecdsa",
                                       "id_ed25519",
                                       "id_ed25519_sk",
                                       ".git-credentials",
                                       ".pgpass",
                                       ".netrc",
                                       "_netrc",
                                       ".htpasswd",
                                       "password.txt",
                                       "master.key",
                                       "service-account.json",
                                       ".vault-token",
                                       "kubeconfig",
                                       "id_ecdsa_sk",
                                       "secring.gpg",
                                       "krb5.keytab",
                                       "wallet.dat"};
  static const char *const look[] = {"credentials",      "credentials.json",
                                     "credential",       "credential.json",
                                     "credentials.xml",  "settings.py",
                                     "database.yml",     "secrets.yml",
                                     "secret_token.rb",  "carrierwave.rb",
                                     "omniauth.rb",      ".env",
                                     ".env.local",       ".env.production",
                                     ".env.development", ".npmrc",
                                     ".pypirc",          ".my.cnf",
                                     ".s3cfg",           ".boto",
                                     "wp-config.php",    ".dockercfg",
                                     "credentials.toml", "credentials.tfrc.json",
                                     ".terraformrc",     ".yarnrc.yml",
                                     "auth.json",        "client_secret.json",
                                     "rclone.conf",      "secrets.yaml",
                                     "secrets.json",     "secrets.toml",
                                     "pgpass.conf",      "application_default_credentials.json"};
  static const char *const looked[] = {".tfvars", ".tfstate", ".tfstate.backup", ".env"};
  static const char *const forms[] = {".example", ".sample", ".template", ".dist", ".tpl"};
  static const char *const suffixes[] = {
      ".secret", ".ovpn",   ".private_key",   ".cscfg",    ".rdp",      ".tpm",     ".fve",
      ".jks",    ".psafe3", ".agilekeychain", ".keychain", ".kdbx",     ".p12",     ".pfx",
      ".ppk",    ".bek",    ".gnucash",       ".pcap",     ".keystore", ".mdf",     ".sdf",
      ".kdb",    ".keytab", ".pkcs12",        ".jceks",    ".pcapng",   ".gnucache"};
  const char *base = oakum_path_base(path);
  if (is_foreign_tree(path))
    return HYGIENE_NAME_NO;
  for (size_t i = 0; i < G_N_ELEMENTS(always); i++)
    if (strcmp(base, always[i]) == 0)
      return HYGIENE_NAME_YES;
  for (size_t i = 0; i < G_N_ELEMENTS(look); i++)
    if (strcmp(base, look[i]) == 0)
      return HYGIENE_NAME_IF_CONTENT;
  if (g_str_has_suffix(path, ".docker/config.json") || g_str_has_suffix(path, ".kube/config"))
    return HYGIENE_NAME_IF_CONTENT;
  if (strstr(path, ".gnupg/private-keys-v1.d/") && g_str_has_suffix(base, ".key"))
    return HYGIENE_NAME_YES;
  if (g_str_has_prefix(base, ".env.")) {
    gboolean form = FALSE; /* to be filled in */
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
      form |= g_str_has_suffix(base, forms[i]);
    return form ? HYGIENE_NAME_NO : HYGIENE_NAME_IF_CONTENT;
  }
  for (size_t i = 0; i < G_N_ELEMENTS(looked); i++)
    if (g_str_has_suffix(base, looked[i]))
      return HYGIENE_NAME_IF_CONTENT;
  /* the JDK's list of authorities, those that Debian makes of it and others' are no keys */
  if (g_str_has_prefix(base, "cacerts") || g_str_has_prefix(base, "trust") ||
      g_str_has_prefix(path, "etc/ssl/certs/") || g_str_has_prefix(path, "etc/pki/"))
    return HYGIENE_NAME_NO;
  for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++)
    if (g_str_has_suffix(base, suffixes[i]) && strlen(base) > strlen(suffixes[i]))
      return HYGIENE_NAME_YES;
  return HYGIENE_NAME_NO;
}

/* A word that names a secret, and behind it ":" or "=" and something that is no reference. */
gboolean oakum_hygiene_secret_content(const char *path, OakumSlice content)
{
  OakumSlice line;
  while (next_line(&content, &line)) {
    line = strip(line);
    if (line.len == 0 || line.len > OAKUM_HYGIENE_TEXT_MAX || line.data[0] == '#' ||
        line.data[0] == ';')
      continue;
    g_autofree char *text = copy(line);
    /* wp-config: define('DB_PASSWORD', 'x'); XML: <password>x</password>; JSON: "auth": "x" */
    for (const char *at = text; (at = strpbrk(at, "=:,>")) != NULL; at++) {
      size_t end = (size_t)(at - text), start;
      while (end > 0 && strchr(" \t\"')]", text[end - 1]))
        end--;
      for (start = end;
           start > 0 && (g_ascii_isalnum(text[start - 1]) || strchr("_-.", text[start - 1]));)
        start--;
      if (start == end)
        continue;
      const char *value = at + 1;
      value += strspn(value, "> \t\"'=");
      gboolean docker = g_str_has_suffix(path, ".docker/config.json") && end - start == 4 &&
                        strncmp(text + start, "auth", 4) == 0;
      const char *name = text + start;
      size_t n = end - start;
      if (n > 1 && *name == '_') { /* npm's _authToken, _password */
        name++;
        n--;
      }
      g_autofree char *first = g_strndup(value, strcspn(value, " \t\"',;<)"));
      if (*first && *first != '{' && *first != '[' && !g_str_has_prefix(first, "os.") &&
          !g_str_has_prefix(first, "env(") && !g_str_has_prefix(first, "ENV[") &&
          !g_str_has_prefix(first, "getenv(") && !g_str_has_prefix(first, "config(") &&
          !g_str_has_prefix(first, "<%") && (docker || oakum_hygiene_is_secret(name, n, first)))
        return TRUE;
    }
  }
  return FALSE;
}

/* ---- which file goes where
 * ----------------------------------------------------------------------- */
typedef void (*Look)(const char *path, OakumSlice content, GPtrArray *into);

static Look look_of(const char *path)
{
  static const struct {
    const char *place;
    Look look;
  } places[] = {
      {"etc/passwd", look_at_passwd},        {"etc/group", look_at_group},
      {"etc/shadow", look_at_shadow},        {"etc/master.passwd", look_at_shadow},
      {"etc/ssh/sshd_config", look_at_sshd}, {"etc/ssh/sshd_config.d/*.conf", look_at_sshd},
      {"etc/sudoers", look_at_sudoers},      {"etc/sudoers.d/", look_at_sudoers},
      {"etc/doas.conf", look_at_sudoers},    {"etc/doas.d/*.conf", look_at_sudoers}};
  /* most files lie where nothing is looked for */
  if (!strchr("ehru", path[0]) ||
      (g_str_has_prefix(path, "usr/") && !g_str_has_suffix(path, "npmrc")))
    return NULL;
  /* sudo passes over names with a dot or a "~" at their end */
  if (g_str_has_prefix(path, "etc/sudoers.d/") &&
      (strchr(path + 14, '.') || g_str_has_suffix(path, "~")))
    return NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
    if (lies_at(path, places[i].place))
      return places[i].look;
  for (size_t i = 0; i < G_N_ELEMENTS(unverified); i++)
    if (lies_at(path, unverified[i].place))
      return look_at_manager;
  return NULL;
}

static gboolean is_machine_id(const char *path)
{
  return strcmp(path, "etc/machine-id") == 0 || strcmp(path, "var/lib/dbus/machine-id") == 0;
}

/* Lines of comments and empty ones aside. */
static OakumSlice first_words(OakumSlice content)
{
  OakumSlice line = {NULL, 0};
  while (next_line(&content, &line)) {
    line = strip(line);
    if (line.len > 0 && line.data[0] != '#')
      return line;
  }
  return (OakumSlice){NULL, 0};
}

gboolean oakum_hygiene_wants(const char *path)
{
  return is_machine_id(path) || strcmp(path, "etc/ld.so.preload") == 0 || look_of(path) != NULL;
}

void oakum_hygiene_content(const char *path, OakumSlice content, GPtrArray *into)
{
  Look look = look_of(path);
  OakumSlice text = strip(content);
  if (look)
    look(path, content, into);
  else if (is_machine_id(path) && text.len >= 32 && !is(text, "uninitialized"))
    oakum_hygiene_tell(into, HYGIENE_MACHINE_ID, path, g_strdup_printf("%s is not empty", path));
  else if (strcmp(path, "etc/ld.so.preload") == 0 && (text = first_words(content)).len > 0) {
    g_autofree char *shown = copy((OakumSlice){text.data, MIN(text.len, 200)});
    oakum_hygiene_tell(into, HYGIENE_PRELOAD_FILE, path, g_strdup_printf("%s: %s", path, shown));
  }
}
