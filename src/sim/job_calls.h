/*
 * job_calls - the four calls of the job API. Each returns false with *ret_refusal filled when it
 * refuses.
 *
 * Bodies of answers are JSON, appended to `answer`. Threads: any.
 */
#ifndef PS_SIM_JOB_CALLS_H
#define PS_SIM_JOB_CALLS_H

#include "sim/world.h"

#include "base/buf.h"

/* What is asked. */
struct ps_job_request {
    const struct ps_call *call;
    struct ps_str region;
    struct ps_str text; /* create: the body; get and stop: an id or an ARN */
};

/* `subject` gets the id of the job that was made, or found by its token. */
PS_MUST_CHECK bool ps_job_create(struct ps_world *world, const struct ps_job_request *request,
                                 struct ps_buf *answer, struct ps_buf *subject,
                                 struct ps_refusal *ret_refusal);
PS_MUST_CHECK bool ps_job_get(struct ps_world *world, const struct ps_job_request *request,
                              struct ps_buf *answer, struct ps_refusal *ret_refusal);
PS_MUST_CHECK bool ps_job_stop(struct ps_world *world, const struct ps_job_request *request,
                               struct ps_buf *answer, struct ps_refusal *ret_refusal);

/* All "" when not given. */
struct ps_job_query {
    struct ps_str submit_time_after;
    struct ps_str submit_time_before;
    struct ps_str status_equals;
    struct ps_str name_contains;
    struct ps_str max_results;
    struct ps_str next_token;
    struct ps_str sort_by;
    struct ps_str sort_order;
};
PS_MUST_CHECK bool ps_job_list(struct ps_world *world, const struct ps_job_request *request,
                               const struct ps_job_query *query, struct ps_buf *answer,
                               struct ps_refusal *ret_refusal);

#endif
