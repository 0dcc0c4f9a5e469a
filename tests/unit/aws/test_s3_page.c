/* Goal: only well-formed pages become rows. Method: rows of XML, good and hostile. */
#include "aws/s3_page.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define PAGE(inside) \
    "<ListBucketResult>" inside "<IsTruncated>false</IsTruncated></ListBucketResult>"
#define UPLOADS(inside)                   \
    "<ListMultipartUploadsResult>" inside \
    "<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"

static void broken_pages_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        bool is_uploads;
        const char *part; /* of the message; NULL: it is good */
    } rows[] = {
        {PAGE("<Contents><Key>a</Key><Size>0</Size></Contents>"), false, NULL},
        {PAGE("<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"), false, NULL},
        {PAGE("<Prefix>p/</Prefix><Name>b</Name><Contents><Key>a</Key><Size>1</Size><Owner><ID>x</"
              "ID></Owner></Contents>"),
         false, NULL},
        {PAGE("<Contents><Size>0</Size></Contents>"), false, "no key"},
        {PAGE("<Contents><Key>a</Key><ETag>e</ETag></Contents>"), false, "no size"},
        {PAGE("<Contents><Key>a</Key><Size>-1</Size></Contents>"), false, "no number"},
        {PAGE("<Contents><Key>a</Key><Size>1e9</Size></Contents>"), false, "no number"},
        {PAGE("<Contents><Key>a</Key><Size>99999999999999999999</Size></Contents>"), false,
         "no number"},
        {PAGE(
             "<EncodingType>url</EncodingType><Contents><Key>a%00b</Key><Size>1</Size></Contents>"),
         false, "NUL"},
        {"<ListBucketResult><IsTruncated>maybe</IsTruncated></ListBucketResult>", false,
         "whether there is more"},
        {"<!DOCTYPE x>" PAGE(""), false, "DOCTYPE"},
        {PAGE(""), true, "another document"},
        {UPLOADS("<Upload><Key>a</Key><UploadId>u</UploadId></Upload>"), true, NULL},
        {UPLOADS("<Upload><Key>a</Key></Upload>"), true, "no id"},
        {UPLOADS("<Upload><UploadId>u</UploadId></Upload>"), true, "no key"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_s3_page page PS_CLEANUP(ps_s3_page_release) = {NULL, 0, false, NULL, NULL};
        struct ps_error err = {.message = ""};
        const struct ps_str xml = ps_str_of(rows[row].xml);
        const enum ps_status status = rows[row].is_uploads
                                          ? ps_s3_page_read_uploads(xml, &page, &err)
                                          : ps_s3_page_read_objects(xml, &page, &err);
        if (status != (rows[row].part == NULL ? PS_OK : PS_E_CORRUPT) ||
            (rows[row].part != NULL && strstr(err.message, rows[row].part) == NULL)) {
            fail_msg("%s: '%s'", rows[row].xml, err.message);
        }
    }
}

static void texts_have_bounds(void **state)
{
    (void)state;
    struct ps_buf xml PS_CLEANUP(ps_buf_release);
    ps_buf_init(&xml, PS_ANSWER_BYTES_MAX);
    ps_buf_add_text(&xml,
                    "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>");
    for (int index = 0; index < 1000; index++) {
        ps_buf_add_text(&xml, "0123456789");
    }
    ps_buf_add_text(&xml, "</NextContinuationToken></ListBucketResult>");
    struct ps_s3_page page PS_CLEANUP(ps_s3_page_release) = {NULL, 0, false, NULL, NULL};
    struct ps_error err;
    assert_int_equal(ps_s3_page_read_objects(ps_buf_str(&xml), &page, &err), PS_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_pages_are_refused),
        cmocka_unit_test(texts_have_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
