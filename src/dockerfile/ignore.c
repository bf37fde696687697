/* Patterns of COPY and of the ignore file. */
#include "dockerfile/dockerfile-private.h"
#include <string.h>

typedef enum {
  PART_CHAR,  /* one character */
  PART_ANY,   /* ? : one that is no '/' */
  PART_CLASS, /* [a-z] : may be '/' */
  PART_STAR,  /* * : any number that are no '/' */
  PART_DEEP,  /* two stars in the middle: nothing, or anything up to a '/' */
  PART_ALL,   /* two stars at the end: anything */
} PartKind;
typedef struct {
  PartKind kind;
  gunichar c;
  guint first, count; /* ranges of a class */
  gboolean negated;
} Part;
typedef struct {
  gunichar low, high;
} Span;
typedef struct {
  GArray *parts;  /* Part */
  GArray *spans;  /* Span */
  gboolean plain; /* nothing but characters and doubled stars at an end */
} Pattern;

static void pattern_clear(Pattern *pattern)
{
  if (pattern->parts)
    g_array_unref(pattern->parts);
  if (pattern->spans)
    g_array_unref(pattern->spans);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pattern, pattern_clear)

/* A byte that is no UTF-8 is a character of its own, beyond all others. */
static gunichar next_char(const char **at)
{
  size_t n = oakum_char_len(*at);
  gunichar c = n == 1 && (guchar) * *at >= 0x80 ? 0x200000u + (guchar) * *at : g_utf8_get_char(*at);
  *at += n;
  return c;
}

/* One end of a range in a class. */
static gboolean class_char(const char **at, gunichar *c)
{
  if (**at == '\0' || **at == '-' || **at == ']')
    return FALSE;
  if (**at == '\\' && !*++*at)
    return FALSE;
  *c = next_char(at);
  return TRUE;
}

/* "[^a-z]"; *at is behind the bracket. */
static gboolean compile_class(Pattern *out, const char **at, Part *part)
{
  part->kind = PART_CLASS;
  part->negated = **at == '^';
  part->first = out->spans->len;
  *at += part->negated ? 1 : 0;
  do {
    Span span;
    if (!class_char(at, &span.low))
      return FALSE;
    span.high = span.low;
    if (**at == '-') {
      ++*at;
      if (!class_char(at, &span.high))
        return FALSE;
    }
    g_array_append_val(out->spans, span);
    part->count++;
  } while (**at != ']');
  ++*at;
  return TRUE;
}

/* `deep`: two stars cross slashes (the ignore file); else they are two stars (COPY). FALSE: the
 * pattern cannot be read. */
static gboolean compile(Pattern *out, const char *text, gboolean deep)
{
  const char *at = text;
  out->parts = g_array_new(FALSE, FALSE, sizeof(Part));
  out->spans = g_array_new(FALSE, FALSE, sizeof(Span));
  out->plain = TRUE;
  while (*at) {
    Part part = {.kind = PART_CHAR};
    gboolean start = at == text;
    if (deep && at[0] == '*' && at[1] == '*') {
      at += at[2] == '/' ? 3 : 2; /* a doubled star and its slash also mean no folder at all */
      part.kind = *at ? PART_DEEP : PART_ALL;
      out->plain &= start || (!*at && g_array_index(out->parts, Part, 0).kind == PART_CHAR);
    } else if (*at == '*' || *at == '?') {
      part.kind = *at++ == '*' ? PART_STAR : PART_ANY;
      out->plain = FALSE;
    } else if (*at == '[') {
      at++;
      out->plain = FALSE;
      if (!compile_class(out, &at, &part))
        return FALSE;
    } else {
      out->plain &= *at != '\\';
      if (*at == '\\' && !*++at)
        return FALSE;
      part.c = next_char(&at);
    }
    g_array_append_val(out->parts, part);
  }
  return TRUE;
}

static gboolean part_takes(const Pattern *pattern, const Part *part, gunichar c)
{
  switch (part->kind) {
  case PART_CHAR:
    return c == part->c;
  case PART_ANY:
    return c != '/';
  case PART_CLASS: {
    gboolean hit = FALSE;
    for (guint i = 0; i < part->count && !hit; i++) {
      const Span *span = &g_array_index(pattern->spans, Span, part->first + i);
      hit = c >= span->low && c <= span->high;
    }
    return hit != part->negated;
  }
  default:
    return FALSE;
  }
}

enum { AT = 1, INSIDE = 2 }; /* before a part; in the middle of a deep one */

/* The states at a character; only those from `low` to `high` can be set. */
typedef struct {
  guint8 *at;
  guint low, high;
} States;

static void set_state(States *states, guint i, guint8 what)
{
  states->low = MIN(states->low, i);
  states->high = MAX(states->high, i);
  states->at[i] |= what;
}

/* What needs no character: stars may be empty. TRUE: the end of the pattern is reached. */
static gboolean close_states(const Pattern *pattern, States *states)
{
  guint n = pattern->parts->len;
  for (guint i = states->low; i < n && i <= states->high; i++)
    if ((states->at[i] & AT) && g_array_index(pattern->parts, Part, i).kind >= PART_STAR)
      set_state(states, i + 1, AT);
  return states->at[n] & AT;
}

/* Room for few things on the stack, for many elsewhere: most ignore files are short, and each path
 * of a context asks. */
#define ROOM 256
typedef struct {
  guint8 near[ROOM];
  guint8 *far;
} Room;

static void room_clear(Room *room)
{
  g_free(room->far);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Room, room_clear)

static guint8 *room_for(Room *room, size_t size)
{
  return size <= ROOM ? memset(room->near, 0, size) : (room->far = g_malloc0(size));
}

typedef enum {
  WALK_ITSELF, /* the name */
  WALK_ABOVE,  /* or a folder above it */
  WALK_BELOW,  /* something that may lie below it */
} Walk;

/* All ways through the pattern at once, one character after the other: the ways that are open times
 * name, whatever they are. */
static gboolean walk(const Pattern *pattern, const char *name, Walk what)
{
  guint n = pattern->parts->len;
  g_auto(Room) one = {.far = NULL}, other = {.far = NULL};
  States now = {room_for(&one, n + 1), 0, 0}, next = {room_for(&other, n + 1), n, 0};
  gboolean behind = FALSE; /* what follows lies below the name */
  now.at[0] = AT;
  for (const char *at = name;;) {
    gboolean whole = close_states(pattern, &now);
    if (what != WALK_BELOW && whole && (!*at || (what == WALK_ABOVE && *at == '/' && at > name)))
      return TRUE;
    if (behind) {
      for (guint i = now.low; i < n && i <= now.high; i++)
        if (now.at[i])
          return TRUE;
      return FALSE;
    }
    if (!*at && what != WALK_BELOW)
      return FALSE;
    behind = !*at;
    gunichar c = behind ? '/' : next_char(&at);
    for (guint i = now.low; i < n && i <= now.high; i++) {
      const Part *part = &g_array_index(pattern->parts, Part, i);
      if (!now.at[i])
        continue;
      if (part->kind == PART_DEEP) {
        set_state(&next, i, INSIDE);
        if (c == '/')
          set_state(&next, i + 1, AT);
      } else if (part->kind == PART_ALL || (part->kind == PART_STAR && c != '/')) {
        set_state(&next, i, AT);
      } else if (part_takes(pattern, part, c)) {
        set_state(&next, i + 1, AT);
      }
    }
    if (next.low > next.high)
      return FALSE;
    memset(now.at + now.low, 0, now.high - now.low + 1);
    States swap = {now.at, n, 0};
    now = next;
    next = swap;
  }
}

gboolean oakum_dockerfile_glob(const char *text, const char *name, gboolean *valid)
{
  g_auto(Pattern) pattern = {0};
  gboolean ok = compile(&pattern, text, FALSE);
  if (valid)
    *valid = ok;
  return ok && walk(&pattern, name, WALK_ITSELF);
}

/* ---- the file
 * -------------------------------------------------------------------------------------- */
typedef struct {
  char *text;
  gboolean exception;
  Pattern pattern;
} Rule;

struct OakumIgnore {
  GPtrArray *rules;
  gboolean exceptions;
};

static void rule_free(gpointer p)
{
  Rule *rule = p;
  pattern_clear(&rule->pattern);
  g_free(rule->text);
  g_free(rule);
}

/* What Go's filepath.Clean makes of a pattern, without the leading slash. */
static char *clean(const char *text)
{
  g_autoptr(GPtrArray) parts = g_ptr_array_new();
  g_auto(GStrv) words = g_strsplit(text, "/", -1);
  guint kept = 0; /* ".." at the start of a relative path stay */
  for (char **word = words; *word; word++) {
    if (**word == '\0' || strcmp(*word, ".") == 0)
      continue;
    if (strcmp(*word, "..") != 0) {
      g_ptr_array_add(parts, *word);
    } else if (parts->len > kept) {
      g_ptr_array_set_size(parts, (gint)parts->len - 1);
    } else if (*text != '/') {
      g_ptr_array_add(parts, *word);
      kept++;
    }
  }
  g_ptr_array_add(parts, NULL);
  return g_strjoinv("/", (char **)parts->pdata);
}

static char *trimmed(const char *text, size_t len)
{
  size_t from = oakum_text_start(text, 0, len);
  return g_strndup(text + from, oakum_text_end(text, from, len) - from);
}

static gboolean refuse(GError **error, OakumErrorCode code, guint line, const char *what,
                       const char *text)
{
  g_autofree char *cut = oakum_shorten(text, strlen(text)), *shown = oakum_escape_terminal(cut, -1);
  g_set_error(error, OAKUM_DOCKERFILE_ERROR, code, "ignore file, line %u: %s \"%s\"", line, what,
              shown);
  return FALSE;
}

static gboolean add_rule(OakumIgnore *ignore, const char *line, size_t len, guint number,
                         GError **error)
{
  g_autofree char *text = trimmed(line, len);
  gboolean exception = *text == '!';
  g_autofree char *rest = exception ? trimmed(text + 1, strlen(text + 1)) : g_strdup(text);
  g_autofree char *once = clean(rest), *spaced = trimmed(once, strlen(once));
  g_autofree char *pattern = clean(spaced); /* "a /" is "a" to the field */
  if (!exception && *pattern == '!') { /* BuildKit drops the slash of "/!a" before it looks for "!";
                                          what is behind that it takes as it is */
    exception = TRUE;
    char *behind = g_strdup(pattern + 1);
    g_free(pattern);
    pattern = behind;
    if (!*pattern)
      return refuse(error, OAKUM_ERROR_INVALID, number, "an exception without a pattern:", text);
  }
  if (exception && (!*rest || (*rest == '/' && !*pattern)))
    return refuse(error, OAKUM_ERROR_INVALID, number, "an exception without a pattern:", text);
  if (strlen(pattern) > OAKUM_IGNORE_PATTERN_MAX)
    return refuse(error, OAKUM_ERROR_LIMIT, number, "a pattern that is too long:", pattern);
  if (!*pattern)
    return TRUE;
  if (ignore->rules->len >= OAKUM_IGNORE_PATTERNS_MAX) {
    g_set_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_LIMIT,
                "ignore file: more than %u patterns", OAKUM_IGNORE_PATTERNS_MAX);
    return FALSE;
  }
  Rule *rule = g_new0(Rule, 1);
  rule->exception = exception;
  g_ptr_array_add(ignore->rules, rule);
  ignore->exceptions |= exception;
  if (!compile(&rule->pattern, pattern, TRUE))
    return refuse(error, OAKUM_ERROR_INVALID, number, "a pattern that cannot be read:", pattern);
  rule->text = g_steal_pointer(&pattern);
  return TRUE;
}

OakumIgnore *oakum_ignore_parse(const char *data, size_t len, GError **error)
{
  if (len > OAKUM_IGNORE_MAX) {
    g_set_error(error, OAKUM_DOCKERFILE_ERROR, OAKUM_ERROR_LIMIT,
                "ignore file larger than %" G_GUINT64_FORMAT " bytes", OAKUM_IGNORE_MAX);
    return NULL;
  }
  g_autoptr(OakumIgnore) ignore = g_new0(OakumIgnore, 1);
  ignore->rules = g_ptr_array_new_with_free_func(rule_free);
  if (len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) {
    data += 3;
    len -= 3;
  }
  guint number = 1;
  for (const char *end = data + len; data < end; number++) {
    const char *newline = memchr(data, '\n', (size_t)(end - data));
    size_t line = (size_t)((newline ? newline : end) - data);
    g_autofree char *text = g_strndup(data, line); /* ends at a NUL byte, if there is one */
    if (*text != '#' && !add_rule(ignore, text, strlen(text), number, error))
      return NULL;
    data += line + (newline ? 1 : 0);
  }
  return g_steal_pointer(&ignore);
}

/* Patterns of plain characters match by comparing; a leading doubled star even inside a name, as
 * the field's matcher has it. */
static gboolean match_plain(const Rule *rule, const char *path)
{
  const char *text = rule->text;
  size_t len = strlen(text);
  if (g_str_has_prefix(text, "**")) {
    text += 2;
    len -= 2;
    if (len == 0)
      return TRUE;
    for (const char *at = path;; at++) { /* the path, and each folder above it */
      if (*at && *at != '/')
        continue;
      size_t n = (size_t)(at - path);
      if (n >= len && memcmp(at - len, text, len) == 0)
        return TRUE;
      if (*text == '/' && n == len - 1 && memcmp(path, text + 1, n) == 0)
        return TRUE;
      if (!*at)
        return FALSE;
    }
  }
  if (g_str_has_suffix(text, "**"))
    return strncmp(path, text, len - 2) == 0;
  return strncmp(path, text, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* The last rule that matches the path or a folder above it counts. */
static gboolean match_any(const OakumIgnore *ignore, const char *path)
{
  gboolean ignored = FALSE;
  for (guint i = 0; i < ignore->rules->len; i++) {
    const Rule *rule = ignore->rules->pdata[i];
    if (rule->exception == ignored && /* else it could change nothing */
        (rule->pattern.plain ? match_plain(rule, path) : walk(&rule->pattern, path, WALK_ABOVE)))
      ignored = !rule->exception;
  }
  return ignored;
}

/* The rule and this very path, whatever the folders above it are. */
static gboolean match_itself(const Rule *rule, const char *path)
{
  const char *text = rule->text;
  size_t len = strlen(text);
  if (!rule->pattern.plain)
    return walk(&rule->pattern, path, WALK_ITSELF);
  if (g_str_has_prefix(text, "**"))
    return g_str_has_suffix(path, text + 2) || (text[2] == '/' && strcmp(path, text + 3) == 0);
  if (g_str_has_suffix(text, "**"))
    return strncmp(path, text, len - 2) == 0;
  return strcmp(path, text) == 0;
}

gboolean oakum_ignore_leaves_out(const OakumIgnore *ignore, const char *path)
{
  if (!ignore->exceptions)
    return match_any(ignore, path);
  g_auto(Room) rules = {.far = NULL}, name = {.far = NULL};
  guint8 *matched = room_for(&rules, ignore->rules->len); /* a folder above, so far */
  size_t len = strlen(path);
  char *part = memcpy(room_for(&name, len + 1), path, len + 1);
  for (char *at = part;; at++) {
    char end = *at;
    if (end && end != '/')
      continue;
    *at = '\0';
    gboolean ignored = FALSE;
    for (guint i = 0; i < ignore->rules->len; i++) {
      const Rule *rule = ignore->rules->pdata[i];
      if (!matched[i] && rule->exception == ignored)
        matched[i] = match_itself(rule, part);
      if (matched[i])
        ignored = !rule->exception;
    }
    *at = end;
    if (!end)
      return ignored;
  }
}

/* Whether the rule may match something below the path by its own name. */
static gboolean may_match_below(const Rule *rule, const char *path)
{
  const char *text = rule->text;
  size_t len = strlen(path);
  if (!rule->pattern.plain)
    return walk(&rule->pattern, path, WALK_BELOW);
  if (g_str_has_prefix(text, "**"))
    return TRUE;
  size_t same = g_str_has_suffix(text, "**") ? strlen(text) - 2 : strlen(text);
  if (same < strlen(text) && same <= len)
    return strncmp(text, path, same) == 0;
  return strncmp(text, path, len) == 0 && text[len] == '/';
}

gboolean oakum_ignore_leaves_out_all(const OakumIgnore *ignore, const char *path)
{
  if (!oakum_ignore_leaves_out(ignore, path))
    return FALSE;
  for (guint i = 0; ignore->exceptions && i < ignore->rules->len; i++) {
    const Rule *rule = ignore->rules->pdata[i];
    if (rule->exception && may_match_below(rule, path))
      return FALSE;
  }
  return TRUE;
}

gboolean oakum_ignore_has_exceptions(const OakumIgnore *ignore)
{
  return ignore->exceptions;
}

gboolean oakum_ignore_has_all(const OakumIgnore *ignore)
{
  static const char *const all[] = {"*", "**", "**/*", NULL};
  for (guint i = 0; i < ignore->rules->len; i++) {
    const Rule *rule = ignore->rules->pdata[i];
    if (!rule->exception && g_strv_contains(all, rule->text))
      return TRUE;
  }
  return FALSE;
}

void oakum_ignore_free(OakumIgnore *ignore)
{
  if (!ignore)
    return;
  g_ptr_array_unref(ignore->rules);
  g_free(ignore);
}
