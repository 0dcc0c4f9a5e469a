/*
 * Which records are held. Goal: exactly the records of the rows that were added are held, and a row
 * meets them when it has at least one of those. Method: ranges and picked lists around the borders
 * of the words that the bits stand in.
 */
#include "app/holds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define RECORDS 200

static struct ps_shard_record_row range(const int64_t first, const int64_t end)
{
    return (struct ps_shard_record_row){.row = {.first = first, .end = end}};
}

static struct ps_shard_record_row list(const uint64_t *const picked, const int64_t count)
{
    return (struct ps_shard_record_row){.row = {.first = 0, .end = count, .is_picked = true},
                                        .picked = picked,
                                        .picked_count = count};
}

static void a_new_one_holds_nothing(void **state)
{
    (void)state;
    struct ps_holds holds;
    const struct ps_shard_record_row all = range(0, RECORDS);
    ps_holds_init(&holds, RECORDS);
    for (int64_t record = 0; record < RECORDS; record++) {
        assert_false(ps_holds_has(&holds, record));
    }
    assert_false(ps_holds_meets(&holds, &all));
    ps_holds_release(&holds);
    assert_null(holds.words);
}

static void a_range_is_held_from_first_to_before_its_end(void **state)
{
    (void)state;
    static const int64_t borders[] = {0, 1, 62, 63, 64, 65, 127, 128, 129, 199, RECORDS};
    const size_t count = sizeof(borders) / sizeof(borders[0]);
    for (size_t place = 0; place < count * count; place++) {
        const int64_t first = borders[place / count];
        const int64_t end = borders[place % count];
        struct ps_holds holds;
        ps_holds_init(&holds, RECORDS);
        const struct ps_shard_record_row row = range(first, end);
        ps_holds_add(&holds, &row);
        for (int64_t record = 0; record < RECORDS; record++) {
            assert_int_equal(ps_holds_has(&holds, record), record >= first && record < end);
        }
        ps_holds_release(&holds);
    }
}

static void of_a_picked_list_only_the_picked_are_held(void **state)
{
    (void)state;
    static const uint64_t picked[] = {0, 63, 64, 130, 199};
    struct ps_holds holds;
    size_t next = 0;
    ps_holds_init(&holds, RECORDS);
    const struct ps_shard_record_row row = list(picked, 5);
    ps_holds_add(&holds, &row);
    for (int64_t record = 0; record < RECORDS; record++) {
        const bool is_picked = next < 5 && picked[next] == (uint64_t)record;
        assert_int_equal(ps_holds_has(&holds, record), is_picked);
        next += is_picked ? 1 : 0;
    }
    ps_holds_release(&holds);
}

static void rows_add_up(void **state)
{
    (void)state;
    static const uint64_t picked[] = {5, 70};
    const struct ps_shard_record_row rows[] = {range(10, 20), list(picked, 2), range(15, 25)};
    struct ps_holds holds;
    ps_holds_init(&holds, RECORDS);
    for (size_t row = 0; row < 3; row++) {
        ps_holds_add(&holds, &rows[row]);
    }
    for (int64_t record = 0; record < RECORDS; record++) {
        assert_int_equal(ps_holds_has(&holds, record),
                         record == 5 || record == 70 || (record >= 10 && record < 25));
    }
    ps_holds_release(&holds);
}

static void a_row_meets_when_one_of_its_records_is_held(void **state)
{
    (void)state;
    static const uint64_t held[] = {64, 100};
    static const uint64_t beside[] = {63, 65, 99, 101};
    static const uint64_t with_last[] = {1, 2, 100};
    struct ps_holds holds;
    ps_holds_init(&holds, RECORDS);
    const struct ps_shard_record_row row = list(held, 2);
    ps_holds_add(&holds, &row);
    const struct {
        struct ps_shard_record_row row;
        bool meets;
    } cases[] = {
        {range(0, 64), false},      {range(0, 65), true},        {range(64, 65), true},
        {range(65, 100), false},    {range(100, 101), true},     {range(101, RECORDS), false},
        {range(64, 64), false},     {list(held, 2), true},       {list(beside, 4), false},
        {list(with_last, 3), true}, {list(with_last, 2), false},
    };
    for (size_t place = 0; place < sizeof(cases) / sizeof(cases[0]); place++) {
        assert_int_equal(ps_holds_meets(&holds, &cases[place].row), cases[place].meets);
    }
    ps_holds_release(&holds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_one_holds_nothing),
        cmocka_unit_test(a_range_is_held_from_first_to_before_its_end),
        cmocka_unit_test(of_a_picked_list_only_the_picked_are_held),
        cmocka_unit_test(rows_add_up),
        cmocka_unit_test(a_row_meets_when_one_of_its_records_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
