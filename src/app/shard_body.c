#include "app/shard_body.h"

#include "app/line_window.h"
#include "app/source.h"
#include "base/assert.h"
#include "codec/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Records of a shard lie side by side in the source, so it is read in larger steps. */
#define AHEAD_BYTES ((size_t)512 * 1024)

/* ---- which records ---- */

/* Steps through a shard's records. */
struct cursor {
    const struct ps_index *index;
    const struct ps_shard_records *records;
    int64_t place; /* the next record, or the next of the picked ones */
};

static struct cursor cursor_of(const struct ps_index *const index,
                               const struct ps_shard_records *const records)
{
    return (struct cursor){index, records, records->picked == NULL ? records->first : 0};
}

/* False after the last. */
static bool next_record(struct cursor *const cursor, int64_t *const ret_record)
{
    const struct ps_shard_records *const records = cursor->records;
    if (records->picked != NULL) {
        if (cursor->place >= records->picked_count) {
            return false;
        }
        *ret_record = (int64_t)records->picked[cursor->place];
        cursor->place++;
        return true;
    }
    while (cursor->place < records->end) {
        const int64_t record = cursor->place;
        cursor->place++;
        if (ps_entry_is_sent(ps_index_entry(cursor->index, record))) {
            *ret_record = record;
            return true;
        }
    }
    return false;
}

void ps_shard_facts(const struct ps_index *const index,
                    const struct ps_shard_records *const records,
                    struct ps_shard_facts *const ret_facts)
{
    struct cursor cursor = cursor_of(index, records);
    struct ps_shard_facts facts = {0, 0, 0, 0, 0};
    int64_t record = 0;
    while (next_record(&cursor, &record)) {
        const struct ps_entry *const entry = ps_index_entry(index, record);
        facts.crc32 =
            (uint32_t)crc32_combine(facts.crc32, entry->sent_crc32, (z_off_t)entry->sent_bytes);
        facts.records++;
        facts.bytes += entry->sent_bytes;
        facts.input_tokens += entry->input_tokens;
        facts.output_tokens_max += entry->output_tokens_max;
    }
    *ret_facts = facts;
}

/* ---- their bytes ---- */

struct ps_shard_body {
    struct ps_source *source;
    struct ps_shard_records records;
    uint64_t *picked; /* our copy */
    struct cursor cursor;
    struct ps_record_maker *maker;
    struct ps_line_window window;
    struct ps_str line; /* what is left of the line that was made last */
};

struct ps_shard_body *ps_shard_body_new(struct ps_source *const source,
                                        const struct ps_shard_records *const records)
{
    struct ps_shard_body *const body = calloc(1, sizeof(*body));
    PS_ASSERT(body != NULL);
    const struct ps_source_facts *const facts = ps_source_facts(source);
    body->source = source;
    body->records = *records;
    if (records->picked != NULL) {
        const size_t size = (size_t)records->picked_count * sizeof(*body->picked);
        body->picked = malloc(size + 1);
        PS_ASSERT(body->picked != NULL);
        memcpy(body->picked, records->picked, size);
        body->records.picked = body->picked;
    }
    body->cursor = cursor_of(ps_source_index(source), &body->records);
    body->maker = ps_record_maker_new(&facts->rules);
    ps_line_window_init(&body->window, &facts->inputs, AHEAD_BYTES);
    return body;
}

struct ps_shard_body *ps_shard_body_free(struct ps_shard_body *const body)
{
    if (body != NULL) {
        (void)ps_record_maker_free(body->maker);
        ps_line_window_release(&body->window);
        free(body->picked);
        free(body);
    }
    return NULL;
}

static enum ps_status say_changed(const int64_t record, struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                       "cannot make record %lld again: input or converter changed",
                       (long long)record);
    (void)snprintf(err->aws_code, sizeof(err->aws_code), "input_changed");
    return ps_error_hint(err, "Put the old input back, or start another run with the new one.");
}

/* Makes a record's line again and holds it against what the index says of it. */
static enum ps_status make_line(struct ps_shard_body *const body, const int64_t record,
                                struct ps_error *const err)
{
    const struct ps_source_facts *const facts = ps_source_facts(body->source);
    const struct ps_entry *const entry = ps_index_entry(ps_source_index(body->source), record);
    struct ps_str source;
    int64_t input = 0;
    PS_ASSERT((entry->flags & PS_ENTRY_REJECTED) == 0);
    if (ps_line_window_read(&body->window, entry->offset, entry->length, &source, &input, err) !=
        PS_OK) {
        return err->status;
    }
    if (facts->columns != NULL) {
        ps_record_maker_columns(body->maker, &facts->columns[input]);
    }
    if (!ps_record_remake(body->maker, source, record, &body->line) ||
        body->line.size != entry->sent_bytes || ps_crc32(0, body->line) != entry->sent_crc32) {
        return say_changed(record, err);
    }
    return PS_OK;
}

enum ps_status ps_shard_body_read(struct ps_shard_body *const body, char *const room,
                                  const size_t room_size, size_t *const ret_size,
                                  struct ps_error *const err)
{
    size_t size = 0;
    int64_t record = 0;
    while (size < room_size) {
        if (body->line.size == 0) {
            if (!next_record(&body->cursor, &record)) {
                break;
            }
            if (make_line(body, record, err) != PS_OK) {
                return err->status;
            }
        }
        const struct ps_str taken = ps_str_part(body->line, 0, room_size - size);
        memcpy(room + size, taken.data, taken.size);
        size += taken.size;
        body->line = ps_str_part(body->line, taken.size, body->line.size);
    }
    *ret_size = size;
    return PS_OK;
}
