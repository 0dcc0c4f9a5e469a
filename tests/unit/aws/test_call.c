/*
 * Goal: what goes over the wire carries a signature that a server accepts. Method: requests to a
 * fake server, its record of them checked with the same code the emulator uses, which is held to
 * AWS's vectors.
 */
#include "aws/call.h"

#include "aws/sigv4.h"
#include "fake_server.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define HEADERS_MAX 32

static void done(void *const owner, const struct ps_http_answer *const answer)
{
    *(int *)owner = answer->http_status;
}

static const struct ps_http_handler handler = {NULL, NULL, done};

/* Cuts the head that the server saw into a request. */
static void parse(const char *const head, struct ps_sigv4_request *const request,
                  struct ps_sigv4_header *const headers)
{
    struct ps_str rest = ps_str_of(head);
    const struct ps_str line = ps_str_part(rest, 0, ps_str_find(rest, '\r'));
    const size_t space = ps_str_find(line, ' ');
    const struct ps_str target =
        ps_str_part(line, space + 1, line.size - space - 1 - strlen(" HTTP/1.1"));
    const size_t mark = ps_str_find(target, '?');
    *request = (struct ps_sigv4_request){.method = ps_str_part(line, 0, space),
                                         .path = ps_str_part(target, 0, mark),
                                         .query = ps_str_part(target, mark + 1, target.size),
                                         .headers = headers};
    rest = ps_str_part(rest, line.size + 2, rest.size);
    while (rest.size > 2) {
        const size_t end = ps_str_find(rest, '\r');
        const size_t colon = ps_str_find(rest, ':');
        assert_true(request->header_count < HEADERS_MAX);
        headers[request->header_count++] = (struct ps_sigv4_header){
            ps_str_part(rest, 0, colon), ps_str_part(rest, colon + 1, end - colon - 1)};
        rest = ps_str_part(rest, end + 2, rest.size);
    }
}

static void a_server_accepts_what_is_signed(void **state)
{
    (void)state;
    static const struct {
        enum ps_aws_service service;
        const char *path;
        const char *query;
        const char *body;
        const char *token;
    } rows[] = {
        {PS_AWS_S3, "/a%20b/%E1%88%B4//x", "list-type=2&prefix=p%2F", "", ""},
        {PS_AWS_S3, "", "uploads=", "", "tok/en+="},
        {PS_AWS_BEDROCK, "/model-invocation-job/arn%3Aaws%2Fx", "", "", "token"},
        {PS_AWS_BEDROCK, "/model-invocation-job", "", "{\"a\":1}", ""},
        {PS_AWS_STS, "/", "", "Action=GetCallerIdentity", "token"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        static const struct fake_step step = {.status = "200 OK"};
        struct fake_server *server = fake_server_start(&step, 1);
        struct ps_error err;
        struct ps_http *http = NULL;
        const struct ps_http_options options = {0};
        struct ps_aws_endpoint endpoint PS_CLEANUP(ps_aws_endpoint_release);
        struct ps_credentials credentials PS_CLEANUP(ps_credentials_release);
        ps_credentials_init(&credentials);
        assert_int_equal(ps_credentials_set(&credentials, PS_STR("AKID"), PS_STR("topsecret"),
                                            ps_str_of(rows[row].token), "x", &err),
                         PS_OK);
        assert_int_equal(ps_http_new(&options, &http, &err), PS_OK);
        assert_int_equal(
            ps_aws_endpoint_init(&endpoint, rows[row].service, "eu-west-1", fake_server_url(server),
                                 rows[row].service == PS_AWS_S3 ? "bucket" : NULL, &err),
            PS_OK);
        int http_status = 0;
        const struct ps_aws_call call = {.endpoint = &endpoint,
                                         .region = "eu-west-1",
                                         .credentials = &credentials,
                                         .method = "POST",
                                         .path = ps_str_of(rows[row].path),
                                         .query = ps_str_of(rows[row].query),
                                         .headers = {{"x-amz-odd", PS_STR("  two   blanks ")}},
                                         .header_count = 1,
                                         .body = ps_str_of(rows[row].body),
                                         .handler = &handler,
                                         .owner = &http_status};
        assert_int_equal(ps_aws_call_start(http, &call, &err), PS_OK);
        while (ps_http_run(http, 1000)) {
        }
        assert_int_equal(http_status, 200);

        struct ps_sigv4_header headers[HEADERS_MAX];
        struct ps_sigv4_request request;
        parse(fake_server_head(server, 0), &request, headers);
        char digest[PS_SHA256_HEX_SIZE];
        ps_sha256_hex(ps_str_of(fake_server_body(server, 0, NULL)), digest);
        request.payload_hash = ps_str_of(digest);
        struct ps_sigv4_claim claim PS_CLEANUP(ps_sigv4_claim_release);
        ps_sigv4_claim_init(&claim);
        assert_int_equal(ps_sigv4_read_claim(&request, &claim, &err), PS_OK);
        assert_int_equal(ps_sigv4_check_claim(&request, &claim, PS_STR("topsecret"), &err), PS_OK);
        assert_true(ps_str_equals_text(claim.session_token, rows[row].token));
        assert_true(ps_str_equals_text(claim.region, "eu-west-1"));
        http = ps_http_free(http);
        server = fake_server_stop(server);
    }
}

static void what_is_too_large_is_not_sent(void **state)
{
    (void)state;
    static char long_text[70000];
    memset(long_text, 'a', sizeof(long_text) - 1);
    struct fixture fixture;
    fixture_start(&fixture, NULL, 0, NULL);
    static const enum ps_wish_kind kinds[] = {PS_WISH_PUT_SHARD, PS_WISH_GET_OBJECT,
                                              PS_WISH_DELETE_OBJECT};
    for (size_t row = 0; row < 3; row++) {
        const struct ps_fact *const fact = fixture_do(
            &fixture, &(struct ps_wish){.kind = kinds[row], .key = ps_str_of(long_text)});
        assert_int_equal(fact->outcome, PS_OUTCOME_NO);
        assert_int_equal(fact->error.status, PS_E_TOO_LARGE);
    }
    assert_int_equal(fake_server_count(fixture.server), 0);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_accepts_what_is_signed),
        cmocka_unit_test(what_is_too_large_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
