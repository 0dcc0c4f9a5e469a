#include "app/reasons.h"
#include "app/result_line.h"
#include "base/limits.h"
#include "cli/own_internal.h"
#include "cli/say.h"
#include "codec/json_doc.h"
#include "codec/shown.h"
#include "codec/units.h"

#include <stdio.h>

/* An error text is shown up to here. */
#define EXAMPLE_BYTES_MAX ((size_t)160)

static void add_many(struct ps_buf *const buf, const struct ps_many many)
{
    ps_units_add_count(buf, many.count);
    ps_buf_add_text(buf, many.is_percent ? "%" : "");
}

/* "more records have failed than --max-failures 5% allows: 12 of 100 that came back" */
static void add_failures(const struct ps_owner *const owner, struct ps_buf *const buf)
{
    const struct ps_answers *const answers = owner->answers;
    const int64_t failed = ps_answers_count(answers, PS_ANSWER_FAILED) +
                           ps_answers_count(answers, PS_ANSWER_UNACCOUNTED);
    ps_buf_add_text(buf, "ended early: more records have failed than --max-failures ");
    add_many(buf, owner->settings.spending.failures);
    ps_buf_add_text(buf, " allows: ");
    ps_units_add_count(buf, failed);
    ps_buf_add_text(buf, " of ");
    ps_units_add_count(buf, failed + ps_answers_count(answers, PS_ANSWER_SUCCEEDED));
    ps_buf_add_text(buf, " that have an ending");
}

/* What the service said of one of them; its line, never its text. */
static void say_example(const struct ps_owner *const owner, const int64_t record)
{
    struct ps_error err;
    struct ps_json_doc doc;
    struct ps_json_reason reason;
    struct ps_record_words words;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_buf payload PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_buf_init(&payload, PS_TEXT_BYTES_MAX);
    if (ps_answers_payload(owner->answers, record, &payload, &err) != PS_OK) {
        return;
    }
    ps_index_words(owner->index, record, &words);
    ps_result_add_place(owner->index, &words, &text);
    ps_buf_add_text(&text, ": ");
    ps_json_doc_init(&doc);
    yyjson_val *const root = ps_json_doc_read(&doc, ps_buf_str(&payload), &reason);
    ps_shown_add(&text, ps_json_text(yyjson_obj_get(root, "message")), EXAMPLE_BYTES_MAX);
    ps_json_doc_release(&doc);
    ps_say("for example %s", ps_buf_text(&text));
}

void ps_owner_tell_early(struct ps_owner *const owner)
{
    struct ps_error err;
    struct ps_reasons reasons;
    int64_t example = -1;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_buf codes PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_buf_init(&codes, PS_TEXT_BYTES_MAX);
    add_failures(owner, &text);
    ps_say("%s", ps_buf_text(&text));
    (void)snprintf(owner->status.message, sizeof(owner->status.message), "%s", ps_buf_text(&text));
    if (ps_reasons_of_sent(owner->index, owner->answers, &reasons, &example, &err) == PS_OK &&
        example >= 0) {
        ps_reasons_add(&reasons, &codes);
        ps_say("what failed: %s", ps_buf_text(&codes));
        say_example(owner, example);
    }
    ps_say("nothing more is sent; to go on: the same command, or 'penstock resume %s', with a "
           "higher --max-failures",
           owner->settings.name);
}
