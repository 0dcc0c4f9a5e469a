#include "sim/echo.h"

#include "base/assert.h"
#include "sim/writer.h"

#include <stdlib.h>

struct member {
    yyjson_val *key;
    yyjson_val *value;
};

static void add_value(struct ps_buf *buf, yyjson_val *value, const struct ps_echo_style *style,
                      bool is_content);

static void add_separator(struct ps_buf *const buf, const char *const mark,
                          const struct ps_echo_style *const style)
{
    ps_buf_add_text(buf, mark);
    if (style->has_spaces) {
        ps_buf_add(buf, PS_STR(" "));
    }
}

/* The members in a drawn order. */
static struct member *shuffled(yyjson_val *const object, const size_t count,
                               struct ps_prng *const prng)
{
    struct member *const members = malloc((count + 1) * sizeof *members);
    PS_ASSERT(members != NULL);
    size_t index = 0;
    size_t size = 0;
    yyjson_val *key = NULL;
    yyjson_val *value = NULL;
    yyjson_obj_foreach(object, index, size, key, value)
    {
        members[index] = (struct member){key, value};
    }
    for (size_t place = count; place > 1; place--) {
        const size_t other = (size_t)ps_prng_below(prng, (int64_t)place);
        const struct member swapped = members[other];
        members[other] = members[place - 1];
        members[place - 1] = swapped;
    }
    return members;
}

static void add_nulls(struct ps_buf *const buf, const struct ps_echo_style *const style)
{
    static const char *const alternatives[] = {"image",   "document",   "video",
                                               "toolUse", "toolResult", "guardContent"};
    for (size_t index = 0; index < sizeof alternatives / sizeof alternatives[0]; index++) {
        add_separator(buf, ",", style);
        ps_writer_add_string(buf, ps_str_of(alternatives[index]), 0);
        add_separator(buf, ":", style);
        ps_buf_add(buf, PS_STR("null"));
    }
}

static void add_object(struct ps_buf *const buf, yyjson_val *const object,
                       const struct ps_echo_style *const style, const bool is_content)
{
    const size_t count = yyjson_obj_size(object);
    struct member *const members = shuffled(object, count, style->prng);
    ps_buf_add(buf, PS_STR("{"));
    for (size_t index = 0; index < count; index++) {
        if (index > 0) {
            add_separator(buf, ",", style);
        }
        const struct ps_str key = {yyjson_get_str(members[index].key),
                                   yyjson_get_len(members[index].key)};
        ps_writer_add_string(buf, key, style->escapes);
        add_separator(buf, ":", style);
        add_value(buf, members[index].value, style, ps_str_equals_text(key, "content"));
    }
    if (is_content && style->has_nulls && yyjson_obj_get(object, "text") != NULL && count == 1) {
        add_nulls(buf, style);
    }
    ps_buf_add(buf, PS_STR("}"));
    free(members);
}

static void add_list(struct ps_buf *const buf, yyjson_val *const list,
                     const struct ps_echo_style *const style, const bool is_content)
{
    size_t index = 0;
    size_t count = 0;
    yyjson_val *element = NULL;
    ps_buf_add(buf, PS_STR("["));
    yyjson_arr_foreach(list, index, count, element)
    {
        if (index > 0) {
            add_separator(buf, ",", style);
        }
        add_value(buf, element, style, is_content);
    }
    ps_buf_add(buf, PS_STR("]"));
}

static void add_value(struct ps_buf *const buf, yyjson_val *const value,
                      const struct ps_echo_style *const style, const bool is_content)
{
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_OBJ:
        add_object(buf, value, style, is_content);
        break;
    case YYJSON_TYPE_ARR:
        add_list(buf, value, style, is_content);
        break;
    case YYJSON_TYPE_STR:
        ps_writer_add_string(buf, (struct ps_str){yyjson_get_str(value), yyjson_get_len(value)},
                             style->escapes);
        break;
    case YYJSON_TYPE_RAW:
        ps_buf_add(buf, (struct ps_str){yyjson_get_raw(value), yyjson_get_len(value)});
        break;
    case YYJSON_TYPE_BOOL:
        ps_buf_add_text(buf, yyjson_get_bool(value) ? "true" : "false");
        break;
    default:
        ps_buf_add(buf, PS_STR("null"));
        break;
    }
}

void ps_echo_add(struct ps_buf *const buf, yyjson_val *const value,
                 const struct ps_echo_style *const style)
{
    add_value(buf, value, style, false);
}
