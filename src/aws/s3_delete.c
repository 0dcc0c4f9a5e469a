#include "aws/s3.h"

static void on_delete(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    const bool is_answered = answer->reach == PS_HTTP_ANSWERED;
    if (ps_act_is_success(answer)) {
        ps_act_end(act, PS_OUTCOME_YES);
        return;
    }
    const struct ps_aws_doing doing = ps_act_doing(act);
    const enum ps_status status = ps_aws_failure(answer, &doing, &act->fact.error);
    const bool is_gone = is_answered && status == PS_E_NOT_FOUND &&
                         !ps_str_equals_text(ps_str_of(act->fact.error.aws_code), "NoSuchBucket");
    if (is_gone) {
        act->fact.error = (struct ps_error){.status = PS_OK};
        ps_act_end(act, PS_OUTCOME_YES);
    } else if ((is_answered && answer->http_status < 500) || answer->reach == PS_HTTP_UNSENT) {
        ps_act_end(act, PS_OUTCOME_NO);
    } else {
        ps_act_end(act, PS_OUTCOME_UNKNOWN);
    }
}

void ps_s3_begin_delete(struct ps_act *const act)
{
    ps_s3_set_what(act, "delete");
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    ps_s3_key_path(act, &path);
    const struct ps_act_request request = {.service = PS_AWS_S3,
                                           .method = "DELETE",
                                           .path = ps_buf_str(&path),
                                           .on_answer = on_delete};
    ps_act_send(act, &request);
}
