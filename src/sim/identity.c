#include "sim/identity.h"

#include "base/limits.h"
#include "sim/event_fields.h"
#include "sim/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IDENTITY_BYTES_MAX 4096

static void set_text(char *const room, const size_t room_size, const struct ps_str text)
{
    (void)snprintf(room, room_size, "%.*s", PS_STR_ARGS(text));
}

static void complete(struct ps_identity *const identity)
{
    (void)snprintf(identity->other_bucket, sizeof identity->other_bucket, "%s-elsewhere",
                   identity->bucket);
    set_text(identity->other_region, sizeof identity->other_region,
             strcmp(identity->region, "eu-west-1") == 0 ? PS_STR("us-west-2")
                                                        : PS_STR("eu-west-1"));
    (void)snprintf(identity->role_arn, sizeof identity->role_arn,
                   "arn:aws:iam::%s:role/PenstockBatch", identity->account_id);
    (void)snprintf(identity->caller_role_arn, sizeof identity->caller_role_arn,
                   "arn:aws:iam::%s:role/PenstockCaller", identity->account_id);
    (void)snprintf(identity->user_arn, sizeof identity->user_arn, "arn:aws:iam::%s:user/penstock",
                   identity->account_id);
}

void ps_identity_draw(struct ps_identity *const identity,
                      const uint8_t random[const PS_IDENTITY_RANDOM_BYTES])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcdefghijklmnopqrstuvwxyz01+/89";
    memset(identity, 0, sizeof *identity);
    for (size_t at = 0; at < 12; at++) {
        identity->account_id[at] = (char)('0' + random[at] % 10);
    }
    identity->account_id[0] = (char)('1' + random[0] % 9);
    memcpy(identity->access_key_id, "AKIA", 4);
    for (size_t at = 0; at < 16; at++) {
        identity->access_key_id[4 + at] = letters[random[at] % 32];
    }
    for (size_t at = 0; at < 40; at++) {
        identity->secret_access_key[at] = letters[random[16 + at] % 64];
    }
    uint32_t number = 0;
    memcpy(&number, random + 8, sizeof number);
    (void)snprintf(identity->bucket, sizeof identity->bucket, "penstock-%08x", number);
    set_text(identity->region, sizeof identity->region, PS_STR("us-east-1"));
    memcpy(&identity->seed, random + 56, sizeof identity->seed);
    identity->seed >>= 1; /* it is a number of the event log too */
    identity->speed = 1;
    complete(identity);
}

static enum ps_status read_file(const char *const path, char *const room, const size_t room_size,
                                size_t *const ret_size, struct ps_error *const err)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return ps_error_set_errno(err, errno == ENOENT ? PS_E_NOT_FOUND : PS_E_IO, errno,
                                  "could not open '%s'", path);
    }
    const ssize_t got = read(file, room, room_size);
    const int error_number = errno;
    (void)close(file);
    if (got < 0) {
        return ps_error_set_errno(err, PS_E_IO, error_number, "could not read '%s'", path);
    }
    *ret_size = (size_t)got;
    return PS_OK;
}

enum ps_status ps_identity_load(struct ps_identity *const identity, const char *const folder,
                                struct ps_error *const err)
{
    char path[PATH_MAX];
    char room[IDENTITY_BYTES_MAX];
    size_t size = 0;
    (void)snprintf(path, sizeof path, "%s/identity.json", folder);
    const enum ps_status status = read_file(path, room, sizeof room, &size, err);
    if (status != PS_OK) {
        return status;
    }
    yyjson_doc *const doc = yyjson_read(room, size, 0);
    yyjson_val *const root = yyjson_doc_get_root(doc);
    memset(identity, 0, sizeof *identity);
    set_text(identity->account_id, sizeof identity->account_id, ps_event_text(root, "account_id"));
    set_text(identity->access_key_id, sizeof identity->access_key_id,
             ps_event_text(root, "access_key_id"));
    set_text(identity->secret_access_key, sizeof identity->secret_access_key,
             ps_event_text(root, "secret_access_key"));
    set_text(identity->region, sizeof identity->region, ps_event_text(root, "region"));
    set_text(identity->bucket, sizeof identity->bucket, ps_event_text(root, "bucket"));
    identity->seed = (uint64_t)ps_event_number(root, "seed");
    identity->origin_ms = ps_event_number(root, "origin_ms");
    identity->speed = ps_event_number(root, "speed");
    yyjson_doc_free(doc);
    if (strlen(identity->account_id) != 12 || identity->bucket[0] == '\0' ||
        identity->secret_access_key[0] == '\0' || identity->speed < 1) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                            "cannot use '%s': it is not an emulator's identity", path);
    }
    complete(identity);
    return PS_OK;
}

enum ps_status ps_identity_replace_file(const char *const path, const struct ps_str text,
                                        struct ps_error *const err)
{
    char temporary[PATH_MAX];
    (void)snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    const int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not make '%s'", temporary);
    }
    size_t at = 0;
    while (at < text.size) {
        const ssize_t put = write(file, text.data + at, text.size - at);
        if (put < 0 && errno != EINTR) {
            const int error_number = errno;
            (void)close(file);
            (void)unlink(temporary);
            return ps_error_set_errno(err, PS_E_IO, error_number, "could not write '%s'",
                                      temporary);
        }
        at += put > 0 ? (size_t)put : 0;
    }
    (void)close(file);
    if (rename(temporary, path) != 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not write '%s'", path);
    }
    return PS_OK;
}

enum ps_status ps_identity_save(const struct ps_identity *const identity, const char *const folder,
                                struct ps_error *const err)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/identity.json", folder);
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, IDENTITY_BYTES_MAX);
    struct ps_writer writer = {.buf = &buf};
    ps_writer_open(&writer, NULL, '{');
    ps_writer_text(&writer, "account_id", ps_str_of(identity->account_id));
    ps_writer_text(&writer, "access_key_id", ps_str_of(identity->access_key_id));
    ps_writer_text(&writer, "secret_access_key", ps_str_of(identity->secret_access_key));
    ps_writer_text(&writer, "region", ps_str_of(identity->region));
    ps_writer_text(&writer, "bucket", ps_str_of(identity->bucket));
    ps_writer_number(&writer, "seed", (int64_t)identity->seed);
    ps_writer_number(&writer, "origin_ms", identity->origin_ms);
    ps_writer_number(&writer, "speed", identity->speed);
    ps_writer_close(&writer, '}');
    ps_buf_add(&buf, PS_STR("\n"));
    return ps_identity_replace_file(path, ps_buf_str(&buf), err);
}

enum ps_status ps_identity_set_speed(struct ps_identity *const identity, const int64_t speed,
                                     const int64_t real_ms, struct ps_error *const err)
{
    if (identity->origin_ms == 0) {
        identity->origin_ms = real_ms;
        identity->speed = speed;
        return PS_OK;
    }
    if (speed == identity->speed) {
        return PS_OK;
    }
    const int64_t ahead_ms = (real_ms - identity->origin_ms) * (identity->speed - 1);
    if (speed == 1 && ahead_ms > 0) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot go on at speed 1: simulated time is %lld minutes ahead",
                           (long long)(ahead_ms / 60000));
        return ps_error_hint(err, "Use a speed above 1, or another data folder.");
    }
    if (speed > 1) {
        /* origin + (real - origin) * speed = real + ahead, the origin rounded to the earlier one */
        const int64_t back_ms = (ahead_ms + speed - 2) / (speed - 1);
        identity->origin_ms = real_ms - back_ms;
    }
    identity->speed = speed;
    return PS_OK;
}
