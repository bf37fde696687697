/* in-toto statements (github.com/in-toto/attestation, spec v1) and what carries them: DSSE
 * envelopes (github.com/secure-systems-lab/dsse), Sigstore bundles. */
#include "codec/codec.h"
#include <string.h>

static const char *text_of(const json_t *json, const char *key)
{
  return json_string_value(json_object_get(json, key));
}

json_t *oakum_attestation_statement(const json_t *json)
{
  const json_t *bundled = json_object_get(json, "dsseEnvelope");
  const char *type = text_of(bundled ? bundled : json, "payloadType"),
             *payload = text_of(bundled ? bundled : json, "payload");
  if (type && payload && strcmp(type, "application/vnd.in-toto+json") == 0) {
    gsize len;
    g_autofree guchar *text = g_base64_decode(payload, &len);
    OAKUM_AUTO_JSON *inner = oakum_json_parse((const char *)text, len, "statement", NULL);
    return inner && text_of(inner, "predicateType") ? g_steal_pointer(&inner) : NULL;
  }
  return text_of(json, "predicateType") && text_of(json, "_type") ? json_incref((json_t *)json)
                                                                  : NULL;
}

json_t *oakum_attestation_predicate(const json_t *statement)
{
  json_t *predicate = json_object_get(statement, "predicate"),
         *data = json_object_get(predicate, "Data"); /* as cosign wraps what it has no type for */
  if (json_is_string(data))
    return oakum_json_parse(json_string_value(data), json_string_length(data), "predicate", NULL);
  predicate = json_is_object(data) ? data : predicate;
  return predicate ? json_incref(predicate) : NULL;
}

gboolean oakum_attestation_is_about(const json_t *statement, const char *digest)
{
  const char *colon = strchr(digest, ':');
  g_autofree char *algorithm = colon ? g_strndup(digest, (gsize)(colon - digest)) : NULL;
  const json_t *subject;
  size_t i;
  json_array_foreach(json_object_get(statement, "subject"), i, subject)
  {
    const char *hex = text_of(json_object_get(subject, "digest"), algorithm ? algorithm : "");
    if (hex && strcmp(hex, colon + 1) == 0)
      return TRUE;
  }
  return FALSE;
}
