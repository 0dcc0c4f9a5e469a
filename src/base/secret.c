#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

void ps_secret_init(struct ps_secret *const secret)
{
    *secret = (struct ps_secret){NULL, 0};
}

void ps_secret_set(struct ps_secret *const secret, const struct ps_str text)
{
    /* Copied before the old one goes: `text` may be a view of it. */
    char *const copy = ps_str_dup(text);
    ps_secret_release(secret);
    *secret = (struct ps_secret){copy, text.size};
}

void ps_secret_release(struct ps_secret *const secret)
{
    if (secret->hidden != NULL) {
        explicit_bzero(secret->hidden, secret->size);
        free(secret->hidden);
    }
    *secret = (struct ps_secret){NULL, 0};
}

bool ps_secret_is_set(const struct ps_secret *const secret)
{
    return secret->size > 0;
}

struct ps_str ps_secret_reveal(const struct ps_secret *const secret)
{
    return (struct ps_str){secret->hidden, secret->size};
}
