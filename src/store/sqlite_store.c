#include "store/sqlite_store.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"
#include "store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum statement {
    SET_VALUE,
    GET_VALUE,
    PUT_JOB,
    EACH_JOB,
    DROP_SHARDS,
    PUT_SHARD,
    EACH_SHARD,
    MARK_PUT,
    ADD_WISH,
    END_WISH,
    EACH_WISH,
    DROP_WISHES,
    ADD_SEGMENT,
    EACH_SEGMENT,
    ADD_EVENT,
    DROP_EVENTS,
    EACH_EVENT,
    STATEMENT_COUNT
};

static const char *const texts[STATEMENT_COUNT] = {
    [SET_VALUE] = "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)",
    [GET_VALUE] = "SELECT value FROM settings WHERE name = ?",
    [PUT_JOB] = "INSERT OR REPLACE INTO jobs VALUES "
                "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [EACH_JOB] = "SELECT * FROM jobs ORDER BY number",
    [DROP_SHARDS] = "DELETE FROM shards WHERE job = ?",
    [PUT_SHARD] = "INSERT INTO shards VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    [EACH_SHARD] = "SELECT * FROM shards WHERE job = ? AND shard >= ? AND shard < ? ORDER BY shard",
    [MARK_PUT] = "UPDATE shards SET put_attempt = ? WHERE job = ? AND shard = ?",
    [ADD_WISH] = "INSERT INTO wishes (kind, job, shard, key, body, at_ms, record) "
                 "VALUES (?,?,?,?,?,?,?)",
    [END_WISH] = "DELETE FROM wishes WHERE id = ?",
    [EACH_WISH] = "SELECT job, record FROM wishes WHERE kind = ? ORDER BY id",
    [DROP_WISHES] = "DELETE FROM wishes",
    [ADD_SEGMENT] = "INSERT INTO segments (name) VALUES (?)",
    [EACH_SEGMENT] = "SELECT name FROM segments ORDER BY id",
    [ADD_EVENT] = "INSERT INTO events (at_ms, kind, lane, job, times, text, n0, n1, n2, n3, n4, n5)"
                  " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [DROP_EVENTS] = "DELETE FROM events WHERE number <= ?",
    [EACH_EVENT] = "SELECT * FROM events ORDER BY number",
};

struct sqlite_store {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

static enum ps_status refuse_corrupt(const char *const why, struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER, "cannot read the run's state: %s", why);
    return ps_error_hint(
        err, "Put the run's folder back from a copy; an older copy is safe to go on from.");
}

static enum ps_status fail(const struct sqlite_store *const store, struct ps_error *const err)
{
    const int code = sqlite3_errcode(store->database);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        (void)ps_error_set(err, PS_E_CONFLICT, PS_RETRY_LATER,
                           "could not open the run's state: another process holds it");
        return ps_error_hint(err, "Wait for it, or follow it with 'penstock watch'.");
    }
    if (code == SQLITE_FULL) {
        (void)ps_error_set(err, PS_E_IO, PS_RETRY_LATER,
                           "could not keep the run's state: the disk is full");
        return ps_error_hint(err,
                             "Free some space and give the same command again: nothing is lost.");
    }
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
        return refuse_corrupt(sqlite3_errmsg(store->database), err);
    }
    return ps_error_set(err, PS_E_IO, PS_RETRY_LATER, "could not keep the run's state: %s",
                        sqlite3_errmsg(store->database));
}

/* A statement's parameters are bound one after another. */
struct binding {
    sqlite3_stmt *statement;
    int place;
};

static struct binding bind(struct sqlite_store *const store, const enum statement which)
{
    (void)sqlite3_reset(store->statements[which]);
    (void)sqlite3_clear_bindings(store->statements[which]);
    return (struct binding){store->statements[which], 1};
}

static void bind_number(struct binding *const binding, const int64_t number)
{
    PS_ASSERT(sqlite3_bind_int64(binding->statement, binding->place++, number) == SQLITE_OK);
}

static void bind_text(struct binding *const binding, const char *const text)
{
    PS_ASSERT(sqlite3_bind_text(binding->statement, binding->place++, text, -1, SQLITE_TRANSIENT) ==
              SQLITE_OK);
}

static void bind_str(struct binding *const binding, const struct ps_str text)
{
    const char *const data = text.size == 0 ? "" : text.data;
    PS_ASSERT(sqlite3_bind_text(binding->statement, binding->place++, data, (int)text.size,
                                SQLITE_TRANSIENT) == SQLITE_OK);
}

static enum ps_status run(struct sqlite_store *const store, const struct binding *const binding,
                          struct ps_error *const err)
{
    const int result = sqlite3_step(binding->statement);
    const enum ps_status status = result == SQLITE_DONE ? PS_OK : fail(store, err);
    (void)sqlite3_reset(binding->statement);
    return status;
}

static enum ps_status run_text(struct sqlite_store *const store, const char *const text,
                               struct ps_error *const err)
{
    return sqlite3_exec(store->database, text, NULL, NULL, NULL) == SQLITE_OK ? PS_OK
                                                                              : fail(store, err);
}

static enum ps_status store_begin(void *const context, struct ps_error *const err)
{
    return run_text(context, "BEGIN IMMEDIATE", err);
}

static enum ps_status store_commit(void *const context, struct ps_error *const err)
{
    return run_text(context, "COMMIT", err);
}

static void store_rollback(void *const context)
{
    struct sqlite_store *const store = context;
    (void)sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
}

static enum ps_status store_set_value(void *const context, const char *const name,
                                      const char *const value, struct ps_error *const err)
{
    struct binding binding = bind(context, SET_VALUE);
    bind_text(&binding, name);
    bind_text(&binding, value);
    return run(context, &binding, err);
}

static bool store_get_value(void *const context, const char *const name, struct ps_buf *const value)
{
    struct binding binding = bind(context, GET_VALUE);
    bind_text(&binding, name);
    const bool is_there = sqlite3_step(binding.statement) == SQLITE_ROW;
    if (is_there) {
        ps_buf_clear(value);
        ps_buf_add_text(value, (const char *)sqlite3_column_text(binding.statement, 0));
    }
    (void)sqlite3_reset(binding.statement);
    return is_there;
}

static enum ps_status store_put_job(void *const context, const struct ps_job *const job,
                                    struct ps_error *const err)
{
    struct binding binding = bind(context, PUT_JOB);
    const int64_t head[] = {job->number,      job->attempt, job->lane,  (int64_t)job->state,
                            job->shard_count, job->records, job->bytes, job->input_tokens};
    const int64_t signing[] = {
        job->first_signed_ms, job->last_signed_ms, job->signed_wall_ms,  job->look_ms,
        job->empty_looks,     job->last_empty_ms,  (int64_t)job->status, job->counted,
        job->processed,       job->total};
    const int64_t harvest[] = {job->ended_ms,         job->listing_digest, job->listing_ms,
                               (int64_t)job->verdict, job->tries,          job->wake_ms,
                               job->quota_tokens,     job->day_end_ms,     job->day_tokens,
                               job->thought_tokens,   job->cost_usd_micros};
    for (size_t place = 0; place < sizeof(head) / sizeof(head[0]); place++) {
        bind_number(&binding, head[place]);
    }
    bind_text(&binding, job->token);
    bind_text(&binding, job->request);
    bind_text(&binding, job->arn);
    for (size_t place = 0; place < sizeof(signing) / sizeof(signing[0]); place++) {
        bind_number(&binding, signing[place]);
    }
    bind_text(&binding, job->message);
    bind_number(&binding, job->is_stop_asked ? 1 : 0);
    for (size_t place = 0; place < sizeof(harvest) / sizeof(harvest[0]); place++) {
        bind_number(&binding, harvest[place]);
    }
    return run(context, &binding, err);
}

/* A row's columns are read one after another. */
struct reading {
    sqlite3_stmt *statement;
    int column;
};

static int64_t read_number(struct reading *const reading)
{
    return sqlite3_column_int64(reading->statement, reading->column++);
}

static char *read_text(struct reading *const reading)
{
    const char *const text =
        (const char *)sqlite3_column_text(reading->statement, reading->column++);
    return text == NULL ? NULL : ps_str_dup(ps_str_of(text));
}

static void read_job(sqlite3_stmt *const statement, struct ps_job *const job)
{
    struct reading reading = {statement, 0};
    memset(job, 0, sizeof(*job));
    job->number = read_number(&reading);
    job->attempt = read_number(&reading);
    job->lane = read_number(&reading);
    job->state = (enum ps_job_state)read_number(&reading);
    job->shard_count = read_number(&reading);
    job->records = read_number(&reading);
    job->bytes = read_number(&reading);
    job->input_tokens = read_number(&reading);
    job->token = read_text(&reading);
    job->request = read_text(&reading);
    job->arn = read_text(&reading);
    job->first_signed_ms = read_number(&reading);
    job->last_signed_ms = read_number(&reading);
    job->signed_wall_ms = read_number(&reading);
    job->look_ms = read_number(&reading);
    job->empty_looks = read_number(&reading);
    job->last_empty_ms = read_number(&reading);
    job->status = (enum ps_job_status)read_number(&reading);
    job->counted = read_number(&reading);
    job->processed = read_number(&reading);
    job->total = read_number(&reading);
    job->message = read_text(&reading);
    job->is_stop_asked = read_number(&reading) != 0;
    job->ended_ms = read_number(&reading);
    job->listing_digest = read_number(&reading);
    job->listing_ms = read_number(&reading);
    job->verdict = (enum ps_job_verdict)read_number(&reading);
    job->tries = read_number(&reading);
    job->wake_ms = read_number(&reading);
    job->quota_tokens = read_number(&reading);
    job->day_end_ms = read_number(&reading);
    job->day_tokens = read_number(&reading);
    job->thought_tokens = read_number(&reading);
    job->cost_usd_micros = read_number(&reading);
}

static enum ps_status end_reading(struct sqlite_store *const store, sqlite3_stmt *const statement,
                                  const int result, struct ps_error *const err)
{
    const enum ps_status status = result == SQLITE_DONE ? PS_OK : fail(store, err);
    (void)sqlite3_reset(statement);
    return status;
}

static enum ps_status store_each_job(void *const context,
                                     void (*const see)(void *seer, struct ps_job *job),
                                     void *const seer, struct ps_error *const err)
{
    const struct binding binding = bind(context, EACH_JOB);
    int result = sqlite3_step(binding.statement);
    for (; result == SQLITE_ROW; result = sqlite3_step(binding.statement)) {
        struct ps_job job;
        read_job(binding.statement, &job);
        if (job.state >= PS_STATE_COUNT || job.state < 0 || job.status < 0 ||
            job.status > PS_JOB_STATUS_UNKNOWN || job.verdict < 0 ||
            job.verdict > PS_VERDICT_CANCELLED) {
            ps_job_release(&job);
            (void)sqlite3_reset(binding.statement);
            return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                                "cannot read the run's state: a job of no known state");
        }
        see(seer, &job);
        ps_job_release(&job);
    }
    return end_reading(context, binding.statement, result, err);
}

static enum ps_status put_shard(struct sqlite_store *const store, const int64_t job,
                                const int64_t shard, const struct ps_shard_record_row *const row,
                                struct ps_error *const err)
{
    struct binding binding = bind(store, PUT_SHARD);
    bind_number(&binding, job);
    bind_number(&binding, shard);
    bind_number(&binding, row->row.first);
    bind_number(&binding, row->row.end);
    bind_number(&binding, row->row.records);
    bind_number(&binding, row->row.bytes);
    bind_number(&binding, (int64_t)row->row.crc32);
    bind_number(&binding, (int64_t)row->digest_low);
    bind_number(&binding, (int64_t)row->digest_high);
    if (row->picked != NULL) {
        PS_ASSERT(sqlite3_bind_blob64(binding.statement, binding.place, row->picked,
                                      (sqlite3_uint64)row->picked_count * sizeof(row->picked[0]),
                                      SQLITE_TRANSIENT) == SQLITE_OK);
    }
    binding.place++;
    bind_number(&binding, row->row.put_attempt);
    return run(store, &binding, err);
}

static enum ps_status store_put_shards(void *const context, const int64_t job,
                                       const struct ps_shard_record_row *const rows,
                                       const int64_t count, struct ps_error *const err)
{
    struct binding binding = bind(context, DROP_SHARDS);
    bind_number(&binding, job);
    enum ps_status status = run(context, &binding, err);
    for (int64_t shard = 0; status == PS_OK && shard < count; shard++) {
        status = put_shard(context, job, shard, &rows[shard], err);
    }
    return status;
}

static enum ps_status store_each_shard(void *const context, const struct ps_shard_span span,
                                       ps_shard_seer *const see, void *const seer,
                                       struct ps_error *const err)
{
    struct binding binding = bind(context, EACH_SHARD);
    bind_number(&binding, span.job);
    bind_number(&binding, span.first);
    bind_number(&binding, span.end);
    int result = sqlite3_step(binding.statement);
    for (; result == SQLITE_ROW; result = sqlite3_step(binding.statement)) {
        struct reading reading = {binding.statement, 1};
        struct ps_shard_record_row row = {0};
        const int64_t shard = read_number(&reading);
        row.row.first = read_number(&reading);
        row.row.end = read_number(&reading);
        row.row.records = read_number(&reading);
        row.row.bytes = read_number(&reading);
        row.row.crc32 = (uint32_t)read_number(&reading);
        row.digest_low = (uint64_t)read_number(&reading);
        row.digest_high = (uint64_t)read_number(&reading);
        row.picked = sqlite3_column_blob(binding.statement, reading.column);
        row.picked_count = sqlite3_column_bytes(binding.statement, reading.column) /
                           (int64_t)sizeof(row.picked[0]);
        row.row.is_picked = row.picked != NULL;
        reading.column++;
        row.row.put_attempt = read_number(&reading);
        see(seer, shard, &row);
    }
    return end_reading(context, binding.statement, result, err);
}

static enum ps_status store_mark_put(void *const context, const int64_t job, const int64_t shard,
                                     const int64_t attempt, struct ps_error *const err)
{
    struct binding binding = bind(context, MARK_PUT);
    bind_number(&binding, attempt);
    bind_number(&binding, job);
    bind_number(&binding, shard);
    return run(context, &binding, err);
}

static enum ps_status store_add_wish(void *const context, const struct ps_wish *const wish,
                                     const int64_t at_ms, int64_t *const ret_id,
                                     struct ps_error *const err)
{
    struct sqlite_store *const store = context;
    struct binding binding = bind(store, ADD_WISH);
    bind_text(&binding, ps_wish_name(wish->kind));
    bind_number(&binding, wish->job);
    bind_number(&binding, wish->shard);
    bind_str(&binding, wish->key);
    bind_str(&binding, wish->text);
    bind_number(&binding, at_ms);
    bind_number(&binding, wish->record);
    if (run(store, &binding, err) != PS_OK) {
        return err->status;
    }
    *ret_id = sqlite3_last_insert_rowid(store->database);
    return PS_OK;
}

static enum ps_status store_end_wish(void *const context, const int64_t id,
                                     struct ps_error *const err)
{
    struct binding binding = bind(context, END_WISH);
    bind_number(&binding, id);
    return run(context, &binding, err);
}

static enum ps_status store_each_wish(void *const context, const enum ps_wish_kind kind,
                                      void (*const see)(void *seer, int64_t job, int64_t record),
                                      void *const seer, struct ps_error *const err)
{
    struct binding binding = bind(context, EACH_WISH);
    bind_text(&binding, ps_wish_name(kind));
    int result = sqlite3_step(binding.statement);
    for (; result == SQLITE_ROW; result = sqlite3_step(binding.statement)) {
        see(seer, sqlite3_column_int64(binding.statement, 0),
            sqlite3_column_int64(binding.statement, 1));
    }
    return end_reading(context, binding.statement, result, err);
}

static enum ps_status store_drop_wishes(void *const context, int64_t *const ret_count,
                                        struct ps_error *const err)
{
    struct sqlite_store *const store = context;
    struct binding binding = bind(store, DROP_WISHES);
    if (run(store, &binding, err) != PS_OK) {
        return err->status;
    }
    *ret_count = sqlite3_changes(store->database);
    return PS_OK;
}

static enum ps_status store_add_segment(void *const context, const char *const name,
                                        struct ps_error *const err)
{
    struct binding binding = bind(context, ADD_SEGMENT);
    bind_text(&binding, name);
    return run(context, &binding, err);
}

static enum ps_status store_each_segment(void *const context,
                                         void (*const see)(void *seer, const char *name),
                                         void *const seer, struct ps_error *const err)
{
    const struct binding binding = bind(context, EACH_SEGMENT);
    int result = sqlite3_step(binding.statement);
    for (; result == SQLITE_ROW; result = sqlite3_step(binding.statement)) {
        see(seer, (const char *)sqlite3_column_text(binding.statement, 0));
    }
    return end_reading(context, binding.statement, result, err);
}

static_assert(PS_EVENT_NUMBERS_MAX == 6, "the events' table has so many columns for numbers");

static enum ps_status store_add_event(void *const context, const struct ps_event *const event,
                                      int64_t *const ret_number, struct ps_error *const err)
{
    struct sqlite_store *const store = context;
    struct binding binding = bind(store, ADD_EVENT);
    bind_number(&binding, event->at_ms);
    bind_text(&binding, ps_event_row(event->kind)->name);
    bind_number(&binding, event->lane);
    bind_number(&binding, event->job);
    bind_number(&binding, event->times);
    bind_text(&binding, event->text);
    for (size_t place = 0; place < PS_EVENT_NUMBERS_MAX; place++) {
        bind_number(&binding, event->numbers[place]);
    }
    if (run(store, &binding, err) != PS_OK) {
        return err->status;
    }
    *ret_number = sqlite3_last_insert_rowid(store->database);
    struct binding drop = bind(store, DROP_EVENTS);
    bind_number(&drop, *ret_number - PS_EVENTS_KEPT_MAX);
    return run(store, &drop, err);
}

/* False: of a kind that only a later penstock knows. */
static bool read_event(sqlite3_stmt *const statement, int64_t *const ret_number,
                       struct ps_event *const ret_event)
{
    struct reading reading = {statement, 0};
    struct ps_event event = {.at_ms = 0};
    *ret_number = read_number(&reading);
    event.at_ms = read_number(&reading);
    char *kind PS_CLEANUP(ps_str_free_auto) = read_text(&reading);
    event.lane = read_number(&reading);
    event.job = read_number(&reading);
    event.times = read_number(&reading);
    char *text PS_CLEANUP(ps_str_free_auto) = read_text(&reading);
    (void)snprintf(event.text, sizeof(event.text), "%s", text == NULL ? "" : text);
    for (size_t place = 0; place < PS_EVENT_NUMBERS_MAX; place++) {
        event.numbers[place] = read_number(&reading);
    }
    const bool is_known = kind != NULL && ps_event_kind_of(ps_str_of(kind), &event.kind);
    *ret_event = event;
    return is_known;
}

static enum ps_status store_each_event(void *const context, ps_event_seer *const see,
                                       void *const seer, struct ps_error *const err)
{
    const struct binding binding = bind(context, EACH_EVENT);
    int result = sqlite3_step(binding.statement);
    for (; result == SQLITE_ROW; result = sqlite3_step(binding.statement)) {
        int64_t number = 0;
        struct ps_event event;
        if (read_event(binding.statement, &number, &event)) {
            see(seer, number, &event);
        }
    }
    return end_reading(context, binding.statement, result, err);
}

static const struct ps_state_store_ops store_ops = {
    .begin = store_begin,
    .commit = store_commit,
    .rollback = store_rollback,
    .set_value = store_set_value,
    .get_value = store_get_value,
    .put_job = store_put_job,
    .each_job = store_each_job,
    .put_shards = store_put_shards,
    .each_shard = store_each_shard,
    .mark_put = store_mark_put,
    .add_wish = store_add_wish,
    .end_wish = store_end_wish,
    .each_wish = store_each_wish,
    .drop_wishes = store_drop_wishes,
    .add_segment = store_add_segment,
    .each_segment = store_each_segment,
    .add_event = store_add_event,
    .each_event = store_each_event,
};

static void close_store(struct sqlite_store *const store)
{
    for (int which = 0; which < STATEMENT_COUNT; which++) {
        (void)sqlite3_finalize(store->statements[which]);
    }
    (void)sqlite3_close(store->database);
    free(store);
}

/* The rows of quick_check: one 'ok', or what is wrong. */
static int see_check(void *const is_whole, const int columns, char **const values,
                     char **const names)
{
    (void)names;
    *(bool *)is_whole = columns == 1 && values[0] != NULL && strcmp(values[0], "ok") == 0;
    return 0;
}

static enum ps_status check_whole(struct sqlite_store *const store, struct ps_error *const err)
{
    bool is_whole = false;
    if (sqlite3_exec(store->database, "PRAGMA quick_check(1)", see_check, &is_whole, NULL) !=
        SQLITE_OK) {
        return fail(store, err);
    }
    return is_whole ? PS_OK : refuse_corrupt("its tables are damaged", err);
}

static enum ps_status configure(struct sqlite_store *const store, struct ps_error *const err)
{
    static const char settings[] =
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = PERSIST;"
        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
        /* In exclusive mode the lock is kept from here to the end: nobody else gets in. */
        "BEGIN EXCLUSIVE; COMMIT;";
    (void)sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (run_text(store, settings, err) != PS_OK || check_whole(store, err) != PS_OK ||
        ps_schema_migrate(store->database, err) != PS_OK) {
        return err->status;
    }
    for (int which = 0; which < STATEMENT_COUNT; which++) {
        if (sqlite3_prepare_v3(store->database, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[which], NULL) != SQLITE_OK) {
            return fail(store, err);
        }
    }
    return PS_OK;
}

enum ps_status ps_sqlite_store_open(const char *const path, struct ps_state_store *const ret_store,
                                    struct ps_error *const err)
{
    struct sqlite_store *const store = calloc(1, sizeof(*store));
    PS_ASSERT(store != NULL);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(path, &store->database, flags, NULL) != SQLITE_OK) {
        (void)ps_error_set(err, PS_E_IO, PS_RETRY_LATER, "could not open '%s': %s", path,
                           sqlite3_errmsg(store->database));
        close_store(store);
        return err->status;
    }
    if (configure(store, err) != PS_OK) {
        close_store(store);
        return err->status;
    }
    *ret_store = (struct ps_state_store){&store_ops, store};
    return PS_OK;
}

void ps_sqlite_store_close(struct ps_state_store *const store)
{
    if (store->context != NULL) {
        close_store(store->context);
    }
    *store = (struct ps_state_store){NULL, NULL};
}
