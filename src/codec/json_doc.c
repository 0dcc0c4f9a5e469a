#include "codec/json_doc.h"

#include "base/assert.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

/* Holds the tree of a text of about 380 KB; pages that no text needs are never touched. */
#define ROOM_BYTES ((size_t)1024 * 1024)
#define ALIGN_BYTES ((size_t)16)

/* An escape \uXXXX. */
#define UNIT_BYTES ((size_t)6)

static size_t rounded(const size_t size)
{
    return (size + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
}

static bool is_in_room(const struct ps_json_doc *const doc, const void *const block)
{
    const char *const at = block;
    return at >= doc->room && at < doc->room + ROOM_BYTES;
}

static void *large_block(struct ps_json_doc *const doc, void *const old, const size_t old_size,
                         const size_t size)
{
    if (size > PS_JSON_TREE_BYTES_MAX - (doc->large_bytes - old_size)) {
        return NULL;
    }
    void *const block = realloc(old, size);
    PS_ASSERT(block != NULL);
    doc->large_bytes += size - old_size;
    return block;
}

static void *take_block(void *const context, const size_t size)
{
    struct ps_json_doc *const doc = context;
    if (size > ROOM_BYTES || rounded(size) > ROOM_BYTES - doc->room_used) {
        return large_block(doc, NULL, 0, size);
    }
    char *const block = doc->room + doc->room_used;
    doc->last_offset = doc->room_used;
    doc->room_used += rounded(size);
    return block;
}

static void *resize_block(void *const context, void *const old, const size_t old_size,
                          const size_t size)
{
    struct ps_json_doc *const doc = context;
    if (!is_in_room(doc, old)) {
        return large_block(doc, old, old_size, size);
    }
    const bool is_last = (char *)old == doc->room + doc->last_offset;
    if (is_last && size <= ROOM_BYTES && rounded(size) <= ROOM_BYTES - doc->last_offset) {
        doc->room_used = doc->last_offset + rounded(size);
        return old;
    }
    void *const block = take_block(doc, size);
    if (block != NULL) {
        memcpy(block, old, old_size < size ? old_size : size);
    }
    return block;
}

static void give_block(void *const context, void *const block)
{
    if (!is_in_room(context, block)) {
        free(block);
    }
}

void ps_json_doc_init(struct ps_json_doc *const doc)
{
    *doc = (struct ps_json_doc){NULL, NULL, 0, 0, 0};
}

/* The tree's own blocks; what stands in the room is simply forgotten. */
static void forget_tree(struct ps_json_doc *const doc)
{
    yyjson_doc_free(doc->tree);
    doc->tree = NULL;
    doc->room_used = 0;
    doc->last_offset = 0;
    doc->large_bytes = 0;
}

void ps_json_doc_release(struct ps_json_doc *const doc)
{
    forget_tree(doc);
    free(doc->room);
    doc->room = NULL;
}

static enum ps_json_fault fault_of(const yyjson_read_code code, const struct ps_str text)
{
    if (code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
        return PS_JSON_TOO_LARGE;
    }
    return ps_utf8_is_valid(text) ? PS_JSON_SYNTAX : PS_JSON_ENCODING;
}

yyjson_val *ps_json_doc_read(struct ps_json_doc *const doc, const struct ps_str text,
                             struct ps_json_reason *const reterr_reason)
{
    forget_tree(doc);
    if (doc->room == NULL) {
        doc->room = malloc(ROOM_BYTES);
        PS_ASSERT(doc->room != NULL);
    }
    if (text.size == 0) {
        *reterr_reason = (struct ps_json_reason){PS_JSON_SYNTAX, 0, "no value"};
        return NULL;
    }
    const yyjson_alc blocks = {take_block, resize_block, give_block, doc};
    yyjson_read_err wrong;
    /* Without INSITU the text is copied before it is read, so the cast writes nothing. */
    doc->tree = yyjson_read_opts((char *)(uintptr_t)text.data, text.size, YYJSON_READ_NUMBER_AS_RAW,
                                 &blocks, &wrong);
    if (doc->tree == NULL) {
        *reterr_reason = (struct ps_json_reason){fault_of(wrong.code, text), wrong.pos, wrong.msg};
        return NULL;
    }
    return yyjson_doc_get_root(doc->tree);
}

struct ps_str ps_json_text(yyjson_val *const value)
{
    if (yyjson_is_str(value)) {
        return (struct ps_str){yyjson_get_str(value), yyjson_get_len(value)};
    }
    if (yyjson_is_raw(value)) {
        return (struct ps_str){yyjson_get_raw(value), yyjson_get_len(value)};
    }
    return (struct ps_str){NULL, 0};
}

/* What the bytes after a lead byte must look like. */
struct utf8_form {
    unsigned char lead_min;
    unsigned char lead_max;
    unsigned char size;
    unsigned char second_min;
    unsigned char second_max;
};

/* Unicode 15, table 3-7: the second byte is what rules out overlong forms and surrogates. */
static const struct utf8_form utf8_forms[] = {
    {0x00, 0x7F, 1, 0x00, 0x00}, {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

/* How many bytes at the front, one at least, are a character (*ret_is_whole) or as much of one as
 * there is. */
static size_t utf8_sequence(const unsigned char *const at, const size_t left,
                            bool *const ret_is_whole)
{
    const struct utf8_form *form = utf8_forms;
    const struct utf8_form *const end = utf8_forms + sizeof(utf8_forms) / sizeof(utf8_forms[0]);
    *ret_is_whole = false;
    while (form < end && (at[0] < form->lead_min || at[0] > form->lead_max)) {
        form++;
    }
    if (form == end) {
        return 1;
    }
    size_t size = 1;
    while (size < form->size && size < left) {
        const bool fits = size == 1 ? at[1] >= form->second_min && at[1] <= form->second_max
                                    : (at[size] & 0xC0) == 0x80;
        if (!fits) {
            return size;
        }
        size++;
    }
    *ret_is_whole = size == form->size;
    return size;
}

bool ps_utf8_is_valid(const struct ps_str text)
{
    size_t place = 0;
    while (place < text.size) {
        uint64_t eight;
        if (text.size - place >= sizeof(eight)) {
            memcpy(&eight, text.data + place, sizeof(eight));
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                place += sizeof(eight);
                continue;
            }
        }
        bool is_whole = false;
        place +=
            utf8_sequence((const unsigned char *)text.data + place, text.size - place, &is_whole);
        if (!is_whole) {
            return false;
        }
    }
    return true;
}

/* The code unit of an escape \uXXXX at the front; -1: there is none. */
static int32_t escaped_unit(const struct ps_str text)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    int32_t unit = 0;
    if (text.size < UNIT_BYTES || text.data[0] != '\\' || text.data[1] != 'u') {
        return -1;
    }
    for (size_t place = 2; place < UNIT_BYTES; place++) {
        const char *const digit = memchr(digits, text.data[place], sizeof(digits) - 1);
        if (digit == NULL) {
            return -1;
        }
        const int32_t value = (int32_t)(digit - digits);
        unit = unit * 16 + (value < 16 ? value : value - 6);
    }
    return unit;
}

static bool is_high(const int32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(const int32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* The escape at the front: both halves of a pair at once. */
static size_t repair_escape(const struct ps_str text, struct ps_buf *const buf,
                            bool *const has_room)
{
    const int32_t unit = escaped_unit(text);
    const struct ps_str rest = ps_str_part(text, UNIT_BYTES, text.size);
    size_t size = unit < 0 ? 2 : UNIT_BYTES; /* \\, \" and their like */
    if (is_low(unit) || (is_high(unit) && !is_low(escaped_unit(rest)))) {
        *has_room = ps_buf_append(buf, PS_STR("\\ufffd"));
        return size;
    }
    size *= is_high(unit) ? 2 : 1;
    *has_room = ps_buf_append(buf, ps_str_part(text, 0, size));
    return size;
}

bool ps_json_repair(const struct ps_str text, struct ps_buf *const buf)
{
    size_t place = 0;
    bool has_room = true;
    while (has_room && place < text.size) {
        const struct ps_str rest = ps_str_part(text, place, text.size);
        bool is_whole = false;
        if (rest.data[0] == '\\') {
            place += repair_escape(rest, buf, &has_room);
            continue;
        }
        const size_t size = utf8_sequence((const unsigned char *)rest.data, rest.size, &is_whole);
        has_room =
            ps_buf_append(buf, is_whole ? ps_str_part(rest, 0, size) : PS_STR("\xEF\xBF\xBD"));
        place += size;
    }
    return has_room;
}
