/* Goal: an account stays the same over starts, and its time never goes back. Method: save, load,
 * speeds. */
#include "sim/identity.h"

#include "folder.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define REAL_MS INT64_C(1795513887399)

static void draw(struct ps_identity *const identity)
{
    uint8_t random[PS_IDENTITY_RANDOM_BYTES];
    for (size_t at = 0; at < sizeof random; at++) {
        random[at] = (uint8_t)(at * 37 + 11);
    }
    ps_identity_draw(identity, random);
}

static int64_t simulated_ms(const struct ps_identity *const identity, const int64_t real_ms)
{
    return identity->origin_ms + (real_ms - identity->origin_ms) * identity->speed;
}

static void it_is_the_same_after_a_restart(void **state)
{
    (void)state;
    char *const folder = test_folder_new();
    struct ps_identity drawn;
    struct ps_identity loaded;
    draw(&drawn);
    assert_int_equal(ps_identity_load(&loaded, folder, NULL), PS_E_NOT_FOUND);
    assert_int_equal(ps_identity_set_speed(&drawn, 600, REAL_MS, NULL), PS_OK);
    assert_int_equal(ps_identity_save(&drawn, folder, NULL), PS_OK);
    assert_int_equal(ps_identity_load(&loaded, folder, NULL), PS_OK);
    assert_string_equal(loaded.account_id, drawn.account_id);
    assert_string_equal(loaded.secret_access_key, drawn.secret_access_key);
    assert_string_equal(loaded.bucket, drawn.bucket);
    assert_string_equal(loaded.role_arn, drawn.role_arn);
    assert_string_equal(loaded.other_bucket, drawn.other_bucket);
    assert_int_equal(loaded.seed, drawn.seed);
    assert_int_equal(loaded.origin_ms, REAL_MS);
    assert_int_equal(loaded.speed, 600);

    char path[256];
    struct stat facts;
    (void)snprintf(path, sizeof path, "%s/identity.json", folder);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    test_file_write(folder, "identity.json", "{}");
    assert_int_equal(ps_identity_load(&loaded, folder, NULL), PS_E_CORRUPT);
    test_folder_remove(folder);
    free(folder);
}

static void keys_have_the_form_of_aws(void **state)
{
    (void)state;
    struct ps_identity identity;
    draw(&identity);
    assert_int_equal(strlen(identity.account_id), 12);
    assert_int_equal(strspn(identity.account_id, "0123456789"), 12);
    assert_int_equal(strlen(identity.access_key_id), 20);
    assert_int_equal(strlen(identity.secret_access_key), 40);
    assert_non_null(strstr(identity.role_arn, identity.account_id));
}

static void time_never_goes_back_with_another_speed(void **state)
{
    (void)state;
    static const int64_t speeds[] = {600, 2, 1000, 3, 3, 60, 2};
    struct ps_identity identity;
    draw(&identity);
    int64_t real_ms = REAL_MS;
    int64_t last_ms = 0;
    for (size_t index = 0; index < sizeof speeds / sizeof speeds[0]; index++) {
        assert_int_equal(ps_identity_set_speed(&identity, speeds[index], real_ms, NULL), PS_OK);
        const int64_t now_ms = simulated_ms(&identity, real_ms);
        assert_true(now_ms >= last_ms);
        assert_true(last_ms == 0 || now_ms - last_ms < 1001); /* nor does it leap */
        real_ms += 7777;
        last_ms = simulated_ms(&identity, real_ms);
    }
    struct ps_error err;
    assert_int_equal(ps_identity_set_speed(&identity, 1, real_ms, &err), PS_E_USAGE);
    assert_non_null(strstr(err.message, "minutes ahead"));
}

static void real_time_can_be_sped_up(void **state)
{
    (void)state;
    struct ps_identity identity;
    draw(&identity);
    assert_int_equal(ps_identity_set_speed(&identity, 1, REAL_MS, NULL), PS_OK);
    assert_int_equal(ps_identity_set_speed(&identity, 600, REAL_MS + 5000, NULL), PS_OK);
    assert_int_equal(simulated_ms(&identity, REAL_MS + 5000), REAL_MS + 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_same_after_a_restart),
        cmocka_unit_test(keys_have_the_form_of_aws),
        cmocka_unit_test(time_never_goes_back_with_another_speed),
        cmocka_unit_test(real_time_can_be_sped_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
