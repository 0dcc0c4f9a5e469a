/*
 * Goal: each family answers in its own shape, the same question with the same bytes, and a body
 * that is wrong for the family is told so. Method: one row a family; the members that a client
 * needs are read back.
 */
#include "sim/model.h"

#include "sim/canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct asked {
    struct ps_buf output;
    struct ps_model_answer answer;
};

static void ask(struct asked *const asked, const enum ps_family family, const char *const model,
                const char *const input)
{
    yyjson_doc *const doc = yyjson_read(input, strlen(input), PS_SIM_READ_FLAGS);
    assert_non_null(doc);
    struct ps_model_question question = {
        .family = family, .model = ps_str_of(model), .input = yyjson_doc_get_root(doc)};
    struct ps_buf canonical PS_CLEANUP(ps_buf_release);
    ps_buf_init(&canonical, 100000);
    assert_true(ps_canonical_add(&canonical, question.input));
    ps_sha256(ps_buf_str(&canonical), question.digest);
    ps_buf_init(&asked->output, 1000000);
    ps_model_answer(&question, &asked->output, &asked->answer);
    yyjson_doc_free(doc);
}

struct shape {
    enum ps_family family;
    const char *model;
    const char *input;
    const char *text; /* where the answer's text is */
    const char *tokens;
    const char *stop;
    const char *stop_word;
};

static const struct shape shapes[] = {
    {PS_FAMILY_ANTHROPIC, "anthropic.claude-x",
     "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":300,\"messages\":[{\"role\":"
     "\"user\","
     "\"content\":\"Tell me about libraries\"}]}",
     "/content/0/text", "/usage/output_tokens", "/stop_reason", "end_turn"},
    {PS_FAMILY_NOVA, "amazon.nova-pro-v1:0",
     "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Tell me about libraries\"}]}]}",
     "/output/message/content/0/text", "/usage/outputTokens", "/stopReason", "end_turn"},
    {PS_FAMILY_LLAMA, "meta.llama3-1-8b-instruct-v1:0", "{\"prompt\":\"Tell me about libraries\"}",
     "/generation", "/generation_token_count", "/stop_reason", "stop"},
    {PS_FAMILY_MISTRAL, "mistral.mistral-7b-instruct-v0:2",
     "{\"prompt\":\"Tell me about libraries\",\"max_tokens\":300}", "/outputs/0/text", NULL,
     "/outputs/0/stop_reason", "stop"},
    {PS_FAMILY_OPENAI, "qwen.qwen3-32b-v1:0",
     "{\"messages\":[{\"role\":\"user\",\"content\":\"Tell me about libraries\"}],\"anything\":1}",
     "/choices/0/message/content", "/usage/completion_tokens", "/choices/0/finish_reason", "stop"},
    {PS_FAMILY_TITAN_TEXT, "amazon.titan-text-express-v1",
     "{\"inputText\":\"Tell me about libraries\"}", "/results/0/outputText",
     "/results/0/tokenCount", "/results/0/completionReason", "FINISH"},
    {PS_FAMILY_CONVERSE, "amazon.nova-pro-v1:0",
     "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Tell me about libraries\"}]}],"
     "\"inferenceConfig\":{\"maxTokens\":300}}",
     "/output/message/content/0/text", "/usage/outputTokens", "/stopReason", "end_turn"},
};

static void each_family_has_its_shape(void **state)
{
    (void)state;
    for (size_t index = 0; index < sizeof shapes / sizeof shapes[0]; index++) {
        const struct shape *const shape = &shapes[index];
        struct asked asked;
        ask(&asked, shape->family, shape->model, shape->input);
        assert_int_equal(asked.answer.error_code, 0);
        yyjson_doc *const doc = yyjson_read(asked.output.data, asked.output.size, 0);
        yyjson_val *const root = yyjson_doc_get_root(doc);
        const char *const text = yyjson_get_str(yyjson_ptr_get(root, shape->text));
        assert_non_null(text);
        assert_non_null(strstr(text, "libraries"));
        assert_non_null(strstr(text, "the emulator's own text"));
        assert_string_equal(yyjson_get_str(yyjson_ptr_get(root, shape->stop)), shape->stop_word);
        if (shape->tokens != NULL) {
            assert_int_equal(yyjson_get_int(yyjson_ptr_get(root, shape->tokens)),
                             asked.answer.output_tokens);
        }
        assert_true(asked.answer.input_tokens >= 6 && asked.answer.output_tokens > 10);
        yyjson_doc_free(doc);
        ps_buf_release(&asked.output);
    }
}

static void an_embedding_has_length_one(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        size_t dimensions;
    } rows[] = {
        {"{\"inputText\":\"x\"}", 1024},
        {"{\"inputText\":\"x\",\"dimensions\":256,\"normalize\":true}", 256},
        {"{\"inputText\":\"x\",\"embeddingConfig\":{\"outputEmbeddingLength\":384}}", 384},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct asked asked;
        ask(&asked, PS_FAMILY_TITAN_EMBED, "amazon.titan-embed-text-v2:0", rows[index].input);
        yyjson_doc *const doc = yyjson_read(asked.output.data, asked.output.size, 0);
        yyjson_val *const list = yyjson_obj_get(yyjson_doc_get_root(doc), "embedding");
        assert_int_equal(yyjson_arr_size(list), rows[index].dimensions);
        double squares = 0;
        size_t place = 0;
        size_t count = 0;
        yyjson_val *number = NULL;
        yyjson_arr_foreach(list, place, count, number)
        {
            squares += yyjson_get_real(number) * yyjson_get_real(number);
        }
        assert_true(squares > 0.99 && squares < 1.01);
        assert_int_equal(asked.answer.output_tokens, 0);
        yyjson_doc_free(doc);
        ps_buf_release(&asked.output);
    }
}

static void the_same_question_gets_the_same_bytes(void **state)
{
    (void)state;
    struct asked one;
    struct asked other;
    struct asked third;
    ask(&one, PS_FAMILY_LLAMA, "meta.llama", "{\"prompt\":\"same\",\"max_gen_len\":100}");
    ask(&other, PS_FAMILY_LLAMA, "meta.llama",
        "{ \"max_gen_len\" : 100, \"prompt\" : \"s\\u0061me\" }");
    ask(&third, PS_FAMILY_LLAMA, "meta.llama", "{\"prompt\":\"same\",\"max_gen_len\":101}");
    assert_string_equal(ps_buf_text(&one.output), ps_buf_text(&other.output));
    assert_string_not_equal(ps_buf_text(&one.output), ps_buf_text(&third.output));
    ps_buf_release(&one.output);
    ps_buf_release(&other.output);
    ps_buf_release(&third.output);
}

static void an_answer_ends_at_its_limit(void **state)
{
    (void)state;
    struct asked asked;
    ask(&asked, PS_FAMILY_LLAMA, "meta.llama", "{\"prompt\":\"hello there\",\"max_gen_len\":3}");
    assert_int_equal(asked.answer.output_tokens, 3);
    assert_non_null(strstr(ps_buf_text(&asked.output), "\"stop_reason\":\"length\""));
    ps_buf_release(&asked.output);
}

static void wrong_bodies_are_that_records_error(void **state)
{
    (void)state;
    static const struct {
        enum ps_family family;
        const char *input;
        const char *message;
    } rows[] = {
        {PS_FAMILY_ANTHROPIC, "{\"max_tokens\":1,\"messages\":[{}]}",
         "anthropic_version: Field required"},
        {PS_FAMILY_ANTHROPIC, "{\"anthropic_version\":\"x\",\"messages\":[{}]}",
         "max_tokens: Field required"},
        {PS_FAMILY_ANTHROPIC,
         "{\"anthropic_version\":\"x\",\"max_tokens\":1,\"messages\":[{}],\"model\":\"y\"}",
         "model: Extra inputs are not permitted"},
        {PS_FAMILY_ANTHROPIC, "{\"anthropic_version\":\"x\",\"max_tokens\":1,\"messages\":[]}",
         "messages: at least one message is required"},
        {PS_FAMILY_ANTHROPIC, "{\"anthropic_version\":\"x\",\"max_tokens\":0,\"messages\":[{}]}",
         "max_tokens: Input should be greater than or equal to 1"},
        {PS_FAMILY_LLAMA, "{\"messages\":[{}]}",
         "Malformed input request: #: required key [prompt] not found, please reformat your input "
         "and try again."},
        {PS_FAMILY_LLAMA, "{\"prompt\":\"x\",\"max_tokens\":1}",
         "Malformed input request: #: extraneous key [max_tokens] is not permitted, please "
         "reformat your input and try again."},
        {PS_FAMILY_MISTRAL, "{\"max_tokens\":1}",
         "Malformed input request: #: required key [prompt] not found, please reformat your input "
         "and try again."},
        {PS_FAMILY_OPENAI, "{\"messages\":[{}],\"modelId\":\"x\"}",
         "modelId: Extra inputs are not permitted"},
        {PS_FAMILY_CONVERSE, "{\"messages\":[{}],\"toolConfig\":{}}",
         "Tool use is not supported for batch inference Converse requests."},
        {PS_FAMILY_CONVERSE, "{\"messages\":[{\"content\":[{\"cachePoint\":{}}]}]}",
         "cachePoint: Extra inputs are not permitted"},
        {PS_FAMILY_CONVERSE, "{\"messages\":[{}],\"serviceTier\":{}}",
         "serviceTier: Extra inputs are not permitted"},
        {PS_FAMILY_NOVA, "[]", "modelInput: Field required"},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct asked asked;
        ask(&asked, rows[index].family, "m", rows[index].input);
        assert_int_equal(asked.answer.error_code, 400);
        assert_string_equal(asked.answer.error_message, rows[index].message);
        assert_int_equal(asked.output.size, 0);
        assert_int_equal(asked.answer.input_tokens, 0);
        ps_buf_release(&asked.output);
    }
}

static void families_are_known_by_the_models_name(void **state)
{
    (void)state;
    enum ps_family family = PS_FAMILY_COUNT;
    bool is_batch = false;
    assert_true(ps_model_family(PS_STR("anthropic.claude-3"), &family, &is_batch));
    assert_true(family == PS_FAMILY_ANTHROPIC && is_batch);
    assert_true(ps_model_family(PS_STR("mistral.mistral-7b-instruct-v0:2"), &family, &is_batch));
    assert_true(family == PS_FAMILY_MISTRAL && is_batch);
    assert_true(ps_model_family(PS_STR("mistral.ministral-3-3b-instruct"), &family, &is_batch));
    assert_true(family == PS_FAMILY_OPENAI && is_batch);
    assert_true(ps_model_family(PS_STR("cohere.embed-v4"), &family, &is_batch));
    assert_false(is_batch);
    assert_false(ps_model_family(PS_STR("nobody.knows"), &family, &is_batch));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_family_has_its_shape),
        cmocka_unit_test(an_embedding_has_length_one),
        cmocka_unit_test(the_same_question_gets_the_same_bytes),
        cmocka_unit_test(an_answer_ends_at_its_limit),
        cmocka_unit_test(wrong_bodies_are_that_records_error),
        cmocka_unit_test(families_are_known_by_the_models_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
