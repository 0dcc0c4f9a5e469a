#include "store/sqlite_ledger.h"

#include "base/assert.h"

#include <sqlite3.h>
#include <stdlib.h>

#define BUSY_REAL_MS 2000

enum statement { SUM_OTHERS, PUT, FREE_SLOT, FORGET_RUN, FORGET_DAYS, EACH_SLOT, STATEMENT_COUNT };

static const char *const texts[STATEMENT_COUNT] = {
    [SUM_OTHERS] = "SELECT coalesce(sum(has_slot), 0),"
                   " coalesce(sum(CASE WHEN counts THEN day_tokens END), 0) FROM"
                   " (SELECT has_slot, day_tokens,"
                   "  day_end_ms != 0 AND (day_end_ms >= ?3 OR has_slot) AS counts"
                   "  FROM reservations WHERE pool = ?1 AND run != ?2)",
    [PUT] = "INSERT OR REPLACE INTO reservations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [FREE_SLOT] = "UPDATE reservations SET has_slot = 0 WHERE run = ?1 AND job = ?2",
    [FORGET_RUN] = "DELETE FROM reservations WHERE run = ?1",
    [FORGET_DAYS] = "DELETE FROM reservations WHERE pool = ?1 AND has_slot = 0 AND day_end_ms < ?2",
    [EACH_SLOT] = "SELECT * FROM reservations WHERE run != ?1 AND has_slot ORDER BY run, job",
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS reservations ("
    "  run TEXT NOT NULL, job INTEGER NOT NULL, pool TEXT NOT NULL, name TEXT NOT NULL,"
    "  has_slot INTEGER NOT NULL, day_end_ms INTEGER NOT NULL, day_tokens INTEGER NOT NULL,"
    "  PRIMARY KEY (run, job)) WITHOUT ROWID;";

struct sqlite_ledger {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

static enum ps_status fail(const struct sqlite_ledger *const ledger, struct ps_error *const err)
{
    const int code = sqlite3_errcode(ledger->database);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        return ps_error_set(err, PS_E_CONFLICT, PS_RETRY_LATER,
                            "could not write down what is shared: other runs are at it");
    }
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
        (void)ps_error_set(
            err, PS_E_CORRUPT, PS_RETRY_NEVER,
            "cannot read what runs share: 'ledger.db' in the state folder is damaged");
        return ps_error_hint(err,
                             "Stop all runs of this folder, remove that file, and resume them: "
                             "each writes down anew what it holds.");
    }
    return ps_error_set(err, PS_E_IO, PS_RETRY_LATER, "could not write down what is shared: %s",
                        sqlite3_errmsg(ledger->database));
}

static enum ps_status run_text(struct sqlite_ledger *const ledger, const char *const text,
                               struct ps_error *const err)
{
    return sqlite3_exec(ledger->database, text, NULL, NULL, NULL) == SQLITE_OK ? PS_OK
                                                                               : fail(ledger, err);
}

static enum ps_status ledger_begin(void *const context, struct ps_error *const err)
{
    return run_text(context, "BEGIN IMMEDIATE", err);
}

static enum ps_status ledger_commit(void *const context, struct ps_error *const err)
{
    return run_text(context, "COMMIT", err);
}

static void ledger_rollback(void *const context)
{
    struct sqlite_ledger *const ledger = context;
    if (sqlite3_get_autocommit(ledger->database) == 0) {
        (void)sqlite3_exec(ledger->database, "ROLLBACK", NULL, NULL, NULL);
    }
}

static sqlite3_stmt *fresh(struct sqlite_ledger *const ledger, const enum statement which)
{
    (void)sqlite3_reset(ledger->statements[which]);
    (void)sqlite3_clear_bindings(ledger->statements[which]);
    return ledger->statements[which];
}

static void bind_text(sqlite3_stmt *const statement, const int place, const char *const text)
{
    PS_ASSERT(sqlite3_bind_text(statement, place, text, -1, SQLITE_TRANSIENT) == SQLITE_OK);
}

static void bind_number(sqlite3_stmt *const statement, const int place, const int64_t number)
{
    PS_ASSERT(sqlite3_bind_int64(statement, place, number) == SQLITE_OK);
}

static enum ps_status run(struct sqlite_ledger *const ledger, sqlite3_stmt *const statement,
                          struct ps_error *const err)
{
    const enum ps_status status =
        sqlite3_step(statement) == SQLITE_DONE ? PS_OK : fail(ledger, err);
    (void)sqlite3_reset(statement);
    return status;
}

static enum ps_status ledger_sum_others(void *const context, const char *const pool,
                                        const char *const run_folder, const int64_t day_end_ms,
                                        struct ps_engine_others *const ret_others,
                                        struct ps_error *const err)
{
    struct sqlite_ledger *const ledger = context;
    sqlite3_stmt *const statement = fresh(ledger, SUM_OTHERS);
    bind_text(statement, 1, pool);
    bind_text(statement, 2, run_folder);
    bind_number(statement, 3, day_end_ms);
    if (sqlite3_step(statement) != SQLITE_ROW) {
        (void)fail(ledger, err);
        (void)sqlite3_reset(statement);
        return err->status;
    }
    *ret_others = (struct ps_engine_others){.slots = sqlite3_column_int64(statement, 0),
                                            .day_tokens = sqlite3_column_int64(statement, 1)};
    (void)sqlite3_reset(statement);
    return PS_OK;
}

static enum ps_status ledger_put(void *const context, const struct ps_ledger_row *const row,
                                 struct ps_error *const err)
{
    sqlite3_stmt *const statement = fresh(context, PUT);
    bind_text(statement, 1, row->run);
    bind_number(statement, 2, row->job);
    bind_text(statement, 3, row->pool);
    bind_text(statement, 4, row->name);
    bind_number(statement, 5, row->has_slot ? 1 : 0);
    bind_number(statement, 6, row->day_end_ms);
    bind_number(statement, 7, row->day_tokens);
    return run(context, statement, err);
}

static enum ps_status ledger_free_slot(void *const context, const char *const run_folder,
                                       const int64_t job, struct ps_error *const err)
{
    sqlite3_stmt *const statement = fresh(context, FREE_SLOT);
    bind_text(statement, 1, run_folder);
    bind_number(statement, 2, job);
    return run(context, statement, err);
}

static enum ps_status ledger_forget_run(void *const context, const char *const run_folder,
                                        struct ps_error *const err)
{
    sqlite3_stmt *const statement = fresh(context, FORGET_RUN);
    bind_text(statement, 1, run_folder);
    return run(context, statement, err);
}

static enum ps_status ledger_forget_days(void *const context, const char *const pool,
                                         const int64_t day_end_ms, struct ps_error *const err)
{
    sqlite3_stmt *const statement = fresh(context, FORGET_DAYS);
    bind_text(statement, 1, pool);
    bind_number(statement, 2, day_end_ms);
    return run(context, statement, err);
}

static const char *text_of(sqlite3_stmt *const statement, const int column)
{
    const void *const text = sqlite3_column_text(statement, column);
    return text == NULL ? "" : text;
}

static enum ps_status ledger_each_slot(void *const context, const char *const run_folder,
                                       void (*const see)(void *seer,
                                                         const struct ps_ledger_row *row),
                                       void *const seer, struct ps_error *const err)
{
    struct sqlite_ledger *const ledger = context;
    sqlite3_stmt *const statement = fresh(ledger, EACH_SLOT);
    bind_text(statement, 1, run_folder);
    int result = sqlite3_step(statement);
    for (; result == SQLITE_ROW; result = sqlite3_step(statement)) {
        const struct ps_ledger_row row = {
            .run = text_of(statement, 0),
            .job = sqlite3_column_int64(statement, 1),
            .pool = text_of(statement, 2),
            .name = text_of(statement, 3),
            .has_slot = sqlite3_column_int64(statement, 4) != 0,
            .day_end_ms = sqlite3_column_int64(statement, 5),
            .day_tokens = sqlite3_column_int64(statement, 6),
        };
        see(seer, &row);
    }
    const enum ps_status status = result == SQLITE_DONE ? PS_OK : fail(ledger, err);
    (void)sqlite3_reset(statement);
    return status;
}

static const struct ps_pool_ledger_ops ledger_ops = {
    .begin = ledger_begin,
    .commit = ledger_commit,
    .rollback = ledger_rollback,
    .sum_others = ledger_sum_others,
    .put = ledger_put,
    .free_slot = ledger_free_slot,
    .forget_run = ledger_forget_run,
    .forget_days = ledger_forget_days,
    .each_slot = ledger_each_slot,
};

static void close_ledger(struct sqlite_ledger *const ledger)
{
    for (int which = 0; which < STATEMENT_COUNT; which++) {
        (void)sqlite3_finalize(ledger->statements[which]);
    }
    (void)sqlite3_close(ledger->database);
    free(ledger);
}

static enum ps_status configure(struct sqlite_ledger *const ledger, struct ps_error *const err)
{
    static const char settings[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                                   "PRAGMA mmap_size = 0; PRAGMA synchronous = FULL;"
                                   "PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE;";
    (void)sqlite3_busy_timeout(ledger->database, BUSY_REAL_MS);
    (void)sqlite3_db_config(ledger->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (run_text(ledger, settings, err) != PS_OK || run_text(ledger, schema, err) != PS_OK ||
        run_text(ledger, "COMMIT", err) != PS_OK) {
        return err->status;
    }
    for (int which = 0; which < STATEMENT_COUNT; which++) {
        if (sqlite3_prepare_v3(ledger->database, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                               &ledger->statements[which], NULL) != SQLITE_OK) {
            return fail(ledger, err);
        }
    }
    return PS_OK;
}

enum ps_status ps_sqlite_ledger_open(const char *const path,
                                     struct ps_pool_ledger *const ret_ledger,
                                     struct ps_error *const err)
{
    struct sqlite_ledger *const ledger = calloc(1, sizeof(*ledger));
    PS_ASSERT(ledger != NULL);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(path, &ledger->database, flags, NULL) != SQLITE_OK) {
        (void)ps_error_set(err, PS_E_IO, PS_RETRY_LATER, "could not open '%s': %s", path,
                           sqlite3_errmsg(ledger->database));
        close_ledger(ledger);
        return err->status;
    }
    if (configure(ledger, err) != PS_OK) {
        close_ledger(ledger);
        return err->status;
    }
    *ret_ledger = (struct ps_pool_ledger){&ledger_ops, ledger};
    return PS_OK;
}

void ps_sqlite_ledger_close(struct ps_pool_ledger *const ledger)
{
    if (ledger->context != NULL) {
        close_ledger(ledger->context);
    }
    *ledger = (struct ps_pool_ledger){NULL, NULL};
}
