#include "app/index.h"

#include "app/index_detect.h"
#include "app/index_merge.h"
#include "app/index_words.h"
#include "app/source_facts.h"
#include "base/assert.h"
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_NAME "index.bin"
#define IDS_NAME "ids.bin"

/* ---- building ---- */

static enum ps_status begin_file(const char *const folder, const char *const name,
                                 struct ps_new_file **const ret_file, struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, name);
    return ps_new_file_begin(path, ret_file, err);
}

static enum ps_status refuse_empty(const struct ps_source_facts *const facts,
                                   struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER,
                       "cannot index '%s': it is empty, or holds only blank lines",
                       facts->inputs.items[0].name);
    return ps_error_hint(err, "There is nothing to run; check what wrote the file.");
}

/* All files appear, source.json last; or none. */
static enum ps_status commit_files(struct ps_pass *const pass,
                                   const struct ps_source_facts *const facts,
                                   const char *const folder, struct ps_error *const err)
{
    if (ps_new_file_commit(pass->entries, err) == PS_OK &&
        ps_new_file_commit(pass->ids, err) == PS_OK &&
        ps_source_facts_write(facts, folder, err) == PS_OK) {
        return PS_OK;
    }
    static const char *const names[] = {ENTRIES_NAME, IDS_NAME};
    for (size_t row = 0; row < sizeof(names) / sizeof(names[0]); row++) {
        char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, names[row]);
        (void)unlink(path);
    }
    return err->status;
}

/* The pass, duplicates, ids, and all files. */
static enum ps_status build_files(struct ps_pass *const pass, struct ps_source_facts *const facts,
                                  const char *const folder, struct ps_error *const err)
{
    if (begin_file(folder, ENTRIES_NAME, &pass->entries, err) != PS_OK ||
        begin_file(folder, IDS_NAME, &pass->ids, err) != PS_OK || ps_pass_run(pass, err) != PS_OK) {
        return err->status;
    }
    if (pass->summary.records == 0) {
        return refuse_empty(facts, err);
    }
    if (ps_index_merge(pass, folder, err) != PS_OK ||
        ps_index_count_repeated_ids(pass, folder, err) != PS_OK) {
        return err->status;
    }
    (void)snprintf(pass->summary.dialect, sizeof(pass->summary.dialect), "%s",
                   ps_dialect_name(facts->rules.dialect));
    facts->summary = pass->summary;
    facts->ids_bytes = ps_new_file_size(pass->ids);
    return commit_files(pass, facts, folder, err);
}

static enum ps_status build(struct ps_source_facts *const facts,
                            const struct ps_index_options *const options, const char *const folder,
                            struct ps_index_summary *const ret_summary, struct ps_error *const err)
{
    if (ps_index_detect(facts, options, err) != PS_OK) {
        return err->status;
    }
    struct ps_pass *const pass = calloc(1, sizeof(*pass));
    PS_ASSERT(pass != NULL);
    pass->facts = facts;
    pass->options = options;
    const enum ps_status status = build_files(pass, facts, folder, err);
    if (status == PS_OK) {
        *ret_summary = pass->summary;
    }
    (void)ps_new_file_free(pass->entries);
    (void)ps_new_file_free(pass->ids);
    free(pass);
    return status;
}

enum ps_status ps_index_build(const struct ps_index_options *const options,
                              const char *const folder, struct ps_index_summary *const ret_summary,
                              struct ps_error *const err)
{
    struct ps_source_facts facts PS_CLEANUP(ps_source_facts_release);
    ps_source_facts_init(&facts);
    if (options->input_count <= 0) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot index: no input is named");
    }
    if (ps_source_facts_take(&facts, options, err) != PS_OK ||
        ps_inputs_open(options->inputs, options->input_count, folder, &facts.inputs, err) !=
            PS_OK) {
        return err->status;
    }
    const enum ps_status status = build(&facts, options, folder, ret_summary, err);
    if (status != PS_OK) {
        ps_inputs_remove_spools(&facts.inputs);
    }
    return status;
}

/* ---- reading ---- */

/* A file mapped for reading; an empty one has no bytes. */
struct mapping {
    char *data;
    size_t size;
};

struct ps_index {
    struct ps_source_facts facts;
    struct mapping entries;
    struct mapping ids;
};

static void unmap(struct mapping *const mapping)
{
    if (mapping->data != NULL) {
        (void)munmap(mapping->data, mapping->size);
        mapping->data = NULL;
    }
}

static enum ps_status map_file(const char *const folder, const char *const name,
                               const int64_t wanted_bytes, struct mapping *const ret_mapping,
                               struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, name);
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if (descriptor < 0 || fstat(descriptor, &facts) != 0) {
        const int error_number = errno;
        if (descriptor >= 0) {
            (void)close(descriptor);
        }
        return ps_error_set_errno(err, PS_E_IO, error_number, "could not open '%s'", path);
    }
    if (facts.st_size != wanted_bytes) {
        (void)close(descriptor);
        (void)ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                           "cannot use '%s': it has %lld bytes, not %lld", path,
                           (long long)facts.st_size, (long long)wanted_bytes);
        return ps_error_hint(err, "The run's folder was damaged; start the run again.");
    }
    void *const data = wanted_bytes == 0
                           ? NULL
                           : mmap(NULL, (size_t)wanted_bytes, PROT_READ, MAP_SHARED, descriptor, 0);
    const int error_number = errno;
    (void)close(descriptor);
    if (data == MAP_FAILED) {
        return ps_error_set_errno(err, PS_E_IO, error_number, "could not map '%s'", path);
    }
    *ret_mapping = (struct mapping){data, (size_t)wanted_bytes};
    return PS_OK;
}

enum ps_status ps_index_open(const char *const folder, struct ps_index **const ret_index,
                             struct ps_error *const err)
{
    struct ps_index *index PS_CLEANUP(ps_index_free_auto) = calloc(1, sizeof(*index));
    PS_ASSERT(index != NULL);
    ps_source_facts_init(&index->facts);
    if (ps_source_facts_read(&index->facts, folder, err) != PS_OK) {
        return err->status;
    }
    const int64_t records = index->facts.summary.records;
    if (records < 0 || records > INT64_MAX / (int64_t)sizeof(struct ps_entry)) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                            "cannot use the index in '%s': it counts %lld records", folder,
                            (long long)records);
    }
    if (map_file(folder, ENTRIES_NAME, records * (int64_t)sizeof(struct ps_entry), &index->entries,
                 err) != PS_OK ||
        map_file(folder, IDS_NAME, index->facts.ids_bytes, &index->ids, err) != PS_OK) {
        return err->status;
    }
    *ret_index = PS_TAKE(&index);
    return PS_OK;
}

struct ps_index *ps_index_free(struct ps_index *const index)
{
    if (index != NULL) {
        ps_source_facts_release(&index->facts);
        unmap(&index->entries);
        unmap(&index->ids);
        free(index);
    }
    return NULL;
}

void ps_index_free_auto(struct ps_index **const index)
{
    *index = ps_index_free(*index);
}

const struct ps_index_summary *ps_index_summary(const struct ps_index *const index)
{
    return &index->facts.summary;
}

int64_t ps_index_count(const struct ps_index *const index)
{
    return index->facts.summary.records;
}

const struct ps_entry *ps_index_entry(const struct ps_index *const index, const int64_t record)
{
    PS_ASSERT(record >= 0);
    PS_ASSERT(record < ps_index_count(index));
    return (const struct ps_entry *)(const void *)index->entries.data + record;
}

void ps_index_words(const struct ps_index *const index, const int64_t record,
                    struct ps_record_words *const ret_words)
{
    const struct ps_str bytes = {index->ids.data, index->ids.size};
    size_t offset = ps_index_entry(index, record)->id_offset;
    if (offset >= bytes.size || !ps_words_read(bytes, &offset, ret_words) ||
        ret_words->input >= index->facts.inputs.count) {
        /* The file was damaged behind our back: the record keeps its place, without its words. */
        *ret_words = (struct ps_record_words){PS_STR("null"), {NULL, 0}, {NULL, 0}, 0, 0};
    }
}

const char *ps_index_input_name(const struct ps_index *const index, const int64_t input)
{
    PS_ASSERT(input >= 0);
    PS_ASSERT(input < index->facts.inputs.count);
    return index->facts.inputs.items[input].name;
}
