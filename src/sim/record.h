/*
 * record - one line of a job's input: read, asked of the model, written as a line of output.
 *
 * Owner: the caller embeds it and reuses it for line after line. Threads: one owner at a time.
 */
#ifndef PS_SIM_RECORD_H
#define PS_SIM_RECORD_H

#include "base/prng.h"
#include "sim/job_work.h"
#include "sim/model.h"

struct ps_record {
    yyjson_doc *doc;
    yyjson_val *input;                   /* modelInput, or NULL */
    struct ps_str id;                    /* recordId, or "" */
    char made_id[16];                    /* for a line without one */
    char digest_hex[PS_SHA256_HEX_SIZE]; /* of modelInput's canonical form */
    struct ps_buf canonical;
    struct ps_buf output; /* modelOutput */
    struct ps_model_answer answer;
};

void ps_record_init(struct ps_record *record);
void ps_record_release(struct ps_record *record);

/* Reads `line` and asks the model. False: it is not a JSON object. The line must stay while it is
 * used. */
PS_MUST_CHECK bool ps_record_read(struct ps_record *record, struct ps_str line,
                                  const struct ps_job_work *work);

/* As ps_record_read, of a body that is modelInput alone. */
PS_MUST_CHECK bool ps_record_read_body(struct ps_record *record, struct ps_str body,
                                       const struct ps_job_work *work);

/* An error instead of the model's answer. */
void ps_record_set_error(struct ps_record *record, int64_t code, const char *message);

/* `bytes` at the beginning of the answer's text, as they stand in the JSON; nothing without one. */
void ps_record_spoil_text(struct ps_record *record, struct ps_str bytes);

/* A record id for a line that has none. */
void ps_record_make_id(struct ps_record *record, struct ps_prng *prng);

/* Appends the line of output, newline included; `prng` draws order and taste. */
void ps_record_write(const struct ps_record *record, const struct ps_job_work *work,
                     struct ps_prng *prng, struct ps_buf *buf);

#endif
