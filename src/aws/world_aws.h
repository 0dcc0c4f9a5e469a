/*
 * world_aws - the world port over HTTPS: S3, Bedrock's batch jobs and STS, or anything that speaks
 * like them.
 *
 * Each wish is a small machine of one or more requests and gives exactly one fact. Everything
 * happens inside next_fact, in the caller's thread. Retries nothing: a failed request is a fact
 * (libcurl may repeat a request without a body on a connection that turned out dead; see
 * aws/http.h).
 *
 * Calls of models (INVOKE) are in aws/runtime.c, with what their outcomes mean.
 *
 * What an outcome means: repeatable reads (identity, get, list) without a whole readable answer are
 * NO, later may work. Put, delete and stop that were cut are UNKNOWN. Create follows rule R2: YES
 * with an ARN; NO for a refusal by 400, 403, 404 or 429 with a code of AWS's; else UNKNOWN.
 *
 *     const struct ps_world_aws_lane lanes[] = {{"us-east-1", "bucket", NULL}};
 *     const struct ps_world_aws_options options = {.lanes = lanes, .lane_count = 1, .settings =
 * &settings, .credentials = &credentials, .streams = streams, .clock = &clock}; if
 * (ps_world_aws_new(&options, &world_aws, err) != PS_OK) { ... } const struct ps_world world =
 * ps_world_aws_port(world_aws);
 *
 * Owner: the caller frees. Threads: one; wake is safe from any and from a signal handler.
 */
#ifndef PS_AWS_WORLD_AWS_H
#define PS_AWS_WORLD_AWS_H

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/http.h"
#include "aws/settings.h"
#include "os/clock.h"
#include "port/world.h"

struct ps_world_aws_lane {
    const char *region;
    const char *bucket;  /* NULL or "": no S3 in this lane */
    const char *account; /* NULL, or the bucket's expected owner: x-amz-expected-bucket-owner */
    const struct ps_aws_settings *settings;   /* NULL: as the options say, like the next */
    const struct ps_credentials *credentials; /* copied */
};

struct ps_world_aws_options {
    const struct ps_world_aws_lane *lanes; /* wish.lane is the place in it */
    int64_t lane_count;
    /* For lanes that have none of their own; NULL: each has. */
    const struct ps_aws_settings *settings;   /* for endpoints; used while it is made, not kept */
    const struct ps_credentials *credentials; /* copied */
    struct ps_streams streams;
    const struct ps_clock *clock; /* of the run: deadlines; outlives the world */
    struct ps_http_options http;  /* zero: defaults; ca_file NULL: AWS_CA_BUNDLE */
    int64_t transfers_max;        /* puts and gets at once, others wait; 0: 16 */
    int64_t invokes_max;          /* calls of models at once; 0: 4,096, or as many as this process
                                     may have connections */
    int64_t multipart_from_bytes; /* larger bodies go in parts; 0: 64 MB */
    int64_t part_bytes;           /* 0: 8 MB; S3 wants at least 5 MiB */
    bool is_payload_unsigned;     /* over plain http too: for measuring */
};

struct ps_world_aws;

/* PS_E_USAGE: an endpoint, Region or bucket that cannot be one. */
PS_MUST_CHECK enum ps_status ps_world_aws_new(const struct ps_world_aws_options *options,
                                              struct ps_world_aws **ret_world,
                                              struct ps_error *err);

/* Requests under way are cut; their facts never come. */
struct ps_world_aws *ps_world_aws_free(struct ps_world_aws *world);

/* What ps_streams sees of an open body is closed by then, also on free. */
struct ps_world ps_world_aws_port(struct ps_world_aws *world);

/* Fresh credentials for every request of lanes without their own that begins from now on (after
 * PS_RETRY_REAUTH). Rule R1: ask IDENTITY before anything else. */
void ps_world_aws_set_credentials(struct ps_world_aws *world,
                                  const struct ps_credentials *credentials);

/* Where lane `lane` reaches a service, as in its Host header: for rule R1's pin and for reports. */
const char *ps_world_aws_host(const struct ps_world_aws *world, int64_t lane,
                              enum ps_aws_service service);

#endif
