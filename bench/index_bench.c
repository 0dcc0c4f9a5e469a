/*
 * index_bench - how fast the data path in is: an index of a file, and all shard bodies made from
 * it.
 *
 *     index_bench index FOLDER FILE [THREADS] [MODEL]     reads FILE once, writes the index into
 * FOLDER index_bench bodies FOLDER [RECORDS_A_SHARD]         makes every body of that index,
 * digests and drops it
 *
 * Prints one line: what was done, seconds, processor seconds, bytes a second, peak memory.
 */
#include "app/index.h"
#include "app/shard_body.h"
#include "base/assert.h"
#include "codec/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define ROOM_BYTES ((size_t)256 * 1024)

static double seconds_of(const clockid_t clock)
{
    struct timespec now;
    const int answer = clock_gettime(clock, &now);
    PS_ASSERT(answer == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_figures(const char *const what, const double wall_s, const double cpu_s,
                          const int64_t bytes)
{
    struct rusage usage;
    const int answer = getrusage(RUSAGE_SELF, &usage);
    PS_ASSERT(answer == 0);
    printf("%s: %.3f s, %.3f CPU s, %.1f MB/s, %.3f CPU s a GB, peak %.1f MB\n", what, wall_s,
           cpu_s, (double)bytes / 1e6 / wall_s, cpu_s / ((double)bytes / 1e9),
           (double)usage.ru_maxrss / 1000.0);
}

static int fail(const struct ps_error *const err)
{
    fprintf(stderr, "%s\n%s\n", err->message, err->hint);
    return 1;
}

static int run_index(const char *const folder, const char *const file, const int64_t threads,
                     const char *const model)
{
    const char *const inputs[] = {file};
    struct ps_index_options options = {
        .inputs = inputs, .input_count = 1, .model = model, .threads = threads};
    struct ps_index_summary summary;
    struct ps_error err;
    if (!ps_family_of_model(ps_str_of(model), &options.family)) {
        fprintf(stderr, "cannot use the model '%s'\n", model);
        return 2;
    }
    const double wall_s = seconds_of(CLOCK_MONOTONIC);
    const double cpu_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    if (ps_index_build(&options, folder, &summary, &err) != PS_OK) {
        return fail(&err);
    }
    print_figures("index", seconds_of(CLOCK_MONOTONIC) - wall_s,
                  seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_s, summary.source_bytes);
    printf("%s: records %" PRId64 " rejected %" PRId64 " duplicates %" PRId64 " sent %" PRId64
           " repeated ids %" PRId64 " sent bytes %" PRId64 " tokens %" PRId64 " compacted %" PRId64
           "\n",
           summary.dialect, summary.records, summary.rejected, summary.duplicates, summary.sent,
           summary.repeated_ids, summary.sent_bytes, summary.input_tokens, summary.compacted_bytes);
    return 0;
}

static int make_body(struct ps_source *const source, const struct ps_index *const index,
                     const struct ps_shard_records *const records, char *const room)
{
    struct ps_shard_facts facts;
    struct ps_error err;
    ps_shard_facts(index, records, &facts);
    struct ps_shard_body *body = ps_shard_body_new(source, records);
    int64_t bytes = 0;
    uint32_t crc32 = 0;
    size_t size = 1;
    while (size > 0) {
        if (ps_shard_body_read(body, room, ROOM_BYTES, &size, &err) != PS_OK) {
            (void)ps_shard_body_free(body);
            return fail(&err);
        }
        crc32 = ps_crc32(crc32, (struct ps_str){room, size});
        bytes += (int64_t)size;
    }
    (void)ps_shard_body_free(body);
    PS_ASSERT(bytes == facts.bytes);
    PS_ASSERT(crc32 == facts.crc32);
    return 0;
}

static int run_bodies(const char *const folder, const int64_t records_a_shard)
{
    struct ps_error err;
    struct ps_index *index = NULL;
    struct ps_source *source = NULL;
    char *const room = malloc(ROOM_BYTES);
    PS_ASSERT(room != NULL);
    if (ps_index_open(folder, &index, &err) != PS_OK ||
        ps_source_open(folder, index, &source, &err) != PS_OK) {
        return fail(&err);
    }
    const double wall_s = seconds_of(CLOCK_MONOTONIC);
    const double cpu_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    int answer = 0;
    for (int64_t first = 0; answer == 0 && first < ps_index_count(index);
         first += records_a_shard) {
        const int64_t left = ps_index_count(index) - first;
        const struct ps_shard_records records = {
            first, first + (left < records_a_shard ? left : records_a_shard), NULL, 0};
        answer = make_body(source, index, &records, room);
    }
    print_figures("bodies", seconds_of(CLOCK_MONOTONIC) - wall_s,
                  seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_s,
                  ps_index_summary(index)->sent_bytes);
    (void)ps_source_free(source);
    (void)ps_index_free(index);
    free(room);
    return answer;
}

int main(const int count, char **const words)
{
    int64_t number = 0;
    if (count >= 4 && strcmp(words[1], "index") == 0) {
        if (count >= 5 && !ps_str_to_i64(ps_str_of(words[4]), &number)) {
            return 2;
        }
        return run_index(words[2], words[3], number,
                         count >= 6 ? words[5] : "anthropic.claude-3-haiku-20240307-v1:0");
    }
    if (count >= 3 && strcmp(words[1], "bodies") == 0) {
        if (count >= 4 && !ps_str_to_i64(ps_str_of(words[3]), &number)) {
            return 2;
        }
        return run_bodies(words[2], number > 0 ? number : 1000);
    }
    fprintf(stderr, "usage: index_bench index FOLDER FILE [THREADS] [MODEL] | bodies FOLDER [N]\n");
    return 2;
}
