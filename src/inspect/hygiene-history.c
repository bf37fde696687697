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

static void look_at_updates(Context *c, const OakumShell *shell)
{
  static const char *const managers[] = {"apt apt-get aptitude", "apk", "yum dnf microdnf tdnf",
                                         "zypper"};
  for (size_t m = 0; m < G_N_ELEMENTS(managers); m++) {
    gboolean updated = FALSE;
    for (guint i = 0; i < shell->n_commands; i++) {
      const OakumShellCommand *command = shell->commands[i];
      if (!named(command, managers[m])) {
        /* a script of the image may install */
        if (command->name && updated && (g_str_has_suffix(command->name, ".sh")))
          updated = FALSE;
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
        (strcmp(verb, "update") == 0 || strcmp(verb, "upgrade") == 0)) ||
       (named(command, "apk") && strcmp(verb, "upgrade") == 0) ||
       (named(command, "zypper") &&
        (strcmp(verb, "up") == 0 || strcmp(verb, "update") == 0 || strcmp(verb, "dup") == 0)));
  if (apt || others)
    tell(c, HYGIENE_UPGRADE_ALL, in_step(c, verb));
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
    if (named(later, "sha256sum sha512sum gpg gpgv cosign minisign"))
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
               {"pip pip3", "--trusted-host"}};
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
  if (named(command, "git"))
    for (guint k = 1; k < command->n_words; k++)
      if (g_ascii_strncasecmp(command->words[k].text, "http.sslverify", 14) == 0 &&
          (g_ascii_strcasecmp(command->words[k].text, "http.sslverify=false") == 0 ||
           has_word(command, "false")))
        return "http.sslVerify=false";
  return NULL;
}

/* A value that the text itself holds. */
static void look_at_value(Context *c, const char *name, const char *value)
{
  if (oakum_hygiene_is_secret(name, strlen(name), value))
    tell(c, HYGIENE_HISTORY_SECRET,
         g_strdup_printf("%s has a value in a step of the history", name));
}

static void look_at_assignments(Context *c, const OakumShellCommand *command)
{
  for (guint i = 0; i < command->n_assignments; i++) {
    const OakumShellAssignment *one = &command->assignments[i];
    if (!one->array && one->value.literal)
      look_at_value(c, one->name, one->value.literal);
    if (strcmp(one->name, "GIT_SSL_NO_VERIFY") == 0 ||
        (strcmp(one->name, "NODE_TLS_REJECT_UNAUTHORIZED") == 0 &&
         g_strcmp0(one->value.literal, "0") == 0) ||
        (strcmp(one->name, "PYTHONHTTPSVERIFY") == 0 && g_strcmp0(one->value.literal, "0") == 0))
      tell(c, HYGIENE_NO_VERIFY, in_step(c, one->name));
  }
  if (named(command, "export env"))
    for (guint i = 1; i < command->n_words; i++) {
      const char *text = command->words[i].literal, *equals = text ? strchr(text, '=') : NULL;
      g_autofree char *name = equals ? g_strndup(text, (gsize)(equals - text)) : NULL;
      if (name)
        look_at_value(c, name, equals + 1);
    }
}

static void look_at_run(Context *c, const Step *step)
{
  for (char **arg = step->args; arg && *arg; arg++) {
    const char *equals = strchr(*arg, '=');
    g_autofree char *name = equals ? g_strndup(*arg, (gsize)(equals - *arg)) : NULL;
    if (name)
      look_at_value(c, name, equals + 1);
  }
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
    look_at_upgrade(c, command);
    if (named(command, "sudo"))
      tell(c, HYGIENE_SUDO_RUN, in_step(c, "sudo"));
    if (named(command, "curl wget fetch"))
      look_at_pipes(c, shell, i);
    const char *flag = unverified(command);
    if (flag)
      tell(c, HYGIENE_NO_VERIFY, in_step(c, flag));
    gboolean usermod = named(command, "usermod useradd") &&
                       (has_word(command, "-p") || has_word(command, "--password"));
    gboolean locks = has_word(command, "!") || has_word(command, "*") || has_word(command, "-l");
    if (named(command, "chpasswd") || (named(command, "passwd") && has_word(command, "--stdin")) ||
        (usermod && !locks))
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
  return strstr(low, "://") || g_str_has_prefix(low, "git@");
}

static void look_at_add(Context *c, const Step *step, gboolean first)
{
  if (first) /* the root file system of a base image */
    return;
  g_auto(GStrv) words = g_strsplit_set(step->text, " \t", OAKUM_HYGIENE_PARTS_MAX);
  for (char **word = words; *word && word[1]; word++)
    if (**word && !needs_add(g_strstrip(*word))) {
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
    else if (strcmp(step.op, "ARG") == 0) {
      g_auto(GStrv) words = g_strsplit(step.text, "=", 2);
      if (words[0] && words[1])
        look_at_value(&c, words[0], words[1]);
    }
  }
}
