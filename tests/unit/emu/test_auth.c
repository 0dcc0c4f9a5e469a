/*
 * Goal: only what is rightly signed gets in, and each service says no in its own words. Method: one
 * wrong thing a row, over the wire.
 */
#include "emu/auth.h"

#include "client.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FORM "content-type: application/x-www-form-urlencoded\n"
#define IDENTITY "Action=GetCallerIdentity&Version=2011-06-15"

struct row {
    const char *name;
    struct sending sending;
    int status;
    const char *code; /* in body or header; NULL: none */
};

static void each_service_says_no_in_its_words(void **state)
{
    (void)state;
    const struct row rows[] = {
        {"s3, right", {.method = "GET", .target = "/"}, 200, NULL},
        {"s3, unsigned",
         {.method = "GET", .target = "/", .is_unsigned = true},
         403,
         "AccessDenied"},
        {"s3, no such key",
         {.method = "GET", .target = "/", .access_key_id = "AKIAX"},
         403,
         "InvalidAccessKeyId"},
        {"s3, wrong secret",
         {.method = "GET", .target = "/", .secret = "x"},
         403,
         "SignatureDoesNotMatch"},
        {"s3, 16 minutes behind",
         {.method = "GET", .target = "/", .shift_ms = -16 * PS_MINUTE_MS},
         403,
         "RequestTimeTooSkewed"},
        {"s3, 16 minutes ahead",
         {.method = "GET", .target = "/", .shift_ms = 16 * PS_MINUTE_MS},
         403,
         "RequestTimeTooSkewed"},
        {"s3, 14 minutes behind",
         {.method = "GET", .target = "/", .shift_ms = -14 * PS_MINUTE_MS},
         200,
         NULL},
        {"s3, the body is another",
         {.method = "POST",
          .target = "/x?delete",
          .body = PS_STR("<Delete/>"),
          .payload_hash = PS_SIGV4_EMPTY_PAYLOAD},
         400,
         "XAmzContentSHA256Mismatch"},
        {"bedrock, right",
         {.service = "bedrock", .method = "GET", .target = "/model-invocation-jobs"},
         200,
         NULL},
        {"bedrock, unsigned",
         {.method = "GET", .target = "/model-invocation-jobs", .is_unsigned = true},
         403,
         "MissingAuthenticationTokenException"},
        {"bedrock, no such key",
         {.service = "bedrock",
          .method = "GET",
          .target = "/model-invocation-jobs",
          .access_key_id = "AKIAX"},
         403,
         "UnrecognizedClientException"},
        {"bedrock, wrong secret",
         {.service = "bedrock", .method = "GET", .target = "/model-invocation-jobs", .secret = "x"},
         403,
         "InvalidSignatureException"},
        {"bedrock, the body is another",
         {.service = "bedrock",
          .method = "POST",
          .target = "/model-invocation-job",
          .body = PS_STR("{}"),
          .payload_hash = PS_SIGV4_EMPTY_PAYLOAD},
         403,
         "InvalidSignatureException"},
        {"sts, right",
         {.service = "sts",
          .method = "POST",
          .target = "/",
          .headers = FORM,
          .body = PS_STR(IDENTITY)},
         200,
         NULL},
        {"sts, wrong secret",
         {.service = "sts",
          .method = "POST",
          .target = "/",
          .headers = FORM,
          .body = PS_STR(IDENTITY),
          .secret = "x"},
         403,
         "SignatureDoesNotMatch"},
        {"sts, no such key",
         {.service = "sts",
          .method = "POST",
          .target = "/",
          .headers = FORM,
          .body = PS_STR(IDENTITY),
          .access_key_id = "AKIAX"},
         403,
         "InvalidClientTokenId"},
        {"signed for another service",
         {.service = "iam", .method = "GET", .target = "/model-invocation-jobs"},
         400,
         "AuthorizationHeaderMalformed"},
        {"a broken Authorization",
         {.method = "GET",
          .target = "/",
          .headers = "Authorization: AWS4-HMAC-SHA256 rubbish\nx-amz-content-sha256: x\n",
          .is_unsigned = true},
         400,
         "AuthorizationHeaderMalformed"},
    };
    struct client client PS_CLEANUP(client_stop);
    client_start(&client, 1, NULL, NULL);
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct reply reply PS_CLEANUP(reply_release) = client_send(&client, &rows[index].sending);
        if (reply.status != rows[index].status) {
            fail_msg("%s: %d %s", rows[index].name, reply.status, reply.body);
        }
        if (rows[index].code != NULL && strstr(reply.body, rows[index].code) == NULL &&
            strstr(reply.head, rows[index].code) == NULL) {
            fail_msg("%s: %s%s", rows[index].name, reply.head, reply.body);
        }
        assert_null(strstr(reply.body, ps_emulator_secret_access_key(client.emulator)));
    }
}

/* What is signed is what stood on the line: a changed target, or header, is another request. */
static void what_was_changed_on_its_way_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
    } rows[] = {
        {"GET /bkt/a%2Fb", "GET /bkt/a%2Fc"},
        {"list-type=2", "list-type=3"},
        {"x-amz-meta: 1", "x-amz-meta: 2"},
        {"GET /", "PUT /"},
    };
    struct client client PS_CLEANUP(client_stop);
    client_start(&client, 1, NULL, NULL);
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        const struct sending sending = {
            .method = "GET", .target = "/bkt/a%2Fb?list-type=2", .headers = "x-amz-meta: 1\n"};
        size_t size = 0;
        char *request PS_CLEANUP(ps_str_free_auto) =
            client_request(&client, &sending, "close", &size);
        char *const at = strstr(request, rows[index].from);
        struct ps_buf changed PS_CLEANUP(ps_buf_release);
        ps_buf_init(&changed, 65536);
        ps_buf_add(&changed, (struct ps_str){request, (size_t)(at - request)});
        ps_buf_add_text(&changed, rows[index].to);
        ps_buf_add_text(&changed, at + strlen(rows[index].from));
        char *answer PS_CLEANUP(ps_str_free_auto) =
            client_raw(&client, ps_buf_str(&changed), &size);
        if (strstr(answer, "SignatureDoesNotMatch") == NULL) {
            fail_msg("%s to %s: %s", rows[index].from, rows[index].to, answer);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_service_says_no_in_its_words),
        cmocka_unit_test(what_was_changed_on_its_way_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
