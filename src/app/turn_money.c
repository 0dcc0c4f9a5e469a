#include "app/turn_internal.h"

void ps_turn_tell_counts(struct ps_turn *const turn)
{
    const struct ps_answers *const answers = turn->parts.answers;
    const struct ps_spending_counts counts = {
        .succeeded = ps_answers_count(answers, PS_ANSWER_SUCCEEDED),
        .failed = ps_answers_count(answers, PS_ANSWER_FAILED) +
                  ps_answers_count(answers, PS_ANSWER_UNACCOUNTED),
        .to_come = ps_answers_count(answers, PS_ANSWER_RETRYABLE) +
                   ps_answers_count(answers, PS_ANSWER_UNPROCESSED),
    };
    ps_engine_tell_counts(turn->engine, &counts);
}

enum ps_spending_stop ps_turn_stop_reason(const struct ps_turn *const turn)
{
    return ps_engine_stop_reason(turn->engine);
}
