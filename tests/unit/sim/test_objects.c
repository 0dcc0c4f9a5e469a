/* Goal: the index of objects follows the events, and nothing else. Method: events as text. */
#include "sim/objects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool apply(struct ps_objects *const objects, const char *const text)
{
    yyjson_doc *const doc = yyjson_read(text, strlen(text), 0);
    yyjson_val *const event = yyjson_doc_get_root(doc);
    const bool is_own =
        ps_objects_apply(objects, ps_str_of(yyjson_get_str(yyjson_obj_get(event, "event"))), event);
    yyjson_doc_free(doc);
    return is_own;
}

static void put(struct ps_objects *const objects, const char *const key, const int body)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "{\"event\":\"object.put\",\"bucket\":\"bkt\",\"key\":\"%s\",\"size_bytes\":5,"
                   "\"etag\":\"e\","
                   "\"body\":%d,\"by\":\"client\",\"modified_ms\":7,\"checksum\":{\"algorithm\":"
                   "\"CRC32\",\"value\":"
                   "\"v\",\"type\":\"FULL_OBJECT\"}}",
                   key, body);
    assert_true(apply(objects, text));
}

static void keys_stay_in_order(void **state)
{
    (void)state;
    static const char *const keys[] = {"m", "a", "z", "b", "y", "m/1", "M", "\xc3\xa9"};
    static const char *const ordered[] = {"M", "a", "b", "m", "m/1", "y", "z", "\xc3\xa9"};
    struct ps_objects objects PS_CLEANUP(ps_objects_release);
    ps_objects_init(&objects, "/nowhere");
    put(&objects, "no bucket yet", 1);
    assert_true(
        apply(&objects, "{\"event\":\"bucket.created\",\"bucket\":\"bkt\",\"region\":\"r\"}"));
    for (int index = 0; index < 8; index++) {
        put(&objects, keys[index], index + 1);
    }
    const struct ps_bucket *const bucket = ps_objects_bucket(&objects, PS_STR("bkt"));
    assert_int_equal(bucket->object_count, 8);
    for (size_t index = 0; index < 8; index++) {
        assert_string_equal(bucket->objects[index]->key, ordered[index]);
        assert_int_equal(ps_objects_lower_bound(bucket, ps_str_of(ordered[index])), index);
    }
    assert_int_equal(ps_objects_lower_bound(bucket, PS_STR("c")), 3);
    assert_null(ps_objects_find(bucket, PS_STR("c")));
    const struct ps_object *const object = ps_objects_find(bucket, PS_STR("y"));
    assert_int_equal(object->body, 5);
    assert_int_equal(object->algorithm, PS_CHECKSUM_CRC32);
    assert_false(object->is_composite);
    assert_int_equal(objects.highest_body, 8);
    assert_false(apply(&objects, "{\"event\":\"request\"}"));
}

static void an_object_is_replaced_and_deleted(void **state)
{
    (void)state;
    struct ps_objects objects PS_CLEANUP(ps_objects_release);
    ps_objects_init(&objects, "/nowhere");
    assert_true(
        apply(&objects, "{\"event\":\"bucket.created\",\"bucket\":\"bkt\",\"region\":\"r\"}"));
    put(&objects, "k", 1);
    put(&objects, "k", 2);
    put(&objects, "l", 3);
    size_t count = 0;
    int64_t *numbers = ps_objects_bodies(&objects, &count);
    assert_int_equal(count, 2);
    assert_int_equal(numbers[0], 2);
    assert_int_equal(numbers[1], 3);
    free(numbers);
    assert_true(apply(&objects, "{\"event\":\"object.deleted\",\"bucket\":\"bkt\",\"key\":\"k\"}"));
    assert_true(apply(&objects, "{\"event\":\"object.deleted\",\"bucket\":\"bkt\",\"key\":\"k\"}"));
    numbers = ps_objects_bodies(&objects, &count);
    assert_int_equal(count, 1);
    assert_int_equal(numbers[0], 3);
    free(numbers);
}

static void uploads_open_and_close(void **state)
{
    (void)state;
    struct ps_objects objects PS_CLEANUP(ps_objects_release);
    ps_objects_init(&objects, "/nowhere");
    assert_true(
        apply(&objects,
              "{\"event\":\"upload.created\",\"upload_id\":\"u\",\"bucket\":\"b\",\"key\":\"k\","
              "\"algorithm\":\"CRC32\",\"checksum_type\":\"COMPOSITE\",\"time_ms\":5}"));
    const struct ps_upload *const upload = ps_objects_upload(&objects, PS_STR("u"));
    assert_true(upload->is_composite);
    assert_int_equal(upload->created_ms, 5);
    for (int part = 3; part >= 1; part--) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "{\"event\":\"upload.part\",\"upload_id\":\"u\",\"part\":%d,\"body\":%d,"
                       "\"etag\":\"e\"}",
                       part, part + 10);
        assert_true(apply(&objects, text));
    }
    assert_true(
        apply(&objects, "{\"event\":\"upload.part\",\"upload_id\":\"u\",\"part\":2,\"body\":20}"));
    assert_int_equal(upload->part_count, 3);
    assert_int_equal(upload->parts[0].number, 1);
    assert_int_equal(ps_upload_part(upload, 2)->body, 20);
    assert_null(ps_upload_part(upload, 4));
    assert_true(apply(&objects, "{\"event\":\"upload.aborted\",\"upload_id\":\"u\"}"));
    assert_null(ps_objects_upload(&objects, PS_STR("u")));
    assert_int_equal(objects.upload_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_stay_in_order),
        cmocka_unit_test(an_object_is_replaced_and_deleted),
        cmocka_unit_test(uploads_open_and_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
