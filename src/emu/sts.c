/* AWS STS: GetCallerIdentity. Form in, XML out. */
#include "emu/services.h"

#include "base/limits.h"
#include "codec/uri.h"
#include "codec/xml.h"

#define NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"

static void add_element(struct ps_buf *const buf, const char *const name, const char *const text)
{
    ps_buf_add_format(buf, "<%s>", name);
    (void)!ps_xml_escape(ps_str_of(text), buf);
    ps_buf_add_format(buf, "</%s>", name);
}

/* The value of a field of the form, decoded. */
static bool has_field(const struct ps_emu_request *const request, const char *const name,
                      const char *const value)
{
    struct ps_str rest = ps_buf_str(&request->body);
    struct ps_str found = {NULL, 0};
    struct ps_str text = {NULL, 0};
    while (ps_uri_next_parameter(&rest, &found, &text)) {
        if (ps_str_equals_text(found, name)) {
            return ps_str_equals_text(text, value);
        }
    }
    return false;
}

bool ps_emu_sts_identity(struct ps_emu_request *const request)
{
    const struct ps_identity *const identity = ps_world_identity(request->world);
    if (!has_field(request, "Action", "GetCallerIdentity") ||
        !has_field(request, "Version", "2011-06-15")) {
        return ps_emu_refuse(request, 400, "InvalidAction",
                             "Could not find the requested operation for the given version.");
    }
    struct ps_buf *const body = &request->answer.body;
    ps_buf_add(body, PS_STR("<GetCallerIdentityResponse xmlns=\"" NAMESPACE "\">"
                            "<GetCallerIdentityResult>"));
    add_element(body, "Arn", identity->user_arn);
    add_element(body, "UserId", identity->access_key_id + 4);
    add_element(body, "Account", identity->account_id);
    ps_buf_add(body, PS_STR("</GetCallerIdentityResult><ResponseMetadata>"));
    add_element(body, "RequestId", request->call.request_id);
    ps_buf_add(body, PS_STR("</ResponseMetadata></GetCallerIdentityResponse>"));
    request->answer.status = 200;
    ps_emu_answer_header(request, "Content-Type", PS_STR("text/xml"));
    return true;
}

void ps_emu_sts_error(struct ps_emu_request *const request)
{
    const struct ps_refusal *const refusal = &request->refusal;
    struct ps_buf *const body = &request->answer.body;
    ps_buf_clear(body);
    request->answer.status = refusal->http_status;
    ps_buf_add(body, PS_STR("<ErrorResponse xmlns=\"" NAMESPACE "\"><Error>"));
    add_element(body, "Type", refusal->http_status < 500 ? "Sender" : "Receiver");
    add_element(body, "Code", refusal->code);
    add_element(body, "Message", refusal->message);
    ps_buf_add(body, PS_STR("</Error>"));
    add_element(body, "RequestId", request->call.request_id);
    ps_buf_add(body, PS_STR("</ErrorResponse>"));
    ps_emu_answer_header(request, "Content-Type", PS_STR("text/xml"));
}
