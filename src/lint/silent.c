/* Scripts that shellcheck has nothing to say of, so that it need not be asked: in real Dockerfiles
 * about a third. Such a script is for sh or bash and is a list of commands joined by "&&", ";" or
 * lines, each of them a word of the list below that shellcheck (0.9, 0.11) has no check for, with
 * arguments that hold nothing that a shell reads: no expansion, no pattern, no redirection, no
 * escape, and quotes only around a whole word. Whatever is not surely so is asked. */
#include "lint/check-private.h"
#include <string.h>

static const char commands[] =
    "apt-get apt aptitude apk yum dnf microdnf tdnf zypper npm npx yarn pnpm corepack pip pip2 "
    "pip3 pipx "
    "poetry uv python python3 node go gem bundle composer cargo curl wget git make cmake mvn "
    "gradle java "
    "dotnet tar unzip gzip gunzip useradd groupadd adduser addgroup usermod systemctl dpkg "
    "dpkg-reconfigure "
    "ldconfig update-ca-certificates locale-gen rpm a2enmod a2dismod docker-php-ext-install pecl";
/* Their other flags could be told of. */
static const struct {
  const char *name, *flags;
} strict[] = {{"mkdir", "-p"}, {"chmod", "-R"}, {"chown", "-R"}};
/* As a whole. */
static const char *const phrases[] = {"rm -rf /var/lib/apt/lists/*",
                                      "rm -rf /var/cache/apk/*",
                                      "set -e",
                                      "set -x",
                                      "set -ex",
                                      "set -eux"};
static const char keywords[] =
    "if then elif else fi for while until do done case esac in select function time";

static gboolean is_bare(char c)
{
  return g_ascii_isalnum(c) || (c && strchr("_./:=@%,+-", c));
}

/* The length of the word at `text`; 0: it is not plain. */
static size_t word_length(const char *text)
{
  size_t n = 0;
  if (*text == '"' || *text == '\'') {
    for (n = 1; is_bare(text[n]) || (text[n] && strchr(" <>^", text[n])); n++)
      ;
    return text[n] == *text && n > 1 ? n + 1 : 0;
  }
  while (is_bare(text[n]))
    n++;
  return *text == '=' || *text == '+' ? 0 : n; /* an assignment that went wrong */
}

static size_t phrase_length(const char *text)
{
  for (size_t i = 0; i < G_N_ELEMENTS(phrases); i++) {
    size_t n = strlen(phrases[i]);
    if (strncmp(text, phrases[i], n) == 0 && (!text[n] || strchr(" \t\n;&", text[n])))
      return n;
  }
  return 0;
}

static gboolean is_word_of(const char *text, size_t n, const char *list)
{
  char word[32];
  if (n == 0 || n >= sizeof word)
    return FALSE;
  memcpy(word, text, n);
  word[n] = '\0';
  return lint_one_of(word, list);
}

/* The flags that a command may have: NULL: any; FALSE: it is not in the lists. */
static gboolean known(const char *text, size_t n, const char **flags)
{
  const char *name = text;
  if (*text == '-' || memchr(text, '=', n)) /* whatever folder is in it */
    return FALSE;
  for (size_t i = 0; i < n; i++)
    if (text[i] == '/')
      name = text + i + 1;
  n -= (size_t)(name - text);
  *flags = NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(strict); i++)
    if (is_word_of(name, n, strict[i].name)) {
      *flags = strict[i].flags;
      return TRUE;
    }
  return is_word_of(name, n, commands);
}

/* Where a command and the blanks behind it end; NULL: it is not plain. */
static const char *skip_command(const char *at)
{
  const char *flags = "";
  size_t n = phrase_length(at);
  gboolean whole = n > 0;
  if (!whole && !known(at, n = word_length(at), &flags))
    return NULL;
  for (at += n;; at += n) {
    size_t blanks = strspn(at, " \t");
    at += blanks;
    if (!*at || strchr("\n;&", *at))
      return at;
    n = word_length(at);
    if (whole || blanks == 0 || n == 0 || is_word_of(at, n, keywords))
      return NULL;
    if (flags && (*at == '"' || *at == '\'' || (*at == '-' && !is_word_of(at, n, flags))))
      return NULL;
  }
}

gboolean lint_script_is_silent(const char *shell, const char *text, const GPtrArray *names,
                               gboolean hadolint)
{
  size_t n = strcspn(shell, " ");
  if (!is_word_of(shell, n, "/bin/sh /bin/bash"))
    return FALSE;
  for (guint i = 0; hadolint && i < names->len; i++) /* it shows what is told of our own lines */
    if (!lint_is_variable_name(names->pdata[i]) || strcmp(names->pdata[i], "PATH") == 0)
      return FALSE;
  const char *at = text + strspn(text, " \t\n");
  while ((at = skip_command(at)) != NULL && *at) {
    gboolean line = *at == '\n';
    if (*at == '&' && at[1] != '&')
      return FALSE;
    at += *at == '&' ? 2 : 1;
    at += strspn(at, " \t\n");
    if (!*at) /* "&&" must not be the last, and ";" is asked of */
      return line;
  }
  return at != NULL;
}
