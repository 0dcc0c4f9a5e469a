#include "aws/s3.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/digest.h"
#include "codec/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETAG_BYTES_MAX 1024

void ps_s3_key_path(const struct ps_act *const act, struct ps_buf *const path)
{
    ps_buf_init(path, 4 * PS_TEXT_BYTES_MAX);
    ps_buf_add_text(path, "/");
    /* A key that does not fit here is refused when the request is made: it is too large for that as
     * well. */
    if (!ps_uri_encode(act->wish.key, PS_URI_SLASH_KEPT, path)) {
        ps_buf_add_text(path, "%00");
    }
}

void ps_s3_set_what(struct ps_act *const act, const char *const verb)
{
    const char *const bucket = ps_act_bucket(act);
    (void)snprintf(act->what, sizeof(act->what), "%s 's3://%s/%s'", verb,
                   bucket == NULL ? "" : bucket, act->key);
    for (char *byte = act->what; *byte != '\0'; byte++) {
        *byte = (unsigned char)*byte < ' ' || *byte == 0x7f ? '?' : *byte;
    }
}

void ps_s3_add_parameter(struct ps_buf *const query, const char *const name,
                         const struct ps_str value)
{
    ps_buf_add_format(query, "%s%s=", query->size == 0 ? "" : "&", name);
    const bool is_added = ps_uri_encode(value, PS_URI_SLASH_ENCODED, query);
    PS_ASSERT(is_added);
}

char *ps_s3_key_of(const struct ps_str text, const bool is_encoded)
{
    struct ps_buf key PS_CLEANUP(ps_buf_release);
    ps_buf_init(&key, PS_ANSWER_BYTES_MAX);
    if (!is_encoded) {
        ps_buf_add(&key, text);
    } else {
        struct ps_buf spaced PS_CLEANUP(ps_buf_release);
        ps_buf_init(&spaced, PS_ANSWER_BYTES_MAX);
        ps_buf_add(&spaced, text);
        for (size_t index = 0; index < spaced.size; index++) {
            spaced.data[index] = spaced.data[index] == '+' ? ' ' : spaced.data[index];
        }
        const bool is_decoded = ps_uri_decode(ps_buf_str(&spaced), &key);
        PS_ASSERT(is_decoded);
    }
    return memchr(ps_buf_text(&key), '\0', key.size) != NULL ? NULL : ps_str_dup(ps_buf_str(&key));
}

bool ps_s3_full_crc32(const struct ps_http_answer *const answer, uint32_t *const ret_crc32)
{
    const struct ps_str type = ps_http_header(answer, "x-amz-checksum-type");
    if (ps_str_equals_nocase(type, PS_STR("COMPOSITE"))) {
        return false;
    }
    return ps_crc32_of_base64(ps_http_header(answer, "x-amz-checksum-crc32"), ret_crc32);
}

char *ps_s3_etag_dup(const struct ps_http_answer *const answer)
{
    const struct ps_str etag = ps_http_header(answer, "etag");
    return ps_str_dup(etag.size <= ETAG_BYTES_MAX ? etag : PS_STR(""));
}
