/* Goal: what the user wrote comes back word for word, from plain and spooled inputs, and a source
 * that changed is not opened. Method: texts by record; inputs changed between index and source. */
#include "app/source.h"

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

static void texts_are_as_the_user_wrote_them(void **state)
{
    (void)state;
    static const char plain[] =
        "{ \"id\" : 1, \"prompt\":\"a\" }\r\n\n{broken\n{\"id\":2,\"prompt\":\"b\"}";
    struct ps_buf packed PS_CLEANUP(ps_buf_release);
    ps_buf_init(&packed, SCENE_BYTES_MAX);
    pack("gz", ps_str_of(plain), &packed);
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "a.jsonl", ps_str_of(plain));
    scene_add(&scene, "b.jsonl.gz", ps_buf_str(&packed));
    scene_build(&scene);
    assert_ptr_equal(ps_source_index(scene.source), scene.index);
    assert_int_equal(ps_source_facts(scene.source)->inputs.count, 2);
    static const char *const wanted[] = {"{ \"id\" : 1, \"prompt\":\"a\" }", "{broken",
                                         "{\"id\":2,\"prompt\":\"b\"}"};
    for (int64_t record = 0; record < 6; record++) {
        struct ps_buf text PS_CLEANUP(ps_buf_release);
        ps_buf_init(&text, 1000);
        ps_buf_add_text(&text, "before ");
        assert_int_equal(ps_source_text(scene.source, record, &text, &scene.err), PS_OK);
        assert_str(ps_str_part(ps_buf_str(&text), 7, text.size), wanted[record % 3]);
        struct ps_buf small PS_CLEANUP(ps_buf_release);
        ps_buf_init(&small, 3);
        assert_int_equal(ps_source_text(scene.source, record, &small, &scene.err), PS_E_TOO_LARGE);
    }
    scene_release(&scene);
}

static void a_packed_input_may_go_the_spool_stays(void **state)
{
    (void)state;
    struct ps_buf packed PS_CLEANUP(ps_buf_release);
    ps_buf_init(&packed, SCENE_BYTES_MAX);
    pack("zst", PS_STR("{\"id\":1,\"prompt\":\"a\"}\n"), &packed);
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "in.zst", ps_buf_str(&packed));
    scene_build(&scene);
    ps_source_free(scene.source);
    scene.source = NULL;
    assert_int_equal(unlink(scene.inputs[0]), 0);
    /* And the run's folder may be moved. */
    char *moved PS_CLEANUP(ps_str_free_auto) = ps_files_join(scene.folder, "moved");
    assert_int_equal(rename(scene.run, moved), 0);
    assert_int_equal(ps_source_open(moved, scene.index, &scene.source, &scene.err), PS_OK);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 1000);
    assert_int_equal(ps_source_text(scene.source, 0, &text, &scene.err), PS_OK);
    scene_release(&scene);
}

static void a_changed_input_is_not_opened(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    scene_add(&scene, "in.jsonl", PS_STR("{\"id\":1,\"prompt\":\"a\"}\n"));
    scene_build(&scene);
    test_file_write(scene.folder, "in.jsonl", PS_STR("{\"id\":1,\"prompt\":\"ab\"}\n"));
    struct ps_source *source = NULL;
    assert_int_equal(ps_source_open(scene.run, scene.index, &source, &scene.err), PS_E_CORRUPT);
    assert_string_equal(scene.err.aws_code, "input_changed");
    assert_null(source);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_as_the_user_wrote_them),
        cmocka_unit_test(a_packed_input_may_go_the_spool_stays),
        cmocka_unit_test(a_changed_input_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
