/* Goal: the dialect is what is told, what a name says, or what the first lines agree on; never
 * guessed. Method: rows of small files and the answers. */
#include "app/index_detect.h"

#include "index_scene.h"
#include "folder.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define BEDROCK "{\"recordId\":\"a\",\"modelInput\":{\"messages\":[]}}\n"
#define OPENAI "{\"custom_id\":\"a\",\"body\":{\"messages\":[]}}\n"
#define ANTHROPIC "{\"custom_id\":\"a\",\"params\":{\"messages\":[]}}\n"
#define SIMPLE "{\"id\":1,\"prompt\":\"a\"}\n"
#define OTHER "{\"question\":1}\n"

struct detect_row {
    const char *name;
    const char *bytes;
    const char *format;
    const char *template;
    const char *wanted; /* the dialect, or words of the error with a '!' */
    enum ps_status status;
};

static const struct detect_row rows[] = {
    {"in.jsonl", BEDROCK, NULL, NULL, "bedrock", PS_OK},
    {"in.jsonl", OPENAI, NULL, NULL, "openai", PS_OK},
    {"in.jsonl", ANTHROPIC, NULL, NULL, "anthropic", PS_OK},
    {"in", SIMPLE, NULL, NULL, "simple", PS_OK},
    {"in.jsonl", "broken\n\n{\"a\n[1]\n7\n" SIMPLE OTHER, NULL, NULL, "simple", PS_OK},
    {"in.txt", "a prompt\n", NULL, NULL, "text", PS_OK},
    {"in.TXT.gz", "a prompt\n", NULL, NULL, "text", PS_OK},
    {"in.csv", "prompt\na\n", NULL, NULL, "csv", PS_OK},
    {"in.jsonl", OTHER, NULL, "{question}", "jsonl", PS_OK},
    {"in.csv", "q\na\n", NULL, "{q}", "csv", PS_OK},
    {"in.txt", SIMPLE, "simple", NULL, "simple", PS_OK},
    {"in.jsonl", "plain\n", "text", NULL, "text", PS_OK},
    {"in.dat", "q\na\n", "csv", "{q}", "csv", PS_OK},
    {"in.jsonl", SIMPLE BEDROCK, "bedrock", NULL, "bedrock", PS_OK},
    {"in.jsonl", "plain\nlines\n", NULL, NULL, "!--format text", PS_E_INPUT},
    {"in.jsonl", OTHER OTHER, NULL, NULL, "!--prompt-file", PS_E_INPUT},
    {"in.jsonl", SIMPLE SIMPLE BEDROCK, NULL, NULL, "!--format", PS_E_INPUT},
    {"in.jsonl", OPENAI ANTHROPIC, NULL, NULL, "!--format", PS_E_INPUT},
    {"in.jsonl", "\n\n", NULL, NULL, "!nothing to run", PS_E_INPUT},
    {"in.jsonl", SIMPLE, "Simple", NULL, "!bedrock, openai", PS_E_USAGE},
    {"in.jsonl", SIMPLE, "simple", "{q}", "!", PS_E_USAGE},
    {"in.csv", "\"a\"b,c\n1,2\n", NULL, NULL, "!RFC 4180", PS_E_INPUT},
    {"in.csv", "q,r\na,b\n", NULL, NULL, "!names 2 columns", PS_E_USAGE},
    {"in.csv", "q,r\na,b\n", NULL, "{q}{x}", "!--prompt-file", PS_E_USAGE},
    {"in.csv", "\xFF,c\n1,2\n", NULL, NULL, "!RFC 4180", PS_E_INPUT},
};

static void the_dialect_is_told_or_agreed_on(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct scene scene;
        struct ps_source_facts facts PS_CLEANUP(ps_source_facts_release);
        ps_source_facts_init(&facts);
        scene_init(&scene);
        char *template PS_CLEANUP(ps_str_free_auto) = ps_files_join(scene.folder, "template");
        scene_add(&scene, rows[row].name, ps_str_of(rows[row].bytes));
        scene.options.format = rows[row].format;
        if (rows[row].template != NULL) {
            test_file_write(scene.folder, "template", ps_str_of(rows[row].template));
            scene.options.prompt_file = template;
        }
        assert_int_equal(ps_source_facts_take(&facts, &scene.options, &scene.err), PS_OK);
        assert_int_equal(ps_inputs_open(scene.inputs, 1, scene.run, &facts.inputs, &scene.err),
                         PS_OK);
        const enum ps_status status = ps_index_detect(&facts, &scene.options, &scene.err);
        assert_int_equal(status, rows[row].status);
        if (status == PS_OK) {
            assert_string_equal(ps_dialect_name(facts.rules.dialect), rows[row].wanted);
        } else {
            assert_non_null(strstr(scene.err.hint, rows[row].wanted + 1));
        }
        scene_release(&scene);
    }
}

static void a_disagreement_names_lines_and_counts(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "one.jsonl", PS_STR("\n" SIMPLE SIMPLE));
    scene_add(&scene, "two.jsonl", PS_STR("broken\n" SIMPLE OPENAI));
    assert_int_equal(scene_try(&scene), PS_E_INPUT);
    assert_non_null(strstr(scene.err.message, "disagree: 1 openai (first at "));
    assert_non_null(strstr(scene.err.message, "3 simple (first at "));
    assert_non_null(strstr(scene.err.message, ":3)"));
    assert_non_null(strstr(scene.err.message, ":2)"));
    scene_release(&scene);
}

static void only_the_first_lines_of_each_input_are_asked(void **state)
{
    (void)state;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, SCENE_BYTES_MAX);
    for (int line = 0; line < PS_DETECT_LINES; line++) {
        ps_buf_add_text(&text, SIMPLE "\n");
    }
    ps_buf_add_text(&text, BEDROCK);
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "in.jsonl", ps_buf_str(&text));
    scene_build(&scene);
    assert_int_equal(scene.summary.rejected, 1);
    assert_string_equal(scene.summary.dialect, "simple");
    scene_release(&scene);
}

static void csv_begins_after_its_header(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "one.csv",
              PS_STR("\xEF\xBB\xBF\r\nid,\"the\nprompt\",prompt\r\n1,x,\"a\nb\"\r\n\r\n2,y,c"));
    scene_add(&scene, "two.csv", PS_STR("prompt,id\nd,3\n"));
    scene_build(&scene);
    assert_int_equal(scene.summary.records, 3);
    assert_int_equal(scene.summary.rejected, 0);
    assert_str(scene_words(&scene, 1).id, "\"2\"");
    assert_int_equal(scene_words(&scene, 0).line, 4);
    assert_int_equal(scene_words(&scene, 1).line, 7);
    assert_str(scene_words(&scene, 2).id, "\"3\"");
    struct ps_buf bodies PS_CLEANUP(ps_buf_release);
    ps_buf_init(&bodies, SCENE_BYTES_MAX);
    scene_read_all(&scene, &bodies);
    assert_true(str_holds(ps_buf_str(&bodies), "\"content\":\"a\\nb\""));
    assert_true(str_holds(ps_buf_str(&bodies), "\"content\":\"d\""));
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dialect_is_told_or_agreed_on),
        cmocka_unit_test(a_disagreement_names_lines_and_counts),
        cmocka_unit_test(only_the_first_lines_of_each_input_are_asked),
        cmocka_unit_test(csv_begins_after_its_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
