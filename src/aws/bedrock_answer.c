#include "aws/bedrock_answer.h"

#include "base/assert.h"
#include "codec/iso8601.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

static struct ps_str text_of(yyjson_val *const object, const char *const name)
{
    yyjson_val *const value = yyjson_obj_get(object, name);
    return yyjson_is_str(value) ? (struct ps_str){yyjson_get_str(value), yyjson_get_len(value)}
                                : PS_STR("");
}

static char *dup_of(yyjson_val *const object, const char *const name)
{
    return ps_str_dup(text_of(object, name));
}

static int64_t count_of(yyjson_val *const object, const char *const name)
{
    yyjson_val *const value = yyjson_obj_get(object, name);
    if (!yyjson_is_int(value)) {
        return -1;
    }
    const int64_t count = yyjson_get_sint(value);
    return count < 0 ? -1 : count;
}

static char *uri_of(yyjson_val *const object, const char *const member, const char *const inner)
{
    return dup_of(yyjson_obj_get(yyjson_obj_get(object, member), inner), "s3Uri");
}

static bool is_job_arn(const struct ps_str arn)
{
    const struct ps_str middle = PS_STR(":model-invocation-job/");
    if (!ps_str_starts_with(arn, PS_STR("arn:aws")) || arn.size > 1011) {
        return false;
    }
    for (size_t from = 0; from + middle.size < arn.size; from++) {
        if (ps_str_starts_with(ps_str_part(arn, from, arn.size), middle)) {
            return true;
        }
    }
    return false;
}

/* False, and nothing is filled, when the object is no job. */
static bool read_view(yyjson_val *const object, struct ps_job_view *const ret_view)
{
    int64_t submitted_at_ms = 0;
    if (!is_job_arn(text_of(object, "jobArn")) || text_of(object, "status").size == 0 ||
        !ps_iso8601_parse_ms(text_of(object, "submitTime"), &submitted_at_ms)) {
        return false;
    }
    *ret_view =
        (struct ps_job_view){.arn = dup_of(object, "jobArn"),
                             .name = dup_of(object, "jobName"),
                             .model = dup_of(object, "modelId"),
                             .token = dup_of(object, "clientRequestToken"),
                             .input_uri = uri_of(object, "inputDataConfig", "s3InputDataConfig"),
                             .output_uri = uri_of(object, "outputDataConfig", "s3OutputDataConfig"),
                             .message = dup_of(object, "message"),
                             .status = ps_job_status_of(text_of(object, "status")),
                             .submitted_at_ms = submitted_at_ms,
                             .total_count = count_of(object, "totalRecordCount"),
                             .processed_count = count_of(object, "processedRecordCount"),
                             .success_count = count_of(object, "successRecordCount"),
                             .error_count = count_of(object, "errorRecordCount")};
    return true;
}

char *ps_bedrock_read_created(const struct ps_str json)
{
    yyjson_doc *const document = yyjson_read(json.data, json.size, 0);
    const struct ps_str arn = text_of(yyjson_doc_get_root(document), "jobArn");
    char *const copy = is_job_arn(arn) ? ps_str_dup(arn) : NULL;
    yyjson_doc_free(document);
    return copy;
}

enum ps_status ps_bedrock_read_job(const struct ps_str json, struct ps_job_view **const ret_job,
                                   struct ps_error *const err)
{
    struct ps_job_view *const job = calloc(1, sizeof(*job));
    PS_ASSERT(job != NULL);
    yyjson_doc *const document = yyjson_read(json.data, json.size, 0);
    const bool is_read = read_view(yyjson_doc_get_root(document), job);
    yyjson_doc_free(document);
    if (!is_read) {
        free(job);
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_LATER,
                            "it is no job with ARN, status and time");
    }
    *ret_job = job;
    return PS_OK;
}

enum ps_status ps_bedrock_read_page(const struct ps_str json, struct ps_job_view **const jobs,
                                    int64_t *const job_count, char **const ret_token,
                                    struct ps_error *const err)
{
    yyjson_doc *const document = yyjson_read(json.data, json.size, 0);
    yyjson_val *const root = yyjson_doc_get_root(document);
    yyjson_val *const rows = yyjson_obj_get(root, "invocationJobSummaries");
    enum ps_status status = PS_OK;
    if (!yyjson_is_arr(rows)) {
        status =
            ps_error_set(err, PS_E_CORRUPT, PS_RETRY_LATER, "it has no invocationJobSummaries");
    } else if (yyjson_arr_size(rows) > 0) {
        const size_t count = (size_t)*job_count + yyjson_arr_size(rows);
        *jobs = realloc(*jobs, count * sizeof(**jobs));
        PS_ASSERT(*jobs != NULL);
    }
    size_t index = 0;
    size_t index_max = 0;
    yyjson_val *row = NULL;
    yyjson_arr_foreach(rows, index, index_max, row)
    {
        if (status == PS_OK && !read_view(row, &(*jobs)[*job_count])) {
            status = ps_error_set(err, PS_E_CORRUPT, PS_RETRY_LATER,
                                  "a row is no job with ARN, status and time");
        }
        *job_count += status == PS_OK ? 1 : 0;
    }
    if (status == PS_OK) {
        const struct ps_str token = text_of(root, "nextToken");
        *ret_token = token.size == 0 ? NULL : ps_str_dup(token);
    }
    yyjson_doc_free(document);
    return status;
}
