/*
 * fake_service - a small service in virtual time that fails by seed, for tests of the engine.
 *
 * It keeps its own books and judges what it is asked: a record that is sent while another live job
 * holds it, or after it was paid for, fails the test at once. One service at a time, a global:
 * tests are one thread.
 */
#ifndef PS_TESTS_FAKE_SERVICE_H
#define PS_TESTS_FAKE_SERVICE_H

#include "base/prng.h"
#include "core/wish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define RECORDS 40
#define JOB_RECORDS 10
#define SHARD_RECORDS 5
#define SHARDS (JOB_RECORDS / SHARD_RECORDS)
#define SLOTS 3
#define JOBS_MAX 120
#define TEXT_MAX 256
#define START_MS INT64_C(1800000000000)
#define ACCOUNT "111122223333"

/* Per mille of calls or jobs. */
struct faults {
    int64_t lost_before;
    int64_t lost_after;
    int64_t lost_create;
    int64_t late_create;
    int64_t throttled;
    int64_t list_lag;
    int64_t any_name;
    int64_t killed;
    int64_t backup;
    int64_t bad_ending;
    int64_t late_output;
    int64_t no_manifest;
    int64_t short_output;
    int64_t record_error;
};

enum mark {
    MARK_NONE,
    MARK_SUCCESS,
    MARK_RETRY,
    MARK_LOST /* paid, and its line is not written */
};

/* A job at the service. */
struct service_job {
    char id[16];
    char name[TEXT_MAX];
    char token[TEXT_MAX];
    char input[TEXT_MAX];
    char output[TEXT_MAX];
    int64_t members[JOB_RECORDS];
    enum mark marks[JOB_RECORDS];
    int64_t member_count;
    int64_t created_ms;
    int64_t visible_ms;
    int64_t end_ms;
    int64_t output_ms;
    enum ps_job_status ending;
    bool has_manifest;
};

struct service_object {
    char key[TEXT_MAX];
    int64_t size_bytes;
    int64_t members[SHARD_RECORDS];
    int64_t member_count;
};

/* What a job's fetched objects hold: lives only in memory. */
struct reading {
    enum mark marks[RECORDS];
    bool has_manifest;
    int64_t manifest_counted;
    bool is_foreign;
    int64_t foreign[SHARDS][SHARD_RECORDS];
    int64_t foreign_counts[SHARDS];
    int64_t foreign_objects;
};

extern struct fake_service {
    uint64_t seed;
    struct ps_prng prng;
    struct faults faults;
    int64_t min_records;
    int64_t now_ms;
    struct service_job jobs[JOBS_MAX];
    int64_t job_count;
    struct service_object objects[JOBS_MAX * SHARDS];
    int64_t object_count;
    int64_t refused; /* creates beyond the slots */
} service;

#define BREACH(...)                                                          \
    do {                                                                     \
        print_error("seed %llu at %lld: ", (unsigned long long)service.seed, \
                    (long long)(service.now_ms - START_MS));                 \
        print_error(__VA_ARGS__);                                            \
        print_error("\n");                                                   \
        fail();                                                              \
    } while (0)

void fake_service_init(uint64_t seed, const struct faults *faults, int64_t min_records);

bool happens(int64_t per_mille);
int64_t between(int64_t low, int64_t high);

bool is_ended(const struct service_job *job, int64_t at_ms);

/*
 * Carries out a wish now. A put holds `members`; what a get reads goes into `reading`. The fact's
 * outcome is YES unless the service refuses.
 */
void fake_service_perform(const struct ps_wish *wish, const int64_t *members, int64_t member_count,
                          struct reading *reading, struct ps_fact *fact);

/* A create that arrives at `at_ms`. */
void fake_service_create(const char *body, int64_t at_ms, struct ps_fact *fact);

#endif
