#include "sim/job_fields.h"

#include "base/limits.h"
#include "sim/canonical.h"
#include "sim/event_fields.h"
#include "sim/patterns.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_HOURS_MIN 24
#define TIMEOUT_HOURS_MAX 168
#define TAGS_MAX 200

static bool refuse_value(struct ps_refusal *const ret_refusal, const char *const field,
                         const struct ps_str value, const char *const rule)
{
    return ps_refuse(ret_refusal, 400, "ValidationException",
                     "1 validation error detected: Value '%.*s' at '%s' failed to satisfy "
                     "constraint: Member must %s",
                     PS_STR_ARGS(ps_str_part(value, 0, 300)), field, rule);
}

/* A text member; null counts as absent. */
static bool take_text(yyjson_val *const object, const char *const name, const char *const field,
                      struct ps_str *const ret_text, struct ps_refusal *const ret_refusal)
{
    yyjson_val *const value = yyjson_obj_get(object, name);
    if (value != NULL && !yyjson_is_null(value) && !yyjson_is_str(value)) {
        return ps_refuse(ret_refusal, 400, "SerializationException",
                         "%s can not be converted to a String", field);
    }
    *ret_text = ps_event_text(object, name);
    return true;
}

struct rule {
    const char *field;
    const char *name;
    bool is_required;
    bool (*is_right)(struct ps_str text);
    const char *words;
};

static bool read_text(yyjson_val *const object, const struct rule *const rule,
                      struct ps_str *const ret_text, struct ps_refusal *const ret_refusal)
{
    if (!take_text(object, rule->name, rule->field, ret_text, ret_refusal)) {
        return false;
    }
    if (ret_text->data == NULL) {
        return !rule->is_required ||
               refuse_value(ret_refusal, rule->field, PS_STR("null"), "not be null");
    }
    return rule->is_right(*ret_text) ||
           refuse_value(ret_refusal, rule->field, *ret_text, rule->words);
}

static bool read_names(struct ps_job_fields *const fields, yyjson_val *const root,
                       struct ps_refusal *const ret_refusal)
{
    static const struct rule name = {"jobName", "jobName", true, ps_pattern_job_name,
                                     "satisfy regular expression pattern: "
                                     "[a-zA-Z0-9]{1,63}(-*[a-zA-Z0-9\\+\\-\\.]){0,63}"};
    static const struct rule role = {
        "roleArn", "roleArn", true, ps_pattern_role_arn,
        "satisfy regular expression pattern: arn:aws(-[^:]+)?:iam::([0-9]{12})?:role/.+"};
    static const struct rule token = {
        "clientRequestToken", "clientRequestToken", false, ps_pattern_token,
        "satisfy regular expression pattern: [a-zA-Z0-9]{1,256}(-*[a-zA-Z0-9]){0,256}"};
    static const struct rule model = {"modelId", "modelId", true, ps_pattern_model_id,
                                      "satisfy the pattern of model identifiers"};
    return read_text(root, &name, &fields->name, ret_refusal) &&
           read_text(root, &role, &fields->role_arn, ret_refusal) &&
           read_text(root, &token, &fields->token, ret_refusal) &&
           read_text(root, &model, &fields->model, ret_refusal);
}

/* The single member `name` of the union `object`. */
static yyjson_val *read_union(yyjson_val *const root, const char *const field,
                              const char *const name, struct ps_refusal *const ret_refusal)
{
    yyjson_val *const holder = yyjson_obj_get(root, field);
    if (holder == NULL || yyjson_is_null(holder)) {
        (void)refuse_value(ret_refusal, field, PS_STR("null"), "not be null");
        return NULL;
    }
    yyjson_val *const member = yyjson_obj_get(holder, name);
    if (!yyjson_is_obj(member) || yyjson_obj_size(holder) != 1) {
        (void)ps_refuse(ret_refusal, 400, "ValidationException",
                        "1 validation error detected: %s must have exactly the member %s", field,
                        name);
        return NULL;
    }
    return member;
}

static const char uri_words[] =
    "satisfy regular expression pattern: s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]"
    "(?:/[-!_*'().a-z0-9A-Z]+(?:/[-!_*'().a-z0-9A-Z]+)*)?/?";

static bool read_input(struct ps_job_fields *const fields, yyjson_val *const root,
                       struct ps_refusal *const ret_refusal)
{
    static const struct rule uri = {"inputDataConfig.s3InputDataConfig.s3Uri", "s3Uri", true,
                                    ps_pattern_s3_uri, uri_words};
    static const struct rule owner = {"inputDataConfig.s3InputDataConfig.s3BucketOwner",
                                      "s3BucketOwner", false, ps_pattern_account,
                                      "satisfy regular expression pattern: [0-9]{12}"};
    yyjson_val *const place = read_union(root, "inputDataConfig", "s3InputDataConfig", ret_refusal);
    struct ps_str format = {NULL, 0};
    if (place == NULL || !read_text(place, &uri, &fields->input_uri, ret_refusal) ||
        !read_text(place, &owner, &fields->owner_in, ret_refusal) ||
        !take_text(place, "s3InputFormat", "s3InputFormat", &format, ret_refusal)) {
        return false;
    }
    return format.data == NULL || ps_str_equals_text(format, "JSONL") ||
           refuse_value(ret_refusal, "inputDataConfig.s3InputDataConfig.s3InputFormat", format,
                        "satisfy enum value set: [JSONL]");
}

static bool read_output(struct ps_job_fields *const fields, yyjson_val *const root,
                        struct ps_refusal *const ret_refusal)
{
    static const struct rule uri = {"outputDataConfig.s3OutputDataConfig.s3Uri", "s3Uri", true,
                                    ps_pattern_s3_uri, uri_words};
    static const struct rule owner = {"outputDataConfig.s3OutputDataConfig.s3BucketOwner",
                                      "s3BucketOwner", false, ps_pattern_account,
                                      "satisfy regular expression pattern: [0-9]{12}"};
    static const struct rule key = {"outputDataConfig.s3OutputDataConfig.s3EncryptionKeyId",
                                    "s3EncryptionKeyId", false, ps_pattern_kms_key,
                                    "satisfy the pattern of KMS keys"};
    struct ps_str key_text = {NULL, 0};
    yyjson_val *const place =
        read_union(root, "outputDataConfig", "s3OutputDataConfig", ret_refusal);
    return place != NULL && read_text(place, &uri, &fields->output_uri, ret_refusal) &&
           read_text(place, &owner, &fields->owner_out, ret_refusal) &&
           read_text(place, &key, &key_text, ret_refusal);
}

static bool read_timeout(struct ps_job_fields *const fields, yyjson_val *const root,
                         struct ps_refusal *const ret_refusal)
{
    yyjson_val *const value = yyjson_obj_get(root, "timeoutDurationInHours");
    fields->timeout_hours = TIMEOUT_HOURS_MIN;
    if (value == NULL || yyjson_is_null(value)) {
        return true;
    }
    if (!yyjson_is_int(value)) {
        return ps_refuse(ret_refusal, 400, "SerializationException",
                         "timeoutDurationInHours can not be converted to an Integer");
    }
    fields->timeout_hours = yyjson_get_sint(value);
    if (fields->timeout_hours < TIMEOUT_HOURS_MIN || fields->timeout_hours > TIMEOUT_HOURS_MAX) {
        return ps_refuse(ret_refusal, 400, "ValidationException",
                         "1 validation error detected: Value '%lld' at 'timeoutDurationInHours' "
                         "failed to satisfy constraint: Member must be between %d and %d",
                         (long long)fields->timeout_hours, TIMEOUT_HOURS_MIN, TIMEOUT_HOURS_MAX);
    }
    return true;
}

static bool read_tags(yyjson_val *const root, struct ps_refusal *const ret_refusal)
{
    yyjson_val *const tags = yyjson_obj_get(root, "tags");
    if (tags == NULL || yyjson_is_null(tags)) {
        return true;
    }
    size_t index = 0;
    size_t count = 0;
    yyjson_val *tag = NULL;
    if (yyjson_arr_size(tags) > TAGS_MAX) {
        return refuse_value(ret_refusal, "tags", PS_STR("..."),
                            "have length less than or equal to 200");
    }
    yyjson_arr_foreach(tags, index, count, tag)
    {
        const struct ps_str key = ps_event_text(tag, "key");
        const struct ps_str value = ps_event_text(tag, "value");
        if (key.size < 1 || key.size > 128 || !ps_pattern_tag(key) || !ps_pattern_tag(value)) {
            return refuse_value(ret_refusal, "tags", key,
                                "satisfy regular expression pattern: [a-zA-Z0-9\\s._:/=+@-]*");
        }
    }
    return true;
}

static bool read_vpc(yyjson_val *const root, struct ps_refusal *const ret_refusal)
{
    static const struct {
        const char *name;
        size_t max;
    } lists[] = {{"subnetIds", 16}, {"securityGroupIds", 5}};
    yyjson_val *const vpc = yyjson_obj_get(root, "vpcConfig");
    if (vpc == NULL || yyjson_is_null(vpc)) {
        return true;
    }
    for (size_t index = 0; index < sizeof lists / sizeof lists[0]; index++) {
        const size_t count = yyjson_arr_size(yyjson_obj_get(vpc, lists[index].name));
        if (count < 1 || count > lists[index].max) {
            return refuse_value(ret_refusal, "vpcConfig", ps_str_of(lists[index].name),
                                "have the length that the service asks for");
        }
    }
    return true;
}

static bool read_invocation_type(struct ps_job_fields *const fields, yyjson_val *const root,
                                 struct ps_refusal *const ret_refusal)
{
    if (!take_text(root, "modelInvocationType", "modelInvocationType", &fields->invocation_type,
                   ret_refusal)) {
        return false;
    }
    if (fields->invocation_type.data == NULL) {
        fields->invocation_type = PS_STR("InvokeModel");
    }
    return ps_str_equals_text(fields->invocation_type, "InvokeModel") ||
           ps_str_equals_text(fields->invocation_type, "Converse") ||
           refuse_value(ret_refusal, "modelInvocationType", fields->invocation_type,
                        "satisfy enum value set: [InvokeModel, Converse]");
}

/* Of everything but the token, so that the same token with something else is seen. */
static void digest_parameters(struct ps_job_fields *const fields, const struct ps_str body)
{
    struct ps_buf canonical PS_CLEANUP(ps_buf_release);
    ps_buf_init(&canonical, 8 * PS_REQUEST_BYTES_MAX);
    yyjson_doc *const doc = yyjson_read(body.data, body.size, PS_SIM_READ_FLAGS);
    size_t count = 0;
    yyjson_val **const members = ps_canonical_sorted(yyjson_doc_get_root(doc), &count);
    for (size_t index = 0; index < count; index++) {
        if (!yyjson_equals_str(members[2 * index], "clientRequestToken")) {
            /* A name cannot hold a newline once it is escaped: the pieces stay apart. */
            (void)!ps_canonical_add(&canonical, members[2 * index]);
            (void)!ps_canonical_add(&canonical, members[2 * index + 1]);
            ps_buf_add(&canonical, PS_STR("\n"));
        }
    }
    ps_sha256_hex(ps_buf_str(&canonical), fields->parameters_sha256);
    free(members);
    yyjson_doc_free(doc);
}

bool ps_job_fields_read(struct ps_job_fields *const fields, const struct ps_str body,
                        struct ps_refusal *const ret_refusal)
{
    memset(fields, 0, sizeof *fields);
    fields->doc = body.size <= PS_REQUEST_BYTES_MAX ? yyjson_read(body.data, body.size, 0) : NULL;
    yyjson_val *const root = yyjson_doc_get_root(fields->doc);
    if (!yyjson_is_obj(root)) {
        return ps_refuse(ret_refusal, 400, "SerializationException",
                         "The request body is not a JSON object.");
    }
    digest_parameters(fields, body);
    return read_names(fields, root, ret_refusal) && read_input(fields, root, ret_refusal) &&
           read_output(fields, root, ret_refusal) && read_timeout(fields, root, ret_refusal) &&
           read_invocation_type(fields, root, ret_refusal) && read_vpc(root, ret_refusal) &&
           read_tags(root, ret_refusal);
}

void ps_job_fields_release(struct ps_job_fields *const fields)
{
    yyjson_doc_free(fields->doc);
    memset(fields, 0, sizeof *fields);
}
