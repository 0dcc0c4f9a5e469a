/* Goal: scratch memory is zero, shared with no name, and a folder that cannot hold it is an error.
 */
#include "app/scratch.h"

#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void is_zero_and_leaves_no_file(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_scratch scratch;
    struct ps_error err;
    assert_int_equal(ps_scratch_init(&scratch, folder, 100000, &err), PS_OK);
    assert_int_equal(scratch.size, 100000);
    unsigned char *const bytes = scratch.bytes;
    for (size_t at = 0; at < scratch.size; at++) {
        assert_int_equal(bytes[at], 0);
    }
    memset(bytes, 1, scratch.size);
    assert_int_equal(test_folder_count(folder), 0);
    ps_scratch_release(&scratch);
    ps_scratch_release(&scratch);
}

static void of_nothing_is_nothing(void **state)
{
    (void)state;
    struct ps_scratch scratch;
    struct ps_error err;
    assert_int_equal(ps_scratch_init(&scratch, "/nowhere", 0, &err), PS_OK);
    assert_null(scratch.bytes);
    ps_scratch_release(&scratch);
}

static void says_what_cannot_be(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_scratch scratch;
    struct ps_error err;
    assert_int_equal(ps_scratch_init(&scratch, "/nowhere", 10, &err), PS_E_IO);
    assert_non_null(strstr(err.message, "/nowhere"));
    /* More than any disk holds: refused when it is asked for, not when it is touched. */
    assert_int_equal(ps_scratch_init(&scratch, folder, (size_t)1 << 60, &err), PS_E_IO);
    assert_non_null(strstr(err.message, "reserve"));
    assert_int_equal(test_folder_count(folder), 0);
}

static void a_file_without_a_name_can_be_written(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    int file = -1;
    assert_int_equal(ps_scratch_file(folder, &file, NULL), PS_OK);
    assert_int_equal(write(file, "x", 1), 1);
    assert_int_equal(test_folder_count(folder), 0);
    assert_int_equal(close(file), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_zero_and_leaves_no_file),
        cmocka_unit_test(of_nothing_is_nothing),
        cmocka_unit_test(says_what_cannot_be),
        cmocka_unit_test(a_file_without_a_name_can_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
