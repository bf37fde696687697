/* RUN --mount: fields of comma-separated values, and what they mean. Also Go's durations. */
#include "dockerfile/dockerfile-private.h"
#include <math.h>
#include <string.h>

static const char *const types[] = {"bind", "cache", "tmpfs", "secret", "ssh", NULL};
static const char *const sharings[] = {"shared", "private", "locked", NULL};
static const char *const keys[] = {"type",    "from",     "source",    "src",         "target",
                                   "dst",     "id",       "ro",        "rw",          "env",
                                   "sharing", "required", "size",      "mode",        "uid",
                                   "gid",     "readonly", "readwrite", "destination", NULL};

const char *oakum_mount_type_name(OakumMountType type)
{
  return type == OAKUM_MOUNT_UNKNOWN ? "unknown" : types[type];
}

void oakum_mount_free(OakumMount *mount)
{
  if (!mount)
    return;
  char *texts[] = {mount->source, mount->target, mount->from, mount->id, mount->env};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
    g_free(texts[i]);
  if (mount->fields)
    g_ptr_array_unref(mount->fields);
  g_free(mount);
}

static OakumMount *mount_new(void)
{
  OakumMount *mount = g_new0(OakumMount, 1);
  mount->type = OAKUM_MOUNT_BIND;
  mount->read_only = TRUE;
  mount->mode = (guint)-1;
  mount->uid = mount->gid = -1;
  mount->fields = g_ptr_array_new_with_free_func(oakum_word_free);
  return mount;
}

/* ---- numbers
 * --------------------------------------------------------------------------------------- */
static gboolean parse_bool(const char *text, gboolean *out)
{
  static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True", NULL},
                           *const no[] = {"0", "f", "F", "false", "FALSE", "False", NULL};
  *out = g_strv_contains(yes, text);
  return *out || g_strv_contains(no, text);
}

/* "64m", "1.5 GiB": units of 1024. */
static gboolean parse_size(const char *text, guint64 *out)
{
  static const char units[] = "bkmgtp";
  const char *at = text;
  double value = 0, place = 1;
  if (!g_ascii_isdigit(*at))
    return FALSE;
  for (; g_ascii_isdigit(*at); at++)
    value = value * 10 + (*at - '0');
  if (*at == '.')
    for (at++; g_ascii_isdigit(*at); at++)
      value += (*at - '0') * (place /= 10);
  if (*at == ' ')
    at++;
  const char *unit = *at ? strchr(units, g_ascii_tolower(*at)) : units;
  if (!unit)
    return FALSE;
  at += *at ? 1 : 0;
  if (unit > units && g_ascii_tolower(*at) == 'i')
    at++;
  if (unit > units && g_ascii_tolower(*at) == 'b')
    at++;
  value = ldexp(value, 10 * (int)(unit - units));
  if (*at || value >= (double)G_MAXINT64)
    return FALSE;
  *out = (guint64)value;
  return TRUE;
}

static gboolean parse_octal(const char *text, guint *out)
{
  guint64 value = 0;
  if (!*text)
    return FALSE;
  for (; *text; text++) {
    if (*text < '0' || *text > '7' || (value = value * 8 + (guint64)(*text - '0')) > G_MAXUINT32)
      return FALSE;
  }
  *out = (guint)value;
  return TRUE;
}

gboolean oakum_dockerfile_duration(const char *text, int64_t *nanoseconds)
{
  static const struct {
    const char *name;
    double scale;
  } units[] = {{"ns", 1},   {"us", 1e3}, {"\xC2\xB5s", 1e3}, {"\xCE\xBCs", 1e3},
               {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},        {"h", 3600e9}};
  gboolean negative = *text == '-';
  text += *text == '-' || *text == '+';
  double total = 0;
  *nanoseconds = 0;
  if (strcmp(text, "0") == 0)
    return TRUE;
  if (!*text)
    return FALSE;
  while (*text) {
    double value = 0, place = 1;
    gboolean digits = FALSE;
    for (; g_ascii_isdigit(*text); text++, digits = TRUE)
      value = value * 10 + (*text - '0');
    if (*text == '.')
      for (text++; g_ascii_isdigit(*text); text++, digits = TRUE)
        value += (*text - '0') * (place /= 10);
    size_t unit = 0, len = 0;
    while (text[len] && text[len] != '.' && !g_ascii_isdigit(text[len]))
      len++;
    while (unit < G_N_ELEMENTS(units) &&
           !(strlen(units[unit].name) == len && strncmp(units[unit].name, text, len) == 0))
      unit++;
    if (!digits || unit == G_N_ELEMENTS(units))
      return FALSE;
    total += value * units[unit].scale;
    text += len;
    if (total >= (double)G_MAXINT64)
      return FALSE;
  }
  *nanoseconds = (int64_t)(negative ? -total : total);
  return TRUE;
}

/* ---- the meaning of a field
 * ------------------------------------------------------------------------ */
/* What is wrong with a field; the texts are new. */
typedef struct {
  const char *code;
  char *message, *hint;
} Fault;

static G_GNUC_PRINTF(4, 5) gboolean
    refuse(Fault *fault, const char *code, char *hint, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  fault->code = code;
  fault->hint = hint;
  fault->message = g_strdup_vprintf(format, args);
  va_end(args);
  return FALSE;
}

typedef struct {
  OakumMount *mount;
  gboolean access_given, sharing_given;
} Builder;

static gboolean set_text(char **slot, const char *value)
{
  g_free(*slot);
  *slot = g_strdup(value);
  return TRUE;
}

static gboolean is_key(const char *key, const char *a, const char *b, const char *c)
{
  return strcmp(key, a) == 0 || (b && strcmp(key, b) == 0) || (c && strcmp(key, c) == 0);
}

static gboolean bad_value(Fault *fault, const char *key, const char *value)
{
  g_autofree char *shown = oakum_shorten(value, strlen(value));
  return refuse(fault, "bad-mount", NULL, "mount: %s cannot be \"%s\"", key, shown);
}

static gboolean wrong_type(Fault *fault, const char *key, OakumMountType type)
{
  return refuse(fault, "bad-mount", NULL, "mount: %s means nothing for the type %s", key,
                oakum_mount_type_name(type));
}

static gboolean choose(Fault *fault, const char *const *list, const char *key, const char *value,
                       int *out)
{
  for (*out = 0; list[*out]; ++*out)
    if (g_ascii_strcasecmp(list[*out], value) == 0)
      return TRUE;
  g_autofree char *shown = oakum_shorten(value, strlen(value));
  return refuse(fault, "bad-mount", oakum_hint(value, list), "mount: there is no %s \"%s\"", key,
                shown);
}

static gboolean apply_access(Builder *b, const char *key, const char *value, Fault *fault)
{
  gboolean on = TRUE, write = is_key(key, "rw", "readwrite", NULL);
  if (value && !parse_bool(value, &on))
    return bad_value(fault, key, value);
  b->mount->read_only = write ? !on : on;
  b->access_given = TRUE;
  return TRUE;
}

static gboolean apply_id(gint64 *slot, const char *key, const char *value, Fault *fault)
{
  uint64_t number;
  if (!oakum_parse_u64(value, strlen(value), G_MAXUINT32, &number))
    return bad_value(fault, key, value);
  *slot = (gint64)number;
  return TRUE;
}

/* One field. `value` NULL: no "=". The order counts: "required" asks for the type before it. */
static gboolean apply(Builder *b, const char *key, const char *value, Fault *fault)
{
  OakumMount *m = b->mount;
  gboolean unknown = m->type == OAKUM_MOUNT_UNKNOWN;
  int choice;
  if (is_key(key, "ro", "readonly", NULL) || is_key(key, "rw", "readwrite", NULL))
    return apply_access(b, key, value, fault);
  if (strcmp(key, "required") == 0) {
    m->required = TRUE;
    if (!unknown && m->type != OAKUM_MOUNT_SECRET && m->type != OAKUM_MOUNT_SSH)
      return wrong_type(fault, key, m->type);
    return !value || parse_bool(value, &m->required) || bad_value(fault, key, value);
  }
  if (!g_strv_contains(keys, key)) {
    g_autofree char *shown = oakum_shorten(key, strlen(key));
    return refuse(fault, "unknown-mount-key", oakum_hint(key, keys),
                  "mount: there is no key \"%s\"", shown);
  }
  if (!value)
    return refuse(fault, "bad-mount", NULL, "mount: %s needs a value", key);
  if (strcmp(key, "type") == 0) {
    if (!choose(fault, types, key, value, &choice))
      return FALSE;
    m->type = (OakumMountType)choice;
    return TRUE;
  }
  if (strcmp(key, "sharing") == 0) {
    if (!choose(fault, sharings, key, value, &choice))
      return FALSE;
    m->sharing = (OakumMountSharing)choice;
    return b->sharing_given = TRUE;
  }
  if (strcmp(key, "size") == 0) {
    if (!unknown && m->type != OAKUM_MOUNT_TMPFS)
      return wrong_type(fault, key, m->type);
    return parse_size(value, &m->size) || bad_value(fault, key, value);
  }
  if (strcmp(key, "mode") == 0)
    return parse_octal(value, &m->mode) || bad_value(fault, key, value);
  if (strcmp(key, "uid") == 0)
    return apply_id(&m->uid, key, value, fault);
  if (strcmp(key, "gid") == 0)
    return apply_id(&m->gid, key, value, fault);
  if (strcmp(key, "from") == 0)
    return set_text(&m->from, value);
  if (is_key(key, "source", "src", NULL))
    return set_text(&m->source, value);
  if (is_key(key, "target", "dst", "destination"))
    return set_text(&m->target, value);
  return set_text(strcmp(key, "id") == 0 ? &m->id : &m->env, value);
}

/* What the fields must be together. */
static gboolean finish(Builder *b, Fault *fault)
{
  OakumMount *m = b->mount;
  if (!b->access_given)
    m->read_only = m->type != OAKUM_MOUNT_CACHE && m->type != OAKUM_MOUNT_TMPFS;
  if (m->type == OAKUM_MOUNT_UNKNOWN)
    return TRUE;
  if (m->type == OAKUM_MOUNT_BIND || m->type == OAKUM_MOUNT_TMPFS) {
    const char *extra = m->mode != (guint)-1 ? "mode"
                        : m->uid >= 0        ? "uid"
                        : m->gid >= 0        ? "gid"
                                             : NULL;
    if (extra)
      return wrong_type(fault, extra, m->type);
  }
  if (b->sharing_given && m->type != OAKUM_MOUNT_CACHE)
    return wrong_type(fault, "sharing", m->type);
  if (m->type != OAKUM_MOUNT_SECRET)
    return TRUE;
  if (m->from && *m->from)
    return wrong_type(fault, "from", m->type);
  if (!(m->source && *m->source) && !(m->target && *m->target) && !(m->id && *m->id))
    return refuse(fault, "bad-mount", NULL, "mount: a secret needs an id or a target");
  if (m->source && *m->source && m->id && *m->id)
    return refuse(fault, "bad-mount", NULL, "mount: a secret takes id or source, not both");
  return TRUE;
}

/* ---- reading
 * --------------------------------------------------------------------------------------- */
typedef struct {
  OakumParser *parser;
  OakumInstruction *in;
  Builder builder;
  GString *text;  /* of the field */
  GArray *places; /* guint: where its bytes stand in the line */
} MountReader;

static void fail_at(MountReader *r, const OakumRange *range, Fault *fault)
{
  oakum_parser_fail(r->parser, range, fault->code, g_steal_pointer(&fault->hint), "RUN: %s",
                    fault->message);
  g_clear_pointer(&fault->message, g_free);
}

static void end_field(MountReader *r, guint from, guint to)
{
  OakumMount *m = r->builder.mount;
  const char *text = r->text->str, *equals = strchr(text, '=');
  const guint *places = (const guint *)(gconstpointer)r->places->data;
  size_t key_len = equals ? (size_t)(equals - text) : r->text->len;
  OakumWord *field = oakum_parser_word(r->parser, m->fields, g_ascii_strdown(text, (gssize)key_len),
                                       equals ? g_strdup(equals + 1) : NULL,
                                       oakum_line_range(r->parser, from, to));
  if (!field)
    return;
  guint key_end = equals ? places[key_len] : to, key_start = key_len ? places[0] : key_end;
  field->name_range = oakum_line_range(r->parser, key_start, key_end);
  if (equals)
    field->value_range =
        equals[1] ? oakum_line_range(r->parser, places[key_len + 1], places[r->text->len - 1] + 1)
                  : oakum_line_range(r->parser, key_end + 1, key_end + 1);
  Fault fault = {0};
  const char *value = field->value;
  if (value && strpbrk(value, "$\"'\\`")) { /* what it is, is only known when it is expanded */
    const char *dollar = strchr(value, '$');
    if (strcmp(field->name, "from") == 0 && dollar && dollar[1]) {
      (void)!refuse(&fault, "variable-in-from",
                    g_strdup("give the image a stage of its own: FROM takes variables"),
                    "mount: from takes no variables");
      fail_at(r, &field->value_range, &fault);
    } else if (strcmp(field->name, "type") == 0) {
      m->type = OAKUM_MOUNT_UNKNOWN;
    } else if (!is_key(field->name, "size", "mode", "uid") &&
               !is_key(field->name, "gid", "sharing", "required") &&
               !is_key(field->name, "ro", "readonly", "rw") &&
               strcmp(field->name, "readwrite") != 0 &&
               !apply(&r->builder, field->name, value, &fault)) {
      fail_at(r, &field->name_range, &fault);
    }
  } else if (!apply(&r->builder, field->name, value, &fault)) {
    if (strcmp(field->name, "type") == 0)
      m->type = OAKUM_MOUNT_UNKNOWN;
    fail_at(r,
            strcmp(fault.code, "unknown-mount-key") == 0 || !value ? &field->name_range
                                                                   : &field->value_range,
            &fault);
  }
}

/* Splits at commas; a field that begins with a quote ends with one, and doubles those inside. */
static gboolean read_fields(MountReader *r, const char *value, const guint *places)
{
  size_t at = 0;
  for (;;) {
    size_t from = at;
    gboolean quoted = value[at] == '"';
    g_string_truncate(r->text, 0);
    g_array_set_size(r->places, 0);
    at += quoted ? 1 : 0;
    for (;; at++) {
      if (quoted ? !value[at] : value[at] == '"')
        return FALSE;
      if (quoted && value[at] == '"' && value[at + 1] != '"')
        break;
      if (!quoted && (value[at] == ',' || !value[at]))
        break;
      at += quoted && value[at] == '"' ? 1 : 0;
      g_string_append_c(r->text, value[at]);
      g_array_append_val(r->places, places[at]);
    }
    at += quoted ? 1 : 0;
    if (value[at] && value[at] != ',')
      return FALSE;
    end_field(r, places[from], at > from ? places[at - 1] + 1 : places[from]);
    if (!value[at] || r->parser->limited)
      return TRUE;
    at++;
  }
}

void oakum_parser_mount(OakumParser *parser, OakumInstruction *in, const OakumWord *flag,
                        const GArray *places)
{
  MountReader r = {.parser = parser,
                   .in = in,
                   .builder = {.mount = mount_new()},
                   .text = g_string_new(NULL),
                   .places = g_array_new(FALSE, FALSE, sizeof(guint))};
  Fault fault = {0};
  guint before = parser->out->errors->len;
  r.builder.mount->range = flag->range;
  g_ptr_array_add(in->mounts, r.builder.mount);
  if (!*flag->value)
    oakum_parser_fail(parser, &flag->range, "bad-mount", NULL, "RUN: --mount is empty");
  else if (!read_fields(&r, flag->value, (const guint *)(gconstpointer)places->data))
    oakum_parser_fail(parser, &flag->value_range, "bad-mount", NULL,
                      "RUN: a quote in --mount is out of place");
  else if (!finish(&r.builder, &fault) && parser->out->errors->len == before)
    fail_at(&r, &flag->range, &fault); /* not on top of what its fields have wrong */
  g_free(fault.message);
  g_free(fault.hint);
  g_string_free(r.text, TRUE);
  g_array_unref(r.places);
}

OakumMount *oakum_mount_expand(const OakumMount *mount, char escape, OakumVariable variable,
                               gpointer user, GError **error)
{
  g_autoptr(OakumMount) out = mount_new();
  Builder builder = {.mount = out};
  Fault fault = {0};
  gboolean ok = TRUE;
  out->range = mount->range;
  for (guint i = 0; ok && i < mount->fields->len; i++) {
    const OakumWord *field = mount->fields->pdata[i];
    g_autofree char *value = NULL;
    if (field->value && strcmp(field->name, "from") != 0 &&
        !(value = oakum_dockerfile_expand(field->value, escape, variable, user, error))) {
      g_prefix_error(error, "mount: %s: ", field->name);
      return NULL;
    }
    ok = apply(&builder, field->name, value ? value : field->value, &fault);
    OakumWord *copy = g_new0(OakumWord, 1);
    *copy = *field;
    copy->name = g_strdup(field->name);
    copy->value = value ? g_steal_pointer(&value) : g_strdup(field->value);
    g_ptr_array_add(out->fields, copy);
  }
  if (ok && finish(&builder, &fault))
    return g_steal_pointer(&out);
  g_set_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_INVALID, "%s%s%s", fault.message,
              fault.hint ? "; " : "", fault.hint ? fault.hint : "");
  g_free(fault.message);
  g_free(fault.hint);
  return NULL;
}
