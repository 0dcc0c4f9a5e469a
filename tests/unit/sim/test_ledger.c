/* Goal: the ledger's sums are those of the events. Method: events as text; the sums read back. */
#include "sim/ledger.h"

#include "sim/event_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct books {
    struct ps_ledger *ledger;
    struct ps_jobs jobs;
    struct ps_objects objects;
};

static void open_books(struct books *const books)
{
    memset(books, 0, sizeof *books);
    books->ledger = ps_ledger_new();
    ps_objects_init(&books->objects, "/nowhere");
}

static void close_books(struct books *const books)
{
    (void)ps_ledger_free(books->ledger);
    ps_objects_release(&books->objects);
}

static void apply(struct books *const books, const char *const text)
{
    yyjson_doc *const doc = yyjson_read(text, strlen(text), 0);
    yyjson_val *const event = yyjson_doc_get_root(doc);
    assert_non_null(event);
    ps_ledger_apply(books->ledger, ps_event_text(event, "event"), event);
    yyjson_doc_free(doc);
}

static int64_t number(const struct books *const books, const char *const path)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 1000000);
    ps_ledger_write(books->ledger, &books->jobs, &books->objects, &text);
    yyjson_doc *const doc = yyjson_read(text.data, text.size, 0);
    assert_non_null(doc);
    const int64_t value = yyjson_get_sint(yyjson_ptr_get(yyjson_doc_get_root(doc), path));
    yyjson_doc_free(doc);
    return value;
}

static void record(struct books *const books, const char *const run, const int digest, const int id,
                   const bool is_billed)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "{\"event\":\"record\",\"run\":\"%s\",\"input_sha256\":\"%d\",\"record_id\":\"%"
                   "d\",\"is_billed\":%s,"
                   "\"error_code\":%d,\"input_tokens\":%d,\"output_tokens\":2}",
                   run, digest, id, is_billed ? "true" : "false", is_billed ? 0 : 429,
                   is_billed ? 10 : 0);
    apply(books, text);
}

static void what_was_paid_twice_is_counted(void **state)
{
    (void)state;
    struct books books PS_CLEANUP(close_books);
    open_books(&books);
    record(&books, "a", 1, 1, true);
    record(&books, "a", 1, 2, true);  /* a line alike: meant */
    record(&books, "a", 2, 1, false); /* refused, sent again: not twice */
    record(&books, "a", 2, 1, true);
    record(&books, "b", 1, 1, true); /* another run */
    assert_int_equal(number(&books, "/processed_twice"), 0);
    record(&books, "a", 1, 1, true);
    record(&books, "a", 1, 1, true);
    record(&books, "b", 1, 1, true);
    assert_int_equal(number(&books, "/processed_twice"), 3);
    assert_int_equal(number(&books, "/records_processed"), 8);
    assert_int_equal(number(&books, "/records_billed"), 7);
    assert_int_equal(number(&books, "/refused_records"), 1);
    assert_int_equal(number(&books, "/input_tokens"), 70);
    assert_int_equal(ps_ledger_records(books.ledger), 8);
}

static void many_are_told_apart(void **state)
{
    (void)state;
    struct books books PS_CLEANUP(close_books);
    open_books(&books);
    for (int round = 0; round < 2; round++) {
        for (int id = 0; id < 5000; id++) {
            record(&books, "a", id % 100, id, true);
        }
        assert_int_equal(number(&books, "/processed_twice"), round * 5000);
    }
}

static void calls_and_breaches_are_kept(void **state)
{
    (void)state;
    struct books books PS_CLEANUP(close_books);
    open_books(&books);
    apply(&books,
          "{\"event\":\"request\",\"op\":\"PutObject\",\"status\":200,\"seq\":7,\"time_ms\":9}");
    apply(&books,
          "{\"event\":\"request\",\"op\":\"PutObject\",\"status\":503,\"code\":\"SlowDown\"}");
    apply(&books, "{\"event\":\"request\",\"op\":\"PutObject\",\"status\":503,\"code\":\"Other\"}");
    apply(&books, "{\"event\":\"request\",\"op\":\"GetModelInvocationJob\",\"status\":429}");
    apply(&books,
          "{\"event\":\"job.created\",\"region\":\"r\",\"base_model\":\"m\",\"live_jobs\":3}");
    apply(&books,
          "{\"event\":\"job.created\",\"region\":\"r\",\"base_model\":\"m\",\"live_jobs\":2}");
    apply(&books, "{\"event\":\"breach\",\"limit\":\"jobs\",\"value\":4}");
    apply(&books,
          "{\"event\":\"breach\",\"limit\":\"jobs\",\"value\":5,\"seq\":70,\"time_ms\":90}");
    assert_int_equal(number(&books, "/calls/PutObject"), 3);
    assert_int_equal(ps_ledger_calls(books.ledger, PS_STR("PutObject")), 3);
    assert_int_equal(ps_ledger_calls(books.ledger, PS_STR("GetObject")), 0);
    assert_int_equal(number(&books, "/throttled_calls"), 2);
    assert_int_equal(number(&books, "/peak_live_jobs/r~1m"), 3);
    assert_int_equal(number(&books, "/breaches/1/value"), 5);
    assert_int_equal(number(&books, "/seq"), 70);
    assert_int_equal(number(&books, "/time_ms"), 90);
    assert_int_equal(number(&books, "/open_multipart"), 0);
}

static void invocation(struct books *const books, const int digest)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "{\"event\":\"invocation\",\"input_sha256\":\"%d\",\"is_billed\":true,"
                   "\"input_tokens\":3,\"output_tokens\":4}",
                   digest);
    apply(books, text);
}

static void jobs_and_calls_are_paid_once_together(void **state)
{
    (void)state;
    struct books books PS_CLEANUP(close_books);
    open_books(&books);
    record(&books, "a", 1, 1, true);
    invocation(&books, 2);
    record(&books, "a", 2, 2, false); /* an error is not paid for */
    assert_int_equal(number(&books, "/processed_twice"), 0);
    invocation(&books, 1); /* after a job */
    assert_int_equal(number(&books, "/processed_twice"), 1);
    invocation(&books, 2); /* after a call */
    assert_int_equal(number(&books, "/processed_twice"), 2);
    record(&books, "b", 2, 2, true); /* in a job after a call */
    assert_int_equal(number(&books, "/processed_twice"), 3);
    assert_int_equal(number(&books, "/invocations"), 3);
    assert_int_equal(number(&books, "/records_billed"), 5);
    assert_int_equal(number(&books, "/input_tokens"), 10 + 3 * 3 + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_paid_twice_is_counted),
        cmocka_unit_test(many_are_told_apart),
        cmocka_unit_test(calls_and_breaches_are_kept),
        cmocka_unit_test(jobs_and_calls_are_paid_once_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
