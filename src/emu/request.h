/*
 * request - one HTTP request on its way through the emulator, and the answer that is made for it.
 *
 * server.c owns it from the first header to the last byte of the answer; services read the request
 * and fill the answer. Threads: one connection's.
 */
#ifndef PS_EMU_REQUEST_H
#define PS_EMU_REQUEST_H

#include "aws/sigv4.h"
#include "base/buf.h"
#include "emu/aws_chunked.h"
#include "sim/bodies.h"
#include "sim/world.h"

#define PS_EMU_HEADERS_MAX 96
#define PS_EMU_ANSWER_HEADERS_MAX 32

enum ps_emu_service { PS_EMU_S3, PS_EMU_BEDROCK, PS_EMU_STS };

struct ps_emu_route;

struct ps_emu_answer_header {
    const char *name; /* lives for ever */
    char *value;
};

struct ps_emu_answer {
    int status;
    struct ps_emu_answer_header headers[PS_EMU_ANSWER_HEADERS_MAX];
    size_t header_count;
    struct ps_buf body;
    int file; /* instead of the body; -1: none */
    int64_t file_offset;
    int64_t file_size_bytes;
    int64_t latency_ms; /* simulated: how long the operation takes */
    bool is_output;     /* the file is a job's output: what `corrupt` may spoil */
};

struct ps_emu_request {
    struct ps_world *world;
    char *method;
    char *uri;          /* as on the request line */
    struct ps_str path; /* views of it, still encoded */
    struct ps_str query;
    struct ps_sigv4_header headers[PS_EMU_HEADERS_MAX];
    size_t header_count;
    struct ps_buf names; /* what the headers point to */

    enum ps_emu_service service;
    const struct ps_emu_route *route;
    struct ps_buf bucket; /* decoded */
    struct ps_buf key;    /* decoded; for Bedrock the id or ARN of a job or model */
    char region[32];      /* that it was signed for */

    int64_t real_ms; /* when its headers were in, by the machine's clock: for the signature */
    struct ps_call call;
    bool is_refused;
    struct ps_refusal refusal;

    struct ps_buf body;         /* for all but what goes into a file */
    struct ps_body_file *file;  /* PutObject, UploadPart */
    struct ps_chunked *chunked; /* decodes aws-chunked; NULL: plain */
    struct ps_buf subject;      /* for the event log */

    struct ps_emu_answer answer;
};

struct ps_emu_request *ps_emu_request_new(struct ps_world *world, const char *uri);
struct ps_emu_request *ps_emu_request_free(struct ps_emu_request *request);

/* The value of a header, "" when there is none; `name` in any case. */
struct ps_str ps_emu_header(const struct ps_emu_request *request, const char *name);
bool ps_emu_has_header(const struct ps_emu_request *request, const char *name);

/* A parameter of the query, decoded to the end of `value`; false when there is none. */
PS_MUST_CHECK bool ps_emu_parameter(const struct ps_emu_request *request, const char *name,
                                    struct ps_buf *value);
bool ps_emu_has_parameter(const struct ps_emu_request *request, const char *name);

/* One more header of the answer, or a new value for one of this name. */
void ps_emu_answer_header(struct ps_emu_request *request, const char *name, struct ps_str value);

/* Ends the request with its refusal; returns false. */
bool ps_emu_refuse(struct ps_emu_request *request, int http_status, const char *code,
                   const char *message);

#endif
