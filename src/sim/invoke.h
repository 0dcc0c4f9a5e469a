/*
 * invoke - InvokeModel and Converse: one body, one answer, at once, within the pool's limits on
 * demand.
 *
 * The answer is the one that a batch record with the same modelInput gets. What is executed is an
 * `invocation` event (docs/EVENTS.md) before the answer leaves: whether the client ever sees it is
 * another matter.
 *
 * Owner: the world. Threads: any.
 */
#ifndef PS_SIM_INVOKE_H
#define PS_SIM_INVOKE_H

#include "base/buf.h"
#include "sim/limits.h"
#include "sim/on_demand.h"
#include "sim/world.h"

#include <yyjson.h>

struct ps_invoke_request {
    const struct ps_call *call;
    struct ps_str region;
    struct ps_str model; /* as in the path, decoded: an id, a profile, or an ARN of either */
    bool is_converse;
    struct ps_str body;
};

struct ps_invoke_answer {
    int64_t latency_ms; /* simulated: how long the client waits */
    int64_t input_tokens;
    int64_t output_tokens;
};

/* Appends the answer's body to `body`. False: refused, and nothing was executed. */
PS_MUST_CHECK bool ps_invoke(struct ps_world *world, const struct ps_invoke_request *request,
                             struct ps_buf *body, struct ps_invoke_answer *ret_answer,
                             struct ps_refusal *ret_refusal);

/* What is left of the limits, pool by pool: part of the world's state. */
struct ps_invoke_pools {
    struct ps_invoke_pool *pools;
    size_t count;
};
void ps_invoke_pools_release(struct ps_invoke_pools *pools);

/* An `invocation` event. */
void ps_invoke_apply(struct ps_invoke_pools *pools, const struct ps_limits_list *limits,
                     yyjson_val *event);

#endif
