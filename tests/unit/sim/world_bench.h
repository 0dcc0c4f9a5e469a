/*
 * world_bench - a world in a folder of its own, with a clock that the test moves.
 */
#ifndef PS_TEST_SIM_WORLD_BENCH_H
#define PS_TEST_SIM_WORLD_BENCH_H

#include "sim/bucket_calls.h"
#include "sim/job_calls.h"
#include "sim/world.h"

#include <yyjson.h>

#define BENCH_START_MS INT64_C(1795513887399)
#define BENCH_MODEL "us.anthropic.claude-haiku-4-5-20251001-v1:0"

struct bench {
    char *folder;
    char limits_path[256]; /* "" : none */
    char ledger_path[256];
    const char *faults;
    struct ps_identity identity;
    struct ps_world *world;
    int64_t now_ms;
    struct ps_refusal refusal; /* of the last call that refused */
};

/* `limits` is the text of a limits file, or NULL. */
void bench_init(struct bench *bench, const char *faults, const char *limits);
void bench_release(struct bench *bench);

/* As a kill and a new start. */
void bench_reopen(struct bench *bench);

/* Frames one call: begin now, end with `ok`. */
struct ps_call bench_call(struct bench *bench, enum ps_fault_op op);

/* False: bench->refusal says why. */
bool bench_put(struct bench *bench, const char *key, const char *text);

/* `count` lines for Claude, numbered from `first`, as "r0000000001" and so on. */
void bench_put_lines(struct bench *bench, const char *key, int count, int first);

/* The text of an object; NULL when there is none. free() it. */
char *bench_read(struct bench *bench, const char *key);

/* Body of a create call from s3://bucket/<folder>/in/a/ to <folder>/out/; `more` is added as
 * members. */
char *bench_job_body(const struct bench *bench, const char *name, const char *folder,
                     const char *more);

/* Sends it; the id goes to ret_id. False: refused. */
bool bench_create(struct bench *bench, const char *body, char ret_id[16]);

/* Lets everything happen that is due until `until_ms`, each at its time. */
void bench_run(struct bench *bench, int64_t until_ms);

/* Until no job has anything due. */
void bench_run_all(struct bench *bench);

/* Get's answer; free the document. NULL: refused. */
yyjson_doc *bench_get(struct bench *bench, const char *id);

/* A text or a number of Get's answer. */
char *bench_get_text(struct bench *bench, const char *id, const char *name);
int64_t bench_get_number(struct bench *bench, const char *id, const char *name);

/* How many lines of the event log hold `text`. */
int bench_count_events(const struct bench *bench, const char *text);

/* A number of the ledger, written anew. */
int64_t bench_ledger_number(struct bench *bench, const char *name);

#endif
