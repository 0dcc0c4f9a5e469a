/* Goal: a line by its place, in any order, over several inputs, with one descriptor. Method: read
 * at random and compare with the text. */
#include "app/line_window.h"

#include "base/limits.h"
#include "base/prng.h"
#include "folder.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define TEXT_SIZE ((size_t)200000)

static void any_part_is_read_from_any_input(void **state)
{
    (void)state;
    struct ps_prng prng;
    ps_prng_init(&prng, 11);
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *const text = malloc(2 * TEXT_SIZE);
    for (size_t place = 0; place < 2 * TEXT_SIZE; place++) {
        text[place] = (char)ps_prng_below(&prng, 256);
    }
    test_file_write(folder, "a", (struct ps_str){text, TEXT_SIZE});
    test_file_write(folder, "b", (struct ps_str){text + TEXT_SIZE, TEXT_SIZE});
    char *a PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "a");
    char *b PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "b");
    const char *const names[] = {a, b};
    struct ps_inputs inputs PS_CLEANUP(ps_inputs_release) = {NULL, 0};
    struct ps_error err;
    assert_int_equal(ps_inputs_open(names, 2, folder, &inputs, &err), PS_OK);
    static const size_t aheads[] = {0, 1000, 100000, 1000000};
    for (size_t row = 0; row < 4; row++) {
        struct ps_line_window window PS_CLEANUP(ps_line_window_release);
        ps_line_window_init(&window, &inputs, aheads[row]);
        for (int round = 0; round < 500; round++) {
            const size_t input = (size_t)ps_prng_below(&prng, 2);
            const size_t from = (size_t)ps_prng_below(&prng, TEXT_SIZE);
            const size_t size = (size_t)ps_prng_below(&prng, (int64_t)(TEXT_SIZE - from) + 1);
            struct ps_str line;
            int64_t whose = -1;
            assert_int_equal(
                ps_line_window_read(&window, input * TEXT_SIZE + from, size, &line, &whose, &err),
                PS_OK);
            assert_int_equal(whose, input);
            assert_int_equal(line.size, size);
            assert_true(size == 0 || memcmp(line.data, text + input * TEXT_SIZE + from, size) == 0);
        }
        struct ps_str line;
        int64_t whose = -1;
        assert_int_equal(ps_line_window_read(&window, 2 * TEXT_SIZE - 1, 2, &line, &whose, &err),
                         PS_E_CORRUPT);
    }
    assert_int_equal(unlink(a), 0);
    struct ps_line_window window PS_CLEANUP(ps_line_window_release);
    struct ps_str line;
    int64_t whose = -1;
    ps_line_window_init(&window, &inputs, 0);
    assert_int_equal(ps_line_window_read(&window, 0, 2, &line, &whose, &err), PS_E_NOT_FOUND);
    assert_int_equal(ps_line_window_read(&window, TEXT_SIZE, 2, &line, &whose, &err), PS_OK);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_part_is_read_from_any_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
