/*
 * job_states - the one table: what a job in some state does when some fact comes.
 *
 * The engine turns each fact of the world into one of the words below; the table says the next
 * state, and which action the engine takes on the way. Every cell is written. Pure data.
 */
#ifndef PS_CORE_JOB_STATES_H
#define PS_CORE_JOB_STATES_H

#include "core/job.h"

enum ps_job_fact {
    PS_FACT_DONE,      /* what was wished is done, all of it */
    PS_FACT_PART,      /* a part of it is done: more to come */
    PS_FACT_LATER,     /* it surely did not happen; it may, later */
    PS_FACT_NEVER,     /* it surely did not and will not happen */
    PS_FACT_UNKNOWN,   /* it may have happened */
    PS_FACT_FOUND,     /* a look found what it looked for */
    PS_FACT_EMPTY,     /* a look found nothing */
    PS_FACT_DIFFERENT, /* something is there, and it is not ours or not equal */
    PS_FACT_SEEN_LIVE, /* the service shows the job live */
    PS_FACT_SEEN_END,  /* the service shows the job ended */
    PS_FACT_STOP,      /* the user wants the run to stop */
    PS_JOB_FACT_COUNT
};

enum ps_job_action {
    PS_ACT_NOTHING,    /* a late or repeated fact: nothing changes */
    PS_ACT_GO,         /* to the next state, failures forgotten */
    PS_ACT_STEP,       /* to the next state; failures count on, so that a circle of states ends */
    PS_ACT_PART,       /* more of the same; others that wait go on waiting */
    PS_ACT_BACK_OFF,   /* the same again after a pause */
    PS_ACT_HALT,       /* the run halts with the error: a person must look */
    PS_ACT_INPUT_GONE, /* its source is gone: verdict for all its records */
    PS_ACT_REPEAT_OR_PROVE, /* R2 (c) or (d): the same body again, or one more step to proven absent
                             */
    PS_ACT_ADOPT,           /* ours: take its ARN */
    PS_ACT_NOTE_END,        /* keep when it ended */
    PS_ACT_JUDGE,           /* R3: proven, or wait, or unaccounted */
    PS_ACT_RESEND_PUT,      /* an object is missing under its prefix: put again */
    PS_ACT_VOID             /* never sent: its records are free */
};

struct ps_job_cell {
    enum ps_job_state next;
    enum ps_job_action action;
};

struct ps_job_cell ps_job_states_cell(enum ps_job_state state, enum ps_job_fact fact);

/* What a job of that state wishes for when nothing is open and its time has come; false: nothing by
 * itself. */
PS_MUST_CHECK bool ps_job_states_wish(enum ps_job_state state, enum ps_wish_kind *ret_kind);

#endif
