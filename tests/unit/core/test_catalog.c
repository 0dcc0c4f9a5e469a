/* Goal: the data files are built in whole, and each number says where it comes from. Method: read
 * them. */
#include "core/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>
#include <cmocka.h>

static void every_limit_has_its_source_and_date(void **state)
{
    (void)state;
    const struct ps_str text = ps_catalog_limits();
    yyjson_doc *const document = yyjson_read(text.data, text.size, 0);
    assert_non_null(document);
    yyjson_val *const profiles = yyjson_obj_get(yyjson_doc_get_root(document), "profiles");
    assert_int_equal(yyjson_obj_size(profiles), 3);
    size_t place = 0;
    size_t count = 0;
    yyjson_val *name = NULL;
    yyjson_val *profile = NULL;
    yyjson_obj_foreach(profiles, place, count, name, profile)
    {
        size_t row = 0;
        size_t rows = 0;
        yyjson_val *key = NULL;
        yyjson_val *limit = NULL;
        yyjson_obj_foreach(profile, row, rows, key, limit)
        {
            assert_true(yyjson_get_len(yyjson_obj_get(limit, "source")) > 5);
            assert_true(yyjson_get_len(yyjson_obj_get(limit, "date")) == 7);
            yyjson_val *const value = yyjson_obj_get(limit, "value");
            assert_true(yyjson_is_null(value) || yyjson_get_sint(value) > 0 ||
                        yyjson_get_len(value) > 0);
        }
    }
    yyjson_doc_free(document);
}

/* What each model says, and from where: test_models.c. */
static void the_models_are_built_in_whole(void **state)
{
    (void)state;
    const struct ps_str text = ps_catalog_models();
    yyjson_doc *const document = yyjson_read(text.data, text.size, 0);
    yyjson_val *const models = yyjson_obj_get(yyjson_doc_get_root(document), "models");
    assert_true(yyjson_arr_size(models) > 60);
    yyjson_doc_free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_limit_has_its_source_and_date),
        cmocka_unit_test(the_models_are_built_in_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
