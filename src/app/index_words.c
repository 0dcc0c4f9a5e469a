#include "app/index_words.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/json_doc.h"
#include "codec/json_scan.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_COUNT 5
#define GROUPS_MAX 10

static bool put_number(struct ps_buf *const buf, const uint64_t number)
{
    uint64_t rest = number;
    bool is_put = true;
    while (rest >= 0x80) {
        is_put = ps_buf_append_byte(buf, (char)(unsigned char)((rest & 0x7F) | 0x80)) && is_put;
        rest >>= 7;
    }
    return ps_buf_append_byte(buf, (char)rest) && is_put;
}

static bool take_number(const struct ps_str bytes, size_t *const offset, uint64_t *const ret_number)
{
    uint64_t number = 0;
    for (unsigned group = 0; group < GROUPS_MAX && *offset < bytes.size; group++) {
        const unsigned char byte = (unsigned char)bytes.data[*offset];
        (*offset)++;
        number |= (uint64_t)(byte & 0x7F) << (7 * group);
        if (byte < 0x80) {
            *ret_number = number;
            return true;
        }
    }
    return false;
}

/* Messages hold names of the user's that may have been cut within a character. */
static void make_text(char *const message)
{
    if (ps_utf8_is_valid(ps_str_of(message))) {
        return;
    }
    for (char *at = message; *at != '\0'; at++) {
        *at = (unsigned char)*at >= 0x80 ? '?' : *at;
    }
}

/* {"code":"...","message":"...; what to do"} */
static void write_error(struct ps_buf *const buf, const struct ps_rejection *const rejection)
{
    char message[sizeof(rejection->message) + 100];
    const char *const hint = ps_rejection_hint(rejection->code);
    (void)snprintf(message, sizeof(message), "%s%s%s", rejection->message,
                   hint[0] == '\0' ? "" : "; ", hint);
    make_text(message);
    ps_buf_add_format(buf, "{\"code\":\"%s\",\"message\":", rejection->code);
    const bool is_written = ps_json_append_string(buf, ps_str_of(message));
    PS_ASSERT(is_written);
    ps_buf_add_text(buf, "}");
}

bool ps_words_write(struct ps_buf *const buf, const struct ps_record_words *const words,
                    const struct ps_rejection *const rejection)
{
    struct ps_buf error PS_CLEANUP(ps_buf_release);
    ps_buf_init(&error, 4 * PS_KB);
    if (rejection->code != NULL) {
        write_error(&error, rejection);
    }
    return put_number(buf, words->id.size) && put_number(buf, words->keep.size) &&
           put_number(buf, error.size) && put_number(buf, (uint64_t)words->line) &&
           put_number(buf, (uint64_t)words->input) && ps_buf_append(buf, words->id) &&
           ps_buf_append(buf, words->keep) && ps_buf_append(buf, ps_buf_str(&error));
}

struct row_head {
    uint64_t numbers[NUMBER_COUNT];
    size_t size;
};

static bool read_head(const struct ps_str bytes, const size_t from, struct row_head *const ret_head)
{
    size_t offset = from;
    for (size_t place = 0; place < NUMBER_COUNT; place++) {
        if (!take_number(bytes, &offset, &ret_head->numbers[place])) {
            return false;
        }
    }
    ret_head->size = offset - from;
    /* No text is longer than what memory holds; so the sum below cannot wrap. */
    return ret_head->numbers[0] < UINT32_MAX && ret_head->numbers[1] < UINT32_MAX &&
           ret_head->numbers[2] < UINT32_MAX;
}

bool ps_words_size(const struct ps_str head, size_t *const ret_size, size_t *const ret_id_from,
                   size_t *const ret_id_size)
{
    struct row_head row;
    if (!read_head(head, 0, &row)) {
        return false;
    }
    *ret_size = row.size + row.numbers[0] + row.numbers[1] + row.numbers[2];
    *ret_id_from = row.size;
    *ret_id_size = row.numbers[0];
    return true;
}

bool ps_words_read(const struct ps_str bytes, size_t *const offset,
                   struct ps_record_words *const ret_words)
{
    struct row_head row;
    if (!read_head(bytes, *offset, &row)) {
        return false;
    }
    const size_t from = *offset + row.size;
    const size_t texts = row.numbers[0] + row.numbers[1] + row.numbers[2];
    if (texts > bytes.size - from) {
        return false;
    }
    ret_words->id = ps_str_part(bytes, from, row.numbers[0]);
    ret_words->keep = ps_str_part(bytes, from + row.numbers[0], row.numbers[1]);
    ret_words->error = ps_str_part(bytes, from + row.numbers[0] + row.numbers[1], row.numbers[2]);
    ret_words->line = (int64_t)row.numbers[3];
    ret_words->input = (int64_t)row.numbers[4];
    *offset = from + texts;
    return true;
}
