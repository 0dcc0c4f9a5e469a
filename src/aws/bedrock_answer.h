/*
 * bedrock_answer - the JSON of Bedrock's job calls, read into views of jobs. Pure. Internal to
 * aws/.
 *
 * Owner: what is returned is the caller's. Threads: pure, any.
 */
#ifndef PS_AWS_BEDROCK_ANSWER_H
#define PS_AWS_BEDROCK_ANSWER_H

#include "base/status.h"
#include "core/wish.h"

/* {"jobArn": "arn:..."}: a copy of the ARN; NULL when it is not there, or not one of a batch job.
 */
char *ps_bedrock_read_created(struct ps_str json);

/* One job, as Get shows it. PS_E_CORRUPT: not readable; nothing is returned then. */
PS_MUST_CHECK enum ps_status ps_bedrock_read_job(struct ps_str json, struct ps_job_view **ret_job,
                                                 struct ps_error *err);

/*
 * A page of List: its jobs are added at the end of *jobs (an array on the heap, *job_count long);
 * *ret_token is the caller's to free(), NULL: the last page.
 */
PS_MUST_CHECK enum ps_status ps_bedrock_read_page(struct ps_str json, struct ps_job_view **jobs,
                                                  int64_t *job_count, char **ret_token,
                                                  struct ps_error *err);

#endif
