/*
 * Goal: what was committed is there after a new open, what was not is not, and a file that cannot
 * be trusted is refused. Method: a file in a folder of our own, opened again and again; spoilt on
 * purpose.
 */
#include "store/sqlite_store.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/penstock-store-XXXXXX";
static char path[sizeof(folder) + 20];
static struct ps_state_store store;

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void open_store(void)
{
    struct ps_error err = {0};
    assert_int_equal(ps_sqlite_store_open(path, &store, &err), PS_OK);
}

static void open_again(void)
{
    ps_sqlite_store_close(&store);
    open_store();
}

static int open_new(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/run.db", folder);
    open_store();
    return 0;
}

static int close_and_remove(void **state)
{
    (void)state;
    char journal[sizeof(path) + 20];
    (void)snprintf(journal, sizeof(journal), "%s-journal", path);
    ps_sqlite_store_close(&store);
    (void)unlink(journal);
    return unlink(path);
}

static void begin(void)
{
    struct ps_error err = {0};
    assert_int_equal(store.ops->begin(store.context, &err), PS_OK);
}

static void commit(void)
{
    struct ps_error err = {0};
    assert_int_equal(store.ops->commit(store.context, &err), PS_OK);
}

static void set(const char *const name, const char *const value)
{
    struct ps_error err = {0};
    assert_int_equal(store.ops->set_value(store.context, name, value, &err), PS_OK);
}

/* "" where there is none. */
static void assert_value(const char *const name, const char *const value)
{
    struct ps_buf buf;
    ps_buf_init(&buf, 1000);
    assert_int_equal(store.ops->get_value(store.context, name, &buf), value[0] != '\0');
    assert_string_equal(ps_buf_text(&buf), value);
    ps_buf_release(&buf);
}

static void only_a_committed_turn_is_remembered(void **state)
{
    (void)state;
    begin();
    set("account", "111122223333");
    commit();
    begin();
    set("account", "444455556666");
    set("other", "x");
    store.ops->rollback(store.context);
    assert_value("account", "111122223333");
    begin();
    set("other", "never committed");
    open_again();
    assert_value("account", "111122223333");
    assert_value("other", "");
    begin();
    set("account", "777788889999");
    commit();
    open_again();
    assert_value("account", "777788889999");
}

static void keep_last(void *const seer, struct ps_job *const job)
{
    *(struct ps_job *)seer = *job;
    memset(job, 0, sizeof(*job)); /* its texts are ours now */
}

static void a_job_comes_back_as_it_was(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_job job = {.number = 7,
                         .attempt = 2,
                         .lane = 1,
                         .state = PS_STATE_LISTING,
                         .shard_count = 3,
                         .records = 100,
                         .bytes = INT64_C(5000000000),
                         .input_tokens = INT64_C(10000000000000),
                         .token = ps_str_dup(PS_STR("token")),
                         .request = ps_str_dup(PS_STR("{\"a\":\"'\\\"\"}")),
                         .first_signed_ms = 11,
                         .last_signed_ms = 12,
                         .signed_wall_ms = 13,
                         .look_ms = 14,
                         .empty_looks = 1,
                         .last_empty_ms = 15,
                         .status = PS_JOB_PARTIALLY_COMPLETED,
                         .counted = -1,
                         .processed = 61,
                         .total = 100,
                         .message = ps_str_dup(PS_STR("why")),
                         .is_stop_asked = true,
                         .ended_ms = 16,
                         .listing_digest = -17,
                         .listing_ms = 18,
                         .verdict = PS_VERDICT_UNACCOUNTED,
                         .tries = 4,
                         .wake_ms = INT64_MAX,
                         .quota_tokens = INT64_C(20000000000000),
                         .day_end_ms = 19,
                         .day_tokens = 20,
                         .thought_tokens = 21,
                         .cost_usd_micros = 22};
    struct ps_job found = {0};
    begin();
    assert_int_equal(store.ops->put_job(store.context, &job, &err), PS_OK);
    job.attempt = 3; /* replaced by number */
    assert_int_equal(store.ops->put_job(store.context, &job, &err), PS_OK);
    commit();
    open_again();
    assert_int_equal(store.ops->each_job(store.context, keep_last, &found, &err), PS_OK);
    assert_string_equal(found.token, job.token);
    assert_int_equal(found.thought_tokens, job.thought_tokens);
    assert_int_equal(found.cost_usd_micros, job.cost_usd_micros);
    assert_string_equal(found.request, job.request);
    assert_null(found.arn);
    assert_string_equal(found.message, job.message);
    ps_job_release(&found);
    assert_int_equal(store.ops->each_job(store.context, keep_last, &found, &err), PS_OK);

    /* All that is stored and no text: the same bytes. */
    struct ps_job *const both[] = {&job, &found};
    for (size_t place = 0; place < 2; place++) {
        ps_job_set_text(&both[place]->token, NULL);
        ps_job_set_text(&both[place]->request, NULL);
        ps_job_set_text(&both[place]->message, NULL);
    }
    assert_memory_equal(&found, &job, sizeof(job));
}

struct seen {
    int64_t count;
    int64_t firsts[4];
    int64_t picked_count;
    uint64_t last_picked;
    int64_t put_attempt;
};

static void see_shard(void *const seer, const int64_t shard,
                      const struct ps_shard_record_row *const row)
{
    struct seen *const seen = seer;
    assert_true(shard < 4);
    seen->firsts[shard] = row->row.first;
    seen->count++;
    seen->put_attempt = row->row.put_attempt;
    if (row->picked != NULL) {
        seen->picked_count = row->picked_count;
        seen->last_picked = row->picked[row->picked_count - 1];
        assert_true(row->row.is_picked);
    }
    assert_int_equal(row->digest_high, UINT64_MAX);
}

static void shards_come_back_by_range_with_their_picks(void **state)
{
    (void)state;
    static const uint64_t picked[] = {1, 5, INT64_MAX};
    struct ps_error err = {0};
    struct seen seen = {0};
    const struct ps_shard_record_row rows[] = {
        {.row = {.first = 10, .end = 20, .records = 10}, .digest_high = UINT64_MAX},
        {.row = {.first = 20, .end = 30, .records = 10}, .digest_high = UINT64_MAX},
        {.row = {.first = 0, .end = 3, .records = 3},
         .picked = picked,
         .picked_count = 3,
         .digest_high = UINT64_MAX},
    };
    begin();
    assert_int_equal(store.ops->put_shards(store.context, 7, rows, 3, &err), PS_OK);
    assert_int_equal(store.ops->put_shards(store.context, 8, rows, 1, &err), PS_OK);
    assert_int_equal(store.ops->mark_put(store.context, 7, 2, 5, &err), PS_OK);
    commit();
    open_again();
    assert_int_equal(store.ops->each_shard(store.context, (struct ps_shard_span){7, 1, 3},
                                           see_shard, &seen, &err),
                     PS_OK);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.firsts[1], 20);
    assert_int_equal(seen.picked_count, 3);
    assert_int_equal(seen.last_picked, INT64_MAX);
    assert_int_equal(seen.put_attempt, 5);
    begin();
    assert_int_equal(store.ops->put_shards(store.context, 7, rows, 1, &err), PS_OK);
    commit();
    seen = (struct seen){0};
    assert_int_equal(store.ops->each_shard(store.context, PS_ALL_SHARDS(7), see_shard, &seen, &err),
                     PS_OK);
    assert_int_equal(seen.count, 1);
}

static void a_wish_is_a_row_until_its_fact_comes(void **state)
{
    (void)state;
    struct ps_error err = {0};
    const struct ps_wish wish = {
        .kind = PS_WISH_CREATE_JOB, .job = 7, .shard = -1, .text = PS_STR("{}")};
    int64_t first = 0;
    int64_t second = 0;
    int64_t count = -1;
    begin();
    assert_int_equal(store.ops->add_wish(store.context, &wish, 99, &first, &err), PS_OK);
    assert_int_equal(store.ops->add_wish(store.context, &wish, 99, &second, &err), PS_OK);
    assert_true(second > first);
    assert_int_equal(store.ops->end_wish(store.context, first, &err), PS_OK);
    commit();
    open_again();
    begin();
    assert_int_equal(store.ops->drop_wishes(store.context, &count, &err), PS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(store.ops->add_wish(store.context, &wish, 99, &first, &err), PS_OK);
    assert_true(first > second); /* a number is never used twice */
    commit();
}

/* "job:record " of each. */
static void see_wish(void *const seer, const int64_t job, const int64_t record)
{
    ps_buf_add_format(seer, "%lld:%lld ", (long long)job, (long long)record);
}

static void an_open_call_tells_whose_it_is(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_buf seen PS_CLEANUP(ps_buf_release);
    struct ps_wish wish = {.kind = PS_WISH_INVOKE, .job = 7, .shard = 2, .record = 40};
    int64_t id = 0;
    ps_buf_init(&seen, PS_TEXT_BYTES_MAX);
    begin();
    assert_int_equal(store.ops->add_wish(store.context, &wish, 99, &id, &err), PS_OK);
    wish.record = 4000000000;
    assert_int_equal(store.ops->add_wish(store.context, &wish, 99, &id, &err), PS_OK);
    wish.kind = PS_WISH_GET_JOB;
    assert_int_equal(store.ops->add_wish(store.context, &wish, 99, &id, &err), PS_OK);
    commit();
    open_again();
    assert_int_equal(store.ops->each_wish(store.context, PS_WISH_INVOKE, see_wish, &seen, &err),
                     PS_OK);
    assert_string_equal(ps_buf_text(&seen), "7:40 7:4000000000 ");
}

static void see_segment(void *const seer, const char *const name)
{
    ps_buf_add_text(seer, name);
}

static void segments_keep_the_order_of_their_commits(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_buf names;
    ps_buf_init(&names, 100);
    begin();
    assert_int_equal(store.ops->add_segment(store.context, "b", &err), PS_OK);
    commit();
    begin();
    assert_int_equal(store.ops->add_segment(store.context, "a", &err), PS_OK);
    commit();
    begin();
    assert_int_equal(store.ops->add_segment(store.context, "b", &err), PS_E_IO);
    store.ops->rollback(store.context);
    open_again();
    assert_int_equal(store.ops->each_segment(store.context, see_segment, &names, &err), PS_OK);
    assert_string_equal(ps_buf_text(&names), "ba");
    ps_buf_release(&names);
}

static void a_second_opener_is_kept_out(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_state_store second = {NULL, NULL};
    begin();
    set("name", "value");
    commit();
    open_again(); /* and not a row written since */
    assert_int_equal(ps_sqlite_store_open(path, &second, &err), PS_E_CONFLICT);
    assert_non_null(strstr(err.message, "another process holds it"));
    assert_null(second.context);
    begin();
    set("name", "another");
    commit();
    assert_value("name", "another");
    ps_sqlite_store_close(&store);
    assert_int_equal(ps_sqlite_store_open(path, &second, &err), PS_OK);
    ps_sqlite_store_close(&second);
    open_store();
}

/* A limit on the size of files stands in for a full disk. */
static void a_full_disk_gives_up_the_turn_alone(void **state)
{
    (void)state;
    struct ps_error err = {0};
    char text[4000];
    char name[20];
    struct rlimit before;
    enum ps_status status = PS_OK;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    begin();
    set("name", "committed");
    commit();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit tight = {200000, before.rlim_max};
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    begin();
    set("name", "never");
    for (int row = 0; row < 200 && status == PS_OK; row++) {
        (void)snprintf(name, sizeof(name), "row-%d", row);
        status = store.ops->set_value(store.context, name, text, &err);
    }
    if (status == PS_OK) {
        status = store.ops->commit(store.context, &err);
    }
    store.ops->rollback(store.context);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, PS_E_IO);
    assert_int_equal(err.retry, PS_RETRY_LATER);
    assert_value("name", "committed");
    open_again();
    assert_value("name", "committed");
    begin();
    set("name", "and on");
    commit();
    assert_value("name", "and on");
}

/* Overwrites `size` bytes in the middle of the file. */
static void spoil(const off_t offset, const size_t size)
{
    char junk[8192];
    memset(junk, 0x5a, sizeof(junk));
    const int descriptor = open(path, O_WRONLY);
    assert_true(descriptor >= 0);
    assert_int_equal(pwrite(descriptor, junk, size, offset), (ssize_t)size);
    (void)close(descriptor);
}

static void a_spoilt_file_is_refused(void **state)
{
    (void)state;
    static const struct {
        off_t offset;
        size_t size;
    } rows[] = {{0, 100}, {4096, 4096}, {8192, 4096}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_error err = {0};
        (void)close_and_remove(NULL);
        open_store();
        begin();
        set("name", "value");
        commit();
        ps_sqlite_store_close(&store);
        spoil(rows[row].offset, rows[row].size);
        assert_int_equal(ps_sqlite_store_open(path, &store, &err), PS_E_CORRUPT);
        assert_true(err.hint[0] != '\0');
        (void)unlink(path);
        open_store();
    }
}

static void a_path_that_cannot_be_opened_is_told(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_state_store none = {NULL, NULL};
    assert_int_equal(ps_sqlite_store_open("/no/such/folder/run.db", &none, &err), PS_E_IO);
    assert_non_null(strstr(err.message, "/no/such/folder/run.db"));
    ps_sqlite_store_close(&none);
}

#define IN_A_NEW_FILE(test) cmocka_unit_test_setup_teardown(test, open_new, close_and_remove)

struct seen_events {
    int64_t count;
    int64_t first_number;
    int64_t last_number;
    struct ps_event last;
};

static void see_event(void *const seer, const int64_t number, const struct ps_event *const event)
{
    struct seen_events *const seen = seer;
    seen->first_number = seen->count == 0 ? number : seen->first_number;
    seen->last_number = number;
    seen->last = *event;
    seen->count++;
}

static void events_are_kept_with_their_numbers_and_the_oldest_go(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct seen_events seen = {.count = 0};
    const struct ps_event event = {.kind = PS_EVENT_JOB_CREATED,
                                   .at_ms = 5,
                                   .lane = 1,
                                   .job = 2,
                                   .times = 3,
                                   .numbers = {1, 2, 3, 4, 5, 6},
                                   .text = "why"};
    int64_t number = 0;
    begin();
    for (int64_t told = 1; told <= PS_EVENTS_KEPT_MAX + 5; told++) {
        assert_int_equal(store.ops->add_event(store.context, &event, &number, &err), PS_OK);
        assert_int_equal(number, told);
    }
    commit();
    open_again();
    assert_int_equal(store.ops->each_event(store.context, see_event, &seen, &err), PS_OK);
    assert_int_equal(seen.count, PS_EVENTS_KEPT_MAX);
    assert_int_equal(seen.first_number, 6);
    assert_int_equal(seen.last_number, PS_EVENTS_KEPT_MAX + 5);
    assert_memory_equal(&seen.last, &event, sizeof(event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_NEW_FILE(only_a_committed_turn_is_remembered),
        IN_A_NEW_FILE(a_job_comes_back_as_it_was),
        IN_A_NEW_FILE(shards_come_back_by_range_with_their_picks),
        IN_A_NEW_FILE(a_wish_is_a_row_until_its_fact_comes),
        IN_A_NEW_FILE(an_open_call_tells_whose_it_is),
        IN_A_NEW_FILE(segments_keep_the_order_of_their_commits),
        IN_A_NEW_FILE(events_are_kept_with_their_numbers_and_the_oldest_go),
        IN_A_NEW_FILE(a_second_opener_is_kept_out),
        IN_A_NEW_FILE(a_full_disk_gives_up_the_turn_alone),
        IN_A_NEW_FILE(a_spoilt_file_is_refused),
        cmocka_unit_test(a_path_that_cannot_be_opened_is_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
