/* Goal: AWS's shared files are read by AWS's rules. Method: files as people write them, and rows of
 * look-ups. */
#include "codec/aws_profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const char config[] = "\xef\xbb\xbf# a comment\n"
                             "[default]\r\n"
                             "region = eu-west-1\r\n"
                             "output=json\r\n"
                             "\r\n"
                             "[profile work]\n"
                             "Region =   us-east-1   # the big one\n"
                             "role_arn = arn:aws:iam::1:role/x#y\n"
                             "services = local\n"
                             "empty =\n"
                             "s3 =\n"
                             "    max_queue_size = 10\n"
                             "    region = nowhere\n"
                             "[profile \"two words\"]\n"
                             "region = ap-south-1\n"
                             "; [profile hidden]\n"
                             "[ profile   spaced ] ; why not\n"
                             "region\t=\tsa-east-1\n"
                             "[work]\n"
                             "region = wrong: no 'profile' before the name\n"
                             "[services local]\n"
                             "s3 =\n"
                             "  endpoint_url = http://127.0.0.1:9000\n"
                             "bedrock =\n"
                             "\tendpoint_url = http://127.0.0.1:9001\n"
                             "[profile work]\n"
                             "output = text\n"
                             "region = us-west-2\n";

static void finds_settings_by_the_rules_of_the_config_file(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *name;
        const char *key;
        const char *sub_key;
        const char *value; /* NULL: not there */
    } rows[] = {
        {"profile", "default", "region", NULL, "eu-west-1"},
        {"profile", "default", "output", NULL, "json"},
        {"profile", "default", "s3", NULL, NULL},
        {"profile", "work", "region", NULL, "us-west-2"}, /* the last one wins */
        {"profile", "work", "output", NULL, "text"},
        {"profile", "work", "role_arn", NULL, "arn:aws:iam::1:role/x#y"},
        {"profile", "work", "empty", NULL, ""},
        {"profile", "work", "s3", "max_queue_size", "10"},
        {"profile", "work", "s3", "missing", NULL},
        {"profile", "work", "max_queue_size", NULL, NULL},
        {"profile", "two words", "region", NULL, "ap-south-1"},
        {"profile", "spaced", "region", NULL, "sa-east-1"},
        {"profile", "hidden", NULL, NULL, NULL},
        {"profile", "work", NULL, NULL, ""},
        {"services", "local", "s3", "endpoint_url", "http://127.0.0.1:9000"},
        {"services", "local", "BEDROCK", "endpoint_url", "http://127.0.0.1:9001"},
        {"services", "default", NULL, NULL, NULL},
        {"profile", "local", NULL, NULL, NULL},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_aws_setting wanted = {PS_AWS_FILE_CONFIG, rows[row].type, rows[row].name,
                                              rows[row].key, rows[row].sub_key};
        struct ps_error err;
        struct ps_str value = PS_STR("untouched");
        bool is_found = false;
        assert_int_equal(ps_aws_profile_find(ps_str_of(config), &wanted, &value, &is_found, &err),
                         PS_OK);
        if (is_found != (rows[row].value != NULL) ||
            !ps_str_equals_text(value, is_found ? rows[row].value : "untouched")) {
            fail_msg("[%s %s] %s is '%.*s'", rows[row].type, rows[row].name,
                     rows[row].key == NULL ? "" : rows[row].key, PS_STR_ARGS(value));
        }
    }
}

static void profile_default_wins_over_default(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[default]\nregion = a\noutput = x\n[profile default]\nregion = b\n",
        "[profile default]\nregion = b\n[default]\nregion = a\noutput = x\n",
    };
    for (size_t row = 0; row < 2; row++) {
        struct ps_aws_setting wanted = {PS_AWS_FILE_CONFIG, "profile", "default", "region", NULL};
        struct ps_error err;
        struct ps_str value;
        bool is_found = false;
        assert_int_equal(
            ps_aws_profile_find(ps_str_of(texts[row]), &wanted, &value, &is_found, &err), PS_OK);
        assert_true(is_found);
        assert_true(ps_str_equals_text(value, "b"));
        wanted.key = "output";
        assert_int_equal(
            ps_aws_profile_find(ps_str_of(texts[row]), &wanted, &value, &is_found, &err), PS_OK);
        assert_false(is_found);
    }
}

static void credentials_have_plain_names_and_values_of_any_length(void **state)
{
    (void)state;
    enum { TOKEN_SIZE = 20000 };
    char *const text = malloc(TOKEN_SIZE + 200);
    assert_non_null(text);
    const char head[] =
        "[profile x]\naws_secret_access_key = wrong\n[x]\naws_access_key_id = AKID\n"
        "aws_secret_access_key = a/b+c=;d\naws_session_token = ";
    memcpy(text, head, sizeof(head) - 1);
    memset(text + sizeof(head) - 1, 'T', TOKEN_SIZE);
    const struct ps_str whole = {text, sizeof(head) - 1 + TOKEN_SIZE};
    struct ps_aws_setting wanted = {PS_AWS_FILE_CREDENTIALS, NULL, "x", "aws_session_token", NULL};
    struct ps_error err;
    struct ps_str value;
    bool is_found = false;
    assert_int_equal(ps_aws_profile_find(whole, &wanted, &value, &is_found, &err), PS_OK);
    assert_true(is_found);
    assert_int_equal(value.size, TOKEN_SIZE);
    wanted.key = "aws_secret_access_key";
    assert_int_equal(ps_aws_profile_find(whole, &wanted, &value, &is_found, &err), PS_OK);
    assert_true(ps_str_equals_text(value, "a/b+c=;d"));
    free(text);
}

static void broken_lines_are_named_by_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *part;
    } rows[] = {
        {"[default\nregion = x\n", "line 1"},
        {"[default]\n\nregion\n", "line 3"},
        {"[default]\n= x\n", "line 2"},
        {"<html>\n", "line 1"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_aws_setting wanted = {PS_AWS_FILE_CONFIG, "profile", "default", "region",
                                              NULL};
        struct ps_error err;
        struct ps_str value;
        bool is_found = false;
        assert_int_equal(
            ps_aws_profile_find(ps_str_of(rows[row].text), &wanted, &value, &is_found, &err),
            PS_E_USAGE);
        assert_non_null(strstr(err.message, rows[row].part));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_settings_by_the_rules_of_the_config_file),
        cmocka_unit_test(profile_default_wins_over_default),
        cmocka_unit_test(credentials_have_plain_names_and_values_of_any_length),
        cmocka_unit_test(broken_lines_are_named_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
