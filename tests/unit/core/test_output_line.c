/*
 * Goal: of each line of an output object it is told whose it is and what it is; nothing in it can
 * mislead. Method: a table of lines; the tail and the error text are held against what is expected,
 * byte for byte.
 */
#include "core/output_line.h"

#include "base/limits.h"
#include "base/prng.h"
#include "core/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct row {
    const char *name;
    const char *line;
    enum ps_output_kind kind;
    int64_t record;
};

#define ID "\"recordId\":\"R0000000007\""

static const struct row rows[] = {
    {"an answer", "{" ID ",\"modelOutput\":{\"a\":1}}", PS_OUTPUT_ANSWER, 7},
    {"an answer with its echo",
     "{\"modelInput\":{\"modelOutput\":1,\"error\":2},\"modelOutput\":{}," ID "}", PS_OUTPUT_ANSWER,
     7},
    {"white space everywhere", " { \"recordId\" : \"R0000000007\" ,\t\"modelOutput\" : { } } \r",
     PS_OUTPUT_ANSWER, 7},
    {"a key written with escapes", "{\"record\\u0049d\":\"R0000000007\",\"modelOutput\":{}}",
     PS_OUTPUT_ANSWER, 7},
    {"an error", "{" ID ",\"error\":{\"errorCode\":400}}", PS_OUTPUT_ERROR, 7},
    {"an error beside a null answer", "{" ID ",\"modelOutput\":null,\"error\":{}}", PS_OUTPUT_ERROR,
     7},
    {"an answer beside a null error", "{" ID ",\"error\":null,\"modelOutput\":{}}",
     PS_OUTPUT_ANSWER, 7},
    {"an answer after a null one", "{" ID ",\"modelOutput\":null,\"modelOutput\":{}}",
     PS_OUTPUT_ANSWER, 7},
    {"neither", "{" ID "}", PS_OUTPUT_BAD, 7},
    {"both null", "{" ID ",\"modelOutput\":null,\"error\":null}", PS_OUTPUT_BAD, 7},
    {"both", "{" ID ",\"modelOutput\":{},\"error\":{}}", PS_OUTPUT_BAD, 7},
    {"two answers", "{" ID ",\"modelOutput\":{},\"modelOutput\":{}}", PS_OUTPUT_BAD, 7},
    {"two errors", "{" ID ",\"error\":{},\"err\\u006fr\":{}}", PS_OUTPUT_BAD, 7},
    {"an answer that is a list", "{" ID ",\"modelOutput\":[]}", PS_OUTPUT_BAD, 7},
    {"an answer that is text", "{" ID ",\"modelOutput\":\"x\"}", PS_OUTPUT_BAD, 7},
    {"an answer that is a number", "{" ID ",\"modelOutput\":1e999}", PS_OUTPUT_BAD, 7},
    {"an id of another run", "{\"recordId\":\"CALL0000001\",\"modelOutput\":{}}", PS_OUTPUT_FOREIGN,
     0},
    {"an id of another length", "{\"recordId\":\"R7\",\"modelOutput\":{}}", PS_OUTPUT_FOREIGN, 0},
    {"an id that is a path", "{\"recordId\":\"../../etc/passwd\",\"modelOutput\":{}}",
     PS_OUTPUT_FOREIGN, 0},
    {"an id with a NUL", "{\"recordId\":\"R0000000007\\u0000\",\"modelOutput\":{}}",
     PS_OUTPUT_FOREIGN, 0},
    {"an id twice", "{" ID ",\"modelOutput\":{}," ID "}", PS_OUTPUT_BROKEN, 0},
    {"an id twice, once escaped", "{" ID ",\"modelOutput\":{},\"\\u0072ecordId\":\"R0000000008\"}",
     PS_OUTPUT_BROKEN, 0},
    {"an id that is a number", "{\"recordId\":7,\"modelOutput\":{}}", PS_OUTPUT_BROKEN, 0},
    {"an id that is null", "{\"recordId\":null,\"modelOutput\":{}}", PS_OUTPUT_BROKEN, 0},
    {"no id", "{\"modelOutput\":{}}", PS_OUTPUT_BROKEN, 0},
    {"an id only in the echo", "{\"modelInput\":{" ID "},\"modelOutput\":{}}", PS_OUTPUT_BROKEN, 0},
    {"a list",
     "["
     "\"recordId\",\"R0000000007\""
     "]",
     PS_OUTPUT_BROKEN, 0},
    {"text", "\"recordId\"", PS_OUTPUT_BROKEN, 0},
    {"nothing", "", PS_OUTPUT_BROKEN, 0},
    {"a cut line", "{" ID ",\"modelOutput\":{\"a\":", PS_OUTPUT_BROKEN, 0},
    {"two lines in one", "{" ID ",\"modelOutput\":{}}{" ID ",\"modelOutput\":{}}", PS_OUTPUT_BROKEN,
     0},
    {"a comment", "{" ID ",\"modelOutput\":{}} // done", PS_OUTPUT_BROKEN, 0},
    {"a lone surrogate", "{" ID ",\"modelOutput\":{\"a\":\"\\ud800\"}}", PS_OUTPUT_ANSWER, 7},
    {"bytes that are not UTF-8", "{" ID ",\"modelOutput\":{\"a\":\"\xFF\"}}", PS_OUTPUT_ANSWER, 7},
    {"an overlong form", "{" ID ",\"modelOutput\":{\"a\":\"\xC0\x80\"}}", PS_OUTPUT_ANSWER, 7},
    {"a lone surrogate in an error", "{" ID ",\"error\":{\"errorMessage\":\"\\udfff\"}}",
     PS_OUTPUT_ERROR, 7},
    {"a lone surrogate in the echo",
     "{\"modelInput\":{\"p\":\"\\uDC00\"},\"modelOutput\":{}," ID "}", PS_OUTPUT_ANSWER, 7},
    {"no character in what says nothing", "{" ID ",\"x\":\"\xFF\"}", PS_OUTPUT_BAD, 7},
    {"no character in the id", "{\"recordId\":\"R000000000\xFF\",\"modelOutput\":{}}",
     PS_OUTPUT_BROKEN, 0},
    {"no character outside of texts", "{" ID ",\"modelOutput\":{}}\xFF", PS_OUTPUT_BROKEN, 0},
    {"a cut line with a lone surrogate", "{" ID ",\"modelOutput\":{\"a\":\"\\ud800",
     PS_OUTPUT_BROKEN, 0},
    {"a byte order mark", "\xEF\xBB\xBF{" ID ",\"modelOutput\":{}}", PS_OUTPUT_BROKEN, 0},
    {"a line separator inside text", "{" ID ",\"modelOutput\":{\"a\":\"\xE2\x80\xA8\"}}",
     PS_OUTPUT_ANSWER, 7},
};

static void tells_each_line(void **state)
{
    (void)state;
    struct ps_json_doc doc;
    struct ps_buf room PS_CLEANUP(ps_buf_release);
    ps_buf_init(&room, PS_MB);
    ps_json_doc_init(&doc);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_output_line line;
        print_message("%s\n", rows[row].name);
        ps_output_line_read(&doc, ps_str_of(rows[row].line), &room, &line);
        assert_int_equal(line.kind, rows[row].kind);
        if (line.kind != PS_OUTPUT_BROKEN && line.kind != PS_OUTPUT_FOREIGN) {
            assert_int_equal(line.record, rows[row].record);
        }
        assert_int_equal(line.fault != NULL, line.kind == PS_OUTPUT_BAD);
    }
    ps_json_doc_release(&doc);
}

/* An answer nested `depth` deep. */
static char *nested(const size_t depth)
{
    struct ps_buf buf;
    ps_buf_init(&buf, 10 * PS_MB);
    ps_buf_add_text(&buf, "{" ID ",\"modelOutput\":{\"a\":");
    for (size_t level = 1; level < depth; level++) {
        ps_buf_add_text(&buf, "[");
    }
    for (size_t level = 1; level < depth; level++) {
        ps_buf_add_text(&buf, "]");
    }
    ps_buf_add_text(&buf, depth == 1 ? "1}}" : "}}");
    return buf.data;
}

static void depth_has_a_bound_and_costs_no_stack(void **state)
{
    (void)state;
    static const struct {
        size_t depth;
        enum ps_output_kind kind;
    } depths[] = {{1, PS_OUTPUT_ANSWER},
                  {PS_JSON_DEPTH_MAX, PS_OUTPUT_ANSWER},
                  {PS_JSON_DEPTH_MAX + 1, PS_OUTPUT_BAD},
                  {1000000, PS_OUTPUT_BAD}};
    struct ps_json_doc doc;
    struct ps_buf room PS_CLEANUP(ps_buf_release);
    ps_buf_init(&room, PS_MB);
    ps_json_doc_init(&doc);
    for (size_t row = 0; row < sizeof(depths) / sizeof(depths[0]); row++) {
        struct ps_output_line line;
        char *text PS_CLEANUP(ps_str_free_auto) = nested(depths[row].depth);
        ps_output_line_read(&doc, ps_str_of(text), &room, &line);
        assert_int_equal(line.kind, depths[row].kind);
    }
    ps_json_doc_release(&doc);
}

/* The echo is the user's: its depth says nothing of the answer. */
static void a_deep_echo_does_no_harm(void **state)
{
    (void)state;
    struct ps_json_doc doc;
    struct ps_buf room PS_CLEANUP(ps_buf_release);
    struct ps_output_line line;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_json_doc_init(&doc);
    ps_buf_init(&room, PS_MB);
    ps_buf_init(&text, PS_MB);
    ps_buf_add_format(&text, "{\"modelInput\":%0*d,\"modelOutput\":{}," ID "}", 400, 1);
    for (size_t level = 0; level < 200; level++) {
        text.data[strlen("{\"modelInput\":") + level] = '[';
        text.data[strlen("{\"modelInput\":") + 399 - level] = ']';
    }
    ps_output_line_read(&doc, ps_buf_str(&text), &room, &line);
    assert_int_equal(line.kind, PS_OUTPUT_ANSWER);
    ps_json_doc_release(&doc);
}

static const char *const full_line =
    "{ \"modelOutput\" : {\"n\": [1e999, -0, 123456789012345678901234567890, 1.50],"
    " \"generation\" :\"a \\u00e9\\/ b\", \"prompt_token_count\": 3} ," ID "}";

static void a_tail_keeps_the_source_byte_for_byte(void **state)
{
    (void)state;
    struct ps_json_doc doc;
    struct ps_buf room PS_CLEANUP(ps_buf_release);
    struct ps_output_line line;
    struct ps_answer answer;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_json_doc_init(&doc);
    ps_buf_init(&room, PS_MB);
    ps_buf_init(&buf, 10000);
    ps_output_line_read(&doc, ps_str_of(full_line), &room, &line);
    assert_int_equal(line.kind, PS_OUTPUT_ANSWER);
    assert_true(ps_output_line_add_tail(&line, PS_FAMILY_LLAMA, PS_STR("a\"model"), &buf, &answer));
    assert_string_equal(
        ps_buf_text(&buf),
        "\"status\":\"succeeded\",\"text\":\"a \xC3\xA9/ b\",\"output\":{\"n\":[1e999,-0,"
        "123456789012345678901234567890,1.50],\"generation\":\"a \\u00e9\\/ b\","
        "\"prompt_token_count\":3},\"usage\":{\"input_tokens\":3,\"output_tokens\":null},"
        "\"stop_reason\":null,\"model\":\"a\\\"model\"");
    assert_int_equal(answer.input_tokens, 3);
    ps_json_doc_release(&doc);
}

static void a_tail_says_when_it_does_not_fit(void **state)
{
    (void)state;
    struct ps_json_doc doc;
    struct ps_buf room PS_CLEANUP(ps_buf_release);
    struct ps_output_line line;
    struct ps_answer answer;
    struct ps_buf whole PS_CLEANUP(ps_buf_release);
    ps_json_doc_init(&doc);
    ps_buf_init(&room, PS_MB);
    ps_buf_init(&whole, 10000);
    ps_output_line_read(&doc, ps_str_of(full_line), &room, &line);
    assert_true(ps_output_line_add_tail(&line, PS_FAMILY_LLAMA, PS_STR("m"), &whole, &answer));
    for (size_t cap = 1; cap < whole.size; cap++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, cap);
        assert_false(ps_output_line_add_tail(&line, PS_FAMILY_LLAMA, PS_STR("m"), &buf, &answer));
    }
    ps_json_doc_release(&doc);
}

static void an_error_is_always_json(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    ps_output_line_add_error(PS_STR("429"), PS_STR("\x1B[31m\"\\\n\xC3\xA9"), &buf);
    assert_string_equal(ps_buf_text(&buf),
                        "{\"code\":\"429\",\"message\":\"\\u001b[31m\\\"\\\\\\n\xC3\xA9\"}");
    ps_buf_clear(&buf);
    ps_output_line_add_error(PS_STR("x"), PS_STR("a\xFF\xC3"), &buf);
    assert_string_equal(ps_buf_text(&buf), "{\"code\":\"x\",\"message\":\"a??\"}");
}

/* Two-byte characters: the cap of 4,000 bytes falls between them or into one. */
static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 2; shift++) {
        char message[6000];
        memset(message, 'x', shift);
        for (size_t at = shift; at + 2 <= sizeof(message); at += 2) {
            memcpy(message + at, "\xC3\xA9", 2);
        }
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
        ps_output_line_add_error(PS_STR("x"), (struct ps_str){message, 5999 - shift}, &buf);
        assert_true(ps_utf8_is_valid(ps_buf_str(&buf)));
        assert_null(strchr(ps_buf_text(&buf), '?'));
        assert_int_equal(buf.size, strlen("{\"code\":\"x\",\"message\":\"\"}") + 4000 - shift);
    }
}

static const char *const seeds[] = {
    "{\"modelInput\":{\"a\":[1,2,{\"b\":null}]},\"modelOutput\":{\"content\":[{\"type\":\"text\","
    "\"text\":\"a \\u00e9\\n \xC3\xA9\"}],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":"
    "10,\"output_tokens\":2}}," ID "}",
    "{" ID ",\"error\":{\"errorCode\":429,\"errorMessage\":\"slow \\\"down\\\"\"}}",
    "{\"modelOutput\" : { \"choices\" : [ {\"message\":{\"content\":null}} ] } ," ID "}",
};

/* Flips, cuts, repeats or moves a few bytes. */
static size_t mutate(struct ps_prng *const prng, char *const text, const size_t size)
{
    size_t length = size;
    for (int64_t change = ps_prng_below(prng, 4); change >= 0 && length > 1; change--) {
        static const char pieces[] = "{}[]\",:\\u0 \n\xFF\xC3truenull0-e.";
        const size_t at = (size_t)ps_prng_below(prng, (int64_t)length);
        switch (ps_prng_below(prng, 3)) {
        case 0:
            text[at] = pieces[ps_prng_below(prng, (int64_t)sizeof(pieces) - 1)];
            break;
        case 1:
            memmove(text + at, text + at + 1, length - at - 1);
            length--;
            break;
        default:
            text[at] = text[(size_t)ps_prng_below(prng, (int64_t)length)];
            break;
        }
    }
    return length;
}

/* What is kept of a line is JSON, whatever the line was. */
static void assert_kept_is_json(const struct ps_output_line *const line)
{
    struct ps_json_doc check;
    struct ps_json_reason reason;
    struct ps_answer answer;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_json_doc_init(&check);
    ps_buf_init(&buf, 10000);
    ps_buf_add_text(&buf, "{");
    if (line->kind == PS_OUTPUT_ANSWER) {
        const enum ps_family family = (enum ps_family)(line->record % PS_FAMILY_COUNT);
        assert_true(ps_output_line_add_tail(line, family, PS_STR("m"), &buf, &answer));
    } else if (line->kind == PS_OUTPUT_ERROR) {
        struct ps_record_error error;
        ps_outcome_read(line->value, &error);
        ps_buf_add_text(&buf, "\"error\":");
        ps_output_line_add_error(ps_str_of(error.code), error.message, &buf);
    }
    ps_buf_add_text(&buf, "}");
    assert_non_null(ps_json_doc_read(&check, ps_buf_str(&buf), &reason));
    ps_json_doc_release(&check);
}

static void damaged_lines_never_become_damaged_results(void **state)
{
    (void)state;
    struct ps_json_doc doc;
    struct ps_buf room PS_CLEANUP(ps_buf_release);
    struct ps_prng prng;
    int64_t kinds[PS_OUTPUT_BAD + 1] = {0};
    ps_json_doc_init(&doc);
    ps_buf_init(&room, PS_MB);
    ps_prng_init(&prng, 20261126);
    for (int round = 0; round < 30000; round++) {
        struct ps_output_line line;
        const char *const seed = seeds[ps_prng_below(&prng, 3)];
        char *text PS_CLEANUP(ps_str_free_auto) = ps_str_dup(ps_str_of(seed));
        const size_t size = mutate(&prng, text, strlen(seed));
        ps_output_line_read(&doc, (struct ps_str){text, size}, &room, &line);
        kinds[line.kind]++;
        assert_kept_is_json(&line);
    }
    /* The draws must have reached every kind. */
    for (int kind = 0; kind <= PS_OUTPUT_BAD; kind++) {
        assert_true(kinds[kind] > 50);
    }
    ps_json_doc_release(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_each_line),
        cmocka_unit_test(depth_has_a_bound_and_costs_no_stack),
        cmocka_unit_test(a_deep_echo_does_no_harm),
        cmocka_unit_test(a_tail_keeps_the_source_byte_for_byte),
        cmocka_unit_test(a_tail_says_when_it_does_not_fit),
        cmocka_unit_test(an_error_is_always_json),
        cmocka_unit_test(damaged_lines_never_become_damaged_results),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
