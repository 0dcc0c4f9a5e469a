#include "cli/wire.h"

#include "aws/world_aws.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/time.h"
#include "emu/emulator.h"
#include "os/files.h"

#include <stdlib.h>
#include <string.h>

#define TRANSFERS_MAX 16

struct ps_wire {
    struct ps_emulator *emulator; /* local runs */
    struct ps_aws_settings aws;
    bool has_aws;
    struct ps_credentials credentials;
    struct ps_world_aws *world;
    char *clock_spec;
};

struct ps_wire *ps_wire_free(struct ps_wire *const wire)
{
    if (wire != NULL) {
        (void)ps_world_aws_free(wire->world);
        ps_credentials_release(&wire->credentials);
        if (wire->has_aws) {
            ps_aws_settings_release(&wire->aws);
        }
        (void)ps_emulator_stop(wire->emulator);
        free(wire->clock_spec);
        free(wire);
    }
    return NULL;
}

static void free_auto(struct ps_wire **const wire)
{
    *wire = ps_wire_free(*wire);
}

/* What the environment says of AWS is not meant for a local run. */
static void forget_environment(void)
{
    static const char *const names[] = {
        "AWS_PROFILE",         "AWS_DEFAULT_PROFILE",        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_BEDROCK",   "AWS_ENDPOINT_URL_STS",
        "AWS_CONFIG_FILE",     "AWS_SHARED_CREDENTIALS_FILE"};
    for (size_t name = 0; name < sizeof(names) / sizeof(names[0]); name++) {
        (void)unsetenv(names[name]);
    }
}

static void write_limit(const struct ps_lane *const lane, const enum ps_limit_key key,
                        struct ps_buf *const text)
{
    const int64_t value = lane->limits[key].value;
    if (key == PS_LIMIT_RESET) {
        ps_buf_add_format(text, ",reset=%02lld:%02lldZ", (long long)(value / PS_HOUR_MS),
                          (long long)(value % PS_HOUR_MS / PS_MINUTE_MS));
    } else if (key == PS_LIMIT_STARTUP) {
        ps_buf_add_format(text, ",startup=%lldms", (long long)value);
    } else {
        ps_buf_add_format(text, ",%s=%lld", ps_limit_name(key), (long long)value);
    }
}

/* The simulated account has the limits that the lane says the real one has. */
static enum ps_status write_limits(const struct ps_lane *const lane, const char *const path,
                                   struct ps_error *const err)
{
    static const char *const counts[] = {
        [PS_RPS_NOTHING] = "none", [PS_RPS_RECORDS] = "records", [PS_RPS_CALLS] = "calls"};
    static const char *const behaviours[] = {[PS_BEHAVIOUR_QUEUE] = "queue",
                                             [PS_BEHAVIOUR_REFUSE] = "refuse",
                                             [PS_BEHAVIOUR_LEARN] = "learn"};
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_buf_add_format(&text, "name=%s", lane->name);
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        if (lane->limits[key].value != PS_NO_LIMIT) {
            write_limit(lane, (enum ps_limit_key)key, &text);
        }
    }
    ps_buf_add_format(&text, ",rps_counts=%s,behaviour=%s\n", counts[lane->rps_counts],
                      behaviours[lane->behaviour]);
    return ps_files_write(path, ps_buf_str(&text), err);
}

static enum ps_status start_emulator(struct ps_wire *const wire,
                                     const struct ps_settings *const settings,
                                     const char *const folder, struct ps_error *const err)
{
    char *data PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "emulator");
    char *limits PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "emulator.limits");
    const struct ps_emulator_options options = {
        .data_folder = data, .speed = settings->speed, .limits_file = limits};
    forget_environment();
    if (write_limits(&settings->lane, limits, err) != PS_OK ||
        ps_emulator_start(&options, &wire->emulator, err) != PS_OK) {
        return err->status;
    }
    wire->clock_spec = ps_str_dup(ps_str_of(ps_emulator_clock(wire->emulator)));
    return ps_credentials_set(
        &wire->credentials, ps_str_of(ps_emulator_access_key_id(wire->emulator)),
        ps_str_of(ps_emulator_secret_access_key(wire->emulator)), PS_STR(""), "the emulator", err);
}

static bool is_loopback(const struct ps_str host)
{
    const struct ps_str name = ps_str_part(host, 0, ps_str_find(host, ':'));
    return ps_str_starts_with(host, PS_STR("127.")) || ps_str_equals_text(name, "localhost") ||
           ps_str_starts_with(host, PS_STR("[::1]"));
}

/* A sped-up clock against a real service would break every wait of rules R2 and R3. */
static enum ps_status check_clock(const struct ps_wire *const wire, struct ps_error *const err)
{
    struct ps_buf host PS_CLEANUP(ps_buf_release);
    ps_buf_init(&host, PS_TEXT_BYTES_MAX);
    ps_wire_add_host(wire, &host);
    if (wire->clock_spec[0] == '\0' || is_loopback(ps_buf_str(&host))) {
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use PENSTOCK_CLOCK with '%.100s'",
                       ps_buf_text(&host));
    return ps_error_hint(err, "It belongs to an emulator on this machine: unset it.");
}

enum ps_status ps_wire_new(const struct ps_options *const options,
                           const struct ps_settings *const settings, const char *const folder,
                           struct ps_wire **const ret_wire, struct ps_error *const err)
{
    struct ps_wire *wire PS_CLEANUP(free_auto) = calloc(1, sizeof(*wire));
    PS_ASSERT(wire != NULL);
    ps_credentials_init(&wire->credentials);
    struct ps_aws_flags flags = {options->profile, settings->lane.region, options->endpoint_url};
    if (settings->is_local) {
        if (start_emulator(wire, settings, folder, err) != PS_OK) {
            return err->status;
        }
        flags = (struct ps_aws_flags){NULL, settings->lane.region,
                                      ps_emulator_endpoint_url(wire->emulator)};
    } else {
        wire->clock_spec = ps_str_dup(ps_str_of(getenv("PENSTOCK_CLOCK")));
    }
    if (ps_aws_settings_load(&flags, &wire->aws, err) != PS_OK) {
        return err->status;
    }
    wire->has_aws = true;
    if (!settings->is_local && ps_credentials_load(&wire->aws, &wire->credentials, err) != PS_OK) {
        return err->status;
    }
    *ret_wire = PS_TAKE(&wire);
    return PS_OK;
}

const char *ps_wire_clock_spec(const struct ps_wire *const wire)
{
    return wire->clock_spec;
}

const char *ps_wire_local_bucket(const struct ps_wire *const wire)
{
    return wire->emulator == NULL ? NULL : ps_emulator_bucket(wire->emulator);
}

const char *ps_wire_local_role(const struct ps_wire *const wire)
{
    return wire->emulator == NULL ? NULL : ps_emulator_role_arn(wire->emulator);
}

enum ps_status ps_wire_world(struct ps_wire *const wire, const struct ps_settings *const settings,
                             const struct ps_streams streams, const struct ps_clock *const clock,
                             struct ps_world *const ret_world, struct ps_error *const err)
{
    const struct ps_world_aws_lane lanes[] = {{settings->lane.region, settings->bucket, NULL}};
    const struct ps_world_aws_options options = {.lanes = lanes,
                                                 .lane_count = 1,
                                                 .settings = &wire->aws,
                                                 .credentials = &wire->credentials,
                                                 .streams = streams,
                                                 .clock = clock,
                                                 .transfers_max = TRANSFERS_MAX};
    if (ps_world_aws_new(&options, &wire->world, err) != PS_OK || check_clock(wire, err) != PS_OK) {
        return err->status;
    }
    *ret_world = ps_world_aws_port(wire->world);
    return PS_OK;
}

enum ps_status ps_wire_check(const struct ps_options *const options,
                             const struct ps_settings *const settings, struct ps_error *const err)
{
    struct ps_wire *wire PS_CLEANUP(free_auto) = NULL;
    struct ps_clock clock;
    struct ps_world world;
    PS_ASSERT(!settings->is_local);
    if (ps_wire_new(options, settings, NULL, &wire, err) != PS_OK ||
        ps_clock_init(&clock, ps_str_of(wire->clock_spec), err) != PS_OK) {
        return err->status;
    }
    return ps_wire_world(wire, settings, (struct ps_streams){NULL, NULL}, &clock, &world, err);
}

void ps_wire_add_host(const struct ps_wire *const wire, struct ps_buf *const buf)
{
    const struct ps_str host = ps_str_of(ps_world_aws_host(wire->world, 0, PS_AWS_BEDROCK));
    ps_buf_add(buf, is_loopback(host) ? ps_str_part(host, 0, ps_str_find(host, ':')) : host);
}

enum ps_status ps_wire_region(const struct ps_options *const options, char **const ret_region,
                              struct ps_error *const err)
{
    struct ps_aws_settings settings;
    const struct ps_aws_flags flags = {options->profile, options->region, options->endpoint_url};
    if (ps_aws_settings_load(&flags, &settings, err) != PS_OK) {
        return err->status;
    }
    const enum ps_status status = ps_aws_settings_region(&settings, ret_region, err);
    ps_aws_settings_release(&settings);
    return status;
}
