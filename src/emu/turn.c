#include "emu/turn.h"

#include "emu/auth.h"
#include "emu/route.h"
#include "emu/services.h"

#include <string.h>

#define SLOW_MS_MIN INT64_C(30000)
#define SLOW_MS_MAX INT64_C(120000)

/* ---- begin ---- */

static bool is_streaming(const struct ps_emu_request *const request)
{
    return ps_str_starts_with(ps_emu_header(request, "x-amz-content-sha256"), PS_STR("STREAMING-"));
}

static bool begin(struct ps_emu_request *const request, const struct ps_sigv4_claim *const claim,
                  const int64_t real_ms)
{
    if (request->service != PS_EMU_S3) {
        return true; /* checked with the body */
    }
    if (!ps_emu_auth_check_headers(request, claim, real_ms)) {
        return false;
    }
    if (request->route->body == PS_EMU_BODY_FILE) {
        return ps_emu_s3_open_body(request);
    }
    if (is_streaming(request)) {
        request->chunked = ps_chunked_new();
    }
    return true;
}

void ps_emu_turn_begin(struct ps_emu_request *const request, const int64_t real_ms)
{
    struct ps_sigv4_claim claim PS_CLEANUP(ps_sigv4_claim_release);
    ps_sigv4_claim_init(&claim);
    request->real_ms = real_ms;
    ps_emu_route_find(request, ps_emu_auth_service(request, &claim));
    request->is_refused = !begin(request, &claim, real_ms);
}

/* ---- the body ---- */

static bool take_plain(void *const context, const struct ps_str bytes)
{
    struct ps_emu_request *const request = context;
    struct ps_error err;
    if (request->file != NULL) {
        return ps_body_file_write(request->file, bytes, &err) == PS_OK ||
               ps_emu_refuse(request, 500, "InternalError", err.message);
    }
    return ps_buf_append(&request->body, bytes) ||
           ps_emu_refuse(request, 400, "EntityTooLarge",
                         "Your proposed upload exceeds the maximum allowed size");
}

void ps_emu_turn_take(struct ps_emu_request *const request, const struct ps_str bytes)
{
    if (request->is_refused) {
        return;
    }
    if (request->chunked == NULL) {
        (void)take_plain(request, bytes);
    } else if (!ps_chunked_take(request->chunked, bytes, take_plain, request) &&
               !request->is_refused) {
        (void)ps_emu_refuse(request, 400, "InvalidRequest",
                            "The body is not in the aws-chunked encoding.");
    }
}

/* What the headers say about the body, once it is in. */
static bool check_body(struct ps_emu_request *const request)
{
    if (request->service != PS_EMU_S3) {
        return ps_emu_auth_check_body(request, request->real_ms);
    }
    if (request->chunked != NULL && !ps_chunked_is_whole(request->chunked)) {
        return ps_emu_refuse(request, 400, "IncompleteBody",
                             "You did not provide the number of bytes specified by the "
                             "Content-Length HTTP header");
    }
    const struct ps_str hash = ps_emu_header(request, "x-amz-content-sha256");
    if (request->file == NULL && request->chunked == NULL && hash.size == PS_SHA256_HEX_SIZE - 1) {
        char hex[PS_SHA256_HEX_SIZE];
        ps_sha256_hex(ps_buf_str(&request->body), hex);
        if (!ps_str_equals_text(hash, hex)) {
            return ps_emu_refuse(request, 400, "XAmzContentSHA256Mismatch",
                                 "The provided 'x-amz-content-sha256' header does not match what "
                                 "was computed.");
        }
    }
    return true;
}

/* ---- faults ---- */

static enum ps_fault_kind fault_kind(const struct ps_emu_request *const request)
{
    return request->call.fault != NULL ? request->call.fault->kind : PS_FAULT_NONE;
}

/* Refuses as a fault says; false when it is not of that kind. */
static bool refuse_by_fault(struct ps_emu_request *const request)
{
    const bool is_s3 = request->service == PS_EMU_S3;
    const bool is_sts = request->service == PS_EMU_STS;
    switch (fault_kind(request)) {
    case PS_FAULT_500:
        (void)ps_emu_refuse(request, 500,
                            is_s3    ? "InternalError"
                            : is_sts ? "InternalFailure"
                                     : "InternalServerException",
                            "We encountered an internal error. Please try again.");
        return true;
    case PS_FAULT_503:
        (void)ps_emu_refuse(request, 503, is_s3 ? "SlowDown" : "ServiceUnavailableException",
                            is_s3 ? "Please reduce your request rate."
                                  : "The service is temporarily unavailable.");
        return true;
    case PS_FAULT_429:
        (void)ps_emu_refuse(request, is_s3 ? 503 : 429,
                            is_s3    ? "SlowDown"
                            : is_sts ? "Throttling"
                                     : "ThrottlingException",
                            is_s3 ? "Please reduce your request rate."
                                  : "Too many requests, please wait before trying again.");
        return true;
    default:
        return false;
    }
}

static struct ps_emu_outcome draw_outcome(const struct ps_emu_request *const request)
{
    struct ps_emu_outcome outcome = {PS_EMU_SEND, request->answer.latency_ms};
    switch (fault_kind(request)) {
    case PS_FAULT_LOST:
        outcome.sending = PS_EMU_SEND_NONE;
        break;
    case PS_FAULT_CUT:
        outcome.sending = PS_EMU_SEND_CUT;
        break;
    case PS_FAULT_CORRUPT:
        if (request->answer.is_output && request->answer.file_size_bytes > 0) {
            outcome.sending = PS_EMU_SEND_WRONG;
        }
        break;
    case PS_FAULT_SLOW:
        outcome.sending = PS_EMU_SEND_LATE;
        outcome.delay_ms += ps_call_draw(&request->call, SLOW_MS_MIN, SLOW_MS_MAX);
        break;
    default:
        break;
    }
    return outcome;
}

/* ---- end ---- */

static void write_error(struct ps_emu_request *const request)
{
    switch (request->service) {
    case PS_EMU_BEDROCK:
        ps_emu_bedrock_error(request);
        break;
    case PS_EMU_STS:
        ps_emu_sts_error(request);
        break;
    default:
        ps_emu_s3_error(request);
        break;
    }
}

/* Carries the operation out unless a fault comes before; true: it was carried out. */
static bool carry_out(struct ps_emu_request *const request)
{
    const struct ps_fault_rule *const fault = request->call.fault;
    const bool is_before = fault != NULL && !fault->is_after;
    if (is_before && (fault->kind == PS_FAULT_LOST || refuse_by_fault(request))) {
        return false;
    }
    request->is_refused = !request->route->carry_out(request);
    /* A call of a model has no token: delivered twice it would be paid twice by nobody's fault. */
    const bool is_once =
        request->route->fault_op == PS_OP_INVOKE || request->route->fault_op == PS_OP_CONVERSE;
    if (fault_kind(request) == PS_FAULT_TWICE && request->file == NULL && !is_once) {
        /* Delivered again: the second answer is the one that arrives. */
        ps_buf_clear(&request->answer.body);
        ps_buf_clear(&request->subject);
        request->is_refused = !request->route->carry_out(request);
    }
    if (fault != NULL && fault->is_after) {
        (void)refuse_by_fault(request);
    }
    return true;
}

static const char *answer_word(const enum ps_emu_sending sending)
{
    static const char *const words[] = {
        [PS_EMU_SEND] = "sent",      [PS_EMU_SEND_LATE] = "late",     [PS_EMU_SEND_CUT] = "cut",
        [PS_EMU_SEND_NONE] = "lost", [PS_EMU_SEND_WRONG] = "corrupt",
    };
    return words[sending];
}

static void record(struct ps_emu_request *const request, const bool is_executed,
                   const enum ps_emu_sending sending)
{
    const struct ps_call_end end = {
        .op = request->route->op,
        .http_status = request->is_refused ? request->refusal.http_status : request->answer.status,
        .code = request->is_refused ? request->refusal.code : "",
        .subject = ps_buf_str(&request->subject),
        .answer = answer_word(sending),
        .is_executed = is_executed,
    };
    struct ps_error err;
    if (ps_world_end_call(request->world, &request->call, &end, &err) != PS_OK) {
        (void)ps_emu_refuse(request, 500, "InternalError", err.message);
        write_error(request);
    }
}

struct ps_emu_outcome ps_emu_turn_end(struct ps_emu_request *const request, const int64_t now_ms)
{
    bool is_executed = false;
    if (!request->is_refused) {
        request->is_refused = !check_body(request);
    }
    ps_world_begin_call(request->world, request->is_refused ? PS_OP_ANY : request->route->fault_op,
                        now_ms, &request->call);
    if (!request->is_refused) {
        is_executed = carry_out(request);
    }
    if (request->is_refused) {
        write_error(request);
    }
    const struct ps_emu_outcome outcome = draw_outcome(request);
    record(request, is_executed, outcome.sending);
    return outcome;
}
