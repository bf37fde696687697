/* The ranges of OSV records: the OSV schema, version 1.7, sections ranges, events, evaluation. */
#include "advisory/osv-private.h"
#include <string.h>

gboolean oakum_osv_list(const json_t *object, const char *key, size_t max, const json_t **out,
                        GError **error)
{
  const json_t *list = json_object_get(object, key);
  *out = json_is_null(list) ? NULL : list;
  if (!*out || (json_is_array(list) && json_array_size(list) <= max))
    return TRUE;
  return oakum_feed_invalid(error, "\"%s\" is no list, or one of more than %zu", key, max);
}

typedef enum { EVENT_INTRODUCED, EVENT_FIXED, EVENT_LAST, EVENT_LIMIT } EventKind;
typedef struct {
  EventKind kind;
  const char *version;
  guint place; /* in the record */
} Event;

/* One event has one of the four keys. */
static gboolean read_event(const json_t *json, Event *event, GError **error)
{
  static const char *const keys[] = {"introduced", "fixed", "last_affected", "limit"};
  event->version = NULL;
  for (guint k = 0; k < G_N_ELEMENTS(keys); k++) {
    const json_t *value = json_object_get(json, keys[k]);
    const char *text = json_string_value(value);
    if (!value)
      continue;
    if (event->version || !text || !*text || strpbrk(text, "\r\n"))
      return oakum_feed_invalid(error, "an event that is not one version");
    event->kind = (EventKind)k;
    event->version = text;
  }
  return event->version || oakum_feed_invalid(error, "an event of no known kind");
}

/* The order of the schema's evaluation; "0" is before everything, a limit "*" behind it. 2: one of
 * the two is no version. */
static int version_order(OakumVersionScheme scheme, const char *a, const char *b)
{
  gboolean low_a = strcmp(a, "0") == 0, low_b = strcmp(b, "0") == 0;
  gboolean high_a = strcmp(a, "*") == 0, high_b = strcmp(b, "*") == 0;
  if (low_a || low_b || high_a || high_b)
    return (high_a - low_a) - (high_b - low_b) < 0   ? -1
           : (high_a - low_a) - (high_b - low_b) > 0 ? 1
                                                     : 0;
  return oakum_version_order(scheme, a, b);
}

static gint by_version(gconstpointer a, gconstpointer b, gpointer user)
{
  const Event *x = a, *y = b;
  int order = version_order(*(const OakumVersionScheme *)user, x->version, y->version);
  return order == 0 || order == 2 ? (x->place > y->place) - (x->place < y->place) : order;
}

/* Records list events in any order; the schema evaluates them by version. Where one of them is no
 * version of the scheme the order of the record stays. */
static void sort_events(GArray *events, OakumVersionScheme scheme)
{
  for (guint i = 0; i < events->len; i++) {
    const char *version = g_array_index(events, Event, i).version;
    if (version_order(scheme, version, version) != 0)
      return;
  }
  g_array_sort_with_data(events, by_version, &scheme);
}

/* How far a range goes at most. */
typedef struct {
  const char *version; /* NULL: there is no bound */
  gboolean inclusive;
} Bound;

/* GitHub's range of what has no fix yet: "<= 1.2.3" or "< 1.2.3". */
static Bound last_known(const json_t *specific)
{
  const char *text = oakum_text_of(specific, "last_known_affected_version_range");
  Bound bound = {NULL, FALSE};
  if (!text || *text != '<' || strpbrk(text, ",|\r\n"))
    return bound;
  bound.inclusive = text[1] == '=';
  text += bound.inclusive ? 2 : 1;
  text += strspn(text, " ");
  if (*text)
    bound.version = text;
  return bound;
}

static void end_range(GArray *ranges, OakumVersionScheme scheme, OakumAdvisoryRange range,
                      Bound limit)
{
  if (limit.version) {
    const char *end = range.fixed ? range.fixed : range.last_affected;
    if (range.introduced && version_order(scheme, range.introduced, limit.version) >= 0)
      return;
    if (!end || version_order(scheme, limit.version, end) == -1) {
      range.fixed = NULL;
      range.last_affected = limit.version;
      range.below = !limit.inclusive;
    }
  }
  g_array_append_val(ranges, range);
}

/* The farthest of the limits counts (section "evaluation" of the schema). */
static Bound limit_of(const GArray *events, OakumVersionScheme scheme)
{
  Bound limit = {NULL, FALSE};
  for (guint i = 0; i < events->len; i++) {
    const Event *e = &g_array_index(events, Event, i);
    if (e->kind != EVENT_LIMIT)
      continue;
    if (strcmp(e->version, "*") == 0)
      return (Bound){NULL, FALSE};
    if (!limit.version || version_order(scheme, limit.version, e->version) == -1)
      limit.version = e->version;
  }
  return limit;
}

/* `known`: where an end that no event gives is. */
static gboolean add_range(const json_t *range, OakumVersionScheme scheme, Bound known,
                          GArray *ranges, GError **error)
{
  const char *type = oakum_text_of(range, "type");
  const json_t *list;
  /* Kubernetes' feed leaves the type out; one of commits has a repository besides */
  if (type ? strcmp(type, "GIT") == 0 : json_object_get(range, "repo") != NULL)
    return TRUE;
  if (!oakum_osv_list(range, "events", OAKUM_OSV_AFFECTED_MAX, &list, error))
    return FALSE;
  g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(Event));
  gboolean started = FALSE;
  for (size_t i = 0; i < json_array_size(list); i++) {
    Event event = {EVENT_LIMIT, NULL, (guint)i};
    if (!read_event(json_array_get(list, i), &event, error))
      return FALSE;
    started |= event.kind == EVENT_INTRODUCED;
    g_array_append_val(events, event);
  }
  sort_events(events, scheme);
  Bound limit = limit_of(events, scheme);
  const char *from = NULL;
  gboolean open = !started; /* a record that does not say where it begins, begins at the start */
  for (guint i = 0; i < events->len; i++) {
    const Event *e = &g_array_index(events, Event, i);
    if (e->kind == EVENT_INTRODUCED && !open) {
      from = e->version;
      open = TRUE;
    } else if (open && (e->kind == EVENT_FIXED || e->kind == EVENT_LAST)) {
      gboolean fixed = e->kind == EVENT_FIXED;
      OakumAdvisoryRange one = {.introduced = from,
                                .fixed = fixed ? e->version : NULL,
                                .last_affected = fixed ? NULL : e->version};
      end_range(ranges, scheme, one, limit);
      open = FALSE;
    }
  }
  if (open && started) { /* never closed: affected to this day, or as far as is known */
    OakumAdvisoryRange one = {.introduced = from,
                              .last_affected = known.version,
                              .below = known.version && !known.inclusive};
    end_range(ranges, scheme, one, limit);
  }
  return TRUE;
}

gboolean oakum_osv_ranges(const json_t *list, const json_t *specific, OakumVersionScheme scheme,
                          GArray *ranges, GError **error)
{
  Bound known = last_known(specific);
  for (size_t i = 0; i < json_array_size(list); i++)
    if (!add_range(json_array_get(list, i), scheme, known, ranges, error))
      return FALSE;
  return ranges->len <= OAKUM_OSV_AFFECTED_MAX || oakum_feed_invalid(error, "too many ranges");
}

static gboolean in_ranges(const GArray *ranges, OakumVersionScheme scheme, const char *version)
{
  for (guint i = 0; i < ranges->len; i++) {
    const OakumAdvisoryRange *r = &g_array_index(ranges, OakumAdvisoryRange, i);
    int from = r->introduced ? version_order(scheme, version, r->introduced) : 1,
        fixed = r->fixed ? version_order(scheme, version, r->fixed) : -1,
        last = r->last_affected ? version_order(scheme, version, r->last_affected) : -1;
    if (from != 2 && fixed != 2 && last != 2 && from >= 0 && fixed < 0 &&
        last <= (r->below ? -1 : 0))
      return TRUE;
  }
  return FALSE;
}

void oakum_osv_drop_spelled_out(GPtrArray *listed, const GArray *ranges, OakumVersionScheme scheme)
{
  guint kept = 0;
  for (guint i = 0; i + 1 < listed->len; i++)
    if (!in_ranges(ranges, scheme, listed->pdata[i]))
      listed->pdata[kept++] = listed->pdata[i];
  listed->pdata[kept] = NULL;
  g_ptr_array_set_size(listed, (gint)kept + 1);
}
