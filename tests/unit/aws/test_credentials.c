/*
 * Goal: the chain finds what the AWS CLI would, and names what it cannot do yet. Method: rows of
 * environments and files; nothing secret may be in an error.
 */
#include "aws/credentials.h"

#include "fixture.h"
#include "shared_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const char config[] =
    "[profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = keys\n"
    "[profile sso]\nsso_session = s\n"
    "[profile process]\ncredential_process = /bin/true\n"
    "[profile inline]\naws_access_key_id = INLINE\naws_secret_access_key = inline-secret\n"
    "[profile empty]\nregion = x\n";
static const char keys[] =
    "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = default-secret\n"
    "[keys]\naws_access_key_id=KEYS\naws_secret_access_key = keys-secret\naws_session_token = "
    "keys-token\n"
    "[half]\naws_access_key_id = HALF\n"
    "[odd]\naws_access_key_id = ODD\naws_secret_access_key = odd secret\n";

struct row {
    const char *name;
    const char *flag;      /* --profile */
    const char *variables; /* "NAME=value NAME=value" */
    enum ps_status status;
    const char *key; /* the access key that is found, or a part of the error */
    const char *token;
};

static void set_variables(const char *const text)
{
    struct ps_str rest = ps_str_of(text);
    while (rest.size > 0) {
        const size_t end = ps_str_find(rest, ' ');
        const struct ps_str pair = ps_str_part(rest, 0, end);
        const size_t equals = ps_str_find(pair, '=');
        char *name PS_CLEANUP(ps_str_free_auto) = ps_str_dup(ps_str_part(pair, 0, equals));
        char *value PS_CLEANUP(ps_str_free_auto) =
            ps_str_dup(ps_str_part(pair, equals + 1, pair.size));
        (void)setenv(name, value, 1);
        rest = ps_str_part(rest, end + 1, rest.size);
    }
}

static void the_chain_finds_what_the_cli_would(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"environment", NULL, "AWS_ACCESS_KEY_ID=ENV AWS_SECRET_ACCESS_KEY=env-secret", PS_OK,
         "ENV", ""},
        {"environment with token", NULL,
         "AWS_ACCESS_KEY_ID=ENV AWS_SECRET_ACCESS_KEY=env-secret AWS_SESSION_TOKEN=tok", PS_OK,
         "ENV", "tok"},
        {"AWS_PROFILE does not beat keys", NULL,
         "AWS_PROFILE=keys AWS_ACCESS_KEY_ID=ENV AWS_SECRET_ACCESS_KEY=env-secret", PS_OK, "ENV",
         ""},
        {"--profile does", "keys", "AWS_ACCESS_KEY_ID=ENV AWS_SECRET_ACCESS_KEY=env-secret", PS_OK,
         "KEYS", "keys-token"},
        {"AWS_PROFILE", NULL, "AWS_PROFILE=keys", PS_OK, "KEYS", "keys-token"},
        {"the default profile", NULL, "", PS_OK, "DEFAULT", ""},
        {"keys in the config file", "inline", "", PS_OK, "INLINE", ""},
        {"half of the environment", NULL, "AWS_ACCESS_KEY_ID=ENV", PS_E_DENIED,
         "AWS_SECRET_ACCESS_KEY is not set", NULL},
        {"the other half", NULL, "AWS_SECRET_ACCESS_KEY=env-secret", PS_E_DENIED,
         "AWS_ACCESS_KEY_ID is not set", NULL},
        {"half of a profile", "half", "", PS_E_DENIED, "'aws_secret_access_key'", NULL},
        {"a role", "role", "", PS_E_DENIED, "'role_arn' is not yet supported", NULL},
        {"single sign-on", "sso", "", PS_E_DENIED, "'sso_session' is not yet supported", NULL},
        {"a process", "process", "", PS_E_DENIED, "'credential_process' is not yet supported",
         NULL},
        {"nothing", "empty", "", PS_E_DENIED, "cannot find AWS credentials", NULL},
        {"web identity", "empty", "AWS_WEB_IDENTITY_TOKEN_FILE=/x", PS_E_DENIED,
         "AWS_WEB_IDENTITY_TOKEN_FILE: not yet supported", NULL},
        {"a container", "empty", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://x", PS_E_DENIED,
         "not yet supported", NULL},
        {"a blank in a key", "odd", "", PS_E_USAGE, "profile 'odd'", NULL},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        shared_files_make(config, keys);
        set_variables(rows[row].variables);
        const struct ps_aws_flags flags = {.profile = rows[row].flag};
        struct ps_error err = {.message = ""};
        struct ps_aws_settings settings PS_CLEANUP(ps_aws_settings_release);
        struct ps_credentials credentials PS_CLEANUP(ps_credentials_release);
        ps_credentials_init(&credentials);
        assert_int_equal(ps_aws_settings_load(&flags, &settings, &err), PS_OK);
        const enum ps_status status = ps_credentials_load(&settings, &credentials, &err);
        if (status != rows[row].status) {
            fail_msg("%s: %s", rows[row].name, err.message);
        }
        if (status == PS_OK) {
            assert_true(
                ps_str_equals_text(ps_secret_reveal(&credentials.access_key_id), rows[row].key));
            assert_true(
                ps_str_equals_text(ps_secret_reveal(&credentials.session_token), rows[row].token));
            assert_non_null(
                strstr(ps_secret_reveal(&credentials.secret_access_key).data, "-secret"));
            assert_true(credentials.source[0] != '\0');
        } else {
            assert_contains(err.message, rows[row].key);
            assert_int_equal(err.retry, PS_RETRY_NEVER);
            assert_null(strstr(err.message, "-secret"));
            assert_null(strstr(err.hint, "-secret"));
        }
        shared_files_remove();
    }
}

static void a_line_break_in_a_token_is_refused(void **state)
{
    (void)state;
    shared_files_make(NULL, NULL);
    (void)setenv("AWS_ACCESS_KEY_ID", "A", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "b", 1);
    (void)setenv("AWS_SESSION_TOKEN", "c\r\nX-Evil: 1", 1);
    const struct ps_aws_flags flags = {0};
    struct ps_error err;
    struct ps_aws_settings settings PS_CLEANUP(ps_aws_settings_release);
    struct ps_credentials credentials PS_CLEANUP(ps_credentials_release);
    ps_credentials_init(&credentials);
    assert_int_equal(ps_aws_settings_load(&flags, &settings, &err), PS_OK);
    assert_int_equal(ps_credentials_load(&settings, &credentials, &err), PS_E_USAGE);
    assert_null(strstr(err.message, "Evil"));
    shared_files_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_finds_what_the_cli_would),
        cmocka_unit_test(a_line_break_in_a_token_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
