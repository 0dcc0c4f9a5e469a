/* Goal: a whole body is copied as it stands, but for white space, what the family refuses, and what
 * it lacks. Method: rows of lines and the bodies that are sent. */
#include "core/envelope.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct copy_row {
    const char *body;
    enum ps_family family;
    struct ps_fill fill;
    const char *wanted; /* or the rejection's code with a '!' */
    int64_t saved;
    int64_t dropped;
    int64_t unknown;
    int64_t added;
};

#define NO_FILL            \
    {                      \
        {NULL, 0}, 0, 4096 \
    }
#define VERSION "\"anthropic_version\":\"bedrock-2023-05-31\""
#define FILL(system, max)                       \
    {                                           \
        {system, sizeof(system) - 1}, max, 4096 \
    }

static const struct copy_row rows[] = {
    {"{\"max_tokens\":5," VERSION ",\"messages\":[]}", PS_FAMILY_ANTHROPIC, NO_FILL,
     "{\"max_tokens\":5," VERSION ",\"messages\":[]}", 0, 0, 0, 0},
    {"{ \"messages\" : [ ] , " VERSION " , \"max_tokens\" : 0x }", PS_FAMILY_ANTHROPIC, NO_FILL,
     "{\"messages\":[]," VERSION ",\"max_tokens\":0x}", 11, 0, 0, 0},
    {"{\"messages\":[\"\\u00e9 \\/\"],\"max_tokens\":1E+02," VERSION ",\"zz\":-0.0}",
     PS_FAMILY_ANTHROPIC, NO_FILL,
     "{\"messages\":[\"\\u00e9 \\/\"],\"max_tokens\":1E+02," VERSION ",\"zz\":-0.0}", 0, 0, 1, 0},
    {"{\"messages\":[]}", PS_FAMILY_ANTHROPIC, NO_FILL,
     "{\"messages\":[]," VERSION ",\"max_tokens\":4096}", 0, 0, 0, 2},
    {"{}", PS_FAMILY_ANTHROPIC, NO_FILL, "{" VERSION ",\"max_tokens\":4096}", 0, 0, 0, 2},
    {"{\"messages\":[]}", PS_FAMILY_ANTHROPIC, FILL("S \"1\"", 7),
     "{\"messages\":[]," VERSION ",\"max_tokens\":7,\"system\":\"S \\\"1\\\"\"}", 0, 0, 0, 3},
    {"{\"system\":\"mine\",\"max_tokens\":5," VERSION "}", PS_FAMILY_ANTHROPIC, FILL("S", 7),
     "{\"system\":\"mine\",\"max_tokens\":5," VERSION "}", 0, 0, 0, 0},
    {"{\"model\":\"x\",\"stream\":true,\"max_tokens\":5," VERSION ",\"modelId\":1}",
     PS_FAMILY_ANTHROPIC, NO_FILL, "{\"max_tokens\":5," VERSION "}", 38, 3, 0, 0},
    {"{\"mod\\u0065l\":\"x\",\"max_tokens\":5," VERSION "}", PS_FAMILY_ANTHROPIC, NO_FILL,
     "{\"max_tokens\":5," VERSION "}", 17, 1, 0, 0},
    {"{\"model\":\"x\",\"messages\":[]}", PS_FAMILY_OPENAI, NO_FILL,
     "{\"model\":\"x\",\"messages\":[]}", 0, 0, 0, 0},
    {"{\"messages\":[ {\"role\":\"user\",\"content\":\"a\"}]}", PS_FAMILY_OPENAI, FILL("S", 7),
     "{\"messages\":[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"a\"}]"
     ","
     "\"max_tokens\":7}",
     1, 0, 0, 2},
    {"{\"messages\":[ ]}", PS_FAMILY_OPENAI, FILL("S", 0),
     "{\"messages\":[{\"role\":\"system\",\"content\":\"S\"}]}", 1, 0, 0, 1},
    {"{\"messages\":[{\"role\":\"developer\",\"content\":\"a\"}],\"max_completion_tokens\":3}",
     PS_FAMILY_OPENAI, FILL("S", 7),
     "{\"messages\":[{\"role\":\"developer\",\"content\":\"a\"}],\"max_completion_tokens\":3}", 0,
     0, 0, 0},
    {"{\"messages\":[],\"inferenceConfig\":{\"topP\": 1}}", PS_FAMILY_NOVA, FILL("S", 7),
     "{\"messages\":[],\"inferenceConfig\":{\"maxTokens\":7,\"topP\":1},\"system\":[{\"text\":"
     "\"S\"}]}",
     1, 0, 0, 2},
    {"{\"inferenceConfig\":{ }}", PS_FAMILY_CONVERSE, FILL("", 7),
     "{\"inferenceConfig\":{\"maxTokens\":7}}", 1, 0, 0, 1},
    {"{\"messages\":[]}", PS_FAMILY_NOVA, FILL("", 7),
     "{\"messages\":[],\"inferenceConfig\":{\"maxTokens\":7}}", 0, 0, 0, 1},
    {"{\"inferenceConfig\":{\"max_new_tokens\":3}}", PS_FAMILY_NOVA, FILL("", 7),
     "{\"inferenceConfig\":{\"max_new_tokens\":3}}", 0, 0, 0, 0},
    {"{\"inferenceConfig\":7}", PS_FAMILY_NOVA, FILL("", 7), "{\"inferenceConfig\":7}", 0, 0, 0, 0},
    {"{\"prompt\":\"a\"}", PS_FAMILY_LLAMA, FILL("S", 7), "{\"prompt\":\"a\",\"max_gen_len\":7}", 0,
     0, 0, 1},
    {"{\"inputText\":\"a\"}", PS_FAMILY_TITAN_TEXT, FILL("", 7),
     "{\"inputText\":\"a\",\"textGenerationConfig\":{\"maxTokenCount\":7}}", 0, 0, 0, 1},
    {"{\"inputText\":\"a\"}", PS_FAMILY_TITAN_EMBED, FILL("S", 7), "{\"inputText\":\"a\"}", 0, 0, 0,
     0},
    {"{\"max_tokens\":5,\"max_tokens\":6," VERSION "}", PS_FAMILY_ANTHROPIC, NO_FILL,
     "!duplicate_key", 0, 0, 0, 0},
    {"{\"stream\":1,\"stream\":1," VERSION "}", PS_FAMILY_ANTHROPIC, NO_FILL, "!duplicate_key", 0,
     0, 0, 0},
    {"{\"zz\":5,\"zz\":6," VERSION ",\"max_tokens\":1}", PS_FAMILY_ANTHROPIC, NO_FILL,
     "{\"zz\":5,\"zz\":6," VERSION ",\"max_tokens\":1}", 0, 0, 2, 0},
};

static void bodies_are_copied_as_they_stand(void **state)
{
    (void)state;
    struct ps_envelope envelope PS_CLEANUP(ps_envelope_release);
    ps_envelope_init(&envelope);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_buf line PS_CLEANUP(ps_buf_release);
        struct ps_buf seen PS_CLEANUP(ps_buf_release);
        struct ps_copy_counts counts = {0, 0, 0, 0};
        struct ps_rejection rejection = {NULL, ""};
        ps_buf_init(&line, 4 * PS_KB);
        ps_buf_init(&seen, 4 * PS_KB);
        ps_buf_add_format(&line, "{\"a\":[{\"body\":1}], \"body\" : %s ,\"z\":2}", rows[row].body);
        assert_true(ps_envelope_read(&envelope, ps_buf_str(&line), PS_STR("body"), &rejection));
        assert_true(ps_str_equals_text(envelope.body, rows[row].body));
        if (!ps_envelope_copy_body(&envelope, rows[row].family, &rows[row].fill, &seen, &counts,
                                   &rejection)) {
            ps_buf_clear(&seen);
            ps_buf_add_format(&seen, "!%s", rejection.code);
        }
        assert_string_equal(ps_buf_text(&seen), rows[row].wanted);
        assert_int_equal(counts.saved_bytes, rows[row].saved);
        assert_int_equal(counts.dropped_fields, rows[row].dropped);
        assert_int_equal(counts.unknown_fields, rows[row].unknown);
        assert_int_equal(counts.added_fields, rows[row].added);
    }
}

static void members_of_the_line_are_found(void **state)
{
    (void)state;
    struct ps_envelope envelope PS_CLEANUP(ps_envelope_release);
    struct ps_rejection rejection = {NULL, ""};
    struct ps_str value;
    size_t count = 0;
    ps_envelope_init(&envelope);
    assert_true(ps_envelope_read(&envelope,
                                 PS_STR("{\"id\":1,\"body\":{\"id\":2},\"\\u0069d\":[3]}"),
                                 PS_STR("body"), &rejection));
    assert_int_equal(envelope.depth, 2);
    assert_true(ps_span_find(&envelope.line_spans, PS_STR("id"), &value, &count));
    assert_int_equal(count, 2);
    assert_true(ps_str_equals_text(value, "1"));
    assert_int_equal(ps_span_count(&envelope.line_spans), 3);
    assert_int_equal(ps_span_count(&envelope.body_spans), 1);
    assert_false(ps_span_find(&envelope.line_spans, PS_STR("x"), &value, &count));
}

static void a_body_that_is_none_is_said(void **state)
{
    (void)state;
    struct ps_envelope envelope PS_CLEANUP(ps_envelope_release);
    struct ps_rejection rejection = {NULL, ""};
    ps_envelope_init(&envelope);
    assert_true(ps_envelope_read(&envelope, PS_STR("{\"body\":[1]}"), PS_STR("body"), &rejection));
    assert_false(envelope.is_body_object);
    assert_true(ps_str_equals_text(envelope.body, "[1]"));
    assert_true(ps_envelope_read(&envelope, PS_STR("{\"a\":1}"), PS_STR("body"), &rejection));
    assert_int_equal(envelope.body.size, 0);
    assert_false(ps_envelope_read(&envelope, PS_STR("{\"body\":{},\"bod\\u0079\":{}}"),
                                  PS_STR("body"), &rejection));
    assert_string_equal(rejection.code, "duplicate_key");
}

static void depth_is_held(void **state)
{
    (void)state;
    struct ps_envelope envelope PS_CLEANUP(ps_envelope_release);
    ps_envelope_init(&envelope);
    static const char *const heads[] = {"{\"z\":", "{\"body\":{\"x\":"};
    for (size_t head = 0; head < 2; head++) {
        for (size_t depth = PS_JSON_DEPTH_MAX - 3; depth <= PS_JSON_DEPTH_MAX; depth++) {
            struct ps_buf line PS_CLEANUP(ps_buf_release);
            struct ps_rejection rejection = {NULL, ""};
            ps_buf_init(&line, PS_KB);
            ps_buf_add_text(&line, heads[head]);
            for (size_t place = 0; place < depth; place++) {
                ps_buf_add_text(&line, "[");
            }
            for (size_t place = 0; place < depth; place++) {
                ps_buf_add_text(&line, "]");
            }
            ps_buf_add_text(&line, head == 0 ? "}" : "}}");
            const bool is_read =
                ps_envelope_read(&envelope, ps_buf_str(&line), PS_STR("body"), &rejection);
            assert_int_equal(envelope.depth, depth + head + 1);
            assert_int_equal(is_read, envelope.depth <= PS_JSON_DEPTH_MAX);
            assert_int_equal(rejection.code == NULL, is_read);
        }
    }
}

static void whose_body_it_is_decides(void **state)
{
    (void)state;
    struct ps_envelope envelope PS_CLEANUP(ps_envelope_release);
    ps_envelope_init(&envelope);
    static const struct {
        const char *body;
        enum ps_dialect dialect;
        enum ps_family family;
        bool is_own;
    } owners[] = {
        {"{\"messages\":[]}", PS_DIALECT_BEDROCK, PS_FAMILY_ANTHROPIC, true},
        {"{\"messages\":[]}", PS_DIALECT_BEDROCK, PS_FAMILY_LLAMA, false},
        {"{\"messages\":[]," VERSION "}", PS_DIALECT_BEDROCK, PS_FAMILY_NOVA, false},
        {"{\"messages\":[],\"inferenceConfig\":{}}", PS_DIALECT_BEDROCK, PS_FAMILY_NOVA, true},
        {"{\"messages\":[],\"inferenceConfig\":{}}", PS_DIALECT_BEDROCK, PS_FAMILY_ANTHROPIC,
         false},
        {"{\"prompt\":\"a\"}", PS_DIALECT_BEDROCK, PS_FAMILY_MISTRAL, true},
        {"{\"prompt\":\"a\"}", PS_DIALECT_BEDROCK, PS_FAMILY_ANTHROPIC, false},
        {"{\"inputText\":\"a\"}", PS_DIALECT_BEDROCK, PS_FAMILY_TITAN_EMBED, true},
        {"{\"anything\":\"a\"}", PS_DIALECT_BEDROCK, PS_FAMILY_CONVERSE, true},
        {"{\"messages\":[]}", PS_DIALECT_OPENAI, PS_FAMILY_OPENAI, true},
        {"{\"prompt\":\"a\"}", PS_DIALECT_OPENAI, PS_FAMILY_OPENAI, false},
        {"{\"messages\":[]}", PS_DIALECT_OPENAI, PS_FAMILY_ANTHROPIC, false},
        {"{\"messages\":[]}", PS_DIALECT_ANTHROPIC, PS_FAMILY_ANTHROPIC, true},
        {"{\"messages\":[]}", PS_DIALECT_ANTHROPIC, PS_FAMILY_CONVERSE, false},
    };
    for (size_t row = 0; row < sizeof(owners) / sizeof(owners[0]); row++) {
        struct ps_buf line PS_CLEANUP(ps_buf_release);
        struct ps_rejection rejection = {NULL, ""};
        ps_buf_init(&line, PS_KB);
        ps_buf_add_format(&line, "{\"b\":%s}", owners[row].body);
        assert_true(ps_envelope_read(&envelope, ps_buf_str(&line), PS_STR("b"), &rejection));
        assert_int_equal(ps_envelope_is_own(&envelope, owners[row].dialect, owners[row].family),
                         owners[row].is_own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_copied_as_they_stand),
        cmocka_unit_test(members_of_the_line_are_found),
        cmocka_unit_test(a_body_that_is_none_is_said),
        cmocka_unit_test(depth_is_held),
        cmocka_unit_test(whose_body_it_is_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
