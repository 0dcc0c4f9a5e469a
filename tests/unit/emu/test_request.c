/* Goal: a request gives what it holds, decoded once. Method: a request without a world behind it.
 */
#include "emu/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void target_and_parameters_are_read(void **state)
{
    (void)state;
    struct ps_buf value PS_CLEANUP(ps_buf_release);
    ps_buf_init(&value, 1000);
    struct ps_emu_request *const request =
        ps_emu_request_new(NULL, "/b/k%20x?prefix=a%2Fb+c&delete&empty=");
    assert_true(ps_str_equals_text(request->path, "/b/k%20x"));
    assert_true(ps_emu_parameter(request, "prefix", &value));
    assert_string_equal(ps_buf_text(&value), "a/b+c");
    assert_true(ps_emu_has_parameter(request, "delete"));
    assert_true(ps_emu_has_parameter(request, "empty"));
    assert_false(ps_emu_has_parameter(request, "pre"));
    (void)ps_emu_request_free(request);
}

static void headers_are_found_in_any_case(void **state)
{
    (void)state;
    struct ps_emu_request *const request = ps_emu_request_new(NULL, "/");
    request->headers[0] = (struct ps_sigv4_header){PS_STR("X-Amz-Date"), PS_STR("now")};
    request->header_count = 1;
    assert_true(ps_str_equals_text(ps_emu_header(request, "x-amz-date"), "now"));
    assert_true(ps_emu_has_header(request, "X-AMZ-DATE"));
    assert_false(ps_emu_has_header(request, "x-amz"));
    assert_int_equal(ps_emu_header(request, "x-amz").size, 0);
    (void)ps_emu_request_free(request);
}

static void an_answers_header_is_there_once(void **state)
{
    (void)state;
    struct ps_emu_request *const request = ps_emu_request_new(NULL, "/");
    ps_emu_answer_header(request, "A", PS_STR("1"));
    ps_emu_answer_header(request, "B", PS_STR("2"));
    ps_emu_answer_header(request, "A", PS_STR("3"));
    assert_int_equal(request->answer.header_count, 2);
    assert_string_equal(request->answer.headers[0].value, "3");
    assert_false(ps_emu_refuse(request, 418, "Teapot", "short and stout"));
    assert_true(request->is_refused);
    assert_string_equal(request->refusal.message, "short and stout");
    (void)ps_emu_request_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(target_and_parameters_are_read),
        cmocka_unit_test(headers_are_found_in_any_case),
        cmocka_unit_test(an_answers_header_is_there_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
