#include "app/index_pass.h"

#include "app/chunk_reader.h"
#include "app/index_words.h"
#include "base/assert.h"
#include "base/limits.h"
#include "codec/digest.h"
#include "os/clock.h"
#include "os/threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define PROGRESS_MS 100

/* What the lines of a chunk may become: one byte of a CSV field may be written in six; an error is
 * short. */
#define WORDS_BYTES_MAX (8 * PS_INPUT_LINE_BYTES_MAX)

/* Chunks for each thread that may be parsed before their turn to be written comes. */
#define PARSED_AHEAD 4

/* A buffer that a long line made large is given back once it is written. */
#define KEPT_BYTES_MAX (4 * PS_MB)

/* What one chunk became. */
struct parsed {
    struct ps_buf entries; /* struct ps_entry each; id_offset counts from the chunk's first row */
    struct ps_buf words;
    struct ps_index_summary sums;
    int64_t bytes; /* of the inputs, up to this chunk's end */
    bool is_ready; /* parsed, and not written yet */
};

/*
 * The pass while it runs. Reading and writing are done by one thread at a time, in the order of
 * chunks. A chunk's result has its place in the ring by its number: who finishes the one whose turn
 * it is writes all that are ready behind it, so that nobody waits for a slow one but for want of a
 * place.
 */
struct run {
    struct ps_pass *pass;
    XXH3_state_t *digest;
    int64_t progress_at_ms;

    pthread_mutex_t read_lock; /* guards reader and is_at_end */
    struct ps_chunk_reader reader;
    bool is_at_end;

    pthread_mutex_t write_lock; /* guards what follows, and the pass */
    pthread_cond_t has_written;
    struct parsed *ring;
    int64_t ring_size;
    int64_t next_write; /* the chunk whose turn it is */
    bool has_failed;
    struct ps_error error;
};

struct ps_id_digest ps_id_digest(const struct ps_str id)
{
    const XXH128_hash_t digest = XXH3_128bits(id.data, id.size);
    return (struct ps_id_digest){digest.low64, digest.high64};
}

bool ps_pass_may_merge(const struct ps_entry *const entry, const enum ps_dedupe dedupe)
{
    if (!ps_entry_is_sent(entry) || dedupe == PS_DEDUPE_NONE) {
        return false;
    }
    return dedupe == PS_DEDUPE_ALL || (entry->flags & PS_ENTRY_WARM) == 0;
}

static uint32_t as_u32(const int64_t number)
{
    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* ---- one line ---- */

static void fill_entry(struct ps_entry *const entry, const struct ps_record *const record)
{
    if (record->rejection.code != NULL) {
        entry->flags = PS_ENTRY_REJECTED;
        return;
    }
    entry->fingerprint_low = record->fingerprint.low;
    entry->fingerprint_high = record->fingerprint.high;
    entry->sent_bytes = (uint32_t)record->line.size;
    entry->sent_crc32 = ps_crc32(0, record->line);
    entry->input_tokens = as_u32(record->input_tokens);
    entry->output_tokens_max = as_u32(record->output_tokens_max);
    entry->flags = (record->is_warm ? (uint32_t)PS_ENTRY_WARM : 0) |
                   (record->has_output_max ? (uint32_t)PS_ENTRY_HAS_MAX : 0);
}

static void add_sums(struct ps_index_summary *const sums, const struct ps_record *const record,
                     const struct ps_entry *const entry)
{
    sums->records++;
    if (record->rejection.code != NULL) {
        sums->rejected++;
        return;
    }
    sums->sent++;
    sums->sent_bytes += entry->sent_bytes;
    sums->input_tokens += entry->input_tokens;
    sums->output_tokens_max += entry->output_tokens_max;
    sums->compacted_bytes += record->saved_bytes;
    sums->dropped_fields += record->dropped_fields;
    sums->unknown_fields += record->unknown_fields;
}

static void reject_long(struct ps_record *const record)
{
    memset(record, 0, sizeof(*record));
    record->id = PS_STR("null");
    ps_reject(&record->rejection, "line_too_long", "the line has more than %zu bytes",
              PS_INPUT_LINE_BYTES_MAX);
}

static void parse_line(struct ps_record_maker *const maker, const struct ps_chunk *const chunk,
                       const size_t place, struct parsed *const parsed)
{
    const struct ps_chunk_line line = ps_chunk_line(chunk, place);
    struct ps_record record;
    if (line.is_too_long) {
        reject_long(&record);
    } else {
        ps_record_make(maker, ps_chunk_line_text(chunk, &line), chunk->first_index + (int64_t)place,
                       &record);
    }
    struct ps_entry entry = {.offset = line.offset,
                             .length =
                                 line.length > UINT32_MAX ? UINT32_MAX : (uint32_t)line.length,
                             .id_offset = parsed->words.size};
    fill_entry(&entry, &record);
    add_sums(&parsed->sums, &record, &entry);
    const struct ps_record_words words = {
        record.id, record.keep, {NULL, 0}, line.number, chunk->input};
    const bool is_written = ps_words_write(&parsed->words, &words, &record.rejection);
    PS_ASSERT(is_written);
    ps_buf_add(&parsed->entries, (struct ps_str){(const char *)&entry, sizeof(entry)});
}

static void parse_chunk(struct ps_record_maker *const maker, const struct run *const run,
                        const struct ps_chunk *const chunk, struct parsed *const parsed)
{
    const struct ps_csv_row *const columns = run->pass->facts->columns;
    ps_buf_clear(&parsed->entries);
    ps_buf_clear(&parsed->words);
    memset(&parsed->sums, 0, sizeof(parsed->sums));
    if (columns != NULL) {
        ps_record_maker_columns(maker, &columns[chunk->input]);
    }
    for (size_t place = 0; place < ps_chunk_line_count(chunk); place++) {
        parse_line(maker, chunk, place, parsed);
    }
}

/* ---- in order ---- */

static void add_summary(struct ps_index_summary *const to,
                        const struct ps_index_summary *const from)
{
    to->records += from->records;
    to->rejected += from->rejected;
    to->sent += from->sent;
    to->sent_bytes += from->sent_bytes;
    to->input_tokens += from->input_tokens;
    to->output_tokens_max += from->output_tokens_max;
    to->compacted_bytes += from->compacted_bytes;
    to->dropped_fields += from->dropped_fields;
    to->unknown_fields += from->unknown_fields;
}

/* Entry by entry: where its words stand, the digest that names the input, and how keys are spread.
 */
static void finish_entries(struct run *const run, struct parsed *const parsed,
                           const int64_t ids_size)
{
    struct ps_pass *const pass = run->pass;
    struct ps_entry *const entries = (struct ps_entry *)(void *)parsed->entries.data;
    const size_t count = parsed->entries.size / sizeof(*entries);
    size_t offset = 0;
    for (size_t place = 0; place < count; place++) {
        struct ps_record_words words;
        const bool is_read = ps_words_read(ps_buf_str(&parsed->words), &offset, &words);
        PS_ASSERT(is_read);
        entries[place].id_offset += (uint64_t)ids_size;
        const uint64_t marks[3] = {entries[place].fingerprint_low, entries[place].fingerprint_high,
                                   words.id.size};
        (void)XXH3_128bits_update(run->digest, marks, sizeof(marks));
        (void)XXH3_128bits_update(run->digest, words.id.data, words.id.size);
        if (ps_pass_may_merge(&entries[place], pass->options->dedupe)) {
            pass->fingerprints.count[ps_spread_of(entries[place].fingerprint_high)]++;
        }
        if (!ps_str_equals_text(words.id, "null")) {
            pass->id_digests.count[ps_spread_of(ps_id_digest(words.id).high)]++;
        }
    }
}

static void tell_progress(struct run *const run, const int64_t bytes)
{
    const struct ps_index_options *const options = run->pass->options;
    const int64_t now_ms = options->progress == NULL ? 0 : ps_clock_real_monotonic_ms();
    if (options->progress != NULL && now_ms - run->progress_at_ms >= PROGRESS_MS) {
        run->progress_at_ms = now_ms;
        options->progress(options->progress_context, run->pass->summary.records, bytes);
    }
}

static enum ps_status write_chunk(struct run *const run, struct parsed *const parsed,
                                  struct ps_error *const err)
{
    struct ps_pass *const pass = run->pass;
    finish_entries(run, parsed, ps_new_file_size(pass->ids));
    if (ps_new_file_add(pass->entries, ps_buf_str(&parsed->entries), err) != PS_OK ||
        ps_new_file_add(pass->ids, ps_buf_str(&parsed->words), err) != PS_OK) {
        return err->status;
    }
    add_summary(&pass->summary, &parsed->sums);
    return PS_OK;
}

/* ---- threads ---- */

static void lock(pthread_mutex_t *const mutex)
{
    const int answer = pthread_mutex_lock(mutex);
    PS_ASSERT(answer == 0);
}

static void unlock(pthread_mutex_t *const mutex)
{
    const int answer = pthread_mutex_unlock(mutex);
    PS_ASSERT(answer == 0);
}

/* The first failure is the one that is told; all threads stop. */
static void fail(struct run *const run, const struct ps_error *const error)
{
    lock(&run->write_lock);
    if (!run->has_failed) {
        run->has_failed = true;
        run->error = *error;
    }
    (void)pthread_cond_broadcast(&run->has_written);
    unlock(&run->write_lock);
}

/* False at the end, and after a failure of this or another thread. */
static bool take_chunk(struct run *const run, struct ps_chunk *const chunk,
                       int64_t *const ret_bytes)
{
    struct ps_error err;
    enum ps_status status = PS_OK;
    lock(&run->read_lock);
    if (!run->is_at_end) {
        status = ps_chunk_read(&run->reader, chunk, &run->is_at_end, &err);
        run->is_at_end = run->is_at_end || status != PS_OK;
    }
    const bool is_taken = !run->is_at_end;
    *ret_bytes = run->reader.source_bytes;
    unlock(&run->read_lock);
    if (status != PS_OK) {
        fail(run, &err);
    }
    return is_taken;
}

/* The place of chunk `number`, once it is free; NULL after a failure. */
static struct parsed *take_place(struct run *const run, const int64_t number)
{
    lock(&run->write_lock);
    while (number - run->next_write >= run->ring_size && !run->has_failed) {
        (void)pthread_cond_wait(&run->has_written, &run->write_lock);
    }
    struct parsed *const place = run->has_failed ? NULL : &run->ring[number % run->ring_size];
    unlock(&run->write_lock);
    return place;
}

/* Writes what is ready, as far as it goes without a gap. The lock is held. */
static void write_ready(struct run *const run)
{
    struct parsed *place = &run->ring[run->next_write % run->ring_size];
    while (place->is_ready && !run->has_failed) {
        struct ps_error err;
        if (write_chunk(run, place, &err) != PS_OK) {
            run->has_failed = true;
            run->error = err;
            return;
        }
        tell_progress(run, place->bytes);
        place->is_ready = false;
        if (place->words.capacity > KEPT_BYTES_MAX) {
            ps_buf_release(&place->words);
        }
        run->next_write++;
        place = &run->ring[run->next_write % run->ring_size];
    }
}

static void give_parsed(struct run *const run, struct parsed *const parsed, const int64_t bytes)
{
    lock(&run->write_lock);
    parsed->bytes = bytes;
    parsed->is_ready = true;
    write_ready(run);
    (void)pthread_cond_broadcast(&run->has_written);
    unlock(&run->write_lock);
}

static void work(void *const context)
{
    struct run *const run = context;
    struct ps_record_maker *const maker = ps_record_maker_new(&run->pass->facts->rules);
    struct ps_chunk chunk;
    int64_t bytes = 0;
    ps_chunk_init(&chunk);
    while (take_chunk(run, &chunk, &bytes)) {
        struct parsed *const parsed = take_place(run, chunk.number);
        if (parsed == NULL) {
            break;
        }
        parse_chunk(maker, run, &chunk, parsed);
        give_parsed(run, parsed, bytes);
    }
    ps_chunk_release(&chunk);
    (void)ps_record_maker_free(maker);
}

static enum ps_status finish(struct run *const run, struct ps_error *const err)
{
    struct ps_pass *const pass = run->pass;
    if (run->has_failed) {
        *err = run->error;
        return err->status;
    }
    if (ps_new_file_flush(pass->entries, err) != PS_OK ||
        ps_new_file_flush(pass->ids, err) != PS_OK) {
        return err->status;
    }
    const XXH128_hash_t digest = XXH3_128bits_digest(run->digest);
    pass->summary.digest_low = digest.low64;
    pass->summary.digest_high = digest.high64;
    pass->summary.blank_lines = run->reader.blank_lines;
    pass->summary.source_bytes = run->reader.source_bytes;
    return PS_OK;
}

static void run_init(struct run *const run, struct ps_pass *const pass, const int64_t threads)
{
    memset(run, 0, sizeof(*run));
    run->pass = pass;
    run->digest = XXH3_createState();
    PS_ASSERT(run->digest != NULL);
    (void)XXH3_128bits_reset(run->digest);
    ps_chunk_reader_init(&run->reader, &pass->facts->inputs,
                         pass->facts->rules.dialect == PS_DIALECT_CSV);
    run->ring_size = threads * PARSED_AHEAD;
    run->ring = calloc((size_t)run->ring_size, sizeof(*run->ring));
    PS_ASSERT(run->ring != NULL);
    for (int64_t place = 0; place < run->ring_size; place++) {
        ps_buf_init(&run->ring[place].entries, 64 * PS_MB);
        ps_buf_init(&run->ring[place].words, WORDS_BYTES_MAX);
    }
    int answer = pthread_mutex_init(&run->read_lock, NULL);
    PS_ASSERT(answer == 0);
    answer = pthread_mutex_init(&run->write_lock, NULL);
    PS_ASSERT(answer == 0);
    answer = pthread_cond_init(&run->has_written, NULL);
    PS_ASSERT(answer == 0);
}

static void run_release(struct run *const run)
{
    (void)pthread_cond_destroy(&run->has_written);
    (void)pthread_mutex_destroy(&run->write_lock);
    (void)pthread_mutex_destroy(&run->read_lock);
    for (int64_t place = 0; place < run->ring_size; place++) {
        ps_buf_release(&run->ring[place].entries);
        ps_buf_release(&run->ring[place].words);
    }
    free(run->ring);
    ps_chunk_reader_release(&run->reader);
    (void)XXH3_freeState(run->digest);
}

enum ps_status ps_pass_run(struct ps_pass *const pass, struct ps_error *const err)
{
    const int64_t asked = pass->options->threads;
    const int64_t threads = asked > 0 ? asked : ps_threads_processors();
    struct run run;
    run_init(&run, pass, threads);
    ps_threads_run(threads, work, &run);
    const enum ps_status status = finish(&run, err);
    run_release(&run);
    return status;
}
