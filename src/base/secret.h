/*
 * secret - text that must not be seen: no format prints it, and it wipes itself.
 *
 * Owner: the caller embeds it; ps_secret_release wipes and frees. There is no way to print one;
 * ps_secret_reveal is for the one place that signs.
 */
#ifndef PS_BASE_SECRET_H
#define PS_BASE_SECRET_H

#include "base/str.h"

struct ps_secret {
    char *hidden;
    size_t size;
};

void ps_secret_init(struct ps_secret *secret);
void ps_secret_set(struct ps_secret *secret, struct ps_str text);
void ps_secret_release(struct ps_secret *secret);
bool ps_secret_is_set(const struct ps_secret *secret);
struct ps_str ps_secret_reveal(const struct ps_secret *secret);

#endif
