/*
 * call_answer - what is filed of a call on demand: the same payloads as of a line of a batch output
 * (app/collect), made by the same code.
 *
 * The body of an answer is hostile, as an output line is: one that is no JSON object is filed as a
 * failure `bad_output`. A failure has the service's own word as its code; what may have been paid
 * has `maybe_paid`.
 *
 * Owner: the caller embeds it. Threads: one at a time.
 */
#ifndef PS_APP_CALL_ANSWER_H
#define PS_APP_CALL_ANSWER_H

#include "app/answers.h"
#include "base/buf.h"
#include "codec/json_doc.h"
#include "core/engine.h"
#include "core/family.h"

#define PS_CODE_MAYBE_PAID "maybe_paid"

struct ps_call_answer {
    enum ps_answer_kind kind;
    struct ps_usage usage; /* of a success, as its body says; of maybe_paid: 0 */
    struct ps_buf payload;

    /* ---- room for the next one ---- */
    struct ps_buf line;
    struct ps_buf repaired;
    struct ps_json_doc doc;
};

void ps_call_answer_init(struct ps_call_answer *answer);
void ps_call_answer_release(struct ps_call_answer *answer);

/* `end`: answered, failed or maybe paid. Fills kind, usage, payload. */
void ps_call_answer_make(struct ps_call_answer *answer, const struct ps_fact *fact,
                         enum ps_call_end end, int64_t record, enum ps_family family,
                         struct ps_str model);

#endif
