/* Goal: a shard's bytes are those that its entries promise, read in steps of any size, and never
 * others. Method: ranges and picks of one index; inputs that are changed behind its back, with size
 * and time kept. */
#include "app/shard_body.h"

#include "folder.h"
#include "index_scene.h"
#include "os/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define COUNT 500

static void open_scene(struct scene *const scene)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, SCENE_BYTES_MAX);
    for (int number = 0; number < COUNT; number++) {
        if (number % 50 == 7) {
            ps_buf_add_text(&text, "{broken\n");
        } else {
            ps_buf_add_format(&text, "{\"id\":%d,\"prompt\":\"%0*d\"}\n", number,
                              1 + number % 450 % 300, number % 450);
        }
    }
    scene_init(scene);
    scene_add(scene, "in.jsonl", ps_buf_str(&text));
    scene_build(scene);
    assert_true(scene->summary.duplicates > 0);
}

static void ranges_and_steps_give_the_same_bytes(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 7, 300, 4096, 1000000};
    static const int64_t sizes[] = {1, 3, 100, COUNT};
    struct scene scene;
    struct ps_buf whole PS_CLEANUP(ps_buf_release);
    ps_buf_init(&whole, SCENE_BYTES_MAX);
    open_scene(&scene);
    scene_read_all(&scene, &whole);
    for (size_t row = 0; row < 20; row++) {
        struct ps_buf seen PS_CLEANUP(ps_buf_release);
        ps_buf_init(&seen, SCENE_BYTES_MAX);
        const int64_t size = sizes[row % 4];
        for (int64_t first = 0; first < COUNT; first += size) {
            const int64_t end = first + size < COUNT ? first + size : COUNT;
            const struct ps_shard_records records = {first, end, NULL, 0};
            scene_read_body(&scene, &records, steps[row / 4], &seen);
        }
        assert_int_equal(seen.size, whole.size);
        assert_memory_equal(seen.data, whole.data, whole.size);
    }
    scene_release(&scene);
}

static void picked_records_come_alone(void **state)
{
    (void)state;
    struct scene scene;
    struct ps_buf seen PS_CLEANUP(ps_buf_release);
    ps_buf_init(&seen, SCENE_BYTES_MAX);
    open_scene(&scene);
    uint64_t picked[] = {3, 4, 99, 402};
    const struct ps_shard_records records = {0, 0, picked, 4};
    struct ps_shard_facts facts;
    ps_shard_facts(scene.index, &records, &facts);
    assert_int_equal(facts.records, 4);
    scene_read_body(&scene, &records, 100, &seen);
    assert_true(str_holds(ps_buf_str(&seen), "R0000000099"));
    assert_false(str_holds(ps_buf_str(&seen), "R0000000005"));
    /* The list is copied: the caller may drop it. */
    struct ps_shard_body *const body = ps_shard_body_new(scene.source, &records);
    memset(picked, 0xFF, sizeof(picked));
    char room[20000];
    size_t size = 0;
    assert_int_equal(ps_shard_body_read(body, room, sizeof(room), &size, &scene.err), PS_OK);
    assert_int_equal(size, seen.size);
    assert_memory_equal(room, seen.data, size);
    (void)ps_shard_body_free(body);
    const struct ps_shard_records none = {5, 5, NULL, 0};
    ps_buf_clear(&seen);
    scene_read_body(&scene, &none, 100, &seen);
    assert_int_equal(seen.size, 0);
    scene_release(&scene);
}

/* Writes `byte` into the input at `place`, and puts the old times back. */
static void change_byte(const char *const path, const int64_t place, const char byte)
{
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    const int descriptor = open(path, O_RDWR);
    assert_int_equal(pwrite(descriptor, &byte, 1, place), 1);
    const struct timespec times[2] = {facts.st_atim, facts.st_mtim};
    assert_int_equal(futimens(descriptor, times), 0);
    assert_int_equal(close(descriptor), 0);
}

static void other_bytes_are_never_sent(void **state)
{
    (void)state;
    static const char bytes[] = {'x', '"', '\\', '{', '}', '\n', '\0', '\xFF'};
    for (size_t row = 0; row < sizeof(bytes); row++) {
        struct scene scene;
        open_scene(&scene);
        const struct ps_entry *const entry = ps_index_entry(scene.index, 20);
        /* Into the prompt, past {"id":20,"prompt":" */
        change_byte(scene.inputs[0], (int64_t)entry->offset + 22, bytes[row]);
        const struct ps_shard_records records = {0, COUNT, NULL, 0};
        struct ps_shard_body *const body = ps_shard_body_new(scene.source, &records);
        char room[64];
        size_t size = 1;
        enum ps_status status = PS_OK;
        while (status == PS_OK && size > 0) {
            status = ps_shard_body_read(body, room, sizeof(room), &size, &scene.err);
        }
        assert_int_equal(status, PS_E_CORRUPT);
        assert_non_null(strstr(scene.err.message, "record 20"));
        assert_non_null(strstr(scene.err.message, "input or converter changed"));
        (void)ps_shard_body_free(body);
        scene_release(&scene);
    }
}

static void a_gone_input_is_told_apart(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    const struct ps_shard_records records = {0, COUNT, NULL, 0};
    struct ps_shard_body *const body = ps_shard_body_new(scene.source, &records);
    char room[64];
    size_t size = 1;
    assert_int_equal(unlink(scene.inputs[0]), 0);
    assert_int_equal(ps_shard_body_read(body, room, sizeof(room), &size, &scene.err),
                     PS_E_NOT_FOUND);
    assert_string_equal(scene.err.aws_code, "input_gone");
    (void)ps_shard_body_free(body);
    struct ps_source *source = NULL;
    assert_int_equal(ps_source_open(scene.run, scene.index, &source, &scene.err), PS_E_NOT_FOUND);
    assert_null(source);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_and_steps_give_the_same_bytes),
        cmocka_unit_test(picked_records_come_alone),
        cmocka_unit_test(other_bytes_are_never_sent),
        cmocka_unit_test(a_gone_input_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
