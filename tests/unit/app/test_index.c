/*
 * The index as a whole. Goal: every non-blank line becomes one entry, in order, whatever file,
 * packing and number of threads it comes by; broken ones are rejected with their line; what cannot
 * be used at all is refused. Method: files in a folder of the test's own, read back through
 * ps_index_open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/index.h"
#include "app/shard_body.h"
#include "base/buf.h"
#include "codec/digest.h"
#include "folder.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLAUDE "us.anthropic.claude-haiku-4-5-20251001-v1:0"
#define BYTES_MAX ((size_t)64 << 20)

/* ---- a case: inputs, options, and what came out ---- */

struct scene {
    char *folder;
    char *paths[4];
    const char *inputs[4];
    struct ps_index_options options;
    struct ps_index_summary summary;
    struct ps_index *index;
    struct ps_source *source;
    struct ps_error err;
};

static void scene_init(struct scene *const scene)
{
    memset(scene, 0, sizeof(*scene));
    scene->folder = test_folder_new();
    scene->options.inputs = scene->inputs;
    scene->options.model = CLAUDE;
    scene->options.family = PS_FAMILY_ANTHROPIC;
    scene->options.threads = 2;
}

static void scene_close(struct scene *const scene)
{
    scene->source = ps_source_free(scene->source);
    scene->index = ps_index_free(scene->index);
}

static void scene_release(struct scene *const scene)
{
    scene_close(scene);
    for (size_t input = 0; input < 4; input++) {
        free(scene->paths[input]);
    }
    test_folder_free_auto(&scene->folder);
}

static void add_input(struct scene *const scene, const char *const name, const struct ps_str bytes)
{
    const int64_t place = scene->options.input_count;
    scene->paths[place] = ps_files_join(scene->folder, name);
    scene->inputs[place] = scene->paths[place];
    scene->options.input_count++;
    test_file_write(scene->folder, name, bytes);
}

static enum ps_status build(struct scene *const scene)
{
    return ps_index_build(&scene->options, scene->folder, &scene->summary, &scene->err);
}

static void build_and_open(struct scene *const scene)
{
    if (build(scene) != PS_OK) {
        fail_msg("%s", scene->err.message);
    }
    assert_int_equal(ps_index_open(scene->folder, &scene->index, &scene->err), PS_OK);
    assert_int_equal(ps_source_open(scene->folder, scene->index, &scene->source, &scene->err),
                     PS_OK);
}

static void assert_str(const struct ps_str seen, const char *const wanted)
{
    if (!ps_str_equals_text(seen, wanted)) {
        fail_msg("'%.*s' is not '%s'", PS_STR_ARGS(seen), wanted);
    }
}

static struct ps_record_words words_of(const struct scene *const scene, const int64_t record)
{
    struct ps_record_words words;
    ps_index_words(scene->index, record, &words);
    return words;
}

/* All lines that are sent, and a check of the facts that entries alone tell. */
static void read_bodies(struct scene *const scene, struct ps_buf *const to)
{
    const struct ps_shard_records records = {0, ps_index_count(scene->index), NULL, 0};
    struct ps_shard_facts facts;
    ps_shard_facts(scene->index, &records, &facts);
    struct ps_shard_body *const body = ps_shard_body_new(scene->source, &records);
    char room[777];
    size_t size = 1;
    while (size > 0) {
        const enum ps_status status =
            ps_shard_body_read(body, room, sizeof(room), &size, &scene->err);
        if (status != PS_OK) {
            fail_msg("%s", scene->err.message);
        }
        ps_buf_add(to, (struct ps_str){room, size});
    }
    (void)ps_shard_body_free(body);
    assert_int_equal(facts.records, scene->summary.sent);
    assert_int_equal(facts.bytes, to->size);
    assert_int_equal(facts.bytes, scene->summary.sent_bytes);
    assert_int_equal(facts.crc32, ps_crc32(0, ps_buf_str(to)));
    assert_int_equal(facts.input_tokens, scene->summary.input_tokens);
    assert_int_equal(facts.output_tokens_max, scene->summary.output_tokens_max);
}

/* ---- what holds ---- */

static void test_a_simple_file_becomes_entries_ids_and_bodies(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    add_input(&scene, "in.jsonl",
              PS_STR("{\"id\":\"a\",\"prompt\":\"Say hi.\"}\n\n"
                     "{\"id\": 7 , \"prompt\":\"Say ho.\", \"max_tokens\":10}\r\n  \n"
                     "{\"prompt\":\"No id\"}"));
    build_and_open(&scene);
    assert_int_equal(scene.summary.records, 3);
    assert_int_equal(scene.summary.blank_lines, 2);
    assert_int_equal(scene.summary.sent, 3);
    assert_string_equal(scene.summary.dialect, "simple");
    assert_str(words_of(&scene, 0).id, "\"a\"");
    assert_str(words_of(&scene, 1).id, "7");
    assert_str(words_of(&scene, 2).id, "null");
    assert_int_equal(words_of(&scene, 2).line, 5);
    assert_int_equal(ps_index_entry(scene.index, 1)->output_tokens_max, 10);
    assert_int_equal(ps_index_entry(scene.index, 1)->flags, PS_ENTRY_HAS_MAX);
    struct ps_buf bodies PS_CLEANUP(ps_buf_release);
    ps_buf_init(&bodies, BYTES_MAX);
    read_bodies(&scene, &bodies);
    assert_string_equal(
        ps_buf_text(&bodies),
        "{\"recordId\":\"R0000000000\",\"modelInput\":{\"anthropic_version\":\"bedrock-2023-05-"
        "31\","
        "\"max_tokens\":4096,\"messages\":[{\"role\":\"user\",\"content\":\"Say hi.\"}]}}\n"
        "{\"recordId\":\"R0000000001\",\"modelInput\":{\"anthropic_version\":\"bedrock-2023-05-"
        "31\","
        "\"max_tokens\":10,\"messages\":[{\"role\":\"user\",\"content\":\"Say ho.\"}]}}\n"
        "{\"recordId\":\"R0000000002\",\"modelInput\":{\"anthropic_version\":\"bedrock-2023-05-"
        "31\","
        "\"max_tokens\":4096,\"messages\":[{\"role\":\"user\",\"content\":\"No id\"}]}}\n");
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, BYTES_MAX);
    assert_int_equal(ps_source_text(scene.source, 1, &text, &scene.err), PS_OK);
    assert_string_equal(ps_buf_text(&text),
                        "{\"id\": 7 , \"prompt\":\"Say ho.\", \"max_tokens\":10}");
    scene_release(&scene);
}

static void test_a_broken_line_is_rejected_and_the_rest_go_on(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    add_input(&scene, "in.jsonl",
              PS_STR("{\"id\":1,\"prompt\":\"x\"}\n{\"id\":2,\"prompt\n[1]\n{\"id\":4}\n"
                     "{\"id\":5,\"id\":5,\"prompt\":\"x\"}\n{\"id\":6,\"prompt\":\"y\"}\n"));
    build_and_open(&scene);
    assert_int_equal(scene.summary.records, 6);
    assert_int_equal(scene.summary.rejected, 4);
    assert_int_equal(scene.summary.sent, 2);
    assert_str(words_of(&scene, 0).error, "");
    assert_int_equal(words_of(&scene, 1).line, 2);
    assert_non_null(strstr(words_of(&scene, 1).error.data, "\"code\":\"invalid_json\""));
    assert_non_null(strstr(words_of(&scene, 2).error.data, "{\"code\":\"not_an_object\""));
    assert_str(words_of(&scene, 3).id, "4");
    assert_str(words_of(&scene, 3).error,
               "{\"code\":\"missing_prompt\",\"message\":\"no prompt and no messages; "
               "give the record a prompt or messages\"}");
    assert_int_equal(ps_index_entry(scene.index, 3)->flags, PS_ENTRY_REJECTED);
    assert_int_equal(ps_index_entry(scene.index, 3)->sent_bytes, 0);
    struct ps_buf bodies PS_CLEANUP(ps_buf_release);
    ps_buf_init(&bodies, BYTES_MAX);
    read_bodies(&scene, &bodies);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_simple_file_becomes_entries_ids_and_bodies),
        cmocka_unit_test(test_a_broken_line_is_rejected_and_the_rest_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
