/* Goal: profile, Region and endpoints follow the AWS CLI's precedence. Method: rows of flags,
 * variables and files. */
#include "aws/settings.h"

#include "fixture.h"
#include "shared_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char config[] =
    "[default]\nregion = eu-central-1\n"
    "[profile work]\nregion = us-west-2\nendpoint_url = https://work.example\nservices = s\n"
    "[profile bare]\noutput = text\n"
    "[services s]\ns3 =\n  endpoint_url = https://s3.example\n";

static void the_region_is_the_nearest_one_given(void **state)
{
    (void)state;
    static const struct {
        const char *flag;
        const char *region;
        const char *default_region;
        const char *profile;
        const char *expected; /* NULL: nobody names one */
    } rows[] = {
        {"a-1", "b-1", "c-1", "work", "a-1"},     {NULL, "b-1", "c-1", "work", "b-1"},
        {NULL, NULL, "c-1", "work", "c-1"},       {NULL, NULL, NULL, "work", "us-west-2"},
        {NULL, NULL, NULL, NULL, "eu-central-1"}, {NULL, NULL, NULL, "bare", NULL},
        {"", "", "", "", "eu-central-1"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        shared_files_make(config, NULL);
        if (rows[row].region != NULL) {
            (void)setenv("AWS_REGION", rows[row].region, 1);
        }
        if (rows[row].default_region != NULL) {
            (void)setenv("AWS_DEFAULT_REGION", rows[row].default_region, 1);
        }
        const struct ps_aws_flags flags = {.profile = rows[row].profile, .region = rows[row].flag};
        struct ps_aws_settings settings PS_CLEANUP(ps_aws_settings_release);
        struct ps_error err;
        char *region PS_CLEANUP(ps_str_free_auto) = NULL;
        assert_int_equal(ps_aws_settings_load(&flags, &settings, &err), PS_OK);
        assert_int_equal(ps_aws_settings_region(&settings, &region, &err), PS_OK);
        if (rows[row].expected == NULL) {
            assert_null(region);
        } else {
            assert_non_null(region);
            assert_string_equal(region, rows[row].expected);
        }
        shared_files_remove();
    }
}

static void the_endpoint_is_the_nearest_one_given(void **state)
{
    (void)state;
    static const struct {
        const char *flag;
        const char *own;     /* AWS_ENDPOINT_URL_S3 */
        const char *general; /* AWS_ENDPOINT_URL */
        const char *ignore;
        const char *profile;
        const char *service;
        const char *expected;
    } rows[] = {
        {"https://f", "https://o", "https://g", NULL, "work", "S3", "https://f"},
        {NULL, "https://o", "https://g", NULL, "work", "S3", "https://o"},
        {NULL, "https://o", "https://g", NULL, "work", "BEDROCK", "https://g"},
        {NULL, NULL, "https://g", NULL, "work", "S3", "https://g"},
        {NULL, NULL, NULL, NULL, "work", "S3", "https://s3.example"},
        {NULL, NULL, NULL, NULL, "work", "BEDROCK", "https://work.example"},
        {NULL, NULL, NULL, NULL, "bare", "S3", NULL},
        {NULL, "https://o", "https://g", "TRUE", "work", "S3", NULL},
        {"https://f", "https://o", "https://g", "true", "work", "S3", "https://f"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        shared_files_make(config, NULL);
        if (rows[row].own != NULL) {
            (void)setenv("AWS_ENDPOINT_URL_S3", rows[row].own, 1);
        }
        if (rows[row].general != NULL) {
            (void)setenv("AWS_ENDPOINT_URL", rows[row].general, 1);
        }
        if (rows[row].ignore != NULL) {
            (void)setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", rows[row].ignore, 1);
        }
        (void)setenv("AWS_PROFILE", rows[row].profile, 1);
        const struct ps_aws_flags flags = {.endpoint_url = rows[row].flag};
        struct ps_aws_settings settings PS_CLEANUP(ps_aws_settings_release);
        struct ps_error err;
        char *url PS_CLEANUP(ps_str_free_auto) = NULL;
        assert_int_equal(ps_aws_settings_load(&flags, &settings, &err), PS_OK);
        assert_int_equal(ps_aws_settings_endpoint(&settings, rows[row].service, &url, &err), PS_OK);
        if (rows[row].expected == NULL) {
            assert_null(url);
        } else {
            assert_non_null(url);
            assert_string_equal(url, rows[row].expected);
        }
        shared_files_remove();
    }
}

static void a_named_profile_must_exist(void **state)
{
    (void)state;
    static const struct {
        const char *flag;
        const char *variable;
        enum ps_status status;
    } rows[] = {
        {NULL, NULL, PS_OK},           {"default", NULL, PS_OK},      {"keys", NULL, PS_OK},
        {"missing", NULL, PS_E_USAGE}, {NULL, "missing", PS_E_USAGE}, {"work", "missing", PS_OK},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        shared_files_make(config, "[keys]\naws_access_key_id = A\n");
        if (rows[row].variable != NULL) {
            (void)setenv("AWS_PROFILE", rows[row].variable, 1);
        }
        const struct ps_aws_flags flags = {.profile = rows[row].flag};
        struct ps_aws_settings settings = {0};
        struct ps_error err;
        assert_int_equal(ps_aws_settings_load(&flags, &settings, &err), rows[row].status);
        if (rows[row].status == PS_OK) {
            ps_aws_settings_release(&settings);
        } else {
            assert_contains(err.message, "'missing'");
        }
        shared_files_remove();
    }
}

static void broken_files_are_named_with_their_line(void **state)
{
    (void)state;
    const struct ps_aws_flags flags = {0};
    struct ps_aws_settings settings = {0};
    struct ps_error err;
    shared_files_make("[default]\nwhat is this\n", NULL);
    assert_int_equal(ps_aws_settings_load(&flags, &settings, &err), PS_E_USAGE);
    assert_contains(err.message, "line 2");
    assert_contains(err.message, "/config'");
    shared_files_remove();

    shared_files_make(NULL, NULL);
    (void)setenv("AWS_CONFIG_FILE", "/", 1);
    assert_int_not_equal(ps_aws_settings_load(&flags, &settings, &err), PS_OK);
    shared_files_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_region_is_the_nearest_one_given),
        cmocka_unit_test(the_endpoint_is_the_nearest_one_given),
        cmocka_unit_test(a_named_profile_must_exist),
        cmocka_unit_test(broken_files_are_named_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
