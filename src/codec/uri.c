#include "codec/uri.h"

static bool is_unreserved(const char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

bool ps_uri_encode(const struct ps_str text, const enum ps_uri_slash slash,
                   struct ps_buf *const buf)
{
    static const char digits[] = "0123456789ABCDEF";
    if (text.size > buf->size_max / 3) {
        return false;
    }
    char *const room = ps_buf_reserve(buf, 3 * text.size);
    if (room == NULL) {
        return false;
    }
    size_t size = 0;
    for (size_t index = 0; index < text.size; index++) {
        const unsigned char byte = (unsigned char)text.data[index];
        if (is_unreserved((char)byte) || (byte == '/' && slash == PS_URI_SLASH_KEPT)) {
            room[size++] = (char)byte;
        } else {
            room[size++] = '%';
            room[size++] = digits[byte >> 4];
            room[size++] = digits[byte & 15];
        }
    }
    ps_buf_commit(buf, size);
    return true;
}

/* -1 when it is none. */
static int hex_value(const char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool ps_uri_decode(const struct ps_str text, struct ps_buf *const buf)
{
    char *const room = ps_buf_reserve(buf, text.size);
    if (room == NULL) {
        return false;
    }
    size_t size = 0;
    for (size_t index = 0; index < text.size; index++) {
        char byte = text.data[index];
        if (byte == '%' && text.size - index > 2) {
            const int high = hex_value(text.data[index + 1]);
            const int low = hex_value(text.data[index + 2]);
            if (high >= 0 && low >= 0) {
                byte = (char)(high << 4 | low);
                index += 2;
            }
        }
        room[size++] = byte;
    }
    ps_buf_commit(buf, size);
    return true;
}

bool ps_uri_next_parameter(struct ps_str *const query, struct ps_str *const ret_name,
                           struct ps_str *const ret_value)
{
    while (query->size > 0) {
        const size_t end = ps_str_find(*query, '&');
        const struct ps_str part = ps_str_part(*query, 0, end);
        *query = ps_str_part(*query, end + 1, query->size);
        if (part.size > 0) {
            const size_t equals = ps_str_find(part, '=');
            *ret_name = ps_str_part(part, 0, equals);
            *ret_value = ps_str_part(part, equals + 1, part.size);
            return true;
        }
    }
    return false;
}
