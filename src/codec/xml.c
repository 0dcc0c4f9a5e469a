#include "codec/xml.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

struct reading {
    XML_Parser parser;
    const struct ps_xml_visitor *visitor;
    void *context;
    int depth; /* of the open element; -1 outside of the root */
    size_t text_starts[PS_XML_DEPTH_MAX + 1];
    struct ps_buf text;  /* of all open elements, outermost first */
    const char *refusal; /* NULL: none yet */
};

static void refuse(struct reading *const reading, const char *const why)
{
    reading->refusal = reading->refusal == NULL ? why : reading->refusal;
    (void)XML_StopParser(reading->parser, XML_FALSE);
}

/* Without the namespace's prefix. */
static struct ps_str local_name(const char *const name)
{
    const struct ps_str whole = ps_str_of(name);
    const size_t colon = ps_str_find(whole, ':');
    return colon == whole.size ? whole : ps_str_part(whole, colon + 1, whole.size);
}

static void XMLCALL on_start(void *const data, const char *const name,
                             const char **const attributes)
{
    (void)attributes;
    struct reading *const reading = data;
    if (reading->refusal != NULL) {
        return;
    }
    if (reading->depth + 1 >= PS_XML_DEPTH_MAX) {
        refuse(reading, "it is nested too deep");
        return;
    }
    if (strlen(name) > PS_XML_NAME_BYTES_MAX) {
        refuse(reading, "a name in it is too long");
        return;
    }
    reading->depth++;
    reading->text_starts[reading->depth] = reading->text.size;
    if (reading->visitor->enter != NULL) {
        reading->visitor->enter(reading->context, reading->depth, local_name(name));
    }
}

static void XMLCALL on_end(void *const data, const char *const name)
{
    struct reading *const reading = data;
    if (reading->refusal != NULL) {
        return;
    }
    PS_ASSERT(reading->depth >= 0);
    const size_t start = reading->text_starts[reading->depth];
    const struct ps_str text = ps_str_part(ps_buf_str(&reading->text), start, reading->text.size);
    reading->visitor->leave(reading->context, reading->depth, local_name(name), text);
    reading->text.size = start;
    reading->depth--;
}

static void XMLCALL on_text(void *const data, const char *const text, const int size)
{
    struct reading *const reading = data;
    PS_ASSERT(size >= 0);
    if (reading->refusal == NULL &&
        !ps_buf_append(&reading->text, (struct ps_str){text, (size_t)size})) {
        refuse(reading, "its text is too long");
    }
}

static void XMLCALL on_doctype(void *const data, const char *const name,
                               const char *const system_id, const char *const public_id,
                               const int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    refuse(data, "it has a DOCTYPE");
}

enum ps_status ps_xml_read(const struct ps_str bytes, const struct ps_xml_visitor *const visitor,
                           void *const context, struct ps_error *const err)
{
    struct reading reading = {.visitor = visitor, .context = context, .depth = -1};
    ps_buf_init(&reading.text, PS_ANSWER_BYTES_MAX);
    /* Text of the root is never empty memory: views of it stay valid pointers. */
    ps_buf_add(&reading.text, PS_STR(""));
    reading.parser = XML_ParserCreate("UTF-8");
    PS_ASSERT(reading.parser != NULL);
    XML_SetUserData(reading.parser, &reading);
    XML_SetElementHandler(reading.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reading.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reading.parser, on_doctype);

    enum ps_status status = PS_OK;
    if (bytes.size > PS_ANSWER_BYTES_MAX) {
        status =
            ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER, "cannot read the XML: it is too large");
    } else if (XML_Parse(reading.parser, bytes.data, (int)bytes.size, XML_TRUE) != XML_STATUS_OK) {
        const char *const why = reading.refusal != NULL
                                    ? reading.refusal
                                    : XML_ErrorString(XML_GetErrorCode(reading.parser));
        status =
            ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER, "cannot read the XML, line %lu: %s",
                         (unsigned long)XML_GetCurrentLineNumber(reading.parser), why);
    }
    XML_ParserFree(reading.parser);
    ps_buf_release(&reading.text);
    return status;
}

struct find {
    const char *name;
    struct ps_buf *text;
    bool is_found;
    bool is_too_long;
};

static void on_find_leave(void *const context, const int depth, const struct ps_str name,
                          const struct ps_str text)
{
    (void)depth;
    struct find *const find = context;
    if (!find->is_found && ps_str_equals_text(name, find->name)) {
        find->is_found = true;
        find->is_too_long = !ps_buf_append(find->text, text);
    }
}

enum ps_status ps_xml_find(const struct ps_str bytes, const char *const name,
                           struct ps_buf *const ret_text, struct ps_error *const err)
{
    static const struct ps_xml_visitor visitor = {NULL, on_find_leave};
    struct find find = {name, ret_text, false, false};
    const enum ps_status status = ps_xml_read(bytes, &visitor, &find, err);
    if (status != PS_OK) {
        return status;
    }
    if (find.is_too_long) {
        return ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                            "cannot read the XML: '%s' is too long", name);
    }
    if (!find.is_found) {
        return ps_error_set(err, PS_E_NOT_FOUND, PS_RETRY_NEVER,
                            "cannot read the XML: it has no '%s'", name);
    }
    return PS_OK;
}

bool ps_xml_escape(const struct ps_str text, struct ps_buf *const buf)
{
    const size_t before = buf->size;
    bool is_added = true;
    for (size_t index = 0; is_added && index < text.size; index++) {
        const char byte = text.data[index];
        const bool is_control = (unsigned char)byte < ' ' && byte != '\t' && byte != '\n';
        if (byte == '&') {
            is_added = ps_buf_append(buf, PS_STR("&amp;"));
        } else if (byte == '<') {
            is_added = ps_buf_append(buf, PS_STR("&lt;"));
        } else if (byte == '>') {
            is_added = ps_buf_append(buf, PS_STR("&gt;"));
        } else if (byte == '"') {
            is_added = ps_buf_append(buf, PS_STR("&quot;"));
        } else {
            is_added = ps_buf_append_byte(buf, is_control ? '?' : byte);
        }
    }
    if (!is_added) {
        buf->size = before;
    }
    return is_added;
}
