/* Goal: a line is one line, whatever its fields hold. Method: hostile text into a file, read back.
 */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void escapes_control_characters_and_drops_low_levels(void **state)
{
    (void)state;
    char path[] = "/tmp/penstock-test-log-XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    struct ps_error err;
    assert_int_equal(ps_log_open(&(struct ps_log_options){path, true, PS_LOG_INFO}, &err), PS_OK);
    ps_log_info("job.created", PS_FIELD_TEXT("id", "a\n\x1b[31m\"b"), PS_FIELD_COUNT("records", 7));
    ps_log_debug("dropped", PS_FIELD_END);
    ps_log_close();
    char text[500] = "";
    assert_true(read(descriptor, text, sizeof(text) - 1) > 0);
    assert_non_null(strstr(
        text, "\"event\":\"job.created\",\"id\":\"a\\u000a\\u001b[31m\\\"b\",\"records\":7}\n"));
    assert_null(strstr(text, "dropped"));
    (void)close(descriptor);
    (void)unlink(path);
}

static void says_when_it_cannot_be_opened(void **state)
{
    (void)state;
    struct ps_error err;
    assert_int_equal(
        ps_log_open(&(struct ps_log_options){"/nowhere/log", false, PS_LOG_INFO}, &err), PS_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_control_characters_and_drops_low_levels),
        cmocka_unit_test(says_when_it_cannot_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
