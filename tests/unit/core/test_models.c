/*
 * Goal: what is known of a model is found by any of its names, what is not known is not guessed,
 * and a refusal says what would do. Method: the built-in data, its rows against the reference;
 * files with one thing wrong; lanes before and after filling.
 */
#include "core/models.h"

#include "base/limits.h"
#include "codec/iso8601.h"
#include "core/catalog.h"
#include "core/family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>
#include <cmocka.h>

#define HAIKU "anthropic.claude-haiku-4-5-20251001-v1:0"

static int load(void **state)
{
    *state = ps_models_builtin();
    return 0;
}

static int unload(void **state)
{
    *state = ps_models_free(*state);
    return 0;
}

static const struct ps_model *found(const struct ps_models *const models, const char *const given)
{
    const struct ps_model *const model = ps_models_find(models, ps_str_of(given));
    if (model == NULL) {
        fail_msg("'%s' is not known", given);
    }
    return model;
}

static struct ps_lane lane_of(const char *const text)
{
    struct ps_lane lane;
    struct ps_error error;
    ps_lane_init(&lane, "a");
    assert_int_equal(ps_lane_parse(&lane, ps_str_of(text), &error), PS_OK);
    return lane;
}

static void a_model_is_found_by_any_of_its_names(void **state)
{
    static const char *const names[] = {
        HAIKU,
        "us." HAIKU,
        "global." HAIKU,
        "arn:aws:bedrock:us-east-1::foundation-model/" HAIKU,
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us." HAIKU,
        HAIKU ":48k",
    };
    for (size_t row = 0; row < sizeof(names) / sizeof(names[0]); row++) {
        const struct ps_model *const model = found(*state, names[row]);
        assert_true(ps_str_equals_text(model->name, "Claude Haiku 4.5"));
        assert_true(ps_str_equals_text(model->family, "anthropic"));
        assert_int_equal(model->context_tokens, 200000);
        assert_int_equal(model->output_tokens, 64000);
        assert_int_equal(model->burndown, 5);
    }
    assert_true(
        ps_str_equals_text(found(*state, "arn:aws:bedrock:us-east-1:111122223333:custom-model/"
                                         "amazon.titan-embed-image-v1/abcdefghij12")
                               ->name,
                           "Titan Multimodal Embeddings G1"));
    static const char *const strangers[] = {
        "",        "anthropic.claude-haiku-4-5",
        HAIKU "0", "anthropic.claude-opus-50",
        "us.",     "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc"};
    for (size_t row = 0; row < sizeof(strangers) / sizeof(strangers[0]); row++) {
        assert_null(ps_models_find(*state, ps_str_of(strangers[row])));
    }
}

static void a_name_that_is_nearly_right_is_recognised(void **state)
{
    static const struct {
        const char *given;
        const char *nearest; /* NULL: none */
    } rows[] = {
        {"us.anthropc.claude-haiku-4-5-20251001-v1:0", "Claude Haiku 4.5"},
        {"anthropic.claude-haiku-4-5", "Claude Haiku 4.5"},
        {"claude-haiku-4.5", "Claude Haiku 4.5"},
        {"Claude Hiaku 4.5", "Claude Haiku 4.5"},
        {"anthropic.claude-opus-4-6-20260205-v1:0", "Claude Opus 4.6"},
        {"claude 3.5 sonnet v2", "Claude 3.5 Sonnet v2"},
        {"claude 3.5 sonnet", "Claude 3.5 Sonnet"},
        {"nova-pro", "Nova Pro"},
        {"amazon.nova-lite", "Nova Lite"},
        {"gpt-oss-120b", "OpenAI GPT OSS 120b"},
        {"llama-3.3-70b", "Llama 3.3 70B"},
        {"us.amazon.nova-premeir", "Nova Premier"},
        {"antropic.claude-haiku-4", "Claude Haiku 4.5"},
        {"nobody.knows", NULL},
        {"o", NULL},
        {"", NULL},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_model *near[PS_MODELS_NEAR_MAX];
        const int64_t count = ps_models_near(*state, ps_str_of(rows[row].given), near);
        assert_int_equal(count > 0, rows[row].nearest != NULL);
        if (count > 0 && !ps_str_equals_text(near[0]->name, rows[row].nearest)) {
            fail_msg("'%s': %.*s", rows[row].given, PS_STR_ARGS(near[0]->name));
        }
    }
    const struct ps_model *near[PS_MODELS_NEAR_MAX];
    assert_int_equal(ps_models_near(*state, PS_STR("claude"), near), PS_MODELS_NEAR_MAX);
}

/* Reference: the table of the User Guide, batch-inference-supported. */
static void batch_is_taken_where_the_table_says(void **state)
{
    static const struct {
        const char *given;
        const char *region;
        enum ps_batch_answer answer;
    } rows[] = {
        {"us." HAIKU, "us-east-1", PS_BATCH_YES},
        {"us." HAIKU, "us-west-1", PS_BATCH_YES},
        {"us." HAIKU, "ca-central-1", PS_BATCH_YES},
        {"us." HAIKU, "eu-west-1", PS_BATCH_NO},
        {"eu." HAIKU, "eu-west-1", PS_BATCH_YES},
        {"us." HAIKU, "us-gov-west-1", PS_BATCH_NO},
        {"global." HAIKU, "us-east-1", PS_BATCH_NOT_KNOWN},
        {"global." HAIKU, "af-south-1", PS_BATCH_NO},
        {"ca." HAIKU, "ca-central-1", PS_BATCH_NOT_KNOWN},
        {"us." HAIKU, "", PS_BATCH_NOT_KNOWN},
        {HAIKU, "us-east-1", PS_BATCH_NO},
        {"anthropic.claude-sonnet-4-6", "eu-west-2", PS_BATCH_YES},
        {"anthropic.claude-sonnet-4-6", "us-east-1", PS_BATCH_NO},
        {"us.anthropic.claude-sonnet-4-6", "us-east-1", PS_BATCH_YES},
        {"amazon.nova-pro-v1:0", "ap-southeast-3", PS_BATCH_YES},
        {"amazon.nova-pro-v1:0", "us-west-2", PS_BATCH_NO},
        {"openai.gpt-oss-20b-1:0", "us-gov-west-1", PS_BATCH_YES},
        {"deepseek.v3-v1:0", "us-east-1", PS_BATCH_NO},
        {"deepseek.v3.2", "us-east-1", PS_BATCH_YES},
        {"anthropic.claude-sonnet-5", "us-east-1", PS_BATCH_NO},
        {"arn:aws:bedrock:us-west-2::foundation-model/mistral.mistral-large-2407-v1:0", "us-west-2",
         PS_BATCH_YES},
        {"arn:aws:bedrock:us-west-2:111122223333:custom-model/amazon.titan-embed-image-v1/x",
         "eu-north-1", PS_BATCH_NOT_KNOWN},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_str given = ps_str_of(rows[row].given);
        if (ps_models_batch(*state, found(*state, rows[row].given), given,
                            ps_str_of(rows[row].region)) != rows[row].answer) {
            fail_msg("%s in %s", rows[row].given, rows[row].region);
        }
    }
}

static int64_t regions_of(const struct ps_model *const model, const enum ps_reach reach)
{
    struct ps_str region = PS_STR("");
    int64_t count = 0;
    while (ps_models_region(model, reach, count, &region)) {
        assert_true(region.size > 0);
        count++;
    }
    return count;
}

/* Reference: the counts of the same table. */
static void as_many_regions_as_the_table_has(void **state)
{
    static const struct {
        const char *given;
        int64_t single;
        int64_t profile;
    } rows[] = {
        {"amazon.nova-2-lite-v1:0", 0, 25},
        {"amazon.nova-lite-v1:0", 3, 24},
        {"amazon.nova-micro-v1:0", 2, 20},
        {"amazon.nova-pro-v1:0", 4, 22},
        {"amazon.titan-embed-text-v2:0", 12, 0},
        {"anthropic.claude-3-haiku-20240307-v1:0", 14, 0},
        {"anthropic.claude-3-sonnet-20240229-v1:0", 11, 10},
        {HAIKU, 0, 23},
        {"anthropic.claude-sonnet-4-20250514-v1:0", 0, 24},
        {"anthropic.claude-sonnet-4-5-20250929-v1:0", 0, 29},
        {"anthropic.claude-sonnet-4-6", 1, 32},
        {"anthropic.claude-opus-4-6-v1", 0, 32},
        {"anthropic.claude-opus-5", 0, 33},
        {"deepseek.v3.2", 10, 0},
        {"deepseek.v3-v1:0", 8, 0},
        {"mistral.mistral-large-3-675b-instruct", 7, 0},
        {"minimax.minimax-m2.1", 13, 0},
        {"openai.gpt-oss-120b-1:0", 14, 0},
        {"anthropic.claude-opus-4-7", 0, 0},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_model *const model = found(*state, rows[row].given);
        assert_int_equal(regions_of(model, PS_REACH_REGION), rows[row].single);
        assert_int_equal(regions_of(model, PS_REACH_PROFILE), rows[row].profile);
        assert_int_equal(model->takes_batch, rows[row].single + rows[row].profile > 0);
    }
}

static void a_refusal_says_what_would_do(void **state)
{
    static const struct {
        const char *lane;
        const char *message; /* NULL: it is taken */
        const char *hint;
    } rows[] = {
        {"model=us." HAIKU ",region=us-east-1", NULL, NULL},
        {
            "model=" HAIKU ",region=us-east-1",
            "in us-east-1",
            "From us-east-1",
        },
        {"model=" HAIKU ",region=us-east-1", "takes no batch jobs of it there", "'us." HAIKU "'"},
        {"model=us." HAIKU ",region=ap-northeast-1", "in ap-northeast-1", "'jp." HAIKU "'"},
        {"model=us." HAIKU ",region=ap-south-1", "in ap-south-1", "'global." HAIKU "'"},
        {"model=us." HAIKU ",region=af-south-1", "in af-south-1",
         "through a profile, from ap-northeast-1"},
        {"model=mistral.mistral-large-2407-v1:0,region=us-east-1", "in us-east-1",
         "It takes them in us-west-2. 'penstock models mistral.mistral-large-2407-v1:0'"},
        {"model=us.anthropic.claude-3-opus-20240229-v1:0,region=eu-west-1", "in eu-west-1",
         "in us-west-2; through a profile, from us-east-1."},
        {"model=us.anthropic.claude-sonnet-5,region=us-east-1", "takes no batch jobs of it",
         "'penstock models'"},
        {"model=us.anthropic.claude-sonnet-5,region=us-east-1,kind=on-demand", NULL, NULL},
        {"model=claude-haiku-4-5,region=us-east-1", "nobody here knows it",
         "Did you mean 'us." HAIKU "'"},
        {"model=claude-haiku-4-5,region=us-east-1,kind=on-demand", "nobody here knows", "Did you"},
        {"model=nobody.knows,region=us-east-1", "'nobody.knows'", "--models-file"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_error err = {.status = PS_OK};
        const struct ps_lane lane = lane_of(rows[row].lane);
        const enum ps_status status = ps_models_check_lane(*state, &lane, &err);
        if (status != (rows[row].message == NULL ? PS_OK : PS_E_USAGE) ||
            (rows[row].message != NULL && (strstr(err.message, rows[row].message) == NULL ||
                                           strstr(err.hint, rows[row].hint) == NULL))) {
            fail_msg("%s: %s. %s", rows[row].lane, err.message, err.hint);
        }
    }
}

/* How a lane of `text` looks when `profile` and its model have filled it. */
static struct ps_lane filled(const struct ps_models *const models, const char *const text,
                             const char *const profile)
{
    struct ps_error error;
    struct ps_lane lane = lane_of(text);
    assert_int_equal(ps_lane_fill(&lane, profile, &error), PS_OK);
    ps_models_fill(models, &lane);
    return lane;
}

static void limits_come_from_user_model_and_profile(void **state)
{
    static const struct {
        const char *text;
        const char *profile;
        enum ps_limit_key key;
        int64_t value;
        enum ps_limit_source source;
    } rows[] = {
        {"model=us." HAIKU, "published", PS_LIMIT_CONTEXT, 200000, PS_SOURCE_PUBLISHED},
        {"model=us." HAIKU, "published", PS_LIMIT_OUTPUT, 64000, PS_SOURCE_PUBLISHED},
        {"model=us." HAIKU ",context=5000", "published", PS_LIMIT_CONTEXT, 5000, PS_SOURCE_USER},
        {"model=us." HAIKU, "published", PS_LIMIT_TPM, PS_NO_LIMIT, PS_SOURCE_NONE},
        {"model=us." HAIKU, "published", PS_LIMIT_TPD, PS_NO_LIMIT, PS_SOURCE_NONE},
        {"model=us." HAIKU, "published", PS_LIMIT_RPS, PS_NO_LIMIT, PS_SOURCE_NONE},
        {"model=us." HAIKU, "published", PS_LIMIT_BURNDOWN, PS_NO_LIMIT, PS_SOURCE_NONE},
        {"model=us." HAIKU, "published", PS_LIMIT_JOB_BYTES, 5000000000, PS_SOURCE_PUBLISHED},
        {"model=us.amazon.nova-pro-v1:0", "published", PS_LIMIT_JOB_BYTES, 100000000000,
         PS_SOURCE_PUBLISHED},
        {"model=us." HAIKU, "typical", PS_LIMIT_TPM, 3000000, PS_SOURCE_TYPICAL},
        {"model=us." HAIKU, "typical", PS_LIMIT_TPD, 50000000, PS_SOURCE_TYPICAL},
        {"model=us." HAIKU, "typical", PS_LIMIT_RPS, 20, PS_SOURCE_TYPICAL},
        {"model=us." HAIKU, "typical", PS_LIMIT_BURNDOWN, PS_NO_LIMIT, PS_SOURCE_NONE},
        {"model=us." HAIKU, "typical-low", PS_LIMIT_TPD, 10000000, PS_SOURCE_TYPICAL_LOW},
        {"model=us.anthropic.claude-opus-5", "typical", PS_LIMIT_CONTEXT, 200000,
         PS_SOURCE_TYPICAL},
        {"model=amazon.nova-micro-v1:0", "typical", PS_LIMIT_CONTEXT, 128000, PS_SOURCE_PUBLISHED},
        {"model=us.amazon.nova-pro-v1:0", "published", PS_LIMIT_OUTPUT, PS_NO_LIMIT,
         PS_SOURCE_NONE},
        {"model=us." HAIKU ",kind=on-demand", "published", PS_LIMIT_TPM, 5000000,
         PS_SOURCE_PUBLISHED},
        {"model=us." HAIKU ",kind=on-demand", "published", PS_LIMIT_RPS, 166, PS_SOURCE_PUBLISHED},
        {"model=us." HAIKU ",kind=on-demand", "published", PS_LIMIT_BURNDOWN, 5,
         PS_SOURCE_PUBLISHED},
        {"model=us." HAIKU ",kind=on-demand", "published", PS_LIMIT_JOBS, PS_NO_LIMIT,
         PS_SOURCE_NONE},
        {"model=us." HAIKU ",kind=on-demand", "typical", PS_LIMIT_TPM, 3000000, PS_SOURCE_TYPICAL},
        {"model=us." HAIKU ",kind=on-demand", "typical", PS_LIMIT_SHARD_BYTES, PS_NO_LIMIT,
         PS_SOURCE_NONE},
        {"model=anthropic.claude-3-haiku-20240307-v1:0,region=us-west-2,kind=on-demand",
         "published", PS_LIMIT_TPD, 2880000000, PS_SOURCE_PUBLISHED},
        {"model=anthropic.claude-3-haiku-20240307-v1:0,region=ap-northeast-1,kind=on-demand",
         "published", PS_LIMIT_TPD, 288000000, PS_SOURCE_PUBLISHED},
        {"model=anthropic.claude-3-haiku-20240307-v1:0,region=eu-west-1,kind=on-demand",
         "published", PS_LIMIT_TPM, 300000, PS_SOURCE_PUBLISHED},
        {"model=anthropic.claude-3-opus-20240229-v1:0,region=us-west-2,kind=on-demand", "published",
         PS_LIMIT_RPS, 1, PS_SOURCE_PUBLISHED},
        {"model=us.anthropic.claude-opus-5,kind=on-demand", "published", PS_LIMIT_RPS, PS_NO_LIMIT,
         PS_SOURCE_NONE},
        {"model=nobody.knows", "published", PS_LIMIT_CONTEXT, PS_NO_LIMIT, PS_SOURCE_NONE},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_lane lane = filled(*state, rows[row].text, rows[row].profile);
        const struct ps_limit limit = lane.limits[rows[row].key];
        if (limit.value != rows[row].value || limit.source != rows[row].source) {
            fail_msg("%s, %s: %s = %lld (%s)", rows[row].text, rows[row].profile,
                     ps_limit_name(rows[row].key), (long long)limit.value,
                     ps_limit_source_name(limit.source));
        }
    }
    assert_int_equal(filled(*state, "model=us." HAIKU, "published").rps_counts, PS_RPS_NOTHING);
    assert_int_equal(filled(*state, "model=us." HAIKU, "typical").rps_counts, PS_RPS_RECORDS);
    assert_int_equal(filled(*state, "model=us." HAIKU ",rps_counts=calls", "typical").rps_counts,
                     PS_RPS_CALLS);
    assert_int_equal(filled(*state, "model=us." HAIKU ",kind=on-demand", "published").rps_counts,
                     PS_RPS_CALLS);
}

static void a_smaller_context_is_the_users_to_say(void **state)
{
    struct ps_error err;
    struct ps_lane lane = filled(*state, "model=us." HAIKU ",context=5000", "published");
    assert_int_equal(lane.limits[PS_LIMIT_OUTPUT].value, 64000);
    assert_int_equal(ps_lane_check(&lane, &err), PS_OK);
    lane = filled(*state, "model=us." HAIKU ",output=300k", "published");
    assert_int_equal(ps_lane_check(&lane, &err), PS_E_USAGE);
}

static void prices_depend_on_kind_and_profile(void **state)
{
    static const struct {
        const char *given;
        enum ps_lane_kind kind;
        int64_t input;
        int64_t output;
    } rows[] = {
        {"us." HAIKU, PS_KIND_BATCH, 550000, 2750000},
        {"global." HAIKU, PS_KIND_BATCH, 500000, 2500000},
        {"us." HAIKU, PS_KIND_ON_DEMAND, 1100000, 5500000},
        {"amazon.nova-micro-v1:0", PS_KIND_BATCH, 17500, 70000},
        {"global.amazon.nova-2-lite-v1:0", PS_KIND_ON_DEMAND, 300000, 2500000},
        {"us.anthropic.claude-sonnet-5", PS_KIND_ON_DEMAND, 2200000, 11000000},
        {"us.anthropic.claude-sonnet-5", PS_KIND_BATCH, -1, -1},
        {"deepseek.v3.2", PS_KIND_BATCH, -1, -1},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_price price = {-1, -1};
        const bool is_known = ps_models_price(found(*state, rows[row].given),
                                              ps_str_of(rows[row].given), rows[row].kind, &price);
        assert_int_equal(is_known, rows[row].input >= 0);
        assert_int_equal(price.input_usd_micros, rows[row].input);
        assert_int_equal(price.output_usd_micros, rows[row].output);
    }
}

static void a_limit_names_its_quota(void **state)
{
    static const struct {
        const char *lane;
        enum ps_limit_key key;
        const char *name; /* NULL: there is none */
        const char *code;
        bool is_adjustable;
    } rows[] = {
        {"model=us." HAIKU, PS_LIMIT_JOBS,
         "Sum of in-progress and submitted batch inference jobs using a base model for Claude "
         "Haiku 4.5",
         "L-63020993", true},
        {"model=us." HAIKU, PS_LIMIT_JOB_RECORDS,
         "Records per batch inference job for Claude Haiku 4.5", "L-28612175", true},
        {"model=us." HAIKU, PS_LIMIT_SHARD_RECORDS,
         "Records per input file per batch inference job for Claude Haiku 4.5", "L-9EDE6039", true},
        {"model=us." HAIKU, PS_LIMIT_MIN_RECORDS,
         "Minimum number of records per batch inference job for Claude Haiku 4.5", "", false},
        {"model=us.anthropic.claude-3-7-sonnet-20250219-v1:0", PS_LIMIT_MIN_RECORDS,
         "Minimum number of records per batch inference job for Claude 3.7 Sonnet", "L-BFA0FE84",
         true},
        {"model=us." HAIKU, PS_LIMIT_FILES, NULL, "", false},
        {"model=us." HAIKU, PS_LIMIT_TPM, NULL, "", false},
        {"model=us." HAIKU ",tpm=3M", PS_LIMIT_TPM,
         "Cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5",
         "L-58BE175A", true},
        {"model=us." HAIKU ",kind=on-demand", PS_LIMIT_TPM,
         "Cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5",
         "L-58BE175A", true},
        {"model=global." HAIKU ",kind=on-demand", PS_LIMIT_TPM,
         "Global cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5", "",
         true},
        {"model=" HAIKU ",kind=on-demand", PS_LIMIT_RPS,
         "On-demand model inference requests per minute for Anthropic Claude Haiku 4.5", "", false},
        {"model=us." HAIKU ",kind=on-demand", PS_LIMIT_TPD,
         "Model invocation max tokens per day for Anthropic Claude Haiku 4.5 (doubled for "
         "cross-region calls)",
         "L-6120CF2D", false},
        {"model=openai.gpt-oss-20b-1:0,kind=on-demand", PS_LIMIT_TPM,
         "On-demand model inference tokens per minute for OpenAI GPT OSS 20b", "", false},
        {"model=us." HAIKU ",kind=on-demand", PS_LIMIT_JOBS, NULL, "", false},
        {"model=nobody.knows", PS_LIMIT_JOBS, NULL, "", false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_quota quota = {"", "", false};
        const struct ps_lane lane = lane_of(rows[row].lane);
        assert_int_equal(ps_models_quota(*state, &lane, rows[row].key, &quota),
                         rows[row].name != NULL);
        assert_string_equal(quota.name, rows[row].name == NULL ? "" : rows[row].name);
        assert_string_equal(quota.code, rows[row].code);
        assert_int_equal(quota.is_adjustable, rows[row].is_adjustable);
    }
}

static void the_end_of_life_is_told_in_time(void **state)
{
    static const struct {
        const char *given;
        const char *now;
        const char *says; /* NULL: nothing */
    } rows[] = {
        {HAIKU, "2026-11-24T00:00:00Z", NULL},
        {"anthropic.claude-sonnet-4-20250514-v1:0", "2026-11-24T00:00:00Z", "on 2026-10-14"},
        {"meta.llama3-3-70b-instruct-v1:0", "2027-03-20T12:00:00Z",
         "is being retired: it ends on 2027-03-30, in 10 days"},
        {"meta.llama3-3-70b-instruct-v1:0", "2027-03-29T23:59:59Z", "in 1 day"},
        {"meta.llama3-3-70b-instruct-v1:0", "2027-03-30T00:00:00Z", "reached its end of life"},
        {"anthropic.claude-3-opus-20240229-v1:0", "2026-11-24T00:00:00Z", "no longer listed"},
        {"meta.llama3-2-1b-instruct-v1:0", "2026-11-24T00:00:00Z", NULL},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_buf text PS_CLEANUP(ps_buf_release);
        int64_t now_ms = 0;
        ps_buf_init(&text, PS_MB);
        assert_true(ps_iso8601_parse_ms(ps_str_of(rows[row].now), &now_ms));
        assert_int_equal(ps_models_life(found(*state, rows[row].given), now_ms, &text),
                         rows[row].says != NULL);
        if (rows[row].says != NULL && strstr(ps_buf_text(&text), rows[row].says) == NULL) {
            fail_msg("%s", ps_buf_text(&text));
        }
    }
}

static bool is_source(yyjson_val *const sources, yyjson_val *const group)
{
    yyjson_val *const source =
        yyjson_obj_get(sources, yyjson_get_str(yyjson_obj_get(group, "source")));
    return yyjson_get_len(yyjson_obj_get(source, "text")) > 5 &&
           yyjson_get_len(yyjson_obj_get(source, "date")) == 7;
}

static void every_value_has_its_source_and_date(void **state)
{
    const struct ps_str text = ps_catalog_models();
    yyjson_doc *const document = yyjson_read(text.data, text.size, 0);
    yyjson_val *const root = yyjson_doc_get_root(document);
    yyjson_val *const sources = yyjson_obj_get(root, "sources");
    static const char *const groups[] = {"context", "batch", "burndown", "quotas", "lifecycle"};
    for (int64_t place = 0; place < ps_models_count(*state); place++) {
        yyjson_val *const row = yyjson_arr_get(yyjson_obj_get(root, "models"), (size_t)place);
        yyjson_val *const prices = yyjson_obj_get(row, "prices");
        for (size_t group = 0; group < sizeof(groups) / sizeof(groups[0]); group++) {
            if (!is_source(sources, yyjson_obj_get(row, groups[group]))) {
                fail_msg("%s of %s", groups[group], yyjson_get_str(yyjson_obj_get(row, "id")));
            }
        }
        assert_true(yyjson_is_null(prices) || is_source(sources, prices));
        size_t line = 0;
        size_t lines = 0;
        yyjson_val *quota = NULL;
        yyjson_arr_foreach(yyjson_obj_get(row, "on_demand"), line, lines, quota)
        {
            assert_true(is_source(sources, quota));
        }
    }
    yyjson_doc_free(document);
}

/* What the family table speaks and what the data says must be one. */
static void the_family_is_the_one_whose_bodies_are_written(void **state)
{
    for (int64_t place = 0; place < ps_models_count(*state); place++) {
        const struct ps_model *const model = ps_models_at(*state, place);
        enum ps_family family = PS_FAMILY_CONVERSE;
        const bool is_known = ps_family_of_model(model->id, &family);
        if (is_known != (model->family.size > 0) ||
            (is_known && !ps_str_equals_text(model->family, ps_family_name(family)))) {
            fail_msg("%.*s", PS_STR_ARGS(model->id));
        }
        for (int64_t other = 0; other < place; other++) {
            assert_false(ps_str_equals(model->id, ps_models_at(*state, other)->id));
        }
    }
}

static void origins_are_told(void **state)
{
    struct ps_origin origin;
    const struct ps_lane batch = filled(*state, "model=us." HAIKU, "published");
    assert_true(ps_models_origin(*state, &batch, PS_LIMIT_CONTEXT, &origin));
    assert_non_null(strstr(origin.text, "model cards"));
    assert_string_equal(origin.date, "2026-10");
    assert_false(ps_models_origin(*state, &batch, PS_LIMIT_TPM, &origin));
    assert_false(ps_models_origin(*state, &batch, PS_LIMIT_JOBS, &origin));
    const struct ps_lane direct = filled(*state, "model=us." HAIKU ",kind=on-demand", "published");
    assert_true(ps_models_origin(*state, &direct, PS_LIMIT_TPM, &origin));
    assert_non_null(strstr(origin.text, "endpoints and quotas"));
    ps_models_part_origin(*state, found(*state, HAIKU), "prices", &origin);
    assert_string_equal(origin.date, "2026-09");
}

static void a_file_takes_the_place_of_what_is_built_in(void **state)
{
    (void)state;
    static const char text[] =
        "{\"models\":[{\"id\":\"new.model-1\",\"name\":\"New 1\"},"
        "{\"id\":\"new.model-2\",\"name\":\"New 2\",\"batch\":{\"regions\":[\"us-east-1\"],"
        "\"profile_regions\":null},\"context\":{\"tokens\":9}}]}";
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = NULL;
    struct ps_error err;
    assert_int_equal(ps_models_read(PS_STR(text), &models, &err), PS_OK);
    assert_int_equal(ps_models_count(models), 2);
    assert_null(ps_models_find(models, PS_STR(HAIKU)));
    const struct ps_model *const first = found(models, "us.new.model-1");
    const struct ps_model *const second = found(models, "new.model-2");
    const struct ps_str region = PS_STR("us-west-2");
    struct ps_price price;
    assert_int_equal(first->context_tokens, 0);
    assert_int_equal(first->state, PS_MODEL_UNKNOWN);
    assert_int_equal(ps_models_batch(models, first, first->id, region), PS_BATCH_NOT_KNOWN);
    assert_false(ps_models_price(first, first->id, PS_KIND_BATCH, &price));
    assert_int_equal(ps_models_batch(models, second, second->id, region), PS_BATCH_NO);
    assert_int_equal(ps_models_batch(models, second, PS_STR("us.new.model-2"), region),
                     PS_BATCH_NOT_KNOWN);
    struct ps_lane lane = lane_of("model=new.model-1,region=us-east-1,kind=on-demand");
    ps_models_fill(models, &lane);
    assert_int_equal(lane.limits[PS_LIMIT_CONTEXT].value, PS_NO_LIMIT);
    assert_int_equal(ps_models_check_lane(models, &lane, &err), PS_OK);
}

static void a_file_that_is_wrong_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"", "not JSON at byte 1"},
        {"{\"models\":[}", "not JSON at byte 12"},
        {"[]", "no list 'models'"},
        {"{\"models\":{}}", "no list 'models'"},
        {"{\"models\":[1]}", "model 1 ('')"},
        {"{\"models\":[{\"id\":\"a\",\"name\":\"A\"},{\"id\":\"b\"}]}", "model 2 ('b')"},
        {"{\"models\":[{\"id\":\"a\",\"name\":\"A\",\"context\":5}]}", "are objects"},
        {"{\"models\":[{\"id\":\"a\",\"name\":\"A\",\"batch\":{\"regions\":\"us-east-1\"}}]}",
         "are lists"},
        {"{\"models\":[{\"id\":\"a\",\"name\":\"A\",\"on_demand\":{}}]}", "on_demand is a list"},
        {"{\"models\":[{\"id\":\"a\",\"name\":\"A\",\"lifecycle\":{\"state\":\"old\"}}]}",
         "its lifecycle is"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_models *models = NULL;
        struct ps_error err = {.status = PS_OK};
        assert_int_equal(ps_models_read(ps_str_of(rows[row].text), &models, &err), PS_E_USAGE);
        assert_null(models);
        if (strstr(err.message, rows[row].message) == NULL) {
            fail_msg("%s: %s", rows[row].text, err.message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_is_found_by_any_of_its_names),
        cmocka_unit_test(a_name_that_is_nearly_right_is_recognised),
        cmocka_unit_test(batch_is_taken_where_the_table_says),
        cmocka_unit_test(as_many_regions_as_the_table_has),
        cmocka_unit_test(a_refusal_says_what_would_do),
        cmocka_unit_test(limits_come_from_user_model_and_profile),
        cmocka_unit_test(a_smaller_context_is_the_users_to_say),
        cmocka_unit_test(prices_depend_on_kind_and_profile),
        cmocka_unit_test(a_limit_names_its_quota),
        cmocka_unit_test(the_end_of_life_is_told_in_time),
        cmocka_unit_test(every_value_has_its_source_and_date),
        cmocka_unit_test(the_family_is_the_one_whose_bodies_are_written),
        cmocka_unit_test(origins_are_told),
        cmocka_unit_test(a_file_takes_the_place_of_what_is_built_in),
        cmocka_unit_test(a_file_that_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
