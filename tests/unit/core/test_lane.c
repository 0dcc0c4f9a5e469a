/* Goal: a lane says what its text says, and an error names the key and the accepted forms. Method:
 * every key once; refused texts as rows; the two profiles. */
#include "core/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct ps_lane lane_of(const char *const text)
{
    struct ps_lane lane;
    struct ps_error error;
    ps_lane_init(&lane, "default");
    assert_int_equal(ps_lane_parse(&lane, ps_str_of(text), &error), PS_OK);
    return lane;
}

static void an_empty_text_sets_nothing(void **state)
{
    (void)state;
    const struct ps_lane lane = lane_of("");
    assert_string_equal(lane.name, "default");
    assert_string_equal(lane.model, "");
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        assert_int_equal(lane.limits[key].value, PS_NO_LIMIT);
        assert_int_equal(lane.limits[key].source, PS_SOURCE_NONE);
        assert_int_equal(ps_lane_limit(&lane, (enum ps_limit_key)key, 77), 77);
    }
}

static void takes_every_limit(void **state)
{
    (void)state;
    static const struct {
        enum ps_limit_key key;
        const char *text;
        int64_t value;
    } rows[] = {
        {PS_LIMIT_JOBS, "jobs=10", 10},
        {PS_LIMIT_JOB_RECORDS, "job_records=100k", 100000},
        {PS_LIMIT_JOB_BYTES, "job_bytes=5GB", 5000000000},
        {PS_LIMIT_SHARD_RECORDS, "shard_records=1000", 1000},
        {PS_LIMIT_SHARD_BYTES, "shard_bytes=50MB", 50000000},
        {PS_LIMIT_FILES, "files=5000", 5000},
        {PS_LIMIT_MIN_RECORDS, "min_records=100", 100},
        {PS_LIMIT_CONTEXT, "context=200k", 200000},
        {PS_LIMIT_OUTPUT, "output=8192", 8192},
        {PS_LIMIT_OUT_BYTES, "out_bytes=50MB", 50000000},
        {PS_LIMIT_RPS, "rps=20", 20},
        {PS_LIMIT_TPM, "tpm=3M", 3000000},
        {PS_LIMIT_TPD, "tpd=50M", 50000000},
        {PS_LIMIT_RESET, "reset=07:30Z", 27000000},
        {PS_LIMIT_STARTUP, "startup=15m", 900000},
        {PS_LIMIT_BURNDOWN, "burndown=5", 5},
    };
    assert_int_equal(sizeof(rows) / sizeof(rows[0]), PS_LIMIT_COUNT);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_lane lane = lane_of(rows[row].text);
        for (int key = 0; key < PS_LIMIT_COUNT; key++) {
            const bool is_it = key == (int)rows[row].key;
            assert_int_equal(lane.limits[key].value, is_it ? rows[row].value : PS_NO_LIMIT);
            assert_int_equal(lane.limits[key].source, is_it ? PS_SOURCE_USER : PS_SOURCE_NONE);
        }
        const char *const name = ps_limit_name(rows[row].key);
        assert_memory_equal(rows[row].text, name, strlen(name));
    }
}

static void takes_every_text(void **state)
{
    (void)state;
    const struct ps_lane lane =
        lane_of("name=a, model = us.m-1:0 ,region=eu-west-1,s3_uri=s3://b/p,"
                "role_arn=arn:aws:iam::1:role/r,jobs=2");
    assert_string_equal(lane.name, "a");
    assert_string_equal(lane.model, "us.m-1:0");
    assert_string_equal(lane.region, "eu-west-1");
    assert_string_equal(lane.s3_uri, "s3://b/p");
    assert_string_equal(lane.role_arn, "arn:aws:iam::1:role/r");
    assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_JOBS, 0), 2);
}

static void the_last_word_holds(void **state)
{
    (void)state;
    const struct ps_lane lane = lane_of("jobs=2,name=longer,jobs=3,name=b");
    assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_JOBS, 0), 3);
    assert_string_equal(lane.name, "b");
}

static void words_say_what_kind_of_lane_it_is(void **state)
{
    (void)state;
    const struct ps_lane plain = lane_of("reset=00:00,startup=0");
    assert_int_equal(plain.kind, PS_KIND_BATCH);
    assert_int_equal(plain.behaviour, PS_BEHAVIOUR_QUEUE);
    assert_int_equal(plain.rps_counts, PS_RPS_NOTHING);
    assert_false(plain.has_rps_counts);
    assert_int_equal(ps_lane_limit(&plain, PS_LIMIT_RESET, 7), 0);
    assert_int_equal(ps_lane_limit(&plain, PS_LIMIT_STARTUP, 7), 0);
    const struct ps_lane lane =
        lane_of("kind=on-demand,rps_counts=calls,behaviour=refuse,profile=other");
    assert_int_equal(lane.kind, PS_KIND_ON_DEMAND);
    assert_int_equal(lane.rps_counts, PS_RPS_CALLS);
    assert_true(lane.has_rps_counts);
    assert_int_equal(lane.behaviour, PS_BEHAVIOUR_REFUSE);
    assert_string_equal(lane.profile, "other");
    assert_int_equal(lane_of("rps_counts=records").rps_counts, PS_RPS_RECORDS);
    assert_int_equal(lane_of("behaviour=learn").behaviour, PS_BEHAVIOUR_LEARN);
}

static void refuses_with_the_key_and_the_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
        const char *hint;
    } rows[] = {
        {"jobs=0", "'jobs=0'", "above 0, written like 'jobs=10'"},
        {"jobs=-1", "'jobs=-1'", "'jobs=10'"},
        {"jobs=ten", "'jobs=ten'", "'jobs=10'"},
        {"jobs=", "'jobs='", "'jobs=10'"},
        {"jobs=1.5", "'jobs=1.5'", "'jobs=10'"},
        {"shard_bytes=50mb", "'shard_bytes=50mb'", "'shard_bytes=50MB'"},
        {"job_bytes=99999999999GB", "'job_bytes=", "'job_bytes=5GB'"},
        {"rpm=20", "lane key 'rpm'", "shard_bytes, files"},
        {"reset=24:00Z", "'reset=24:00Z'", "time of the day in UTC, written like 'reset=00:00Z'"},
        {"reset=7:00", "'reset=7:00'", "'reset=00:00Z'"},
        {"reset=07:60", "'reset=07:60'", "'reset=00:00Z'"},
        {"reset=07:00+1", "'reset=07:00+1'", "'reset=00:00Z'"},
        {"startup=soon", "'startup=soon'", "a number, written like 'startup=15m'"},
        {"kind=fast", "'kind=fast'", "batch or on-demand"},
        {"rps_counts=all", "'rps_counts=all'", "records, calls or none"},
        {"behaviour=", "'behaviour='", "queue, refuse or learn"},
        {"JOBS=2", "lane key 'JOBS'", "Keys are name, model"},
        {"=2", "lane key ''", "Keys are"},
        {"jobs", "cannot read 'jobs'", "key=value,key=value"},
        {"jobs=2,", "", ""},
        {"jobs=2,,files=3", "cannot read ''", "key=value"},
        {"jobs:2", "cannot read 'jobs:2'", "key=value"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_lane lane;
        struct ps_error error = {0};
        ps_lane_init(&lane, "default");
        const enum ps_status status = ps_lane_parse(&lane, ps_str_of(rows[row].text), &error);
        if (rows[row].message[0] == '\0') {
            assert_int_equal(status, PS_OK); /* a comma at the end is no mistake */
            continue;
        }
        assert_int_equal(status, PS_E_USAGE);
        if (strstr(error.message, rows[row].message) == NULL ||
            strstr(error.hint, rows[row].hint) == NULL) {
            fail_msg("'%s': %s. %s", rows[row].text, error.message, error.hint);
        }
    }
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "name=a,kind=batch,behaviour=queue",
        "name=west,model=m,region=us-west-2,s3_uri=s3://b/p,role_arn=arn:aws:iam::1:role/"
        "r,profile=p,"
        "kind=on-demand,rps_counts=calls,behaviour=learn,jobs=10,min_records=100,rps=20,tpm="
        "3000000,"
        "tpd=50000000,reset=07:30Z,startup=900000ms,burndown=5",
    };
    for (size_t row = 0; row < sizeof(texts) / sizeof(texts[0]); row++) {
        const struct ps_lane lane = lane_of(texts[row]);
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 4096);
        ps_lane_write(&lane, &buf);
        assert_string_equal(ps_buf_text(&buf), texts[row]);
    }
}

static void a_text_has_its_room(void **state)
{
    (void)state;
    char text[80] = "name=";
    struct ps_lane lane;
    struct ps_error error;
    ps_lane_init(&lane, "");
    memset(text + 5, 'n', 63);
    assert_int_equal(ps_lane_parse(&lane, (struct ps_str){text, 5 + 63}, &error), PS_OK);
    assert_int_equal(strlen(lane.name), 63);
    text[5 + 63] = 'n';
    assert_int_equal(ps_lane_parse(&lane, (struct ps_str){text, 5 + 64}, &error), PS_E_USAGE);
    assert_non_null(strstr(error.message, "'name="));
    assert_non_null(strstr(error.hint, "at most 63"));
}

static void profiles_fill_the_gaps_only(void **state)
{
    (void)state;
    struct ps_error error;
    struct ps_lane lane = lane_of("jobs=3");
    assert_int_equal(ps_lane_fill(&lane, "published", &error), PS_OK);
    assert_int_equal(lane.limits[PS_LIMIT_JOBS].value, 3);
    assert_int_equal(lane.limits[PS_LIMIT_JOBS].source, PS_SOURCE_USER);
    assert_int_equal(lane.limits[PS_LIMIT_JOB_RECORDS].value, 100000);
    assert_int_equal(lane.limits[PS_LIMIT_JOB_RECORDS].source, PS_SOURCE_PUBLISHED);
    assert_int_equal(lane.limits[PS_LIMIT_FILES].value, PS_NO_LIMIT); /* null: none is known */

    struct ps_lane typical = lane_of("");
    assert_int_equal(ps_lane_fill(&typical, "typical", &error), PS_OK);
    assert_int_equal(typical.limits[PS_LIMIT_JOBS].value, 10);
    assert_int_equal(typical.limits[PS_LIMIT_SHARD_BYTES].value, 50000000);
    assert_int_equal(typical.limits[PS_LIMIT_FILES].value, 5000);
    assert_int_equal(typical.limits[PS_LIMIT_MIN_RECORDS].source, PS_SOURCE_TYPICAL);
    assert_string_equal(ps_limit_source_name(PS_SOURCE_TYPICAL), "typical");
    assert_string_equal(ps_limit_source_name(PS_SOURCE_NONE), "none");

    assert_int_equal(ps_lane_fill(&typical, "generous", &error), PS_E_USAGE);
    assert_non_null(strstr(error.message, "'generous'"));
    assert_non_null(strstr(error.hint, "'published', 'typical' and 'typical-low'"));
}

/* Reference: design, section 1. */
static void profiles_hold_what_accounts_start_with(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        enum ps_limit_source source;
        int64_t rps;
        int64_t tpm;
        int64_t tpd;
    } rows[] = {
        {"typical", PS_SOURCE_TYPICAL, 20, 3000000, 50000000},
        {"typical-low", PS_SOURCE_TYPICAL_LOW, 1, 300000, 10000000},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_error error;
        struct ps_lane lane = lane_of("");
        assert_int_equal(ps_lane_fill(&lane, rows[row].profile, &error), PS_OK);
        assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_RPS, 0), rows[row].rps);
        assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_TPM, 0), rows[row].tpm);
        assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_TPD, 0), rows[row].tpd);
        assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_SHARD_BYTES, 0), 50000000);
        assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_OUT_BYTES, 0), 50000000);
        assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_FILES, 0), 5000);
        assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_JOBS, 0), 10);
        assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_MIN_RECORDS, 0), 100);
        assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_CONTEXT, 0), 200000);
        assert_int_equal(lane.limits[PS_LIMIT_TPD].source, rows[row].source);
        assert_string_equal(ps_limit_source_name(rows[row].source), rows[row].profile);
        assert_int_equal(lane.rps_counts, PS_RPS_RECORDS);
        assert_false(lane.has_rps_counts);
    }
}

static void a_lane_on_demand_has_no_limits_of_jobs(void **state)
{
    (void)state;
    struct ps_error error;
    struct ps_lane lane = lane_of("kind=on-demand,rps_counts=none");
    assert_int_equal(ps_lane_fill(&lane, "typical", &error), PS_OK);
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        if (ps_limit_is_of_jobs((enum ps_limit_key)key)) {
            assert_int_equal(lane.limits[key].value, PS_NO_LIMIT);
        }
    }
    assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_TPM, 0), 3000000);
    assert_int_equal(lane.rps_counts, PS_RPS_NOTHING); /* the user's word stays */
}

static void a_profile_says_where_its_numbers_are_from(void **state)
{
    (void)state;
    struct ps_origin origin;
    int64_t value = 0;
    assert_true(ps_lane_profile("published", "jobs", &value, &origin));
    assert_int_equal(value, 100);
    assert_non_null(strstr(origin.text, "General Reference"));
    assert_string_equal(origin.date, "2026-10");
    assert_true(ps_lane_profile("published", "files", &value, &origin));
    assert_int_equal(value, PS_NO_LIMIT);
    assert_true(ps_lane_profile("typical", "s3_rps", &value, &origin));
    assert_int_equal(value, 3000);
    assert_false(ps_lane_profile("published", "reset", &value, &origin));
    assert_false(ps_lane_profile("guessed", "jobs", &value, &origin));
}

static void each_source_has_its_name(void **state)
{
    (void)state;
    static const char *const names[] = {"none",        "published", "typical", "user",
                                        "typical-low", "live",      "learned", "observed"};
    for (int source = 0; source < PS_SOURCE_COUNT; source++) {
        assert_string_equal(ps_limit_source_name((enum ps_limit_source)source), names[source]);
    }
}

static void limits_must_fit_each_other(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_fit;
        const char *word;
    } rows[] = {
        {"", true, ""},
        {"min_records=100,job_records=100", true, ""},
        {"min_records=101,job_records=100", false, "min_records"},
        {"min_records=100,files=4,shard_records=25", true, ""},
        {"min_records=100,files=4,shard_records=24", false, "files=4"},
        {"min_records=101,files=4,shard_records=25", false, "shard_records=25"},
        {"files=1", true, ""},
        {"shard_records=1", true, ""},
        {"output=8,context=8", true, ""},
        {"output=9,context=8", false, "output=9 tokens in a context of 8"},
        {"kind=on-demand,tpm=1,context=5", true, ""},
        {"kind=on-demand,jobs=3", false, "cannot use jobs together with kind=on-demand"},
        {"kind=on-demand,out_bytes=3", false, "out_bytes"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_error error = {0};
        const struct ps_lane lane = lane_of(rows[row].text);
        const enum ps_status status = ps_lane_check(&lane, &error);
        assert_int_equal(status, rows[row].is_fit ? PS_OK : PS_E_USAGE);
        assert_non_null(strstr(error.message, rows[row].word));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_text_sets_nothing),
        cmocka_unit_test(takes_every_limit),
        cmocka_unit_test(takes_every_text),
        cmocka_unit_test(the_last_word_holds),
        cmocka_unit_test(words_say_what_kind_of_lane_it_is),
        cmocka_unit_test(refuses_with_the_key_and_the_forms),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_text_has_its_room),
        cmocka_unit_test(profiles_fill_the_gaps_only),
        cmocka_unit_test(profiles_hold_what_accounts_start_with),
        cmocka_unit_test(a_lane_on_demand_has_no_limits_of_jobs),
        cmocka_unit_test(a_profile_says_where_its_numbers_are_from),
        cmocka_unit_test(each_source_has_its_name),
        cmocka_unit_test(limits_must_fit_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
