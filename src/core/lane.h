/*
 * lane - where work can go: a model in a Region of an account, and the limits that hold there.
 *
 * Written as --lane 'name=a,model=M,region=R,jobs=10,...' (every key optional) and as lines of a
 * limits file. What the text leaves out comes from a profile of data/limits.json, which carries the
 * source of each value.
 *
 * Owner: plain data, copied by value. Pure.
 */
#ifndef PS_CORE_LANE_H
#define PS_CORE_LANE_H

#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"

#include <stdint.h>

enum ps_limit_key {
    PS_LIMIT_JOBS,          /* submitted + running at once, of one base model in one Region */
    PS_LIMIT_JOB_RECORDS,   /* records in a job, at most */
    PS_LIMIT_JOB_BYTES,     /* input bytes of a job, at most */
    PS_LIMIT_SHARD_RECORDS, /* records in an input file, at most */
    PS_LIMIT_SHARD_BYTES,   /* bytes of an input file, at most */
    PS_LIMIT_FILES,         /* input files of a job, at most */
    PS_LIMIT_MIN_RECORDS,   /* records in a job, at least */
    PS_LIMIT_CONTEXT,       /* input + output tokens of one record */
    PS_LIMIT_OUTPUT,        /* output tokens of one record */
    PS_LIMIT_OUT_BYTES,     /* bytes of an output object, at most */
    PS_LIMIT_RPS,           /* requests a second; `rps_counts` says what a request is */
    PS_LIMIT_TPM,           /* tokens a minute, input + output * burndown */
    PS_LIMIT_TPD,           /* tokens a day, likewise */
    PS_LIMIT_RESET,         /* when the day turns: ms after 00:00 UTC */
    PS_LIMIT_STARTUP,       /* ms from a job's creation until it runs, as expected */
    PS_LIMIT_BURNDOWN,      /* what an output token counts against TPM and TPD */
    PS_LIMIT_COUNT
};

/* Where a limit is from; the numbers stand in run.json. */
enum ps_limit_source {
    PS_SOURCE_NONE,
    PS_SOURCE_PUBLISHED,
    PS_SOURCE_TYPICAL,
    PS_SOURCE_USER,
    PS_SOURCE_TYPICAL_LOW,
    PS_SOURCE_LIVE,     /* Service Quotas */
    PS_SOURCE_LEARNED,  /* from a refusal */
    PS_SOURCE_OBSERVED, /* from what was seen */
    PS_SOURCE_COUNT
};

#define PS_NO_LIMIT (-1)

struct ps_limit {
    int64_t value; /* PS_NO_LIMIT: none */
    enum ps_limit_source source;
};

/* How work is sent: as jobs of many records, or one request a record. */
enum ps_lane_kind { PS_KIND_BATCH, PS_KIND_ON_DEMAND };

/* What counts as a request of PS_LIMIT_RPS: each record, each call, or nothing. */
enum ps_rps_counts { PS_RPS_NOTHING, PS_RPS_RECORDS, PS_RPS_CALLS };

/*
 * What the service does with the work of jobs above its token limits: let it wait (running jobs
 * share the rate), refuse it record by record (error 429), or that is not known yet.
 */
enum ps_behaviour { PS_BEHAVIOUR_QUEUE, PS_BEHAVIOUR_REFUSE, PS_BEHAVIOUR_LEARN };

#define PS_LANE_TEXT_MAX 2048

struct ps_lane {
    char name[64];
    char model[PS_LANE_TEXT_MAX];
    char region[64];
    char s3_uri[1025];
    char role_arn[PS_LANE_TEXT_MAX];
    char profile[256]; /* of the AWS configuration: whose credentials; "" as for the others */
    enum ps_lane_kind kind;
    enum ps_rps_counts rps_counts;
    enum ps_behaviour behaviour;
    bool has_rps_counts; /* said by the user: no profile fills it */
    struct ps_limit limits[PS_LIMIT_COUNT];
};

/* "jobs", "job_records", ...: the key of the --lane syntax. */
const char *ps_limit_name(enum ps_limit_key key);
const char *ps_limit_source_name(enum ps_limit_source source);

/* A lane of that name without any limit. */
void ps_lane_init(struct ps_lane *lane, const char *name);

/*
 * Reads 'key=value,key=value' into `lane`. PS_E_USAGE names the key, what is wrong with its value
 * and the accepted forms; the lane is then not to be used.
 */
PS_MUST_CHECK enum ps_status ps_lane_parse(struct ps_lane *lane, struct ps_str text,
                                           struct ps_error *err);

/* Appends what ps_lane_parse reads: texts and limits that are set, and the words. */
void ps_lane_write(const struct ps_lane *lane, struct ps_buf *buf);

/*
 * Fills every limit that is not set yet, and rps_counts, from profile "published", "typical" or
 * "typical-low". A lane on demand has no jobs, so no limits of jobs and files. PS_E_USAGE: unknown
 * profile.
 */
PS_MUST_CHECK enum ps_status ps_lane_fill(struct ps_lane *lane, const char *profile,
                                          struct ps_error *err);

/* What a number is worth: who said it, and when it was read ("2026-10"). */
struct ps_origin {
    char text[256];
    char date[16];
};

/* What a profile says about `name` (a limit's key, or another of data/limits.json): its number, or
 * PS_NO_LIMIT, and from where. False: it says nothing. */
PS_MUST_CHECK bool ps_lane_profile(const char *profile, const char *name, int64_t *ret_value,
                                   struct ps_origin *ret_origin);

/* Is it a limit of jobs and their files, which a call on demand does not know? */
bool ps_limit_is_of_jobs(enum ps_limit_key key);

/* Do the limits fit each other? PS_E_USAGE says which do not. */
PS_MUST_CHECK enum ps_status ps_lane_check(const struct ps_lane *lane, struct ps_error *err);

/* The limit's value, or `otherwise` where there is none. */
int64_t ps_lane_limit(const struct ps_lane *lane, enum ps_limit_key key, int64_t otherwise);

#endif
