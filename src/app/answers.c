#include "app/answers.h"

#include "app/answers_internal.h"
#include "app/scratch.h"
#include "base/assert.h"
#include "base/buf.h"
#include "os/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 64
#define TRIES_MAX UINT16_MAX

/* Where a record stands, as the scratch file holds it; all zero: nothing came back. */
struct slot {
    uint64_t offset;
    uint32_t size;
    uint32_t segment;      /* of the entry that counts, plus one */
    uint32_t last_segment; /* the newest that holds any entry of it, plus one */
    uint32_t input_tokens;
    uint32_t output_tokens;
    uint16_t tries;
    uint16_t kind;
};

static_assert(sizeof(struct slot) == 32, "the scratch file promises 32 bytes a record");
static_assert(PS_ANSWER_NONE == 0, "a new scratch file is all zero");

struct segment {
    char *path;
    char *name;
    int descriptor; /* -1: not open now */
    bool is_verdicts;
    bool is_ahead; /* the system was told that its payloads will be read */
};

struct ps_answers {
    char *folder;
    int64_t record_count;
    struct ps_scratch scratch;
    struct slot *slots;
    struct segment *segments;
    int64_t segment_count;
    int64_t segment_capacity;
    int64_t open_segments[DESCRIPTORS_MAX]; /* -1: free */
    size_t open_next;                       /* whose turn it is to be closed */
    int64_t counts[PS_ANSWER_KIND_COUNT];
    struct ps_answers_sums sums;
};

const char *ps_answers_folder(const struct ps_answers *const answers)
{
    return answers->folder;
}

/* Taking rows into account. */

static bool is_kind(const uint32_t kind)
{
    return kind > PS_ANSWER_NONE && kind < PS_ANSWER_KIND_COUNT;
}

static void add_usage(struct ps_answers *const answers, const struct slot *const slot,
                      const int64_t sign)
{
    if (slot->kind == PS_ANSWER_SUCCEEDED) {
        answers->sums.input_tokens += sign * slot->input_tokens;
        answers->sums.output_tokens += sign * slot->output_tokens;
    }
}

static void replace(struct ps_answers *const answers, struct slot *const slot,
                    const struct ps_segment_row *const row, const uint32_t segment)
{
    add_usage(answers, slot, -1);
    answers->counts[slot->kind]--;
    slot->offset = row->offset;
    slot->size = row->size;
    slot->segment = segment;
    slot->kind = (uint16_t)row->kind;
    slot->input_tokens = row->input_tokens;
    slot->output_tokens = row->output_tokens;
    answers->counts[slot->kind]++;
    add_usage(answers, slot, 1);
}

static void add_late(struct ps_answers *const answers, const struct ps_segment_row *const row)
{
    answers->sums.late_successes++;
    answers->sums.late_input_tokens += row->input_tokens;
    answers->sums.late_output_tokens += row->output_tokens;
}

static void apply(struct ps_answers *const answers, const struct ps_segment_row *const row,
                  const uint32_t segment, const bool is_verdict)
{
    struct slot *const slot = &answers->slots[row->record];
    const bool is_first_here = slot->last_segment != segment;
    const bool is_try = row->kind != PS_ANSWER_CANCELLED && !is_verdict;
    if (is_first_here && is_try && slot->tries < TRIES_MAX) {
        slot->tries++;
    }
    slot->last_segment = segment;
    if (slot->kind != PS_ANSWER_SUCCEEDED ||
        (slot->segment == segment && row->kind == PS_ANSWER_SUCCEEDED)) {
        replace(answers, slot, row, segment);
    } else if (row->kind == PS_ANSWER_SUCCEEDED && is_first_here) {
        add_late(answers, row);
    }
}

static enum ps_status handle_row(void *const context, const struct ps_segment_row *const row,
                                 const bool is_verdict, struct ps_error *const err)
{
    struct ps_answers *const answers = context;
    struct segment *const newest = &answers->segments[answers->segment_count - 1];
    newest->is_verdicts = is_verdict;
    if (row->record >= (uint64_t)answers->record_count || !is_kind(row->kind)) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                            "cannot use '%s': it speaks of a record that the input does not have",
                            newest->path);
    }
    apply(answers, row, (uint32_t)answers->segment_count, is_verdict);
    return PS_OK;
}

/* The files. */

static void add_segment(struct ps_answers *const answers, const char *const name)
{
    if (answers->segment_count == answers->segment_capacity) {
        const int64_t capacity =
            answers->segment_capacity == 0 ? 16 : 2 * answers->segment_capacity;
        struct segment *const grown =
            realloc(answers->segments, (size_t)capacity * sizeof(struct segment));
        PS_ASSERT(grown != NULL);
        answers->segments = grown;
        answers->segment_capacity = capacity;
    }
    PS_ASSERT(answers->segment_count < INT32_MAX);
    struct segment *const segment = &answers->segments[answers->segment_count];
    PS_ASSERT(asprintf(&segment->path, "%s/%s" PS_SEGMENT_SUFFIX, answers->folder, name) > 0);
    segment->name = ps_str_dup(ps_str_of(name));
    segment->descriptor = -1;
    segment->is_verdicts = false;
    segment->is_ahead = false;
    answers->segment_count++;
}

static enum ps_status open_segment(struct ps_answers *const answers, const int64_t number,
                                   struct ps_error *const err)
{
    struct segment *const segment = &answers->segments[number];
    if (segment->descriptor >= 0) {
        return PS_OK;
    }
    const int64_t closing = answers->open_segments[answers->open_next];
    if (closing >= 0) {
        (void)close(answers->segments[closing].descriptor);
        answers->segments[closing].descriptor = -1;
        answers->segments[closing].is_ahead = false;
        answers->open_segments[answers->open_next] = -1;
    }
    segment->descriptor = open(segment->path, O_RDONLY | O_CLOEXEC);
    if (segment->descriptor < 0) {
        const enum ps_status status = errno == ENOENT ? PS_E_CORRUPT : PS_E_IO;
        return ps_error_set_errno(err, status, errno, "could not open '%s'", segment->path);
    }
    answers->open_segments[answers->open_next] = number;
    answers->open_next = (answers->open_next + 1) % DESCRIPTORS_MAX;
    return PS_OK;
}

static enum ps_status load_segment(struct ps_answers *const answers, const char *const name,
                                   struct ps_error *const err)
{
    add_segment(answers, name);
    const int64_t number = answers->segment_count - 1;
    const enum ps_status status = open_segment(answers, number, err);
    if (status != PS_OK) {
        return status;
    }
    const struct segment *const segment = &answers->segments[number];
    struct ps_segment_lines lines;
    const enum ps_status read_status =
        ps_segment_file_read(segment->descriptor, segment->path, handle_row, answers, &lines, err);
    if (read_status == PS_OK) {
        answers->sums.repeated_lines += (int64_t)lines.repeated;
        answers->sums.foreign_lines += (int64_t)lines.foreign;
        answers->sums.broken_lines += (int64_t)lines.broken;
        answers->sums.repaired_lines += (int64_t)lines.repaired;
    }
    return read_status;
}

static int compare_names(const void *const left, const void *const right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Is this file one that an earlier process left without committing it? */
static bool is_left_over(const char *const file_name, const char *const *const sorted_names,
                         const size_t name_count)
{
    const struct ps_str file = ps_str_of(file_name);
    if (ps_str_ends_with(file, PS_STR(PS_SEGMENT_TEMPORARY_SUFFIX)) ||
        ps_str_starts_with(file, PS_STR(PS_SCRATCH_PREFIX))) {
        return true;
    }
    if (!ps_str_ends_with(file, PS_STR(PS_SEGMENT_SUFFIX))) {
        return false;
    }
    const size_t suffix_size = sizeof(PS_SEGMENT_SUFFIX) - 1;
    char *name PS_CLEANUP(ps_str_free_auto) =
        ps_str_dup(ps_str_part(file, 0, file.size - suffix_size));
    const char *const key = name;
    return name_count == 0 ||
           bsearch(&key, sorted_names, name_count, sizeof(*sorted_names), compare_names) == NULL;
}

static enum ps_status drop_left_overs(const char *const folder, const char *const *const names,
                                      const size_t name_count, struct ps_error *const err)
{
    DIR *const listing = opendir(folder);
    if (listing == NULL) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not read the folder '%s'", folder);
    }
    const char **const sorted = calloc(name_count + 1, sizeof(*sorted));
    PS_ASSERT(sorted != NULL);
    for (size_t name = 0; name < name_count; name++) {
        sorted[name] = names[name];
    }
    qsort(sorted, name_count, sizeof(*sorted), compare_names);
    const struct dirent *entry = readdir(listing);
    while (entry != NULL) {
        if (is_left_over(entry->d_name, sorted, name_count)) {
            (void)unlinkat(dirfd(listing), entry->d_name, 0);
        }
        entry = readdir(listing);
    }
    free(sorted);
    (void)closedir(listing);
    return PS_OK;
}

static void answers_free_auto(struct ps_answers **const answers)
{
    *answers = ps_answers_free(*answers);
}

static enum ps_status open_answers(const char *const folder, const int64_t record_count,
                                   const char *const *const segment_names,
                                   const int64_t segment_count,
                                   struct ps_answers **const ret_answers,
                                   struct ps_error *const err)
{
    PS_ASSERT(record_count >= 0);
    PS_ASSERT(segment_count >= 0);
    struct ps_answers *answers PS_CLEANUP(answers_free_auto) = calloc(1, sizeof(*answers));
    PS_ASSERT(answers != NULL);
    answers->folder = ps_str_dup(ps_str_of(folder));
    answers->record_count = record_count;
    answers->counts[PS_ANSWER_NONE] = record_count;
    for (size_t place = 0; place < DESCRIPTORS_MAX; place++) {
        answers->open_segments[place] = -1;
    }
    const size_t size = (size_t)record_count * sizeof(struct slot);
    enum ps_status status = ps_files_make_folder(folder, err);
    if (status == PS_OK) {
        status = ps_scratch_init(&answers->scratch, folder, size, err);
    }
    if (status != PS_OK) {
        return status;
    }
    answers->slots = answers->scratch.bytes;
    for (int64_t segment = 0; segment < segment_count; segment++) {
        status = load_segment(answers, segment_names[segment], err);
        if (status != PS_OK) {
            return status;
        }
    }
    *ret_answers = PS_TAKE(&answers);
    return PS_OK;
}

enum ps_status ps_answers_open(const char *const folder, const int64_t record_count,
                               const char *const *const segment_names, const int64_t segment_count,
                               struct ps_answers **const ret_answers, struct ps_error *const err)
{
    enum ps_status status = ps_files_make_folder(folder, err);
    if (status == PS_OK) {
        status = drop_left_overs(folder, segment_names, (size_t)segment_count, err);
    }
    return status == PS_OK
               ? open_answers(folder, record_count, segment_names, segment_count, ret_answers, err)
               : status;
}

enum ps_status ps_answers_look(const char *const folder, const int64_t record_count,
                               const char *const *const segment_names, const int64_t segment_count,
                               struct ps_answers **const ret_answers, struct ps_error *const err)
{
    return open_answers(folder, record_count, segment_names, segment_count, ret_answers, err);
}

struct ps_answers *ps_answers_free(struct ps_answers *const answers)
{
    if (answers == NULL) {
        return NULL;
    }
    for (int64_t number = 0; number < answers->segment_count; number++) {
        struct segment *const segment = &answers->segments[number];
        if (segment->descriptor >= 0) {
            (void)close(segment->descriptor);
        }
        free(segment->path);
        free(segment->name);
    }
    free(answers->segments);
    ps_scratch_release(&answers->scratch);
    free(answers->folder);
    free(answers);
    return NULL;
}

/* Asking. */

bool ps_answers_has_segment(const struct ps_answers *const answers, const char *const name)
{
    for (int64_t segment = 0; segment < answers->segment_count; segment++) {
        if (strcmp(answers->segments[segment].name, name) == 0) {
            return true;
        }
    }
    return false;
}

const char *ps_answers_segment_name(const struct ps_answers *const answers, const int64_t segment)
{
    PS_ASSERT(segment >= 0);
    PS_ASSERT(segment < answers->segment_count);
    return answers->segments[segment].name;
}

bool ps_answers_segment_is_verdicts(const struct ps_answers *const answers, const int64_t segment)
{
    PS_ASSERT(segment >= 0);
    PS_ASSERT(segment < answers->segment_count);
    return answers->segments[segment].is_verdicts;
}

struct ps_answer_state ps_answers_state(const struct ps_answers *const answers,
                                        const int64_t record)
{
    PS_ASSERT(record >= 0);
    PS_ASSERT(record < answers->record_count);
    const struct slot *const slot = &answers->slots[record];
    return (struct ps_answer_state){
        .kind = (enum ps_answer_kind)slot->kind,
        .tries = slot->tries,
        .segment = (int64_t)slot->segment - 1,
        .offset = (int64_t)slot->offset,
        .size = slot->size,
        .input_tokens = slot->input_tokens,
        .output_tokens = slot->output_tokens,
    };
}

enum ps_status ps_answers_payload(struct ps_answers *const answers, const int64_t record,
                                  struct ps_buf *const buf, struct ps_error *const err)
{
    const struct ps_answer_state state = ps_answers_state(answers, record);
    PS_ASSERT(state.segment >= 0);
    const enum ps_status status = open_segment(answers, state.segment, err);
    if (status != PS_OK) {
        return status;
    }
    struct segment *const segment = &answers->segments[state.segment];
    if (!segment->is_ahead) {
        /* Answers stand in the service's order, results ask in the input's: let all of it come. */
        (void)posix_fadvise(segment->descriptor, 0, 0, POSIX_FADV_WILLNEED);
        segment->is_ahead = true;
    }
    const struct ps_segment_row row = {
        .record = (uint64_t)record,
        .offset = (uint64_t)state.offset,
        .size = (uint32_t)state.size,
    };
    return ps_segment_file_payload(segment->descriptor, segment->path, &row, buf, err);
}

int64_t ps_answers_count(const struct ps_answers *const answers, const enum ps_answer_kind kind)
{
    PS_ASSERT(kind >= 0 && kind < PS_ANSWER_KIND_COUNT);
    return answers->counts[kind];
}

int64_t ps_answers_late_successes(const struct ps_answers *const answers)
{
    return answers->sums.late_successes;
}

void ps_answers_sums(const struct ps_answers *const answers, struct ps_answers_sums *const ret_sums)
{
    *ret_sums = answers->sums;
}

/* Writing. */

static enum ps_status begin(struct ps_answers *const answers, const char *const name,
                            const bool has_verdicts, struct ps_segment **const ret_segment,
                            struct ps_error *const err)
{
    if (ps_answers_has_segment(answers, name)) {
        return ps_error_set(err, PS_E_CONFLICT, PS_RETRY_NEVER,
                            "cannot collect '%s' twice: its answers are filed", name);
    }
    struct ps_segment_file *file = NULL;
    const enum ps_status status =
        ps_segment_file_create(answers->folder, name, has_verdicts, &file, err);
    if (status != PS_OK) {
        return status;
    }
    struct ps_segment *const segment = calloc(1, sizeof(*segment));
    PS_ASSERT(segment != NULL);
    *segment = (struct ps_segment){answers, file, ps_str_dup(ps_str_of(name))};
    *ret_segment = segment;
    return PS_OK;
}

enum ps_status ps_segment_begin(struct ps_answers *const answers, const char *const name,
                                struct ps_segment **const ret_segment, struct ps_error *const err)
{
    return begin(answers, name, false, ret_segment, err);
}

enum ps_status ps_segment_begin_verdicts(struct ps_answers *const answers, const char *const name,
                                         struct ps_segment **const ret_segment,
                                         struct ps_error *const err)
{
    return begin(answers, name, true, ret_segment, err);
}

/* What does not fit or was not said counts as nothing. */
static uint32_t tokens_of(const int64_t tokens)
{
    return tokens > 0 && tokens <= UINT32_MAX ? (uint32_t)tokens : 0;
}

enum ps_status ps_segment_add_answer(struct ps_segment *const segment, const int64_t record,
                                     const enum ps_answer_kind kind, const struct ps_str payload,
                                     const struct ps_usage usage, struct ps_error *const err)
{
    PS_ASSERT(record >= 0);
    PS_ASSERT(record < segment->answers->record_count);
    PS_ASSERT(is_kind((uint32_t)kind));
    const struct ps_segment_row row = {
        .record = (uint64_t)record,
        .kind = (uint32_t)kind,
        .input_tokens = tokens_of(usage.input_tokens),
        .output_tokens = tokens_of(usage.output_tokens),
    };
    return ps_segment_file_add(segment->file, &row, payload, err);
}

enum ps_status ps_segment_add(struct ps_segment *const segment, const int64_t record,
                              const enum ps_answer_kind kind, const struct ps_str payload,
                              struct ps_error *const err)
{
    return ps_segment_add_answer(segment, record, kind, payload, (struct ps_usage){-1, -1}, err);
}

enum ps_status ps_segment_commit(struct ps_segment *const segment, struct ps_error *const err)
{
    struct ps_answers *const answers = segment->answers;
    enum ps_status status = ps_segment_file_finish(segment->file, err);
    if (status == PS_OK) {
        status = load_segment(answers, segment->name, err);
    }
    (void)ps_segment_free(segment);
    return status;
}

struct ps_segment *ps_segment_free(struct ps_segment *const segment)
{
    if (segment != NULL) {
        (void)ps_segment_file_free(segment->file);
        free(segment->name);
        free(segment);
    }
    return NULL;
}
