/*
 * The turn with all its parts. Goal: every record ends, once, wherever a run is broken off, paused
 * or stopped, and whatever the service already holds; the ids of a job without a row are read
 * whole, however the bytes of its objects come. Method: the real store, index and answers over a
 * service in memory (scripted_world.h), broken off after ever more facts.
 */
#include "turn_run.h"

/* ------------------------------------------------ the ways of a run */

/* The kinds of the rows, each with a space behind it. */
static void assert_events(const char *const rows, const char *const kinds)
{
    struct ps_buf found PS_CLEANUP(ps_buf_release);
    struct ps_str rest = ps_str_of(rows);
    ps_buf_init(&found, PS_MB);
    while (rest.size > 0) {
        struct ps_seen_event seen;
        const size_t line_end = ps_str_find(rest, '\n');
        assert_true(ps_event_read_row(ps_str_part(rest, 0, line_end), &seen));
        ps_buf_add_format(&found, "%s ", ps_event_row(seen.event.kind)->name);
        rest = ps_str_part(rest, line_end + 1, rest.size);
    }
    assert_string_equal(ps_buf_text(&found), kinds);
}

static void a_run_ends_with_every_record_answered(void **state)
{
    (void)state;
    struct run run;
    struct ps_buf payload PS_CLEANUP(ps_buf_release);
    ps_buf_init(&payload, PS_MB);
    run_init(&run);
    run_open(&run);
    run_on(&run);
    assert_all_succeeded(&run);
    assert_int_equal(run.world.counts[PS_WISH_PUT_SHARD], 2 * JOBS);
    assert_int_equal(run.world.counts[PS_WISH_IDENTITY], 1);
    assert_int_equal(ps_answers_payload(run.answers, 7, &payload, &run.err), PS_OK);
    assert_true(str_holds(ps_buf_str(&payload), "\"text\":\"hi\""));
    assert_int_equal(run.progress.records, RECORDS);
    assert_int_equal(run.progress.records_done, RECORDS);
    assert_int_equal(run.progress.jobs, JOBS);
    assert_int_equal(run.progress.stages[PS_STAGE_DONE], JOBS);
    assert_string_equal(run.progress.activity, "finishing");
    char *list PS_CLEANUP(ps_str_free_auto) = test_file_read(run.scene.run, PS_SEGMENTS_FILE, NULL);
    assert_string_equal(list, "j00000001-a1\nj00000002-a1\nj00000003-a1\n");
    char *events PS_CLEANUP(ps_str_free_auto) = test_file_read(run.scene.run, PS_EVENTS_FILE, NULL);
    assert_events(events, "run_started jobs_planned job_created job_ended job_created job_read "
                          "job_ended job_created job_read job_ended job_read run_ended ");
    run_close(&run);
    test_file_write(run.scene.run, PS_EVENTS_FILE, PS_STR("torn"));
    run_open(&run);
    run_on(&run); /* and again: nothing is left to do */
    assert_all_succeeded(&run);
    char *more PS_CLEANUP(ps_str_free_auto) = test_file_read(run.scene.run, PS_EVENTS_FILE, NULL);
    assert_memory_equal(more, events, strlen(events)); /* made anew from the store */
    assert_events(more + strlen(events), "run_resumed run_ended ");
    run_release(&run);
}

static void a_put_that_fails_is_put_again(void **state)
{
    (void)state;
    struct run run;
    run_init(&run);
    run_open(&run);
    run.world.put_failures = 3;
    run_on(&run);
    assert_all_succeeded(&run);
    assert_int_equal(run.world.counts[PS_WISH_PUT_SHARD], 2 * JOBS + 3);
    assert_string_equal(run.progress.trouble, "");
    run_release(&run);
}

static void a_run_broken_off_anywhere_goes_on_to_the_same_end(void **state)
{
    (void)state;
    bool is_broken_off = true;
    for (int64_t facts = 0; is_broken_off; facts++) {
        struct run run;
        assert_true(facts < FACTS_MAX);
        is_broken_off = broken_off(&run, facts);
        run_on(&run);
        assert_all_succeeded(&run);
        run_release(&run);
    }
}

/*
 * A disk that is full, or gives out, at any call: nothing more is kept in that process, nothing is
 * started that the store does not hold, and the next process goes on to the same end.
 */
static bool store_failed(struct run *const run, const int64_t calls, const bool is_after)
{
    run_init(run);
    run->failing.calls_left = calls;
    run->failing.is_after = is_after;
    run_open(run);
    const enum ps_status status = run_try(run);
    assert_int_equal(status, run->failing.has_fired ? PS_E_IO : PS_OK);
    assert_int_equal(run->failing.commits_after, 0);
    const bool has_fired = run->failing.has_fired;
    run_close(run);
    run->failing = (struct failing_store){.calls_left = -1};
    run_open(run);
    return has_fired;
}

static void a_store_that_fails_anywhere_ends_the_process_and_loses_nothing(void **state)
{
    (void)state;
    for (int is_after = 0; is_after <= 1; is_after++) {
        bool has_fired = true;
        for (int64_t calls = 0; has_fired; calls++) {
            struct run run;
            has_fired = store_failed(&run, calls, is_after == 1);
            run_on(&run);
            assert_all_succeeded(&run);
            run_release(&run);
        }
    }
}

static void pause_turn(void *const context)
{
    ps_turn_pause(context);
}

static void a_run_paused_anywhere_goes_on_to_the_same_end(void **state)
{
    (void)state;
    bool is_paused = true;
    for (int64_t facts = 0; is_paused; facts += 3) {
        struct run run;
        assert_true(facts < FACTS_MAX);
        run_init(&run);
        run_open(&run);
        run.world.facts_left = facts;
        run.world.on_break = pause_turn;
        run.world.break_context = run.turn;
        run_on(&run);
        is_paused = run.phase == PS_PHASE_RUNNING;
        assert_int_equal(run.world.queue_count, 0); /* nothing was left on its way */
        run_close(&run);
        run_open(&run);
        run_on(&run);
        assert_all_succeeded(&run);
        run_release(&run);
    }
}

static void put_other(const struct run *const run, const char *const name)
{
    struct ps_error err;
    const struct ps_ledger_row row = {.pool = "111122223333//model/batch",
                                      .run = "/no/such/runs/run",
                                      .job = 1,
                                      .name = name,
                                      .has_slot = true};
    assert_int_equal(run->ledger.ops->begin(run->ledger.context, &err), PS_OK);
    assert_int_equal(run->ledger.ops->put(run->ledger.context, &row, &err), PS_OK);
    assert_int_equal(run->ledger.ops->commit(run->ledger.context, &err), PS_OK);
}

/* Another run died with the only slot: it is free once its store has no intent for it. */
static void the_slot_of_a_dead_run_is_taken_when_nothing_can_be_in_it(void **state)
{
    (void)state;
    struct run run;
    run_init(&run);
    run.is_shared = true;
    run_open(&run);
    put_other(&run, "other-j00000001-a1");
    sent_looks = 5;
    run_on(&run);
    assert_int_equal(sent_looks, -1);
    assert_all_succeeded(&run);
    run_release(&run);
}

/* ... or once the service shows its job ended. Here our own first job has the name of that one. */
static void the_slot_of_a_dead_run_is_taken_when_its_job_has_ended(void **state)
{
    (void)state;
    struct run run;
    for (int64_t facts = 0; !broken_off(&run, facts) || run.world.job_count == 0; facts++) {
        run_release(&run);
    }
    put_other(&run, "run-j00000001-a1");
    sent_looks = 1000;
    run_on(&run);
    assert_true(sent_looks > 0);
    assert_all_succeeded(&run);
    run_release(&run);
}

static void ticks_come_back_for_what_others_hold(void **state)
{
    (void)state;
    struct run run;
    run_init(&run);
    run.is_tick = true;
    run.is_shared = true;
    run_open(&run);
    put_other(&run, "other-j00000001-a1");
    sent_looks = 1000;
    run_on(&run);
    assert_int_equal(run.phase, PS_PHASE_RUNNING);
    assert_int_equal(run.world.job_count, 0);
    const int64_t due_ms = ps_turn_due_real_ms(run.turn);
    assert_true(due_ms > 0 && due_ms <= run.settings.poll_ms);
    run_release(&run);
}

/* Each tick is a process of its own; time passes between them. */
static void ticks_leave_when_nothing_is_due_and_come_to_the_same_end(void **state)
{
    (void)state;
    struct run run;
    int64_t ticks = 0;
    run_init(&run);
    run.is_tick = true;
    run.settings.poll_ms = 60000;
    do {
        run_open(&run);
        const int64_t before_ms = ps_clock_now(&run.clock).steady_ms;
        run_on(&run);
        if (run.phase == PS_PHASE_RUNNING) {
            const int64_t due_ms = ps_turn_due_real_ms(run.turn);
            assert_false(ps_turn_is_paused(run.turn));
            /* It did not sit and wait, and does not ask to be called at once. */
            assert_true(ps_clock_now(&run.clock).steady_ms - before_ms < run.settings.poll_ms);
            assert_true(due_ms > 900 && due_ms <= run.settings.poll_ms);
            run.clock.steady_base_ms += due_ms;
            run_close(&run);
        }
        ticks++;
    } while (run.phase == PS_PHASE_RUNNING);
    /* A job ends the moment it is made: what is waited for is the next poll. */
    assert_true(ticks >= JOBS);
    assert_all_succeeded(&run);
    run_release(&run);
}

static void a_stop_file_cancels_what_was_not_sent(void **state)
{
    (void)state;
    bool is_broken_off = true;
    for (int64_t facts = 0; is_broken_off; facts += 3) {
        struct run run;
        assert_true(facts < FACTS_MAX);
        is_broken_off = broken_off(&run, facts);
        const int64_t sent = run.world.job_count * RECORDS / JOBS;
        test_file_write(run.scene.run, PS_STOP_FILE, PS_STR(""));
        run_on(&run);
        assert_int_equal(run.phase, PS_PHASE_STOPPED);
        assert_int_equal(count(&run, PS_ANSWER_SUCCEEDED), sent);
        assert_int_equal(count(&run, PS_ANSWER_CANCELLED), RECORDS - sent);
        run_release(&run);
    }
}

static void without_its_input_what_was_sent_stays_and_the_rest_is_gone(void **state)
{
    (void)state;
    bool is_broken_off = true;
    for (int64_t facts = 0; is_broken_off; facts += 5) {
        struct run run;
        struct ps_buf payload PS_CLEANUP(ps_buf_release);
        ps_buf_init(&payload, PS_MB);
        assert_true(facts < FACTS_MAX);
        is_broken_off = broken_off(&run, facts);
        assert_int_equal(unlink(run.scene.inputs[0]), 0);
        run_on(&run);
        const int64_t sent = run.world.job_count * RECORDS / JOBS; /* some bodies were put before */
        assert_int_equal(run.phase, PS_PHASE_ENDED);
        assert_int_equal(count(&run, PS_ANSWER_SUCCEEDED), sent);
        assert_int_equal(count(&run, PS_ANSWER_FAILED), RECORDS - sent);
        for (int64_t record = 0; record < RECORDS; record++) {
            if (ps_answers_state(run.answers, record).kind == PS_ANSWER_FAILED) {
                ps_buf_clear(&payload);
                assert_int_equal(ps_answers_payload(run.answers, record, &payload, &run.err),
                                 PS_OK);
                assert_true(str_holds(ps_buf_str(&payload), "\"code\":\"input_gone\""));
            }
        }
        run_release(&run);
    }
}

/* The state is lost, or put back from an old copy: the jobs at the service hold their records. */
static void a_store_that_is_lost_finds_its_jobs_again(void **state)
{
    (void)state;
    bool is_broken_off = true;
    for (int64_t facts = 0; is_broken_off; facts += 5) {
        struct run run;
        assert_true(facts < FACTS_MAX);
        is_broken_off = broken_off(&run, facts);
        run_close(&run);
        char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(run.scene.run, "run.db");
        assert_int_equal(unlink(path), 0);
        run_open(&run);
        assert_int_equal(run.segment_count, 0);
        run_on(&run);
        assert_all_succeeded(&run);
        run_release(&run);
    }
}

/* R2: the intent is kept before the create is sent; what the job has written proves it. */
static void a_job_that_no_list_shows_yet_is_not_created_twice(void **state)
{
    (void)state;
    bool is_broken_off = true;
    for (int64_t facts = 0; is_broken_off; facts++) {
        struct run run;
        assert_true(facts < FACTS_MAX);
        is_broken_off = broken_off(&run, facts);
        run.world.lists_lag_to_ms = ps_clock_now(&run.clock).steady_ms + 5 * PS_MINUTE_MS;
        run_on(&run);
        assert_all_succeeded(&run);
        run_release(&run);
    }
}

static void a_store_put_back_from_an_old_copy_goes_on_to_the_same_end(void **state)
{
    (void)state;
    bool is_broken_off = true;
    for (int64_t facts = 1; is_broken_off; facts += 5) {
        struct run run;
        size_t size = 0;
        assert_true(facts < FACTS_MAX);
        is_broken_off = broken_off(&run, facts);
        run_close(&run);
        char *store PS_CLEANUP(ps_str_free_auto) = test_file_read(run.scene.run, "run.db", &size);
        run_open(&run);
        run_on(&run);
        run_close(&run);
        test_file_write(run.scene.run, "run.db", (struct ps_str){store, size});
        run_open(&run);
        run_on(&run);
        assert_all_succeeded(&run);
        run_release(&run);
    }
}

/* ------------------------------------------------ jobs whose proof is waited for */

static void readings_rest_as_long_as_readers_have_room(void **state)
{
    (void)state;
    struct ps_turn *const turn = calloc(1, sizeof(*turn));
    assert_non_null(turn);
    for (size_t place = 0; place < PS_TURN_READINGS_MAX; place++) {
        turn->readings[place].job = -1;
    }
    for (int64_t job = 0; job < PS_TURN_READINGS_MAX; job++) {
        struct ps_turn_reading *const reading = ps_turn_reading_find(turn, -1);
        assert_non_null(reading);
        reading->job = job;
        ps_turn_reading_rest(turn, job);
        const bool is_kept = job < PS_TURN_READINGS_MAX - PS_TURN_READERS_MAX;
        assert_int_equal(ps_turn_reading_find(turn, job) != NULL, is_kept);
    }
    free(turn);
}

/* ------------------------------------------------ a job without a row */

static const char foreign_lines[] = "{\"recordId\":\"R0000000007\",\"modelInput\":{\"a\":1}}\n"
                                    "\n"
                                    "{\"recordId\":\"X0000000008\",\"modelInput\":{}}\n"
                                    "{\"recordId\":\"R00000\n"
                                    "{\"recordId\":\"R0000000002\",\"modelInput\":{}}\n"
                                    " {\"recordId\":\"R0000000005\"}\n"
                                    "{\"modelInput\":{\"recordId\":\"R0000000006\"}}\n"
                                    "{\"recordId\":\"R9999999999\",\"modelInput\":{}}";

static void assert_foreign(const struct ps_foreign *const foreign, const int64_t object)
{
    int64_t count = 0;
    const uint64_t *const ids = ps_foreign_ids(foreign, object, &count);
    assert_int_equal(count, 3);
    assert_int_equal(ids[0], 2);
    assert_int_equal(ids[1], 7);
    assert_int_equal(ids[2], INT64_C(9999999999));
}

static struct ps_str foreign_part(const size_t first, const size_t end)
{
    return (struct ps_str){foreign_lines + first, end - first};
}

static void foreign_ids_are_read_whole_wherever_the_bytes_are_cut(void **state)
{
    (void)state;
    const size_t size = strlen(foreign_lines);
    for (size_t cut = 0; cut <= size; cut++) {
        struct ps_foreign *const foreign = ps_foreign_new();
        ps_foreign_write(foreign, 0, foreign_part(0, cut));
        if (cut > 0) {
            ps_foreign_write(foreign, (int64_t)cut, foreign_part(cut, size));
        } else {
            ps_foreign_write(foreign, 0, foreign_part(0, size));
        }
        ps_foreign_object_end(foreign);
        assert_int_equal(ps_foreign_objects(foreign), 1);
        assert_foreign(foreign, 0);
        assert_null(ps_foreign_free(foreign));
    }
    struct ps_foreign *const foreign = ps_foreign_new();
    for (size_t byte = 0; byte < size; byte++) {
        ps_foreign_write(foreign, (int64_t)byte, foreign_part(byte, byte + 1));
    }
    ps_foreign_object_end(foreign);
    assert_foreign(foreign, 0);
    (void)ps_foreign_free(foreign);
}

static void a_foreign_object_begun_again_counts_once(void **state)
{
    (void)state;
    const size_t size = strlen(foreign_lines);
    for (size_t cut = 0; cut <= size; cut++) {
        struct ps_foreign *const foreign = ps_foreign_new();
        ps_foreign_write(foreign, 0, foreign_part(0, cut));
        ps_foreign_write(foreign, 0, foreign_part(0, size));
        ps_foreign_object_end(foreign);
        assert_foreign(foreign, 0);
        (void)ps_foreign_free(foreign);
    }
}

static void foreign_objects_do_not_mix(void **state)
{
    (void)state;
    int64_t count = -1;
    struct ps_foreign *const foreign = ps_foreign_new();
    ps_foreign_write(foreign, 0, foreign_part(0, strlen(foreign_lines)));
    ps_foreign_object_end(foreign);
    ps_foreign_object_end(foreign); /* an empty one */
    ps_foreign_write(foreign, 0, PS_STR("{\"recordId\":\"R0000000001\",\"m\":1}\n"));
    ps_foreign_object_end(foreign);
    assert_int_equal(ps_foreign_objects(foreign), 3);
    assert_foreign(foreign, 0);
    (void)ps_foreign_ids(foreign, 1, &count);
    assert_int_equal(count, 0);
    assert_int_equal(ps_foreign_ids(foreign, 2, &count)[0], 1);
    assert_int_equal(count, 1);
    (void)ps_foreign_free(foreign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_ends_with_every_record_answered),
        cmocka_unit_test(a_put_that_fails_is_put_again),
        cmocka_unit_test(a_run_broken_off_anywhere_goes_on_to_the_same_end),
        cmocka_unit_test(a_store_that_fails_anywhere_ends_the_process_and_loses_nothing),
        cmocka_unit_test(a_run_paused_anywhere_goes_on_to_the_same_end),
        cmocka_unit_test(the_slot_of_a_dead_run_is_taken_when_nothing_can_be_in_it),
        cmocka_unit_test(the_slot_of_a_dead_run_is_taken_when_its_job_has_ended),
        cmocka_unit_test(ticks_come_back_for_what_others_hold),
        cmocka_unit_test(ticks_leave_when_nothing_is_due_and_come_to_the_same_end),
        cmocka_unit_test(a_stop_file_cancels_what_was_not_sent),
        cmocka_unit_test(without_its_input_what_was_sent_stays_and_the_rest_is_gone),
        cmocka_unit_test(a_store_that_is_lost_finds_its_jobs_again),
        cmocka_unit_test(a_job_that_no_list_shows_yet_is_not_created_twice),
        cmocka_unit_test(a_store_put_back_from_an_old_copy_goes_on_to_the_same_end),
        cmocka_unit_test(readings_rest_as_long_as_readers_have_room),
        cmocka_unit_test(foreign_ids_are_read_whole_wherever_the_bytes_are_cut),
        cmocka_unit_test(a_foreign_object_begun_again_counts_once),
        cmocka_unit_test(foreign_objects_do_not_mix),
    };
    struct ps_error err;
    if (ps_log_open(&(struct ps_log_options){NULL, false, PS_LOG_ERROR}, &err) != PS_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
