/*
 * Goal: a record that is paid for a second time is counted, once each time, wherever it lies.
 * Method: a table of ranges in order, each with what must have been known; and seeded ranges beside
 * a plain array of flags.
 */
#include "sim/billed.h"

#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void what_was_in_is_counted(void **const state)
{
    static const struct {
        const char *name;
        int64_t first;
        int64_t end;
        int64_t known;
    } rows[] = {
        {"the first", 0, 1, 0},
        {"again", 0, 1, 1},
        {"over a word's end", 60, 70, 0},
        {"the end of the word alone", 63, 64, 1},
        {"its neighbours", 58, 72, 10},
        {"over a chunk's end", 65530, 65542, 0},
        {"a whole chunk", 65536, 131072, 6},
        {"a chunk that is full", 65536, 131072, 65536},
        {"one of a full chunk", 100000, 100001, 1},
        {"three chunks", 0, 196608, 65536 + 6 + 1 + 14},
        {"nothing", 5, 5, 0},
        {"the last of a billion", 999999999, 1000000000, 0},
        {"and again", 999999999, 1000000000, 1},
    };
    (void)state;
    struct ps_billed billed;
    ps_billed_init(&billed);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        assert_int_equal(ps_billed_add(&billed, rows[row].first, rows[row].end), rows[row].known);
    }
    ps_billed_release(&billed);
}

static void it_agrees_with_plain_flags(void **const state)
{
    enum { RECORDS = 200000, ROUNDS = 400 };
    static unsigned char flags[RECORDS];
    (void)state;
    struct ps_billed billed;
    struct ps_prng prng;
    ps_billed_init(&billed);
    ps_prng_init(&prng, 3);
    memset(flags, 0, sizeof flags);
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t first = ps_prng_below(&prng, RECORDS);
        const int64_t size = ps_prng_below(&prng, round % 8 == 0 ? RECORDS - first : 200);
        const int64_t end = first + size > RECORDS ? RECORDS : first + size;
        int64_t known = 0;
        for (int64_t record = first; record < end; record++) {
            known += flags[record];
            flags[record] = 1;
        }
        assert_int_equal(ps_billed_add(&billed, first, end), known);
    }
    ps_billed_release(&billed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_in_is_counted),
                                       cmocka_unit_test(it_agrees_with_plain_flags)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
