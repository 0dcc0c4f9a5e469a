/*
 * listing - a page of what a bucket holds, in key order, folded at a delimiter.
 *
 * Owner: the caller of ps_listing_read; release it. Threads: any.
 */
#ifndef PS_SIM_LISTING_H
#define PS_SIM_LISTING_H

#include "sim/bucket_calls.h"

struct ps_listing_query {
    struct ps_object_place place; /* its key is not used */
    struct ps_str prefix;
    struct ps_str delimiter; /* "" : none */
    struct ps_str after;     /* the last item of the page before, or start-after */
    int64_t page_max;
};

struct ps_listing_row {
    char *key; /* or a common prefix */
    bool is_prefix;
    struct ps_object_view view; /* of an object */
};

struct ps_listing {
    struct ps_listing_row *rows;
    size_t count;
    bool is_truncated;
};

PS_MUST_CHECK bool ps_listing_read(struct ps_world *world, const struct ps_call *call,
                                   const struct ps_listing_query *query,
                                   struct ps_listing *ret_listing, struct ps_refusal *ret_refusal);
void ps_listing_release(struct ps_listing *listing);

#endif
