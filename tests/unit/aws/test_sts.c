/* Goal: who we are is told, or why not. Method: answers of STS, good and bad, as rows. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define ERROR(code)                                        \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code \
    "</Code><Message>why</Message></Error></ErrorResponse>"

static void answers_of_sts_have_their_meaning(void **state)
{
    (void)state;
    static const struct {
        struct fake_step step;
        enum ps_outcome outcome;
        enum ps_status status;
        enum ps_retry retry;
    } rows[] = {
        {{.status = "200 OK", .body = "<R><Arn>a</Arn><Account>111122223333</Account></R>"},
         PS_OUTCOME_YES,
         PS_OK,
         PS_RETRY_NEVER},
        {{.status = "200 OK", .body = "<R><Arn>a</Arn><Account>11112222333</Account></R>"},
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         PS_RETRY_LATER},
        {{.status = "200 OK", .body = "<R><Arn>a</Arn><Account>11112222333x</Account></R>"},
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         PS_RETRY_LATER},
        {{.status = "200 OK", .body = "<R><Account>111122223333</Account></R>"},
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         PS_RETRY_LATER},
        {{.status = "200 OK",
          .body = "<!DOCTYPE x><R><Arn>a</Arn><Account>111122223333</Account></R>"},
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         PS_RETRY_LATER},
        {{.status = "200 OK", .body = "<html>hotel wifi: please log in"},
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         PS_RETRY_LATER},
        {{.status = "403 Forbidden", .body = ERROR("InvalidClientTokenId")},
         PS_OUTCOME_NO,
         PS_E_DENIED,
         PS_RETRY_NEVER},
        {{.status = "403 Forbidden", .body = ERROR("SignatureDoesNotMatch")},
         PS_OUTCOME_NO,
         PS_E_DENIED,
         PS_RETRY_NEVER},
        {{.status = "403 Forbidden", .body = ERROR("ExpiredToken")},
         PS_OUTCOME_NO,
         PS_E_DENIED,
         PS_RETRY_REAUTH},
        {{.status = "400 Bad Request", .body = ERROR("Throttling")},
         PS_OUTCOME_NO,
         PS_E_QUOTA,
         PS_RETRY_LATER},
        {{.status = "503 No"}, PS_OUTCOME_NO, PS_E_SERVICE, PS_RETRY_LATER},
        {{.fault = FAKE_RESET}, PS_OUTCOME_NO, PS_E_NETWORK, PS_RETRY_LATER},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct fixture fixture;
        fixture_start(&fixture, &rows[row].step, 1, NULL);
        const struct ps_fact *const fact =
            fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_IDENTITY});
        assert_int_equal(fact->outcome, rows[row].outcome);
        assert_int_equal(fact->error.status, rows[row].status);
        assert_int_equal(fact->error.retry, rows[row].retry);
        assert_int_equal(fact->text != NULL, fact->outcome == PS_OUTCOME_YES);
        fixture_stop(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_sts_have_their_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
