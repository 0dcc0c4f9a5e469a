/* Goal: the CRC that S3 keeps. Method: the catalogue's check value, NVM Express's own, all cuts. */
#include "codec/crc64nvme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct ps_crc64nvme_tables tables;

static void known_texts_have_their_value(void **state)
{
    (void)state;
    static char zeros[4096];
    static char ones[4096];
    memset(ones, 0xff, sizeof(ones));
    /* The check value of CRC catalogues, and two vectors of the NVM Express command set. */
    assert_true(ps_crc64nvme_add(&tables, 0, PS_STR("123456789")) == UINT64_C(0xae8b14860a799888));
    assert_true(ps_crc64nvme_add(&tables, 0, (struct ps_str){zeros, sizeof(zeros)}) ==
                UINT64_C(0x6482d367eb22b64e));
    assert_true(ps_crc64nvme_add(&tables, 0, (struct ps_str){ones, sizeof(ones)}) ==
                UINT64_C(0xc0ddba7302eca3ac));
    assert_true(ps_crc64nvme_add(&tables, 0, (struct ps_str){NULL, 0}) == 0);
}

static void it_does_not_matter_where_the_bytes_are_cut(void **state)
{
    (void)state;
    const struct ps_str text = PS_STR("the quick brown fox jumps over the lazy dog, \xff\x80!");
    const uint64_t whole = ps_crc64nvme_add(&tables, 0, text);
    for (size_t cut = 0; cut <= text.size; cut++) {
        const uint64_t first = ps_crc64nvme_add(&tables, 0, ps_str_part(text, 0, cut));
        assert_true(ps_crc64nvme_add(&tables, first, ps_str_part(text, cut, text.size)) == whole);
    }
}

static int make_tables(void **state)
{
    (void)state;
    ps_crc64nvme_make_tables(&tables);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_have_their_value),
        cmocka_unit_test(it_does_not_matter_where_the_bytes_are_cut),
    };
    return cmocka_run_group_tests(tests, make_tables, NULL);
}
