#include "app/turn_internal.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/json_scan.h"
#include "core/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------ rows */

static void see_row(void *const seer, const int64_t shard,
                    const struct ps_shard_record_row *const row)
{
    struct ps_turn_rows *const rows = seer;
    (void)shard;
    rows->rows = reallocarray(rows->rows, (size_t)rows->count + 1, sizeof(rows->rows[0]));
    PS_ASSERT(rows->rows != NULL);
    struct ps_shard_record_row copy = *row;
    if (row->picked != NULL) {
        const size_t size = (size_t)row->picked_count * sizeof(row->picked[0]);
        uint64_t *const picked = malloc(size + 1);
        PS_ASSERT(picked != NULL);
        memcpy(picked, row->picked, size);
        copy.picked = picked;
    }
    rows->rows[rows->count++] = copy;
}

void ps_turn_rows_release(struct ps_turn_rows *const rows)
{
    for (int64_t row = 0; row < rows->count; row++) {
        union {
            const uint64_t *view;
            uint64_t *owned;
        } picked = {rows->rows[row].picked};
        free(picked.owned);
    }
    free(rows->rows);
    *rows = (struct ps_turn_rows){NULL, 0};
}

enum ps_status ps_turn_rows_read(struct ps_turn *const turn, const struct ps_shard_span span,
                                 struct ps_turn_rows *const ret_rows, struct ps_error *const err)
{
    struct ps_turn_rows rows = {NULL, 0};
    if (turn->parts.store.ops->each_shard(turn->parts.store.context, span, see_row, &rows, err) !=
        PS_OK) {
        ps_turn_rows_release(&rows);
        return err->status;
    }
    *ret_rows = rows;
    return PS_OK;
}

static struct ps_shard_records records_of(const struct ps_shard_record_row *const row)
{
    return (struct ps_shard_records){row->row.first, row->row.end, row->picked, row->picked_count};
}

struct ps_shard_records *ps_turn_rows_records(const struct ps_turn_rows *const rows)
{
    struct ps_shard_records *const records = calloc((size_t)rows->count + 1, sizeof(*records));
    PS_ASSERT(records != NULL);
    for (int64_t row = 0; row < rows->count; row++) {
        records[row] = records_of(&rows->rows[row]);
    }
    return records;
}

/* ------------------------------------------------ bodies */

/* A call's line is read in pieces of this size. */
#define LINE_ROOM 16384

struct body_state {
    struct ps_turn_rows rows; /* one; of a call: none */
    struct ps_shard_records records;
    struct ps_shard_body *body; /* NULL: a call's text is all of it */
    struct ps_buf text;
    size_t text_at;
};

static enum ps_status open_source(struct ps_turn *const turn, struct ps_error *const err)
{
    if (turn->source != NULL) {
        return PS_OK;
    }
    const enum ps_status status =
        ps_source_open(turn->parts.folder, turn->parts.index, &turn->source, err);
    if (status != PS_OK && err->status != PS_E_IO) {
        /* Gone or changed: the same to a record that was not sent yet (R6). */
        err->status = PS_E_NOT_FOUND;
        (void)snprintf(err->aws_code, sizeof(err->aws_code), PS_CODE_INPUT_GONE);
    }
    return status == PS_OK ? PS_OK : err->status;
}

static void close_body(void *const context, struct ps_body *const body)
{
    struct body_state *const state = body->state;
    (void)context;
    if (state != NULL) {
        (void)ps_shard_body_free(state->body);
        ps_turn_rows_release(&state->rows);
        ps_buf_release(&state->text);
        free(state);
    }
    body->state = NULL;
}

/* R6: to a record that was not sent yet, changed is as good as gone. */
static enum ps_status say_gone(const enum ps_status status, struct ps_error *const err)
{
    if (status == PS_E_CORRUPT || status == PS_E_NOT_FOUND) {
        err->status = PS_E_NOT_FOUND;
        (void)snprintf(err->aws_code, sizeof(err->aws_code), PS_CODE_INPUT_GONE);
        return err->status;
    }
    return status;
}

/* The whole line of a record, as a shard would have it. */
static enum ps_status read_line(struct ps_turn *const turn, const int64_t record,
                                struct ps_buf *const line, struct ps_error *const err)
{
    char room[LINE_ROOM];
    const uint64_t picked = (uint64_t)record;
    const struct ps_shard_records records = {0, 0, &picked, 1};
    struct ps_shard_body *const body = ps_shard_body_new(turn->source, &records);
    enum ps_status status = PS_OK;
    size_t size = 1;
    while (status == PS_OK && size > 0) {
        status = ps_shard_body_read(body, room, sizeof(room), &size, err);
        if (status == PS_OK && size > 0) {
            ps_buf_add(line, (struct ps_str){room, size});
        }
    }
    (void)ps_shard_body_free(body);
    return say_gone(status, err);
}

/* A call's body is the modelInput of that line. */
static enum ps_status open_call(struct ps_turn *const turn, const struct ps_wish *const wish,
                                struct body_state *const state, struct ps_body *const body,
                                struct ps_error *const err)
{
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    struct ps_json_walk walk;
    struct ps_str key;
    ps_buf_init(&line, PS_OUTPUT_LINE_BYTES_MAX);
    ps_buf_init(&state->text, PS_OUTPUT_LINE_BYTES_MAX);
    if (open_source(turn, err) != PS_OK || read_line(turn, wish->record, &line, err) != PS_OK) {
        return err->status;
    }
    ps_json_walk_object(&walk, ps_buf_str(&line));
    while (ps_json_walk_key(&walk, &key)) {
        const struct ps_str value = ps_json_walk_value(&walk);
        if (ps_json_key_is(key, PS_STR("modelInput"))) {
            ps_buf_add(&state->text, value);
        }
    }
    PS_ASSERT(state->text.size > 0);
    body->size_bytes = (int64_t)state->text.size;
    return PS_OK;
}

static enum ps_status open_body(void *const context, const struct ps_wish *const wish,
                                struct ps_body *const ret_body, struct ps_error *const err)
{
    struct ps_turn *const turn = context;
    struct body_state *const state = calloc(1, sizeof(*state));
    PS_ASSERT(state != NULL);
    struct ps_body body = {0, 0, state};
    if (wish->kind == PS_WISH_INVOKE) {
        if (open_call(turn, wish, state, &body, err) != PS_OK) {
            close_body(context, &body);
            return err->status;
        }
        *ret_body = body;
        return PS_OK;
    }
    const struct ps_shard_span span = {wish->job, wish->shard, wish->shard + 1};
    if (open_source(turn, err) != PS_OK ||
        ps_turn_rows_read(turn, span, &state->rows, err) != PS_OK) {
        close_body(context, &body);
        return err->status;
    }
    PS_ASSERT(state->rows.count == 1);
    const struct ps_shard_record_row *const row = &state->rows.rows[0];
    state->records = records_of(row);
    state->body = ps_shard_body_new(turn->source, &state->records);
    body.size_bytes = row->row.bytes;
    body.crc32 = row->row.crc32;
    *ret_body = body;
    return PS_OK;
}

static enum ps_status read_body(void *const context, struct ps_body *const body, char *const room,
                                const size_t room_size, size_t *const ret_size,
                                struct ps_error *const err)
{
    struct body_state *const state = body->state;
    (void)context;
    if (state->body == NULL) {
        const struct ps_str part =
            ps_str_part(ps_buf_str(&state->text), state->text_at, state->text.size);
        *ret_size = part.size < room_size ? part.size : room_size;
        memcpy(room, part.data, *ret_size);
        state->text_at += *ret_size;
        return PS_OK;
    }
    return say_gone(ps_shard_body_read(state->body, room, room_size, ret_size, err), err);
}

/* ------------------------------------------------ sinks */

struct ps_turn_reading *ps_turn_reading_find(struct ps_turn *const turn, const int64_t job)
{
    for (size_t place = 0; place < PS_TURN_READINGS_MAX; place++) {
        if (turn->readings[place].job == job) {
            return &turn->readings[place];
        }
    }
    return NULL;
}

void ps_turn_reading_end(struct ps_turn *const turn, const int64_t job)
{
    struct ps_turn_reading *const reading = ps_turn_reading_find(turn, job);
    if (reading != NULL) {
        (void)ps_collect_free(reading->collect);
        (void)ps_foreign_free(reading->foreign);
        ps_turn_rows_release(&reading->rows);
        *reading = (struct ps_turn_reading){.job = -1};
    }
}

static_assert(PS_TURN_READERS_MAX <= PS_TURN_READINGS_MAX, "every reader has its place");

void ps_turn_reading_rest(struct ps_turn *const turn, const int64_t job)
{
    int64_t room = 0;
    for (size_t place = 0; place < PS_TURN_READINGS_MAX; place++) {
        room += turn->readings[place].job < 0 ? 1 : 0;
    }
    if (room < PS_TURN_READERS_MAX) {
        ps_turn_reading_end(turn, job);
    }
}

static enum ps_status begin_collect(struct ps_turn *const turn, const struct ps_job *const job,
                                    struct ps_turn_reading *const reading,
                                    struct ps_error *const err)
{
    struct ps_buf name PS_CLEANUP(ps_buf_release);
    const struct ps_settings *const settings = turn->parts.settings;
    ps_buf_init(&name, PS_REQUEST_BYTES_MAX);
    if (ps_turn_rows_read(turn, PS_ALL_SHARDS(job->number), &reading->rows, err) != PS_OK) {
        return err->status;
    }
    struct ps_shard_records *const shards = ps_turn_rows_records(&reading->rows);
    ps_buf_add_format(&name, "j%08lld-a%lld", (long long)job->number, (long long)job->attempt);
    const enum ps_status status = ps_collect_new(turn->parts.answers, turn->parts.index,
                                                 &(struct ps_collect_job){
                                                     .name = ps_buf_text(&name),
                                                     .model = settings->lanes[job->lane].model,
                                                     .family = settings->family,
                                                     .shards = shards,
                                                     .shard_count = reading->rows.count,
                                                     .tries_max = PS_RECORD_TRIES_MAX,
                                                 },
                                                 &reading->collect, err);
    free(shards);
    return status;
}

enum ps_status ps_turn_reading_begin(struct ps_turn *const turn, const struct ps_job *const job,
                                     struct ps_turn_reading **const ret_reading,
                                     struct ps_error *const err)
{
    ps_turn_reading_end(turn, job->number);
    struct ps_turn_reading *const reading = ps_turn_reading_find(turn, -1);
    PS_ASSERT(reading != NULL);
    reading->job = job->number;
    if (job->state == PS_STATE_FOREIGN_READ) {
        reading->foreign = ps_foreign_new();
    } else if (begin_collect(turn, job, reading, err) != PS_OK) {
        ps_turn_reading_end(turn, job->number);
        return err->status;
    }
    *ret_reading = reading;
    return PS_OK;
}

static enum ps_status write_sink(void *const context, const struct ps_wish *const wish,
                                 const int64_t offset, const struct ps_str bytes,
                                 struct ps_error *const err)
{
    struct ps_turn *const turn = context;
    const struct ps_turn_reading *const reading = ps_turn_reading_find(turn, wish->job);
    PS_ASSERT(reading != NULL);
    if (reading->foreign != NULL) {
        ps_foreign_write(reading->foreign, offset, bytes);
        return PS_OK;
    }
    return ps_collect_write(reading->collect, wish->key, offset, bytes, err);
}

enum ps_status ps_turn_object_end(struct ps_turn *const turn, const int64_t job,
                                  struct ps_error *const err)
{
    const struct ps_turn_reading *const reading = ps_turn_reading_find(turn, job);
    if (reading == NULL) {
        return PS_OK;
    }
    if (reading->foreign != NULL) {
        ps_foreign_object_end(reading->foreign);
        return PS_OK;
    }
    return ps_collect_object_end(reading->collect, err);
}

const struct ps_streams_ops ps_turn_streams_ops = {open_body, read_body, close_body, write_sink};
