/* Goal: each record error is told retryable or final, and none can break us. Method: a table. */
#include "core/outcome.h"

#include "codec/json_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct row {
    const char *error;
    const char *code;
    const char *message;
    bool is_retryable;
};

static const struct row rows[] = {
    {"{\"errorCode\":400,\"errorMessage\":\"bad\"}", "400", "bad", false},
    {"{\"errorCode\":403,\"errorMessage\":\"no\"}", "403", "no", false},
    {"{\"errorCode\":404}", "404", "", false},
    {"{\"errorCode\":408}", "408", "", true},
    {"{\"errorCode\":424}", "424", "", true},
    {"{\"errorCode\":429,\"errorMessage\":\"slow\"}", "429", "slow", true},
    {"{\"errorCode\":\"429\"}", "429", "", true},
    {"{\"errorCode\":499}", "499", "", false},
    {"{\"errorCode\":500}", "500", "", true},
    {"{\"errorCode\":503}", "503", "", true},
    {"{\"errorCode\":599}", "599", "", true},
    {"{\"errorCode\":600}", "600", "", false},
    {"{\"errorCode\":\"ThrottlingException\"}", "ThrottlingException", "", true},
    {"{\"errorCode\":\"ModelTimeoutException\"}", "ModelTimeoutException", "", true},
    {"{\"errorCode\":\"ValidationException\"}", "ValidationException", "", false},
    {"{\"errorCode\":400,\"errorMessage\":\"late\",\"expired\":true}", "400", "late", true},
    {"{\"errorCode\":400,\"expired\":\"true\"}", "400", "", false},
    {"{\"errorCode\":-1}", "-1", "", false},
    {"{\"errorCode\":1e999}", "1e999", "", false},
    {"{\"errorCode\":99999999999999999999999999999999999999999999999999999999999999999999999}",
     "unknown", "", false},
    {"{\"errorCode\":\"\\u001b[31m\"}", "unknown", "", false},
    {"{\"errorCode\":\"\"}", "unknown", "", false},
    {"{\"errorCode\":{\"a\":1},\"errorMessage\":[1]}", "unknown", "", false},
    {"{\"errorMessage\":12}", "unknown", "12", false},
    {"{}", "unknown", "", false},
    {"\"boom\"", "unknown", "boom", false},
    {"[]", "unknown", "", false},
    {"true", "unknown", "", false},
};

static void tells_each_error(void **state)
{
    (void)state;
    struct ps_json_doc doc;
    ps_json_doc_init(&doc);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_json_reason reason;
        struct ps_record_error error;
        print_message("%s\n", rows[row].error);
        ps_outcome_read(ps_json_doc_read(&doc, ps_str_of(rows[row].error), &reason), &error);
        assert_string_equal(error.code, rows[row].code);
        assert_true(ps_str_equals_text(error.message, rows[row].message));
        assert_int_equal(error.is_retryable, rows[row].is_retryable);
    }
    ps_json_doc_release(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_each_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
