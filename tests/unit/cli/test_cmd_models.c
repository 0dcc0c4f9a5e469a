/*
 * Goal: `models`, `quotas` and `config` show what the data says, as a table of 80 columns and as
 * one JSON document, and end with status 2 and what would do where they cannot. Method: the program
 * called as a shell would; a models file with one thing of each kind.
 */
#include "cli_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include <cmocka.h>

#define HAIKU "anthropic.claude-haiku-4-5-20251001-v1:0"
#define COLUMNS_MAX 80

static size_t widest(const struct ps_buf *const text)
{
    size_t width = 0;
    struct ps_str rest = ps_buf_str(text);
    while (rest.size > 0) {
        const size_t size = ps_str_find(rest, '\n');
        width = size > width ? size : width;
        rest = ps_str_part(rest, size + 1, rest.size);
    }
    return width;
}

static void models_are_a_table_that_fits(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_call(&scene, "models", NULL), 0);
    assert_true(widest(&scene.out) <= COLUMNS_MAX);
    assert_true(cli_holds(&scene.out, HAIKU "  anthropic    200K   0.55/2.75 p23\n"));
    assert_true(cli_holds(&scene.out, "11+p10 *\n"));
    assert_true(cli_holds(&scene.out, "anthropic.claude-sonnet-5"));
    assert_int_equal(cli_call(&scene, "models", "HAIKU", NULL), 0);
    assert_true(cli_holds(&scene.out, HAIKU));
    assert_false(cli_holds(&scene.out, "amazon.nova"));
    cli_scene_release(&scene);
}

static void one_model_is_told_whole(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_call(&scene, "models", "us." HAIKU, NULL), 0);
    assert_true(widest(&scene.out) <= COLUMNS_MAX);
    assert_true(cli_holds(&scene.out, "Claude Haiku 4.5\n"));
    assert_true(cli_holds(&scene.out, "200,000 tokens a record, at most 64,000"));
    assert_true(cli_holds(&scene.out, "batch $0.55 in, $2.75 out; on demand $1.1 in"));
    assert_true(cli_holds(&scene.out, "through a profile from 23 Regions:"));
    assert_true(cli_holds(&scene.out, "counts 5 times"));
    assert_int_equal(cli_call(&scene, "models", "claude-sonnet-4-20250514", NULL), 0);
    assert_true(cli_holds(&scene.out, "reached its end of life on 2026-10-14"));
    assert_int_equal(cli_call(&scene, "models", "anthropic.claude-sonnet-5", NULL), 0);
    assert_true(cli_holds(&scene.out, "batch     none (not in the table"));
    assert_int_equal(cli_call(&scene, "models", "qwen.qwen3-next-80b-a3b", NULL), 0);
    assert_true(cli_holds(&scene.out, "price     not known\n"));
    assert_true(cli_holds(&scene.out, "under its own id in 10 Regions:"));
    cli_scene_release(&scene);
}

static void models_are_json(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_call(&scene, "models", "--json", NULL), 0);
    yyjson_doc *const all = yyjson_read(scene.out.data, scene.out.size, 0);
    assert_true(yyjson_arr_size(yyjson_doc_get_root(all)) > 60);
    yyjson_doc_free(all);
    assert_int_equal(cli_call(&scene, "models", HAIKU, "--json", NULL), 0);
    yyjson_doc *const one = yyjson_read(scene.out.data, scene.out.size, 0);
    assert_int_equal(yyjson_arr_size(yyjson_doc_get_root(one)), 1);
    assert_int_equal(yyjson_get_sint(yyjson_doc_ptr_get(one, "/0/context_tokens")), 200000);
    assert_int_equal(
        yyjson_get_sint(yyjson_doc_ptr_get(one, "/0/prices_usd_micros/global/batch_input")),
        500000);
    assert_int_equal(yyjson_arr_size(yyjson_doc_ptr_get(one, "/0/profile_regions")), 23);
    assert_string_equal(yyjson_get_str(yyjson_doc_ptr_get(one, "/0/lifecycle")), "active");
    yyjson_doc_free(one);
    cli_scene_release(&scene);
}

static void what_nobody_knows_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words[4];
        const char *says;
    } rows[] = {
        {{"models", "nobody.knows"}, "nobody here knows it"},
        {{"models", "claude-hiaku-4-5"}, "Did you mean '"},
        {{"models", "--models-file", "/nowhere/models.json"}, "/nowhere/models.json"},
        {{"quotas"}, "cannot list limits without --model"},
        {{"quotas", "--model", HAIKU "@us-east-1"}, "From us-east-1 it takes them as 'us."},
        {{"quotas", "--model", "nobody.knows@us-east-1"}, "nobody here knows it"},
        {{"quotas", "a", "--model", "us." HAIKU}, "more than one"},
        {{"quotas", "--lane", "tpm=-3"}, "'tpm=-3'"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct cli_scene scene;
        cli_scene_init(&scene);
        const char *const *const words = rows[row].words;
        assert_int_equal(cli_call(&scene, words[0], words[1], words[2], words[3], NULL), 2);
        if (!cli_holds(&scene.err, rows[row].says)) {
            fail_msg("%s: %s", words[0], ps_buf_text(&scene.err));
        }
        cli_scene_release(&scene);
    }
}

static void quotas_name_source_and_code(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_call(&scene, "quotas", "--model", "us." HAIKU "@us-west-2", NULL), 0);
    assert_true(widest(&scene.out) <= COLUMNS_MAX);
    assert_true(cli_holds(&scene.out, "Claude Haiku 4.5, batch jobs in us-west-2\n"));
    assert_true(cli_holds(&scene.out, "100  published    2026-10  L-63020993  yes\n"));
    assert_true(cli_holds(&scene.out, "files             none known  -            2026-11"));
    assert_true(cli_holds(&scene.out, "s3_rps                 3,500  published"));
    assert_int_equal(cli_call(&scene, "quotas", "--model", "us." HAIKU, "--region", "us-east-2",
                              "--limits", "typical", NULL),
                     0);
    assert_true(cli_holds(&scene.out, "batch jobs in us-east-2"));
    assert_true(cli_holds(&scene.out, "50,000,000  typical"));
    assert_int_equal(cli_call(&scene, "quotas", "--json", "--lane",
                              "kind=on-demand,tpd=1M,model=us." HAIKU, NULL),
                     0);
    yyjson_doc *const document = yyjson_read(scene.out.data, scene.out.size, 0);
    yyjson_val *const limits = yyjson_doc_ptr_get(document, "/limits");
    size_t place = 0;
    size_t count = 0;
    yyjson_val *limit = NULL;
    int seen = 0;
    yyjson_arr_foreach(limits, place, count, limit)
    {
        const char *const name = yyjson_get_str(yyjson_obj_get(limit, "limit"));
        const int64_t value = yyjson_get_sint(yyjson_obj_get(limit, "value"));
        const char *const source = yyjson_get_str(yyjson_obj_get(limit, "source"));
        yyjson_val *const quota = yyjson_obj_get(limit, "quota");
        assert_string_not_equal(name, "jobs");
        if (strcmp(name, "tpm") == 0) {
            assert_int_equal(value, 5000000);
            assert_string_equal(yyjson_get_str(yyjson_obj_get(quota, "code")), "L-58BE175A");
            assert_true(yyjson_is_true(yyjson_obj_get(quota, "adjustable")));
            seen++;
        } else if (strcmp(name, "tpd") == 0) {
            assert_int_equal(value, 1000000);
            assert_string_equal(source, "user");
            assert_true(yyjson_is_null(yyjson_obj_get(limit, "date")));
            seen++;
        }
    }
    assert_int_equal(seen, 2);
    yyjson_doc_free(document);
    cli_scene_release(&scene);
}

static void a_models_file_counts_instead(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    cli_write(&scene, "models.json",
              PS_STR("{\"models\":[{\"id\":\"new.one\",\"name\":\"New One\","
                     "\"context\":{\"tokens\":5000}}]}"));
    char *path PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "models.json");
    assert_int_equal(cli_call(&scene, "models", "--models-file", path, NULL), 0);
    assert_true(cli_holds(&scene.out, "new.one "));
    assert_true(cli_holds(&scene.out, "   5K           - ?\n"));
    assert_false(cli_holds(&scene.out, HAIKU));
    assert_int_equal(cli_call(&scene, "quotas", "--models-file", path, "--model", "new.one", NULL),
                     0);
    assert_true(cli_holds(&scene.out, "context                5,000  published"));
    cli_scene_release(&scene);
}

static void config_tells_each_value_and_its_source(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    cli_write(&scene, "my.conf", PS_STR("[lane west]\nmodel = us." HAIKU "\ntpd = 20M\n"));
    assert_int_equal(setenv("AWS_REGION", "us-west-2", 1), 0);
    char *path PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "my.conf");
    assert_int_equal(cli_call(&scene, "config", "--config", path, "--poll-interval", "10s", NULL),
                     0);
    assert_true(cli_holds(&scene.out, "  poll-interval      10000ms                      "
                                      "--poll-interval\n"));
    assert_true(cli_holds(&scene.out, "  job-timeout        72h                          "
                                      "default\n"));
    assert_true(cli_holds(&scene.out, "  region             us-west-2                    "
                                      "AWS_REGION\n"));
    assert_true(cli_holds(&scene.out, "  s3-uri             -                            "
                                      "not set\n"));
    assert_true(cli_holds(&scene.out, "\nlane west\n"));
    assert_true(cli_holds(&scene.out, "  tpd                20000000                     /"));
    assert_true(cli_holds(&scene.out, "published\n"));
    assert_true(cli_holds(&scene.out, "us-west-2                    the option region\n"));
    assert_int_equal(cli_call(&scene, "config", "--config", path, "--json", NULL), 0);
    assert_true(cli_holds(&scene.out, "{\"name\":\"region\",\"value\":\"us-west-2\","
                                      "\"source\":\"AWS_REGION\"}"));
    assert_true(cli_holds(&scene.out, "{\"kind\":\"lane\",\"name\":\"west\","));
    cli_write(&scene, "my.conf", PS_STR("[lane west]\ntpdd = 20M\n"));
    assert_int_equal(cli_call(&scene, "config", "--config", path, NULL), 2);
    assert_true(cli_holds(&scene.err, "tpd"));
    assert_int_equal(unsetenv("AWS_REGION"), 0);
    cli_scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_tells_each_value_and_its_source),
        cmocka_unit_test(models_are_a_table_that_fits),
        cmocka_unit_test(one_model_is_told_whole),
        cmocka_unit_test(models_are_json),
        cmocka_unit_test(what_nobody_knows_is_refused),
        cmocka_unit_test(quotas_name_source_and_code),
        cmocka_unit_test(a_models_file_counts_instead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
