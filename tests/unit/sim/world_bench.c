#include "world_bench.h"

#include "folder.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void open_world(struct bench *const bench)
{
    struct ps_error err;
    const struct ps_world_options options = {
        .data_folder = bench->folder,
        .identity = &bench->identity,
        .faults = bench->faults,
        .limits_file = bench->limits_path,
        .ledger_file = bench->ledger_path,
    };
    if (ps_world_open(&options, bench->now_ms, &bench->world, &err) != PS_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        PS_ASSERT(bench->world != NULL);
    }
}

void bench_init(struct bench *const bench, const char *const faults, const char *const limits)
{
    uint8_t random[PS_IDENTITY_RANDOM_BYTES];
    memset(random, 42, sizeof random);
    memset(bench, 0, sizeof *bench);
    bench->folder = test_folder_new();
    bench->faults = faults;
    bench->now_ms = BENCH_START_MS;
    if (limits != NULL) {
        test_file_write(bench->folder, "limits", limits);
        (void)snprintf(bench->limits_path, sizeof bench->limits_path, "%s/limits", bench->folder);
    }
    (void)snprintf(bench->ledger_path, sizeof bench->ledger_path, "%s/ledger.json", bench->folder);
    ps_identity_draw(&bench->identity, random);
    open_world(bench);
}

void bench_release(struct bench *const bench)
{
    bench->world = ps_world_free(bench->world);
    test_folder_remove(bench->folder);
    free(bench->folder);
}

void bench_reopen(struct bench *const bench)
{
    bench->world = ps_world_free(bench->world);
    open_world(bench);
}

struct ps_call bench_call(struct bench *const bench, const enum ps_fault_op op)
{
    struct ps_call call;
    ps_world_begin_call(bench->world, op, bench->now_ms, &call);
    return call;
}

static struct ps_object_place place_of(const struct bench *const bench, const char *const key)
{
    return (struct ps_object_place){.bucket = ps_str_of(bench->identity.bucket),
                                    .key = ps_str_of(key),
                                    .region = ps_str_of(bench->identity.region)};
}

bool bench_put(struct bench *const bench, const char *const key, const char *const text)
{
    struct ps_body_file *body = NULL;
    struct ps_checksums_result digests;
    const struct ps_call call = bench_call(bench, PS_OP_PUT);
    const struct ps_object_put put = {.place = place_of(bench, key)};
    PS_ASSERT(ps_object_new_body(bench->world, PS_CHECKSUM_CRC32, &body, NULL) == PS_OK);
    PS_ASSERT(ps_body_file_write(body, ps_str_of(text), NULL) == PS_OK);
    const bool is_put = ps_object_put(bench->world, &call, &put, body, &digests, &bench->refusal);
    (void)ps_body_file_free(body);
    return is_put;
}

void bench_put_lines(struct bench *const bench, const char *const key, const int count,
                     const int first)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, (size_t)1 << 24);
    for (int number = first; number < first + count; number++) {
        ps_buf_add_format(&text,
                          "{\"recordId\":\"r%010d\",\"modelInput\":{\"anthropic_version\":"
                          "\"bedrock-2023-05-31\",\"max_tokens\":100,\"messages\":[{\"role\":"
                          "\"user\",\"content\":\"Question number %d\"}]}}\n",
                          number, number);
    }
    PS_ASSERT(bench_put(bench, key, ps_buf_text(&text)));
}

char *bench_read(struct bench *const bench, const char *const key)
{
    struct ps_object_view view;
    const struct ps_call call = bench_call(bench, PS_OP_GET_OBJECT);
    const struct ps_object_place place = place_of(bench, key);
    if (!ps_object_open(bench->world, &call, &place, true, &view, &bench->refusal)) {
        return NULL;
    }
    char *const text = calloc(1, (size_t)view.size_bytes + 1);
    PS_ASSERT(text != NULL);
    PS_ASSERT(read(view.file, text, (size_t)view.size_bytes) == view.size_bytes);
    (void)close(view.file);
    return text;
}

char *bench_job_body(const struct bench *const bench, const char *const name,
                     const char *const folder, const char *const more)
{
    struct ps_buf body PS_CLEANUP(ps_buf_release);
    ps_buf_init(&body, 65536);
    ps_buf_add_format(
        &body,
        "{\"jobName\":\"%s\",\"roleArn\":\"%s\",\"modelId\":\"%s\","
        "\"inputDataConfig\":{\"s3InputDataConfig\":{\"s3Uri\":\"s3://%s/%s/in/a/\"}},"
        "\"outputDataConfig\":{\"s3OutputDataConfig\":{\"s3Uri\":\"s3://%s/%s/out/\"}}"
        "%s}",
        name, bench->identity.role_arn, BENCH_MODEL, bench->identity.bucket, folder,
        bench->identity.bucket, folder, more);
    return ps_str_dup(ps_buf_str(&body));
}

bool bench_create(struct bench *const bench, const char *const body, char ret_id[const 16])
{
    struct ps_buf answer PS_CLEANUP(ps_buf_release);
    struct ps_buf subject PS_CLEANUP(ps_buf_release);
    ps_buf_init(&answer, 65536);
    ps_buf_init(&subject, 65536);
    const struct ps_call call = bench_call(bench, PS_OP_CREATE);
    const struct ps_job_request request = {&call, ps_str_of(bench->identity.region),
                                           ps_str_of(body)};
    const bool is_created =
        ps_job_create(bench->world, &request, &answer, &subject, &bench->refusal);
    (void)snprintf(ret_id, 16, "%s", ps_buf_text(&subject));
    return is_created;
}

void bench_run(struct bench *const bench, const int64_t until_ms)
{
    for (int64_t due_ms = ps_world_due_ms(bench->world); due_ms <= until_ms;
         due_ms = ps_world_due_ms(bench->world)) {
        bench->now_ms = due_ms > bench->now_ms ? due_ms : bench->now_ms;
        PS_ASSERT(ps_world_step(bench->world, bench->now_ms));
    }
    bench->now_ms = until_ms > bench->now_ms ? until_ms : bench->now_ms;
}

void bench_run_all(struct bench *const bench)
{
    for (int64_t due_ms = ps_world_due_ms(bench->world); due_ms != INT64_MAX;
         due_ms = ps_world_due_ms(bench->world)) {
        bench_run(bench, due_ms);
    }
}

yyjson_doc *bench_get(struct bench *const bench, const char *const id)
{
    struct ps_buf answer PS_CLEANUP(ps_buf_release);
    ps_buf_init(&answer, 65536);
    const struct ps_call call = bench_call(bench, PS_OP_GET);
    const struct ps_job_request request = {&call, ps_str_of(bench->identity.region), ps_str_of(id)};
    if (!ps_job_get(bench->world, &request, &answer, &bench->refusal)) {
        return NULL;
    }
    return yyjson_read(answer.data, answer.size, 0);
}

char *bench_get_text(struct bench *const bench, const char *const id, const char *const name)
{
    yyjson_doc *const doc = bench_get(bench, id);
    const char *const text = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), name));
    char *const copy = ps_str_dup(ps_str_of(text));
    yyjson_doc_free(doc);
    return copy;
}

int64_t bench_get_number(struct bench *const bench, const char *const id, const char *const name)
{
    yyjson_doc *const doc = bench_get(bench, id);
    const int64_t number = yyjson_get_sint(yyjson_obj_get(yyjson_doc_get_root(doc), name));
    yyjson_doc_free(doc);
    return number;
}

int bench_count_events(const struct bench *const bench, const char *const text)
{
    char *const log = test_file_read(bench->folder, "events.jsonl");
    int count = 0;
    for (const char *at = log; at != NULL && *at != '\0';) {
        const char *const end = strchr(at, '\n');
        const char *const found = strstr(at, text);
        count += found != NULL && found < end ? 1 : 0;
        at = end + 1;
    }
    free(log);
    return count;
}

int64_t bench_ledger_number(struct bench *const bench, const char *const name)
{
    bench_reopen(bench); /* closing writes it */
    char *const text = test_file_read(bench->folder, "ledger.json");
    PS_ASSERT(text != NULL);
    yyjson_doc *const doc = yyjson_read(text, strlen(text), 0);
    const int64_t number = yyjson_get_sint(yyjson_ptr_get(yyjson_doc_get_root(doc), name));
    yyjson_doc_free(doc);
    free(text);
    return number;
}
