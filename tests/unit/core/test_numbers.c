/* Goal: a set stays sorted and exact, whatever comes and goes. Method: by hand; then a long drawn
 * history against a table of flags. */
#include "core/numbers.h"

#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define NUMBERS 200
#define STEPS 20000

static void is_sorted_and_has_each_once(void **state)
{
    (void)state;
    struct ps_numbers numbers;
    ps_numbers_init(&numbers);
    ps_numbers_remove(&numbers, 5); /* nothing there */
    ps_numbers_add(&numbers, 9);
    ps_numbers_add(&numbers, 3);
    ps_numbers_add(&numbers, 9);
    ps_numbers_add(&numbers, 7);
    assert_int_equal(numbers.count, 3);
    assert_int_equal(ps_numbers_at(&numbers, 0), 3);
    assert_int_equal(ps_numbers_at(&numbers, 1), 7);
    assert_int_equal(ps_numbers_at(&numbers, 2), 9);
    assert_int_equal(ps_numbers_below(&numbers, 3), 0);
    assert_int_equal(ps_numbers_below(&numbers, 8), 2);
    assert_int_equal(ps_numbers_below(&numbers, 10), 3);
    ps_numbers_remove(&numbers, 3);
    ps_numbers_remove(&numbers, 8);
    assert_int_equal(numbers.count, 2);
    assert_int_equal(ps_numbers_at(&numbers, 0), 7);
    ps_numbers_release(&numbers);
    assert_int_equal(numbers.count, 0);
}

static void holds_what_a_table_of_flags_holds(void **state)
{
    (void)state;
    struct ps_numbers numbers;
    struct ps_prng prng;
    bool is_there[NUMBERS] = {false};
    ps_prng_init(&prng, 1);
    ps_numbers_init(&numbers);
    for (int step = 0; step < STEPS; step++) {
        const int64_t number = ps_prng_below(&prng, NUMBERS);
        /* The smallest goes more often than others: a queue. */
        const bool takes_first = numbers.count > 0 && ps_prng_below(&prng, 3) == 0;
        const int64_t gone = takes_first ? ps_numbers_at(&numbers, 0) : number;
        if (takes_first || ps_prng_below(&prng, 2) == 0) {
            ps_numbers_remove(&numbers, gone);
            is_there[gone] = false;
        } else {
            ps_numbers_add(&numbers, number);
            is_there[number] = true;
        }
        int64_t count = 0;
        for (int64_t each = 0; each < NUMBERS; each++) {
            if (is_there[each]) {
                assert_int_equal(ps_numbers_at(&numbers, count), each);
                count++;
            }
        }
        assert_int_equal(numbers.count, count);
    }
    ps_numbers_release(&numbers);
}

static void a_queue_does_not_grow_with_what_has_passed(void **state)
{
    (void)state;
    struct ps_numbers numbers;
    ps_numbers_init(&numbers);
    for (int64_t number = 0; number < STEPS; number++) {
        ps_numbers_add(&numbers, number);
        if (number >= 10) {
            ps_numbers_remove(&numbers, number - 10);
        }
    }
    assert_int_equal(numbers.count, 10);
    assert_true(numbers.room_count <= 64);
    ps_numbers_release(&numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_sorted_and_has_each_once),
        cmocka_unit_test(holds_what_a_table_of_flags_holds),
        cmocka_unit_test(a_queue_does_not_grow_with_what_has_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
