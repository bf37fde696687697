/* XML by expat: pushed, one element of interest held at a time. Entities of the document's own are
 * refused (they can grow without end), external ones are never opened. */
#include "advisory/advisory-private.h"
#include <expat.h>

typedef struct {
  XML_Parser parser;
  const char *const *names;
  OakumXmlFunc func;
  gpointer user;
  OakumXml *at; /* innermost of the tree under way, or NULL */
  guint depth;
  size_t held; /* bytes of the tree under way */
  GError *error;
} Xml;

static void xml_free(gpointer p)
{
  OakumXml *x = p;
  g_ptr_array_unref(x->attributes);
  g_string_free(x->text, TRUE);
  g_ptr_array_unref(x->children);
  g_free((char *)x->name);
  g_free(x);
}

static void stop(Xml *x, GError *taken)
{
  if (x->error)
    g_error_free(taken);
  else
    x->error = taken;
  XML_StopParser(x->parser, XML_FALSE);
}

static const char *local(const char *name)
{
  const char *colon = strrchr(name, ':');
  return colon ? colon + 1 : name;
}

static gboolean held(Xml *x, size_t more)
{
  x->held += more;
  if (x->held <= OAKUM_OSV_LINE_MAX)
    return TRUE;
  stop(x, g_error_new(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT,
                      "an element larger than %" G_GUINT64_FORMAT " bytes", OAKUM_OSV_LINE_MAX));
  return FALSE;
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
  Xml *x = user;
  const char *own = local(name);
  if (++x->depth > OAKUM_XML_DEPTH_MAX) {
    stop(x, g_error_new(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_LIMIT, "elements deeper than %u",
                        OAKUM_XML_DEPTH_MAX));
    return;
  }
  if (x->error || (!x->at && !g_strv_contains(x->names, own)) || !held(x, 200 + strlen(own)))
    return;
  OakumXml *element = g_new0(OakumXml, 1);
  element->name = g_strdup(own);
  element->attributes = g_ptr_array_new_with_free_func(g_free);
  element->text = g_string_new(NULL);
  element->children = g_ptr_array_new_with_free_func(xml_free);
  element->parent = x->at;
  for (; *attributes && held(x, strlen(attributes[0]) + strlen(attributes[1])); attributes += 2) {
    g_ptr_array_add(element->attributes, g_strdup(local(attributes[0])));
    g_ptr_array_add(element->attributes, g_strdup(attributes[1]));
  }
  if (x->at)
    g_ptr_array_add(x->at->children, element);
  x->at = element;
}

static void XMLCALL on_text(void *user, const XML_Char *text, int len)
{
  Xml *x = user;
  if (x->at && !x->error && held(x, (size_t)len))
    g_string_append_len(x->at->text, text, len);
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
  Xml *x = user;
  x->depth--;
  OakumXml *element = x->at;
  if (!element || x->error)
    return;
  x->at = element->parent;
  if (x->at)
    return;
  g_autoptr(GError) error = NULL;
  if (!x->func(x->user, element, &error))
    stop(x, g_steal_pointer(&error));
  xml_free(element);
  x->held = 0;
}

static void XMLCALL on_entity(void *user, const XML_Char *name, int parameter,
                              const XML_Char *value, int len, const XML_Char *base,
                              const XML_Char *system, const XML_Char *public,
                              const XML_Char *notation)
{
  stop(user, g_error_new(OAKUM_ADVISORY_ERROR, OAKUM_ERROR_INVALID,
                         "the document declares entities of its own"));
}

static gboolean parse_all(Xml *x, OakumReader *reader, GError **error)
{
  for (;;) {
    void *buffer = XML_GetBuffer(x->parser, (int)OAKUM_IO_BUFFER);
    gssize n = buffer ? oakum_reader_read(reader, buffer, OAKUM_IO_BUFFER, error) : 0;
    if (!buffer)
      return oakum_feed_invalid(error, "XML: out of memory");
    if (n < 0)
      return FALSE;
    if (XML_ParseBuffer(x->parser, (int)n, n == 0) != XML_STATUS_OK)
      break;
    if (n == 0)
      return TRUE;
  }
  if (x->error) {
    g_propagate_prefixed_error(error, g_steal_pointer(&x->error),
                               "line %lu: ", (unsigned long)XML_GetCurrentLineNumber(x->parser));
    return FALSE;
  }
  return oakum_feed_invalid(error, "XML line %lu: %s",
                            (unsigned long)XML_GetCurrentLineNumber(x->parser),
                            XML_ErrorString(XML_GetErrorCode(x->parser)));
}

gboolean oakum_xml_read(OakumReader *reader, const char *const *names, OakumXmlFunc func,
                        gpointer user, GError **error)
{
  G_GNUC_UNUSED g_autoptr(OakumReader) owned = reader;
  Xml x = {.parser = XML_ParserCreate(NULL), .names = names, .func = func, .user = user};
  XML_SetUserData(x.parser, &x);
  XML_SetElementHandler(x.parser, on_start, on_end);
  XML_SetCharacterDataHandler(x.parser, on_text);
  XML_SetEntityDeclHandler(x.parser, on_entity);
  XML_SetParamEntityParsing(x.parser, XML_PARAM_ENTITY_PARSING_NEVER);
  gboolean ok = parse_all(&x, reader, error);
  while (x.at && x.at->parent)
    x.at = x.at->parent;
  if (x.at)
    xml_free(x.at);
  g_clear_error(&x.error);
  XML_ParserFree(x.parser);
  return ok;
}

const char *oakum_xml_attribute(const OakumXml *xml, const char *name)
{
  for (guint i = 0; xml && i + 1 < xml->attributes->len; i += 2)
    if (strcmp(xml->attributes->pdata[i], name) == 0)
      return xml->attributes->pdata[i + 1];
  return NULL;
}

const OakumXml *oakum_xml_child(const OakumXml *xml, const char *name)
{
  for (guint i = 0; xml && i < xml->children->len; i++)
    if (strcmp(((OakumXml *)xml->children->pdata[i])->name, name) == 0)
      return xml->children->pdata[i];
  return NULL;
}

const char *oakum_xml_own_text(const OakumXml *xml)
{
  if (!xml)
    return NULL;
  g_strstrip(xml->text->str);
  return *xml->text->str ? xml->text->str : NULL;
}

const char *oakum_xml_text(const OakumXml *xml, const char *name)
{
  return oakum_xml_own_text(oakum_xml_child(xml, name));
}
