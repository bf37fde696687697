/* Hygiene of the steps that made an image, as its history tells them: by BuildKit ("RUN /bin/sh -c
 * x # buildkit"), Docker's old builder and buildah ("/bin/sh -c #(nop) ADD ...", "|1 A=b /bin/sh -c
 * x"), and kaniko (the instruction as written). */
#include "inspect/hygiene-private.h"
#include "shell/shell.h"
#include <string.h>

typedef struct {
  char op[16]; /* "RUN"; "": not told, and the text is nobody's */
  char **args; /* "NAME=value" of build arguments; NULL-terminated */
  char *text;  /* the script of a RUN, the words of the others */
  OakumShellDialect dialect;
  gboolean classic; /* the source of ADD and COPY is told as a digest */
} Step;

static void step_clear(Step *step)
{
  g_strfreev(step->args);
  g_free(step->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Step, step_clear)

static const char *skip_space(const char *text)
{
  return text + strspn(text, " \t\n\r");
}

/* "/bin/sh -c ", "/bin/bash -o pipefail -c ": gives what stands behind; NULL: it is no shell. */
static const char *behind_shell(const char *text, OakumShellDialect *dialect)
{
  text = skip_space(text);
  g_autofree char *first = g_strndup(text, strcspn(text, " \t"));
  const char *const argv[] = {first, NULL};
  OakumShellDialect found = oakum_shell_dialect_of(argv);
  if (found == OAKUM_SHELL_UNKNOWN)
    return NULL;
  for (guint words = 0; words < 8 && *text; words++) {
    size_t n = strcspn(text, " \t");
    gboolean flag = n >= 2 && text[0] == '-' && text[1] != '-' && text[n - 1] == 'c';
    text = skip_space(text + n);
    if (flag) {
      *dialect = found;
      return text;
    }
  }
  return NULL;
}

/* "|2 A=b C=d e /bin/sh -c x": the arguments, whose values may hold spaces. */
static const char *take_args(const char *text, Step *step)
{
  g_autoptr(GPtrArray) args = g_ptr_array_new();
  guint64 n = g_ascii_strtoull(text + 1, NULL, 10);
  text = skip_space(text + strcspn(text, " "));
  const char *end = strstr(text, " /bin/");
  if (g_str_has_prefix(text, "/bin/") || n == 0)
    end = text;
  if (!end)
    end = text + strlen(text);
  for (const char *at = text; at < end;) {
    const char *next = at;
    /* up to the next word that begins with a name and "=" */
    do {
      next += strcspn(next, " ");
      next = *next ? next + 1 : next;
      size_t name = strspn(next, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
      if (next >= end || (name > 0 && next[name] == '=' && !g_ascii_isdigit(*next)))
        break;
    } while (*next);
    next = MIN(next, end);
    if (args->len < OAKUM_HYGIENE_PARTS_MAX)
      g_ptr_array_add(args, g_strchomp(g_strndup(at, (gsize)(next - at))));
    at = next;
  }
  g_ptr_array_add(args, NULL);
  step->args = (char **)g_ptr_array_steal(args, NULL);
  return skip_space(end);
}

static gboolean is_op(const char *word, size_t n)
{
  static const char *const ops[] = {
      "RUN",   "COPY",       "ADD",         "ENV",     "CMD",       "ENTRYPOINT",
      "USER",  "EXPOSE",     "VOLUME",      "LABEL",   "ARG",       "WORKDIR",
      "SHELL", "STOPSIGNAL", "HEALTHCHECK", "ONBUILD", "MAINTAINER"};
  for (size_t i = 0; i < G_N_ELEMENTS(ops); i++)
    if (strlen(ops[i]) == n && strncmp(word, ops[i], n) == 0)
      return TRUE;
  return FALSE;
}

static void parse(const char *text, Step *step)
{
  *step = (Step){.dialect = OAKUM_SHELL_SH};
  g_autofree char *own = g_strndup(text, OAKUM_HYGIENE_STEP_MAX);
  char *mark = g_strrstr(own, " # buildkit");
  if (mark && strlen(mark) <= strlen(" # buildkit") + 2)
    *mark = '\0';
  const char *at = skip_space(own);
  if (*at == '|') {
    at = take_args(at, step);
    g_strlcpy(step->op, "RUN", sizeof(step->op));
  }
  const char *behind = behind_shell(at, &step->dialect);
  if (behind && g_str_has_prefix(behind, "#(nop)")) {
    at = skip_space(behind + strlen("#(nop)"));
    step->classic = TRUE;
    behind = NULL;
  }
  size_t n = strcspn(at, " \t");
  if (behind) {
    g_strlcpy(step->op, "RUN", sizeof(step->op));
    at = behind;
  } else if (is_op(at, n)) {
    g_strlcpy(step->op, at, MIN(n + 1, sizeof(step->op)));
    at = skip_space(at + n);
    while (strncmp(at, "--", 2) == 0 && g_ascii_isalpha(at[2])) /* --mount=…, --chown=… */
      at = skip_space(at + strcspn(at, " \t"));
    if (*at == '|' && strcmp(step->op, "RUN") == 0) {
      g_strfreev(g_steal_pointer(&step->args));
      at = take_args(at, step);
    }
    behind = strcmp(step->op, "RUN") == 0 ? behind_shell(at, &step->dialect) : NULL;
    at = behind ? behind : at;
  }
  step->text = g_strdup(at);
}

/* ---- the words of a command
 * ---------------------------------------------------------------------- */
static gboolean has_word(const OakumShellCommand *command, const char *word)
{
  for (guint i = 1; i < command->n_words; i++)
    if (strcmp(command->words[i].text, word) == 0)
      return TRUE;
  return FALSE;
}

/* The first word that is no flag: "install" of "apt-get -y install". */
static const char *verb_of(const OakumShellCommand *command)
{
  for (guint i = 1; i < command->n_words; i++) {
    const char *text = command->words[i].text;
    if ((strcmp(text, "-o") == 0 || strcmp(text, "-c") == 0) && i + 1 < command->n_words)
      i++; /* apt's -o NAME=VALUE */
    else if (*text != '-')
      return text;
  }
  return "";
}

static gboolean named(const OakumShellCommand *command, const char *names)
{
  if (!command->name || strchr(command->name, ' '))
    return FALSE;
  const char *at = strstr(names, command->name);
  for (size_t n = strlen(command->name); at; at = strstr(at + 1, command->name))
    if ((at == names || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0') && n > 0)
      return TRUE;
  return FALSE;
}

#define SHELLS "sh bash dash ash zsh ksh"
#define CHECKERS                                                                                   \
  "sha1sum sha224sum sha256sum sha384sum sha512sum shasum b2sum md5sum openssl gpg gpgv cosign "   \
  "minisign"
#define RUNNERS SHELLS " python python3 python2 perl ruby node php"

/* ---- one RUN
 * ------------------------------------------------------------------------------------- */
typedef struct {
  GPtrArray *findings;
  const char *line; /* for the reader */
  int layer;        /* -1: there is none */
  guint seen;       /* bits of the rules that were told of this step */
} Context;

static void tell(Context *c, HygieneRule rule, char *why)
{
  guint bit = 1u << (rule - HYGIENE_HISTORY_ADD);
  if (c->seen & bit) { /* once a step is enough */
    g_free(why);
    return;
  }
  c->seen |= bit;
  oakum_hygiene_tell(c->findings, rule, NULL, why)->layer_index = c->layer;
}

static char *in_step(const Context *c, const char *what)
{
  g_autofree char *valid = g_utf8_make_valid(c->line, -1);
  glong n = g_utf8_strlen(valid, -1);
  g_autofree char *cut = n > 100 ? g_utf8_substring(valid, 0, 97) : NULL;
  return g_strdup_printf("%s in: %s%s", what, cut ? cut : valid, cut ? "..." : "");
}

/* "./x.sh", "bash x": the name of the script; NULL: it runs none. */
static const char *runs_script(const OakumShellCommand *command)
{
  if (!command->name)
    return NULL;
  if (!named(command, RUNNERS " source ."))
    return g_str_has_suffix(command->name, ".sh") ? command->words[0].text : NULL;
  for (guint i = 1; i < command->n_words; i++) {
    const char *text = command->words[i].text;
    if (strcmp(text, "-c") == 0 || strcmp(text, "-m") == 0)
      return NULL;
    if (*text != '-')
      return text;
  }
  return NULL;
}

/* pacman(8): the letters of -S, and whether packages are named. */
static const char *pacman_sync(const OakumShellCommand *command, gboolean *names)
{
  const char *sync = NULL;
  *names = FALSE;
  for (guint i = 1; named(command, "pacman yay paru") && i < command->n_words; i++) {
    const char *text = command->words[i].text;
    if (text[0] == '-' && text[1] == 'S')
      sync = text + 2;
    *names |= text[0] != '-';
  }
  return sync;
}

static void look_at_updates(Context *c, const OakumShell *shell)
{
  static const char *const managers[] = {"apt apt-get aptitude", "apk", "yum dnf microdnf tdnf",
                                         "zypper"};
  for (size_t m = 0; m < G_N_ELEMENTS(managers); m++) {
    gboolean updated = FALSE;
    for (guint i = 0; i < shell->n_commands; i++) {
      const OakumShellCommand *command = shell->commands[i];
      if (!named(command, managers[m])) {
        if (updated && runs_script(command))
          updated = FALSE; /* it may install */
        continue;
      }
      const char *verb = verb_of(command);
      if (strcmp(verb, "update") == 0 || strcmp(verb, "makecache") == 0 ||
          strcmp(verb, "refresh") == 0 || strcmp(verb, "ref") == 0 ||
          strcmp(verb, "check-update") == 0)
        updated = m != 2 || strcmp(verb, "update") != 0; /* yum update installs */
      else if (strcmp(verb, "clean") != 0 && *verb)
        updated = FALSE;
    }
    if (updated)
      tell(c, HYGIENE_UPDATE_ALONE, in_step(c, "update without install"));
  }
  gboolean alone = FALSE, names;
  for (guint i = 0; i < shell->n_commands; i++) {
    const char *sync = pacman_sync(shell->commands[i], &names);
    if (sync)
      alone = strchr(sync, 'y') && !strchr(sync, 'u') && !names;
  }
  if (alone)
    tell(c, HYGIENE_UPDATE_ALONE, in_step(c, "update without install"));
}

static void look_at_upgrade(Context *c, const OakumShellCommand *command)
{
  const char *verb = verb_of(command);
  gboolean apt = named(command, "apt apt-get aptitude") &&
                 (strcmp(verb, "upgrade") == 0 || strcmp(verb, "dist-upgrade") == 0 ||
                  strcmp(verb, "full-upgrade") == 0 || strcmp(verb, "safe-upgrade") == 0);
  gboolean bare = TRUE; /* names no package */
  for (guint i = 1; i < command->n_words; i++)
    bare = bare && (command->words[i].text[0] == '-' || strcmp(command->words[i].text, verb) == 0);
  gboolean others =
      bare &&
      ((named(command, "yum dnf microdnf tdnf") &&
        (strcmp(verb, "update") == 0 || strcmp(verb, "upgrade") == 0 ||
         strcmp(verb, "distro-sync") == 0)) ||
       (named(command, "apk") && strcmp(verb, "upgrade") == 0) ||
       (named(command, "zypper") &&
        (strcmp(verb, "up") == 0 || strcmp(verb, "update") == 0 || strcmp(verb, "dup") == 0)));
  gboolean names;
  const char *sync = pacman_sync(command, &names);
  if (apt || others)
    tell(c, HYGIENE_UPGRADE_ALL, in_step(c, verb));
  else if (sync && strchr(sync, 'u') && !names)
    tell(c, HYGIENE_UPGRADE_ALL, in_step(c, "pacman -Su"));
}

/* curl … | sh; sh <(curl …); sh -c "$(curl …)"; eval "$(wget …)". What stands between in the pipe
 * (gunzip, tee, sed) does not matter; a program that checks does. */
static void look_at_pipes(Context *c, const OakumShell *shell, guint at)
{
  const OakumShellCommand *command = shell->commands[at];
  for (guint i = at + 1; i < shell->n_commands && i < at + OAKUM_HYGIENE_PARTS_MAX; i++) {
    const OakumShellCommand *later = shell->commands[i];
    if (later->pipeline != command->pipeline)
      continue;
    if (named(later, CHECKERS))
      return;
    gboolean reads = TRUE; /* "sh", "sh -s --", "bash -e", but not "sh file" */
    for (guint k = 1; k < later->n_words; k++) {
      const char *word = later->words[k].text;
      if (strcmp(word, "-s") == 0 || strcmp(word, "-") == 0 || strcmp(word, "/dev/stdin") == 0)
        break;
      if (strcmp(word, "-c") == 0 || strcmp(word, "-e") == 0 || *word != '-')
        reads = named(later, SHELLS) && strcmp(word, "-e") == 0;
    }
    if (reads && named(later, RUNNERS)) {
      tell(c, HYGIENE_PIPE_TO_SHELL, in_step(c, "a download is piped into a shell"));
      return;
    }
  }
  const OakumShellCommand *outer = command->outer;
  if (outer && (command->context & OAKUM_SHELL_IN_SUBSTITUTION) &&
      (named(outer, RUNNERS) || named(outer, "eval source .")) &&
      command->pipeline_length == 1) /* $(curl … | jq …) is a value */
    tell(c, HYGIENE_PIPE_TO_SHELL, in_step(c, "a download is given to a shell"));
}

/* The file that curl's -o or wget's -O names; NULL: none, or it is not told in one word. */
static const char *downloaded_to(const OakumShellCommand *command)
{
  gboolean curl = named(command, "curl");
  const char *whole = curl ? "--output" : "--output-document";
  for (guint i = 1; i < command->n_words; i++) {
    const char *text = command->words[i].text;
    size_t n = strlen(whole);
    if (strncmp(text, whole, n) == 0 && text[n] == '=')
      return text + n + 1;
    const char *letter = text[0] == '-' && text[1] != '-' ? strchr(text, curl ? 'o' : 'O') : NULL;
    if (letter && letter[1])
      return letter + 1;
    if ((letter || strcmp(text, whole) == 0) && i + 1 < command->n_words)
      return command->words[i + 1].text;
  }
  return NULL;
}

/* curl -o x … && sh x; nothing in between holds it against what it should be. */
static void look_at_kept(Context *c, const OakumShell *shell, guint at)
{
  const char *file = downloaded_to(shell->commands[at]);
  if (!file || strcmp(file, "-") == 0)
    return;
  for (guint i = at + 1; i < shell->n_commands && i < at + OAKUM_HYGIENE_PARTS_MAX; i++) {
    const OakumShellCommand *later = shell->commands[i];
    const char *script = runs_script(later);
    if (named(later, CHECKERS))
      return;
    if (later->n_words > 0 && (g_strcmp0(script, file) == 0 ||
                               (strchr(file, '/') && strcmp(later->words[0].text, file) == 0))) {
      tell(c, HYGIENE_PIPE_TO_SHELL, in_step(c, "a download ran unseen"));
      return;
    }
  }
}

/* -k among the letters of one flag: -fsSLk; -o takes the rest of its word. */
static gboolean has_letter(const OakumShellCommand *command, char letter, const char *valued)
{
  for (guint i = 1; i < command->n_words; i++) {
    const char *text = command->words[i].text;
    if (text[0] != '-' || text[1] == '-')
      continue;
    for (const char *p = text + 1; *p; p++) {
      if (*p == letter)
        return TRUE;
      if (strchr(valued, *p))
        break;
    }
  }
  return FALSE;
}

static const char *unverified(const OakumShellCommand *command)
{
  static const struct {
    const char *names, *word;
  } flags[] = {{"curl", "--insecure"},
               {"wget", "--no-check-certificate"},
               {"apt apt-get", "--allow-unauthenticated"},
               {"apt apt-get", "--force-yes"},
               {"apt apt-get", "--allow-insecure-repositories"},
               {"apk", "--allow-untrusted"},
               {"yum dnf microdnf tdnf", "--nogpgcheck"},
               {"yum dnf microdnf tdnf", "--no-gpgchecks"},
               {"zypper", "--no-gpg-checks"},
               {"rpm", "--nosignature"},
               {"rpm", "--nodigest"},
               {"rpm", "--noverify"},
               {"pip pip3 uv", "--trusted-host"},
               {"uv", "--allow-insecure-host"},
               {"npm yarn pnpm", "--strict-ssl=false"},
               {"npm yarn pnpm", "--no-strict-ssl"},
               {"helm kubectl argocd", "--insecure-skip-tls-verify"},
               {"skopeo", "--src-tls-verify=false"},
               {"skopeo podman buildah", "--tls-verify=false"},
               {"svn", "--trust-server-cert"},
               {"svn", "--trust-server-cert-failures"}};
  /* NAME=VALUE of settings that a flag gives, in any case: apt's -o, yum's --setopt */
  static const struct {
    const char *names, *part;
  } settings[] = {{"apt apt-get aptitude", "allowinsecurerepositories=true"},
                  {"apt apt-get aptitude", "allowinsecurerepositories=1"},
                  {"apt apt-get aptitude", "allowunauthenticated=true"},
                  {"apt apt-get aptitude", "allowunauthenticated=1"},
                  {"apt apt-get aptitude", "verify-peer=false"},
                  {"apt apt-get aptitude", "verify-host=false"},
                  {"yum dnf microdnf tdnf", "sslverify=0"},
                  {"yum dnf microdnf tdnf", "sslverify=false"},
                  {"yum dnf microdnf tdnf", "gpgcheck=0"},
                  {"yum dnf microdnf tdnf", "gpgcheck=false"},
                  {"git", "http.sslverify=false"},
                  {"git", "http.sslverify=0"}};
  for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
    if (named(command, flags[i].names))
      for (guint k = 1; k < command->n_words; k++) {
        size_t n = strlen(flags[i].word);
        const char *text = command->words[k].text;
        if (strncmp(text, flags[i].word, n) == 0 && (text[n] == '\0' || text[n] == '='))
          return flags[i].word;
      }
  if (named(command, "curl") && has_letter(command, 'k', "AbcCdDeEFhHKmoPQrtTuUwxXyYz"))
    return "-k";
  if (named(command, "npm yarn pnpm") && has_word(command, "strict-ssl") &&
      has_word(command, "false"))
    return "strict-ssl false";
  for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
    for (guint k = 1; named(command, settings[i].names) && k < command->n_words; k++) {
      g_autofree char *low = g_ascii_strdown(command->words[k].text, -1);
      if (g_str_has_suffix(low, settings[i].part))
        return settings[i].part;
    }
  if (named(command, "python python3") && has_word(command, "pip") &&
      has_word(command, "--trusted-host"))
    return "--trusted-host";
  if (named(command, "pip pip3") && has_word(command, "config") &&
      has_word(command, "global.trusted-host"))
    return "trusted-host";
  if (named(command, "conda mamba micromamba") && has_word(command, "ssl_verify") &&
      (has_word(command, "false") || has_word(command, "False")))
    return "ssl_verify false";
  if (named(command, "git") && has_word(command, "config") &&
      (has_word(command, "false") || has_word(command, "0")))
    for (guint k = 1; k < command->n_words; k++)
      if (g_ascii_strcasecmp(command->words[k].text, "http.sslverify") == 0)
        return "http.sslVerify=false";
  return NULL;
}

/* A value that the text itself holds; `n` bytes of a name. */
static void look_at_value(Context *c, const char *name, size_t n, const char *value)
{
  if (oakum_hygiene_is_secret(name, n, value))
    tell(c, HYGIENE_HISTORY_SECRET,
         g_strdup_printf("%.*s has a value in a step of the history", (int)n, name));
}

/* NAME=VALUE */
static void look_at_pair(Context *c, const char *text)
{
  const char *equals = strchr(text, '=');
  if (equals && equals > text)
    look_at_value(c, text, (size_t)(equals - text), equals + 1);
}

static void look_at_no_tls(Context *c, const char *name, size_t n, const char *value)
{
  static const char *const zero[] = {"NODE_TLS_REJECT_UNAUTHORIZED", "PYTHONHTTPSVERIFY"};
  g_autofree char *own = g_strndup(name, n);
  gboolean off = strcmp(own, "GIT_SSL_NO_VERIFY") == 0 && g_strcmp0(value, "0") != 0 &&
                 g_strcmp0(value, "false") != 0;
  for (size_t i = 0; i < G_N_ELEMENTS(zero); i++)
    off |= strcmp(own, zero[i]) == 0 && g_strcmp0(value, "0") == 0;
  if (off)
    tell(c, HYGIENE_NO_VERIFY, in_step(c, own));
}

static gboolean is_name(const char *text, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (!g_ascii_isalnum(text[i]) && !strchr("_-.", text[i]))
      return FALSE;
  return n > 0;
}

/* What a word hands over: "--db-password=x", "--db-password" and "x", "NAME=x" that is written
 * somewhere, npm's "//host/:_authToken=x". The words of package managers are packages with their
 * versions. */
static void look_at_words(Context *c, const OakumShellCommand *command)
{
  gboolean packages = named(
      command, "apt apt-get aptitude apk yum dnf microdnf tdnf zypper pip pip3 pipx uv poetry "
               "gem npm yarn pnpm bun conda mamba go cargo luarocks nix-env opkg pacman");
  for (guint i = 1; i < command->n_words; i++) {
    const char *text = command->words[i].literal;
    if (!text)
      continue;
    const char *token = strstr(text, ":_authToken="), *equals = strchr(text, '=');
    if (!token)
      token = strstr(text, ":_password=");
    if (token && *text == '/') {
      look_at_pair(c, token + 2);
      continue;
    }
    if (packages)
      continue;
    const char *name = text + (text[0] == '-' && text[1] == '-' ? 2 : 0);
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    if (!is_name(name, equals && equals < name ? 0 : n))
      continue;
    gboolean yes_no = g_str_has_prefix(name, "with-") || g_str_has_prefix(name, "disable") ||
                      g_str_has_prefix(name, "no-") || g_str_has_suffix(name, "-stdin");
    if (equals) {
      look_at_no_tls(c, name, n, equals + 1);
      look_at_value(c, name, n, equals + 1);
    } else if (name > text && !yes_no && i + 1 < command->n_words) {
      const char *value = command->words[i + 1].literal;
      if (value && *value != '-' && *value != '=')
        look_at_value(c, name, n, value);
    }
  }
}

static void look_at_assignments(Context *c, const OakumShellCommand *command)
{
  for (guint i = 0; i < command->n_assignments; i++) {
    const OakumShellAssignment *one = &command->assignments[i];
    if (!one->array && one->value.literal)
      look_at_value(c, one->name, strlen(one->name), one->value.literal);
    look_at_no_tls(c, one->name, strlen(one->name), one->value.literal);
  }
}

/* ENV and LABEL: "A=b C=d", "A b". What the settings still say is told of them. */
static void look_at_settings(Context *c, const Step *step, char **env)
{
  g_auto(GStrv) words = g_strsplit_set(step->text, " \t", OAKUM_HYGIENE_PARTS_MAX);
  for (char **word = words; *word; word++) {
    const char *equals = strchr(*word, '=');
    if (!equals && word == words && word[1]) /* the old form */
      look_at_value(c, *word, strlen(*word), word[1]);
    if (equals && !(env && g_strv_contains((const char *const *)env, *word)))
      look_at_pair(c, *word);
    if (!equals)
      break;
  }
}

/* chpasswd; passwd that reads one or takes it away; useradd -p with one that does not lock. */
static gboolean sets_password(const OakumShellCommand *command)
{
  if (named(command, "chpasswd"))
    return TRUE;
  if (named(command, "passwd")) {
    gboolean fed = command->pipeline_index > 0;
    for (guint i = 0; i < command->n_redirects; i++)
      fed |= command->redirects[i].kind == OAKUM_SHELL_REDIRECT_HEREDOC ||
             command->redirects[i].kind == OAKUM_SHELL_REDIRECT_HERESTRING;
    return fed || has_word(command, "--stdin") || has_word(command, "-d") ||
           has_word(command, "--delete");
  }
  if (!named(command, "usermod useradd"))
    return FALSE;
  for (guint i = 1; i < command->n_words; i++) {
    const char *text = command->words[i].text, *value = NULL;
    if ((strcmp(text, "-p") == 0 || strcmp(text, "--password") == 0) && i + 1 < command->n_words)
      value = command->words[i + 1].text;
    else if (g_str_has_prefix(text, "--password="))
      value = text + 11;
    if (value)
      return *value != '!' && *value != '*' && strcmp(value, "x") != 0;
  }
  return FALSE;
}

static void look_at_run(Context *c, const Step *step)
{
  for (char **arg = step->args; arg && *arg; arg++)
    look_at_pair(c, *arg);
  g_autoptr(OakumShell) shell =
      oakum_shell_parse(step->text, strlen(step->text), step->dialect, NULL);
  if (!shell)
    return;
  if (shell->complete)
    look_at_updates(c, shell);
  for (guint i = 0; i < shell->n_commands; i++) {
    const OakumShellCommand *command = shell->commands[i];
    look_at_assignments(c, command);
    if (!command->name)
      continue;
    look_at_words(c, command);
    look_at_upgrade(c, command);
    if (named(command, "sudo"))
      tell(c, HYGIENE_SUDO_RUN, in_step(c, "sudo"));
    if (named(command, "curl wget fetch"))
      look_at_pipes(c, shell, i);
    if (named(command, "curl wget"))
      look_at_kept(c, shell, i);
    const char *flag = unverified(command);
    if (flag)
      tell(c, HYGIENE_NO_VERIFY, in_step(c, flag));
    if (sets_password(command))
      tell(c, HYGIENE_SETS_PASSWORD, in_step(c, command->name));
  }
}

/* ---- ADD
 * --------------------------------------------------------------------------------------- */
/* What COPY cannot do: unpack an archive, fetch an address. */
static gboolean needs_add(const char *word)
{
  static const char *const endings[] = {".tar",     ".tar.gz", ".tgz",     ".tar.xz", ".txz",
                                        ".tar.bz2", ".tbz2",   ".tar.zst", ".tbz",    ".tar.lzma"};
  g_autofree char *low = g_ascii_strdown(word, -1);
  for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
    if (g_str_has_suffix(low, endings[i]))
      return TRUE;
  return strstr(low, "://") || g_str_has_prefix(low, "git@") || g_str_has_suffix(low, ".git") ||
         strstr(low, ".git#");
}

static void look_at_add(Context *c, const Step *step, gboolean first)
{
  if (first) /* the root file system of a base image */
    return;
  /* as written, or as a list: ["a b", "c"] */
  const char *text = step->text;
  gboolean list = *text == '[';
  g_auto(GStrv) words =
      g_strsplit_set(list ? text + 1 : text, list ? "\"" : " \t", OAKUM_HYGIENE_PARTS_MAX);
  guint n = g_strv_length(words);
  guint last = list && n > 1 ? n - 2 : n - 1;
  for (guint i = 0; i < last; i++)
    if (strspn(words[i], " \t,") != strlen(words[i]) && !needs_add(g_strstrip(words[i]))) {
      tell(c, HYGIENE_HISTORY_ADD, in_step(c, "ADD"));
      return;
    }
}

int oakum_hygiene_base_layers(const GPtrArray *history)
{
  guint end = history ? history->len : 0;
  while (end > 0 && ((OakumHistory *)history->pdata[end - 1])->empty_layer)
    end--;
  for (; end > 0; end--) { /* nearly every base ends with CMD or ENTRYPOINT */
    const OakumHistory *entry = history->pdata[end - 1];
    g_auto(Step) step;
    parse(entry->created_by ? entry->created_by : "", &step);
    if (entry->empty_layer && (strcmp(step.op, "CMD") == 0 || strcmp(step.op, "ENTRYPOINT") == 0))
      break;
  }
  int layers = 0;
  for (guint i = 0; i < end; i++)
    layers += !((OakumHistory *)history->pdata[i])->empty_layer;
  return end > 0 ? layers : -1;
}

void oakum_hygiene_history(const OakumInspectImage *image, GPtrArray *findings)
{
  const GPtrArray *history = image->config->history;
  int layer = -1;
  for (guint i = 0; history && i < MIN(history->len, OAKUM_HISTORY_MAX); i++) {
    const OakumHistory *entry = history->pdata[i];
    layer += !entry->empty_layer;
    if (!entry->created_by)
      continue;
    g_auto(Step) step;
    parse(entry->created_by, &step);
    Context c = {findings, entry->created_by, layer, 0};
    if (strcmp(step.op, "RUN") == 0)
      look_at_run(&c, &step);
    else if (strcmp(step.op, "ADD") == 0)
      look_at_add(&c, &step, layer == 0 && !entry->empty_layer);
    else if (strcmp(step.op, "ARG") == 0)
      look_at_pair(&c, step.text);
    else if (strcmp(step.op, "ENV") == 0 || strcmp(step.op, "LABEL") == 0)
      look_at_settings(&c, &step, image->config->env);
  }
}
