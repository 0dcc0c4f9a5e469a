#include "sim/bucket_calls.h"

#include "base/assert.h"
#include "codec/digest.h"
#include "sim/patterns.h"
#include "sim/world_internal.h"

#include <stdio.h>
#include <string.h>

/* Lock held. */
static struct ps_bucket *find_bucket(const struct ps_world *const world,
                                     const struct ps_object_place *const place,
                                     struct ps_refusal *const ret_refusal)
{
    struct ps_bucket *const bucket = ps_objects_bucket(&world->objects, place->bucket);
    if (bucket == NULL) {
        (void)ps_refuse(ret_refusal, 404, "NoSuchBucket", "The specified bucket does not exist");
        return NULL;
    }
    if (place->region.size > 0 && !ps_str_equals_text(place->region, bucket->region)) {
        (void)ps_refuse(ret_refusal, 301, "PermanentRedirect",
                        "The bucket you are attempting to access must be addressed using the "
                        "specified endpoint. Please send all future requests to this endpoint.");
        (void)snprintf(ret_refusal->region, sizeof ret_refusal->region, "%s", bucket->region);
        return NULL;
    }
    if (place->owner.size > 0 && !ps_str_equals_text(place->owner, world->identity.account_id)) {
        (void)ps_refuse(ret_refusal, 403, "AccessDenied", "Access Denied");
        return NULL;
    }
    if (place->key.size > PS_KEY_BYTES_MAX) {
        (void)ps_refuse(ret_refusal, 400, "KeyTooLongError", "Your key is too long");
        return NULL;
    }
    if (!ps_writer_is_utf8(place->key) || ps_str_find(place->key, '\0') < place->key.size) {
        (void)ps_refuse(ret_refusal, 400, "InvalidURI", "Couldn't parse the specified URI.");
        return NULL;
    }
    return bucket;
}

bool ps_bucket_check(struct ps_world *const world, const struct ps_object_place *const place,
                     struct ps_refusal *const ret_refusal)
{
    ps_world_lock(world);
    const bool is_fine = find_bucket(world, place, ret_refusal) != NULL;
    ps_world_unlock(world);
    return is_fine;
}

void ps_bucket_region(struct ps_world *const world, const struct ps_str name,
                      char ret_region[const 32])
{
    ps_world_lock(world);
    const struct ps_bucket *const bucket = ps_objects_bucket(&world->objects, name);
    (void)snprintf(ret_region, 32, "%s", bucket != NULL ? bucket->region : "");
    ps_world_unlock(world);
}

bool ps_bucket_create(struct ps_world *const world, const struct ps_call *const call,
                      const struct ps_object_place *const place,
                      struct ps_refusal *const ret_refusal)
{
    if (!ps_pattern_bucket(place->bucket)) {
        return ps_refuse(ret_refusal, 400, "InvalidBucketName",
                         "The specified bucket is not valid.");
    }
    ps_world_lock(world);
    bool is_created = false;
    if (ps_objects_bucket(&world->objects, place->bucket) != NULL) {
        (void)ps_refuse(ret_refusal, 409, "BucketAlreadyOwnedByYou",
                        "Your previous request to create the named bucket succeeded and you "
                        "already own it.");
    } else {
        struct ps_writer *const line =
            ps_events_begin(world->events, call->now_ms, "bucket.created");
        ps_writer_text(line, "bucket", place->bucket);
        ps_writer_text(line, "region", place->region);
        is_created = ps_world_commit_call(world, ret_refusal);
    }
    ps_world_unlock(world);
    return is_created;
}

void ps_bucket_list(struct ps_world *const world, ps_bucket_add *const add, void *const context)
{
    ps_world_lock(world);
    for (size_t index = 0; index < world->objects.bucket_count; index++) {
        add(context, world->objects.buckets[index].name, world->objects.buckets[index].region);
    }
    ps_world_unlock(world);
}

enum ps_status ps_object_new_body(struct ps_world *const world, const enum ps_checksum chosen,
                                  struct ps_body_file **const ret_file, struct ps_error *const err)
{
    return ps_world_new_body(world, chosen, ret_file, err);
}

static struct ps_str without_quotes(const struct ps_str etag)
{
    const bool is_quoted = etag.size >= 2 && etag.data[0] == '"' && etag.data[etag.size - 1] == '"';
    return is_quoted ? ps_str_part(etag, 1, etag.size - 2) : etag;
}

bool ps_object_put_may(const struct ps_world *const world, const struct ps_object_put *const put,
                       struct ps_refusal *const ret_refusal)
{
    const struct ps_bucket *const bucket = find_bucket(world, &put->place, ret_refusal);
    if (bucket == NULL) {
        return false;
    }
    const struct ps_object *const object = ps_objects_find(bucket, put->place.key);
    if (put->is_if_none_match && object != NULL) {
        return ps_refuse(ret_refusal, 412, "PreconditionFailed",
                         "At least one of the pre-conditions you specified did not hold");
    }
    if (put->if_match.size > 0 && object == NULL) {
        return ps_refuse(ret_refusal, 404, "NoSuchKey", "The specified key does not exist.");
    }
    if (put->if_match.size > 0 &&
        !ps_str_equals_text(without_quotes(put->if_match), object->etag)) {
        return ps_refuse(ret_refusal, 412, "PreconditionFailed",
                         "At least one of the pre-conditions you specified did not hold");
    }
    return true;
}

bool ps_object_put_check(struct ps_world *const world, const struct ps_object_put *const put,
                         struct ps_refusal *const ret_refusal)
{
    ps_world_lock(world);
    const bool is_fine = ps_object_put_may(world, put, ret_refusal);
    ps_world_unlock(world);
    return is_fine;
}

bool ps_object_digests_check(const struct ps_object_put *const put,
                             const struct ps_checksums_result *const digests,
                             struct ps_refusal *const ret_refusal)
{
    if (put->expected_sha256.size > 0 &&
        !ps_str_equals_text(put->expected_sha256, digests->sha256_hex)) {
        return ps_refuse(ret_refusal, 400, "XAmzContentSHA256Mismatch",
                         "The provided 'x-amz-content-sha256' header does not match what was "
                         "computed.");
    }
    if (put->expected_md5.size > 0) {
        uint8_t md5[PS_MD5_BYTES];
        size_t size = 0;
        if (!ps_base64_decode(put->expected_md5, md5, sizeof md5, &size) || size != sizeof md5) {
            return ps_refuse(ret_refusal, 400, "InvalidDigest",
                             "The Content-MD5 you specified is not valid.");
        }
        if (memcmp(md5, digests->md5, sizeof md5) != 0) {
            return ps_refuse(ret_refusal, 400, "BadDigest",
                             "The Content-MD5 you specified did not match what we received.");
        }
    }
    if (put->expected_checksum.size > 0 &&
        !ps_str_equals_text(put->expected_checksum, digests->chosen_base64)) {
        return ps_refuse(ret_refusal, 400, "BadDigest",
                         "The %s you specified did not match the calculated checksum.",
                         ps_checksum_name(digests->chosen));
    }
    return true;
}

bool ps_object_put(struct ps_world *const world, const struct ps_call *const call,
                   const struct ps_object_put *const put, struct ps_body_file *const body,
                   struct ps_checksums_result *const ret_digests,
                   struct ps_refusal *const ret_refusal)
{
    ps_body_file_end(body, ret_digests);
    if (!ps_object_digests_check(put, ret_digests, ret_refusal)) {
        return false;
    }
    ps_world_lock(world);
    bool is_put = ps_object_put_may(world, put, ret_refusal);
    if (is_put) {
        ps_world_write_put(world, &(struct ps_put_event){
                                      .bucket = put->place.bucket,
                                      .key = put->place.key,
                                      .etag = ps_str_of(ret_digests->md5_hex),
                                      .by = PS_STR("client"),
                                      .content_type = put->content_type,
                                      .size_bytes = ps_body_file_size_bytes(body),
                                      .body = ps_body_file_number(body),
                                      .now_ms = call->now_ms,
                                      .algorithm = ret_digests->chosen,
                                      .checksum = ps_str_of(ret_digests->chosen_base64),
                                  });
        is_put = ps_world_commit_call(world, ret_refusal);
    }
    ps_world_unlock(world);
    if (is_put) {
        ps_body_file_keep(body);
    }
    return is_put;
}

static void copy_view(const struct ps_object *const object, struct ps_object_view *const view)
{
    memset(view, 0, sizeof *view);
    (void)snprintf(view->etag, sizeof view->etag, "%s", object->etag);
    (void)snprintf(view->content_type, sizeof view->content_type, "%s",
                   object->content_type[0] != '\0' ? object->content_type
                                                   : "application/octet-stream");
    (void)snprintf(view->checksum, sizeof view->checksum, "%s", object->checksum);
    view->algorithm = object->algorithm;
    view->is_composite = object->is_composite;
    view->is_output = strcmp(object->by, "client") != 0;
    view->size_bytes = object->size_bytes;
    view->modified_ms = object->modified_ms;
    view->file = -1;
}

bool ps_object_open(struct ps_world *const world, const struct ps_call *const call,
                    const struct ps_object_place *const place, const bool wants_file,
                    struct ps_object_view *const ret_view, struct ps_refusal *const ret_refusal)
{
    ps_world_lock(world);
    const struct ps_bucket *const bucket = find_bucket(world, place, ret_refusal);
    const struct ps_object *const object =
        bucket != NULL ? ps_objects_find(bucket, place->key) : NULL;
    bool is_open = object != NULL && object->visible_ms <= call->now_ms;
    if (is_open) {
        copy_view(object, ret_view);
        if (wants_file) {
            ret_view->file = ps_bodies_open_read(world->data_folder, object->body);
        }
    } else if (bucket != NULL) {
        (void)ps_refuse(ret_refusal, 404, "NoSuchKey", "The specified key does not exist.");
    }
    ps_world_unlock(world);
    if (is_open && wants_file && ret_view->file < 0) {
        is_open = ps_refuse(ret_refusal, 500, "InternalError",
                            "We encountered an internal error. Please try again.");
    }
    return is_open;
}

bool ps_object_delete(struct ps_world *const world, const struct ps_call *const call,
                      const struct ps_object_place *const place,
                      struct ps_refusal *const ret_refusal)
{
    ps_world_lock(world);
    const struct ps_bucket *const bucket = find_bucket(world, place, ret_refusal);
    bool is_deleted = bucket != NULL;
    if (bucket != NULL && ps_objects_find(bucket, place->key) != NULL) {
        struct ps_writer *const line =
            ps_events_begin(world->events, call->now_ms, "object.deleted");
        ps_writer_text(line, "bucket", place->bucket);
        ps_writer_text(line, "key", place->key);
        ps_writer_text(line, "by", PS_STR("client"));
        is_deleted = ps_world_commit_call(world, ret_refusal);
    }
    ps_world_unlock(world);
    return is_deleted;
}
