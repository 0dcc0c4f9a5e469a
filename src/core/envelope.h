/*
 * envelope - a line that carries a whole body under one key ({recordId, modelInput} and its likes):
 * found by scanning, copied as it stands.
 *
 * A body in the model's own form is sent as the source wrote it: key order, escapes and number text
 * stay; white space between tokens and fields that the family is known to refuse go; what the
 * family needs, or the user asked for where the input says nothing, is added. No tree is needed, so
 * that shard bodies are cheap.
 *
 * Owner: the caller embeds it; spans are views into the line. Threads: one at a time.
 */
#ifndef PS_CORE_ENVELOPE_H
#define PS_CORE_ENVELOPE_H

#include "base/buf.h"
#include "core/body.h"
#include "core/dialect.h"
#include "core/family_rules.h"
#include "core/request.h"

/* A member of an object, as written: the key without its quotes, the value's span. */
struct ps_span {
    struct ps_str key;
    struct ps_str value;
};

struct ps_envelope {
    struct ps_buf line_spans; /* struct ps_span each: members of the line */
    struct ps_buf
        body_spans;     /* members of the body, where the dialect has one and it is an object */
    struct ps_str body; /* "" where the line has none */
    bool is_body_object;
    enum ps_shape shape; /* of the body */
    size_t depth;        /* of the line; 1: an object of plain values */
};

void ps_envelope_init(struct ps_envelope *envelope);
void ps_envelope_release(struct ps_envelope *envelope);

/*
 * Scans `line`, a valid JSON object; `body_key` "" for dialects without a body. False: a key of the
 * envelope stands there twice, nesting is too deep, or there are more members than memory is given
 * for.
 */
PS_MUST_CHECK bool ps_envelope_read(struct ps_envelope *envelope, struct ps_str line,
                                    struct ps_str body_key, struct ps_rejection *reterr_rejection);

size_t ps_span_count(const struct ps_buf *spans);
struct ps_span ps_span_at(const struct ps_buf *spans, size_t index);

/* The value of a member; false when there is none. A second one of that name: *ret_count 2. */
PS_MUST_CHECK bool ps_span_find(const struct ps_buf *spans, struct ps_str key,
                                struct ps_str *ret_value, size_t *ret_count);

/* Is the body sent as it stands? Otherwise it is read as a request and written anew. */
PS_MUST_CHECK bool ps_envelope_is_own(const struct ps_envelope *envelope, enum ps_dialect dialect,
                                      enum ps_family family);

/* What the user gave for where the input says nothing. */
struct ps_fill {
    struct ps_str system;       /* "": none */
    int64_t max_tokens;         /* 0: not given */
    int64_t default_max_tokens; /* for families that need one */
};

struct ps_copy_counts {
    int64_t saved_bytes;    /* of the source's body that are not sent */
    int64_t dropped_fields; /* known to be refused */
    int64_t unknown_fields; /* sent as they are */
    int64_t added_fields;
};

/* Appends the body. False: a field of the family twice (`duplicate_key`), or the cap
 * (`line_too_long`). */
PS_MUST_CHECK bool ps_envelope_copy_body(const struct ps_envelope *envelope, enum ps_family family,
                                         const struct ps_fill *fill, struct ps_buf *buf,
                                         struct ps_copy_counts *ret_counts,
                                         struct ps_rejection *reterr_rejection);

#endif
