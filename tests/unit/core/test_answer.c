/*
 * Goal: text, usage and stop reason come out of every family's body, and hostile bodies give
 * nothing. Method: a table of bodies; then every family is given every hostile body.
 */
#include "core/answer.h"

#include "codec/json_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

struct row {
    const char *name;
    enum ps_family family;
    const char *body;
    const char *text; /* as JSON */
    int64_t input_tokens;
    int64_t output_tokens;
    const char *stop_reason; /* NULL: absent */
};

static const struct row rows[] = {
    {"anthropic joins its text blocks, thinking is no text", PS_FAMILY_ANTHROPIC,
     "{\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"text\":\"no\"},"
     "{\"type\":\"text\",\"text\":\"a\\\"\\n\"},{\"type\":\"tool_use\",\"input\":{}},"
     "{\"type\":\"text\",\"text\":\"b\\u00e9\"}],\"stop_reason\":\"end_turn\","
     "\"usage\":{\"input_tokens\":12,\"output_tokens\":3}}",
     "\"a\\\"\\nb\xC3\xA9\"", 12, 3, "end_turn"},
    {"a tool call alone has no text", PS_FAMILY_ANTHROPIC,
     "{\"content\":[{\"type\":\"tool_use\",\"input\":{}}],\"stop_reason\":\"tool_use\"}", "null",
     -1, -1, "tool_use"},
    {"an empty text is a text", PS_FAMILY_ANTHROPIC,
     "{\"content\":[{\"type\":\"text\",\"text\":\"\"}]}", "\"\"", -1, -1, NULL},
    {"nova", PS_FAMILY_NOVA,
     "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"x\"},"
     "{\"text\":\"y\"}]}},\"stopReason\":\"max_tokens\","
     "\"usage\":{\"inputTokens\":1,\"outputTokens\":2,\"totalTokens\":3}}",
     "\"xy\"", 1, 2, "max_tokens"},
    {"converse with every alternative present as null", PS_FAMILY_CONVERSE,
     "{\"output\":{\"message\":{\"content\":[{\"text\":\"x\",\"image\":null,\"toolUse\":null},"
     "{\"text\":null,\"toolUse\":{\"name\":\"f\"}},{\"reasoningContent\":{\"reasoningText\":"
     "{\"text\":\"no\"}},\"text\":null}]}},\"stopReason\":\"end_turn\","
     "\"usage\":{\"inputTokens\":7,\"outputTokens\":8}}",
     "\"x\"", 7, 8, "end_turn"},
    {"llama", PS_FAMILY_LLAMA,
     "{\"generation\":\"g\",\"prompt_token_count\":4,\"generation_token_count\":5,"
     "\"stop_reason\":\"length\"}",
     "\"g\"", 4, 5, "length"},
    {"mistral, the prompt form", PS_FAMILY_MISTRAL,
     "{\"outputs\":[{\"text\":\" m\",\"stop_reason\":\"stop\"},{\"text\":\"second\"}]}", "\" m\"",
     -1, -1, "stop"},
    {"mistral, the chat form", PS_FAMILY_MISTRAL,
     "{\"choices\":[{\"message\":{\"content\":\"c\"},\"finish_reason\":\"stop\"}],"
     "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}",
     "\"c\"", 1, 2, "stop"},
    {"chat completions: the first choice", PS_FAMILY_OPENAI,
     "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"one\"},"
     "\"finish_reason\":\"length\"},{\"message\":{\"content\":\"two\"}}],"
     "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":20,\"total_tokens\":30}}",
     "\"one\"", 10, 20, "length"},
    {"chat completions: content in parts", PS_FAMILY_OPENAI,
     "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"p\"},"
     "{\"type\":\"refusal\",\"refusal\":\"no\"},{\"type\":\"output_text\",\"text\":\"q\"}]}}]}",
     "\"pq\"", -1, -1, NULL},
    {"chat completions: content null", PS_FAMILY_OPENAI,
     "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[]},"
     "\"finish_reason\":\"tool_calls\"}]}",
     "null", -1, -1, "tool_calls"},
    {"the completion form", PS_FAMILY_OPENAI,
     "{\"choices\":[{\"text\":\"r\",\"stop_reason\":\"stop\"}]}", "\"r\"", -1, -1, "stop"},
    {"titan text", PS_FAMILY_TITAN_TEXT,
     "{\"inputTextTokenCount\":5,\"results\":[{\"tokenCount\":6,\"outputText\":\"t\","
     "\"completionReason\":\"FINISH\"}]}",
     "\"t\"", 5, 6, "FINISH"},
    {"titan embeddings have no text", PS_FAMILY_TITAN_EMBED,
     "{\"embedding\":[0.1,-2e-3],\"inputTextTokenCount\":9}", "null", 9, -1, NULL},
    {"numbers that are none", PS_FAMILY_ANTHROPIC,
     "{\"usage\":{\"input_tokens\":-1,\"output_tokens\":1.5}}", "null", -1, -1, NULL},
    {"numbers too large to be tokens", PS_FAMILY_ANTHROPIC,
     "{\"usage\":{\"input_tokens\":1000000001,\"output_tokens\":99999999999999999999999}}", "null",
     -1, -1, NULL},
    {"the largest number of tokens", PS_FAMILY_ANTHROPIC,
     "{\"usage\":{\"input_tokens\":1000000000,\"output_tokens\":0}}", "null", 1000000000, 0, NULL},
    {"a NUL inside text", PS_FAMILY_LLAMA, "{\"generation\":\"a\\u0000b\"}", "\"a\\u0000b\"", -1,
     -1, NULL},
};

static void reads_each_family(void **state)
{
    (void)state;
    struct ps_json_doc doc;
    ps_json_doc_init(&doc);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_json_reason reason;
        struct ps_answer answer;
        struct ps_buf text PS_CLEANUP(ps_buf_release);
        ps_buf_init(&text, 1000);
        print_message("%s\n", rows[row].name);
        yyjson_val *const body = ps_json_doc_read(&doc, ps_str_of(rows[row].body), &reason);
        assert_non_null(body);
        ps_answer_read(rows[row].family, body, &answer);
        assert_true(ps_answer_add_text(rows[row].family, body, &text));
        assert_string_equal(ps_buf_text(&text), rows[row].text);
        assert_int_equal(answer.input_tokens, rows[row].input_tokens);
        assert_int_equal(answer.output_tokens, rows[row].output_tokens);
        assert_true(ps_str_equals_text(answer.stop_reason, rows[row].stop_reason));
        assert_int_equal(answer.stop_reason.data == NULL, rows[row].stop_reason == NULL);
    }
    ps_json_doc_release(&doc);
}

/* Each says something of the wrong type at each place where any family looks. */
static const char *const hostile_bodies[] = {
    "{}",
    "[]",
    "\"text\"",
    "1e999",
    "null",
    "{\"content\":{\"text\":\"x\"},\"output\":[],\"choices\":{},\"outputs\":1,\"results\":\"r\","
    "\"generation\":[1],\"usage\":[],\"stop_reason\":5,\"stopReason\":{}}",
    "{\"content\":[null,1,\"x\",[],{\"text\":5},{\"type\":\"text\"},{\"type\":7}],"
    "\"output\":{\"message\":{\"content\":[[],{\"text\":{}}]}},\"choices\":[null],"
    "\"outputs\":[[]],\"results\":[{\"outputText\":null}],\"generation\":null,"
    "\"usage\":{\"input_tokens\":\"5\",\"output_tokens\":true,\"inputTokens\":[],"
    "\"outputTokens\":{},\"prompt_tokens\":null,\"completion_tokens\":-0.0}}",
    "{\"choices\":[],\"outputs\":[],\"results\":[],\"content\":[]}",
    "{\"choices\":[{\"message\":5}],\"output\":{\"message\":null}}",
};

static void hostile_bodies_say_nothing(void **state)
{
    (void)state;
    struct ps_json_doc doc;
    ps_json_doc_init(&doc);
    for (size_t body = 0; body < sizeof(hostile_bodies) / sizeof(hostile_bodies[0]); body++) {
        for (int family = 0; family < PS_FAMILY_COUNT; family++) {
            struct ps_json_reason reason;
            struct ps_answer answer;
            struct ps_buf text PS_CLEANUP(ps_buf_release);
            ps_buf_init(&text, 1000);
            yyjson_val *const value =
                ps_json_doc_read(&doc, ps_str_of(hostile_bodies[body]), &reason);
            assert_non_null(value);
            ps_answer_read((enum ps_family)family, value, &answer);
            assert_true(ps_answer_add_text((enum ps_family)family, value, &text));
            assert_string_equal(ps_buf_text(&text), "null");
            assert_int_equal(answer.input_tokens, -1);
            assert_int_equal(answer.output_tokens, -1);
            assert_null(answer.stop_reason.data);
        }
    }
    ps_json_doc_release(&doc);
}

static void says_when_the_text_does_not_fit(void **state)
{
    (void)state;
    static const struct {
        enum ps_family family;
        const char *body;
    } bodies[] = {
        {PS_FAMILY_ANTHROPIC, "{\"content\":[{\"text\":\"0123456789\"}]}"},
        {PS_FAMILY_LLAMA, "{\"generation\":\"0123456789\"}"},
        {PS_FAMILY_LLAMA, "{}"},
    };
    struct ps_json_doc doc;
    ps_json_doc_init(&doc);
    for (size_t body = 0; body < sizeof(bodies) / sizeof(bodies[0]); body++) {
        struct ps_json_reason reason;
        yyjson_val *const value = ps_json_doc_read(&doc, ps_str_of(bodies[body].body), &reason);
        for (size_t cap = 1; cap < 4; cap++) {
            struct ps_buf text PS_CLEANUP(ps_buf_release);
            ps_buf_init(&text, cap);
            assert_false(ps_answer_add_text(bodies[body].family, value, &text));
        }
    }
    ps_json_doc_release(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_family),
        cmocka_unit_test(hostile_bodies_say_nothing),
        cmocka_unit_test(says_when_the_text_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
