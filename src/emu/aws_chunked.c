#include "emu/aws_chunked.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX 4096
#define TRAILER_BYTES_MAX 16384

enum state { STATE_SIZE, STATE_BYTES, STATE_AFTER_BYTES, STATE_TRAILER, STATE_END };

struct ps_chunked {
    enum state state;
    int64_t left_bytes;    /* of the chunk */
    struct ps_buf line;    /* the beginning of a line that is not whole yet */
    struct ps_buf trailer; /* its lines, each ended by '\n' */
};

struct ps_chunked *ps_chunked_new(void)
{
    struct ps_chunked *const chunked = calloc(1, sizeof *chunked);
    PS_ASSERT(chunked != NULL);
    ps_buf_init(&chunked->line, LINE_BYTES_MAX);
    ps_buf_init(&chunked->trailer, TRAILER_BYTES_MAX);
    return chunked;
}

struct ps_chunked *ps_chunked_free(struct ps_chunked *const chunked)
{
    if (chunked != NULL) {
        ps_buf_release(&chunked->line);
        ps_buf_release(&chunked->trailer);
        free(chunked);
    }
    return NULL;
}

static bool read_hex(const struct ps_str text, int64_t *const ret_value)
{
    int64_t value = 0;
    if (text.size < 1 || text.size > 12) {
        return false;
    }
    for (size_t at = 0; at < text.size; at++) {
        const char byte = text.data[at];
        const int digit = byte >= '0' && byte <= '9'   ? byte - '0'
                          : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                          : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                                       : -1;
        if (digit < 0) {
            return false;
        }
        value = value * 16 + digit;
    }
    *ret_value = value;
    return true;
}

static bool end_line(struct ps_chunked *const chunked)
{
    const struct ps_str line = ps_str_trim(ps_buf_str(&chunked->line));
    switch (chunked->state) {
    case STATE_SIZE:
        if (!read_hex(ps_str_part(line, 0, ps_str_find(line, ';')), &chunked->left_bytes)) {
            return false;
        }
        chunked->state = chunked->left_bytes > 0 ? STATE_BYTES : STATE_TRAILER;
        return true;
    case STATE_AFTER_BYTES:
        chunked->state = STATE_SIZE;
        return line.size == 0;
    case STATE_TRAILER:
        if (line.size == 0) {
            chunked->state = STATE_END;
            return true;
        }
        return ps_buf_append(&chunked->trailer, line) &&
               ps_buf_append_byte(&chunked->trailer, '\n');
    default:
        return line.size == 0; /* an empty line more does no harm */
    }
}

/* Takes bytes up to and with the next newline; *ret_taken says how many. */
static bool take_line(struct ps_chunked *const chunked, const struct ps_str bytes,
                      size_t *const ret_taken)
{
    const size_t size = ps_str_find(bytes, '\n');
    *ret_taken = size < bytes.size ? size + 1 : size;
    if (!ps_buf_append(&chunked->line, ps_str_part(bytes, 0, size))) {
        return false;
    }
    if (size == bytes.size) {
        return true;
    }
    const bool is_fine = end_line(chunked);
    ps_buf_clear(&chunked->line);
    return is_fine;
}

bool ps_chunked_take(struct ps_chunked *const chunked, const struct ps_str bytes,
                     ps_chunked_sink *const sink, void *const context)
{
    size_t at = 0;
    while (at < bytes.size) {
        struct ps_str rest = ps_str_part(bytes, at, bytes.size);
        size_t taken = 0;
        if (chunked->state == STATE_BYTES) {
            if ((int64_t)rest.size > chunked->left_bytes) {
                rest.size = (size_t)chunked->left_bytes;
            }
            if (!sink(context, rest)) {
                return false;
            }
            taken = rest.size;
            chunked->left_bytes -= (int64_t)taken;
            if (chunked->left_bytes == 0) {
                chunked->state = STATE_AFTER_BYTES;
            }
        } else if (!take_line(chunked, rest, &taken)) {
            return false;
        }
        at += taken;
    }
    return true;
}

bool ps_chunked_is_whole(const struct ps_chunked *const chunked)
{
    /* Some clients leave out the last empty line when there is no trailer. */
    return chunked->state == STATE_END || chunked->state == STATE_TRAILER;
}

struct ps_str ps_chunked_trailer(const struct ps_chunked *const chunked, const struct ps_str name)
{
    struct ps_str rest = ps_buf_str(&chunked->trailer);
    while (rest.size > 0) {
        const size_t size = ps_str_find(rest, '\n');
        const struct ps_str line = ps_str_part(rest, 0, size);
        const size_t colon = ps_str_find(line, ':');
        if (ps_str_equals_nocase(ps_str_trim(ps_str_part(line, 0, colon)), name)) {
            return ps_str_trim(ps_str_part(line, colon + 1, line.size));
        }
        rest = ps_str_part(rest, size + 1, rest.size);
    }
    return PS_STR("");
}
