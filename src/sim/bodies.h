/*
 * bodies - the bytes of objects: files named by number under DATA/objects. Keys are never file
 * names.
 *
 * A body is written as it comes, with its digests. It belongs to nobody until an event names it; at
 * a start the ones that no event names are removed.
 *
 * Owner: whoever called create; free removes the file unless keep was called. Threads: one a body.
 */
#ifndef PS_SIM_BODIES_H
#define PS_SIM_BODIES_H

#include "base/status.h"
#include "sim/checksums.h"

struct ps_body_file;

/* Makes DATA/objects if need be. */
PS_MUST_CHECK enum ps_status ps_bodies_open(const char *data_folder, struct ps_error *err);

/* Removes each file whose number is not among `used` (in order), and tells the highest number seen.
 */
PS_MUST_CHECK enum ps_status ps_bodies_sweep(const char *data_folder, const int64_t *used,
                                             size_t used_count, int64_t *ret_highest,
                                             struct ps_error *err);

PS_MUST_CHECK enum ps_status ps_body_file_create(const char *data_folder, int64_t number,
                                                 enum ps_checksum chosen,
                                                 struct ps_body_file **ret_file,
                                                 struct ps_error *err);
PS_MUST_CHECK enum ps_status ps_body_file_write(struct ps_body_file *file, struct ps_str bytes,
                                                struct ps_error *err);

/* Appends the first `size_bytes` bytes of body `number`. */
PS_MUST_CHECK enum ps_status ps_body_file_append(struct ps_body_file *file, int64_t number,
                                                 int64_t size_bytes, struct ps_error *err);

int64_t ps_body_file_number(const struct ps_body_file *file);
int64_t ps_body_file_size_bytes(const struct ps_body_file *file);

/* The digests of what was written; nothing can be written afterwards. */
void ps_body_file_end(struct ps_body_file *file, struct ps_checksums_result *ret_result);

void ps_body_file_keep(struct ps_body_file *file);
struct ps_body_file *ps_body_file_free(struct ps_body_file *file);

/* A descriptor for reading, close() it; -1: it is not there. */
int ps_bodies_open_read(const char *data_folder, int64_t number);
void ps_bodies_remove(const char *data_folder, int64_t number);

#endif
