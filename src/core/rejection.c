#include "core/rejection.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct hint_row {
    const char *code;
    const char *hint;
};

static const struct hint_row hint_rows[] = {
    {"invalid_json", "write one whole JSON object on each line"},
    {"invalid_utf8", "save the file as UTF-8"},
    {"invalid_csv", "quote fields as RFC 4180 says, and give every row all columns"},
    {"not_an_object", "write one JSON object on each line"},
    {"missing_prompt", "give the record a prompt or messages"},
    {"ambiguous_prompt", "keep one of them"},
    {"missing_field", "check the names in the template and in --id-field"},
    {"duplicate_key", "keep one of the two"},
    {"invalid_id", "use a string or a number"},
    {"too_deep", "flatten the record"},
    {"too_complex", "split the record"},
    {"line_too_long", "split the record, or give media by their S3 address"},
    {"not_convertible", "write the record in the model's own form, or choose another model"},
    {"context_tokens", "shorten the prompt, or choose a model with a larger context"},
    {"output_tokens", "ask for fewer, or leave the limit out"},
    {"record_bytes", "shorten the record"},
};

void ps_reject(struct ps_rejection *const rejection, const char *const code,
               const char *const format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    rejection->code = code;
    (void)vsnprintf(rejection->message, sizeof(rejection->message), format, arguments);
    va_end(arguments);
}

const char *ps_rejection_hint(const char *const code)
{
    for (size_t row = 0; row < sizeof(hint_rows) / sizeof(hint_rows[0]); row++) {
        if (strcmp(hint_rows[row].code, code) == 0) {
            return hint_rows[row].hint;
        }
    }
    return "";
}
