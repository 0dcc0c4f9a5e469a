#include "sim/objects.h"

#include "base/assert.h"
#include "sim/bodies.h"
#include "sim/event_fields.h"

#include <stdlib.h>
#include <string.h>

void ps_objects_init(struct ps_objects *const objects, const char *const data_folder)
{
    memset(objects, 0, sizeof *objects);
    objects->data_folder = ps_str_dup(ps_str_of(data_folder));
}

static void object_free(struct ps_object *const object)
{
    free(object->key);
    free(object->etag);
    free(object->by);
    free(object->content_type);
    free(object->checksum);
    free(object);
}

static void upload_free(struct ps_upload *const upload)
{
    for (size_t index = 0; index < upload->part_count; index++) {
        free(upload->parts[index].etag);
        free(upload->parts[index].checksum);
    }
    free(upload->parts);
    free(upload->id);
    free(upload->bucket);
    free(upload->key);
    free(upload->content_type);
    free(upload);
}

void ps_objects_release(struct ps_objects *const objects)
{
    for (size_t index = 0; index < objects->bucket_count; index++) {
        struct ps_bucket *const bucket = &objects->buckets[index];
        for (size_t place = 0; place < bucket->object_count; place++) {
            object_free(bucket->objects[place]);
        }
        free(bucket->objects);
        free(bucket->name);
        free(bucket->region);
    }
    for (size_t index = 0; index < objects->upload_count; index++) {
        upload_free(objects->uploads[index]);
    }
    free(objects->buckets);
    free(objects->uploads);
    free(objects->data_folder);
    memset(objects, 0, sizeof *objects);
}

struct ps_bucket *ps_objects_bucket(const struct ps_objects *const objects,
                                    const struct ps_str name)
{
    for (size_t index = 0; index < objects->bucket_count; index++) {
        if (ps_str_equals_text(name, objects->buckets[index].name)) {
            return &objects->buckets[index];
        }
    }
    return NULL;
}

size_t ps_objects_lower_bound(const struct ps_bucket *const bucket, const struct ps_str key)
{
    size_t low = 0;
    size_t high = bucket->object_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ps_str_compare(ps_str_of(bucket->objects[middle]->key), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct ps_object *ps_objects_find(const struct ps_bucket *const bucket, const struct ps_str key)
{
    const size_t place = ps_objects_lower_bound(bucket, key);
    const bool is_there =
        place < bucket->object_count && ps_str_equals_text(key, bucket->objects[place]->key);
    return is_there ? bucket->objects[place] : NULL;
}

static void apply_bucket(struct ps_objects *const objects, yyjson_val *const event)
{
    objects->buckets =
        realloc(objects->buckets, (objects->bucket_count + 1) * sizeof *objects->buckets);
    PS_ASSERT(objects->buckets != NULL);
    struct ps_bucket *const bucket = &objects->buckets[objects->bucket_count++];
    memset(bucket, 0, sizeof *bucket);
    bucket->name = ps_event_dup(event, "bucket");
    bucket->region = ps_event_dup(event, "region");
}

static void insert_object(struct ps_bucket *const bucket, const size_t place,
                          struct ps_object *const object)
{
    if (bucket->object_count == bucket->object_capacity) {
        bucket->object_capacity = bucket->object_capacity * 2 + 16;
        bucket->objects =
            realloc(bucket->objects, bucket->object_capacity * sizeof *bucket->objects);
        PS_ASSERT(bucket->objects != NULL);
    }
    memmove(&bucket->objects[place + 1], &bucket->objects[place],
            (bucket->object_count - place) * sizeof *bucket->objects);
    bucket->objects[place] = object;
    bucket->object_count++;
}

static void see_body(struct ps_objects *const objects, const int64_t number)
{
    objects->highest_body = number > objects->highest_body ? number : objects->highest_body;
}

static void apply_put(struct ps_objects *const objects, yyjson_val *const event)
{
    struct ps_bucket *const bucket = ps_objects_bucket(objects, ps_event_text(event, "bucket"));
    if (bucket == NULL) {
        return;
    }
    struct ps_object *const object = calloc(1, sizeof *object);
    PS_ASSERT(object != NULL);
    yyjson_val *const checksum = yyjson_obj_get(event, "checksum");
    object->key = ps_event_dup(event, "key");
    object->etag = ps_event_dup(event, "etag");
    object->by = ps_event_dup(event, "by");
    object->content_type = ps_event_dup(event, "content_type");
    object->checksum = ps_event_dup(checksum, "value");
    object->algorithm = ps_checksum_of(ps_event_text(checksum, "algorithm"));
    object->is_composite = ps_str_equals_text(ps_event_text(checksum, "type"), "COMPOSITE");
    object->size_bytes = ps_event_number(event, "size_bytes");
    object->modified_ms = ps_event_number(event, "modified_ms");
    object->visible_ms = ps_event_number(event, "visible_ms");
    object->body = ps_event_number(event, "body");
    object->vanishes = ps_event_bool(event, "vanishes");
    see_body(objects, object->body);

    const struct ps_str key = ps_str_of(object->key);
    const size_t place = ps_objects_lower_bound(bucket, key);
    if (place < bucket->object_count && ps_str_equals_text(key, bucket->objects[place]->key)) {
        ps_bodies_remove(objects->data_folder, bucket->objects[place]->body);
        object_free(bucket->objects[place]);
        bucket->objects[place] = object;
    } else {
        insert_object(bucket, place, object);
    }
}

static void apply_deleted(struct ps_objects *const objects, yyjson_val *const event)
{
    struct ps_bucket *const bucket = ps_objects_bucket(objects, ps_event_text(event, "bucket"));
    const struct ps_str key = ps_event_text(event, "key");
    if (bucket == NULL || ps_objects_find(bucket, key) == NULL) {
        return;
    }
    const size_t place = ps_objects_lower_bound(bucket, key);
    ps_bodies_remove(objects->data_folder, bucket->objects[place]->body);
    object_free(bucket->objects[place]);
    bucket->object_count--;
    memmove(&bucket->objects[place], &bucket->objects[place + 1],
            (bucket->object_count - place) * sizeof *bucket->objects);
}

struct ps_upload *ps_objects_upload(const struct ps_objects *const objects, const struct ps_str id)
{
    for (size_t index = 0; index < objects->upload_count; index++) {
        if (ps_str_equals_text(id, objects->uploads[index]->id)) {
            return objects->uploads[index];
        }
    }
    return NULL;
}

struct ps_part *ps_upload_part(const struct ps_upload *const upload, const int64_t number)
{
    for (size_t index = 0; index < upload->part_count; index++) {
        if (upload->parts[index].number == number) {
            return &upload->parts[index];
        }
    }
    return NULL;
}

static void apply_upload(struct ps_objects *const objects, yyjson_val *const event)
{
    struct ps_upload *const upload = calloc(1, sizeof *upload);
    objects->uploads =
        realloc(objects->uploads, (objects->upload_count + 1) * sizeof(struct ps_upload *));
    PS_ASSERT(upload != NULL && objects->uploads != NULL);
    upload->id = ps_event_dup(event, "upload_id");
    upload->bucket = ps_event_dup(event, "bucket");
    upload->key = ps_event_dup(event, "key");
    upload->content_type = ps_event_dup(event, "content_type");
    upload->algorithm = ps_checksum_of(ps_event_text(event, "algorithm"));
    upload->is_composite = ps_str_equals_text(ps_event_text(event, "checksum_type"), "COMPOSITE");
    upload->created_ms = ps_event_number(event, "time_ms");
    objects->uploads[objects->upload_count++] = upload;
}

static struct ps_part *place_part(struct ps_upload *const upload, const int64_t number)
{
    size_t place = 0;
    while (place < upload->part_count && upload->parts[place].number < number) {
        place++;
    }
    upload->parts = realloc(upload->parts, (upload->part_count + 1) * sizeof *upload->parts);
    PS_ASSERT(upload->parts != NULL);
    memmove(&upload->parts[place + 1], &upload->parts[place],
            (upload->part_count - place) * sizeof *upload->parts);
    memset(&upload->parts[place], 0, sizeof *upload->parts);
    upload->part_count++;
    return &upload->parts[place];
}

static void apply_part(struct ps_objects *const objects, yyjson_val *const event)
{
    struct ps_upload *const upload = ps_objects_upload(objects, ps_event_text(event, "upload_id"));
    if (upload == NULL) {
        return;
    }
    const int64_t number = ps_event_number(event, "part");
    struct ps_part *part = ps_upload_part(upload, number);
    if (part != NULL) {
        ps_bodies_remove(objects->data_folder, part->body);
        free(part->etag);
        free(part->checksum);
    } else {
        part = place_part(upload, number);
    }
    part->number = number;
    part->size_bytes = ps_event_number(event, "size_bytes");
    part->body = ps_event_number(event, "body");
    part->modified_ms = ps_event_number(event, "time_ms");
    part->etag = ps_event_dup(event, "etag");
    part->checksum = ps_event_dup(yyjson_obj_get(event, "checksum"), "value");
    see_body(objects, part->body);
}

static void apply_upload_end(struct ps_objects *const objects, yyjson_val *const event)
{
    const struct ps_str id = ps_event_text(event, "upload_id");
    for (size_t index = 0; index < objects->upload_count; index++) {
        struct ps_upload *const upload = objects->uploads[index];
        if (!ps_str_equals_text(id, upload->id)) {
            continue;
        }
        for (size_t part = 0; part < upload->part_count; part++) {
            ps_bodies_remove(objects->data_folder, upload->parts[part].body);
        }
        upload_free(upload);
        objects->upload_count--;
        memmove(&objects->uploads[index], &objects->uploads[index + 1],
                (objects->upload_count - index) * sizeof(struct ps_upload *));
        return;
    }
}

bool ps_objects_apply(struct ps_objects *const objects, const struct ps_str kind,
                      yyjson_val *const event)
{
    static const struct {
        const char *kind;
        void (*apply)(struct ps_objects *objects, yyjson_val *event);
    } rows[] = {
        {"object.put", apply_put},
        {"object.deleted", apply_deleted},
        {"bucket.created", apply_bucket},
        {"upload.created", apply_upload},
        {"upload.part", apply_part},
        {"upload.completed", apply_upload_end},
        {"upload.aborted", apply_upload_end},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        if (ps_str_equals_text(kind, rows[index].kind)) {
            rows[index].apply(objects, event);
            return true;
        }
    }
    return false;
}

static int compare_numbers(const void *const left, const void *const right)
{
    const int64_t one = *(const int64_t *)left;
    const int64_t other = *(const int64_t *)right;
    return one < other ? -1 : one > other;
}

static size_t count_bodies(const struct ps_objects *const objects)
{
    size_t count = 0;
    for (size_t index = 0; index < objects->bucket_count; index++) {
        count += objects->buckets[index].object_count;
    }
    for (size_t index = 0; index < objects->upload_count; index++) {
        count += objects->uploads[index]->part_count;
    }
    return count;
}

int64_t *ps_objects_bodies(const struct ps_objects *const objects, size_t *const ret_count)
{
    int64_t *const numbers = malloc((count_bodies(objects) + 1) * sizeof *numbers);
    PS_ASSERT(numbers != NULL);
    size_t count = 0;
    for (size_t index = 0; index < objects->bucket_count; index++) {
        const struct ps_bucket *const bucket = &objects->buckets[index];
        for (size_t place = 0; place < bucket->object_count; place++) {
            numbers[count++] = bucket->objects[place]->body;
        }
    }
    for (size_t index = 0; index < objects->upload_count; index++) {
        const struct ps_upload *const upload = objects->uploads[index];
        for (size_t part = 0; part < upload->part_count; part++) {
            numbers[count++] = upload->parts[part].body;
        }
    }
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    *ret_count = count;
    return numbers;
}
