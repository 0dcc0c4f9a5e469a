/*
 * aws_profile - looks up one setting in the text of AWS's shared files (~/.aws/config,
 * ~/.aws/credentials). Pure.
 *
 * AWS's rules: `[default]` and `[profile NAME]` in the config file (`[profile default]` wins over
 * `[default]`),
 * `[NAME]` in the credentials file; `key = value`, keys in any case; '#' or ';' at a line's start,
 * or after a blank, begins a comment; an indented line belongs to the setting above it (`s3 =` and
 * `  key = value`); a section or key given twice: the last one wins. Values have no length limit
 * (session tokens are long).
 *
 * Owner: a value is a view of `text`. Threads: pure, any.
 *
 *     const struct ps_aws_setting wanted = {PS_AWS_FILE_CONFIG, "profile", "default", "region",
 * NULL}; if (ps_aws_profile_find(text, &wanted, &value, &is_found, err) != PS_OK) { ... line 7 is
 * broken }
 */
#ifndef PS_CODEC_AWS_PROFILE_H
#define PS_CODEC_AWS_PROFILE_H

#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>

enum ps_aws_file { PS_AWS_FILE_CONFIG, PS_AWS_FILE_CREDENTIALS };

struct ps_aws_setting {
    enum ps_aws_file file;
    const char *type;    /* "profile", "services", "sso-session"; of no meaning in credentials */
    const char *name;    /* of the section */
    const char *key;     /* NULL: is the section there at all? */
    const char *sub_key; /* of an indented line under `key`; NULL: the key's own value */
};

/*
 * *ret_is_found tells whether it is there; only then is *ret_value set ("" for a section).
 * PS_E_USAGE with the line's number: the file cannot be read by its rules.
 */
PS_MUST_CHECK enum ps_status ps_aws_profile_find(struct ps_str text,
                                                 const struct ps_aws_setting *wanted,
                                                 struct ps_str *ret_value, bool *ret_is_found,
                                                 struct ps_error *err);

#endif
