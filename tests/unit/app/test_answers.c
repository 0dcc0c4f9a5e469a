/*
 * Goal: what a record is worth follows from the committed segments alone, and the first success is
 * for ever. Method: small histories by hand; then random ones against a model of a few lines, with
 * a re-open that must give the same.
 */
#include "app/answers.h"

#include "folder.h"

#include "base/buf.h"
#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct ps_answers *open_answers(const char *const folder, const int64_t record_count,
                                       const char *const *const names, const int64_t count)
{
    struct ps_answers *answers = NULL;
    struct ps_error err;
    const enum ps_status status =
        ps_answers_open(folder, record_count, names, count, &answers, &err);
    if (status != PS_OK) {
        print_message("%s\n", err.message);
    }
    assert_int_equal(status, PS_OK);
    return answers;
}

static struct ps_segment *begin(struct ps_answers *const answers, const char *const name)
{
    struct ps_segment *segment = NULL;
    struct ps_error err;
    assert_int_equal(ps_segment_begin(answers, name, &segment, &err), PS_OK);
    return segment;
}

static void add(struct ps_segment *const segment, const int64_t record,
                const enum ps_answer_kind kind, const char *const text)
{
    struct ps_error err;
    assert_int_equal(ps_segment_add_answer(segment, record, kind, ps_str_of(text),
                                           (struct ps_usage){3, 2}, &err),
                     PS_OK);
}

static void commit(struct ps_segment *const segment)
{
    struct ps_error err;
    assert_int_equal(ps_segment_commit(segment, &err), PS_OK);
}

/* A segment of one entry. */
static void file_one(struct ps_answers *const answers, const char *const name, const int64_t record,
                     const enum ps_answer_kind kind, const char *const text)
{
    struct ps_segment *const segment = begin(answers, name);
    add(segment, record, kind, text);
    commit(segment);
}

static void assert_state(struct ps_answers *const answers, const int64_t record,
                         const enum ps_answer_kind kind, const int64_t tries,
                         const char *const text)
{
    struct ps_error err;
    struct ps_buf payload PS_CLEANUP(ps_buf_release);
    ps_buf_init(&payload, 100000);
    const struct ps_answer_state state = ps_answers_state(answers, record);
    assert_int_equal(state.kind, kind);
    assert_int_equal(state.tries, tries);
    if (kind != PS_ANSWER_NONE) {
        assert_int_equal(ps_answers_payload(answers, record, &payload, &err), PS_OK);
        assert_string_equal(ps_buf_text(&payload), text);
    }
}

static void a_new_record_has_nothing(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_answers *answers = open_answers(folder, 3, NULL, 0);
    assert_state(answers, 2, PS_ANSWER_NONE, 0, NULL);
    assert_int_equal(ps_answers_state(answers, 2).segment, -1);
    assert_int_equal(ps_answers_count(answers, PS_ANSWER_NONE), 3);
    answers = ps_answers_free(answers);
    assert_null(ps_answers_free(answers));
}

static void nothing_counts_before_its_commit(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_answers *answers = open_answers(folder, 3, NULL, 0);
    struct ps_segment *segment = begin(answers, "a");
    add(segment, 1, PS_ANSWER_SUCCEEDED, "x");
    assert_state(answers, 1, PS_ANSWER_NONE, 0, NULL);
    assert_null(ps_segment_free(segment));
    assert_false(ps_answers_has_segment(answers, "a"));
    file_one(answers, "a", 1, PS_ANSWER_SUCCEEDED, "y");
    assert_true(ps_answers_has_segment(answers, "a"));
    assert_state(answers, 1, PS_ANSWER_SUCCEEDED, 1, "y");
    assert_string_equal(ps_answers_segment_name(answers, 0), "a");
    assert_int_equal(ps_segment_begin(answers, "a", &segment, NULL), PS_E_CONFLICT);
    answers = ps_answers_free(answers);
}

static void the_first_success_wins_for_ever(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_answers *answers = open_answers(folder, 1, NULL, 0);
    file_one(answers, "a", 0, PS_ANSWER_RETRYABLE, "429");
    assert_state(answers, 0, PS_ANSWER_RETRYABLE, 1, "429");
    file_one(answers, "b", 0, PS_ANSWER_FAILED, "400");
    assert_state(answers, 0, PS_ANSWER_FAILED, 2, "400");
    file_one(answers, "c", 0, PS_ANSWER_SUCCEEDED, "first");
    assert_state(answers, 0, PS_ANSWER_SUCCEEDED, 3, "first");
    file_one(answers, "d", 0, PS_ANSWER_SUCCEEDED, "second");
    file_one(answers, "e", 0, PS_ANSWER_FAILED, "late");
    assert_state(answers, 0, PS_ANSWER_SUCCEEDED, 5, "first");
    struct ps_answers_sums sums;
    ps_answers_sums(answers, &sums);
    assert_int_equal(sums.input_tokens, 3);
    assert_int_equal(sums.output_tokens, 2);
    assert_int_equal(sums.late_successes, 1);
    assert_int_equal(sums.late_input_tokens, 3);
    assert_int_equal(sums.late_output_tokens, 2);
    assert_int_equal(ps_answers_late_successes(answers), 1);
    answers = ps_answers_free(answers);
}

static void within_a_segment_the_last_counts_but_no_error_beats_a_success(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_answers *answers = open_answers(folder, 2, NULL, 0);
    struct ps_segment *const segment = begin(answers, "a");
    add(segment, 0, PS_ANSWER_FAILED, "f");
    add(segment, 0, PS_ANSWER_SUCCEEDED, "s1");
    add(segment, 0, PS_ANSWER_SUCCEEDED, "s2");
    add(segment, 0, PS_ANSWER_FAILED, "g");
    commit(segment);
    assert_state(answers, 0, PS_ANSWER_SUCCEEDED, 1, "s2");
    assert_int_equal(ps_answers_late_successes(answers), 0);
    struct ps_answers_sums sums;
    ps_answers_sums(answers, &sums);
    assert_int_equal(sums.input_tokens, 3);
    struct ps_segment *const late = begin(answers, "b");
    add(late, 0, PS_ANSWER_SUCCEEDED, "s3");
    add(late, 0, PS_ANSWER_SUCCEEDED, "s4");
    commit(late);
    assert_state(answers, 0, PS_ANSWER_SUCCEEDED, 2, "s2");
    assert_int_equal(ps_answers_late_successes(answers), 1);
    answers = ps_answers_free(answers);
}

static void cancelled_and_verdicts_are_no_tries(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_answers *answers = open_answers(folder, 1, NULL, 0);
    struct ps_error err;
    file_one(answers, "a", 0, PS_ANSWER_CANCELLED, "c");
    assert_state(answers, 0, PS_ANSWER_CANCELLED, 0, "c");
    file_one(answers, "b", 0, PS_ANSWER_UNPROCESSED, "u");
    assert_state(answers, 0, PS_ANSWER_UNPROCESSED, 1, "u");
    struct ps_segment *segment = NULL;
    assert_int_equal(ps_segment_begin_verdicts(answers, "v", &segment, &err), PS_OK);
    add(segment, 0, PS_ANSWER_FAILED, "below");
    commit(segment);
    assert_state(answers, 0, PS_ANSWER_FAILED, 1, "below");
    assert_false(ps_answers_segment_is_verdicts(answers, 1));
    assert_true(ps_answers_segment_is_verdicts(answers, 2));
    answers = ps_answers_free(answers);
}

static void what_was_not_committed_is_dropped(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_answers *answers = open_answers(folder, 2, NULL, 0);
    file_one(answers, "a", 0, PS_ANSWER_SUCCEEDED, "x");
    file_one(answers, "b", 1, PS_ANSWER_SUCCEEDED, "y"); /* its row was never committed */
    answers = ps_answers_free(answers);
    test_file_write(folder, "c.seg.tmp", PS_STR("half"));
    test_file_write(folder, "scratch.abc", PS_STR("half"));
    test_file_write(folder, "notes.txt", PS_STR("somebody else's"));
    const char *const names[] = {"a"};
    answers = open_answers(folder, 2, names, 1);
    assert_int_equal(test_folder_count(folder), 2);
    assert_state(answers, 0, PS_ANSWER_SUCCEEDED, 1, "x");
    assert_state(answers, 1, PS_ANSWER_NONE, 0, NULL);
    answers = ps_answers_free(answers);
}

/* Who only looks may come while the owner writes. */
static void a_look_leaves_what_is_being_written(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_answers *owner = open_answers(folder, 2, NULL, 0);
    struct ps_answers *looker = NULL;
    struct ps_error err;
    file_one(owner, "a", 0, PS_ANSWER_SUCCEEDED, "x");
    struct ps_segment *const unfinished = begin(owner, "b");
    add(unfinished, 1, PS_ANSWER_SUCCEEDED, "y");
    const char *const names[] = {"a"};
    assert_int_equal(ps_answers_look(folder, 2, names, 1, &looker, &err), PS_OK);
    assert_state(looker, 0, PS_ANSWER_SUCCEEDED, 1, "x");
    assert_state(looker, 1, PS_ANSWER_NONE, 0, NULL);
    looker = ps_answers_free(looker);
    commit(unfinished);
    assert_state(owner, 1, PS_ANSWER_SUCCEEDED, 1, "y");
    owner = ps_answers_free(owner);
}

static void a_missing_or_foreign_segment_is_named(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_answers *answers = open_answers(folder, 10, NULL, 0);
    struct ps_error err;
    file_one(answers, "a", 9, PS_ANSWER_SUCCEEDED, "x");
    answers = ps_answers_free(answers);
    const char *const names[] = {"a", "gone"};
    assert_int_equal(ps_answers_open(folder, 10, names, 2, &answers, &err), PS_E_CORRUPT);
    assert_non_null(strstr(err.message, "gone.seg"));
    assert_int_equal(ps_answers_open(folder, 9, names, 1, &answers, &err), PS_E_CORRUPT);
    assert_non_null(strstr(err.message, "a.seg"));
    assert_null(answers);
}

/* More segments than descriptors are held open. */
static void many_segments_are_read_in_turn(void **state)
{
    (void)state;
    enum { MANY = 150 };
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_answers *answers = open_answers(folder, MANY, NULL, 0);
    for (int64_t record = 0; record < MANY; record++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "s%lld", (long long)record);
        file_one(answers, name, record, PS_ANSWER_SUCCEEDED, name);
    }
    for (int64_t ask = 0; ask < 3 * MANY; ask++) {
        char name[32];
        const int64_t record = (ask * 37) % MANY;
        (void)snprintf(name, sizeof(name), "s%lld", (long long)record);
        assert_state(answers, record, PS_ANSWER_SUCCEEDED, 1, name);
    }
    answers = ps_answers_free(answers);
}

/* The model: what a record is worth, told in the plainest way. */
struct model {
    enum ps_answer_kind kind;
    int64_t tries;
    char text[32];
};

enum { RECORDS = 40, SEGMENTS = 12 };

/* One random segment: at most one entry a record, as a job gives. */
static void play(struct ps_prng *const prng, struct ps_answers *const answers,
                 const char *const name, struct model *const models)
{
    struct ps_segment *const segment = begin(answers, name);
    for (int64_t record = 0; record < RECORDS; record++) {
        if (ps_prng_below(prng, 2) == 0) {
            continue;
        }
        const enum ps_answer_kind kind =
            (enum ps_answer_kind)(1 + ps_prng_below(prng, PS_ANSWER_KIND_COUNT - 1));
        struct model *const model = &models[record];
        char text[32];
        (void)snprintf(text, sizeof(text), "%s-%lld", name, (long long)record);
        add(segment, record, kind, text);
        model->tries += kind == PS_ANSWER_CANCELLED ? 0 : 1;
        if (model->kind != PS_ANSWER_SUCCEEDED) {
            model->kind = kind;
            memcpy(model->text, text, sizeof(text));
        }
    }
    commit(segment);
}

static void assert_models(struct ps_answers *const answers, const struct model *const models)
{
    int64_t counts[PS_ANSWER_KIND_COUNT] = {0};
    for (int64_t record = 0; record < RECORDS; record++) {
        const struct model *const model = &models[record];
        counts[model->kind]++;
        assert_state(answers, record, model->kind, model->tries, model->text);
    }
    for (int kind = 0; kind < PS_ANSWER_KIND_COUNT; kind++) {
        assert_int_equal(ps_answers_count(answers, (enum ps_answer_kind)kind), counts[kind]);
    }
}

static void random_histories_match_the_model_before_and_after_a_reopen(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
        struct ps_prng prng;
        struct model models[RECORDS] = {0};
        char texts[SEGMENTS][16];
        const char *names[SEGMENTS];
        ps_prng_init(&prng, seed);
        struct ps_answers *answers = open_answers(folder, RECORDS, NULL, 0);
        for (int64_t segment = 0; segment < SEGMENTS; segment++) {
            (void)snprintf(texts[segment], sizeof(texts[segment]), "j%lld-a1", (long long)segment);
            names[segment] = texts[segment];
            play(&prng, answers, names[segment], models);
            assert_models(answers, models);
        }
        struct ps_answers_sums before;
        struct ps_answers_sums after;
        ps_answers_sums(answers, &before);
        answers = ps_answers_free(answers);
        answers = open_answers(folder, RECORDS, names, SEGMENTS);
        assert_models(answers, models);
        ps_answers_sums(answers, &after);
        assert_memory_equal(&before, &after, sizeof(before));
        answers = ps_answers_free(answers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_record_has_nothing),
        cmocka_unit_test(nothing_counts_before_its_commit),
        cmocka_unit_test(the_first_success_wins_for_ever),
        cmocka_unit_test(within_a_segment_the_last_counts_but_no_error_beats_a_success),
        cmocka_unit_test(cancelled_and_verdicts_are_no_tries),
        cmocka_unit_test(what_was_not_committed_is_dropped),
        cmocka_unit_test(a_look_leaves_what_is_being_written),
        cmocka_unit_test(a_missing_or_foreign_segment_is_named),
        cmocka_unit_test(many_segments_are_read_in_turn),
        cmocka_unit_test(random_histories_match_the_model_before_and_after_a_reopen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
