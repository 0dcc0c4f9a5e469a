/*
 * Goal: plan and run --dry-run say what an input becomes, and keep nothing. Method: an input with
 * duplicates and a broken line, cut small; the text and the JSON are read.
 */
#include "cli/dry_run.h"

#include "cli_scene.h"
#include "../app/folder.h"

#include <stdlib.h>
#include <yyjson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void write_input(const struct cli_scene *const scene)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 1 << 20);
    for (int number = 0; number < 25; number++) {
        ps_buf_add_format(&text, "{\"id\":\"p%d\",\"prompt\":\"Number %d\"}\n", number,
                          number % 23);
    }
    ps_buf_add_text(&text, "{\"id\":\n");
    cli_write(scene, "in.jsonl", ps_buf_str(&text));
}

static int64_t number_at(yyjson_doc *const document, const char *const path)
{
    yyjson_val *const value = yyjson_doc_ptr_get(document, path);
    assert_true(yyjson_is_int(value));
    return yyjson_get_sint(value);
}

static void the_json_adds_up(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    write_input(&scene);
    char *in PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "in.jsonl");
    assert_int_equal(
        cli_call(&scene, "plan", in, "--model", CLI_MODEL, "--lane", CLI_LANE, "--json", NULL), 0);
    yyjson_doc *const document = yyjson_read(scene.out.data, scene.out.size, 0);
    assert_non_null(document);
    assert_int_equal(number_at(document, "/demand/records"), 26);
    assert_int_equal(number_at(document, "/demand/unique_records"), 23);
    assert_int_equal(number_at(document, "/demand/duplicates"), 2);
    assert_int_equal(number_at(document, "/demand/rejected"), 1);
    assert_int_equal(number_at(document, "/jobs"), 3);
    assert_int_equal(number_at(document, "/shards"), 6);
    assert_int_equal(number_at(document, "/left_over"), 0);
    assert_int_equal(number_at(document, "/demand/tokens"),
                     number_at(document, "/demand/input_tokens") +
                         number_at(document, "/demand/output_tokens"));
    yyjson_doc_free(document);
    cli_scene_release(&scene);
}

static void the_text_names_every_limit_with_its_source(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    write_input(&scene);
    char *in PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "in.jsonl");
    assert_int_equal(
        cli_call(&scene, "run", in, "--dry-run", "--model", CLI_MODEL, "--lane", CLI_LANE, NULL),
        0);
    assert_true(cli_holds(&scene.out, "to be sent          23"));
    assert_true(cli_holds(&scene.out, "10 (user)"));
    assert_true(cli_holds(&scene.out, "1000000000 (published)"));
    cli_scene_release(&scene);
}

static void nothing_is_kept(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    write_input(&scene);
    char *in PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "in.jsonl");
    char *staging PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "state/penstock/staging");
    assert_int_equal(cli_call(&scene, "plan", in, "--model", CLI_MODEL, NULL), 0);
    assert_int_equal(test_folder_count(staging), 0);
    assert_int_equal(cli_call(&scene, "plan", "nothing", "--model", CLI_MODEL, NULL), 2);
    assert_int_equal(test_folder_count(staging), 0);
    assert_int_equal(cli_call(&scene, "runs", "--json", NULL), 0);
    assert_string_equal(ps_buf_text(&scene.out), "[]\n");
    cli_scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_json_adds_up),
        cmocka_unit_test(the_text_names_every_limit_with_its_source),
        cmocka_unit_test(nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
