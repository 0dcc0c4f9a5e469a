#include "base/buf.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY_BYTES ((size_t)256)

void ps_buf_init(struct ps_buf *const buf, const size_t size_max)
{
    PS_ASSERT(size_max > 0);
    PS_ASSERT(size_max < SIZE_MAX / 2);
    *buf = (struct ps_buf){NULL, 0, 0, size_max};
}

void ps_buf_release(struct ps_buf *const buf)
{
    free(buf->data);
    *buf = (struct ps_buf){NULL, 0, 0, buf->size_max};
}

void ps_buf_clear(struct ps_buf *const buf)
{
    buf->size = 0;
    if (buf->data != NULL) {
        buf->data[0] = '\0';
    }
}

char *ps_buf_reserve(struct ps_buf *const buf, const size_t size)
{
    PS_ASSERT(buf->size_max > 0);
    if (size > buf->size_max - buf->size) {
        return NULL;
    }
    const size_t needed = buf->size + size + 1;
    if (needed > buf->capacity) {
        size_t capacity = buf->capacity == 0 ? FIRST_CAPACITY_BYTES : buf->capacity;
        while (capacity < needed) {
            capacity *= 2;
        }
        if (capacity > buf->size_max + 1) {
            capacity = buf->size_max + 1;
        }
        char *const grown = realloc(buf->data, capacity);
        PS_ASSERT(grown != NULL);
        buf->data = grown;
        buf->capacity = capacity;
    }
    return buf->data + buf->size;
}

void ps_buf_commit(struct ps_buf *const buf, const size_t size)
{
    PS_ASSERT(buf->size + size < buf->capacity);
    buf->size += size;
    buf->data[buf->size] = '\0';
}

bool ps_buf_append(struct ps_buf *const buf, const struct ps_str bytes)
{
    char *const room = ps_buf_reserve(buf, bytes.size);
    if (room == NULL) {
        return false;
    }
    if (bytes.size > 0) {
        memcpy(room, bytes.data, bytes.size);
    }
    ps_buf_commit(buf, bytes.size);
    return true;
}

bool ps_buf_append_byte(struct ps_buf *const buf, const char byte)
{
    return ps_buf_append(buf, (struct ps_str){&byte, 1});
}

PS_PRINTF(2, 0)
static bool append_va(struct ps_buf *const buf, const char *const format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, arguments);
    PS_ASSERT(size >= 0);
    char *const room = ps_buf_reserve(buf, (size_t)size);
    if (room != NULL) {
        (void)vsnprintf(room, (size_t)size + 1, format, again);
        ps_buf_commit(buf, (size_t)size);
    }
    va_end(again);
    return room != NULL;
}

bool ps_buf_append_format(struct ps_buf *const buf, const char *const format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const bool fits = append_va(buf, format, arguments);
    va_end(arguments);
    return fits;
}

void ps_buf_add(struct ps_buf *const buf, const struct ps_str bytes)
{
    PS_ASSERT(ps_buf_append(buf, bytes));
}

void ps_buf_add_text(struct ps_buf *const buf, const char *const text)
{
    ps_buf_add(buf, ps_str_of(text));
}

void ps_buf_add_format(struct ps_buf *const buf, const char *const format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    PS_ASSERT(append_va(buf, format, arguments));
    va_end(arguments);
}

void ps_buf_consume(struct ps_buf *const buf, const size_t size)
{
    PS_ASSERT(size <= buf->size);
    if (size == 0) {
        return;
    }
    memmove(buf->data, buf->data + size, buf->size - size);
    buf->size -= size;
    buf->data[buf->size] = '\0';
}

struct ps_str ps_buf_str(const struct ps_buf *const buf)
{
    return (struct ps_str){buf->data, buf->size};
}

const char *ps_buf_text(const struct ps_buf *const buf)
{
    return buf->data == NULL ? "" : buf->data;
}
