/*
 * Goal: one run and many are told with the contract's names, the worst first, and no number is
 * lost. Method: results made by hand; what is printed is read back.
 */
#include "cli/simulation_tell.h"

#include "base/buf.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>
#include <cmocka.h>

static struct ps_lane lanes[1];
static const struct ps_plan_request request = {
    .lanes = lanes,
    .lane_count = 1,
    .summary = {.records = 110, .rejected = 4, .duplicates = 6, .sent = 100},
};

static struct ps_simulation made(const uint64_t seed, const int64_t makespan_ms)
{
    struct ps_simulation simulation = {
        .seed = seed,
        .makespan_ms = makespan_ms,
        .lower_bound_ms = 3000,
        .records = {.succeeded = 97, .failed = 2, .cancelled = 1, .resent = 5},
        .refused_records = 1,
        .throttled_calls = 2,
        .job_count = 1,
        .lanes = calloc(1, sizeof(struct ps_simulation_lane)),
        .uses = calloc(1, sizeof(struct ps_simulation_use)),
        .use_count = 1,
        .jobs = calloc(1, sizeof(struct ps_simulation_job)),
    };
    simulation.lanes[0] = (struct ps_simulation_lane){1, 2500};
    simulation.uses[0] = (struct ps_simulation_use){.pool = "a", .tokens = 12, .tpm_permille = 998};
    return simulation;
}

/* What `print` writes to stdout; heap text. */
static char *printed(void (*const print)(struct ps_simulation_sums *,
                                         const struct ps_plan_request *),
                     struct ps_simulation_sums *const sums)
{
    char room[1 << 16];
    FILE *const file = tmpfile();
    assert_non_null(file);
    (void)fflush(stdout);
    const int kept = dup(STDOUT_FILENO);
    assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
    print(sums, &request);
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
    rewind(file);
    const size_t size = fread(room, 1, sizeof(room) - 1, file);
    (void)fclose(file);
    return ps_str_dup((struct ps_str){room, size});
}

static int64_t count_of(yyjson_val *const object, const char *const name)
{
    yyjson_val *const value = yyjson_obj_get(object, name);
    assert_true(yyjson_is_int(value));
    return yyjson_get_sint(value);
}

static void assert_real(yyjson_val *const object, const char *const name, const double expected)
{
    assert_true(yyjson_is_real(yyjson_obj_get(object, name)));
    assert_true(yyjson_get_real(yyjson_obj_get(object, name)) == expected);
}

static void one_run_is_told_whole(void **state)
{
    (void)state;
    struct ps_simulation_sums sums PS_CLEANUP(ps_simulation_sums_release);
    struct ps_simulation simulation = made(7, 3006);
    ps_lane_init(&lanes[0], "a");
    ps_simulation_sums_init(&sums);
    ps_simulation_sums_add(&sums, &simulation);
    char *const text = printed(ps_simulation_print_json, &sums);
    yyjson_doc *const document = yyjson_read(text, strlen(text), 0);
    yyjson_val *const root = yyjson_doc_get_root(document);
    yyjson_val *const records = yyjson_obj_get(root, "records");
    assert_int_equal(count_of(root, "seed"), 7);
    assert_real(root, "makespan_s", 3.006);
    assert_real(root, "lower_bound_s", 3.0);
    assert_real(root, "ratio", 1.002);
    assert_int_equal(count_of(root, "violations"), 0);
    assert_int_equal(count_of(root, "paid_twice"), 0);
    assert_int_equal(count_of(root, "breaches"), 0);
    assert_int_equal(count_of(root, "refused_records"), 1);
    assert_int_equal(count_of(root, "throttled_calls"), 2);
    assert_int_equal(count_of(records, "all"),
                     count_of(records, "succeeded") + count_of(records, "failed") +
                         count_of(records, "rejected") + count_of(records, "cancelled") +
                         count_of(records, "duplicates"));
    assert_real(yyjson_arr_get(yyjson_obj_get(root, "lanes"), 0), "end_s", 2.5);
    assert_real(yyjson_arr_get(yyjson_obj_get(root, "limits"), 0), "tpm", 0.998);
    assert_null(yyjson_obj_get(root, "error"));
    yyjson_doc_free(document);
    free(text);
    char *const screen = printed(ps_simulation_print_text, &sums);
    assert_non_null(strstr(screen, "seed 7"));
    assert_non_null(strstr(screen, "1.002"));
    assert_non_null(strstr(screen, "tpm 99.8 %"));
    free(screen);
}

static void many_runs_are_summed_the_worst_first(void **state)
{
    (void)state;
    struct ps_simulation_sums sums PS_CLEANUP(ps_simulation_sums_release);
    ps_lane_init(&lanes[0], "a");
    ps_simulation_sums_init(&sums);
    for (uint64_t seed = 1; seed <= 2500; seed++) {
        struct ps_simulation simulation = made(seed, 3000 + 3 * (int64_t)seed);
        simulation.violations = seed == 3 ? 1 : 0;
        simulation.breaches = seed == 4 ? 2 : 0;
        if (seed == 3) {
            (void)ps_error_set(&simulation.error, PS_E_CONFLICT, PS_RETRY_NEVER, "it is stuck");
        }
        ps_simulation_sums_add(&sums, &simulation);
    }
    char *const screen = printed(ps_simulation_print_text, &sums);
    assert_non_null(strstr(screen, "2,500 runs"));
    assert_non_null(strstr(screen, "(seed 4)"));
    free(screen);
    assert_int_equal(sums.count, 2500);
    assert_int_equal(sums.violations, 1);
    assert_int_equal(sums.breaches, 2);
    assert_int_equal(sums.refused_records, 2500);
    assert_int_equal(sums.throttled_calls, 5000);
    assert_int_equal(sums.worst_count, PS_SIMULATION_TOLD_MAX);
    assert_int_equal(sums.worst[0].seed, 4);
    assert_int_equal(sums.worst[1].seed, 3);
    assert_int_equal(sums.worst[2].seed, 2500);
    assert_int_equal(sums.worst[PS_SIMULATION_TOLD_MAX - 1].seed,
                     2500 - PS_SIMULATION_TOLD_MAX + 3);
}

static void a_few_runs_have_their_middle_and_their_band(void **state)
{
    (void)state;
    struct ps_simulation_sums sums PS_CLEANUP(ps_simulation_sums_release);
    ps_lane_init(&lanes[0], "a");
    ps_simulation_sums_init(&sums);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct ps_simulation simulation = made(seed, 3000 * (int64_t)seed);
        if (seed == 2) {
            (void)ps_error_set(&simulation.error, PS_E_CONFLICT, PS_RETRY_NEVER, "it is stuck");
        }
        ps_simulation_sums_add(&sums, &simulation);
    }
    char *const text = printed(ps_simulation_print_json, &sums);
    yyjson_doc *const document = yyjson_read(text, strlen(text), 0);
    yyjson_val *const root = yyjson_doc_get_root(document);
    yyjson_val *const runs = yyjson_obj_get(root, "runs");
    assert_int_equal(count_of(root, "count"), 3);
    assert_real(root, "worst_ratio", 3.0);
    assert_real(root, "median_ratio", 2.0);
    assert_real(root, "median_makespan_s", 6.0);
    assert_real(root, "low_makespan_s", 3.0);
    assert_real(root, "high_makespan_s", 9.0);
    assert_int_equal(yyjson_arr_size(runs), 3);
    assert_int_equal(count_of(yyjson_arr_get(runs, 0), "seed"), 3);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(yyjson_arr_get(runs, 1), "error")),
                        "it is stuck");
    yyjson_doc_free(document);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_run_is_told_whole),
        cmocka_unit_test(many_runs_are_summed_the_worst_first),
        cmocka_unit_test(a_few_runs_have_their_middle_and_their_band),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
