/*
 * fixture - a world_aws in front of a fake_server, with a body to put and a sink to get into.
 *
 *     struct fixture fixture;
 *     fixture_start(&fixture, steps, step_count, NULL);
 *     const struct ps_fact *fact = fixture_do(&fixture, &(struct ps_wish){.kind =
 * PS_WISH_LIST_OBJECTS, ...});
 *     ...
 *     fixture_stop(&fixture);
 */
#ifndef PS_TESTS_AWS_FIXTURE_H
#define PS_TESTS_AWS_FIXTURE_H

#include "aws/world_aws.h"
#include "base/buf.h"
#include "fake_server.h"

struct fixture {
    struct fake_server *server;
    struct ps_world_aws *world_aws;
    struct ps_world world;
    struct ps_clock clock;
    struct ps_fact fact; /* of the last wish */

    /* Bodies of puts. */
    struct ps_str body;
    int open_count;
    int close_count;
    uint32_t crc32_change; /* the body claims another checksum */
    enum ps_status open_status;
    int64_t read_fails_at; /* -1: never */

    /* Sink of gets. */
    struct ps_buf sink;
    int64_t sink_from; /* the offset of the sink's first byte */
    enum ps_status sink_status;
};

/* `options` may set http, transfers_max, multipart_from_bytes, part_bytes and is_payload_unsigned;
 * NULL: none. */
void fixture_start(struct fixture *fixture, const struct fake_step *steps, size_t step_count,
                   const struct ps_world_aws_options *options);
void fixture_stop(struct fixture *fixture);

/* Starts the wish and waits for its fact, which lives until the next call. */
const struct ps_fact *fixture_do(struct fixture *fixture, const struct ps_wish *wish);

/* The `index`th request's head holds `part`. */
void assert_request(struct fixture *fixture, size_t index, const char *part);
void assert_no_request(struct fixture *fixture, size_t index, const char *part);
void assert_contains(const char *text, const char *part);

/* Removes every variable that could lead a test astray. */
void fixture_clean_environment(void);

#endif
