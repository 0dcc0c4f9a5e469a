/*
 * upload_calls - uploads in parts. Each call returns false with *ret_refusal filled when it
 * refuses.
 *
 * Threads: any.
 */
#ifndef PS_SIM_UPLOAD_CALLS_H
#define PS_SIM_UPLOAD_CALLS_H

#include "sim/bucket_calls.h"

#define PS_UPLOAD_ID_SIZE 48
#define PS_PART_NUMBER_MAX 10000
#define PS_PART_BYTES_MIN ((int64_t)5 << 20) /* but the last */

struct ps_upload_start {
    struct ps_object_place place;
    struct ps_str content_type;
    enum ps_checksum algorithm;
    struct ps_str checksum_type; /* "", "FULL_OBJECT" or "COMPOSITE" */
};
PS_MUST_CHECK bool ps_upload_create(struct ps_world *world, const struct ps_call *call,
                                    const struct ps_upload_start *start,
                                    char ret_id[PS_UPLOAD_ID_SIZE], struct ps_refusal *ret_refusal);

/* What a part's body must be hashed with; refuses where there is no such upload. */
PS_MUST_CHECK bool ps_upload_algorithm(struct ps_world *world, const struct ps_object_place *place,
                                       struct ps_str id, enum ps_checksum *ret_algorithm,
                                       struct ps_refusal *ret_refusal);

struct ps_upload_part_put {
    struct ps_object_put put; /* place and expected digests */
    struct ps_str id;
    int64_t number;
};

/* The caller frees `body` in any case. */
PS_MUST_CHECK bool ps_upload_put_part(struct ps_world *world, const struct ps_call *call,
                                      const struct ps_upload_part_put *part,
                                      struct ps_body_file *body,
                                      struct ps_checksums_result *ret_digests,
                                      struct ps_refusal *ret_refusal);

struct ps_upload_part_ref {
    int64_t number;
    struct ps_str etag; /* with or without quotes */
};
struct ps_upload_end {
    struct ps_object_put put; /* place, conditions, and the expected full checksum */
    struct ps_str id;
    const struct ps_upload_part_ref *parts;
    size_t part_count;
    int64_t expected_size_bytes; /* x-amz-mp-object-size; -1: not given */
};
PS_MUST_CHECK bool ps_upload_complete(struct ps_world *world, const struct ps_call *call,
                                      const struct ps_upload_end *end,
                                      struct ps_object_view *ret_view,
                                      struct ps_refusal *ret_refusal);
PS_MUST_CHECK bool ps_upload_abort(struct ps_world *world, const struct ps_call *call,
                                   const struct ps_object_place *place, struct ps_str id,
                                   struct ps_refusal *ret_refusal);

/* Open uploads under the place's key as a prefix; `add` is called with the lock held. */
typedef void ps_upload_add(void *context, const char *key, const char *id, int64_t created_ms);
PS_MUST_CHECK bool ps_upload_list(struct ps_world *world, const struct ps_object_place *place,
                                  ps_upload_add *add, void *context,
                                  struct ps_refusal *ret_refusal);

struct ps_part_view {
    int64_t number;
    int64_t size_bytes;
    int64_t modified_ms;
    const char *etag;
};
typedef void ps_part_add(void *context, const struct ps_part_view *part);
PS_MUST_CHECK bool ps_upload_list_parts(struct ps_world *world, const struct ps_object_place *place,
                                        struct ps_str id, ps_part_add *add, void *context,
                                        struct ps_refusal *ret_refusal);

#endif
