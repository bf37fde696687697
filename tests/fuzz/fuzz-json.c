/* The JSON of images. Oracle: what is read has no more values than were counted before there was a
 * tree, and no greater depth. */
#include "catalog/parts-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t count(const json_t *json, guint depth)
{
  const char *key;
  json_t *value;
  size_t index;
  uint64_t n = 1;
  g_assert_cmpuint(depth, <=, OAKUM_JSON_DEPTH_MAX);
  if (json_is_object(json)) {
    n += 4;
    json_object_foreach((json_t *)json, key, value) n += 1 + count(value, depth + 1);
  } else if (json_is_array(json)) {
    n += 4;
    json_array_foreach(json, index, value) n += count(value, depth + 1);
  }
  return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) error = NULL;
  OakumSlice text = {data, size};
  OAKUM_AUTO_JSON *json = oakum_catalog_json_bytes(text, &error);
  g_assert((json == NULL) == (error != NULL));
  if (json)
    g_assert_cmpuint(count(json, 1), <=, 2 * oakum_json_cost(text)); /* a comma fewer than values */
  return 0;
}
