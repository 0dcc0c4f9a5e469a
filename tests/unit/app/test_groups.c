/* Goal: equal keys are found, each with the earliest record that has it, in one part and in many.
 * Method: keys drawn from a small set, counted beside it in a plain table. */
#include "app/groups.h"

#include "base/prng.h"
#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define KEYS 400000

struct expected {
    int64_t *first; /* of each key: the earliest record, -1 */
    int64_t *count;
    int64_t *found;  /* calls for each key */
    int64_t *key_of; /* each record's */
    int64_t seconds;
    int64_t fail_at;
};

static enum ps_status note(void *const context, const uint64_t first, const uint64_t record,
                           const bool is_second, struct ps_error *const err)
{
    struct expected *const expected = context;
    const int64_t key = expected->key_of[record];
    assert_int_equal(first, expected->first[key]);
    assert_int_not_equal(first, record);
    assert_int_equal(is_second, expected->found[key] == 0);
    expected->found[key]++;
    expected->seconds += is_second ? 1 : 0;
    expected->fail_at--;
    return expected->fail_at == 0 ? ps_error_set(err, PS_E_IO, PS_RETRY_LATER, "told to fail")
                                  : PS_OK;
}

static uint64_t high_of(const int64_t key)
{
    return (uint64_t)key * UINT64_C(0x9E3779B97F4A7C15);
}

/* `skew`: all keys fall into one part, as no digest would. */
static void try_many(const int64_t records, const bool has_skew, const int64_t fail_at)
{
    struct ps_prng prng;
    ps_prng_init(&prng, (uint64_t)records);
    struct expected expected = {
        calloc(KEYS, 8), calloc(KEYS, 8), calloc(KEYS, 8), calloc((size_t)records, 8), 0, fail_at};
    struct ps_spread *const spread = calloc(1, sizeof(*spread));
    struct ps_error err;
    memset(expected.first, 0xFF, KEYS * 8);
    for (int64_t record = 0; record < records; record++) {
        const int64_t key = ps_prng_below(&prng, KEYS);
        expected.key_of[record] = key;
        expected.first[key] = expected.first[key] < 0 ? record : expected.first[key];
        expected.count[key]++;
        spread->count[ps_spread_of(has_skew ? 7 : high_of(key))]++;
    }
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_groups *groups = ps_groups_new(folder, spread);
    for (int64_t record = 0; record < records; record++) {
        const uint64_t high = has_skew ? 7 : high_of(expected.key_of[record]);
        assert_int_equal(
            ps_groups_add(groups, (uint64_t)expected.key_of[record], high, (uint64_t)record, &err),
            PS_OK);
    }
    const struct ps_groups_found found = {note, &expected};
    const enum ps_status status = ps_groups_find(groups, &found, &err);
    assert_int_equal(status, fail_at == 0 ? PS_OK : PS_E_IO);
    for (int64_t key = 0; fail_at == 0 && key < KEYS; key++) {
        assert_int_equal(expected.found[key],
                         expected.count[key] < 2 ? 0 : expected.count[key] - 1);
    }
    groups = ps_groups_free(groups);
    assert_null(groups);
    assert_int_equal(test_folder_count(folder), 0);
    free(expected.first);
    free(expected.count);
    free(expected.found);
    free(expected.key_of);
    free(spread);
}

static void finds_all_in_memory_and_in_parts(void **state)
{
    (void)state;
    try_many(1, false, 0);
    try_many(1000, false, 0);
    try_many(300000, false, 0);
    try_many(1200000, false, 0);
    try_many(700000, true, 0);
}

static void an_error_ends_it(void **state)
{
    (void)state;
    try_many(300000, false, 3);
    try_many(1200000, false, 3);
}

static void a_folder_that_is_gone_is_said(void **state)
{
    (void)state;
    struct ps_spread *const spread = calloc(1, sizeof(*spread));
    struct ps_error err;
    for (size_t place = 0; place < PS_SPREAD_COUNT; place++) {
        spread->count[place] = 1000;
    }
    struct ps_groups *groups PS_CLEANUP(ps_groups_free_auto) = ps_groups_new("/no/such", spread);
    assert_int_equal(ps_groups_add(groups, 1, 1, 1, &err), PS_E_IO);
    free(spread);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_all_in_memory_and_in_parts),
        cmocka_unit_test(an_error_ends_it),
        cmocka_unit_test(a_folder_that_is_gone_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
