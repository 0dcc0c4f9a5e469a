/* Goal: a body is on disk with its digests, or not at all. Method: a folder, and what lies in it
 * after each call. */
#include "sim/bodies.h"

#include "folder.h"

#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct ps_body_file *make(const char *const folder, const int64_t number,
                                 const char *const text)
{
    struct ps_body_file *file = NULL;
    assert_int_equal(ps_body_file_create(folder, number, PS_CHECKSUM_CRC32, &file, NULL), PS_OK);
    assert_int_equal(ps_body_file_write(file, ps_str_of(text), NULL), PS_OK);
    return file;
}

static bool is_there(const char *const folder, const int64_t number)
{
    const int file = ps_bodies_open_read(folder, number);
    if (file >= 0) {
        (void)close(file);
    }
    return file >= 0;
}

static void one_that_is_not_kept_goes(void **state)
{
    (void)state;
    char *const folder = test_folder_new();
    assert_int_equal(ps_bodies_open(folder, NULL), PS_OK);
    struct ps_body_file *file = make(folder, 1, "hello");
    assert_true(is_there(folder, 1));
    file = ps_body_file_free(file);
    assert_false(is_there(folder, 1));

    file = make(folder, 2, "hello");
    struct ps_checksums_result digests;
    ps_body_file_end(file, &digests);
    assert_string_equal(digests.md5_hex, "5d41402abc4b2a76b9719d911017c592");
    assert_string_equal(digests.chosen_base64, "NhCmhg==");
    assert_int_equal(ps_body_file_size_bytes(file), 5);
    assert_int_equal(ps_body_file_number(file), 2);
    ps_body_file_keep(file);
    file = ps_body_file_free(file);
    assert_null(file);
    assert_true(is_there(folder, 2));
    test_folder_remove(folder);
    free(folder);
}

static void a_number_is_never_used_twice(void **state)
{
    (void)state;
    char *const folder = test_folder_new();
    assert_int_equal(ps_bodies_open(folder, NULL), PS_OK);
    struct ps_body_file *const file = make(folder, 3, "x");
    struct ps_body_file *other = NULL;
    assert_int_equal(ps_body_file_create(folder, 3, PS_CHECKSUM_NONE, &other, NULL), PS_E_IO);
    (void)ps_body_file_free(file);
    test_folder_remove(folder);
    free(folder);
}

static void bodies_are_appended_in_part_or_whole(void **state)
{
    (void)state;
    char *const folder = test_folder_new();
    assert_int_equal(ps_bodies_open(folder, NULL), PS_OK);
    struct ps_body_file *const source = make(folder, 1, "0123456789");
    struct ps_body_file *const target = make(folder, 2, "a");
    assert_int_equal(ps_body_file_append(target, 1, 10, NULL), PS_OK);
    assert_int_equal(ps_body_file_append(target, 1, 3, NULL), PS_OK);
    assert_int_equal(ps_body_file_append(target, 1, 11, NULL), PS_E_IO);
    assert_int_equal(ps_body_file_append(target, 9, 1, NULL), PS_E_IO);
    char room[32] = {0};
    const int file = ps_bodies_open_read(folder, 2);
    assert_true(read(file, room, sizeof room - 1) >= 14);
    (void)close(file);
    assert_memory_equal(room, "a0123456789012", 14);
    (void)ps_body_file_free(source);
    (void)ps_body_file_free(target);
    test_folder_remove(folder);
    free(folder);
}

static void a_sweep_leaves_what_is_used(void **state)
{
    (void)state;
    static const int64_t used[] = {2, 40};
    char *const folder = test_folder_new();
    assert_int_equal(ps_bodies_open(folder, NULL), PS_OK);
    for (int64_t number = 1; number <= 40; number += 1 + number / 2) {
        struct ps_body_file *const file = make(folder, number, "x");
        ps_body_file_keep(file);
        (void)ps_body_file_free(file);
    }
    test_file_write(folder, "objects/README", "not ours");
    int64_t highest = 0;
    assert_int_equal(ps_bodies_sweep(folder, used, 2, &highest, NULL), PS_OK);
    assert_false(is_there(folder, 1));
    assert_true(is_there(folder, 2));
    assert_true(is_there(folder, 40));
    assert_false(is_there(folder, 26));
    assert_int_equal(highest, 40);
    char *const text = test_file_read(folder, "objects/README");
    assert_string_equal(text, "not ours");
    free(text);
    test_folder_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_not_kept_goes),
        cmocka_unit_test(a_number_is_never_used_twice),
        cmocka_unit_test(bodies_are_appended_in_part_or_whole),
        cmocka_unit_test(a_sweep_leaves_what_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
