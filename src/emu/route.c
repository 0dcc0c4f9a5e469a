#include "emu/route.h"

#include "codec/uri.h"
#include "emu/services.h"

#include <string.h>

/* What is asked of a part of the request. */
enum presence { ANY_VALUE, MUST_BE, MUST_NOT_BE };

struct s3_row {
    struct ps_emu_route route;
    const char *method;
    enum presence bucket;
    enum presence key;
    const char *parameter; /* must be in the query; NULL: none of `sub_resources` may */
};

#define S3_ROW(op, fault_op, body, carry_out, ...)   \
    {                                                \
        {op, fault_op, body, carry_out}, __VA_ARGS__ \
    }
#define BUFFER PS_EMU_BODY_BUFFER
#define FILE_BODY PS_EMU_BODY_FILE

/* The first row that fits counts. */
static const struct s3_row s3_rows[] = {
    S3_ROW("UploadPart", PS_OP_PART, FILE_BODY, ps_emu_s3_part, "PUT", MUST_BE, MUST_BE,
           "partNumber"),
    S3_ROW("PutObject", PS_OP_PUT, FILE_BODY, ps_emu_s3_put, "PUT", MUST_BE, MUST_BE, NULL),
    S3_ROW("ListParts", PS_OP_LIST_PARTS, BUFFER, ps_emu_s3_list_parts, "GET", MUST_BE, MUST_BE,
           "uploadId"),
    S3_ROW("GetObject", PS_OP_GET_OBJECT, BUFFER, ps_emu_s3_get, "GET", MUST_BE, MUST_BE, NULL),
    S3_ROW("HeadObject", PS_OP_HEAD_OBJECT, BUFFER, ps_emu_s3_head, "HEAD", MUST_BE, MUST_BE, NULL),
    S3_ROW("AbortMultipartUpload", PS_OP_ABORT, BUFFER, ps_emu_s3_abort, "DELETE", MUST_BE, MUST_BE,
           "uploadId"),
    S3_ROW("DeleteObject", PS_OP_DELETE, BUFFER, ps_emu_s3_delete, "DELETE", MUST_BE, MUST_BE,
           NULL),
    S3_ROW("CreateMultipartUpload", PS_OP_CREATE_UPLOAD, BUFFER, ps_emu_s3_create_upload, "POST",
           MUST_BE, MUST_BE, "uploads"),
    S3_ROW("CompleteMultipartUpload", PS_OP_COMPLETE, BUFFER, ps_emu_s3_complete, "POST", MUST_BE,
           MUST_BE, "uploadId"),
    S3_ROW("DeleteObjects", PS_OP_DELETE_OBJECTS, BUFFER, ps_emu_s3_delete_many, "POST", MUST_BE,
           MUST_NOT_BE, "delete"),
    S3_ROW("GetBucketLocation", PS_OP_BUCKET, BUFFER, ps_emu_s3_location, "GET", MUST_BE,
           MUST_NOT_BE, "location"),
    S3_ROW("ListMultipartUploads", PS_OP_LIST_UPLOADS, BUFFER, ps_emu_s3_list_uploads, "GET",
           MUST_BE, MUST_NOT_BE, "uploads"),
    S3_ROW("ListObjectsV2", PS_OP_LIST_OBJECTS, BUFFER, ps_emu_s3_list, "GET", MUST_BE, MUST_NOT_BE,
           "list-type"),
    S3_ROW("CreateBucket", PS_OP_BUCKET, BUFFER, ps_emu_s3_create_bucket, "PUT", MUST_BE,
           MUST_NOT_BE, NULL),
    S3_ROW("HeadBucket", PS_OP_BUCKET, BUFFER, ps_emu_s3_head_bucket, "HEAD", MUST_BE, MUST_NOT_BE,
           NULL),
    S3_ROW("ListBuckets", PS_OP_BUCKET, BUFFER, ps_emu_s3_list_buckets, "GET", MUST_NOT_BE,
           ANY_VALUE, NULL),
};

/* What S3 can be asked besides, and the emulator cannot. */
static const char *const sub_resources[] = {
    "acl",     "policy",     "tagging", "versioning", "versions",  "cors",        "lifecycle",
    "website", "encryption", "torrent", "attributes", "retention", "restore",     "select",
    "uploads", "uploadId",   "delete",  "location",   "versionId", "replication",
};

static const struct ps_emu_route s3_unknown = {"Unknown", PS_OP_ANY, BUFFER, ps_emu_s3_unknown};
static const struct ps_emu_route sts_identity = {"GetCallerIdentity", PS_OP_IDENTITY, BUFFER,
                                                 ps_emu_sts_identity};
static const struct ps_emu_route bedrock_create = {"CreateModelInvocationJob", PS_OP_CREATE, BUFFER,
                                                   ps_emu_bedrock_create};
static const struct ps_emu_route bedrock_get = {"GetModelInvocationJob", PS_OP_GET, BUFFER,
                                                ps_emu_bedrock_get};
static const struct ps_emu_route bedrock_list = {"ListModelInvocationJobs", PS_OP_LIST, BUFFER,
                                                 ps_emu_bedrock_list};
static const struct ps_emu_route bedrock_stop = {"StopModelInvocationJob", PS_OP_STOP, BUFFER,
                                                 ps_emu_bedrock_stop};
static const struct ps_emu_route bedrock_invoke = {"InvokeModel", PS_OP_INVOKE, BUFFER,
                                                   ps_emu_bedrock_invoke};
static const struct ps_emu_route bedrock_converse = {"Converse", PS_OP_CONVERSE, BUFFER,
                                                     ps_emu_bedrock_converse};
static const struct ps_emu_route bedrock_unknown = {"Unknown", PS_OP_ANY, BUFFER,
                                                    ps_emu_bedrock_unknown};

static bool is_present(const enum presence presence, const struct ps_str text)
{
    return presence == ANY_VALUE || (presence == MUST_BE) == (text.size > 0);
}

static bool has_sub_resource(const struct ps_emu_request *const request)
{
    for (size_t index = 0; index < sizeof sub_resources / sizeof sub_resources[0]; index++) {
        if (ps_emu_has_parameter(request, sub_resources[index])) {
            return true;
        }
    }
    return ps_emu_has_header(request, "x-amz-copy-source");
}

static const struct ps_emu_route *find_s3(struct ps_emu_request *const request)
{
    const struct ps_str path = ps_str_part(request->path, 1, request->path.size);
    const size_t slash = ps_str_find(path, '/');
    if (!ps_uri_decode(ps_str_part(path, 0, slash), &request->bucket) ||
        !ps_uri_decode(ps_str_part(path, slash + 1, path.size), &request->key)) {
        return &s3_unknown;
    }
    for (size_t index = 0; index < sizeof s3_rows / sizeof s3_rows[0]; index++) {
        const struct s3_row *const row = &s3_rows[index];
        const bool is_asked = row->parameter != NULL ? ps_emu_has_parameter(request, row->parameter)
                                                     : !has_sub_resource(request);
        if (is_asked && strcmp(row->method, request->method) == 0 &&
            is_present(row->bucket, ps_buf_str(&request->bucket)) &&
            is_present(row->key, ps_buf_str(&request->key))) {
            return &row->route;
        }
    }
    return &s3_unknown;
}

/* "/model/ID/invoke", "/model/ID/converse". */
static const struct ps_emu_route *find_runtime(struct ps_emu_request *const request)
{
    const struct ps_str rest = ps_str_part(request->path, 7, request->path.size);
    const size_t slash = ps_str_find(rest, '/');
    const struct ps_str tail = ps_str_part(rest, slash, rest.size);
    const bool is_post = strcmp(request->method, "POST") == 0;
    if (!is_post || !ps_uri_decode(ps_str_part(rest, 0, slash), &request->key)) {
        return &bedrock_unknown;
    }
    return ps_str_equals_text(tail, "/invoke")     ? &bedrock_invoke
           : ps_str_equals_text(tail, "/converse") ? &bedrock_converse
                                                   : &bedrock_unknown;
}

/* On the raw path: an ARN is one segment only when its '/' is encoded. */
static const struct ps_emu_route *find_bedrock(struct ps_emu_request *const request)
{
    static const struct ps_str jobs = {"/model-invocation-jobs", 22};
    static const struct ps_str job = {"/model-invocation-job", 21};
    const bool is_get = strcmp(request->method, "GET") == 0;
    const bool is_post = strcmp(request->method, "POST") == 0;
    if (ps_str_starts_with(request->path, PS_STR("/model/"))) {
        return find_runtime(request);
    }
    if (ps_str_equals(request->path, jobs)) {
        return is_get ? &bedrock_list : &bedrock_unknown;
    }
    if (ps_str_equals(request->path, job)) {
        return is_post ? &bedrock_create : &bedrock_unknown;
    }
    if (!ps_str_starts_with(request->path, PS_STR("/model-invocation-job/"))) {
        return &bedrock_unknown;
    }
    const struct ps_str rest = ps_str_part(request->path, job.size + 1, request->path.size);
    const size_t slash = ps_str_find(rest, '/');
    const struct ps_str label = ps_str_part(rest, 0, slash);
    if (label.size == 0 || !ps_uri_decode(label, &request->key)) {
        return &bedrock_unknown;
    }
    if (slash == rest.size) {
        return is_get ? &bedrock_get : &bedrock_unknown;
    }
    const bool is_stop = ps_str_equals_text(ps_str_part(rest, slash, rest.size), "/stop");
    return is_stop && is_post ? &bedrock_stop : &bedrock_unknown;
}

static enum ps_emu_service service_of(const struct ps_emu_request *const request,
                                      const struct ps_str signed_for)
{
    if (signed_for.size > 0) {
        return ps_str_equals_text(signed_for, "bedrock") ? PS_EMU_BEDROCK
               : ps_str_equals_text(signed_for, "sts")   ? PS_EMU_STS
                                                         : PS_EMU_S3;
    }
    if (ps_str_starts_with(request->path, PS_STR("/model-invocation-job")) ||
        ps_str_starts_with(request->path, PS_STR("/model/"))) {
        return PS_EMU_BEDROCK;
    }
    const bool is_form =
        strcmp(request->method, "POST") == 0 && ps_str_equals_text(request->path, "/");
    return is_form ? PS_EMU_STS : PS_EMU_S3;
}

void ps_emu_route_find(struct ps_emu_request *const request, const struct ps_str signed_for)
{
    request->service = service_of(request, signed_for);
    switch (request->service) {
    case PS_EMU_BEDROCK:
        request->route = find_bedrock(request);
        break;
    case PS_EMU_STS:
        request->route = &sts_identity;
        break;
    default:
        request->route = find_s3(request);
        break;
    }
}
