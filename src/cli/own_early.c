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

static int64_t count_of(const struct ps_owner *const owner, const enum ps_answer_kind kind)
{
    return ps_answers_count(owner->answers, kind);
}

/* "...: 12 of 100 that have an ending" */
static void add_share(struct ps_buf *const buf, const int64_t count, const int64_t others,
                      const char *const rest)
{
    ps_units_add_count(buf, count);
    ps_buf_add_text(buf, " of ");
    ps_units_add_count(buf, count + others);
    ps_buf_add_text(buf, rest);
}

static void add_failures(const struct ps_owner *const owner, struct ps_buf *const buf)
{
    const int64_t failed = count_of(owner, PS_ANSWER_FAILED) +
                           count_of(owner, PS_ANSWER_UNACCOUNTED) +
                           count_of(owner, PS_ANSWER_MAYBE_PAID);
    ps_buf_add_text(buf, "ended early: more records have failed than --max-failures ");
    add_many(buf, owner->settings.spending.failures);
    ps_buf_add_text(buf, " allows: ");
    add_share(buf, failed, count_of(owner, PS_ANSWER_SUCCEEDED), " that have an ending");
}

static void add_canary(const struct ps_owner *const owner, struct ps_buf *const buf)
{
    const struct ps_spending_limits *const spending = &owner->settings.spending;
    const struct ps_many standard = {PS_CANARY_FAILED_PERCENT, true};
    const int64_t bad = count_of(owner, PS_ANSWER_FAILED) + count_of(owner, PS_ANSWER_UNACCOUNTED) +
                        count_of(owner, PS_ANSWER_MAYBE_PAID) +
                        count_of(owner, PS_ANSWER_RETRYABLE) +
                        count_of(owner, PS_ANSWER_UNPROCESSED);
    ps_buf_add_text(buf, "ended early: the canary did not succeed: ");
    add_share(buf, bad, count_of(owner, PS_ANSWER_SUCCEEDED),
              " records came back without an answer, ");
    add_many(buf, spending->has_failures != 0 ? spending->failures : standard);
    ps_buf_add_text(buf, spending->has_failures != 0 ? " are allowed by --max-failures"
                                                     : " are allowed");
}

static void add_cost(const struct ps_owner *const owner, struct ps_buf *const buf)
{
    ps_buf_add_text(buf, "ended early: --max-cost ");
    ps_units_add_usd(buf, owner->settings.spending.max_cost_usd_micros);
    ps_buf_add_text(buf, " does not hold one job more: ");
    ps_units_add_usd(buf, ps_turn_cost_usd_micros(owner->turn));
    ps_buf_add_text(buf, " is spent");
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

static void say_how_to_go_on(const struct ps_owner *const owner, const enum ps_spending_stop stop)
{
    const char *const name = owner->settings.name;
    if (stop == PS_SPENDING_CANARY) {
        ps_say("nothing more is sent; to send the canary once more: penstock retry %s; to go on as "
               "it is: penstock resume %s with a higher --max-failures, or --canary 0",
               name, name);
    } else {
        ps_say("nothing more is sent; to go on: the same command, or 'penstock resume %s', with a "
               "higher --%s",
               name, ps_owner_early_option(owner));
    }
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
    const enum ps_spending_stop stop = ps_turn_stop_reason(owner->turn);
    if (stop == PS_SPENDING_CANARY) {
        add_canary(owner, &text);
    } else if (stop == PS_SPENDING_COST) {
        add_cost(owner, &text);
    } else {
        add_failures(owner, &text);
    }
    ps_say("%s", ps_buf_text(&text));
    (void)snprintf(owner->status.message, sizeof(owner->status.message), "%s", ps_buf_text(&text));
    if (stop != PS_SPENDING_COST &&
        ps_reasons_of_sent(owner->index, owner->answers, &reasons, &example, &err) == PS_OK &&
        example >= 0) {
        ps_reasons_add(&reasons, &codes);
        ps_say("what failed: %s", ps_buf_text(&codes));
        say_example(owner, example);
    }
    say_how_to_go_on(owner, stop);
}

const char *ps_owner_early_option(const struct ps_owner *const owner)
{
    static const char *const options[] = {[PS_SPENDING_GO] = NULL,
                                          [PS_SPENDING_FAILURES] = "max-failures",
                                          [PS_SPENDING_CANARY] = "canary",
                                          [PS_SPENDING_COST] = "max-cost"};
    return options[ps_turn_stop_reason(owner->turn)];
}
