/* Goal: a model's id, profile or ARN says which body it speaks. Method: rows, unknown ones among
 * them. */
#include "core/family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct model_row {
    const char *model;
    enum ps_family family; /* PS_FAMILY_COUNT: nobody knows it */
};

static const struct model_row rows[] = {
    {"anthropic.claude-3-haiku-20240307-v1:0", PS_FAMILY_ANTHROPIC},
    {"us.anthropic.claude-haiku-4-5-20251001-v1:0", PS_FAMILY_ANTHROPIC},
    {"global.anthropic.claude-sonnet-4-6", PS_FAMILY_ANTHROPIC},
    {"us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", PS_FAMILY_ANTHROPIC},
    {"apac.amazon.nova-lite-v1:0", PS_FAMILY_NOVA},
    {"amazon.nova-2-lite-v1:0", PS_FAMILY_NOVA},
    {"amazon.nova-2-multimodal-embeddings-v1:0", PS_FAMILY_COUNT},
    {"amazon.nova-canvas-v1:0", PS_FAMILY_COUNT},
    {"amazon.titan-embed-text-v2:0", PS_FAMILY_TITAN_EMBED},
    {"amazon.titan-text-express-v1", PS_FAMILY_TITAN_TEXT},
    {"us.meta.llama3-3-70b-instruct-v1:0", PS_FAMILY_LLAMA},
    {"mistral.mistral-small-2402-v1:0", PS_FAMILY_MISTRAL},
    {"mistral.mistral-large-2407-v1:0", PS_FAMILY_MISTRAL},
    {"mistral.mistral-large-3-675b-instruct", PS_FAMILY_OPENAI},
    {"mistral.ministral-3-8b-instruct", PS_FAMILY_OPENAI},
    {"openai.gpt-oss-120b-1:0", PS_FAMILY_OPENAI},
    {"qwen.qwen3-32b-v1:0", PS_FAMILY_OPENAI},
    {"deepseek.v3.2", PS_FAMILY_OPENAI},
    {"deepseek.r1-v1:0", PS_FAMILY_COUNT},
    {"google.gemma-3-4b-it", PS_FAMILY_OPENAI},
    {"zai.glm-4.7", PS_FAMILY_OPENAI},
    {"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0", PS_FAMILY_NOVA},
    {"arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.meta.llama3-2-3b-instruct-v1:0",
     PS_FAMILY_LLAMA},
    {"arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/openai.gpt-oss-20b-1:0",
     PS_FAMILY_OPENAI},
    {"arn:aws:bedrock:us-east-1:111122223333:custom-model/amazon.titan-embed-image-v1:0/abc123",
     PS_FAMILY_TITAN_EMBED},
    {"arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3",
     PS_FAMILY_COUNT},
    {"arn:aws:s3:::bucket", PS_FAMILY_COUNT},
    {"nobody.knows-this-v1:0", PS_FAMILY_COUNT},
    {"claude", PS_FAMILY_COUNT},
    {"", PS_FAMILY_COUNT},
    {"us.", PS_FAMILY_COUNT},
};

static void a_model_says_its_family(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        enum ps_family family = PS_FAMILY_COUNT;
        const bool is_known = ps_family_of_model(ps_str_of(rows[row].model), &family);
        assert_int_equal(is_known, rows[row].family != PS_FAMILY_COUNT);
        assert_int_equal(family, rows[row].family);
    }
}

static void an_id_is_told_from_its_profile(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        const char *id; /* NULL: it is hidden */
        const char *prefix;
    } ids[] = {
        {"amazon.nova-micro-v1:0", "amazon.nova-micro-v1:0", ""},
        {"us.amazon.nova-micro-v1:0", "amazon.nova-micro-v1:0", "us."},
        {"us-gov.amazon.nova-micro-v1:0", "amazon.nova-micro-v1:0", "us-gov."},
        {"global.openai.x", "openai.x", "global."},
        {"arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.meta.llama3", "meta.llama3",
         "eu."},
        {"arn:aws:bedrock:us-east-1:111122223333:custom-model/amazon.titan-embed-image-v1/abc",
         "amazon.titan-embed-image-v1", ""},
        {"arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc", NULL, ""},
    };
    for (size_t row = 0; row < sizeof(ids) / sizeof(ids[0]); row++) {
        struct ps_str id = PS_STR("");
        struct ps_str prefix = PS_STR("");
        assert_int_equal(ps_family_base_model(ps_str_of(ids[row].model), &id, &prefix),
                         ids[row].id != NULL);
        assert_true(ps_str_equals_text(id, ids[row].id == NULL ? "" : ids[row].id));
        assert_true(ps_str_equals_text(prefix, ids[row].prefix));
    }
}

static void every_family_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int left = 0; left < PS_FAMILY_COUNT; left++) {
        for (int right = 0; right < left; right++) {
            assert_string_not_equal(ps_family_name((enum ps_family)left),
                                    ps_family_name((enum ps_family)right));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_says_its_family),
        cmocka_unit_test(an_id_is_told_from_its_profile),
        cmocka_unit_test(every_family_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
