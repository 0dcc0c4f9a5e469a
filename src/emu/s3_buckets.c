/* Amazon S3: buckets, and what lies in them. */
#include "emu/services.h"

#include "base/limits.h"
#include "codec/uri.h"
#include "codec/xml.h"
#include "sim/listing.h"
#include "sim/stamp.h"

#include <stdio.h>

#define PAGE_MAX 1000
#define TOKEN_PREFIX "after-"

static void set_subject(struct ps_emu_request *const request, const struct ps_str prefix)
{
    ps_buf_add_format(&request->subject, "s3://%.*s/%.*s",
                      PS_STR_ARGS(ps_buf_str(&request->bucket)), PS_STR_ARGS(prefix));
}

/* ---- the listing ---- */

struct list_texts {
    struct ps_buf prefix;
    struct ps_buf delimiter;
    struct ps_buf start_after;
    struct ps_buf token;
    struct ps_buf after; /* what the token stands for */
    struct ps_buf max_keys;
    struct ps_buf encoding;
};

static void texts_init(struct list_texts *const texts)
{
    struct ps_buf *const bufs[] = {&texts->prefix,  &texts->delimiter, &texts->start_after,
                                   &texts->token,   &texts->after,     &texts->max_keys,
                                   &texts->encoding};
    for (size_t index = 0; index < sizeof bufs / sizeof bufs[0]; index++) {
        ps_buf_init(bufs[index], PS_TEXT_BYTES_MAX);
    }
}

static void texts_release(struct list_texts *const texts)
{
    ps_buf_release(&texts->prefix);
    ps_buf_release(&texts->delimiter);
    ps_buf_release(&texts->start_after);
    ps_buf_release(&texts->token);
    ps_buf_release(&texts->after);
    ps_buf_release(&texts->max_keys);
    ps_buf_release(&texts->encoding);
}

static void read_texts(const struct ps_emu_request *const request, struct list_texts *const texts)
{
    (void)!ps_emu_parameter(request, "prefix", &texts->prefix);
    (void)!ps_emu_parameter(request, "delimiter", &texts->delimiter);
    (void)!ps_emu_parameter(request, "start-after", &texts->start_after);
    (void)!ps_emu_parameter(request, "continuation-token", &texts->token);
    (void)!ps_emu_parameter(request, "max-keys", &texts->max_keys);
    (void)!ps_emu_parameter(request, "encoding-type", &texts->encoding);
}

/* A token is the last item of its page, in hex: opaque to clients, and it never grows old. */
static bool read_token(struct ps_emu_request *const request, struct list_texts *const texts)
{
    const struct ps_str token = ps_buf_str(&texts->token);
    struct ps_str hex = ps_str_part(token, sizeof TOKEN_PREFIX - 1, token.size);
    bool is_fine = ps_str_starts_with(token, PS_STR(TOKEN_PREFIX)) && hex.size % 2 == 0;
    for (size_t at = 0; is_fine && at < hex.size; at += 2) {
        unsigned byte = 0;
        is_fine = sscanf(hex.data + at, "%2x", &byte) == 1 &&
                  ps_buf_append_byte(&texts->after, (char)byte);
    }
    return is_fine || ps_emu_refuse(request, 400, "InvalidArgument",
                                    "The continuation token provided is incorrect");
}

static void write_token(struct ps_emu_request *const request, const struct ps_str last)
{
    struct ps_buf token PS_CLEANUP(ps_buf_release);
    ps_buf_init(&token, PS_TEXT_BYTES_MAX);
    ps_buf_add(&token, PS_STR(TOKEN_PREFIX));
    for (size_t at = 0; at < last.size; at++) {
        ps_buf_add_format(&token, "%02x", (unsigned)(unsigned char)last.data[at]);
    }
    ps_emu_xml_text(request, "NextContinuationToken", ps_buf_str(&token));
}

/* A key, a prefix or a delimiter: percent-encoded when the client asked for it. */
static void write_key(struct ps_emu_request *const request, const struct list_texts *const texts,
                      const char *const name, const struct ps_str key)
{
    struct ps_buf encoded PS_CLEANUP(ps_buf_release);
    ps_buf_init(&encoded, PS_TEXT_BYTES_MAX);
    const bool is_encoded = texts->encoding.size > 0;
    if (is_encoded && !ps_uri_encode(key, PS_URI_SLASH_KEPT, &encoded)) {
        return;
    }
    ps_emu_xml_text(request, name, is_encoded ? ps_buf_str(&encoded) : key);
}

static void write_object(struct ps_emu_request *const request, const struct list_texts *const texts,
                         const struct ps_listing_row *const row)
{
    char stamp[PS_STAMP_SIZE];
    char etag[96];
    ps_stamp_iso(row->view.modified_ms, stamp);
    (void)snprintf(etag, sizeof etag, "\"%s\"", row->view.etag);
    ps_buf_add(&request->answer.body, PS_STR("<Contents>"));
    write_key(request, texts, "Key", ps_str_of(row->key));
    ps_emu_xml_text(request, "LastModified", ps_str_of(stamp));
    ps_emu_xml_text(request, "ETag", ps_str_of(etag));
    if (row->view.algorithm != PS_CHECKSUM_NONE) {
        ps_emu_xml_text(request, "ChecksumAlgorithm",
                        ps_str_of(ps_checksum_name(row->view.algorithm)));
        ps_emu_xml_text(request, "ChecksumType",
                        row->view.is_composite ? PS_STR("COMPOSITE") : PS_STR("FULL_OBJECT"));
    }
    ps_emu_xml_number(request, "Size", row->view.size_bytes);
    ps_emu_xml_text(request, "StorageClass", PS_STR("STANDARD"));
    ps_buf_add(&request->answer.body, PS_STR("</Contents>"));
}

static void write_listing(struct ps_emu_request *const request,
                          const struct list_texts *const texts,
                          const struct ps_listing *const listing, const int64_t page_max)
{
    ps_emu_xml_begin(request, "ListBucketResult");
    ps_emu_xml_text(request, "Name", ps_buf_str(&request->bucket));
    write_key(request, texts, "Prefix", ps_buf_str(&texts->prefix));
    if (texts->delimiter.size > 0) {
        write_key(request, texts, "Delimiter", ps_buf_str(&texts->delimiter));
    }
    if (texts->start_after.size > 0) {
        write_key(request, texts, "StartAfter", ps_buf_str(&texts->start_after));
    }
    if (texts->encoding.size > 0) {
        ps_emu_xml_text(request, "EncodingType", PS_STR("url"));
    }
    if (texts->token.size > 0) {
        ps_emu_xml_text(request, "ContinuationToken", ps_buf_str(&texts->token));
    }
    ps_emu_xml_number(request, "MaxKeys", page_max);
    ps_emu_xml_number(request, "KeyCount", (int64_t)listing->count);
    ps_emu_xml_text(request, "IsTruncated",
                    listing->is_truncated ? PS_STR("true") : PS_STR("false"));
    if (listing->is_truncated) {
        write_token(request, ps_str_of(listing->rows[listing->count - 1].key));
    }
    for (size_t index = 0; index < listing->count; index++) {
        if (!listing->rows[index].is_prefix) {
            write_object(request, texts, &listing->rows[index]);
        }
    }
    for (size_t index = 0; index < listing->count; index++) {
        if (listing->rows[index].is_prefix) {
            ps_buf_add(&request->answer.body, PS_STR("<CommonPrefixes>"));
            write_key(request, texts, "Prefix", ps_str_of(listing->rows[index].key));
            ps_buf_add(&request->answer.body, PS_STR("</CommonPrefixes>"));
        }
    }
    ps_buf_add(&request->answer.body, PS_STR("</ListBucketResult>"));
}

static bool read_page_max(struct ps_emu_request *const request,
                          const struct list_texts *const texts, int64_t *const ret_page_max)
{
    *ret_page_max = PAGE_MAX;
    if (texts->max_keys.size > 0 &&
        (!ps_str_to_i64(ps_buf_str(&texts->max_keys), ret_page_max) || *ret_page_max < 0)) {
        return ps_emu_refuse(request, 400, "InvalidArgument",
                             "Provided max-keys not an integer or within integer range");
    }
    *ret_page_max = *ret_page_max < PAGE_MAX ? *ret_page_max : PAGE_MAX;
    return true;
}

bool ps_emu_s3_list(struct ps_emu_request *const request)
{
    struct list_texts texts PS_CLEANUP(texts_release);
    struct ps_listing listing PS_CLEANUP(ps_listing_release) = {.count = 0};
    int64_t page_max = 0;
    texts_init(&texts);
    read_texts(request, &texts);
    set_subject(request, ps_buf_str(&texts.prefix));
    if (!read_page_max(request, &texts, &page_max) ||
        (texts.token.size > 0 && !read_token(request, &texts))) {
        return false;
    }
    const struct ps_listing_query query = {
        .place = {.bucket = ps_buf_str(&request->bucket),
                  .region = ps_str_of(request->region),
                  .owner = ps_emu_header(request, "x-amz-expected-bucket-owner")},
        .prefix = ps_buf_str(&texts.prefix),
        .delimiter = ps_buf_str(&texts.delimiter),
        .after = ps_buf_str(texts.token.size > 0 ? &texts.after : &texts.start_after),
        .page_max = page_max,
    };
    if (!ps_listing_read(request->world, &request->call, &query, &listing, &request->refusal)) {
        return false;
    }
    write_listing(request, &texts, &listing, page_max);
    request->answer.status = 200;
    return true;
}

/* ---- buckets ---- */

static void add_bucket(void *const context, const char *const name, const char *const region)
{
    struct ps_emu_request *const request = context;
    ps_buf_add(&request->answer.body, PS_STR("<Bucket>"));
    ps_emu_xml_text(request, "Name", ps_str_of(name));
    ps_emu_xml_text(request, "BucketRegion", ps_str_of(region));
    ps_buf_add(&request->answer.body, PS_STR("</Bucket>"));
}

bool ps_emu_s3_list_buckets(struct ps_emu_request *const request)
{
    ps_emu_xml_begin(request, "ListAllMyBucketsResult");
    ps_buf_add(&request->answer.body, PS_STR("<Buckets>"));
    ps_bucket_list(request->world, add_bucket, request);
    ps_buf_add(&request->answer.body, PS_STR("</Buckets></ListAllMyBucketsResult>"));
    request->answer.status = 200;
    return true;
}

bool ps_emu_s3_create_bucket(struct ps_emu_request *const request)
{
    struct ps_buf region PS_CLEANUP(ps_buf_release);
    ps_buf_init(&region, PS_TEXT_BYTES_MAX);
    struct ps_object_place place = ps_emu_s3_place(request);
    set_subject(request, PS_STR(""));
    if (request->body.size > 0 &&
        ps_xml_find(ps_buf_str(&request->body), "LocationConstraint", &region, NULL) == PS_OK) {
        place.region = ps_buf_str(&region);
    }
    if (!ps_bucket_create(request->world, &request->call, &place, &request->refusal)) {
        return false;
    }
    request->answer.status = 200;
    return true;
}

bool ps_emu_s3_head_bucket(struct ps_emu_request *const request)
{
    const struct ps_object_place place = ps_emu_s3_place(request);
    char region[32];
    set_subject(request, PS_STR(""));
    if (!ps_bucket_check(request->world, &place, &request->refusal)) {
        return false;
    }
    ps_bucket_region(request->world, place.bucket, region);
    ps_emu_answer_header(request, "x-amz-bucket-region", ps_str_of(region));
    request->answer.status = 200;
    return true;
}

bool ps_emu_s3_location(struct ps_emu_request *const request)
{
    struct ps_object_place place = ps_emu_s3_place(request);
    char region[32];
    set_subject(request, PS_STR(""));
    place.region = PS_STR(""); /* it answers from everywhere */
    if (!ps_bucket_check(request->world, &place, &request->refusal)) {
        return false;
    }
    ps_bucket_region(request->world, place.bucket, region);
    ps_emu_xml_begin(request, "LocationConstraint");
    /* us-east-1 is told by saying nothing. */
    if (!ps_str_equals_text(PS_STR("us-east-1"), region)) {
        (void)!ps_xml_escape(ps_str_of(region), &request->answer.body);
    }
    ps_buf_add(&request->answer.body, PS_STR("</LocationConstraint>"));
    request->answer.status = 200;
    return true;
}
