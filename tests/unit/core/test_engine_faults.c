/*
 * Goal: whatever the service does and whenever the process dies, every record ends, none is paid
 * for twice, none is in two live jobs, and no slot is used beyond the limit (rules R1, R2, R3, R7).
 *
 * Method: the real engine in virtual time against a small service that fails by seed: answers lost
 * before and after the effect, creates that arrive minutes late, lists that lag, tokens and names
 * forgotten, jobs that end in every way, outputs that are late or cut. The run is killed between
 * turns by seed, goes on after up to three days, and now and then from an older copy of its state.
 * The service keeps its own books; they are the judge.
 */
#include "core/engine.h"

#include "core/rules.h"
#include "fake_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PENDING_MAX 64
#define TURNS_MAX 200000

/* ------------------------------------------------ the world of one seed */

/* What is on its way: a fact to the engine, or a create that arrives late. */
struct pending {
    int64_t due_ms;
    struct ps_fact fact;
    char *late_body;
};

enum ending { OPEN, SUCCEEDED, FAILED, UNACCOUNTED };

/* What our side keeps: the store, the holds and the answers, as one value. */
struct ours {
    struct ps_job jobs[JOBS_MAX];
    int64_t job_count;
    int64_t rows[JOBS_MAX][SHARDS][SHARD_RECORDS];
    int64_t row_counts[JOBS_MAX][SHARDS];
    int64_t shard_counts[JOBS_MAX];
    enum ending endings[RECORDS];
    int64_t tries[RECORDS];
};

static struct {
    struct pending pending[PENDING_MAX];
    int64_t pending_count;
    struct ps_engine *engine;
    struct ours live;
    struct ours committed;
    struct ours backup;
    struct reading readings[JOBS_MAX];
    int64_t kills;
    int64_t restores;
} world;

/* ------------------------------------------------ calls: the effect now, the answer later */

static struct pending *add_pending(const int64_t due_ms)
{
    assert_true(world.pending_count < PENDING_MAX);
    struct pending *const added = &world.pending[world.pending_count++];
    *added = (struct pending){.due_ms = due_ms};
    return added;
}

static void fail_fact(struct ps_fact *const fact, const enum ps_outcome outcome)
{
    ps_fact_release(fact);
    fact->outcome = outcome;
    (void)ps_error_set(&fact->error, PS_E_NETWORK, PS_RETRY_LATER, "lost");
}

static void start_wish(const struct ps_wish *const wish)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES};
    int64_t answer_ms = service.now_ms + between(1, 2000);
    if (happens(service.faults.throttled)) {
        fail_fact(&fact, PS_OUTCOME_NO);
    } else if (happens(service.faults.lost_before) ||
               (wish->kind == PS_WISH_CREATE_JOB && happens(service.faults.lost_create))) {
        fail_fact(&fact, PS_OUTCOME_UNKNOWN);
    } else if (wish->kind == PS_WISH_CREATE_JOB && happens(service.faults.late_create)) {
        struct pending *const late = add_pending(service.now_ms + between(1, PS_SIGNATURE_MS));
        late->late_body = ps_str_dup(wish->text);
        fail_fact(&fact, PS_OUTCOME_UNKNOWN);
    } else {
        const bool is_put = wish->kind == PS_WISH_PUT_SHARD;
        fake_service_perform(wish, is_put ? world.live.rows[wish->job][wish->shard] : NULL,
                             is_put ? world.live.row_counts[wish->job][wish->shard] : 0,
                             wish->job < 0 ? NULL : &world.readings[wish->job], &fact);
        if (happens(service.faults.lost_after)) {
            fail_fact(&fact, PS_OUTCOME_UNKNOWN);
            answer_ms += 30 * PS_SECOND_MS;
        }
    }
    fact.kind = wish->kind;
    fact.job = wish->job;
    fact.shard = wish->shard;
    add_pending(answer_ms)->fact = fact;
}

/* ------------------------------------------------ our side: local wishes */

/* Which job holds each record; 0: none. */
static void find_holders(int64_t *const holders)
{
    memset(holders, 0, RECORDS * sizeof(holders[0]));
    for (int64_t place = 0; place < ps_engine_job_count(world.engine); place++) {
        const struct ps_job *const job = ps_engine_job(world.engine, place);
        for (int64_t shard = 0;
             ps_job_holds_records(job) && shard < world.live.shard_counts[job->number]; shard++) {
            for (int64_t row = 0; row < world.live.row_counts[job->number][shard]; row++) {
                holders[world.live.rows[job->number][shard][row]] = job->number;
            }
        }
    }
}

static int64_t count_unsent(const int64_t besides)
{
    int64_t holders[RECORDS];
    int64_t unsent = 0;
    find_holders(holders);
    for (int64_t record = 0; record < RECORDS; record++) {
        const bool is_held = holders[record] != 0 && holders[record] != besides;
        unsent += world.live.endings[record] == OPEN && !is_held ? 1 : 0;
    }
    return unsent;
}

static void cut_jobs(struct ps_fact *const fact)
{
    int64_t holders[RECORDS];
    int64_t unsent = count_unsent(0);
    int64_t number = ps_engine_next_number(world.engine) - 1;
    int64_t filled = JOB_RECORDS;
    find_holders(holders);
    fact->shapes = calloc(RECORDS, sizeof(fact->shapes[0]));
    for (int64_t record = 0; record < RECORDS; record++) {
        if (world.live.endings[record] != OPEN || holders[record] != 0) {
            continue;
        }
        if (filled == JOB_RECORDS) {
            if (unsent < service.min_records) {
                break;
            }
            number++;
            assert_true(number < JOBS_MAX);
            filled = 0;
            memset(world.live.row_counts[number], 0, sizeof(world.live.row_counts[number]));
            world.live.shard_counts[number] = 0;
            fact->shapes[fact->shape_count++] = (struct ps_job_shape){.number = number};
        }
        struct ps_job_shape *const shape = &fact->shapes[fact->shape_count - 1];
        const int64_t shard = filled / SHARD_RECORDS;
        world.live.rows[number][shard][filled % SHARD_RECORDS] = record;
        world.live.row_counts[number][shard] = filled % SHARD_RECORDS + 1;
        world.live.shard_counts[number] = shard + 1;
        shape->shard_count = shard + 1;
        shape->records++;
        shape->bytes += 10;
        filled++;
        unsent--;
    }
    fact->unsent = unsent;
}

static void load_shards(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    fact->shard_count = world.live.shard_counts[wish->job];
    fact->shards = calloc(SHARDS, sizeof(fact->shards[0]));
    for (int64_t shard = 0; shard < fact->shard_count; shard++) {
        const int64_t count = world.live.row_counts[wish->job][shard];
        fact->shards[shard] = (struct ps_shard_row){.records = count, .bytes = count * 10};
    }
}

static void tally(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    const struct ps_job *const job = ps_engine_find(world.engine, wish->job);
    struct reading *const reading = &world.readings[wish->job];
    if (job->listing_count == 0) {
        memset(reading, 0, sizeof(*reading));
    }
    fact->tally.has_manifest = reading->has_manifest;
    fact->tally.manifest_counted = reading->manifest_counted;
    for (int64_t shard = 0; shard < world.live.shard_counts[wish->job]; shard++) {
        for (int64_t row = 0; row < world.live.row_counts[wish->job][shard]; row++) {
            const bool has_line =
                reading->marks[world.live.rows[wish->job][shard][row]] != MARK_NONE;
            fact->tally.lines += has_line ? 1 : 0;
            fact->tally.missing += has_line ? 0 : 1;
        }
    }
}

static void end_record(const int64_t record, const enum mark mark,
                       const enum ps_job_verdict verdict)
{
    enum ending *const ending = &world.live.endings[record];
    world.live.tries[record]++;
    if (mark == MARK_SUCCESS) {
        *ending = SUCCEEDED;
    } else if (mark == MARK_NONE && verdict == PS_VERDICT_UNACCOUNTED) {
        *ending = UNACCOUNTED;
    } else if (world.live.tries[record] >= PS_RECORD_TRIES_MAX) {
        *ending = FAILED;
    }
}

static void close_job(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    const struct reading *const reading = &world.readings[wish->job];
    for (int64_t shard = 0; shard < world.live.shard_counts[wish->job]; shard++) {
        for (int64_t row = 0; row < world.live.row_counts[wish->job][shard]; row++) {
            const int64_t record = world.live.rows[wish->job][shard][row];
            if (world.live.endings[record] == OPEN) {
                end_record(record, reading->marks[record], (enum ps_job_verdict)wish->shard);
            }
        }
    }
    fact->unsent = count_unsent(wish->job);
}

/* The records found in its objects become its shards; jobs not yet created that hold one give way.
 */
static void hold_foreign(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    const struct reading *const reading = &world.readings[wish->job];
    int64_t holders[RECORDS];
    find_holders(holders);
    world.live.shard_counts[wish->job] = reading->foreign_objects;
    fact->shard_count = reading->foreign_objects;
    fact->shards = calloc(SHARDS, sizeof(fact->shards[0]));
    fact->shapes = calloc(JOB_RECORDS, sizeof(fact->shapes[0]));
    for (int64_t shard = 0; shard < reading->foreign_objects; shard++) {
        const int64_t count = reading->foreign_counts[shard];
        memcpy(world.live.rows[wish->job][shard], reading->foreign[shard],
               sizeof(reading->foreign[shard]));
        world.live.row_counts[wish->job][shard] = count;
        fact->shards[shard] = (struct ps_shard_row){.records = count, .bytes = count * 10};
        for (int64_t row = 0; row < count; row++) {
            const int64_t holder = holders[reading->foreign[shard][row]];
            if (holder != 0 && holder != wish->job) {
                fact->shapes[fact->shape_count++] = (struct ps_job_shape){.number = holder};
            }
        }
    }
    fact->unsent = count_unsent(0);
}

static void give_up(struct ps_fact *const fact)
{
    int64_t holders[RECORDS];
    find_holders(holders);
    for (int64_t record = 0; record < RECORDS; record++) {
        if (world.live.endings[record] == OPEN && holders[record] == 0) {
            world.live.endings[record] = FAILED;
        }
    }
    fact->unsent = 0;
}

static void do_local(const struct ps_wish *const wish, const struct ps_now now)
{
    struct ps_fact fact = {
        .kind = wish->kind, .job = wish->job, .shard = wish->shard, .outcome = PS_OUTCOME_YES};
    switch (wish->kind) {
    case PS_WISH_CUT_JOBS:
        cut_jobs(&fact);
        break;
    case PS_WISH_LOAD_SHARDS:
        load_shards(wish, &fact);
        break;
    case PS_WISH_TALLY:
        tally(wish, &fact);
        break;
    case PS_WISH_CLOSE_JOB:
        close_job(wish, &fact);
        break;
    case PS_WISH_HOLD_FOREIGN:
        hold_foreign(wish, &fact);
        break;
    default:
        assert_int_equal(wish->kind, PS_WISH_GIVE_UP);
        give_up(&fact);
    }
    ps_engine_handle(world.engine, &fact, now);
    ps_fact_release(&fact);
}

/* ------------------------------------------------ the store */

static void copy_job(struct ps_job *const target, const struct ps_job *const source)
{
    struct ps_job copy = *source;
    copy.token = copy.request = copy.arn = copy.message = copy.listing = copy.fetch_etag = NULL;
    copy.shards = NULL;
    ps_job_set_text(&copy.token, source->token);
    ps_job_set_text(&copy.request, source->request);
    ps_job_set_text(&copy.arn, source->arn);
    ps_job_set_text(&copy.message, source->message);
    ps_job_set_text(&copy.listing, source->listing);
    copy.open_wishes = copy.next_put = copy.fetch_offset = copy.stop_wake_ms = 0;
    copy.is_listed = copy.is_dirty = false;
    *target = copy;
}

static void release_ours(struct ours *const ours)
{
    for (int64_t place = 0; place < ours->job_count; place++) {
        ps_job_release(&ours->jobs[place]);
    }
    ours->job_count = 0;
}

static void copy_ours(struct ours *const target, const struct ours *const source)
{
    release_ours(target);
    *target = *source;
    for (int64_t place = 0; place < source->job_count; place++) {
        copy_job(&target->jobs[place], &source->jobs[place]);
    }
}

static void keep_job(const struct ps_job *const job)
{
    for (int64_t place = 0; place < world.live.job_count; place++) {
        if (world.live.jobs[place].number == job->number) {
            ps_job_release(&world.live.jobs[place]);
            copy_job(&world.live.jobs[place], job);
            return;
        }
    }
    assert_true(world.live.job_count < JOBS_MAX);
    copy_job(&world.live.jobs[world.live.job_count++], job);
}

static void build_engine(void)
{
    const struct ps_engine_options options = {
        .names = {PS_STR("bucket"), PS_STR("p"), PS_STR("run")},
        .model = PS_STR("model"),
        .role_arn = PS_STR("role"),
        .account = world.kills == 0 ? PS_STR("") : PS_STR(ACCOUNT),
        .nonce = PS_STR("nonce"),
        .timeout_hours = 24,
        .jobs_max = SLOTS,
        .min_records = service.min_records,
        .poll_ms = 30 * PS_SECOND_MS,
        .puts_max = 3,
        .gets_max = 3,
        .seed = service.seed + (uint64_t)world.kills,
    };
    world.engine = ps_engine_new(&options);
    for (int64_t place = 0; place < world.live.job_count; place++) {
        struct ps_job job;
        copy_job(&job, &world.live.jobs[place]);
        ps_engine_add_job(world.engine, &job);
    }
}

/* The process dies: what is in memory and on its way to it is gone; late creates still arrive. */
static void kill_and_start_again(void)
{
    int64_t kept = 0;
    world.kills++;
    world.engine = ps_engine_free(world.engine);
    for (int64_t place = 0; place < world.pending_count; place++) {
        if (world.pending[place].late_body != NULL) {
            world.pending[kept++] = world.pending[place];
        } else {
            ps_fact_release(&world.pending[place].fact);
        }
    }
    world.pending_count = kept;
    if (world.backup.job_count > 0 && happens(service.faults.backup)) {
        world.restores++;
        copy_ours(&world.committed, &world.backup);
    }
    copy_ours(&world.live, &world.committed);
    memset(world.readings, 0, sizeof(world.readings));
    service.now_ms += happens(30) ? 3 * PS_DAY_MS : between(1, 60) * PS_SECOND_MS;
    build_engine();
}

/* ------------------------------------------------ turns */

/* Whatever is due now: late creates arrive, the facts are taken. */
static void take_due(const struct ps_now now)
{
    for (int64_t place = 0; place < world.pending_count;) {
        struct pending due = world.pending[place];
        if (due.due_ms > service.now_ms) {
            place++;
            continue;
        }
        world.pending[place] = world.pending[--world.pending_count];
        if (due.late_body != NULL) {
            struct ps_fact ignored = {.outcome = PS_OUTCOME_YES};
            fake_service_create(due.late_body, due.due_ms, &ignored);
            ps_fact_release(&ignored);
            free(due.late_body);
        } else {
            ps_engine_handle(world.engine, &due.fact, now);
            ps_fact_release(&due.fact);
        }
    }
}

static struct ps_wish keep_wish(const struct ps_wish *const wish)
{
    struct ps_wish kept = *wish;
    kept.key = ps_str_of(ps_str_dup(wish->key));
    kept.text = ps_str_of(ps_str_dup(wish->text));
    return kept;
}

static void drop_wish(const struct ps_wish *const wish)
{
    char *texts[2];
    memcpy(&texts[0], &wish->key.data, sizeof(texts[0]));
    memcpy(&texts[1], &wish->text.data, sizeof(texts[1]));
    free(texts[0]);
    free(texts[1]);
}

/* One turn as app/turn does it; true: the process died in it. */
static bool do_turn(void)
{
    struct ps_wish starting[PENDING_MAX];
    int64_t starting_count = 0;
    struct ps_wish wish;
    const struct ps_now now = {service.now_ms, service.now_ms};
    take_due(now);
    while (ps_engine_next(world.engine, now, &wish)) {
        if (ps_wish_is_local(wish.kind)) {
            do_local(&wish, now);
        } else {
            assert_true(starting_count < PENDING_MAX);
            starting[starting_count++] = keep_wish(&wish);
        }
    }
    const struct ps_job *job = ps_engine_dirty(world.engine);
    for (; job != NULL; job = ps_engine_dirty(world.engine)) {
        keep_job(job);
    }
    const bool dies = happens(service.faults.killed);
    const bool dies_before_commit = dies && happens(300);
    const bool dies_before_start = dies && happens(400);
    if (!dies_before_commit) {
        copy_ours(&world.committed, &world.live);
        if (happens(50)) {
            copy_ours(&world.backup, &world.committed);
        }
    }
    for (int64_t place = 0; place < starting_count; place++) {
        if (!dies_before_commit && !dies_before_start) {
            start_wish(&starting[place]);
        }
        drop_wish(&starting[place]);
    }
    if (dies) {
        kill_and_start_again();
    }
    return dies;
}

static void pass_time(void)
{
    int64_t wake_ms = ps_engine_wake_at_ms(world.engine);
    for (int64_t place = 0; place < world.pending_count; place++) {
        wake_ms = world.pending[place].due_ms < wake_ms ? world.pending[place].due_ms : wake_ms;
    }
    if (wake_ms == INT64_MAX) {
        BREACH("nothing is awaited, and the run has not ended");
    }
    service.now_ms = wake_ms > service.now_ms ? wake_ms : service.now_ms + 1;
}

static void check_books(void)
{
    for (int64_t record = 0; record < RECORDS; record++) {
        int64_t paid = 0;
        bool has_line = false;
        for (int64_t place = 0; place < service.job_count; place++) {
            const struct service_job *const job = &service.jobs[place];
            for (int64_t member = 0; member < job->member_count; member++) {
                const bool is_it = job->members[member] == record;
                paid +=
                    is_it && job->marks[member] >= MARK_SUCCESS && job->marks[member] != MARK_RETRY;
                has_line = has_line || (is_it && job->marks[member] == MARK_SUCCESS);
            }
        }
        if (paid > 1) {
            BREACH("record %lld was paid %lld times", (long long)record, (long long)paid);
        }
        if (world.live.endings[record] == OPEN) {
            BREACH("record %lld has no ending", (long long)record);
        }
        if (has_line != (world.live.endings[record] == SUCCEEDED)) {
            BREACH("record %lld: answered %d, ending %d", (long long)record, has_line,
                   (int)world.live.endings[record]);
        }
    }
    for (int64_t place = 0; place < service.job_count; place++) {
        if (!is_ended(&service.jobs[place], service.now_ms)) {
            BREACH("job '%s' is still alive", service.jobs[place].name);
        }
    }
    if (service.refused > 0 && world.restores == 0) {
        BREACH("%lld creates were refused for a slot", (long long)service.refused);
    }
}

static void live_through(const uint64_t seed, const struct faults *const faults)
{
    int64_t turns = 0;
    memset(&world, 0, sizeof(world));
    fake_service_init(seed, faults, seed % 3 == 0 ? 3 : 1);
    build_engine();
    while (ps_engine_phase(world.engine) == PS_PHASE_RUNNING) {
        if (++turns > TURNS_MAX) {
            BREACH("still not ended after %lld turns", (long long)turns);
        }
        if (turns == 20000) { /* safety first; then the faults stop, and it must end */
            service.faults = (struct faults){0};
        }
        if (!do_turn() && ps_engine_phase(world.engine) == PS_PHASE_RUNNING) {
            pass_time();
        }
    }
    if (ps_engine_phase(world.engine) != PS_PHASE_ENDED) {
        BREACH("halted: %s", ps_engine_error(world.engine)->message);
    }
    while (world.pending_count > 0) { /* what is late still arrives, and must do no harm */
        pass_time();
        take_due((struct ps_now){service.now_ms, service.now_ms});
    }
    check_books();
    world.engine = ps_engine_free(world.engine);
    release_ours(&world.live);
    release_ours(&world.committed);
    release_ours(&world.backup);
}

/* ------------------------------------------------ tests */

static int64_t seeds_of(const int64_t usual)
{
    const char *const told = getenv("PENSTOCK_SEEDS");
    return told == NULL ? usual : strtoll(told, NULL, 10);
}

static void live_through_seeds(const uint64_t first_seed, const struct faults *const faults,
                               const int64_t count)
{
    for (int64_t seed = 0; seed < count; seed++) {
        live_through(first_seed + (uint64_t)seed, faults);
    }
}

static void a_quiet_world_takes_four_jobs(void **state)
{
    (void)state;
    static const struct faults none = {0};
    live_through_seeds(1, &none, 20);
    assert_int_equal(service.job_count, RECORDS / JOB_RECORDS);
}

static void every_ending_of_a_job_is_survived(void **state)
{
    (void)state;
    static const struct faults faults = {.bad_ending = 400,
                                         .late_output = 300,
                                         .no_manifest = 200,
                                         .short_output = 100,
                                         .record_error = 50};
    live_through_seeds(1000, &faults, seeds_of(300));
}

static void lost_and_late_answers_pay_for_nothing_twice(void **state)
{
    (void)state;
    static const struct faults faults = {
        .lost_before = 60, .lost_after = 60, .late_create = 100, .throttled = 60, .list_lag = 300};
    live_through_seeds(2000, &faults, seeds_of(300));
}

static void forgotten_names_pay_for_nothing_twice(void **state)
{
    (void)state;
    static const struct faults faults = {.lost_before = 60,
                                         .lost_after = 100,
                                         .late_create = 100,
                                         .throttled = 200,
                                         .list_lag = 300,
                                         .any_name = 1000};
    live_through_seeds(3000, &faults, seeds_of(300));
}

/* R2 (d): many attempts are proven absent here, and the one that comes late must not be among them.
 */
static void creates_that_hardly_arrive_pay_for_nothing_twice(void **state)
{
    (void)state;
    static const struct faults faults = {
        .lost_create = 940, .late_create = 900, .list_lag = 800, .any_name = 1000};
    live_through_seeds(7000, &faults, seeds_of(300));
}

static void a_death_at_any_turn_is_survived(void **state)
{
    (void)state;
    static const struct faults faults = {
        .lost_after = 20, .list_lag = 300, .killed = 100, .bad_ending = 100, .late_output = 100};
    live_through_seeds(4000, &faults, seeds_of(300));
}

static void an_older_copy_of_the_state_is_survived(void **state)
{
    (void)state;
    static const struct faults faults = {.killed = 30, .backup = 300};
    live_through_seeds(5000, &faults, seeds_of(300));
}

static void everything_at_once_is_survived(void **state)
{
    (void)state;
    static const struct faults faults = {.lost_before = 20,
                                         .lost_after = 20,
                                         .late_create = 50,
                                         .throttled = 50,
                                         .list_lag = 300,
                                         .any_name = 500,
                                         .killed = 30,
                                         .bad_ending = 100,
                                         .late_output = 200,
                                         .no_manifest = 100,
                                         .short_output = 50,
                                         .record_error = 30};
    live_through_seeds(6000, &faults, seeds_of(600));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_world_takes_four_jobs),
        cmocka_unit_test(every_ending_of_a_job_is_survived),
        cmocka_unit_test(lost_and_late_answers_pay_for_nothing_twice),
        cmocka_unit_test(forgotten_names_pay_for_nothing_twice),
        cmocka_unit_test(creates_that_hardly_arrive_pay_for_nothing_twice),
        cmocka_unit_test(a_death_at_any_turn_is_survived),
        cmocka_unit_test(an_older_copy_of_the_state_is_survived),
        cmocka_unit_test(everything_at_once_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
