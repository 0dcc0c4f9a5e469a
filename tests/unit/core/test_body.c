/* Goal: each family's form, to the byte. Method: rows of one request in all families; requests are
 * read from the simple form; every body is valid JSON. */
#include "core/body.h"

#include "base/limits.h"
#include "codec/json_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define ONE "{\"prompt\":\"Hi \\\"you\\\"\"}"
#define CHAT                                                                             \
    "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\"," \
    "\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\","  \
    "\"content\":[{\"text\":\"c\"},{\"text\":\"d\"}]}],\"max_tokens\":9,"                \
    "\"temperature\":0.10,\"top_p\":0.9}"
#define PARAMETERS                                                                  \
    "{\"prompt\":\"a\",\"max_tokens\":9,\"temperature\":0,\"top_p\":1,\"top_k\":5," \
    "\"stop\":[\"x\",\"\\n\"]}"

struct body_row {
    const char *request;
    enum ps_family family;
    bool is_llama4;
    const char *wanted; /* or the rejection's code with a '!' */
};

static const struct body_row rows[] = {
    {ONE, PS_FAMILY_ANTHROPIC, false,
     "{\"anthropic_version\":\"bedrock-2023-05-31\",\"messages\":[{\"role\":\"user\",\"content\":"
     "\"Hi \\\"you\\\"\"}]}"},
    {CHAT, PS_FAMILY_ANTHROPIC, false,
     "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":9,\"system\":\"Be brief.\","
     "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":"
     "\"b\"},"
     "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"c\"},{\"type\":\"text\","
     "\"text\":"
     "\"d\"}]}],\"temperature\":0.10,\"top_p\":0.9}"},
    {PARAMETERS, PS_FAMILY_ANTHROPIC, false,
     "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":9,\"messages\":[{\"role\":"
     "\"user\","
     "\"content\":\"a\"}],\"temperature\":0,\"top_p\":1,\"top_k\":5,\"stop_sequences\":[\"x\","
     "\"\\n\"]}"},
    {CHAT, PS_FAMILY_OPENAI, false,
     "{\"messages\":[{\"role\":\"system\",\"content\":\"Be "
     "brief.\"},{\"role\":\"user\",\"content\":"
     "\"a\"},{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":[{\"type\":"
     "\"text\",\"text\":\"c\"},{\"type\":\"text\",\"text\":\"d\"}]}],\"max_tokens\":9,"
     "\"temperature\":0.10,\"top_p\":0.9}"},
    {CHAT, PS_FAMILY_NOVA, false,
     "{\"schemaVersion\":\"messages-v1\",\"system\":[{\"text\":\"Be brief.\"}],\"messages\":[{"
     "\"role\":\"user\",\"content\":[{\"text\":\"a\"}]},{\"role\":\"assistant\",\"content\":[{"
     "\"text\":"
     "\"b\"}]},{\"role\":\"user\",\"content\":[{\"text\":\"c\"},{\"text\":\"d\"}]}],"
     "\"inferenceConfig\":{\"maxTokens\":9,\"temperature\":0.10,\"topP\":0.9}}"},
    {ONE, PS_FAMILY_CONVERSE, false,
     "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi \\\"you\\\"\"}]}]}"},
    {PARAMETERS, PS_FAMILY_CONVERSE, false,
     "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]}],\"inferenceConfig\":{"
     "\"maxTokens\":9,\"temperature\":0,\"topP\":1,\"stopSequences\":[\"x\",\"\\n\"]}}"},
    {ONE, PS_FAMILY_LLAMA, false,
     "{\"prompt\":\"<|begin_of_text|><|start_header_id|>user<|end_header_id|>\\n\\nHi \\\"you\\\""
     "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\\n\\n\"}"},
    {CHAT, PS_FAMILY_LLAMA, false,
     "{\"prompt\":\"<|begin_of_text|><|start_header_id|>system<|end_header_id|>\\n\\nBe "
     "brief.<|eot_id|>"
     "<|start_header_id|>user<|end_header_id|>\\n\\na<|eot_id|><|start_header_id|>assistant"
     "<|end_header_id|>\\n\\nb<|eot_id|><|start_header_id|>user<|end_header_id|>\\n\\nc\\n\\nd<|"
     "eot_id|>"
     "<|start_header_id|>assistant<|end_header_id|>\\n\\n\",\"max_gen_len\":9,\"temperature\":0.10,"
     "\"top_p\":0.9}"},
    {ONE, PS_FAMILY_LLAMA, true,
     "{\"prompt\":\"<|begin_of_text|><|header_start|>user<|header_end|>\\n\\nHi \\\"you\\\"<|eot|>"
     "<|header_start|>assistant<|header_end|>\\n\\n\"}"},
    {PARAMETERS, PS_FAMILY_LLAMA, false, "!not_convertible"},
    {CHAT, PS_FAMILY_MISTRAL, false,
     "{\"prompt\":\"<s>[INST] Be brief.\\n\\na [/INST] b</s>[INST] c\\n\\nd "
     "[/INST]\",\"max_tokens\":9,"
     "\"temperature\":0.10,\"top_p\":0.9}"},
    {PARAMETERS, PS_FAMILY_MISTRAL, false,
     "{\"prompt\":\"<s>[INST] a "
     "[/INST]\",\"max_tokens\":9,\"temperature\":0,\"top_p\":1,\"top_k\":5,"
     "\"stop\":[\"x\",\"\\n\"]}"},
    {ONE, PS_FAMILY_TITAN_TEXT, false, "{\"inputText\":\"Hi \\\"you\\\"\"}"},
    {CHAT, PS_FAMILY_TITAN_TEXT, false,
     "{\"inputText\":\"Be brief.\\n\\nUser: a\\nBot: b\\nUser: "
     "c\\nd\\nBot:\",\"textGenerationConfig\":{"
     "\"maxTokenCount\":9,\"temperature\":0.10,\"topP\":0.9}}"},
    {ONE, PS_FAMILY_TITAN_EMBED, false, "{\"inputText\":\"Hi \\\"you\\\"\"}"},
    {CHAT, PS_FAMILY_TITAN_EMBED, false, "!not_convertible"},
};

static void every_family_has_its_form(void **state)
{
    (void)state;
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    struct ps_json_doc again PS_CLEANUP(ps_json_doc_release);
    struct ps_request request PS_CLEANUP(ps_request_release);
    struct ps_json_reason reason;
    ps_json_doc_init(&doc);
    ps_json_doc_init(&again);
    ps_request_init(&request);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_buf seen PS_CLEANUP(ps_buf_release);
        struct ps_rejection rejection = {NULL, ""};
        int64_t dropped = 0;
        ps_buf_init(&seen, 4 * PS_KB);
        yyjson_val *const body = ps_json_doc_read(&doc, ps_str_of(rows[row].request), &reason);
        assert_true(ps_request_read(&request, body, false, &rejection));
        const struct ps_body_form form = {rows[row].family, rows[row].is_llama4};
        if (!ps_body_write(&seen, form, &request, &dropped, &rejection)) {
            ps_buf_clear(&seen);
            ps_buf_add_format(&seen, "!%s", rejection.code);
        } else {
            assert_non_null(ps_json_doc_read(&again, ps_buf_str(&seen), &reason));
        }
        assert_string_equal(ps_buf_text(&seen), rows[row].wanted);
    }
}

static void what_has_no_place_is_counted(void **state)
{
    (void)state;
    struct ps_request request PS_CLEANUP(ps_request_release);
    struct ps_buf seen PS_CLEANUP(ps_buf_release);
    struct ps_rejection rejection = {NULL, ""};
    int64_t dropped = 0;
    ps_request_init(&request);
    ps_buf_init(&seen, 4 * PS_KB);
    ps_request_add(&request, PS_ROLE_USER, true, PS_STR("a"));
    request.top_k = PS_STR("5");
    request.dropped_fields = 2;
    const struct ps_body_form converse = {PS_FAMILY_CONVERSE, false};
    const struct ps_body_form nova = {PS_FAMILY_NOVA, false};
    assert_true(ps_body_write(&seen, converse, &request, &dropped, &rejection));
    assert_int_equal(dropped, 3);
    assert_true(ps_body_write(&seen, nova, &request, &dropped, &rejection));
    assert_int_equal(dropped, 2);
}

static void a_begun_answer_is_left_open(void **state)
{
    (void)state;
    struct ps_request request PS_CLEANUP(ps_request_release);
    struct ps_buf seen PS_CLEANUP(ps_buf_release);
    struct ps_rejection rejection = {NULL, ""};
    int64_t dropped = 0;
    ps_request_init(&request);
    ps_buf_init(&seen, 4 * PS_KB);
    ps_request_add(&request, PS_ROLE_USER, true, PS_STR("a"));
    ps_request_add(&request, PS_ROLE_ASSISTANT, true, PS_STR("{"));
    const struct ps_body_form llama = {PS_FAMILY_LLAMA, false};
    assert_true(ps_body_write(&seen, llama, &request, &dropped, &rejection));
    assert_non_null(strstr(ps_buf_text(&seen), "assistant<|end_header_id|>\\n\\n{\"}"));
}

static void a_body_over_the_cap_is_refused(void **state)
{
    (void)state;
    struct ps_request request PS_CLEANUP(ps_request_release);
    ps_request_init(&request);
    ps_request_add(&request, PS_ROLE_SYSTEM, true, PS_STR("be brief"));
    ps_request_add(&request, PS_ROLE_USER, true, PS_STR("a somewhat longer text"));
    request.max_tokens = PS_STR("5");
    for (int family = 0; family < PS_FAMILY_TITAN_EMBED; family++) {
        for (size_t cap = 1; cap < 60; cap++) {
            struct ps_buf seen PS_CLEANUP(ps_buf_release);
            struct ps_rejection rejection = {NULL, ""};
            int64_t dropped = 0;
            ps_buf_init(&seen, cap);
            const struct ps_body_form form = {(enum ps_family)family, false};
            assert_false(ps_body_write(&seen, form, &request, &dropped, &rejection));
            assert_string_equal(rejection.code, "line_too_long");
        }
    }
}

static void a_model_id_says_which_llama(void **state)
{
    (void)state;
    assert_true(ps_body_form_of(PS_STR("us.meta.llama4-scout-17b-instruct-v1:0"), PS_FAMILY_LLAMA)
                    .is_llama4);
    assert_false(
        ps_body_form_of(PS_STR("us.meta.llama3-3-70b-instruct-v1:0"), PS_FAMILY_LLAMA).is_llama4);
    assert_false(ps_body_form_of(PS_STR(""), PS_FAMILY_LLAMA).is_llama4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_has_its_form),
        cmocka_unit_test(what_has_no_place_is_counted),
        cmocka_unit_test(a_begun_answer_is_left_open),
        cmocka_unit_test(a_body_over_the_cap_is_refused),
        cmocka_unit_test(a_model_id_says_which_llama),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
