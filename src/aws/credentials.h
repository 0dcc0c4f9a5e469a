/*
 * credentials - who we are to AWS: a chain of providers, one a file, tried in order until one has
 * an answer.
 *
 * Today: the environment, then the profile's static keys. What only other providers could answer
 * (roles, SSO, processes, web identity, containers, EC2) is refused by name instead of being passed
 * over.
 *
 * Owner: the caller embeds it; release wipes. Threads: one owner at a time.
 */
#ifndef PS_AWS_CREDENTIALS_H
#define PS_AWS_CREDENTIALS_H

#include "aws/settings.h"
#include "base/secret.h"
#include "base/status.h"

struct ps_credentials {
    struct ps_secret access_key_id; /* no secret by itself, but no log needs it either */
    struct ps_secret secret_access_key;
    struct ps_secret session_token; /* not set: long-term keys */
    char source[128]; /* for people: "the environment", "profile 'x' in '/home/...'" */
};

void ps_credentials_init(struct ps_credentials *credentials);
void ps_credentials_release(struct ps_credentials *credentials);

/* PS_E_DENIED: nobody has any; the hint says how to give some. `credentials` is initialised by the
 * caller. */
PS_MUST_CHECK enum ps_status ps_credentials_load(const struct ps_aws_settings *settings,
                                                 struct ps_credentials *credentials,
                                                 struct ps_error *err);

/*
 * A provider: *ret_has_answered false passes the question on to the next one; an error ends the
 * chain.
 */
PS_MUST_CHECK enum ps_status ps_credentials_of_environment(const struct ps_aws_settings *settings,
                                                           struct ps_credentials *credentials,
                                                           bool *ret_has_answered,
                                                           struct ps_error *err);
PS_MUST_CHECK enum ps_status ps_credentials_of_profile(const struct ps_aws_settings *settings,
                                                       struct ps_credentials *credentials,
                                                       bool *ret_has_answered,
                                                       struct ps_error *err);

/* For providers: keys that hold control characters or blanks are refused; `where` is for the
 * message. */
PS_MUST_CHECK enum ps_status ps_credentials_set(struct ps_credentials *credentials,
                                                struct ps_str access_key_id,
                                                struct ps_str secret_access_key,
                                                struct ps_str session_token, const char *where,
                                                struct ps_error *err);

#endif
