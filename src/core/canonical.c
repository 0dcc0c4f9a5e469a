#include "core/canonical.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/json_doc.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Objects of up to so many members are sorted on the stack. */
#define FEW_MEMBERS ((size_t)24)

struct member {
    struct ps_str key;
    yyjson_val *value;
    size_t place; /* in the source: equal keys keep their order */
};

/* The members of one object, sorted. */
struct members {
    struct member few[FEW_MEMBERS];
    struct member *all; /* `few`, or heap */
    size_t count;
};

static int compare_members(const void *const left_member, const void *const right_member)
{
    const struct member *const left = left_member;
    const struct member *const right = right_member;
    const int order = ps_str_compare(left->key, right->key);
    if (order != 0) {
        return order;
    }
    return left->place < right->place ? -1 : 1;
}

static void sort_few(struct member *const all, const size_t count)
{
    for (size_t next = 1; next < count; next++) {
        const struct member moving = all[next];
        size_t place = next;
        while (place > 0 && compare_members(&all[place - 1], &moving) > 0) {
            all[place] = all[place - 1];
            place--;
        }
        all[place] = moving;
    }
}

static void members_init(struct members *const members, yyjson_val *const object)
{
    const size_t count = yyjson_obj_size(object);
    members->count = count;
    members->all = members->few;
    if (count > FEW_MEMBERS) {
        members->all = malloc(count * sizeof(*members->all));
        PS_ASSERT(members->all != NULL);
    }
    yyjson_val *key;
    yyjson_val *value;
    size_t index;
    size_t size;
    yyjson_obj_foreach(object, index, size, key, value)
    {
        members->all[index] = (struct member){ps_json_text(key), value, index};
    }
    if (count > FEW_MEMBERS) {
        qsort(members->all, count, sizeof(*members->all), compare_members);
    } else {
        sort_few(members->all, count);
    }
}

static void members_release(struct members *const members)
{
    if (members->all != members->few) {
        free(members->all);
    }
}

/* A tag, and how much follows: so no two forms can run into one another. */
static void add_head(XXH3_state_t *const hash, const char tag, const uint64_t count)
{
    unsigned char head[9];
    head[0] = (unsigned char)tag;
    for (size_t place = 1; place < sizeof(head); place++) {
        head[place] = (unsigned char)(count >> (8 * (place - 1)) & 0xFF);
    }
    (void)XXH3_128bits_update(hash, head, sizeof(head));
}

static void add_text(XXH3_state_t *const hash, const char tag, const struct ps_str text)
{
    add_head(hash, tag, text.size);
    (void)XXH3_128bits_update(hash, text.data, text.size);
}

static void add_value(XXH3_state_t *hash, yyjson_val *value, size_t depth);

static void add_object(XXH3_state_t *const hash, yyjson_val *const object, const size_t depth)
{
    struct members members;
    members_init(&members, object);
    add_head(hash, 'o', members.count);
    for (size_t index = 0; index < members.count; index++) {
        add_text(hash, 's', members.all[index].key);
        add_value(hash, members.all[index].value, depth + 1);
    }
    members_release(&members);
}

static void add_array(XXH3_state_t *const hash, yyjson_val *const array, const size_t depth)
{
    add_head(hash, 'a', yyjson_arr_size(array));
    yyjson_val *value;
    size_t index;
    size_t size;
    yyjson_arr_foreach(array, index, size, value)
    {
        add_value(hash, value, depth + 1);
    }
}

/* Recursion is bounded: the caller has checked the depth. */
static void add_value(XXH3_state_t *const hash, yyjson_val *const value, const size_t depth)
{
    PS_ASSERT(depth <= PS_JSON_DEPTH_MAX);
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_OBJ:
        add_object(hash, value, depth);
        break;
    case YYJSON_TYPE_ARR:
        add_array(hash, value, depth);
        break;
    case YYJSON_TYPE_STR:
        add_text(hash, 's', ps_json_text(value));
        break;
    case YYJSON_TYPE_RAW:
        add_text(hash, 'n', ps_json_text(value));
        break;
    case YYJSON_TYPE_BOOL:
        add_head(hash, yyjson_is_true(value) ? 't' : 'f', 0);
        break;
    default:
        add_head(hash, 'z', 0);
        break;
    }
}

struct ps_fingerprint ps_canonical_fingerprint(yyjson_val *const value)
{
    XXH3_state_t *const hash = XXH3_createState();
    PS_ASSERT(hash != NULL);
    (void)XXH3_128bits_reset(hash);
    add_value(hash, value, 0);
    const XXH128_hash_t digest = XXH3_128bits_digest(hash);
    (void)XXH3_freeState(hash);
    return (struct ps_fingerprint){digest.low64, digest.high64};
}

static bool objects_equal(yyjson_val *const left, yyjson_val *const right)
{
    struct members left_members;
    struct members right_members;
    members_init(&left_members, left);
    members_init(&right_members, right);
    bool are_equal = left_members.count == right_members.count;
    for (size_t index = 0; are_equal && index < left_members.count; index++) {
        const struct member *const one = &left_members.all[index];
        const struct member *const other = &right_members.all[index];
        are_equal =
            ps_str_equals(one->key, other->key) && ps_canonical_equals(one->value, other->value);
    }
    members_release(&left_members);
    members_release(&right_members);
    return are_equal;
}

static bool arrays_equal(yyjson_val *const left, yyjson_val *const right)
{
    const size_t count = yyjson_arr_size(left);
    if (count != yyjson_arr_size(right)) {
        return false;
    }
    yyjson_arr_iter left_items = yyjson_arr_iter_with(left);
    yyjson_arr_iter right_items = yyjson_arr_iter_with(right);
    for (size_t index = 0; index < count; index++) {
        if (!ps_canonical_equals(yyjson_arr_iter_next(&left_items),
                                 yyjson_arr_iter_next(&right_items))) {
            return false;
        }
    }
    return true;
}

bool ps_canonical_equals(yyjson_val *const left, yyjson_val *const right)
{
    if (yyjson_get_type(left) != yyjson_get_type(right)) {
        return false;
    }
    switch (yyjson_get_type(left)) {
    case YYJSON_TYPE_OBJ:
        return objects_equal(left, right);
    case YYJSON_TYPE_ARR:
        return arrays_equal(left, right);
    case YYJSON_TYPE_BOOL:
        return yyjson_is_true(left) == yyjson_is_true(right);
    default:
        return ps_str_equals(ps_json_text(left), ps_json_text(right));
    }
}
