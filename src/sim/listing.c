#include "sim/listing.h"

#include "base/assert.h"
#include "sim/world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of `key` that folds it into a common prefix; "" when it stands for itself. */
static struct ps_str common_prefix(const struct ps_listing_query *const query,
                                   const struct ps_str key)
{
    if (query->delimiter.size == 0) {
        return PS_STR("");
    }
    const struct ps_str rest = ps_str_part(key, query->prefix.size, key.size);
    const char *const found =
        memmem(rest.data, rest.size, query->delimiter.data, query->delimiter.size);
    if (found == NULL) {
        return PS_STR("");
    }
    return ps_str_part(key, 0, (size_t)(found - key.data) + query->delimiter.size);
}

static struct ps_listing_row *add_row(struct ps_listing *const listing, const struct ps_str key)
{
    listing->rows = realloc(listing->rows, (listing->count + 1) * sizeof *listing->rows);
    PS_ASSERT(listing->rows != NULL);
    struct ps_listing_row *const row = &listing->rows[listing->count++];
    memset(row, 0, sizeof *row);
    row->key = ps_str_dup(key);
    return row;
}

static void fill_view(struct ps_object_view *const view, const struct ps_object *const object)
{
    (void)snprintf(view->etag, sizeof view->etag, "%s", object->etag);
    view->algorithm = object->algorithm;
    view->is_composite = object->is_composite;
    view->size_bytes = object->size_bytes;
    view->modified_ms = object->modified_ms;
    view->file = -1;
}

static bool is_seen(const struct ps_call *const call, const struct ps_object *const object)
{
    const int64_t lag_ms = call->is_lagging ? PS_LAG_MS : 0;
    return object->visible_ms <= call->now_ms && object->modified_ms <= call->now_ms - lag_ms;
}

/* Adds what `object` shows as; false when the page is full and it would be one more. */
static bool add_object(const struct ps_listing_query *const query, struct ps_listing *const listing,
                       const struct ps_object *const object)
{
    const struct ps_str key = ps_str_of(object->key);
    const struct ps_str prefix = common_prefix(query, key);
    if (prefix.size > 0) {
        const bool is_last = listing->count > 0 && listing->rows[listing->count - 1].is_prefix &&
                             ps_str_equals_text(prefix, listing->rows[listing->count - 1].key);
        if (is_last || ps_str_equals(prefix, query->after)) {
            return true;
        }
    }
    if ((int64_t)listing->count >= query->page_max) {
        listing->is_truncated = true;
        return false;
    }
    struct ps_listing_row *const row = add_row(listing, prefix.size > 0 ? prefix : key);
    row->is_prefix = prefix.size > 0;
    if (!row->is_prefix) {
        fill_view(&row->view, object);
    }
    return true;
}

static void read_rows(const struct ps_call *const call, const struct ps_bucket *const bucket,
                      const struct ps_listing_query *const query, struct ps_listing *const listing)
{
    const bool is_after = ps_str_compare(query->after, query->prefix) > 0;
    size_t place = ps_objects_lower_bound(bucket, is_after ? query->after : query->prefix);
    for (; place < bucket->object_count; place++) {
        const struct ps_object *const object = bucket->objects[place];
        const struct ps_str key = ps_str_of(object->key);
        if (!ps_str_starts_with(key, query->prefix)) {
            break;
        }
        if (ps_str_compare(key, query->after) <= 0 || !is_seen(call, object)) {
            continue;
        }
        if (!add_object(query, listing, object)) {
            break;
        }
    }
}

/* A fault: outputs that are gone once they were listed. Lock held. */
static void let_vanish(struct ps_world *const world, const struct ps_call *const call,
                       const struct ps_bucket *const bucket, const struct ps_listing *const listing)
{
    bool has_any = false;
    for (size_t index = 0; index < listing->count; index++) {
        const struct ps_listing_row *const row = &listing->rows[index];
        const struct ps_object *const object =
            row->is_prefix ? NULL : ps_objects_find(bucket, ps_str_of(row->key));
        if (object != NULL && object->vanishes) {
            struct ps_writer *const line =
                ps_events_begin(world->events, call->now_ms, "object.deleted");
            ps_writer_text(line, "bucket", ps_str_of(bucket->name));
            ps_writer_text(line, "key", ps_str_of(row->key));
            ps_writer_text(line, "by", PS_STR("fault"));
            ps_events_end(world->events);
            has_any = true;
        }
    }
    if (has_any) {
        (void)!ps_world_commit(world, NULL);
    }
}

bool ps_listing_read(struct ps_world *const world, const struct ps_call *const call,
                     const struct ps_listing_query *const query,
                     struct ps_listing *const ret_listing, struct ps_refusal *const ret_refusal)
{
    memset(ret_listing, 0, sizeof *ret_listing);
    if (!ps_bucket_check(world, &query->place, ret_refusal)) {
        return false;
    }
    ps_world_lock(world);
    const struct ps_bucket *const bucket = ps_objects_bucket(&world->objects, query->place.bucket);
    if (query->page_max > 0) {
        read_rows(call, bucket, query, ret_listing);
    }
    let_vanish(world, call, bucket, ret_listing);
    ps_world_unlock(world);
    return true;
}

void ps_listing_release(struct ps_listing *const listing)
{
    for (size_t index = 0; index < listing->count; index++) {
        free(listing->rows[index].key);
    }
    free(listing->rows);
    memset(listing, 0, sizeof *listing);
}
