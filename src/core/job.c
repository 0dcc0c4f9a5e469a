#include "core/job.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

static const char *const state_names[PS_STATE_COUNT] = {
    [PS_STATE_PLANNED] = "planned",
    [PS_STATE_LOADING] = "loading",
    [PS_STATE_PUTTING] = "putting",
    [PS_STATE_CHECKING] = "checking",
    [PS_STATE_READY] = "ready",
    [PS_STATE_CREATING] = "creating",
    [PS_STATE_REPEATING] = "repeating",
    [PS_STATE_LOOK_NAME] = "look_name",
    [PS_STATE_LOOK_TOKEN] = "look_token",
    [PS_STATE_LOOK_OUTPUT] = "look_output",
    [PS_STATE_LIVE] = "live",
    [PS_STATE_ASKING] = "asking",
    [PS_STATE_LISTING] = "listing",
    [PS_STATE_FETCHING] = "fetching",
    [PS_STATE_TALLYING] = "tallying",
    [PS_STATE_SETTLING] = "settling",
    [PS_STATE_CLOSING] = "closing",
    [PS_STATE_FOREIGN_LIST] = "foreign_list",
    [PS_STATE_FOREIGN_READ] = "foreign_read",
    [PS_STATE_FOREIGN_HOLD] = "foreign_hold",
    [PS_STATE_DONE] = "done",
    [PS_STATE_VOID] = "void",
    [PS_STATE_GATHERING] = "gathering",
    [PS_STATE_CALLING] = "calling",
};

const char *ps_job_state_word(const enum ps_job_state state)
{
    PS_ASSERT(state >= 0 && state < PS_STATE_COUNT);
    return state_names[state];
}

void ps_job_set_text(char **const text, const char *const value)
{
    char *const copy = value == NULL ? NULL : ps_str_dup(ps_str_of(value));
    free(*text);
    *text = copy;
}

void ps_job_release(struct ps_job *const job)
{
    free(job->token);
    free(job->request);
    free(job->arn);
    free(job->message);
    free(job->listing);
    free(job->shards);
    free(job->fetch_etag);
    free(job->calls);
    memset(job, 0, sizeof(*job));
}

bool ps_job_holds_slot(const struct ps_job *const job)
{
    const bool is_there = job->state >= PS_STATE_CREATING && job->state <= PS_STATE_ASKING;
    const bool is_calling = job->state == PS_STATE_GATHERING || job->state == PS_STATE_CALLING;
    return (is_there || is_calling) && job->ended_ms == 0;
}

bool ps_job_has_calls(const struct ps_job *const job)
{
    return job->state == PS_STATE_GATHERING ||
           (job->state == PS_STATE_CALLING && job->calls_waiting > 0);
}

bool ps_job_holds_records(const struct ps_job *const job)
{
    return job->state != PS_STATE_DONE && job->state != PS_STATE_VOID;
}

/* From its place on alone: what was passed is not looked at again, however long it is. */
static struct ps_str listed_row(const struct ps_job *const job)
{
    const char *const row = job->listing == NULL ? "" : job->listing + job->listing_at;
    const char *const end = strchr(row, '\n');
    return (struct ps_str){row, end == NULL ? 0 : (size_t)(end - row)};
}

bool ps_job_listed(const struct ps_job *const job, struct ps_str *const ret_key,
                   int64_t *const ret_size_bytes)
{
    const struct ps_str row = listed_row(job);
    if (row.size == 0) {
        return false;
    }
    const size_t space = ps_str_find(row, ' ');
    *ret_key = ps_str_part(row, space + 1, row.size);
    return ps_str_to_i64(ps_str_part(row, 0, space), ret_size_bytes);
}

void ps_job_pass_listed(struct ps_job *const job)
{
    const struct ps_str row = listed_row(job);
    job->listing_at += row.size > 0 ? row.size + 1 : 0;
}
