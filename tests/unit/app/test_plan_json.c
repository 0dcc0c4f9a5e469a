/*
 * Goal: the JSON of a plan has every key that programs were promised, and null for what nobody
 * knows. Method: read back by pointer.
 */
#include "app/plan_json.h"

#include "plan_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <yyjson.h>
#include <cmocka.h>

static yyjson_doc *written(const struct ps_plan_view *const view)
{
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_PLAN_JSON_BYTES_MAX);
    ps_plan_json_add(&buf, view);
    assert_int_equal(buf.data[buf.size - 1], '\n');
    yyjson_doc *const document = yyjson_read(buf.data, buf.size, 0);
    assert_non_null(document);
    return document;
}

static void every_number_is_where_it_was_promised(void **state)
{
    static const struct {
        const char *path;
        int64_t value;
    } rows[] = {
        {"/demand/records", 200000},
        {"/demand/unique_records", 200000},
        {"/demand/input_tokens", 2000000000},
        {"/demand/output_tokens", 400000000},
        {"/demand/tokens", 2400000000},
        {"/demand/bytes", 8000000000},
        {"/makespan_s", 4147208},
        {"/shard/records", 1250},
        {"/shard/bytes", 50000000},
        {"/shard/tokens", 15000000},
        {"/job/shards", 4},
        {"/job/records", 4166},
        {"/job/records_a_day", 4166},
        {"/jobs", 49},
        {"/shards", 196},
        {"/days", 49},
        {"/fluid_days", 48},
        {"/cost_usd", 2000},
        {"/on_demand_usd", 4000},
        {"/deadline_s", 7200},
        {"/needed/tpm", 20000000},
        {"/needed/tpd", 2400000000},
        {"/needed/rps", 28},
        {"/needed/lanes", 10},
        {"/requests/0/value_now", 3000000},
        {"/requests/0/value_needed", 20000000},
        {"/forecast/median_s", 4147200},
        {"/forecast/runs", 31},
        {"/limits/0/value", 50000000},
        {"/limits/0/used", 48979591},
        {"/limits/1/lanes", 1},
        {"/help/0/to", 100000000},
        {"/help/0/gain_s", 24 * 86400 + 8},
        {"/lanes/0/records", 200000},
        {"/lanes/0/days", 49},
        {"/lanes/0/batch_usd", 2000},
    };
    static const struct {
        const char *path;
        const char *text;
    } texts[] = {
        {"/verdict", "too_late"},
        {"/text", "Does not fit into 2 hours. 49 days at 50 M tokens/day: the daily quota binds"},
        {"/binding", "tpd"},
        {"/next_binding", "tpm"},
        {"/job/reason", "tpd"},
        {"/limits/0/limit", "tpd"},
        {"/limits/0/source", "typical"},
        {"/help/1/what", "a second Region"},
        {"/requests/0/quota_code", "L-12345678"},
        {"/lanes/0/name", "main"},
        {"/lanes/0/kind", "batch"},
    };
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 1);
    yyjson_doc *const document = written(&scene.view);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        yyjson_val *const value = yyjson_doc_ptr_get(document, rows[row].path);
        assert_true(yyjson_is_int(value));
        assert_int_equal(yyjson_get_sint(value), rows[row].value);
    }
    for (size_t row = 0; row < sizeof(texts) / sizeof(texts[0]); row++) {
        const char *const text = yyjson_get_str(yyjson_doc_ptr_get(document, texts[row].path));
        assert_non_null(text);
        assert_string_equal(text, texts[row].text);
    }
    assert_true(yyjson_is_false(yyjson_doc_ptr_get(document, "/feasible")));
    assert_true(yyjson_is_true(yyjson_doc_ptr_get(document, "/limits/0/binds")));
    assert_float_equal(yyjson_get_real(yyjson_doc_ptr_get(document, "/bounds/rate_s")), 4060800,
                       0.0001);
    assert_true(yyjson_is_null(yyjson_doc_ptr_get(document, "/bounds/one_job_s")));
    assert_float_equal(yyjson_get_real(yyjson_doc_ptr_get(document, "/lower_bound_s")), 4147206.4,
                       0.0001);
    yyjson_doc_free(document);
}

static void what_nobody_knows_is_null(void **state)
{
    static const char *const nulls[] = {
        "/makespan_s",     "/forecast",      "/cost_usd",      "/needed/jobs",
        "/binding",        "/help/1/from",   "/lanes/0/model", "/limits/3/used",
        "/lanes/0/region", "/help/0/gain_s", "/change",
    };
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 1);
    scene.view.makespan_ms = PS_PLAN_UNKNOWN;
    scene.view.verdict = PS_PLAN_IMPOSSIBLE;
    scene.view.why = "a reason";
    scene.view.cost_usd_micros = PS_PLAN_UNKNOWN;
    scene.view.forecast.median_ms = PS_PLAN_UNKNOWN;
    scene.view.binding = PS_LIMIT_COUNT;
    yyjson_doc *const document = written(&scene.view);
    for (size_t row = 0; row < sizeof(nulls) / sizeof(nulls[0]); row++) {
        assert_true(yyjson_is_null(yyjson_doc_ptr_get(document, nulls[row])));
    }
    yyjson_doc_free(document);
}

static void without_a_deadline_nothing_is_needed(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 1);
    scene.view.deadline_ms = 0;
    yyjson_doc *const document = written(&scene.view);
    assert_null(yyjson_doc_ptr_get(document, "/needed"));
    yyjson_doc_free(document);
}

static void the_busiest_lane_stands_for_the_sizes(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 3);
    scene.lanes[1].records += 1;
    scene.lanes[1].shard_records = 77;
    (void)snprintf(scene.said[2].name, sizeof(scene.said[2].name), "%s", "\xff");
    yyjson_doc *const document = written(&scene.view);
    assert_int_equal(yyjson_get_sint(yyjson_doc_ptr_get(document, "/shard/records")), 77);
    assert_int_equal(yyjson_get_sint(yyjson_doc_ptr_get(document, "/jobs")), 3 * 49);
    assert_true(yyjson_is_null(yyjson_doc_ptr_get(document, "/lanes/2/name")));
    yyjson_doc_free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_where_it_was_promised),
        cmocka_unit_test(what_nobody_knows_is_null),
        cmocka_unit_test(without_a_deadline_nothing_is_needed),
        cmocka_unit_test(the_busiest_lane_stands_for_the_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
