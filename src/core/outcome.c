#include "core/outcome.h"

#include "codec/json_doc.h"

#include <string.h>

/* Words that services use for "not now" (bedrock.md 2.4). */
static const char *const retryable_words[] = {
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
    "ServiceUnavailableException",
    "ServiceUnavailable",
    "InternalServerException",
    "InternalFailure",
    "InternalError",
    "ModelTimeoutException",
    "ModelNotReadyException",
    "ModelErrorException",
    "RequestTimeout",
    "RequestTimeoutException",
};

bool ps_outcome_is_retryable(const struct ps_str code)
{
    int64_t number = 0;
    if (ps_str_to_i64(code, &number)) {
        const bool is_transient = number == 408 || number == 424 || number == 429;
        return is_transient || (number >= 500 && number <= 599);
    }
    for (size_t word = 0; word < sizeof(retryable_words) / sizeof(retryable_words[0]); word++) {
        if (ps_str_equals_text(code, retryable_words[word])) {
            return true;
        }
    }
    return false;
}

/* Codes are short words; anything else is not one. */
static bool is_code(const struct ps_str word, const size_t size_max)
{
    if (word.size == 0 || word.size > size_max) {
        return false;
    }
    for (size_t at = 0; at < word.size; at++) {
        const char byte = word.data[at];
        const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        const bool is_digit = byte >= '0' && byte <= '9';
        if (!is_letter && !is_digit && byte != '_' && byte != '-' && byte != '.') {
            return false;
        }
    }
    return true;
}

void ps_outcome_read(yyjson_val *const error, struct ps_record_error *const ret_error)
{
    *ret_error = (struct ps_record_error){"unknown", {NULL, 0}, false};
    if (!yyjson_is_obj(error)) {
        ret_error->message = ps_json_text(error);
        return;
    }
    const struct ps_str code = ps_json_text(yyjson_obj_get(error, "errorCode"));
    if (is_code(code, sizeof(ret_error->code) - 1)) {
        memcpy(ret_error->code, code.data, code.size);
        ret_error->code[code.size] = '\0';
    }
    ret_error->message = ps_json_text(yyjson_obj_get(error, "errorMessage"));
    const bool has_expired = yyjson_is_true(yyjson_obj_get(error, "expired"));
    ret_error->is_retryable = has_expired || ps_outcome_is_retryable(ps_str_of(ret_error->code));
}
