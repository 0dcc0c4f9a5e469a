#include "emu/emulator.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"
#include "emu/server.h"
#include "os/clock.h"
#include "sim/bucket_calls.h"
#include "sim/world.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long the stepping thread sleeps at most, and how long after a step that failed. */
#define NAP_MS_MAX PS_SECOND_MS
#define NAP_MS_FAILED INT64_C(100)

struct ps_emulator {
    struct ps_identity identity;
    struct ps_clock clock;
    struct ps_world *world;
    struct ps_emu_server *server;
    int lock_file;
    char endpoint_url[64];
    char clock_text[64];

    pthread_t stepper;
    bool has_stepper;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool has_changed;
    bool is_stopping;
};

/* ---- the thread that lets time pass ---- */

static void note_change(void *const context)
{
    struct ps_emulator *const emulator = context;
    (void)pthread_mutex_lock(&emulator->lock);
    emulator->has_changed = true;
    (void)pthread_cond_signal(&emulator->wake);
    (void)pthread_mutex_unlock(&emulator->lock);
}

/* Sleeps, unless something has changed meanwhile. False when it is time to end. */
static bool nap(struct ps_emulator *const emulator, const int64_t real_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(real_ms / PS_SECOND_MS);
    until.tv_nsec += (long)(real_ms % PS_SECOND_MS) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&emulator->lock);
    if (!emulator->is_stopping && !emulator->has_changed) {
        (void)pthread_cond_timedwait(&emulator->wake, &emulator->lock, &until);
    }
    emulator->has_changed = false;
    const bool goes_on = !emulator->is_stopping;
    (void)pthread_mutex_unlock(&emulator->lock);
    return goes_on;
}

/* How long to sleep, in real time, until something is due. */
static int64_t nap_ms(const struct ps_emulator *const emulator)
{
    const int64_t due_ms = ps_world_due_ms(emulator->world);
    const int64_t left_ms = due_ms - ps_clock_now(&emulator->clock).wall_ms;
    if (left_ms <= 0) {
        return NAP_MS_FAILED;
    }
    const int64_t real_ms = left_ms / emulator->clock.speed + 1;
    return real_ms < NAP_MS_MAX ? real_ms : NAP_MS_MAX;
}

static void *step(void *const context)
{
    struct ps_emulator *const emulator = context;
    bool goes_on = true;
    while (goes_on) {
        const bool has_stepped =
            ps_world_step(emulator->world, ps_clock_now(&emulator->clock).wall_ms);
        goes_on = nap(emulator, has_stepped ? 0 : nap_ms(emulator));
    }
    return NULL;
}

/* ---- the data folder ---- */

static enum ps_status open_folder(struct ps_emulator *const emulator, const char *const folder,
                                  struct ps_error *const err)
{
    char path[PATH_MAX];
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not make the folder '%s'", folder);
    }
    (void)snprintf(path, sizeof path, "%s/lock", folder);
    emulator->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (emulator->lock_file < 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not open '%s'", path);
    }
    if (flock(emulator->lock_file, LOCK_EX | LOCK_NB) != 0) {
        (void)ps_error_set(err, PS_E_CONFLICT, PS_RETRY_LATER,
                           "could not use '%s': another emulator does", folder);
        return ps_error_hint(err, "Stop that one, or give another --data folder.");
    }
    return PS_OK;
}

/* An error of `load` that only says that the folder is new. */
static enum ps_status load_identity(struct ps_emulator *const emulator, const char *const folder,
                                    const int64_t seed, struct ps_error *const err)
{
    uint8_t random[PS_IDENTITY_RANDOM_BYTES];
    const enum ps_status status = ps_identity_load(&emulator->identity, folder, err);
    if (status != PS_E_NOT_FOUND) {
        return status;
    }
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not draw an account");
    }
    ps_identity_draw(&emulator->identity, random);
    if (seed > 0) {
        emulator->identity.seed = (uint64_t)seed;
    }
    return PS_OK;
}

static enum ps_status open_world(struct ps_emulator *const emulator,
                                 const struct ps_emulator_options *const options,
                                 struct ps_error *const err)
{
    const int64_t speed = options->speed > 0 ? options->speed : 1;
    enum ps_status status = load_identity(emulator, options->data_folder, options->seed, err);
    if (status == PS_OK) {
        status = ps_identity_set_speed(&emulator->identity, speed, ps_clock_real_wall_ms(), err);
    }
    if (status == PS_OK) {
        status = ps_identity_save(&emulator->identity, options->data_folder, err);
    }
    if (status != PS_OK) {
        return status;
    }
    if (speed > 1) {
        (void)snprintf(emulator->clock_text, sizeof emulator->clock_text, "%lld,%lld",
                       (long long)emulator->identity.origin_ms, (long long)speed);
    }
    status = ps_clock_init(&emulator->clock, ps_str_of(emulator->clock_text), err);
    if (status != PS_OK) {
        return status;
    }
    const struct ps_world_options world_options = {
        .data_folder = options->data_folder,
        .identity = &emulator->identity,
        .faults = options->faults,
        .limits_file = options->limits_file,
        .ledger_file = options->ledger_file,
    };
    return ps_world_open(&world_options, ps_clock_now(&emulator->clock).wall_ms, &emulator->world,
                         err);
}

static enum ps_status write_env_file(const struct ps_emulator *const emulator,
                                     const char *const path, struct ps_error *const err)
{
    const struct {
        const char *name;
        const char *value;
    } rows[] = {
        {"AWS_ENDPOINT_URL", emulator->endpoint_url},
        {"AWS_ACCESS_KEY_ID", emulator->identity.access_key_id},
        {"AWS_SECRET_ACCESS_KEY", emulator->identity.secret_access_key},
        {"AWS_REGION", emulator->identity.region},
        {"PENSTOCK_ROLE_ARN", emulator->identity.role_arn},
        {"PENSTOCK_CALLER_ROLE_ARN", emulator->identity.caller_role_arn},
        {"PENSTOCK_BUCKET", emulator->identity.bucket},
        {"PENSTOCK_CLOCK", emulator->clock_text},
    };
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        if (rows[index].value[0] != '\0') {
            ps_buf_add_format(&buf, "export %s=%s\n", rows[index].name, rows[index].value);
        }
    }
    return ps_identity_replace_file(path, ps_buf_str(&buf), err);
}

/* ---- start and stop ---- */

static enum ps_status start_threads(struct ps_emulator *const emulator, const int64_t port,
                                    struct ps_error *const err)
{
    const struct ps_emu_server_options options = {
        .world = emulator->world,
        .clock = &emulator->clock,
        .port = port,
        .changed = note_change,
        .context = emulator,
    };
    const enum ps_status status = ps_emu_server_start(&options, &emulator->server, err);
    if (status != PS_OK) {
        return status;
    }
    (void)snprintf(emulator->endpoint_url, sizeof emulator->endpoint_url, "http://127.0.0.1:%lld",
                   (long long)ps_emu_server_port(emulator->server));
    const int error_number = pthread_create(&emulator->stepper, NULL, step, emulator);
    if (error_number != 0) {
        return ps_error_set_errno(err, PS_E_IO, error_number, "could not start a thread");
    }
    emulator->has_stepper = true;
    return PS_OK;
}

static void stop_auto(struct ps_emulator **const emulator)
{
    *emulator = ps_emulator_stop(*emulator);
}

enum ps_status ps_emulator_start(const struct ps_emulator_options *const options,
                                 struct ps_emulator **const ret_emulator,
                                 struct ps_error *const err)
{
    struct ps_emulator *emulator PS_CLEANUP(stop_auto) = calloc(1, sizeof *emulator);
    PS_ASSERT(emulator != NULL);
    emulator->lock_file = -1;
    (void)pthread_mutex_init(&emulator->lock, NULL);
    (void)pthread_cond_init(&emulator->wake, NULL);
    enum ps_status status = open_folder(emulator, options->data_folder, err);
    if (status == PS_OK) {
        status = open_world(emulator, options, err);
    }
    if (status == PS_OK) {
        status = start_threads(emulator, options->port, err);
    }
    if (status == PS_OK && options->env_file != NULL && options->env_file[0] != '\0') {
        status = write_env_file(emulator, options->env_file, err);
    }
    if (status != PS_OK) {
        return status;
    }
    *ret_emulator = PS_TAKE(&emulator);
    return PS_OK;
}

struct ps_emulator *ps_emulator_stop(struct ps_emulator *const emulator)
{
    if (emulator == NULL) {
        return NULL;
    }
    emulator->server = ps_emu_server_free(emulator->server);
    (void)pthread_mutex_lock(&emulator->lock);
    emulator->is_stopping = true;
    (void)pthread_cond_broadcast(&emulator->wake);
    (void)pthread_mutex_unlock(&emulator->lock);
    if (emulator->has_stepper) {
        (void)pthread_join(emulator->stepper, NULL);
    }
    emulator->world = ps_world_free(emulator->world);
    if (emulator->lock_file >= 0) {
        (void)close(emulator->lock_file);
    }
    (void)pthread_cond_destroy(&emulator->wake);
    (void)pthread_mutex_destroy(&emulator->lock);
    explicit_bzero(&emulator->identity, sizeof emulator->identity);
    free(emulator);
    return NULL;
}

const char *ps_emulator_endpoint_url(const struct ps_emulator *const emulator)
{
    return emulator->endpoint_url;
}

int64_t ps_emulator_port(const struct ps_emulator *const emulator)
{
    return ps_emu_server_port(emulator->server);
}

const char *ps_emulator_account_id(const struct ps_emulator *const emulator)
{
    return emulator->identity.account_id;
}

const char *ps_emulator_access_key_id(const struct ps_emulator *const emulator)
{
    return emulator->identity.access_key_id;
}

const char *ps_emulator_secret_access_key(const struct ps_emulator *const emulator)
{
    return emulator->identity.secret_access_key;
}

const char *ps_emulator_region(const struct ps_emulator *const emulator)
{
    return emulator->identity.region;
}

const char *ps_emulator_role_arn(const struct ps_emulator *const emulator)
{
    return emulator->identity.role_arn;
}

const char *ps_emulator_caller_role_arn(const struct ps_emulator *const emulator)
{
    return emulator->identity.caller_role_arn;
}

static enum ps_status make_bucket(struct ps_emulator *const emulator,
                                  const struct ps_object_place *const place,
                                  struct ps_error *const err)
{
    struct ps_call call;
    struct ps_refusal refusal = {.http_status = 200, .code = ""};
    ps_world_begin_call(emulator->world, PS_OP_ANY, ps_clock_now(&emulator->clock).wall_ms, &call);
    const bool is_made = ps_bucket_create(emulator->world, &call, place, &refusal);
    const struct ps_call_end end = {.op = "CreateBucket",
                                    .http_status = refusal.http_status,
                                    .code = refusal.code,
                                    .subject = place->bucket,
                                    .answer = "sent",
                                    .is_executed = is_made};
    if (ps_world_end_call(emulator->world, &call, &end, err) != PS_OK) {
        return err->status;
    }
    return is_made ? PS_OK
                   : ps_error_set(err, PS_E_IO, PS_RETRY_LATER, "could not make bucket '%.*s': %s",
                                  PS_STR_ARGS(place->bucket), refusal.message);
}

enum ps_status ps_emulator_bucket_of(struct ps_emulator *const emulator, const char *const region,
                                     char **const ret_bucket, struct ps_error *const err)
{
    char name[64];
    char found[32];
    if (strcmp(region, emulator->identity.region) == 0) {
        *ret_bucket = ps_str_dup(ps_str_of(emulator->identity.bucket));
        return PS_OK;
    }
    (void)snprintf(name, sizeof name, "%.30s-%.31s", emulator->identity.bucket, region);
    const struct ps_object_place place = {.bucket = ps_str_of(name), .region = ps_str_of(region)};
    ps_bucket_region(emulator->world, place.bucket, found);
    if (found[0] == '\0' && make_bucket(emulator, &place, err) != PS_OK) {
        return err->status;
    }
    *ret_bucket = ps_str_dup(place.bucket);
    return PS_OK;
}

const char *ps_emulator_bucket(const struct ps_emulator *const emulator)
{
    return emulator->identity.bucket;
}

const char *ps_emulator_clock(const struct ps_emulator *const emulator)
{
    return emulator->clock_text;
}
