/* Goal: ids of our own are of fixed form and read back. Method: both ends, and what is not ours. */
#include "core/record_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void writes_and_reads_back(void **state)
{
    (void)state;
    static const int64_t indexes[] = {0, 7, 1319, 4294967296, PS_RECORD_INDEX_MAX};
    for (size_t row = 0; row < sizeof(indexes) / sizeof(indexes[0]); row++) {
        char room[PS_RECORD_ID_SIZE];
        int64_t index = -1;
        ps_record_id_write(indexes[row], room);
        assert_true(ps_record_id_read((struct ps_str){room, sizeof(room)}, &index));
        assert_int_equal(index, indexes[row]);
    }
    char room[PS_RECORD_ID_SIZE];
    ps_record_id_write(42, room);
    assert_memory_equal(room, "R0000000042", PS_RECORD_ID_SIZE);
}

static void refuses_what_is_not_ours(void **state)
{
    (void)state;
    static const char *const foreign[] = {
        "",           "R",           "R000000042",  "R00000000042", "r0000000042",
        "0000000042", "R00000000a2", "R000000 042", "R-000000042",
    };
    for (size_t row = 0; row < sizeof(foreign) / sizeof(foreign[0]); row++) {
        int64_t index = 77;
        assert_false(ps_record_id_read(ps_str_of(foreign[row]), &index));
        assert_int_equal(index, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_back),
        cmocka_unit_test(refuses_what_is_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
