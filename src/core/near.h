/*
 * near - "did you mean": how far one word is from another.
 *
 * Pure. Threads: any.
 */
#ifndef PS_CORE_NEAR_H
#define PS_CORE_NEAR_H

#include "base/str.h"

/* Words this far apart or further have nothing to do with each other; nor do those that differ in
 * more than half of their letters. */
#define PS_NEAR_FAR ((size_t)4)

/* How many letters are added, dropped or changed between them; SIZE_MAX for long words. */
size_t ps_near_distance(struct ps_str left, struct ps_str right);

/* The nearest so far: begin with {NULL, PS_NEAR_FAR}. */
struct ps_near {
    const char *word; /* NULL: none is near */
    size_t distance;
};
void ps_near_look(struct ps_near *near, struct ps_str word, const char *candidate);

#endif
