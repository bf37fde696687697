#include "license/license-private.h"
#include "license/spdx.inc"
#include <string.h>

gboolean oakum_license_is_id(const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS(spdx_ids); i++)
    if (strcmp(spdx_ids[i], text) == 0)
      return TRUE;
  return FALSE;
}

/* Exceptions of the SPDX list that packages name. */
static const char *const exceptions[] = {"Autoconf-exception-2.0",
                                         "Autoconf-exception-3.0",
                                         "Bison-exception-2.2",
                                         "Bootloader-exception",
                                         "Classpath-exception-2.0",
                                         "CLISP-exception-2.0",
                                         "FLTK-exception",
                                         "Font-exception-2.0",
                                         "GCC-exception-2.0",
                                         "GCC-exception-3.1",
                                         "GPL-3.0-linking-exception",
                                         "GPL-CC-1.0",
                                         "LGPL-3.0-linking-exception",
                                         "Libtool-exception",
                                         "Linux-syscall-note",
                                         "LLVM-exception",
                                         "OCaml-LGPL-linking-exception",
                                         "OpenJDK-assembly-exception-1.0",
                                         "openvpn-openssl-exception",
                                         "PS-or-PDF-font-exception-20170817",
                                         "Qt-GPL-exception-1.0",
                                         "Qt-LGPL-exception-1.1",
                                         "Swift-exception",
                                         "u-boot-exception-2.0",
                                         "Universal-FOSS-exception-1.0",
                                         "389-exception",
                                         "Asterisk-exception",
                                         "Autoconf-exception-generic",
                                         "Autoconf-exception-generic-3.0",
                                         "Autoconf-exception-macro",
                                         "Bison-exception-1.24",
                                         "cryptsetup-OpenSSL-exception",
                                         "DigiRule-FOSS-exception",
                                         "eCos-exception-2.0",
                                         "erlang-otp-linking-exception",
                                         "Fawkes-Runtime-exception",
                                         "fmt-exception",
                                         "freertos-exception-2.0",
                                         "GCC-exception-2.0-note",
                                         "Gmsh-exception",
                                         "GNAT-exception",
                                         "GNOME-examples-exception",
                                         "GNU-compiler-exception",
                                         "gnu-javamail-exception",
                                         "GPL-3.0-interface-exception",
                                         "GPL-3.0-linking-source-exception",
                                         "GStreamer-exception-2005",
                                         "GStreamer-exception-2008",
                                         "harbour-exception",
                                         "i2p-gpl-java-exception",
                                         "Independent-modules-exception",
                                         "KiCad-libraries-exception",
                                         "kvirc-openssl-exception",
                                         "libpri-OpenH323-exception",
                                         "LLGPL",
                                         "LZMA-exception",
                                         "mif-exception",
                                         "mxml-exception",
                                         "Nokia-Qt-exception-1.1",
                                         "OCCT-exception-1.0",
                                         "PCRE2-exception",
                                         "polyparse-exception",
                                         "QPL-1.0-INRIA-2004-exception",
                                         "Qwt-exception-1.0",
                                         "romic-exception",
                                         "RRDtool-FLOSS-exception-2.0",
                                         "rsync-linking-exception",
                                         "SANE-exception",
                                         "SHL-2.0",
                                         "SHL-2.1",
                                         "stunnel-exception",
                                         "SWI-exception",
                                         "Texinfo-exception",
                                         "UBDL-exception",
                                         "vsftpd-openssl-exception",
                                         "x11vnc-openssl-exception",
                                         "WxWindows-exception-3.1",
                                         "Asterisk-linking-protocols-exception",
                                         "CGAL-linking-exception",
                                         "Digia-Qt-LGPL-exception-1.1",
                                         "GPL-3.0-389-ds-base-exception"};

/* Names that are no ids, by what they mean. Compared without regard to case. */
static const char *const names[][2] = {
    {"AGPLv3", "AGPL-3.0-only"},
    {"AGPLv3+", "AGPL-3.0-or-later"},
    {"AGPL-3", "AGPL-3.0-only"},
    {"AGPL-3+", "AGPL-3.0-or-later"},
    {"AGPL-3.0", "AGPL-3.0-only"},
    {"AGPL-3.0+", "AGPL-3.0-or-later"},
    {"Apache 2.0", "Apache-2.0"},
    {"Apache 2", "Apache-2.0"},
    {"Apache License 2.0", "Apache-2.0"},
    {"Apache License, Version 2.0", "Apache-2.0"},
    {"Apache License Version 2.0", "Apache-2.0"},
    {"Apache-2", "Apache-2.0"},
    {"Apache2", "Apache-2.0"},
    {"AL2", "Apache-2.0"},
    {"ALv2", "Apache-2.0"},
    {"ASL 2.0", "Apache-2.0"},
    {"Artistic 2.0", "Artistic-2.0"},
    {"Artistic-2", "Artistic-2.0"},
    {"BSL 1.0", "BSL-1.0"},
    {"BSD-2-clauses", "BSD-2-Clause"},
    {"BSD-3-clauses", "BSD-3-Clause"},
    {"BSD-4-clauses", "BSD-4-Clause"},
    {"Boost", "BSL-1.0"},
    {"CC0", "CC0-1.0"},
    {"CC-BY-3", "CC-BY-3.0"},
    {"CC-BY-4", "CC-BY-4.0"},
    {"CC-BY-SA-3", "CC-BY-SA-3.0"},
    {"CC-BY-SA-4", "CC-BY-SA-4.0"},
    {"Expat", "MIT"},
    {"FreeBSD", "BSD-2-Clause"},
    {"BSD-2-Clause-NetBSD", "BSD-2-Clause"},
    {"StandardML-NJ", "SMLNJ"},
    {"GPL+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"},
    {"Artistic or GPL+", "Artistic-1.0-Perl OR GPL-1.0-or-later"},
    {"GPL-2.0-with-autoconf-exception", "GPL-2.0-only WITH Autoconf-exception-2.0"},
    {"GPL-3.0-with-autoconf-exception", "GPL-3.0-only WITH Autoconf-exception-3.0"},
    {"GPL-2.0-with-bison-exception", "GPL-2.0-or-later WITH Bison-exception-2.2"},
    {"GPL-2.0-with-font-exception", "GPL-2.0-only WITH Font-exception-2.0"},
    {"GPL-2.0-with-GCC-exception", "GPL-2.0-or-later WITH GCC-exception-2.0"},
    {"GPL-3.0-with-GCC-exception", "GPL-3.0-only WITH GCC-exception-3.1"},
    {"eCos-2.0", "GPL-2.0-or-later WITH eCos-exception-2.0"},
    {"wxWindows", "LGPL-2.0-or-later WITH WxWindows-exception-3.1"},
    {"GFDL-1.1", "GFDL-1.1-only"},
    {"GFDL-1.1+", "GFDL-1.1-or-later"},
    {"GFDL-1.2", "GFDL-1.2-only"},
    {"GFDL-1.2+", "GFDL-1.2-or-later"},
    {"GFDL-1.3", "GFDL-1.3-only"},
    {"GFDL-1.3+", "GFDL-1.3-or-later"},
    {"GPL-1", "GPL-1.0-only"},
    {"GPL-1+", "GPL-1.0-or-later"},
    {"GPL-1.0", "GPL-1.0-only"},
    {"GPL-1.0+", "GPL-1.0-or-later"},
    {"GPL+", "GPL-1.0-or-later"},
    {"GPL-2", "GPL-2.0-only"},
    {"GPL-2+", "GPL-2.0-or-later"},
    {"GPL-2.0", "GPL-2.0-only"},
    {"GPL-2.0+", "GPL-2.0-or-later"},
    {"GPL-3", "GPL-3.0-only"},
    {"GPL-3+", "GPL-3.0-or-later"},
    {"GPL-3.0", "GPL-3.0-only"},
    {"GPL-3.0+", "GPL-3.0-or-later"},
    {"GPL2", "GPL-2.0-only"},
    {"GPL2+", "GPL-2.0-or-later"},
    {"GPL3", "GPL-3.0-only"},
    {"GPL3+", "GPL-3.0-or-later"},
    {"GPLv2", "GPL-2.0-only"},
    {"GPLv2+", "GPL-2.0-or-later"},
    {"GPLv3", "GPL-3.0-only"},
    {"GPLv3+", "GPL-3.0-or-later"},
    {"ISC License", "ISC"},
    {"ISCL", "ISC"},
    {"LGPL-2", "LGPL-2.0-only"},
    {"LGPL-2+", "LGPL-2.0-or-later"},
    {"LGPL-2.0", "LGPL-2.0-only"},
    {"LGPL-2.0+", "LGPL-2.0-or-later"},
    {"LGPL-2.1", "LGPL-2.1-only"},
    {"LGPL-2.1+", "LGPL-2.1-or-later"},
    {"LGPL-3", "LGPL-3.0-only"},
    {"LGPL-3+", "LGPL-3.0-or-later"},
    {"LGPL-3.0", "LGPL-3.0-only"},
    {"LGPL-3.0+", "LGPL-3.0-or-later"},
    {"LGPLv2", "LGPL-2.0-only"},
    {"LGPLv2+", "LGPL-2.0-or-later"},
    {"LGPLv2.1", "LGPL-2.1-only"},
    {"LGPLv2.1+", "LGPL-2.1-or-later"},
    {"LGPLv3", "LGPL-3.0-only"},
    {"LGPLv3+", "LGPL-3.0-or-later"},
    {"MIT License", "MIT"},
    {"MPL 2.0", "MPL-2.0"},
    {"MPL-2", "MPL-2.0"},
    {"MPLv1.1", "MPL-1.1"},
    {"MPLv2.0", "MPL-2.0"},
    {"New BSD License", "BSD-3-Clause"},
    {"OFL", "OFL-1.1"},
    {"OpenSSL License", "OpenSSL"},
    {"PHP-3", "PHP-3.0"},
    {"PSF", "PSF-2.0"},
    {"Public Domain", "LicenseRef-public-domain"},
    {"Public-Domain", "LicenseRef-public-domain"},
    {"PublicDomain", "LicenseRef-public-domain"},
    {"Ruby's", "Ruby"},
    {"bzip2-1.0.5", "bzip2-1.0.6"},
    {"Nunit", "zlib-acknowledgement"},
    {"PSF License", "PSF-2.0"},
    {"Python-2", "Python-2.0"},
    {"Simplified BSD License", "BSD-2-Clause"},
    {"Unicode", "Unicode-DFS-2016"},
    {"The MIT License", "MIT"},
    {"ZPL-2", "ZPL-2.0"},
    {"zlib/libpng", "Zlib"}};

const char *oakum_license_id(const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) /* first: some ids have new names */
    if (g_ascii_strcasecmp(names[i][0], text) == 0)
      return names[i][1];
  for (guint i = 0; i < G_N_ELEMENTS(spdx_ids); i++)
    if (g_ascii_strcasecmp(spdx_ids[i], text) == 0)
      return spdx_ids[i];
  return NULL;
}

static const char *exception_of(const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS(exceptions); i++)
    if (g_ascii_strcasecmp(exceptions[i], text) == 0)
      return exceptions[i];
  return NULL;
}

/* ---- expressions
 * ---------------------------------------------------------------------------------- */
typedef struct {
  const char *at;
  char word[OAKUM_LICENSE_WORD_MAX + 1]; /* the token that is looked at; "" at the end */
  guint depth;
  GString *out;
} Parser;

static gboolean is_word(char c)
{
  return g_ascii_isalnum(c) || c == '-' || c == '.' || c == '+' || c == ':' || c == '_';
}

static gboolean next(Parser *p)
{
  while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
    p->at++;
  size_t n = 0;
  if (*p->at == '(' || *p->at == ')')
    n = 1;
  else
    while (is_word(p->at[n]))
      n++;
  if (n == 0 && *p->at)
    return FALSE;
  if (n > OAKUM_LICENSE_WORD_MAX)
    return FALSE;
  memcpy(p->word, p->at, n);
  p->word[n] = '\0';
  p->at += n;
  return TRUE;
}

static gboolean is(const Parser *p, const char *word)
{
  return g_ascii_strcasecmp(p->word, word) == 0;
}

/* "LicenseRef-x", "DocumentRef-x:LicenseRef-y" */
static gboolean is_reference(const char *word)
{
  const char *colon = strchr(word, ':');
  if (g_str_has_prefix(word, "DocumentRef-") && colon)
    word = colon + 1;
  return g_str_has_prefix(word, "LicenseRef-") && word[11] && !strpbrk(word, ":+_");
}

static gboolean simple(Parser *p)
{
  const char *id = oakum_license_id(p->word);
  size_t n = strlen(p->word);
  if (id) {
    g_string_append(p->out, id);
  } else if (is_reference(p->word)) {
    g_string_append(p->out, p->word);
  } else if (n > 1 && p->word[n - 1] == '+') { /* this version or a later one */
    p->word[n - 1] = '\0';
    if (!(id = oakum_license_id(p->word)))
      return FALSE;
    g_string_append_printf(p->out, "%s+", id);
  } else {
    return FALSE;
  }
  if (!next(p))
    return FALSE;
  if (!is(p, "with"))
    return TRUE;
  if (!next(p) || !(id = exception_of(p->word)))
    return FALSE;
  g_string_append_printf(p->out, " WITH %s", id);
  return next(p);
}

/* One level of parentheses a call, and no deeper than OAKUM_LICENSE_DEPTH_MAX. */
static gboolean compound(Parser *p)
{
  for (;;) {
    if (is(p, "(")) {
      if (++p->depth > OAKUM_LICENSE_DEPTH_MAX || !next(p))
        return FALSE;
      g_string_append_c(p->out, '(');
      if (!compound(p) || !is(p, ")") || !next(p))
        return FALSE;
      g_string_append_c(p->out, ')');
      p->depth--;
    } else if (!simple(p)) {
      return FALSE;
    }
    if (is(p, "and"))
      g_string_append(p->out, " AND ");
    else if (is(p, "or"))
      g_string_append(p->out, " OR ");
    else
      return TRUE;
    if (!next(p))
      return FALSE;
  }
}

/* Fedora's name of Perl's choice, within longer ones: "(GPL+ or Artistic) and MIT"; "Artistic"
 * alone is of no one meaning. New string. */
static char *with_perl(const char *text)
{
  static const char *const forms[] = {"GPL+ or Artistic", "Artistic or GPL+"};
  GString *out = g_string_new(text);
  for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
    size_t n = strlen(forms[i]);
    const char *at = strstr(out->str, forms[i]);
    if (at && !is_word(at[n]) && (at == out->str || !is_word(at[-1])))
      g_string_replace(out, forms[i], oakum_license_id(forms[i]), 0);
  }
  return g_string_free(out, FALSE);
}

char *oakum_license_expression(const char *text)
{
  g_autofree char *stripped = g_strstrip(g_strdup(text));
  g_autofree char *whole = with_perl(stripped);
  const char *id = oakum_license_id(whole);
  if (id)
    return g_strdup(id);
  Parser p = {.at = whole, .out = g_string_new(NULL)};
  if (strlen(whole) <= OAKUM_LICENSE_MAX && next(&p) && compound(&p) && p.word[0] == '\0')
    return g_string_free(p.out, FALSE);
  g_string_free(p.out, TRUE);
  return oakum_license_free_name(whole);
}
