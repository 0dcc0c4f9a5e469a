#include "core/estimate.h"

#include "base/assert.h"
#include "base/checked.h"

void ps_estimate_add(struct ps_estimate *const estimate, const int64_t thought_tokens,
                     const int64_t used_tokens, const int64_t records)
{
    PS_ASSERT(thought_tokens > 0);
    PS_ASSERT(used_tokens > 0);
    estimate->thought_tokens = ps_sum_i64(estimate->thought_tokens, thought_tokens);
    estimate->used_tokens = ps_sum_i64(estimate->used_tokens, used_tokens);
    estimate->records = ps_sum_i64(estimate->records, records);
}

static bool is_believed(const struct ps_estimate *const estimate)
{
    return estimate->records >= PS_ESTIMATE_RECORDS_MIN;
}

int64_t ps_estimate_corrected(const struct ps_estimate *const estimate,
                              const int64_t thought_tokens)
{
    return is_believed(estimate)
               ? ps_scale_up_i64(thought_tokens, estimate->used_tokens, estimate->thought_tokens)
               : thought_tokens;
}

int64_t ps_estimate_thought(const struct ps_estimate *const estimate, const int64_t real_tokens)
{
    return is_believed(estimate)
               ? ps_scale_i64(real_tokens, estimate->thought_tokens, estimate->used_tokens)
               : real_tokens;
}

bool ps_estimate_is_off(const int64_t held_tokens, const int64_t real_tokens)
{
    const int64_t off =
        held_tokens > real_tokens ? held_tokens - real_tokens : real_tokens - held_tokens;
    return off > ps_scale_i64(real_tokens, PS_ESTIMATE_DRIFT_PERCENT, 100);
}
