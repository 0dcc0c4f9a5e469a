#include "sim/upload_calls.h"

#include "base/assert.h"
#include "codec/digest.h"
#include "sim/world_internal.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lock held. */
static struct ps_upload *find_upload(const struct ps_world *const world,
                                     const struct ps_object_place *const place,
                                     const struct ps_str id, struct ps_refusal *const ret_refusal)
{
    struct ps_upload *const upload = ps_objects_upload(&world->objects, id);
    if (upload == NULL || !ps_str_equals_text(place->bucket, upload->bucket) ||
        !ps_str_equals_text(place->key, upload->key)) {
        (void)ps_refuse(ret_refusal, 404, "NoSuchUpload",
                        "The specified upload does not exist. The upload ID may be invalid, or "
                        "the upload may have been aborted or completed.");
        return NULL;
    }
    return upload;
}

bool ps_upload_create(struct ps_world *const world, const struct ps_call *const call,
                      const struct ps_upload_start *const start,
                      char ret_id[const PS_UPLOAD_ID_SIZE], struct ps_refusal *const ret_refusal)
{
    if (!ps_bucket_check(world, &start->place, ret_refusal)) {
        return false;
    }
    const bool is_composite =
        ps_str_equals_text(start->checksum_type, "COMPOSITE") ||
        (start->checksum_type.size == 0 && start->algorithm != PS_CHECKSUM_NONE &&
         start->algorithm != PS_CHECKSUM_CRC64NVME);
    if (is_composite && start->algorithm == PS_CHECKSUM_CRC64NVME) {
        return ps_refuse(ret_refusal, 400, "InvalidRequest",
                         "The COMPOSITE checksum type cannot be used with the crc64nvme checksum "
                         "algorithm.");
    }
    ps_world_lock(world);
    (void)snprintf(ret_id, PS_UPLOAD_ID_SIZE, "%016" PRIx64 "%016" PRIx64,
                   ps_world_draw(world, "upload", call->number),
                   ps_world_draw(world, "upload id", call->number));
    struct ps_writer *const line = ps_events_begin(world->events, call->now_ms, "upload.created");
    ps_writer_text(line, "upload_id", ps_str_of(ret_id));
    ps_writer_text(line, "bucket", start->place.bucket);
    ps_writer_text(line, "key", start->place.key);
    ps_writer_text_if(line, "content_type", start->content_type);
    ps_writer_text_if(line, "algorithm", ps_str_of(ps_checksum_name(start->algorithm)));
    ps_writer_text(line, "checksum_type",
                   is_composite ? PS_STR("COMPOSITE") : PS_STR("FULL_OBJECT"));
    const bool is_created = ps_world_commit_call(world, ret_refusal);
    ps_world_unlock(world);
    return is_created;
}

bool ps_upload_algorithm(struct ps_world *const world, const struct ps_object_place *const place,
                         const struct ps_str id, enum ps_checksum *const ret_algorithm,
                         struct ps_refusal *const ret_refusal)
{
    if (!ps_bucket_check(world, place, ret_refusal)) {
        return false;
    }
    ps_world_lock(world);
    const struct ps_upload *const upload = find_upload(world, place, id, ret_refusal);
    if (upload != NULL) {
        *ret_algorithm = upload->algorithm;
    }
    ps_world_unlock(world);
    return upload != NULL;
}

bool ps_upload_put_part(struct ps_world *const world, const struct ps_call *const call,
                        const struct ps_upload_part_put *const part,
                        struct ps_body_file *const body,
                        struct ps_checksums_result *const ret_digests,
                        struct ps_refusal *const ret_refusal)
{
    ps_body_file_end(body, ret_digests);
    if (part->number < 1 || part->number > PS_PART_NUMBER_MAX) {
        return ps_refuse(ret_refusal, 400, "InvalidArgument",
                         "Part number must be an integer between 1 and 10000, inclusive");
    }
    if (!ps_object_digests_check(&part->put, ret_digests, ret_refusal)) {
        return false;
    }
    ps_world_lock(world);
    bool is_put = find_upload(world, &part->put.place, part->id, ret_refusal) != NULL;
    if (is_put) {
        struct ps_writer *const line = ps_events_begin(world->events, call->now_ms, "upload.part");
        ps_writer_text(line, "upload_id", part->id);
        ps_writer_number(line, "part", part->number);
        ps_writer_number(line, "size_bytes", ps_body_file_size_bytes(body));
        ps_writer_text(line, "etag", ps_str_of(ret_digests->md5_hex));
        ps_writer_number(line, "body", ps_body_file_number(body));
        if (ret_digests->chosen != PS_CHECKSUM_NONE) {
            ps_writer_open(line, "checksum", '{');
            ps_writer_text(line, "algorithm", ps_str_of(ps_checksum_name(ret_digests->chosen)));
            ps_writer_text(line, "value", ps_str_of(ret_digests->chosen_base64));
            ps_writer_close(line, '}');
        }
        is_put = ps_world_commit_call(world, ret_refusal);
    }
    ps_world_unlock(world);
    if (is_put) {
        ps_body_file_keep(body);
    }
    return is_put;
}

/* The parts that make the object: copies of what is needed to read them without the lock. */
struct assembly {
    struct ps_part *parts; /* etag is not owned, checksum is */
    size_t count;
    enum ps_checksum algorithm;
    bool is_composite;
    char *content_type;
    uint8_t md5s[PS_MD5_BYTES * PS_PART_NUMBER_MAX];
};

static void assembly_free(struct assembly **const assembly)
{
    for (size_t index = 0; index < (*assembly)->count; index++) {
        free((*assembly)->parts[index].checksum);
    }
    free((*assembly)->parts);
    free((*assembly)->content_type);
    free(*assembly);
}

static int hex_digit(const char byte)
{
    return byte >= 'a' ? byte - 'a' + 10 : byte - '0';
}

static bool is_etag(const struct ps_str given, const char *const etag)
{
    struct ps_str bare = given;
    if (bare.size >= 2 && bare.data[0] == '"') {
        bare = ps_str_part(bare, 1, bare.size - 2);
    }
    return ps_str_equals_text(bare, etag);
}

static bool take_part(struct assembly *const assembly, const struct ps_upload *const upload,
                      const struct ps_upload_part_ref *const ref, const bool is_last,
                      struct ps_refusal *const ret_refusal)
{
    const struct ps_part *const part = ps_upload_part(upload, ref->number);
    if (part == NULL || !is_etag(ref->etag, part->etag)) {
        return ps_refuse(ret_refusal, 400, "InvalidPart",
                         "One or more of the specified parts could not be found. The part may not "
                         "have been uploaded, or the specified entity tag may not match the part's "
                         "entity tag.");
    }
    if (!is_last && part->size_bytes < PS_PART_BYTES_MIN) {
        return ps_refuse(ret_refusal, 400, "EntityTooSmall",
                         "Your proposed upload is smaller than the minimum allowed size");
    }
    for (size_t at = 0; at < PS_MD5_BYTES; at++) {
        assembly->md5s[assembly->count * PS_MD5_BYTES + at] =
            (uint8_t)(hex_digit(part->etag[2 * at]) << 4 | hex_digit(part->etag[2 * at + 1]));
    }
    assembly->parts[assembly->count] = *part;
    assembly->parts[assembly->count].etag = NULL;
    assembly->parts[assembly->count].checksum = ps_str_dup(ps_str_of(part->checksum));
    assembly->count++;
    return true;
}

/* Lock held. */
static bool take_parts(struct ps_world *const world, const struct ps_upload_end *const end,
                       struct assembly *const assembly, struct ps_refusal *const ret_refusal)
{
    const struct ps_upload *const upload =
        find_upload(world, &end->put.place, end->id, ret_refusal);
    if (upload == NULL) {
        return false;
    }
    if (end->part_count == 0 || end->part_count > PS_PART_NUMBER_MAX) {
        return ps_refuse(ret_refusal, 400, "MalformedXML",
                         "The XML you provided was not well-formed or did not validate against "
                         "our published schema");
    }
    assembly->algorithm = upload->algorithm;
    assembly->is_composite = upload->is_composite && upload->algorithm != PS_CHECKSUM_NONE;
    assembly->content_type = ps_str_dup(ps_str_of(upload->content_type));
    assembly->parts = calloc(end->part_count, sizeof *assembly->parts);
    PS_ASSERT(assembly->parts != NULL);
    for (size_t index = 0; index < end->part_count; index++) {
        if (index > 0 && end->parts[index].number <= end->parts[index - 1].number) {
            return ps_refuse(ret_refusal, 400, "InvalidPartOrder",
                             "The list of parts was not in ascending order. The parts list must "
                             "be specified in order by part number.");
        }
        if (!take_part(assembly, upload, &end->parts[index], index + 1 == end->part_count,
                       ret_refusal)) {
            return false;
        }
    }
    return true;
}

static bool join(struct ps_world *const world, const struct assembly *const assembly,
                 struct ps_body_file **const ret_body, struct ps_refusal *const ret_refusal)
{
    struct ps_error err;
    const enum ps_checksum chosen = assembly->is_composite ? PS_CHECKSUM_NONE
                                    : assembly->algorithm == PS_CHECKSUM_NONE
                                        ? PS_CHECKSUM_CRC64NVME
                                        : assembly->algorithm;
    enum ps_status status = ps_world_new_body(world, chosen, ret_body, &err);
    for (size_t index = 0; index < assembly->count && status == PS_OK; index++) {
        status = ps_body_file_append(*ret_body, assembly->parts[index].body,
                                     assembly->parts[index].size_bytes, &err);
    }
    return status == PS_OK || ps_refuse(ret_refusal, 500, "InternalError", "%s", err.message);
}

/* "base64-of-the-digest-of-the-parts'-checksums-N" */
static void composite_checksum(const struct assembly *const assembly, char *const room,
                               const size_t room_size)
{
    struct ps_checksums *const checksums = ps_checksums_new(assembly->algorithm);
    for (size_t index = 0; index < assembly->count; index++) {
        uint8_t bytes[64];
        size_t size = 0;
        if (ps_base64_decode(ps_str_of(assembly->parts[index].checksum), bytes, sizeof bytes,
                             &size)) {
            ps_checksums_add(checksums, (struct ps_str){(const char *)bytes, size});
        }
    }
    struct ps_checksums_result result;
    ps_checksums_end(checksums, &result);
    (void)ps_checksums_free(checksums);
    (void)snprintf(room, room_size, "%s-%zu", result.chosen_base64, assembly->count);
}

static void fill_view(const struct assembly *const assembly, struct ps_body_file *const body,
                      struct ps_object_view *const view)
{
    struct ps_checksums_result digests;
    char md5_hex[PS_MD5_HEX_SIZE];
    uint8_t md5[PS_MD5_BYTES];
    memset(view, 0, sizeof *view);
    ps_body_file_end(body, &digests);
    PS_ASSERT(EVP_Digest(assembly->md5s, assembly->count * PS_MD5_BYTES, md5, NULL, EVP_md5(),
                         NULL) == 1);
    ps_hex_encode(md5, sizeof md5, md5_hex);
    (void)snprintf(view->etag, sizeof view->etag, "%s-%zu", md5_hex, assembly->count);
    (void)snprintf(view->content_type, sizeof view->content_type, "%.100s", assembly->content_type);
    view->is_composite = assembly->is_composite;
    view->size_bytes = ps_body_file_size_bytes(body);
    view->file = -1;
    if (assembly->is_composite) {
        view->algorithm = assembly->algorithm;
        composite_checksum(assembly, view->checksum, sizeof view->checksum);
    } else {
        view->algorithm = digests.chosen;
        (void)snprintf(view->checksum, sizeof view->checksum, "%s", digests.chosen_base64);
    }
}

static bool check_whole(const struct ps_upload_end *const end,
                        const struct ps_object_view *const view,
                        struct ps_refusal *const ret_refusal)
{
    if (end->put.expected_checksum.size > 0 &&
        !ps_str_equals_text(end->put.expected_checksum, view->checksum)) {
        return ps_refuse(ret_refusal, 400, "BadDigest",
                         "The %s you specified did not match the calculated checksum.",
                         ps_checksum_name(view->algorithm));
    }
    if (end->expected_size_bytes >= 0 && end->expected_size_bytes != view->size_bytes) {
        return ps_refuse(ret_refusal, 400, "InvalidRequest",
                         "The provided 'x-amz-mp-object-size' header does not match what was "
                         "computed.");
    }
    return true;
}

static bool publish(struct ps_world *const world, const struct ps_call *const call,
                    const struct ps_upload_end *const end, const struct ps_object_view *const view,
                    struct ps_body_file *const body, struct ps_refusal *const ret_refusal)
{
    ps_world_lock(world);
    bool is_published = ps_object_put_may(world, &end->put, ret_refusal) &&
                        find_upload(world, &end->put.place, end->id, ret_refusal) != NULL;
    if (is_published) {
        ps_world_write_put(world, &(struct ps_put_event){
                                      .bucket = end->put.place.bucket,
                                      .key = end->put.place.key,
                                      .etag = ps_str_of(view->etag),
                                      .by = PS_STR("client"),
                                      .content_type = ps_str_of(view->content_type),
                                      .size_bytes = view->size_bytes,
                                      .body = ps_body_file_number(body),
                                      .now_ms = call->now_ms,
                                      .algorithm = view->algorithm,
                                      .checksum = ps_str_of(view->checksum),
                                      .is_composite = view->is_composite,
                                  });
        struct ps_writer *const line =
            ps_events_begin(world->events, call->now_ms, "upload.completed");
        ps_writer_text(line, "upload_id", end->id);
        is_published = ps_world_commit_call(world, ret_refusal);
    }
    ps_world_unlock(world);
    if (is_published) {
        ps_body_file_keep(body);
    }
    return is_published;
}

bool ps_upload_complete(struct ps_world *const world, const struct ps_call *const call,
                        const struct ps_upload_end *const end,
                        struct ps_object_view *const ret_view, struct ps_refusal *const ret_refusal)
{
    struct assembly *assembly PS_CLEANUP(assembly_free) = calloc(1, sizeof *assembly);
    PS_ASSERT(assembly != NULL);
    if (!ps_object_put_check(world, &end->put, ret_refusal)) {
        return false;
    }
    ps_world_lock(world);
    bool is_done = take_parts(world, end, assembly, ret_refusal);
    ps_world_unlock(world);
    struct ps_body_file *body = NULL;
    is_done = is_done && join(world, assembly, &body, ret_refusal);
    if (is_done) {
        fill_view(assembly, body, ret_view);
        is_done = check_whole(end, ret_view, ret_refusal) &&
                  publish(world, call, end, ret_view, body, ret_refusal);
    }
    (void)ps_body_file_free(body);
    return is_done;
}

bool ps_upload_abort(struct ps_world *const world, const struct ps_call *const call,
                     const struct ps_object_place *const place, const struct ps_str id,
                     struct ps_refusal *const ret_refusal)
{
    if (!ps_bucket_check(world, place, ret_refusal)) {
        return false;
    }
    ps_world_lock(world);
    bool is_aborted = find_upload(world, place, id, ret_refusal) != NULL;
    if (is_aborted) {
        struct ps_writer *const line =
            ps_events_begin(world->events, call->now_ms, "upload.aborted");
        ps_writer_text(line, "upload_id", id);
        is_aborted = ps_world_commit_call(world, ret_refusal);
    }
    ps_world_unlock(world);
    return is_aborted;
}

bool ps_upload_list(struct ps_world *const world, const struct ps_object_place *const place,
                    ps_upload_add *const add, void *const context,
                    struct ps_refusal *const ret_refusal)
{
    if (!ps_bucket_check(world, place, ret_refusal)) {
        return false;
    }
    ps_world_lock(world);
    for (size_t index = 0; index < world->objects.upload_count; index++) {
        const struct ps_upload *const upload = world->objects.uploads[index];
        if (ps_str_equals_text(place->bucket, upload->bucket) &&
            ps_str_starts_with(ps_str_of(upload->key), place->key)) {
            add(context, upload->key, upload->id, upload->created_ms);
        }
    }
    ps_world_unlock(world);
    return true;
}

bool ps_upload_list_parts(struct ps_world *const world, const struct ps_object_place *const place,
                          const struct ps_str id, ps_part_add *const add, void *const context,
                          struct ps_refusal *const ret_refusal)
{
    if (!ps_bucket_check(world, place, ret_refusal)) {
        return false;
    }
    ps_world_lock(world);
    const struct ps_upload *const upload = find_upload(world, place, id, ret_refusal);
    for (size_t index = 0; upload != NULL && index < upload->part_count; index++) {
        const struct ps_part *const part = &upload->parts[index];
        add(context,
            &(struct ps_part_view){part->number, part->size_bytes, part->modified_ms, part->etag});
    }
    ps_world_unlock(world);
    return upload != NULL;
}
