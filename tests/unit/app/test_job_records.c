/*
 * Goal: a job knows exactly its own records, each at one place.
 * Method: random jobs of ranges and picked lists against a plain list of numbers.
 */
#include "app/job_records.h"

#include "fake_index.h"

#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT 200

static void assert_holds(const struct ps_job_records *const records, const bool *const is_in)
{
    const int64_t places = ps_job_records_places(records);
    bool is_taken[2 * COUNT] = {false};
    int64_t found = 0;
    for (int64_t record = -3; record < COUNT + 3; record++) {
        int64_t place = -1;
        const bool expected = record >= 0 && record < COUNT && is_in[record];
        assert_int_equal(ps_job_records_find(records, record, &place), expected);
        if (expected) {
            int64_t back = -1;
            assert_true(place >= 0 && place < places);
            assert_false(is_taken[place]);
            is_taken[place] = true;
            assert_true(ps_job_records_at(records, place, &back));
            assert_int_equal(back, record);
            found++;
        }
    }
    for (int64_t place = 0; place < places; place++) {
        int64_t record = -1;
        found -= ps_job_records_at(records, place, &record) ? 1 : 0;
    }
    assert_int_equal(found, 0);
}

/* Cuts [0, COUNT) at random; each part is a range, picks from one, or left out. */
static int64_t draw_shards(struct ps_prng *const prng, struct ps_shard_records *const shards,
                           uint64_t picks[COUNT], bool *const is_in)
{
    int64_t shard_count = 0;
    int64_t pick_count = 0;
    int64_t first = 0;
    while (first < COUNT) {
        const int64_t end = first + 1 + ps_prng_below(prng, COUNT - first);
        const int64_t what = ps_prng_below(prng, 3);
        const int64_t picks_before = pick_count;
        for (int64_t record = first; record < end; record++) {
            is_in[record] = what == 0 || (what == 1 && ps_prng_below(prng, 2) == 0);
            if (what == 1 && is_in[record]) {
                picks[pick_count] = (uint64_t)record;
                pick_count++;
            }
        }
        if (what == 0) {
            shards[shard_count] = (struct ps_shard_records){first, end, NULL, 0};
            shard_count++;
        } else if (what == 1) {
            shards[shard_count] =
                (struct ps_shard_records){0, 0, picks + picks_before, pick_count - picks_before};
            shard_count++;
        }
        first = end;
    }
    return shard_count;
}

/* Shards may come in any order. */
static void shuffle(struct ps_prng *const prng, struct ps_shard_records *const shards,
                    const int64_t count)
{
    for (int64_t place = count - 1; place > 0; place--) {
        const int64_t other = ps_prng_below(prng, place + 1);
        const struct ps_shard_records held = shards[place];
        shards[place] = shards[other];
        shards[other] = held;
    }
}

static void knows_exactly_its_own(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct ps_prng prng;
        ps_prng_init(&prng, seed);
        struct fake_record input[COUNT];
        memset(input, 0, sizeof(input));
        for (int64_t record = 0; record < COUNT; record++) {
            input[record].error = ps_prng_below(&prng, 5) == 0 ? "{}" : NULL;
            input[record].leader = record > 0 && ps_prng_below(&prng, 7) == 0 ? 1 : 0;
        }
        struct ps_index *const index = fake_index_new(input, COUNT);
        struct ps_shard_records shards[COUNT];
        uint64_t picks[COUNT];
        bool is_in[COUNT] = {false};
        const int64_t shard_count = draw_shards(&prng, shards, picks, is_in);
        shuffle(&prng, shards, shard_count);
        for (int64_t record = 0; record < COUNT; record++) {
            is_in[record] = is_in[record] && ps_entry_is_sent(ps_index_entry(index, record));
        }
        struct ps_job_records *const records = ps_job_records_new(index, shards, shard_count);
        assert_holds(records, is_in);
        (void)ps_job_records_free(records);
        (void)ps_index_free(index);
    }
}

static void of_nothing_holds_nothing(void **state)
{
    (void)state;
    struct ps_index *const index = fake_index_new(NULL, 3);
    struct ps_job_records *const records = ps_job_records_new(index, NULL, 0);
    int64_t place = 0;
    assert_int_equal(ps_job_records_places(records), 0);
    assert_false(ps_job_records_find(records, 0, &place));
    assert_null(ps_job_records_free(records));
    assert_null(ps_job_records_free(NULL));
    (void)ps_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_exactly_its_own),
        cmocka_unit_test(of_nothing_holds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
