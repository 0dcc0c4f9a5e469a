#include "cli/plan_request.h"

#include "base/assert.h"
#include "base/checked.h"
#include "cli/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ps_plan_request_init(struct ps_plan_request *const request)
{
    memset(request, 0, sizeof(*request));
    request->staging.lock = -1;
}

void ps_plan_request_release(struct ps_plan_request *const request)
{
    (void)ps_index_free(request->index);
    ps_staging_release(&request->staging);
    free(request->lanes);
    ps_plan_request_init(request);
}

/* ------------------------------------------------ demand */

static enum ps_status check_demand(const struct ps_plan_request *const request,
                                   const struct ps_options *const options,
                                   struct ps_error *const err)
{
    const bool has_numbers = options->has_records || options->has_input_tokens ||
                             options->has_output_tokens || options->has_bytes_per_record;
    if (options->argument_count > 0 && has_numbers) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                            "cannot use an input together with --records and its tokens");
    }
    if (options->argument_count == 0 &&
        (options->records == 0 || options->input_tokens == 0 || !options->has_output_tokens)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot plan without an input, or --records, --input-tokens and "
                           "--output-tokens");
        return ps_error_hint(err, "For example: penstock plan --records 200000 --input-tokens "
                                  "10000 --output-tokens 2000 --limits typical.");
    }
    for (int64_t lane = 0; lane < request->lane_count; lane++) {
        if (options->argument_count > 0 && request->lanes[lane].model[0] == '\0') {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                               "cannot read an input for lane '%s' without --model",
                               request->lanes[lane].name);
            return ps_error_hint(err, "The model decides what is sent of it: --model "
                                      "us.anthropic.claude-haiku-4-5-20251001-v1:0@us-west-2.");
        }
    }
    return PS_OK;
}

static enum ps_status take_numbers(struct ps_plan_request *const request,
                                   const struct ps_options *const options,
                                   struct ps_error *const err)
{
    struct ps_index_summary *const summary = &request->summary;
    request->record_input_tokens = options->input_tokens;
    request->record_output_tokens = options->output_tokens;
    request->record_bytes = options->bytes_per_record;
    summary->records = options->records;
    summary->sent = options->records;
    if ((request->record_bytes == 0 &&
         !ps_mul_i64(options->input_tokens, PS_BYTES_PER_TOKEN, &request->record_bytes)) ||
        !ps_mul_i64(options->records, options->input_tokens, &summary->input_tokens) ||
        !ps_mul_i64(options->records, options->output_tokens, &summary->output_tokens_max) ||
        !ps_mul_i64(options->records, request->record_bytes, &summary->sent_bytes)) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                            "cannot plan so much: --records times the tokens or bytes of each is "
                            "over 9.2 x 10^18");
    }
    (void)snprintf(summary->dialect, sizeof(summary->dialect), "assumed");
    return PS_OK;
}

static enum ps_status read_input(struct ps_plan_request *const request,
                                 const struct ps_options *const options, struct ps_error *const err)
{
    struct ps_settings settings PS_CLEANUP(ps_settings_release);
    ps_settings_init(&settings);
    for (int64_t lane = 0; lane < request->lane_count; lane++) {
        (void)ps_settings_add_lane(&settings, &request->lanes[lane], PS_STR(""), PS_STR(""));
    }
    if (ps_request_family(&request->lanes[0], &settings.family, err) != PS_OK) {
        return err->status;
    }
    if (options->is_converse) {
        settings.family = PS_FAMILY_CONVERSE;
    }
    if (ps_staging_make(options, &request->staging, err) != PS_OK ||
        ps_prepare_index(options, &settings, request->staging.folder, &request->summary, err) !=
            PS_OK) {
        return err->status;
    }
    return ps_index_open(request->staging.folder, &request->index, err);
}

enum ps_status ps_plan_request_read(struct ps_plan_request *const request,
                                    const struct ps_options *const options,
                                    struct ps_error *const err)
{
    request->start_ms = options->start_ms;
    request->expected_output = options->expect_output;
    request->tokens_per_byte_millionths = options->tokens_per_byte_millionths;
    if (ps_request_check(options, err) != PS_OK ||
        ps_request_lanes(options, &request->lanes, &request->lane_count, err) != PS_OK ||
        check_demand(request, options, err) != PS_OK) {
        return err->status;
    }
    return options->argument_count == 0 ? take_numbers(request, options, err)
                                        : read_input(request, options, err);
}
