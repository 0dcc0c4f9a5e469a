/*
 * Goal: a command line means what it says, and what cannot be used is named with what would do.
 * Method: tables of command lines with the error they give; each form of an option by hand.
 */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define WORDS_MAX 12

/* The words of a line; each is changed in place by nobody. */
static enum ps_status parsed(struct ps_options *const options, const char *const *const words,
                             struct ps_error *const err)
{
    static char room[WORDS_MAX][64];
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = 0;
    for (; words[argc] != NULL; argc++) {
        assert_true(argc < WORDS_MAX && strlen(words[argc]) < sizeof(room[0]));
        (void)snprintf(room[argc], sizeof(room[argc]), "%s", words[argc]);
        argv[argc] = room[argc];
    }
    return ps_options_parse(options, argc, argv, err);
}

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    struct ps_options options;
    struct ps_error err;
    static const char *const words[] = {"penstock", "run", NULL};
    assert_int_equal(parsed(&options, words, &err), PS_OK);
    assert_int_equal(options.command, PS_COMMAND_PLACE_RUN);
    assert_int_equal(options.argument_count, 0);
    assert_null(options.output);
    assert_int_equal(options.models.count, 0);
    assert_string_equal(options.limits, "published");
    assert_int_equal(options.poll_ms, 30000);
    assert_int_equal(options.speed, 1);
    assert_int_equal(options.allow_failures.count, 0);
    assert_false(options.allow_failures.is_percent);
    assert_false(options.is_local);
    assert_false(options.has_poll_ms);
    assert_false(options.has_limits);
    ps_options_release(&options);
}

static void no_command_is_help(void **state)
{
    (void)state;
    struct ps_options options;
    struct ps_error err;
    static const char *const words[] = {"penstock", NULL};
    assert_int_equal(parsed(&options, words, &err), PS_OK);
    assert_int_equal(options.command, PS_COMMAND_PLACE_HELP);
    ps_options_release(&options);
}

static void every_form_of_an_option_is_read(void **state)
{
    (void)state;
    struct ps_options options;
    struct ps_error err;
    static const char *const words[] = {"penstock", "run",  "-o",           "out", "--model=a=b",
                                        "--system", "-bad", "--max-tokens", "20k", NULL};
    assert_int_equal(parsed(&options, words, &err), PS_OK);
    assert_string_equal(options.output, "out");
    assert_true(options.has_output);
    assert_int_equal(options.models.count, 1);
    assert_string_equal(options.models.texts[0], "a=b");
    assert_string_equal(options.system, "-bad"); /* a value may begin with '-' */
    assert_int_equal(options.max_tokens, 20000);
    assert_int_equal(options.argument_count, 0);
    ps_options_release(&options);
    static const char *const others[] = {
        "penstock", "run", "--system=", "--poll-interval", "500ms", "--allow-failures=5%",
        "-q",       NULL};
    assert_int_equal(parsed(&options, others, &err), PS_OK);
    assert_string_equal(options.system, "");
    assert_int_equal(options.poll_ms, 500);
    assert_int_equal(options.allow_failures.count, 5);
    assert_true(options.allow_failures.is_percent);
    assert_true(options.is_quiet);
    ps_options_release(&options);
}

static void short_options_are_read_as_getopt_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *words[6];
        const char *output;
        bool is_quiet;
        bool is_verbose;
        int64_t arguments;
    } rows[] = {
        {{"penstock", "run", "-ofile", "in"}, "file", false, false, 1},
        {{"penstock", "run", "-o", "file", "in"}, "file", false, false, 1},
        {{"penstock", "run", "-o=file"}, "=file", false, false, 0},
        {{"penstock", "run", "-vq", "in"}, NULL, true, true, 1},
        {{"penstock", "run", "-qofile"}, "file", true, false, 0},
        {{"penstock", "run", "-qo", "-v", "in"}, "-v", true, false, 1},
        {{"penstock", "run", "-oq"}, "q", false, false, 0},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_options options;
        struct ps_error err;
        assert_int_equal(parsed(&options, rows[row].words, &err), PS_OK);
        if (rows[row].output == NULL) {
            assert_null(options.output);
        } else {
            assert_string_equal(options.output, rows[row].output);
        }
        assert_int_equal(options.is_quiet, rows[row].is_quiet);
        assert_int_equal(options.is_verbose, rows[row].is_verbose);
        assert_int_equal(options.argument_count, rows[row].arguments);
        ps_options_release(&options);
    }
}

static void what_may_be_repeated_keeps_its_order(void **state)
{
    (void)state;
    struct ps_options options;
    struct ps_error err;
    static const char *const words[] = {
        "penstock",      "plan",       "--lane", "name=b",
        "--lane=name=a", "--start",    "23:20",  "--bytes-per-record",
        "40kB",          "--max-cost", "900.50", NULL};
    assert_int_equal(parsed(&options, words, &err), PS_OK);
    assert_int_equal(options.lanes.count, 2);
    assert_string_equal(options.lanes.texts[0], "name=b");
    assert_string_equal(options.lanes.texts[1], "name=a");
    assert_int_equal(options.start_ms, (23 * 60 + 20) * 60000);
    assert_int_equal(options.bytes_per_record, 40000);
    assert_int_equal(options.max_cost_usd_micros, 900500000);
    ps_options_release(&options);
}

static void arguments_keep_their_order_and_two_dashes_end_options(void **state)
{
    (void)state;
    struct ps_options options;
    struct ps_error err;
    static const char *const words[] = {"penstock", "run", "b",       "-",  "--local",
                                        "a",        "--",  "--local", "--", NULL};
    static const char *const arguments[] = {"b", "-", "a", "--local", "--"};
    assert_int_equal(parsed(&options, words, &err), PS_OK);
    assert_true(options.is_local);
    assert_int_equal(options.argument_count, 5);
    for (int64_t place = 0; place < options.argument_count; place++) {
        assert_string_equal(options.arguments[place], arguments[place]);
    }
    ps_options_release(&options);
}

static void what_cannot_be_used_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *words[6];
        const char *message;
        const char *hint;
    } rows[] = {
        {"a command with a slip", {"penstock", "stauts"}, "'stauts'", "penstock status"},
        {"no command at all", {"penstock", "zzzzzz"}, "'zzzzzz'", "penstock --help"},
        {"an option before the command", {"penstock", "--local"}, "'--local'", "comes first"},
        {"an option with a slip", {"penstock", "run", "--modle", "x"}, "'--modle'", "'--model'"},
        {"an option of another command",
         {"penstock", "run", "--port", "1"},
         "'--port' with 'penstock run'",
         "penstock run --help"},
        {"a short one that is none", {"penstock", "run", "-x"}, "'-x'", "penstock run --help"},
        {"a short one that is none among others", {"penstock", "run", "-qx"}, "'-x'", "run --help"},
        {"a long one with one dash",
         {"penstock", "run", "-output", "r"},
         "'-output'",
         "'--output'"},
        {"a long flag with one dash", {"penstock", "run", "-local"}, "'-local'", "'--local'"},
        {"a long one and its value with one dash",
         {"penstock", "run", "-name=x"},
         "'-name=x'",
         "'--name'"},
        {"a short one of another command",
         {"penstock", "emulate", "-ofile"},
         "'--output' with 'penstock emulate'",
         ""},
        {"an empty name", {"penstock", "run", "--=x"}, "cannot use option", "penstock run --help"},
        {"a flag with a value", {"penstock", "run", "--local=1"}, "'--local 1'", "nothing"},
        {"a value that is missing", {"penstock", "run", "-o"}, "'--output' without its FILE", ""},
        {"a count that is none",
         {"penstock", "run", "--max-tokens", "-1"},
         "'--max-tokens -1'",
         "a count"},
        {"an empty count", {"penstock", "run", "--max-tokens="}, "'--max-tokens '", "a count"},
        {"a time that is none",
         {"penstock", "run", "--poll-interval", "soon"},
         "'--poll-interval soon'",
         "a time"},
        {"a size that is none",
         {"penstock", "plan", "--bytes-per-record", "wide"},
         "'--bytes-per-record wide'",
         "a size"},
        {"a time of the day that is none",
         {"penstock", "plan", "--start", "24:00"},
         "'--start 24:00'",
         "23:20"},
        {"money that is none",
         {"penstock", "plan", "--max-cost", "much"},
         "'--max-cost much'",
         "a number"},
        {"a share over the whole",
         {"penstock", "run", "--allow-failures", "101%"},
         "'--allow-failures 101%'",
         "a share"},
        {"a share of nothing", {"penstock", "run", "--allow-failures", "%"}, "%'", "a share"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_options options;
        struct ps_error err = {.status = PS_OK};
        const enum ps_status status = parsed(&options, rows[row].words, &err);
        if (status != PS_E_USAGE || strstr(err.message, rows[row].message) == NULL ||
            err.hint[0] == '\0' || strstr(err.hint, rows[row].hint) == NULL) {
            fail_msg("%s: '%s' '%s'", rows[row].name, err.message, err.hint);
        }
        ps_options_release(&options);
    }
}

static void the_table_is_free_of_contradictions(void **state)
{
    (void)state;
    for (int64_t row = 0; row < ps_option_row_count; row++) {
        const struct ps_option_row *const one = &ps_option_rows[row];
        bool is_of_any = false;
        for (int command = 0; command < PS_COMMAND_COUNT; command++) {
            is_of_any = is_of_any || ps_option_is_of(one, (enum ps_command_bit)command);
        }
        assert_true(is_of_any);
        for (int64_t other = 0; other < row; other++) {
            assert_string_not_equal(one->long_name, ps_option_rows[other].long_name);
            assert_false(one->short_name != '\0' &&
                         one->short_name == ps_option_rows[other].short_name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(no_command_is_help),
        cmocka_unit_test(every_form_of_an_option_is_read),
        cmocka_unit_test(short_options_are_read_as_getopt_reads_them),
        cmocka_unit_test(what_may_be_repeated_keeps_its_order),
        cmocka_unit_test(arguments_keep_their_order_and_two_dashes_end_options),
        cmocka_unit_test(what_cannot_be_used_is_named),
        cmocka_unit_test(the_table_is_free_of_contradictions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
