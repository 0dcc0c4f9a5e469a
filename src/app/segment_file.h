/*
 * segment_file - the file behind one harvested job: payloads first, then a row for each, then an
 * end that proves the whole.
 *
 * Little endian, as in memory:
 *
 *     head     16 bytes   "PSSEG02\n", flags (1: verdicts on records that were not sent), zero
 *     payloads            each: 8 bytes XXH3-64 of the payload seeded with the record's number,
 *                         then it
 *     rows     48 bytes   struct ps_segment_row each, in the order they were added
 *     end      80 bytes   struct end (segment_file.c): counts, XXH3-128 of head and rows, its own
 *                         digest
 *
 * It is written as `<name>.seg.tmp`; ps_segment_file_finish syncs it, renames it to `<name>.seg`
 * and syncs the folder. A file cut or changed anywhere is told when it is opened (head, rows, end)
 * or when the payload is read.
 *
 * Several rows of one record may stand in one file: the last one counts (app/collect keeps order
 * out of it).
 *
 * Owner: the caller frees. Threads: one at a time.
 */
#ifndef PS_APP_SEGMENT_FILE_H
#define PS_APP_SEGMENT_FILE_H

#include "base/buf.h"
#include "base/status.h"

#include <assert.h>

#define PS_SEGMENT_SUFFIX ".seg"
#define PS_SEGMENT_TEMPORARY_SUFFIX ".seg.tmp"

struct ps_segment_row {
    uint64_t record;
    uint64_t offset; /* of the payload's digest in the file */
    uint64_t digest;
    uint32_t size; /* of the payload */
    uint32_t kind; /* enum ps_answer_kind */
    uint32_t input_tokens;
    uint32_t output_tokens;
    uint64_t unused;
};

static_assert(sizeof(struct ps_segment_row) == 48, "a size on disk");

/* Odd lines of the job's outputs; kept in the end, for the report. */
struct ps_segment_lines {
    uint64_t repeated; /* they gave no row, ... */
    uint64_t foreign;
    uint64_t broken;
    uint64_t repaired; /* they did, with U+FFFD for what was no character */
};

/* The digest of a payload: one filed under another record's number does not fit. */
uint64_t ps_segment_digest(int64_t record, struct ps_str payload);

/* Writing. */
struct ps_segment_file;

PS_MUST_CHECK enum ps_status ps_segment_file_create(const char *folder, const char *name,
                                                    bool has_verdicts,
                                                    struct ps_segment_file **ret_file,
                                                    struct ps_error *err);

/* `row` says record, kind and tokens; the rest is filled in. */
PS_MUST_CHECK enum ps_status ps_segment_file_add(struct ps_segment_file *file,
                                                 const struct ps_segment_row *row,
                                                 struct ps_str payload, struct ps_error *err);

/* How many rows it holds, and back to an earlier number: as if the later ones had never been added.
 */
int64_t ps_segment_file_count(const struct ps_segment_file *file);
PS_MUST_CHECK enum ps_status ps_segment_file_cut(struct ps_segment_file *file, int64_t row_count,
                                                 struct ps_error *err);

/* Row `number` of those added so far. */
PS_MUST_CHECK enum ps_status ps_segment_file_row(struct ps_segment_file *file, int64_t number,
                                                 struct ps_segment_row *ret_row,
                                                 struct ps_error *err);

void ps_segment_file_set_lines(struct ps_segment_file *file, const struct ps_segment_lines *lines);

PS_MUST_CHECK enum ps_status ps_segment_file_finish(struct ps_segment_file *file,
                                                    struct ps_error *err);

/* NULL. What was not finished is gone. */
struct ps_segment_file *ps_segment_file_free(struct ps_segment_file *file);

/* Reading: called with each row, in order; what is not PS_OK ends it. */
typedef enum ps_status ps_segment_row_handler(void *context, const struct ps_segment_row *row,
                                              bool is_verdict, struct ps_error *err);

/*
 * Holds the file against its end and hands over every row. PS_E_CORRUPT names the file; rows may
 * have been handed over before it is found.
 */
PS_MUST_CHECK enum ps_status ps_segment_file_read(int descriptor, const char *path,
                                                  ps_segment_row_handler *handler, void *context,
                                                  struct ps_segment_lines *ret_lines,
                                                  struct ps_error *err);

/* Appends a payload to `buf`. PS_E_CORRUPT names the file when its digest does not fit. */
PS_MUST_CHECK enum ps_status ps_segment_file_payload(int descriptor, const char *path,
                                                     const struct ps_segment_row *row,
                                                     struct ps_buf *buf, struct ps_error *err);

#endif
