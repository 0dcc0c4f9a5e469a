/* Goal: lanes of one quota share a pool, others do not, and a pool's limits are what its lanes say
 * together. Method: pairs of lanes as rows; model names as rows; three lanes of two pools. */
#include "core/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define HAIKU "anthropic.claude-haiku-4-5-20251001-v1:0"

static void read_lane(struct ps_lane *const lane, const char *const name, const char *const text)
{
    struct ps_error error;
    ps_lane_init(lane, name);
    assert_int_equal(ps_lane_parse(lane, ps_str_of(text), &error), PS_OK);
}

static void a_base_model_is_what_stands_behind_profile_and_arn(void **state)
{
    (void)state;
    static const char *const same[] = {
        HAIKU,
        "us." HAIKU,
        "eu." HAIKU,
        "apac." HAIKU,
        "jp." HAIKU,
        "au." HAIKU,
        "us-gov." HAIKU,
        "global." HAIKU,
        "arn:aws:bedrock:us-east-1::foundation-model/" HAIKU,
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us." HAIKU,
    };
    for (size_t row = 0; row < sizeof(same) / sizeof(same[0]); row++) {
        assert_true(ps_str_equals_text(ps_pool_base_model(ps_str_of(same[row])), HAIKU));
    }
    assert_true(ps_str_equals_text(ps_pool_base_model(PS_STR("usx.other")), "usx.other"));
    assert_int_equal(ps_pool_base_model(PS_STR("")).size, 0);
}

static void lanes_share_what_is_one_quota(void **state)
{
    (void)state;
    static const struct {
        const char *left;
        const char *right;
        bool is_one;
    } rows[] = {
        {"model=m,region=r", "model=m,region=r", true},
        {"model=us.m,region=r", "model=arn:aws:bedrock:r::foundation-model/m,region=r", true},
        {"model=m,region=r", "model=n,region=r", false},
        {"model=m,region=r", "model=m,region=s", false},
        {"model=m,region=r", "model=m,region=r,kind=on-demand", false},
        {"model=m,region=r,profile=p", "model=m,region=r,profile=q", false},
        {"model=m,region=r,s3_uri=s3://a/b", "model=m,region=r,s3_uri=s3://c/d", true},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_lane lanes[2];
        struct ps_pools pools;
        struct ps_error error;
        read_lane(&lanes[0], "a", rows[row].left);
        read_lane(&lanes[1], "b", rows[row].right);
        ps_pools_init(&pools);
        assert_int_equal(ps_pools_make(&pools, lanes, 2, &error), PS_OK);
        assert_int_equal(pools.count, rows[row].is_one ? 1 : 2);
        assert_int_equal(pools.of_lane[0], 0);
        assert_int_equal(pools.of_lane[1], rows[row].is_one ? 0 : 1);
        ps_pools_release(&pools);
    }
}

static void a_users_word_goes_over_the_profiles_and_holds_for_the_pool(void **state)
{
    (void)state;
    struct ps_lane lanes[3];
    struct ps_pools pools;
    struct ps_error error;
    read_lane(&lanes[0], "a", "model=m,region=r");
    read_lane(&lanes[1], "b", "model=n,region=r,tpd=7");
    read_lane(&lanes[2], "c", "model=us.m,region=r,jobs=3,rps_counts=calls");
    for (int lane = 0; lane < 3; lane++) {
        assert_int_equal(ps_lane_fill(&lanes[lane], "published", &error), PS_OK);
    }
    ps_pools_init(&pools);
    assert_int_equal(ps_pools_make(&pools, lanes, 3, &error), PS_OK);
    assert_int_equal(pools.count, 2);
    assert_int_equal(pools.pools[0].first_lane, 0);
    assert_int_equal(pools.pools[1].first_lane, 1);
    assert_int_equal(ps_pool_limit(&pools.pools[0], PS_LIMIT_JOBS, 0), 3);
    assert_int_equal(pools.pools[0].limits[PS_LIMIT_JOBS].source, PS_SOURCE_USER);
    assert_int_equal(pools.pools[0].rps_counts, PS_RPS_CALLS);
    assert_int_equal(ps_pool_limit(&pools.pools[0], PS_LIMIT_TPD, -7), -7);
    assert_int_equal(ps_pool_limit(&pools.pools[1], PS_LIMIT_JOBS, 0), 100); /* published */
    assert_int_equal(ps_pool_limit(&pools.pools[1], PS_LIMIT_TPD, 0), 7);
    ps_pools_release(&pools);
}

static void lanes_that_contradict_each_other_are_named_with_the_key(void **state)
{
    (void)state;
    static const struct {
        const char *left;
        const char *right;
        const char *key;
    } rows[] = {
        {"jobs=3", "jobs=4", "jobs"},
        {"rps=3", "rps=4", "rps"},
        {"tpm=3", "tpm=4", "tpm"},
        {"tpd=3", "tpd=4", "tpd"},
        {"burndown=1", "burndown=5", "burndown"},
        {"reset=00:00Z", "reset=07:00Z", "reset"},
        {"rps_counts=records", "rps_counts=calls", "rps_counts"},
        {"shard_bytes=3", "shard_bytes=4", NULL}, /* a lane's own */
        {"jobs=3", "jobs=3", NULL},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_lane lanes[2];
        struct ps_pools pools;
        struct ps_error error;
        read_lane(&lanes[0], "east", rows[row].left);
        read_lane(&lanes[1], "west", rows[row].right);
        ps_pools_init(&pools);
        const enum ps_status status = ps_pools_make(&pools, lanes, 2, &error);
        if (rows[row].key == NULL) {
            assert_int_equal(status, PS_OK);
        } else {
            assert_int_equal(status, PS_E_USAGE);
            assert_non_null(strstr(error.message, "'east' and 'west'"));
            assert_non_null(strstr(error.message, rows[row].key));
            assert_non_null(strstr(error.hint, rows[row].key));
        }
        ps_pools_release(&pools);
    }
}

static void a_day_that_tokens_a_minute_cannot_fill_is_no_limit(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t tokens;
    } rows[] = {
        {"tpm=300k,tpd=432M", -1},
        {"tpm=300k,tpd=431999999", 431999999},
        {"tpm=300001,tpd=432M", 432000000},
        {"tpd=50M", 50000000},
        {"tpm=3M", -1},
        {"tpm=1,tpd=1", 1},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_lane lane;
        struct ps_pools pools PS_CLEANUP(ps_pools_release);
        struct ps_error error;
        read_lane(&lane, "a", rows[row].lane);
        ps_pools_init(&pools);
        assert_int_equal(ps_pools_make(&pools, &lane, 1, &error), PS_OK);
        assert_int_equal(ps_pool_day_tokens(&pools.pools[0], -1), rows[row].tokens);
    }
}

static void only_some_requests_are_records(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t rps;
    } rows[] = {
        {"rps=20,rps_counts=records", 20},
        {"rps=20,rps_counts=calls", PS_NO_LIMIT},
        {"rps=20,rps_counts=none", PS_NO_LIMIT},
        {"rps_counts=records", PS_NO_LIMIT},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_lane lane;
        struct ps_pools pools PS_CLEANUP(ps_pools_release);
        struct ps_error error;
        read_lane(&lane, "a", rows[row].lane);
        ps_pools_init(&pools);
        assert_int_equal(ps_pools_make(&pools, &lane, 1, &error), PS_OK);
        assert_int_equal(ps_pool_records_per_second(&pools.pools[0]), rows[row].rps);
    }
}

static void only_an_accounts_limits_are_a_pools(void **state)
{
    (void)state;
    int count = 0;
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        count += ps_pool_has((enum ps_limit_key)key) ? 1 : 0;
    }
    assert_int_equal(count, 6);
    assert_false(ps_pool_has(PS_LIMIT_SHARD_BYTES));
    assert_false(ps_pool_has(PS_LIMIT_MIN_RECORDS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_base_model_is_what_stands_behind_profile_and_arn),
        cmocka_unit_test(lanes_share_what_is_one_quota),
        cmocka_unit_test(a_users_word_goes_over_the_profiles_and_holds_for_the_pool),
        cmocka_unit_test(lanes_that_contradict_each_other_are_named_with_the_key),
        cmocka_unit_test(a_day_that_tokens_a_minute_cannot_fill_is_no_limit),
        cmocka_unit_test(only_some_requests_are_records),
        cmocka_unit_test(only_an_accounts_limits_are_a_pools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
