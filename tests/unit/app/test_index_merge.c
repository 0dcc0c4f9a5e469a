/* Goal: equal requests are sent once, each with its leader; unequal ones never, not even with one
 * fingerprint; ids that stand there twice are counted. Method: small files under each rule; entries
 * whose fingerprints are forged. */
#include "app/index_merge.h"

#include "folder.h"
#include "index_scene.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define BODY(parameters, text)                                                            \
    "{\"recordId\":\"x\",\"modelInput\":{" parameters "\"messages\":[{\"role\":\"user\"," \
    "\"content\":\"" text "\"}]}}\n"

static const char lines[] = BODY("\"temperature\":0,", "a") /* 0 */
    BODY("\"temperature\":0.7,", "a")                       /* 1: warm */
    BODY("\"temperature\": 0,", "a")                        /* 2 = 0, spaced */
    "{broken\n"                                             /* 3 */
    BODY("\"temperature\":0,\"stream\":true,", "a")         /* 4 = 0, once dropped */
    BODY("\"temperature\":0.7,", "\\u0061")                 /* 5 = 1, escaped */
    BODY("\"temperature\":0,", "b")                         /* 6 */
    "{\"modelInput\":{\"messages\":[{\"content\":\"b\",\"role\":\"user\"}],\"temperature\":0}}"
    "\n" BODY("\"temperature\":0,\"max_tokens\":5,", "b"); /* 8 */

static void each_rule_merges_what_it_should(void **state)
{
    (void)state;
    static const struct {
        enum ps_dedupe dedupe;
        int64_t leaders[9]; /* -1: none */
    } rows[] = {
        {PS_DEDUPE_NONE, {-1, -1, -1, -1, -1, -1, -1, -1, -1}},
        {PS_DEDUPE_SAFE, {-1, -1, 0, -1, 0, -1, -1, 6, -1}},
        {PS_DEDUPE_ALL, {-1, -1, 0, -1, 0, 1, -1, 6, -1}},
    };
    for (size_t row = 0; row < 3; row++) {
        struct scene scene;
        int64_t duplicates = 0;
        int64_t saved = 0;
        scene_init(&scene);
        scene.options.dedupe = rows[row].dedupe;
        scene_add(&scene, "in.jsonl", ps_str_of(lines));
        scene_build(&scene);
        for (int64_t record = 0; record < 9; record++) {
            const struct ps_entry *const entry = ps_index_entry(scene.index, record);
            const bool is_duplicate = (entry->flags & PS_ENTRY_DUPLICATE) != 0;
            assert_int_equal(is_duplicate, rows[row].leaders[record] >= 0);
            if (is_duplicate) {
                assert_int_equal(entry->leader, rows[row].leaders[record]);
                duplicates++;
                saved += entry->input_tokens;
            }
        }
        assert_int_equal(scene.summary.duplicates, duplicates);
        assert_int_equal(scene.summary.saved_tokens, saved);
        assert_int_equal(scene.summary.rejected, 1);
        assert_int_equal(scene.summary.sent, 8 - duplicates);
        struct ps_buf bodies PS_CLEANUP(ps_buf_release);
        ps_buf_init(&bodies, SCENE_BYTES_MAX);
        scene_read_all(&scene, &bodies);
        scene_release(&scene);
    }
}

static void many_equal_ones_have_one_leader(void **state)
{
    (void)state;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, SCENE_BYTES_MAX);
    for (int number = 0; number < 10000; number++) {
        ps_buf_add_format(&text, "{\"id\":%d,\"prompt\":\"number %d\"}\n", number, number % 10);
    }
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "in.jsonl", ps_buf_str(&text));
    scene_build(&scene);
    assert_int_equal(scene.summary.duplicates, 9990);
    for (int64_t record = 10; record < 10000; record++) {
        assert_int_equal(ps_index_entry(scene.index, record)->leader, record % 10);
    }
    scene_release(&scene);
}

static void one_fingerprint_is_only_a_hint(void **state)
{
    (void)state;
    static const char two[] = "{\"id\":1,\"prompt\":\"one\"}\n{\"id\":2,\"prompt\":\"two\"}\n"
                              "{\"id\":3,\"prompt\":\"one\"}\n";
    struct scene scene;
    struct ps_source_facts facts PS_CLEANUP(ps_source_facts_release);
    struct ps_pass *const pass = calloc(1, sizeof(*pass));
    scene_init(&scene);
    scene_add(&scene, "in.jsonl", ps_str_of(two));
    ps_source_facts_init(&facts);
    assert_int_equal(ps_source_facts_take(&facts, &scene.options, &scene.err), PS_OK);
    assert_int_equal(ps_inputs_open(scene.inputs, 1, scene.run, &facts.inputs, &scene.err), PS_OK);
    facts.rules.dialect = PS_DIALECT_SIMPLE;
    char *entries PS_CLEANUP(ps_str_free_auto) = ps_files_join(scene.run, "entries");
    char *ids PS_CLEANUP(ps_str_free_auto) = ps_files_join(scene.run, "ids");
    pass->facts = &facts;
    pass->options = &scene.options;
    assert_int_equal(ps_new_file_begin(entries, &pass->entries, &scene.err), PS_OK);
    assert_int_equal(ps_new_file_begin(ids, &pass->ids, &scene.err), PS_OK);
    assert_int_equal(ps_pass_run(pass, &scene.err), PS_OK);
    struct ps_entry entry;
    memset(&pass->fingerprints, 0, sizeof(pass->fingerprints));
    pass->fingerprints.count[0] = 3;
    for (int64_t record = 0; record < 3; record++) {
        const int64_t place = record * (int64_t)sizeof(entry);
        assert_int_equal(
            ps_new_file_read_at(pass->entries, place, (char *)&entry, sizeof(entry), &scene.err),
            PS_OK);
        entry.fingerprint_low = 7;
        entry.fingerprint_high = 7;
        assert_int_equal(ps_new_file_write_at(pass->entries, place,
                                              (struct ps_str){(char *)&entry, sizeof(entry)},
                                              &scene.err),
                         PS_OK);
    }
    assert_int_equal(ps_index_merge(pass, scene.run, &scene.err), PS_OK);
    assert_int_equal(pass->summary.duplicates, 1); /* the third is the first, the second is not */
    assert_int_equal(ps_new_file_read_at(pass->entries, 2 * (int64_t)sizeof(entry), (char *)&entry,
                                         sizeof(entry), &scene.err),
                     PS_OK);
    assert_int_equal(entry.flags & PS_ENTRY_DUPLICATE, PS_ENTRY_DUPLICATE);
    assert_int_equal(entry.leader, 0);
    (void)ps_new_file_free(pass->entries);
    (void)ps_new_file_free(pass->ids);
    free(pass);
    scene_release(&scene);
}

static void ids_that_stand_there_twice_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t repeated;
    } rows[] = {
        {"{\"id\":1,\"prompt\":\"a\"}\n{\"id\":2,\"prompt\":\"b\"}\n", 0},
        {"{\"id\":1,\"prompt\":\"a\"}\n{\"id\":1,\"prompt\":\"b\"}\n", 2},
        {"{\"id\":1,\"prompt\":\"a\"}\n{\"id\":\"1\",\"prompt\":\"b\"}\n", 0},
        {"{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"id\":null,\"prompt\":\"c\"}\n", 0},
        {"{\"id\":1,\"prompt\":\"a\"}\n{\"id\":1}\n{\"id\":1,\"prompt\":\"a\"}\n{\"id\":2,"
         "\"prompt\":\"a\"}",
         3},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct scene scene;
        scene_init(&scene);
        scene_add(&scene, "in.jsonl", ps_str_of(rows[row].text));
        scene_build(&scene);
        assert_int_equal(scene.summary.repeated_ids, rows[row].repeated);
        scene_release(&scene);
    }
}

/* Ids longer than what is read at once, and rows over its edges. */
static void ids_of_any_length_are_compared(void **state)
{
    (void)state;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, SCENE_BYTES_MAX);
    for (int number = 0; number < 400; number++) {
        ps_buf_add_format(&text, "{\"id\":\"%0*d\",\"prompt\":\"%d\"}\n", 1 + (number % 200) * 997,
                          number % 200, number);
    }
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "in.jsonl", ps_buf_str(&text));
    scene_build(&scene);
    assert_int_equal(scene.summary.repeated_ids, 400);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_merges_what_it_should),
        cmocka_unit_test(many_equal_ones_have_one_leader),
        cmocka_unit_test(one_fingerprint_is_only_a_hint),
        cmocka_unit_test(ids_that_stand_there_twice_are_counted),
        cmocka_unit_test(ids_of_any_length_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
