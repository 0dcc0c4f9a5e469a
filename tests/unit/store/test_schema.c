/* Goal: a new file gets every table, and a file of a newer version is left alone. Method: files in
 * memory. */
#include "store/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static int64_t number_of(sqlite3 *const database, const char *const query)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(database, query, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return number;
}

static void makes_the_tables_once(void **state)
{
    (void)state;
    sqlite3 *database = NULL;
    struct ps_error err = {0};
    assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
    assert_int_equal(ps_schema_migrate(database, &err), PS_OK);
    assert_true(number_of(database, "SELECT count(*) FROM sqlite_master WHERE name IN "
                                    "('settings', 'jobs', 'shards', 'wishes', 'segments')") == 5);
    const int64_t version = number_of(database, "PRAGMA user_version");
    assert_true(version >= 1);
    assert_int_equal(ps_schema_migrate(database, &err), PS_OK);
    assert_int_equal(number_of(database, "PRAGMA user_version"), version);
    (void)sqlite3_close(database);
}

/* The tables of version 1, with a job as it was kept then. */
static const char version_1[] =
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE jobs (number INTEGER PRIMARY KEY, attempt, lane, state, shard_count, records, "
    "bytes, input_tokens, token, request, arn, first_signed_ms, last_signed_ms, signed_wall_ms, "
    "look_ms, empty_looks, last_empty_ms, status, counted, processed, total, message, "
    "is_stop_asked, ended_ms, listing_digest, listing_ms, verdict, tries, wake_ms);"
    "INSERT INTO jobs (number, input_tokens, verdict) VALUES (7, 4200, 0), (8, 50, 1);"
    "CREATE TABLE wishes (id INTEGER PRIMARY KEY AUTOINCREMENT, kind, job, shard, key, body, "
    "at_ms);"
    "INSERT INTO wishes (kind, job) VALUES ('put_shard', 7);"
    "PRAGMA user_version = 1;";

static void a_file_of_version_1_gets_what_is_new(void **state)
{
    (void)state;
    sqlite3 *database = NULL;
    struct ps_error err = {0};
    assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, version_1, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(ps_schema_migrate(database, &err), PS_OK);
    assert_true(number_of(database, "PRAGMA user_version") >= 2);
    assert_int_equal(number_of(database, "SELECT quota_tokens FROM jobs WHERE number = 7"), 4200);
    assert_int_equal(number_of(database, "SELECT day_end_ms + day_tokens FROM jobs"), 0);
    /* One whose end is settled teaches nothing. */
    assert_int_equal(number_of(database, "SELECT thought_tokens FROM jobs WHERE number = 7"), 4200);
    assert_int_equal(number_of(database, "SELECT thought_tokens FROM jobs WHERE number = 8"), 0);
    assert_int_equal(number_of(database, "SELECT record FROM wishes WHERE job = 7"), -1);
    (void)sqlite3_close(database);
}

static void leaves_a_newer_version_alone(void **state)
{
    (void)state;
    sqlite3 *database = NULL;
    struct ps_error err = {0};
    assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "PRAGMA user_version = 99", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(ps_schema_migrate(database, &err), PS_E_CORRUPT);
    assert_non_null(strstr(err.message, "99"));
    assert_int_equal(number_of(database, "SELECT count(*) FROM sqlite_master"), 0);
    (void)sqlite3_close(database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_tables_once),
        cmocka_unit_test(a_file_of_version_1_gets_what_is_new),
        cmocka_unit_test(leaves_a_newer_version_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
