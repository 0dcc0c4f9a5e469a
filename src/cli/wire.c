#include "cli/wire.h"

#include "aws/world_aws.h"
#include "base/assert.h"
#include "base/limits.h"
#include "core/pool.h"
#include "emu/emulator.h"
#include "os/files.h"

#include <stdlib.h>
#include <string.h>

#define TRANSFERS_MAX 16

/* How a lane reaches its account. */
struct wire_lane {
    struct ps_aws_settings aws;
    bool has_aws;
    struct ps_credentials credentials; /* of its profile; another lane's, where that has the same */
    int64_t keeper;                    /* the lane whose credentials they are */
    enum ps_aws_service worker;        /* who does its work: jobs, or calls */
};

struct ps_wire {
    struct ps_emulator *emulator; /* local runs */
    struct wire_lane *lanes;
    int64_t lane_count;
    struct ps_world_aws *world;
    char *clock_spec;
};

struct ps_wire *ps_wire_free(struct ps_wire *const wire)
{
    if (wire != NULL) {
        (void)ps_world_aws_free(wire->world);
        for (int64_t lane = 0; lane < wire->lane_count; lane++) {
            ps_credentials_release(&wire->lanes[lane].credentials);
            if (wire->lanes[lane].has_aws) {
                ps_aws_settings_release(&wire->lanes[lane].aws);
            }
        }
        free(wire->lanes);
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

/* The looser of two limits: for the smallest job that is the smaller one. */
static struct ps_limit looser(const enum ps_limit_key key, const struct ps_limit left,
                              const struct ps_limit right)
{
    if (left.value == PS_NO_LIMIT || right.value == PS_NO_LIMIT) {
        return (struct ps_limit){PS_NO_LIMIT, PS_SOURCE_NONE};
    }
    const bool is_left =
        key == PS_LIMIT_MIN_RECORDS ? left.value < right.value : left.value > right.value;
    return is_left ? left : right;
}

/* What the simulated account has for a pool: its limits, and the loosest of its lanes' own. */
static void pool_lane(const struct ps_settings *const settings, const struct ps_pools *const pools,
                      const int64_t place, struct ps_lane *const ret_lane)
{
    const struct ps_pool *const pool = &pools->pools[place];
    *ret_lane = settings->lanes[pool->first_lane];
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        if (ps_pool_has((enum ps_limit_key)key)) {
            ret_lane->limits[key] = pool->limits[key];
            continue;
        }
        for (int64_t lane = 0; lane < settings->lane_count; lane++) {
            if (pools->of_lane[lane] == place) {
                ret_lane->limits[key] = looser((enum ps_limit_key)key, ret_lane->limits[key],
                                               settings->lanes[lane].limits[key]);
            }
        }
    }
    ret_lane->s3_uri[0] = '\0';
    ret_lane->role_arn[0] = '\0';
    ret_lane->profile[0] = '\0';
    if (settings->lane_count == 1) {
        ret_lane->model[0] = '\0'; /* any */
        ret_lane->region[0] = '\0';
    }
}

/* The simulated account has the limits that the lanes say the real one has. */
static enum ps_status write_limits(const struct ps_settings *const settings, const char *const path,
                                   struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_pools pools PS_CLEANUP(ps_pools_release);
    ps_buf_init(&text, PS_MB);
    ps_pools_init(&pools);
    if (ps_pools_make(&pools, settings->lanes, settings->lane_count, err) != PS_OK) {
        return err->status;
    }
    for (int64_t pool = 0; pool < pools.count; pool++) {
        struct ps_lane lane;
        pool_lane(settings, &pools, pool, &lane);
        ps_lane_write(&lane, &text);
        ps_buf_add_text(&text, "\n");
    }
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
    if (write_limits(settings, limits, err) != PS_OK ||
        ps_emulator_start(&options, &wire->emulator, err) != PS_OK) {
        return err->status;
    }
    wire->clock_spec = ps_str_dup(ps_str_of(ps_emulator_clock(wire->emulator)));
    return PS_OK;
}

static bool is_loopback(const struct ps_str host)
{
    const struct ps_str name = ps_str_part(host, 0, ps_str_find(host, ':'));
    return ps_str_starts_with(host, PS_STR("127.")) || ps_str_equals_text(name, "localhost") ||
           ps_str_starts_with(host, PS_STR("[::1]"));
}

/* A sped-up clock against a real service would break every wait of rules R2 and R3. */
static enum ps_status check_clock(const struct ps_wire *const wire, const int64_t lane,
                                  struct ps_error *const err)
{
    struct ps_buf host PS_CLEANUP(ps_buf_release);
    ps_buf_init(&host, PS_TEXT_BYTES_MAX);
    ps_wire_add_host(wire, lane, &host);
    if (wire->clock_spec[0] == '\0' || is_loopback(ps_buf_str(&host))) {
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use PENSTOCK_CLOCK with '%.100s'",
                       ps_buf_text(&host));
    return ps_error_hint(err, "It belongs to an emulator on this machine: unset it.");
}

/* The lane before this one that has its profile; the lane itself: none. */
static int64_t keeper_of(const struct ps_settings *const settings, const int64_t lane)
{
    int64_t keeper = 0;
    while (keeper < lane && !settings->is_local &&
           strcmp(settings->lanes[keeper].profile, settings->lanes[lane].profile) != 0) {
        keeper++;
    }
    return settings->is_local ? 0 : keeper;
}

static enum ps_status load_credentials(struct ps_wire *const wire, const bool is_local,
                                       struct wire_lane *const lane, struct ps_error *const err)
{
    if (!is_local) {
        return ps_credentials_load(&lane->aws, &lane->credentials, err);
    }
    return ps_credentials_set(
        &lane->credentials, ps_str_of(ps_emulator_access_key_id(wire->emulator)),
        ps_str_of(ps_emulator_secret_access_key(wire->emulator)), PS_STR(""), "the emulator", err);
}

/* The lane's own profile goes over --profile, which is for lanes that name none. */
static enum ps_status open_lane(struct ps_wire *const wire, const struct ps_options *const options,
                                const struct ps_settings *const settings, const int64_t place,
                                struct ps_error *const err)
{
    struct wire_lane *const lane = &wire->lanes[place];
    const struct ps_lane *const said = &settings->lanes[place];
    const char *const profile = said->profile[0] == '\0' ? options->profile : said->profile;
    const struct ps_aws_flags flags =
        settings->is_local
            ? (struct ps_aws_flags){NULL, said->region, ps_emulator_endpoint_url(wire->emulator)}
            : (struct ps_aws_flags){profile, said->region, options->endpoint_url};
    if (ps_aws_settings_load(&flags, &lane->aws, err) != PS_OK) {
        return err->status;
    }
    lane->has_aws = true;
    lane->worker = said->kind == PS_KIND_ON_DEMAND ? PS_AWS_BEDROCK_RUNTIME : PS_AWS_BEDROCK;
    lane->keeper = keeper_of(settings, place);
    return lane->keeper == place ? load_credentials(wire, settings->is_local, lane, err) : PS_OK;
}

enum ps_status ps_wire_new(const struct ps_options *const options,
                           const struct ps_settings *const settings, const char *const folder,
                           struct ps_wire **const ret_wire, struct ps_error *const err)
{
    struct ps_wire *wire PS_CLEANUP(free_auto) = calloc(1, sizeof(*wire));
    PS_ASSERT(wire != NULL);
    wire->lane_count = settings->lane_count;
    wire->lanes = calloc((size_t)settings->lane_count, sizeof(wire->lanes[0]));
    PS_ASSERT(wire->lanes != NULL);
    for (int64_t lane = 0; lane < settings->lane_count; lane++) {
        ps_credentials_init(&wire->lanes[lane].credentials);
    }
    if (!settings->is_local) {
        wire->clock_spec = ps_str_dup(ps_str_of(getenv("PENSTOCK_CLOCK")));
    } else if (start_emulator(wire, settings, folder, err) != PS_OK) {
        return err->status;
    }
    for (int64_t lane = 0; lane < settings->lane_count; lane++) {
        if (open_lane(wire, options, settings, lane, err) != PS_OK) {
            return err->status;
        }
    }
    *ret_wire = PS_TAKE(&wire);
    return PS_OK;
}

const char *ps_wire_clock_spec(const struct ps_wire *const wire)
{
    return wire->clock_spec;
}

enum ps_status ps_wire_local_bucket(struct ps_wire *const wire, const char *const region,
                                    char **const ret_bucket, struct ps_error *const err)
{
    PS_ASSERT(wire->emulator != NULL);
    return ps_emulator_bucket_of(wire->emulator, region, ret_bucket, err);
}

const char *ps_wire_local_role(const struct ps_wire *const wire)
{
    PS_ASSERT(wire->emulator != NULL);
    return ps_emulator_role_arn(wire->emulator);
}

enum ps_status ps_wire_world(struct ps_wire *const wire, const struct ps_settings *const settings,
                             const struct ps_streams streams, const struct ps_clock *const clock,
                             struct ps_world *const ret_world, struct ps_error *const err)
{
    struct ps_world_aws_lane *const lanes = calloc((size_t)wire->lane_count, sizeof(*lanes));
    PS_ASSERT(lanes != NULL && wire->lane_count == settings->lane_count);
    for (int64_t lane = 0; lane < wire->lane_count; lane++) {
        lanes[lane] = (struct ps_world_aws_lane){
            .region = settings->lanes[lane].region,
            .bucket = settings->places[lane].bucket,
            .settings = &wire->lanes[lane].aws,
            .credentials = &wire->lanes[wire->lanes[lane].keeper].credentials,
        };
    }
    const struct ps_world_aws_options options = {.lanes = lanes,
                                                 .lane_count = wire->lane_count,
                                                 .streams = streams,
                                                 .clock = clock,
                                                 .transfers_max = TRANSFERS_MAX};
    enum ps_status status = ps_world_aws_new(&options, &wire->world, err);
    free(lanes);
    for (int64_t lane = 0; status == PS_OK && lane < wire->lane_count; lane++) {
        status = check_clock(wire, lane, err);
    }
    if (status == PS_OK) {
        *ret_world = ps_world_aws_port(wire->world);
    }
    return status;
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

void ps_wire_add_host(const struct ps_wire *const wire, const int64_t lane,
                      struct ps_buf *const buf)
{
    const struct ps_str host =
        ps_str_of(ps_world_aws_host(wire->world, lane, wire->lanes[lane].worker));
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
