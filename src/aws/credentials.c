#include "aws/credentials.h"

#include <stdio.h>

typedef enum ps_status (*provider)(const struct ps_aws_settings *, struct ps_credentials *, bool *,
                                   struct ps_error *);

static const provider providers[] = {
    ps_credentials_of_environment,
    ps_credentials_of_profile,
};

/* Variables that ask for a provider which is not written yet. */
static const char *const later_variables[] = {
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
};

void ps_credentials_init(struct ps_credentials *const credentials)
{
    ps_secret_init(&credentials->access_key_id);
    ps_secret_init(&credentials->secret_access_key);
    ps_secret_init(&credentials->session_token);
    credentials->source[0] = '\0';
}

void ps_credentials_release(struct ps_credentials *const credentials)
{
    ps_secret_release(&credentials->access_key_id);
    ps_secret_release(&credentials->secret_access_key);
    ps_secret_release(&credentials->session_token);
}

/* A line break in a key would end up in a header; a blank is a slip of whoever pasted it. */
static bool is_clean(const struct ps_str text)
{
    for (size_t index = 0; index < text.size; index++) {
        if (text.data[index] <= ' ' || text.data[index] > '~') {
            return false;
        }
    }
    return true;
}

enum ps_status ps_credentials_set(struct ps_credentials *const credentials,
                                  const struct ps_str access_key_id,
                                  const struct ps_str secret_access_key,
                                  const struct ps_str session_token, const char *const where,
                                  struct ps_error *const err)
{
    if (!is_clean(access_key_id) || !is_clean(secret_access_key) || !is_clean(session_token)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use the credentials of %s",
                           where);
        return ps_error_hint(err,
                             "There is a blank, a line break or another stray character in them.");
    }
    ps_secret_set(&credentials->access_key_id, access_key_id);
    ps_secret_set(&credentials->secret_access_key, secret_access_key);
    ps_secret_set(&credentials->session_token, session_token);
    (void)snprintf(credentials->source, sizeof(credentials->source), "%s", where);
    return PS_OK;
}

enum ps_status ps_credentials_load(const struct ps_aws_settings *const settings,
                                   struct ps_credentials *const credentials,
                                   struct ps_error *const err)
{
    for (size_t index = 0; index < sizeof(providers) / sizeof(providers[0]); index++) {
        bool has_answered = false;
        const enum ps_status status = providers[index](settings, credentials, &has_answered, err);
        if (status != PS_OK || has_answered) {
            return status;
        }
    }
    for (size_t index = 0; index < sizeof(later_variables) / sizeof(later_variables[0]); index++) {
        if (ps_aws_environment(later_variables[index]) != NULL) {
            (void)ps_error_set(err, PS_E_DENIED, PS_RETRY_NEVER,
                               "cannot take credentials by %s: not yet supported",
                               later_variables[index]);
            return ps_error_hint(err, "Export AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
                                      "AWS_SESSION_TOKEN, or use a profile with static keys.");
        }
    }
    (void)ps_error_set(err, PS_E_DENIED, PS_RETRY_NEVER, "cannot find AWS credentials");
    return ps_error_hint(
        err, "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or "
             "name a profile with --profile or AWS_PROFILE.");
}
