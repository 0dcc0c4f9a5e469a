/* Goal: each request finds its operation, by its raw path. Method: one row a request. */
#include "emu/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct row {
    const char *service;
    const char *method;
    const char *target;
    const char *op;
    const char *bucket;
    const char *key;
};

static const struct row rows[] = {
    {"s3", "GET", "/", "ListBuckets", "", ""},
    {"s3", "PUT", "/bkt", "CreateBucket", "bkt", ""},
    {"s3", "PUT", "/bkt/", "CreateBucket", "bkt", ""},
    {"s3", "HEAD", "/bkt", "HeadBucket", "bkt", ""},
    {"s3", "GET", "/bkt?location", "GetBucketLocation", "bkt", ""},
    {"s3", "GET", "/bkt?list-type=2&prefix=a", "ListObjectsV2", "bkt", ""},
    {"s3", "GET", "/bkt/?list-type=2&prefix=uploads", "ListObjectsV2", "bkt", ""},
    {"s3", "GET", "/bkt?uploads", "ListMultipartUploads", "bkt", ""},
    {"s3", "POST", "/bkt?delete", "DeleteObjects", "bkt", ""},
    {"s3", "PUT", "/bkt/a/b%20c%2Fd", "PutObject", "bkt", "a/b c/d"},
    {"s3", "PUT", "/bkt/k?partNumber=1&uploadId=u", "UploadPart", "bkt", "k"},
    {"s3", "GET", "/bkt/k?x-id=GetObject", "GetObject", "bkt", "k"},
    {"s3", "GET", "/bkt/k?uploadId=u", "ListParts", "bkt", "k"},
    {"s3", "HEAD", "/bkt/k", "HeadObject", "bkt", "k"},
    {"s3", "DELETE", "/bkt/k", "DeleteObject", "bkt", "k"},
    {"s3", "DELETE", "/bkt/k?uploadId=u", "AbortMultipartUpload", "bkt", "k"},
    {"s3", "POST", "/bkt/k?uploads", "CreateMultipartUpload", "bkt", "k"},
    {"s3", "POST", "/bkt/k?uploadId=u", "CompleteMultipartUpload", "bkt", "k"},
    {"s3", "GET", "/bkt/k?acl", "Unknown", "bkt", "k"},
    {"s3", "GET", "/bkt?versions", "Unknown", "bkt", ""},
    {"s3", "PATCH", "/bkt/k", "Unknown", "bkt", "k"},
    {"s3", "GET", "/model-invocation-jobs", "Unknown", "model-invocation-jobs", ""},
    {"bedrock", "POST", "/model-invocation-job", "CreateModelInvocationJob", "", ""},
    {"bedrock", "GET", "/model-invocation-jobs?maxResults=3", "ListModelInvocationJobs", "", ""},
    {"bedrock", "GET", "/model-invocation-job/abc", "GetModelInvocationJob", "", "abc"},
    {"bedrock", "GET", "/model-invocation-job/arn%3Aaws%3Ax%2Fabc", "GetModelInvocationJob", "",
     "arn:aws:x/abc"},
    {"bedrock", "GET", "/model-invocation-job/arn:aws:x/abc", "Unknown", "", "arn:aws:x"},
    {"bedrock", "POST", "/model-invocation-job/abc/stop", "StopModelInvocationJob", "", "abc"},
    {"bedrock", "POST", "/model/a.b%3A0/invoke", "InvokeModel", "", "a.b:0"},
    {"bedrock", "POST", "/model/arn%3Ax%2Fabc/converse", "Converse", "", "arn:x/abc"},
    {"", "POST", "/model/a.b/converse", "Converse", "", "a.b"},
    {"bedrock", "GET", "/model/a.b/invoke", "Unknown", "", ""},
    {"bedrock", "POST", "/model/a.b/invoke-with-response-stream", "Unknown", "", "a.b"},
    {"bedrock", "POST", "/model/arn:x/abc/invoke", "Unknown", "", "arn:x"},
    {"bedrock", "GET", "/model-invocation-job/abc/stop", "Unknown", "", "abc"},
    {"bedrock", "POST", "/model-invocation-job/abc", "Unknown", "", "abc"},
    {"bedrock", "GET", "/model-invocation-job/", "Unknown", "", ""},
    {"bedrock", "GET", "/foundation-models", "Unknown", "", ""},
    {"sts", "POST", "/", "GetCallerIdentity", "", ""},
    {"", "GET", "/model-invocation-jobs", "ListModelInvocationJobs", "", ""},
    {"", "POST", "/", "GetCallerIdentity", "", ""},
    {"", "GET", "/bkt/k", "GetObject", "bkt", "k"},
};

static void requests_find_their_operation(void **state)
{
    (void)state;
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        const struct row *const row = &rows[index];
        struct ps_emu_request *const request = ps_emu_request_new(NULL, row->target);
        request->method = ps_str_dup(ps_str_of(row->method));
        ps_emu_route_find(request, ps_str_of(row->service));
        if (strcmp(request->route->op, row->op) != 0) {
            fail_msg("%s %s is %s", row->method, row->target, request->route->op);
        }
        assert_string_equal(ps_buf_text(&request->bucket), row->bucket);
        assert_string_equal(ps_buf_text(&request->key), row->key);
        (void)ps_emu_request_free(request);
    }
}

static void a_copy_is_not_a_put(void **state)
{
    (void)state;
    struct ps_emu_request *const request = ps_emu_request_new(NULL, "/bkt/k");
    request->method = ps_str_dup(PS_STR("PUT"));
    request->headers[0] = (struct ps_sigv4_header){PS_STR("x-amz-copy-source"), PS_STR("/a/b")};
    request->header_count = 1;
    ps_emu_route_find(request, PS_STR("s3"));
    assert_string_equal(request->route->op, "Unknown");
    (void)ps_emu_request_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_find_their_operation),
        cmocka_unit_test(a_copy_is_not_a_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
