#include "index_scene.h"

#include "codec/digest.h"
#include "folder.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <cmocka.h>

void scene_init(struct scene *const scene)
{
    memset(scene, 0, sizeof(*scene));
    scene->folder = test_folder_new();
    scene->run = ps_files_join(scene->folder, "run");
    assert_int_equal(ps_files_make_folder(scene->run, &scene->err), PS_OK);
    scene->options.inputs = scene->inputs;
    scene->options.model = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
    scene->options.family = PS_FAMILY_ANTHROPIC;
    scene->options.threads = 2;
}

void scene_close(struct scene *const scene)
{
    scene->source = ps_source_free(scene->source);
    scene->index = ps_index_free(scene->index);
}

void scene_release(struct scene *const scene)
{
    scene_close(scene);
    for (size_t input = 0; input < SCENE_INPUTS_MAX; input++) {
        free(scene->paths[input]);
    }
    free(scene->run);
    test_folder_free_auto(&scene->folder);
}

void scene_add(struct scene *const scene, const char *const name, const struct ps_str bytes)
{
    const int64_t place = scene->options.input_count;
    assert_true(place < SCENE_INPUTS_MAX);
    scene->paths[place] = ps_files_join(scene->folder, name);
    scene->inputs[place] = scene->paths[place];
    scene->options.input_count++;
    test_file_write(scene->folder, name, bytes);
}

enum ps_status scene_try(struct scene *const scene)
{
    return ps_index_build(&scene->options, scene->run, &scene->summary, &scene->err);
}

void scene_build(struct scene *const scene)
{
    if (scene_try(scene) != PS_OK ||
        ps_index_open(scene->run, &scene->index, &scene->err) != PS_OK ||
        ps_source_open(scene->run, scene->index, &scene->source, &scene->err) != PS_OK) {
        fail_msg("%s", scene->err.message);
    }
}

struct ps_record_words scene_words(const struct scene *const scene, const int64_t record)
{
    struct ps_record_words words;
    ps_index_words(scene->index, record, &words);
    return words;
}

void scene_read_body(struct scene *const scene, const struct ps_shard_records *const records,
                     const size_t step, struct ps_buf *const to)
{
    struct ps_shard_facts facts;
    ps_shard_facts(scene->index, records, &facts);
    struct ps_shard_body *const body = ps_shard_body_new(scene->source, records);
    char *const room = malloc(step);
    assert_non_null(room);
    const size_t before = to->size;
    size_t size = 1;
    while (size > 0) {
        if (ps_shard_body_read(body, room, step, &size, &scene->err) != PS_OK) {
            fail_msg("%s", scene->err.message);
        }
        ps_buf_add(to, (struct ps_str){room, size});
    }
    (void)ps_shard_body_free(body);
    free(room);
    const struct ps_str made = ps_str_part(ps_buf_str(to), before, to->size);
    assert_int_equal(facts.bytes, made.size);
    assert_int_equal(facts.crc32, ps_crc32(0, made));
}

void scene_read_all(struct scene *const scene, struct ps_buf *const to)
{
    const struct ps_shard_records records = {0, ps_index_count(scene->index), NULL, 0};
    struct ps_shard_facts facts;
    scene_read_body(scene, &records, 100000, to);
    ps_shard_facts(scene->index, &records, &facts);
    assert_int_equal(facts.records, scene->summary.sent);
    assert_int_equal(facts.bytes, scene->summary.sent_bytes);
    assert_int_equal(facts.input_tokens, scene->summary.input_tokens);
    assert_int_equal(facts.output_tokens_max, scene->summary.output_tokens_max);
}

void assert_str(const struct ps_str seen, const char *const wanted)
{
    if (!ps_str_equals_text(seen, wanted)) {
        fail_msg("'%.*s' is not '%s'", PS_STR_ARGS(seen), wanted);
    }
}

bool str_holds(const struct ps_str text, const char *const needle)
{
    return text.size > 0 && memmem(text.data, text.size, needle, strlen(needle)) != NULL;
}

void pack(const char *const packing, const struct ps_str plain, struct ps_buf *const to)
{
    const size_t room_size = plain.size + 100000;
    char *const room = ps_buf_reserve(to, room_size);
    assert_non_null(room);
    if (strcmp(packing, "zst") == 0) {
        const size_t size = ZSTD_compress(room, room_size, plain.data, plain.size, 1);
        assert_false(ZSTD_isError(size));
        ps_buf_commit(to, size);
        return;
    }
    z_stream gzip = {0};
    assert_int_equal(deflateInit2(&gzip, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    gzip.next_in = (Bytef *)(uintptr_t)plain.data;
    gzip.avail_in = (uInt)plain.size;
    gzip.next_out = (Bytef *)room;
    gzip.avail_out = (uInt)room_size;
    assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
    ps_buf_commit(to, gzip.total_out);
    assert_int_equal(deflateEnd(&gzip), Z_OK);
}
