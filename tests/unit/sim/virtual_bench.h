/*
 * virtual_bench - a client of the service in virtual time that puts, creates and looks by hand.
 *
 * Each call is answered before the next one; what does not hold fails the test at once.
 */
#ifndef PENSTOCK_TESTS_VIRTUAL_BENCH_H
#define PENSTOCK_TESTS_VIRTUAL_BENCH_H

#include "sim/virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* 2026-01-14 00:00 UTC. */
#define DAY INT64_C(1768348800000)
#define CALL INT64_C(50)
#define MIN PS_MINUTE_MS
#define MODEL "anthropic.claude-3-haiku-20240307-v1:0"

struct bench {
    struct ps_virtual *service;
    struct ps_world world;
    int64_t next_id;
    /* The next put holds [first, end), two ranges with a gap of `gap` records in the middle. */
    int64_t first;
    int64_t end;
    int64_t gap;
    int64_t bytes;
    int64_t timeout_hours; /* of the next job */
    struct ps_virtual_delivery told[64];
    size_t told_count;
    int64_t sums[4]; /* records by kind */
};

/* Without and with a weight of each record. */
extern const struct ps_virtual_records_ops means;
extern const struct ps_virtual_records_ops weighed;

/* The reference job's lane: 3 M a minute, ten jobs, 8 minutes until a job works. */
struct ps_virtual_lane lane_of(void);
struct ps_virtual_options options_of(const struct ps_virtual_lane *lanes, size_t lane_count);

/* `options` without their context. */
void begin(struct bench *bench, struct ps_virtual_options options);
void end(struct bench *bench);
int64_t now(const struct bench *bench);

/* Until so long after the beginning: no fact may come. */
void sleep_until(struct bench *bench, int64_t at_ms);

/* Starts the wish and takes its fact, the caller's to release. */
struct ps_fact ask(struct bench *bench, struct ps_wish wish);
struct ps_fact ask_key(struct bench *bench, enum ps_wish_kind kind, const char *key);
struct ps_fact put(struct bench *bench, const char *key, int64_t first, int64_t end_of);

/* It happened. */
void must(struct ps_fact fact);

/* A create of job `name` over in/<name>/, in lane `lane`. */
struct ps_fact create_in(struct bench *bench, int64_t lane, const char *name, const char *token);

/* Puts one shard and creates a job of it; its ARN, to be freed. */
char *run_job(struct bench *bench, int64_t lane, const char *name, int64_t first, int64_t end_of);
struct ps_fact look(struct bench *bench, const char *arn);
void expect_status(struct bench *bench, const char *arn, enum ps_job_status status,
                   int64_t processed);

/* The only object listed under `prefix` that ends so; to be freed. */
char *find_key(struct bench *bench, const char *prefix, const char *tail);
void fetch(struct bench *bench, const char *prefix, const char *tail);
struct ps_virtual_ledger books(const struct bench *bench);

#endif
