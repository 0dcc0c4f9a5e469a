/*
 * Goal: what one run writes down, another counts; what was not committed never was, also after
 * kill -9; two are never in it at once; a file that is none is refused. Method: two connections to
 * one file, and a process of the test that dies within a transaction.
 */
#include "store/sqlite_ledger.h"

#include "base/buf.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define TODAY INT64_C(1000000)
#define TOMORROW (TODAY + 86400000)

static char folder[] = "/tmp/penstock-ledger-XXXXXX";
static char path[sizeof(folder) + 20];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/ledger.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int remove_file(void **state)
{
    (void)state;
    char journal[sizeof(path) + 10];
    (void)snprintf(journal, sizeof(journal), "%s-journal", path);
    (void)unlink(journal); /* of the killed one: nobody may have opened the file since */
    return unlink(path);
}

static struct ps_pool_ledger opened(void)
{
    struct ps_pool_ledger ledger;
    struct ps_error err = {0};
    assert_int_equal(ps_sqlite_ledger_open(path, &ledger, &err), PS_OK);
    return ledger;
}

static void put(const struct ps_pool_ledger ledger, const char *const run, const int64_t job,
                const bool has_slot, const int64_t day_end_ms)
{
    struct ps_error err = {0};
    const struct ps_ledger_row row = {.pool = "pool",
                                      .run = run,
                                      .job = job,
                                      .name = "name",
                                      .has_slot = has_slot,
                                      .day_end_ms = day_end_ms,
                                      .day_tokens = 100 * job};
    assert_int_equal(ledger.ops->begin(ledger.context, &err), PS_OK);
    assert_int_equal(ledger.ops->put(ledger.context, &row, &err), PS_OK);
    assert_int_equal(ledger.ops->commit(ledger.context, &err), PS_OK);
}

static void assert_others(const struct ps_pool_ledger ledger, const char *const run,
                          const int64_t day_end_ms, const struct ps_engine_others expected)
{
    struct ps_engine_others others;
    struct ps_error err = {0};
    assert_int_equal(ledger.ops->sum_others(ledger.context, "pool", run, day_end_ms, &others, &err),
                     PS_OK);
    assert_int_equal(others.slots, expected.slots);
    assert_int_equal(others.day_tokens, expected.day_tokens);
    assert_int_equal(
        ledger.ops->sum_others(ledger.context, "another", run, day_end_ms, &others, &err), PS_OK);
    assert_int_equal(others.slots + others.day_tokens, 0);
}

static void a_run_counts_what_others_hold(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_pool_ledger one = opened();
    struct ps_pool_ledger two = opened();
    put(one, "one", 1, true, TODAY);
    put(one, "one", 2, false, TODAY);
    put(one, "one", 3, true, 0);
    assert_others(one, "one", TODAY, (struct ps_engine_others){0, 0});
    assert_others(two, "two", TODAY, (struct ps_engine_others){2, 300});
    /* Of the day before only what may still be at work counts. */
    assert_others(two, "two", TOMORROW, (struct ps_engine_others){2, 100});
    put(one, "one", 1, true, TOMORROW);
    assert_others(two, "two", TODAY, (struct ps_engine_others){2, 300});
    assert_int_equal(two.ops->begin(two.context, &err), PS_OK);
    assert_int_equal(two.ops->free_slot(two.context, "one", 3, &err), PS_OK);
    assert_int_equal(two.ops->forget_days(two.context, "pool", TOMORROW, &err), PS_OK);
    assert_int_equal(two.ops->commit(two.context, &err), PS_OK);
    assert_others(two, "two", TODAY, (struct ps_engine_others){1, 100});
    assert_int_equal(one.ops->begin(one.context, &err), PS_OK);
    assert_int_equal(one.ops->forget_run(one.context, "one", &err), PS_OK);
    assert_int_equal(one.ops->commit(one.context, &err), PS_OK);
    assert_others(two, "two", TODAY, (struct ps_engine_others){0, 0});
    ps_sqlite_ledger_close(&one);
    ps_sqlite_ledger_close(&two);
}

static void add_seen(void *const seer, const struct ps_ledger_row *const row)
{
    ps_buf_add_format(seer, "%s %lld %s %s;", row->run, (long long)row->job, row->pool, row->name);
}

static void rows_with_a_slot_of_others_are_told(void **state)
{
    (void)state;
    struct ps_buf seen PS_CLEANUP(ps_buf_release);
    struct ps_error err = {0};
    struct ps_pool_ledger ledger = opened();
    ps_buf_init(&seen, PS_TEXT_BYTES_MAX);
    put(ledger, "two", 2, true, TODAY);
    put(ledger, "two", 1, true, TODAY);
    put(ledger, "two", 3, false, TODAY);
    put(ledger, "one", 7, true, 0);
    put(ledger, "me", 1, true, 0);
    assert_int_equal(ledger.ops->each_slot(ledger.context, "me", add_seen, &seen, &err), PS_OK);
    assert_string_equal(ps_buf_text(&seen), "one 7 pool name;two 1 pool name;two 2 pool name;");
    ps_sqlite_ledger_close(&ledger);
}

static void two_are_never_in_it_at_once(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_pool_ledger one = opened();
    struct ps_pool_ledger two = opened();
    assert_int_equal(one.ops->begin(one.context, &err), PS_OK);
    assert_int_equal(two.ops->begin(two.context, &err), PS_E_CONFLICT);
    assert_int_equal(err.retry, PS_RETRY_LATER);
    one.ops->rollback(one.context);
    assert_int_equal(two.ops->begin(two.context, &err), PS_OK);
    assert_int_equal(two.ops->commit(two.context, &err), PS_OK);
    ps_sqlite_ledger_close(&one);
    ps_sqlite_ledger_close(&two);
}

static void what_a_killed_process_left_open_never_was(void **state)
{
    (void)state;
    int how = 0;
    struct ps_pool_ledger before = opened();
    put(before, "one", 1, true, TODAY);
    ps_sqlite_ledger_close(&before);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct ps_error err = {0};
        struct ps_pool_ledger ledger;
        const struct ps_ledger_row row = {
            .pool = "pool", .run = "one", .job = 2, .name = "", .has_slot = true};
        bool is_written = ps_sqlite_ledger_open(path, &ledger, &err) == PS_OK &&
                          ledger.ops->begin(ledger.context, &err) == PS_OK &&
                          ledger.ops->put(ledger.context, &row, &err) == PS_OK;
        (void)kill(getpid(), is_written ? SIGKILL : SIGTERM);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    struct ps_pool_ledger ledger = opened();
    assert_others(ledger, "two", TODAY, (struct ps_engine_others){1, 100});
    ps_sqlite_ledger_close(&ledger);
}

static void what_is_no_ledger_is_refused(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_pool_ledger ledger;
    FILE *const file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("this is no database, but long enough to look like one of them", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(ps_sqlite_ledger_open(path, &ledger, &err), PS_E_CORRUPT);
    assert_non_null(strstr(err.hint, "remove that file"));
    assert_int_equal(ps_sqlite_ledger_open("/no/such/folder/x", &ledger, &err), PS_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_run_counts_what_others_hold, remove_file),
        cmocka_unit_test_teardown(rows_with_a_slot_of_others_are_told, remove_file),
        cmocka_unit_test_teardown(two_are_never_in_it_at_once, remove_file),
        cmocka_unit_test_teardown(what_a_killed_process_left_open_never_was, remove_file),
        cmocka_unit_test_teardown(what_is_no_ledger_is_refused, remove_file),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
