#include "app/index_merge.h"

#include "app/groups.h"
#include "app/index_words.h"
#include "app/line_window.h"
#include "base/assert.h"
#include "base/limits.h"
#include "os/threads.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Pairs that are compared at once, by several threads. */
#define BATCH_PAIRS 4096

#define ENTRIES_AT_ONCE 1024
#define IDS_AT_ONCE ((size_t)64 * 1024)

struct pair {
    uint64_t first;
    uint64_t second;
    bool are_equal;
};

struct merge {
    struct ps_pass *pass;
    struct pair pairs[BATCH_PAIRS];
    size_t pair_count;
    atomic_size_t next_pair;
    atomic_flag has_failed;
    bool is_failed;
    struct ps_error error;
};

static enum ps_status read_entry(struct ps_pass *const pass, const uint64_t record,
                                 struct ps_entry *const ret_entry, struct ps_error *const err)
{
    return ps_new_file_read_at(pass->entries, (int64_t)(record * sizeof(*ret_entry)),
                               (char *)ret_entry, sizeof(*ret_entry), err);
}

/* What one comparing thread holds. */
struct comparer {
    struct merge *merge;
    struct ps_record_maker *maker;
    struct ps_line_window window;
    struct ps_buf first;   /* the line of `first_record` */
    uint64_t first_record; /* UINT64_MAX: none */
};

static enum ps_status make_again(struct comparer *const comparer, const uint64_t record,
                                 struct ps_str *const ret_line, struct ps_error *const err)
{
    const struct ps_source_facts *const facts = comparer->merge->pass->facts;
    struct ps_entry entry;
    struct ps_str source;
    int64_t input = 0;
    if (read_entry(comparer->merge->pass, record, &entry, err) != PS_OK ||
        ps_line_window_read(&comparer->window, entry.offset, entry.length, &source, &input, err) !=
            PS_OK) {
        return err->status;
    }
    if (facts->columns != NULL) {
        ps_record_maker_columns(comparer->maker, &facts->columns[input]);
    }
    if (!ps_record_remake(comparer->maker, source, (int64_t)record, ret_line)) {
        return ps_error_set(err, PS_E_INPUT, PS_RETRY_LATER,
                            "could not read '%s' again: it changed while it was indexed",
                            facts->inputs.items[input].name);
    }
    return PS_OK;
}

static enum ps_status compare_pair(struct comparer *const comparer, struct pair *const pair,
                                   struct ps_error *const err)
{
    struct ps_str line;
    if (comparer->first_record != pair->first) {
        comparer->first_record = UINT64_MAX;
        if (make_again(comparer, pair->first, &line, err) != PS_OK) {
            return err->status;
        }
        ps_buf_clear(&comparer->first);
        ps_buf_add(&comparer->first, line);
        comparer->first_record = pair->first;
    }
    if (make_again(comparer, pair->second, &line, err) != PS_OK) {
        return err->status;
    }
    pair->are_equal = ps_record_lines_equal(comparer->maker, ps_buf_str(&comparer->first), line);
    return PS_OK;
}

/* Pairs are shared out one by one; after a failure the rest is left. */
static void compare_pairs(void *const context)
{
    struct merge *const merge = context;
    struct comparer comparer = {.merge = merge, .first_record = UINT64_MAX};
    struct ps_error err;
    comparer.maker = ps_record_maker_new(&merge->pass->facts->rules);
    ps_line_window_init(&comparer.window, &merge->pass->facts->inputs, 0);
    ps_buf_init(&comparer.first, 2 * PS_INPUT_LINE_BYTES_MAX);
    for (size_t place = atomic_fetch_add(&merge->next_pair, 1); place < merge->pair_count;
         place = atomic_fetch_add(&merge->next_pair, 1)) {
        if (compare_pair(&comparer, &merge->pairs[place], &err) == PS_OK) {
            continue;
        }
        atomic_store(&merge->next_pair, merge->pair_count);
        if (!atomic_flag_test_and_set(&merge->has_failed)) {
            merge->error = err;
            merge->is_failed = true;
        }
    }
    ps_buf_release(&comparer.first);
    ps_line_window_release(&comparer.window);
    (void)ps_record_maker_free(comparer.maker);
}

static enum ps_status mark_duplicate(struct ps_pass *const pass, const struct pair *const pair,
                                     struct ps_error *const err)
{
    struct ps_entry entry;
    if (read_entry(pass, pair->second, &entry, err) != PS_OK) {
        return err->status;
    }
    entry.flags |= PS_ENTRY_DUPLICATE;
    entry.leader = pair->first;
    pass->summary.duplicates++;
    pass->summary.sent--;
    pass->summary.sent_bytes -= entry.sent_bytes;
    pass->summary.input_tokens -= entry.input_tokens;
    pass->summary.output_tokens_max -= entry.output_tokens_max;
    pass->summary.saved_tokens += entry.input_tokens;
    return ps_new_file_write_at(pass->entries, (int64_t)(pair->second * sizeof(entry)),
                                (struct ps_str){(const char *)&entry, sizeof(entry)}, err);
}

static enum ps_status finish_batch(struct merge *const merge, struct ps_error *const err)
{
    const int64_t asked = merge->pass->options->threads;
    const int64_t threads = asked > 0 ? asked : ps_threads_processors();
    atomic_store(&merge->next_pair, 0);
    ps_threads_run((int64_t)merge->pair_count < threads ? 1 : threads, compare_pairs, merge);
    if (merge->is_failed) {
        *err = merge->error;
        return err->status;
    }
    for (size_t place = 0; place < merge->pair_count; place++) {
        if (merge->pairs[place].are_equal &&
            mark_duplicate(merge->pass, &merge->pairs[place], err) != PS_OK) {
            return err->status;
        }
    }
    merge->pair_count = 0;
    return PS_OK;
}

static enum ps_status add_pair(void *const context, const uint64_t first, const uint64_t record,
                               const bool is_second, struct ps_error *const err)
{
    struct merge *const merge = context;
    (void)is_second;
    merge->pairs[merge->pair_count] = (struct pair){first, record, false};
    merge->pair_count++;
    return merge->pair_count == BATCH_PAIRS ? finish_batch(merge, err) : PS_OK;
}

/* All entries in order, some at a time. */
static enum ps_status each_entry(struct ps_pass *const pass,
                                 enum ps_status (*const call)(void *context, uint64_t record,
                                                              const struct ps_entry *entry,
                                                              struct ps_error *err),
                                 void *const context, struct ps_error *const err)
{
    static const int64_t entry_size = sizeof(struct ps_entry);
    struct ps_entry *const entries = calloc(ENTRIES_AT_ONCE, sizeof(*entries));
    PS_ASSERT(entries != NULL);
    enum ps_status status = PS_OK;
    const int64_t count = pass->summary.records;
    for (int64_t from = 0; status == PS_OK && from < count; from += ENTRIES_AT_ONCE) {
        const int64_t left = count - from < ENTRIES_AT_ONCE ? count - from : ENTRIES_AT_ONCE;
        status = ps_new_file_read_at(pass->entries, from * entry_size, (char *)entries,
                                     (size_t)(left * entry_size), err);
        for (int64_t place = 0; status == PS_OK && place < left; place++) {
            status = call(context, (uint64_t)(from + place), &entries[place], err);
        }
    }
    free(entries);
    return status;
}

struct fingerprint_adder {
    struct ps_groups *groups;
    enum ps_dedupe dedupe;
};

static enum ps_status add_fingerprint(void *const context, const uint64_t record,
                                      const struct ps_entry *const entry,
                                      struct ps_error *const err)
{
    const struct fingerprint_adder *const adder = context;
    if (!ps_pass_may_merge(entry, adder->dedupe)) {
        return PS_OK;
    }
    return ps_groups_add(adder->groups, entry->fingerprint_low, entry->fingerprint_high, record,
                         err);
}

enum ps_status ps_index_merge(struct ps_pass *const pass, const char *const folder,
                              struct ps_error *const err)
{
    if (pass->options->dedupe == PS_DEDUPE_NONE) {
        return PS_OK;
    }
    struct ps_groups *groups PS_CLEANUP(ps_groups_free_auto) =
        ps_groups_new(folder, &pass->fingerprints);
    struct fingerprint_adder adder = {groups, pass->options->dedupe};
    if (each_entry(pass, add_fingerprint, &adder, err) != PS_OK) {
        return err->status;
    }
    struct merge *const merge = calloc(1, sizeof(*merge));
    PS_ASSERT(merge != NULL);
    merge->pass = pass;
    const struct ps_groups_found found = {add_pair, merge};
    enum ps_status status = ps_groups_find(groups, &found, err);
    if (status == PS_OK && merge->pair_count > 0) {
        status = finish_batch(merge, err);
    }
    free(merge);
    return status;
}

/* ---- ids ---- */

struct id_adder {
    struct ps_pass *pass;
    struct ps_groups *groups;
    struct ps_buf window; /* bytes of the ids file ... */
    int64_t from;         /* ... which begin there */
};

/* Rows come in order, so the file is read once, a piece at a time. */
static enum ps_status row_bytes(struct id_adder *const adder, const int64_t from, const size_t size,
                                struct ps_str *const ret_bytes, struct ps_error *const err)
{
    const int64_t left = ps_new_file_size(adder->pass->ids) - from;
    const size_t wanted = left < (int64_t)size ? (size_t)left : size;
    if (from + (int64_t)wanted > adder->from + (int64_t)adder->window.size) {
        const size_t piece = wanted > IDS_AT_ONCE ? wanted : IDS_AT_ONCE;
        const size_t taken = left < (int64_t)piece ? (size_t)left : piece;
        ps_buf_clear(&adder->window);
        char *const room = ps_buf_reserve(&adder->window, taken);
        PS_ASSERT(room != NULL);
        if (ps_new_file_read_at(adder->pass->ids, from, room, taken, err) != PS_OK) {
            return err->status;
        }
        ps_buf_commit(&adder->window, taken);
        adder->from = from;
    }
    *ret_bytes = ps_str_part(ps_buf_str(&adder->window), (size_t)(from - adder->from), wanted);
    return PS_OK;
}

/* Reads the id of one record; "null" is none. */
static enum ps_status add_id(void *const context, const uint64_t record,
                             const struct ps_entry *const entry, struct ps_error *const err)
{
    struct id_adder *const adder = context;
    const int64_t from = (int64_t)entry->id_offset;
    size_t row_size = 0;
    size_t id_from = 0;
    size_t id_size = 0;
    struct ps_str bytes;
    if (row_bytes(adder, from, PS_WORDS_HEAD_MAX, &bytes, err) != PS_OK) {
        return err->status;
    }
    const bool is_row = ps_words_size(bytes, &row_size, &id_from, &id_size);
    PS_ASSERT(is_row);
    if (row_bytes(adder, from, id_from + id_size, &bytes, err) != PS_OK) {
        return err->status;
    }
    const struct ps_str id = ps_str_part(bytes, id_from, id_size);
    if (ps_str_equals_text(id, "null")) {
        return PS_OK;
    }
    const struct ps_id_digest digest = ps_id_digest(id);
    return ps_groups_add(adder->groups, digest.low, digest.high, record, err);
}

static enum ps_status count_repeated(void *const context, const uint64_t first,
                                     const uint64_t record, const bool is_second,
                                     struct ps_error *const err)
{
    struct ps_pass *const pass = context;
    (void)first;
    (void)record;
    (void)err;
    pass->summary.repeated_ids += is_second ? 2 : 1;
    return PS_OK;
}

enum ps_status ps_index_count_repeated_ids(struct ps_pass *const pass, const char *const folder,
                                           struct ps_error *const err)
{
    struct ps_groups *groups PS_CLEANUP(ps_groups_free_auto) =
        ps_groups_new(folder, &pass->id_digests);
    struct id_adder adder = {.pass = pass, .groups = groups};
    ps_buf_init(&adder.window, 8 * PS_INPUT_LINE_BYTES_MAX);
    enum ps_status status = each_entry(pass, add_id, &adder, err);
    ps_buf_release(&adder.window);
    const struct ps_groups_found found = {count_repeated, pass};
    if (status == PS_OK) {
        status = ps_groups_find(groups, &found, err);
    }
    return status;
}
