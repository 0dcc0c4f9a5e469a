#include "sim/canonical.h"

#include "base/assert.h"
#include "base/limits.h"
#include "sim/writer.h"

#include <stdlib.h>

struct member {
    yyjson_val *key;
    yyjson_val *value;
};

static struct ps_str text_of(yyjson_val *const value)
{
    return (struct ps_str){yyjson_get_str(value), yyjson_get_len(value)};
}

static int compare_members(const void *const left, const void *const right)
{
    const struct member *const one = left;
    const struct member *const other = right;
    const int order = ps_str_compare(text_of(one->key), text_of(other->key));
    if (order != 0) {
        return order;
    }
    /* Keys of one object lie in memory in the order of the text: equal ones keep it. */
    return one->key < other->key ? -1 : 1;
}

static_assert(sizeof(struct member) == 2 * sizeof(yyjson_val *), "members are pairs of pointers");

yyjson_val **ps_canonical_sorted(yyjson_val *const object, size_t *const ret_count)
{
    const size_t count = yyjson_obj_size(object);
    struct member *const members = malloc((count + 1) * sizeof *members);
    PS_ASSERT(members != NULL);
    size_t filled = 0;
    yyjson_obj_iter iterator = yyjson_obj_iter_with(object);
    for (yyjson_val *key = yyjson_obj_iter_next(&iterator); key != NULL;
         key = yyjson_obj_iter_next(&iterator)) {
        members[filled++] = (struct member){key, yyjson_obj_iter_get_val(key)};
    }
    PS_ASSERT(filled == count);
    qsort(members, count, sizeof *members, compare_members);
    *ret_count = count;
    return (yyjson_val **)members;
}

static bool add_value(struct ps_buf *buf, yyjson_val *value, int depth);

static bool add_object(struct ps_buf *const buf, yyjson_val *const object, const int depth)
{
    size_t count = 0;
    yyjson_val **const members = ps_canonical_sorted(object, &count);
    bool is_fine = true;
    ps_buf_add(buf, PS_STR("{"));
    for (size_t index = 0; index < count && is_fine; index++) {
        if (index > 0) {
            ps_buf_add(buf, PS_STR(","));
        }
        ps_writer_add_string(buf, text_of(members[2 * index]), 0);
        ps_buf_add(buf, PS_STR(":"));
        is_fine = add_value(buf, members[2 * index + 1], depth + 1);
    }
    ps_buf_add(buf, PS_STR("}"));
    free(members);
    return is_fine;
}

static bool add_list(struct ps_buf *const buf, yyjson_val *const list, const int depth)
{
    bool is_fine = true;
    ps_buf_add(buf, PS_STR("["));
    size_t index = 0;
    size_t count = 0;
    yyjson_val *element = NULL;
    yyjson_arr_foreach(list, index, count, element)
    {
        if (index > 0) {
            ps_buf_add(buf, PS_STR(","));
        }
        is_fine = is_fine && add_value(buf, element, depth + 1);
    }
    ps_buf_add(buf, PS_STR("]"));
    return is_fine;
}

static bool add_value(struct ps_buf *const buf, yyjson_val *const value, const int depth)
{
    if (depth > PS_JSON_DEPTH_MAX) {
        return false;
    }
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_OBJ:
        return add_object(buf, value, depth);
    case YYJSON_TYPE_ARR:
        return add_list(buf, value, depth);
    case YYJSON_TYPE_STR:
        ps_writer_add_string(buf, text_of(value), 0);
        return true;
    case YYJSON_TYPE_RAW:
        ps_buf_add(buf, (struct ps_str){yyjson_get_raw(value), yyjson_get_len(value)});
        return true;
    case YYJSON_TYPE_BOOL:
        ps_buf_add_text(buf, yyjson_get_bool(value) ? "true" : "false");
        return true;
    default:
        ps_buf_add_text(buf, "null");
        return true;
    }
}

bool ps_canonical_add(struct ps_buf *const buf, yyjson_val *const value)
{
    return add_value(buf, value, 0);
}
