#include "sim/world.h"

#include "base/assert.h"
#include "sim/job_pace.h"
#include "sim/job_work.h"
#include "sim/world_internal.h"

/* Begins a job.state event. Lock held. */
static struct ps_writer *begin_state(struct ps_world *const world, const struct ps_job *const job,
                                     const enum ps_job_state state, const int64_t at_ms,
                                     const char *const reason)
{
    struct ps_writer *const line = ps_events_begin(world->events, at_ms, "job.state");
    ps_writer_text(line, "job", ps_str_of(job->id));
    ps_writer_text(line, "status", ps_str_of(ps_job_state_name(state)));
    ps_writer_number(line, "at_ms", at_ms);
    ps_writer_text_if(line, "reason", ps_str_of(reason));
    return line;
}

/* Where a failed append leaves a job: as it was, to be tried again at the next step. */
static void commit(struct ps_world *const world)
{
    world->has_step_failed = ps_world_commit(world, NULL) != PS_OK;
}

static void end_job(struct ps_world *const world, const struct ps_job *const job,
                    const enum ps_job_state state, const int64_t at_ms, const char *const reason,
                    const char *const message)
{
    struct ps_writer *const line = begin_state(world, job, state, at_ms, reason);
    ps_writer_text_if(line, "message", ps_str_of(message));
    ps_writer_number(line, "total", job->records);
    ps_writer_number(line, "processed", job->logged);
    ps_writer_number(line, "success", job->success);
    ps_writer_number(line, "error", job->errors);
    ps_writer_number(line, "input_tokens", job->input_tokens);
    ps_writer_number(line, "output_tokens", job->output_tokens);
    const bool never_ran = job->started_ms == 0;
    if (state == PS_STATE_EXPIRED) {
        /* Seen at AWS: about four minutes after the submission, whenever it expired. */
        ps_writer_number(line, "end_ms", job->submitted_ms + INT64_C(240000));
    } else if (!(state == PS_STATE_STOPPED && never_ran)) {
        ps_writer_number(line, "end_ms", at_ms);
    }
    commit(world);
}

static void validate(struct ps_world *const world, struct ps_job *const job, const int64_t due_ms)
{
    struct ps_job_work work PS_CLEANUP(ps_job_work_release);
    struct ps_job_check check;
    ps_job_work_init(&work, job);
    job->is_busy = true;
    ps_world_unlock(world);
    ps_job_work_check(world, &work, &check);
    ps_world_lock(world);
    job->is_busy = false;
    if (job->state != PS_STATE_VALIDATING) {
        return; /* stopped meanwhile */
    }
    if (check.message[0] != '\0') {
        end_job(world, job, PS_STATE_FAILED, due_ms, "validation", check.message);
        return;
    }
    struct ps_writer *const line = begin_state(world, job, PS_STATE_SCHEDULED, due_ms, "");
    ps_writer_number(line, "records", check.records);
    ps_writer_number(line, "tokens", check.tokens);
    commit(world);
}

struct ending {
    enum ps_job_state state;
    const char *reason;
    int64_t due_ms;
    int64_t due_records;
};

static void finish(struct ps_world *const world, struct ps_job *const job,
                   const struct ending *const ending)
{
    struct ps_job_work work PS_CLEANUP(ps_job_work_release);
    struct ps_error err = {.message = ""};
    ps_job_pace_end(job, ending->due_ms);
    ps_job_work_init(&work, job);
    ps_job_work_take_pace(&work, job);
    work.at_ms = ending->due_ms;
    work.due_records = ending->due_records;
    enum ps_status status = PS_OK;
    if (ending->due_records > 0) {
        job->is_busy = true;
        job->is_finishing = true;
        ps_world_unlock(world);
        status = ps_job_work_process(world, &work, &err);
        ps_world_lock(world);
        job->is_busy = false;
        job->is_finishing = false;
    }
    if (status == PS_OK) {
        end_job(world, job, ending->state, ending->due_ms, ending->reason, "");
    } else {
        end_job(world, job, PS_STATE_FAILED, ending->due_ms, "", err.message);
    }
}

static void stop_by_fault(struct ps_world *const world, struct ps_job *const job,
                          const int64_t due_ms)
{
    struct ps_writer *const line = begin_state(world, job, PS_STATE_STOPPING, due_ms, "fault");
    ps_writer_number(line, "stop_due_ms", ps_jobs_tick_ms(due_ms));
    ps_writer_number(line, "due_records", ps_jobs_processed_at(&world->jobs, job, due_ms));
    commit(world);
}

static void end_running(struct ps_world *const world, struct ps_job *const job,
                        const int64_t due_ms)
{
    struct ending ending = {PS_STATE_COMPLETED, "", due_ms, job->records};
    if (due_ms >= ps_job_expires_ms(job) || job->fate.is_partial) {
        ending.state = PS_STATE_PARTIALLY_COMPLETED;
        ending.reason = job->fate.is_partial ? "fault" : "timeout";
        ending.due_records = ps_jobs_processed_at(&world->jobs, job, due_ms);
    } else if (job->fate.is_failing) {
        end_job(world, job, PS_STATE_FAILED, due_ms, "fault", "");
        return;
    } else if (job->fate.is_stopped) {
        stop_by_fault(world, job, due_ms);
        return;
    }
    finish(world, job, &ending);
}

static void step_job(struct ps_world *const world, struct ps_job *const job, const int64_t due_ms)
{
    const bool is_expired = due_ms >= ps_job_expires_ms(job);
    const struct ending stopped = {PS_STATE_STOPPED, "", due_ms, job->due_records};
    switch (job->state) {
    case PS_STATE_STOPPING:
        finish(world, job, &stopped);
        return;
    case PS_STATE_IN_PROGRESS:
        end_running(world, job, due_ms);
        return;
    case PS_STATE_SUBMITTED:
    case PS_STATE_VALIDATING:
    case PS_STATE_SCHEDULED:
        break;
    default:
        PS_ASSERT(!ps_job_state_is_end(job->state));
        return;
    }
    if (is_expired || (job->state == PS_STATE_SCHEDULED && job->fate.is_expiring)) {
        end_job(world, job, PS_STATE_EXPIRED, due_ms, is_expired ? "timeout" : "fault", "");
    } else if (job->state == PS_STATE_VALIDATING) {
        validate(world, job, due_ms);
    } else {
        (void)begin_state(world, job,
                          job->state == PS_STATE_SUBMITTED ? PS_STATE_VALIDATING
                                                           : PS_STATE_IN_PROGRESS,
                          due_ms, "");
        commit(world);
    }
}

/* The job whose next change is the first due; NULL when there is none. Lock held. */
static struct ps_job *first_due(const struct ps_world *const world, int64_t *const ret_due_ms)
{
    struct ps_job *first = NULL;
    int64_t first_ms = INT64_MAX;
    for (size_t index = 0; index < world->jobs.count; index++) {
        const int64_t due_ms = ps_jobs_due_ms(world->jobs.jobs[index]);
        if (due_ms < first_ms) {
            first_ms = due_ms;
            first = world->jobs.jobs[index];
        }
    }
    *ret_due_ms = first_ms;
    return first;
}

bool ps_world_step(struct ps_world *const world, const int64_t now_ms)
{
    int64_t due_ms = 0;
    bool has_ended = false;
    ps_world_lock(world);
    struct ps_job *const job = first_due(world, &due_ms);
    const bool is_due = job != NULL && due_ms <= now_ms;
    world->has_step_failed = false;
    /* That a pool goes on, in the order of time, is a step as well. */
    if (is_due && ps_jobs_settle(&world->jobs, job, due_ms)) {
        step_job(world, job, due_ms);
        has_ended = ps_job_state_is_end(job->state);
    }
    const bool has_failed = world->has_step_failed;
    ps_world_unlock(world);
    if (has_ended) {
        /* It could be written at the start; the next job's end will try again. */
        (void)!ps_world_write_ledger(world, NULL);
    }
    return is_due && !has_failed;
}

int64_t ps_world_due_ms(struct ps_world *const world)
{
    int64_t due_ms = 0;
    ps_world_lock(world);
    (void)first_due(world, &due_ms);
    ps_world_unlock(world);
    return due_ms;
}
