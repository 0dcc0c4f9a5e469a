/* Goal: the digests are those of S3. Method: the check values of "123456789", whole and in pieces.
 */
#include "sim/checksums.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct {
    enum ps_checksum checksum;
    const char *name;
    const char *base64; /* of "123456789" */
} rows[] = {
    {PS_CHECKSUM_CRC32, "crc32", "y/Q5Jg=="},             /* cbf43926 */
    {PS_CHECKSUM_CRC32C, "crc32c", "4waSgw=="},           /* e3069283 */
    {PS_CHECKSUM_CRC64NVME, "crc64nvme", "rosUhgp5mIg="}, /* ae8b14860a799888 is CRC-64/NVME */
    {PS_CHECKSUM_SHA1, "sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="},
    {PS_CHECKSUM_SHA256, "sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="},
};

static void known_digests(void **state)
{
    (void)state;
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        for (size_t cut = 0; cut <= 9; cut++) {
            struct ps_checksums_result result;
            struct ps_checksums *const checksums = ps_checksums_new(rows[index].checksum);
            ps_checksums_add(checksums, ps_str_part(PS_STR("123456789"), 0, cut));
            ps_checksums_add(checksums, ps_str_part(PS_STR("123456789"), cut, 9));
            ps_checksums_end(checksums, &result);
            (void)ps_checksums_free(checksums);
            assert_string_equal(result.md5_hex, "25f9e794323b453885f5181f1b624d0b");
            assert_string_equal(result.sha256_hex,
                                "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
            assert_string_equal(result.chosen_base64, rows[index].base64);
        }
    }
}

static void names_go_both_ways(void **state)
{
    (void)state;
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        char header[64];
        (void)snprintf(header, sizeof header, "X-Amz-Checksum-%s", rows[index].name);
        assert_int_equal(ps_checksum_of(ps_str_of(rows[index].name)), rows[index].checksum);
        assert_int_equal(ps_checksum_of(ps_str_of(header)), rows[index].checksum);
        assert_int_equal(ps_checksum_of(ps_str_of(ps_checksum_name(rows[index].checksum))),
                         rows[index].checksum);
    }
    assert_int_equal(ps_checksum_of(PS_STR("x-amz-checksum-mode")), PS_CHECKSUM_NONE);
    assert_int_equal(ps_checksum_of(PS_STR("")), PS_CHECKSUM_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),
        cmocka_unit_test(names_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
