/* A Dockerfile as hadolint 2.15 reads it (its parser, language-docker 16): the grammar, its gaps
 * and its errors, so that --compat hadolint sees the steps that hadolint sees. Where that parser
 * gives up, it reports one error and no step. The rules of the grammar were found by feeding it
 * texts. */
#include "lint/peer-text.h"

/* ---- instructions ---------------------------------------------------------------------------- */
/* ${x:-y} is one thing even where a colon would end a word */
static gboolean image_part(Peer *p, const char *stop, char **out)
{
  g_autoptr(GString) word = g_string_new(NULL);
  const char *from = p->text + p->at, *line = memchr(from, '\n', p->len - p->at);
  /* the last one of the line: behind it none is sought */
  const char *last = memrchr(from, '}', line ? (size_t)(line - from) : p->len - p->at);
  for (;;) {
    const char *here = p->text + p->at;
    /* a continued line may have led behind the end of the first */
    if (line && here > line) {
      line = memchr(here, '\n', p->len - p->at);
      last = memrchr(here, '}', line ? (size_t)(line - here) : p->len - p->at);
    }
    if (last && here < last && looking_at(p, "${")) {
      const char *close = memchr(here, '}', (size_t)(last - here) + 1);
      if (close) {
        size_t n = (size_t)(close - p->text) + 1 - p->at;
        g_string_append_len(word, p->text + p->at, (gssize)n);
        p->at += n;
        continue;
      }
    }
    char c = peek(p);
    if (at_end(p) || is_blank(c) || c == '\n' || strchr(stop, c))
      break;
    Break b = lint_text_breaks(p);
    if (b == BREAK_SPACED)
      g_string_append_c(word, ' ');
    if (b != BREAK_NONE)
      continue;
    g_string_append_c(word, c);
    p->at++;
  }
  if (word->len == 0)
    return fail(p);
  *out = g_string_free(g_steal_pointer(&word), FALSE);
  return TRUE;
}

static gboolean read_from(Peer *p, LintStep *step)
{
  if (eat(p, "--platform=")) {
    if (!lint_text_some(p, " ", &step->platform) || !lint_text_require_blanks(p))
      return FALSE;
  }
  if (looking_at(p, "--"))
    return fail(p);
  size_t image = p->at;
  /* a registry: something with a dot, then a slash */
  g_autofree char *domain = NULL, *tld = NULL;
  if (image_part(p, ".", &domain) && peek(p) == '.' && (p->at++, image_part(p, "/", &tld)) &&
      peek(p) == '/' && !strpbrk(domain, " ")) {
    p->at++;
    step->registry = g_strconcat(domain, ".", tld, NULL);
  } else {
    p->at = image;
  }
  lint_text_forget(p);
  if (!image_part(p, "@:", &step->name))
    return FALSE;
  if (peek(p) == ':') {
    size_t colon = p->at++;
    if (!image_part(p, "@:", &step->tag)) {
      p->at = colon;
      return FALSE;
    }
  }
  if (peek(p) == '@') {
    p->at++;
    if (!image_part(p, "@", &step->digest))
      return FALSE;
  }
  step->image = g_strndup(p->text + image, p->at - image);
  size_t before = p->at;
  if (lint_text_blanks(p) && lint_text_keyword(p, "AS") && lint_text_blanks(p) &&
      lint_text_some(p, "\n", &step->alias)) {
    lint_text_forget(p);
    return TRUE;
  }
  g_clear_pointer(&step->alias, g_free);
  p->at = before;
  lint_text_forget(p);
  return TRUE;
}

/* Flags; then here-documents, a list, or plain words. */
static gboolean read_copy(Peer *p, LintStep *step)
{
  static const char *const copy_flags[] = {"chown",   "chmod",   "from", "link",
                                           "exclude", "parents", NULL};
  static const char *const add_flags[] = {"checksum", "chown",        "chmod",  "link",
                                          "exclude",  "keep-git-dir", "unpack", NULL};
  const char *const *known = step->kind == STEP_COPY ? copy_flags : add_flags;
  gboolean bad = FALSE; /* told of behind all flags */
  guint seen = 0;       /* known ones, a bit each */
  while (looking_at(p, "--")) {
    size_t start = p->at;
    p->at += 2;
    size_t name = p->at;
    while (!at_end(p) && !is_blank(peek(p)) && !strchr("\n=", peek(p)))
      p->at++;
    g_autofree char *flag = g_strndup(p->text + name, p->at - name), *value = NULL;
    gboolean boolean = strcmp(flag, "link") == 0 || strcmp(flag, "parents") == 0 ||
                       strcmp(flag, "keep-git-dir") == 0 || strcmp(flag, "unpack") == 0;
    gboolean has_value = peek(p) == '=';
    if (boolean) {
      if (has_value && !(eat(p, "=true") || eat(p, "=false"))) {
        p->at = start; /* no flag: read as a path */
        break;
      }
    } else if (has_value) {
      p->at++;
      if (!lint_text_some(p, "", &value)) {
        lint_text_blanks(p);
        return fail(p);
      }
    } else {
      p->at = start;
      break;
    }
    guint number = 0;
    while (known[number] && strcmp(known[number], flag) != 0)
      number++;
    bad |= !known[number] || ((seen & (1u << number)) && strcmp(flag, "exclude") != 0);
    seen |= 1u << number;
    lint_word_add(step->flags, g_steal_pointer(&flag), g_steal_pointer(&value));
    if (!lint_text_blanks(p))
      break;
  }
  if (bad || (step->kind == STEP_ADD && looking_at(p, "--")))
    return fail(p);
  size_t start = p->at;
  /* bodies in the text: the last marker ends it, the first word behind it is the target */
  if (step->kind == STEP_COPY && looking_at(p, "<<")) {
    g_autofree char *marker = NULL, *body = NULL;
    gboolean ok = TRUE;
    while (looking_at(p, "<<")) {
      g_clear_pointer(&marker, g_free);
      size_t word = p->at;
      ok = lint_text_marker(p, &marker);
      size_t end = p->at;
      gboolean redirected = FALSE;
      ok = ok && lint_text_after_marker(p, &redirected) && !redirected;
      if (!ok)
        break;
      lint_word_add(step->words, NULL, g_strndup(p->text + word, end - word));
      lint_text_blanks(p);
    }
    char *target = NULL;
    ok = ok && lint_text_some(p, "", &target);
    if (ok)
      lint_word_add(step->words, NULL, target);
    while (ok && !at_end(p) && peek(p) != '\n')
      if (lint_text_breaks(p) == BREAK_NONE)
        p->at++;
    ok = ok && !at_end(p);
    if (ok)
      p->at++;
    if (ok && lint_text_body(p, marker, &body)) {
      step->heredoc = TRUE;
      lint_text_forget(p);
      return TRUE;
    }
    g_ptr_array_set_size(step->words, 0);
    p->at = start;
  }
  if (peek(p) == '[' && lint_text_exec_form(p, TRUE, step)) {
    if (step->words->len < 2)
      return fail(p);
    lint_text_forget(p);
    return TRUE;
  }
  p->at = start;
  lint_text_forget(p);
  for (;;) {
    char *word = NULL;
    size_t here = p->at;
    if (at_end(p) || peek(p) == '\n')
      break;
    if (!lint_text_some(p, " ", &word)) {
      p->at = here;
      break;
    }
    lint_word_add(step->words, NULL, word);
    if (!lint_text_blanks(p))
      break;
  }
  if (step->words->len < 2)
    return fail(p);
  lint_text_forget(p);
  return TRUE;
}

/* The one name of a mount's option, and its value in one form: "ro" and "rw=false" are the same. */
static char *mount_option(const char *key, const char *value)
{
  static const char *const names[][2] = {{"dst", "target"},   {"destination", "target"},
                                         {"src", "source"},   {"readonly", "ro"},
                                         {"readwrite", "ro"}, {"rw", "ro"}};
  gboolean writes = strcmp(key, "rw") == 0 || strcmp(key, "readwrite") == 0;
  gboolean is_switch = writes || strcmp(key, "ro") == 0 || strcmp(key, "readonly") == 0 ||
                       strcmp(key, "required") == 0;
  if (is_switch)
    value = (!value || g_ascii_strcasecmp(value, "true") == 0) != writes ? "true" : "false";
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
    if (strcmp(key, names[i][0]) == 0)
      key = names[i][1];
  return g_strdup_printf("%s=%s", key, value ? value : "");
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All options, sorted; NULL: one of them is given twice. New. */
static char *mount_options(GPtrArray *options)
{
  g_autoptr(GString) all = g_string_new(NULL);
  g_ptr_array_sort(options, by_text);
  for (guint i = 0; i < options->len; i++) {
    const char *one = options->pdata[i], *before = i > 0 ? options->pdata[i - 1] : "";
    size_t n = strcspn(one, "=");
    if (strncmp(one, before, n + 1) == 0)
      return NULL;
    if (strcmp(one, "type=bind") != 0) /* the usual one */
      g_string_append_printf(all, "%s\n", one);
  }
  return g_string_free(g_steal_pointer(&all), FALSE);
}

static gboolean read_mount(Peer *p, LintStep *step)
{
  static const char *const types[] = {"bind", "cache", "tmpfs", "secret", "ssh", NULL};
  static const char *const allowed[] = {
      " target dst destination source src from rw readwrite ro readonly z Z ",
      " target dst destination id ro readonly rw readwrite sharing from source src mode uid gid ",
      " target dst destination size ", " target dst destination id required mode uid gid env ",
      " target dst destination id required mode uid gid "};
  int type = 0;
  gboolean target = FALSE, bad = FALSE;
  GPtrArray *keys = g_ptr_array_new_with_free_func(g_free),
            *options = g_ptr_array_new_with_free_func(g_free);
  char *value_target = NULL, *value_from = NULL;
  gboolean ok = TRUE;
  do {
    size_t start = p->at;
    while (!at_end(p) && (g_ascii_isalpha(peek(p))))
      p->at++;
    g_autofree char *key = g_strndup(p->text + start, p->at - start), *value = NULL;
    static const char *const switches[] = {"ro", "readonly", "rw", "readwrite", "required", NULL};
    gboolean has = peek(p) == '=';
    if (has && g_strv_contains(switches, key)) {
      p->at++;
      if (lint_text_keyword(p, "true"))
        value = g_strdup("true");
      else if (lint_text_keyword(p, "false"))
        value = g_strdup("false");
      else
        p->at--; /* the "=" is in the way */
    } else if (has && g_ascii_strcasecmp(key, "z") != 0) {
      p->at++;
      size_t at = p->at;
      if (peek(p) == '"') {
        if (!lint_text_string(p, TRUE, &value)) {
          ok = FALSE;
          break;
        }
      } else if (!lint_text_some(p, ", ", &value)) {
        ok = FALSE;
        break;
      }
      if (strcmp(key, "type") == 0) {
        for (type = 0; types[type] && strcmp(types[type], value) != 0; type++)
          ;
        if (!types[type]) {
          ok = fail_at(p, at);
          break;
        }
        g_ptr_array_add(options, mount_option(key, value));
        continue;
      }
      if (strcmp(key, "sharing") == 0 && strcmp(value, "shared") != 0 &&
          strcmp(value, "private") != 0 && strcmp(value, "locked") != 0) {
        ok = fail_at(p, at);
        break;
      }
    }
    gboolean known = FALSE;
    g_autofree char *padded = g_strdup_printf(" %s ", key);
    for (int i = 0; i < 5; i++)
      known |= strstr(allowed[i], padded) != NULL;
    if (!known || !*key) {
      ok = fail_at(p, start);
      break;
    }
    if (strcmp(key, "target") == 0 || strcmp(key, "dst") == 0 || strcmp(key, "destination") == 0) {
      target = TRUE;
      g_free(value_target);
      value_target = g_strdup(value);
    }
    if (strcmp(key, "from") == 0) {
      g_free(value_from);
      value_from = g_strdup(value);
    }
    g_ptr_array_add(options, mount_option(key, value));
    g_ptr_array_add(keys, g_steal_pointer(&padded));
  } while (peek(p) == ',' && p->at++ < p->len);
  for (guint i = 0; ok && i < keys->len; i++)
    bad |= strstr(allowed[type], keys->pdata[i]) == NULL;
  char *all = ok ? mount_options(options) : NULL;
  if (ok && (bad || !all || (type <= 2 && !target)))
    ok = fail(p);
  if (ok) {
    LintWord *word = lint_word_add(step->flags, g_strdup("mount"), g_strdup(types[type]));
    word->raw = g_steal_pointer(&value_target);
    lint_word_add(step->flags, g_strdup("mount-options"), g_steal_pointer(&all));
    if (value_from)
      lint_word_add(step->flags, g_strdup("mount-from"), g_steal_pointer(&value_from));
  }
  g_free(all);
  g_free(value_target);
  g_free(value_from);
  g_ptr_array_unref(keys);
  g_ptr_array_unref(options);
  return ok;
}

static gboolean read_run(Peer *p, LintStep *step)
{
  static const char *const networks[] = {"none", "host", "default", NULL}, *const securities[] = {
                                                                               "insecure",
                                                                               "sandbox", NULL};
  for (;;) {
    const char *const *choice = NULL;
    const char *name = NULL;
    if (eat(p, "--mount=")) {
      if (!read_mount(p, step))
        return FALSE;
    } else if (eat(p, "--network=")) {
      choice = networks;
      name = "network";
    } else if (eat(p, "--security=")) {
      choice = securities;
      name = "security";
    } else {
      break;
    }
    if (choice) {
      guint i = 0;
      while (choice[i] && !eat(p, choice[i]))
        i++;
      if (!choice[i])
        return fail(p);
      lint_word_add(step->flags, g_strdup(name), g_strdup(choice[i]));
    }
    if (!lint_text_require_blanks(p))
      return FALSE;
    if (looking_at(p, "--") && !looking_at(p, "--mount=") && !looking_at(p, "--network=") &&
        !looking_at(p, "--security="))
      return fail(p);
  }
  return lint_text_arguments(p, step);
}

/* A quoted string: a backslash keeps the next byte from ending it. */
static gboolean quoted(Peer *p, GString *out)
{
  char quote = peek(p);
  p->at++;
  while (!at_end(p) && peek(p) != quote) {
    Break b = lint_text_breaks(p);
    if (b != BREAK_NONE) {
      if (b == BREAK_SPACED)
        g_string_append_c(out, ' ');
      continue;
    }
    if (peek(p) == '\n')
      return fail(p);
    if (peek(p) == p->escape && p->at + 1 < p->len && p->text[p->at + 1] == quote)
      p->at++;
    g_string_append_c(out, peek(p));
    p->at++;
  }
  if (at_end(p))
    return fail(p);
  p->at++;
  return TRUE;
}

/* Bare and quoted pieces up to a blank, a newline, or `stop`. */
static gboolean pieces(Peer *p, const char *stop, GString *out)
{
  for (;;) {
    Break b = peek(p) == p->escape ? BREAK_BARE : BREAK_NONE;
    if (b != BREAK_NONE) {
      Break real = lint_text_breaks(p);
      if (real != BREAK_NONE) { /* which ends nothing, blanks and all */
        g_string_append(out, real == BREAK_SPACED ? " " : "");
        continue;
      }
      /* an escaped blank or quote belongs to the word */
      g_string_append_c(out, p->text[p->at]);
      p->at++;
      if (!at_end(p) && (peek(p) == ' ' || peek(p) == '\t' || peek(p) == '"' || peek(p) == '\'')) {
        out->str[out->len - 1] = peek(p);
        p->at++;
      }
      continue;
    }
    char c = peek(p);
    if (at_end(p) || is_blank(c) || c == '\n' || strchr(stop, c))
      return TRUE;
    if (c == '"' || c == '\'') {
      if (!quoted(p, out))
        return FALSE;
      continue;
    }
    g_string_append_c(out, c);
    p->at++;
  }
}

/* name=value or, as the last, a name, blanks and the rest of the line. */
static gboolean read_pairs(Peer *p, LintStep *step)
{
  do {
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) value = g_string_new(NULL);
    if (!pieces(p, "=", key))
      return FALSE;
    if (peek(p) != '=') {
      char *rest = NULL;
      if (!lint_text_require_blanks(p) || !lint_text_rest(p, &rest))
        return FALSE;
      lint_word_add(step->words, g_strdup(key->str), rest)->raw = g_strdup(rest);
      break;
    }
    size_t raw = ++p->at;
    if (!pieces(p, "", value))
      return FALSE;
    lint_word_add(step->words, g_strdup(key->str), g_strdup(value->str))->raw =
        g_strndup(p->text + raw, p->at - raw);
  } while (lint_text_blanks(p) && !at_end(p) && peek(p) != '\n');
  lint_text_forget(p);
  return TRUE;
}

/* ARG: the first name; the rest of the line does not count. */
static gboolean read_arg(Peer *p, LintStep *step)
{
  g_autofree char *line = NULL;
  if (!lint_text_rest(p, &line))
    return FALSE;
  size_t n = strcspn(line, "= \t");
  char *value = NULL;
  if (line[n] == '=')
    value = g_strdup(line + n + 1);
  lint_word_add(step->words, g_strndup(line, n), value);
  return TRUE;
}

/* A number, or "$" and anything up to a blank, "-", "/" or "$". */
static gboolean port_part(Peer *p)
{
  if (g_ascii_isdigit(peek(p))) {
    while (g_ascii_isdigit(peek(p)))
      p->at++;
    return TRUE;
  }
  if (peek(p) != '$')
    return fail(p);
  p->at++;
  g_autofree char *name = NULL;
  return lint_text_some(p, "-/$", &name);
}

static gboolean read_expose(Peer *p, LintStep *step)
{
  do {
    size_t start = p->at;
    if (!port_part(p))
      return FALSE;
    if (peek(p) == '-') {
      p->at++;
      if (!port_part(p))
        return FALSE;
    }
    if (peek(p) == '/') {
      p->at++;
      size_t proto = p->at;
      while (g_ascii_isalpha(peek(p)))
        p->at++;
      g_autofree char *name = g_ascii_strdown(p->text + proto, (gssize)(p->at - proto));
      if (strcmp(name, "tcp") != 0 && strcmp(name, "udp") != 0) {
        p->at = proto;
        return fail(p);
      }
    }
    lint_word_add(step->words, NULL, g_strndup(p->text + start, p->at - start));
  } while (lint_text_blanks(p) && !at_end(p) && peek(p) != '\n');
  return TRUE;
}

static gboolean read_health(Peer *p, LintStep *step)
{
  static const char *const flags[] = {
      "--interval=", "--timeout=", "--start-period=", "--start-interval=", "--retries=", NULL};
  if (eat(p, "NONE")) {
    step->none = TRUE;
    return TRUE;
  }
  gboolean bad = FALSE;
  guint seen = 0; /* a bit each */
  while (looking_at(p, "--")) {
    guint i = 0;
    while (flags[i] && !eat(p, flags[i]))
      i++;
    if (!flags[i]) {
      p->at += 2;
      gboolean valued = FALSE;
      for (; !at_end(p) && !is_blank(peek(p)) && peek(p) != '\n'; p->at++)
        valued |= peek(p) == '=';
      if (!valued || !lint_text_require_blanks(p))
        return fail(p);
      bad = TRUE; /* told of behind all flags */
      continue;
    }
    bad |= (seen & (1u << i)) != 0;
    seen |= 1u << i;
    size_t start = p->at;
    while (g_ascii_isdigit(peek(p)))
      p->at++;
    if (p->at == start)
      return fail(p);
    if (i != 4) {
      if (peek(p) == '.') {
        p->at++;
        while (g_ascii_isdigit(peek(p)))
          p->at++;
      }
      if (!strchr("smh", peek(p)) || at_end(p))
        return fail(p);
      p->at++;
    }
    lint_word_add(step->flags, g_strdup(flags[i]), g_strndup(p->text + start, p->at - start));
    if (!lint_text_require_blanks(p))
      return FALSE;
  }
  if (bad || !lint_text_keyword(p, "CMD"))
    return fail(p);
  return lint_text_require_blanks(p) && lint_text_arguments(p, step);
}

static const struct {
  const char *word;
  StepKind kind;
} instructions[] = {
    {"FROM", STEP_FROM},
    {"ARG", STEP_ARG},
    {"ENV", STEP_ENV},
    {"RUN", STEP_RUN},
    {"COPY", STEP_COPY},
    {"ADD", STEP_ADD},
    {"WORKDIR", STEP_WORKDIR},
    {"USER", STEP_USER},
    {"LABEL", STEP_LABEL},
    {"CMD", STEP_CMD},
    {"ENTRYPOINT", STEP_ENTRYPOINT},
    {"EXPOSE", STEP_EXPOSE},
    {"SHELL", STEP_SHELL},
    {"STOPSIGNAL", STEP_STOPSIGNAL},
    {"VOLUME", STEP_VOLUME},
    {"HEALTHCHECK", STEP_HEALTHCHECK},
    {"ONBUILD", STEP_ONBUILD},
    {"MAINTAINER", STEP_MAINTAINER},
};

/* A comment "# escape=X" must hold one character, wherever it stands; the end of the line is one.
 */
static gboolean escape_pragma(Peer *p)
{
  size_t start = p->at++;
  skip_blanks(p);
  gboolean is_one = eat(p, "escape");
  if (is_one) {
    skip_blanks(p);
    is_one = eat(p, "=");
  }
  if (is_one) {
    skip_blanks(p);
    p->at += !at_end(p);
    skip_blanks(p);
    if (!at_end(p) && peek(p) != '\n')
      return fail(p);
  }
  p->at = start;
  return TRUE;
}

/* "# syntax=" goes on in the next line behind an escape. Its end; 0: it is none. */
static size_t syntax_pragma(Peer *p)
{
  size_t start = p->at++, end = 0;
  g_autofree char *value = NULL;
  skip_blanks(p);
  if (eat(p, "syntax") && (skip_blanks(p), eat(p, "=")) &&
      (skip_blanks(p), lint_text_rest(p, &value)))
    end = p->at;
  p->at = start;
  lint_text_forget(p);
  return end;
}

/* Returns NULL on failure; p->error tells where. `depth` keeps ONBUILD chains short. */
static LintStep *read_step(Peer *p, guint depth)
{
  size_t start = p->at;
  if (peek(p) == '#' && !at_end(p)) {
    if (!escape_pragma(p))
      return NULL;
    LintStep *step = lint_step_new(STEP_COMMENT);
    const char *nl = memchr(p->text + p->at, '\n', p->len - p->at);
    size_t end = nl ? (size_t)(nl - p->text) : p->len;
    size_t syntax = syntax_pragma(p);
    end = MAX(end, syntax);
    step->text = g_strndup(p->text + p->at + 1, end - p->at - 1);
    p->at = end;
    return step;
  }
  guint i = 0;
  while (i < G_N_ELEMENTS(instructions) && !lint_text_keyword(p, instructions[i].word))
    i++;
  if (i == G_N_ELEMENTS(instructions) || depth > OAKUM_LINT_ONBUILD_DEPTH_MAX) {
    fail_at(p, start);
    return NULL;
  }
  LintStep *step = lint_step_new(instructions[i].kind);
  gboolean ok = lint_text_require_blanks(p);
  if (ok)
    switch (step->kind) {
    case STEP_FROM:
      ok = read_from(p, step);
      break;
    case STEP_ARG:
      ok = read_arg(p, step);
      break;
    case STEP_ENV:
    case STEP_LABEL:
      ok = read_pairs(p, step);
      break;
    case STEP_RUN:
      ok = read_run(p, step);
      break;
    case STEP_COPY:
    case STEP_ADD:
      ok = read_copy(p, step);
      break;
    case STEP_CMD:
    case STEP_ENTRYPOINT:
    case STEP_SHELL:
      ok = lint_text_arguments(p, step);
      break;
    case STEP_EXPOSE:
      ok = read_expose(p, step);
      break;
    case STEP_HEALTHCHECK:
      ok = read_health(p, step);
      break;
    case STEP_ONBUILD:
      step->inner = read_step(p, depth + 1);
      if (step->inner) {
        step->inner->outer = step;
        lint_step_free(step->inner->inner); /* its rules look one level deep */
        step->inner->inner = NULL;
      }
      ok = step->inner != NULL;
      break;
    default:
      ok = lint_text_rest(p, &step->text);
      break;
    }
  if (!ok) {
    fail(p);
    lint_step_free(step);
    return NULL;
  }
  return step;
}

static void set_lines(LintStep *step, int line)
{
  for (; step; step = step->inner)
    step->line = line;
}

/* "# escape=X" among the directives at the head. */
static char escape_of(const char *text, size_t len)
{
  size_t at = 0;
  while (at < len && text[at] == '#') {
    const char *nl = memchr(text + at, '\n', len - at);
    size_t end = nl ? (size_t)(nl - text) : len;
    g_autofree char *line = g_strndup(text + at + 1, end - at - 1);
    char *equals = strchr(line, '=');
    if (!equals)
      return '\\';
    *equals = '\0';
    if (strcmp(g_strstrip(line), "escape") == 0) {
      const char *value = g_strstrip(equals + 1);
      return *value == '`' ? '`' : '\\';
    }
    at = end + 1;
  }
  return '\\';
}

GPtrArray *lint_peer_parse(const char *data, size_t len, int *error_line, int *error_column)
{
  g_autoptr(GString) text = g_string_sized_new(len + 1);
  size_t from = len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  for (size_t i = from; i < len; i++)
    if (data[i] != '\r' || i + 1 >= len || data[i + 1] != '\n')
      g_string_append_c(text, data[i]);
  g_autoptr(GHashTable) endless = oakum_str_map_new(g_free, NULL);
  Peer p = {.text = text->str,
            .len = text->len,
            .escape = escape_of(text->str, text->len),
            .endless = endless};
  g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func((GDestroyNotify)lint_step_free);
  *error_line = 0;
  int line = 1;
  size_t counted = 0;
  while (p.at < p.len && (is_blank(peek(&p)) || peek(&p) == '\n'))
    p.at++;
  gboolean ok = TRUE;
  while (ok && p.at < p.len) {
    for (; counted < p.at; counted++)
      line += p.text[counted] == '\n';
    lint_text_forget(&p);
    LintStep *step = steps->len < OAKUM_LINT_PEER_STEPS_MAX ? read_step(&p, 0) : NULL;
    ok = step != NULL || (p.failed ? FALSE : fail(&p));
    if (!ok)
      break;
    set_lines(step, line);
    step->index = steps->len;
    g_ptr_array_add(steps, step);
    if (at_end(&p))
      break;
    /* blanks, newlines or breaks must follow */
    size_t start = p.at;
    for (;;) {
      if (skip_blanks(&p) || lint_text_breaks(&p) != BREAK_NONE)
        continue;
      if (at_end(&p) || peek(&p) != '\n')
        break;
      p.at++;
    }
    ok = p.at > start || fail(&p);
  }
  if (!ok) {
    *error_line = 1;
    *error_column = 1;
    for (size_t i = 0; i < p.error && i < p.len; i++) {
      (*error_column)++;
      if (p.text[i] == '\n') {
        (*error_line)++;
        *error_column = 1;
      }
    }
    return NULL;
  }
  return g_steal_pointer(&steps);
}
