/*
 * Goal: a word that was mistyped finds the one that was meant, and others find nothing. Method:
 * tables of pairs with their distance, of words with their nearest candidate; words at the limits
 * of length and of distance.
 */
#include "core/near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void distance_counts_added_dropped_and_changed_letters(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *left;
        const char *right;
        size_t distance;
    } rows[] = {
        {"both empty", "", "", 0},
        {"one empty", "", "abc", 3},
        {"equal", "status", "status", 0},
        {"one added", "status", "statuss", 1},
        {"one dropped", "status", "satus", 1},
        {"one changed", "status", "statos", 1},
        {"two letters change places", "status", "statsu", 2},
        {"nothing in common", "abc", "xyz", 3},
        {"the textbook's", "kitten", "sitting", 3},
        {"another case is another letter", "Run", "run", 1},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_str left = ps_str_of(rows[row].left);
        const struct ps_str right = ps_str_of(rows[row].right);
        if (ps_near_distance(left, right) != rows[row].distance ||
            ps_near_distance(right, left) != rows[row].distance) {
            fail_msg("%s", rows[row].name);
        }
    }
}

static void long_words_are_infinitely_far(void **state)
{
    (void)state;
    char word[66];
    memset(word, 'a', sizeof(word));
    const struct ps_str longest = {word, 64};
    const struct ps_str longer = {word, 65};
    assert_int_equal(ps_near_distance(longest, longest), 0);
    assert_int_equal(ps_near_distance(longest, PS_STR("")), 64);
    assert_true(ps_near_distance(longer, longest) == SIZE_MAX);
    assert_true(ps_near_distance(longest, longer) == SIZE_MAX);
    assert_true(ps_near_distance(longer, longer) == SIZE_MAX);
}

static void only_what_is_near_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *word;
        const char *candidate;
        bool is_near;
    } rows[] = {
        {"equal", "run", "run", true},
        {"three of eight letters", "abcdefgh", "xyzdefgh", true},
        {"four of eight letters are far", "abcdefgh", "wxyzefgh", false},
        {"three of six letters", "abcdef", "xyzdef", true},
        {"three of five letters", "abcde", "xyzde", false},
        {"one of two letters", "ab", "ax", true},
        {"the only letter", "a", "x", false},
        {"an empty word", "", "a", false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_near near = {NULL, PS_NEAR_FAR};
        ps_near_look(&near, ps_str_of(rows[row].word), rows[row].candidate);
        if ((near.word != NULL) != rows[row].is_near) {
            fail_msg("%s", rows[row].name);
        }
    }
}

static void the_nearest_stays_and_the_first_of_equals(void **state)
{
    (void)state;
    struct ps_near near = {NULL, PS_NEAR_FAR};
    const struct ps_str word = PS_STR("statas");
    ps_near_look(&near, word, "stops");
    ps_near_look(&near, word, "states");
    assert_string_equal(near.word, "states");
    assert_int_equal(near.distance, 1);
    ps_near_look(&near, word, "status");
    assert_string_equal(near.word, "states");
    ps_near_look(&near, word, "statas");
    assert_string_equal(near.word, "statas");
    ps_near_look(&near, word, "states");
    assert_string_equal(near.word, "statas");
    assert_int_equal(near.distance, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_added_dropped_and_changed_letters),
        cmocka_unit_test(long_words_are_infinitely_far),
        cmocka_unit_test(only_what_is_near_is_found),
        cmocka_unit_test(the_nearest_stays_and_the_first_of_equals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
