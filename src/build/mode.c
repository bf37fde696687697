/* The modes of COPY --chmod: octal, or symbolic as in chmod(1) of BSD, which
 * BuildKit follows. */
#include "build/copy-private.h"
#include <string.h>

#define SET_IDS 06000u
#define STICKY 01000u
#define EVERYBODY (SET_IDS | 0777u) /* a: as BSD's chmod has it, without the sticky bit */

typedef enum { CHANGE_CLEAR, CHANGE_SET, CHANGE_MAY_RUN, CHANGE_COPY } ChangeKind;

typedef struct {
  ChangeKind kind;
  uint32_t bits; /* COPY: of the classes that get them */
  uint32_t from; /* COPY: of the class that gives them: 0700 … */
  char op;       /* COPY: + - = */
} Change;

struct OakumMode {
  gboolean octal;
  uint32_t bits;
  GArray *changes; /* Change */
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
      who |= 0007;
      break;
    case 'a':
      who |= EVERYBODY;
      break;
    default:
      return who;
    }
}

static void add(OakumMode *mode, Change change)
{
  g_array_append_val(mode->changes, change);
}

/* `who` 0: nobody was named, and there is no umask. */
static void add_bits(OakumMode *mode, char op, uint32_t who, uint32_t bits)
{
  if (op == '=')
    add(mode, (Change){.kind = CHANGE_CLEAR, .bits = who ? who : EVERYBODY});
  add(mode,
      (Change){.kind = op == '-' ? CHANGE_CLEAR : CHANGE_SET, .bits = who ? who & bits : bits});
}

static void add_may_run(OakumMode *mode, uint32_t who)
{
  add(mode, (Change){.kind = CHANGE_MAY_RUN, .bits = who ? who & 0111 : 0111});
}

/* One operation with its permissions, as BSD's setmode(3) reads them, for that is what BuildKit
 * has: the other users have neither set-id nor sticky bits, which only t changes; a copy does not
 * touch them; what stands before a copy is done before it. */
static void parse_operation(const char **at, uint32_t who, OakumMode *mode)
{
  static const char classes[] = "ugo";
  static const uint32_t of_class[] = {0700, 0070, 0007};
  const char op = *(*at)++;
  const gboolean special = who != 0007;
  uint32_t bits = 0;
  gboolean may_run = FALSE, cleared = op != '=';
  for (; mode->changes->len < OAKUM_MODE_CHANGES_MAX; ++*at) {
    const char *copy = **at ? strchr(classes, **at) : NULL;
    switch (**at) {
    case 'r':
      bits |= 0444;
      continue;
    case 'w':
      bits |= 0222;
      continue;
    case 'x':
      bits |= 0111;
      continue;
    case 'X':
      if (op == '-')
        bits |= 0111;
      else
        may_run = TRUE;
      continue;
    case 's':
      bits |= special ? SET_IDS : 0;
      continue;
    case 't':
      who |= special ? STICKY : 0;
      bits |= special ? STICKY : 0;
      continue;
    default:
      break;
    }
    if (bits || (!cleared && !copy))
      add_bits(mode, op, who, bits);
    cleared = TRUE;
    if (may_run)
      add_may_run(mode, who);
    if (!copy)
      return;
    bits = 0;
    may_run = FALSE;
    add(mode, (Change){.kind = CHANGE_COPY,
                       .bits = (who ? who : EVERYBODY) & 0777,
                       .from = of_class[copy - classes],
                       .op = op});
  }
}

OakumMode *oakum_mode_parse(const char *text, GError **error)
{
  g_autoptr(OakumMode) mode = g_new0(OakumMode, 1);
  mode->changes = g_array_new(FALSE, FALSE, sizeof(Change));
  if (*text >= '0' && *text <= '9') {
    mode->octal = TRUE;
    return parse_octal(text, &mode->bits) || refuse(text, error) ? g_steal_pointer(&mode) : NULL;
  }
  for (const char *at = text;;) {
    const uint32_t who = parse_who(&at);
    gboolean any = FALSE; /* at least one operation after who */
    for (; *at && strchr("+-=", *at) && mode->changes->len < OAKUM_MODE_CHANGES_MAX; any = TRUE)
      parse_operation(&at, who, mode);
    if (any && *at == '\0')
      return g_steal_pointer(&mode);
    if (!any || *at++ != ',')
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
  for (guint i = 0; i < mode->changes->len; i++) {
    const Change *change = &g_array_index(mode->changes, Change, i);
    uint32_t value = change->kind == CHANGE_COPY ? spread(bits, change->from) : 0;
    switch (change->kind) {
    case CHANGE_CLEAR:
      bits &= ~change->bits;
      break;
    case CHANGE_SET:
      bits |= change->bits;
      break;
    case CHANGE_MAY_RUN:
      bits |= may_run ? change->bits : 0;
      break;
    case CHANGE_COPY:
      bits &= ~(change->op == '+' ? 0 : change->op == '-' ? value & change->bits : change->bits);
      bits |= change->op == '-' ? 0 : value & change->bits;
      break;
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
  g_array_unref(mode->changes);
  g_free(mode);
}
