/*
 * engine_hand - drives an engine by hand: each wish is asked for by its kind, each fact is given as
 * the test wants it, and the clock stands where the test puts it.
 *
 * A wish that is not the expected one fails the test. Owner: the test; hand_end frees.
 *
 *     struct hand hand;
 *     hand_begin(&hand, &(struct hand_options){.jobs_max = 1});
 *     hand_to_create(&hand, 1);       the first job's create is open
 *     hand_unknown(&hand);
 *     hand_expect(&hand, PS_WISH_LIST_JOBS);
 */
#ifndef PENSTOCK_TESTS_ENGINE_HAND_H
#define PENSTOCK_TESTS_ENGINE_HAND_H

#include "core/engine.h"

#define HAND_ACCOUNT "111122223333"
#define HAND_BEGIN_MS INT64_C(1000000)
#define HAND_WISHES_MAX 16
#define HAND_RECORDS 10 /* of a job */
#define HAND_BYTES 70   /* of a shard */

/* Job 1's output folder, and one object of it in hand_objects' form. */
#define HAND_OUT "p/run/out/j00000001-a1/abcdefghijk1/"
#define HAND_OBJECT "90 " HAND_OUT "s.jsonl.out\n"

/* A wish with texts of its own. */
struct hand_wish {
    struct ps_wish wish;
    char key[256];
    char text[2048];
    char etag[64];
};

#define HAND_LANES_MAX 4

/* Zero is filled: names, model, role, slots 2, minimum 5, poll 30 s, puts and gets 2. */
struct hand_options {
    int64_t jobs_max;    /* of each pool */
    int64_t min_records; /* of each lane */
    int64_t poll_ms;
    int64_t puts_max;
    int64_t gets_max;
    struct ps_str account; /* of each lane */
    struct ps_str nonce;   /* "": "nonce" */
    /* Without lanes there is one, in one pool; without pools, each lane has its own. */
    struct ps_engine_lane lanes[HAND_LANES_MAX];
    int64_t lane_count;
    struct ps_engine_pool pools[HAND_LANES_MAX];
    int64_t pool_count;
    struct ps_spending_limits spending;
};

struct hand {
    struct hand_options options;
    struct ps_engine *engine;
    struct ps_now now;
    struct hand_wish last;              /* what hand_expect took */
    struct ps_day days[HAND_LANES_MAX]; /* as a store keeps them */
};

void hand_begin(struct hand *hand, const struct hand_options *options);
void hand_end(struct hand *hand);

/* Builds the engine again from its jobs, as a store would keep them; open wishes are lost. */
void hand_restart(struct hand *hand);

/* The part of a job that a store keeps, with texts of its own. */
struct ps_job hand_stored_part(const struct ps_job *job);

void hand_pass(struct hand *hand, int64_t passed_ms);

/* To exactly where the engine wants to be woken. */
void hand_sleep(struct hand *hand);

void hand_expect(struct hand *hand, enum ps_wish_kind kind);
void hand_expect_nothing(struct hand *hand);

/* A fact for the last expected wish, with what the wish was about filled in. The payload is copied
 * from `fact` and released. */
void hand_give(struct hand *hand, const struct ps_fact *fact);
void hand_yes(struct hand *hand);
void hand_no(struct hand *hand, enum ps_status status, enum ps_retry retry);
void hand_later(struct hand *hand);
void hand_unknown(struct hand *hand);

/* LIST_JOBS, GET_JOB: up to two views; NULL: none. */
void hand_jobs(struct hand *hand, const struct ps_job_view *first,
               const struct ps_job_view *second);

/* LIST_OBJECTS: "size key" rows, each ended by a new line. */
void hand_objects(struct hand *hand, const char *rows);
void hand_tally(struct hand *hand, const struct ps_tally *tally);

/* A create's look by name and by output, both empty. */
void hand_look_for_nothing(struct hand *hand);

/* IDENTITY, LIST_JOBS, LIST_OBJECTS of the start, ABORT_UPLOADS, all well and empty. */
void hand_start(struct hand *hand);

/* CUT_JOBS gives so many jobs of one shard and HAND_RECORDS records. */
void hand_cut(struct hand *hand, int64_t job_count, int64_t unsent);

/* From the start to the open create of job 1 of `job_count`; the jobs are of one shard each. */
void hand_to_create(struct hand *hand, int64_t job_count);

/* The expected job's load, put and check; afterwards it is ready. */
void hand_prepare_job(struct hand *hand, int64_t number);

/* From the start to job 1 seen ended by Get, its output to be listed. */
void hand_to_listing(struct hand *hand, const struct ps_job_view *end);

/* Job 1 as the service shows it when all is well; texts are static. */
struct ps_job_view hand_view(enum ps_job_status status);

struct ps_job_view hand_view_of(enum ps_job_status status, int64_t counted);

/* So many lines, the other records missing; manifest_counted -1: no manifest. */
struct ps_tally hand_tally_of(int64_t lines, int64_t manifest_counted);

/* From LISTING to the tally's answer: one object is listed and read. */
void hand_read_and_tally(struct hand *hand, const struct ps_tally *tally);

/* Likewise where the same object was listed and read before: it is not read again. */
void hand_list_and_tally(struct hand *hand, const struct ps_tally *tally);

/* A settled job 1 asks Get again, then lists. */
void hand_ask_again(struct hand *hand, const struct ps_job_view *view);

void hand_expect_close(struct hand *hand, enum ps_job_verdict verdict);
void hand_close(struct hand *hand, int64_t unsent);

const struct ps_job *hand_job(const struct hand *hand, int64_t number);
void hand_assert_running(const struct hand *hand);
void hand_assert_halted(const struct hand *hand, enum ps_status status, const char *word);
void hand_assert_state(const struct hand *hand, int64_t number, enum ps_job_state state);

#endif
