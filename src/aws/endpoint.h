/*
 * endpoint - where a service is reached: the user's URL, or the service's public name for a Region.
 *
 * Owner: the caller embeds it. Threads: read-only once made.
 */
#ifndef PS_AWS_ENDPOINT_H
#define PS_AWS_ENDPOINT_H

#include "base/status.h"
#include "base/str.h"

enum ps_aws_service {
    PS_AWS_S3,
    PS_AWS_BEDROCK,         /* jobs */
    PS_AWS_BEDROCK_RUNTIME, /* calls of models */
    PS_AWS_STS,
    PS_AWS_SERVICE_COUNT
};

struct ps_aws_endpoint {
    enum ps_aws_service service;
    char *origin;    /* "https://bucket.s3.eu-west-1.amazonaws.com", "http://127.0.0.1:8000" */
    char *host;      /* as in the Host header: with the port where it is not the scheme's own */
    char *base_path; /* goes before every path, without a slash at the end: "", "/bucket" */
    bool is_custom;  /* the user's URL */
    bool is_plain;   /* http: allowed for loopback alone; bodies are signed there */
};

/* "S3", "BEDROCK_RUNTIME": as in AWS_ENDPOINT_URL_S3. */
const char *ps_aws_service_variable(enum ps_aws_service service);

/* The name that signatures use: "s3", "bedrock" (both of its services), "sts". */
const char *ps_aws_service_signing_name(enum ps_aws_service service);

/*
 * `url` NULL: the public endpoint. `bucket` is for S3 (NULL elsewhere): in the path for a user's
 * URL and for names with a dot, else in the host. PS_E_USAGE: a URL or Region that cannot be one.
 */
PS_MUST_CHECK enum ps_status ps_aws_endpoint_init(struct ps_aws_endpoint *endpoint,
                                                  enum ps_aws_service service, const char *region,
                                                  const char *url, const char *bucket,
                                                  struct ps_error *err);
void ps_aws_endpoint_release(struct ps_aws_endpoint *endpoint);

#endif
