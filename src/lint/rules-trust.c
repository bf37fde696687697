/* Certificates and signatures that are not checked: flags of commands, and variables of the stage.
 */
#include "lint/check-private.h"
#include <string.h>

/* Options that take the next word: of curl by letter and by name. */
#define CURL_LETTERS "AbCcdDeEFHKmoPQrtTuUwxXyYz"
#define CURL_VALUED                                                                                \
  "--user-agent --cookie --continue-at --cookie-jar --data --data-raw --data-binary --data-ascii " \
  "--data-urlencode --dump-header --referer --cert --form --form-string --header --config "        \
  "--max-time --output --ftp-port --quote --range --telnet-option --upload-file --user "           \
  "--proxy-user --write-out --proxy --request --speed-time --speed-limit --time-cond --cacert "    \
  "--capath --cert-type --ciphers --connect-timeout --create-file-mode --key --key-type "          \
  "--limit-rate --max-filesize --max-redirs --noproxy --output-dir --pass --pinnedpubkey --proto " \
  "--proxy-header --resolve --retry --retry-delay --retry-max-time --url --json --url-query "      \
  "--variable --aws-sigv4 --crlfile --connect-to --interface --local-port --oauth2-bearer"
#define WGET_VALUED                                                                                \
  "-O -o -a -e -i -P -U -T -t -Q -w -A -R -D -I -X -l -B --output-document --output-file "         \
  "--append-output --execute --input-file --directory-prefix --user-agent --timeout --tries "      \
  "--quota --wait --accept --reject --domains --header --user --password --post-data --post-file " \
  "--progress --base --level --ca-certificate --certificate --private-key --referer"
#define DEB_VALUED "-o -c -t -a --option --config-file --target-release --host-architecture"
#define APK_VALUED "-t --virtual -X --repository -p --root --keys-dir --arch --cache-dir"
#define RPM_VALUED                                                                                 \
  "-c --config --installroot --releasever --enablerepo --disablerepo --repo --exclude -x -d -e -R"

/* A flag of a command. `safe`: leaving it out is the fix (FALSE as pointer: no edit). */
static const struct {
  const char *tools, *words;
  LintRuleId rule;
  gboolean removable, safe;
  const char *valued; /* options that take the next word */
} flags[] = {
    {"curl", "-k --insecure --proxy-insecure", LINT_CURL_INSECURE, TRUE, TRUE, CURL_VALUED},
    {"wget", "--no-check-certificate", LINT_WGET_INSECURE, TRUE, TRUE, WGET_VALUED},
    {"apk", "--allow-untrusted", LINT_APK_UNTRUSTED, FALSE, FALSE, APK_VALUED},
    {"apt-get apt", "--allow-unauthenticated", LINT_APT_UNAUTHENTICATED, TRUE, TRUE, DEB_VALUED},
    {"yum dnf tdnf microdnf",
     "--nogpgcheck --no-gpgchecks --setopt=gpgcheck=0 --setopt=*.gpgcheck=0", LINT_RPM_NOGPG, TRUE,
     TRUE, RPM_VALUED},
    {"rpm", "--nodigest --nosignature --noverify --nofiledigest", LINT_RPM_NOSIGNATURE, FALSE,
     FALSE, "--root -r --dbpath --prefix"},
    {"apt-get apt", "--force-yes", LINT_APT_FORCE_YES, FALSE, FALSE, DEB_VALUED},
    {"yum dnf tdnf microdnf",
     "--setopt=sslverify=false --setopt=sslverify=0 --setopt=sslverify=no sslverify=false "
     "sslverify=0",
     LINT_YUM_INSECURE, FALSE, FALSE, RPM_VALUED},
    {"yum-config-manager", "sslverify=false sslverify=0 --setopt=sslverify=false",
     LINT_YUM_INSECURE, FALSE, FALSE, ""},
};

/* A variable with a value that turns a check off; values NULL: any that is not empty. */
static const struct {
  const char *name, *values;
  LintRuleId rule;
} variables[] = {
    {"PYTHONHTTPSVERIFY", "0", LINT_PYTHON_INSECURE},
    {"NODE_TLS_REJECT_UNAUTHORIZED", "0", LINT_NODE_INSECURE},
    {"NPM_CONFIG_STRICT_SSL", "false", LINT_NPM_INSECURE},
    {"npm_config_strict_ssl", "false", LINT_NPM_INSECURE},
    {"GIT_SSL_NO_VERIFY", NULL, LINT_GIT_INSECURE},
    {"PIP_TRUSTED_HOST", NULL, LINT_PIP_TRUSTED_HOST},
};

static void check_variable(OakumLint *lint, LintStep *step, const char *name, const char *value,
                           LintSpan span)
{
  if (!name || !value)
    return;
  g_autofree char *bare = lint_unquote(value);
  for (guint i = 0; i < G_N_ELEMENTS(variables); i++)
    if (strcmp(name, variables[i].name) == 0 &&
        (variables[i].values ? lint_one_of(bare, variables[i].values)
                             : *bare && !lint_one_of(bare, "0 false")))
      lint_tell(lint, variables[i].rule, step, span, "%s=%s", name, bare);
}

/* The word is an option whose value is the next one. */
static gboolean takes_next(guint flag, const char *text)
{
  if (flags[flag].rule == LINT_CURL_INSECURE && text[0] == '-' && text[1] != '-') {
    size_t n = strcspn(text + 1, CURL_LETTERS);
    return text[1 + n] && !text[2 + n];
  }
  return lint_one_of(text, flags[flag].valued);
}

static void check_flags(OakumLint *lint, LintStep *step, const LintCommand *c)
{
  const OakumShellCommand *shell = c->shell;
  for (guint f = 0; f < G_N_ELEMENTS(flags); f++) {
    if (!lint_is(c, flags[f].tools))
      continue;
    gboolean is_value = FALSE; /* of the option before */
    for (guint k = 1; k < shell->n_words; k++) {
      const OakumShellWord *word = &shell->words[k];
      gboolean value = is_value;
      is_value = !value && takes_next(f, word->text);
      if (value)
        continue;
      gboolean whole = lint_one_of(word->text, flags[f].words);
      /* -k among other short flags of curl: -sSkL, unless a letter before takes a value */
      size_t letters =
          flags[f].rule == LINT_CURL_INSECURE && word->text[0] == '-' && word->text[1] != '-'
              ? strcspn(word->text + 1, CURL_LETTERS)
              : 0;
      const char *k_at = letters > 0 ? memchr(word->text + 1, 'k', letters) : NULL;
      if (!whole && !k_at)
        continue;
      LintSpan span = lint_word_span(c, word);
      OakumFinding *finding = lint_tell(lint, flags[f].rule, step, span, "%s", word->text);
      if (!finding || !flags[f].removable || !word->exact || c->script->exec ||
          span.end - span.start != strlen(word->text))
        continue;
      if (whole) { /* with the blanks before it, as far as they stand in the line */
        size_t start = span.start;
        while (start > 0 && (lint->dockerfile->source[start - 1] == ' ' ||
                             lint->dockerfile->source[start - 1] == '\t'))
          start--;
        if (start > 0 &&
            lint->dockerfile->source[start - 1] == '\n') /* first in its line: those behind */
          for (start = span.start;
               span.end < lint->dockerfile->len && lint->dockerfile->source[span.end] == ' ';)
            span.end++;
        lint_edit(finding, start, span.end, "", flags[f].safe);
      } else {
        size_t at = span.start + (size_t)(k_at - word->text);
        lint_edit(finding, at, at + 1, "", flags[f].safe);
      }
    }
  }
}

void check_trust(OakumLint *lint, LintStep *step)
{
  if (lint->hadolint)
    return;
  if (step->kind != STEP_RUN) {
    for (guint i = 0; i < step->words->len; i++) {
      const LintWord *word = step->words->pdata[i];
      check_variable(lint, step, word->name, word->value, word->span);
    }
    return;
  }
  const GArray *list = lint_commands(lint, step);
  for (guint i = 0; i < list->len; i++) {
    const LintCommand *c = lint_command(list, i);
    const OakumShellCommand *shell = c->shell;
    for (guint k = 0; k < shell->n_assignments; k++)
      check_variable(lint, step, shell->assignments[k].name, shell->assignments[k].value.text,
                     lint_span(c, shell->assignments[k].span));
    if (lint_is(c, "export env"))
      for (guint k = 1; k < shell->n_words; k++) {
        const char *equals = strchr(shell->words[k].text, '=');
        g_autofree char *name =
            equals ? g_strndup(shell->words[k].text, (size_t)(equals - shell->words[k].text))
                   : NULL;
        check_variable(lint, step, name, equals ? equals + 1 : NULL,
                       lint_word_span(c, &shell->words[k]));
      }
    check_flags(lint, step, c);
    if (g_str_has_prefix(c->name, "pip") ||
        (g_str_has_prefix(c->name, "python") && lint_has_arg(c, "pip")))
      for (guint k = 1; k < shell->n_words; k++)
        if (strcmp(shell->words[k].text, "--trusted-host") == 0 ||
            g_str_has_prefix(shell->words[k].text, "--trusted-host="))
          lint_tell(lint, LINT_PIP_TRUSTED_HOST, step, lint_word_span(c, &shell->words[k]), "%s",
                    shell->words[k].text);
    if (lint_is(c, "npm yarn pnpm") && lint_has_arg(c, "config") && lint_has_arg(c, "set") &&
        ((lint_has_arg(c, "strict-ssl") && lint_has_arg(c, "false")) ||
         lint_has_arg(c, "strict-ssl=false")))
      lint_tell(lint, LINT_NPM_INSECURE, step, lint_command_span(c), NULL);
    if (lint_is(c, "git") && lint_has_arg(c, "config") &&
        lint_has_arg(c, "http.sslVerify http.sslverify") && lint_has_arg(c, "false 0"))
      lint_tell(lint, LINT_GIT_INSECURE, step, lint_command_span(c), NULL);
    if (lint_is(c, "git") && lint_has_arg(c, "http.sslVerify=false http.sslverify=false"))
      lint_tell(lint, LINT_GIT_INSECURE, step, lint_command_span(c), NULL);
  }
}
