/*
 * call - one signed request to an endpoint: puts URL, headers and signature together and starts it.
 *
 * Owner: everything is copied. Threads: that of `http`.
 */
#ifndef PS_AWS_CALL_H
#define PS_AWS_CALL_H

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/http.h"

struct ps_aws_call {
    const struct ps_aws_endpoint *endpoint;
    const char *region;
    const struct ps_credentials *credentials;
    const char *method;
    struct ps_str path;  /* percent-encoded, begins with '/'; after the endpoint's base path */
    struct ps_str query; /* percent-encoded, without '?' */
    struct ps_http_field headers[PS_HTTP_HEADERS_MAX]; /* signed, all of them */
    size_t header_count;
    struct ps_str body;
    int64_t body_bytes;         /* with handler->read_body */
    struct ps_str payload_hash; /* "": that of `body`; else hex, or UNSIGNED-PAYLOAD */
    int64_t first_byte_ms_max;  /* this and the next two as in ps_http_request */
    size_t answer_bytes_max;
    bool is_one_of_many;
    const struct ps_http_handler *handler;
    void *owner;
};

/* The answer comes through handler->done. An error: nothing was started. */
PS_MUST_CHECK enum ps_status ps_aws_call_start(struct ps_http *http, const struct ps_aws_call *call,
                                               struct ps_error *err);

#endif
