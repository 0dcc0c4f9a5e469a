#include "base/assert.h"
#include "sim/virtual_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct ps_virtual_bucket *ps_virtual_bucket(struct ps_virtual *const service,
                                            const struct ps_str name)
{
    for (size_t place = 0; place < service->bucket_count; place++) {
        if (ps_str_equals_text(name, service->buckets[place]->name)) {
            return service->buckets[place];
        }
    }
    struct ps_virtual_bucket *const bucket = calloc(1, sizeof *bucket);
    service->buckets =
        realloc(service->buckets, (service->bucket_count + 1) * sizeof(struct ps_virtual_bucket *));
    PS_ASSERT(bucket != NULL && service->buckets != NULL);
    bucket->name = ps_str_dup(name);
    service->buckets[service->bucket_count++] = bucket;
    return bucket;
}

static void free_shelf(struct ps_virtual_shelf *const shelf)
{
    for (size_t place = 0; place < shelf->count; place++) {
        free(shelf->objects[place]->key);
        free(shelf->objects[place]->ranges.rows);
        free(shelf->objects[place]);
    }
    free(shelf->objects);
}

void ps_virtual_free_bucket(struct ps_virtual_bucket *const bucket)
{
    free_shelf(&bucket->puts);
    free_shelf(&bucket->outputs);
    free(bucket->name);
    free(bucket);
}

/* The first place whose key is not before `key`. New keys mostly come last: looked at first. */
static size_t place_of(const struct ps_virtual_shelf *const shelf, const struct ps_str key)
{
    size_t from = 0;
    size_t count = shelf->count;
    if (count == 0 || ps_str_compare(ps_str_of(shelf->objects[count - 1]->key), key) < 0) {
        return count;
    }
    while (count > 0) {
        const size_t half = count / 2;
        if (ps_str_compare(ps_str_of(shelf->objects[from + half]->key), key) < 0) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from;
}

static struct ps_virtual_object *find_on(const struct ps_virtual_shelf *const shelf,
                                         const struct ps_str key)
{
    const size_t place = place_of(shelf, key);
    if (place == shelf->count || !ps_str_equals_text(key, shelf->objects[place]->key) ||
        shelf->objects[place]->is_deleted) {
        return NULL;
    }
    return shelf->objects[place];
}

struct ps_virtual_object *ps_virtual_find_object(const struct ps_virtual_bucket *const bucket,
                                                 const struct ps_str key)
{
    struct ps_virtual_object *const put = find_on(&bucket->puts, key);
    return put != NULL ? put : find_on(&bucket->outputs, key);
}

void ps_virtual_put_object(struct ps_virtual_bucket *const bucket,
                           struct ps_virtual_object *const object)
{
    struct ps_virtual_shelf *const shelf = object->job == NULL ? &bucket->puts : &bucket->outputs;
    const size_t place = place_of(shelf, ps_str_of(object->key));
    if (shelf->count == shelf->capacity) {
        shelf->capacity = shelf->capacity == 0 ? 64 : 2 * shelf->capacity;
        shelf->objects =
            realloc(shelf->objects, shelf->capacity * sizeof(struct ps_virtual_object *));
        PS_ASSERT(shelf->objects != NULL);
    }
    memmove(&shelf->objects[place + 1], &shelf->objects[place],
            (shelf->count - place) * sizeof(struct ps_virtual_object *));
    shelf->objects[place] = object;
    shelf->count++;
}

/* The next object of a shelf under the prefix; NULL: none. Deleted ones stay, jobs may read them.
 */
static struct ps_virtual_object *next_on(const struct ps_virtual_shelf *const shelf,
                                         size_t *const place, const struct ps_str prefix)
{
    while (*place < shelf->count && shelf->objects[*place]->is_deleted) {
        (*place)++;
    }
    struct ps_virtual_object *const object = *place < shelf->count ? shelf->objects[*place] : NULL;
    return object != NULL && ps_str_starts_with(ps_str_of(object->key), prefix) ? object : NULL;
}

void ps_virtual_each_object(const struct ps_virtual_bucket *const bucket,
                            const struct ps_str prefix,
                            bool (*const visit)(void *context, struct ps_virtual_object *object),
                            void *const context)
{
    size_t put_place = place_of(&bucket->puts, prefix);
    size_t output_place = place_of(&bucket->outputs, prefix);
    for (;;) {
        struct ps_virtual_object *const put = next_on(&bucket->puts, &put_place, prefix);
        struct ps_virtual_object *const output = next_on(&bucket->outputs, &output_place, prefix);
        if (put == NULL && output == NULL) {
            return;
        }
        const bool is_put = output == NULL || (put != NULL && strcmp(put->key, output->key) < 0);
        if (!visit(context, is_put ? put : output)) {
            return;
        }
        put_place += is_put ? 1 : 0;
        output_place += is_put ? 0 : 1;
    }
}

void ps_virtual_etag(const struct ps_virtual_object *const object,
                     char ret_etag[PS_VIRTUAL_ETAG_SIZE])
{
    const unsigned long long hash = XXH3_64bits(object->key, strlen(object->key));
    (void)snprintf(ret_etag, PS_VIRTUAL_ETAG_SIZE, "\"%016llx\"", hash);
}
