"""mutants - what is taken out, where, and which end-to-end test must notice

Each row: the rule, a name, what no longer holds, the test (file:function of tests/e2e), and the edits (file, the exact
text, what stands there instead). A text that the code no longer holds is an error: then this row is to be mended.
"""
import collections

Mutant = collections.namedtuple("Mutant", "rule name what test edits")
MUTANTS = []

STORIES, ENDINGS, RESUME, DIALECTS = "test_interleavings:", "test_endings:", "test_resume:", "test_dialects:"
ONCE = "test_once:"


def row(rule, name, what, test, *edits):
    MUTANTS.append(Mutant(rule, name, what, test, [edits] if isinstance(edits[0], str) else list(edits)))


# --- R1: account, Region and endpoint are pinned -----------------------------------------------------

row("R1", "account-not-compared", "the account is not compared", STORIES + "another_profile_of_another_account_is_refused_by_every_command",
    "src/core/engine_start.c", "if (lane->account[0] == '\\0' || strcmp(lane->account, account) == 0) {", "if (account != NULL) {")
row("R1", "account-not-stored", "the account is not stored", STORIES + "another_profile_of_another_account_is_refused_by_every_command",
    "src/app/turn.c", "           ps_engine_account(turn->engine, turn->kept_accounts).size > 0) {",
    "           ps_engine_account(turn->engine, turn->kept_accounts).size > 1000) {")
row("R1", "account-not-first", "jobs are listed before the account is known",
    STORIES + "another_profile_of_another_account_is_refused_by_every_command",
    ("src/core/engine.c", "    engine->unsent = -1;\n    engine->is_cut_due = true;",
     "    engine->unsent = -1;\n    engine->step = PS_START_LOOK;\n    engine->is_cut_due = true;"))
row("R1", "region-not-pinned", "the Region is not compared", STORIES + "another_region_is_refused_or_makes_no_difference",
    "src/cli/own_open.c", "    if (said != NULL && counts &&", "    if (said != NULL && counts && said[0] == '\\0' &&")
row("R1", "endpoint-not-pinned", "the endpoint is not compared", STORIES + "another_endpoint_is_refused",
    "src/cli/own_open.c", "if (ps_str_equals(ps_buf_str(&host), ps_buf_str(&pinned))) {", "if (host.size > 0) {")
row("R1", "endpoint-of-calls-not-pinned", "the endpoint of calls on demand is not compared",
    "test_on_demand:another_endpoint_of_the_calls_is_refused",
    "src/cli/wire.c", "said->kind == PS_KIND_ON_DEMAND ? PS_AWS_BEDROCK_RUNTIME : PS_AWS_BEDROCK;", "PS_AWS_BEDROCK;")

# --- R2: the ambiguous create ------------------------------------------------------------------------

row("R2", "refusals-are-certain", "a name in use counts as a refusal", STORIES + "a_name_in_use_is_no_refusal",
    "src/aws/bedrock.c", "return is_name_in_use(text) ? PS_OUTCOME_UNKNOWN : PS_OUTCOME_NO;",
    "return is_name_in_use(text) ? PS_OUTCOME_NO : PS_OUTCOME_NO;")
row("R2", "5xx-is-a-refusal", "an answer of 5xx counts as a refusal",
    STORIES + "a_create_is_answered_with_500",
    ("src/aws/bedrock.c", "    if (answer->reach != PS_HTTP_ANSWERED || !ps_aws_has_code(err)) {",
     "    if (answer->reach == PS_HTTP_ANSWERED && answer->http_status >= 500) {\n        return PS_OUTCOME_NO;\n    }\n"
     "    if (answer->reach != PS_HTTP_ANSWERED || !ps_aws_has_code(err)) {"))
row("R2", "no-code-is-a-refusal", "a 404 without a code counts as a refusal", STORIES + "a_create_is_answered_with_a_404_of_a_proxy",
    "src/aws/bedrock.c", "answer->reach != PS_HTTP_ANSWERED || !ps_aws_has_code(err)", "answer->reach != PS_HTTP_ANSWERED")
row("R2", "unreadable-is-a-refusal", "an answer that cannot be read counts as a refusal",
    STORIES + "a_create_is_answered_with_a_200_with_half_an_object",
    "src/aws/bedrock.c", 'ps_act_fail_unreadable(act, answer, "it has no jobArn", PS_OUTCOME_UNKNOWN);',
    'ps_act_fail_unreadable(act, answer, "it has no jobArn", PS_OUTCOME_NO);')
row("R2", "lost-is-a-refusal", "a lost answer counts as a refusal", STORIES + "a_create_is_lost_and_found_by_its_name",
    "src/aws/bedrock.c", "    if (answer->reach == PS_HTTP_UNSENT) {\n        return PS_OUTCOME_NO;",
    "    if (answer->reach != PS_HTTP_ANSWERED) {\n        return PS_OUTCOME_NO;")
row("R2a", "not-looked-for-by-name", "the list is not asked for the name", STORIES + "a_create_is_lost_and_found_by_its_name",
    "src/core/engine_jobs.c", "ps_job_set_text(&job->arn, fact->jobs[row].arn);\n            return PS_FACT_FOUND;",
    "return PS_FACT_EMPTY;")
row("R2a", "list-begins-too-late", "the list begins after the intent", STORIES + "a_create_is_lost_and_found_by_its_name",
    "src/core/engine_wishes.c", "wish->after_ms = job->signed_wall_ms - PS_SUBMIT_MARGIN_MS;",
    "wish->after_ms = job->signed_wall_ms + PS_SUBMIT_MARGIN_MS;")
row("R2a", "name-only-contained", "a name that contains ours is taken for ours", STORIES + "a_list_also_shows_names_that_contain_ours",
    "src/core/engine_jobs.c", "if (ps_str_equals(ps_str_of(fact->jobs[row].name), ps_buf_str(&engine->text))) {",
    "if (strstr(fact->jobs[row].name, ps_buf_text(&engine->text)) != NULL) {")
row("R2a", "token-not-compared", "the token is not compared", STORIES + "a_job_of_our_name_with_another_token_is_not_adopted",
    ("src/core/job_request.c", "    return memmem(body.data, body.size, said.data, said.size) != NULL &&", "    return"),
    ("src/core/job_request.c", "           memmem(body.data, body.size, input.data, input.size) != NULL;", "true;"))
row("R2a", "input-not-compared", "the input URI is not compared",
    STORIES + "a_job_of_our_name_and_token_with_another_input_is_not_adopted",
    "src/core/job_request.c", "           memmem(body.data, body.size, input.data, input.size) != NULL;", "           true;")
row("R2b", "output-not-looked-at", "the output prefix is not looked at", STORIES + "a_job_that_no_list_shows_is_known_by_its_output",
    "src/core/job_states.c", "TO(LOOK_TOKEN, STEP), TO(LOOK_OUTPUT, STEP), ________,",
    "TO(LOOK_TOKEN, STEP), TO(LOOK_NAME, REPEAT_OR_PROVE), ________,")
row("R2c", "window-never-closes", "the body is repeated beyond the token's window",
    STORIES + "a_create_never_arrives_and_three_days_pass",
    "src/core/rules.h", "#define PS_TOKEN_WINDOW_MS (10 * PS_MINUTE_MS)", "#define PS_TOKEN_WINDOW_MS (100000 * PS_MINUTE_MS)")
row("R2c", "another-token-each-time", "a repeated create has another token",
    STORIES + "a_create_is_repeated_with_the_same_body_inside_the_token_window",
    ("src/core/engine_wishes.c", "    ps_buf_add(&seed, engine->options.nonce);",
     '    ps_buf_add(&seed, engine->options.nonce);\n    ps_buf_add_format(&seed, "%lld", (long long)job->tries + job->empty_looks + job->first_signed_ms);'),
    ("src/core/engine_wishes.c", "    if (job->request == NULL) {\n", "    {\n"))
row("R2c", "open-create-made-afresh", "a create found open after a crash is sent again unasked",
    STORIES + "a_job_that_no_list_shows_is_known_by_its_output",
    "src/core/engine.c", "    case PS_STATE_REPEATING:\n        return PS_STATE_LOOK_NAME;", "    case PS_STATE_REPEATING:\n        return PS_STATE_READY;")
row("R2d", "one-look-is-enough", "one empty look proves absence", STORIES + "a_create_is_proven_absent_only_after_two_looks_and_all_waits",
    "src/core/rules.h", "#define PS_EMPTY_LOOKS 2", "#define PS_EMPTY_LOOKS 1")
row("R2", "open-create-of-an-older-copy", "an open create of an older copy is made again where other jobs hold its records",
    STORIES + "an_older_copy_whose_open_create_was_sent_in_other_jobs",
    ("src/core/engine_proof.c", "    if (has_stranger(engine)) {", "    if (has_stranger(engine) && engine->job_count < 0) {"),
    ("src/core/engine_proof.c", "PS_TOKEN_WINDOW_MS && !has_stranger(engine)) {",
     "PS_TOKEN_WINDOW_MS) {"))
row("R2d", "looks-do-not-wait", "looks count before signature and list lag have passed",
    STORIES + "a_create_is_proven_absent_only_after_two_looks_and_all_waits",
    "src/core/engine_proof.c", "        job->last_signed_ms + PS_SIGNING_SLACK_MS + PS_SIGNATURE_MS + PS_LIST_LAG_MS;",
    "        job->last_signed_ms;")
row("R2d", "looks-side-by-side", "the two looks need not stand five minutes apart",
    STORIES + "a_create_is_proven_absent_only_after_two_looks_and_all_waits",
    "src/core/rules.h", "#define PS_LOOK_GAP_MS (5 * PS_MINUTE_MS)", "#define PS_LOOK_GAP_MS PS_SECOND_MS")
row("R2d", "slot-given-away", "a create in doubt gives its slot away", STORIES + "a_create_is_proven_absent_only_after_two_looks_and_all_waits",
    "src/core/job.c", "const bool is_there = job->state >= PS_STATE_CREATING && job->state <= PS_STATE_ASKING;",
    "const bool is_there = job->state >= PS_STATE_LIVE && job->state <= PS_STATE_ASKING;")
row("R2", "strangers-not-looked-for", "jobs without a row are not looked for at the start",
    STORIES + "an_older_copy_after_a_retry_job_has_run",
    "src/core/engine_start.c", "            match_foreign(engine, &fact->jobs[row]);", "            (void)match_foreign;")
row("R2", "strangers-by-our-plan", "a job without a row holds what our plan says, not what its input holds",
    STORIES + "an_older_copy_after_a_retry_job_has_run",
    "src/core/engine_start.c", "    job->state = PS_STATE_FOREIGN_LIST;", "    job->state = PS_STATE_ASKING;")
row("R2", "store-behind-not-waited-for", "a store that is behind does not wait for jobs that no list shows yet",
    STORIES + "an_older_copy_and_a_list_that_lags",
    "src/core/engine_start.c", "engine->is_behind && !engine->has_waited", "engine->is_behind && engine->has_waited")
row("R2", "overlap-sent", "unsent jobs that hold records of a job without a row are sent too",
    STORIES + "an_older_copy_whose_unsent_jobs_were_cut_anew",
    "src/app/turn_local.c", "        ps_holds_add(&holds, &rows[object]);\n", "")
row("R2", "gone-input-guessed", "a job without a row whose input is gone counts as holding nothing",
    STORIES + "an_older_copy_and_inputs_that_are_gone",
    "src/core/job_states.c", "TO(FOREIGN_LIST, BACK_OFF), ________, TO(FOREIGN_LIST, HALT), ________,",
    "TO(FOREIGN_LIST, BACK_OFF), ________, TO(ASKING, GO), ________,")

# --- R3: proven dead ---------------------------------------------------------------------------------

row("R3", "manifest-not-compared", "any manifest proves that the rest was not processed",
    STORIES + "a_completed_job_whose_output_was_deleted",
    "src/core/engine_proof.c", "if (tally->has_manifest && tally->lines == tally->manifest_counted) {", "if (tally->has_manifest) {")
row("R3", "one-listing-is-enough", "without a manifest one listing proves it",
    STORIES + "one_empty_listing_proves_nothing_while_counters_lag",
    "src/core/engine_proof.c", "if (!tally->has_manifest && is_second_look && job->counted == tally->lines) {",
    "if (!tally->has_manifest && job->counted == tally->lines) {")
row("R3", "listings-side-by-side", "the two listings need not stand ten minutes apart",
    STORIES + "one_empty_listing_proves_nothing_while_counters_lag",
    "src/core/rules.h", "#define PS_LISTING_GAP_MS (10 * PS_MINUTE_MS)", "#define PS_LISTING_GAP_MS PS_SECOND_MS")
row("R3", "counters-not-compared", "without a manifest the counters of Get are not compared",
    STORIES + "an_output_that_was_deleted_where_there_is_no_manifest",
    "src/core/engine_proof.c", "if (!tally->has_manifest && is_second_look && job->counted == tally->lines) {",
    "if (!tally->has_manifest && is_second_look) {")
row("R3", "unknown-is-none", "counters that Get leaves out count as none processed",
    STORIES + "no_output_and_no_counters_prove_nothing",
    "src/core/engine.c", "    engine->jobs[place].counted = -1;\n", "    engine->jobs[place].counted = 0;\n")
row("R3", "read-again", "outputs that did not change are fetched again at each look",
    STORIES + "a_completed_job_whose_output_was_deleted",
    "src/core/engine_jobs.c", "    if (is_tallied(job)) {", "    if (is_tallied(job) && job->number < 0) {")
row("R3", "output-not-settled", "missing output is not looked for during an hour", STORIES + "a_completed_job_whose_output_was_deleted",
    "src/core/rules.h", "#define PS_OUTPUT_SETTLE_MS PS_HOUR_MS", "#define PS_OUTPUT_SETTLE_MS PS_MINUTE_MS")
row("R3", "unaccounted-sent-again", "unaccounted records are sent again", STORIES + "a_completed_job_whose_output_was_deleted",
    "src/app/turn_local.c", "return kind == PS_ANSWER_NONE || kind == PS_ANSWER_RETRYABLE ||",
    "return kind == PS_ANSWER_NONE || kind == PS_ANSWER_UNACCOUNTED || kind == PS_ANSWER_RETRYABLE ||")
row("R3", "retry-sends-unaccounted", "retry sends unaccounted records without being told", STORIES + "a_completed_job_whose_output_was_deleted",
    ("src/cli/own_retry.c", "        return owner->options->is_resend_unaccounted;", "        return true;"),
    ("src/cli/own_retry.c", "    if (owner->options->is_resend_unaccounted) {", "    if (owner->options != NULL) {"))
row("R3", "stop-believed", "a Stop that was taken counts as the end", STORIES + "stop_of_running_jobs",
    "src/core/job_states.c", "        TO(ASKING, GO), ________, TO(ASKING, GO), TO(ASKING, GO),\n        TO(ASKING, GO), ________, TO(ASKING, STEP),",
    "        TO(LISTING, NOTE_END), ________, TO(ASKING, GO), TO(ASKING, GO),\n        TO(ASKING, GO), ________, TO(ASKING, STEP),")
row("R3", "stop-refused-believed", "a Stop that was refused counts as the end", STORIES + "stop_meets_completed",
    "src/core/job_states.c", "        TO(ASKING, GO), ________, TO(ASKING, GO), TO(ASKING, GO),\n        TO(ASKING, GO), ________, TO(ASKING, STEP),",
    "        TO(ASKING, GO), ________, TO(ASKING, GO), TO(LISTING, NOTE_END),\n        TO(ASKING, GO), ________, TO(ASKING, STEP),")
row("R3", "stop-lost-believed", "a Stop whose answer is lost counts as the end", STORIES + "stop_whose_answer_is_lost",
    "src/core/job_states.c", "        TO(ASKING, GO), ________, TO(ASKING, GO), TO(ASKING, GO),\n        TO(ASKING, GO), ________, TO(ASKING, STEP),",
    "        TO(ASKING, GO), ________, TO(ASKING, GO), TO(ASKING, GO),\n        TO(LISTING, NOTE_END), ________, TO(ASKING, STEP),")
row("R3", "live-ones-cancelled", "a stop ends while jobs still hold records", STORIES + "stop_of_running_jobs",
    "src/core/engine_turn.c", "    if (engine->open > 0) {\n        return false;\n    }\n    if (engine->unsent == 0 && !engine->is_cut_due) {",
    "    if (engine->unsent == 0 && !engine->is_cut_due) {")

# --- R4: once ----------------------------------------------------------------------------------------

row("R4", "unknown-sent-again", "a call whose outcome is unknown is made again", ONCE + "an_error_after_execution_is_maybe_paid",
    "src/core/engine_calls.c", "    if (fact->outcome == PS_OUTCOME_UNKNOWN) {\n        return PS_CALL_END_MAYBE_PAID;",
    "    if (fact->outcome == PS_OUTCOME_UNKNOWN) {\n        return PS_CALL_END_AGAIN;")
row("R4", "5xx-is-a-refusal", "an answer of 5xx to a call counts as a refusal", ONCE + "an_error_after_execution_is_maybe_paid",
    "src/aws/runtime.c", "(http_status == 400 || http_status == 403", "(http_status >= 500 || http_status == 400 || http_status == 403")
row("R4", "lost-is-a-refusal", "a call whose answer is lost counts as refused", ONCE + "an_answer_that_is_lost_after_execution_is_maybe_paid",
    "src/aws/runtime.c", "    if (answer->reach == PS_HTTP_UNSENT || answer->reach == PS_HTTP_PARTLY_SENT) {",
    "    if (answer->reach != PS_HTTP_ANSWERED) {")
row("R4", "libcurl-repeats", "libcurl has the body and may send it again by itself",
    ONCE + "an_answer_that_is_lost_after_execution_is_maybe_paid",
    "src/aws/http.c", "        (void)curl_easy_setopt(easy, CURLOPT_READDATA, exchange);",
    "        (void)curl_easy_setopt(easy, CURLOPT_READDATA, exchange);\n"
    "        if (is_post && exchange->body != NULL) {\n"
    "            (void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 0L);\n"
    "            (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);\n"
    "            (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_bytes);\n"
    "            (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange->body);\n"
    "            exchange->given_bytes = exchange->body_bytes;\n"
    "        }")
row("R4", "open-calls-forgotten", "a call that was open at a crash is made again", ONCE + "a_kill_with_calls_under_way_repeats_none",
    "src/app/turn_calls.c", "    if (lost->status != PS_OK || ps_call_journal_has(journal, record)) {", "    if (record >= 0) {")

# --- R5: paths and puts ------------------------------------------------------------------------------

row("R5", "put-overwrites", "a put has no If-None-Match", STORIES + "another_object_in_the_way_is_neither_taken_nor_overwritten",
    "src/aws/s3_put.c", '.headers = {{"If-None-Match", PS_STR("*")},', '.headers = {{"x-amz-meta-none", PS_STR("none")},')
row("R5", "attempt-not-in-input-path", "the input path lacks the attempt", STORIES + "a_create_never_arrives_and_three_days_pass",
    "src/core/names.c", 'ps_buf_add_format(buf, "in/j%08" PRId64 "-a%" PRId64 "/", job, attempt);',
    'ps_buf_add_format(buf, "in/j%08" PRId64 "-a%" PRId64 "/", job, attempt - attempt + 1);')
row("R5", "attempt-not-in-output-path", "the output path lacks the attempt", STORIES + "a_create_never_arrives_and_three_days_pass",
    "src/core/names.c", 'ps_buf_add_format(buf, "out/j%08" PRId64 "-a%" PRId64 "/", job, attempt);',
    'ps_buf_add_format(buf, "out/j%08" PRId64 "-a%" PRId64 "/", job, attempt - attempt + 1);')
row("R5", "numbers-used-again", "a number whose folder is there is used again",
    STORIES + "numbers_of_an_earlier_longer_attempt_are_not_used_again",
    "src/core/engine_start.c",
    "        engine->next_number = number >= engine->next_number ? number + 1 : engine->next_number;", "")
row("R5", "extra-objects-not-seen", "an object too many does not stop the create",
    STORIES + "an_object_too_many_in_the_folder_stops_the_create",
    "src/core/engine_jobs.c", "if (fact->object_count > job->shard_count) {", "if (fact->object_count < 0) {")
row("R5", "missing-objects-not-seen", "an object that is missing does not stop the create",
    STORIES + "an_object_that_vanished_before_the_create_is_put_again",
    "src/core/engine_jobs.c", "            is_missing = true;", "            is_missing = false;")
row("R5", "sizes-not-compared", "an object of another size does not stop the create",
    STORIES + "an_object_that_changed_its_size_before_the_create_stops_it",
    "src/core/engine_jobs.c", "} else if (object->size_bytes != job->shards[shard].bytes) {", "} else if (object->size_bytes < 0) {")
row("R5", "no-listing-before-create", "the folder is not listed before the create",
    STORIES + "an_object_too_many_in_the_folder_stops_the_create",
    "src/core/job_states.c", "        TO(CHECKING, STEP), TO(PUTTING, PART),", "        TO(READY, GO), TO(PUTTING, PART),")
row("R5", "uploads-left-open", "uploads left open are not aborted at the start", STORIES + "uploads_left_open_are_aborted_and_only_ours",
    "src/core/engine_start.c", "[PS_START_SWEEP] = PS_WISH_ABORT_UPLOADS,", "[PS_START_SWEEP] = PS_WISH_LIST_OBJECTS,")
row("R5", "parts-left-open", "the parts of a killed put are left open", STORIES + "a_put_in_parts_is_killed_and_its_upload_aborted",
    "src/core/engine_start.c", "[PS_START_SWEEP] = PS_WISH_ABORT_UPLOADS,", "[PS_START_SWEEP] = PS_WISH_LIST_OBJECTS,")
row("R5", "parts-overwrite", "a put in parts has no If-None-Match", STORIES + "a_put_in_parts_overwrites_nothing_either",
    "src/aws/s3_multipart.c", '.headers = {{"If-None-Match", PS_STR("*")},', '.headers = {{"x-amz-meta-none", PS_STR("none")},')
row("R5", "equal-412-is-an-error", "a 412 on our own object is an error", STORIES + "a_put_that_was_lost_meets_its_own_object",
    "src/aws/s3_put.c", "        ps_s3_check_begin(act);", "        ps_act_fail(act, answer, PS_OUTCOME_NO);")
row("R5", "checksums-not-compared", "a 412 on an object with another checksum is taken for success",
    STORIES + "another_object_in_the_way_is_neither_taken_nor_overwritten",
    "src/aws/s3_check.c", "    } else if (crc32 != put->body.crc32) {", "    } else if (crc32 != put->body.crc32 && size_bytes < 0) {")
row("R5", "bytes-not-compared", "a 412 on an object with other bytes and no checksum is taken for success",
    STORIES + "another_object_in_the_way_is_neither_taken_nor_overwritten",
    "src/aws/s3_check.c", "    } else if (put->read_crc32 != put->body.crc32) {", "    } else if (put->read_bytes < 0) {")
row("R5", "outputs-in-one-folder", "outputs are looked for in one folder only", ENDINGS + "nothing_goes_wrong",
    "src/core/engine_wishes.c", "    wish->key = ps_buf_str(&engine->key);\n}\n\nstatic void wish_look",
    "    wish->key = ps_buf_str(&engine->key);\n    wish->is_shallow = job->state == PS_STATE_LISTING;\n}\n\nstatic void wish_look")
row("R5", "joined-by-place", "outputs are joined by their place, not by id", ENDINGS + "nothing_goes_wrong",
    "src/app/collect.c", "    const struct filed candidate = make_payload(collect, &line);\n    return file_answer(collect, line.record, place, &candidate, err);",
    "    place = collect->counts.lines;\n    if (!ps_job_records_at(collect->records, place, &line.record)) {\n        return PS_OK;\n    }\n"
    "    const struct filed candidate = make_payload(collect, &line);\n    return file_answer(collect, line.record, place, &candidate, err);")

# --- R6: the source ----------------------------------------------------------------------------------

row("R6", "results-read-the-input", "results cannot be written without the input", STORIES + "resumed_without_the_input",
    "src/cli/own_end.c", "        source = NULL; /* the failed file then has ids only */",
    "        *err = source_err;\n        return err->status;")
row("R6", "input-gone-halts", "a missing input stops the run, and what was sent is lost", STORIES + "resumed_without_the_input",
    "src/core/job_states.c", "TO(PUTTING, BACK_OFF), ________, TO(CLOSING, INPUT_GONE), TO(PUTTING, HALT),",
    "TO(PUTTING, BACK_OFF), ________, TO(PUTTING, HALT), TO(PUTTING, HALT),")
row("R6", "size-not-pinned", "an input of another size is read", STORIES + "resumed_with_an_input_that_grew",
    "src/app/inputs.c", "        facts.st_size != input->size_bytes || changed_at_ns", "        changed_at_ns")
row("R6", "time-not-pinned", "an input of another time is read", STORIES + "resumed_with_an_input_of_another_time",
    "src/app/inputs.c", "facts.st_size != input->size_bytes || changed_at_ns(&facts) != input->changed_at_ns) {",
    "facts.st_size != input->size_bytes) {")
row("R6", "lines-not-pinned", "a line that is made again is not held against the index",
    STORIES + "resumed_with_other_bytes_of_the_same_size_and_time",
    ("src/app/shard_body.c", "body->line.size != entry->sent_bytes || ps_crc32(0, body->line) != entry->sent_crc32) {",
     "body->line.size != entry->sent_bytes) {"),
    ("src/aws/s3_put.c", "if (put->given_bytes == put->body.size_bytes && put->crc32 != put->body.crc32) {",
     "if (put->given_bytes == put->body.size_bytes && put->given_bytes < 0) {"))
row("R6", "converter-not-held", "a line of another converter is put", STORIES + "resumed_with_another_converter",
    "src/app/shard_body.c", "body->line.size != entry->sent_bytes || ps_crc32(0, body->line) != entry->sent_crc32) {",
    "body->line.size == 0) {")
row("R6", "packed-input-read-again", "a packed input is not kept unpacked", STORIES + "a_packed_input_may_vanish_once_it_is_read",
    "src/app/source_facts.c", "        input->path = ps_files_join(folder, input->spool);", "        input->path = ps_str_dup(ps_str_of(input->name));")

# --- R7: tries ---------------------------------------------------------------------------------------

row("R7", "four-tries", "a record has more than three tries", ENDINGS + "every_record_is_throttled_always",
    "src/core/rules.h", "#define PS_RECORD_TRIES_MAX 3", "#define PS_RECORD_TRIES_MAX 4")
row("R7", "two-tries", "a record has fewer than three tries", ENDINGS + "every_record_is_throttled_always",
    "src/core/rules.h", "#define PS_RECORD_TRIES_MAX 3", "#define PS_RECORD_TRIES_MAX 2")
row("R7", "retries-not-pooled", "a few retries do not wait for more", STORIES + "retries_pool_into_one_job",
    "src/core/engine_turn.c", "    } else if (!is_cut_time(engine)) {\n        if (engine->open > 0) {",
    "    } else if (!is_cut_time(engine)) {\n        if (engine->open > 0 && engine->unsent <= 0) {")
row("R7", "minimum-ignored", "a job is made below the minimum", STORIES + "a_rest_below_the_minimum_waits_fails_and_is_taken_up_by_retry",
    "src/core/plan.c", "        if (job.records < min_records) {", "        if (job.records < min_records - min_records) {")
row("R7", "rest-is-cancelled", "a rest below the minimum does not fail as such",
    STORIES + "a_rest_below_the_minimum_waits_fails_and_is_taken_up_by_retry",
    "src/core/engine_turn.c", "wish.shard = (int64_t)PS_VERDICT_BELOW_MINIMUM;", "wish.shard = (int64_t)PS_VERDICT_CANCELLED;")
row("R7", "retry-leaves-failed", "retry does not take up what failed",
    STORIES + "a_rest_below_the_minimum_waits_fails_and_is_taken_up_by_retry",
    ("src/cli/own_retry.c", "    case PS_ANSWER_FAILED:\n", ""),
    ("src/cli/own_retry.c", ".again = ps_answers_count(owner->answers, PS_ANSWER_FAILED) +\n                 ps_answers", ".again = ps_answers"))
row("R7", "final-errors-sent-again", "a final error is sent again", ENDINGS + "a_record_is_wrong",
    "src/core/outcome.c", "number == 408 ||", "number == 400 || number == 408 ||")
row("R7", "throttled-not-sent-again", "a throttled record is not sent again", ENDINGS + "a_record_is_throttled_once",
    "src/core/outcome.c", "number == 408 || number == 424 || number == 429;", "number == 408 || number == 424;")
row("R7", "broken-not-sent-again", "a record that broke the service is not sent again", ENDINGS + "a_record_breaks_the_service_once",
    "src/core/outcome.c", "return is_transient || (number >= 500 && number <= 599);", "return is_transient;")

# --- R8: who a run is --------------------------------------------------------------------------------

row("R8", "another-run-each-time", "the same command starts another run", RESUME + "the_same_command_again_continues",
    ("src/cli/identity.c", "    if (search.found == NULL) {\n        return false;", "    if (search.found == NULL || search.found != NULL) {\n        return false;"),
    ("src/cli/identity.c", 'ps_buf_add_format(&both, "%s%s", params, ps_buf_text(&digest));',
     'ps_buf_add_format(&both, "%s%s%lld", params, ps_buf_text(&digest), (long long)ps_clock_real_wall_ms());'))
row("R8", "input-read-to-be-known", "the same command needs the input to find its run", STORIES + "resumed_without_the_input",
    "src/cli/identity.c", "    if (search.found == NULL) {\n        return false;", "    if (search.found == NULL || search.found != NULL) {\n        return false;")
row("R8", "content-not-known-again", "the same standard input starts another run", RESUME + "the_same_standard_input_again_continues",
    "src/cli/identity.c", 'ps_buf_add_format(&both, "%s%s", params, ps_buf_text(&digest));',
    'ps_buf_add_format(&both, "%s%s%lld", params, ps_buf_text(&digest), (long long)ps_clock_real_wall_ms());')
row("R8", "new-is-not-new", "--new starts no other run", RESUME + "new_starts_another_run",
    "src/cli/identity.c", "    if (options->is_new) {", "    if (options->is_new && options->max_tokens < 0) {")
row("R8", "two-owners", "a second start does not see that the run is owned", RESUME + "a_second_start_follows_the_first",
    "src/os/files.c", "    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {", "    if (descriptor < 0) {")
row("R8", "second-start-refused", "a second start does not follow the owner", RESUME + "a_second_start_follows_the_first",
    "src/cli/own.c", "        if (follow(options, folder, owner_pid, &exit_status)) {\n            return exit_status;\n        }",
    "        return ps_say_error(&err);")
row("R8", "follower-always-happy", "a follower does not end with its owner's status", RESUME + "a_follower_ends_with_the_status_of_the_owner",
    "src/cli/follow.c", "    return judge_again(options, folder, (int)status->exit_status);", "    return PS_EXIT_OK;")

# --- how jobs end ------------------------------------------------------------------------------------

TERMINAL = "return status >= PS_JOB_COMPLETED && status <= PS_JOB_EXPIRED;"
for name, status, test in [
        ("completed", "COMPLETED", ENDINGS + "nothing_goes_wrong"),
        ("half-done", "PARTIALLY_COMPLETED", ENDINGS + "a_job_ends_half_done"),
        ("failed", "FAILED", ENDINGS + "a_job_fails_without_a_word"),
        ("stopped", "STOPPED", ENDINGS + "a_job_is_stopped_by_somebody_else"),
        ("expired", "EXPIRED", ENDINGS + "a_job_expires_in_the_queue")]:
    row("endings", name + "-is-no-end", "%s is not known as an end" % status.title().replace("_", ""), test,
        "src/core/wish.c", TERMINAL, "return status >= PS_JOB_COMPLETED && status <= PS_JOB_EXPIRED && status != PS_JOB_%s;" % status)
for name, what, test in [
        ("half-done", "PartiallyCompleted", ENDINGS + "a_job_ends_half_done"),
        ("stopped", "Stopped", ENDINGS + "a_job_is_stopped_by_somebody_else")]:
    row("endings", name + "-not-harvested", "%s is not harvested" % what, test,
        "src/core/job_states.c", "TO(LIVE, GO), TO(LISTING, NOTE_END), ________),", "TO(LIVE, GO), TO(TALLYING, NOTE_END), ________),")
row("endings", "no-success-no-lines", "Completed with zero successes: error lines do not count as lines",
    STORIES + "a_job_that_completes_without_one_success",
    "src/app/collect.c", "    if (line.kind == PS_OUTPUT_BROKEN) {", "    if (line.kind == PS_OUTPUT_BROKEN || line.kind == PS_OUTPUT_ERROR) {")
row("endings", "unprocessed-lost", "what a half done job left over is not sent again", ENDINGS + "a_job_ends_half_done",
    "src/app/turn_local.c", "kind == PS_ANSWER_RETRYABLE || kind == PS_ANSWER_UNPROCESSED;", "kind == PS_ANSWER_RETRYABLE;")
row("endings", "half-a-character", "a line with half a character in its text is lost", ENDINGS + "texts_hold_half_a_character",
    "src/core/output_line.c", "yyjson_val *const repaired = read_repaired(doc, text, room);", "yyjson_val *const repaired = NULL;")

# --- model dialects ----------------------------------------------------------------------------------

for name, text, wrong, test in [
        ("anthropic", '[PS_FAMILY_ANTHROPIC] = {"/content",', '[PS_FAMILY_ANTHROPIC] = {"/contents",', "family_anthropic"),
        ("nova", '[PS_FAMILY_NOVA] = {"/output/message/content", "/stopReason", "/usage/inputTokens",',
         '[PS_FAMILY_NOVA] = {"/output/message/content", "/stopReason", "/usage/input_tokens",', "family_nova"),
        ("llama", '[PS_FAMILY_LLAMA] = {"/generation", "/stop_reason",', '[PS_FAMILY_LLAMA] = {"/generation", "/stopReason",', "family_llama"),
        ("mistral", '[PS_FAMILY_MISTRAL] = {"/outputs/0/text",', '[PS_FAMILY_MISTRAL] = {"/outputs/1/text",', "family_mistral"),
        ("openai", '[PS_FAMILY_OPENAI] = {"/choices/0/message/content",', '[PS_FAMILY_OPENAI] = {"/choices/0/text",', "family_openai"),
        ("titan-text", '[PS_FAMILY_TITAN_TEXT] = {"/results/0/outputText",', '[PS_FAMILY_TITAN_TEXT] = {"/outputText",', "family_titan_text"),
        ("converse", '[PS_FAMILY_CONVERSE] = {"/output/message/content",', '[PS_FAMILY_CONVERSE] = {"/output/content",', "family_converse")]:
    row("families", name + "-answer", "the answer's text, usage or stop reason is looked for elsewhere", DIALECTS + test,
        "src/core/answer.c", text, wrong)
for name, text, wrong, test in [
        ("anthropic", 'put(writer, ",\\"system\\":\\"");\n        put_joined(writer, request, PS_ROLE_SYSTEM);',
         'put(writer, ",\\"system\\":\\"");', "family_anthropic"),
        ("nova", '"{\\"schemaVersion\\":\\"messages-v1\\"," : "{"', '"{\\"inputText\\":1," : "{"', "family_nova"),
        ("llama", "        put_turn_head(writer, style, PS_ROLE_SYSTEM);\n        put_joined(writer, request, PS_ROLE_SYSTEM);",
         "        put_turn_head(writer, style, PS_ROLE_SYSTEM);", "family_llama"),
        ("mistral", "                put_joined(writer, request, PS_ROLE_SYSTEM);", "                put(writer, \"\");", "family_mistral"),
        ("openai", "static const struct chat_style style_openai = {true,", "static const struct chat_style style_openai = {false,", "family_openai"),
        ("titan-text", "    if (has_system) {\n        put_joined(writer, request, PS_ROLE_SYSTEM);", "    if (has_system) {", "family_titan_text"),
        ("titan-embed", "    put_string(writer, ps_request_part(request, 0).text);\n    put(writer, \"}\");\n    return true;",
         "    put(writer, \"\\\"\\\"}\");\n    return true;", "family_titan_embed"),
        ("converse", "            put_string(writer, part.text);\n            put(writer, \"}\");\n            is_first = false;",
         "            put(writer, \"\\\"\\\"}\");\n            is_first = false;", "family_converse")]:
    row("families", name + "-body", "a part of the body is not written", DIALECTS + test, "src/core/body.c", text, wrong)

# --- input dialects ----------------------------------------------------------------------------------

DIALECT = "src/core/dialect.c"
for name, text, wrong, test in [
        ("bedrock", '{"bedrock", "recordId", "modelInput"}', '{"bedrock", "recordid", "modelInput"}', "dialect_bedrock"),
        ("openai", '{"openai", "custom_id", "body"}', '{"openai", "id", "body"}', "dialect_openai_batch"),
        ("anthropic", '{"anthropic", "custom_id", "params"}', '{"anthropic", "custom_id", "body"}', "dialect_anthropic_batch"),
        ("simple", '{"simple", "id", ""}', '{"simple", "recordId", ""}', "dialect_simple_prompts")]:
    row("dialects", name, "the id or the body is looked for elsewhere", DIALECTS + test, DIALECT, text, wrong)
row("dialects", "simple-messages", "messages are not known as the simple dialect", DIALECTS + "dialect_simple_messages",
    DIALECT, 'yyjson_obj_get(root, "messages") != NULL', 'yyjson_obj_get(root, "message") != NULL')
row("dialects", "text", "a .txt file is not known as text", DIALECTS + "dialect_plain_text_by_its_name",
    "src/app/index_detect.c", 'if (all_have_suffix(inputs, ".txt")) {', 'if (all_have_suffix(inputs, ".text")) {')
row("dialects", "text-lines", "a text line is not the prompt", DIALECTS + "dialect_plain_text_when_told",
    "src/core/record.c", "    ps_request_add(&maker->request, PS_ROLE_USER, true, source);",
    "    ps_request_add(&maker->request, PS_ROLE_USER, true, ps_str_part(source, 1, source.size));")
row("dialects", "csv", "a .csv file is not known as CSV", DIALECTS + "dialect_csv_with_a_template",
    "src/app/index_detect.c", 'if (all_have_suffix(inputs, ".csv")) {', 'if (all_have_suffix(inputs, ".tsv")) {')
row("dialects", "template", "a template is taken as it stands", DIALECTS + "dialect_any_json_lines_with_a_template",
    "src/core/template.c", "    add_piece(template, true, name);", "    add_piece(template, false, name);")
row("dialects", "gzip", "a gzip file is read as it is", DIALECTS + "dialect_gzip",
    "src/app/inputs.c", "    if (packing_of(descriptor) != PS_PACKING_NONE) {", "    if (packing_of(descriptor) == PS_PACKING_ZSTD) {")
