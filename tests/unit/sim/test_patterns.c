/* Goal: the forms are those of the service's regular expressions. Method: what each must take, and
 * must not. */
#include "sim/patterns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct row {
    bool (*pattern)(struct ps_str text);
    const char *text;
    bool is_right;
};

static const struct row rows[] = {
    {ps_pattern_job_name, "a", true},
    {ps_pattern_job_name, "ps-r7-j00000001-a1", true},
    {ps_pattern_job_name, "a.b+c-", true},
    {ps_pattern_job_name, "", false},
    {ps_pattern_job_name, "-a", false},
    {ps_pattern_job_name, "a_b", false},
    {ps_pattern_job_name, "a b", false},
    {ps_pattern_job_name, "a23456789012345678901234567890123456789012345678901234567890123", true},
    {ps_pattern_job_name, "a234567890123456789012345678901234567890123456789012345678901234",
     false},
    {ps_pattern_token, "6f6b1c9e-1111-4222-a333-444455556666", true},
    {ps_pattern_token, "a--b", true},
    {ps_pattern_token, "a-", false},
    {ps_pattern_token, "a.b", false},
    {ps_pattern_role_arn, "arn:aws:iam::123456789012:role/a/b", true},
    {ps_pattern_role_arn, "arn:aws-cn:iam::123456789012:role/x", true},
    {ps_pattern_role_arn, "arn:aws-:iam::123456789012:role/x", false},
    {ps_pattern_role_arn, "arn:aws:iam::12345678901:role/x", false},
    {ps_pattern_role_arn, "arn:aws:iam::123456789012:role/", false},
    {ps_pattern_role_arn, "arn:aws:iam::123456789012:user/x", false},
    {ps_pattern_model_id, "amazon.nova-micro-v1:0", true},
    {ps_pattern_model_id, "us.anthropic.claude-haiku-4-5-20251001-v1:0", true},
    {ps_pattern_model_id, "anthropic.claude-opus-4-6-v1", true},
    {ps_pattern_model_id, "amazon.titan-text:0:8k", true},
    {ps_pattern_model_id, "amazon.titan:0:8k:x", false},
    {ps_pattern_model_id, "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", true},
    {ps_pattern_model_id, "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x.y-v1:0",
     true},
    {ps_pattern_model_id, "arn:aws:bedrock:us-east-1:123456789012:custom-model/a.b:0/abcdefghij12",
     true},
    {ps_pattern_model_id, "arn:aws:bedrock:us-east-1:123456789012:custom-model/ab/abcdefghij12",
     false},
    {ps_pattern_model_id, "arn:aws:s3:::bucket", false},
    {ps_pattern_model_id, "nobody knows", false},
    {ps_pattern_s3_uri, "s3://bucket/a/b", true},
    {ps_pattern_s3_uri, "s3://bucket/a/b/", true},
    {ps_pattern_s3_uri, "s3://bucket", true},
    {ps_pattern_s3_uri, "s3://bucket/", true},
    {ps_pattern_s3_uri, "s3://bucket/a!_*'().-Z", true},
    {ps_pattern_s3_uri, "s3://bucket//a", false},
    {ps_pattern_s3_uri, "s3://bucket/a//b", false},
    {ps_pattern_s3_uri, "s3://bucket/dt=1", false},
    {ps_pattern_s3_uri, "s3://bucket/a b", false},
    {ps_pattern_s3_uri, "s3://Bucket/a", false},
    {ps_pattern_s3_uri, "s3://b/a", false},
    {ps_pattern_s3_uri, "https://bucket/a", false},
    {ps_pattern_bucket, "abc", true},
    {ps_pattern_bucket, "-bc", false},
    {ps_pattern_account, "123456789012", true},
    {ps_pattern_account, "12345678901a", false},
    {ps_pattern_kms_key, "alias/my_key", true},
    {ps_pattern_kms_key, "12345678-1234-1234-1234-123456789012", true},
    {ps_pattern_kms_key, "arn:aws:kms:us-east-1:123456789012:alias/a", true},
    {ps_pattern_kms_key, "arn:aws:kms:us-east-1:123456789012:key/short", false},
    {ps_pattern_kms_key, "key/x", false},
    {ps_pattern_tag, "a b:c/d=e+f-g@h", true},
    {ps_pattern_tag, "a#b", false},
};

static void forms_are_told_apart(void **state)
{
    (void)state;
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        if (rows[index].pattern(ps_str_of(rows[index].text)) != rows[index].is_right) {
            fail_msg("row %zu: '%s' is taken for %s", index, rows[index].text,
                     rows[index].is_right ? "wrong" : "right");
        }
    }
}

static void a_job_is_an_id_or_its_arn(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *id; /* NULL: it is none */
    } jobs[] = {
        {"abcdefghij12", "abcdefghij12"},
        {"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/abcdefghij12",
         "abcdefghij12"},
        {"abcdefghij1", NULL},
        {"ABCDEFGHIJ12", NULL},
        {"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/", NULL},
        {"arn:aws:bedrock:us-east-1:1234:model-invocation-job/abcdefghij12", NULL},
    };
    for (size_t index = 0; index < sizeof jobs / sizeof jobs[0]; index++) {
        struct ps_str id = {NULL, 0};
        assert_int_equal(ps_pattern_job(ps_str_of(jobs[index].text), &id), jobs[index].id != NULL);
        assert_true(jobs[index].id == NULL || ps_str_equals_text(id, jobs[index].id));
    }
}

static void a_uri_is_split_at_its_first_slash(void **state)
{
    (void)state;
    struct ps_str bucket = {NULL, 0};
    struct ps_str key = {NULL, 0};
    assert_true(ps_pattern_split_uri(PS_STR("s3://b/k/l"), &bucket, &key));
    assert_true(ps_str_equals_text(bucket, "b") && ps_str_equals_text(key, "k/l"));
    assert_true(ps_pattern_split_uri(PS_STR("s3://b"), &bucket, &key));
    assert_true(ps_str_equals_text(bucket, "b") && key.size == 0);
    assert_false(ps_pattern_split_uri(PS_STR("b/k"), &bucket, &key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_told_apart),
        cmocka_unit_test(a_job_is_an_id_or_its_arn),
        cmocka_unit_test(a_uri_is_split_at_its_first_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
