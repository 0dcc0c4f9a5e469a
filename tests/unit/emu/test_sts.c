/* Goal: GetCallerIdentity says who it is, and nothing else is answered. Method: forms over the
 * wire. */
#include "emu/services.h"

#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct reply ask(const struct client *const client, const char *const form)
{
    return client_send(
        client, &(struct sending){.service = "sts",
                                  .method = "POST",
                                  .target = "/",
                                  .headers = "content-type: application/x-www-form-urlencoded\n",
                                  .body = ps_str_of(form)});
}

static void the_caller_is_told(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char account[64];
    client_start(&client, 1, NULL, NULL);
    struct reply reply PS_CLEANUP(reply_release) =
        ask(&client, "Action=GetCallerIdentity&Version=2011-06-15");
    assert_int_equal(reply.status, 200);
    (void)snprintf(account, sizeof account, "<Account>%s</Account>",
                   ps_emulator_account_id(client.emulator));
    assert_non_null(strstr(reply.body, account));
    assert_non_null(strstr(reply.body, "<GetCallerIdentityResponse xmlns=\"https://sts."));
    assert_non_null(strstr(reply.body, ":user/penstock</Arn>"));
}

static void other_actions_are_refused(void **state)
{
    (void)state;
    static const char *const forms[] = {"", "Action=AssumeRole&Version=2011-06-15",
                                        "Action=GetCallerIdentity",
                                        "Action=GetCallerIdentity&Version=2010-05-08"};
    struct client client PS_CLEANUP(client_stop);
    client_start(&client, 1, NULL, NULL);
    for (size_t index = 0; index < sizeof forms / sizeof forms[0]; index++) {
        struct reply reply PS_CLEANUP(reply_release) = ask(&client, forms[index]);
        assert_int_equal(reply.status, 400);
        assert_non_null(strstr(reply.body, "<Type>Sender</Type><Code>InvalidAction</Code>"));
        assert_non_null(strstr(reply.body, "<RequestId>"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caller_is_told),
        cmocka_unit_test(other_actions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
