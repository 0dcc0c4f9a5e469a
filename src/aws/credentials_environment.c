#include "aws/credentials.h"

enum ps_status ps_credentials_of_environment(const struct ps_aws_settings *const settings,
                                             struct ps_credentials *const credentials,
                                             bool *const ret_has_answered,
                                             struct ps_error *const err)
{
    const char *const access_key_id = ps_aws_environment("AWS_ACCESS_KEY_ID");
    const char *const secret_access_key = ps_aws_environment("AWS_SECRET_ACCESS_KEY");
    *ret_has_answered = false;
    /* As in the AWS CLI: --profile goes before keys in the environment, AWS_PROFILE does not. */
    if (settings->is_profile_flag || (access_key_id == NULL && secret_access_key == NULL)) {
        return PS_OK;
    }
    if (access_key_id == NULL || secret_access_key == NULL) {
        (void)ps_error_set(err, PS_E_DENIED, PS_RETRY_NEVER,
                           "cannot use the credentials of the environment: %s is not set",
                           access_key_id == NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY");
        return ps_error_hint(err, "Set both, or neither.");
    }
    *ret_has_answered = true;
    return ps_credentials_set(credentials, ps_str_of(access_key_id), ps_str_of(secret_access_key),
                              ps_str_of(ps_aws_environment("AWS_SESSION_TOKEN")), "the environment",
                              err);
}
