#include "codec/shown.h"

#include "codec/json_doc.h"

#include <stdint.h>

/* How many bytes the UTF-8 character at `at` has; 0: it is none. */
static size_t character_size(const struct ps_str text, const size_t at)
{
    for (size_t size = 1; size <= 4 && at + size <= text.size; size++) {
        if (ps_utf8_is_valid(ps_str_part(text, at, size))) {
            return size;
        }
    }
    return 0;
}

static uint32_t code_point(const struct ps_str character)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t point = (unsigned char)character.data[0] & lead_bits[character.size];
    for (size_t at = 1; at < character.size; at++) {
        point = point << 6 | ((unsigned char)character.data[at] & 0x3F);
    }
    return point;
}

/* C0, C1 and DEL; separators; marks, embeddings and isolates of direction; the byte order mark;
 * what is no character. */
static bool is_unseen(const uint32_t point)
{
    return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x061C ||
           (point >= 0x200E && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0xFEFF || point == 0xFFFE ||
           point == 0xFFFF;
}

void ps_shown_add(struct ps_buf *const buf, const struct ps_str text, const size_t bytes_max)
{
    size_t at = 0;
    while (at < text.size) {
        const size_t size = character_size(text, at);
        if (at + (size == 0 ? 1 : size) > bytes_max) {
            ps_buf_add_text(buf, "...");
            return;
        }
        const struct ps_str character = ps_str_part(text, at, size == 0 ? 1 : size);
        if (size == 0) {
            ps_buf_add_format(buf, "\\x%02x", (unsigned)(unsigned char)character.data[0]);
        } else if (is_unseen(code_point(character))) {
            ps_buf_add_format(buf, "\\u%04x", (unsigned)code_point(character));
        } else {
            ps_buf_add(buf, character);
        }
        at += character.size;
    }
}
