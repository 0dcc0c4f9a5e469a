#include "core/job_request.h"

#include <inttypes.h>

static void add_string(struct ps_buf *const buf, const char *const before, const struct ps_str text)
{
    ps_buf_add_text(buf, before);
    ps_buf_add_text(buf, "\"");
    for (size_t place = 0; place < text.size; place++) {
        const char byte = text.data[place];
        if (byte == '"' || byte == '\\') {
            ps_buf_add_text(buf, "\\");
        }
        ps_buf_add(buf, ps_str_part(text, place, 1));
    }
    ps_buf_add_text(buf, "\"");
}

void ps_job_request_write(struct ps_buf *const buf, const struct ps_job_request *const request)
{
    add_string(buf, "{\"jobName\":", request->name);
    add_string(buf, ",\"roleArn\":", request->role_arn);
    add_string(buf, ",\"clientRequestToken\":", request->token);
    add_string(buf, ",\"modelId\":", request->model);
    add_string(
        buf, ",\"inputDataConfig\":{\"s3InputDataConfig\":{\"s3InputFormat\":\"JSONL\",\"s3Uri\":",
        request->input_uri);
    add_string(buf,
               "}},\"outputDataConfig\":{\"s3OutputDataConfig\":{\"s3Uri\":", request->output_uri);
    ps_buf_add_format(buf, "}},\"timeoutDurationInHours\":%" PRId64, request->timeout_hours);
    if (request->is_converse) {
        ps_buf_add_text(buf, ",\"modelInvocationType\":\"Converse\"");
    }
    ps_buf_add_text(buf, "}");
}
