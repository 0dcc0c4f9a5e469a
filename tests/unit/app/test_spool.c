/* Goal: a stream is written once, unpacked, whole or not at all. Method: plain, packed, empty, cut
 * and damaged streams through a file. */
#include "app/spool.h"

#include "folder.h"
#include "index_scene.h"
#include "os/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static enum ps_status spool(const char *const folder, const struct ps_str bytes,
                            struct ps_error *const err)
{
    test_file_write(folder, "in", bytes);
    char *in PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "in");
    char *out PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "out");
    const int descriptor = open(in, O_RDONLY);
    assert_true(descriptor >= 0);
    const enum ps_status status = ps_spool_write(descriptor, "the name", out, err);
    assert_int_equal(close(descriptor), 0);
    return status;
}

static void what_comes_is_written_unpacked(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_buf plain PS_CLEANUP(ps_buf_release);
    struct ps_error err;
    ps_buf_init(&plain, SCENE_BYTES_MAX);
    for (int number = 0; number < 400000; number++) {
        ps_buf_add_format(&plain, "line %d\n", number);
    }
    static const char *const packings[] = {"", "gz", "zst"};
    for (size_t row = 0; row < 6; row++) {
        struct ps_buf packed PS_CLEANUP(ps_buf_release);
        ps_buf_init(&packed, SCENE_BYTES_MAX);
        const struct ps_str text = row < 3 ? ps_buf_str(&plain) : PS_STR("");
        if (packings[row % 3][0] != '\0') {
            pack(packings[row % 3], text, &packed);
        }
        const struct ps_str in = packings[row % 3][0] == '\0' ? text : ps_buf_str(&packed);
        assert_int_equal(spool(folder, in, &err), PS_OK);
        size_t size = 0;
        char *out PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "out", &size);
        assert_int_equal(size, text.size);
        assert_true(text.size == 0 || memcmp(out, text.data, text.size) == 0);
    }
}

static void a_cut_or_damaged_stream_leaves_nothing(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_error err;
    static const char *const packings[] = {"gz", "zst"};
    for (size_t row = 0; row < 4; row++) {
        struct ps_buf packed PS_CLEANUP(ps_buf_release);
        ps_buf_init(&packed, SCENE_BYTES_MAX);
        pack(packings[row % 2], PS_STR("some text to be packed"), &packed);
        if (row < 2) {
            packed.size -= 3;
        } else {
            ps_buf_add_text(&packed, "and more");
        }
        assert_int_equal(spool(folder, ps_buf_str(&packed), &err), PS_E_INPUT);
        assert_non_null(strstr(err.message, "cannot read 'the name'"));
        assert_int_equal(test_folder_count(folder), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_is_written_unpacked),
        cmocka_unit_test(a_cut_or_damaged_stream_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
