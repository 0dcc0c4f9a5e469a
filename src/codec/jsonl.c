#include "codec/jsonl.h"

#include <string.h>

bool ps_jsonl_next(const struct ps_str bytes, const size_t from, const bool is_last,
                   struct ps_line *const ret_line)
{
    if (from >= bytes.size) {
        return false;
    }
    const char *const start = bytes.data + from;
    const char *const newline = memchr(start, '\n', bytes.size - from);
    if (newline == NULL && !is_last) {
        return false;
    }
    size_t size = newline == NULL ? bytes.size - from : (size_t)(newline - start);
    const size_t next = from + size + (newline == NULL ? 0 : 1);
    if (size > 0 && start[size - 1] == '\r') {
        size--;
    }
    *ret_line = (struct ps_line){from, size, next};
    return true;
}

bool ps_jsonl_is_blank(const struct ps_str line)
{
    for (size_t place = 0; place < line.size; place++) {
        const char byte = line.data[place];
        if (byte != ' ' && byte != '\t' && byte != '\r') {
            return false;
        }
    }
    return true;
}

int64_t ps_jsonl_count_ends(const struct ps_str bytes)
{
    int64_t count = 0;
    for (size_t place = 0; place < bytes.size; place++) {
        count += bytes.data[place] == '\n' ? 1 : 0;
    }
    return count;
}

size_t ps_jsonl_bom_size(const struct ps_str bytes)
{
    return ps_str_starts_with(bytes, PS_STR("\xEF\xBB\xBF")) ? 3 : 0;
}
