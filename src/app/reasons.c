#include "app/reasons.h"

#include "base/buf.h"
#include "base/limits.h"
#include "codec/json_scan.h"
#include "codec/shown.h"
#include "codec/units.h"

#include <stdlib.h>
#include <string.h>

#define CODE_BYTES_MAX (sizeof(((struct ps_reason *)NULL)->code))

/* The code of an error object; "unknown" where it has none that is a short plain word. */
static void copy_code(const struct ps_str error, char room[CODE_BYTES_MAX])
{
    struct ps_str code = {NULL, 0};
    const size_t size_max = CODE_BYTES_MAX - 1;
    if (!ps_json_member(error, PS_STR("code"), &code, NULL) || code.size < 3 ||
        code.size - 2 > size_max) {
        code = PS_STR("\"unknown\"");
    }
    memcpy(room, code.data + 1, code.size - 2);
    room[code.size - 2] = '\0';
}

void ps_reasons_count(struct ps_reasons *const reasons, const struct ps_str error)
{
    struct ps_reason reason = {.count = 1};
    copy_code(error, reason.code);
    for (int64_t row = 0; row < reasons->count; row++) {
        if (strcmp(reasons->rows[row].code, reason.code) == 0) {
            reasons->rows[row].count++;
            return;
        }
    }
    if (reasons->count == PS_REPORT_REASONS_MAX) {
        reasons->others++;
        return;
    }
    reasons->rows[reasons->count] = reason;
    reasons->count++;
}

static int compare(const void *const left, const void *const right)
{
    const struct ps_reason *const first = left;
    const struct ps_reason *const second = right;
    if (first->count != second->count) {
        return first->count < second->count ? 1 : -1;
    }
    return strcmp(first->code, second->code);
}

void ps_reasons_sort(struct ps_reasons *const reasons)
{
    qsort(reasons->rows, (size_t)reasons->count, sizeof(reasons->rows[0]), compare);
}

/* ------------------------------------------------ of what was sent */

static bool is_without_answer(const struct ps_answers *const answers, const int64_t record)
{
    switch (ps_answers_state(answers, record).kind) {
    case PS_ANSWER_FAILED:
    case PS_ANSWER_RETRYABLE:
    case PS_ANSWER_UNPROCESSED:
    case PS_ANSWER_UNACCOUNTED:
    case PS_ANSWER_MAYBE_PAID:
        return true;
    default:
        return false;
    }
}

enum ps_status ps_reasons_of_sent(const struct ps_index *const index,
                                  struct ps_answers *const answers,
                                  struct ps_reasons *const ret_reasons, int64_t *const ret_example,
                                  struct ps_error *const err)
{
    int64_t firsts[PS_REPORT_REASONS_MAX];
    char codes[PS_REPORT_REASONS_MAX][CODE_BYTES_MAX];
    struct ps_reasons reasons = {.count = 0};
    struct ps_buf payload PS_CLEANUP(ps_buf_release);
    ps_buf_init(&payload, PS_TEXT_BYTES_MAX);
    for (int64_t record = 0; record < ps_index_count(index); record++) {
        const int64_t before = reasons.count;
        if (!is_without_answer(answers, record)) {
            continue;
        }
        ps_buf_clear(&payload);
        if (ps_answers_payload(answers, record, &payload, err) != PS_OK) {
            return err->status;
        }
        ps_reasons_count(&reasons, ps_buf_str(&payload));
        if (reasons.count > before) {
            firsts[before] = record;
            memcpy(codes[before], reasons.rows[before].code, CODE_BYTES_MAX);
        }
    }
    ps_reasons_sort(&reasons);
    *ret_example = -1;
    for (int64_t row = 0; row < reasons.count; row++) {
        *ret_example = strcmp(codes[row], reasons.rows[0].code) == 0 ? firsts[row] : *ret_example;
    }
    *ret_reasons = reasons;
    return PS_OK;
}

void ps_reasons_add(const struct ps_reasons *const reasons, struct ps_buf *const buf)
{
    for (int64_t row = 0; row < reasons->count; row++) {
        ps_buf_add_text(buf, row == 0 ? "" : ", ");
        ps_shown_add(buf, ps_str_of(reasons->rows[row].code), CODE_BYTES_MAX);
        ps_buf_add_text(buf, ": ");
        ps_units_add_count(buf, reasons->rows[row].count);
    }
    if (reasons->others > 0) {
        ps_buf_add_text(buf, ", others: ");
        ps_units_add_count(buf, reasons->others);
    }
}
