/*
 * bucket_calls - what can be done with buckets and whole objects. Each returns false with
 * *ret_refusal filled when it refuses.
 *
 * Threads: any.
 */
#ifndef PS_SIM_BUCKET_CALLS_H
#define PS_SIM_BUCKET_CALLS_H

#include "sim/bodies.h"
#include "sim/world.h"

#define PS_KEY_BYTES_MAX 1024

/* Where a call goes, and what it says about it. */
struct ps_object_place {
    struct ps_str bucket;
    struct ps_str key;
    struct ps_str region; /* that the client signed for; "" : not looked at */
    struct ps_str owner;  /* x-amz-expected-bucket-owner, or "" */
};

/* The bucket exists, in this Region, with this owner; and the key, unless "", can be one. */
PS_MUST_CHECK bool ps_bucket_check(struct ps_world *world, const struct ps_object_place *place,
                                   struct ps_refusal *ret_refusal);

/* The bucket's Region, "" when there is no such bucket; a copy. */
void ps_bucket_region(struct ps_world *world, struct ps_str bucket, char ret_region[32]);
PS_MUST_CHECK bool ps_bucket_create(struct ps_world *world, const struct ps_call *call,
                                    const struct ps_object_place *place,
                                    struct ps_refusal *ret_refusal);

/* Names and Regions of all buckets, in the order of creation; `add` is called with the lock held.
 */
typedef void ps_bucket_add(void *context, const char *name, const char *region);
void ps_bucket_list(struct ps_world *world, ps_bucket_add *add, void *context);

PS_MUST_CHECK enum ps_status ps_object_new_body(struct ps_world *world, enum ps_checksum chosen,
                                                struct ps_body_file **ret_file,
                                                struct ps_error *err);

struct ps_object_put {
    struct ps_object_place place;
    struct ps_str content_type;
    bool is_if_none_match;
    struct ps_str if_match;          /* an ETag, with or without quotes, or "" */
    struct ps_str expected_sha256;   /* hex, or "" when the payload is not signed */
    struct ps_str expected_md5;      /* base64, or "" */
    struct ps_str expected_checksum; /* base64 of the body's chosen checksum, or "" */
};

/* May this put go on? Asked before the body is read, and again by ps_object_put. */
PS_MUST_CHECK bool ps_object_put_check(struct ps_world *world, const struct ps_object_put *put,
                                       struct ps_refusal *ret_refusal);

/* Makes the body an object; the caller frees `body` in any case. */
PS_MUST_CHECK bool ps_object_put(struct ps_world *world, const struct ps_call *call,
                                 const struct ps_object_put *put, struct ps_body_file *body,
                                 struct ps_checksums_result *ret_digests,
                                 struct ps_refusal *ret_refusal);

/* Whether what was written is what the client said it would be; `digests` are the body's. */
PS_MUST_CHECK bool ps_object_digests_check(const struct ps_object_put *put,
                                           const struct ps_checksums_result *digests,
                                           struct ps_refusal *ret_refusal);

/* An object as it was at one moment. */
struct ps_object_view {
    char etag[80];
    char content_type[128];
    char checksum[PS_CHECKSUM_TEXT_SIZE + 8];
    enum ps_checksum algorithm;
    bool is_composite;
    bool is_output; /* a job wrote it */
    int64_t size_bytes;
    int64_t modified_ms;
    int file; /* for reading, close() it; -1 when none was asked for */
};
PS_MUST_CHECK bool ps_object_open(struct ps_world *world, const struct ps_call *call,
                                  const struct ps_object_place *place, bool wants_file,
                                  struct ps_object_view *ret_view, struct ps_refusal *ret_refusal);

/* One that is not there counts as deleted. */
PS_MUST_CHECK bool ps_object_delete(struct ps_world *world, const struct ps_call *call,
                                    const struct ps_object_place *place,
                                    struct ps_refusal *ret_refusal);

#endif
