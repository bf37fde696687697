/* The modes of COPY --chmod: octal, or symbolic as in chmod(1) of POSIX. */
#include "build/copy-private.h"
#include <string.h>

#define CLAUSES_MAX 64u

typedef struct {
  uint32_t who;      /* bits that may change; 0: nobody was named */
  char op;           /* + - = */
  uint32_t bits;     /* as if for all */
  uint32_t from;     /* copy from these bits (u: 0700 …); 0: not a copy */
  gboolean exec_any; /* X */
} Clause;

struct OakumMode {
  gboolean octal;
  uint32_t bits;
  GArray *clauses; /* Clause */
};

static gboolean refuse(const char *text, GError **error)
{
  g_autofree char *shown = oakum_escape_terminal(text, -1);
  g_set_error(
      error, OAKUM_BUILD_ERROR, OAKUM_ERROR_INVALID,
      "--chmod=%s: expected an octal mode up to 7777 such as 0644, or a symbolic one such as "
      "u=rwX,go=rX",
      shown);
  return FALSE;
}

static gboolean parse_octal(const char *text, uint32_t *bits)
{
  *bits = 0;
  for (; *text; text++) {
    if (*text < '0' || *text > '7')
      return FALSE;
    *bits = *bits * 8 + (uint32_t)(*text - '0');
    if (*bits > 07777)
      return FALSE;
  }
  return TRUE;
}

static uint32_t parse_who(const char **at)
{
  uint32_t who = 0;
  for (;; ++*at)
    switch (**at) {
    case 'u':
      who |= 04700;
      break;
    case 'g':
      who |= 02070;
      break;
    case 'o':
      who |= 01007;
      break;
    case 'a':
      who |= 07777;
      break;
    default:
      return who;
    }
}

static gboolean parse_permissions(const char **at, Clause *clause)
{
  static const char copies[] = "ugo";
  static const uint32_t copied[] = {0700, 0070, 0007};
  const char *copy = **at ? strchr(copies, **at) : NULL;
  if (copy) {
    clause->from = copied[copy - copies];
    ++*at;
    return TRUE;
  }
  for (;; ++*at)
    switch (**at) {
    case 'r':
      clause->bits |= 0444;
      break;
    case 'w':
      clause->bits |= 0222;
      break;
    case 'x':
      clause->bits |= 0111;
      break;
    case 's':
      clause->bits |= 06000;
      break;
    case 't':
      clause->bits |= 01000;
      break;
    case 'X':
      clause->exec_any = TRUE;
      break;
    default:
      return **at == '\0' || strchr(",+-=", **at) != NULL;
    }
}

OakumMode *oakum_mode_parse(const char *text, GError **error)
{
  g_autoptr(OakumMode) mode = g_new0(OakumMode, 1);
  mode->clauses = g_array_new(FALSE, FALSE, sizeof(Clause));
  if (*text >= '0' && *text <= '9') {
    mode->octal = TRUE;
    return parse_octal(text, &mode->bits) || refuse(text, error) ? g_steal_pointer(&mode) : NULL;
  }
  for (const char *at = text;;) {
    uint32_t who = parse_who(&at);
    if (!*at || !strchr("+-=", *at)) /* at least one operation after who */
      return refuse(text, error) ? g_steal_pointer(&mode) : NULL;
    while (*at && strchr("+-=", *at)) {
      Clause clause = {.who = who, .op = *at++};
      if (!parse_permissions(&at, &clause) || mode->clauses->len >= CLAUSES_MAX)
        return refuse(text, error) ? g_steal_pointer(&mode) : NULL;
      g_array_append_val(mode->clauses, clause);
    }
    if (*at == '\0')
      return g_steal_pointer(&mode);
    if (*at++ != ',')
      return refuse(text, error) ? g_steal_pointer(&mode) : NULL;
  }
}

/* The bits of one class, for all three. */
static uint32_t spread(uint32_t bits, uint32_t from)
{
  uint32_t one = from == 0700 ? bits >> 6 : from == 0070 ? bits >> 3 : bits;
  one &= 7;
  return one << 6 | one << 3 | one;
}

uint32_t oakum_mode_apply(const OakumMode *mode, uint32_t bits, gboolean folder)
{
  if (mode->octal)
    return mode->bits;
  const gboolean may_run = folder || (bits & 0111); /* X asks the mode as it was, as POSIX says */
  for (guint i = 0; i < mode->clauses->len; i++) {
    const Clause *clause = &g_array_index(mode->clauses, Clause, i);
    uint32_t may = clause->who ? clause->who : 07777;
    uint32_t value = clause->from ? spread(bits, clause->from) : clause->bits;
    if (clause->exec_any && may_run)
      value |= 0111;
    value &= may;
    if (clause->op == '+') {
      bits |= value;
    } else if (clause->op == '-') {
      bits &= ~value;
    } else {
      bits = (bits & ~may) | value;
    }
  }
  return bits;
}

uint32_t oakum_mode_of_folders(const OakumMode *mode)
{
  return mode && mode->octal ? mode->bits & 0777 : 0755;
}

void oakum_mode_free(OakumMode *mode)
{
  if (!mode)
    return;
  g_array_unref(mode->clauses);
  g_free(mode);
}
