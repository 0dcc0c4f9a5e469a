#include "core/job_request.h"

#include "base/limits.h"

#include <inttypes.h>
#include <string.h>

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

static void add_token(struct ps_buf *const buf, const struct ps_str token)
{
    add_string(buf, ",\"clientRequestToken\":", token);
}

static void add_input(struct ps_buf *const buf, const struct ps_str uri)
{
    add_string(
        buf,
        ",\"inputDataConfig\":{\"s3InputDataConfig\":{\"s3InputFormat\":\"JSONL\",\"s3Uri\":", uri);
}

void ps_job_request_write(struct ps_buf *const buf, const struct ps_job_request *const request)
{
    add_string(buf, "{\"jobName\":", request->name);
    add_string(buf, ",\"roleArn\":", request->role_arn);
    add_token(buf, request->token);
    add_string(buf, ",\"modelId\":", request->model);
    add_input(buf, request->input_uri);
    add_string(buf,
               "}},\"outputDataConfig\":{\"s3OutputDataConfig\":{\"s3Uri\":", request->output_uri);
    ps_buf_add_format(buf, "}},\"timeoutDurationInHours\":%" PRId64, request->timeout_hours);
    if (request->is_converse) {
        ps_buf_add_text(buf, ",\"modelInvocationType\":\"Converse\"");
    }
    ps_buf_add_text(buf, "}");
}

bool ps_job_request_is_of(const struct ps_str body, const struct ps_str token,
                          const struct ps_str input_uri)
{
    struct ps_buf said PS_CLEANUP(ps_buf_release);
    struct ps_buf input PS_CLEANUP(ps_buf_release);
    ps_buf_init(&said, PS_ANSWER_BYTES_MAX);
    ps_buf_init(&input, PS_ANSWER_BYTES_MAX);
    add_token(&said, token);
    add_input(&input, input_uri);
    return memmem(body.data, body.size, said.data, said.size) != NULL &&
           memmem(body.data, body.size, input.data, input.size) != NULL;
}
