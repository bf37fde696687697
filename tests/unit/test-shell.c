#include "shell/shell.h"
#include <string.h>

static OakumShell *parse(const char *text, OakumShellDialect dialect)
{
  g_autoptr(GError) error = NULL;
  OakumShell *shell = oakum_shell_parse(text, strlen(text), dialect, &error);
  g_assert_no_error(error);
  g_assert_nonnull(shell);
  return shell;
}

static OakumShell *bash(const char *text)
{
  OakumShell *shell = parse(text, OAKUM_SHELL_BASH);
  if (!shell->complete)
    g_error("%s: %s", text, shell->error->message);
  return shell;
}

/* ---- parameters ---- */
static void test_parameters(void)
{
  static const struct {
    const char *text, *name;
    OakumShellParamOp op;
    gboolean colon, indirect;
    const char *op_text, *subscript, *operands[2];
  } cases[] = {
      {"$a", "a", OAKUM_SHELL_PARAM_PLAIN, FALSE, FALSE, "", NULL, {NULL}},
      {"${a}", "a", OAKUM_SHELL_PARAM_PLAIN, FALSE, FALSE, "", NULL, {NULL}},
      {"$10", "1", OAKUM_SHELL_PARAM_PLAIN, FALSE, FALSE, "", NULL, {NULL}},
      {"${10}", "10", OAKUM_SHELL_PARAM_PLAIN, FALSE, FALSE, "", NULL, {NULL}},
      {"$?", "?", OAKUM_SHELL_PARAM_PLAIN, FALSE, FALSE, "", NULL, {NULL}},
      {"${a:-b c}", "a", OAKUM_SHELL_PARAM_DEFAULT, TRUE, FALSE, ":-", NULL, {"b c"}},
      {"${a-}", "a", OAKUM_SHELL_PARAM_DEFAULT, FALSE, FALSE, "-", NULL, {""}},
      {"${a:=b}", "a", OAKUM_SHELL_PARAM_ASSIGN, TRUE, FALSE, ":=", NULL, {"b"}},
      {"${a?b}", "a", OAKUM_SHELL_PARAM_ERROR, FALSE, FALSE, "?", NULL, {"b"}},
      {"${a:+$b}", "a", OAKUM_SHELL_PARAM_ALTERNATIVE, TRUE, FALSE, ":+", NULL, {"${b}"}},
      {"${#a}", "a", OAKUM_SHELL_PARAM_LENGTH, FALSE, FALSE, "", NULL, {NULL}},
      {"${#a[@]}", "a", OAKUM_SHELL_PARAM_LENGTH, FALSE, FALSE, "", "@", {NULL}},
      {"${#}", "#", OAKUM_SHELL_PARAM_PLAIN, FALSE, FALSE, "", NULL, {NULL}},
      {"${##}", "#", OAKUM_SHELL_PARAM_LENGTH, FALSE, FALSE, "", NULL, {NULL}},
      {"${#:-x}", "#", OAKUM_SHELL_PARAM_DEFAULT, TRUE, FALSE, ":-", NULL, {"x"}},
      {"${a#*/}", "a", OAKUM_SHELL_PARAM_CUT_FRONT, FALSE, FALSE, "#", NULL, {"*/"}},
      {"${a##*/}", "a", OAKUM_SHELL_PARAM_CUT_FRONT_MAX, FALSE, FALSE, "##", NULL, {"*/"}},
      {"${a%.*}", "a", OAKUM_SHELL_PARAM_CUT_BACK, FALSE, FALSE, "%", NULL, {".*"}},
      {"${a%%-*}", "a", OAKUM_SHELL_PARAM_CUT_BACK_MAX, FALSE, FALSE, "%%", NULL, {"-*"}},
      {"${a/b\\/c/d}", "a", OAKUM_SHELL_PARAM_REPLACE, FALSE, FALSE, "/", NULL, {"b/c", "d"}},
      {"${a//b}", "a", OAKUM_SHELL_PARAM_REPLACE, FALSE, FALSE, "//", NULL, {"b"}},
      {"${a/#b/c/d}", "a", OAKUM_SHELL_PARAM_REPLACE, FALSE, FALSE, "/#", NULL, {"b", "c/d"}},
      {"${a:1:$n}", "a", OAKUM_SHELL_PARAM_SLICE, FALSE, FALSE, ":", NULL, {"1", "${n}"}},
      {"${a: -1}", "a", OAKUM_SHELL_PARAM_SLICE, FALSE, FALSE, ":", NULL, {" -1"}},
      {"${a^^}", "a", OAKUM_SHELL_PARAM_CASE, FALSE, FALSE, "^^", NULL, {""}},
      {"${a,[A-F]}", "a", OAKUM_SHELL_PARAM_CASE, FALSE, FALSE, ",", NULL, {"[A-F]"}},
      {"${a@Q}", "a", OAKUM_SHELL_PARAM_TRANSFORM, FALSE, FALSE, "@Q", NULL, {""}},
      {"${a[i+1]}", "a", OAKUM_SHELL_PARAM_PLAIN, FALSE, FALSE, "", "i+1", {NULL}},
      {"${!a}", "a", OAKUM_SHELL_PARAM_INDIRECT, FALSE, TRUE, "", NULL, {NULL}},
      {"${!a:-b}", "a", OAKUM_SHELL_PARAM_DEFAULT, TRUE, TRUE, ":-", NULL, {"b"}},
      {"${!a@}", "a", OAKUM_SHELL_PARAM_NAMES, FALSE, TRUE, "@", NULL, {NULL}},
      {"${!a[*]}", "a", OAKUM_SHELL_PARAM_KEYS, FALSE, TRUE, "", "*", {NULL}},
      {"${!}", "!", OAKUM_SHELL_PARAM_PLAIN, FALSE, FALSE, "", NULL, {NULL}},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *text = g_strconcat("echo ", cases[i].text, NULL);
    g_autoptr(OakumShell) shell = bash(text);
    const OakumShellWord *word = &shell->commands[0]->words[1];
    const OakumShellPart *part = &word->parts[0];
    g_test_message("%s", text);
    g_assert_cmpint(part->kind, ==, OAKUM_SHELL_PART_PARAMETER);
    g_assert_null(word->literal);
    g_assert_cmpstr(part->value, ==, cases[i].name);
    g_assert_cmpint(part->op, ==, cases[i].op);
    g_assert_cmpint(part->colon, ==, cases[i].colon);
    g_assert_cmpint(part->indirect, ==, cases[i].indirect);
    g_assert_cmpint(part->braces, ==, cases[i].text[1] == '{');
    g_assert_cmpstr(part->op_text, ==, cases[i].op_text);
    g_assert_cmpstr(part->subscript, ==, cases[i].subscript);
    guint n = cases[i].operands[1] ? 2 : cases[i].operands[0] ? 1 : 0;
    g_assert_cmpuint(part->n_operands, ==, n);
    for (guint j = 0; j < n; j++)
      g_assert_cmpstr(part->operands[j].text, ==, cases[i].operands[j]);
  }
}

/* ---- words ---- */
static void test_words(void)
{
  static const struct {
    const char *word, *literal, *text;
    OakumShellQuoting quoting;
    gboolean glob, brace;
  } cases[] = {
      {"a", "a", "a", OAKUM_SHELL_QUOTED_NOT, FALSE, FALSE},
      {"'a b'", "a b", "a b", OAKUM_SHELL_QUOTED_WHOLLY, FALSE, FALSE},
      {"\"a $b\"", NULL, "a ${b}", OAKUM_SHELL_QUOTED_WHOLLY, FALSE, FALSE},
      {"$'a'", "a", "a", OAKUM_SHELL_QUOTED_WHOLLY, FALSE, FALSE},
      {"\"\"", "", "", OAKUM_SHELL_QUOTED_WHOLLY, FALSE, FALSE},
      {"a'b'", "ab", "ab", OAKUM_SHELL_QUOTED_PARTLY, FALSE, FALSE},
      {"'a''b'", "ab", "ab", OAKUM_SHELL_QUOTED_PARTLY, FALSE, FALSE},
      {"a\\ b", "a b", "a b", OAKUM_SHELL_QUOTED_PARTLY, FALSE, FALSE},
      {"a\\\nb", "ab", "ab", OAKUM_SHELL_QUOTED_NOT, FALSE, FALSE},
      {"*.c", NULL, "*.c", OAKUM_SHELL_QUOTED_NOT, TRUE, FALSE},
      {"\"*\".c", "*.c", "*.c", OAKUM_SHELL_QUOTED_PARTLY, FALSE, FALSE},
      {"@(a|b)c", NULL, "c", OAKUM_SHELL_QUOTED_NOT, TRUE, FALSE},
      {"a{b,c}", NULL, "a", OAKUM_SHELL_QUOTED_NOT, FALSE, TRUE},
      {"{}", "{}", "{}", OAKUM_SHELL_QUOTED_NOT, FALSE, FALSE},
      {"~/x", NULL, "~/x", OAKUM_SHELL_QUOTED_NOT, FALSE, FALSE},
      {"x=$(a b)y", NULL, "x=${a b}y", OAKUM_SHELL_QUOTED_NOT, FALSE, FALSE},
      {"`a b`", NULL, "${VAR}", OAKUM_SHELL_QUOTED_NOT, FALSE, FALSE},
      {"<(a)", NULL, "", OAKUM_SHELL_QUOTED_NOT, FALSE, FALSE},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *text = g_strconcat("echo ", cases[i].word, " z", NULL);
    g_autoptr(OakumShell) shell = bash(text);
    const OakumShellWord *word = &shell->commands[0]->words[1];
    g_test_message("%s", text);
    g_assert_cmpstr(word->literal, ==, cases[i].literal);
    g_assert_cmpstr(word->text, ==, cases[i].text);
    g_assert_cmpint(word->quoting, ==, cases[i].quoting);
    g_assert_cmpint(word->has_glob, ==, cases[i].glob);
    g_assert_cmpint(word->has_brace, ==, cases[i].brace);
    g_assert_cmpuint(word->span.start, ==, 5);
    g_assert_cmpuint(word->span.end, ==, 5 + strlen(cases[i].word));
    g_assert_true(word->exact);
  }
}

static void test_parts(void)
{
  g_autoptr(OakumShell) shell = bash("echo a'b'\"c$d\"{e,f{1..3}}g");
  const OakumShellWord *word = &shell->commands[0]->words[1];
  static const struct {
    OakumShellPartKind kind;
    guint32 start, end;
  } want[] = {{OAKUM_SHELL_PART_LITERAL, 5, 6},
              {OAKUM_SHELL_PART_SINGLE, 6, 9},
              {OAKUM_SHELL_PART_DOUBLE, 9, 14},
              {OAKUM_SHELL_PART_BRACE, 14, 25},
              {OAKUM_SHELL_PART_LITERAL, 25, 26}};
  g_assert_cmpuint(word->n_parts, ==, G_N_ELEMENTS(want));
  for (guint i = 0; i < word->n_parts; i++) {
    g_assert_cmpint(word->parts[i].kind, ==, want[i].kind);
    g_assert_cmpuint(word->parts[i].span.start, ==, want[i].start);
    g_assert_cmpuint(word->parts[i].span.end, ==, want[i].end);
  }
  const OakumShellPart *dq = &word->parts[2], *brace = &word->parts[3];
  g_assert_cmpuint(dq->n_parts, ==, 2);
  g_assert_true(dq->parts[1].quoted);
  g_assert_cmpstr(dq->parts[1].value, ==, "d");
  g_assert_cmpuint(brace->n_operands, ==, 2);
  g_assert_cmpstr(brace->operands[0].literal, ==, "e");
  g_assert_cmpuint(brace->operands[1].span.start, ==, 17);
  g_assert_cmpuint(brace->operands[1].span.end, ==, 24);
  const OakumShellPart *inner = &brace->operands[1].parts[1];
  g_assert_cmpint(inner->kind, ==, OAKUM_SHELL_PART_BRACE);
  g_assert_cmpstr(inner->value, ==, "1..3");
}

static void test_assignments(void)
{
  g_autoptr(OakumShell) shell = bash("A='x y' b[1]+=$z c=(1 \"2 3\") cmd d=e");
  const OakumShellCommand *c = shell->commands[0];
  g_assert_cmpuint(c->n_assignments, ==, 3);
  g_assert_cmpstr(c->assignments[0].value.literal, ==, "x y");
  g_assert_cmpint(c->assignments[0].value.quoting, ==, OAKUM_SHELL_QUOTED_WHOLLY);
  g_assert_cmpuint(c->assignments[0].value.span.start, ==, 2);
  g_assert_cmpstr(c->assignments[1].subscript, ==, "1");
  g_assert_true(c->assignments[1].append);
  g_assert_null(c->assignments[1].value.literal);
  g_assert_true(c->assignments[2].array);
  g_assert_cmpuint(c->assignments[2].n_elements, ==, 2);
  g_assert_cmpstr(c->assignments[2].elements[1].literal, ==, "2 3");
  g_assert_cmpstr(c->assignments[2].value.text, ==, "(1 \"2 3\")");
  g_assert_cmpstr(c->name, ==, "cmd");
}

/* ---- what is seen through ---- */
/* The names of all commands that `text` gives, "/" in front of those seen through a wrapper and
 * "!" in front of those of a nested script. */
static char *names(const OakumShell *shell)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < shell->n_commands; i++) {
    const OakumShellCommand *c = shell->commands[i];
    g_string_append_printf(out, "%s%s%s", i ? " " : "",
                           c->via_kind == OAKUM_SHELL_VIA_WRAPPER  ? "/"
                           : c->via_kind == OAKUM_SHELL_VIA_SCRIPT ? "!"
                                                                   : "",
                           c->name ? c->name : "?");
  }
  return g_string_free(out, FALSE);
}

static void test_through(void)
{
  static const struct {
    const char *text, *names;
  } cases[] = {
      {"sudo a", "sudo /a"},
      {"sudo -n -u b -g c --user d --host=e -- a", "sudo /a"},
      {"sudo -ub a", "sudo /a"},
      {"sudo \"$X\" a", "sudo"},
      {"sudo -u \"$X\" a", "sudo /a"},
      {"sudo --help", "sudo"},
      {"sudo -e f", "sudo"},
      {"env - a", "env /a"},
      {"env -C /x -u Y --unset=Z a", "env /a"},
      {"env A=b", "env"},
      {"env \"$A\" a", "env"},
      {"exec -cl a", "exec /a"},
      {"exec > f", "exec"},
      {"command a", "command /a"},
      {"command -V a", "command"},
      {"builtin a", "builtin /a"},
      {"nice -10 a", "nice /a"},
      {"nice --adjustment 5 a", "nice /a"},
      {"nohup a", "nohup /a"},
      {"setsid -w a", "setsid /a"},
      {"timeout 5 a", "timeout /a"},
      {"timeout $T a", "timeout /a"},
      {"timeout -s KILL 5", "timeout"},
      {"xargs", "xargs"},
      {"xargs -r0 -P4 a -b", "xargs /a"},
      {"xargs -d '\\n' a", "xargs /a"},
      {"xargs --max-args 1 a", "xargs /a"},
      {"stdbuf -o0 a", "stdbuf /a"},
      {"chroot /x", "chroot"},
      {"chroot /x a", "chroot /a"},
      {"gosu u:g a", "gosu /a"},
      {"doas a", "doas /a"},
      {"flock -n /f a", "flock /a"},
      {"flock /f -c a", "flock /-c"},
      {"busybox a", "busybox /a"},
      {"busybox", "busybox"},
      {"/usr/bin/sudo a", "sudo /a"},
      {"$SUDO a", "?"},
      {"sudo $a", "sudo"},
      {"find . -exec a {} \\; -ok b \\;", "find /a /b"},
      {"find . -exec", "find"},
      {"find . -exec a +", "find /a"},
      {"sudo env nice a", "sudo /env /nice /a"},
      {"sh -c 'a; b'", "sh !a !b"},
      {"sh -ec a", "sh !a"},
      {"sh -c", "sh"},
      {"sh a -c b", "sh"},
      {"bash +x -o pipefail -c a", "bash !a"},
      {"bash -o", "bash"},
      {"dash -c 'a | b'", "dash !a !b"},
      {"sh -c '[[ a ]] && b'", "sh !b"},
      {"dash -c '[[ a ]] && b'", "dash ![[ !b"},
      {"sudo sh -c 'nice a $(b)'", "sudo /sh !nice /a !b"},
      {"eval a b", "eval !a"},
      {"eval 'a' ';' b", "eval !a !b"},
      {"eval $x", "eval"},
      {"su -c 'a' u", "su !a"},
      {"su -lc 'a' u", "su !a"},
      {"su u -- -c a", "su"},
      {"runuser -u u a", "runuser /a"},
      {"runuser u -c 'a'", "runuser !a"},
      {"pwsh -c a", "pwsh"},
      {"trap 'a' EXIT", "trap"},
      {". a", "."},
  };
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(OakumShell) shell = bash(cases[i].text);
    g_autofree char *got = names(shell);
    g_test_message("%s", cases[i].text);
    g_assert_cmpstr(got, ==, cases[i].names);
  }
}

static void test_through_places(void)
{
  const char *text = "sudo sh -c \"a 'b c' && d \\$e $f\" >out; g";
  g_autoptr(OakumShell) shell = bash(text);
  g_autofree char *got = names(shell);
  g_assert_cmpstr(got, ==, "sudo /sh !a !d g");
  const OakumShellCommand *sh = shell->commands[1], *a = shell->commands[2],
                          *d = shell->commands[3];
  g_assert_true(sh->via == shell->commands[0]);
  g_assert_true(a->via == sh);
  g_assert_cmpuint(sh->n_redirects, ==, 1);
  g_assert_cmpint(sh->after, ==, OAKUM_SHELL_JOIN_SEMICOLON);
  g_assert_cmpint(a->after, ==, OAKUM_SHELL_JOIN_AND);
  g_assert_true(a->context & OAKUM_SHELL_IN_NESTED);
  g_assert_cmpuint(a->span.start, ==, 12);
  g_assert_cmpuint(a->span.end, ==, 19);
  g_assert_true(a->exact);
  g_assert_cmpuint(a->words[1].span.start, ==, 14);
  g_assert_cmpuint(d->span.start, ==, 23);
  g_assert_cmpuint(d->span.end, ==, 31);
  g_assert_false(d->exact); /* a backslash of the outer layer lies in it */
  g_assert_cmpstr(d->words[1].text, ==, "${e}");
  g_assert_cmpstr(d->words[2].text, ==, "${f}");
  g_assert_true(d->words[2].exact);
}

/* ---- exec form ---- */
static void test_exec(void)
{
  /* ["sh", "-c", "a && b 'c d'"] */
  static const OakumShellExecWord words[] = {
      {"sh", {1, 5}}, {"-c", {7, 11}}, {"a && b 'c d'", {13, 27}}};
  g_autoptr(GError) error = NULL;
  g_autoptr(OakumShell) exec = oakum_shell_from_exec(words, G_N_ELEMENTS(words), &error);
  g_assert_no_error(error);
  g_autofree char *got = names(exec);
  g_assert_cmpstr(got, ==, "sh !a !b");
  g_assert_true(exec->complete);
  g_assert_cmpuint(exec->commands[0]->span.end, ==, 27);
  g_assert_cmpuint(exec->commands[2]->span.start, ==, 19);
  g_assert_cmpuint(exec->commands[2]->span.end, ==, 26);
  g_assert_cmpuint(exec->commands[2]->words[1].span.start, ==, 21);
  g_assert_cmpstr(exec->commands[2]->words[1].literal, ==, "c d");

  g_autoptr(OakumShell) joined =
      oakum_shell_parse_exec(words, G_N_ELEMENTS(words), OAKUM_SHELL_BASH, &error);
  g_assert_no_error(error);
  g_autofree char *hadolint = names(joined); /* sh -c a && b 'c d' */
  g_assert_cmpstr(hadolint, ==, "sh !a b");
  g_assert_cmpuint(joined->commands[2]->span.start, ==, 19);

  /* a JSON escape in the string: only the whole has a place */
  static const OakumShellExecWord escaped[] = {{"sh", {1, 5}}, {"-c", {7, 11}}, {"a\tb", {13, 19}}};
  g_autoptr(OakumShell) coarse = oakum_shell_from_exec(escaped, G_N_ELEMENTS(escaped), &error);
  g_assert_no_error(error);
  g_assert_cmpuint(coarse->commands[1]->span.start, ==, 13);
  g_assert_cmpuint(coarse->commands[1]->span.end, ==, 19);
  g_assert_false(coarse->commands[1]->exact);

  g_autoptr(OakumShell) none = oakum_shell_from_exec(NULL, 0, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(none->n_commands, ==, 0);
}

/* ---- arguments ---- */
static const OakumShellCommand *only(OakumShell *shell)
{
  return shell->commands[0];
}

static char *texts(GPtrArray *list, gboolean words)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < list->len; i++)
    g_string_append_printf(out, "%s%s", i ? "," : "",
                           words ? ((const OakumShellWord *)list->pdata[i])->text
                                 : (const char *)list->pdata[i]);
  return g_string_free(out, FALSE);
}

static void test_plain_arguments(void)
{
  g_autoptr(OakumShell) shell = bash("apt-get -qq -y install --target-release=x -t stable a=1 "
                                     "\"$B\" - -- -c --no-install-recommends");
  const OakumShellCommand *c = only(shell);
  guint first;
  g_assert_cmpstr(oakum_shell_plain_name(c, &first), ==, "apt-get");
  g_assert_cmpuint(first, ==, 1);
  g_assert_cmpuint(oakum_shell_count_flag(c, "q"), ==, 2);
  g_assert_true(oakum_shell_has_flag(c, "no-install-recommends"));
  g_assert_true(oakum_shell_has_flag(c, "target-release"));
  g_assert_true(oakum_shell_has_flag(c, "c")); /* "--" ends nothing in this reading */
  g_assert_false(oakum_shell_has_flag(c, "target"));
  g_assert_false(oakum_shell_has_flag(c, "no"));
  g_assert_false(oakum_shell_has_flag(c, ""));
  g_assert_true(oakum_shell_has_arg(c, "install"));
  g_assert_false(oakum_shell_has_arg(c, "apt-get"));
  static const char *const any[] = {"update", "a=1", NULL}, *const flags[] = {"z", "y", NULL},
                           *const valued[] = {"t", "target-release", NULL};
  g_assert_true(oakum_shell_has_any_arg(c, any));
  g_assert_true(oakum_shell_has_any_flag(c, flags));
  g_autoptr(GPtrArray) plain = oakum_shell_args_no_flags(c, NULL);
  g_autofree char *all = texts(plain, TRUE);
  g_assert_cmpstr(all, ==, "install,stable,a=1,${B},-,--");
  g_autoptr(GPtrArray) dropped = oakum_shell_args_no_flags(c, valued);
  g_autofree char *without = texts(dropped, TRUE);
  g_assert_cmpstr(without, ==, "install,a=1,${B},-,--");
  g_autoptr(GPtrArray) inline_value = oakum_shell_flag_values(c, "target-release");
  g_autofree char *x = texts(inline_value, FALSE);
  g_assert_cmpstr(x, ==, "x");
  g_autoptr(GPtrArray) next_value = oakum_shell_flag_values(c, "t");
  g_autofree char *stable = texts(next_value, FALSE);
  g_assert_cmpstr(stable, ==, "stable");

  g_autoptr(OakumShell) quiet = bash("apt-get -q=2 install");
  g_assert_true(oakum_shell_has_flag(only(quiet), "2"));
  g_assert_true(oakum_shell_has_arg(only(quiet), "-q=2"));

  static const struct {
    const char *text, *name;
    guint first;
  } cases[] = {{"command ls x", "ls", 1}, {"busybox wget", "wget", 1}, {"command", "command", 1},
               {"exec $x y", NULL, 1},    {"/bin/ls", "/bin/ls", 1},   {"$x", NULL, 1},
               {"A=b", NULL, 0}};
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(OakumShell) one = bash(cases[i].text);
    g_assert_cmpstr(oakum_shell_plain_name(only(one), &first), ==, cases[i].name);
    g_assert_cmpuint(first, ==, cases[i].first);
  }
}

static void test_strict_arguments(void)
{
  g_autoptr(OakumShell) shell =
      bash("apt-get -qyt stable --option a=b --name=c -nv -o=d -fe install $P "
           "\"$Q\"x -- -z");
  static const char *const valued[] = {"-t", "--option", "-o", NULL}, *const single[] = {"-nv",
                                                                                         NULL};
  g_autoptr(OakumShellArgs) args = oakum_shell_args_new(only(shell), 1, valued, single);
  static const struct {
    const char *flag, *value;
    gboolean known, after;
  } want[] = {
      {"-q", NULL, TRUE, FALSE},        {"-y", NULL, TRUE, FALSE},    {"-t", "stable", TRUE, FALSE},
      {"--option", "a=b", TRUE, FALSE}, {"--name", "c", TRUE, FALSE}, {"-nv", NULL, TRUE, FALSE},
      {"-o", "=d", TRUE, FALSE},        {"-f", NULL, TRUE, FALSE},    {"-e", NULL, TRUE, FALSE},
      {NULL, "install", TRUE, FALSE},   {NULL, "${P}", FALSE, FALSE}, {NULL, "${Q}x", FALSE, FALSE},
      {NULL, "-z", TRUE, TRUE}};
  g_assert_cmpuint(oakum_shell_args_count(args), ==, G_N_ELEMENTS(want));
  for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
    const OakumShellArg *arg = oakum_shell_args_get(args, i);
    g_assert_cmpstr(arg->flag, ==, want[i].flag);
    g_assert_cmpstr(arg->value, ==, want[i].value);
    g_assert_cmpint(arg->known, ==, want[i].known);
    g_assert_cmpint(arg->after_dashes, ==, want[i].after);
  }
  static const char *const release[] = {"--target-release", "-t", NULL}, *const no[] = {"-z", NULL};
  g_assert_cmpstr(oakum_shell_args_flag(args, release)->value_word->text, ==, "stable");
  g_assert_null(oakum_shell_args_flag(args, no));
  g_assert_cmpstr(oakum_shell_args_operand(args, 3)->value, ==, "-z");
  g_assert_null(oakum_shell_args_operand(args, 4));

  g_autoptr(OakumShell) end = bash("find -name -t");
  static const char *const name[] = {"-name", NULL};
  g_autoptr(OakumShellArgs) of_find = oakum_shell_args_new(only(end), 1, name, NULL);
  g_assert_cmpuint(oakum_shell_args_count(of_find), ==, 1);
  g_assert_cmpstr(oakum_shell_args_get(of_find, 0)->value, ==, "-t");
  g_autoptr(OakumShell) open = bash("a -t");
  g_autoptr(OakumShellArgs) none = oakum_shell_args_new(only(open), 1, release, NULL);
  g_assert_null(oakum_shell_args_get(none, 0)->value);
}

/* ---- dialects ---- */
static void test_dialects(void)
{
  static const struct {
    const char *argv[5];
    OakumShellDialect dialect;
  } cases[] = {{{"/bin/sh", "-c"}, OAKUM_SHELL_SH},
               {{"/bin/bash", "-o", "pipefail", "-c"}, OAKUM_SHELL_BASH},
               {{"bash"}, OAKUM_SHELL_BASH},
               {{"/bin/dash"}, OAKUM_SHELL_DASH},
               {{"/bin/ash", "-c"}, OAKUM_SHELL_ASH},
               {{"/usr/bin/ksh"}, OAKUM_SHELL_KSH},
               {{"/bin/zsh"}, OAKUM_SHELL_ZSH},
               {{"/bin/busybox", "sh", "-c"}, OAKUM_SHELL_BUSYBOX},
               {{"/bin/busybox", "awk"}, OAKUM_SHELL_UNKNOWN},
               {{"/usr/bin/env", "bash"}, OAKUM_SHELL_BASH},
               {{"env", "-u", "X", "A=b", "bash"}, OAKUM_SHELL_BASH},
               {{"env"}, OAKUM_SHELL_UNKNOWN},
               {{"powershell", "-Command"}, OAKUM_SHELL_POWERSHELL},
               {{"C:\\Program Files\\PowerShell\\pwsh.exe"}, OAKUM_SHELL_POWERSHELL},
               {{"CMD", "/S", "/C"}, OAKUM_SHELL_CMD},
               {{"python3", "-c"}, OAKUM_SHELL_UNKNOWN},
               {{NULL}, OAKUM_SHELL_UNKNOWN}};
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    const char *argv[6] = {NULL};
    memcpy(argv, cases[i].argv, sizeof cases[i].argv);
    g_assert_cmpint(oakum_shell_dialect_of(argv), ==, cases[i].dialect);
  }
  static const struct {
    const char *text;
    gboolean begins;
    OakumShellDialect dialect;
  } scripts[] = {{"#!/bin/sh\na", TRUE, OAKUM_SHELL_SH},
                 {"#! /bin/bash -e", TRUE, OAKUM_SHELL_BASH},
                 {"#!/usr/bin/env bash\r\na", TRUE, OAKUM_SHELL_BASH},
                 {"#!/usr/bin/env -S bash -e\n", TRUE, OAKUM_SHELL_BASH},
                 {"#!/usr/bin/python3\n", TRUE, OAKUM_SHELL_UNKNOWN},
                 {"#!\n/bin/sh", TRUE, OAKUM_SHELL_UNKNOWN},
                 {"# /bin/sh", FALSE, 0},
                 {"#", FALSE, 0},
                 {"", FALSE, 0}};
  for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
    OakumShellDialect dialect = 0;
    g_assert_cmpint(
        oakum_shell_dialect_of_script(scripts[i].text, strlen(scripts[i].text), &dialect), ==,
        scripts[i].begins);
    g_assert_cmpint(dialect, ==, scripts[i].dialect);
  }
  for (OakumShellDialect d = OAKUM_SHELL_SH; d <= OAKUM_SHELL_CMD; d++) {
    OakumShellDialect back;
    g_assert_true(oakum_shell_dialect_parse(oakum_shell_dialect_name(d), &back));
    g_assert_cmpint(back, ==, d);
    g_autoptr(OakumShell) shell = parse("a b", d);
    g_assert_cmpint(shell->complete, ==, oakum_shell_dialect_readable(d));
    g_assert_cmpuint(shell->n_commands, ==, oakum_shell_dialect_readable(d) ? 1 : 0);
    if (!shell->complete)
      g_assert_cmpint(shell->error->code, ==, OAKUM_ERROR_UNSUPPORTED);
  }
  OakumShellDialect back;
  g_assert_false(oakum_shell_dialect_parse("unknown", &back));
}

/* ---- errors and limits ---- */
static void test_errors(void)
{
  g_autoptr(OakumShell) shell = parse("a\nb | | c", OAKUM_SHELL_BASH);
  g_assert_false(shell->complete);
  g_assert_true(oakum_shell_error(shell) == shell->error);
  g_assert_cmpint(shell->error->code, ==, OAKUM_ERROR_INVALID);
  g_assert_cmpuint(shell->error->line, ==, 2);
  g_assert_cmpuint(shell->error->column, ==, 5);
  g_assert_cmpuint(shell->error->span.start, ==, 6);
  g_assert_cmpstr(shell->error->message, ==, "unexpected \"|\"; expected a command");
  g_assert_cmpuint(shell->n_commands, ==, 2);

  g_autoptr(GError) error = NULL;
  g_autoptr(OakumShell) nul = oakum_shell_parse("a;\0b", 4, OAKUM_SHELL_BASH, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(nul->error->span.start, ==, 2);
  g_assert_cmpuint(nul->n_commands, ==, 1);

  g_autoptr(OakumShell) good = bash("a");
  g_assert_null(oakum_shell_error(good));

  g_autofree char *large = g_strnfill(OAKUM_SHELL_TEXT_MAX + 1, 'a');
  g_assert_null(oakum_shell_parse(large, strlen(large), OAKUM_SHELL_BASH, &error));
  g_assert_error(error, OAKUM_SHELL_ERROR, OAKUM_ERROR_LIMIT);
}

/* Each is far beyond a limit, and must end in LIMIT or in a result, not in the machine's memory. */
static void test_limits(void)
{
  static const struct {
    const char *prefix, *unit;
    guint times;
    gboolean limit;
  } cases[] = {{"", "$(", 100000, TRUE},      {"", "(", 1000000, TRUE},
               {"", "\"${x:-", 100000, TRUE}, {"", "{ ", 100000, TRUE},
               {"", "if ", 100000, TRUE},     {"", "$((", 100000, TRUE},
               {"", "<(", 100000, TRUE},      {"", "a;", 2000000, TRUE},
               {"", "<<E ", 1000000, TRUE},   {"", "a ", 500001, TRUE},
               {"", "coproc ", 100000, TRUE}, {"[[ ", "! ", 200000, TRUE},
               {"[[ ", "( ", 200000, TRUE},   {"", "?(", 100000, FALSE},
               {"", "a=(", 100000, FALSE},    {"", "f() ", 100000, FALSE},
               {"", "{", 1000000, FALSE},     {"", "{a,", 100000, FALSE},
               {"", "[", 1000000, FALSE},     {"", "eval ", 20000, FALSE},
               {"", "sudo ", 90000, FALSE},   {"", "find -exec ", 50000, FALSE},
               {"", "a[ ", 150000, FALSE},    {"", "`", 1000000, TRUE},
               {"", "! ", 200000, FALSE},     {"", "a{b,c}", 20000, FALSE}};
  for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GString) text = g_string_new(cases[i].prefix);
    for (guint j = 0; j < cases[i].times; j++)
      g_string_append(text, cases[i].unit);
    g_test_message("%s%s", cases[i].prefix, cases[i].unit);
    g_autoptr(OakumShell) shell = parse(text->str, OAKUM_SHELL_BASH);
    gboolean limit = shell->error && shell->error->code == OAKUM_ERROR_LIMIT;
    g_assert_cmpint(limit, ==, cases[i].limit);
  }
  /* what is shown of an inside is cut */
  g_autoptr(GString) deep = g_string_new("echo ");
  for (int i = 0; i < 60; i++)
    g_string_append(deep, "$(echo 0123456789 ");
  for (int i = 0; i < 60; i++)
    g_string_append_c(deep, ')');
  g_autoptr(OakumShell) shell = bash(deep->str);
  g_assert_cmpuint(shell->n_commands, ==, 61);
  g_assert_cmpuint(strlen(shell->commands[0]->words[1].text), ==, OAKUM_SHELL_SHOWN_MAX + 3);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/shell/parameters", test_parameters);
  g_test_add_func("/shell/words", test_words);
  g_test_add_func("/shell/parts", test_parts);
  g_test_add_func("/shell/assignments", test_assignments);
  g_test_add_func("/shell/through", test_through);
  g_test_add_func("/shell/through-places", test_through_places);
  g_test_add_func("/shell/exec", test_exec);
  g_test_add_func("/shell/plain-arguments", test_plain_arguments);
  g_test_add_func("/shell/strict-arguments", test_strict_arguments);
  g_test_add_func("/shell/dialects", test_dialects);
  g_test_add_func("/shell/errors", test_errors);
  g_test_add_func("/shell/limits", test_limits);
  return g_test_run();
}
