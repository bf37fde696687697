/* debug version, debug range: lines of two fields to one word each. */
#include "cli/cli.h"
#include "version/version.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  const char *verb, *first, *second; /* "version", "A", "B" */
  gboolean last_tab;                 /* the second field has no tab, so the last one parts them */
  const char *(*answer)(OakumVersionScheme scheme, char *first, size_t first_len, char *second,
                        size_t second_len);
} Fields;

static const char *order_of(OakumVersionScheme scheme, char *a, size_t a_len, char *b, size_t b_len)
{
  int order;
  if (!oakum_version_compare(scheme, a, a_len, b, b_len, &order))
    return "!";
  return order < 0 ? "<" : order > 0 ? ">" : "=";
}

/* Lists of ranges write a tab in a field as "\t". */
static size_t without_escapes(char *text, size_t len)
{
  size_t to = 0;
  for (size_t from = 0; from < len; from++) {
    if (text[from] == '\\' && from + 1 < len && text[from + 1] == 't') {
      text[to++] = '\t';
      from++;
    } else {
      text[to++] = text[from];
    }
  }
  return to;
}

static const char *inside(OakumVersionScheme scheme, char *range, size_t range_len, char *version,
                          size_t version_len)
{
  range_len = without_escapes(range, range_len);
  switch (oakum_version_in_range(scheme, range, range_len, version, version_len)) {
  case OAKUM_RANGE_NO:
    return "no";
  case OAKUM_RANGE_YES:
    return "yes";
  case OAKUM_RANGE_INVALID:
    break;
  }
  return "!";
}

static const Fields version_fields = {"version", "A", "B", FALSE, order_of};
static const Fields range_fields = {"range", "RANGE", "VERSION", TRUE, inside};

static int each_line(const Fields *fields, const char *scheme_name)
{
  OakumVersionScheme scheme;
  if (!oakum_version_scheme_parse(scheme_name, &scheme)) {
    g_autofree char *names = oakum_version_scheme_names();
    oakum_log(OAKUM_LOG_ERROR, "debug %s: unknown scheme \"%s\"; known are %s", fields->verb,
              scheme_name, names);
    return OAKUM_EXIT_ERROR;
  }
  char *line = NULL;
  size_t room = 0;
  ssize_t len;
  int status = OAKUM_EXIT_PASS;
  for (guint64 number = 1; (len = getline(&line, &room, stdin)) >= 0; number++) {
    if (len > 0 && line[len - 1] == '\n')
      len--;
    char *tab =
        fields->last_tab ? memrchr(line, '\t', (size_t)len) : memchr(line, '\t', (size_t)len);
    size_t first_len = tab ? (size_t)(tab - line) : 0,
           second_len = tab ? (size_t)len - first_len - 1 : 0;
    if (!tab || memchr(tab + 1, '\t', second_len)) {
      oakum_log(OAKUM_LOG_ERROR, "debug %s: line %" G_GUINT64_FORMAT " is not %s<TAB>%s",
                fields->verb, number, fields->first, fields->second);
      status = OAKUM_EXIT_ERROR;
      break;
    }
    puts(fields->answer(scheme, line, first_len, tab + 1, second_len));
  }
  free(line);
  if (ferror(stdin) || fflush(stdout) != 0) {
    oakum_log(OAKUM_LOG_ERROR, "debug %s: %s", fields->verb, g_strerror(errno));
    status = OAKUM_EXIT_ERROR;
  }
  return status;
}

static int run(const Fields *fields, int argc, char **argv)
{
  /* argv: debug VERB SCHEME */
  if (argc == 3)
    return each_line(fields, argv[2]);
  oakum_log(OAKUM_LOG_ERROR, "debug %s: expected SCHEME; see oakum debug %s --help", fields->verb,
            fields->verb);
  return OAKUM_EXIT_ERROR;
}

static int run_version(int argc, char **argv)
{
  return run(&version_fields, argc, argv);
}

static int run_range(int argc, char **argv)
{
  return run(&range_fields, argc, argv);
}

static const OakumArgument scheme_arguments[] = {{"SCHEME", "deb, rpm, npm, ...; docs/versions.md"},
                                                 {0}};

const OakumCommand oakum_debug_version = {
    .name = "version",
    .summary = "compare versions: reads lines A<TAB>B, prints <, =, > or ! (not valid)",
    .arguments = scheme_arguments,
    .parent = &oakum_cmd_debug,
    .examples = "printf '1.0~rc1\\t1.0\\n' | oakum debug version deb\n",
    .run = run_version};

const OakumCommand oakum_debug_range = {
    .name = "range",
    .summary = "look into ranges: reads lines RANGE<TAB>VERSION, prints yes, no or ! (not valid)",
    .arguments = scheme_arguments,
    .parent = &oakum_cmd_debug,
    .examples = "printf '^1.2.3\\t1.9.0\\n' | oakum debug range npm\n",
    .run = run_range};
