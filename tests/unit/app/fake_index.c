#include "fake_index.h"

#include "base/assert.h"
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

struct ps_source {
    const struct fake_record *records;
    const char *header;
};

struct ps_index {
    struct ps_source source;
    struct ps_entry *entries;
    int64_t count;
    struct ps_index_summary summary;
    char id[32];
};

static void count_entry(struct ps_index_summary *const summary, const uint32_t flags)
{
    summary->records++;
    summary->rejected += (flags & PS_ENTRY_REJECTED) != 0 ? 1 : 0;
    summary->duplicates += (flags & PS_ENTRY_DUPLICATE) != 0 ? 1 : 0;
    summary->sent += flags == 0 ? 1 : 0;
}

struct ps_index *fake_index_new(const struct fake_record *const records, const int64_t count)
{
    struct ps_index *const index = calloc(1, sizeof(*index));
    PS_ASSERT(index != NULL);
    index->source.records = records;
    index->entries = calloc((size_t)count + 1, sizeof(struct ps_entry));
    PS_ASSERT(index->entries != NULL);
    index->count = count;
    for (int64_t record = 0; record < count; record++) {
        struct ps_entry *const entry = &index->entries[record];
        if (records != NULL && records[record].error != NULL) {
            entry->flags = PS_ENTRY_REJECTED;
        } else if (records != NULL && records[record].leader > 0) {
            entry->flags = PS_ENTRY_DUPLICATE;
            entry->leader = (uint64_t)records[record].leader - 1;
        }
        count_entry(&index->summary, entry->flags);
    }
    return index;
}

struct ps_index *ps_index_free(struct ps_index *const index)
{
    if (index != NULL) {
        free(index->entries);
        free(index);
    }
    return NULL;
}

struct ps_index_summary *fake_index_summary(struct ps_index *const index)
{
    return &index->summary;
}

struct ps_source *fake_source(struct ps_index *const index, const char *const header)
{
    index->source.header = header;
    return &index->source;
}

const struct ps_index_summary *ps_index_summary(const struct ps_index *const index)
{
    return &index->summary;
}

int64_t ps_index_count(const struct ps_index *const index)
{
    return index->count;
}

const struct ps_entry *ps_index_entry(const struct ps_index *const index, const int64_t record)
{
    PS_ASSERT(record >= 0 && record < index->count);
    return &index->entries[record];
}

void ps_index_words(const struct ps_index *const index, const int64_t record,
                    struct ps_record_words *const ret_words)
{
    static char id[32];
    static const struct fake_record plain = {0};
    const struct fake_record *const said =
        index->source.records == NULL ? &plain : &index->source.records[record];
    (void)snprintf(id, sizeof(id), "\"r%lld\"", (long long)record);
    *ret_words = (struct ps_record_words){
        .id = ps_str_of(said->id == NULL ? id : said->id),
        .keep = ps_str_of(said->keep),
        .error = ps_str_of(said->error),
        .line = said->line,
        .input = 0,
    };
}

const char *ps_index_input_name(const struct ps_index *const index, const int64_t input)
{
    (void)index;
    (void)input;
    return "prompts.jsonl";
}

enum ps_status ps_source_text(struct ps_source *const source, const int64_t record,
                              struct ps_buf *const buf, struct ps_error *const err)
{
    const char *const text = source->records == NULL ? NULL : source->records[record].source;
    if (text == NULL) {
        ps_buf_add_text(buf, "half of it");
        return ps_error_set(err, PS_E_NOT_FOUND, PS_RETRY_NEVER, "cannot read the input");
    }
    ps_buf_add_text(buf, text);
    return PS_OK;
}

struct ps_str ps_source_header(const struct ps_source *const source, const int64_t input)
{
    (void)input;
    return ps_str_of(source->header);
}
