/*
 * job_records - which records a job holds, each with a place of its own from 0 on.
 *
 * Made from the job's shards. Ranges cost nothing a record, picked lists eight bytes each; a
 * question costs a binary search. Places of records within a range that are not sent are holes.
 *
 * Owner: the caller frees; the shards' lists are copied. Threads: any number may ask.
 */
#ifndef PS_APP_JOB_RECORDS_H
#define PS_APP_JOB_RECORDS_H

#include "app/shard_body.h"

struct ps_job_records;

/* No record may stand in two shards of one job. */
struct ps_job_records *ps_job_records_new(const struct ps_index *index,
                                          const struct ps_shard_records *shards,
                                          int64_t shard_count);
struct ps_job_records *ps_job_records_free(struct ps_job_records *records);

/* How many places there are, holes included. */
int64_t ps_job_records_places(const struct ps_job_records *records);

/* The record at a place; false for a hole. */
PS_MUST_CHECK bool ps_job_records_at(const struct ps_job_records *records, int64_t place,
                                     int64_t *ret_record);

/* The place of a record; false when the job does not hold it. Any number may be asked for. */
PS_MUST_CHECK bool ps_job_records_find(const struct ps_job_records *records, int64_t record,
                                       int64_t *ret_place);

#endif
