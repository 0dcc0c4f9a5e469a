#include "engine_run.h"

#include "core/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PENDING_MAX 64
#define TURNS_MAX 200000
#define WISHES_MAX 10000 /* of a turn */

/* Faults stop at some time; then the run must end within so long (I22). */
#define HEAL_MS_MAX (2 * PS_DAY_MS)
#define END_MS_MAX (4 * JOB_LIFE_MS_MAX + 2 * PS_HOUR_MS)

/* What is on its way: a fact to the engine, or a create that arrives late. */
struct pending {
    int64_t due_ms;
    struct ps_fact fact;
    char *late_body;
};

static struct {
    struct run_plan plan;
    struct pending pending[PENDING_MAX];
    int64_t pending_count;
    struct ps_engine *engine;
    struct ours live;
    struct ours committed;
    struct ours backup;
    struct reading readings[JOBS_MAX];
    int64_t starts;
    int64_t restores;
    int64_t heal_ms;
    int64_t input_gone_ms;
    int64_t healed_ms; /* when the faults stopped; 0: they have not */
    bool is_changed;   /* since the last commit */
    bool is_stopping;
    bool is_pausing;
    bool may_halt;    /* the world has given this process a reason */
    int64_t failures; /* calls in a row */
} run;

/* ------------------------------------------------ calls: the effect now, the answer later */

static struct pending *add_pending(const int64_t due_ms)
{
    assert_true(run.pending_count < PENDING_MAX);
    struct pending *const added = &run.pending[run.pending_count++];
    *added = (struct pending){.due_ms = due_ms};
    return added;
}

static void add_late_create(const struct ps_wish *const wish)
{
    add_pending(service.now_ms + between(1, PS_SIGNATURE_MS))->late_body = ps_str_dup(wish->text);
}

static void fail_fact(struct ps_fact *const fact, const enum ps_outcome outcome,
                      const enum ps_status status, const enum ps_retry retry)
{
    ps_fact_release(fact);
    fact->outcome = outcome;
    (void)ps_error_set(&fact->error, status, retry, "the fake service says so");
}

/* I4: what goes out is stored already, word for word. */
static void check_intent(const struct ps_wish *const wish)
{
    for (int64_t place = 0; place < run.committed.job_count; place++) {
        const struct ps_job *const job = &run.committed.jobs[place];
        if (job->number == wish->job && ps_str_equals(ps_str_of(job->request), wish->text) &&
            (job->state == PS_STATE_CREATING || job->state == PS_STATE_REPEATING)) {
            return;
        }
    }
    BREACH("a create without a stored intent: job %lld", (long long)wish->job);
}

/* True: the call has no effect, and `fact` says what came of it. */
static bool fails_before(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    const bool is_create = wish->kind == PS_WISH_CREATE_JOB;
    const enum ps_outcome lost = is_create ? PS_OUTCOME_UNKNOWN : PS_OUTCOME_NO;
    if (is_outage()) {
        run.may_halt = true;
        fail_fact(fact, lost, PS_E_NETWORK, PS_RETRY_LATER);
    } else if (happens(FAULT_DENIED)) {
        run.may_halt = true;
        fail_fact(fact, PS_OUTCOME_NO, PS_E_DENIED, PS_RETRY_NEVER);
    } else if (happens(FAULT_THROTTLED)) {
        fail_fact(fact, PS_OUTCOME_NO, PS_E_QUOTA, PS_RETRY_LATER);
    } else if (happens(FAULT_LOST_BEFORE)) {
        fail_fact(fact, lost, PS_E_NETWORK, PS_RETRY_LATER);
    } else if (is_create && happens(FAULT_LOST_CREATE)) {
        run.may_halt = true; /* eight attempts in a row that leave no job call a person */
        fail_fact(fact, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER);
    } else if (is_create && happens(FAULT_LATE_CREATE)) {
        add_late_create(wish);
        fail_fact(fact, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER);
    } else if (wish->kind == PS_WISH_PUT_SHARD && service.now_ms >= run.input_gone_ms) {
        fail_fact(fact, PS_OUTCOME_NO, PS_E_NOT_FOUND, PS_RETRY_NEVER);
        (void)snprintf(fact->error.aws_code, sizeof(fact->error.aws_code), "input_gone");
    } else {
        return false;
    }
    return true;
}

static void perform(const struct ps_wish *const wish, struct ps_fact *const fact)
{
    const bool is_put = wish->kind == PS_WISH_PUT_SHARD;
    const int64_t *const members = is_put ? run.live.rows[wish->job][wish->shard] : NULL;
    const int64_t count = is_put ? run.live.row_counts[wish->job][wish->shard] : 0;
    fake_service_perform(wish, members, count, wish->job < 0 ? NULL : &run.readings[wish->job],
                         fact);
}

static void start_wish(const struct ps_wish *const wish)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES};
    int64_t answer_ms = service.now_ms + (run.plan.is_instant ? 0 : between(1, 2000));
    if (wish->kind == PS_WISH_CREATE_JOB) {
        check_intent(wish);
    }
    if (!fails_before(wish, &fact)) {
        perform(wish, &fact);
        /* R2 takes a refusal for the last word on its request: none of those arrives again. */
        if (wish->kind == PS_WISH_CREATE_JOB && fact.outcome != PS_OUTCOME_NO &&
            happens(FAULT_TWICE)) {
            add_late_create(wish);
        }
        if (happens(FAULT_LOST_AFTER)) {
            fail_fact(&fact, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER);
            answer_ms += 30 * PS_SECOND_MS;
        }
    }
    run.failures = fact.outcome == PS_OUTCOME_YES ? 0 : run.failures + 1;
    run.may_halt = run.may_halt || run.failures > PS_START_TRIES_MAX;
    fact.kind = wish->kind;
    fact.job = wish->job;
    fact.shard = wish->shard;
    add_pending(answer_ms)->fact = fact;
}

/* ------------------------------------------------ processes */

static void build_engine(void)
{
    const struct ps_engine_lane lane = {
        .names = {PS_STR("bucket"), PS_STR("p"), PS_STR("run")},
        .model = PS_STR("model"),
        .role_arn = PS_STR("role"),
        .account = run.starts == 0 ? PS_STR("") : PS_STR(ACCOUNT),
        .min_records = service.min_records,
    };
    const struct ps_engine_pool pool = {.jobs_max = SLOTS};
    const struct ps_engine_options options = {
        .lanes = &lane,
        .lane_count = 1,
        .pools = &pool,
        .pool_count = 1,
        .nonce = PS_STR("nonce"),
        .timeout_hours = 24,
        .poll_ms = service.quantum_ms == 0 ? 30 * PS_SECOND_MS : 5 * PS_MINUTE_MS,
        .puts_max = 3,
        .gets_max = 3,
        .seed = service.seed + (uint64_t)run.starts,
    };
    run.starts++;
    run.is_changed = false;
    run.may_halt = false;
    run.failures = 0;
    run.is_pausing = false;
    run.engine = ps_engine_new(&options);
    ours_fill_engine(&run.live, run.engine);
    if (run.is_stopping) {
        ps_engine_stop(run.engine);
    }
}

/* The process is gone, and what was on its way to it; late creates still arrive. */
static void start_again(void)
{
    int64_t kept = 0;
    run.engine = ps_engine_free(run.engine);
    for (int64_t place = 0; place < run.pending_count; place++) {
        if (run.pending[place].late_body != NULL) {
            run.pending[kept++] = run.pending[place];
        } else {
            ps_fact_release(&run.pending[place].fact);
        }
    }
    run.pending_count = kept;
    if (!run.is_stopping && run.backup.job_count > 0 && happens(FAULT_BACKUP)) {
        run.restores++;
        ours_copy(&run.committed, &run.backup);
    }
    ours_copy(&run.live, &run.committed);
    memset(run.readings, 0, sizeof(run.readings));
    build_engine();
}

static void die(void)
{
    const bool is_long = run.healed_ms == 0 && is_drawn(30);
    service.now_ms += is_long ? 3 * PS_DAY_MS : between(1, 60) * PS_SECOND_MS;
    start_again();
}

/* ------------------------------------------------ turns */

/* Whatever is due now, first come first served: late creates arrive, the facts are taken. */
static void take_due(const struct ps_now now)
{
    for (int64_t place = 0; place < run.pending_count;) {
        struct pending due = run.pending[place];
        if (due.due_ms > service.now_ms) {
            place++;
            continue;
        }
        run.pending_count--;
        memmove(&run.pending[place], &run.pending[place + 1],
                (size_t)(run.pending_count - place) * sizeof(run.pending[0]));
        if (due.late_body != NULL) {
            struct ps_fact ignored = {.outcome = PS_OUTCOME_YES};
            fake_service_create(due.late_body, due.due_ms, &ignored);
            ps_fact_release(&ignored);
            free(due.late_body);
        } else {
            if (due.fact.kind == PS_WISH_PUT_SHARD && due.fact.outcome == PS_OUTCOME_YES) {
                run.is_changed = true;
                run.live.put_attempts[due.fact.job][due.fact.shard] =
                    ps_engine_find(run.engine, due.fact.job)->attempt;
            }
            ps_engine_handle(run.engine, &due.fact, now);
            ps_fact_release(&due.fact);
        }
    }
}

static struct ps_wish keep_wish(const struct ps_wish *const wish)
{
    struct ps_wish kept = *wish;
    kept.key = ps_str_of(ps_str_dup(wish->key));
    kept.text = ps_str_of(ps_str_dup(wish->text));
    kept.etag = ps_str_of(ps_str_dup(wish->etag));
    return kept;
}

static void drop_wish(const struct ps_wish *const wish)
{
    const char *const views[] = {wish->key.data, wish->text.data, wish->etag.data};
    for (size_t view = 0; view < sizeof(views) / sizeof(views[0]); view++) {
        char *text = NULL;
        memcpy(&text, &views[view], sizeof(text));
        free(text);
    }
}

static void begin_reading(const struct ps_wish *const wish)
{
    if (wish->kind == PS_WISH_GET_OBJECT && wish->shard == 0 && wish->offset == 0) {
        run.readings[wish->job] = (struct reading){.is_begun = true};
    }
}

/* The engine's wishes of this turn; local ones are done at once. */
static int64_t take_wishes(const struct ps_now now, struct ps_wish *const starting)
{
    struct ps_wish wish;
    int64_t starting_count = 0;
    int64_t wishes = 0;
    while (ps_engine_next(run.engine, now, &wish)) {
        if (++wishes > WISHES_MAX) {
            BREACH("no end of wishes: %s", ps_wish_name(wish.kind));
        }
        if (ps_wish_is_local(wish.kind)) {
            struct ps_fact fact = {0};
            run.is_changed = true;
            ours_perform(&run.live, run.engine, run.readings, &wish, &fact);
            ps_engine_handle(run.engine, &fact, now);
            ps_fact_release(&fact);
        } else {
            assert_true(starting_count < PENDING_MAX);
            begin_reading(&wish);
            starting[starting_count++] = keep_wish(&wish);
        }
    }
    return starting_count;
}

/* I19: what was seen ended stays so; attempts only grow. */
static void check_forward(const struct ps_job *const job)
{
    for (int64_t place = 0; place < run.live.job_count; place++) {
        const struct ps_job *const kept = &run.live.jobs[place];
        if (kept->number != job->number) {
            continue;
        }
        if (job->attempt < kept->attempt ||
            (kept->ended_ms != 0 && job->ended_ms != kept->ended_ms) ||
            (kept->state == PS_STATE_DONE && job->state != PS_STATE_DONE)) {
            BREACH("job %lld went back", (long long)job->number);
        }
        if (ps_job_status_is_terminal(kept->status) && job->status != kept->status) {
            BREACH("job %lld was '%s' and is '%s'", (long long)job->number,
                   ps_job_status_name(kept->status), ps_job_status_name(job->status));
        }
    }
}

static void draw_turn(void)
{
    if (!run.is_stopping && run.plan.stop_ms == 0 && happens(FAULT_STOPPED)) {
        run.is_stopping = true;
    }
    if (run.plan.stop_ms > 0 && service.now_ms - START_MS >= run.plan.stop_ms) {
        run.is_stopping = true;
    }
    if (run.is_stopping) {
        ps_engine_stop(run.engine);
    }
    if (!run.is_pausing && happens(FAULT_PAUSED)) {
        run.is_pausing = true;
        ps_engine_pause(run.engine);
    }
    if (run.healed_ms == 0 && service.now_ms >= run.heal_ms) {
        run.healed_ms = service.now_ms;
        service.faults = (struct faults){{0}};
        service.outage_from_ms = INT64_MAX;
    }
}

/* One turn as app/turn does it; true: the process died in it. */
static bool do_turn(void)
{
    struct ps_wish starting[PENDING_MAX];
    const struct ps_now now = {service.now_ms, service.now_ms};
    draw_turn();
    take_due(now);
    const int64_t starting_count = take_wishes(now, starting);
    const struct ps_job *job = ps_engine_dirty(run.engine);
    for (; job != NULL; job = ps_engine_dirty(run.engine)) {
        check_forward(job);
        ours_keep_job(&run.live, job);
        run.is_changed = true;
    }
    const bool dies = happens(FAULT_KILLED);
    const bool dies_before_commit = dies && is_drawn(300);
    const bool dies_before_start = dies && is_drawn(400);
    if (!dies_before_commit && run.is_changed) {
        run.is_changed = false;
        ours_copy(&run.committed, &run.live);
        if (service.faults.rates[FAULT_BACKUP] > 0 && is_drawn(50)) {
            ours_copy(&run.backup, &run.committed);
        }
    }
    for (int64_t place = 0; place < starting_count; place++) {
        if (!dies_before_commit && !dies_before_start) {
            start_wish(&starting[place]);
        }
        drop_wish(&starting[place]);
    }
    if (dies) {
        die();
    }
    return dies;
}

static int64_t next_arrival_ms(bool *const ret_has_fact)
{
    int64_t due_ms = INT64_MAX;
    *ret_has_fact = false;
    for (int64_t place = 0; place < run.pending_count; place++) {
        due_ms = run.pending[place].due_ms < due_ms ? run.pending[place].due_ms : due_ms;
        *ret_has_fact = *ret_has_fact || run.pending[place].late_body == NULL;
    }
    return due_ms;
}

/* Sleeps until the engine wants to wake or something arrives. */
static void pass_time(void)
{
    bool has_fact = false;
    const int64_t due_ms = next_arrival_ms(&has_fact);
    const int64_t wake_ms = ps_engine_wake_at_ms(run.engine);
    if (ps_engine_is_quiet(run.engine) == has_fact) {
        BREACH("quiet %d, and on its way %d", !has_fact, has_fact);
    }
    if (wake_ms <= service.now_ms) {
        BREACH("the engine wants to wake in the past: it would spin");
    }
    if (wake_ms == INT64_MAX && !has_fact) {
        if (run.is_pausing) {
            die(); /* it has left, in peace */
            return;
        }
        BREACH("nothing is awaited, and the run has not ended");
    }
    const int64_t next_ms = due_ms < wake_ms ? due_ms : wake_ms;
    service.now_ms = next_ms > service.now_ms ? next_ms : service.now_ms;
    if (run.plan.is_instant && !has_fact) {
        /* What was read of jobs that wait is lost in both, so that neither is quicker. */
        memset(run.readings, 0, sizeof(run.readings));
    }
    if (run.plan.is_rebuilt && !has_fact) {
        start_again();
    }
}

/* A halt is for a person, who looks and resumes; without a reason of the world's it is a breach. */
static void look_at_halt(void)
{
    if (!run.may_halt) {
        BREACH("halted: %s", ps_engine_error(run.engine)->message);
    }
    service.now_ms += 10 * PS_MINUTE_MS;
    start_again();
}

/* ------------------------------------------------ what must hold in the end */

static void check_record(const int64_t record)
{
    const enum ending ending = run.live.endings[record];
    int64_t paid = 0;
    int64_t processed = 0;
    bool has_line = false;
    bool has_kept_line = false;
    for (int64_t place = 0; place < service.job_count; place++) {
        const struct service_job *const job = &service.jobs[place];
        for (int64_t member = 0; member < job->member_count; member++) {
            const enum mark mark = job->members[member] == record ? job->marks[member] : MARK_NONE;
            paid += mark == MARK_SUCCESS || mark == MARK_LOST ? 1 : 0;
            processed += mark != MARK_NONE ? 1 : 0;
            has_line = has_line || mark == MARK_SUCCESS;
            has_kept_line = has_kept_line || (mark == MARK_SUCCESS && job->gone_ms == INT64_MAX);
        }
    }
    if (paid > 1 || processed > PS_RECORD_TRIES_MAX) {
        BREACH("record %lld was paid %lld times, processed %lld times", (long long)record,
               (long long)paid, (long long)processed);
    }
    const bool is_allowed = ending != OPEN && (ending != CANCELLED || run.is_stopping) &&
                            (ending != SUCCEEDED || has_line) &&
                            (!has_kept_line || ending == SUCCEEDED);
    if (!is_allowed) {
        BREACH("record %lld ended as %d; its line %d, kept %d", (long long)record, (int)ending,
               has_line, has_kept_line);
    }
}

/* I5: no job is alive, and none is unknown. */
static void check_jobs(void)
{
    for (int64_t place = 0; place < service.job_count; place++) {
        const struct service_job *const job = &service.jobs[place];
        bool is_known = false;
        for (int64_t row = 0; row < run.live.job_count; row++) {
            const struct ps_job *const kept = &run.live.jobs[row];
            is_known = is_known || (kept->arn != NULL && strcmp(kept->arn, job->id) == 0 &&
                                    kept->state == PS_STATE_DONE);
        }
        if (!is_known || !is_ended(job, service.now_ms)) {
            BREACH("job '%s': known and filed %d, ended %d", job->name, is_known,
                   is_ended(job, service.now_ms));
        }
    }
    if (service.refused > 0 && run.restores == 0) {
        BREACH("%lld creates were refused for a slot", (long long)service.refused);
    }
}

static void begin(const uint64_t seed, const struct faults *const faults,
                  const struct run_plan *const plan)
{
    memset(&run, 0, sizeof(run));
    run.plan = *plan;
    fake_service_init(seed, faults, seed % 3 == 0 ? 3 : 1);
    service.quantum_ms = plan->quantum_ms;
    run.heal_ms = plan->is_instant ? INT64_MAX : START_MS + between(1, HEAL_MS_MAX);
    run.input_gone_ms = INT64_MAX;
    if (happens(FAULT_INPUT_GONE)) {
        run.input_gone_ms = START_MS + between(0, 200) * PS_MINUTE_MS;
    }
    if (happens(FAULT_OUTAGE)) {
        service.outage_from_ms = START_MS + between(0, 300) * PS_MINUTE_MS;
        service.outage_end_ms = service.outage_from_ms + between(5, 300) * PS_MINUTE_MS;
    }
    build_engine();
}

static void finish(struct run_effects *const ret_effects)
{
    if (ps_engine_phase(run.engine) != (run.is_stopping ? PS_PHASE_STOPPED : PS_PHASE_ENDED)) {
        BREACH("phase %d, asked to stop %d", (int)ps_engine_phase(run.engine), run.is_stopping);
    }
    while (run.pending_count > 0) { /* what is late still arrives, and must do no harm */
        bool has_fact = false;
        service.now_ms = next_arrival_ms(&has_fact);
        take_due((struct ps_now){service.now_ms, service.now_ms});
    }
    for (int64_t record = 0; record < RECORDS; record++) {
        check_record(record);
    }
    check_jobs();
    if (ret_effects != NULL) {
        memcpy(ret_effects->jobs, service.jobs, sizeof(service.jobs));
        memcpy(ret_effects->endings, run.live.endings, sizeof(run.live.endings));
        ret_effects->job_count = service.job_count;
    }
    run.engine = ps_engine_free(run.engine);
    ours_release(&run.live);
    ours_release(&run.committed);
    ours_release(&run.backup);
}

void run_history(const uint64_t seed, const struct faults *const faults,
                 const struct run_plan *const plan, struct run_effects *const ret_effects)
{
    int64_t turns = 0;
    begin(seed, faults, plan);
    while (ps_engine_phase(run.engine) == PS_PHASE_RUNNING) {
        if (++turns > TURNS_MAX) {
            BREACH("still not ended after %lld turns", (long long)turns);
        }
        if (run.healed_ms != 0 && service.now_ms - run.healed_ms > END_MS_MAX) {
            BREACH("still not ended long after the faults");
        }
        if (!do_turn() && ps_engine_phase(run.engine) == PS_PHASE_RUNNING) {
            pass_time();
        }
        if (ps_engine_phase(run.engine) == PS_PHASE_HALTED) {
            look_at_halt();
        }
    }
    finish(ret_effects);
}
