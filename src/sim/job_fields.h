/*
 * job_fields - the body of CreateModelInvocationJob: read, and held to the service's rules.
 *
 * Views are of the document that was read. Pure; threads: any.
 */
#ifndef PS_SIM_JOB_FIELDS_H
#define PS_SIM_JOB_FIELDS_H

#include "codec/digest.h"
#include "sim/world.h"

#include <yyjson.h>

struct ps_job_fields {
    yyjson_doc *doc;
    struct ps_str name;
    struct ps_str role_arn;
    struct ps_str token; /* "" for none */
    struct ps_str model;
    struct ps_str input_uri;
    struct ps_str output_uri;
    struct ps_str owner_in; /* "" for none */
    struct ps_str owner_out;
    struct ps_str invocation_type;              /* "InvokeModel" unless it says otherwise */
    int64_t timeout_hours;                      /* 24 unless it says otherwise */
    char parameters_sha256[PS_SHA256_HEX_SIZE]; /* of the canonical form without the token */
};

/* False: *ret_refusal says why. Release in both cases. */
PS_MUST_CHECK bool ps_job_fields_read(struct ps_job_fields *fields, struct ps_str body,
                                      struct ps_refusal *ret_refusal);
void ps_job_fields_release(struct ps_job_fields *fields);

#endif
