#include "codec/unpack.h"

#include "base/assert.h"
#include "base/limits.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* zlib: 15 bits of window, and 16 more for a gzip header with its checksum. */
#define GZIP_WINDOW_BITS (15 + 16)

struct ps_unpacker {
    enum ps_packing packing;
    z_stream gzip;
    ZSTD_DStream *zstd;
    bool is_between; /* at the end of a member or frame: nothing is begun */
    size_t taken_bytes;
    size_t made_bytes;
};

enum ps_packing ps_packing_of(const struct ps_str first_bytes)
{
    if (ps_str_starts_with(first_bytes, PS_STR("\x1F\x8B"))) {
        return PS_PACKING_GZIP;
    }
    if (ps_str_starts_with(first_bytes, PS_STR("\x28\xB5\x2F\xFD"))) {
        return PS_PACKING_ZSTD;
    }
    return PS_PACKING_NONE;
}

const char *ps_packing_name(const enum ps_packing packing)
{
    switch (packing) {
    case PS_PACKING_GZIP:
        return "gzip";
    case PS_PACKING_ZSTD:
        return "zstd";
    case PS_PACKING_NONE:
        break;
    }
    return "plain";
}

struct ps_unpacker *ps_unpacker_new(const enum ps_packing packing)
{
    PS_ASSERT(packing != PS_PACKING_NONE);
    struct ps_unpacker *const unpacker = calloc(1, sizeof(*unpacker));
    PS_ASSERT(unpacker != NULL);
    unpacker->packing = packing;
    unpacker->is_between = true;
    if (packing == PS_PACKING_GZIP) {
        PS_ASSERT(inflateInit2(&unpacker->gzip, GZIP_WINDOW_BITS) == Z_OK);
    } else {
        unpacker->zstd = ZSTD_createDStream();
        PS_ASSERT(unpacker->zstd != NULL);
    }
    return unpacker;
}

struct ps_unpacker *ps_unpacker_free(struct ps_unpacker *const unpacker)
{
    if (unpacker != NULL) {
        if (unpacker->packing == PS_PACKING_GZIP) {
            (void)inflateEnd(&unpacker->gzip);
        }
        (void)ZSTD_freeDStream(unpacker->zstd);
        free(unpacker);
    }
    return NULL;
}

void ps_unpacker_free_auto(struct ps_unpacker **const unpacker)
{
    *unpacker = ps_unpacker_free(*unpacker);
}

static uInt as_uint(const size_t size)
{
    return size > UINT32_MAX / 2 ? (uInt)(UINT32_MAX / 2) : (uInt)size;
}

static enum ps_status gzip_step(struct ps_unpacker *const unpacker, struct ps_str *const input,
                                char *const room, const size_t room_size, size_t *const ret_made,
                                struct ps_error *const err)
{
    z_stream *const gzip = &unpacker->gzip;
    if (unpacker->is_between && input->size > 0) {
        PS_ASSERT(inflateReset(gzip) == Z_OK);
        unpacker->is_between = false;
    }
    gzip->next_in = (Bytef *)(uintptr_t)input->data;
    gzip->avail_in = as_uint(input->size);
    gzip->next_out = (Bytef *)room;
    gzip->avail_out = as_uint(room_size);
    const uInt in_before = gzip->avail_in;
    const uInt out_before = gzip->avail_out;
    const int answer = unpacker->is_between ? Z_OK : inflate(gzip, Z_NO_FLUSH);
    if (answer != Z_OK && answer != Z_STREAM_END && answer != Z_BUF_ERROR) {
        return ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER, "cannot unpack gzip: %s",
                            gzip->msg == NULL ? "damaged" : gzip->msg);
    }
    unpacker->is_between = unpacker->is_between || answer == Z_STREAM_END;
    *input = ps_str_part(*input, in_before - gzip->avail_in, input->size);
    *ret_made = out_before - gzip->avail_out;
    return PS_OK;
}

static enum ps_status zstd_step(struct ps_unpacker *const unpacker, struct ps_str *const input,
                                char *const room, const size_t room_size, size_t *const ret_made,
                                struct ps_error *const err)
{
    ZSTD_inBuffer in = {input->data, input->size, 0};
    ZSTD_outBuffer out = {room, room_size, 0};
    const size_t answer = ZSTD_decompressStream(unpacker->zstd, &out, &in);
    if (ZSTD_isError(answer)) {
        return ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER, "cannot unpack zstd: %s",
                            ZSTD_getErrorName(answer));
    }
    if (in.pos > 0 || out.pos > 0) {
        unpacker->is_between = answer == 0;
    }
    *input = ps_str_part(*input, in.pos, input->size);
    *ret_made = out.pos;
    return PS_OK;
}

static enum ps_status hold_caps(const struct ps_unpacker *const unpacker,
                                struct ps_error *const err)
{
    if (unpacker->made_bytes > PS_UNPACKED_BYTES_MAX) {
        (void)ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                           "cannot unpack more than %zu bytes of one input", PS_UNPACKED_BYTES_MAX);
        return ps_error_hint(err, "Unpack it yourself and give the parts as several files.");
    }
    if (unpacker->made_bytes > PS_UNPACKED_FREE_BYTES &&
        unpacker->made_bytes / PS_UNPACKED_RATIO_MAX > unpacker->taken_bytes) {
        (void)ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                           "cannot unpack: %zu bytes became %zu, more than %zu times as many",
                           unpacker->taken_bytes, unpacker->made_bytes, PS_UNPACKED_RATIO_MAX);
        return ps_error_hint(err, "This looks like a bomb; if it is not, unpack it yourself.");
    }
    return PS_OK;
}

enum ps_status ps_unpacker_step(struct ps_unpacker *const unpacker, struct ps_str *const input,
                                char *const room, const size_t room_size, size_t *const ret_made,
                                struct ps_error *const err)
{
    PS_ASSERT(room_size > 0);
    const size_t before = input->size;
    *ret_made = 0;
    const enum ps_status status = unpacker->packing == PS_PACKING_GZIP
                                      ? gzip_step(unpacker, input, room, room_size, ret_made, err)
                                      : zstd_step(unpacker, input, room, room_size, ret_made, err);
    if (status != PS_OK) {
        return status;
    }
    unpacker->taken_bytes += before - input->size;
    unpacker->made_bytes += *ret_made;
    return hold_caps(unpacker, err);
}

bool ps_unpacker_is_whole(const struct ps_unpacker *const unpacker)
{
    return unpacker->is_between;
}
