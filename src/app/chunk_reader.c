#include "app/chunk_reader.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/csv.h"
#include "codec/jsonl.h"
#include "core/record_id.h"

#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)1 << 19)
#define CHUNK_LINES_MAX ((size_t)16384)

/* A buffer that a long line made large is given back when the next chunk does not need it. */
#define KEPT_BYTES_MAX (8 * CHUNK_BYTES)

void ps_chunk_reader_init(struct ps_chunk_reader *const reader,
                          const struct ps_inputs *const inputs, const bool is_csv)
{
    memset(reader, 0, sizeof(*reader));
    reader->inputs = inputs;
    reader->is_csv = is_csv;
    reader->input = -1;
    reader->descriptor = -1;
}

void ps_chunk_reader_begin_at(struct ps_chunk_reader *const reader, const int64_t input)
{
    reader->input = input - 1;
    reader->position = INT64_MAX;
}

void ps_chunk_reader_release(struct ps_chunk_reader *const reader)
{
    if (reader->descriptor >= 0) {
        (void)close(reader->descriptor);
        reader->descriptor = -1;
    }
}

void ps_chunk_init(struct ps_chunk *const chunk)
{
    memset(chunk, 0, sizeof(*chunk));
    ps_buf_init(&chunk->bytes, PS_INPUT_LINE_BYTES_MAX + 2 * CHUNK_BYTES);
    ps_buf_init(&chunk->lines, CHUNK_LINES_MAX * sizeof(struct ps_chunk_line));
}

void ps_chunk_release(struct ps_chunk *const chunk)
{
    ps_buf_release(&chunk->bytes);
    ps_buf_release(&chunk->lines);
}

size_t ps_chunk_line_count(const struct ps_chunk *const chunk)
{
    return chunk->lines.size / sizeof(struct ps_chunk_line);
}

struct ps_chunk_line ps_chunk_line(const struct ps_chunk *const chunk, const size_t index)
{
    struct ps_chunk_line line;
    PS_ASSERT(index < ps_chunk_line_count(chunk));
    memcpy(&line, chunk->lines.data + index * sizeof(line), sizeof(line));
    return line;
}

struct ps_str ps_chunk_line_text(const struct ps_chunk *const chunk,
                                 const struct ps_chunk_line *const line)
{
    return (struct ps_str){chunk->bytes.data + line->from, (size_t)line->length};
}

static const struct ps_input *current(const struct ps_chunk_reader *const reader)
{
    return &reader->inputs->items[reader->input];
}

/* To the next input that holds anything; false after the last. */
static enum ps_status next_input(struct ps_chunk_reader *const reader, bool *const ret_is_there,
                                 struct ps_error *const err)
{
    while (reader->input < 0 || reader->position >= current(reader)->size_bytes) {
        ps_chunk_reader_release(reader);
        if (reader->input + 1 >= reader->inputs->count) {
            *ret_is_there = false;
            return PS_OK;
        }
        reader->input++;
        const struct ps_input *const input = current(reader);
        reader->position = input->data_from;
        reader->line = input->first_line;
        reader->source_bytes += input->data_from;
        if (ps_input_open(input, &reader->descriptor, err) != PS_OK) {
            return err->status;
        }
    }
    *ret_is_there = true;
    return PS_OK;
}

/* Up to `size` more bytes behind those that the chunk holds. */
static enum ps_status read_more(const struct ps_chunk_reader *const reader,
                                struct ps_chunk *const chunk, const size_t size,
                                struct ps_error *const err)
{
    const int64_t from = reader->position + (int64_t)chunk->bytes.size;
    const int64_t left = current(reader)->size_bytes - from;
    const size_t taken = left < (int64_t)size ? (size_t)left : size;
    char *const room = ps_buf_reserve(&chunk->bytes, taken);
    PS_ASSERT(room != NULL);
    if (ps_input_read(current(reader), reader->descriptor, from, room, taken, err) != PS_OK) {
        return err->status;
    }
    ps_buf_commit(&chunk->bytes, taken);
    return PS_OK;
}

static bool is_whole_input(const struct ps_chunk_reader *const reader,
                           const struct ps_chunk *const chunk)
{
    return reader->position + (int64_t)chunk->bytes.size >= current(reader)->size_bytes;
}

static void add_line(const struct ps_chunk_reader *const reader, struct ps_chunk *const chunk,
                     const struct ps_line *const line, const bool is_too_long)
{
    const struct ps_chunk_line added = {.offset = current(reader)->offset +
                                                  (uint64_t)reader->position + line->from,
                                        .length = line->size,
                                        .from = line->from,
                                        .number = reader->line,
                                        .is_too_long = is_too_long};
    ps_buf_add(&chunk->lines, (struct ps_str){(const char *)&added, sizeof(added)});
}

static void step_over(struct ps_chunk_reader *const reader, const size_t size)
{
    reader->position += (int64_t)size;
    reader->source_bytes += (int64_t)size;
}

/* Takes the whole lines among the chunk's bytes; they stay where they are. */
static void take_lines(struct ps_chunk_reader *const reader, struct ps_chunk *const chunk)
{
    const struct ps_str bytes = ps_buf_str(&chunk->bytes);
    const bool is_last = is_whole_input(reader, chunk);
    struct ps_line line;
    size_t next = 0;
    while (ps_chunk_line_count(chunk) < CHUNK_LINES_MAX) {
        const bool is_there = reader->is_csv ? ps_csv_next(bytes, next, is_last, &line)
                                             : ps_jsonl_next(bytes, next, is_last, &line);
        if (!is_there) {
            break;
        }
        const struct ps_str text = ps_str_part(bytes, line.from, line.size);
        if (ps_jsonl_is_blank(text)) {
            reader->blank_lines++;
        } else {
            add_line(reader, chunk, &line, line.size > PS_INPUT_LINE_BYTES_MAX);
        }
        reader->line +=
            reader->is_csv
                ? ps_jsonl_count_ends(ps_str_part(bytes, line.from, line.next - line.from))
                : 1;
        next = line.next;
    }
    step_over(reader, next);
}

/*
 * What the chunk holds is more than one line may have, and its end is not in sight: looks for it,
 * keeping nothing.
 */
static enum ps_status skip_long_line(struct ps_chunk_reader *const reader,
                                     struct ps_chunk *const chunk, struct ps_error *const err)
{
    struct ps_chunk_line line = {.offset = current(reader)->offset + (uint64_t)reader->position,
                                 .length = 0,
                                 .from = 0,
                                 .number = reader->line,
                                 .is_too_long = true};
    bool is_found = false;
    while (!is_found && reader->position < current(reader)->size_bytes) {
        const size_t end = ps_str_find(ps_buf_str(&chunk->bytes), '\n');
        is_found = end < chunk->bytes.size;
        line.length += end;
        step_over(reader, is_found ? end + 1 : end);
        ps_buf_clear(&chunk->bytes);
        if (!is_found && read_more(reader, chunk, CHUNK_BYTES, err) != PS_OK) {
            return err->status;
        }
    }
    ps_buf_clear(&chunk->bytes);
    ps_buf_add(&chunk->lines, (struct ps_str){(const char *)&line, sizeof(line)});
    reader->line++;
    return PS_OK;
}

/* Reads until at least one line is whole; blank ones count, but give no line. */
static enum ps_status read_lines(struct ps_chunk_reader *const reader, struct ps_chunk *const chunk,
                                 struct ps_error *const err)
{
    const int64_t before = reader->position;
    while (reader->position == before) {
        if (chunk->bytes.size > PS_INPUT_LINE_BYTES_MAX) {
            return skip_long_line(reader, chunk, err);
        }
        if (read_more(reader, chunk, CHUNK_BYTES, err) != PS_OK) {
            return err->status;
        }
        take_lines(reader, chunk);
    }
    return PS_OK;
}

static enum ps_status say_changed_while_read(const struct ps_chunk_reader *const reader,
                                             struct ps_error *const err)
{
    if (err->status != PS_E_CORRUPT) {
        return err->status;
    }
    (void)ps_error_set(err, PS_E_INPUT, PS_RETRY_LATER,
                       "could not read '%s': it changed while it was read", current(reader)->name);
    return ps_error_hint(err, "Wait until it is written, then start again.");
}

static enum ps_status number_lines(struct ps_chunk_reader *const reader,
                                   struct ps_chunk *const chunk, struct ps_error *const err)
{
    chunk->number = reader->next_chunk;
    chunk->input = reader->input;
    chunk->first_index = reader->next_index;
    reader->next_chunk++;
    reader->next_index += (int64_t)ps_chunk_line_count(chunk);
    if (reader->next_index > PS_RECORD_INDEX_MAX) {
        return ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER,
                            "cannot index more than %lld records in one run",
                            (long long)PS_RECORD_INDEX_MAX);
    }
    return PS_OK;
}

enum ps_status ps_chunk_read(struct ps_chunk_reader *const reader, struct ps_chunk *const chunk,
                             bool *const ret_is_end, struct ps_error *const err)
{
    *ret_is_end = false;
    if (chunk->bytes.capacity > KEPT_BYTES_MAX) {
        ps_buf_release(&chunk->bytes);
    }
    ps_buf_clear(&chunk->lines);
    while (chunk->lines.size == 0) {
        bool is_there = false;
        ps_buf_clear(&chunk->bytes);
        if (next_input(reader, &is_there, err) != PS_OK ||
            (is_there && read_lines(reader, chunk, err) != PS_OK)) {
            return say_changed_while_read(reader, err);
        }
        if (!is_there) {
            *ret_is_end = true;
            return PS_OK;
        }
    }
    return number_lines(reader, chunk, err);
}
