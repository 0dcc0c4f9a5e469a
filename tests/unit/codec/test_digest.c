/* Goal: digests are the published ones and texts round-trip. Method: known values, RFC vectors, bad
 * rows. */
#include "codec/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static void sha256_and_hmac_give_the_published_values(void **state)
{
    (void)state;
    char hex[PS_SHA256_HEX_SIZE];
    ps_sha256_hex(PS_STR("abc"), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ps_sha256_hex((struct ps_str){NULL, 0}, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    /* RFC 4231, case 2. */
    uint8_t mac[PS_SHA256_BYTES];
    ps_hmac_sha256(PS_STR("Jefe"), PS_STR("what do ya want for nothing?"), mac);
    ps_hex_encode(mac, sizeof(mac), hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    ps_hmac_sha256((struct ps_str){NULL, 0}, PS_STR(""), mac);
    ps_hex_encode(mac, sizeof(mac), hex);
    assert_string_equal(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void a_running_digest_equals_the_one_at_once(void **state)
{
    (void)state;
    struct ps_sha256_running *running = ps_sha256_running_new();
    char hex[PS_SHA256_HEX_SIZE];
    ps_sha256_running_add(running, PS_STR("a"));
    ps_sha256_running_add(running, (struct ps_str){NULL, 0});
    ps_sha256_running_add(running, PS_STR("bc"));
    ps_sha256_running_hex(running, hex);
    running = ps_sha256_running_free(running);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void crc32_is_zlibs_and_goes_on(void **state)
{
    (void)state;
    assert_int_equal(ps_crc32(0, PS_STR("123456789")), 0xcbf43926);
    assert_int_equal(ps_crc32(ps_crc32(0, PS_STR("1234")), PS_STR("56789")), 0xcbf43926);
    assert_int_equal(ps_crc32(7, (struct ps_str){NULL, 0}), 7);
    char text[PS_CRC32_BASE64_SIZE];
    ps_crc32_base64(0xcbf43926, text);
    assert_string_equal(text, "y/Q5Jg==");
    uint32_t crc32 = 0;
    assert_true(ps_crc32_of_base64(PS_STR("y/Q5Jg=="), &crc32));
    assert_int_equal(crc32, 0xcbf43926);
    assert_false(ps_crc32_of_base64(PS_STR("y/Q5"), &crc32));
    assert_false(ps_crc32_of_base64(PS_STR("y/Q5Jg==-2"), &crc32));
}

static void base64_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *bytes; /* NULL: refused */
    } rows[] = {
        {"", ""},       {"Zg==", "f"},    {"Zm8=", "fo"},     {"Zm9v", "foo"}, {"Zm9vYg==", "foob"},
        {"Zg", NULL},   {"Zg=", NULL},    {"Zh==", NULL},     {"Zm9=", NULL},  {"====", NULL},
        {"Z===", NULL}, {"Zm9v\n", NULL}, {"Zg==Zg==", NULL}, {"Z-==", NULL},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        uint8_t room[16];
        size_t size = 0;
        const bool is_read = ps_base64_decode(ps_str_of(rows[row].text), room, sizeof(room), &size);
        assert_int_equal(is_read, rows[row].bytes != NULL);
        if (is_read) {
            assert_int_equal(size, strlen(rows[row].bytes));
            assert_memory_equal(room, rows[row].bytes, size);
            struct ps_buf buf PS_CLEANUP(ps_buf_release);
            ps_buf_init(&buf, 64);
            assert_true(ps_base64_encode(room, size, &buf));
            assert_string_equal(ps_buf_text(&buf), rows[row].text);
        }
    }
    uint8_t small[2];
    size_t size = 0;
    assert_false(ps_base64_decode(PS_STR("Zm9v"), small, sizeof(small), &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_and_hmac_give_the_published_values),
        cmocka_unit_test(a_running_digest_equals_the_one_at_once),
        cmocka_unit_test(crc32_is_zlibs_and_goes_on),
        cmocka_unit_test(base64_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
