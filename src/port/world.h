/*
 * world - the whole outside world in one table of functions: AWS over HTTPS, or a simulation of it.
 *
 * Never blocks but in next_fact. Retries nothing by itself: a failed act is a fact, and the engine
 * decides. After YES it happened; after NO it surely did not; after UNKNOWN it may have.
 *
 * Owner: whoever made the adapter. Threads: all calls from one.
 */
#ifndef PS_PORT_WORLD_H
#define PS_PORT_WORLD_H

#include "core/wish.h"

struct ps_world_ops {
    /* Begins `wish` and returns at once; the wish and what it points to are copied. */
    void (*start)(void *context, const struct ps_wish *wish);

    /*
     * The next fact, late ones included; false at `deadline_ms` (the run's steady clock) without
     * one, or early after wake(). *ret_fact is the caller's to release.
     */
    bool (*next_fact)(void *context, int64_t deadline_ms, struct ps_fact *ret_fact);

    /* Makes a next_fact that waits return; safe from any thread and from a signal handler. */
    void (*wake)(void *context);
};

struct ps_world {
    const struct ps_world_ops *ops;
    void *context;
};

/*
 * Where the bytes of a PUT come from and where those of a GET go. Given to the adapter when it is
 * made; called from inside next_fact.
 */
struct ps_body {
    int64_t size_bytes;
    uint32_t crc32; /* of the whole body */
    void *state;    /* the source's own */
};

struct ps_streams_ops {
    /* The body of shard (wish->job, wish->shard), or of an INVOKE the modelInput of wish->record
     * alone, from its first byte. May be opened more than once. */
    enum ps_status (*open_body)(void *context, const struct ps_wish *wish, struct ps_body *ret_body,
                                struct ps_error *err);

    /* The next bytes, at most `room_size`; *ret_size 0 only after the last one. */
    enum ps_status (*read_body)(void *context, struct ps_body *body, char *room, size_t room_size,
                                size_t *ret_size, struct ps_error *err);
    void (*close_body)(void *context, struct ps_body *body);

    /* Bytes of the object of `wish`; `offset` is where they stand in it, and never skips. */
    enum ps_status (*write_sink)(void *context, const struct ps_wish *wish, int64_t offset,
                                 struct ps_str bytes, struct ps_error *err);
};

struct ps_streams {
    const struct ps_streams_ops *ops;
    void *context;
};

#endif
