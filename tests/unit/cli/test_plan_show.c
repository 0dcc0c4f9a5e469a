/*
 * Goal: plan and run --dry-run say what an input becomes, draw it, refuse what does not fit, and
 * keep nothing. Method: an input with duplicates and a broken line, cut small; text, JSON and
 * drawing are read.
 */
#include "cli/plan_show.h"

#include "cli_scene.h"
#include "../app/folder.h"
#include "os/files.h"

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
    assert_true(cli_holds(&scene.out, "26  23 to be sent, 2 the same as another, 1 rejected\n"));
    assert_true(cli_holds(&scene.out, "  job_records           10  user "));
    assert_true(cli_holds(&scene.out, "  shard_bytes       1.0 GB  published"));
    assert_true(cli_holds(&scene.out, "in 3 jobs of 6 files"));
    cli_scene_release(&scene);
}

#define NUMBERS "--records", "200k", "--input-tokens", "10k", "--output-tokens", "2k"

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(
        cli_call(&scene, "plan", NUMBERS, "--limits", "typical", "--deadline", "2h", NULL), 3);
    assert_true(cli_holds(&scene.out, "Does not fit into 2 hours. 49 days at 50 M tokens/day"));
    assert_int_equal(
        cli_call(&scene, "plan", NUMBERS, "--limits", "typical", "--deadline", "50d", NULL), 0);
    assert_true(cli_holds(&scene.out, "Fits into 50 days."));
    assert_int_equal(
        cli_call(&scene, "plan", NUMBERS, "--model", CLI_MODEL, "--max-cost", "10", NULL), 3);
    assert_true(cli_holds(&scene.out, "above the $10.00 of --max-cost"));
    assert_int_equal(cli_call(&scene, "plan", NUMBERS, "--max-cost", "10", NULL), 2);
    assert_true(cli_holds(&scene.err, "a lane's price is not known"));
    cli_scene_release(&scene);
}

static void a_plan_is_drawn_into_a_file(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    char *svg PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "plan.svg");
    char *nowhere PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "no/folder/plan.svg");
    assert_int_equal(cli_call(&scene, "plan", NUMBERS, "--limits", "typical", "--plot", svg, NULL),
                     0);
    struct ps_buf drawing PS_CLEANUP(ps_buf_release);
    struct ps_error err;
    ps_buf_init(&drawing, 1 << 20);
    assert_int_equal(ps_files_read(svg, &drawing, &err), PS_OK);
    assert_true(cli_holds(&drawing, "<svg xmlns="));
    assert_int_equal(
        cli_call(&scene, "plan", NUMBERS, "--limits", "typical", "--plot", nowhere, NULL), 2);
    assert_true(cli_holds(&scene.err, "--plot takes the path of a file"));
    cli_scene_release(&scene);
}

static void the_forecast_is_of_simulated_runs(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_call(&scene, "plan", "--records", "2000", "--input-tokens", "100",
                              "--output-tokens", "10", "--lane", "tpm=100k,startup=5m", "--json",
                              NULL),
                     0);
    yyjson_doc *const document = yyjson_read(scene.out.data, scene.out.size, 0);
    assert_non_null(document);
    const double low = yyjson_get_num(yyjson_doc_ptr_get(document, "/forecast/low_s"));
    const double median = yyjson_get_num(yyjson_doc_ptr_get(document, "/forecast/median_s"));
    const double high = yyjson_get_num(yyjson_doc_ptr_get(document, "/forecast/high_s"));
    assert_true(low > 0 && low <= median && median <= high);
    yyjson_doc_free(document);
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
    assert_int_equal(cli_call(&scene, "plan", in, "--model", CLI_MODEL, "--lane", CLI_LANE, NULL),
                     0);
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
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_plan_is_drawn_into_a_file),
        cmocka_unit_test(the_forecast_is_of_simulated_runs),
        cmocka_unit_test(nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
