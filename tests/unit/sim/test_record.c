/* Goal: a line of input becomes a line of output that holds it. Method: lines, read back by another
 * reader. */
#include "sim/record.h"

#include "sim/event_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char model[] = "meta.llama3-1-8b-instruct-v1:0";
static const struct ps_job_work work = {.family = PS_FAMILY_LLAMA, .base_model = model};

static void a_line_becomes_a_line(void **state)
{
    (void)state;
    struct ps_record record PS_CLEANUP(ps_record_release);
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    ps_record_init(&record);
    ps_buf_init(&line, 100000);
    assert_true(ps_record_read(
        &record, PS_STR("{\"modelInput\":{\"prompt\":\"h\\u00e9llo\"},\"recordId\":\"a\\nb\"}"),
        &work));
    assert_int_equal(record.answer.error_code, 0);
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct ps_prng prng;
        ps_prng_init(&prng, seed);
        ps_buf_clear(&line);
        ps_record_write(&record, &work, &prng, &line);
        assert_int_equal(ps_str_find(ps_buf_str(&line), '\n'), line.size - 1);
        yyjson_doc *const doc = yyjson_read(line.data, line.size, 0);
        yyjson_val *const root = yyjson_doc_get_root(doc);
        assert_true(ps_str_equals_text(ps_event_text(root, "recordId"), "a\nb"));
        assert_string_equal(yyjson_get_str(yyjson_ptr_get(root, "/modelInput/prompt")),
                            "h\xc3\xa9llo");
        assert_non_null(yyjson_ptr_get(root, "/modelOutput/generation"));
        assert_null(yyjson_obj_get(root, "error"));
        yyjson_doc_free(doc);
    }
}

static void an_error_takes_the_place_of_the_output(void **state)
{
    (void)state;
    struct ps_record record PS_CLEANUP(ps_record_release);
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    struct ps_prng prng;
    ps_record_init(&record);
    ps_buf_init(&line, 100000);
    ps_prng_init(&prng, 3);
    assert_true(ps_record_read(&record, PS_STR("{\"modelInput\":{\"prompt\":\"x\"}}"), &work));
    ps_record_set_error(&record, 429, "Too many tokens");
    assert_int_equal(record.answer.input_tokens, 0);
    assert_int_equal(record.id.size, 0);
    ps_record_make_id(&record, &prng);
    assert_int_equal(record.id.size, 11);
    ps_record_write(&record, &work, &prng, &line);
    yyjson_doc *const doc = yyjson_read(line.data, line.size, 0);
    yyjson_val *const root = yyjson_doc_get_root(doc);
    assert_int_equal(yyjson_get_int(yyjson_ptr_get(root, "/error/errorCode")), 429);
    assert_null(yyjson_obj_get(root, "modelOutput"));
    yyjson_doc_free(doc);
}

static void bytes_that_are_no_characters_stand_in_the_text(void **state)
{
    (void)state;
    struct ps_record record PS_CLEANUP(ps_record_release);
    ps_record_init(&record);
    assert_true(ps_record_read(&record, PS_STR("{\"modelInput\":{\"prompt\":\"x\"}}"), &work));
    const size_t size = record.output.size;
    ps_record_spoil_text(&record, PS_STR("\\ud800"));
    assert_int_equal(record.output.size, size + 6);
    assert_non_null(strstr(ps_buf_text(&record.output), "\"generation\":\"\\ud800"));
    assert_null(yyjson_read(record.output.data, record.output.size, 0));
}

static void what_is_no_object_is_no_record(void **state)
{
    (void)state;
    static const char *const lines[] = {"", "[]", "1", "{", "{\"a\":\"\\ud800\"}", "{} {}"};
    struct ps_record record PS_CLEANUP(ps_record_release);
    ps_record_init(&record);
    for (size_t index = 0; index < sizeof lines / sizeof lines[0]; index++) {
        assert_false(ps_record_read(&record, ps_str_of(lines[index]), &work));
    }
    assert_true(ps_record_read(&record, PS_STR("{}"), &work));
    assert_int_equal(record.answer.error_code, 400);
}

static void a_deep_body_is_that_records_error(void **state)
{
    (void)state;
    struct ps_record record PS_CLEANUP(ps_record_release);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    struct ps_prng prng;
    ps_record_init(&record);
    ps_buf_init(&text, 1000000);
    ps_buf_init(&line, 1000000);
    ps_prng_init(&prng, 3);
    ps_buf_add(&text, PS_STR("{\"recordId\":\"a\",\"modelInput\":{\"prompt\":"));
    for (int depth = 0; depth < 10000; depth++) {
        ps_buf_add(&text, PS_STR("["));
    }
    for (int depth = 0; depth < 10000; depth++) {
        ps_buf_add(&text, PS_STR("]"));
    }
    ps_buf_add(&text, PS_STR("}}"));
    assert_true(ps_record_read(&record, ps_buf_str(&text), &work));
    assert_int_equal(record.answer.error_code, 400);
    ps_record_write(&record, &work, &prng, &line);
    yyjson_doc *const doc = yyjson_read(line.data, line.size, 0);
    assert_true(yyjson_is_null(yyjson_obj_get(yyjson_doc_get_root(doc), "modelInput")));
    yyjson_doc_free(doc);
}

static void the_digest_is_of_the_canonical_form(void **state)
{
    (void)state;
    struct ps_record record PS_CLEANUP(ps_record_release);
    char hex[PS_SHA256_HEX_SIZE];
    ps_record_init(&record);
    assert_true(ps_record_read(
        &record, PS_STR("{\"modelInput\": { \"prompt\" : \"\\u0078\", \"max_gen_len\": 10 } }"),
        &work));
    ps_sha256_hex(PS_STR("{\"max_gen_len\":10,\"prompt\":\"x\"}"), hex);
    assert_string_equal(record.digest_hex, hex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_becomes_a_line),
        cmocka_unit_test(an_error_takes_the_place_of_the_output),
        cmocka_unit_test(bytes_that_are_no_characters_stand_in_the_text),
        cmocka_unit_test(what_is_no_object_is_no_record),
        cmocka_unit_test(a_deep_body_is_that_records_error),
        cmocka_unit_test(the_digest_is_of_the_canonical_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
