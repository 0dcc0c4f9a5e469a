/* Goal: the table holds together. Method: what must be true of every row. */
#include "core/family_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void every_row_holds_together(void **state)
{
    (void)state;
    for (int family = 0; family < PS_FAMILY_COUNT; family++) {
        const struct ps_family_rules *const rules = ps_family_rules((enum ps_family)family);
        size_t place = 0;
        size_t count = 0;
        assert_non_null(rules->name);
        assert_true((rules->own_shapes & 1) == 1); /* what nothing tells is left to the service */
        while (rules->known[count].size > 0) {
            /* Known and refused at once would be dropped and missed. */
            assert_false(ps_family_lists(rules->refused, rules->known[count], &place));
            count++;
        }
        assert_true(count < 64); /* a bit for each */
        assert_true(rules->is_embedding || rules->output_max[0].key != NULL);
        assert_true(rules->is_embedding || rules->output_default_tokens > 0);
        assert_int_equal(rules->fixed_key == NULL, rules->fixed_value == NULL);
        for (size_t row = 0; rules->output_max[row].key != NULL; row++) {
            const struct ps_field_path path = rules->output_max[row];
            const char *const top = path.parent == NULL ? path.key : path.parent;
            assert_true(ps_family_lists(rules->known, ps_str_of(top), &place));
        }
    }
}

static void what_is_refused_is_listed(void **state)
{
    (void)state;
    static const char *const by_all[] = {"modelId", "serviceTier", "requestMetadata", "stream"};
    size_t place = 0;
    for (size_t row = 0; row < sizeof(by_all) / sizeof(by_all[0]); row++) {
        for (int family = 0; family < PS_FAMILY_COUNT; family++) {
            assert_true(ps_family_lists(ps_family_rules((enum ps_family)family)->refused,
                                        ps_str_of(by_all[row]), &place));
        }
    }
    assert_true(ps_family_lists(ps_family_rules(PS_FAMILY_ANTHROPIC)->refused,
                                PS_STR("mod\\u0065l"), &place));
    assert_false(
        ps_family_lists(ps_family_rules(PS_FAMILY_OPENAI)->refused, PS_STR("model"), &place));
}

static void keys_tell_the_shape_whatever_their_order(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        const char *second;
        enum ps_shape shape;
    } rows[] = {
        {"messages", "max_tokens", PS_SHAPE_CHAT},
        {"messages", "anthropic_version", PS_SHAPE_ANTHROPIC},
        {"anthropic_version", "messages", PS_SHAPE_ANTHROPIC},
        {"messages", "inferenceConfig", PS_SHAPE_NOVA},
        {"schemaVersion", "messages", PS_SHAPE_NOVA},
        {"prompt", "max_gen_len", PS_SHAPE_PROMPT},
        {"textGenerationConfig", "inputText", PS_SHAPE_INPUT_TEXT},
        {"taskType", "other", PS_SHAPE_PLAIN},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const enum ps_shape first = ps_shape_of_key(ps_str_of(rows[row].first), PS_SHAPE_PLAIN);
        assert_int_equal(ps_shape_of_key(ps_str_of(rows[row].second), first), rows[row].shape);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_holds_together),
        cmocka_unit_test(what_is_refused_is_listed),
        cmocka_unit_test(keys_tell_the_shape_whatever_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
