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
        cmocka_unit_test(leaves_a_newer_version_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
