/*
 * pool_ledger - what runs of one state folder hold of the pools they share: slots, and tokens of
 * days.
 *
 * A reservation belongs to a job, not to a process: it is written before the job's intent is, and
 * stays when the process dies. Its owner takes it back when the job is seen ended; another run may
 * do so for one whose owner is dead, once the service shows the job ended, or its store holds no
 * intent for it.
 *
 * Several processes at once: everything happens between begin and commit, which are to be near each
 * other; begin waits a moment for the others and may then answer PS_E_CONFLICT (later). After a
 * failure the transaction is rolled back.
 *
 * Owner: whoever opened it. Threads: one. Texts that `each_slot` hands out live during the call
 * only.
 */
#ifndef PS_PORT_POOL_LEDGER_H
#define PS_PORT_POOL_LEDGER_H

#include "core/engine.h"

struct ps_ledger_row {
    const char *pool; /* account, Region, base model and kind */
    const char *run;  /* the run's folder */
    int64_t job;
    const char *name; /* the job's, at the service */
    bool has_slot;
    int64_t day_end_ms; /* wall clock; 0: it is held against no day */
    int64_t day_tokens;
};

struct ps_pool_ledger_ops {
    enum ps_status (*begin)(void *context, struct ps_error *err);
    enum ps_status (*commit)(void *context, struct ps_error *err);
    void (*rollback)(void *context);

    /*
     * What runs other than `run` hold of a pool, in the day that ends at `day_end_ms`: slots;
     * tokens of that day or a later one, and of an earlier one where a job may still be at work.
     */
    enum ps_status (*sum_others)(void *context, const char *pool, const char *run,
                                 int64_t day_end_ms, struct ps_engine_others *ret_others,
                                 struct ps_error *err);

    /* Inserts or replaces by run and job. */
    enum ps_status (*put)(void *context, const struct ps_ledger_row *row, struct ps_error *err);

    /* The job holds no slot any more; what it holds of its day stays. */
    enum ps_status (*free_slot)(void *context, const char *run, int64_t job, struct ps_error *err);

    /* All of a run's rows; a pool's rows of days that ended before `day_end_ms`, without a slot. */
    enum ps_status (*forget_run)(void *context, const char *run, struct ps_error *err);
    enum ps_status (*forget_days)(void *context, const char *pool, int64_t day_end_ms,
                                  struct ps_error *err);

    /* Rows with a slot, of other runs than `run`, in order of run and job. */
    enum ps_status (*each_slot)(void *context, const char *run,
                                void (*see)(void *seer, const struct ps_ledger_row *row),
                                void *seer, struct ps_error *err);
};

/* `ops` NULL: nothing is shared. */
struct ps_pool_ledger {
    const struct ps_pool_ledger_ops *ops;
    void *context;
};

#endif
