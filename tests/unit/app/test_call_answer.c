/* Goal: a call's answer is filed as a batch's line would be; a hostile body, a refusal and a lost
 * call have an ending that says what they are. Method: rows of facts and what is filed of each. */
#include "app/call_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define GOOD                                                                     \
    "{ \"type\": \"message\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]," \
    "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}"

static void file(struct ps_call_answer *const answer, const char *const body)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "%s", body);
    const struct ps_fact fact = {
        .outcome = PS_OUTCOME_YES, .text = text, .bytes = (int64_t)strlen(body)};
    ps_call_answer_make(answer, &fact, PS_CALL_END_ANSWERED, 41, PS_FAMILY_ANTHROPIC,
                        PS_STR("model"));
}

static void an_answer_is_filed_as_a_line_of_a_batch_is(void **state)
{
    (void)state;
    struct ps_call_answer answer PS_CLEANUP(ps_call_answer_release);
    ps_call_answer_init(&answer);
    for (int times = 0; times < 2; times++) {
        file(&answer, GOOD);
        assert_int_equal(answer.kind, PS_ANSWER_SUCCEEDED);
        assert_int_equal(answer.usage.input_tokens, 3);
        assert_int_equal(answer.usage.output_tokens, 1);
        assert_string_equal(
            ps_buf_text(&answer.payload),
            "\"status\":\"succeeded\",\"text\":\"hi\",\"output\":{\"type\":\"message\","
            "\"content\":[{\"type\":\"text\",\"text\":\"hi\"}],\"stop_reason\":\"end_turn\","
            "\"usage\":{\"input_tokens\":3,\"output_tokens\":1}},\"usage\":{\"input_tokens\":3,"
            "\"output_tokens\":1},\"stop_reason\":\"end_turn\",\"model\":\"model\"");
    }
}

static void a_hostile_body_is_a_failure(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "hello",
        "[1]",
        "null",
        "{\"a\":1",
        "{}},\"error\":{",
        "{},\"recordId\":\"x\"",
        "{} {}",
        "\"text\"",
        "{},\"modelOutput\":{}",
    };
    struct ps_call_answer answer PS_CLEANUP(ps_call_answer_release);
    ps_call_answer_init(&answer);
    for (size_t body = 0; body < sizeof(bodies) / sizeof(bodies[0]); body++) {
        file(&answer, bodies[body]);
        assert_int_equal(answer.kind, PS_ANSWER_FAILED);
        assert_non_null(strstr(ps_buf_text(&answer.payload), "{\"code\":\"bad_output\""));
    }
}

static void a_refusal_has_the_services_word(void **state)
{
    (void)state;
    struct ps_call_answer answer PS_CLEANUP(ps_call_answer_release);
    struct ps_fact fact = {.outcome = PS_OUTCOME_NO};
    (void)ps_error_set(&fact.error, PS_E_SERVICE, PS_RETRY_NEVER, "cannot call: too long");
    ps_call_answer_init(&answer);
    static const struct {
        const char *code;
        int http_status;
        const char *filed;
    } rows[] = {
        {"ValidationException", 400,
         "{\"code\":\"ValidationException\",\"message\":\"cannot call: "
         "too long\"}"},
        {"", 424, "{\"code\":\"424\",\"message\":\"cannot call: too long\"}"},
        {"", 0, "{\"code\":\"not_sent\",\"message\":\"cannot call: too long\"}"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        (void)snprintf(fact.error.aws_code, sizeof(fact.error.aws_code), "%s", rows[row].code);
        fact.error.http_status = rows[row].http_status;
        ps_call_answer_make(&answer, &fact, PS_CALL_END_FAILED, 41, PS_FAMILY_ANTHROPIC,
                            PS_STR("model"));
        assert_int_equal(answer.kind, PS_ANSWER_FAILED);
        assert_string_equal(ps_buf_text(&answer.payload), rows[row].filed);
    }
}

static void what_may_be_paid_says_so(void **state)
{
    (void)state;
    struct ps_call_answer answer PS_CLEANUP(ps_call_answer_release);
    struct ps_fact fact = {.outcome = PS_OUTCOME_UNKNOWN};
    (void)ps_error_set(&fact.error, PS_E_NETWORK, PS_RETRY_LATER, "could not read: reset");
    ps_call_answer_init(&answer);
    ps_call_answer_make(&answer, &fact, PS_CALL_END_MAYBE_PAID, 41, PS_FAMILY_ANTHROPIC,
                        PS_STR("model"));
    assert_int_equal(answer.kind, PS_ANSWER_MAYBE_PAID);
    assert_string_equal(
        ps_buf_text(&answer.payload),
        "{\"code\":\"maybe_paid\",\"message\":\"it may have been answered and paid, "
        "so it is not sent again by itself: could not read: reset\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_filed_as_a_line_of_a_batch_is),
        cmocka_unit_test(a_hostile_body_is_a_failure),
        cmocka_unit_test(a_refusal_has_the_services_word),
        cmocka_unit_test(what_may_be_paid_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
