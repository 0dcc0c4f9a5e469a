/*
 * index - the input, read once: one 64-byte entry a record, its id and kept fields in a file of
 * their own.
 *
 * ps_index_build makes these files in the run's folder (each written to a temporary name, synced,
 * renamed): index.bin    the entries ids.bin      each record's id as JSON text and its kept
 * fields; for a rejected one code, message, line source.json  inputs (path, size, mtime, spool),
 * dialect, rules: what ps_source_open needs to make the same bytes again After that results never
 * need the input again; only bodies do.
 *
 * One streaming pass on `threads` threads, memory does not grow with the input. Plain, gzip and
 * zstd files, several of them, "-" for standard input; what cannot be read twice is spooled,
 * decompressed, once.
 */
#ifndef PS_APP_INDEX_H
#define PS_APP_INDEX_H

#include "base/status.h"
#include "core/entry.h"
#include "core/family.h"

#include <stdint.h>

enum ps_dedupe {
    PS_DEDUPE_SAFE, /* equal bytes and parameters, except those with a temperature above 0 */
    PS_DEDUPE_ALL,
    PS_DEDUPE_NONE
};

struct ps_index_options {
    const char *const *inputs; /* paths; "-" is standard input */
    int64_t input_count;
    const char *format; /* NULL: what the first 100 non-blank lines agree on; else bedrock, openai,
                           anthropic, simple, text, jsonl, csv */
    const char *prompt_file; /* template for jsonl and csv, or NULL */
    const char *id_field;    /* for jsonl and csv, or NULL */
    const char *keep;        /* "a,b", "all" or NULL */
    const char *system;      /* fills what the input leaves out, or NULL */
    int64_t max_tokens;      /* likewise; 0: not given */
    const char *model; /* model or profile id: decides the family and the rules of what is sent */
    enum ps_family family; /* of it; CONVERSE when the run asked for that */
    enum ps_dedupe dedupe;
    int64_t
        context_tokens_max; /* a record over it is rejected with the limit's name; 0: not known */
    int64_t output_tokens_max; /* likewise */
    int64_t
        record_bytes_max; /* a sent line over it is rejected: the lane's file limit; 0: not known */
    int64_t threads;      /* 0: one a processor */
    void (*progress)(void *context, int64_t records,
                     int64_t bytes); /* at most ten times a second; or NULL */
    void *progress_context;
};

struct ps_index_summary {
    int64_t records; /* non-blank lines = the N of promise 1 */
    int64_t rejected;
    int64_t duplicates;
    int64_t sent; /* records - rejected - duplicates */
    int64_t blank_lines;
    int64_t repeated_ids; /* records whose id another record has too: warned, told apart by index */
    int64_t source_bytes; /* decompressed */
    int64_t sent_bytes;   /* of the records that are sent */
    int64_t input_tokens; /* of the records that are sent */
    int64_t output_tokens_max; /* likewise */
    int64_t saved_tokens;      /* input tokens that duplicates would have cost */
    int64_t compacted_bytes;   /* white space and refused fields that are not sent */
    int64_t dropped_fields;    /* fields dropped because the family is known to refuse them */
    int64_t unknown_fields;    /* sent as they are, and counted */
    uint64_t digest_low; /* XXH3-128 over all entries' fingerprints and ids: names the input (R8) */
    uint64_t digest_high;
    char dialect[24]; /* what was detected or told */
};

PS_MUST_CHECK enum ps_status ps_index_build(const struct ps_index_options *options,
                                            const char *folder,
                                            struct ps_index_summary *ret_summary,
                                            struct ps_error *err);

/* The finished index, mapped for reading. */
struct ps_index;

PS_MUST_CHECK enum ps_status ps_index_open(const char *folder, struct ps_index **ret_index,
                                           struct ps_error *err);
struct ps_index *ps_index_free(struct ps_index *index);
void ps_index_free_auto(struct ps_index **index);

const struct ps_index_summary *ps_index_summary(const struct ps_index *index);
int64_t ps_index_count(const struct ps_index *index);
const struct ps_entry *ps_index_entry(const struct ps_index *index, int64_t record);

/*
 * What results say of a record, as JSON text (views into the map): its id ("null" where it had
 * none), the kept fields as an object or "", and of a rejected one its error object
 * {"code","message"} and line.
 */
struct ps_record_words {
    struct ps_str id;
    struct ps_str keep;
    struct ps_str error;
    int64_t line;
    int64_t input; /* which of the inputs, from 0 */
};
void ps_index_words(const struct ps_index *index, int64_t record,
                    struct ps_record_words *ret_words);

/* The path of input `input`, as the user named it. */
const char *ps_index_input_name(const struct ps_index *index, int64_t input);

#endif
