/* Goal: a world opens on what its folder holds, frames its calls, and draws its faults. Method:
 * open and reopen. */
#include "sim/world.h"

#include "world_bench.h"

#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void end(struct bench *const bench, const struct ps_call *const call)
{
    const struct ps_call_end how = {.op = "PutObject",
                                    .http_status = 200,
                                    .code = "",
                                    .subject = PS_STR("s3://b/k"),
                                    .answer = "sent",
                                    .is_executed = true};
    assert_int_equal(ps_world_end_call(bench->world, call, &how, NULL), PS_OK);
}

static void a_new_world_has_its_buckets_and_says_so(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, "lost:create:every=2", "jobs=7");
    assert_int_equal(bench_count_events(&bench, "world.opened"), 1);
    assert_int_equal(bench_count_events(&bench, "bucket.created"), 2);
    assert_int_equal(bench_count_events(&bench, "\"faults\":\"lost:create:every=2\""), 1);
    assert_int_equal(bench_count_events(&bench, "\"jobs\":7,"), 1);
    bench_reopen(&bench);
    assert_int_equal(bench_count_events(&bench, "world.opened"), 2);
    assert_int_equal(bench_count_events(&bench, "bucket.created"), 2);
    assert_string_equal(ps_world_identity(bench.world)->bucket, bench.identity.bucket);
    assert_string_equal(ps_world_data_folder(bench.world), bench.folder);
}

static void calls_go_on_counting_after_a_restart(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, "lost:put:nth=3", NULL);
    char ids[4][40];
    for (int index = 0; index < 4; index++) {
        const struct ps_call call = bench_call(&bench, PS_OP_PUT);
        assert_int_equal(call.fault != NULL, index == 2);
        (void)snprintf(ids[index], sizeof ids[index], "%s", call.request_id);
        end(&bench, &call);
        bench_reopen(&bench);
    }
    for (int index = 1; index < 4; index++) {
        assert_string_not_equal(ids[index], ids[index - 1]);
    }
    assert_int_equal(bench_count_events(&bench, "\"fault\":\"lost:put:nth=3\""), 1);
    assert_int_equal(bench_ledger_number(&bench, "/calls/PutObject"), 4);
}

static void what_no_fault_reaches_does_not_count(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, "lost:any:every=1", NULL);
    struct ps_call call = bench_call(&bench, PS_OP_ANY);
    assert_null(call.fault);
    end(&bench, &call);
    call = bench_call(&bench, PS_OP_PUT);
    assert_int_equal(call.op_count, 1);
    assert_non_null(call.fault);
}

static void time_never_goes_back(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, NULL, NULL);
    bench.now_ms += 1000;
    struct ps_call call = bench_call(&bench, PS_OP_PUT);
    end(&bench, &call);
    bench.now_ms -= 500;
    call = bench_call(&bench, PS_OP_PUT);
    assert_int_equal(call.now_ms, BENCH_START_MS + 1000);
}

static void draws_of_a_call_lie_between_their_ends(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, NULL, NULL);
    int64_t lowest = 9;
    int64_t highest = 0;
    for (int index = 0; index < 200; index++) {
        const struct ps_call call = bench_call(&bench, PS_OP_GET);
        const int64_t draw = ps_call_draw(&call, 3, 6);
        assert_int_equal(draw, ps_call_draw(&call, 3, 6));
        lowest = draw < lowest ? draw : lowest;
        highest = draw > highest ? draw : highest;
    }
    assert_int_equal(lowest, 3);
    assert_int_equal(highest, 6);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_world *world = NULL;
    struct ps_error err;
    bench_init(&bench, NULL, NULL);
    bench.world = ps_world_free(bench.world);
    struct ps_world_options options = {
        .data_folder = bench.folder, .identity = &bench.identity, .faults = "rubbish"};
    assert_int_equal(ps_world_open(&options, 1, &world, &err), PS_E_USAGE);
    options.faults = NULL;
    options.limits_file = "/nowhere";
    assert_int_equal(ps_world_open(&options, 1, &world, &err), PS_E_USAGE);
    options.limits_file = NULL;
    options.data_folder = "/nowhere";
    assert_int_equal(ps_world_open(&options, 1, &world, &err), PS_E_IO);
    assert_null(world);
    bench_reopen(&bench);
}

static void bodies_that_nobody_names_are_swept(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, NULL, NULL);
    assert_true(bench_put(&bench, "k", "kept"));
    test_file_write(bench.folder, "objects/77", "left by a kill");
    bench_reopen(&bench);
    assert_null(test_file_read(bench.folder, "objects/77"));
    char *text = bench_read(&bench, "k");
    assert_string_equal(text, "kept");
    free(text);
    assert_true(bench_put(&bench, "l", "new"));
    text = test_file_read(bench.folder, "objects/78"); /* numbers are not used twice */
    assert_string_equal(text, "new");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_world_has_its_buckets_and_says_so),
        cmocka_unit_test(calls_go_on_counting_after_a_restart),
        cmocka_unit_test(what_no_fault_reaches_does_not_count),
        cmocka_unit_test(time_never_goes_back),
        cmocka_unit_test(draws_of_a_call_lie_between_their_ends),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(bodies_that_nobody_names_are_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
