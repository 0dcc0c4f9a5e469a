#include "base/str.h"

#include "base/assert.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

int ps_str_print_size(const struct ps_str str)
{
    return str.size > (size_t)INT_MAX ? INT_MAX : (int)str.size;
}

struct ps_str ps_str_of(const char *const text)
{
    return (struct ps_str){text, text == NULL ? 0 : strlen(text)};
}

bool ps_str_equals(const struct ps_str left, const struct ps_str right)
{
    return left.size == right.size &&
           (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

bool ps_str_equals_text(const struct ps_str left, const char *const right)
{
    return ps_str_equals(left, ps_str_of(right));
}

static char lower(const char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

bool ps_str_equals_nocase(const struct ps_str left, const struct ps_str right)
{
    if (left.size != right.size) {
        return false;
    }
    for (size_t index = 0; index < left.size; index++) {
        if (lower(left.data[index]) != lower(right.data[index])) {
            return false;
        }
    }
    return true;
}

bool ps_str_starts_with(const struct ps_str str, const struct ps_str prefix)
{
    return str.size >= prefix.size && ps_str_equals(ps_str_part(str, 0, prefix.size), prefix);
}

bool ps_str_ends_with(const struct ps_str str, const struct ps_str suffix)
{
    return str.size >= suffix.size &&
           ps_str_equals(ps_str_part(str, str.size - suffix.size, suffix.size), suffix);
}

int ps_str_compare(const struct ps_str left, const struct ps_str right)
{
    const size_t shared = left.size < right.size ? left.size : right.size;
    const int order = shared == 0 ? 0 : memcmp(left.data, right.data, shared);
    if (order != 0) {
        return order;
    }
    return (left.size > right.size) - (left.size < right.size);
}

size_t ps_str_find(const struct ps_str str, const char byte)
{
    const char *const found = str.size == 0 ? NULL : memchr(str.data, byte, str.size);
    return found == NULL ? str.size : (size_t)(found - str.data);
}

struct ps_str ps_str_part(const struct ps_str str, const size_t from, const size_t size)
{
    const size_t start = from < str.size ? from : str.size;
    const size_t left = str.size - start;
    if (str.data == NULL) {
        return str;
    }
    return (struct ps_str){str.data + start, size < left ? size : left};
}

static bool is_space(const char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct ps_str ps_str_trim(const struct ps_str str)
{
    struct ps_str rest = str;
    while (rest.size > 0 && is_space(rest.data[0])) {
        rest = ps_str_part(rest, 1, rest.size);
    }
    while (rest.size > 0 && is_space(rest.data[rest.size - 1])) {
        rest.size--;
    }
    return rest;
}

char *ps_str_dup(const struct ps_str str)
{
    char *const copy = malloc(str.size + 1);
    PS_ASSERT(copy != NULL);
    if (str.size > 0) {
        memcpy(copy, str.data, str.size);
    }
    copy[str.size] = '\0';
    return copy;
}

bool ps_str_to_i64(const struct ps_str str, int64_t *const ret_value)
{
    const bool is_negative = str.size > 0 && str.data[0] == '-';
    const struct ps_str digits = ps_str_part(str, is_negative ? 1 : 0, str.size);
    int64_t value = 0;
    if (digits.size == 0) {
        return false;
    }
    for (size_t index = 0; index < digits.size; index++) {
        const char byte = digits.data[index];
        if (byte < '0' || byte > '9') {
            return false;
        }
        const int64_t digit = byte - '0';
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) {
            return false;
        }
    }
    if (!is_negative && value == INT64_MIN) {
        return false;
    }
    *ret_value = is_negative ? value : -value;
    return true;
}

void ps_str_free_auto(char **const text)
{
    free(*text);
}
