#include "cli/what_if.h"

#include "base/str.h"

#include <stddef.h>
#include <string.h>

#define WHOLE 1000

static const struct key {
    const char *name;
    size_t offset;
    int64_t least;
    int64_t most;
    const char *form;
} keys[] = {
    {"spread", offsetof(struct ps_what_if, spread_permille), 0, WHOLE, "spread=20%"},
    {"bias", offsetof(struct ps_what_if, bias_permille), 1 - WHOLE, 10 * WHOLE, "bias=-10%"},
    {"failing", offsetof(struct ps_what_if, failing_permille), 0, WHOLE - 1, "failing=1%"},
    {"refused", offsetof(struct ps_what_if, refused_permille), 0, WHOLE, "refused=0.5%"},
};

/* "20%", "-10%", "0.5%": a whole number of permille. */
static bool read_permille(const struct ps_str text, int64_t *const ret_permille)
{
    const bool is_below = ps_str_starts_with(text, PS_STR("-"));
    const size_t from = is_below ? 1 : 0;
    if (text.size < from + 1 || !ps_str_ends_with(text, PS_STR("%"))) {
        return false;
    }
    const struct ps_str number = ps_str_part(text, from, text.size - from - 1);
    const size_t point = ps_str_find(number, '.');
    const struct ps_str tenths = ps_str_part(number, point + 1, number.size);
    int64_t percent = 0;
    int64_t tenth = 0;
    if (!ps_str_to_i64(ps_str_part(number, 0, point), &percent) || percent < 0 || percent > WHOLE ||
        (point < number.size &&
         (tenths.size != 1 || !ps_str_to_i64(tenths, &tenth) || tenth < 0))) {
        return false;
    }
    *ret_permille = (percent * 10 + tenth) * (is_below ? -1 : 1);
    return true;
}

static enum ps_status set_key(struct ps_what_if *const what_if, const struct ps_str name,
                              const struct ps_str value, struct ps_error *const err)
{
    for (size_t place = 0; place < sizeof(keys) / sizeof(keys[0]); place++) {
        const struct key *const key = &keys[place];
        int64_t permille = 0;
        if (!ps_str_equals_text(name, key->name)) {
            continue;
        }
        if (!read_permille(value, &permille) || permille < key->least || permille > key->most) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '%.*s=%.*s'",
                               PS_STR_ARGS(name), PS_STR_ARGS(value));
            return ps_error_hint(err, "It takes a share from %lld%% to %lld.%lld%%, like %s.",
                                 (long long)key->least / 10, (long long)key->most / 10,
                                 (long long)key->most % 10, key->form);
        }
        *(int64_t *)(void *)((char *)what_if + key->offset) = permille;
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '%.*s' of --what-if",
                       PS_STR_ARGS(ps_str_part(name, 0, 60)));
    return ps_error_hint(err, "It takes spread, bias, failing and refused: for example "
                              "--what-if spread=20%%,failing=1%%.");
}

enum ps_status ps_what_if_parse(struct ps_what_if *const what_if, const char *const text,
                                struct ps_error *const err)
{
    struct ps_str rest = ps_str_of(text);
    memset(what_if, 0, sizeof(*what_if));
    while (rest.size > 0) {
        const struct ps_str pair = ps_str_part(rest, 0, ps_str_find(rest, ','));
        const size_t equals = ps_str_find(pair, '=');
        if (set_key(what_if, ps_str_trim(ps_str_part(pair, 0, equals)),
                    ps_str_trim(ps_str_part(pair, equals + 1, pair.size)), err) != PS_OK) {
            return err->status;
        }
        rest = ps_str_part(rest, pair.size + 1, rest.size);
    }
    return PS_OK;
}
