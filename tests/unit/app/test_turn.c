/*
 * The turn's parts. Goal: the ids of a job without a row are read whole, however the bytes of its
 * objects come. Method: lines of ours and of others, cut at every byte.
 */
#include "app/turn_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ------------------------------------------------ a job without a row */

static const char foreign_lines[] = "{\"recordId\":\"R0000000007\",\"modelInput\":{\"a\":1}}\n"
                                    "\n"
                                    "{\"recordId\":\"X0000000008\",\"modelInput\":{}}\n"
                                    "{\"recordId\":\"R00000\n"
                                    "{\"recordId\":\"R0000000002\",\"modelInput\":{}}\n"
                                    " {\"recordId\":\"R0000000005\"}\n"
                                    "{\"modelInput\":{\"recordId\":\"R0000000006\"}}\n"
                                    "{\"recordId\":\"R9999999999\",\"modelInput\":{}}";

static void assert_foreign(const struct ps_foreign *const foreign, const int64_t object)
{
    int64_t count = 0;
    const uint64_t *const ids = ps_foreign_ids(foreign, object, &count);
    assert_int_equal(count, 3);
    assert_int_equal(ids[0], 2);
    assert_int_equal(ids[1], 7);
    assert_int_equal(ids[2], INT64_C(9999999999));
}

static struct ps_str foreign_part(const size_t first, const size_t end)
{
    return (struct ps_str){foreign_lines + first, end - first};
}

static void foreign_ids_are_read_whole_wherever_the_bytes_are_cut(void **state)
{
    (void)state;
    const size_t size = strlen(foreign_lines);
    for (size_t cut = 0; cut <= size; cut++) {
        struct ps_foreign *const foreign = ps_foreign_new();
        ps_foreign_write(foreign, 0, foreign_part(0, cut));
        if (cut > 0) {
            ps_foreign_write(foreign, (int64_t)cut, foreign_part(cut, size));
        } else {
            ps_foreign_write(foreign, 0, foreign_part(0, size));
        }
        ps_foreign_object_end(foreign);
        assert_int_equal(ps_foreign_objects(foreign), 1);
        assert_foreign(foreign, 0);
        assert_null(ps_foreign_free(foreign));
    }
    struct ps_foreign *const foreign = ps_foreign_new();
    for (size_t byte = 0; byte < size; byte++) {
        ps_foreign_write(foreign, (int64_t)byte, foreign_part(byte, byte + 1));
    }
    ps_foreign_object_end(foreign);
    assert_foreign(foreign, 0);
    (void)ps_foreign_free(foreign);
}

static void a_foreign_object_begun_again_counts_once(void **state)
{
    (void)state;
    const size_t size = strlen(foreign_lines);
    for (size_t cut = 0; cut <= size; cut++) {
        struct ps_foreign *const foreign = ps_foreign_new();
        ps_foreign_write(foreign, 0, foreign_part(0, cut));
        ps_foreign_write(foreign, 0, foreign_part(0, size));
        ps_foreign_object_end(foreign);
        assert_foreign(foreign, 0);
        (void)ps_foreign_free(foreign);
    }
}

static void foreign_objects_do_not_mix(void **state)
{
    (void)state;
    int64_t count = -1;
    struct ps_foreign *const foreign = ps_foreign_new();
    ps_foreign_write(foreign, 0, foreign_part(0, strlen(foreign_lines)));
    ps_foreign_object_end(foreign);
    ps_foreign_object_end(foreign); /* an empty one */
    ps_foreign_write(foreign, 0, PS_STR("{\"recordId\":\"R0000000001\",\"m\":1}\n"));
    ps_foreign_object_end(foreign);
    assert_int_equal(ps_foreign_objects(foreign), 3);
    assert_foreign(foreign, 0);
    (void)ps_foreign_ids(foreign, 1, &count);
    assert_int_equal(count, 0);
    assert_int_equal(ps_foreign_ids(foreign, 2, &count)[0], 1);
    assert_int_equal(count, 1);
    (void)ps_foreign_free(foreign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_ids_are_read_whole_wherever_the_bytes_are_cut),
        cmocka_unit_test(a_foreign_object_begun_again_counts_once),
        cmocka_unit_test(foreign_objects_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
