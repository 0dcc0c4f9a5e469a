/*
 * Goal: each step of Signature Version 4 is AWS's, and what we sign we accept, and nothing else.
 * Method: every vector of AWS's own suite (PENSTOCK_SHARED/data/sigv4), header and query, each of
 * the three steps and the check of the finished request; then requests changed after signing.
 */
#include "aws/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define HEADERS_MAX 16
#define FILE_BYTES_MAX 100000

struct vector {
    char folder[512];
    yyjson_doc *context;
    struct ps_buf text; /* request.txt */
    struct ps_sigv4_header headers[HEADERS_MAX];
    struct ps_sigv4_request request;
    char payload_hash[PS_SHA256_HEX_SIZE];
    char stamp[PS_SIGV4_STAMP_SIZE];
    struct ps_sigv4_signer signer;
};

static const char *shared_folder(void)
{
    const char *const folder = getenv("PENSTOCK_SHARED");
    return folder == NULL ? "../shared" : folder;
}

static void read_file(const char *const folder, const char *const name, struct ps_buf *const buf)
{
    char path[600];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *const file = fopen(path, "rb");
    assert_non_null(file);
    ps_buf_init(buf, FILE_BYTES_MAX);
    char *const room = ps_buf_reserve(buf, FILE_BYTES_MAX);
    assert_non_null(room);
    ps_buf_commit(buf, fread(room, 1, FILE_BYTES_MAX, file));
    (void)fclose(file);
}

static struct ps_str take_line(struct ps_str *const rest)
{
    size_t end = ps_str_find(*rest, '\n');
    /* A line that begins with a blank belongs to the one before. */
    while (end + 1 < rest->size && rest->data[end + 1] == ' ') {
        end += 1 + ps_str_find(ps_str_part(*rest, end + 1, rest->size), '\n');
    }
    const struct ps_str line = ps_str_part(*rest, 0, end);
    *rest = ps_str_part(*rest, end + 1, rest->size);
    return line;
}

static void parse_request(struct ps_str rest, struct ps_sigv4_request *const request,
                          struct ps_sigv4_header *const headers, struct ps_str *const ret_body)
{
    const struct ps_str line = take_line(&rest);
    const size_t space = ps_str_find(line, ' ');
    const struct ps_str target =
        ps_str_part(line, space + 1, line.size - space - 1 - strlen(" HTTP/1.1"));
    const size_t mark = ps_str_find(target, '?');
    *request = (struct ps_sigv4_request){.method = ps_str_part(line, 0, space),
                                         .path = ps_str_part(target, 0, mark),
                                         .query = ps_str_part(target, mark + 1, target.size),
                                         .headers = headers};
    for (struct ps_str header = take_line(&rest); header.size > 0; header = take_line(&rest)) {
        assert_true(request->header_count < HEADERS_MAX);
        const size_t colon = ps_str_find(header, ':');
        headers[request->header_count++] = (struct ps_sigv4_header){
            ps_str_part(header, 0, colon), ps_str_part(header, colon + 1, header.size)};
    }
    *ret_body = rest;
}

static struct ps_str context_text(yyjson_val *const object, const char *const name)
{
    return ps_str_of(yyjson_get_str(yyjson_obj_get(object, name)));
}

static bool context_bool(const struct vector *const vector, const char *const name)
{
    return yyjson_get_bool(yyjson_obj_get(yyjson_doc_get_root(vector->context), name));
}

static void load_vector(const char *const name, struct vector *const vector)
{
    memset(vector, 0, sizeof(*vector));
    (void)snprintf(vector->folder, sizeof(vector->folder), "%s/data/sigv4/%s", shared_folder(),
                   name);
    struct ps_buf context PS_CLEANUP(ps_buf_release);
    read_file(vector->folder, "context.json", &context);
    read_file(vector->folder, "request.txt", &vector->text);
    vector->context = yyjson_read(context.data, context.size, 0);
    assert_non_null(vector->context);

    struct ps_str body;
    parse_request(ps_buf_str(&vector->text), &vector->request, vector->headers, &body);
    ps_sha256_hex(body, vector->payload_hash);
    vector->request.payload_hash = ps_str_of(vector->payload_hash);

    yyjson_val *const root = yyjson_doc_get_root(vector->context);
    yyjson_val *const keys = yyjson_obj_get(root, "credentials");
    /* "2015-08-30T12:36:00Z" without its marks. */
    const struct ps_str time = context_text(root, "timestamp");
    size_t size = 0;
    for (size_t index = 0; index < time.size; index++) {
        if (time.data[index] != '-' && time.data[index] != ':') {
            vector->stamp[size++] = time.data[index];
        }
    }
    vector->signer = (struct ps_sigv4_signer){
        .rules = {true, context_bool(vector, "normalize"), context_bool(vector, "sign_body")},
        .scope = {ps_str_of(vector->stamp), context_text(root, "region"),
                  context_text(root, "service")},
        .access_key_id = context_text(keys, "access_key_id"),
        .secret_access_key = context_text(keys, "secret_access_key"),
        .session_token = context_text(keys, "token"),
        .is_token_unsigned = context_bool(vector, "omit_session_token"),
        .expires_s = yyjson_get_int(yyjson_obj_get(root, "expiration_in_seconds"))};
}

static void release_vector(struct vector *const vector)
{
    yyjson_doc_free(vector->context);
    ps_buf_release(&vector->text);
}

static void assert_file(const struct vector *const vector, const char *const kind,
                        const char *const name, const char *const actual)
{
    char file[64];
    (void)snprintf(file, sizeof(file), "%s-%s.txt", kind, name);
    struct ps_buf expected PS_CLEANUP(ps_buf_release);
    read_file(vector->folder, file, &expected);
    if (strcmp(ps_buf_text(&expected), actual) != 0) {
        fail_msg("%s/%s: expected\n%s\ngot\n%s", vector->folder, file, ps_buf_text(&expected),
                 actual);
    }
}

/* The finished request of the suite, as a server sees it, must be accepted; with another secret
 * not. */
static void check_signed_request(const struct vector *const vector, const char *const kind)
{
    char file[64];
    (void)snprintf(file, sizeof(file), "%s-signed-request.txt", kind);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    read_file(vector->folder, file, &text);
    struct ps_sigv4_header headers[HEADERS_MAX];
    struct ps_sigv4_request request;
    struct ps_str body;
    parse_request(ps_buf_str(&text), &request, headers, &body);
    request.payload_hash = ps_str_of(vector->payload_hash);

    struct ps_error err;
    struct ps_sigv4_claim claim PS_CLEANUP(ps_sigv4_claim_release);
    ps_sigv4_claim_init(&claim);
    assert_int_equal(ps_sigv4_read_claim(&request, &claim, &err), PS_OK);
    assert_true(ps_str_equals(claim.access_key_id, vector->signer.access_key_id));
    assert_true(ps_str_equals(claim.session_token, vector->signer.session_token));
    assert_int_equal(claim.expires_s, strcmp(kind, "query") == 0 ? vector->signer.expires_s : -1);

    /* A token that was added after signing in the query, and paths that were not normalised: a rule
     * of single services that the check does not know. */
    const bool is_plain = vector->signer.rules.is_path_normalized &&
                          !(vector->signer.is_token_unsigned && claim.is_query);
    if (is_plain) {
        assert_int_equal(
            ps_sigv4_check_claim(&request, &claim, vector->signer.secret_access_key, &err), PS_OK);
        assert_int_equal(ps_sigv4_check_claim(&request, &claim, PS_STR("another"), &err),
                         PS_E_DENIED);
    }
}

static void check_vector(const char *const name)
{
    struct vector vector;
    struct ps_error err;
    load_vector(name, &vector);

    struct ps_sigv4_signed by_header PS_CLEANUP(ps_sigv4_signed_release);
    ps_sigv4_signed_init(&by_header);
    assert_int_equal(ps_sigv4_sign_headers(&vector.signer, &vector.request, &by_header, &err),
                     PS_OK);
    assert_file(&vector, "header", "canonical-request", ps_buf_text(&by_header.canonical_request));
    assert_file(&vector, "header", "string-to-sign", ps_buf_text(&by_header.string_to_sign));
    assert_file(&vector, "header", "signature", by_header.signature);
    check_signed_request(&vector, "header");

    struct ps_sigv4_signed by_query PS_CLEANUP(ps_sigv4_signed_release);
    ps_sigv4_signed_init(&by_query);
    assert_int_equal(ps_sigv4_sign_query(&vector.signer, &vector.request, &by_query, &err), PS_OK);
    assert_file(&vector, "query", "canonical-request", ps_buf_text(&by_query.canonical_request));
    assert_file(&vector, "query", "string-to-sign", ps_buf_text(&by_query.string_to_sign));
    assert_file(&vector, "query", "signature", by_query.signature);
    check_signed_request(&vector, "query");
    release_vector(&vector);
}

static void every_vector_of_aws_gives_its_three_steps(void **state)
{
    (void)state;
    char folder[512];
    (void)snprintf(folder, sizeof(folder), "%s/data/sigv4", shared_folder());
    DIR *const entries = opendir(folder);
    if (entries == NULL) {
        print_message("skipped: no vectors at '%s' (PENSTOCK_SHARED)\n", folder);
        skip();
    }
    int count = 0;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strncmp(entry->d_name, "get-", 4) == 0 || strncmp(entry->d_name, "post-", 5) == 0) {
            check_vector(entry->d_name);
            count++;
        }
    }
    (void)closedir(entries);
    assert_true(count >= 38);
}

/* A signed PUT to s3 as a server would see it. */
struct signed_put {
    struct ps_sigv4_header headers[8];
    struct ps_sigv4_request request;
    struct ps_sigv4_signed result;
};

static const struct ps_str secret = {"topsecret", 9};

static void sign_put(struct signed_put *const put)
{
    struct ps_error err;
    const struct ps_sigv4_signer signer = {
        .rules = ps_sigv4_rules_of(PS_STR("s3")),
        .scope = {PS_STR("20261124T090307Z"), PS_STR("eu-west-1"), PS_STR("s3")},
        .access_key_id = PS_STR("AKID"),
        .secret_access_key = secret};
    memset(put, 0, sizeof(*put));
    put->headers[0] = (struct ps_sigv4_header){PS_STR("Host"), PS_STR("bucket.s3.amazonaws.com")};
    put->headers[1] = (struct ps_sigv4_header){PS_STR("If-None-Match"), PS_STR("*")};
    put->request = (struct ps_sigv4_request){.method = PS_STR("PUT"),
                                             .path = PS_STR("/a%20b//../c%2Bd"),
                                             .query = PS_STR("partNumber=1&uploadId=x%2Fy"),
                                             .headers = put->headers,
                                             .header_count = 2,
                                             .payload_hash = PS_STR(PS_SIGV4_UNSIGNED_PAYLOAD)};
    ps_sigv4_signed_init(&put->result);
    assert_int_equal(ps_sigv4_sign_headers(&signer, &put->request, &put->result, &err), PS_OK);
    put->headers[2] = (struct ps_sigv4_header){PS_STR("X-Amz-Date"), signer.scope.stamp};
    put->headers[3] =
        (struct ps_sigv4_header){PS_STR("X-Amz-Content-Sha256"), put->request.payload_hash};
    put->headers[4] =
        (struct ps_sigv4_header){PS_STR("Authorization"), ps_buf_str(&put->result.authorization)};
    put->request.header_count = 5;
}

static enum ps_status check_put(const struct signed_put *const put)
{
    struct ps_error err;
    struct ps_sigv4_claim claim PS_CLEANUP(ps_sigv4_claim_release);
    ps_sigv4_claim_init(&claim);
    const enum ps_status status = ps_sigv4_read_claim(&put->request, &claim, &err);
    return status != PS_OK ? status : ps_sigv4_check_claim(&put->request, &claim, secret, &err);
}

static void s3_keeps_its_path_and_encodes_it_once(void **state)
{
    (void)state;
    struct signed_put put;
    sign_put(&put);
    assert_true(ps_str_starts_with(ps_buf_str(&put.result.canonical_request),
                                   PS_STR("PUT\n/a%20b//../c%2Bd\npartNumber=1&uploadId=x%2Fy\n")));
    assert_int_equal(check_put(&put), PS_OK);
    /* Another spelling of the same path is the same request. */
    put.request.path = PS_STR("/%61%20b//../c%2bd");
    assert_int_equal(check_put(&put), PS_OK);
    ps_sigv4_signed_release(&put.result);
}

static void every_other_service_encodes_the_encoded_path_again(void **state)
{
    (void)state;
    static const char *const services[] = {"bedrock", "sts"};
    for (size_t row = 0; row < 2; row++) {
        struct ps_error err;
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 1000);
        const struct ps_sigv4_request request = {.method = PS_STR("GET"),
                                                 .path = PS_STR("/a/../job//arn%3Aaws%2Fx"),
                                                 .payload_hash = PS_STR(PS_SIGV4_EMPTY_PAYLOAD)};
        const struct ps_sigv4_rules rules = ps_sigv4_rules_of(ps_str_of(services[row]));
        assert_false(rules.is_payload_header);
        assert_int_equal(ps_sigv4_canonical_request(&request, rules, PS_STR(""), &buf, &err),
                         PS_OK);
        assert_true(
            ps_str_starts_with(ps_buf_str(&buf), PS_STR("GET\n/job/arn%253Aaws%252Fx\n\n")));
    }
}

static void whatever_is_changed_after_signing_is_refused(void **state)
{
    (void)state;
    enum { METHOD, PATH, QUERY, VALUE, PAYLOAD, DATE, ADDED_AMZ, NO_HOST, CHANGE_COUNT };
    for (int change = 0; change < CHANGE_COUNT; change++) {
        struct signed_put put;
        sign_put(&put);
        switch (change) {
        case METHOD:
            put.request.method = PS_STR("GET");
            break;
        case PATH:
            put.request.path = PS_STR("/a%20b/../c%2Bd");
            break;
        case QUERY:
            put.request.query = PS_STR("partNumber=2&uploadId=x%2Fy");
            break;
        case VALUE:
            put.headers[1].value = PS_STR("\"etag\"");
            break;
        case PAYLOAD:
            put.request.payload_hash = PS_STR(PS_SIGV4_EMPTY_PAYLOAD);
            break;
        case DATE:
            put.headers[2].value = PS_STR("20261124T090308Z");
            break;
        case ADDED_AMZ:
            put.headers[put.request.header_count++] =
                (struct ps_sigv4_header){PS_STR("x-amz-copy-source"), PS_STR("/other/key")};
            break;
        default:
            put.headers[0].name = PS_STR("Hots");
            break;
        }
        const enum ps_status expected = change == NO_HOST ? PS_E_USAGE : PS_E_DENIED;
        assert_int_equal(check_put(&put), expected);
        ps_sigv4_signed_release(&put.result);
    }
}

static void broken_claims_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *authorization; /* NULL: none */
        const char *query;
        enum ps_status status;
        const char *part; /* of the message */
    } rows[] = {
        {NULL, "", PS_E_NOT_FOUND, "has none"},
        {"Bearer x", "", PS_E_USAGE, "algorithm"},
        {"AWS4-HMAC-SHA256 Credential=A/20261124/r/s3/aws4_request, Signature=0", "", PS_E_USAGE,
         "SignedHeaders is missing"},
        {"AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0", "", PS_E_USAGE, "64 hex"},
        {"AWS4-HMAC-SHA256 Credential=A/20261124/r/s3, SignedHeaders=host, "
         "Signature=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "", PS_E_USAGE, "Credential is not"},
        {"AWS4-HMAC-SHA256 Credential=A/20261123/r/s3/aws4_request, SignedHeaders=host, "
         "Signature=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "", PS_E_USAGE, "day"},
        {"AWS4-HMAC-SHA256 Credential=A, Foo=1", "", PS_E_USAGE, "unknown part"},
        {NULL, "X-Amz-Signature=1", PS_E_USAGE, "X-Amz-Algorithm"},
        {NULL, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=0&X-Amz-Signature=1", PS_E_USAGE,
         "X-Amz-Expires"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_sigv4_header headers[] = {
            {PS_STR("x-amz-date"), PS_STR("20261124T090307Z")},
            {PS_STR("authorization"), ps_str_of(rows[row].authorization)}};
        const struct ps_sigv4_request request = {.method = PS_STR("GET"),
                                                 .path = PS_STR("/"),
                                                 .query = ps_str_of(rows[row].query),
                                                 .headers = headers,
                                                 .header_count =
                                                     rows[row].authorization == NULL ? 1 : 2};
        struct ps_error err;
        struct ps_sigv4_claim claim PS_CLEANUP(ps_sigv4_claim_release);
        ps_sigv4_claim_init(&claim);
        assert_int_equal(ps_sigv4_read_claim(&request, &claim, &err), rows[row].status);
        assert_non_null(strstr(err.message, rows[row].part));
    }
}

static void stamps_are_utc(void **state)
{
    (void)state;
    char stamp[PS_SIGV4_STAMP_SIZE];
    ps_sigv4_stamp(INT64_C(1440938160999), stamp);
    assert_string_equal(stamp, "20150830T123600Z");
    ps_sigv4_stamp(0, stamp);
    assert_string_equal(stamp, "19700101T000000Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_aws_gives_its_three_steps),
        cmocka_unit_test(s3_keeps_its_path_and_encodes_it_once),
        cmocka_unit_test(every_other_service_encodes_the_encoded_path_again),
        cmocka_unit_test(whatever_is_changed_after_signing_is_refused),
        cmocka_unit_test(broken_claims_are_named),
        cmocka_unit_test(stamps_are_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
