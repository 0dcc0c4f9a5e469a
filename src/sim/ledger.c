#include "sim/ledger.h"

#include "base/assert.h"
#include "sim/event_fields.h"
#include "sim/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct named_count {
    char *name;
    int64_t count;
};

struct named_counts {
    struct named_count *rows;
    size_t count;
};

/* Which (run, digest, record id) were billed: their hashes, open addressing, at most half full. */
struct hash_set {
    XXH128_hash_t *slots; /* 0, 0: free */
    size_t slot_count;
    size_t filled;
};

struct ps_ledger {
    struct named_counts calls;
    struct named_counts peaks;
    struct hash_set billed;
    struct hash_set digests; /* of what was billed at all: on demand there are no record ids */
    struct hash_set called;  /* of what was billed on demand */
    struct ps_buf breaches;  /* the events' text, joined by commas */
    int64_t seq;
    int64_t time_ms;
    int64_t records_processed;
    int64_t records_billed;
    int64_t invocations;
    int64_t processed_twice;
    int64_t throttled_calls;
    int64_t refused_records;
    int64_t input_tokens;
    int64_t output_tokens;
};

#define BREACHES_BYTES_MAX ((size_t)64 << 20)
#define SLOTS_MIN ((size_t)1024)

struct ps_ledger *ps_ledger_new(void)
{
    struct ps_ledger *const ledger = calloc(1, sizeof *ledger);
    PS_ASSERT(ledger != NULL);
    ps_buf_init(&ledger->breaches, BREACHES_BYTES_MAX);
    return ledger;
}

static void counts_release(struct named_counts *const counts)
{
    for (size_t index = 0; index < counts->count; index++) {
        free(counts->rows[index].name);
    }
    free(counts->rows);
}

struct ps_ledger *ps_ledger_free(struct ps_ledger *const ledger)
{
    if (ledger != NULL) {
        counts_release(&ledger->calls);
        counts_release(&ledger->peaks);
        ps_buf_release(&ledger->breaches);
        free(ledger->billed.slots);
        free(ledger->digests.slots);
        free(ledger->called.slots);
        free(ledger);
    }
    return NULL;
}

static struct named_count *row_of(struct named_counts *const counts, const struct ps_str name)
{
    for (size_t index = 0; index < counts->count; index++) {
        if (ps_str_equals_text(name, counts->rows[index].name)) {
            return &counts->rows[index];
        }
    }
    counts->rows = realloc(counts->rows, (counts->count + 1) * sizeof *counts->rows);
    PS_ASSERT(counts->rows != NULL);
    counts->rows[counts->count] = (struct named_count){ps_str_dup(name), 0};
    return &counts->rows[counts->count++];
}

/* Where `hash` is, or the free slot where it belongs. */
static XXH128_hash_t *find_slot(const struct hash_set *const set, const XXH128_hash_t hash)
{
    size_t place = (size_t)hash.low64 & (set->slot_count - 1);
    while ((set->slots[place].low64 | set->slots[place].high64) != 0 &&
           XXH128_isEqual(set->slots[place], hash) == 0) {
        place = (place + 1) & (set->slot_count - 1);
    }
    return &set->slots[place];
}

static void grow(struct hash_set *const set)
{
    const struct hash_set old = *set;
    set->slot_count = old.slot_count == 0 ? SLOTS_MIN : old.slot_count * 2;
    set->slots = calloc(set->slot_count, sizeof *set->slots);
    PS_ASSERT(set->slots != NULL);
    for (size_t place = 0; place < old.slot_count; place++) {
        if ((old.slots[place].low64 | old.slots[place].high64) != 0) {
            *find_slot(set, old.slots[place]) = old.slots[place];
        }
    }
    free(old.slots);
}

/* True when it was not there yet. */
static bool add_hash(struct hash_set *const set, const XXH128_hash_t hash)
{
    if (set->filled * 2 >= set->slot_count) {
        grow(set);
    }
    XXH128_hash_t *const slot = find_slot(set, hash);
    const bool is_new = (slot->low64 | slot->high64) == 0;
    *slot = hash;
    set->filled += is_new ? 1 : 0;
    return is_new;
}

static XXH128_hash_t record_hash(yyjson_val *const event)
{
    static const char *const names[] = {"run", "input_sha256", "record_id"};
    XXH128_hash_t hash = {1, 1};
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        const struct ps_str text = ps_event_text(event, names[index]);
        const XXH128_hash_t next =
            XXH3_128bits_withSeed(text.data, text.size, hash.low64 ^ (hash.high64 << 1));
        hash = (XXH128_hash_t){next.low64, next.high64 + hash.low64};
    }
    return hash;
}

static XXH128_hash_t digest_hash(yyjson_val *const event)
{
    const struct ps_str text = ps_event_text(event, "input_sha256");
    return XXH3_128bits(text.data, text.size);
}

static bool has_hash(const struct hash_set *const set, const XXH128_hash_t hash)
{
    return set->slot_count > 0 && XXH128_isEqual(*find_slot(set, hash), hash) != 0;
}

/* Billed on demand: what was billed before, on demand or in a job, is paid twice now. */
static void apply_invocation(struct ps_ledger *const ledger, yyjson_val *const event)
{
    ledger->invocations++;
    ledger->records_processed++;
    ledger->records_billed++;
    ledger->input_tokens += ps_event_number(event, "input_tokens");
    ledger->output_tokens += ps_event_number(event, "output_tokens");
    ledger->processed_twice += add_hash(&ledger->digests, digest_hash(event)) ? 0 : 1;
    (void)add_hash(&ledger->called, digest_hash(event));
}

static void apply_record(struct ps_ledger *const ledger, yyjson_val *const event)
{
    ledger->records_processed++;
    ledger->input_tokens += ps_event_number(event, "input_tokens");
    ledger->output_tokens += ps_event_number(event, "output_tokens");
    if (ps_event_number(event, "error_code") == 429) {
        ledger->refused_records++;
    }
    if (ps_event_bool(event, "is_billed")) {
        ledger->records_billed++;
        const bool is_new = add_hash(&ledger->billed, record_hash(event)) &&
                            !has_hash(&ledger->called, digest_hash(event));
        ledger->processed_twice += is_new ? 0 : 1;
        (void)add_hash(&ledger->digests, digest_hash(event));
    }
}

static void apply_request(struct ps_ledger *const ledger, yyjson_val *const event)
{
    const int64_t status = ps_event_number(event, "status");
    const bool is_slow_down =
        status == 503 && ps_str_equals_text(ps_event_text(event, "code"), "SlowDown");
    row_of(&ledger->calls, ps_event_text(event, "op"))->count++;
    ledger->throttled_calls += status == 429 || is_slow_down ? 1 : 0;
}

static void apply_created(struct ps_ledger *const ledger, yyjson_val *const event)
{
    char pool[512];
    const int size =
        snprintf(pool, sizeof pool, "%.*s/%.*s", PS_STR_ARGS(ps_event_text(event, "region")),
                 PS_STR_ARGS(ps_event_text(event, "base_model")));
    PS_ASSERT(size > 0);
    struct named_count *const peak = row_of(&ledger->peaks, ps_str_of(pool));
    const int64_t live = ps_event_number(event, "live_jobs");
    peak->count = live > peak->count ? live : peak->count;
}

void ps_ledger_apply(struct ps_ledger *const ledger, const struct ps_str kind,
                     yyjson_val *const event)
{
    ledger->seq = ps_event_number(event, "seq");
    ledger->time_ms = ps_event_number(event, "time_ms");
    if (ps_str_equals_text(kind, "record")) {
        apply_record(ledger, event);
    } else if (ps_str_equals_text(kind, "invocation")) {
        apply_invocation(ledger, event);
    } else if (ps_str_equals_text(kind, "request")) {
        apply_request(ledger, event);
    } else if (ps_str_equals_text(kind, "job.created")) {
        apply_created(ledger, event);
    } else if (ps_str_equals_text(kind, "breach")) {
        size_t size = 0;
        char *const text = yyjson_val_write(event, 0, &size);
        PS_ASSERT(text != NULL);
        ps_buf_add_text(&ledger->breaches, ledger->breaches.size > 0 ? "," : "");
        ps_buf_add(&ledger->breaches, (struct ps_str){text, size});
        free(text);
    }
}

int64_t ps_ledger_records(const struct ps_ledger *const ledger)
{
    return ledger->records_processed;
}

int64_t ps_ledger_calls(const struct ps_ledger *const ledger, const struct ps_str op)
{
    for (size_t index = 0; index < ledger->calls.count; index++) {
        if (ps_str_equals_text(op, ledger->calls.rows[index].name)) {
            return ledger->calls.rows[index].count;
        }
    }
    return 0;
}

static void write_counts(struct ps_writer *const writer, const char *const name,
                         const struct named_counts *const counts)
{
    ps_writer_open(writer, name, '{');
    for (size_t index = 0; index < counts->count; index++) {
        ps_writer_number(writer, counts->rows[index].name, counts->rows[index].count);
    }
    ps_writer_close(writer, '}');
}

static void write_job(struct ps_writer *const writer, const struct ps_job *const job)
{
    ps_writer_open(writer, NULL, '{');
    ps_writer_text(writer, "job", ps_str_of(job->id));
    ps_writer_text(writer, "arn", ps_str_of(job->arn));
    ps_writer_text(writer, "name", ps_str_of(job->name));
    ps_writer_text(writer, "run", ps_str_of(job->run));
    ps_writer_text(writer, "region", ps_str_of(job->region));
    ps_writer_text(writer, "base_model", ps_str_of(job->base_model));
    ps_writer_text(writer, "status", ps_str_of(ps_job_state_name(job->state)));
    ps_writer_text(writer, "message", ps_str_of(job->message));
    ps_writer_text(writer, "input_uri", ps_str_of(job->input_uri));
    ps_writer_text(writer, "output_uri", ps_str_of(job->output_uri));
    ps_writer_number(writer, "submitted_ms", job->submitted_ms);
    ps_writer_number(writer, "started_ms", job->started_ms);
    ps_writer_number(writer, "ended_ms", job->ended_ms);
    ps_writer_number(writer, "total", job->records);
    ps_writer_number(writer, "processed", job->logged);
    ps_writer_number(writer, "success", job->success);
    ps_writer_number(writer, "error", job->errors);
    ps_writer_number(writer, "input_tokens", job->input_tokens);
    ps_writer_number(writer, "output_tokens", job->output_tokens);
    ps_writer_close(writer, '}');
}

void ps_ledger_write(const struct ps_ledger *const ledger, const struct ps_jobs *const jobs,
                     const struct ps_objects *const objects, struct ps_buf *const buf)
{
    struct ps_writer writer = {.buf = buf};
    ps_writer_open(&writer, NULL, '{');
    ps_writer_number(&writer, "version", 1);
    ps_writer_number(&writer, "time_ms", ledger->time_ms);
    ps_writer_number(&writer, "seq", ledger->seq);
    write_counts(&writer, "calls", &ledger->calls);
    ps_writer_open(&writer, "jobs", '[');
    for (size_t index = 0; index < jobs->count; index++) {
        write_job(&writer, jobs->jobs[index]);
    }
    ps_writer_close(&writer, ']');
    ps_writer_number(&writer, "invocations", ledger->invocations);
    ps_writer_number(&writer, "records_processed", ledger->records_processed);
    ps_writer_number(&writer, "records_billed", ledger->records_billed);
    ps_writer_number(&writer, "processed_twice", ledger->processed_twice);
    ps_writer_number(&writer, "throttled_calls", ledger->throttled_calls);
    ps_writer_number(&writer, "refused_records", ledger->refused_records);
    ps_writer_open(&writer, "breaches", '[');
    ps_buf_add(buf, ps_buf_str(&ledger->breaches));
    ps_writer_close(&writer, ']');
    write_counts(&writer, "peak_live_jobs", &ledger->peaks);
    ps_writer_number(&writer, "open_multipart", (int64_t)objects->upload_count);
    ps_writer_number(&writer, "input_tokens", ledger->input_tokens);
    ps_writer_number(&writer, "output_tokens", ledger->output_tokens);
    ps_writer_close(&writer, '}');
    ps_buf_add(buf, PS_STR("\n"));
}
