#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *copy_text(const char *const text)
{
    return text == NULL ? NULL : strdup(text);
}

static void fill_lane(struct hand_options *const options, const int64_t place)
{
    struct ps_engine_lane *const lane = &options->lanes[place];
    lane->names.bucket = lane->names.bucket.size == 0 ? PS_STR("bucket") : lane->names.bucket;
    lane->names.prefix = lane->names.prefix.size == 0 ? PS_STR("p") : lane->names.prefix;
    lane->names.run = PS_STR("run");
    lane->model = lane->model.size == 0 ? PS_STR("amazon.nova-lite-v1:0") : lane->model;
    lane->role_arn = PS_STR("arn:aws:iam::111122223333:role/r");
    lane->region = lane->region.size == 0 ? PS_STR("us-east-1") : lane->region;
    lane->account = options->account;
    lane->min_records = lane->min_records == 0 ? options->min_records : lane->min_records;
}

static void fill_lanes(struct hand_options *const options)
{
    options->lane_count = options->lane_count == 0 ? 1 : options->lane_count;
    if (options->pool_count == 0) {
        for (int64_t lane = 0; lane < options->lane_count; lane++) {
            options->lanes[lane].pool = lane;
        }
        options->pool_count = options->lane_count;
    }
    for (int64_t lane = 0; lane < options->lane_count; lane++) {
        fill_lane(options, lane);
    }
    for (int64_t pool = 0; pool < options->pool_count; pool++) {
        struct ps_engine_pool *const filled = &options->pools[pool];
        filled->jobs_max = filled->jobs_max == 0 ? options->jobs_max : filled->jobs_max;
    }
}

static struct ps_engine *build(const struct hand_options *const options)
{
    return ps_engine_new(&(struct ps_engine_options){
        .lanes = options->lanes,
        .lane_count = options->lane_count,
        .pools = options->pools,
        .pool_count = options->pool_count,
        .nonce = options->nonce.size == 0 ? PS_STR("nonce") : options->nonce,
        .timeout_hours = 24,
        .poll_ms = options->poll_ms,
        .puts_max = options->puts_max,
        .gets_max = options->gets_max,
        .seed = 1,
        .spending = options->spending,
    });
}

void hand_begin(struct hand *const hand, const struct hand_options *const options)
{
    memset(hand, 0, sizeof(*hand));
    hand->options = *options;
    hand->options.jobs_max = options->jobs_max == 0 ? 2 : options->jobs_max;
    hand->options.min_records = options->min_records == 0 ? 5 : options->min_records;
    hand->options.poll_ms = options->poll_ms == 0 ? 30000 : options->poll_ms;
    hand->options.puts_max = options->puts_max == 0 ? 2 : options->puts_max;
    hand->options.gets_max = options->gets_max == 0 ? 2 : options->gets_max;
    fill_lanes(&hand->options);
    hand->engine = build(&hand->options);
    hand->now = (struct ps_now){HAND_BEGIN_MS, HAND_BEGIN_MS + 5000000};
}

void hand_end(struct hand *const hand)
{
    hand->engine = ps_engine_free(hand->engine);
}

struct ps_job hand_stored_part(const struct ps_job *const job)
{
    struct ps_job copy = *job;
    copy.token = copy_text(job->token);
    copy.request = copy_text(job->request);
    copy.arn = copy_text(job->arn);
    copy.message = copy_text(job->message);
    copy.open_wishes = 0;
    copy.shards = NULL;
    copy.next_put = 0;
    copy.resends = 0;
    copy.listing = NULL;
    copy.listing_count = 0;
    copy.listing_at = 0;
    copy.listing_seen = 0;
    copy.is_read = false;
    copy.fetched_count = 0;
    copy.fetch_offset = 0;
    copy.stop_wake_ms = 0;
    copy.listed_poll = 0;
    copy.is_counted = false;
    copy.fetch_etag = NULL;
    copy.calls = NULL;
    copy.call_count = 0;
    copy.next_call = 0;
    copy.calls_waiting = 0;
    copy.calls_open = 0;
    copy.called = (struct ps_tally){0};
    copy.is_dirty = false;
    return copy;
}

void hand_restart(struct hand *const hand)
{
    struct hand_options options = hand->options;
    struct ps_day day;
    int64_t pool = 0;
    for (int64_t lane = 0; lane < options.lane_count; lane++) {
        options.lanes[lane].account = ps_engine_account(hand->engine, lane);
    }
    struct ps_engine *const again = build(&options);
    while (ps_engine_dirty_day(hand->engine, &pool, &day)) {
        hand->days[pool] = day;
    }
    for (pool = 0; pool < options.pool_count; pool++) {
        ps_engine_set_day(again, pool, hand->days[pool]);
    }
    for (int64_t place = 0; place < ps_engine_job_count(hand->engine); place++) {
        struct ps_job job = hand_stored_part(ps_engine_job(hand->engine, place));
        ps_engine_add_job(again, &job);
    }
    (void)ps_engine_free(hand->engine);
    hand->engine = again;
}

void hand_pass(struct hand *const hand, const int64_t passed_ms)
{
    hand->now.steady_ms += passed_ms;
    hand->now.wall_ms += passed_ms;
}

void hand_sleep(struct hand *const hand)
{
    hand_expect_nothing(hand);
    const int64_t wake_ms = ps_engine_wake_at_ms(hand->engine);
    assert_true(wake_ms > hand->now.steady_ms);
    assert_true(wake_ms < INT64_MAX);
    hand_pass(hand, wake_ms - hand->now.steady_ms);
}

static void keep_text(char *const room, const size_t room_size, const struct ps_str text)
{
    assert_true(text.size < room_size);
    memset(room, 0, room_size);
    if (text.size > 0) {
        memcpy(room, text.data, text.size);
    }
}

void hand_expect(struct hand *const hand, const enum ps_wish_kind kind)
{
    struct ps_wish wish = {0};
    if (!ps_engine_next(hand->engine, hand->now, &wish)) {
        fail_msg("no wish, instead of %s", ps_wish_name(kind));
    }
    if (wish.kind != kind) {
        fail_msg("wish %s of job %lld instead of %s", ps_wish_name(wish.kind), (long long)wish.job,
                 ps_wish_name(kind));
    }
    hand->last.wish = wish;
    keep_text(hand->last.key, sizeof(hand->last.key), wish.key);
    keep_text(hand->last.text, sizeof(hand->last.text), wish.text);
    keep_text(hand->last.etag, sizeof(hand->last.etag), wish.etag);
}

void hand_expect_nothing(struct hand *const hand)
{
    struct ps_wish wish;
    if (ps_engine_next(hand->engine, hand->now, &wish)) {
        fail_msg("wish %s of job %lld instead of none", ps_wish_name(wish.kind),
                 (long long)wish.job);
    }
}

void hand_give(struct hand *const hand, const struct ps_fact *const fact)
{
    struct ps_fact whole = *fact;
    whole.kind = hand->last.wish.kind;
    whole.job = hand->last.wish.job;
    whole.shard = hand->last.wish.shard;
    ps_engine_handle(hand->engine, &whole, hand->now);
    ps_fact_release(&whole);
}

void hand_yes(struct hand *const hand)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES};
    if (hand->last.wish.kind == PS_WISH_CREATE_JOB) {
        fact.text = copy_text(hand_view(PS_JOB_SUBMITTED).arn);
    }
    hand_give(hand, &fact);
}

static void give_failure(struct hand *const hand, const enum ps_outcome outcome,
                         const enum ps_status status, const enum ps_retry retry)
{
    struct ps_fact fact = {.outcome = outcome};
    (void)ps_error_set(&fact.error, status, retry, "could not: the test says so");
    hand_give(hand, &fact);
}

void hand_no(struct hand *const hand, const enum ps_status status, const enum ps_retry retry)
{
    give_failure(hand, PS_OUTCOME_NO, status, retry);
}

void hand_later(struct hand *const hand)
{
    hand_no(hand, PS_E_SERVICE, PS_RETRY_LATER);
}

void hand_unknown(struct hand *const hand)
{
    give_failure(hand, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER);
}

static struct ps_job_view copy_view(const struct ps_job_view *const view)
{
    struct ps_job_view copy = *view;
    copy.arn = copy_text(view->arn);
    copy.name = copy_text(view->name);
    copy.model = copy_text(view->model);
    copy.token = copy_text(view->token);
    copy.input_uri = copy_text(view->input_uri);
    copy.output_uri = copy_text(view->output_uri);
    copy.message = copy_text(view->message);
    return copy;
}

void hand_jobs(struct hand *const hand, const struct ps_job_view *const first,
               const struct ps_job_view *const second)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES};
    fact.jobs = calloc(2, sizeof(fact.jobs[0]));
    if (first != NULL) {
        fact.jobs[fact.job_count++] = copy_view(first);
    }
    if (second != NULL) {
        fact.jobs[fact.job_count++] = copy_view(second);
    }
    hand_give(hand, &fact);
}

void hand_objects(struct hand *const hand, const char *const rows)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES};
    struct ps_str rest = ps_str_of(rows);
    fact.objects = calloc(16, sizeof(fact.objects[0]));
    while (rest.size > 0) {
        const struct ps_str row = ps_str_part(rest, 0, ps_str_find(rest, '\n'));
        const size_t space = ps_str_find(row, ' ');
        struct ps_object_view *const object = &fact.objects[fact.object_count++];
        assert_true(fact.object_count <= 16);
        assert_true(ps_str_to_i64(ps_str_part(row, 0, space), &object->size_bytes));
        const struct ps_str named = ps_str_part(row, space + 1, row.size);
        const size_t bar = ps_str_find(named, '|');
        object->key = ps_str_dup(ps_str_part(named, 0, bar));
        object->etag = ps_str_dup(ps_str_part(named, bar + 1, named.size));
        rest = ps_str_part(rest, row.size + 1, rest.size);
    }
    hand_give(hand, &fact);
}

void hand_tally(struct hand *const hand, const struct ps_tally *const tally)
{
    const struct ps_fact fact = {.outcome = PS_OUTCOME_YES, .tally = *tally};
    hand_give(hand, &fact);
}

void hand_start(struct hand *const hand)
{
    struct ps_fact identity = {.outcome = PS_OUTCOME_YES, .text = strdup(HAND_ACCOUNT)};
    hand_expect(hand, PS_WISH_IDENTITY);
    hand_give(hand, &identity);
    hand_expect(hand, PS_WISH_LIST_JOBS);
    hand_yes(hand);
    hand_expect(hand, PS_WISH_LIST_OBJECTS);
    hand_yes(hand);
    hand_expect(hand, PS_WISH_ABORT_UPLOADS);
    hand_yes(hand);
}

void hand_cut(struct hand *const hand, const int64_t job_count, const int64_t unsent)
{
    const int64_t first = ps_engine_next_number(hand->engine);
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES, .unsent = unsent};
    fact.shapes = calloc((size_t)job_count + 1, sizeof(fact.shapes[0]));
    for (int64_t job = 0; job < job_count; job++) {
        fact.shapes[fact.shape_count++] = (struct ps_job_shape){.number = first + job,
                                                                .shard_count = 1,
                                                                .records = HAND_RECORDS,
                                                                .bytes = HAND_BYTES,
                                                                .input_tokens = 100,
                                                                .quota_tokens = 120};
    }
    hand_expect(hand, PS_WISH_CUT_JOBS);
    hand_give(hand, &fact);
}

void hand_prepare_job(struct hand *const hand, const int64_t number)
{
    char rows[300];
    struct ps_fact load = {.outcome = PS_OUTCOME_YES, .shard_count = 1};
    load.shards = calloc(1, sizeof(load.shards[0]));
    load.shards[0] = (struct ps_shard_row){
        .first = 0, .end = HAND_RECORDS, .records = HAND_RECORDS, .bytes = HAND_BYTES};
    hand_expect(hand, PS_WISH_LOAD_SHARDS);
    assert_int_equal(hand->last.wish.job, number);
    hand_give(hand, &load);
    hand_expect(hand, PS_WISH_PUT_SHARD);
    assert_int_equal(hand->last.wish.job, number);
    (void)snprintf(rows, sizeof(rows), "%d %s\n", HAND_BYTES, hand->last.key);
    hand_yes(hand);
    hand_expect(hand, PS_WISH_LIST_OBJECTS);
    assert_int_equal(hand->last.wish.job, number);
    hand_objects(hand, rows);
}

void hand_to_create(struct hand *const hand, const int64_t job_count)
{
    hand_start(hand);
    hand_cut(hand, job_count, 0);
    hand_prepare_job(hand, 1);
    hand_expect(hand, PS_WISH_CREATE_JOB);
}

void hand_to_listing(struct hand *const hand, const struct ps_job_view *const end)
{
    hand_to_create(hand, 1);
    hand_yes(hand);
    hand_expect(hand, PS_WISH_LIST_JOBS);
    hand_jobs(hand, end, NULL);
    hand_expect(hand, PS_WISH_GET_JOB);
    hand_jobs(hand, end, NULL);
    hand_assert_state(hand, 1, PS_STATE_LISTING);
}

struct ps_job_view hand_view(const enum ps_job_status status)
{
    static char arn[] = "arn:aws:bedrock:us-east-1:111122223333:model-invocation-job/abcdefghijk1";
    static char name[] = "run-j00000001-a1";
    static char input[] = "s3://bucket/p/run/in/j00000001-a1/s00001/j00000001-a1-s00001.jsonl";
    static char output[] = "s3://bucket/p/run/out/j00000001-a1/";
    return (struct ps_job_view){.arn = arn,
                                .name = name,
                                .input_uri = input,
                                .output_uri = output,
                                .status = status,
                                .total_count = HAND_RECORDS,
                                .processed_count = HAND_RECORDS,
                                .success_count = HAND_RECORDS,
                                .error_count = 0};
}

const struct ps_job *hand_job(const struct hand *const hand, const int64_t number)
{
    const struct ps_job *const job = ps_engine_find(hand->engine, number);
    assert_non_null(job);
    return job;
}

void hand_assert_state(const struct hand *const hand, const int64_t number,
                       const enum ps_job_state state)
{
    assert_string_equal(ps_job_state_word(hand_job(hand, number)->state), ps_job_state_word(state));
}

void hand_assert_halted(const struct hand *const hand, const enum ps_status status,
                        const char *const word)
{
    assert_int_equal(ps_engine_phase(hand->engine), PS_PHASE_HALTED);
    assert_int_equal(ps_engine_error(hand->engine)->status, status);
    if (strstr(ps_engine_error(hand->engine)->message, word) == NULL) {
        fail_msg("'%s' is not in: %s", word, ps_engine_error(hand->engine)->message);
    }
}

void hand_assert_running(const struct hand *const hand)
{
    assert_int_equal(ps_engine_phase(hand->engine), PS_PHASE_RUNNING);
}

void hand_look_for_nothing(struct hand *const hand)
{
    hand_expect(hand, PS_WISH_LIST_JOBS);
    hand_yes(hand);
    hand_expect(hand, PS_WISH_LIST_OBJECTS);
    hand_yes(hand);
}

struct ps_tally hand_tally_of(const int64_t lines, const int64_t manifest_counted)
{
    return (struct ps_tally){.lines = lines,
                             .missing = HAND_RECORDS - lines,
                             .has_manifest = manifest_counted >= 0,
                             .manifest_counted = manifest_counted};
}

struct ps_job_view hand_view_of(const enum ps_job_status status, const int64_t counted)
{
    struct ps_job_view view = hand_view(status);
    view.success_count = counted;
    return view;
}

void hand_read_and_tally(struct hand *const hand, const struct ps_tally *const tally)
{
    hand_expect(hand, PS_WISH_LIST_OBJECTS);
    hand_objects(hand, HAND_OBJECT);
    hand_expect(hand, PS_WISH_GET_OBJECT);
    hand_yes(hand);
    hand_expect(hand, PS_WISH_TALLY);
    hand_tally(hand, tally);
}

void hand_list_and_tally(struct hand *const hand, const struct ps_tally *const tally)
{
    hand_expect(hand, PS_WISH_LIST_OBJECTS);
    hand_objects(hand, HAND_OBJECT);
    hand_expect(hand, PS_WISH_TALLY);
    hand_tally(hand, tally);
}

void hand_ask_again(struct hand *const hand, const struct ps_job_view *const view)
{
    hand_expect(hand, PS_WISH_GET_JOB);
    hand_jobs(hand, view, NULL);
    hand_assert_state(hand, 1, PS_STATE_LISTING);
}

void hand_expect_close(struct hand *const hand, const enum ps_job_verdict verdict)
{
    hand_expect(hand, PS_WISH_CLOSE_JOB);
    assert_int_equal(hand->last.wish.shard, verdict);
}

void hand_close(struct hand *const hand, const int64_t unsent)
{
    hand_give(hand, &(struct ps_fact){.outcome = PS_OUTCOME_YES, .unsent = unsent});
}
