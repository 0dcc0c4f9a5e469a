/*
 * act - one wish on its way: what it has asked, what it waits for, and the fact that it will be.
 *
 * Each kind of wish has a `begin` in its service's file; from there it sends requests, one after
 * the other, and ends in exactly one ps_act_end. All callbacks come from inside ps_http_run.
 *
 * Owner: world_aws makes and frees; internal to aws/. Threads: one.
 */
#ifndef PS_AWS_ACT_H
#define PS_AWS_ACT_H

#include "aws/call.h"
#include "aws/failure.h"
#include "port/world.h"

struct ps_world_aws;
struct ps_s3_wholes;

struct ps_act {
    struct ps_world_aws *world;
    struct ps_wish wish; /* its texts are views of the three below */
    char *key;
    char *text;
    char *etag;
    struct ps_fact fact;
    bool has_ended;
    char what[200]; /* "put 's3://bucket/key'": for messages */

    /* The request under way. */
    void (*on_answer)(struct ps_act *act, const struct ps_http_answer *answer);
    enum ps_status (*read_body)(struct ps_act *act, char *room, size_t room_size, size_t *ret_size,
                                struct ps_error *err);
    enum ps_status (*write_body)(struct ps_act *act, const struct ps_http_answer *answer,
                                 struct ps_str bytes, struct ps_error *err);

    void *state; /* the kind's own, freed by free_state */
    void (*free_state)(struct ps_act *act);
    struct ps_s3_uploads *uploads; /* uploads that are being aborted: as a wish, or behind a put */
    struct ps_act *next;
    struct ps_act **place; /* what points to it while it runs */
};

/* A request of an act: whatever the lane does not know by itself. */
struct ps_act_request {
    enum ps_aws_service service;
    const char *method;
    struct ps_str path;  /* encoded; "" for S3's bucket itself */
    struct ps_str query; /* encoded */
    struct ps_http_field headers[6];
    size_t header_count;
    struct ps_str body;
    int64_t body_bytes;         /* with act->read_body set: it gives the body */
    struct ps_str payload_hash; /* "": of `body` */
    int64_t first_byte_ms_max;  /* this and the next two as in ps_http_request */
    size_t answer_bytes_max;
    bool is_one_of_many;
    void (*on_answer)(struct ps_act *act, const struct ps_http_answer *answer);
};

/*
 * Sends; the answer comes to on_answer. read_body and write_body of the act are used for this
 * request alone and are NULL again when on_answer is called. If it cannot even be signed the act
 * ends with NO.
 */
void ps_act_send(struct ps_act *act, const struct ps_act_request *request);

/* The act is over; its fact goes out with this outcome. act->fact.error says why where it is not
 * YES. */
void ps_act_end(struct ps_act *act, enum ps_outcome outcome);

/* Fills act->fact.error from the answer, then ends. */
void ps_act_fail(struct ps_act *act, const struct ps_http_answer *answer, enum ps_outcome outcome);
void ps_act_fail_unreadable(struct ps_act *act, const struct ps_http_answer *answer,
                            const char *why, enum ps_outcome outcome);

/* For messages about this act. */
struct ps_aws_doing ps_act_doing(const struct ps_act *act);

/* A whole answer with a status of 2xx. */
bool ps_act_is_success(const struct ps_http_answer *answer);

/* What the act may use of its world. */
const struct ps_streams *ps_act_streams(const struct ps_act *act);
const char *ps_act_bucket(const struct ps_act *act);
int64_t ps_act_multipart_from_bytes(const struct ps_act *act);
int64_t ps_act_part_bytes(const struct ps_act *act);

/* What gets that were cut have summed up. */
struct ps_s3_wholes *ps_act_wholes(struct ps_act *act);

/* Whether bodies to S3 must be digested and signed: over plain http. */
bool ps_act_is_payload_signed(const struct ps_act *act);

/* One for each kind of wish. */
void ps_sts_begin_identity(struct ps_act *act);
void ps_s3_begin_put(struct ps_act *act);
void ps_s3_begin_list(struct ps_act *act);
void ps_s3_begin_get(struct ps_act *act);
void ps_s3_begin_delete(struct ps_act *act);
void ps_s3_begin_abort_uploads(struct ps_act *act);
void ps_bedrock_begin_create(struct ps_act *act);
void ps_bedrock_begin_get(struct ps_act *act);
void ps_bedrock_begin_list(struct ps_act *act);
void ps_bedrock_begin_stop(struct ps_act *act);
void ps_runtime_begin_invoke(struct ps_act *act);

#endif
