/* The pattern language of secret-rules.inc. */
#include "inspect/secret-private.h"
#include <string.h>

static void add(SecretAtom *atom, uint8_t from, uint8_t to)
{
  for (guint c = from; c <= to; c++)
    atom->set[c >> 6] |= UINT64_C(1) << (c & 63);
}

static void invert(SecretAtom *atom)
{
  for (int i = 0; i < 4; i++)
    atom->set[i] = ~atom->set[i];
}

/* FALSE: "%" is not of a class. */
static gboolean named(SecretAtom *atom, char name)
{
  static const struct {
    char name;
    const char *ranges; /* pairs */
  } classes[] = {{'a', "azAZ09"},   {'d', "09"},   {'h', "09af"},       {'H', "09afAF"},
                 {'l', "az09"},     {'L', "AZ09"}, {'u', "azAZ09--__"}, {'b', "azAZ09++//"},
                 {'w', "azAZ09__"}, {'3', "AZ27"}, {'n', "azAZ09..--"}};
  if (name == 'v') {
    for (const char *c = "\t\n\v\f\r \"'`<>\\"; *c; c++)
      add(atom, (uint8_t)*c, (uint8_t)*c);
    add(atom, 0, 8);
    add(atom, 0x7f, 0x7f);
    invert(atom);
    return TRUE;
  }
  for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
    if (classes[i].name == name) {
      for (const char *r = classes[i].ranges; *r; r += 2)
        add(atom, (uint8_t)r[0], (uint8_t)r[1]);
      return TRUE;
    }
  return FALSE;
}

static const char *set_of(SecretAtom *atom, const char *at, const char *end)
{
  gboolean negative = at < end && *at == '^';
  at += negative;
  for (; at < end && *at != ']'; at++) {
    if (*at == '%' && at + 1 < end) {
      at++;
      if (!named(atom, *at))
        add(atom, (uint8_t)*at, (uint8_t)*at);
    } else if (at + 2 < end && at[1] == '-' && at[2] != ']') {
      add(atom, (uint8_t)at[0], (uint8_t)at[2]);
      at += 2;
    } else
      add(atom, (uint8_t)*at, (uint8_t)*at);
  }
  if (at >= end)
    g_error("secret pattern: a set without its end");
  if (negative)
    invert(atom);
  return at + 1;
}

static const char *count_of(SecretAtom *atom, const char *at, const char *end)
{
  atom->min = atom->max = 1;
  if (at >= end || *at != '{')
    return at;
  const char *close = memchr(at, '}', (size_t)(end - at)),
             *comma = close ? memchr(at, ',', (size_t)(close - at)) : NULL;
  uint64_t min, max;
  if (!close ||
      !oakum_parse_u64(at + 1, (size_t)((comma ? comma : close) - at - 1), UINT16_MAX, &min))
    g_error("secret pattern: a bad count");
  max = min;
  if (comma && !oakum_parse_u64(comma + 1, (size_t)(close - comma - 1), UINT16_MAX, &max))
    g_error("secret pattern: a bad count");
  atom->min = (uint16_t)min;
  atom->max = (uint16_t)max;
  return close + 1;
}

void oakum_secret_pattern_init(SecretPattern *pattern, const char *text, size_t len)
{
  const char *at = text, *end = text + len;
  g_autoptr(GArray) atoms = g_array_new(FALSE, FALSE, sizeof(SecretAtom));
  memset(pattern, 0, sizeof *pattern);
  while (at < end) {
    SecretAtom atom = {0};
    if (*at == '@') {
      pattern->has_literal = TRUE;
      pattern->literal = atoms->len;
      at++;
      continue;
    }
    if (*at == '[')
      at = set_of(&atom, at + 1, end);
    else if (*at == '%' && at + 1 < end) {
      if (!named(&atom, at[1]))
        add(&atom, (uint8_t)at[1], (uint8_t)at[1]);
      at += 2;
    } else {
      add(&atom, (uint8_t)*at, (uint8_t)*at);
      at++;
    }
    at = count_of(&atom, at, end);
    g_array_append_val(atoms, atom);
  }
  pattern->n = atoms->len;
  pattern->atoms = (SecretAtom *)(void *)g_array_steal(atoms, NULL);
  for (guint i = 0; i < pattern->n; i++)
    *(i < pattern->literal ? &pattern->back_max : &pattern->ahead_max) += pattern->atoms[i].max;
}

void oakum_secret_pattern_clear(SecretPattern *pattern)
{
  g_free(pattern->atoms);
}

gboolean oakum_secret_pattern_match(const SecretPattern *pattern, OakumSlice data, size_t *start,
                                    size_t *end, uint64_t *work)
{
  size_t from = *start, to = *end;
  gboolean fits = TRUE;
  for (guint i = pattern->literal; i < pattern->n && fits; i++) {
    const SecretAtom *atom = &pattern->atoms[i];
    size_t most = MIN(data.len - to, atom->max), n = 0;
    while (n < most && secret_in(atom, data.data[to + n]))
      n++;
    to += n;
    fits = n >= atom->min;
  }
  for (guint i = pattern->literal; i > 0 && fits; i--) {
    const SecretAtom *atom = &pattern->atoms[i - 1];
    size_t most = MIN(from, atom->max), n = 0;
    while (n < most && secret_in(atom, data.data[from - n - 1]))
      n++;
    from -= n;
    fits = n >= atom->min;
  }
  *work += (to - *end) + (*start - from) + 8;
  if (!fits)
    return FALSE;
  *start = from;
  *end = to;
  return TRUE;
}
