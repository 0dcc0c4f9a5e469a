/*
 * s3_page - one page of ListObjectsV2 or ListMultipartUploads, read from its XML. Internal to aws/.
 *
 * Owner: the page's texts are the caller's, ps_s3_page_release frees. Threads: pure, any.
 */
#ifndef PS_AWS_S3_PAGE_H
#define PS_AWS_S3_PAGE_H

#include "aws/s3.h"

struct ps_s3_row {
    char *key;          /* or a common prefix */
    char *etag;         /* objects; "" elsewhere */
    char *upload_id;    /* uploads; NULL elsewhere */
    int64_t size_bytes; /* -1: not an object */
};

struct ps_s3_page {
    struct ps_s3_row *rows;
    int64_t row_count;
    bool is_truncated;
    char *next_token;     /* objects: NextContinuationToken; uploads: NextKeyMarker; NULL: none */
    char *next_upload_id; /* NextUploadIdMarker; NULL: none */
};

/* PS_E_CORRUPT: not such a page, or one that breaks a rule; *ret_page is then untouched. */
PS_MUST_CHECK enum ps_status ps_s3_page_read_objects(struct ps_str xml, struct ps_s3_page *ret_page,
                                                     struct ps_error *err);
PS_MUST_CHECK enum ps_status ps_s3_page_read_uploads(struct ps_str xml, struct ps_s3_page *ret_page,
                                                     struct ps_error *err);
void ps_s3_page_release(struct ps_s3_page *page);

#endif
