/*
 * xml - reads the XML of S3 and STS, element by element. Pure.
 *
 * expat does the parsing; this holds the fences around hostile bytes: no DOCTYPE at all, no entity
 * but the five of XML, at most PS_XML_DEPTH_MAX deep, names of at most PS_XML_NAME_BYTES_MAX bytes.
 * Attributes and namespaces are not looked at.
 *
 * Owner: names and texts are views that end with the call. Threads: any, one reading is one
 * thread's.
 *
 *     static const struct ps_xml_visitor visitor = {on_enter, on_leave};
 *     if (ps_xml_read(bytes, &visitor, &page, err) != PS_OK) { ... }
 */
#ifndef PS_CODEC_XML_H
#define PS_CODEC_XML_H

#include "base/status.h"
#include "base/str.h"

#define PS_XML_DEPTH_MAX 16
#define PS_XML_NAME_BYTES_MAX 64

struct ps_xml_visitor {
    /* `depth` is 0 for the root. May be NULL. */
    void (*enter)(void *context, int depth, struct ps_str name);
    /* `text` is what stood directly inside the element, outside of its children. */
    void (*leave)(void *context, int depth, struct ps_str name, struct ps_str text);
};

/* PS_E_CORRUPT: not XML, cut short, or beyond a fence; visits may have happened before. */
PS_MUST_CHECK enum ps_status ps_xml_read(struct ps_str bytes, const struct ps_xml_visitor *visitor,
                                         void *context, struct ps_error *err);

/* The text of the first element called `name`, at any depth, to the end of `ret_text`. */
struct ps_buf;
PS_MUST_CHECK enum ps_status ps_xml_find(struct ps_str bytes, const char *name,
                                         struct ps_buf *ret_text, struct ps_error *err);

/* Appends `text` with & < > " escaped, and control characters that XML cannot hold as '?'. */
PS_MUST_CHECK bool ps_xml_escape(struct ps_str text, struct ps_buf *buf);

#endif
