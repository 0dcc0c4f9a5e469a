#include "base/assert.h"
#include "base/limits.h"
#include "sim/virtual_internal.h"

#include <stdio.h>
#include <string.h>

/* The words of docs/EVENTS.md for a wish. */
static const char *const ops[PS_WISH_KIND_COUNT] = {
    [PS_WISH_IDENTITY] = "GetCallerIdentity",
    [PS_WISH_PUT_SHARD] = "PutObject",
    [PS_WISH_LIST_OBJECTS] = "ListObjectsV2",
    [PS_WISH_GET_OBJECT] = "GetObject",
    [PS_WISH_DELETE_OBJECT] = "DeleteObject",
    [PS_WISH_ABORT_UPLOADS] = "ListMultipartUploads",
    [PS_WISH_CREATE_JOB] = "CreateModelInvocationJob",
    [PS_WISH_GET_JOB] = "GetModelInvocationJob",
    [PS_WISH_LIST_JOBS] = "ListModelInvocationJobs",
    [PS_WISH_STOP_JOB] = "StopModelInvocationJob",
    [PS_WISH_INVOKE] = "InvokeModel",
};

struct line {
    struct ps_buf buf;
    struct ps_writer writer;
};

/* False where no log is wanted; else end_line is due. */
static bool begin_line(struct ps_virtual *const service, struct line *const line,
                       const char *const event)
{
    if (service->options.events == NULL) {
        return false;
    }
    ps_buf_init(&line->buf, PS_ANSWER_BYTES_MAX);
    line->writer = (struct ps_writer){.buf = &line->buf};
    ps_writer_open(&line->writer, NULL, '{');
    ps_writer_number(&line->writer, "seq", ++service->event_number);
    ps_writer_number(&line->writer, "time_ms", service->now_ms);
    ps_writer_text(&line->writer, "event", ps_str_of(event));
    return true;
}

/* A log that cannot be written is the caller's to notice: ferror. */
static void end_line(const struct ps_virtual *const service, struct line *const line)
{
    ps_writer_close(&line->writer, '}');
    ps_buf_add_text(&line->buf, "\n");
    (void)!fwrite(line->buf.data, 1, line->buf.size, service->options.events);
    ps_buf_release(&line->buf);
}

static void write_lane(struct ps_writer *const writer, const struct ps_virtual_place *const place)
{
    const struct ps_virtual_lane *const lane = &place->lane;
    const struct ps_virtual_lane *const limits = place->pool->limits;
    ps_writer_open(writer, NULL, '{');
    ps_writer_text(writer, "lane", ps_str_of(lane->name));
    ps_writer_text(writer, "kind", lane->is_on_demand ? PS_STR("on-demand") : PS_STR("batch"));
    ps_writer_text(writer, "model", place->base_model);
    ps_writer_text(writer, "region", ps_str_of(lane->region));
    ps_writer_text(writer, "account", ps_str_of(lane->account));
    ps_writer_number(writer, "pool", place->pool->number);
    ps_writer_number(writer, "jobs", limits->jobs);
    ps_writer_number(writer, "min_records", lane->min_records);
    ps_writer_number(writer, "job_records", lane->job_records);
    ps_writer_number(writer, "shard_records", lane->shard_records);
    ps_writer_number(writer, "shard_bytes", lane->shard_bytes);
    ps_writer_number(writer, "job_bytes", lane->job_bytes);
    ps_writer_number(writer, "files", lane->files);
    ps_writer_number(writer, "startup_ms", lane->startup_ms);
    ps_writer_number(writer, "tpm", limits->tpm);
    ps_writer_number(writer, "tpd", limits->tpd);
    ps_writer_number(writer, "reset_ms", limits->reset_ms);
    ps_writer_number(writer, "rps", limits->rps);
    ps_writer_text(writer, "rps_counts", PS_STR("records"));
    ps_writer_number(writer, "burst_tokens", limits->burst_tokens);
    ps_writer_number(writer, "burndown", lane->burndown > 0 ? lane->burndown : 1);
    ps_writer_text(writer, "behaviour", limits->is_refusing ? PS_STR("refuse") : PS_STR("queue"));
    ps_writer_close(writer, '}');
}

void ps_virtual_log_opened(struct ps_virtual *const service)
{
    struct line line;
    if (!begin_line(service, &line, "world.opened")) {
        return;
    }
    const struct ps_virtual_place *const first = &service->places[0];
    ps_writer_number(&line.writer, "version", 1);
    ps_writer_bool(&line.writer, "is_virtual", true);
    ps_writer_text(&line.writer, "account_id", ps_str_of(first->lane.account));
    ps_writer_text(&line.writer, "region", ps_str_of(first->lane.region));
    ps_writer_text(&line.writer, "bucket", ps_str_of(first->lane.bucket));
    ps_writer_number(&line.writer, "seed", (int64_t)(service->options.seed & INT64_MAX));
    ps_writer_number(&line.writer, "origin_ms", service->now_ms);
    ps_writer_open(&line.writer, "limits", '[');
    for (size_t place = 0; place < service->place_count; place++) {
        write_lane(&line.writer, &service->places[place]);
    }
    ps_writer_close(&line.writer, ']');
    end_line(service, &line);
}

/* A call and its execution have one id. */
static void write_call_id(struct ps_writer *const writer, const struct ps_virtual_act *const act)
{
    char id[32];
    (void)snprintf(id, sizeof id, "wish-%lld", (long long)act->wish.id);
    if (act->wish.kind == PS_WISH_INVOKE) {
        ps_writer_text(writer, "request_id", ps_str_of(id));
    }
}

void ps_virtual_log_invocation(struct ps_virtual *const service,
                               const struct ps_virtual_place *const place,
                               const struct ps_virtual_act *const act,
                               const struct ps_on_demand_use *const use)
{
    struct line line;
    if (!begin_line(service, &line, "invocation")) {
        return;
    }
    /* There are no bytes to digest: the record's number stands for them. */
    char record[32];
    (void)snprintf(record, sizeof record, "R%010lld", (long long)act->wish.record);
    write_call_id(&line.writer, act);
    ps_writer_text(&line.writer, "op", ps_str_of(ops[act->wish.kind]));
    ps_writer_text(&line.writer, "model", ps_str_of(place->lane.model));
    ps_writer_text(&line.writer, "base_model", place->base_model);
    ps_writer_text(&line.writer, "region", ps_str_of(place->lane.region));
    ps_writer_number(&line.writer, "pool", place->pool->number);
    ps_writer_text(&line.writer, "lane", ps_str_of(place->lane.name));
    ps_writer_text(&line.writer, "input_sha256", ps_str_of(record));
    ps_writer_text(&line.writer, "output_sha256", ps_str_of(record));
    ps_writer_number(&line.writer, "at_ms", use->at_ms);
    ps_writer_number(&line.writer, "answered_ms", use->settled_ms);
    ps_writer_number(&line.writer, "reserved_tokens", use->reserved_tokens);
    ps_writer_number(&line.writer, "quota_tokens", use->settled_tokens);
    ps_writer_bool(&line.writer, "is_billed", true);
    ps_writer_number(&line.writer, "input_tokens", act->call.input_tokens);
    ps_writer_number(&line.writer, "output_tokens", act->call.output_tokens);
    end_line(service, &line);
}

void ps_virtual_log_request(struct ps_virtual *const service,
                            const struct ps_virtual_act *const act,
                            const struct ps_fact *const fact)
{
    struct line line;
    if (!begin_line(service, &line, "request")) {
        return;
    }
    const bool is_fine = fact->outcome == PS_OUTCOME_YES;
    ps_writer_number(&line.writer, "number", ++service->request_number);
    write_call_id(&line.writer, act);
    ps_writer_text(&line.writer, "op", ps_str_of(ops[act->wish.kind]));
    ps_writer_number(&line.writer, "status", is_fine ? 200 : fact->error.http_status);
    ps_writer_text_if(&line.writer, "code", is_fine ? PS_STR("") : ps_str_of(fact->error.aws_code));
    ps_writer_text_if(&line.writer, "subject", act->wish.key);
    ps_writer_text(&line.writer, "answer", PS_STR("sent"));
    ps_writer_bool(&line.writer, "is_executed", is_fine);
    end_line(service, &line);
}

void ps_virtual_log_created(struct ps_virtual *const service,
                            const struct ps_virtual_job *const job)
{
    struct line line;
    if (!begin_line(service, &line, "job.created")) {
        return;
    }
    const struct ps_virtual_place *const place = job->place;
    ps_writer_text(&line.writer, "job", ps_str_of(job->id));
    ps_writer_text(&line.writer, "name", ps_str_of(job->name));
    ps_writer_text_if(&line.writer, "token", ps_str_of(job->token));
    ps_writer_text(&line.writer, "model", ps_str_of(place->lane.model));
    ps_writer_text(&line.writer, "base_model", place->base_model);
    ps_writer_text(&line.writer, "region", ps_str_of(place->lane.region));
    ps_writer_number(&line.writer, "pool", place->pool->number);
    ps_writer_text(&line.writer, "input_uri", ps_str_of(job->input_uri));
    ps_writer_text(&line.writer, "output_uri", ps_str_of(job->output_uri));
    ps_writer_text(&line.writer, "run", PS_STR(""));
    ps_writer_number(&line.writer, "timeout_hours", job->timeout_hours);
    ps_writer_number(&line.writer, "submitted_ms", job->submitted_ms);
    ps_writer_number(&line.writer, "startup_ms", job->startup_ms);
    ps_writer_text(&line.writer, "lane", ps_str_of(place->lane.name));
    ps_writer_number(&line.writer, "live_jobs", place->pool->live_jobs);
    ps_writer_number(&line.writer, "live_jobs_max", place->pool->limits->jobs);
    ps_writer_number(&line.writer, "other_jobs", ps_virtual_other_slots(service, place->pool));
    end_line(service, &line);
}

void ps_virtual_log_state(struct ps_virtual *const service, const struct ps_virtual_job *const job)
{
    struct line line;
    if (!begin_line(service, &line, "job.state")) {
        return;
    }
    ps_writer_text(&line.writer, "job", ps_str_of(job->id));
    ps_writer_text(&line.writer, "status", ps_str_of(ps_job_status_name(job->status)));
    ps_writer_number(&line.writer, "at_ms", service->now_ms);
    ps_writer_text_if(&line.writer, "message", ps_str_of(job->message));
    if (job->status == PS_JOB_SCHEDULED) {
        ps_writer_number(&line.writer, "records", job->records);
        ps_writer_number(&line.writer, "tokens", job->flow.tokens);
    }
    if (ps_job_status_is_terminal(job->status)) {
        ps_writer_number(&line.writer, "total", job->records);
        ps_writer_number(&line.writer, "processed", job->processed);
        ps_writer_number(&line.writer, "success", job->success);
        ps_writer_number(&line.writer, "error", job->processed - job->success);
        ps_writer_number(&line.writer, "refused", job->refused);
    }
    end_line(service, &line);
}

/* Whole ones out of millionths; what is left over goes to the next line. */
static int64_t take_whole(int64_t *const rest_micros, const int64_t micros)
{
    *rest_micros += micros;
    const int64_t whole = *rest_micros / PS_MICROS;
    *rest_micros %= PS_MICROS;
    return whole;
}

void ps_virtual_log_use(struct ps_virtual *const service, struct ps_virtual_pool *const pool,
                        const struct ps_rates_use *const use)
{
    struct line line;
    if (!begin_line(service, &line, "pool.used")) {
        return;
    }
    ps_writer_number(&line.writer, "pool", pool->number);
    ps_writer_number(&line.writer, "from_ms", use->from_ms);
    ps_writer_number(&line.writer, "to_ms", use->to_ms);
    ps_writer_number(&line.writer, "tokens",
                     take_whole(&pool->token_rest_micros, use->token_micros));
    ps_writer_number(&line.writer, "records",
                     take_whole(&pool->record_rest_micros, use->record_micros));
    end_line(service, &line);
}

void ps_virtual_log_breach(struct ps_virtual *const service,
                           const struct ps_virtual_breach *const breach)
{
    struct line line;
    if (!begin_line(service, &line, "breach")) {
        return;
    }
    ps_writer_number(&line.writer, "pool", breach->pool);
    ps_writer_text(&line.writer, "limit", ps_str_of(breach->limit));
    ps_writer_number(&line.writer, "value", breach->value);
    ps_writer_number(&line.writer, "limit_value", breach->limit_value);
    end_line(service, &line);
}
