#include "sim/patterns.h"

#include <string.h>

static bool is_digit(const char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_lower(const char byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_letter(const char byte)
{
    return is_lower(byte) || (byte >= 'A' && byte <= 'Z');
}

static bool is_alphanumeric(const char byte)
{
    return is_letter(byte) || is_digit(byte);
}

static bool is_one_of(const char byte, const char *const others)
{
    return byte != '\0' && strchr(others, byte) != NULL;
}

enum alphabet {
    ALPHABET_DIGITS,
    ALPHABET_LOWER_DIGITS, /* a-z 0-9 */
    ALPHABET_ALPHANUMERIC, /* A-Z a-z 0-9 */
};

/* From min to max bytes, each of the alphabet or one of `others`. */
static bool is_run(const struct ps_str text, const enum alphabet alphabet, const char *const others,
                   const size_t min, const size_t max)
{
    if (text.size < min || text.size > max) {
        return false;
    }
    for (size_t at = 0; at < text.size; at++) {
        const char byte = text.data[at];
        const bool is_in = is_digit(byte) || (alphabet != ALPHABET_DIGITS && is_lower(byte)) ||
                           (alphabet == ALPHABET_ALPHANUMERIC && is_letter(byte)) ||
                           is_one_of(byte, others);
        if (!is_in) {
            return false;
        }
    }
    return true;
}

bool ps_pattern_job_name(const struct ps_str text)
{
    /* [a-zA-Z0-9]{1,63}(-*[a-zA-Z0-9\+\-\.]){0,63}, at most 63 in all */
    return is_run(text, ALPHABET_ALPHANUMERIC, "+-.", 1, 63) && is_alphanumeric(text.data[0]);
}

bool ps_pattern_token(const struct ps_str text)
{
    /* [a-zA-Z0-9]{1,256}(-*[a-zA-Z0-9]){0,256}, at most 256 in all */
    return is_run(text, ALPHABET_ALPHANUMERIC, "-", 1, 256) && is_alphanumeric(text.data[0]) &&
           is_alphanumeric(text.data[text.size - 1]);
}

/* Takes `prefix` off the front. */
static bool take(struct ps_str *const text, const char *const prefix)
{
    const struct ps_str wanted = ps_str_of(prefix);
    if (!ps_str_starts_with(*text, wanted)) {
        return false;
    }
    *text = ps_str_part(*text, wanted.size, text->size);
    return true;
}

/* Takes what stands before `end` off the front, and `end` too; false when there is no `end`. */
static bool take_until(struct ps_str *const text, const char end, struct ps_str *const ret_part)
{
    const size_t size = ps_str_find(*text, end);
    if (size == text->size) {
        return false;
    }
    *ret_part = ps_str_part(*text, 0, size);
    *text = ps_str_part(*text, size + 1, text->size);
    return true;
}

/* Takes "arn:aws(-[^:]+)?:" off the front. */
static bool take_partition(struct ps_str *const text)
{
    struct ps_str partition = {NULL, 0};
    if (!take(text, "arn:") || !take_until(text, ':', &partition)) {
        return false;
    }
    return ps_str_equals_text(partition, "aws") ||
           (ps_str_starts_with(partition, PS_STR("aws-")) && partition.size > 4);
}

bool ps_pattern_account(const struct ps_str text)
{
    return is_run(text, ALPHABET_DIGITS, "", 12, 12);
}

bool ps_pattern_role_arn(const struct ps_str text)
{
    struct ps_str rest = text;
    struct ps_str account = {NULL, 0};
    return text.size <= 2048 && take_partition(&rest) && take(&rest, "iam::") &&
           take_until(&rest, ':', &account) && ps_pattern_account(account) &&
           take(&rest, "role/") && rest.size > 0;
}

/* The id of a base model or a profile: two or three parts with dots, and at most two more with
 * colons. */
static bool is_plain_model(const struct ps_str text)
{
    struct ps_str rest = text;
    struct ps_str part = {NULL, 0};
    int colons = 0;
    if (!take_until(&rest, '.', &part) || !is_run(part, ALPHABET_LOWER_DIGITS, "-", 1, 63)) {
        return false;
    }
    size_t names_size = ps_str_find(rest, ':');
    const struct ps_str names = ps_str_part(rest, 0, names_size);
    for (; names_size < rest.size; names_size = ps_str_find(rest, ':')) {
        rest = ps_str_part(rest, names_size + 1, rest.size);
        part = ps_str_part(rest, 0, ps_str_find(rest, ':'));
        if (!is_run(part, ALPHABET_LOWER_DIGITS, "-", 1, 63)) {
            return false;
        }
        colons++;
    }
    const size_t dot = ps_str_find(names, '.');
    const struct ps_str second = ps_str_part(names, 0, dot);
    const struct ps_str third = ps_str_part(names, dot + 1, names.size);
    if (dot == names.size) {
        return colons <= 2 && is_run(names, ALPHABET_LOWER_DIGITS, "-", 2, 126);
    }
    return colons <= 2 && is_run(second, ALPHABET_LOWER_DIGITS, "-", 1, 63) &&
           is_run(third, ALPHABET_LOWER_DIGITS, "-", 1, 63);
}

static bool is_model_arn(const struct ps_str text)
{
    struct ps_str rest = text;
    struct ps_str part = {NULL, 0};
    if (!take_partition(&rest) || !take(&rest, "bedrock:") || !take_until(&rest, ':', &part) ||
        !is_run(part, ALPHABET_LOWER_DIGITS, "-", 1, 20) || !take_until(&rest, ':', &part)) {
        return false;
    }
    if (part.size == 0) {
        return take(&rest, "foundation-model/") && is_plain_model(rest);
    }
    if (!ps_pattern_account(part)) {
        return false;
    }
    if (take(&rest, "inference-profile/") || take(&rest, "application-inference-profile/")) {
        return is_run(rest, ALPHABET_ALPHANUMERIC, "-:.", 1, 2048);
    }
    return take(&rest, "custom-model/") && take_until(&rest, '/', &part) &&
           ps_str_find(part, '.') < part.size &&
           is_run(part, ALPHABET_LOWER_DIGITS, "-:.", 3, 127) &&
           is_run(rest, ALPHABET_LOWER_DIGITS, "", 12, 12);
}

bool ps_pattern_model_id(const struct ps_str text)
{
    /* The last form of the expression, ([0-9a-zA-Z][_-]?)+, names imported models. */
    return text.size >= 1 && text.size <= 2048 &&
           (is_plain_model(text) || is_model_arn(text) ||
            (is_run(text, ALPHABET_ALPHANUMERIC, "_-", 1, 2048) && is_alphanumeric(text.data[0])));
}

bool ps_pattern_bucket(const struct ps_str text)
{
    return is_run(text, ALPHABET_LOWER_DIGITS, "-.", 3, 63) && !is_one_of(text.data[0], "-.") &&
           !is_one_of(text.data[text.size - 1], "-.");
}

bool ps_pattern_split_uri(const struct ps_str uri, struct ps_str *const ret_bucket,
                          struct ps_str *const ret_key)
{
    struct ps_str rest = uri;
    if (!take(&rest, "s3://")) {
        return false;
    }
    const size_t slash = ps_str_find(rest, '/');
    *ret_bucket = ps_str_part(rest, 0, slash);
    *ret_key = ps_str_part(rest, slash + 1, rest.size);
    return true;
}

bool ps_pattern_s3_uri(const struct ps_str text)
{
    struct ps_str bucket = {NULL, 0};
    struct ps_str key = {NULL, 0};
    if (text.size < 1 || text.size > 1024 || !ps_pattern_split_uri(text, &bucket, &key) ||
        !ps_pattern_bucket(bucket)) {
        return false;
    }
    char before = '/';
    for (size_t at = 0; at < key.size; at++) {
        const char byte = key.data[at];
        if (byte == '/' ? before == '/' : !is_alphanumeric(byte) && !is_one_of(byte, "-!_*'().")) {
            return false;
        }
        before = byte;
    }
    return true;
}

bool ps_pattern_kms_key(const struct ps_str text)
{
    struct ps_str rest = text;
    struct ps_str part = {NULL, 0};
    if (take(&rest, "arn:")) {
        rest = text;
        if (!take_partition(&rest) || !take(&rest, "kms:") || !take_until(&rest, ':', &part) ||
            !is_run(part, ALPHABET_ALPHANUMERIC, "-", 0, 63) || !take_until(&rest, ':', &part) ||
            !ps_pattern_account(part)) {
            return false;
        }
        if (take(&rest, "key/")) {
            return is_run(rest, ALPHABET_ALPHANUMERIC, "-", 36, 36);
        }
        return take(&rest, "alias/") && is_run(rest, ALPHABET_ALPHANUMERIC, "-/_", 1, 2048);
    }
    if (take(&rest, "alias/")) {
        return is_run(rest, ALPHABET_ALPHANUMERIC, "-/_", 1, 2048);
    }
    return is_run(text, ALPHABET_ALPHANUMERIC, "-", 36, 36);
}

bool ps_pattern_tag(const struct ps_str text)
{
    return is_run(text, ALPHABET_ALPHANUMERIC, " \t\n\r\f\v._:/=+@-", 0, 256);
}

bool ps_pattern_job(const struct ps_str text, struct ps_str *const ret_id)
{
    struct ps_str rest = text;
    struct ps_str part = {NULL, 0};
    if (ps_str_starts_with(text, PS_STR("arn:"))) {
        if (!take_partition(&rest) || !take(&rest, "bedrock:") || !take_until(&rest, ':', &part) ||
            !is_run(part, ALPHABET_LOWER_DIGITS, "-", 1, 20) || !take_until(&rest, ':', &part) ||
            !ps_pattern_account(part) || !take(&rest, "model-invocation-job/")) {
            return false;
        }
    }
    *ret_id = rest;
    return is_run(rest, ALPHABET_LOWER_DIGITS, "", 12, 12);
}
