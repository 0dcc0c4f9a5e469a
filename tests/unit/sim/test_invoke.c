/*
 * Goal: a call of a model is validated, limited, answered and written down as the service does it.
 * Method: a world, one call after the other.
 */
#include "sim/invoke.h"

#include "world_bench.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CLAUDE                                                      \
    "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":" \
    "100,\"messages\":[{\"role\":\"user\",\"content\":\"What makes a penstock?\"}]}"
#define CONVERSE "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"What is it?\"}]}]}"

struct asked {
    const char *model;
    const char *body;
    bool is_converse;
};

/* The answer's body, or NULL: bench->refusal says why. free() it. */
static char *call(struct bench *const bench, const struct asked *const asked,
                  struct ps_invoke_answer *const ret_answer)
{
    const struct ps_call framed =
        bench_call(bench, asked->is_converse ? PS_OP_CONVERSE : PS_OP_INVOKE);
    const struct ps_invoke_request request = {.call = &framed,
                                              .region = PS_STR("us-east-1"),
                                              .model = ps_str_of(asked->model),
                                              .is_converse = asked->is_converse,
                                              .body = ps_str_of(asked->body)};
    struct ps_buf body PS_CLEANUP(ps_buf_release);
    ps_buf_init(&body, 1000000);
    const bool is_done = ps_invoke(bench->world, &request, &body, ret_answer, &bench->refusal);
    return is_done ? ps_str_dup(ps_buf_str(&body)) : NULL;
}

static void equal_inputs_get_equal_answers_and_each_is_written_down(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_invoke_answer one;
    struct ps_invoke_answer other;
    bench_init(&bench, NULL, NULL);
    char *const first = call(&bench, &(struct asked){BENCH_MODEL, CLAUDE, false}, &one);
    char *const again = call(&bench, &(struct asked){BENCH_MODEL, CLAUDE, false}, &other);
    assert_non_null(first);
    assert_string_equal(first, again);
    assert_non_null(strstr(first, "\"usage\""));
    assert_int_equal(one.output_tokens, other.output_tokens);
    assert_true(one.latency_ms >= 300);
    assert_int_equal(bench_count_events(&bench, "\"event\":\"invocation\""), 2);
    assert_int_equal(bench_ledger_number(&bench, "/invocations"), 2);
    assert_int_equal(bench_ledger_number(&bench, "/records_billed"), 2);
    assert_int_equal(bench_ledger_number(&bench, "/processed_twice"), 1);
    bench_reopen(&bench);
    assert_int_equal(bench_ledger_number(&bench, "/processed_twice"), 1);
    free(first);
    free(again);
}

static void what_is_wrong_is_refused_before_it_is_executed(void **state)
{
    (void)state;
    static const struct {
        struct asked asked;
        const char *text;
    } rows[] = {
        {{"nobody.knows-v1", "{}", false}, "model identifier is invalid"},
        {{"", "{}", false}, "model identifier is invalid"},
        {{BENCH_MODEL, "{", false}, "Malformed input request"},
        {{BENCH_MODEL, "[]", false}, "Malformed input request"},
        {{BENCH_MODEL, "{\"max_tokens\":1,\"messages\":[]}", false},
         "anthropic_version: Field required"},
        {{BENCH_MODEL, "{\"messages\":[],\"modelId\":1}", true}, "modelId: Extra inputs"},
        {{"amazon.titan-embed-text-v2:0", CONVERSE, true}, "does not support the Converse API"},
    };
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_invoke_answer told;
    bench_init(&bench, NULL, NULL);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        assert_null(call(&bench, &rows[row].asked, &told));
        assert_int_equal(bench.refusal.http_status, 400);
        assert_string_equal(bench.refusal.code, "ValidationException");
        assert_non_null(strstr(bench.refusal.message, rows[row].text));
    }
    assert_int_equal(bench_count_events(&bench, "\"event\":\"invocation\""), 0);
}

static void what_only_batch_forbids_is_allowed(void **state)
{
    (void)state;
    static const char body[] =
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"x\"},{\"cachePoint\":{}}]}],"
        "\"toolConfig\":{\"tools\":[]},\"requestMetadata\":{\"run\":\"r\"}}";
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_invoke_answer told;
    bench_init(&bench, NULL, NULL);
    char *const answer = call(&bench, &(struct asked){"amazon.nova-micro-v1:0", body, true}, &told);
    assert_non_null(answer);
    assert_non_null(strstr(answer, "\"stopReason\""));
    free(answer);
}

static void a_lane_on_demand_holds_its_calls_and_no_jobs(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_invoke_answer told;
    /* 60 of 12 + 100 tokens fit a minute's 7,000. */
    bench_init(&bench, NULL,
               "name=od,kind=on-demand,tpm=7000,rps=100\nname=jobs,jobs=7,min_records=1\n");
    int count = 0;
    char *answer = call(&bench, &(struct asked){BENCH_MODEL, CLAUDE, false}, &told);
    for (; answer != NULL; count++) {
        free(answer);
        answer = call(&bench, &(struct asked){BENCH_MODEL, CLAUDE, false}, &told);
    }
    assert_int_equal(count, 7000 / (told.input_tokens + 100));
    assert_int_equal(bench.refusal.http_status, 429);
    assert_string_equal(bench.refusal.code, "ThrottlingException");
    assert_non_null(strstr(bench.refusal.message, "Too many tokens, please wait"));
    /* Another model has a pool of its own; after a kill it is still full. */
    bench_reopen(&bench);
    assert_null(call(&bench, &(struct asked){BENCH_MODEL, CLAUDE, false}, &told));
    answer = call(&bench, &(struct asked){"amazon.nova-micro-v1:0", CONVERSE, true}, &told);
    assert_non_null(answer);
    free(answer);
    /* Answered, most of the reservation comes back. */
    bench.now_ms += PS_MINUTE_MS;
    answer = call(&bench, &(struct asked){BENCH_MODEL, CLAUDE, false}, &told);
    assert_non_null(answer);
    free(answer);
    assert_int_equal(bench_count_events(&bench, "\"lane\":\"od\",\"input_sha256\""), count + 2);
    char id[16];
    char *const job = bench_job_body(&bench, "job", "f", "");
    assert_true(bench_create(&bench, job, id));
    free(job);
    assert_int_equal(bench_count_events(&bench, "\"lane\":\"jobs\",\"live_jobs\":1"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_inputs_get_equal_answers_and_each_is_written_down),
        cmocka_unit_test(what_is_wrong_is_refused_before_it_is_executed),
        cmocka_unit_test(what_only_batch_forbids_is_allowed),
        cmocka_unit_test(a_lane_on_demand_holds_its_calls_and_no_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
