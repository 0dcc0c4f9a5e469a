#include "aws/s3_page.h"

#include "base/assert.h"
#include "codec/xml.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_FIRST INT64_C(64)
#define ROW_TEXT_BYTES_MAX ((size_t)4096)

struct page_reading {
    const char *root;     /* the root's name */
    const char *row_name; /* "Contents", "Upload" */
    struct ps_s3_page page;
    int64_t row_capacity;
    struct ps_s3_row row; /* the one that is being read */
    bool is_row_open;
    bool is_prefix_row;
    bool has_truncated;
    bool is_encoded; /* EncodingType may follow the rows: keys are decoded at the end */
    const char *wrong;
};

static void release_row(struct ps_s3_row *const row)
{
    free(row->key);
    free(row->etag);
    free(row->upload_id);
    memset(row, 0, sizeof(*row));
}

void ps_s3_page_release(struct ps_s3_page *const page)
{
    for (int64_t row = 0; row < page->row_count; row++) {
        release_row(&page->rows[row]);
    }
    free(page->rows);
    free(page->next_token);
    free(page->next_upload_id);
    memset(page, 0, sizeof(*page));
}

static void set_text(struct page_reading *const reading, char **const text,
                     const struct ps_str value, const size_t size_max)
{
    if (value.size > size_max) {
        reading->wrong = "a text in it is too long";
        return;
    }
    free(*text);
    *text = ps_str_dup(value);
}

static void on_enter(void *const context, const int depth, const struct ps_str name)
{
    struct page_reading *const reading = context;
    if (depth == 0 && !ps_str_equals_text(name, reading->root)) {
        reading->wrong = "it is another document";
    }
    if (depth == 1) {
        reading->is_prefix_row = ps_str_equals_text(name, "CommonPrefixes");
        reading->is_row_open =
            reading->is_prefix_row || ps_str_equals_text(name, reading->row_name);
        release_row(&reading->row);
        reading->row.size_bytes = -1;
    }
}

static void keep_row(struct page_reading *const reading)
{
    struct ps_s3_page *const page = &reading->page;
    if (reading->row.key == NULL) {
        reading->wrong = "a row has no key";
        return;
    }
    if (page->row_count == reading->row_capacity) {
        reading->row_capacity = reading->row_capacity == 0 ? ROWS_FIRST : 2 * reading->row_capacity;
        page->rows = realloc(page->rows, (size_t)reading->row_capacity * sizeof(*page->rows));
        PS_ASSERT(page->rows != NULL);
    }
    if (reading->row.etag == NULL) {
        reading->row.etag = ps_str_dup(PS_STR(""));
    }
    page->rows[page->row_count++] = reading->row;
    memset(&reading->row, 0, sizeof(reading->row));
}

static void read_field(struct page_reading *const reading, const struct ps_str name,
                       const struct ps_str text)
{
    struct ps_s3_row *const row = &reading->row;
    if (reading->is_prefix_row) {
        if (ps_str_equals_text(name, "Prefix")) {
            set_text(reading, &row->key, text, ROW_TEXT_BYTES_MAX);
        }
    } else if (ps_str_equals_text(name, "Key")) {
        set_text(reading, &row->key, text, ROW_TEXT_BYTES_MAX);
    } else if (ps_str_equals_text(name, "ETag")) {
        set_text(reading, &row->etag, text, ROW_TEXT_BYTES_MAX);
    } else if (ps_str_equals_text(name, "UploadId")) {
        set_text(reading, &row->upload_id, text, PS_S3_TOKEN_BYTES_MAX);
    } else if (ps_str_equals_text(name, "Size")) {
        if (!ps_str_to_i64(text, &row->size_bytes) || row->size_bytes < 0) {
            reading->wrong = "a size is no number";
        }
    }
}

static void read_page_field(struct page_reading *const reading, const struct ps_str name,
                            const struct ps_str text)
{
    struct ps_s3_page *const page = &reading->page;
    if (ps_str_equals_text(name, "IsTruncated")) {
        page->is_truncated = ps_str_equals_text(text, "true");
        reading->has_truncated = page->is_truncated || ps_str_equals_text(text, "false");
    } else if (ps_str_equals_text(name, "NextContinuationToken") ||
               ps_str_equals_text(name, "NextKeyMarker")) {
        set_text(reading, &page->next_token, text, PS_S3_TOKEN_BYTES_MAX);
    } else if (ps_str_equals_text(name, "NextUploadIdMarker")) {
        set_text(reading, &page->next_upload_id, text, PS_S3_TOKEN_BYTES_MAX);
    } else if (ps_str_equals_text(name, "EncodingType")) {
        reading->is_encoded = ps_str_equals_text(text, "url");
    }
}

static void on_leave(void *const context, const int depth, const struct ps_str name,
                     const struct ps_str text)
{
    struct page_reading *const reading = context;
    if (reading->wrong != NULL) {
        return;
    }
    if (depth == 2 && reading->is_row_open) {
        read_field(reading, name, text);
    } else if (depth == 1 && reading->is_row_open) {
        keep_row(reading);
        reading->is_row_open = false;
    } else if (depth == 1) {
        read_page_field(reading, name, text);
    }
}

static void decode_text(struct page_reading *const reading, char **const text)
{
    char *const decoded = ps_s3_key_of(ps_str_of(*text), reading->is_encoded);
    if (decoded == NULL) {
        reading->wrong = "a key has a NUL byte in it";
        return;
    }
    free(*text);
    *text = decoded;
}

static void finish_page(struct page_reading *const reading, const bool is_uploads)
{
    struct ps_s3_page *const page = &reading->page;
    for (int64_t row = 0; row < page->row_count && reading->wrong == NULL; row++) {
        decode_text(reading, &page->rows[row].key);
        const bool is_prefix = page->rows[row].size_bytes < 0;
        if (is_uploads && page->rows[row].upload_id == NULL && reading->wrong == NULL) {
            reading->wrong = "an upload has no id";
        } else if (!is_uploads && is_prefix && page->rows[row].etag[0] != '\0') {
            reading->wrong = "an object has no size";
        }
    }
    if (reading->wrong == NULL && !reading->has_truncated) {
        reading->wrong = "it does not say whether there is more";
    }
    if (reading->wrong == NULL && is_uploads && page->next_token != NULL) {
        decode_text(reading, &page->next_token);
    }
}

static enum ps_status read_page(struct page_reading *const reading, const struct ps_str xml,
                                struct ps_s3_page *const ret_page, struct ps_error *const err)
{
    static const struct ps_xml_visitor visitor = {on_enter, on_leave};
    enum ps_status status = ps_xml_read(ps_str_trim(xml), &visitor, reading, err);
    release_row(&reading->row);
    if (status == PS_OK && reading->wrong == NULL) {
        finish_page(reading, strcmp(reading->row_name, "Upload") == 0);
    }
    if (status == PS_OK && reading->wrong != NULL) {
        status = ps_error_set(err, PS_E_CORRUPT, PS_RETRY_LATER, "%s", reading->wrong);
    }
    if (status != PS_OK) {
        ps_s3_page_release(&reading->page);
        return status;
    }
    *ret_page = reading->page;
    return PS_OK;
}

enum ps_status ps_s3_page_read_objects(const struct ps_str xml, struct ps_s3_page *const ret_page,
                                       struct ps_error *const err)
{
    struct page_reading reading = {.root = "ListBucketResult", .row_name = "Contents"};
    return read_page(&reading, xml, ret_page, err);
}

enum ps_status ps_s3_page_read_uploads(const struct ps_str xml, struct ps_s3_page *const ret_page,
                                       struct ps_error *const err)
{
    struct page_reading reading = {.root = "ListMultipartUploadsResult", .row_name = "Upload"};
    return read_page(&reading, xml, ret_page, err);
}
