/*
 * job_request - the exact body of CreateModelInvocationJob, written once and stored with the intent
 * (rule R2).
 */
#ifndef PS_CORE_JOB_REQUEST_H
#define PS_CORE_JOB_REQUEST_H

#include "base/buf.h"

#include <stdint.h>

struct ps_job_request {
    struct ps_str name;
    struct ps_str token;
    struct ps_str model;
    struct ps_str role_arn;
    struct ps_str input_uri;  /* ends in '/', or names the one object */
    struct ps_str output_uri; /* ends in '/' */
    bool is_converse;
    int64_t timeout_hours;
};

void ps_job_request_write(struct ps_buf *buf, const struct ps_job_request *request);

/* Does this body carry exactly that token and that input URI? */
bool ps_job_request_is_of(struct ps_str body, struct ps_str token, struct ps_str input_uri);

#endif
