/*
 * Goal: what we name, we read back, and nobody else's names; what the service's patterns refuse, we
 * refuse first. Method: rows; the service's published patterns (bedrock reference, 1.2) as POSIX
 * regular expressions beside our own checks, over drawn texts.
 */
#include "base/limits.h"
#include "base/prng.h"
#include "core/names.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define UNTOUCHED (-7)

/* The same as published, with groups that POSIX knows. */
#define KEY_PART "/[-!_*'().a-z0-9A-Z]+"
#define URI_PATTERN "^s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](" KEY_PART "(" KEY_PART ")*)?/?$"
#define NAME_PATTERN "^[a-zA-Z0-9]{1,63}(-*[a-zA-Z0-9+.-]){0,63}$"

static const struct ps_names names = {{"bucket", 6}, {"some/prefix", 11}, {"run-x", 5}};
static const struct ps_names bare = {{"bucket", 6}, {NULL, 0}, {"x", 1}};

static bool matches(const char *const pattern, const char *const text)
{
    regex_t compiled;
    assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    const bool is_match = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return is_match;
}

static void writes_every_path_of_r5(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_REQUEST_BYTES_MAX);
    ps_names_add_run_prefix(&buf, &names);
    assert_string_equal(ps_buf_text(&buf), "some/prefix/run-x/");
    ps_buf_clear(&buf);
    ps_names_add_in_prefix(&buf, &names, 12, 3);
    assert_string_equal(ps_buf_text(&buf), "some/prefix/run-x/in/j00000012-a3/");
    ps_buf_clear(&buf);
    ps_names_add_out_prefix(&buf, &names, 12, 3);
    assert_string_equal(ps_buf_text(&buf), "some/prefix/run-x/out/j00000012-a3/");
    ps_buf_clear(&buf);
    ps_names_add_shard_key(&buf, &names, 1, 1, 0);
    assert_string_equal(ps_buf_text(&buf),
                        "some/prefix/run-x/in/j00000001-a1/s00001/j00000001-a1-s00001.jsonl");
    ps_buf_clear(&buf);
    ps_names_add_job(&buf, &names, 1, 1);
    assert_string_equal(ps_buf_text(&buf), "run-x-j00000001-a1");
    ps_buf_clear(&buf);
    ps_names_add_uri(&buf, &names, PS_STR("k/e"));
    assert_string_equal(ps_buf_text(&buf), "s3://bucket/k/e");
    ps_buf_clear(&buf);
    ps_names_add_run_prefix(&buf, &bare);
    assert_string_equal(ps_buf_text(&buf), "x/");
}

static void what_it_writes_fits_the_services_patterns(void **state)
{
    (void)state;
    struct ps_names longest = names;
    longest.run = PS_STR("a234567890123456789012345678901234567890");
    assert_true(ps_names_is_run(longest.run));
    static const int64_t numbers[] = {1, 99999999, INT64_C(9999999999)};
    for (size_t row = 0; row < sizeof(numbers) / sizeof(numbers[0]); row++) {
        struct ps_buf key PS_CLEANUP(ps_buf_release);
        struct ps_buf uri PS_CLEANUP(ps_buf_release);
        struct ps_buf name PS_CLEANUP(ps_buf_release);
        ps_buf_init(&key, PS_REQUEST_BYTES_MAX);
        ps_buf_init(&uri, PS_REQUEST_BYTES_MAX);
        ps_buf_init(&name, PS_REQUEST_BYTES_MAX);
        ps_names_add_shard_key(&key, &longest, numbers[row], 9, 99999);
        ps_names_add_uri(&uri, &longest, ps_buf_str(&key));
        ps_names_add_job(&name, &longest, numbers[row], 9);
        assert_true(matches(URI_PATTERN, ps_buf_text(&uri)));
        assert_true(matches(NAME_PATTERN, ps_buf_text(&name)));
        assert_true(name.size <= 63);
    }
}

static void reads_its_own_names_back(void **state)
{
    (void)state;
    static const int64_t numbers[] = {1, 10, 12345678, 99999999, 100000000};
    static const int64_t attempts[] = {1, 9, 10, 123};
    for (size_t row = 0; row < sizeof(numbers) / sizeof(numbers[0]); row++) {
        for (size_t other = 0; other < sizeof(attempts) / sizeof(attempts[0]); other++) {
            struct ps_buf buf PS_CLEANUP(ps_buf_release);
            int64_t job = UNTOUCHED;
            int64_t attempt = UNTOUCHED;
            ps_buf_init(&buf, PS_REQUEST_BYTES_MAX);
            ps_names_add_job(&buf, &names, numbers[row], attempts[other]);
            assert_true(ps_names_parse_job(&names, ps_buf_str(&buf), &job, &attempt));
            assert_int_equal(job, numbers[row]);
            assert_int_equal(attempt, attempts[other]);
        }
    }
}

static void knows_a_name_that_only_contains_ours(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        const char *name;
    } rows[] = {
        {"another run whose name ends in ours", "my-x-j00000001-a1"},
        {"another run whose name begins with ours", "x-y-j00000001-a1"},
        {"a longer run name", "xx-j00000001-a1"},
        {"something behind", "x-j00000001-a1-copy"},
        {"a sign", "x-j00000001-a+1"},
        {"a leading zero of the attempt", "x-j00000001-a01"},
        {"too few digits", "x-j1-a1"},
        {"too many digits", "x-j000000001-a1"},
        {"job 0", "x-j00000000-a1"},
        {"attempt 0", "x-j00000001-a0"},
        {"a negative job", "x-j-0000001-a1"},
        {"no attempt", "x-j00000001"},
        {"an empty attempt", "x-j00000001-a"},
        {"no job", "x-a1"},
        {"the run alone", "x"},
        {"nothing", ""},
        {"a number beyond all", "x-j99999999999999999999-a1"},
        {"another letter", "x-k00000001-a1"},
        {"a space", "x-j00000001-a1 "},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        int64_t job = UNTOUCHED;
        int64_t attempt = UNTOUCHED;
        const bool is_ours = ps_names_parse_job(&bare, ps_str_of(rows[row].name), &job, &attempt);
        if (is_ours || job != UNTOUCHED || attempt != UNTOUCHED) {
            fail_msg("taken for ours: %s", rows[row].about);
        }
    }
    int64_t job = UNTOUCHED;
    int64_t attempt = UNTOUCHED;
    assert_true(ps_names_parse_job(&bare, PS_STR("x-j00000001-a10"), &job, &attempt));
    assert_int_equal(attempt, 10); /* and not 1 */
}

static void knows_the_folders_of_its_own_jobs(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        int64_t job; /* UNTOUCHED: not ours */
        int64_t attempt;
    } rows[] = {
        {"some/prefix/run-x/in/j00000012-a3/", 12, 3},
        {"some/prefix/run-x/in/j00000001-a10/", 1, 10},
        {"some/prefix/run-x/in/j00000012-a3", UNTOUCHED, UNTOUCHED},
        {"some/prefix/run-x/in/j00000012-a3/s00001/", UNTOUCHED, UNTOUCHED},
        {"some/prefix/run-x/in/j12-a3/", UNTOUCHED, UNTOUCHED},
        {"some/prefix/run-x/out/j00000012-a3/", UNTOUCHED, UNTOUCHED},
        {"some/prefix/run-y/in/j00000012-a3/", UNTOUCHED, UNTOUCHED},
        {"run-x/in/j00000012-a3/", UNTOUCHED, UNTOUCHED},
        {"some/prefix/run-x/in/", UNTOUCHED, UNTOUCHED},
        {"", UNTOUCHED, UNTOUCHED},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        int64_t job = UNTOUCHED;
        int64_t attempt = UNTOUCHED;
        assert_int_equal(
            ps_names_parse_in_prefix(&names, ps_str_of(rows[row].prefix), &job, &attempt),
            rows[row].job != UNTOUCHED);
        assert_int_equal(job, rows[row].job);
        assert_int_equal(attempt, rows[row].attempt);
    }
}

static void splits_an_address(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        const char *uri;
        const char *bucket; /* NULL: refused */
        const char *prefix;
    } rows[] = {
        {"plain", "s3://bucket/a/b", "bucket", "a/b"},
        {"no prefix", "s3://bucket", "bucket", ""},
        {"no prefix, a slash", "s3://bucket/", "bucket", ""},
        {"a slash at the end", "s3://bucket/a/", "bucket", "a"},
        {"every byte that is taken", "s3://b.1-c/aZ09-!_*'().", "b.1-c", "aZ09-!_*'()."},
        {"three letters", "s3://abc", "abc", ""},
        {"two letters", "s3://ab", NULL, NULL},
        {"an equals sign", "s3://bucket/dt=1", NULL, NULL},
        {"a space", "s3://bucket/a b", NULL, NULL},
        {"an empty part", "s3://bucket/a//b", NULL, NULL},
        {"an empty first part", "s3://bucket//a", NULL, NULL},
        {"two slashes at the end", "s3://bucket/a//", NULL, NULL},
        {"two slashes and no prefix", "s3://bucket//", NULL, NULL},
        {"a percent", "s3://bucket/a%2f", NULL, NULL},
        {"an upper case bucket", "s3://Bucket/a", NULL, NULL},
        {"a bucket that ends in a dash", "s3://bucket-/a", NULL, NULL},
        {"a bucket that begins with a dot", "s3://.bucket/a", NULL, NULL},
        {"an underscore in the bucket", "s3://buc_ket", NULL, NULL},
        {"another scheme", "http://bucket/a", NULL, NULL},
        {"nothing", "", NULL, NULL},
        {"no bucket", "s3://", NULL, NULL},
        {"no bucket, a prefix", "s3:///a", NULL, NULL},
        {"a new line", "s3://bucket/a\nb", NULL, NULL},
        {"an escape", "s3://bucket/\033[2J", NULL, NULL},
        {"not ASCII", "s3://bucket/\303\244", NULL, NULL},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_str bucket = PS_STR("?");
        struct ps_str prefix = PS_STR("?");
        struct ps_error error = {0};
        const enum ps_status status =
            ps_names_parse_uri(ps_str_of(rows[row].uri), &bucket, &prefix, &error);
        if ((status == PS_OK) != (rows[row].bucket != NULL)) {
            fail_msg("wrong answer for %s: %s", rows[row].about, rows[row].uri);
        }
        if (status == PS_OK) {
            assert_true(ps_str_equals_text(bucket, rows[row].bucket));
            assert_true(ps_str_equals_text(prefix, rows[row].prefix));
        } else {
            assert_int_equal(status, PS_E_USAGE);
            assert_int_equal(error.retry, PS_RETRY_NEVER);
            assert_non_null(strstr(error.message, "cannot use '"));
            assert_non_null(strstr(error.hint, "s3://BUCKET/PREFIX"));
            assert_true(ps_str_equals_text(bucket, "?"));
        }
    }
}

static void an_address_has_its_cap(void **state)
{
    (void)state;
    char text[600] = "s3://bucket/";
    struct ps_str bucket;
    struct ps_str prefix;
    struct ps_error error;
    memset(text + 12, 'a', sizeof(text) - 12);
    assert_int_equal(ps_names_parse_uri((struct ps_str){text, 512}, &bucket, &prefix, &error),
                     PS_OK);
    assert_int_equal(ps_names_parse_uri((struct ps_str){text, 513}, &bucket, &prefix, &error),
                     PS_E_USAGE);
}

/* Texts of few letters, so that each rule is met often. */
static void agrees_with_the_services_pattern(void **state)
{
    (void)state;
    static const char alphabet[] = "aaa00/-.Z=";
    struct ps_prng prng;
    regex_t compiled;
    int64_t accepted = 0;
    assert_int_equal(regcomp(&compiled, URI_PATTERN, REG_EXTENDED | REG_NOSUB), 0);
    ps_prng_init(&prng, 1);
    for (int64_t round = 0; round < 20000; round++) {
        char text[32] = "s3://";
        struct ps_str bucket;
        struct ps_str prefix;
        struct ps_error error;
        const int64_t size = ps_prng_below(&prng, 14);
        for (int64_t place = 0; place < size; place++) {
            text[5 + place] = alphabet[ps_prng_below(&prng, sizeof(alphabet) - 1)];
        }
        text[5 + size] = '\0';
        const bool is_taken =
            ps_names_parse_uri(ps_str_of(text), &bucket, &prefix, &error) == PS_OK;
        if (is_taken != (regexec(&compiled, text, 0, NULL, 0) == 0)) {
            fail_msg("not as the service's pattern: '%s'", text);
        }
        accepted += is_taken ? 1 : 0;
    }
    regfree(&compiled);
    assert_true(accepted > 1000);
}

static void names_of_runs(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_run;
    } rows[] = {
        {"a", true},
        {"0", true},
        {"nightly-2026", true},
        {"a234567890123456789012345678901234567890", true},
        {"a2345678901234567890123456789012345678901", false},
        {"", false},
        {"-a", false},
        {"a-", false},
        {"-", false},
        {"A", false},
        {"a b", false},
        {"a/b", false},
        {"../a", false},
        {"a.b", false},
        {"a_b", false},
        {"a\n", false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        assert_int_equal(ps_names_is_run(ps_str_of(rows[row].name)), rows[row].is_run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_path_of_r5),
        cmocka_unit_test(what_it_writes_fits_the_services_patterns),
        cmocka_unit_test(reads_its_own_names_back),
        cmocka_unit_test(knows_a_name_that_only_contains_ours),
        cmocka_unit_test(knows_the_folders_of_its_own_jobs),
        cmocka_unit_test(splits_an_address),
        cmocka_unit_test(an_address_has_its_cap),
        cmocka_unit_test(agrees_with_the_services_pattern),
        cmocka_unit_test(names_of_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
