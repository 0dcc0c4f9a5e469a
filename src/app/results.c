#include "app/results.h"

#include "app/line_sink.h"
#include "app/result_line.h"
#include "base/assert.h"
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const filter_words[] = {
    [PS_RESULTS_ALL] = "all",
    [PS_RESULTS_SUCCEEDED] = "succeeded",
    [PS_RESULTS_FAILED] = "failed",
    [PS_RESULTS_REJECTED] = "rejected",
    [PS_RESULTS_CANCELLED] = "cancelled",
    [PS_RESULTS_PENDING] = "pending",
};

bool ps_results_filter_of(const struct ps_str word, enum ps_results_filter *const ret_filter)
{
    for (int filter = PS_RESULTS_ALL; filter <= PS_RESULTS_PENDING; filter++) {
        if (ps_str_equals_text(word, filter_words[filter])) {
            *ret_filter = (enum ps_results_filter)filter;
            return true;
        }
    }
    return false;
}

static_assert((int)PS_RESULTS_PENDING == (int)PS_ENDING_PENDING + 1 &&
                  (int)PS_RESULTS_SUCCEEDED == (int)PS_ENDING_SUCCEEDED + 1 &&
                  (int)PS_RESULTS_FAILED == (int)PS_ENDING_FAILED + 1 &&
                  (int)PS_RESULTS_REJECTED == (int)PS_ENDING_REJECTED + 1 &&
                  (int)PS_RESULTS_CANCELLED == (int)PS_ENDING_CANCELLED + 1,
              "filters are endings plus one");

static bool passes(const enum ps_results_filter filter, const enum ps_ending ending)
{
    return filter == PS_RESULTS_ALL || (int)filter == (int)ending + 1;
}

/* The sums. */

static void count_ending(struct ps_results_sums *const sums, const enum ps_ending ending)
{
    sums->records++;
    sums->succeeded += ending == PS_ENDING_SUCCEEDED ? 1 : 0;
    sums->failed += ending == PS_ENDING_FAILED ? 1 : 0;
    sums->rejected += ending == PS_ENDING_REJECTED ? 1 : 0;
    sums->cancelled += ending == PS_ENDING_CANCELLED ? 1 : 0;
    sums->pending += ending == PS_ENDING_PENDING ? 1 : 0;
}

static void count_record(const struct ps_index *const index, const struct ps_answers *const answers,
                         const int64_t record, struct ps_results_sums *const sums)
{
    const struct ps_entry *const entry = ps_index_entry(index, record);
    const enum ps_ending ending = ps_ending_of(index, answers, record);
    count_ending(sums, ending);
    sums->duplicates += (entry->flags & PS_ENTRY_DUPLICATE) != 0 ? 1 : 0;
    if (ending == PS_ENDING_SUCCEEDED && ps_entry_is_sent(entry)) {
        const struct ps_answer_state state = ps_answers_state(answers, record);
        sums->input_tokens += state.input_tokens;
        sums->output_tokens += state.output_tokens;
    }
}

static void finish_sums(const struct ps_index *const index, const struct ps_answers *const answers,
                        struct ps_results_sums *const sums)
{
    sums->late_successes = ps_answers_late_successes(answers);
    PS_ASSERT(sums->records == ps_index_count(index));
    PS_ASSERT(sums->records ==
              sums->succeeded + sums->failed + sums->rejected + sums->cancelled + sums->pending);
}

void ps_results_sums(const struct ps_index *const index, const struct ps_answers *const answers,
                     struct ps_results_sums *const ret_sums)
{
    memset(ret_sums, 0, sizeof(*ret_sums));
    for (int64_t record = 0; record < ps_index_count(index); record++) {
        count_record(index, answers, record, ret_sums);
    }
    finish_sums(index, answers, ret_sums);
}

/* The lines. */

static enum ps_status write_lines(struct ps_line_sink *const sink,
                                  const struct ps_index *const index,
                                  struct ps_answers *const answers,
                                  const enum ps_results_filter filter, struct ps_error *const err)
{
    const struct ps_result_lines lines = {index, answers, NULL, NULL, &sink->buf};
    for (int64_t record = 0; record < ps_index_count(index); record++) {
        if (!passes(filter, ps_ending_of(index, answers, record))) {
            continue;
        }
        enum ps_status status = ps_result_add_line(&lines, record, err);
        if (status == PS_OK) {
            status = ps_line_sink_turn(sink, err);
        }
        if (status != PS_OK) {
            return status;
        }
    }
    return ps_line_sink_finish(sink, err);
}

enum ps_status ps_results_write(const struct ps_index *const index,
                                struct ps_answers *const answers,
                                const enum ps_results_filter filter, const int out,
                                struct ps_results_sums *const ret_sums, struct ps_error *const err)
{
    struct ps_line_sink sink PS_CLEANUP(ps_line_sink_release);
    ps_line_sink_on(&sink, out, "the output");
    const enum ps_status status = write_lines(&sink, index, answers, filter, err);
    if (status == PS_OK) {
        ps_results_sums(index, answers, ret_sums);
    }
    return status;
}

enum ps_status ps_results_verify(const struct ps_index *const index,
                                 struct ps_answers *const answers, const char *const path,
                                 struct ps_results_sums *const ret_sums, struct ps_error *const err)
{
    struct ps_line_sink sink PS_CLEANUP(ps_line_sink_release);
    enum ps_status status = ps_line_sink_compare(&sink, path, err);
    if (status == PS_OK) {
        status = write_lines(&sink, index, answers, PS_RESULTS_ALL, err);
    }
    if (status == PS_OK) {
        ps_results_sums(index, answers, ret_sums);
    }
    return status;
}

/* The files. */

char *ps_results_side_path(const char *const path, const char *const side)
{
    const struct ps_str whole = ps_str_of(path);
    const size_t ending = ps_str_ends_with(whole, PS_STR(".jsonl")) ? sizeof(".jsonl") - 1 : 0;
    const int stem = ps_str_print_size(ps_str_part(whole, 0, whole.size - ending));
    const char *const side_ending = strchr(side, '.') == NULL ? ".jsonl" : "";
    char *text = NULL;
    PS_ASSERT(asprintf(&text, "%.*s.%s%s", stem, path, side, side_ending) > 0);
    return text;
}

static bool is_special(const char *const path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

/* Permission bits do not tell all (a file system that is read-only, or not one of files): try it.
 */
static bool can_make_file_in(const char *const folder)
{
    char name[64];
    (void)snprintf(name, sizeof(name), ".penstock-probe-%ld", (long)getpid());
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, name);
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    const int error_number = errno;
    if (descriptor >= 0) {
        (void)close(descriptor);
        (void)unlink(path);
    }
    errno = error_number;
    return descriptor >= 0 || error_number == EEXIST || error_number == ENOSPC;
}

enum ps_status ps_results_check_path(const char *const path, struct ps_error *const err)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot write '%s': it is a folder",
                           path);
        return err == NULL
                   ? PS_E_USAGE
                   : ps_error_hint(err, "Name a file in it, for example '%s/results.jsonl'.", path);
    }
    if (is_special(path)) {
        return PS_OK;
    }
    char *const real = realpath(path, NULL);
    char *folder PS_CLEANUP(ps_str_free_auto) = real != NULL ? real : ps_str_dup(ps_str_of(path));
    char *const slash = strrchr(folder, '/');
    if (slash != NULL) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    if (!can_make_file_in(slash == NULL ? "." : folder)) {
        const int error_number = errno;
        (void)ps_error_set_errno(err, PS_E_USAGE, error_number, "cannot write '%s' in its folder",
                                 path);
        return err == NULL ? PS_E_USAGE
                           : ps_error_hint(err, "Make the folder, or name a file in one that may "
                                                "be written.");
    }
    return PS_OK;
}

/* The three files of one publication. */
struct publication {
    struct ps_line_sink results;
    struct ps_line_sink attempts;
    struct ps_line_sink failed;
    bool has_sides;
    struct ps_str header; /* of CSV: what stands above the failed rows */
};

static void publication_release(struct publication *const files)
{
    ps_line_sink_release(&files->results);
    if (files->has_sides) {
        ps_line_sink_release(&files->attempts);
        ps_line_sink_release(&files->failed);
    }
}

static enum ps_status open_side(struct ps_line_sink *const sink, const char *const path,
                                const char *const side, struct ps_error *const err)
{
    char *side_path PS_CLEANUP(ps_str_free_auto) = ps_results_side_path(path, side);
    return ps_line_sink_create(sink, side_path, err);
}

static enum ps_status open_files(struct publication *const files, const char *const path,
                                 struct ps_error *const err)
{
    enum ps_status status = ps_line_sink_create(&files->results, path, err);
    if (status == PS_OK && files->has_sides) {
        status = open_side(&files->attempts, path, "attempts", err);
    }
    if (status == PS_OK && files->has_sides) {
        status = open_side(&files->failed, path, "failed", err);
    }
    return status;
}

static bool goes_to_failed(const enum ps_ending ending)
{
    return ending == PS_ENDING_FAILED || ending == PS_ENDING_REJECTED ||
           ending == PS_ENDING_CANCELLED;
}

/* A CSV file can be run again only with its header above its rows. */
static enum ps_status write_header(struct publication *const files,
                                   const struct ps_result_lines *const from, const int64_t record,
                                   struct ps_error *const err)
{
    struct ps_record_words words;
    if (from->source == NULL) {
        return PS_OK;
    }
    ps_index_words(from->index, record, &words);
    const struct ps_str header = ps_source_header(from->source, words.input);
    if (header.size == 0 || ps_str_equals(header, files->header)) {
        return PS_OK;
    }
    files->header = header;
    if (!ps_buf_append(&files->failed.buf, header) ||
        !ps_buf_append_byte(&files->failed.buf, '\n')) {
        return ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                            "cannot write the header of the failed records: it is too large");
    }
    return PS_OK;
}

static enum ps_status write_sides(struct publication *const files,
                                  const struct ps_result_lines *const from, const int64_t record,
                                  struct ps_error *const err)
{
    struct ps_result_lines lines = *from;
    lines.buf = &files->attempts.buf;
    enum ps_status status = ps_result_add_attempts(&lines, record, err);
    if (status == PS_OK) {
        status = ps_line_sink_turn(&files->attempts, err);
    }
    if (status != PS_OK || !goes_to_failed(ps_ending_of(from->index, from->answers, record))) {
        return status;
    }
    lines.buf = &files->failed.buf;
    status = write_header(files, from, record, err);
    if (status == PS_OK) {
        status = ps_result_add_failed(&lines, record, err);
    }
    return status == PS_OK ? ps_line_sink_turn(&files->failed, err) : status;
}

static enum ps_status write_files(struct publication *const files,
                                  const struct ps_result_lines *const from,
                                  struct ps_error *const err)
{
    struct ps_result_lines lines = *from;
    lines.buf = &files->results.buf;
    for (int64_t record = 0; record < ps_index_count(from->index); record++) {
        enum ps_status status = ps_result_add_line(&lines, record, err);
        if (status == PS_OK) {
            status = ps_line_sink_turn(&files->results, err);
        }
        if (status == PS_OK && files->has_sides) {
            status = write_sides(files, from, record, err);
        }
        if (status != PS_OK) {
            return status;
        }
    }
    enum ps_status status = ps_line_sink_finish(&files->results, err);
    if (status == PS_OK && files->has_sides) {
        status = ps_line_sink_finish(&files->attempts, err);
    }
    if (status == PS_OK && files->has_sides) {
        status = ps_line_sink_finish(&files->failed, err);
    }
    return status;
}

/* The results come last: who sees them sees the others too. */
static enum ps_status publish_files(struct publication *const files, struct ps_error *const err)
{
    enum ps_status status = PS_OK;
    if (files->has_sides) {
        status = ps_line_sink_publish(&files->attempts, err);
    }
    if (status == PS_OK && files->has_sides) {
        status = ps_line_sink_publish(&files->failed, err);
    }
    return status == PS_OK ? ps_line_sink_publish(&files->results, err) : status;
}

enum ps_status ps_results_publish(const struct ps_index *const index,
                                  struct ps_answers *const answers,
                                  const struct ps_results_target *const target,
                                  struct ps_results_sums *const ret_sums,
                                  struct ps_error *const err)
{
    struct publication files PS_CLEANUP(publication_release);
    memset(&files, 0, sizeof(files));
    files.results.descriptor = -1;
    files.attempts.descriptor = -1;
    files.failed.descriptor = -1;
    files.has_sides = !is_special(target->path);
    const struct ps_result_lines lines = {index, answers, target->source, &target->namer, NULL};
    enum ps_status status = open_files(&files, target->path, err);
    if (status == PS_OK) {
        status = write_files(&files, &lines, err);
    }
    if (status == PS_OK) {
        status = publish_files(&files, err);
    }
    if (status == PS_OK) {
        ps_results_sums(index, answers, ret_sums);
    }
    return status;
}
