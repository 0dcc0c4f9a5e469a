#include "aws/credentials.h"

#include <stdio.h>

/* Settings of a profile that name a provider which is not written yet; the AWS CLI asks it before
 * static keys. */
static const char *const later_keys[] = {"role_arn", "sso_session", "sso_start_url",
                                         "web_identity_token_file"};

static enum ps_status refuse(const struct ps_aws_settings *const settings, const char *const key,
                             struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_DENIED, PS_RETRY_NEVER,
                       "cannot use the profile '%s': '%s' is not yet supported", settings->profile,
                       key);
    return ps_error_hint(err, "Use a profile with static keys, or export the keys: 'aws configure "
                              "export-credentials --format env' prints them.");
}

/* `key` in the credentials file, else in the config file. */
static enum ps_status find(const struct ps_aws_settings *const settings, const char *const key,
                           struct ps_str *const ret_value, struct ps_error *const err)
{
    static const enum ps_aws_file files[] = {PS_AWS_FILE_CREDENTIALS, PS_AWS_FILE_CONFIG};
    *ret_value = PS_STR("");
    for (size_t index = 0; index < sizeof(files) / sizeof(files[0]); index++) {
        bool is_found = false;
        const enum ps_status status =
            ps_aws_settings_find(settings, files[index], key, ret_value, &is_found, err);
        if (status != PS_OK || is_found) {
            return status;
        }
    }
    return PS_OK;
}

static enum ps_status take_static_keys(const struct ps_aws_settings *const settings,
                                       struct ps_credentials *const credentials,
                                       bool *const ret_has_answered, struct ps_error *const err)
{
    static const char *const names[] = {"aws_access_key_id", "aws_secret_access_key",
                                        "aws_session_token"};
    struct ps_str keys[3];
    for (size_t index = 0; index < 3; index++) {
        const enum ps_status status = find(settings, names[index], &keys[index], err);
        if (status != PS_OK) {
            return status;
        }
    }
    if (keys[0].size == 0 && keys[1].size == 0) {
        return PS_OK;
    }
    if (keys[0].size == 0 || keys[1].size == 0) {
        return ps_error_set(err, PS_E_DENIED, PS_RETRY_NEVER,
                            "cannot use the profile '%s': it has no '%s'", settings->profile,
                            keys[0].size == 0 ? names[0] : names[1]);
    }
    char where[128];
    (void)snprintf(where, sizeof(where), "profile '%s'", settings->profile);
    *ret_has_answered = true;
    return ps_credentials_set(credentials, keys[0], keys[1], keys[2], where, err);
}

enum ps_status ps_credentials_of_profile(const struct ps_aws_settings *const settings,
                                         struct ps_credentials *const credentials,
                                         bool *const ret_has_answered, struct ps_error *const err)
{
    struct ps_str value;
    *ret_has_answered = false;
    for (size_t index = 0; index < sizeof(later_keys) / sizeof(later_keys[0]); index++) {
        const enum ps_status status = find(settings, later_keys[index], &value, err);
        if (status != PS_OK) {
            return status;
        }
        if (value.size > 0) {
            return refuse(settings, later_keys[index], err);
        }
    }
    enum ps_status status = take_static_keys(settings, credentials, ret_has_answered, err);
    if (status != PS_OK || *ret_has_answered) {
        return status;
    }
    status = find(settings, "credential_process", &value, err);
    return status == PS_OK && value.size > 0 ? refuse(settings, "credential_process", err) : status;
}
