/*
 * patterns - the forms that the service asks of its fields (reference: the regular expressions of
 * the job API).
 *
 * Written out by hand: some of those expressions are exponential for a matcher, and their sense is
 * plain. Pure; threads: any.
 */
#ifndef PS_SIM_PATTERNS_H
#define PS_SIM_PATTERNS_H

#include "base/str.h"

bool ps_pattern_job_name(struct ps_str text);
bool ps_pattern_token(struct ps_str text);
bool ps_pattern_role_arn(struct ps_str text);
bool ps_pattern_model_id(struct ps_str text);
bool ps_pattern_s3_uri(struct ps_str text);
bool ps_pattern_account(struct ps_str text);
bool ps_pattern_kms_key(struct ps_str text);
bool ps_pattern_tag(struct ps_str text); /* a key or a value, without its length */
bool ps_pattern_bucket(struct ps_str text);

/* An ARN of a job or its id alone; *ret_id is the id, a view. */
bool ps_pattern_job(struct ps_str text, struct ps_str *ret_id);

/* "s3://bucket/key" in two; false when it is not one. */
bool ps_pattern_split_uri(struct ps_str uri, struct ps_str *ret_bucket, struct ps_str *ret_key);

#endif
