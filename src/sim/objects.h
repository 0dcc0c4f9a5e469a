/*
 * objects - what lies in the buckets: keys in the order of their bytes, and the uploads in parts.
 *
 * Only the index is in memory (about 300 bytes an object); bodies are files (bodies.h). Changed by
 * events alone.
 *
 * Owner: the world. Threads: the world's lock is held. Pointers live until the next change.
 */
#ifndef PS_SIM_OBJECTS_H
#define PS_SIM_OBJECTS_H

#include "base/str.h"
#include "sim/checksums.h"

#include <yyjson.h>

struct ps_object {
    char *key;
    char *etag;         /* without quotes */
    char *by;           /* "client", or the id of the job that wrote it */
    char *content_type; /* "" : application/octet-stream */
    char *checksum;     /* base64, "" for none */
    enum ps_checksum algorithm;
    bool is_composite; /* the checksum is one of the parts' checksums */
    bool vanishes;     /* by a fault: goes once a listing has shown it */
    int64_t size_bytes;
    int64_t modified_ms;
    int64_t visible_ms; /* not seen before */
    int64_t body;       /* its number */
};

struct ps_bucket {
    char *name;
    char *region;
    struct ps_object **objects; /* in key order */
    size_t object_count;
    size_t object_capacity;
};

struct ps_part {
    int64_t number;
    int64_t size_bytes;
    int64_t body;
    int64_t modified_ms;
    char *etag;
    char *checksum; /* base64, "" for none */
};

struct ps_upload {
    char *id;
    char *bucket;
    char *key;
    char *content_type;
    enum ps_checksum algorithm;
    bool is_composite;
    int64_t created_ms;
    struct ps_part *parts; /* by number */
    size_t part_count;
};

struct ps_objects {
    char *data_folder;
    struct ps_bucket *buckets;
    size_t bucket_count;
    struct ps_upload **uploads; /* open ones, in the order of creation */
    size_t upload_count;
    int64_t highest_body;
};

void ps_objects_init(struct ps_objects *objects, const char *data_folder);
void ps_objects_release(struct ps_objects *objects);

/* True when the event was one of its own. */
bool ps_objects_apply(struct ps_objects *objects, struct ps_str kind, yyjson_val *event);

/* NULL when there is none. */
struct ps_bucket *ps_objects_bucket(const struct ps_objects *objects, struct ps_str name);
struct ps_object *ps_objects_find(const struct ps_bucket *bucket, struct ps_str key);
struct ps_upload *ps_objects_upload(const struct ps_objects *objects, struct ps_str id);
struct ps_part *ps_upload_part(const struct ps_upload *upload, int64_t number);

/* The place of the first key not before `key`; object_count when all are. */
size_t ps_objects_lower_bound(const struct ps_bucket *bucket, struct ps_str key);

/* The numbers of all bodies that are in use, in order; free() it. */
int64_t *ps_objects_bodies(const struct ps_objects *objects, size_t *ret_count);

#endif
