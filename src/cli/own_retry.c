#include "app/collect.h"
#include "base/assert.h"
#include "cli/own_internal.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_sent_again(const struct ps_owner *const owner, const int64_t record)
{
    switch (ps_answers_state(owner->answers, record).kind) {
    case PS_ANSWER_FAILED:
    case PS_ANSWER_CANCELLED:
        return true;
    case PS_ANSWER_UNACCOUNTED:
        return owner->options->is_resend_unaccounted;
    case PS_ANSWER_MAYBE_PAID:
        return owner->options->is_resend_maybe_paid;
    default:
        return false;
    }
}

void ps_owner_count_retry(const struct ps_owner *const owner,
                          struct ps_retry_counts *const ret_counts)
{
    *ret_counts = (struct ps_retry_counts){
        .again = ps_answers_count(owner->answers, PS_ANSWER_FAILED) +
                 ps_answers_count(owner->answers, PS_ANSWER_CANCELLED),
        .unaccounted = ps_answers_count(owner->answers, PS_ANSWER_UNACCOUNTED),
        .maybe_paid = ps_answers_count(owner->answers, PS_ANSWER_MAYBE_PAID),
    };
    if (owner->options->is_resend_unaccounted) {
        ret_counts->again += ret_counts->unaccounted;
    }
    if (owner->options->is_resend_maybe_paid) {
        ret_counts->again += ret_counts->maybe_paid;
    }
}

/*
 * One segment of verdicts that says `unprocessed`. A crash before its row is kept leaves nothing;
 * after it, the records are unsent, and whoever goes on with the run sends them.
 */
enum ps_status ps_owner_make_unsent(struct ps_owner *const owner, struct ps_error *const err)
{
    char name[64];
    struct ps_retry_counts counts;
    int64_t place = 0;
    ps_owner_count_retry(owner, &counts);
    uint64_t *const picked = calloc((size_t)counts.again, sizeof(picked[0]));
    PS_ASSERT(counts.again > 0 && picked != NULL);
    for (int64_t record = 0; record < ps_index_count(owner->index); record++) {
        if (is_sent_again(owner, record)) {
            picked[place++] = (uint64_t)record;
        }
    }
    PS_ASSERT(place == counts.again);
    (void)snprintf(name, sizeof(name), "retry-%06lld", (long long)owner->segment_count + 1);
    const struct ps_shard_records records = {0, 0, picked, counts.again};
    const struct ps_verdict verdict = {name, PS_ANSWER_UNPROCESSED, "retry",
                                       PS_STR("to be sent again")};
    enum ps_status status =
        ps_collect_verdicts(owner->answers, owner->index, &verdict, &records, 1, err);
    free(picked);
    if (status == PS_OK) {
        status = owner->store.ops->add_segment(owner->store.context, name, err);
    }
    if (status == PS_OK) {
        ps_owner_add_segment(owner, name);
    }
    return status;
}
