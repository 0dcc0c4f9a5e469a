/* Goal: a rule fires when it says, and only for what it names. Method: rules as texts, counts as
 * numbers. */
#include "sim/faults.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOW_MS (INT64_C(1795513887) * PS_SECOND_MS)

static void parse(struct ps_faults *const faults, const char *const spec)
{
    struct ps_error err;
    if (ps_faults_parse(faults, spec, 7, &err) != PS_OK) {
        fail_msg("%s", err.message);
    }
}

static int64_t count_fired(const struct ps_faults *const faults, const enum ps_fault_op op,
                           const int64_t calls)
{
    int64_t fired = 0;
    for (int64_t count = 1; count <= calls; count++) {
        fired += ps_faults_fire(faults, PS_FAULT_NONE, op, count, NOW_MS) != NULL ? 1 : 0;
    }
    return fired;
}

static void rules_fire_by_their_number(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        enum ps_fault_op op;
        int64_t fired; /* of 1,000 */
    } rows[] = {
        {"lost:create:nth=3", PS_OP_CREATE, 1},
        {"lost:create:every=2", PS_OP_CREATE, 500},
        {"lost:create", PS_OP_CREATE, 1000},
        {"lost:create", PS_OP_GET, 0},
        {"lost:any", PS_OP_GET, 1000},
        {"lost:any", PS_OP_JOB, 0},
        {"lost:any", PS_OP_INVOKE, 1000},
        {"503:converse:every=2", PS_OP_CONVERSE, 500},
        {"503:converse:every=2", PS_OP_INVOKE, 0},
        {"lost:create:p=1000", PS_OP_CREATE, 1000},
        {"none", PS_OP_CREATE, 0},
        {"", PS_OP_CREATE, 0},
        {"500:put:nth=1,503:put:nth=2", PS_OP_PUT, 2},
        {"fail:job:every=10", PS_OP_JOB, 100},
        {"record429:record:every=4", PS_OP_RECORD, 250},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_faults faults PS_CLEANUP(ps_faults_release);
        parse(&faults, rows[index].spec);
        assert_int_equal(count_fired(&faults, rows[index].op, 1000), rows[index].fired);
    }
}

static void chance_is_drawn_by_seed_and_near_its_rate(void **state)
{
    (void)state;
    struct ps_faults faults PS_CLEANUP(ps_faults_release);
    parse(&faults, "lost:put:p=100");
    const int64_t fired = count_fired(&faults, PS_OP_PUT, 20000);
    assert_in_range(fired, 1800, 2200);
    assert_int_equal(count_fired(&faults, PS_OP_PUT, 20000), fired);
}

static void bursts_hold_for_some_minutes(void **state)
{
    (void)state;
    struct ps_faults faults PS_CLEANUP(ps_faults_release);
    parse(&faults, "429:get:burst=10");
    int64_t minutes = 0;
    for (int64_t minute = 0; minute < 1000; minute++) {
        int64_t fired = 0;
        for (int64_t count = 1; count <= 40; count++) {
            fired += ps_faults_fire(&faults, PS_FAULT_429, PS_OP_GET, count,
                                    NOW_MS + minute * PS_MINUTE_MS) != NULL
                         ? 1
                         : 0;
        }
        assert_true(fired == 0 || (fired > 5 && fired < 35));
        minutes += fired > 0 ? 1 : 0;
    }
    assert_in_range(minutes, 60, 140);
}

static void before_and_after_are_kept(void **state)
{
    (void)state;
    struct ps_faults faults PS_CLEANUP(ps_faults_release);
    parse(&faults, "lost:create,lost:get:before,500:put,500:stop:after");
    assert_true(faults.rules[0].is_after);
    assert_false(faults.rules[1].is_after);
    assert_false(faults.rules[2].is_after);
    assert_true(faults.rules[3].is_after);
    assert_string_equal(faults.rules[3].text, "500:stop:after");
}

static void what_is_no_rule_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "lost",
        "lost:",
        "lost:nowhere",
        "explode:put",
        "lost:put:nth",
        "lost:put:nth=0",
        "lost:put:p=1001",
        "lost:job",
        "fail:put",
        "corrupt:put",
        "lag:get",
        "lost:put:nth=1:every=2",
        "late:output:after",
        "lost:put,,lost:get",
        "record429:job",
    };
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        struct ps_faults faults;
        struct ps_error err;
        assert_int_equal(ps_faults_parse(&faults, bad[index], 1, &err), PS_E_USAGE);
        assert_non_null(strstr(err.message, "as a fault"));
        assert_true(err.hint[0] != '\0');
    }
}

static void the_mixes_are_rules_too(void **state)
{
    (void)state;
    size_t counts[20];
    size_t different = 0;
    struct ps_faults standard PS_CLEANUP(ps_faults_release);
    parse(&standard, "standard");
    assert_true(standard.count > 15);
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct ps_faults all PS_CLEANUP(ps_faults_release);
        assert_int_equal(ps_faults_parse(&all, "all", seed, NULL), PS_OK);
        assert_true(all.count >= standard.count);
        counts[seed] = all.count;
        different += seed > 0 && counts[seed] != counts[0] ? 1 : 0;
    }
    assert_true(different > 5); /* each seed turns other faults off */
}

static void the_help_names_every_kind(void **state)
{
    (void)state;
    for (int kind = PS_FAULT_NONE + 1; kind < PS_FAULT_KIND_COUNT; kind++) {
        assert_non_null(
            strstr(ps_emulator_faults_help(), ps_fault_kind_name((enum ps_fault_kind)kind)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_fire_by_their_number),
        cmocka_unit_test(chance_is_drawn_by_seed_and_near_its_rate),
        cmocka_unit_test(bursts_hold_for_some_minutes),
        cmocka_unit_test(before_and_after_are_kept),
        cmocka_unit_test(what_is_no_rule_is_refused_by_name),
        cmocka_unit_test(the_mixes_are_rules_too),
        cmocka_unit_test(the_help_names_every_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
