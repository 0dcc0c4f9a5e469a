/*
 * job_input - the objects that a job reads, and their lines, one after the other.
 *
 * Owner: the caller. Threads: one owner at a time; the world's lock is taken by find alone.
 */
#ifndef PS_SIM_JOB_INPUT_H
#define PS_SIM_JOB_INPUT_H

#include "base/status.h"
#include "base/str.h"

struct ps_world;

struct ps_input_file {
    char *key;
    int64_t body;
    int64_t size_bytes;
};

struct ps_input_files {
    char *bucket;
    char *prefix;        /* the folder they lie in, with its '/'; "" for a single object */
    char *bucket_region; /* "" : there is no such bucket */
    bool is_single;      /* the uri names an object */
    struct ps_input_file
        *files; /* in key order; those that do not end in .jsonl are left out of a folder */
    size_t count;
};

/* What lies at `uri` now. */
void ps_input_files_find(struct ps_world *world, struct ps_str uri,
                         struct ps_input_files *ret_files);
void ps_input_files_release(struct ps_input_files *files);

struct ps_lines;

PS_MUST_CHECK enum ps_status ps_lines_open(const char *data_folder, int64_t body,
                                           struct ps_lines **ret_lines, struct ps_error *err);
struct ps_lines *ps_lines_free(struct ps_lines *lines);
void ps_lines_auto(struct ps_lines **lines); /* for PS_CLEANUP */

/* The next line without its newline, valid until the next call. PS_E_NOT_FOUND: there is none left.
 */
PS_MUST_CHECK enum ps_status ps_lines_next(struct ps_lines *lines, struct ps_str *ret_line,
                                           struct ps_error *err);

#endif
