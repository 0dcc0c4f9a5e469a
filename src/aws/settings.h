/*
 * settings - what the environment and AWS's shared files say: profile, Region, endpoints. Meaning
 * and precedence are the AWS CLI's.
 *
 * profile:  --profile > AWS_PROFILE > AWS_DEFAULT_PROFILE > "default"
 * Region:   --region > AWS_REGION > AWS_DEFAULT_REGION > the profile's `region`
 * endpoint: --endpoint-url > AWS_ENDPOINT_URL_<SERVICE> > AWS_ENDPOINT_URL > the profile's
 * `services` section > the profile's `endpoint_url` > the service's public name;
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true leaves the flag alone files:    AWS_CONFIG_FILE,
 * AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/config, ~/.aws/credentials
 *
 * Owner: the caller embeds it; release wipes the files' text. Threads: one. Not to be kept longer
 * than needed.
 */
#ifndef PS_AWS_SETTINGS_H
#define PS_AWS_SETTINGS_H

#include "base/status.h"
#include "base/str.h"
#include "codec/aws_profile.h"

#include "base/buf.h"

/* From the command line; NULL or "": not given. */
struct ps_aws_flags {
    const char *profile;
    const char *region;
    const char *endpoint_url;
};

struct ps_aws_settings {
    struct ps_aws_flags flags; /* views of the caller's */
    char *profile;
    bool is_profile_flag;  /* --profile: it goes before keys in the environment */
    bool is_profile_named; /* by flag or environment: it must exist */
    char *config_path;
    char *credentials_path;
    struct ps_buf config; /* "" when there is no such file */
    struct ps_buf credentials;
};

/* A file that is not there is empty; one that cannot be read, or a named profile that is in
 * neither, is an error. */
PS_MUST_CHECK enum ps_status ps_aws_settings_load(const struct ps_aws_flags *flags,
                                                  struct ps_aws_settings *ret_settings,
                                                  struct ps_error *err);
void ps_aws_settings_release(struct ps_aws_settings *settings);

/* `key` of the profile, from one of the files; *ret_value is a view. Broken files are PS_E_USAGE
 * with path and line. */
PS_MUST_CHECK enum ps_status ps_aws_settings_find(const struct ps_aws_settings *settings,
                                                  enum ps_aws_file file, const char *key,
                                                  struct ps_str *ret_value, bool *ret_is_found,
                                                  struct ps_error *err);

/* *ret_region is the caller's to free(); NULL when nobody names one. */
PS_MUST_CHECK enum ps_status ps_aws_settings_region(const struct ps_aws_settings *settings,
                                                    char **ret_region, struct ps_error *err);

/*
 * The endpoint that the user gave for `service` ("S3", "BEDROCK", "STS": as in
 * AWS_ENDPOINT_URL_S3); the caller frees *ret_url; NULL: none, take the public one.
 */
PS_MUST_CHECK enum ps_status ps_aws_settings_endpoint(const struct ps_aws_settings *settings,
                                                      const char *service, char **ret_url,
                                                      struct ps_error *err);

/* The variable's text, or NULL when it is not set or empty. */
const char *ps_aws_environment(const char *name);

#endif
