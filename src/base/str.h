/*
 * str - a view of bytes that somebody else owns. Not terminated; may hold NUL bytes.
 */
#ifndef PS_BASE_STR_H
#define PS_BASE_STR_H

#include "base/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ps_str {
    const char *data; /* NULL only when size is 0 */
    size_t size;
};

/* Of a string literal. */
#define PS_STR(literal) ((struct ps_str){(literal), sizeof(literal) - 1})

/* The same as an initializer, for tables. */
#define PS_STR_INIT(literal)           \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

/* For printf's "%.*s". Cuts at INT_MAX. */
#define PS_STR_ARGS(str) ps_str_print_size(str), (str).data

int ps_str_print_size(struct ps_str str);

/* Of a terminated string; NULL is the empty one. */
struct ps_str ps_str_of(const char *text);

bool ps_str_equals(struct ps_str left, struct ps_str right);
bool ps_str_equals_text(struct ps_str left, const char *right);

/* ASCII letters count as equal in both cases. */
bool ps_str_equals_nocase(struct ps_str left, struct ps_str right);
bool ps_str_starts_with(struct ps_str str, struct ps_str prefix);
bool ps_str_ends_with(struct ps_str str, struct ps_str suffix);

/* Order of bytes, shorter first where one begins the other: below 0, 0, above 0. */
int ps_str_compare(struct ps_str left, struct ps_str right);

/* The first place of `byte`, or str.size. */
size_t ps_str_find(struct ps_str str, char byte);

/* The part from `from` on, at most `size` bytes; both are cut to what is there. */
struct ps_str ps_str_part(struct ps_str str, size_t from, size_t size);

/* Without spaces, tabs, CR and LF at both ends. */
struct ps_str ps_str_trim(struct ps_str str);

/* A terminated copy on the heap; the caller frees it with free(). */
char *ps_str_dup(struct ps_str str);

/* All of it is a decimal number that fits; *ret_value is written only then. */
PS_MUST_CHECK bool ps_str_to_i64(struct ps_str str, int64_t *ret_value);

/* free() for PS_CLEANUP. */
void ps_str_free_auto(char **text);

#endif
