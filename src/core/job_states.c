#include "core/job_states.h"

#include "base/assert.h"

/* Short names, for a table that can be read: three lines a state, the facts in the order of their
 * enum. */
#define ROW(DONE_, PART_, LATER_, NEVER_, UNKNOWN_, FOUND_, EMPTY_, DIFFERENT_, LIVE_, END_,     \
            STOP_)                                                                               \
    {                                                                                            \
        [PS_FACT_DONE] = DONE_, [PS_FACT_PART] = PART_, [PS_FACT_LATER] = LATER_,                \
        [PS_FACT_NEVER] = NEVER_, [PS_FACT_UNKNOWN] = UNKNOWN_, [PS_FACT_FOUND] = FOUND_,        \
        [PS_FACT_EMPTY] = EMPTY_, [PS_FACT_DIFFERENT] = DIFFERENT_, [PS_FACT_SEEN_LIVE] = LIVE_, \
        [PS_FACT_SEEN_END] = END_, [PS_FACT_STOP] = STOP_                                        \
    }
#define TO(state, action)                 \
    {                                     \
        PS_STATE_##state, PS_ACT_##action \
    }

/* Nothing changes: the first field is not looked at. */
#define ________                         \
    {                                    \
        PS_STATE_PLANNED, PS_ACT_NOTHING \
    }

/* clang-format off */
static const struct ps_job_cell cells[PS_STATE_COUNT][PS_JOB_FACT_COUNT] = {
    /*  done, part, later, never,
        unknown, found, empty, different,
        seen live, seen end, stop */
    [PS_STATE_PLANNED] = ROW(
        ________, ________, ________, ________,
        ________, ________, ________, ________,
        ________, ________, TO(VOID, VOID)),
    [PS_STATE_LOADING] = ROW(
        TO(CHECKING, GO), TO(PUTTING, GO), TO(LOADING, BACK_OFF), TO(LOADING, HALT),
        TO(LOADING, BACK_OFF), ________, ________, ________,
        ________, ________, TO(VOID, VOID)),
    [PS_STATE_PUTTING] = ROW(
        TO(CHECKING, STEP), TO(PUTTING, PART), TO(PUTTING, BACK_OFF), TO(PUTTING, HALT),
        TO(PUTTING, BACK_OFF), ________, TO(CLOSING, INPUT_GONE), TO(PUTTING, HALT),
        ________, ________, TO(VOID, VOID)),
    [PS_STATE_CHECKING] = ROW(
        TO(READY, GO), ________, TO(CHECKING, BACK_OFF), TO(CHECKING, HALT),
        TO(CHECKING, BACK_OFF), ________, TO(PUTTING, RESEND_PUT), TO(CHECKING, HALT),
        ________, ________, TO(VOID, VOID)),
    [PS_STATE_READY] = ROW(
        ________, ________, ________, ________,
        ________, ________, ________, ________,
        ________, ________, TO(VOID, VOID)),
    [PS_STATE_CREATING] = ROW(
        TO(LIVE, ADOPT), ________, TO(READY, BACK_OFF), TO(READY, HALT),
        TO(LOOK_NAME, STEP), ________, ________, ________,
        ________, ________, ________),
    [PS_STATE_REPEATING] = ROW(
        TO(LIVE, ADOPT), ________, TO(LOOK_NAME, BACK_OFF), TO(LOOK_NAME, HALT),
        TO(LOOK_NAME, STEP), ________, ________, ________,
        ________, ________, ________),
    [PS_STATE_LOOK_NAME] = ROW(
        ________, ________, TO(LOOK_NAME, BACK_OFF), TO(LOOK_NAME, HALT),
        TO(LOOK_NAME, BACK_OFF), TO(LOOK_TOKEN, STEP), TO(LOOK_OUTPUT, STEP), ________,
        ________, ________, ________),
    [PS_STATE_LOOK_TOKEN] = ROW(
        TO(LIVE, ADOPT), ________, TO(LOOK_TOKEN, BACK_OFF), TO(LOOK_TOKEN, HALT),
        TO(LOOK_TOKEN, BACK_OFF), ________, TO(LOOK_NAME, BACK_OFF), TO(LOOK_TOKEN, HALT),
        ________, ________, ________),
    [PS_STATE_LOOK_OUTPUT] = ROW(
        ________, ________, TO(LOOK_OUTPUT, BACK_OFF), TO(LOOK_OUTPUT, HALT),
        TO(LOOK_OUTPUT, BACK_OFF), TO(LOOK_TOKEN, STEP), TO(LOOK_NAME, REPEAT_OR_PROVE),
        TO(LOOK_NAME, BACK_OFF),
        ________, ________, ________),
    [PS_STATE_LIVE] = ROW(
        TO(ASKING, GO), ________, TO(ASKING, GO), TO(ASKING, GO),
        TO(ASKING, GO), ________, TO(ASKING, STEP), ________,
        ________, TO(ASKING, GO), ________),
    [PS_STATE_ASKING] = ROW(
        ________, ________, TO(ASKING, BACK_OFF), TO(ASKING, HALT),
        TO(ASKING, BACK_OFF), ________, TO(LIVE, BACK_OFF), ________,
        TO(LIVE, GO), TO(LISTING, NOTE_END), ________),
    [PS_STATE_LISTING] = ROW(
        TO(FETCHING, GO), ________, TO(LISTING, BACK_OFF), TO(LISTING, HALT),
        TO(LISTING, BACK_OFF), ________, TO(TALLYING, GO), ________,
        ________, ________, ________),
    [PS_STATE_FETCHING] = ROW(
        TO(TALLYING, GO), TO(FETCHING, PART), TO(FETCHING, BACK_OFF), TO(FETCHING, HALT),
        TO(FETCHING, BACK_OFF), ________, ________, TO(LISTING, BACK_OFF),
        ________, ________, ________),
    [PS_STATE_TALLYING] = ROW(
        TO(CLOSING, JUDGE), ________, TO(FETCHING, GO), TO(TALLYING, HALT),
        TO(FETCHING, GO), ________, TO(LISTING, GO), ________,
        ________, ________, ________),
    [PS_STATE_SETTLING] = ROW(
        ________, ________, ________, ________, ________, ________,
        ________, ________, ________, ________, ________),
    [PS_STATE_CLOSING] = ROW(
        TO(DONE, GO), ________, TO(CLOSING, BACK_OFF), TO(CLOSING, HALT),
        TO(LISTING, GO), ________, ________, ________,
        ________, ________, ________),
    [PS_STATE_FOREIGN_LIST] = ROW(
        TO(FOREIGN_READ, GO), ________, TO(FOREIGN_LIST, BACK_OFF), TO(FOREIGN_LIST, HALT),
        TO(FOREIGN_LIST, BACK_OFF), ________, TO(FOREIGN_LIST, HALT), ________,
        ________, ________, ________),
    [PS_STATE_FOREIGN_READ] = ROW(
        TO(FOREIGN_HOLD, GO), TO(FOREIGN_READ, PART), TO(FOREIGN_READ, BACK_OFF),
        TO(FOREIGN_READ, HALT),
        TO(FOREIGN_READ, BACK_OFF), ________, ________, TO(FOREIGN_READ, BACK_OFF),
        ________, ________, ________),
    [PS_STATE_FOREIGN_HOLD] = ROW(
        TO(ASKING, GO), ________, TO(FOREIGN_LIST, GO), TO(FOREIGN_HOLD, HALT),
        TO(FOREIGN_LIST, GO), ________, ________, ________,
        ________, ________, ________),
    [PS_STATE_DONE] = ROW(
        ________, ________, ________, ________, ________, ________,
        ________, ________, ________, ________, ________),
    [PS_STATE_VOID] = ROW(
        ________, ________, ________, ________, ________, ________,
        ________, ________, ________, ________, ________),
    [PS_STATE_GATHERING] = ROW(
        TO(CALLING, GO), ________, TO(GATHERING, BACK_OFF), TO(GATHERING, HALT),
        TO(GATHERING, BACK_OFF), ________, TO(CLOSING, GO), ________,
        ________, ________, TO(CLOSING, GO)),
    [PS_STATE_CALLING] = ROW(
        TO(CLOSING, GO), TO(CALLING, PART), TO(CALLING, PART), TO(CALLING, HALT),
        TO(CALLING, PART), ________, ________, ________,
        ________, ________, TO(CLOSING, GO)),
};
/* clang-format on */

struct ps_job_cell ps_job_states_cell(const enum ps_job_state state, const enum ps_job_fact fact)
{
    PS_ASSERT(state >= 0 && state < PS_STATE_COUNT);
    PS_ASSERT(fact >= 0 && fact < PS_JOB_FACT_COUNT);
    return cells[state][fact];
}

#define NO_WISH PS_WISH_KIND_COUNT

static const enum ps_wish_kind wishes[PS_STATE_COUNT] = {
    [PS_STATE_PLANNED] = NO_WISH,
    [PS_STATE_LOADING] = PS_WISH_LOAD_SHARDS,
    [PS_STATE_PUTTING] = PS_WISH_PUT_SHARD,
    [PS_STATE_CHECKING] = PS_WISH_LIST_OBJECTS,
    [PS_STATE_READY] = NO_WISH,
    [PS_STATE_CREATING] = PS_WISH_CREATE_JOB,
    [PS_STATE_REPEATING] = PS_WISH_CREATE_JOB,
    [PS_STATE_LOOK_NAME] = PS_WISH_LIST_JOBS,
    [PS_STATE_LOOK_TOKEN] = PS_WISH_GET_JOB,
    [PS_STATE_LOOK_OUTPUT] = PS_WISH_LIST_OBJECTS,
    [PS_STATE_LIVE] = NO_WISH,
    [PS_STATE_ASKING] = PS_WISH_GET_JOB,
    [PS_STATE_LISTING] = PS_WISH_LIST_OBJECTS,
    [PS_STATE_FETCHING] = PS_WISH_GET_OBJECT,
    [PS_STATE_TALLYING] = PS_WISH_TALLY,
    [PS_STATE_SETTLING] = NO_WISH,
    [PS_STATE_CLOSING] = PS_WISH_CLOSE_JOB,
    [PS_STATE_FOREIGN_LIST] = PS_WISH_LIST_OBJECTS,
    [PS_STATE_FOREIGN_READ] = PS_WISH_GET_OBJECT,
    [PS_STATE_FOREIGN_HOLD] = PS_WISH_HOLD_FOREIGN,
    [PS_STATE_DONE] = NO_WISH,
    [PS_STATE_VOID] = NO_WISH,
    [PS_STATE_GATHERING] = PS_WISH_LOAD_CALLS,
    [PS_STATE_CALLING] = PS_WISH_INVOKE,
};

bool ps_job_states_wish(const enum ps_job_state state, enum ps_wish_kind *const ret_kind)
{
    PS_ASSERT(state >= 0 && state < PS_STATE_COUNT);
    if (wishes[state] == NO_WISH) {
        return false;
    }
    *ret_kind = wishes[state];
    return true;
}
