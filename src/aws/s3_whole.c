#include "aws/s3_whole.h"

#include "aws/s3.h"
#include "base/assert.h"
#include "codec/digest.h"

#include <stdlib.h>
#include <string.h>

enum promise { PROMISE_NONE, PROMISE_CRC32, PROMISE_CRC64 };

struct ps_s3_whole {
    enum promise promise;
    uint64_t promised;
    uint64_t sum;

    /* While it is kept. */
    char *key;
    char *etag;
    int64_t offset;
};

void ps_s3_wholes_init(struct ps_s3_wholes *const wholes)
{
    memset(wholes, 0, sizeof(*wholes));
    ps_crc64nvme_make_tables(&wholes->tables);
}

void ps_s3_wholes_release(struct ps_s3_wholes *const wholes)
{
    for (size_t place = 0; place < PS_S3_WHOLES_MAX; place++) {
        wholes->kept[place] = ps_s3_whole_free(wholes->kept[place]);
    }
}

/* Eight bytes, the highest first, in base64. */
static bool read_crc64(const struct ps_str text, uint64_t *const ret_crc)
{
    uint8_t bytes[8];
    size_t size = 0;
    uint64_t crc = 0;
    if (!ps_base64_decode(text, bytes, sizeof(bytes), &size) || size != sizeof(bytes)) {
        return false;
    }
    for (size_t place = 0; place < sizeof(bytes); place++) {
        crc = (crc << 8) | bytes[place];
    }
    *ret_crc = crc;
    return true;
}

struct ps_s3_whole *ps_s3_whole_new(const struct ps_http_answer *const answer)
{
    struct ps_s3_whole *const whole = calloc(1, sizeof(*whole));
    PS_ASSERT(whole != NULL);
    uint32_t crc32 = 0;
    if (answer->http_status != 200) {
        return whole; /* of a part the store promises nothing */
    }
    if (read_crc64(ps_http_header(answer, "x-amz-checksum-crc64nvme"), &whole->promised)) {
        whole->promise = PROMISE_CRC64;
    } else if (ps_s3_full_crc32(answer, &crc32)) {
        whole->promise = PROMISE_CRC32;
        whole->promised = crc32;
    }
    return whole;
}

struct ps_s3_whole *ps_s3_whole_free(struct ps_s3_whole *const whole)
{
    if (whole != NULL) {
        free(whole->key);
        free(whole->etag);
        free(whole);
    }
    return NULL;
}

void ps_s3_whole_add(const struct ps_s3_wholes *const wholes, struct ps_s3_whole *const whole,
                     const struct ps_str bytes)
{
    if (whole->promise == PROMISE_CRC64) {
        whole->sum = ps_crc64nvme_add(&wholes->tables, whole->sum, bytes);
    } else if (whole->promise == PROMISE_CRC32) {
        whole->sum = ps_crc32((uint32_t)whole->sum, bytes);
    }
}

bool ps_s3_whole_is_kept_word(const struct ps_s3_whole *const whole)
{
    return whole->promise == PROMISE_NONE || whole->sum == whole->promised;
}

void ps_s3_wholes_keep(struct ps_s3_wholes *const wholes, const struct ps_act *const act,
                       struct ps_s3_whole *const whole)
{
    if (act->fact.text == NULL) {
        (void)ps_s3_whole_free(whole);
        return;
    }
    free(whole->key);
    free(whole->etag);
    whole->key = ps_str_dup(act->wish.key);
    whole->etag = ps_str_dup(ps_str_of(act->fact.text));
    whole->offset = act->fact.bytes;
    (void)ps_s3_whole_free(wholes->kept[wholes->next]);
    wholes->kept[wholes->next] = whole;
    wholes->next = (wholes->next + 1) % PS_S3_WHOLES_MAX;
}

struct ps_s3_whole *ps_s3_wholes_take(struct ps_s3_wholes *const wholes,
                                      const struct ps_act *const act)
{
    for (size_t place = 0; place < PS_S3_WHOLES_MAX; place++) {
        struct ps_s3_whole *const whole = wholes->kept[place];
        if (whole != NULL && whole->offset == act->wish.offset &&
            ps_str_equals_text(act->wish.key, whole->key) &&
            ps_str_equals_text(act->wish.etag, whole->etag)) {
            wholes->kept[place] = NULL;
            return whole;
        }
    }
    return NULL;
}
