/* Goal: a line's keys say its dialect. Method: rows; names go both ways. */
#include "core/dialect.h"

#include "codec/json_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void keys_say_the_dialect(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum ps_dialect dialect; /* PS_DIALECT_COUNT: none */
    } rows[] = {
        {"{\"recordId\":\"a\",\"modelInput\":{}}", PS_DIALECT_BEDROCK},
        {"{\"modelInput\":7}", PS_DIALECT_BEDROCK},
        {"{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1\",\"body\":{}}",
         PS_DIALECT_OPENAI},
        {"{\"custom_id\":\"a\",\"params\":{}}", PS_DIALECT_ANTHROPIC},
        {"{\"id\":1,\"prompt\":\"x\"}", PS_DIALECT_SIMPLE},
        {"{\"messages\":[],\"id\":1}", PS_DIALECT_SIMPLE},
        {"{\"prompt\":\"x\",\"body\":\"a column\"}", PS_DIALECT_SIMPLE},
        {"{\"question\":\"x\",\"answer\":\"y\"}", PS_DIALECT_COUNT},
        {"{}", PS_DIALECT_COUNT},
        {"[\"prompt\"]", PS_DIALECT_COUNT},
        {"\"prompt\"", PS_DIALECT_COUNT},
    };
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    struct ps_json_reason reason;
    ps_json_doc_init(&doc);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        enum ps_dialect dialect = PS_DIALECT_COUNT;
        yyjson_val *const root = ps_json_doc_read(&doc, ps_str_of(rows[row].line), &reason);
        assert_int_equal(ps_dialect_of_line(root, &dialect), rows[row].dialect != PS_DIALECT_COUNT);
        assert_int_equal(dialect, rows[row].dialect);
    }
    enum ps_dialect dialect = PS_DIALECT_COUNT;
    assert_false(ps_dialect_of_line(NULL, &dialect));
}

static void names_go_both_ways(void **state)
{
    (void)state;
    enum ps_dialect again = PS_DIALECT_COUNT;
    for (int dialect = 0; dialect < PS_DIALECT_COUNT; dialect++) {
        const char *const name = ps_dialect_name((enum ps_dialect)dialect);
        assert_true(ps_dialect_of_name(ps_str_of(name), &again));
        assert_int_equal(again, dialect);
    }
    assert_false(ps_dialect_of_name(PS_STR("Bedrock"), &again));
    assert_true(ps_str_equals_text(ps_dialect_body_key(PS_DIALECT_ANTHROPIC), "params"));
    assert_true(ps_str_equals_text(ps_dialect_id_key(PS_DIALECT_BEDROCK), "recordId"));
    assert_int_equal(ps_dialect_body_key(PS_DIALECT_SIMPLE).size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_say_the_dialect),
        cmocka_unit_test(names_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
