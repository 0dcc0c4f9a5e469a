#include "aws/act.h"
#include "base/buf.h"
#include "base/limits.h"
#include "codec/xml.h"

#include <stdio.h>

static bool is_account(const struct ps_str text)
{
    bool is_number = text.size == 12;
    for (size_t index = 0; index < text.size; index++) {
        is_number = is_number && text.data[index] >= '0' && text.data[index] <= '9';
    }
    return is_number;
}

static void on_identity(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    if (!ps_act_is_success(answer)) {
        ps_act_fail(act, answer, PS_OUTCOME_NO);
        return;
    }
    struct ps_error err;
    struct ps_buf account PS_CLEANUP(ps_buf_release);
    struct ps_buf arn PS_CLEANUP(ps_buf_release);
    ps_buf_init(&account, PS_TEXT_BYTES_MAX);
    ps_buf_init(&arn, PS_TEXT_BYTES_MAX);
    const struct ps_str body = ps_str_trim(answer->body);
    if (ps_xml_find(body, "Account", &account, &err) != PS_OK ||
        ps_xml_find(body, "Arn", &arn, &err) != PS_OK) {
        ps_act_fail_unreadable(act, answer, err.message, PS_OUTCOME_NO);
        return;
    }
    if (!is_account(ps_buf_str(&account))) {
        ps_act_fail_unreadable(act, answer, "its Account is not 12 digits", PS_OUTCOME_NO);
        return;
    }
    act->fact.text = ps_str_dup(ps_buf_str(&account));
    act->fact.caller = ps_str_dup(ps_buf_str(&arn));
    ps_act_end(act, PS_OUTCOME_YES);
}

void ps_sts_begin_identity(struct ps_act *const act)
{
    (void)snprintf(act->what, sizeof(act->what), "ask who we are (GetCallerIdentity)");
    const struct ps_act_request request = {
        .service = PS_AWS_STS,
        .method = "POST",
        .path = PS_STR("/"),
        .headers = {{"Content-Type", PS_STR("application/x-www-form-urlencoded; charset=utf-8")}},
        .header_count = 1,
        .body = PS_STR("Action=GetCallerIdentity&Version=2011-06-15"),
        .on_answer = on_identity};
    ps_act_send(act, &request);
}
