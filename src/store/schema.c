#include "store/schema.h"

#include <stdio.h>

/* One text a version: what takes the file from it to the next. Never edited once released. */
static const char *const migrations[] = {
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE jobs ("
    "  number INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, lane INTEGER NOT NULL, state INTEGER "
    "NOT NULL,"
    "  shard_count INTEGER NOT NULL, records INTEGER NOT NULL, bytes INTEGER NOT NULL, "
    "input_tokens INTEGER NOT NULL,"
    "  token TEXT, request TEXT, arn TEXT, first_signed_ms INTEGER NOT NULL, last_signed_ms "
    "INTEGER NOT NULL,"
    "  signed_wall_ms INTEGER NOT NULL, look_ms INTEGER NOT NULL, empty_looks INTEGER NOT NULL,"
    "  last_empty_ms INTEGER NOT NULL, status INTEGER NOT NULL, counted INTEGER NOT NULL, "
    "processed INTEGER NOT NULL,"
    "  total INTEGER NOT NULL, message TEXT, is_stop_asked INTEGER NOT NULL, ended_ms INTEGER NOT "
    "NULL,"
    "  listing_digest INTEGER NOT NULL, listing_ms INTEGER NOT NULL, verdict INTEGER NOT NULL,"
    "  tries INTEGER NOT NULL, wake_ms INTEGER NOT NULL);"
    "CREATE TABLE shards ("
    "  job INTEGER NOT NULL, shard INTEGER NOT NULL, first INTEGER NOT NULL, end INTEGER NOT NULL,"
    "  records INTEGER NOT NULL, bytes INTEGER NOT NULL, crc32 INTEGER NOT NULL, digest_low "
    "INTEGER NOT NULL,"
    "  digest_high INTEGER NOT NULL, picked BLOB, put_attempt INTEGER NOT NULL, PRIMARY KEY (job, "
    "shard)) WITHOUT ROWID;"
    "CREATE TABLE wishes ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, job INTEGER NOT NULL, shard "
    "INTEGER NOT NULL,"
    "  key TEXT NOT NULL, body TEXT NOT NULL, at_ms INTEGER NOT NULL);"
    "CREATE TABLE segments (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);",
    /* Budgets of days: what a job counts, and the day that it is held against. */
    "ALTER TABLE jobs ADD COLUMN quota_tokens INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE jobs ADD COLUMN day_end_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE jobs ADD COLUMN day_tokens INTEGER NOT NULL DEFAULT 0;"
    "UPDATE jobs SET quota_tokens = input_tokens;",
    /* What the run decided and met. */
    "CREATE TABLE events ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,"
    "  lane INTEGER NOT NULL, job INTEGER NOT NULL, times INTEGER NOT NULL, text TEXT NOT NULL,"
    "  n0 INTEGER NOT NULL, n1 INTEGER NOT NULL, n2 INTEGER NOT NULL, n3 INTEGER NOT NULL,"
    "  n4 INTEGER NOT NULL, n5 INTEGER NOT NULL);",
    /* What was thought of a job, beside what it used; jobs of before teach nothing. */
    "ALTER TABLE jobs ADD COLUMN thought_tokens INTEGER NOT NULL DEFAULT 0;"
    "UPDATE jobs SET thought_tokens = quota_tokens WHERE verdict = 0;",
    /* What a job may cost, and then what it did. */
    "ALTER TABLE jobs ADD COLUMN cost_usd_micros INTEGER NOT NULL DEFAULT 0;",
    /* Calls on demand: whose it is. */
    "ALTER TABLE wishes ADD COLUMN record INTEGER NOT NULL DEFAULT -1;",
};

#define VERSION ((int)(sizeof(migrations) / sizeof(migrations[0])))

static int read_version(sqlite3 *const database)
{
    sqlite3_stmt *statement = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        version = sqlite3_column_int(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return version;
}

enum ps_status ps_schema_migrate(sqlite3 *const database, struct ps_error *const err)
{
    int version = read_version(database);
    if (version < 0 || version > VERSION) {
        (void)ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                           "cannot use the run's state: it is of version %d", version);
        return ps_error_hint(
            err, "This penstock knows versions up to %d: use the one that made the run.", VERSION);
    }
    for (; version < VERSION; version++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "PRAGMA user_version = %d; COMMIT", version + 1);
        if (sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_exec(database, migrations[version], NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_exec(database, text, NULL, NULL, NULL) != SQLITE_OK) {
            return ps_error_set(err, PS_E_IO, PS_RETRY_LATER,
                                "could not prepare the run's state: %s", sqlite3_errmsg(database));
        }
    }
    return PS_OK;
}
