/*
 * plan_request - what `plan` and `simulate` are asked about: a demand (an input that is read, or
 * numbers) and the lanes that may take it.
 *
 * Without --lane each --model makes a lane; without either there is one, of no model, with the
 * limits of the profile alone (enough for numbers). One --model beside --lane is for those lanes
 * that name none.
 *
 * Owner: the caller embeds it; release deletes what reading the input has left on disk. Threads:
 * one.
 *
 *     struct ps_plan_request request PS_CLEANUP(ps_plan_request_release);
 *     ps_plan_request_init(&request);
 *     status = ps_plan_request_read(&request, options, err);
 */
#ifndef PS_CLI_PLAN_REQUEST_H
#define PS_CLI_PLAN_REQUEST_H

#include "cli/prepare.h"

struct ps_plan_request {
    struct ps_lane *lanes; /* heap; their names differ */
    int64_t lane_count;
    struct ps_index_summary summary; /* of the input, or as the numbers would have it */
    struct ps_index *index;          /* NULL: numbers */
    int64_t record_input_tokens;     /* numbers: of each record, like the next two */
    int64_t record_output_tokens;
    int64_t record_bytes;
    int64_t start_ms;        /* after 00:00 UTC of the first day */
    int64_t expected_output; /* of a record of the input; 0: as many tokens as it may have */
    int64_t tokens_per_byte_millionths; /* of what is sent; 0: as the index estimates */
    struct ps_staging staging;
};

/* What an input token weighs where nobody says: bytes of a sent line. The reference job's 10,000
 * tokens are about 40 KB (docs: reference job). */
#define PS_BYTES_PER_TOKEN 4

void ps_plan_request_init(struct ps_plan_request *request);
void ps_plan_request_release(struct ps_plan_request *request);

/*
 * Reads options, and the input where there is one (progress on stderr). PS_E_USAGE names all that
 * is missing or what cannot be used; errors of the input as ps_prepare_index.
 */
PS_MUST_CHECK enum ps_status ps_plan_request_read(struct ps_plan_request *request,
                                                  const struct ps_options *options,
                                                  struct ps_error *err);

#endif
