/*
 * client - an emulator in a folder of its own, and a client that speaks HTTP to it over a raw
 * socket.
 *
 * Requests are signed with aws/sigv4 unless told otherwise; what is sent is what stands here, byte
 * for byte.
 */
#ifndef PS_TEST_EMU_CLIENT_H
#define PS_TEST_EMU_CLIENT_H

#include "base/str.h"
#include "emu/emulator.h"

struct client {
    char *folder;
    struct ps_emulator *emulator;
    const char *faults;
    char limits_path[256];
    char env_path[256];
    char ledger_path[256];
    int64_t speed;
    char target[256]; /* the last job's input and such, for the tests */
};

/* Simulated time runs `speed` times faster. `limits` is the text of a limits file, or NULL. */
void client_start(struct client *client, int64_t speed, const char *faults, const char *limits);
void client_restart(struct client *client);
void client_stop(struct client *client);

struct sending {
    const char *service; /* "s3" when NULL */
    const char *method;
    const char *target;  /* path and query as they go on the line */
    const char *headers; /* more of them, "name: value" lines ended by '\n'; all signed */
    struct ps_str body;
    const char *payload_hash;  /* NULL: of the body */
    const char *access_key_id; /* NULL: the emulator's */
    const char *secret;
    const char *region;
    int64_t shift_ms; /* of the clock it signs by */
    bool is_unsigned;
    bool is_chunked; /* Transfer-Encoding: chunked instead of a length */
};

struct reply {
    int status; /* 0: closed without an answer */
    char *head; /* all header lines */
    char *body;
    size_t body_size;
    bool is_whole; /* as long as it said */
};

struct reply client_send(const struct client *client, const struct sending *sending);
void reply_release(struct reply *reply);

/* Sends and throws away all but the status. */
int client_status(const struct client *client, const struct sending *sending);

/* A header's value in `room`; "" when there is none. */
const char *reply_header(const struct reply *reply, const char *name, char room[256]);

/* Raw bytes out, everything until the server closes back; free() it. */
char *client_raw(const struct client *client, struct ps_str bytes, size_t *ret_size);

/* Likewise, but `body` is held back until something was answered to `head`. */
char *client_raw_in_two(const struct client *client, struct ps_str head, struct ps_str body,
                        size_t *ret_size);

/* The bytes of a signed request, for those who send them themselves; free() it. */
char *client_request(const struct client *client, const struct sending *sending,
                     const char *connection, size_t *ret_size);

/* Shorthands: "/bucket/key" of the emulator's bucket in `room`. */
const char *client_path(const struct client *client, const char *key, char room[512]);
int client_put(const struct client *client, const char *key, const char *text);
struct reply client_get(const struct client *client, const char *key);

/* How many lines of the event log hold `text`. */
int client_count_events(const struct client *client, const char *text);

#endif
