/*
 * s3_put - the state of a put, shared by its three files: the plain put, the put in parts, the
 * check after a 412. Internal to aws/.
 *
 * Owner: the act. Threads: one.
 */
#ifndef PS_AWS_S3_PUT_H
#define PS_AWS_S3_PUT_H

#include "aws/s3.h"
#include "codec/digest.h"

struct ps_s3_put {
    struct ps_body body;
    bool is_open;
    int64_t given_bytes; /* of the body, since it was opened */
    uint32_t crc32;      /* of these */
    char payload_hash[PS_SHA256_HEX_SIZE];

    /* In parts. */
    char *upload_id;
    struct ps_buf part; /* the bytes of the part that is being sent */
    size_t part_given;
    int64_t part_number;
    char part_checksum[PS_CRC32_BASE64_SIZE];
    struct ps_buf done_parts; /* <Part> elements for the completion */
    struct ps_error failure;  /* kept while the upload is being aborted */
    enum ps_outcome failure_outcome;
    bool must_check; /* the completion met 412: check once the upload is aborted */

    /* The check after a 412. */
    int64_t read_bytes;
    uint32_t read_crc32;
};

/*
 * The next bytes of the body. The last ones come only when the whole is what was planned, so that
 * nothing wrong is ever stored whole.
 */
PS_MUST_CHECK enum ps_status ps_s3_put_read(struct ps_act *act, char *room, size_t room_size,
                                            size_t *ret_size, struct ps_error *err);
void ps_s3_put_close_body(struct ps_act *act);

/* The put met something that is there already: is it what we meant to put? Ends the act: YES
 * is_equal, or NO. */
void ps_s3_check_begin(struct ps_act *act);

/* The body is open and large: send it in parts. Ends the act. */
void ps_s3_multipart_begin(struct ps_act *act);

#endif
