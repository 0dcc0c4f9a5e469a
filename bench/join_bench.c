/*
 * join_bench - output objects in, ordered results out: the way back without a network.
 *
 *     join_bench index FOLDER INPUT              the index of INPUT, whose ids are ours in its
 * order join_bench join FOLDER OUTPUTS RESULTS     all of OUTPUTS' objects into RESULTS and its
 * side files
 *
 * `join` prints one JSON object: seconds of each step, bytes, peak memory. All objects are of one
 * job, and come in pieces as large as a connection gives them.
 */
#include "app/collect.h"
#include "app/results.h"
#include "base/assert.h"
#include "os/clock.h"
#include "os/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MODEL "us.anthropic.claude-haiku-4-5-20251001-v1:0"
#define PIECE_BYTES ((size_t)64 * 1024)

static const char *name_of_lane(const void *const context, const char *const segment)
{
    (void)context;
    (void)segment;
    return "bench";
}

static int failed(const struct ps_error *const err)
{
    (void)fprintf(stderr, "join_bench: %s\n", err->message);
    return EXIT_FAILURE;
}

static int make_index(const char *const folder, const char *const input)
{
    struct ps_error err;
    struct ps_index_summary summary;
    const char *const inputs[] = {input};
    const struct ps_index_options options = {
        .inputs = inputs,
        .input_count = 1,
        .model = MODEL,
        .family = PS_FAMILY_ANTHROPIC,
        .dedupe = PS_DEDUPE_NONE,
    };
    if (ps_files_make_folder(folder, &err) != PS_OK ||
        ps_index_build(&options, folder, &summary, &err) != PS_OK) {
        return failed(&err);
    }
    (void)printf("{\"records\":%lld}\n", (long long)summary.records);
    return EXIT_SUCCESS;
}

static enum ps_status collect_object(struct ps_collect *const collect, const char *const path,
                                     int64_t *const bytes, struct ps_error *const err)
{
    static char piece[PIECE_BYTES];
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    PS_ASSERT(file >= 0);
    int64_t offset = 0;
    enum ps_status status = PS_OK;
    ssize_t size = read(file, piece, sizeof(piece));
    while (status == PS_OK && size > 0) {
        status = ps_collect_write(collect, ps_str_of(path), offset,
                                  (struct ps_str){piece, (size_t)size}, err);
        offset += size;
        size = read(file, piece, sizeof(piece));
    }
    (void)close(file);
    *bytes += offset;
    return status == PS_OK ? ps_collect_object_end(collect, err) : status;
}

static enum ps_status collect_all(struct ps_collect *const collect, const char *const folder,
                                  int64_t *const bytes, struct ps_error *const err)
{
    DIR *const listing = opendir(folder);
    PS_ASSERT(listing != NULL);
    enum ps_status status = PS_OK;
    const struct dirent *entry = readdir(listing);
    while (status == PS_OK && entry != NULL) {
        if (ps_str_ends_with(ps_str_of(entry->d_name), PS_STR(".jsonl.out"))) {
            char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, entry->d_name);
            status = collect_object(collect, path, bytes, err);
        }
        entry = readdir(listing);
    }
    (void)closedir(listing);
    return status;
}

/* All of a job: its outputs read, filed and committed. */
static enum ps_status collect_job(struct ps_answers *const answers,
                                  const struct ps_index *const index, const char *const outputs,
                                  int64_t *const bytes, struct ps_error *const err)
{
    const struct ps_shard_records all = {0, ps_index_count(index), NULL, 0};
    const struct ps_collect_job job = {"j00000001-a1", MODEL, PS_FAMILY_ANTHROPIC, &all, 1, 3};
    struct ps_collect *collect = NULL;
    enum ps_status status = ps_collect_new(answers, index, &job, &collect, err);
    if (status == PS_OK) {
        status = collect_all(collect, outputs, bytes, err);
    }
    if (status == PS_OK) {
        status = ps_collect_close(collect, PS_ANSWER_UNPROCESSED, PS_STR("no line"), err);
    }
    collect = ps_collect_free(collect);
    return status;
}

static void print_figures(const int64_t collect_ms, const int64_t results_ms, const int64_t bytes,
                          const struct ps_results_sums *const sums)
{
    struct rusage usage;
    PS_ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
    (void)printf("{\"collect_ms\":%lld,\"results_ms\":%lld,\"output_bytes\":%lld,\"records\":%lld,"
                 "\"succeeded\":%lld,\"peak_rss_kb\":%ld}\n",
                 (long long)collect_ms, (long long)results_ms, (long long)bytes,
                 (long long)sums->records, (long long)sums->succeeded, usage.ru_maxrss);
}

static int join(const char *const folder, const char *const outputs, const char *const results)
{
    struct ps_error err;
    struct ps_index *index = NULL;
    struct ps_answers *answers = NULL;
    struct ps_results_sums sums = {0};
    int64_t bytes = 0;
    char *answers_folder PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "answers");
    if (ps_index_open(folder, &index, &err) != PS_OK ||
        ps_answers_open(answers_folder, ps_index_count(index), NULL, 0, &answers, &err) != PS_OK) {
        return failed(&err);
    }
    const int64_t started_ms = ps_clock_real_monotonic_ms();
    enum ps_status status = collect_job(answers, index, outputs, &bytes, &err);
    const int64_t collected_ms = ps_clock_real_monotonic_ms();
    const struct ps_results_target target = {.path = results, .namer = {name_of_lane, NULL}};
    if (status == PS_OK) {
        status = ps_results_publish(index, answers, &target, &sums, &err);
    }
    const int64_t written_ms = ps_clock_real_monotonic_ms();
    answers = ps_answers_free(answers);
    index = ps_index_free(index);
    if (status != PS_OK) {
        return failed(&err);
    }
    print_figures(collected_ms - started_ms, written_ms - collected_ms, bytes, &sums);
    return sums.succeeded == sums.records ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(const int count, char *const *const arguments)
{
    if (count == 4 && strcmp(arguments[1], "index") == 0) {
        return make_index(arguments[2], arguments[3]);
    }
    if (count == 5 && strcmp(arguments[1], "join") == 0) {
        return join(arguments[2], arguments[3], arguments[4]);
    }
    (void)fprintf(stderr, "usage: join_bench index FOLDER INPUT | join FOLDER OUTPUTS RESULTS\n");
    return EXIT_FAILURE;
}
