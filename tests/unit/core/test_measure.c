/* Goal: what the model reads is counted, what the form says is not; limits and temperature are
 * found where each family keeps them. Method: rows of bodies. */
#include "core/measure.h"

#include "codec/json_doc.h"
#include "core/tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct body_row {
    enum ps_family family;
    const char *body;
    const char *text; /* what the tokens are of */
    int64_t images;
    int64_t output_tokens_max;
    bool is_warm;
};

static const struct body_row rows[] = {
    {PS_FAMILY_ANTHROPIC,
     "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":77,\"temperature\":0.7,"
     "\"system\":\"one two\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
     "\"text\":\"three\"}]},{\"role\":\"assistant\",\"content\":\"four\"}]}",
     "one two three four", 0, 77, true},
    {PS_FAMILY_ANTHROPIC,
     "{\"temperature\":0.0,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\","
     "\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}},"
     "{\"type\":\"text\",\"text\":\"what\"}]}]}",
     "what", 1, 0, false},
    {PS_FAMILY_NOVA,
     "{\"system\":[{\"text\":\"a\"}],\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
     "\"b\"}]}],\"inferenceConfig\":{\"max_new_tokens\":5,\"temperature\":1e0}}",
     "a b", 0, 5, true},
    {PS_FAMILY_CONVERSE, "{\"messages\":[],\"inferenceConfig\":{\"maxTokens\":6}}", "", 0, 6,
     false},
    {PS_FAMILY_LLAMA, "{\"prompt\":\"a b\",\"max_gen_len\":9,\"temperature\":0e5}", "a b", 0, 9,
     false},
    {PS_FAMILY_MISTRAL, "{\"prompt\":\"a b\",\"max_tokens\":8,\"stop\":[\"c d e\"]}", "a b", 0, 8,
     false},
    {PS_FAMILY_OPENAI, "{\"messages\":[],\"max_completion_tokens\":11,\"temperature\":\"hot\"}", "",
     0, 11, false},
    {PS_FAMILY_TITAN_TEXT,
     "{\"inputText\":\"a\",\"textGenerationConfig\":{\"maxTokenCount\":12,\"temperature\":-1}}",
     "a", 0, 12, false},
    {PS_FAMILY_TITAN_EMBED, "{\"inputText\":\"a\",\"inputImage\":\"AAAA\"}", "a", 1, 0, false},
    {PS_FAMILY_ANTHROPIC, "{\"max_tokens\":\"many\",\"messages\":7}", "", 0, 0, false},
    {PS_FAMILY_ANTHROPIC, "{\"max_tokens\":-5}", "", 0, 0, false},
    {PS_FAMILY_ANTHROPIC, "{\"max_tokens\":1e3}", "", 0, 0, false},
    {PS_FAMILY_NOVA, "{\"inferenceConfig\":\"none\"}", "", 0, 0, false},
};

static void bodies_are_measured(void **state)
{
    (void)state;
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    struct ps_json_reason reason;
    ps_json_doc_init(&doc);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_measure measure;
        struct ps_token_counts counts = {.images = rows[row].images};
        ps_tokens_count(&counts, ps_str_of(rows[row].text));
        ps_measure_body(ps_json_doc_read(&doc, ps_str_of(rows[row].body), &reason),
                        rows[row].family, &measure);
        assert_int_equal(measure.input_tokens, ps_tokens_estimate(&counts, rows[row].family));
        assert_int_equal(measure.output_tokens_max, rows[row].output_tokens_max);
        assert_int_equal(measure.is_warm, rows[row].is_warm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bodies_are_measured)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
