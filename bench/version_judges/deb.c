/* dpkg's own library. Reads lines of two fields, prints what `oakum debug version|range deb` would.
 */
#define LIBDPKG_VOLATILE_API 1
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <dpkg/dpkg.h>
#include <dpkg/dpkg-db.h>

static bool parse(struct dpkg_version *version, const char *text)
{
  struct dpkg_error error = DPKG_ERROR_INIT;
  bool bad = parseversion(version, text, &error) != 0;
  dpkg_error_destroy(&error);
  return !bad;
}

int main(int argc, char **argv)
{
  static char line[65536];
  dpkg_program_init("judge");
  while (fgets(line, sizeof line, stdin)) {
    struct dpkg_version a, b;
    line[strcspn(line, "\n")] = '\0';
    char *tab = strchr(line, '\t'), *first = line;
    *tab = '\0';
    char op[3] = "";
    for (int i = 0; strcmp(argv[1], "range") == 0 && *first && strchr("<=>", *first) && i < 2; i++)
      op[i] = *first++;
    if (!parse(&a, first) || !parse(&b, tab + 1)) {
      puts("!");
      continue;
    }
    int order = dpkg_version_compare(&a, &b);
    if (!*op)
      puts(order < 0 ? "<" : order > 0 ? ">" : "=");
    else
      puts((*op == '<' && order > 0) || (*op == '>' && order < 0) || (strchr(op, '=') && order == 0)
               ? "yes"
               : "no");
  }
  dpkg_program_done();
  return 0;
}
