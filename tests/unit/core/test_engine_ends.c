/*
 * Goal: how jobs end: reading what a job wrote, proof or no proof (R3), what is left over (R7).
 * Method: the engine is driven by hand, one wish and one fact at a time.
 */
#include "core/rules.h"
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct hand_options defaults = {0};

#define OUT HAND_OUT
#define ONE_OBJECT HAND_OBJECT
#define TWO_OBJECTS "50 " OUT "manifest.json.out\n" ONE_OBJECT

/* ------------------------------------------------ reading */

static void reads_every_object_in_turn_and_ends(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    const struct ps_tally whole = hand_tally_of(HAND_RECORDS, HAND_RECORDS);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    assert_string_equal(hand.last.key, "p/run/out/j00000001-a1/");
    hand_objects(&hand, TWO_OBJECTS);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    assert_string_equal(hand.last.key, OUT "manifest.json.out");
    assert_int_equal(hand.last.wish.shard, 0);
    hand_expect_nothing(&hand);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    assert_string_equal(hand.last.key, OUT "s.jsonl.out");
    assert_int_equal(hand.last.wish.shard, 1);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_tally(&hand, &whole);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_close(&hand, 0);
    hand_assert_state(&hand, 1, PS_STATE_DONE);
    hand_cut(&hand, 0, 0);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_ENDED);
    assert_int_equal(ps_engine_wake_at_ms(hand.engine), INT64_MAX);
    hand_end(&hand);
}

static void a_cut_object_goes_on_where_it_stopped(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        const char *etag; /* NULL: the answer did not say */
        int64_t offset;   /* of the next get */
    } rows[] = {
        {"with its ETag", "\"e1\"", 40},
        {"without an ETag: from the start", NULL, 0},
        {"with an empty ETag: from the start", "", 0},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
        struct ps_fact cut = {.outcome = PS_OUTCOME_NO, .bytes = 40};
        (void)ps_error_set(&cut.error, PS_E_NETWORK, PS_RETRY_LATER, "could not read on");
        cut.text = rows[row].etag == NULL ? NULL : strdup(rows[row].etag);
        hand_begin(&hand, &defaults);
        hand_to_listing(&hand, &end);
        hand_expect(&hand, PS_WISH_LIST_OBJECTS);
        hand_objects(&hand, TWO_OBJECTS);
        hand_expect(&hand, PS_WISH_GET_OBJECT);
        assert_int_equal(hand.last.wish.offset, 0);
        assert_string_equal(hand.last.etag, "");
        hand_give(&hand, &cut);
        hand_sleep(&hand);
        hand_expect(&hand, PS_WISH_GET_OBJECT);
        assert_int_equal(hand.last.wish.shard, 0);
        assert_int_equal(hand.last.wish.offset, rows[row].offset);
        assert_string_equal(hand.last.etag, rows[row].offset > 0 ? rows[row].etag : "");
        hand_yes(&hand);
        hand_expect(&hand, PS_WISH_GET_OBJECT); /* the next object begins at its first byte */
        assert_int_equal(hand.last.wish.shard, 1);
        assert_int_equal(hand.last.wish.offset, 0);
        hand_end(&hand);
    }
}

/* Reliability 4.1: Completed whose object was deleted. */
static void an_object_that_is_gone_is_left_to_the_count(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    const struct ps_tally without = hand_tally_of(0, HAND_RECORDS);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, TWO_OBJECTS);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_no(&hand, PS_E_NOT_FOUND, PS_RETRY_NEVER);
    hand_assert_running(&hand);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_tally(&hand, &without);
    hand_assert_state(&hand, 1, PS_STATE_SETTLING); /* it may come back; R3 waits */
    hand_end(&hand);
}

static void another_object_in_its_place_is_listed_again(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, ONE_OBJECT);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_no(&hand, PS_E_CONFLICT, PS_RETRY_LATER); /* If-Match: 412 */
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, ONE_OBJECT);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    assert_int_equal(hand.last.wish.offset, 0);
    hand_no(&hand, PS_E_DENIED, PS_RETRY_NEVER);
    hand_assert_halted(&hand, PS_E_DENIED, "the test says so");
    hand_end(&hand);
}

static void a_key_that_would_break_the_rows_is_left_out(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    struct ps_fact listing = {.outcome = PS_OUTCOME_YES, .object_count = 2};
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    listing.objects = calloc(2, sizeof(listing.objects[0]));
    listing.objects[0] = (struct ps_object_view){strdup(OUT "a\n99 b"), NULL, 7};
    listing.objects[1] = (struct ps_object_view){strdup(OUT "s.jsonl.out"), NULL, 90};
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_give(&hand, &listing);
    assert_int_equal(hand_job(&hand, 1)->listing_count, 1);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    assert_string_equal(hand.last.key, OUT "s.jsonl.out");
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_end(&hand);
}

static void more_objects_than_any_job_has_are_an_error(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct hand hand;
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    struct ps_fact listing = {.outcome = PS_OUTCOME_YES, .object_count = COUNT};
    char key[1000];
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    listing.objects = calloc(COUNT, sizeof(listing.objects[0]));
    for (int64_t object = 0; object < COUNT; object++) {
        listing.objects[object] = (struct ps_object_view){strdup(key), NULL, 1};
    }
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_give(&hand, &listing);
    hand_assert_halted(&hand, PS_E_TOO_LARGE, "20000 objects are too many");
    hand_end(&hand);
}

static void a_reading_that_was_lost_begins_again(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    const struct ps_tally whole = hand_tally_of(HAND_RECORDS, HAND_RECORDS);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, ONE_OBJECT);
    hand_restart(&hand); /* FETCHING lives in memory alone */
    hand_start(&hand);
    hand_assert_state(&hand, 1, PS_STATE_LISTING);
    hand_read_and_tally(&hand, &whole);
    hand_restart(&hand); /* CLOSING is kept, its reading is not */
    hand_start(&hand);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_unknown(&hand);
    hand_assert_state(&hand, 1, PS_STATE_LISTING);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, ONE_OBJECT);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_later(&hand);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_tally(&hand, &whole);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_later(&hand);
    hand_cut(&hand, 0, 0); /* the first since the restart */
    hand_sleep(&hand);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_close(&hand, 0);
    hand_assert_state(&hand, 1, PS_STATE_DONE);
    hand_end(&hand);
}

static void readers_stay_within_their_number(void **state)
{
    (void)state;
    static char name[] = "run-j00000002-a1";
    struct hand hand;
    const struct ps_job_view first = hand_view(PS_JOB_COMPLETED);
    struct ps_job_view second = first;
    second.name = name;
    hand_begin(&hand, &(struct hand_options){.gets_max = 1});
    hand_to_create(&hand, 2);
    hand_yes(&hand);
    hand_prepare_job(&hand, 2);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &first, &second);
    hand_expect(&hand, PS_WISH_GET_JOB);
    const struct hand_wish get = hand.last;
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_jobs(&hand, &second, NULL);
    hand.last = get;
    hand_jobs(&hand, &first, NULL);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    assert_int_equal(hand.last.wish.job, 1);
    hand_expect_nothing(&hand); /* the second waits for the one reader */
    assert_int_equal(ps_engine_wake_at_ms(hand.engine), INT64_MAX);
    hand_objects(&hand, ONE_OBJECT);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_expect_nothing(&hand);
    hand_yes(&hand);
    const struct ps_tally whole = hand_tally_of(HAND_RECORDS, HAND_RECORDS);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_tally(&hand, &whole);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_close(&hand, 0);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    assert_int_equal(hand.last.wish.job, 2);
    hand_end(&hand);
}

/* ------------------------------------------------ proof (R3) */

static void what_is_proven_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        enum ps_job_status status;
        int64_t lines;
        int64_t manifest_counted; /* -1: no manifest */
        int64_t broken;
        enum ps_job_state next;
    } rows[] = {
        {"every record has its line", PS_JOB_COMPLETED, HAND_RECORDS, -1, 0, PS_STATE_CLOSING},
        {"the manifest agrees, some were not processed", PS_JOB_PARTIALLY_COMPLETED, 4, 4, 0,
         PS_STATE_CLOSING},
        {"the manifest agrees, none was processed", PS_JOB_STOPPED, 0, 0, 0, PS_STATE_CLOSING},
        {"the manifest counts one more", PS_JOB_COMPLETED, 9, 10, 0, PS_STATE_SETTLING},
        {"the manifest counts one fewer", PS_JOB_COMPLETED, 9, 8, 0, PS_STATE_SETTLING},
        {"no manifest", PS_JOB_FAILED, 4, -1, 0, PS_STATE_SETTLING},
        {"no manifest and nothing at all", PS_JOB_EXPIRED, 0, -1, 0, PS_STATE_SETTLING},
        {"a broken line beside all others", PS_JOB_COMPLETED, HAND_RECORDS, -1, 1,
         PS_STATE_SETTLING},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        const struct ps_job_view end = hand_view_of(rows[row].status, rows[row].lines);
        struct ps_tally tally = hand_tally_of(rows[row].lines, rows[row].manifest_counted);
        tally.broken = rows[row].broken;
        hand_begin(&hand, &defaults);
        hand_to_listing(&hand, &end);
        hand_read_and_tally(&hand, &tally);
        if (hand_job(&hand, 1)->state != rows[row].next) {
            fail_msg("%s: %s", rows[row].about, ps_job_state_word(hand_job(&hand, 1)->state));
        }
        hand_end(&hand);
    }
}

/* No manifest: two equal listings 10 min apart, and Get's counters agree. */
static void without_a_manifest_two_equal_listings_prove(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view_of(PS_JOB_STOPPED, 4);
    const struct ps_tally some = hand_tally_of(4, -1);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    hand_read_and_tally(&hand, &some);
    const int64_t first_ms = hand.now.steady_ms;
    assert_false(ps_job_holds_slot(hand_job(&hand, 1)));
    hand_sleep(&hand);
    assert_int_equal(hand.now.steady_ms - first_ms, PS_LISTING_GAP_MS);
    hand_ask_again(&hand, &end);
    hand_list_and_tally(&hand, &some);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_end(&hand);
}

/* Reliability 4.1: Stopped whose outputs appear late. */
static void a_listing_that_changes_begins_the_wait_anew(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view_of(PS_JOB_STOPPED, 4);
    const struct ps_tally none = hand_tally_of(0, -1);
    const struct ps_tally some = hand_tally_of(4, -1);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_yes(&hand); /* nothing there yet */
    hand_expect(&hand, PS_WISH_TALLY);
    hand_tally(&hand, &none);
    hand_sleep(&hand);
    hand_ask_again(&hand, &end);
    hand_read_and_tally(&hand, &some); /* the counters agree, and this listing was seen once */
    hand_assert_state(&hand, 1, PS_STATE_SETTLING);
    hand_sleep(&hand);
    hand_ask_again(&hand, &end);
    hand_list_and_tally(&hand, &some);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_end(&hand);
}

/* Counters may lag at the end: those of the second look count. */
static void counters_are_asked_for_again(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view early = hand_view_of(PS_JOB_FAILED, 0);
    const struct ps_job_view late = hand_view_of(PS_JOB_FAILED, 4);
    const struct ps_tally none = hand_tally_of(0, -1);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &early);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_tally(&hand, &none);
    hand_sleep(&hand);
    hand_ask_again(&hand, &late);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_tally(&hand, &none);
    hand_assert_state(&hand, 1, PS_STATE_SETTLING); /* four were paid for: not unprocessed */
    hand_end(&hand);
}

static void what_get_called_ended_stays_ended(void **state)
{
    (void)state;
    static char message[] = "stopped by somebody";
    struct hand hand;
    struct ps_job_view end = hand_view_of(PS_JOB_STOPPED, 4);
    end.message = message;
    const struct ps_job_view stale = hand_view_of(PS_JOB_IN_PROGRESS, 4);
    const struct ps_tally some = hand_tally_of(4, -1);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    const int64_t ended_ms = hand.now.steady_ms;
    hand_read_and_tally(&hand, &some);
    hand_sleep(&hand);
    hand_ask_again(&hand, &stale); /* a late answer takes nothing back */
    assert_string_equal(hand_job(&hand, 1)->message, message);
    assert_int_equal(hand_job(&hand, 1)->status, PS_JOB_STOPPED);
    assert_int_equal(hand_job(&hand, 1)->ended_ms, ended_ms);
    hand_restart(&hand);
    hand_start(&hand);
    hand_read_and_tally(&hand, &some);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_end(&hand);

    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    hand_read_and_tally(&hand, &some);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_later(&hand);
    hand_assert_state(&hand, 1, PS_STATE_ASKING);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_no(&hand, PS_E_NOT_FOUND, PS_RETRY_NEVER); /* it aged out: what it wrote is still there */
    hand_assert_state(&hand, 1, PS_STATE_LISTING);
    hand_end(&hand);
}

/* The service counted more than it wrote: looked for during an hour, never sent again by itself. */
static void what_was_counted_and_not_written_is_unaccounted_after_an_hour(void **state)
{
    (void)state;
    static const int64_t manifests[] = {10, -1};
    for (size_t row = 0; row < sizeof(manifests) / sizeof(manifests[0]); row++) {
        struct hand hand;
        const struct ps_job_view end = hand_view_of(PS_JOB_COMPLETED, 10);
        const struct ps_tally nine = hand_tally_of(9, manifests[row]);
        hand_begin(&hand, &defaults);
        hand_to_listing(&hand, &end);
        const int64_t ended_ms = hand.now.steady_ms;
        hand_read_and_tally(&hand, &nine);
        while (hand_job(&hand, 1)->state == PS_STATE_SETTLING) {
            assert_true(hand.now.steady_ms - ended_ms < PS_OUTPUT_SETTLE_MS);
            hand_sleep(&hand);
            hand_ask_again(&hand, &end);
            hand_list_and_tally(&hand, &nine);
        }
        assert_int_equal(hand.now.steady_ms - ended_ms, PS_OUTPUT_SETTLE_MS);
        hand_expect_close(&hand, PS_VERDICT_UNACCOUNTED);
        hand_end(&hand);
    }
}

static void output_that_turns_up_within_the_hour_counts(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view_of(PS_JOB_COMPLETED, 10);
    const struct ps_tally nine = hand_tally_of(9, 10);
    const struct ps_tally ten = hand_tally_of(10, 10);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    hand_read_and_tally(&hand, &nine);
    hand_sleep(&hand);
    hand_ask_again(&hand, &end);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, TWO_OBJECTS);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_tally(&hand, &ten);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_end(&hand);
}

/* What the first look met, what the second lists, and whether its object is read again. */
static void what_did_not_change_is_not_read_again(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        int64_t broken;
        bool is_gone_at_first;
        bool is_restarted;
        const char *second;
        bool is_read_again;
    } rows[] = {
        {"the same", 0, false, false, "90 " OUT "s.jsonl.out|one", false},
        {"of another ETag", 0, false, false, "90 " OUT "s.jsonl.out|two", true},
        {"of another size", 0, false, false, "91 " OUT "s.jsonl.out|one", true},
        {"it had a line that made no sense", 1, false, false, "90 " OUT "s.jsonl.out|one", true},
        {"it was gone when it was read", 0, true, false, "90 " OUT "s.jsonl.out|one", true},
        {"another process read it", 0, false, true, "90 " OUT "s.jsonl.out|one", true},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        const struct ps_job_view end = hand_view_of(PS_JOB_STOPPED, 9);
        struct ps_tally some = hand_tally_of(4, -1);
        some.broken = rows[row].broken;
        hand_begin(&hand, &defaults);
        hand_to_listing(&hand, &end);
        hand_expect(&hand, PS_WISH_LIST_OBJECTS);
        hand_objects(&hand, "90 " OUT "s.jsonl.out|one");
        hand_expect(&hand, PS_WISH_GET_OBJECT);
        if (rows[row].is_gone_at_first) {
            hand_no(&hand, PS_E_NOT_FOUND, PS_RETRY_NEVER);
        } else {
            hand_yes(&hand);
        }
        hand_expect(&hand, PS_WISH_TALLY);
        hand_tally(&hand, &some);
        hand_sleep(&hand);
        if (rows[row].is_restarted) {
            hand_restart(&hand);
            hand_start(&hand);
        }
        hand_ask_again(&hand, &end);
        hand_expect(&hand, PS_WISH_LIST_OBJECTS);
        hand_objects(&hand, rows[row].second);
        const enum ps_job_state next =
            rows[row].is_read_again ? PS_STATE_FETCHING : PS_STATE_TALLYING;
        if (hand_job(&hand, 1)->state != next) {
            fail_msg("%s: %s", rows[row].about, ps_job_state_word(hand_job(&hand, 1)->state));
        }
        hand_end(&hand);
    }
}

/* The caller may have had no room to keep it. */
static void what_was_read_and_is_lost_is_read_again(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view_of(PS_JOB_STOPPED, 4);
    const struct ps_tally some = hand_tally_of(4, -1);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    hand_read_and_tally(&hand, &some);
    hand_sleep(&hand);
    hand_ask_again(&hand, &end);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, HAND_OBJECT);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_no(&hand, PS_E_NOT_FOUND, PS_RETRY_LATER);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    assert_string_equal(hand.last.key, OUT "s.jsonl.out");
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_TALLY);
    hand_tally(&hand, &some);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED); /* the listings are equal still */
    hand_end(&hand);
}

/* Get leaves its counters out: no number of lines is all that was processed, none least of all. */
static void what_nobody_counted_is_unaccounted_after_an_hour(void **state)
{
    (void)state;
    static const int64_t lines[] = {0, 4};
    for (size_t row = 0; row < sizeof(lines) / sizeof(lines[0]); row++) {
        struct hand hand;
        struct ps_job_view end = hand_view_of(PS_JOB_STOPPED, -1);
        end.error_count = -1;
        const struct ps_tally some = hand_tally_of(lines[row], -1);
        hand_begin(&hand, &defaults);
        hand_to_listing(&hand, &end);
        const int64_t ended_ms = hand.now.steady_ms;
        hand_read_and_tally(&hand, &some);
        hand_restart(&hand);
        hand_start(&hand);
        hand_cut(&hand, 0, 0);
        hand_sleep(&hand);
        hand_ask_again(&hand, &end);
        hand_read_and_tally(&hand, &some);
        while (hand_job(&hand, 1)->state == PS_STATE_SETTLING) {
            hand_sleep(&hand);
            hand_ask_again(&hand, &end);
            hand_list_and_tally(&hand, &some);
        }
        assert_int_equal(hand.now.steady_ms - ended_ms, PS_OUTPUT_SETTLE_MS);
        hand_expect_close(&hand, PS_VERDICT_UNACCOUNTED);
        hand_end(&hand);
    }
}

/* ------------------------------------------------ what is left over (R7) */

/* Two jobs, the first of which is done and left `unsent` records. */
static void close_first_of_two(struct hand *const hand, const int64_t unsent)
{
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    const struct ps_tally whole = hand_tally_of(HAND_RECORDS, HAND_RECORDS);
    hand_to_create(hand, 2);
    hand_yes(hand);
    hand_prepare_job(hand, 2);
    hand_expect(hand, PS_WISH_CREATE_JOB);
    hand_unknown(hand); /* the second stays in doubt */
    hand_expect(hand, PS_WISH_LIST_JOBS);
    const struct hand_wish look = hand->last;
    hand_expect(hand, PS_WISH_LIST_JOBS);
    hand_jobs(hand, &end, NULL);
    hand_expect(hand, PS_WISH_GET_JOB);
    hand_jobs(hand, &end, NULL);
    hand_read_and_tally(hand, &whole);
    hand_expect_close(hand, PS_VERDICT_UNPROCESSED);
    hand_close(hand, unsent);
    hand->last = look;
}

static void less_than_a_job_waits_for_more_and_a_job_does_not(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    close_first_of_two(&hand, 4);
    hand_expect_nothing(&hand); /* four of five: the other job may bring more */
    hand_end(&hand);
    hand_begin(&hand, &defaults);
    close_first_of_two(&hand, 5);
    hand_cut(&hand, 1, 0);
    assert_non_null(ps_engine_find(hand.engine, 3));
    hand_end(&hand);
}

static void a_rest_below_the_minimum_is_given_up_when_no_job_is_left(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    const struct ps_tally whole = hand_tally_of(HAND_RECORDS, HAND_RECORDS);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    hand_read_and_tally(&hand, &whole);
    hand_expect(&hand, PS_WISH_CLOSE_JOB);
    hand_close(&hand, 4);
    hand_cut(&hand, 0, 4); /* is it really so? */
    hand_expect(&hand, PS_WISH_GIVE_UP);
    assert_int_equal(hand.last.wish.shard, PS_VERDICT_BELOW_MINIMUM);
    hand_yes(&hand);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_ENDED);
    hand_end(&hand);
}

static void a_cut_that_fails_halts(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    hand_expect(&hand, PS_WISH_CUT_JOBS);
    hand_no(&hand, PS_E_REFUSED, PS_RETRY_NEVER);
    hand_assert_halted(&hand, PS_E_REFUSED, "the test says so");
    hand_expect_nothing(&hand);
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_object_in_turn_and_ends),
        cmocka_unit_test(a_cut_object_goes_on_where_it_stopped),
        cmocka_unit_test(an_object_that_is_gone_is_left_to_the_count),
        cmocka_unit_test(another_object_in_its_place_is_listed_again),
        cmocka_unit_test(a_key_that_would_break_the_rows_is_left_out),
        cmocka_unit_test(more_objects_than_any_job_has_are_an_error),
        cmocka_unit_test(a_reading_that_was_lost_begins_again),
        cmocka_unit_test(readers_stay_within_their_number),
        cmocka_unit_test(what_is_proven_at_once),
        cmocka_unit_test(without_a_manifest_two_equal_listings_prove),
        cmocka_unit_test(a_listing_that_changes_begins_the_wait_anew),
        cmocka_unit_test(counters_are_asked_for_again),
        cmocka_unit_test(what_get_called_ended_stays_ended),
        cmocka_unit_test(what_was_counted_and_not_written_is_unaccounted_after_an_hour),
        cmocka_unit_test(what_nobody_counted_is_unaccounted_after_an_hour),
        cmocka_unit_test(what_did_not_change_is_not_read_again),
        cmocka_unit_test(what_was_read_and_is_lost_is_read_again),
        cmocka_unit_test(output_that_turns_up_within_the_hour_counts),
        cmocka_unit_test(less_than_a_job_waits_for_more_and_a_job_does_not),
        cmocka_unit_test(a_rest_below_the_minimum_is_given_up_when_no_job_is_left),
        cmocka_unit_test(a_cut_that_fails_halts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
