/*
 * fake_service - a small Bedrock and S3 in virtual time that fail by seed, for tests of the engine.
 *
 * It keeps its own books and judges what it is asked: a record that is sent while another live job
 * holds it, or after it was paid for, a token with another body, too many creates of one attempt:
 * each fails the test at once, with the seed. It knows nothing of the engine.
 *
 * A job's fate is drawn from the seed and its name alone, so that it does not hang on how often the
 * service was asked. One service at a time, a global: tests are one thread.
 */
#ifndef PENSTOCK_TESTS_FAKE_SERVICE_H
#define PENSTOCK_TESTS_FAKE_SERVICE_H

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
#define JOBS_MAX 100
#define TEXT_MAX 256
#define LINE_BYTES 10
#define START_MS INT64_C(1800000000000)
#define ACCOUNT "111122223333"

/* More creates of one attempt than this are a storm (I16). */
#define CREATES_MAX 60

/* The longest that a job takes when no fault is left: run, late output, settling. */
#define JOB_LIFE_MS_MAX (7 * PS_HOUR_MS)

enum fault {
    /* of calls */
    FAULT_LOST_BEFORE,  /* no answer, no effect */
    FAULT_LOST_AFTER,   /* no answer, and the effect */
    FAULT_LOST_CREATE,  /* a create's: no answer, no effect */
    FAULT_LOST_JOB,     /* of jobs: the first create's answer, not its effect */
    FAULT_LATE_CREATE,  /* no answer, the effect minutes later */
    FAULT_TWICE,        /* a create is delivered again minutes later */
    FAULT_THROTTLED,    /* 429 */
    FAULT_OTHERS,       /* other users have the slots */
    FAULT_DENIED,       /* it will never work, until a person has looked */
    FAULT_CUT_GET,      /* half of an object, then silence */
    FAULT_STALE_VIEW,   /* a job as it was up to two minutes ago */
    FAULT_UNKNOWN_WORD, /* a live job's state is a new word */
    FAULT_ANY_NAME,     /* a job name may be used twice */
    /* of jobs */
    FAULT_LIST_LAG,    /* lists show it up to 9.5 minutes late */
    FAULT_BAD_ENDING,  /* Failed, PartiallyCompleted, Expired, Stopped */
    FAULT_STUCK,       /* three hours more */
    FAULT_LATE_COUNTS, /* counters are 0 for a minute after the end */
    FAULT_LATE_OUTPUT, /* up to four minutes after the end */
    FAULT_CUT_OUTPUT,  /* half of the lines and a broken one, whole some minutes later */
    FAULT_GONE_OUTPUT, /* the lines' object is deleted again */
    FAULT_LATE_GONE,   /* ... and lists show it still */
    FAULT_NO_MANIFEST,
    FAULT_WRONG_MANIFEST, /* it counts one more than was processed, or does not count */
    FAULT_SHORT_OUTPUT,   /* lines of paid records are missing */
    FAULT_RECORD_ERROR,   /* of records: 429 */
    /* of turns and runs: engine_run draws them */
    FAULT_KILLED,
    FAULT_BACKUP, /* of kills: goes on from an older copy of our state */
    FAULT_PAUSED,
    FAULT_STOPPED,
    FAULT_OUTAGE, /* of runs: nothing answers for up to five hours */
    FAULT_INPUT_GONE,
    FAULT_COUNT
};

/* Per mille. */
struct faults {
    int64_t rates[FAULT_COUNT];
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
    int64_t counts_ms; /* from then on its counters are right */
    int64_t output_ms;
    int64_t whole_ms; /* from then on its lines are all there */
    int64_t gone_ms;  /* from then on its lines cannot be read */
    bool is_gone_listed;
    enum ps_job_status ending;
    bool has_manifest;
    int64_t manifest_extra; /* what it counts too much; -1: it does not count */
};

struct service_object {
    char key[TEXT_MAX];
    int64_t size_bytes;
    int64_t members[SHARD_RECORDS];
    int64_t member_count;
};

/* What a job's fetched objects hold: lives only in memory. */
struct reading {
    bool is_begun;
    enum mark marks[RECORDS];
    int64_t broken;
    bool has_manifest;
    int64_t manifest_counted;
    int64_t foreign[SHARDS][SHARD_RECORDS];
    int64_t foreign_counts[SHARDS];
    int64_t foreign_objects;
};

struct fake_service {
    uint64_t seed;
    struct ps_prng prng;
    struct faults faults;
    int64_t min_records;
    int64_t quantum_ms; /* jobs end at whole multiples of it; 0: at any time */
    int64_t now_ms;
    struct service_job jobs[JOBS_MAX];
    int64_t job_count;
    struct service_object objects[JOBS_MAX * SHARDS];
    int64_t object_count;
    struct {
        char name[TEXT_MAX];
        int64_t calls;
    } attempts[JOBS_MAX]; /* creates of one name */
    int64_t attempt_count;
    int64_t refused; /* creates beyond the slots */
    int64_t outage_from_ms;
    int64_t outage_end_ms;
};

extern struct fake_service service;

/* How often each fault has happened, over all seeds. */
extern int64_t fault_counts[FAULT_COUNT];
const char *fault_name(enum fault fault);

#define BREACH(...)                                                          \
    do {                                                                     \
        print_error("seed %llu at %lld: ", (unsigned long long)service.seed, \
                    (long long)(service.now_ms - START_MS));                 \
        print_error(__VA_ARGS__);                                            \
        print_error("\n");                                                   \
        fail();                                                              \
    } while (0)

void fake_service_init(uint64_t seed, const struct faults *faults, int64_t min_records);

/* Drawn from the service's one generator. */
bool happens(enum fault fault);
bool is_drawn(int64_t per_mille);
int64_t between(int64_t low, int64_t high);

bool is_ended(const struct service_job *job, int64_t at_ms);
bool is_outage(void);

/*
 * Carries out a wish now. A put holds `members`; what a get reads goes into `reading`. The fact's
 * outcome is YES unless the service refuses.
 */
void fake_service_perform(const struct ps_wish *wish, const int64_t *members, int64_t member_count,
                          struct reading *reading, struct ps_fact *fact);

/* A create that arrives at `at_ms`. */
void fake_service_create(const char *body, int64_t at_ms, struct ps_fact *fact);

#endif
