/*
 * virtual - an account of the service without bytes, sockets, files or threads, in virtual time.
 *
 * A struct ps_world for `simulate` and the forecast: the same wishes, the same facts, the same
 * fields as over HTTPS, so that the engine cannot tell. It knows nothing of plans or engine and
 * keeps its own books: what it accepted above a limit is counted again from its log (recount.h),
 * not believed. No record is ever an object: jobs hold ranges of record numbers, and running jobs
 * share their pool's rate (rates.h). The same seed and wishes give the same facts.
 *
 * Time moves in next_fact alone. The steady clock and the wall clock show the same number here;
 * ps_virtual_now tells both.
 *
 * Owner: the caller frees. Threads: one.
 *
 *     struct ps_virtual *service = ps_virtual_new(&options);
 *     struct ps_world world = ps_virtual_port(service);
 *     ... world.ops->start(world.context, &wish); ...
 *     while (world.ops->next_fact(world.context, ps_engine_wake_at_ms(engine), &fact)) { ... }
 *     ps_virtual_tell(service, &ledger);
 *     service = ps_virtual_free(service);
 */
#ifndef PS_SIM_VIRTUAL_H
#define PS_SIM_VIRTUAL_H

#include "base/time.h"
#include "port/world.h"

#include <stddef.h>
#include <stdio.h>

struct ps_virtual;

/* Other users of a pool, between two instants of the wall clock. */
struct ps_virtual_others {
    int64_t pool;
    int64_t from_ms;
    int64_t to_ms;
    int64_t slots;          /* jobs of theirs that count against the pool's `jobs` */
    int64_t share_permille; /* of tokens/min, tokens/day and requests/s that they use */
};

/*
 * A lane as the account has it: wishes name it by its place in the list. Texts are copied. A limit
 * of 0 is none. What is marked (pool) belongs to the pool and is read from its first lane.
 */
struct ps_virtual_lane {
    const char *name;
    const char *model; /* model or profile id; jobs are counted by the base model behind it */
    const char *region;
    const char *bucket;
    const char
        *account;     /* 12 digits; NULL: 111122223333. Lanes of other profiles: other accounts */
    int64_t pool;     /* lanes with the same number share what is marked (pool) */
    int64_t jobs;     /* (pool) not ended at once */
    int64_t tpm;      /* (pool) tokens a minute */
    int64_t tpd;      /* (pool) tokens a day */
    int64_t reset_ms; /* (pool) when the day turns: ms after 00:00 UTC */
    int64_t rps;      /* (pool) records a second; 0 also where requests are calls or not counted */
    int64_t burst_tokens; /* (pool) what an idle pool may take at once beyond tpm */
    bool is_refusing;     /* (pool) what exceeds tpm, tpd or rps fails with 429; else it waits */
    int64_t min_records;
    int64_t job_records;
    int64_t job_bytes;
    int64_t files;
    int64_t shard_records;
    int64_t shard_bytes;
    int64_t burndown;   /* what an output token counts; 0: 1 */
    int64_t job_tpm;    /* a job's own speed; 0: unlimited, and drawn for a pool that refuses */
    int64_t startup_ms; /* from submission until processing; below 0: drawn (data/startup.json) */
    bool is_on_demand;  /* calls of models (INVOKE), none of jobs: tpm, tpd and rps as on_demand.h
                           has them; a pool is of one kind */
    int64_t calls_per_second; /* of the control plane, this lane's share; 0: never throttled */
};

/* What records really are, whatever was estimated. All are means but where it says so. */
struct ps_virtual_truth {
    int64_t input_tokens;
    int64_t output_tokens;
    int64_t output_tokens_max; /* what a call reserves for its answer; 0: what it will have */
    int64_t output_bytes;      /* of an output line, the echo included */
    int64_t spread_permille;   /* a record's tokens lie evenly within so much of the mean */
    int64_t bias_permille;     /* all records are so much longer (below 0: shorter) than was said */
    int64_t fail_400_permille; /* for good; the others each time anew. They use no tokens */
    int64_t fail_429_permille;
    int64_t fail_500_permille; /* on demand: not executed, which its client cannot know */
};

/* What became of the records [first, end). */
enum ps_virtual_kind {
    PS_VIRTUAL_SUCCEEDED,
    PS_VIRTUAL_ERROR,   /* error_code says which: 400, 429 or 500 */
    PS_VIRTUAL_NO_LINE, /* the job ended before it reached them */
    PS_VIRTUAL_MANIFEST /* no records: manifest.json.out was read; `end` is its success + error */
};

struct ps_virtual_delivery {
    enum ps_virtual_kind kind;
    int64_t first;
    int64_t end;
    int64_t error_code;   /* 0 unless PS_VIRTUAL_ERROR */
    int64_t input_tokens; /* PS_VIRTUAL_MANIFEST: what its successes used, in all; of an INVOKE:
                             what the record used */
    int64_t output_tokens;
};

/* Takes the ranges that `ranges` tells. */
struct ps_virtual_ranges;
void ps_virtual_add_range(struct ps_virtual_ranges *ranges, int64_t first, int64_t end);

/* What only the caller knows, in place of bytes. Called from inside next_fact. */
struct ps_virtual_records_ops {
    /*
     * The records of the shard of this PUT_SHARD wish, in its order, by ps_virtual_add_range.
     * Returns the bytes of its body; -1: it cannot be made (the fact is PS_CODE_INPUT_GONE).
     */
    int64_t (*ranges)(void *context, const struct ps_wish *wish, struct ps_virtual_ranges *ranges);

    /* A GET_OBJECT of an output was carried out: once for each range of it, in order. Or an INVOKE
     * was answered: its record alone, before the fact, whose text is NULL. */
    void (*deliver)(void *context, const struct ps_wish *wish,
                    const struct ps_virtual_delivery *delivery);

    /* Optional (NULL: the means of the truth): what [first, end) would cost without spread and
     * bias. */
    void (*weigh)(void *context, int64_t first, int64_t end, int64_t *ret_input_tokens,
                  int64_t *ret_output_tokens);
};

struct ps_virtual_options {
    uint64_t seed;
    int64_t start_ms; /* wall clock at the beginning; above 0 */
    const struct ps_virtual_lane *lanes;
    size_t lane_count;
    const struct ps_virtual_others *others;
    size_t other_count;
    struct ps_virtual_truth truth;
    int64_t latency_ms;       /* of a call; 0: 50 */
    int64_t bytes_per_second; /* of a transfer; 0: takes no time */
    FILE *events;             /* NULL, or where docs/EVENTS.md's log goes; stays the caller's */
    const struct ps_virtual_records_ops *records;
    void *context; /* of `records` */
};

/* Options are copied, but not `records` and `context`. */
struct ps_virtual *ps_virtual_new(const struct ps_virtual_options *options);
struct ps_virtual *ps_virtual_free(struct ps_virtual *service);

struct ps_world ps_virtual_port(struct ps_virtual *service);
struct ps_now ps_virtual_now(const struct ps_virtual *service);

/* Work that was accepted above a limit, found by the recount. */
struct ps_virtual_breach {
    const char *limit; /* "tpm", "tpd", "rps", "jobs"; lives for ever */
    int64_t pool;
    int64_t at_ms; /* the end of the window */
    int64_t value;
    int64_t limit_value;
};

/* How much of a pool's limits was used, in permille of what it could have given. 0: no such limit.
 */
struct ps_virtual_use {
    int64_t pool;
    int64_t tokens;
    int64_t records;
    int64_t days;         /* in which it worked */
    int64_t tpm_permille; /* of tpm from its first work to its last */
    int64_t tpd_permille; /* of tpd of those days */
    int64_t rps_permille;
    int64_t jobs_permille; /* of its slots over the whole run */
    int64_t peak_jobs;
};

#define PS_VIRTUAL_BREACHES_MAX 20

struct ps_virtual_ledger {
    int64_t calls[PS_WISH_KIND_COUNT];
    int64_t throttled_calls; /* answered ThrottlingException */
    int64_t refused_creates; /* no slot */
    int64_t jobs;
    int64_t invocations;       /* executed calls on demand; counted below as records, too */
    int64_t records_processed; /* with a line, errors included */
    int64_t records_billed;
    int64_t refused_records; /* error 429 by a limit; those of the truth are not counted here */
    int64_t paid_twice;      /* billed in two jobs, or calls */
    int64_t input_tokens;    /* billed */
    int64_t output_tokens;
    int64_t first_wish_ms;
    int64_t last_ms; /* the end of the last job's work, or of the last fetch or answer if later */
    int64_t makespan_ms;    /* between the two */
    int64_t first_start_ms; /* when the first job began to work; 0: none did */
    int64_t breach_count;
    struct ps_virtual_breach breaches[PS_VIRTUAL_BREACHES_MAX]; /* the first ones */
    const struct ps_virtual_use *uses; /* one a pool; the service's, until it is freed */
    size_t use_count;
};

/* The books as they stand now. */
void ps_virtual_tell(struct ps_virtual *service, struct ps_virtual_ledger *ret_ledger);

#endif
