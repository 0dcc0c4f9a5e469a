#include "fixture.h"

#include "base/assert.h"
#include "codec/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define FACT_WAIT_MS (60 * PS_SECOND_MS)

struct reader {
    size_t given;
};

static enum ps_status open_body(void *const context, const struct ps_wish *const wish,
                                struct ps_body *const ret_body, struct ps_error *const err)
{
    struct fixture *const fixture = context;
    (void)wish;
    if (fixture->open_status != PS_OK) {
        return ps_error_set(err, fixture->open_status, PS_RETRY_NEVER,
                            "cannot open the body: told so");
    }
    struct reader *const reader = calloc(1, sizeof(*reader));
    fixture->open_count++;
    ret_body->size_bytes = (int64_t)fixture->body.size;
    ret_body->crc32 = ps_crc32(0, fixture->body) ^ fixture->crc32_change;
    ret_body->state = reader;
    return PS_OK;
}

static enum ps_status read_body(void *const context, struct ps_body *const body, char *const room,
                                const size_t room_size, size_t *const ret_size,
                                struct ps_error *const err)
{
    struct fixture *const fixture = context;
    struct reader *const reader = body->state;
    if (fixture->read_fails_at >= 0 && (int64_t)reader->given >= fixture->read_fails_at) {
        return ps_error_set(err, PS_E_NOT_FOUND, PS_RETRY_NEVER,
                            "cannot read the input: it is gone");
    }
    const struct ps_str bytes = ps_str_part(fixture->body, reader->given, room_size);
    memcpy(room, bytes.data, bytes.size);
    reader->given += bytes.size;
    *ret_size = bytes.size;
    return PS_OK;
}

static void close_body(void *const context, struct ps_body *const body)
{
    struct fixture *const fixture = context;
    fixture->close_count++;
    free(body->state);
}

static enum ps_status write_sink(void *const context, const struct ps_wish *const wish,
                                 const int64_t offset, const struct ps_str bytes,
                                 struct ps_error *const err)
{
    struct fixture *const fixture = context;
    (void)wish;
    if (fixture->sink_status != PS_OK) {
        return ps_error_set(err, fixture->sink_status, PS_RETRY_NEVER, "could not write: told so");
    }
    if (fixture->sink.size == 0) {
        fixture->sink_from = offset;
    }
    assert_int_equal(offset, fixture->sink_from + (int64_t)fixture->sink.size);
    ps_buf_add(&fixture->sink, bytes);
    return PS_OK;
}

void fixture_clean_environment(void)
{
    static const char *const names[] = {"AWS_PROFILE",
                                        "AWS_DEFAULT_PROFILE",
                                        "AWS_REGION",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_ENDPOINT_URL",
                                        "AWS_ENDPOINT_URL_S3",
                                        "AWS_ENDPOINT_URL_BEDROCK",
                                        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
                                        "AWS_ENDPOINT_URL_STS",
                                        "AWS_CA_BUNDLE",
                                        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                        "AWS_WEB_IDENTITY_TOKEN_FILE",
                                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI"};
    for (size_t index = 0; index < sizeof(names) / sizeof(names[0]); index++) {
        (void)unsetenv(names[index]);
    }
    (void)setenv("AWS_CONFIG_FILE", "/nonexistent/config", 1);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
}

void fixture_start(struct fixture *const fixture, const struct fake_step *const steps,
                   const size_t step_count, const struct ps_world_aws_options *const options)
{
    static const struct ps_streams_ops ops = {open_body, read_body, close_body, write_sink};
    static const struct ps_world_aws_lane lanes[] = {
        {"eu-west-1", "bucket", NULL, NULL, NULL},
        {"us-east-1", "other", "111122223333", NULL, NULL},
        {"us-west-2", "", NULL, NULL, NULL}};
    struct ps_error err = {.message = ""};
    memset(fixture, 0, sizeof(*fixture));
    fixture_clean_environment();
    fixture->server = fake_server_start(steps, step_count);
    fixture->read_fails_at = -1;
    ps_buf_init(&fixture->sink, 100 * 1000 * 1000);
    assert_int_equal(ps_clock_init(&fixture->clock, PS_STR(""), &err), PS_OK);

    const struct ps_aws_flags flags = {.endpoint_url = fake_server_url(fixture->server)};
    struct ps_aws_settings settings PS_CLEANUP(ps_aws_settings_release);
    assert_int_equal(ps_aws_settings_load(&flags, &settings, &err), PS_OK);
    struct ps_credentials credentials PS_CLEANUP(ps_credentials_release);
    ps_credentials_init(&credentials);
    assert_int_equal(ps_credentials_set(&credentials, PS_STR("AKID"), PS_STR("topsecret"),
                                        PS_STR("the-token"), "a test", &err),
                     PS_OK);
    struct ps_world_aws_options all = {0};
    if (options != NULL) {
        all = *options;
    }
    all.lanes = lanes;
    all.lane_count = sizeof lanes / sizeof lanes[0];
    all.settings = &settings;
    all.credentials = &credentials;
    all.streams = (struct ps_streams){&ops, fixture};
    all.clock = &fixture->clock;
    assert_int_equal(ps_world_aws_new(&all, &fixture->world_aws, &err), PS_OK);
    fixture->world = ps_world_aws_port(fixture->world_aws);
}

void fixture_stop(struct fixture *const fixture)
{
    fixture->world_aws = ps_world_aws_free(fixture->world_aws);
    fixture->server = fake_server_stop(fixture->server);
    ps_fact_release(&fixture->fact);
    ps_buf_release(&fixture->sink);
    assert_int_equal(fixture->open_count, fixture->close_count);
}

const struct ps_fact *fixture_do(struct fixture *const fixture, const struct ps_wish *const wish)
{
    ps_fact_release(&fixture->fact);
    fixture->world.ops->start(fixture->world.context, wish);
    const int64_t deadline_ms = ps_clock_now(&fixture->clock).steady_ms + FACT_WAIT_MS;
    assert_true(fixture->world.ops->next_fact(fixture->world.context, deadline_ms, &fixture->fact));
    assert_int_equal(fixture->fact.wish_id, wish->id);
    assert_int_equal(fixture->fact.kind, wish->kind);
    assert_int_equal(fixture->fact.job, wish->job);
    assert_int_equal(fixture->fact.shard, wish->shard);
    return &fixture->fact;
}

void assert_contains(const char *const text, const char *const part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' is not in:\n%s", part, text);
    }
}

void assert_request(struct fixture *const fixture, const size_t index, const char *const part)
{
    assert_contains(fake_server_head(fixture->server, index), part);
}

void assert_no_request(struct fixture *const fixture, const size_t index, const char *const part)
{
    const char *const head = fake_server_head(fixture->server, index);
    if (strstr(head, part) != NULL) {
        fail_msg("'%s' is in:\n%s", part, head);
    }
}
