/*
 * Goal: an object whose bytes are not those that the store keeps is never taken as whole, also when
 * it came in two parts. Method: the same ten bytes under true and false promises.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define CRC64 "x-amz-checksum-crc64nvme: Ffmx7kz9nB0=\r\n"
#define CRC32 "x-amz-checksum-crc32: poTHxg==\r\n"

static const struct ps_wish get = {.kind = PS_WISH_GET_OBJECT, .key = {"k", 1}};

static void one_answer_is_held_against_its_promise(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *headers;
        const char *body;
        bool is_whole;
    } rows[] = {
        {"nothing is promised", "", "0123456789", true},
        {"CRC-64, true", CRC64, "0123456789", true},
        {"CRC-64, one byte is another", CRC64, "0123456780", false},
        {"CRC-32, true", CRC32, "0123456789", true},
        {"CRC-32, one byte is another", CRC32, "1123456789", false},
        {"both, and the better one counts", CRC64 "x-amz-checksum-crc32: AAAAAA==\r\n",
         "0123456789", true},
        {"a CRC-32 of parts promises nothing", CRC32 "x-amz-checksum-type: COMPOSITE\r\n",
         "1123456789", true},
        {"what is no CRC-64 promises nothing", "x-amz-checksum-crc64nvme: AAAA\r\n", "0123456789",
         true},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct fake_step step = {
            .status = "200 OK", .headers = rows[row].headers, .body = rows[row].body};
        struct fixture fixture;
        print_message("%s\n", rows[row].name);
        fixture_start(&fixture, &step, 1, NULL);
        const struct ps_fact *const fact = fixture_do(&fixture, &get);
        assert_request(&fixture, 0, "x-amz-checksum-mode: ENABLED\r\n");
        assert_int_equal(fact->outcome, rows[row].is_whole ? PS_OUTCOME_YES : PS_OUTCOME_NO);
        assert_int_equal(fact->bytes, rows[row].is_whole ? 10 : 0);
        if (!rows[row].is_whole) {
            assert_int_equal(fact->error.status, PS_E_CORRUPT);
            assert_int_equal(fact->error.retry, PS_RETRY_LATER);
        }
        fixture_stop(&fixture);
    }
}

static void two_parts_are_held_against_the_promise_of_the_first(void **state)
{
    (void)state;
    static const char *const rests[] = {"56789", "56780"};
    for (size_t row = 0; row < 2; row++) {
        const struct fake_step steps[] = {
            {.status = "200 OK",
             .headers = "ETag: \"e\"\r\n" CRC64,
             .body = "0123456789",
             .fault = FAKE_CUT},
            {.status = "206 Partial Content",
             .headers = "ETag: \"e\"\r\nContent-Range: bytes 5-9/10\r\n",
             .body = rests[row]},
        };
        struct fixture fixture;
        fixture_start(&fixture, steps, 2, NULL);
        struct ps_wish rest = get;
        rest.etag = PS_STR("\"e\"");
        rest.offset = fixture_do(&fixture, &get)->bytes;
        assert_int_equal(rest.offset, 5);
        const struct ps_fact *const fact = fixture_do(&fixture, &rest);
        assert_int_equal(fact->outcome, row == 0 ? PS_OUTCOME_YES : PS_OUTCOME_NO);
        assert_int_equal(fact->bytes, row == 0 ? 10 : 0);
        fixture_stop(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_answer_is_held_against_its_promise),
        cmocka_unit_test(two_parts_are_held_against_the_promise_of_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
