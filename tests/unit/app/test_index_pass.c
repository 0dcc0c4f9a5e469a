/* Goal: the pass keeps order and sums with any number of threads, and stops as a whole when one of
 * them fails. Method: the pass alone on files of a test's own; a file that is cut behind its back.
 */
#include "app/index_pass.h"

#include "app/index_words.h"
#include "folder.h"
#include "index_scene.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static enum ps_status run_pass(struct scene *const scene, struct ps_source_facts *const facts,
                               struct ps_pass *const pass)
{
    char *entries PS_CLEANUP(ps_str_free_auto) = ps_files_join(scene->run, "entries");
    char *ids PS_CLEANUP(ps_str_free_auto) = ps_files_join(scene->run, "ids");
    memset(pass, 0, sizeof(*pass));
    pass->facts = facts;
    pass->options = &scene->options;
    assert_int_equal(ps_new_file_begin(entries, &pass->entries, &scene->err), PS_OK);
    assert_int_equal(ps_new_file_begin(ids, &pass->ids, &scene->err), PS_OK);
    return ps_pass_run(pass, &scene->err);
}

static void open_facts(struct scene *const scene, struct ps_source_facts *const facts)
{
    ps_source_facts_init(facts);
    assert_int_equal(ps_source_facts_take(facts, &scene->options, &scene->err), PS_OK);
    assert_int_equal(ps_inputs_open(scene->inputs, scene->options.input_count, scene->run,
                                    &facts->inputs, &scene->err),
                     PS_OK);
    facts->rules.dialect = PS_DIALECT_SIMPLE;
}

static void order_and_sums_hold_with_many_threads(void **state)
{
    (void)state;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, SCENE_BYTES_MAX);
    static const int count = 30000;
    for (int number = 0; number < count; number++) {
        ps_buf_add_format(&text, "{\"id\":%d,\"prompt\":\"%0*d\"}\n", number, 1 + number % 500,
                          number);
    }
    struct scene scene;
    struct ps_source_facts facts PS_CLEANUP(ps_source_facts_release);
    struct ps_pass *const pass = calloc(1, sizeof(*pass));
    scene_init(&scene);
    scene.options.threads = 7;
    scene_add(&scene, "in.jsonl", ps_buf_str(&text));
    open_facts(&scene, &facts);
    assert_int_equal(run_pass(&scene, &facts, pass), PS_OK);
    assert_int_equal(pass->summary.records, count);
    int64_t spread = 0;
    for (size_t place = 0; place < PS_SPREAD_COUNT; place++) {
        spread += pass->fingerprints.count[place];
    }
    assert_int_equal(spread, count);
    int64_t sent_bytes = 0;
    for (int number = 0; number < count; number++) {
        struct ps_entry entry;
        char wanted[16];
        char row[PS_WORDS_HEAD_MAX];
        assert_int_equal(ps_new_file_read_at(pass->entries, number * (int64_t)sizeof(entry),
                                             (char *)&entry, sizeof(entry), &scene.err),
                         PS_OK);
        sent_bytes += entry.sent_bytes;
        const int64_t left = ps_new_file_size(pass->ids) - (int64_t)entry.id_offset;
        const size_t size = left < (int64_t)sizeof(row) ? (size_t)left : sizeof(row);
        assert_int_equal(
            ps_new_file_read_at(pass->ids, (int64_t)entry.id_offset, row, size, &scene.err), PS_OK);
        struct ps_record_words words;
        size_t offset = 0;
        assert_true(ps_words_read((struct ps_str){row, size}, &offset, &words));
        (void)snprintf(wanted, sizeof(wanted), "%d", number);
        assert_str(words.id, wanted);
        assert_int_equal(words.line, number + 1);
    }
    assert_int_equal(sent_bytes, pass->summary.sent_bytes);
    (void)ps_new_file_free(pass->entries);
    (void)ps_new_file_free(pass->ids);
    free(pass);
    scene_release(&scene);
}

static void one_failure_stops_all(void **state)
{
    (void)state;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, SCENE_BYTES_MAX);
    while (text.size < 5000000) {
        ps_buf_add_text(&text, "{\"prompt\":\"some text\"}\n");
    }
    struct scene scene;
    struct ps_source_facts facts PS_CLEANUP(ps_source_facts_release);
    struct ps_pass *const pass = calloc(1, sizeof(*pass));
    scene_init(&scene);
    scene.options.threads = 4;
    scene_add(&scene, "in.jsonl", ps_buf_str(&text));
    open_facts(&scene, &facts);
    assert_int_equal(truncate(scene.inputs[0], 4000000), 0);
    assert_int_equal(run_pass(&scene, &facts, pass), PS_E_INPUT);
    assert_non_null(strstr(scene.err.message, "changed while it was read"));
    (void)ps_new_file_free(pass->entries);
    (void)ps_new_file_free(pass->ids);
    free(pass);
    scene_release(&scene);
}

static void only_what_is_sent_may_merge(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        bool none;
        bool safe;
        bool all;
    } rows[] = {
        {0, false, true, true},
        {PS_ENTRY_HAS_MAX, false, true, true},
        {PS_ENTRY_WARM, false, false, true},
        {PS_ENTRY_REJECTED, false, false, false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_entry entry = {.flags = rows[row].flags};
        assert_int_equal(ps_pass_may_merge(&entry, PS_DEDUPE_NONE), rows[row].none);
        assert_int_equal(ps_pass_may_merge(&entry, PS_DEDUPE_SAFE), rows[row].safe);
        assert_int_equal(ps_pass_may_merge(&entry, PS_DEDUPE_ALL), rows[row].all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_sums_hold_with_many_threads),
        cmocka_unit_test(one_failure_stops_all),
        cmocka_unit_test(only_what_is_sent_may_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
