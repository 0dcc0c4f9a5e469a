#include "virtual_bench.h"

#include "core/job_request.h"

static int64_t tell_ranges(void *const context, const struct ps_wish *const wish,
                           struct ps_virtual_ranges *const ranges)
{
    struct bench *const bench = context;
    const int64_t middle = bench->first + (bench->end - bench->first) / 2;
    assert_int_equal(wish->kind, PS_WISH_PUT_SHARD);
    ps_virtual_add_range(ranges, bench->first, middle);
    ps_virtual_add_range(ranges, middle + bench->gap, bench->end + bench->gap);
    return bench->bytes;
}

static void take(void *const context, const struct ps_wish *const wish,
                 const struct ps_virtual_delivery *const delivery)
{
    struct bench *const bench = context;
    assert_true(wish->kind == PS_WISH_GET_OBJECT || wish->kind == PS_WISH_INVOKE);
    if (bench->told_count < sizeof bench->told / sizeof bench->told[0]) {
        bench->told[bench->told_count] = *delivery;
    }
    bench->told_count++;
    bench->sums[delivery->kind] += delivery->end - delivery->first;
}

static void weigh_by_number(void *const context, const int64_t first, const int64_t end,
                            int64_t *const ret_input_tokens, int64_t *const ret_output_tokens)
{
    (void)context;
    /* Record n has n tokens, all of them input. */
    *ret_input_tokens = (first + end - 1) * (end - first) / 2;
    *ret_output_tokens = 0;
}

const struct ps_virtual_records_ops means = {tell_ranges, take, NULL};
const struct ps_virtual_records_ops weighed = {tell_ranges, take, weigh_by_number};

/* The reference job's records, at 3 M a minute, ten jobs, 8 minutes until a job works. */
struct ps_virtual_lane lane_of(void)
{
    return (struct ps_virtual_lane){.name = "a",
                                    .model = "us." MODEL,
                                    .region = "us-east-1",
                                    .bucket = "bucket",
                                    .jobs = 10,
                                    .tpm = 3000000,
                                    .min_records = 100,
                                    .startup_ms = 8 * MIN};
}

struct ps_virtual_options options_of(const struct ps_virtual_lane *const lanes,
                                     const size_t lane_count)
{
    return (struct ps_virtual_options){
        .seed = 1,
        .start_ms = DAY,
        .lanes = lanes,
        .lane_count = lane_count,
        .truth = {.input_tokens = 10000, .output_tokens = 2000, .output_bytes = 9},
        .records = &means};
}

void begin(struct bench *const bench, struct ps_virtual_options options)
{
    memset(bench, 0, sizeof *bench);
    options.context = bench;
    bench->service = ps_virtual_new(&options);
    bench->world = ps_virtual_port(bench->service);
    bench->bytes = 1000;
    bench->timeout_hours = 24;
}

void end(struct bench *const bench)
{
    bench->service = ps_virtual_free(bench->service);
    assert_null(bench->service);
}

int64_t now(const struct bench *const bench)
{
    return ps_virtual_now(bench->service).steady_ms - DAY;
}

/* Sleeps until so long after the beginning: no fact may come. */
void sleep_until(struct bench *const bench, const int64_t at_ms)
{
    struct ps_fact fact;
    assert_false(bench->world.ops->next_fact(bench->world.context, DAY + at_ms, &fact));
    assert_int_equal(now(bench), at_ms);
    assert_int_equal(ps_virtual_now(bench->service).wall_ms, DAY + at_ms);
}

struct ps_fact ask(struct bench *const bench, struct ps_wish wish)
{
    struct ps_fact fact;
    wish.id = ++bench->next_id;
    wish.job = 5;
    wish.shard = wish.kind == PS_WISH_PUT_SHARD ? 2 : -1;
    bench->world.ops->start(bench->world.context, &wish);
    assert_true(bench->world.ops->next_fact(bench->world.context, INT64_MAX, &fact));
    assert_int_equal(fact.wish_id, wish.id);
    assert_int_equal(fact.kind, wish.kind);
    assert_int_equal(fact.job, 5);
    assert_int_equal(fact.shard, wish.shard);
    return fact;
}

struct ps_fact ask_key(struct bench *const bench, const enum ps_wish_kind kind,
                       const char *const key)
{
    return ask(bench, (struct ps_wish){.kind = kind, .key = ps_str_of(key)});
}

struct ps_fact put(struct bench *const bench, const char *const key, const int64_t first,
                   const int64_t end_of)
{
    bench->first = first;
    bench->end = end_of;
    return ask_key(bench, PS_WISH_PUT_SHARD, key);
}

void must(struct ps_fact fact)
{
    assert_int_equal(fact.outcome, PS_OUTCOME_YES);
    assert_int_equal(fact.error.status, PS_OK);
    ps_fact_release(&fact);
}

/* A create of job `name` over in/<name>/, in lane `lane`. */
struct ps_fact create_in(struct bench *const bench, const int64_t lane, const char *const name,
                         const char *const token)
{
    struct ps_buf body PS_CLEANUP(ps_buf_release);
    char input[64];
    char output[64];
    (void)snprintf(input, sizeof input, "s3://bucket/in/%s/", name);
    (void)snprintf(output, sizeof output, "s3://bucket/out/%s/", name);
    ps_buf_init(&body, 4096);
    ps_job_request_write(
        &body, &(struct ps_job_request){.name = ps_str_of(name),
                                        .token = ps_str_of(token),
                                        .model = PS_STR("us." MODEL),
                                        .role_arn = PS_STR("arn:aws:iam::111122223333:role/r"),
                                        .input_uri = ps_str_of(input),
                                        .output_uri = ps_str_of(output),
                                        .timeout_hours = bench->timeout_hours});
    return ask(bench, (struct ps_wish){
                          .kind = PS_WISH_CREATE_JOB, .lane = lane, .text = ps_buf_str(&body)});
}

/* Puts one shard and creates a job of it; its ARN, to be freed. */
char *run_job(struct bench *const bench, const int64_t lane, const char *const name,
              const int64_t first, const int64_t end_of)
{
    char key[64];
    (void)snprintf(key, sizeof key, "in/%s/s1/%s-s1.jsonl", name, name);
    must(put(bench, key, first, end_of));
    struct ps_fact fact = create_in(bench, lane, name, name);
    assert_int_equal(fact.outcome, PS_OUTCOME_YES);
    char *const arn = ps_str_dup(ps_str_of(fact.text));
    ps_fact_release(&fact);
    return arn;
}

struct ps_fact look(struct bench *const bench, const char *const arn)
{
    return ask(bench, (struct ps_wish){.kind = PS_WISH_GET_JOB, .text = ps_str_of(arn)});
}

void expect_status(struct bench *const bench, const char *const arn,
                   const enum ps_job_status status, const int64_t processed)
{
    struct ps_fact fact = look(bench, arn);
    assert_int_equal(fact.outcome, PS_OUTCOME_YES);
    assert_int_equal(fact.job_count, 1);
    assert_string_equal(ps_job_status_name(fact.jobs[0].status), ps_job_status_name(status));
    assert_int_equal(fact.jobs[0].processed_count, processed);
    ps_fact_release(&fact);
}

/* The only object listed under `prefix` that ends so; to be freed. */
char *find_key(struct bench *const bench, const char *const prefix, const char *const tail)
{
    struct ps_fact fact = ask_key(bench, PS_WISH_LIST_OBJECTS, prefix);
    char *key = NULL;
    for (int64_t row = 0; row < fact.object_count; row++) {
        if (ps_str_ends_with(ps_str_of(fact.objects[row].key), ps_str_of(tail))) {
            assert_null(key);
            key = ps_str_dup(ps_str_of(fact.objects[row].key));
        }
    }
    ps_fact_release(&fact);
    assert_non_null(key);
    return key;
}

void fetch(struct bench *const bench, const char *const prefix, const char *const tail)
{
    char *const key = find_key(bench, prefix, tail);
    bench->told_count = 0;
    must(ask_key(bench, PS_WISH_GET_OBJECT, key));
    free(key);
}

struct ps_virtual_ledger books(const struct bench *const bench)
{
    struct ps_virtual_ledger ledger;
    ps_virtual_tell(bench->service, &ledger);
    return ledger;
}
