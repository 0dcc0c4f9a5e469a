/*
 * turn_run - a run for the tests of the turn: real store, index and answers, over a service in
 * memory (scripted_world.h).
 *
 * Owner: the test; run_release frees. A process begins with run_open and ends with run_close.
 */
#ifndef PS_TEST_TURN_RUN_H
#define PS_TEST_TURN_RUN_H

#include "app/turn_internal.h"

#include "app/event_text.h"
#include "base/limits.h"
#include "base/log.h"
#include "failing_store.h"
#include "folder.h"
#include "index_scene.h"
#include "os/files.h"
#include "scripted_world.h"
#include "store/sqlite_ledger.h"
#include "store/sqlite_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Three jobs of two shards of two records, one job at a time. */
#define RECORDS 12
#define JOBS 3
#define SEGMENTS_MAX 32

/* More than the facts of a whole run. */
#define FACTS_MAX 200

/* ------------------------------------------------ a run */

struct run {
    struct scene scene;
    struct ps_settings settings;
    struct ps_clock clock;
    struct scripted_world world;
    struct ps_state_store store;
    bool is_shared; /* the next process shares its pool with other runs */
    struct ps_pool_ledger ledger;
    struct failing_store failing; /* what the turn has: the store, and a call that fails */
    struct ps_answers *answers;
    struct ps_turn *turn;
    char *segments[SEGMENTS_MAX];
    int64_t segment_count;
    bool is_tick; /* the next process is one */
    enum ps_phase phase;
    struct ps_progress progress; /* the last one told */
    struct ps_error err;
};

static inline void set_limit(struct run *const run, const enum ps_limit_key key,
                             const int64_t value)
{
    run->settings.lanes[0].limits[key] = (struct ps_limit){value, PS_SOURCE_USER};
}

static inline void run_init(struct run *const run)
{
    struct ps_buf input PS_CLEANUP(ps_buf_release);
    memset(run, 0, sizeof(*run));
    ps_buf_init(&input, PS_MB);
    for (int record = 0; record < RECORDS; record++) {
        ps_buf_add_format(&input, "{\"id\":%d,\"prompt\":\"number %d\"}\n", record, record);
    }
    scene_init(&run->scene);
    scene_add(&run->scene, "in.jsonl", ps_buf_str(&input));
    scene_build(&run->scene);
    scripted_world_init(&run->world);
    run->world.clock = &run->clock;
    run->failing.calls_left = -1;
    assert_int_equal(ps_clock_init(&run->clock, PS_STR(""), &run->err), PS_OK);
    ps_settings_init(&run->settings);
    run->settings.name = ps_str_dup(PS_STR("run"));
    run->settings.nonce = ps_str_dup(PS_STR("00ff"));
    struct ps_lane lane;
    ps_lane_init(&lane, "main");
    (void)snprintf(lane.model, sizeof(lane.model), "model");
    (void)ps_settings_add_lane(&run->settings, &lane, PS_STR("bucket"), PS_STR("some/prefix"));
    run->settings.family = PS_FAMILY_ANTHROPIC;
    run->settings.poll_ms = 1000;
    run->settings.timeout_hours = 24;
    set_limit(run, PS_LIMIT_JOBS, 1);
    set_limit(run, PS_LIMIT_MIN_RECORDS, 2);
    set_limit(run, PS_LIMIT_SHARD_RECORDS, 2);
    set_limit(run, PS_LIMIT_JOB_RECORDS, RECORDS / JOBS);
}

static inline void see_segment(void *const seer, const char *const name)
{
    struct run *const run = seer;
    assert_true(run->segment_count < SEGMENTS_MAX);
    run->segments[run->segment_count++] = ps_str_dup(ps_str_of(name));
}

static inline void keep_progress(void *const context, const struct ps_progress *const progress)
{
    struct run *const run = context;
    run->progress = *progress;
}

/* So many more looks find an intent in another run's store. */
static int64_t sent_looks;

static inline bool has_sent(const char *const folder, const int64_t job)
{
    assert_string_equal(folder, "/no/such/runs/run");
    assert_int_equal(job, 1);
    return sent_looks-- > 0;
}

/* A process that begins. */
static inline void run_open(struct run *const run)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(run->scene.run, "run.db");
    char *answers PS_CLEANUP(ps_str_free_auto) = ps_files_join(run->scene.run, "answers");
    assert_int_equal(ps_sqlite_store_open(path, &run->store, &run->err), PS_OK);
    assert_int_equal(run->store.ops->each_segment(run->store.context, see_segment, run, &run->err),
                     PS_OK);
    assert_int_equal(ps_answers_open(answers, RECORDS, (const char *const *)run->segments,
                                     run->segment_count, &run->answers, &run->err),
                     PS_OK);
    char *ledger PS_CLEANUP(ps_str_free_auto) = ps_files_join(run->scene.run, "ledger.db");
    if (run->is_shared) {
        assert_int_equal(ps_sqlite_ledger_open(ledger, &run->ledger, &run->err), PS_OK);
    }
    run->failing.inner = run->store;
    const struct ps_turn_parts parts = {.folder = run->scene.run,
                                        .settings = &run->settings,
                                        .store = failing_store_port(&run->failing),
                                        .index = run->scene.index,
                                        .answers = run->answers,
                                        .clock = &run->clock,
                                        .segment_count = run->segment_count,
                                        .is_tick = run->is_tick,
                                        .ledger = run->ledger,
                                        .has_sent = has_sent,
                                        .progress = keep_progress,
                                        .context = run};
    run->turn = ps_turn_new(&parts);
    run->world.streams = ps_turn_streams(run->turn);
}

/* ... and one that ends, however. */
static inline void run_close(struct run *const run)
{
    scripted_world_forget(&run->world);
    run->turn = ps_turn_free(run->turn);
    run->answers = ps_answers_free(run->answers);
    ps_sqlite_store_close(&run->store);
    ps_sqlite_ledger_close(&run->ledger);
    for (int64_t segment = 0; segment < run->segment_count; segment++) {
        free(run->segments[segment]);
    }
    run->segment_count = 0;
    run->world.facts_left = -1;
    run->world.on_break = NULL;
}

static inline void run_release(struct run *const run)
{
    run_close(run);
    scripted_world_release(&run->world);
    ps_settings_release(&run->settings);
    scene_release(&run->scene);
}

static inline enum ps_status run_try(struct run *const run)
{
    const struct ps_world world = {&scripted_world_ops, &run->world};
    return ps_turn_run(run->turn, world, &run->phase, &run->err);
}

static inline void run_on(struct run *const run)
{
    if (run_try(run) != PS_OK) {
        fail_msg("%s", run->err.message);
    }
}

static inline int64_t count(const struct run *const run, const enum ps_answer_kind kind)
{
    return ps_answers_count(run->answers, kind);
}

/* What a run that is over still holds by the ledger. */
static inline void assert_holds_no_slot(const struct run *const run)
{
    struct ps_engine_others others;
    struct ps_error err;
    assert_int_equal(run->ledger.ops->sum_others(run->ledger.context, "111122223333//model/batch",
                                                 "another", 0, &others, &err),
                     PS_OK);
    assert_int_equal(others.slots, 0);
}

/* Each record was sent in one job, and answered. */
static inline void assert_all_succeeded(const struct run *const run)
{
    assert_int_equal(run->phase, PS_PHASE_ENDED);
    assert_int_equal(count(run, PS_ANSWER_SUCCEEDED), RECORDS);
    assert_int_equal(ps_answers_late_successes(run->answers), 0);
    assert_int_equal(run->world.job_count, JOBS);
    if (run->is_shared) {
        assert_holds_no_slot(run);
    }
    for (int64_t record = 0; record < RECORDS; record++) {
        assert_int_equal(ps_answers_state(run->answers, record).tries, 1);
    }
}

/* Begins a run that breaks off after `facts`; false: it came to its end before that. */
static inline bool broken_off(struct run *const run, const int64_t facts)
{
    run_init(run);
    run->is_shared = true;
    run_open(run);
    run->world.facts_left = facts;
    const enum ps_status status = run_try(run);
    assert_true(status == PS_OK || status == PS_E_IO);
    run_close(run);
    run_open(run);
    return status != PS_OK;
}

#endif
